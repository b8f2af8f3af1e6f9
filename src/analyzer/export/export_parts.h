/* analyzer/export/export_parts.h: what the export formats share. For them only.
 *
 *     spanlog_export_tags(&out, &span, true, put_tag);
 */
#ifndef SPANLOG_ANALYZER_EXPORT_EXPORT_PARTS_H
#define SPANLOG_ANALYZER_EXPORT_EXPORT_PARTS_H

#include "src/analyzer/export/export.h"
#include "src/analyzer/read/fields.h"

extern const struct spanlog_export_format spanlog_export_zipkin;
extern const struct spanlog_export_format spanlog_export_jaeger;
extern const struct spanlog_export_format spanlog_export_chrome;
extern const struct spanlog_export_format spanlog_export_csv;
extern const struct spanlog_export_format spanlog_export_clickhouse;
extern const struct spanlog_export_format spanlog_export_duckdb;

static inline bool spanlog_line_is_span(const struct spanlog_line *line) {
    return line->line_kind != SPANLOG_LINE_LOG;
}

static inline uint64_t spanlog_line_end_ns(const struct spanlog_line *line) {
    return line->start_ns + line->duration_ns;
}

/* Calls `put` for everything that a span or log line says and that has no place of its own in the
 * formats for traces: its attributes, and logger, source, process and status code. first: nothing
 * stands in front. */
typedef void spanlog_put_tag(struct spanlog_output *out, bool first, struct spanlog_text key,
                             const struct spanlog_value *value);
void spanlog_export_tags(struct spanlog_output *out, const struct spanlog_line *line, bool first,
                         spanlog_put_tag *put);

/* One span of Zipkin's, without the log lines of its trace. */
void spanlog_export_put_zipkin_span(struct spanlog_output *out, const struct spanlog_line *span);

/* The log lines of a trace by their span. */
struct spanlog_span_logs {
    const struct spanlog_line **list;
    uint32_t count;
};
/* Memory from scratch; empty when there is none. */
struct spanlog_span_logs spanlog_export_logs(const struct spanlog_export_trace *trace,
                                             struct spanlog_arena *scratch);
/* Those inside the span: *ret_first is the first; returns how many. */
uint32_t spanlog_export_logs_of(const struct spanlog_span_logs *logs,
                                const struct spanlog_line *span, uint32_t *ret_first);

#endif
