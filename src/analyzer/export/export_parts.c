/* analyzer/export/export_parts.c: see export_parts.h; and the table of the formats. */
#include "src/analyzer/export/export_parts.h"

#include <stdlib.h>

/* ---- OTLP: a dialect as well -------------------------------------------------------------- */

static void put_otlp(struct spanlog_output *out, const struct spanlog_line *line) {
    size_t room = spanlog_line_room(line);
    char *to = spanlog_output_reserve(out, room);
    char *end = to ? spanlog_dialect_find("otlp")->write(line, to, to + room) : NULL;
    if (end)
        out->size += (size_t)(end - to);
}

static const struct spanlog_export_format spanlog_export_otlp = {
    .name = "otlp", .about = "OTLP JSON lines, spans and log records", .line = put_otlp};

static const struct spanlog_export_format spanlog_export_folded = {
    .name = "folded", .about = "critical paths as folded stacks, for flame graphs"};

static const struct spanlog_export_format *const formats[] = {
    &spanlog_export_otlp,       &spanlog_export_zipkin, &spanlog_export_jaeger,
    &spanlog_export_chrome,     &spanlog_export_csv,    &spanlog_export_folded,
    &spanlog_export_clickhouse, &spanlog_export_duckdb, NULL};

const struct spanlog_export_format *spanlog_export_at(size_t index) {
    return formats[index];
}

const struct spanlog_export_format *spanlog_export_find(const char *name) {
    for (size_t i = 0; formats[i]; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

struct tagging {
    struct spanlog_output *out;
    spanlog_put_tag *put;
    bool first;
};

static void put_text(struct tagging *tagging, const char *key, struct spanlog_text text) {
    if (!text.data || text.size == 0)
        return;
    struct spanlog_value value = {.type = SPANLOG_VALUE_TEXT, .size = text.size, .text = text.data};
    tagging->put(tagging->out, tagging->first, spanlog_text_of(key), &value);
    tagging->first = false;
}

static void put_number(struct tagging *tagging, const char *key, int64_t number) {
    struct spanlog_value value = {.type = SPANLOG_VALUE_INT, .i = number};
    tagging->put(tagging->out, tagging->first, spanlog_text_of(key), &value);
    tagging->first = false;
}

void spanlog_export_tags(struct spanlog_output *out, const struct spanlog_line *line, bool first,
                         spanlog_put_tag *put) {
    struct tagging tagging = {out, put, first && line->attribute_count == 0};
    for (uint32_t i = 0; i < line->attribute_count; i++) {
        put(out, first, line->attributes[i].key, &line->attributes[i].value);
        first = false;
    }
    put_text(&tagging, "logger", line->logger);
    put_text(&tagging, "src", line->source);
    if (line->pid)
        put_number(&tagging, "pid", line->pid);
    if (line->tid)
        put_number(&tagging, "tid", line->tid);
    if (line->has_status_code)
        put_number(&tagging, "status_code", line->status_code);
    if (line->line_kind == SPANLOG_LINE_ABANDONED)
        put_text(&tagging, "span.abandoned", spanlog_text_of("true"));
}

/* ---- log lines by span -------------------------------------------------------------------- */

/* Lines stand in the order of their time: equal ids stay in it. */
static int by_span(const void *left, const void *right) {
    const struct spanlog_line *a = *(const struct spanlog_line *const *)left;
    const struct spanlog_line *b = *(const struct spanlog_line *const *)right;
    int order = memcmp(a->span_id, b->span_id, sizeof a->span_id);
    return order ? order : (a > b) - (a < b);
}

struct spanlog_span_logs spanlog_export_logs(const struct spanlog_export_trace *trace,
                                             struct spanlog_arena *scratch) {
    struct spanlog_span_logs logs = {
        spanlog_arena_array(scratch, trace->count + (size_t)1, sizeof *logs.list), 0};
    for (uint32_t i = 0; logs.list && i < trace->count; i++)
        if (!spanlog_line_is_span(&trace->lines[i]) &&
            (trace->lines[i].has_context || trace->lines[i].span_text.data))
            logs.list[logs.count++] = &trace->lines[i];
    if (logs.count)
        qsort(logs.list, logs.count, sizeof *logs.list, by_span);
    return logs;
}

uint32_t spanlog_export_logs_of(const struct spanlog_span_logs *logs,
                                const struct spanlog_line *span, uint32_t *ret_first) {
    uint32_t low = 0, high = logs->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(logs->list[middle]->span_id, span->span_id, sizeof span->span_id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_first = low;
    while (high < logs->count &&
           memcmp(logs->list[high]->span_id, span->span_id, sizeof span->span_id) == 0)
        high++;
    return high - low;
}
