/* analyzer/render/trace_parts.h: what trace_text.c takes from trace_items.c and trace_fold.c. */
#ifndef SPANLOG_ANALYZER_RENDER_TRACE_PARTS_H
#define SPANLOG_ANALYZER_RENDER_TRACE_PARTS_H

#include "src/analyzer/render/render.h"

/* "+2.114": milliseconds from the trace's start. Returns the columns used. */
size_t spanlog_put_offset(struct spanlog_output *out, uint64_t time_ns, uint64_t start_ns);
/* A log line or an event, with its newline, behind the `used` first columns of its line. */
void spanlog_put_item(const struct spanlog_trace *trace, const struct spanlog_trace_item *item,
                      size_t used, const struct spanlog_look *look, struct spanlog_output *out);

/* folds[i]: how many siblings, from node i on, are shown as one; 1: only itself. 0 or -ENOMEM. */
int spanlog_trace_fold(const struct spanlog_trace *trace, uint32_t *folds);

#endif
