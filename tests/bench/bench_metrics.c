/* tests/bench/bench_metrics.c: what counting costs its caller, beside one atomic addition.
 *
 *     bench_metrics
 *
 * prints `name value` lines, ns a call: the median of 15 rounds, in each of which every row and the
 * anchor take their turn.
 */
#include "measure.h"

#include <spanlog/metrics.h>

#include <pthread.h>

enum { CALLS = 1000000, ROUNDS = 15, SERIES = 1000 };

static spanlog_counter jobs = SPANLOG_COUNTER("jobs_total", "Jobs.", "kind", "result");
static spanlog_counter plain = SPANLOG_COUNTER("plain_total", "Plain.");
static spanlog_gauge level = SPANLOG_GAUGE("level", "Level.");
static spanlog_histogram took = SPANLOG_HISTOGRAM("took_seconds", "Time.", spanlog_seconds, "kind");

static spanlog_bound_counter bound_counter;
static spanlog_bound_gauge bound_gauge;
static spanlog_bound_histogram bound_histogram;
static const char *volatile kind = "mail";
static volatile double observed = .042;

static struct {
    _Alignas(64) uint64_t value;
    char rest[56];
} cell;

static __attribute__((noinline)) void atomic_once(void) {
    for (int i = 0; i < CALLS; i++)
        __atomic_fetch_add(&cell.value, 1, __ATOMIC_RELAXED);
}

static __attribute__((noinline)) void bound_once(void) {
    for (int i = 0; i < CALLS; i++)
        spanlog_bound_counter_add(bound_counter, 1);
}

static void plain_once(void) {
    for (int i = 0; i < CALLS; i++)
        spanlog_counter_add(&plain, 1);
}

static void labels_once(void) {
    for (int i = 0; i < CALLS; i++)
        spanlog_counter_add(&jobs, 1, kind, "sent");
}

static void gauge_once(void) {
    for (int i = 0; i < CALLS; i++)
        spanlog_bound_gauge_set(bound_gauge, (double)i);
}

static void histogram_once(void) {
    for (int i = 0; i < CALLS; i++)
        spanlog_bound_histogram_observe(bound_histogram, observed);
}

static void exemplar_once(void) {
    spanlog_scope(sp, "op");
    histogram_once();
}

/* ---- two threads at once -----------------------------------------------------------------------
 */

struct pair {
    void (*work)(void);
    unsigned arrived;
};

static void *run_pair(void *arg) {
    struct pair *pair = arg;
    __atomic_add_fetch(&pair->arrived, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&pair->arrived, __ATOMIC_ACQUIRE) < 2)
        cpu_relax();
    pair->work();
    return NULL;
}

static void with_two(void (*work)(void)) {
    struct pair pair = {.work = work};
    pthread_t other;
    if (pthread_create(&other, NULL, run_pair, &pair) != 0)
        exit(2);
    run_pair(&pair);
    pthread_join(other, NULL);
}

static void shared2_once(void) {
    with_two(atomic_once);
}

static void bound2_once(void) {
    with_two(bound_once);
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

static double series_text_ns(void) {
    char value[16], *text;
    for (int i = 0; i < SERIES - 1; i++) {
        snprintf(value, sizeof value, "kind-%d", i);
        spanlog_histogram_observe(&took, i / 100.0, value);
    }
    uint64_t start = ticks();
    if (spanlog_metrics_print(SPANLOG_METRICS_PROMETHEUS, &text, NULL) != 0)
        exit(2);
    uint64_t end = ticks();
    free(text);
    return ticks_ns(end - start) / SERIES;
}

static const struct {
    const char *name;
    void (*once)(void);
} rows[] = {
    {"atomic_ns", atomic_once},     {"bound_ns", bound_once},     {"plain_ns", plain_once},
    {"labels_ns", labels_once},     {"gauge_ns", gauge_once},     {"histogram_ns", histogram_once},
    {"exemplar_ns", exemplar_once}, {"shared2_ns", shared2_once}, {"bound2_ns", bound2_once},
};
enum { ROWS = sizeof rows / sizeof *rows };

int main(void) {
    static double samples[ROWS][ROUNDS];
    setenv("SPANLOG_OUTPUT", "file:/dev/null", 1);
    measure_calibrate();
    bound_counter = spanlog_counter_bind(&jobs, "bound", "x");
    bound_gauge = spanlog_gauge_bind(&level);
    bound_histogram = spanlog_histogram_bind(&took, "mail");
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < ROWS; i++) {
            uint64_t start = ticks();
            rows[i].once();
            samples[i][round] = ticks_ns(ticks() - start) / CALLS;
        }
    }
    for (int i = 0; i < ROWS; i++)
        report(rows[i].name, median_of(samples[i], ROUNDS));
    report("series_text_ns", series_text_ns());
    return 0;
}
