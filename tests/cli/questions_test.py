#!/usr/bin/env python3
"""stats, graph, path, diff and shapes on a generated corpus: the same answer for any number of threads and
any order of the lines, and the one that a slow, plain count gives.

    questions_test.py build/dev/spanlog build/dev/tests/make_corpus [-k word]
"""
import argparse
import collections
import datetime
import html
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

QUESTIONS = [
    ["stats"], ["stats", "--json"], ["stats", "--by", "kind"], ["stats", "--by", "src", "--json"],
    ["stats", "--by", "host"], ["stats", "--by", "http.route", "--json", "--sort", "errors"],
    ["stats", "--sort", "-p99", "--limit", "3", "--width", "120"],
    ["stats", "--status", "error", "--json"], ["stats", "--operation", "charge", "--json"],
    ["stats", "--over-time", "auto"], ["stats", "--over-time", "100ms", "--json"],
    ["stats", "--over-time", "20", "--by", "service", "--ascii"],
    ["graph"], ["graph", "--json"], ["graph", "--dot"], ["graph", "--mermaid"],
    ["graph", "--sort", "-p95", "--limit", "4"],
    ["path"], ["path", "--json"], ["path", "--folded"], ["path", "--limit", "30", "--ascii"],
    ["diff", "--where", "status=error"], ["diff", "--where", "duration>20ms", "--json", "--limit", "500"],
    ["shapes"], ["shapes", "--json"], ["shapes", "--limit", "3", "--sort", "-p50"],
]


class Corpus:
    def __init__(self, spanlog, make_corpus, folder):
        self.spanlog = spanlog
        self.path = folder + "/corpus.jsonl"
        self.shuffled = folder + "/shuffled.jsonl"
        lines = subprocess.run([make_corpus, "4"], check=True, capture_output=True).stdout
        lines = lines.decode().splitlines(keepends=True)
        open(self.path, "w").writelines(lines)
        self.spans = [json.loads(line) for line in lines]
        self.spans = [line for line in self.spans if "operation" in line]
        random.Random(5).shuffle(lines)
        open(self.shuffled, "w").writelines(lines)

    def text(self, question, *more):
        done = subprocess.run([self.spanlog, *question, *more], capture_output=True, text=True)
        assert done.returncode == 0, (question, more, done.returncode, done.stderr)
        return done.stdout

    def rows(self, *question):
        return [json.loads(line) for line in self.text(question, "--json", self.path).splitlines()]


def ns(milliseconds):
    return round(milliseconds * 1000000)


def nearest_rank(values, percent):
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def time_ns(stamp):
    seconds = datetime.datetime.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")
    seconds = seconds.replace(tzinfo=datetime.timezone.utc).timestamp()
    return int(seconds) * 1000000000 + int(stamp[20:29])


def is_error(span):
    return span.get("status") == "error"


def check_equal(what, got, expected):
    if got != expected:
        keys = [key for key in set(got) | set(expected) if got.get(key) != expected.get(key)][:3]
        raise AssertionError(f"{what}: " + "; ".join(
            f"{key}: {got.get(key)} instead of {expected.get(key)}" for key in keys))


def one_thread_and_four_say_the_same(corpus):
    for question in QUESTIONS:
        one = corpus.text(question, "-j1", corpus.path)
        four = corpus.text(question, "-j4", corpus.path)
        assert one == four, (question, one[:300], four[:300])
        assert one.strip(), question


def the_order_of_the_lines_does_not_matter(corpus):
    for question in QUESTIONS:
        one = corpus.text(question, "-j1", corpus.path)
        other = corpus.text(question, "-j3", corpus.shuffled)
        assert one == other, (question, one[:300], other[:300])


def a_value_is_found_among_too_many_of_its_key_and_keys(corpus):
    """By any number of threads in any order, also beyond the bounds of what is counted."""
    chance, lines = random.Random(8), []
    for number in range(6000):
        fails = number % 3 == 0
        line = {"ts": "2026-11-21T10:30:%02d.%09dZ" % (number // 1000, number), "level": "info", "msg": "span completed",
                "service": "orders", "trace_id": "%032x" % chance.getrandbits(127), "span_id": "%016x" % (number + 1),
                "operation": "work", "duration_ms": 1, "pid": 711, "request": "r%d" % number,
                "user": "bot" if fails and number % 2 else "u%d" % chance.randrange(4000),
                "key %d" % chance.randrange(60): chance.randrange(10**6), "region": "eu" if fails else "us"}
        if fails:
            line["status"] = "error"
        lines.append(line)
    check_bounds(corpus, lines, ["2 keys have too many values: counted in a smaller sample"], {"user=bot", "region=eu"})
    for number, line in enumerate(lines):  # and 12,000 keys
        line.update({"only %d" % (2 * number + i): 1 for i in range(2)})
    check_bounds(corpus, lines, ["there are too many keys: some were not counted"], set())


def check_bounds(corpus, lines, said, names):
    path, answers = corpus.path + ".many", []
    for jobs in ("-j1", "-j4", "-j2", "-j7"):
        random.Random(jobs).shuffle(lines)
        with open(path, "w") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
        answers.append(corpus.text(["diff", "--where", "status=error"], "--limit", "1000", jobs, path))
    assert len(set(answers)) == 1, [answer[:1000] for answer in answers]
    assert answers[0].splitlines()[-len(said):] == said, answers[0][-500:]
    found = {line.split(None, 4)[4] for line in answers[0].splitlines() if " attribute " in line}
    assert names <= found, answers[0][:1000]


def stats_are_what_a_plain_count_gives(corpus):
    groups = collections.defaultdict(list)
    for span in corpus.spans:
        groups[span["service"], span["operation"]].append(span)
    start = min(time_ns(span["start"]) for span in corpus.spans)
    end = max(time_ns(span["start"]) + ns(span["duration_ms"]) for span in corpus.spans)
    expected = {}
    for key, spans in groups.items():
        times = [ns(span["duration_ms"]) for span in spans]
        expected[key] = [len(spans), sum(map(is_error, spans)),
                         float("%.6g" % (len(spans) / (end - start) * 1e9)), max(times), sum(times)]
        expected[key] += [nearest_rank(times, percent) for percent in (50, 90, 95, 99)]
    rows = corpus.rows("stats")
    check_equal("stats", {(row["service"], row["operation"]): [
        row["count"], row["errors"], row["rate"], ns(row["max_ms"]), ns(row["total_ms"]),
        ns(row["p50_ms"]), ns(row["p90_ms"]), ns(row["p95_ms"]), ns(row["p99_ms"])]
        for row in rows}, expected)
    totals = [row["total_ms"] for row in rows]
    assert totals == sorted(totals, reverse=True), totals
    keys = "service operation count errors rate p50_ms p90_ms p95_ms p99_ms max_ms total_ms self_ms critical_ms"
    assert list(rows[0]) == keys.split(), list(rows[0])


def any_field_can_group(corpus):
    for field in ("kind", "src", "pid", "http.route", "service", "operation", "trace_id"):
        expected = collections.Counter(str(span.get(field, "")) for span in corpus.spans)
        got = {row[field]: row["count"] for row in corpus.rows("stats", "--by", field)}
        check_equal(field, got, dict(expected))
    expected = collections.Counter("error" if is_error(span) else span.get("status", "")
                                   for span in corpus.spans)
    got = {row["status"]: row["count"] for row in corpus.rows("stats", "--by", "status")}
    check_equal("status", got, dict(expected))


def buckets_of_time_add_up(corpus):
    bucket = 250000000
    expected = collections.defaultdict(list)
    for span in corpus.spans:
        start = time_ns(span["start"])
        expected[span["service"], start - start % bucket].append(ns(span["duration_ms"]))
    rows = corpus.rows("stats", "--by", "service", "--over-time", "250ms")
    got = {}
    for row in rows:
        assert row["bucket_ms"] == 250, row
        assert sum(rung["count"] for rung in row["latency"]) == row["count"], row
        times = expected[row["service"], time_ns(row["start"])]
        below = 0
        for rung in row["latency"]:
            below += rung["count"]
            assert below == sum(time <= ns(rung["le_ms"]) for time in times), (rung, row)
        got[row["service"], time_ns(row["start"])] = [row["count"], ns(row["p50_ms"]), ns(row["p99_ms"])]
    check_equal("over time", got, {key: [len(times), nearest_rank(times, 50), nearest_rank(times, 99)]
                                   for key, times in expected.items()})


def is_leaf_client(corpus, span):
    if not hasattr(corpus, "parents"):
        corpus.parents = {(other["trace_id"], other.get("parent_id")) for other in corpus.spans}
    return span["kind"] == "client" and (span["trace_id"], span["span_id"]) not in corpus.parents


def the_graph_is_what_a_plain_count_gives(corpus):
    by_id = {(span["trace_id"], span["span_id"]): span for span in corpus.spans}
    above = lambda span: by_id.get((span["trace_id"], span.get("parent_id")))
    edges = collections.defaultdict(list)
    for span in corpus.spans:
        caller = above(span)
        if caller and caller["service"] == span["service"]:  # a server may call itself
            while caller and caller["kind"] == "internal":
                caller = above(caller)
            if span["kind"] != "server" and not (caller and is_leaf_client(corpus, span)):
                continue
            if caller and span["kind"] == "client" and caller["service"] == span["service"]:
                continue
        if caller:
            edges[caller["service"], span["service"]].append(span)
    expected = {}
    for key, spans in edges.items():
        times = [ns(span["duration_ms"]) for span in spans]
        expected[key] = [len(spans), sum(map(is_error, spans)), nearest_rank(times, 50),
                         nearest_rank(times, 95)]
    rows = corpus.rows("graph")
    check_equal("graph", {(row["from"], row["to"]): [
        row["count"], row["errors"], ns(row["p50_ms"]), ns(row["p95_ms"])] for row in rows}, expected)
    assert list(rows[0]) == "from to count errors p50_ms p95_ms".split(), list(rows[0])


def paths_add_up_to_the_roots(corpus):
    roots = sum(ns(span["duration_ms"]) for span in corpus.spans if "parent_id" not in span)
    rows = corpus.rows("path")
    assert sum(ns(row["exclusive_ms"]) for row in rows) == roots
    assert abs(sum(row["share"] for row in rows) - 1) < 1e-3
    assert list(rows[0]) == "path service operation exclusive_ms share worst_trace_id".split()
    folded = {}
    for line in corpus.text(["path", "--folded"], corpus.path).splitlines():
        stack, number = line.rsplit(" ", 1)
        folded[stack.replace(";", " > ")] = int(number)
    check_equal("folded", folded, {row["path"]: ns(row["exclusive_ms"]) for row in rows})


def odd_traces(path):
    """Several roots, orphans, children outside their parents; returns the sum of what paths start at."""
    rng, total = random.Random(9), 0
    with open(path, "w") as file:
        for trace in range(1, 301):
            spans = []
            for number in range(1, rng.randrange(2, 12)):
                start, length = rng.randrange(1000000), rng.randrange(500000)
                parent = rng.choice([None, 99, *range(1, number)]) if number > 1 else rng.choice([None, 99])
                spans.append((parent == 99, start, number, length))
                line = {"ts": "2026-11-21T10:30:47Z", "level": "info", "msg": "span completed",
                        "service": rng.choice("abc"), "trace_id": "%032x" % trace, "span_id": "%016x" % number,
                        "operation": rng.choice(["x", "charge"]), "start": "2026-11-21T10:30:45.%06dZ" % start,
                        "kind": rng.choice(["client", "producer", "consumer"]), "duration_ms": length / 1000}
                if parent:
                    line["parent_id"] = "%016x" % parent
                if rng.random() < 0.05:
                    line["status"] = "error"
                file.write(json.dumps(line) + "\n")
                spans[-1] += (parent,)
            # A root, or else an orphan; of several the earliest.
            total += min(span for span in spans if span[4] in (None, 99))[3] * 1000
    return total


def paths_of_odd_traces_add_up_too(corpus):
    path = corpus.path + ".odd"
    total = odd_traces(path)
    rows = [json.loads(line) for line in corpus.text(["path", "--json"], path).splitlines()]
    assert sum(ns(row["exclusive_ms"]) for row in rows) == total, total
    for question in QUESTIONS:
        assert corpus.text(question, "-j1", path) == corpus.text(question, "-j4", path), question


def shapes_are_all_traces(corpus):
    rows = corpus.rows("shapes")
    traces = {span["trace_id"] for span in corpus.spans}
    assert sum(row["count"] for row in rows) == len(traces)
    assert len({row["shape"] for row in rows}) == len(rows)
    assert {row["example_trace_id"] for row in rows} <= traces
    assert list(rows[0]) == "shape count share p50_ms example_trace_id".split(), list(rows[0])


EVIL = ['a"b', "back\\slash", "new\nline", "\u202ebidi", "<b>&amp;", "-> {n0} [x]", "```", "a|b;c#d", ""]


def parse_dot(text):
    """The part of the grammar that is written; returns nodes and edges, unescaped labels."""
    quoted = r'"((?:[^"\\\n]|\\.)*)"'
    lines = text.splitlines()
    assert lines[:3] == ["digraph spanlog {", "  rankdir=LR;", "  node [shape=box];"], lines[:3]
    assert lines[-1] == "}", lines[-1]
    nodes, edges = {}, []
    for line in lines[3:-1]:
        node = re.fullmatch(rf"  (n\d+) \[label={quoted}\];", line)
        edge = re.fullmatch(rf"  (n\d+) -> (n\d+) \[label={quoted}, penwidth=[\d.]+(, color=red)?\];", line)
        assert node or edge, line
        if node:
            nodes[node[1]] = html.unescape(re.sub(r"\\(.)", r"\1", node[2]))
        else:
            edges.append((edge[1], edge[2]))
    return nodes, edges


def parse_mermaid(text):
    lines = text.splitlines()
    assert lines[0] == "graph LR", lines[0]
    nodes, edges = {}, []
    for line in lines[1:]:
        node = re.fullmatch(r'  (n\d+)\["([^"<>`\\]*)"\]', line)
        edge = re.fullmatch(r'  (n\d+) -->\|"[^"]*"\| (n\d+)', line)
        assert node or edge or re.fullmatch(r"  linkStyle \d+ stroke:red", line), line
        if node:
            entities = re.sub(r"#(\d+;)", r"&#\1", re.sub(r"#([a-z]+;)", r"&\1", node[2]))
            nodes[node[1]] = html.unescape(entities)
        elif edge:
            edges.append((edge[1], edge[2]))
    return nodes, edges


def visible(name):
    return name.replace("\n", "\\u000a").replace("\u202e", "\\u202e") or "(none)"


def no_name_breaks_a_drawing(corpus):
    path = corpus.path + ".evil"
    with open(path, "w") as file:
        for number, name in enumerate(EVIL):
            line = dict(corpus.spans[0], service=name, span_id="%016x" % (number + 1), trace_id="ab" * 16)
            line.pop("parent_id", None)
            if number:
                line["parent_id"] = "%016x" % number
            file.write(json.dumps(line) + "\n")
    for way, parse in (("--dot", parse_dot), ("--mermaid", parse_mermaid)):
        text = corpus.text(["graph", way], path)
        nodes, edges = parse(text)
        expected = [visible(name) for name in EVIL]
        assert sorted(nodes.values()) == sorted(expected), (nodes, expected)
        assert {(nodes[a], nodes[b]) for a, b in edges} == set(zip(expected, expected[1:])), edges
        if way == "--dot" and shutil.which("dot"):
            subprocess.run(["dot", "-Tsvg"], input=text, text=True, check=True, capture_output=True)


def lines_fit_the_width(corpus):
    for width in (80, 100, 120, 160):
        for question in (["stats"], ["stats", "--by", "src"], ["stats", "--over-time", "auto"],
                         ["stats", "--over-time", "500"], ["graph"], ["path", "--limit", "500"], ["shapes"]):
            for look in ([], ["--ascii"]):
                text = corpus.text([*question, "--width", str(width), *look], corpus.path)
                longest = max(text.splitlines(), key=len)
                assert len(longest) <= width, (question, width, longest)
                assert text.isascii() or not look, (question, "is not ASCII")


TESTS = [no_name_breaks_a_drawing, lines_fit_the_width, one_thread_and_four_say_the_same,
         the_order_of_the_lines_does_not_matter, a_value_is_found_among_too_many_of_its_key_and_keys,
         stats_are_what_a_plain_count_gives, any_field_can_group, buckets_of_time_add_up,
         the_graph_is_what_a_plain_count_gives, paths_add_up_to_the_roots,
         paths_of_odd_traces_add_up_too, shapes_are_all_traces]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("spanlog")
    parser.add_argument("make_corpus")
    parser.add_argument("-k", default="")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus(os.path.abspath(options.spanlog), os.path.abspath(options.make_corpus), folder)
        for test in TESTS:
            if options.k not in test.__name__:
                continue
            try:
                test(corpus)
                print(f"ok {test.__name__}", flush=True)
            except AssertionError as error:
                failed += 1
                print(f"not ok {test.__name__}: {str(error)[:2000]}", flush=True)
    return 1 if failed else 0


sys.exit(main())
