/* analyzer/translate/documents/loki.c: what Loki's query API answers.
 *
 *     {"status":"success","data":{"resultType":"streams","result":[{"stream":{"service_name":
 *      "orders"},"values":[["1795257045123456789","cache miss",{"trace_id":"..."}]]}]}}
 *
 * An entry is wrapped as a container's line is: its text is read as any other line would be, and
 * time, labels and metadata fill in what that does not say: service, level and ids; the others are
 * attributes. Text that nothing can be made of is a log's message.
 */
#include "src/analyzer/translate/documents/document.h"

enum { DATA, RESULT_TYPE, RESULT, STREAM, VALUES, SLOTS };
static const struct spanlog_pick_key keys[] = {
    SPANLOG_PICK("data", DATA),     SPANLOG_PICK("resultType", RESULT_TYPE),
    SPANLOG_PICK("result", RESULT), SPANLOG_PICK("stream", STREAM),
    SPANLOG_PICK("values", VALUES), SPANLOG_PICK_END};

enum { SERVICE, TRACE_ID, SPAN_ID, PARENT_ID, LEVEL, LABEL_SLOTS };
static const struct spanlog_pick_key label_keys[] = {
    SPANLOG_PICK("service_name", SERVICE), SPANLOG_PICK("service", SERVICE),
    SPANLOG_PICK("trace_id", TRACE_ID),    SPANLOG_PICK("traceID", TRACE_ID),
    SPANLOG_PICK("traceId", TRACE_ID),     SPANLOG_PICK("span_id", SPAN_ID),
    SPANLOG_PICK("spanID", SPAN_ID),       SPANLOG_PICK("spanId", SPAN_ID),
    SPANLOG_PICK("parent_id", PARENT_ID),  SPANLOG_PICK("parent_span_id", PARENT_ID),
    SPANLOG_PICK("level", LEVEL),          SPANLOG_PICK("detected_level", LEVEL),
    SPANLOG_PICK("severity_text", LEVEL),  SPANLOG_PICK_END};

struct reading {
    struct spanlog_draft draft;     /* its line is what the entry's wrapper says */
    struct spanlog_arena entry;     /* for the text in it */
    struct spanlog_resource labels; /* of the stream */
    struct spanlog_json_value label[LABEL_SLOTS];
};

/* ---- what the wrapper says ---------------------------------------------------------------- */

static bool is_field(struct spanlog_text key) {
    for (const struct spanlog_pick_key *field = label_keys; field->name; field++)
        if (field->size == key.size && memcmp(field->name, key.data, key.size) == 0)
            return true;
    return false;
}

/* Few and short, mostly; of hostile metadata no more than these are compared with the line's. */
#define ATTRIBUTES_MAX 256

static void add_attribute(struct spanlog_draft *draft, struct spanlog_text key,
                          struct spanlog_value value) {
    if (is_field(key))
        return;
    if (draft->line.attribute_count < ATTRIBUTES_MAX)
        spanlog_draft_attribute(draft, key, value);
    else
        draft->line.dropped_attributes++;
}

static void add_labels(struct reading *reading, const struct spanlog_json_value *metadata) {
    struct spanlog_draft *draft = &reading->draft;
    const struct spanlog_resource *labels = &reading->labels;
    struct spanlog_items items;
    if (labels->size <= draft->repeats_left) {
        draft->repeats_left -= labels->size;
        for (uint32_t i = 0; i < labels->count; i++)
            add_attribute(draft, labels->attributes[i].key, labels->attributes[i].value);
    } else {
        draft->line.dropped_attributes += labels->count;
    }
    spanlog_items_open(&items, metadata);
    while (metadata->type == SPANLOG_JSON_OBJECT && spanlog_items_next(&items)) {
        items.key.type = SPANLOG_JSON_STRING;
        add_attribute(draft, spanlog_draft_text(draft, &items.key),
                      spanlog_draft_value(draft, &items.value));
    }
}

#define SERVICE_SIZE_MAX 1024

static void begin_wrapper(struct reading *reading, const struct spanlog_json_value *time,
                          const struct spanlog_json_value *metadata) {
    struct spanlog_draft *draft = &reading->draft;
    struct spanlog_line *line = &draft->line;
    struct spanlog_json_value label[LABEL_SLOTS];
    spanlog_draft_begin(draft, SPANLOG_LINE_LOG);
    memcpy(label, reading->label, sizeof label);
    spanlog_pick(metadata, label_keys, label); /* these are closer to the line */
    spanlog_time_of(time, 1, &line->time_ns);
    line->service = spanlog_draft_text(draft, &label[SERVICE]);
    if (line->service.size > SERVICE_SIZE_MAX)
        line->service.size = SERVICE_SIZE_MAX;
    line->level = label[LEVEL].type == SPANLOG_JSON_STRING
                      ? spanlog_level_read(spanlog_draft_text(draft, &label[LEVEL]))
                      : 0;
    spanlog_line_set_trace(line, spanlog_draft_text(draft, &label[TRACE_ID]), draft->arena);
    spanlog_line_set_span(line, spanlog_draft_text(draft, &label[SPAN_ID]), draft->arena);
    spanlog_line_set_parent(line, spanlog_draft_text(draft, &label[PARENT_ID]), draft->arena);
    add_labels(reading, metadata);
    spanlog_draft_join(draft);
}

/* ---- entries ------------------------------------------------------------------------------ */

static void translate_text(struct reading *reading, struct spanlog_text text) {
    struct spanlog_draft *draft = &reading->draft;
    struct spanlog_translator *translator = draft->translator;
    uint64_t before = translator->count;
    int rc = spanlog_translate_entry(translator, &reading->entry, text, &draft->line);
    if (rc >= 0 && translator->count == before) {
        draft->line.message = text;
        rc = spanlog_emit(translator, &draft->line);
    }
    translator->problem = NULL;
    draft->no_memory |= rc < 0;
}

static void translate_entry(struct reading *reading, const struct spanlog_json_value *entry) {
    struct spanlog_draft *draft = &reading->draft;
    struct spanlog_json_value part[3] = {{0}};
    struct spanlog_items items;
    spanlog_items_open(&items, entry);
    for (unsigned i = 0; i < 3 && spanlog_items_next(&items); i++)
        part[i] = items.value;
    if (part[1].type != SPANLOG_JSON_STRING) {
        draft->skipped++;
        return;
    }
    begin_wrapper(reading, &part[0], &part[2]);
    struct spanlog_text text = spanlog_draft_text(draft, &part[1]);
    while (text.size && text.data[text.size - 1] == '\n')
        text.size--;
    if (!draft->no_memory)
        translate_text(reading, text);
    draft->arena = &draft->translator->arena;
}

static void translate_stream(struct reading *reading, const struct spanlog_json_value *stream) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    struct spanlog_items items;
    struct spanlog_draft *draft = &reading->draft;
    spanlog_pick(stream, keys, slot);
    memset(reading->label, 0, sizeof reading->label);
    spanlog_pick(&slot[STREAM], label_keys, reading->label);
    reading->labels = (struct spanlog_resource){0};
    spanlog_items_open(&items, &slot[STREAM]);
    while (slot[STREAM].type == SPANLOG_JSON_OBJECT && spanlog_items_next(&items)) {
        items.key.type = SPANLOG_JSON_STRING;
        spanlog_resource_add(draft, &reading->labels, spanlog_draft_text(draft, &items.key),
                             spanlog_draft_value(draft, &items.value));
    }
    spanlog_items_open(&items, &slot[VALUES]);
    while (spanlog_items_next(&items) && !draft->no_memory)
        translate_entry(reading, &items.value);
}

static bool is_loki(const char *line) {
    static const char *const first[] = {"status", "data", NULL};
    struct spanlog_json_value data, value;
    return spanlog_first_key_is(line, first) && spanlog_early_member(line, "data", &data) &&
           *data.begin == '{' && spanlog_early_member(data.begin, "resultType", &value) &&
           strncmp(value.begin, "\"streams\"", 9) == 0;
}

int spanlog_translate_loki(struct spanlog_translator *translator, const char *line,
                           const char *end) {
    struct spanlog_json_value document, slot[SLOTS] = {{0}};
    struct spanlog_items items;
    if (!is_loki(line))
        return 0;
    struct reading reading = {.entry = {0}};
    if (spanlog_draft_open(&reading.draft, translator, line, end, &document)) {
        spanlog_pick(&document, keys, slot);
        struct spanlog_json_value data = slot[DATA];
        spanlog_pick(&data, keys, slot);
        spanlog_items_open(&items, &slot[RESULT]);
        while (spanlog_items_next(&items))
            translate_stream(&reading, &items.value);
    }
    spanlog_arena_free(&reading.entry);
    return spanlog_draft_close(&reading.draft);
}
