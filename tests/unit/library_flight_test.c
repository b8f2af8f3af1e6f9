/* tests/unit/library_flight_test.c: the last debug records of a thread come with its errors
 * (SPANLOG_FLIGHT). */
#include "tests/unit/library_check.h"

static void hundred(void) {
    for (int i = 0; i < 100; i++)
        spanlog_debug("step", kv("n", i));
}

static void logs_errors(void) {
    hundred();
    spanlog_warn("not yet");
    spanlog_error("now", kv("which", 1));
    spanlog_debug("step", kv("n", 100));
    spanlog_debug("step", kv("n", 101));
    spanlog_fatal("again");
    hundred();
}

static void the_last_debug_records_stand_before_the_error(void **state) {
    (void)state;
    with("SPANLOG_FLIGHT", "10");
    struct run *run = run_child(logs_errors);
    assert_exit(run, 0);
    assert_count(run, "msg", "step", 12);
    int next = 90, errors = 0;
    for (size_t i = 0; i < run->count; i++) {
        const char *msg = field(run->lines[i], "msg");
        if (strcmp(msg, "step") == 0)
            assert_int_equal((int)number_field(run->lines[i], "n"), next++);
        if (strcmp(msg, "now") == 0 && ++errors)
            assert_int_equal(next, 100);
        if (strcmp(msg, "again") == 0 && ++errors)
            assert_int_equal(next, 102);
    }
    assert_int_equal(errors, 2);
}

static void without_the_setting_there_is_none(void **state) {
    (void)state;
    struct run *run = run_child(logs_errors);
    assert_count(run, "msg", "step", 0);
}

static void *steps(void *unused) {
    (void)unused;
    hundred();
    return NULL;
}

static void errs_alone(void) {
    on_thread(steps, NULL);
    spanlog_debug("mine");
    spanlog_error("now");
}

static void other_threads_records_are_theirs(void **state) {
    (void)state;
    with("SPANLOG_FLIGHT", "1000");
    struct run *run = run_child(errs_alone);
    assert_exit(run, 0);
    assert_count(run, "msg", "mine", 1);
    assert_count(run, "msg", "step", 0);
}

static void errs_with_much(void) {
    char text[8000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 100; i++)
        spanlog_debug("much", kv("n", i), kv("text", text));
    spanlog_error("now");
}

static void of_long_records_there_are_as_many_as_fit(void **state) {
    (void)state;
    with("SPANLOG_FLIGHT", "1000");
    struct run *run = run_child(errs_with_much);
    assert_exit(run, 0);
    assert_count(run, "msg", "much", 8); /* in 64 KiB */
    assert_field(find_line(run, "msg", "much", 7), "n", "99");
}

/* ---- with a tail ----------------------------------------------------------------------------- */

static void errs_in_traces(void) {
    spanlog_debug("outside");
    for (int fails = 0; fails < 2; fails++) {
        spanlog_scope(root, "root");
        hundred();
        spanlog_error("in a trace", kv("fails", fails));
        spanlog_debug("after");
        if (fails)
            spanlog_fail(&root, "no");
    }
}

static void with_a_tail_no_record_is_written_twice(void **state) {
    (void)state;
    with("SPANLOG_FLIGHT", "10");
    with("SPANLOG_TAIL", "errors");
    with("OTEL_TRACES_SAMPLER", "always_off");
    struct run *run = run_child(errs_in_traces);
    assert_exit(run, 0);
    assert_count(run, "msg", "outside", 1);
    assert_count(run, "msg", "step", 110); /* ten of the good trace, all of the bad one */
    assert_count(run, "n", "99", 2);
    assert_count(run, "n", "90", 2);
    assert_count(run, "n", "89", 1);
    assert_count(run, "msg", "after", 1);
    assert_count(run, "operation", "root", 1);
}

static void is_killed(void) {
    hundred();
    spanlog_info("last words");
    kill(getpid(), SIGKILL);
}

static void logs_after(void) {
    spanlog_info("again");
}

/* What the back had read is gone; what it had not is what recovery finds. */
static void after_a_death_no_more_than_was_asked_for_is_written(void **state) {
    (void)state;
    with("SPANLOG_FLIGHT", "10");
    struct run *run = run_child(is_killed);
    assert_signal(run, SIGKILL);
    for (int tries = 0; tries < 50 && count_lines(run, "msg", "last words") == 0; tries++) {
        run = run_again(logs_after);
        sleep_ms(20);
    }
    assert_count(run, "msg", "last words", 1);
    assert_true(count_lines(run, "msg", "step") <= 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(the_last_debug_records_stand_before_the_error),
        sentence(without_the_setting_there_is_none),
        sentence(other_threads_records_are_theirs),
        sentence(of_long_records_there_are_as_many_as_fit),
        sentence(with_a_tail_no_record_is_written_twice),
        sentence(after_a_death_no_more_than_was_asked_for_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
