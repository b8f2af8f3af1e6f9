"""Every row of the ship table before real servers: what these cannot be made to show has a proxy in front of them.

    faults_real_test.py build/dev/spanlog [Class] [-k word]

After each fault every record is there once, asked by the server's own API, and each episode was said once.
"""
import email.utils
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

import fault_server
import servers
import shipping
import trees
from fault_proxy import FaultProxy, at_most, only_for
from fault_server import answer
from shipping import wait_for

MOST_KB = 32 << 10
MINUTE = 60 * 10**9


class Base(shipping.Case):
    """A server for all tests of a class, and a proxy for each."""
    protocol = "loki"

    @classmethod
    def start(cls, kind):
        folder = tempfile.TemporaryDirectory(prefix="spanlog-test-")
        cls.addClassCleanup(folder.cleanup)
        server = kind(folder.name)
        cls.addClassCleanup(server.kill)
        server.start()
        return server

    def setUp(self):
        super().setUp()
        self.proxy = FaultProxy(self.server.url)
        self.addCleanup(lambda: self.proxy.stopped or self.proxy.down())

    def target(self, proxy=None):
        return ("--to", f"{self.protocol}:{(proxy or self.proxy).url}", *self.options())

    def options(self):
        return ()

    def once(self, *options):
        code, said, _ = shipping.ship_once(self.folder, *self.target(), *options, "app.log")
        return code, said

    def follow(self, *options, to=None):
        ship = shipping.Ship(self.folder, *(to or self.target()), "--linger", "20ms", *options, "app.log")
        self.addCleanup(lambda: ship.process.returncode is None and ship.kill())
        return ship

    def count(self, key="records"):
        return sum(entry[key] for entry in shipping.status(self.folder))

    def one_episode(self, said, *words):
        """One line when it began and one when it was over."""
        self.assertEqual(len(said), 2, said)
        for word in ("HOST: cannot deliver: ", "trying again, what is not sent stays in the files", *words):
            self.assertIn(word, said[0])
        self.assertRegex(said[1], r"HOST: delivers again, after \d+\.\d s and \d+ tries$")

    def stops_and_then_delivers(self, status):
        self.proxy.always = answer(status, "who are you?")
        code, said = self.once()
        self.assertEqual((code, said), (2, [f"spanlog: ship: {self.protocol}:http://HOST: stopped, what is not sent "
                                            f"stays in the files: it answers {status}: who are you?"]))
        self.assertEqual(len(self.proxy.requests), 1)
        self.proxy.always = None
        self.assertEqual(self.once(), (0, []))


def of_each(name, cases):
    """A test for each: they are shown by name, and have a log and labels of their own."""
    def decorate(method):
        space = sys._getframe(1).f_locals
        for case in cases:
            def test(self, case=case):
                method(self, case)
            space[name.format(case)] = test
        return method
    return decorate


class OfLoki(Base):
    """Records of each test lie in a cluster of its own."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.start(servers.Loki)

    def setUp(self):
        super().setUp()
        self.cluster = self.id().rsplit(".", 1)[1]
        self.lines = []

    def options(self):
        return ("--label", f"cluster={self.cluster}")

    def write(self, count=300, first=0, **fields):
        lines = [shipping.record(i, ns=self.now - 10 * MINUTE + i * 1000, **fields)
                 for i in range(first, first + count)]
        shipping.append(self.log, lines)
        self.lines += lines

    def stored(self):
        return self.server.entries(f'{{cluster="{self.cluster}"}}', self.now - 60 * MINUTE, self.now + 60 * MINUTE)

    def all_arrived(self):
        """These lines, each once, with its own ids, and without any label that is not asked for."""
        self.check(self.stored(), self.lines)

    def episode(self, *faults, options=()):
        """Faults for some requests; then all arrive."""
        self.write()
        self.proxy.faults += faults
        code, said = self.once(*options)
        self.assertEqual(code, 0, said)
        self.all_arrived()
        self.assertEqual(self.proxy.faults, [])
        return said


class Loki(OfLoki):
    @of_each("test_{}_stops_it_with_one_message_and_nothing_is_lost", (401, 403))
    def stops(self, status):
        self.write()
        self.stops_and_then_delivers(status)
        self.all_arrived()

    def test_a_real_400_of_a_part_is_said_once_and_never_sent_again(self):
        self.write(10)
        bad = [shipping.record(20, ns=self.now - 8 * 24 * 60 * MINUTE), shipping.record(21, ns=self.now + 20 * MINUTE),
               shipping.record(22, ns=self.now, text="x" * 300_000)]
        shipping.append(self.log, bad)
        self.write(10, first=10)
        code, said = self.once()
        self.assertEqual((code, len(said), len(self.proxy.requests)), (0, 1, 1), said)
        self.assertIn("3 records refused, which are counted and not sent again: it answers 400: ", said[0])
        entry = shipping.status(self.folder)[0]
        self.assertEqual((entry["records"], entry["refused"]), (20, 3))
        self.assertEqual(self.once(), (0, []))
        self.assertEqual(len(self.proxy.requests), 1)
        self.all_arrived()

    def test_a_413_is_halved_and_a_single_record_that_is_too_large_is_counted(self):
        self.proxy.always = at_most(100_000)
        self.write(150, text="y" * 2000)
        shipping.append(self.log, [shipping.record(999, ns=self.now, text="z" * 150_000)])  # Loki would take it
        self.write(150, first=150, text="y" * 2000)
        code, said = self.once()
        self.assertEqual(code, 0)
        self.all_arrived()
        self.assertEqual(self.count("oversize"), 1)
        self.assertEqual(len(said), 1, said)
        self.assertIn("1 records refused, which are counted and not sent again: it answers 413", said[0])
        self.assertLess(len(self.proxy.requests), 40)

    @of_each("test_{}_for_a_while_is_one_episode_and_all_arrives", (408, 429, 500, 502, 503, 504))
    def passes(self, status):
        self.one_episode(self.episode(*[answer(status, "not now")] * 2), f"it answers {status}: not now")
        self.assertEqual(len(self.proxy.requests), 3)

    def test_a_429_for_all_that_is_over_the_burst_is_halved(self):
        self.proxy.always = lambda handler, body: ((429, "over the burst", {}) if len(body) > 60_000
                                                   else handler.take(body))
        self.one_episode(self.episode(), "it answers 429")

    def waits_as_asked(self, fault):
        self.one_episode(self.episode(fault), "it answers 429")
        first, second = [when for *_, when in self.proxy.requests]
        self.assertGreaterEqual(second - first, 1.9)  # own backoff is half a second

    def test_retry_after_in_seconds_is_waited_for(self):
        self.waits_as_asked(answer(429, "", {"Retry-After": "2"}))

    def test_retry_after_as_a_date_is_waited_for(self):
        def later(handler, body):  # in whole seconds
            return 429, "", {"Retry-After": email.utils.formatdate(time.time() + 3, usegmt=True)}
        self.waits_as_asked(later)

    def test_a_reset_before_the_push_was_taken_is_one_episode(self):
        self.one_episode(self.episode(*[fault_server.reset] * 2))
        self.assertEqual(len(self.proxy.requests), 3)

    def test_a_reset_after_the_push_was_taken_leaves_each_record_once(self):
        self.one_episode(self.episode(*[fault_server.taken_then_reset] * 2))
        self.assertEqual(len(self.proxy.requests), 3)

    def test_a_server_that_hangs_is_left_after_the_timeout(self):
        began = time.monotonic()
        said = self.episode(fault_server.hang(60), options=("--timeout", "1s"))
        self.one_episode(said, "timed out")
        self.assertLess(time.monotonic() - began, 30)

    def test_a_slow_server_gets_all_and_memory_stays_bounded(self):
        self.proxy.always = fault_server.slow(0.2)
        self.write(16_000, text="w" * 1000)
        ship = self.follow()
        wait_for(lambda: self.count() == 16_000, lambda: f"all: {self.count()}, {ship.said()}")
        most_kb = ship.most_memory_kb()
        self.assertEqual(ship.end(), 0)
        self.assertEqual(ship.said(), [])
        self.assertLess(most_kb, MOST_KB)
        self.check(self.server.entries(f'{{cluster="{self.cluster}"}}', self.now - 60 * MINUTE, self.now, page=2000),
                   self.lines)

    def test_connections_that_are_refused_for_a_while_are_one_episode(self):
        self.write(100)
        ship = self.follow()
        wait_for(lambda: self.count() == 100, ship.said)
        self.proxy.down()
        self.write(16_000, first=100, text="w" * 1000)
        wait_for(lambda: self.count("failures") >= 2, ship.said)
        self.assertEqual(len(ship.said()), 1, ship.said())
        self.proxy.up()
        wait_for(lambda: self.count() == 16_100, ship.said)
        most_kb = ship.most_memory_kb()
        self.assertEqual(ship.end(), 0)
        self.one_episode(ship.said())
        self.assertLess(most_kb, MOST_KB)
        self.check(self.server.entries(f'{{cluster="{self.cluster}"}}', self.now - 60 * MINUTE, self.now, page=2000),
                   self.lines)

    def test_the_environment_of_a_process_becomes_a_label(self):
        self.write(1, msg="process started", **{"deployment.environment.name": "prod"})
        self.write(99, first=1)
        self.assertEqual(self.once(), (0, []))
        self.all_arrived()
        self.assertEqual({dict(labels).get("env") for labels, *_ in self.stored()}, {"prod"})

    @of_each("test_with_a_wrong_{}_nothing_is_sent_and_with_the_right_one_all_arrives", ("password", "token"))
    def knows(self, secret):
        right, wrong, header = {"password": (("--user", "me:pass"), ("--user", "me:past"), "Basic bWU6cGFzcw=="),
                                "token": (("--bearer", "s3cret"), ("--bearer", "secret"), "Bearer s3cret")}[secret]
        self.write()
        self.proxy.always = only_for(header)
        code, said = self.once(*wrong)
        self.assertEqual((code, len(said), len(self.proxy.requests)), (2, 1, 1), said)
        self.assertIn("stopped, what is not sent stays in the files: it answers 401: who are you?", said[0])
        self.assertEqual(self.stored(), [])
        self.assertEqual(self.once(*right), (0, []))
        self.all_arrived()

    def test_of_two_targets_one_fails_while_the_other_goes_on(self):
        victoria = self.start(servers.Victoria)
        self.proxy.always = answer(503, "not now")
        self.write()
        other = f"loki:{victoria.url}/insert/loki/api/v1/push?_msg_field=msg"
        ship = self.follow(to=(*self.target(), "--to", other))

        def there():
            status, body = servers.http(f"{victoria.url}/select/logsql/query?limit=1000&query=*")
            self.assertEqual(status, 200, body)
            return sorted(json.loads(line)["n"] for line in body.splitlines())

        def positions():
            return sorted((entry["records"], entry["lag_bytes"] > 0) for entry in shipping.status(self.folder))

        wanted = sorted(str(i) for i in range(300))
        wait_for(lambda: there() == wanted, lambda: f"all in the other: {ship.said()}")
        wait_for(lambda: positions() == [(0, True), (300, False)], positions)
        self.assertEqual(self.stored(), [])
        self.proxy.always = None
        wait_for(lambda: positions() == [(300, False), (300, False)], positions)
        self.assertEqual(ship.end(), 0)
        self.one_episode(ship.said(), "it answers 503: not now")
        self.all_arrived()
        self.assertEqual(there(), wanted)


class Certificates(OfLoki):
    """The proxy ends TLS: a certificate of the authority that --ca names, or of another."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        made = tempfile.TemporaryDirectory()
        cls.addClassCleanup(made.cleanup)
        cls.path = staticmethod(shipping.make_certificates(made.name))

    def setUp(self):
        super().setUp()
        self.proxy.down()
        self.proxy = FaultProxy(self.server.url, certificate=(self.path("server.pem"), self.path("server.key")))
        self.write()

    def test_one_of_the_authority_that_is_trusted_is_taken(self):
        self.assertEqual(self.once("--ca", self.path("ca.pem")), (0, []))
        self.all_arrived()

    def test_one_of_another_authority_is_refused_and_nothing_is_sent_until_it_is_right(self):
        for options in (("--ca", self.path("other-ca.pem")), ()):
            code, said = self.once(*options, "--give-up", "1s")
            self.assertEqual((code, len(said), len(self.proxy.requests)), (2, 2, 0), said)
            self.assertIn("cannot deliver: SSL certificate problem", said[0])
            self.assertIn("gives up: what is not sent stays in the files", said[1])
        self.assertEqual(self.once("--ca", self.path("ca.pem")), (0, []))
        self.all_arrived()

    def test_an_authority_that_is_put_right_meanwhile_is_one_episode(self):
        authority = os.path.join(self.folder, "ca.pem")
        subprocess.run(["cp", self.path("other-ca.pem"), authority], check=True)
        ship = self.follow("--ca", authority)
        wait_for(lambda: self.count("failures") >= 2, "two tries")
        subprocess.run(["cp", self.path("ca.pem"), authority], check=True)
        wait_for(lambda: self.count() == 300, lambda: f"all: {ship.said()}")
        self.assertEqual(ship.end(), 0)
        self.one_episode(ship.said(), "SSL certificate problem")
        self.all_arrived()

    def test_a_server_that_shows_another_certificate_for_a_while_is_one_episode(self):
        self.proxy.down()
        self.proxy.certificate = (self.path("stranger.pem"), self.path("stranger.key"))
        self.proxy.up()
        ship = self.follow("--ca", self.path("ca.pem"))
        wait_for(ship.said, "a message")
        self.proxy.down()
        self.assertEqual(self.proxy.requests, [])
        self.proxy.certificate = (self.path("server.pem"), self.path("server.key"))
        self.proxy.up()
        wait_for(lambda: self.count() == 300, lambda: f"all: {ship.said()}")
        self.assertEqual(ship.end(), 0)
        self.one_episode(ship.said(), "SSL certificate problem")
        self.all_arrived()


class Traces:
    """What servers of spans have in common: nothing is dropped that comes twice, and a 400 is for all of a request."""
    seed = 100

    def options(self):
        return ("--only", "traces") if self.protocol == "otlp" else ()

    def setUp(self):
        super().setUp()
        Traces.seed += 1
        lines, _ = trees.make(20, seed=Traces.seed)
        self.wanted = trees.contents(lines)
        shipping.append(self.log, lines)

    def all_arrived(self):
        """Each trace as it was written, no span twice."""
        for trace_id, tree in self.wanted.items():
            self.assertEqual(self.ask(trace_id), self.expected(tree))

    def episode(self, *faults):
        self.proxy.faults += faults
        code, said = self.once()
        self.assertEqual(code, 0, said)
        self.all_arrived()
        return said

    @of_each("test_{}_for_a_while_is_one_episode_and_all_arrives", (429, 502, 503, 504))
    def passes(self, status):
        self.one_episode(self.episode(*[answer(status, "not now")] * 2), f"it answers {status}: not now")

    def test_a_reset_before_it_was_taken_is_one_episode(self):
        self.one_episode(self.episode(*[fault_server.reset] * 2))

    def test_a_server_that_hangs_is_left_after_the_timeout(self):
        self.proxy.faults.append(fault_server.hang(60))
        code, said = self.once("--timeout", "1s")
        self.assertEqual(code, 0)
        self.one_episode(said, "timed out")
        self.all_arrived()

    @of_each("test_{}_stops_it_with_one_message_and_nothing_is_lost", (401, 403))
    def stops(self, status):
        self.stops_and_then_delivers(status)
        self.all_arrived()

    def test_a_413_is_halved_and_a_single_span_that_is_too_large_is_counted(self):
        shipping.append(self.log, [shipping.span(1, trace=Traces.seed, text="z" * 40_000)])
        self.proxy.always = at_most(20_000)
        code, said = self.once()
        self.assertEqual((code, len(said)), (0, 1), said)
        self.assertIn("1 records refused, which are counted and not sent again: it answers 413", said[0])
        self.assertEqual(self.count("oversize"), 1)
        self.all_arrived()

    def test_of_a_400_the_bad_ones_are_found_and_counted_and_the_others_are_stored(self):
        shipping.append(self.log, [shipping.span(i, trace=Traces.seed, name="bad") for i in (1, 2)])
        self.proxy.always = lambda handler, body: (400, "bad", {}) if b'"name":"bad"' in body else handler.take(body)
        code, said = self.once()
        self.assertEqual((code, len(said)), (0, 1), said)
        self.assertIn("1 records refused, which are counted and not sent again: it answers 400: bad", said[0])
        self.assertEqual(self.count("refused"), 2)
        self.all_arrived()


class Jaeger(Traces, Base):
    protocol = "otlp"

    @classmethod
    def setUpClass(cls):
        cls.server = cls.start(servers.Jaeger)

    def ask(self, trace_id):
        return trees.in_jaeger(self.server, trace_id)

    def expected(self, tree):
        return trees.as_otlp(tree)


class Zipkin(Traces, Base):
    protocol = "zipkin"

    @classmethod
    def setUpClass(cls):
        cls.server = cls.start(servers.Zipkin)

    def ask(self, trace_id):
        return trees.in_zipkin(self.server, trace_id)

    def expected(self, tree):
        return trees.as_zipkin(tree)


if __name__ == "__main__":
    shipping.TOOL = os.path.abspath(sys.argv.pop(1))
    try:
        for program in servers.PROGRAMS.values():
            program()
    except servers.Missing as missing:
        print(f"a server cannot be had: {missing}")
        sys.exit(1 if os.environ.get("CI") else 77)
    unittest.main()
