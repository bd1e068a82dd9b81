"""What the checks of the door share: a server with any arguments, requests to it under any name, commands, and a line for each check.

Every check is counted here, and every header of every answer looked at for a version; door.py tells at the end.
"""
import json
import os
import pty
import queue
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from typing import NamedTuple

from server import ANSWER_SECONDS, BIN, EMAIL, PASSWORD, ROOT, START_SECONDS, Failed, Server, exchange, responses, values

CERTIFICATE = os.path.join(ROOT, "tests", "fixtures", "localhost.pem")
KEY = os.path.join(ROOT, "tests", "fixtures", "localhost.key")
TLS = ("--tls-cert", CERTIFICATE, "--tls-key", KEY)
APPS = "/api/apps"
RECORDS = "/api/apps/crm/schemas/companies/records"
HTML = ("Accept", "text/html,application/xhtml+xml")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
LOGIN = b"username=owner%40example.com&password=correct-horse-battery"
SAID = re.compile(r"listening on (https?)://(\[[0-9a-f:]+\]|[0-9.]+):([0-9]+)\n")
COMMAND_SECONDS = 10
SHOWN = 600


# --- what is told -----------------------------------------------------------------------------------------------------

class Report:
    """The lines of all checks; several themes run at a time, each in threads that have its name."""

    def __init__(self):
        self.lock, self.here = threading.Lock(), threading.local()
        self.count, self.failed, self.answers, self.telling = 0, 0, 0, set()

    def line(self, name, ok, detail):
        told = "%s: %s" % (getattr(self.here, "theme", "door"), name)
        with self.lock:
            self.count += 1
            self.failed += not ok
            print("ok %s" % told if ok else "FAILED %s\n    %s" % (told, " ".join(str(detail).split())[:SHOWN]), flush=True)

    def look(self, headers):
        """Nobody need know what the server is made of."""
        telling = {"%s: %s" % header for header in headers if header[0].lower() in ("server", "via", "x-powered-by")
                   or re.search(r"carryall|hyper|(?<![0-9.])[0-9]+\.[0-9]+\.[0-9]+(?![0-9.])", header[1])}
        with self.lock:
            self.answers += 1
            self.telling |= telling


REPORT = Report()


def check(name, ok, detail=""):
    """Prints the check's line; a failure is counted, and the others go on."""
    REPORT.line(name, bool(ok), detail)
    return bool(ok)


def same(name, got, want):
    return check(name, got == want, "got %r, expected %r" % (got, want))


# --- what is asked and answered ---------------------------------------------------------------------------------------

class Answer(NamedTuple):
    status: int
    headers: list
    body: bytes

    def all(self, name):
        return values(self.headers, name)

    def header(self, name):
        """The value of a header that stands there once; None when it does not stand there."""
        found = self.all(name)
        if len(found) > 1:
            raise Failed("%s stands there %d times: %r" % (name, len(found), found))
        return found[0] if found else None

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failed("%d without JSON: %r" % (self.status, self.body[:SHOWN])) from None

    def error(self):
        """(code, message) of an error in the house's form; None when it has another form."""
        try:
            found = json.loads(self.body)["error"]
            return (found["code"], found["message"]) if self.header("Content-Type") == "application/json" else None
        except (ValueError, KeyError, TypeError):
            return None

    def refuses(self, status, *words):
        """Whether this is an error of that status in JSON whose message has all the words."""
        error = self.error()
        return self.status == status and error is not None and all(word in error[1] for word in words)

    def session(self):
        """The session cookie that was set, as a header of the next request."""
        for value in self.all("Set-Cookie"):
            if re.match("sessionid=[^;]", value):
                return ("Cookie", value.split(";")[0])
        raise Failed("no session: %d %r" % (self.status, self.body[:SHOWN]))


class Visited(Server):
    """`carryall serve` over a data file of its own that has the app crm with the table companies, and the admin.

    `listen` are the values of --listen, none when it is empty; `said` is what stdout told of each: (scheme, host, port). With `terminal`
    its stderr is a terminal.
    """

    def __init__(self, *args, listen=("127.0.0.1:0",), terminal=False):
        self.folder = tempfile.TemporaryDirectory(prefix="carryall-door-")
        self.db = shutil.copy(template(), os.path.join(self.folder.name, "data.db"))
        self.log = tempfile.TemporaryFile()
        listens = [word for address in listen for word in ("--listen", address)]
        ours, theirs = pty.openpty() if terminal else (None, self.log)
        self.process = subprocess.Popen(
            [BIN, "serve", "--db", self.db, "--no-open", *listens, *args], cwd=self.folder.name, env=environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs)
        if terminal:
            os.close(theirs)
            threading.Thread(target=self._copy, args=(ours,), daemon=True).start()
        self.pid, self.lines = self.process.pid, queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.said = []
        for _ in listen or ("",):
            found = SAID.fullmatch(self._line())
            if not found:
                self.close()
                raise Failed("serve %s does not say where it listens: %s" % (" ".join(args), self.errors()[:SHOWN]))
            self.said.append((found.group(1), found.group(2), int(found.group(3))))
        self.port = self.said[0][2]

    def _line(self):
        try:
            return self.lines.get(timeout=START_SECONDS)
        except queue.Empty:
            return ""

    def _copy(self, terminal):
        """What stands on the terminal goes to the log, until nobody has the terminal any more."""
        while True:
            try:
                got = os.read(terminal, 4096)
            except OSError:
                got = b""
            if not got:
                os.close(terminal)
                return
            os.write(self.log.fileno(), got)

    def visit(self, method, path, body=b"", headers=(), host=None, to=None, source=None, timeout=ANSWER_SECONDS, secure=None):
        """One request on a connection of its own, as the host that is named; an Answer.

        `to` and `source` are the addresses at the ends of the connection, (host, port); `secure` is a TLS context.
        """
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: %s" % (host or "127.0.0.1:%d" % self.port), "Connection: close"]
        lines += ["%s: %s" % header for header in headers]
        if body:
            lines.append("Content-Length: %d" % len(body))
        data = "\r\n".join(lines + ["", ""]).encode() + body
        with socket.create_connection(to or ("127.0.0.1", self.port), timeout, source) as sock:
            if secure:
                got, ended = through(secure, sock, data), "closed"
            else:
                got, ended = exchange(sock, data, time.monotonic() + timeout)
        answers = [answer for answer in responses(got, [method]) if answer[0] >= 200]
        if len(answers) != 1 or ended != "closed":
            raise Failed("%s %s: %d answers, then %s: %r" % (method, path, len(answers), ended, got[:300]))
        REPORT.look(answers[0][1])
        return Answer(*answers[0])

    def peak_kb(self):
        """The most memory that the server ever had; None where there is no /proc to tell."""
        return self._status("VmHWM")

    def signed_in(self, **how):
        """The session cookie of the admin, as a header."""
        return self.visit("POST", "/auth/login/", LOGIN, [FORM, ("Accept", "application/json")], **how).session()

    def command(self, *args):
        """Runs a command over the data file; (exit code, stdout, stderr)."""
        return command(*args, "--db", self.db)


def through(context, sock, data):
    """Sends by TLS and reads to the farewell: an end without one could be anybody's (RFC 8446 6.1)."""
    with context.wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False) as secure:
        secure.sendall(data)
        got = bytearray()
        while block := secure.recv(65536):
            got += block
        return bytes(got)


def trusting():
    """A TLS context that trusts the certificate of the tests, and nobody else."""
    return ssl.create_default_context(cafile=CERTIFICATE)


# --- commands ---------------------------------------------------------------------------------------------------------

def environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("CARRYALL_")}


def command(*args, stdin=b""):
    """Runs the executable to its end; (exit code, stdout, stderr). One that does not end has the code None."""
    process = subprocess.Popen([BIN, *args], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(stdin, COMMAND_SECONDS)
        code = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        code = None
    return code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


# For what all themes use; it goes when Python does.
SCRATCH = tempfile.TemporaryDirectory(prefix="carryall-door-")
TEMPLATE = threading.Lock()


def template():
    """The data file that every server begins with; made once."""
    path = os.path.join(SCRATCH.name, "data.db")
    with TEMPLATE:
        if not os.path.exists(path):
            csv = os.path.join(SCRATCH.name, "companies.csv")
            with open(csv, "w", encoding="ascii") as file:
                file.write("Name\nFirst\n")
            for args, stdin in ((("import", csv, "--app", "crm"), b""),
                                (("admin", "create", "--email", EMAIL, "--password-stdin"), PASSWORD.encode())):
                code, _, err = command(*args, "--db", path, stdin=stdin)
                if code != 0:
                    raise Failed("carryall %s: exit %s: %s" % (" ".join(args), code, err[:SHOWN]))
    return path


def refused(name, args, words, code=2):
    """A check: `serve` with these arguments ends by the exit code, with a sentence that has all the words."""
    folder = tempfile.mkdtemp(dir=SCRATCH.name)
    listen = () if "--listen" in args or "--lan" in args else ("--listen", "127.0.0.1:0")
    db = shutil.copy(template(), os.path.join(folder, "data.db"))
    got, out, err = command("serve", "--db", db, "--no-open", *listen, *args)
    is_told = err.strip() and "panicked" not in err and all(word in err for word in words)
    check(name, got == code and is_told and not out, "exit %s, stdout %r, stderr %s" % (got, out, err))


# --- curl -------------------------------------------------------------------------------------------------------------

def curl(*args, timeout=30):
    """Runs curl; (exit code, stdout, what --write-out wrote)."""
    done = subprocess.run(["curl", "-sS", "--max-time", str(timeout), "--cacert", CERTIFICATE, "-w",
                           "%{stderr}%{http_code} %{http_version} %{num_connects}\n", *args], stdin=subprocess.DEVNULL, capture_output=True,
                          env=environment(), timeout=timeout + 10)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip()


def own_address():
    """An IPv4 address of this machine that other machines may see; None when it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("198.51.100.1", 9))  # sends nothing
        except OSError:
            return None
        address = sock.getsockname()[0]
    return None if address.startswith("127.") else address
