"""Network outputs inside a program: the environment names them, and a program that knows nothing of it is sent on.

    inside_test.py build/dev/spanlog build/dev/tests/ship_program [Class] [--no-memory]
"""
import errno
import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import fault_server
import shipping
from fault_server import answer
from shipping import wait_for

PROGRAM = ""
MEMORY = True
MOST_KB = 40 << 10


class Program:
    """ship_program, running in a folder that holds its spool and its journals."""

    def __init__(self, folder, service="orders", spool="spool", program=None, within=(), **environment):
        self.folder, self.spool = folder, os.path.join(folder, spool, service)
        self.said_path = tempfile.mktemp(prefix="said-", dir=folder)
        base = {key: value for key, value in os.environ.items() if not key.startswith(("SPANLOG_", "OTEL_"))}
        environment = {**base, "SPANLOG_SERVICE": service, "SPANLOG_OUTPUT": "none",
                       "SPANLOG_SPOOL_DIR": os.path.join(folder, spool), "SPANLOG_CONFIG": "/dev/null",
                       "SPANLOG_JOURNAL_DIR": folder, "LD_LIBRARY_PATH": os.path.dirname(shipping.TOOL), **environment}
        with open(self.said_path, "wb") as said:
            self.process = subprocess.Popen([*within, program or PROGRAM], env=environment, cwd=folder, text=True, bufsize=1,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)

    def tell(self, line):
        self.process.stdin.write(line + "\n")

    def ask(self, line):
        self.tell(line)
        return int(self.process.stdout.readline())

    def write(self, start, stop):
        assert self.ask(f"write {start} {stop}") == 0

    def said(self):
        """What the library says; a sanitizer may have something to say of a child."""
        with open(self.said_path, encoding="utf-8") as file:
            return [line for line in file.read().splitlines() if line.startswith("spanlog: ")]

    def most_memory_kb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(shipping.SOON)

    def kill(self):
        self.tell("kill")
        assert self.process.wait(shipping.SOON) == -signal.SIGKILL
        self.process.stdin.close()
        self.process.stdout.close()

    def holds_lock(self):
        state = os.path.join(self.spool, "state")
        names = [name for name in os.listdir(state) if name.endswith(".lock")] if os.path.isdir(state) else []
        with open("/proc/locks", encoding="ascii") as file:
            inodes = {line.split()[5].split(":")[2] for line in file if " OFDLCK " in line and " -> " not in line}
        return bool(names) and str(os.stat(os.path.join(state, names[0])).st_ino) in inodes


def numbers(spans):
    """Of OTLP's spans: the values of "n", in the order in which they came."""
    return [int(next(a["value"]["intValue"] for a in span["attributes"] if a["key"] == "n")) for span in spans]


class Base(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="spanlog-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.server = fault_server.FaultServer()
        self.addCleanup(self.server.down)

    def program(self, **environment):
        return Program(self.folder, **{"OTEL_TRACES_EXPORTER": "otlp",
                                       "OTEL_EXPORTER_OTLP_ENDPOINT": self.server.url, **environment})

    def got(self):
        with self.server.lock:
            return numbers(self.server.spans)

    def assert_got(self, wanted):
        got = self.got()
        self.assertEqual(sorted(got), sorted(wanted), "missing or twice")


class Environment(Base):
    def test_the_exporter_that_the_environment_names_gets_all_and_in_order(self):
        program = self.program()
        program.write(0, 1000)
        self.assertEqual(program.close(), 0)
        self.assertEqual(self.got(), list(range(1000)))
        self.assertEqual(self.server.logs, [], "log records have no exporter")
        self.assertEqual(program.said(), [])

    def test_a_program_may_be_over_before_the_library_is_open(self):
        for number in range(10):
            program = self.program()
            program.write(number, number + 1)
            self.assertEqual(program.close(), 0, program.said())
        self.assert_got(range(10))

    def test_logs_have_an_exporter_of_their_own(self):
        program = self.program(OTEL_TRACES_EXPORTER="none", OTEL_LOGS_EXPORTER="otlp")
        program.write(0, 10)
        self.assertEqual(program.close(), 0)
        self.assertEqual(self.got(), [])
        self.assertEqual([log["body"]["stringValue"] for log in self.server.logs].count("number"), 10)

    def test_several_exporters_get_all_of_it_each(self):
        program = self.program(OTEL_TRACES_EXPORTER="otlp,zipkin,console", OTEL_LOGS_EXPORTER="otlp",
                               OTEL_EXPORTER_ZIPKIN_ENDPOINT=self.server.url + "/api/v2/spans",
                               SPANLOG_OUTPUT="error:loki:" + self.server.url + ",otlp")
        program.tell("write 0 5")
        program.process.stdin.close()
        lines = [line for line in program.process.stdout if line.startswith("{")]
        self.assertEqual(program.process.wait(shipping.SOON), 0)
        program.process.stdout.close()
        self.assertEqual(len([1 for line in lines if json.loads(line)["msg"] == "span completed"]), 5)
        self.assertIn("/api/v2/spans", [path for path, *_ in self.server.requests])
        otlp = [span for span in self.server.spans if "startTimeUnixNano" in span]
        self.assertEqual(numbers(otlp), list(range(5)))
        self.assertEqual(len(self.server.spans), 10, "five by OTLP, five by Zipkin")
        self.assertEqual(self.server.entries, {}, "Loki has the level error")

    def test_endpoints_headers_and_jaeger(self):
        server = fault_server.FaultServer(doors=())
        server.doors["/mine"] = server.take_traces
        self.addCleanup(server.down)
        program = self.program(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=server.url + "/mine",
                               OTEL_EXPORTER_OTLP_HEADERS="x-shop=a%20b,x-other=c",
                               SPANLOG_OUTPUT="jaeger:" + self.server.url)
        program.write(0, 3)
        self.assertEqual(program.close(), 0)
        self.assertEqual(numbers(server.spans), [0, 1, 2])
        self.assertEqual({headers["x-shop"] for _, headers, *_ in server.requests}, {"a b"})
        self.assertEqual(self.got(), [0, 1, 2])

    def test_tls_with_a_certificate_of_ones_own_up_to_the_end_of_the_program(self):
        folder = self.folder
        made = [os.path.join(folder, name) for name in ("cert.pem", "key.pem")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", made[1], "-out", made[0],
                        "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        secure = fault_server.FaultServer(certificate=made)
        self.addCleanup(secure.down)
        program = self.program(OTEL_EXPORTER_OTLP_ENDPOINT=secure.url)
        program.write(0, 5)
        self.assertEqual(program.close(), 0)
        self.assertEqual(secure.spans, [])
        self.assertEqual(len([1 for line in program.said() if "cannot deliver" in line]), 1, program.said())
        program = self.program(OTEL_EXPORTER_OTLP_ENDPOINT=secure.url, OTEL_EXPORTER_OTLP_CERTIFICATE=made[0])
        program.write(5, 10)
        self.assertEqual(program.close(), 0, program.said())
        self.assertEqual(numbers(secure.spans), list(range(10)))

    def test_without_the_library_one_message_says_what_to_do_and_the_spool_is_written(self):
        alone = os.path.join(self.folder, "alone")
        os.mkdir(alone)
        for name in ("libspanlog.so.0", "program"):
            source = PROGRAM if name == "program" else os.path.join(os.path.dirname(shipping.TOOL), name)
            subprocess.run(["cp", "-L", source, os.path.join(alone, name)], check=True)
        program = Program(self.folder, program=os.path.join(alone, "program"), LD_LIBRARY_PATH=alone,
                          OTEL_TRACES_EXPORTER="otlp", OTEL_EXPORTER_OTLP_ENDPOINT=self.server.url)
        program.write(0, 10)
        self.assertEqual(program.close(), 0)
        said = program.said()
        self.assertEqual(len(said), 1, said)
        self.assertIn("libspanlog-ship.so.0 cannot be loaded", said[0])
        command = said[0].split("this sends it: spanlog ")[1].split()
        done = subprocess.run([shipping.TOOL, *command, "--once", "--only", "traces"], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.got(), list(range(10)))

    def test_without_threads_one_message_says_who_can_send(self):
        url = self.server.url.replace("http://", "http://ann:horse@")
        program = self.program(SPANLOG_SYNC="1", OTEL_EXPORTER_OTLP_ENDPOINT=url)
        program.write(0, 10)
        self.assertEqual(program.ask("threads"), 1)
        self.assertEqual(program.close(), 0)
        self.assertEqual(len(program.said()), 1, program.said())
        self.assertIn("this sends it: spanlog ship --state ", program.said()[0])
        self.assertIn(" --to otlp:" + self.server.url + " ", program.said()[0])
        self.assertNotIn("horse", program.said()[0])
        self.assertEqual(self.got(), [])

    def test_a_spool_that_cannot_be_made_is_named_once_and_the_program_goes_on(self):
        with open(os.path.join(self.folder, "file"), "w", encoding="ascii"):
            pass
        program = self.program(SPANLOG_SPOOL_DIR=os.path.join(self.folder, "file", "spool"))
        program.write(0, 1000)
        self.assertEqual(program.close(), 0)
        self.assertEqual(len(program.said()), 1, program.said())
        self.assertIn("Not a directory; they are left out; SPANLOG_SPOOL_DIR names another", program.said()[0])


class Certificates(Base):
    def test_a_server_that_wants_to_know_who_we_are_gets_all_once_the_certificate_is_right(self):
        path = shipping.make_certificates(self.folder)
        self.server.down()
        self.server = fault_server.FaultServer(certificate=(path("server.pem"), path("server.key")),
                                               client_ca=path("ca.pem"))
        self.addCleanup(self.server.down)
        tls = {"OTEL_EXPORTER_OTLP_CERTIFICATE": path("ca.pem")}
        ours = {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": path("client.pem")}
        wrong = [({}, "no certificate of ours is set"),
                 ({**ours, "OTEL_EXPORTER_OTLP_CLIENT_KEY": path("stranger.key")}, "stranger.key"),
                 ({**ours, "OTEL_EXPORTER_OTLP_CLIENT_KEY": path("locked.key")}, "locked.key"),
                 ({**ours, "OTEL_EXPORTER_OTLP_CLIENT_KEY": path("gone.key")}, "gone.key: No such file or directory")]
        for number, (environment, word) in enumerate(wrong):
            program = self.program(**tls, **environment)
            program.write(100 * number, 100 * number + 100)
            wait_for(program.said, "a message")
            self.assertEqual(program.close(), 0)
            self.assertIn(word, program.said()[0])
            self.assertEqual(self.got(), [])
        program = self.program(**tls, **ours, OTEL_EXPORTER_OTLP_CLIENT_KEY=path("gone.key"),
                               OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY=path("client.key"))  # which is stronger
        program.write(400, 500)
        wait_for(lambda: len(self.got()) == 500, lambda: f"500 spans, there are {len(self.got())}: {program.said()}")
        self.assertEqual(program.close(), 0)
        self.assert_got(range(500))
        self.assertEqual(program.said(), [])


class Deaths(Base):
    def test_a_server_that_is_down_at_the_start_gets_all_when_it_comes(self):
        self.server.down()
        program = self.program()
        program.write(0, 100)
        wait_for(lambda: any("cannot deliver" in line for line in program.said()), program.said)
        self.server.up()
        program.write(100, 200)
        wait_for(lambda: len(self.got()) >= 200, lambda: len(self.got()))
        self.assertEqual(program.close(), 0)
        self.assertEqual(self.got(), list(range(200)))
        self.assertEqual([("cannot deliver" in line, "delivers again" in line) for line in program.said()],
                         [(True, False), (False, True)], program.said())

    def test_what_could_not_be_sent_at_the_end_is_sent_by_the_next_start(self):
        self.server.down()
        program = self.program()
        program.write(0, 100)
        begin = time.monotonic()
        self.assertEqual(program.close(), 0)
        self.assertLess(time.monotonic() - begin, 5, "a server that is down keeps nobody waiting")
        self.server.up()
        program = self.program()
        program.write(100, 200)
        self.assertEqual(program.close(), 0)
        self.assert_got(range(200))

    def test_a_killed_process_is_delivered_by_the_next_start(self):
        done, unsure = 0, 0
        for turn in range(6):
            program = self.program()
            program.write(done, done + 300)
            done += 300
            if turn % 2:
                wait_for(lambda: self.after_the_checkpoint(program) == 0, "the checkpoint")
            program.kill()
            unsure += self.after_the_checkpoint(program)
        program = self.program()
        program.write(done, done + 1)
        self.assertEqual(program.close(), 0)
        got = self.got()
        self.assertEqual(set(got), set(range(done + 1)), "missing")
        # At least once: what lay behind the checkpoint when a kill came may have been sent, and comes again.
        self.assertLessEqual(len(got) - len(set(got)), unsure, "twice")
        self.assertLessEqual(unsure, 3 * 300, "a checkpoint was not written")

    def after_the_checkpoint(self, program):
        """Spans in the spool of which no checkpoint says that they were sent."""
        state, offset = os.path.join(program.spool, "state"), 0
        for name in os.listdir(state) if os.path.isdir(state) else ():
            if not name.endswith((".lock", ".new")):
                with open(os.path.join(state, name), encoding="utf-8") as file:
                    offset += sum(line["offset"] for line in map(json.loads, file) if "file" in line)
        with open(os.path.join(program.spool, "records.jsonl"), "rb") as file:
            file.seek(offset)
            return file.read().count(b'"span completed"')

    def test_a_process_that_is_killed_before_it_sends_leaves_nothing_twice(self):
        self.server.always = answer(503, "not yet")
        program = self.program()
        program.write(0, 500)
        program.kill()
        self.server.always = None
        program = self.program()
        program.write(500, 600)
        self.assertEqual(program.close(), 0)
        self.assert_got(range(600))

    def test_a_server_that_hangs_keeps_the_end_no_longer_than_its_timeout(self):
        self.server.always = fault_server.hang(60)
        program = self.program(OTEL_EXPORTER_OTLP_TIMEOUT="500")
        program.write(0, 10)
        begin = time.monotonic()
        self.assertEqual(program.close(), 0)
        self.assertLess(time.monotonic() - begin, 5)

    def test_shutdown_delivers_within_its_time_and_exit_handlers_come_later(self):
        program = self.program()
        program.ask("late 20 22")
        program.write(0, 10)
        self.assertEqual(program.ask("shutdown 10000"), 0)
        self.assertEqual(self.got(), list(range(10)))
        self.assertEqual(program.close(), 0)
        program = self.program()
        program.write(10, 11)
        self.assertEqual(program.close(), 0)
        self.assert_got([*range(11), 20, 21])

    def test_after_a_shutdown_in_vain_everything_is_sent_as_before(self):
        path = os.path.join(self.folder, "held.jsonl")
        program = self.program(SPANLOG_OUTPUT="file:" + path)
        program.write(0, 10)
        wait_for(lambda: self.got() == list(range(10)), "the first ten")
        with open(path, "r+b") as held:  # as by a process that is stopped in the middle of its batch
            fcntl.fcntl(held, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
            program.ask("put 10 20")
            self.assertEqual(program.ask("shutdown 100"), -errno.ETIMEDOUT)
        program.write(20, 30)
        wait_for(lambda: self.got() == list(range(30)), "what came later")
        self.assertEqual(program.close(), 0)

    def test_the_end_waits_for_a_shutdown_in_another_thread(self):
        self.server.always = fault_server.slow(2)
        program = self.program()
        program.write(0, 10)
        self.assertEqual(program.ask("aside 10000"), 0)
        time.sleep(0.5)
        self.assertEqual(program.close(), 0)
        self.assertEqual(self.got(), list(range(10)))

    def test_after_a_shutdown_nothing_is_sent_whatever_changes(self):
        program = self.program()
        program.write(0, 10)
        self.assertEqual(program.ask("shutdown 10000"), 0)
        wait_for(lambda: program.ask("threads") == 1, "the threads to be gone")
        self.server.always = fault_server.hang(60)
        # The process takes it up with its next record.
        subprocess.run([shipping.TOOL, "level", "--dir", self.folder, "orders", "debug"], capture_output=True,
                       check=False)
        program.write(10, 11)
        time.sleep(0.5)
        self.assertEqual(program.ask("threads"), 1)
        self.assertEqual(program.close(), 0)
        self.server.always = None
        program = self.program()
        program.write(11, 12)
        self.assertEqual(program.close(), 0)
        self.assert_got(range(12))

    def test_a_spool_is_bounded_and_what_was_let_go_is_said(self):
        self.server.always = answer(503, "full")
        program = self.program(SPANLOG_SPOOL_SIZE="1M")
        program.write(0, 1000)
        wait_for(lambda: any("cannot deliver" in line for line in program.said()), program.said)
        for begin in range(1000, 20000, 1000):
            program.write(begin, begin + 1000)
        size = sum(os.stat(os.path.join(program.spool, name)).st_size for name in os.listdir(program.spool)
                   if name.startswith("records"))
        self.assertLessEqual(size, (1 << 20) + (1 << 18))
        wait_for(lambda: self.held(program) == 0, "deleted files to be let go")
        self.server.always = None
        wait_for(lambda: any("were let go unsent" in line for line in program.said()), program.said, 90)
        self.assertEqual(program.close(), 0)
        got = self.got()
        self.assertEqual(len(got), len(set(got)), "twice")
        self.assertIn(19999, got)
        self.assertEqual(len([1 for line in program.said() if "the spool is full" in line]), 1, program.said())

    def held(self, program):
        """Bytes of deleted files that it still has open."""
        size, tasks = 0, f"/proc/{program.process.pid}/task"
        for task in os.listdir(tasks):
            for fd in os.listdir(f"{tasks}/{task}/fd"):
                try:
                    if "(deleted)" in os.readlink(f"{tasks}/{task}/fd/{fd}"):
                        size += os.stat(f"{tasks}/{task}/fd/{fd}").st_size
                except FileNotFoundError:
                    pass
        return size

    def test_what_was_sent_leaves_the_spool(self):
        program = self.program(SPANLOG_SPOOL_SIZE="8M")
        for begin in range(0, 10000, 1000):
            program.write(begin, begin + 1000)
        wait_for(lambda: len(self.got()) == 10000, lambda: len(self.got()))
        wait_for(lambda: [name for name in os.listdir(program.spool) if name != "state"] == ["records.jsonl"],
                 lambda: os.listdir(program.spool))
        self.assertEqual(program.close(), 0)
        self.assert_got(range(10000))


class Troubles(Base):
    """What lasts a while: one message each, and all is delivered afterwards."""

    def one_episode(self, program, *words):
        said = program.said()
        self.assertEqual(len(said), 2, said)
        for word in ("cannot deliver: ", *words):
            self.assertIn(word, said[0])
        self.assertIn("delivers again, after ", said[1])

    def test_a_server_that_is_down_costs_no_memory(self):
        count = 150_000 if MEMORY else 10_000
        self.server.down()
        program = self.program()
        for begin in range(0, count, 1000):
            program.write(begin, begin + 1000)
        wait_for(program.said, "a message")
        waiting = sum(os.path.getsize(os.path.join(program.spool, name)) for name in os.listdir(program.spool)
                      if name.startswith("records"))
        self.server.up()
        wait_for(lambda: len(self.server.spans) == count, lambda: f"{len(self.server.spans)}, {program.said()}")
        most_kb = program.most_memory_kb()
        self.assertEqual(program.close(), 0)
        self.one_episode(program)
        self.assert_got(range(count))
        if MEMORY:
            self.assertGreater(waiting, MOST_KB << 10, "it would fit into the memory that is allowed")
            self.assertLess(most_kb, MOST_KB)

    def test_a_server_that_hangs_is_one_episode(self):
        self.server.always = fault_server.hang(60)
        program = self.program(OTEL_EXPORTER_OTLP_TIMEOUT="300")
        program.write(0, 10)
        wait_for(lambda: len(self.server.requests) >= 3, "three tries")
        program.write(10, 20)
        self.server.always = None
        wait_for(lambda: len(self.got()) == 20, program.said)
        self.assertEqual(program.close(), 0)
        self.one_episode(program, "timed out")
        self.assert_got(range(20))

    def on_a_small_disk(self):
        """The program, with its spool on a file system of its own, and where that is seen from here."""
        small = os.path.join(self.folder, "small")
        os.mkdir(small)
        within = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=2m none "$0" && exec "$@"', small]
        tried = subprocess.run([*within, "true"], check=False, capture_output=True, text=True)
        if tried.returncode != 0:
            self.assertFalse(os.environ.get("CI"), "no file system may be mounted here: nothing was shown")
            self.skipTest("no file system may be mounted here: " + tried.stderr)
        program = Program(self.folder, spool="small/spool", within=within, OTEL_TRACES_EXPORTER="otlp",
                          OTEL_EXPORTER_OTLP_ENDPOINT=self.server.url)
        program.write(0, 100)
        program.spool = f"/proc/{program.process.pid}/root{program.spool}"
        return program, f"/proc/{program.process.pid}/root{small}"

    def fill(self, small):
        with open(os.path.join(small, "ballast"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)

    def test_a_full_disk_is_said_once_and_all_is_delivered_when_there_is_room(self):
        self.server.always = answer(503, "not yet")
        program, small = self.on_a_small_disk()
        wait_for(program.said, "a message")
        self.fill(small)
        self.server.always = None
        wait_for(lambda: len(self.got()) == 100, program.said)
        program.ask("put 100 150")
        wait_for(lambda: self.said(program, "cannot write") and self.said(program, "checkpoint cannot"), program.said)
        program.ask("put 150 200")
        time.sleep(1)  # in which it tries several times to write them
        os.unlink(os.path.join(small, "ballast"))
        wait_for(lambda: len(self.got()) == 200, program.said)
        wait_for(lambda: self.said(program, "the checkpoint is written again"), program.said)
        self.assertEqual(program.close(), 0)
        said = program.said()
        for word in ("cannot deliver: it answers 503", "delivers again, after ",
                     "the checkpoint cannot be written: No space left on device",
                     "the checkpoint is written again",
                     "records.jsonl: No space left on device; records wait"):
            self.assertEqual(self.said(program, word), 1, said)
        self.assertEqual(len(said), 5, said)
        self.assert_got(range(200))

    def said(self, program, word):
        return len([line for line in program.said() if word in line])


class Several(Base):
    def test_of_two_processes_of_a_service_one_sends_and_the_other_takes_over(self):
        first = self.program()
        first.write(0, 10)
        wait_for(first.holds_lock, "a lock")
        wait_for(lambda: len(self.got()) == 10, lambda: len(self.got()))
        second = self.program()
        second.write(10, 20)
        wait_for(lambda: len(self.got()) == 20, lambda: len(self.got()))
        self.assertEqual(first.close(), 0)
        second.write(20, 30)
        wait_for(lambda: len(self.got()) == 30, lambda: len(self.got()))
        self.assertEqual(second.close(), 0)
        self.assert_got(range(30))
        self.assertEqual(first.said() + second.said(), [])

    def test_the_other_takes_over_when_the_first_is_killed(self):
        first = self.program()
        first.write(0, 10)
        wait_for(lambda: len(self.got()) == 10, lambda: len(self.got()))
        second = self.program()
        second.write(10, 20)
        wait_for(lambda: len(self.got()) == 20, lambda: len(self.got()))
        first.kill()
        second.write(20, 30)
        wait_for(lambda: len(set(self.got())) == 30, lambda: len(self.got()))
        self.assertEqual(second.close(), 0)
        self.assertEqual(set(self.got()), set(range(30)))

    def test_a_child_sends_what_it_writes_and_its_parent_goes_on(self):
        program = self.program()
        program.write(0, 10)
        wait_for(lambda: len(self.got()) == 10, lambda: len(self.got()))
        self.assertEqual(program.ask("fork 10 20"), 0)
        program.write(20, 30)
        self.assertEqual(program.ask("fork 30 40"), 0)
        self.assertEqual(program.close(), 0)
        self.assert_got(range(40))
        self.assertEqual(program.said(), [])

    def test_a_child_of_a_parent_that_wrote_nothing_sends(self):
        program = self.program()
        self.assertEqual(program.ask("fork 0 10"), 0)
        self.assertEqual(self.got(), list(range(10)))
        self.assertEqual(program.close(), 0)

    def test_two_services_have_a_spool_each(self):
        first, second = self.program(), self.program(service="gateway")
        first.write(0, 10)
        second.write(10, 20)
        self.assertEqual((first.close(), second.close()), (0, 0))
        self.assert_got(range(20))


class Quiet(Base):
    def test_without_network_outputs_there_is_no_thread_and_no_library(self):
        program = self.program(OTEL_TRACES_EXPORTER="none")
        program.write(0, 1)
        with open(f"/proc/{program.process.pid}/maps", encoding="utf-8") as file:
            maps = file.read()
        self.assertNotIn("spanlog-ship", maps)
        self.assertNotIn("libcurl", maps)
        self.assertEqual(program.ask("threads"), 2)
        self.assertEqual(program.close(), 0)

    def test_it_sleeps_when_nothing_is_written(self):
        program = self.program()
        program.write(0, 10)
        wait_for(lambda: len(self.got()) == 10, lambda: len(self.got()))
        other = self.program()
        other.write(10, 11)
        wait_for(lambda: len(self.got()) == 11, lambda: len(self.got()))
        shipping.wait_until_quiet(program.process, other.process)
        self.assertEqual((program.close(), other.close()), (0, 0))

    def test_the_program_s_descriptors_are_its_own(self):
        program = self.program()
        program.write(0, 10)
        wait_for(lambda: len(self.got()) == 10, lambda: len(self.got()))
        pid = program.process.pid
        names = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
        self.assertFalse([name for name in names if "socket" in name or "state" in name or "inotify" in name], names)
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as file:
                if file.read().strip() == "spanlog-ship":
                    table = f"/proc/{pid}/task/{task}/fd"
                    self.assertEqual([os.readlink(f"{table}/{fd}") for fd in range(3)], ["/dev/null"] * 3)
        self.assertEqual(program.close(), 0)


class Live(Base):
    """`spanlog enable` of a program that has no exporter."""

    def setUp(self):
        super().setUp()
        self.running = self.program(OTEL_TRACES_EXPORTER="", SPANLOG_OUTPUT="file:log.jsonl")
        self.running.write(0, 10)

    def enable(self, *words, status=0, tries=2):
        result = subprocess.run([shipping.TOOL, "enable", "--dir", self.folder, "--service-name", "orders", *words],
                                capture_output=True, text=True, check=False)
        if tries > 1 and status == 0 and result.returncode == 2 and "yet: the process" in result.stdout:
            self.enable(*words, tries=tries - 1)  # busy: it took longer than the second for which the tool waits
            return
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)

    def exporter(self, url, status=0):
        self.enable("--exporter", "otlp", "--otlp-endpoint", url, status=status)

    def lines(self):
        with open(os.path.join(self.folder, "log.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def spans(self):
        return [line["n"] for line in self.lines() if line["msg"] == "span completed"]

    def test_an_exporter_gets_what_is_written_from_then_on(self):
        self.exporter(self.server.url)
        self.running.write(10, 20)
        wait_for(lambda: len(self.got()) == 10, self.got)
        self.assertEqual(self.running.close(), 0)
        self.assertEqual(self.got(), list(range(10, 20)))
        self.assertEqual(self.spans(), list(range(10)), "each span goes to the outputs of its time")

    def test_a_forked_child_sends_to_it_too(self):
        self.exporter(self.server.url)
        for begin in range(10, 60, 10):
            self.assertEqual(self.running.ask(f"fork {begin} {begin + 10}"), 0)
        self.assertEqual(self.running.close(), 0)
        self.assert_got(range(10, 60))
        self.assertEqual(self.spans(), list(range(10)))

    def test_taken_back_it_gets_nothing_more_and_may_come_again(self):
        self.exporter(self.server.url)
        self.running.write(10, 20)
        self.enable("--reset")
        self.running.write(20, 30)
        self.exporter(self.server.url)
        self.running.write(30, 40)
        self.assertEqual(self.running.close(), 0)
        self.assertEqual(self.got(), [*range(10, 20), *range(30, 40)])
        self.assertEqual(self.spans(), [*range(10), *range(20, 30)])

    def test_one_without_a_spool_is_refused_and_the_outputs_stay(self):
        self.assertEqual(self.running.close(), 0)
        for folder, why in ((os.path.join(self.folder, "log.jsonl"), "Not a directory"),
                            ("relative", "there is no spool for network outputs")):
            with self.subTest(why):
                os.remove(os.path.join(self.folder, "log.jsonl"))
                self.running = self.program(OTEL_TRACES_EXPORTER="", SPANLOG_OUTPUT="file:log.jsonl",
                                            SPANLOG_SPOOL_DIR=folder)
                self.running.write(0, 10)
                self.exporter(self.server.url, status=2)
                self.running.write(10, 20)
                self.enable("--level", "debug")
                self.running.write(20, 30)
                self.assertEqual(self.running.close(), 0)
                self.assertEqual(self.spans(), list(range(30)))
                said = [line for line in self.running.said() if "the outputs stay as they are" in line]
                self.assertEqual(len(said), 1, self.running.said())
                self.assertIn(why, said[0])

    def test_another_than_the_one_that_is_sent_to_is_refused(self):
        other = fault_server.FaultServer()
        self.addCleanup(other.down)
        self.exporter(self.server.url)
        self.running.write(10, 20)
        self.exporter(other.url, status=2)
        self.running.write(20, 30)
        self.assertEqual(self.running.close(), 0)
        self.assertEqual((self.got(), other.spans), (list(range(10, 30)), []))
        said = self.running.said()
        self.assertEqual([line for line in said if "whom a process sends to is fixed once it sends" in line], said)
        self.assertEqual(len(said), 1)


if __name__ == "__main__":
    shipping.TOOL = os.path.abspath(sys.argv.pop(1))
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    MEMORY = "--no-memory" not in sys.argv
    unittest.main(argv=[argument for argument in sys.argv if argument != "--no-memory"])
