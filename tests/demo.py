#!/usr/bin/env python3
"""The first minutes on the command line: samples, what a demo keeps and what it throws away, the link that makes the first admin, the port.

    CARRYALL_BIN   the executable, else target/release/carryall

Every process is waited for by the lines that it prints and by its end. Not here: the start page (tests/ui/start.test.mjs).
"""
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(os.environ.get("CARRYALL_BIN", ROOT / "target/release/carryall")).resolve()
SAMPLES = ("crm", "inventory", "projects", "events")
PASSWORD = "correct horse"
# The last words of a server whose file has no admin.
UNCLAIMED = r"carryall link.* gives another\.\n$"


class Place:
    """A folder to start things in, and one for what is temporary."""

    def __init__(self, folder):
        self.here, self.temporary = folder / "here", folder / "temporary"
        self.here.mkdir()
        self.temporary.mkdir()
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("CARRYALL_")}
        self.env["TMPDIR"] = str(self.temporary)

    def run(self, *args):
        return subprocess.run([BIN, *args], cwd=self.here, env=self.env, capture_output=True, text=True, timeout=60)

    def left(self):
        return sorted(path.name for path in self.here.iterdir())

    def left_over(self):
        return sorted(path.name for path in self.temporary.iterdir())


class Server:
    """A running `serve` or `demo`: what it said until it listened, and its address."""

    def __init__(self, place, *args, until=r"Ctrl-C stops it\.\n$|Admin page: \S+/_/\n$"):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([BIN, *args, "--no-open", "--quiet"], cwd=place.here, env=place.env, stdout=pipe, stderr=pipe, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), (line, self.process.stderr.read())
        self.url = line.removeprefix("listening on ").strip()
        # What is for people is told before that line; it is read up to its last words.
        self.said = ""
        while not re.search(until, self.said):
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line
        self.cookie = None

    def stop(self, how=signal.SIGINT):
        """Asks it to end: the exit code, and what it said then."""
        self.process.send_signal(how)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said

    def ask(self, method, path, body=None):
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null"), answer.headers
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read() or b"null"), refused.headers

    def enter(self, path, body, status=200):
        """Signs in: the session of the answer is sent from now on."""
        got, answer, headers = self.ask("POST", path, body)
        assert got == status, (got, answer)
        self.cookie = next(value.split(";")[0] for value in headers.get_all("Set-Cookie") if value.startswith("sessionid="))

    def sign_in(self):
        """By the name and the password that were printed."""
        email, password = re.search(r"^  Sign in  (\S+)  (\S+)$", self.said, re.M).groups()
        self.enter("/auth/login/", {"username": email, "password": password})
        return email, password

    def token(self):
        return token(self.said)


def token(text):
    return re.search(r"/_/start#t=([0-9a-f]{64})\b", text).group(1)


def demo(place, *args):
    return Server(place, "demo", "--listen", "127.0.0.1:0", *args)


def apps(server):
    return sorted(app["slug"] for app in server.ask("GET", "/api/apps")[1]["apps"])


def change(server, title):
    status, made, _ = server.ask("POST", "/api/apps/crm/schemas/deals/records", {"name": title})
    assert status == 201, made


def titles(server):
    return [deal["name"] for deal in server.ask("GET", "/api/apps/crm/schemas/deals/records?sort=-id&per_page=3")[1]["records"]]


def every_sample_is_shown_and_thrown_away(place):
    for name in (*SAMPLES, "all"):
        server = demo(place, "--sample", name)
        curl = re.search(r"^  Try      (curl .*)$", server.said, re.M).group(1)
        shown = subprocess.run(curl + " -sS", shell=True, capture_output=True, text=True, check=True, timeout=30)
        assert len(json.loads(shown.stdout)["records"]) == 2, shown
        server.enter("/auth/link/", {"token": server.token()})
        server.sign_in()
        assert apps(server) == sorted(SAMPLES if name == "all" else [name])
        for slug in apps(server):
            for table in server.ask("GET", f"/api/apps/{slug}/schemas")[1]["schemas"]:
                # Looking is no change, not even where the server makes an index for it.
                for field in table["fields"]:
                    sort = f"/api/apps/{slug}/schemas/{table['slug']}/records?sort={field['slug']}"
                    for _ in range(3):
                        assert server.ask("GET", sort)[0] in (200, 400), sort
        code, said = server.stop()
        assert (code, "Nothing was changed" in said) == (0, True), said
        assert (place.left(), place.left_over()) == ([], []), "nothing was changed, so nothing stays"


def the_line_that_adds_a_record_works_when_it_is_pasted(place):
    for number, name in enumerate(SAMPLES, 1):
        server = demo(place, "--sample", name)
        curl = re.search(r"^  Add      (curl .*)$", server.said, re.M).group(1)
        made = subprocess.run(curl + " -sS", shell=True, capture_output=True, text=True, check=True, timeout=30)
        assert json.loads(made.stdout)["id"].startswith("rec_"), made
        code, said = server.stop()
        assert code == 0 and "carryall serve --db carryall-demo" in said, said
        assert (len(place.left()), place.left_over()) == (number, []), place.left()


def a_change_is_kept_beside_where_the_demo_was_started(place):
    for number, (how, name) in enumerate([(signal.SIGINT, "carryall-demo.db"), (signal.SIGTERM, "carryall-demo-2.db")]):
        server = demo(place)
        server.sign_in()
        email, password = re.search(r"^  Sign in  (\S+)  (\S+)$", server.said, re.M).groups()
        change(server, f"Mine {number}")
        before = (place.here / "carryall-demo.db").read_bytes() if number else None
        code, said = server.stop(how)
        command = f"carryall serve --db {name}"
        assert code == 0 and said.rstrip().endswith(command), said
        assert name in place.left() and place.left_over() == [], (place.left(), place.left_over())
        if number:
            assert (place.here / "carryall-demo.db").read_bytes() == before, "a file that is there is never written over"
        # The command that was printed opens it, with the same name and password.
        again = Server(place, *command.split()[1:], "--listen", "127.0.0.1:0")
        again.enter("/auth/login/", {"username": email, "password": password})
        assert titles(again)[0] == f"Mine {number}", titles(again)
        assert again.stop()[0] == 0
    assert place.left() == ["carryall-demo-2.db", "carryall-demo.db"]


def a_change_that_cannot_be_kept_there_stays_where_it_is(place):
    server = demo(place)
    server.sign_in()
    change(server, "Mine")
    place.here.rmdir()
    code, said = server.stop()
    place.here.mkdir()
    assert code == 1, said
    file = re.search(r"carryall serve --db (\S+)$", said.rstrip()).group(1)
    again = Server(place, "serve", "--db", file, "--listen", "127.0.0.1:0")
    status, _, _ = again.ask("GET", "/api/apps")
    assert status == 401
    assert again.stop()[0] == 0
    exported = place.run("export", "--db", file, "--app", "crm", "--schema", "deals", "--format", "csv")
    assert "Mine" in exported.stdout, exported


def a_file_to_keep_is_kept_and_not_made_anew(place):
    first = demo(place, "--keep", "mine.db")
    email, password = first.sign_in()
    change(first, "Mine")
    code, said = first.stop()
    assert code == 0 and "carryall serve --db mine.db" in said, said
    second = demo(place, "--keep", "mine.db", "--sample", "all")
    assert "Sign in" not in second.said, "a password that is not known is not printed"
    second.enter("/auth/login/", {"username": email, "password": password})
    assert apps(second) == sorted(SAMPLES)
    assert titles(second)[0] == "Mine", titles(second)
    assert second.stop()[0] == 0
    assert (place.left(), place.left_over()) == (["mine.db"], [])


def a_kill_leaves_a_temporary_folder_and_nothing_else(place):
    server = demo(place)
    server.sign_in()
    change(server, "Mine")
    server.stop(signal.SIGKILL)
    assert (place.left(), len(place.left_over())) == ([], 1), (place.left(), place.left_over())


def wrong_usage_is_explained(place):
    for args, words in [(["--sample", "shop"], "crm, inventory, projects, events, all"), (["--db", "x.db"], "--keep FILE")]:
        done = place.run("demo", *args)
        assert done.returncode == 2 and words in done.stderr, done
    assert (place.left(), place.left_over()) == ([], [])


def a_new_file_waits_for_its_first_admin(place):
    server = Server(place, "serve", "--listen", "127.0.0.1:0", until=UNCLAIMED)
    shown = server.token()
    fresh = place.run("link").stdout
    assert fresh.startswith(f"{server.url}/_/start#t=") and token(fresh) != shown, fresh
    for known in (shown, token(fresh)):
        assert server.ask("POST", "/auth/link/", {"token": known})[:2] == (200, {"user": None, "needs": "first_admin", "apps": 0})
    server.enter("/auth/start/", {"token": token(fresh), "email": "ann@example.com", "password": PASSWORD}, status=201)
    assert server.ask("POST", "/api/workspaces/default/samples/projects")[0] == 201
    assert apps(server) == ["projects"]
    assert server.ask("POST", "/auth/link/", {"token": shown})[0] == 401, "there is one first admin"
    assert server.stop()[0] == 0
    # Without a server, too, and from now on for signing in.
    later = token(place.run("link").stdout)
    again = Server(place, "serve", "--listen", "127.0.0.1:0")
    again.enter("/auth/link/", {"token": later})
    code, said = again.stop()
    assert code == 0 and "start#t=" not in again.said + said, (again.said, said)


def a_taken_port_is_told(place):
    with socket.socket() as taken:
        # A connection that has just ended there would refuse us, and not the server.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8090))
            taken.listen()
        except OSError:
            pass  # Somebody else has it, which is as good.
        server = Server(place, "serve", until=UNCLAIMED)
        port = server.url.rsplit(":", 1)[1]
        assert port in [str(number) for number in range(8091, 8100)], server.url
        assert f"Port 8090 is taken, so this is port {port}." in server.said, server.said
        assert f"{server.url}/_/start#t=" in server.said
        assert server.stop()[0] == 0


def main():
    scenarios = [
        every_sample_is_shown_and_thrown_away,
        the_line_that_adds_a_record_works_when_it_is_pasted,
        a_change_is_kept_beside_where_the_demo_was_started,
        a_change_that_cannot_be_kept_there_stays_where_it_is,
        a_file_to_keep_is_kept_and_not_made_anew,
        a_kill_leaves_a_temporary_folder_and_nothing_else,
        wrong_usage_is_explained,
        a_new_file_waits_for_its_first_admin,
        a_taken_port_is_told,
    ]
    for scenario in scenarios:
        with tempfile.TemporaryDirectory() as folder:
            scenario(Place(Path(folder)))
        print("  ✓ " + scenario.__name__.replace("_", " "), flush=True)
    print(f"demo: {len(scenarios)} scenarios hold")


main()
