#!/usr/bin/env python3
"""The corpus with bytes changed at random, cut at random: whatever comes, the process lives, nothing is a fault of its own (500), and hyper
never finds a request that the screen before it did not let pass.

mutate.py [SECONDS [SEED]]   60 seconds by default; the seed is printed, and the same one sends the same bytes

CARRYALL_BIN   the executable (default target/release/carryall)
"""
import random
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True  # these files are read where they lie; nothing is left beside them

from corpus import CASES
from server import Server

CLIENTS, ANSWER_SECONDS, ANSWER_BYTES_MAX, CASE_BYTES_MAX = 24, 0.15, 200_000, 20_000
PIECES = (b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"0", b"5", b"chunked", b"\xff", b"0\r\n\r\n", b"1;x=y\r\na\r\n", b"Content-Length: 3\r\n",
          b"Transfer-Encoding: chunked\r\n", b"Host: localhost\r\n", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")


def seeds():
    """The bytes of the corpus's cases that are bytes."""
    for case in CASES:
        parts = case.data if isinstance(case.data, list) else [case.data]
        if all(isinstance(part, bytes) for part in parts) and sum(map(len, parts)) < CASE_BYTES_MAX:
            yield b"".join(parts)


def mutated(chance, pool):
    data = bytearray(chance.choice(pool))
    for _ in range(chance.randint(1, 6)):
        at, way = chance.randrange(len(data) + 1), chance.random()
        if way < 0.3:
            data[at:at] = chance.choice(PIECES)
        elif way < 0.5:
            del data[at:at + chance.randint(1, 5)]
        elif way < 0.7:
            data[at:at + 1] = bytes([chance.randrange(256)])
        elif way < 0.85:
            data[at:at] = chance.choice(pool)[:chance.randint(1, 400)]
        else:
            data += chance.choice(pool)
    return bytes(data)


def answer(port, data, cuts):
    """What comes back until nothing does for a moment."""
    got = b""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as sock:
            sock.settimeout(ANSWER_SECONDS)
            for begin, end in zip([0, *cuts], [*cuts, len(data)]):
                sock.sendall(data[begin:end])
            while len(got) < ANSWER_BYTES_MAX:
                more = sock.recv(65536)
                if not more:
                    break
                got += more
    except OSError:
        pass  # closed, or silent: both are answers to noise
    return got


def client(port, seed, until, sent, faults):
    chance, pool = random.Random(seed), list(seeds())
    while time.monotonic() < until:
        data = mutated(chance, pool)
        got = answer(port, data, sorted(chance.randrange(len(data) + 1) for _ in range(chance.randint(0, 3))))
        sent.append(None)
        if b"HTTP/1.1 500" in got:
            faults.append("%r was answered by %r" % (data[:400], got[:200]))


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    print("seed %d" % seed, flush=True)
    sent, faults = [], []
    with Server() as server:
        until = time.monotonic() + seconds
        clients = [threading.Thread(target=client, args=(server.port, seed * CLIENTS + at, until, sent, faults)) for at in range(CLIENTS)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
        server.marker()
        faults += [line for line in server.errors().splitlines() if " ERROR " in line or "panicked" in line][:5]
    for fault in faults[:5]:
        print("  \u2717 " + fault)
    print("%d mutated requests, %d faults" % (len(sent), len(faults)))
    sys.exit(1 if faults or not sent else 0)


if __name__ == "__main__":
    main()
