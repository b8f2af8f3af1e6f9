/* analyzer/trace/trace.h: the question "what happened in this trace?".
 *
 *     struct spanlog_trace_search search = {.id = "e266f103", .jobs = 2, .error_status_min = 500};
 *     struct spanlog_trace trace;
 *     int rc = spanlog_trace_find(&search, &sources, &issues, &trace);
 *     if (trace.match_count == 1) ... trace.tree, trace.lines, trace.items ...
 *     spanlog_trace_free(&trace);
 *
 * Looks for the id's digits before it reads a line, and keeps only lines of that trace.
 */
#ifndef SPANLOG_ANALYZER_TRACE_TRACE_H
#define SPANLOG_ANALYZER_TRACE_TRACE_H

#include "src/analyzer/read/line_read.h"
#include "src/analyzer/translate/lines.h"
#include "src/analyzer/trees/skew.h"
#include "src/analyzer/trees/tree.h"

#define SPANLOG_TRACE_MATCHES_MAX 20

struct spanlog_trace_search {
    const char *id; /* the whole id, or at least 4 characters of either end */
    unsigned jobs;
    int32_t error_status_min;
    struct spanlog_translate_settings translate;
    bool full;       /* lines without ids, too: reads the input twice (infer.h) */
    bool raw_clocks; /* no correction of skew */
    /* NULL: by the trace alone. Else what all traces say of the hosts' clocks. */
    const struct spanlog_skew *skew;
    const struct spanlog_strings *skew_hosts; /* the numbers that it knows them by */
    void (*progress)(uint64_t done, uint64_t total);
};

struct spanlog_trace_line {
    struct spanlog_line line;
    const char *text; /* as it was read */
    uint32_t size;
    uint32_t source;
    uint64_t offset;
    uint32_t host; /* number in host_names, or SPANLOG_STRING_NONE */
    bool is_error;
    struct spanlog_id span;
    struct spanlog_id parent;
};

/* What stands inside a span, in the order of time. */
struct spanlog_trace_item {
    uint64_t time_ns;
    uint32_t line;
    uint32_t event;   /* of the line; UINT32_MAX: the line itself, a log */
    bool is_inferred; /* the line has no id */
};

/* "records dropped" of one of the services, while the trace went on. */
struct spanlog_trace_loss {
    uint64_t time_ns;
    uint64_t count;
    struct spanlog_text service;
};

/* How the clock of a host, or of a service on an unknown one, was corrected. */
struct spanlog_trace_clock {
    struct spanlog_text host;
    bool is_service; /* `host` is the service's name */
    int64_t shift_ns;
    uint64_t error_ns;
    uint64_t calls; /* that say so; 0: this trace alone does */
};

struct spanlog_trace {
    /* The distinct ids that match, as text; the rest is empty unless there is exactly one. */
    struct spanlog_text matches[SPANLOG_TRACE_MATCHES_MAX];
    size_t match_count; /* may be more than are listed */

    struct spanlog_trace_line *lines; /* in the order of the input, each once */
    uint32_t line_count;
    struct spanlog_tree tree;
    struct spanlog_trace_item
        *items;              /* by node: items[first_item[i]] .. items[first_item[i + 1]] */
    uint32_t *first_item;    /* node number tree.count: what belongs to no span */
    uint32_t *log_counts;    /* of each node */
    uint32_t *last_lines;    /* of each node: the last log line of its thread, or UINT32_MAX */
    uint32_t inferred_count; /* lines behind lines[line_count], which have no ids */
    struct spanlog_trace_loss *losses; /* with `full`, by time */
    uint32_t loss_count;
    uint64_t start_ns, end_ns; /* of all */
    uint32_t logs, services, repeated_lines;
    struct spanlog_strings service_names;
    struct spanlog_strings operation_names;
    struct spanlog_strings host_names;
    struct spanlog_trace_clock *clocks; /* those that were corrected */
    uint32_t clock_count;
    struct spanlog_names names;
    struct spanlog_arena arena;
};

/* 0, -EINVAL (the id has fewer than 4 characters) or -ENOMEM. Finding nothing is 0, too. */
int spanlog_trace_find(const struct spanlog_trace_search *search, struct spanlog_sources *sources,
                       struct spanlog_issues *issues, struct spanlog_trace *ret);
void spanlog_trace_free(struct spanlog_trace *trace);

#endif
