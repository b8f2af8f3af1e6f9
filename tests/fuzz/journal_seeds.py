"""tests/fuzz/journal_seeds.py WRITER DIRECTORY: seeds for journal_fuzz from real journals.

WRITER is a program that logs and kills itself; it is run a few times and what its journals hold is
written to DIRECTORY in the form that journal_fuzz.c describes.
"""

import os
import re
import struct
import subprocess
import sys
import tempfile


def pieces(data):
    """The runs that are not zero, joined over gaps of less than 16 bytes."""
    for match in re.finditer(rb"[^\0](?:\0{0,15}[^\0])*", data):
        start = match.start() // 4 * 4
        for at in range(start, match.end(), 65532):
            yield at, data[at:min(match.end(), at + 65532)]


def encode(data):
    out = [struct.pack("<I", (len(data) + 1023) // 1024)]
    for at, text in pieces(data):
        out.append(struct.pack("<IH", at // 4, len(text)) + text)
    return b"".join(out)


def main(writer, directory):
    os.makedirs(directory, exist_ok=True)
    for run in range(6): # the last three with what waits for the end of traces
        with tempfile.TemporaryDirectory() as folder:
            journals = os.path.join(folder, "journals")
            environment = dict(os.environ, SPANLOG_JOURNAL_DIR=journals,
                               SPANLOG_OUTPUT=f"file:{folder}/log.jsonl")
            if run >= 3:
                environment.update(SPANLOG_TAIL="errors,slow:1ms", OTEL_TRACES_SAMPLER="always_off",
                                   SPANLOG_FLIGHT="10", SPANLOG_BURST="5/s")
            subprocess.run([writer, str(run % 3)], env=environment, check=False)
            for name in os.listdir(journals):
                with open(os.path.join(journals, name), "rb") as f:
                    seed = encode(f.read())
                with open(os.path.join(directory, f"journal-{run}"), "wb") as f:
                    f.write(seed)
                print(f"journal-{run}: {len(seed)} bytes")


main(*sys.argv[1:])
