"""What every dialect promises, on thousands of hostile records (see format_lines.c).

    format_lines_test.py path/to/format_lines [how many]
"""
import datetime
import decimal
import json
import re
import subprocess
import sys
import unittest

LINES = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
FOREIGN = ["ecs", "gcp", "datadog", "zap", "otlp"]
DIALECTS = ["json", "logfmt", "pretty", "pretty_color"] + FOREIGN
COLORS = re.compile(r"\x1b\[[0-9;]*m")
LOG_KEYS = "ts level msg service trace_id span_id parent_id trace_flags logger src pid tid".split()
SPAN_KEYS = ("ts level msg service trace_id span_id parent_id trace_flags operation kind start duration_ms "
             "status status_code error src pid tid").split()
LAST_KEYS = "events links sample_ratio dropped_attributes dropped_events dropped_links".split()
RESERVED = set("ts level msg service trace_id span_id parent_id trace_flags logger src pid tid operation "
               "duration_ms".split())
LOGFMT = re.compile(r'([^\s"=\\]+)=("(?:[^"\\]|\\.)*"|[^\s"=\\]+)(?: |$)')


def lines_of(dialect):
    run = subprocess.run([DRIVER, dialect, str(LINES), "5"], stdout=subprocess.PIPE, check=True)
    return run.stdout


def unique_pairs(pairs):
    keys = [k for k, _ in pairs]
    if len(keys) != len(set(keys)):
        raise AssertionError("a key twice: %r" % keys)
    return dict(pairs)


def parse_logfmt(line):
    pairs, at = [], 0
    while at < len(line):
        m = LOGFMT.match(line, at)
        if not m:
            raise AssertionError("no field at %d of %r" % (at, line))
        value = m.group(2)
        pairs.append((m.group(1), json.loads(value) if value[0] == '"' else value))
        at = m.end()
    return unique_pairs(pairs)


class EveryDialect(unittest.TestCase):
    def test_one_record_is_one_line(self):
        for dialect in DIALECTS:
            out = lines_of(dialect)
            self.assertTrue(out.endswith(b"\n"))
            lines = out.decode("utf-8").splitlines()  # splits at U+0085 and U+2028 too
            self.assertEqual(len(lines), LINES, dialect)
            for number, line in enumerate(lines):
                first = '"first","value":{"intValue":"%d"' if dialect == "otlp" else r'[ ,"]first"?[=:]%d\b'
                self.assertRegex(COLORS.sub("", line), first % number)

    def test_no_line_holds_control_characters(self):
        for dialect in DIALECTS:
            for line in lines_of(dialect).decode("utf-8").split("\n"):
                if dialect == "pretty_color":
                    line = COLORS.sub("", line)
                self.assertFalse(any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in line), line)

    def test_terminal_dialects_hold_no_bidi_controls(self):
        for dialect in ("pretty", "pretty_color"):
            self.assertNotIn("\u202e", lines_of(dialect).decode("utf-8"))

    def test_colors_are_the_only_difference_of_the_colored_dialect(self):
        plain, colored = lines_of("pretty").decode(), lines_of("pretty_color").decode()
        self.assertEqual(COLORS.sub("", colored), plain)


class Json(unittest.TestCase):
    def setUp(self):
        self.records = [json.loads(line, object_pairs_hook=unique_pairs)
                        for line in lines_of("json").split(b"\n")[:-1]]

    def test_fields_stand_in_canonical_order(self):
        for record in self.records:
            order = SPAN_KEYS if "operation" in record else LOG_KEYS
            keys = list(record)
            first = keys.index("first")
            self.assertEqual(keys[:first], [k for k in order if k in record])
            last = [k for k in keys if k in LAST_KEYS and ("operation" in record or k == "dropped_attributes")]
            self.assertEqual(keys[len(keys) - len(last):], [k for k in LAST_KEYS if k in last])

    def test_time_level_message_and_service_are_always_there(self):
        for record in self.records:
            self.assertEqual(list(record)[:4], ["ts", "level", "msg", "service"])
            self.assertIn(record["level"], ("trace", "debug", "info", "warn", "error", "fatal"))
            self.assertRegex(record["ts"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")

    def test_no_users_key_is_reserved(self):
        for record in self.records:
            keys = list(record)
            users = keys[keys.index("first"):]
            self.assertFalse(RESERVED.intersection(users), users)

    def test_no_log_passes_for_a_span(self):
        spans = 0
        for record in self.records:
            is_span = record["msg"] in ("span completed", "span abandoned")
            self.assertEqual(is_span, "operation" in record)
            self.assertEqual(is_span, "duration_ms" in record)
            spans += is_span
        self.assertGreater(spans, LINES // 3)

    def test_events_carry_time_and_name_of_their_own(self):
        for record in self.records:
            for event in record.get("events", []) if "operation" in record else []:
                self.assertEqual(list(event)[:2], ["ts", "name"])

    def test_long_keys_are_cut_at_a_character(self):
        longest = max(len(k.encode()) for r in self.records for k in r)
        self.assertEqual(longest, 127)


class Logfmt(unittest.TestCase):
    def test_fields_equal_those_of_json_up_to_the_first_attribute(self):
        pairs = zip(lines_of("json").decode().split("\n")[:-1], lines_of("logfmt").decode().split("\n")[:-1])
        for as_json, as_logfmt in pairs:
            expected, got = json.loads(as_json), parse_logfmt(as_logfmt)
            for key in list(expected)[:list(expected).index("first") + 1]:
                value = expected[key]
                if isinstance(value, float):
                    self.assertEqual(float(got[key]), value)
                else:
                    self.assertEqual(got[key], str(value), key)

    def test_events_are_json_in_a_value(self):
        found = 0
        for line in lines_of("logfmt").decode().split("\n")[:-1]:
            record = parse_logfmt(line)
            if "operation" in record and "events" in record:
                for event in json.loads(record["events"], object_pairs_hook=unique_pairs):
                    self.assertEqual(list(event)[:2], ["ts", "name"])
                found += 1
        self.assertGreater(found, 100)

    def test_no_users_key_is_reserved(self):
        for line in lines_of("logfmt").decode().split("\n")[:-1]:
            keys = list(parse_logfmt(line))
            self.assertFalse(RESERVED.intersection(keys[keys.index("first"):]), line)


# ---- other formats, read back -----------------------------------------------------------------

LEVELS = "trace debug info warn error fatal".split()
KINDS = "internal server client producer consumer".split()
# The canonical name of each key that a dialect writes otherwise.
NAMES = {
    "ecs": {"@timestamp": "ts", "log.level": "level", "message": "msg", "service.name": "service", "trace.id": "trace_id",
            "span.id": "span_id", "event.duration": "duration_ms", "error.message": "error", "log.logger": "logger",
            "log.origin.file.name": "src", "process.pid": "pid", "process.thread.id": "tid"},
    "gcp": {"time": "ts", "severity": "level", "message": "msg", "serviceContext": "service",
            "logging.googleapis.com/trace": "trace_id", "logging.googleapis.com/spanId": "span_id",
            "logging.googleapis.com/sourceLocation": "src"},
    "datadog": {"timestamp": "ts", "status": "level", "message": "msg", "otel.status_code": "status",
                "error.message": "error", "logger.name": "logger"},
    "zap": {"duration": "duration_ms", "caller": "src"},
}
EXTRA = {"ecs.version", "ddsource", "log.origin.file.line", "dd.trace_id", "dd.span_id", "severityNumber",
         "logging.googleapis.com/trace_sampled"}


def rfc3339(ns):
    second = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=int(ns // 10**9))
    return second.strftime("%Y-%m-%dT%H:%M:%S.") + "%09dZ" % (ns % 10**9)


def loads(line):
    return json.loads(line, object_pairs_hook=unique_pairs, parse_float=decimal.Decimal)


def split_user(record, lasts):
    """The writer's own fields, and the values of the user's attributes in order."""
    items = list(record.items())
    first = [k for k, _ in items].index("first")
    is_span = "operation" in record
    last = len(items)
    while items[last - 1][0] in lasts and (is_span or items[last - 1][0] == "dropped_attributes"):
        last -= 1
    return dict(items[:first] + items[last:]), [v for _, v in items[first:last]]


def canonical_level(word, number):
    names = {"DEBUG": "debug", "INFO": "info", "WARNING": "warn", "ERROR": "error", "CRITICAL": "fatal"}
    name = names.get(word, word)
    if number is None:
        return name
    assert name == LEVELS[(number - 1) // 4] or (word, number // 5) == ("DEBUG", 0), (word, number)
    assert number % 4 != 1 or (word, number) == ("DEBUG", 1), (word, number)
    return LEVELS[(number - 1) // 4]


def read_flat(dialect, record):
    """One record as the json dialect would have it."""
    fields, values = split_user(record, LAST_KEYS)
    out = {}
    for key, value in fields.items():
        if key not in EXTRA:
            out[NAMES[dialect].get(key, key)] = value
    out["level"] = canonical_level(out["level"], fields.get("severityNumber"))
    if dialect == "ecs":
        if "log.origin.file.line" in fields:
            out["src"] += ":%d" % fields["log.origin.file.line"]
        if "duration_ms" in out:
            out["duration_ms"] = decimal.Decimal(out["duration_ms"]) / 10**6
    elif dialect == "gcp":
        out["service"] = out["service"]["service"]
        if "src" in out:
            out["src"] = ":".join([out["src"]["file"]] + ([out["src"]["line"]] if "line" in out["src"] else []))
        sampled = fields.get("logging.googleapis.com/trace_sampled")
        if sampled is not None:
            assert sampled == bool(int(out.setdefault("trace_flags", "01" if sampled else "00"), 16) & 1)
    elif dialect == "datadog":
        if "status" in out:
            out["status"] = out["status"].lower()
        for full, short in (("trace_id", "dd.trace_id"), ("span_id", "dd.span_id")):
            if short in fields:
                assert int(fields[short]) == int(out[full], 16) % 2**64
    else:
        out["ts"] = rfc3339(int(out["ts"] * 10**9))
        if "duration_ms" in out:
            out["duration_ms"] *= 1000
    return out, values


def any_value(value):
    if not value:
        return None
    (name, inner), = value.items()
    if name == "intValue":
        assert -2**63 <= int(inner) < 2**63
        return int(inner)
    if name == "arrayValue":
        return [any_value(v) for v in inner["values"]]
    if name == "kvlistValue":
        return {pair["key"]: any_value(pair["value"]) for pair in inner["values"]}
    assert name in ("stringValue", "boolValue", "doubleValue"), name
    return inner


def otlp_attributes(node):
    return unique_pairs([(pair["key"], any_value(pair["value"])) for pair in node.get("attributes", [])])


def read_otlp(line):
    is_span = "resourceSpans" in line
    resource, = line["resourceSpans" if is_span else "resourceLogs"]
    scope, = resource["scopeSpans" if is_span else "scopeLogs"]
    node, = scope["spans" if is_span else "logRecords"]
    attributes, about = otlp_attributes(node), otlp_attributes(resource["resource"])
    own = dict(list(attributes.items())[:list(attributes).index("first")])
    values = list(attributes.values())[len(own):]
    out = {k: v for k, v in own.items() if k not in ("code.file.path", "code.line.number", "thread.id", "severityNumber")}
    number = node.get("severityNumber", own.get("severityNumber"))
    out["level"] = LEVELS[(number - 1) // 4] if number else own.get("level", "info")
    if not is_span:
        assert node["severityText"] == out["level"]
        out.update(msg=node["body"]["stringValue"])
        if "scope" in scope:
            out["logger"] = scope["scope"]["name"]
    end = int(node["endTimeUnixNano" if is_span else "timeUnixNano"])
    out.update(ts=rfc3339(end), service=about["service.name"])
    for key, name in (("traceId", "trace_id"), ("spanId", "span_id"), ("parentSpanId", "parent_id"),
                      ("droppedAttributesCount", "dropped_attributes"), ("droppedEventsCount", "dropped_events"),
                      ("droppedLinksCount", "dropped_links")):
        if key in node:
            out[name] = node[key]
    if "flags" in node:
        out["trace_flags"] = "%02x" % node["flags"]
    for source, key, name in ((about, "process.pid", "pid"), (own, "thread.id", "tid"), (own, "code.file.path", "src")):
        if key in source:
            out[name] = source[key]
    if "code.line.number" in own:
        out["src"] += ":%d" % own["code.line.number"]
    if is_span:
        read_otlp_span(node, end, out)
    return out, values


def read_otlp_span(node, end, out):
    out.setdefault("msg", "span completed")
    out.update(operation=node["name"], kind=KINDS[node["kind"] - 1], start=rfc3339(int(node["startTimeUnixNano"])))
    out.setdefault("duration_ms", decimal.Decimal(end - int(node["startTimeUnixNano"])) / 10**6)
    if "status" in node:
        out["status"] = ["ok", "error"][node["status"]["code"] - 1]
        if "message" in node["status"]:
            out["error"] = node["status"]["message"]
    if "events" in node:
        out["events"] = [dict([("ts", rfc3339(int(e["timeUnixNano"]))), ("name", e["name"])],
                              **otlp_attributes(e)) for e in node["events"]]
    if "links" in node:
        out["links"] = [{"trace_id": k["traceId"], "span_id": k["spanId"]} for k in node["links"]]


class Foreign(unittest.TestCase):
    def test_nothing_that_the_json_dialect_says_is_lost(self):
        expected = [split_user(loads(line), LAST_KEYS) for line in lines_of("json").split(b"\n")[:-1]]
        for dialect in FOREIGN:
            for want, line in zip(expected, lines_of(dialect).split(b"\n")[:-1]):
                record = loads(line)
                got = read_otlp(record) if dialect == "otlp" else read_flat(dialect, record)
                self.assertEqual(got[0], want[0], line)
                self.assertEqual(got[1], want[1], line)

    def test_no_users_key_passes_for_a_field(self):
        span_only = {"error.message", "event.duration", "otel.status_code", "duration"}
        for dialect in FOREIGN[:-1]:
            reserved = set(NAMES[dialect]) | RESERVED | self.written_by(dialect)
            for line in lines_of(dialect).split(b"\n")[:-1]:
                record = loads(line)
                keys = list(record)
                mine = reserved if "operation" in record else reserved - span_only
                self.assertFalse(mine.intersection(keys[keys.index("first"):]), line)

    @staticmethod
    def written_by(dialect):
        return {"ecs": {"ecs.version", "log.origin.file.line"}, "gcp": {"logging.googleapis.com/trace_sampled"},
                "datadog": {"dd.trace_id", "dd.span_id", "ddsource"}, "zap": set()}[dialect] | {"severityNumber"}


if __name__ == "__main__":
    DRIVER = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
