"""tests/bench/table.py: what the benchmarks' programs share: the judged table, and who else was busy.

    lines = [judge(row, runs) for row in ROWS]      runs: a dict of figures for each run
    print_table(lines)
"""

import os
import statistics

from goals import AT_LEAST, AT_MOST


class Others:
    """How much of the machine other programs took."""

    def __init__(self):
        self.start = self.now()

    @staticmethod
    def now():
        with open("/proc/stat", encoding="ascii") as f:
            ticks = [int(word) for word in f.readline().split()[1:9]]
        own = os.times()
        return (sum(ticks) / os.sysconf("SC_CLK_TCK"),
                (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK"),
                own.user + own.system + own.children_user + own.children_system)

    def share(self):
        total, busy, own = (b - a for a, b in zip(self.start, self.now()))
        return max(0.0, (busy - own) / total) if total else 0.0


def figure(value, unit=""):
    if value is None:
        return "-"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()


def median_of(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def judge(row, runs):
    """One line of the table as a dict."""
    ratio = median_of(row.ratio(results) for results in runs)
    verdict = ""
    if row.kind in (AT_MOST, AT_LEAST):
        verdict = "not measured" if ratio is None else "ok" if row.is_reached(ratio) else "MISSED"
    return {"group": row.group, "what": row.what, "unit": row.unit, "kind": row.kind,
            "value": median_of(results.get(row.value) for results in runs),
            "anchor": median_of(results.get(row.anchor) for results in runs),
            "ratio": ratio, "goal": row.goal, "verdict": verdict}


def print_table(lines):
    print(f"{'what':<52}{'value':>13}{'anchor':>13}{'ratio':>10}{'goal':>11}")
    group = None
    for line in lines:
        if line["group"] != group:
            group = line["group"]
            print(f"-- {group}")
        goal = ""
        if line["goal"] is not None:
            goal = ("<= " if line["kind"] == AT_MOST else ">= ") + f"{line['goal']:.3g}"
        has_anchor = line["anchor"] is not None
        print(f"{line['what']:<52}{figure(line['value'], line['unit']):>13}"
              f"{figure(line['anchor'], line['unit']) if has_anchor else '':>13}"
              f"{figure(line['ratio']) if has_anchor else '':>10}{goal:>11}  {line['verdict']}")
