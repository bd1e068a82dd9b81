"""Pages of other origins (CORS, in the Fetch standard): none by default, those of --allow-origin, with --dev those of this machine."""
from visitor import APPS, FORM, LOGIN, RECORDS, Visited, check, own_address, refused, same

JSON = ("Content-Type", "application/json")
PAGE = "https://app.example"
# What others may try to pass for PAGE.
TRICKS = ("http://app.example", "https://app.example:8443", "https://app.example.evil.example", "https://evil-app.example",
          "https://app.exampl", "https://app.example@evil.example", "https://evil.example/https://app.example",
          "https://app.example, https://evil.example", "https://app.example https://evil.example", "app.example", "//app.example",
          "https://app.example/path", "https://app.example?x", "https://*.example", "*", "null", "file://",
          "https://app.example\\evil.example", "https://sub.app.example", "https://evil.example#app.example")


# A dialect that pages of any origin may call, with a key in a header.
OPEN = "/external/api/00000000-0000-4000-8000-000000000000/companies"
ANYBODY = {"access-control-allow-origin": "*", "access-control-allow-methods": "POST, PUT, PATCH, DELETE, OPTIONS",
           "access-control-allow-headers": "content-type, x-api-key, x-api-secret, authorization",
           "access-control-allow-private-network": "true", "access-control-max-age": "600"}


def preflight(server, origin, path=RECORDS, wanted="POST", headers=(), **how):
    """What a browser asks before it sends a request of a page of `origin`."""
    return server.visit("OPTIONS", path, headers=[("Origin", origin), ("Access-Control-Request-Method", wanted), *headers], **how)


def posted(server, session, origin):
    """A record that a page of `origin` sends, with the cookie."""
    return server.visit("POST", RECORDS, b'{"name": "Of %s"}' % origin.replace("\\", "/").encode(), [session, JSON, ("Origin", origin)])


def allows(answer):
    return answer.header("Access-Control-Allow-Origin")


def told(answer):
    """All that an answer tells a browser of other origins."""
    return {name.lower(): value for name, value in answer.headers if name.lower().startswith("access-control-")}


def opened(server, session, origin):
    """The dialect that is open to every page, and to nobody's cookie."""
    answer = preflight(server, origin, OPEN, "PUT", [("Access-Control-Request-Headers", "content-type,x-api-key,x-api-secret")])
    got = told(answer)
    same("a preflight of %s of the open dialect: any page, without credentials" % origin,
         (answer.status, {name: got.get(name) for name in ANYBODY}, "access-control-allow-credentials" in got), (204, ANYBODY, False))
    for what, headers in (("no credential", []), ("the cookie", [session]), ("a bad key", [("x-api-key", "k"), ("x-api-secret", "s")])):
        answer = server.visit("POST", OPEN, b"{}", [*headers, JSON, ("Origin", origin)])
        got = told(answer)
        same("a POST of %s there with %s: 401, which it may read" % (origin, what),
             (answer.status, got.get("access-control-allow-origin"), "access-control-allow-credentials" in got), (401, "*", False))
    answer = server.visit("GET", OPEN, headers=[("Origin", origin)])
    same("and what it may not", (answer.status, allows(answer), answer.header("Allow")), (405, "*", "POST, PUT, PATCH, DELETE, OPTIONS"))


def closed():
    """No flag: no header, and a preflight is told which flag would let it in."""
    with Visited() as server:
        session = server.signed_in()
        for origin in (PAGE, "http://localhost:5173", "null", "http://127.0.0.1:%d" % server.port):
            answer = server.visit("GET", RECORDS, headers=[session, ("Origin", origin)])
            same("a page of %s gets no leave to read" % origin, (answer.status, told(answer)), (200, {}))
        for origin, has_dev in ((PAGE, False), ("http://localhost:5173", True), ("http://127.0.0.1:3000", True),
                                ("https://localhost:5173", True), ("http://[::1]:5173", True), ("http://localhost.evil.example", False),
                                ("null", False)):
            answer = preflight(server, origin)
            is_told = answer.refuses(403, "--allow-origin", origin) and not told(answer) and ("--dev" in answer.error()[1]) == has_dev
            check("a preflight of %s: 403, --allow-origin is named, --dev %s" % (origin, "too" if has_dev else "not"), is_told, answer)
        for origin in (PAGE, "http://localhost:5173", "null"):
            answer = posted(server, session, origin)
            is_told = answer.refuses(403, "--allow-origin", "--dev", "--public-url") and answer.error()[0] == "csrf_failed"
            check("a POST of a page of %s with the cookie: 403, the flags are named" % origin, is_told and not told(answer), answer)
        answer = server.visit("POST", RECORDS, b'{"name": "Foreign"}', [session, JSON, ("Referer", PAGE + "/x")])
        check("one that only has a Referer, too", answer.refuses(403), answer)
        answer = server.visit("POST", RECORDS, b'{"name": "Foreign"}', [session, JSON, ("Sec-Fetch-Site", "cross-site")])
        check("and one that only says cross-site", answer.refuses(403), answer)
        answer = server.visit("POST", "/auth/login/", LOGIN, [FORM, ("Origin", PAGE)])
        check("nor may it sign in", answer.refuses(403) and not answer.all("Set-Cookie"), answer)
        for origin in (PAGE, "null"):
            opened(server, session, origin)
        answer = server.visit("OPTIONS", RECORDS)
        same("OPTIONS of a program is no preflight", (answer.status, answer.header("Allow"), told(answer)),
             (204, "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS", {}))
        same("nothing came of all that", server.visit("GET", RECORDS, headers=[session]).json()["total"], 1)


def allowed():
    """--allow-origin: its pages may ask and read, with the cookie; nobody else's."""
    with Visited("--allow-origin", PAGE, "--allow-origin", "http://10.0.0.7:3000") as server:
        session = server.signed_in()
        answer = preflight(server, PAGE, headers=[("Access-Control-Request-Headers", "content-type,x-mine")])
        same("a preflight is answered", (answer.status, answer.body, answer.all("Vary")), (204, b"", ["Origin"]))
        want = {"access-control-allow-origin": PAGE, "access-control-allow-credentials": "true",
                "access-control-allow-headers": "content-type,x-mine",
                "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE", "access-control-max-age": "600"}
        got = told(answer)
        same("with the origin itself, credentials, methods and headers", {name: got.get(name) for name in want}, want)
        for path in (APPS, "/nothing", "/auth/login/", "/v1/apps"):
            same("a preflight for %s, too" % path, preflight(server, PAGE, path).status, 204)
        answer = preflight(server, PAGE, host="evil.example")
        check("not under a foreign name", answer.refuses(421), answer)
        for method, path, status, headers in (("GET", RECORDS, 200, [session]), ("GET", RECORDS, 401, []), ("GET", "/api/no/such/address", 404, []),
                                              ("HEAD", RECORDS, 200, [session]), ("GET", "/healthz", 200, [])):
            answer = server.visit(method, path, headers=[*headers, ("Origin", PAGE)])
            got = told(answer)
            is_read = (got.get("access-control-allow-origin"), got.get("access-control-allow-credentials")) == (PAGE, "true")
            check("%s %s: %d, which the page may read" % (method, path, status),
                  answer.status == status and is_read and "Origin" in answer.all("Vary"), answer)
        check("and its X-Request-Id, too", "X-Request-Id" in got.get("access-control-expose-headers", ""), got)
        answer = posted(server, session, PAGE)
        same("a POST of its page with the cookie: 201", (answer.status, allows(answer)), (201, PAGE))
        answer = posted(server, session, "http://10.0.0.7:3000")
        same("and of the other that is allowed", (answer.status, allows(answer)), (201, "http://10.0.0.7:3000"))
        for origin in (*TRICKS, "http://localhost:5173", "http://10.0.0.7"):
            read = server.visit("GET", RECORDS, headers=[session, ("Origin", origin)])
            asked, sent = preflight(server, origin), posted(server, session, origin)
            is_closed = (read.status, asked.status, sent.status, told(read), told(asked), told(sent)) == (200, 403, 403, {}, {}, {})
            check("%s: no leave, preflight and POST 403" % origin, is_closed and "Origin" in read.all("Vary"), (read, asked, sent))
        two = server.visit("GET", RECORDS, headers=[session, ("Origin", "https://evil.example"), ("Origin", PAGE)])
        check("two origins are none", not told(two), two)
        answer = server.visit("GET", RECORDS, headers=[session])
        same("without an origin nothing is told but Vary", (answer.status, told(answer), answer.all("Vary")), (200, {}, ["Origin"]))
        same("three records came of all that", server.visit("GET", RECORDS, headers=[session]).json()["total"], 3)
    for url in ("app.example", "https://app.example/x", "*", "null", "", "https://app.example,https://b.example"):
        refused("--allow-origin '%s': exit 2 in words" % url, ("--allow-origin", url), ["--allow-origin", "https://crm.example"])


def development():
    """--dev: pages on any port of this machine, and only where nobody else comes in."""
    with Visited("--dev") as server:
        session = server.signed_in()
        for origin in ("http://localhost:5173", "http://localhost:1", "http://localhost", "http://127.0.0.1:3000", "http://[::1]:8080",
                       "http://app.localhost:5173"):
            asked, sent = preflight(server, origin), posted(server, session, origin)
            same("%s may" % origin, (asked.status, sent.status, allows(asked), allows(sent)), (204, 201, origin, origin))
        for origin in ("http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://evil.example",
                       "http://localhost@evil.example", "null", "http://notlocalhost:5173", "http://0.0.0.0:5173",
                       "http://192.168.1.7:5173", PAGE):
            asked, sent = preflight(server, origin), posted(server, session, origin)
            same("%s may not" % origin, (asked.status, sent.status, told(asked), told(sent)), (403, 403, {}, {}))
    for args in (("--listen", "0.0.0.0:0"), ("--listen", "127.0.0.1:0", "--listen", "0.0.0.0:0"), ("--lan",),
                 ("--lan", "--listen", "0.0.0.0:0"), *([("--listen", "%s:0" % own_address())] if own_address() else [])):
        refused("--dev %s: exit 2 in words" % " ".join(args), ("--dev", *args), ["--dev", "--allow-origin"])


SCENARIOS = (allowed, closed, development)
