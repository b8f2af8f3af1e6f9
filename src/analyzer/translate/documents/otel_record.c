/* analyzer/translate/documents/otel_record.c: see otel.h: one span or log record becomes a line. */
#include <strings.h>

#include "src/analyzer/read/fields.h"
#include "src/analyzer/translate/documents/otel.h"

enum {
    TRACE_ID,
    SPAN_ID,
    PARENT_ID,
    PARENT, /* {"TraceID":...,"SpanID":...} */
    CONTEXT,
    FLAGS,
    NAME,
    KIND,
    JS_KIND, /* its numbers begin with 0 */
    START,
    END,
    TIMESTAMP, /* microseconds, or RFC 3339 */
    OBSERVED,
    DURATION, /* microseconds */
    STATUS,
    ATTRIBUTES,
    EVENTS,
    LINKS,
    DROPPED_ATTRIBUTES,
    DROPPED_EVENTS,
    DROPPED_LINKS,
    BODY,
    SEVERITY,
    SEVERITY_TEXT,
    EVENT_NAME,
    SLOTS
};
#define PICK SPANLOG_PICK

static const struct spanlog_pick_key span_keys[] = {
    PICK("traceId", TRACE_ID), PICK("spanId", SPAN_ID), PICK("parentSpanId", PARENT_ID),
    PICK("name", NAME), PICK("kind", KIND), PICK("startTimeUnixNano", START),
    PICK("endTimeUnixNano", END), PICK("attributes", ATTRIBUTES), PICK("status", STATUS),
    PICK("events", EVENTS), PICK("links", LINKS), PICK("flags", FLAGS),
    PICK("droppedAttributesCount", DROPPED_ATTRIBUTES), PICK("droppedEventsCount", DROPPED_EVENTS),
    PICK("droppedLinksCount", DROPPED_LINKS),
    /* snake_case */
    PICK("trace_id", TRACE_ID), PICK("span_id", SPAN_ID), PICK("parent_span_id", PARENT_ID),
    PICK("start_time_unix_nano", START), PICK("end_time_unix_nano", END),
    PICK("dropped_attributes_count", DROPPED_ATTRIBUTES),
    PICK("dropped_events_count", DROPPED_EVENTS), PICK("dropped_links_count", DROPPED_LINKS),
    /* Python */
    PICK("context", CONTEXT), PICK("parent_id", PARENT_ID), PICK("start_time", START),
    PICK("end_time", END),
    /* Go */
    PICK("Name", NAME), PICK("SpanContext", CONTEXT), PICK("Parent", PARENT),
    PICK("ParentSpanID", PARENT_ID), PICK("SpanKind", KIND), PICK("StartTime", START),
    PICK("EndTime", END), PICK("Attributes", ATTRIBUTES), PICK("Events", EVENTS),
    PICK("Links", LINKS), PICK("Status", STATUS), PICK("DroppedAttributes", DROPPED_ATTRIBUTES),
    PICK("DroppedEvents", DROPPED_EVENTS), PICK("DroppedLinks", DROPPED_LINKS),
    /* Node */
    PICK("id", SPAN_ID), PICK("parentId", PARENT_ID), PICK("parentSpanContext", PARENT),
    PICK("timestamp", TIMESTAMP), PICK("duration", DURATION), SPANLOG_PICK_END};

static const struct spanlog_pick_key log_keys[] = {
    PICK("timeUnixNano", START), PICK("observedTimeUnixNano", OBSERVED),
    PICK("severityNumber", SEVERITY), PICK("severityText", SEVERITY_TEXT), PICK("body", BODY),
    PICK("attributes", ATTRIBUTES), PICK("traceId", TRACE_ID), PICK("spanId", SPAN_ID),
    PICK("flags", FLAGS), PICK("eventName", EVENT_NAME),
    PICK("droppedAttributesCount", DROPPED_ATTRIBUTES), PICK("time_unix_nano", START),
    PICK("observed_time_unix_nano", OBSERVED), PICK("severity_number", SEVERITY),
    PICK("severity_text", SEVERITY_TEXT), PICK("trace_id", TRACE_ID), PICK("span_id", SPAN_ID),
    PICK("event_name", EVENT_NAME), PICK("dropped_attributes_count", DROPPED_ATTRIBUTES),
    /* Python */
    PICK("timestamp", TIMESTAMP), PICK("observed_timestamp", OBSERVED), PICK("trace_flags", FLAGS),
    PICK("dropped_attributes", DROPPED_ATTRIBUTES),
    /* Go */
    PICK("Timestamp", TIMESTAMP), PICK("ObservedTimestamp", OBSERVED), PICK("Severity", SEVERITY),
    PICK("SeverityText", SEVERITY_TEXT), PICK("Body", BODY), PICK("Attributes", ATTRIBUTES),
    PICK("TraceID", TRACE_ID), PICK("SpanID", SPAN_ID), PICK("TraceFlags", FLAGS),
    PICK("EventName", EVENT_NAME), PICK("DroppedAttributes", DROPPED_ATTRIBUTES), SPANLOG_PICK_END};

static const struct spanlog_pick_key context_keys[] = {
    PICK("trace_id", TRACE_ID),   PICK("span_id", SPAN_ID), PICK("trace_flags", FLAGS),
    PICK("TraceID", TRACE_ID),    PICK("SpanID", SPAN_ID),  PICK("TraceFlags", FLAGS),
    PICK("traceId", TRACE_ID),    PICK("spanId", SPAN_ID),  PICK("traceFlags", FLAGS),
    PICK("SpanContext", CONTEXT), PICK("context", CONTEXT), SPANLOG_PICK_END};

static const struct spanlog_pick_key event_keys[] = {PICK("timeUnixNano", START),
                                                     PICK("time_unix_nano", START),
                                                     PICK("timestamp", START),
                                                     PICK("Time", START),
                                                     PICK("time", START),
                                                     PICK("name", NAME),
                                                     PICK("Name", NAME),
                                                     PICK("attributes", ATTRIBUTES),
                                                     PICK("Attributes", ATTRIBUTES),
                                                     SPANLOG_PICK_END};

static const struct spanlog_pick_key status_keys[] = {
    PICK("code", STATUS),      PICK("message", BODY), PICK("status_code", STATUS),
    PICK("description", BODY), PICK("Code", STATUS),  PICK("Description", BODY),
    SPANLOG_PICK_END};

static const struct spanlog_pick_key named_keys[] = {
    PICK("name", NAME), PICK("Name", NAME), PICK("attributes", ATTRIBUTES),
    PICK("Attributes", ATTRIBUTES), SPANLOG_PICK_END};

/* ---- words and numbers -------------------------------------------------------------------- */

struct spanlog_text spanlog_otel_last_word(const struct spanlog_json_value *value) {
    struct spanlog_text word = {"", 0};
    if (value->type != SPANLOG_JSON_STRING)
        return word;
    word.data = value->end;
    while (word.data > value->begin && word.data[-1] != '_' && word.data[-1] != '.' &&
           word.data[-1] != ' ')
        word.data--;
    word.size = (uint32_t)(value->end - word.data);
    return word;
}

uint8_t spanlog_otel_kind(const struct spanlog_json_value *value, unsigned internal) {
    int64_t number;
    if (spanlog_i64_of(value, &number))
        return number > (int64_t)internal && number <= (int64_t)internal + 4
                   ? (uint8_t)(number - (int64_t)internal)
                   : 0;
    return spanlog_kind_read(spanlog_otel_last_word(value));
}

static bool is_word(struct spanlog_text text, const char *word) {
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

void spanlog_otel_status(struct spanlog_draft *draft, const struct spanlog_json_value *value) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    int64_t number = 0;
    spanlog_pick(value, status_keys, slot);
    struct spanlog_text word = spanlog_otel_last_word(&slot[STATUS]);
    struct spanlog_text message = spanlog_draft_text(draft, &slot[BODY]);
    spanlog_i64_of(&slot[STATUS], &number);
    if (number == 2 || is_word(word, "error"))
        spanlog_draft_error(draft, message);
    else if (number == 1 || is_word(word, "ok"))
        draft->line.span_status = SPANLOG_STATUS_OK;
}

/* "WARN", "SEVERITY_NUMBER_WARN2", "<SeverityNumber.WARN: 13>" */
static uint8_t severity(const struct spanlog_json_value *value) {
    int64_t number = 0;
    if (!spanlog_i64_of(value, &number) && value->type == SPANLOG_JSON_STRING) {
        struct spanlog_text word = spanlog_otel_last_word(value);
        uint8_t level = spanlog_level_read(word);
        if (level)
            return level;
        if (word.size && word.data[word.size - 1] >= '2' && word.data[word.size - 1] <= '4') {
            word.size--;
            level = spanlog_level_read(word);
            return level ? (uint8_t)(level + word.data[word.size] - '1') : 0;
        }
        for (uint32_t i = 0; i < word.size && i < 3 && word.data[i] >= '0' && word.data[i] <= '9';
             i++)
            number = number * 10 + (word.data[i] - '0');
    }
    return number >= 1 && number <= 24 ? (uint8_t)number : 0;
}

static uint32_t count_of(const struct spanlog_json_value *value) {
    int64_t number;
    if (!spanlog_i64_of(value, &number) || number <= 0)
        return 0;
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* A number, of which the low byte counts, or two hex digits. */
static void set_flags(struct spanlog_draft *draft, const struct spanlog_json_value *value) {
    struct spanlog_id id;
    int64_t number;
    if (value->type == SPANLOG_JSON_NUMBER && spanlog_i64_of(value, &number))
        spanlog_draft_flags(draft, (uint8_t)number);
    else if (value->type == SPANLOG_JSON_STRING && value->end - value->begin == 2) {
        /* As an id of enough digits. */
        char digits[16 + SPANLOG_JSON_PADDING] = "1000000000000000";
        memcpy(digits + 14, value->begin, 2);
        if (spanlog_id_read((struct spanlog_text){digits, 16}, 16, &id) && !id.opaque)
            spanlog_draft_flags(draft, (uint8_t)id.low);
    }
}

/* ---- ids ---------------------------------------------------------------------------------- */

static int base64_digit(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* Protobuf's own JSON has ids as padded base64: 24 characters of 16 bytes, 12 of 8. As hex digits;
 * any other text as it is. */
static struct spanlog_text id_text(struct spanlog_draft *draft,
                                   const struct spanlog_json_value *value) {
    struct spanlog_text text = spanlog_draft_text(draft, value);
    static const char hex[] = "0123456789abcdef";
    uint32_t size = text.size == 24 ? 22 : 11, bits = 0, kept = 0, digits = 0;
    if ((text.size != 24 && text.size != 12) || text.data[size] != '=' ||
        text.data[text.size - 1] != '=')
        return text;
    char *out = spanlog_arena_alloc(draft->arena, 33 + SPANLOG_JSON_PADDING);
    if (!out) {
        draft->no_memory = true;
        return text;
    }
    memset(out, 0, 33 + SPANLOG_JSON_PADDING);
    for (uint32_t i = 0; i < size; i++) {
        int digit = base64_digit(text.data[i]);
        if (digit < 0)
            return text;
        bits = (bits << 6 | (unsigned)digit) & 0xfff;
        for (kept += 6; kept >= 4; kept -= 4)
            out[digits++] = hex[bits >> (kept - 4) & 15];
    }
    return (struct spanlog_text){out, size == 22 ? 32 : 16};
}

/* slot: the record's own ids, or its context's. */
static void set_ids(struct spanlog_draft *draft, struct spanlog_json_value *slot) {
    if (slot[CONTEXT].type)
        spanlog_pick(&slot[CONTEXT], context_keys, slot);
    spanlog_draft_id(draft, SPANLOG_ID_TRACE, id_text(draft, &slot[TRACE_ID]));
    spanlog_draft_id(draft, SPANLOG_ID_SPAN, id_text(draft, &slot[SPAN_ID]));
    if (slot[PARENT].type) {
        struct spanlog_json_value parent[SLOTS] = {{0}};
        spanlog_pick(&slot[PARENT], context_keys, parent);
        slot[PARENT_ID] = parent[SPAN_ID];
    }
    spanlog_draft_id(draft, SPANLOG_ID_PARENT, id_text(draft, &slot[PARENT_ID]));
    set_flags(draft, &slot[FLAGS]);
}

/* ---- spans -------------------------------------------------------------------------------- */

/* Node's times are [seconds, nanoseconds]. */
static bool event_time(const struct spanlog_json_value *value, uint64_t *ret_ns) {
    struct spanlog_items items;
    uint64_t seconds = 0, ns = 0;
    if (value->type != SPANLOG_JSON_ARRAY)
        return spanlog_time_of(value, 1, ret_ns);
    spanlog_items_open(&items, value);
    if (!spanlog_items_next(&items) || !spanlog_time_of(&items.value, 1000000000, &seconds) ||
        !spanlog_items_next(&items) || !spanlog_time_of(&items.value, 1, &ns))
        return false;
    return !__builtin_add_overflow(seconds, ns, ret_ns);
}

static void add_events(struct spanlog_draft *draft, const struct spanlog_json_value *list) {
    struct spanlog_items items;
    spanlog_items_open(&items, list);
    while (spanlog_items_next(&items)) {
        struct spanlog_json_value slot[SLOTS] = {{0}};
        uint64_t time_ns = draft->line.start_ns;
        if (items.value.type != SPANLOG_JSON_OBJECT)
            continue;
        spanlog_pick(&items.value, event_keys, slot);
        event_time(&slot[START], &time_ns);
        if (spanlog_draft_event(draft, time_ns, spanlog_draft_text(draft, &slot[NAME])))
            spanlog_otel_attributes(draft, &slot[ATTRIBUTES], SPANLOG_OTEL_EVENT, NULL);
    }
}

static void add_links(struct spanlog_draft *draft, const struct spanlog_json_value *list) {
    struct spanlog_items items;
    spanlog_items_open(&items, list);
    while (spanlog_items_next(&items)) {
        struct spanlog_json_value slot[SLOTS] = {{0}};
        spanlog_pick(&items.value, context_keys, slot);
        if (slot[CONTEXT].type)
            spanlog_pick(&slot[CONTEXT], context_keys, slot);
        spanlog_draft_link(draft, id_text(draft, &slot[TRACE_ID]), id_text(draft, &slot[SPAN_ID]));
    }
}

static void set_times(struct spanlog_draft *draft, const struct spanlog_json_value *slot) {
    uint64_t start, end, duration = 0;
    if (spanlog_time_of(&slot[START], 1, &start) && start) {
        end = start;
        spanlog_time_of(&slot[END], 1, &end);
        spanlog_draft_times(draft, start, end > start ? end - start : 0);
    } else if (spanlog_time_of(&slot[TIMESTAMP], 1000, &start)) {
        spanlog_time_of(&slot[DURATION], 1000, &duration);
        spanlog_draft_times(draft, start, duration);
    }
}

/* Spans have no place for a logger: the convention's attribute. */
static void set_scope(struct spanlog_draft *draft, struct spanlog_text scope) {
    if (scope.size == 0)
        return;
    if (draft->line.line_kind == SPANLOG_LINE_LOG)
        draft->line.logger = scope;
    else
        spanlog_draft_attribute(draft, SPANLOG_TEXT("otel.scope.name"),
                                (struct spanlog_value){.type = SPANLOG_VALUE_TEXT,
                                                       .size = scope.size,
                                                       .text = scope.data});
}

void spanlog_otel_span(struct spanlog_draft *draft, const struct spanlog_json_value *value,
                       const struct spanlog_resource *resource, struct spanlog_text scope) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    struct spanlog_line *line = &draft->line;
    spanlog_pick(value, span_keys, slot);
    spanlog_draft_begin(draft, SPANLOG_LINE_SPAN);
    set_ids(draft, slot);
    set_times(draft, slot);
    struct spanlog_text name = spanlog_draft_text(draft, &slot[NAME]);
    if (name.data)
        line->operation = name;
    /* Node's numbers are one less than everyone else's; it alone has a duration. */
    line->span_kind = spanlog_otel_kind(&slot[KIND], slot[DURATION].type ? 0 : 1);
    spanlog_otel_status(draft, &slot[STATUS]);
    spanlog_draft_resource(draft, resource);
    set_scope(draft, scope);
    uint64_t end;
    spanlog_otel_attributes(draft, &slot[ATTRIBUTES], SPANLOG_OTEL_LINE, NULL);
    /* A duration is given where it is not the time from start to end: a clock was set. */
    if (draft->has_duration && spanlog_time_of(&slot[END], 1, &end))
        line->time_ns = end;
    add_events(draft, &slot[EVENTS]);
    add_links(draft, &slot[LINKS]);
    line->dropped_attributes += count_of(&slot[DROPPED_ATTRIBUTES]);
    line->dropped_events += count_of(&slot[DROPPED_EVENTS]);
    line->dropped_links += count_of(&slot[DROPPED_LINKS]);
    spanlog_draft_emit(draft);
}

/* ---- log records -------------------------------------------------------------------------- */

static uint64_t log_time(const struct spanlog_json_value *slot) {
    uint64_t ns = 0;
    if ((spanlog_time_of(&slot[START], 1, &ns) && ns) ||
        (spanlog_time_of(&slot[TIMESTAMP], 1000, &ns) && ns))
        return ns;
    return spanlog_time_of(&slot[OBSERVED], 1, &ns) ? ns : 0;
}

void spanlog_otel_log(struct spanlog_draft *draft, const struct spanlog_json_value *value,
                      const struct spanlog_resource *resource, struct spanlog_text scope) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    struct spanlog_line *line = &draft->line;
    if (value->type != SPANLOG_JSON_OBJECT)
        return;
    spanlog_pick(value, log_keys, slot);
    spanlog_draft_begin(draft, SPANLOG_LINE_LOG);
    set_ids(draft, slot);
    line->time_ns = log_time(slot);
    uint8_t level = severity(&slot[SEVERITY]);
    if (!level)
        level = severity(&slot[SEVERITY_TEXT]);
    if (level)
        line->level = level;
    struct spanlog_json_value body = spanlog_otel_plain(draft, &slot[BODY]);
    struct spanlog_text message = spanlog_draft_words(draft, &body);
    if (message.data)
        line->message = message;
    spanlog_draft_resource(draft, resource);
    set_scope(draft, scope);
    if (slot[EVENT_NAME].type == SPANLOG_JSON_STRING &&
        slot[EVENT_NAME].end > slot[EVENT_NAME].begin)
        spanlog_draft_attribute(draft, SPANLOG_TEXT("event.name"),
                                spanlog_draft_value(draft, &slot[EVENT_NAME]));
    spanlog_otel_attributes(draft, &slot[ATTRIBUTES], SPANLOG_OTEL_LINE, NULL);
    line->dropped_attributes += count_of(&slot[DROPPED_ATTRIBUTES]);
    spanlog_draft_emit(draft);
}

/* ---- what surrounds them ------------------------------------------------------------------ */

void spanlog_otel_resource(struct spanlog_draft *draft, const struct spanlog_json_value *value,
                           struct spanlog_resource *ret) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    *ret = (struct spanlog_resource){0};
    if (value->type == SPANLOG_JSON_ARRAY)
        slot[ATTRIBUTES] = *value;
    spanlog_pick(value, named_keys, slot);
    spanlog_otel_attributes(draft, &slot[ATTRIBUTES], SPANLOG_OTEL_RESOURCE, ret);
}

#define SCOPE_SIZE_MAX 256

struct spanlog_text spanlog_otel_scope(struct spanlog_draft *draft,
                                       const struct spanlog_json_value *value) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    spanlog_pick(value, named_keys, slot);
    struct spanlog_text name = spanlog_draft_text(draft, &slot[NAME]);
    if (name.size > SCOPE_SIZE_MAX)
        name.size = SCOPE_SIZE_MAX;
    return name;
}
