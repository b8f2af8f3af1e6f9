/* tests/unit/library_log_test.c: records, their values, levels and loggers, as a program sees them.
 */
#include "tests/unit/library_check.h"

#include <limits.h>
#include <math.h>

/* ---- values -------------------------------------------------------------------------------- */

static void logs_every_type(void) {
    enum { WHATEVER = 3 } e = WHATEVER;
    char array[] = "array", *null = NULL;
    spanlog_info("types", kv("bool", (_Bool)1), kv("char", (char)65), kv("short", (short)-2),
                 kv("uchar", (unsigned char)200), kv("ll", LLONG_MIN), kv("ull", ULLONG_MAX),
                 kv("float", 0.1f), kv("double", 0.1), kv("ld", 2.5L), kv("array", array),
                 kv("null", null), kv("enum", e), kv("size", sizeof array), kv("literal", "l"),
                 kv("unsigned", (const unsigned char *)"u"), kv("int", INT_MIN));
    errno = ENOENT;
    spanlog_info("made", kv_n("n", "abcdef", 3), kv_n("zero", "x", 0), kv_n("none", NULL, 5),
                 kv_hex("hex", "\x00\xff\x10", 3), kv_hex("nohex", NULL, 3),
                 kv_ptr("ptr", (void *)0xbeef), kv_ptr("nil", NULL), kv_errno(),
                 kv_json("json", "{\"a\":[1,null]}"), kv_json("broken", "{\"a\":"),
                 kv_json("lines", "[1,\n2]"), kv_json("nojson", NULL));
    spanlog_info("doubles", kv("nan", NAN), kv("inf", INFINITY), kv("minus", -INFINITY),
                 kv("big", 1e300), kv("whole", 3.0), kv("tiny", 5e-324), kv("negzero", -0.0));
}

static void every_type_is_written_exactly(void **state) {
    (void)state;
    struct run *run = run_child(logs_every_type);
    const char *line = need_line(run, "msg", "types");
    static const char *const types[][2] = {{"bool", "true"},
                                           {"char", "65"},
                                           {"short", "-2"},
                                           {"uchar", "200"},
                                           {"ll", "-9223372036854775808"},
                                           {"ull", "18446744073709551615"},
                                           {"float", "0.1"},
                                           {"double", "0.1"},
                                           {"ld", "2.5"},
                                           {"array", "array"},
                                           {"null", "(null)"},
                                           {"enum", "3"},
                                           {"size", "6"},
                                           {"literal", "l"},
                                           {"unsigned", "u"},
                                           {"int", "-2147483648"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        assert_field(line, types[i][0], types[i][1]);
    static const char *const made[][2] = {{"n", "abc"},
                                          {"zero", ""},
                                          {"none", "(null)"},
                                          {"hex", "00ff10"},
                                          {"nohex", "(null)"},
                                          {"ptr", "0xbeef"},
                                          {"errno", "ENOENT: No such file or directory"},
                                          {"json", "{\"a\":[1,null]}"},
                                          {"broken", "{\\\"a\\\":"},
                                          {"lines", "[1,2]"},
                                          {"nojson", "(null)"}};
    line = need_line(run, "msg", "made");
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        assert_field(line, made[i][0], made[i][1]);
    line = need_line(run, "msg", "doubles");
    assert_field(line, "nan", "NaN");
    assert_field(line, "inf", "Infinity");
    assert_field(line, "minus", "-Infinity");
    assert_true(number_field(line, "big") == 1e300);
    assert_true(number_field(line, "whole") == 3);
    assert_true(number_field(line, "tiny") == 5e-324);
}

static int evaluated;

static int evaluate(void) {
    return ++evaluated;
}

static void evaluates(void) {
    spanlog_ctx none = {.flags = 0};
    spanlog_info("on", kv("n", evaluate()));
    spanlog_info_once("once", kv("n", evaluate()));
    spanlog_infof("on %d", evaluate());
    spanlog_scope(sp, "s", kv("n", evaluate()));
    spanlog_set(&sp, kv("m", evaluate()));
    spanlog_event(&sp, "e", kv("n", evaluate()));
    spanlog_begin(p, "p", SPANLOG_CLIENT, none, kv("n", evaluate()));
    spanlog_end(p);
    check_equal(evaluated, 7);
    spanlog_debug("off", kv("n", evaluate()));
    spanlog_debugf("off %d", evaluate());
    spanlog_debug("off", kv_n("n", "x", (size_t)evaluate()));
    /* The first call of a site that is off registers it; from the second on nothing is touched. */
    evaluated = 0;
    for (int i = 0; i < 3; i++) {
        spanlog_debug("off", kv("n", evaluate()));
        spanlog_trace_every(1, "off", kv("n", evaluate()));
    }
    check(evaluated <= 2);
}

static void arguments_are_evaluated_once_or_not_at_all(void **state) {
    (void)state;
    struct run *run = run_child(evaluates);
    assert_exit(run, 0);
    assert_field(need_line(run, "msg", "on"), "n", "1");
    assert_field(need_line(run, "msg", "on 3"), "msg", "on 3");
    assert_count(run, "msg", "off", 0);
}

static spanlog_logger db = SPANLOG_LOGGER("db"), pool = SPANLOG_LOGGER("db.pool"),
                      dbx = SPANLOG_LOGGER("dbx"), http = SPANLOG_LOGGER("http");

static void evaluates_first_off(void) {
    spanlog_info("first");
    for (int i = 0; i < 5; i++) {
        spanlog_debug("off", kv("n", evaluate()));
        spanlog_debugf("off %d", evaluate());
        spanlog_debug_to(db, "off", kv("n", evaluate()));
        spanlog_debug_every(2, "off", kv("n", evaluate()));
    }
    check_equal(evaluated, 0);
}

static void a_line_that_is_off_evaluates_nothing_not_even_at_first(void **state) {
    (void)state;
    assert_exit(run_child(evaluates_first_off), 0);
}

/* ---- levels and loggers -------------------------------------------------------------------- */

static void logs_at_every_level(void) {
    spanlog_trace("trace");
    spanlog_debug("debug");
    spanlog_info("info");
    spanlog_warn("warn");
    spanlog_error("error");
    spanlog_fatal("fatal");
    spanlog_tracef("tracef");
    spanlog_debugf("debugf");
    spanlog_infof("infof");
    spanlog_warnf("warnf");
    spanlog_errorf("errorf");
    spanlog_fatalf("fatalf");
}

static void assert_levels(const struct run *run, const char *first) {
    static const char *const levels[] = {"trace", "debug", "info", "warn", "error", "fatal"};
    bool on = false;
    for (size_t i = 0; i < 6; i++) {
        char printf_form[16];
        on |= strcmp(levels[i], first) == 0;
        snprintf(printf_form, sizeof printf_form, "%sf", levels[i]);
        assert_count(run, "msg", levels[i], on);
        assert_count(run, "msg", printf_form, on);
        if (on)
            assert_field(need_line(run, "msg", printf_form), "level", levels[i]);
    }
}

static void a_level_lets_through_itself_and_above(void **state) {
    (void)state;
    static const char *const levels[] = {"trace", "debug", "info", "warn", "error", "fatal", "off"};
    for (size_t i = 0; i < 7; i++) {
        with("SPANLOG_LEVEL", levels[i]);
        assert_levels(run_child(logs_at_every_level), levels[i]);
    }
    assert_levels(run_child(logs_at_every_level), "info");
}

static void logs_to_named_loggers(void) {
    for (int i = 0; i < 2; i++) { /* the same call sites with every logger */
        spanlog_logger *loggers[] = {&db, &pool, &dbx, &http};
        for (int l = 0; l < 4; l++) {
            spanlog_debug_to(*loggers[l], "debug", kv("k", l));
            spanlog_warn_to(*loggers[l], "warn", kv("k", l));
            spanlog_debugf_to(*loggers[l], "debugf %d", l);
        }
    }
    spanlog_debug("default");
}

static void directives_name_loggers_and_what_is_below_them(void **state) {
    (void)state;
    with("SPANLOG_LEVEL", "info,db=debug,db.pool=error");
    struct run *run = run_child(logs_to_named_loggers);
    static const struct {
        const char *logger;
        size_t debug, warn;
    } expected[] = {{"db", 2, 2}, {"db.pool", 0, 0}, {"dbx", 0, 2}, {"http", 0, 2}};
    for (size_t i = 0; i < 4; i++) {
        size_t debug = 0, warn = 0;
        for (size_t n = 0; find_line(run, "logger", expected[i].logger, n) != NULL; n++) {
            const char *level = field(find_line(run, "logger", expected[i].logger, n), "level");
            debug += strcmp(level, "debug") == 0;
            warn += strcmp(level, "warn") == 0;
        }
        assert_int_equal(debug, expected[i].debug * 2); /* and the printf form */
        assert_int_equal(warn, expected[i].warn);
    }
    assert_count(run, "msg", "default", 0);
    assert_count(run, "msg", "debugf 0", 2);
}

static void a_directive_may_lower_the_folders_logger(void **state) {
    (void)state;
    with("SPANLOG_LEVEL", "error,unit=debug");
    struct run *run = run_child(logs_at_every_level);
    assert_count(run, "msg", "trace", 0);
    assert_count(run, "msg", "debug", 1);
    assert_field(need_line(run, "msg", "debug"), "logger", "unit");
}

void logs_with_a_name_of_its_own(void); /* library_named.c */

static void logs_with_default_names(void) {
    spanlog_info("by folder");
    logs_with_a_name_of_its_own();
}

static void the_default_logger_is_the_folder_or_the_files_name(void **state) {
    (void)state;
    struct run *run = run_child(logs_with_default_names);
    assert_field(need_line(run, "msg", "by folder"), "logger", "unit");
    assert_field(need_line(run, "msg", "by name"), "logger", "payments");
    const char *src = field(need_line(run, "msg", "by folder"), "src");
    assert_true(strncmp(src, "unit/library_log_test.c:", 24) == 0);
}

static void *counts(void *unused) {
    for (int i = 0; i < 50; i++) {
        spanlog_info_once("once");
        spanlog_info_every(10, "every");
    }
    return unused;
}

static void logs_once_and_every(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, counts, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 7; i++)
        spanlog_warn_every(3, "third", kv("i", i));
}

static void once_is_once_and_every_n_is_the_first_of_n(void **state) {
    (void)state;
    struct run *run = run_child(logs_once_and_every);
    assert_count(run, "msg", "once", 1);
    assert_count(run, "msg", "every", 20);
    assert_count(run, "msg", "third", 3);
    assert_field(find_line(run, "msg", "third", 1), "i", "3");
}

/* ---- errno --------------------------------------------------------------------------------- */

static const char *no_header(void *arg, const char *name) {
    (void)name;
    return arg;
}

static void set_nothing(void *arg, const char *name, const char *value) {
    (void)arg, (void)name, (void)value;
}

#define KEEPS_ERRNO(call)                                                                          \
    do {                                                                                           \
        errno = 4321;                                                                              \
        call;                                                                                      \
        check_equal(errno, 4321);                                                                  \
    } while (0)

static void calls_everything(void) {
    spanlog_ctx none = {.flags = 0}, other;
    char id[33];
    spanlog_statistics stats = {.size = sizeof stats};
    KEEPS_ERRNO(spanlog_debug("off first"));
    KEEPS_ERRNO(spanlog_info("i", kv("s", "t")));
    KEEPS_ERRNO(spanlog_info("i", kv("s", "t")));
    KEEPS_ERRNO(spanlog_infof("i %d", 1));
    KEEPS_ERRNO(spanlog_infof("i %ls", L"wide"));
    KEEPS_ERRNO(spanlog_info_to(db, "i"));
    errno = 4321;
    spanlog_scope(sp, "s", kv("k", 1));
    check_equal(errno, 4321);
    KEEPS_ERRNO(spanlog_set(&sp, kv("k", 2)));
    KEEPS_ERRNO(spanlog_event(&sp, "e", kv("k", 2)));
    KEEPS_ERRNO(spanlog_status(&sp, 200));
    KEEPS_ERRNO(spanlog_fail(&sp, "x"));
    KEEPS_ERRNO(spanlog_rename(&sp, "y"));
    KEEPS_ERRNO(other = spanlog_ctx_current());
    KEEPS_ERRNO(spanlog_link(&sp, other));
    KEEPS_ERRNO(spanlog_ctx_attach(other));
    KEEPS_ERRNO(spanlog_trace_id(id));
    KEEPS_ERRNO(spanlog_extract(no_header, NULL, &none));
    KEEPS_ERRNO(spanlog_inject(other, set_nothing, NULL));
    KEEPS_ERRNO({
        spanlog_begin(p, "p", SPANLOG_CLIENT, none);
        spanlog_end(p);
    });
    KEEPS_ERRNO(spanlog_stats(&stats));
    KEEPS_ERRNO(spanlog_flush(1000));
    KEEPS_ERRNO(spanlog_flush(0));
    KEEPS_ERRNO(spanlog_flush(1));
    KEEPS_ERRNO(spanlog_init(NULL));
    KEEPS_ERRNO(spanlog_shutdown(1000));
    KEEPS_ERRNO(spanlog_info("after"));
    errno = ENOENT;
    spanlog_info("read", kv_errno());
    check_equal(errno, ENOENT);
}

static void no_call_changes_errno(void **state) {
    (void)state;
    struct run *run = run_child(calls_everything);
    assert_exit(run, 0);
    assert_count(run, "errno", "ENOENT: No such file or directory", 1);
}

static void no_call_changes_errno_without_a_back_thread(void **state) {
    (void)state;
    with("SPANLOG_SYNC", "1");
    assert_exit(run_child(calls_everything), 0);
}

static void no_call_changes_errno_while_nothing_can_be_written(void **state) {
    (void)state;
    with("SPANLOG_SYNC", "1");
    with("SPANLOG_OUTPUT", "file:/nowhere/log");
    assert_exit(run_child(calls_everything), 0);
}

static void initialises_and_keeps_errno(void) {
    KEEPS_ERRNO(spanlog_init(&(spanlog_config){.size = sizeof(spanlog_config), .service = "x"}));
    spanlog_info("one");
}

static void initialising_does_not_change_errno(void **state) {
    (void)state;
    assert_exit(run_child(initialises_and_keeps_errno), 0);
}

/* ---- order --------------------------------------------------------------------------------- */

static void logs_a_sequence(void) {
    for (int i = 0; i < 20000; i++)
        spanlog_info("n", kv("i", i));
}

static void a_threads_records_stay_in_order(void **state) {
    (void)state;
    struct run *run = run_child(logs_a_sequence);
    int expected = 0;
    double before = 0;
    for (size_t i = 0; i < run->count; i++) {
        if (strcmp(field(run->lines[i], "msg"), "n") == 0)
            assert_int_equal((int)number_field(run->lines[i], "i"), expected++);
        /* Seconds of the minute. The clock's correction may turn the digits behind back a little.
         */
        double seconds = strtod(field(run->lines[i], "ts") + 17, NULL);
        if (before > seconds + 50e-6 && before < seconds + 50)
            fail_msg("%.9f stands before %.9f", before, seconds);
        before = seconds;
    }
    assert_int_equal(expected, 20000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(every_type_is_written_exactly),
        sentence(arguments_are_evaluated_once_or_not_at_all),
        sentence(a_line_that_is_off_evaluates_nothing_not_even_at_first),
        sentence(a_level_lets_through_itself_and_above),
        sentence(directives_name_loggers_and_what_is_below_them),
        sentence(a_directive_may_lower_the_folders_logger),
        sentence(the_default_logger_is_the_folder_or_the_files_name),
        sentence(once_is_once_and_every_n_is_the_first_of_n),
        sentence(no_call_changes_errno),
        sentence(no_call_changes_errno_without_a_back_thread),
        sentence(no_call_changes_errno_while_nothing_can_be_written),
        sentence(initialising_does_not_change_errno),
        sentence(a_threads_records_stay_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
