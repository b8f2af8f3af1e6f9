"""docs/operations/ against real servers: Loki with its ruler, Jaeger, and a Collector, which Jaeger's program is.

    with_postgres.py python3 servers_test.py WRITER SPANLOG EXAMPLES [CLASS]

The dashboard is asked about a real shop of which one service was killed; the alerts about lines that were made
to be bad in one way each.
"""
import itertools
import json
import os
import subprocess
import sys
import time
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../ship"), os.path.join(HERE, "../../integrations")]
import kit
import servers
import shipping
import trees

WRITER, SPANLOG, EXAMPLES = (os.path.abspath(path) for path in sys.argv[1:4])
SECOND = 10**9


def records(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Case(shipping.Case):
    def setUp(self):
        super().setUp()
        self.logs = os.path.join(self.folder, "logs")
        os.mkdir(self.logs)
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(("SPANLOG_", "OTEL_"))}

    def start(self, server):
        server.start()
        self.addCleanup(server.kill)
        return server

    def ship(self, *options):
        code, said, _ = shipping.ship_once(self.folder, *options, self.logs)
        self.assertEqual((code, said), (0, []))

    def write(self, name, count, **settings):
        """A real program's log."""
        path = os.path.join(self.logs, name)
        subprocess.run([WRITER, str(count)], check=True, stdout=subprocess.DEVNULL, env=self.environment | {
            "SPANLOG_OUTPUT": f"file:{path}", "SPANLOG_JOURNAL_DIR": self.folder, "SERVICE_NAME": name.split(".")[0],
            **settings})
        return records(path)

    def says(self, logs, message):
        for log in logs:
            with open(log, encoding="utf-8") as file:
                if f'"msg":"{message}"' in file.read():
                    return True
        return False

    def run_the_shop(self):
        import shop_test  # needs PostgreSQL: see with_postgres.py

        def run(shop):
            """Until at least 300 are served and a kill has met a request."""
            clients = shop_test.Clients(int(shop.ports["gateway"]), itertools.count())
            end = time.monotonic() + shipping.SOON
            while len(clients.answers) < 300 or not self.says(shop.logs(), "span abandoned"):
                self.assertLess(time.monotonic(), end, "no kill has met a request")
                time.sleep(0.2)
                shop.kill("orders")
            clients.stop()
            clients.join()
            shop.stop()
            for log in shop.logs():
                os.rename(log, os.path.join(self.logs, os.path.basename(log)))

        shop_test.in_a_shop(EXAMPLES, run)
        return [record for name in os.listdir(self.logs) for record in records(os.path.join(self.logs, name))]


class Dashboard(Case):
    def ask(self, loki, target, now):
        query = {"query": kit.plain(target["expr"])}
        if target["queryType"] == "instant":
            query["time"] = now
            return servers.get_json(loki.url + "/loki/api/v1/query?" + urllib.parse.urlencode(query))["data"]["result"]
        query |= {"start": now - 1800 * SECOND, "end": now, "step": 300, "limit": 5000}
        return servers.get_json(loki.url + "/loki/api/v1/query_range?" + urllib.parse.urlencode(query))["data"]["result"]

    def total(self, loki, title, now):
        """What a panel shows in all, as one number for the whole time."""
        target = next(target for name, target in kit.targets("loki") if name == title)
        query = kit.plain(target["expr"]).replace("[5m]", "[30m]")
        result = servers.get_json(loki.url + "/loki/api/v1/query?" + urllib.parse.urlencode(
            {"query": query, "time": now}))["data"]["result"]
        return sum(float(series["value"][1]) for series in result)

    def test_every_query_answers_with_what_is_in_the_shops_log(self):
        lines = self.run_the_shop() + self.write("lossy.jsonl", 50_000, SPANLOG_FULL="drop", SPANLOG_RING_SIZE="64K")
        loki = self.start(servers.Loki(self.folder))
        self.ship("--to", "loki:" + loki.url)
        now = time.time_ns()
        for title, target in kit.targets("loki"):
            with self.subTest(title):
                found = self.ask(loki, target, now)
                self.assertTrue(any(series.get("values") or series["value"] for series in found), target["expr"])
        lost = [line for line in lines if line["msg"] == "records dropped"]
        self.assertGreater(len(lost), 0)
        shown = {title: self.total(loki, title, now) for title in (
            "Traces begun", "Lost, by service and reason", "Spans abandoned", "Failed spans, by service and operation")}
        self.assertEqual(shown, {
            "Traces begun": sum(line["msg"] == "span completed" and "parent_id" not in line for line in lines),
            "Lost, by service and reason": sum(line["count"] for line in lost),
            "Spans abandoned": sum(line["msg"] == "span abandoned" for line in lines),
            "Failed spans, by service and operation": sum(
                line.get("kind") == "server" and line.get("status") == "error" for line in lines)})
        self.assertGreater(min(shown.values()), 0, shown)
        levels = {series["metric"]["detected_level"]: float(series["value"][1]) for series in servers.get_json(
            loki.url + "/loki/api/v1/query?" + urllib.parse.urlencode(
                {"query": 'sum by (detected_level) (count_over_time({service_name=~".+",probe=""}[30m]))', "time": now})
        )["data"]["result"]}
        self.assertEqual(levels, {level: sum(line["level"] == level for line in lines)
                                  for level in {line["level"] for line in lines}})


class Ruler(servers.Loki):
    """A Loki that evaluates the kit's rules, without their delays."""

    def __init__(self, folder):
        super().__init__(folder)
        place = os.path.join(self.folder, "kit", "fake")
        os.makedirs(place)
        with open(os.path.join(place, "rules.yaml"), "w", encoding="utf-8") as file:
            file.write("".join(line for line in kit.text("loki-rules.yaml").replace("interval: 1m", "interval: 1s")
                               .splitlines(True) if not line.strip().startswith("for:")))
        with open(os.path.join(self.folder, "config.yaml"), "a", encoding="utf-8") as file:
            file.write(f"""
ruler:
  enable_api: true
  poll_interval: 1s
  evaluation_interval: 1s
  rule_path: {self.folder}/scratch
  storage: {{type: local, local: {{directory: {self.folder}/kit}}}}
""")

    def rules(self):
        groups = servers.get_json(self.url + "/prometheus/api/v1/rules")["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def fire(self):
        """{(alert, service)} that fire now."""
        return {(alert["labels"]["alertname"], alert["labels"]["service_name"]) for alert in
                servers.get_json(self.url + "/prometheus/api/v1/alerts")["data"]["alerts"] if alert["state"] == "firing"}


class Alerts(Case):
    def requests(self, service, count, failed=0, ms=5.0):
        now = time.time_ns()
        for i in range(count):
            line = {"ts": shipping.rfc3339(now - 60 * SECOND + i * 10**8), "level": "info", "msg": "span completed",
                    "service": service, "trace_id": "%032x" % (i + 1), "span_id": "%016x" % (i + 1),
                    "operation": "GET /orders/{id}", "kind": "server", "duration_ms": ms}
            if i < failed:
                line |= {"status": "error"}
            yield json.dumps(line, separators=(",", ":"))

    def test_each_alert_fires_for_what_it_is_for_and_for_nothing_else(self):
        ruler, now = self.start(Ruler(self.folder)), time.time_ns()
        shipping.append(self.logs + "/made.jsonl", [
            *self.requests("well", 100, failed=1), *self.requests("failing", 100, failed=10),
            *self.requests("rare", 5, failed=5), *self.requests("slow", 100, ms=2000.0),
            shipping.record(1, service="crashed", ns=now, msg="span abandoned"),
            shipping.record(2, service="desperate", ns=now, level="fatal"),
            shipping.record(3, service="silent", ns=now - 1800 * SECOND),
            shipping.record(4, service="talkative", ns=now, text='"msg":"records dropped" "level":"fatal"')])
        self.write("lossy.jsonl", 50_000, SPANLOG_FULL="drop", SPANLOG_RING_SIZE="64K")
        self.ship("--to", "loki:" + ruler.url)
        wanted = {("RequestsFail", "failing"), ("RequestsSlow", "slow"), ("ProcessDied", "crashed"),
                  ("FatalRecords", "desperate"), ("ServiceSilent", "silent"), ("RecordsLost", "lossy")}
        shipping.wait_for(lambda: wanted <= ruler.fire(), lambda: f"{wanted - ruler.fire()}")
        time.sleep(3)  # some more evaluations, in which nothing else may come
        self.assertEqual(ruler.fire(), wanted)
        rules = ruler.rules()
        self.assertEqual({rule["name"] for rule in rules}, {name for name, _ in wanted})
        self.assertEqual([(rule["name"], rule["health"], rule.get("lastError", "")) for rule in rules],
                         [(rule["name"], "ok", "") for rule in rules])


class Collector(servers.Server):
    def __init__(self, folder, traces, logs):
        super().__init__(folder, servers.jaeger_program())
        self.settings = {"LISTEN": f"127.0.0.1:{self.port}", "TRACES": traces, "LOGS": logs}

    def command(self):
        return ["env", *(f"{key}={value}" for key, value in self.settings.items()), self.program, "--config",
                os.path.join(kit.FOLDER, "collector.yaml")]

    def is_ready(self):
        return servers.http(self.url + "/v1/traces", b"{}", {"Content-Type": "application/json"})[0] == 200


class Collecting(Case):
    maxDiff = None

    def test_spans_and_records_go_through_a_collector_and_arrive_once(self):
        lines = self.run_the_shop()
        loki, jaeger = self.start(servers.Loki(self.folder)), self.start(servers.Jaeger(self.folder))
        collector = self.start(Collector(self.folder, jaeger.url, loki.url + "/otlp"))
        self.ship("--to", "otlp:" + collector.url)
        texts = [json.dumps(line) for line in lines]
        wanted = trees.contents(texts)
        self.assertGreater(sum(len(tree) for tree in wanted.values()), 300)
        for trace_id, tree in wanted.items():
            self.assertEqual(trees.in_jaeger(jaeger, trace_id), trees.as_otlp(tree))
        now = time.time_ns()
        entries = loki.entries('{service_name=~"gateway|orders|inventory"}', now - 1800 * SECOND, now + SECOND)
        self.assertEqual(trees.in_loki(entries), trees.records(texts))

    def test_what_the_server_behind_does_not_take_stays_in_the_files(self):
        self.write("orders.jsonl", 100)
        collector = self.start(Collector(self.folder, "http://127.0.0.1:1", "http://127.0.0.1:1"))
        code, said, _ = shipping.ship_once(self.folder, "--give-up", "3s", "--to", "otlp:" + collector.url, self.logs)
        self.assertEqual(code, 2, said)
        self.assertGreater(shipping.status(self.folder)[0]["lag_bytes"], 0)
        self.assertEqual(shipping.status(self.folder)[0]["refused"], 0)


if __name__ == "__main__":
    shipping.TOOL = SPANLOG
    try:
        servers.loki_program()
        servers.jaeger_program()
    except servers.Missing as missing:
        print(f"a server cannot be had: {missing}")
        sys.exit(1 if os.environ.get("CI") else 77)
    unittest.main(argv=[sys.argv[0]] + sys.argv[4:], verbosity=2)
