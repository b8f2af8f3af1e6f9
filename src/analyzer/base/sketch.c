/* analyzer/base/sketch.c: see sketch.h. */
#include "src/analyzer/base/sketch.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_MAX 2240
#define PIECE 64 /* buckets come in so many */
static const double growth = 1.01 / 0.99;

/* The greatest value of each bucket, and where the values of each bit length begin: no logarithm
 * is needed to find a bucket. */
static uint64_t tops[BUCKETS_MAX];
static uint32_t bucket_count;
static uint32_t first_of_bits[65];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill_tables(void) {
    unsigned bits = 0;
    for (double top = 1; bucket_count < BUCKETS_MAX; top *= growth) {
        bool last = top >= 18446744073709549568.0; /* the greatest double below 2^64 */
        tops[bucket_count] = last ? UINT64_MAX : (uint64_t)top;
        for (; bits < 64 && tops[bucket_count] >> bits; bits++)
            first_of_bits[bits + 1] = bucket_count;
        bucket_count++;
        if (last)
            break;
    }
}

/* The first bucket whose top is not below the value, which is not 0. */
static uint32_t bucket_of(uint64_t value) {
    unsigned bits = 64 - (unsigned)__builtin_clzll(value);
    uint32_t low = first_of_bits[bits];
    uint32_t high = bits < 64 ? first_of_bits[bits + 1] : bucket_count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tops[middle] >= value)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Where the greatest possible error is least: 2 g^i / (g + 1). */
static uint64_t middle_of(uint32_t bucket) {
    if (bucket == 0 || tops[bucket] - tops[bucket - 1] == 1)
        return tops[bucket];
    return (uint64_t)((double)tops[bucket] * 2 / (growth + 1) + 0.5);
}

static int make_room(struct spanlog_sketch *sketch, uint32_t bucket) {
    if (sketch->room && bucket >= sketch->first && bucket < sketch->first + sketch->room)
        return 0;
    uint32_t begin = bucket / PIECE * PIECE, end = begin + PIECE;
    if (sketch->room && sketch->first < begin)
        begin = sketch->first;
    if (sketch->room && sketch->first + sketch->room > end)
        end = sketch->first + sketch->room;
    uint64_t *counts = calloc(end - begin, sizeof *counts);
    if (!counts)
        return -ENOMEM;
    if (sketch->room)
        memcpy(counts + (sketch->first - begin), sketch->counts, sketch->room * sizeof *counts);
    free(sketch->counts);
    sketch->counts = counts;
    sketch->first = begin;
    sketch->room = end - begin;
    return 0;
}

int spanlog_sketch_add(struct spanlog_sketch *sketch, uint64_t value, uint64_t times) {
    pthread_once(&once, fill_tables);
    sketch->count += times;
    if (value == 0) {
        sketch->zeros += times;
        return 0;
    }
    uint32_t bucket = bucket_of(value);
    if (make_room(sketch, bucket) < 0)
        return -ENOMEM;
    sketch->counts[bucket - sketch->first] += times;
    return 0;
}

int spanlog_sketch_merge(struct spanlog_sketch *sketch, const struct spanlog_sketch *from) {
    if (from->room &&
        (make_room(sketch, from->first) < 0 || make_room(sketch, from->first + from->room - 1) < 0))
        return -ENOMEM;
    for (uint32_t i = 0; i < from->room; i++)
        sketch->counts[from->first + i - sketch->first] += from->counts[i];
    sketch->zeros += from->zeros;
    sketch->count += from->count;
    return 0;
}

uint64_t spanlog_sketch_rank(const struct spanlog_sketch *sketch, uint64_t rank) {
    uint64_t seen = sketch->zeros;
    if (rank <= seen)
        return 0;
    for (uint32_t i = 0; i < sketch->room; i++) {
        seen += sketch->counts[i];
        if (rank <= seen)
            return middle_of(sketch->first + i);
    }
    return 0;
}

uint64_t spanlog_sketch_below(const struct spanlog_sketch *sketch, uint64_t limit) {
    uint64_t seen = sketch->zeros;
    for (uint32_t i = 0; i < sketch->room && middle_of(sketch->first + i) <= limit; i++)
        seen += sketch->counts[i];
    return seen;
}

void spanlog_sketch_free(struct spanlog_sketch *sketch) {
    free(sketch->counts);
    *sketch = (struct spanlog_sketch){0};
}
