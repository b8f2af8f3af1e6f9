"""`spanlog retain`: what stays of rotated logs, and that a kill at any time costs nothing.

    retain_test.py build/dev/spanlog
"""

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SPANLOG = os.path.abspath(sys.argv.pop(1))
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


def lines_of_file(index):
    """A part of each trace; the error of a bad one is in one file only."""
    out = []
    for number in range(TRACES):
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


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    elif data[:4] == b"\x28\xb5\x2f\xfd":
        data = subprocess.run(["zstd", "-dc", path], stdout=subprocess.PIPE, check=True).stdout
    return data.decode().splitlines()


class Retain(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="spanlog-retain-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.logs = os.path.join(self.folder, "logs")
        self.make([10 * DAY] * 4 + [0])

    def make(self, ages):
        shutil.rmtree(self.logs, ignore_errors=True)
        os.mkdir(self.logs)
        for index, name in enumerate(NAMES):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write("\n".join(lines_of_file(index)) + "\n")
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

    def test_old_files_keep_whole_traces_with_errors_and_errors_outside_of_traces(self):
        rows, _ = self.retain("--keep", "7d")
        self.assertEqual([row["action"] for row in rows], ["thinned"] * 4)
        got = self.contents()
        self.assertEqual(sorted(got), sorted(NAMES))
        for index, name in enumerate(NAMES[:4]):
            self.assertEqual(got[name], self.thinned(index), name)
        self.assertEqual(got["shop.jsonl"], lines_of_file(4))

    def test_compressed_files_stay_so_and_times_stay(self):
        before = {name: os.stat(self.path(name)).st_mtime for name in NAMES}
        self.retain("--keep", "7d")
        self.assertEqual({name: os.stat(self.path(name)).st_mtime for name in NAMES}, before)
        with open(self.path(NAMES[1]), "rb") as file:
            self.assertEqual(file.read(2), b"\x1f\x8b")

    def test_a_second_run_changes_nothing(self):
        self.retain("--keep", "7d")
        inodes = {name: os.stat(self.path(name)).st_ino for name in NAMES}
        rows, _ = self.retain("--keep", "7d")
        self.assertEqual({row["action"] for row in rows}, {"stays"})
        self.assertEqual({name: os.stat(self.path(name)).st_ino for name in NAMES}, inodes)

    def test_young_files_and_live_ones_stay_whole(self):
        self.make([10 * DAY, HOUR, HOUR, HOUR, 40 * DAY])
        self.retain("--keep", "7d", "--keep-errors", "30d")
        got = self.contents()
        self.assertEqual(got[NAMES[0]], self.thinned(0))
        for index in (1, 2, 3, 4):
            self.assertEqual(got[NAMES[index]], lines_of_file(index))

    def test_the_oldest_go(self):
        self.make([40 * DAY, 10 * DAY, HOUR, 40 * DAY, 0])
        rows, _ = self.retain("--keep", "7d", "--keep-errors", "30d")
        self.assertEqual(sorted(os.listdir(self.logs)), sorted([NAMES[1], NAMES[2], NAMES[4]]))
        self.assertEqual(sorted(row["action"] for row in rows), ["removed", "removed", "stays", "thinned"])

    def test_what_goes_can_be_archived_and_is_never_written_over(self):
        archive = os.path.join(self.folder, "archive")
        os.mkdir(archive)
        with open(os.path.join(archive, NAMES[3]), "w", encoding="utf-8") as file:
            file.write("of another year\n")
        self.make([40 * DAY] * 4 + [0])
        rows, errors = self.retain("--keep-errors", "30d", "--archive", archive, status=2)
        self.assertEqual([row["action"] for row in rows].count("archived"), 3)
        self.assertIn("File exists (left as it was)", errors)
        self.assertEqual(read(os.path.join(archive, NAMES[0])), lines_of_file(0))
        self.assertEqual(sorted(os.listdir(self.logs)), sorted(NAMES[3:]))

    def test_the_archive_may_be_on_another_file_system(self):
        archive = tempfile.mkdtemp(dir="/dev/shm")
        self.addCleanup(shutil.rmtree, archive)
        if os.stat(archive).st_dev == os.stat(self.logs).st_dev:
            self.skipTest("/dev/shm is no other file system here")
        self.make([40 * DAY] * 4 + [0])
        self.retain("--keep-errors", "30d", "--archive", archive)
        self.assertEqual(sorted(os.listdir(archive)), sorted(NAMES[:4]))
        self.assertEqual(read(os.path.join(archive, NAMES[2])), lines_of_file(2))
        self.assertEqual(os.listdir(self.logs), ["shop.jsonl"])

    def test_what_stays_can_be_compressed(self):
        self.retain("--compress", "zstd")
        got = self.contents()
        self.assertEqual(sorted(got), sorted([NAMES[0] + ".zst", NAMES[1], NAMES[2], NAMES[3] + ".zst", NAMES[4]]))
        self.assertEqual(got[NAMES[0] + ".zst"], lines_of_file(0))
        listed = subprocess.run([SPANLOG, "traces", "--json", self.logs], capture_output=True, text=True, check=True)
        self.assertEqual(len(listed.stdout.splitlines()), TRACES)

    def test_a_dry_run_says_it_and_does_nothing(self):
        before = self.contents()
        rows, _ = self.retain("--keep", "7d", "--keep-errors", "9d", "--dry-run")
        self.assertEqual([row["action"] for row in rows], ["removed"] * 4)
        rows, _ = self.retain("--keep", "7d", "--dry-run")
        self.assertEqual([row["lines_kept"] for row in rows], [len(self.thinned(index)) for index in range(4)])
        self.assertEqual(self.contents(), before)

    def test_files_of_good_traces_only_go(self):
        with open(self.path("other.jsonl.1"), "w", encoding="utf-8") as file:
            file.write(line(100000, 1) + "\n")
        self.age("other.jsonl.1", 10 * DAY)
        self.retain("--keep", "7d")
        self.assertFalse(os.path.exists(self.path("other.jsonl.1")))

    def leave_as_it_was(self, data, reason):
        name = "notes.1"
        with open(self.path(name), "wb") as file:
            file.write(data)
        self.age(name, 10 * DAY)
        before = os.stat(self.path(name))
        rows, _ = self.retain("--keep", "7d")
        row = [row for row in rows if row["file"].endswith(name)][0]
        self.assertEqual((row["action"], row.get("reason"), row["bytes_kept"]), ("stays", reason, len(data)))
        after = os.stat(self.path(name))
        self.assertEqual((after.st_ino, after.st_size, after.st_mtime), (before.st_ino, len(data), before.st_mtime))
        text = subprocess.run([SPANLOG, "retain", "--keep", "7d", self.logs], capture_output=True, text=True, check=True)
        self.assertIn(f"stays  {self.path(name)}: left as it was: {reason}\n", text.stdout)

    def test_an_old_file_of_binary_data_is_left_as_it_was(self):
        self.leave_as_it_was(bytes(range(256)) * 300, "nothing in it can be read")

    def test_an_old_file_that_is_mostly_no_log_is_left_as_it_was(self):
        data = "\n".join([line(7, 1, level="error")] * 7 + ['{"half": '] * 337) + "\n"
        self.leave_as_it_was(data.encode(), "most of it cannot be read")

    def test_an_old_file_without_trace_ids_is_left_as_it_was(self):
        plain = '{"ts":"2026-11-01T00:00:00.000000000Z","level":"%s","msg":"no trace","service":"shop"}\n'
        self.leave_as_it_was((plain % "info" + plain % "error").encode(), "no line in it has a trace id")

    def test_a_few_bad_lines_do_not_keep_a_file_whole(self):
        with open(self.path(NAMES[0]), "a", encoding="utf-8") as file:
            file.write('{"half": \n')
        self.age(NAMES[0], 10 * DAY)
        rows, _ = self.retain("--keep", "7d")
        self.assertEqual((rows[0]["action"], rows[0]["lines_bad"]), ("thinned", 1))
        self.assertEqual(self.contents()[NAMES[0]], self.thinned(0))

    def test_a_damaged_archive_is_left_as_it_was(self):
        with open(self.path(NAMES[1]), "r+b") as file:
            file.truncate(os.path.getsize(self.path(NAMES[1])) - 20)
        self.age(NAMES[1], 10 * DAY)
        before = os.stat(self.path(NAMES[1])).st_ino
        _, errors = self.retain("--keep", "7d", status=2)
        self.assertIn("left as it was", errors)
        self.assertEqual(os.stat(self.path(NAMES[1])).st_ino, before)

    def test_wrong_options_are_explained(self):
        for options, text in (([], "say what to do"), (["--keep", "7"], "how old: 12h, 7d"),
                              (["--keep", "7d", "--keep-errors", "1d"], "shorter than --keep"),
                              (["--keep", "7d", "--archive", "/tmp"], "what --keep-errors lets go"),
                              (["--compress", "xz"], "gzip or zstd")):
            self.assertIn(text, self.retain(*options, status=2)[1])

    def test_a_kill_at_any_moment_leaves_each_file_old_or_new(self):
        moments, changed = random.Random(5), 0
        self.make([10 * DAY] * 4 + [0])
        began = time.monotonic()
        self.retain("--keep", "7d")
        whole = time.monotonic() - began
        for _ in range(40):
            self.make([10 * DAY] * 4 + [0])
            running = subprocess.Popen([SPANLOG, "retain", "--keep", "7d", self.logs], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(moments.random() * whole)
            running.send_signal(signal.SIGKILL)
            running.wait()
            for index, name in enumerate(NAMES[:4]):
                text = read(self.path(name))
                self.assertIn(text, (lines_of_file(index), self.thinned(index)), name)
                changed += text == self.thinned(index)
            self.retain("--keep", "7d")
            self.assertEqual(sorted(os.listdir(self.logs)), sorted(NAMES))
            self.assertEqual(read(self.path(NAMES[0])), self.thinned(0))
        self.assertGreater(changed, 0)


if __name__ == "__main__":
    unittest.main()
