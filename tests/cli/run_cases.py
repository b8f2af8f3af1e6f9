#!/usr/bin/env python3
"""Runs the cases of tests/cli/cases: a command, its input, and what it must print.

    run_cases.py build/dev/spanlog                 all cases
    run_cases.py build/dev/spanlog -k orphan       those with "orphan" in their name
    run_cases.py build/dev/spanlog --update        what is printed becomes what is expected

A case is a folder: `command` (a shell script that calls `spanlog`), input files, and `expected`:
stdout, stderr and the exit status as sections. It runs in a copy of the folder, without a terminal.
"""
import argparse
import difflib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

CASES = pathlib.Path(__file__).resolve().parent / "cases"


def run(case, spanlog):
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder) / "case"
        shutil.copytree(case, work)
        (work / "expected").unlink(missing_ok=True)
        (pathlib.Path(folder) / "bin").mkdir()
        os.symlink(spanlog, pathlib.Path(folder) / "bin" / "spanlog")
        environment = {
            "PATH": f"{folder}/bin:{os.environ['PATH']}",
            "LC_ALL": "C",
            "TZ": "Pacific/Kiritimati",  # nothing printed may depend on it
        }
        for name in os.environ:
            if name.endswith("SAN_OPTIONS"):
                environment[name] = os.environ[name]
        done = subprocess.run(["sh", "command"], cwd=work, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60)
    text = b"== stdout\n" + done.stdout + b"== stderr\n" + done.stderr
    return text + b"== status %d\n" % done.returncode


def show(case, expected, got):
    print(f"not ok {case.name}")
    lines = difflib.unified_diff(
        expected.decode("utf-8", "backslashreplace").splitlines(),
        got.decode("utf-8", "backslashreplace").splitlines(), "expected", "got", lineterm="")
    for line in lines:
        print("    " + line)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("spanlog")
    parser.add_argument("-k", default="", help="only cases with this in their name")
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    spanlog = os.path.abspath(options.spanlog)
    cases = sorted(case for case in CASES.iterdir() if (case / "command").exists())
    cases = [case for case in cases if options.k in case.name]
    failed = 0
    for case in cases:
        got = run(case, spanlog)
        file = case / "expected"
        if options.update:
            file.write_bytes(got)
            continue
        expected = file.read_bytes() if file.exists() else b""
        if got != expected:
            failed += 1
            show(case, expected, got)
    print(f"{len(cases) - failed} of {len(cases)} cases pass")
    return 1 if failed or not cases else 0


sys.exit(main())
