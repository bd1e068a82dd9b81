"""Where a request ends: Content-Length, Transfer-Encoding, what follows on the same connection, upgrades, HTTP/1.0."""
import re

from .shape import (APPS, HEALTH, LAST_CHUNK, LOGIN_BODY, LOGIN_LINE_1_0, LOGIN_READ, MIB, RECORDS, SMUGGLED, GUEST_BYTES, sent_to_records, Case, Expect, body_arrived,
                    chunked, creating, either, ends, framed_login, length, login, message, record, refused, served, statuses)

LENGTH = "RFC 9112 6.3"
CODING = "RFC 9112 6.1"

# What no Content-Length may be; each stands before a body that must not be run as a request.
BAD_LENGTH = (
    b"-5", b"+5", b"--5", b"- 5", b"5, 5", b"5,5", b"5,6", b"5,", b",5", b"5;", b"5 5", b"0x5", b"0x", b"5.0", b"5e0", b"1_000", b"five",
    b'"5"', b"", b"   ", b"5\x0b", b"\x0b5", b"5\x00", b"\xef\xbc\x95", b"\xb2", b"5\r\n 5", b"5\r\n\t", b"NaN", b"5\rX: 1", b"5\nX: 1",
    b"18446744073709551616", b"18446744073709551621", b"-18446744073709551611", b"1" + b"0" * 30, b"9" * 1000,
)
TWO_LENGTHS = (
    ("equal", (b"Content-Length: 16", b"Content-Length: 16")),
    ("the first shorter", (b"Content-Length: 0", b"Content-Length: 16")),
    ("the second shorter", (b"Content-Length: 16", b"Content-Length: 0")),
    ("in another case", (b"Content-Length: 16", b"content-LENGTH: 5")),
    ("apart", (b"Content-Length: 16", b"X-A: b", b"Content-Length: 16")),
    ("the second no number", (b"Content-Length: 16", b"Content-Length: x")),
    ("the second empty", (b"Content-Length: 16", b"Content-Length:")),
    ("three", (b"Content-Length: 16",) * 3),
)
# Up to 2^64-1 a length is a length, and too large; allocating it would end the process (H1).
TOO_LONG = (MIB + 1, 10_000_000, 2**31 - 1, 2**31, 2**32, 10_000_000_000, 10**14, 2**53, 2**63 - 1, 2**63, 2**64 - 1)

# What Transfer-Encoding may not be, as whole header lines.
BAD_CODING = (
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, gzip",
    b"Transfer-Encoding: gzip", b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunkedx", b"Transfer-Encoding: chunk",
    b"Transfer-Encoding: x", b"Transfer-Encoding: chunked;q=1", b'Transfer-Encoding: "chunked"', b"Transfer-Encoding: 'chunked'",
    b"Transfer-Encoding: chunked,", b"Transfer-Encoding: ,chunked", b"Transfer-Encoding: chunked chunked", b"Transfer-Encoding:",
    b"Transfer-Encoding:   ", b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding: \x0cchunked", b"Transfer-Encoding: chunked\x0b",
    b"Transfer-Encoding: \x00chunked", b"Transfer-Encoding: chunked\x00", b"Transfer-Encoding: \xffchunked",
    b"Transfer-Encoding: chun\xe2\x84\xaaed", b"Transfer-Encoding : chunked", b"Transfer-Encoding\t: chunked",
    b" Transfer-Encoding: chunked", b"\x0bTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\n gzip",
    b"Transfer-Encoding:\r\n chunked",
    b"X-A: b\nTransfer-Encoding: chunked", b"X-A: b\rTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\nX-A: b",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\ntransfer-encoding: x",
    b"Transfer-Encoding: chunked\r\nX-A: b\r\nTransfer-Encoding:",
)
BOTH = (
    ("the length first", (b"Content-Length: 4", b"Transfer-Encoding: chunked")),
    ("the coding first", (b"Transfer-Encoding: chunked", b"Content-Length: 4")),
    ("a length of zero", (b"Content-Length: 0", b"Transfer-Encoding: chunked")),
    ("a length that fits the chunks", (b"Content-Length: %d" % len(chunked(LOGIN_BODY)), b"Transfer-Encoding: chunked")),
    ("a length that is none", (b"Content-Length: x", b"Transfer-Encoding: chunked")),
    ("a coding that is none", (b"Content-Length: 4", b"Transfer-Encoding: x")),
    ("an identity", (b"Content-Length: 16", b"Transfer-Encoding: identity")),
    ("a coding in another case", (b"content-length: 4", b"TRANSFER-ENCODING: Chunked")),
    ("two lengths", (b"Content-Length: 4", b"Transfer-Encoding: chunked", b"Content-Length: 4")),
)

# Requests whose body nobody reads: it is passed over or the connection ends, but it is never run.
UNREAD = (
    ("GET of the health page", HEALTH, (200,)),
    ("GET that needs a cookie", APPS, (401,)),
    ("HEAD that needs a cookie", b"HEAD /api/apps HTTP/1.1", (401,)),
    ("POST to nothing", b"POST /nothing HTTP/1.1", (404,)),
    ("POST where none is", b"POST /api/workspaces HTTP/1.1", (405,)),
    ("OPTIONS", b"OPTIONS /api/apps HTTP/1.1", (204,)),
    ("POST of no JSON without a cookie", b"POST %s HTTP/1.1" % RECORDS, (400, 401)),
    ("DELETE that needs a cookie", b"DELETE %s/rec_1 HTTP/1.1" % RECORDS, (401,)),
    ("GET of the page", b"GET /_/ HTTP/1.1", (200,)),
)
SECOND = message(b"GET /second HTTP/1.1")


def second_only(talk):
    """Of what followed the body, the real request is answered or none."""
    rest = talk.finals[1:]
    fits = not rest or (len(rest) == 1 and rest[0].status == 404 and b"/second" in rest[0].body)
    return None if fits else "after the first answer came %r" % [(answer.status, answer.body[:80]) for answer in rest]


def follows(line, size):
    """A request with a body of smuggled requests about that long, then a real second one."""
    body = SMUGGLED * max(1, size // len(SMUGGLED))
    return message(line, length(body), body=body) + SECOND


def follows_in_chunks(line):
    return message(line, b"Transfer-Encoding: chunked", body=chunked(SMUGGLED, SMUGGLED)) + SECOND


def second_refused(talk):
    status = talk.finals[1].status
    return None if status in (400, 405, 505) else "the second is %d" % status


def few_threads(talk):
    """Two thousand requests on one connection need no two thousand threads (H9)."""
    before, after = talk.world.threads, talk.world.server.threads()
    return None if before is None or after <= before + 8 else "threads grew from %d to %d" % (before, after)


def keeps_alive(talk):
    """HTTP/1.0 clients are told that the connection stays."""
    told = [word.strip().lower() for value in talk.finals[0].values("Connection") for word in value.split(",")]
    return None if "keep-alive" in told else "Connection is %r" % told


def speaks_http2(talk):
    """A SETTINGS frame comes first: a length of three bytes, the type 4."""
    fits = len(talk.got) >= 9 and talk.got[:2] == b"\0\0" and talk.got[3] == 4
    return None if fits else "no SETTINGS frame but %r" % talk.got[:60]


def no_success(talk):
    """Nothing, or a refusal in either protocol."""
    return "answered %r" % talk.got[:60] if re.match(rb"HTTP/1\.[01] [123]", talk.got) or talk.ended == "open" else None


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\0\0\0\4\0\0\0\0\0"
HTTP2 = Expect(None)
H2C = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")
WEBSOCKET = (b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")


def record_and_more(world, *headers, name):
    """Makes a record, then asks for something else on the same connection."""
    body = record(name)
    return creating(world, *headers, length(body), body=body) + message(HEALTH)


CASES = [
    *(Case("length: bad, %r" % word.decode("latin-1")[:30], "H3", login(b"Content-Length: " + word, body=LOGIN_BODY) + SMUGGLED,
           refused(never=(LOGIN_READ,))) for word in BAD_LENGTH),
    *(Case("length: bad with GET, %r" % word.decode(), LENGTH, message(HEALTH, b"Content-Length: " + word, body=SMUGGLED), refused())
      for word in (b"-1", b"+34", b"34, 34", b"0x22", b"", b"3 4", b"x")),
    *(Case("length: twice, " + name, LENGTH, login(*lines, body=LOGIN_BODY) + SMUGGLED, refused(never=(LOGIN_READ,)))
      for name, lines in TWO_LENGTHS),
    *(Case("length: too long, %d" % size, "H1", login(b"Content-Length: %d" % size, body=b"abc"), refused(413)) for size in TOO_LONG),
    Case("length: too long, for the health page", "H1", message(HEALTH, b"Content-Length: 100000000000000", body=b"abc"), ends(200, 413)),
    Case("length: too long, with GET", "H1", message(APPS, b"Content-Length: 100000000000000", body=b"abc"), refused(413)),
    Case("length: too long, for nothing", "H1", message(b"POST /nothing HTTP/1.1", b"Content-Length: 100000000000000", body=b"abc"),
         refused(404, 413)),
    Case("length: too long, in 1.0", "H1", login(b"Content-Length: 100000000000000", body=b"abc", line=LOGIN_LINE_1_0),
         refused(413)),
    Case("length: too long, then FIN", "H1", login(b"Content-Length: 18446744073709551615", body=b"abc"), ends(413, answers=(0, 1)),
         end="half"),
    Case("length: one byte too long, all sent", "RFC 9110 15.5.14", framed_login(body=b"a" * (MIB + 1)) + SMUGGLED, refused(413)),
    Case("length: 8 MB too long, all sent", "RFC 9110 15.5.14", framed_login(body=b"a" * 8 * MIB), refused(413), alone=True),
    Case("length: as long as a guest's may be", LENGTH, framed_login(body=b'{"username":"x"%s}' % (b" " * (GUEST_BYTES - 16))), served(400),
         check=body_arrived),
    Case("length: as long as a record's may be", LENGTH, sent_to_records(b'{"nam":"x"%s}' % (b" " * (MIB - 11))), served(400)),
    Case("length: a guest's, one byte too long", "RFC 9110 15.5.14", framed_login(body=b"a" * (GUEST_BYTES + 1)) + SMUGGLED, refused(413)),
    Case("length: spaces around it", LENGTH, login(b"Content-Length:   16  ", body=LOGIN_BODY), served(400), check=body_arrived),
    Case("length: a tab before it", LENGTH, login(b"Content-Length:\t16", body=LOGIN_BODY), refused(400)),
    Case("length: leading zeros", LENGTH, login(b"Content-Length: 016", body=LOGIN_BODY), either(400)),
    Case("length: twenty leading zeros", LENGTH, login(b"Content-Length: " + b"0" * 20 + b"16", body=LOGIN_BODY), either(400)),
    Case("length: zero", LENGTH, login(b"Content-Length: 0", body=b"") + message(HEALTH), served(400, answers=2)),
    Case("length: none, and no body", LENGTH, login(body=b"") + message(HEALTH), either(400, 411, answers=(1, 2))),
    Case("length: in another case", LENGTH, login(b"cONTENT-lENGTH: 16", body=LOGIN_BODY), served(400), check=body_arrived),
    Case("length: in another alphabet's digits", LENGTH, login(b"Content-Length: \xd9\xa1\xd9\xa6", body=LOGIN_BODY) + SMUGGLED,
         refused(never=(LOGIN_READ,))),
    Case("length: a body of 8 KB in 64 pieces", LENGTH,
         lambda _: iter([login(b"Content-Length: %d" % (8 * 1024 + 16), body=b"")] + [b" " * 128] * 64 + [LOGIN_BODY]), served(400),
         check=body_arrived),

    *(Case("coding: bad, %r" % line.decode("latin-1"), CODING, login(line, body=chunked(LOGIN_BODY)) + SMUGGLED,
           refused(400, 501, never=(LOGIN_READ,))) for line in BAD_CODING),
    *(Case("coding: and a length, " + name, LENGTH, login(*lines, body=chunked(LOGIN_BODY)) + SMUGGLED,
           refused(400, 501, never=(LOGIN_READ,))) for name, lines in BOTH),
    *(Case("coding: and a length, with a smuggled rest, " + name, "H2", login(*lines, body=LAST_CHUNK + SMUGGLED), refused(400, 501))
      for name, lines in BOTH[:3]),
    *(Case("coding: and a length, with GET, " + name, "H2", message(HEALTH, *lines, body=LAST_CHUNK + SMUGGLED), refused(400, 501))
      for name, lines in BOTH[:3]),
    Case("coding: in 1.0", CODING, login(b"Transfer-Encoding: chunked", body=chunked(LOGIN_BODY), line=LOGIN_LINE_1_0) + SMUGGLED,
         refused(400, 501, never=(LOGIN_READ,))),
    Case("coding: in 1.0, with a length", CODING,
         login(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=chunked(LOGIN_BODY), line=LOGIN_LINE_1_0) + SMUGGLED,
         refused(400, 501, never=(LOGIN_READ,))),
    Case("coding: chunked", CODING, login(b"Transfer-Encoding: chunked", body=chunked(LOGIN_BODY)), served(400), check=body_arrived),
    Case("coding: in capitals", CODING, login(b"TRANSFER-ENCODING: CHUNKED", body=chunked(LOGIN_BODY)), served(400), check=body_arrived),
    Case("coding: spaces around it", CODING, login(b"Transfer-Encoding:   chunked  ", body=chunked(LOGIN_BODY)), served(400),
         check=body_arrived),
    Case("coding: a tab before it", CODING, login(b"Transfer-Encoding:\tchunked", body=chunked(LOGIN_BODY)), refused(400)),
    Case("coding: with an underscore it is none", CODING, login(b"Transfer_Encoding: chunked", length(LOGIN_BODY), body=LOGIN_BODY),
         served(400), check=body_arrived),
    Case("coding: TE is another header", "RFC 9110 10.1.4", login(b"TE: chunked", length(LOGIN_BODY), body=LOGIN_BODY), served(400),
         check=body_arrived),
    Case("coding: a record in chunks", CODING,
         lambda world: creating(world, b"Transfer-Encoding: chunked", body=chunked(record(b"chunks")[:9], record(b"chunks")[9:])),
         served(201), creates=1),

    # Bodies that nobody asked for.
    *(Case("unread: %s%s" % (name, how), "H2", data, either(*wanted, 413, answers=(1, 2)), (line.split()[0].decode(),), check=second_only)
      for name, line, wanted in UNREAD
      for how, data in (("", follows(line, 0)), (", 60 KB", follows(line, 60_000)), (", in chunks", follows_in_chunks(line)))),
    Case("unread: POST to nothing, 900 KB", "H2", follows(b"POST /nothing HTTP/1.1", 900_000), either(404, 413, answers=(1, 2)),
         check=second_only),
    Case("unread: a JSON body with GET", "RFC 9110 9.3.1", message(HEALTH, length(LOGIN_BODY), body=LOGIN_BODY) + SECOND,
         either(200, answers=(1, 2)), check=second_only),

    # Several requests on one connection.
    Case("pipeline: three different ones in order", "RFC 9112 9.3.2", message(HEALTH) + message(b"GET /nothing HTTP/1.1") + message(APPS),
         served(200, answers=3), check=statuses(200, 404, 401)),
    Case("pipeline: with bodies between", "RFC 9112 9.3.2", framed_login() + message(HEALTH) + framed_login() + SECOND,
         served(400, answers=4), check=statuses(400, 200, 400, 404)),
    Case("pipeline: chunks between", "RFC 9112 9.3.2",
         login(b"Transfer-Encoding: chunked", body=chunked(LOGIN_BODY)) + message(HEALTH), served(400, answers=2),
         check=statuses(400, 200)),
    Case("pipeline: slow ones before fast ones", "RFC 9112 9.3.2",
         lambda world: record_and_more(world, name=b"slow") + message(APPS), served(201, answers=3), check=statuses(201, 200, 401),
         creates=1),
    Case("pipeline: HEAD between GETs", "RFC 9112 9.3.2", message(HEALTH) + message(b"HEAD /healthz HTTP/1.1") + message(HEALTH),
         served(200, answers=3), ("GET", "HEAD", "GET")),
    Case("pipeline: two records", "RFC 9112 9.3.2", lambda world: b"".join(
        creating(world, length(record(name)), body=record(name)) for name in (b"first", b"second")),
         served(201, answers=2), check=statuses(201, 201), creates=2),
    Case("pipeline: two thousand", "H9", message(HEALTH) * 2000, served(200, answers=2000), check=few_threads, alone=True),
    Case("pipeline: a bad head behind a good one", "RFC 9112 9.3.2", message(HEALTH) + message(HEALTH, b"X-A : b") + SMUGGLED,
         ends(200, answers=2), check=statuses(200, 400)),
    Case("pipeline: a bad length behind a good one", "RFC 9112 9.3.2",
         message(APPS) + login(b"Content-Length: +16", body=LOGIN_BODY) + SMUGGLED, ends(401, answers=2), check=statuses(401, 400)),
    Case("pipeline: garbage behind a body", "RFC 9112 9.3.2", framed_login() + b"xyz\r\n\r\n" + SMUGGLED, ends(400, answers=2),
         check=statuses(400, 400)),
    Case("pipeline: a body longer than its length", LENGTH, login(b"Content-Length: 16", body=LOGIN_BODY + b"more\r\n\r\n") + SMUGGLED,
         ends(400, answers=2), check=statuses(400, 400)),
    Case("pipeline: one byte at a time", "RFC 9112 9.3.2", lambda _: iter([b"%c" % byte for byte in framed_login() + message(HEALTH)]),
         served(400, answers=2), check=statuses(400, 200)),

    Case("connection: close", "RFC 9112 9.6", message(HEALTH, b"Connection: close") + SMUGGLED, ends(200)),
    Case("connection: close in capitals", "RFC 9110 7.6.1", message(HEALTH, b"Connection: CLOSE") + SMUGGLED, ends(200)),
    Case("connection: close in a list", "RFC 9110 7.6.1", message(HEALTH, b"Connection: x, close") + SMUGGLED, ends(200)),
    Case("connection: close in a second line", "RFC 9110 7.6.1", message(HEALTH, b"Connection: x", b"Connection: close") + SMUGGLED,
         ends(200)),
    Case("connection: keep-alive and close", "RFC 9112 9.3", message(HEALTH, b"Connection: keep-alive, close") + SMUGGLED, ends(200)),
    Case("connection: close with a body", "RFC 9112 9.6",
         login(b"Connection: close", length(LOGIN_BODY), body=LOGIN_BODY) + SMUGGLED, ends(400), check=body_arrived),
    Case("connection: close with an error", "RFC 9112 9.6", message(APPS, b"Connection: close") + SMUGGLED, ends(401)),
    Case("connection: keep-alive", "RFC 9112 9.3", message(HEALTH, b"Connection: keep-alive"), served(200)),
    Case("connection: names the length", "RFC 9110 7.6.1", login(b"Connection: Content-Length", length(LOGIN_BODY), body=LOGIN_BODY),
         either(400), check=body_arrived),
    Case("connection: names the host", "RFC 9110 7.6.1", message(HEALTH, b"Connection: Host"), served(200)),
    Case("connection: of a proxy", "RFC 9112 9.3", message(HEALTH, b"Proxy-Connection: close", b"Keep-Alive: timeout=5"), served(200)),

    Case("1.0: keep-alive", "RFC 9112 9.3", message(b"GET /healthz HTTP/1.0", b"Connection: keep-alive"), served(200), check=keeps_alive),
    Case("1.0: keep-alive in capitals", "RFC 9112 9.3", message(b"GET /healthz HTTP/1.0", b"Connection: Keep-Alive"), served(200),
         check=keeps_alive),
    Case("1.0: keep-alive with a body", "RFC 9112 9.3",
         login(b"Connection: keep-alive", length(LOGIN_BODY), body=LOGIN_BODY, line=LOGIN_LINE_1_0), served(400), check=keeps_alive),
    Case("1.0: keep-alive, twice", "RFC 9112 9.3", message(b"GET /healthz HTTP/1.0", b"Connection: keep-alive") * 2,
         served(200, answers=2)),
    Case("1.0: a body", "RFC 9112 6.3", framed_login(line=LOGIN_LINE_1_0) + SMUGGLED, ends(400), check=body_arrived),
    Case("1.0: a body without a length", "RFC 9112 6.3", login(body=b"", line=LOGIN_LINE_1_0) + SMUGGLED, ends(400, 411)),
    Case("1.0: close", "RFC 9112 9.3", message(b"GET /healthz HTTP/1.0", b"Connection: close") + SMUGGLED, ends(200)),
    Case("1.0: HEAD", "RFC 9110 9.3.2", message(b"HEAD /healthz HTTP/1.0"), ends(200), ("HEAD",)),
    Case("1.0: an error", "RFC 9112 9.3", message(b"GET /nothing HTTP/1.0") + SMUGGLED, ends(404)),

    # Offers to speak something else are passed over: what follows is HTTP/1.1, and a body is framed as ever (H5).
    Case("upgrade: h2c", "RFC 9110 7.8", message(HEALTH, *H2C) + message(HEALTH), served(200, answers=2)),
    Case("upgrade: h2c with a body", "H5", lambda world: record_and_more(world, *H2C, name=b"h2c"), served(201, answers=2),
         check=statuses(201, 200), creates=1),
    Case("upgrade: h2c with chunks", "H5", login(*H2C, b"Transfer-Encoding: chunked", body=chunked(LOGIN_BODY)) + message(HEALTH),
         served(400, answers=2), check=statuses(400, 200)),
    Case("upgrade: h2c with a smuggled rest", "H5", follows(HEALTH, 0).replace(b"\r\n\r\n", b"\r\n" + b"\r\n".join(H2C) + b"\r\n\r\n", 1),
         either(200, answers=(1, 2)), check=second_only),
    Case("upgrade: h2c and then its preface", "RFC 9110 7.8", message(HEALTH, *H2C) + PREFACE + SETTINGS, ends(200, answers=2),
         check=second_refused),
    Case("upgrade: a websocket", "RFC 9110 7.8", message(HEALTH, *WEBSOCKET), served(200)),
    Case("upgrade: a websocket at the API", "RFC 9110 7.8", message(APPS, *WEBSOCKET), served(401)),
    Case("upgrade: a websocket with a body", "H5", login(*WEBSOCKET, length(LOGIN_BODY), body=LOGIN_BODY) + message(HEALTH),
         served(400, answers=2), check=statuses(400, 200)),
    Case("upgrade: TLS", "RFC 2817 3", message(HEALTH, b"Connection: Upgrade", b"Upgrade: TLS/1.0"), served(200)),
    Case("upgrade: nothing named", "RFC 9110 7.8", message(HEALTH, b"Connection: Upgrade"), served(200)),
    Case("upgrade: in 1.0", "RFC 9110 7.8", message(b"GET /healthz HTTP/1.0", *H2C), ends(200)),

    Case("http2: the preface", "RFC 9113 3.4", PREFACE + SETTINGS, HTTP2, check=speaks_http2),
    Case("http2: the preface in pieces", "RFC 9113 3.4", lambda _: iter([PREFACE[:9], PREFACE[9:], SETTINGS]), HTTP2, check=speaks_http2),
    Case("http2: the preface, then garbage", "RFC 9113 3.4", PREFACE + SETTINGS + b"\xff" * 400, HTTP2, check=speaks_http2),
    Case("http2: most of a preface", "RFC 9113 3.4", PREFACE[:18], HTTP2, end="half", check=no_success),
    Case("http2: the beginning of a preface", "RFC 9113 3.4", PREFACE[:8], HTTP2, end="half", check=no_success),
    Case("http2: a preface with headers", "RFC 9112 2.3", message(b"PRI * HTTP/2.0") + SMUGGLED, refused(400, 405, 505)),
    Case("http2: the preface as a second request", "RFC 9113 3.4", message(HEALTH) + PREFACE + SETTINGS, ends(200, answers=2),
         check=second_refused),
]
