"""Whatever spanlog writes, in any dialect, `spanlog cat --to json` reads back as the json dialect has it.

    read_back_test.py path/to/format_lines path/to/spanlog

Thousands of hostile records (see format_lines.c), field by field and attribute by attribute. What a
dialect does not carry is said here, once for each, and nothing else may be missing or differ:

all      an empty id is none, and flags need both ids; a log's parent_id, which no log of spanlog's has, may
         be an attribute; durations end at 285 years, and beyond 31 years have a double's precision
foreign  attributes that are null or an empty or zero id may go, where loggers say in this way that there is none;
         attributes that are objects come back flat, `a.b`; names that the dialect itself reserves keep their `_`;
         where a record has no id or source of its own, an attribute under the name that some other logger
         has for it is taken as that (CLAIMS)
otlp     keeps objects; a span needs its ids; an empty logger or error is none
logfmt   values have no types: a number, word or JSON looks like the text of it; keys have no blanks,
         quotes or `=`, and may thus become the same, of which one is kept
syslog   as logfmt; no nanoseconds; keys of at most 32 characters, all of them ASCII
pretty   as logfmt; no date, no microseconds, no start; the last eight digits of ids, none of a parent; no
         flags, pid, tid and ratio; of events and links only how many there were
"""
import json
import re
import subprocess
import sys
import unittest

LINES = 2500
FLAT = ["ecs", "gcp", "datadog", "zap"]
LAST_KEYS = "events links sample_ratio dropped_attributes dropped_events dropped_links".split()
LONGEST_MS = 9e12

# What each dialect reserves beside the canonical names (formatters/keys.c); in spans only, behind the bar.
RESERVED = {
    "ecs": "severityNumber message @timestamp log log.level log.logger log.origin.file.name log.origin.file.line "
           "ecs.version service.name trace trace.id span span.id transaction transaction.id process.pid "
           "process.thread.id | event.duration error.message",
    "gcp": "severityNumber message time severity serviceContext logging.googleapis.com/trace "
           "logging.googleapis.com/spanId logging.googleapis.com/trace_sampled logging.googleapis.com/sourceLocation |",
    "datadog": "severityNumber message timestamp status dd ddsource dd.trace_id dd.span_id logger.name | "
               "otel.status_code error.message",
    "zap": "severityNumber caller | duration",
    "otlp": "severityNumber thread.id code.file.path code.line.number |",
}
CLAIMS = {"src": {"caller", "code.file.path"},
          "trace_id": {"trace", "trace.id", "logging.googleapis.com/trace", "dd.trace_id"}}


def unique_pairs(pairs):
    if len(pairs) != len(dict(pairs)):
        raise AssertionError("a key twice: %r" % [k for k, _ in pairs])
    return dict(pairs)


def loads(line):
    return json.loads(line, object_pairs_hook=unique_pairs)


def written(dialect):
    run = subprocess.run([DRIVER, dialect, str(LINES), "71"], stdout=subprocess.PIPE, check=True)
    return run.stdout


def read_back(text):
    run = subprocess.run([SPANLOG, "cat", "--to", "json", "-"], input=text, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, check=True)
    return [loads(line) for line in run.stdout.split(b"\n")[:-1]]


def split(record):
    """The writer's own fields, and the user's attributes; without a log's parent."""
    if "operation" not in record:
        record = {k: v for k, v in record.items() if stem(k) != "parent_id"}
    items = list(record.items())
    first = list(record).index("first")
    last = len(items)
    while items[last - 1][0] in LAST_KEYS and ("operation" in record or items[last - 1][0] == "dropped_attributes"):
        last -= 1
    return dict(items[:first] + items[last:]), dict(items[first:last])


def stem(key):
    return key.rstrip("_")


# ---- what is carried: from the json dialect's record to what must come back ---------------------

def carried_by_all(fields, user):
    for key in ("trace_id", "parent_id"):
        if fields.get(key) == "":
            del fields[key]
    if not ("trace_id" in fields and "span_id" in fields):
        fields.pop("trace_flags", None)
    if "duration_ms" in fields:
        fields["duration_ms"] = min(fields["duration_ms"], LONGEST_MS)


def renamed(user, dialect, is_span):
    """A reserved name gets a `_`, and further ones while another key has that name."""
    always, of_spans = RESERVED[dialect].split("|")
    reserved = set(always.split()) | (set(of_spans.split()) if is_span else set())
    names = {key: key for key in user if key not in reserved}
    for key in user:
        if key in reserved:
            name = key + "_"
            while name in names:
                name += "_"
            names[key] = name
    return {names[key]: value for key, value in user.items()}


def flattened(user):
    out = {}
    for key, value in user.items():
        if isinstance(value, dict) and value:
            for inner, deep in flattened(value).items():
                out[(key + "." + inner).encode()[:128].decode(errors="ignore")] = deep
        else:
            out[key] = value
    return out


def plain(key):
    return re.sub(r'[\x00-\x20\x7f"=\\]', "_", key)


def plain_of(dialect, key):
    """A key as the dialect has room for it."""
    key = plain(key)
    if dialect == "syslog":
        key = "".join(c if c.isascii() and c != "]" else "_" for c in key)[:32]
    return key


def carried_by_syslog(fields):
    fields["ts"] = fields["ts"][:26] + "000Z"


def untyped(value):
    if isinstance(value, str):
        try:
            return untyped(json.loads(value))
        except ValueError:
            return value
    return value


def carried_by_pretty(fields, user):
    clock = fields["ts"][11:23]
    fields["ts"] = "1970-01-01T" + clock + "000000Z"
    for key in ("trace_id", "span_id"):
        if re.fullmatch("[0-9a-f]{%d}" % (32 if key == "trace_id" else 16), fields.get(key, "")):
            fields[key] = "\u2026" + fields[key][-8:]
    for key in ("parent_id", "trace_flags", "pid", "tid", "sample_ratio", "start"):
        fields.pop(key, None)
    if "operation" not in fields:
        fields.pop("span_id", None)
    for key in ("events", "links"):
        lost = len(fields.pop(key, [])) + fields.get("dropped_" + key, 0)
        if lost:
            fields["dropped_" + key] = lost


# ---- the comparison -------------------------------------------------------------------------------

class ReadBack(unittest.TestCase):
    maxDiff = None

    def records(self, dialect):
        """Pairs of what json says and what came back, by the record's number."""
        text = written(dialect)
        by_number = {record["first"]: record for record in read_back(text)}
        lines = text.split(b"\n")[:-1]
        found = 0
        for number, line in enumerate(written("json").split(b"\n")[:-1]):
            want = loads(line)
            got = by_number.get(number)
            if got is None and dialect == "otlp" and "operation" in want and not want["trace_id"]:
                continue  # a span without an id
            self.assertIsNotNone(got, lines[number])
            found += 1
            yield split(want), split(got), lines[number]
        self.assertEqual(found, len(by_number))

    def check_fields(self, want, got, line):
        for fields in (want, got):
            fields["duration_ms"] = fields.get("duration_ms", 0)
        tolerance = 1e-12 * want["duration_ms"] if want["duration_ms"] >= 1e12 else 0
        self.assertAlmostEqual(want.pop("duration_ms"), got.pop("duration_ms"), delta=tolerance, msg=line)
        self.assertEqual(want, got, line)

    def check_claims(self, want, got, user, got_user, line):
        """What another logger would mean: taken from the attributes, only where there is nothing else."""
        for field, names in CLAIMS.items():
            if field in got and field not in want:
                taken = [k for k in names if k in user and k not in got_user and isinstance(user[k], (str, int))]
                self.assertTrue(taken, (field, line))
                for key in taken:
                    del user[key]
                del got[field]
                if field == "trace_id" and "trace_flags" not in want:
                    got.pop("trace_flags", None)

    def check_flat(self, dialect):
        for (want, user), (got, got_user), line in self.records(dialect):
            carried_by_all(want, user)
            is_span = "operation" in want
            user = flattened(renamed(user, dialect, is_span))
            self.check_claims(want, got, user, got_user, line)
            user = {k: v for k, v in user.items()
                    if k in got_user or not (v is None or (v in ("", 0) and k in CLAIMS["trace_id"]))}
            self.check_fields(want, got, line)
            self.assertEqual(list(user.items()), list(got_user.items()), line)

    def test_json(self):
        for (want, user), (got, got_user), line in self.records("json"):
            carried_by_all(want, user)
            self.check_fields(want, got, line)
            self.assertEqual(list(user.items()), list(got_user.items()), line)

    def test_ecs(self):
        self.check_flat("ecs")

    def test_gcp(self):
        self.check_flat("gcp")

    def test_datadog(self):
        self.check_flat("datadog")

    def test_zap(self):
        self.check_flat("zap")

    def test_otlp(self):
        for (want, user), (got, got_user), line in self.records("otlp"):
            is_span = "operation" in want
            carried_by_all(want, user)
            for key in ("logger", "error"):
                if want.get(key) == "":
                    del want[key]
                    got.pop(key, None)
            self.check_fields(want, got, line)
            self.assertEqual(list(renamed(user, "otlp", is_span).items()), list(got_user.items()), line)

    def check_plain(self, dialect):
        kept = 0
        for (want, user), (got, got_user), line in self.records(dialect):
            carried_by_all(want, user)
            if dialect == "syslog":
                carried_by_syslog(want)
            elif dialect != "logfmt":
                carried_by_pretty(want, user)
                got.pop("start", None)  # end less duration
            by_stem = {}
            for key, value in user.items():
                by_stem.setdefault(stem(plain_of(dialect, key)), []).append((key, untyped(value)))
            got_stems = {}
            for key, value in got_user.items():
                got_stems.setdefault(stem(key), []).append((key, untyped(value)))
            self.check_claims(want, got, user, got_user, line)
            self.check_fields(want, got, line)
            for name, pairs in got_stems.items():
                if "\ufffd" in name:
                    continue
                for _, value in pairs:
                    self.assertIn(value, [v for _, v in by_stem.get(name, [])], (name, line))
                if len(by_stem[name]) == 1 and plain_of(dialect, by_stem[name][0][0]) == by_stem[name][0][0]:
                    self.assertEqual(pairs, by_stem[name], line)
                    kept += 1
            for name, pairs in by_stem.items():
                for key, value in pairs:
                    if value is not None and key in user and name.isascii():
                        self.assertIn(name, got_stems, line)
        self.assertGreater(kept, LINES)

    def test_logfmt(self):
        self.check_plain("logfmt")

    def test_syslog(self):
        self.check_plain("syslog")

    def test_pretty(self):
        self.check_plain("pretty")

    def test_pretty_in_colours(self):
        self.check_plain("pretty_color")

    def test_what_is_read_and_written_again_stays_the_same(self):
        once = b"".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                        for r in read_back(written("zap")))
        self.assertEqual(read_back(once), [loads(line) for line in once.split(b"\n")[:-1]])


if __name__ == "__main__":
    SPANLOG = sys.argv.pop(2)
    DRIVER = sys.argv.pop(1)
    unittest.main()
