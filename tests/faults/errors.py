#!/usr/bin/env python3
"""A disk that fails: the Nth call of one kind on the data file, once or from then on, ends with EIO or ENOSPC (strace injects it), for every N until
nothing is left to fail.

A server is started on a data file under strace, somebody writes, imports, changes the schema and makes a backup, then it is stopped. Whatever
failed: no panic, no crash, nothing hangs, every refusal is 503 and in words, a start that is refused says why; after a failed flush nothing is
acknowledged any more. Started again on a good disk, all that was acknowledged is there, what was refused with "nothing was changed" is not, and
`check` is clean. At the end the same is done with a server that takes a full disk for success: it must be found.

CARRYALL_BIN   the executable (default target/release/carryall)
CALLS_MAX      the largest N of each kind (default 120)
SEED           a number, for other writes (default 1)
Some alone: tests/faults/errors.py CALL, one: tests/faults/errors.py CALL ERROR N (or N+)
"""
import concurrent.futures
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hostile"))
import traced  # noqa: E402
from ledger import Client, Unanswered, Writer, app, verify  # noqa: E402
from server import Failed, Server  # noqa: E402
from traced import Served, command, fast_folder, needs  # noqa: E402

CALLS_MAX = int(os.environ.get("CALLS_MAX") or 120)
SEED = int(os.environ.get("SEED") or 1)
# So many next to each other in none of which anything failed: then no later one will.
STEPS, TOGETHER = 25, 8
CALLS = {"write": ("EIO", "ENOSPC"), "pwrite64": ("EIO", "ENOSPC"), "fsync": ("EIO",), "fdatasync": ("EIO",), "ftruncate": ("EIO", "ENOSPC"),
         "openat": ("EIO", "ENOSPC"), "pread64": ("EIO",)}
WORDS = re.compile(r"disk|damaged|cannot be (used|made|written)|nothing was changed|not keep|No space|Input/output|I/O", re.I)


class Stopped(Failed):
    """Nothing is written any more."""


class Shaken(Writer):
    """A writer whose requests may be refused because of the disk."""

    def __init__(self, number, seed):
        super().__init__(number, seed)
        self.refusals = 0

    def ask(self, wanted, *request, **kind):
        status, answer = self.client.ask(*request, **kind)
        if status < 500:
            if status != wanted:
                raise Failed("%s %s: %d %s" % (*request[:2], status, answer))
            return answer
        error = (answer or {}).get("error", {})
        if status != 503 or error.get("code") not in ("busy", "damaged") or not WORDS.search(error.get("message", "")):
            raise Failed("%s %s: %d %s" % (*request[:2], status, answer))
        self.refusals += 1
        if error["code"] == "damaged":
            # What was not flushed may be there or not: it stays pending, and nothing comes after it.
            raise Stopped(error["message"])
        self.pending = None
        raise Unanswered(error["message"])


def worked(writer):
    """Steps on, refused or not; whether the server takes no writes any more."""
    for _ in range(STEPS):
        try:
            writer.step()
        except Stopped:
            return True
        except Unanswered as error:
            if not WORDS.search(str(error)):
                raise Failed("the server went away: %s" % error) from None
    return False


def no_more(client):
    """After a failed flush: who writes is told so."""
    status, answer = client.ask("POST", "/api/apps/ledger/schemas/notes/records", {"name": "after the failure"})
    if status != 503 or answer["error"]["code"] != "damaged" or "nothing is written any more" not in answer["error"]["message"]:
        raise Failed("after a failed flush a create is answered %d %s" % (status, answer))
    client.all("things")


class Case:
    """One run with one failing call."""

    def __init__(self, good, cookie, call, error, number, env=None):
        self.good, self.cookie, self.call, self.error, self.number, self.env = good, cookie, call, error, number, env

    def run(self, root):
        """Whether the call was reached, and what came of it."""
        folder = tempfile.mkdtemp(dir=root)
        db, log = os.path.join(folder, "ledger.db"), os.path.join(folder, "strace.log")
        shutil.copyfile(self.good, db)
        try:
            writer = Shaken(0, "%s/%s/%s/%s" % (SEED, self.call, self.error, self.number))
            came = self.shaken(db, log, writer)
            with open(log, encoding="ascii", errors="replace") as file:
                hit = file.read().count("(INJECTED)")
            self.judge(db, writer)
            return hit > 0, came
        except (Failed, Unanswered) as error:
            raise Failed("%s %s %s: %s" % (self.call, self.error, self.number, error)) from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def before(self, db, log):
        paths = [word for ending in ("", "-wal", "-shm", ".lock") for word in ("-P", db + ending)]
        return ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "signal=none", "-e", "trace=" + self.call, *paths,
                "-e", "inject=%s:error=%s:when=%s" % (self.call, self.error, self.number), "-o", log]

    def shaken(self, db, log, writer):
        with Served(db, self.before(db, log), self.env) as served:
            if served.port is None:
                said, code = served.errors(), served.process.wait(10)
                if code not in (1, 3) or "panicked" in said or not re.search(r"^carryall: .*%s" % WORDS.pattern, said, re.M | re.I):
                    raise Failed("a start that is refused ends with %s and says %r" % (code, said[-600:]))
                return "start refused (%d)" % code
            writer.client = client = Client(served.port, self.cookie)
            try:
                is_over = worked(writer)
            except Unanswered as error:
                raise Failed("the server went away: %s; %s" % (error, served.errors()[-600:])) from None
            if is_over:
                no_more(client)
            elif writer.refusals == 0:
                self.more(client, db)
            code, said = served.stop(), served.errors()
            if "panicked" in said or code not in (0, 1):
                raise Failed("it ended with %d: %s" % (code, said[-600:]))
            return "writes stopped" if is_over else "refused" if writer.refusals else "mended by trying again"

    def more(self, client, db):
        """A backup and a change of the schema, which may fail in words."""
        path = os.path.join(os.path.dirname(db), "app.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(app(2, True), file)
        for words in (("backup", "--db", db), ("apply", path, "--db", db)):
            _, err, code = command(*words, code=None)
            if code not in (0, 1, 3) or "panicked" in err or code and not WORDS.search(err):
                raise Failed("carryall %s: exit %d, %s" % (words[0], code, err[-600:]))

    def judge(self, db, writer):
        with Server("serve", args=["--db", db]) as server:
            writer.client = client = Client(server.port, self.cookie)
            verify(client, [writer])
            code, _ = server.stop()
            if code != 0 or "panicked" in server.errors():
                raise Failed("started again, it ended with %d: %s" % (code, server.errors()[-600:]))
        out, err, code = command("check", "--db", db, code=None)
        if code != 0:
            raise Failed("check: exit %d, %s" % (code, (err or out)[:600]))


def prepared(root):
    """A data file with the app, and a cookie for it."""
    db, file = os.path.join(root, "good.db"), os.path.join(root, "good.json")
    with open(file, "w", encoding="ascii") as out:
        json.dump(app(), out)
    command("apply", file, "--db", db)
    with Server("serve", args=["--db", db]) as server:
        cookie = server.sign_in()
        server.stop()
    return db, cookie


def campaign(root):
    good, cookie = prepared(root)
    if sys.argv[3:]:
        call, error, number = sys.argv[1:4]
        print(Case(good, cookie, call, error, number).run(root))
        return []
    failures = []
    with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        for call, errors in [(call, CALLS[call]) for call in sys.argv[1:] or CALLS]:
            for error in errors:
                for onwards in ("", "+"):
                    begun, counts = time.monotonic(), {}
                    for first in range(1, CALLS_MAX + 1, TOGETHER):
                        cases = [Case(good, cookie, call, error, "%d%s" % (number, onwards)) for number in range(first, first + TOGETHER)]
                        reached = len(failures)
                        for done in [pool.submit(case.run, root) for case in cases]:
                            try:
                                hit, came = done.result()
                                reached += hit
                                if hit:
                                    counts[came] = counts.get(came, 0) + 1
                            except Failed as failure:
                                failures.append(failure)
                                print("FAILED errors, SEED=%d: %s" % (SEED, failure), flush=True)
                        if reached == len(failures):
                            break
                    print("  %s, %s at N%s: %s; %.0f s" % (call, error, onwards and " and from then on", ", ".join(
                        "%d %s" % (count, what) for what, count in sorted(counts.items())) or "never reached", time.monotonic() - begun), flush=True)
    return failures or found(root, good, cookie)


def found(root, good, cookie):
    """The campaign can fail."""
    for number in range(20, 100, 10):
        try:
            Case(good, cookie, "pwrite64", "ENOSPC", "%d+" % number, {"CARRYALL_FAULT": "swallow-full"}).run(root)
        except Failed as error:
            print("  swallow-full is found: %s" % str(error)[:150])
            return []
    print("FAILED errors: swallow-full is not found")
    return ["swallow-full"]


def main():
    needs()
    begun, root = time.monotonic(), tempfile.mkdtemp(prefix="carryall-errors-", dir=fast_folder())
    try:
        failures = campaign(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    if failures:
        print("%d failed" % len(failures))
        return 1
    print("ok errors: nothing lost, nothing torn, all refusals in words; %.0f s" % (time.monotonic() - begun))
    return 0


if __name__ == "__main__":
    sys.exit(main())
