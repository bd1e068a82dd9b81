# What compare.sh must know of Carryall; pocketbase.sh beside it in peers/ is its counterpart. Every URL is on 127.0.0.1.
OURS_BIN=${OURS_BIN:-$HERE/../../target/release/carryall}
OURS_PORT=8392
OURS_READY=http://127.0.0.1:8392/healthz
OURS_HDR="" # set by ours_start: the session's cookie
export CARRYALL_ADMIN_EMAIL=bench@example.com CARRYALL_ADMIN_PASSWORD=benchbench1

# dir ; a fresh data file with the app and its schema
ours_setup() {
  rm -rf "$1"
  mkdir -p "$1" || return 1
  cat >"$1/app.json" <<'APP'
{"carryall": 1, "app": {"slug": "bench", "name": "Bench"}, "schemas": [
 {"slug": "contacts", "name": "Contacts", "display_field": "name", "indexes": [["city", "created"]], "fields": [
  {"slug": "name", "type": "text"}, {"slug": "email", "type": "email"},
  {"slug": "status", "type": "select", "options": ["active", "lead", "lost", "trial", "paused"]},
  {"slug": "age", "type": "integer"}, {"slug": "city", "type": "text"}, {"slug": "notes", "type": "text"},
  {"slug": "created", "type": "datetime", "index": true}]}]}
APP
  "$OURS_BIN" apply "$1/app.json" --db "$1/bench.db" >"$1/apply.txt" 2>&1 || { cat "$1/apply.txt"; return 1; }
}

# dir -> OURS_PID, OURS_READY_S, OURS_HDR ; ready time counts until the health route answers, the login comes after
ours_start() {
  local t0
  t0=$(now)
  "$OURS_BIN" serve --db "$1/bench.db" --listen 127.0.0.1:$OURS_PORT --no-open ${OURS_ARGS:-} >"$1/log.txt" 2>&1 &
  OURS_PID=$!
  wait_ready "$OURS_READY" 20 || { cat "$1/log.txt"; return 1; }
  OURS_READY_S=$(el "$t0" "$(now)")
  OURS_HDR=$(curl -s -o /dev/null -D - http://127.0.0.1:$OURS_PORT/auth/login/ --data-urlencode "username=$CARRYALL_ADMIN_EMAIL" \
    --data-urlencode "password=$CARRYALL_ADMIN_PASSWORD" | tr -d '\r' | sed -n 's/^[Ss]et-[Cc]ookie: \(sessionid=[^;]*\).*/Cookie: \1/p')
  [ -n "$OURS_HDR" ] || { echo "no session: login failed"; cat "$1/log.txt"; return 1; }
}

# dir rows.jsonl ids.out ; hands the rows to the running server, prints "rows seconds rows/s" as load.py does
ours_load() {
  local t0 t1 n
  # datetime is RFC 3339 here: a T between day and time
  sed 's/"created":"\(....-..-..\) /"created":"\1T/' "$2" >"$1/rows.ndjson" || return 1
  t0=$(now)
  "$OURS_BIN" import "$1/rows.ndjson" --app bench --schema contacts --db "$1/bench.db" >"$1/import.txt" 2>&1 || { cat "$1/import.txt"; return 1; }
  t1=$(now)
  n=$(wc -l <"$2")
  awk -v n="$n" 'BEGIN { step = int(n / 20000); if (step < 1) step = 1; for (i = 1; i <= n; i += step) print "rec_" i }' >"$3"
  awk -v n="$n" -v a="$t0" -v b="$t1" 'BEGIN { printf "%d %.2f %.0f\n", n, b - a, n / (b - a) }'
}

ours_templates() {
  local R=/api/apps/bench/schemas/contacts/records
  P_LIST="$R?page=1&per_page=50"
  P_LISTF="$R?per_page=50&filter%5Bcity%5D={city}&sort=-created"
  P_GET="$R/{id}" P_CREATE="$R" M_UPDATE=PUT P_UPDATE="$R/{id}"
  B_CREATE=$(printf '%s' "$BODY" | sed 's/"created":"\(....-..-..\) /"created":"\1T/')
  B_UPDATE='{"status":"{st}","age":33}'
}
