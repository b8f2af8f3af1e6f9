"""Known answers that others worked out: CRISP, Jaeger-UI, Zipkin, TraceWeaver.

    golden_test.py build/dev/spanlog [crisp|jaeger-ui|zipkin|traceweaver]

The data lie in ../shared/golden beside the project, or in $SPANLOG_SHARED/golden, and are no part
of it. Where they are absent the test is skipped (status 77), or fails if CI is set.

One difference is known, and held to what it is: CRISP lets children overlap by 1 % on the critical path, of
which its case 10 makes use; the rule here does not.
"""

import collections
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOLDEN = os.path.join(os.environ.get("SPANLOG_SHARED") or os.path.join(os.path.dirname(ROOT), "shared"),
                      "golden")
failures = []


def check(name, got, wanted):
    if got != wanted:
        failures.append(f"{name}\n   got {got}\nwanted {wanted}")


class Tool:
    def __init__(self, path):
        self.path = path
        self.raw = ["--no-skew"] if "--no-skew" in self.run(["trace", "--help"]) else []

    def run(self, arguments, text=""):
        ran = subprocess.run([self.path, *arguments], input=text, capture_output=True, text=True,
                             timeout=120)
        if ran.returncode != 0:
            failures.append(f"{' '.join(arguments)}: status {ran.returncode}: {ran.stderr}")
        return ran.stdout

    def trace(self, trace_id, document, *options):
        """The spans of a trace in the order of the tree."""
        text = document if isinstance(document, str) else json.dumps(document) + "\n"
        lines = self.run(["trace", trace_id, "--json", *options, "-"], text).splitlines()
        return [span for span in map(json.loads, lines) if "span_id" in span and "depth" in span]


def read(*path):
    with open(os.path.join(GOLDEN, *path), encoding="utf-8") as file:
        return json.load(file)


def micros(milliseconds):
    return round(milliseconds * 1000)


def micros_of_spans(spans, field):
    return {span["span_id"]: micros(span[field]) for span in spans if micros(span[field])}


def crisp(tool):
    for number in range(1, 13):
        document = read("crisp", f"{number}.json")
        wanted = document["testing"]
        wanted = wanted[0] if isinstance(wanted, list) else wanted
        wanted = wanted.get("opTimeExclusive", wanted)
        got = collections.Counter()
        for span in tool.trace(document["data"][0]["traceID"], document, *tool.raw):
            got[f"[{span['service']}] {span['operation']}"] += micros(span["critical_ms"])
        wanted = {operation: us for operation, us in wanted.items() if us}
        got = {operation: us for operation, us in got.items() if us}
        check(f"crisp {number}: sum", sum(got.values()), sum(wanted.values()))
        check(f"crisp {number}", got, CRISP_10 if number == 10 else wanted)


# O3 ends at 309, after O4 begins at 308: it overlaps the path and is not on it, and its time is O1's.
CRISP_10 = {"[S1] O1": 500, "[S2] O2": 200, "[S4] O4": 300}


def jaeger_ui(tool):
    for number in range(1, 6):
        case = read("jaeger-ui", f"test{number}.json")
        wanted = collections.Counter()
        for section in case["criticalPathSections"]:
            wanted[section["spanID"]] += section["sectionEnd"] - section["sectionStart"]
        spans = tool.trace(case["trace"]["traceID"], case["trace"], *tool.raw)
        check(f"jaeger-ui {number}", micros_of_spans(spans, "critical_ms"), dict(wanted))


def edges_of_zipkin(tree, parent, edges):
    stack = [(tree, parent)]
    while stack:
        node, parent = stack.pop()
        if node["id"]:
            edges[parent, node["id"], node.get("svc", ""), node.get("name", ""),
                  node.get("kind", "").lower()] += 1
        stack += [(child, node["id"]) for child in node["ch"]]


def zipkin(tool):
    for name in ("envoy", "messaging", "messaging2", "simple-db-p6", "smartthings-oauth-authorization"):
        document, answer = read("zipkin", f"{name}.json"), read("zipkin", f"{name}.0.expected.json")
        wanted, got, path = collections.Counter(), collections.Counter(), []
        edges_of_zipkin(answer["tree"], None, wanted)
        spans = tool.trace(document[0]["traceId"], document)
        check(f"zipkin {name}: spans", len(spans), answer["spans_merged"])
        for span in spans:
            path = path[:span["depth"]]
            kind = "" if span["kind"] == "internal" else span["kind"]
            got[path[-1] if path else None, span["span_id"], span["service"], span["operation"], kind] += 1
            path.append(span["span_id"])
        check(f"zipkin {name}: what is missing", dict(wanted - got), {})
        check(f"zipkin {name}: what is too much", dict(got - wanted), {})
        check(f"zipkin {name}: links", links_of(tool, document), {
            (link["parent"], link["child"]): (link["callCount"], link.get("errorCount", 0))
            for link in answer["links"]})


def links_of(tool, document):
    """`graph`, whose status is 1 where there is no call."""
    ran = subprocess.run([tool.path, "graph", "--json", "-"], input=json.dumps(document) + "\n", capture_output=True,
                         text=True, timeout=120)
    edges = map(json.loads, ran.stdout.splitlines())
    return {(edge["from"], edge["to"]): (edge["count"], edge["errors"]) for edge in edges}


def traceweaver(tool):
    path = os.path.join(GOLDEN, "traceweaver")
    lines = subprocess.run(["zstd", "-dc", os.path.join(path, "hotel_load100.jsonl.zst")], check=True,
                           capture_output=True, text=True).stdout
    with open(os.path.join(path, "answers.jsonl"), encoding="utf-8") as file:
        answers = {answer["traceID"]: answer for answer in map(json.loads, file)}
    listed = [json.loads(line) for line in tool.run(["traces", "--json", "-"], lines).splitlines()]
    listed = [trace for trace in listed if "trace_id" in trace]
    check("traceweaver: traces", sorted(trace["trace_id"][-16:] for trace in listed), sorted(answers))
    check("traceweaver: spans", sum(trace["spans"] for trace in listed), read("traceweaver", "summary.json")["spans"])
    for line in lines.splitlines(keepends=True):
        trace_id = json.loads(line)["data"][0]["traceID"]
        answer = answers[trace_id]
        spans = tool.trace(trace_id, line, *tool.raw)
        check(f"traceweaver {trace_id}: spans", len(spans), answer["nspans"])
        check(f"traceweaver {trace_id}: roots", [s["span_id"] for s in spans if s["depth"] == 0],
              answer["roots"])
        check(f"traceweaver {trace_id}: depth", max(span["depth"] for span in spans) + 1, answer["depth"])
        check(f"traceweaver {trace_id}: root", micros(spans[0]["duration_ms"]), answer["root_us"])
        for name, field, known in (("self time", "self_ms", "self_jaegerui"),
                                   ("critical path", "critical_ms", "cp_ruleR")):
            check(f"traceweaver {trace_id}: {name}", micros_of_spans(spans, field),
                  {span: us for span, us in answer[known].items() if us})


SETS = {"crisp": crisp, "jaeger-ui": jaeger_ui, "zipkin": zipkin, "traceweaver": traceweaver}


def main():
    if not os.path.isdir(GOLDEN):
        print(f"no {GOLDEN}: nothing to hold the answers against")
        sys.exit(1 if os.environ.get("CI") else 77)
    tool = Tool(sys.argv[1])
    for name in sys.argv[2:] or SETS:
        before = len(failures)
        SETS[name](tool)
        print(f"{name}: {len(failures) - before} failures")
    for failure in failures[:20]:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
