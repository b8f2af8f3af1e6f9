"""spanlog ship against a server that has every fault of the table in answer.h, and against files that rotate.

    ship_test.py build/dev/spanlog [-k word] [--times] [--no-memory]
"""
import gzip
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import fault_server
import shipping
from fault_server import answer
from shipping import Ship, append, record, ship_once, span, wait_for


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def holds_deleted(pid):
    try:
        return any("deleted" in os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd"))
    except FileNotFoundError:  # it was closed meanwhile: look again
        return True


class Case(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = self.scratch.name
        self.log = os.path.join(self.folder, "app.log")
        self.server = fault_server.FaultServer()
        self.ships = []

    def tearDown(self):
        for ship in self.ships:
            if ship.process.returncode is None:
                ship.kill()
        self.server.down()
        self.scratch.cleanup()

    def loki(self):
        return "loki:" + self.server.url

    def follow(self, *options, **more):
        self.ships.append(Ship(self.folder, *(options or ("--to", self.loki(), "--linger", "50ms", "app.log")), **more))
        return self.ships[-1]

    def once(self, *options, **more):
        return ship_once(self.folder, *(options or ("--to", self.loki(), "app.log")), **more)

    def numbers(self):
        """Of the records that are stored, each as often as it is."""
        with self.server.lock:
            return sorted(json.loads(line)["n"] for _, _, line in self.server.entries)

    def has(self, count, ship=None):
        wait_for(lambda: len(self.server.entries) >= count,
                 lambda: f"{count} records, there are {len(self.server.entries)}; said {ship and ship.said()}")

    def expect(self, lines):
        """Stored: these lines, each once, as they stand in the file."""
        self.assertEqual(sorted(line for _, _, line in self.server.entries), sorted(lines))


class Arriving(Case):
    def test_every_record_arrives_once_with_its_labels_and_ids(self):
        lines = [record(i, service=f"s{i % 3}", text='say "hi"\\ \u00e9\u2028') for i in range(3000)]
        append(self.log, lines)
        code, said, _ = self.once()
        self.assertEqual((code, said), (0, []))
        self.expect(lines)
        for (labels, ns, line), metadata in self.server.entries.items():
            fields = json.loads(line)
            self.assertEqual(json.loads(labels), {"service_name": fields["service"]})
            self.assertEqual(metadata, {"trace_id": fields["trace_id"], "span_id": fields["span_id"]})
            self.assertEqual(fields["ts"], shipping.rfc3339(int(ns)))

    def test_what_was_sent_is_not_sent_again(self):
        append(self.log, [record(i) for i in range(100)])
        self.once()
        append(self.log, [record(i) for i in range(100, 150)])
        self.once()
        self.assertEqual(self.numbers(), list(range(150)))
        self.assertEqual(self.server.repeated, 0)

    def test_a_line_is_sent_when_it_is_whole(self):
        with open(self.log, "w", encoding="utf-8") as file:
            ship = self.follow()
            file.write(record(1) + "\n" + record(2)[:40])
            file.flush()
            self.has(1, ship)
            file.write(record(2)[40:] + "\n")
            file.flush()
            self.has(2, ship)
        self.assertEqual(ship.end(), 0)
        self.assertEqual(self.numbers(), [1, 2])

    def test_equal_lines_of_the_same_time_are_all_kept_and_the_same_when_sent_again(self):
        ns = shipping.EPOCH_NS
        lines = [json.dumps({"ts": shipping.rfc3339(ns), "level": "info", "msg": "same", "service": "a", "n": 1})] * 5
        append(self.log, lines)
        self.server.faults.append(fault_server.taken_then_reset)
        self.once()
        self.assertEqual(sorted(int(time_ns) - ns for _, time_ns, _ in self.server.entries), [0, 1, 2, 3, 4])
        self.assertEqual(self.server.repeated, 5)
        append(self.log, lines[:2])
        self.once()
        self.assertEqual(sorted(int(time_ns) - ns for _, time_ns, _ in self.server.entries), list(range(7)))

    def test_late_records_go_to_a_stream_of_their_own(self):
        hour = 3600 * 10**9
        times = [5 * hour, 5 * hour + 1, 4.5 * hour, 2 * hour, 2 * hour + 7, hour // 2, 6 * hour]
        lines = [record(i, ns=shipping.EPOCH_NS + int(ns)) for i, ns in enumerate(times)]
        append(self.log, lines)
        code, said, _ = self.once()
        self.assertEqual((code, said), (0, []))
        self.expect(lines)
        late = {json.loads(line)["n"]: json.loads(labels).get("late") for labels, _, line in self.server.entries}
        self.assertEqual(late, {0: None, 1: None, 2: None, 3: "true", 4: "true", 5: "2", 6: None})

    def test_the_environment_of_a_process_becomes_a_label(self):
        started = record(0, msg="process started", **{"deployment.environment.name": "prod"})
        append(self.log, [started, record(1)])
        self.once()
        append(self.log, [record(2), record(3, pid=712)])
        self.once()
        env = {json.loads(line)["n"]: json.loads(labels).get("env") for labels, _, line in self.server.entries}
        self.assertEqual(env, {0: "prod", 1: "prod", 2: "prod", 3: None})

    def test_other_loggers_lines_become_canonical_ones_and_junk_is_counted(self):
        with open(self.log, "w", encoding="utf-8") as file:
            file.write('{"level":30,"time":1795257045123,"pid":1,"hostname":"h","msg":"from pino","v":1}\n')
            file.write("\x01\x02 no record at all {\n" + record(7) + "\n")
        self.once()
        lines = [json.loads(line) for _, _, line in self.server.entries]
        self.assertEqual(sorted(line["msg"] for line in lines if "no record" not in line["msg"]),
                         ["from pino", "record 7"])
        self.assertTrue(all("ts" in line and "level" in line for line in lines))

    def test_targets_have_their_own_positions(self):
        other = fault_server.FaultServer()
        self.addCleanup(other.down)
        other.always = answer(503, "not now")
        lines = [record(i) for i in range(500)]
        append(self.log, lines)
        ship = self.follow("--to", self.loki(), "--linger", "10ms", "--to", "loki:" + other.url, "app.log")
        self.has(500, ship)
        self.assertEqual(len(other.entries), 0)
        other.always = None
        wait_for(lambda: len(other.entries) == 500, "the other one, too")
        self.assertEqual(ship.end(), 0)
        self.assertEqual([entry["records"] for entry in shipping.status(self.folder)], [500, 500])

    def test_a_file_that_cannot_be_read_is_named_and_the_others_are_sent(self):
        append(self.log, [record(i) for i in range(10)])
        code, said, _ = self.once("--to", self.loki(), "missing.log", "app.log")
        self.assertEqual((code, said), (2, ["spanlog: ship: missing.log: No such file or directory"]))
        self.assertEqual(self.numbers(), list(range(10)))

    def test_limits_of_rate_and_age(self):
        now = time.time_ns()
        append(self.log, [record(i, ns=now - 10**9 * 86400 * 3 + i) for i in range(10)])
        append(self.log, [record(100 + i, ns=now + i, text="x" * 1000) for i in range(400)])
        began = time.monotonic()
        self.once("--to", self.loki(), "--max-age", "2d", "--rate", "300K", "--batch", "64K", "app.log")
        self.assertEqual(self.numbers(), list(range(100, 500)))
        self.assertGreater(time.monotonic() - began, 1.0)  # 540 KB, of which the last 64 are on credit
        self.assertEqual(shipping.status(self.folder)[0]["left_out"], 10)


class Rotating(Case):
    def write(self, path, first, count):
        append(path, [record(i) for i in range(first, first + count)])

    def test_rename_delete_and_copytruncate_lose_nothing(self):
        ship = self.follow()
        number = 0
        for turn in range(12):
            for _ in range(5):
                self.write(self.log, number, 40)
                number += 40
                time.sleep(0.004)
            if turn % 3 == 0:
                os.rename(self.log, f"{self.log}.{turn + 1}")
            elif turn % 3 == 1:
                with open(self.log, "rb") as live, open(f"{self.log}.{turn + 1}", "wb") as copy:
                    copy.write(live.read())
                os.truncate(self.log, 0)
            else:
                self.has(number, ship)
                os.unlink(self.log)
        self.has(number, ship)
        self.assertEqual(ship.end(), 0)
        self.assertEqual(self.numbers(), list(range(number)))
        self.assertEqual([line for line in ship.said() if "waiting" not in line], [])
        self.assertEqual(self.server.repeated, 0)

    def test_a_copy_that_takes_its_time_is_one_all_along(self):
        self.write(self.log, 0, 2000)
        ship = self.follow()
        self.has(2000, ship)
        self.write(self.log, 2000, 500)
        with open(self.log, "rb") as live, open(self.log + ".1", "wb", buffering=0) as copy:
            content = live.read()
            for at in range(0, len(content), 50000):
                copy.write(content[at:at + 50000])
                time.sleep(0.1)
        self.write(self.log + ".1", 2500, 10)  # only the copy has these
        os.truncate(self.log, 0)
        self.write(self.log, 3000, 300)
        self.has(2810, ship)
        self.assertEqual(ship.end(), 0)
        self.assertEqual(self.numbers(), list(range(2510)) + list(range(3000, 3300)))
        self.assertEqual(self.server.repeated, 0)

    def test_files_rotated_while_nobody_looked_are_read_oldest_first(self):
        self.write(self.log, 0, 100)
        self.once()
        for turn in range(3):
            self.write(self.log, 100 + 100 * turn, 100)
            for age in (2, 1):
                if os.path.exists(f"{self.log}.{age}"):
                    os.rename(f"{self.log}.{age}", f"{self.log}.{age + 1}")
            os.rename(self.log, f"{self.log}.1")
        self.write(self.log, 400, 10)
        self.once()
        self.assertEqual(self.numbers(), list(range(410)))
        self.assertEqual(self.server.repeated, 0)

    def test_files_that_rotate_while_the_server_is_down_are_all_sent(self):
        self.server.always = answer(503, "")
        ship = self.follow()
        for turn in range(4):
            self.write(self.log, 100 * turn, 100)
            wait_for(lambda: ship.holds(self.log), "a look at it")
            os.rename(self.log, f"{self.log}.{9 - turn}")
        os.system(f"gzip {self.log}.9 {self.log}.8")
        os.unlink(f"{self.log}.7")
        self.server.always = None
        self.has(400, ship)
        self.assertEqual(ship.end(), 0)
        self.assertEqual(self.numbers(), list(range(400)))

    def test_a_file_that_is_gone_is_let_go_and_costs_nothing(self):
        self.write(self.log, 0, 50)
        ship = self.follow()
        self.has(50, ship)
        os.unlink(self.log)
        wait_for(lambda: not holds_deleted(ship.process.pid), "it to be let go")
        before = processor_seconds(ship.process.pid)
        time.sleep(2)
        self.assertLess(processor_seconds(ship.process.pid) - before, 0.5)
        self.assertEqual(ship.end(), 0)

    def test_files_that_a_program_compresses_while_the_server_is_down_are_all_sent(self):
        self.server.always = answer(503, "")
        ship = self.follow()
        env = {**os.environ, "SPANLOG_OUTPUT": f"file:{self.log}?rotate=4K&compress=gzip",
               "SPANLOG_JOURNAL_DIR": self.folder + "/journals"}
        for number in range(150):
            subprocess.run([shipping.TOOL, "log", "written", f"n={number}"], env=env, check=True)
        finish = subprocess.Popen([shipping.TOOL, "exec", "--", "sleep", "300"], env=env)
        try:
            plain = lambda: [name for name in os.listdir(self.folder) if name.startswith("app.log.2") and name[-1].isdigit()]
            wait_for(lambda: len(plain()) <= 1, lambda: f"compressed: {os.listdir(self.folder)}", 240)
        finally:
            finish.terminate()
            finish.wait()
        self.assertGreater(len([name for name in os.listdir(self.folder) if name.endswith(".gz")]), 1)
        self.server.always = None
        found = lambda: [json.loads(line).get("n") for _, _, line in list(self.server.entries)]
        wait_for(lambda: len([n for n in found() if n is not None]) >= 150, lambda: f"all records, there are {found()}")
        self.assertEqual(ship.end(), 0)
        self.assertEqual(sorted(n for n in found() if n is not None), list(range(150)))

    def test_a_copy_is_left_alone_and_an_archive_too(self):
        self.write(self.log, 0, 50)
        with open(self.log, "rb") as live, open(self.log + ".1", "wb") as copy:
            copy.write(live.read())
        os.system(f"gzip -k {self.log}")
        os.mkdir(self.folder + "/logs")
        for name in ("app.log", "app.log.1", "app.log.gz"):
            os.rename(f"{self.folder}/{name}", f"{self.folder}/logs/{name}")
        self.once("--to", self.loki(), "logs")
        self.assertEqual(self.numbers(), list(range(50)))
        self.assertEqual(self.server.repeated, 0)

    def test_an_original_whose_copy_is_seen_first_goes_on(self):
        folder = os.path.join(self.folder, "logs")
        os.mkdir(folder)
        live, copy = os.path.join(folder, "app.log"), os.path.join(folder, "app.log.1")
        self.write(live, 0, 50)
        self.write(copy, 0, 50)
        ship = self.follow("--to", self.loki(), "--linger", "10ms", "logs")
        self.has(50, ship)
        self.write(live, 50, 20)  # it grows
        self.has(70, ship)
        os.truncate(live, 0)
        self.write(live, 100, 30)  # and is cut
        self.has(100, ship)
        self.assertEqual(ship.end(), 0)
        self.assertEqual(self.numbers(), list(range(70)) + list(range(100, 130)))
        self.assertEqual(self.server.repeated, 0)

    def test_a_directory_and_what_appears_in_it(self):
        folder = os.path.join(self.folder, "logs")
        os.mkdir(folder)
        self.write(os.path.join(folder, "a.log"), 0, 10)
        ship = self.follow("--to", self.loki(), "--linger", "10ms", "logs")
        self.has(10, ship)
        os.mkdir(os.path.join(folder, "below"))
        self.write(os.path.join(folder, "below", "b.log"), 10, 10)
        self.write(os.path.join(folder, "c.log"), 20, 10)
        self.has(30, ship)
        self.assertEqual(ship.end(), 0)
        self.assertEqual(self.numbers(), list(range(30)))

    def test_an_inode_that_is_used_again_is_another_file(self):
        self.write(self.log, 0, 100)
        self.once()
        with open(self.log, "r+", encoding="utf-8") as file:  # the same inode, longer, other lines
            file.truncate(0)
            file.write("".join(record(i) + "\n" for i in range(1000, 1200)))
        self.once()
        self.assertEqual(self.numbers(), list(range(100)) + list(range(1000, 1200)))


class Compressed(Case):
    """Parts of what is followed that gzip or zstd has compressed: the same lines, at the same places."""

    def write(self, path, first, count):
        append(path, [record(i) for i in range(first, first + count)])

    def pack(self, path, tool="gzip", *options):
        subprocess.run([tool, "-q", *(["--rm"] if tool == "zstd" else []), *options, path], check=True)

    def sent_once(self, expected):
        self.assertEqual(self.numbers(), list(expected))
        self.assertEqual(self.server.repeated, 0)

    def test_a_part_that_was_compressed_while_it_was_down_goes_on_where_it_stood(self):
        for tool, ending in (("gzip", ".gz"), ("zstd", ".zst")):
            with self.subTest(tool=tool):
                self.server.entries.clear()
                self.write(self.log, 0, 4000)
                self.once()
                self.write(self.log, 4000, 6000)
                os.rename(self.log, self.log + ".1")
                self.pack(self.log + ".1", tool)
                self.write(self.log, 10000, 10)
                for _ in range(2):
                    code, said, _ = self.once()
                    self.assertEqual((code, said), (0, []))
                    self.sent_once(range(10010))
                os.unlink(self.log)
                os.unlink(self.log + ".1" + ending)
                os.system(f"rm -r {self.folder}/state")

    def test_parts_of_before_the_first_start_are_sent_oldest_first(self):
        for part in range(3, 0, -1):
            self.write(f"{self.log}.{part}", (3 - part) * 100, 100)
        self.write(self.log, 300, 100)
        self.pack(self.log + ".3", "zstd")
        self.pack(self.log + ".2")
        code, said, _ = self.once()
        self.assertEqual((code, said), (0, []))
        self.sent_once(range(400))
        self.assertEqual([json.loads(line)["n"] for _, _, line in self.server.entries], list(range(400)))

    def test_compressing_what_was_sent_sends_nothing(self):
        self.write(self.log, 0, 500)
        ship = self.follow()
        self.has(500, ship)
        for turn in range(3):
            for part in range(turn, 0, -1):
                os.rename(f"{self.log}.{part}.gz", f"{self.log}.{part + 1}.gz")
            os.rename(self.log, self.log + ".1")
            self.write(self.log, 500 + 100 * turn, 100)
            self.pack(self.log + ".1")
            self.has(600 + 100 * turn, ship)
        requests = len(self.server.requests)
        time.sleep(6)  # what was deleted is let go, and the compressed one takes its place
        self.assertEqual(ship.end(), 0)
        self.once()
        self.sent_once(range(800))
        self.assertEqual(len(self.server.requests), requests)

    def write_at_inode(self, inode, path, data):
        """As happens by chance: the file system gives out again what a deleted file has left."""
        for turn in range(3000):
            name = os.path.join(self.folder, f".{turn}")
            with open(name, "wb") as file:
                if os.fstat(file.fileno()).st_ino == inode:
                    file.write(data)
                    break
        else:
            self.assertFalse(os.environ.get("CI"), "this file system does not use an inode again: nothing was shown")
            self.skipTest("this file system did not use an inode again")
        os.rename(name, path)
        os.system(f"rm -f {self.folder}/.[0-9]*")

    def delete(self, path, ship):
        inode = os.stat(path).st_ino
        wait_for(lambda: not ship.holds(path), lambda: f"{path} to be closed")
        os.unlink(path)
        return inode

    def takes_the_inode_of(self, ending):
        self.write(self.log + ".2", 0, 300)
        self.write(self.log + ".1", 300, 400)
        self.write(self.log, 700, 100)
        if ending:
            self.pack(self.log + ".2")
        ship = self.follow()
        self.has(800, ship)
        inode = self.delete(self.log + ".2" + ending, ship)
        with open(self.log + ".1", "rb") as file:
            self.write_at_inode(inode, self.log + ".1.gz", gzip.compress(file.read()))
        self.delete(self.log + ".1", ship)
        self.write(self.log, 800, 100)
        self.has(900, ship)
        time.sleep(0 if ending else 6)  # what was deleted is let go
        self.assertEqual(ship.end(), 0)
        self.assertEqual(self.once()[1], [])
        self.sent_once(range(900))

    def test_a_compressed_part_with_the_inode_of_a_deleted_plain_one_is_another_file(self):
        self.takes_the_inode_of("")

    def test_a_compressed_part_with_the_inode_of_a_deleted_compressed_one_is_another_file(self):
        self.takes_the_inode_of(".gz")

    def test_a_kill_before_the_compressed_part_was_seen_sends_nothing_twice(self):
        self.write(self.log, 0, 500)
        ship = self.follow()
        self.has(500, ship)
        os.rename(self.log, self.log + ".1")
        self.write(self.log, 500, 100)
        self.has(600, ship)
        wait_for(lambda: [entry["records"] for entry in shipping.status(self.folder)] == [600], "the checkpoint")
        self.pack(self.log + ".1")
        ship.kill()
        self.once()
        self.sent_once(range(600))

    def test_kills_while_parts_are_rotated_and_compressed_lose_and_double_nothing(self):
        number = 0
        for turn in range(10):
            ship = self.follow()
            for _ in range(3):
                self.write(self.log, number, 700)
                number += 700
                for part in sorted((int(name.split(".")[2]) for name in os.listdir(self.folder)
                                    if name.startswith("app.log.")), reverse=True):
                    os.rename(f"{self.log}.{part}.gz", f"{self.log}.{part + 1}.gz")
                os.rename(self.log, self.log + ".1")
                self.pack(self.log + ".1", "gzip", "-1" if turn % 2 else "-6")
                time.sleep(0.01 * (turn % 4))
            if turn % 2:
                self.has(number - 700 * (turn % 3), ship)
            ship.kill()
        ship = self.follow()
        self.write(self.log, number, 1)
        number += 1
        self.has(number, ship)
        self.assertEqual(ship.end(), 0)
        self.assertEqual(self.numbers(), list(range(number)))
        repeated = self.server.repeated  # of requests whose answer or checkpoint a kill has cut off
        self.once()
        self.assertEqual((self.numbers(), self.server.repeated), (list(range(number)), repeated))

    def test_copied_compressed_and_cut(self):
        self.write(self.log, 0, 300)
        self.once()
        self.write(self.log, 300, 300)
        with gzip.open(self.log + ".1.gz", "wb") as packed, open(self.log, "rb") as live:
            packed.write(live.read())
        os.truncate(self.log, 0)
        self.write(self.log, 600, 300)
        self.once()
        self.sent_once(range(900))

    def test_a_live_file_of_which_a_compressed_copy_was_seen_first_goes_on(self):
        self.write(self.log, 0, 300)
        os.system(f"gzip -k {self.log}")
        self.write(self.log, 300, 50)
        ship = self.follow()
        self.has(350, ship)
        self.write(self.log, 350, 50)
        self.has(400, ship)
        self.assertEqual(ship.end(), 0)
        self.sent_once(range(400))

    def test_a_part_that_is_still_written_is_waited_for(self):
        self.write(self.log, 0, 5000)
        with open(self.log, "rb") as file:
            packed = gzip.compress(file.read())
        os.unlink(self.log)
        ship = self.follow("--to", self.loki(), "--linger", "50ms", "app.log")
        with open(self.log + ".1.gz", "wb", buffering=0) as file:
            for begin in range(0, len(packed), len(packed) // 3):
                file.write(packed[begin:begin + len(packed) // 3])
                time.sleep(0.3)
        self.has(5000, ship)
        self.assertEqual(ship.end(), 0)
        self.sent_once(range(5000))

    def test_a_damaged_part_is_named_and_read_up_to_there(self):
        self.write(self.log, 0, 5000)
        with open(self.log, "rb") as file:
            packed = gzip.compress(file.read())
        with open(self.log + ".1.gz", "wb") as file:
            file.write(packed[:len(packed) // 2])
        os.unlink(self.log)
        self.write(self.log, 5000, 10)
        code, said, _ = self.once()
        self.assertEqual(code, 2)
        self.assertEqual(said, ["spanlog: ship: app.log.1.gz: ends in the middle, read up to there"])
        arrived = self.numbers()
        self.assertEqual(arrived[-10:], list(range(5000, 5010)))
        self.assertEqual(arrived[:-10], list(range(len(arrived) - 10)))
        self.assertGreater(len(arrived), 1000)

    def test_a_part_of_one_short_line_too(self):
        append(self.log, ['{"ts":"2026-11-21T10:30:45.123456789Z","level":"info","msg":"x","service":"a","n":1}'])
        self.once()
        os.rename(self.log, self.log + ".1")
        self.once()
        self.pack(self.log + ".1")
        self.once()
        self.sent_once([1])

    def test_what_a_program_has_compressed_while_it_was_down_is_sent(self):
        env = {**os.environ, "SPANLOG_OUTPUT": f"file:{self.log}?rotate=4K&compress=zstd",
               "SPANLOG_JOURNAL_DIR": self.folder + "/journals"}
        write = lambda first, count: [subprocess.run([shipping.TOOL, "log", "written", f"n={n}"], env=env, check=True)
                                      for n in range(first, first + count)]
        write(0, 15)
        self.once()
        write(15, 185)
        finish = subprocess.Popen([shipping.TOOL, "exec", "--", "sleep", "300"], env=env)
        try:
            plain = lambda: [name for name in os.listdir(self.folder) if name.startswith("app.log.2") and name[-1].isdigit()]
            wait_for(lambda: len(plain()) <= 1, lambda: f"compressed: {os.listdir(self.folder)}",
                     240)  # by a thread that runs when nobody else wants to
        finally:
            finish.terminate()
            finish.wait()
        self.assertGreater(len([name for name in os.listdir(self.folder) if name.endswith(".zst")]), 1)
        self.assertEqual(self.once()[0], 0)
        found = [json.loads(line).get("n") for _, _, line in self.server.entries]
        self.assertEqual(sorted(n for n in found if n is not None), list(range(200)))
        self.assertEqual(self.server.repeated, 0)

    def test_what_retain_has_thinned_is_not_sent_again(self):
        for options in ((), ("--compress", "gzip"), ("--compress", "zstd")):
            with self.subTest(options=options):
                self.server.entries.clear()
                self.server.heads.clear()
                folder = tempfile.mkdtemp(dir=self.folder)
                live = os.path.join(folder, "app.log")
                old = time.time_ns() - 10 * 86400 * 10**9
                for part in (1, 2):
                    append(f"{live}.{part}", [record(i, level="error" if i % 20 == 0 else "info", ns=old + i * 10**6)
                                              for i in range(1000 * part, 1000 * part + 500)])
                    os.utime(f"{live}.{part}", ns=(old + part, old + part))
                self.pack(live + ".2")
                self.write(live, 0, 10)
                state = os.path.basename(folder) + "-state"
                self.once("--to", self.loki(), live, state=state)
                before, requests = self.numbers(), len(self.server.requests)
                self.assertEqual(len(before), 1010)
                sizes = {name: os.stat(os.path.join(folder, name)).st_size for name in os.listdir(folder)}
                subprocess.run([shipping.TOOL, "retain", folder, "--keep", "7d", "--keep-errors", "30d", *options],
                               check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                thinned = {name: os.stat(os.path.join(folder, name)).st_size for name in os.listdir(folder)}
                self.assertLess(thinned["app.log.2.gz"], sizes["app.log.2.gz"])
                self.assertLess(min(size for name, size in thinned.items() if name.startswith("app.log.1")),
                                sizes["app.log.1"])
                self.assertEqual(self.once("--to", self.loki(), live, state=state)[:2], (0, []))
                self.assertEqual((self.numbers(), len(self.server.requests)), (before, requests))
                self.assertEqual(self.server.repeated, 0)

    def test_retain_beside_a_running_ship_sends_nothing_twice(self):
        old = time.time_ns() - 10 * 86400 * 10**9
        append(self.log + ".1", [record(i, level="error" if i % 20 == 0 else "info", ns=old + i * 10**6)
                                 for i in range(500)])
        os.utime(self.log + ".1", ns=(old, old))
        self.write(self.log, 1000, 10)
        ship = self.follow()
        self.has(510, ship)
        requests = len(self.server.requests)
        subprocess.run([shipping.TOOL, "retain", self.folder, "--keep", "7d", "--keep-errors", "30d", "--compress",
                        "gzip"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertTrue(os.path.exists(self.log + ".1.gz"))
        time.sleep(6)
        self.write(self.log, 1010, 1)
        self.has(511, ship)
        self.assertEqual(ship.end(), 0)
        self.once()
        self.assertEqual(len(self.server.requests), requests + 1)
        self.sent_once([*range(500), *range(1000, 1011)])


class Faults(Case):
    def lines(self, count=200, **fields):
        lines = [record(i, **fields) for i in range(count)]
        append(self.log, lines)
        return lines

    def episode(self, fault, times=2, **fields):
        """A fault for some requests; then all arrive. What was said."""
        lines = self.lines(**fields)
        self.server.faults += [fault] * times
        code, said, _ = self.once()
        self.assertEqual(code, 0)
        self.expect(lines)
        return said

    def test_one_message_at_the_begin_and_one_at_the_end_of_an_episode(self):
        said = self.episode(answer(503, "Service\nUnavailable"), 3)
        self.assertEqual(said[0], "spanlog: ship: loki:http://HOST: cannot deliver: it answers 503: Service "
                                  "Unavailable; trying again, what is not sent stays in the files")
        self.assertRegex(said[1], r"delivers again, after \d+\.\d s and 3 tries$")
        self.assertEqual(len(said), 2)

    def test_answers_that_mean_later(self):
        for status in (429, 500, 502, 504):
            with self.subTest(status=status):
                self.server.entries.clear()
                said = self.episode(answer(status, "x"), 1, status=status)
                self.assertEqual(len(said), 2)
                os.unlink(self.log)

    def test_a_reset_after_the_push_was_taken_leaves_each_record_once(self):
        self.episode(fault_server.taken_then_reset, 2)
        self.assertEqual(self.server.repeated, 400)  # sent three times, and the same each time

    def test_retry_after_is_honoured(self):
        self.episode(answer(429, "", {"Retry-After": "2"}), 1)
        self.assertGreaterEqual(self.server.requests[1][3] - self.server.requests[0][3], 1.9)

    def test_a_server_that_hangs_is_left_after_the_timeout(self):
        lines = self.lines()
        self.server.faults.append(fault_server.hang(30))
        began = time.monotonic()
        code, said, _ = self.once("--to", self.loki(), "--timeout", "1s", "app.log")
        self.assertEqual(code, 0)
        self.assertLess(time.monotonic() - began, 15)
        self.assertIn("timed out", said[0].lower())
        self.expect(lines)

    def test_401_stops_this_target_alone_and_keeps_its_queue(self):
        lines = self.lines()
        other = fault_server.FaultServer()
        self.addCleanup(other.down)
        self.server.tenant = "shop"
        code, said, _ = self.once("--to", self.loki(), "--to", "loki:" + other.url, "app.log")
        self.assertEqual(code, 2)
        self.assertEqual(said, ["spanlog: ship: loki:http://HOST: stopped, what is not sent stays in the files: "
                                "it answers 401: no org id"])
        self.assertEqual(len(other.entries), 200)
        self.assertEqual(len(self.server.requests), 1)
        self.assertEqual(self.once("--to", self.loki(), "--tenant", "shop", "app.log")[0], 0)
        self.expect(lines)

    def test_a_partial_400_is_counted_and_never_sent_again(self):
        lines = self.lines(10)
        append(self.log, [record(10, text="x" * 300000)])
        lines += self.lines(0)
        code, said, _ = self.once()
        self.assertEqual(code, 0)
        self.assertEqual(len(self.server.requests), 1)
        self.expect(lines)
        self.assertEqual(len(said), 1)
        self.assertIn("1 records refused, which are counted and not sent again: it answers 400", said[0])
        entry = shipping.status(self.folder)[0]
        self.assertEqual((entry["records"], entry["refused"]), (10, 1))

    def test_413_and_resource_exhausted_are_halved_and_a_single_record_is_counted(self):
        for text in (None, "413"):
            with self.subTest(text=text):
                self.server.entries.clear()
                self.server.body_max = 100_000
                if text:
                    self.server.always = lambda handler, body: (
                        (413, "too large", {}) if len(body) > 100_000 else handler.take(body))
                lines = self.lines(300, status=text, text="y" * 2000)
                append(self.log, [record(999, text="z" * 150_000)])
                code, said, _ = self.once()
                self.assertEqual(code, 0)
                self.expect(lines)
                self.assertEqual(shipping.status(self.folder)[0]["oversize"], 2 if text else 1)
                self.assertLess(len(self.server.requests), 40)
                self.server.requests.clear()
                os.unlink(self.log)

    def test_429_for_ever_over_the_burst_is_halved(self):
        lines = self.lines(300, text="y" * 1000)
        self.server.burst = 300_000
        code, said, _ = self.once()
        self.assertEqual(code, 0)
        self.expect(lines)
        # Once it has been halved, the next request is no larger: it is one episode.
        self.assertEqual([("cannot deliver: it answers 429" in line, "delivers again" in line) for line in said],
                         [(True, False), (False, True)], said)

    def test_memory_bounds_a_line_and_a_longer_one_is_named(self):
        to = ("--to", "otlp:" + self.server.url, "--memory", "8M")  # an eighth of it for a line
        append(self.log, [record(0)])
        ship = self.follow(*to, "--linger", "10ms", "app.log")
        wait_for(lambda: len(self.server.logs) == 1, ship.said)
        before_kb = ship.most_memory_kb()
        append(self.log, [record(1, text="x" * 900_000), record(2, text="y" * 3_000_000), record(3)])
        with open(self.log, "a", encoding="utf-8") as file:
            for _ in range(100):
                file.write("z" * 1_000_000)
            file.write("\n")
        append(self.log, [record(4)])
        wait_for(lambda: len(self.server.logs) == 4, lambda: f"four records: {len(self.server.logs)}, {ship.said()}")
        self.assertLess(ship.most_memory_kb() - before_kb, 8 << 10 if MEMORY_KB == 32 << 10 else MEMORY_KB)
        self.assertEqual(ship.end(), 0)
        self.assertEqual([log["body"]["stringValue"] for log in self.server.logs],
                         ["record 0", "record 1", "record 3", "record 4"])
        self.assertEqual(ship.said(), ["spanlog: ship: app.log: a line is longer than 1024 KB (--memory): such lines "
                                       "are left out and counted"])
        self.assertEqual(shipping.status(self.folder)[0]["unreadable"], 2)

    def test_a_server_that_is_down_loses_nothing_and_memory_stays_bounded(self):
        self.server.down()
        for part in range(4):
            append(self.log, [record(part * 10000 + i, text="w" * 700) for i in range(10000)])
        ship = self.follow()
        wait_for(lambda: len(ship.said()) == 1, "a message")
        time.sleep(1)
        self.server.up()
        self.has(40000, ship)
        most_kb = ship.most_memory_kb()
        self.assertEqual(ship.end(), 0)
        self.assertEqual(self.numbers(), list(range(40000)))
        self.assertLess(most_kb, MEMORY_KB)
        self.assertEqual(len(ship.said()), 2, ship.said())

    def test_once_gives_up_after_a_while_and_keeps_the_queue(self):
        lines = self.lines()
        self.server.always = answer(503, "")
        code, said, _ = self.once("--to", self.loki(), "--give-up", "1s", "app.log")
        self.assertEqual(code, 2)
        self.assertTrue(said[-1].endswith("gives up: what is not sent stays in the files"))
        self.server.always = None
        self.assertEqual(self.once()[0], 0)
        self.expect(lines)

    def test_sigterm_ends_it_within_the_grace(self):
        self.lines()
        self.server.always = fault_server.hang(30)
        ship = self.follow("--to", self.loki(), "--linger", "10ms", "--grace", "500ms", "app.log")
        wait_for(lambda: self.server.requests, "a request")
        began = time.monotonic()
        self.assertEqual(ship.end(), 0)
        self.assertLess(time.monotonic() - began, 5)
        self.server.always = None
        self.once()
        self.assertEqual(self.numbers(), list(range(200)))

    def test_a_wrong_certificate_is_refused_and_a_right_one_taken(self):
        made = [os.path.join(self.folder, name) for name in ("cert.pem", "key.pem")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-out", made[0], "-keyout", made[1]],
                       check=True, stderr=subprocess.DEVNULL)
        secure = fault_server.FaultServer(certificate=made)
        self.addCleanup(secure.down)
        lines = self.lines()
        to = "loki:" + secure.url
        code, said, _ = self.once("--to", to, "--give-up", "1s", "app.log")
        self.assertEqual((code, len(secure.requests)), (2, 0))
        self.assertIn("certificate", said[0])
        self.assertEqual(len(said), 2, said)
        self.assertEqual(self.once("--to", to, "--ca", made[0], "app.log")[:2], (0, []))
        self.assertEqual(sorted(line for _, _, line in secure.entries), sorted(lines))

    def test_a_full_disk_at_the_checkpoint_is_said_once_and_stops_nothing(self):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as children inherit it: the write fails instead
        ship = self.follow("--to", self.loki(), "--linger", "10ms", "app.log",
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY)),
                           restore_signals=False)
        for part in range(3):
            append(self.log, [record(100 * part + i) for i in range(100)])
            self.has(100 * part + 100, ship)
            time.sleep(0.3)
        complaints = [line for line in ship.said() if "checkpoint cannot be written" in line]
        self.assertEqual(len(complaints), 1, ship.said())
        resource.prlimit(ship.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        append(self.log, [record(300)])
        wait_for(lambda: any("is written again" in line for line in ship.said()), "the checkpoint")
        self.assertEqual(ship.end(), 0)
        self.once()
        self.assertEqual(self.numbers(), list(range(301)))
        self.assertEqual(self.server.repeated, 0)

    def test_a_damaged_checkpoint_sends_all_again_and_says_so(self):
        lines = self.lines()
        self.once()
        for name in os.listdir(os.path.join(self.folder, "state")):
            if not name.endswith(".lock"):
                with open(os.path.join(self.folder, "state", name), "r+b") as file:
                    file.truncate(70)
        code, said, _ = self.once()
        self.assertEqual(code, 0)
        self.assertEqual(said, ["spanlog: ship: loki:http://HOST: its checkpoint is damaged: the files are sent from "
                                "their start"])
        self.expect(lines)
        self.assertEqual(self.server.repeated, 200)

    def test_two_shippers_of_one_state_do_not_run(self):
        self.lines()
        ship = self.follow()
        self.has(200, ship)
        code, said, _ = self.once()
        self.assertEqual(code, 2)
        self.assertEqual(said, [f"spanlog: ship: loki:http://HOST: process {ship.process.pid} sends there already, "
                                "with the same state; end it, or give this one its own: --state DIR"])
        self.assertEqual(self.once("--to", self.loki(), "app.log", state="other")[0], 0)

    def test_kills_of_shipper_and_server_lose_nothing(self):
        total, writing = 60000, threading.Event()

        def write():
            for first in range(0, total, 500):
                append(self.log, [record(i) for i in range(first, first + 500)])
                time.sleep(0.01)
            writing.set()

        writer = threading.Thread(target=write)
        writer.start()
        for turn in range(8):
            ship = self.follow()
            self.has(min(5000 * turn + 1000, total), ship)
            if turn % 3 == 2:
                self.server.down()
                time.sleep(0.1)
                self.server.up()
            ship.kill()
        ship = self.follow()
        writer.join()
        self.has(total, ship)
        self.assertEqual(ship.end(), 0)
        self.assertEqual(self.numbers(), list(range(total)))


class Doors(Case):
    def spans(self):
        lines = [span(1, name="GET /", kind="server"), span(2, 1, name="query", kind="client"), span(3, 2, name="row"),
                 record(1), record(2)]
        append(self.log, lines)
        return lines

    def test_otlp_gets_spans_and_logs_at_their_doors(self):
        self.spans()
        code, said, _ = self.once("--to", "otlp:" + self.server.url, "app.log")
        self.assertEqual((code, said), (0, []))
        self.assertEqual([(s["name"], s.get("parentSpanId")) for s in self.server.spans],
                         [("GET /", None), ("query", "%016x" % 1), ("row", "%016x" % 2)])
        self.assertEqual([log["body"]["stringValue"] for log in self.server.logs], ["record 1", "record 2"])

    def test_spans_of_loggers_that_know_no_flags_are_sent_and_those_without_hex_ids_are_counted(self):
        spans = [span(i).replace('"trace_flags":"01",', "") for i in range(1, 6)]
        self.assertNotIn("trace_flags", spans[0])
        log = record(9, trace_id="%032x" % 7, span_id="%016x" % 8).replace('"trace_flags":"01",', "")
        append(self.log, [*spans, spans[0].replace("%032x" % 1, "request-1"), log])
        for protocol, logs in (("otlp", 1), ("zipkin", 0)):
            with self.subTest(protocol=protocol):
                self.server.spans.clear()
                self.server.logs.clear()
                code, said, _ = self.once("--to", f"{protocol}:{self.server.url}", "app.log")
                self.assertEqual((code, said), (0, []))
                self.assertEqual([s.get("spanId", s.get("id")) for s in self.server.spans],
                                 ["%016x" % i for i in range(1, 6)])
                self.assertEqual([(one["traceId"], one["spanId"]) for one in self.server.logs],
                                 [("%032x" % 7, "%016x" % 8)] * logs)
                self.assertEqual([s["left_out"] for s in shipping.status(self.folder)
                                  if s["target"].startswith(protocol)], [2 - logs])

    def test_a_missing_door_is_said_once_and_the_other_goes_on(self):
        self.spans()
        del self.server.doors["/v1/logs"]
        code, said, _ = self.once("--to", "otlp:" + self.server.url, "app.log")
        self.assertEqual((code, said), (0, ["spanlog: ship: otlp:http://HOST: it takes no log records (it answers "
                                            "404): they are left out"]))
        self.assertEqual(len(self.server.spans), 3)
        self.assertEqual(shipping.status(self.folder)[0]["left_out"], 2)

    def test_a_wrong_url_stops_and_keeps_the_queue(self):
        self.spans()
        code, said, _ = self.once("--to", f"zipkin:{self.server.url}/wrong", "app.log")
        self.assertEqual(code, 2)
        self.assertIn("stopped, what is not sent stays in the files: it answers 404", said[0])
        self.assertEqual(self.once("--to", f"zipkin:{self.server.url}", "app.log")[0], 0)
        self.assertEqual(len(self.server.spans), 3)

    def test_a_bad_span_is_found_and_the_others_are_kept(self):
        append(self.log, [span(i, name="bad" if i in (17, 80) else "good") for i in range(1, 101)])
        self.server.bad_names = {"bad"}
        for protocol in ("zipkin", "otlp"):
            with self.subTest(protocol=protocol):
                self.server.spans.clear()
                self.server.requests.clear()
                code, _, _ = self.once("--to", f"{protocol}:{self.server.url}", "app.log")
                self.assertEqual(code, 0)
                self.assertEqual(len(self.server.spans), 98)
                self.assertEqual([s["refused"] for s in shipping.status(self.folder)
                                  if s["target"].startswith(protocol)], [2])

    def test_opentelemetrys_variables_are_defaults(self):
        self.spans()
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": self.server.url, "OTEL_EXPORTER_OTLP_TIMEOUT": "3000",
                       "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b,x-other=c",
                       "OTEL_EXPORTER_ZIPKIN_ENDPOINT": self.server.url + "/api/v2/spans"}
        code, said, _ = self.once("app.log", environment=environment)
        self.assertEqual((code, said), (0, []))
        self.assertEqual(sorted(path for path, _, _, _ in self.server.requests),
                         ["/api/v2/spans", "/v1/logs", "/v1/traces"])
        headers = [headers for path, headers, _, _ in self.server.requests if path == "/v1/logs"][0]
        self.assertEqual((headers.get("x-key"), headers.get("x-other")), ("a b", "c"))

    def test_a_variable_that_is_wrong_is_named(self):
        self.spans()
        for name, to in (("OTEL_EXPORTER_OTLP_TIMEOUT", "otlp"), ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "otlp"),
                         ("OTEL_EXPORTER_ZIPKIN_TIMEOUT", "zipkin")):
            environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": self.server.url, name: "10s",
                           "OTEL_EXPORTER_ZIPKIN_ENDPOINT": self.server.url + "/api/v2/spans"}
            code, said, _ = self.once("--to", to, "app.log", environment=environment)
            self.assertEqual((code, said), (0, [f"spanlog: ship: {name}=10s: must be milliseconds; 10000 is taken"]))

    def test_tenant_token_and_password_are_sent(self):
        self.spans()
        with open(os.path.join(self.folder, "token"), "w", encoding="utf-8") as file:
            file.write("s3cret\n")
        self.once("--to", self.loki(), "--tenant", "shop", "--bearer", "@token", "--compress", "gzip", "app.log")
        self.once("--to", "otlp:" + self.server.url, "--user", "me:pass", "app.log")
        _, loki, _, _ = self.server.requests[0]
        self.assertEqual((loki["X-Scope-OrgID"], loki["Authorization"], loki["Content-Encoding"]),
                         ("shop", "Bearer s3cret", "gzip"))
        self.assertEqual(self.server.requests[1][1]["Authorization"], "Basic bWU6cGFzcw==")
        for name in os.listdir(os.path.join(self.folder, "state")):
            with open(os.path.join(self.folder, "state", name), encoding="utf-8") as file:
                self.assertNotIn("pass\"", file.read())


class Certificates(Case):
    """A server over TLS that has to be shown a certificate of its authority."""

    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.made.cleanup)
        cls.path = staticmethod(shipping.make_certificates(cls.made.name))

    def setUp(self):
        super().setUp()
        self.secure = fault_server.FaultServer(certificate=(self.path("server.pem"), self.path("server.key")),
                                               client_ca=self.path("ca.pem"))
        self.addCleanup(self.secure.down)
        self.lines = [record(i) for i in range(200)]
        append(self.log, self.lines)

    def try_with(self, certificate=None, key=None):
        """Nothing is taken; what is said. Then the right ones: all arrives."""
        options = [*(("--cert", certificate) if certificate else ()), *(("--key", key) if key else ())]
        to = ("--to", "loki:" + self.secure.url, "--ca", self.path("ca.pem"))
        code, said, _ = self.once(*to, *options, "--give-up", "1s", "app.log")
        self.assertEqual((code, len(self.secure.entries)), (2, 0))
        code, more, _ = self.once(*to, "--cert", self.path("client.pem"), "--key", self.path("client.key"), "app.log")
        self.assertEqual((code, more), (0, []))
        self.assertEqual(sorted(line for _, _, line in self.secure.entries), sorted(self.lines))
        self.assertEqual(self.secure.repeated, 0)
        return said

    def one_episode(self, said, *words):
        self.assertEqual(len(said), 2, said)
        for word in ("cannot deliver: ", "what is not sent stays in the files", *words):
            self.assertIn(word, said[0])
        self.assertIn("gives up: what is not sent stays in the files", said[1])

    def test_without_one_the_message_says_what_may_be_missing(self):
        self.one_episode(self.try_with(), "(it may want to know who we are, and no certificate of ours is set)")

    def test_one_of_another_authority_is_refused_by_the_server(self):
        self.one_episode(self.try_with(self.path("stranger.pem"), self.path("stranger.key")))

    def test_a_key_that_is_none_of_the_certificates_or_locked_is_named_and_nobody_is_asked(self):
        with open(os.path.join(self.folder, "junk.key"), "w", encoding="utf-8") as file:
            file.write("no key\n")
        for key in (self.path("stranger.key"), self.path("locked.key"), os.path.join(self.folder, "junk.key")):
            with self.subTest(key=key):
                self.one_episode(self.try_with(self.path("client.pem"), key), os.path.basename(key),
                                 "(the certificate, or its key, is none, belongs to another, or has a pass phrase)")
                self.secure.entries.clear()
                os.system(f"rm -r {self.folder}/state")

    def test_what_is_missing_or_cannot_be_read_is_said_at_the_start(self):
        closed = os.path.join(self.folder, "closed.key")
        os.mkdir(closed)
        why = "Is a directory"
        if os.geteuid() != 0:
            os.rmdir(closed)
            with open(closed, "wb"):
                os.chmod(closed, 0)
            why = "Permission denied"
        gone = os.path.join(self.folder, "gone.pem")
        for certificate, key, wanted in ((self.path("client.pem"), closed, f"{closed}: {why} (our key)"),
                                         (gone, closed, f"{gone}: No such file or directory (our certificate)"),
                                         (None, self.path("client.key"), "a key, and no certificate that it belongs")):
            with self.subTest(wanted=wanted):
                said = self.try_with(certificate, key)
                self.assertEqual(len(said), 1)
                self.assertIn(wanted, said[0])
                self.secure.entries.clear()
                os.system(f"rm -r {self.folder}/state")

    def test_one_that_is_renewed_is_read_at_the_next_try(self):
        ours = [os.path.join(self.folder, name) for name in ("our.pem", "our.key")]
        for name, to in zip(("stranger.pem", "stranger.key"), ours):
            shutil.copy(self.path(name), to)
        ship = self.follow("--to", "loki:" + self.secure.url, "--ca", self.path("ca.pem"), "--cert", ours[0], "--key",
                           ours[1], "app.log")
        wait_for(ship.said, "a message")
        for name, to in zip(("client.pem", "client.key"), ours):
            shutil.copy(self.path(name), to)
        wait_for(lambda: len(self.secure.entries) == 200, lambda: f"200 records: {ship.said()}")
        self.assertEqual(ship.end(), 0)
        self.assertEqual(len(ship.said()), 2, ship.said())

    def test_a_server_of_another_authority_is_not_sent_anything(self):
        code, said, _ = self.once("--to", "loki:" + self.secure.url, "--ca", self.path("other-ca.pem"), "--cert",
                                  self.path("client.pem"), "--key", self.path("client.key"), "--give-up", "1s", "app.log")
        self.assertEqual((code, len(self.secure.requests)), (2, 0))
        self.assertIn("certificate", said[0])

    def test_opentelemetrys_variables_name_them_too(self):
        append(self.log, [span(1, name="GET /", kind="server")])
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": self.secure.url,
                       "OTEL_EXPORTER_OTLP_CERTIFICATE": self.path("ca.pem"),
                       "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE": self.path("client.pem"),
                       "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": self.path("gone.pem"),
                       "OTEL_EXPORTER_OTLP_CLIENT_KEY": self.path("client.key")}
        self.assertEqual(self.once("app.log", environment=environment)[:2], (0, []))
        self.assertEqual((len(self.secure.spans), len(self.secure.logs)), (1, 200))


class Idle(Case):
    def test_it_costs_nothing_when_nothing_is_written(self):
        append(self.log, [record(1)])
        ship = self.follow()
        self.has(1, ship)

        shipping.wait_until_quiet(ship.process)
        append(self.log, [record(2)])
        self.has(2, ship)
        self.assertEqual(ship.end(), 0)


class Timed(unittest.TextTestResult):
    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        if "--times" in OPTIONS:
            print(f"{time.monotonic() - self.began:6.1f} s {test.id()}", flush=True)
        super().stopTest(test)


if __name__ == "__main__":
    OPTIONS = [argument for argument in sys.argv if argument in ("--no-memory", "--times")]
    shipping.TOOL = os.path.abspath(sys.argv.pop(1))
    MEMORY_KB = 1 << 20 if "--no-memory" in OPTIONS else 32 << 10
    sys.argv = [argument for argument in sys.argv if argument not in OPTIONS]
    unittest.main(testRunner=unittest.TextTestRunner(resultclass=Timed))
