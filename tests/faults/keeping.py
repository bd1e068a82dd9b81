#!/usr/bin/env python3
"""Copies of the data file beside those who write, kill and stop, over the executable.

restored   writers go on while the server puts a backup back, again and again: every 201 is in the data file or in a copy of what a restore
           replaced, who comes in between is told to come again, and no id is given twice
killed     a server that is killed in the midst of a backup leaves an unfinished copy, which the next one takes away
stopped    a server that looks through a large file when it is asked to stop does not come to the end of that first, and takes no write meanwhile

CARRYALL_BIN   the executable (default target/release/carryall)
"""
import glob
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hostile"))
from server import BIN, Failed, Server  # noqa: E402

RECORDS = "/api/apps/load/schemas/notes/records"
JOBS, BACKUPS = "/api/workspaces/default/jobs", "/api/workspaces/default/backups"
WRITERS, RESTORES, BETWEEN = 4, 4, 60
ROWS_RESTORED, ROWS_LARGE = 30_000, 1_000_000
JOB_SECONDS, STOP_SECONDS = 120, 3


class Visitor:
    """One who is signed in, on a connection of its own."""

    def __init__(self, server):
        self.server, self.conn = server, http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.sign_in()

    def sign_in(self):
        """A restore ends every session, and for as long as it lasts nobody signs in."""
        for _ in range(200):
            try:
                self.cookie = self.server.sign_in()
                return
            except Failed as error:
                if "503" not in str(error):
                    raise
                time.sleep(0.02)
        raise Failed("nobody can sign in")

    def ask(self, method, path, body=None):
        self.conn.request(method, path, body and json.dumps(body), {"Cookie": self.cookie, "Content-Type": "application/json"})
        answer = self.conn.getresponse()
        text = answer.read()
        return answer.status, answer.headers, json.loads(text) if text else None

    def create(self, text):
        return self.ask("POST", RECORDS, {"text": text})

    def begin(self, path, body=None):
        status, _, told = self.ask("POST", path, body or {})
        if status != 201:
            raise Failed("a job does not begin: %d %s" % (status, told))
        return told["id"]

    def done(self, number):
        end = time.monotonic() + JOB_SECONDS
        while time.monotonic() < end:
            status, _, job = self.ask("GET", "%s/%d" % (JOBS, number))
            if status == 401:
                self.sign_in()
            elif job["state"] not in ("running", "cancelling"):
                return job
            time.sleep(0.01)
        raise Failed("a job takes more than %d s" % JOB_SECONDS)


def seeded(folder, rows):
    """A data file with a table of so many rows."""
    db, file = os.path.join(folder, "load.db"), os.path.join(folder, "notes.csv")
    with open(file, "w", encoding="ascii") as notes:
        notes.write("text\nfirst\n")
    subprocess.run([BIN, "import", file, "--app", "load", "--db", db], check=True, capture_output=True, timeout=60)
    os.remove(file)
    conn = sqlite3.connect(db)
    (table,), = conn.execute("SELECT 'r' || id FROM schema")
    conn.execute("WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO %s SELECT i, json_object('text', "
                 "'note ' || i || ' ' || hex(zeroblob(50))), '2025-01-01T00:00:00Z', NULL, '2025-01-01T00:00:00Z', NULL, 1 FROM n" % (rows, table))
    conn.execute("UPDATE schema SET records = %d, next_id = %d" % (rows, rows + 1))
    conn.commit()
    conn.close()
    return db


class Writer(threading.Thread):
    """Creates one record after the other until it is told to end."""

    def __init__(self, server, name):
        super().__init__(daemon=True)
        self.visitor, self.name, self.ends = Visitor(server), name, False
        self.acknowledged, self.refused, self.wrong = {}, 0, None

    def run(self):
        turn = 0
        try:
            while not self.ends:
                text = "%s %d" % (self.name, turn)
                status, headers, told = self.visitor.create(text)
                if status == 201:
                    self.acknowledged[text] = told["id"]
                elif status == 401:
                    self.visitor.sign_in()
                elif status == 503 and headers["Retry-After"] == "5" and "put back" in told["error"]["message"]:
                    self.refused += 1
                    time.sleep(0.002)
                else:
                    raise Failed("a writer gets %d: %s" % (status, told))
                turn += 1
        except Exception as error:
            self.wrong = error


def texts(path):
    conn = sqlite3.connect(path)
    (table,), = conn.execute("SELECT 'r' || id FROM schema")
    found = {text for text, in conn.execute("SELECT data->>'$.text' FROM %s WHERE id > %d" % (table, ROWS_RESTORED))}
    conn.close()
    return found


def restored():
    with tempfile.TemporaryDirectory(prefix="carryall-keeping-") as folder:
        db = seeded(folder, ROWS_RESTORED)
        with Server("serve", args=["--db", db]) as server:
            owner = Visitor(server)
            name = owner.done(owner.begin(BACKUPS))["outcome"]["name"]
            writers = [Writer(server, "writer %d" % at) for at in range(WRITERS)]
            [writer.start() for writer in writers]
            took = []
            for _ in range(RESTORES):
                begun, before = time.monotonic(), sum(len(writer.acknowledged) for writer in writers)
                job = owner.done(owner.begin("%s/%s/restore" % (BACKUPS, name)))
                took.append(time.monotonic() - begun)
                if job["state"] != "done":
                    raise Failed("a restore: %s" % job)
                # Something is written between two of them.
                while sum(len(writer.acknowledged) for writer in writers) < before + BETWEEN and not any(writer.wrong for writer in writers):
                    time.sleep(0.005)
            for writer in writers:
                writer.ends = True
                writer.join()
                if writer.wrong:
                    raise Failed(str(writer.wrong))
            code, _ = server.stop()
        copies = glob.glob(db + ".backups/*-before-restore*.db")
        if code != 0 or len(copies) != RESTORES:
            raise Failed("it ended with %d, and there are %d copies" % (code, len(copies)))
        there = set().union(*map(texts, copies + [db]))
    told = {text: number for writer in writers for text, number in writer.acknowledged.items()}
    lost = set(told) - there
    if lost:
        raise Failed("%d of %d creates that were acknowledged are nowhere, such as %s" % (len(lost), len(told), min(lost)))
    if len(set(told.values())) != len(told):
        raise Failed("%d ids were given twice" % (len(told) - len(set(told.values()))))
    refused = sum(writer.refused for writer in writers)
    return "%d creates beside %d restores (%.1f s each), each kept; %d were told to come again" % (len(told), RESTORES, max(took), refused)


def unfinished(db):
    return glob.glob(db + ".backups/.backup-*")


def killed():
    with tempfile.TemporaryDirectory(prefix="carryall-keeping-") as folder:
        db = seeded(folder, ROWS_LARGE)
        with Server("serve", args=["--db", db]) as server:
            Visitor(server).begin(BACKUPS)
            end = time.monotonic() + JOB_SECONDS
            while not unfinished(db) and time.monotonic() < end:
                time.sleep(0.001)
            os.kill(server.pid, signal.SIGKILL)
            server.process.wait()
        left = len(unfinished(db))
        if not left:
            raise Failed("the backup was over before the kill")
        with Server("serve", args=["--db", db]) as server:
            if unfinished(db):
                raise Failed("what the killed server left of a backup stays: %s" % unfinished(db))
            server.stop()
        return "%d unfinished files of a killed server are gone after the next start" % left


def stopped():
    with tempfile.TemporaryDirectory(prefix="carryall-keeping-") as folder:
        db = seeded(folder, ROWS_LARGE)
        with Server("serve", args=["--db", db]) as server:
            owner, other = Visitor(server), Visitor(server)
            number = owner.begin(JOBS, {"kind": "check"})
            status, _, job = owner.ask("GET", "%s/%d" % (JOBS, number))
            if job["state"] != "running":
                raise Failed("the check was over before the stop: %s" % job)
            begun = time.monotonic()
            os.kill(server.pid, signal.SIGTERM)
            time.sleep(0.1)
            try:
                status, _, _ = other.create("too late")
            except (OSError, http.client.HTTPException):
                status = "no answer"
            code = server.process.wait(JOB_SECONDS)
            took = time.monotonic() - begun
        if status == 201:
            raise Failed("a stopping server takes a create")
        if code != 0 or took > STOP_SECONDS:
            raise Failed("it ended with %d after %.1f s" % (code, took))
        return "over %.1f s after the signal, in the midst of a check; a create got %s" % (took, status)


def main():
    for scenario in (restored, killed, stopped):
        try:
            print("ok %s: %s" % (scenario.__name__, scenario()), flush=True)
        except Failed as error:
            print("FAILED %s: %s" % (scenario.__name__, error))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
