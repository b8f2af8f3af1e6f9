/* analyzer/questions/path.h: the question "what does one wait for?": the critical paths of all
 * traces, added up.
 *
 *     struct spanlog_path_query query = {.sort = SPANLOG_PATH_BY_EXCLUSIVE, .descending = true};
 *     struct spanlog_path paths;
 *     int rc = spanlog_path_run(&collection, &query, &paths);
 *     ... paths.list[i]: the call path above it (parent), its own time, the worst trace ...
 *     spanlog_path_free(&paths);
 *
 * A path is a chain of service and operation from the root down; its exclusive time is what its
 * last span adds to the critical path. All exclusive times add up to the durations of the traces'
 * roots. Below SPANLOG_PATH_DEPTH_MAX spans everything counts as one, "…".
 */
#ifndef SPANLOG_ANALYZER_QUESTIONS_PATH_H
#define SPANLOG_ANALYZER_QUESTIONS_PATH_H

#include "src/analyzer/questions/by.h"

#define SPANLOG_PATH_DEPTH_MAX 256
#define SPANLOG_PATH_NONE UINT32_MAX

enum spanlog_path_sort {
    SPANLOG_PATH_BY_EXCLUSIVE,
    SPANLOG_PATH_BY_INCLUSIVE,
    SPANLOG_PATH_BY_SERVICE,
    SPANLOG_PATH_BY_OPERATION,
    SPANLOG_PATH_SORTS
};
extern const char *const spanlog_path_sort_names[SPANLOG_PATH_SORTS + 1]; /* NULL at the end */

struct spanlog_path_query {
    enum spanlog_path_sort sort;
    bool descending;
    size_t limit; /* 0: all; of order, not of list */
    struct spanlog_filter filter;
};

struct spanlog_path_entry {
    uint32_t parent; /* SPANLOG_PATH_NONE: a root */
    uint32_t depth;  /* roots 0 */
    bool is_rest;    /* "…", all that is deeper */
    struct spanlog_text service;
    struct spanlog_text operation;
    uint64_t exclusive_ns;
    uint64_t inclusive_ns; /* with all below */
    uint64_t spans;
    /* The trace in which it took most, for itself. */
    uint64_t worst_ns;
    uint64_t worst_high, worst_low;
    const char *worst_text; /* an id that is not hex, or NULL */
    /* Children, those with most below first. */
    uint32_t first_child;
    uint32_t next;
    uint32_t rank; /* among all, by inclusive_ns, the greatest 0; a parent's is smaller */
};

struct spanlog_path {
    struct spanlog_path_entry *list; /* parents before children */
    uint32_t count;
    uint32_t *order; /* of those with time of their own, as asked for */
    size_t ordered;
    size_t matching; /* before the limit */
    size_t limit;    /* as asked for */
    uint32_t first_root;
    uint64_t total_ns;
    uint64_t traces;      /* that have spans */
    struct spanlog_by by; /* texts */
    struct spanlog_each_counts counts;
};

/* Texts of the result point into the collection. 0 or -ENOMEM. */
int spanlog_path_run(const struct spanlog_collection *all, const struct spanlog_path_query *query,
                     struct spanlog_path *ret);
void spanlog_path_free(struct spanlog_path *paths);

#endif
