"""tests/cxx/headers_test.py INCLUDE FOLDER: the public headers in every language they are promised for.

Each wrong use has to fail with a message that names the mistake; each right one, and each header by
itself, has to compile without a diagnostic. FOLDER is where right.c, right.cc and wrong.c lie.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

WARNINGS = ("-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual -Wwrite-strings "
            "-Wstrict-aliasing -Werror").split()
C = ["c11", "gnu11", "c99", "gnu99", "gnu17"]
CXX = ["c++17", "c++20", "gnu++17"]
COMPILERS = [(name, "c", C) for name in ("gcc", "clang")] + \
            [(name, "c++", CXX) for name in ("g++", "clang++")]

include, folder = sys.argv[1:]
failures = []


def compile_text(compiler, language, standard, text, flags=()):
    command = [compiler, "-x", language, f"-std={standard}", *WARNINGS, *flags, "-I" + include, "-O1",
               "-c", "-o", os.devnull, "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def expect_silence(name, compiler, language, standard, text, flags=()):
    result = compile_text(compiler, language, standard, text, flags)
    if result.returncode != 0 or result.stderr:
        failures.append(f"{name} does not compile with {compiler} -std={standard}:\n{result.stderr[:3000]}")


def expect_error(name, compiler, language, standard, text, words):
    result = compile_text(compiler, language, standard, text)
    if result.returncode == 0:
        failures.append(f"{name} compiles with {compiler} -std={standard}")
    elif not re.search(words, result.stderr):
        failures.append(f"{name}: {compiler} -std={standard} does not say /{words}/:\n{result.stderr[:2000]}")


def read(name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return f.read()


def wrong_uses():
    """wrong.c: `/* NAME: WORDS; C++: WORDS */`, then a statement, up to the next empty line."""
    blocks = read("wrong.c").split("\n\n", 1)[1] # behind its head
    for match in re.finditer(r"/\* ([^:]+): (.+?); C\+\+: (.+?) \*/\n(.+?)\n(?:\n|$)", blocks, re.S):
        name, words, words_cxx, statement = match.groups()
        yield name, words, words_cxx, ("#include <spanlog/spanlog.h>\nstruct s { int x; };\n"
                                       "void f(int n, const char *text);\n"
                                       f"void f(int n, const char *text) {{\n{statement}\n"
                                       "(void)n; (void)text;\n}\n")


# Headers that include another library's, which may not be here.
FOREIGN = {"curl.h": "curl/curl.h", "microhttpd.h": "microhttpd.h", "grpcpp.h": "grpcpp/grpcpp.h"}
ONLY_CXX = {"grpcpp.h"}


def is_usable(header):
    if header not in FOREIGN or os.environ.get("CI"):
        return True
    language = ("g++", "c++", "c++17") if header in ONLY_CXX else ("gcc", "c", "gnu11")
    there = compile_text(*language, f"#include <{FOREIGN[header]}>\n").returncode == 0
    if not there:
        print(f"not tested: <spanlog/{header}>, there is no <{FOREIGN[header]}>")
    return there


def jobs():
    headers = [name for name in sorted(os.listdir(os.path.join(include, "spanlog"))) if is_usable(name)]
    for compiler, language, standards in COMPILERS:
        if shutil.which(compiler) is None:
            if os.environ.get("CI"):
                failures.append(f"there is no {compiler}")
            continue
        for standard in standards:
            for header in headers:
                if header in ONLY_CXX and standard != CXX[0]: # gRPC's headers take their time
                    continue
                yield expect_silence, (header, compiler, language, standard, f"#include <spanlog/{header}>\n")
            yield expect_silence, ("right.c", compiler, language, standard, read("right.c"))
            if language == "c++":
                yield expect_silence, ("right.cc", compiler, language, standard, read("right.cc"))
        yield expect_silence, ("without short names", compiler, language, standards[0],
                               "#include <spanlog/spanlog.h>\nstatic int kv, kv_n, kv_hex, kv_ptr, kv_json;\n"
                               "int f(void);\nint f(void) {\nspanlog_info(\"m\", spanlog_kv(\"k\", 1));\n"
                               "return kv + kv_n + kv_hex + kv_ptr + kv_json;\n}\n",
                               ["-DSPANLOG_NO_SHORT_NAMES"])
        for name, words, words_cxx, text in wrong_uses():
            yield expect_error, (name, compiler, language, standards[0], text,
                                 words if language == "c" else words_cxx)


with concurrent.futures.ThreadPoolExecutor(2) as pool:
    list(pool.map(lambda job: job[0](*job[1]), list(jobs())))
for failure in failures:
    print(failure)
print(f"{len(failures)} failures")
sys.exit(1 if failures else 0)
