"""Traces with many shapes, and what a server must say of them."""
import random

import shipping

KINDS = [None, "server", "client", "producer", "consumer"]


def make(count, seed=1, now_ns=None):
    """Lines of `count` traces, and {trace: {span: (parent, name, service)}}."""
    chance, lines, trees = random.Random(seed), [], {}
    begin = (now_ns or shipping.EPOCH_NS) - 60 * 10**9
    for trace in range(count):
        size = chance.choice([1, 2, 5, 12, 40, 150 if trace % 10 == 0 else 7])
        trace_id, tree = "%032x" % chance.getrandbits(127), {}
        ids = [chance.getrandbits(63) + 1 for _ in range(size)]
        for i, span_id in enumerate(ids):
            parent = ids[chance.randrange(max(0, i - 4), i)] if i else 0
            service, name = f"service-{chance.randrange(5)}", f"operation {chance.randrange(20)} \"{i}\""
            line = {"ts": shipping.rfc3339(begin + trace * 10**6 + (size + i) * 10**5), "level": "info",
                    "msg": "span completed", "service": service, "trace_id": trace_id, "span_id": "%016x" % span_id,
                    **({"parent_id": "%016x" % parent} if parent else {}), "trace_flags": "01", "operation": name}
            kind = chance.choice(KINDS)
            if kind:
                line["kind"] = kind
            line.update(start=shipping.rfc3339(begin + trace * 10**6 + i * 10**5), duration_ms=size / 10,
                        **({"status": "error", "error": "boom"} if i == 3 else {}), pid=711, rows=i)
            lines.append(shipping.json.dumps(line, separators=(",", ":")))
            tree["%016x" % span_id] = ("%016x" % parent if parent else None, name, service)
        trees[trace_id] = tree
        lines.append(shipping.record(trace, ns=begin + trace * 10**6))
    return lines, trees


def calls(count, broker=None, seed=3, now_ns=None):
    """Lines of `count` traces of services that call each other, as instrumented ones write them: who calls has a
    client span, who is called the server span below it, which fail together; or a producer and a consumer, which may
    name their broker; and own work in between."""
    chance, lines = random.Random(seed), []
    begin = (now_ns or shipping.EPOCH_NS) - 60 * 10**9

    def span(trace, parent, service, name, kind, at, size, bad=False):
        span_id = "%016x" % (chance.getrandbits(63) + 1)
        fields = {"kind": kind} if kind else {}
        if broker and kind in ("producer", "consumer"):
            fields["messaging.system"] = broker
        if bad:
            fields.update(status="error", error="boom")
        lines.append(shipping.json.dumps({
            "ts": shipping.rfc3339(at + size), "level": "info", "msg": "span completed", "service": service,
            "trace_id": trace, "span_id": span_id, **({"parent_id": parent} if parent else {}), "trace_flags": "01",
            "operation": name, "start": shipping.rfc3339(at), "duration_ms": size / 10**6, **fields, "pid": 711},
            separators=(",", ":")))
        return span_id

    def work(trace, parent, service, depth, at, size):
        if chance.random() < 0.5:
            parent = span(trace, parent, service, "prepare", None, at, size)
        for part in range(chance.randrange(4) if depth < 4 else 0):
            other, bad = f"service-{chance.randrange(6)}", chance.random() < 0.1
            kinds = chance.choice([("client", "server"), ("producer", "consumer")])
            if other == service:
                continue
            start, step = at + part * (size // 4), size // 4
            caller = span(trace, parent, service, "call", kinds[0], start, step - 2, bad)
            callee = span(trace, caller, other, "serve", kinds[1], start + 1, step - 4, bad)
            work(trace, callee, other, depth + 1, start + 2, step - 6)

    for number in range(count):
        trace, at, size = "%032x" % chance.getrandbits(127), begin + number * 10**7, 2**22
        root = span(trace, None, "gateway", "GET /", "server", at, size)
        work(trace, root, "gateway", 0, at + 1, size - 2)
    return lines


def edges(path):
    """What `spanlog graph` says of them: {(from, to): (calls, errors)}."""
    done = shipping.subprocess.run([shipping.TOOL, "graph", "--json", path], stdout=shipping.subprocess.PIPE, check=True)
    rows = [shipping.json.loads(line) for line in done.stdout.splitlines()]
    return {(row["from"], row["to"]): (row["count"], row["errors"]) for row in rows}
