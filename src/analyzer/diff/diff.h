/* analyzer/diff/diff.h: the question "what changed, and what explains it?", asked of two sets of
 * traces.
 *
 *     struct spanlog_diff diff = {.jobs = 2};
 *     struct spanlog_diff_input input = {.sources = &before, .all = &collection, .side = 0};
 *     rc = spanlog_diff_add(&diff, &input);         a second one with .side = 1; or one for both,
 *                                                   with .side_of to choose: a selection, the rest
 *     rc = spanlog_diff_rank(&diff);
 *     ... diff.rows[i] ...
 *     spanlog_diff_free(&diff);
 *
 * Each input is gone through twice: its trees for times and operations, its lines for attributes
 * and log texts. What is found is ranked by a score from 0 to 1:
 *
 *  - attribute, log: the difference of the shares of traces that have it, less a standard error;
 *  - self_time, edge: 1 - smaller / greater of the p50 or p95 of an operation's own time. The own
 *    time of a call to another service is network and queue: it is the edge's;
 *  - calls: 1 - smaller / greater of the calls per trace, or as for attributes;
 *  - new, vanished: the share of traces that have the operation, as for attributes.
 *
 * Bounds: attributes and log texts are counted in SPANLOG_DIFF_TRACES_MAX traces of each side, and
 * a key with more than SPANLOG_DIFF_VALUES_MAX values in so many fewer that they are not more; see
 * diff_values.h. Which traces these are is up to their ids.
 */
#ifndef SPANLOG_ANALYZER_DIFF_DIFF_H
#define SPANLOG_ANALYZER_DIFF_DIFF_H

#include "src/analyzer/trees/each.h"

#define SPANLOG_DIFF_TRACES_MAX 20000
#define SPANLOG_DIFF_VALUES_MAX 1000  /* of one key */
#define SPANLOG_DIFF_ITEMS_MAX 200000 /* keys with their values and log texts */

enum spanlog_diff_kind {
    SPANLOG_DIFF_NEW,
    SPANLOG_DIFF_VANISHED,
    SPANLOG_DIFF_SELF_TIME,
    SPANLOG_DIFF_EDGE,
    SPANLOG_DIFF_CALLS,
    SPANLOG_DIFF_ATTRIBUTE,
    SPANLOG_DIFF_LOG,
    SPANLOG_DIFF_KINDS
};
extern const char *const spanlog_diff_kind_names[SPANLOG_DIFF_KINDS];

struct spanlog_diff_row {
    enum spanlog_diff_kind kind;
    struct spanlog_text name; /* "orders db.query", "orders -> payment", "region=eu" */
    double before, after;     /* ms of times, shares from 0 to 1, calls per trace */
    double score;
    const char *quantile; /* of times: "p50" or "p95"; else "" */
};

/* A trace, as pass two finds it again. */
struct spanlog_diff_trace {
    uint64_t high, low;
};

struct spanlog_diff_traces {
    struct spanlog_diff_trace *list;
    size_t count, room;
};

struct spanlog_diff_samples {
    uint64_t *values;
    size_t count, room;
    uint64_t traces; /* that have at least one */
    uint64_t stamp;
    double sum;
};

/* An attribute with its value, or a log text. */
struct spanlog_diff_counted {
    uint32_t key;
    uint32_t traces[2]; /* that have it */
};

/* Of the sampled traces those in which a key was not counted. */
struct spanlog_diff_skipped {
    uint64_t of_side[2];
};

struct spanlog_diff {
    unsigned jobs;
    int32_t error_status_min;
    bool raw_clocks;
    bool is_selection; /* after: a selection, before: the rest; only said, not used */
    struct spanlog_translate_settings translate;
    void (*progress)(uint64_t done, uint64_t total);
    /* Filled in. */
    struct spanlog_diff_row *rows; /* the greatest score first */
    size_t row_count, row_room;
    uint64_t traces[2];
    uint64_t traces_sampled[2]; /* for attributes and logs */
    double mean_ns[2];          /* of the traces' durations */
    uint32_t thinned;           /* keys that were counted in fewer traces */
    bool has_too_many_keys;     /* some were not counted */
    /* Inside. */
    struct spanlog_strings operations; /* a kind's letter and the name */
    struct spanlog_diff_samples *times[2];
    uint32_t operation_room;
    struct spanlog_strings items, keys;
    struct spanlog_diff_counted *of_items;
    struct spanlog_diff_skipped *skipped; /* of each key */
    uint32_t item_room, key_room;
    uint64_t duration_sum[2];
};

struct spanlog_diff_input {
    struct spanlog_sources *sources;
    const struct spanlog_collection *all;
    const struct spanlog_filter *filter; /* NULL: all */
    int side;                            /* 0 before, 1 after; without side_of */
    /* NULL, or 0, 1, or -1 for traces that are of no interest. Called for traces whose tree is
     * ordered. */
    int (*side_of)(const struct spanlog_trace_view *view);
};

/* 0 or -errno; -ESPIPE: a stream cannot be read twice. */
int spanlog_diff_add(struct spanlog_diff *diff, const struct spanlog_diff_input *input);
int spanlog_diff_rank(struct spanlog_diff *diff);
void spanlog_diff_free(struct spanlog_diff *diff);

/* The text with what differs from line to line taken out: "took 12 ms for 'ann'" becomes "took # ms
 * for '#'". Numbers, hex ids, quoted parts. Returns the size; at most room. */
size_t spanlog_diff_template(const char *text, size_t size, char *out, size_t room);

#endif
