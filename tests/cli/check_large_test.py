#!/usr/bin/env python3
"""`spanlog check` counts right where a log is read in pieces by several threads.

    check_large_test.py build/dev/spanlog

A log of some megabytes with faults whose number and first place are known; the answer must be the
same with one thread, with three, and from a stream.
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

TRACES = 6000


def time(microseconds):
    seconds, rest = divmod(microseconds, 1_000_000)
    return "2026-11-21T%02d:%02d:%02d.%06d000Z" % (
        10 + seconds // 3600, seconds // 60 % 60, seconds % 60, rest)


def make(path):
    """Writes the log; returns what check must find: kind to count and first line."""
    draw = random.Random(7)
    rows, wanted = [], {}

    def add(record, *kinds):
        rows.append(record if isinstance(record, str)
                    else json.dumps(record, separators=(",", ":")))
        for kind in kinds:
            count, first = wanted.get(kind, (0, len(rows)))
            wanted[kind] = (count + 1, first)

    now = 0
    for number in range(TRACES):
        trace, span, child = ("%0*x" % (size, draw.getrandbits(4 * size)) for size in (32, 16, 16))
        head = {"level": "info", "service": "orders", "trace_id": trace, "trace_flags": "01",
                "pid": 7, "tid": 1 + number % 5}
        fault = draw.randrange(40)
        now += 100
        log = {"ts": time(now), **head, "msg": f"working {'x' * draw.randrange(300)}",
               "span_id": span}
        add(log)
        if fault == 0:
            add(log, "duplicate_line")
        # One thread writes each trace, and threads take turns: its last line was 5 traces ago.
        back = fault == 1 and number > 5
        add({"ts": time(now - (2000 if back else 0)), **head, "msg": "span completed",
             "span_id": child, "parent_id": "f" * 16 if fault == 2 else span, "operation": "inner",
             "start": time(now - 50), "duration_ms": 0.04},
            *(["time_went_back"] if back else []), *(["orphan"] if fault == 2 else []))
        if fault == 3:
            add("{\"ts\":}", "bad_line")
        if fault == 4:  # the root never ends
            wanted["unfinished_span"] = (wanted.get("unfinished_span", (0, 0))[0] + 1,
                                         wanted.get("unfinished_span", (0, len(rows) - 1))[1])
            wanted["orphan"] = (wanted.get("orphan", (0, 0))[0] + 1,
                                wanted.get("orphan", (0, len(rows)))[1])
            continue
        now += 100
        root = {"ts": time(now), **head, "msg": "span completed", "span_id": span,
                "operation": "outer", "start": time(now - 400), "duration_ms": 0.4}
        add(root)
        if fault == 5:
            add(root, "duplicate_line")
        if fault == 6:
            add({**root, "operation": "another"}, "conflicting_span")
            wanted["conflicting_span"] = (wanted["conflicting_span"][0] + 1,
                                          min(wanted["conflicting_span"][1], len(rows) - 1))
    path.write_text("".join(row + "\n" for row in rows))
    return wanted


def check(spanlog, path, *options, stream=False):
    files = [] if stream else [path]
    with open(path) as file:
        source = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE) if stream else None
        done = subprocess.run([spanlog, "check", "--json", *options, *files], capture_output=True,
                              stdin=source.stdout if stream else subprocess.DEVNULL)
    assert done.returncode == 1, (done.returncode, done.stderr)
    return {row["kind"]: (row["count"], row["first_line"])
            for row in map(json.loads, done.stdout.splitlines())}


def main():
    spanlog = sys.argv[1]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "large.jsonl"
        wanted = make(path)
        for name, got in (("one thread", check(spanlog, path, "-j1")),
                          ("three threads", check(spanlog, path, "-j3")),
                          ("a stream", check(spanlog, path, "-j2", stream=True))):
            got.pop("span_outside_parent", None)
            if got != wanted:
                failed += 1
                print(f"not ok {name}\n   got {got}\nwanted {wanted}")
        print(f"{path.stat().st_size} bytes, {wanted}")
    return 1 if failed else 0


sys.exit(main())
