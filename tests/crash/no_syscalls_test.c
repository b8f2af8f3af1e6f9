/* tests/crash/no_syscalls_test.c: a record costs its caller no system call, no allocation and no
 * page fault. The promise: "The caller's thread formats nothing, allocates nothing, takes
 * no lock and makes no system call for a record (after the first on that thread)."
 *
 * A system call may be made for one reason only: the back has gone to sleep for good, and the
 * record wakes it. So there are at most as many futex wakes as the back slept. (It is also woken
 * from a nap by a ring that is half full; here no ring gets so far.)
 *
 *     $ no_syscalls_test
 *     [ RUN      ] a_million_records_make_no_system_call_and_no_allocation
 *     1000000 records, 200000 spans with a line: 0 system calls, 37 futex wakes, ...
 */
#include "trap_calls.h"

#include <spanlog/metrics.h>
#include <spanlog/spanlog.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    LARGE_RECORDS = 1000,
    WARM_RECORDS = 200000,
    RECORDS = 1000000,
    SPANS = 200000,
    PAUSES = 15,
    BURST = 500,
    MOST_PENDING = 1000,
    FAULT_RECORDS = 30000
};

static uint64_t records_written(void) {
    spanlog_statistics statistics = {.size = sizeof statistics};
    spanlog_stats(&statistics);
    return statistics.records;
}

static uint64_t sleeps(void) {
    spanlog_statistics statistics = {.size = sizeof statistics};
    spanlog_stats(&statistics);
    return statistics.sleeps;
}

static void log_one(uint64_t n) {
    spanlog_info("a record", kv("user", "alice"), kv("path", "/orders/17"), kv("n", n),
                 kv("ms", 1.25));
}

static void span_one(uint64_t n) {
    spanlog_scope(step, "step", kv("n", n), kv("user", "alice"));
    spanlog_infof("number %llu of %s", (unsigned long long)n, "alice");
}

/* Faster than the back writes them: the ring grows to its full size, and no burst fills half of it.
 */
static void grow_the_ring(void) {
    static char text[8192];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < LARGE_RECORDS; i++)
        spanlog_info("a large record", kv("text", text));
}

/* Calls `one` count times, in bursts; between them it waits, uncounted, for the back to follow. */
static void log_counted(void (*one)(uint64_t), uint64_t count, uint64_t lines_each) {
    spanlog_flush(-1); /* or what earlier calls have left would count as theirs */
    uint64_t before = records_written(), called = 0;
    while (called < count) {
        trapped_counting = true;
        for (int i = 0; i < BURST; i++)
            one(called++);
        trapped_counting = false;
        while (before + called * lines_each > records_written() + MOST_PENDING)
            sched_yield();
    }
}

static const char *get_correlation_id(void *arg, const char *name) {
    (void)arg;
    return strcmp(name, "x-correlation-id") == 0 ? "order-7" : NULL;
}

/* The same in a context that came with a correlation id. */
static void log_with_correlation_id(void) {
    spanlog_ctx ctx;
    spanlog_extract(get_correlation_id, NULL, &ctx);
    spanlog_ctx before = spanlog_ctx_attach(ctx);
    log_counted(log_one, RECORDS / 10, 1);
    log_counted(span_one, SPANS / 10, 2);
    spanlog_ctx_attach(before);
}

static const double bounds[] = {.1, 1};
static spanlog_counter jobs = SPANLOG_COUNTER("jobs_total", "Jobs.", "kind", "result");
static spanlog_gauge waiting = SPANLOG_GAUGE("jobs_waiting", "Waiting jobs.");
static spanlog_histogram took = SPANLOG_HISTOGRAM("job_seconds", "Time.", bounds, "kind");

/* Metrics once, so that they are known; with more label sets than there may be. */
static void count_one(uint64_t n) {
    char kind[8] = {(char)('a' + n % 2), (char)('a' + n / 2 % 4), '\0'};
    spanlog_counter_add(&jobs, 1, kind, "done");
    spanlog_bound_counter_add(spanlog_counter_bind(&jobs, "a", "done"), 1);
    spanlog_gauge_set(&waiting, 1);
    spanlog_gauge_add(&waiting, 1);
    spanlog_histogram_observe(&took, .5, kind);
}

/* In a span, so that exemplars are kept. */
static void count_much(void) {
    spanlog_scope(counting, "counting");
    for (uint64_t i = 0; i < 16; i++)
        count_one(i);
    trapped_counting = true;
    for (uint64_t i = 0; i < RECORDS; i++)
        count_one(i);
    trapped_counting = false;
}

/* One record after each of PAUSES pauses that are long enough for the back to fall asleep. */
static void log_after_pauses(void) {
    for (uint64_t i = 0; i < PAUSES; i++) {
        usleep(200000);
        trapped_counting = true;
        log_one(i);
        trapped_counting = false;
    }
}

struct result {
    struct trapped trapped;
    uint64_t sleeps;
    int error;
};

static void *log_watched(void *arg) {
    struct result *result = arg;
    grow_the_ring();
    for (uint64_t i = 0; i < WARM_RECORDS; i++) {
        log_one(i);
        span_one(i);
    }
    spanlog_flush(-1);
    result->error = trap_calls_start();
    if (result->error != 0)
        return NULL;
    uint64_t sleeps_before = sleeps();
    log_counted(log_one, RECORDS, 1);
    log_counted(span_one, SPANS, 2);
    log_with_correlation_id();
    count_much();
    log_after_pauses();
    result->trapped = trapped;
    result->sleeps = sleeps() - sleeps_before;
    return NULL;
}

static void a_million_records_make_no_system_call_and_no_allocation(void **state) {
    (void)state;
    static struct result result;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, log_watched, &result), 0);
    pthread_join(thread, NULL);
    if (result.error != 0) {
        printf("no seccomp filters here: error %d\n", result.error);
        skip();
    }
    printf("%d records, %d spans with a line: %llu system calls, %llu futex wakes, "
           "%llu sleeps of the back, %llu allocations\n",
           RECORDS, SPANS, (unsigned long long)result.trapped.calls,
           (unsigned long long)result.trapped.futex_wakes, (unsigned long long)result.sleeps,
           (unsigned long long)result.trapped.allocations);
    for (int number = 0; number < TRAPPED_NUMBERS; number++)
        if (result.trapped.by_number[number] != 0)
            printf("    system call %d: %u times\n", number, result.trapped.by_number[number]);
    assert_int_equal(result.trapped.calls, 0);
    assert_int_equal(result.trapped.allocations, 0);
    /* The back may have been asleep already when counting began. */
    assert_true(result.trapped.futex_wakes > 0);
    assert_true(result.trapped.futex_wakes <= result.sleeps + 1);
}

static void *trap_known_calls(void *arg) {
    struct result *result = arg;
    result->error = trap_calls_start();
    if (result->error != 0)
        return NULL;
    void *volatile memory = malloc(100); /* the thread's first takes an arena from the system */
    free(memory);
    trapped_counting = true;
    sched_yield();
    memory = malloc(100);
    free(memory);
    trapped_counting = false;
    result->trapped = trapped;
    return NULL;
}

static void the_trap_sees_what_it_must_see(void **state) {
    (void)state;
    struct result result = {.error = 0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, trap_known_calls, &result), 0);
    pthread_join(thread, NULL);
    if (result.error != 0)
        skip();
    assert_int_equal(result.trapped.calls, 1);
    assert_int_equal(result.trapped.allocations, 2);
}

static long page_faults(void) {
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

static void *count_faults(void *arg) {
    long *ret_faults = arg;
    log_one(0);
    span_one(0);
    spanlog_flush(-1);
    (void)records_written();
    long before = page_faults();
    log_counted(log_one, FAULT_RECORDS, 1);
    *ret_faults = page_faults() - before;
    return NULL;
}

/* The ring (1 MiB) is gone through several times. */
static void records_fault_in_no_page_after_a_threads_first(void **state) {
    (void)state;
    long faults = -1;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, count_faults, &faults), 0);
    pthread_join(thread, NULL);
    printf("%d records: %ld page faults\n", FAULT_RECORDS, faults);
    assert_in_range(faults, 0, 2);
}

int main(void) {
    setenv("SPANLOG_METRICS_SERIES", "5", 1); /* of 8 that are used: the rest is folded */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trap_sees_what_it_must_see),
        cmocka_unit_test(a_million_records_make_no_system_call_and_no_allocation),
        cmocka_unit_test(records_fault_in_no_page_after_a_threads_first),
    };
    if (getenv("SPANLOG_OUTPUT") == NULL)
        setenv("SPANLOG_OUTPUT", "file:/dev/null", 1);
    return cmocka_run_group_tests_name("no system calls on the caller's thread", tests, NULL, NULL);
}
