#!/usr/bin/env python3
"""kill -9 again and again: 8 writers create, change, delete with cascades, import and are refused while somebody changes the schema; then the server
is killed, at a random moment, and started again. Nothing that was acknowledged is lost, nothing is half there, nothing is there that nobody asked for.

CARRYALL_BIN   the executable (default target/release/carryall)
CYCLES         how many kills (default 50)
SEED           a number, to see the same again (default: another each time; it is printed)
"""
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hostile"))
from ledger import Changer, Client, Writer, app, read_log, verify  # noqa: E402
from server import BIN, Failed, Server  # noqa: E402

CYCLES = int(os.environ.get("CYCLES") or 50)
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10 ** 6))
WRITERS = 8
# A file grows with every cycle and is looked through whole after each: now and then it begins anew.
CYCLES_OF_A_FILE = 25


class Tally:
    """What the campaign has seen."""

    def __init__(self):
        self.cycles, self.acknowledged, self.settled, self.starts, self.changes = 0, {}, {}, [], 0

    def __str__(self):
        starts = sorted(self.starts)
        kinds = ", ".join("%d %s" % (count, what) for what, count in sorted(self.acknowledged.items()))
        settled = ", ".join("%d %s %s" % (count, what, "done" if is_there else "not done") for (what, is_there), count in sorted(self.settled.items()))
        return ("%d kills; acknowledged: %s, %d schema changes; unanswered: %s; ready again p50 %.0f p99 %.0f ms; nothing lost, nothing torn" % (
            self.cycles, kinds, self.changes, settled or "none", 1000 * starts[len(starts) // 2], 1000 * starts[len(starts) * 99 // 100]))


def checked(db):
    done = subprocess.run([BIN, "check", "--db", db], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise Failed("check: %s" % done.stderr[:2000])


def same_file(rng, cycles, tally, fault=None):
    """So many kills of servers of one data file."""
    env = {"CARRYALL_FAULT": fault} if fault else None
    with tempfile.TemporaryDirectory(prefix="carryall-kill-") as folder:
        db, file = os.path.join(folder, "ledger.db"), os.path.join(folder, "app.json")
        with open(file, "w", encoding="ascii") as out:
            json.dump(app(), out)
        subprocess.run([BIN, "apply", file, "--db", db], check=True, capture_output=True, timeout=60)
        writers, seq = [Writer(at, rng.random()) for at in range(WRITERS)], 0
        # By a server without a fault: what is to be found out begins after this.
        with Server("serve", args=["--db", db]) as server:
            cookie = server.sign_in()
            server.stop()
        for cycle in range(cycles):
            begun = time.monotonic()
            with Server("serve", args=["--db", db], env=env) as server:
                tally.starts.append(time.monotonic() - begun)
                client = Client(server.port, cookie)
                seq = judge(client, writers, tally, seq)
                writers = [writer.again(Client(server.port, cookie)) for writer in writers]
                loaded(server, writers, Changer(folder, db, random.Random(rng.random())), rng, tally)
            tally.cycles += 1
        with Server("serve", args=["--db", db], env=env) as server:
            judge(Client(server.port, cookie), writers, tally, seq)
            code, _ = server.stop()
            if code != 0:
                raise Failed("the last server ended with %d" % code)
        checked(db)


def judge(client, writers, tally, seq):
    """After a start: all there is, and the change log."""
    for what, is_there in verify(client, writers):
        tally.settled[what, is_there] = tally.settled.get((what, is_there), 0) + 1
    entries, last = read_log(client, seq)
    made = sum(entry["kind"] == "create" for entry in entries)
    kept = sum(writer.counts.get("create", 0) for writer in writers)
    if made < kept:
        raise Failed("the change log has %d creates of %d" % (made, kept))
    for writer in writers:
        for what, count in writer.counts.items():
            tally.acknowledged[what] = tally.acknowledged.get(what, 0) + count
        writer.counts.clear()
    return last


def loaded(server, writers, changer, rng, tally):
    """Lets all of them write, and kills the server: mostly soon, sometimes when much has been written."""
    for thread in [*writers, changer]:
        thread.start()
    pause = threading.Event()
    pause.wait(rng.uniform(0, 0.06) if rng.random() < 0.8 else rng.uniform(0.2, 0.6))
    server.process.kill()
    server.process.wait()
    changer.stop = True
    for thread in [*writers, changer]:
        thread.join(60)
        if thread.is_alive():
            raise Failed("somebody still waits for a server that is gone")
    tally.changes += changer.done
    wrong = [writer.wrong for writer in writers if writer.wrong]
    if wrong:
        raise wrong[0]
    if "panic" in server.errors():
        raise Failed("the server panicked:\n%s" % server.errors()[-2000:])


def campaign(cycles, seed, fault=None):
    rng, tally = random.Random(seed), Tally()
    while tally.cycles < cycles:
        same_file(rng, min(CYCLES_OF_A_FILE, cycles - tally.cycles), tally, fault)
    return tally


def main():
    begun = time.monotonic()
    print("%d kills, SEED=%d" % (CYCLES, SEED), flush=True)
    try:
        print("ok kill: %s; %.0f s" % (campaign(CYCLES, SEED), time.monotonic() - begun))
    except Failed as error:
        print("FAILED kill, SEED=%d: %s" % (SEED, error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
