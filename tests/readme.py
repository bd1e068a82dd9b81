#!/usr/bin/env python3
"""Runs the README: every console block, in order, in an empty folder; the output must be what the README shows.

A `…` in the README stands for anything within a line. `carryall serve` runs on until the end, on the port that is shown if it is
free, else on another that takes its place in what follows. What the first block of the README says of building and testing is the
business of tests/run itself; that the block is there, and says what CI does, is checked.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(os.environ.get("CARRYALL_BIN", ROOT / "target/release/carryall")).resolve()
SHOWN_PORT = "8090"


def fail(message):
    print("  ✗ " + message)
    sys.exit(1)


def blocks(text):
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)


def steps(console):
    """Commands and what each should print."""
    found = []
    for line in console.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def matches(shown, got):
    pattern = "\n".join(re.escape(line).replace("…", r"[^\n]*?") for line in shown)
    return re.fullmatch(pattern, got.rstrip("\n"))


class Tour:
    def __init__(self, folder):
        self.folder = folder
        self.port = SHOWN_PORT
        self.server = None
        (folder / "bin").mkdir()
        (folder / "bin" / "carryall").symlink_to(BIN)
        self.env = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
        for name in [name for name in self.env if name.startswith("CARRYALL_")]:
            del self.env[name]

    def run(self, command, shown):
        if command.startswith("carryall serve"):
            return self.serve(command, shown)
        command = command.replace(SHOWN_PORT, self.port)
        done = subprocess.run(command, shell=True, cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        got = done.stdout.decode()
        if done.returncode != 0 or not matches(shown, got):
            fail(f"{command}\n    exit {done.returncode}, printed\n{got}\n    the README shows\n" + "\n".join(shown))
        print(f"  ✓ {command[:100]}")

    def serve(self, command, shown):
        for candidate in (command, command.replace(SHOWN_PORT, "0")):
            self.server = subprocess.Popen("exec " + candidate + " --no-open", shell=True, cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            line = self.server.stdout.readline().decode()
            port = re.search(r":(\d+)\n$", line)
            if port:
                break
        if not port:
            fail(f"{command} did not come up")
        self.port = port.group(1)
        if not matches(shown, line.replace(self.port, SHOWN_PORT)):
            fail(f"{command} printed {line}")
        print(f"  ✓ {command} (port {self.port})")

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait(timeout=20)


def main():
    text = (ROOT / "README.md").read_text()
    found = blocks(text)
    first = [body for kind, body in found if kind == "sh"][0]
    if "cargo run --release -- demo" not in first or "tests/run" not in first:
        fail("the README does not begin with the two commands")
    if "tests/run" not in (ROOT / ".ci/run").read_text():
        fail("CI does not run the README's test command")
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        tour = Tour(Path(folder))
        for name, kind in re.findall(r"Save this as `(.*?)`:\n\n```(\w+)\n", text):
            body = text.split(f"Save this as `{name}`:\n\n```{kind}\n")[1].split("\n```")[0]
            (Path(folder) / name).write_text(body + "\n")
        try:
            for kind, body in found:
                if kind == "console":
                    for command, shown in steps(body):
                        tour.run(command, shown)
                        count += 1
        finally:
            tour.stop()
    # Words that the README uses must be words of the program.
    help_text = subprocess.run([BIN, "--help"], stdout=subprocess.PIPE, check=True).stdout.decode()
    listed = re.search(r"^## Commands\n\n(.*?); each explains", text, re.M | re.S).group(1)
    for word in re.findall(r"`(\w+)[^`]*`", listed):
        if not re.search(rf"^  {word}\b", help_text, re.M):
            fail(f"the README names the command {word}, which is not there")
    print(f"readme: {count} commands do what it says")


main()
