#!/usr/bin/env python3
"""The campaigns about slow clients and many clients: runs all scenarios, or those that are named, and prints a line for each.

Every scenario is a function with a server of its own, in the file of its theme (slow, full, many, uploads, isolation, stopping); it returns
its figures or raises. Each runs in a process of its own: those that mostly wait, together; those whose figures need a calm machine, one by
one afterwards. Judged is what the server promises in src/model/limits.rs.

CARRYALL_BIN   the executable (default target/release/carryall)
"""
import concurrent.futures
import os
import resource
import signal
import subprocess
import sys
import time
import traceback

import full
import isolation
import many
import slow
import stopping
import uploads
from server import BIN, LINUX, Failed, Garbage

BACKGROUND = slow.BACKGROUND
TOGETHER = slow.TOGETHER + full.TOGETHER + stopping.TOGETHER
ALONE = many.ALONE + uploads.ALONE + isolation.ALONE
SCENARIO_SECONDS = 110


def name(scenario):
    return scenario.__name__.replace("_", "-")


def run_here(scenario):
    """Runs a scenario and prints its line; whether it went well."""
    try:
        print("ok %s: %s" % (name(scenario), scenario()), flush=True)
        return True
    except (Failed, Garbage) as failed:
        print("FAILED %s: %s" % (name(scenario), " ".join(str(failed).split())), flush=True)
    except Exception:
        print("FAILED %s: %s" % (name(scenario), traceback.format_exc()), flush=True)
    return False


def run_apart(scenario, running):
    """The same in a process of its own; one that takes too long is asked to end, and ends its server first."""
    process = subprocess.Popen([sys.executable, os.path.abspath(__file__), name(scenario)])
    running.add(process)
    try:
        return process.wait(SCENARIO_SECONDS) == 0
    except subprocess.TimeoutExpired:
        print("FAILED %s: not done within %d s" % (name(scenario), SCENARIO_SECONDS), flush=True)
        process.terminate()
        process.wait()
        return False
    finally:
        running.discard(process)


def run_all(wanted):
    """Those that failed."""
    running = set()

    def start(scenarios):
        return [(scenario, threads.submit(run_apart, scenario, running)) for scenario in scenarios if scenario in wanted]

    with concurrent.futures.ThreadPoolExecutor(len(wanted)) as threads:
        try:
            begun = start(BACKGROUND)
            steps = [TOGETHER] + [[scenario] for scenario in ALONE]
            for step in steps:
                done = start(step)
                concurrent.futures.wait([future for _, future in done])
                begun += done
            return [scenario for scenario, future in begun if not future.result()]
        except BaseException:
            for process in list(running):
                process.terminate()
            raise


def main():
    if not LINUX:
        sys.exit("crowd: counts descriptors and memory by /proc and speaks from many loopback addresses, which only Linux has")
    if not os.path.exists(BIN):
        sys.exit("%s is not there: cargo build --release makes it" % os.path.relpath(BIN))
    known = {name(scenario): scenario for scenario in BACKGROUND + TOGETHER + ALONE}
    strange = [word for word in sys.argv[1:] if word not in known]
    if strange:
        sys.exit("no scenario %s; there are: %s" % (", ".join(strange), " ".join(known)))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # Like Ctrl-C, it leaves by way of every `with`, and so ends the server.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    wanted = [known[word] for word in sys.argv[1:]] or list(known.values())
    if len(wanted) == 1:
        sys.exit(0 if run_here(wanted[0]) else 1)
    begun, failed = time.monotonic(), run_all(wanted)
    print("crowd: %d of %d scenarios as they should be, %.0f s" % (len(wanted) - len(failed), len(wanted), time.monotonic() - begun))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
