/* analyzer/translate/loki.c: what Loki's query API answers.
 *
 *     {"status":"success","data":{"resultType":"streams","result":[{"stream":{"service_name":
 *      "orders"},"values":[["1795257045123456789","cache miss",{"trace_id":"..."}]]}]}}
 *
 * An entry's line is read as any other line would be, when it is JSON; else it is a log's message.
 * Labels and metadata then fill in what the line itself lacks: its service, level and ids; the
 * others are attributes. The entry's time counts where the line has none.
 */
#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/line_read.h"
#include "src/analyzer/translate/document.h"

/* An entry may hold an answer of Loki's; answers within those are text. */
#define NESTING_MAX 2

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
    struct spanlog_draft draft;
    struct spanlog_translator inner; /* for the entries' lines */
    struct spanlog_reader reader;
    struct spanlog_resource labels; /* of the stream */
    struct spanlog_json_value label[LABEL_SLOTS];
    char *text; /* the entry's line, decoded, ended and padded */
    size_t text_size, text_room;
};

/* ---- what a line lacks -------------------------------------------------------------------- */

static bool has_attribute(const struct spanlog_line *line, uint32_t count,
                          struct spanlog_text key) {
    for (uint32_t i = 0; i < count; i++)
        if (line->attributes[i].key.size == key.size &&
            memcmp(line->attributes[i].key.data, key.data, key.size) == 0)
            return true;
    return false;
}

static bool is_field(struct spanlog_text key) {
    for (const struct spanlog_pick_key *field = label_keys; field->name; field++)
        if (field->size == key.size && memcmp(field->name, key.data, key.size) == 0)
            return true;
    return false;
}

/* Some labels are few and short; of a hostile stream no more than these are compared. */
#define COMPARED_MAX 256

static void add_labels(struct reading *reading, const struct spanlog_json_value *metadata) {
    struct spanlog_draft *draft = &reading->draft;
    struct spanlog_items items;
    uint32_t own = draft->line.attribute_count;
    if (own > COMPARED_MAX)
        own = COMPARED_MAX;
    for (uint32_t i = 0; i < reading->labels.count; i++) {
        const struct spanlog_attribute *label = &reading->labels.attributes[i];
        if (reading->labels.size > draft->repeats_left)
            draft->line.dropped_attributes++;
        else if (!is_field(label->key) && !has_attribute(&draft->line, own, label->key))
            spanlog_draft_attribute(draft, label->key, label->value);
    }
    if (reading->labels.size <= draft->repeats_left)
        draft->repeats_left -= reading->labels.size;
    spanlog_items_open(&items, metadata);
    while (metadata->type == SPANLOG_JSON_OBJECT && spanlog_items_next(&items)) {
        items.key.type = SPANLOG_JSON_STRING;
        struct spanlog_text key = spanlog_draft_text(draft, &items.key);
        if (!is_field(key) && !has_attribute(&draft->line, own, key))
            spanlog_draft_attribute(draft, key, spanlog_draft_value(draft, &items.value));
    }
}

static void fill_ids(struct spanlog_draft *draft, const struct spanlog_json_value *label) {
    static const enum spanlog_draft_id which[] = {SPANLOG_ID_TRACE, SPANLOG_ID_SPAN,
                                                  SPANLOG_ID_PARENT};
    bool has[] = {draft->has_trace, draft->has_span,
                  draft->line.has_parent || draft->line.line_kind == SPANLOG_LINE_LOG};
    for (unsigned i = 0; i < 3; i++)
        if (!has[i])
            spanlog_draft_id(draft, which[i], spanlog_draft_text(draft, &label[TRACE_ID + i]));
}

#define SERVICE_SIZE_MAX 1024

static void fill(struct reading *reading, const struct spanlog_json_value *entry, bool has_level,
                 const struct spanlog_json_value *metadata) {
    struct spanlog_draft *draft = &reading->draft;
    struct spanlog_json_value label[LABEL_SLOTS];
    memcpy(label, reading->label, sizeof label);
    spanlog_pick(metadata, label_keys, label); /* these are closer to the line */
    if (draft->line.service.size == 0) {
        draft->line.service = spanlog_draft_text(draft, &label[SERVICE]);
        if (draft->line.service.size > SERVICE_SIZE_MAX)
            draft->line.service.size = SERVICE_SIZE_MAX;
    }
    if (!draft->line.time_ns)
        spanlog_time_of(entry, 1, &draft->line.time_ns);
    if (!has_level && label[LEVEL].type == SPANLOG_JSON_STRING) {
        uint8_t level = spanlog_level_read(spanlog_draft_text(draft, &label[LEVEL]));
        draft->line.level = level ? level : draft->line.level;
    }
    fill_ids(draft, label);
    add_labels(reading, metadata);
    spanlog_draft_emit(draft);
}

/* ---- entries ------------------------------------------------------------------------------ */

/* A canonical line as a draft. Its end, or NULL. */
static const char *read_canonical(struct reading *reading, const char *line, bool *ret_has_level) {
    struct spanlog_draft *draft = &reading->draft;
    struct spanlog_record record;
    struct spanlog_line read;
    if (spanlog_record_read(&reading->reader, line, &record))
        return NULL;
    spanlog_draft_begin(draft, SPANLOG_LINE_LOG);
    if (spanlog_line_read(&reading->reader, &record, line, draft->arena, &read) < 0) {
        draft->no_memory = true;
        return NULL;
    }
    /* The draft's own list grows by copying this one. */
    draft->line = read;
    draft->attributes = (struct spanlog_attribute *)(uintptr_t)read.attributes;
    draft->attribute_room = read.attribute_count;
    draft->has_trace = record.has_trace;
    draft->has_span = record.has_span;
    draft->has_flags = record.raw[SPANLOG_FIELD_TRACE_FLAGS].type == SPANLOG_JSON_STRING;
    draft->has_time = true;
    if (!record.has_trace)
        draft->line.trace_text.data = NULL;
    *ret_has_level = record.level != 0;
    return record.end + 1;
}

/* The entry's text as a line: decoded, ended, padded. */
static bool take_text(struct reading *reading, const struct spanlog_json_value *text) {
    size_t size = (size_t)(text->end - text->begin), wanted = size + 1 + SPANLOG_JSON_PADDING;
    if (wanted > reading->text_room) {
        char *grown = realloc(reading->text, 2 * wanted);
        if (!grown) {
            reading->draft.no_memory = true;
            return false;
        }
        reading->text = grown;
        reading->text_room = 2 * wanted;
    }
    ssize_t plain = spanlog_json_unescape(text->begin, size, reading->text);
    if (plain < 0)
        return false;
    while (plain > 0 && reading->text[plain - 1] == '\n')
        plain--;
    reading->text_size = (size_t)plain;
    reading->text[plain] = '\n';
    memset(reading->text + plain + 1, 0, SPANLOG_JSON_PADDING);
    return true;
}

/* Lines that spanlog wrote, and what the other formats make of the text. False: it is only text. */
static bool read_entry(struct reading *reading, const struct spanlog_json_value *time,
                       const struct spanlog_json_value *metadata) {
    const char *text = reading->text, *end = text + reading->text_size;
    struct spanlog_translator *inner = &reading->inner;
    bool has_level = false;
    if ((*text != '{' && *text != '[') || memchr(text, '\n', reading->text_size))
        return false;
    if (strncmp(text, spanlog_dialect_json.line_start, strlen(spanlog_dialect_json.line_start)) ==
            0 &&
        read_canonical(reading, text, &has_level)) {
        fill(reading, time, has_level, metadata);
        return true;
    }
    if (inner->depth > NESTING_MAX)
        return false;
    if (spanlog_translate(inner, text, end) < 0) {
        reading->draft.no_memory = true;
        return true;
    }
    if (inner->count == 0)
        return false;
    for (const char *p = inner->out; p && p < inner->out + inner->size;) {
        p = read_canonical(reading, p, &has_level);
        if (p)
            fill(reading, time, true, metadata);
    }
    return true;
}

static void translate_entry(struct reading *reading, const struct spanlog_json_value *entry) {
    struct spanlog_json_value part[3] = {{0}};
    struct spanlog_items items;
    spanlog_items_open(&items, entry);
    for (unsigned i = 0; i < 3 && spanlog_items_next(&items); i++)
        part[i] = items.value;
    if (part[1].type != SPANLOG_JSON_STRING) {
        reading->draft.skipped++;
        return;
    }
    if (!take_text(reading, &part[1]) || read_entry(reading, &part[0], &part[2]))
        return;
    spanlog_draft_begin(&reading->draft, SPANLOG_LINE_LOG);
    reading->draft.line.message =
        (struct spanlog_text){reading->text, (uint32_t)reading->text_size};
    fill(reading, &part[0], false, &part[2]);
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
    struct reading reading = {.text = NULL};
    spanlog_reader_init(&reading.reader, 500);
    spanlog_translator_init(&reading.inner, &translator->settings);
    reading.inner.depth = (uint8_t)(translator->depth + 1);
    if (spanlog_draft_open(&reading.draft, translator, line, end, &document)) {
        spanlog_pick(&document, keys, slot);
        struct spanlog_json_value data = slot[DATA];
        spanlog_pick(&data, keys, slot);
        spanlog_items_open(&items, &slot[RESULT]);
        while (spanlog_items_next(&items))
            translate_stream(&reading, &items.value);
    }
    spanlog_translator_free(&reading.inner);
    free(reading.text);
    return spanlog_draft_close(&reading.draft);
}
