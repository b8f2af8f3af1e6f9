"""What real loggers wrote, read by spanlog: ids, level and message of each line.

    samples_test.py path/to/spanlog [NAME...]

samples/NAME.expected holds `trace_id span_id level msg`, tab separated, one for each line of
samples/NAME.jsonl, `-` for an absent id. They were written by hand from the samples.
"""
import json
import pathlib
import subprocess
import sys
import unittest

SAMPLES = pathlib.Path(__file__).resolve().parent / "samples"


def lines_of(name):
    """What `spanlog cat --to json` makes of a sample, as lines of an .expected file."""
    run = subprocess.run([TOOL, "cat", "--to", "json", str(SAMPLES / (name + ".jsonl"))], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, check=False, timeout=60)
    lines = []
    for line in run.stdout.decode("utf-8").splitlines():
        record = json.loads(line)
        lines.append("\t".join(str(record.get(key, "-")) for key in ("trace_id", "span_id", "level", "msg")))
    return run, lines


class Samples(unittest.TestCase):
    def test_every_sample_has_its_expectation(self):
        samples = {p.stem for p in SAMPLES.glob("*.jsonl")}
        self.assertEqual(samples, {p.stem for p in SAMPLES.glob("*.expected")})
        self.assertGreaterEqual(len(samples), 20)
        for name in samples:
            said = (SAMPLES / (name + ".expected")).read_text(encoding="utf-8").splitlines()
            told = (SAMPLES / (name + ".jsonl")).read_bytes().count(b"\n")
            self.assertEqual(len(said), told, name)

    def test_each_line_is_read_as_its_logger_meant_it(self):
        for name in NAMES or sorted(p.stem for p in SAMPLES.glob("*.jsonl")):
            with self.subTest(logger=name):
                expected = (SAMPLES / (name + ".expected")).read_text(encoding="utf-8").splitlines()
                run, lines = lines_of(name)
                self.assertEqual(lines, expected, run.stderr.decode("utf-8", "replace"))
                self.assertEqual(run.returncode, 0)


if __name__ == "__main__":
    TOOL, NAMES = sys.argv[1], sys.argv[2:]
    unittest.main(argv=sys.argv[:1])
