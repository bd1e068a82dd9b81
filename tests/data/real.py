#!/usr/bin/env python3
"""Real and nasty data through the executable: import, ask over HTTP, export. Every answer is computed here from the
source files, never copied from the server. What the five APIs look like in detail is tested by the transcripts.

CARRYALL_BIN   the executable (default target/release/carryall)
CARRYALL_VEGA  the data folder of the npm package vega-datasets, as tests/run installs it
"""
import csv
import http.client
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zipfile
from decimal import Decimal

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.abspath(os.environ.get("CARRYALL_BIN") or os.path.join(ROOT, "target", "release", "carryall"))
VEGA = os.path.abspath(os.environ.get("CARRYALL_VEGA") or os.path.join(
    ROOT, "target", "tests", "vega", "node_modules", "vega-datasets", "data"))
EMAIL, PASSWORD = "owner@example.com", "correct-horse-battery"
NUMBERS = ("integer", "number", "decimal", "money")
COMMAND_SECONDS = 30


class Failed(Exception):
    pass


def check(name, ok, detail=""):
    if not ok:
        raise Failed("%s\n    %s" % (name, str(detail)[:2000]))
    print("  \u2713 " + name, flush=True)


def same(name, got, want):
    """Like check, but tells the first difference of two lists."""
    if got != want and isinstance(got, list) and isinstance(want, list):
        at = next((i for i, (g, w) in enumerate(zip(got, want)) if g != w), min(len(got), len(want)))
        pair = [rows[at] if at < len(rows) else "nothing" for rows in (got, want)]
        if all(isinstance(row, dict) for row in pair):
            keys = [k for k in {**pair[0], **pair[1]} if pair[0].get(k, Failed) != pair[1].get(k, Failed)]
            pair = [{k: row.get(k) for k in keys} for row in pair]
        check(name, False, "of %d rows (expected %d) row %d is\n    %s\n    expected\n    %s"
              % (len(got), len(want), at, *map(repr, pair)))
    check(name, got == want, "got      %r\n    expected %r" % (got, want))


# --- the command line -------------------------------------------------------------------------------------------------

def command(*args, code=0):
    """Runs the executable and returns (stdout bytes, stderr text); any other exit code is a failure."""
    done = subprocess.run([BIN, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS)
    err = done.stderr.decode("utf-8", "replace")
    if done.returncode != code:
        raise Failed("carryall %s\n    exit %d, expected %d\n    %s"
                     % (" ".join(args), done.returncode, code, (err or done.stdout.decode("utf-8", "replace"))[:2000]))
    return done.stdout, err


def bring_in(db, path, app, *more):
    out, _ = command("import", path, "--app", app, "--db", db, "--json", *more)
    return json.loads(out)


def take_out(db, app, schema, form):
    """An export, once to a file and once to stdout: both must be the same bytes."""
    path = os.path.join(os.path.dirname(db), "out.%s.%s" % (schema, form))
    args = ("export", "--app", app, "--schema", schema, "--format", form, "--db", db)
    command(*args, "-o", path)
    with open(path, "rb") as file:
        data = file.read()
    piped, _ = command(*args)
    if piped != data:
        raise Failed("carryall %s: stdout and -o FILE differ" % " ".join(args))
    return data


def rows_of(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def typed(value):
    """A value with its type spelled out, so that 1, 1.0 and True differ and key order counts."""
    if isinstance(value, dict):
        return [(key, typed(inner)) for key, inner in value.items()]
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    return (type(value).__name__, value)


# --- the server -------------------------------------------------------------------------------------------------------

class Server:
    def __init__(self, db):
        env = dict(os.environ, CARRYALL_ADMIN_EMAIL=EMAIL, CARRYALL_ADMIN_PASSWORD=PASSWORD)
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [BIN, "serve", "--db", db, "--listen", "127.0.0.1:0", "--no-open"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, env=env)
        ready, _, _ = select.select([self.process.stdout], [], [], COMMAND_SECONDS)
        line = self.process.stdout.readline().decode() if ready else ""
        found = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)\n", line)
        if not found:
            self.process.kill()
            self.errors.seek(0)
            raise Failed("serve did not say 'listening on http://127.0.0.1:PORT' but %r\n    %s"
                         % (line, self.errors.read().decode("utf-8", "replace")[:2000]))
        self.http = http.client.HTTPConnection("127.0.0.1", int(found.group(1)), timeout=COMMAND_SECONDS)
        self.cookie = None

    def ask(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if self.cookie:
            headers["Cookie"] = self.cookie
        self.http.request(method, path, body, headers)
        reply = self.http.getresponse()
        return reply, reply.read()

    def log_in(self):
        form = urllib.parse.urlencode({"username": EMAIL, "password": PASSWORD})
        reply, body = self.ask("POST", "/auth/login/", form, {"Content-Type": "application/x-www-form-urlencoded"})
        cookies = [c.split(";")[0] for c in reply.headers.get_all("Set-Cookie") or []]
        self.cookie = next((c for c in cookies if re.match(r"sessionid=.+", c)), None)
        check("login by form gives the cookie sessionid", self.cookie and reply.status in (200, 302), (reply.status, cookies, body))

    def page(self, app, schema, *query):
        """One page of records, numbers read exactly; query is pairs."""
        path = "/api/apps/%s/schemas/%s/records?%s" % (app, schema, urllib.parse.urlencode(query))
        reply, body = self.ask("GET", path)
        if reply.status != 200:
            raise Failed("GET %s\n    %d %s" % (path, reply.status, body[:500]))
        return json.loads(body, parse_float=Decimal)

    def total(self, app, schema, *query):
        return self.page(app, schema, ("per_page", 1), *query)["total"]

    def all(self, app, schema, *query):
        """All records by pages of 100; every page but the last is full and the pages add up to the total."""
        records, number = [], 1
        while True:
            page = self.page(app, schema, ("per_page", 100), ("page", number), *query)
            records += page["records"]
            if len(records) >= page["total"] or len(page["records"]) < 100:
                break
            number += 1
        if len(records) != page["total"]:
            raise Failed("%s: the pages hold %d records, the total says %d" % (schema, len(records), page["total"]))
        return records

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=COMMAND_SECONDS)
        return rest, self.process.returncode


# --- what the answers must be -----------------------------------------------------------------------------------------

def slug(header):
    return re.sub(r"[^0-9A-Za-z]+", "_", header).strip("_").lower()


def number(record):
    return int(record["id"].removeprefix("rec_"))


def ordered(rows, key, down=False):
    """Indexes of rows by a column: nulls first ascending and last descending, ties by id in the same direction."""
    return sorted(range(len(rows)), key=lambda i: (rows[i][key] is not None, rows[i][key] or 0, i), reverse=down)


def as_asked(rows, indexes, key):
    return [(i + 1, rows[i][key]) for i in indexes]


def as_told(records, key):
    return [(number(r), r[key]) for r in records]


class Source:
    """A source file as the rows the API should show: slug -> value, a CSV cell read by the column's type."""

    def __init__(self, path, summary):
        self.types = {f["slug"]: f["type"] for f in summary["fields"]}
        self.headers = [f["header"] for f in summary["fields"]]
        slugs = [f["slug"] for f in summary["fields"]]
        if path.endswith(".json"):
            with open(path, encoding="utf-8") as file:
                self.rows = [dict(zip(slugs, row.values())) for row in json.load(file, parse_float=Decimal)]
        else:
            with open(path, "rb") as file:
                lines = rows_of(file.read())
            self.rows = [{s: self.cell(s, text) for s, text in zip(slugs, line)} for line in lines[1:]]

    def cell(self, name, text):
        kind = self.types[name]
        if text == "":
            return None
        return Decimal(text) if kind in NUMBERS else text == "true" if kind == "boolean" else text


def import_vega(db):
    print("import", flush=True)
    sources = {}
    for file in ("movies.json", "airports.csv", "seattle-weather.csv"):
        path, schema = os.path.join(VEGA, file), file.rsplit(".", 1)[0]
        summary = bring_in(db, path, "films")
        source = sources[schema] = Source(path, summary)
        count = len(source.rows)
        check("%s: %d rows" % (file, count), (summary["created"], summary["updated"], summary["rows"]) == (count, 0, count), summary)
        check("%s: app films, schema %s" % (file, schema), (summary["app"], summary["schema"], summary["dry_run"]) == ("films", schema, False), summary)
        same("%s: slugs are the headers in small letters" % file, list(source.types), [slug(h) for h in source.headers])
    told = {(schema, name): sources[schema].types[name] for schema, name in EXPECTED_TYPES}
    same("columns have the types that give every value back", told, EXPECTED_TYPES)
    return sources


EXPECTED_TYPES = {
    ("movies", "title"): "json",  # nine titles are numbers
    ("movies", "release_date"): "text",  # Jun 12 1998
    ("movies", "us_gross"): "integer",
    ("airports", "iata"): "text",  # 00M
    ("seattle-weather", "date"): "date",
    ("seattle-weather", "temp_min"): "decimal",  # 5.0 stays 5.0
    ("seattle-weather", "precipitation"): "decimal",
}


def questions(server, sources):
    print("questions", flush=True)
    kept = {}
    for schema, source in sources.items():
        records = kept[schema] = server.all("films", schema)
        check("%s: the pages visit each row once" % schema, [number(r) for r in records] == list(range(1, len(source.rows) + 1)),
              len(records))
        same("%s: every record is its source row" % schema, [{s: r.get(s) for s in source.types} for r in records], source.rows)
    movies, airports, weather = (sources[s].rows for s in ("movies", "airports", "seattle-weather"))

    for key in ("us_gross", "imdb_rating", "running_time_min"):
        top = server.page("films", "movies", ("per_page", 10), ("sort", "-" + key))["records"]
        same("top 10 by %s" % key, as_told(top, key), as_asked(movies, ordered(movies, key, down=True)[:10], key))
    for sort, down in (("rotten_tomatoes_rating", False), ("-rotten_tomatoes_rating", True), ("imdb_rating", False), ("-imdb_rating", True)):
        key = sort.lstrip("-")
        same("all by sort=%s, nulls %s, ties by id" % (sort, "last" if down else "first"),
             as_told(server.all("films", "movies", ("sort", sort)), key), as_asked(movies, ordered(movies, key, down), key))
    two = sorted(range(len(weather)), key=lambda i: (weather[i]["weather"], weather[i]["temp_max"], i))
    two.sort(key=lambda i: weather[i]["weather"], reverse=True)
    same("two keys: sort=-weather,temp_max", [number(r) for r in server.all("films", "seattle-weather", ("sort", "-weather,temp_max"))], [i + 1 for i in two])
    same("text sorts by code point", as_told(server.all("films", "airports", ("sort", "city")), "city"), as_asked(airports, ordered_text(airports, "city"), "city"))

    filters = (("movies", "major_genre", "Drama"), ("movies", "imdb_rating", "6.1"), ("movies", "imdb_votes", "207"),
               ("airports", "state", "TX"), ("airports", "iata", "00M"), ("airports", "city", "Bay Springs"),
               ("seattle-weather", "date", "2014-02-28"), ("seattle-weather", "temp_min", "5.0"), ("seattle-weather", "weather", "snow"))
    for schema, key, value in filters:
        want = [i + 1 for i, row in enumerate(sources[schema].rows)
                if (row[key] == Decimal(value) if sources[schema].types[key] in NUMBERS else row[key] == value)]
        check("%s: the source has a row with %s=%s" % (schema, key, value), want)
        same("%s: filter[%s]=%s gives %d" % (schema, key, value, len(want)),
             [number(r) for r in server.all("films", schema, ("filter[%s]" % key, value))], want)
    for key in ("director", "imdb_rating", "running_time_min", "release_date"):
        want = sum(row[key] in (None, "") for row in movies)
        same("filter[%s]= gives the %d empty ones" % (key, want), server.total("films", "movies", ("filter[%s]" % key, "")), want)
    both = [("filter[weather]", "rain"), ("filter[wind]", "2.6")]
    same("two filters at once", server.total("films", "seattle-weather", *both),
         sum(r["weather"] == "rain" and r["wind"] == Decimal("2.6") for r in weather))
    same("a value that is not there gives none", server.total("films", "movies", ("filter[major_genre]", "drama")), 0)

    total = lambda rows, key: sum(r[key] for r in rows if r[key] is not None)
    for schema, key in (("movies", "worldwide_gross"), ("seattle-weather", "precipitation"), ("movies", "production_budget")):
        same("%s: the sum of %s" % (schema, key), Decimal(total(kept[schema], key)), Decimal(total(sources[schema].rows, key)))
    rain = server.all("films", "seattle-weather", ("filter[weather]", "rain"), ("sort", "-date"))
    same("the average temp_max of rainy days", total(rain, "temp_max") / len(rain),
         total([r for r in weather if r["weather"] == "rain"], "temp_max") / sum(r["weather"] == "rain" for r in weather))


def ordered_text(rows, key):
    return sorted(range(len(rows)), key=lambda i: (rows[i][key] is not None, rows[i][key] or "", i))


def exports(db):
    """Runs while the server has the file open: reading commands just work."""
    print("export", flush=True)
    with open(os.path.join(VEGA, "movies.json"), encoding="utf-8") as file:
        movies = json.load(file)
    same("movies.json comes out as it went in", typed(json.loads(take_out(db, "films", "movies", "json"))), typed(movies))
    for file in ("airports.csv", "seattle-weather.csv"):
        with open(os.path.join(VEGA, file), "rb") as source:
            want = rows_of(source.read())
        same("%s comes out cell for cell" % file, rows_of(take_out(db, "films", file[:-4], "csv")), want)
    lines = take_out(db, "films", "movies", "ndjson")
    same("movies as ndjson, a row a line", [typed(json.loads(line)) for line in lines.decode().splitlines()], typed(movies))
    path = os.path.join(os.path.dirname(db), "again.ndjson")
    with open(path, "wb") as file:
        file.write(lines)
    bring_in(db, path, "again", "--schema", "movies")
    same("that ndjson into another app comes out the same", typed(json.loads(take_out(db, "again", "movies", "json"))), typed(movies))


def loose(rows):
    """What a spreadsheet keeps: one kind of number, no empty text."""
    kept = lambda v: None if v == "" else float(v) if isinstance(v, (int, float)) and not isinstance(v, bool) else v
    return [{key: kept(value) for key, value in row.items()} for row in rows]


def sheet_of(data):
    """The XML of the first sheet of a workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


def workbooks(db):
    """Out as XLSX, in again, both through the running server; then a workbook as others write them."""
    print("workbooks", flush=True)
    folder = os.path.dirname(db)
    for schema in ("movies", "airports", "seattle-weather"):
        rows = json.loads(take_out(db, "films", schema, "json"))
        data = take_out(db, "films", schema, "xlsx")
        xml = sheet_of(data)
        same("%s: a row of the sheet for every record" % schema, xml.count("<row "), len(rows) + 1)
        check("%s: nothing in it is a formula" % schema, "<f" not in xml, xml[:500])
        path = os.path.join(folder, "%s.xlsx" % schema)
        with open(path, "wb") as file:
            file.write(data)
        summary = bring_in(db, path, "books")
        same("%s: as many come in" % schema, (summary["schema"], summary["created"]), (schema, len(rows)))
        same("%s: and the same values" % schema, loose(json.loads(take_out(db, "books", schema, "json"))), loose(rows))
    path = os.path.join(folder, "odd.xlsx")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in ODD_BOOK.items():
            book.writestr(name, text)
    summary = bring_in(db, path, "books")
    same("a workbook with shared texts, styles and a formula's value",
         json.loads(take_out(db, "books", "odd", "json")), [{"name": "Ann", "since": "2024-01-01", "sum": 3, "zip": "00123"}])
    check("says which other sheet it has", any("'Other'" in note for note in summary["notes"]), summary["notes"])
    command("import", path, "--app", "books", "--db", db, "--sheet", "None", code=1)
    with open(path, "r+b") as file:
        file.truncate(200)
    _, err = command("import", path, "--app", "books", "--db", db, code=1)
    check("cut off it is refused in words", "damaged or cut off" in err and "panicked" not in err, err)


def over_http(db, server):
    print("export over HTTP", flush=True)
    for form in ("csv", "json", "ndjson", "xlsx"):
        reply, body = server.ask("GET", "/api/apps/films/schemas/movies/export?format=%s" % form)
        same("%s: the same bytes as the command's" % form, (reply.status, body), (200, take_out(db, "films", "movies", form)))
        same("%s: under a name" % form, reply.headers["Content-Disposition"], 'attachment; filename="movies.%s"' % form)
    reply, body = server.ask("GET", "/api/apps/films/schemas/seattle-weather/export?filter[weather]=rain&sort=-date&format=json")
    keys = ("date", "precipitation", "temp_max", "temp_min", "wind", "weather")
    want = [[r[key] for key in keys] for r in server.all("films", "seattle-weather", ("filter[weather]", "rain"), ("sort", "-date"))]
    same("filters and sort as in the list", [[r[key] for key in keys] for r in json.loads(body, parse_float=Decimal)], want)


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
ODD_BOOK = {
    "_rels/.rels": '<Relationships xmlns="%s"><Relationship Id="r" Type="%s/officeDocument" Target="xl/workbook.xml"/></Relationships>' % (PACKAGE, RELS),
    "xl/workbook.xml": '<workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="Main" sheetId="1" r:id="r1"/><sheet name="Other" sheetId="2" r:id="r2"/></sheets></workbook>' % (MAIN, RELS),
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="{0}"><Relationship Id="r1" Type="{1}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{1}/worksheet" Target="worksheets/sheet2.xml"/></Relationships>'.format(PACKAGE, RELS),
    "xl/styles.xml": '<styleSheet xmlns="%s"><numFmts count="1"><numFmt numFmtId="164" formatCode="d/m/yyyy"/></numFmts><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>' % MAIN,
    "xl/sharedStrings.xml": '<sst xmlns="%s" count="6" uniqueCount="6"><si><t>name</t></si><si><t>since</t></si><si><t>sum</t></si><si><t>zip</t></si><si><r><t>A</t></r><r><t>nn</t></r></si><si><t>00123</t></si></sst>' % MAIN,
    "xl/worksheets/sheet1.xml": '<worksheet xmlns="%s"><dimension ref="A1:D2"/><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="s"><v>3</v></c></row><row r="2"><c r="A2" t="s"><v>4</v></c><c r="B2" s="1"><v>45292</v></c><c r="C2"><f>1+2</f><v>3</v></c><c r="D2" t="s"><v>5</v></c></row></sheetData></worksheet>' % MAIN,
    "xl/worksheets/sheet2.xml": '<worksheet xmlns="%s"><sheetData/></worksheet>' % MAIN,
}


def interrupted(nasty):
    """Ctrl-C in the middle of an import leaves neither rows nor a data file nor a stage."""
    print("stopped", flush=True)
    path = nasty.file("long.csv", "code,name\n" + "".join("%07d,Customer number %d\n" % (at, at) for at in range(400000)))
    scratch = os.path.join(nasty.folder, "scratch")
    os.mkdir(scratch)
    db = os.path.join(nasty.folder, "stopped.db")
    running = subprocess.Popen([BIN, "import", path, "--app", "nasty", "--db", db], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=dict(os.environ, TMPDIR=scratch))
    # The stage is there once the second reading has begun.
    while not os.listdir(scratch) and running.poll() is None:
        os.sched_yield()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=COMMAND_SECONDS)
    same("Ctrl-C ends an import", (running.returncode, err.decode().strip().splitlines()[-1:]), (1, ["carryall: Stopped: nothing was changed"]))
    check("and leaves nothing", os.listdir(scratch) == [] and not os.path.exists(db), (os.listdir(scratch), os.listdir(nasty.folder)))


def asked(nasty):
    """On a terminal an import asks how days are written; piped it never does."""
    print("asked on a terminal", flush=True)
    path, db = nasty.file("days.csv", "name,born,seen,left\nAnn,03/04/2024,13.4.2024,1/2/2024\nBo,5/6/2024,1.2.2024,3/4/2024\n"), os.path.join(nasty.folder, "days.db")
    answers = [b"x\n", b"m\n", b"d\n", b"\n"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(BIN, [BIN, "import", path, "--app", "nasty", "--db", db])
    told = b""
    while select.select([terminal], [], [], COMMAND_SECONDS)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        told += piece
        if answers and told.endswith(b"[t] "):
            os.write(terminal, answers.pop(0))
    same("an import that asked ends well", (os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), answers), (0, []))
    os.close(terminal)
    same("month first, day first, and text where nobody chose", rows_of(take_out(db, "nasty", "days", "csv"))[1:],
         [["Ann", "2024-03-04", "2024-04-13", "1/2/2024"], ["Bo", "2024-05-06", "2024-02-01", "3/4/2024"]])
    summary = bring_in(db, path, "nasty", "--schema", "piped")
    same("piped all of them stay text, and the notes say how they are read", ([f["type"] for f in summary["fields"]], len(summary["notes"])), (["text"] * 4, 3))


def one_command(nasty):
    """carryall FILE: the file is a table and served; the curl that it tells works."""
    print("carryall FILE", flush=True)
    path, db = nasty.file("Guest List.csv", "Name,Seat\nAnn,007\nBo,12\n"), os.path.join(nasty.folder, "one.db")
    for round in ("made", "there already"):
        errors = tempfile.TemporaryFile()
        process = subprocess.Popen([BIN, path, "--db", db, "--listen", "127.0.0.1:0", "--no-open"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=errors)
        try:
            line = process.stdout.readline().decode()
            errors.seek(0)
            told = errors.read().decode()
            found = re.search(r"curl -b sessionid=(\S+) 'http://127\.0\.0\.1:(\d+)(\S+)'", told)
            check("%s: one line on stdout, a curl on stderr" % round, line.startswith("listening on http://127.0.0.1:") and found, (line, told))
            client = http.client.HTTPConnection("127.0.0.1", int(found.group(2)), timeout=COMMAND_SECONDS)
            client.request("GET", found.group(3), headers={"Cookie": "sessionid=" + found.group(1)})
            page = json.loads(client.getresponse().read())
            same("%s: it answers with the rows, once" % round, (page["total"], [r["seat"] for r in page["records"]]), (2, ["007", "12"]))
            check("%s: says so" % round, ("nothing is imported again" in told) == (round == "there already"), told)
            if round == "made":
                more = nasty.file("more.csv", "Name,Seat\nBo,13\n")
                _, err = command(more, "--db", db, "--app", "guest-list", "--schema", "guest-list", "--key", "name")
                check("beside it, the same command hands its rows to the server", "1 updated" in err and "is open in the server" in err, err)
                command(nasty.file("undo.csv", "Name,Seat\nBo,12\n"), "--db", db, "--app", "guest-list", "--schema", "guest-list", "--key", "name")
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=COMMAND_SECONDS)


def handed_over(db, server):
    print("import into a running server", flush=True)
    path = os.path.join(os.path.dirname(db), "late.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("name,size\nAnn,1\nBob,2\n")
    out, _ = command("import", path, "--app", "films", "--db", db)
    check("without --json the summary is one line of words", len(out.decode().strip().splitlines()) == 1, out)
    rows = [(r["name"], r["size"]) for r in server.all("films", "late")]
    same("the rows are there at once", rows, [("Ann", 1), ("Bob", 2)])
    bring_in(db, path, "films")
    same("a second import appends", server.total("films", "late"), 4)


# --- nasty files ------------------------------------------------------------------------------------------------------

# header, cells, the type the column must get (None: any that gives the text back)
NASTY_COLUMNS = (
    ("Leading Zeros", ["00123", "04567", "9", "10"], "text"),
    ("Twenty digits", ["12345678901234567890", "1", "2", "3"], None),
    ("Tenths", ["0.1", "0.10", "0.2", "0.3"], "text"),
    ("Cents", ["1.50", "0.25", "-3.00", "1000000.99"], "decimal"),
    ("Powers", ["1e5", "2", "3", "4"], "text"),
    ("Signs", ["+5", "-5", "5", "6"], "text"),
    ("Minus nought", ["-0", "1", "2", "3"], "text"),
    ("Bare points", [".5", "5.", "1.0", "2.0"], "text"),
    ("No numbers", ["NaN", "inf", "1", "2"], "text"),
    ("Thousands", ["1,000", "2,500", "1", "2"], "text"),
    ("Whole", ["1", "-2", "9223372036854775807", "0"], None),
    ("Spaces", [" x ", "y ", " 1", "\t2"], "text"),
    ("Gaps", ["", "7", "", "8"], "integer"),
    ("Nothing", ["", "", "", ""], None),
    ("Quotes", ['say "hi"', "it's", '""', '"'], "text"),
    ("Lines", ["one\ntwo", "one\r\ntwo", "\n", "plain"], "text"),
    ("Truth", ["true", "false", "true", "false"], "boolean"),
    ("Loud truth", ["TRUE", "false", "true", "False"], "text"),
    ("Leap day", ["2024-02-29", "2000-02-29", "1999-12-31", "0999-01-01"], None),
    ("Real day", ["2024-02-29", "2025-01-01", "1999-12-31", "2024-03-01"], "date"),
    ("No such day", ["2023-02-29", "2024-02-29", "2024-01-01", "2024-01-02"], "text"),
    ("Other days", ["29/02/2024", "1/1/2024", "2024-1-1", "Jun 12 1998"], "text"),
    ("Moments", ["2024-02-29T10:00:00Z", "2024-02-29T10:00:00+02:00", "2024-02-29 10:00:00", ""], None),
    ("Accents \u00e9\u00df", ["Zo\u00eb", "e\u0301", "\u0130stanbul", "\U0001f469\u200d\U0001f680 \u65e5\u672c"], "text"),
    ("Mail", ["a@example.com", "not mail", "B@Example.COM", ""], None),
    ("Formula", ["=1+1", "@x", "-y", "+z"], "text"),
    ("id", ["5", "4", "3", "2"], None),
    ("created_at", ["yesterday", "x", "y", "z"], "text"),
    ("ID", ["a", "b", "c", "d"], "text"),
    ("1st", ["a", "b", "c", "d"], "text"),
    ("---", ["a", "b", "c", "d"], "text"),
    ("x" * 300, ["a", "b", "c", "d"], "text"),
)


def text_of(rows, **form):
    out = io.StringIO(newline="")
    csv.writer(out, **form).writerows(rows)
    return out.getvalue()


def guarded(cell):
    """A text that a spreadsheet would calculate has an apostrophe before it in an exported CSV; plain numbers have none."""
    rest = cell.lstrip("'")
    return "'" + cell if rest[:1] in tuple("=+-@\t\r") and not re.fullmatch(r"[+-]?\d+(\.\d+)?", rest) else cell


class Nasty:
    """A folder of made files and a data file of its own, with no server over it."""

    def __init__(self, folder):
        self.folder, self.db = folder, os.path.join(folder, "nasty.db")

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode("utf-8"))
        return path

    def round(self, name, data, want, title, header=True):
        """Imports a CSV and expects the very rows back, formulas guarded; and the same when that export is imported. Returns the summary."""
        schema = name.split(".")[0]
        want = [[guarded(cell) for cell in row] for row in want]
        summary = bring_in(self.db, self.file(name, data), "nasty")
        got = rows_of(take_out(self.db, "nasty", schema, "csv"))
        same(title, got if header else got[1:], want if header else want[1:])
        command("import", self.file("back.csv", take_out(self.db, "nasty", schema, "csv")), "--app", "back", "--schema", schema, "--db", self.db)
        same("%s: and once more" % name, rows_of(take_out(self.db, "back", schema, "csv")), got)
        return summary


def nasty_csv(nasty):
    print("nasty CSV", flush=True)
    rows = [[c[0] for c in NASTY_COLUMNS]] + [list(row) for row in zip(*(c[1] for c in NASTY_COLUMNS))]
    summary = nasty.round("nasty.csv", text_of(rows), rows, "%d nasty columns come out cell for cell" % len(NASTY_COLUMNS))
    types = {f["header"]: f["type"] for f in summary["fields"]}
    for header, cells, want in NASTY_COLUMNS:
        if want:
            same("%s is %s: %s" % (header[:20], want, ", ".join(map(repr, cells))[:60]), types.get(header), want)
    slugs = [f["slug"].lower() for f in summary["fields"]]
    check("no slug twice, none reserved", len(set(slugs)) == len(slugs) and not {"id", "created_at", "updated_at"} & set(slugs), slugs)

    small = [["name", "size", "note"], ["Ann", "1", "a, b; c"], ["Bj\u00f6rn", "2", ""], ["\u65e5\u672c", "3", "x\ty"]]
    nasty.round("bom.csv", b"\xef\xbb\xbf" + text_of(small).encode(), small, "a byte order mark is no part of the first header")
    nasty.round("semicolons.csv", text_of(small, delimiter=";"), small, "semicolons are found out")
    nasty.round("tabs.tsv", text_of(small, delimiter="\t"), small, "tabs in a .tsv")
    nasty.round("tabbed.csv", text_of(small, delimiter="\t"), small, "tabs in a .csv")
    nasty.round("unix.csv", text_of(small, lineterminator="\n"), small, "line feeds alone")
    nasty.round("open.csv", text_of(small).rstrip(), small, "no line end at the end")
    one = [["only"], ["a"], [""], ["b"]]
    nasty.round("single.csv", text_of(one, quoting=csv.QUOTE_ALL), one, "one column, with an empty cell")
    twins = [["name", "name", "", "Name", ""], ["a", "b", "c", "d", "e"], ["1", "2", "3", "4", "5"]]
    nasty.round("twins.csv", text_of(twins), twins, "headers that are twice or empty lose no column", header=False)
    keyed = json.loads(take_out(nasty.db, "nasty", "twins", "json"))
    same("nor do they in JSON", [[str(value) for value in row.values()] for row in keyed], twins[1:])
    wide = [["c%d" % i for i in range(300)]] + [["%d" % (r * 300 + i) for i in range(300)] for r in range(3)]
    nasty.round("wide.csv", text_of(wide), wide, "300 columns")
    headers = [["first", "second"]]
    summary = nasty.round("headers.csv", text_of(headers), headers, "headers alone make a schema without rows")
    same("and no record", (summary["created"], summary["rows"]), (0, 0))


def nasty_json(nasty):
    print("nasty JSON", flush=True)
    rows = [
        {"Big": 12345678901234567890123, "Mixed": 1, "Nested": {"b": [1, {"a": None}], "a": 2.0}, "Empty": "", "Flag": True, "Float": 0.30000000000000004, "None": None, "Text": "\u2028\"\\/\b\f\n\r\t\u00e9\U0001f600", "Whole": 5},
        {"Big": -1, "Mixed": "1", "Nested": [], "Empty": None, "Flag": False, "Float": 1e-7, "None": None, "Text": "", "Whole": 5.0},
        {"Big": 9007199254740993, "Mixed": True, "Nested": {}, "Empty": " ", "Flag": None, "Float": 1.5e300, "None": None, "Text": "null", "Whole": None},
    ]
    raw = json.dumps(rows, indent=1)
    bring_in(nasty.db, nasty.file("mixed.json", raw), "nasty")
    out = take_out(nasty.db, "nasty", "mixed", "json").decode()
    # A number that JSON readers would round is kept as the text of its digits, and the import says so.
    kept = [dict(row) for row in rows]
    kept[0]["Big"] = str(rows[0]["Big"])
    same("values come out with their types, every digit kept", typed(json.loads(out)), typed(kept))
    for digits in ("12345678901234567890123", "9007199254740993"):
        check("the integer %s is exact in the export" % digits, re.search(r"(?<!\d)%s(?![\d.eE])" % digits, out), out)
    again = nasty.file("mixed_again.ndjson", take_out(nasty.db, "nasty", "mixed", "ndjson"))
    bring_in(nasty.db, again, "nasty")
    same("and the same by way of ndjson", typed(json.loads(take_out(nasty.db, "nasty", "mixed_again", "json"))), typed(kept))
    with_gaps = [{"a": 1}, {"b": "x"}, {"a": 2, "b": "y"}]
    bring_in(nasty.db, nasty.file("gaps.json", json.dumps(with_gaps)), "nasty")
    same("a key that is not in every row", [(r.get("a"), r.get("b")) for r in json.loads(take_out(nasty.db, "nasty", "gaps", "json"))],
         [(1, None), (None, "x"), (2, "y")])


def refusals(nasty):
    print("refusals, dry runs, keys", flush=True)
    ragged = nasty.file("ragged.csv", "a,b\n1,2\n3,4\n5\n6,7\n")
    _, err = command("import", ragged, "--app", "nasty", "--db", nasty.db, code=1)
    check("a ragged row is refused with its line number", re.search(r"\b4\b", err), err)
    command("export", "--app", "nasty", "--schema", "ragged", "--format", "csv", "--db", nasty.db, code=1)
    check("and nothing of it was imported", True)
    for name, data in (("broken.json", '[{"a": 1}, {"a": ]'), ("bytes.csv", b"a\n\xff\xfe\xfd\n"), ("open_quote.csv", 'a,b\n"x,1\n')):
        _, err = command("import", nasty.file(name, data), "--app", "nasty", "--db", nasty.db, code=1)
        check("%s is refused in words" % name, err.strip() and "panicked" not in err, err)
    command("import", os.path.join(nasty.folder, "absent.csv"), "--app", "nasty", "--db", nasty.db, code=1)
    command("import", "--app", "nasty", "--db", nasty.db, code=2)
    check("a missing file is exit 1, a missing argument 2", True)

    people = nasty.file("people.csv", "name,email,age\nAnn,ann@example.com,31\nBob,bob@example.com,32\nCy,cy@example.com,33\n")
    summary = bring_in(nasty.db, people, "nasty", "--dry-run")
    same("a dry run says what would come", (summary["dry_run"], summary["rows"], len(summary["fields"])), (True, 3, 3))
    command("export", "--app", "nasty", "--schema", "people", "--format", "csv", "--db", nasty.db, code=1)
    check("and makes nothing", True)
    bring_in(nasty.db, people, "nasty")
    bring_in(nasty.db, people, "nasty", "--dry-run")
    before = take_out(nasty.db, "nasty", "people", "csv")
    same("nor over a schema that is there", len(rows_of(before)), 4)
    changed = nasty.file("changed.csv", "E-Mail,age\nbob@example.com,50\ndee@example.com,34\n")
    summary = bring_in(nasty.db, changed, "nasty", "--schema", "people", "--map", "E-Mail=email", "--key", "email")
    same("--key updates what is there and adds the rest", (summary["created"], summary["updated"], summary["rows"]), (1, 1, 2))
    same("and leaves what the file does not name", rows_of(take_out(nasty.db, "nasty", "people", "csv")),
         [["name", "email", "age"], ["Ann", "ann@example.com", "31"], ["Bob", "bob@example.com", "50"], ["Cy", "cy@example.com", "33"], ["", "dee@example.com", "34"]])
    bad = nasty.file("bad.csv", "name,email,age\nEve,eve@example.com,1\nFay,fay@example.com,old\n")
    _, err = command("import", bad, "--app", "nasty", "--schema", "people", "--db", nasty.db, code=1)
    check("a value that does not fit its field is refused with its line", re.search(r"\b3\b", err), err)
    same("and no row of that file stays", len(rows_of(take_out(nasty.db, "nasty", "people", "csv"))), 5)


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    for need in (BIN, VEGA):
        if not os.path.exists(need):
            sys.exit("%s is not there: run it by tests/run data" % os.path.relpath(need))
    begun, server = time.monotonic(), None
    # Our own limits would otherwise come from the person's environment.
    for name in [n for n in os.environ if n.startswith("CARRYALL_") and n not in ("CARRYALL_BIN", "CARRYALL_VEGA")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder:
        try:
            db = os.path.join(folder, "f.db")
            sources = import_vega(db)
            server = Server(db)
            server.log_in()
            questions(server, sources)
            exports(db)
            workbooks(db)
            over_http(db, server)
            handed_over(db, server)
            rest, code = server.stop()
            server = None
            check("the server stops on SIGTERM, its stdout was one line", (rest, code) == (b"", 0), (rest, code))
            nasty = Nasty(folder)
            nasty_csv(nasty)
            nasty_json(nasty)
            refusals(nasty)
            interrupted(nasty)
            asked(nasty)
            one_command(nasty)
        except Failed as failed:
            print("  \u2717 %s" % failed, flush=True)
            sys.exit(1)
        finally:
            if server:
                server.process.kill()
                server.process.wait()
    print("real data: all as it should be, %.1f s" % (time.monotonic() - begun))


if __name__ == "__main__":
    main()
