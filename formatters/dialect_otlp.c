/* formatters/dialect_otlp.c: OTLP JSON lines, as the collector's file exporter writes them: one
 * ResourceSpans or ResourceLogs a record, ready for /v1/traces and /v1/logs.
 *
 *     {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":
 *      {"stringValue":"orders"}},{"key":"process.pid","value":{"intValue":"711"}}]},"scopeLogs":
 *      [{"scope":{"name":"db"},"logRecords":[{"severityNumber":9,"severityText":"info","body":
 *      {"stringValue":"cache miss"},"timeUnixNano":"1795257045123456789","traceId":"...",
 *      "spanId":"...","flags":1,"attributes":[...]}]}]}]}
 *
 * What OTLP has no place for is an attribute under its canonical name: status_code, sample_ratio;
 * of a span also level (when not info), msg (when abandoned), error (when the status is not an
 * error) and duration_ms (when it is not the time from start to end).
 */
#include "formatters/dialect.h"

#include "formatters/hex.h"
#include "formatters/json_write.h"
#include "formatters/names.h"
#include "formatters/number.h"
#include "formatters/otlp_value.h"
#include "formatters/put.h"
#include "formatters/source_split.h"

/* Three dropped counts and all closing brackets. */
#define CLOSE_MAX 224
/* What one text of the fixed part may take in the second attempt. */
#define SHORT_TEXT_MAX 256

static char *put_if_room(char *out, char *limit, const char *text, size_t size) {
    return out && FITS(out, limit, size) ? put_bytes(out, text, size) : NULL;
}
#define PUT_IF_ROOM(out, limit, literal) put_if_room(out, limit, literal, sizeof(literal) - 1)

/* See dialect_json.c for `cut`. */
static char *put_text(char *out, char *limit, struct spanlog_text text, bool cut, bool is_long) {
    if (!out)
        return NULL;
    if (!cut)
        return spanlog_json_put_text(out, limit, text);
    return spanlog_json_put_text_within(out, limit, text,
                                        SHORT_TEXT_MAX + (is_long ? text.size : 0));
}

/* ---- attributes of the writer's own, each with a comma before it ------------------------- */

static char *put_text_attribute(char *out, char *limit, struct spanlog_text key,
                                struct spanlog_text text, bool cut, bool is_long) {
    out = out ? spanlog_otlp_put_key(key, 0, out, limit) : NULL;
    out = PUT_IF_ROOM(out, limit, "{\"stringValue\":");
    out = put_text(out, limit, text, cut, is_long);
    return PUT_IF_ROOM(out, limit, "}}");
}

static char *put_value_attribute(char *out, char *limit, struct spanlog_text key,
                                 struct spanlog_value value) {
    out = out ? spanlog_otlp_put_key(key, 0, out, limit) : NULL;
    out = out ? spanlog_otlp_put_value(out, limit, &value) : NULL;
    return PUT_IF_ROOM(out, limit, "}");
}

static char *put_int_attribute(char *out, char *limit, struct spanlog_text key, int64_t number) {
    struct spanlog_value value = {.type = SPANLOG_VALUE_INT, .i = number};
    return put_value_attribute(out, limit, key, value);
}

static char *put_double_attribute(char *out, char *limit, struct spanlog_text key, double number) {
    struct spanlog_value value = {.type = SPANLOG_VALUE_DOUBLE, .d = number};
    return put_value_attribute(out, limit, key, value);
}

/* ---- head: all before the time ------------------------------------------------------------ */

static char *put_resource(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    struct spanlog_text service = line->service.data ? line->service : SPANLOG_TEXT("");

    out = PUT_IF_ROOM(out, limit,
                      "\"resource\":{\"attributes\":[{\"key\":\"service.name\","
                      "\"value\":{\"stringValue\":");
    out = put_text(out, limit, service, cut, false);
    out = PUT_IF_ROOM(out, limit, "}}");
    if (line->pid)
        out = put_int_attribute(out, limit, SPANLOG_TEXT("process.pid"), line->pid);
    return PUT_IF_ROOM(out, limit, "]},");
}

static unsigned severity_of(const struct spanlog_line *line) {
    return line->level == 0 ? 1 : line->level > 24 ? 24 : line->level;
}

static char *put_log_head(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    struct spanlog_text level = spanlog_level_name(line->level);

    out = PUT_IF_ROOM(out, limit, "{\"resourceLogs\":[{");
    out = put_resource(line, out, limit, cut);
    out = PUT_IF_ROOM(out, limit, "\"scopeLogs\":[{");
    if (line->logger.data) {
        out = PUT_IF_ROOM(out, limit, "\"scope\":{\"name\":");
        out = put_text(out, limit, line->logger, cut, false);
        out = PUT_IF_ROOM(out, limit, "},");
    }
    if (!out || !FITS(out, limit, 128 + SPANLOG_NUMBER_MAX))
        return NULL;
    PUT(out, "\"logRecords\":[{\"severityNumber\":");
    out = spanlog_put_u64(out, severity_of(line));
    PUT(out, ",\"severityText\":\"");
    out = put_bytes(out, level.data, level.size);
    PUT(out, "\",\"body\":{\"stringValue\":");
    out = put_text(out, limit, spanlog_line_message(line), cut, true);
    return PUT_IF_ROOM(out, limit, "},\"timeUnixNano\":\"");
}

static char *put_head(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    if (line->line_kind == SPANLOG_LINE_LOG)
        return put_log_head(line, out, limit, cut);
    out = PUT_IF_ROOM(out, limit, "{\"resourceSpans\":[{");
    out = put_resource(line, out, limit, cut);
    return PUT_IF_ROOM(out, limit, "\"scopeSpans\":[{\"spans\":[{\"endTimeUnixNano\":\"");
}

static char *render_head(const struct spanlog_line *line, char *out, char *end) {
    return put_head(line, out, end, false);
}

/* ---- tail: the source --------------------------------------------------------------------- */

static char *put_tail(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    struct spanlog_source source;

    if (!line->source.data)
        return out;
    source = spanlog_source_split(line->source);
    out = put_text_attribute(out, limit, SPANLOG_TEXT("code.file.path"), source.file, cut, false);
    if (!source.line.data || !out || !FITS(out, limit, 64))
        return source.line.data ? NULL : out;
    PUT(out, ",{\"key\":\"code.line.number\",\"value\":{\"intValue\":\"");
    out = put_bytes(out, source.line.data, source.line.size);
    PUT(out, "\"}}");
    return out;
}

static char *render_tail(const struct spanlog_line *line, char *out, char *end) {
    return put_tail(line, out, end, false);
}

static char *render_key(struct spanlog_text key, enum spanlog_line_kind kind, char *out,
                        char *end) {
    unsigned of = spanlog_keys_of(kind) | SPANLOG_KEYS_OF_OTLP;
    return spanlog_otlp_put_key(key, spanlog_key_is_reserved(spanlog_key_text(key), of), out, end);
}

/* ---- ids and the other fields of a record ------------------------------------------------- */

/* key: from the comma to the opening quote. Ids that a reader met and that are not hex stand as
 * they are. */
static char *put_id(char *out, char *limit, const char *key, size_t key_size,
                    struct spanlog_text text, const uint8_t *bytes, bool is_trace, bool cut) {
    if (!text.data && !bytes)
        return out;
    out = put_if_room(out, limit, key, key_size);
    if (text.data)
        return put_text(out, limit, text, cut, false);
    if (!out || !FITS(out, limit, 34))
        return NULL;
    *out++ = '"';
    out = is_trace ? put_hex16(out, bytes) : put_hex8(out, bytes);
    *out++ = '"';
    return out;
}
#define PUT_ID(out, limit, key, text, bytes, is_trace, cut)                                        \
    put_id(out, limit, key, sizeof(key) - 1, text, bytes, is_trace, cut)

static char *put_ids(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    bool own = line->has_context;

    out = PUT_ID(out, limit, ",\"traceId\":", line->trace_text, own ? line->trace_id : NULL, true,
                 cut);
    out =
        PUT_ID(out, limit, ",\"spanId\":", line->span_text, own ? line->span_id : NULL, false, cut);
    if (line->line_kind != SPANLOG_LINE_LOG)
        out = PUT_ID(out, limit, ",\"parentSpanId\":", line->parent_text,
                     line->has_parent ? line->parent_id : NULL, false, cut);
    if (!out || !FITS(out, limit, 16 + SPANLOG_NUMBER_MAX))
        return NULL;
    if (own) {
        PUT(out, ",\"flags\":");
        out = spanlog_put_u64(out, line->trace_flags);
    }
    return out;
}

static char *put_status(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    if (line->span_status == SPANLOG_STATUS_OK)
        return PUT_IF_ROOM(out, limit, ",\"status\":{\"code\":1}");
    if (line->span_status != SPANLOG_STATUS_ERROR)
        return out;
    out = PUT_IF_ROOM(out, limit, ",\"status\":{\"code\":2");
    if (line->error.data) {
        out = PUT_IF_ROOM(out, limit, ",\"message\":");
        out = put_text(out, limit, line->error, cut, true);
    }
    return PUT_IF_ROOM(out, limit, "}");
}

static char *put_span(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    out = PUT_IF_ROOM(out, limit, ",\"name\":");
    out = put_text(out, limit, line->operation, cut, true);
    if (!out || !FITS(out, limit, 64 + SPANLOG_NUMBER_MAX))
        return NULL;
    PUT(out, ",\"kind\":");
    *out++ = (char)('1' + (line->span_kind > 4 ? 0 : line->span_kind));
    PUT(out, ",\"startTimeUnixNano\":\"");
    out = spanlog_put_u64(out, line->start_ns);
    *out++ = '"';
    return put_status(line, out, limit, cut);
}

/* ---- attributes --------------------------------------------------------------------------- */

static char *put_span_attributes(const struct spanlog_line *line, char *out, char *limit,
                                 bool cut) {
    unsigned level = severity_of(line);

    if (line->line_kind == SPANLOG_LINE_ABANDONED)
        out = put_text_attribute(out, limit, SPANLOG_TEXT("msg"), spanlog_line_message(line), false,
                                 false);
    if (level != 9)
        out = put_text_attribute(out, limit, SPANLOG_TEXT("level"), spanlog_level_name(level),
                                 false, false);
    if (level % 4 != 1)
        out = put_int_attribute(out, limit, SPANLOG_TEXT("severityNumber"), level);
    if (line->has_status_code)
        out = put_int_attribute(out, limit, SPANLOG_TEXT("status_code"), line->status_code);
    if (line->error.data && line->span_status != SPANLOG_STATUS_ERROR)
        out = put_text_attribute(out, limit, SPANLOG_TEXT("error"), line->error, cut, true);
    if (line->sample_ratio > 0 && line->sample_ratio < 1)
        out = put_double_attribute(out, limit, SPANLOG_TEXT("sample_ratio"), line->sample_ratio);
    if (line->start_ns + line->duration_ns == line->time_ns || !out)
        return out;
    out = spanlog_otlp_put_key(SPANLOG_TEXT("duration_ms"), 0, out, limit);
    if (!out || !FITS(out, limit, 24 + SPANLOG_NUMBER_MAX))
        return NULL;
    PUT(out, "{\"doubleValue\":");
    out = spanlog_put_duration_ms(out, line->duration_ns);
    PUT(out, "}}");
    return out;
}

/* What a log has no field for. */
static char *put_log_attributes(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    char hex[16];
    struct spanlog_text parent = line->parent_text;

    if (!parent.data && line->has_parent)
        parent = (struct spanlog_text){hex, (uint32_t)(put_hex8(hex, line->parent_id) - hex)};
    if (parent.data)
        out = put_text_attribute(out, limit, SPANLOG_TEXT("parent_id"), parent, cut, false);
    return out;
}

static char *put_own_attributes(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    if (line->tail.data)
        out = put_if_room(out, limit, line->tail.data, line->tail.size);
    else
        out = put_tail(line, out, limit, cut);
    if (line->tid)
        out = put_int_attribute(out, limit, SPANLOG_TEXT("thread.id"), line->tid);
    return line->line_kind == SPANLOG_LINE_LOG ? put_log_attributes(line, out, limit, cut)
                                               : put_span_attributes(line, out, limit, cut);
}

/* ---- events and links --------------------------------------------------------------------- */

/* The comma before the first element becomes the bracket; a list without elements is not there. */
static char *close_list(char *key, char *list, char *out) {
    if (out == list)
        return key;
    *list = '[';
    *out++ = ']';
    return out;
}

static char *put_event(char *out, char *limit, const struct spanlog_event *event) {
    uint64_t dropped = 0;

    if (!FITS(out, limit, 96))
        return NULL;
    limit -= 4; /* "]}" of this one and "]" of the list */
    PUT(out, ",{\"timeUnixNano\":\"");
    out = spanlog_put_u64(out, event->time_ns);
    PUT(out, "\",\"name\":");
    out = spanlog_json_put_text(out, limit, event->name);
    if (!out || !FITS(out, limit, 16))
        return NULL;
    char *key = out;
    PUT(out, ",\"attributes\":");
    char *list = out;
    out = spanlog_otlp_put_attributes(out, limit, event->attributes, event->attribute_count,
                                      SPANLOG_KEYS_OF_EVENT, false, &dropped);
    out = close_list(key, list, out);
    *out++ = '}';
    return dropped ? NULL : out; /* an event is written whole or counted */
}

static char *put_events(const struct spanlog_line *line, char *out, char *limit,
                        uint64_t *ret_dropped) {
    char *key = out, *list;

    *ret_dropped += line->event_count;
    if (!FITS(out, limit, 16))
        return out;
    PUT(out, ",\"events\":");
    list = out;
    for (uint32_t i = 0; i < line->event_count; i++) {
        char *p = put_event(out, limit, &line->events[i]);
        if (p) {
            out = p;
            --*ret_dropped;
        }
    }
    return close_list(key, list, out);
}

static char *put_links(const struct spanlog_line *line, char *out, char *limit,
                       uint64_t *ret_dropped) {
    char *key = out, *list;
    uint32_t i;

    *ret_dropped += line->link_count;
    if (!FITS(out, limit, 16))
        return out;
    PUT(out, ",\"links\":");
    list = out;
    for (i = 0; i < line->link_count && FITS(out, limit, 96); i++) {
        PUT(out, ",{\"traceId\":\"");
        out = put_hex16(out, line->links[i].trace_id);
        PUT(out, "\",\"spanId\":\"");
        out = put_hex8(out, line->links[i].span_id);
        PUT(out, "\"}");
    }
    *ret_dropped -= i;
    return close_list(key, list, out);
}

/* ---- the line --------------------------------------------------------------------------- */

/* Everything up to the end of the writer's own attributes. *ret_key, *ret_list: see close_list. */
static char *put_fixed(const struct spanlog_line *line, char *out, char *limit, bool cut,
                       char **ret_key, char **ret_list) {
    if (line->head.data)
        out = put_if_room(out, limit, line->head.data, line->head.size);
    else
        out = put_head(line, out, limit, cut);
    if (!out || !FITS(out, limit, 1 + SPANLOG_NUMBER_MAX))
        return NULL;
    out = spanlog_put_u64(out, line->time_ns);
    *out++ = '"';
    out = put_ids(line, out, limit, cut);
    if (out && line->line_kind != SPANLOG_LINE_LOG)
        out = put_span(line, out, limit, cut);
    *ret_key = out;
    *ret_list = out = PUT_IF_ROOM(out, limit, ",\"attributes\":");
    return out ? put_own_attributes(line, out, limit, cut) : NULL;
}

static char *put_count(char *out, const char *key, uint64_t count) {
    if (count == 0)
        return out;
    out = put_bytes(out, key, strlen(key));
    return spanlog_put_u64(out, count);
}

static char *write_otlp(const struct spanlog_line *line, char *out, char *end) {
    unsigned of = spanlog_keys_of(line->line_kind) | SPANLOG_KEYS_OF_OTLP;
    uint64_t attributes = line->dropped_attributes, events = 0, links = 0;
    char *limit = end - CLOSE_MAX, *key, *list, *p;

    if (end - out <= CLOSE_MAX)
        return NULL;
    p = put_fixed(line, out, limit, false, &key, &list);
    if (__builtin_expect(!p, 0))
        p = put_fixed(line, out, limit, true, &key, &list);
    if (!p)
        return NULL;
    p = spanlog_otlp_put_attributes(p, limit, line->attributes, line->attribute_count, of,
                                    line->distinct_keys, &attributes);
    p = close_list(key, list, p);
    if (line->line_kind != SPANLOG_LINE_LOG) {
        events = line->dropped_events;
        links = line->dropped_links;
        p = put_events(line, p, limit, &events);
        p = put_links(line, p, limit, &links);
    }
    p = put_count(p, ",\"droppedAttributesCount\":", attributes);
    p = put_count(p, ",\"droppedEventsCount\":", events);
    p = put_count(p, ",\"droppedLinksCount\":", links);
    PUT(p, "}]}]}]}\n");
    return p;
}

const struct spanlog_dialect spanlog_dialect_otlp = {
    .name = "otlp",
    .syntax = SPANLOG_SYNTAX_JSON,
    .keys = {[SPANLOG_FIELD_TS] = "timeUnixNano",
             [SPANLOG_FIELD_LEVEL] = "severityNumber",
             [SPANLOG_FIELD_MSG] = "body",
             [SPANLOG_FIELD_SERVICE] = "service.name",
             [SPANLOG_FIELD_TRACE_ID] = "traceId",
             [SPANLOG_FIELD_SPAN_ID] = "spanId",
             [SPANLOG_FIELD_PARENT_ID] = "parentSpanId",
             [SPANLOG_FIELD_TRACE_FLAGS] = "flags",
             [SPANLOG_FIELD_LOGGER] = "scope",
             [SPANLOG_FIELD_OPERATION] = "name",
             [SPANLOG_FIELD_KIND] = "kind",
             [SPANLOG_FIELD_START] = "startTimeUnixNano",
             [SPANLOG_FIELD_DURATION_MS] = "duration_ms",
             [SPANLOG_FIELD_STATUS] = "status",
             [SPANLOG_FIELD_STATUS_CODE] = "status_code",
             [SPANLOG_FIELD_ERROR] = "error",
             [SPANLOG_FIELD_SRC] = "code.file.path",
             [SPANLOG_FIELD_PID] = "process.pid",
             [SPANLOG_FIELD_TID] = "thread.id",
             [SPANLOG_FIELD_EVENTS] = "events",
             [SPANLOG_FIELD_LINKS] = "links"},
    .write = write_otlp,
    .render_head = render_head,
    .render_tail = render_tail,
    .render_key = render_key,
    .line_start = "{\"resource",
};
