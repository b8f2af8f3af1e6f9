/* analyzer/trace/infer.h: lines without ids, for one trace that is known already.
 *
 *     int rc = spanlog_trace_infer(&trace, &search, &sources);
 *     ... trace.items[i].is_inferred, trace.losses[i] ...
 *
 * Reads the whole input once more. A line that has no trace id, written by the process and thread
 * of a span of this trace while that span was the innermost one open there, is placed in it; one
 * that does not tell its thread, only when no other span of its process was open. Spans of other
 * traces are looked at, too: where one of them may as well have written the line, it is left out.
 * (A span's thread is the one that ended it.) Such lines are shown and never counted.
 *
 * "records dropped" lines of the trace's services and time are noted as losses.
 */
#ifndef SPANLOG_ANALYZER_TRACE_INFER_H
#define SPANLOG_ANALYZER_TRACE_INFER_H

#include "src/analyzer/trace/trace.h"

/* 0, or -errno of the scan. What is wrong with the input has been said by the first reading. */
int spanlog_trace_infer(struct spanlog_trace *trace, const struct spanlog_trace_search *search,
                        struct spanlog_sources *sources);

#endif
