"""Real servers for the tests: had from the package registries once, kept, and run on 127.0.0.1.

    servers.py [NAME...]                    builds what is missing: victoria zipkin jaeger loki
    with servers.Loki(folder) as loki:      loki.url, loki.kill(), loki.start()

They lie in $SPANLOG_TEST_CACHE, else in spanlog-tests below $XDG_CACHE_HOME or ~/.cache. Building Loki takes
six minutes on two processors, with 3 GB of memory for each, and 5 GB of disk; the others about a minute each. What
cannot be had raises Missing.
"""
import fcntl
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

LOKI, VICTORIA, JAEGER, ZIPKIN = "v3.7.8", "v1.121.0", "v1.76.0", "3.5.1"
LOKI_MODULE = "github.com/grafana/loki/v3"
LOKI_MOD = f"""module spanlog.test/loki
go 1.26.5
require {LOKI_MODULE} {LOKI}
replace (
    github.com/Azure/azure-sdk-for-go => github.com/Azure/azure-sdk-for-go v68.0.0+incompatible
    github.com/Azure/azure-storage-blob-go => github.com/MasslessParticle/azure-storage-blob-go v0.14.1-0.20240322194317-344980fda573
    github.com/gocql/gocql => github.com/grafana/gocql v0.0.0-20200605141915-ba5dc39ece85
    github.com/hashicorp/memberlist => github.com/grafana/memberlist v0.3.1-0.20251126142931-6f9f62ab6f86
    github.com/grafana/regexp => github.com/grafana/regexp v0.0.0-20240518133315-a468a5bfb3bc
    github.com/influxdata/go-syslog/v3 => github.com/leodido/go-syslog/v4 v4.3.0
    github.com/thanos-io/objstore => github.com/grafana/objstore v0.0.0-20250728171719-b5d3b766d1b0
)
exclude k8s.io/client-go v8.0.0+incompatible
"""


class Missing(Exception):
    """A server that cannot be had here, and why."""


# ---- having them ----------------------------------------------------------------------------

def cache():
    folder = os.environ.get("SPANLOG_TEST_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "spanlog-tests")
    os.makedirs(folder, exist_ok=True)
    return folder


def run(command, folder, **environment):
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0", **environment}
    try:
        done = subprocess.run(["nice", "-n", "19"] + command, cwd=folder, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=7200)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{command[0]}: {error}") from error
    if done.returncode:
        raise Missing(f"{' '.join(command)}: {done.stdout[-2000:]}")
    return done.stdout


def compilers():
    """How many may run: the largest packages of Loki take 3 GB each."""
    with open("/proc/meminfo", encoding="ascii") as file:
        free_kb = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable"))
    return max(1, min(os.cpu_count() or 1, free_kb // 3_000_000))


def go_build(name, package, version, mod=None, sums=None):
    """A program of a Go module, built once: tests that run beside each other wait for the first."""
    target = os.path.join(cache(), f"{name}-{version}")
    if os.path.exists(target):
        return target
    if not shutil.which("go"):
        raise Missing("there is no Go compiler")
    os.makedirs(cache(), exist_ok=True)
    with open(os.path.join(cache(), f"{name}.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(target):
            make(name, package, version, target, mod, sums)
    return target


def make(name, package, version, target, mod, sums):
    """In a module of our own that requires it."""
    folder = os.path.join(cache(), f"build-{name}")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "go.mod"), "w", encoding="utf-8") as file:
        file.write(mod or f"module spanlog.test/{name}\ngo 1.24\n")
    if sums:
        shutil.copy(sums, os.path.join(folder, "go.sum"))
        os.chmod(os.path.join(folder, "go.sum"), 0o644)
    jobs = str(compilers())
    run(["go", "get", f"{package}@{version}"], folder)
    run(["go", "build", "-p", jobs, "-trimpath", "-ldflags=-s -w", "-o", target + ".new", package], folder,
        GOMAXPROCS=jobs)
    os.rename(target + ".new", target)
    shutil.rmtree(folder, ignore_errors=True)


def loki_program():
    return go_build("loki", f"{LOKI_MODULE}/cmd/loki", LOKI, mod=LOKI_MOD)


def victoria_program():
    return go_build("victoria-logs", "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-logs", VICTORIA)


def jaeger_program():
    """Its own go.mod holds replacements, which a main module has to repeat."""
    if os.path.exists(os.path.join(cache(), f"jaeger-{JAEGER}")):
        return os.path.join(cache(), f"jaeger-{JAEGER}")
    module = "github.com/jaegertracing/jaeger"
    found = json.loads(run(["go", "mod", "download", "-json", f"{module}@{JAEGER}"], cache()))
    with open(found["GoMod"], encoding="utf-8") as file:
        mod = re.sub(r"^module .*$", "module spanlog.test/jaeger", file.read(), flags=re.M)
    return go_build("jaeger", f"{module}/cmd/jaeger", JAEGER, mod=mod + f"\nrequire {module} {JAEGER}\n",
                    sums=os.path.join(found["Dir"], "go.sum"))


def zipkin_program():
    target = os.path.join(cache(), f"zipkin-{ZIPKIN}.jar")
    if os.path.exists(target):
        return target
    if not shutil.which("mvn") or not shutil.which("java"):
        raise Missing("there is no Java or no Maven")
    folder = os.path.join(cache(), "build-zipkin")
    os.makedirs(folder, exist_ok=True)
    run(["mvn", "-q", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
         f"-Dartifact=io.zipkin:zipkin-server:{ZIPKIN}:jar:slim", f"-DoutputDirectory={folder}",
         "-Dmdep.stripVersion=true"], folder)
    os.rename(os.path.join(folder, "zipkin-server-slim.jar"), target)
    return target


PROGRAMS = {"victoria": victoria_program, "zipkin": zipkin_program, "jaeger": jaeger_program, "loki": loki_program}


# ---- running them ---------------------------------------------------------------------------

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def http(url, data=None, headers=None, timeout=30):
    """Status and body; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        return 0, str(error).encode()


def get_json(url, headers=None):
    status, body = http(url, headers=headers)
    if status != 200:
        raise AssertionError(f"{url}: {status} {body[:500]}")
    return json.loads(body)


class Server:
    """One server in a folder of its own, which survives kill() and start()."""
    patience = 60

    def __init__(self, folder, program):
        self.folder, self.program = os.path.join(folder, type(self).__name__.lower()), program
        os.makedirs(self.folder, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(self.command(), cwd=self.folder, stdout=log, stderr=log)
        end = time.monotonic() + self.patience
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
                    raise AssertionError(f"{self.program} does not start: {log.read()[-2000:]}")
            time.sleep(0.1)

    def kill(self, number=signal.SIGKILL):
        if self.process:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None


class Zipkin(Server):
    def __init__(self, folder):
        super().__init__(folder, zipkin_program())

    def command(self):
        return ["java", "-Xmx512m", "-jar", self.program, "--armeria.ports[0].ip=127.0.0.1",
                f"--armeria.ports[0].port={self.port}", "--armeria.ports[0].protocols[0]=http"]

    def is_ready(self):
        return http(self.url + "/health")[0] == 200


class Jaeger(Server):
    """The collector and the query service of version 2; spans are kept in memory."""
    CONFIG = """
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {{receivers: [otlp], exporters: [jaeger_storage_exporter]}}
  telemetry: {{metrics: {{level: none}}}}
extensions:
  jaeger_storage: {{backends: {{main: {{memory: {{max_traces: 1000000}}}}}}}}
  jaeger_query: {{storage: {{traces: main}}, http: {{endpoint: "127.0.0.1:{query}"}}, grpc: {{endpoint: "127.0.0.1:{grpc}"}}}}
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}
exporters:
  jaeger_storage_exporter: {{trace_storage: main}}
"""

    def __init__(self, folder):
        super().__init__(folder, jaeger_program())
        self.query_port = free_port()
        self.query_url = f"http://127.0.0.1:{self.query_port}"
        with open(os.path.join(self.folder, "config.yaml"), "w", encoding="utf-8") as file:
            file.write(self.CONFIG.format(port=self.port, query=self.query_port, grpc=free_port()))

    def command(self):
        return [self.program, "--config", "config.yaml"]

    def is_ready(self):
        return http(self.query_url + "/api/services")[0] == 200 and http(self.url + "/v1/traces", b"{}", {
            "Content-Type": "application/json"})[0] == 200


WAL_PAGE, WAL_HEAD = 32768, 7


def whole_records(data):
    """How many bytes of a segment of Prometheus' write-ahead log are whole records: parts of type full, first,
    middle, last, of two bytes of size and four of checksum each; type 0 fills a page."""
    at = whole = 0
    while at < len(data):
        left = WAL_PAGE - at % WAL_PAGE
        kind = data[at] & 7
        if left < WAL_HEAD or kind == 0:
            at += left
            continue
        at += WAL_HEAD + int.from_bytes(data[at + 1:at + 3], "big")
        if at <= len(data) and kind in (1, 4):
            whole = at
    return whole


class Loki(Server):
    """One process, files in its folder; what it has acknowledged survives a kill in its write-ahead log."""
    CONFIG = """
auth_enabled: {auth}
analytics: {{reporting_enabled: false}}
server:
  http_listen_address: 127.0.0.1
  http_listen_port: {port}
  grpc_listen_address: 127.0.0.1
  grpc_listen_port: {grpc}
  log_level: warn
common:
  instance_addr: 127.0.0.1
  path_prefix: {folder}
  replication_factor: 1
  ring: {{kvstore: {{store: inmemory}}}}
  storage: {{filesystem: {{chunks_directory: {folder}/chunks, rules_directory: {folder}/rules}}}}
schema_config:
  configs:
    - {{from: 2020-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {{prefix: index_, period: 24h}}}}
limits_config:
  ingestion_rate_mb: {rate}
  ingestion_burst_size_mb: {burst}
  per_stream_rate_limit: {rate}MB
  per_stream_rate_limit_burst: {burst}MB
  allow_structured_metadata: true
  max_query_series: 100000
  {limits}
  shard_streams: {{enabled: {shards}}}  # by default on: then what is sent twice may be in two shards
ingester:
  wal: {{enabled: true, dir: {folder}/wal}}
  chunk_idle_period: 30m
"""

    def __init__(self, folder, auth=False, rate=200, burst=400, shards=False, limits=""):
        super().__init__(folder, loki_program())
        self.grpc = free_port()
        self.headers = {"X-Scope-OrgID": "shop"} if auth else {}
        with open(os.path.join(self.folder, "config.yaml"), "w", encoding="utf-8") as file:
            file.write(self.CONFIG.format(port=self.port, grpc=self.grpc, folder=self.folder, rate=rate, burst=burst,
                                          auth="true" if auth else "false", shards="true" if shards else "false", limits=limits))

    def command(self):
        return [self.program, "-config.file=config.yaml", f"-querier.frontend-address=127.0.0.1:{self.grpc}"]

    def kill(self, number=signal.SIGKILL):
        """A kill in the middle of a write leaves half a record in the log, which nobody was told is stored. Loki does
        not take it away: at its start after next it reads up to there, and silently forgets what came behind."""
        super().kill(number)
        segments = sorted(glob.glob(os.path.join(self.folder, "wal", "[0-9]*[0-9]")))
        for path in segments[-1:]:
            with open(path, "rb") as file:
                data = file.read()
            whole = whole_records(data)
            if data[whole:].strip(b"\0"):
                print(f"loki: {len(data) - whole} bytes of half a record were cut off its log", flush=True)
                os.truncate(path, whole)

    def is_ready(self):
        """/ready says no for ten seconds in which it works: a push and a query tell."""
        push = {"streams": [{"stream": {"probe": "1"}, "values": [[str(time.time_ns()), "probe"]]}]}
        if http(self.url + "/loki/api/v1/push", json.dumps(push).encode(),
                {"Content-Type": "application/json", **self.headers})[0] != 204:
            return False
        status, body = http(self.url + "/loki/api/v1/query_range?limit=1&query=%7Bprobe%3D%221%22%7D", headers=self.headers)
        return status == 200 and b"probe" in body

    def flush(self):
        """What is older than three hours is not looked for in memory: to the files with it."""
        http(self.url + "/flush", b"", self.headers)

    def entries(self, query, begin_ns, end_ns, page=5000):
        """All entries, [(labels, ns, line, metadata)], by pages."""
        found, seen = [], set()
        while True:
            answer = get_json(self.url + "/loki/api/v1/query_range?" + urllib.parse.urlencode(
                {"query": query, "start": begin_ns, "end": end_ns, "limit": page, "direction": "forward"}),
                {"X-Loki-Response-Encoding-Flags": "categorize-labels", **self.headers})
            entries = [(tuple(sorted(stream["stream"].items())), int(value[0]), value[1],
                        tuple(sorted((value[2] if len(value) > 2 else {}).get("structuredMetadata", {}).items())))
                       for stream in answer["data"]["result"] for value in stream["values"]]
            fresh = [entry for entry in sorted(entries, key=lambda entry: entry[1]) if entry not in seen]
            found += fresh
            if len(entries) < page:
                return found
            if not fresh:
                raise AssertionError(f"{page} entries of one time: the page is too small")
            begin_ns = fresh[-1][1]  # its time once more: others of it may be on the next page
            seen = {entry for entry in found[-2 * page:] if entry[1] == begin_ns}


class Victoria(Server):
    """Takes Loki's pushes: a quick receiver, no proof for Loki."""

    def __init__(self, folder):
        super().__init__(folder, victoria_program())

    def command(self):
        return [self.program, f"-httpListenAddr=127.0.0.1:{self.port}", "-storageDataPath=data",
                "-retentionPeriod=100y"]

    def is_ready(self):
        return http(self.url + "/health")[0] == 200


if __name__ == "__main__":
    unknown = [name for name in sys.argv[1:] if name not in PROGRAMS]
    if unknown:
        sys.exit(f"servers.py: {unknown[0]}: there are {', '.join(PROGRAMS)}")
    missing = 0
    for name in sys.argv[1:] or PROGRAMS:
        began = time.monotonic()
        try:
            print(f"{name}: {PROGRAMS[name]()} ({time.monotonic() - began:.0f} s)", flush=True)
        except Missing as why:
            print(f"{name}: cannot be had: {why}", flush=True)
            missing += 1
    sys.exit(1 if missing else 0)
