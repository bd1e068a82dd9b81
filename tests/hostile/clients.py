"""Clients by the hundred: a connection whose answers are read whole, bystanders who time theirs, and the waiting that the campaigns share.

Everything is one asyncio loop; nothing waits without a deadline, and no pause is a proof.
"""
import asyncio
import contextlib
import json
import os
import re
import socket
import struct
import subprocess
import tempfile
import time
from typing import NamedTuple

from server import ANSWER_SECONDS, BIN, Failed, Server, responses, values

RECORD = "/api/apps/crm/schemas/companies/records/rec_1"
RECORDS = "/api/apps/crm/schemas/companies/records"
LIST = "/api/apps/crm/schemas/deals/records?per_page=100"
FAULTS = {"CARRYALL_FAULT": "handlers"}
DOWNLOAD_BYTES = 64 * 1024 * 1024
PIECE_BYTES = 64 * 1024
POLL_SECONDS = 0.05
SOON_SECONDS = 1.0
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)[ \t]*\r\n", re.I)


class Answer(NamedTuple):
    status: int
    headers: list
    body: bytes

    def header(self, name):
        return next(iter(values(self.headers, name)), None)

    def error(self):
        """The error of an answer in the house's form; raises Failed when it has another."""
        try:
            return json.loads(self.body)["error"]
        except (ValueError, KeyError, TypeError):
            raise Failed("%d without an error in JSON: %r" % (self.status, self.body[:200])) from None

    def check_busy(self, *statuses):
        """A refusal for now: one of these statuses, an error in JSON, and when to come back."""
        if self.status not in statuses:
            raise Failed("%d instead of %s: %r" % (self.status, " or ".join(map(str, statuses)), self.body[:200]))
        self.error()
        if not re.fullmatch(r"[0-9]+", self.header("Retry-After") or ""):
            raise Failed("%d without Retry-After" % self.status)


def check(status, who, answer):
    """`who` must have got an answer with this status; None is the answer of a connection that ended."""
    if answer is None:
        raise Failed("%s gets no answer" % who)
    if status == 503:
        answer.check_busy(503)
    elif answer.status != status:
        raise Failed("%s gets %d instead of %d: %r" % (who, answer.status, status, answer.body[:200]))


def head(method, path, *headers, length=None):
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: localhost", *headers]
    if length is not None:
        lines.append("Content-Length: %d" % length)
    return "\r\n".join([*lines, "", ""]).encode()


def post(path, body, *headers):
    return head("POST", path, *headers, length=len(body)) + body


HEALTH = head("GET", "/healthz")


class Client(asyncio.Protocol):
    """One connection. `ended` is None, 'closed' or 'reset'; what came before the end can be read in either case."""

    def __init__(self):
        self.got, self.ended = bytearray(), None
        self.news, self.may_send = asyncio.Event(), asyncio.Event()
        self.may_send.set()

    @classmethod
    async def open(cls, server, source=None):
        """Connects, from another address of this machine if one is given; None when that is refused."""
        try:
            _, client = await asyncio.get_running_loop().create_connection(
                cls, "127.0.0.1", server.port, local_addr=(source, 0) if source else None)
        except (ConnectionRefusedError, ConnectionResetError):
            return None
        return client

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.got += data
        self.news.set()

    def eof_received(self):
        self.ended = self.ended or "closed"
        self.news.set()

    def connection_lost(self, error):
        self.ended = self.ended or ("reset" if error else "closed")
        self.news.set()
        self.may_send.set()

    def pause_writing(self):
        self.may_send.clear()

    def resume_writing(self):
        self.may_send.set()

    async def send(self, data):
        """Sends all of it, unless an answer or the end comes first."""
        data = memoryview(data)
        for at in range(0, len(data), PIECE_BYTES):
            if self.ended or self.got or self.transport.is_closing():
                return
            self.transport.write(data[at:at + PIECE_BYTES])
            await self.may_send.wait()
            await asyncio.sleep(0)

    async def comes(self, test, seconds):
        """Waits for test() to be true, which only news of this connection can change; whether it was in time."""
        try:
            async with asyncio.timeout(seconds):
                while not test():
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            return False
        return True

    async def is_awaited(self, seconds=ANSWER_SECONDS):
        """After `Expect: 100-continue`: whether the server waits for the body. If not, its answer or the end has come."""
        if not await self.comes(lambda: self.got.endswith(b"\r\n\r\n") or self.ended or self._has_final_status(), seconds):
            raise Failed("neither 100 nor an answer within %g s, only %r" % (seconds, bytes(self.got[:200])))
        if self.ended or self._has_final_status():
            return False
        del self.got[:]
        return True

    def _has_final_status(self):
        return len(self.got) > 9 and self.got[9:10] != b"1"

    async def answer(self, method="GET", seconds=ANSWER_SECONDS):
        """The next answer, whole; None when the connection ended before any of it."""
        found = None

        def is_over():
            nonlocal found
            found = self._take(method)
            return found or self.ended

        if not await self.comes(is_over, seconds):
            raise Failed("no whole answer within %g s, only %r" % (seconds, bytes(self.got[:200])))
        if not found and self.got:
            raise Failed("the connection is %s within an answer: %r" % (self.ended, bytes(self.got[:200])))
        return found

    def _take(self, method):
        end = self.got.find(b"\r\n\r\n") + 4
        if end < 4:
            return None
        length = LENGTH.search(self.got, 0, end - 2)
        is_empty = method == "HEAD" or self.got[9:12] in (b"204", b"304") or self.got[9:10] == b"1"
        if not length and not is_empty:
            raise Failed("an answer without a length: %r" % bytes(self.got[:end]))
        size = end if is_empty else end + int(length.group(1))
        if len(self.got) < size:
            return None
        (found,) = responses(bytes(self.got[:size]), [method])
        del self.got[:size]
        return Answer(*found) if found[0] >= 200 else self._take(method)

    async def ask(self, data, method="GET", seconds=ANSWER_SECONDS):
        await self.send(data)
        return await self.answer(method, seconds)

    async def rest(self, seconds):
        """All that comes until the connection ends; None when it does not end in time."""
        return bytes(self.got) if await self.comes(lambda: self.ended, seconds) else None

    def close(self):
        self.transport.close()

    def reset(self):
        """Leaves without a farewell: the server gets RST."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


async def connected(server, source=None):
    """A connection that must come about."""
    client = await Client.open(server, source)
    if client is None:
        raise Failed("a connection is refused")
    return client


async def ask_once(server, data, seconds=ANSWER_SECONDS, source=None):
    """Asks on a connection of its own; (answer, seconds it took). The answer is None when there was none, but an end."""
    begun = time.monotonic()
    client = await Client.open(server, source)
    if client is None:
        return None, time.monotonic() - begun
    try:
        return await client.ask(data, seconds=seconds), time.monotonic() - begun
    finally:
        client.close()


async def until(what, test, seconds):
    """Waits for test() to be true and says how long that took; `what` may be a function that tells how things stand."""
    begun = time.monotonic()
    while not test():
        if time.monotonic() - begun > seconds:
            raise Failed("not within %g s: %s" % (seconds, what() if callable(what) else what))
        await asyncio.sleep(POLL_SECONDS)
    return time.monotonic() - begun


def descriptors(server):
    """How many descriptors the server has open, but for those of the data file: SQLite opens some at first use and keeps them."""
    count, folder = 0, "/proc/%d/fd" % server.pid
    for number in os.listdir(folder):
        try:
            count += not os.readlink(os.path.join(folder, number)).endswith((".db", ".db-wal", ".db-shm"))
        except FileNotFoundError:
            pass
    return count


async def descriptors_back(server, base, seconds):
    return await until(lambda: "%d descriptors, at first %d" % (descriptors(server), base), lambda: descriptors(server) <= base, seconds)


class Bystanders:
    """Others, who ask on meanwhile: for the health check by a new connection each time, for a record by one that they keep.

    All must be answered, none later than SOON_SECONDS; that is judged at the end of the `async with`.
    """

    def __init__(self, server, cookie):
        self.server, self.seconds, self.is_over = server, [], False
        self.record = head("GET", RECORD, "Cookie: " + cookie)

    async def __aenter__(self):
        self.kept = await connected(self.server)
        self.tasks = [asyncio.create_task(self._ask_on(once)) for once in (self._health, self._read)]
        await until("the bystanders are answered", self._has_begun, ANSWER_SECONDS)
        return self

    def _has_begun(self):
        return len(self.seconds) >= 2 or any(task.done() for task in self.tasks)

    async def _health(self):
        answer, _ = await ask_once(self.server, HEALTH)
        return answer

    async def _read(self):
        return await self.kept.ask(self.record)

    async def _ask_on(self, once):
        while not self.is_over:
            begun = time.monotonic()
            check(200, "a bystander", await once())
            self.seconds.append(time.monotonic() - begun)
            await asyncio.sleep(POLL_SECONDS)

    async def __aexit__(self, kind, *_):
        self.is_over = True
        told = await asyncio.gather(*self.tasks, return_exceptions=True)
        self.kept.close()
        if kind is None:
            for error in filter(None, told):
                raise error
            if max(self.seconds) > SOON_SECONDS:
                raise Failed("a bystander waits %.2f s" % max(self.seconds))

    def __str__(self):
        return "%d answers to bystanders, the worst in %d ms" % (len(self.seconds), max(self.seconds) * 1000)


def peak_kb(server):
    """The most memory that the server ever had."""
    with open("/proc/%d/status" % server.pid, encoding="ascii", errors="replace") as file:
        return int(re.search(r"^VmHWM:\s*(\d+)", file.read(), re.M).group(1))


def unharmed(server):
    """The server lives, answers, and never panicked."""
    if not server.alive():
        raise Failed("the server is gone, exit code %s: %s" % (server.process.returncode, server.errors()[-500:]))
    server.marker()
    if "panicked" in server.errors():
        raise Failed("a panic: %s" % server.errors()[server.errors().find("panicked") - 100:][:500])


def against(run, **server):
    """Runs run(server, cookie) against a server of its own, which must be well afterwards; returns what it returns."""
    with Server(**server) as server:
        figures = asyncio.run(run(server, server.sign_in()))
        unharmed(server)
        return figures


@contextlib.contextmanager
def public_folder():
    """A folder for --public with one file, /big.bin, of DOWNLOAD_BYTES."""
    with tempfile.TemporaryDirectory(prefix="carryall-public-") as folder:
        with open(os.path.join(folder, "big.bin"), "wb") as file:
            file.truncate(DOWNLOAD_BYTES)
        yield folder


async def warm_up(server, cookie):
    """What the server makes on first use, it has after this: so that what is counted later is the crowd's."""
    for _ in range(5):
        for answer, _ in await asyncio.gather(*(ask_once(server, head("GET", LIST, "Cookie: " + cookie)) for _ in range(32))):
            check(200, "a list", answer)
    before = None
    while before != (before := (server.threads(), server.rss_kb())):
        await asyncio.sleep(0.3)


def seed(folder, rows=("name", "first")):
    """A data file in a folder, with one table crm/companies that the rows (a header first) fill."""
    csv, db = os.path.join(folder, "companies.csv"), os.path.join(folder, "data.db")
    with open(csv, "w", encoding="utf-8") as file:
        file.writelines(row + "\n" for row in rows)
    done = subprocess.run([BIN, "import", csv, "--app", "crm", "--db", db], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    if done.returncode != 0:
        raise Failed("carryall import: exit %d: %s" % (done.returncode, done.stderr.decode("utf-8", "replace")[:500]))
    os.remove(csv)
    return db
