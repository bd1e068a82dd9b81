"""The oracle of the kills: what was asked, what was answered, and what must therefore be in the data file.

Each `Writer` has records of its own and one request under way at most. What was acknowledged must be there, with exactly its values; the one request
that was not answered may be there or not, but wholly: `settle` finds out which, and from then on it counts like the others.
"""
import http.client
import json
import random
import socket
import subprocess
import threading

from server import BIN, Failed

ANSWER_SECONDS = 20
API = "/api/apps/ledger/schemas/"
COLORS = ["red", "green", "blue"]
TABLES = ("things", "parts", "notes", "rows")


def app(fields=0, is_indexed=False, options=0):
    """The app file, as it is after so many changes."""
    things = [{"slug": "name", "type": "text", "required": True, "unique": True}, {"slug": "note", "type": "text"},
              {"slug": "size", "type": "integer", "index": is_indexed},
              {"slug": "colors", "type": "multiselect", "options": COLORS + ["color %d" % at for at in range(options)]},
              {"slug": "friends", "type": "references", "target": "things", "on_delete": "set_null"}]
    things += [{"slug": "extra%d" % at, "type": "text", "default": "d"} for at in range(fields)]
    thing = {"slug": "thing", "type": "reference", "target": "things"}
    return {"carryall": 1, "app": {"slug": "ledger", "name": "Ledger"}, "schemas": [
        {"slug": "things", "fields": things},
        {"slug": "parts", "fields": [{"slug": "name", "type": "text"}, {**thing, "on_delete": "cascade"}]},
        {"slug": "notes", "fields": [{"slug": "name", "type": "text"}, {**thing, "on_delete": "set_null"}]},
        {"slug": "rows", "fields": [{"slug": "name", "type": "text", "unique": True}, {"slug": "n", "type": "integer"}]}]}


class Unanswered(Exception):
    """The server went away."""


class Garbled(Failed):
    """A whole answer that is no JSON."""


class Client:
    """One connection; whatever goes wrong with it is `Unanswered`."""

    def __init__(self, port, cookie):
        self.conn, self.cookie = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS), cookie
        self.headers = {}

    def ask(self, method, path, body=None, kind="application/json"):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            if self.conn.sock is None:
                self.conn.connect()
                self.conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.conn.request(method, path, data, {"Cookie": self.cookie, "Content-Type": kind})
            answer = self.conn.getresponse()
            text, self.headers = answer.read(), answer.headers
        except TimeoutError:
            raise Failed("%s %s: no answer in %d s" % (method, path, ANSWER_SECONDS)) from None
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(str(error)) from None
        try:
            return answer.status, json.loads(text) if text else None
        except ValueError as error:
            raise Garbled("%s %s: %d, and no JSON: %s" % (method, path, answer.status, error)) from None

    def all(self, table):
        """Every record of a table by its id; that the total is their number is checked."""
        found, page = {}, 1
        while True:
            status, answer = self.ask("GET", "%s%s/records?per_page=100&sort=id&page=%d" % (API, table, page))
            if status != 200:
                raise Failed("the list of %s: %d %s" % (table, status, answer))
            for record in answer["records"]:
                if record["id"] in found:
                    raise Failed("%s stands twice in the list of %s" % (record["id"], table))
                found[record["id"]] = record
            page += 1
            if page > answer["total_pages"]:
                if answer["total"] != len(found):
                    raise Failed("the counter of %s says %d, there are %d" % (table, answer["total"], len(found)))
                return found


class Writer(threading.Thread):
    """One who writes, until the server goes away or `stop` is set. `records`: {(table, id): values}; `sets`: {prefix: (how many, number)}."""

    def __init__(self, number, seed):
        super().__init__(daemon=True)
        self.number, self.rng = number, random.Random(seed)
        self.records, self.sets, self.pending, self.made, self.wrong = {}, {}, None, 0, None
        self.counts, self.client, self.stop = {}, None, False

    def again(self, client):
        """The same writer on another server."""
        other = type(self)(self.number, self.rng.random())
        other.records, other.sets, other.made, other.client, other.counts = self.records, self.sets, self.made, client, self.counts
        return other

    def run(self):
        try:
            while not self.stop:
                self.step()
        except Unanswered:
            pass
        except Exception as error:  # noqa: BLE001 - told by the one who waits for this thread
            self.wrong = error

    def name(self):
        self.made += 1
        return "w%d %d" % (self.number, self.made)

    def own(self, table):
        return [key for key in self.records if key[0] == table]

    def step(self):
        things, act = self.own("things"), self.rng.random()
        if act < 0.25 or len(things) < 2:
            self.create("things", {"name": self.name(), "note": "x" * self.rng.randrange(400), "size": self.rng.randrange(1000),
                                   "colors": self.rng.sample(COLORS, self.rng.randrange(3)),
                                   "friends": [key[1] for key in self.rng.sample(things, min(len(things), self.rng.randrange(3)))]})
        elif act < 0.45:
            self.create(self.rng.choice(["parts", "notes"]), {"name": self.name(), "thing": self.rng.choice(things)[1]})
        elif act < 0.68:
            self.change(self.rng.choice(things), self.rng.choice([
                {"note": self.name()}, {"colors": self.rng.sample(COLORS, self.rng.randrange(4))},
                {"friends": [self.rng.choice(things)[1]]}, {"size": self.rng.randrange(1000), "note": self.name()}]))
        elif act < 0.80:
            self.delete(self.rng.choice(list(self.records)))
        elif act < 0.90:
            self.bring_in()
        elif self.sets and act < 0.94:
            self.bring_in(self.rng.choice(list(self.sets)))
        else:
            self.refused(self.rng.choice(things))

    def done(self, what):
        self.pending = None
        self.counts[what] = self.counts.get(what, 0) + 1

    def ask(self, wanted, *request, **kind):
        status, answer = self.client.ask(*request, **kind)
        if status != wanted:
            raise Failed("%s %s: %d %s" % (request[0], request[1], status, answer))
        return answer

    def create(self, table, values):
        self.pending = ("create", table, values)
        answer = self.ask(201, "POST", API + table + "/records", values)
        self.records[table, answer["id"]] = values
        self.done("create")

    def change(self, key, values):
        self.pending = ("change", key, values)
        self.ask(200, "PATCH", "%s%s/records/%s" % (API, *key), values)
        self.records[key] = {**self.records[key], **values}
        self.done("change")

    def delete(self, key):
        self.pending = ("delete", key)
        self.ask(200, "DELETE", "%s%s/records/%s" % (API, *key))
        self.gone(key)
        self.done("delete")

    def gone(self, key):
        """What a delete brings with it."""
        table, number = key
        del self.records[key]
        if table == "things":
            for other, values in list(self.records.items()):
                if values.get("thing") == number and other[0] == "parts":
                    del self.records[other]
                elif values.get("thing") == number:
                    self.records[other] = {**values, "thing": None}
                elif number in values.get("friends", ()):
                    self.records[other] = {**values, "friends": [friend for friend in values["friends"] if friend != number]}

    def bring_in(self, prefix=None):
        """New rows, or another number for all rows of an earlier import."""
        count = self.sets[prefix][0] if prefix else self.rng.randrange(10, 150)
        number, path = self.rng.randrange(10 ** 6), API + "rows/import" + ("?key=name" if prefix else "")
        prefix = prefix or self.name()
        self.pending = ("import", prefix, count, number)
        text = "name,n\n" + "".join("%s-%d,%d\n" % (prefix, at, number) for at in range(count))
        self.ask(201, "POST", path, text.encode(), kind="text/csv")
        self.sets[prefix] = (count, number)
        self.done("import")

    def refused(self, key):
        """Refusals change nothing: the whole comparison shows it."""
        taken = self.records[key]["name"]
        for body in ({"name": taken}, {"name": self.name(), "size": "large"}, {"name": self.name(), "friends": ["rec_999999999"]}):
            self.ask(400, "POST", API + "things/records", body)
        bad = "name,n\n%s-0,1\n%s-1,one\n" % (self.name(), self.name())
        self.ask(400, "POST", API + "rows/import", bad.encode(), kind="text/csv")
        self.done("refusal")

    def settle(self, found):
        """What became of the request that was not answered; its kind and whether it was done."""
        if self.pending is None:
            return None
        what, *told = self.pending
        self.pending, is_there = None, False
        if what == "create":
            table, values = told
            ids = [number for number, record in found[table].items() if record["name"] == values["name"]]
            is_there = bool(ids)
            if is_there:
                self.records[table, ids[0]] = values
        elif what == "change":
            key, values = told
            record = found[key[0]].get(key[1], {})
            is_there = all(record.get(name) == value for name, value in values.items())
            if is_there:
                self.records[key] = {**self.records[key], **values}
        elif what == "delete":
            key = told[0]
            is_there = key[1] not in found[key[0]]
            if is_there:
                self.gone(key)
        else:
            prefix, count, number = told
            is_there = any(record["name"] == prefix + "-0" and record["n"] == number for record in found["rows"].values())
            if is_there:
                self.sets[prefix] = (count, number)
        return what, is_there


class Changer(threading.Thread):
    """Changes the schema now and then, by the command that hands its job to the server; a killed one counts for nothing."""

    def __init__(self, folder, db, rng):
        super().__init__(daemon=True)
        self.file, self.db, self.rng, self.stop, self.done = folder + "/app.json", db, rng, False, 0

    def run(self):
        while not self.stop:
            with open(self.file, "w", encoding="ascii") as file:
                json.dump(app(self.rng.randrange(5), self.rng.random() < 0.5, self.rng.randrange(4)), file)
            ended = subprocess.run([BIN, "apply", self.file, "--db", self.db, "--json"], capture_output=True, timeout=60)
            self.done += ended.returncode == 0


def verify(client, writers):
    """Compares all there is with all that must be; how the unanswered requests were settled."""
    found = {table: client.all(table) for table in TABLES}
    settled = [ended for ended in (writer.settle(found) for writer in writers) if ended]
    for table in TABLES[:3]:
        wanted = {key[1]: values for writer in writers for key, values in writer.records.items() if key[0] == table}
        for number, values in wanted.items():
            record = found[table].get(number)
            if record is None:
                raise Failed("LOST: %s of %s, %s" % (number, table, values))
            for name, value in values.items():
                if record[name] != value:
                    raise Failed("TORN: %s of %s has %s %r, not %r" % (number, table, name, record[name], value))
        unknown = found[table].keys() - wanted.keys()
        if unknown:
            raise Failed("UNKNOWN: %s of %s: %s" % (min(unknown), table, found[table][min(unknown)]))
    rows = {record["name"]: record["n"] for record in found["rows"].values()}
    for prefix, (count, number) in ((prefix, told) for writer in writers for prefix, told in writer.sets.items()):
        got = [rows.pop("%s-%d" % (prefix, at), None) for at in range(count)]
        if got != [number] * count:
            raise Failed("TORN: the import %s of %d rows with %d has %s" % (prefix, count, number, got))
    if rows:
        raise Failed("UNKNOWN: rows %s" % sorted(rows)[:3])
    return settled


def read_log(client, since):
    """All entries after a number: their numbers rise, none comes twice."""
    entries = []
    while True:
        status, answer = client.ask("GET", "/api/apps/ledger/changes?limit=1000&since=%d" % since)
        if status != 200:
            raise Failed("the change log after %d: %d %s" % (since, status, answer))
        for entry in answer["changes"]:
            if entry["seq"] <= since:
                raise Failed("the change log goes from %d to %d" % (since, entry["seq"]))
            since = entry["seq"]
            entries.append(entry)
        since = answer["last"]
        if not answer["more"]:
            return entries, since
