/* tests/unit/library_check.h: each test of the library is a process of its own.
 *
 *     static void logs_twice(void) { spanlog_info("a"); spanlog_info("b"); }
 *     static void two_calls_are_two_lines(void **state) {
 *         with("SPANLOG_LEVEL", "debug");
 *         struct run run = run_child(logs_twice);
 *         assert_exit(&run, 0);
 *         assert_count(&run, "msg", "a", 1);
 *     }
 *
 * The child runs in a new directory, with SPANLOG_OUTPUT=file:log.jsonl and its own journals, and
 * no other setting of the environment than those of with(). Every line that it wrote must be one
 * JSON object. Inside a child, check() and check_equal() end the process with status 99.
 */
#ifndef SPANLOG_TESTS_LIBRARY_CHECK_H
#define SPANLOG_TESTS_LIBRARY_CHECK_H

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <spanlog/spanlog.h>

struct run {
    int status; /* as waitpid gives it */
    pid_t pid;
    double seconds;
    char *log;    /* log.jsonl */
    char *out;    /* stdout */
    char *err;    /* stderr */
    char **lines; /* of log, each ended by NUL */
    size_t count;
};

/* A setting for the next run_child; NULL takes a default away. */
void with(const char *name, const char *value);
/* Runs body() in a child, then exit(0). The run is freed with the test. */
struct run *run_child(void (*body)(void));
/* The same up to five times, until a child has ended within `seconds` and no check_in_time of its
 * failed: a busy machine delays any of them, and what is slow by itself is so each time. */
struct run *run_in_time(void (*body)(void), double seconds);
/* The same in the directory of the child before: a second start of the same service. */
struct run *run_again(void (*body)(void));
/* Runs a command line in the last child's directory; its output in run->out. */
struct run *run_command(const char *format, ...) SPANLOG__PRINTF(1, 2);
/* Frees all runs and texts of the test so far, for tests of many rounds. */
void forget_runs(void);
/* The two halves of run_child: between them the parent may do things to the running child. */
pid_t start_child(void (*body)(void));
struct run *finish_child(pid_t pid);

/* Whether the next logs may end in the middle of a line, as a death leaves them before recovery. */
void allow_torn_tail(bool allowed);
/* Where a test damages the bytes that lines are made of: those that are no JSON are left out. */
void allow_damaged_lines(bool allowed);

/* The directory of the last child. Valid until the next. */
const char *run_directory(void);
/* A file's text, "" when it is not there; free with the test. */
char *read_text(const char *path);
/* In a child: until its stderr has so many lines. */
void wait_until_said(unsigned lines);
/* Until the back sleeps for good. */
void wait_until_asleep(void);
/* The lines of a JSON log file, each checked, into run->lines. */
void read_lines(struct run *run, const char *path);
/* Number of names in a directory that end with `suffix`. */
unsigned count_files(const char *directory, const char *suffix);

/* The value of a top-level key as it stands in the line, strings without their quotes; NULL: no
 * such key. Valid until the end of the test. */
const char *field(const char *line, const char *key);
double number_field(const char *line, const char *key);
/* The n-th line whose `key` has that value; NULL when there is none. */
const char *find_line(const struct run *run, const char *key, const char *value, size_t n);
size_t count_lines(const struct run *run, const char *key, const char *value);
/* As find_line, n = 0, but fails the test when the line is missing. */
const char *need_line(const struct run *run, const char *key, const char *value);

#define assert_field(line, key, expected)                                                          \
    assert_field_((line), (key), (expected), __FILE__, __LINE__)
#define assert_no_field(line, key) assert_field_((line), (key), NULL, __FILE__, __LINE__)
#define assert_count(run, key, value, expected)                                                    \
    assert_count_((run), (key), (value), (expected), __FILE__, __LINE__)
#define assert_exit(run, code) assert_exit_((run), (code), __FILE__, __LINE__)
#define assert_signal(run, number) assert_exit_((run), -(number), __FILE__, __LINE__)
/* `text` stands in it exactly `times` times. */
#define assert_says(in, text, times) assert_says_((in), (text), (times), __FILE__, __LINE__)
void assert_field_(const char *line, const char *key, const char *expected, const char *file,
                   int at);
void assert_count_(const struct run *run, const char *key, const char *value, size_t expected,
                   const char *file, int at);
void assert_exit_(const struct run *run, int code, const char *file, int at);
void assert_says_(const char *in, const char *text, unsigned times, const char *file, int at);

/* ---- inside a child ------------------------------------------------------------------------ */

#define check(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            child_failed(__FILE__, __LINE__, #condition);                                          \
    } while (0)
#define check_equal(a, b)                                                                          \
    do {                                                                                           \
        long long a_ = (long long)(a), b_ = (long long)(b);                                        \
        if (a_ != b_) {                                                                            \
            fprintf(stderr, "%lld != %lld: ", a_, b_);                                             \
            child_failed(__FILE__, __LINE__, #a " == " #b);                                        \
        }                                                                                          \
    } while (0)
/* Of a child of run_in_time: a bound on time that it keeps in this try. */
#define check_in_time(condition)                                                                   \
    do {                                                                                           \
        if (!(condition))                                                                          \
            child_is_late(__FILE__, __LINE__, #condition);                                         \
    } while (0)
void child_is_late(const char *file, int line, const char *what);
void child_failed(const char *file, int line, const char *what);

double now_seconds(void);
void sleep_ms(unsigned ms);
/* Runs body(arg) on a thread and joins it. */
void on_thread(void *(*body)(void *), void *arg);

/* Whether the tests were built with a sanitizer: they are slower and own some signals. */
bool under_sanitizer(void);
bool under_thread_sanitizer(void);
/* A test that this machine does not permit: says why; a failure when CI is set. */
void not_permitted(const char *why);

int fresh_directory(void **state);
int remove_directory(void **state);
/* One test with a directory of its own. */
#define sentence(test) cmocka_unit_test_setup_teardown(test, fresh_directory, remove_directory)

#endif
