/* analyzer/trace/trace_find.h: what those who find the lines of a trace, trace_find.c and tail.c,
 * hand to trace_build.c. For these only. */
#ifndef SPANLOG_ANALYZER_TRACE_TRACE_FIND_H
#define SPANLOG_ANALYZER_TRACE_TRACE_FIND_H

#include "src/analyzer/trace/trace.h"

/* A copy of a line, ended by '\n' and padded. */
struct spanlog_found_line {
    const char *text;
    uint32_t size;
    uint32_t source;
    uint64_t offset;
    uint32_t ordinal; /* among the lines that one of the input became */
    uint64_t digest;
};

/* "process started" says on which host a process runs. */
struct spanlog_found_host {
    uint32_t source;
    uint32_t pid;
    struct spanlog_text service, host; /* as they stand in the line */
};

struct spanlog_found {
    const struct spanlog_found_line *lines; /* sorted, each there once */
    uint32_t count;
    const struct spanlog_strings *writers; /* services that are known to write span lines */
    const struct spanlog_found_host *hosts;
    uint32_t host_count;
};

/* Rebuilds the trace from its lines. Their texts must live as long as the trace: decoded ones point
 * into them. 0 or -ENOMEM. */
int spanlog_trace_build(struct spanlog_trace *trace, const struct spanlog_found *found,
                        const struct spanlog_trace_search *search);

/* Identical lines count once: the first stays. Returns how many are left, in the input's order. */
uint32_t spanlog_found_unique(struct spanlog_found_line *lines, uint32_t count);

/* Fills in trace->last_lines. 0 or -ENOMEM. */
int spanlog_trace_find_last_lines(struct spanlog_trace *trace);

#endif
