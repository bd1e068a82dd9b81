"""TLS at the door: which versions, what is served in clear on the same port, wrong certificates, handshakes that never end."""
import base64
import concurrent.futures
import os
import socket
import ssl
import struct
import tempfile
import time

from server import LINUX, Failed, exchange
from visitor import (APPS, CERTIFICATE, COMMAND_SECONDS, FORM, KEY, LOGIN, RECORDS, SCRATCH, TLS, Visited, check, curl, own_address,
                     refused, same, trusting)

HANDSHAKE_SECONDS, GRACE = 10, 3
HANDSHAKES = 50
RECORD, ALERT, PROTOCOL_VERSION, FATAL = 22, 21, 70, 2


def versions():
    """What a client may speak: TLS 1.2 and 1.3, and through ALPN both versions of HTTP."""
    with Visited(*TLS) as server:
        same("stdout says https", server.said, [("https", "127.0.0.1", server.port)])
        for flags, want in (((), "200 2 1"), (("--http1.1",), "200 1.1 1"), (("--no-alpn",), "200 1.1 1")):
            code, body, told = curl(*flags, "https://localhost:%d/healthz" % server.port)
            same("%s is answered by HTTP/%s" % (" ".join(("curl", *flags)), want.split()[1]), (code, body, told),
                 (0, b'{"status":"ok"}', want))
        code, body, told = curl("https://127.0.0.1:%d%s" % (server.port, APPS))
        check("the certificate fits 127.0.0.1, a stranger gets 401", (code, told) == (0, "401 2 1") and b"unauthorized" in body,
              (code, told, body))
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = trusting()
            context.minimum_version = context.maximum_version = version
            answer = server.visit("GET", "/healthz", secure=context)
            same("%s is spoken, and ends with a farewell" % version.name, (answer.status, answer.body), (200, b'{"status":"ok"}'))
        for version, name in ((0x0303, "TLS 1.2"), (0x0302, "TLS 1.1"), (0x0301, "TLS 1.0"), (0x0300, "SSL 3")):
            got, ended = server.raw(hello(version), 5)
            if version == 0x0303:
                check("a ClientHello by hand for %s is answered" % name, got[:1] == bytes([RECORD]), (got[:20], ended))
            else:
                refusal = got[:1] == bytes([ALERT]) and got[5:7] == bytes([FATAL, PROTOCOL_VERSION])
                check("one for %s is refused by an alert, and closed" % name, refusal and ended == "closed", (got[:20], ended))
        context = trusting()
        context.set_alpn_protocols(["gopher"])
        try:
            told = server.visit("GET", "/healthz", secure=context)
        except ssl.SSLError as error:
            told = str(error)
        check("a client that speaks no HTTP is refused by an alert", "no application protocol" in str(told).replace("_", " ").lower(), told)
        server.marker()


def hello(version):
    """A ClientHello that offers no more than this version (RFC 5246 7.4.1.2), with what ECDSA by P-256 needs."""
    suites = struct.pack(">7H", 0xc02b, 0xc02f, 0xc009, 0xc00a, 0xc013, 0xc014, 0x002f)
    extensions = b"".join(struct.pack(">HH", kind, len(data)) + data for kind, data in (
        (10, struct.pack(">HHH", 4, 0x0017, 0x001d)), (11, b"\x01\x00"), (13, struct.pack(">HHHH", 6, 0x0403, 0x0804, 0x0401))))
    body = struct.pack(">H", version) + os.urandom(32) + b"\0" + struct.pack(">H", len(suites)) + suites + b"\x01\x00"
    body += struct.pack(">H", len(extensions)) + extensions
    message = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return bytes([RECORD]) + struct.pack(">HH", 0x0301, len(message)) + message


def in_clear():
    """Programs of this machine may speak plain HTTP to the same port: so commands hand their jobs over. Others are told to use https."""
    with Visited(*TLS) as server:
        answer = server.visit("GET", "/healthz")
        same("plain HTTP from loopback is served", (answer.status, answer.body), (200, b'{"status":"ok"}'))
        films = os.path.join(server.folder.name, "films.csv")
        with open(films, "w", encoding="ascii") as file:
            file.write("Title,Year\nMetropolis,1927\nThe Kid,1921\n")
        code, out, err = server.command("import", films, "--app", "cinema")
        check("carryall import hands its job to a server with TLS",
              (code, out) == (0, "2 rows imported into cinema/films, a new table: 2 created, 0 updated\n"), (code, out, err))
        session = server.signed_in(secure=trusting())
        answer = server.visit("GET", "/api/apps/cinema/schemas/films/records", headers=[session], secure=trusting())
        same("and the rows are there by https", [row["title"] for row in answer.json()["records"]], ["Metropolis", "The Kid"])
        code, out, err = server.command("link")
        begin = "https://127.0.0.1:%d/_/start#t=" % server.port
        check("carryall link gives a link by https", code == 0 and out.startswith(begin), (code, out, err))
        answer = server.visit("POST", "/auth/link/", b'{"token": "%s"}' % out.strip().removeprefix(begin).encode(),
                              [("Content-Type", "application/json")], secure=trusting())
        check("which signs in, by a cookie that is Secure", answer.status == 200 and is_secure(answer), answer)
        for name, context, want in (("by https", trusting(), True), ("in clear", None, False)):
            answer = server.visit("POST", "/auth/login/", LOGIN, [FORM], secure=context)
            same("signing in %s: the cookies are %sSecure" % (name, "" if want else "not "), is_secure(answer), want)
            answer = server.visit("POST", "/auth/logout/", headers=[answer.session(), FORM], secure=context)
            same("and when they are taken back, too", is_secure(answer), want)
        code, _, err = server.command("serve", "--listen", "127.0.0.1:0", "--no-open")
        check("a second server is told where the first is, by https", code == 4 and "https://127.0.0.1:%d" % server.port in err,
              (code, err))
    from_outside()


def is_secure(answer):
    """Whether all cookies are Secure; None when they differ or there is none."""
    found = {"secure" in value.lower().split("; ") for value in answer.all("Set-Cookie")}
    return found.pop() if len(found) == 1 else None


def from_outside():
    """The same by an address that other machines see."""
    own = own_address()
    if own is None:
        return
    if LINUX:
        with Visited(*TLS) as server:
            # Neither loopback nor the address that was connected to: so it could be anybody's.
            for path, host in ((APPS, None), ("/healthz", None), (APPS, "evil.example")):
                answer = server.visit("GET", path, host=host, source=(own, 0))
                check("plain HTTP from elsewhere is refused in words: %s" % path, answer.refuses(400, "https://"), answer)
            answer = server.visit("GET", "/healthz", source=(own, 0), secure=trusting())
            same("and https from there is served", (answer.status, answer.body), (200, b'{"status":"ok"}'))
    with Visited(*TLS, listen=("%s:0" % own,)) as server:
        to = (own, server.port)
        context = trusting()
        context.check_hostname = False
        answer = server.visit("GET", "/healthz", host="%s:%d" % to, to=to, secure=context)
        same("https by the machine's own address is served", (answer.status, answer.body), (200, b'{"status":"ok"}'))
        code, out, err = server.command("link")
        check("commands of this machine reach a server that listens there only", code == 0 and out.startswith("https://%s:%d/" % to),
              (code, out, err))


def wrong_files():
    """Certificates that cannot be: exit 2, and a sentence that names the file."""
    folder = tempfile.mkdtemp(dir=SCRATCH.name)

    def file(name, data):
        path = os.path.join(folder, name)
        with open(path, "wb") as out:
            out.write(data)
        return path

    # RFC 8410 7: 32 bytes are a key of Ed25519, which is not the certificate's.
    secret = base64.b64encode(bytes.fromhex("302e020100300506032b657004220420") + b"k" * 32).decode()
    other = file("other.key", ("-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n" % secret).encode())
    broken = file("broken.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    noise, empty, absent = file("noise.pem", os.urandom(5000)), file("empty.pem", b""), os.path.join(folder, "absent.pem")
    for name, certificate, key, named in (
            ("a certificate that is not there", absent, KEY, absent), ("a key that is not there", CERTIFICATE, absent, absent),
            ("an empty certificate", empty, KEY, empty), ("an empty key", CERTIFICATE, empty, empty),
            ("noise for a certificate", noise, KEY, noise), ("noise for a key", CERTIFICATE, noise, noise),
            ("a broken certificate", broken, KEY, broken), ("a folder for a certificate", folder, KEY, folder),
            ("a folder for a key", CERTIFICATE, folder, folder), ("the key for a certificate", KEY, KEY, KEY),
            ("the certificate for a key", CERTIFICATE, CERTIFICATE, CERTIFICATE), ("a key that does not fit", CERTIFICATE, other, other)):
        refused("%s: exit 2, the file is named" % name, ("--tls-cert", certificate, "--tls-key", key), [named])
    refused("a certificate without a key: exit 2", ("--tls-cert", CERTIFICATE), ["--tls-key"])
    refused("a key without a certificate: exit 2", ("--tls-key", KEY), ["--tls-cert"])


def no_handshake():
    """Who connects and never shakes hands is gone after 10 s; who sends noise at once. Others do not feel it."""
    with Visited(*TLS) as server:
        whole = hello(0x0303)
        silent = {"nothing": b"", "one byte": whole[:1], "half a ClientHello": whole[:60], "a ClientHello and no more": whole}
        begun, waiting = time.monotonic(), {}
        for name, data in silent.items():
            waiting[name] = [server.connect() for _ in range(10)]
            for sock in waiting[name]:
                sock.sendall(data)
        for name, noise in (("noise after the first byte", b"\x16" + os.urandom(4096)),
                            ("a record longer than any", b"\x16\x03\x01\xff\xff" + os.urandom(70_000)),
                            ("a record of nothing", b"\x16\x03\x01\x00\x00" * 100),
                            ("a ClientHello of the wrong length", whole[:6] + b"\xff\xff\xff" + whole[9:])):
            got, ended = server.raw(noise, 3)
            check("%s: closed at once, without an answer" % name, ended != "open" and not got.startswith(b"HTTP"), (got[:60], ended))
        slowest = 0
        while time.monotonic() - begun < HANDSHAKE_SECONDS - 1:
            asked = time.monotonic()
            server.visit("GET", "/healthz", secure=trusting())
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.1)
        check("others are served meanwhile, each within a second", slowest < 1, "%.2f s" % slowest)
        for name, socks in waiting.items():
            ends = sorted(ending(sock, begun) for sock in socks)
            check("%s: closed after %d s" % (name, HANDSHAKE_SECONDS),
                  HANDSHAKE_SECONDS - 1 <= ends[0] and ends[-1] <= HANDSHAKE_SECONDS + GRACE, ends)


def ending(sock, begun):
    """Seconds from `begun` to the end of a connection; infinite when it stays."""
    with sock:
        deadline = begun + HANDSHAKE_SECONDS + GRACE
        _, ended = exchange(sock, b"", max(deadline, time.monotonic() + 0.1))
        return float("inf") if ended == "open" else round(time.monotonic() - begun, 2)


def crowd():
    """Handshakes in parallel."""
    with Visited(*TLS) as server:
        context = trusting()
        session = server.signed_in(secure=context)

        def one(_):
            answer = server.visit("GET", RECORDS, headers=[session], secure=context, timeout=COMMAND_SECONDS)
            return answer.status, answer.json()["total"]

        with concurrent.futures.ThreadPoolExecutor(HANDSHAKES) as threads:
            same("%d handshakes at a time all lead to an answer" % HANDSHAKES, list(threads.map(one, range(HANDSHAKES))),
                 [(200, 1)] * HANDSHAKES)

        def leaves(_):
            try:
                with server.connect() as sock:
                    sock.sendall(hello(0x0303)[:100])
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError as error:
                raise Failed("a connection is refused: %s" % error) from None

        with concurrent.futures.ThreadPoolExecutor(HANDSHAKES) as threads:
            list(threads.map(leaves, range(HANDSHAKES * 4)))
        same("and after %d that were broken off" % (HANDSHAKES * 4), one(0), (200, 1))


SCENARIOS = (no_handshake, versions, in_clear, wrong_files, crowd)
