"""tests/unit/config_verb_test.py SPANLOG SOURCE [--update]: `spanlog config`, and the documents made
from the table of settings.

--update writes the table into docs/configuration.md and docs/spanlog.conf.5.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SPANLOG = pathlib.Path(sys.argv[1]).resolve()
SOURCE = pathlib.Path(sys.argv[2]).resolve()
DOCUMENTS = {
    "docs/configuration.md": ("--markdown", "<!-- settings: spanlog config --markdown -->\n",
                              "<!-- end of settings -->\n"),
    "docs/spanlog.conf.5": ("--man", ".\\\" settings: spanlog config --man\n", ".\\\" end of settings\n"),
}


def run(*words, environment=None, **more):
    return subprocess.run([str(SPANLOG), "config", *words], env=environment or {"SPANLOG_CONFIG": "/dev/null"},
                          capture_output=True, text=True, timeout=60, **more)


def rows(*words, environment=None):
    """name -> (value, from) of --json."""
    done = run(*words, "--json", environment=environment)
    assert done.returncode == 0, done
    return {row["name"]: (row["value"], row["from"]) for row in map(json.loads, done.stdout.splitlines())}


def with_table(name):
    option, begin, end = DOCUMENTS[name]
    text = (SOURCE / name).read_text(encoding="utf-8")
    head, rest = text.split(begin, 1)
    return text, head + begin + run(option).stdout + end + rest.split(end, 1)[1]


class Config(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="spanlog-test-"))
        self.addCleanup(shutil.rmtree, self.directory)

    def file(self, text, name="spanlog.conf"):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_a_variable_that_is_no_setting_is_named(self):
        done = run(environment={"SPANLOG_CONFIG": "/dev/null", "SPANLOG_LEVEL": "warn", "SPANLOG_OUTP\033T": "1",
                                "SPANLOG_JOURNAL_DIR": "/tmp", "SPANLOG_JOB": "nightly"})
        self.assertEqual((done.returncode, done.stderr.splitlines()),
                         (0, ["spanlog: config: SPANLOG_OUTP\\u001bT is no setting (see: spanlog config --help)"]))

    def test_documents_have_the_table_as_it_is_now(self):
        for name in DOCUMENTS:
            is_, should_be = with_table(name)
            self.assertEqual(is_, should_be, f"{name} is old; run this test with --update")

    def test_the_default_list_of_redaction_is_documented_as_it_is(self):
        header = (SOURCE / "src/core/redact.h").read_text(encoding="utf-8")
        define = re.search(r"#define REDACT_DEFAULT(.*?)\n\n|#define REDACT_DEFAULT(.*?)\n#", header, re.S)
        rules = "".join(re.findall(r'"([^"]*)"', define.group(1) or define.group(2))).split(",")
        document = (SOURCE / "docs/configuration.md").read_text(encoding="utf-8")
        said = re.findall(r"`([^`]+)`", re.search(r"The default list:(.*?)\n\n", document, re.S).group(1))
        self.assertEqual(said, rules)

    def test_the_manual_page_is_one(self):
        if shutil.which("man") is None and shutil.which("groff") is None:
            self.skipTest("neither man nor groff is here")
        command = ["groff", "-man", "-Tutf8", "-ww"] if shutil.which("groff") else ["man", "--warnings", "-l"]
        done = subprocess.run([*command, str(SOURCE / "docs/spanlog.conf.5")], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("SPANLOG_INCLUDE_LINKS", done.stdout)

    def test_every_value_says_where_it_comes_from(self):
        path = self.file("# all\nlevel = warn\n\n[orders]\nlevel = info,db=debug\nfull = drop\n")
        environment = {"SPANLOG_CONFIG": path, "SPANLOG_FULL": "block", "SERVICE_NAME": "gateway"}
        of = rows(environment=environment)
        self.assertEqual(of["level"], ("warn", f"{path}:2"))
        self.assertEqual(of["service"], ("gateway", "SERVICE_NAME"))
        self.assertEqual(of["max_events"], (128, "default"))
        of = rows("orders", environment=environment)
        self.assertEqual(of["service"], ("orders", "argument"))
        self.assertEqual(of["level"], ("info,db=debug", f"{path}:5"))
        self.assertEqual(of["full"], ("block", "SPANLOG_FULL"))
        self.assertEqual(of["process_lines"], (True, "default"))
        text = run("orders", environment=environment).stdout
        self.assertRegex(text, rf"(?m)^level +info,db=debug +{path}:5$")
        self.assertRegex(text, r"(?m)^full +block +SPANLOG_FULL$")

    def test_the_users_file_is_used_where_none_is_named(self):
        path = self.file("full = drop\n", "spanlog/spanlog.conf")
        of = rows(environment={"XDG_CONFIG_HOME": str(self.directory)})
        self.assertEqual(of["full"], ("drop", f"{path}:1"))

    def run_with_etc(self, *words, environment):
        """Where /etc is the folder `etc`."""
        command = ["unshare", "-rm", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', str(self.directory / "etc")]
        return subprocess.run([*command, *words], env={"PATH": os.environ["PATH"], **environment},
                              capture_output=True, text=True, timeout=60)

    def with_etc(self, environment):
        """name -> (value, from)."""
        done = self.run_with_etc(str(SPANLOG), "config", "--json", environment=environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return {row["name"]: (row["value"], row["from"]) for row in map(json.loads, done.stdout.splitlines())}

    def test_the_machines_file_is_read_below_the_users_and_not_beside_one_that_is_named(self):
        self.file("level = warn\nfull = drop\nmax_links = 1\n", "etc/spanlog.conf")
        user = self.file("level = error\nmax_links = 2\n", "user/spanlog/spanlog.conf")
        named = self.file("level = fatal\n", "named.conf")
        probe = self.run_with_etc("true", environment={}) if shutil.which("unshare") else None
        if probe is None or probe.returncode != 0:
            why = f"no folder can be mounted over /etc here: {probe.stderr if probe else 'there is no unshare'}"
            if os.environ.get("CI"):
                self.fail(why)
            print(f"  (left out: {why.strip()})", file=sys.stderr)
            self.skipTest(why)
        of = self.with_etc({})
        self.assertEqual((of["level"], of["full"]), (("warn", "/etc/spanlog.conf:1"), ("drop", "/etc/spanlog.conf:2")))
        of = self.with_etc({"XDG_CONFIG_HOME": str(self.directory / "user")})
        self.assertEqual((of["level"], of["full"], of["max_links"]),
                         (("error", f"{user}:1"), ("drop", "/etc/spanlog.conf:2"), (2, f"{user}:2")))
        of = self.with_etc({"XDG_CONFIG_HOME": str(self.directory / "user"), "SPANLOG_CONFIG": named})
        self.assertEqual((of["level"], of["full"], of["max_links"]),
                         (("fatal", f"{named}:1"), ("block", "default"), (128, "default")))
        of = self.with_etc({"SPANLOG_CONFIG": "/dev/null"})
        self.assertEqual((of["level"], of["full"]), (("info", "default"), ("block", "default")))
        of = self.with_etc({"LOG_LEVEL": "debug"})
        self.assertEqual(of["level"], ("debug", "LOG_LEVEL"))

    def test_a_value_cannot_steer_the_terminal(self):
        done = run(environment={"SPANLOG_CONFIG": "/dev/null", "SPANLOG_RESOURCE": "k=a\x1b[31mb"})
        self.assertNotIn("\x1b", done.stdout)
        of = rows(environment={"SPANLOG_RESOURCE": "k=a\x1b[31mb", "SPANLOG_CONFIG": "/dev/null"})
        self.assertEqual(of["resource"], ("k=a\x1b[31mb", "SPANLOG_RESOURCE"))

    def test_check_says_all_mistakes_of_all_sections(self):
        path = self.file("level = loud\n[a]\nfull = y\nmax_events = 5000\n[b]\nlevle = info\nfull = drop\n")
        done = run("--check", path)
        self.assertEqual((done.returncode, done.stdout), (1, f"{path}: 4 mistakes\n"))
        said = done.stderr.splitlines()
        self.assertEqual(len(said), 4, done.stderr)
        for line, where in zip(said, (":1: level = loud: ", ":3: full = y: ", ":4: max_events = 5000: above the most",
                                      ':6: "levle": there is no such setting')):
            self.assertIn(path + where, line)
        clamped = self.file("sample_rate = 7\n", "clamped")
        done = run("--check", clamped)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (1, f"{clamped}: 1 mistake\n",
                          f"spanlog: {clamped}:1: sample_rate = 7: above the most; 1 is used\n"))
        good = self.file("level = info\n[a]\nfull = drop\n", "good")
        done = run("--check", good)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, f"{good}: no mistakes\n", ""))

    def test_check_names_what_cannot_be_read(self):
        for path, why in ((str(self.directory), "not a file"), ("/nowhere/at/all", "No such file or directory")):
            done = run("--check", path)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertEqual(done.stderr, f"spanlog: config: {path}: {why}\n")

    def test_mistakes_in_the_command_are_named(self):
        for words, said in ((["--jsn"], "unknown option --jsn"), (["a", "b"], "one service at a time: b"),
                            (["--check"], "a file is missing behind --check")):
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(said, done.stderr)

    def test_help_lists_every_setting_with_its_variables(self):
        text = run("--help").stdout
        for name in rows():
            self.assertRegex(text, rf"(?m)^  {name}\*?  .*SPANLOG_")

    def test_with_more_rights_than_its_user_nothing_is_read(self):
        if os.geteuid() != 0:
            if os.environ.get("CI"):
                self.fail("needs root")
            self.skipTest("needs root")
        os.chmod(self.directory, 0o755)
        tool = self.directory / "spanlog"
        shutil.copy(SPANLOG, tool)
        path = self.file("full = drop\n")
        words = [str(tool), "config", "--json"]
        environment = {"SPANLOG_CONFIG": path, "SPANLOG_LEVEL": "debug"}
        for mode, wanted in ((0o755, ("drop", "debug")), (0o4755, ("block", "info"))):
            os.chmod(tool, mode)
            done = subprocess.run(words, env=environment, user=65534, group=65534, extra_groups=[],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            of = {row["name"]: row["value"] for row in map(json.loads, done.stdout.splitlines())}
            self.assertEqual((of["full"], of["level"]), wanted, f"mode {mode:o}")


if "--update" in sys.argv:
    for document in DOCUMENTS:
        (SOURCE / document).write_text(with_table(document)[1], encoding="utf-8")
else:
    unittest.main(argv=sys.argv[:1])
