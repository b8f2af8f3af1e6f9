"""tests/integrations/examples_test.py NAME PROGRAM: an example as a test, asserted by its peer.

agent      the context that the receiver printed is the sender's; the tree is one
postgres   each statement's trace and span stand in the server's log (see with_postgres.py)
"""

import json
import os
import subprocess
import sys
import tempfile


def run(program):
    """What it printed, and its lines."""
    with tempfile.TemporaryDirectory(prefix="spanlog-example-") as folder:
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("SPANLOG_", "OTEL_", "LOG_"))}
        environment |= {"SPANLOG_OUTPUT": f"file:{folder}/log.jsonl", "SPANLOG_JOURNAL_DIR": f"{folder}/j"}
        result = subprocess.run([program], env=environment, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            sys.exit(f"{program} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
        with open(f"{folder}/log.jsonl", encoding="utf-8") as f:
            return result.stdout, [json.loads(line) for line in f]


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: found {found!r}, expected {wanted!r}")


def spans_of(lines):
    spans = [line for line in lines if line["msg"] == "span completed"]
    known = {span["span_id"] for span in spans}
    expect("spans without their parent", [s["operation"] for s in spans if s.get("parent_id") not in known | {None}], [])
    expect("number of traces", len({span["trace_id"] for span in spans}), 1)
    return spans


def test_agent(program):
    printed, lines = run(program)
    spans = spans_of(lines)
    expect("operations", sorted(span["operation"] for span in spans),
           ["chat small-model", "execute_tool search", "execute_tool search", "invoke_agent librarian",
            "process answers", "save notes", "send answers"])
    sent, = [span for span in spans if span["operation"] == "send answers"]
    expect("received", printed, f"received 42 with 00-{sent['trace_id']}-{sent['span_id']}-03\n")


def test_postgres(program):
    printed, lines = run(program)
    expect("printed", printed, "order: 1\nitem: piano\n")
    statements = [span for span in spans_of(lines) if "db.system.name" in span]
    expect("statements", len(statements), 3)
    with open(os.environ["PG_SERVER_LOG"], encoding="utf-8") as f:
        server_log = f.read()
    for span in statements:
        comment = f"/*traceparent='00-{span['trace_id']}-{span['span_id']}-03'*/"
        expect(f"times that the server got {comment}", server_log.count(comment), 1)


{"agent": test_agent, "postgres": test_postgres}[sys.argv[1]](sys.argv[2])
