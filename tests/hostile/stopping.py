"""Stopping under load: what is under way is answered, what was acknowledged is in the file, and only the file is left."""
import asyncio
import json
import os
import signal
import subprocess
import tempfile
import time

from clients import FAULTS, RECORD, RECORDS, Client, ask_once, check, connected, head, post, seed, until
from server import Failed, Server

WRITERS, SLOW_WRITERS, ENOUGH_CREATES = 12, 4, 300
SLEEP_SECONDS, LONG_SLEEP_SECONDS = 3, 6
STOP_SECONDS, AT_ONCE_SECONDS = 10, 2
# A request that is this old when the signal comes is certainly under way; a younger one may still lie in the socket.
UNDER_WAY_SECONDS = 0.02
MAY_STAY = {"data.db", "data.db.key", "data.db.lock"}


class Ledger:
    """What writers asked to be created, when, and what they were told."""

    def __init__(self):
        self.sent, self.acknowledged = {}, set()

    def unanswered(self):
        return [name for name in self.sent if name not in self.acknowledged]


def stop_by_sigterm():
    """SIGTERM while 16 write and a handler sleeps."""
    return stop_under_load(signal.SIGTERM)


def stop_by_sigint():
    """Ctrl-C while 16 write and a handler sleeps."""
    return stop_under_load(signal.SIGINT)


def stop_under_load(number):
    with tempfile.TemporaryDirectory(prefix="carryall-stopping-") as folder:
        ledger, args = Ledger(), ["--db", seed(folder)]
        with Server("serve", args=args, env=FAULTS) as server:
            figures = asyncio.run(load_and_stop(server, server.sign_in(), number, ledger))
        left = only_the_file(folder)
        with Server("serve", args=args) as server:
            kept_all(asyncio.run(names(server, server.sign_in())), ledger)
        return "%d creates kept, %s, left: %s" % (len(ledger.acknowledged), figures, left)


async def load_and_stop(server, cookie, number, ledger):
    sleeper = await connected(server)
    writers = [asyncio.create_task(write_on(server, cookie, ledger, at)) for at in range(WRITERS + SLOW_WRITERS)]
    await until("300 creates", lambda: len(ledger.acknowledged) >= ENOUGH_CREATES or any(writer.done() for writer in writers), 20)
    await sleeper.send(head("GET", RECORD, "Cookie: " + cookie, "X-Carryall-Fault: sleep=%d" % (SLEEP_SECONDS * 1000)))
    # The handler must be asleep; that it was is proved by its answer, which comes after the signal.
    await asyncio.sleep(0.3)
    before = len(ledger.acknowledged)
    os.kill(server.pid, number)
    at = time.monotonic()
    refused = await until_refused(server)
    if sleeper.got or sleeper.ended or not server.alive():
        raise Failed("the sleeping handler did not sleep on")
    check(200, "the request that was under way", await sleeper.answer(seconds=SLEEP_SECONDS + 3))
    for error in await asyncio.gather(*writers, return_exceptions=True):
        if error:
            raise error
    dropped = [name for name in ledger.unanswered() if ledger.sent[name] < at - UNDER_WAY_SECONDS]
    if dropped:
        raise Failed("%d creates were under way and got no answer" % len(dropped))
    code = await ended(server, at + STOP_SECONDS)
    if code != 0:
        raise Failed("exit code %d: %s" % (code, server.errors()[-300:]))
    young = sum(1 for name in ledger.unanswered() if ledger.sent[name] < at)
    return "%d of them answered after the signal, %d cut in the same moment, refused after %d ms, over after %.1f s" % (
        len(ledger.acknowledged) - before, young, refused * 1000, time.monotonic() - at)


async def write_on(server, cookie, ledger, at):
    """Creates one record after another until the connection ends; some handlers take their time, so that they are surely under way."""
    client = await connected(server)
    slow = ["X-Carryall-Fault: sleep=300"] if at >= WRITERS else []
    for count in range(1_000_000):
        name = "writer %d record %d" % (at, count)
        ledger.sent[name] = time.monotonic()
        await client.send(post(RECORDS, json.dumps({"name": name}).encode(), "Cookie: " + cookie, "Content-Type: application/json", *slow))
        answer = await client.answer()
        if answer is None:
            return
        check(201, "a create", answer)
        ledger.acknowledged.add(name)
        if (answer.header("Connection") or "").lower() == "close":
            client.close()
            return


async def until_refused(server):
    """Waits until no new connection is taken; the seconds that took."""
    begun = time.monotonic()
    while client := await Client.open(server):
        client.close()
        if time.monotonic() - begun > AT_ONCE_SECONDS:
            raise Failed("new connections are still taken %g s after the signal" % AT_ONCE_SECONDS)
    return time.monotonic() - begun


async def ended(server, deadline):
    """The exit code, which must be there by the deadline."""
    try:
        return await asyncio.to_thread(server.process.wait, max(0.01, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise Failed("it still runs when it should have ended") from None


def only_the_file(folder):
    there = set(os.listdir(folder))
    if "data.db" not in there or there - MAY_STAY:
        raise Failed("beside the data file are left: %s" % sorted(there - {"data.db"}))
    return " ".join(sorted(there))


async def names(server, cookie):
    """All names of the table, page by page."""
    client, found, page = await connected(server), [], 1
    while True:
        answer = await client.ask(head("GET", "%s?per_page=100&page=%d" % (RECORDS, page), "Cookie: " + cookie))
        check(200, "a page of the list", answer)
        told = json.loads(answer.body)
        found += [record["name"] for record in told["records"]]
        if page >= told["total_pages"]:
            client.close()
            return found
        page += 1


def kept_all(found, ledger):
    """Every acknowledged create once; of the others only such as were asked for."""
    kept = set(found)
    if len(kept) != len(found):
        raise Failed("%d records twice" % (len(found) - len(kept)))
    lost, unknown = ledger.acknowledged - kept, kept - set(ledger.sent) - {"first"}
    if lost or unknown:
        raise Failed("%d acknowledged creates are lost, %d records were never asked for" % (len(lost), len(unknown)))


def second_signal():
    """Who asks twice does not want to wait: the process is gone at once, and what was acknowledged is there."""
    with tempfile.TemporaryDirectory(prefix="carryall-stopping-") as folder:
        ledger, args = Ledger(), ["--db", seed(folder)]
        with Server("serve", args=args, env=FAULTS) as server:
            figures = asyncio.run(stop_twice(server, server.sign_in(), ledger))
        with Server("serve", args=args) as server:
            kept_all(asyncio.run(names(server, server.sign_in())), ledger)
        return "%s, %d creates kept" % (figures, len(ledger.acknowledged))


async def stop_twice(server, cookie, ledger):
    for count in range(20):
        name = "record %d" % count
        ledger.sent[name] = time.monotonic()
        answer, _ = await ask_once(server, post(RECORDS, json.dumps({"name": name}).encode(), "Cookie: " + cookie))
        check(201, "a create", answer)
        ledger.acknowledged.add(name)
    sleeper = await connected(server)
    await sleeper.send(head("GET", RECORD, "Cookie: " + cookie, "X-Carryall-Fault: sleep=%d" % (LONG_SLEEP_SECONDS * 1000)))
    await asyncio.sleep(0.3)
    os.kill(server.pid, signal.SIGTERM)
    await until_refused(server)
    if sleeper.ended or not server.alive():
        raise Failed("the first signal did not wait for the request that was under way")
    os.kill(server.pid, signal.SIGTERM)
    at = time.monotonic()
    code = await ended(server, at + AT_ONCE_SECONDS)
    if code == 0:
        raise Failed("a request was dropped, yet the exit code is 0")
    return "gone %d ms after the second signal, exit code %d" % ((time.monotonic() - at) * 1000, code)


TOGETHER = [stop_by_sigterm, stop_by_sigint, second_signal]
