/* ship/protocol.c: see protocol.h; and the two whose requests are plain lists of spans and logs. */
#include "src/ship/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/analyzer/export/export_parts.h"

const struct spanlog_ship_protocol *spanlog_ship_protocol_of(enum spanlog_ship_protocol_kind kind) {
    static const struct spanlog_ship_protocol *const all[] = {
        [SPANLOG_SHIP_LOKI] = &spanlog_ship_loki,
        [SPANLOG_SHIP_OTLP] = &spanlog_ship_otlp,
        [SPANLOG_SHIP_ZIPKIN] = &spanlog_ship_zipkin};
    return all[kind];
}

void spanlog_ship_writer_free(struct spanlog_ship_writer *writer) {
    for (unsigned i = 0; i < SPANLOG_SHIP_DOORS; i++)
        spanlog_ship_batch_free(&writer->batches[i]);
    spanlog_ship_labels_free(&writer->labels);
    spanlog_arena_free(&writer->arena);
}

void spanlog_ship_put_entries(const struct spanlog_ship_batch *batch, size_t from, size_t to,
                              struct spanlog_output *out) {
    for (size_t i = from; i < to; i++) {
        if (i > from)
            spanlog_put_bytes(out, ",", 1);
        spanlog_put_bytes(out, batch->text.data + batch->entries[i].at, batch->entries[i].size);
    }
}

static int read_line(struct spanlog_ship_writer *writer, const struct spanlog_ship_record *record,
                     struct spanlog_line *ret) {
    spanlog_arena_reset(&writer->arena);
    int rc = spanlog_line_read(&writer->reader, record->record, record->line, &writer->arena, ret);
    if (rc < 0)
        return rc;
    spanlog_line_forget_json(ret);
    ret->time_ns = record->time_ns;
    return 0;
}

static size_t line_size(const struct spanlog_ship_record *record) {
    return (size_t)(record->record->end - record->line) + 1;
}

/* ---- OTLP ----------------------------------------------------------------------------------
 * The dialect writes {"resourceSpans":[{...}]} and a newline; a request has many {...} in the list.
 */

#define OTLP_TAIL 3 /* "]}\n" */
static const char *const otlp_heads[SPANLOG_SHIP_DOORS] = {
    [SPANLOG_SHIP_DOOR_LOGS] = "{\"resourceLogs\":[",
    [SPANLOG_SHIP_DOOR_TRACES] = "{\"resourceSpans\":["};

static int add_otlp(struct spanlog_ship_writer *writer, const struct spanlog_ship_record *record) {
    struct spanlog_line line;
    unsigned door = record->record->line_kind == SPANLOG_LINE_LOG ? SPANLOG_SHIP_DOOR_LOGS
                                                                  : SPANLOG_SHIP_DOOR_TRACES;
    struct spanlog_ship_batch *batch = &writer->batches[door];
    if (!writer->is_open[door])
        return 1;
    if (read_line(writer, record, &line) < 0)
        return -ENOMEM;
    /* Ids of another kind than hex would make a server refuse the whole request. */
    if (line.trace_text.data || line.span_text.data || line.parent_text.data) {
        if (door == SPANLOG_SHIP_DOOR_TRACES)
            return 1;
        line.trace_text = line.span_text = line.parent_text = (struct spanlog_text){0};
        line.has_context = false;
    }
    size_t head = strlen(otlp_heads[door]), room = spanlog_line_room(&line);
    char *to = spanlog_ship_batch_reserve(batch, room);
    char *end = to ? spanlog_dialect_find("otlp")->write(&line, to, to + room) : NULL;
    if (!end)
        return -ENOMEM;
    size_t size = (size_t)(end - to) - head - OTLP_TAIL;
    memmove(to, to + head, size);
    return spanlog_ship_batch_add(batch, to + size, line_size(record), 0);
}

static void put_otlp(const struct spanlog_ship_writer *writer, enum spanlog_ship_door door,
                     size_t from, size_t to, struct spanlog_output *out) {
    spanlog_put(out, otlp_heads[door]);
    spanlog_ship_put_entries(&writer->batches[door], from, to, out);
    spanlog_put(out, "]}");
}

const struct spanlog_ship_protocol spanlog_ship_otlp = {add_otlp, put_otlp};

/* ---- Zipkin: spans only ------------------------------------------------------------------- */

static int add_zipkin(struct spanlog_ship_writer *writer,
                      const struct spanlog_ship_record *record) {
    struct spanlog_line line;
    struct spanlog_ship_batch *batch = &writer->batches[SPANLOG_SHIP_DOOR_TRACES];
    if (record->record->line_kind == SPANLOG_LINE_LOG)
        return 1;
    if (read_line(writer, record, &line) < 0)
        return -ENOMEM;
    if (!line.has_context || line.trace_text.data || line.span_text.data || line.parent_text.data)
        return 1; /* it takes ids in hex only */
    spanlog_export_put_zipkin_span(&batch->text, &line);
    size_t begin = batch->count
                       ? batch->entries[batch->count - 1].at + batch->entries[batch->count - 1].size
                       : 0;
    const char *end = batch->text.data + batch->text.size;
    batch->text.size = begin;
    return batch->text.error ? -ENOMEM : spanlog_ship_batch_add(batch, end, line_size(record), 0);
}

static void put_zipkin(const struct spanlog_ship_writer *writer, enum spanlog_ship_door door,
                       size_t from, size_t to, struct spanlog_output *out) {
    spanlog_put(out, "[");
    spanlog_ship_put_entries(&writer->batches[door], from, to, out);
    spanlog_put(out, "]");
}

const struct spanlog_ship_protocol spanlog_ship_zipkin = {add_zipkin, put_zipkin};
