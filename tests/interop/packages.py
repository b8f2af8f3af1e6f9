"""Python packages that a test holds us against, in an environment of their own.

    python = packages.python_with(venv, "opentelemetry.sdk.trace", "opentelemetry-sdk==1.*")

Installs them where they are missing. Where pip cannot, the test skips (status 77), and fails where CI is
set.
"""
import os
import subprocess
import sys


def skip(why):
    print(f"skipped: {why}")
    sys.exit(1 if os.environ.get("CI") else 77)


def python_with(venv, modules, *wanted):
    """A Python of that environment that can import the modules, which are in the wanted packages."""
    python = os.path.join(venv, "bin", "python")
    if os.path.exists(python) and subprocess.run([python, "-c", f"import {modules}"], stderr=subprocess.DEVNULL,
                                                 check=False).returncode == 0:
        return python
    try:
        subprocess.run([sys.executable, "-m", "venv", venv], check=True, timeout=120)
        subprocess.run([python, "-m", "pip", "install", "-q", *wanted], check=True, timeout=400)
    except (subprocess.SubprocessError, OSError) as error:
        skip(f"{', '.join(wanted)} cannot be installed: {error}")
    return python
