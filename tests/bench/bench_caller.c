/* tests/bench/bench_caller.c: what a record, a span and a call that is off cost their caller.
 *
 *     bench_caller stalled                                      the back asleep
 *     SPANLOG_OUTPUT=file:/dev/null bench_caller busy           the back at work, records paced
 *
 * prints `name value` lines, ns. The record: four fields (two strings, an int, a double) inside a
 * span. `stalled` logs in bursts of 20,000 that fit the ring while the back waits for a standard
 * output that does not move (stall.h), then lets it catch up, untimed. `busy` logs 20 records,
 * pauses, and so on. The anchors (rdtsc, a flag check) are timed in the same run, before and after.
 */
#include "measure.h"
#include "stall.h"

#include <spanlog/spanlog.h>

#include <pthread.h>
#include <string.h>

enum {
    BURST = 20000, /* calls, timed in chunks */
    CHUNK = 1000,
    BURSTS = 15,
    MOST_THREADS = 2,
    WARM_RECORDS = 300000,
    PACED_BATCH = 20,
    PACED_BATCHES = 5000,
    PAUSE_US = 20
};

typedef void (*repeated)(uint64_t count, double *ret_samples);

/* ---- what is measured ------------------------------------------------------------------------ */

static const char *volatile user = "user:7";
static const char *volatile peer = "10.20.30.40";

static void log_record(uint64_t i) {
    spanlog_info("cache miss", kv("key", user), kv("peer", peer), kv("hits", (int)i),
                 kv("ms", 1.25));
}

static void open_span(uint64_t i) {
    spanlog_scope(query, "db.query", kv("rows", (int)i), kv("table", user));
}

static void log_records(uint64_t count, double *samples) {
    (void)samples;
    for (uint64_t i = 0; i < count; i++)
        log_record(i);
}

static void open_spans(uint64_t count, double *samples) {
    (void)samples;
    for (uint64_t i = 0; i < count; i++)
        open_span(i);
}

static void sample_records(uint64_t count, double *samples) {
    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = ticks_fenced();
        log_record(i);
        samples[i] = (double)(ticks_fenced() - start);
    }
}

static void sample_spans(uint64_t count, double *samples) {
    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = ticks_fenced();
        open_span(i);
        samples[i] = (double)(ticks_fenced() - start);
    }
}

/* ---- the anchors ------------------------------------------------------------------------------
 */

enum { TURNS = 7 };

static double middle_of(double (*measure)(void)) {
    double values[TURNS];
    for (int i = 0; i < TURNS; i++)
        values[i] = measure();
    return median_of(values, TURNS);
}

/* A figure and its anchor, in turns, so that the clock of the processor is the same for both. */
static void report_beside(const char *name, double (*measure)(void), const char *anchor_name,
                          double (*anchor)(void)) {
    double values[TURNS], anchors[TURNS];
    for (int i = 0; i < TURNS; i++) {
        anchors[i] = anchor();
        values[i] = measure();
    }
    report(name, median_of(values, TURNS));
    report(anchor_name, median_of(anchors, TURNS));
}

static double many_rdtsc_ns(void) {
    return rdtsc_ns(200000);
}

enum { CHECKS = 3000000 };

/* Not static: for all that the compiler knows, others set it. */
uint32_t bench_flag;

static __attribute__((noinline, cold)) void flag_was_set(void) {
    fputs("bench_caller: the flag is set\n", stderr);
}

/* What any logging call must do at least. One a turn of the loop, in this and the next two. */
static __attribute__((noinline)) double flag_ns(void) {
    uint64_t start = ticks();
    for (int i = 0; i < CHECKS; i++) {
        if (__atomic_load_n(&bench_flag, __ATOMIC_RELAXED) != 0)
            flag_was_set();
        __asm__ volatile("" : : : "memory");
    }
    return ticks_ns(ticks() - start) / CHECKS;
}

static __attribute__((noinline)) double disabled_ns(void) {
    const char *user_now = user, *peer_now = peer;
    uint64_t start = ticks();
    for (int i = 0; i < CHECKS; i++) {
        spanlog_debug("not written", kv("key", user_now), kv("peer", peer_now), kv("hits", i),
                      kv("ms", 1.25));
        __asm__ volatile("" : : : "memory");
    }
    return ticks_ns(ticks() - start) / CHECKS;
}

static __attribute__((noinline)) double unsampled_ns(void) {
    uint64_t start = ticks();
    for (int i = 0; i < CHECKS; i++) {
        spanlog_scope(query, "db.query");
        __asm__ volatile("" : : : "memory");
    }
    return ticks_ns(ticks() - start) / CHECKS;
}

static void report_checks(void) {
    spanlog_ctx unsampled = {.trace_id = {1}, .span_id = {2}, .flags = 0};
    disabled_ns(); /* the first call registers the site */
    report("flag_ns", middle_of(flag_ns));
    report_beside("disabled_ns", disabled_ns, "disabled_flag_ns", flag_ns);
    spanlog_ctx before = spanlog_ctx_attach(unsampled);
    report_beside("unsampled_ns", unsampled_ns, "unsampled_flag_ns", flag_ns);
    spanlog_ctx_attach(before);
}

/* ---- bursts, by one or two threads at once ------------------------------------------------------
 */

struct bench {
    repeated work;
    int threads;
    unsigned arrived; /* a spinning barrier */
    bool sampling;
    double burst_ns[MOST_THREADS * BURSTS];
    double rdtsc_ns[MOST_THREADS * BURSTS]; /* the anchor, right after each burst */
    double *samples[MOST_THREADS];
};

struct place {
    struct bench *bench;
    int index;
};

static void meet(struct bench *b, unsigned *round) {
    unsigned goal = ++*round * (unsigned)b->threads;
    __atomic_add_fetch(&b->arrived, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&b->arrived, __ATOMIC_ACQUIRE) < goal)
        cpu_relax();
}

/* In chunks: the processor foresees the jumps of one endless loop either always or, for as long as
 * it lasts, wrongly in the same places, which is some 3 ns each; which of the two is luck. The
 * median leaves out the chunks that an interrupt fell into. */
static void run_burst(struct bench *b, int index, int burst) {
    double *samples = b->sampling ? b->samples[index] + (size_t)burst * BURST : NULL;
    double chunks[BURST / CHUNK];
    for (int i = 0; i < BURST / CHUNK; i++) {
        uint64_t start = ticks();
        b->work(CHUNK, samples != NULL ? samples + (size_t)i * CHUNK : NULL);
        chunks[i] = ticks_ns(ticks() - start) / CHUNK;
    }
    b->burst_ns[index * BURSTS + burst] = median_of(chunks, BURST / CHUNK);
    b->rdtsc_ns[index * BURSTS + burst] = rdtsc_ns(BURST);
}

static void *run_thread(void *arg) {
    struct place *place = arg;
    struct bench *b = place->bench;
    unsigned round = 0;
    spanlog_scope(request, "request");
    log_records(WARM_RECORDS, NULL); /* the ring grows to its full size, its pages are touched */
    for (int burst = 0; burst < BURSTS; burst++) {
        meet(b, &round);
        if (place->index == 0) {
            spanlog_flush(-1);
            stall_hold();
            log_record(0); /* wakes the back, which then waits for the output */
            spin_us(300);
        }
        meet(b, &round);
        run_burst(b, place->index, burst);
        meet(b, &round);
        if (place->index == 0)
            stall_release();
    }
    return NULL;
}

static void run_bench(struct bench *b, const char *name, repeated work, int threads,
                      bool sampling) {
    pthread_t handles[MOST_THREADS];
    struct place places[MOST_THREADS];
    char full[64];
    b->work = work;
    b->threads = threads;
    b->arrived = 0;
    b->sampling = sampling;
    for (int i = 0; i < threads; i++) {
        places[i] = (struct place){b, i};
        if (pthread_create(&handles[i], NULL, run_thread, &places[i]) != 0)
            exit(2);
    }
    for (int i = 0; i < threads; i++)
        pthread_join(handles[i], NULL);
    snprintf(full, sizeof full, "%s_rdtsc_ns", name);
    report(full, median_of(b->rdtsc_ns, (size_t)threads * BURSTS));
    if (sampling) {
        report_distribution(name, b->samples[0], (size_t)threads * BURSTS * BURST,
                            fence_overhead());
        return;
    }
    snprintf(full, sizeof full, "%s_ns", name);
    report(full, median_of(b->burst_ns, (size_t)threads * BURSTS));
}

static void run_stalled(void) {
    static struct bench b;
    setenv("SPANLOG_OUTPUT", "stdout", 1);
    setenv("SPANLOG_RING_SIZE", "8388608", 0);
    measure_output = stall_open();
    b.samples[0] = malloc(sizeof(double) * MOST_THREADS * BURSTS * BURST);
    if (b.samples[0] == NULL)
        exit(2);
    memset(b.samples[0], 0, sizeof(double) * MOST_THREADS * BURSTS * BURST);
    b.samples[1] = b.samples[0] + BURSTS * BURST;
    report("rdtsc_ns", middle_of(many_rdtsc_ns));
    report_checks();
    run_bench(&b, "call", log_records, 1, false);
    run_bench(&b, "call2", log_records, 2, false);
    run_bench(&b, "call_fenced", sample_records, 1, true);
    run_bench(&b, "call2_fenced", sample_records, 2, true);
    run_bench(&b, "span", open_spans, 1, false);
    run_bench(&b, "span_fenced", sample_spans, 1, true);
    report("rdtsc_after_ns", middle_of(many_rdtsc_ns));
    spanlog_flush(-1);
}

/* ---- paced, against a back that is at work
 * ------------------------------------------------------- */

static void *run_paced(void *arg) {
    double *samples = arg;
    spanlog_scope(request, "request");
    log_records(WARM_RECORDS, NULL);
    for (int batch = 0; batch < PACED_BATCHES; batch++) {
        sample_records(PACED_BATCH, samples + (size_t)batch * PACED_BATCH);
        spin_us(PAUSE_US);
    }
    return NULL;
}

static void run_busy(void) {
    enum { COUNT = PACED_BATCH * PACED_BATCHES };
    double *samples = malloc(sizeof(double) * COUNT * MOST_THREADS);
    if (samples == NULL)
        exit(2);
    memset(samples, 0, sizeof(double) * COUNT * MOST_THREADS);
    report("rdtsc_ns", middle_of(many_rdtsc_ns));
    for (int threads = 1; threads <= MOST_THREADS; threads++) {
        pthread_t handles[MOST_THREADS];
        for (int i = 0; i < threads; i++)
            if (pthread_create(&handles[i], NULL, run_paced, samples + (size_t)i * COUNT) != 0)
                exit(2);
        for (int i = 0; i < threads; i++)
            pthread_join(handles[i], NULL);
        report_distribution(threads == 1 ? "paced" : "paced2", samples, (size_t)threads * COUNT,
                            fence_overhead());
    }
    free(samples);
}

int main(int argc, char **argv) {
    setenv("SPANLOG_LEVEL", "info", 1);
    measure_calibrate();
    if (argc == 2 && strcmp(argv[1], "stalled") == 0)
        run_stalled();
    else if (argc == 2 && strcmp(argv[1], "busy") == 0)
        run_busy();
    else
        return 2;
    return 0;
}
