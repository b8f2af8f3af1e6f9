/* analyzer/trees/each.h: a question that is asked of every trace: its tree, linked and measured.
 *
 *     static int one(void *job, const struct spanlog_trace_view *view) { ... view->tree ... }
 *     struct spanlog_each each = {.all = &collection, .filter = &filter,
 *                                 .jobs = {jobs, sizeof *jobs}, .trace = one};
 *     int rc = spanlog_each_trace(&each);
 *
 * Traces come part by part, in no order that means anything, on as many threads as the collection
 * has jobs: `one` is called with &jobs[i] by one thread at a time. What it wants to keep it copies.
 */
#ifndef SPANLOG_ANALYZER_TREES_EACH_H
#define SPANLOG_ANALYZER_TREES_EACH_H

#include "src/analyzer/base/parallel.h"
#include "src/analyzer/trees/tree.h"

enum spanlog_status_filter {
    SPANLOG_STATUS_ANY,
    SPANLOG_STATUS_WITH_ERRORS,
    SPANLOG_STATUS_WITHOUT
};

/* Which traces are wanted; all zero: all. */
struct spanlog_filter {
    const char *service;   /* NULL: any; a span or log line of it is in the trace */
    const char *operation; /* likewise, of spans */
    enum spanlog_status_filter status;
    uint64_t min_duration_ns;
    uint64_t since_ns;                 /* of the trace's start */
    uint64_t until_ns;                 /* 0: no limit */
    const struct spanlog_where *where; /* NULL: none; the same that the lines were collected with */
    bool where_marks; /* `where` drops no trace, but says of each whether it matches */
    bool raw_clocks;  /* times as they were written: no correction of skew */
};

struct spanlog_trace_view {
    const struct spanlog_collection *all;
    const struct spanlog_trace_entry *entry;
    const struct spanlog_tree *tree; /* nodes[].line: index into extras */
    uint32_t rows;                   /* lines of spans; identical ones are one node */
    const struct spanlog_row *row_list;
    const struct spanlog_row_extra *extras;  /* with a probe, else NULL */
    const struct spanlog_log_bits *log_bits; /* likewise: of log lines that have bits */
    uint32_t log_bits_count;
    uint64_t start_ns; /* of the spans; of the log lines where there are no spans; 0: unknown */
    uint64_t duration_ns;
    uint32_t services;             /* how many */
    bool matches;                  /* the filter's `where`, if there is one */
    struct spanlog_arena *scratch; /* for the call; given back afterwards */
};

/* How far a tree is worked out; each takes the ones before (see tree.h). */
enum spanlog_each_steps { SPANLOG_EACH_LINK, SPANLOG_EACH_ORDER, SPANLOG_EACH_FIGURES };

struct spanlog_each_counts {
    uint64_t total;    /* traces */
    uint64_t selected; /* those that the filter left */
    uint64_t cycles, self_parents, duplicates;
    uint64_t skewed; /* traces in which clocks were corrected */
};

struct spanlog_each {
    const struct spanlog_collection *all;
    const struct spanlog_filter *filter; /* NULL: all traces */
    enum spanlog_each_steps steps;
    struct spanlog_jobs jobs;
    int (*trace)(void *job, const struct spanlog_trace_view *view); /* 0 or -errno, which ends it */
    const struct spanlog_skew *skew;   /* NULL: gathered here, unless the filter wants raw clocks */
    struct spanlog_each_counts counts; /* filled in */
};

/* 0, -ENOMEM or what `trace` returned. */
int spanlog_each_trace(struct spanlog_each *each);

#endif
