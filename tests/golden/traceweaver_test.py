#!/usr/bin/env python3
"""stats, graph, path and shapes against known answers: 1,000 traces of the DeathStarBench hotel
(TraceWeaver's data set; see its README), of which somebody else has counted everything.

    traceweaver_test.py build/dev/spanlog

The data lies in $SPANLOG_SHARED or ../shared; where it is absent this is a skip, and a failure where
CI is set.
"""
import collections
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("SPANLOG_SHARED", ROOT.parent / "shared")) / "golden/traceweaver"
SKIPPED = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(1 if os.environ.get("CI") else SKIPPED)


def stamp(us):
    seconds, us = divmod(us, 1000000)
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + "%06d000Z" % us


def to_line(span, processes):
    """A Jaeger span as spanlog writes it."""
    tags = {tag["key"]: tag["value"] for tag in span["tags"]}
    line = {"ts": stamp(span["startTime"] + span["duration"]), "level": "info",
            "msg": "span completed", "service": processes[span["processID"]]["serviceName"],
            "trace_id": span["traceID"].rjust(32, "0"), "span_id": span["spanID"].rjust(16, "0")}
    for reference in span["references"]:
        if reference["refType"] == "CHILD_OF":
            line["parent_id"] = reference["spanID"].rjust(16, "0")
    line.update(operation=span["operationName"], kind=tags.get("span.kind", "internal"),
                start=stamp(span["startTime"]), duration_ms=span["duration"] / 1000)
    return line


def convert(file):
    """Returns the operation of each span."""
    names = {}
    with subprocess.Popen(["zstd", "-dc", str(DATA / "hotel_load100.jsonl.zst")],
                          stdout=subprocess.PIPE) as process:
        for text in process.stdout:
            for trace in json.loads(text)["data"]:
                for span in trace["spans"]:
                    line = to_line(span, trace["processes"])
                    names[trace["traceID"], span["spanID"]] = line["service"] + " " + line["operation"]
                    file.write(json.dumps(line, separators=(",", ":")) + "\n")
    return names


def ask(spanlog, *arguments):
    # The answers are those of raw clocks.
    raw = "--no-skew" in subprocess.run([spanlog, arguments[0], "--help"], check=True,
                                        capture_output=True, text=True).stdout
    arguments += ("--no-skew",) if raw else ()
    done = subprocess.run([spanlog, *arguments], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def us(milliseconds):
    return round(milliseconds * 1000, 3)


def check_equal(what, got, expected):
    assert got == expected, f"{what}: {got} instead of {expected}"
    print(f"equal: {what}")


def check_stats(spanlog, path, summary, self_times, critical):
    rows = {f"{row['service']} {row['operation']}": row for row in ask(spanlog, "stats", "--json", path)}
    figures = {"count": lambda row: row["count"], "sum": lambda row: us(row["total_ms"]),
               "p50": lambda row: us(row["p50_ms"]), "p90": lambda row: us(row["p90_ms"]),
               "p99": lambda row: us(row["p99_ms"]), "max": lambda row: us(row["max_ms"])}
    for name, figure in figures.items():
        check_equal(f"{name} of each operation", {key: figure(row) for key, row in rows.items()},
                    {key: answer[name] for key, answer in summary["ops"].items()})
    check_equal("self time of each operation", {key: us(row["self_ms"]) for key, row in rows.items()},
                self_times)
    check_equal("critical path of each operation",
                {key: us(row["critical_ms"]) for key, row in rows.items()}, critical)


def check_path(spanlog, path, critical, roots):
    totals = collections.Counter()
    for row in ask(spanlog, "path", "--json", path):
        totals[f"{row['service']} {row['operation']}"] += us(row["exclusive_ms"])
        assert row["path"].endswith(f"{row['service']} {row['operation']}"), row
    check_equal("critical path by call path", {key: round(value, 3) for key, value in totals.items()},
                {key: value for key, value in critical.items() if value})
    check_equal("sum of all paths and of the roots", round(sum(totals.values()), 3), roots)


def main():
    spanlog = os.path.abspath(sys.argv[1])
    if not (DATA / "summary.json").exists():
        skip("no golden/traceweaver in $SPANLOG_SHARED or ../shared")
    summary = json.loads((DATA / "summary.json").read_text())
    self_times, critical, roots = collections.Counter(), collections.Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/hotel.jsonl"
        try:
            with open(path, "w") as file:
                names = convert(file)
        except FileNotFoundError:
            skip("no command zstd")
        for text in open(DATA / "answers.jsonl"):
            answer = json.loads(text)
            roots += answer["root_us"]
            for key, sums in (("self_jaegerui", self_times), ("cp_ruleR", critical)):
                for span, time in answer[key].items():
                    sums[names[answer["traceID"], span]] += time
        check_stats(spanlog, path, summary, dict(self_times), dict(critical))
        edges = {f"{row['from']} -> {row['to']}": row["count"]
                 for row in ask(spanlog, "graph", "--json", path)}
        check_equal("edges", edges, summary["edges"])
        shapes = ask(spanlog, "shapes", "--json", path)
        check_equal("shapes", [row["count"] for row in shapes], [summary["traces"]])
        check_path(spanlog, path, dict(critical), roots)


main()
