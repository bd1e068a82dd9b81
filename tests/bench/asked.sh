# What `questions` must know of both servers: tables that lead to each other, and the same questions in the words of each. The rows themselves, how a
# server is started and how it is measured stand in gen.py, ours.sh, peers/pocketbase.sh and lib.sh.
REGIONS=20
COMPANIES=1000

# dir ; a fresh data file with regions, companies and an empty table of contacts
ours_asked_setup() {
  rm -rf "$1"
  mkdir -p "$1" || return 1
  python3 - $REGIONS $COMPANIES >"$1/app.json" <<'APP'
import json, sys
regions, companies = int(sys.argv[1]), int(sys.argv[2])
text = lambda *slugs: [{"slug": slug, "type": "text"} for slug in slugs]
link = lambda slug, target: {"slug": slug, "type": "reference", "target": target}
print(json.dumps({"carryall": 1, "app": {"slug": "bench", "name": "Bench"}, "schemas": [
    {"slug": "regions", "fields": text("name")},
    {"slug": "companies", "fields": text("name") + [link("region", "regions")]},
    {"slug": "contacts", "display_field": "name", "indexes": [["city", "created"]], "search": True, "fields": text("name") + [
        {"slug": "email", "type": "email"}, {"slug": "status", "type": "select", "options": ["active", "lead", "lost", "trial", "paused"]},
        {"slug": "age", "type": "integer"}] + text("city", "notes") + [
        {"slug": "created", "type": "datetime", "index": True}, link("company", "companies")]}],
    "records": {
        "regions": [{"$ref": "r%d" % at, "name": "Region %02d" % at} for at in range(regions)],
        "companies": [{"name": "Company %d" % at, "region": {"$ref": "r%d" % (at % regions)}} for at in range(companies)]}}))
APP
  "$OURS_BIN" apply "$1/app.json" --db "$1/bench.db" >"$1/apply.txt" 2>&1 || { cat "$1/apply.txt"; return 1; }
}

# rows ; waits until the table can be searched, and finds the cursor of a page behind nine tenths of it
ours_ready() {
  local R=http://127.0.0.1:$OURS_PORT/api/apps/bench/schemas/contacts/records i
  for i in $(seq 600); do
    [ "$(curl -s -o /dev/null -w '%{http_code}' -H "$OURS_HDR" "$R?q=person&limit=1")" = 200 ] && break
    sleep 1
  done
  DEEP=$(python3 "$HERE/deep.py" "$OURS_PORT" "/api/apps/bench/schemas/contacts/records?sort=created&limit=1000&count=none" "$(($1 * 9 / 10))" "$OURS_HDR")
}

# case, path, file of what {id} stands for
ours_cases() {
  local R=/api/apps/bench/schemas/contacts
  printf '%s\t%s\t%s\n' \
    filter_indexed "$R/records?per_page=50&filter%5Bcity%5D={city}" "" \
    filter_walk "$R/records?per_page=50&filter=notes%20~%20%27note%20{id}%20%27" "$W/numbers" \
    filter_two_hops "$R/records?per_page=50&filter=company.region.name%20%3D%20%27Region%2007%27" "" \
    list50 "$R/records?per_page=50" "" \
    list50_expand "$R/records?per_page=50&expand=company.region" "" \
    search "$R/records?per_page=50&q={id}" "$W/words" \
    group_count "$R/aggregate?group=city" "" \
    group_sum "$R/aggregate?group=city&sum=age" "" \
    page_first "$R/records?sort=created&limit=50&count=none&cursor=" "" \
    page_deep "$R/records?sort=created&limit=50&count=none&cursor=$DEEP" ""
  seq 0 97 9700 >"$W/numbers"
}

# dir port ; the same tables in PocketBase, and a view collection for the groups
pb_asked_setup() {
  local id at
  pb_setup "$1" "$2" || return 1
  collection() { curl -s -X "${3:-POST}" "http://127.0.0.1:$1/api/collections${4:-}" -H "Authorization: $PB_TOKEN" -H 'Content-Type: application/json' -d "$2" | sed 's/.*"id":"\([a-z0-9_]*\)","\(listRule\|name\).*/\1/;s/^{"[^}]*"id":"\(pbc_[0-9]*\)".*/\1/'; }
  local open='"listRule":"","viewRule":"","createRule":"","updateRule":"","deleteRule":""'
  id=$(collection "$2" "{\"name\":\"regions\",\"type\":\"base\",$open,\"fields\":[{\"name\":\"name\",\"type\":\"text\"}]}")
  id=$(collection "$2" "{\"name\":\"companies\",\"type\":\"base\",$open,\"fields\":[{\"name\":\"name\",\"type\":\"text\"},{\"name\":\"region\",\"type\":\"relation\",\"maxSelect\":1,\"collectionId\":\"$id\"}]}")
  # The fields that are there stay when a collection is changed only if they are sent again.
  curl -s "http://127.0.0.1:$2/api/collections/contacts" -H "Authorization: $PB_TOKEN" >"$1/contacts.json"
  python3 - "$1/contacts.json" "$id" >"$1/changed.json" <<'FIELD'
import json, sys
known = json.load(open(sys.argv[1]))
print(json.dumps({"fields": known["fields"] + [{"name": "company", "type": "relation", "maxSelect": 1, "collectionId": sys.argv[2]}]}))
FIELD
  curl -s -o "$1/changed.txt" -X PATCH "http://127.0.0.1:$2/api/collections/contacts" -H "Authorization: $PB_TOKEN" -H 'Content-Type: application/json' -d @"$1/changed.json"
  grep -q '"company"' "$1/changed.txt" || { cat "$1/changed.txt"; return 1; }
  collection "$2" '{"name":"by_city","type":"view","listRule":"","viewRule":"","viewQuery":"SELECT city AS id, COUNT(*) AS n, SUM(age) AS total FROM contacts GROUP BY city"}' >/dev/null
  for at in $(seq 0 $((REGIONS - 1))); do printf '{"id":"region%09d","name":"Region %02d"}\n' "$at" "$at"; done >"$1/regions.jsonl"
  for at in $(seq 1 $COMPANIES); do printf '{"id":"company%08d","name":"Company %d","region":"region%09d"}\n' "$at" "$at" $((at % REGIONS)); done >"$1/companies.jsonl"
  python3 "$HERE/load.py" "$2" /api/collections/regions/records "$1/regions.jsonl" "$1/ids" && python3 "$HERE/load.py" "$2" /api/collections/companies/records "$1/companies.jsonl" "$1/ids"
}

# rows
pb_cases() {
  local R=/api/collections/contacts/records
  printf '%s\t%s\t%s\n' \
    filter_indexed "$R?perPage=50&filter=%28city%3D%27{city}%27%29" "" \
    filter_walk "$R?perPage=50&filter=%28notes~%27note%20{id}%20%27%29" "$W/numbers" \
    filter_two_hops "$R?perPage=50&filter=%28company.region.name%3D%27Region%2007%27%29" "" \
    list50 "$R?perPage=50" "" \
    list50_expand "$R?perPage=50&expand=company.region" "" \
    search "$R?perPage=50&filter=%28name~%27{id}%27%7C%7Cnotes~%27{id}%27%7C%7Cemail~%27{id}%27%7C%7Ccity~%27{id}%27%29" "$W/words" \
    group_count "/api/collections/by_city/records?perPage=200&fields=id,n" "" \
    group_sum "/api/collections/by_city/records?perPage=200" "" \
    page_first "$R?perPage=50&sort=created&skipTotal=1" "" \
    page_deep "$R?perPage=50&sort=created&skipTotal=1&page=$(($1 * 9 / 500))" ""
  seq 0 97 9700 >"$W/numbers"
}
