#!/usr/bin/env python3
"""Carryall behind nginx: the corpus of odd requests straight and through the proxy, which shares few connections among all clients.

differential.py            all; what differs without being in EXPECTED_DIFFERENCES, or is worse, fails: exit 1. Exit 2 without nginx.
differential.py WORD...    only the cases whose names hold one of the words; with --all what both did with each case is told.

Three servers, each with the same cases: straight, behind an nginx that hands bodies on as they come, and behind one that keeps them first.
The bytes are the same but for the cookie and the word `smuggled`, which is replaced by one of the same length that tells case and server.
What is proven: Carryall never takes for a request what nginx took for something else (the two access logs name the same requests, joined by
X-Request-Id), nobody gets another's answer, no record is made twice, and Carryall is at least as strict as nginx.

CARRYALL_BIN     the executable (default target/release/carryall)
CARRYALL_NGINX   the proxy (default: nginx of the path)
"""
import collections
import itertools
import json
import os
import queue
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from types import SimpleNamespace

sys.dont_write_bytecode = True  # these files are read where they lie; nothing is left beside them

from corpus import CASES
from corpus.shape import AWAIT, RECORDS, SMUGGLED_WORD
from server import Failed, Garbage, Server, responses, values

PLAYERS, NEIGHBOURS, MAKERS = 8, 8, 16
RECORDS_MADE, KILL_EVERY = 500, 4
NEIGHBOUR_PAUSE = 0.02
CASE_SECONDS, MARK_SECONDS, START_SECONDS, STOP_SECONDS, LOG_SECONDS = 30, 10, 10, 10, 10
# Without an answer for so long, a request waits for more; after one, further ones come without delay.
PATIENCE, QUIET = 2.5, 0.1
READ_BYTES, PIECE_BYTES = 256 * 1024, 64 * 1024
# An nginx that keeps bodies sends all of one before it looks for an answer, and Carryall reads 8 MiB at most after one (limits:
# linger_bytes_max): a longer one is answered with 502 there.
EARLY_BYTES, EARLY_TIMES = {"b": 24 * 1024 * 1024, "u": 24 * 1024 * 1024}, 4
FAILURES_SHOWN = 100
# So much of a path is in Carryall's log at least.
LOGGED_CHARS_MIN = 100

# Carryall behind each kind of nginx, and alone.
LEGS = (("d", "direct", None), ("b", "buffered", "on"), ("u", "unbuffered", "off"))

# As a front of Carryall is set up, but with short waits, for many cases never become whole.
CONFIG = """
%(user)s
daemon off;
worker_processes 1;
pid %(folder)s/pid;
error_log %(folder)s/error.log error;
events { worker_connections 4096; }
http {
    log_format joined escape=json '{"connection": $connection, "port": "$remote_port", "own": "$server_port", "ended": $msec, '
        '"line": "$request", "method": "$request_method", "target": "$request_uri", "status": $status, '
        '"up": "$upstream_addr", "up_status": "$upstream_status", "id": "$upstream_http_x_request_id"}';
    access_log %(folder)s/access.log joined;
    client_body_temp_path %(folder)s/bodies;
    proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    client_header_timeout 3s;
    client_body_timeout 3s;
    keepalive_timeout 10s;
    keepalive_requests 10000;
    lingering_timeout 500ms;
    client_max_body_size 64m;
    %(servers)s
}
"""
SERVER = """
    upstream carryall_%(leg)s { server 127.0.0.1:%(back)d; keepalive 16; keepalive_timeout 30s; }
    server {
        listen 127.0.0.1:%(front)d;
        location / {
            proxy_pass http://carryall_%(leg)s;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_request_buffering %(buffering)s;
        }
    }
"""

# (name of the case as a pattern, why that is well). Two kinds of differences are told here: Carryall takes what nginx refuses, and both
# take the request but another answer comes through nginx.
EXPECTED_DIFFERENCES = (
    (r"target: odd, /%.*|split: an? \w+, NUL before it",
     "nginx decodes every path and refuses what cannot be decoded or holds NUL; Carryall looks for it in vain (404)"),
    (r"target: odd, .*(/\.\.|%2e%2e|\.\.%2f).*",
     "nginx resolves dots and refuses to leave the root; Carryall resolves none and looks for the path in vain (404)"),
    (r"target: 8,192 bytes|method: 10,000 bytes|size: a head of 16,000 bytes|size: a name of 10 KiB",
     "nginx takes lines of 8 KiB at most (large_client_header_buffers), Carryall heads of 16 KiB and targets of 8 KiB"),
    (r"length: too long, for (the health page|nothing)|head: too long a body",
     "what needs no body is answered by Carryall from the head alone and the connection ends; nginx looks at the length first"),
    (r"method: OPTIONS \*", "RFC 9110 9.3.7 has it, nginx does not"),
    (r"http2: .*preface.*", "Carryall speaks HTTP/2 to who begins with its preface, this nginx was not told to"),
    (r"1\.0: no Host is needed", "nginx asks Carryall in HTTP/1.1, and $http_host is nothing: 400"),
    (r"host: the target is ours, the header another", "straight the target counts (RFC 9112 3.2.2); nginx hands the header on: 421"),
)


# --- one conversation -------------------------------------------------------------------------------------------------

class Talk:
    """What was said on one connection: bytes, answers without the interim ones, how it ended; its port and times, for nginx's log."""

    def __init__(self, port):
        self.port, self.begun, self.closed = port, time.time(), None
        self.got, self.ended, self.sent_all = b"", "open", False
        self.answers, self.garbage = [], None


def speak(talk, sock, data, methods, deadline, patience, enough):
    """Sends all and reads on: until it is over, or nothing has moved for a while, or `enough` has come and nothing more follows it."""
    parts = iter(pieces(data))
    pending, talk.sent_all, moved = memoryview(b""), False, time.monotonic()
    while time.monotonic() < deadline:
        if not pending and not talk.sent_all:
            part = next(parts, None)
            talk.sent_all, pending = part is None, memoryview(part or b"")
            continue
        wait = patience
        if talk.sent_all and enough(so_far(talk.got, methods)):
            wait = QUIET
        watch = select.poll()
        watch.register(sock, select.POLLIN | (0 if talk.sent_all else select.POLLOUT))
        left = moved + wait - time.monotonic()
        events = sum(event for _, event in watch.poll(max(0, left) * 1000))
        if not events:
            if left <= 0:
                return
            continue
        moved = time.monotonic()
        try:
            if events & ~select.POLLOUT:
                block = sock.recv(READ_BYTES)
                if not block:
                    talk.ended = "closed"
                    return
                talk.got += block
            elif not talk.sent_all:
                pending = pending[sock.send(pending):]
        except BlockingIOError:
            pass
        except (ConnectionResetError, BrokenPipeError):
            if events & ~select.POLLOUT:
                talk.ended = "reset"
                return
            pending, parts, talk.sent_all = memoryview(b""), iter(()), True  # what was answered before may still be read


def pieces(data):
    blocks = [data] if isinstance(data, bytes) else data
    return (block[at:at + PIECE_BYTES] for block in blocks for at in range(0, len(block), PIECE_BYTES))


def so_far(got, methods):
    try:
        return [answer for answer in responses(got, methods, so_far=True) if answer[0] >= 200]
    except Garbage:
        return []


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port), timeout=MARK_SECONDS)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setblocking(False)
    return sock


def get(target, *headers):
    return b"\r\n".join([b"GET %s HTTP/1.1" % target, b"Host: localhost", *headers, b"", b""])


def settle(talk, methods):
    """Reads all answers; what is none is kept as a complaint."""
    try:
        talk.answers = [answer for answer in responses(talk.got, methods) if answer[0] >= 200]
    except Garbage as garbage:
        talk.answers, talk.garbage = so_far(talk.got, methods), str(garbage)
    talk.closed = time.time()
    return talk


def say(sock, data, methods, count=1):
    """Something that is answered without delay."""
    talk = Talk(None)
    speak(talk, sock, data, methods, time.monotonic() + MARK_SECONDS, MARK_SECONDS, lambda answers: len(answers) >= count)
    return settle(talk, methods)


# --- the two kinds of servers -----------------------------------------------------------------------------------------

class Leg:
    """A way to a server of its own: straight or through nginx. Collects who said what."""

    def __init__(self, letter, name, buffering, server):
        self.letter, self.name, self.buffering, self.server = letter, name, buffering, server
        self.port = server.port if buffering is None else free_port()
        self.cookie = server.sign_in().encode()
        self.world = SimpleNamespace(cookie=self.cookie, port=server.port, server=server)
        self.talks, self.ids, self.lock = {}, collections.Counter(), threading.Lock()
        self.marks = itertools.count()
        self.failures = []
        # What we asked Carryall ourselves, by id: it is not nginx's.
        self.own = set()
        self.before = collections.Counter(self.names())
        self.own.update(entry["id"] for entry in self.access())

    def fail(self, line, *words):
        with self.lock:
            self.failures.append("%s: %s" % (self.name, line % words))

    def saw(self, who, answers):
        """Ids of answers are never given twice."""
        with self.lock:
            for _, headers, _ in answers:
                for value in values(headers, "X-Request-Id"):
                    self.ids[value] += 1
                    if self.ids[value] > 1:
                        self.failures.append("%s: %s got the answer %s, as somebody did before" % (self.name, who, value))

    def mark(self, who):
        return b"/x-%s-%s-%d-" % (self.letter.encode(), who.encode(), next(self.marks))

    def names(self):
        """The names of all companies, read straight from Carryall."""
        found = []
        for page in itertools.count(1):
            path = "%s?per_page=100&page=%d" % (RECORDS.decode(), page)
            status, headers, body = self.server.ask("GET", path, headers=[("Cookie", self.cookie.decode())])
            if status != 200:
                raise Failed("GET %s: %d %r" % (path, status, body[:300]))
            self.own.update(values(headers, "X-Request-Id"))
            told = json.loads(body)
            found += [record["name"] for record in told["records"]]
            if page >= told["total_pages"]:
                break
        # Whatever was answered before is in the log when this is.
        deadline = time.monotonic() + LOG_SECONDS
        while values(headers, "X-Request-Id")[0] not in self.server.errors():
            if time.monotonic() > deadline:
                raise Failed("the log does not tell of %r" % headers)
            time.sleep(0.01)
        return found

    def access(self):
        """Carryall's access log, without what we asked ourselves."""
        entries = [json.loads(line) for line in self.server.errors().splitlines() if line.startswith("{")]
        return [entry for entry in entries if entry["id"] not in self.own]


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def nginx_path():
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"])  # Debian's is not on everybody's path
    return os.environ.get("CARRYALL_NGINX") or shutil.which("nginx", path=places)


class Nginx:
    """Our own nginx in a folder that is thrown away; use it with `with`."""

    def __init__(self, legs):
        self.folder = tempfile.TemporaryDirectory(prefix="carryall-nginx-")
        servers = "".join(
            SERVER % {"leg": leg.letter, "front": leg.port, "back": leg.server.port, "buffering": leg.buffering} for leg in legs)
        user = "user root;" if os.geteuid() == 0 else ""  # else its worker may not write into our folder
        with open(self.file("nginx.conf"), "w", encoding="utf-8") as file:
            file.write(CONFIG % {"folder": self.folder.name, "servers": servers, "user": user})
        words = [nginx_path(), "-p", self.folder.name, "-e", self.file("error.log"), "-c", self.file("nginx.conf")]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        deadline = time.monotonic() + START_SECONDS
        for leg in legs:
            while True:
                try:
                    connect(leg.port).close()
                    break
                except OSError:
                    if self.process.poll() is not None or time.monotonic() > deadline:
                        self.process.kill()
                        raise Failed("nginx does not start: %s%s" % (self.process.stderr.read().decode(), self.errors()))
                    time.sleep(0.02)

    def file(self, name):
        return os.path.join(self.folder.name, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)  # when all has been answered and logged
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stderr.close()

    def errors(self):
        with open(self.file("error.log"), encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()

    def access(self):
        with open(self.file("access.log"), encoding="latin-1") as file:
            return [json.loads(line) for line in file]


# --- 1: the corpus ----------------------------------------------------------------------------------------------------

def play(leg, case, number):
    """The case, a request after it on the same connection if it is still open, and one on another."""
    own = b"s%s%06d" % (leg.letter.encode(), number)
    assert len(own) == len(SMUGGLED_WORD)
    data = case.data(leg.world) if callable(case.data) else case.data
    mark, methods = leg.mark("case%d" % number), list(case.methods)
    with connect(leg.port) as sock:
        talk = Talk(sock.getsockname()[1])
        with leg.lock:
            leg.talks[number] = talk
        deadline = time.monotonic() + CASE_SECONDS
        if case.end in ("close", "reset"):
            leave(sock, data.replace(SMUGGLED_WORD, own), case.end)
        else:
            ask(talk, sock, case, steps(data, own), methods, deadline)
            follow(talk, sock, case, mark, methods, deadline)
            settle(talk, methods + ["GET"])
            judge_tokens(leg, case.name, talk, (own, mark[1:]), mark)
            if talk.garbage and not leg.buffering and case.expect.statuses:
                leg.fail("'%s': %s", case.name, talk.garbage)
    again = leg.mark("next%d" % number)
    with connect(leg.port) as sock:
        after = say(sock, get(again, b"Connection: close"), ("GET",))
    leg.saw(case.name, after.answers)
    if after.garbage or len(after.answers) != 1 or not is_of(after.answers[0], again):
        leg.fail("after '%s' a stranger got %s %r", case.name, after.garbage or "", after.got[:300])


def leave(sock, data, end):
    sock.setblocking(True)
    try:
        sock.sendall(data)
        if end == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except (ConnectionResetError, BrokenPipeError):
        pass


def steps(data, own):
    """What is sent at once, between one AWAIT and the next, with our own word in place of the corpus's."""
    if isinstance(data, bytes):
        return [data.replace(SMUGGLED_WORD, own)]
    if not isinstance(data, list):
        return [(block.replace(SMUGGLED_WORD, own) for block in data)]
    found = [b""]
    for part in data:
        if part is AWAIT:
            found.append(b"")
        else:
            found[-1] += part.replace(SMUGGLED_WORD, own)
    return found


def ask(talk, sock, case, parts, methods, deadline):
    wanted = case.expect.answers[0] if case.expect.statuses is not None else 1
    patience = 0 if case.end == "half" and not wanted else PATIENCE
    for at, part in enumerate(parts):
        if talk.ended == "open":
            interim = at + 1 < len(parts)
            speak(talk, sock, part, methods, deadline, patience,
                  (lambda _: b"\r\n\r\n" in talk.got) if interim else (lambda answers: len(answers) >= wanted))


def follow(talk, sock, case, mark, methods, deadline):
    """What is waited for in vain is ended; else one more request shows where the server thinks that the last one ended."""
    if talk.ended != "open" or not talk.sent_all:
        return
    if case.end == "half" or not so_far(talk.got, methods):
        try:
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it is over already
        speak(talk, sock, b"", methods, deadline, MARK_SECONDS, lambda _: False)
        return
    speak(talk, sock, get(mark, b"Connection: close"), methods, deadline, MARK_SECONDS, lambda _: False)


def is_of(answer, mark):
    return answer[0] == 404 and mark in answer[2]


TOKEN = re.compile(rb"\bs[dbu][0-9]{6}\b|\bx-[dbu]-\w+-[0-9]+-")


def judge_tokens(leg, name, talk, own, mark):
    """Answers name only what was asked on this connection, and the last request got one answer at most."""
    leg.saw(name, talk.answers)
    for token in TOKEN.findall(talk.got):
        if token not in own:
            leg.fail("'%s' got the answer of somebody else, %r: %r", name, token, talk.got[:300])
    count = sum(is_of(answer, mark) for answer in talk.answers)
    if count > 1 or (count and not is_of(talk.answers[-1], mark)):
        leg.fail("'%s': the request after it was answered %d times, or not last: %r", name, count, talk.got[-600:])


def neighbour(leg, number, over):
    """A well-behaved client that keeps its connection; its tokens must come back to it and to nobody else."""
    who, sock = "neighbour%d" % number, None
    for turn in itertools.count():
        if over.is_set():
            break
        sock = sock or connect(leg.port)
        marks, methods, data = ask_as_neighbour(leg, who, turn)
        talk = say(sock, data, methods, len(marks))
        leg.saw(who, talk.answers)
        fits = not talk.garbage and len(talk.answers) == len(marks) and all(
            answer[0] == 404 and (method == "HEAD" or TOKEN.findall(answer[2]) == [mark[1:]])
            for answer, mark, method in zip(talk.answers, marks, methods))
        if not fits:
            leg.fail("%s asked %r and got %s %s %r", who, data, talk.ended, talk.garbage or "", talk.got[:400])
        if talk.ended != "open" or any("close" in value for answer in talk.answers for value in values(answer[1], "Connection")):
            sock.close()
            sock = None
        time.sleep(NEIGHBOUR_PAUSE)
    if sock:
        sock.close()


def ask_as_neighbour(leg, who, turn):
    """(marks, methods, bytes): single ones, a pair in one go, HEAD, and a body that nobody reads."""
    mark, second = leg.mark(who), leg.mark(who)
    body = get(second)
    shapes = (
        ([mark], ["GET"], get(mark)),
        ([mark, second], ["GET", "GET"], get(mark) + get(second)),
        ([mark, second], ["HEAD", "GET"], get(mark).replace(b"GET", b"HEAD", 1) + get(second)),
        ([mark], ["POST"], b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (mark, len(body), body)),
        ([mark], ["POST"], b"POST %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (
            mark, len(body), body)),
    )
    return shapes[turn % len(shapes)]


def run_corpus(legs, cases):
    """All cases on all legs at one time, most side by side; those that weigh much one by one."""
    over = threading.Event()
    neighbours = [threading.Thread(target=guarded, args=(leg, neighbour, leg, number, over))
                  for leg in legs if leg.buffering for number in range(NEIGHBOURS)]
    for each in neighbours:
        each.start()
    light = [(number, case) for number, case in enumerate(cases) if not case.alone]
    heavy = [(number, case) for number, case in enumerate(cases) if case.alone]

    def player(leg, work):
        while True:
            try:
                number, case = work.get_nowait()
            except queue.Empty:
                return
            try:
                play(leg, case, number)
            except (OSError, Failed, Garbage) as error:
                leg.fail("'%s': %s: %s", case.name, type(error).__name__, error)

    try:
        for chosen, count in ((light, PLAYERS), (heavy, 1)):
            players = []
            for leg in legs:
                work = queue.SimpleQueue()
                for each in chosen:
                    work.put(each)
                players += [threading.Thread(target=guarded, args=(leg, player, leg, work)) for _ in range(count)]
            all_of(players)
    finally:
        over.set()
        for each in neighbours:
            each.join()


def all_of(threads):
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def guarded(leg, work, *args):
    """A thread that fails is a failure, not a line on stderr."""
    try:
        work(*args)
    except Exception as error:
        leg.fail("%s ended: %s: %s", work.__name__, type(error).__name__, error)


# --- 2: who takes what ------------------------------------------------------------------------------------------------

# Of these nothing is done, whoever says them.
REFUSALS = (405, 413, 414, 417, 421, 431, 501, 505)


def taken(talk):
    """How many requests Carryall took, before the first that it refused; the one that shows that the connection is good does not count."""
    answers = [answer for answer in talk.answers if not (answer[0] == 404 and b"/x-" in answer[2])]
    if talk.garbage and not answers:
        return 1, []  # it speaks another protocol
    for at, answer in enumerate(answers):
        if answer[0] in REFUSALS or answer[0] == 400 and is_refused_at_the_door(answer):
            return at, answers
    return len(answers), answers


def is_refused_at_the_door(answer):
    """Other answers of 400 keep the connection, or have read the body and name a field of it."""
    _, headers, body = answer
    return "close" in ",".join(values(headers, "Connection")) and b"validation_error" not in body


def reason_of(case):
    return next(((pattern, reason) for pattern, reason in EXPECTED_DIFFERENCES if re.fullmatch(pattern, case.name, re.S)), None)


def compare(direct, leg, lines, cases, is_told):
    """What Carryall takes straight beside what nginx hands on, of whose log `lines` are, by case. Returns the patterns that were needed."""
    counts, needed = collections.Counter(), set()
    for number, case in enumerate(cases):
        if case.end in ("close", "reset"):
            continue
        ours, answers = taken(direct.talks[number])
        forwarded = list(itertools.takewhile(lambda line: line["up"] and line["status"] != 499, lines[number]))
        pairs = [(answer[0], line["status"]) for answer, line in zip(answers[:ours], forwarded)]
        differ = ours > len(forwarded) or any(straight != through for straight, through in pairs)
        reason = reason_of(case)
        said = [answer[0] for answer in answers][:6], [line["status"] for line in lines[number]][:6]
        told = "%s: Carryall takes %d %s, %s nginx %d %s" % (case.name, ours, said[0], leg.name, len(forwarded), said[1])
        verdict = "agree" if ours == len(forwarded) else "stricter"
        if differ:
            verdict = "expected" if reason else "unexpected"
            needed.add(reason and reason[0])
        if verdict == "unexpected":
            leg.fail("%s", told)
        counts[verdict] += 1
        if is_told:
            print("  %s: %s%s" % (verdict, told, ": " + reason[1] if differ and reason else ""))
    print("  %s: of %d cases both take or refuse %d alike, Carryall is stricter in %d, %d differ as expected, %d otherwise" % (
        leg.name, sum(counts.values()), counts["agree"], counts["stricter"], counts["expected"], counts["unexpected"]))
    return needed


# --- 1 again: what the logs say ---------------------------------------------------------------------------------------

def plain(path):
    """Paths as both logs can tell them."""
    return re.sub(r"[^\x21-\x7e]+", "~", path)


def is_path_of(logged, target):
    """Whether a path of Carryall's log, which cuts long ones, is that of a target."""
    path, logged = plain(target).split("?")[0], plain(logged)
    return logged == path or (len(logged) >= LOGGED_CHARS_MIN and path.startswith(logged))


def join_logs(leg, lines):
    """Carryall answered what nginx asked, each once, and nothing else."""
    told = collections.defaultdict(list)
    for entry in leg.access():
        told[entry["id"]].append(entry)
    unmatched = collections.Counter()
    for identity, entries in told.items():
        if len(entries) > 1:
            leg.fail("Carryall's log has %s %d times: %r", identity, len(entries), entries)
    asked = 0
    for line in lines:
        if not line["up"]:
            continue
        asked += 1
        if line["up"].count(",") or "," in line["up_status"]:
            leg.fail("nginx asked more than once: %r", line)
        if line["status"] >= 502:
            leg.fail("nginx got no good answer: %r", line)
        entries = told.pop(line["id"], None) if line["id"] else None
        if not line["id"]:
            unmatched[line["method"], plain(line["target"]).split("?")[0][:LOGGED_CHARS_MIN]] += 1
        elif entries is None and line["method"] != "OPTIONS":
            leg.fail("nginx was answered with %s, which is not in Carryall's log (or was given twice): %r", line["id"], line)
        elif entries and (entries[0]["method"] != line["method"] or not is_path_of(entries[0]["path"], line["target"])):
            leg.fail("nginx asked %r and was answered to %r", line, entries[0])
        elif entries and entries[0]["status"] != line["status"] and line["status"] != 499:
            leg.fail("Carryall said %d and nginx %r", entries[0]["status"], line)
    for entries in told.values():
        key = entries[0]["method"], plain(entries[0]["path"])[:LOGGED_CHARS_MIN]
        if unmatched[key] <= 0:
            leg.fail("SMUGGLED: Carryall took what nginx never asked: %r", entries[0])
        unmatched[key] -= 1
    return asked


def straight_log(leg, cases, of_nginx):
    """Straight, the log has only targets of lines that were sent, and what stands behind another request only if nginx took it, too."""
    sent = set()
    for case in cases:
        data = case.data(leg.world) if callable(case.data) else case.data
        for part in [data] if isinstance(data, bytes) else data if isinstance(data, list) else []:
            if part is not AWAIT:
                sent.update(word.decode("latin-1") for line in re.split(rb"[\r\n]+", part) for word in line.split(b" ")[1:2])
    paths = {plain(target).split("?")[0] for target in sent}
    for entry in leg.access():
        path = entry["path"]
        smuggled = re.fullmatch(r"/sd([0-9]{6})", path)
        if smuggled:
            number = int(smuggled.group(1))
            if not reason_of(cases[number]) and not any(path[3:] in line["target"] for lines in of_nginx for line in lines[number]):
                leg.fail("SMUGGLED: '%s': %r", cases[number].name, entry)
        elif plain(path) not in paths and not path.startswith("/x-d-") and not any(is_path_of(path, target) for target in sent):
            leg.fail("nobody sent this: %r", entry)


def by_case(leg, lines):
    """nginx's lines of each case, without that of the mark. Ports are used again, so the time tells which connection it was."""
    connections = collections.defaultdict(list)
    for line in lines:
        connections[line["port"], line["connection"]].append(line)
    by_port = collections.defaultdict(list)
    for (port, _), own in connections.items():
        if not own[0]["target"].startswith("/x-"):
            by_port[port].append(own)
    found = {}
    for number, talk in leg.talks.items():
        near = [own for own in by_port[str(talk.port)] if talk.closed and talk.begun - 0.01 <= own[0]["ended"] <= talk.closed + 0.5]
        found[number] = [line for own in near[:1] for line in own if not line["target"].startswith("/x-")]
    return found


# --- 3: records -------------------------------------------------------------------------------------------------------

def make_records(leg):
    """Records from many clients that keep their connections, some of which break off; each acknowledged one is there once."""
    work, acknowledged, unsure, never = queue.SimpleQueue(), [], [], []
    for number in range(RECORDS_MADE):
        work.put(number)

    def maker():
        sock = None
        while True:
            try:
                number = work.get_nowait()
            except queue.Empty:
                break
            if number % KILL_EVERY == 1:
                with connect(leg.port) as broken:
                    break_off(leg, broken, number // KILL_EVERY, never, unsure)
            sock = sock or connect(leg.port)
            name = "%s front %d" % (leg.letter, number)
            body = json.dumps({"name": name}).encode()
            talk = say(sock, creating(leg, b"Content-Length: %d" % len(body)) + body, ("POST",))
            leg.saw(name, talk.answers)
            status, _, told = talk.answers[0] if talk.answers else (None, None, b"{}")
            if status == 201 and json.loads(told).get("name") == name:
                acknowledged.append(name)
            else:
                leg.fail("%s was answered with %r", name, talk.got[:300])
            if talk.ended != "open":
                sock.close()
                sock = None
        if sock:
            sock.close()

    all_of([threading.Thread(target=guarded, args=(leg, maker)) for _ in range(MAKERS)])
    return acknowledged, unsure, never


def creating(leg, *headers):
    return b"\r\n".join([b"POST %s HTTP/1.1" % RECORDS, b"Host: localhost", b"Cookie: " + leg.cookie, b"Content-Type: application/json",
                         *headers, b"", b""])


def break_off(leg, sock, number, never, unsure):
    """A client that goes in the middle. Even where all of the JSON has come, the body has not, but for the last two shapes."""
    shape = number % 6
    name = "%s broken %d" % (leg.letter, number)
    body = json.dumps({"name": name}).encode()
    long, coded = b"Content-Length: %d" % (len(body) + 1), b"Transfer-Encoding: chunked"
    data = (
        creating(leg, long) + body[:-5],
        creating(leg, long) + body,
        creating(leg, coded) + b"%x\r\n%s\r\n" % (len(body), body),
        creating(leg, coded) + b"%x\r\n%s\r\n0\r\n" % (len(body), body),
        creating(leg, b"Content-Length: %d" % len(body)) + body,
        creating(leg, coded) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
    )[shape]
    (never if shape < 4 else unsure).append(name)
    leave(sock, data, "reset" if number % 2 else "close")
    if number % 3 == 0:
        time.sleep(0.005)


def check_records(leg, made, cases):
    """Everything in the table has its cause."""
    acknowledged, unsure, never = made
    new = collections.Counter(leg.names())
    new.subtract(leg.before)
    for name in acknowledged:
        if new[name] != 1:
            leg.fail("'%s' was acknowledged and is there %d times", name, new[name])
    for name in unsure:
        if new[name] > 1:
            leg.fail("'%s' was sent once and is there %d times", name, new[name])
    for name in never:
        if new[name]:
            leg.fail("'%s' never came as a whole and is there", name)
    creates = sum(case.creates for case in cases)
    others = [name for name in new.elements() if name not in {*acknowledged, *unsure, *never}]
    if len(others) > creates or any("cut" in name for name in others):
        leg.fail("the cases make %d records at most, but made %r", creates, others)
    in_log = sum(entry["status"] == 201 for entry in leg.access())
    if in_log != sum(new.values()):
        leg.fail("%d records are new, the log tells of %d", sum(new.values()), in_log)
    return "%d records acknowledged and there once; of %d sent whole and broken off %d are there, of %d broken off in the middle none" % (
        len(acknowledged), len(unsure), sum(new[name] for name in unsure), len(never))


def early_answers(leg):
    """A long upload of somebody who may not: the answer comes before the body is sent, and gets through."""
    line = b"POST /api/apps/crm/schemas/companies/import HTTP/1.1\r\n"
    head = line + b"Host: localhost\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n"
    size = EARLY_BYTES[leg.letter]
    for _ in range(EARLY_TIMES):
        with connect(leg.port) as sock:
            talk = say(sock, [head % size, *[b"x" * PIECE_BYTES] * (size // PIECE_BYTES)], ("POST",))
            if [answer[0] for answer in talk.answers] != [401]:
                leg.fail("an upload without a cookie was answered with %s %r", talk.ended, talk.got[:300])


# --- the campaign -----------------------------------------------------------------------------------------------------

def main():
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    if not nginx_path():
        print("nginx is not here: apt-get install --no-install-recommends nginx-light, or brew install nginx", file=sys.stderr)
        sys.exit(2)
    words = [word for word in sys.argv[1:] if word != "--all"]
    cases = [case for case in CASES if not words or any(word in case.name for word in words)]
    begun = time.monotonic()
    with Server() as straight, Server() as buffered, Server() as unbuffered:
        legs = [Leg(*leg, server) for leg, server in zip(LEGS, (straight, buffered, unbuffered))]
        direct, proxied = legs[0], legs[1:]
        with Nginx(proxied) as nginx:
            run_corpus(legs, cases)
            made = {leg: make_records(leg) for leg in proxied}
            for leg in proxied:
                early_answers(leg)
            nginx.stop()
            lines, errors = nginx.access(), nginx.errors()
        check_records(direct, ([], [], []), cases)
        for leg in proxied:
            print("  %s: %s" % (leg.name, check_records(leg, made[leg], cases)))
        asked, of_nginx, needed = 0, [], set()
        for leg in proxied:
            own = [line for line in lines if line["own"] == str(leg.port)]
            asked += join_logs(leg, own)
            of_nginx.append(by_case(leg, own))
            needed |= compare(direct, leg, of_nginx[-1], cases, "--all" in sys.argv)
        straight_log(direct, cases, of_nginx)
        for leg in legs:
            leg.server.marker()
            if "panicked" in leg.server.errors():
                leg.fail("the log tells of a panic")
        for error in errors:
            if not re.search(r"client (sent|intended)", error):
                proxied[0].fail("nginx complains: %s", error)
        failures = [failure for leg in legs for failure in leg.failures]
    for pattern, _ in EXPECTED_DIFFERENCES if not words else ():
        if pattern not in needed:
            print("  - no case differs any more as %s tells" % pattern)
    for failure in failures[:FAILURES_SHOWN]:
        print("  \u2717 " + failure)
    print("%d cases three ways, %d requests through nginx joined with Carryall's log, %d failures (%.0f s)" % (
        len(cases), asked, len(failures), time.monotonic() - begun))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
