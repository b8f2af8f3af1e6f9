/* analyzer/translate/members.h: one JSON line as a flat list of its members.
 *
 *     {"level":30,"req":{"method":"GET"},"tags":[1,2]}
 *
 *     level = 30;   req.method = "GET";   tags = [1,2]
 *
 * One pass, without recursion. Arrays stay values, and so do objects below SPANLOG_MEMBERS_DEPTH.
 * The text is checked as json.h describes.
 */
#ifndef SPANLOG_ANALYZER_TRANSLATE_MEMBERS_H
#define SPANLOG_ANALYZER_TRANSLATE_MEMBERS_H

#include "formatters/keys.h"
#include "src/analyzer/base/arena.h"
#include "src/analyzer/translate/dialects.h"

#define SPANLOG_MEMBERS_DEPTH 8
#define SPANLOG_MEMBERS_PATH 480
/* More than a record can have attributes, by the number of keys that may be of use. */
#define SPANLOG_MEMBERS_MAX (SPANLOG_KEYS_MAX + 64)

enum spanlog_member_use {
    SPANLOG_MEMBER_FREE,   /* becomes an attribute */
    SPANLOG_MEMBER_TAKEN,  /* is a field */
    SPANLOG_MEMBER_DROPPED /* is neither */
};

struct spanlog_member {
    struct spanlog_text prefix; /* "req.", or empty */
    struct spanlog_text name;   /* "method" */
    struct spanlog_json_value value;
    uint16_t key;       /* the number of prefix and name together; 0: not a known one */
    uint16_t inner;     /* the number of the name alone, where there is a prefix */
    uint16_t container; /* the number of the object that it lies in */
    uint8_t use;        /* enum spanlog_member_use */
    bool renders;       /* the name stands in the line as `,"name":` */
};

/* Which key stood at a place of the line before. */
struct spanlog_recent_key {
    uint64_t head, tail;
    uint32_t size;
    uint16_t key;
};
#define SPANLOG_RECENT_KEYS 32

struct spanlog_members {
    struct spanlog_recent_key recent[SPANLOG_RECENT_KEYS];
    const char *problem; /* NULL, or what is wrong with the line */
    const char *end;     /* the newline */
    uint32_t count;
    uint32_t left_out; /* members beyond the list */
    struct spanlog_keys_seen seen;
    struct spanlog_member list[SPANLOG_MEMBERS_MAX];
};

/* 0 or -ENOMEM. */
int spanlog_members_read(struct spanlog_members *members, const struct spanlog_dialect_keys *keys,
                         const char *line, struct spanlog_arena *arena);

/* The string without its escapes; NULL data when there is no memory. */
struct spanlog_text spanlog_member_text(const struct spanlog_json_value *value,
                                        struct spanlog_arena *arena);

#endif
