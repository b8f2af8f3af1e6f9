#!/usr/bin/env python3
"""Live control: the tool against real processes that log when they are told to.

    live_test.py BUILD/spanlog BUILD/tests/live_program BUILD/tests/liblibrary_plugin.so [-k word]
"""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOOL, PROGRAM, PLUGIN = (os.path.abspath(path) for path in sys.argv[1:4])
SOON = 20  # seconds: longer only where something is wrong


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
    def __init__(self, place, service="orders", arguments=(), **environment):
        self.log = os.path.join(place, service + ".jsonl")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SPANLOG_", "OTEL_"))}
        clean.update(SPANLOG_OUTPUT="file:" + self.log, SPANLOG_SERVICE=service, HOME=place,
                     SPANLOG_JOURNAL_DIR=os.path.join(place, "journals"))
        clean.update(environment)
        clean.pop("XDG_CONFIG_HOME", None)
        self.process = subprocess.Popen([PROGRAM, PLUGIN, *arguments], env=clean, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
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

    def call_tool(self, *arguments, prefix=(), **environment):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SPANLOG_", "OTEL_"))}
        clean.update(SPANLOG_JOURNAL_DIR=os.path.join(self.place, "journals"), HOME=self.place)
        clean.pop("XDG_CONFIG_HOME", None)
        clean.update(environment)
        return subprocess.run([*prefix, TOOL, *arguments], env=clean, text=True, timeout=SOON,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)

    def run_tool(self, *arguments, status=0, **rest):
        done = self.call_tool(*arguments, **rest)
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        return done

    def status(self, *arguments):
        out = self.run_tool("status", *arguments, "--json").stdout
        return [json.loads(line, object_pairs_hook=each_once) for line in out.splitlines()]

    # ---- levels ----

    def test_a_level_holds_from_the_next_record_on(self):
        program = self.start()
        program.tell("debug before")
        done = self.run_tool("level", "orders", "debug")
        self.assertEqual(done.stdout, f"orders[{program.pid}]: level = debug: in force\n")
        program.tell("debug while")
        self.run_tool("level", str(program.pid), "info")
        program.tell("debug after")
        self.assertEqual(program.end(), "")
        self.assertEqual(program.texts(), ["while"])

    def test_a_directive_is_for_its_logger_and_those_below_it(self):
        program = self.start()
        self.run_tool("level", "orders", "db=debug")
        for name in ("db", "db.pool", "http"):
            program.tell(f"named {name} {name}")
        program.tell("debug plain")
        self.run_tool("level", "orders", "db.pool=info")
        for name in ("db", "db.pool", "http"):
            program.tell(f"named {name} again-{name}")
        program.end()
        self.assertEqual(program.texts("named"), ["db", "db.pool", "again-db"])
        self.assertEqual(program.texts(), [])

    def test_a_directive_may_name_a_file_or_a_line(self):
        program = self.start()
        self.run_tool("level", "orders", f"unit/live_program.c:{DEBUG_LINE}=debug")
        program.tell("debug line")
        program.tell("named http other-line")
        self.run_tool("level", "orders", f"live_program.c:{DEBUG_LINE}=off,live_program.c=trace")
        program.tell("debug line-off")
        program.tell("named http file")
        self.run_tool("level", "orders", f"live_program.c:{HTTP_LINE}=info")
        program.tell("named http line-less")
        program.tell("named db file-still")
        program.end()
        self.assertEqual(program.texts(), ["line"])
        self.assertEqual(program.texts("named"), ["file", "file-still"])

    def test_directives_of_files_hold_from_the_start(self):
        program = self.start(SPANLOG_LEVEL=f"info,live_program.c:{DEBUG_LINE}=debug")
        program.tell("debug line")
        program.tell("named http other-line")
        program.end()
        self.assertEqual((program.texts(), program.texts("named")), (["line"], []))

    def test_a_span_has_the_level_info(self):
        program = self.start()
        program.tell("span a b")
        self.run_tool("level", "orders", "unit=warn")
        program.tell("span c d")
        self.run_tool("level", "orders", "unit=info")
        program.tell("span e f")
        program.end()
        self.assertEqual(program.texts("span completed"), ["b", "a", "f", "e"])
        off = [line for line in program.lines if line.get("text") == "d"]
        self.assertEqual(len(off), 1)
        self.assertNotIn("trace_id", off[0])

    def test_a_bare_level_is_about_records_alone(self):
        program = self.start(SPANLOG_LEVEL="error")
        self.run_tool("level", "orders", "off")
        program.tell("span a b")
        self.run_tool("level", "orders", "warn,unit/live_program.c=off")
        program.tell("span c d")
        program.end()
        self.assertEqual(program.texts("span completed"), ["b", "a"])
        self.assertEqual(program.texts("in the spans"), [])

    def test_what_begins_in_a_span_that_is_off_hangs_below_its_parent(self):
        program = self.start()
        program.tell("span a b")
        inner = line_of('"inner"')
        self.run_tool("level", "orders", f"live_program.c:{inner}=off")
        program.tell("span c d")
        program.end()
        self.assertEqual(program.texts("span completed"), ["b", "a", "c"])
        outer = program.lines[-2] if program.lines[-1]["msg"] == "process ended" else program.lines[-1]
        log = [line for line in program.lines if line["msg"] == "in the spans"][-1]
        self.assertEqual(log["span_id"], outer["span_id"])

    def test_what_is_not_named_stays_as_it_is(self):
        program = self.start(SPANLOG_LEVEL="warn,http=debug")
        self.run_tool("level", "orders", "db=debug")
        self.assertEqual(self.status()[0]["level"], "warn,http=debug,db=debug")
        self.run_tool("level", "orders", "info,http=error")
        self.assertEqual(self.status()[0]["level"], "info,http=error,db=debug")
        self.run_tool("level", "orders", "--reset")
        self.assertEqual(self.status()[0]["level"], "warn,http=debug")
        program.end()

    def test_a_change_for_a_time_ends_by_itself(self):
        program = self.start()
        done = self.run_tool("level", "orders", "debug", "--for", "300ms")
        self.assertIn("level = debug for 300ms: in force", done.stdout)
        program.tell("debug while")
        end = time.monotonic() + SOON
        while self.status()[0]["level"] != "info":
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        program.tell("debug after")
        self.assertEqual(self.status()[0]["live"], [])
        program.end()
        self.assertEqual(program.texts(), ["while"])

    def test_a_change_for_a_time_leaves_what_is_for_good(self):
        program = self.start()
        self.run_tool("level", "orders", "http=debug")
        self.run_tool("level", "orders", "db=debug", "--for", "300ms")
        self.assertEqual(self.status()[0]["level"], "info,http=debug,db=debug")
        self.assertEqual([rule["rule"] for rule in self.status()[0]["live"]],
                         ["level = http=debug", "level = db=debug"])
        end = time.monotonic() + SOON
        while self.status()[0]["level"] != "info,http=debug":
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        program.end()

    def test_a_forked_child_goes_on_with_the_rules(self):
        program = self.start()
        self.run_tool("level", "orders", "debug")
        program.tell("fork child")
        program.end()
        self.assertEqual(program.texts(), ["child"])

    def test_a_child_forked_before_the_first_record_is_as_any_process(self):
        program = self.start(arguments=("fork",), SPANLOG_LEVEL="warn,db=debug")
        program.tell("named db on")
        program.tell("debug off")
        self.assertEqual(self.run_tool("level", "orders", "debug").stdout.count("in force"), 1)
        program.tell("debug on")
        program.end()
        self.assertEqual((program.texts("named"), program.texts()), (["on"], ["on"]))

    def test_call_sites_of_unloaded_libraries_are_left_alone(self):
        program = self.start()
        program.tell("load off")
        self.run_tool("level", "orders", "debug")
        program.tell("load on")
        self.run_tool("level", "orders", "info")
        program.tell("load off-again")
        self.run_tool("level", "orders", "debug")
        program.tell("debug own")
        program.end()
        self.assertEqual((program.texts("from a plugin"), program.texts()), (["on"], ["own"]))

    # ---- on and off ----

    def test_disabled_nothing_is_recorded_and_enabled_all_is_again(self):
        program = self.start()
        self.assertIn("enabled = 0: in force", self.run_tool("disable", "orders").stdout)
        self.assertEqual(self.status()[0]["state"], "off")
        program.tell("info off")
        program.tell("span off off")
        self.run_tool("enable", "orders")
        program.tell("info on")
        program.end()
        self.assertEqual(program.texts("info"), ["ready", "on"])
        self.assertEqual(program.texts("span completed"), [])

    def test_what_was_started_disabled_can_be_enabled(self):
        program = self.start(SPANLOG_ENABLED="0")
        program.tell("info off")
        self.run_tool("enable", "orders", "--level", "debug")
        program.tell("debug on")
        program.end()
        self.assertEqual((program.texts("info"), program.texts()), ([], ["on"]))

    def test_what_the_process_refuses_is_said(self):
        program = self.start(SPANLOG_LEVEL=",".join(f"logger{i}=error" for i in range(32)))
        done = self.run_tool("level", "orders", "db=debug", status=2)
        self.assertIn("refused: its stderr says why", done.stdout)
        self.assertEqual(self.status()[0]["refused"], 1)
        self.assertIn("live:1: level = db=debug: more than 32 loggers", program.end())

    # ---- outputs ----

    def messages_in(self, name):
        with open(os.path.join(self.place, name), encoding="utf-8") as file:
            return [line.get("text") for line in map(json.loads, file) if line["msg"] == "info"]

    def test_another_output_takes_what_is_logged_from_now_on(self):
        program = self.start()
        other = os.path.join(self.place, "other.jsonl")
        done = self.run_tool("enable", "orders", "--output", "file:" + other, "--sample-rate", "0.5")
        self.assertEqual(done.stdout, f"orders[{program.pid}]: output = file:{other}, sample_rate = 0.5, enabled = 1: "
                                      "in force\n")
        program.tell("info moved")
        self.assertEqual(self.status()[0]["output"], f"trace:auto+file:{other}")
        self.run_tool("enable", "orders", "--exporter", f"file:{other},pretty+stderr")
        program.tell("info twice")
        done = self.run_tool("enable", "orders", "--reset")
        self.assertRegex(done.stdout, r"enabled, output, .*_endpoint as configured: in force\n")
        program.tell("info back")
        err = program.end()
        self.assertEqual(program.texts("info"), ["ready", "back"])
        self.assertEqual(self.messages_in("other.jsonl"), ["moved", "twice"])
        self.assertEqual((err.count("twice"), err.count("moved"), err.count("back")), (1, 0, 0))

    def test_a_path_is_that_of_the_caller(self):
        program = self.start()
        done = subprocess.run([TOOL, "enable", "orders", "--output", "file:here.jsonl"], cwd=self.place, text=True,
                              env={**os.environ, "SPANLOG_JOURNAL_DIR": os.path.join(self.place, "journals")},
                              stdout=subprocess.PIPE, check=True)
        self.assertIn(f"output = file:{os.path.realpath(self.place)}/here.jsonl", done.stdout)
        program.tell("info moved")
        program.end()
        self.assertEqual(self.messages_in("here.jsonl"), ["moved"])

    def test_an_output_for_a_while_goes_back_by_itself(self):
        program = self.start()
        self.run_tool("enable", "orders", "--output", f"file:{self.place}/other.jsonl", "--for", "1s")
        program.tell("info away")
        time.sleep(1.5)
        program.tell("info back")
        program.end()
        self.assertEqual((program.texts("info"), self.messages_in("other.jsonl")), (["ready", "back"], ["away"]))

    def debug_texts_in(self, name):
        path = os.path.join(self.place, name)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [line["text"] for line in map(json.loads, file) if line["msg"] == "debug"]

    def test_a_forked_child_begins_with_the_outputs_that_its_parent_has(self):
        program = self.start()
        self.run_tool("enable", "orders", "--output", f"file:{self.place}/other.jsonl", "--level", "debug")
        for number in range(5):
            program.tell(f"fork child-{number}")
        program.end()
        self.assertEqual((program.texts(), self.debug_texts_in("other.jsonl")),
                         ([], [f"child-{number}" for number in range(5)]))

    def test_a_child_forked_after_a_reload_has_the_outputs_of_the_file(self):
        path = os.path.join(self.place, "conf")

        def configure(name):
            with open(path + ".new", "w", encoding="utf-8") as file:
                file.write(f"level = debug\noutput = file:{self.place}/{name}\n")
            os.rename(path + ".new", path)

        configure("first.jsonl")
        program = self.start(SPANLOG_CONFIG=path, SPANLOG_OUTPUT="")
        configure("second.jsonl")
        end = time.monotonic() + SOON
        while not self.status()[0]["output"].endswith("second.jsonl"):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        program.tell("fork child")
        program.end()
        self.assertEqual((self.debug_texts_in("first.jsonl"), self.debug_texts_in("second.jsonl")), ([], ["child"]))

    def test_none_stops_the_output_and_another_begins_it_again(self):
        program = self.start()
        self.run_tool("enable", "orders", "--output", "none")
        program.tell("info nowhere")
        self.run_tool("enable", "orders", "--output", f"file:{self.place}/a.jsonl,file:{self.place}/b.jsonl")
        program.tell("info both")
        program.end()
        self.assertEqual(program.texts("info"), ["ready"])
        self.assertEqual((self.messages_in("a.jsonl"), self.messages_in("b.jsonl")), (["both"], ["both"]))

    def test_an_output_that_cannot_be_opened_is_refused_and_the_old_one_stays(self):
        program = self.start()
        for _ in range(2):
            done = self.run_tool("enable", "orders", "--output", "file:/nowhere/at/all", status=2)
            self.assertIn("refused: its stderr says why", done.stdout)
        program.tell("info here")
        self.run_tool("level", "orders", "debug")
        err = program.end()
        self.assertEqual(program.texts("info"), ["ready", "here"])
        self.assertIn("output = trace:auto+file:/nowhere/at/all: No such file or directory; the outputs stay", err)
        self.assertEqual(err.count("\n"), 1, err)

    def test_configured_outputs_that_cannot_be_had_any_more_are_refused_and_shown_so(self):
        program = self.start()
        other = os.path.join(self.place, "other.jsonl")
        self.run_tool("enable", "orders", "--output", "file:" + other)
        os.rename(program.log, program.log + ".1")
        os.mkdir(program.log)  # no file can be opened there
        for _ in range(2):
            done = self.run_tool("enable", "orders", "--reset", status=2)
            self.assertIn("as configured: refused: its stderr says why", done.stdout)
        self.run_tool("level", "orders", "--reset")
        program.tell("info here")
        self.assertIn(f"\n  refused: output = trace:auto+file:{program.log}\n", self.run_tool("status").stdout)
        is_ = self.status()[0]
        self.assertEqual((is_["output"], is_["output_refused"], is_["live"]),
                         (f"trace:auto+file:{other}", f"trace:auto+file:{program.log}", []))
        os.rmdir(program.log)
        self.run_tool("enable", "orders", "--reset")
        self.assertNotIn("output_refused", self.status()[0])
        program.tell("info back")
        self.assertEqual(program.end().count("\n"), 1)
        self.assertEqual((program.texts("info"), self.messages_in("other.jsonl")), (["back"], ["here"]))

    def test_network_outputs_that_cannot_be_had_are_said_once_an_episode(self):
        program = self.start(SPANLOG_SPOOL_DIR="relative")
        for _ in range(2):
            self.run_tool("enable", "orders", "--output", "otlp:http://127.0.0.1:9", status=2)
            for level in ("db=debug", "db=info", "debug"):
                self.run_tool("level", "orders", level)
            self.run_tool("enable", "orders", "--reset")
        err = program.end()
        self.assertEqual(err.count("there is no folder for their spool"), 2, err)
        self.assertEqual(err.count("the outputs stay as they are"), 2, err)

    def test_a_console_too_many_is_said_once(self):
        files = ",".join(f"file:{self.place}/{name}" for name in "abcd")
        program = self.start(SPANLOG_OUTPUT=files, OTEL_TRACES_EXPORTER="console")
        for level in ("db=debug", "db=info", "debug"):
            self.run_tool("level", "orders", level)
        err = program.end()
        self.assertEqual(err.count("console is left out"), 1, err)

    def test_old_files_are_compressed_of_every_output_that_it_has_in_turn(self):
        try:
            ctypes.CDLL("libz.so.1")
        except OSError:
            self.skipTest("there is no libz.so.1")
        program = self.start()
        for turn in range(6):
            name = f"turn{turn}.jsonl"
            self.run_tool("enable", "orders", "--output", f"file:{self.place}/{name}?rotate=4K&compress=gzip")
            for number in range(80):
                program.tell(f"info {number}-{'x' * 150}")
            end = time.monotonic() + 3 * SOON
            while not [file for file in os.listdir(self.place) if file.startswith(name) and file.endswith(".gz")]:
                self.assertLess(time.monotonic(), end, name)
                time.sleep(0.05)
        self.assertEqual(program.end(), "")

    def test_what_is_no_output_is_said_before_anything_is_changed(self):
        program = self.start()
        for value, text in (("otlp:http://localhost:4317", "has 4318"), ("file:", "the path of file: is missing"),
                            ("loki:ftp://localhost", "begins with http:// or https://"), ("nowhere", "there is no such sink")):
            done = self.run_tool("enable", "orders", "--exporter", value, status=2)
            self.assertIn(text, done.stderr)
        program.end()

    def test_a_running_service_keeps_its_name(self):
        program = self.start()
        done = self.run_tool("enable", "orders", "--service-name", "shop", status=2)
        self.assertIn("a running service keeps its name", done.stderr)
        self.assertIn("SERVICE_NAME=shop", done.stderr)
        self.assertIn("in force", self.run_tool("enable", "--service-name", "orders", "--level", "debug").stdout)
        self.run_tool("enable", "orders", "--service-name", "orders")
        program.end()

    def test_an_output_can_be_saved(self):
        program = self.start()
        done = self.run_tool("enable", "orders", "--exporter", "error:logfmt+stderr", "--save")
        self.assertIn("[orders] output = error:logfmt+stderr\n", done.stdout)
        self.assertIn("enabled = 1: in force\n", done.stdout)
        program.end()

    def test_the_next_start_finishes_what_a_killed_process_left_in_the_outputs_that_held(self):
        program = self.start()
        self.run_tool("enable", "orders", "--output", f"file:{self.place}/other.jsonl")
        program.tell("info moved")
        program.process.kill()
        program.process.communicate()
        self.run_tool("recover", "--dir", os.path.join(self.place, "journals"))
        self.assertEqual(self.messages_in("other.jsonl"), ["moved"])
        self.assertEqual(self.messages_in("orders.jsonl"), ["ready"])

    # ---- sampling ----

    def needs_sampling(self):
        if "sample_rate" not in self.run_tool("config").stdout:
            self.skipTest("this build has no samplers")

    def test_a_share_of_traces_holds_from_the_next_trace_on(self):
        self.needs_sampling()
        program = self.start()
        program.tell("span a b")
        self.assertEqual(self.status()[0]["sample_ratio"], 1)
        done = self.run_tool("sample", "orders", "0%")
        self.assertIn("sample_rate = 0%: in force", done.stdout)
        self.assertEqual(self.status()[0]["sample_ratio"], 0)
        program.tell("span c d")
        self.run_tool("sample", "orders", "--operation", "out*", "1.0", "--for", "10m")
        program.tell("span e f")
        self.run_tool("sample", "orders", "--operation", "inner", "--route", "/x", "0.5")
        self.assertEqual(self.status()[0]["sample_rules"],
                         "operation=inner,route=/x:0.5; operation=out*:1.0")
        self.run_tool("sample", "orders", "--operation", "out*", "0")
        program.tell("span g h")
        self.run_tool("sample", "orders", "--reset")
        program.tell("span i j")
        self.assertEqual(program.end(), "")
        self.assertEqual(program.texts("span completed"), ["b", "a", "f", "e", "j", "i"])

    def test_a_sampling_rule_is_saved_before_those_that_stand_there(self):
        self.needs_sampling()
        path = os.path.join(self.place, ".config", "spanlog", "spanlog.conf")
        os.makedirs(os.path.dirname(path))
        with open(path, "w", encoding="utf-8") as file:
            file.write("[orders]\nsample_rules = route=/a:0.1; route=/b:0.2\n")
        self.run_tool("sample", "orders", "--route", "/b", "1", "--save")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "[orders]\nsample_rules = route=/b:1; route=/a:0.1\n")

    # ---- which processes ----

    def test_a_service_s_name_a_pid_or_all_say_which_processes(self):
        first, second, other = self.start(), self.start(), self.start("ticker")
        self.assertEqual(len(self.run_tool("level", "orders", "debug").stdout.splitlines()), 2)
        self.assertEqual(len(self.run_tool("level", "--all", "debug").stdout.splitlines()), 3)
        self.assertEqual(self.run_tool("level", str(other.pid), "debug").stdout,
                         f"ticker[{other.pid}]: level = debug: in force\n")
        self.assertEqual([s["service"] for s in self.status()], ["orders", "orders", "ticker"])
        self.assertEqual([s["pid"] for s in self.status("ticker")], [other.pid])
        first.end(), second.end(), other.end()

    def test_mistakes_are_said_and_change_nothing(self):
        program = self.start()
        self.assertIn("no process nobody logs here", self.run_tool("level", "nobody", "info", status=1).stderr)
        self.assertIn("level = \"loud\" is not right; right is trace,", self.run_tool("level", "orders", "loud", status=2).stderr)
        self.assertIn("which level?", self.run_tool("level", "orders", status=2).stderr)
        self.assertIn("of which process?", self.run_tool("disable", status=2).stderr)
        self.assertIn("not soon", self.run_tool("level", "orders", "info", "--for", "soon", status=2).stderr)
        self.assertIn("not with --for", self.run_tool("level", "orders", "info", "--for", "1s", "--save",
                                                      status=2).stderr)
        self.assertEqual((self.status()[0]["level"], self.status()[0]["live"]), ("info", []))
        self.assertEqual(program.end(), "")

    def test_a_stopped_process_is_said_to_be_so(self):
        program = self.start()
        os.kill(program.pid, signal.SIGSTOP)
        done = self.run_tool("level", "orders", "debug", status=2)
        os.kill(program.pid, signal.SIGCONT)
        self.assertIn("not in force yet: the process is stopped", done.stdout)
        self.run_tool("flush", "orders")
        program.tell("debug now")
        program.end()
        self.assertEqual(program.texts(), ["now"])

    def test_too_many_rules_change_nothing(self):
        program = self.start()
        program.tell("debug off")
        refused = None
        for number in range(20):  # each has a set of its own, since each ends at another time
            directives = ",".join(f"logger.{i}{'x' * 40}=error" for i in range(16))
            done = self.call_tool("level", "orders", directives, "--for", f"{number + 10}m")
            if done.returncode != 0:
                refused = done
                break
        self.assertIn("too many live rules (--reset takes them back); nothing is changed", refused.stderr)
        level = self.status()[0]["level"]
        self.assertEqual(level.count("=error"), 16)
        self.run_tool("level", "orders", "--reset")
        self.assertEqual(self.status()[0]["level"], "info")
        program.end()

    # ---- other users ----

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_another_user_sees_and_changes_nothing(self):
        program = self.start()
        os.chmod(self.place, 0o755)
        nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
        for arguments in (("level", "orders", "debug"), ("disable", "--all"), ("flush", "orders"),
                          ("rotate", str(program.pid))):
            done = self.run_tool(*arguments, status=2, prefix=nobody)
            self.assertEqual((done.stdout, "Permission denied" in done.stderr), ("", True), done.stderr)
        program.tell("debug still-off")
        self.assertEqual(self.status()[0]["level"], "info")
        program.end()
        self.assertEqual(program.texts(), [])

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_a_journal_that_is_open_to_all_is_still_its_owner_s(self):
        program = self.start()
        journals = os.path.join(self.place, "journals")
        for path in (self.place, journals):
            os.chmod(path, 0o755)
        for name in os.listdir(journals):
            os.chmod(os.path.join(journals, name), 0o666)
        nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
        done = self.run_tool("level", "orders", "debug", status=1, prefix=nobody)
        self.assertIn("no process orders logs here", done.stderr)
        program.end()

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_root_may(self):
        os.chmod(self.place, 0o777)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SPANLOG_", "OTEL_"))}
        journals = os.path.join(self.place, "spanlog-65534")
        os.mkdir(journals, 0o700)
        os.chown(journals, 65534, 65534)
        program = subprocess.Popen(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", PROGRAM],
            env={**environment, "SPANLOG_JOURNAL_DIR": self.place, "SPANLOG_OUTPUT": f"file:{self.place}/log",
                 "SPANLOG_SERVICE": "theirs", "HOME": "/"},
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        program.stdin.write("info ready\n")
        program.stdin.flush()
        program.stdout.readline()
        done = self.run_tool("level", "theirs", "debug", SPANLOG_JOURNAL_DIR=self.place)
        self.assertIn("level = debug: in force", done.stdout)
        program.communicate(timeout=SOON)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_root_sees_who_logs_in_a_directory_of_another_user(self):
        os.chmod(self.place, 0o755)
        theirs = os.path.join(self.place, "theirs")
        os.mkdir(theirs, 0o700)
        os.chown(theirs, 65534, 65534)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SPANLOG_", "OTEL_"))}
        program = subprocess.Popen(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", PROGRAM],
            env={**environment, "SPANLOG_JOURNAL_DIR": theirs, "SPANLOG_OUTPUT": "none",
                 "SPANLOG_SERVICE": "theirs", "HOME": "/"},
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        program.stdin.write("info ready\n")
        program.stdin.flush()
        program.stdout.readline()
        for directory in (theirs, theirs + "/", self.place):
            done = self.run_tool("status", "--json", "--dir", directory)
            self.assertEqual([json.loads(line)["pid"] for line in done.stdout.splitlines()], [program.pid], directory)
        os.chmod(theirs, 0o777)  # anybody could have put them there
        self.run_tool("status", "--dir", self.place, status=1)
        program.communicate(timeout=SOON)

    # ---- status, flush, rotate ----

    def test_status_tells_what_was_done(self):
        program = self.start()
        program.tell("span a b")
        self.assertEqual(self.run_tool("flush", "orders").stdout, f"orders[{program.pid}]: written\n")
        is_ = self.status()[0]
        self.assertEqual({key: is_[key] for key in ("pid", "service", "state", "level", "records", "spans",
                                                    "dropped", "sink_errors", "lag_ms", "ring_used",
                                                    "open_spans", "live")},
                         {"pid": program.pid, "service": "orders", "state": "on", "level": "info",
                          "records": 5, "spans": 2, "dropped": 0, "sink_errors": 0, "lag_ms": 0,
                          "ring_used": 0, "open_spans": 0, "live": []})
        self.assertEqual(is_["output"], f"trace:auto+file:{program.log}")
        self.assertEqual(is_["bytes"], os.path.getsize(program.log))
        self.assertGreaterEqual(is_["ring_size"], 65536)
        program.end()

    def test_status_counts_what_waits_and_what_could_not_be_written(self):
        program = self.start()
        self.run_tool("flush", "orders")
        os.rename(program.log, program.log + ".1")
        os.mkdir(program.log)  # no file can be opened there
        program.tell("info waits")
        time.sleep(0.3)
        is_ = self.status()[0]
        self.assertGreater(is_["sink_errors"], 0)
        self.assertIn("errors of its outputs", self.run_tool("status").stdout)
        os.rmdir(program.log)
        self.run_tool("flush", "orders")
        program.end()
        self.assertEqual(program.texts("info"), ["waits"])

    def test_a_dead_process_is_shown_until_it_is_recovered(self):
        program = self.start()
        self.run_tool("flush", "orders")
        os.kill(program.pid, signal.SIGKILL)
        program.process.wait()
        self.assertEqual([(s["state"], s["pid"]) for s in self.status()], [("dead", program.pid)])
        self.run_tool("level", "orders", "debug", status=1)
        self.run_tool("recover")
        self.run_tool("status", status=1)

    def test_rotated_nothing_more_comes_into_the_renamed_file(self):
        program = self.start()
        for number in range(5):
            program.tell(f"info {number}")
            os.rename(program.log, f"{program.log}.{number}") if os.path.exists(program.log) else None
            self.run_tool("rotate", "orders")
            self.assertTrue(os.path.exists(program.log))
        program.end()
        texts = []
        for name in os.listdir(self.place):
            if name.startswith("orders.jsonl"):
                with open(os.path.join(self.place, name), encoding="utf-8") as file:
                    texts += [json.loads(line).get("text") for line in file]
        self.assertEqual(sorted(text for text in texts if text is not None), ["0", "1", "2", "3", "4", "ready"])

    # ---- --save ----

    def test_what_is_saved_holds_at_the_next_start_and_comments_stay(self):
        path = os.path.join(self.place, ".config", "spanlog", "spanlog.conf")
        os.makedirs(os.path.dirname(path))
        before = "# ours\nfull = block\n\n[orders]  \n# more of it\nlevel = warn,http=debug\n\n[ticker]\nlevel = error\n"
        with open(path, "w", encoding="utf-8") as file:
            file.write(before)
        os.chmod(path, 0o640)
        program = self.start()
        done = self.run_tool("level", "orders", "info,db=debug", "--save")
        self.assertEqual(done.stdout, f"{path}: [orders] level = info,db=debug\n"
                                      f"orders[{program.pid}]: level = info,db=debug: in force\n")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), before.replace("warn,http=debug", "http=debug,info,db=debug"))
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o640)
        program.end()
        again = self.start()
        self.assertEqual(self.status()[0]["level"], "info,http=debug,db=debug")
        again.end()

    def test_saving_makes_the_file_and_the_section(self):
        path = os.path.join(self.place, ".config", "spanlog", "spanlog.conf")
        self.assertIn("no such process logs here now: from the next start on",
                      self.run_tool("disable", "orders", "--save").stdout)
        self.run_tool("enable", "--all", "--save")
        self.run_tool("level", "orders", "debug", "--save")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "enabled = 1\n[orders]\nenabled = 0\nlevel = debug\n")

    def test_help_has_examples(self):
        for verb in ("status", "level", "sample", "enable", "disable", "flush", "rotate"):
            self.assertIn(f"spanlog {verb}", self.run_tool(verb, "--help").stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
