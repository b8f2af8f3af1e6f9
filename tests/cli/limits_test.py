#!/usr/bin/env python3
"""What size may do to the tool: depth, long lines, large traces; with a bound on memory and time.

    limits_test.py build/dev/spanlog [--no-memory] [--tenth]

Input is made here, since it is large. --no-memory: for builds with a sanitizer. --tenth: of what is largest a tenth,
for builds that are not the first to be tested.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time

TRACE = "0af7651916cd43dd8448eb211c80319c"


def span(number, parent, start_us, duration_us, name="work"):
    def stamp(us):
        return "2026-11-21T10:%02d:%02d.%06d000Z" % (us // 60000000, us // 1000000 % 60, us % 1000000)
    line = {"ts": stamp(start_us + duration_us), "level": "info", "msg": "span completed",
            "service": "orders", "trace_id": TRACE, "span_id": "%016x" % number}
    if parent:
        line["parent_id"] = "%016x" % parent
    line.update(trace_flags="01", operation=name, kind="internal", start=stamp(start_us),
                duration_ms=duration_us / 1000)
    return json.dumps(line, separators=(",", ":")) + "\n"


class Tool:
    def __init__(self, path, memory, part):
        self.path = path
        self.memory = memory
        self.part = part  # sizes are divided by it

    def run(self, *arguments, most_mb=None, stdin=None, folder=None):
        """Returns status, stdout, stderr; fails when it took more memory."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen([self.path, *arguments], stdout=out, stderr=err,
                                       stdin=stdin or subprocess.DEVNULL,
                                       env={**os.environ, "TMPDIR": folder} if folder else None)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            used = usage.ru_maxrss / 1024
            if most_mb and self.memory:
                assert used <= most_mb, f"{arguments}: {used:.0f} MB instead of {most_mb}"
            return process.returncode, out.read().decode(), err.read().decode()


def a_chain_100000_deep_works(tool, folder):
    depth = 100000
    path = folder + "/chain.jsonl"
    with open(path, "w") as file:
        for i in range(depth, 0, -1):
            file.write(span(i, i - 1, i, 4 * depth - 2 * i))
    status, out, _ = tool.run("trace", TRACE, "--json", path, most_mb=300)
    lines = out.splitlines()
    assert status == 0 and len(lines) == depth, (status, len(lines))
    last = json.loads(lines[-1])
    assert last["depth"] == depth - 1 and last["critical_ms"] > 0, last
    total = sum(json.loads(line)["critical_ms"] for line in lines)
    assert abs(total - json.loads(lines[0])["duration_ms"]) < 1e-3, total
    status, out, _ = tool.run("trace", TRACE, path)
    assert status == 0 and len(out.splitlines()) == depth + 2, len(out.splitlines())
    assert max(len(line) for line in out.splitlines()) <= 130
    status, out, _ = tool.run("traces", "--json", path)
    assert json.loads(out)["spans"] == depth, out


def a_cycle_of_100000_spans_ends(tool, folder):
    count = 100000
    path = folder + "/cycle.jsonl"
    with open(path, "w") as file:
        for i in range(1, count + 1):
            file.write(span(i, i - 1 or count, i, 10))
    status, out, err = tool.run("trace", TRACE, "--json", path)
    assert status == 0 and len(out.splitlines()) == count, err
    assert "descends from itself" in err, err


def a_trace_of_100000_siblings_works(tool, folder):
    count = 100000
    path = folder + "/wide.jsonl"
    with open(path, "w") as file:
        file.write(span(1, 0, 0, count * 10))
        for i in range(2, count + 1):
            file.write(span(i, 1, i * 7919 % (count * 9), 10, "child"))
    status, out, _ = tool.run("trace", TRACE, "--json", path, most_mb=300)
    assert status == 0 and len(out.splitlines()) == count
    starts = [json.loads(line)["start"] for line in out.splitlines()[1:]]
    assert starts == sorted(starts)


def json_nested_100000_deep_is_a_bad_line(tool, folder):
    path = folder + "/deep.jsonl"
    with open(path, "w") as file:
        file.write(span(1, 0, 1, 5))
        file.write('{"ts":"2026-11-21T10:30:45Z","a":' + "[" * 100000 + "]" * 100000 + "}\n")
        file.write('{"ts":"2026-11-21T10:30:45Z","a":' + '{"a":' * 100000 + "1" + "}" * 100000 + "}\n")
        file.write("[" * 100000 + "\n")
        file.write(span(2, 1, 1, 2))
    status, out, err = tool.run("traces", "--json", path, most_mb=40)
    assert status == 0 and json.loads(out)["spans"] == 2, out
    assert f"{path}:2: nested too deeply (this line and 1 more skipped)" in err, err


def a_line_of_100_mb_is_skipped_and_named(tool, folder):
    path = folder + "/long.jsonl"
    with open(path, "w") as file:
        file.write(span(1, 0, 1, 50))
        file.write('{"ts":"2026-11-21T10:30:45Z","msg":"')
        for _ in range(100):
            file.write("x" * 1000000)
        file.write('"}\n')
        file.write(span(2, 1, 1, 2))
    named = ":2: longer than 16 MB (line skipped)"
    for jobs, most in (("1", 40), ("2", 60)):
        status, out, err = tool.run("traces", "--json", "-j", jobs, path, most_mb=most)
        assert status == 0 and json.loads(out)["spans"] == 2, (out, err)
        assert path + named in err, err
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
        status, out, err = tool.run("traces", "--json", "-j1", most_mb=90, stdin=cat.stdout)
    assert status == 0 and json.loads(out)["spans"] == 2, (out, err)
    assert "(stdin)" + named in err, err
    status, out, err = tool.run("trace", TRACE, "--json", path, most_mb=60)
    assert status == 0 and len(out.splitlines()) == 2, (out, err)


def a_bomb_costs_time_and_no_memory(tool, folder):
    path = folder + "/bomb.gz"
    for fill in (b"\0", b"a"):
        with gzip.open(path, "wb", compresslevel=1) as file:
            file.write(span(1, 0, 1, 50).encode())
            for _ in range(1000 // tool.part):
                file.write(fill * 1000000)
            file.write(b"\n")
            file.write(span(2, 1, 1, 2).encode())
        assert os.path.getsize(path) < 10000000
        for jobs in ("1", "2"):
            status, out, err = tool.run("traces", "--json", "-j", jobs, path, most_mb=90)
            assert status == 0 and json.loads(out)["spans"] == 2, (out, err)
            assert path + ":2: longer than 16 MB (line skipped)" in err, err


def a_document_of_100_mb_on_one_line_is_one_value(tool, folder):
    path = folder + "/document.json"
    with open(path, "w") as file:
        file.write('{"data":[' + "0123456789," * 9000000 + "1]}\n")
        file.write(span(1, 0, 1, 2))
    status, out, err = tool.run("traces", "--json", path, most_mb=300)
    assert status == 0 and json.loads(out)["spans"] == 1, (out, err)
    assert "longer than" not in err, err


def a_line_of_12_mb_is_read(tool, folder):
    path = folder + "/large.jsonl"
    with open(path, "w") as file:
        file.write(span(1, 0, 1, 50))
        file.write(span(2, 1, 1, 2, "y" * 12000000))
        file.write(span(3, 1, 2, 2))
    for jobs in ("1", "2"):
        status, out, err = tool.run("traces", "--json", "-j", jobs, path)
        assert status == 0 and json.loads(out)["spans"] == 3, (out, err)
    with open(path) as expected:
        status, out, _ = tool.run("cat", path)
        assert status == 0 and out == expected.read()


def what_is_written_while_reading_is_left_for_the_next_time(tool, folder):
    path = folder + "/growing.jsonl"
    with open(path, "w") as file:
        file.write(span(1, 0, 1, 50))
        file.write(span(2, 1, 1, 5)[:40])
    status, out, err = tool.run("traces", "--json", path)
    assert status == 0 and json.loads(out)["spans"] == 1 and "truncated last line" in err, err


def a_pipe_is_answered_line_by_line(tool, folder):
    del folder
    with subprocess.Popen([tool.path, "cat", "--to", "json"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        for number in range(1, 4):
            line = span(number, 0, 1, 2).encode()
            process.stdin.write(line)
            process.stdin.flush()
            began = time.time()
            assert process.stdout.readline() == line
            assert time.time() - began < 5
        process.stdin.close()
        assert process.wait() == 0


def many_traces(path, copies):
    """1,000 lines of 20 traces, again and again with other ids: 280 bytes a line."""
    lines = "".join(span(1 + i % 50, i % 50, 50 * i, 40, "work %d" % (i % 7)).replace(
        TRACE, "%032x" % (i // 50 << 32 | 0x1234567)) for i in range(1000)).encode()
    with open(path, "wb") as file:
        for copy in range(copies):
            file.write(lines.replace(b"01234567", b"%08x" % (copy + 1)))


def rows_beyond_memory_go_to_files(tool, folder):
    path = folder + "/many.jsonl"
    copies = 600 // tool.part
    many_traces(path, copies)
    # A piece of the file and a list of 12,000 traces for each job come on top; unlimited it is 68 MB.
    answers = {limit: tool.run("traces", "--json", "--memory", limit, path, most_mb=most)
               for limit, most in (("1M", 28), ("16M", 46), ("1G", 110))}
    for limit, (status, out, err) in answers.items():
        assert status == 0 and err == "", (limit, status, err)
        assert out == answers["1G"][1], f"--memory {limit} gives another answer"
    assert len(answers["1M"][1].splitlines()) == 20 * copies, len(answers["1M"][1].splitlines())
    # Questions that keep more than rows.
    for verb in (("stats",), ("path",), ("shapes",), ("traces", "--where", '{ name = "work 3" }')):
        few, many = (tool.run(*verb, "--memory", limit, path) for limit in ("1M", "1G"))
        assert few == many and few[0] == 0, (verb, few[1][:300], many[1][:300], few[2])
    status, out, err = tool.run("traces", "--memory", "1M", path, folder=folder + "/none")
    assert status == 2 and out == "" and err.count("\n") == 1, (status, out[:200], err)
    assert "none: No such file or directory" in err and "TMPDIR" in err, err


def temporary_files_that_do_not_fit_are_named(tool, folder):
    path = folder + "/many.jsonl"
    many_traces(path, 300)
    small = folder + "/small"
    os.mkdir(small)
    shell = 'mount -t tmpfs -o size=1m none "$0" && TMPDIR="$0" exec "$@"'
    if subprocess.run(["unshare", "-rm", "sh", "-c", shell, small, "true"], check=False,
                      stderr=subprocess.DEVNULL).returncode != 0:
        assert not os.environ.get("CI"), "CI is set and no file system may be mounted here"
        print("  (left out: no file system may be mounted here)")
        return
    done = subprocess.run(["unshare", "-rm", "sh", "-c", shell, small, tool.path, "traces",
                           "--memory", "1M", path], check=False, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == "", (done.returncode, done.stdout[:200])
    assert "small: No space left on device" in done.stderr, done.stderr


def a_trace_of_a_million_spans_works_also_beyond_memory(tool, folder):
    count = 1000000 // tool.part
    path = folder + "/million.jsonl"
    line = span(0x1111111111111111, 0x2222222222222222, 0, 1000)
    with open(path, "w") as file:
        file.write(span(1, 0, 0, 1000))
        for i in range(2, count + 1):
            file.write(line.replace("1" * 16, "%016x" % i).replace("2" * 16, "%016x" % (i // 2)))
    began = time.time()
    # Its rows are 48 bytes a span, and a tree of them has to be in memory at once.
    status, out, err = tool.run("traces", "--json", "--memory", "1M", path, most_mb=400)
    assert status == 0 and json.loads(out)["spans"] == count, (out, err)
    status, out, err = tool.run("trace", TRACE, path, most_mb=1500)
    assert status == 0 and f"{count} spans" in out.splitlines()[0].replace(",", ""), (out[:300], err)
    assert not tool.memory or time.time() - began < 120, time.time() - began


def questions_about_deep_and_wide_traces_are_answered(tool, folder):
    count = 100000
    path = folder + "/deep.jsonl"
    with open(path, "w") as file:
        for i in range(count, 0, -1):
            file.write(span(i, i - 1, i, 4 * count - 2 * i))
    status, out, _ = tool.run("path", "--json", path, most_mb=300)
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 0 and len(rows) == 257, (status, len(rows))
    assert max(row["path"].count(" > ") for row in rows) == 256
    total = sum(row["exclusive_ms"] for row in rows)
    assert abs(total - (4 * count - 2) / 1000) < 1e-3, total
    rest = [row for row in rows if row["operation"] == "\u2026"]
    assert len(rest) == 1 and rest[0]["path"].endswith("> \u2026"), rest
    status, out, _ = tool.run("path", "--limit", "300", path)
    assert status == 0 and "deeper calls" in out and max(map(len, out.splitlines())) <= 100
    wide = folder + "/wide.jsonl"
    with open(wide, "w") as file:
        file.write(span(1, 0, 0, count * 10))
        for i in range(2, count + 1):
            file.write(span(i, 1, i * 7919 % (count * 9), 10, "child"))
    status, out, _ = tool.run("shapes", wide, most_mb=300)
    assert status == 0 and "orders child \u00d799999" in out, out
    for path in (path, wide):
        for verb in ("stats", "shapes", "path"):
            status, out, err = tool.run(verb, "--json", path, most_mb=300)
            assert status == 0, (verb, err)
        assert tool.run("graph", path)[0] == 1


TESTS = [questions_about_deep_and_wide_traces_are_answered, a_chain_100000_deep_works, a_cycle_of_100000_spans_ends, a_trace_of_100000_siblings_works,
         json_nested_100000_deep_is_a_bad_line, a_line_of_100_mb_is_skipped_and_named,
         a_line_of_12_mb_is_read, a_bomb_costs_time_and_no_memory,
         a_document_of_100_mb_on_one_line_is_one_value,
         what_is_written_while_reading_is_left_for_the_next_time, a_pipe_is_answered_line_by_line,
         rows_beyond_memory_go_to_files, temporary_files_that_do_not_fit_are_named,
         a_trace_of_a_million_spans_works_also_beyond_memory]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("spanlog")
    parser.add_argument("-k", default="")
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--tenth", action="store_true")
    parser.add_argument("--one", help="one test, in this process")
    options = parser.parse_args()
    if options.one:
        return run_one(options)
    failed = 0
    for test in TESTS:
        if options.k not in test.__name__:
            continue
        # In a process of its own: until it executes the tool, a child counts its parent's memory.
        command = [sys.executable, __file__, options.spanlog, "--one", test.__name__]
        if options.no_memory:
            command.append("--no-memory")
        if options.tenth:
            command.append("--tenth")
        failed += subprocess.run(command, check=False).returncode != 0
    return 1 if failed else 0


def run_one(options):
    test = next(test for test in TESTS if test.__name__ == options.one)
    tool = Tool(os.path.abspath(options.spanlog), not options.no_memory, 10 if options.tenth else 1)
    began = time.time()
    word = "ok"
    with tempfile.TemporaryDirectory() as folder:
        try:
            test(tool, folder)
        except AssertionError as error:
            word = f"not ok: {str(error)[:2000]}"
    print(f"{test.__name__}: {word} ({time.time() - began:.1f} s)", flush=True)
    return word != "ok"


sys.exit(main())
