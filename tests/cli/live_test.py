#!/usr/bin/env python3
"""Live control: the tool against real processes that log when they are told to.

    live_test.py BUILD/spanlog BUILD/tests/live_program BUILD/tests/liblibrary_plugin.so [-k word]

Their outputs and files: live_outputs_test.py.
"""
import collections
import fcntl
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

from live import DEBUG_LINE, HTTP_LINE, PROGRAM, SOON, Live, line_of


CUT_TIMES = 200
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")


def as_another_user(test):
    """Needs root and setpriv: skipped without, but where CI is set it fails."""
    @functools.wraps(test)
    def run(self):
        if os.geteuid() != 0 or not shutil.which("setpriv"):
            (self.fail if os.environ.get("CI") else self.skipTest)("needs root and setpriv")
        test(self)
    return run


def cut_and_rewrite(path, told):
    """A process that holds the journal's lock and changes the file's size as fast as it can."""
    with open(path, "r+b", buffering=0) as file:
        whole = file.read()
        fcntl.lockf(file, fcntl.LOCK_EX, 1)
        os.rename(path, path + ".journal")  # only now: a living process's, whom nobody recovers
        os.write(told, b"!")
        while True:
            for size in (0, 5000, len(whole) // 2):
                os.ftruncate(file.fileno(), size)
            os.pwrite(file.fileno(), whole, 0)


class Control(Live):
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
        done = self.run_tool("level", "orders", "debug", "--for", "4s")
        self.assertIn("level = debug for 4s: in force", done.stdout)
        program.tell("debug while")
        self.wait_for(lambda: self.status()[0]["level"] == "info")
        program.tell("debug after")
        self.assertEqual(self.status()[0]["live"], [])
        program.end()
        self.assertEqual(program.texts(), ["while"])

    def test_a_change_for_a_time_leaves_what_is_for_good(self):
        program = self.start()
        self.run_tool("level", "orders", "http=debug")
        self.run_tool("level", "orders", "db=debug", "--for", "4s")
        now = self.status()[0]
        self.assertEqual(now["level"], "info,http=debug,db=debug")
        self.assertEqual([rule["rule"] for rule in now["live"]],
                         ["level = http=debug", "level = db=debug"])
        self.wait_for(lambda: self.status()[0]["level"] == "info,http=debug")
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
        self.assertIn("level = db=debug: refused: more than 32 loggers\n", done.stdout)
        self.assertEqual(self.status()[0]["refused"], 1)
        done = self.run_tool("sample", "orders", "0.5")  # another change is not refused for that
        self.assertEqual(done.stdout, f"orders[{program.pid}]: sample_rate = 0.5: in force\n")
        err = program.end()
        self.assertIn("live:1: level = db=debug: more than 32 loggers", err)
        self.assertEqual(err.count("\n"), 1, err)

    def test_a_value_out_of_range_is_named_by_the_tool_and_what_holds_is_saved(self):
        program = self.start()
        done = self.run_tool("sample", "orders", "7", "--save")
        self.assertEqual(done.stderr, "spanlog: sample: sample_rate = 7: above the most; 1 is used\n")
        self.assertIn(f"orders[{program.pid}]: sample_rate = 1: in force\n", done.stdout)
        self.assertIn("[orders] sample_rate = 1\n", done.stdout)
        done = self.run_tool("sample", "orders", "-1")
        self.assertEqual(done.stderr, "spanlog: sample: sample_rate = -1: below the least; 0 is used\n")
        self.assertIn("unknown option -x", self.run_tool("sample", "orders", "-x", status=2).stderr)
        done = self.run_tool("sample", "orders", "--route", "/a", "700% 5/s")
        self.assertEqual(done.stderr, "spanlog: sample: sample_rules = route=/a:700% 5/s: a rate outside 0 to 1; "
                                      "route=/a:1 5/s is used\n")
        self.assertEqual(self.status()[0]["sample_rules"], "route=/a:1 5/s")
        self.run_tool("level", "orders", "debug")
        self.assertEqual(program.end(), "")

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

    def test_each_sampling_rule_ends_at_its_own_time(self):
        self.needs_sampling()
        program = self.start(SPANLOG_SAMPLE_RULES="route=/own:1")
        self.run_tool("sample", "orders", "--route", "/a", "1", "--for", "3s")
        self.run_tool("sample", "orders", "--route", "/b", "0.5", "--for", "10m")
        self.run_tool("sample", "orders", "--operation", "x*", "0.5")
        self.assertEqual(self.status()[0]["sample_rules"],
                         "operation=x*:0.5; route=/b:0.5; route=/a:1; route=/own:1")
        self.wait_for(lambda: "/a" not in self.status()[0]["sample_rules"])
        now = self.status()[0]
        self.assertEqual(now["sample_rules"], "operation=x*:0.5; route=/b:0.5; route=/own:1")
        self.assertEqual([(rule["rule"], "left_ms" in rule) for rule in now["live"]],
                         [("sample_rules = route=/b:0.5", True), ("sample_rules = operation=x*:0.5", False)])
        self.run_tool("sample", "orders", "--reset")
        self.assertEqual(self.status()[0]["sample_rules"], "route=/own:1")
        self.assertEqual(program.end(), "")

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
        self.assertIn("level = \"loud\" is not right: there is no such level; right is ", self.run_tool("level", "orders", "loud", status=2).stderr)
        directives = ",".join(f"logger{i}=error" for i in range(33))
        self.assertIn("is not right: more than 32 loggers; right is ",
                      self.run_tool("level", "orders", directives, status=2, SPANLOG_LEVEL="x=info").stderr)
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

    @as_another_user
    def test_another_user_sees_and_changes_nothing(self):
        program = self.start()
        os.chmod(self.place, 0o755)
        for arguments in (("level", "orders", "debug"), ("disable", "--all"), ("flush", "orders"),
                          ("rotate", str(program.pid))):
            done = self.run_tool(*arguments, status=2, prefix=NOBODY)
            self.assertEqual((done.stdout, "Permission denied" in done.stderr), ("", True), done.stderr)
        program.tell("debug still-off")
        self.assertEqual(self.status()[0]["level"], "info")
        program.end()
        self.assertEqual(program.texts(), [])

    @as_another_user
    def test_a_journal_that_is_open_to_all_is_still_its_owner_s(self):
        program = self.start()
        journals = os.path.join(self.place, "journals")
        for path in (self.place, journals):
            os.chmod(path, 0o755)
        for name in os.listdir(journals):
            os.chmod(os.path.join(journals, name), 0o666)
        done = self.run_tool("level", "orders", "debug", status=1, prefix=NOBODY)
        self.assertIn("no process orders logs here", done.stderr)
        program.end()

    @as_another_user
    def test_root_may(self):
        os.chmod(self.place, 0o777)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SPANLOG_", "OTEL_"))}
        journals = os.path.join(self.place, "spanlog-65534")
        os.mkdir(journals, 0o700)
        os.chown(journals, 65534, 65534)
        program = subprocess.Popen(
            [*NOBODY, PROGRAM],
            env={**environment, "SPANLOG_JOURNAL_DIR": self.place, "SPANLOG_OUTPUT": f"file:{self.place}/log",
                 "SPANLOG_SERVICE": "theirs", "HOME": "/"},
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        program.stdin.write("info ready\n")
        program.stdin.flush()
        program.stdout.readline()
        done = self.run_tool("level", "theirs", "debug", SPANLOG_JOURNAL_DIR=self.place)
        self.assertIn("level = debug: in force", done.stdout)
        program.communicate(timeout=SOON)

    @as_another_user
    def test_root_sees_who_logs_in_a_directory_of_another_user(self):
        os.chmod(self.place, 0o755)
        theirs = os.path.join(self.place, "theirs")
        os.mkdir(theirs, 0o700)
        os.chown(theirs, 65534, 65534)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SPANLOG_", "OTEL_"))}
        program = subprocess.Popen(
            [*NOBODY, PROGRAM],
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

    # ---- journals that are somebody's work ----

    def test_a_journal_that_is_cut_short_while_it_is_read_harms_nobody(self):
        self.start("ticker")
        journals = os.path.join(self.place, "journals")
        path = os.path.join(journals, os.listdir(journals)[0])
        theirs = os.path.join(journals, "theirs")
        shutil.copy(path, theirs)
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                cut_and_rewrite(theirs, tell)
            except Exception as error:
                os.write(tell, str(error).encode())
            os._exit(1)
        os.close(tell)
        try:
            self.assertEqual(os.read(told, 100), b"!")
            calls = [("status",), ("status", "--json")] * (CUT_TIMES // 2)
            calls[::20] = [("level", "--all", "info"), ("flush", "--all")] * (CUT_TIMES // 40)  # these wait a second
            statuses = collections.Counter(self.call_tool(*arguments).returncode for arguments in calls)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(told)
        self.assertEqual(set(statuses) - {0, 1, 2}, set(), statuses)
        self.assertGreater(statuses[0], 0)

    def test_no_name_can_steer_a_terminal(self):
        # As a service it would be refused; the name of the program is taken as it is.
        evil = "orders\x1b[2J\x9b31m\u202e\u0085"
        program = self.start(name=evil, SPANLOG_SERVICE=None, SPANLOG_OUTPUT=f"file:{self.place}/\x1b[31mlog")
        pid = str(program.pid)
        for arguments in (("status",), ("status", "--json"), ("level", "--all", "debug"), ("flush", pid), ("rotate", pid),
                          ("sample", pid, "0.5"), ("disable", pid), ("enable", pid, "--reset"), ("status", pid)):
            done = self.call_tool(*arguments)
            self.assertIn(done.returncode, (0, 2), (arguments, done))
            self.assertIn("orders\\u001b[2J", done.stdout, arguments)
            for text in (done.stdout, done.stderr):
                bad = {c for c in text if not c.isprintable()} - {"\n", "\u202e" if "--json" in arguments else "\n"}
                self.assertEqual(bad, set(), (arguments, text))
        program.process.communicate()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
