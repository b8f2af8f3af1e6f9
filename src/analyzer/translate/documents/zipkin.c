/* analyzer/translate/documents/zipkin.c: Zipkin's v2 JSON: a list of spans, a list of traces, or
 * one span.
 *
 *     [{"traceId":"...","id":"...","parentId":"...","name":"get /","kind":"SERVER",
 *       "timestamp":1795257045123456,"duration":1500,"localEndpoint":{"serviceName":"orders"}}]
 *
 * Tags become attributes (`error` the status, the service of the remote endpoint `peer.service`),
 * annotations events; where timestamp or duration is missing, the first and the last annotation
 * tell. An endpoint without a name still has its address, which is the host's name. The two halves
 * of a shared span stay two spans of one id.
 */
#include "src/analyzer/read/fields.h"
#include "src/analyzer/translate/documents/document.h"

enum {
    TRACE_ID,
    SPAN_ID,
    PARENT_ID,
    NAME,
    KIND,
    TIMESTAMP,
    DURATION,
    LOCAL,
    REMOTE,
    ANNOTATIONS,
    TAGS,
    SHARED,
    SLOTS
};

static const struct spanlog_pick_key span_keys[] = {SPANLOG_PICK("traceId", TRACE_ID),
                                                    SPANLOG_PICK("id", SPAN_ID),
                                                    SPANLOG_PICK("parentId", PARENT_ID),
                                                    SPANLOG_PICK("name", NAME),
                                                    SPANLOG_PICK("kind", KIND),
                                                    SPANLOG_PICK("timestamp", TIMESTAMP),
                                                    SPANLOG_PICK("duration", DURATION),
                                                    SPANLOG_PICK("localEndpoint", LOCAL),
                                                    SPANLOG_PICK("remoteEndpoint", REMOTE),
                                                    SPANLOG_PICK("annotations", ANNOTATIONS),
                                                    SPANLOG_PICK("tags", TAGS),
                                                    SPANLOG_PICK("shared", SHARED),
                                                    SPANLOG_PICK_END};

enum { SERVICE, IPV4, IPV6, PORT, ENDPOINT_SLOTS };
static const struct spanlog_pick_key endpoint_keys[] = {
    SPANLOG_PICK("serviceName", SERVICE), SPANLOG_PICK("ipv4", IPV4), SPANLOG_PICK("ipv6", IPV6),
    SPANLOG_PICK("port", PORT), SPANLOG_PICK_END};

enum { WHEN, WHAT, ANNOTATION_SLOTS };
static const struct spanlog_pick_key annotation_keys[] = {
    SPANLOG_PICK("timestamp", WHEN), SPANLOG_PICK("value", WHAT), SPANLOG_PICK_END};

/* Loggers and Node's exporter have traceId, too, but not such a span around it. */
static bool is_span(const char *p) {
    static const char *const first[] = {
        "traceId",        "id",          "parentId", "name",
        "kind",           "timestamp",   "duration", "localEndpoint",
        "remoteEndpoint", "annotations", "tags",     "debug",
        "shared",         NULL};
    static const char *const others[] = {
        "localEndpoint", "remoteEndpoint", "duration", "annotations",
        "tags",          "kind",           "parentId", NULL};
    static const char *const foreign[] = {"attributes", "msg", "message", "level", "spanId", NULL};
    struct spanlog_json_value value;
    if (!spanlog_first_key_is(p, first) || !spanlog_early_member(p, "traceId", &value) ||
        !spanlog_early_member(p, "id", &value))
        return false;
    for (const char *const *name = foreign; *name; name++)
        if (spanlog_early_member(p, *name, &value))
            return false;
    for (const char *const *name = others; *name; name++)
        if (spanlog_early_member(p, *name, &value))
            return true;
    return false;
}

static struct spanlog_value text_value(struct spanlog_text text) {
    return (struct spanlog_value){.type = SPANLOG_VALUE_TEXT, .size = text.size, .text = text.data};
}

/* ---- times -------------------------------------------------------------------------------- */

static bool annotated(const struct spanlog_json_value *annotations, uint64_t *ret_first,
                      uint64_t *ret_last) {
    struct spanlog_items items;
    bool found = false;
    spanlog_items_open(&items, annotations);
    while (spanlog_items_next(&items)) {
        struct spanlog_json_value slot[ANNOTATION_SLOTS] = {{0}};
        uint64_t time_ns;
        spanlog_pick(&items.value, annotation_keys, slot);
        if (!spanlog_time_of(&slot[WHEN], 1000, &time_ns))
            continue;
        if (!found || time_ns < *ret_first)
            *ret_first = time_ns;
        if (!found || time_ns > *ret_last)
            *ret_last = time_ns;
        found = true;
    }
    return found;
}

static void set_times(struct spanlog_draft *draft, const struct spanlog_json_value *slot) {
    uint64_t start, duration, first = 0, last = 0;
    bool has_start = spanlog_time_of(&slot[TIMESTAMP], 1000, &start);
    bool has_duration = spanlog_time_of(&slot[DURATION], 1000, &duration);
    if (has_start && has_duration) {
        spanlog_draft_times(draft, start, duration);
        return;
    }
    bool found = annotated(&slot[ANNOTATIONS], &first, &last);
    if (!has_start && !found)
        return;
    if (!has_start)
        start = first;
    if (!has_duration)
        duration = last > start ? last - start : 0;
    spanlog_draft_times(draft, start, duration);
}

/* ---- parts -------------------------------------------------------------------------------- */

static void add_local(struct spanlog_draft *draft, const struct spanlog_json_value *endpoint) {
    struct spanlog_json_value slot[ENDPOINT_SLOTS] = {{0}};
    spanlog_pick(endpoint, endpoint_keys, slot);
    draft->line.service = spanlog_draft_text(draft, &slot[SERVICE]);
    struct spanlog_text address = spanlog_draft_text(draft, &slot[slot[IPV4].type ? IPV4 : IPV6]);
    if (address.size)
        spanlog_draft_attribute(draft, SPANLOG_TEXT("host.name"), text_value(address));
}

static void add_remote(struct spanlog_draft *draft, const struct spanlog_json_value *endpoint) {
    struct spanlog_json_value slot[ENDPOINT_SLOTS] = {{0}};
    spanlog_pick(endpoint, endpoint_keys, slot);
    struct spanlog_text service = spanlog_draft_text(draft, &slot[SERVICE]);
    struct spanlog_text address = spanlog_draft_text(draft, &slot[slot[IPV4].type ? IPV4 : IPV6]);
    if (service.size)
        spanlog_draft_attribute(draft, SPANLOG_TEXT("peer.service"), text_value(service));
    if (address.size)
        spanlog_draft_attribute(draft, SPANLOG_TEXT("network.peer.address"), text_value(address));
    if (slot[PORT].type == SPANLOG_JSON_NUMBER)
        spanlog_draft_attribute(draft, SPANLOG_TEXT("network.peer.port"),
                                spanlog_draft_value(draft, &slot[PORT]));
}

/* An error tag says what went wrong, or only that something did. */
static void add_tags(struct spanlog_draft *draft, const struct spanlog_json_value *tags) {
    struct spanlog_items items;
    if (tags->type != SPANLOG_JSON_OBJECT)
        return;
    spanlog_items_open(&items, tags);
    while (spanlog_items_next(&items)) {
        items.key.type = SPANLOG_JSON_STRING;
        if (!spanlog_json_is(&items.key, "error")) {
            spanlog_draft_attribute(draft, spanlog_draft_text(draft, &items.key),
                                    spanlog_draft_value(draft, &items.value));
            continue;
        }
        bool only_that =
            items.value.type != SPANLOG_JSON_STRING || spanlog_json_is(&items.value, "true");
        if (items.value.type != SPANLOG_JSON_FALSE && !spanlog_json_is(&items.value, "false"))
            spanlog_draft_error(draft, only_that ? (struct spanlog_text){NULL, 0}
                                                 : spanlog_draft_text(draft, &items.value));
    }
}

static void add_annotations(struct spanlog_draft *draft, const struct spanlog_json_value *list) {
    struct spanlog_items items;
    spanlog_items_open(&items, list);
    while (spanlog_items_next(&items)) {
        struct spanlog_json_value slot[ANNOTATION_SLOTS] = {{0}};
        uint64_t time_ns = draft->line.start_ns;
        if (items.value.type != SPANLOG_JSON_OBJECT)
            continue;
        spanlog_pick(&items.value, annotation_keys, slot);
        spanlog_time_of(&slot[WHEN], 1000, &time_ns);
        spanlog_draft_event(draft, time_ns, spanlog_draft_words(draft, &slot[WHAT]));
    }
}

static void translate_span(struct spanlog_draft *draft, const struct spanlog_json_value *span) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    spanlog_pick(span, span_keys, slot);
    spanlog_draft_begin(draft, SPANLOG_LINE_SPAN);
    spanlog_draft_id(draft, SPANLOG_ID_TRACE, spanlog_draft_text(draft, &slot[TRACE_ID]));
    spanlog_draft_id(draft, SPANLOG_ID_SPAN, spanlog_draft_text(draft, &slot[SPAN_ID]));
    spanlog_draft_id(draft, SPANLOG_ID_PARENT, spanlog_draft_text(draft, &slot[PARENT_ID]));
    set_times(draft, slot);
    struct spanlog_text name = spanlog_draft_text(draft, &slot[NAME]);
    if (name.data)
        draft->line.operation = name;
    struct spanlog_text kind = spanlog_draft_text(draft, &slot[KIND]);
    if (kind.data)
        draft->line.span_kind = spanlog_kind_read(kind);
    else if (slot[SHARED].type == SPANLOG_JSON_TRUE)
        draft->line.span_kind = 1; /* only servers share their client's span */
    add_local(draft, &slot[LOCAL]);
    add_remote(draft, &slot[REMOTE]);
    add_tags(draft, &slot[TAGS]);
    add_annotations(draft, &slot[ANNOTATIONS]);
    spanlog_draft_emit(draft);
}

static void translate_list(struct spanlog_draft *draft, const struct spanlog_json_value *list) {
    struct spanlog_items items, inner;
    spanlog_items_open(&items, list);
    while (spanlog_items_next(&items)) {
        if (items.value.type != SPANLOG_JSON_ARRAY) {
            translate_span(draft, &items.value);
            continue;
        }
        spanlog_items_open(&inner, &items.value);
        while (spanlog_items_next(&inner))
            translate_span(draft, &inner.value);
    }
}

int spanlog_translate_zipkin(struct spanlog_translator *translator, const char *line,
                             const char *end) {
    struct spanlog_json_value document;
    struct spanlog_draft draft;
    const char *p = spanlog_json_blank(line);
    if (!is_span(*p == '[' ? spanlog_first_element(p) : p))
        return 0;
    if (spanlog_draft_open(&draft, translator, line, end, &document)) {
        if (document.type == SPANLOG_JSON_ARRAY)
            translate_list(&draft, &document);
        else
            translate_span(&draft, &document);
    }
    return spanlog_draft_close(&draft);
}
