"""tests/unit/tail_load_test.py PROGRAM [REQUESTS]: every failing trace whole, record by record.

Runs tail_load, several threads that serve requests and write down what they did, with a tenth of the
traces sampled and SPANLOG_TAIL=errors, and holds the log against that: of a trace that failed every
span and record is there exactly once; of a sampled one that did not every span and info record, and no
debug record; of the others the info records only. Then, with other traces held open that would take many
times as much, the process's memory stays within SPANLOG_TAIL_MEMORY and what it takes without a tail.
"""

import collections
import json
import os
import subprocess
import sys
import tempfile

THREADS, RATIO = 4, 0.1
HELD = 3000  # traces, of 25 KB each
KIB_BESIDE = 14 * 1024  # 5.5 MB with small rings, 3 MB for as many open spans; the rest is room


def run(program, folder, requests, *held, **more):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SPANLOG_", "OTEL_"))}
    environment = {**clean, "SPANLOG_OUTPUT": f"file:{folder}/log.jsonl", "SPANLOG_TAIL": "errors",
                   "SPANLOG_JOURNAL_DIR": f"{folder}/journals",
                   "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
                   "OTEL_TRACES_SAMPLER_ARG": str(RATIO), "SPANLOG_BLOCK_MS": "60000", **more}
    done = subprocess.run([program, str(THREADS), str(requests), f"{folder}/done.txt", *held], env=environment,
                          check=True, timeout=600, stdout=subprocess.PIPE, text=True)
    return int(done.stdout.removeprefix("VmHWM "))


def read_log(path):
    """For each trace, what it has of each sort: the numbers that its lines carry."""
    traces = collections.defaultdict(lambda: {"span": [], "debug": [], "info": [], "flags": set()})
    others = collections.Counter()
    with open(path, encoding="utf-8") as lines:
        for text in lines:
            line = json.loads(text)
            if "trace_id" not in line:
                others[line["msg"]] += 1
                continue
            trace = traces[line["trace_id"]]
            sort = "span" if "operation" in line else line["level"]
            trace[sort].append(line.get("n", 0 if line["msg"].startswith("arrived") else None))
            trace["flags"].add(line["trace_flags"])
    return traces, others


def wrong_with(trace, failed, spans, debugs, infos):
    """What is wrong with the trace, or None."""
    sampled = trace["flags"] == {"01"}
    if len(trace["flags"]) != 1:
        return f"flags {trace['flags']}"
    wanted = {"span": spans if failed or sampled else 0, "debug": debugs if failed else 0,
              "info": infos}
    for sort, count in wanted.items():
        if sorted(trace[sort]) != list(range(count)):
            return f"{sort}: {len(trace[sort])} lines, expected {count}: {sorted(trace[sort])[:20]}"
    return None


def check_memory(program, folder):
    """Whether it is as it should be."""
    with open(program, "rb") as file:
        code = file.read()
    if b"__tsan_init" in code or b"__asan_init" in code:
        return True  # memory is the sanitizer's
    right = True
    for mib in (1, 4, 16):
        kib = run(program, folder, 500, str(HELD), SPANLOG_TAIL_MEMORY=f"{mib}M", SPANLOG_RING_SIZE="64K")
        print(f"tail of {mib} MiB, {HELD} traces of 25 KB wait: {kib} KiB at most")
        if kib > mib * 1024 + KIB_BESIDE:
            print(f"expected {mib * 1024 + KIB_BESIDE} KiB")
            right = False
    return right


def main():
    program, requests = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        run(program, folder, requests)
        traces, others = read_log(f"{folder}/log.jsonl")
        with open(f"{folder}/done.txt", encoding="utf-8") as done:
            rows = [row.split() for row in done]
        wrong = int(not check_memory(program, folder))
    failures, sampled = 0, 0
    for trace_id, *counts in rows:
        failed, spans, debugs, infos = map(int, counts)
        trace = traces.pop(trace_id, None)
        what = wrong_with(trace, failed, spans, debugs, infos) if trace else "not in the log"
        failures += failed
        sampled += bool(trace) and trace["flags"] == {"01"}
        if what:
            wrong += 1
            if wrong <= 10:
                print(f"{trace_id}, {'failed' if failed else 'well'}: {what}")
    total = len(rows)
    deviation = (total * RATIO * (1 - RATIO)) ** 0.5
    if total != THREADS * requests or traces or others["records dropped"]:
        print(f"{total} requests, {len(traces)} unknown traces, {dict(others)}")
        wrong += 1
    if abs(sampled - total * RATIO) > 5 * deviation:
        print(f"{sampled} of {total} sampled, expected {total * RATIO:.0f} +- {5 * deviation:.0f}")
        wrong += 1
    print(f"{total} requests, {failures} failed, {sampled} sampled: {wrong} wrong")
    return wrong > 0 or failures == 0


if __name__ == "__main__":
    sys.exit(main())
