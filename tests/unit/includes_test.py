"""tests/unit/includes_test.py SOURCE: who may include whom, and how long things may be.

The law stands at the head of CMakeLists.txt and, as a table, here. It is held against every #include
of the sources; a failure names file and line. Then: files of at most 500 lines, functions of at most
70, no TODO left behind.
"""

import os
import re
import sys

# folder: the folders whose headers it may include, beside its own and <spanlog/...>.
LAW = {
    "src/core": [],
    "formatters": ["src/core"],
    "src/propagation": ["src/core"],
    "src/sampling": ["src/core"],
    "src/config": ["src/core", "src/propagation", "src/sampling"],
    "src/sinks": ["src/core", "src/config", "formatters"],
    "src/metrics": ["src/core", "formatters"],
    "src/front": ["src/core", "src/config", "src/propagation", "src/sampling"],
    "src/back": ["src/core", "src/config", "formatters", "src/metrics", "src/sinks", "src/sampling"],
    "src/control": ["src/core", "src/config"],
    "src/process": ["src/core", "src/config", "src/front", "src/back", "src/control", "src/metrics",
                    "src/ship"],
    "src/cli": ["src/analyzer", "formatters", "src/core", "src/config", "src/back", "src/process",
                "src/control", "src/ship"],
    "src/ship": ["src/analyzer/base", "src/analyzer/read", "src/analyzer/unpack", "src/analyzer/input",
                 "src/analyzer/translate", "src/analyzer/export", "src/analyzer/render", "formatters",
                 "src/core"],
    "src/integrations": [],
    "examples": [],
    "include": [],
}
# The rooms of src/analyzer, lowest first: each may include those before it.
ROOMS = ("base", "read", "unpack", "input", "translate", "index", "where", "rows", "trees", "questions", "trace",
         "check", "diff", "export", "retain", "render")
LAW.update({f"src/analyzer/{room}": [f"src/analyzer/{lower}" for lower in ROOMS[:i]] + ["formatters", "src/core"]
            for i, room in enumerate(ROOMS)})
# The one file of a folder that may name what the others only know by a table.
CONCRETE = {
    "formatters": r"\bspanlog_dialect_(?!json\b)(logfmt|pretty|pretty_color|ecs|gcp|datadog|zap|otlp|syslog|journald)\b",
    "src/sinks": r"\bsink_(stdout|stderr|file|memory|syslog|journald)\b",
}
MOST_LINES, MOST_FUNCTION_LINES, LONG_FUNCTION_LINES = 500, 70, 60
SOURCES = (".c", ".h", ".cc", ".cpp")

failures = []
longest = []


def fail(path, line, text):
    failures.append(f"{path}:{line}: {text}")


def folder_of(path):
    folders = [folder for folder in LAW if path == folder or path.startswith(folder + "/")]
    return max(folders, key=len) if folders else None


def sources(root):
    for top in ("src", "formatters", "include", "examples"):
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders[:] = [name for name in folders if not name.startswith((".", "build", "node_modules"))]
            for name in sorted(names):
                if name.endswith(SOURCES):
                    yield os.path.relpath(os.path.join(folder, name), root)


def check_include(root, path, number, quoted, included):
    folder = folder_of(path)
    if folder is None:
        fail(path, number, "the file is in no folder of the law")
        return
    if not quoted:
        if included.startswith(("src/", "formatters/")):
            fail(path, number, f"<{included}> is ours: quote it")
        return
    target = included
    if not os.path.exists(os.path.join(root, included)):
        beside = os.path.normpath(os.path.join(os.path.dirname(path), included))
        target = beside if os.path.exists(os.path.join(root, beside)) else included
    there = folder_of(target)
    if there in (None, folder, "include"):
        if there is None and folder != "examples":
            fail(path, number, f"\"{included}\" is in no folder of the law")
        return
    if not any(there == may or there.startswith(may + "/") for may in LAW[folder]):
        fail(path, number, f"{folder} may not include {there} (\"{included}\"); it may: "
                           f"{', '.join(LAW[folder]) or 'nothing of ours'}")


def strip(text):
    """The text with comments and strings blanked, lines kept."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def check_functions(path, code):
    start = None
    for number, line in enumerate(code.split("\n"), 1):
        if re.match(r"[A-Za-z_].*\)[^;]*\{\s*$|^\{\s*$", line) and not line.startswith(("struct", "enum", "union", "typedef")):
            start = number
        elif line.startswith("}") and start is not None:
            length = number - start + 1
            if length > MOST_FUNCTION_LINES:
                fail(path, start, f"a function of {length} lines; at most {MOST_FUNCTION_LINES}")
            elif length > LONG_FUNCTION_LINES:
                longest.append(f"{path}:{start}: {length} lines")
            start = None


def check_file(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        text = f.read()
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = re.match(r"\s*#\s*include\s*([<\"])([^>\"]+)[>\"]", line)
        if match:
            check_include(root, path, number, match.group(1) == '"', match.group(2))
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            fail(path, number, "unfinished: do it or write it into docs/")
    if len(lines) - 1 > MOST_LINES:
        fail(path, len(lines) - 1, f"{len(lines) - 1} lines; at most {MOST_LINES}")
    code = strip(text)
    if path.endswith((".c", ".cc", ".cpp")):
        check_functions(path, code)
    check_concrete(path, code)


def check_concrete(path, code):
    if not path.endswith(".c") or not path.startswith(("src", "formatters")):
        return
    for folder, names in CONCRETE.items():
        if path == f"{folder}/table.c":
            continue
        for number, line in enumerate(code.split("\n"), 1):
            match = re.search(names, line)
            if match and not re.match(r"const struct \w+ " + match.group(), line):
                fail(path, number, f"only {folder}/table.c names {match.group()}")


def main(root):
    count = 0
    for path in sources(root):
        count += 1
        check_file(root, path)
    for warning in longest:
        print(f"long, but within the limit: {warning}")
    for failure in failures:
        print(failure)
    print(f"{count} files, {len(failures)} failures")
    sys.exit(1 if failures or count == 0 else 0)


main(sys.argv[1])
