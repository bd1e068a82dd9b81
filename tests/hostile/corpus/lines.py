"""Request lines: methods, targets and versions, from odd to impossible."""
from .shape import APPS, HEALTH, MIB, SMUGGLED, Case, allows, either, ends, framed_login, message, refused, says, served, streams

RFC = "RFC 9112 3"

BROKEN = (
    ("one word", RFC, b"GARBAGE"),
    ("no version, as in 0.9", "H20", b"GET /healthz"),
    ("no target", RFC, b"GET HTTP/1.1"),
    ("an empty target", RFC, b"GET  HTTP/1.1"),
    ("no method", RFC, b"/healthz HTTP/1.1"),
    ("an empty method", RFC, b" /healthz HTTP/1.1"),
    ("four words", RFC, b"GET /healthz /api/apps HTTP/1.1"),
    ("a space in the target", RFC, b"GET /health z HTTP/1.1"),
    ("two spaces after the method", RFC, b"GET  /healthz HTTP/1.1"),
    ("two spaces before the version", RFC, b"GET /healthz  HTTP/1.1"),
    ("a tab after the method", RFC, b"GET\t/healthz HTTP/1.1"),
    ("a tab before the version", RFC, b"GET /healthz\tHTTP/1.1"),
    ("a vertical tab after the method", "H3", b"GET\x0b/healthz HTTP/1.1"),
    ("a form feed before the version", "H3", b"GET /healthz\x0cHTTP/1.1"),
    ("a no-break space", RFC, b"GET\xa0/healthz HTTP/1.1"),
    ("a leading space", RFC, b" GET /healthz HTTP/1.1"),
    ("a leading tab", RFC, b"\tGET /healthz HTTP/1.1"),
    ("a trailing space", RFC, b"GET /healthz HTTP/1.1 "),
    ("a trailing tab", RFC, b"GET /healthz HTTP/1.1\t"),
    ("a carriage return too many", RFC, b"GET /healthz HTTP/1.1\r"),
    ("a bare carriage return inside", "H3", b"GET /healthz\r HTTP/1.1"),
    ("a byte order mark", RFC, b"\xef\xbb\xbfGET /healthz HTTP/1.1"),
    ("a reply instead of a request", RFC, b"HTTP/1.1 200 OK"),
    ("a header line first", RFC, b"X-First: 1"),
    ("a parenthesis in the method", "RFC 9110 9.1", b"G(T /healthz HTTP/1.1"),
    ("an at sign in the method", "RFC 9110 9.1", b"G@T /healthz HTTP/1.1"),
    ("a quoted method", "RFC 9110 9.1", b'"GET" /healthz HTTP/1.1'),
    ("a colon after the method", "RFC 9110 9.1", b"GET: /healthz HTTP/1.1"),
    ("a comma after the method", "RFC 9110 9.1", b"GET, /healthz HTTP/1.1"),
    ("a letter beyond ASCII in the method", "H20", b"G\xc3\x89T /healthz HTTP/1.1"),
    ("NUL after the method", "H3", b"GET\x00 /healthz HTTP/1.1"),
    ("NUL in the method", "H3", b"GE\x00T /healthz HTTP/1.1"),
    ("NUL instead of a space", "H3", b"GET\x00/healthz HTTP/1.1"),
)

# Versions that are none, and versions of another time.
NO_VERSION = (b"http/1.1", b"Http/1.1", b"HTTP/1.10", b"HTTP/1.", b"HTTP/.1", b"HTTP/1", b"HTTP/", b"HTTP/1.1x", b"HTTP /1.1", b"HTTP/ 1.1",
              b"HTTP/1 .1", b"HTTP/11", b"HTTP/1,1", b"HTTP/1:1", b"HTTP/+1.1", b"HTTP/-1.1", b"HTTP/01.1", b"HTTP/1.01", b"HTTP/A.B",
              b"HTTPS/1.1", b"HTTP-1.1", b"HTTP\\1.1", b"ICY/1.1", b"HTTP/1.1.1", b"HTTP/1.\xb9")
OTHER_VERSION = (b"0.0", b"0.9", b"1.2", b"2.0", b"2.1", b"3.0", b"9.9")

BAD_TARGET = (
    ("relative", "RFC 9112 3.2", b"foo"),
    ("relative with a slash", "RFC 9112 3.2", b"healthz/"),
    ("a query alone", "RFC 9112 3.2", b"?page=1"),
    ("authority form", "RFC 9112 3.2.3", b"localhost:80"),
    ("asterisk with GET", "RFC 9112 3.2.4", b"*"),
    ("asterisk and more", "RFC 9112 3.2.4", b"*/healthz"),
    ("a fragment", "RFC 9112 3.2", b"/healthz#top"),
    ("a fragment alone", "RFC 9112 3.2", b"#"),
    ("raw UTF-8", "H20", b"/caf\xc3\xa9"),
    ("raw UTF-8 in the query", "H20", b"/healthz?q=\xe2\x82\xac"),
    ("raw Latin-1", "H20", b"/caf\xe9"),
    ("the byte FF", "H20", b"/\xff"),
    ("DEL", "RFC 3986 2", b"/a\x7fb"),
    ("the control byte 01", "RFC 3986 2", b"/a\x01b"),
    ("a backspace", "RFC 3986 2", b"/a\x08b"),
    ("an escape", "H18", b"/a\x1b[31mb"),
    ("NUL", "H3", b"/a\x00b"),
    ("NUL at the end", "H3", b"/healthz\x00"),
    ("a tab", "RFC 9112 3", b"/a\tb"),
)

# Allowed nowhere by RFC 3986, sent by many: refused or looked for in vain, but never found and never a 5xx.
ODD_TARGET = (b'/a"b', b"/<script>", b"/a\\b", b"/{x}", b"/a|b", b"/a^b", b"/a`b", b"/%", b"/%z", b"/%zz", b"/%00", b"/%0", b"/%ff%fe",
              b"/%c0%ae%c0%ae/", b"/..%2f..%2f..%2fetc%2fpasswd", b"/../../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd",
              b"/..%5c..%5cwindows", b"/.git/config", b"/api/apps/..%2f..", b"/api//apps", b"//evil.example/", b"/;", b"/:80",
              b"/@evil.example")

ODD_METHOD = (b"FOO", b"get", b"Get", b"PROPFIND", b"M-SEARCH", b"QUERY", b"!#$%&'*+-.^_`|~09")


def long_target(size, path=b"/"):
    return path + b"a" * (size - len(path))


CASES = [
    *(Case("line: " + name, why, message(line) + SMUGGLED, refused()) for name, why, line in BROKEN),
    *(Case("version: %r" % word.decode("latin-1"), "RFC 9112 2.3", message(b"GET /healthz " + word) + SMUGGLED, refused())
      for word in NO_VERSION),
    *(Case("version: %s of a good line" % word.decode(), "RFC 9110 15.6.6", message(b"GET /healthz HTTP/" + word) + SMUGGLED,
           refused(400, 505)) for word in OTHER_VERSION),
    *(Case("target: " + name, why, message(b"GET %s HTTP/1.1" % target) + SMUGGLED, refused()) for name, why, target in BAD_TARGET),
    *(Case("target: odd, %s" % target.decode(), "RFC 3986 2", message(b"GET %s HTTP/1.1" % target),
           either(400, 401, 404, never=(b"root:", b"[core]"))) for target in ODD_TARGET),
    *(Case("method: %s on a path that is there" % word.decode(), "RFC 9110 15.5.6", message(word + b" /api/apps HTTP/1.1"), either(405),
           check=allows("GET", "HEAD", "OPTIONS")) for word in ODD_METHOD),

    Case("line: a bare line feed ends it", "RFC 9112 2.2", b"GET /healthz HTTP/1.1\nHost: localhost\r\n\r\n" + SMUGGLED, refused()),
    Case("line: a bare carriage return ends it", "RFC 9112 2.2", b"GET /healthz HTTP/1.1\rHost: localhost\r\n\r\n" + SMUGGLED, refused()),
    Case("line: one empty line before it", "RFC 9112 2.2", b"\r\n" + message(HEALTH), served(200)),
    Case("line: two empty lines before it", "RFC 9112 2.2", b"\r\n\r\n" + message(HEALTH), served(200)),
    Case("line: an empty line between two requests", "RFC 9112 2.2", message(HEALTH) + b"\r\n" + message(HEALTH), served(200, answers=2)),
    Case("line: an empty line after a body", "RFC 9112 2.2", framed_login() + b"\r\n" + message(HEALTH), served(400, answers=2)),
    Case("line: a bare line feed before it", "RFC 9112 2.2", b"\n" + message(HEALTH) + SMUGGLED, refused()),
    Case("line: a bare carriage return before it", "RFC 9112 2.2", b"\r" + message(HEALTH) + SMUGGLED, refused()),
    Case("line: NUL before it", "H3", b"\x00" + message(HEALTH) + SMUGGLED, refused()),
    Case("line: a thousand empty lines before it", "RFC 9112 2.2", b"\r\n" * 1000 + message(HEALTH) + SMUGGLED, refused()),
    Case("line: a TLS greeting", RFC, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2, refused()),
    Case("line: a SOCKS greeting", RFC, b"\x05\x01\x00\r\n\r\n", refused()),
    Case("line: a proxy's line before it", RFC, b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + message(HEALTH), refused()),

    Case("target: absolute form", "RFC 9112 3.2.2", message(b"GET http://localhost/healthz HTTP/1.1"), served(200)),
    Case("target: absolute form, the scheme in capitals", "RFC 9110 4.2.3", message(b"GET HTTP://localhost/healthz HTTP/1.1"),
         either(200, 400)),
    Case("target: absolute form with this port", "RFC 9112 3.2.2",
         lambda world: message(b"GET http://127.0.0.1:%d/api/apps HTTP/1.1" % world.port), served(401)),
    Case("target: absolute form, IPv6", "RFC 9112 3.2.2", message(b"GET http://[::1]/api/apps HTTP/1.1"), served(401)),
    Case("target: absolute form without a path", "RFC 9110 4.2.3", message(b"GET http://localhost HTTP/1.1"), served(200)),
    Case("target: absolute form, with a user", "RFC 9110 4.2.4", message(b"GET http://user@localhost/ HTTP/1.1") + SMUGGLED, refused()),
    Case("target: absolute form, with a password", "RFC 9110 4.2.4", message(b"GET http://user:x@localhost/healthz HTTP/1.1") + SMUGGLED,
         refused()),
    Case("target: absolute form, no host", "RFC 9110 4.2.1", message(b"GET http:///healthz HTTP/1.1") + SMUGGLED, refused()),
    Case("target: absolute form, one slash", "RFC 9110 4.2.1", message(b"GET http:/localhost/healthz HTTP/1.1") + SMUGGLED, refused()),
    Case("target: absolute form, a port of letters", "RFC 9110 4.2.1", message(b"GET http://localhost:abc/healthz HTTP/1.1") + SMUGGLED,
         refused()),
    Case("target: absolute form, a fragment", "RFC 9112 3.2.2", message(b"GET http://localhost/healthz#x HTTP/1.1") + SMUGGLED, refused()),
    Case("target: a query", "RFC 9112 3.2.1", message(b"GET /healthz?x=1&y=%0d%0a HTTP/1.1"), served(200)),

    # The limit of a target is 8,192 bytes; none of these may be held in memory for long.
    Case("target: 8,192 bytes", "RFC 9112 3", message(b"GET %s HTTP/1.1" % long_target(8192)), served(404)),
    Case("target: 8,193 bytes", "RFC 9110 15.5.15", message(b"GET %s HTTP/1.1" % long_target(8193)), either(414)),
    Case("target: 8,193 bytes of query", "RFC 9110 15.5.15", message(b"GET %s HTTP/1.1" % long_target(8193, b"/healthz?x=")), either(414)),
    Case("target: 60,000 bytes", "RFC 9110 15.5.15", message(b"GET %s HTTP/1.1" % long_target(60_000)) + SMUGGLED, refused(414)),
    Case("target: 1 MB", "RFC 9110 15.5.15", message(b"GET %s HTTP/1.1" % long_target(MIB)) + SMUGGLED, refused(414), within=2.0),
    Case("target: without end", "H6", streams(b"GET /", b"a"), refused(414, 431), within=2.0, alone=True),
    Case("method: 10,000 bytes", "RFC 9110 15.6.2", message(b"A" * 10_000 + b" /healthz HTTP/1.1"), either(400, 404, 405, 414, 431, 501)),
    Case("method: without end", "H6", streams(b"", b"A"), refused(400, 414, 431, 501), within=2.0, alone=True),
    Case("line: empty lines without end", "H6", streams(b"", b"\r\n"), refused(400, 431), within=2.0, alone=True),
    Case("line: spaces without end", "H6", streams(b"GET ", b" "), refused(400, 414, 431), within=2.0, alone=True),

    Case("method: OPTIONS *", "RFC 9110 9.3.7", message(b"OPTIONS * HTTP/1.1"), served(200, 204)),
    Case("method: OPTIONS of a path", "RFC 9110 9.3.7", message(b"OPTIONS /api/apps HTTP/1.1"), served(204),
         check=allows("GET", "HEAD", "OPTIONS")),
    Case("method: OPTIONS of records", "RFC 9110 9.3.7", message(b"OPTIONS /api/apps/crm/schemas/companies/records HTTP/1.1"), served(204),
         check=allows("GET", "POST", "HEAD", "OPTIONS")),
    Case("method: OPTIONS of nothing", "RFC 9110 9.3.7", message(b"OPTIONS /nothing HTTP/1.1"), either(404)),
    Case("method: HEAD *", "RFC 9112 3.2.4", message(b"HEAD * HTTP/1.1") + SMUGGLED, refused(), methods=("HEAD",)),
    Case("method: CONNECT host and port", "RFC 9110 9.3.6", message(b"CONNECT localhost:443 HTTP/1.1"), either(400, 405, 501)),
    Case("method: CONNECT a path", "RFC 9112 3.2.3", message(b"CONNECT /api/apps HTTP/1.1"), either(400, 405, 501)),
    Case("method: TRACE", "RFC 9110 9.3.8", message(b"TRACE /api/apps HTTP/1.1", b"X-Secret: do-not-tell"),
         either(405, never=(b"do-not-tell",)), check=allows("GET", "HEAD", "OPTIONS")),
    Case("method: TRACE of the health page", "RFC 9110 9.3.8", message(b"TRACE /healthz HTTP/1.1", b"X-Secret: do-not-tell"),
         either(405, never=(b"do-not-tell",))),
    Case("method: DELETE where none is", "RFC 9110 15.5.6", message(b"DELETE /api/apps HTTP/1.1"), either(405),
         check=allows("GET", "OPTIONS")),
    Case("method: an unknown one on an unknown path", "RFC 9110 15.6.2", message(b"FOO /nothing HTTP/1.1"), either(404, 405, 501)),
    Case("target: unknown", "RFC 9110 15.5.5", message(b"GET /nothing HTTP/1.1"), served(404), check=says(b"/nothing")),
    Case("target: needs a cookie", "RFC 9110 15.5.2", message(APPS), served(401)),

    Case("1.0: answered and closed", "RFC 9112 9.3", message(b"GET /healthz HTTP/1.0") + SMUGGLED, ends(200)),
    Case("1.0: no Host is needed", "RFC 9112 3.2", message(b"GET /api/apps HTTP/1.0", host=None), ends(401)),
]
