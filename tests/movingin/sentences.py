"""tests/movingin/sentences.py: what the tests of moving in share. A test is a function whose name is a sentence.

    from sentences import Place, equal, run_tests
    def a_line_is_written(place): ...
    run_tests(globals())
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback


MOST_SECONDS = 60  # a test


class Skipped(Exception):
    pass


def skip(why):
    """Where CI is set nothing may be missing."""
    if os.environ.get("CI"):
        raise AssertionError(f"missing, and CI is set: {why}")
    raise Skipped(why)


def equal(what, is_, should):
    assert is_ == should, f"{what}: is {is_!r}, expected {should!r}"


def holds(what, condition, seen):
    assert condition, f"{what}: seen {seen!r}"


def clean_environment(**more):
    """Settings of the user's own would change what is tested."""
    foreign = ("SPANLOG_", "OTEL_", "LOG_", "LD_PRELOAD", "TRACE", "BAGGAGE", "SERVICE_NAME", "XDG_STATE_HOME")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment.update(more)
    return environment


class Place:
    """A folder of the test's own, the tool on PATH, and one log file."""

    def __init__(self, folder, tool):
        self.folder = folder
        self.tool = tool
        self.log = f"{folder}/log.jsonl"
        self.environment = clean_environment(SPANLOG_JOURNAL_DIR=f"{folder}/journals", LC_ALL="C.UTF-8",
                                             PATH=f"{os.path.dirname(tool)}:{os.environ['PATH']}")

    def run(self, *command, status=0, environment=None, **more):
        """Runs to the end; the status is checked, None takes any. Returns what subprocess.run returns."""
        more.setdefault("cwd", self.folder)
        done = subprocess.run(command, env={**self.environment, **(environment or {})}, capture_output=True,
                              timeout=60, **more)
        if status is not None:
            assert done.returncode == status, (f"{' '.join(command)}: status {done.returncode}, expected {status}; "
                                               f"stderr: {done.stderr.decode(errors='replace')}")
        return done

    def start(self, *command, environment=None, **more):
        more.setdefault("cwd", self.folder)
        return subprocess.Popen(command, env={**self.environment, **(environment or {})}, **more)

    def lines(self, path=None):
        path = path or self.log
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return [json.loads(line) for line in f.read().splitlines()]

    def spans(self, operation=None, path=None):
        return [line for line in self.lines(path)
                if "operation" in line and operation in (None, line["operation"])]

    def span(self, operation, path=None):
        found = self.spans(operation, path)
        assert len(found) == 1, f"spans {operation}: {len(found)}, expected 1 among {self.lines(path)}"
        return found[0]

    def logs(self, path=None):
        return [line for line in self.lines(path) if "operation" not in line]

    def file(self, name, text, mode=0o644):
        path = f"{self.folder}/{name}"
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)
        return path


def wait_until(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


def _too_long(*_):
    raise AssertionError(f"took over {MOST_SECONDS} s")


def run_tests(names, tool, wanted=None):
    signal.signal(signal.SIGALRM, _too_long)
    for ignored in (signal.SIGINT, signal.SIGQUIT):  # a shell's background jobs would inherit that
        signal.signal(ignored, signal.SIG_DFL)
    failures = skipped = count = 0
    for name, test in list(names.items()):
        if not callable(test) or getattr(test, "__module__", "") != names["__name__"] or isinstance(test, type):
            continue
        if test.__code__.co_varnames[:1] != ("place",) or test.__name__.startswith("_") or \
                (wanted and wanted not in name):
            continue
        count += 1
        folder = os.path.realpath(tempfile.mkdtemp(prefix="movingin-"))
        signal.alarm(MOST_SECONDS)
        try:
            test(Place(folder, tool))
            print(f"ok      {name.replace('_', ' ')}")
        except Skipped as why:
            skipped += 1
            print(f"skipped {name.replace('_', ' ')}: {why}")
        except Exception as error:  # each failure is told, the others run
            failures += 1
            print(f"FAILED  {name.replace('_', ' ')}: {error}")
            if not isinstance(error, AssertionError):
                traceback.print_exc(file=sys.stdout)
        finally:
            signal.alarm(0)
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{count} tests, {failures} failures, {skipped} skipped")
    sys.exit(1 if failures or count == 0 else 0)
