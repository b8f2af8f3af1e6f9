/* analyzer/trace/tail.h: the question "what is happening?": traces, each as soon as it is complete.
 *
 *     struct spanlog_tail *tail;
 *     int rc = spanlog_tail_open(&tail, &settings);
 *     while ((rc = spanlog_follow_next(follow, spanlog_tail_timeout_ms(tail, now), &chunk)) >= 0) {
 *         if (rc == SPANLOG_FOLLOW_LINES) rc = spanlog_tail_take(tail, &chunk, now);
 *         rc = spanlog_tail_due(tail, now);                    calls settings.trace
 *     }
 *     rc = spanlog_tail_end(tail);                             what is still open
 *     spanlog_tail_close(tail);
 *
 * A trace is complete when its local root has ended and nothing came for a while. The local root is
 * a span without parent; or a server's or consumer's whose parent is not in the logs. Whether a
 * service is called from inside the logs is learnt from the traces that were shown: then the parent
 * is waited for. Nor is a trace complete by the latter rule while spans are known to be open: by
 * their log lines, or by their children of the same process.
 *
 * Times are the caller's, from one clock that never goes back. Memory is bounded by bytes_max; when
 * there is no trace that waits, there is no timeout.
 */
#ifndef SPANLOG_ANALYZER_TRACE_TAIL_H
#define SPANLOG_ANALYZER_TRACE_TAIL_H

#include "src/analyzer/trees/each.h"
#include "src/analyzer/trace/trace.h"

enum spanlog_tail_reason {
    SPANLOG_TAIL_COMPLETE,
    SPANLOG_TAIL_GIVEN_UP, /* nothing came for give_up_ns */
    SPANLOG_TAIL_LET_GO,   /* its lines were in the way of newer ones */
    SPANLOG_TAIL_STOPPED   /* by spanlog_tail_end */
};

struct spanlog_tail_settings {
    struct spanlog_translate_settings translate;
    struct spanlog_filter filter;
    int32_t error_status_min;
    uint64_t settle_ns;
    uint64_t give_up_ns;
    uint64_t bytes_max; /* of the lines that wait */
    struct spanlog_issues *issues;
    /* 0 or -errno, which ends it. */
    int (*trace)(void *argument, const struct spanlog_trace *trace,
                 enum spanlog_tail_reason reason);
    void *argument;
};

struct spanlog_tail_counts {
    uint64_t traces;      /* shown or filtered out */
    uint64_t late_lines;  /* that came after their trace */
    uint64_t late_traces; /* which had such lines */
    uint64_t let_go;      /* traces, before they were complete */
};

struct spanlog_tail;

/* 0 or -ENOMEM. */
int spanlog_tail_open(struct spanlog_tail **ret, const struct spanlog_tail_settings *settings);
/* All three: 0, -ENOMEM or what `trace` returned. */
int spanlog_tail_take(struct spanlog_tail *tail, const struct spanlog_chunk *chunk,
                      uint64_t now_ns);
int spanlog_tail_due(struct spanlog_tail *tail, uint64_t now_ns);
int spanlog_tail_end(struct spanlog_tail *tail);
/* Until something will be due; -1: nothing is open. */
int spanlog_tail_timeout_ms(const struct spanlog_tail *tail, uint64_t now_ns);
const struct spanlog_tail_counts *spanlog_tail_counts(const struct spanlog_tail *tail);
void spanlog_tail_close(struct spanlog_tail *tail);

#endif
