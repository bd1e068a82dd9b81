"""HTTP/2 against its own weaknesses: heads without end, streams that are reset, frames that cost an answer, windows that never open.

Whatever comes, the process lives, its memory stays bounded, others are served, and a client that takes nothing is gone after 20 s.
"""
import concurrent.futures
import os
import tempfile
import time

from frames import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, FRAME_BYTES, HEADERS, HELLO, PING, PREFACE, PRIORITY, SETTINGS,
                    WINDOW_MAX, WINDOW_SIZE, WINDOW_UPDATE, fields, frame, head, length, listen, request, reset, settings, talk, window)
from server import exchange
from visitor import RECORDS, SCRATCH, Visited, check, same

MORE_KB = 40 * 1024
RESETS, PINGS, IDLE = 20_000, 100_000, 300
STALL_SECONDS, GRACE = 20, 5
BIG_BYTES = 64 * 1024 * 1024
FLOOD_SECONDS, UNREAD_SECONDS = 15, 5


def memory(server, name, flood):
    """Lets a flood come, and checks that the server's memory stays bounded and that others are served; what was heard."""
    before = server.rss_kb()
    heard = flood()
    more = (server.peak_kb() or 0) - (before or 0)
    begun = time.monotonic()
    server.marker()
    took = time.monotonic() - begun
    check("%s: the process lives, its memory is bounded, others are served" % name, server.alive() and more < MORE_KB and took < 1,
          "%d KB more, %.2f s" % (more, took))
    return heard


def bombs():
    """Heads that never end or that unfold to more than they are."""
    with Visited() as server:
        start = frame(HEADERS, END_STREAM, 1, head(fields("GET", "/healthz")))

        def more(block):
            return frame(CONTINUATION, 0, 1, block)

        cases = {
            "a head of 64 MiB in CONTINUATIONs": [more(head([("x-%d" % at, b"y" * (FRAME_BYTES - 20))])) for at in range(4096)],
            "100,000 empty CONTINUATIONs": [more(b"") * 1000] * 100,
            "100,000 CONTINUATIONs of a byte": [more(b"\0") * 1000] * 100,
            "one field of 64 MiB": [more(b"\0\x01x" + length(BIG_BYTES)), *[more(b"y" * FRAME_BYTES)] * 4096],
        }
        for name, data in cases.items():
            heard = memory(server, name, lambda: talk(server, [HELLO, start, *data], [1], FLOOD_SECONDS))
            check("%s: refused by 431, a reset, GOAWAY or the end" % name,
                  heard.statuses.get(1) in (None, 431) and (heard.ended != "open" or heard.resets or heard.statuses), heard)
        # One field that the table keeps, then that field again and again, a byte each (RFC 7541 6.1).
        kept = head(fields("GET", "/healthz")) + b"\x40\x01x" + length(4000) + b"y" * 4000
        bomb = HELLO + frame(HEADERS, END_HEADERS | END_STREAM, 1, kept + b"\xbe" * 10_000)
        heard = memory(server, "4 KB that are named 10,000 times", lambda: talk(server, bomb, [1], FLOOD_SECONDS))
        check("and refused", heard.statuses.get(1) in (None, 431), heard)
        many = head([*fields("GET", RECORDS), *(("x-%d" % at, "y") for at in range(400))])
        heard = talk(server, HELLO + frame(HEADERS, END_HEADERS | END_STREAM, 1, many), [1])
        same("400 headers are 431", heard.statuses, {1: 431})
        check("and why is said", b'"message":"' in heard.bodies.get(1, b""), heard.bodies)
        heard = talk(server, HELLO + request(1, "GET", "/" + "x" * 9000) + request(3, "GET", "/healthz"), [1, 3])
        same("an address of 9000 bytes is 414, the connection stays", heard.statuses, {1: 414, 3: 200})
        large, larger = (request(at, "GET", "/healthz", ("x-big", "y" * size)) for at, size in ((1, 15_000), (3, 40_000)))
        heard = talk(server, HELLO + large + larger, [1, 3])
        same("15 KB of headers are taken, 40 KB are not", heard.statuses, {1: 200, 3: 431})
        check("and why is said", b'"message":"The head of the request is longer than' in heard.bodies.get(3, b""), heard.bodies)


def resets():
    """Streams that are opened and taken back at once (CVE-2023-44487), and their like."""
    with Visited() as server:
        session = ("cookie", server.signed_in()[1])
        asked = request(1, "GET", RECORDS, session)[9:]

        def stream(at):
            return frame(HEADERS, END_HEADERS | END_STREAM, at, asked)

        def broken(at):
            return stream(at) + window(at, 0)

        def half(at):
            return frame(HEADERS, END_HEADERS, at, head(fields("POST", RECORDS, session))) + frame(DATA, 0, at, b"{") + reset(at)

        for name, one in (("opened and reset", lambda at: stream(at) + reset(at)),
                          ("opened and broken, so that the server resets them", broken), ("begun to be sent and reset", half)):
            data = [HELLO, *(b"".join(one(at) for at in range(first, first + 200, 2)) for first in range(1, 2 * RESETS, 200))]
            heard = memory(server, "%d streams %s" % (RESETS, name), lambda: talk(server, data, seconds=3))
            check("%s: GOAWAY says so when that ends the connection" % name, heard.goaways or heard.ended != "closed", heard)
        total = server.visit("GET", RECORDS, headers=[("Cookie", session[1])]).json()["total"]
        same("none of that made a record", total, 1)


def pings():
    """Frames that cost an answer each, from clients that read the answers and from those that do not."""
    with Visited() as server:
        for name, piece, kind in (("PING", frame(PING, 0, 0, b"12345678"), PING), ("SETTINGS", settings(), SETTINGS)):
            flood = [piece * 1000] * (PINGS // 1000)
            told = "%d %ss" % (PINGS, name)
            heard = memory(server, told, lambda: talk(server, [HELLO, *flood, request(1, "GET", "/healthz")], [1], FLOOD_SECONDS))
            answers = heard.count(kind, ACK)
            is_calm = answers >= PINGS and heard.statuses == {1: 200}
            check("%s are all answered, or the connection is ended" % told, is_calm or heard.ended != "open", (answers, heard))
            memory(server, "%ss whose answers nobody reads" % name, lambda: push(server, [HELLO, *flood * 20]))
        opened = frame(HEADERS, END_HEADERS, 1, head(fields("POST", "/auth/login/", ("content-type", "application/json"))))
        for name, piece in (("empty bodies", frame(DATA, 0, 1)), ("unknown frames", frame(99, 255, 0, bytes(100))),
                            ("priorities", frame(PRIORITY, 0, 9, b"\0\0\0\1\0")), ("windows of a byte", window(0, 1))):
            memory(server, "100,000 %s" % name, lambda: talk(server, [HELLO + opened, *[piece * 1000] * 100], seconds=1))


def push(server, data):
    """Sends on a new connection without ever reading, until nothing more is taken or the time is up."""
    until = time.monotonic() + UNREAD_SECONDS
    with server.connect(1) as sock:
        try:
            for piece in data:
                sock.sendall(piece)
                if time.monotonic() > until:
                    return
        except OSError:
            return  # it waits for us to read, or has had enough


def idle():
    """Connections that hold on without asking: no thread each, little memory, and others are served."""
    with Visited() as server:
        server.marker()
        threads, before, descriptors = server.threads(), server.rss_kb(), server.descriptors()
        crowd = [server.connect() for _ in range(IDLE)]
        try:
            for at, sock in enumerate(crowd):
                sock.sendall((HELLO + request(1, "GET", "/healthz"), HELLO, PREFACE, PREFACE[:20], PREFACE[:5])[at % 5])
            heard = listen(crowd[0], streams=[1])
            same("the first of %d is answered" % IDLE, heard.statuses, {1: 200})
            server.marker()
            if threads is not None:
                more_kb = server.rss_kb() - before
                check("%d idle connections take no thread and less than 100 KB each" % IDLE,
                      server.threads() <= threads + 2 and more_kb < IDLE * 100, (threads, server.threads(), more_kb))
        finally:
            for sock in crowd:
                sock.close()
        until = time.monotonic() + 5
        while descriptors is not None and server.descriptors() > descriptors and time.monotonic() < until:
            time.sleep(0.05)
        check("and when they leave, their descriptors are back", descriptors is None or server.descriptors() <= descriptors,
              (descriptors, server.descriptors()))


def stalls():
    """Clients that ask for much and take nothing: gone 20 s later, whatever else they say meanwhile."""
    site = tempfile.mkdtemp(dir=SCRATCH.name)
    with open(os.path.join(site, "big.bin"), "wb") as file:
        file.truncate(BIG_BYTES)
    with Visited("--public", site) as server:
        session = ("cookie", server.signed_in()[1])
        big, closed = request(1, "GET", "/big.bin"), PREFACE + settings((WINDOW_SIZE, 0))
        ways = {
            "a first window of 0": (closed + big, b""),
            "no window of the connection": (HELLO + big, b""),
            "128 streams with a window of 0": (closed + b"".join(request(at, "GET", "/big.bin") for at in range(1, 257, 2)), b""),
            "a short answer and a window of 0": (closed + request(1, "GET", RECORDS, session), b""),
            "a window of 0, and a PING every 20 ms": (closed + big, frame(PING, 0, 0, bytes(8))),
            "a window of 0, and SETTINGS every 20 ms": (closed + big, settings()),
            "a window that opens a byte every 200 ms": (closed + big, window(1, 1)),
        }
        before, begun = server.rss_kb(), time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(len(ways) + 3) as threads:
            wide = PREFACE + settings((WINDOW_SIZE, WINDOW_MAX)) + window(0, WINDOW_MAX - 65_535)
            unread = threads.submit(never_reading, server, wide + big)
            half = threads.submit(stalled, server, PREFACE[:18], b"", begun)
            patient = threads.submit(stalled, server, closed + big + window(1, 65_535), window(1, 500) + window(0, 500), begun)
            waiting = {name: threads.submit(stalled, server, start, more, begun) for name, (start, more) in ways.items()}
            slowest = 0
            while time.monotonic() - begun < STALL_SECONDS:
                asked = time.monotonic()
                server.marker()
                slowest = max(slowest, time.monotonic() - asked)
                time.sleep(0.1)
            took = half.result()
            check("half the preface of HTTP/2 and no more: gone within %d s" % STALL_SECONDS, took <= STALL_SECONDS, "%.1f s" % took)
            for name, end in waiting.items():
                took = end.result()
                check("%s: gone after %d s" % (name, STALL_SECONDS), STALL_SECONDS - 3 <= took <= STALL_SECONDS + GRACE, "%.1f s" % took)
            check("a window that opens 500 bytes every 200 ms is slow, and served on", patient.result() == float("inf"), patient.result())
            check("a wide window, and a client that does not read: gone, not served whole", unread.result() < BIG_BYTES, unread.result())
        check("others are served meanwhile, each within a second", slowest < 1, "%.2f s" % slowest)
        if before is not None:
            check("and the memory stays bounded", server.peak_kb() - before < MORE_KB, server.peak_kb() - before)


def stalled(server, start, more, begun):
    """Seconds until the connection ends; infinite when it stays. `more` is what it goes on to say."""
    until = begun + STALL_SECONDS + GRACE + 1

    def saying():
        yield start
        while more and time.monotonic() < until:
            time.sleep(0.2 if more[3] == WINDOW_UPDATE else 0.02)
            yield more

    with server.connect() as sock:
        _, ended = exchange(sock, saying(), until)
        return float("inf") if ended == "open" else time.monotonic() - begun


def never_reading(server, data):
    """Asks, reads nothing for the time of a stall and its grace, and returns how much was on its way then."""
    with server.connect() as sock:
        sock.sendall(data)
        time.sleep(STALL_SECONDS + GRACE)
        got, ended = exchange(sock, b"", time.monotonic() + 3)
        return len(got) if ended != "open" else BIG_BYTES


SCENARIOS = (stalls, resets, pings, bombs, idle)
