/* analyzer/render/diff_render.h: what changed, as text and as JSON.
 *
 *     spanlog_render_diff(&diff, limit, &look, &out);          two sets of traces
 *     spanlog_render_trace_diff(&diff, &look, &out);           two traces
 */
#ifndef SPANLOG_ANALYZER_RENDER_DIFF_RENDER_H
#define SPANLOG_ANALYZER_RENDER_DIFF_RENDER_H

#include "src/analyzer/diff/diff.h"
#include "src/analyzer/diff/diff_traces.h"
#include "src/analyzer/render/look.h"

/* limit 0: all rows. */
void spanlog_render_diff(const struct spanlog_diff *diff, size_t limit,
                         const struct spanlog_look *look, struct spanlog_output *out);
void spanlog_render_diff_json(const struct spanlog_diff *diff, size_t limit,
                              struct spanlog_output *out);
void spanlog_render_trace_diff(const struct spanlog_trace_diff *diff,
                               const struct spanlog_look *look, struct spanlog_output *out);
/* What changed, the greatest score first. */
void spanlog_render_trace_diff_json(const struct spanlog_trace_diff *diff,
                                    struct spanlog_output *out);

#endif
