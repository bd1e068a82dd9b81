#!/usr/bin/env python3
"""Damaged files: whatever happened to the bytes, nothing panics, crashes or hangs; what is found is said in words; a backup brings all of it back.

lying      a good file is damaged as it lies (bytes, pages, zeros, cut, swapped, head, or the log that a kill has left), then looked at by `check`,
           `export` and a server that is asked for everything. A refused open ends with 3 and says why. Once a server has met damage, it writes
           nothing any more and names the newest backup, and goes on reading what can be read. When only the log was damaged, all there is is of an
           earlier moment, and well. In the end `restore` puts the backup back: all of it is there, and `check` is clean
serving    the same to a file while a server has it open

CARRYALL_BIN   the executable (default target/release/carryall)
DAMAGES        how many (default 60; a fifth of them while serving)
SEED           a number, to see the same again (default: another each time; it is printed). One alone: tests/faults/damage.py NUMBER

A damage that fails is kept, as it was made.
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
from ledger import API, COLORS, Client, Garbled, Unanswered, app  # noqa: E402
from server import BIN, EMAIL, PASSWORD, Failed, Server  # noqa: E402
from traced import fast_folder, files_of, put_files  # noqa: E402

DAMAGES = int(os.environ.get("DAMAGES") or 60)
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10 ** 6))
PAGE, FRAME, LOG_HEAD = 4096, 4096 + 24, 32
THINGS, PARTS, LATER = 300, 500, 40
HANG_SECONDS = 20
TABLES = ("things", "parts")


# --- the good file ----------------------------------------------------------------------------------------------------

class Good:
    """A data file with a backup beside it, changed since, once stopped and once killed: {name: bytes}; and what it held when."""

    def __init__(self, folder):
        db = os.path.join(folder, "ledger.db")
        self.held = []
        with open(os.path.join(folder, "app.json"), "w", encoding="ascii") as file:
            json.dump({**app(1, True), "records": records()}, file)
        run("apply", os.path.join(folder, "app.json"), "--db", db, codes=(0,))
        os.remove(os.path.join(folder, "app.json"))
        with Server("serve", args=["--db", db]) as server:
            self.cookie = server.sign_in()
            client = Client(server.port, self.cookie)
            self.change(client, "before")
            server.stop()
        self.backed = exports(db)
        run("backup", "--db", db, codes=(0,))
        (self.backup,) = (name for name in os.listdir(db + ".backups") if name.endswith(".db"))
        with Server("serve", args=["--db", db]) as server:
            client = Client(server.port, self.cookie)
            self.held.append(contents(client))
            for at in range(4):
                self.change(client, "after %d" % at)
                self.held.append(contents(client))
            server.process.kill()
            server.process.wait()
        self.killed = {name: data for name, data in files_of(folder).items() if not name.endswith(".lock")}
        if len(self.killed["ledger.db-wal"]) < 100_000:
            raise Failed("the kill left no log")
        with Server("serve", args=["--db", db]) as server:
            server.stop()
        self.stopped = files_of(folder)
        self.full = exports(db)
        beside = {"ledger.db.backups/" + self.backup + ending for ending in ("", ".sha256")}
        if set(self.stopped) != {"ledger.db", "ledger.db.backups", *beside}:
            raise Failed("not a good file: %s" % sorted(self.stopped))

    @staticmethod
    def change(client, name):
        found = list(client.all("things"))
        for at in range(LATER):
            for method, path, body in (("POST", "things/records", {"name": "%s %d" % (name, at), "colors": COLORS[:2], "friends": found[at:at + 2]}),
                                       ("PATCH", "things/records/" + found[at], {"note": "%s %d" % (name, at)}),
                                       ("DELETE", "parts/records/" + list(client.all("parts"))[0], None) if at < 5 else
                                       ("POST", "parts/records", {"name": name, "thing": found[-1]})):
                status, answer = client.ask(method, API + path, body)
                if status not in (200, 201):
                    raise Failed("%s %s: %d %s" % (method, path, status, answer))


def records():
    things = [{"$ref": "t%d" % at, "name": "thing %d" % at, "note": "note %d " % at * 20, "size": at, "colors": [COLORS[at % 3]],
               "friends": [{"$ref": "t%d" % (at // 2)}] if at else []} for at in range(THINGS)]
    return {"things": things, "parts": [{"name": "part %d" % at, "thing": {"$ref": "t%d" % (at % THINGS)}} for at in range(PARTS)]}


def contents(client):
    return {table: client.all(table) for table in TABLES}


def exports(db):
    return [run("export", "--app", "ledger", "--schema", table, "--format", "ndjson", "--db", db, codes=(0,))[1] for table in TABLES]


def run(*words, codes=(0, 1, 3), env=None):
    """Runs the executable; (exit code, stdout, stderr). It ends soon, by itself, and a failure is told in words."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CARRYALL_")}
    try:
        done = subprocess.run([BIN, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=HANG_SECONDS,
                              env={**own, **(env or {})})
    except subprocess.TimeoutExpired:
        raise Failed("carryall %s hangs" % words[0]) from None
    if done.returncode not in codes or "panicked" in done.stderr:
        raise Failed("carryall %s: exit %d, %s" % (words[0], done.returncode, done.stderr[-600:]))
    # What the log tells of the cause may stand before it.
    if done.returncode and not re.search("^carryall: ", done.stderr, re.M) or done.returncode == 3 and " cannot be used: " not in done.stderr:
        raise Failed("carryall %s: exit %d, and it says %r" % (words[0], done.returncode, done.stderr[:600]))
    return done.returncode, done.stdout, done.stderr


# --- damage -----------------------------------------------------------------------------------------------------------

def overwrite(rng, data, at, count, how):
    """Other bytes from a place on."""
    new = {"noise": rng.randbytes, "zeros": bytes, "ones": lambda count: b"\xff" * count}[how](count)
    data[at:at + count] = new[:len(data) - at]


def damaged(rng, data):
    """Damages the bytes of a data file in place; says how."""
    pages = len(data) // PAGE
    kind = rng.choice(["bits", "bytes", "page", "pages", "cut", "cut at a page", "swap", "head", "first page", "more", "copied"])
    how, page = rng.choice(["noise", "zeros", "ones"]), rng.randrange(pages)
    if kind == "bits":
        for _ in range(rng.choice([1, 1, 8])):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "bytes":
        for _ in range(rng.choice([1, 4, 30])):
            overwrite(rng, data, rng.randrange(len(data)), rng.randrange(1, 64), how)
    elif kind in ("page", "pages"):
        overwrite(rng, data, page * PAGE, PAGE * (1 if kind == "page" else rng.randrange(2, 20)), how)
    elif kind == "cut":
        del data[rng.randrange(len(data) // 512) * 512 + rng.choice([0, 0, 1, 100]):]
    elif kind == "cut at a page":
        del data[page * PAGE:]
    elif kind in ("swap", "copied"):
        other = rng.randrange(pages)
        one, two = bytes(data[page * PAGE:][:PAGE]), bytes(data[other * PAGE:][:PAGE])
        data[page * PAGE:(page + 1) * PAGE] = two
        if kind == "swap":
            data[other * PAGE:(other + 1) * PAGE] = one
    elif kind == "head":
        overwrite(rng, data, rng.randrange(100), rng.randrange(1, 9), how)
    elif kind == "first page":
        overwrite(rng, data, rng.randrange(PAGE), rng.randrange(1, 200), how)
    else:
        data += rng.randbytes(rng.randrange(1, 3 * PAGE))
    return "%s, %s, page %d of %d" % (kind, how, page + 1, pages)


def damaged_log(rng, data):
    """The same to the log that a kill left."""
    frames, kind = (len(data) - LOG_HEAD) // FRAME, rng.choice(["bits", "bytes", "frame", "cut", "head", "gone", "empty", "swap", "more"])
    how, frame = rng.choice(["noise", "zeros", "ones"]), rng.randrange(frames)
    at = LOG_HEAD + frame * FRAME
    if kind == "bits":
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "bytes":
        overwrite(rng, data, rng.randrange(len(data)), rng.randrange(1, 64), how)
    elif kind == "frame":
        overwrite(rng, data, at, rng.choice([24, FRAME]), how)
    elif kind == "cut":
        del data[rng.randrange(len(data)):]
    elif kind == "head":
        overwrite(rng, data, rng.randrange(LOG_HEAD), rng.randrange(1, 9), how)
    elif kind == "swap":
        other = LOG_HEAD + rng.randrange(frames) * FRAME
        data[at:at + FRAME], data[other:other + FRAME] = bytes(data[other:other + FRAME]), bytes(data[at:at + FRAME])
    elif kind == "more":
        data += rng.randbytes(rng.randrange(1, 3 * FRAME))
    else:
        data.clear()
    return kind, "log: %s, %s, frame %d of %d" % (kind, how, frame + 1, frames)


# --- what Carryall makes of it ----------------------------------------------------------------------------------------

class Told:
    """What a server says of a damaged file. `refusals` count who was told of damage, `garbled` who got a record whose own bytes are
    damaged; `lists` are what could be read whole."""

    def __init__(self, server, good):
        self.server, self.good, self.client = server, good, Client(server.port, good.cookie)
        self.refusals, self.garbled, self.lists = 0, [], {}

    def ask(self, *request):
        try:
            status, answer = self.client.ask(*request)
        except Garbled as error:
            self.garbled.append(str(error))
            return 200, None
        except Unanswered as error:
            if not self.server.alive():
                raise Failed("%s %s ends the server: %d %s" % (*request[:2], self.server.process.returncode, self.server.errors()[-300:])) from None
            raise Failed("%s %s: %s" % (*request[:2], error)) from None
        if "panicked" in self.server.errors():
            raise Failed("%s %s: a panic: %s" % (*request[:2], self.server.errors()[-600:]))
        if status >= 500:
            error = (answer or {}).get("error", {})
            if status != 503 or error.get("code") not in ("damaged", "busy") or not error.get("message"):
                raise Failed("%s %s: %d %s; %s" % (*request[:2], status, answer, self.server.errors()[-600:]))
            if error["code"] == "damaged":
                self.refusals += 1
                if self.good.backup not in error["message"]:
                    raise Failed("%s %s: %s, without the backup's name" % (*request[:2], error["message"]))
        return status, answer

    def everything(self):
        """Lists, single records, searches, sorts, the log; then writes, and reads once more."""
        for table in TABLES:
            self.all(table)
            for number in (1, 7, 150, 290):
                self.ask("GET", "%s%s/records/rec_%d" % (API, table, number))
        for question in ("sort=size&per_page=50", "sort=-name", "filter%5Bsize%5D=17", "filter%5Bnote%5D%5Bcontains%5D=after",
                         "filter%5Bcolors%5D%5Bcontains%5D=red"):
            self.ask("GET", "%sthings/records?%s" % (API, question))
        for path in ("/api/apps/ledger/changes?limit=500&since=0", "/api/apps/ledger/schemas", "/api/apps", "/api/workspaces/default/backups"):
            self.ask("GET", path)
        self.write()
        for table in TABLES:
            self.ask("GET", "%s%s/records" % (API, table))

    def write(self):
        """What was told of damage before is told to all who write after it."""
        for request in (("POST", "things/records", {"name": "new", "friends": ["rec_5"], "colors": ["red"]}),
                        ("PATCH", "things/records/rec_9", {"size": 1}), ("DELETE", "things/records/rec_11"),
                        ("POST", "parts/records", {"name": "new part", "thing": "rec_20"})):
            stopped = self.refusals > 0
            status, answer = self.ask(request[0], API + request[1], *request[2:])
            # Who is not known any more is told that first.
            if stopped and status not in (401, 503):
                raise Failed("damage was told, and then %s %s is answered %d %s" % (*request[:2], status, answer))

    def all(self, table):
        found, page, pages = {}, 1, 1
        while page <= pages:
            status, answer = self.ask("GET", "%s%s/records?per_page=100&sort=id&page=%d" % (API, table, page))
            if status != 200 or answer is None:
                return
            found.update((record["id"], record) for record in answer["records"])
            # A damaged counter must not keep us busy.
            page, pages = page + 1, min(answer["total_pages"], 20)
        self.lists[table] = found


def served(db, good, act=lambda server: None):
    """A server is asked for everything; what was told, or None when it refuses to start, which it says in words."""
    try:
        server = Server("serve", args=["--db", db])
    except Failed as error:
        if "did not say" not in str(error) or "panicked" in str(error):
            raise
        # Said once more, to see the code.
        admin = {"CARRYALL_ADMIN_EMAIL": EMAIL, "CARRYALL_ADMIN_PASSWORD": PASSWORD}
        code, _, err = run("serve", "--listen", "127.0.0.1:0", "--no-open", "--db", db, codes=(1, 3), env=admin)
        # An admin whose role was damaged is a user like any other, as far as anybody can tell.
        if code == 1 and "damaged" not in err and "There is a user with the e-mail" not in err:
            raise Failed("serve: exit 1, %s" % err[:600]) from None
        if "damaged" in err and good.backup not in err:
            raise Failed("serve: %r does not name the backup" % err[:600]) from None
        return None
    with server:
        told = Told(server, good)
        act(told)
        told.everything()
        code, took = server.stop()
        if code < 0 or "panicked" in server.errors():
            raise Failed("the server ended with %d after %.0f s: %s" % (code, took, server.errors()[-600:]))
        return told


def restored(db, good):
    """The backup is put back, and all is as it was in it."""
    run("restore", os.path.join(db + ".backups", good.backup), "--db", db, codes=(0,))
    run("check", "--db", db, codes=(0,))
    if exports(db) != good.backed:
        raise Failed("after the restore there is something else than in the backup")
    kept = [name for name in os.listdir(db + ".backups") if "before-restore" in name]
    if not kept:
        raise Failed("what was there before the restore is gone")
    if any(name.startswith(".") for name in [*os.listdir(os.path.dirname(db)), *os.listdir(db + ".backups")]):
        raise Failed("the restore left something behind: %s" % os.listdir(os.path.dirname(db)))


def lying(number, good, folder):
    rng, db = random.Random("%d/%d" % (SEED, number)), os.path.join(folder, "ledger.db")
    is_log = number % 4 == 1
    files = dict(good.killed if is_log or number % 8 == 2 else good.stopped)
    data = bytearray(files["ledger.db-wal" if is_log else "ledger.db"])
    if is_log:
        kind, how = damaged_log(rng, data)
        files["ledger.db-wal"] = bytes(data)
        if kind == "gone":
            del files["ledger.db-wal"]
    else:
        how = damaged(rng, data)
        files["ledger.db"] = bytes(data)
    put_files(folder, files)
    try:
        code, _, err = run("check", "--db", db)
        if code == 3 and "damaged" in err and good.backup not in err:
            raise Failed("check: %r does not name the backup" % err[:600])
        for table in TABLES:
            run("export", "--app", "ledger", "--schema", table, "--format", "ndjson", "--db", db)
        told = served(db, good)
        if is_log:
            earlier(code, err, told, good)
        if told and told.garbled and code == 0:
            raise Failed("check finds nothing, but %s" % told.garbled[0])
        restored(db, good)
    except Failed as error:
        raise Failed("damage %d (%s): %s" % (number, how, error)) from None
    return "refused" if told is None else "told" if told.refusals else "found by check" if code else "unnoticed"


def earlier(code, err, told, good):
    """A damaged log gives an earlier moment, whole: each record is one that was there once."""
    if code != 0 or told is None or told.refusals or len(told.lists) != len(TABLES):
        raise Failed("a damaged log is more than a return to an earlier moment: check %d %s, %s" % (code, err[:300], told and told.refusals))
    known = {table: {json.dumps(record, sort_keys=True) for held in good.held for record in held[table].values()} for table in TABLES}
    for table in TABLES:
        changed = [record for record in told.lists[table].values() if json.dumps(record, sort_keys=True) not in known[table]]
        if changed:
            raise Failed("a record that never was: %s" % changed[0])


def serving(number, good, folder):
    rng, db = random.Random("%d/%d" % (SEED, number)), os.path.join(folder, "ledger.db")
    put_files(folder, good.stopped)
    data = bytearray(good.stopped["ledger.db"])
    how = damaged(rng, data)

    def act(told):
        told.all(rng.choice(TABLES))
        if rng.random() < 0.5:
            # From now on the log says how long the file is.
            told.ask("POST", API + "parts/records", {"name": "before the damage"})
        # In place, as a disk would do it; what was cut away goes at last.
        with open(db, "r+b") as file:
            file.write(data)
            file.truncate(len(data))

    try:
        told = served(db, good, act)
        code, _, _ = run("check", "--db", db)
        restored(db, good)
    except Failed as error:
        raise Failed("damage %d while serving (%s): %s" % (number, how, error)) from None
    return "told" if told and told.refusals else "found by check" if code else "unnoticed"


def one(number, good, root, keep):
    """One damage in a folder of its own; (what came of it, the failure)."""
    folder = tempfile.mkdtemp(dir=root)
    try:
        return (serving if number % 5 == 4 else lying)(number, good, folder), None
    except Failed as error:
        shutil.copytree(folder, os.path.join(keep, str(number)), dirs_exist_ok=True)
        return "FAILED", error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    begun, root = time.monotonic(), tempfile.mkdtemp(prefix="carryall-damage-", dir=fast_folder())
    keep = tempfile.mkdtemp(prefix="carryall-damage-kept-")
    numbers = [int(word) for word in sys.argv[1:]] or range(DAMAGES)
    print("%d damages, SEED=%d" % (len(numbers), SEED), flush=True)
    counts, failures = {}, []
    try:
        os.mkdir(os.path.join(root, "good"))
        good = Good(os.path.join(root, "good"))
        with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
            for what, error in pool.map(lambda number: one(number, good, root, keep), numbers):
                counts[what] = counts.get(what, 0) + 1
                if error:
                    failures.append(error)
                    print("FAILED damage, SEED=%d: %s" % (SEED, error), flush=True)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    if failures:
        print("%d of %d failed; they are in %s" % (len(failures), len(numbers), keep))
        return 1
    os.rmdir(keep)
    print("ok damage: %d damages: %s; nothing panicked, crashed or hung, every backup came back; %.0f s" % (
        len(numbers), ", ".join("%d %s" % (count, what) for what, count in sorted(counts.items())), time.monotonic() - begun))
    return 0


if __name__ == "__main__":
    sys.exit(main())
