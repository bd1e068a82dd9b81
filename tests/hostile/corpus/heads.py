"""Header lines, the Host header, sizes of heads, Expect, and heads that end early."""
from .shape import (APPS, AWAIT, HEALTH, LOGIN_BODY, LOGIN_LINE_1_0, SMUGGLED, Case, body_arrived, creating, cut_off, either, ends,
                    framed_login, length, login, message, names_a_flag, record, refused, served, silence, streams)

FIELD = "RFC 9112 5"

# Lines that are no header lines, in an otherwise good head.
BROKEN = (
    ("no colon", FIELD, b"Nocolon"),
    ("a colon alone", FIELD, b":"),
    ("an empty name", "H3", b": value"),
    ("a space before the colon", "RFC 9112 5.1", b"X-A : b"),
    ("a tab before the colon", "RFC 9112 5.1", b"X-A\t: b"),
    ("a space in the name", FIELD, b"X A: b"),
    ("a folded line", "RFC 9112 5.2", b"X-A: b\r\n folded"),
    ("a line folded by a tab", "RFC 9112 5.2", b"X-A: b\r\n\tfolded"),
    ("an empty folded line", "RFC 9112 5.2", b"X-A: b\r\n "),
    ("a length in a folded line", "H3", b"X-A: b\r\n Content-Length: 40"),
    ("a coding in a folded line", "H3", b"X-A: b\r\n\tTransfer-Encoding: chunked"),
    ("a bare line feed in a value", "H3", b"X-A: b\nX-B: c"),
    ("a bare line feed hides a length", "H3", b"X-A: b\nContent-Length: 40"),
    ("a bare line feed at the end of a line", "RFC 9112 2.2", b"X-A: b\n"),
    ("a bare carriage return in a value", "H3", b"X-A: b\rX-B: c"),
    ("a bare carriage return hides a length", "H3", b"X-A: b\rContent-Length: 40"),
    ("two carriage returns", "RFC 9112 2.2", b"X-A: b\r"),
    ("NUL in a value", "RFC 9110 5.5", b"X-A: b\x00c"),
    ("NUL at the end of a value", "RFC 9110 5.5", b"X-A: b\x00"),
    ("NUL in a name", FIELD, b"X-\x00A: b"),
    ("a vertical tab before a name", "H3", b"\x0bX-A: b"),
    ("a vertical tab before a length", "H3", b"\x0bContent-Length: 40"),
    ("a form feed before the colon", "H3", b"X-A\x0c: b"),
    ("a name in UTF-8", "H20", b"X-\xc3\xa9: b"),
    ("a name in Latin-1", "H20", b"X-\xe9: b"),
    ("the byte FF as a name", "H20", b"\xff: b"),
    ("a no-break space before the colon", "H20", b"X-A\xa0: b"),
)
BAD_IN_NAMES = b'()<>@,;\\"/[]?={}'
BAD_IN_VALUES = (0x01, 0x07, 0x08, 0x0b, 0x0c, 0x0e, 0x1b, 0x1f, 0x7f)

GOOD = (
    ("an empty value", b"X-A:"),
    ("a value of spaces", b"X-A:     "),
    ("tabs around and in a value", b"X-A:\tb\tc\t"),
    ("no space after the colon", b"X-A:b"),
    ("many colons", b"X-A::b:c"),
    ("every character a name may have", b"!#$%&'*+-.^_`|~09azAZ: b"),
    ("a value in Latin-1", b"X-A: caf\xe9"),
    ("a value in UTF-8", b"X-A: caf\xc3\xa9 \xe2\x82\xac"),
    ("every byte from 80 to FF", b"X-A: " + bytes(range(0x80, 0x100))),
    ("the same name twice", b"X-A: b\r\nX-A: c"),
    ("a name of one letter", b"X: b"),
    ("another host by the back door", b"X-Forwarded-Host: evil.example"),
    ("names that look like framing", b"Content-Lengthx: 5\r\nXContent-Length: 5\r\nTransfer_Encoding: chunked"),
)

BAD_HOST = (b"", b"   ", b"a b", b"user@localhost", b"localhost/x", b"localhost:abc", b"localhost,evil.example", b"localhost, localhost",
            b"localhost:99999", b"localhost:-1", b"localhost:+80", b"localhost:80:80", b"localhost:8 0", b"http://localhost",
            b"localhost?x", b"localhost#x", b"localhost\\x", b'"localhost"', b"<localhost>", b"[::1", b"::1", b"[::1]x", b"[gg::]", b"[]",
            b":80", b"localhost\tevil.example")
OUR_HOST = (b"localhost", b"LOCALHOST", b"LocalHost", b"127.0.0.1", b"[::1]", b"[::1]:9999", b"foo.localhost", b"a.b.localhost",
            b"localhost:9999", b"foo.localhost:80", b"127.0.0.1:1")
OTHER_HOST = (b"evil.example", b"evil.example:80", b"localhost.evil.example", b"127.0.0.1.evil.example", b"notlocalhost", b"localhost.com",
              b"192.0.2.1", b"192.0.2.1:8090", b"[2001:db8::1]", b"10.0.0.1", b"x")
# Names of this machine to some and of another to others, or no names at all: refused in one way or the other.
ODD_HOST = (b"0.0.0.0", b"127.1", b"2130706433", b"0x7f.1", b"[::ffff:192.0.2.1]", b"[::]", b"loc%61lhost", b"lo\xc3\xa7alhost", b"-",
            b"..", b"a" * 300, b"[fe80::1%25eth0]")

TWO_HOSTS = (
    ("the same twice", (b"Host: localhost", b"Host: localhost")),
    ("another second", (b"Host: localhost", b"Host: evil.example")),
    ("another first", (b"Host: evil.example", b"Host: localhost")),
    ("in another case", (b"Host: localhost", b"hOST: localhost")),
    ("apart", (b"Host: localhost", b"X-A: b", b"Host: localhost")),
    ("one of them empty", (b"Host: localhost", b"Host:")),
    ("three", (b"Host: localhost",) * 3),
)


def many(count):
    """A head of that many header lines, Host included."""
    return message(HEALTH, *(b"X-%d: b" % at for at in range(count - 1)))


def head_of(size):
    """A head of that many bytes."""
    pad = size - len(message(HEALTH, b"X-A: "))
    return message(HEALTH, b"X-A: " + b"a" * pad)


WHOLE = message(b"GET /healthz HTTP/1.1", b"X-A: b")
CUTS = sorted({1, 2, 4, 5, 12, 13, 19, 20, 21, 22, 23, 26, 30, len(WHOLE) - 5, len(WHOLE) - 3, len(WHOLE) - 2, len(WHOLE) - 1})


def expecting(**more):
    """The head of a request whose body waits for leave."""
    return login(b"Expect: 100-continue", length(LOGIN_BODY), body=b"", **more)


CASES = [
    *(Case("header: " + name, why, message(HEALTH, line) + SMUGGLED, refused()) for name, why, line in BROKEN),
    *(Case("header: %r in a name" % chr(byte), "RFC 9110 5.6.2", message(HEALTH, b"X%cA: b" % byte) + SMUGGLED, refused())
      for byte in BAD_IN_NAMES),
    *(Case("header: the byte %02x in a value" % byte, "RFC 9110 5.5", message(HEALTH, b"X-A: b%cc" % byte) + SMUGGLED, refused())
      for byte in BAD_IN_VALUES),
    *(Case("header: good, " + name, "RFC 9110 5.5", message(HEALTH, line), served(200)) for name, line in GOOD),
    Case("header: the first line is folded", "RFC 9112 2.2", HEALTH + b"\r\n Host: localhost\r\n\r\n" + SMUGGLED, refused()),
    Case("header: a space and the end", "RFC 9112 2.2", HEALTH + b"\r\nHost: localhost\r\n \r\n\r\n" + SMUGGLED, refused()),
    Case("header: the head ends with bare line feeds", "RFC 9112 2.2", HEALTH + b"\r\nHost: localhost\n\n" + SMUGGLED, refused()),
    Case("header: the empty line is a bare line feed", "RFC 9112 2.2", HEALTH + b"\r\nHost: localhost\r\n\n" + SMUGGLED, refused()),
    Case("header: the last line ends with a bare line feed", "RFC 9112 2.2", HEALTH + b"\r\nHost: localhost\n\r\n" + SMUGGLED, refused()),
    Case("header: bare line feeds everywhere", "RFC 9112 2.2", HEALTH + b"\nHost: localhost\n\n" + SMUGGLED, refused()),
    Case("header: bare carriage returns everywhere", "RFC 9112 2.2", HEALTH + b"\rHost: localhost\r\r", cut_off(), end="half"),

    *(Case("host: bad, %r" % host.decode(), "RFC 9112 3.2", message(HEALTH, host=host) + SMUGGLED, refused()) for host in BAD_HOST),
    *(Case("host: ours, %s" % host.decode(), "RFC 9110 7.2", message(APPS, host=host), served(401)) for host in OUR_HOST),
    *(Case("host: not ours, %s" % host.decode(), "RFC 9110 15.5.20", message(APPS, host=host), either(421), check=names_a_flag)
      for host in OTHER_HOST),
    *(Case("host: odd, %s" % host.decode()[:30], "RFC 9110 7.2", message(APPS, host=host), either(400, 421)) for host in ODD_HOST),
    *(Case("host: twice, " + name, "RFC 9112 3.2", message(HEALTH, *hosts, host=None) + SMUGGLED, refused()) for name, hosts in TWO_HOSTS),
    Case("host: ours, with this port", "RFC 9110 7.2", lambda world: message(APPS, host=b"127.0.0.1:%d" % world.port), served(401)),
    Case("host: none", "RFC 9112 3.2", message(HEALTH, host=None) + SMUGGLED, refused()),
    Case("host: none, but other headers", "RFC 9112 3.2", message(APPS, b"X-A: b", host=None) + SMUGGLED, refused()),
    Case("host: no space before it", "RFC 9112 5", message(HEALTH, b"Host:localhost", host=None), served(200)),
    Case("host: spaces around it", "RFC 9112 5", message(HEALTH, b"Host:  localhost  ", host=None), served(200)),
    Case("host: a space before the colon", "RFC 9112 5.1", message(HEALTH, b"Host : localhost", host=None) + SMUGGLED, refused()),
    Case("host: the health page asks for no name", "RFC 9110 15.5.20", message(HEALTH, host=b"evil.example"), served(200)),
    Case("host: not ours, for the page", "RFC 9110 15.5.20", message(b"GET /_/ HTTP/1.1", host=b"evil.example"), either(421),
         check=names_a_flag),
    Case("host: not ours, for signing in", "RFC 9110 15.5.20", framed_login().replace(b"Host: localhost", b"Host: evil.example"),
         either(421), check=names_a_flag),
    Case("host: not ours, and an address that is not there", "RFC 9110 15.5.20", message(b"GET /nothing HTTP/1.1", host=b"evil.example"),
         either(421), check=names_a_flag),
    Case("host: not ours in 1.0", "RFC 9110 15.5.20", message(b"GET /api/apps HTTP/1.0", host=b"evil.example"), ends(421),
         check=names_a_flag),
    Case("host: twice in 1.0", "RFC 9112 3.2", message(b"GET /healthz HTTP/1.0", b"Host: localhost") + SMUGGLED, refused()),
    Case("host: bad in 1.0", "RFC 9112 3.2", message(b"GET /healthz HTTP/1.0", host=b"a b") + SMUGGLED, refused()),
    Case("host: the target names another", "RFC 9112 3.2.2", message(b"GET http://evil.example/api/apps HTTP/1.1"), either(421),
         check=names_a_flag),
    Case("host: the target is ours, the header another", "RFC 9112 3.2.2",
         message(b"GET http://localhost/api/apps HTTP/1.1", host=b"evil.example"), either(401, 421)),
    Case("host: the target is ours, no header", "RFC 9112 3.2", message(b"GET http://localhost/healthz HTTP/1.1", host=None) + SMUGGLED,
         refused()),
    Case("host: the target is ours, the header bad", "RFC 9112 3.2",
         message(b"GET http://localhost/healthz HTTP/1.1", host=b"a b") + SMUGGLED, refused()),
    Case("host: the target is ours, the header twice", "RFC 9112 3.2",
         message(b"GET http://localhost/healthz HTTP/1.1", b"Host: localhost") + SMUGGLED, refused()),

    # The limits of a head are 16 KiB and 100 header lines.
    Case("size: 100 headers", "RFC 6585 5", many(100), served(200)),
    Case("size: 101 headers", "RFC 6585 5", many(101) + SMUGGLED, refused(431)),
    Case("size: 1,000 headers", "RFC 6585 5", many(1000) + SMUGGLED, refused(431)),
    Case("size: a head of 16,000 bytes", "RFC 6585 5", head_of(16_000), served(200)),
    Case("size: a head of 17,000 bytes", "RFC 6585 5", head_of(17_000) + SMUGGLED, refused(431)),
    Case("size: a head of 200,000 bytes", "RFC 6585 5", head_of(200_000) + SMUGGLED, refused(431)),
    Case("size: a name of 10 KiB", "RFC 6585 5", message(HEALTH, b"X" * 10_240 + b": b") + SMUGGLED, refused(400, 431)),
    Case("size: a name of 100 KiB", "RFC 6585 5", message(HEALTH, b"X" * 102_400 + b": b") + SMUGGLED, refused(400, 431)),
    Case("size: a cookie of 100 KiB", "RFC 6585 5", message(APPS, b"Cookie: sessionid=" + b"a" * 102_400) + SMUGGLED, refused(431)),
    Case("size: a host of 100 KiB", "RFC 6585 5", message(HEALTH, host=b"a" * 102_400) + SMUGGLED, refused(400, 431)),
    Case("size: a value without end", "H6", streams(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"a"), refused(431), within=2.0,
         alone=True),
    Case("size: a name without end", "H6", streams(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n", b"X"), refused(400, 431), within=2.0,
         alone=True),
    Case("size: headers without end", "H6", streams(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n", b"X-A: aaaaaaaaaa\r\n"), refused(431),
         within=2.0, alone=True),
    Case("size: folded lines without end", "H6", streams(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n", b" c\r\n"),
         refused(400, 431), within=2.0, alone=True),
    Case("size: half a million headers", "H6", message(HEALTH, *[b"X-A: aaaaaaaaaa"] * 500_000) + SMUGGLED, refused(431), within=2.0,
         alone=True),

    Case("expect: 100, then the body", "RFC 9110 10.1.1", [expecting(), AWAIT, LOGIN_BODY], served(400, interims=(1, 1)),
         check=body_arrived),
    Case("expect: the body comes at once", "RFC 9110 10.1.1", expecting() + LOGIN_BODY, served(400, interims=(0, 1)), check=body_arrived),
    Case("expect: in capitals", "RFC 9110 10.1.1", login(b"EXPECT: 100-CONTINUE", length(LOGIN_BODY), body=LOGIN_BODY),
         served(400, interims=(0, 1)), check=body_arrived),
    Case("expect: 100, then chunks", "RFC 9110 10.1.1",
         [login(b"Expect: 100-continue", b"Transfer-Encoding: chunked", body=b""), AWAIT, b"10\r\n" + LOGIN_BODY + b"\r\n0\r\n\r\n"],
         served(400, interims=(1, 1)), check=body_arrived),
    Case("expect: a record", "RFC 9110 10.1.1",
         lambda world: [creating(world, b"Expect: 100-continue", length(record(b"expected")), body=b""), AWAIT, record(b"expected")],
         served(201, interims=(1, 1)), creates=1),
    Case("expect: without a body", "RFC 9110 10.1.1", message(HEALTH, b"Expect: 100-continue"), served(200, interims=(0, 1))),
    Case("expect: not in 1.0", "RFC 9110 10.1.1", expecting(line=LOGIN_LINE_1_0) + LOGIN_BODY, ends(400), check=body_arrived),
    Case("expect: something else", "RFC 9110 15.5.18", login(b"Expect: something", length(LOGIN_BODY), body=LOGIN_BODY), either(417)),
    Case("expect: something else besides", "RFC 9110 15.5.18", login(b"Expect: 100-continue, x=y", length(LOGIN_BODY), body=LOGIN_BODY),
         either(400, 417)),
    Case("expect: something else, with GET", "RFC 9110 15.5.18", message(HEALTH, b"Expect: 200-ok"), either(417)),
    Case("expect: too long a body is told before it comes", "RFC 9110 10.1.1",
         login(b"Expect: 100-continue", b"Content-Length: 100000000000000", body=b""), refused(413)),
    # Whoever is refused may send the body or not; what comes then is the body and nothing else.
    Case("expect: refused for want of a cookie", "RFC 9110 10.1.1",
         [message(b"POST /api/apps/crm/schemas/companies/records HTTP/1.1", b"Expect: 100-continue", length(SMUGGLED)), AWAIT, SMUGGLED],
         either(400, 401, interims=(0, 1))),
    Case("expect: refused for nothing is there", "RFC 9110 10.1.1",
         [message(b"POST /nothing HTTP/1.1", b"Expect: 100-continue", length(SMUGGLED)), AWAIT, SMUGGLED], either(404, interims=(0, 1))),

    Case("cut: nothing is sent", "RFC 9112 8", b"", silence(), end="half"),
    Case("cut: an empty line alone", "RFC 9112 8", b"\r\n", cut_off(), end="half"),
    Case("cut: a line feed alone", "RFC 9112 8", b"\n", cut_off(), end="half"),
    *(Case("cut: a head after %d bytes" % at, "RFC 9112 8", WHOLE[:at], cut_off(), end="half") for at in CUTS),
    *(Case("cut: a head after %d bytes, gone" % at, "RFC 9112 8", WHOLE[:at], silence(), end="close") for at in CUTS[::4]),
    *(Case("cut: a head after %d bytes, reset" % at, "RFC 9112 8", WHOLE[:at], silence(), end="reset") for at in CUTS[::4]),
    Case("cut: a second head", "RFC 9112 8", message(HEALTH) + WHOLE[:30], ends(200, answers=(1, 2)), end="half"),
    Case("cut: a big head", "RFC 9112 8", head_of(15_000)[:14_000], cut_off(), end="half"),
]
