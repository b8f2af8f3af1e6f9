/* analyzer/diff/diff_values.c: see diff_values.h. */
#include "src/analyzer/diff/diff_values.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/base/hash.h"
#include "src/analyzer/diff/diff_parts.h"

#define KEYS_MAX 10000

/* ---- pairs -------------------------------------------------------------------------------- */

static uint64_t *pair_slot(const struct spanlog_diff_pairs *pairs, uint64_t key) {
    uint64_t at = (key * 0x9e3779b97f4a7c15u) >> 16 & pairs->mask;
    while (pairs->slots[at] && pairs->slots[at] != key)
        at = (at + 1) & pairs->mask;
    return &pairs->slots[at];
}

static int add_pair(struct spanlog_diff_pairs *pairs, uint32_t trace, uint32_t item) {
    if (2 * pairs->count >= pairs->mask) {
        struct spanlog_diff_pairs grown = {.mask = pairs->mask ? 2 * pairs->mask + 1 : 4095,
                                           .count = pairs->count};
        grown.slots = calloc(grown.mask + 1, sizeof *grown.slots);
        if (!grown.slots)
            return -ENOMEM;
        for (uint64_t i = 0; pairs->slots && i <= pairs->mask; i++)
            if (pairs->slots[i])
                *pair_slot(&grown, pairs->slots[i]) = pairs->slots[i];
        free(pairs->slots);
        *pairs = grown;
    }
    uint64_t key = ((uint64_t)trace << 32 | item) + 1;
    uint64_t *slot = pair_slot(pairs, key);
    pairs->count += *slot == 0;
    *slot = key;
    return 0;
}

/* ---- keys --------------------------------------------------------------------------------- */

static uint32_t limit_of(const struct spanlog_diff_key *key) {
    return key->is_left_out ? 0 : SPANLOG_DIFF_TRACES_MAX >> key->halved;
}

/* Which keys stay where there are too many is up to their names; log texts always do. */
static bool is_kept(const struct spanlog_diff_values *values, struct spanlog_text key) {
    return values->keys_halved == 0 || (key.size && key.data[0] == '\n') ||
           spanlog_hash(key.data, key.size) >> (64 - values->keys_halved) == 0;
}

static void leave_out_keys(struct spanlog_diff_values *values, unsigned halved) {
    values->keys_halved = halved;
    values->keys_alive = 0;
    for (uint32_t i = 0; i < values->keys.count; i++) {
        struct spanlog_diff_key *key = &values->of_keys[i];
        key->is_left_out = !is_kept(values, spanlog_strings_text(&values->keys, i));
        values->keys_alive += !key->is_left_out;
    }
}

/* 1, 0 where the key is left out, or -ENOMEM. */
static int find_key(struct spanlog_diff_values *values, struct spanlog_text text,
                    uint32_t *ret_key) {
    uint32_t count = values->keys.count;
    if (!is_kept(values, text))
        return 0;
    *ret_key = spanlog_strings_add(&values->keys, text.data, text.size);
    if (*ret_key == SPANLOG_STRING_NONE ||
        !spanlog_diff_room(&values->of_keys, &values->key_room, *ret_key, sizeof *values->of_keys))
        return -ENOMEM;
    values->keys_alive += values->keys.count > count;
    while (values->keys_alive > KEYS_MAX)
        leave_out_keys(values, values->keys_halved + 1);
    return !values->of_keys[*ret_key].is_left_out;
}

/* How many values a key may have: fewer, where there are more keys, and never more again. */
static uint32_t values_max(const struct spanlog_diff_values *values) {
    uint32_t keys = values->keys_halved ? KEYS_MAX : values->keys_alive;
    uint32_t most = SPANLOG_DIFF_ITEMS_MAX / (keys ? keys : 1);
    return most < SPANLOG_DIFF_VALUES_MAX ? most : SPANLOG_DIFF_VALUES_MAX;
}

static void count_alive(struct spanlog_diff_values *values, struct spanlog_diff_key *key) {
    key->alive = 0;
    for (uint32_t item = key->newest; item; item = values->of_items[item - 1].older)
        key->alive += values->of_items[item - 1].rank < limit_of(key);
}

static void halve_until_few(struct spanlog_diff_values *values, struct spanlog_diff_key *key) {
    while (key->alive > values_max(values)) {
        key->halved++;
        count_alive(values, key);
    }
}

/* ---- values ------------------------------------------------------------------------------- */

static int add_item(struct spanlog_diff_values *values, uint32_t key, struct spanlog_text text,
                    uint32_t *ret_item) {
    uint32_t item = spanlog_strings_add(&values->items, text.data, text.size);
    if (item == SPANLOG_STRING_NONE ||
        !spanlog_diff_room(&values->of_items, &values->item_room, item, sizeof *values->of_items))
        return -ENOMEM;
    values->of_items[item] =
        (struct spanlog_diff_item){key, values->of_keys[key].newest, UINT32_MAX};
    values->of_keys[key].newest = item + 1;
    *ret_item = item;
    return 0;
}

int spanlog_diff_values_count(struct spanlog_diff_values *values, uint32_t trace, uint32_t rank,
                              struct spanlog_text key_text, struct spanlog_text text) {
    uint32_t item = spanlog_strings_find(&values->items, text.data, text.size), number = 0;
    int rc = 1;
    if (item == SPANLOG_STRING_NONE)
        rc = find_key(values, key_text, &number);
    else
        number = values->of_items[item].key;
    if (rc <= 0 || rank >= limit_of(&values->of_keys[number]))
        return rc < 0 ? rc : 0;
    if (item == SPANLOG_STRING_NONE && add_item(values, number, text, &item) < 0)
        return -ENOMEM;
    struct spanlog_diff_key *key = &values->of_keys[number];
    struct spanlog_diff_item *of_item = &values->of_items[item];
    key->alive += of_item->rank >= limit_of(key);
    if (rank < of_item->rank)
        of_item->rank = rank;
    halve_until_few(values, key);
    return add_pair(&values->pairs, trace, item);
}

/* ---- all jobs together -------------------------------------------------------------------- */

static int merge_keys(struct spanlog_diff_values *values, const struct spanlog_diff_values *from) {
    if (from->keys_halved > values->keys_halved)
        leave_out_keys(values, from->keys_halved);
    for (uint32_t i = 0; i < from->keys.count; i++) {
        uint32_t number;
        if (from->of_keys[i].is_left_out)
            continue;
        int rc = find_key(values, spanlog_strings_text(&from->keys, i), &number);
        if (rc < 0)
            return rc;
        if (rc == 0 || from->of_keys[i].halved <= values->of_keys[number].halved)
            continue;
        values->of_keys[number].halved = from->of_keys[i].halved;
        count_alive(values, &values->of_keys[number]);
    }
    return 0;
}

int spanlog_diff_values_merge(struct spanlog_diff_values *values,
                              const struct spanlog_diff_values *from, uint32_t before) {
    int rc = merge_keys(values, from);
    for (uint64_t i = 0; rc == 0 && from->pairs.slots && i <= from->pairs.mask; i++) {
        uint64_t pair = from->pairs.slots[i] - 1;
        if (from->pairs.slots[i] == 0)
            continue;
        uint32_t trace = (uint32_t)(pair >> 32), item = (uint32_t)pair;
        uint32_t rank = trace < before ? trace : trace - before;
        if (spanlog_diff_values_has(from, rank, item))
            rc = spanlog_diff_values_count(
                values, trace, rank, spanlog_strings_text(&from->keys, from->of_items[item].key),
                spanlog_strings_text(&from->items, item));
    }
    for (uint32_t i = 0; rc == 0 && i < values->keys.count; i++)
        halve_until_few(values, &values->of_keys[i]);
    return rc;
}

bool spanlog_diff_values_has(const struct spanlog_diff_values *values, uint32_t rank,
                             uint32_t item) {
    return rank < limit_of(&values->of_keys[values->of_items[item].key]);
}

void spanlog_diff_values_free(struct spanlog_diff_values *values) {
    spanlog_strings_free(&values->items);
    spanlog_strings_free(&values->keys);
    free(values->of_items);
    free(values->of_keys);
    free(values->pairs.slots);
    *values = (struct spanlog_diff_values){0};
}
