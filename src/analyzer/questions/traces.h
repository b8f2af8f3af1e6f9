/* analyzer/questions/traces.h: the question "which traces are there?": list, filter, sort.
 *
 *     struct spanlog_traces_query query = {.sort = SPANLOG_TRACES_BY_DURATION, .descending = true};
 *     struct spanlog_traces list;
 *     int rc = spanlog_traces_list(&collection, &query, &list);
 *     ... list.items[i] ...
 *     spanlog_traces_list_free(&list);
 */
#ifndef SPANLOG_ANALYZER_QUESTIONS_TRACES_H
#define SPANLOG_ANALYZER_QUESTIONS_TRACES_H

#include "src/analyzer/trees/each.h"

enum spanlog_traces_sort {
    SPANLOG_TRACES_BY_START,
    SPANLOG_TRACES_BY_DURATION,
    SPANLOG_TRACES_BY_SPANS,
    SPANLOG_TRACES_BY_LOGS,
    SPANLOG_TRACES_BY_SERVICES,
    SPANLOG_TRACES_BY_ERRORS,
    SPANLOG_TRACES_BY_ORPHANS,
    SPANLOG_TRACES_BY_ROOT,
    SPANLOG_TRACES_BY_SERVICE,
    SPANLOG_TRACES_BY_TRACE_ID,
    SPANLOG_TRACES_SORTS
};
extern const char *const spanlog_traces_sort_names[SPANLOG_TRACES_SORTS];

struct spanlog_traces_query {
    enum spanlog_traces_sort sort;
    bool descending;
    size_t limit; /* 0: all */
    struct spanlog_filter filter;
};

struct spanlog_trace_summary {
    uint64_t high, low;
    const char *text;            /* an id that is not hex, or NULL */
    struct spanlog_text root;    /* operation of the root span; absent when there are only logs */
    struct spanlog_text service; /* of the root span */
    uint64_t start_ns;
    uint64_t duration_ns;
    uint32_t spans, logs, services, errors, orphans;
};

struct spanlog_traces {
    struct spanlog_trace_summary *items; /* those asked for */
    size_t count;
    size_t matching; /* before the limit */
    struct spanlog_each_counts counts;
};

/* Texts of the result point into the collection. 0 or -ENOMEM. */
int spanlog_traces_list(const struct spanlog_collection *all,
                        const struct spanlog_traces_query *query, struct spanlog_traces *ret);
void spanlog_traces_list_free(struct spanlog_traces *list);

#endif
