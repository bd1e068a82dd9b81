#!/usr/bin/env python3
"""Updates random records at an even pace until it is told to end (TERM), then prints how many a second there were.
pace.py PORT METHOD /path/{id} IDS PER_SECOND "Cookie: …" """
import http.client
import random
import signal
import sys
import threading
import time

CONNECTIONS = 4
port, method, path, per_second = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[5])
ids = open(sys.argv[4]).read().split()
name, _, value = sys.argv[6].partition(": ")
ended, lock, done, begun = threading.Event(), threading.Lock(), [0], time.time()
signal.signal(signal.SIGTERM, lambda *_: ended.set())


def write(seed):
    """One connection: its share of the writes, each at its time, or at once when it is late."""
    chance, due = random.Random(seed), time.time()
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json", **({name: value} if value else {})}
    while not ended.is_set():
        due += CONNECTIONS / per_second
        ended.wait(max(0.0, due - time.time()))
        server.request(method, path.replace("{id}", chance.choice(ids)), '{"age":%d}' % chance.randrange(18, 88), headers)
        reply = server.getresponse()
        reply.read()
        if reply.status == 200:
            with lock:
                done[0] += 1


threads = [threading.Thread(target=write, args=(seed,), daemon=True) for seed in range(CONNECTIONS)]
for thread in threads:
    thread.start()
ended.wait()
for thread in threads:
    thread.join(5)
print("%.0f" % (done[0] / (time.time() - begun)))
