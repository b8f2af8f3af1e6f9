/* analyzer/base/series.c: see series.h. */
#include "src/analyzer/base/series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- gathering ---------------------------------------------------------------------------- */

static int to_sketch(struct spanlog_series *series) {
    if (!series->sketch)
        series->sketch = calloc(1, sizeof *series->sketch);
    if (!series->sketch)
        return -ENOMEM;
    for (size_t i = 0; i < series->count; i++)
        if (spanlog_sketch_add(series->sketch, series->values[i], 1) < 0)
            return -ENOMEM;
    free(series->values);
    series->values = NULL;
    series->count = series->room = 0;
    return 0;
}

static int make_room(struct spanlog_series *series, size_t more) {
    size_t room = series->room ? series->room + series->room / 2 : 8;
    if (series->room - series->count >= more)
        return 0;
    if (room < series->count + more)
        room = series->count + more;
    uint64_t *grown = realloc(series->values, room * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    series->values = grown;
    series->room = room;
    return 0;
}

void spanlog_value_counter_close(struct spanlog_value_counter *counter) {
    struct spanlog_value_total *total = counter->total;
    uint64_t count = __atomic_add_fetch(&total->count, counter->pending, __ATOMIC_RELAXED);
    counter->is_over = count > total->most;
    counter->pending = 0;
}

int spanlog_series_more(struct spanlog_series *series, struct spanlog_value_counter *counter,
                        uint64_t value) {
    counter->pending++;
    if (counter->pending > 4096)
        spanlog_value_counter_close(counter);
    if (counter->is_over)
        return to_sketch(series) < 0 ? -ENOMEM : spanlog_sketch_add(series->sketch, value, 1);
    if (make_room(series, 1) < 0)
        return -ENOMEM;
    series->values[series->count++] = value;
    return 0;
}

int spanlog_series_join(struct spanlog_series *series, struct spanlog_series *from) {
    int rc = 0;
    if (series->count == 0 && !series->sketch) {
        spanlog_series_free(series);
        *series = *from;
        *from = (struct spanlog_series){0};
        return 0;
    }
    if ((series->sketch || from->sketch) && (to_sketch(series) < 0 || to_sketch(from) < 0))
        return -ENOMEM;
    if (series->sketch)
        rc = spanlog_sketch_merge(series->sketch, from->sketch);
    else if ((rc = make_room(series, from->count)) == 0 && from->count) {
        memcpy(series->values + series->count, from->values, from->count * sizeof *from->values);
        series->count += from->count;
    }
    spanlog_series_free(from);
    return rc;
}

void spanlog_series_free(struct spanlog_series *series) {
    if (series->sketch)
        spanlog_sketch_free(series->sketch);
    free(series->sketch);
    free(series->values);
    *series = (struct spanlog_series){0};
}

/* ---- sorting ------------------------------------------------------------------------------ */

static void sort_few(uint64_t *values, size_t count) {
    for (size_t i = 1; i < count; i++) {
        uint64_t value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)

/* By one digit, stable. */
static void sort_by_digit(const uint64_t *from, uint64_t *to, size_t count, unsigned shift) {
    size_t at[DIGITS] = {0}, before = 0;
    for (size_t i = 0; i < count; i++)
        at[from[i] >> shift & (DIGITS - 1)]++;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        size_t here = at[digit];
        at[digit] = before;
        before += here;
    }
    for (size_t i = 0; i < count; i++)
        to[at[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

static int compare(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* A radix sort, digit by digit from the right; digits that all values share cost nothing. */
static int sort(struct spanlog_series *series) {
    uint64_t differs = 0;
    if (series->count <= 32) {
        sort_few(series->values, series->count);
        return 0;
    }
    if (series->count < DIGITS) {
        qsort(series->values, series->count, sizeof *series->values, compare);
        return 0;
    }
    uint64_t *other = malloc(series->count * sizeof *other);
    if (!other)
        return -ENOMEM;
    for (size_t i = 1; i < series->count; i++)
        differs |= series->values[i] ^ series->values[0];
    for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
        if (!(differs >> shift & (DIGITS - 1)))
            continue;
        sort_by_digit(series->values, other, series->count, shift);
        uint64_t *sorted = other;
        other = series->values;
        series->values = sorted;
    }
    series->room = series->count;
    free(other);
    return 0;
}

int spanlog_series_settle(struct spanlog_series *series, bool exact) {
    return exact ? sort(series) : to_sketch(series);
}

/* ---- answers ------------------------------------------------------------------------------ */

uint64_t spanlog_series_percentile(const struct spanlog_series *series, unsigned percent) {
    uint64_t count = series->sketch ? series->sketch->count : series->count;
    if (count == 0)
        return 0;
    uint64_t rank = (count * percent + 99) / 100;
    rank = rank ? rank : 1;
    return series->sketch ? spanlog_sketch_rank(series->sketch, rank) : series->values[rank - 1];
}

uint64_t spanlog_series_below(const struct spanlog_series *series, uint64_t limit) {
    size_t low = 0, high = series->count;
    if (series->sketch)
        return spanlog_sketch_below(series->sketch, limit);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (series->values[middle] <= limit)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
