/* analyzer/base/sketch.h: quantiles of any number of values in little memory, 1 % off at most
 * (DDSketch).
 *
 *     struct spanlog_sketch sketch = {0};
 *     spanlog_sketch_add(&sketch, 12590000, 1);
 *     uint64_t median = spanlog_sketch_rank(&sketch, (sketch.count + 1) / 2);
 *     spanlog_sketch_free(&sketch);
 *
 * Bucket i holds the values in (g^(i-1), g^i], g = 1.01 / 0.99; its middle is at most 1 % from each
 * of them (and half a unit, as it is a whole number). 64 bits need about 2,220 buckets, so none are
 * ever folded together: the bound holds for every quantile, and the order in which values come does
 * not matter.
 */
#ifndef SPANLOG_ANALYZER_BASE_SKETCH_H
#define SPANLOG_ANALYZER_BASE_SKETCH_H

#include <stddef.h>
#include <stdint.h>

struct spanlog_sketch {
    uint64_t *counts; /* of the buckets first .. first + room - 1 */
    uint32_t first;
    uint32_t room;
    uint64_t zeros;
    uint64_t count; /* of all values */
};

/* 0 or -ENOMEM, both. */
int spanlog_sketch_add(struct spanlog_sketch *sketch, uint64_t value, uint64_t times);
int spanlog_sketch_merge(struct spanlog_sketch *sketch, const struct spanlog_sketch *from);
/* About the value that is the rank-th smallest; ranks count from 1. */
uint64_t spanlog_sketch_rank(const struct spanlog_sketch *sketch, uint64_t rank);
/* How many values are about `limit` or less. */
uint64_t spanlog_sketch_below(const struct spanlog_sketch *sketch, uint64_t limit);
void spanlog_sketch_free(struct spanlog_sketch *sketch);

#endif
