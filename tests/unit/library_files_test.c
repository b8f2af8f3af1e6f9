/* tests/unit/library_files_test.c: configuration files: which are read, in which order, and what is
 * said of broken ones; settings that switch things off. */
#include "tests/unit/library_check.h"

#include <sys/stat.h>

static void put_file(const char *path, const char *text) {
    FILE *file = fopen(path, "we");
    check(file != NULL);
    fputs(text, file);
    check_equal(fclose(file), 0);
}

static void logs_one(void) {
    spanlog_scope(sp, "op");
    spanlog_event(&sp, "event");
    spanlog_info("one", kv("k", 1));
    spanlog_debug("two");
}

/* ---- which ----------------------------------------------------------------------------------- */

static void logs_with_a_file(void) {
    put_file("spanlog.conf", "level = error\nsource = none\n[tested]\nlevel = debug\n"
                             "[other]\nlevel = off\n");
    logs_one();
}

static void the_file_that_is_named_is_read_with_the_services_section(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    struct run *run = run_child(logs_with_a_file);
    assert_exit(run, 0);
    assert_string_equal(run->err, "");
    assert_count(run, "msg", "two", 1);
    assert_no_field(need_line(run, "msg", "two"), "pid");
}

static void the_environment_beats_a_file(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    with("LOG_LEVEL", "info");
    struct run *run = run_child(logs_with_a_file);
    assert_count(run, "msg", "two", 0);
    assert_count(run, "msg", "one", 1);
}

static void logs_with_init_and_a_file(void) {
    spanlog_config config = {.size = sizeof config, .level = "fatal", .source = "tid"};
    put_file("spanlog.conf", "service = named\n[named]\nlevel = info\n");
    check_equal(spanlog_init(&config), 0);
    logs_one();
}

static void a_file_beats_code_and_may_name_the_service(void **state) {
    (void)state;
    with("SERVICE_NAME", NULL);
    with("SPANLOG_CONFIG", "spanlog.conf");
    struct run *run = run_child(logs_with_init_and_a_file);
    const char *line = need_line(run, "msg", "one");
    assert_field(line, "service", "named");
    assert_no_field(line, "pid");
    assert_non_null(field(line, "tid"));
}

static void logs_with_files_at_home(void) {
    char here[200];
    check(getcwd(here, sizeof here) != NULL);
    check_equal(mkdir("spanlog", 0700), 0);
    check_equal(mkdir(".config", 0700), 0);
    check_equal(mkdir(".config/spanlog", 0700), 0);
    put_file("spanlog/spanlog.conf", "source = src\n");
    put_file(".config/spanlog/spanlog.conf", "source = tid\n");
    setenv(getenv("BY_XDG") != NULL ? "XDG_CONFIG_HOME" : "HOME", here, 1);
    logs_one();
}

static void the_users_file_is_found_by_xdg_or_at_home(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", NULL);
    with("XDG_CONFIG_HOME", NULL);
    const char *line = need_line(run_child(logs_with_files_at_home), "msg", "one");
    assert_non_null(field(line, "tid"));
    assert_no_field(line, "src");
    with("SPANLOG_CONFIG", NULL);
    with("BY_XDG", "1");
    line = need_line(run_child(logs_with_files_at_home), "msg", "one");
    assert_no_field(line, "tid");
    assert_non_null(field(line, "src"));
}

/* ---- broken ones ----------------------------------------------------------------------------- */

static void logs_with_things_that_are_no_files(void) {
    char huge[300 << 10];
    check_equal(mkdir("directory", 0700), 0);
    check_equal(mkfifo("pipe", 0600), 0);
    memset(huge, '#', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    put_file("huge", huge);
    logs_one();
}

static void what_cannot_be_read_is_named_once_and_left_out(void **state) {
    (void)state;
    static const struct {
        const char *name, *why;
    } things[] = {{"directory", "not a file"},
                  {"pipe", "not a file"},
                  {"huge", "over 256K"},
                  {"absent", "No such file or directory"},
                  {"huge/below", "Not a directory"}};
    for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
        char said[300];
        with("SPANLOG_CONFIG", things[i].name);
        struct run *run = run_child(logs_with_things_that_are_no_files);
        snprintf(said, sizeof said, "/%s: %s; it is left out\n", things[i].name, things[i].why);
        assert_exit(run, 0);
        assert_says(run->err, "spanlog: SPANLOG_CONFIG=/", 1);
        assert_says(run->err, said, 1);
        assert_says(run->err, "\n", 1);
        assert_count(run, "msg", "one", 1);
    }
}

static void logs_with_mistakes(void) {
    put_file("spanlog.conf", "level = loud\nlevle = info\n[other]\nfull = x\n");
    logs_one();
}

static void mistakes_are_named_with_file_and_line(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    struct run *run = run_child(logs_with_mistakes);
    assert_says(run->err, "/spanlog.conf:1: level = loud: there is no such level; right is ", 1);
    assert_says(run->err, "; info (default) stays\n", 1);
    assert_says(run->err, "/spanlog.conf:2: \"levle\": there is no such setting; ", 1);
    assert_says(run->err, "\n", 2);
}

/* ---- enabled, errors ------------------------------------------------------------------------- */

static void switched_off_nothing_is_written(void **state) {
    (void)state;
    with("OTEL_SDK_DISABLED", "true");
    struct run *run = run_child(logs_one);
    assert_exit(run, 0);
    assert_string_equal(run->log, "");
    assert_string_equal(run->out, "");
    assert_string_equal(run->err, "");
    with("OTEL_SDK_DISABLED", "true");
    with("SPANLOG_ENABLED", "1");
    assert_count(run_child(logs_one), "msg", "one", 1);
}

static void fails_with_404(void) {
    spanlog_scope(sp, "op");
    spanlog_status(&sp, 404);
}

static void error_status_min_says_which_status_is_an_error(void **state) {
    (void)state;
    assert_no_field(need_line(run_child(fails_with_404), "operation", "op"), "status");
    with("SPANLOG_ERROR_STATUS_MIN", "400");
    assert_field(need_line(run_child(fails_with_404), "operation", "op"), "status", "error");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(the_file_that_is_named_is_read_with_the_services_section),
        sentence(the_environment_beats_a_file),
        sentence(a_file_beats_code_and_may_name_the_service),
        sentence(the_users_file_is_found_by_xdg_or_at_home),
        sentence(what_cannot_be_read_is_named_once_and_left_out),
        sentence(mistakes_are_named_with_file_and_line),
        sentence(switched_off_nothing_is_written),
        sentence(error_status_min_says_which_status_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
