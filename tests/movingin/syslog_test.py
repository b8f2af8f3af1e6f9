"""tests/movingin/syslog_test.py TOOL LIBRARY INCLUDE [CC]: programs that call syslog(3), built with
<spanlog/syslog.h>, what their log holds.
"""

import os
import sys

from sentences import equal, holds, run_tests

TOOL, LIBRARY, INCLUDE = (os.path.abspath(path) for path in sys.argv[1:4])
CC = sys.argv[4] if len(sys.argv) > 4 else "cc"
LINK = ["-L" + os.path.dirname(LIBRARY), "-lspanlog", "-Wl,-rpath," + os.path.dirname(LIBRARY), "-pthread"]
HEAD = "#include <errno.h>\n#include <stdarg.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"


def _build(place, source, *flags, compiler=CC, name="import.c"):
    path = place.file(name, source)
    place.run(compiler, "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-I" + INCLUDE, *flags, path,
              "-o", f"{place.folder}/import", *LINK)


def _run(place, source, *flags, environment=None, stderr=b"", **more):
    """The log of a program whose main is `source`."""
    _build(place, source if "main" in source else HEAD + "#include <spanlog/syslog.h>\nint main(void) {\n"
           + source + "\nreturn 0;\n}\n", *flags, **more)
    done = place.run(f"{place.folder}/import",
                     environment={"SPANLOG_OUTPUT": f"file:{place.log}", **(environment or {})})
    equal("stderr", done.stderr, stderr)
    place.stdout = done.stdout.decode()
    return [line for line in place.logs() if not line["msg"].startswith("process ")]


def an_included_header_makes_records_of_an_unchanged_source(place):
    source = HEAD + """#include <syslog.h>
    int main(void) {
        openlog("mailer", LOG_PID | LOG_NDELAY | LOG_CONS, LOG_MAIL);
        syslog(LOG_WARNING, "queue %s has %d letters", "out", 7);
        closelog();
        return 0;
    }"""
    lines = _run(place, source, "-include", "spanlog/syslog.h")
    equal("records", len(lines), 1)
    seen = {key: lines[0].get(key) for key in ("level", "msg", "logger", "syslog.facility")}
    equal("record", seen, {"level": "warn", "msg": "queue out has 7 letters", "logger": "mailer",
                           "syslog.facility": "mail"})
    holds("source", lines[0]["src"].endswith("import.c:9"), lines[0]["src"])


def it_compiles_as_c99_and_cxx_with_fortified_calls(place):
    source = HEAD + """#include <syslog.h>
    static void later(int priority, const char *format, ...) {
        va_list arguments;
        va_start(arguments, format);
        vsyslog(priority, format, arguments);
        va_end(arguments);
    }
    int main(int argc, char **argv) {
        (void)argv;
        if (argc == 1)
            syslog(LOG_ERR, "one");
        else
            syslog(LOG_ERR, "other");
        later(LOG_NOTICE, "two %d", 2);
        setlogmask(0);
        return 0;
    }"""
    for flags in (["-std=gnu99"], ["-std=c11", "-O2", "-D_FORTIFY_SOURCE=2"], ["-x", "c++", "-std=c++11"],
                  ["-x", "c++", "-std=c++17"]):
        lines = _run(place, source, "-include", "spanlog/syslog.h", *flags,
                     compiler="c++" if "c++" in flags else CC)
        equal(f"messages with {flags}", [line["msg"] for line in lines][-2:], ["one", "two 2"])


def the_eight_priorities_become_levels(place):
    lines = _run(place, "for (int p = 0; p < 8; p++) syslog(p, \"at %d\", p);",
                 environment={"SPANLOG_LEVEL": "debug"})
    equal("levels", [line["level"] for line in lines],
          ["fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug"])


def debug_is_off_until_it_is_asked_for(place):
    lines = _run(place, "syslog(LOG_DEBUG, \"a\"); syslog(LOG_INFO, \"b\");")
    equal("messages", [line["msg"] for line in lines], ["b"])


def m_is_errno_at_the_call_and_errno_stays(place):
    lines = _run(place, """
        errno = ENOENT;
        syslog(LOG_ERR, "first %s: %m", "x");
        printf("%d ", errno);
        const char *format = getenv("FORMAT");
        errno = EACCES;
        syslog(LOG_ERR, format, "y");
        printf("%d", errno);""", "-Wno-format-security", "-Wno-format-nonliteral",
        environment={"FORMAT": "second %s: %m"})
    equal("messages", [line["msg"] for line in lines],
          ["first x: No such file or directory", "second y: Permission denied"])
    equal("errno after the calls", place.stdout, "2 13")


def a_format_that_changes_is_formatted_at_each_call(place):
    lines = _run(place, """
        const char *formats[] = {"%s one", "two %s", "100%% %s"};
        for (int i = 0; i < 3; i++) syslog(LOG_INFO, formats[i], "x");""",
        "-Wno-format-security", "-Wno-format-nonliteral")
    equal("messages", [line["msg"] for line in lines], ["x one", "two x", "100% x"])


def a_count_conversion_is_not_carried_out(place):
    lines = _run(place, """
        int n = 7;
        const char *format = getenv("FORMAT");
        syslog(LOG_INFO, format, &n);
        printf("%d", n);""", "-Wno-format-security", "-Wno-format-nonliteral",
        environment={"FORMAT": "evil %n"})
    equal("message", [line["msg"] for line in lines], ["evil %n"])
    equal("n", place.stdout, "7")


def many_lines_are_one_record_and_the_last_newline_goes(place):
    lines = _run(place, """
        const char *format = getenv("FORMAT");
        syslog(LOG_INFO, "a\\nb %d\\n", 1);
        syslog(LOG_INFO, format);""", "-Wno-format-security", "-Wno-format-nonliteral",
        environment={"FORMAT": "c\nd\n"})
    equal("messages", [line["msg"] for line in lines], ["a\nb 1", "c\nd"])


def a_huge_message_is_cut_and_says_so(place):
    lines = _run(place, """
        size_t size = 1 << 20;
        char *text = malloc(size + 1);
        memset(text, 'x', size);
        text[size] = 0;
        syslog(LOG_INFO, "%s", text);
        syslog(LOG_INFO, text);""", "-Wno-format-security", "-Wno-format-nonliteral")
    for line in lines:
        holds("mark", line["msg"].endswith("…[truncated, 1048576 bytes]"), line["msg"][-60:])
        holds("size", 8000 < len(line["msg"]) < 20000, len(line["msg"]))
    equal("records", len(lines), 2)


def the_mask_holds_and_gives_the_old_one(place):
    lines = _run(place, """
        int old = setlogmask(LOG_UPTO(LOG_ERR));
        syslog(LOG_INFO, "masked");
        syslog(LOG_ERR, "seen");
        printf("%d %d", old, setlogmask(0) == LOG_UPTO(LOG_ERR));
        setlogmask(old);
        syslog(LOG_INFO, "again");""")
    equal("messages", [line["msg"] for line in lines], ["seen", "again"])
    equal("masks", place.stdout, "255 1")


def facility_of_the_call_beats_that_of_openlog_and_none_is_none(place):
    lines = _run(place, """
        syslog(LOG_INFO, "none");
        openlog(NULL, 0, LOG_LOCAL3);
        syslog(LOG_INFO, "opened");
        syslog(LOG_INFO | LOG_CRON, "called");""")
    equal("facilities", [line.get("syslog.facility") for line in lines], [None, "local3", "cron"])


def perror_writes_to_stderr_too(place):
    lines = _run(place, """
        openlog("noisy", LOG_PERROR, LOG_USER);
        errno = EPERM;
        syslog(LOG_ERR, "it %m");
        syslog(LOG_ERR, "ends\\n");""", stderr=b"noisy: it Operation not permitted\nnoisy: ends\n")
    equal("messages", [line["msg"] for line in lines], ["it Operation not permitted", "ends"])


def records_carry_the_span_around_them(place):
    source = HEAD + """#include <spanlog/spanlog.h>
    #include <spanlog/syslog.h>
    int main(void) {
        spanlog_scope(span, "work", kv("n", 1));
        syslog(LOG_INFO, "inside");
        return 0;
    }"""
    lines = _run(place, source)
    equal("span of the record", lines[0]["span_id"], place.span("work")["span_id"])


def threads_may_call_at_once(place):
    source = HEAD + """#include <pthread.h>
    #include <spanlog/syslog.h>
    static void *work(void *arg) {
        char name[16];
        snprintf(name, sizeof name, "t%d", (int)(long)arg);
        for (int i = 0; i < 1000; i++) {
            if (i % 100 == 0)
                openlog(strdup(name), 0, LOG_DAEMON);
            syslog(i % 2 ? LOG_INFO : LOG_ERR, "thread %s line %d", name, i);
        }
        return NULL;
    }
    int main(void) {
        pthread_t threads[4];
        for (long i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, work, (void *)i);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        return 0;
    }"""
    lines = _run(place, source)
    equal("messages", sorted(line["msg"] for line in lines),
          sorted(f"thread t{t} line {i}" for t in range(4) for i in range(1000)))


run_tests(globals(), TOOL, os.environ.get("SENTENCE"))
