/* analyzer/translate/logger_copy.c: attributes that are copied as they stand in the line.
 *
 *     ..."msg":"m","user":"u7","hits":3}          ,"user":"u7","hits":3
 *
 * What is not taken of most lines is keys and values that the json dialect would write just so:
 * plain text and numbers, no key twice. They become one piece of text behind logger, source,
 * process and thread. Everything else is left to logger_attributes.c.
 */
#include "src/analyzer/translate/filling.h"

#include "formatters/dialect.h"
#include "formatters/number.h"
#include "src/analyzer/translate/wrapped.h"

#define COPIED_MAX 32

struct copying {
    struct spanlog_filling *filling;
    const struct spanlog_member *members[COPIED_MAX];
    uint32_t key_sizes[COPIED_MAX];
    uint32_t count;
    uint64_t seen; /* a bit for a hash of each key */
    size_t most;   /* bytes that they may take */
};

/* ---- can it be copied? -------------------------------------------------------------------- */

static bool is_plain_value(const struct spanlog_json_value *value) {
    if (value->type == SPANLOG_JSON_STRING)
        return !value->escaped && spanlog_json_plain(value->begin) == value->end;
    return value->type != SPANLOG_JSON_ARRAY && value->type != SPANLOG_JSON_OBJECT;
}

/* Only whole keys that stand alone can be equal to reserved ones. */
static bool is_free_key(const struct spanlog_member *member, bool alone, unsigned of) {
    uint16_t number = member->prefix.size ? member->inner : member->key;
    if (member->name.size == 0 || member->prefix.size + member->name.size > SPANLOG_KEY_SIZE_MAX)
        return false;
    if (alone && member->name.data[0] == '@')
        return false;
    return !alone || number == 0 || !spanlog_key_is_reserved(member->name, of);
}

static bool is_same_key(const struct copying *c, uint32_t i, const struct spanlog_member *member,
                        bool alone) {
    const struct spanlog_member *other = c->members[i];
    bool other_alone = c->key_sizes[i] == other->name.size;
    if (alone != other_alone)
        return true; /* perhaps: then the long way tells */
    return other->name.size == member->name.size &&
           memcmp(other->name.data, member->name.data, member->name.size) == 0 &&
           (alone || (other->prefix.size == member->prefix.size &&
                      memcmp(other->prefix.data, member->prefix.data, member->prefix.size) == 0));
}

/* False when the key may be another one's, or cannot be copied. */
static bool add(struct copying *c, const struct spanlog_member *member, unsigned of) {
    bool alone = member->prefix.size == 0 || spanlog_loses_prefix(c->filling, member);
    struct spanlog_text name = member->name;
    if (c->count == COPIED_MAX || !is_free_key(member, alone, of) ||
        !is_plain_value(&member->value))
        return false;
    uint32_t size = name.size + (alone ? 0 : member->prefix.size);
    if (c->filling->host.data && size == 9 && name.data[name.size - 1] == 'e')
        return false; /* perhaps a second host.name */
    uint64_t bit = (uint64_t)1 << ((size * 7 + (unsigned char)name.data[name.size / 2] * 3u +
                                    (unsigned char)name.data[name.size - 1]) &
                                   63);
    if (c->seen & bit)
        for (uint32_t i = 0; i < c->count; i++)
            if (c->key_sizes[i] == size && is_same_key(c, i, member, alone))
                return false;
    c->seen |= bit;
    c->key_sizes[c->count] = size;
    c->members[c->count++] = member;
    c->most += size + (size_t)(member->value.end - member->value.begin) + 8;
    return true;
}

static bool collect(struct copying *c) {
    const struct spanlog_members *members = &c->filling->translator->memory->members;
    unsigned of = spanlog_keys_of((enum spanlog_line_kind)c->filling->line->line_kind);
    for (uint32_t i = 0; i < members->count; i++)
        if (members->list[i].use == SPANLOG_MEMBER_FREE && !add(c, &members->list[i], of))
            return false;
    return true;
}

/* ---- copying ------------------------------------------------------------------------------ */

static char *put(char *out, const char *text, size_t size) {
    memcpy(out, text, size);
    return out + size;
}

static const char *end_of(const struct spanlog_json_value *value) {
    return value->end + (value->type == SPANLOG_JSON_STRING);
}

/* One by one, where a key has a prefix or blanks stand around it. NULL: the key needs escapes. */
static char *put_apart(char *out, const struct spanlog_member *member, uint32_t key_size) {
    const char *begin = member->value.begin - (member->value.type == SPANLOG_JSON_STRING);
    char *key;
    key = out = put(out, ",\"", 2);
    if (key_size > member->name.size)
        out = put(out, member->prefix.data, member->prefix.size);
    out = put(out, member->name.data, member->name.size);
    char *end = out;
    out = put(out, "\":", 2);
    return spanlog_json_plain_short(key) == end
               ? put(out, begin, (size_t)(end_of(&member->value) - begin))
               : NULL;
}

/* Neighbours in the line are copied together. */
static char *put_members(const struct copying *c, char *out) {
    for (uint32_t i = 0; i < c->count; i++) {
        const struct spanlog_member *member = c->members[i];
        if (!member->renders || c->key_sizes[i] != member->name.size) {
            out = put_apart(out, member, c->key_sizes[i]);
            if (!out)
                return NULL;
            continue;
        }
        const char *begin = member->name.data - 2, *end = end_of(&member->value);
        while (i + 1 < c->count && c->members[i + 1]->renders &&
               c->key_sizes[i + 1] == c->members[i + 1]->name.size &&
               c->members[i + 1]->name.data - 2 == end)
            end = end_of(&c->members[++i]->value);
        out = put(out, begin, (size_t)(end - begin));
    }
    return out;
}

static char *put_host(char *out, struct spanlog_text host) {
    if (!host.data)
        return out;
    out = put(out, ",\"host.name\":\"", 14);
    out = put(out, host.data, host.size);
    return put(out, "\"", 1);
}

static bool is_plain_text(struct spanlog_text text) {
    for (uint32_t i = 0; i < text.size; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7f || text.data[i] == '"' ||
            text.data[i] == '\\')
            return false;
    return true;
}

bool spanlog_copy_attributes(struct spanlog_filling *filling) {
    struct spanlog_line *line = filling->line;
    struct copying c;
    c.filling = filling;
    c.count = 0;
    c.seen = 0;
    c.most = filling->host.size + 6 * ((size_t)line->logger.size + line->source.size) + 256;
    /* A wrapper's attributes are compared with the line's. */
    if (filling->translator->memory->outer || spanlog_is_wrapper(filling->dialect) ||
        !is_plain_text(filling->host) || !collect(&c))
        return false;
    char *text = spanlog_arena_alloc(&filling->translator->arena, c.most + SPANLOG_JSON_PADDING);
    char *out = text ? spanlog_dialect_json.render_tail(line, text, text + c.most) : NULL;
    if (!out)
        return false;
    if (line->tid) {
        out = put(out, ",\"tid\":", 7);
        out = spanlog_put_u64(out, line->tid);
    }
    out = put_members(&c, out);
    if (!out)
        return false;
    out = put_host(out, filling->host);
    line->tid = 0; /* stands in the tail */
    line->tail = (struct spanlog_text){text, (uint32_t)(out - text)};
    return true;
}
