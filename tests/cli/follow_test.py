#!/usr/bin/env python3
"""What `tail` and `cat --follow` say of logs that grow: real processes, files, pipes and signals.

    follow_test.py build/dev/spanlog [-k word]
"""
import argparse
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time

SOON = 20  # seconds: longer only where something is wrong
READY = {"ts": "2026-11-21T10:30:44.000000000Z", "level": "info", "msg": "ready", "service": "probe"}


def line(**fields):
    return json.dumps(fields, separators=(",", ":")) + "\n"


def log(message, trace=None, span=1, service="orders"):
    ids = {"trace_id": "%032x" % trace, "span_id": "%016x" % span, "trace_flags": "01"} if trace else {}
    return line(ts="2026-11-21T10:30:45.001000000Z", level="info", msg=message, service=service, **ids)


def span(trace, number, parent=0, service="orders", kind="server", **more):
    ids = {"trace_id": "%032x" % trace, "span_id": "%016x" % number}
    if parent:
        ids["parent_id"] = "%016x" % parent
    return line(ts="2026-11-21T10:30:45.002000000Z", level="info", msg="span completed",
                service=service, **ids, trace_flags="01", operation="work", kind=kind,
                start="2026-11-21T10:30:45.000000000Z", duration_ms=2, **more)


class Tool:
    """The tool, running; what it prints is read with a time limit."""

    def __init__(self, path, *arguments, stdin=subprocess.DEVNULL):
        self.process = subprocess.Popen([path, *arguments], stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.out = b""

    def until(self, text):
        """What has been printed up to and with the line that has the text."""
        end = time.monotonic() + SOON
        while True:
            at = self.out.find(text.encode())
            newline = self.out.find(b"\n", at)
            if at >= 0 and newline >= 0:
                got, self.out = self.out[:newline + 1], self.out[newline + 1:]
                return got.decode()
            left = end - time.monotonic()
            ready = left > 0 and select.select([self.process.stdout], [], [], left)[0]
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert piece, f"no {text!r}, but {self.out.decode()!r}"
            self.out += piece

    def stop(self, number=signal.SIGINT):
        """Status, the rest of stdout, stderr."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        out, err = self.process.communicate(timeout=SOON)
        return self.process.returncode, (self.out + out).decode(), err.decode()

    def counts(self):
        """How often the process was switched away from: by itself, and by the kernel."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return [int(text.split()[1]) for text in file if "ctxt_switches" in text]


def append(path, text):
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


def wait_until_it_follows(tool, pid_path):
    """Until the process watches what it follows: then nothing that is appended can be missed."""
    end = time.monotonic() + SOON
    while time.monotonic() < end:
        for number in os.listdir(f"/proc/{pid_path}/fdinfo"):
            try:
                with open(f"/proc/{pid_path}/fdinfo/{number}", encoding="ascii") as file:
                    if "inotify wd:" in file.read() and is_waiting(pid_path):
                        return
            except FileNotFoundError:
                pass
        time.sleep(0.002)
    raise AssertionError(f"{tool.process.args} does not follow: {tool.process.poll()}")


def is_waiting(pid):
    """In poll: it sleeps, with all that was there read."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "S"


def start(path, *arguments):
    tool = Tool(path, *arguments)
    wait_until_it_follows(tool, tool.process.pid)
    return tool


# ---- cat --follow ---------------------------------------------------------------------------


def cat_prints_each_line_when_it_comes(path, folder):
    file = folder + "/app.jsonl"
    append(file, "".join(log(f"old {n}") for n in range(20)))
    tool = start(path, "cat", "--follow", "--to", "pretty", file)
    got = tool.until("old 19")
    assert [text.split()[-1] for text in got.splitlines()] == [str(n) for n in range(10, 20)], got
    append(file, log("new 1"))
    assert "new 1" in tool.until("new 1")
    append(file, log("new 2"))
    assert len(tool.until("new 2").splitlines()) == 1
    assert tool.stop() == (0, "", "")


def cat_begins_where_it_is_told_to(path, folder):
    file = folder + "/app.jsonl"
    append(file, "".join(log(f"old {n}") for n in range(20)))
    for arguments, first in (("--from-start",), 0), (("-n", "3"), 17), (("--lines=0",), None):
        tool = start(path, "cat", "--follow", *arguments, file)
        append(file, log("mark"))
        got = [json.loads(text)["msg"] for text in tool.until("mark").splitlines()]
        wanted = [f"old {n}" for n in range(20 if first is None else first, 20)] + ["mark"]
        assert got == wanted, (arguments, got)
        assert tool.stop(signal.SIGTERM)[0] == 0
        with open(file, "r+", encoding="utf-8") as whole:
            whole.truncate(len("".join(log(f"old {n}") for n in range(20))))


def cat_follows_through_rotation_and_truncation(path, folder):
    file = folder + "/app.jsonl"
    append(file, log("1"))
    # What is written after the file was cut is shorter than before: only then can it be noticed.
    long = "3" * 100
    tool = start(path, "cat", "-f", "--from-start", "--json", file)
    tool.until('"1"')
    os.rename(file, file + ".1")
    append(file + ".1", log("2"))
    tool.until('"2"')
    append(file, log(long))
    tool.until(long)
    with open(file, "w", encoding="utf-8") as whole:  # copytruncate
        whole.write("")
    append(file, log("4"))
    assert len(tool.until('"4"').splitlines()) == 1
    assert tool.stop()[0] == 0


def cat_prints_only_lines_that_match(path, folder):
    file = folder + "/app.jsonl"
    append(file, "")
    tool = start(path, "cat", "--follow", "--where", "service = orders wanted", file)
    append(file, log("other") + log("wanted", service="gateway") + log("wanted 1"))
    assert len(tool.until("wanted 1").splitlines()) == 1
    assert tool.stop()[0] == 0


def cat_reads_a_pipe_to_its_end(path, folder):
    del folder
    tool = Tool(path, "cat", "--follow", stdin=subprocess.PIPE)
    for number in range(3):
        tool.process.stdin.write(log(f"line {number}").encode())
        tool.process.stdin.flush()
        tool.until(f"line {number}")
    tool.process.stdin.close()
    tool.process.stdin = None
    assert tool.wait() == (0, "", "")


# ---- tail -----------------------------------------------------------------------------------


def tail_shows_each_trace_as_it_completes(path, folder):
    for service in "gateway", "orders":
        append(f"{folder}/{service}.jsonl", log("old", trace=0xdead, service=service))
    tool = start(path, "tail", folder)
    for trace in 0xa1, 0xa2:
        append(folder + "/orders.jsonl", span(trace, 3, 2))
        append(folder + "/gateway.jsonl",
               span(trace, 2, 1, "gateway", "client") + span(trace, 1, 0, "gateway"))
        got = tool.until("orders work")
        assert "%032x  3 spans  2 services" % trace in got and "ORPHAN" not in got, got
        assert "INCOMPLETE" not in got, got
    status, out, err = tool.stop()
    assert (status, out, err) == (0, "", ""), (status, out, err)


def tail_follows_through_rotation(path, folder):
    file = folder + "/app.jsonl"
    append(file, "")
    tool = start(path, "tail", "--settle", "50ms", file)
    append(file, span(0xa1, 2, 1, kind="internal") + log("before", 0xa1, 1))
    os.rename(file, file + ".1")
    append(file, log("after", 0xa1, 1) + span(0xa1, 1))
    got = tool.until("after")
    assert "2 spans" in got and "before" in got, got
    assert tool.stop()[0] == 0


def tail_shows_what_is_open_when_it_is_stopped(path, folder):
    file = folder + "/app.jsonl"
    append(file, span(0xb1, 2, 1, kind="internal") + span(0xb2, 1))
    for number in signal.SIGINT, signal.SIGTERM:
        tool = start(path, "tail", "--from-start", "--settle", "1h", "--give-up", "1h", file)
        status, out, err = tool.stop(number)
        assert status == 0 and err == "", (status, err)
        first, second = out.split("\n\n")
        assert first.startswith("INCOMPLETE: still open at the end\ntrace ") and "b1  1 span" in first, out
        assert second.startswith("trace ") and "b2  1 span" in second, out


def tail_gives_up_what_does_not_complete(path, folder):
    file = folder + "/app.jsonl"
    append(file, "")
    tool = start(path, "tail", "--settle", "10ms", "--give-up", "50ms", file)
    append(file, span(0xc1, 2, 1, kind="internal"))
    got = tool.until("ORPHANS")
    assert got.startswith("INCOMPLETE: nothing more came in time"), got
    assert tool.stop()[0] == 0


def tail_says_what_came_late(path, folder):
    file = folder + "/app.jsonl"
    append(file, "")
    tool = start(path, "tail", "--settle", "10ms", "--json", file)
    append(file, span(0xd1, 1))
    tool.until("d1")
    append(file, log("late", 0xd1) + span(0xd2, 1))
    tool.until("d2")
    status, out, err = tool.stop()
    assert status == 0 and out == "", out
    assert err == ("spanlog: lines that came after their trace was shown: 1, of 1 traces "
                   "(--settle, --give-up and --memory say how long it waits)\n"), err


def tail_lets_the_oldest_go_within_its_memory(path, folder):
    file = folder + "/app.jsonl"
    with open(file, "w", encoding="utf-8") as whole:
        for trace in range(1, 5001):
            whole.write(span(trace, 2, 1, kind="internal"))
    with open(file, "rb") as whole:
        tool = Tool(path, "tail", "--memory", "1M", "--width", "80", stdin=whole)
        status, out, err = tool.wait()
    assert status == 0 and out.count("trace ") == 5000, out.count("trace ")
    let_go = out.count("INCOMPLETE: let go to make room")
    assert 2500 < let_go < 5000, let_go
    assert out.count("INCOMPLETE: still open") == 5000 - let_go, out.count("INCOMPLETE")
    assert f"let go before they were complete, to make room: {let_go} (--memory)" in err, err


def tail_shows_only_what_is_asked_for(path, folder):
    file = folder + "/app.jsonl"
    append(file, span(0xe1, 1) + span(0xe2, 1, status="error") + log("slow", 0xe3) + span(0xe3, 1) +
           span(0xe4, 1, service="cart"))
    for arguments, wanted in ((("--status", "error"), "e2"), (("--where", "slow"), "e3"),
                              (("--service", "cart"), "e4"), (("--operation", "x"), ""),
                              (("--min-duration", "3ms"), "")):
        with open(file, "rb") as whole:
            tool = Tool(path, "tail", *arguments, stdin=whole)
            status, out, err = tool.wait()
        shown = [text.split()[1][-2:] for text in out.splitlines() if text.startswith("trace ")]
        assert " ".join(shown) == wanted, (arguments, out)
        assert status == (0 if wanted else 1), (arguments, status)
        assert f"traces that do not match: {3 if wanted else 4} of 4" in err, err


def tail_reads_a_pipe(path, folder):
    del folder
    tool = Tool(path, "tail", "--settle", "20ms", stdin=subprocess.PIPE)
    tool.process.stdin.write((span(0xf1, 2, 1, kind="internal") + span(0xf1, 1)).encode())
    tool.process.stdin.flush()
    assert "2 spans" in tool.until("└")  # the pipe is still open
    tool.process.stdin.write(span(0xf2, 1).encode())
    tool.process.stdin.close()
    tool.process.stdin = None
    status, out, err = tool.wait()
    assert status == 0 and "f2  1 span" in out and err == "", (status, out, err)


def nothing_is_done_while_nothing_is_open(path, folder):
    file = folder + "/app.jsonl"
    append(file, "")
    for verb in ("tail", "--settle", "10ms"), ("cat", "--follow"):
        tool = start(path, *verb, file)
        append(file, span(0xaa, 1))
        tool.until("aa")
        end = time.monotonic() + SOON
        while not is_waiting(tool.process.pid) and time.monotonic() < end:
            time.sleep(0.002)
        before = tool.counts()
        time.sleep(0.4)
        assert tool.counts() == before, (verb, before, tool.counts())
        assert tool.stop()[0] == 0


def a_file_may_be_missing_at_first(path, folder):
    file = folder + "/later.jsonl"
    tool = start(path, "tail", "--settle", "10ms", file)
    append(file, span(0xab, 1))
    assert "1 span" in tool.until("ab  1 span")
    status, _, err = tool.stop()
    assert status == 0 and err == f"spanlog: {file}: not there yet, waiting for it\n", err


def main():
    tests = [test for name, test in globals().items()
             if callable(test) and getattr(test, "__module__", "") == "__main__" and
             "folder" in getattr(test, "__code__", main.__code__).co_varnames[:2]]
    parser = argparse.ArgumentParser()
    parser.add_argument("spanlog")
    parser.add_argument("-k", default="")
    options = parser.parse_args()
    failed = 0
    for test in tests:
        if options.k not in test.__name__:
            continue
        began = time.time()
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(os.path.abspath(options.spanlog), folder)
                word = "ok"
            except AssertionError as error:
                word = f"not ok: {str(error)[:2000]}"
                failed += 1
        print(f"{test.__name__}: {word} ({time.time() - began:.1f} s)", flush=True)
    return 1 if failed else 0


sys.exit(main())
