#!/usr/bin/env python3
"""`spanlog index`: with an index, of whatever state, `trace` answers as it does without.

    index_test.py build/dev/spanlog [-k word]
"""
import gzip
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

PIECE = 256 << 10
HEADER = 80


def stamp(us):
    return "2026-11-21T10:%02d:%02d.%06d000Z" % (us // 60000000, us // 1000000 % 60, us % 1000000)


def lines_of(trace, number, us):
    """A span and a log line; the service `quiet` writes no span lines."""
    span = {"ts": stamp(us + 50), "level": "info", "msg": "span completed", "service": "orders",
            "trace_id": trace, "span_id": "%016x" % (number + 1), "trace_flags": "01",
            "operation": "work %d" % (number % 7), "kind": "internal", "start": stamp(us),
            "duration_ms": 0.05}
    log = {"ts": stamp(us + 20), "level": "warn", "msg": "slow " + "x" * (number % 90),
           "service": "quiet", "trace_id": trace, "span_id": "%016x" % (number + 7)}
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in (log, span))


class Log:
    """A log of some pieces, with traces whose lines lie in several of them."""

    def __init__(self, tool, folder, megabytes=1.2):
        self.tool, self.path = tool, os.path.join(folder, "shop.jsonl")
        self.index = self.path + ".spx"
        chance = random.Random(7)
        # Alike at the beginning, as ids with a time in them are; some of 16 digits.
        self.traces = ["01a1fda8%024x" % chance.getrandbits(96) for _ in range(500)]
        self.traces += ["%016x" % chance.getrandbits(64) for _ in range(100)]
        text, number = [], 0
        while sum(map(len, text)) < megabytes * 1e6:
            text += [lines_of(chance.choice(self.traces), number + i, 100 * (number + i))
                     for i in range(500)]
            number += 500
        with open(self.path, "w") as file:
            file.write("".join(text))

    def run(self, *arguments):
        done = subprocess.run([self.tool, *arguments], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, env={**os.environ, "TZ": "UTC"})
        return done.returncode, done.stdout, done.stderr

    def make(self):
        status, out, err = self.run("index", self.path)
        assert status == 0 and out == "" and err.startswith(self.path), (status, out, err)

    def trace(self, trace):
        return self.run("trace", "--json", trace, self.path)

    def without(self, trace):
        """The answer when there is no index."""
        os.rename(self.index, self.path + "-aside")
        try:
            return self.trace(trace)
        finally:
            os.rename(self.path + "-aside", self.index)

    def must_agree(self, trace, said=""):
        status, out, err = self.trace(trace)
        expected = self.without(trace)
        assert (status, out) == expected[:2], (trace, status, out[:500], expected[1][:500], err)
        assert bool(said) == (".spx" in err) and said in err, (said, err)


def every_id_and_every_end_of_one_gives_the_same_answer(log):
    log.make()
    for trace in log.traces[::20]:
        for part in (trace, trace.upper(), trace[-8:], trace[-5:], trace[:12], trace[:16],
                     trace[-16:], trace[1:-1]):
            log.must_agree(part)
    for none in ("01a1", "ffffffffffffffff", "f" * 32, "no-such-id", "abc"):
        log.must_agree(none)


def only_the_pieces_of_the_trace_are_read(log):
    log.make()
    if not shutil.which("strace"):
        print("  (left out: no strace here)")
        return
    done = subprocess.run(["strace", "-f", "-e", "trace=pread64", log.tool, "trace", "-j1",
                           "e" * 32, log.path], capture_output=True, text=True, check=False)
    read = sum(int(line.rsplit("= ", 1)[1]) for line in done.stderr.splitlines()
               if "pread64(" in line and line.rsplit("= ", 1)[1].isdigit())
    # The ends of the file, and the last piece, which is not whole.
    assert 0 < read < os.path.getsize(log.path) % PIECE + 4 * 8192, read


def appended_lines_are_found(log):
    log.make()
    trace = log.traces[3]
    before = len(log.trace(trace)[1].splitlines())
    with open(log.path, "a") as file:
        file.write(lines_of(trace, 999999, 5))
        file.write("".join(lines_of(log.traces[4], n, n) for n in range(5000)))
        file.write(lines_of(trace, 999998, 5))
    assert len(log.trace(trace)[1].splitlines()) == before + 2, log.trace(trace)
    log.must_agree(trace)


def a_line_that_was_unfinished_is_found_when_it_is_whole(log):
    fresh = "0123456789abcdef0123456789abcdef"
    lines = lines_of(fresh, 77, 5)
    for cut in (1, 30, len(lines) // 2, len(lines) - 2):
        Log(log.tool, os.path.dirname(log.path), 0.6)
        with open(log.path, "a") as file:
            file.write(lines[:cut])
        log.make()
        with open(log.path, "a") as file:
            file.write(lines[cut:])
        assert len(log.trace(fresh)[1].splitlines()) == 1, (cut, log.trace(fresh))
        log.must_agree(fresh)


def a_file_that_was_changed_is_read_in_full(log):
    log.make()
    other = "0123456789abcdef0123456789abcdef"
    with open(log.path, "r+") as file:  # of the same size, in the middle
        text = file.read()
        at = text.index(log.traces[9], len(text) // 2)
        file.seek(at)
        file.write(other)
    log.must_agree(other, "is older than the file")
    assert log.trace(other)[0] == 0
    log.make()
    log.must_agree(other)
    os.rename(log.path, log.path + ".1")  # rotated: another file of that name
    with open(log.path, "w") as file:
        file.write(text + lines_of(other, 1, 1))
    log.must_agree(other, "is older than the file")
    with open(log.path, "w") as file:
        file.write(lines_of(other, 1, 1))
    log.must_agree(other, "is older than the file")


def a_file_that_grew_on_another_end_is_read_in_full(log):
    log.make()
    fresh = "0123456789abcdef0123456789abcdef"
    with open(log.path, "r+") as file:
        text = file.read()
        file.seek(0)
        file.write(lines_of(fresh, 1, 1) + text)
    log.must_agree(fresh, "is older than the file")


def a_damaged_index_is_not_used(log):
    Log(log.tool, os.path.dirname(log.path), 0.01)
    log.make()
    with open(log.index, "rb") as file:
        good = file.read()
    trace = log.traces[next(i for i, t in enumerate(log.traces) if log.trace(t)[0] == 0)]
    expected = log.without(trace)[:2]
    chance = random.Random(3)
    damaged = [good[:n] for n in (0, 1, 8, HEADER - 1, HEADER, HEADER + 8, len(good) - 1)]
    damaged += [good + b"\0", b"x" * len(good), bytes(len(good))]
    for at in [*range(HEADER), *(chance.randrange(HEADER, len(good)) for _ in range(60))]:
        damaged.append(good[:at] + bytes([good[at] ^ 1 << chance.randrange(8)]) + good[at + 1:])
    for data in damaged:
        with open(log.index, "wb") as file:
            file.write(data)
        status, out, err = log.trace(trace)
        assert (status, out) == expected, (data[:HEADER], status, out, err)
        assert ".spx" in err, (data[:HEADER], err)


def an_index_is_no_input_and_small(log):
    log.make()
    folder = os.path.dirname(log.path)
    status, out, _ = log.run("traces", "--json", folder)
    assert status == 0 and out == log.run("traces", "--json", log.path)[1]
    assert sorted(os.listdir(folder)) == ["shop.jsonl", "shop.jsonl.spx"], os.listdir(folder)
    with open(log.index, "rb") as file:
        heads, tails = struct.unpack("<II", file.read(HEADER)[56:64])
    assert os.path.getsize(log.index) == HEADER + 8 * (heads + tails) + len("orders") + 1


def what_cannot_have_an_index_is_named(log):
    packed = log.path + ".gz"
    with open(log.path, "rb") as file, gzip.open(packed, "wb") as out:
        out.write(file.read())
    status, out, err = log.run("index", packed)
    assert status == 2 and "only plain files" in err, (status, out, err)
    assert not os.path.exists(packed + ".spx")
    status, out, err = log.run("index", log.path + "-none")
    assert status == 2 and "No such file" in err, (status, err)


TESTS = [every_id_and_every_end_of_one_gives_the_same_answer, only_the_pieces_of_the_trace_are_read,
         appended_lines_are_found, a_line_that_was_unfinished_is_found_when_it_is_whole,
         a_file_that_was_changed_is_read_in_full, a_file_that_grew_on_another_end_is_read_in_full,
         a_damaged_index_is_not_used, an_index_is_no_input_and_small,
         what_cannot_have_an_index_is_named]


def main():
    failed, word = 0, sys.argv[3] if sys.argv[2:3] == ["-k"] else ""
    for test in (t for t in TESTS if word in t.__name__):
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(Log(os.path.abspath(sys.argv[1]), folder))
                print(f"{test.__name__}: ok", flush=True)
            except AssertionError as error:
                failed += 1
                print(f"{test.__name__}: not ok: {str(error)[:2000]}", flush=True)
    return failed != 0


sys.exit(main())
