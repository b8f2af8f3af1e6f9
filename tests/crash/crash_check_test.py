"""tests/crash/crash_check_test.py: the checker finds what it must find, and only that.

    python3 crash_check_test.py build/tests/crash_check

Builds logs and acknowledgement files by hand, without spanlog.
"""

import os
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crashing import Acknowledged, parse_counts  # noqa: E402

CHECK = sys.argv.pop(1)
PATTERN = "abcdefghijklmnopqrstuvwxyz012345"


def record(n, slot=0, run=5, text=None):
    text = PATTERN[: n % 32] if text is None else text
    return '{"ts":"x","msg":"r","run":%d,"slot":%d,"n":%d,"text":"%s"}\n' % (run, slot, n, text)


def span(n, msg="span completed"):
    return '{"ts":"x","msg":"%s","run":5,"slot":0,"span":%d}\n' % (msg, n)


class Checker(unittest.TestCase):
    def check(self, lines, records=3, opened=2, ended=2, options=(), expect_status=None):
        with tempfile.TemporaryDirectory() as folder:
            log, ack = os.path.join(folder, "log"), os.path.join(folder, "ack")
            with open(log, "wb") as f:
                f.write(b"".join(x if isinstance(x, bytes) else x.encode() for x in lines))
            acknowledged = Acknowledged(ack, 5)
            struct.pack_into("<I", acknowledged.map, 16, 1)
            struct.pack_into("<QQQ", acknowledged.map, 64, records, opened, ended)
            acknowledged.close()
            done = subprocess.run([CHECK, *options, log, ack], capture_output=True, text=True,
                                  errors="replace",
                                  check=False)
            counts = parse_counts(done.stdout)
            if "--state" not in options:
                bad = sum(counts[k] for k in ("lost", "twice", "torn", "wrong"))
                self.assertEqual(done.returncode, 1 if bad else 0, done.stdout)
            return counts

    GOOD = [record(1), record(2), span(2), record(3), span(1, "span abandoned")]

    def expect(self, lines, records=3, **expected):
        counts = self.check(lines, records)
        found = {k: counts[k] for k in ("lost", "twice", "torn", "wrong")}
        self.assertEqual(found, {"lost": 0, "twice": 0, "torn": 0, "wrong": 0} | expected)
        return counts

    def test_a_whole_log_passes(self):
        counts = self.expect(self.GOOD)
        self.assertEqual((counts["records"], counts["spans"], counts["abandoned"]), (3, 2, 1))

    def test_lines_of_others_pass(self):
        started = '{"ts":"x","msg":"process started","a":[1,{"b":null}],"c":-1.5e3}\n'
        self.expect([*self.GOOD, started])

    def test_a_missing_record_is_lost(self):
        self.expect([self.GOOD[0], *self.GOOD[2:]], lost=1)

    def test_a_missing_open_span_is_lost(self):
        self.expect(self.GOOD[:-1], lost=1)
        self.assertEqual(self.check(self.GOOD[:-1], options=["--open-spans-optional"])["lost"], 0)

    def test_a_record_twice_is_found(self):
        self.expect([*self.GOOD, record(2)], twice=1)

    def test_a_span_twice_is_found(self):
        self.expect([*self.GOOD, span(1)], twice=1)

    def test_one_record_beyond_the_acknowledged_passes_and_two_do_not(self):
        self.assertEqual(self.expect([*self.GOOD, record(4)])["unacknowledged"], 1)
        self.expect([*self.GOOD, record(4), record(5)], wrong=1)

    def test_an_ended_span_must_not_be_abandoned(self):
        self.expect([*self.GOOD[:2], span(2, "span abandoned"), *self.GOOD[3:]], wrong=1)

    def test_another_text_is_wrong(self):
        self.expect([*self.GOOD[:3], record(3, text="abd"), self.GOOD[4]], wrong=1, lost=1)

    def test_a_record_of_nobody_is_wrong(self):
        self.expect([*self.GOOD, record(1, run=6)], wrong=1)

    def test_torn_lines_are_found(self):
        broken = ['{"ts":"x","msg":"r","run"', '{"a":1}}', '{"a":01}', '{"a":"\x01"}',
                  '{"a":"\\x"}', '{"a" 1}', '{"a":1,}', '', 'null', '[1]', '{"a":1} ', '{"a":tru}',
                  '{"a":1.}',
                  b'{"a":"\xff"}', b'{"a":"\xc0\x80"}', b'{"a":"\xed\xa0\x80"}', '{"a":"\\u12"}',
                  '{"a":' + "[" * 100 + "]" * 100 + "}", '{"a":1}{"a":1}', '\0\0\0\0']
        for line in broken:
            with self.subTest(line=line):
                line = line if isinstance(line, bytes) else line.encode()
                self.expect([*self.GOOD, line + b"\n"], torn=1)

    def test_valid_json_of_all_kinds_is_not_torn(self):
        line = '{"a":"\\u00e9\\n\\"é€😀","b":[],"c":{},"d":[0,-0.5,1E+2],"e":true}\n'
        self.expect([*self.GOOD, line])

    def test_a_missing_final_newline_is_torn(self):
        self.expect([*self.GOOD, '{"ts":'], torn=1)
        self.expect([*self.GOOD[:-1], self.GOOD[-1][:-1]], torn=1, lost=1)

    def test_state_tells_what_a_death_left(self):
        counts = self.check([self.GOOD[0], '{"ts":'], options=["--state"])
        self.assertEqual(counts, {"torn_tail": 1, "undrained": 2, "lines": 1})


if __name__ == "__main__":
    unittest.main()
