"""--from loki:URL: what goes wrong between the tool and the server, with the small server of the default tests.

    ask_test.py build/dev/spanlog [--no-memory]

Against a real Loki: ask_loki_test.py.
"""
import base64
import json
import os
import resource
import socket
import subprocess
import sys
import unittest

import fault_server
import shipping
from fault_server import answer, reset

SECOND = 10**9
MEASURE = "--no-memory" not in sys.argv


class Asking(shipping.Case):
    def serve(self, lines=(), options=(), **more):
        server = fault_server.FaultServer(**more)
        self.addCleanup(server.down)
        shipping.append(self.log, lines)
        if lines:
            code, said, _ = shipping.ship_once(self.folder, "--to", "loki:" + server.url, *options, "app.log")
            self.assertEqual((code, said), (0, []))
        server.requests.clear()
        return server

    def ask(self, *words, **more):
        done = subprocess.run([shipping.TOOL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              cwd=self.folder, check=False, **more)
        return done.returncode, done.stdout, done.stderr

    def records(self, count, step=10**6):
        return [shipping.record(i, service=f"s{i % 3}", ns=self.now - 600 * SECOND + i * step) for i in range(count)]

    def test_pages_of_any_size_give_each_line_once(self):
        lines = [shipping.record(i, service=f"s{i % 3}", ns=self.now - 600 * SECOND + i // 4 * 1000)
                 for i in range(400)]
        server = self.serve(lines)
        for page in (5000, 400, 397, 100, 9, 5, 2):
            server.page_max = page
            code, printed, said = self.ask("cat", "--to", "json", "--from", "loki:" + server.url)
            self.assertEqual((code, sorted(printed.splitlines())), (0, sorted(lines)), f"{page}: {said}")

    def test_a_trace_is_the_same_as_from_its_file(self):
        trace = "%032x" % ((self.now - 500 * SECOND) // 10**6 << 80 | 0xbeef)
        lines = self.records(300) + [
            shipping.record(i, ns=self.now - 500 * SECOND + i * 1000, trace_id=trace, span_id="%016x" % (i % 5 + 1))
            for i in range(20)]
        server = self.serve(lines)
        for words in (["trace", trace], ["trace", trace, "--json"], ["trace", trace[-8:]], ["trace", trace.upper()]):
            self.assertEqual(self.ask(*words, "--from", "loki:" + server.url)[:2], self.ask(*words, "app.log")[:2])
        # The id says when: nothing older than a quarter of an hour before it is asked for.
        server.requests.clear()
        self.ask("trace", trace, "--from", "loki:" + server.url)
        starts = [int(path.split("start=")[1].split("&")[0]) for path, *_ in server.requests if "process" not in path]
        self.assertGreater(min(starts), self.now - 500 * SECOND - 3700 * SECOND)
        self.assertLessEqual(len(server.requests), 4)

    def test_two_traces_are_compared(self):
        first, second = "%032x" % 0xabc0, "%032x" % 0xabc1
        server = self.serve(self.records(20))
        wanted = self.ask("diff", first, second, "app.log")
        self.assertEqual(self.ask("diff", first, second, "--from", "loki:" + server.url), wanted)

    def test_who_asks_is_said_as_shipping_says_it(self):
        server = self.serve(self.records(3))
        token = os.path.join(self.folder, "token")
        shipping.append(token, ["secret"])
        basic = "Basic " + base64.b64encode(b"me:mine").decode()
        for words, name, value in ((["--bearer", "@token"], "Authorization", "Bearer secret"),
                                   (["--user", "me:mine"], "Authorization", basic),
                                   (["--tenant", "shop"], "X-Scope-OrgID", "shop"),
                                   (["--header", "X-A=b%20c"], "X-A", "b c")):
            server.requests.clear()
            self.assertEqual(self.ask("traces", "--from", "loki:" + server.url, *words)[0], 0)
            self.assertEqual({headers.get(name) for _, headers, _, _ in server.requests}, {value})
        server.requests.clear()
        self.assertEqual(self.ask("traces", "--from", "loki:" + server.url.replace("//", "//me:mine@"))[0], 0)
        self.assertEqual({headers.get("Authorization") for _, headers, _, _ in server.requests}, {basic})

    def test_a_wrong_certificate_is_refused_and_a_right_one_taken(self):
        made = [os.path.join(self.folder, name) for name in ("cert.pem", "key.pem")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-out", made[0], "-keyout", made[1]],
                       check=True, stderr=subprocess.DEVNULL)
        server = self.serve(self.records(3), ["--ca", made[0]], certificate=made)
        code, printed, said = self.ask("traces", "--from", "loki:" + server.url)
        self.assertEqual((code, printed, len(server.requests)), (2, "", 0))
        self.assertIn("certificate", said)
        self.assertEqual(self.ask("traces", "--from", "loki:" + server.url, "--ca", made[0])[0], 0)

    def test_nobody_there_is_said_at_once_and_without_a_password(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        code, printed, said = self.ask("trace", "abcd", "--from", f"loki:http://me:mine@127.0.0.1:{port}")
        self.assertEqual((code, printed), (2, ""))
        self.assertTrue(said.startswith(f"spanlog: loki:http://127.0.0.1:{port}: cannot be asked: "), said)
        self.assertEqual(said.count("\n"), 1)
        self.assertNotIn("mine", said)
        for wrong in ("loki:http://me:mine@h:x", "loki:http://me:a/mine@h", "loki:me:mine@h"):
            code, printed, said = self.ask("trace", "abcd", "--from", wrong)
            self.assertEqual((code, printed), (2, ""))
            self.assertNotIn("mine", said)

    def test_a_fault_ends_with_what_was_had_and_status_2(self):
        lines = self.records(300)
        server = self.serve(lines)
        server.page_max = 100
        take = lambda handler, body: handler.take(body)  # noqa: E731
        server.faults = [take] * 3 + [answer(401, "who are you")]
        code, printed, said = self.ask("cat", "--to", "json", "--from", "loki:" + server.url)
        printed = printed.splitlines()
        self.assertEqual((code, printed), (2, lines[:len(printed)]))
        self.assertIn("it answers 401: who are you (--tenant, --user and --bearer say who asks)", said)
        self.assertGreater(len(printed), 0)

    def test_what_passes_is_asked_again(self):
        lines = self.records(300)
        server = self.serve(lines)
        server.faults = [answer(429, "too many outstanding requests", {"Retry-After": "1"}), answer(503, ""), reset,
                         answer(504, "context deadline exceeded")]
        code, printed, said = self.ask("cat", "--to", "json", "--from", "loki:" + server.url)
        self.assertEqual((code, printed.splitlines()), (0, lines), said)
        self.assertEqual(said.count("asked again"), 1)

    def test_an_instant_that_no_page_holds_is_asked_for_in_halves(self):
        lines = [shipping.record(i, ns=self.now - 600 * SECOND) for i in range(100)]
        server = self.serve(lines)

        def not_more_than_40(handler, body):
            if len(server.requests) > 300:  # instead of going on for ever
                return 401, "enough", {}
            if int(handler.path.split("&limit=")[1].split("&")[0]) > 40:
                return 413, "", {}
            return handler.take(body)
        server.always = not_more_than_40
        code, printed, said = self.ask("cat", "--to", "json", "--from", "loki:" + server.url)
        self.assertEqual((code, sorted(printed.splitlines())), (0, sorted(lines)), said)

    def test_ranges_that_had_to_be_short_become_long_again(self):
        trace = "%032x" % 0xabc0
        ns = self.now - 20 * 86400 * SECOND
        line = shipping.record(1, ns=ns, trace_id=trace)
        server = self.serve()
        server.entries[(json.dumps({"service_name": "orders"}), str(ns), line)] = {"trace_id": trace}
        server.faults = [answer(504, "timed out")] * 12
        code, printed, said = self.ask("trace", trace, "--from", "loki:" + server.url)
        self.assertEqual((code, said), (0, ""))
        self.assertIn("record 1", printed)
        self.assertLess(len(server.requests), 500)

    def test_what_makes_no_sense_is_a_usage_error(self):
        server = self.serve(self.records(3))
        at = "loki:" + server.url
        for words, text in ((["traces", "--from", "otlp:http://h"], "not loki:URL"),
                            (["traces", "--from", "loki:h"], "the URL begins with http:// or https://"),
                            (["traces", "--from", at, "app.log"], "in place of files"),
                            (["cat", "--follow", "--from", at], "--follow is of files"),
                            (["traces", "--from", at, "--select", "env=p"], "a selector stands in braces"),
                            (["traces", "--tenant", "x", "app.log"], "--tenant goes with --from"),
                            (["trace", "abcd", "--since", "1h", "app.log"], "--since goes with --from"),
                            (["traces", "--from", at, "--timeout", "10"], "a time with its unit"),
                            (["traces", "--from", at, "--bearer", "@missing"], "a file that can be read"),
                            (["traces", "--from", at, "--tenant", "a\nb"], "may not hold line ends")):
            code, printed, said = self.ask(*words)
            self.assertEqual((code, printed), (2, ""), words)
            self.assertIn(text, said)
        self.assertEqual(server.requests, [])

    def test_without_a_time_it_is_the_last_hour_and_that_is_said(self):
        lines = [shipping.record(i, service=f"s{i}", ns=self.now - i * 40 * 60 * SECOND) for i in range(3)]
        server = self.serve(lines)
        code, printed, said = self.ask("cat", "--to", "json", "--from", "loki:" + server.url)
        self.assertEqual((code, sorted(printed.splitlines())), (0, sorted(lines[:2])))
        self.assertIn("the last hour (--since says how far back)", said)
        code, printed, said = self.ask("cat", "--to", "json", "--from", "loki:" + server.url, "--since", "3h", "--until",
                                       "1h")
        self.assertEqual((code, printed.splitlines(), said), (0, lines[2:], ""))
        code, printed, said = self.ask("cat", "--to", "json", "--from", "loki:" + server.url, "--until", "1h")
        self.assertEqual((code, printed.splitlines()), (0, lines[2:]))

    def test_a_full_disk_is_said(self):
        server = self.serve(self.records(3000))
        code, _, said = self.ask("traces", "--from", "loki:" + server.url, preexec_fn=lambda: (
            __import__("signal").signal(__import__("signal").SIGXFSZ, __import__("signal").SIG_IGN),
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))), restore_signals=False)
        self.assertEqual(code, 2)
        self.assertIn("the temporary file: File too large", said)

    def most_memory_kb(self, *words):
        """As seen now and then while it prints."""
        with subprocess.Popen([shipping.TOOL, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            most = 0
            while process.stdout.read(1 << 20):
                with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
                    most = max([most] + [int(line.split()[1]) for line in file if line.startswith("VmHWM")])
        self.assertEqual(process.returncode, 0)
        return most

    @unittest.skipUnless(MEASURE, "memory is the sanitizer's")
    def test_memory_does_not_grow_with_what_is_asked_for(self):
        most = []
        server = self.serve()
        for count in (10_000, 60_000):
            labels = json.dumps({"service_name": "s"})
            for i in range(count):
                ns = self.now - 600 * SECOND + i * 1000
                server.entries[(labels, str(ns), shipping.record(i % 10, ns=ns, text="x" * 200))] = {}
            most.append(self.most_memory_kb("cat", "--to", "json", "-j", "1", "--from", "loki:" + server.url))
        self.assertLess(most[1] - most[0], 8 << 10, most)


if __name__ == "__main__":
    sys.argv = [argument for argument in sys.argv if argument != "--no-memory"]
    shipping.TOOL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
