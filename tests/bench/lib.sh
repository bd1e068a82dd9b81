# Starting, stopping, measuring: what compare.sh, ours.sh and peers/ share. Nothing here leaves 127.0.0.1; every loop is bounded.
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# What a create sends, in PocketBase's form of a time.
BODY='{"name":"New {n}","email":"n{n}@example.com","status":"{st}","age":41,"city":"{city}","notes":"created by the load run, some seventy characters of text xxxxxxxx","created":"2025-06-01 10:00:00.000Z"}'
now() { date +%s.%N; }
el() { awk -v a="$1" -v b="$2" 'BEGIN{printf "%.2f", b-a}'; }
tree() { local p; echo "$1"; for p in $(pgrep -P "$1" 2>/dev/null); do tree "$p"; done; }
rss() { local s=0 v p; for p in $(tree "$1"); do v=$(awk "/$2/{print \$2}" /proc/$p/status 2>/dev/null); s=$((s + ${v:-0})); done; awk -v s=$s 'BEGIN{printf "%.1f", s/1024}'; }
cpu() { local s=0 v p; for p in $(tree "$1"); do v=$(awk '{print $14+$15+$16+$17}' /proc/$p/stat 2>/dev/null); s=$((s + ${v:-0})); done; echo $s; }
wait_ready() { # url timeout_s ; any 2xx
  local i; for i in $(seq $(($2 * 50))); do [ "$(curl -s -o /dev/null -m 2 -w '%{http_code}' "$1")" = 200 ] && return 0; sleep 0.02; done; return 1; }
stop() { local p; for p in $(tree "$1" | tac); do kill "$p" 2>/dev/null; done; wait "$1" 2>/dev/null; sleep 0.3; }
# one case: name case pid port method path body ids hdr
one() {
  local name=$1 kase=$2 pid=$3 port=$4 c t c0 c1 out f
  for c in ${CONNS:-1 8 64}; do
    t=1; [ "$c" -ge 64 ] && t=2; c0=$(cpu "$pid")
    out=$(M="$5" U="$6" IDS="$8" HDR="$9" SEED="$RANDOM" env ${7:+B="$7"} wrk -t$t -c"$c" -d"${DUR:-8}s" --timeout 10s -s "$HERE/work.lua" "http://127.0.0.1:$port" 2>&1 | grep RESULT)
    c1=$(cpu "$pid"); read -ra f <<<"$out"
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$kase" "$c" "${f[1]:-0}" "${f[2]:-0}" "${f[3]:-0}" "${f[6]:-?}" "$(rss "$pid" VmHWM)" "$(awk -v d=$((c1 - c0)) -v n="${f[5]:-0}" 'BEGIN{printf "%.0f", (n > 0 ? d * 10000 / n : 0)}')" | tee -a "$OUT"
  done
}
# all five cases; needs P_LIST P_LISTF P_GET P_CREATE B_CREATE M_UPDATE P_UPDATE B_UPDATE IDS HDR
five() { # name pid port
  one "$1" list50 "$2" "$3" GET "$P_LIST" "" "" "$HDR"
  one "$1" list50_filter_sort "$2" "$3" GET "$P_LISTF" "" "" "$HDR"
  one "$1" get "$2" "$3" GET "$P_GET" "" "$IDS" "$HDR"
  one "$1" create "$2" "$3" POST "$P_CREATE" "$B_CREATE" "" "$HDR"
  one "$1" update "$2" "$3" "$M_UPDATE" "$P_UPDATE" "$B_UPDATE" "$IDS" "$HDR"
}
