#!/usr/bin/env python3
"""Loads JSON lines into PocketBase through its batch API; prints rows, seconds, rows/s and writes the ids.
load.py PORT /api/collections/NAME/records ROWS.jsonl IDS.out      (Carryall's rows come in by its own import: ours.sh)"""
import http.client
import json
import sys
import time

BATCH = 1000
port, path, rows, out = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
lines = [line.strip() for line in open(rows)]
server = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
ids, begun = [], time.time()
for start in range(0, len(lines), BATCH):
    batch = ",".join('{"method":"POST","url":"%s","body":%s}' % (path, line) for line in lines[start:start + BATCH])
    server.request("POST", "/api/batch", '{"requests":[%s]}' % batch, {"Content-Type": "application/json"})
    reply = server.getresponse()
    body = reply.read()
    if reply.status >= 300:
        sys.exit("load: HTTP %d %s" % (reply.status, body[:400]))
    ids += [made["body"]["id"] for made in json.loads(body)]
seconds = time.time() - begun
with open(out, "w") as file:
    file.write("\n".join(ids[::max(1, len(ids) // 20000)]) + "\n")
print("%d %.2f %.0f" % (len(lines), seconds, len(lines) / seconds))
