/* analyzer/translate/documents/draft.c: see document.h: one line in the making. */
#include <errno.h>

#include "formatters/number.h"
#include "src/analyzer/read/fields.h"
#include "src/analyzer/translate/documents/document.h"

/* A resource is repeated in each of its lines: beyond so many times the document's size it is left
 * out, lest a small document become a huge one. */
#define REPEATS_MIN ((size_t)1 << 20)
#define REPEATS_PER_BYTE 16
#define RESOURCE_ATTRIBUTES_MAX 128
#define SERVICE_SIZE_MAX 1024
#define ID_SIZE_MAX 256

int spanlog_draft_open(struct spanlog_draft *draft, struct spanlog_translator *translator,
                       const char *line, const char *end, struct spanlog_json_value *ret) {
    *draft = (struct spanlog_draft){.translator = translator,
                                    .arena = &translator->arena,
                                    .repeats_left =
                                        REPEATS_MIN + REPEATS_PER_BYTE * (size_t)(end - line)};
    translator->problem = spanlog_document_check(line, end, ret);
    return !translator->problem;
}

int spanlog_draft_close(struct spanlog_draft *draft) {
    struct spanlog_translator *translator = draft->translator;
    spanlog_arena_free(&draft->scratch);
    if (draft->no_memory)
        return -ENOMEM;
    if (translator->count == 0 && draft->skipped && !translator->problem)
        translator->problem = "its spans lack ids or times";
    return 1;
}

void spanlog_draft_begin(struct spanlog_draft *draft, enum spanlog_line_kind kind) {
    spanlog_arena_reset(&draft->scratch);
    draft->arena = &draft->scratch;
    draft->line = (struct spanlog_line){.line_kind = (uint8_t)kind, .level = 9};
    draft->line.operation = draft->line.message = SPANLOG_TEXT("");
    draft->attributes = NULL;
    draft->events = NULL;
    draft->links = NULL;
    draft->attribute_room = draft->event_room = draft->event_attribute_room = draft->link_room = 0;
    draft->has_trace = draft->has_span = draft->has_time = draft->has_flags = false;
    draft->has_duration = false;
    draft->file = (struct spanlog_text){NULL, 0};
    draft->file_line = 0;
}

/* ---- values ------------------------------------------------------------------------------- */

struct spanlog_text spanlog_draft_text(struct spanlog_draft *draft,
                                       const struct spanlog_json_value *value) {
    size_t size = (size_t)(value->end - value->begin);
    if (value->type != SPANLOG_JSON_STRING)
        return (struct spanlog_text){NULL, 0};
    if (!value->escaped)
        return (struct spanlog_text){value->begin, (uint32_t)size};
    char *plain = spanlog_arena_alloc(draft->arena, size + SPANLOG_JSON_PADDING);
    ssize_t plain_size = plain ? spanlog_json_unescape(value->begin, size, plain) : -1;
    if (plain_size < 0) {
        draft->no_memory |= !plain;
        return (struct spanlog_text){"", 0};
    }
    memset(plain + plain_size, 0, SPANLOG_JSON_PADDING);
    return (struct spanlog_text){plain, (uint32_t)plain_size};
}

struct spanlog_text spanlog_draft_words(struct spanlog_draft *draft,
                                        const struct spanlog_json_value *value) {
    if (value->type == SPANLOG_JSON_STRING)
        return spanlog_draft_text(draft, value);
    if (value->type == SPANLOG_JSON_ABSENT || value->type == SPANLOG_JSON_NULL)
        return (struct spanlog_text){NULL, 0};
    return (struct spanlog_text){value->begin, (uint32_t)(value->end - value->begin)};
}

static struct spanlog_value number_of(const struct spanlog_json_value *value) {
    size_t size = (size_t)(value->end - value->begin);
    struct spanlog_value number = {.type = SPANLOG_VALUE_INT};
    if (spanlog_read_i64(value->begin, size, &number.i) == 0 &&
        !(number.i == 0 && *value->begin == '-'))
        return number;
    number.type = SPANLOG_VALUE_UINT;
    if (spanlog_read_u64(value->begin, size, &number.u) == 0)
        return number;
    number.type = SPANLOG_VALUE_JSON; /* with all its digits */
    number.size = (uint32_t)size;
    number.text = value->begin;
    return number;
}

struct spanlog_value spanlog_draft_value(struct spanlog_draft *draft,
                                         const struct spanlog_json_value *value) {
    struct spanlog_value ret = {.type = SPANLOG_VALUE_NULL};
    struct spanlog_text text;
    switch (value->type) {
    case SPANLOG_JSON_STRING:
        text = spanlog_draft_text(draft, value);
        ret.type = SPANLOG_VALUE_TEXT;
        ret.size = text.size;
        ret.text = text.data;
        break;
    case SPANLOG_JSON_NUMBER:
        return number_of(value);
    case SPANLOG_JSON_TRUE:
    case SPANLOG_JSON_FALSE:
        ret.type = SPANLOG_VALUE_BOOL;
        ret.u = value->type == SPANLOG_JSON_TRUE;
        break;
    case SPANLOG_JSON_OBJECT:
    case SPANLOG_JSON_ARRAY:
        ret.type = SPANLOG_VALUE_JSON;
        ret.size = (uint32_t)(value->end - value->begin);
        ret.text = value->begin;
        break;
    default:
        break;
    }
    return ret;
}

/* ---- ids and times ------------------------------------------------------------------------ */

static void put_bytes(uint8_t *out, uint64_t number) {
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(number >> (56 - 8 * i));
}

static bool is_opaque(const struct spanlog_id *id, unsigned digits) {
    return id->opaque || (digits == 16 && id->high);
}

bool spanlog_draft_id(struct spanlog_draft *draft, enum spanlog_draft_id which,
                      struct spanlog_text text) {
    struct spanlog_line *line = &draft->line;
    struct spanlog_text *opaque = which == SPANLOG_ID_TRACE  ? &line->trace_text
                                  : which == SPANLOG_ID_SPAN ? &line->span_text
                                                             : &line->parent_text;
    uint8_t *bytes = which == SPANLOG_ID_TRACE  ? line->trace_id
                     : which == SPANLOG_ID_SPAN ? line->span_id
                                                : line->parent_id;
    unsigned digits = which == SPANLOG_ID_TRACE ? 32 : 16;
    struct spanlog_id id;
    if (!text.data || text.size > ID_SIZE_MAX || !spanlog_id_read(text, digits, &id))
        return false;
    *opaque = is_opaque(&id, digits) ? text : (struct spanlog_text){NULL, 0};
    if (which == SPANLOG_ID_TRACE)
        put_bytes(bytes, id.high);
    put_bytes(which == SPANLOG_ID_TRACE ? bytes + 8 : bytes, id.low);
    draft->has_trace |= which == SPANLOG_ID_TRACE;
    draft->has_span |= which == SPANLOG_ID_SPAN;
    line->has_parent |= which == SPANLOG_ID_PARENT;
    return true;
}

void spanlog_draft_flags(struct spanlog_draft *draft, uint8_t flags) {
    draft->line.trace_flags = flags;
    draft->has_flags = true;
}

void spanlog_draft_times(struct spanlog_draft *draft, uint64_t start_ns, uint64_t duration_ns) {
    struct spanlog_line *line = &draft->line;
    if (__builtin_add_overflow(start_ns, duration_ns, &line->time_ns)) {
        line->time_ns = UINT64_MAX;
        duration_ns = UINT64_MAX - start_ns;
    }
    line->start_ns = start_ns;
    line->duration_ns = duration_ns;
    draft->has_time = true;
}

void spanlog_draft_error(struct spanlog_draft *draft, struct spanlog_text message) {
    draft->line.span_status = SPANLOG_STATUS_ERROR;
    if (message.data && message.size)
        draft->line.error = message;
}

/* ---- lists -------------------------------------------------------------------------------- */

/* Room for one more: `at` itself, or a copy of twice the size. */
static void *grow(struct spanlog_draft *draft, const void *at, uint32_t count, uint32_t *room,
                  size_t size) {
    if (count < *room)
        return (void *)(uintptr_t)at;
    uint32_t wanted = *room ? 2 * *room : 8;
    void *grown =
        wanted > *room ? spanlog_arena_array(draft->arena, wanted, size) : NULL; /* or too many */
    if (!grown) {
        draft->no_memory = true;
        return NULL;
    }
    if (count)
        memcpy(grown, at, count * size);
    *room = wanted;
    return grown;
}

static bool text_is(struct spanlog_text text, const char *name) {
    size_t size = strlen(name);
    return text.size == size && memcmp(text.data, name, size) == 0;
}

void spanlog_draft_add(struct spanlog_draft *draft, struct spanlog_text key,
                       struct spanlog_value value) {
    struct spanlog_line *line = &draft->line;
    struct spanlog_attribute *grown = grow(draft, draft->attributes, line->attribute_count,
                                           &draft->attribute_room, sizeof *grown);
    if (!grown)
        return;
    grown[line->attribute_count++] = (struct spanlog_attribute){.key = key, .value = value};
    line->attributes = draft->attributes = grown;
}

void spanlog_draft_attribute(struct spanlog_draft *draft, struct spanlog_text key,
                             struct spanlog_value value) {
    if (key.data && !spanlog_draft_field(draft, key, &value))
        spanlog_draft_add(draft, key, value);
}

struct spanlog_event *spanlog_draft_event(struct spanlog_draft *draft, uint64_t time_ns,
                                          struct spanlog_text name) {
    struct spanlog_line *line = &draft->line;
    struct spanlog_event *grown =
        grow(draft, draft->events, line->event_count, &draft->event_room, sizeof *grown);
    if (!grown)
        return NULL;
    line->events = draft->events = grown;
    draft->event_attribute_room = 0;
    grown += line->event_count++;
    *grown =
        (struct spanlog_event){.time_ns = time_ns, .name = name.data ? name : SPANLOG_TEXT("")};
    return grown;
}

void spanlog_draft_event_attribute(struct spanlog_draft *draft, struct spanlog_text key,
                                   struct spanlog_value value) {
    if (draft->line.event_count == 0 || !key.data)
        return;
    struct spanlog_event *event = &draft->events[draft->line.event_count - 1];
    struct spanlog_attribute *grown = grow(draft, event->attributes, event->attribute_count,
                                           &draft->event_attribute_room, sizeof *grown);
    if (!grown)
        return;
    grown[event->attribute_count++] = (struct spanlog_attribute){.key = key, .value = value};
    event->attributes = grown;
}

void spanlog_draft_link(struct spanlog_draft *draft, struct spanlog_text trace,
                        struct spanlog_text span) {
    struct spanlog_line *line = &draft->line;
    struct spanlog_id trace_id, span_id;
    if (!trace.data || !span.data || !spanlog_id_read(trace, 32, &trace_id) ||
        !spanlog_id_read(span, 16, &span_id))
        return;
    if (is_opaque(&trace_id, 32) || is_opaque(&span_id, 16)) {
        line->dropped_links++;
        return;
    }
    struct spanlog_span_link *grown =
        grow(draft, draft->links, line->link_count, &draft->link_room, sizeof *grown);
    if (!grown)
        return;
    line->links = draft->links = grown;
    grown += line->link_count++;
    put_bytes(grown->trace_id, trace_id.high);
    put_bytes(grown->trace_id + 8, trace_id.low);
    put_bytes(grown->span_id, span_id.low);
}

/* ---- resources ---------------------------------------------------------------------------- */

void spanlog_resource_add(struct spanlog_draft *draft, struct spanlog_resource *resource,
                          struct spanlog_text key, struct spanlog_value value) {
    if (!key.data)
        return;
    if (value.type == SPANLOG_VALUE_TEXT && text_is(key, "service.name")) {
        resource->service = (struct spanlog_text){value.text, value.size};
        return;
    }
    if (resource->count == RESOURCE_ATTRIBUTES_MAX)
        return;
    struct spanlog_attribute *grown =
        grow(draft, resource->attributes, resource->count, &resource->room, sizeof *grown);
    if (!grown)
        return;
    resource->attributes = grown;
    grown[resource->count++] = (struct spanlog_attribute){.key = key, .value = value};
    resource->size += (size_t)key.size + 16;
    if (value.type == SPANLOG_VALUE_TEXT || value.type == SPANLOG_VALUE_JSON)
        resource->size += value.size;
}

void spanlog_draft_resource(struct spanlog_draft *draft, const struct spanlog_resource *resource) {
    draft->line.service = resource->service;
    if (draft->line.service.size > SERVICE_SIZE_MAX)
        draft->line.service.size = SERVICE_SIZE_MAX;
    if (resource->size > draft->repeats_left) {
        draft->line.dropped_attributes += resource->count;
        return;
    }
    draft->repeats_left -= resource->size;
    for (uint32_t i = 0; i < resource->count; i++)
        spanlog_draft_attribute(draft, resource->attributes[i].key, resource->attributes[i].value);
}

/* ---- the line ----------------------------------------------------------------------------- */

/* Without flags the ids are written as texts: zero flags would say that it was not sampled. */
static void ids_without_flags(struct spanlog_draft *draft) {
    struct spanlog_line *line = &draft->line;
    char *text = spanlog_arena_alloc(draft->arena, 48);
    if (!text) {
        draft->no_memory = true;
        return;
    }
    if (draft->has_trace && !line->trace_text.data) {
        spanlog_put_hex16(text, line->trace_id);
        line->trace_text = (struct spanlog_text){text, 32};
    }
    if (draft->has_span && !line->span_text.data) {
        spanlog_put_hex8(text + 32, line->span_id);
        line->span_text = (struct spanlog_text){text + 32, 16};
    }
}

void spanlog_draft_emit(struct spanlog_draft *draft) {
    struct spanlog_line *line = &draft->line;
    bool is_span = line->line_kind != SPANLOG_LINE_LOG;
    draft->arena = &draft->translator->arena;
    if (draft->no_memory)
        return;
    if (is_span && !(draft->has_trace && draft->has_span && draft->has_time)) {
        draft->skipped++;
        return;
    }
    if (is_span && !draft->has_flags)
        spanlog_draft_flags(draft, 1); /* only what is sampled is exported */
    spanlog_draft_join(draft);
    line->has_context = draft->has_trace && draft->has_span && draft->has_flags;
    if (!line->has_context)
        ids_without_flags(draft);
    if (spanlog_emit(draft->translator, line) < 0)
        draft->no_memory = true;
}
