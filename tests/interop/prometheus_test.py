"""tests/interop/prometheus_test.py SERVER DOCUMENT: a real Prometheus scrapes examples/metrics.c, and
a real node_exporter that reads the file which the same program writes.

Requests are made, known ones; then Prometheus has to have counted each of them, both ways, and its
exemplars have to be traces of the server's own log. Every query of docs/metrics.md has to be one, and
to find something. Skips (status 77) where these are not installed; fails there when CI is set.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

FOUND, LOST, WAIT_S = 23, 5, 60
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(url, accept=None):
    request = urllib.request.Request(url, headers={"Accept": accept} if accept else {})
    try:
        with OPENER.open(request, timeout=10) as answer:
            return answer.read().decode(), answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        return error.read().decode(), error.headers["Content-Type"]


def wait_for(what, ask):
    """Until ask() gives something; it may refuse the connection at first."""
    end, last = time.monotonic() + WAIT_S, None
    while time.monotonic() < end:
        try:
            last = ask()
            if last:
                return last
        except OSError as error:
            last = error
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {WAIT_S} s; last: {last}")


class Prometheus:
    def __init__(self, folder, targets):
        self.port = free_port()
        jobs = "".join(f"  - job_name: {name}\n    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
                       for name, port in targets.items())
        config = os.path.join(folder, "prometheus.yml")
        with open(config, "w", encoding="utf-8") as f:
            f.write(f"global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n"
                    f"storage: {{exemplars: {{max_exemplars: 1000}}}}\nscrape_configs:\n{jobs}")
        self.log = open(os.path.join(folder, "prometheus.log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}", "--enable-feature=exemplar-storage"],
            stdout=self.log, stderr=self.log)

    def is_ready(self):
        return "is Ready" in get(f"http://127.0.0.1:{self.port}/-/ready")[0]

    def ask(self, path, **query):
        text, _ = get(f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}")
        return json.loads(text)["data"]

    def value(self, query):
        """The sum of an instant query; None without a sample."""
        result = self.ask("query", query=query)["result"]
        return sum(float(sample["value"][1]) for sample in result) if result else None

    def stop(self):
        stop(self.process)
        self.log.close()


def stop(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) is not None


def make_requests(server):
    for i in range(1, FOUND + 1):
        get(f"{server}/orders/{i}")
    for _ in range(LOST):
        get(f"{server}/orders/none")


def check_formats(server):
    text, kind = get(f"{server}/metrics", "*/*")
    assert kind == "text/plain; version=0.0.4; charset=utf-8", kind
    checked = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True,
                             timeout=60, check=False)
    assert checked.returncode == 0 and not checked.stdout + checked.stderr, checked
    text, kind = get(f"{server}/metrics", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8", kind
    assert text.endswith("\n# EOF\n"), text[-100:]


def check_values(prometheus, job):
    route = f'job="{job}",method="GET",path="/orders/{{id}}"'
    expected = {
        f'up{{job="{job}"}}': 1,
        f'http_requests_total{{{route},status="200"}}': FOUND,
        f'http_requests_total{{{route},status="404"}}': LOST,
        f'http_request_duration_seconds_count{{{route}}}': FOUND + LOST,
        f'http_server_request_duration_seconds_bucket{{job="{job}",http_route="/orders/{{id}}",le="+Inf"}}':
            FOUND + LOST,
        f'orders_total{{job="{job}",found="yes"}}': FOUND,
        f'order_price_euros_sum{{job="{job}"}}': FOUND * (FOUND + 1) / 2,
        f'order_price_euros_bucket{{job="{job}",le=~"5|5.0"}}': 5,  # node_exporter takes the ".0" away
    }
    for query, want in expected.items():
        wait_for(f"{query} = {want}", lambda q=query, w=want: prometheus.value(q) == w)
    wait_for("the uptime", lambda: (prometheus.value(f'orders_uptime_seconds{{job="{job}"}}') or 0) > 0)
    return len(expected)


def check_documented_queries(prometheus, server, document):
    with open(document, encoding="utf-8") as f:
        text = f.read().replace("5..|error", "404")  # the only failures that the example knows
    queries = re.findall(r"^    (.*\[5m\].*)$", text, re.MULTILINE)
    assert len(queries) >= 3, queries
    for query in queries:
        def ask(q=query):
            get(f"{server}/orders/none")  # a rate needs figures that change
            return prometheus.ask("query", query=q)["result"]
        wait_for(query, ask)
    return len(queries)


def check_exemplars(prometheus, log):
    """Every exemplar is a sampled span of the server's log."""
    def ask():
        return prometheus.ask("query_exemplars", query='http_request_duration_seconds_bucket',
                              start=time.time() - 600, end=time.time() + 600)
    series = wait_for("exemplars", ask)
    with open(log, encoding="utf-8") as f:
        spans = {(r["trace_id"], r["span_id"]) for r in map(json.loads, f) if "duration_ms" in r}
    found = [e["labels"] for s in series for e in s["exemplars"]]
    assert found
    for labels in found:
        assert (labels["trace_id"], labels["span_id"]) in spans, labels
    return len(found)


def start_node_exporter(port, files):
    return subprocess.Popen(["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
                             f"--collector.textfile.directory={files}", f"--web.listen-address=127.0.0.1:{port}"],
                            stderr=subprocess.DEVNULL)


def run(program, document, folder):
    port, file_port, log = free_port(), free_port(), os.path.join(folder, "log.jsonl")
    files = os.path.join(folder, "files")
    os.mkdir(files)
    environment = dict(os.environ, SPANLOG_OUTPUT=f"file:{log}", SPANLOG_JOURNAL_DIR=os.path.join(folder, "j"),
                       SPANLOG_SERVICE="metrics-example", SPANLOG_METRICS_FILE=f"{files}/orders.%p.prom",
                       SPANLOG_METRICS_INTERVAL_MS="200")
    server = subprocess.Popen([program, str(port)], env=environment)
    exporter = start_node_exporter(file_port, files)
    prometheus = None
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for("the server", lambda: get(f"{url}/metrics")[0])
        make_requests(url)
        check_formats(url)
        prometheus = Prometheus(folder, {"orders": port, "file": file_port})
        wait_for("Prometheus", prometheus.is_ready)
        values = check_values(prometheus, "orders") + check_values(prometheus, "file")
        wait_for("no scrape error", lambda: prometheus.value("node_textfile_scrape_error") == 0)
        exemplars = check_exemplars(prometheus, log)
        queries = check_documented_queries(prometheus, url, document)
        print(f"{FOUND + LOST} requests: {values} figures equal, {exemplars} exemplars are spans of the log, "
              f"{queries} documented queries answered")
    finally:
        if prometheus is not None:
            prometheus.stop()
        stop(exporter)
        stop(server)
    assert server.returncode == 0, server.returncode


def main():
    missing = [name for name in ("prometheus", "promtool", "prometheus-node-exporter") if not shutil.which(name)]
    if missing:
        print(f"skipped: not installed: {', '.join(missing)} (Debian: prometheus, prometheus-node-exporter)")
        sys.exit(1 if os.environ.get("CI") else 77)
    with tempfile.TemporaryDirectory() as folder:
        run(os.path.abspath(sys.argv[1]), sys.argv[2], folder)


main()
