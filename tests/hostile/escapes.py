"""`--public DIR` and those who want more than the folder: ways out, links, pipes, and files that change under a download."""
import os
import stat
import tempfile
import threading
import time

from server import ANSWER_SECONDS, Failed, Incomplete, exchange, responses
from visitor import HTML, SCRATCH, TLS, Visited, check, curl, same, trusting

SECRET = b"not for you"
HOME = b"<title>Home</title>"
BIG_BYTES = 64 * 1024 * 1024
TAKEN_BYTES = 256 * 1024
SMALL_BYTES, SMALL_ASKED = 200_000, 400

UPWARDS = ("..", "%2e%2e", "%2E%2E", ".%2e", "%2e.", "..%00", "%00..", "...", "....", "..;", "%252e%252e", "%c0%ae%c0%ae",
           "%e0%80%ae%e0%80%ae", "%uff0e%uff0e", "\uff0e\uff0e", "..%20", "..%09", "%20..", "..%0a", ".%00.", "..%c0%af", "..%ef%bc%8f")
SLASHES = ("/", "%2f", "%2F", "\\", "%5c", "%5C", "%252f", "%255c", "//", "/./", "%c0%af", "%e2%88%95", "/;/", "/%2e/")


def sites():
    """A folder `site` with files, and beside it what nobody may see."""
    root = os.path.realpath(tempfile.mkdtemp(dir=SCRATCH.name))
    site = os.path.join(root, "site")
    os.makedirs(os.path.join(site, "docs"))
    os.makedirs(os.path.join(site, ".git"))
    os.makedirs(os.path.join(site, ".well-known", ".private"))
    os.makedirs(os.path.join(site, "empty"))
    os.makedirs(os.path.join(root, "site-of-others"))
    os.makedirs(os.path.join(root, "secret.d"))
    for path, data in (
            ("secret.txt", SECRET), ("secret.d/index.html", SECRET), ("site-of-others/index.html", SECRET),
                       ("site/index.html", HOME), ("site/a.txt", b"a"), ("site/docs/b.txt", b"b"), ("site/.env", SECRET),
                       ("site/.htpasswd", SECRET), ("site/.git/config", SECRET), ("site/docs/.hidden.txt", SECRET),
                       ("site/.well-known/ok.txt", b"ok"), ("site/.well-known/.private/x.txt", SECRET)):
        with open(os.path.join(root, path), "wb") as file:
            file.write(data)
    return root, site


def spellings():
    """Every spelling of every way out, as raw addresses."""
    root, site = sites()
    secret = os.path.join(root, "secret.txt")
    with Visited("--public", site) as server:
        same("what lies in the folder is there", server.visit("GET", "/docs/b.txt").body, b"b")
        ways = ["/%s%ssecret.txt" % (up, slash) for up in UPWARDS for slash in SLASHES]
        ways += ["/docs/%s%s%s%ssecret.txt" % (up, slash, up, slash) for up in UPWARDS for slash in SLASHES]
        ways += ["/docs/..%s..%ssecret.txt" % (slash, slash) for slash in SLASHES]
        ways += ["/docs%s..%s..%ssecret.txt" % (slash, slash, slash) for slash in SLASHES]
        ways += ["/.." * depth + secret for depth in (1, 2, 3, 10, 40)] + ["/%2e%2e" * depth + secret for depth in (1, 2, 3, 10, 40)]
        ways += [secret, "/" + secret, "//" + secret, "/%2f" + secret[1:], secret.replace("/", "%2f"), "/" + secret.replace("/", "%2f"),
                 "/" + secret.replace("/", "%5c"), "//etc/passwd", "/etc/passwd", "///etc/passwd", "/%2fetc%2fpasswd", "/file:" + secret,
                 "/file://" + secret, "/C:/secret.txt", "/C:%5csecret.txt", "/%5c%5clocalhost%5csecret.txt", "/CON", "/NUL.txt", "/aux",
                 "/~root/.profile", "/~/secret.txt", "/../site-of-others/", "/../site-of-others/index.html", "/../site", "/../site/",
                 "/../site/.env", "/..", "/../", "/.", "/./", "/./a.txt", "/docs/./b.txt", "/docs//b.txt", "/a.txt/", "/a.txt/.",
                 "/a.txt/..", "/a.txt/../.env", "/a.txt%00", "/a.txt%00.html", "/a.txt%0a", "/a.txt%20", "/a.txt.", "/a.txt::$DATA",
                 "/a.txt:stream", "/secret.txt", "/%", "/%2", "/%zz", "/%ff", "/%c3%28", "/%ed%a0%80", "/.env", "/%2eenv", "/%2Eenv",
                 "/.htpasswd", "/.git/config", "/%2egit/config", "/.git/", "/.git", "/docs/.hidden.txt", "/docs/%2ehidden.txt",
                 "/.well-known/.private/x.txt", "/.well-known/%2eprivate/x.txt", "/.well-known/../.env", "/.well-known%2f..%2f.env",
                 "/" + "x" * 255, "/" + "x" * 256, "/" + "x" * 5000, "/" + "x/" * 2000, "/" + "../" * 1000 + "secret.txt",
                 "/" + "%2e%2e/" * 500 + "secret.txt"]
        wrong = []
        for way in ways:
            for headers in ([], [HTML]):
                got, ended = server.raw(request(way, headers), ANSWER_SECONDS)
                answer = responses(got, ["GET"])[-1]
                is_home = headers and answer[0] == 200 and answer[2] == HOME
                is_refused = answer[0] in (400, 404) and b'"error"' in answer[2]
                if SECRET in got or b"root:" in got or ended == "open" or not (is_home or is_refused):
                    wrong.append((way, headers, got[:300], ended))
        check("%d ways out lead to 404, 400 or the front end's own page" % len(ways), not wrong,
              "%d wrong, such as %s" % (len(wrong), wrong[:2]))
        wrong = []
        for way in ways[:len(UPWARDS) * len(SLASHES):7]:
            code, body, told = curl("--path-as-is", "--http2-prior-knowledge", "-g", "http://127.0.0.1:%d%s" % (server.port, way))
            if code == 0 and (SECRET in body or not told.startswith(("404 2", "400 2"))):
                wrong.append((way, code, body[:200], told))
        check("and by HTTP/2", not wrong, wrong[:2])
        answer = server.visit("GET", "http://localhost/../secret.txt", host="localhost")
        check("and in an absolute address", answer.refuses(404), answer)
        same(".well-known is no secret", server.visit("GET", "/.well-known/ok.txt").body, b"ok")
        for path, want in (("/empty/", 404), ("/empty", 301)):
            answer = server.visit("GET", path)
            is_bare = answer.status == want and b"href" not in answer.body
            check("a folder without an index lists nothing: %s is %d" % (path, want), is_bare, answer)
        same("a browser gets the front end there", server.visit("GET", "/empty/", headers=[HTML]).body, HOME)
        check("an address longer than 8 KiB: 414", server.visit("GET", "/" + "x" * 9000).refuses(414))


def request(path, headers):
    lines = ["GET %s HTTP/1.1" % path, "Host: localhost", "Connection: close", *("%s: %s" % header for header in headers), "", ""]
    return "\r\n".join(lines).encode("utf-8")


def links():
    """Symbolic links, and files that are none."""
    root, site = sites()
    for name, target in (("out.txt", os.path.join(root, "secret.txt")), ("up.txt", "../secret.txt"),
                         ("out", os.path.join(root, "secret.d")), ("up", "../secret.d"), ("above", ".."), ("loop", "loop"),
                         ("ping", "pong"), ("pong", "ping"), ("dangling", "nothing"), ("zero", "/dev/zero"), ("stdin", "/dev/stdin"),
                         ("me", "/proc/self/environ"), ("chain", "up.txt"), ("sibling", "../site-of-others"), ("in.txt", "docs/b.txt"),
                         ("in", "docs"), ("round", "../site/docs/b.txt")):
        os.symlink(target, os.path.join(site, name))
    os.mkfifo(os.path.join(site, "pipe"))
    os.mkfifo(os.path.join(site, "docs", "index.html"))
    try:
        os.mknod(os.path.join(site, "socket"), stat.S_IFSOCK | 0o600)
    except OSError:
        pass  # not everybody may; then there is nothing at that address, which is 404 as well
    with Visited("--public", site) as server:
        for path in ("/out.txt", "/up.txt", "/out/", "/out/index.html", "/up/", "/up/index.html", "/above/secret.txt", "/above/secret.d/",
                     "/loop", "/loop/", "/ping", "/dangling", "/zero", "/stdin", "/me", "/chain", "/sibling/", "/sibling/index.html",
                     "/pipe", "/socket"):
            answer = server.visit("GET", path)
            check("%s is 404" % path, answer.refuses(404, path), answer)
        for path in ("/out", "/up", "/above", "/sibling"):
            answer = server.visit("GET", path)
            check("%s tells nothing of what is behind it" % path, answer.refuses(404, path), answer)
        answer = server.visit("GET", "/docs/")
        check("an index that is a pipe: 404, nobody waits", answer.refuses(404), answer)
        for path, body in (("/in.txt", b"b"), ("/in/b.txt", b"b"), ("/round", b"b")):
            same("%s stays in the folder, and is served" % path, server.visit("GET", path).body, body)
        if os.geteuid() != 0:
            os.chmod(os.path.join(site, "a.txt"), 0)
            check("a file that the server may not read: 404", server.visit("GET", "/a.txt").refuses(404))
        os.remove(os.path.join(site, "a.txt"))
        os.symlink("../secret.txt", os.path.join(site, "a.txt"))
        check("a file that becomes a link outwards: 404", server.visit("GET", "/a.txt").refuses(404))
        server.marker()
    linked = os.path.join(root, "linked")
    os.symlink(site, linked)
    with Visited("--public", linked) as server:
        same("a folder that is a link itself is served", server.visit("GET", "/docs/b.txt").body, b"b")


def changes():
    """A download of a file that shrinks ends the connection; of one that is replaced, it goes on to the end of what it began with."""
    site = tempfile.mkdtemp(dir=SCRATCH.name)
    path = os.path.join(site, "big.bin")
    with Visited("--public", site, *TLS) as server:
        for name, change, is_whole in (("nothing happens", lambda: None, True),
                                       ("it is cut short", lambda: os.truncate(path, BIG_BYTES // 2), False),
                                       ("it is emptied", lambda: os.truncate(path, 0), False),
                                       ("it is removed", lambda: os.remove(path), True),
                                       ("another takes its name", lambda: replace(path, b"B"), True),
                                       ("it grows", lambda: grow(path), True)):
            replace(path, b"A")
            got, ended = download(server, change)
            head, _, body = got.partition(b"\r\n\r\n")
            is_begun = head.startswith(b"HTTP/1.1 200") and b"content-length: %d" % BIG_BYTES in head.lower() and not body.strip(b"A")
            if is_whole:
                check("%s: the download is whole" % name, is_begun and len(body) == BIG_BYTES, (head[:300], len(body), ended))
            else:
                check("%s: the download ends early, and says so" % name,
                      is_begun and len(body) < BIG_BYTES and ended in ("closed", "reset"), (head[:300], len(body), ended))
        for flags, scheme in ((("--http2",), "https"), (("--http1.1",), "https"), (("--http2-prior-knowledge",), "http")):
            replace(path, b"A")
            code, told = slow_curl(server, flags, scheme, path)
            is_heard = code != 0 and told.startswith("200")
            check("curl %s by %s hears of a download that ends early" % (flags[0], scheme), is_heard, (code, told))
        never_short(server, os.path.join(site, "small.bin"))
        replace(path, b"A")
        answer = server.visit("GET", "/big.bin", headers=[("Range", "bytes=-3")], secure=trusting())
        same("and the next one is served", (answer.status, answer.body), (206, b"AAA"))
        server.marker()


def replace(path, letter):
    with open(path + ".new", "wb") as file:
        file.write(letter * BIG_BYTES)
    os.replace(path + ".new", path)


def grow(path):
    with open(path, "ab") as file:
        file.write(b"B" * 1024 * 1024)


def download(server, change):
    """Takes a little of the file, lets the change happen, then takes the rest; (bytes, how it ended)."""
    with server.connect() as sock:
        deadline = time.monotonic() + 20
        start, _ = exchange(sock, request("/big.bin", []), deadline, enough=lambda got: len(got) > TAKEN_BYTES)
        change()
        rest, ended = exchange(sock, b"", deadline)
        return start + rest, ended


def never_short(server, path):
    """A small file that is written anew all the time: what is told of it is what came, or the connection ends."""
    with open(path, "wb") as file:
        file.write(b"A" * SMALL_BYTES)
    is_over, wrong, whole = threading.Event(), [], 0

    def rewrite():
        while not is_over.is_set():
            os.truncate(path, SMALL_BYTES // 100)
            os.truncate(path, SMALL_BYTES)

    rewriting = threading.Thread(target=rewrite)
    rewriting.start()
    try:
        for _ in range(SMALL_ASKED):
            try:
                answer = server.visit("GET", "/small.bin", headers=[("Range", "bytes=0-")])
            except (Failed, Incomplete):
                continue
            whole += answer.status == 206
            if answer.status == 206 and answer.header("Content-Range") != "bytes 0-%d/%d" % (len(answer.body) - 1, len(answer.body)):
                wrong.append((answer.status, answer.headers, len(answer.body)))
    finally:
        is_over.set()
        rewriting.join()
    check("a file that shrinks while it is opened is never told short as if it were whole", whole and not wrong,
          "%d of %d, such as %s" % (len(wrong), whole, wrong[:1]))


def slow_curl(server, flags, scheme, path):
    """A download by curl that is slower than the change; (exit code, what it told)."""
    timer = threading.Timer(0.5, os.truncate, (path, BIG_BYTES // 2))
    timer.start()
    code, _, told = curl(*flags, "--limit-rate", "20M", "%s://localhost:%d/big.bin" % (scheme, server.port))
    timer.join()
    return code, told.splitlines()[-1]


SCENARIOS = (changes, spellings, links)
