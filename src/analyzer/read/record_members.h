/* analyzer/read/record_members.h: the members of a line's object into a record's raw values. For
 * record.c.
 *
 *     struct spanlog_found found;
 *     spanlog_record_find(reader, line, &found);
 *     spanlog_record_members(reader, &found, &walk, record);
 *     if (walk.problem) ...          else walk.at is behind the object
 */
#ifndef SPANLOG_ANALYZER_READ_RECORD_MEMBERS_H
#define SPANLOG_ANALYZER_READ_RECORD_MEMBERS_H

#include "src/analyzer/read/record.h"

/* A line and its form. */
struct spanlog_found {
    struct spanlog_cursor cursor;
    struct spanlog_places places;
    struct spanlog_form *form; /* NULL: it can have none */
    bool fits;                 /* the form is its own */
};

/* Into memory, field by field: copied as a whole, what was just written in parts would stall. */
static inline void spanlog_record_find(struct spanlog_reader *reader, const char *line,
                                       struct spanlog_found *ret) {
    spanlog_ahead_line(&reader->ahead, line, &ret->cursor);
    const struct spanlog_quotes *quotes = ret->cursor.quotes;
    const struct spanlog_quotes_stop *stop = &quotes->stops[ret->cursor.stop];
    struct spanlog_places *places = &ret->places;
    places->line = line;
    places->end = quotes->from + stop->at;
    places->quotes = quotes->at + ret->cursor.quote;
    places->from = quotes->from;
    places->count = (size_t)stop->quotes - ret->cursor.quote;
    ret->form = NULL;
    ret->fits = false;
    size_t more = places->count - SPANLOG_FORM_QUOTES_MIN;
    if (more > SPANLOG_FORM_QUOTES_MAX - SPANLOG_FORM_QUOTES_MIN || *places->end != '\n' ||
        ret->cursor.stop == quotes->stop_count)
        return;
    uint32_t tag = spanlog_form_tag(places);
    ret->form = spanlog_form_at(&reader->forms, tag);
    if (ret->form->tag != tag)
        return;
    ret->fits = spanlog_form_fits(&reader->forms, ret->form, places);
    if (!ret->fits)
        spanlog_form_doubt(ret->form);
}

void spanlog_record_members(struct spanlog_reader *reader, struct spanlog_found *found,
                            struct spanlog_json_walk *walk, struct spanlog_record *record);

/* The record of a line of a usual form, as a brief reader gives it. False when its values are not
 * as usual: then nothing is said about it. */
bool spanlog_record_brief(struct spanlog_reader *reader, const struct spanlog_form *form,
                          const struct spanlog_places *places, struct spanlog_record *ret);

#endif
