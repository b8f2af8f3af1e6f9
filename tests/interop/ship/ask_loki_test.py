"""--from loki:URL: against a real Loki: what it holds gives the same answers as the files it came from.

    ask_loki_test.py build/dev/spanlog build/dev/tests/make_corpus

Faults that it cannot be made to show come from a proxy in front of it.
"""
import json
import os
import random
import subprocess
import sys
import time
import unittest

import servers
import shipping
from fault_proxy import FaultProxy, cut
from fault_server import answer, hang, reset

FORMATS = ("otlp", "zipkin", "jaeger", "chrome", "csv", "folded", "clickhouse", "duckdb")
NO_PROBE = '{service_name=~".+", probe=""}'
HOUR, SECOND = 3600 * 10**9, 10**9
MAKE_CORPUS = ""


def ask(*words):
    """Exit status, what it printed, what it said, with ports taken out."""
    done = subprocess.run([shipping.TOOL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr


class WithLoki(shipping.Case):
    def start(self, **more):
        self.loki = servers.Loki(self.folder, **more)
        self.loki.start()
        self.addCleanup(self.loki.kill)
        self.at = "loki:" + self.loki.url

    def ship(self, lines, *options):
        shipping.append(self.log, lines)
        code, said, _ = shipping.ship_once(self.folder, "--to", self.at, *options, "app.log")
        self.assertEqual((code, said), (0, []))

    def push(self, labels, values):
        body = json.dumps({"streams": [{"stream": labels, "values": values}]}).encode()
        status, answered = servers.http(self.loki.url + "/loki/api/v1/push", body, {"Content-Type": "application/json"})
        self.assertEqual(status, 204, answered)

    def cat(self, *words, select=NO_PROBE, at=None):
        """All lines of the last hour that the test has sent: the server was probed with one of its own."""
        return ask("cat", "--to", "json", "--from", at or self.at, "--select", select, *words)

    def same(self, verb, *words, since="50m"):
        """The same from files as from Loki, to the byte."""
        if verb == "export":  # of lines without a trace all, where no time is asked for
            words += ("--since", since)
        code, wanted, _ = ask(verb, *words, self.log)
        more = [] if verb in ("trace", "export") else ["--since", since]
        if verb == "check":  # it counts every line
            more += ["--select", NO_PROBE]
        got = ask(verb, *words, "--from", self.at, *more)
        self.assertEqual((got[0], got[1].replace(self.at, self.log)), (code, wanted), got[2])
        self.assertGreater(len(wanted), 40)
        return wanted


class TheSame(WithLoki):
    def shop(self, megabytes):
        """A shop's log of twenty minutes ago, with what processes say of themselves, on three hosts."""
        begin = self.now // SECOND - 1200
        done = subprocess.run([MAKE_CORPUS, str(megabytes), "--begin", str(begin)], stdout=subprocess.PIPE, check=True,
                              text=True)
        lines = done.stdout.splitlines()
        processes = {(line["service"], line["pid"]) for line in map(json.loads, lines)}
        started = [json.dumps({"ts": shipping.rfc3339((begin - 60) * SECOND + i), "level": "info",
                               "msg": "process started", "service": service, "pid": pid, "host.name": f"host-{i % 3}"},
                              separators=(",", ":")) for i, (service, pid) in enumerate(sorted(processes))]
        return started + lines

    def test_a_whole_log_gives_the_same_answers_as_its_files(self):
        self.start()
        lines = self.shop(6)
        # A service that writes spans, though none in this trace: its span has no end.
        lost = "%032x" % (((self.now - 600 * SECOND) // 10**6) << 80 | 0x7057)
        lines += [shipping.record(i, service="mailer", ns=self.now - 600 * SECOND + i, trace_id=lost,
                                  span_id="00000000000000aa") for i in range(3)]
        self.ship(lines)
        self.same("traces", "--json")
        self.same("traces", "--sort", "-duration", "--limit", "20")
        self.same("stats")
        self.assertIn("host-2", self.same("stats", "--by", "host", "--json"))
        self.same("graph", "--json")
        self.same("path")
        self.same("traces", "--status", "error")
        self.assertIn("UNFINISHED", self.same("trace", lost))
        chance = random.Random(4)
        ids = sorted({json.loads(line).get("trace_id", "") for line in lines} - {""})
        for trace_id in chance.sample(ids, 12):
            self.same("trace", trace_id)
            self.same("trace", trace_id, "--json")
        self.same("trace", ids[5][-12:])

    def test_what_is_checked_exported_and_compared_is_the_same_too(self):
        self.start()
        lines = self.shop(3)
        faults = [{"parent_id": "00000000000000aa"}, {"duration_ms": -1}, {"start": "yesterday"}, {"trace_id": 7}]
        last = json.loads(lines[-1])["ts"]  # where places are counted, the order of lines counts
        for i, fault in enumerate(faults):
            at = {"start": last, "ts": last[:-4] + f"99{i}Z"}
            lines.append(json.dumps({**json.loads(shipping.span(i + 1, trace=0xbad00 + i)), **at, **fault},
                                    separators=(",", ":")))
        self.ship(lines)
        said = self.same("check")
        self.assertIn("below 0", said)
        self.same("check", "--json")
        self.same("check", "--assert", "max(duration) < 1us")
        self.same("shapes")
        self.same("shapes", "--json")
        for name in FORMATS:
            self.same("export", "--to", name)
        self.same("export", "--to", "zipkin", "--status", "error")
        self.same("diff", "--where", "status=error")
        ids = sorted({json.loads(line).get("trace_id", "") for line in lines[:-len(faults)]} - {""})
        for first, second in zip(ids[10:16], ids[20:26]):
            self.same("diff", first, second)
            self.same("diff", first, second, "--json")

    def run_line(self, language, trace_id):
        """What sh finds by the line that is printed for it."""
        code, command, said = ask("trace", trace_id, self.log, "--as", language)
        self.assertEqual((code, said), (0, ""))
        return sorted(subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, text=True,
                                     check=True).stdout.splitlines())

    def test_the_line_that_is_printed_for_others_finds_the_same_in_them(self):
        self.start()
        lines = self.shop(2)
        ids = sorted({json.loads(line).get("trace_id", "") for line in lines} - {""})
        lines += [shipping.record(i, service="it's \"odd\\", ns=self.now - 600 * SECOND + i, trace_id=ids[7])
                  for i in range(3)]
        self.ship(lines)
        for trace_id in random.Random(6).sample(ids, 10) + [ids[7]]:
            wanted = sorted(line for line in lines if trace_id in line)
            self.assertGreater(len(wanted), 0)
            for asked in (trace_id, trace_id[-12:]):
                code, query, said = ask("trace", asked, self.log, "--as", "logql")
                self.assertEqual((code, said, query.count("\n")), (0, "", 1))
                found = self.loki.entries(query.strip(), self.now - HOUR, self.now + SECOND)
                self.assertEqual(sorted(line for _, _, line, _ in found), wanted, query)
                self.assertEqual(self.run_line("grep", asked), wanted)
                # jq writes numbers in a way of its own.
                self.assertEqual([json.loads(line) for line in self.run_line("jq", asked)],
                                 [json.loads(line) for line in wanted])

    def test_a_trace_of_more_than_a_page_in_several_streams_with_equal_times(self):
        self.start()
        begin, lines = self.now - 30 * 60 * SECOND, []
        trace_id = "%032x" % (begin // 10**6 << 80 | 0x1234)
        for i in range(17_000):  # seven of one time, and from place to place thousands
            step = (i if i % 6000 < 4000 else i - i % 6000) // 7
            lines.append(shipping.record(i, service=f"s{i % 5}", ns=begin + step * 10**6, trace_id=trace_id,
                                         span_id="%016x" % (i % 211 + 1)))
        self.ship(lines)
        self.all_there(trace_id, lines)

    def all_there(self, trace_id, lines):
        """Each line once, in the order of time; of equal times that of files is not known to Loki."""
        code, printed, said = self.cat()
        self.assertEqual(code, 0, said)
        printed = printed.splitlines()
        self.assertEqual(sorted(printed), sorted(lines))
        times = [json.loads(line)["ts"] for line in printed]
        self.assertEqual(times, sorted(times))
        from_files, from_loki = ask("trace", trace_id, self.log), ask("trace", trace_id, "--from", self.at)
        self.assertEqual(from_loki[0], 0, from_loki[2])
        self.assertEqual(sorted(from_loki[1].splitlines()), sorted(from_files[1].splitlines()))
        self.same("traces", "--json")

    def test_more_entries_of_one_instant_than_a_page_holds(self):
        self.start()
        ns = self.now - 20 * 60 * SECOND
        trace_id = "%032x" % (ns // 10**6 << 80 | 0x5678)
        lines = [shipping.record(i, service=f"s{i % 2}", ns=ns, trace_id=trace_id, span_id="%016x" % (i % 89 + 1))
                 for i in range(12_000)]
        self.ship(lines)
        self.all_there(trace_id, lines)

    def test_entries_that_nothing_tells_apart_are_said_to_be_too_many(self):
        self.start(limits="max_entries_limit_per_query: 10")
        self.ship([shipping.record(0, ns=self.now - 60 * SECOND, msg="y" * 600, last=i) for i in range(25)])
        code, _, said = self.cat()
        self.assertEqual(code, 2)
        self.assertIn("entries are of one instant and begin alike", said)

    def test_late_records_that_have_a_stream_of_their_own_stand_in_their_place(self):
        self.start()
        begin, trace_id = self.now - 100 * 60 * SECOND, "%032x" % 77

        def span(number, start, end, **fields):
            fields = {**json.loads(shipping.span(number, trace=77, service=f"s{number % 2}", **fields)),
                      "ts": shipping.rfc3339(end), "start": shipping.rfc3339(start), "duration_ms": (end - start) / 10**6}
            return json.dumps(fields, separators=(",", ":"))
        early = [span(i + 2, begin + i * SECOND, begin + i * SECOND + 10**6, parent=1) for i in range(100)]
        new = [span(i + 200, self.now - (200 - i) * SECOND, self.now - (199 - i) * SECOND, parent=1) for i in range(100)]
        self.ship(new + [span(1, begin - 1, self.now)] + early)  # as recovery writes what a process had left behind
        labels = servers.get_json(self.loki.url + "/loki/api/v1/label/late/values?start=%d" % (begin - HOUR))
        self.assertEqual(labels.get("data"), ["true"])
        self.same("trace", trace_id)
        self.same("traces", "--json", since="3h")

    def test_lines_of_others_are_filled_in_from_labels_and_metadata(self):
        self.start()
        trace_id, span_id = "%032x" % random.getrandbits(127), "00000000000000ab"
        push = {"streams": [
            {"stream": {"service_name": "legacy"}, "values": [
                [str(self.now - 60 * SECOND), "plain text\nof two lines", {"trace_id": trace_id, "span_id": span_id}]]},
            {"stream": {"app": "web"}, "values": [
                [str(self.now - 59 * SECOND), json.dumps({"time": "x", "message": "hello", "traceId": trace_id})],
                [str(self.now - 58 * SECOND), f"level=error msg=boom trace_id={trace_id}"]]}]}
        status, body = servers.http(self.loki.url + "/loki/api/v1/push", json.dumps(push).encode(),
                                    {"Content-Type": "application/json"})
        self.assertEqual(status, 204, body)
        code, printed, said = self.cat()
        self.assertEqual(code, 0, said)
        entries = [json.loads(line) for line in printed.splitlines() if trace_id in line]
        self.assertEqual([(entry["service"], entry["msg"]) for entry in entries],
                         [("legacy", "plain text\nof two lines"), ("web", "hello"), ("web", "boom")])
        self.assertEqual((entries[0]["trace_id"], entries[0]["span_id"]), (trace_id, span_id))
        for wanted in (trace_id, trace_id[-8:], trace_id.upper()):
            code, printed, said = ask("trace", wanted, "--from", self.at)
            self.assertEqual(code, 0, said)
            for text in ("of two lines", "hello", "boom"):
                self.assertIn(text, printed)

    def test_an_id_is_found_however_others_have_spelled_it(self):
        self.start()
        trace_id = "%032x" % ((self.now - 600 * SECOND) // 10**6 << 80 | 0xabcdef0123)
        uuid = "-".join(trace_id[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
        spellings = [trace_id, trace_id.upper(), uuid, uuid.upper()]
        values = []
        for i, spelled in enumerate(spellings):
            values.append([str(self.now - (500 - i) * SECOND), f"in metadata {i}", {"trace_id": spelled}])
            values.append([str(self.now - (400 - i) * SECOND), f"msg=\"in line {i}\" trace_id={spelled}"])
        self.push({"service_name": "odd"}, values)
        for asked in (*spellings, trace_id[-12:]):
            code, got, said = ask("trace", asked, "--from", self.at)
            self.assertEqual(code, 0, said)
            for i, spelled in enumerate(spellings):
                self.assertEqual(got.count(f"in metadata {i}"), 1, (asked, spelled, got))
                self.assertEqual(got.count(f"in line {i}"), 1, (asked, spelled, got))

    def test_an_id_without_a_time_is_looked_for_and_one_that_is_not_there_is_not_found(self):
        self.start()
        old = "%032x" % 0xabcdef0123456789
        self.ship([shipping.record(i, ns=self.now - 100 * 60 * SECOND + i, trace_id=old, span_id="%016x" % (i + 1))
                   for i in range(5)])
        self.same("trace", old)
        code, printed, said = ask("trace", "%032x" % 0xabcdef0123456780, "--from", self.at)
        self.assertEqual((code, printed), (1, ""))
        self.assertIn("not found", said)
        code, printed, said = ask("trace", old, "--from", self.at, "--since", "1h")
        self.assertEqual((code, printed), (1, ""))

    def test_what_it_limits_is_asked_for_in_smaller_parts(self):
        self.start(limits="max_entries_limit_per_query: 300\n  max_query_length: 2h")
        lines = [shipping.record(i, service=f"s{i % 3}", ns=self.now - 40 * 60 * SECOND + i * 10**6)
                 for i in range(4000)]
        self.ship(lines)
        self.same("traces", "--json")
        code, printed, said = self.cat("--since", "1d")
        self.assertEqual((code, sorted(printed.splitlines())), (0, sorted(lines)), said)
        self.same("trace", "%032x" % (0xabc0 + 7))

    def test_a_tenant_is_asked_for_by_its_name(self):
        self.start(auth=True)
        lines = [shipping.record(i, ns=self.now - 60 * SECOND + i) for i in range(10)]
        self.ship(lines, "--tenant", "shop")
        code, printed, said = ask("traces", "--from", self.at)
        self.assertEqual((code, printed), (2, ""))
        self.assertIn("it answers 401: no org id (--tenant, --user and --bearer say who asks)", said)
        code, printed, said = self.cat("--tenant", "shop")
        self.assertEqual((code, printed.splitlines()), (0, lines), said)

    def test_a_selector_asks_for_some_streams_only(self):
        self.start()
        lines = [shipping.record(i, service=f"s{i % 2}", ns=self.now - 60 * SECOND + i) for i in range(10)]
        self.ship(lines)
        code, printed, said = self.cat(select='{service_name="s1"}')
        self.assertEqual((code, printed.splitlines()), (0, lines[1::2]), said)
        code, printed, said = self.cat(select="{service_name=s1}")
        self.assertEqual((code, printed), (2, ""))
        self.assertIn("parse error", said)


class Faults(WithLoki):
    def setUp(self):
        super().setUp()
        self.start(limits="max_entries_limit_per_query: 200")
        self.lines = [shipping.record(i, service=f"s{i % 3}", ns=self.now - 60 * SECOND + i * 1000)
                      for i in range(1000)]
        self.ship(self.lines)
        self.proxy = FaultProxy(self.loki.url)
        self.addCleanup(self.proxy.down)

    def cat_faulty(self, *words):
        return self.cat(*words, at="loki:" + self.proxy.url)

    def test_what_passes_is_asked_again_and_nothing_is_there_twice(self):
        faults = {"busy": [answer(429, "too many outstanding requests"), answer(429, "")],
                  "wait": [answer(429, "", {"Retry-After": "1"})],
                  "unavailable": [answer(503, "empty ring"), answer(502, "")],
                  "500": [answer(500, "rpc error: code = Unavailable")],
                  "later reset": [None, reset, reset], "cut": [cut], "later cut": [None, None, None, cut],
                  "timeout": [answer(504, "context deadline exceeded")] * 3,
                  "large": [answer(500, "rpc error: code = ResourceExhausted desc = received message larger than max")],
                  "hangs": [None, hang(60)]}
        for name, list_of in faults.items():
            with self.subTest(name):
                self.proxy.faults = [fault or (lambda handler, _: handler.take(b"")) for fault in list_of]
                code, printed, said = self.cat_faulty("--timeout", "2s")
                self.assertEqual((code, printed.splitlines()), (0, self.lines), said)

    def test_an_answer_that_was_never_had_ends_it_at_once(self):
        self.proxy.faults = [reset]
        began = time.monotonic()
        code, printed, said = self.cat_faulty()
        self.assertEqual((code, printed), (2, ""))
        self.assertIn("cannot be asked: ", said)
        self.assertLess(time.monotonic() - began, 30)

    def test_what_was_had_before_it_fails_is_shown(self):
        take = lambda handler, _: handler.take(b"")  # noqa: E731
        self.proxy.faults, self.proxy.always = [take] * 3, answer(403, "go away")
        code, printed, said = self.cat_faulty()
        printed = printed.splitlines()
        self.assertEqual(code, 2)
        self.assertIn("it answers 403: go away", said)
        self.assertEqual(printed, self.lines[:len(printed)])
        self.assertGreater(len(printed), 100)

    def test_what_is_no_loki_is_said_to_be_none(self):
        for fault, text in ((answer(200, "<html>hello</html>"), "no answer of Loki's: <html>hello</html>"),
                            (answer(200, '{"status":"success","data":{"resultType":"matrix","result":[]}}'),
                             "no answer of Loki's"),
                            (answer(404, "404 page not found"), "it answers 404 to query_range: no Loki is there"),
                            (answer(302, "", {"Location": "http://127.0.0.1:1/"}), "it answers 302")):
            self.proxy.always = fault
            code, printed, said = self.cat_faulty()
            self.assertEqual((code, printed), (2, ""))
            self.assertIn(text, said)


if __name__ == "__main__":
    shipping.TOOL, MAKE_CORPUS = os.path.abspath(sys.argv.pop(1)), os.path.abspath(sys.argv.pop(1))
    try:
        servers.loki_program()
    except servers.Missing as missing:
        print(f"Loki cannot be had: {missing}")
        sys.exit(1 if os.environ.get("CI") else 77)
    unittest.main()
