/* analyzer/translate/documents/jaeger.c: Jaeger's JSON, as its UI saves it and its query API
 * answers.
 *
 *     {"data":[{"traceID":"...","processes":{"p1":{"serviceName":"orders","tags":[]}},
 *      "spans":[{"spanID":"...","operationName":"GET","startTime":1795257045123456,"duration":1500,
 *       "references":[{"refType":"CHILD_OF","spanID":"..."}],"processID":"p1","tags":[],"logs":[]}]}]}
 *
 * Also one trace alone, a list of them, or {"traces":[...]}. The first CHILD_OF to the same trace
 * is the parent, or else the first FOLLOWS_FROM; the other references are links. The tags error,
 * span.kind, otel.status_code and http.status_code say what the line's fields say; the others are
 * attributes, and so are those of the process, whose hostname (or ip) is host.name. The processes
 * may stand behind the spans, so they are read first.
 */
#include "src/analyzer/base/hash.h"
#include "src/analyzer/translate/documents/otel.h"

enum { DATA, TRACE_ID, SPANS, PROCESSES, DOCUMENT_SLOTS };

static const struct spanlog_pick_key document_keys[] = {
    SPANLOG_PICK("data", DATA),           SPANLOG_PICK("traces", DATA),
    SPANLOG_PICK("traceID", TRACE_ID),    SPANLOG_PICK("spans", SPANS),
    SPANLOG_PICK("processes", PROCESSES), SPANLOG_PICK_END};

enum {
    SPAN_TRACE_ID,
    SPAN_ID,
    PARENT_ID,
    OPERATION,
    REFERENCES,
    START,
    DURATION,
    TAGS,
    LOGS,
    PROCESS_ID,
    PROCESS,
    FLAGS,
    SPAN_SLOTS
};

static const struct spanlog_pick_key span_keys[] = {SPANLOG_PICK("traceID", SPAN_TRACE_ID),
                                                    SPANLOG_PICK("spanID", SPAN_ID),
                                                    SPANLOG_PICK("parentSpanID", PARENT_ID),
                                                    SPANLOG_PICK("operationName", OPERATION),
                                                    SPANLOG_PICK("references", REFERENCES),
                                                    SPANLOG_PICK("startTime", START),
                                                    SPANLOG_PICK("duration", DURATION),
                                                    SPANLOG_PICK("tags", TAGS),
                                                    SPANLOG_PICK("logs", LOGS),
                                                    SPANLOG_PICK("processID", PROCESS_ID),
                                                    SPANLOG_PICK("process", PROCESS),
                                                    SPANLOG_PICK("flags", FLAGS),
                                                    SPANLOG_PICK_END};

enum { KEY, TYPE, VALUE, TAG_SLOTS };
static const struct spanlog_pick_key tag_keys[] = {SPANLOG_PICK("key", KEY),
                                                   SPANLOG_PICK("type", TYPE),
                                                   SPANLOG_PICK("value", VALUE), SPANLOG_PICK_END};

enum { REF_TYPE, REF_TRACE_ID, REF_SPAN_ID, REF_SLOTS };
static const struct spanlog_pick_key reference_keys[] = {
    SPANLOG_PICK("refType", REF_TYPE), SPANLOG_PICK("traceID", REF_TRACE_ID),
    SPANLOG_PICK("spanID", REF_SPAN_ID), SPANLOG_PICK_END};

enum { LOG_TIME, LOG_FIELDS, LOG_SLOTS };
static const struct spanlog_pick_key log_keys[] = {
    SPANLOG_PICK("timestamp", LOG_TIME), SPANLOG_PICK("fields", LOG_FIELDS), SPANLOG_PICK_END};

enum { SERVICE, PROCESS_TAGS, PROCESS_SLOTS };
static const struct spanlog_pick_key process_keys[] = {
    SPANLOG_PICK("serviceName", SERVICE), SPANLOG_PICK("tags", PROCESS_TAGS), SPANLOG_PICK_END};

static bool is_trace(const char *p) {
    static const char *const first[] = {"traceID", "spans", "processes", "warnings", NULL};
    struct spanlog_json_value value;
    return spanlog_first_key_is(p, first) && spanlog_early_member(p, "spans", &value) &&
           *value.begin == '[' &&
           (spanlog_early_member(p, "processes", &value) ||
            spanlog_early_member(p, "traceID", &value));
}

static bool is_jaeger(const char *line) {
    static const char *const first[] = {"data",   "traces", "total", "limit",
                                        "offset", "errors", NULL};
    struct spanlog_json_value list, total;
    const char *p = spanlog_json_blank(line);
    if (*p == '[')
        return is_trace(spanlog_first_element(p));
    if (is_trace(p))
        return true;
    if (!spanlog_first_key_is(p, first) ||
        (!spanlog_early_member(p, "data", &list) && !spanlog_early_member(p, "traces", &list)))
        return false;
    if (*list.begin != '[')
        return false;
    const char *element = spanlog_first_element(list.begin);
    /* No trace was found, says the API. */
    return is_trace(element) || (*element != '{' && spanlog_early_member(p, "total", &total) &&
                                 spanlog_early_member(p, "errors", &total));
}

/* ---- tags --------------------------------------------------------------------------------- */

/* Elasticsearch's form has all values as strings, and says in `type` what they were. */
static struct spanlog_json_value typed(const struct spanlog_json_value *slot) {
    struct spanlog_json_value value = slot[VALUE];
    if (value.type != SPANLOG_JSON_STRING)
        return value;
    if (spanlog_json_is(&slot[TYPE], "bool")) {
        if (spanlog_json_is(&value, "true"))
            value.type = SPANLOG_JSON_TRUE;
        else if (spanlog_json_is(&value, "false"))
            value.type = SPANLOG_JSON_FALSE;
    } else if ((spanlog_json_is(&slot[TYPE], "int64") || spanlog_json_is(&slot[TYPE], "float64")) &&
               value.end > value.begin && spanlog_json_number(value.begin) == value.end) {
        value.type = SPANLOG_JSON_NUMBER;
    }
    return value;
}

/* The next tag of a list [{key,type,value}], or of an object {key: value}. */
static bool next_tag(struct spanlog_items *items, struct spanlog_json_value *ret_key,
                     struct spanlog_json_value *ret_value) {
    while (spanlog_items_next(items)) {
        struct spanlog_json_value slot[TAG_SLOTS] = {{0}};
        if (items->bracket == '{') {
            *ret_key = items->key;
            *ret_value = items->value;
            ret_key->type = SPANLOG_JSON_STRING;
            return true;
        }
        spanlog_pick(&items->value, tag_keys, slot);
        if (slot[KEY].type != SPANLOG_JSON_STRING)
            continue;
        *ret_key = slot[KEY];
        *ret_value = typed(slot);
        return true;
    }
    return false;
}

/* Tags that are fields of the line. */
static bool take_tag(struct spanlog_draft *draft, const struct spanlog_json_value *key,
                     const struct spanlog_json_value *value) {
    static const struct spanlog_text nothing = {NULL, 0};
    if (spanlog_json_is(key, "span.kind")) {
        draft->line.span_kind = spanlog_otel_kind(value, 1);
        return value->type == SPANLOG_JSON_STRING;
    }
    if (spanlog_json_is(key, "error")) {
        if (value->type == SPANLOG_JSON_TRUE || spanlog_json_is(value, "true"))
            spanlog_draft_error(draft, nothing);
        else if (value->type == SPANLOG_JSON_STRING && !spanlog_json_is(value, "false"))
            spanlog_draft_error(draft, spanlog_draft_text(draft, value));
        return true;
    }
    if (spanlog_json_is(key, "otel.status_code")) {
        if (spanlog_json_is(value, "ERROR"))
            spanlog_draft_error(draft, nothing);
        else if (spanlog_json_is(value, "OK") && draft->line.span_status == SPANLOG_STATUS_UNSET)
            draft->line.span_status = SPANLOG_STATUS_OK;
        return true;
    }
    if (spanlog_json_is(key, "otel.status_description") && value->type == SPANLOG_JSON_STRING) {
        draft->line.error = spanlog_draft_text(draft, value);
        return true;
    }
    return false;
}

static void add_tags(struct spanlog_draft *draft, const struct spanlog_json_value *list) {
    struct spanlog_json_value key, value;
    struct spanlog_items items;
    spanlog_items_open(&items, list);
    while (next_tag(&items, &key, &value))
        if (!take_tag(draft, &key, &value))
            spanlog_draft_attribute(draft, spanlog_draft_text(draft, &key),
                                    spanlog_draft_value(draft, &value));
}

/* ---- processes ---------------------------------------------------------------------------- */

struct processes {
    struct process {
        struct spanlog_json_value id;
        struct spanlog_resource resource;
    } * list;
    uint32_t *slots; /* by the id's hash: index + 1, 0: empty */
    uint32_t count, mask;
};

static void read_process(struct spanlog_draft *draft, const struct spanlog_json_value *process,
                         struct spanlog_resource *ret) {
    struct spanlog_json_value slot[PROCESS_SLOTS] = {{0}}, key, value, host = {0}, ip = {0};
    struct spanlog_items items;
    spanlog_pick(process, process_keys, slot);
    *ret = (struct spanlog_resource){.service = spanlog_draft_text(draft, &slot[SERVICE])};
    spanlog_items_open(&items, &slot[PROCESS_TAGS]);
    while (next_tag(&items, &key, &value)) {
        if (spanlog_json_is(&key, "hostname") || spanlog_json_is(&key, "host.name"))
            host = value;
        else if (spanlog_json_is(&key, "ip"))
            ip = value;
        if (!spanlog_json_is(&key, "hostname") && !spanlog_json_is(&key, "host.name"))
            spanlog_resource_add(draft, ret, spanlog_draft_text(draft, &key),
                                 spanlog_draft_value(draft, &value));
    }
    if (host.type || ip.type)
        spanlog_resource_add(draft, ret, SPANLOG_TEXT("host.name"),
                             spanlog_draft_value(draft, host.type ? &host : &ip));
}

static uint32_t *process_slot(const struct processes *processes,
                              const struct spanlog_json_value *id) {
    size_t size = (size_t)(id->end - id->begin);
    uint32_t at = (uint32_t)spanlog_hash(id->begin, size) & processes->mask;
    for (; processes->slots[at]; at = (at + 1) & processes->mask) {
        const struct spanlog_json_value *known = &processes->list[processes->slots[at] - 1].id;
        if ((size_t)(known->end - known->begin) == size &&
            memcmp(known->begin, id->begin, size) == 0)
            break;
    }
    return &processes->slots[at];
}

static void read_processes(struct spanlog_draft *draft, const struct spanlog_json_value *object,
                           struct processes *ret) {
    struct spanlog_items items;
    uint32_t most = 0, slots = 8;
    *ret = (struct processes){0};
    if (object->type != SPANLOG_JSON_OBJECT)
        return;
    spanlog_items_open(&items, object);
    while (spanlog_items_next(&items))
        most++;
    while (slots < 2 * (uint64_t)most && slots < 1u << 31)
        slots *= 2;
    ret->list = spanlog_arena_array(draft->arena, most, sizeof *ret->list);
    ret->slots = spanlog_arena_array(draft->arena, slots, sizeof *ret->slots);
    if (!ret->list || !ret->slots) {
        draft->no_memory = true;
        *ret = (struct processes){0};
        return;
    }
    memset(ret->slots, 0, slots * sizeof *ret->slots);
    ret->mask = slots - 1;
    spanlog_items_open(&items, object);
    while (spanlog_items_next(&items)) {
        uint32_t *slot = process_slot(ret, &items.key);
        if (*slot)
            continue;
        ret->list[ret->count].id = items.key;
        read_process(draft, &items.value, &ret->list[ret->count].resource);
        *slot = ++ret->count;
    }
}

static const struct spanlog_resource *find_process(const struct processes *processes,
                                                   const struct spanlog_json_value *id) {
    uint32_t found =
        processes->count && id->type == SPANLOG_JSON_STRING ? *process_slot(processes, id) : 0;
    return found ? &processes->list[found - 1].resource : NULL;
}

/* ---- spans -------------------------------------------------------------------------------- */

static bool is_same(const struct spanlog_json_value *a, const struct spanlog_json_value *b) {
    size_t size = (size_t)(a->end - a->begin);
    return a->type == b->type && (size_t)(b->end - b->begin) == size &&
           memcmp(a->begin, b->begin, size) == 0;
}

static void add_references(struct spanlog_draft *draft, const struct spanlog_json_value *list,
                           const struct spanlog_json_value *trace) {
    struct spanlog_items items;
    uint32_t child_of = 0, follows = 0, parent, number = 0;
    spanlog_items_open(&items, list);
    while (spanlog_items_next(&items)) {
        struct spanlog_json_value slot[REF_SLOTS] = {{0}};
        number++;
        spanlog_pick(&items.value, reference_keys, slot);
        if (!slot[REF_SPAN_ID].type ||
            (slot[REF_TRACE_ID].type && trace->type && !is_same(&slot[REF_TRACE_ID], trace)))
            continue;
        if (!child_of && spanlog_json_is(&slot[REF_TYPE], "CHILD_OF"))
            child_of = number;
        else if (!follows && spanlog_json_is(&slot[REF_TYPE], "FOLLOWS_FROM"))
            follows = number;
    }
    parent = child_of ? child_of : follows;
    number = 0;
    spanlog_items_open(&items, list);
    while (spanlog_items_next(&items)) {
        struct spanlog_json_value slot[REF_SLOTS] = {{0}};
        spanlog_pick(&items.value, reference_keys, slot);
        struct spanlog_text span = spanlog_draft_text(draft, &slot[REF_SPAN_ID]);
        if (++number == parent)
            spanlog_draft_id(draft, SPANLOG_ID_PARENT, span);
        else
            spanlog_draft_link(
                draft,
                spanlog_draft_text(draft, slot[REF_TRACE_ID].type ? &slot[REF_TRACE_ID] : trace),
                span);
    }
}

static void add_logs(struct spanlog_draft *draft, const struct spanlog_json_value *list) {
    struct spanlog_items items, fields;
    spanlog_items_open(&items, list);
    while (spanlog_items_next(&items)) {
        struct spanlog_json_value slot[LOG_SLOTS] = {{0}}, key, value, name = {0};
        bool by_event = false;
        uint64_t time_ns = draft->line.start_ns;
        if (items.value.type != SPANLOG_JSON_OBJECT)
            continue;
        spanlog_pick(&items.value, log_keys, slot);
        spanlog_time_of(&slot[LOG_TIME], 1000, &time_ns);
        spanlog_items_open(&fields, &slot[LOG_FIELDS]);
        while (!by_event && next_tag(&fields, &key, &value)) {
            by_event = spanlog_json_is(&key, "event") && value.type == SPANLOG_JSON_STRING;
            if (by_event || (!name.type && spanlog_json_is(&key, "message")))
                name = value;
        }
        struct spanlog_text text = spanlog_draft_words(draft, &name);
        if (!spanlog_draft_event(draft, time_ns, text.data ? text : SPANLOG_TEXT("log")))
            return;
        spanlog_items_open(&fields, &slot[LOG_FIELDS]);
        while (next_tag(&fields, &key, &value))
            if (value.begin != name.begin || !name.type)
                spanlog_draft_event_attribute(draft, spanlog_draft_text(draft, &key),
                                              spanlog_draft_value(draft, &value));
    }
}

static void translate_span(struct spanlog_draft *draft, const struct spanlog_json_value *span,
                           const struct spanlog_json_value *trace_id,
                           const struct processes *processes) {
    struct spanlog_json_value slot[SPAN_SLOTS] = {{0}};
    uint64_t start, duration = 0;
    int64_t flags;
    spanlog_pick(span, span_keys, slot);
    spanlog_draft_begin(draft, SPANLOG_LINE_SPAN);
    const struct spanlog_json_value *trace =
        slot[SPAN_TRACE_ID].type ? &slot[SPAN_TRACE_ID] : trace_id;
    spanlog_draft_id(draft, SPANLOG_ID_TRACE, spanlog_draft_text(draft, trace));
    spanlog_draft_id(draft, SPANLOG_ID_SPAN, spanlog_draft_text(draft, &slot[SPAN_ID]));
    if (spanlog_time_of(&slot[START], 1000, &start)) {
        spanlog_time_of(&slot[DURATION], 1000, &duration);
        spanlog_draft_times(draft, start, duration);
    }
    struct spanlog_text operation = spanlog_draft_text(draft, &slot[OPERATION]);
    if (operation.data)
        draft->line.operation = operation;
    if (spanlog_i64_of(&slot[FLAGS], &flags))
        spanlog_draft_flags(draft, flags & 1);
    const struct spanlog_resource *process = find_process(processes, &slot[PROCESS_ID]);
    struct spanlog_resource own;
    if (!process && slot[PROCESS].type) {
        read_process(draft, &slot[PROCESS], &own);
        process = &own;
    }
    if (process)
        spanlog_draft_resource(draft, process);
    add_references(draft, &slot[REFERENCES], trace);
    if (!draft->line.has_parent)
        spanlog_draft_id(draft, SPANLOG_ID_PARENT, spanlog_draft_text(draft, &slot[PARENT_ID]));
    add_tags(draft, &slot[TAGS]);
    add_logs(draft, &slot[LOGS]);
    spanlog_draft_emit(draft);
}

static void translate_trace(struct spanlog_draft *draft, const struct spanlog_json_value *trace) {
    struct spanlog_json_value slot[DOCUMENT_SLOTS] = {{0}};
    struct processes processes;
    struct spanlog_items items;
    spanlog_pick(trace, document_keys, slot);
    read_processes(draft, &slot[PROCESSES], &processes);
    spanlog_items_open(&items, &slot[SPANS]);
    while (spanlog_items_next(&items))
        translate_span(draft, &items.value, &slot[TRACE_ID], &processes);
}

int spanlog_translate_jaeger(struct spanlog_translator *translator, const char *line,
                             const char *end) {
    struct spanlog_json_value document, slot[DOCUMENT_SLOTS] = {{0}};
    struct spanlog_items items;
    struct spanlog_draft draft;
    if (!is_jaeger(line))
        return 0;
    if (spanlog_draft_open(&draft, translator, line, end, &document)) {
        spanlog_pick(&document, document_keys, slot);
        if (slot[SPANS].type)
            translate_trace(&draft, &document);
        spanlog_items_open(&items, document.type == SPANLOG_JSON_ARRAY ? &document : &slot[DATA]);
        while (spanlog_items_next(&items))
            translate_trace(&draft, &items.value);
    }
    return spanlog_draft_close(&draft);
}
