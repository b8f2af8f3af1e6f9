/* formatters/json.c: see json.h. A hand-written automaton; the only state is which brackets are
 * open.
 */
#include "formatters/json.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "formatters/escape.h"
#include "formatters/put.h"
#include "formatters/utf8.h"

/* ---- validation ------------------------------------------------------------------------- */

struct reader {
    const char *at;
    const char *end;
    int depth;
    uint64_t is_object[(SPANLOG_JSON_DEPTH_MAX + 63) / 64]; /* one bit a level */
};

static inline bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline void skip_space(struct reader *r) {
    while (r->at < r->end && is_space(*r->at))
        r->at++;
}

static inline bool take(struct reader *r, char c) {
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_word(struct reader *r, const char *word, size_t size) {
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0)
        return false;
    r->at += size;
    return true;
}

/* Four hex digits, or -1. */
static int32_t hex4(const char *at, const char *end) {
    int32_t value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)at[i], lower = c | 0x20;
        if (c >= '0' && c <= '9')
            value = value << 4 | (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value << 4 | (lower - 'a' + 10);
        else
            return -1;
    }
    return value;
}

static bool is_high_surrogate(int32_t unit) {
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(int32_t unit) {
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* After the backslash. */
static bool take_escape(struct reader *r) {
    int32_t unit;
    if (r->at == r->end)
        return false;
    if (*r->at != 'u')
        return *r->at != '\0' && strchr("\"\\/bfnrt", *r->at++) != NULL;
    unit = hex4(r->at + 1, r->end);
    if (unit < 0 || is_low_surrogate(unit))
        return false;
    r->at += 5;
    if (!is_high_surrogate(unit))
        return true;
    if (!take_word(r, "\\u", 2) || !is_low_surrogate(hex4(r->at, r->end)))
        return false;
    r->at += 4;
    return true;
}

/* After the opening quote. UTF-8 is checked for the whole text at once. */
static bool take_string(struct reader *r) {
    while (r->at < r->end) {
        unsigned char c = (unsigned char)*r->at++;
        if (c == '"')
            return true;
        if (c < 0x20 || (c == '\\' && !take_escape(r)))
            return false;
    }
    return false;
}

static bool take_digits(struct reader *r) {
    const char *from = r->at;
    while (r->at < r->end && (unsigned char)*r->at - (unsigned)'0' <= 9)
        r->at++;
    return r->at > from;
}

static bool take_number(struct reader *r) {
    take(r, '-');
    if (!take(r, '0') && !take_digits(r))
        return false;
    if (take(r, '.') && !take_digits(r))
        return false;
    if (r->at < r->end && (*r->at | 0x20) == 'e') {
        r->at++;
        if (!take(r, '+'))
            take(r, '-');
        return take_digits(r);
    }
    return true;
}

static bool take_scalar(struct reader *r) {
    if (r->at == r->end)
        return false;
    switch (*r->at) {
    case '"':
        r->at++;
        return take_string(r);
    case 't':
        return take_word(r, "true", 4);
    case 'f':
        return take_word(r, "false", 5);
    case 'n':
        return take_word(r, "null", 4);
    default:
        return take_number(r);
    }
}

static bool open_level(struct reader *r, bool is_object) {
    if (r->depth == SPANLOG_JSON_DEPTH_MAX)
        return false;
    uint64_t bit = (uint64_t)1 << r->depth % 64;
    uint64_t *word = &r->is_object[r->depth / 64];
    *word = is_object ? *word | bit : *word & ~bit;
    r->depth++;
    return true;
}

static bool in_object(const struct reader *r) {
    int level = r->depth - 1;
    return r->is_object[level / 64] >> level % 64 & 1;
}

static bool take_key(struct reader *r) {
    skip_space(r);
    if (!take(r, '"') || !take_string(r))
        return false;
    skip_space(r);
    return take(r, ':');
}

/* Opens brackets until a scalar or an empty one has been read. */
static bool take_down_to_value(struct reader *r) {
    for (;;) {
        bool is_object;
        skip_space(r);
        if (r->at == r->end)
            return false;
        is_object = *r->at == '{';
        if (!is_object && *r->at != '[')
            return take_scalar(r);
        r->at++;
        skip_space(r);
        if (take(r, is_object ? '}' : ']'))
            return r->depth < SPANLOG_JSON_DEPTH_MAX;
        if (!open_level(r, is_object) || (is_object && !take_key(r)))
            return false;
    }
}

bool spanlog_json_valid(const char *text, size_t size) {
    struct reader r = {.at = text, .end = text + size};

    for (;;) {
        if (!take_down_to_value(&r))
            return false;
        skip_space(&r);
        while (r.depth > 0 && take(&r, in_object(&r) ? '}' : ']')) {
            r.depth--;
            skip_space(&r);
        }
        if (r.depth == 0)
            return r.at == r.end && spanlog_utf8_valid(text, size);
        if (!take(&r, ',') || (in_object(&r) && !take_key(&r)))
            return false;
    }
}

/* ---- copying ---------------------------------------------------------------------------- */

static bool has_line_breaks(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\n' || text[i] == '\r' || text[i] == '\t')
            return true;
    return false;
}

/* From a quote to the byte after the closing one, of a valid string. */
static const char *string_end(const char *p) {
    for (p++; *p != '"'; p++)
        if (*p == '\\')
            p++;
    return p + 1;
}

/* A run of characters that spanlog_escape does right: everything but escapes and quotes. */
static const char *run_end(const char *p, const char *end) {
    while (p < end && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* A valid string with its quotes. What is already escaped must not be escaped again. */
static char *copy_string(char *out, char *end, const char *p, const char *p_end) {
    while (p < p_end) {
        const char *next = run_end(p, p_end);
        out = spanlog_escape(out, end, p, (size_t)(next - p));
        if (!out || (next < p_end && !FITS(out, end, 2)))
            return NULL;
        p = next;
        if (p < p_end && *p == '\\')
            *out++ = *p++;
        if (p < p_end)
            *out++ = *p++;
    }
    return out;
}

char *spanlog_json_copy(char *out, char *end, const char *text, size_t size) {
    const char *p = text, *text_end = text + size;
    bool compact = has_line_breaks(text, size);

    while (p < text_end) {
        if (*p == '"') {
            const char *after = string_end(p);
            out = copy_string(out, end, p, after);
            if (!out)
                return NULL;
            p = after;
        } else if (compact && is_space(*p)) {
            p++;
        } else {
            if (!FITS(out, end, 1))
                return NULL;
            *out++ = *p++;
        }
    }
    return out;
}

/* ---- strings ---------------------------------------------------------------------------- */

/* Writes what the escape at *io_text (after its backslash) means. NULL: no escape. */
static char *unescape_one(char *out, const char **io_text, const char *end) {
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *p = *io_text, *name;
    int32_t unit, low;

    if (p == end || *p == '\0')
        return NULL;
    if (*p != 'u') {
        name = strchr(names, *p);
        *io_text = p + 1;
        if (!name)
            return NULL;
        *out = values[name - names];
        return out + 1;
    }
    unit = hex4(p + 1, end);
    if (unit < 0)
        return NULL;
    p += 5;
    if (is_high_surrogate(unit) && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        low = hex4(p + 2, end);
        if (is_low_surrogate(low)) {
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            p += 6;
        }
    }
    *io_text = p;
    return spanlog_utf8_put(out, (uint32_t)unit); /* a lone surrogate becomes U+FFFD */
}

ssize_t spanlog_json_unescape(const char *text, size_t size, char *out) {
    const char *end = text + size, *backslash;
    char *from = out;

    for (;;) {
        backslash = memchr(text, '\\', (size_t)(end - text));
        size_t run = (size_t)((backslash ? backslash : end) - text);
        if (memchr(text, '"', run))
            return -EINVAL;
        memmove(out, text, run);
        out += run;
        if (!backslash)
            return out - from;
        text = backslash + 1;
        out = unescape_one(out, &text, end);
        if (!out)
            return -EINVAL;
    }
}
