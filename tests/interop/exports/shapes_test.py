"""What spanlog export writes for Zipkin, Jaeger, Chrome and OTLP: its shape, and that it is read back.

    shapes_test.py path/to/spanlog

Every span stands there exactly once, with its ids, parent, times and annotations. Read back by `spanlog cat`, it
says what it said before, but for what the format has no place for:

otlp    nothing is lost
jaeger  nanoseconds below a microsecond, level, ratio; log lines are events of their span; values are of the tag
        types, others are texts
zipkin  the same, and all tags are texts; attributes of events, links and a status that is ok are lost
chrome  level, ratio, links, events, log lines and a status that is ok; pid and tid are tracks
"""
import collections
import decimal
import json
import operator
import pathlib
import subprocess
import sys
import tempfile
import unittest

import corpus
from corpus import nanoseconds

FIELDS = "service trace_id span_id parent_id operation kind start duration_ms".split()


def is_span(record):
    return "operation" in record


def key_of(record):
    return record["trace_id"], record["span_id"]


class Shapes(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = str(pathlib.Path(cls.folder.name) / "shop.jsonl")
        cls.records = corpus.records()
        corpus.write(cls.path, cls.records)
        cls.spans = {key_of(r): r for r in cls.records if is_span(r)}
        cls.logs = collections.defaultdict(list)
        for record in cls.records:
            if not is_span(record) and "span_id" in record:
                cls.logs[key_of(record)].append(record)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def exported(self, form):
        run = subprocess.run([TOOL, "export", "--to", form, self.path], stdout=subprocess.PIPE, check=True)
        return run.stdout

    def read_back(self, form):
        run = subprocess.run([TOOL, "cat", "--to", "json", "-"], input=self.exported(form), stdout=subprocess.PIPE,
                             check=True)
        return [json.loads(line) for line in run.stdout.decode().splitlines()]

    def check_once(self, keys):
        self.assertEqual(collections.Counter(keys), collections.Counter(list(self.spans)))

    # ---- shapes

    def test_zipkin(self):
        spans = json.loads(self.exported("zipkin"))
        self.check_once([(s["traceId"], s["id"]) for s in spans])
        for span in spans:
            said = self.spans[span["traceId"], span["id"]]
            self.assertEqual(span.get("parentId"), said.get("parent_id"))
            self.assertEqual(span["name"], said["operation"])
            self.assertEqual(span["localEndpoint"], {"serviceName": said["service"]})
            self.assertEqual(span.get("kind"), None if said["kind"] == "internal" else said["kind"].upper())
            self.assertEqual(span["timestamp"], nanoseconds(said["start"]) // 1000)
            self.assertEqual(span["duration"], round(said["duration_ms"] * 1000))
            self.assertTrue(all(isinstance(v, str) for v in span["tags"].values()), span["tags"])
            self.assertEqual("error" in span["tags"], said.get("status") == "error")
            expected = [(nanoseconds(e["ts"]) // 1000, e["name"]) for e in said.get("events", [])]
            expected += [(nanoseconds(e["ts"]) // 1000, e["msg"])
                         for e in sorted(self.logs[key_of(said)], key=lambda r: r["ts"])]
            self.assertEqual([(a["timestamp"], a["value"]) for a in span.get("annotations", [])], expected)

    def test_jaeger(self):
        spans = []
        for trace in json.loads(self.exported("jaeger"))["data"]:
            for span in trace["spans"]:
                self.assertEqual(span["traceID"], trace["traceID"])
                span["service"] = trace["processes"][span["processID"]]["serviceName"]
                spans.append(span)
        self.check_once([(s["traceID"], s["spanID"]) for s in spans])
        for span in spans:
            said = self.spans[span["traceID"], span["spanID"]]
            parents = [r["spanID"] for r in span["references"] if r["refType"] == "CHILD_OF"]
            self.assertEqual(parents, [said["parent_id"]] if "parent_id" in said else [])
            links = [(r["traceID"], r["spanID"]) for r in span["references"] if r["refType"] == "FOLLOWS_FROM"]
            self.assertEqual(links, [key_of(k) for k in said.get("links", [])])
            self.assertEqual((span["operationName"], span["service"]), (said["operation"], said["service"]))
            self.assertEqual(span["startTime"], nanoseconds(said["start"]) // 1000)
            self.assertEqual(span["duration"], round(said["duration_ms"] * 1000))
            self.assertEqual(len(span["logs"]), len(said.get("events", [])) + len(self.logs[key_of(said)]))
            for tag in span["tags"]:
                python = {"string": str, "bool": bool, "int64": int, "float64": (int, float)}[tag["type"]]
                self.assertIsInstance(tag["value"], python, tag)

    def test_chrome(self):
        events = json.loads(self.exported("chrome"), parse_float=decimal.Decimal)["traceEvents"]
        begun = [e for e in events if e["ph"] == "b"]
        self.check_once([key_of(e["args"]) for e in begun])
        names = {e["pid"]: e["args"]["name"] for e in events if e["ph"] == "M"}
        open_spans = collections.defaultdict(list)
        for event in events:  # on a track they end in the opposite order
            track = (event.get("cat"), event.get("id"), event["pid"])
            if event["ph"] == "b":
                open_spans[track].append(event)
            elif event["ph"] == "e":
                begin = next(b for b in reversed(open_spans[track]) if b["name"] == event["name"])
                open_spans[track].remove(begin)
                said = self.spans[key_of(begin["args"])]
                self.assertEqual(begin["ts"] * 1000, nanoseconds(said["start"]))
                self.assertEqual((event["ts"] - begin["ts"]) * 1000, round(said["duration_ms"] * 10**6))
                self.assertEqual(names[begin["pid"]], said["service"])
                self.assertEqual(begin["args"].get("parent_id"), said.get("parent_id"))
        self.assertFalse([e for e in open_spans.values() if e])
        instants = collections.Counter(key_of(e["args"]) for e in events if e["ph"] == "n")
        for key, said in self.spans.items():
            self.assertEqual(instants[key], len(said.get("events", [])) + len(self.logs[key]))

    # ---- read back

    def test_otlp_is_read_back_whole(self):
        order = operator.itemgetter("ts", "msg", "level", "src")
        read, said = sorted(self.read_back("otlp"), key=order), sorted(self.records, key=order)
        self.assertEqual(len(read), len(said))
        for got, want in zip(read, said):
            self.assertEqual(got, want)

    def pairs(self, form):
        read = self.read_back(form)
        self.check_once([key_of(r) for r in read])
        for got in read:
            yield self.spans[key_of(got)], got

    def check_common(self, want, got):
        self.assertEqual({k: got.get(k) for k in FIELDS}, {k: want.get(k) for k in FIELDS}, got)
        self.assertEqual(got["msg"], want["msg"])
        self.assertEqual(got.get("status") == "error", want.get("status") == "error")
        self.assertEqual(got.get("error"), want.get("error"), got)
        self.assertEqual(got.get("status_code"), want.get("status_code"))
        self.assertEqual(got["src"], want["src"])

    def check_attributes(self, want, got, as_read):
        for key in "http.route", "db.system", "user id", "hits", "ratio", "ok", "tags", 'q"uote':
            self.assertEqual(got.get(key), as_read(want[key]) if key in want else None, (key, want, got))

    def events_of(self, want):
        events = [(nanoseconds(e["ts"]), e["name"]) for e in want.get("events", [])]
        return sorted(events + [(nanoseconds(e["ts"]), e["msg"]) for e in self.logs[key_of(want)]])

    def check_events(self, want, got):
        read = sorted((nanoseconds(e["ts"]), e["name"]) for e in got.get("events", []))
        self.assertEqual(read, self.events_of(want), got)

    def test_jaeger_is_read_back(self):
        for want, got in self.pairs("jaeger"):
            self.check_common(want, got)
            self.check_attributes(want, got, lambda v: text_of(v) if isinstance(v, (list, dict)) else v)
            self.check_events(want, got)
            self.assertEqual(got.get("links"), want.get("links"))
            self.assertEqual((got["pid"], got["tid"], got.get("status")), (711, 713, want.get("status")))

    def test_zipkin_is_read_back(self):
        for want, got in self.pairs("zipkin"):
            self.check_common(want, got)
            self.check_attributes(want, got, text_of)
            self.check_events(want, got)
            self.assertEqual((got["pid"], got["tid"]), (711, 713))

    def test_chrome_is_read_back(self):
        for want, got in self.pairs("chrome"):
            self.check_common(want, got)
            self.check_attributes(want, got, lambda v: v)


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    TOOL = sys.argv.pop(1)
    unittest.main()
