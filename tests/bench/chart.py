#!/usr/bin/env python3
"""A bar chart of compare.sh's ratios, as SVG that is readable on light and dark pages:   tests/bench/chart.py results.tsv >tests/bench/speed.svg"""
import sys
from collections import defaultdict
from html import escape

NAMES = {"list50": "list of 50, with its total", "list50_filter_sort": "filter and sort, with total", "get": "one record", "create": "create",
         "update": "update"}
WIDTH, LEFT, BAR, GAP, TOP = 720, 235, 18, 6, 44


def ratios(path):
    """{case: {connections: ours / theirs}}, means over the rounds."""
    rates = defaultdict(list)
    with open(path, encoding="ascii") as file:
        for line in file:
            name, case, conns, rate, *_ = line.split("\t")
            rates[name, case, int(conns)].append(float(rate))
    mean = {key: sum(found) / len(found) for key, found in rates.items()}
    found = defaultdict(dict)
    for (name, case, conns), rate in mean.items():
        theirs = mean.get(("pocketbase", case, conns), 0)
        if name == "ours" and theirs:
            found[case][conns] = rate / theirs
    return found


def chart(found):
    """Bars on a scale of powers of ten, for a list is a hundred times faster and a write two."""
    import math
    rows = [(NAMES.get(case, case), conns, ratio) for case, by in found.items() for conns, ratio in sorted(by.items()) if conns > 1]
    most = max(ratio for *_, ratio in rows)
    reach = math.ceil(math.log10(most) * 2) / 2
    scale = (WIDTH - LEFT - 70) / reach
    height = TOP + len(rows) * (BAR + GAP) + 26
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family="system-ui,sans-serif" '
           'font-size="12">' % (WIDTH, height, WIDTH, height),
           "<title>Requests a second, Carryall against PocketBase</title>",
           "<style>text{fill:#57606a}.b{fill:#2f6feb}.c{fill:#7aa7f7}.l{stroke:#8c959f;stroke-opacity:.4}</style>",
           '<text x="0" y="16" font-size="14">So many times the requests a second of PocketBase (more is better; each step is ten times)</text>']
    for power in range(int(reach) + 1):
        at = LEFT + power * scale
        out.append('<line class="l" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>' % (at, at, TOP - 14, height - 22))
        out.append('<text x="%.1f" y="%d" text-anchor="middle">%dx</text>' % (at, height - 8, 10 ** power))
    for at, (name, conns, ratio) in enumerate(rows):
        y = TOP + at * (BAR + GAP)
        width = max(2.0, math.log10(max(ratio, 1.0)) * scale)
        out.append('<text x="0" y="%d">%s</text>' % (y + 13, escape("%s, %d clients" % (name, conns))))
        out.append('<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>' % ("b" if conns >= 64 else "c", LEFT, y, width, BAR))
        out.append('<text x="%.1f" y="%d">%.*fx</text>' % (LEFT + width + 6, y + 13, 0 if ratio >= 20 else 1, ratio))
    return "\n".join([*out, "</svg>"])


if __name__ == "__main__":
    print(chart(ratios(sys.argv[1])))
