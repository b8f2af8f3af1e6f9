/* analyzer/diff/diff_traces.h: the question "what is different in this trace?": two trees, aligned.
 *
 *     struct spanlog_trace_diff diff;
 *     int rc = spanlog_trace_diff(&before, &after, &diff);
 *     ... diff.rows[i]: parents first, in the order of the first trace ...
 *     spanlog_trace_diff_free(&diff);
 *
 * Spans that have aligned parents and the same service, operation and kind are aligned, in the
 * order of their starts. O(n log n); nothing recurses.
 */
#ifndef SPANLOG_ANALYZER_DIFF_DIFF_TRACES_H
#define SPANLOG_ANALYZER_DIFF_DIFF_TRACES_H

#include "src/analyzer/trace/trace.h"

enum spanlog_trace_change {
    SPANLOG_TRACE_SAME, /* within 10 % and 1 % of the trace */
    SPANLOG_TRACE_SLOWER,
    SPANLOG_TRACE_FASTER,
    SPANLOG_TRACE_NEW,
    SPANLOG_TRACE_MISSING,
    SPANLOG_TRACE_CHANGES
};
extern const char *const spanlog_trace_change_names[SPANLOG_TRACE_CHANGES];

struct spanlog_trace_diff_row {
    uint32_t before, after; /* nodes; SPANLOG_NODE_NONE: not there */
    uint32_t depth;
    enum spanlog_trace_change change; /* by their own times: what waits is not to blame */
    double score;                     /* 0 to 1: the change as a share of the longer trace */
};

struct spanlog_trace_diff {
    const struct spanlog_trace *before, *after; /* must stay */
    struct spanlog_trace_diff_row *rows;
    size_t count;
};

/* 0 or -ENOMEM. */
int spanlog_trace_diff(const struct spanlog_trace *before, const struct spanlog_trace *after,
                       struct spanlog_trace_diff *ret);
void spanlog_trace_diff_free(struct spanlog_trace_diff *diff);

#endif
