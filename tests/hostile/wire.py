#!/usr/bin/env python3
"""Plays the corpus of odd requests against the executable, one connection each, and judges what comes back.

wire.py            all cases; a line for each that fails, and how many did. Exit 1 when any failed.
wire.py WORD...    only the cases whose names hold one of the words; with --list they are only named.

Besides what a case expects: every refusal is whole and in words, nothing is let slip, a stranger is answered after every case, and at the
end the data, the memory, the threads and the descriptors are what they were.
"""
import json
import queue
import re
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True  # these files are read where they lie; nothing is left beside them

from corpus import CASES
from corpus.shape import AWAIT, RECORDS, SMUGGLED_WORD
from server import LINUX, Failed, Garbage, Server, exchange, responses, values

SECONDS = 10
PLAYERS = 8
RSS_MORE_KB = 30 * 1024
SETTLE_SECONDS = 10
SHOWN = 90
LEAKS = (b"/src/", b"panicked", b"SELECT ", b"RUST_BACKTRACE", b".rs:")


class Answer:
    def __init__(self, status, headers, body, method):
        self.status, self.headers, self.body, self.method = status, headers, body, method

    def values(self, name):
        return values(self.headers, name)


class World:
    """What cases may need to know, and the state that they must leave as it was."""

    def __init__(self, server):
        self.server, self.port = server, server.port
        # What is made on first use has been made before anything is measured.
        for _ in range(PLAYERS):
            self.cookie = server.sign_in().encode()
            self.names()
        server.marker()
        self.before = self.names()
        self.rss_kb, self.threads, self.descriptors = server.rss_kb(), server.threads(), server.descriptors()

    def names(self):
        """How many records there are, and what the last of them are called."""
        path = RECORDS.decode() + "?per_page=100&sort=-id"
        status, _, body = self.server.ask("GET", path, headers=[("Cookie", self.cookie.decode())])
        if status != 200:
            raise Failed("GET %s: %d %r" % (path, status, body[:300]))
        page = json.loads(body)
        return page["total"], [record["name"] for record in page["records"]]


class Talk:
    """One conversation: what came, as bytes and as answers. The answer to our own last request, which shows that the connection is
    still good, is told apart from the case's."""

    def __init__(self, world, case):
        self.world, self.case = world, case
        self.got, self.ended, self.sent = b"", "open", ""
        self.begun = self.first = None
        self.interims, self.finals, self.still_good = [], [], False

    def read(self, mark):
        """Sorts the bytes into answers; raises Garbage."""
        for status, headers, body in responses(self.got, self.case.methods):
            methods, at = self.case.methods, len(self.finals)
            answer = Answer(status, headers, body, methods[at] if at < len(methods) else "GET")
            (self.interims if status < 200 else self.finals).append(answer)
        last = self.finals[-1] if self.finals else None
        if mark and last and last.status == 404 and mark in last.body:
            self.finals.pop()
            self.still_good = True


# --- playing ----------------------------------------------------------------------------------------------------------

def play(world, case, number):
    """Has the conversation and returns (talk, complaints)."""
    talk, mark = Talk(world, case), b"/the-end-of-%d-" % number
    data = case.data(world) if callable(case.data) else case.data
    talk.sent = shown(data)
    talk.begun = time.monotonic()
    with world.server.connect(SECONDS) as sock:
        if case.end in ("close", "reset"):
            leave(sock, data, case.end)
            return talk, []
        probed = converse(talk, sock, data, mark)
    if case.expect.statuses is not None:
        try:
            talk.read(mark if probed else None)
        except Garbage as garbage:
            return talk, [str(garbage)]
    return talk, list(judge(talk, probed))


def leave(sock, data, end):
    sock.sendall(data)
    if end == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def converse(talk, sock, data, mark):
    """Sends and reads to the end; true when our own last request was sent."""
    want, deadline = talk.case.expect, time.monotonic() + SECONDS
    steps = steps_of(data)
    for at, step in enumerate(steps[:-1]):
        listen(talk, sock, step, deadline, enough=at + 1)
    half = talk.case.end == "half"
    if want.statuses is None:
        listen(talk, sock, steps[-1], deadline, half, enough_bytes=None if half else 9)
        return False
    if want.closed or half:
        # One more than may come is enough to know.
        listen(talk, sock, steps[-1], deadline, half, enough=want.answers[1] + 1, finals=True)
        return False
    listen(talk, sock, steps[-1], deadline, enough=want.answers[0], finals=True)
    if talk.ended != "open":
        return False
    last = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % mark
    listen(talk, sock, last, deadline)
    return True


def steps_of(data):
    """What is sent at once, between one AWAIT and the next."""
    if not isinstance(data, list):
        return [data]
    steps = [b""]
    for part in data:
        if part is AWAIT:
            steps.append(b"")
        else:
            steps[-1] += part
    return steps


def listen(talk, sock, data, deadline, half=False, enough=None, finals=False, enough_bytes=None):
    """Sends and reads on until `enough` answers have come in all, or the connection or the time ends."""
    if talk.ended != "open":
        return
    before = talk.got

    def heard(new):
        if enough_bytes:
            return len(new) >= enough_bytes
        # Parsing all of it at every piece would take long where thousands of answers come.
        wanted = enough if enough and talk.first is not None else 1
        if before.count(b"HTTP/1.") + new.count(b"HTTP/1.") < wanted:
            return False
        try:
            came = responses(before + bytes(new), talk.case.methods, so_far=True)
        except Garbage:
            return False  # told when all has come
        if came and talk.first is None:
            talk.first = time.monotonic() - talk.begun
        count = sum(1 for status, _, _ in came if status >= 200 or not finals)
        return enough is not None and count >= enough

    new, talk.ended = exchange(sock, data, deadline, half, heard)
    talk.got = before + new


# --- judging ----------------------------------------------------------------------------------------------------------

def judge(talk, probed):
    want, got = talk.case.expect, talk.got
    if want.statuses is None:
        yield from complaint(talk.case.check(talk))
        return
    count = len(talk.finals)
    if not want.answers[0] <= count <= want.answers[1]:
        yield "%d answers" % count
    if talk.finals and talk.finals[0].status not in want.statuses:
        yield "the first is %d" % talk.finals[0].status
    if talk.ended == "open":
        yield "left open"
    if want.closed is False and not (probed and talk.still_good):
        yield "no good for another request"
    if not want.interims[0] <= len(talk.interims) <= want.interims[1] or any(interim.status != 100 for interim in talk.interims):
        yield "interim answers %r" % [interim.status for interim in talk.interims]
    for word in (SMUGGLED_WORD, *want.never):
        if word in got:
            yield "%r came back" % word
    for answer in talk.finals:
        yield from face(answer)
    if talk.case.within and (talk.first is None or talk.first > talk.case.within):
        yield "the answer came after %s" % ("%.1f s" % talk.first if talk.first else "all")
    if talk.case.check and talk.finals and count >= want.answers[0]:
        yield from complaint(talk.case.check(talk))


def complaint(found):
    return [found] if found else []


def face(answer):
    """What every answer has, and more when it refuses."""
    def exactly_one(name):
        return len(answer.values(name)) == 1 and answer.values(name)[0] != ""

    if answer.values("Server"):
        yield "%d with Server: %r" % (answer.status, answer.values("Server"))
    if not exactly_one("Date"):
        yield "%d without a Date (RFC 9110 6.6.1)" % answer.status
    if answer.status < 400:
        return
    lacking = [name for name in ("Content-Type", "X-Request-Id", "X-Content-Type-Options", "Content-Length")
               if not exactly_one(name) and not (name == "Content-Length" and answer.method == "HEAD")]
    if lacking:
        yield "%d without %s" % (answer.status, ", ".join(lacking))
    elif answer.values("X-Content-Type-Options")[0].lower() != "nosniff":
        yield "X-Content-Type-Options is %r" % answer.values("X-Content-Type-Options")
    elif not re.fullmatch(r"application/json(;.*)?", answer.values("Content-Type")[0]):
        yield "%d as %r" % (answer.status, answer.values("Content-Type"))
    if answer.method != "HEAD":
        yield from in_words(answer)


def in_words(answer):
    """{"error": {"code": ..., "message": ...}}, and nothing that is nobody's business."""
    try:
        error = json.loads(answer.body)["error"]
        good = all(isinstance(error[key], str) and error[key].strip() for key in ("code", "message"))
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        yield "%d without words: %r" % (answer.status, answer.body[:SHOWN])
    for leak in LEAKS:
        if leak in answer.body:
            yield "%d tells %r" % (answer.status, leak)


def told(expect):
    """An expectation in words."""
    if expect.statuses is None:
        return "another protocol"
    low, high = expect.answers
    statuses = " or ".join(map(str, sorted(expect.statuses))) or "no answer"
    number = "%d" % low if low == high else "%d to %d" % (low, high)
    closed = {True: ", closed", False: ", open", None: ""}[expect.closed]
    return "%s, %s in all%s" % (statuses, number, closed)


def shown(data):
    if isinstance(data, list):
        data = b" ... ".join(b"(awaits)" if part is AWAIT else part for part in data)
    if not isinstance(data, bytes):
        return "a stream"
    # What differs is mostly not at the beginning.
    cut = data.replace(b"\r\nHost: localhost", b"").replace(b"Content-Type: application/json\r\nAccept: application/json\r\n", b"")
    short = cut if len(cut) <= 2 * SHOWN else cut[:SHOWN] + b" ... " + cut[-SHOWN:]
    return "%r (%d bytes)" % (short, len(data))


# --- the campaign -----------------------------------------------------------------------------------------------------

class Campaign:
    def __init__(self, world):
        self.world, self.failures, self.dead, self.lock = world, 0, False, threading.Lock()

    def fail(self, line):
        with self.lock:
            self.failures += 1
            print("  \u2717 " + line, flush=True)

    def one(self, number, case):
        """A case and the stranger after it."""
        try:
            talk, complaints = play(self.world, case, number)
        except Exception as error:  # a fault of ours must not pass for a case that went well
            talk, complaints = None, ["%s: %s" % (type(error).__name__, error)]
        try:
            self.world.server.marker()
        except (OSError, Failed, Garbage) as error:
            complaints.append("after it a stranger gets no answer: %s" % error)
        if not self.world.server.alive():
            self.dead = True
            complaints.append("THE SERVER IS DEAD")
        if complaints:
            statuses = ", ".join(str(answer.status) for answer in talk.finals[:5]) if talk else ""
            self.fail("%s (%s): sent %s; expected %s; got [%s] %s: %s" % (
                case.name, case.why, talk.sent if talk else "", told(case.expect), statuses, talk.ended if talk else "",
                "; ".join(complaints)))

    def run(self, cases):
        """Most cases side by side; those that weigh much one by one."""
        work = queue.SimpleQueue()
        for number, case in enumerate(cases):
            if not case.alone:
                work.put((number, case))

        def player():
            while not self.dead:
                try:
                    self.one(*work.get_nowait())
                except queue.Empty:
                    return

        players = [threading.Thread(target=player) for _ in range(PLAYERS)]
        for each in players:
            each.start()
        for each in players:
            each.join()
        for number, case in enumerate(cases):
            if case.alone and not self.dead:
                self.one(number, case)

    def afterwards(self, cases):
        """The data is as the cases should have left it, and the process is no bigger than it was."""
        world, server = self.world, self.world.server
        before, wanted = world.before[0], sum(case.creates for case in cases)
        total, names = world.names()
        if total != before + wanted:
            made = [name for name in names if name not in world.before[1]]
            self.fail("%d records instead of %d; new are %r" % (total, before + wanted, made[:20]))
        if LINUX:
            self.weigh()
        else:
            print("  - memory, threads and descriptors are not measured on this system")
        code, seconds = server.stop()
        if code != 0 or seconds > SETTLE_SECONDS:
            self.fail("asked to stop, it ended with %d after %.1f s" % (code, seconds))
        log = server.errors()
        for line in [line for line in log.splitlines() if "panicked" in line][:5]:
            self.fail("the log tells of a panic: %s" % line[:200])
        for line in [line for line in log.split("\n") if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line)][:5]:
            self.fail("control bytes got into the log (H18): %r" % line[:200])

    def weigh(self):
        world, server = self.world, self.world.server
        deadline = time.monotonic() + SETTLE_SECONDS
        while server.descriptors() > world.descriptors and time.monotonic() < deadline:
            time.sleep(0.05)
        for what, before, after, more in (("descriptors", world.descriptors, server.descriptors(), 0),
                                          ("threads", world.threads, server.threads(), 8),
                                          ("kB of memory", world.rss_kb, server.rss_kb(), RSS_MORE_KB)):
            if after > before + more:
                self.fail("%s: %d before, %d afterwards" % (what, before, after))


def main():
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    words = [word for word in sys.argv[1:] if word != "--list"]
    cases = [case for case in CASES if not words or any(word in case.name for word in words)]
    if len({case.name for case in CASES}) != len(CASES):
        sys.exit("two cases have the same name")
    if "--list" in sys.argv:
        print("\n".join("%s (%s): %s" % (case.name, case.why, told(case.expect)) for case in cases))
        return
    begun = time.monotonic()
    with Server() as server:
        campaign = Campaign(World(server))
        campaign.run(cases)
        if not campaign.dead:
            campaign.afterwards(cases)
    print("%d cases, %d failures (%.0f s)" % (len(cases), campaign.failures, time.monotonic() - begun))
    sys.exit(1 if campaign.failures else 0)


if __name__ == "__main__":
    main()
