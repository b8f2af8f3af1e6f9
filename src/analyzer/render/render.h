/* analyzer/render/render.h: answers as text for people and as JSON, one object a line.
 *
 *     spanlog_render_traces(&list, &look, &out);
 *     spanlog_render_traces_json(&list, &out);
 */
#ifndef SPANLOG_ANALYZER_RENDER_RENDER_H
#define SPANLOG_ANALYZER_RENDER_RENDER_H

#include "src/analyzer/render/look.h"
#include "src/analyzer/trace/trace.h"
#include "src/analyzer/questions/traces.h"

void spanlog_render_traces(const struct spanlog_traces *list, const struct spanlog_look *look,
                           struct spanlog_output *out);
void spanlog_render_traces_json(const struct spanlog_traces *list, struct spanlog_output *out);

void spanlog_render_trace(const struct spanlog_trace *trace, const struct spanlog_look *look,
                          struct spanlog_output *out);
void spanlog_render_trace_json(const struct spanlog_trace *trace, struct spanlog_output *out);

#endif
