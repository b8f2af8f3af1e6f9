/* analyzer/record_members.c: see record_members.h. Three ways to take members, each going on where
 * the one before has stopped, so that there is no second attempt at a line:
 *
 *     template    the canonical order: the next key is compared with the one that should come
 *     by quotes   any order, as long as members are plain: no blanks, strings or usual numbers
 *     json.h      one member that is not plain; then by quotes again
 *
 * The first two know beforehand where the line's quotes are (quotes.h): a value ends where the
 * fourth quote of its member is, whatever has been read before.
 */
#include "src/analyzer/record_members.h"

/* ---- the template ------------------------------------------------------------------------- */

struct template {
    const char *line;
    const char *at;        /* behind a member */
    const uint16_t *quote; /* the first one behind it */
    const uint16_t *last;  /* behind all of them */
    struct spanlog_record *record;
};

#define MATCHES(p, literal) (memcmp((p), "" literal "", sizeof(literal) - 1) == 0)

/* `literal` is all up to a string's opening quote. */
#define TEMPLATE_STRING(t, literal, field)                                                         \
    if (MATCHES((t)->at, literal) && (t)->quote + 4 <= (t)->last)                                  \
    template_string(t, sizeof(literal) - 1, &(t)->record->raw[field])
/* False when the number has to be looked at more closely. */
#define TEMPLATE_NUMBER(t, literal, field)                                                         \
    (MATCHES((t)->at, literal) && template_number(t, sizeof(literal) - 1, &(t)->record->raw[field]))

static inline void template_string(struct template *t, size_t size,
                                   struct spanlog_json_value *ret) {
    ret->begin = t->at + size;
    ret->end = t->line + t->quote[3];
    ret->type = SPANLOG_JSON_STRING;
    ret->escaped = false;
    t->at = ret->end + 1;
    t->quote += 4;
}

static inline bool template_number(struct template *t, size_t size,
                                   struct spanlog_json_value *ret) {
    const char *end = spanlog_json_number_quick(t->at + size);
    if (!end)
        return false;
    ret->begin = t->at + size;
    ret->end = end;
    ret->type = SPANLOG_JSON_NUMBER;
    ret->escaped = false;
    t->quote += 2;
    /* The same place; but for the next quote's nobody has to wait. */
    t->at = t->quote < t->last && t->line + *t->quote == end + 1 ? t->line + *t->quote - 1 : end;
    return true;
}

/* An id of 16 or 32 digits. They are read here, which also checks them. */
static inline bool template_id(struct template *t, size_t size, unsigned field, size_t digits,
                               struct spanlog_id *ret) {
    const char *p = t->at + size;
    if (t->quote + 4 > t->last || t->line + t->quote[3] != p + digits ||
        !spanlog_hex16(p + (digits - 16), &ret->low) ||
        (digits == 32 && !spanlog_hex16(p, &ret->high)))
        return false;
    t->record->known |= 1u << field;
    template_string(t, size, &t->record->raw[field]);
    return true;
}
#define TEMPLATE_ID(t, literal, field, digits, id)                                                 \
    (MATCHES((t)->at, literal) && template_id(t, sizeof(literal) - 1, field, digits, id))

static inline void template_span(struct template *t) {
    TEMPLATE_STRING(t, ",\"operation\":\"", SPANLOG_FIELD_OPERATION);
    TEMPLATE_STRING(t, ",\"kind\":\"", SPANLOG_FIELD_KIND);
    TEMPLATE_STRING(t, ",\"start\":\"", SPANLOG_FIELD_START);
    if (TEMPLATE_NUMBER(t, ",\"duration_ms\":", SPANLOG_FIELD_DURATION_MS)) {
        TEMPLATE_STRING(t, ",\"status\":\"", SPANLOG_FIELD_STATUS);
    }
}

static inline void template_read(struct template *t) {
    struct spanlog_record *record = t->record;
    TEMPLATE_STRING(t, "{\"ts\":\"", SPANLOG_FIELD_TS);
    if (t->at == t->line)
        return;
    TEMPLATE_STRING(t, ",\"level\":\"", SPANLOG_FIELD_LEVEL);
    TEMPLATE_STRING(t, ",\"msg\":\"", SPANLOG_FIELD_MSG);
    TEMPLATE_STRING(t, ",\"service\":\"", SPANLOG_FIELD_SERVICE);
    if (TEMPLATE_ID(t, ",\"trace_id\":\"", SPANLOG_FIELD_TRACE_ID, 32, &record->trace) &&
        TEMPLATE_ID(t, ",\"span_id\":\"", SPANLOG_FIELD_SPAN_ID, 16, &record->span)) {
        (void)TEMPLATE_ID(t, ",\"parent_id\":\"", SPANLOG_FIELD_PARENT_ID, 16, &record->parent);
        TEMPLATE_STRING(t, ",\"trace_flags\":\"", SPANLOG_FIELD_TRACE_FLAGS);
    }
    if (t->at[0] == ',' && t->at[1] == '"' && t->at[2] == 'o')
        template_span(t);
    TEMPLATE_STRING(t, ",\"logger\":\"", SPANLOG_FIELD_LOGGER);
    TEMPLATE_STRING(t, ",\"src\":\"", SPANLOG_FIELD_SRC);
    if (TEMPLATE_NUMBER(t, ",\"pid\":", SPANLOG_FIELD_PID))
        (void)TEMPLATE_NUMBER(t, ",\"tid\":", SPANLOG_FIELD_TID);
}

/* ---- any order ---------------------------------------------------------------------------- */

unsigned spanlog_escaped_field(const struct spanlog_field_table *keys,
                               const struct spanlog_json_value *key) {
    char text[256]; /* long ones are not ours */
    size_t size = (size_t)(key->end - key->begin);
    ssize_t plain = size <= sizeof text - 16 ? spanlog_json_unescape(key->begin, size, text) : -1;
    return plain < 0 ? SPANLOG_FIELD_COUNT : spanlog_field_find(keys, text, (size_t)plain);
}

static inline void note_member(struct spanlog_record *record, unsigned field,
                               const struct spanlog_json_value *value) {
    struct spanlog_json_value *raw = &record->raw[field]; /* there is one more, for the others */
    record->others += field == SPANLOG_FIELD_COUNT;
    record->repeated |= (raw->type != SPANLOG_JSON_ABSENT) & (field != SPANLOG_FIELD_COUNT);
    /* One by one: read as wide words, what was just written in parts would stall. */
    raw->begin = value->begin;
    raw->end = value->end;
    raw->type = value->type;
    raw->escaped = value->escaped;
    record->known &= ~(1u << field);
}

/* The quotes from `from` on, and which of them comes next. */
struct cursor {
    const char *from;
    const uint16_t *quote;
};

/* `at` is on a key. Returns where it stopped, on a key or behind the object (*ret_closed); up to
 * there nothing was wrong. */
static const char *walk_quotes(const struct spanlog_reader *reader, struct cursor *cursor,
                               const char *at, struct spanlog_record *record, bool *ret_closed) {
    const struct spanlog_quotes *quotes = &reader->quotes;
    const uint16_t *last = quotes->at + quotes->count, *quote = cursor->quote;
    const char *from = cursor->from;
    while (quote < last && from + *quote < at)
        quote++;
    for (; from + *quote == at; cursor->quote = quote) {
        struct spanlog_json_value value = {.escaped = false};
        const char *key = at + 1, *key_end = from + quote[1], *next = key_end + 2;
        if (from + quote[2] == next) {
            value.type = SPANLOG_JSON_STRING;
            value.begin = next + 1;
            value.end = from + quote[3];
            next = value.end + 1;
            quote += 4;
        } else {
            value.type = SPANLOG_JSON_NUMBER;
            value.begin = next;
            value.end = next = spanlog_json_number_quick(next);
            if (!next)
                return at;
            quote += 2;
        }
        if (key_end[1] != ':' || quote > last || (*next != ',' && *next != '}'))
            return at;
        note_member(record, spanlog_field_find(reader->keys, key, (size_t)(key_end - key)), &value);
        at = next + 1;
        *ret_closed = *next == '}';
        if (*ret_closed)
            return at;
    }
    return at;
}

/* All members from the key at walk->at on. */
static void walk_line(struct spanlog_reader *reader, struct cursor *cursor,
                      struct spanlog_json_walk *walk, struct spanlog_record *record) {
    struct spanlog_json_value key, value;
    bool closed = false;
    for (int more = 1; more > 0; more = spanlog_json_next(walk)) {
        walk->at = spanlog_json_blank(walk->at);
        if (walk->at > cursor->from + reader->quotes.stop) {
            reader->find_quotes(&reader->quotes, walk->at);
            *cursor = (struct cursor){walk->at, reader->quotes.at};
        }
        walk->at = spanlog_json_blank(walk_quotes(reader, cursor, walk->at, record, &closed));
        if (closed || !spanlog_json_member(walk, &key, &value))
            return;
        note_member(record, spanlog_key_field(reader->keys, &key), &value);
    }
}

void spanlog_record_members(struct spanlog_reader *reader, struct spanlog_json_walk *walk,
                            struct spanlog_record *record) {
    const struct spanlog_quotes *quotes = &reader->quotes;
    const char *line = walk->at;
    reader->find_quotes(&reader->quotes, line);
    struct template t = {line, line, quotes->at, quotes->at + quotes->count, record};
    template_read(&t);
    struct cursor cursor = {line, t.quote};
    walk->at = t.at;
    if ((t.at == line ? spanlog_json_open(walk) : spanlog_json_next(walk)) > 0)
        walk_line(reader, &cursor, walk, record);
}
