/* analyzer/diff/diff_values.h: which traces have which value of a key, within bounds. For
 * diff_lines.c.
 *
 *     rc = spanlog_diff_values_count(&values, rank, trace, key, text);     once for each that is
 * met rc = spanlog_diff_values_merge(&all, &of_a_job, before);             in any order
 *
 * A key that has too many values is counted in fewer traces: those whose rank is below a limit,
 * which is halved until its values are few enough. A trace's rank is its own, so that what is left
 * in the end depends neither on the number of jobs nor on which lines each of them has read; and a
 * value that many traces have stays, however many others there are.
 */
#ifndef SPANLOG_ANALYZER_DIFF_DIFF_VALUES_H
#define SPANLOG_ANALYZER_DIFF_DIFF_VALUES_H

#include "src/analyzer/base/strings.h"

/* Pairs of a trace and an item that it has, each once. */
struct spanlog_diff_pairs {
    uint64_t *slots; /* pair + 1 */
    uint64_t mask;
    uint64_t count;
};

struct spanlog_diff_key {
    uint32_t newest;  /* of its items, + 1 */
    uint32_t alive;   /* items that some trace below the limit has */
    unsigned halved;  /* how often the limit was */
    bool is_left_out; /* there are too many keys */
};

/* A value of a key, or a log text. */
struct spanlog_diff_item {
    uint32_t key;
    uint32_t older; /* of the same key, + 1 */
    uint32_t rank;  /* the least of its traces */
};

struct spanlog_diff_values {
    struct spanlog_strings items, keys;
    struct spanlog_diff_item *of_items;
    struct spanlog_diff_key *of_keys;
    uint32_t item_room, key_room;
    uint32_t keys_alive;
    unsigned keys_halved; /* how often it was halved which keys are counted */
    struct spanlog_diff_pairs pairs;
};

/* 0 or -ENOMEM. */
int spanlog_diff_values_count(struct spanlog_diff_values *values, uint32_t trace, uint32_t rank,
                              struct spanlog_text key, struct spanlog_text item);
/* `before`: traces of the side before, whose numbers come first; a trace's rank is its number on
 * its side. */
int spanlog_diff_values_merge(struct spanlog_diff_values *values,
                              const struct spanlog_diff_values *from, uint32_t before);
/* After the last: whether this pair of a trace and an item counts. */
bool spanlog_diff_values_has(const struct spanlog_diff_values *values, uint32_t rank,
                             uint32_t item);
void spanlog_diff_values_free(struct spanlog_diff_values *values);

#endif
