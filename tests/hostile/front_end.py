"""`--public DIR`, the user's own front end: types, validators, ranges, addresses of its own, and what the server keeps for itself."""
import email.utils
import os
import re
import shutil
import tempfile

from visitor import APPS, CERTIFICATE, HTML, SCRATCH, Visited, check, refused, same

HOME = b"<!doctype html><title>Home</title>"
TEXT = b"0123456789abcdefghijklmnopqrstuvwxyz"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
# Address, what lies there, the type it must have.
FILES = (
    ("index.html", HOME, "text/html; charset=utf-8"),
    ("page.htm", b"<p>old", "text/html; charset=utf-8"),
    ("app.js", b"let x = 1;", "text/javascript; charset=utf-8"),
    ("app.mjs", b"export {};", "text/javascript; charset=utf-8|application/javascript; charset=utf-8"),
    ("app.js.map", b"{}", "application/json; charset=utf-8|text/plain; charset=utf-8"),
    ("style.css", b"p {}", "text/css; charset=utf-8"),
    ("logo.svg", b"<svg/>", "image/svg+xml"),
    ("core.wasm", b"\0asm\1\0\0\0", "application/wasm"),
    ("data.json", b'{"a": 1}', "application/json; charset=utf-8|application/json"),
    ("photo.png", PNG, "image/png"),
    ("photo.JPG", PNG, "image/jpeg"),
    ("favicon.ico", PNG, "image/x-icon|image/vnd.microsoft.icon"),
    ("font.woff2", PNG, "font/woff2"),
    ("manifest.webmanifest", b"{}", "application/manifest+json"),
    ("notes.txt", TEXT, "text/plain; charset=utf-8"),
    ("robots.txt", b"", "text/plain; charset=utf-8"),
    ("noise", PNG, "application/octet-stream"),
    ("docs/index.html", b"<title>Docs</title>", "text/html; charset=utf-8"),
    ("docs/deep/down/index.html", b"<title>Deep</title>", "text/html; charset=utf-8"),
    (".well-known/security.txt", b"Contact: x", "text/plain; charset=utf-8"),
)


def folder(*more):
    """A folder with FILES and more (address, content)."""
    root = tempfile.mkdtemp(dir=SCRATCH.name)
    for name, data, *_ in (*FILES, *more):
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
    return root


def files():
    """Every file whole, with its type; GET and HEAD say the same."""
    with Visited("--public", folder()) as server:
        for name, data, kinds in FILES:
            answer = server.visit("GET", "/" + name)
            is_whole = (answer.status, answer.body, answer.header("Content-Length")) == (200, data, str(len(data)))
            is_typed = answer.header("Content-Type") in kinds.split("|") and answer.header("X-Content-Type-Options") == "nosniff"
            check("/%s is %s" % (name, kinds.split("|")[0]), is_whole and is_typed, answer)
        got, head = (server.visit(method, "/notes.txt") for method in ("GET", "HEAD"))
        about = ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Accept-Ranges", "Cache-Control")
        same("HEAD says what GET says, without the body", (head.status, [head.header(name) for name in about], head.body),
             (200, [got.header(name) for name in about], b""))
        is_tagged = re.fullmatch('"[^"]+"', got.header("ETag"))
        is_asked_again = (got.header("Accept-Ranges"), got.header("Cache-Control")) == ("bytes", "no-cache")
        check("a tag, ranges, and a cache that asks again", is_tagged and is_asked_again, got)
        for path, data in (("/", HOME), ("/docs/", b"<title>Docs</title>"), ("/docs/deep/down/", b"<title>Deep</title>")):
            for headers in ([], [HTML]):
                answer = server.visit("GET", path, headers=headers)
                same("%s is its index%s" % (path, " for a browser" if headers else ""), (answer.status, answer.body), (200, data))
        for path, to in (("/docs", "/docs/"), ("/docs/deep/down", "/docs/deep/down/"), ("/.well-known", "/.well-known/"),
                         ("/docs?lang=de&x=1", "/docs/?lang=de&x=1")):
            answer = server.visit("GET", path, headers=[HTML])
            same("%s moves to %s" % (path, to), (answer.status, answer.header("Location"), answer.body), (301, to, b""))
        for path in ("//docs", "//evil.example/docs", "/docs//", "/%2Fdocs", "/./docs", "/docs/.."):
            answer = server.visit("GET", path)
            check("%s moves nowhere" % path, not answer.all("Location") and answer.refuses(404), answer)
        check("a foreign name gets no file", server.visit("GET", "/notes.txt", host="evil.example").refuses(421))


def addresses():
    """What a browser may ask for that is no file, and what is never the front end's."""
    stolen = ("api/apps", "api/mine.txt", "v1/apps", "external/x.txt", "_/index.html", "auth/login/index.html", "healthz")
    with Visited("--public", folder(*((name, b"stolen") for name in stolen))) as server:
        for path in ("/customers", "/customers/7", "/customers/", "/a/b/c/d", "/customers?x=1.5", "/docs/none", "/caf%C3%A9"):
            answer = server.visit("GET", path, headers=[HTML])
            same("%s is an address of the front end's" % path, (answer.status, answer.body, answer.header("Content-Type")),
                 (200, HOME, "text/html; charset=utf-8"))
            for headers in ([], [("Accept", "application/json")], [("Accept", "*/*")]):
                answer = server.visit("GET", path, headers=headers)
                check("%s for %s is 404 in JSON" % (path, headers and headers[0][1] or "a program"),
                      answer.refuses(404, path.split("?")[0]), answer)
            answer = server.visit("HEAD", path, headers=[HTML])
            same("HEAD %s" % path, (answer.status, answer.body, answer.header("Content-Length")), (200, b"", str(len(HOME))))
        for path in ("/none.js", "/app.jsx", "/docs/none.css", "/photo.webp"):
            check("%s is no address of its own but a file that is missing: 404" % path,
                  server.visit("GET", path, headers=[HTML]).refuses(404, path))
        for path in ("/api/no/such/address", "/v1/no/such/address", "/api", "/v1", "/api/", "/api/apps/crm/nothing"):
            check("%s never becomes the front end" % path, server.visit("GET", path, headers=[HTML]).refuses(404, path), path)
        # Other dialects refuse in their own forms: who is not signed in does not learn whether there is such a table.
        for path, status in (("/api/nothing", 401), ("/api/mine.txt", 401), ("/v1/nothing", 401), ("/external/x.txt", 404), ("/external/x", 404)):
            answer = server.visit("GET", path, headers=[HTML])
            same("%s never becomes the front end" % path, (answer.status, answer.header("Content-Type")), (status, "application/json"))
        for path, status, start in ((APPS, 401, b'{"error"'), ("/v1/apps", 401, b'{"error"'), ("/healthz", 200, b'{"status"'),
                                    ("/auth/login/", 200, b"<!doctype html>")):
            answer = server.visit("GET", path, headers=[HTML])
            check("%s is the server's" % path, answer.status == status and answer.body.startswith(start), answer)
        for path in ("/_/", "/_/crm/companies"):
            answer = server.visit("GET", path, headers=[HTML])
            is_page = answer.status == 200 and "require-trusted-types-for" in (answer.header("Content-Security-Policy") or "")
            check("%s is the admin page" % path, is_page and b"stolen" not in answer.body, answer)
        answer = server.visit("GET", "/_", headers=[HTML])
        same("/_ leads there", (answer.status, answer.header("Location")), (302, "/_/"))
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            answer = server.visit(method, "/notes.txt", b"x" if method == "PUT" else b"")
            is_told = answer.status == 204 if method == "OPTIONS" else answer.status == 405 and answer.error()
            check("%s to a file: what may be done with it" % method, is_told and answer.header("Allow") == "GET, HEAD, OPTIONS", answer)
        same("and it lies there as before", server.visit("GET", "/notes.txt").body, TEXT)
    bare = tempfile.mkdtemp(dir=SCRATCH.name)
    with Visited("--public", bare) as server:
        answer = server.visit("GET", "/", headers=[HTML])
        same("a folder without an index: / is the server's", (answer.status, answer.header("Location")), (302, "/_/"))
        check("and there are no addresses of its own", server.visit("GET", "/customers", headers=[HTML]).refuses(404))
        with open(os.path.join(bare, "index.html"), "wb") as file:
            file.write(HOME)
        same("until one is put there", server.visit("GET", "/", headers=[HTML]).body, HOME)
        shutil.rmtree(bare)
        answer = server.visit("GET", "/index.html")
        check("the folder goes away: 404, the server stays", answer.refuses(404) and server.visit("GET", APPS).status == 401, answer)
    for name, path in (("a folder that is not there", os.path.join(bare, "absent")), ("a file for a folder", CERTIFICATE), ("no name", "")):
        refused("%s: exit 2" % name, ("--public", path), ["--public", path])
    public_name()


def public_name():
    """Redirects carry the public name."""
    with Visited("--public", folder(), "--public-url", "https://crm.example") as server:
        answer = server.visit("GET", "/docs", headers=[HTML], host="crm.example")
        same("/docs under the public name", (answer.status, answer.header("Location")), (301, "https://crm.example/docs/"))


def validators():
    """304 for who has it already; never for who has another."""
    root = folder()
    path = os.path.join(root, "notes.txt")
    os.utime(path, (1_700_000_000.75, 1_700_000_000.75))
    with Visited("--public", root) as server:
        first = server.visit("GET", "/notes.txt")
        tag, date = first.header("ETag"), first.header("Last-Modified")
        same("Last-Modified is the file's", date, email.utils.formatdate(1_700_000_000, usegmt=True))
        later, earlier = (email.utils.formatdate(1_700_000_000 + shift, usegmt=True) for shift in (60, -60))
        fresh = (("If-None-Match", tag), ("If-None-Match", "W/" + tag), ("If-None-Match", '"other", %s' % tag), ("If-None-Match", "*"),
                 ("If-Modified-Since", date), ("If-Modified-Since", later))
        for header in fresh:
            for method in ("GET", "HEAD"):
                answer = server.visit(method, "/notes.txt", headers=[header])
                about = (answer.status, answer.body, answer.header("ETag"), answer.header("Cache-Control"))
                same("%s with %s: %s is 304" % (method, *header), about, (304, b"", tag, "no-cache"))
        for headers in ([("If-None-Match", '"other"')], [("If-None-Match", tag.strip('"'))], [("If-None-Match", "")],
                        [("If-Modified-Since", earlier)], [("If-Modified-Since", "yesterday")], [("If-Modified-Since", "")],
                        [("If-None-Match", '"other"'), ("If-Modified-Since", later)]):
            answer = server.visit("GET", "/notes.txt", headers=headers)
            same("%s is 200" % " and ".join("%s: %s" % header for header in headers), (answer.status, answer.body), (200, TEXT))
        answer = server.visit("GET", "/notes.txt", headers=[("If-None-Match", tag), ("Range", "bytes=0-4")])
        same("304 comes before a range", answer.status, 304)
        index = server.visit("GET", "/").header("ETag")
        same("the index has its tag, too", server.visit("GET", "/", headers=[("If-None-Match", index)]).status, 304)
        with open(path, "r+b") as file:
            file.write(b"X")
        os.utime(path, (1_700_000_000.80, 1_700_000_000.80))
        answer = server.visit("GET", "/notes.txt", headers=[("If-None-Match", tag)])
        same("a change within the same second has another tag", (answer.status, answer.body), (200, b"X" + TEXT[1:]))


def ranges():
    """Parts of files (RFC 9110 14)."""
    size = len(TEXT)
    with Visited("--public", folder(("empty.txt", b""))) as server:
        tag, date = (server.visit("GET", "/notes.txt").header(name) for name in ("ETag", "Last-Modified"))
        for asked, first, last in (("bytes=0-0", 0, 0), ("bytes=0-9", 0, 9), ("bytes=10-19", 10, 19), ("bytes=-5", size - 5, size - 1),
                                   ("bytes=30-", 30, size - 1), ("bytes=0-", 0, size - 1), ("bytes=-999", 0, size - 1),
                                   ("bytes=30-999", 30, size - 1), ("bytes=35-35", 35, 35)):
            answer = server.visit("GET", "/notes.txt", headers=[("Range", asked)])
            want = (206, TEXT[first:last + 1], "bytes %d-%d/%d" % (first, last, size), tag)
            same(asked, (answer.status, answer.body, answer.header("Content-Range"), answer.header("ETag")), want)
        for asked in ("bytes=36-", "bytes=36-40", "bytes=-0", "bytes=999-"):
            answer = server.visit("GET", "/notes.txt", headers=[("Range", asked)])
            same("%s is beyond the end" % asked, (answer.status, answer.header("Content-Range"), answer.body),
                 (416, "bytes */%d" % size, b""))
        answer = server.visit("GET", "/empty.txt", headers=[("Range", "bytes=0-")])
        same("and so is any part of nothing", (answer.status, answer.header("Content-Range")), (416, "bytes */0"))
        for asked in ("bytes=0-1,4-5", "bytes=0-0,-1", "bytes=5-2", "bytes=a-b", "bytes=-", "bytes=", "lines=1-2", "bytes=0x1-2",
                      "bytes=+1-2", "bytes=99999999999999999999-", "bytes=0-1, 2-3", "0-4", ""):
            answer = server.visit("GET", "/notes.txt", headers=[("Range", asked)])
            same("'%s' is passed over: the whole" % asked, (answer.status, answer.body, answer.header("Content-Range")), (200, TEXT, None))
        for header, status in ((tag, 206), (date, 206), ('"other"', 200), ("W/" + tag, 200), (email.utils.formatdate(0, usegmt=True), 200),
                               ("nonsense", 200)):
            answer = server.visit("GET", "/notes.txt", headers=[("Range", "bytes=2-3"), ("If-Range", header)])
            same("If-Range: %s is %d" % (header, status), (answer.status, answer.body), (status, TEXT[2:4] if status == 206 else TEXT))
        answer = server.visit("HEAD", "/notes.txt", headers=[("Range", "bytes=2-3")])
        same("HEAD has no parts", (answer.status, answer.header("Content-Length"), answer.header("Content-Range")), (200, str(size), None))
        answer = server.visit("GET", "/customers", headers=[HTML, ("Range", "bytes=0-4")])
        same("an address of the front end's has parts, too", (answer.status, answer.body), (206, HOME[:5]))


def names():
    """Names with all that file systems allow."""
    strange = ("a b.txt", "a+b.txt", "100%.txt", "gr\u00fc\u00dfe.txt", "\u65e5\u672c\u8a9e.txt", "\U0001f600.txt", "a#b.txt", "a?b.txt",
               "a&b=c;d.txt", "a'b\"c.txt", "a,b.txt", "(a)[b]{c}.txt", "~a.txt", "a..b.txt", "..a", "...", "a.", "x" * 200 + ".txt",
               "n\u0303.txt", "a%20b.txt", "a<b>.txt")
    with Visited("--public", folder(*((name, name.encode()) for name in strange))) as server:
        for name in strange:
            for spelling, path in (("all encoded", "".join("%%%02X" % byte for byte in name.encode())),
                                   ("in small letters", "".join("%%%02x" % byte for byte in name.encode())),
                                   ("as browsers write it", as_browsers_write(name))):
                answer = server.visit("GET", "/" + path)
                if name.startswith("."):
                    check("%r, %s: hidden, so 404" % (name, spelling), answer.refuses(404), answer)
                else:
                    same("%r, %s" % (name[:20], spelling), (answer.status, answer.body), (200, name.encode()))
        for path in ("/a+b%2Etxt", "/a%2Bb.txt"):
            same("%s is a+b.txt" % path, server.visit("GET", path).body, b"a+b.txt")
        check("a%2520b.txt is not decoded twice", server.visit("GET", "/a%2520b.txt").body == b"a%20b.txt")


def as_browsers_write(name):
    """The path percent-encode set of the URL standard, and the percent sign that stands for itself."""
    return "".join(chr(byte) if 0x20 < byte < 0x7f and chr(byte) not in '"#<>?`{}%^' else "%%%02X" % byte for byte in name.encode())


SCENARIOS = (files, addresses, validators, ranges, names)
