/* analyzer/export/export_jaeger.c: Jaeger's JSON, as its UI takes it by upload:
 *
 *     {"data":[{"traceID":"…","spans":[{"traceID":"…","spanID":"…","operationName":"GET /users",
 *       "references":[{"refType":"CHILD_OF",…}],"startTime":1795257045123456,"duration":45200,
 *       "tags":[…],"logs":[…],"processID":"p1"}],"processes":{"p1":{"serviceName":"orders"}}}]}
 *
 * Times are microseconds. Log lines and events become `logs` of their span; links become
 * references.
 */
#include "src/analyzer/export/export_parts.h"

static const char *type_of(const struct spanlog_value *value) {
    switch (value->type) {
    case SPANLOG_VALUE_INT:
    case SPANLOG_VALUE_UINT:
        return "int64";
    case SPANLOG_VALUE_BOOL:
        return "bool";
    case SPANLOG_VALUE_DOUBLE:
    case SPANLOG_VALUE_FLOAT:
        return "float64";
    case SPANLOG_VALUE_JSON: /* a number is one with a point, or a large one */
        return value->size && (*value->text == '-' || (*value->text >= '0' && *value->text <= '9'))
                   ? "float64"
                   : "string";
    default:
        return "string";
    }
}

static void put_tag(struct spanlog_output *out, bool first, struct spanlog_text key,
                    const struct spanlog_value *value) {
    const char *type = type_of(value);
    spanlog_put(out, first ? "{\"key\":" : ",{\"key\":");
    spanlog_put_json_string(out, key);
    spanlog_put(out, ",\"type\":\"");
    spanlog_put(out, type);
    spanlog_put(out, "\",\"value\":");
    if (*type == 's')
        spanlog_put_json_value_text(out, value);
    else
        spanlog_put_json_value(out, value);
    spanlog_put(out, "}");
}

static void put_text_tag(struct spanlog_output *out, bool first, const char *key,
                         struct spanlog_text text) {
    struct spanlog_value value = {
        .type = SPANLOG_VALUE_TEXT, .size = text.size, .text = text.data ? text.data : ""};
    put_tag(out, first, spanlog_text_of(key), &value);
}

static bool put_status(struct spanlog_output *out, const struct spanlog_line *span) {
    static const char *const kinds[] = {"internal", "server", "client", "producer", "consumer"};
    put_text_tag(out, true, "span.kind", spanlog_text_of(kinds[span->span_kind % 5]));
    if (span->span_status == SPANLOG_STATUS_OK)
        put_text_tag(out, false, "otel.status_code", spanlog_text_of("OK"));
    if (span->span_status != SPANLOG_STATUS_ERROR && !span->error.size)
        return false;
    spanlog_put(out, ",{\"key\":\"error\",\"type\":\"bool\",\"value\":true}");
    if (span->error.size)
        put_text_tag(out, false, "otel.status_description", span->error);
    return false;
}

static void open_log(struct spanlog_output *out, bool *first, uint64_t time_ns, const char *key,
                     struct spanlog_text text) {
    spanlog_put(out, *first ? "{\"timestamp\":" : ",{\"timestamp\":");
    *first = false;
    spanlog_put_number(out, time_ns / 1000);
    spanlog_put(out, ",\"fields\":[");
    put_text_tag(out, true, key, text);
}

static void put_logs(struct spanlog_output *out, const struct spanlog_span_logs *logs,
                     const struct spanlog_line *span) {
    bool first = true;
    uint32_t from, count = spanlog_export_logs_of(logs, span, &from);
    for (uint32_t i = 0; i < span->event_count; i++) {
        const struct spanlog_event *event = &span->events[i];
        open_log(out, &first, event->time_ns, "event", event->name);
        for (uint32_t n = 0; n < event->attribute_count; n++)
            put_tag(out, false, event->attributes[n].key, &event->attributes[n].value);
        spanlog_put(out, "]}");
    }
    for (uint32_t i = from; i < from + count; i++) {
        const struct spanlog_line *log = logs->list[i];
        open_log(out, &first, log->time_ns, "message", log->message);
        put_text_tag(out, false, "level", spanlog_text_of(spanlog_level_word(log->level)));
        spanlog_export_tags(out, log, false, put_tag);
        spanlog_put(out, "]}");
    }
}

static void put_reference(struct spanlog_output *out, bool first, const char *type,
                          const uint8_t *trace_id, struct spanlog_text trace_text,
                          const uint8_t *span_id, struct spanlog_text span_text) {
    spanlog_put(out, first ? "{\"refType\":\"" : ",{\"refType\":\"");
    spanlog_put(out, type);
    spanlog_put(out, "\",\"traceID\":");
    spanlog_put_json_id(out, trace_id, 16, trace_text);
    spanlog_put(out, ",\"spanID\":");
    spanlog_put_json_id(out, span_id, 8, span_text);
    spanlog_put(out, "}");
}

static void put_references(struct spanlog_output *out, const struct spanlog_line *span) {
    const struct spanlog_text none = {NULL, 0};
    if (span->has_parent)
        put_reference(out, true, "CHILD_OF", span->trace_id, span->trace_text, span->parent_id,
                      span->parent_text);
    for (uint32_t i = 0; i < span->link_count; i++)
        put_reference(out, !span->has_parent && i == 0, "FOLLOWS_FROM", span->links[i].trace_id,
                      none, span->links[i].span_id, none);
}

static void put_span(struct spanlog_output *out, const struct spanlog_span_logs *logs,
                     const struct spanlog_line *span, uint32_t process) {
    spanlog_put(out, "{\"traceID\":");
    spanlog_put_json_id(out, span->trace_id, 16, span->trace_text);
    spanlog_put(out, ",\"spanID\":");
    spanlog_put_json_id(out, span->span_id, 8, span->span_text);
    spanlog_put_json_count(out, ",\"flags\":", span->trace_flags);
    spanlog_put_json_text(out, ",\"operationName\":", span->operation);
    spanlog_put(out, ",\"references\":[");
    put_references(out, span);
    spanlog_put_json_count(out, "],\"startTime\":", span->start_ns / 1000);
    spanlog_put_json_count(out, ",\"duration\":", span->duration_ns / 1000);
    spanlog_put(out, ",\"tags\":[");
    spanlog_export_tags(out, span, put_status(out, span), put_tag);
    spanlog_put(out, "],\"logs\":[");
    put_logs(out, logs, span);
    spanlog_put(out, "],\"processID\":\"p");
    spanlog_put_number(out, process + 1);
    spanlog_put(out, "\",\"warnings\":null}");
}

static void put_processes(struct spanlog_output *out, const struct spanlog_strings *services) {
    for (uint32_t i = 0; i < services->count; i++) {
        spanlog_put(out, i ? ",\"p" : "\"p");
        spanlog_put_number(out, i + 1);
        spanlog_put_json_text(out, "\":{\"serviceName\":", services->texts[i]);
        spanlog_put(out, ",\"tags\":[]}");
    }
}

static void put_trace(struct spanlog_output *out, const struct spanlog_export_trace *trace,
                      struct spanlog_arena *scratch) {
    struct spanlog_span_logs logs = spanlog_export_logs(trace, scratch);
    struct spanlog_strings services = {0};
    const char *between = "";
    spanlog_put(out, "{\"traceID\":");
    spanlog_put_json_id(out, trace->lines[0].trace_id, 16, trace->lines[0].trace_text);
    spanlog_put(out, ",\"spans\":[");
    for (uint32_t i = 0; i < trace->count; i++) {
        const struct spanlog_line *line = &trace->lines[i];
        if (!spanlog_line_is_span(line))
            continue;
        spanlog_put(out, between);
        between = ",\n";
        put_span(out, &logs, line,
                 spanlog_strings_add(&services, line->service.data ? line->service.data : "",
                                     line->service.size));
    }
    spanlog_put(out, "],\"processes\":{");
    put_processes(out, &services);
    spanlog_put(out, "},\"warnings\":null}");
    spanlog_strings_free(&services);
}

const struct spanlog_export_format spanlog_export_jaeger = {
    .name = "jaeger",
    .about = "Jaeger's JSON: for the upload of its UI",
    .head = "{\"data\":[",
    .between = ",\n",
    .tail = "]}\n",
    .trace = put_trace};
