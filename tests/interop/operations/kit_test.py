"""docs/operations/ where no server is needed: the dashboard, Prometheus's rules, units, logrotate, links.

    kit_test.py WRITER SPANLOG [CLASS]

promtool, prometheus, logrotate and systemd-analyze are the real ones; a class whose program is not here is
skipped, saying so, and fails where CI is set.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../ship"))
import fault_server
import kit
import servers
import shipping

WRITER, SPANLOG = sys.argv[1:3]


def program(name):
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not found and os.environ.get("CI"):
        raise AssertionError(f"there is no {name}")
    if not found:
        raise unittest.SkipTest(f"there is no {name}")
    return found


def run(*command, status=0, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != status:
        raise AssertionError(f"{' '.join(command)}: status {done.returncode}, not {status}\n{done.stdout}")
    return done.stdout


def start_writer(count, **environment):
    """A process that has logged half of its numbers and waits for a line on its stdin."""
    writer = subprocess.Popen([WRITER, str(count), "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env={**os.environ, **environment})
    trace, half = writer.stdout.readline(), writer.stdout.readline()
    if half != "half\n":
        raise AssertionError(f"the writer says {trace!r} and {half!r}")
    return writer, trace.strip()


class Case(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def copy(self, path, name=None):
        return shutil.copy(path, os.path.join(self.folder, name or os.path.basename(path)))


class Dashboard(Case):
    def test_every_panel_has_an_id_of_its_own_a_place_of_its_own_and_a_data_source_that_is_asked_for(self):
        board, places, ids = kit.dashboard(), {}, []
        variables = {entry["name"] for entry in board["templating"]["list"]}
        for panel in board["panels"]:
            ids.append(panel["id"])
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            for x in range(at["x"], at["x"] + at["w"]):
                for y in range(at["y"], at["y"] + at["h"]):
                    self.assertNotIn((x, y), places, f"{panel['title']} lies over {places.get((x, y))}")
                    places[x, y] = panel["title"]
            for target in panel.get("targets", []):
                self.assertIn(target["datasource"]["uid"].strip("${}"), variables)
                self.assertEqual(target["datasource"], panel["datasource"], panel["title"])
        self.assertEqual(len(ids), len(set(ids)), ids)
        self.assertEqual({"heatmap", "timeseries", "stat", "logs", "row"}, {panel["type"] for panel in board["panels"]})

    def test_every_variable_of_a_query_is_one_of_the_dashboards_or_of_grafanas(self):
        board = kit.dashboard()
        known = {"$" + entry["name"] for entry in board["templating"]["list"]} | {
            "$__rate_interval", "$__auto", "$__range"}
        used = {name for kind in ("loki", "prometheus") for _, target in kit.targets(kind)
                for name in re.findall(r"\$\w+", target["expr"])}
        self.assertEqual(used - known, set())
        self.assertEqual({"$job", "$service", "$trace"} - used, set())


class Documents(Case):
    def test_every_alert_names_a_heading_of_the_runbook(self):
        anchors = {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).strip().replace(" ", "-")
                   for line in kit.text("README.md").splitlines() if line.startswith("#")}
        for name in ("loki-rules.yaml", "prometheus-rules.yaml"):
            links = re.findall(r"runbook: 'docs/operations/README.md#(.*)'", kit.text(name))
            self.assertEqual(len(links), kit.text(name).count("- alert:"))
            self.assertEqual(set(links) - anchors, set(), anchors)

    def test_every_file_of_the_kit_stands_in_its_readme(self):
        for path in glob.glob(kit.FOLDER + "/**/*.*", recursive=True):
            name = os.path.relpath(path, kit.FOLDER)
            if name != "README.md":
                self.assertIn(f"]({name})", kit.text("README.md"))

    def test_every_metric_is_one_that_spanlog_has(self):
        if not os.path.exists(os.path.join(kit.ROOT, "docs/metrics.md")):
            self.skipTest("there is no docs/metrics.md")
        with open(os.path.join(kit.ROOT, "docs/metrics.md"), encoding="utf-8") as file:
            documented = set(re.findall(r"[a-z_]{5,}", file.read()))
        used = {name for source in (kit.text("prometheus-rules.yaml"), kit.text("grafana-dashboard.json"))
                for name in re.findall(r"(?<![:\w])[a-z_]+_(?:seconds_bucket|seconds_count|total)\b", source)}
        self.assertGreater(len(used), 5)
        self.assertEqual({re.sub("_(bucket|count)$", "", name) for name in used} - documented, set())


class Runbook(Case):
    """Each command of the runbook's blocks is typed as it stands there, only with other paths."""

    # By how it begins: its exit status, and what it must say in the world that is made below.
    SAYS = [
        ("spanlog status --dir /run/spanlog", 0, r"^gateway +\d+ +on ", r"^mailer +\d+ +dead ", r"^orders +\d+ +on "),
        ("spanlog check /var/log/shop", 0, "process_without_end .* mailer pid", "last_line .* mailer pid .*: number$"),
        ("spanlog ship --status", 0, "^loki:http", "145 records sent", "all is sent"),
        ("spanlog traces /var/log/shop --status error --since 15m", 0, "^00c0de00 .* 2.00s .* shop POST /checkout$"),
        ("spanlog traces /var/log/shop --sort -duration --limit 10", 0,
         r"\ATRACE.*\n(?:00.* 2.00s .*\n){10}55 more traces"),
        ("spanlog stats /var/log/shop --over-time 60", 0, "^shop POST /checkout  62 spans  33.9% errors  p99 2.00s$"),
        ("spanlog trace TRACE_ID /var/log/shop", 0, "^trace 0+c0de00 ",
         "^shop POST /checkout .* 100% ", "ERROR no stock", "begins user=ann"),
        ("spanlog diff --where '{ status = error }' /var/log/shop", 0, "selected: 21 traces", "100%  region=eu$"),
        ("spanlog diff --where '{ duration > 1s }' /var/log/shop", 0, "selected: 21 traces", "100%  user=ann$"),
        ("spanlog path /var/log/shop", 0, "critical paths of 62 traces, 42.04s", "100% .* shop POST /checkout$"),
        ("spanlog retain --dry-run", 0, "^ +thinned .*/shop.jsonl.1: 3 of 5 lines"),
        ("spanlog level --dir /run/spanlog --all warn", 0,
         "^gateway.*: level = warn for 1h: in force$", "^orders.* in force$"),
        ("spanlog recover --dir /run/spanlog", 0, r"mailer\[\d+\]: \d+ records, 1 spans abandoned -> .*/mailer.jsonl$"),
        ("spanlog sample orders --dir /run/spanlog", 0, r"^orders\[\d+\]: sample_rate = 100% for 10m: in force$"),
        ("spanlog sample gateway --dir /run/spanlog --route /checkout", 0,
         "sample_rules = route=/checkout:100% .*: in force$"),
        ("spanlog level orders --dir /run/spanlog", 0, r"^orders\[\d+\]: level = db=debug for 10m: in force$"),
        ("spanlog traces /var/log/shop --since 2h --where", 0, "^00c0de00 .* shop POST /checkout$", "^00c0de39 "),
    ]

    def commands(self):
        """As they stand there, and with our paths."""
        blocks = re.findall(r"^ {4,}((?:sudo (?:-u \w+ )?)?spanlog .*)$", kit.text("README.md"), re.M)
        for line in blocks:
            written = re.split(r"\s{3,}", re.sub(r"^sudo (-u \w+ )?", "", line))[0]
            command = written
            for name, value in (("/run/spanlog", self.folder + "/run"), ("/var/log/shop", self.folder + "/logs"),
                                ("TRACE_ID", self.trace)):
                command = command.replace(name, value)
            yield written, command

    def start(self, service):
        return start_writer(10, SERVICE_NAME=service, SPANLOG_JOURNAL_DIR=self.folder + "/run",
                            SPANLOG_OUTPUT=f"file:{self.folder}/logs/{service}.jsonl")[0]

    def numbers_in(self, log):
        if not os.path.exists(log):
            return 0
        with open(log, encoding="utf-8") as file:
            return file.read().count('"msg":"number"')

    def make_a_world(self):
        """Two services that run and one that was killed; requests that failed, slowly, and others; an old file; and
        a shipper that has sent it all."""
        os.mkdir(self.folder + "/logs")
        for service in ("gateway", "orders", "mailer"):
            writer = self.start(service)
            shipping.wait_for(lambda log=f"{self.folder}/logs/{service}.jsonl": self.numbers_in(log) == 5, "its half")
            if service == "mailer":
                writer.kill()
                writer.communicate()
            else:
                self.addCleanup(writer.communicate, "\n")
        shop = self.folder + "/logs/shop.jsonl"
        now = time.time_ns() - 60 * 10**9
        shipping.append(shop, [line for i in range(60)
                               for line in self.request(0xc0de00 + i, now + i * 10**8, i % 3 == 0)])
        shipping.append(shop + ".1", [*self.request(1, now, True), *self.request(2, now, False)])
        os.utime(shop + ".1", (time.time() - 4 * 86400,) * 2)
        self.trace = "%032x" % 0xc0de00
        server = fault_server.FaultServer()
        self.addCleanup(server.down)
        self.environment = {**os.environ, "XDG_STATE_HOME": self.folder + "/state",
                            "PATH": os.path.dirname(os.path.abspath(SPANLOG)) + ":" + os.environ["PATH"]}
        run(SPANLOG, "ship", "--once", "--to", f"loki:http://127.0.0.1:{server.port}", self.folder + "/logs/shop.jsonl",
            env=self.environment)

    def request(self, number, begin, fails):
        ids = {"trace_id": "%032x" % number, "span_id": "%016x" % number}
        duration = 2 * 10**9 if fails else 10**6
        lines = [{"ts": shipping.rfc3339(begin + 1), "level": "info", "msg": "begins", "service": "shop", **ids,
                  "user": "ann" if fails else "bob"}]
        if fails:
            lines.append({"ts": shipping.rfc3339(begin + 2), "level": "warn", "msg": "stock is low", "service": "shop",
                          **ids})
        lines.append({"ts": shipping.rfc3339(begin + duration), "level": "info", "msg": "span completed", "service": "shop",
                      **ids, "operation": "POST /checkout", "kind": "server", "start": shipping.rfc3339(begin),
                      "duration_ms": duration / 10**6, **({"status": "error", "error": "no stock"} if fails else {}),
                      "http.route": "/checkout", "region": "eu" if fails else "us"})
        return [json.dumps(line, separators=(",", ":")) for line in lines]

    def test_each_command_says_what_it_is_there_for(self):
        self.make_a_world()
        commands, used = list(self.commands()), set()
        self.assertGreater(len(commands), 18)
        for written, command in commands:
            with self.subTest(written):
                said = [wanted for wanted in self.SAYS if written.startswith(wanted[0])]
                self.assertEqual(len(said), 1, "it stands in SAYS once")
                used.add(said[0][0])
                done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                      check=False, env=self.environment)
                self.assertEqual(done.returncode, said[0][1], done.stdout)
                for pattern in said[0][2:]:
                    self.assertRegex(done.stdout, re.compile(pattern, re.M))
        self.assertEqual({wanted[0] for wanted in self.SAYS} - used, set())


class Settings(Case):
    def test_the_derived_fields_find_the_trace_of_a_line_and_lead_to_a_source_that_is_there(self):
        sources = {source["uid"]: source for source in self.yaml("grafana-datasources.yaml")["datasources"]}
        line = self.one_line()
        fields = sources["loki"]["jsonData"]["derivedFields"]
        for field in fields:
            self.assertIn(field["datasourceUid"], sources)
            self.assertEqual(field["url"], "$${__value.raw}")
        label, pattern = (next(field["matcherRegex"] for field in fields if field["matcherType"] == kind)
                          for kind in ("label", "regex"))
        self.assertEqual([key for key in json.loads(line) if re.search(label, key)], ["trace_id"])
        self.assertEqual(re.search(pattern, line).group(1), json.loads(line)["trace_id"])
        self.assertIn(sources["traces"]["jsonData"]["tracesToLogsV2"]["datasourceUid"], sources)
        for destination in sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]:
            self.assertIn(destination["datasourceUid"], sources)

    def test_the_settings_of_other_shippers_are_yaml_and_give_the_labels_that_ship_gives(self):
        vector = self.yaml("vector.yaml")["sinks"]["loki"]
        self.assertEqual(set(vector["labels"]), {"service_name", "env"})
        self.assertEqual(set(vector["structured_metadata"]), {"trace_id", "span_id"})
        bit = self.yaml("fluent-bit.yaml")["pipeline"]["outputs"][0]
        self.assertEqual({part.split("=")[0].strip() for part in bit["labels"].split(",")}, {"service_name", "env"})
        self.assertEqual(bit["structured_metadata"], "trace_id=$trace_id, span_id=$span_id")

    def yaml(self, name):
        """Whichever Python has PyYAML: Debian's package serves Debian's Python only."""
        translate = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
        for python in (sys.executable, "/usr/bin/python3"):
            done = subprocess.run([python, "-c", translate], input=kit.text(name), capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return json.loads(done.stdout)
        if "No module named" in done.stderr and not os.environ.get("CI"):
            self.skipTest("there is no PyYAML (package python3-yaml)")
        raise AssertionError(f"{name}: {done.stderr}")

    def one_line(self):
        log = os.path.join(self.folder, "log")
        run(WRITER, "1", env={**os.environ, "SPANLOG_OUTPUT": f"file:{log}", "SPANLOG_JOURNAL_DIR": self.folder})
        with open(log, encoding="utf-8") as file:
            return next(line for line in file if '"msg":"number"' in line)


class Prometheus(Case):
    def test_promtool_finds_the_rules_right_and_each_alert_fires_when_it_should(self):
        promtool = program("promtool")
        self.copy(os.path.join(kit.FOLDER, "prometheus-rules.yaml"))
        test = self.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "prometheus_rules_test.yaml"))
        said = run(promtool, "check", "rules", "prometheus-rules.yaml", cwd=self.folder)
        self.assertIn("SUCCESS: 9 rules found", said)
        run(promtool, "test", "rules", test, cwd=self.folder)
        with open(test, encoding="utf-8") as file:
            for alert in re.findall(r"- alert: (\w+)", kit.text("prometheus-rules.yaml")):
                file.seek(0)
                self.assertIn(f"alertname: {alert}\n", file.read())

    def test_every_query_of_the_dashboard_answers_with_data(self):
        now = time.time()
        with Server(self.folder, history(now)) as server:
            for title, target in kit.targets("prometheus"):
                with self.subTest(title):
                    answer = servers.get_json(server.url + "/api/v1/query_range?" + urllib.parse.urlencode(
                        {"query": kit.plain(target["expr"]), "start": now - 1200, "end": now - 60, "step": 60}))
                    values = [float(value) for series in answer["data"]["result"] for _, value in series["values"]]
                    self.assertGreater(len([v for v in values if v == v and v > 0]), 10, (target["expr"], values[:10]))


def history(now):
    """Half an hour of what a service's metrics are, in OpenMetrics with times, for promtool to import."""
    route = 'http_request_method="GET",http_route="/orders/{id}",http_response_status_code="%d"'
    histograms = {
        "http_server_request_duration_seconds": [route % 200, route % 500],
        "db_query_duration_seconds": ['query_type="SELECT",system="postgresql"'],
        "llm_request_duration_seconds": ['provider="p",model="m"']}
    lines, steps = [], range(0, 1800, 15)
    for name, series in histograms.items():
        lines.append(f"# TYPE {name} histogram")
        for labels in series:
            for suffix, more, rate in (("bucket", ',le="0.1"', 5), ("bucket", ',le="1"', 8),
                                       ("bucket", ',le="+Inf"', 10), ("count", "", 10), ("sum", "", 3)):
                lines += [f'{name}_{suffix}{{job="orders",{labels}{more}}} {rate * (i + 1)} {now - 1800 + second:.3f}'
                          for i, second in enumerate(steps)]
    lines.append("# TYPE llm_tokens counter")
    lines += [f'llm_tokens_total{{job="orders",provider="p",model="m",type="input"}} {100 * (i + 1)} '
              f'{now - 1800 + second:.3f}' for i, second in enumerate(steps)]
    return "\n".join(lines) + "\n# EOF\n"


class Server(servers.Server):
    """A real Prometheus that has a history."""

    def __init__(self, folder, metrics):
        super().__init__(folder, program("prometheus"))
        with open(os.path.join(self.folder, "metrics"), "w", encoding="utf-8") as file:
            file.write(metrics)
        run(program("promtool"), "tsdb", "create-blocks-from", "openmetrics", "metrics", "data", cwd=self.folder)
        with open(os.path.join(self.folder, "prometheus.yml"), "w", encoding="utf-8") as file:
            file.write("global: {}\n")

    def command(self):
        return [self.program, "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                "--storage.tsdb.retention.time=1y", f"--web.listen-address=127.0.0.1:{self.port}"]

    def is_ready(self):
        return servers.http(self.url + "/-/ready")[0] == 200


class Units(Case):
    def test_systemd_finds_the_units_right(self):
        analyze, system = program("systemd-analyze"), os.path.join(self.folder, "etc/systemd/system")
        shutil.copytree("/usr/lib/systemd/system", os.path.join(self.folder, "usr/lib/systemd/system"), symlinks=True)
        shutil.copytree(os.path.join(kit.FOLDER, "systemd"), system)
        for name in ("orders", "spanlog"):
            os.makedirs(os.path.join(self.folder, "usr/local/bin"), exist_ok=True)
            shutil.copy("/bin/true", os.path.join(self.folder, "usr/local/bin", name))
        units = glob.glob(system + "/*.service") + glob.glob(system + "/*.timer")
        self.assertEqual(len(units), 4)
        for unit in units:
            self.assertEqual(run(analyze, "verify", "--man=no", f"--root={self.folder}", unit), "")

    def command(self, unit, key):
        """What systemd would run, with our paths."""
        command = re.search(f"^{key}=-?(.*)$", kit.text(f"systemd/{unit}.service"), re.M).group(1)
        for name, value in (("/usr/local/bin/spanlog", os.path.abspath(SPANLOG)), ("%S", self.folder + "/state"),
                            ("/var/log/shop", self.folder + "/logs")):
            command = command.replace(name, value)
        return command

    def test_their_commands_do_what_they_are_there_for(self):
        journals, log = self.folder + "/journals", self.folder + "/logs/orders/orders.jsonl"
        os.makedirs(os.path.dirname(log))
        os.makedirs(self.folder + "/state/spanlog")
        environment = {"SPANLOG_JOURNAL_DIR": journals, "SPANLOG_OUTPUT": f"file:{log}", "SERVICE_NAME": "orders"}
        writer, _ = start_writer(10, **environment)
        writer.kill()
        writer.communicate()
        run("sh", "-c", self.command("orders", "ExecStopPost"), env={**os.environ, **environment})
        self.assertEqual(os.listdir(journals), [])
        with open(log, encoding="utf-8") as file:
            lines = file.read()
        self.assertIn('"msg":"span abandoned"', lines)
        server = fault_server.FaultServer()
        self.addCleanup(server.down)
        run("sh", "-c", self.command("spanlog-ship", "ExecStart") + " --once", env={
            **os.environ, "TARGETS": f"--to loki:http://127.0.0.1:{server.port}"})
        self.assertEqual({line for _, _, line in server.entries}, set(lines.splitlines()))
        self.assertIn("thinned", run("sh", "-c", self.age(log) + self.command("spanlog-retain", "ExecStart")))

    def age(self, log):
        """An hour more than what stays whole, and a newer file beside it."""
        return f"mv {log} {log}.1 && touch -d '169 hours ago' {log}.1 && touch {log} && "

    def test_the_journals_place_is_made_for_every_user(self):
        run(program("systemd-tmpfiles"), f"--root={self.folder}", "--create",
            os.path.join(kit.FOLDER, "systemd/spanlog-tmpfiles.conf"))
        self.assertEqual(os.stat(os.path.join(self.folder, "run/spanlog")).st_mode & 0o7777, 0o1777)


class Logrotate(Case):
    COUNT = 20000

    def config(self):
        path = os.path.join(self.folder, "logrotate.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(kit.text("logrotate.conf").replace("/var/log/shop", self.folder + "/shop"))
        os.chmod(path, 0o644)
        os.makedirs(self.folder + "/shop/orders", mode=0o755)
        return path

    def test_it_understands_the_file(self):
        said = run(program("logrotate"), "-d", self.config())
        self.assertNotIn("error", said)

    def test_a_rotation_while_a_process_writes_loses_nothing(self):
        config, log = self.config(), self.folder + "/shop/orders/orders.jsonl"
        writer, _ = start_writer(self.COUNT, SPANLOG_OUTPUT=f"file:{log}", SPANLOG_JOURNAL_DIR=self.folder + "/journal")
        end = time.monotonic() + 60
        while not (os.path.exists(log) and os.path.getsize(log)) and time.monotonic() < end:
            time.sleep(0.01)  # logrotate leaves alone what is empty
        run(program("logrotate"), "-f", "-s", self.folder + "/state", config)
        self.assertEqual(writer.communicate("\n")[1], None)
        self.assertEqual(writer.returncode, 0)
        files = os.listdir(self.folder + "/shop/orders")
        self.assertEqual(len(files), 2, files)
        found = [json.loads(line) for line in run(SPANLOG, "cat", "--to", "json", self.folder + "/shop").splitlines()]
        self.assertEqual([record["n"] for record in found if record["msg"] == "number"], list(range(self.COUNT)))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
