/* analyzer/read/line_read.c: see line_read.h. The record has been checked before: no walk can fail
 * here.
 */
#include "src/analyzer/read/line_read.h"

#include <errno.h>

#include "formatters/keys.h"
#include "formatters/number.h"

struct filling {
    struct spanlog_reader *reader;
    struct spanlog_arena *arena;
    struct spanlog_line *line;
    bool no_memory;
};

/* Decoded; NULL data when it is no string. */
static struct spanlog_text text_of(struct filling *filling,
                                   const struct spanlog_json_value *value) {
    size_t size = (size_t)(value->end - value->begin);
    if (value->type != SPANLOG_JSON_STRING)
        return (struct spanlog_text){NULL, 0};
    if (!value->escaped)
        return (struct spanlog_text){value->begin, (uint32_t)size};
    char *plain = spanlog_arena_alloc(filling->arena, size);
    ssize_t plain_size = plain ? spanlog_json_unescape(value->begin, size, plain) : -1;
    if (plain_size < 0) {
        filling->no_memory = true;
        return (struct spanlog_text){"", 0};
    }
    return (struct spanlog_text){plain, (uint32_t)plain_size};
}

static uint32_t unsigned_of(const struct spanlog_json_value *value) {
    uint64_t number;
    if (value->type != SPANLOG_JSON_NUMBER ||
        spanlog_read_u64(value->begin, (size_t)(value->end - value->begin), &number) < 0 ||
        number > UINT32_MAX)
        return 0;
    return (uint32_t)number;
}

static void read_number(const struct spanlog_json_value *value, struct spanlog_value *ret) {
    size_t size = (size_t)(value->end - value->begin);
    if (spanlog_read_i64(value->begin, size, &ret->i) == 0 &&
        !(ret->i == 0 && *value->begin == '-'))
        ret->type = SPANLOG_VALUE_INT;
    else if (spanlog_read_u64(value->begin, size, &ret->u) == 0)
        ret->type = SPANLOG_VALUE_UINT;
    else
        ret->text = value->begin;
}

void spanlog_line_read_value(const struct spanlog_json_value *value, struct spanlog_text text,
                             struct spanlog_value *ret) {
    *ret = (struct spanlog_value){.type = SPANLOG_VALUE_JSON,
                                  .size = (uint32_t)(value->end - value->begin)};
    ret->text = value->begin;
    switch (value->type) {
    case SPANLOG_JSON_STRING:
        ret->type = SPANLOG_VALUE_TEXT;
        ret->size = text.size;
        ret->text = text.data;
        break;
    case SPANLOG_JSON_NUMBER:
        read_number(value, ret);
        break;
    case SPANLOG_JSON_TRUE:
    case SPANLOG_JSON_FALSE:
        ret->type = SPANLOG_VALUE_BOOL;
        ret->u = value->type == SPANLOG_JSON_TRUE;
        break;
    case SPANLOG_JSON_NULL:
        ret->type = SPANLOG_VALUE_NULL;
        break;
    default:
        break;
    }
}

static void fill_attribute(struct filling *filling, const struct spanlog_json_value *key,
                           const struct spanlog_json_value *value, unsigned of,
                           struct spanlog_attribute *ret) {
    struct spanlog_json_value name = *key;
    name.type = SPANLOG_JSON_STRING;
    ret->key = text_of(filling, &name);
    ret->rendered = (struct spanlog_text){NULL, 0};
    /* A key that stands as the json dialect would write it is rendered already. */
    if (!key->escaped && key->begin && key->begin[-2] == ',' && key->end[1] == ':' &&
        ret->key.size && ret->key.size <= SPANLOG_KEY_SIZE_MAX &&
        !spanlog_key_is_reserved(ret->key, of))
        ret->rendered = (struct spanlog_text){key->begin - 2, ret->key.size + 4};
    spanlog_line_read_value(value, text_of(filling, value), &ret->value);
}

/* Members of the object at `at`, at least as many as there are. */
static uint32_t count_members(const char *at) {
    struct spanlog_json_walk walk = {.at = at};
    struct spanlog_json_value key = {0}, value = {0};
    uint32_t count = 0;
    for (int more = spanlog_json_open(&walk); more > 0 && spanlog_json_member(&walk, &key, &value);
         more = spanlog_json_next(&walk))
        count++;
    return count;
}

static bool key_is(const struct spanlog_json_value *key, const char *name) {
    size_t size = strlen(name);
    return (size_t)(key->end - key->begin) == size && memcmp(key->begin, name, size) == 0;
}

/* ---- events and links --------------------------------------------------------------------- */

/* Steps through the elements of an array, which has been checked. */
struct elements {
    const char *at;
    struct spanlog_json_value value;
};

static bool next_element(struct elements *elements) {
    struct spanlog_json_walk walk = {0};
    const char *p = spanlog_json_blank(elements->at);
    if (*p == '[' || *p == ',')
        p = spanlog_json_blank(p + 1);
    if (*p == ']')
        return false;
    elements->at = spanlog_json_value_at(&walk, p, &elements->value);
    return elements->at != NULL;
}

/* How many of the elements are objects. */
static uint32_t count_objects(const struct spanlog_json_value *array) {
    struct elements elements = {.at = array->begin};
    uint32_t count = 0;
    if (array->type != SPANLOG_JSON_ARRAY)
        return 0;
    while (next_element(&elements))
        count += elements.value.type == SPANLOG_JSON_OBJECT;
    return count;
}

static void fill_event(struct filling *filling, const char *at, struct spanlog_event *event) {
    struct spanlog_attribute *attributes =
        spanlog_arena_array(filling->arena, count_members(at) + 1, sizeof *attributes);
    *event = (struct spanlog_event){.name = {"", 0}, .attributes = attributes};
    if (!attributes) {
        filling->no_memory = true;
        return;
    }
    struct spanlog_json_walk walk = {.at = at};
    struct spanlog_json_value key = {0}, value = {0};
    for (int more = spanlog_json_open(&walk); more > 0 && spanlog_json_member(&walk, &key, &value);
         more = spanlog_json_next(&walk)) {
        if (key_is(&key, "ts") && value.type == SPANLOG_JSON_STRING)
            event->time_ns = spanlog_reader_time(filling->reader, text_of(filling, &value));
        else if (key_is(&key, "name") && value.type == SPANLOG_JSON_STRING)
            event->name = text_of(filling, &value);
        else
            fill_attribute(filling, &key, &value, SPANLOG_KEYS_OF_EVENT,
                           &attributes[event->attribute_count++]);
    }
}

static void fill_events(struct filling *filling, const struct spanlog_json_value *array) {
    uint32_t count = count_objects(array);
    struct spanlog_event *events = spanlog_arena_array(filling->arena, count, sizeof *events);
    if (count == 0 || !events) {
        filling->no_memory |= !events;
        return;
    }
    struct elements elements = {.at = array->begin};
    for (uint32_t i = 0; next_element(&elements);)
        if (elements.value.type == SPANLOG_JSON_OBJECT)
            fill_event(filling, elements.value.begin, &events[i++]);
    filling->line->events = events;
    filling->line->event_count = count;
}

static void put_id(const struct spanlog_id *id, uint8_t *high, uint8_t *low) {
    for (int i = 0; i < 8; i++) {
        if (high)
            high[i] = (uint8_t)(id->high >> (56 - 8 * i));
        low[i] = (uint8_t)(id->low >> (56 - 8 * i));
    }
}

static void fill_links(struct filling *filling, const struct spanlog_json_value *array) {
    uint32_t count = count_objects(array);
    struct spanlog_span_link *links = spanlog_arena_array(filling->arena, count, sizeof *links);
    if (count == 0 || !links) {
        filling->no_memory |= !links;
        return;
    }
    memset(links, 0, count * sizeof *links);
    struct elements elements = {.at = array->begin};
    for (uint32_t i = 0; next_element(&elements);) {
        if (elements.value.type != SPANLOG_JSON_OBJECT)
            continue;
        struct spanlog_json_walk walk = {.at = elements.value.begin};
        struct spanlog_json_value key = {0}, value = {0};
        struct spanlog_id id;
        for (int more = spanlog_json_open(&walk);
             more > 0 && spanlog_json_member(&walk, &key, &value);
             more = spanlog_json_next(&walk)) {
            struct spanlog_text text = text_of(filling, &value);
            if (text.data && key_is(&key, "trace_id") && spanlog_id_read(text, 32, &id))
                put_id(&id, links[i].trace_id, links[i].trace_id + 8);
            else if (text.data && key_is(&key, "span_id") && spanlog_id_read(text, 16, &id))
                put_id(&id, NULL, links[i].span_id);
        }
        i++;
    }
    filling->line->links = links;
    filling->line->link_count = count;
}

int spanlog_line_read_lists(struct spanlog_reader *reader, const struct spanlog_json_value *events,
                            const struct spanlog_json_value *links, struct spanlog_arena *arena,
                            struct spanlog_line *ret) {
    struct filling filling = {reader, arena, ret, false};
    if (events)
        fill_events(&filling, events);
    if (links)
        fill_links(&filling, links);
    return filling.no_memory ? -ENOMEM : 0;
}

/* ---- the line ----------------------------------------------------------------------------- */

static struct spanlog_text hex_of(struct filling *filling, const uint8_t *id, size_t size) {
    char *text = spanlog_arena_alloc(filling->arena, 2 * size);
    filling->no_memory |= !text;
    if (text)
        spanlog_put_hex(text, id, size);
    return (struct spanlog_text){text, text ? (uint32_t)(2 * size) : 0};
}

static void fill_ids(struct filling *filling, const struct spanlog_record *record) {
    struct spanlog_line *line = filling->line;
    const struct spanlog_json_value *raw = record->raw;
    /* Without flags the ids stay texts: zero flags would say that it was not sampled. */
    struct spanlog_text flags = text_of(filling, &raw[SPANLOG_FIELD_TRACE_FLAGS]);
    line->has_context = record->has_trace && record->has_span && flags.data &&
                        spanlog_read_hex(flags.data, flags.size, &line->trace_flags, 1) == 0;
    line->has_parent = record->has_parent;
    if (record->has_trace)
        put_id(&record->trace, line->trace_id, line->trace_id + 8);
    if (record->has_span)
        put_id(&record->span, NULL, line->span_id);
    if (record->has_parent)
        put_id(&record->parent, NULL, line->parent_id);
    if (record->has_trace && record->trace.opaque)
        line->trace_text = text_of(filling, &raw[SPANLOG_FIELD_TRACE_ID]);
    else if (record->has_trace && !line->has_context)
        line->trace_text = hex_of(filling, line->trace_id, 16);
    if (record->has_span && (record->span.opaque || record->span.high))
        line->span_text = text_of(filling, &raw[SPANLOG_FIELD_SPAN_ID]);
    else if (record->has_span && !line->has_context)
        line->span_text = hex_of(filling, line->span_id, 8);
    if (record->line_kind == SPANLOG_LINE_LOG ||
        (record->has_parent && (record->parent.opaque || record->parent.high)))
        line->parent_text = text_of(filling, &raw[SPANLOG_FIELD_PARENT_ID]);
}

static void fill_span(struct filling *filling, const struct spanlog_record *record) {
    struct spanlog_line *line = filling->line;
    const struct spanlog_json_value *raw = record->raw;
    const struct spanlog_json_value *code = &raw[SPANLOG_FIELD_STATUS_CODE];
    struct spanlog_text status = text_of(filling, &raw[SPANLOG_FIELD_STATUS]);
    int64_t number;
    line->span_kind = record->span_kind;
    line->start_ns = record->start_ns;
    line->duration_ns = record->duration_ns;
    line->operation = text_of(filling, &raw[SPANLOG_FIELD_OPERATION]);
    line->error = text_of(filling, &raw[SPANLOG_FIELD_ERROR]);
    if (status.size == 5 && memcmp(status.data, "error", 5) == 0)
        line->span_status = SPANLOG_STATUS_ERROR;
    else if (status.size == 2 && memcmp(status.data, "ok", 2) == 0)
        line->span_status = SPANLOG_STATUS_OK;
    if (code->type == SPANLOG_JSON_NUMBER &&
        spanlog_read_i64(code->begin, (size_t)(code->end - code->begin), &number) == 0 &&
        number == (int32_t)number) {
        line->has_status_code = true;
        line->status_code = (int32_t)number;
    }
    fill_events(filling, &raw[SPANLOG_FIELD_EVENTS]);
    fill_links(filling, &raw[SPANLOG_FIELD_LINKS]);
}

/* Fields that have a place of their own in a line of this kind, with a value that fits it. */
static bool has_own_place(const struct spanlog_record *record, unsigned field,
                          const struct spanlog_json_value *value) {
    bool is_span = record->line_kind != SPANLOG_LINE_LOG;
    bool is_string = value->type == SPANLOG_JSON_STRING;
    switch (field) {
    case SPANLOG_FIELD_PID:
    case SPANLOG_FIELD_TID:
        return unsigned_of(value) != 0;
    case SPANLOG_FIELD_LEVEL:
        return true;
    case SPANLOG_FIELD_TRACE_ID:
    case SPANLOG_FIELD_SPAN_ID:
    case SPANLOG_FIELD_PARENT_ID:
    case SPANLOG_FIELD_TRACE_FLAGS:
        return is_string;
    case SPANLOG_FIELD_OPERATION:
    case SPANLOG_FIELD_KIND:
    case SPANLOG_FIELD_START:
    case SPANLOG_FIELD_ERROR:
    case SPANLOG_FIELD_STATUS:
        return is_span && is_string;
    case SPANLOG_FIELD_DURATION_MS:
    case SPANLOG_FIELD_STATUS_CODE:
        return is_span && value->type == SPANLOG_JSON_NUMBER;
    case SPANLOG_FIELD_EVENTS:
    case SPANLOG_FIELD_LINKS:
        return is_span && value->type == SPANLOG_JSON_ARRAY;
    case SPANLOG_FIELD_HOST:
        return false;
    default:
        return is_string;
    }
}

/* Counts that the writer keeps beside the fields. */
static bool fill_count(struct filling *filling, const struct spanlog_json_value *key,
                       const struct spanlog_json_value *value) {
    struct spanlog_line *line = filling->line;
    size_t size = (size_t)(value->end - value->begin);
    if (value->type != SPANLOG_JSON_NUMBER || (*key->begin != 'd' && *key->begin != 's'))
        return false;
    if (key_is(key, "dropped_attributes"))
        return (line->dropped_attributes = unsigned_of(value)) != 0;
    if (line->line_kind == SPANLOG_LINE_LOG)
        return false;
    if (key_is(key, "dropped_events"))
        return (line->dropped_events = unsigned_of(value)) != 0;
    if (key_is(key, "dropped_links"))
        return (line->dropped_links = unsigned_of(value)) != 0;
    return key_is(key, "sample_ratio") &&
           spanlog_read_double(value->begin, size, &line->sample_ratio) == 0;
}

/* At least as many as there are. A field that does not fit its place is an attribute as well. */
static uint32_t most_attributes(const struct spanlog_record *record, const char *text) {
    for (unsigned field = 0; field < SPANLOG_FIELD_COUNT; field++)
        if (record->raw[field].type && !has_own_place(record, field, &record->raw[field]))
            return count_members(text);
    if (record->repeated)
        return count_members(text);
    return record->others;
}

static void fill_attributes(struct filling *filling, const struct spanlog_record *record,
                            const char *text) {
    struct spanlog_line *line = filling->line;
    unsigned of = spanlog_keys_of((enum spanlog_line_kind)record->line_kind);
    struct spanlog_attribute *attributes =
        spanlog_arena_array(filling->arena, most_attributes(record, text) + 1, sizeof *attributes);
    if (!attributes) {
        filling->no_memory = true;
        return;
    }
    line->attributes = attributes;
    struct spanlog_json_walk walk = {.at = text};
    struct spanlog_json_value key = {0}, value = {0};
    for (int more = spanlog_json_open(&walk); more > 0 && spanlog_json_member(&walk, &key, &value);
         more = spanlog_json_next(&walk)) {
        unsigned field = spanlog_key_field(filling->reader->keys, &key);
        if ((field != SPANLOG_FIELD_COUNT && has_own_place(record, field, &value)) ||
            fill_count(filling, &key, &value))
            continue;
        fill_attribute(filling, &key, &value, of, &attributes[line->attribute_count++]);
    }
}

int spanlog_line_read(struct spanlog_reader *reader, const struct spanlog_record *record,
                      const char *line, struct spanlog_arena *arena, struct spanlog_line *ret) {
    struct filling filling = {reader, arena, ret, false};
    const struct spanlog_json_value *raw = record->raw;
    *ret = (struct spanlog_line){.time_ns = record->time_ns,
                                 .line_kind = record->line_kind,
                                 .level = record->level ? record->level : 9,
                                 .pid = unsigned_of(&raw[SPANLOG_FIELD_PID]),
                                 .tid = unsigned_of(&raw[SPANLOG_FIELD_TID])};
    fill_ids(&filling, record);
    ret->message = text_of(&filling, &raw[SPANLOG_FIELD_MSG]);
    if (!ret->message.data)
        ret->message = SPANLOG_TEXT("");
    ret->service = text_of(&filling, &raw[SPANLOG_FIELD_SERVICE]);
    ret->logger = text_of(&filling, &raw[SPANLOG_FIELD_LOGGER]);
    ret->source = text_of(&filling, &raw[SPANLOG_FIELD_SRC]);
    if (record->line_kind != SPANLOG_LINE_LOG)
        fill_span(&filling, record);
    fill_attributes(&filling, record, line);
    return filling.no_memory ? -ENOMEM : 0;
}

void spanlog_line_forget_json(struct spanlog_line *line) {
    struct spanlog_attribute *attributes =
        (struct spanlog_attribute *)(uintptr_t)(const void *)line->attributes;
    for (uint32_t i = 0; i < line->attribute_count; i++)
        attributes[i].rendered = (struct spanlog_text){NULL, 0};
}
