"""The names of the server: which hosts are answered, and what --public-url, --app-host, --listen and --lan say of them."""
import os
import re
import socket
import time

from server import START_SECONDS
from visitor import APPS, FORM, HTML, LOGIN, RECORDS, TLS, Visited, check, own_address, refused, same

JSON = ("Content-Type", "application/json")
UNENCRYPTED = "Passwords and data travel unencrypted"
HSTS = "Strict-Transport-Security"
# The blocks of half a character that a QR code is made of, and what each shows above and below.
BLOCKS = {" ": (0, 0), "\u2580": (1, 0), "\u2584": (0, 1), "\u2588": (1, 1)}
FINDER = ["#######", "#     #", "# ### #", "# ### #", "# ### #", "#     #", "#######"]


def hosts():
    """Without a flag: this machine's own names, and no other."""
    with Visited() as server:
        foreign = ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil-localhost", "0.0.0.0", "203.0.113.7:8090",
                   "[::2]", "[::ffff:203.0.113.7]", "crm.example")
        for host in foreign:
            answer = server.visit("GET", APPS, host=host)
            is_told = answer.refuses(421, host.split(":")[0] if host[0] != "[" else host, "--public-url", "--app-host", "--lan")
            check("Host %s: 421 that names the three flags" % host, is_told, answer)
        for method, path, body in (("GET", "/", b""), ("GET", "/_/", b""), ("HEAD", RECORDS, b""), ("POST", "/auth/login/", LOGIN),
                                   ("OPTIONS", APPS, b""), ("DELETE", RECORDS + "/rec_1", b""), ("GET", "/nothing", b"")):
            answer = server.visit(method, path, body, [FORM] if body else [], host="evil.example")
            is_bare = not answer.all("Set-Cookie") and not answer.all("Location")
            check("%s %s under a foreign name: 421, no cookie" % (method, path), answer.status == 421 and is_bare, answer)
        for host in ("localhost", "LocalHost:1", "localhost.", "shop.localhost", "127.0.0.1", "127.9.9.9:80", "[::1]",
                     "[::1]:%d" % server.port):
            answer = server.visit("GET", APPS, host=host)
            check("Host %s is this machine: 401 for a stranger" % host, answer.refuses(401, "/auth/login/"), answer)
        got, _ = server.raw(b"GET /healthz HTTP/1.0\r\n\r\n", 5)
        check("HTTP/1.0 names nobody, and is answered", got.startswith((b"HTTP/1.0 200", b"HTTP/1.1 200")), got)
        answer = server.visit("GET", "http://evil.example" + APPS, host="localhost")
        check("the name in an absolute address counts, not the Host: 421", answer.refuses(421, "evil.example"), answer)
        answer = server.visit("GET", "http://localhost" + APPS, host="evil.example")
        check("and the other way round", answer.refuses(401), answer)


def health():
    """The one address that answers under every name."""
    with Visited() as server:
        for path, host in (("/healthz", None), ("/healthz/", None), ("/healthz", "evil.example"), ("/healthz?x=1", "203.0.113.7")):
            for method in ("GET", "HEAD"):
                answer = server.visit(method, path, host=host)
                about = [answer.header(header) for header in ("Content-Type", "Content-Length", "Cache-Control")]
                body = b"" if method == "HEAD" else b'{"status":"ok"}'
                same("%s %s as %s" % (method, path, host or "its own"), (answer.status, about, answer.body),
                     (200, ["application/json", "15", "no-store"], body))
        answer = server.visit("POST", "/healthz", b"{}", [JSON])
        check("POST /healthz is an error in JSON", answer.status in (404, 405) and answer.error(), answer)
        answer = server.visit("POST", "/healthz", b"{}", [JSON], host="evil.example")
        check("and under a foreign name 421", answer.refuses(421), answer)
        code, out, err = server.command("serve", "--listen", "127.0.0.1:0", "--no-open")
        check("a second server on the data file: exit 4, the first is named",
              code == 4 and not out and "http://127.0.0.1:%d" % server.port in err, (code, out, err))
        server.marker()


def public_url():
    """Behind a proxy that speaks https: links, cookies and redirects are for the name that people know."""
    with Visited("--public-url", "https://crm.example") as server:
        name = {"host": "crm.example"}
        answer = server.visit("GET", "/", headers=[HTML], **name)
        same("GET / goes to the page under the public name", (answer.status, answer.header("Location"), answer.header(HSTS)),
             (302, "https://crm.example/_/", "max-age=31536000"))
        answer = server.visit("GET", "/_", host="CRM.Example:443")
        same("GET /_, too, however the name is written", (answer.status, answer.header("Location")), (302, "https://crm.example/_/"))
        answer = server.visit("POST", "/auth/login/", LOGIN, [FORM, ("Origin", "https://crm.example")], **name)
        same("signing in goes there, too", (answer.status, answer.header("Location"), answer.header(HSTS)),
             (302, "https://crm.example/", "max-age=31536000"))
        check("and every cookie is Secure", all("; Secure" in value for value in answer.all("Set-Cookie")), answer)
        session = answer.session()
        for path, status in (("/healthz", 200), ("/_/", 200), (APPS, 401), ("/nothing", 404)):
            answer = server.visit("GET", path, **name)
            same("HSTS stands at %s" % path, (answer.status, answer.header(HSTS)), (status, "max-age=31536000"))
        answer = server.visit("POST", "/auth/login/", LOGIN, [FORM])
        same("by the machine's own address nothing of that holds", (answer.status, answer.header("Location"), answer.header(HSTS)),
             (302, "/", None))
        check("and no cookie is Secure", not any("secure" in value.lower() for value in answer.all("Set-Cookie")), answer)
        for origin, host, want in (("https://crm.example", None, 201), ("https://crm.example", "crm.example", 201),
                                   ("http://127.0.0.1:%d" % server.port, None, 201), ("http://crm.example", None, 403),
                                   ("https://crm.example:8443", None, 403), ("https://crm.example.evil", None, 403),
                                   ("https://evil.example", "crm.example", 403), ("null", "crm.example", 403), ("", "crm.example", 403)):
            body = b'{"name": "From %s by %s"}' % (origin.encode(), (host or "address").encode())
            answer = server.visit("POST", RECORDS, body, [session, JSON, ("Origin", origin)], host=host)
            is_told = answer.status == 201 if want == 201 else answer.refuses(403, "--public-url") and answer.error()[0] == "csrf_failed"
            check("POST of a page of '%s' to %s: %d" % (origin, host or "the address that the proxy uses", want), is_told, answer)
        code, out, err = server.command("link")
        check("carryall link begins with the public name", code == 0 and out.startswith("https://crm.example/_/start#t="), (code, out, err))
        check("and the server tells it", "Admin page: https://crm.example/_/" in server.errors(), server.errors())
        check("another foreign name stays 421", server.visit("GET", APPS, host="www.crm.example").status == 421)
    with Visited("--public-url", "http://10.1.2.3:8090/") as server:
        answer = server.visit("POST", "/auth/login/", LOGIN, [FORM], host="10.1.2.3:8090")
        same("a public name in clear: its redirects, no HSTS", (answer.header("Location"), answer.header(HSTS)),
             ("http://10.1.2.3:8090/", None))
        check("and no Secure cookie", not any("secure" in value.lower() for value in answer.all("Set-Cookie")), answer)
    for url in ("https://crm.example/app", "crm.example", "ftp://crm.example", "https://ann@crm.example", "https://crm.example?x=1",
                "https://", "", "https://crm.example:99999", "https://crm example", "//crm.example"):
        refused("--public-url '%s': exit 2 in words" % url, ("--public-url", url),
                ["--public-url", "https://crm.example", "without a path"])


def apps():
    """Addresses and names that stand for an app."""
    with Visited("--app-host", "shop.example=crm", listen=("127.0.0.1:0=crm", "127.0.0.1:0")) as server:
        ports = [port for _, _, port in server.said]
        check("two --listen: two lines, two ports", len(set(ports)) == 2, server.said)
        for name, host, port, app in (("the listener of the app", None, ports[0], "crm"), ("the other one", None, ports[1], None),
                                      ("the other one, by the app's name", "shop.example", ports[1], "crm"),
                                      ("that name in capitals, with a port", "Shop.Example:8090", ports[1], "crm")):
            how = {"host": host, "to": ("127.0.0.1", port)}
            answer = server.visit("GET", "/", headers=[HTML], **how)
            same("%s: a browser goes to its page" % name, (answer.status, answer.header("Location")), (302, "/_/%s" % (app or "")))
            answer = server.visit("GET", "/", **how)
            same("%s: a program hears of it" % name, (answer.status, answer.json().get("name"), answer.json().get("app")),
                 (200, "carryall", app))
            check("%s: the API is there" % name, server.visit("GET", APPS, **how).status == 401)
        check("any other name is still 421", server.visit("GET", APPS, host="shop.example.evil").status == 421)
    for args in (("--app-host", "shop.example=cmr"), ("--listen", "127.0.0.1:0=cmr")):
        refused("%s %s: exit 2, the app is named that is there" % args, args, ["'cmr'", "'crm'"])
    for text in ("shop.example", "=crm", "shop.example=", "sh op=crm", "https://shop.example=crm"):
        refused("--app-host '%s': exit 2 in words" % text, ("--app-host", text), ["--app-host", "crm.example=my-crm"])


def addresses():
    """What --listen takes."""
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.2", 0))
            second = "127.0.0.2"
        except OSError:
            second = "127.0.0.1"  # macOS has one loopback address only
    with Visited(listen=("%s:0" % second, "127.0.0.1:0")) as server:
        for _, host, port in server.said:
            answer = server.visit("GET", APPS, host="%s:%d" % (host, port), to=(host, port))
            check("--listen %s:0 answers to Host %s" % (host, host), answer.refuses(401), answer)
        taken = "%s:%d" % (second, server.port)
        refused("a port that is taken: exit 1 in words", ("--listen", taken), [taken, "taken"], code=1)
    with Visited(listen=("0",)) as server:
        same("a bare port is loopback's", server.said, [("http", "127.0.0.1", server.port)])
    for text in ("nonsense", "127.0.0.1", "127.0.0.1:99999", "", ":"):
        refused("--listen '%s': exit 2 in words" % text, ("--listen", text), ["127.0.0.1:8090"])
    if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"):
        with Visited(listen=("[::1]:0",)) as server:
            answer = server.visit("GET", APPS, host="[::1]:%d" % server.port, to=("::1", server.port))
            check("--listen [::1]:0 answers to Host [::1]", answer.refuses(401), answer)
            code, out, err = server.command("link")
            check("and commands find it", code == 0 and out.startswith("http://[::1]:%d/" % server.port), (code, out, err))


def lan():
    """--lan at a terminal: the addresses, a QR code, a warning; and the names that are good then."""
    with Visited("--lan", listen=("0.0.0.0:0",), terminal=True) as server:
        lines = told(server, UNENCRYPTED)
        urls = [line.strip() for line in lines if re.fullmatch(r"\s+https?://\S+/_/", line)]
        own = own_address()
        if own:
            check("the machine's address is told", "http://%s:%d/_/" % (own, server.port) in urls, lines)
            is_code, code = qr(lines)
            check("a QR code stands on the terminal", is_code, "\n".join(code))
            for url in urls:
                check("%s, as it is told, opens the page" % url, opens(url), url)
            for host in (own, "%s:%d" % (own, server.port)):
                answer = server.visit("GET", APPS, host=host, to=(own, server.port))
                check("Host %s is good on a connection to that address" % host, answer.refuses(401), answer)
            answer = server.visit("GET", APPS, host=own)
            check("and on another connection 421", answer.refuses(421), answer)
        name = socket.gethostname().lower().split(".")[0]
        for host in (name, name + ".local", "localhost"):
            check("Host %s is good" % host, server.visit("GET", APPS, host=host).refuses(401))
        for host in ("203.0.113.7", "8.8.8.8", "[2001:db8::1]", "evil.example", name + ".evil.example"):
            answer = server.visit("GET", APPS, host=host, to=(own or "127.0.0.1", server.port))
            check("Host %s stays 421" % host, answer.refuses(421), answer)
        check("that what is sent can be read is said", any(UNENCRYPTED in line for line in lines), lines)
        code, out, err = server.command("link")
        check("carryall link works, and is this machine's", code == 0 and out.startswith("http://127.0.0.1:%d/" % server.port),
              (code, out, err))
    with Visited("--lan", listen=("0.0.0.0:0",)) as server:
        lines = told(server, UNENCRYPTED)
        has_code = any(block in line for line in lines for block in BLOCKS if block != " ")
        check("where no terminal is: the addresses, no QR code", not has_code, lines)
    with Visited("--lan", *TLS, listen=("0.0.0.0:0",), terminal=True) as server:
        lines = told(server, "Other machines")
        is_told = own_address() is None or "  https://%s:%d/_/" % (own_address(), server.port) in lines
        check("with TLS: addresses by https and no warning", is_told and not any(UNENCRYPTED in line for line in lines), lines)
    with Visited("--lan", listen=()) as server:
        _, host, port = server.said[0]
        check("--lan alone takes a port of 8090 to 8099 on all addresses", host == "0.0.0.0" and 8090 <= port <= 8099, server.said)
    with Visited("--lan", terminal=True) as server:
        lines = told(server, "Admin page")
        is_told = any("Other machines" in line or UNENCRYPTED in line for line in lines)
        check("--lan on a loopback address tells of no network", not is_told, lines)
    with Visited(listen=("0.0.0.0:0",)) as server:
        lines = told(server, UNENCRYPTED)
        check("0.0.0.0 without --lan: the warning stands there, too", any(UNENCRYPTED in line for line in lines), lines)
        if own_address():
            answer = server.visit("GET", APPS, host=own_address(), to=(own_address(), server.port))
            check("and the address that was connected to is 421 that names --lan", answer.refuses(421, "--lan"), answer)


def told(server, last):
    """The lines on stderr once `last` stands there: it is said before stdout says anything, but a terminal may be slow."""
    until = time.monotonic() + START_SECONDS
    while last not in server.errors() and time.monotonic() < until:
        time.sleep(0.02)
    return server.errors().replace("\r\n", "\n").splitlines()


def opens(url):
    """Whether a browser of this machine finds the admin page there."""
    authority = url.split("/")[2]
    host, port = authority.rsplit(":", 1)
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=5) as sock:
            sock.sendall(b"GET /_/ HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % authority.encode())
            return sock.recv(4096).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


def qr(lines):
    """Whether there is a QR code (ISO/IEC 18004): square, of a size that exists, with its three finder patterns, dark on light."""
    code = [line for line in lines if len(line) > 20 and set(line) <= set(BLOCKS)]
    if not code or len({len(line) for line in code}) != 1:
        return False, code
    rows = []
    for line in code:
        rows += [[BLOCKS[block][half] for block in line] for half in (0, 1)]
    # A terminal is dark where nothing is printed; four modules around the code are light.
    width = len(rows[0])
    inner = [row[4:width - 4] for row in rows[4:width - 4]]
    size = len(inner)
    if size < 21 or (size - 17) % 4 or len(rows) not in (width, width + 1) or not all(all(row) for row in rows[:4]):
        return False, code
    corners = [(0, 0), (0, size - 7), (size - 7, 0)]
    found = [["".join(" " if bit else "#" for bit in row[x:x + 7]) for row in inner[y:y + 7]] for y, x in corners]
    return found == [FINDER] * 3, code


SCENARIOS = (lan, public_url, hosts, apps, addresses, health)
