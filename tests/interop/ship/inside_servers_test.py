"""Network outputs inside a program, against real servers, asked by their own APIs.

    inside_servers_test.py build/dev/spanlog build/dev/tests/ship_program build/dev/examples/shop-gateway

The gateway is the shop's, unchanged: OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_ENDPOINT=... shop-gateway.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import inside_test
import servers
import shipping
import trees
from shipping import wait_for

GATEWAY = ""


class Gateway:
    """shop-gateway, with nothing behind it: it answers 400 and 502, in a trace each."""

    def __init__(self, folder, **environment):
        assert GATEWAY, "the shop is not built"
        self.port_file = os.path.join(folder, "port")
        self.log = os.path.join(folder, "gateway.jsonl")
        if os.path.exists(self.port_file):
            os.unlink(self.port_file)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [GATEWAY, "--port-file", self.port_file, "--upstream", str(servers.free_port())], stdout=log,
                env={**os.environ, "XDG_STATE_HOME": folder, "SPANLOG_JOURNAL_DIR": folder, **environment})
        wait_for(lambda: os.path.exists(self.port_file), "a port")
        with open(self.port_file, encoding="ascii") as file:
            self.url = f"http://127.0.0.1:{int(file.read())}"

    def check_out(self, quantity):
        request = urllib.request.Request(f"{self.url}/checkout?item=tea&qty={quantity}", data=b"")
        try:
            urllib.request.urlopen(request, timeout=30).close()
        except urllib.error.HTTPError as error:
            error.close()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(shipping.SOON)


def contents_of(path):
    with open(path, encoding="utf-8") as file:
        return trees.contents(file)


def needs_gateway(test):
    """Where it is not built these tests show nothing, which CI must not take for a success."""
    return test if len(sys.argv) > 3 or os.environ.get("CI") else unittest.skip("the shop is not built")(test)


class Jaeger(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="spanlog-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.jaeger = servers.Jaeger(self.folder)
        self.addCleanup(self.jaeger.kill)
        self.environment = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": self.jaeger.url}

    def check(self, log, count):
        """All that the log says of the spans is in Jaeger."""
        wanted = contents_of(log)
        self.assertEqual(len(wanted), count)
        for trace_id, tree in wanted.items():
            self.assertEqual(trees.in_jaeger(self.jaeger, trace_id), trees.as_otlp(tree))
        spans = [span for tree in wanted.values() for span in tree.values()]
        self.assertTrue(any(span["error"] is not None for span in spans))
        self.assertTrue(all(span["attributes"] for span in spans if span["kind"] != 1))

    @needs_gateway
    def test_the_gateway_s_traces_are_there_when_it_has_ended(self):
        self.jaeger.start()
        gateway = Gateway(self.folder, **self.environment)
        for quantity in range(1, 41):
            gateway.check_out(quantity if quantity % 4 else "none")
        self.assertEqual(gateway.end(), 0)
        self.check(gateway.log, 40)

    @needs_gateway
    def test_a_jaeger_that_comes_late_and_a_gateway_that_is_killed(self):
        gateway = Gateway(self.folder, **self.environment)
        for quantity in range(1, 11):
            gateway.check_out(quantity)
        # The answer may be out before the span has ended.
        wait_for(lambda: len(contents_of(gateway.log)) == 10, "the log")
        self.assertEqual(gateway.end(signal.SIGKILL), -signal.SIGKILL)
        self.jaeger.start()
        gateway = Gateway(self.folder, **self.environment)
        for quantity in range(11, 21):
            gateway.check_out(quantity)
        self.assertEqual(gateway.end(), 0)
        self.check(gateway.log, 20)


class Others(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="spanlog-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_zipkin_has_every_span_once_with_all_that_the_log_says(self):
        log = os.path.join(self.folder, "log")
        with servers.Zipkin(self.folder) as zipkin:
            program = inside_test.Program(self.folder, OTEL_TRACES_EXPORTER="zipkin", SPANLOG_OUTPUT=f"file:{log}",
                                          OTEL_EXPORTER_ZIPKIN_ENDPOINT=zipkin.url + "/api/v2/spans")
            program.write(0, 500)
            self.assertEqual(program.close(), 0)
            self.assertEqual(program.said(), [])
            found = servers.get_json(f"{zipkin.url}/api/v2/traces?serviceName=orders&limit=1000")
            self.assertEqual(sorted(int(span["tags"]["n"]) for trace in found for span in trace), list(range(500)))
            self.assertEqual({trace[0]["traceId"]: trees.zipkin_tree(trace) for trace in found},
                             {trace_id: trees.as_zipkin(tree) for trace_id, tree in contents_of(log).items()})

    def test_loki_has_every_line_once_also_after_kills(self):
        with servers.Loki(self.folder) as loki:
            begin = time.time_ns()
            for start in range(0, 2000, 500):
                program = inside_test.Program(self.folder, SPANLOG_OUTPUT="loki:" + loki.url)
                program.write(start, start + 500)
                if start < 1500:
                    program.kill()
            self.assertEqual(program.close(), 0)
            found = []
            for start in range(0, 2000, 500): # it gives at most 5,000 lines at a time
                query = urllib.parse.urlencode({
                    "query": '{service_name="orders"} |= `"msg":"number"` | json n="n" | n >= %d | n < %d'
                             % (start, start + 500), "start": begin, "end": time.time_ns() + 10**9, "limit": 5000})
                answer = servers.get_json(f"{loki.url}/loki/api/v1/query_range?{query}")
                found += [json.loads(line)["n"] for stream in answer["data"]["result"] for _, line in stream["values"]]
            self.assertEqual(sorted(found), list(range(2000)))


if __name__ == "__main__":
    shipping.TOOL = os.path.abspath(sys.argv[1])
    inside_test.PROGRAM = os.path.abspath(sys.argv[2])
    GATEWAY = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else ""
    try:
        servers.jaeger_program()
        servers.zipkin_program()
        servers.loki_program()
    except servers.Missing as missing:
        print(f"a server cannot be had: {missing}")
        sys.exit(1 if os.environ.get("CI") else 77)
    unittest.main(argv=sys.argv[:1])
