"""tests/crash/crashing.py: one program that logs and dies, and what is left of it.

    with Case(tools, "/tmp", seed=7) as case:
        writer = case.start("run", threads=4)
        writer.wait_until_logging()
        writer.process.kill(); writer.process.wait()
        print(case.state())        # {'torn_tail': 1, 'undrained': 312, 'lines': 90101}
        case.recover("tool")
        print(case.check())        # {'lines': 90417, ..., 'lost': 0, 'twice': 0, 'torn': 0, ...}

Every case has a log, acknowledgement files (acknowledged.h) and a journal folder of its own, and
removes them at its end. Used by crash_run and step_run.
"""

import mmap
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

MAGIC = b"SPLACK01"
SIZE = 65536
SLOTS = 1023
HANG_S = 20.0


class Hang(Exception):
    """A program did not do in HANG_S seconds what it does in milliseconds."""


class Failed(Exception):
    """A tool of the test itself could not do its work."""


@dataclass
class Tools:
    writer: str
    check: str
    spanlog: str | None = None  # the command line tool; None: recovery by the next start only
    step: str | None = None


class Acknowledged:
    """The acknowledgement file of one program."""

    def __init__(self, path, run):
        self.path, self.run = path, run
        with open(path, "wb") as f:
            f.write(struct.pack("<8sQII", MAGIC, run, 0, 0).ljust(SIZE, b"\0"))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), SIZE)

    def close(self):
        self.map.close()

    def slots(self):
        """(records, opened, ended, pid) of every slot in use."""
        used = min(struct.unpack_from("<I", self.map, 16)[0], SLOTS)
        return [struct.unpack_from("<QQQI", self.map, 64 + 64 * i) for i in range(used)]

    def records(self):
        return sum(slot[0] for slot in self.slots())

    def stop(self):
        struct.pack_into("<I", self.map, 20, 1)


@dataclass
class Writer:
    """A running crash_writer."""

    process: subprocess.Popen
    acknowledged: Acknowledged
    threads: int
    logging_since: float = 0.0
    records_then: int = 0

    def wait_until_logging(self, records=500):
        """Until every thread has logged that many records."""
        deadline = time.monotonic() + HANG_S
        while True:
            slots = self.acknowledged.slots()
            if len(slots) >= self.threads and all(s[0] >= records for s in slots[: self.threads]):
                break
            if self.process.poll() is not None:
                raise Failed(f"the writer ended by itself: {self.process.returncode}")
            if time.monotonic() > deadline:
                raise Hang("the writer does not log")
            time.sleep(0.0005)
        self.logging_since, self.records_then = time.monotonic(), self.acknowledged.records()

    def rate(self):
        """Records a second since wait_until_logging; call it right after the kill."""
        elapsed = time.monotonic() - self.logging_since
        return (self.acknowledged.records() - self.records_then) / elapsed

    def kill(self):
        self.process.send_signal(signal.SIGKILL)

    def wait(self):
        """The wait status as Popen gives it: negative for a signal."""
        try:
            return self.process.wait(HANG_S)
        except subprocess.TimeoutExpired:
            # Its own session: this reaches its forked children as well, and nothing else.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise Hang("the writer does not end") from None


def parse_counts(text):
    return {key: int(value) for key, value in (word.split("=") for word in text.split())}


@dataclass
class Case:
    tools: Tools
    directory: str
    seed: int
    default_journal_dir: bool = False
    rotates: bool = False  # the log becomes many files of a MiB
    writers: list = field(default_factory=list)

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="spanlog-crash-", dir=self.directory)
        self.log = os.path.join(self.folder, "log.jsonl")
        shared = "/dev/shm" if os.path.isdir("/dev/shm") else self.directory
        self.journals = tempfile.mkdtemp(prefix="spanlog-crash-", dir=shared)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("SPANLOG_")}
        self.environment["SPANLOG_OUTPUT"] = "file:" + self.log + ("?rotate=1M" if self.rotates else "")
        self.environment["SERVICE_NAME"] = f"crash-{os.getpid()}-{self.seed}"
        if not self.default_journal_dir:
            self.environment["SPANLOG_JOURNAL_DIR"] = self.journals
        return self

    def __exit__(self, kind, *_):
        for writer in self.writers:
            if writer.process.poll() is None:
                writer.kill()
                writer.process.wait()
            writer.acknowledged.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.journals, ignore_errors=True)
        return False

    def acknowledged_file(self):
        name = os.path.join(self.folder, f"{len(self.writers)}.ack")
        return Acknowledged(name, self.seed * 100 + len(self.writers) + 1)

    def start(self, mode, threads=1, at=None, prefix=()):
        """Starts a crash_writer; `prefix` is a command that runs it (step_kill)."""
        acknowledged = self.acknowledged_file()
        command = [*prefix, self.tools.writer, acknowledged.path, mode, str(threads),
                   str(self.seed)]
        if at is not None:
            command.append(str(at))
        process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE if prefix else None,
                                   start_new_session=True)
        self.writers.append(Writer(process, acknowledged, threads))
        return self.writers[-1]

    def recover(self, way):
        """Finishes the log of the dead: by `spanlog recover` or by the next start."""
        if way == "tool":
            command = [self.tools.spanlog, "recover"]
            try:
                done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, timeout=HANG_S, check=False)
            except subprocess.TimeoutExpired:
                raise Hang("spanlog recover does not end") from None
            if done.returncode not in (0, 1):
                raise Failed(f"spanlog recover: status {done.returncode}: {done.stderr[:200]}")
            return
        status = self.start("exec").wait()
        if status != 0:
            raise Failed(f"the next start ended with {status}")

    def leftover_journals(self):
        """Journals that are still there after everyone died and recovery ran."""
        return [os.path.join(root, name) for root, _, names in os.walk(self.journals)
                for name in names if not name.endswith(".lock")]

    def old_files(self):
        """What rotation left, oldest first."""
        return sorted(os.path.join(self.folder, name) for name in os.listdir(self.folder)
                      if name.startswith("log.jsonl."))

    def whole_log(self):
        """One file with all lines in order."""
        if not os.path.exists(self.log):
            open(self.log, "w").close()
        if not self.rotates:
            return self.log
        whole = os.path.join(self.folder, "whole.jsonl")
        with open(whole, "wb") as out:
            for path in [*self.old_files(), self.log]:
                with open(path, "rb") as part:
                    shutil.copyfileobj(part, out, 1 << 20)
        return whole

    def run_check(self, *options):
        files = [w.acknowledged.path for w in self.writers]
        done = subprocess.run([self.tools.check, *options, self.whole_log(), *files], text=True,
                              errors="replace", stdin=subprocess.DEVNULL, capture_output=True,
                              check=False)
        if done.returncode not in (0, 1) or not done.stdout:
            raise Failed(f"crash_check: status {done.returncode}: {done.stderr}")
        return parse_counts(done.stdout), done.stderr

    def state(self):
        """The log as the death left it: torn_tail, undrained, lines."""
        return self.run_check("--state")[0]

    def check(self, *options):
        """The counts of crash_check; `report` names the first of each."""
        counts, report = self.run_check(*options)
        return {**counts, "report": report}


BAD = ("lost", "twice", "torn", "wrong")


def is_bad(counts):
    return any(counts[name] for name in BAD)


class Tally:
    """Sums over all cases, and the summary line."""

    def __init__(self):
        self.cases = self.torn_tails = self.undrained_cases = self.undrained = 0
        self.old_files = 0
        self.sums = dict.fromkeys(BAD, 0) | {"acknowledged": 0, "dropped": 0, "abandoned": 0}
        self.rates, self.failures = [], []

    def add_state(self, state):
        self.torn_tails += state["torn_tail"]
        self.undrained_cases += 1 if state["undrained"] else 0
        self.undrained += state["undrained"]

    def add(self, name, counts):
        self.cases += 1
        for key in self.sums:
            self.sums[key] += counts[key]
        if is_bad(counts):
            what = " ".join(f"{k}={counts[k]}" for k in (*BAD, "dropped"))
            self.fail(name, what, counts["report"])

    def fail(self, name, what, report=""):
        self.failures.append((name, what))
        print(f"FAILED {name}: {what}", flush=True)
        for line in report.splitlines()[:12]:
            print("    " + line[:300], flush=True)

    def median_rate(self):
        return sorted(self.rates)[len(self.rates) // 2] if self.rates else 0.0

    def summary(self):
        text = (f"{self.cases} deaths, {self.sums['acknowledged']:,} records acknowledged, "
                f"{self.torn_tails} torn tails, {self.undrained_cases} left undrained records "
                f"({self.undrained:,}), {self.sums['abandoned']:,} spans abandoned, "
                f"{self.old_files} files rotated away, "
                + ", ".join(f"{self.sums[name]} {name}" for name in BAD))
        if self.sums["dropped"]:
            text += f", {self.sums['dropped']} said to be dropped"
        if self.rates:
            text += (f"; {self.median_rate() / 1e6:.2f} M records/s median "
                     f"({min(self.rates) / 1e6:.2f} to {max(self.rates) / 1e6:.2f})")
        return text
