"""tests/movingin/preload_test.py TOOL PRELOAD [CC]: `spanlog exec --preload` over programs that know nothing of it.

Each runs with and without: same output, same status. Then the log, and for HTTP what the peer received.
"""

import glob
import http.server
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading

from sentences import equal, holds, run_tests, skip, wait_until

TOOL, PRELOAD = (os.path.abspath(path) for path in sys.argv[1:3])
CC = sys.argv[3] if len(sys.argv) > 3 else "cc"


def _both(place, *command, status=0, **more):
    """Without and with; equal output and status. Returns what it gave."""
    plain = place.run(*command, status=status, **more)
    traced = place.run(TOOL, "exec", "--name", "run", "--preload", "-o", place.log, "--", *command,
                       status=plain.returncode, **more)
    equal("stdout", traced.stdout, plain.stdout)
    equal("stderr", *(re.sub(rb"after \d+ ms", b"after N ms", done.stderr) for done in (traced, plain)))
    return traced


def _children(place):
    run = place.span("run")
    spans = [span for span in place.spans() if span["kind"] == "client"]
    equal("parents", {span["parent_id"] for span in spans} - {run["span_id"]}, set())
    return spans


def _program(place, source, *flags):
    path = place.file("program.c", source)
    place.run(CC, "-D_GNU_SOURCE", "-O2", "-w", path, "-o", f"{place.folder}/program", *flags)
    return f"{place.folder}/program"


# ---- HTTP -----------------------------------------------------------------------------------------


class Peer:
    """An HTTP server that notes the headers of each request."""

    def __init__(self):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seen.append((self.path, self.headers))
                if self.path == "/moved":
                    self.send_response(302)
                    self.send_header("Location", "/found")
                else:
                    self.send_response(503 if self.path == "/bad" else 200)
                body = b"hello\n"
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.server.shutdown()

    def traceparents(self):
        return [headers.get_all("traceparent") for _, headers in self.seen]


def _ids(span):
    return f"00-{span['trace_id']}-{span['span_id']}-"


def curl_sends_the_context_of_its_client_span(place):
    with Peer() as peer:
        _both(place, "curl", "-s", "-H", "X-Mine: 1", "-A", "me", f"{peer.url.replace('//', '//ann:secret@')}/orders/7?token=1")
        plain, traced = peer.seen
        span = _children(place)[0]
        equal("traceparent without", plain[1].get_all("traceparent"), None)
        holds("traceparent with", traced[1].get_all("traceparent")[0].startswith(_ids(span)), traced[1].items())
        added = [pair for pair in traced[1].items() if pair not in plain[1].items()]
        removed = [pair for pair in plain[1].items() if pair not in traced[1].items()]
        equal("headers that are other, besides", ([key for key, _ in added], removed), (["traceparent", "x-correlation-id"], []))
        seen = {key: span.get(key) for key in ("operation", "kind", "status_code", "url.full", "server.address", "server.port")}
        port = int(peer.url.rsplit(":", 1)[1])
        equal("span", seen, {"operation": "GET", "kind": "client", "status_code": 200,
                             "url.full": f"{peer.url}/orders/7", "server.address": "127.0.0.1", "server.port": port})


def each_of_curls_transfers_has_its_own_span(place):
    with Peer() as peer:
        for flags in ([], ["--parallel", "--no-progress-meter"]):
            if os.path.exists(place.log):
                os.remove(place.log)
            peer.seen.clear()
            command = ["curl", "-s", *flags, "-d", "x=1", f"{peer.url}/a", f"{peer.url}/bad", f"{peer.url}/c"]
            place.run(TOOL, "exec", "--name", "run", "--preload", "-o", place.log, "--", *command)
            spans = _children(place)
            equal("methods and codes", sorted((span["operation"], span["status_code"]) for span in spans),
                  [("POST", 200), ("POST", 200), ("POST", 503)])
            equal("contexts sent", sorted(values[0][:53] for values in peer.traceparents()),
                  sorted(_ids(span) for span in spans))


def a_program_that_sends_a_traceparent_keeps_its_own(place):
    own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Peer() as peer:
        _both(place, "curl", "-s", "-H", f"traceparent: {own}", peer.url)
        equal("traceparents", peer.traceparents(), [[own], [own]])


def curl_follows_a_redirect_in_one_span(place):
    with Peer() as peer:
        _both(place, "curl", "-sL", f"{peer.url}/moved")
        equal("span", [(span["url.full"], span["status_code"]) for span in _children(place)], [(f"{peer.url}/found", 200)])


def a_refused_connection_is_an_error_and_curls_status_stays(place):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        _both(place, "curl", "-sS", f"http://127.0.0.1:{unused.getsockname()[1]}/", status=7)
    span = _children(place)[0]
    equal("span", (span["status"], span["curl.code"], span["error"]), ("error", 7, "Couldn't connect to server"))


def a_program_may_reuse_copy_and_reset_its_handles(place):
    program = _program(place, """
    #include <curl/curl.h>
    #include <stdio.h>
    static size_t drop(char *p, size_t s, size_t n, void *u) { return s * n; }
    int main(int argc, char **argv) {
        CURL *a = curl_easy_init();
        struct curl_slist *list = curl_slist_append(NULL, "X-Mine: 1");
        curl_easy_setopt(a, CURLOPT_URL, argv[1]);
        curl_easy_setopt(a, CURLOPT_WRITEFUNCTION, drop);
        curl_easy_setopt(a, CURLOPT_HTTPHEADER, list);
        curl_easy_setopt(a, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)1 << 40);
        for (int i = 0; i < 2; i++) printf("%d ", curl_easy_perform(a));
        CURL *b = curl_easy_duphandle(a);
        printf("%d ", curl_easy_perform(b));
        curl_easy_reset(a);
        curl_easy_setopt(a, CURLOPT_URL, argv[1]);
        curl_easy_setopt(a, CURLOPT_WRITEFUNCTION, drop);
        printf("%d ", curl_easy_perform(a));
        CURLM *m = curl_multi_init();
        int left = 1, n;
        curl_easy_setopt(b, CURLOPT_HTTPHEADER, NULL);
        curl_multi_add_handle(m, b);
        curl_easy_setopt(b, CURLOPT_HTTPHEADER, list);
        while (left) { curl_multi_perform(m, &left); curl_multi_poll(m, NULL, 0, 100, NULL); }
        CURLMsg *message = curl_multi_info_read(m, &n);
        printf("%d %d ", message->msg, message->data.result);
        curl_multi_remove_handle(m, b);
        curl_multi_add_handle(m, a);
        curl_multi_remove_handle(m, a);
        curl_easy_cleanup(a); curl_easy_cleanup(b); curl_multi_cleanup(m);
        curl_slist_free_all(list);
        return 0;
    }""", "-lcurl")
    with Peer() as peer:
        _both(place, program, peer.url)
        equal("the program's header", [headers.get("X-Mine") for _, headers in peer.seen], ["1", "1", "1", None, "1"] * 2)
        spans = _children(place)
        equal("errors", [span.get("error") for span in spans], [None] * 5 + ["removed before it began"])
        equal("contexts sent", [values[0][:53] for values in peer.traceparents()[5:]], [_ids(span) for span in spans[:5]])


# ---- SQL ------------------------------------------------------------------------------------------


def sqlite3_statements_are_client_spans_without_values(place):
    sql = ("create table t(a unique, b); insert into t values(17, 'o''secret'); /* no */ select * from t where b <> 'secret'; "
           "select count(*) from t;")
    _both(place, "sqlite3", ":memory:", sql)
    spans = _children(place)
    equal("spans", [(span["operation"], span["db.query.text"], span["db.response.returned_rows"]) for span in spans],
          [("CREATE", "create table t(a unique, b)", 0), ("INSERT", "insert into t values(?, ?)", 0),
           ("SELECT", "select * from t where b <> ?", 1), ("SELECT", "select count(*) from t", 1)])
    equal("system", {span["db.system.name"] for span in spans}, {"sqlite"})


def a_failing_statement_of_sqlite3_is_an_error(place):
    _both(place, "sqlite3", f"{place.folder}/x.db", "create table if not exists t(a unique); delete from t; insert into t values(1); insert into t values(1);",
          status=None)
    span = _children(place)[-1]
    equal("span", (span["status"], span["error"], span["db.response.status_code"], span["db.namespace"]),
          ("error", "constraint failed", 19, f"{place.folder}/x.db"))


def a_module_that_python_opens_takes_part(place):
    """Its SQLite is not in the global scope."""
    script = ("import sqlite3; c = sqlite3.connect(':memory:'); c.execute('create table t(a)'); "
              "c.executemany('insert into t values(?)', [(1,), (2,)]); print(list(c.execute('select a from t')))")
    _both(place, sys.executable, "-c", script)
    spans = _children(place)
    equal("operations", [span["operation"] for span in spans], ["CREATE", "BEGIN", "INSERT", "INSERT", "SELECT"])
    equal("rows", spans[-1]["db.response.returned_rows"], 2)


def _unprivileged(place):
    """Who runs a server: not root. The files it needs go to the test's folder."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(place.folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


class Postgres:
    def __init__(self, place):
        binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin")) + [os.path.dirname(shutil.which("initdb") or "/")]
        self.bin = binaries[-1] if len(binaries) == 1 else binaries[-2]
        if not os.path.exists(f"{self.bin}/initdb") or not os.path.exists(f"{self.bin}/psql"):
            skip("PostgreSQL is not installed")
        self.place, self.who = place, _unprivileged(place)
        self.data = f"{place.folder}/data"

    def __enter__(self):
        place = self.place
        place.run(f"{self.bin}/initdb", "-D", self.data, "-U", "tester", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8",
                  **self.who)
        self.server = place.start(f"{self.bin}/postgres", "-D", self.data, "-k", place.folder, "-h", "", "-F",
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.who)
        place.environment.update(PGHOST=place.folder, PGUSER="tester", PGDATABASE="postgres", PSQLRC="/dev/null")
        wait_until("PostgreSQL answers", lambda: place.run(f"{self.bin}/pg_isready", status=None).returncode == 0)
        return self

    def __exit__(self, *why):
        self.server.send_signal(signal.SIGINT)
        self.server.wait(30)


def psql_queries_are_client_spans(place):
    with Postgres(place) as postgres:
        psql = [f"{postgres.bin}/psql", "-X", "-q"]
        _both(place, *psql, "-c", "select n, 'secret' as s from generate_series(1, 3) n", "-c", "select $$also$$ as b")
        spans = [span for span in _children(place)]
        equal("spans", [(span["operation"], span["db.query.text"], span["db.response.returned_rows"]) for span in spans],
              [("SELECT", "select n, ? as s from generate_series(?, ?) n", 3), ("SELECT", "select ? as b", 1)])
        seen = {key: spans[0][key] for key in ("db.system.name", "db.namespace", "server.address", "server.port")}
        equal("server", seen, {"db.system.name": "postgresql", "db.namespace": "postgres", "server.address": place.folder,
                               "server.port": 5432})
        os.remove(place.log)
        _both(place, *psql, "-c", "select * from nosuch", status=1)
        span = _children(place)[0]
        equal("error", (span["status"], span["error"]), ("error", "42P01"))
        os.remove(place.log)
        _both(place, *psql, "-c", "\\d", "-c", "\\copy (select 1) to stdout", input=b"")
        holds("spans of what psql asks for itself", len(_children(place)) >= 2, place.spans())


SENDS = r"""
#include <stdio.h>
void *PQconnectdb(const char *), *PQgetResult(void *);
void PQclear(void *), PQfinish(void *);
int PQsendQuery(void *, const char *), PQntuples(void *);
int main(void) {
    void *connection = PQconnectdb(""), *result;
    printf("%d", PQsendQuery(connection, "select generate_series(1, 3)"));
    printf("%d", PQsendQuery(connection, "select 2")); /* too early */
    while ((result = PQgetResult(connection))) {
        printf(" %d rows", PQntuples(result));
        PQclear(result);
    }
    PQfinish(connection);
    connection = PQconnectdb("port=1");
    printf(" %d\n", PQsendQuery(connection, "select 3"));
    PQfinish(connection);
}
"""


def a_query_that_is_refused_is_an_error_and_leaves_the_one_before_it_alone(place):
    with Postgres(place):
        libraries = sorted(glob.glob("/usr/lib/*/libpq.so.5"))
        if not libraries:
            skip("libpq is not installed")
        done = _both(place, _program(place, SENDS, libraries[0]))
        equal("output", done.stdout, b"10 3 rows 0\n")
        equal("spans", [(span["db.query.text"], span["db.response.returned_rows"], span.get("error"))
                        for span in _children(place)],
              [("select generate_series(?, ?)", 3, None), ("select ?", 0, "not sent")])


# ---- syslog(3) ------------------------------------------------------------------------------------


def _inetd(place):
    """openbsd-inetd: a daemon that calls syslog(3)."""
    path = shutil.which("inetd", path="/usr/sbin:/sbin")
    if path is None:
        skip("openbsd-inetd is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    place.file("inetd.conf", f"nosuchservice stream tcp nowait {user} /bin/false false\n"
                             f"127.0.0.1:{port} stream tcp nowait {user} /bin/cat cat\n")
    return path, port


def _echo(port):
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"ping\n")
        return connection.recv(100)


def _can_connect(port):
    try:
        return _echo(port) == b"ping\n"
    except OSError:
        return False


def a_daemons_syslog_calls_become_records(place):
    inetd, port = _inetd(place)
    who = _unprivileged(place)
    results = []
    for command in ([inetd], [TOOL, "exec", "--name", "run", "--preload", "-o", place.log, "--", inetd]):
        tool = place.folder if who else os.path.dirname(TOOL)  # who is not root may not reach the build folder
        if who and not os.path.exists(f"{place.folder}/spanlog"):
            shutil.copy(TOOL, place.folder)
            shutil.copy(PRELOAD, place.folder)
        command = [f"{tool}/spanlog" if word == TOOL else word for word in command]
        process = place.start(*command, "-i", f"{place.folder}/inetd.conf", stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, **who)
        wait_until("inetd serves", lambda: _can_connect(port))
        process.send_signal(signal.SIGTERM)
        results.append((*process.communicate(timeout=20), process.returncode))
    equal("output and status with and without", results[1], results[0])
    messages = [line for line in place.logs() if line["service"] == "inetd"]
    holds("records", any("nosuchservice" in line["msg"] for line in messages), place.lines())
    run = place.span("run")
    for line in messages:
        equal("its span, logger and facility", (line["span_id"], line["logger"], line["syslog.facility"]),
              (run["span_id"], "inetd", "daemon"))


DAEMON = """
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>
/* Becomes a daemon as the old books have it, and then uses the lowest descriptors for its own. */
int main(int argc, char **argv) {
    openlog("olddaemon", LOG_PID, LOG_DAEMON);
    syslog(LOG_INFO, "before");
    if (fork()) { sleep(1); return 3; }
    setsid();
    if (fork()) _exit(0);
    syslog(LOG_INFO, "middle");
    chdir("/");
    umask(0);
    for (int fd = 0; fd < 1024; fd++) close(fd);
    clearenv();
    int null = open("/dev/null", O_RDWR);
    int mine[120];
    for (int i = 0; i < 120; i++) mine[i] = open(argv[1], O_RDWR | O_CREAT | O_APPEND, 0644);
    syslog(LOG_WARNING, "after %s", "all");
    int wrong = null != 0;
    for (int i = 0; i < 120; i++) wrong += mine[i] != i + 1 || fcntl(mine[i], F_GETFD) != 0;
    char text[40];
    int size = snprintf(text, sizeof text, "mine %d\\n", wrong);
    write(mine[119], text, size);
    close(mine[119]);
    rename(argv[1], argv[2]);
    return 0;
}
"""


def a_daemon_that_closes_all_descriptors_keeps_its_own_files(place):
    program = _program(place, DAEMON)
    _both(place, program, f"{place.folder}/mine", f"{place.folder}/whole", status=3)
    wait_until("the daemon is done", lambda: not os.path.exists(f"{place.folder}/mine"))
    equal("its file", open(f"{place.folder}/whole", encoding="utf-8").read(), "mine 0\n")
    equal("records", sorted((line["msg"], line["logger"]) for line in place.logs()),
          [("after all", "olddaemon"), ("before", "olddaemon"), ("middle", "olddaemon")])


def perror_is_as_it_was_and_written_once(place):
    program = _program(place, """
    #include <errno.h>
    #include <stdio.h>
    #include <syslog.h>
    int main(void) {
        openlog("p", LOG_PERROR, LOG_MAIL);
        errno = 13;
        syslog(LOG_ERR, "no %s: %m", "way");
        setlogmask(LOG_MASK(LOG_CRIT));
        syslog(LOG_ERR, "masked");
        closelog();
        return errno;
    }""", "-D_FORTIFY_SOURCE=2")
    done = _both(place, program, status=13)
    equal("stderr", done.stderr, b"p: no way: Permission denied\n")
    equal("records", [(line["msg"], line["level"]) for line in place.logs()], [("no way: Permission denied", "error")])


# ---- nothing else changes ---------------------------------------------------------------------------


def threads_handlers_and_descriptors_are_as_without(place):
    program = _program(place, """
    #include <dirent.h>
    #include <fcntl.h>
    #include <signal.h>
    #include <stdio.h>
    #include <string.h>
    #include <syslog.h>
    int main(void) {
        syslog(LOG_INFO, "first use");
        int handled = 0, tasks = 0;
        struct sigaction now;
        for (int i = 1; i < 32; i++)
            handled += sigaction(i, NULL, &now) == 0 && now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN;
        DIR *d = opendir("/proc/self/task");
        while (readdir(d)) tasks++;
        closedir(d);
        printf("%d handlers, %d tasks, next descriptor %d\\n", handled, tasks, open("/dev/null", O_RDONLY));
        return 0;
    }""")
    _both(place, program)
    equal("records", [line["msg"] for line in place.logs()], ["first use"])


def a_plugin_may_be_loaded_and_unloaded_and_no_error_is_left(place):
    plugin = place.file("plugin.c", """
    #include <sqlite3.h>
    int work(void) { sqlite3 *db; int rc = sqlite3_open(":memory:", &db);
        rc = rc ? rc : sqlite3_exec(db, "create table t(a)", 0, 0, 0); sqlite3_close(db); return rc; }""")
    place.run(CC, "-shared", "-fPIC", "-O2", plugin, "-o", f"{place.folder}/plugin.so", "-lsqlite3")
    program = _program(place, """
    #include <dlfcn.h>
    #include <stdio.h>
    int main(int argc, char **argv) {
        printf("%d ", dlerror() == NULL);
        for (int i = 0; i < 3; i++) {
            void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
            int (*work)(void) = dlsym(plugin, "work");
            printf("%d ", work());
            dlclose(plugin);
        }
        printf("%d", dlerror() == NULL);
        return 0;
    }""", "-ldl")
    _both(place, program, f"{place.folder}/plugin.so")
    equal("spans", [span["operation"] for span in _children(place)], ["CREATE"] * 3)


def a_signal_that_kills_kills_as_ever(place):
    program = _program(place, """
    #include <signal.h>
    #include <syslog.h>
    int main(void) { syslog(LOG_INFO, "x"); raise(SIGSEGV); return 0; }""")
    _both(place, program, status=-signal.SIGSEGV)
    equal("signal", place.span("run")["process.exit.signal"], "SIGSEGV")


def a_log_that_cannot_be_written_is_not_the_programs_trouble(place):
    program = _program(place, """
    #include <syslog.h>
    int main(void) { for (int i = 0; i < 5000; i++) syslog(LOG_INFO, "line %d", i); return 4; }""")
    environment = {"LD_PRELOAD": PRELOAD, "SPANLOG_OUTPUT": "file:/nowhere/log.jsonl"}
    done = place.run(program, status=4, environment=environment)
    equal("output", (done.stdout, done.stderr), (b"", b""))
    done = place.run(program, status=4, environment={"LD_PRELOAD": PRELOAD, "SPANLOG_OUTPUT": "loud:x", "SPANLOG_LEVEL": "?"})
    equal("stderr with a bad setting", done.stderr, b"")


def a_limit_of_files_sizes_does_not_end_the_program(place):
    _both(place, "sh", "-c", "ulimit -f 0; sqlite3 :memory: 'select 1'; echo $?")


def without_an_output_nothing_is_written(place):
    done = place.run("sqlite3", ":memory:", "select 1", environment={"LD_PRELOAD": PRELOAD})
    equal("output", (done.stdout, done.stderr), (b"1\n", b""))
    equal("files", os.listdir(place.folder), [])


def a_program_in_a_clean_environment_runs_as_ever(place):
    _both(place, "env", "-i", "/bin/sh", "-c", "echo $LD_PRELOAD; exit 3", status=3)


def the_commands_own_context_is_the_parent(place):
    """An exec inside: its span, not the outer one, is the parent of what runs below it."""
    place.run(TOOL, "exec", "--preload", "--name", "outer", "-o", place.log, "--", "sh", "-c",
              "spanlog exec --name inner -- sqlite3 :memory: 'select 1'")
    equal("parent", place.span("SELECT")["parent_id"], place.span("inner")["span_id"])


def a_night_is_one_tree(place):
    with Peer() as peer:
        place.run(TOOL, "exec", "--preload", "--name", "nightly", "-o", place.log, "--", "sh", "-c",
                  f"spanlog log hello; spanlog exec --name inner -- curl -s {peer.url}/orders")
        tree = place.run(TOOL, "trace", "--json", place.span("nightly")["trace_id"][-8:], place.log).stdout
        spans = [json.loads(line) for line in tree.splitlines()]
        equal("tree", [(span["depth"], span["service"], span["operation"], span["logs"]) for span in spans],
              [(0, "nightly", "nightly", 1), (1, "nightly", "inner", 0), (2, "curl", "GET", 0)])
        equal("orphans", place.run(TOOL, "traces", "--json", place.log).stdout.count(b'"orphans":0'), 1)


run_tests(globals(), TOOL, os.environ.get("SENTENCE"))
