"""HTTP/2: what curl gets by it, a hundred requests at a time, and requests that are none."""
import concurrent.futures
import hashlib
import json
import os
import re
import tempfile

from frames import (ACK, CONTINUATION, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM, FRAME_BYTES, FRAME_SIZE, HEADERS, HELLO, MAX_STREAMS,
                    PADDED, PING, PREFACE, PRIORITY, PUSH_PROMISE, SETTINGS, WINDOW_MAX, WINDOW_SIZE, Heard, fields, frame, frames, head,
                    listen, request, reset, settings, talk, window)
from server import ANSWER_SECONDS
from visitor import APPS, RECORDS, SCRATCH, TLS, Visited, check, curl, same

STREAMS = 100
LINGER_SECONDS = 5  # for which the server goes on reading what it refused, for clients that look for the answer late
UPLOAD_BYTES, DOWNLOAD_BYTES = 10 * 1024 * 1024, 64 * 1024 * 1024
TOO_LONG_BYTES = 40 * 1024 * 1024
IMPORT = "/api/apps/crm/schemas/companies/import"
JSON = "Content-Type: application/json"


def clients():
    """curl, by TLS and by prior knowledge."""
    site = tempfile.mkdtemp(dir=SCRATCH.name)
    data = os.urandom(DOWNLOAD_BYTES)
    rows = b"name\n" + b"".join(b"Row %08d %s\n" % (at, b"x" * 1000) for at in range(UPLOAD_BYTES // 1014 + 1))
    for name, content in (("big.bin", data), ("rows.csv", rows)):
        with open(os.path.join(site, name), "wb") as file:
            file.write(content)
    with Visited("--public", site, *TLS) as server:
        session = "Cookie: %s" % server.signed_in()[1]
        for how, base, flags in (("by TLS", "https://localhost:%d" % server.port, ("--http2",)),
                                 ("by prior knowledge", "http://127.0.0.1:%d" % server.port, ("--http2-prior-knowledge",))):
            def ask(*args, path):
                return curl(*flags, "-g", *args, base + path)

            code, body, told = ask("-i", path="/api/no/such/address")
            head_lines = body.split(b"\r\n\r\n")[0].decode().splitlines()
            is_json = "content-type: application/json" in head_lines and head_lines[0].startswith("HTTP/2 404")
            is_lower = all(line.split(":")[0] == line.split(":")[0].lower() for line in head_lines[1:])
            check("%s: an unknown path is 404 in JSON, every header in small letters" % how,
                  (code, told) == (0, "404 2 1") and is_json and is_lower, body)
            code, body, told = ask("-H", "Host: evil.example", path=APPS)
            check("%s: a foreign authority is 421" % how, (code, told) == (0, "421 2 1") and b"--public-url" in body, (code, body, told))
            code, body, told = ask("-I", path="/healthz")
            check("%s: HEAD is understood" % how, (code, told) == (0, "200 2 1") and b"\r\ncontent-length: 15\r\n" in body,
                  (code, body, told))
            before = total(ask, session)
            code, body, told = ask("-H", session, "-H", JSON, "-d", '{"name": "Posted %s"}' % how, path=RECORDS)
            check("%s: POST makes a record" % how, (code, told) == (0, "201 2 1") and json.loads(body)["name"] == "Posted %s" % how,
                  (code, body, told))
            same("%s: and only once" % how, total(ask, session), before + 1)
            code, body, told = ask("-H", session, "-H", "Content-Type: text/csv", "--data-binary", "@" + os.path.join(site, "rows.csv"),
                                   path=IMPORT)
            count = rows.count(b"\n") - 1
            same("%s: an import of 10 MiB" % how, (code, told, json.loads(body or b"{}")),
                 (0, "201 2 1", {"created": count, "updated": 0, "errors": [], "dry_run": False}))
            same("%s: and its rows are there" % how, total(ask, session), before + 1 + count)
            code, body, told = ask(path="/big.bin")
            same("%s: a download of 64 MiB is intact" % how, (code, told, hashlib.sha256(body).digest()),
                 (0, "200 2 1", hashlib.sha256(data).digest()))
            code, body, told = ask("-r", "-100", path="/big.bin")
            same("%s: and its end" % how, (code, told, body), (0, "206 2 1", data[-100:]))
        base = "https://localhost:%d%s" % (server.port, RECORDS)
        urls = [word for at in range(STREAMS) for word in ("-o", os.devnull, "%s?page=%d" % (base, at + 1))]
        code, _, told = curl("--no-progress-meter", "-H", session, "-Z", "--parallel-max", str(STREAMS), *urls)
        answers = re.findall(r"\b([0-9]{3}) ([0-9.]+) ([0-9]+)$", told, re.M)
        is_one = sum(int(connects) for _, _, connects in answers) == 1
        is_good = code == 0 and len(answers) == STREAMS and {answer[:2] for answer in answers} == {("200", "2")}
        check("%d requests of curl at a time, one connection" % STREAMS, is_good and is_one, (code, len(answers), told[-300:]))


def total(ask, session):
    """How many records there are."""
    code, body, told = ask("-H", session, path=RECORDS + "?per_page=1")
    return json.loads(body)["total"] if (code, told) == (0, "200 2 1") else (code, body, told)


def streams():
    """Many requests on one connection, by hand."""
    with Visited() as server:
        session = ("cookie", server.signed_in()[1])
        numbers = range(1, 2 * STREAMS, 2)
        heard = talk(server, HELLO + b"".join(request(at, "GET", "%s?page=%d" % (RECORDS, at), session) for at in numbers), numbers)
        pages = [json.loads(heard.bodies.get(at, b"{}")).get("page") for at in numbers]
        check("%d requests in one write: each gets its own answer" % STREAMS,
              set(heard.statuses.values()) == {200} and pages == list(numbers), (heard, pages[:5]))
        told = {int.from_bytes(found.payload[at:at + 2], "big"): int.from_bytes(found.payload[at + 2:at + 6], "big")
                for found in heard.frames[:1] if found.kind == SETTINGS for at in range(0, len(found.payload), 6)}
        check("the server says how many it takes, at least %d" % STREAMS, STREAMS <= told.get(MAX_STREAMS, 0) <= 1000, told)
        numbers = range(1, 2 * 1000, 2)
        heard = talk(server, HELLO + b"".join(request(at, "GET", "/healthz") for at in numbers), numbers)
        is_calm = heard.ended != "open" or all(heard.statuses.get(at) == 200 or heard.resets.get(at) in (7, 11) for at in numbers)
        check("1000 at a time: answered, refused one by one, or closed", is_calm, heard)
        post = request(1, "POST", RECORDS, session, ("content-type", "application/json"), body=b'{"name": "In pieces"}')
        heard = talk(server, [HELLO, *(post[at:at + 1] for at in range(len(post)))], [1])
        same("a POST that comes byte by byte", heard.statuses, {1: 201})
        crumbs = opened(head(fields("POST", RECORDS, session, ("content-type", "application/json"))), END_HEADERS)
        crumbs += b"".join(frame(DATA, 0, 1, bytes([byte])) + frame(DATA, 0, 1) for byte in b'{"name": "In crumbs"}')
        heard = talk(server, HELLO + crumbs + frame(DATA, END_STREAM, 1), [1])
        same("and one whose body comes in frames of a byte", heard.statuses, {1: 201})
        for path, status, more in ((IMPORT, 401, ()), (RECORDS, 413, (session, ("content-length", str(TOO_LONG_BYTES)))),
                                   ("/nothing", 404, (session,))):
            begun = opened(head(fields("POST", path, ("content-type", "text/csv"), *more)), END_HEADERS)
            heard = talk(server, HELLO + begun + frame(DATA, 0, 1, bytes(FRAME_BYTES)), seconds=LINGER_SECONDS + 1)
            check("a body that nobody wants: %d whole, in a while 'no error' (RFC 9113 8.1)" % status,
                  (heard.statuses, heard.done, heard.resets) == ({1: status}, {1}, {1: 0}), heard)
        for path, status in (("/healthz", 200), ("/_/", 200), ("/api/no/such/address", 404), (RECORDS, 200)):
            heard = talk(server, HELLO + request(1, "HEAD", path, session), [1])
            check("HEAD %s has no body" % path, heard.statuses == {1: status} and not heard.count(DATA), heard)
        name, key = session[1].split("=")
        crumbs = (("cookie", "a=b"), ("cookie", "%s=%s" % (name, key)), ("cookie", "c=d"))
        heard = talk(server, HELLO + request(1, "GET", RECORDS, *crumbs), [1])
        same("a cookie that is cut into crumbs (RFC 9113 8.2.3)", heard.statuses, {1: 200})
        foreign = request(3, "GET", RECORDS, session, authority="evil.example") + request(5, "GET", "/healthz", authority="evil.example")
        heard = talk(server, HELLO + request(1, "GET", RECORDS, session) + foreign, [1, 3, 5])
        same("each request has its own authority", heard.statuses, {1: 200, 3: 421, 5: 200})
        records = server.visit("GET", RECORDS, headers=[("Cookie", session[1])]).json()["records"]
        same("the records came once each", [record["name"] for record in records], ["First", "In pieces", "In crumbs"])


def opened(block, flags=END_HEADERS | END_STREAM, stream=1):
    return frame(HEADERS, flags, stream, block)


def malformed():
    """Requests that break the rules (RFC 9113 8): never a 2xx, nothing is made, and the next one on the connection is served."""
    with Visited() as server:
        session = ("cookie", server.signed_in()[1])
        start = method, scheme, path, authority = fields("GET", RECORDS)
        good = [*start, session]
        posted = fields("POST", RECORDS, session, ("content-type", "application/json"))
        body = b'{"name": "Smuggled"}'

        def asked(*pairs):
            return opened(head(pairs))

        def with_path(text):
            return asked(method, scheme, (":path", text), authority, session)

        def with_authority(text, *more):
            return asked(method, scheme, path, (":authority", text), session, *more)

        def sent(*more, ending=END_STREAM):
            return opened(head([*posted, *more]), END_HEADERS) + frame(DATA, ending, 1, body)

        def sized(*lengths):
            return sent(*(("content-length", text) for text in lengths))

        cases = {
            "no method": asked(*good[1:]),
            "no scheme": asked(method, path, authority, session),
            "no path": asked(method, scheme, authority, session),
            "neither authority nor host": asked(method, scheme, path, session),
            "two methods": asked((":method", "POST"), *good),
            "two paths": asked((":path", "/healthz"), *good),
            "two authorities": asked(authority, *good),
            "a pseudo-header after the others": asked(method, scheme, authority, session, path),
            "an unknown pseudo-header": asked((":evil", "1"), *good),
            ":status in a request": asked((":status", "200"), *good),
            "a method that is no word": asked((":method", "GE T"), *good[1:]),
            "CONNECT": asked((":method", "CONNECT"), (":authority", "localhost:1"), session),
            "an empty path": with_path(""),
            "a path without a slash": with_path("api/apps"),
            "* for GET": with_path("*"),
            "a space in the path": with_path(RECORDS + " x"),
            "NUL in the path": with_path(RECORDS + "\0"),
            "a byte beyond ASCII in the path": with_path(RECORDS + "?x=\xe9"),
            "a line end in the path": with_path(RECORDS + " HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
            "an empty authority": with_authority(""),
            "an authority with a person": with_authority("ann@localhost"),
            "an authority with a path": with_authority("localhost/x"),
            "a foreign authority, and the right host": with_authority("evil.example", ("host", "localhost")),
            "a host that is not the authority": asked(*good, ("host", "evil.example")),
            "two hosts": asked(*good, ("host", "localhost"), ("host", "evil.example")),
            "a header in capitals": asked(*good, ("X-Big", "1")),
            "a name with a colon": asked(*good, ("x:a", "1")),
            "a name with a space": asked(*good, ("x a", "1")),
            "an empty name": asked(*good, ("", "1")),
            "a line end in a value": asked(*good, ("x-a", "1\r\nx-b: 2")),
            "NUL in a value": asked(*good, ("x-a", "1\0")),
            "connection: close": asked(*good, ("connection", "close")),
            "te: gzip": asked(*good, ("te", "gzip")),
            "upgrade": asked(*good, ("upgrade", "h2c")),
            "transfer-encoding: chunked": sent(("transfer-encoding", "chunked")),
            "a body longer than its content-length": sized("5"),
            "a body shorter than it": sized("500"),
            "two content-lengths": sized(str(len(body)), "5"),
            "a negative one": sized("-1"),
            "a list of them": sized("%d, %d" % (len(body), len(body))),
            "a content-length that is no number": sized("0x14"),
            "a content-length without a body": asked(*posted, ("content-length", "20")),
            "a second head that does not end the stream": sent(ending=0) + opened(head([("x", "y")]), END_HEADERS),
        }
        for name, data in cases.items():
            heard = talk(server, HELLO + data + request(3, "GET", "/healthz"), [1, 3])
            is_refused = heard.statuses.get(1, 0) >= 400 or 1 in heard.resets or heard.ended != "open"
            check("%s: refused" % name, is_refused and heard.statuses.get(1, 400) >= 400, heard)
        heard = talk(server, HELLO + sent(ending=0) + reset(1) + request(3, "GET", "/healthz"), [3])
        same("a body that is broken off is not answered, the next request is", heard.statuses, {3: 200})
        unharmed(server, session)


def broken():
    """Frames that break the rules (RFC 9113 4 to 6, RFC 7541): the stream is reset, or the connection ends."""
    with Visited() as server:
        session = ("cookie", server.signed_in()[1])
        block = head(fields("GET", RECORDS, session))
        begun, rest = opened(block[:9], END_STREAM), block[9:]
        cases = {
            "another preface": PREFACE[:18] + b"XX\r\n\r\n" + settings(),
            "HTTP/1 after the preface": PREFACE + b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 10,
            "a body on stream 0": HELLO + frame(DATA, 0, 0, b"x"),
            "a head on stream 0": HELLO + opened(block, stream=0),
            "a head on an even stream": HELLO + opened(block, stream=2),
            "a body on a stream that never was": HELLO + frame(DATA, END_STREAM, 7, b"x"),
            "the end of a stream that never was": HELLO + reset(7),
            "a stream that is used again": HELLO + request(1, "GET", "/healthz") + opened(block) * 2,
            "numbers of streams that fall": HELLO + request(5, "GET", "/healthz") + opened(block, stream=3),
            "a stream that depends on itself": HELLO + frame(PRIORITY, 0, 1, b"\0\0\0\1\0"),
            "a push by the client": HELLO + frame(PUSH_PROMISE, END_HEADERS, 1, bytes(4) + block),
            "a frame longer than allowed": HELLO + frame(DATA, 0, 1, bytes(20_000)),
            "a frame of 16 MiB": HELLO + b"\xff\xff\xff" + opened(b"")[3:] + bytes(70_000),
            "padding longer than the frame": HELLO + opened(b"\xff" + block[:20], END_HEADERS | END_STREAM | PADDED),
            "a window that grows by 0": HELLO + window(0, 0),
            "a window beyond 2^31": HELLO + window(0, WINDOW_MAX) * 2,
            "SETTINGS of 5 bytes": HELLO + frame(SETTINGS, payload=b"12345"),
            "SETTINGS on a stream": HELLO + frame(SETTINGS, 0, 1),
            "push that is 2": HELLO + settings((ENABLE_PUSH, 2)),
            "a first window beyond 2^31": HELLO + settings((WINDOW_SIZE, 2 ** 31)),
            "frames of no size": HELLO + settings((FRAME_SIZE, 1)),
            "PING of 7 bytes": HELLO + frame(PING, payload=bytes(7)),
            "PING on a stream": HELLO + frame(PING, 0, 1, bytes(8)),
            "a CONTINUATION of nothing": HELLO + frame(CONTINUATION, END_HEADERS, 1, block),
            "another frame inside a head": HELLO + begun + frame(PING, payload=bytes(8)) + frame(CONTINUATION, END_HEADERS, 1, rest),
            "a CONTINUATION for another stream": HELLO + begun + frame(CONTINUATION, END_HEADERS, 3, rest),
            "an index that no table has": HELLO + opened(b"\xff\x7f"),
            "index 0": HELLO + opened(b"\x80"),
            "a table larger than allowed": HELLO + opened(b"\x3f\xff\xff\xff\x07" + block),
            "a length beyond the head": HELLO + opened(b"\0\x7f\xff\xff\xff\xff\x0f"),
        }
        for name, data in cases.items():
            heard = talk(server, data, seconds=1)
            is_refused = heard.ended != "open" or heard.goaways or heard.resets
            leaks = [found for found in heard.bodies.values() if b'"records"' in found]
            check("%s: reset, GOAWAY or closed" % name, is_refused and not leaks, heard)
        unharmed(server, session)


def unharmed(server, session):
    names = [record["name"] for record in server.visit("GET", RECORDS, headers=[session]).json()["records"]]
    same("nothing was made by all that", names, ["First"])
    check("and nothing panicked", "panicked" not in server.errors() and server.alive(), server.errors()[-500:])
    server.marker()


def end():
    """A server that is asked to end: those who listen are told by GOAWAY, those who do not hold it up no longer than anybody may."""
    with Visited() as server, server.connect() as idle, server.connect() as asking:
        idle.sendall(HELLO)
        asking.sendall(HELLO + request(1, "GET", "/healthz"))
        listen(asking, streams=[1])
        with concurrent.futures.ThreadPoolExecutor() as threads:
            told = threads.map(answering, (idle, asking))
            code, took = server.stop()
            heard = list(told)
        check("SIGTERM with idle clients that answer a PING: exit 0 at once", code == 0 and took < 2, "exit %d after %.1f s" % (code, took))
        check("each of them hears GOAWAY", all(found.goaways for found in heard), heard)
        check("nothing panicked", "panicked" not in server.errors(), server.errors()[-500:])
    with Visited() as server, server.connect() as idle, server.connect() as silent:
        idle.sendall(HELLO)
        silent.sendall(PREFACE[:18])
        listen(idle, seconds=0.2)
        code, took = server.stop()
        check("SIGTERM with clients that answer nothing: exit 0 within 9 s", code == 0 and took < 9, "exit %d after %.1f s" % (code, took))
        check("and nothing panicked", "panicked" not in server.errors(), server.errors()[-500:])


def answering(sock):
    """Answers every PING until the connection ends; what was heard."""
    got, seen = b"", 0
    sock.settimeout(ANSWER_SECONDS)
    try:
        while block := sock.recv(65536):
            got += block
            news = frames(got)[seen:]
            seen += len(news)
            sock.sendall(b"".join(frame(PING, ACK, 0, found.payload) for found in news if found.kind == PING and not found.flags & ACK))
    except OSError:
        return Heard(got, "reset")
    return Heard(got, "closed")


SCENARIOS = (clients, broken, malformed, streams, end)
