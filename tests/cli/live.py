"""What the tests of live control share: a process that logs when it is told to, and the tool.

    X_test.py BUILD/spanlog BUILD/tests/live_program BUILD/tests/liblibrary_plugin.so [-k word]
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

TOOL, PROGRAM, PLUGIN = (os.path.abspath(path) for path in sys.argv[1:4])
SOON = 20  # seconds: longer only where something is wrong
MOST_LATE = 3


def line_of(words):
    """Where that stands in the program."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "unit", "live_program.c")
    with open(path, encoding="utf-8") as file:
        return [number for number, line in enumerate(file, 1) if words in line][0]


DEBUG_LINE, HTTP_LINE = line_of('spanlog_debug("debug"'), line_of("spanlog_debug_to(http")


def each_once(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), keys
    return dict(pairs)


class Program:
    def __init__(self, place, service="orders", arguments=(), name=PROGRAM, **environment):
        self.log = os.path.join(place, service + ".jsonl")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SPANLOG_", "OTEL_"))}
        clean.update(SPANLOG_OUTPUT="file:" + self.log, SPANLOG_SERVICE=service, HOME=place,
                     SPANLOG_JOURNAL_DIR=os.path.join(place, "journals"))
        clean.update(environment)
        clean = {k: v for k, v in clean.items() if v is not None and k != "XDG_CONFIG_HOME"}
        self.process = subprocess.Popen([name, PLUGIN, *arguments], executable=PROGRAM, env=clean, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pid = self.process.pid

    def tell(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer == "ok\n", f"{words}: {answer!r}"

    def end(self):
        """What it said on stderr; self.lines is its log."""
        _, err = self.process.communicate(timeout=SOON)
        assert self.process.returncode == 0, (self.process.returncode, err)
        self.read()
        return err

    def read(self):
        self.lines = []
        if os.path.exists(self.log):
            with open(self.log, encoding="utf-8") as file:
                self.lines = [json.loads(line) for line in file]

    def texts(self, message="debug"):
        return [line["text"] for line in self.lines if line["msg"] == message]


class Live(unittest.TestCase):
    maxDiff = None
    late = 0  # calls of the tool, of all tests here

    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="live")
        self.programs = []

    def tearDown(self):
        for program in self.programs:
            if program.process.poll() is None:
                program.process.kill()
            program.process.communicate()
        shutil.rmtree(self.place)

    def start(self, service="orders", **environment):
        program = Program(self.place, service, **environment)
        self.programs.append(program)
        program.tell("info ready")
        return program

    def wait_for(self, condition, seconds=SOON):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                self.fail(f"waited {seconds} s: {self.status()}")
            time.sleep(0.05)

    def call_tool(self, *arguments, prefix=(), **environment):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SPANLOG_", "OTEL_"))}
        clean.update(SPANLOG_JOURNAL_DIR=os.path.join(self.place, "journals"), HOME=self.place)
        clean.pop("XDG_CONFIG_HOME", None)
        clean.update(environment)
        return subprocess.run([*prefix, TOOL, *arguments], env=clean, text=True, timeout=SOON,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)

    def run_tool(self, *arguments, status=0, **rest):
        done = self.call_tool(*arguments, **rest)
        # On a busy machine a process may take longer than the second for which the tool waits; not often.
        while status == 0 and done.returncode == 2 and "yet: the process" in done.stdout and Live.late < MOST_LATE:
            Live.late += 1
            done = self.call_tool(*arguments, **rest)
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        return done

    def status(self, *arguments):
        out = self.run_tool("status", *arguments, "--json").stdout
        return [json.loads(line, object_pairs_hook=each_once) for line in out.splitlines()]
