#!/usr/bin/env python3
"""`spanlog diff` names the fault that was put in, first of all.

    diff_faults_test.py build/dev/spanlog

A made-up shop, once as it is and once with one fault, in all requests or in three of ten.
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

FAULTS = {  # what has to come first
    "a slow database": ("self_time", "orders db.query"),
    "a slow network": ("edge", "orders -> payment"),
    "all requests come from one region": ("attribute", "region=eu"),
    "an operation is gone": ("vanished", "gateway cache.get"),
    "an operation is new": ("new", "audit write trail"),
    "connections are lost": ("log", "payment: connection to #.#.#.#:# lost, id #"),
    "each product is fetched by itself": ("calls", "orders db.query"),
}


def time(microseconds):
    seconds, rest = divmod(int(microseconds), 1_000_000)
    return "2026-11-21T%02d:%02d:%02d.%06d000Z" % (
        10 + seconds // 3600, seconds // 60 % 60, seconds % 60, rest)


class Shop:
    def __init__(self, seed, fault, share):
        self.random, self.fault, self.share, self.lines = random.Random(seed), fault, share, []
        for number in range(600):
            self.request(number, 1_000_000 + number * 50_000)

    def span(self, trace, span, parent, service, operation, kind, start, end, **attributes):
        record = {"ts": time(end), "level": "info", "msg": "span completed", "service": service,
                  "trace_id": trace, "span_id": span}
        if parent:
            record["parent_id"] = parent
        record.update({"trace_flags": "01", "operation": operation, "kind": kind,
                       "start": time(start), "duration_ms": (int(end) - int(start)) / 1000})
        self.lines.append((end, {**record, **attributes}))

    def log(self, trace, span, service, at, message, level="info"):
        self.lines.append((at, {"ts": time(at), "level": level, "msg": message, "service": service,
                                "trace_id": trace, "span_id": span, "trace_flags": "01"}))

    def request(self, number, start):
        draw = self.random
        fault = self.fault if draw.random() < self.share else None
        trace = "%032x" % draw.getrandbits(128)
        ids = ["%016x" % draw.getrandbits(64) for _ in range(20)]
        region = "eu" if fault == "all requests come from one region" else draw.choice(
            ["eu", "us", "ap"])
        query = draw.lognormvariate(8.3, 0.3) * (5 if fault == "a slow database" else 1)
        network = draw.lognormvariate(6, 0.3) * (12 if fault == "a slow network" else 1)
        payment, own = draw.lognormvariate(8, 0.3), draw.lognormvariate(7, 0.3)
        queries = 8 if fault == "each product is fetched by itself" else 1
        order = start + own
        at = order + own / 2
        for i in range(queries):
            self.span(trace, ids[6 + i], ids[1], "orders", "db.query", "internal", at, at + query)
            at += query + 20
        charge = at + network / 2
        charged = charge + payment
        paid = charged + network / 2
        ordered = paid + own / 2
        end = ordered + own / 3
        self.span(trace, ids[0], None, "gateway", "GET /checkout", "server", start, end,
                  **{"http.route": "/checkout", "region": region, "user.id": f"u{number}"})
        self.span(trace, ids[1], ids[0], "orders", "place order", "internal", order, ordered)
        self.span(trace, ids[2], ids[1], "orders", "POST /pay", "client", at, paid)
        self.span(trace, ids[3], ids[2], "payment", "charge", "server", charge, charged)
        if fault != "an operation is gone":
            self.span(trace, ids[4], ids[0], "gateway", "cache.get", "internal", start + 10,
                      start + 110)
        if fault == "an operation is new":
            self.span(trace, ids[5], ids[0], "audit", "write trail", "internal", end - 300,
                      end - 150)
        self.log(trace, ids[1], "orders", order + 5,
                 f"order {number} placed for 'user {number}' in {int(own)}ms")
        if fault == "connections are lost":
            self.log(trace, ids[3], "payment", charge + 5,
                     f"connection to 10.0.{number % 7}.{number % 250}:{number} lost, "
                     f"id {draw.getrandbits(64):016x}", "error")

    def write(self, path):
        rows = sorted(self.lines, key=lambda line: line[0])
        path.write_text("".join(json.dumps(record, separators=(",", ":")) + "\n"
                                for _, record in rows))


def diff(spanlog, before, after):
    done = subprocess.run([spanlog, "diff", "--json", before, after], capture_output=True,
                          check=True)
    return [json.loads(row) for row in done.stdout.splitlines()]


def main():
    spanlog = sys.argv[1]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        before, after = pathlib.Path(folder) / "before.jsonl", pathlib.Path(folder) / "after.jsonl"
        Shop(1, None, 0).write(before)
        Shop(2, None, 0).write(after)
        for row in diff(spanlog, before, after):
            failed += 1
            print(f"not ok nothing changed, but: {row}")
        for seed, (fault, wanted) in enumerate(FAULTS.items()):
            for share in (1, 0.3):
                Shop(10 + seed, fault, share).write(after)
                rows = diff(spanlog, before, after)
                first = (rows[0]["kind"], rows[0]["name"]) if rows else None
                kinds = {"calls", wanted[0]} if share < 1 else {wanted[0]}
                if not first or first[1] != wanted[1] or first[0] not in kinds:
                    failed += 1
                    print(f"not ok {fault} ({share:.0%}): first is {first}, not {wanted}")
    print(f"{2 * len(FAULTS) + 1 - failed} of {2 * len(FAULTS) + 1} are explained")
    return 1 if failed else 0


sys.exit(main())
