#!/usr/bin/env python3
"""Power cuts: no acknowledged write is lost, no unacknowledged one is half there, no name goes that was durable.

Carryall runs under strace; its log of system calls is cut at places where much is decided, and from each cut an image of the disk is made
(see platter.py). Every image is opened by another SQLite, which recovers it, and is compared with what the client was told by then and with
the change log; some are opened by `carryall check` and served. At the end the same is done with two faults switched on: they must be found.

CARRYALL_BIN   the executable (default target/release/carryall)
IMAGES         how many images (default 2400)
SEED           a number, for another choice (default 1)

A failing image is kept, with what is needed to make it again: tests/faults/power.py --again FOLDER [NUMBER].
"""
import bisect
import json
import multiprocessing
import os
import pickle
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import threading
import time

from platter import CALLS, Disk, Trace
from traced import Client, Failed, Served, THINGS, app_file, command, fast_folder, files_of, needs, put_files, strace

IMAGES = int(os.environ.get("IMAGES") or 2400)
SEED = int(os.environ.get("SEED") or 1)
WRITERS, IMPORT_ROWS, OPENED_BY_CARRYALL = 4, 100, 48
NOTE = "x" * 1500
# Where backups and what a restore replaced lie; a name that begins with a dot is not yet one.
COPIES = r"(?!a\.db$)(a\.db\.backups/)?\w[^/]*\.db"


# --- what the client knows --------------------------------------------------------------------------------------------

class Journal:
    """What was asked and answered. `histories`: {(table, id): [(request id, values or None)]} in the order of the one who wrote them;
    `imports`: {prefix of the rows' names: (how many, request id)}; `facts`: [(words of the answer, question that then is true)]."""

    def __init__(self):
        self.histories, self.imports, self.facts, self.lock = {}, {}, [], threading.Lock()

    def note(self, record, request, values):
        with self.lock:
            self.histories.setdefault(record, []).append((request, values))


def told(status, wanted, what, body):
    if status != wanted:
        raise Failed("%s: %d %s" % (what, status, str(body)[:300]))


class Writer:
    """One client among several: makes records of its own, changes and deletes them, imports. Writes down what it was answered."""

    def __init__(self, number, port, cookie, journal, rng, acts):
        self.number, self.client, self.journal, self.rng, self.acts = number, Client(port, cookie), journal, rng, acts
        self.own, self.made = {}, 0

    def run(self):
        for at in range(self.acts):
            act = self.rng.random()
            if at % 40 == 20:
                self.bring_in()
            elif act < 0.35 or not self.own:
                self.create()
            elif act < 0.85:
                self.update(self.rng.choice(list(self.own)))
            elif act < 0.93:
                self.part(self.rng.choice(list(self.own)))
            else:
                self.delete(self.rng.choice(list(self.own)))

    def create(self):
        self.made += 1
        values = {"name": "w%d-%d" % (self.number, self.made), "size": self.rng.randint(0, 999), "note": NOTE[:self.rng.randint(0, 1500)]}
        status, request, body = self.client.ask("POST", THINGS + "/records", values)
        told(status, 201, "create", body)
        self.own[body["id"]] = []
        self.journal.note(("things", int(body["id"][4:])), request, values)

    def update(self, record):
        self.made += 1
        values = {"name": "w%d-%d" % (self.number, self.made), "size": self.rng.randint(0, 999)}
        status, request, body = self.client.ask("PUT", "%s/records/%s" % (THINGS, record), values)
        told(status, 200, "update", body)
        self.journal.note(("things", int(record[4:])), request, values)

    def part(self, record):
        values = {"name": "of " + record, "thing": record}
        status, request, body = self.client.ask("POST", THINGS.replace("things", "parts") + "/records", values)
        told(status, 201, "create a part", body)
        self.own[record].append(body["id"])
        self.journal.note(("parts", int(body["id"][4:])), request, values)

    def delete(self, record):
        """Its parts go with it."""
        status, request, body = self.client.ask("DELETE", "%s/records/%s" % (THINGS, record))
        told(status, 200, "delete", body)
        for part in self.own.pop(record):
            self.journal.note(("parts", int(part[4:])), request, None)
        self.journal.note(("things", int(record[4:])), request, None)

    def bring_in(self):
        self.made += 1
        prefix = "i%d.%d" % (self.number, self.made)
        rows = "name,size\n" + "".join("%s-%d,%d\n" % (prefix, row, row) for row in range(IMPORT_ROWS))
        status, request, body = self.client.ask("POST", THINGS + "/import", rows, "text/csv")
        told(status, 201, "import", body)
        self.journal.imports[prefix] = (IMPORT_ROWS, request)


def work(served, journal, seed, acts, sign_in=True, cookie=None, between=lambda: None):
    """Several writers at once; `between` is done while they write."""
    client = Client(served.port, cookie)
    if sign_in:
        journal.facts.append((client.sign_in(), "SELECT count(*) > 0 FROM session"))
    writers = [Writer(number, served.port, client.cookie, journal, random.Random("%s/%d" % (seed, number)), acts) for number in range(WRITERS)]
    failures = []

    def guarded(writer):
        try:
            writer.run()
        except Exception as error:  # told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    between()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


# --- judging an image -------------------------------------------------------------------------------------------------

class Contents:
    """What a data file holds, read by another SQLite."""

    def __init__(self, path):
        conn = sqlite3.connect(path, isolation_level=None)
        try:
            conn.execute("PRAGMA synchronous = OFF")
            self.damage = [row[0] for row in conn.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
            self.damage += [str(row) for row in conn.execute("PRAGMA foreign_key_check")]
            self.tables = {row[0] for row in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            self.schemas, self.rows, self.changes, self.conn = {}, {}, [], conn
            if "schema" in self.tables:
                for schema, slug, records, next_id in conn.execute("SELECT id, slug, records, next_id FROM schema"):
                    self.schemas[schema] = (slug, records, next_id)
                    self.rows[schema] = {row[0]: row[1:] for row in conn.execute("SELECT id, version, data FROM r%d" % schema)}
                self.changes = conn.execute("SELECT seq, kind, schema, record, batch, label, body FROM change ORDER BY seq").fetchall()
        except BaseException:
            conn.close()
            raise

    def close(self):
        self.conn.close()


def replayed(changes):
    """{schema: {record: version}} and {schema: next id}, by the change log alone."""
    versions, next_ids = {}, {}
    for _, kind, schema, record, _, _, body in changes:
        if schema is None:
            continue
        rows = versions.setdefault(schema, {})
        if kind == "create":
            rows[record], next_ids[schema] = 1, record + 1
        elif kind == "update":
            rows[record] += 1
        elif kind == "delete":
            del rows[record]
        elif kind == "import":
            body = json.loads(body)
            if body["created"]:
                rows.update((number, 1) for number in range(body["first"], body["last"] + 1))
                next_ids[schema] = body["last"] + 1
    return versions, next_ids


class Told:
    """A judge of images of a data file at which clients wrote: what was answered by a line must be there."""

    def __init__(self, trace, db, journal, final):
        self.db, self.final = db, final
        line_of = trace.answers.__getitem__
        self.histories = {record: ([line_of(request) for request, _ in history], [values for _, values in history])
                          for record, history in journal.histories.items()}
        self.imports = {prefix: (count, line_of(request)) for prefix, (count, request) in journal.imports.items()}
        self.facts = [(line if isinstance(line, int) else line_of(line), question) for line, question in journal.facts]
        self.first_answer = min([line for line, _ in self.facts] + [lines[0] for lines, _ in self.histories.values()] + [trace.last + 1])
        self.parsed = {}

    def problem(self, folder, line):
        """What is wrong with an image that was cut at a line, in words; None if nothing is."""
        path = os.path.join(folder, self.db)
        if not os.path.exists(path):
            return "lost: the data file's name" if line >= self.first_answer else None
        try:
            contents = Contents(path)
        except sqlite3.Error as error:
            return "damaged: %s" % error
        try:
            return self._problem(contents, line)
        finally:
            contents.close()

    def _problem(self, contents, line):
        if contents.damage:
            return "damaged: %s" % contents.damage
        if not contents.tables:
            return "lost: the whole content" if line >= self.first_answer else None
        if "change" not in contents.tables or "link" not in contents.tables:
            return "torn: only the tables %s" % sorted(contents.tables)
        if contents.changes != self.final[:len(contents.changes)]:
            return "torn: the change log is no beginning of what it became"
        versions, next_ids = replayed(contents.changes)
        for schema, (slug, records, next_id) in contents.schemas.items():
            rows = contents.rows[schema]
            if records != len(rows) or next_id != next_ids.get(schema, 1):
                return "torn: %s counts %d and has %d records, next id %d instead of %d" % (
                    slug, records, len(rows), next_id, next_ids.get(schema, 1))
            if {number: row[0] for number, row in rows.items()} != versions.get(schema, {}):
                return "torn: the records of %s are not those of the change log" % slug
        return self._kept(contents, line)

    def _kept(self, contents, line):
        tables, counts = {}, {}
        for schema, (slug, _, _) in contents.schemas.items():
            tables[slug] = {number: self._values(row[1]) for number, row in contents.rows[schema].items()}
        for row in tables.get("things", {}).values():
            prefix = row["name"].rpartition("-")[0]
            counts[prefix] = counts.get(prefix, 0) + 1
        for (table, number), (lines, states) in self.histories.items():
            done, row = bisect.bisect_right(lines, line), tables.get(table, {}).get(number)
            # What was acknowledged, or the one thing that was asked after that.
            if not any(holds(row, state) for state in ([None] + states)[done:done + 2]):
                return "lost: %s %d after %d acknowledged writes is %s, expected %s" % (table, number, done, row, ([None] + states)[done:done + 2])
        for prefix, (count, answered) in self.imports.items():
            if counts.get(prefix, 0) not in ((count,) if line >= answered else (0, count)):
                return "%s: import %s has %d of %d rows" % ("lost" if line >= answered else "torn", prefix, counts.get(prefix, 0), count)
        for answered, question in self.facts:
            if line >= answered:
                try:
                    is_so = contents.conn.execute(question).fetchone()[0]
                except sqlite3.Error:
                    is_so = False
                if not is_so:
                    return "lost: %s" % question
        return None

    def _values(self, text):
        found = self.parsed.get(text)
        if found is None:
            found = self.parsed[text] = json.loads(text)
        return found


def holds(row, state):
    return row is None if state is None else row is not None and all(row.get(key) == value for key, value in state.items())


class OldOrNew:
    """A judge of exchanged files: at `db` lies the old or the new content, never a mixture, and the new once that was told. `copies` match
    the names at which a copy of `copied` lies once that was told; a file of that name is never anything else."""

    def __init__(self, db, old, new, line, copies, copied, stays=()):
        self.db, self.old, self.new, self.line, self.copies, self.copied, self.stays = db, old, new, line, copies, copied, stays

    def problem(self, folder, line):
        is_done = self.line is not None and line >= self.line
        path = os.path.join(folder, self.db)
        if not os.path.exists(path):
            return "lost: the data file's name"
        # Looked at first: opening the data file may change what lies beside it.
        found = sorted(inside for inside in files_of(folder) if re.fullmatch(self.copies, inside))
        state, why = state_of(path)
        if state not in ((self.new,) if is_done else (self.old, self.new)):
            return why or "%s: the data file is neither the old nor the new one" % ("lost" if is_done else "mixed")
        if self.new != self.old and state == self.new and not found:
            return "lost: the original, although the data file is the new one"
        if is_done and not found:
            return "lost: the copy's name"
        for inside in found:
            state, why = state_of(os.path.join(folder, inside))
            if is_done and state != self.copied:
                return "lost: the copy is not whole: %s" % (why or "other content")
            if state != self.copied:
                return "torn: a copy that has its name is not whole: %s" % (why or "other content")
        return None


def state_of(path):
    """The content of a data file as something to compare, and why there is none."""
    try:
        contents = Contents(path)
    except sqlite3.Error as error:
        return None, "damaged: %s" % error
    contents.close()
    return (None, "damaged: %s" % contents.damage) if contents.damage else (sorted(contents.rows.items()), contents.changes) and (
        repr((sorted(contents.schemas.items()), sorted(contents.rows.items()), contents.changes)), None)


# --- traces -----------------------------------------------------------------------------------------------------------

class Scenario:
    """A trace with its judge."""

    def __init__(self, name, trace, judge, db):
        self.name, self.trace, self.judge, self.db = name, trace, judge, db

    def line(self, rng):
        """Where to cut: mostly next to where much is decided."""
        act, trace = rng.random(), self.trace
        if act < 0.65 and trace.turning:
            return rng.choice(trace.turning)
        if act < 0.85 and trace.spills:
            return rng.choice(trace.spills) + rng.randint(0, 60)
        return rng.randint(1, trace.last)


class Stand:
    """A folder of its own for a scenario: `data` is traced, all else is not."""

    def __init__(self, root, name):
        self.root = os.path.join(root, name)
        self.data = os.path.join(self.root, "data")
        os.makedirs(self.data)
        self.db, self.log = os.path.join(self.data, "a.db"), os.path.join(self.root, "strace.log")
        self.before = strace(self.log, CALLS)
        self.journal = Journal()

    def traced(self, files):
        return Trace(self.log, self.data, files)

    def told(self, name, files, facts=()):
        trace = self.traced(files)
        for words, question in facts:
            line = trace.told(words)
            if line is None:
                raise Failed("%s: nobody was told %r" % (name, words))
            self.journal.facts.append((line, question))
        contents = Contents(self.db)
        contents.close()
        judge = Told(trace, "a.db", self.journal, contents.changes)
        # The judge is right about an ordinary end, or its verdicts on images are worth nothing.
        wrong = judge.problem(self.data, trace.last)
        if wrong:
            raise Failed("%s: without any cut: %s" % (name, wrong))
        return Scenario(name, trace, judge, "a.db")


FIELD_IS_THERE = "SELECT count(*) = 1 FROM field JOIN schema ON schema.id = field.schema WHERE schema.slug = 'things' AND field.slug = '%s'"


def fresh(root, name, seed, acts, env=None):
    """A server makes its data file, gets an app, is written to, has its app changed meanwhile, and stops."""
    stand = Stand(root, name)
    with Served(stand.db, stand.before, env) as served:
        command("apply", app_file(stand.root), "--db", stand.db)
        change = app_file(stand.root, [{"slug": "extra", "type": "text", "default": "new"}])
        work(served, stand.journal, seed, acts, between=lambda: command("apply", change, "--db", stand.db))
        if served.stop() != 0:
            raise Failed("the server ended with an error: %s" % served.errors()[:1000])
    # The two jobs are the only ones whose end is told so.
    trace = stand.traced({})
    ends = [line for line, data in trace.sent if b'"state":"done"' in data]
    facts = list(zip(ends[:1] + ends[-1:], (FIELD_IS_THERE % "name", FIELD_IS_THERE % "extra")))
    if len(ends) < 2:
        raise Failed("%s: %d jobs were told to be done" % (name, len(ends)))
    stand.journal.facts.extend(facts)
    return stand.told(name, {})


def killed(stand, seed, acts):
    """Leaves a data file whose log has what the file has not."""
    with Served(stand.db) as served:
        command("apply", app_file(stand.root), "--db", stand.db)
        work(served, Journal(), seed, acts)
        served.kill()
    if os.path.getsize(stand.db + "-wal") < 50_000:
        raise Failed("the kill left no log")


def again(root, name, seed, acts, env=None):
    """A server starts on what a kill left, is written to, and stops."""
    stand = Stand(root, name)
    killed(stand, "%s before" % seed, 10)
    files = files_of(stand.data)
    with Served(stand.db, stand.before, env) as served:
        work(served, stand.journal, seed, acts)
        served.stop()
    return stand.told(name, files)


def by_command(root, name, seed, env=None):
    """A command makes the data file and imports into it."""
    stand = Stand(root, name)
    rows = os.path.join(stand.root, "things.csv")
    with open(rows, "w", encoding="utf-8") as file:
        file.write("name,size\n" + "".join("c-%d,%d\n" % (row, row) for row in range(IMPORT_ROWS)))
    command("import", rows, "--app", "shop", "--db", stand.db, before=stand.before, env=env)
    return stand.told(name, {}, [(b"rows imported", "SELECT records = %d FROM schema WHERE slug = 'things'" % IMPORT_ROWS)])


def backup(root, name, seed, words=(), copies=COPIES, env=None):
    """A backup while a server has the file."""
    stand = Stand(root, name)
    words = [word.replace("DATA", stand.data) for word in words]
    with Served(stand.db) as served:
        command("apply", app_file(stand.root), "--db", stand.db)
        work(served, Journal(), seed, 12)
        files = files_of(stand.data)
        command("backup", "--db", stand.db, *words, before=stand.before, env=env)
        served.stop()
    state, _ = state_of(stand.db)
    trace = stand.traced(files)
    return Scenario(name, trace, OldOrNew("a.db", state, state, trace.told(b"was checked"), copies, state), "a.db")


class DamagedOrNew:
    """A judge of a restore over a damaged file: at `db` lies what lay there, to the byte, or the new content, and always something; the new once
    that was told, and then what lay there has a name of its own."""

    def __init__(self, db, old, new, line):
        self.db, self.old, self.new, self.line = db, old, new, line
        # Whether the image that was judged last is what Carryall refuses to open.
        self.is_damaged = False

    def problem(self, folder, line):
        path, is_done = os.path.join(folder, self.db), self.line is not None and line >= self.line
        if not os.path.exists(path):
            return "lost: the data file's name"
        found = [inside for inside in files_of(folder) if re.fullmatch(COPIES, inside)]
        with open(path, "rb") as file:
            self.is_damaged = file.read() == self.old
        if self.is_damaged:
            return "lost: the data file is the old one" if is_done else None
        state, why = state_of(path)
        if state != self.new:
            return why or "mixed: the data file is neither the old nor the new one"
        for inside in found:
            with open(os.path.join(folder, inside), "rb") as file:
                if file.read() != self.old:
                    return "torn: a copy that has its name is not whole"
        return None if found else "lost: the damaged file, although the data file is the new one"


def restore(root, name, seed, is_killed, env=None):
    """A backup is put in the place of a data file, which has a log beside it when it `is_killed`."""
    stand = Stand(root, name)
    saved = os.path.join(stand.root, "saved.db")
    killed(stand, seed, 12)
    command("backup", "--db", stand.db, "-o", saved)
    with Served(stand.db) as served:
        work(served, Journal(), "%s later" % seed, 12)
        served.kill() if is_killed else served.stop()
    files = files_of(stand.data)
    aside = os.path.join(stand.root, "aside")
    put_files(aside, files)
    old = state_of(os.path.join(aside, "a.db"))[0]
    new = restored(aside, saved)
    command("restore", saved, "--db", stand.db, before=stand.before, env=env)
    trace = stand.traced(files)
    return Scenario(name, trace, OldOrNew("a.db", old, new, trace.told(b"what was there is"), COPIES, old), "a.db")


def restored(folder, saved):
    """What a backup becomes in the place of the data file of a folder: it goes on after the numbers that were given there."""
    command("restore", saved, "--db", os.path.join(folder, "a.db"))
    return state_of(os.path.join(folder, "a.db"))[0]


def restore_damaged(root, name, seed):
    """A backup is put in the place of a data file whose pages are noise."""
    stand = Stand(root, name)
    saved = os.path.join(stand.root, "saved.db")
    with Served(stand.db) as served:
        command("apply", app_file(stand.root), "--db", stand.db)
        work(served, Journal(), seed, 60)
        served.stop()
    command("backup", "--db", stand.db, "-o", saved)
    with open(stand.db, "r+b") as file:
        file.seek(8192)
        file.write(b"\x5a" * (os.path.getsize(stand.db) - 16384))
    files = files_of(stand.data)
    aside = os.path.join(stand.root, "aside")
    put_files(aside, files)
    new = restored(aside, saved)
    with open(stand.db, "rb") as file:
        old = file.read()
    command("restore", saved, "--db", stand.db, before=stand.before)
    trace = stand.traced(files)
    return Scenario(name, trace, DamagedOrNew("a.db", old, new, trace.told(b"what was there is")), "a.db")


# --- images -----------------------------------------------------------------------------------------------------------

def look(scenario, seed, numbers, sample, keep):
    """Makes and judges images; ([(number, line, problem)], how many Carryall opened)."""
    scratch = tempfile.mkdtemp(prefix="carryall-power-", dir=fast_folder())
    cuts, found, opened = [], [], 0
    for number in numbers:
        rng = random.Random("%s/%s/%d" % (seed, scenario.name, number))
        cuts.append((scenario.line(rng), number, rng))
    disk = Disk(scenario.trace)
    try:
        for line, number, rng in sorted(cuts, key=lambda cut: cut[:2]):
            disk.advance(line)
            image, folder = disk.image(rng), os.path.join(scratch, "image")
            put_files(folder, image)
            wrong = scenario.judge.problem(folder, line)
            if wrong is None and number in sample and not getattr(scenario.judge, "is_damaged", False):
                put_files(folder, image)
                wrong = by_carryall(os.path.join(folder, scenario.db))
                opened += 1
            if wrong:
                found.append((number, line, wrong))
                if keep and len(found) <= 3:
                    put_files(os.path.join(keep, "%s-%d" % (scenario.name, number)), image)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return found, opened


def by_carryall(db):
    """What Carryall itself has against an image."""
    if os.path.exists(db):
        out, err, code = command("check", "--db", db, code=None)
        if code != 0 and "it is empty" not in err:
            return "carryall check: exit %d, %s" % (code, (err or out)[:500])
    with Served(db) as served:
        if served.port is None:
            return "carryall serve: %s" % served.errors()[:500]
        status, _, body = Client(served.port).ask("GET", "/healthz")
        if status != 200:
            return "carryall serve: %d %s" % (status, body)
        code = served.stop()
        return None if code == 0 else "carryall serve: exit %d" % code


def campaign(scenarios, images, seed, opened, keep=None):
    """Images of all scenarios by all processors; {scenario: [(number, line, problem)]}."""
    share = images // len(scenarios)
    jobs, cores = [], os.cpu_count() or 1
    for scenario in scenarios:
        sample = set(random.Random("%s/%s" % (seed, scenario.name)).sample(range(share), min(share, opened // len(scenarios))))
        for core in range(cores):
            jobs.append((scenario, seed, range(core, share, cores), sample, keep))
    with multiprocessing.get_context("fork").Pool(cores) as pool:
        done = pool.starmap(look, jobs, chunksize=1)
    found, count = {scenario.name: [] for scenario in scenarios}, 0
    for (scenario, *_), (problems, looked) in zip(jobs, done):
        found[scenario.name] += problems
        count += looked
    return found, share * len(scenarios), count


def kept(scenarios, found, keep, seed):
    """Tells what was found and keeps what makes it again."""
    for scenario in scenarios:
        problems = sorted(found[scenario.name])
        if problems:
            with open(os.path.join(keep, scenario.name + ".pickle"), "wb") as file:
                pickle.dump((scenario, seed), file)
        for number, line, wrong in problems[:3]:
            print("  \u2717 %s, image %d, cut at line %d: %s" % (scenario.name, number, line, wrong[:1000]))
        if len(problems) > 3:
            print("    and %d more" % (len(problems) - 3))


def made_again(folder, number=None):
    for name in sorted(os.listdir(folder)):
        if name.endswith(".pickle"):
            with open(os.path.join(folder, name), "rb") as file:
                scenario, seed = pickle.load(file)
            numbers = range(2000) if number is None else [int(number)]
            print(scenario.name, look(scenario, seed, numbers, (), folder)[0])


def proofs(root, seed):
    """The campaign can fail: each fault is found as what it is."""
    off, skip = {"CARRYALL_FAULT": "sync-off"}, {"CARRYALL_FAULT": "skip-folder-sync"}
    lost = lambda wrong: wrong.startswith(("lost:", "damaged:"))
    a_name = lambda wrong: "name" in wrong
    cases = [("sync-off", [fresh(root, "off", seed, 12, off)], lost),
             ("skip-folder-sync", [backup(root, "skip-backup", seed, env=skip)], a_name)]
    good = True
    for fault, scenarios, is_it in cases:
        found, images, _ = campaign(scenarios, 120, seed, 0)
        hits = [wrong for problems in found.values() for _, _, wrong in problems if is_it(wrong)]
        print("  %s %s: %d of %d images%s" % ("\u2713" if hits else "\u2717 NOT FOUND", fault, len(hits), images,
                                            ", such as: %s" % hits[0][:120] if hits else ""), flush=True)
        good = good and bool(hits)
    return good


def main():
    needs()
    if sys.argv[1:2] == ["--again"]:
        return made_again(*sys.argv[2:4])
    begun = time.monotonic()
    root = tempfile.mkdtemp(prefix="carryall-power-", dir=fast_folder())
    keep = tempfile.mkdtemp(prefix="carryall-power-kept-")
    try:
        scenarios = [fresh(root, "fresh", SEED, 120), fresh(root, "fresh-2", SEED + 1, 60), again(root, "again", SEED, 60),
                     by_command(root, "command", SEED), backup(root, "backup", SEED),
                     backup(root, "backup-to", SEED, ("-o", "DATA/copy.db"), r"copy\.db"),
                     restore(root, "restore", SEED, False), restore(root, "restore-killed", SEED, True),
                     restore_damaged(root, "restore-damaged", SEED)]
        for scenario in scenarios:
            trace = scenario.trace
            print("  %s: %d calls, %.1f MB written, %d flushes, %d checkpoints, %d answers" % (
                scenario.name, trace.last, sum(len(step.data) for _, _, _, step in trace.steps if hasattr(step, "data")) / 1e6,
                sum(what in ("sync", "folder") for _, what, _, _ in trace.steps), len(trace.spills), len(trace.answers)), flush=True)
        traced = time.monotonic()
        print("%d images, seed %d" % (IMAGES, SEED), flush=True)
        found, images, opened = campaign(scenarios, IMAGES, SEED, OPENED_BY_CARRYALL, keep)
        took = time.monotonic() - traced
        kept(scenarios, found, keep, SEED)
        print("  %d images in %.0f s (%.0f a second), %d of them opened by Carryall, %d bad" % (
            images, took, images / took, opened, sum(map(len, found.values()))), flush=True)
        print("the faults are found", flush=True)
        good = proofs(root, SEED)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    if any(found.values()):
        sys.exit("power: failing images are in %s" % keep)
    os.rmdir(keep)
    if not good:
        sys.exit("power: a fault was not found")
    print("power: all as it should be, %.0f s" % (time.monotonic() - begun))


if __name__ == "__main__":
    main()
