/* tests/bench/bench_propagation.c: what headers cost, and what a correlation id adds to records.
 *
 *     bench_propagation
 *
 * prints `name value` lines, ns. traceparent alone as text (parse, format); spanlog_extract and
 * spanlog_inject with a carrier that is a pointer comparison away; the same with a correlation id,
 * which takes a slot; a record of four fields in a span, without and with one.
 * rdtsc is the anchor.
 */
#include "measure.h"
#include "stall.h"

#include "src/propagation/traceparent.h"

#include <spanlog/spanlog.h>

#include <string.h>

enum { CALLS = 200000, CARRIED_CALLS = 20000, ROUNDS = 9, BURST = 10000 };

static const char traceparent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
static const char *volatile correlation_id;

static const char *get(void *arg, const char *name) {
    (void)arg;
    if (name[0] == 't' && name[5] == 'p')
        return traceparent;
    return name[2] == 'c' ? correlation_id : NULL;
}

static void set(void *arg, const char *name, const char *value) {
    (void)arg;
    MEASURE_KEEP(name);
    MEASURE_KEEP(value);
}

static double parse_ns(void) {
    const char *volatile text = traceparent;
    spanlog_ctx ctx;
    uint64_t start = ticks();
    for (int i = 0; i < CALLS; i++) {
        MEASURE_KEEP(traceparent_parse(text, &ctx));
        MEASURE_KEEP(&ctx);
    }
    return ticks_ns(ticks() - start) / CALLS;
}

static double format_ns(void) {
    spanlog_ctx ctx = {.trace_id = {1, 2, 3}, .span_id = {4, 5, 6}, .flags = 1};
    char text[TRACEPARENT_SIZE + 1];
    uint64_t start = ticks();
    for (int i = 0; i < CALLS; i++) {
        MEASURE_KEEP(&ctx);
        traceparent_format(&ctx, text);
        MEASURE_KEEP(text);
    }
    return ticks_ns(ticks() - start) / CALLS;
}

static double extract_ns(void) {
    int calls = correlation_id != NULL ? CARRIED_CALLS : CALLS;
    spanlog_ctx ctx;
    uint64_t start = ticks();
    for (int i = 0; i < calls; i++) {
        spanlog_extract(get, NULL, &ctx);
        MEASURE_KEEP(&ctx);
    }
    return ticks_ns(ticks() - start) / calls;
}

static double inject_ns(void) {
    spanlog_ctx ctx = spanlog_ctx_current();
    uint64_t start = ticks();
    for (int i = 0; i < CALLS; i++)
        spanlog_inject(ctx, set, NULL);
    return ticks_ns(ticks() - start) / CALLS;
}

static double record_ns(void) {
    static const char *volatile user = "user:7", *volatile peer = "10.20.30.40";
    spanlog_flush(-1);
    stall_hold();
    spanlog_info("wakes the back"); /* which then waits for its output */
    spin_us(300);
    uint64_t start = ticks();
    for (int i = 0; i < BURST; i++)
        spanlog_info("cache miss", kv("key", user), kv("peer", peer), kv("hits", i),
                     kv("ms", 1.25));
    double ns = ticks_ns(ticks() - start) / BURST;
    stall_release();
    return ns;
}

/* The anchor is timed right after each round, as NAME_rdtsc_ns. */
static void report_median(const char *name, double (*measure)(void)) {
    double values[ROUNDS], anchors[ROUNDS];
    char full[64];
    for (int i = 0; i < ROUNDS; i++) {
        values[i] = measure();
        anchors[i] = rdtsc_ns(CALLS / 10);
    }
    snprintf(full, sizeof full, "%s_ns", name);
    report(full, median_of(values, ROUNDS));
    snprintf(full, sizeof full, "%s_rdtsc_ns", name);
    report(full, median_of(anchors, ROUNDS));
}

/* In a span of a request that came with, or without, a correlation id. */
static void measure_request(const char *id, const char *extract, const char *inject,
                            const char *record) {
    spanlog_ctx ctx;
    correlation_id = id;
    report_median(extract, extract_ns);
    spanlog_extract(get, NULL, &ctx);
    spanlog_ctx before = spanlog_ctx_attach(ctx);
    {
        spanlog_scope(request, "request");
        for (int i = 0; i < 60; i++) /* the ring grows to its full size */
            record_ns();
        report_median(inject, inject_ns);
        report_median(record, record_ns);
    }
    spanlog_ctx_attach(before);
}

int main(void) {
    setenv("SPANLOG_LEVEL", "info", 1);
    setenv("SPANLOG_OUTPUT", "stdout", 1);
    setenv("SPANLOG_RING_SIZE", "8388608", 0);
    measure_calibrate();
    measure_output = stall_open();
    report_median("traceparent_parse", parse_ns);
    report_median("traceparent_format", format_ns);
    measure_request(NULL, "extract", "inject", "plain_record");
    measure_request("550e8400-e29b-41d4-a716-446655440000", "extract_carried", "inject_carried",
                    "stamped_record");
    spanlog_flush(-1);
    return 0;
}
