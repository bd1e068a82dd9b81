#!/usr/bin/env python3
"""What goes on beside the writers must not hold them up, and they must not hold it up: readers that never hurry, and backups, under a steady load.

readers   slow searches without a pause and an export whose reader takes 1 KiB at a time, beside 500 creates a second: the log stays under
          LOG_BYTES_MAX, and is gone when the server stops
backups   one after the other while 8 writers write: each is whole and holds exactly the first creates of every writer; a create is late (p99 of
          those that meet a backup) by less than STALL_SECONDS

CARRYALL_BIN   the executable (default target/release/carryall)
SECONDS        how long each of the two runs (default 6)
"""
import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hostile"))
from clients import check, connected, head, post  # noqa: E402
from server import BIN, Failed, Server  # noqa: E402

SECONDS = float(os.environ.get("SECONDS", "6"))
RECORDS = "/api/apps/load/schemas/notes/records"
BACKUPS = "/api/workspaces/default/backups"
SEARCH = RECORDS + "?per_page=1&filter%5Btext%5D%5Bcontains%5D=nowhere"
ROWS, RATE, WRITERS = 60_000, 500, 8
LOG_BYTES_MAX = 256 * 1024 * 1024
STALL_SECONDS = 0.1
JOB_SECONDS = 60


def seeded(folder):
    """A data file with a table that takes a while to search."""
    db, rows = os.path.join(folder, "load.db"), os.path.join(folder, "notes.csv")
    with open(rows, "w", encoding="ascii") as file:
        file.write("text\n" + "".join("note %d %s\n" % (at, "x" * 200) for at in range(ROWS)))
    subprocess.run([BIN, "import", rows, "--app", "load", "--db", db], check=True, capture_output=True, timeout=JOB_SECONDS)
    return db


def create(cookie, text):
    return post(RECORDS, json.dumps({"text": text}).encode(), "Cookie: " + cookie, "Content-Type: application/json")


async def writer(server, cookie, name, end, pause=0.0):
    """Creates until the time is up; (how long each took with when it began, how many)."""
    client, took, count = await connected(server), [], 0
    while time.monotonic() < end:
        begun = time.monotonic()
        check(201, "a writer", await client.ask(create(cookie, "%s %d" % (name, count))))
        took.append((begun, time.monotonic() - begun))
        count += 1
        if pause:
            await asyncio.sleep(max(0.0, pause - (time.monotonic() - begun)))
    client.close()
    return took, count


async def repeated(server, cookie, path, end):
    client = await connected(server)
    while time.monotonic() < end:
        answer = await client.ask(head("GET", path, "Cookie: " + cookie), seconds=30)
        if answer is None or answer.status not in (200, 503):
            raise Failed("a search gets %s" % (answer and answer.status))
    client.close()


async def slow_export(db, end):
    """An export whose reader is in no hurry."""
    process = await asyncio.create_subprocess_exec(
        BIN, "export", "--app", "load", "--schema", "notes", "--db", db, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
    got = 0
    while time.monotonic() < end:
        got += len(await process.stdout.read(1024))
        await asyncio.sleep(0.05)
    process.kill()
    # What is in the pipe goes first, or its end would never be seen.
    await process.stdout.read()
    await process.wait()
    if not got:
        raise Failed("the slow reader got nothing of the export")


async def watched(path, end):
    """The most bytes that a file has had."""
    most = 0
    while time.monotonic() < end:
        most = max(most, os.path.getsize(path) if os.path.exists(path) else 0)
        await asyncio.sleep(0.02)
    return most


def readers():
    with tempfile.TemporaryDirectory(prefix="carryall-pressure-") as folder:
        db = seeded(folder)
        with Server("serve", args=["--db", db]) as server:
            cookie = server.sign_in()

            async def run():
                end = time.monotonic() + SECONDS
                writers = [writer(server, cookie, "paced %d" % at, end, WRITERS / RATE) for at in range(WRITERS)]
                others = [repeated(server, cookie, SEARCH, end), repeated(server, cookie, SEARCH, end), slow_export(db, end)]
                *done, most = await asyncio.gather(*writers, *others, watched(db + "-wal", end))
                return sum(count for _, count in done[:WRITERS]), most

            count, most = asyncio.run(run())
            code, _ = server.stop()
        left = sorted(name for name in os.listdir(folder) if name.startswith("load.db"))
    if count < RATE * SECONDS / 2:
        raise Failed("only %d creates in %.0f s" % (count, SECONDS))
    if most > LOG_BYTES_MAX:
        raise Failed("the log grew to %d MB" % (most >> 20))
    if code != 0 or left != ["load.db"]:
        raise Failed("it ended with %d and left %s" % (code, left))
    return "%d creates beside slow readers, the log at most %.1f MB, one file left" % (count, most / 1e6)


async def job(server, cookie, number):
    client = await connected(server)
    end = time.monotonic() + JOB_SECONDS
    while time.monotonic() < end:
        state = json.loads((await client.ask(head("GET", "/api/workspaces/default/jobs/%d" % number, "Cookie: " + cookie))).body)
        if state["state"] != "running":
            client.close()
            if state["state"] != "done":
                raise Failed("a backup: %s" % state)
            return state["outcome"]
        await asyncio.sleep(0.02)
    raise Failed("a backup takes more than %d s" % JOB_SECONDS)


async def backing_up(server, cookie, end):
    """Backups one after the other; when each was made, and its name."""
    client, made = await connected(server), []
    while time.monotonic() < end:
        begun = time.monotonic()
        answer = await client.ask(post(BACKUPS, b"{}", "Cookie: " + cookie, "Content-Type: application/json"))
        check(201, "who wants a backup", answer)
        outcome = await job(server, cookie, json.loads(answer.body)["id"])
        made.append((begun, time.monotonic(), outcome["name"]))
    client.close()
    return made


def judge(path):
    """A backup is sound by SQLite's own word, and holds of every writer the first creates without a gap."""
    conn = sqlite3.connect("file:%s?mode=ro&immutable=1" % path, uri=True)
    (said,), = conn.execute("PRAGMA integrity_check")
    (table, told), = conn.execute("SELECT 'r' || id, records FROM schema")
    texts = [text for text, in conn.execute("SELECT data->>'$.text' FROM %s WHERE id > %d ORDER BY id" % (table, ROWS))]
    conn.close()
    if said != "ok" or told != ROWS + len(texts):
        raise Failed("%s: %s, counts %d and has %d" % (path, said, told, ROWS + len(texts)))
    counts = {}
    for text in texts:
        name, number = text.rsplit(" ", 1)
        if counts.get(name, 0) != int(number):
            raise Failed("%s: of %s, %d comes after %d" % (path, name, int(number), counts.get(name, 0)))
        counts[name] = int(number) + 1
    return len(texts)


def backups():
    with tempfile.TemporaryDirectory(prefix="carryall-pressure-") as folder:
        db = seeded(folder)
        with Server("serve", args=["--db", db]) as server:
            cookie = server.sign_in()

            async def run():
                end = time.monotonic() + SECONDS
                writers = [writer(server, cookie, "writer %d" % at, end + 0.5) for at in range(WRITERS)]
                *done, made = await asyncio.gather(*writers, backing_up(server, cookie, end))
                return [time for took, _ in done for time in took], made

            took, made = asyncio.run(run())
            server.marker()
            held = [judge(os.path.join(db + ".backups", name)) for _, _, name in made]
            if any("-backup-" in name for name in os.listdir(folder)):
                raise Failed("a backup left something behind: %s" % os.listdir(folder))
    if held != sorted(held):
        raise Failed("a later backup holds less: %s" % held)
    met = sorted(seconds for begun, seconds in took if any(begun + seconds >= first and begun <= last for first, last, _ in made))
    late = met[len(met) * 99 // 100]
    if late > STALL_SECONDS:
        raise Failed("a create that meets a backup takes %.0f ms (p99)" % (1000 * late))
    return "%d backups beside %d creates, each whole and a beginning of what was written; creates p50 %.1f p99 %.1f worst %.0f ms" % (
        len(made), len(took), 1000 * met[len(met) // 2], 1000 * late, 1000 * met[-1])


def main():
    for scenario in (readers, backups):
        try:
            print("ok %s: %s" % (scenario.__name__, scenario()), flush=True)
        except Failed as error:
            print("FAILED %s: %s" % (scenario.__name__, error))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
