#!/usr/bin/env python3
"""Follows next_cursor until so many rows have gone by, and prints the cursor there.   deep.py PORT PATH ROWS "Cookie: …" """
import http.client
import json
import sys

port, path, rows, header = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
name, _, value = header.partition(": ")
cursor, seen = "", 0
while seen < rows:
    server.request("GET", "%s&fields=id&cursor=%s" % (path, cursor), headers={name: value})
    reply = server.getresponse()
    page = json.loads(reply.read())
    if reply.status != 200:
        sys.exit("deep: HTTP %d %s" % (reply.status, page))
    if not page["next_cursor"]:
        break
    cursor, seen = page["next_cursor"], seen + len(page["records"])
print(cursor)
