#!/usr/bin/env python3
"""The door, from outside: TLS, HTTP/2, names, other origins, the user's own front end. A line for each check; exit 1 when one failed.

door.py            all themes, several at a time
door.py WORD...    only the scenarios whose names (theme.scenario) hold one of the words

CARRYALL_BIN   the executable (default target/release/carryall)
"""
import concurrent.futures
import os
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True  # these files are read where they lie; nothing is left beside them

import escapes
import floods
import front_end
import http2
import names
import origins
import tls
from server import BIN, Failed
from visitor import REPORT, check

THEMES = (tls, http2, floods, names, origins, front_end, escapes)
AT_A_TIME = 6


def run(theme, scenario):
    """Runs a scenario; what it did not foresee fails it."""
    REPORT.here.theme = theme
    try:
        scenario()
    except Failed as failed:
        check(scenario.__name__.replace("_", "-"), False, failed)
    except Exception:
        check(scenario.__name__.replace("_", "-"), False, traceback.format_exc())


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    if not os.path.exists(BIN):
        sys.exit("%s is not there: cargo build --release" % os.path.relpath(BIN))
    try:
        features = subprocess.run(["curl", "--version"], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        features = b""
    if b"HTTP2" not in features:
        sys.exit("there is no curl here that speaks HTTP/2")
    begun, words = time.monotonic(), sys.argv[1:]
    rounds = [list(enumerate(theme.SCENARIOS)) for theme in THEMES]
    # Every theme has its longest scenario first, so these begin first.
    plan = sorted((order, theme.__name__.replace("_", "-"), scenario)
                  for theme, scenarios in zip(THEMES, rounds) for order, scenario in scenarios)
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as threads:
        for _, theme, scenario in plan:
            if not words or any(word in "%s.%s" % (theme, scenario.__name__.replace("_", "-")) for word in words):
                threads.submit(run, theme, scenario)
    check("none of %d answers says in a header what the server is made of" % REPORT.answers, not REPORT.telling, sorted(REPORT.telling))
    print("the door: %d checks, %d failed, %.1f s" % (REPORT.count, REPORT.failed, time.monotonic() - begun))
    sys.exit(1 if REPORT.failed else 0)


if __name__ == "__main__":
    main()
