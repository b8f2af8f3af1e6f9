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
