"""tests/integrations/shop_test.py EXAMPLES SPANLOG [REQUESTS [KILLS [PRELOAD]]]: no orphan, whatever the load and whoever dies.

Runs examples/shop, each service with a log of its own, under eight clients with connections that are used
again. Every answer says which trace it was (X-Trace-Id): each request has exactly one tree, with one root, that
reaches through all hops; `spanlog check` finds nothing, `spanlog traces` no orphan. Then the same while the
services are killed and started again. With a tenth sampled and SPANLOG_TAIL=errors each request that failed is whole, with its debug records, in each
process where it failed. Then the customer in Python and its shell job: one tree of all. Beside a
PostgreSQL (see with_postgres.py).
"""

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict

CLIENTS = 8
SOURCES = os.path.realpath(f"{os.path.dirname(__file__)}/../../examples/shop")
UPSTREAM = {"inventory": None, "orders": "inventory", "gateway": "orders"}


def equal(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: found {found!r}, expected {wanted!r}")


class Shop:
    def __init__(self, examples, folder, settings):
        self.examples, self.folder, self.running, self.ports = examples, folder, {}, {}
        foreign = ("SPANLOG_", "OTEL_", "LOG_", "TRACE", "BAGGAGE")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        self.environment |= {"SPANLOG_JOURNAL_DIR": f"{folder}/journals"} | settings
        for name in UPSTREAM:
            self.start(name)

    def start(self, name):
        port_file, upstream = f"{self.folder}/{name}.port", UPSTREAM[name]
        if os.path.exists(port_file):
            os.unlink(port_file)
        command = [f"{self.examples}/shop-{name}", "--port-file", port_file, "--port", self.ports.get(name, "0")]
        command += ["--database", f"{self.folder}/{name}.db"] if name != "gateway" else []
        command += ["--prices", "dbname=postgres"] if name == "inventory" else []  # PGHOST says where
        command += ["--upstream", self.ports[upstream]] if upstream else []
        environment = self.environment | {"SPANLOG_OUTPUT": f"file:{self.folder}/{name}.jsonl"}
        self.running[name] = subprocess.Popen(command, env=environment)
        for _ in range(6000):
            if os.path.exists(port_file):
                with open(port_file, encoding="ascii") as f:
                    self.ports[name] = f.read().strip()
                return
            equal(f"status of {name}, which should be running", self.running[name].poll(), None)
            time.sleep(0.01)
        sys.exit(f"{name} does not listen")

    def kill(self, name):
        self.running[name].kill()
        equal(f"status of {name}", self.running[name].wait(), -signal.SIGKILL)
        self.start(name)

    def stop(self):
        for name in reversed(UPSTREAM):
            self.running[name].send_signal(signal.SIGTERM)
            equal(f"status of {name}", self.running[name].wait(timeout=60), 0)

    def logs(self):
        return [f"{self.folder}/{name}.jsonl" for name in UPSTREAM]


# ---- the clients -----------------------------------------------------------------------------------


def describe(i):
    """The i-th request: most buy something, every fourth looks at an order, some are refused or slow."""
    if i % 4 == 3:
        return "GET", f"/orders/{1 + i // 8}"
    item = "piano" if i % 50 == 5 else ("tea", "cup", "kettle", "moon", "tea")[i % 5]
    return "POST", f"/checkout?item={item}&qty={1 + i % 3}"


class Clients:
    """Sends the requests of these numbers from several threads; answers are (method, status, trace id)."""

    def __init__(self, port, numbers):
        self.port, self.numbers, self.lock = port, numbers, threading.Lock()
        self.answers, self.lost = [], 0
        self.threads = [threading.Thread(target=self.work) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def work(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while True:
            with self.lock:
                i = next(self.numbers, None)
            if i is None:
                break
            method, path = describe(i)
            try:
                connection.request(method, path)
                answer = connection.getresponse()
                answer.read()
                with self.lock:
                    self.answers.append((method, answer.status, answer.headers["X-Trace-Id"]))
            except (OSError, http.client.HTTPException):  # the gateway was killed over it
                connection.close()
                with self.lock:
                    self.lost += 1
                time.sleep(0.05)
        connection.close()

    def stop(self):
        with self.lock:
            self.numbers = iter(())

    def join(self):
        for thread in self.threads:
            thread.join()
        return self.answers


# ---- what the logs say -----------------------------------------------------------------------------


def read_spans(paths):
    """trace id -> its spans, by nothing but the lines."""
    traces = defaultdict(list)
    for path in paths:
        with open(path, encoding="utf-8") as f:
            for line in map(json.loads, f):
                if "operation" in line:
                    traces[line["trace_id"]].append(line)
    return traces


def check_trees(traces):
    """Each trace is one tree: one root, each parent there, no span twice."""
    for trace, spans in traces.items():
        known = Counter(span["span_id"] for span in spans)
        equal(f"spans that are twice in {trace}", [s for s, n in known.items() if n > 1], [])
        equal(f"spans without their parent in {trace}",
              [(s["service"], s["operation"]) for s in spans if s.get("parent_id", s["span_id"]) not in known], [])
        equal(f"roots of {trace}", sum("parent_id" not in span for span in spans), 1)


def check_hops(traces, answers):
    """Each answer's trace begins at the gateway and has every hop that such an answer takes."""
    for method, status, trace in answers:
        spans = {span["span_id"]: span for span in traces.get(trace, [])}
        found = Counter()
        for span in spans.values():
            parent = spans.get(span.get("parent_id"))
            if span["kind"] == "server":
                found[(parent["service"] if parent else None, span["service"])] += 1
            elif "db.system.name" in span:
                found[(span["service"], span["db.system.name"])] += 1
        wanted = {(None, "gateway"), ("gateway", "orders"), ("orders", "sqlite")}
        if method == "POST":
            wanted |= {("orders", "inventory"), ("inventory", "sqlite")}
            wanted |= {("inventory", "postgresql")} if status in (201, 500) else set()
        equal(f"hops that are missing in {trace} ({method}, {status})", wanted - set(found), set())
        equal(f"times that {trace} enters gateway and orders",
              [found[None, "gateway"], found["gateway", "orders"]], [1, 1])


def ask(spanlog, verb, logs):
    done = subprocess.run([spanlog, verb, "--json", *(["--limit", "1000000"] if verb == "traces" else []), *logs],
                          capture_output=True, text=True, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def check_with_the_tool(spanlog, logs, traces, healthy):
    status, findings = ask(spanlog, "check", logs)
    kinds = {finding["kind"] for finding in findings}
    if healthy:
        equal(f"status of check, which found {sorted(kinds)}", status, 0)
    bad = {"orphan", "conflicting_span", "duplicate_line", "bad_line", "cycle", "records_dropped", "unfinished_span"}
    equal("kinds of findings", kinds & bad, set())
    _, listed = ask(spanlog, "traces", logs)
    equal("traces with orphans", [trace for trace in listed if trace["orphans"] > 0], [])
    equal("traces", {t["trace_id"]: t["spans"] for t in listed if t["spans"]},
          {trace: len(spans) for trace, spans in traces.items()})


# ---- the runs --------------------------------------------------------------------------------------


def in_a_shop(examples, run, **settings):
    with tempfile.TemporaryDirectory(prefix="spanlog-shop-") as folder:
        shop = Shop(examples, folder, settings)
        try:
            run(shop)
        finally:
            for process in shop.running.values():
                if process.poll() is None:
                    process.kill()


def test_load(examples, spanlog, count):
    def run(shop):
        answers = Clients(int(shop.ports["gateway"]), iter(range(count))).join()
        shop.stop()
        statuses = Counter(status for _, status, _ in answers)
        equal("answers", len(answers), count)
        equal("statuses beyond those that such requests get", set(statuses) - {200, 201, 404, 409, 500}, set())
        equal("traces of answers", len({trace for _, _, trace in answers}), count)
        traces = read_spans(shop.logs())
        check_trees(traces)
        check_hops(traces, answers)
        check_with_the_tool(spanlog, shop.logs(), traces, healthy=True)
        print(f"{count} requests, {len(traces)} traces, {sum(map(len, traces.values()))} spans, no orphan: "
              f"{dict(sorted(statuses.items()))}")

    in_a_shop(examples, run)


def test_kills(examples, spanlog, kills):
    def run(shop):
        clients = Clients(int(shop.ports["gateway"]), itertools.count())
        for kill in range(kills):
            time.sleep(0.1)
            shop.kill(("orders", "inventory", "orders", "gateway")[kill % 4])
        clients.stop()
        answers = clients.join()
        shop.stop()
        traces = read_spans(shop.logs())
        abandoned = sum(span["msg"] == "span abandoned" for spans in traces.values() for span in spans)
        equal("kills that left a span open", abandoned > 0, True)
        check_trees(traces)
        equal("answers without a trace", {trace for _, _, trace in answers} - set(traces), set())
        check_with_the_tool(spanlog, shop.logs(), traces, healthy=False)
        print(f"{len(answers)} answers, {kills} kills, {abandoned} spans abandoned, {clients.lost} requests lost with the "
              "gateway, no orphan")

    in_a_shop(examples, run)


def test_one_tree(examples, spanlog):
    def run(shop):
        url, folder = f"http://127.0.0.1:{shop.ports['gateway']}", shop.folder
        Clients(int(shop.ports["gateway"]), iter(range(20))).join()
        done = subprocess.run([sys.executable, f"{SOURCES}/customer.py", url, f"{folder}/customer.jsonl", spanlog, "exec",
                               "--preload", "--name", "nightly", "-o", f"{folder}/nightly.jsonl", "--", "sh",
                               f"{SOURCES}/job.sh", url, "1", "2"], capture_output=True, text=True, check=False,
                              env=shop.environment | {"PATH": os.path.dirname(spanlog) + ":" + os.environ["PATH"]})
        equal("status and stderr of the customer", (done.returncode, done.stderr), (0, ""))
        shop.stop()
        logs, trace = [*shop.logs(), f"{folder}/customer.jsonl", f"{folder}/nightly.jsonl"], done.stdout.strip()
        listed = subprocess.run([spanlog, "trace", "--json", trace, *logs], capture_output=True, text=True, check=True)
        seen = [json.loads(line) for line in listed.stdout.splitlines()]
        spans = {span["span_id"]: span for span in seen}
        calls = Counter((spans[s["parent_id"]]["service"] if s["depth"] else None, s["service"]) for s in seen)
        equal("flags, skewed among them", [s for s in seen if s["flags"]], [])  # one host, one clock
        equal("who begins it", calls[None, "customer"], 1)
        for caller, called, times in (("customer", "gateway", 1), ("customer", "nightly", 1), ("nightly", "curl", 2),
                                      ("curl", "gateway", 2), ("gateway", "orders", 3)):
            equal(f"times that {caller} calls {called}", calls[caller, called], times)
        equal("calls of the inventory", calls["orders", "inventory"] in (1, 2), True)  # 2: the card was refused
        with open(os.environ["PG_SERVER_LOG"], encoding="utf-8") as f:
            equal("statements of the trace in PostgreSQL's log", f.read().count(f"traceparent='00-{trace}"), 1)
        print(f"one tree of {len(spans)} spans, from Python to PostgreSQL, sh and curl")

    in_a_shop(examples, run)


def split_by_sort(path):
    """trace id -> its spans and its debug records."""
    traces = defaultdict(lambda: ([], []))
    with open(path, encoding="utf-8") as f:
        for line in map(json.loads, f):
            if "operation" in line:
                traces[line["trace_id"]][0].append(line)
            elif line["level"] == "debug":
                traces[line["trace_id"]][1].append(line)
    return traces


def check_failed(trace, service, spans, debug):
    """What is kept for its end is kept whole: each statement's span, and the debug records of each."""
    servers = [span for span in spans if span["kind"] == "server"]
    equal(f"failed server spans of {service} in {trace}", [s["status_code"] for s in servers], [500])
    known = {span["span_id"] for span in spans}
    equal(f"records of {service} in {trace} without their span", [d for d in debug if d["span_id"] not in known], [])
    if service == "orders":
        equal(f"statements of {trace} by their debug records", len({d["sql"] for d in debug}),
              len({s["db.query.text"] for s in spans if s.get("db.system.name") == "sqlite"}))
        equal(f"debug records of {trace}", len(debug) > 0, True)


def test_tail(examples, count):
    def run(shop):
        answers = Clients(int(shop.ports["gateway"]), iter(range(count))).join()
        shop.stop()
        logs = {name: split_by_sort(f"{shop.folder}/{name}.jsonl") for name in UPSTREAM}
        failed = {trace for _, status, trace in answers if status == 500}
        equal("whether any failed", len(failed) > 0, True)
        for trace in failed:
            for service in ("gateway", "orders"):
                check_failed(trace, service, *logs[service][trace])
        rest = {trace for _, status, trace in answers if status < 500}
        sampled = {trace for trace in rest if logs["gateway"][trace][0]}
        for service, traces in logs.items():
            equal(f"debug records of {service} in traces that did not fail",
                  [t for t in traces if traces[t][1] and t not in failed], [])
            equal(f"traces of {service} that its gateway does not have",
                  {t for t in rest if traces[t][0]} - sampled, set())  # of requests: a start is a trace, too
        equal("traces that orders lacks", {t for t in sampled if not logs["orders"][t][0]}, set())
        deviation = (len(rest) * 0.1 * 0.9) ** 0.5
        equal(f"{len(sampled)} of {len(rest)} sampled: within five deviations of a tenth",
              abs(len(sampled) - len(rest) * 0.1) < 5 * deviation, True)
        print(f"{count} requests, {len(failed)} failed and are whole in each process that failed, "
              f"{len(sampled)} of the {len(rest)} others sampled")

    in_a_shop(examples, run, SPANLOG_TAIL="errors", OTEL_TRACES_SAMPLER="parentbased_traceidratio",
              OTEL_TRACES_SAMPLER_ARG="0.1")


def main(examples, spanlog, count="1000", kills="12", with_preload="yes"):
    test_load(examples, spanlog, int(count))
    test_tail(examples, int(count))
    test_kills(examples, spanlog, int(kills))
    if with_preload == "yes":
        test_one_tree(examples, os.path.abspath(spanlog))


if __name__ == "__main__":
    main(*sys.argv[1:])
