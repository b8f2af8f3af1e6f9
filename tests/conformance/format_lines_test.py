"""What every dialect promises, on thousands of hostile records (see format_lines.c).

    format_lines_test.py path/to/format_lines
"""
import json
import re
import subprocess
import sys
import unittest

LINES = 4000
DIALECTS = ["json", "logfmt", "pretty", "pretty_color"]
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
                self.assertRegex(COLORS.sub("", line), r'[ ,"]first"?[=:]%d\b' % number)

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


if __name__ == "__main__":
    DRIVER = sys.argv.pop(1)
    unittest.main()
