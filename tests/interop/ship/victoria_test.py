"""spanlog ship --to loki: to VictoriaLogs, which takes Loki's pushes: every record is there once with all its fields.

    victoria_test.py build/dev/spanlog [ignored]

It takes the lines apart and asks for no order: a second reader of what is pushed, no proof for Loki (loki_test.py).
"""
import json
import os
import sys
import tempfile
import time
import unittest
import urllib.parse

import servers
import shipping


class Victoria(unittest.TestCase):
    def test_every_record_is_there_once_with_all_its_fields(self):
        with tempfile.TemporaryDirectory() as folder, servers.Victoria(folder) as victoria:
            begin, log = time.time_ns() - 600 * 10**9, os.path.join(folder, "app.log")
            lines = [shipping.record(i, service=f"s{i % 3}", ns=begin + i * 1000, text='a "quoted" \\ text\n')
                     for i in range(5000)]
            shipping.append(log, lines)
            to = f"loki:{victoria.url}/insert/loki/api/v1/push?_msg_field=msg"
            for compress in ("none", "gzip"):
                code, said, _ = shipping.ship_once(folder, "--to", to, "--compress", compress, "--label",
                                                   f"way={compress}", "app.log", state=compress)
                self.assertEqual((code, said), (0, []))
                self.check(victoria, f'way:="{compress}"', lines)

    def check(self, victoria, query, lines):
        url = f"{victoria.url}/select/logsql/query?limit=100000&query={urllib.parse.quote(query)}"
        found = []

        def all_there():  # what was pushed is seen a second later
            status, body = servers.http(url)
            self.assertEqual(status, 200, body)
            found[:] = [json.loads(line) for line in body.splitlines()]
            return len(found) >= len(lines)
        shipping.wait_for(all_there, lambda: f"{len(found)} of {len(lines)}")
        self.assertEqual(len(found), len(lines))
        wanted = {}
        for line in map(json.loads, lines):
            line["_msg"], line["service_name"] = line.pop("msg"), line["service"]
            wanted[line["n"]] = {key: str(value) for key, value in line.items() if key != "ts"}
        for entry in found:
            fields = {key: value for key, value in entry.items() if key in wanted[int(entry["n"])]}
            self.assertEqual(fields, wanted.pop(int(entry["n"])))
        self.assertEqual(wanted, {})


if __name__ == "__main__":
    shipping.TOOL = os.path.abspath(sys.argv.pop(1))
    try:
        servers.victoria_program()
    except servers.Missing as missing:
        print(f"VictoriaLogs cannot be had: {missing}")
        sys.exit(1 if os.environ.get("CI") else 77)
    unittest.main(argv=sys.argv[:1])
