"""tests/movingin/migration_test.py TOOL LIBRARY INCLUDE GUIDE [CC]: what docs/migration.md shows works.

Every block marked `after` is built without a warning, run, and must have logged something, each line of it
JSON. Blocks not marked are the `before`s, of other libraries.
"""

import os
import re
import sys

from sentences import equal, holds, run_tests

TOOL, LIBRARY, INCLUDE, GUIDE = (os.path.abspath(path) for path in sys.argv[1:5])
CC = sys.argv[5] if len(sys.argv) > 5 else "cc"

with open(GUIDE, encoding="utf-8") as f:
    TEXT = f.read()
BLOCKS = re.findall(r"^```(\w+) after\n(.*?)^```$", TEXT, flags=re.S | re.M)


def _logged(place, program):
    done = place.run(program, environment={"SPANLOG_OUTPUT": f"file:{place.log}", "SPANLOG_LEVEL": "trace"})
    equal("output", (done.stdout, done.stderr), (b"", b""))
    lines = [line for line in place.lines() if not line["msg"].startswith("process ")]
    os.remove(place.log)
    return lines


def each_program_after_builds_and_logs(place):
    link = ["-L" + os.path.dirname(LIBRARY), "-lspanlog", "-Wl,-rpath," + os.path.dirname(LIBRARY), "-pthread"]
    count = 0
    for language, source in BLOCKS:
        if language not in ("c", "cpp"):
            continue
        path = place.file(f"after.{language}", source)
        flags = ["-std=c11"] if language == "c" else ["-std=c++17"]
        place.run(CC if language == "c" else "c++", *flags, "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                  "-I" + INCLUDE, path, "-o", f"{place.folder}/after", *link)
        lines = _logged(place, f"{place.folder}/after")
        holds("lines logged by\n" + source, len(lines) >= 1, lines)
        count += 1
    equal("programs", count, TEXT.count("```c after") + TEXT.count("```cpp after"))
    holds("programs", count >= 8, count)


def the_changed_include_says_what_syslog_said(place):
    source = next(source for language, source in BLOCKS if "syslog.h" in source)
    path = place.file("after.c", source)
    place.run(CC, "-I" + INCLUDE, path, "-o", f"{place.folder}/after", "-L" + os.path.dirname(LIBRARY),
              "-lspanlog", "-Wl,-rpath," + os.path.dirname(LIBRARY))
    line = _logged(place, f"{place.folder}/after")[0]
    equal("record", (line["level"], line["msg"], line["logger"], line["syslog.facility"]),
          ("warn", "cannot open stock.csv: No such file or directory", "import", "daemon"))


def the_shell_script_after_is_one_trace(place):
    scripts = [source for language, source in BLOCKS if language == "sh"]
    equal("scripts", len(scripts), 1)
    done = place.run("sh", "-e", place.file("after.sh", scripts[0]))
    log = f"{place.folder}/nightly.jsonl"
    equal("trace ids", len({line["trace_id"] for line in place.lines(log)}), 1)
    equal("parent", place.span("archive", log)["parent_id"], place.span("nightly", log)["span_id"])
    holds("list of traces", b"nightly" in done.stdout, done.stdout)


def every_system_has_a_before(place):
    for name in ("printf", "syslog", "zlog", "log.c", "spdlog"):
        holds(f"from {name}", re.search(rf"^## From {re.escape(name)}\n+Before:\n\n```c", TEXT, flags=re.M), name)


run_tests(globals(), TOOL, os.environ.get("SENTENCE"))
