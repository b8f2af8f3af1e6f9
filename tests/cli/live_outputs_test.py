#!/usr/bin/env python3
"""Live control of where to: outputs, what is flushed and rotated, and what is saved.

    live_outputs_test.py BUILD/spanlog BUILD/tests/live_program BUILD/tests/liblibrary_plugin.so [-k word]
"""
import ctypes
import glob
import json
import os
import signal
import subprocess
import sys
import unittest

from live import SOON, TOOL, Live


class Outputs(Live):
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
        self.run_tool("enable", "orders", "--output", f"file:{self.place}/other.jsonl", "--for", "4s")
        program.tell("info away")
        self.wait_for(lambda: self.status()[0]["output"].endswith("orders.jsonl"))
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
        program = self.start(SPANLOG_CONFIG=path, SPANLOG_OUTPUT=None)
        configure("second.jsonl")
        self.wait_for(lambda: self.status()[0]["output"].endswith("second.jsonl"))
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
            self.assertIn("file:/nowhere/at/all: refused: No such file or directory\n", done.stdout)
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
            self.assertIn("enabled as configured: in force\n", done.stdout)
            self.assertIn("_endpoint as configured: refused: Is a directory\n", done.stdout)
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
            self.wait_for(lambda: glob.glob(f"{self.place}/{name}*.gz"), 3 * SOON)
        self.assertEqual(program.end(), "")

    def test_what_is_no_output_is_said_before_anything_is_changed(self):
        program = self.start()
        for value, text in (("otlp:http://localhost:4317", "has 4318"), ("file:", "the path of file: is missing"),
                            ("loki:ftp://localhost", "begins with http:// or https://"), ("nowhere", "there is no such sink")):
            done = self.run_tool("enable", "orders", "--exporter", value, status=2)
            self.assertIn(text, done.stderr)
        program.end()

    def test_an_endpoint_that_speaks_something_else_is_said_as_in_the_environment(self):
        program = self.start()
        for option, url, text in (
                ("--otlp-endpoint", "http://custom:4317", "port 4317 is gRPC's: OTLP over HTTP has 4318; right is "),
                ("--jaeger-endpoint", "http://jaeger:14268/api/traces", "port 14268 is Thrift's: OTLP over HTTP has 4318"),
                ("--zipkin-endpoint", "zipkin:9411", "it begins with http:// or https://; right is "),
                ("--loki-endpoint", "http://:3100", "it names no host; right is "),
                ("--sample-rate", "half", "no number; right is 0 to 1"),
                ("--sample-rate", "", "empty; right is 0 to 1"),
                ("--level", "x", "there is no such level; right is ")):
            done = self.run_tool("enable", "orders", option, url, status=2)
            self.assertIn(f'= "{url}" is not right: {text}', done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertEqual(self.status()[0]["live"], [])
        self.assertEqual(program.end(), "")

    def test_the_endpoints_of_all_network_outputs_can_be_given(self):
        program = self.start(SPANLOG_SPOOL_DIR=os.path.join(self.place, "spool"))
        for kind, url in (("jaeger", "http://127.0.0.1:9/j"), ("zipkin", "http://127.0.0.1:9/z"),
                          ("loki", "http://127.0.0.1:9/l")):
            done = self.run_tool("enable", "orders", f"--{kind}-endpoint", url)
            self.assertEqual(done.stdout, f"orders[{program.pid}]: {kind}_endpoint = {url}, enabled = 1: in force\n")
            self.assertEqual(self.status()[0][f"{kind}_endpoint"], url)
        self.assertEqual(program.end(), "")

    def test_of_changes_of_which_one_is_refused_the_others_are_said_to_hold(self):
        program = self.start(SPANLOG_SPOOL_DIR="relative")
        done = self.run_tool("enable", "--exporter", "otlp", "--otlp-endpoint", "http://127.0.0.1:9", "--sample-rate",
                             "50%", "--service-name", "orders", status=2)
        self.assertEqual(done.stdout, f"orders[{program.pid}]: sample_rate = 50%, enabled = 1: in force\n"
                                      f"orders[{program.pid}]: output = otlp, otlp_endpoint = http://127.0.0.1:9: "
                                      "refused: there is no spool for network outputs\n")
        self.assertEqual(self.status()[0]["sample_ratio"], 0.5)
        done = self.run_tool("enable", "orders", "--reset")
        self.assertIn("otlp_endpoint", done.stdout)
        self.assertIn("there is no folder for their spool", program.end())

    def test_all_that_the_seeds_give_at_once_is_in_force(self):
        program = self.start(SPANLOG_SPOOL_DIR=os.path.join(self.place, "spool"))
        done = self.run_tool("enable", "--exporter", "otlp", "--otlp-endpoint", "http://127.0.0.1:9", "--sample-rate",
                             "0.5", "--service-name", "orders")
        self.assertEqual(done.stdout, f"orders[{program.pid}]: output = otlp, otlp_endpoint = http://127.0.0.1:9, "
                                      "sample_rate = 0.5, enabled = 1: in force\n")
        is_ = self.status()[0]
        self.assertEqual((is_["sample_ratio"], is_["otlp_endpoint"], is_["output"]),
                         (0.5, "http://127.0.0.1:9", "trace:auto+otlp"))
        program.process.kill()

    def test_what_is_no_file_takes_nothing_that_is_saved(self):
        program = self.start()
        done = self.run_tool("level", "orders", "debug", "--save", status=2, SPANLOG_CONFIG="/dev/null")
        self.assertEqual(done.stderr, "spanlog: /dev/null is not saved: not a file\n")
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
        self.wait_for(lambda: self.status()[0]["sink_errors"] > 0)
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
