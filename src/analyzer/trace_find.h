/* analyzer/trace_find.h: what trace_find.c hands to trace_build.c. For these two only. */
#ifndef SPANLOG_ANALYZER_TRACE_FIND_H
#define SPANLOG_ANALYZER_TRACE_FIND_H

#include "src/analyzer/trace.h"

/* A copy of a line, ended by '\n' and padded. */
struct spanlog_found_line {
    const char *text;
    uint32_t size;
    uint32_t source;
    uint64_t offset;
    uint32_t ordinal; /* among the lines that one of the input became */
    uint64_t digest;
};

/* Rebuilds the trace from its lines, which are sorted and each there once. Their texts must live as
 * long as the trace: decoded ones point into them. `writers`: services that
 * are known to write span lines. 0 or -ENOMEM. */
int spanlog_trace_build(struct spanlog_trace *trace, const struct spanlog_found_line *found,
                        uint32_t count, const struct spanlog_strings *writers,
                        int32_t error_status_min);

#endif
