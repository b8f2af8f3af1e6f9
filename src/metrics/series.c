/* metrics/series.c: from label values to the cells that are counted in. See metrics.h. */
#include "src/metrics/metrics.h"
#include "src/core/futex.h"
#include "src/core/tell.h"
#include "formatters/utf8.h"

#include <stdlib.h>
#include <string.h>

/* ---- the key --------------------------------------------------------------------------------- */

/* A value as UTF-8, whatever it was: Prometheus refuses the whole text for one broken byte. */
static size_t put_repaired(char *to, const char *value) {
    size_t given = strnlen(value, METRICS_MAX_VALUE + 1), size = 0;
    if (given > METRICS_MAX_VALUE) /* cut, but not inside of a character */
        given = spanlog_utf8_trim(value, METRICS_MAX_VALUE);
    const char *end = value + given;
    while (value < end) {
        uint32_t code_point;
        int count = spanlog_utf8_next(value, end, &code_point);
        size_t written = count > 0 ? (size_t)count : 3;
        if (size + written > METRICS_MAX_VALUE)
            break;
        memcpy(to + size, count > 0 ? value : "\xef\xbf\xbd", written);
        size += written;
        value += count > 0 ? count : -count;
    }
    return size;
}

static size_t put_value(char *to, const char *value) {
    size_t size = 0;
    if (value == NULL)
        return 0;
    for (; value[size] != '\0' && size < METRICS_MAX_VALUE; size++) {
        if ((signed char)value[size] < 0)
            return put_repaired(to, value);
        to[size] = value[size];
    }
    return size;
}

static void make_key(struct series_key *key, const char *const *values, uint32_t count) {
    uint64_t hash = 0;
    key->size = 0;
    for (uint32_t i = 0; i < count; i++) {
        key->size += put_value(key->text + key->size, values[i]);
        key->text[key->size++] = '\0';
    }
    memset(key->text + key->size, 0, 8);
    for (size_t at = 0; at < key->size; at += 8) {
        uint64_t part;
        memcpy(&part, key->text + at, 8);
        hash = (hash ^ part) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    key->hash = hash;
}

/* ---- finding and making ---------------------------------------------------------------------- */

struct series **series_slots(uint32_t max_series, uint32_t *ret_mask) {
    uint32_t room = 16; /* at most half of them are taken, the one of the folded too */
    while (room < 2 * (max_series + 1))
        room *= 2;
    *ret_mask = room - 1;
    return calloc(room, sizeof(struct series *));
}

static struct series *find(const struct spanlog__family *family, const struct series_key *key) {
    for (uint64_t i = key->hash;; i++) {
        struct series *series =
            __atomic_load_n(&family->slots[i & family->slot_mask], __ATOMIC_ACQUIRE);
        if (series == NULL)
            return NULL;
        if (series->hash == key->hash && series->key_size == key->size &&
            memcmp(series->key, key->text, key->size) == 0)
            return series;
    }
}

static void publish(struct spanlog__family *family, struct series *series) {
    struct series **place = family->last != NULL ? &family->last->next : &family->first;
    if (family->slots != NULL) {
        uint64_t i = series->hash;
        while (family->slots[i & family->slot_mask] != NULL)
            i++;
        __atomic_store_n(&family->slots[i & family->slot_mask], series, __ATOMIC_RELEASE);
    }
    __atomic_store_n(place, series, __ATOMIC_RELEASE);
    family->last = series;
}

/* Under the lock. One piece of memory: the series, its cells on lines of their own, exemplars. */
struct series *series_make(struct spanlog__family *family, const struct series_key *key) {
    size_t head = (sizeof(struct series) + key->size + 63) & ~(size_t)63;
    size_t cells = (size_t)family->shards * family->stride * sizeof(uint64_t);
    size_t exemplars = family->type == SPANLOG__METRIC_HISTOGRAM
                           ? (family->bucket_count + 1) * sizeof(struct exemplar)
                           : 0;
    size_t size = (head + cells + exemplars + 63) & ~(size_t)63;
    char *memory = aligned_alloc(64, size);
    if (memory == NULL)
        return NULL;
    memset(memory, 0, size);
    struct series *series = (struct series *)(void *)memory;
    series->family = family;
    series->cells.cells = (uint64_t *)(void *)(memory + head);
    series->cells.shard_mask = family->shards - 1;
    series->exemplars = exemplars > 0 ? (struct exemplar *)(void *)(memory + head + cells) : NULL;
    series->hash = key->hash;
    series->key_size = (uint32_t)key->size;
    memcpy(series->key, key->text, key->size);
    publish(family, series);
    return series;
}

/* ---- folding --------------------------------------------------------------------------------- */

static spanlog_counter folded_lookups = SPANLOG_COUNTER(
    "spanlog_metrics_folded_total",
    "Look-ups of label sets beyond a metric's bound, counted as \"other\".", "metric");

static void count_folded(struct spanlog__family *family) {
    struct series *folded = __atomic_load_n(&family->folded, __ATOMIC_ACQUIRE);
    if (folded == NULL && metrics_family(&folded_lookups.metric) != family) {
        folded = metrics_bind(&folded_lookups.metric, &family->name, 1);
        __atomic_store_n(&family->folded, folded, __ATOMIC_RELEASE);
    }
    if (folded != NULL)
        spanlog_bound_counter_add((spanlog_bound_counter){&folded->cells}, 1);
}

/* Under the lock. */
static struct series *make_other(struct spanlog__family *family) {
    static const char *const others[SPANLOG_METRIC_MAX_LABELS] = {
        "other", "other", "other", "other", "other", "other", "other", "other"};
    struct series_key key;
    make_key(&key, others, family->label_count);
    struct series *other = find(family, &key);
    return other != NULL ? other : series_make(family, &key);
}

/* The series with that key: made now, or the one for what is too much. */
static struct series *make_or_fold(struct spanlog__family *family, const struct series_key *key) {
    uint32_t most = family->max_series;
    struct series *series = NULL, *other = __atomic_load_n(&family->other, __ATOMIC_ACQUIRE);
    if (other == NULL || __atomic_load_n(&family->series_count, __ATOMIC_RELAXED) < most) {
        struct lock_guard guard = metrics_lock();
        if (!guard.held)
            return NULL;
        series = find(family, key);
        if (series == NULL && family->series_count < most) {
            series = series_make(family, key);
            family->series_count += series != NULL;
        }
        if (series == NULL && family->other == NULL)
            __atomic_store_n(&family->other, make_other(family), __ATOMIC_RELEASE);
        other = family->other;
        metrics_unlock(&guard);
    }
    if (series != NULL)
        return series;
    count_folded(family);
    return other;
}

/* ---- binding --------------------------------------------------------------------------------- */

static void say_wrong_count(struct spanlog__family *family, size_t count) {
    if (__atomic_exchange_n(&family->said_wrong_count, true, __ATOMIC_RELAXED))
        return;
    tell("metric \"%.140s\" has %u labels, but was given %zu values; such calls count nothing",
         family->name, family->label_count, count);
}

struct series *series_bind(struct spanlog__family *family, const char *const *values,
                           size_t count) {
    struct series_key key;
    if (count != family->label_count) {
        say_wrong_count(family, count);
        return NULL;
    }
    if (count == 0)
        return family->first;
    make_key(&key, values, family->label_count);
    struct series *series = find(family, &key);
    if (SPANLOG__LIKELY(series != NULL))
        return series;
    int saved = errno;
    series = make_or_fold(family, &key);
    errno = saved;
    return series;
}

struct series *metrics_bind(struct spanlog__metric *metric, const char *const *values,
                            size_t count) {
    struct spanlog__family *family = metrics_family(metric);
    return family != NULL ? series_bind(family, values, count) : NULL;
}
