"""tests/unit/manual_test.py SPANLOG SOURCE [--update]: the manual page spanlog(1) says what --help says.

Its verbs and their options are those texts, set as a page; --update writes them into docs/spanlog.1.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest

SPANLOG = pathlib.Path(sys.argv[1]).resolve()
PAGE = pathlib.Path(sys.argv[2]).resolve() / "docs/spanlog.1"
BEGIN, END = '.\\" verbs: spanlog VERB --help\n', '.\\" end of verbs\n'
OPTION = re.compile(r"  (-\S.*?)  +(\S.*)|  (-\S+(?: [\[A-Z]\S*)?)(?: (.*))?")


def help_of(*words):
    return subprocess.run([str(SPANLOG), *words, "--help"], capture_output=True, text=True, timeout=60, check=True,
                          env={"SPANLOG_CONFIG": "/dev/null"}).stdout


def verbs():
    return re.findall(r"^  ([a-z]+) +(\S.*)$", help_of(), re.M)


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    text = "".join(c if c < "\x7f" else f"\\[u{ord(c):04X}]" for c in text)
    return "\\&" + text if text[:1] in (".", "'") else text


def as_it_stands(lines):
    return [".PP", ".RS 4", ".nf", *map(roff, lines), ".fi", ".RE"]


def options(lines):
    """Rows of an option and what it does, each perhaps over several lines."""
    out = []
    for line in lines:
        row = OPTION.fullmatch(line)
        if row:
            out += [".TP", ".B " + roff(row[1] or row[3]), roff(row[2] or row[4] or "")]
        elif line.startswith("  "):
            out.append(roff(line.strip()))
        else:  # "For all:"
            out += [".PP", roff(line)]
    return [line for line in out if line]


def block(lines):
    if lines[0] == "Examples:":
        return [".PP", "Examples:", *as_it_stands([line[2:] for line in lines[1:]])]
    if lines[0] == "Options:":
        return options(lines[1:])
    if lines[0].startswith("  -"):
        return options(lines)
    if lines[0].startswith("  "):
        return as_it_stands([line[2:] for line in lines])
    return [".PP", *map(roff, lines)]


def section(verb, about):
    text = help_of(verb)
    if verb == "config":  # the settings have a page of their own
        text = text.split("\n\nA file has lines of", 1)[0] + "\n\nThe settings are described in spanlog.conf(5).\n"
    synopsis, *blocks = text.rstrip("\n").split("\n\n")
    out = [f".SS {verb}", roff(about[0].upper() + about[1:]) + ".", *as_it_stands(synopsis.splitlines())]
    for lines in blocks:
        out += block(lines.splitlines())
    return "\n".join(out) + "\n"


def page():
    """As it is, and as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN, 1)
    return text, head + BEGIN + "".join(section(*verb) for verb in verbs()) + END + rest.split(END, 1)[1]


class Manual(unittest.TestCase):
    maxDiff = 4000

    def test_the_page_has_what_help_says_now(self):
        is_, should_be = page()
        self.assertEqual(is_, should_be, "docs/spanlog.1 is old; run this test with --update")

    def test_every_option_of_every_verb_is_in_it(self):
        said = PAGE.read_text(encoding="utf-8").replace("\\-", "-")
        for verb, _ in verbs():
            part = said.split(f"\n.SS {verb}\n", 1)[1].split("\n.SS ", 1)[0]
            for option in set(re.findall(r"(?m)^  (?:-\w, )?(--[a-z-]+)", help_of(verb))):
                self.assertIn(f".B {option}", part.replace(".B -o, ", ".B ").replace(".B -l, ", ".B "), verb)

    def test_it_is_a_manual_page(self):
        if shutil.which("man") is None and shutil.which("groff") is None:
            self.skipTest("neither man nor groff is here")
        command = ["groff", "-man", "-Tutf8", "-ww"] if shutil.which("groff") else ["man", "--warnings", "-l"]
        done = subprocess.run([*command, str(PAGE)], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--keep-errors", done.stdout)


if __name__ == "__main__":
    if "--update" in sys.argv:
        PAGE.write_text(page()[1], encoding="utf-8")
    else:
        unittest.main(argv=sys.argv[:1])
