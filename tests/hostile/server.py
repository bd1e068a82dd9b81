"""The foundation of the hostile campaigns: starts the executable, talks to it in raw bytes, and reads what comes back strictly.

`Server` starts `carryall demo` (or `serve`) on a free port and kills what it started. `responses` parses a stream of HTTP/1.1 answers and
raises when it is anything else than whole answers. Nothing here judges; the campaigns do: wire.py (one odd request at a time) and
crowd.py (many and slow clients).

CARRYALL_BIN   the executable (default target/release/carryall)
"""
import os
import queue
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.abspath(os.environ.get("CARRYALL_BIN") or os.path.join(ROOT, "target", "release", "carryall"))
EMAIL, PASSWORD = "owner@example.com", "correct-horse-battery"
LINUX = sys.platform.startswith("linux")
START_SECONDS = 30
ANSWER_SECONDS = 10
STOP_SECONDS = 40
READ_BYTES = 256 * 1024


class Failed(Exception):
    """The server did not do what every campaign takes for granted."""


class Garbage(Exception):
    """Bytes that are no HTTP/1.1 answer."""


class Incomplete(Garbage):
    """The bytes end before the answer does."""


# --- the server -------------------------------------------------------------------------------------------------------

class Server:
    """A running server; use it with `with`. `nofile` limits its descriptors, `env` and `args` are added to what it gets anyway."""

    def __init__(self, command="demo", args=(), env=None, nofile=None):
        words = [BIN, command, "--listen", "127.0.0.1:0", "--no-open", *args]
        if nofile is not None:
            # exec keeps the process id, so what is measured and stopped is the server.
            words = ["sh", "-c", 'ulimit -n "$0" && exec "$@"', str(nofile), *words]
        # A backtrace for every panic that is asked for would be measured with the rest.
        own = {name: value for name, value in os.environ.items() if not name.startswith(("CARRYALL_", "RUST_"))}
        own.update({"CARRYALL_ADMIN_EMAIL": EMAIL, "CARRYALL_ADMIN_PASSWORD": PASSWORD}, **(env or {}))
        self.folder = tempfile.TemporaryDirectory(prefix="carryall-hostile-")
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            words, cwd=self.folder.name, env=own, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
        self.pid = self.process.pid
        # Whatever it says later is read too, so that it never waits for us.
        self.lines = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            line = self.lines.get(timeout=START_SECONDS)
        except queue.Empty:
            line = ""
        found = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)\n", line)
        if not found:
            self.close()
            raise Failed("%s did not say 'listening on http://127.0.0.1:PORT' but %r\n%s" % (command, line, self.errors()[:2000]))
        self.port = int(found.group(1))

    def _listen(self):
        for line in self.process.stdout:
            self.lines.put(line.decode("utf-8", "replace"))
        self.lines.put("")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Kills the process when it still runs, and takes its folder away."""
        if self.alive():
            self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def stop(self):
        """Asks the server to end; (exit code, seconds it took). One that does not end is killed, its code is then negative."""
        begun = time.monotonic()
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        return code, time.monotonic() - begun

    def alive(self):
        return self.process.poll() is None

    def errors(self):
        """All that the server wrote to stderr so far."""
        # The child writes at the place where the shared description stands: read without moving it.
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode("utf-8", "replace")

    # What the process uses; None where there is no /proc to tell.

    def _status(self, name):
        if not LINUX:
            return None
        with open("/proc/%d/status" % self.pid, encoding="ascii", errors="replace") as file:
            return int(re.search(r"^%s:\s*(\d+)" % name, file.read(), re.M).group(1))

    def rss_kb(self):
        return self._status("VmRSS")

    def threads(self):
        return self._status("Threads")

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.pid)) if LINUX else None

    # Talking to it.

    def connect(self, timeout=ANSWER_SECONDS):
        found = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return found

    def raw(self, data, timeout, half_close=False):
        """Sends bytes (or an iterable of them) on a new connection and reads until it ends or the time is up.

        Returns (bytes, how it ended): 'closed' by the server, 'reset', or still 'open'. Reading goes on while sending: a server that has
        heard enough may answer and close at any time. `half_close` says FIN when all is sent.
        """
        with self.connect(timeout) as sock:
            return exchange(sock, data, time.monotonic() + timeout, half_close)

    def ask(self, method, path, body=b"", headers=(), timeout=ANSWER_SECONDS):
        """One well-formed request on a connection of its own; (status, headers, body)."""
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: 127.0.0.1:%d" % self.port, "Connection: close"]
        lines += ["%s: %s" % header for header in headers]
        if body:
            lines.append("Content-Length: %d" % len(body))
        got, ended = self.raw("\r\n".join(lines + ["", ""]).encode() + body, timeout)
        answers = [answer for answer in responses(got, [method]) if answer[0] >= 200]
        if len(answers) != 1 or ended != "closed":
            raise Failed("%s %s: %d answers, then %s: %r" % (method, path, len(answers), ended, got[:300]))
        return answers[0]

    def marker(self):
        """The server still answers strangers as it should."""
        status, _, body = self.ask("GET", "/healthz")
        if (status, body) != (200, b'{"status":"ok"}'):
            raise Failed("GET /healthz: %d %r" % (status, body[:300]))

    def sign_in(self):
        """The cookie of the first admin, as 'sessionid=...'."""
        form = urllib.parse.urlencode({"username": EMAIL, "password": PASSWORD}).encode()
        kind = ("Content-Type", "application/x-www-form-urlencoded")
        status, headers, body = self.ask("POST", "/auth/login/", form, [kind, ("Accept", "application/json")])
        for value in values(headers, "Set-Cookie"):
            found = re.match(r"sessionid=[^;]+", value)
            if found:
                return found.group()
        raise Failed("signing in: %d %r" % (status, body[:300]))


def exchange(sock, data, deadline, half_close=False, enough=lambda got: False):
    """What `raw` does, on a connection that is there; also ends, as 'open', when `enough` says so of what has come."""
    sock.setblocking(False)
    parts = iter([data] if isinstance(data, (bytes, bytearray)) else data)
    pending, sending, got = memoryview(b""), True, bytearray()
    while True:
        while sending and not pending:
            part = next(parts, None)
            if part is None:
                sending = False
                if half_close:
                    try:
                        sock.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass  # it is over already; reading will tell how
            else:
                pending = memoryview(part)
        left = deadline - time.monotonic()
        if left <= 0:
            return bytes(got), "open"
        # poll, for a campaign of thousands has descriptors that select cannot name.
        watch = select.poll()
        watch.register(sock, select.POLLIN | (select.POLLOUT if sending else 0))
        events = sum(event for _, event in watch.poll(left * 1000))
        if events & ~select.POLLOUT:
            try:
                block = sock.recv(READ_BYTES)
            except (ConnectionResetError, BrokenPipeError):
                return bytes(got), "reset"
            if not block:
                return bytes(got), "closed"
            got += block
            if enough(got):
                return bytes(got), "open"
        if sending and events & select.POLLOUT:
            try:
                pending = pending[sock.send(pending):]
            except BlockingIOError:
                pass
            except (ConnectionResetError, BrokenPipeError):
                pending, sending, parts = memoryview(b""), False, iter(())  # what was answered before may still be read


# --- reading answers --------------------------------------------------------------------------------------------------

STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2}) [\t\x20-\x7e\x80-\xff]*")
HEADER_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})")


def responses(data, methods=(), so_far=False):
    """All answers of a byte stream as [(status, [(name, value)], body)], interim ones (1xx) too.

    `methods` are those of the requests in order: an answer to HEAD has no body. Beyond them all are taken for GET. Raises Garbage when
    there is anything besides whole answers; `so_far` leaves out a last one that has not come in full.
    """
    found, at, finals = [], 0, 0
    while at < len(data):
        method = methods[finals] if finals < len(methods) else "GET"
        try:
            status, headers, body, at = _response(data, at, method)
        except Incomplete:
            if so_far:
                break
            raise
        finals += status >= 200
        found.append((status, headers, body))
    return found


def _response(data, at, method):
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        kind = Incomplete if b"HTTP/1."[:len(data) - at] == data[at:at + 7] else Garbage
        raise kind("no whole head: %r" % bytes(data[at:at + 120]))
    lines = bytes(data[at:end]).split(b"\r\n")
    status_line = STATUS_LINE.fullmatch(lines[0])
    if not status_line:
        raise Garbage("no status line: %r" % lines[0][:120])
    headers = []
    for line in lines[1:]:
        header = HEADER_LINE.fullmatch(line)
        if not header:
            raise Garbage("no header line: %r" % line[:120])
        headers.append((header.group(1).decode("ascii"), header.group(2).decode("latin-1")))
    status = int(status_line.group(1))
    body, at = _body(data, end + 4, status, headers, method)
    return status, headers, body, at


def _body(data, at, status, headers, method):
    lengths, codings = values(headers, "Content-Length"), values(headers, "Transfer-Encoding")
    if len(lengths) + len(codings) > 1 or any(not re.fullmatch(r"[0-9]{1,15}", length) for length in lengths):
        raise Garbage("framed by %r and %r" % (lengths, codings))
    if method == "HEAD" or status < 200 or status in (204, 304):
        return b"", at
    if codings and codings != ["chunked"]:
        raise Garbage("coded as %r" % codings)
    if codings:
        return _chunks(data, at)
    if not lengths:
        return bytes(data[at:]), len(data)
    end = at + int(lengths[0])
    if end > len(data):
        raise Incomplete("a body of %s bytes ends after %d" % (lengths[0], len(data) - at))
    return bytes(data[at:end]), end


def _chunks(data, at):
    body = bytearray()
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            raise Incomplete("no whole chunk line")
        line = CHUNK_LINE.fullmatch(bytes(data[at:end]))
        if not line:
            raise Garbage("no chunk size: %r" % bytes(data[at:end][:40]))
        size, at = int(line.group(1), 16), end + 2
        if at + size + 2 > len(data):
            raise Incomplete("a chunk of %d bytes ends after %d" % (size, len(data) - at))
        if data[at + size:at + size + 2] != b"\r\n":
            raise Garbage("a chunk without its line end, or with trailers: %r" % bytes(data[at + size:at + size + 40]))
        body += data[at:at + size]
        at += size + 2
        if size == 0:
            return bytes(body), at


def values(headers, name):
    """The values of all headers of a name, whatever its case."""
    return [value for own, value in headers if own.lower() == name.lower()]
