/* tests/unit/library_burst_test.c: call sites that log too much (SPANLOG_BURST), counted exactly.
 */
#include "tests/unit/library_check.h"

enum { RECORDS = 5000 };

static void one(int i) {
    spanlog_info("cache miss", kv("i", i));
}

static void bursts(void) {
    for (int i = 0; i < RECORDS; i++) {
        one(i);
        if (i % 1000 == 0)
            spanlog_info("progress", kv("i", i));
    }
}

/* Written and counted ones of that message. */
static double all_of(const struct run *run, const char *message, size_t *ret_lines) {
    double sum = (double)count_lines(run, "msg", message);
    *ret_lines = 0;
    for (size_t i = 0; i < run->count; i++) {
        const char *msg = field(run->lines[i], "msg"), *of = field(run->lines[i], "message");
        if (strncmp(msg, "repeated ", 9) == 0 && of != NULL && strcmp(of, message) == 0) {
            sum += number_field(run->lines[i], "count");
            ++*ret_lines;
        }
    }
    return sum;
}

static void what_is_over_the_limit_is_counted_in_one_line(void **state) {
    (void)state;
    with("SPANLOG_BURST", "100/s");
    struct run *run = run_child(bursts);
    assert_exit(run, 0);
    size_t lines, written = count_lines(run, "msg", "cache miss");
    assert_true(all_of(run, "cache miss", &lines) == RECORDS);
    if (lines < 1 || written > 100 * (lines + 1))
        fail_msg("%zu records in the log, and %zu lines that count others", written, lines);
    assert_count(run, "msg", "progress", 5); /* of another call site */
}

static void the_line_says_of_what(void **state) {
    (void)state;
    with("SPANLOG_BURST", "100/s");
    struct run *run = run_child(bursts);
    const char *line = need_line(run, "message", "cache miss");
    char expected[64];
    snprintf(expected, sizeof expected, "repeated %s times", field(line, "count"));
    assert_field(line, "msg", expected);
    assert_field(line, "level", "info");
    assert_field(line, "logger", "unit");
    assert_field(line, "src", field(need_line(run, "msg", "cache miss"), "src"));
}

static void without_a_limit_all_is_written(void **state) {
    (void)state;
    struct run *run = run_child(bursts);
    assert_count(run, "msg", "cache miss", RECORDS);
}

static void is_killed_after_a_burst(void) {
    bursts();
    kill(getpid(), SIGKILL);
}

static void bursts_and_waits(void) {
    bursts();
    sleep_ms(300); /* the back has counted, and gone to sleep */
    kill(getpid(), SIGKILL);
}

static void logs_after(void) {
    spanlog_info("again");
}

static void assert_all_there(void (*body)(void)) {
    with("SPANLOG_BURST", "100/s");
    allow_torn_tail(true);
    struct run *run = run_child(body);
    assert_signal(run, SIGKILL);
    size_t lines;
    double sum = 0;
    for (int tries = 0; tries < 50 && sum < RECORDS; tries++) {
        run = run_again(logs_after);
        sum = all_of(run, "cache miss", &lines);
        sleep_ms(20);
    }
    allow_torn_tail(false);
    if (sum != RECORDS)
        fail_msg("%g records written or counted, expected %d", sum, RECORDS);
}

static void a_killed_process_has_all_its_counts_in_the_log(void **state) {
    (void)state;
    assert_all_there(is_killed_after_a_burst);
    assert_all_there(bursts_and_waits);
}

static void many_sites(void) {
#define SITE(n)                                                                                    \
    for (int i = 0; i < 10; i++)                                                                   \
    spanlog_info("site " #n)
#define TEN(n)                                                                                     \
    SITE(n##0);                                                                                    \
    SITE(n##1);                                                                                    \
    SITE(n##2);                                                                                    \
    SITE(n##3);                                                                                    \
    SITE(n##4);                                                                                    \
    SITE(n##5);                                                                                    \
    SITE(n##6);                                                                                    \
    SITE(n##7);                                                                                    \
    SITE(n##8);                                                                                    \
    SITE(n##9)
    TEN(1);
    TEN(2);
    TEN(3);
    TEN(4);
}

/* More than there is room for in a checkpoint: the oldest is said early. */
static void many_call_sites_burst_at_once(void **state) {
    (void)state;
    with("SPANLOG_BURST", "4/s");
    struct run *run = run_child(many_sites);
    assert_exit(run, 0);
    for (int n = 10; n < 50; n++) {
        char message[16];
        size_t lines;
        snprintf(message, sizeof message, "site %d", n);
        if (all_of(run, message, &lines) != 10)
            fail_msg("%s: %g, expected 10", message, all_of(run, message, &lines));
    }
}

static void *bursts_too(void *unused) {
    (void)unused;
    bursts();
    return NULL;
}

static void bursts_on_threads(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        check(pthread_create(&threads[i], NULL, bursts_too, NULL) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void threads_share_the_limit_of_a_call_site(void **state) {
    (void)state;
    with("SPANLOG_BURST", "100/s");
    struct run *run = run_child(bursts_on_threads);
    assert_exit(run, 0);
    size_t lines;
    assert_true(all_of(run, "cache miss", &lines) == 4 * RECORDS);
    assert_true(count_lines(run, "msg", "cache miss") <= 100 * (lines + 1));
}

static void a_caller_that_writes_for_itself_is_limited_too(void **state) {
    (void)state;
    with("SPANLOG_BURST", "100/s");
    with("SPANLOG_SYNC", "1");
    struct run *run = run_child(bursts);
    assert_exit(run, 0);
    size_t lines;
    assert_true(all_of(run, "cache miss", &lines) == RECORDS);
    assert_true(lines >= 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(what_is_over_the_limit_is_counted_in_one_line),
        sentence(the_line_says_of_what),
        sentence(without_a_limit_all_is_written),
        sentence(a_killed_process_has_all_its_counts_in_the_log),
        sentence(many_call_sites_burst_at_once),
        sentence(threads_share_the_limit_of_a_call_site),
        sentence(a_caller_that_writes_for_itself_is_limited_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
