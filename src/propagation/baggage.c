/* propagation/baggage.c: see baggage.h. */
#include "src/propagation/baggage.h"
#include "src/propagation/hex.h"

#include <errno.h>
#include <string.h>

struct member {
    const char *key;
    size_t key_size;
    const char *value;
    size_t value_size;
    const char *end; /* of the whole member, properties included */
};

/* ---- characters ----------------------------------------------------------------------------- */

static bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 7230's token. */
static bool is_token(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (!is_alphanumeric(text[i]) &&
            (text[i] == '\0' || strchr("!#$%&'*+-.^_`|~", text[i]) == NULL))
            return false;
    }
    return size > 0;
}

static bool is_value_octet(char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

static bool is_value(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (!is_value_octet(text[i]))
            return false;
    }
    return true;
}

static void trim(const char **text, size_t *size) {
    while (*size > 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        (*size)--;
    }
    while (*size > 0 && ((*text)[*size - 1] == ' ' || (*text)[*size - 1] == '\t'))
        (*size)--;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Appends ";property" or ";key=value", trimmed. False: not well formed, or no room. */
static bool copy_property(const char *text, size_t size, char **to, const char *end) {
    const char *equals = memchr(text, '=', size);
    const char *key = text, *value = equals != NULL ? equals + 1 : NULL;
    size_t key_size = equals != NULL ? (size_t)(equals - text) : size;
    size_t value_size = equals != NULL ? size - key_size - 1 : 0;
    trim(&key, &key_size);
    if (value != NULL)
        trim(&value, &value_size);
    if (!is_token(key, key_size) || (value != NULL && !is_value(value, value_size)) ||
        key_size + (value != NULL) + value_size > (size_t)(end - *to))
        return false;
    memcpy(*to, key, key_size);
    *to += key_size;
    if (value != NULL) {
        *(*to)++ = '=';
        memcpy(*to, value, value_size);
        *to += value_size;
    }
    return true;
}

/* Copies one member in its plain form; NULL: not well formed, or no room. */
static char *copy_member(const char *text, size_t size, char *to, const char *end) {
    const char *semicolon = memchr(text, ';', size);
    size_t first = semicolon != NULL ? (size_t)(semicolon - text) : size;
    if (memchr(text, '=', first) == NULL || !copy_property(text, first, &to, end))
        return NULL;
    for (size_t at = first; at < size;) {
        const char *property = text + at + 1;
        const char *next = memchr(property, ';', size - at - 1);
        size_t length = next != NULL ? (size_t)(next - property) : size - at - 1;
        if (to == end)
            return NULL;
        *to++ = ';';
        if (!copy_property(property, length, &to, end))
            return NULL;
        at += 1 + length;
    }
    return to;
}

/* The member at `at` of a text that baggage_read made. */
static struct member member_at(const char *at) {
    struct member m = {.key = at, .end = at + strcspn(at, ",")};
    m.key_size = strcspn(at, "=");
    m.value = at + m.key_size + 1;
    m.value_size = strcspn(m.value, ";,");
    return m;
}

static bool find(const char *baggage, const char *key, size_t size, struct member *ret_member) {
    for (const char *at = baggage; *at != '\0';) {
        *ret_member = member_at(at);
        if (ret_member->key_size == size && memcmp(ret_member->key, key, size) == 0)
            return true;
        at = ret_member->end + (*ret_member->end == ',');
    }
    return false;
}

/* Takes the member out with one of the commas around it. Returns by how much it got shorter. */
static size_t cut_out(char *baggage, const struct member *m) {
    char *start = baggage + (m->key - baggage);
    const char *rest = m->end;
    if (*rest == ',')
        rest++;
    else if (start > baggage)
        start--;
    memmove(start, rest, strlen(rest) + 1);
    return (size_t)(rest - start);
}

static unsigned count_members(const char *baggage) {
    unsigned count = baggage[0] != '\0';
    for (; *baggage != '\0'; baggage++)
        count += *baggage == ',';
    return count;
}

unsigned baggage_read(const char *header, char ret_text[BAGGAGE_MAX + 1]) {
    char *to = ret_text, *end = ret_text + BAGGAGE_MAX;
    unsigned count = 0, left_out = 0;
    *to = '\0';
    for (const char *at = header; *at != '\0';) {
        const char *text = at;
        size_t size = strcspn(at, ",");
        at += size + (at[size] == ',');
        trim(&text, &size);
        if (size == 0)
            continue;
        char *start = to > ret_text ? to + 1 : to;
        char *after =
            count < BAGGAGE_MEMBERS && start < end ? copy_member(text, size, start, end) : NULL;
        if (after == NULL) {
            *to = '\0'; /* what of it was copied is not there */
            left_out++;
            continue;
        }
        *after = '\0';
        if (start > ret_text)
            start[-1] = '\0';
        struct member m = member_at(start), before;
        bool twice = start > ret_text && find(ret_text, m.key, m.key_size, &before);
        if (start > ret_text)
            start[-1] = ',';
        if (twice)
            after -= cut_out(ret_text, &before);
        count += !twice;
        to = after;
    }
    return left_out;
}

/* ---- values --------------------------------------------------------------------------------- */

/* Whole UTF-8 characters go into `to` while there is room; the size of all is counted. */
struct sink {
    char *to;
    size_t room; /* without the NUL */
    size_t used;
    size_t whole;
};

static void put(struct sink *sink, const uint8_t *bytes, size_t size) {
    if (sink->used == sink->whole && sink->whole + size <= sink->room) {
        memcpy(sink->to + sink->used, bytes, size);
        sink->used += size;
    }
    sink->whole += size;
}

static uint8_t decoded_byte(const char **at) {
    uint8_t byte;
    const char *p = *at;
    if (p[0] == '%' && hex_values[(uint8_t)p[1]] != 0x80 &&
        hex_read(p + 1, &byte, 1, HEX_ANY_CASE)) {
        *at = p + 3;
        return byte;
    }
    *at = p + 1;
    return (uint8_t)p[0];
}

/* How many bytes a character that begins so has, and what its second one may be. 0: none begins
 * so. */
static unsigned utf8_size(uint8_t first, uint8_t *ret_least, uint8_t *ret_most) {
    *ret_least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *ret_most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first == 0)
        return 0;
    return first < 0x80                     ? 1
           : first >= 0xc2 && first <= 0xdf ? 2
           : first >= 0xe0 && first <= 0xef ? 3
           : first >= 0xf0 && first <= 0xf4 ? 4
                                            : 0;
}

static void decode(const char *at, const char *end, struct sink *sink) {
    static const uint8_t replacement[] = {0xef, 0xbf, 0xbd};
    while (at < end) {
        uint8_t bytes[4], least, most;
        bytes[0] = decoded_byte(&at);
        unsigned size = utf8_size(bytes[0], &least, &most), have = 1;
        while (have < size && at < end) {
            const char *next = at;
            uint8_t byte = decoded_byte(&next);
            if (byte < least || byte > most)
                break;
            bytes[have++] = byte;
            at = next;
            least = 0x80;
            most = 0xbf;
        }
        if (have == size)
            put(sink, bytes, size);
        else
            put(sink, replacement, sizeof replacement);
    }
}

ssize_t baggage_get(const char *baggage, const char *key, char *ret_value, size_t size) {
    struct member m;
    if (size > 0)
        ret_value[0] = '\0';
    if (!find(baggage, key, strlen(key), &m))
        return -ENOENT;
    struct sink sink = {.to = ret_value, .room = size > 0 ? size - 1 : 0};
    decode(m.value, m.value + m.value_size, &sink);
    if (size > 0)
        ret_value[sink.used] = '\0';
    return (ssize_t)sink.whole;
}

/* ---- setting -------------------------------------------------------------------------------- */

/* Returns the size of the encoded value; writes it when `to` is not NULL. */
static size_t encode(const char *value, char *to) {
    static const char digits[] = "0123456789ABCDEF";
    size_t size = 0;
    for (; *value != '\0'; value++) {
        bool plain = is_value_octet(*value) && *value != '%';
        if (to != NULL && plain) {
            to[size] = *value;
        } else if (to != NULL) {
            to[size] = '%';
            to[size + 1] = digits[(uint8_t)*value >> 4];
            to[size + 2] = digits[(uint8_t)*value & 15];
        }
        size += plain ? 1 : 3;
    }
    return size;
}

int baggage_set(char baggage[BAGGAGE_MAX + 1], const char *key, const char *value) {
    size_t key_size = strlen(key), used = strlen(baggage);
    struct member old;
    if (!is_token(key, key_size))
        return -EINVAL;
    bool known = find(baggage, key, key_size, &old);
    size_t freed = known ? (size_t)(old.end - old.key) + 1 : 0;
    if (value != NULL) {
        size_t least = used > freed ? used - freed : 0;
        size_t need = key_size + 1 + encode(value, NULL) + (least > 0);
        if (least + need > BAGGAGE_MAX || (!known && count_members(baggage) == BAGGAGE_MEMBERS))
            return -E2BIG;
    }
    if (known)
        used -= cut_out(baggage, &old);
    if (value == NULL)
        return 0;
    char *to = baggage + used;
    if (used > 0)
        *to++ = ',';
    memcpy(to, key, key_size);
    to[key_size] = '=';
    to += key_size + 1;
    to[encode(value, to)] = '\0';
    return 0;
}
