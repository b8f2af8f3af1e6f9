/* analyzer/translate/documents/document.h: walking documents that hold many spans, and making their
 * lines.
 *
 *     struct spanlog_json_value slot[SLOTS] = {0};
 *     spanlog_pick(&span, span_keys, slot);                       one walk over an object's members
 *     spanlog_draft_begin(&draft, SPANLOG_LINE_SPAN);
 *     spanlog_draft_id(&draft, SPANLOG_ID_TRACE, spanlog_draft_text(&draft, &slot[TRACE_ID]));
 *     spanlog_draft_attribute(&draft, SPANLOG_TEXT("peer.service"), value);
 *     spanlog_draft_emit(&draft);              skips and counts what lacks an id or a time
 *
 * A document is checked once as a whole; behind that, values are ranges of its text which are
 * walked again level by level: no tree of it is built, and nothing recurses. What a draft points to
 * lives until the next one begins.
 */
#ifndef SPANLOG_ANALYZER_TRANSLATE_DOCUMENTS_DOCUMENT_H
#define SPANLOG_ANALYZER_TRANSLATE_DOCUMENTS_DOCUMENT_H

#include "src/analyzer/translate/parts.h"

/* ---- walking ------------------------------------------------------------------------------ */

/* The members of an object or the elements of an array; of anything else there are none. */
struct spanlog_items {
    struct spanlog_json_walk walk;
    struct spanlog_json_value key; /* in objects */
    struct spanlog_json_value value;
    char bracket;
    bool begun;
};

void spanlog_items_open(struct spanlog_items *items, const struct spanlog_json_value *value);
bool spanlog_items_next(struct spanlog_items *items);

struct spanlog_pick_key {
    const char *name; /* NULL: the table's end */
    uint8_t size;
    uint8_t slot;
};
#define SPANLOG_PICK(name, slot)                                                                   \
    { name, sizeof(name) - 1, slot }
#define SPANLOG_PICK_END                                                                           \
    { NULL, 0, 0 }

/* Puts the members that the table names into their slots; the others are stepped over. A null is as
 * good as absent. */
void spanlog_pick(const struct spanlog_json_value *object, const struct spanlog_pick_key *keys,
                  struct spanlog_json_value *slots);

/* A string or key that says just this. */
bool spanlog_json_is(const struct spanlog_json_value *value, const char *text);

/* ---- what a line is ----------------------------------------------------------------------- */

/* Whether the line begins with an object whose first key is one of the names, NULL behind the last;
 * costs a few comparisons. Both read lines that nobody has checked yet. */
bool spanlog_first_key_is(const char *line, const char *const *names);
/* The member of that name, looked for among the first few of the object at p. */
bool spanlog_early_member(const char *p, const char *name, struct spanlog_json_value *ret);
/* The first element that is no array, of an array of values or of arrays of them. */
const char *spanlog_first_element(const char *p);

/* The whole line as one value. NULL, or what is wrong with it. */
const char *spanlog_document_check(const char *line, const char *end,
                                   struct spanlog_json_value *ret);

/* ---- values ------------------------------------------------------------------------------- */

/* A number or the text of one, in units of so many nanoseconds; or RFC 3339. */
bool spanlog_time_of(const struct spanlog_json_value *value, uint64_t unit_ns, uint64_t *ret_ns);
bool spanlog_i64_of(const struct spanlog_json_value *value, int64_t *ret);

/* ---- drafts ------------------------------------------------------------------------------- */

/* What all spans of a process have in common. */
struct spanlog_resource {
    struct spanlog_text service;
    struct spanlog_attribute *attributes;
    uint32_t count, room;
    size_t size; /* bytes of its texts */
};

enum spanlog_draft_id { SPANLOG_ID_TRACE, SPANLOG_ID_SPAN, SPANLOG_ID_PARENT };

struct spanlog_draft {
    struct spanlog_translator *translator;
    struct spanlog_arena scratch; /* of the current line */
    struct spanlog_arena *arena;  /* scratch within a line, else the translator's */
    struct spanlog_line line;
    struct spanlog_attribute *attributes;
    struct spanlog_event *events;
    struct spanlog_span_link *links;
    uint32_t attribute_room, event_room, event_attribute_room, link_room;
    struct spanlog_text file; /* of the source; with its line it becomes one text */
    uint32_t file_line;
    bool has_trace, has_span, has_time, has_flags;
    bool has_duration; /* by an attribute */
    bool no_memory;
    uint64_t skipped;
    size_t repeats_left; /* bytes of resources that may still be repeated in lines */
};

/* Checks the line. 1: walk *ret. 0: the translator has a problem, or there is nothing in it. */
int spanlog_draft_open(struct spanlog_draft *draft, struct spanlog_translator *translator,
                       const char *line, const char *end, struct spanlog_json_value *ret);
/* Gives back memory; says why if nothing came out. What a translating function returns. */
int spanlog_draft_close(struct spanlog_draft *draft);

void spanlog_draft_begin(struct spanlog_draft *draft, enum spanlog_line_kind kind);
void spanlog_draft_emit(struct spanlog_draft *draft);

/* Decoded; without data when it is no string. Documents' own texts, from before a line begins, live
 * as long as the document. */
struct spanlog_text spanlog_draft_text(struct spanlog_draft *draft,
                                       const struct spanlog_json_value *value);
/* Text as it is, other values as their JSON; without data for null. */
struct spanlog_text spanlog_draft_words(struct spanlog_draft *draft,
                                        const struct spanlog_json_value *value);
/* A JSON value as it stands. */
struct spanlog_value spanlog_draft_value(struct spanlog_draft *draft,
                                         const struct spanlog_json_value *value);

/* Hex of up to 32 and 16 digits in either case, 0x and UUIDs; other text stays as it is. False:
 * there is none. */
bool spanlog_draft_id(struct spanlog_draft *draft, enum spanlog_draft_id which,
                      struct spanlog_text text);
void spanlog_draft_flags(struct spanlog_draft *draft, uint8_t flags);
void spanlog_draft_times(struct spanlog_draft *draft, uint64_t start_ns, uint64_t duration_ns);
void spanlog_draft_error(struct spanlog_draft *draft, struct spanlog_text message);

/* What is a field, like HTTP's status code, is taken as such; everything else is an attribute. */
void spanlog_draft_attribute(struct spanlog_draft *draft, struct spanlog_text key,
                             struct spanlog_value value);
/* Whether it was taken (draft_fields.c); and fields that are made of several, at the end. */
bool spanlog_draft_field(struct spanlog_draft *draft, struct spanlog_text key,
                         const struct spanlog_value *value);
void spanlog_draft_join(struct spanlog_draft *draft);
/* An attribute whatever its name. */
void spanlog_draft_add(struct spanlog_draft *draft, struct spanlog_text key,
                       struct spanlog_value value);
struct spanlog_event *spanlog_draft_event(struct spanlog_draft *draft, uint64_t time_ns,
                                          struct spanlog_text name);
/* To the last event. */
void spanlog_draft_event_attribute(struct spanlog_draft *draft, struct spanlog_text key,
                                   struct spanlog_value value);
/* Ids that are not hex cannot be linked to, and are counted as dropped. */
void spanlog_draft_link(struct spanlog_draft *draft, struct spanlog_text trace,
                        struct spanlog_text span);

/* service.name, service and serviceName are its service. */
void spanlog_resource_add(struct spanlog_draft *draft, struct spanlog_resource *resource,
                          struct spanlog_text key, struct spanlog_value value);
void spanlog_draft_resource(struct spanlog_draft *draft, const struct spanlog_resource *resource);

#endif
