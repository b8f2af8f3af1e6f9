"""spanlog ship against a server that has every fault of the table in answer.h, and against files that rotate.

    ship_test.py build/dev/spanlog [-k word] [--times] [--no-memory]
"""
import json
import os
import resource
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
        finish = subprocess.Popen([shipping.TOOL, "exec", "--", "sleep", "60"], env=env)
        try:
            plain = lambda: [name for name in os.listdir(self.folder) if name[8:9].isdigit() and name[-1].isdigit()]
            wait_for(lambda: len(plain()) <= 1, lambda: f"compressed: {os.listdir(self.folder)}", 60)
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
        self.assertEqual(len([line for line in said if "cannot deliver" in line]), len(said) - len(
            [line for line in said if "delivers again" in line]))

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


class Idle(Case):
    def test_it_costs_nothing_when_nothing_is_written(self):
        append(self.log, [record(1)])
        ship = self.follow()
        self.has(1, ship)

        def switches():
            total = 0
            for task in os.listdir(f"/proc/{ship.process.pid}/task"):
                with open(f"/proc/{ship.process.pid}/task/{task}/status", encoding="utf-8") as file:
                    total += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
            return total

        time.sleep(1)
        before = switches()
        time.sleep(3)
        self.assertEqual(switches() - before, 0)
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
