#!/usr/bin/env python3
"""A full disk, and a place that cannot be written: what does not fit is refused in words, nothing that was acknowledged is lost, and when there is
room again all goes on by itself.

fills         writers meet the end of a small disk again and again: each refusal is 503, says so, and says when to come back; lists, single records
              and the change log are read on; an import, a backup, an export and changes of the schema are refused whole and leave nothing behind;
              then room is made, and they write again within SOON_SECONDS. A server stops and starts on the full disk, a restore is refused there.
              At the end `check` is clean and one file is left
spool         the same with the folder for temporary files on the full disk: long bodies and long answers are refused in words, short ones are not
names         a disk that has room for bytes and for no further file
few           writers beside strangers who take all descriptors: nothing but refusals for now, and all is well when they have gone
limit         a file may not grow any more (ulimit -f): refused in words, the server lives
readonly      a disk that was mounted for reading, a folder and a file of somebody else: exit 3 and words, from every command; nothing is changed
swallow-full  a server that takes a full disk for success (CARRYALL_FAULT) is caught by `fills`

Not here, for they are elsewhere: a second process, a newer file, a file of another program (tests/it/smoke.rs); few descriptors for those who only
come and ask (tests/hostile/full.py).

CARRYALL_BIN   the executable (default target/release/carryall)
ROUNDS         how often the disk fills (default 4)
SEED           a number, to see the same again (default: another each time; it is printed)
"""
import contextlib
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hostile"))
import server as hostile  # noqa: E402
from ledger import API, Client, TABLES, Writer, app, read_log, verify  # noqa: E402
from server import BIN, Failed, Server  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS") or 4)
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10 ** 6))
WRITERS, REFUSALS, PATIENCE_SECONDS, SOON_SECONDS = 6, 3, 30, 5
DISK_BYTES, LEFT_BYTES, JOB_SECONDS = 24 << 20, 256 << 10, 60
BIG_ROWS = 12_000
INSIDE = "CARRYALL_DISK_INSIDE"
# What says that there is no room, whoever says it.
WORDS = re.compile(r"disk is full|no room|No space left|too little room|too large|the disk failed", re.I)
FOR_NOW = re.compile(WORDS.pattern + r"|cannot be written|try again", re.I)


# --- a small disk -----------------------------------------------------------------------------------------------------

def may_mount():
    """Enters a mount namespace of its own, in which this program may mount and which goes with it; why not, if that is not allowed."""
    if not sys.platform.startswith("linux") or not shutil.which("unshare"):
        return "no unshare and tmpfs here"
    if os.environ.get(INSIDE):
        return None
    words = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    tried = subprocess.run([*words, "sh", "-c", 'mount -t tmpfs -o size=1m none "$0"', tempfile.gettempdir()], capture_output=True, text=True)
    if tried.returncode:
        return "no disk can be mounted: %s" % tried.stderr.strip()
    os.execvpe(words[0], [*words, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    return None


class Disk:
    """A tmpfs, and a file that takes its room. `more` are options of the mount."""

    def __init__(self, more=""):
        self.folder = tempfile.mkdtemp(prefix="carryall-disk-")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d,mode=755%s" % (DISK_BYTES, more), "none", self.folder], check=True)
        self.filler = os.path.join(self.folder, "filler")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.folder], check=True)
        os.rmdir(self.folder)

    def free(self):
        disk = os.statvfs(self.folder)
        return disk.f_bavail * disk.f_frsize

    def fill(self, left=0):
        """Takes all room but so many bytes. Others may write meanwhile: what is gone is gone."""
        with open(self.filler, "ab", buffering=0) as file:
            with contextlib.suppress(OSError):
                while self.free() > left:
                    file.write(b"\xff" * min(1 << 20, self.free() - left))

    def empty(self):
        os.remove(self.filler)


# --- those who write --------------------------------------------------------------------------------------------------

class Full(Exception):
    """A refusal for now, in words."""


class Patient(Writer):
    """A writer who is refused and tries on."""

    def __init__(self, number, seed):
        super().__init__(number, seed)
        self.refusals, self.steps, self.words, self.expected = 0, 0, {}, WORDS

    def again(self, client):
        other = super().again(client)
        other.words, other.expected = self.words, self.expected
        return other

    def step(self):
        try:
            super().step()
            self.steps += 1
        except Full:
            self.refusals += 1

    def ask(self, wanted, *request, **kind):
        status, answer = self.client.ask(*request, **kind)
        if status >= 500:
            said = refused(status, self.client.headers, answer, self.expected, "%s %s" % request[:2])
            self.words[said] = self.words.get(said, 0) + 1
            # It says that nothing was changed; should it be there all the same, it is unknown to the ledger.
            self.pending = None
            raise Full
        if status != wanted:
            raise Failed("%s %s: %d %s" % (*request[:2], status, answer))
        return answer


def refused(status, headers, answer, expected=WORDS, who="a request"):
    """A refusal for now: 503, `busy`, in words, with the time to come back. Gives the words."""
    error = (answer or {}).get("error", {})
    if status != 503 or error.get("code") != "busy" or not expected.search(error.get("message", "")):
        raise Failed("%s: %d %s" % (who, status, answer))
    if not re.fullmatch(r"[1-9][0-9]*", headers.get("Retry-After") or ""):
        raise Failed("%s: 503 without Retry-After" % who)
    return error["message"]


def until(what, test, writers, seconds=PATIENCE_SECONDS):
    """Waits for something that the writers bring about; seconds it took."""
    begun = time.monotonic()
    while not test():
        wrong = [writer.wrong for writer in writers if writer.wrong]
        if wrong:
            raise wrong[0]
        if time.monotonic() - begun > seconds:
            raise Failed("not within %g s: %s" % (seconds, what))
        time.sleep(0.01)
    return time.monotonic() - begun


def ended(writers):
    """Lets them come to an end."""
    for writer in writers:
        writer.stop = True
    for writer in writers:
        writer.join(60)
        if writer.is_alive():
            raise Failed("a writer still waits")
        if writer.wrong:
            raise writer.wrong


def command(*words, env=None, user=None, code=None, binary=BIN):
    """Runs the executable; (exit code, stdout, all words on stderr). Whatever it meets, it ends by itself and without a panic."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CARRYALL_")}
    as_user = {"user": user, "group": user, "extra_groups": []} if user else {}
    done = subprocess.run([binary, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=JOB_SECONDS,
                          env={**own, **(env or {})}, **as_user)
    if done.returncode < 0 or "panicked" in done.stderr:
        raise Failed("carryall %s: exit %d, %s" % (" ".join(words), done.returncode, done.stderr[-500:]))
    if code is not None and done.returncode != code:
        raise Failed("carryall %s: exit %d instead of %d, %s" % (" ".join(words), done.returncode, code, (done.stderr or done.stdout)[:500]))
    return done.returncode, done.stdout, done.stderr


def is_refused(*words, code=1, expected=WORDS, **how):
    """A command that must fail with this code and in these words."""
    _, out, err = command(*words, code=code, **how)
    if not expected.search(err) or not err.startswith("carryall: "):
        raise Failed("carryall %s says %r" % (" ".join(words), err[:500]))
    return err


class House:
    """A data file on a disk with its writers, and servers of it."""

    def __init__(self, folder, seed, fault=None, env=None, number=WRITERS):
        self.db, self.rng = os.path.join(folder, "ledger.db"), random.Random(seed)
        self.env = {**({"CARRYALL_FAULT": fault} if fault else {}), **(env or {})}
        self.place = tempfile.TemporaryDirectory(prefix="carryall-disk-own-")
        self.writers = [Patient(at, self.rng.random()) for at in range(number)]
        self.seq = 0
        command("apply", self.file("app.json", json.dumps(app())), "--db", self.db, code=0)
        with Server("serve", args=["--db", self.db]) as server:
            self.cookie = server.sign_in()
            server.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.place.cleanup()

    def file(self, name, text):
        """A file elsewhere."""
        path = os.path.join(self.place.name, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def serve(self):
        return Server("serve", args=["--db", self.db], env=self.env)

    def begin(self, server):
        """All write."""
        self.writers = [writer.again(Client(server.port, self.cookie)) for writer in self.writers]
        for writer in self.writers:
            writer.start()

    def judge(self, server):
        """All that was acknowledged is there, and nothing else."""
        client = Client(server.port, self.cookie)
        verify(client, self.writers)
        entries, self.seq = read_log(client, self.seq)
        made, kept = sum(entry["kind"] == "create" for entry in entries), sum(writer.counts.pop("create", 0) for writer in self.writers)
        if made != kept:
            raise Failed("the change log has %d creates of %d" % (made, kept))
        return kept

    def left(self):
        """What lies in the folder of the data file."""
        folder = os.path.dirname(self.db)
        return sorted(os.path.relpath(os.path.join(place, name), folder) for place, _, names in os.walk(folder) for name in names)

    def settle(self, server):
        """Stops a server; then one file is left, and it is well."""
        code, _ = server.stop()
        if code != 0:
            raise Failed("the server ended with %d: %s" % (code, server.errors()[-500:]))
        if "panicked" in server.errors():
            raise Failed("a panic: %s" % server.errors()[-500:])
        left = [name for name in self.left() if name != "filler" and not name.startswith("inode")]
        if left != ["ledger.db"]:
            raise Failed("left behind: %s" % left)
        command("check", "--db", self.db, code=0)


def big(prefix="big"):
    """A body that is larger than all that may be free."""
    return "name,n\n" + "".join("%s-%d-%s,%d\n" % (prefix, at, "x" * 1_000, at) for at in range(BIG_ROWS))


def reads_on(client):
    """What must be read whatever the disk does."""
    for table in TABLES:
        found = client.all(table)
        for number in list(found)[:3]:
            status, answer = client.ask("GET", "%s%s/records/%s" % (API, table, number))
            if status not in (200, 404):
                raise Failed("reading %s: %d %s" % (number, status, answer))
    for path in ("/healthz", "/api/apps/ledger/changes?limit=10&since=0", "/api/apps/ledger/schemas", "/api/workspaces/default/backups"):
        status, answer = client.ask("GET", path)
        if status != 200:
            raise Failed("GET %s: %d %s" % (path, status, answer))


def job(client, path, body):
    """A job handed over by HTTP; what became of it."""
    status, answer = client.ask("POST", path, body)
    if status != 201:
        return refused(status, client.headers, answer, who="POST " + path) and {"state": "refused"}
    end = time.monotonic() + JOB_SECONDS
    while time.monotonic() < end:
        _, state = client.ask("GET", "/api/workspaces/default/jobs/%d" % answer["id"])
        if state["state"] != "running":
            return state
        time.sleep(0.02)
    raise Failed("a job takes more than %d s" % JOB_SECONDS)


def fails_in_words(state, what, expected=WORDS):
    if state["state"] == "refused":
        return
    if state["state"] != "failed" or not state.get("messages") or not any(expected.search(words) for words in state["messages"]):
        raise Failed("%s: %s" % (what, state))


# --- what is tried ----------------------------------------------------------------------------------------------------

def whole_or_nothing(house, disk, server):
    """Long works on a full disk, while nobody else writes: each is refused whole, and says why."""
    client = Client(server.port, house.cookie)
    disk.fill()
    before = house.left()
    schemas = client.ask("GET", "/api/apps/ledger/schemas")
    body, rows = big(), house.file("rows.csv", big("cli"))
    status, answer = client.ask("POST", API + "rows/import", body.encode(), kind="text/csv")
    refused(status, client.headers, answer, who="a long import")
    is_refused("import", rows, "--app", "ledger", "--schema", "rows", "--db", house.db)
    is_refused("backup", "--db", house.db)
    is_refused("backup", "--db", house.db, "-o", os.path.join(disk.folder, "copy.db"))
    is_refused("export", "--app", "ledger", "--schema", "things", "--db", house.db, "-o", os.path.join(disk.folder, "things.csv"))
    fails_in_words(job(client, "/api/workspaces/default/backups", {}), "a backup")
    changed = app(1)
    changed["schemas"].append({"slug": "more", "fields": [{"slug": "name", "type": "text"}]})
    changed["records"] = {"more": [{"name": "more %d %s" % (at, "x" * 1_000)} for at in range(BIG_ROWS)]}
    is_refused("apply", house.file("more.json", json.dumps(changed)), "--db", house.db)
    # The default of a new field is written to every record.
    wide = app()
    wide["schemas"][3]["fields"].append({"slug": "wide", "type": "text", "default": "x" * (2 * DISK_BYTES // len(client.all("rows")))})
    is_refused("apply", house.file("wide.json", json.dumps(wide)), "--db", house.db)
    if client.ask("GET", "/api/apps/ledger/schemas") != schemas:
        raise Failed("a change of the schema was refused, and something of it stayed")
    if house.left() != before:
        raise Failed("before %s, after the refusals %s" % (before, house.left()))
    command("check", "--db", house.db, code=0)
    reads_on(client)


def went_on(house, counts):
    """Whether all have written since they had so many steps."""
    return lambda: all(writer.steps > count + 3 for writer, count in zip(house.writers, counts))


def one_round(house, disk, server, is_caught):
    """The disk fills under those who write; room is made. How long it took until all wrote again."""
    house.begin(server)
    until("all write", lambda: all(writer.steps > 3 for writer in house.writers), house.writers)
    disk.fill(LEFT_BYTES)
    if is_caught:
        until("the fault is at work", lambda: disk.free() < 1 << 12, house.writers)
        steps = sum(writer.steps + writer.refusals for writer in house.writers)
        until("the fault is at work", lambda: sum(writer.steps + writer.refusals for writer in house.writers) > steps + 200, house.writers)
    else:
        until("all are refused", lambda: all(writer.refusals >= REFUSALS for writer in house.writers), house.writers)
        reads_on(Client(server.port, house.cookie))
    disk.empty()
    counts = [writer.steps for writer in house.writers]
    took = until("all write again", went_on(house, counts), house.writers, SOON_SECONDS)
    ended(house.writers)
    house.judge(server)
    return took


def fills(seed=SEED, fault=None):
    with Disk() as disk, House(disk.folder, seed, fault) as house:
        took = []
        with house.serve() as server:
            for at in range(ROUNDS):
                took.append(one_round(house, disk, server, fault is not None))
                if at == 0:
                    whole_or_nothing(house, disk, server)
                    disk.empty()
            house.settle(server)
        how = on_a_full_disk(house, disk)
        words = {}
        for writer in house.writers:
            for said, count in writer.words.items():
                words[said] = words.get(said, 0) + count
        return "%d rounds, %d refusals (%s); all wrote again within %.0f ms; %s" % (
            ROUNDS, sum(words.values()), "; ".join("%d \u00d7 %s" % (count, said) for said, count in sorted(words.items())), 1000 * max(took), how)


def on_a_full_disk(house, disk):
    """A server that stops on the full disk, a restore there, and a server that starts."""
    saved = os.path.join(house.place.name, "saved.db")
    command("backup", "--db", house.db, "-o", saved, code=0)
    with house.serve() as server:
        house.begin(server)
        until("all write", lambda: all(writer.steps > 3 for writer in house.writers), house.writers)
        disk.fill(LEFT_BYTES)
        until("all are refused", lambda: all(writer.refusals >= REFUSALS for writer in house.writers), house.writers)
        ended(house.writers)
        disk.fill()
        code, _ = server.stop()
        said = server.errors()
        if code != 0 or "panicked" in said:
            raise Failed("on a full disk it stopped with %d: %s" % (code, said[-500:]))
        rest = "The disk is full: part of the data is still in %s-wal; keep both" % house.db
        if "Another program still reads" in said or ("ledger.db-wal" in house.left()) != (rest in said):
            raise Failed("a stop on the full disk leaves %s and says %s" % (house.left(), said[-500:]))
    # Room for a lock, and for nothing else.
    disk.empty()
    disk.fill(8 << 10)
    before = house.left()
    is_refused("restore", saved, "--db", house.db)
    if house.left() != before:
        raise Failed("before %s, after a restore that was refused %s" % (before, house.left()))
    disk.fill()
    started = starts(house)
    disk.empty()
    with house.serve() as server:
        house.judge(server)
        house.settle(server)
    return started


def starts(house):
    """Whether a server starts here: it serves what there is, or says why not."""
    try:
        with house.serve() as server:
            client = Client(server.port, house.cookie)
            reads_on(client)
            status, answer = client.ask("POST", API + "things/records", {"name": "does it fit"})
            if status == 201:
                client.ask("DELETE", API + "things/records/" + answer["id"])
            else:
                refused(status, client.headers, answer, who="a create after a start on a full disk")
            code, _ = server.stop()
            if code != 0:
                raise Failed("started on a full disk, it ended with %d: %s" % (code, server.errors()[-500:]))
            return "a start on the full disk serves"
    except Failed as error:
        if "did not say" not in str(error):
            raise
    is_refused("serve", "--listen", "127.0.0.1:0", "--no-open", "--db", house.db, code=3)
    return "a start on the full disk ends with 3 and says why"


def spool():
    """Temporary files have no room."""
    with Disk() as disk, tempfile.TemporaryDirectory(prefix="carryall-disk-") as folder, House(folder, SEED, env={"TMPDIR": disk.folder}) as house:
        with house.serve() as server:
            client = Client(server.port, house.cookie)
            for at in range(4):
                text = "name,n\n" + "".join("row %d %d %s,%d\n" % (at, row, "y" * 900, row) for row in range(400))
                status, answer = client.ask("POST", API + "rows/import", text.encode(), kind="text/csv")
                if status != 201:
                    raise Failed("an import before: %d %s" % (status, answer))
            disk.fill()
            before = sorted(os.listdir(disk.folder))
            status, answer = client.ask("POST", API + "rows/import", big().encode(), kind="text/csv")
            refused(status, client.headers, answer, FOR_NOW, "a long body")
            small = "name,n\n" + "".join("small %d,%d\n" % (row, row) for row in range(5_000))
            status, answer = client.ask("POST", API + "rows/import", small.encode(), kind="text/csv")
            refused(status, client.headers, answer, FOR_NOW, "an import that is staged")
            status, answer = client.ask("GET", API + "rows/records?per_page=1000&sort=id")
            if status != 200:
                refused(status, client.headers, answer, FOR_NOW, "a long answer")
            is_refused("export", "--app", "ledger", "--schema", "rows", "--db", house.db, env={"TMPDIR": disk.folder})
            reads_on(client)
            status, answer = client.ask("POST", API + "things/records", {"name": "short"})
            if status != 201:
                raise Failed("a short write beside a full folder for temporary files: %d %s" % (status, answer))
            if sorted(os.listdir(disk.folder)) != before:
                raise Failed("left in the folder for temporary files: %s" % sorted(os.listdir(disk.folder)))
            disk.empty()
            status, answer = client.ask("POST", API + "rows/import", small.encode(), kind="text/csv")
            if status != 201 or len(client.all("rows")) != 4 * 400 + 5_000:
                raise Failed("an import after: %d %s" % (status, answer))
            house.settle(server)
    return "bodies, stages, answers and exports that do not fit are refused, the short go on"


def names():
    """No further file can be made."""
    with Disk(",nr_inodes=40") as disk, House(disk.folder, SEED, env={"TMPDIR": disk.folder}) as house:
        with house.serve() as server:
            client = Client(server.port, house.cookie)
            house.begin(server)
            until("all write", lambda: all(writer.steps > 3 for writer in house.writers), house.writers)
            ended(house.writers)
            with contextlib.suppress(OSError):
                for at in range(100):
                    with open(os.path.join(disk.folder, "inode%d" % at), "w", encoding="ascii"):
                        pass
            before = house.left()
            status, answer = client.ask("POST", API + "things/records", {"name": "no new file is needed"})
            if status != 201:
                raise Failed("a create on a disk without names: %d %s" % (status, answer))
            client.ask("DELETE", API + "things/records/" + answer["id"])
            wrong = []
            for act in (lambda: refused(*asked(client, "POST", API + "rows/import", b"name,n\na,1\n", "text/csv"), FOR_NOW, "an import"),
                        lambda: fails_in_words(job(client, "/api/workspaces/default/backups", {}), "a backup by HTTP"),
                        lambda: is_refused("backup", "--db", house.db), lambda: reads_on(client)):
                try:
                    act()
                except Failed as error:
                    wrong.append(str(error))
            if wrong:
                raise Failed("\n  ".join(wrong))
            if house.left() != before:
                raise Failed("before %s, after the refusals %s" % (before, house.left()))
            for at in range(100):
                with contextlib.suppress(OSError):
                    os.remove(os.path.join(disk.folder, "inode%d" % at))
            house.begin(server)
            until("all write again", lambda: all(writer.counts.get("import", 0) for writer in house.writers), house.writers)
            ended(house.writers)
            # The create that was taken away again is in the change log.
            verify(client, house.writers)
            house.settle(server)
    return "writes go on, imports and backups are refused"


def asked(client, *request):
    """An answer as `refused` takes it."""
    status, answer = client.ask(*request)
    return status, client.headers, answer


def few():
    """Strangers hold all descriptors while others write."""
    with tempfile.TemporaryDirectory(prefix="carryall-disk-") as folder, House(folder, SEED, number=4) as house:
        with Server("serve", args=["--db", house.db], nofile=64) as server:
            for writer in house.writers:
                writer.expected = FOR_NOW
            # Their connections are there before the strangers come; one is for backups.
            client = Client(server.port, house.cookie)
            house.begin(server)
            until("all write", lambda: all(writer.steps > 3 for writer in house.writers), house.writers)
            client.all("things")
            strangers = []
            for _ in range(120):
                with contextlib.suppress(OSError):
                    stranger = socket.create_connection(("127.0.0.1", server.port), timeout=5)
                    stranger.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
                    strangers.append(stranger)
            counts = [writer.steps + writer.refusals for writer in house.writers]
            until("all are answered", lambda: all(
                not writer.is_alive() or writer.steps + writer.refusals > count + 20 for writer, count in zip(house.writers, counts)), house.writers)
            for stranger in strangers:
                stranger.close()
            ended(house.writers)
            house.judge(server)
            house.begin(server)
            took = until("all write again", lambda: all(writer.steps > 10 for writer in house.writers), house.writers, SOON_SECONDS)
            ended(house.writers)
            state = job(Client(server.port, house.cookie), "/api/workspaces/default/backups", {})
            if state["state"] != "done":
                raise Failed("a backup after the strangers have gone: %s" % state)
            house.judge(server)
            shutil.rmtree(house.db + ".backups")
            house.settle(server)
    return "%d strangers, nobody was told anything but to come back; well again after %.0f ms" % (len(strangers), 1000 * took)


def limit():
    """The files of a process may not grow any more."""
    with tempfile.TemporaryDirectory(prefix="carryall-disk-") as folder, House(folder, SEED) as house:
        with house.serve() as server:
            house.begin(server)
            until("all write", lambda: all(writer.steps > 3 for writer in house.writers), house.writers)
            most = max(os.path.getsize(house.db), os.path.getsize(house.db + "-wal")) + (128 << 10)
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            until("all are refused", lambda: not server.alive() or all(writer.refusals >= REFUSALS for writer in house.writers), house.writers)
            if not server.alive():
                name = signal.Signals(-server.process.wait()).name if server.process.wait() < 0 else server.process.wait()
                raise Failed("a limit of file sizes ends the server: %s" % name)
            reads_on(Client(server.port, house.cookie))
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            counts = [writer.steps for writer in house.writers]
            until("all write again", went_on(house, counts), house.writers, SOON_SECONDS)
            ended(house.writers)
            house.judge(server)
            house.settle(server)
        return "%d refusals, the server lives and writes again" % sum(writer.refusals for writer in house.writers)


def readonly():
    with Disk() as disk, House(disk.folder, SEED) as house:
        commands = [["serve", "--listen", "127.0.0.1:0", "--no-open"], ["apply", os.path.join(house.place.name, "app.json")], ["check"],
                    ["export", "--app", "ledger", "--schema", "things"], ["link"]]
        cannot = re.compile(r"cannot be used: .*(cannot be (written|made|created|opened)|permission|read-only|Read-only)", re.I)
        with open(house.db, "rb") as file:
            was = file.read()
        tried = 0

        def all_refused(**how):
            nonlocal tried
            for words in commands:
                is_refused(*words, "--db", house.db, code=3, expected=cannot, **how)
                tried += 1
            if ["check"] in commands:
                is_refused("backup", "--db", house.db, expected=re.compile(r"cannot be (made|written|used)|read-only|permission", re.I), **how)
            with open(house.db, "rb") as file:
                if file.read() != was or house.left() != ["ledger.db"]:
                    raise Failed("something was changed, or left behind: %s" % house.left())

        subprocess.run(["mount", "-o", "remount,bind,ro", disk.folder], check=True)
        all_refused()
        subprocess.run(["mount", "-o", "remount,bind,rw", disk.folder], check=True)
        who = 65534 if os.geteuid() == 0 and not is_mapped() else None
        if who:
            # Another user may start a copy of the executable, wherever the first one lies.
            binary = shutil.copy(BIN, os.path.join(disk.folder, os.pardir, os.path.basename(disk.folder) + "-bin"))
            os.chmod(binary, 0o755)
            os.chmod(house.place.name, 0o755)
            try:
                for file_mode, folder_mode in ((0o644, 0o755), (0o600, 0o755), (0o666, 0o755), (0o444, 0o777)):
                    os.chmod(house.db, file_mode)
                    os.chmod(disk.folder, folder_mode)
                    # A file that can be read and a folder that can be written are enough for those who only read.
                    if folder_mode == 0o777:
                        commands = [words for words in commands if words[0] not in ("check", "export")]
                    try:
                        all_refused(user=who, binary=binary)
                    except Failed as error:
                        raise Failed("file %o, folder %o: %s" % (file_mode, folder_mode, error)) from None
            finally:
                os.remove(binary)
            os.chmod(house.db, 0o600)
            os.chmod(disk.folder, 0o755)
        with house.serve() as server:
            house.judge(server)
            house.settle(server)
    return "%d commands refused%s; the file is as it was" % (tried, "" if who else " (no other user here: only a disk that is mounted for reading)")


def is_mapped():
    """Whether root is only called so here, and nobody else is there."""
    with open("/proc/self/uid_map", encoding="ascii") as file:
        return int(file.read().split()[2]) < 65535


def swallow_full():
    try:
        fills(SEED, "swallow-full")
    except Failed as error:
        found = str(error).split("\n")[0][:120]
        # 400 and 404: a record that was acknowledged is not there; 201: the name of such a record could be taken again.
        if re.match(r"LOST|TORN|UNKNOWN|the (counter|change log)|\w+ stands twice|(POST|PATCH|DELETE) \S+: (201|40[04])", found):
            return found
        raise Failed("it was not caught as a loss, but: %s" % error) from None
    raise Failed("it was not caught")


def main():
    why = may_mount()
    scenarios = [few, limit] if why else [fills, spool, names, few, limit, readonly, swallow_full]
    if why:
        print("%s: a full disk is only a limit of file sizes here; fills, spool, names, readonly and swallow-full need one" % why)
    if why and not hasattr(resource, "prlimit"):
        scenarios.remove(limit)
    chosen, failed = sys.argv[1:], 0
    print("SEED=%d" % SEED, flush=True)
    for scenario in scenarios:
        if not chosen or scenario.__name__ in chosen:
            begun = time.monotonic()
            try:
                print("ok %s: %s; %.0f s" % (scenario.__name__.replace("_", "-"), scenario(), time.monotonic() - begun), flush=True)
            except Failed as error:
                failed += 1
                print("FAILED %s, SEED=%d: %s" % (scenario.__name__.replace("_", "-"), SEED, error), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
