"""tests/bench/anchor_duckdb.py: the same questions put to DuckDB, timed without its start.

    anchor_duckdb.py traces|trees FILE THREADS

Prints traces, seconds, cpu_s and memory_mb. `traces` is the list of traces; `trees` joins every span
with its parent and children and numbers them in the order of their starts, which is what any
question about trees takes.
"""

import os
import resource
import sys
import time

import duckdb

COLUMNS = {"ts": "VARCHAR", "level": "VARCHAR", "msg": "VARCHAR", "service": "VARCHAR",
           "trace_id": "VARCHAR", "span_id": "VARCHAR", "parent_id": "VARCHAR",
           "operation": "VARCHAR", "start": "TIMESTAMP_NS", "duration_ms": "DOUBLE",
           "status": "VARCHAR"}

TRACES = """
SELECT trace_id, min(start) AS began, max(epoch_ns(start) + duration_ms * 1e6) AS ended,
       count(*) FILTER (msg = 'span completed') AS spans,
       count(*) FILTER (msg <> 'span completed') AS logs,
       count(*) FILTER (status = 'error' OR level = 'error') AS errors,
       count(DISTINCT service) AS services,
       arg_min(operation, start) FILTER (parent_id IS NULL AND operation IS NOT NULL) AS root
FROM lines WHERE trace_id IS NOT NULL GROUP BY trace_id
"""

TREES = """
WITH spans AS (SELECT trace_id, span_id, parent_id, service, operation, start, duration_ms, status
               FROM lines WHERE msg = 'span completed'),
     children AS (SELECT trace_id, parent_id AS span_id, count(*) AS children,
                         sum(duration_ms) AS busy FROM spans
                  WHERE parent_id IS NOT NULL GROUP BY trace_id, parent_id),
     trees AS (SELECT s.trace_id, s.operation, p.span_id IS NULL AS is_root,
                      greatest(0, s.duration_ms - coalesce(c.busy, 0)) AS self_ms, s.start,
                      row_number() OVER (PARTITION BY s.trace_id ORDER BY s.start) AS place
               FROM spans s LEFT JOIN children c USING (trace_id, span_id)
               LEFT JOIN spans p ON p.trace_id = s.trace_id AND p.span_id = s.parent_id)
SELECT trace_id, count(*), sum(self_ms), max(place), count(*) FILTER (is_root)
FROM trees GROUP BY trace_id
"""


def main():
    question, path, threads = sys.argv[1:]
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
    base = duckdb.connect(config={"threads": int(threads)})
    base.execute(f"CREATE VIEW lines AS SELECT * FROM read_json('{path}', "
                 f"format = 'newline_delimited', columns = {{{columns}}})")
    start, before = time.monotonic(), os.times()
    query = TREES if question == "trees" else TRACES
    # The hash wants every column of the answer, without the cost of handing it to Python.
    count, _ = base.execute(f"SELECT count(*), bit_xor(hash(q)) FROM ({query}) q").fetchone()
    wall, after = time.monotonic() - start, os.times()
    print("traces", count)
    print("seconds", wall)
    print("cpu_s", after.user + after.system - before.user - before.system)
    print("memory_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
