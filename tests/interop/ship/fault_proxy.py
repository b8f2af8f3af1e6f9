"""Between a client and a real server: passes requests on, and has the faults that are asked for.

    proxy = FaultProxy(loki.url)                    at proxy.url
    proxy.faults.append(answer(429, "too many outstanding requests"))     for the next request
    proxy.always = answer(503, "")                  until it is None again
    proxy.paths                                     of the requests, with their queries

A fault is a function of the handler, as in fault_server.py: what it returns is the answer, None closes the
connection.
"""
import threading
import urllib.error
import urllib.request

from fault_server import QuietHandler, QuietServer


class Handler(QuietHandler):
    def do_GET(self):
        owner = self.server.owner
        with owner.lock:
            owner.paths.append(self.path)
            fault = owner.faults.pop(0) if owner.faults else owner.always
        result = fault(self, b"") if fault else self.take(b"")
        if result is None:
            self.close_connection = True
            self.connection.close()
            return
        status, data, headers = result
        data = data.encode() if isinstance(data, str) else data
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def take(self, _):
        """What the server behind it says."""
        kept = ("Content-Encoding", "Content-Type")
        headers = {key: value for key, value in self.headers.items() if key not in ("Host", "Connection")}
        request = urllib.request.Request(self.server.owner.target + self.path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read(), {key: answer.headers[key] for key in kept if answer.headers[key]}
        except urllib.error.HTTPError as error:
            return error.code, error.read(), {}


def cut(handler, _):
    """The first half of the answer; then the connection is gone."""
    status, data, headers = handler.take(b"")
    handler.send_response(status)
    for key, value in headers.items():
        handler.send_header(key, value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[:len(data) // 2])
    return None


class FaultProxy:
    def __init__(self, target):
        self.target, self.lock = target, threading.Lock()
        self.paths, self.faults, self.always, self.stopped = [], [], None, False
        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.server.owner = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def down(self):
        self.stopped = True
        self.server.shutdown()
        self.server.server_close()
