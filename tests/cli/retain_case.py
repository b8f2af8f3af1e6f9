"""Rotated logs to be thinned, and what is in them; for retain_test.py, whose arguments are taken here."""

import functools
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SPANLOG = os.path.abspath(sys.argv.pop(1))
STEP_KILL = os.path.abspath(sys.argv.pop(1))
ENDED_BEFORE = 3
QUICK_FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where to wait for a disk costs nothing
MEMORY = ".spanlog-retain"  # the traces of which the error has gone
HOUR, DAY = 3600, 86400
NAMES = ["shop.jsonl.20261101T000000.000001", "shop.jsonl.20261102T000000.000002.gz",
         "shop.jsonl.20261103T000000.000003.zst", "shop.jsonl.4", "shop.jsonl"]
TRACES = 400


def is_bad(number):
    return number % 7 == 0


def line(number, part, level="info", **more):
    record = {"ts": f"2026-11-01T00:00:{number % 60:02}.{part:09}Z", "level": level, "msg": f"part {part}",
              "service": "shop", "trace_id": f"{number + 1:032x}", "span_id": f"{part + 1:016x}", **more}
    return json.dumps(record, separators=(",", ":"))


def lines_of_file(index, traces=TRACES):
    """A part of each trace; the error of a bad one is in one file only."""
    out = []
    for number in range(traces):
        bad = is_bad(number) and number % 5 == index
        if number % 2:
            out.append(line(number, index, level="error" if bad else "info"))
        else:
            span = {"operation": "checkout", "kind": "server", "duration_ms": 1.5,
                    "start": "2026-11-01T00:00:00.000000000Z", "status": "error" if bad else "ok"}
            out.append(line(number, index, **span).replace(f'"part {index}"', '"span completed"'))
    out.append('{"ts":"2026-11-01T00:00:00.000000000Z","level":"info","msg":"no trace","service":"shop"}')
    out.append('{"level":50,"time":1793491200000,"pid":1,"hostname":"h","msg":"an error of pino, outside of a trace"}')
    return out


def compress(path):
    tool = {".gz": ["gzip", "-f", "--keep"], ".zst": ["zstd", "-q", "-f", "--keep"]}[os.path.splitext(path)[1]]
    plain = os.path.splitext(path)[0]
    os.rename(path, plain)
    subprocess.run([*tool, plain], check=True)
    os.remove(plain)


@functools.lru_cache(maxsize=None)
def unpacked(data):
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    elif data[:4] == b"\x28\xb5\x2f\xfd":
        data = subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data.decode().splitlines()


def read(path):
    with open(path, "rb") as file:
        return unpacked(file.read())


def state(folder, *attributes):
    """All that is in the folder, byte for byte."""
    found = {}
    for name in sorted(os.listdir(folder)):
        about = os.stat(os.path.join(folder, name))
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = (file.read(), name != MEMORY and about.st_mtime_ns, about.st_mode,
                           *[getattr(about, one) for one in attributes])
    return found


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="spanlog-retain-", dir=QUICK_FOLDER)
        self.addCleanup(shutil.rmtree, self.folder)
        self.logs = os.path.join(self.folder, "logs")
        self.make([10 * DAY] * 4 + [0])

    def make(self, ages, traces=TRACES):
        shutil.rmtree(self.logs, ignore_errors=True)
        os.mkdir(self.logs)
        for index, name in enumerate(NAMES):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write("\n".join(lines_of_file(index, traces)) + "\n")
            if name.endswith((".gz", ".zst")):
                compress(self.path(name))
            self.age(name, ages[index])

    def path(self, name):
        return os.path.join(self.logs, name)

    def age(self, name, seconds):
        then = int(time.time() - seconds)
        os.utime(self.path(name), (then, then))

    def retain(self, *options, status=0):
        done = subprocess.run([SPANLOG, "retain", "--json", *options, self.logs], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return [json.loads(row) for row in done.stdout.splitlines()], done.stderr

    def contents(self):
        return {name: read(self.path(name)) for name in sorted(os.listdir(self.logs))}

    def thinned(self, index):
        bad = {f"{number + 1:032x}" for number in range(TRACES) if is_bad(number)}
        return [text for text in lines_of_file(index)
                if json.loads(text).get("trace_id") in bad or "outside of a trace" in text]

    def other_file_system(self):
        folder = tempfile.mkdtemp(prefix="spanlog-retain-")
        self.addCleanup(shutil.rmtree, folder)
        if os.stat(folder).st_dev == os.stat(self.folder).st_dev:
            why = f"NOT TESTED: an archive on another file system; {folder} and {self.folder} are on one"
            print(why, file=sys.stderr)
            if os.environ.get("CI"):
                self.fail(why)
            self.skipTest(why)
        return folder
