"""tests/cxx/install_test.py BUILD SOURCE: the installed tree is enough to build a program.

Installs BUILD to a new prefix; builds four lines of C11, C99 and C++17 with pkg-config, shared and
static, and a project with find_package(spanlog); runs each and reads its line. The same with each
integration that the build has, by pkg-config and by find_package. Then looks at the
shared library: what it needs and what it exports. WERROR or not, sanitized or not: a sanitized build
only gets the last part's exports.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = """#include <spanlog/spanlog.h>
int main(void) {
    spanlog_scope(sp, "work", kv("n", 1));
    spanlog_info("installed", kv("k", "v"));
}
"""
PROJECT = """cmake_minimum_required(VERSION 3.18)
project(user C CXX)
find_package(spanlog 0.1 REQUIRED)
add_executable(shared main.c)
target_link_libraries(shared PRIVATE spanlog::spanlog)
add_executable(static main.c)
target_link_libraries(static PRIVATE spanlog::static)
add_executable(plus main.cc)
target_link_libraries(plus PRIVATE spanlog::spanlog)
"""

# A call of each integration, with what shows that it was linked.
INTEGRATIONS = {
    "http": ("spanlog/http.h", "", "char t[8]; spanlog_http_redact(\"/a\", t, sizeof t);"),
    "microhttpd": ("spanlog/microhttpd.h", "", "MHD_AccessHandlerCallback h = spanlog_microhttpd_handler; (void)h;"),
    "curl": ("spanlog/curl.h", "", "spanlog_curl_perform(NULL, NULL);"),
    "sqlite": ("spanlog/sqlite.h", "#include <sqlite3.h>\n",
               "sqlite3 *db; sqlite3_open(\":memory:\", &db); spanlog_sqlite_watch(db, NULL); sqlite3_close(db);"),
    "pq": ("spanlog/pq.h", "", "spanlog_pq_exec(NULL, \"\");"),
    "grpc": ("spanlog/grpc.h", "", "spanlog_grpc_server_end(NULL, 0, NULL);"),
    "grpcpp": ("spanlog/grpcpp.h", "", "auto c = spanlog::grpcpp::create_channel(\"shop:1\", nullptr); (void)c;"),
}
CXX = {"grpcpp"}
MAIN = """#include <%s>
%sint main(void) {
    %s
    spanlog_scope(sp, "work");
    spanlog_info("installed");
}
"""


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {result.returncode}:\n{result.stdout}\n{result.stderr}")
    return result.stdout


def expect_lines(program, environment):
    lines = [json.loads(line) for line in run(program, env=environment).splitlines()]
    messages = [line["msg"] for line in lines]
    wanted = ["process started", "installed", "span completed", "process ended"]
    if messages != wanted:
        sys.exit(f"{program} wrote {messages}, expected {wanted}")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def try_pkg_config(folder, environment):
    flags = run("pkg-config", "--cflags", "--libs", "spanlog", env=environment).split()
    write(f"{folder}/main.c", PROGRAM)
    write(f"{folder}/main.cc", PROGRAM)
    for compiler, standard, source in (("cc", "c11", "main.c"), ("cc", "gnu99", "main.c"),
                                       ("cc", "c99", "main.c"), ("c++", "c++17", "main.cc")):
        program = f"{folder}/{standard}"
        run(compiler, f"-std={standard}", f"{folder}/{source}", "-o", program, *flags)
        expect_lines(program, environment)


def try_find_package(folder, prefix, environment):
    write(f"{folder}/project/CMakeLists.txt", PROJECT)
    write(f"{folder}/project/main.c", PROGRAM)
    write(f"{folder}/project/main.cc", PROGRAM)
    run("cmake", "-S", f"{folder}/project", "-B", f"{folder}/out", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", f"{folder}/out")
    for program in ("shared", "static", "plus"):
        expect_lines(f"{folder}/out/{program}", environment)


def try_integrations(folder, prefix, where, environment):
    found = [name for name in INTEGRATIONS if os.path.exists(f"{where}/pkgconfig/spanlog-{name}.pc")]
    missing = sorted(set(INTEGRATIONS) - set(found))
    if missing and os.environ.get("CI"):
        sys.exit(f"CI is set and these integrations are not there: {missing}")
    project = ["cmake_minimum_required(VERSION 3.18)", "project(user C CXX)", "find_package(spanlog 0.1 REQUIRED)"]
    for name in found:
        source, compiler = (f"{name}.cc", "c++") if name in CXX else (f"{name}.c", "cc")
        write(f"{folder}/integrations/{source}", MAIN % INTEGRATIONS[name])
        flags = run("pkg-config", "--cflags", "--libs", f"spanlog-{name}", env=environment).split()
        run(compiler, "-Wall", "-Werror", f"{folder}/integrations/{source}", "-o", f"{folder}/pc-{name}", *flags)
        expect_lines(f"{folder}/pc-{name}", environment)
        project += [f"add_executable({name} {source})",
                    f"target_link_libraries({name} PRIVATE spanlog::{name})"]
    write(f"{folder}/integrations/CMakeLists.txt", "\n".join(project) + "\n")
    run("cmake", "-S", f"{folder}/integrations", "-B", f"{folder}/glue", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", f"{folder}/glue")
    for name in found:
        expect_lines(f"{folder}/glue/{name}", environment)
    print(f"integrations: {', '.join(found)}")


def look_at_library(library, sanitized):
    needed = re.findall(r"NEEDED.*\[(.+?)\]", run("readelf", "-d", library))
    others = [name for name in needed if not re.match(r"(libc|ld-linux.*|libpthread)\.so", name)]
    if others and not sanitized:
        sys.exit(f"{library} needs {others} beside libc")
    names = [line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()]
    foreign = [name for name in names if not re.match(r"(spanlog_|SPANLOG_0)", name)]
    if foreign:
        sys.exit(f"{library} exports {foreign}")
    declared = set(re.findall(r"\b(spanlog_\w+)\(", "".join(
        open(path, encoding="utf-8").read() for path in glob.glob(f"{sys.argv[2]}/include/spanlog/*.h"))))
    public = {name.split("@")[0] for name in names if re.match(r"spanlog_[a-z]", name)}
    if public - declared:
        sys.exit(f"exported and not in a header: {sorted(public - declared)}")


def main(build):
    prefix = tempfile.mkdtemp(prefix="spanlog-install-")
    try:
        with open(f"{build}/CMakeCache.txt", encoding="utf-8") as f:
            sanitized = re.search(r"^SPANLOG_SANITIZE:\w+=(.+)$", f.read(), re.M) is not None
        run("cmake", "--install", build, "--prefix", prefix)
        library, = glob.glob(f"{prefix}/lib*/**/libspanlog.so", recursive=True)
        look_at_library(library, sanitized)
        if sanitized:
            print("sanitized: programs are not built")
            return
        where = os.path.dirname(library)
        environment = dict(os.environ, PKG_CONFIG_PATH=f"{where}/pkgconfig", LD_LIBRARY_PATH=where,
                           SPANLOG_JOURNAL_DIR=f"{prefix}/journals")
        for name in [name for name in environment if name.startswith(("OTEL_", "LOG_"))]:
            del environment[name]
        environment.pop("SPANLOG_OUTPUT", None)
        try_pkg_config(f"{prefix}/try", environment)
        try_find_package(f"{prefix}/try", prefix, environment)
        try_integrations(f"{prefix}/try", prefix, where, environment)
        if "spanlog recover" not in run(f"{prefix}/bin/spanlog", "recover", "--help", env=environment):
            sys.exit("the tool is not installed")
        run(f"{prefix}/bin/spanlog", "exec", "--preload", "-o", f"{prefix}/log.jsonl", "true", env=environment)
    finally:
        shutil.rmtree(prefix)


main(sys.argv[1])
