"""tests/cxx/run_test.py PROGRAM: what right.cc writes."""

import json
import os
import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory() as folder:
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("SPANLOG_", "OTEL_", "LOG_"))}
    environment.update(SPANLOG_JOURNAL_DIR=f"{folder}/journals", SPANLOG_LEVEL="debug")
    result = subprocess.run([sys.argv[1]], env=environment, capture_output=True, text=True, check=True)
lines = [json.loads(line) for line in result.stdout.splitlines()]
values = [line["value"] for line in lines if line["msg"] == "template"]
expected = {
    "values of template logs": (values, [1, 2, 3.5, True]),
    "printf in templates": (sum(line["msg"].startswith("template ") for line in lines), 4),
    "template spans": (sum(line.get("operation") == "template" for line in lines), 4),
    "inline": ([line["name"] for line in lines if line["msg"] == "inline"], ["name"]),
    "enum class": ([line["color"] for line in lines if line["msg"] == "lambda"], [1]),
    "constructor": ([line["n"] for line in lines if line["msg"] == "constructed"], [4]),
    "thrown through": (sum(line.get("operation") == "throws" for line in lines), 1),
    "after the throw": (["trace_id" in line for line in lines if line["msg"] == "caught"], [False]),
    "named": ([line["logger"] for line in lines if line["msg"] == "named"], ["db"]),
}
wrong = {name: pair for name, pair in expected.items() if pair[0] != pair[1]}
for name, (is_, should) in wrong.items():
    print(f"{name}: is {is_}, expected {should}")
sys.exit(1 if wrong else 0)
