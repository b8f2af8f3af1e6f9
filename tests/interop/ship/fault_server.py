"""A server that takes what `spanlog ship` sends and has the faults that are asked for.

    server = FaultServer()                          on 127.0.0.1:server.port
    server.faults.append(answer(429, "slow down", {"Retry-After": "1"}))     for the next request
    server.always = answer(503, "")                 until it is None again
    server.entries                                  Loki: {(labels, ns, line): metadata}, each once
    server.page_max                                 what one may ask Loki for at once
    server.spans, server.logs                       OTLP and Zipkin, as they came
    server.down(); server.up()                      nobody listens
    FaultServer(certificate=(cert, key), client_ca=ca)     TLS, and who comes must be known to that one

It answers as Loki 3.7 was seen to: 204; 400 for a part that is refused, of which the rest is stored; 500
ResourceExhausted over 4 MiB; 429 over the burst; an entry of the same time and line is dropped. What real servers
do is shown against them (loki_test.py, jaeger_test.py, zipkin_test.py), and with faults in front of them
(faults_real_test.py); this is for a quick run.
"""
import gzip
import http.server
import json
import re
import socket
import ssl
import threading
import time
import urllib.parse

LINE_MAX, BODY_MAX, LATE_NS = 262144, 4 << 20, 3600 * 10**9


def answer(status, text, headers=None):
    return lambda handler, body: (status, text, headers or {})


def hang(seconds):
    def fault(handler, body):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not handler.server.owner.stopped:
            time.sleep(0.05)
        return None
    return fault


def reset(handler, body):
    """The connection is gone, whether or not what was sent had been taken."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return None


def taken_then_reset(handler, body):
    handler.take(body)
    return reset(handler, body)


def slow(seconds):
    def fault(handler, body):
        time.sleep(seconds)
        return handler.take(body)
    return fault


class QuietHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def reply(self, result):
        """What a fault, or the server, has given: (status, text, headers), or None: the connection is closed."""
        if result is None:
            self.close_connection = True
            self.connection.close()
            return
        status, text, headers = result
        data = text.encode() if isinstance(text, str) else text
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Handler(QuietHandler):
    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        owner = self.server.owner
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = gzip.decompress(raw) if self.headers.get("Content-Encoding") == "gzip" else raw
        with owner.lock:
            owner.requests.append((self.path, dict(self.headers), len(body), time.monotonic()))
            fault = owner.faults.pop(0) if owner.faults else owner.always
        self.reply(fault(self, body) if fault else self.take(body))

    def take(self, body):
        owner = self.server.owner
        path = self.path.split("?")[0]
        if owner.tenant and self.headers.get("X-Scope-OrgID") != owner.tenant:
            return 401, "no org id", {}
        with owner.lock:
            if path == "/loki/api/v1/push":
                return owner.take_loki(body)
            if path == "/loki/api/v1/query_range":
                return owner.ask_loki(urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query))
            if path in owner.doors:
                return owner.doors[path](json.loads(body))
        return 404, "404 page not found", {}


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_):
        pass

    def end_tls(self, certificate, client_ca=None):
        """Speaks TLS from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        if client_ca:  # whoever comes has to show a certificate of it
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


class FaultServer:
    def __init__(self, certificate=None, client_ca=None, doors=("/v1/traces", "/v1/logs", "/api/v2/spans")):
        takers = {"/v1/traces": self.take_traces, "/v1/logs": self.take_logs, "/api/v2/spans": self.take_zipkin}
        self.doors = {path: takers[path] for path in doors}
        self.lock = threading.RLock()
        self.entries, self.heads, self.repeated = {}, {}, 0
        self.spans, self.logs, self.bad_names = [], [], set()
        self.requests, self.faults, self.always = [], [], None
        self.tenant, self.burst, self.body_max, self.page_max = None, None, BODY_MAX, 5000
        self.certificate, self.port, self.server, self.stopped = certificate, 0, None, False
        self.client_ca = client_ca
        self.up()

    @property
    def url(self):
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    def up(self):
        self.stopped = False
        self.server = QuietServer(("127.0.0.1", self.port), Handler)
        self.server.owner = self
        self.port = self.server.server_address[1]
        if self.certificate:
            self.server.end_tls(self.certificate, self.client_ca)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def down(self):
        self.stopped = True
        self.server.shutdown()
        self.server.server_close()

    # ---- Loki

    def take_loki(self, body):
        if len(body) > self.body_max:
            return 500, f"rpc error: code = ResourceExhausted desc = grpc: received message larger than max ({len(body)} vs. {self.body_max})\n", {}
        if self.burst and len(body) > self.burst:
            return 429, f"ingestion rate limit exceeded for user fake (limit: {self.burst} bytes/sec)\n", {}
        refused, total, reason = 0, 0, ""
        for stream in json.loads(body)["streams"]:
            labels = json.dumps(stream["stream"], sort_keys=True)
            if len(stream["stream"]) > 15 or any("." in name for name in stream["stream"]):
                return 400, "labels\n", {}
            for ns, line, *metadata in stream["values"]:
                total += 1
                problem = self.problem_of(labels, int(ns), line)
                if problem:
                    refused, reason = refused + 1, reason or f"entry with timestamp {ns} ignored, reason: '{problem}'"
                    continue
                key = (labels, ns, line)
                self.repeated += key in self.entries
                self.entries[key] = metadata[0] if metadata else {}
                self.heads[labels] = max(self.heads.get(labels, 0), int(ns))
        if refused:
            return 400, f"{reason},\nuser 'fake', total ignored: {refused} out of {total} for stream: {{}}\n", {}
        return 204, "", {}

    def problem_of(self, labels, ns, line):
        if len(line.encode()) > LINE_MAX:
            return "max entry size 262144 exceeded"
        if ns + LATE_NS < self.heads.get(labels, 0):
            return "entry too far behind"
        return None

    def ask_loki(self, query):
        """The first or last entries of a time that hold what the LogQL's line filters name, or have the id."""
        logql, begin, end, limit = (query[key][0] for key in ("query", "start", "end", "limit"))
        if int(limit) > self.page_max:
            return 400, f"max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {self.page_max})", {}
        texts = re.findall(r'\|[=~] "(?:\(\?i\))?((?:[^"\\]|\\.)*)"', logql)
        halves = re.findall(r'([|!])~ `([^`]*)`', logql)
        ids = re.findall(r'trace_id=~?"([^"]*)"', logql)
        found = sorted(((int(ns), labels, line, metadata) for (labels, ns, line), metadata in self.entries.items()
                        if int(begin) <= int(ns) < int(end)
                        and all(re.search(text.replace('\\"', '"'), line, re.I) for text in texts)
                        and all(bool(re.search(half, line)) == (kind == "|") for kind, half in halves)
                        and all(re.fullmatch(wanted, metadata.get("trace_id", "")) for wanted in ids)),
                       key=lambda entry: entry[0], reverse=query["direction"][0] == "backward")[:int(limit)]
        streams = {}
        for ns, labels, line, metadata in found:
            streams.setdefault(labels, []).append([str(ns), line, {"structuredMetadata": metadata}])
        return 200, json.dumps({"status": "success", "data": {"resultType": "streams", "result": [
            {"stream": json.loads(labels), "values": values} for labels, values in streams.items()]}}), {}

    # ---- OTLP and Zipkin: a bad one is refused with all that came with it

    def take_traces(self, body):
        spans = [span for resource in body["resourceSpans"] for scope in resource["scopeSpans"] for span in scope["spans"]]
        if any(span["name"] in self.bad_names for span in spans):
            return 400, "bad span", {}
        self.spans += spans
        return 200, "{}", {}

    def take_logs(self, body):
        self.logs += [record for resource in body["resourceLogs"] for scope in resource["scopeLogs"]
                      for record in scope["logRecords"]]
        return 200, '{"partialSuccess":{}}', {}

    def take_zipkin(self, body):
        if any(span.get("kind") == "INTERNAL" or span["name"] in self.bad_names for span in body):
            return 400, "Expected a JSON_V2 encoded list", {}
        self.spans += body
        return 202, "", {}
