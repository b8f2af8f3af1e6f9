/* metrics/api.c: what programs call. The one file of this folder that knows of the process, which
 * the first use starts, and of the thread's context. See spanlog/metrics.h.
 */
#include "src/core/clock.h"
#include "src/core/process.h"
#include "src/metrics/metrics.h"

#include <string.h>

static struct series *bind_started(struct spanlog__metric *metric, const char *const *values,
                                   size_t count) {
    if (SPANLOG__RARE(!metrics_configured())) {
        int saved = errno;
        process_start();
        errno = saved;
    }
    return metrics_bind(metric, values, count);
}

static struct spanlog__series *bind_public(struct spanlog__metric *metric,
                                           const char *const *values, size_t count) {
    struct series *series = bind_started(metric, values, count);
    return series != NULL ? &series->cells : NULL;
}

spanlog_bound_counter spanlog__counter_bind(spanlog_counter *counter, const char *const *values,
                                            size_t count) {
    return (spanlog_bound_counter){bind_public(&counter->metric, values, count)};
}

spanlog_bound_gauge spanlog__gauge_bind(spanlog_gauge *gauge, const char *const *values,
                                        size_t count) {
    return (spanlog_bound_gauge){bind_public(&gauge->metric, values, count)};
}

spanlog_bound_histogram spanlog__histogram_bind(spanlog_histogram *histogram,
                                                const char *const *values, size_t count) {
    return (spanlog_bound_histogram){bind_public(&histogram->metric, values, count)};
}

/* ---- gauges and histograms ------------------------------------------------------------------- */

void spanlog_bound_gauge_set(spanlog_bound_gauge gauge, double value) {
    uint64_t bits;
    memcpy(&bits, &value, 8);
    if (gauge.series != NULL)
        __atomic_store_n(gauge.series->cells, bits, __ATOMIC_RELAXED);
}

void spanlog_bound_gauge_add(spanlog_bound_gauge gauge, double value) {
    if (gauge.series != NULL)
        value_add(gauge.series->cells, value);
}

void spanlog_gauge_callback(spanlog_gauge *gauge, double (*value)(void *arg), void *arg) {
    struct series *series = bind_started(&gauge->metric, NULL, 0);
    if (series == NULL)
        return;
    __atomic_store_n(&series->family->callback_arg, arg, __ATOMIC_RELAXED);
    __atomic_store_n(&series->family->callback, value, __ATOMIC_RELEASE);
}

static struct series *series_of(struct spanlog__series *cells) {
    return (struct series *)(void *)cells;
}

void spanlog_bound_histogram_observe(spanlog_bound_histogram histogram, double value) {
    const spanlog_ctx *here = &spanlog__context.ctx;
    uint64_t span_id;
    if (histogram.series == NULL)
        return;
    memcpy(&span_id, here->span_id, 8);
    if (span_id == 0 || (here->flags & SPANLOG_FLAG_SAMPLED) == 0) {
        metrics_observe(series_of(histogram.series), value, NULL);
        return;
    }
    struct metrics_context context = {.trace_id = here->trace_id,
                                      .span_id = here->span_id,
                                      .time_ns = clock_gettime_ns(CLOCK_REALTIME_COARSE)};
    metrics_observe(series_of(histogram.series), value, &context);
}
