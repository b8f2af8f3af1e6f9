/* tests/crash/json_check.c: one JSON object, byte by byte. See json_check.h. */
#include "json_check.h"

#include <string.h>

enum { MOST_DEPTH = 64 };

struct reader {
    const unsigned char *at, *end;
    int depth;
    json_member member;
    void *arg;
};

static bool read_value(struct reader *r);

static void skip_space(struct reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n'))
        r->at++;
}

static bool read_byte(struct reader *r, unsigned char byte) {
    if (r->at == r->end || *r->at != byte)
        return false;
    r->at++;
    return true;
}

static bool is_hex(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool read_escape(struct reader *r) {
    if (r->at == r->end)
        return false;
    unsigned char c = *r->at++;
    if (c != 'u')
        return c != 0 && strchr("\"\\/bfnrt", c) != NULL;
    if (r->end - r->at < 4)
        return false;
    for (int i = 0; i < 4; i++)
        if (!is_hex(*r->at++))
            return false;
    return true;
}

/* One character of two to four bytes; refuses overlong forms, surrogates and what is over 10FFFF.
 */
static bool read_multibyte(struct reader *r) {
    unsigned char first = *r->at++;
    int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || r->end - r->at < more)
        return false;
    unsigned char low = 0x80, high = 0xbf;
    if (first == 0xe0)
        low = 0xa0;
    if (first == 0xed)
        high = 0x9f;
    if (first == 0xf0)
        low = 0x90;
    if (first == 0xf4)
        high = 0x8f;
    for (int i = 0; i < more; i++, low = 0x80, high = 0xbf) {
        unsigned char c = *r->at++;
        if (c < low || c > high)
            return false;
    }
    return true;
}

static bool read_string(struct reader *r) {
    if (!read_byte(r, '"'))
        return false;
    while (r->at < r->end) {
        unsigned char c = *r->at;
        if (c < 0x20)
            return false;
        if (c >= 0x80) {
            if (!read_multibyte(r))
                return false;
            continue;
        }
        r->at++;
        if (c == '"')
            return true;
        if (c == '\\' && !read_escape(r))
            return false;
    }
    return false;
}

static bool read_digits(struct reader *r) {
    const unsigned char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return r->at > start;
}

static bool read_number(struct reader *r) {
    read_byte(r, '-');
    if (!read_byte(r, '0') && !read_digits(r))
        return false;
    if (read_byte(r, '.') && !read_digits(r))
        return false;
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        r->at++;
        if (!read_byte(r, '+'))
            read_byte(r, '-');
        return read_digits(r);
    }
    return true;
}

static bool read_word(struct reader *r, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0)
        return false;
    r->at += size;
    return true;
}

static bool read_array(struct reader *r) {
    r->at++;
    skip_space(r);
    if (read_byte(r, ']'))
        return true;
    do {
        if (!read_value(r))
            return false;
        skip_space(r);
    } while (read_byte(r, ','));
    return read_byte(r, ']');
}

static bool read_member(struct reader *r) {
    skip_space(r);
    const unsigned char *key = r->at;
    if (!read_string(r))
        return false;
    size_t key_size = (size_t)(r->at - key) - 2;
    skip_space(r);
    if (!read_byte(r, ':'))
        return false;
    skip_space(r);
    const unsigned char *value = r->at;
    if (!read_value(r))
        return false;
    if (r->depth == 1 && r->member != NULL)
        r->member(r->arg, (struct json_part){(const char *)key + 1, key_size},
                  (struct json_part){(const char *)value, (size_t)(r->at - value)});
    skip_space(r);
    return true;
}

static bool read_object(struct reader *r) {
    r->at++;
    skip_space(r);
    if (read_byte(r, '}'))
        return true;
    do {
        if (!read_member(r))
            return false;
    } while (read_byte(r, ','));
    return read_byte(r, '}');
}

static bool read_value(struct reader *r) {
    bool good = false;
    skip_space(r);
    if (r->at == r->end || ++r->depth > MOST_DEPTH)
        return false;
    switch (*r->at) {
    case '{':
        good = read_object(r);
        break;
    case '[':
        good = read_array(r);
        break;
    case '"':
        good = read_string(r);
        break;
    case 't':
        good = read_word(r, "true");
        break;
    case 'f':
        good = read_word(r, "false");
        break;
    case 'n':
        good = read_word(r, "null");
        break;
    default:
        good = read_number(r);
    }
    r->depth--;
    return good;
}

bool json_check_object(const char *text, const char *end, json_member member, void *arg) {
    struct reader r = {(const unsigned char *)text, (const unsigned char *)end, 0, member, arg};
    if (text == end || *text != '{')
        return false;
    return read_value(&r) && r.at == r.end;
}
