/* analyzer/translate/members.c: see members.h. */
#include "src/analyzer/translate/members.h"

#include <errno.h>

/* An object that is open. */
struct frame {
    struct spanlog_text prefix;
    uint16_t container;
};

struct flattening {
    struct spanlog_members *members;
    const struct spanlog_dialect_keys *keys;
    struct spanlog_arena *arena;
    struct spanlog_json_walk walk;
    struct frame frames[SPANLOG_MEMBERS_DEPTH + 1];
    unsigned depth;
    bool no_memory;
    char path[SPANLOG_MEMBERS_PATH + 32]; /* the prefix of the open object, for look-ups */
};

struct spanlog_text spanlog_member_text(const struct spanlog_json_value *value,
                                        struct spanlog_arena *arena) {
    size_t size = (size_t)(value->end - value->begin);
    if (!value->escaped)
        return (struct spanlog_text){value->begin, (uint32_t)size};
    char *plain = spanlog_arena_alloc(arena, size + 16);
    ssize_t plain_size = plain ? spanlog_json_unescape(value->begin, size, plain) : -1;
    if (plain_size < 0)
        return (struct spanlog_text){NULL, 0};
    return (struct spanlog_text){plain, (uint32_t)plain_size};
}

/* `at` on a key's quote: reads the key and leaves `at` on the value. */
static inline bool read_key(struct spanlog_json_walk *walk, struct spanlog_json_value *key) {
    const char *p = walk->at;
    if (*p != '"')
        return spanlog_json_fail(walk, p, "a key is missing");
    key->begin = p + 1;
    key->escaped = false;
    key->type = SPANLOG_JSON_STRING;
    key->end = spanlog_json_plain_short(p + 1);
    if (*key->end != '"') {
        key->type = SPANLOG_JSON_ABSENT; /* it is to be written anew */
        key->end = spanlog_json_string_rest(walk, key->end, &key->escaped);
    }
    if (!key->end)
        return false;
    p = key->end + 1;
    if (*p != ':') {
        p = spanlog_json_blank(p);
        if (*p != ':')
            return spanlog_json_fail(walk, p, "a colon is missing");
    }
    p++;
    walk->at = (unsigned char)*p <= ' ' ? spanlog_json_blank(p) : p;
    return true;
}

/* The numbers of a key that lies in an open object. */
static void find_nested(struct flattening *f, struct spanlog_member *member) {
    const struct frame *frame = &f->frames[f->depth];
    size_t size = frame->prefix.size + (size_t)member->name.size;
    member->inner = spanlog_dialect_key(f->keys, member->name.data, member->name.size);
    member->key = 0;
    if (size <= 64) {
        memcpy(f->path + frame->prefix.size, member->name.data, member->name.size);
        member->key = spanlog_dialect_key(f->keys, f->path, size);
    }
}

/* The number of a key that lies in no object. Most lines have the keys of the one before, in its
 * order. */
static inline uint16_t find_key(struct flattening *f, struct spanlog_text name) {
    uint32_t place = f->members->count;
    if (place >= SPANLOG_RECENT_KEYS || name.size > 16)
        return spanlog_dialect_key(f->keys, name.data, name.size);
    struct spanlog_recent_key *recent = &f->members->recent[place];
    uint64_t head = spanlog_field_bytes(name.data, name.size);
    uint64_t tail = name.size > 8 ? spanlog_field_bytes(name.data + 8, name.size - 8) : 0;
    if (recent->head != head || recent->tail != tail || recent->size != name.size) {
        uint16_t key = spanlog_dialect_key(f->keys, name.data, name.size);
        *recent = (struct spanlog_recent_key){head, tail, name.size, key};
    }
    return recent->key;
}

static inline void start_member(struct flattening *f, const struct spanlog_json_value *key,
                                struct spanlog_member *member) {
    const struct frame *frame = &f->frames[f->depth];
    member->name = (struct spanlog_text){key->begin, (uint32_t)(key->end - key->begin)};
    member->renders = key->type && key->begin[-2] == ',' && key->end[1] == ':';
    if (__builtin_expect(key->escaped, 0)) {
        member->name = spanlog_member_text(key, f->arena);
        f->no_memory |= !member->name.data;
        if (!member->name.data)
            member->name = (struct spanlog_text){"", 0};
    }
    member->prefix = frame->prefix;
    member->container = frame->container;
    member->use = SPANLOG_MEMBER_FREE;
    member->inner = 0;
    if (f->depth)
        find_nested(f, member);
    else
        member->key = find_key(f, member->name);
}

/* Whether the object that the member holds can be opened, so that its members follow. */
static bool open_object(struct flattening *f, const struct spanlog_member *member) {
    const struct frame *frame = &f->frames[f->depth];
    size_t size = frame->prefix.size + (size_t)member->name.size + 1;
    const char *p = spanlog_json_blank(f->walk.at + 1);
    if (f->depth == SPANLOG_MEMBERS_DEPTH || size > SPANLOG_MEMBERS_PATH || *p == '}')
        return false;
    memcpy(f->path + frame->prefix.size, member->name.data, member->name.size);
    f->path[size - 1] = '.';
    struct frame *inner = &f->frames[++f->depth];
    inner->prefix = spanlog_arena_text(f->arena, f->path, size);
    if (!inner->prefix.data) {
        f->no_memory = true;
        inner->prefix = (struct spanlog_text){"", 0};
    }
    /* An object in a container still belongs to it. */
    inner->container = member->key ? member->key : frame->container;
    f->walk.at = p;
    return true;
}

static inline void note_type(struct spanlog_keys_seen *seen, uint16_t key, uint8_t type) {
    spanlog_key_set_add(&seen->any, key);
    if (type == SPANLOG_JSON_STRING)
        spanlog_key_set_add(&seen->strings, key);
    else if (type == SPANLOG_JSON_NUMBER)
        spanlog_key_set_add(&seen->numbers, key);
    else if (type == SPANLOG_JSON_OBJECT)
        spanlog_key_set_add(&seen->objects, key);
}

/* Room for one more; what nothing is known of gives way first. */
static inline struct spanlog_member *next_member(struct spanlog_members *members) {
    return &members->list[members->count];
}

static inline void keep_member(struct spanlog_members *members,
                               const struct spanlog_member *member) {
    bool known = member->key || member->inner;
    if (__builtin_expect(members->count < (known ? SPANLOG_MEMBERS_MAX - 1 : SPANLOG_KEYS_MAX), 1))
        members->count++;
    else
        members->left_out++;
}

/* Behind a value: 1 on the next key of whichever object is still open, 0 behind the last, -1. */
static inline int next_key(struct flattening *f) {
    int more = spanlog_json_next(&f->walk);
    while (__builtin_expect(more == 0 && f->depth > 0, 0)) {
        f->depth--;
        more = spanlog_json_next(&f->walk);
    }
    return more;
}

static void read_members(struct flattening *f) {
    struct spanlog_members *members = f->members;
    struct spanlog_json_value key;
    for (int more = spanlog_json_open(&f->walk); more > 0;) {
        struct spanlog_member *member = next_member(members);
        if (!read_key(&f->walk, &key))
            return;
        start_member(f, &key, member);
        if (f->no_memory)
            return;
        if (*f->walk.at == '{' && open_object(f, member)) {
            if (member->key)
                note_type(&members->seen, member->key, SPANLOG_JSON_OBJECT);
            continue;
        }
        f->walk.at = spanlog_json_value_at(&f->walk, f->walk.at, &member->value);
        if (!f->walk.at)
            return;
        if (member->key)
            note_type(&members->seen, member->key, member->value.type);
        keep_member(members, member);
        more = next_key(f);
    }
}

int spanlog_members_read(struct spanlog_members *members, const struct spanlog_dialect_keys *keys,
                         const char *line, struct spanlog_arena *arena) {
    struct flattening f; /* field by field: the path needs no zeros */
    f.members = members;
    f.keys = keys;
    f.arena = arena;
    f.depth = 0;
    f.no_memory = false;
    f.walk = (struct spanlog_json_walk){.at = line};
    f.frames[0] = (struct frame){{"", 0}, 0};
    members->count = members->left_out = 0;
    members->seen = (struct spanlog_keys_seen){0};
    read_members(&f);
    if (!f.walk.problem && f.walk.at)
        spanlog_json_close(&f.walk);
    members->problem = f.walk.problem;
    members->end = f.walk.at;
    return f.no_memory ? -ENOMEM : 0;
}
