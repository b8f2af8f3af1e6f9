"""spanlog export --to clickhouse, in ClickHouse's own engine (chDB): the table and the examples as printed.

    clickhouse_test.py path/to/spanlog folder/for/venv
"""
import json
import os
import sys
import tempfile
import unittest

import databases


class ClickHouse(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.records, path = databases.exported(TOOL, cls.folder.name)
        rows = os.path.join(cls.folder.name, "rows.jsonl")
        with open(rows, "wb") as file:
            file.write(databases.spanlog(TOOL, "export", "--to", "clickhouse", path))
        cls.session = chdb.session.Session(os.path.join(cls.folder.name, "db"))
        table = databases.spanlog(TOOL, "export", "--to", "clickhouse", "--table").decode()
        create, cls.slowest, cls.one_trace = databases.statements(table)
        cls.session.query("CREATE DATABASE test")
        cls.session.query("USE test")
        cls.session.query(create)
        cls.session.query("SET date_time_input_format = 'best_effort'")
        cls.session.query("INSERT INTO spanlog FROM INFILE '%s' FORMAT JSONEachRow" % rows)

    @classmethod
    def tearDownClass(cls):
        cls.session.close()
        cls.folder.cleanup()

    def ask(self, query):
        said = self.session.query(query.rstrip() + " FORMAT JSONEachRow "
                                  "SETTINGS date_time_output_format = 'iso', output_format_json_quote_64bit_integers = 0")
        return [json.loads(line) for line in str(said).splitlines()]

    def test_every_row_arrives_as_it_is(self):
        found = self.ask("SELECT * FROM spanlog")
        order = lambda row: json.dumps(row, sort_keys=True)
        wanted = sorted((databases.row_of(r) for r in self.records), key=order)
        self.assertEqual(len(found), len(wanted))
        for got, want in zip(sorted(found, key=order), wanted):
            self.assertEqual(got, want)

    def test_the_slowest_operations_have_the_counts_that_python_finds(self):
        found = self.ask(self.slowest)
        wanted = databases.slowest(self.records)
        self.assertEqual({(r["service"], r["operation"]): r["spans"] for r in found},
                         {key: spans for key, (spans, _) in wanted.items()})
        for row in found:  # its quantile of few values may be the neighbour
            self.assertLessEqual(abs(row["p99_ms"] - wanted[row["service"], row["operation"]][1]), 5.0, row)

    def test_a_trace_is_shown_in_the_order_of_time(self):
        trace = self.records[0]["trace_id"]
        found = self.ask(self.one_trace.replace("...", trace))
        said = [r for r in self.records if r.get("trace_id") == trace]
        self.assertEqual(sorted(r["what"] for r in found), sorted(r.get("operation") or r["msg"] for r in said))
        self.assertEqual([r["start"] for r in found], sorted(r["start"] for r in found))


if __name__ == "__main__":
    databases.require("chdb", sys.argv.pop(2))
    import chdb.session
    TOOL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
