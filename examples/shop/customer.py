#!/usr/bin/env python3
"""customer: a Python program that takes part without any library of ours. A trace begins here.

    customer.py http://127.0.0.1:8080 customer.jsonl sh job.sh http://127.0.0.1:8080 1

It buys a kettle, then runs the command that follows. Its log lines have the keys of
python-json-logger; a span is one more such line, written when the span ends. The trace goes on in the
header `traceparent`, and to the command in the environment variable TRACEPARENT. Prints the trace's id.
"""

import contextlib
import contextvars
import json
import logging
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone

log = logging.getLogger("customer")
host = socket.gethostname()  # whose clock it is
browser = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # 127.0.0.1 needs no proxy
current = contextvars.ContextVar("span", default=None)


# ---- spans and lines: what a library would do ------------------------------------------------------

class Span:
    def __init__(self, operation, kind, parent):
        now = time.time_ns()
        # The first 12 digits of a trace id are its time, so that the tool need not look everywhere.
        self.trace_id = parent.trace_id if parent else f"{now // 1_000_000:012x}{secrets.token_hex(10)}"
        self.span_id, self.parent_id = secrets.token_hex(8), parent.span_id if parent else None
        self.operation, self.kind, self.start, self.more = operation, kind, now, {}

    def traceparent(self):
        return f"00-{self.trace_id}-{self.span_id}-03"

    def line(self):
        parent = {"parent_id": self.parent_id} if self.parent_id else {}
        return parent | {"operation": self.operation, "kind": self.kind, "start": text_of_time(self.start / 1e9),
                         "duration_ms": (time.time_ns() - self.start) / 1e6} | self.more


@contextlib.contextmanager
def span(operation, kind="internal"):
    opened = Span(operation, kind, current.get())
    token = current.set(opened)
    try:
        yield opened
    except Exception as error:
        opened.more |= {"status": "error", "error": str(error)}
        raise
    finally:
        log.info("span completed", extra={"more": opened.line()})
        current.reset(token)


def text_of_time(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="microseconds")


class JsonFormatter(logging.Formatter):
    def format(self, record):
        now = current.get()
        ids = {"trace_id": now.trace_id, "span_id": now.span_id} if now else {}
        return json.dumps({"timestamp": text_of_time(record.created), "levelname": record.levelname,
                           "name": record.name, "message": record.getMessage(), "service": "customer",
                           "hostname": host} | ids | getattr(record, "more", {}))


# ---- what it does ----------------------------------------------------------------------------------

def request(method, url, path):
    """The status and the answer."""
    with span(f"{method} {path.partition('?')[0]}", "client") as call:
        headers = {"traceparent": call.traceparent()}
        try:
            with browser.open(urllib.request.Request(url + path, method=method, headers=headers)) as answer:
                status, body = answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            status, body = error.code, json.load(error)
        call.more["status_code"] = status
        return status, body


def buy(url, item, quantity):
    status, answer = request("POST", url, f"/checkout?item={item}&qty={quantity}")
    if status == 201:
        log.info("bought", extra={"more": {"item": item, "quantity": quantity} | answer})
    else:
        log.warning("not bought", extra={"more": {"item": item, "status": status} | answer})


def run(command):
    with span("run the nightly job") as job:
        status = subprocess.run(command, env=os.environ | {"TRACEPARENT": job.traceparent()}, check=False).returncode
        job.more["exit.status"] = status
        if status != 0:
            log.error("the job failed", extra={"more": {"status": status}})
        return status


def main(url, path, *command):
    handler = logging.FileHandler(path)
    handler.setFormatter(JsonFormatter())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    with span("set up the kitchen") as whole:
        buy(url, "kettle", 1)
        status = run(command) if command else 0
    print(whole.trace_id)
    return status


sys.exit(main(*sys.argv[1:]))
