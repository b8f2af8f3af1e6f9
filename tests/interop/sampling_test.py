"""tests/interop/sampling_test.py PROGRAM FOLDER: the ratio decision against the real SDKs'.

Gives the same trace ids, random ones and such at the very bound of each ratio, to the library
(PROGRAM, which also asks the next hop), to OpenTelemetry's SDK for Go and to that for Python: all have
to decide alike. Below a ratio of 2^-11 the two SDKs themselves differ at ids within two of the bound
(Go cuts the product, Python rounds it); there we decide as Go does, and Python is asked about the
others.

Skips (status 77) where the SDKs cannot be had; fails there when CI is set.
"""

import os
import random
import shutil
import subprocess
import sys

import packages

HERE = os.path.dirname(os.path.abspath(__file__))
RATIOS = ["0", "1", "0.5", "0.1", "0.01", "0.25", "0.3333333333333333", "0.999999", "0.0001", "1e-9",
          "1e-18", "5e-20", "0.9999999999999999", "1e-300"]
IDS = 5000
RANDOM = random.Random(20261121)


def build_go(folder):
    work, program = os.path.join(folder, "sampling_go"), os.path.join(folder, "sampling_go", "sampling")
    if shutil.which("go") is None:
        packages.skip("there is no Go here")
    shutil.copytree(os.path.join(HERE, "sampling_go"), work, dirs_exist_ok=True)
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
    try:
        subprocess.run(["go", "build", "-o", program, "."], cwd=work, env=environment, check=True,
                       timeout=400)
    except (subprocess.SubprocessError, OSError) as error:
        packages.skip(f"the SDK for Go cannot be built: {error}")
    return program


def bound_of(ratio):
    return round(float(ratio) * 2 ** 64)


def ids_for(ratio):
    """Random ids, and such as lie at the bound; none is zero."""
    lows = [RANDOM.getrandbits(64) for _ in range(IDS)]
    near = [bound_of(ratio) + d for d in (-1000, -3, -2, -1, 0, 1, 2, 3, 1000)]
    lows += [n for n in near + [0, 1, 2 ** 63 - 1, 2 ** 63, 2 ** 64 - 1] if 0 <= n < 2 ** 64]
    return [f"{RANDOM.getrandbits(63) + 1:016x}{low:016x}" for low in lows]


def decisions(command, ids, **environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SPANLOG_", "OTEL_"))}
    done = subprocess.run(command, input="\n".join(ids) + "\n", text=True, stdout=subprocess.PIPE,
                          env={**clean, **environment}, check=True, timeout=100)
    answers = done.stdout.split()
    assert len(answers) == len(ids), f"{len(answers)} answers to {len(ids)} ids from {command}"
    return answers


PYTHON = """
import sys
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased
sampler = TraceIdRatioBased(float(sys.argv[1]))
for line in sys.stdin:
    answer = sampler.should_sample(None, int(line, 16), "request")
    print(int(answer.decision is Decision.RECORD_AND_SAMPLE))
"""


def differences(name, ratio, ids, ours, theirs, except_near):
    bound, found = bound_of(ratio), 0
    for trace_id, mine, their in zip(ids, ours, theirs):
        if mine == their or except_near and abs(int(trace_id[16:], 16) - bound) <= 2:
            continue
        found += 1
        if found <= 5:
            print(f"ratio {ratio}, id {trace_id}: ours {mine}, {name} {their}")
    return found


def main():
    program, folder = map(os.path.abspath, sys.argv[1:3])
    os.makedirs(folder, exist_ok=True)
    python = packages.python_with(os.path.join(folder, "sampling_venv"), "opentelemetry.sdk.trace.sampling",
                                  "opentelemetry-sdk==1.*")
    go = build_go(folder)
    wrong, journals = 0, os.path.join(folder, "journals")
    for ratio in RATIOS:
        ids = ids_for(ratio)
        ours = decisions([program], ids, SPANLOG_OUTPUT="none", SPANLOG_JOURNAL_DIR=journals,
                         OTEL_TRACES_SAMPLER="traceidratio", OTEL_TRACES_SAMPLER_ARG=ratio)
        exact = float(ratio) == 0 or float(ratio) >= 2 ** -11
        wrong += differences("Go", ratio, ids, ours, decisions([go, ratio], ids), False)
        wrong += differences("Python", ratio, ids, ours, decisions([python, "-c", PYTHON, ratio], ids),
                             not exact)
        print(f"ratio {ratio}: {ours.count('1')} of {len(ids)} ids taken")
    print(f"{wrong} differences")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
