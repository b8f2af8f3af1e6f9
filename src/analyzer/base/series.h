/* analyzer/base/series.h: values of which quantiles are wanted: exact (nearest rank) while a
 * question has at most 10 million of them in all, beyond that from sketches (sketch.h).
 *
 *     struct spanlog_value_total total = {.most = SPANLOG_VALUES_EXACT_MAX};      of all threads
 *     struct spanlog_value_counter counter = {.total = &total};                   of one thread
 *     struct spanlog_series series = {0};
 *     spanlog_series_add(&series, &counter, duration_ns);
 *     spanlog_value_counter_close(&counter);
 *     spanlog_series_join(&series, &of_another_thread);
 *     spanlog_series_settle(&series, spanlog_values_are_exact(&total));
 *     uint64_t median = spanlog_series_percentile(&series, 50);
 *     spanlog_series_free(&series);
 *
 * Which of the two it is depends on the number of values alone, not on threads or order.
 */
#ifndef SPANLOG_ANALYZER_BASE_SERIES_H
#define SPANLOG_ANALYZER_BASE_SERIES_H

#include <stdbool.h>

#include "src/analyzer/base/sketch.h"

#define SPANLOG_VALUES_EXACT_MAX 10000000u

struct spanlog_value_total {
    uint64_t most;
    uint64_t count; /* atomic; what threads have not handed over yet is missing */
};

struct spanlog_value_counter {
    struct spanlog_value_total *total;
    uint32_t pending; /* not handed over yet */
    bool is_over;     /* there are more than can be kept */
};

struct spanlog_series {
    uint64_t *values;
    size_t count; /* of values; 0 with a sketch */
    size_t room;
    struct spanlog_sketch *sketch; /* in place of the values */
};

/* 0 or -ENOMEM, all. */
int spanlog_series_more(struct spanlog_series *series, struct spanlog_value_counter *counter,
                        uint64_t value);
/* Takes over what `from` has. */
int spanlog_series_join(struct spanlog_series *series, struct spanlog_series *from);
/* Before anything is asked. */
int spanlog_series_settle(struct spanlog_series *series, bool exact);

uint64_t spanlog_series_percentile(const struct spanlog_series *series, unsigned percent);
/* How many values are `limit` or less. */
uint64_t spanlog_series_below(const struct spanlog_series *series, uint64_t limit);
void spanlog_series_free(struct spanlog_series *series);

void spanlog_value_counter_close(struct spanlog_value_counter *counter);
/* Once all counters are closed. */
static inline bool spanlog_values_are_exact(const struct spanlog_value_total *total) {
    return total->count <= total->most;
}

static inline int spanlog_series_add(struct spanlog_series *series,
                                     struct spanlog_value_counter *counter, uint64_t value) {
    if (series->count == series->room || counter->is_over || counter->pending == 4096)
        return spanlog_series_more(series, counter, value);
    series->values[series->count++] = value;
    counter->pending++;
    return 0;
}

#endif
