/* analyzer/trace/infer_parts.h: what infer.c and infer_place.c share. For these two only. */
#ifndef SPANLOG_ANALYZER_TRACE_INFER_PARTS_H
#define SPANLOG_ANALYZER_TRACE_INFER_PARTS_H

#include "src/analyzer/trace/infer.h"
#include "src/analyzer/trace/trace_find.h"

/* A time in which a span was open on a thread. */
struct spanlog_open_span {
    uint32_t process; /* number in the list of those that wrote spans of the trace */
    uint32_t tid;
    uint64_t begin_ns, end_ns;
    uint64_t latest_end_ns; /* of all up to here on this thread */
    uint32_t node;          /* SPANLOG_NODE_NONE: of another trace */
};

/* Sorts them by thread and begin; latest_end_ns is filled in. */
void spanlog_open_spans_sort(struct spanlog_open_span *spans, uint32_t count);
/* The node of the span that wrote a line there and then; SPANLOG_NODE_NONE when it cannot be told.
 * Sorted by spanlog_open_spans_sort; is_only: no other may have been open. */
uint32_t spanlog_open_spans_find(const struct spanlog_open_span *spans, uint32_t count,
                                 uint32_t process, uint32_t tid, uint64_t time_ns, bool is_only);

/* A line that belongs to a node. */
struct spanlog_inferred_line {
    struct spanlog_found_line found;
    uint64_t time_ns;
    uint32_t process, tid;
    uint32_t node;
};

/* Puts the lines into the trace, among the items of their nodes. 0 or -ENOMEM. */
int spanlog_trace_add_inferred(struct spanlog_trace *trace,
                               const struct spanlog_inferred_line *lines, uint32_t count,
                               int32_t error_status_min);

#endif
