"""The syslog output against a real rsyslog: a local socket, UDP, TCP; servers that are not there.

    rsyslog_test.py WRITER SPANLOG
"""

import os
import signal
import socket
import subprocess
import tempfile
import unittest

import daemons

COUNT = 2000
BUILD = daemons.arguments()
RSYSLOGD = daemons.need("rsyslogd", "rsyslog")

CONFIG = """
$MaxMessageSize 512k
module(load="imuxsock" SysSock.Use="off")
module(load="imudp")
module(load="imtcp")
input(type="imuxsock" Socket="{folder}/log" UseSpecialParser="off" ParseHostname="on"
      RateLimit.Interval="0" useSysTimestamp="off")
input(type="imudp" address="127.0.0.1" port="{udp}" rcvbufSize="8m")
input(type="imtcp" address="127.0.0.1" port="{tcp}")
template(name="raw" type="string" string="%rawmsg%\\n")
template(name="fields" type="string"
         string="%app-name%|%syslogseverity-text%|%hostname%|%structured-data%|%msg%\\n")
action(type="omfile" file="{folder}/raw" template="raw")
action(type="omfile" file="{folder}/fields" template="fields")
"""


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Rsyslog(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.ports = {"udp": free_port(socket.SOCK_DGRAM), "tcp": free_port(socket.SOCK_STREAM)}
        self.server = None
        self.addCleanup(self.temporary.cleanup)
        self.addCleanup(self.stop)

    def start(self):
        config = self.path("rsyslog.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(folder=self.folder, **self.ports))
        self.server = subprocess.Popen([RSYSLOGD, "-n", "-f", config, "-i", self.path("pid")],
                                       stderr=subprocess.PIPE, text=True)
        daemons.wait_for("rsyslog listens", self.listens)

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.ports["tcp"])) == 0 and os.path.exists(self.path("log"))

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.terminate()
            self.server.wait()
        if self.server:
            self.server.stderr.close()

    def path(self, name):
        return os.path.join(self.folder, name)

    def address(self, way):
        return f"unix:{self.path('log')}" if way == "unix" else f"{way}://127.0.0.1:{self.ports[way]}"

    def writer(self, output, *arguments, **environment):
        environment = daemons.environment(self.folder, output, **environment)
        return subprocess.Popen([BUILD.writer, *arguments], env=environment, text=True, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def read(self, name):
        try:
            with open(self.path(name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return b""

    def arrived(self, count):
        """All records, once so many numbers are there."""
        def enough():
            text = self.read("raw")
            return text if text.count(b"number\n") >= count and b"span completed\n" in text else None
        return daemons.canonical(BUILD, daemons.wait_for(f"{count} records", enough))

    def check_way(self, way):
        self.start()
        output = f"syslog:{self.address(way)},file:{self.path('file')}"
        said, errors = self.writer(output, str(COUNT)).communicate()
        trace_id = said.split()[0]
        self.assertEqual(errors, "")
        records = self.arrived(COUNT)
        self.assertEqual(daemons.numbers(records), list(range(COUNT)))
        wanted = daemons.canonical(BUILD, self.read("file"))
        for record in wanted:
            record["ts"] = record["ts"][:26] + "000Z"
            record.setdefault("host.name", records[0]["host.name"])
        order = lambda record: (record["msg"], record.get("n", 0))
        records = [record for record in records if record["msg"] != "process ended"]
        wanted = [record for record in wanted if record["msg"] != "process ended"]
        self.assertEqual(sorted(records, key=order), sorted(wanted, key=order))
        lines = self.read("fields").decode().splitlines()
        span = next(line for line in lines if line.endswith("|span completed"))
        self.assertTrue(span.startswith(f"orders|info|{records[0]['host.name']}|[spanlog@32473 "
                                        f'trace_id="{trace_id}"'), span)

    def test_every_record_arrives_once_over_a_local_socket(self):
        self.check_way("unix")

    def test_every_record_arrives_once_over_udp(self):
        self.check_way("udp")

    def test_every_record_arrives_once_over_tcp(self):
        self.check_way("tcp")

    def test_records_wait_for_a_server_to_come_and_the_trouble_is_said_once(self):
        writer = self.writer("syslog:" + self.address("tcp"), str(COUNT), "wait")
        said = writer.stderr.readline()
        self.assertIn(f"cannot write syslog:{self.address('tcp')}: Connection refused; records wait", said)
        self.start()
        _, errors = writer.communicate("go\n")
        self.assertEqual(errors, "")
        self.assertEqual(daemons.numbers(self.arrived(COUNT)), list(range(COUNT)))

    def test_a_server_that_was_started_anew_gets_the_rest(self):
        self.start()
        writer = self.writer("syslog:" + self.address("tcp"), str(COUNT), "wait")
        daemons.wait_for("the first half", lambda: self.read("raw").count(b"number\n") == COUNT // 2)
        self.stop()
        self.start()
        writer.communicate("go\n")
        self.assertEqual(daemons.numbers(self.arrived(COUNT)), list(range(COUNT)))

    def test_what_a_killed_process_left_is_sent_by_recovery(self):
        writer = self.writer("syslog:" + self.address("tcp"), str(COUNT), "wait", SPANLOG_BLOCK_MS="1")
        writer.stdout.readline()
        self.assertEqual(writer.stdout.readline(), "half\n")
        writer.stderr.readline()  # nobody is there: all of it waits
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        self.start()
        subprocess.run([BUILD.spanlog, "recover"], env=daemons.environment(self.folder, "stdout"),
                       stdout=subprocess.PIPE, check=True)
        text = daemons.wait_for("the abandoned span", lambda: b"span abandoned\n" in self.read("raw"))
        self.assertTrue(text)
        records = daemons.canonical(BUILD, self.read("raw"))
        self.assertEqual(daemons.numbers(records), list(range(COUNT // 2)))

    def test_a_record_too_large_for_a_datagram_is_cut_and_says_so(self):
        self.start()
        self.writer("syslog:" + self.address("udp"), "10", "large").communicate()
        self.arrived(10)
        large = next(line for line in self.read("raw").splitlines() if b' a="xxx' in line)
        self.assertTrue(large.endswith(b"...[cut]"), large[-40:])
        self.assertGreater(len(large), 50000)


if __name__ == "__main__":
    unittest.main()
