"""tests/bench/call_site.py: what one more call site of four fields adds to a program.

    call_site.measure("cc", ["include"])    {'site_text_bytes': 96.0, 'site_data_bytes': ..., ...}

Compiles a file with 100 and one with 1,100 call sites at -O2 and takes the difference, for a record
and, as an anchor, for a printf of the same values.
"""

import os
import subprocess
import tempfile
import time

FEW, MANY = 100, 1100
TIMES = 3  # the least counts: what disturbs a compiler only adds

HEAD = """#include <spanlog/spanlog.h>
#include <stdio.h>
void work(const char *user, const char *peer, int hits, double ms);
"""
FUNCTION = "void work%d(const char *user, const char *peer, int hits, double ms) {\n%s}\n"
RECORD = ('    spanlog_info("cache miss %d", kv("key", user), kv("peer", peer), '
          'kv("hits", hits + %d), kv("ms", ms));\n')
PRINTF = ('    printf("cache miss %d key=%%s peer=%%s hits=%%d ms=%%g\\n", user, peer, '
          'hits + %d, ms);\n')
SITES_A_FUNCTION = 10


def source(statement, count):
    parts = [HEAD.replace("void work(", "void work0(")]
    for first in range(0, count, SITES_A_FUNCTION):
        body = "".join(statement % (i, i) for i in range(first, first + SITES_A_FUNCTION))
        parts.append(f"void work{first}(const char *user, const char *peer, int hits, double ms);\n"
                     if first else "")
        parts.append(FUNCTION % (first, body))
    return "".join(parts)


def section_bytes(path):
    """(code, data) of an object file; what only the linker sees is left out."""
    code = data = 0
    text = subprocess.run(["size", "-A", path], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        words = line.split()
        if len(words) != 3 or not words[1].isdigit():
            continue
        if words[0].startswith(".text"):
            code += int(words[1])
        elif words[0].startswith((".data", ".rodata", ".bss")):
            data += int(words[1])
    return code, data


def compile_once(compiler, includes, folder, statement, count):
    """(code bytes, data bytes, seconds)."""
    path, out = os.path.join(folder, "sites.c"), os.path.join(folder, "sites.o")
    with open(path, "w", encoding="utf-8") as f:
        f.write(source(statement, count))
    command = [compiler, "-std=gnu11", "-O2", "-c", path, "-o", out,
               *("-I" + include for include in includes)]
    usage = os.times()
    subprocess.run(command, check=True)
    after = os.times()
    cpu = after.children_user + after.children_system - usage.children_user - usage.children_system
    return (*section_bytes(out), cpu)


def per_site(compiler, includes, statement):
    with tempfile.TemporaryDirectory() as folder:
        few, many = (min(compile_once(compiler, includes, folder, statement, count) for _ in range(TIMES))
                     for count in (FEW, MANY))
    return [(b - a) / (MANY - FEW) for a, b in zip(few, many)]


def measure(compiler, includes):
    code, data, seconds = per_site(compiler, includes, RECORD)
    printf_code, _, printf_seconds = per_site(compiler, includes, PRINTF)
    return {"site_text_bytes": code, "site_data_bytes": data, "site_compile_ms": seconds * 1000,
            "printf_site_text_bytes": printf_code, "printf_site_compile_ms": printf_seconds * 1000}


if __name__ == "__main__":
    started = time.monotonic()
    for name, value in measure("cc", ["include"]).items():
        print(f"{name} {value:.3g}")
