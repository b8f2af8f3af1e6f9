/* metrics/metrics.h: what the files of this folder share, and what others of the library need.
 *
 *     metrics_configure(&options);                       process/, before anything is counted
 *     struct series *series = metrics_bind(&metric, values, 2);       back/red.c
 *
 * Glossary
 *   metric   a static object of the program: name, help, labels (spanlog/metrics.h)
 *   family   the one thing that all metrics of a name stand for; never freed
 *   series   one label set of a family: its cells; never freed
 *   cell     8 bytes that are added to. A counter's series has one per shard, 64 bytes apart; a
 *            histogram's has per shard one a bucket, one for infinity, and the sum
 *   shard    threads are dealt out to 1 to 8 of them in turn
 *
 * Families and series are only ever added, under one lock, and published by a release store: who
 * counts or reads takes no lock.
 */
#ifndef SPANLOG_METRICS_METRICS_H
#define SPANLOG_METRICS_METRICS_H

#include <spanlog/metrics.h>

#define METRICS_MAX_FAMILIES 512u
#define METRICS_MAX_SHARDS 8u
#define METRICS_MAX_VALUE 256u
#define METRICS_KEY_SIZE (SPANLOG_METRIC_MAX_LABELS * (METRICS_MAX_VALUE + 1) + 8)
#define METRICS_NO_FAMILY ((struct spanlog__family *)-1) /* of a metric that counts nothing */

/* A sampled span that was seen in a bucket. Written by whoever makes `sequence` odd. */
struct exemplar {
    uint32_t sequence;
    uint32_t reserved;
    uint64_t time_ns; /* 0: none yet */
    uint64_t value;   /* a double's bits */
    uint64_t ids[3];  /* trace id and span id, as bytes in memory order */
};

struct series {
    struct spanlog__series cells; /* first: the program's handle */
    struct spanlog__family *family;
    struct series *next; /* in the order of their making */
    struct exemplar *exemplars;
    struct series
        *companions[2]; /* of other families, same values: who counts in all, once found */
    uint64_t hash;
    uint32_t key_size;
    char key[]; /* the label values, each ended by NUL */
};

struct spanlog__family {
    struct spanlog__family *next;
    uint32_t type;
    uint32_t label_count;
    uint32_t bucket_count;
    uint32_t shards;
    uint32_t stride; /* cells of one shard */
    uint32_t slot_mask;
    uint32_t max_series;
    uint32_t series_count; /* without `other` */
    bool said_wrong_count; /* of label values */
    struct series *first, *last;
    struct series **slots; /* by hash */
    struct series *other;  /* what is folded; NULL: nothing was */
    struct series *folded; /* of spanlog_metrics_folded_total */
    double (*callback)(void *arg);
    void *callback_arg;
    const double *buckets;
    const char *name, *help;
    const char *labels[SPANLOG_METRIC_MAX_LABELS];
};

/* A set of label values as it is looked up. */
struct series_key {
    uint64_t hash;
    size_t size;
    char text[METRICS_KEY_SIZE];
};

/* The sampled span in which something was observed. */
struct metrics_context {
    const uint8_t *trace_id, *span_id;
    uint64_t time_ns; /* of the wall clock */
};

/* ---- for process/ and back/ ------------------------------------------------------------------ */

struct metrics_options {
    bool enabled;
    uint32_t max_series; /* of one metric */
    const char *file;    /* "": none; %p is the process id */
    uint32_t file_interval_ms;
};

void metrics_configure(const struct metrics_options *options);
/* Around fork; the child's values are zero. */
void metrics_before_fork(void);
void metrics_after_fork_parent(void);
void metrics_after_fork_child(void);

bool metrics_configured(void);
bool metrics_enabled(void);
/* The series with these values, made if need be; NULL: count nothing. */
struct series *metrics_bind(struct spanlog__metric *metric, const char *const *values,
                            size_t count);
/* context: NULL when there is no sampled span. */
void metrics_observe(struct series *series, double value, const struct metrics_context *context);

/* The file at intervals: how long the back may sleep (-1: for good), and what it does after each
 * turn. `now` writes it even before its time. */
int64_t metrics_file_wait_ns(void);
void metrics_file_turn(bool now);

/* ---- inside ---------------------------------------------------------------------------------- */

/* The family of a metric, registered at its first use; NULL: it counts nothing. */
struct spanlog__family *metrics_family(struct spanlog__metric *metric);
/* What is wrong with the metric's name, labels or buckets, or NULL. */
const char *metrics_name_error(const struct spanlog__metric *metric);
struct spanlog__family *metrics_first_family(void);
/* The one lock; not held: this thread has it (a fault inside). */
struct lock_guard metrics_lock(void);
void metrics_unlock(struct lock_guard *guard);
/* To a cell that is a double. */
void value_add(uint64_t *cell, double value);
struct series *series_make(struct spanlog__family *family, const struct series_key *key);
struct series *series_bind(struct spanlog__family *family, const char *const *values, size_t count);
/* NULL: a family without room for its slots. */
struct series **series_slots(uint32_t max_series, uint32_t *ret_mask);
void file_configure(const char *path, uint32_t interval_ms);
void file_after_fork_child(void);

static inline const char *metric_name(const struct spanlog__metric *metric) {
    return metric->texts[0] != NULL ? metric->texts[0] : "";
}

#endif
