"""tests/interop/daemons/daemons.py: what the tests of log daemons have in common.

    BUILD = daemons.arguments()              writer and spanlog, from the command line
    daemons.need("rsyslogd", "rsyslog")      else the test is skipped, or fails where CI is set
"""

import collections
import json
import os
import shutil
import subprocess
import sys
import time

Build = collections.namedtuple("Build", "writer spanlog")


def arguments():
    build = Build(*sys.argv[1:3])
    del sys.argv[1:3]
    return build


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(1 if os.environ.get("CI") else 77)


def need(program, package):
    for folder in (*os.environ["PATH"].split(":"), "/usr/sbin", "/lib/systemd"):
        if shutil.which(program, path=folder):
            return os.path.join(folder, program)
    skip(f"there is no {program} (package {package})")


def wait_for(what, condition, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


def environment(folder, output, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SPANLOG_", "OTEL_"))}
    return {**env, "SPANLOG_OUTPUT": output, "SERVICE_NAME": "orders", "SPANLOG_JOURNAL_DIR": folder,
            **more}


def canonical(build, text):
    """The records of any log, as `spanlog cat` has them."""
    done = subprocess.run([build.spanlog, "cat", "--to", "json", "-"], input=text, stdout=subprocess.PIPE,
                          check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def numbers(records):
    return [record["n"] for record in records if record["msg"] == "number"]
