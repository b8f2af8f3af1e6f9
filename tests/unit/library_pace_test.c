/* tests/unit/library_pace_test.c: when the back writes: at once after quiet, seldom while records
 * go on coming, before a ring is full. Times are judged by the best of several tries, since this
 * machine may be busy; docs/decisions/0019-naps.md says what they are for.
 */
#include "tests/unit/library_check.h"

enum { NAP_MS = 102, QUIET_MS = 260, TRIES = 5 };

static uint64_t written(void) {
    spanlog_statistics now = {.size = sizeof now};
    spanlog_stats(&now);
    return now.records;
}

static uint64_t writes(void) {
    spanlog_statistics now = {.size = sizeof now};
    spanlog_stats(&now);
    return now.writes;
}

/* Until `count` more records than `before` are in the file. */
static double seconds_until(uint64_t before, uint64_t count) {
    double start = now_seconds();
    while (written() < before + count && now_seconds() - start < 10)
        usleep(200);
    check(written() >= before + count);
    return now_seconds() - start;
}

static void logs_after_quiet(void) {
    double best = 10;
    spanlog_info("first");
    for (int i = 0; i < TRIES; i++) {
        sleep_ms(QUIET_MS);
        uint64_t before = written();
        spanlog_info("alone");
        double took = seconds_until(before, 1);
        best = took < best ? took : best;
    }
    printf("%.6f s\n", best);
    check(best < NAP_MS / 2000.0);
}

static void a_lone_record_is_written_at_once(void **state) {
    (void)state;
    struct run *run = run_child(logs_after_quiet);
    assert_exit(run, 0);
    assert_count(run, "msg", "alone", TRIES);
}

static void logs_steadily(void) {
    spanlog_info("steady");
    uint64_t before = writes();
    double start = now_seconds();
    for (int i = 0; i < 600; i++) {
        usleep(2000);
        spanlog_info("steady");
    }
    double elapsed = now_seconds() - start;
    uint64_t count = writes() - before;
    printf("%llu writes in %.3f s\n", (unsigned long long)count, elapsed);
    check(count >= 1);
    check((double)count < 10 + elapsed * 15); /* ten a second, and those of the beginning */
}

static void what_goes_on_coming_is_written_ten_times_a_second(void **state) {
    (void)state;
    struct run *run = run_child(logs_steadily);
    assert_exit(run, 0);
    assert_count(run, "msg", "steady", 601);
}

/* The back is in a long nap when it comes. */
static void fills_half_a_ring(void) {
    static char text[1000];
    double best = 10;
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < TRIES; i++) {
        sleep_ms(QUIET_MS);
        spanlog_info("before"); /* written at once, then a short nap, then a long one */
        sleep_ms(15);
        uint64_t before = written();
        for (int n = 0; n < 50; n++)
            spanlog_info("many", kv("text", text));
        double took = seconds_until(before, 20);
        best = took < best ? took : best;
        check_equal(spanlog_flush(20000), 0);
    }
    printf("%.6f s\n", best);
    check(best < NAP_MS / 2000.0);
}

static void a_ring_that_is_half_full_ends_the_nap(void **state) {
    (void)state;
    with("SPANLOG_RING_SIZE", "64K");
    with("SPANLOG_FULL", "drop");
    struct run *run = run_child(fills_half_a_ring);
    assert_exit(run, 0);
    assert_count(run, "msg", "many", 50 * TRIES);
}

static void logs_and_flushes(void) {
    double best = 10;
    for (int i = 0; i < TRIES; i++) {
        spanlog_info("flushed");
        double start = now_seconds();
        check_equal(spanlog_flush(10000), 0);
        double took = now_seconds() - start;
        best = took < best ? took : best;
        sleep_ms(15);
    }
    printf("%.6f s\n", best);
    check(best < NAP_MS / 2000.0);
}

static void a_flush_waits_for_no_nap(void **state) {
    (void)state;
    struct run *run = run_child(logs_and_flushes);
    assert_exit(run, 0);
    assert_count(run, "msg", "flushed", TRIES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(a_lone_record_is_written_at_once),
        sentence(what_goes_on_coming_is_written_ten_times_a_second),
        sentence(a_ring_that_is_half_full_ends_the_nap),
        sentence(a_flush_waits_for_no_nap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
