/* analyzer/translate/filling.c: see filling.h: which member becomes which field. */
#include "src/analyzer/translate/filling.h"

#include <errno.h>

#include "formatters/number.h"

/* Keys inside a container rank behind those of the line itself. */
#define INNER_RANK 224
#define ARRAY_RANK 240
#define ID_TEXT_MAX 128

/* ---- values ------------------------------------------------------------------------------- */

static bool is_string(const struct spanlog_json_value *value) {
    return value->type == SPANLOG_JSON_STRING;
}

/* What stands between the quotes, or the digits. */
static struct spanlog_text raw_text(const struct spanlog_json_value *value) {
    return (struct spanlog_text){value->begin, (uint32_t)(value->end - value->begin)};
}

static bool is_scalar(const struct spanlog_json_value *value) {
    return value->type == SPANLOG_JSON_STRING || value->type == SPANLOG_JSON_NUMBER;
}

/* A whole number, also in quotes. */
static bool read_whole(const struct spanlog_json_value *value, int64_t *ret) {
    return is_scalar(value) &&
           spanlog_read_i64(value->begin, (size_t)(value->end - value->begin), ret) == 0;
}

static bool read_u32(const struct spanlog_json_value *value, uint32_t *ret) {
    int64_t number;
    if (!read_whole(value, &number) || number <= 0 || number > UINT32_MAX)
        return false;
    *ret = (uint32_t)number;
    return true;
}

static bool take_text(struct spanlog_filling *f, const struct spanlog_json_value *value,
                      struct spanlog_text *ret) {
    if (!is_string(value))
        return false;
    *ret = spanlog_filling_text(f, value);
    return true;
}

static bool take_level(struct spanlog_filling *f, const struct spanlog_json_value *value) {
    int64_t number;
    uint8_t level = 0;
    if (is_string(value))
        level = spanlog_reading_level(raw_text(value));
    if (!level && read_whole(value, &number))
        level = spanlog_reading_level_number(number, spanlog_readings[f->dialect].scale);
    if (level)
        f->line->level = level;
    return level != 0;
}

static bool take_level_of(struct spanlog_filling *f, const struct spanlog_json_value *value,
                          enum spanlog_level_scale scale) {
    int64_t number;
    uint8_t level = read_whole(value, &number) ? spanlog_reading_level_number(number, scale) : 0;
    if (level)
        f->level_other = level;
    return level != 0;
}

/* ---- ids ---------------------------------------------------------------------------------- */

static bool is_datadog(const struct spanlog_filling *f, uint16_t key) {
    struct spanlog_text text = f->keys->keys[key].text;
    return text.size > 3 && memcmp(text.data, "dd.", 3) == 0;
}

/* A 64-bit decimal number as 16 hex digits. */
static bool decimal_text(struct spanlog_filling *f, struct spanlog_text *text) {
    struct spanlog_reading_id id;
    char *hex;
    if (spanlog_reading_decimal_id(*text, &id) < 0 || id.wide)
        return false;
    hex = spanlog_arena_alloc(&f->translator->arena, 24);
    f->no_memory |= !hex;
    if (hex)
        *text = (struct spanlog_text){hex, (uint32_t)(spanlog_put_hex8(hex, id.bytes + 8) - hex)};
    return hex != NULL;
}

static bool take_id(struct spanlog_filling *f, uint8_t meaning, uint16_t key,
                    const struct spanlog_json_value *value) {
    struct spanlog_arena *arena = &f->translator->arena;
    struct spanlog_text name = f->keys->keys[key].text, text;
    struct spanlog_reading_id id;
    bool decimal = is_datadog(f, key);
    if (!(decimal ? is_scalar(value) : is_string(value)))
        return false;
    text = spanlog_filling_text(f, value);
    if (decimal && !decimal_text(f, &text) && !is_string(value))
        return false; /* a number, but no id */
    if (text.size > ID_TEXT_MAX)
        return false;
    /* Under this name others write where an error was thrown. */
    if (name.size == 5 && memcmp(name.data, "trace", 5) == 0 &&
        spanlog_reading_id(text, &id) == -EINVAL)
        return false;
    if (meaning == SPANLOG_MEANS_TRACE_ID)
        return spanlog_line_set_trace(f->line, text, arena);
    if (meaning == SPANLOG_MEANS_SPAN_ID)
        return spanlog_line_set_span(f->line, text, arena);
    return true; /* a parent counts for spans only: see spanlog_fill_span */
}

/* Datadog's ids are the second half of those that stand beside them. */
static bool repeats_id(struct spanlog_filling *f, uint8_t meaning,
                       const struct spanlog_json_value *value) {
    struct spanlog_text whole = meaning == SPANLOG_MEANS_TRACE_ID  ? f->line->trace_text
                                : meaning == SPANLOG_MEANS_SPAN_ID ? f->line->span_text
                                                                   : (struct spanlog_text){"", 0};
    if (whole.size < 16 || !is_scalar(value))
        return false;
    struct spanlog_text half = raw_text(value);
    decimal_text(f, &half);
    return half.size == 16 && memcmp(whole.data + whole.size - 16, half.data, 16) == 0;
}

static bool take_flags(struct spanlog_filling *f, const struct spanlog_json_value *value) {
    int64_t number;
    if (is_string(value) && spanlog_read_hex(value->begin, (size_t)(value->end - value->begin),
                                             &f->line->trace_flags, 1) == 0)
        return true;
    if (value->type != SPANLOG_JSON_NUMBER || !read_whole(value, &number) || number < 0 ||
        number > 255)
        return false;
    f->line->trace_flags = (uint8_t)number;
    return true;
}

static bool take_sampled(struct spanlog_filling *f, const struct spanlog_json_value *value) {
    bool yes = value->type == SPANLOG_JSON_TRUE ||
               (is_string(value) && value->end - value->begin == 4 &&
                (*value->begin | 0x20) == 't'); /* Python's True in text */
    bool no = value->type == SPANLOG_JSON_FALSE ||
              (is_string(value) && value->end - value->begin == 5 && (*value->begin | 0x20) == 'f');
    f->sampled = yes;
    return yes || no;
}

/* ---- which member is which field ---------------------------------------------------------- */

/* Whether the value fits; if so, it is in its place. */
static bool take_value(struct spanlog_filling *f, uint8_t meaning, uint16_t key,
                       const struct spanlog_json_value *value) {
    int64_t number;
    switch (meaning) {
    case SPANLOG_MEANS_TIME:
        return is_scalar(value) &&
               spanlog_translate_time(f->translator, raw_text(value), &f->line->time_ns);
    case SPANLOG_MEANS_SECONDS:
        return read_whole(value, &number) && number > 0 && number < 18000000000 &&
               (f->seconds = (uint64_t)number) != 0;
    case SPANLOG_MEANS_NANOSECONDS:
        if (!read_whole(value, &number) || number < 0 || number > 999999999)
            return false;
        f->nanoseconds = (uint64_t)number;
        return true;
    case SPANLOG_MEANS_LEVEL:
        return take_level(f, value);
    case SPANLOG_MEANS_LEVEL_OTEL:
        return take_level_of(f, value, SPANLOG_SCALE_OTEL);
    case SPANLOG_MEANS_LEVEL_PYTHON:
        return take_level_of(f, value, SPANLOG_SCALE_PYTHON);
    case SPANLOG_MEANS_LEVEL_JAVA:
        return take_level_of(f, value, SPANLOG_SCALE_JAVA);
    case SPANLOG_MEANS_LEVEL_SYSLOG:
        return take_level_of(f, value, SPANLOG_SCALE_SYSLOG);
    case SPANLOG_MEANS_LEVEL_AZURE:
        return take_level_of(f, value, SPANLOG_SCALE_AZURE);
    case SPANLOG_MEANS_MESSAGE:
        return take_text(f, value, &f->line->message);
    case SPANLOG_MEANS_SERVICE:
        return take_text(f, value, &f->line->service);
    case SPANLOG_MEANS_TRACE_ID:
    case SPANLOG_MEANS_SPAN_ID:
    case SPANLOG_MEANS_PARENT_ID:
        return take_id(f, meaning, key, value);
    case SPANLOG_MEANS_TRACE_FLAGS:
        return take_flags(f, value);
    case SPANLOG_MEANS_SAMPLED:
        return take_sampled(f, value);
    case SPANLOG_MEANS_LOGGER:
        return take_text(f, value, &f->line->logger);
    case SPANLOG_MEANS_SOURCE:
        return take_text(f, value, &f->file);
    case SPANLOG_MEANS_SOURCE_LINE:
        return read_u32(value, &f->file_line);
    case SPANLOG_MEANS_PID:
        return read_u32(value, &f->line->pid);
    case SPANLOG_MEANS_TID:
        return read_u32(value, &f->line->tid);
    case SPANLOG_MEANS_HOST:
        return take_text(f, value, &f->host);
    case SPANLOG_MEANS_DROPPED_ATTRIBUTES:
        return value->type == SPANLOG_JSON_NUMBER && read_u32(value, &f->line->dropped_attributes);
    case SPANLOG_MEANS_IGNORED:
        return true;
    default: /* of spans: only noted here */
        return is_scalar(value) || value->type == SPANLOG_JSON_ARRAY;
    }
}

static bool is_of_spans(uint8_t meaning) {
    return meaning >= SPANLOG_MEANS_OPERATION && meaning <= SPANLOG_MEANS_DROPPED_LINKS;
}

static bool is_id(uint8_t meaning) {
    return meaning >= SPANLOG_MEANS_TRACE_ID && meaning <= SPANLOG_MEANS_PARENT_ID;
}

/* Ids that are all zeros are none, nor is an empty time; the key has said what it could. */
static bool says_nothing(uint8_t meaning, const struct spanlog_json_value *value) {
    if (value->type == SPANLOG_JSON_NULL)
        return !is_of_spans(meaning);
    if (meaning == SPANLOG_MEANS_TIME)
        return is_string(value) && value->begin == value->end;
    if (!is_id(meaning) || !is_scalar(value))
        return false;
    struct spanlog_reading_id id;
    return value->begin == value->end || spanlog_reading_id(raw_text(value), &id) == -ENOENT;
}

static void take(struct spanlog_filling *f, struct spanlog_member *member, uint16_t key,
                 const struct spanlog_json_value *value, uint8_t meaning, uint8_t rank) {
    struct spanlog_taken *taken = &f->taken[meaning];
    uint8_t before = f->ranks[meaning];
    if (before && before < rank) {
        if (member && is_datadog(f, key) && repeats_id(f, meaning, value))
            member->use = SPANLOG_MEMBER_DROPPED;
        return;
    }
    if (!take_value(f, meaning, key, value)) {
        if (member && says_nothing(meaning, value))
            member->use = SPANLOG_MEMBER_TAKEN;
        return;
    }
    /* A key given twice has the last value; another key with this meaning is an attribute. */
    if (before && before != rank && taken->member && taken->member->use == SPANLOG_MEMBER_TAKEN)
        taken->member->use =
            is_datadog(f, taken->member->key) && repeats_id(f, meaning, &taken->value)
                ? SPANLOG_MEMBER_DROPPED
                : SPANLOG_MEMBER_FREE;
    *taken = (struct spanlog_taken){member, *value};
    f->ranks[meaning] = rank;
    if (member && member->use == SPANLOG_MEMBER_FREE && !is_of_spans(meaning) &&
        meaning != SPANLOG_MEANS_PARENT_ID)
        member->use = SPANLOG_MEMBER_TAKEN;
}

/* What a key may mean that lies in an object or array which belongs to the line. */
static bool counts_inside(uint8_t meaning, uint8_t container) {
    if (container == SPANLOG_MEANS_TRACE_INSIDE)
        return meaning == SPANLOG_MEANS_TRACE_ID;
    return (container == SPANLOG_MEANS_INSIDE && meaning == SPANLOG_MEANS_SERVICE) ||
           (meaning >= SPANLOG_MEANS_TRACE_ID && meaning <= SPANLOG_MEANS_SAMPLED);
}

/* [{"TraceId":"..."},{...}]: the last one counts. */
static void take_from_array(struct spanlog_filling *f, const struct spanlog_json_value *array,
                            uint8_t container) {
    const struct spanlog_key_meaning *meanings = f->keys->meanings[f->dialect];
    struct spanlog_json_value key, value;
    struct spanlog_json_walk walk = {.at = array->begin + 1};
    for (;;) {
        walk.at = spanlog_json_blank(walk.at);
        if (*walk.at == ']')
            return;
        if (*walk.at == ',') {
            walk.at++;
        } else if (*walk.at != '{') {
            walk.at = spanlog_json_value_at(&walk, walk.at, &value);
        } else {
            for (int more = spanlog_json_open(&walk);
                 more > 0 && spanlog_json_member(&walk, &key, &value);
                 more = spanlog_json_next(&walk)) {
                uint16_t number =
                    spanlog_dialect_key(f->keys, key.begin, (size_t)(key.end - key.begin));
                if (counts_inside(meanings[number].meaning, container))
                    take(f, NULL, number, &value, meanings[number].meaning, ARRAY_RANK);
            }
        }
    }
}

static void take_member(struct spanlog_filling *f, struct spanlog_member *member) {
    const struct spanlog_key_meaning *meanings = f->keys->meanings[f->dialect];
    struct spanlog_key_meaning own = meanings[member->key];
    uint8_t container = meanings[member->container].meaning;
    if (own.meaning >= SPANLOG_MEANS_INSIDE) {
        if (member->value.type == SPANLOG_JSON_ARRAY)
            take_from_array(f, &member->value, own.meaning);
        return;
    }
    if (own.meaning) {
        take(f, member, member->key, &member->value, own.meaning, own.rank);
        return;
    }
    if (member->inner && !member->key && container >= SPANLOG_MEANS_INSIDE) {
        uint8_t inner = meanings[member->inner].meaning;
        if (counts_inside(inner, container))
            take(f, member, member->inner, &member->value, inner, INNER_RANK);
    }
}

/* ---- what follows from several members ---------------------------------------------------- */

static void join_source(struct spanlog_filling *f) {
    struct spanlog_line *line = f->line;
    line->source = f->file;
    if (!f->file.data || !f->file_line)
        return;
    char *text = spanlog_arena_alloc(&f->translator->arena, f->file.size + SPANLOG_NUMBER_MAX + 1);
    if (!text) {
        f->no_memory = true;
        return;
    }
    memcpy(text, f->file.data, f->file.size);
    text[f->file.size] = ':';
    char *end = spanlog_put_u64(text + f->file.size + 1, f->file_line);
    line->source = (struct spanlog_text){text, (uint32_t)(end - text)};
}

static void join_time(struct spanlog_filling *f) {
    struct spanlog_line *line = f->line;
    if (f->seconds && f->ranks[SPANLOG_MEANS_TIME] == 0)
        line->time_ns = f->seconds * 1000000000 + f->nanoseconds;
    else if (f->nanoseconds && line->time_ns) /* a time in ms, and all nanoseconds beside it */
        line->time_ns = line->time_ns - line->time_ns % 1000000000 + f->nanoseconds;
}

/* A name is closer to what was meant than a number, but some dialects have none for trace. */
static void join_level(struct spanlog_filling *f) {
    struct spanlog_line *line = f->line;
    bool is_trace = f->ranks[SPANLOG_MEANS_LEVEL_OTEL] && f->level_other <= 4;
    if (!line->level || (line->level == 5 && is_trace))
        line->level = f->level_other ? f->level_other : line->level;
    if (!line->level && !f->translator->memory->outer)
        line->level = 9;
}

/* With both ids the flags can be written; without flags none are made up. */
static void join_flags(struct spanlog_filling *f) {
    if (f->ranks[SPANLOG_MEANS_SAMPLED] && !f->ranks[SPANLOG_MEANS_TRACE_FLAGS])
        f->line->trace_flags = f->sampled;
    else if (!f->ranks[SPANLOG_MEANS_TRACE_FLAGS])
        return;
    f->line->has_context = f->line->trace_text.data && f->line->span_text.data;
}

/* The line's id is what settings.trace_key names, wherever that lies. It stays an attribute. */
static void take_trace_key(struct spanlog_filling *f) {
    const char *wanted = f->translator->settings.trace_key;
    struct spanlog_members *members = &f->translator->memory->members;
    size_t size = strlen(wanted);
    for (uint32_t i = 0; i < members->count; i++) {
        const struct spanlog_member *m = &members->list[i];
        size_t whole = m->prefix.size + (size_t)m->name.size;
        bool by_name = m->name.size == size && memcmp(m->name.data, wanted, size) == 0 &&
                       (m->prefix.size == 0 || m->container);
        bool by_path = whole == size && memcmp(wanted, m->prefix.data, m->prefix.size) == 0 &&
                       memcmp(wanted + m->prefix.size, m->name.data, m->name.size) == 0;
        if ((by_name || by_path) && is_scalar(&m->value) && m->value.end > m->value.begin) {
            f->line->trace_text = spanlog_filling_text(f, &m->value);
            return;
        }
    }
}

int spanlog_fill(struct spanlog_translator *translator, uint8_t dialect, struct spanlog_line *ret) {
    struct spanlog_members *members = &translator->memory->members;
    struct spanlog_filling f;
    memset(&f, 0, offsetof(struct spanlog_filling, taken));
    f.translator = translator;
    f.keys = spanlog_dialect_keys();
    f.dialect = dialect;
    f.line = ret;
    *ret = (struct spanlog_line){.dropped_attributes = members->left_out,
                                 .second = &translator->memory->second};
    for (uint32_t i = 0; i < members->count; i++)
        if (members->list[i].key || members->list[i].inner)
            take_member(&f, &members->list[i]);
    join_time(&f);
    join_source(&f);
    join_flags(&f);
    join_level(&f);
    if (!ret->message.data)
        ret->message = SPANLOG_TEXT("");
    if (translator->settings.trace_key && !ret->trace_text.data)
        take_trace_key(&f);
    spanlog_fill_span(&f);
    if (!spanlog_copy_attributes(&f))
        spanlog_fill_attributes(&f);
    return f.no_memory ? -ENOMEM : 0;
}
