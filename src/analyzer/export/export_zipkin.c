/* analyzer/export/export_zipkin.c: Zipkin v2 JSON, an array of spans as its API takes them:
 *
 *     [{"traceId":"…","id":"…","name":"GET /users","kind":"SERVER","timestamp":1795257045123456,
 *       "duration":45200,"localEndpoint":{"serviceName":"orders"},"annotations":[…],"tags":{…}}]
 *
 * Times are microseconds, and a duration at least one. Log lines and events become annotations of
 * their span, attributes become tags, which are texts; an error is the tag `error`.
 * https://zipkin.io/zipkin-api/zipkin2-api.yaml
 */
#include "src/analyzer/read/form.h"
#include "src/analyzer/export/export_parts.h"

static void put_tag(struct spanlog_output *out, bool first, struct spanlog_text key,
                    const struct spanlog_value *value) {
    spanlog_put(out, first ? "" : ",");
    spanlog_put_json_string(out, key);
    spanlog_put(out, ":");
    spanlog_put_json_value_text(out, value);
}

static void put_annotation(struct spanlog_output *out, bool *first, uint64_t time_ns,
                           struct spanlog_text text) {
    spanlog_put(out, *first ? ",\"annotations\":[" : ",");
    *first = false;
    spanlog_put_json_count(out, "{\"timestamp\":", time_ns / 1000);
    spanlog_put_json_text(out, ",\"value\":", text);
    spanlog_put(out, "}");
}

static void put_annotations(struct spanlog_output *out, const struct spanlog_span_logs *logs,
                            const struct spanlog_line *span) {
    bool first = true;
    uint32_t from, count = spanlog_export_logs_of(logs, span, &from);
    for (uint32_t i = 0; i < span->event_count; i++)
        put_annotation(out, &first, span->events[i].time_ns, span->events[i].name);
    for (uint32_t i = from; i < from + count; i++)
        put_annotation(out, &first, logs->list[i]->time_ns, logs->list[i]->message);
    spanlog_put(out, first ? "" : "]");
}

static bool put_error(struct spanlog_output *out, const struct spanlog_line *span) {
    if (span->span_status != SPANLOG_STATUS_ERROR && !span->error.size)
        return false;
    spanlog_put_json_text(out,
                          "\"error\":", span->error.size ? span->error : spanlog_text_of("true"));
    return true;
}

/* Whom the span names as its other side: a broker, a database. Zipkin knows these by it only. */
static void put_remote(struct spanlog_output *out, const struct spanlog_line *span) {
    const struct spanlog_value *named = NULL;
    unsigned best = SPANLOG_PEER_KEYS;
    for (uint32_t i = 0; i < span->attribute_count; i++) {
        const struct spanlog_attribute *attribute = &span->attributes[i];
        unsigned rank = spanlog_peer_rank(attribute->key.data, attribute->key.size);
        if (rank >= best || attribute->value.type != SPANLOG_VALUE_TEXT || !attribute->value.size)
            continue;
        best = rank;
        named = &attribute->value;
    }
    if (!named)
        return;
    spanlog_put(out, ",\"remoteEndpoint\":{\"serviceName\":");
    spanlog_put_json_value_text(out, named);
    spanlog_put(out, "}");
}

static void put_span(struct spanlog_output *out, const struct spanlog_span_logs *logs,
                     const struct spanlog_line *span) {
    static const char *const kinds[] = {NULL, "SERVER", "CLIENT", "PRODUCER", "CONSUMER"};
    uint64_t duration = span->duration_ns / 1000;
    spanlog_put(out, "{\"traceId\":");
    spanlog_put_json_id(out, span->trace_id, 16, span->trace_text);
    spanlog_put(out, ",\"id\":");
    spanlog_put_json_id(out, span->span_id, 8, span->span_text);
    if (span->has_parent) {
        spanlog_put(out, ",\"parentId\":");
        spanlog_put_json_id(out, span->parent_id, 8, span->parent_text);
    }
    spanlog_put_json_text(out, ",\"name\":", span->operation);
    if (span->span_kind > 0 && span->span_kind < 5) {
        spanlog_put(out, ",\"kind\":\"");
        spanlog_put(out, kinds[span->span_kind]);
        spanlog_put(out, "\"");
    }
    spanlog_put_json_count(out, ",\"timestamp\":", span->start_ns / 1000);
    spanlog_put_json_count(out, ",\"duration\":", duration ? duration : 1);
    spanlog_put_json_text(out, ",\"localEndpoint\":{\"serviceName\":", span->service);
    spanlog_put(out, "}");
    put_remote(out, span);
    put_annotations(out, logs, span);
    spanlog_put(out, ",\"tags\":{");
    bool first = !put_error(out, span);
    spanlog_export_tags(out, span, first, put_tag);
    spanlog_put(out, "}}");
}

void spanlog_export_put_zipkin_span(struct spanlog_output *out, const struct spanlog_line *span) {
    struct spanlog_span_logs none = {NULL, 0};
    put_span(out, &none, span);
}

static void put_trace(struct spanlog_output *out, const struct spanlog_export_trace *trace,
                      struct spanlog_arena *scratch) {
    struct spanlog_span_logs logs = spanlog_export_logs(trace, scratch);
    const char *between = "";
    for (uint32_t i = 0; i < trace->count; i++) {
        if (!spanlog_line_is_span(&trace->lines[i]))
            continue;
        spanlog_put(out, between);
        between = ",\n";
        put_span(out, &logs, &trace->lines[i]);
    }
}

const struct spanlog_export_format spanlog_export_zipkin = {
    .name = "zipkin",
    .about = "Zipkin v2 JSON: for Zipkin's /api/v2/spans and its upload",
    .head = "[",
    .between = ",\n",
    .tail = "]\n",
    .trace = put_trace};
