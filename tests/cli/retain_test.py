"""`spanlog retain`: what stays of rotated logs, and that a kill at any time costs nothing.

    retain_test.py build/dev/spanlog build/dev/tests/step_kill
"""

import collections
import fcntl
import gzip
import itertools
import os
import shutil
import subprocess
import tempfile
import unittest

from retain_case import (DAY, ENDED_BEFORE, HOUR, MEMORY, NAMES, SPANLOG, STEP_KILL, TRACES, Case, line, lines_of_file,
                         read, state, unpacked)


class Retain(Case):
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
        self.assertEqual(sorted(os.listdir(self.logs)), sorted([MEMORY, NAMES[1], NAMES[2], NAMES[4]]))
        self.assertEqual(sorted(row["action"] for row in rows), ["removed", "removed", "stays", "thinned"])

    def test_what_goes_can_be_archived_and_is_never_written_over(self):
        archive = os.path.join(self.folder, "archive")
        os.mkdir(archive)
        with open(os.path.join(archive, NAMES[3]), "w", encoding="utf-8") as file:
            file.write("of another year\n")
        self.make([40 * DAY] * 4 + [0])
        rows, errors = self.retain("--keep-errors", "30d", "--archive", archive, status=2)
        self.assertEqual([row["action"] for row in rows].count("archived"), 3)
        self.assertIn("the archive has another file of that name (left as it was)", errors)
        self.assertEqual(read(os.path.join(archive, NAMES[0])), lines_of_file(0))
        self.assertEqual(sorted(os.listdir(self.logs)), sorted(NAMES[3:]))

    def test_the_archive_may_be_on_another_file_system(self):
        archive = self.other_file_system()
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

    def test_a_file_that_somebody_else_has_compressed_is_never_written_over(self):
        with open(self.path("shop.jsonl.4.gz"), "wb") as file:
            file.write(gzip.compress(b"of another year\n"))
        _, errors = self.retain("--compress", "gzip", status=2)
        self.assertIn("shop.jsonl.4: there is a compressed file of that name already (left as it was)", errors)
        self.assertEqual(read(self.path("shop.jsonl.4")), lines_of_file(3))
        self.assertEqual(read(self.path("shop.jsonl.4.gz")), ["of another year"])

    def test_an_archive_in_the_directory_is_left_alone(self):
        archive = self.path("archive")
        os.mkdir(archive)
        self.age_all(40 * DAY)
        for actions, status in ((["archived"] * 4, 0), ([], 1)):
            rows, _ = self.retain("--keep", "7d", "--keep-errors", "30d", "--archive", archive, status=status)
            self.assertEqual([row["action"] for row in rows], actions)
            self.assertEqual(sorted(os.listdir(archive)), sorted(NAMES[:4]))

    def test_the_directory_itself_as_archive_loses_nothing(self):
        self.age_all(40 * DAY)
        before = self.contents()
        self.retain("--keep-errors", "30d", "--archive", self.logs, status=2)
        self.assertEqual(self.contents(), before)

    def age_all(self, seconds):
        for name in NAMES:
            self.age(name, seconds)


    def test_what_killed_runs_have_left_is_removed_from_all_folders(self):
        archive = os.path.join(self.folder, "archive")
        os.mkdir(archive)
        os.mkdir(self.path("more"))
        os.rename(self.path(NAMES[3]), self.path("more/app.jsonl.1"))
        left = [os.path.join(folder, ".app.jsonl.9.retain") for folder in (archive, self.logs, self.path("more"))]
        for path in left:
            with open(path, "w", encoding="utf-8"):
                pass
        self.retain("--keep-errors", "30d", "--archive", archive, "--dry-run")
        self.assertEqual([os.path.exists(path) for path in left], [True] * 3)
        self.retain("--keep-errors", "30d", "--archive", archive)
        self.assertEqual([os.path.exists(path) for path in left], [False] * 3)

    def test_runs_that_share_an_archive_take_turns(self):
        archive = os.path.join(self.folder, "archive")
        os.mkdir(archive)
        self.age_all(40 * DAY)
        holder = os.open(archive, os.O_RDONLY)
        fcntl.flock(holder, fcntl.LOCK_EX)
        running = subprocess.Popen([SPANLOG, "retain", "--keep-errors", "30d", "--archive", archive, self.logs],
                                   stdout=subprocess.DEVNULL)
        with self.assertRaises(subprocess.TimeoutExpired):
            running.wait(0.3)
        self.assertEqual(os.listdir(archive), [])
        os.close(holder)
        self.assertEqual(running.wait(60), 0)
        self.assertEqual(sorted(os.listdir(archive)), sorted(NAMES[:4]))


class LaterRuns(Case):
    """What a run keeps, the next ones keep until it is too old."""

    def test_a_second_and_a_third_run_of_all_options_change_nothing(self):
        for keep, goes, compressed in itertools.product(([], ["--keep", "7d"]), ("", "removed", "archived"),
                                                        ("", "gzip", "zstd")):
            archive = tempfile.mkdtemp(dir=self.folder)
            options = [*keep, *(["--keep-errors", "30d"] if goes else []),
                       *(["--archive", archive] if goes == "archived" else []),
                       *(["--compress", compressed] if compressed else [])]
            if not options:
                continue
            with self.subTest(options=options):
                self.make([40 * DAY, 10 * DAY, HOUR, 10 * DAY, 0])
                self.retain(*options)
                both = lambda: (state(self.logs, "st_ino"), state(archive, "st_ino"))  # noqa: B023
                first = both()
                for _ in range(2):
                    rows, _ = self.retain(*options)
                    self.assertEqual({row["action"] for row in rows}, {"stays"})
                    self.assertEqual(both(), first)

    def test_a_full_disk_is_made_room_on_and_nothing_is_forgotten(self):
        self.two_files(30.5, 29.5)
        small, ended = (os.path.join(self.folder, name) for name in ("small", "ended"))
        os.mkdir(small)
        run = '"$0" retain --keep 7d --keep-errors 30d "$2"'
        shell = ('mount -t tmpfs -o size=64k none "$2" && echo mounted && cp -p "$1"/* "$2"\n'
                 f'head -c 1M /dev/zero >"$2/filler"; {run}; echo "status $?"\n'
                 f'rm "$2/filler"; {run} && cp -a "$2" "$3"')
        done = subprocess.run(["unshare", "-rm", "sh", "-c", shell, SPANLOG, self.logs, small, ended],
                              capture_output=True, text=True, check=False)
        if "mounted" not in done.stdout:
            (self.fail if os.environ.get("CI") else self.skipTest)(f"no file system may be mounted here: {done.stderr}")
        self.assertIn("removed", done.stdout.partition("status 2")[0], done)
        self.assertEqual(sorted(os.listdir(ended)), [MEMORY, "shop.jsonl", "shop.jsonl.1"], done)
        self.assertEqual(read(os.path.join(ended, "shop.jsonl.1")), [self.rest])

    def write(self, name, lines, days):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write("".join(text + "\n" for text in lines))
        self.age(name, days * DAY)

    def two_files(self, days_of_error, days_of_rest):
        shutil.rmtree(self.logs)
        os.mkdir(self.logs)
        self.error, self.rest = line(1, 1, level="error"), line(1, 2)
        self.write("shop.jsonl.2", [self.error, line(2, 1)], days_of_error)
        self.write("shop.jsonl.1", [self.rest, line(2, 2)], days_of_rest)
        self.write("shop.jsonl", [line(3, 1)], 0)

    def run_with_limits(self):
        self.retain("--keep", "7d", "--keep-errors", "30d")
        return sorted(os.listdir(self.logs))

    def test_what_is_no_list_of_ours_is_named_and_nothing_is_done(self):
        self.two_files(30.5, 29.5)
        before = self.contents()
        memory = self.path(MEMORY)

        def write(text):
            with open(memory, "w", encoding="ascii") as file:
                file.write(text)

        for make in (lambda: os.mkfifo(memory), lambda: os.mkdir(memory), lambda: os.symlink("/etc/passwd", memory),
                     lambda: write("x" * 100000), lambda: write("0" * 32), lambda: write("0" * 31 + "\n")):
            make()
            _, said = self.retain("--keep", "7d", "--keep-errors", "30d", status=2)
            self.assertEqual(said.count("\n"), 1, said)
            self.assertIn(f"{memory}: no list of traces as retain writes it: nothing is done", said)
            if os.path.isdir(memory):
                os.rmdir(memory)
            else:
                os.unlink(memory)
            self.assertEqual(self.contents(), before)

    def test_the_rest_of_a_trace_stays_when_the_file_with_its_error_has_gone(self):
        self.two_files(30.5, 29.5)
        for _ in range(3):
            self.assertEqual(self.run_with_limits(), [MEMORY, "shop.jsonl", "shop.jsonl.1"])
            self.assertEqual(read(self.path("shop.jsonl.1")), [self.rest])
        self.age("shop.jsonl.1", 30.5 * DAY)
        self.assertEqual(self.run_with_limits(), ["shop.jsonl"])

    def test_so_does_a_rest_that_was_too_young_to_be_thinned_when_the_error_went(self):
        self.two_files(30.5, 1)
        self.run_with_limits()
        self.assertEqual(read(self.path("shop.jsonl.1")), [self.rest, line(2, 2)])
        for days in (6, 8, 29):
            self.age("shop.jsonl.1", days * DAY)
            self.run_with_limits()
        self.assertEqual(read(self.path("shop.jsonl.1")), [self.rest])

    def test_a_rest_in_the_live_log_stays_when_that_has_been_rotated(self):
        self.two_files(30.5, 29.5)
        self.write("shop.jsonl", [line(1, 3)], 0)
        self.run_with_limits()
        os.rename(self.path("shop.jsonl"), self.path("shop.jsonl.3"))
        self.age("shop.jsonl.3", 8 * DAY)
        self.run_with_limits()
        self.assertEqual(read(self.path("shop.jsonl.3")), [line(1, 3)])

    def test_nothing_is_remembered_without_need(self):
        self.two_files(30.5, 29.5)
        self.write("shop.jsonl.1", [line(2, 2), line(4, 2, level="error")], 29.5)
        self.assertEqual(self.run_with_limits(), ["shop.jsonl", "shop.jsonl.1"])

    def test_what_cannot_be_read_at_present_may_need_what_is_remembered(self):
        self.two_files(30.5, 29.5)
        self.run_with_limits()
        data = gzip.compress("".join(line(7, part) + "\n" for part in range(99)).encode() + self.rest.encode())
        for size, remembered in ((len(data) // 2, True), (len(data), True), (0, False)):
            with open(self.path("shop.jsonl.1"), "wb") as file:
                file.write(data[:size])
            self.age("shop.jsonl.1", 6 * DAY)
            subprocess.run([SPANLOG, "retain", "--keep", "7d", "--keep-errors", "30d", self.logs], check=False,
                           capture_output=True)
            self.assertEqual(os.path.exists(self.path(MEMORY)), remembered, size)

    def test_a_dry_run_remembers_nothing(self):
        self.two_files(30.5, 29.5)
        before = state(self.logs, "st_ino")
        self.retain("--keep", "7d", "--keep-errors", "30d", "--dry-run")
        self.assertEqual(state(self.logs, "st_ino"), before)


class Kills(Case):
    """Killed before each of the calls by which it changes anything, and run once more."""

    def setUp(self):
        super().setUp()
        self.prepare(40, 40, 10, 10, 0)

    def prepare(self, *days):
        self.make([one * DAY for one in days], traces=30)
        for name in NAMES[:4]:
            shutil.copy(self.path(NAMES[4]), self.path(name + ".spx"))  # any bytes: they only go with their file
        self.model = os.path.join(self.folder, "model")
        shutil.rmtree(self.model, ignore_errors=True)
        os.rename(self.logs, self.model)

    def begin(self, archive):
        shutil.rmtree(self.logs, ignore_errors=True)
        shutil.copytree(self.model, self.logs)
        for name in os.listdir(archive):
            os.remove(os.path.join(archive, name))

    def seen_lines(self, folder):
        """As the tool reads them: hidden files and indexes are none of it."""
        return collections.Counter(text for name in os.listdir(folder)
                                   if not name.startswith(".") and not name.endswith(".spx")
                                   for text in read(os.path.join(folder, name)) if "trace_id" in text)

    def killed(self, number, options):
        done = subprocess.run([STEP_KILL, "start-changes", str(number), SPANLOG, "retain", "--jobs", "1", *options,
                               self.logs], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        self.assertIn(done.returncode, (0, ENDED_BEFORE), done.stderr)
        return done.returncode == 0 and done.stdout.splitlines()[-1]

    def pass_time(self, days):
        for name in os.listdir(self.logs):
            about = os.stat(self.path(name))
            os.utime(self.path(name), ns=(about.st_atime_ns, about.st_mtime_ns - days * DAY * 10**9))

    def kill_everywhere(self, *options, archive=None, days_later=0, least):
        archive = archive or tempfile.mkdtemp(dir=self.folder)
        both = lambda: (state(self.logs), state(archive))
        self.begin(archive)
        self.retain(*options)
        if days_later:
            self.pass_time(days_later)
            self.retain(*options)
        wanted, kept = both(), self.seen_lines(self.logs) + self.seen_lines(archive)
        for number in itertools.count(1):
            self.begin(archive)
            place = self.killed(number, options)
            if not place:
                break
            with self.subTest(options=options, number=number, place=place):
                here, there = self.seen_lines(self.logs), self.seen_lines(archive)
                self.assertEqual([text for text, count in here.items() if count > 1], [], "read twice")
                self.assertEqual([text for text in kept if not here[text] + there[text]], [], "lost")
                self.pass_time(days_later)
                self.retain(*options)
                ended = both()
                for got, want in zip(ended, wanted):
                    self.assertEqual({name: len(unpacked(data)) for name, (data, *_) in got.items()},
                                     {name: len(unpacked(data)) for name, (data, *_) in want.items()})
                if not days_later:  # else what was compressed twice has other bytes
                    self.assertTrue(ended == wanted, "the same lines, but not the same files")
        self.assertGreater(number, least)

    def test_of_thinning(self):
        self.kill_everywhere("--keep", "7d", least=40)

    def test_of_compressing(self):
        self.kill_everywhere("--compress", "gzip", least=18)

    def test_of_thinning_and_compressing(self):
        self.kill_everywhere("--keep", "7d", "--compress", "zstd", least=30)

    def test_of_thinning_and_removing(self):
        self.kill_everywhere("--keep", "7d", "--keep-errors", "30d", least=25)

    def test_of_thinning_compressing_and_archiving(self):
        archive = tempfile.mkdtemp(dir=self.folder)
        self.kill_everywhere("--keep", "7d", "--keep-errors", "30d", "--archive", archive, "--compress", "gzip",
                             archive=archive, least=20)

    def test_of_thinning_and_archiving_on_another_file_system(self):
        archive = self.other_file_system()
        self.kill_everywhere("--keep", "7d", "--keep-errors", "30d", "--archive", archive, archive=archive, least=40)

    def test_and_the_next_run_is_days_later(self):
        self.prepare(40, 40, 5, 5, 0)
        archive = self.other_file_system()
        self.kill_everywhere("--keep", "7d", "--keep-errors", "30d", "--archive", archive, "--compress", "zstd",
                             archive=archive, days_later=3, least=24)


if __name__ == "__main__":
    unittest.main()
