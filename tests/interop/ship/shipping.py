"""What the tests of `spanlog ship` share: a log that is written as a logger does, and the tool, running."""
import calendar
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

SOON = 60  # seconds: longer only where something is wrong
EPOCH_NS = 1795257045 * 10**9
TOOL = ""


def rfc3339(ns):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + ".%09dZ" % (ns % 10**9)


def seconds_of(stamp):
    """Of 2026-11-21T10:30:45."""
    return calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%S"))


def record(number, service="orders", ns=None, msg=None, **fields):
    """One canonical line, with a trace of its own for every ten."""
    ns = EPOCH_NS + number * 1_000_000 if ns is None else ns
    ids = {"trace_id": "%032x" % (0xabc0 + number // 10), "span_id": "%016x" % (number % 10 + 1), "trace_flags": "01"}
    return json.dumps({"ts": rfc3339(ns), "level": "info", "msg": msg or f"record {number}", "service": service,
                       **ids, "pid": 711, "n": number, **fields}, separators=(",", ":"))


def span(number, parent=0, trace=1, service="orders", name="work", kind=None, **fields):
    begin = EPOCH_NS + number * 1_000_000
    line = {"ts": rfc3339(begin + 500_000), "level": "info", "msg": "span completed", "service": service,
            "trace_id": "%032x" % trace, "span_id": "%016x" % number}
    if parent:
        line["parent_id"] = "%016x" % parent
    line.update(trace_flags="01", operation=name)
    if kind:
        line["kind"] = kind
    line.update(start=rfc3339(begin), duration_ms=0.5, pid=711, **fields)
    return json.dumps(line, separators=(",", ":"))


def append(path, lines):
    with open(path, "a", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))


def make_certificates(folder):
    """An authority, a server's and a client's certificate of it, and another's: names to paths, NAME.pem and NAME.key."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, stderr=subprocess.DEVNULL)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for authority in ("ca", "other-ca"):
        openssl("req", "-x509", *new, "-days", "2", "-subj", f"/CN={authority}", "-out", authority + ".pem", "-keyout",
                authority + ".key")
    for name, authority in (("server", "ca"), ("client", "ca"), ("stranger", "other-ca")):
        openssl("req", *new, "-subj", f"/CN={name}", "-out", name + ".csr", "-keyout", name + ".key")
        with open(os.path.join(folder, "extensions"), "w", encoding="utf-8") as file:
            file.write("subjectAltName=IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", name + ".csr", "-CA", authority + ".pem", "-CAkey", authority + ".key",
                "-CAcreateserial", "-days", "2", "-extfile", "extensions", "-out", name + ".pem")
    openssl("pkey", "-aes128", "-passout", "pass:secret", "-in", "client.key", "-out", "locked.key")
    return lambda name: os.path.join(folder, name)


def wait_for(condition, what, seconds=SOON):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for: {what() if callable(what) else what}")
        time.sleep(0.02)


def switches(process):
    """How often its threads have got a processor, or lost it."""
    total = 0
    for task in os.listdir(f"/proc/{process.pid}/task"):
        with open(f"/proc/{process.pid}/task/{task}/status", encoding="utf-8") as file:
            total += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
    return total


def wait_until_quiet(*processes):
    """Until nothing has run for three seconds, which never comes for what wakes up by itself."""
    for _ in range(6):
        before = [switches(process) for process in processes]
        time.sleep(3)
        if [switches(process) for process in processes] == before:
            return
    raise AssertionError("it wakes up while nothing is written")


class Case(unittest.TestCase):
    """A test in a folder of its own, with a log in it, and with whole seconds."""

    maxDiff = 2000

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.log = os.path.join(self.folder, "app.log")
        self.now = time.time_ns() // 10**9 * 10**9

    def check(self, entries, lines):
        """Of Loki: each line once, with its own time and ids, and labels that are no ids."""
        self.assertEqual(len(entries), len(lines))
        found = {}
        for labels, ns, line, metadata in entries:
            found[line] = found.get(line, 0) + 1
            fields = json.loads(line)
            self.assertEqual(rfc3339(ns), fields["ts"])
            ids = {key: value for key, value in metadata if key != "detected_level"}  # which is Loki's own
            self.assertEqual(ids, {"trace_id": fields["trace_id"], "span_id": fields["span_id"]}, line)
            self.assertEqual(set(dict(labels)) - {"service_name", "env", "late", "cluster"}, set())
        self.assertEqual(max(found.values(), default=1), 1)
        self.assertEqual(set(found) ^ set(lines), set())


class Ship:
    """`spanlog ship`, running, in a folder that holds its log, its state and what it says."""

    def __init__(self, folder, *options, state="state", environment=None, **popen):
        self.state = os.path.join(folder, state)
        self.said_path = tempfile.mktemp(prefix="said-", dir=folder)
        environment = {**os.environ, **(environment or {})}
        with open(self.said_path, "wb") as said:
            self.process = subprocess.Popen([TOOL, "ship", "--state", self.state, *options], cwd=folder,
                                            env=environment, stdout=subprocess.PIPE, stderr=said, **popen)
        self.usage = None

    def said(self):
        with open(self.said_path, encoding="utf-8") as file:
            return [re.sub(r"127\.0\.0\.1:\d+", "HOST", line.rstrip("\n")) for line in file]

    def most_memory_kb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

    def holds(self, path):
        """Whether it has the file open."""
        folder, inode = f"/proc/{self.process.pid}/fd", os.stat(path).st_ino
        try:
            return any(os.stat(f"{folder}/{fd}").st_ino == inode for fd in os.listdir(folder))
        except FileNotFoundError:
            return False

    def kill(self):
        self.process.kill()
        return self.wait()

    def end(self, number=signal.SIGTERM, seconds=SOON):
        self.process.send_signal(number)
        return self.wait(seconds)

    def wait(self, seconds=SOON):
        end = time.monotonic() + seconds
        while True:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                self.process.kill()
                raise AssertionError(f"ship does not end; it said {self.said()}")
            time.sleep(0.01)
        self.usage = usage
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.process.stdout.close()
        return self.process.returncode


def ship_once(folder, *options, **more):
    ship = Ship(folder, "--once", *options, **more)
    return ship.wait(), ship.said(), ship


def status(folder, state="state"):
    done = subprocess.run([TOOL, "ship", "--status", "--json", "--state", os.path.join(folder, state)],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)  # there may be none yet
    return [json.loads(line) for line in done.stdout.splitlines()]
