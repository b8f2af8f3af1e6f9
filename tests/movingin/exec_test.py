"""tests/movingin/exec_test.py TOOL WRITER: `spanlog log` and `spanlog exec`, with real processes.

WRITER: a program that uses the library; it logs, opens a span and is killed in it.
"""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

from sentences import equal, holds, run_tests, skip

TOOL, WRITER = (os.path.abspath(path) for path in sys.argv[1:3])
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _exec(place, *command, **more):
    return place.run(TOOL, "exec", "-o", place.log, *command, **more)


# ---- log ------------------------------------------------------------------------------------------


def values_of_a_line_have_types(place):
    place.run(TOOL, "log", "-l", "warn", "-o", place.log, "disk low", "free_mb=12", "ratio=0.5", "big=1e300",
              "ok=true", "bad=false", "name=a b", "zip=007", "empty=", "minus=-3", "huge=18446744073709551615")
    line = place.lines()[0]
    for key in ("ts", "service"):
        line.pop(key)
    equal("line", line, {"level": "warn", "msg": "disk low", "free_mb": 12, "ratio": 0.5, "big": 1e300, "ok": True,
                         "bad": False, "name": "a b", "zip": "007", "empty": "", "minus": -3,
                         "huge": 18446744073709551615})


def numbers_keep_their_digits(place):
    fields = ["id=12345678901234567890123", "large=12e307", "price=1.10", "small=-0.5e-400", "zero=-0"]
    place.run(TOOL, "log", "-o", place.log, "paid", *fields)
    with open(place.log, encoding="utf-8") as log:
        written = log.read()
    for key, value in (field.split("=") for field in fields):
        holds(key, f'"{key}":{value},' in written or f'"{key}":{value}}}' in written, written)


def what_no_double_holds_is_a_text(place):
    """Go's parser, for one, refuses a line with such a number."""
    place.run(TOOL, "log", "-o", place.log, "built", "commit=12e4567", "below=-1e309")
    line = place.lines()[0]
    equal("texts", (line["commit"], line["below"]), ("12e4567", "-1e309"))


def a_line_goes_to_stderr_where_nothing_is_said(place):
    done = place.run(TOOL, "log", "hello")
    equal("stdout", done.stdout, b"")
    equal("message", json.loads(done.stderr)["msg"], "hello")


def a_line_carries_the_ids_of_traceparent(place):
    place.run(TOOL, "log", "-o", place.log, "hello", environment={"TRACEPARENT": PARENT})
    line = place.lines()[0]
    equal("ids", (line["trace_id"], line["span_id"]), (PARENT[3:35], PARENT[36:52]))


def a_malformed_traceparent_is_ignored(place):
    place.run(TOOL, "log", "-o", place.log, "hello", environment={"TRACEPARENT": "00-xyz-1"})
    equal("trace id", place.lines()[0].get("trace_id"), None)


def the_level_of_a_line_is_a_matter_of_spanlog_level(place):
    place.run(TOOL, "log", "-o", place.log, "-l", "debug", "quiet")
    place.run(TOOL, "log", "-o", place.log, "-l", "debug", "loud", environment={"SPANLOG_LEVEL": "debug"})
    equal("messages", [line["msg"] for line in place.lines()], ["loud"])


def a_line_that_cannot_be_written_is_an_error(place):
    done = place.run(TOOL, "log", "-o", "/nowhere/at/all.jsonl", "hello", status=2)
    holds("reason", b"/nowhere/at/all.jsonl" in done.stderr, done.stderr)


def wrong_words_of_log_are_named(place):
    for words, said in ((["a", "b"], b"KEY=VALUE"), (["-l", "loud", "a"], b"loud"), ([], b"message"),
                        (["--bad", "a"], b"--bad"), (["a"] + [f"k{i}=1" for i in range(16)], b"15 fields")):
        done = place.run(TOOL, "log", *words, status=2)
        holds(f"stderr of log {words}", said in done.stderr, done.stderr)


def a_message_may_be_of_any_bytes(place):
    place.run(TOOL, "log", "-o", place.log, "100% %s %n\n\"", "k=\x1b[1m")
    line = place.lines()[0]
    equal("message", (line["msg"], line["k"]), ("100% %s %n\n\"", "\x1b[1m"))


# ---- exec -----------------------------------------------------------------------------------------


def a_command_is_a_span_with_what_it_used(place):
    _exec(place, "--name", "backup", "--", "sh", "-c", "exit 0")
    span = place.span("backup")
    equal("exit code", (span["process.exit.code"], span["kind"], span.get("status")), (0, "internal", None))
    for key in ("process.cpu.user_ms", "process.cpu.system_ms", "process.memory.max_rss"):
        holds(key, span[key] >= 0, span)
    holds("memory", span["process.memory.max_rss"] > 100000, span)
    equal("parent", "parent_id" in span, False)


def a_status_is_passed_on_and_an_error(place):
    _exec(place, "--", "sh", "-c", "exit 3", status=3)
    span = place.span("sh")
    equal("span", (span["process.exit.code"], span["status"], span["error"]), (3, "error", "exit status 3"))


def a_death_by_signal_is_passed_on(place):
    _exec(place, "--", "sh", "-c", "kill -KILL $$", status=-9)
    span = place.span("sh")
    equal("span", (span["process.exit.signal"], span["error"]), ("SIGKILL", "killed by SIGKILL (9)"))
    equal("journals left", os.listdir(f"{place.folder}/journals"), [])


def what_cannot_be_run_has_the_shells_status(place):
    done = _exec(place, "--", "no-such-command", status=127)
    holds("reason", b"no-such-command" in done.stderr, done.stderr)
    _exec(place, "--", place.file("plain", "no program\n"), status=126)
    equal("errors", [span["status"] for span in place.spans()], ["error", "error"])


def wrong_words_of_exec_are_named(place):
    for words, said in (([], b"command"), (["--name"], b"--name"), (["--bad", "x"], b"--bad"),
                        (["-o", "loud:x", "true"], b"loud:x")):
        done = place.run(TOOL, "exec", *words, status=2)
        holds(f"stderr of exec {words}", said in done.stderr, done.stderr)


def input_and_output_are_the_commands_own(place):
    script = "cat; echo out; echo err >&2; ls /proc/self/fd | wc -l"
    plain = place.run("sh", "-c", script, input=b"in\n")
    spanned = _exec(place, "--", "sh", "-c", script, input=b"in\n")
    equal("output", (spanned.stdout, spanned.stderr), (plain.stdout, plain.stderr))


def nested_calls_are_one_tree(place):
    script = ("spanlog log hello n=1; spanlog exec --name inner -- sh -c 'spanlog log -l warn deep'; "
              "spanlog log bye")
    _exec(place, "--name", "nightly", "--", "sh", "-c", script)
    outer, inner = place.span("nightly"), place.span("inner")
    equal("parent of inner", inner["parent_id"], outer["span_id"])
    equal("spans of the lines", {line["msg"]: line["span_id"] for line in place.logs()},
          {"hello": outer["span_id"], "deep": inner["span_id"], "bye": outer["span_id"]})
    equal("services", {line["service"] for line in place.lines()}, {"nightly"})
    tree = place.run(TOOL, "trace", "--json", outer["trace_id"][-8:], place.log).stdout
    spans = [json.loads(line) for line in tree.splitlines()]
    equal("tree", [(span["operation"], span["depth"], span["logs"], span["flags"]) for span in spans],
          [("nightly", 0, 2, []), ("inner", 1, 1, [])])


def a_trace_around_us_goes_on(place):
    _exec(place, "--", "sh", "-c", "echo $TRACEPARENT $TRACESTATE",
          environment={"TRACEPARENT": PARENT, "TRACESTATE": "a=1"})
    span = place.span("sh")
    equal("ids", (span["trace_id"], span["parent_id"]), (PARENT[3:35], PARENT[36:52]))
    done = _exec(place, "--", "sh", "-c", "echo $TRACEPARENT $TRACESTATE",
                 environment={"TRACEPARENT": PARENT, "TRACESTATE": "a=1"})
    equal("handed on", done.stdout.decode().split(), [f"00-{PARENT[3:35]}-{place.spans('sh')[1]['span_id']}-01", "a=1"])


def what_was_refused_is_not_handed_on(place):
    wrong = {"TRACEPARENT": "00-xyz-1", "TRACESTATE": "a=1", "BAGGAGE": "user=ann\nX-Evil: 1"}
    done = _exec(place, "--", "sh", "-c", 'echo "$TRACEPARENT|${TRACESTATE-none}|${BAGGAGE-none}"', environment=wrong)
    equal("handed on", done.stdout.decode().strip(),
          f"00-{place.span('sh')['trace_id']}-{place.span('sh')['span_id']}-03|none|none")


def a_trace_that_is_not_sampled_stays_so(place):
    parent = PARENT[:-2] + "00"
    done = _exec(place, "--", "sh", "-c", "echo $TRACEPARENT", environment={"TRACEPARENT": parent})
    version, trace, span, flags = done.stdout.decode().strip().split("-")
    equal("spans", place.spans(), [])
    equal("what is handed on", (version, trace, flags), ("00", parent.split("-")[1], "00"))
    holds("a span id of its own", span != parent.split("-")[2], span)


def without_an_output_the_lines_go_to_the_state_folder(place):
    state = f"{place.folder}/state"
    place.run(TOOL, "exec", "--name", "a/b", "--", "sh", "-c", "cd /; spanlog log hi", environment={"XDG_STATE_HOME": state})
    equal("lines", [line["msg"] for line in place.lines(f"{state}/spanlog/a_b.jsonl")], ["hi", "span completed"])
    place.run(TOOL, "exec", "true", environment={"HOME": place.folder})
    place.span("true", f"{place.folder}/.local/state/spanlog/true.jsonl")
    place.run("env", "-u", "HOME", TOOL, "exec", "true")
    place.span("true", f"{place.folder}/true-spanlog.jsonl")


def a_relative_output_is_one_file_wherever_the_command_goes(place):
    place.run(TOOL, "exec", "-o", "log.jsonl", "sh", "-c", "cd /; spanlog log hi")
    equal("lines", [line["msg"] for line in place.lines()], ["hi", "span completed"])


def a_folder_that_cannot_be_named_is_said_and_the_command_runs(place):
    odd = f"{place.folder}/a,b"
    os.mkdir(odd)
    done = place.run(TOOL, "exec", "sh", "-c", "echo $SPANLOG_OUTPUT", cwd=odd, environment={"HOME": odd})
    equal("output handed on", done.stdout, b"none\n")
    holds("stderr", b"nothing is logged" in done.stderr, done.stderr)
    place.run(TOOL, "exec", "-o", "x.jsonl", "true", cwd=odd, status=2)


def a_mistake_in_spanlog_output_is_said_and_the_command_runs(place):
    done = place.run(TOOL, "exec", "sh", "-c", "echo ran; exit 3", status=3,
                     environment={"SPANLOG_OUTPUT": "nosuch:there", "XDG_STATE_HOME": place.folder})
    equal("stdout", done.stdout, b"ran\n")
    holds("stderr", b"SPANLOG_OUTPUT=nosuch:there" in done.stderr and done.stderr.count(b"\n") == 1, done.stderr)
    place.span("sh", f"{place.folder}/spanlog/sh.jsonl")


# ---- signals --------------------------------------------------------------------------------------

TRAPS = """
for name in HUP INT QUIT TERM USR1 USR2 WINCH ALRM; do trap "echo $name" $name; done
echo ready
while [ ! -e done ]; do sleep 0.02; done
exit 5
"""


def _started(place, script):
    process = place.start(TOOL, "exec", "-o", place.log, "--", "sh", "-c", script, stdout=subprocess.PIPE)
    equal("first line", process.stdout.readline(), b"ready\n")
    return process


def signals_are_passed_on(place):
    process = _started(place, TRAPS)
    for name in ("HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "WINCH", "ALRM"):
        os.kill(process.pid, getattr(signal, f"SIG{name}"))
        equal("signal seen by the command", process.stdout.readline().decode().strip(), name)
    place.file("done", "")
    equal("status", process.wait(20), 5)


def what_ends_the_command_ends_us_alike(place):
    process = _started(place, "echo ready; exec sleep 60")
    os.kill(process.pid, signal.SIGTERM)
    equal("status", process.wait(20), -signal.SIGTERM)
    equal("signal", place.span("sh")["process.exit.signal"], "SIGTERM")


def ignored_and_blocked_signals_stay_so_in_the_command(place):
    script = "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status"
    plain = place.run("sh", "-c", f"trap '' HUP CHLD; {script}")
    spanned = place.run("sh", "-c", f"trap '' HUP CHLD; exec spanlog exec -o {place.log} {script}")
    equal("signals", spanned.stdout, plain.stdout)
    equal("exit code", place.span("grep")["process.exit.code"], 0)


def ctrl_c_on_a_terminal_reaches_the_command_once(place):
    script = ("import signal, sys\nonly = {signal.SIGINT}\nsignal.pthread_sigmask(signal.SIG_BLOCK, only)\n"
              "print('ready', flush=True)\nsignal.sigwait(only)\nprint('got', flush=True)\n"
              "while signal.sigtimedwait(only, 0.5): print('got')\nsys.exit(4)")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(place.folder)
        os.execve(TOOL, [TOOL, "exec", "-o", place.log, sys.executable, "-c", script], place.environment)
    text = b""
    while b"ready" not in text:
        text += os.read(terminal, 1000)
    os.kill(pid, signal.SIGSTOP)  # sent twice at once, two would look like one
    os.write(terminal, b"\x03")
    while b"got" not in text:
        text += os.read(terminal, 1000)
    os.kill(pid, signal.SIGCONT)
    try:
        while True:
            text += os.read(terminal, 1000)
    except OSError:
        pass  # the terminal's other end is closed
    status = os.waitpid(pid, 0)[1]
    equal("times, status", (text.count(b"got"), os.waitstatus_to_exitcode(status)), (1, 4))


def ctrl_z_stops_both_and_a_shell_continues_them(place):
    """A shell with job control on a terminal of its own."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(place.folder)
        os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], {**place.environment, "PS1": "> ", "TERM": "dumb"})
    seen = b""

    def until(word):
        nonlocal seen
        while word not in seen:
            holds(f"{word} on the terminal", select.select([terminal], [], [], 15)[0], seen)
            seen += os.read(terminal, 1000)
        seen = seen[seen.index(word) + len(word):]

    until(b"> ")
    # No shell: one that is stopped between vfork and exec of a command cannot be seen to stop.
    place.file("wait.py", "import os, sys, time\nprint('ready', flush=True)\n"
                          "while not os.path.exists('go'): time.sleep(0.05)\nprint('finished')\nsys.exit(6)\n")
    os.write(terminal, f"spanlog exec --name job -o {place.log} {sys.executable} wait.py\n".encode())
    until(b"ready")
    os.write(terminal, b"\x1a")
    until(b"Stopped")
    time.sleep(0.3)
    os.write(terminal, b"fg\n")
    place.file("go", "")
    until(b"finished")
    os.write(terminal, b"echo status=$?; exit\n")
    until(b"status=6")
    os.waitpid(pid, 0)
    os.close(terminal)
    holds("the span's duration has the stop in it", place.span("job")["duration_ms"] > 300, place.spans())


# ---- logs of the dead, and pid 1 --------------------------------------------------------------------


def _finished(place):
    return [line for line in place.logs() if line["msg"] == "log of a dead process finished"]


def the_log_of_a_killed_command_is_finished(place):
    _exec(place, "--", WRITER, status=-9)
    abandoned = [line for line in place.lines() if line["msg"] == "span abandoned"]
    equal("abandoned spans", [line["operation"] for line in abandoned], ["cut off"])
    equal("its parent", abandoned[0]["parent_id"], place.span(os.path.basename(WRITER))["span_id"])
    equal("its lines", sum(line["msg"] == "before the end" for line in place.lines()), 10)
    equal("told", [line["spans_abandoned"] for line in _finished(place)], [1])
    equal("journals left", os.listdir(f"{place.folder}/journals"), [])


def the_log_of_a_killed_grandchild_is_finished(place):
    _exec(place, "--", "sh", "-c", f"{WRITER}; exit 9", status=9)
    equal("abandoned", [line["operation"] for line in place.lines() if line["msg"] == "span abandoned"], ["cut off"])


def what_was_meant_for_stdout_comes_out_there(place):
    done = place.run("sh", "-c", f"exec spanlog exec -o stdout {WRITER}", status=-9)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    equal("lines", (sum(line["msg"] == "before the end" for line in lines),
                    sum(line["msg"] == "span abandoned" for line in lines)), (10, 1))


def a_living_process_keeps_its_journal(place):
    reader = place.start(WRITER, "--live", environment={"SPANLOG_OUTPUT": f"file:{place.folder}/live.jsonl"},
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    equal("first line", reader.stdout.readline(), b"ready\n")
    _exec(place, "true")
    equal("journals", len(os.listdir(f"{place.folder}/journals")), 1)
    reader.stdin.close()
    equal("status", reader.wait(20), 0)


def _as_init(place, *command, **more):
    probe = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "--user", "--map-root-user", "true"],
                           capture_output=True)
    if probe.returncode != 0:
        skip("no pid namespaces here: " + probe.stderr.decode().strip())
    return place.run("unshare", "--pid", "--fork", "--mount-proc", "--user", "--map-root-user", TOOL, "exec",
                     "-o", place.log, "--name", "init", "--", *command, **more)


def as_pid_1_it_reaps_orphans(place):
    script = "(sh -c 'sleep 0.1' & ) ; sleep 0.5; for i in $(seq 100); do n=$(ps -e -o stat= | grep -c Z); " \
             "[ $n = 0 ] && break; sleep 0.1; done; echo $n; exit 7"
    done = _as_init(place, "sh", "-c", script, status=7)
    equal("zombies", done.stdout.strip(), b"0")


def as_pid_1_it_has_the_status_of_a_signal(place):
    _as_init(place, "sh", "-c", "kill -KILL $$", status=137)
    equal("signal", place.span("init")["process.exit.signal"], "SIGKILL")


def as_pid_1_it_finishes_the_logs_of_all_below(place):
    script = f"{WRITER} --live < /dev/zero > out & while ! grep -q ready out; do sleep 0.01; done; exit 0"
    _as_init(place, "sh", "-c", script)
    equal("lines", sum(line["msg"] == "before the end" for line in place.lines()), 10)
    equal("told", len(_finished(place)), 1)


run_tests(globals(), TOOL, os.environ.get("SENTENCE"))
