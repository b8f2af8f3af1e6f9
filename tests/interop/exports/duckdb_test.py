"""spanlog export --to duckdb and --to csv, in a real DuckDB: as printed, and every row.

    duckdb_test.py path/to/spanlog folder/for/venv

Counts, sums and quantiles equal what `spanlog traces --json` says of the same file, and what Python makes of it.
"""
import csv
import io
import json
import os
import sys
import tempfile
import unittest

import corpus
import databases

TIMES = {"ts", "start"}


def with_numbers(row):
    """Times as nanoseconds of the epoch."""
    events = [dict(e, ts=corpus.nanoseconds(e["ts"])) for e in row["events"]]
    return dict(row, ts=corpus.nanoseconds(row["ts"]), start=corpus.nanoseconds(row["start"]), events=events)


class DuckDb(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.records, cls.path = databases.exported(TOOL, cls.folder.name)
        cls.rows = [databases.row_of(r) for r in cls.records]
        os.chdir(cls.folder.name)  # the statements name rows.jsonl
        with open("rows.jsonl", "wb") as file:
            file.write(databases.spanlog(TOOL, "export", "--to", "duckdb", cls.path))
        cls.create, cls.slowest, cls.one_trace = databases.statements(
            databases.spanlog(TOOL, "export", "--to", "duckdb", "--table").decode())
        cls.db = duckdb.connect()
        cls.db.execute(cls.create)

    @classmethod
    def tearDownClass(cls):
        cls.db.close()
        os.chdir("/")
        cls.folder.cleanup()

    def ask(self, query):
        cursor = self.db.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def test_every_row_arrives_as_it_is(self):
        columns = ", ".join("epoch_ns(%s) AS %s" % (c, c) if c in TIMES else c
                            for c in databases.COLUMNS if c != "events")
        events = "[{'ts': epoch_ns(e.ts), 'name': e.name, 'attributes': e.attributes} for e in events] AS events"
        found = self.ask("SELECT %s, %s FROM spanlog" % (columns, events))
        self.assertEqual(len(found), len(self.rows))
        for got, want in zip(found, self.rows):
            self.assertEqual(got, with_numbers(want))

    def test_the_slowest_operations_are_those_that_python_finds(self):
        found = self.ask(self.slowest)
        self.assertEqual({(r["service"], r["operation"]): (r["spans"], r["p99_ms"]) for r in found},
                         databases.slowest(self.records))
        self.assertEqual([r["p99_ms"] for r in found], sorted((r["p99_ms"] for r in found), reverse=True))

    def test_a_trace_is_shown_in_the_order_of_time(self):
        trace = self.records[0]["trace_id"]
        found = self.ask(self.one_trace.replace("...", trace))
        said = [r for r in self.records if r.get("trace_id") == trace]
        self.assertEqual(sorted(r["what"] for r in found), sorted(r.get("operation") or r["msg"] for r in said))
        self.assertEqual([r["start"] for r in found], sorted(r["start"] for r in found))
        self.assertAlmostEqual(sum(r["ms"] for r in found), sum(r.get("duration_ms", 0) for r in said), places=6)

    def test_counts_and_durations_equal_those_of_traces(self):
        traces = {t["trace_id"]: t for t in map(json.loads, databases.spanlog(
            TOOL, "traces", "--json", "--limit", "100000", self.path).decode().splitlines())}
        found = self.ask("SELECT trace_id, count(*) FILTER (operation <> '') AS spans, "
                         "count(*) FILTER (operation = '') AS logs, "
                         "max(epoch_ns(start) + duration_ns::BIGINT) FILTER (operation <> '') "
                         "- min(epoch_ns(start)) FILTER (operation <> '') AS ns, "
                         "count(*) FILTER (status = 'error') AS errors, count(DISTINCT service) AS services "
                         "FROM spanlog WHERE trace_id <> '' GROUP BY trace_id")
        self.assertEqual({r["trace_id"] for r in found}, set(traces))
        for row in found:
            said = traces[row["trace_id"]]
            self.assertEqual((row["spans"], row["logs"]), (said["spans"], said["logs"]), said)
            self.assertEqual(row["errors"], said["errors"], said)
            if row["spans"]:
                self.assertAlmostEqual(row["ns"] / 1e6, said["duration_ms"], places=6)

    # ---- CSV

    def as_csv(self):
        return databases.spanlog(TOOL, "export", "--to", "csv", self.path)

    def csv_row(self, row):
        return {k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, separators=(",", ":"))
                for k, v in row.items()}

    def test_pythons_csv_reads_the_same_rows(self):
        found = list(csv.DictReader(io.StringIO(self.as_csv().decode("utf-8"), newline="")))
        self.assertEqual(len(found), len(self.rows))
        for got, want in zip(found, self.rows):
            self.assertEqual(json.loads(got.pop("attributes")), want["attributes"])
            self.assertEqual(json.loads(got.pop("events")), want["events"])
            self.assertEqual(got, {k: v for k, v in self.csv_row(want).items() if k in got})

    def test_duckdbs_read_csv_reads_the_same_rows(self):
        with open("rows.csv", "wb") as file:
            file.write(self.as_csv())
        found = self.ask("SELECT * FROM read_csv('rows.csv', header = true, all_varchar = true)")
        self.assertEqual(len(found), len(self.rows))
        for got, want in zip(found, self.rows):
            self.assertEqual(json.loads(got.pop("attributes")), want["attributes"])
            self.assertEqual(json.loads(got.pop("events")), want["events"])
            got = {k: v or "" for k, v in got.items()}  # an empty cell is null there
            self.assertEqual(got, {k: v for k, v in self.csv_row(want).items() if k in got})


if __name__ == "__main__":
    duckdb = databases.require("duckdb", sys.argv.pop(2))
    TOOL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
