"""The journald output against a real journald, in a name space with a /run of its own.

    journald_test.py WRITER SPANLOG
"""

import os
import subprocess
import tempfile
import unittest

import daemons

COUNT = 2000
BUILD = daemons.arguments()
JOURNALD = daemons.need("systemd-journald", "systemd")

# journald keeps to fixed places: a /run of our own, which ends with the name space.
INSIDE = """
set -e
mount --make-rprivate /
mount -t tmpfs none /run
mount -t tmpfs none /etc/systemd/journald.conf.d 2> /dev/null || true
mkdir -p /run/systemd/journal /run/log/journal
echo 0123456789abcdef0123456789abcdef > /run/machine-id
touch /etc/machine-id && mount --bind /run/machine-id /etc/machine-id
{journald} 2> {folder}/journald.err &
server=$!
for i in $(seq 500); do [ -S /run/systemd/journal/socket ] && break; sleep 0.02; done
{writer} {arguments} > {folder}/id 2> {folder}/err
for i in $(seq 500); do
    journalctl --sync 2> /dev/null || true
    journalctl -q --no-pager -o cat SYSLOG_IDENTIFIER=orders | grep -q 'span completed' && break
    sleep 0.02
done
journalctl -q --no-pager --all -o json SYSLOG_IDENTIFIER=orders > {folder}/all
journalctl -q --no-pager -o cat TRACE_ID=$(head -n 1 {folder}/id) > {folder}/of-trace
journalctl -q --no-pager -o cat -p 4 SYSLOG_IDENTIFIER=orders > {folder}/warnings
kill $server
"""


def run(folder, *arguments):
    script = INSIDE.format(journald=JOURNALD, folder=folder, writer=BUILD.writer, arguments=" ".join(arguments))
    env = daemons.environment(folder, f"journald:,file:{folder}/file")
    return subprocess.run(["unshare", "-m", "bash", "-c", script], env=env, text=True, stderr=subprocess.PIPE,
                          check=False)


class Journald(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        done = run(cls.folder, str(COUNT), "narrow")
        if done.returncode != 0:
            daemons.skip(f"journald does not run here: {done.stderr[-300:]}")
        cls.records = daemons.canonical(BUILD, cls.read("all"))

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def read(cls, name):
        with open(os.path.join(cls.folder, name), "rb") as file:
            return file.read()

    def test_nothing_is_said_on_stderr(self):
        self.assertEqual(self.read("err"), b"")

    def test_every_record_arrives_once_and_in_order(self):
        self.assertEqual(daemons.numbers(self.records), list(range(COUNT)))

    def test_what_comes_back_is_what_the_file_has(self):
        for want in daemons.canonical(BUILD, self.read("file")):
            if want["msg"] == "process ended":
                continue
            got = next(r for r in self.records if r["ts"] == want["ts"] and r.get("n") == want.get("n"))
            host = got.pop("host.name")
            self.assertEqual(host, want.get("host.name", host))
            self.assertEqual(got, {key.replace(".", "_"): value for key, value in want.items()})

    def test_a_trace_is_found_by_its_field(self):
        lines = self.read("of-trace").decode().splitlines()
        self.assertEqual(lines.count("number"), COUNT)
        self.assertEqual(lines.count("span completed"), 1)

    def test_levels_are_priorities(self):
        self.assertEqual(self.read("warnings").decode().split(), ["large"] * 2)

    def test_a_large_record_is_whole_as_a_datagram_and_as_a_file_in_memory(self):
        """The second is larger than what the socket takes, which the writer had made small."""
        self.assertEqual(self.read("id").split()[2:], [b"0", b"1"])
        large = [record for record in self.records if record["msg"] == "large"]
        values = ["x" * 14999, "\1" * 14999, "x" * 14999]
        self.assertEqual([[record[key] for key in "abc"] for record in large], [values, values])


if __name__ == "__main__":
    if os.geteuid() != 0:
        daemons.skip("a name space of its own takes root")
    unittest.main()
