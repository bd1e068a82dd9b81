"""Carryall under strace: `Served` is a server, `command` one command; both leave the log of their system calls. And a client that keeps a journal.

CARRYALL_BIN   the executable (default target/release/carryall)
"""
import http.client
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BIN = os.path.abspath(os.environ.get("CARRYALL_BIN") or os.path.join(ROOT, "target", "release", "carryall"))
EMAIL, PASSWORD = "owner@example.com", "correct-horse-battery"
ANSWER_SECONDS, START_SECONDS, STOP_SECONDS = 10, 30, 40
THINGS = "/api/apps/shop/schemas/things"
SHOP = {
    "carryall": 1, "app": {"slug": "shop", "name": "Shop"},
    "schemas": [
        {"slug": "things", "fields": [{"slug": "name", "type": "text", "required": True}, {"slug": "size", "type": "integer", "index": True},
                                      {"slug": "note", "type": "text"}]},
        {"slug": "parts", "fields": [{"slug": "name", "type": "text"}, {"slug": "thing", "type": "reference", "target": "things", "on_delete": "cascade"}]}],
    "records": {"things": [{"$ref": "t%d" % n, "name": "first %d" % n, "size": n} for n in range(3)],
                "parts": [{"name": "part %d" % n, "thing": {"$ref": "t%d" % (n % 3)}} for n in range(9)]}}


class Failed(Exception):
    """Carryall did not do what every campaign takes for granted."""


class Silent(Failed):
    """No answer in time."""


def needs():
    """Says what is lacking and ends, unless all is here."""
    if not sys.platform.startswith("linux"):
        sys.exit("power cuts and failing disks are made with strace: Linux only")
    if not shutil.which("strace"):
        sys.exit("lacking: strace (Debian: apt-get install strace)")
    if not os.path.exists(BIN):
        sys.exit("%s is not there: run tests/run build" % os.path.relpath(BIN))


def fast_folder():
    """Where thousands of images cost nothing."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def environment(more=None):
    own = {name: value for name, value in os.environ.items() if not name.startswith("CARRYALL_")}
    return {**own, "CARRYALL_ADMIN_EMAIL": EMAIL, "CARRYALL_ADMIN_PASSWORD": PASSWORD, **(more or {})}


def strace(log, calls, *more):
    return ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", "20000000", "-e", "signal=none", "-e", "trace=" + calls, *more, "-o", log]


def command(*words, before=(), env=None, code=0):
    """Runs the executable, behind `before` (a strace); (stdout, stderr). `code` None takes any exit code, which then comes third."""
    done = subprocess.run([*before, BIN, *words], stdin=subprocess.DEVNULL, capture_output=True, env=environment(env), timeout=120)
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    if code is None:
        return out, err, done.returncode
    if done.returncode != code:
        raise Failed("carryall %s: exit %d, expected %d\n%s" % (" ".join(words), done.returncode, code, (err or out)[:2000]))
    return out, err


class Served:
    """`carryall serve` on a data file, behind `before` (a strace). Use it with `with`: what still runs is killed."""

    def __init__(self, db, before=(), env=None):
        self.is_traced = bool(before)
        self.errors_file = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*before, BIN, "serve", "--db", db, "--listen", "127.0.0.1:0", "--no-open"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors_file, env=environment(env))
        self.lines = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            line = self.lines.get(timeout=START_SECONDS)
        except queue.Empty:
            line = ""
        found = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)\n", line)
        self.port = int(found[1]) if found else None
        self.hung = not found and self.process.poll() is None and line == "" and not self._ended()

    def _listen(self):
        for line in self.process.stdout:
            self.lines.put(line.decode("utf-8", "replace"))
        self.lines.put("")

    def _ended(self):
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            return False
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.errors_file.close()

    def _server(self):
        """The server's own process: behind strace it is the child."""
        if not self.is_traced:
            return self.process.pid
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid), encoding="ascii") as file:
            children = file.read().split()
        return int(children[0]) if children else None

    def kill(self):
        """As `kill -9` does; waits for the end, and for strace to have written all of its log."""
        if self.process.poll() is None:
            pid = self._server()
            if pid:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self._reap()

    def _reap(self):
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed("the server did not end") from None

    def stop(self):
        """Asks it to end; its exit code. One that does not is a failure."""
        pid = self.process.poll() is None and self._server()
        if pid:
            os.kill(pid, signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed("the server did not stop in %d s" % STOP_SECONDS) from None

    def alive(self):
        return self.process.poll() is None

    def errors(self):
        size = os.fstat(self.errors_file.fileno()).st_size
        return os.pread(self.errors_file.fileno(), size, 0).decode("utf-8", "replace")


class Client:
    """One kept connection. `ask` gives (status, X-Request-Id, body as JSON or text)."""

    def __init__(self, port, cookie=None):
        self.port, self.cookie = port, cookie
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)

    def ask(self, method, path, body=None, kind="application/json"):
        headers = {"Content-Type": kind, "Accept": "application/json"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        begun = time.monotonic()
        try:
            self.http.request(method, path, body, headers)
            reply = self.http.getresponse()
            data = reply.read()
        except TimeoutError:
            self.http.close()
            raise Silent("%s %s: no answer in %d s" % (method, path, ANSWER_SECONDS)) from None
        except (OSError, http.client.HTTPException):
            self.http.close()
            raise
        if time.monotonic() - begun > ANSWER_SECONDS:
            raise Silent("%s %s took %.1f s" % (method, path, time.monotonic() - begun))
        for cookie in reply.headers.get_all("Set-Cookie") or []:
            if cookie.startswith("sessionid="):
                self.cookie = cookie.split(";")[0]
        text = data.decode("utf-8", "replace")
        try:
            text = json.loads(text)
        except ValueError:
            pass
        return reply.status, reply.headers.get("X-Request-Id"), text

    def sign_in(self):
        form = urllib.parse.urlencode({"username": EMAIL, "password": PASSWORD})
        status, request, _ = self.ask("POST", "/auth/login/", form, "application/x-www-form-urlencoded")
        if status not in (200, 302) or not self.cookie:
            raise Failed("signing in: %d" % status)
        return request


def app_file(folder, fields=()):
    """The app's file; `fields` come to its things."""
    shop = json.loads(json.dumps(SHOP))
    shop["schemas"][0]["fields"].extend(fields)
    if fields:
        del shop["records"]
    path = os.path.join(folder, "shop-%d.json" % len(fields))
    with open(path, "w", encoding="utf-8") as file:
        json.dump(shop, file)
    return path


def files_of(folder):
    """What lies in a folder and its folders, as `Trace` takes it; None is a folder."""
    found = {}
    for place, folders, files in os.walk(folder):
        inside = os.path.relpath(place, folder)
        for name in folders:
            found[os.path.normpath(os.path.join(inside, name))] = None
        for name in files:
            if not name.endswith("-shm"):
                with open(os.path.join(place, name), "rb") as file:
                    found[os.path.normpath(os.path.join(inside, name))] = file.read()
    return found


def put_files(folder, files):
    """An image as a folder; what was there is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for path in sorted(path for path, data in files.items() if data is None):
        os.makedirs(os.path.join(folder, path), exist_ok=True)
    for path, data in files.items():
        if data is not None:
            with open(os.path.join(folder, path), "wb") as file:
                file.write(data)
