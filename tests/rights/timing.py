#!/usr/bin/env python3
"""Nobody learns by the clock who is there: a sign-in fails as fast for somebody who is there, for nobody, and for who was invited or suspended.

That each compares one password is counted in tests/it/credentials.rs; here the answers are timed, turn and turn about, so that whatever else the machine
does falls on all of them. Differing is: medians that lie more than GAP_MAX apart, and ranks that chance gives less often than P_MIN.

CARRYALL_BIN   the executable (default target/release/carryall)
ROUNDS         sign-ins of each (default 300)
"""
import http.client
import json
import math
import os
import random
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hostile"))
from server import EMAIL, Failed, Server  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS") or 300)
GAP_MAX, P_MIN = 0.02, 0.01
USERS = "/api/workspaces/default/users"


def asked(client, method, path, body, cookie=None):
    headers = {"Content-Type": "application/json", **({"Cookie": cookie} if cookie else {})}
    client.request(method, path, json.dumps(body), headers)
    reply = client.getresponse()
    return reply.status, reply.read()


def made(client, cookie, body):
    status, answer = asked(client, "POST", USERS, body, cookie)
    if status != 201:
        raise Failed("%s of %s: %d %r" % (USERS, body, status, answer))
    return json.loads(answer)["user"]["id"]


def likelihood(one, other):
    """How often chance alone puts two samples so far apart (Mann and Whitney, by the normal curve)."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(rank for rank, (_, which) in enumerate(ranked, 1) if which == 0)
    u = ranks - len(one) * (len(one) + 1) / 2
    mean, spread = len(one) * len(other) / 2, math.sqrt(len(one) * len(other) * (len(one) + len(other) + 1) / 12)
    return math.erfc(abs(u - mean) / spread / math.sqrt(2))


def main():
    with Server("serve") as server:
        cookie = server.sign_in()
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        made(client, cookie, {"email": "invited@example.com"})
        suspended = made(client, cookie, {"email": "suspended@example.com", "password": "correct horse"})
        status, _ = asked(client, "PATCH", "%s/%d" % (USERS, suspended), {"suspended": True}, cookie)
        if status != 200:
            raise Failed("suspending: %d" % status)
        taken = {who: [] for who in (EMAIL, "nobody@example.com", "invited@example.com", "suspended@example.com")}
        for _ in range(ROUNDS):
            for who in random.sample(sorted(taken), len(taken)):
                begun = time.perf_counter()
                status, answer = asked(client, "POST", "/auth/login/", {"username": who, "password": "not the password"})
                taken[who].append(time.perf_counter() - begun)
                if status not in (401, 429):
                    raise Failed("%s: %d %r" % (who, status, answer))
    known, failed = statistics.median(taken[EMAIL]), False
    print("%s: %.2f ms" % (EMAIL, 1000 * known))
    for who, times in list(taken.items())[1:]:
        gap, p = statistics.median(times) / known - 1, likelihood(times, taken[EMAIL])
        differs = abs(gap) > GAP_MAX and p < P_MIN
        failed |= differs
        print("%s %s: %.2f ms, %+.2f %% of somebody who is there, p = %.2f" % ("FAILED" if differs else "ok", who, 1000 * statistics.median(times), 100 * gap, p))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
