#!/usr/bin/env python3
"""The kills can fail: servers that do wrong on purpose (CARRYALL_FAULT, src/model/fault.rs) are caught by them.

acknowledge-early, counter-outside   must be caught, within CAUGHT_SECONDS
sync-off                             must not: a kill leaves the system's memory as it is; the power cuts of tests/deep catch it, and skip-folder-sync
swallow-full                         is caught by disk.py
"""
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hostile"))
from kill import Tally, same_file  # noqa: E402
from server import Failed  # noqa: E402

CAUGHT_SECONDS, CYCLES, HARMLESS_CYCLES = 30, 6, 5


def caught(fault):
    """How a fault was seen, and after how many kills."""
    begun, rng, tally = time.monotonic(), random.Random(1), Tally()
    while time.monotonic() - begun < CAUGHT_SECONDS:
        try:
            same_file(rng, CYCLES, tally, fault)
        except Failed as error:
            found = str(error).split("\n")[0][:120]
            # Anything else would not be what the kills are for.
            return found.startswith(("LOST", "TORN", "UNKNOWN", "the counter")) and "after %d kills: %s" % (tally.cycles, found)
    return None


def main():
    for fault in ("acknowledge-early", "counter-outside"):
        how = caught(fault)
        print("%s %s: %s" % ("ok" if how else "FAILED", fault, how or "not caught as a loss by %d s of kills" % CAUGHT_SECONDS), flush=True)
        if not how:
            return 1
    try:
        same_file(random.Random(2), HARMLESS_CYCLES, Tally(), "sync-off")
    except Failed as error:
        print("FAILED sync-off: a kill is no power cut, but: %s" % error)
        return 1
    print("ok sync-off: not seen by kills, as it must be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
