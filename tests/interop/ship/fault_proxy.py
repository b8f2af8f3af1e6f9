"""Between a client and a real server: passes requests on, and has the faults that are asked for.

    proxy = FaultProxy(loki.url)                    at proxy.url
    proxy.faults.append(answer(429, "too many outstanding requests"))     for the next request
    proxy.always = answer(503, "")                  until it is None again
    proxy.requests                                  [(path with its query, headers, bytes of the body, when)]
    proxy.down(); proxy.up()                        nobody listens, and who was connected is cut off
    FaultProxy(url, certificate=(cert, key))        TLS ends here

A fault is a function of the handler and the body, as in fault_server.py: what it returns is the answer, None closes
the connection. handler.take(body) is what the server behind it says.
"""
import threading
import time
import urllib.error
import urllib.request

from fault_server import QuietHandler, QuietServer


class Handler(QuietHandler):
    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        owner = self.server.owner
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if owner.stopped:  # of a connection that was there before
            self.reply(None)
            return
        with owner.lock:
            owner.requests.append((self.path, dict(self.headers), len(body), time.monotonic()))
            fault = owner.faults.pop(0) if owner.faults else owner.always
        self.reply(fault(self, body) if fault else self.take(body))

    def take(self, body):
        """What the server behind it says."""
        kept = ("Content-Encoding", "Content-Type", "Retry-After")
        headers = {key: value for key, value in self.headers.items() if key not in ("Host", "Connection")}
        request = urllib.request.Request(self.server.owner.target + self.path, headers=headers, method=self.command,
                                         data=body if self.command == "POST" else None)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read(), {key: answer.headers[key] for key in kept if answer.headers[key]}
        except urllib.error.HTTPError as error:
            return error.code, error.read(), {}


def cut(handler, body):
    """The first half of the answer; then the connection is gone."""
    status, data, headers = handler.take(body)
    handler.send_response(status)
    for key, value in headers.items():
        handler.send_header(key, value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[:len(data) // 2])
    return None


def at_most(size):
    """As a proxy that bounds the body of a request."""
    return lambda handler, body: (413, "Request Entity Too Large", {}) if len(body) > size else handler.take(body)


def only_for(authorization):
    """As a proxy that asks who comes."""
    return lambda handler, body: (handler.take(body) if handler.headers.get("Authorization") == authorization
                                  else (401, "who are you?", {}))


class FaultProxy:
    def __init__(self, target, certificate=None):
        self.target, self.certificate, self.lock = target, certificate, threading.Lock()
        self.requests, self.faults, self.always, self.stopped = [], [], None, False
        self.port, self.server = 0, None
        self.up()
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"

    def up(self):
        self.stopped = False
        self.server = QuietServer(("127.0.0.1", self.port), Handler)
        self.server.owner = self
        self.port = self.server.server_address[1]
        if self.certificate:
            self.server.end_tls(self.certificate)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def down(self):
        self.stopped = True
        self.server.shutdown()
        self.server.server_close()
