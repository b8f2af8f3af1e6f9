"""tests/integrations/w3c_test.py PROGRAM: trace-context, level 2, asserted by what a peer receives.

PROGRAM is example-w3c: it is sent headers, as raw bytes, with the order to call back here, and the headers
of its call are judged. The cases are those that the W3C's own harness has, 41 of them, written from the
specification (https://www.w3.org/TR/trace-context-2/), most of them stricter: a tracestate has to arrive as
it should be to the letter, and every parent id to be a span of the endpoint's log.
"""

import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
FORM = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def parent(version="00", trace=TRACE, span=PARENT, flags="01", end="", name="traceparent"):
    return (name, f"{version}-{trace}-{span}-{flags}{end}")


def state(value, name="tracestate"):
    return (name, value)


# What is expected of an exchange: the trace goes on, with that tracestate; or another one begins.
class Kept:
    def __init__(self, *headers, then="", flags=None, calls=1):
        self.headers, self.state, self.calls = headers, then, calls
        self.flags = flags

    def judge(self, trace, flags, seen_state):
        equal("trace id", trace, TRACE)
        equal("tracestate", seen_state, self.state)
        if self.flags is not None:
            equal("flags", flags, self.flags)


class Fresh:
    state = ""

    def __init__(self, *headers, calls=1):
        self.headers, self.calls = headers, calls

    def judge(self, trace, flags, seen_state):
        for name, value in self.headers:
            if trace in value:
                raise AssertionError(f"the trace id {trace} comes from {name}: {value}")
        equal("flags", flags, "03")  # one of ours: sampled, random
        equal("tracestate", seen_state, "")


def equal(what, found, wanted):
    if found != wanted:
        raise AssertionError(f"{what}: found {found!r}, expected {wanted!r}")


def kept_state(*values, then):
    return Kept(parent(flags="00"), *(state(value) for value in values), then=then, flags="00")


def members(first, last):
    return ",".join(f"k{i}={i}" for i in range(first, last + 1))


OTHER = "4bf92f3577b34da6a3ce929d0e0e4736"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
VALUE = "".join(chr(c) for c in range(0x20, 0x7f) if chr(c) not in ",=")

CASES = {
    # ---- traceparent
    "without headers a trace begins": [Fresh()],
    "a traceparent alone is continued": [Kept(parent()), Kept(parent(flags="00"), flags="00")],
    "two traceparents begin a trace": [Fresh(parent(), parent(trace=OTHER)), Fresh(parent(), parent())],
    "a header of a similar name is none": [Fresh(parent(name="trace-parent")), Fresh(parent(name="trace.parent"))],
    "its name may be in any case": [Kept(parent(name=name)) for name in ("TraceParent", "tRaCePaReNt", "TRACEPARENT")],
    "version 00 has nothing behind the flags": [Fresh(parent(end=end)) for end in (".", "-", "-and-more")],
    "a later version may have more behind a dash": [
        Kept(parent("cc")), Kept(parent("cc", end="-and-more")), Kept(parent("01", end="-")),
        Fresh(parent("cc", end=".and-more"))],
    "version ff is none": [Fresh(parent("ff")), Fresh(parent("ff", end="-and-more"))],
    "a version is hex, lower case": [Fresh(parent(version)) for version in (".0", "0.", "AA", "0g")],
    "a version is not longer": [Fresh(parent(version)) for version in ("000", "0000")],
    "a version is not shorter": [Fresh(parent("0")), Fresh(parent(""))],
    "a trace id is not all zeros": [Fresh(parent(trace="0" * 32))],
    "a trace id is hex, lower case": [Fresh(parent(trace=trace)) for trace in
                                      ("." + TRACE[1:], TRACE[:-1] + ".", TRACE.upper())],
    "a trace id is not longer": [Fresh(parent(trace=TRACE + "1")), Fresh(parent(trace="1" + TRACE))],
    "a trace id is not shorter": [Fresh(parent(trace=TRACE[1:])), Fresh(parent(trace=TRACE[:16]))],
    "a parent id is not all zeros": [Fresh(parent(span="0" * 16))],
    "a parent id is hex, lower case": [Fresh(parent(span=span)) for span in
                                       ("." + PARENT[1:], PARENT[:-1] + ".", PARENT.upper())],
    "a parent id is not longer": [Fresh(parent(span=PARENT + "1"))],
    "a parent id is not shorter": [Fresh(parent(span=PARENT[1:]))],
    "flags are hex, lower case": [Fresh(parent(flags=flags)) for flags in (".0", "0.", "0F")],
    "flags are not longer": [Fresh(parent(flags="001"))],
    "flags are not shorter": [Fresh(parent(flags="1"))],
    "white space around it does not count": [Kept((("traceparent"), before + parent()[1] + after)) for before, after in
                                             ((" ", ""), ("\t", ""), ("", " "), ("", "\t"), ("\t ", " \t"))],
    # ---- tracestate
    "without a traceparent tracestate goes": [Fresh(state("foo=1")), Fresh(state("foo=1,bar=2")),
                                              Fresh(parent("ff"), state("foo=1"))],
    "with one it goes on": [kept_state("foo=1,bar=2", then="foo=1,bar=2")],
    "a header of a similar name is no tracestate": [
        Kept(parent(), state("foo=1", name=name)) for name in ("trace-state", "trace.state")],
    "tracestate may be in any case": [
        Kept(parent(), state("foo=1", name=name), then="foo=1") for name in ("TraceState", "tRaCeStAtE", "TRACESTATE")],
    "an empty tracestate is none": [kept_state("", then=""), kept_state("foo=1", "", then="foo=1"),
                                    kept_state("", "foo=1", then="foo=1"), kept_state(",foo=1,,", then="foo=1")],
    "several headers are one list, in order": [
        kept_state("foo=1,bar=2", "rojo=1,congo=2", "baz=3", then="foo=1,bar=2,rojo=1,congo=2,baz=3")],
    "of a key that is there twice one stays": [
        kept_state("foo=1,foo=1", then="foo=1"), kept_state("foo=1,foo=2", then="foo=1"),
        kept_state("foo=1", "foo=1", then="foo=1"), kept_state("foo=1", "bar=1,foo=2", then="foo=1,bar=1")],
    "all characters that may be, pass": [kept_state(f"{key}={VALUE}", then=f"{key}={VALUE}")
                                         for key in (KEY, KEY + "@a-z0-9_-*/")],
    "white space around members does not count": [
        kept_state("foo=1 \t , \t bar=2, \t baz=3", then="foo=1,bar=2,baz=3"),
        kept_state("foo=1\t \t,\t \tbar=2,\t \tbaz=3", then="foo=1,bar=2,baz=3"),
        *(kept_state(value, then="foo=1") for value in (" foo=1", "\tfoo=1", "foo=1 ", "foo=1\t", "\t foo=1 \t"))],
    "a key with other characters spoils it": [kept_state(f"bar=2,{key}=1", then="")
                                              for key in ("foo ", "FOO", "foo.bar", "_foo", "")],
    "an @ may stand in a key, not begin it": [
        *(kept_state(f"{key}=1,bar=2", then=f"{key}=1,bar=2") for key in ("foo@", "foo@@bar", "foo@bar@baz")),
        kept_state("@foo=1,bar=2", then="")],
    "it has 32 members, not more": [
        kept_state(members(1, 10), members(11, 20), members(21, 32), then=members(1, 32)),
        kept_state(members(1, 10), members(11, 20), members(21, 33), then="")],
    "a key has 256 characters, not more": [
        *(kept_state("foo=1", f"{key}=1", then=f"foo=1,{key}=1")
          for key in ("z" * 256, "t" * 241 + "@" + "v" * 14, "t" * 242 + "@v", "t@" + "v" * 15)),
        kept_state("foo=1", "z" * 257 + "=1", then="")],
    "a value with other characters spoils it": [kept_state(value, then="") for value in
                                                ("foo=bar=baz", "foo=,bar=3", "foo=\u00e4", "foo=" + "v" * 257)],
    # ---- several calls
    "each call of a continued trace is a span": [Kept(parent(), calls=3)],
    "each call of a new trace is a span": [Fresh(calls=3)],
    "and so after a bad traceparent": [Fresh(parent(trace="0" * 32), calls=3)],
    # ---- level 2
    "the random flag goes on": [Kept(parent(flags="02"), flags="02"), Kept(parent(flags="03"), flags="03"),
                                Kept(parent(flags="ff"), flags="03")],
}


class Peer:
    """Notes the headers of what it is sent, by path."""

    def __init__(self):
        received = self.received = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received[self.path] = [(name.lower(), value) for name, value in self.headers.items()], body
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def post(port, headers, body):
    """The answer's status and body. Headers go as they are, white space included."""
    head = b"POST /test HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: %d\r\n" % len(body)
    for name, value in headers:
        head += name.encode() + b":" + value.encode() + b"\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head + b"\r\n" + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, text = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), text.decode()


class Client:
    def __init__(self, port):
        self.port, self.peer, self.count = port, Peer(), 0
        self.spans = set()  # of sampled traces, as (trace, span)

    def exchange(self, wanted):
        self.count += 1
        paths = [f"/{self.count}.{i}" for i in range(wanted.calls)]
        arguments = {"some": ["\u00e4", 1.5, None]}
        body = [{"url": f"http://127.0.0.1:{self.peer.port}{path}", "arguments": arguments} for path in paths]
        equal("answer", post(self.port, wanted.headers, json.dumps(body).encode()),
              (200, json.dumps([200] * wanted.calls, separators=(",", ":"))))
        found = []
        for path in paths:
            headers, sent = self.peer.received.pop(path)
            equal("arguments", json.loads(sent), arguments)
            values = [value for name, value in headers if name == "traceparent"]
            equal("number of traceparents", len(values), 1)
            match = FORM.fullmatch(values[0])
            equal("a traceparent of version 00", match is not None, True)
            found.append(match.groups())
            wanted.judge(found[-1][0], found[-1][2],
                         ",".join(value for name, value in headers if name == "tracestate"))
        equal("trace ids", len({trace for trace, _, _ in found}), 1)
        equal("parent ids, all of them new", len({span for _, span, _ in found} - {PARENT, "0" * 16}), wanted.calls)
        self.spans |= {(trace, span) for trace, span, flags in found if int(flags, 16) & 1}

    def refuses(self, body, status):
        equal(f"status after {body[:40]!r}", post(self.port, [], body)[0], status)


def check_log(path, spans):
    """Each call that was received from a sampled trace is a client span below a server span."""
    with open(path, encoding="utf-8") as f:
        lines = [json.loads(line) for line in f]
    written = {(line["trace_id"], line["span_id"]): line for line in lines if "operation" in line}
    equal("calls without a span in the log", spans - set(written), set())
    for trace, span in spans:
        equal("kind", written[trace, span]["kind"], "client")
        equal("kind of its parent", written[trace, written[trace, span]["parent_id"]]["kind"], "server")
    sampled = sum(1 for line in written.values() if line["kind"] == "client")
    equal("client spans in the log", sampled, len(spans))


def run_cases(client):
    failed = 0
    for name, exchanges in CASES.items():
        for wanted in exchanges:
            try:
                client.exchange(wanted)
            except AssertionError as error:
                failed += 1
                print(f"FAILED {name}: sent {list(wanted.headers)!r}: {error}")
    print(f"{len(CASES)} cases, {client.count} exchanges, {failed} failed")
    equal("cases", len(CASES), 41)
    return failed


def main(program):
    with tempfile.TemporaryDirectory(prefix="spanlog-w3c-") as folder:
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("SPANLOG_", "OTEL_", "LOG_", "TRACE", "BAGGAGE"))}
        environment |= {"SPANLOG_OUTPUT": f"file:{folder}/log.jsonl", "SPANLOG_JOURNAL_DIR": f"{folder}/j"}
        process = subprocess.Popen([program, "0"], env=environment, stdout=subprocess.PIPE, text=True)
        try:
            port = int(re.search(r":(\d+)/test", process.stdout.readline()).group(1))
            client = Client(port)
            failed = run_cases(client)
            client.refuses(b"[", 400)
            client.refuses(b"", 400)
            client.refuses(b"[" * 100000, 400)
            client.refuses(b"[" + b"1," * 600000 + b"1]", 413)
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(timeout=60)
        equal("exit status", status, 0)
        check_log(f"{folder}/log.jsonl", client.spans)
    return 1 if failed else 0


sys.exit(main(sys.argv[1]))
