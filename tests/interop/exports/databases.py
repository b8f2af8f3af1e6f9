"""What the tests of databases share: the corpus exported, what its rows must be, and Python's own sums over it."""
import collections
import json
import math
import os
import pathlib
import subprocess
import sys
import venv

import corpus

COLUMNS = ("ts level msg service trace_id span_id parent_id operation kind start duration_ns status status_code error "
           "logger src pid tid attributes events").split()


def require(package, folder):
    """Imports a package of PyPI from a virtual environment in `folder`; where that cannot be had, the test is skipped,
    but fails where CI is set."""
    python = pathlib.Path(folder) / "bin" / "python3"
    try:
        if not python.exists():
            venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", package], check=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        where = subprocess.run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
                               check=True, stdout=subprocess.PIPE, timeout=60).stdout.decode().strip()
        sys.path.insert(0, where)
        return __import__(package)
    except (OSError, subprocess.SubprocessError, ImportError) as problem:
        said = getattr(problem, "output", None) or b""
        print("%s cannot be installed: %s %s" % (package, problem, said.decode(errors="replace")[-500:]))
        sys.exit(1 if os.environ.get("CI") else 77)


def spanlog(tool, *arguments):
    return subprocess.run([tool, *arguments], stdout=subprocess.PIPE, check=True).stdout


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


FIELDS = set(COLUMNS) | {"duration_ms", "trace_flags", "links", "sample_ratio"}


def row_of(record):
    """A record as its row must be, times as text."""
    is_span = "operation" in record
    row = {key: record.get(key, 0 if key in ("status_code", "pid", "tid") else "") for key in COLUMNS[:18]}
    row["start"] = record.get("start", record["ts"])
    row["duration_ns"] = round(record["duration_ms"] * 10**6) if is_span else 0
    row["attributes"] = {k: text_of(v) for k, v in record.items() if k not in FIELDS}
    row["events"] = [{"ts": e["ts"], "name": e["name"],
                      "attributes": {k: text_of(v) for k, v in e.items() if k not in ("ts", "name")}}
                     for e in record.get("events", [])]
    return row


def statements(table):
    """CREATE and the two examples, without the comments between them."""
    lines = [line for line in table.splitlines() if not line.startswith("--")]
    return [s.strip() for s in "\n".join(lines).split(";") if s.strip()]


def slowest(records):
    """service, operation -> spans, p99 in ms: the least duration that 99 % do not exceed."""
    durations = collections.defaultdict(list)
    for record in records:
        if "operation" in record:
            durations[record["service"], record["operation"]].append(round(record["duration_ms"] * 10**6))
    return {key: (len(ns), sorted(ns)[math.ceil(0.99 * len(ns)) - 1] / 1e6) for key, ns in durations.items()}


def exported(tool, folder):
    """The corpus in folder/shop.jsonl; returns its records and the path."""
    records = corpus.records()
    path = str(pathlib.Path(folder) / "shop.jsonl")
    corpus.write(path, records)
    return records, path
