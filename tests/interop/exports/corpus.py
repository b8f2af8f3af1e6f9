"""A log file of traces as shops have them, the same in every run: spans of every kind, events, links, failures,
attributes of every type, log lines with and without ids. All on one host, so that its clock counts as it is.

    records = corpus.records()        dicts, as the json dialect has them
    corpus.write(path)
"""
import json
import random

START_NS = 1795257045000000000
KINDS = "internal server client producer consumer".split()
SERVICES = "orders stock payment search".split()
TEXTS = ["plain", "two words", 'say "hi", or\nnot', "comma, and 'quote'", "gr\u00f6\u00df! \U0001f600", "", "=1+1"]


def when(ns):
    seconds, rest = divmod(ns, 10**9)
    clock = seconds % 86400
    assert 20778 <= seconds // 86400 <= 20779
    day = 21 + seconds // 86400 - 20778
    return "2026-11-%02dT%02d:%02d:%02d.%09dZ" % (day, clock // 3600, clock // 60 % 60, clock % 60, rest)


def nanoseconds(text):
    hours, minutes, seconds = map(int, text[11:19].split(":"))
    days = 20778 + int(text[8:10]) - 21
    return ((days * 24 + hours) * 3600 + minutes * 60 + seconds) * 10**9 + int(text[20:29])


def value(rng):
    return rng.choice([rng.randrange(-10**12, 10**12), 0.5 + rng.randrange(1000), True, False, rng.choice(TEXTS),
                       ["a", 1], {"deep": [1, "x"]}])


def attributes(rng):
    keys = rng.sample(["http.route", "db.system", "user id", "hits", "ratio", "ok", "tags", "q\"uote"], rng.randrange(5))
    return {key: value(rng) for key in keys}


def ids_of(rng, trace, span):
    ids = {"trace_id": trace, "span_id": span}
    if rng.random() < 0.9:
        ids["trace_flags"] = "01"
    return ids


def log(rng, at_ns, service, ids):
    record = {"ts": when(at_ns), "level": rng.choice(["debug", "info", "warn", "error"]), "msg": rng.choice(TEXTS),
              "service": service, **ids}
    if rng.random() < 0.5:
        record["logger"] = "db"
    record.update({"src": "src/db.c:%d" % rng.randrange(1, 999), "pid": 711, "tid": 713, "host.name": "web-1"}, **attributes(rng))
    return record


def span(rng, trace, span_id, parent, start_ns, duration_ns):
    service = rng.choice(SERVICES)
    bad = rng.random() < 0.2
    abandoned = rng.random() < 0.03
    record = {"ts": when(start_ns + duration_ns), "level": "error" if bad else "info",
              "msg": "span abandoned" if abandoned else "span completed", "service": service, "trace_id": trace,
              "span_id": span_id}
    if parent:
        record["parent_id"] = parent
    record.update({"trace_flags": "01", "operation": rng.choice(["GET /", "query", "send \u00e4"]),
                   "kind": rng.choice(KINDS), "start": when(start_ns), "duration_ms": duration_ns / 1e6})
    if bad or rng.random() < 0.3:
        record["status"] = "error" if bad else "ok"
    if rng.random() < 0.5:
        record["status_code"] = 500 if bad else 200
    if bad and rng.random() < 0.7:
        record["error"] = rng.choice(["timeout", "no \"such\" row"])
    record.update({"src": "src/db.c:42", "pid": 711, "tid": 713, "host.name": "web-1"}, **attributes(rng))
    events = [{"ts": when(start_ns + rng.randrange(0, duration_ns, 1000)), "name": rng.choice(["retry", "cache miss"]),
               **attributes(rng)} for _ in range(rng.randrange(3))]
    if events:
        record["events"] = events
    if rng.random() < 0.2:
        record["links"] = [{"trace_id": "%032x" % rng.getrandbits(127), "span_id": "%016x" % rng.getrandbits(63)}]
    if rng.random() < 0.2:
        record["sample_ratio"] = 0.25
    return record


def records(traces=120, seed=4):
    rng = random.Random(seed)
    found = []
    for number in range(traces):
        trace, known = "%032x" % (rng.getrandbits(127) | 1), []
        base = START_NS + number * 10**9
        for _ in range(rng.randrange(1, 12)):
            span_id = "%016x" % (rng.getrandbits(63) | 1)
            start = base + rng.randrange(0, 10**8, 1000)
            parent = rng.choice(known) if known else None
            found.append(span(rng, trace, span_id, parent, start, rng.randrange(1000, 10**8, 1000)))
            known.append(span_id)
            for _ in range(rng.randrange(3)):
                found.append(log(rng, start + rng.randrange(0, 10**6, 1000), found[-1]["service"],
                                 ids_of(rng, trace, span_id)))
        found.append(log(rng, base, "orders", {}))
    return found


def write(path, lines):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for record in lines:
            file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")).replace("\n", "\\n") + "\n")
