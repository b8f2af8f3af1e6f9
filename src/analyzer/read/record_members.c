/* analyzer/read/record_members.c: see record_members.h. Three ways, each with the next behind it: a
 * line of a form that has been seen before is taken from the places of its quotes (form.h); any
 * other is walked, by the places of its quotes as well; and json.h does a member that has an
 * escape, is no string and no number, has blanks around it, or is bad.
 *
 * The places matter: the members of a line begin where its quotes are, so that none has to wait for
 * what the one before says.
 */
#include "src/analyzer/read/record_members.h"

/* ---- a line of a known form --------------------------------------------------------------- */

static inline bool take_form(const struct spanlog_form *form, const struct spanlog_places *places,
                             struct spanlog_record *record) {
    const char *from = places->from;
    const uint16_t *quotes = places->quotes;
    bool good = true;
    for (unsigned i = 0; i < form->strings; i++) {
        struct spanlog_json_value *raw = &record->raw[form->string[i].field];
        const uint16_t *quote = quotes + form->string[i].quote;
        raw->begin = from + quote[0] + 1;
        raw->end = from + quote[1];
        raw->type = SPANLOG_JSON_STRING;
        raw->escaped = false;
    }
    for (unsigned i = 0; i < form->bares; i++) {
        struct spanlog_json_value *raw = &record->raw[form->bare[i].field];
        raw->begin = spanlog_form_bare_begin(&form->bare[i], places);
        raw->end = spanlog_form_bare_end(&form->bare[i], places);
        raw->escaped = false;
        good &= spanlog_form_bare_type(raw->begin, raw->end, &raw->type);
    }
    record->others = form->others;
    record->peer = spanlog_form_peer(form, places);
    record->peer_escaped = false;
    return good;
}

static void forget_members(struct spanlog_record *record) {
#pragma GCC unroll 32 /* as a loop it costs as much as all ids together */
    for (unsigned field = 0; field < SPANLOG_FIELD_COUNT; field++)
        record->raw[field].type = SPANLOG_JSON_ABSENT;
    record->others = 0;
    record->repeated = false;
    record->peer = (struct spanlog_text){NULL, 0};
    record->peer_escaped = false;
    record->peer_rank = SPANLOG_PEER_KEYS;
}

/* ---- any order ---------------------------------------------------------------------------- */

unsigned spanlog_escaped_field(const struct spanlog_field_table *keys,
                               const struct spanlog_json_value *key) {
    char text[256]; /* long ones are not ours */
    size_t size = (size_t)(key->end - key->begin);
    ssize_t plain = size <= sizeof text - 16 ? spanlog_json_unescape(key->begin, size, text) : -1;
    return plain < 0 ? SPANLOG_FIELD_COUNT : spanlog_field_find(keys, text, (size_t)plain);
}

static void note_peer(struct spanlog_record *record, const char *key, size_t size,
                      const struct spanlog_json_value *value) {
    unsigned rank = spanlog_peer_rank(key, size);
    if (rank > record->peer_rank || rank == SPANLOG_PEER_KEYS || value->type != SPANLOG_JSON_STRING)
        return;
    record->peer = (struct spanlog_text){value->begin, (uint32_t)(value->end - value->begin)};
    record->peer_escaped = value->escaped;
    record->peer_rank = (uint8_t)rank;
}

static inline void note_member(struct spanlog_record *record, unsigned field, const char *key,
                               size_t key_size, const struct spanlog_json_value *value) {
    if (field == SPANLOG_FIELD_COUNT)
        note_peer(record, key, key_size, value);
    struct spanlog_json_value *raw = &record->raw[field]; /* there is one more, for the others */
    record->others += field == SPANLOG_FIELD_COUNT;
    record->repeated |= (raw->type != SPANLOG_JSON_ABSENT) & (field != SPANLOG_FIELD_COUNT);
    /* One by one: read as wide words, what was just written in parts would stall. */
    raw->begin = value->begin;
    raw->end = value->end;
    raw->type = value->type;
    raw->escaped = value->escaped;
}

/* `at` is on a key. Returns where it stopped, on a key or behind the object (*ret_closed); up to
 * there nothing was wrong. */
static const char *walk_quotes(const struct spanlog_reader *reader, struct spanlog_cursor *cursor,
                               const char *at, struct spanlog_record *record, bool *ret_closed) {
    const struct spanlog_quotes *quotes = cursor->quotes;
    const uint16_t *last = quotes->at + quotes->stops[cursor->stop].quotes;
    const uint16_t *quote = quotes->at + cursor->quote;
    const char *from = quotes->from;
    for (; from + *quote == at; cursor->quote = (uint32_t)(quote - quotes->at)) {
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
        if (quote > last || key_end[1] != ':' || (*next != ',' && *next != '}'))
            return at;
        size_t key_size = (size_t)(key_end - key);
        note_member(record, spanlog_field_find(reader->keys, key, key_size), key, key_size, &value);
        at = next + 1;
        *ret_closed = *next == '}';
        if (*ret_closed)
            return at;
    }
    return at;
}

/* All members from the key at walk->at on. */
static void walk_line(const struct spanlog_reader *reader, struct spanlog_cursor *cursor,
                      struct spanlog_json_walk *walk, struct spanlog_record *record) {
    struct spanlog_json_value key, value;
    bool closed = false;
    for (int more = 1; more > 0; more = spanlog_json_next(walk)) {
        walk->at = spanlog_json_blank(walk->at);
        spanlog_ahead_seek(&reader->ahead, cursor, walk->at);
        walk->at = spanlog_json_blank(walk_quotes(reader, cursor, walk->at, record, &closed));
        if (closed || !spanlog_json_member(walk, &key, &value))
            return;
        note_member(record, spanlog_key_field(reader->keys, &key), key.begin,
                    (size_t)(key.end - key.begin), &value);
    }
}

void spanlog_record_members(struct spanlog_reader *reader, struct spanlog_found *found,
                            struct spanlog_json_walk *walk, struct spanlog_record *record) {
    forget_members(record);
    if (found->fits) {
        if (take_form(found->form, &found->places, record)) {
            spanlog_forms_use(&reader->forms, found->form);
            walk->at = found->places.end;
            return;
        }
        forget_members(record);
    }
    /* The walk may search on: then the line's places are gone. */
    const struct spanlog_quotes *quotes = found->cursor.quotes;
    const char *from = quotes->from;
    if (spanlog_json_open(walk) > 0)
        walk_line(reader, &found->cursor, walk, record);
    if (found->form && !walk->problem && quotes->from == from)
        spanlog_form_learn(&reader->forms, found->form, reader->keys, &found->places);
}
