"""Traces with many shapes, and what a server must say of them.

    lines, wanted = trees.make(60)                        lines of a log, {trace: {span: (parent, name, service)}}
    trees.contents(lines)                                 {trace: {span: all that the line says}}
    trees.in_jaeger(jaeger, trace_id) == trees.as_otlp(contents[trace_id])
    trees.in_loki(loki.entries(...)) == trees.records(lines)       what has come in by its OTLP door
    trees.in_zipkin(zipkin, trace_id) == trees.as_zipkin(contents[trace_id])
"""
import decimal
import random
import re

import servers

import shipping

KINDS = [None, "server", "client", "producer", "consumer"]
ERRORS = {3: {"status": "error", "error": "boom"}, 4: {"status": "error"}}
ATTRIBUTES = {0: {"http.route": "/orders/{id}", "cached": True, "ratio": 0.25}, 2: {"text": "a \"ü\"\n", "big": 2**62}}
DURATIONS = {2: 123, 4: 12345678, 5: 0}  # ns: under a microsecond, and with every digit


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
            start, duration = begin + trace * 10**6 + i * (10**5 + 7), DURATIONS.get(i, size * 10**5)
            line = {"ts": shipping.rfc3339(start + duration), "level": "info",
                    "msg": "span completed", "service": service, "trace_id": trace_id, "span_id": "%016x" % span_id,
                    **({"parent_id": "%016x" % parent} if parent else {}), "trace_flags": "01", "operation": name}
            kind = chance.choice(KINDS)
            if kind:
                line["kind"] = kind
            line.update(start=shipping.rfc3339(start), duration_ms=duration / 10**6, **ERRORS.get(i, {}), pid=711,
                        rows=i, **ATTRIBUTES.get(i, {}))
            if i == 1:
                line["events"] = [{"ts": line["start"], "name": "retry", "attempt": 2}]
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


# ---- all that a span says -------------------------------------------------------------------

PLACES = {"ts", "level", "msg", "service", "trace_id", "span_id", "parent_id", "trace_flags", "operation", "kind", "start",
          "duration_ms", "status", "error", "pid", "events"}  # what has a place of its own; the rest are attributes
OTLP_KINDS = {None: 1, "internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}


def ns_of(stamp):
    """Of our own form, with nine digits of a second."""
    seconds, part = stamp.rstrip("Z").split(".")
    return shipping.seconds_of(seconds) * 10**9 + int(part)


def contents(lines):
    """What the lines of the spans say, in the words of none of the servers."""
    traces = {}
    for text in lines:
        line = shipping.json.loads(text, parse_float=decimal.Decimal)
        if "operation" not in line:
            continue
        traces.setdefault(line["trace_id"], {})[line["span_id"]] = {
            "parent": line.get("parent_id"), "name": line["operation"], "service": line["service"],
            "kind": OTLP_KINDS[line.get("kind")], "start": ns_of(line["start"]), "end": ns_of(line["ts"]),
            "duration": int(line["duration_ms"] * 10**6), "error": error_of(line), "pid": line["pid"],
            "level": line["level"], "abandoned": line["msg"] == "span abandoned",
            "attributes": {key: plain(value) for key, value in line.items() if key not in PLACES},
            "events": [(ns_of(event["ts"]), event["name"],
                        {key: plain(value) for key, value in event.items() if key not in ("ts", "name")})
                       for event in line.get("events", [])]}
    return traces


def error_of(line):
    """None, or the message."""
    return line.get("error", "") if line.get("status") == "error" or "error" in line else None


def plain(value):
    return float(value) if isinstance(value, decimal.Decimal) else value


def otlp_names(attributes):
    """docs/format.md, "otlp": what has another name there."""
    attributes = dict(attributes)
    if "src" in attributes:
        attributes["code.file.path"], number = attributes.pop("src").rsplit(":", 1)
        attributes["code.line.number"] = int(number)
    if "tid" in attributes:
        attributes["thread.id"] = attributes.pop("tid")
    return attributes


def as_otlp(tree):
    """A duration is end less start there; the one of the line, by a clock that is never set, is kept beside it."""
    def otlp(span):
        more, duration = {}, span["end"] - span["start"]
        if duration != span["duration"]:
            more["duration_ms"] = span["duration"] / 10**6
        if span["level"] != "info":
            more["level"] = span["level"]
        if span["abandoned"]:
            more["msg"] = "span abandoned"
        same = {name: span[name] for name in ("parent", "name", "service", "kind", "start", "error", "pid", "events")}
        return {**same, "duration": duration, "attributes": {**otlp_names(span["attributes"]), **more}}

    return {key: otlp(span) for key, span in tree.items()}


def otlp_value(value):
    """An AnyValue as a value: its 64 bit numbers are texts."""
    (kind, inside), = value.items()
    return int(inside) if kind == "intValue" else inside


def otlp_attributes(entries):
    return {entry["key"]: otlp_value(entry["value"]) for entry in entries}


def in_jaeger(jaeger, trace_id):
    """As as_otlp(), of its API that keeps nanoseconds. It adds warnings of clocks, and to a span of no duration a
    nanosecond, which it says."""
    found = {}
    for group in servers.get_json(f"{jaeger.query_url}/api/v3/traces/{trace_id}")["result"]["resourceSpans"]:
        resource = otlp_attributes(group["resource"]["attributes"])
        for scope, span in ((scope["scope"], span) for scope in group["scopeSpans"] for span in scope["spans"]):
            if span["traceId"] != trace_id or span["spanId"] in found:
                raise AssertionError(f"twice, or of another trace: {span}")
            start, attributes = int(span["startTimeUnixNano"]), otlp_attributes(span.get("attributes", []))
            made_longer = "sanitizing end timestamp" in str(attributes.pop("@jaeger@warnings", ""))
            if "name" in scope:
                attributes["logger"] = scope["name"]
            status = span.get("status", {})
            found[span["spanId"]] = {
                "parent": span.get("parentSpanId"), "name": span["name"], "service": resource.pop("service.name", None),
                "kind": span["kind"], "start": start, "duration": int(span["endTimeUnixNano"]) - start - made_longer,
                "error": status.get("message", "") if status.get("code") == 2 else None,
                "pid": resource.pop("process.pid", None), "attributes": {**resource, **attributes},
                "events": [(int(event["timeUnixNano"]), event["name"], otlp_attributes(event.get("attributes", [])))
                           for event in span.get("events", [])]}
    return found


SEVERITIES = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}


def records(lines):
    """The log records as Loki's OTLP door keeps them, in an order: (ns, text, attributes)."""
    found = []
    for line in map(shipping.json.loads, lines):
        if "operation" in line:
            continue
        attributes = {key: value for key, value in line.items()
                      if key not in ("ts", "level", "msg", "service", "trace_flags", "pid")}
        if "logger" in attributes:
            attributes["scope_name"] = attributes.pop("logger")
        attributes = {re.sub(r"\W", "_", key): value if isinstance(value, str) else shipping.json.dumps(value)
                      for key, value in otlp_names(attributes).items()}
        if "trace_flags" in line:
            attributes["flags"] = str(int(line["trace_flags"], 16))
        found.append((ns_of(line["ts"]), line["msg"], {**attributes, "severity_text": line["level"], "severity_number": str(
            SEVERITIES[line["level"]]), "process_pid": str(line["pid"])}))
    return in_order(found)


def in_loki(entries):
    """Of Loki.entries(); it names the level once more by itself."""
    return in_order((ns, text, {key: value for key, value in metadata if key != "detected_level"})
                    for _, ns, text, metadata in entries)


def in_order(found):
    return sorted(found, key=lambda record: (*record[:2], sorted(record[2].items())))


def as_zipkin(tree):
    """What Zipkin can hold of it: names in lower case, microseconds of which a span lasts one at least, an error as a
    tag, and tags that are texts."""
    def text(value):
        return value if isinstance(value, str) else shipping.json.dumps(value, separators=(",", ":"))

    kinds = {1: None, 2: "SERVER", 3: "CLIENT", 4: "PRODUCER", 5: "CONSUMER"}
    return {key: {"parent": span["parent"], "name": span["name"].lower(), "service": span["service"],
                  "kind": kinds[span["kind"]], "start": span["start"] // 1000,
                  "duration": max(1, span["duration"] // 1000),
                  "tags": {**{name: text(value) for name, value in span["attributes"].items()}, "pid": str(span["pid"]),
                           **({} if span["error"] is None else {"error": span["error"] or "true"})},
                  "events": [(ns // 1000, name) for ns, name, _ in span["events"]]} for key, span in tree.items()}


def zipkin_tree(spans):
    """The same of what its API answers."""
    found = {}
    for span in spans:
        if span["id"] in found:
            raise AssertionError(f"twice: {span}")
        found[span["id"]] = {
            "parent": span.get("parentId"), "name": span["name"], "service": span["localEndpoint"]["serviceName"],
            "kind": span.get("kind"), "start": span["timestamp"], "duration": span["duration"],
            "tags": span.get("tags", {}),
            "events": [(event["timestamp"], event["value"]) for event in span.get("annotations", [])]}
    return found


def in_zipkin(zipkin, trace_id):
    return zipkin_tree(servers.get_json(f"{zipkin.url}/api/v2/trace/{trace_id}"))


def edges(path):
    """What `spanlog graph` says of them: {(from, to): (calls, errors)}."""
    done = shipping.subprocess.run([shipping.TOOL, "graph", "--json", path], stdout=shipping.subprocess.PIPE, check=True)
    rows = [shipping.json.loads(line) for line in done.stdout.splitlines()]
    return {(row["from"], row["to"]): (row["count"], row["errors"]) for row in rows}
