/* analyzer/read/json.h: walks one JSON line, strictly, without recursion and without copying.
 *
 *     struct spanlog_json_walk walk = {.at = line};
 *     struct spanlog_json_value key, value;
 *     for (int more = spanlog_json_open(&walk); more > 0; more = spanlog_json_next(&walk))
 *         if (!spanlog_json_member(&walk, &key, &value))
 *             break;
 *     if (walk.problem) ...
 *
 * A line must be ended by '\n', and SPANLOG_JSON_PADDING readable bytes follow it. No token can
 * hold a newline: so nothing here compares against an end. Everything is checked: grammar, escapes,
 * UTF-8, numbers, nesting up to SPANLOG_JSON_DEPTH.
 */
#ifndef SPANLOG_ANALYZER_READ_JSON_H
#define SPANLOG_ANALYZER_READ_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "formatters/json.h"

#if defined(__SSE2__) && !defined(SPANLOG_PORTABLE)
#include <emmintrin.h>
#define SPANLOG_JSON_SSE2 1
#endif

#define SPANLOG_JSON_PADDING 64
/* What writers refuse, readers need not take. */
#define SPANLOG_JSON_DEPTH SPANLOG_JSON_DEPTH_MAX

enum spanlog_json_type {
    SPANLOG_JSON_ABSENT = 0,
    SPANLOG_JSON_STRING, /* begin..end is the text between the quotes, escapes as they are */
    SPANLOG_JSON_NUMBER,
    SPANLOG_JSON_TRUE,
    SPANLOG_JSON_FALSE,
    SPANLOG_JSON_NULL,
    SPANLOG_JSON_OBJECT, /* begin..end with the brackets */
    SPANLOG_JSON_ARRAY
};

struct spanlog_json_value {
    const char *begin;
    const char *end;
    uint8_t type;
    bool escaped; /* a string with a backslash in it */
};

struct spanlog_json_walk {
    const char *at;
    const char *problem; /* NULL, or what is wrong, at `at` */
};

#ifdef SPANLOG_JSON_SSE2
/* Bits of the 16 bytes at p that are a quote, a backslash, a control or not ASCII. */
static inline unsigned spanlog_json_stops(const char *p) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    /* Signed: bytes from 0x80 up are below the space, too. */
    __m128i stop = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')),
                                _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                             _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    return (unsigned)_mm_movemask_epi8(stop);
}
#endif

/* The first byte that is a quote, a backslash, a control or not ASCII. For keys and other strings
 * that mostly end within 16 bytes. */
static inline const char *spanlog_json_plain_short(const char *p) {
#ifdef SPANLOG_JSON_SSE2
    for (;; p += 16) {
        unsigned mask = spanlog_json_stops(p);
        if (mask)
            return p + __builtin_ctz(mask);
    }
#else
    while (*p != '"' && *p != '\\' && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80)
        p++;
    return p;
#endif
}

/* The same for strings that mostly end within 32 bytes, some before and some behind 16: one branch
 * for both, since a branch guessed wrong costs more than a block. */
static inline const char *spanlog_json_plain(const char *p) {
#ifdef SPANLOG_JSON_SSE2
    for (;; p += 32) {
        unsigned mask = spanlog_json_stops(p) | spanlog_json_stops(p + 16) << 16;
        if (mask)
            return p + __builtin_ctz(mask);
    }
#else
    return spanlog_json_plain_short(p);
#endif
}

/* The first byte that is no digit, if it is one of the first 16; else something not behind it. */
static inline const char *spanlog_json_digits(const char *p) {
#ifdef SPANLOG_JSON_SSE2
    __m128i digit =
        _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), _mm_set1_epi8('0'));
    __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
    return p + __builtin_ctz(~(unsigned)_mm_movemask_epi8(is_digit));
#else
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
#endif
}

/* Continues a string at a byte that is not plain; returns the closing quote, or NULL. */
const char *spanlog_json_string_rest(struct spanlog_json_walk *walk, const char *p, bool *escaped);
/* The byte after the value that begins at p, or NULL. */
const char *spanlog_json_number(const char *p);
const char *spanlog_json_nested(struct spanlog_json_walk *walk, const char *p);
const char *spanlog_json_word(struct spanlog_json_walk *walk, const char *p, uint8_t *type);

/* Most numbers are a few digits, or these, a point and some more. */
static inline const char *spanlog_json_number_quick(const char *p) {
    const char *end = spanlog_json_digits(p);
    bool plain = (end > p) & ((*p != '0') | (end == p + 1));
    if (plain && *end == '.') {
        p = end + 1;
        end = spanlog_json_digits(p);
        plain = end > p;
    }
    if (plain && (unsigned char)(*end - '0') > 9 && *end != '.' && (*end | 0x20) != 'e')
        return end;
    return NULL;
}

static inline const char *spanlog_json_number_at(const char *p) {
    const char *end = spanlog_json_number_quick(p);
    return end ? end : spanlog_json_number(p);
}

/* p is behind the opening quote. Returns the closing one, or NULL. */
static inline const char *spanlog_json_string(struct spanlog_json_walk *walk, const char *p,
                                              bool *escaped) {
    *escaped = false;
    p = spanlog_json_plain(p);
    return *p == '"' ? p : spanlog_json_string_rest(walk, p, escaped);
}

static inline const char *spanlog_json_blank(const char *p) {
    while (*p == ' ' || *p == '\t' || *p == '\r')
        p++;
    return p;
}

static inline bool spanlog_json_fail(struct spanlog_json_walk *walk, const char *at,
                                     const char *problem) {
    walk->at = at;
    if (!walk->problem)
        walk->problem = problem;
    return false;
}

/* Any value at p (no blanks before it). Returns the byte after it, or NULL. */
static inline const char *spanlog_json_value_at(struct spanlog_json_walk *walk, const char *p,
                                                struct spanlog_json_value *ret) {
    ret->escaped = false;
    if (*p == '"') {
        ret->type = SPANLOG_JSON_STRING;
        ret->begin = p + 1;
        ret->end = spanlog_json_string(walk, p + 1, &ret->escaped);
        return ret->end ? ret->end + 1 : NULL;
    }
    ret->begin = p;
    if ((*p >= '0' && *p <= '9') || *p == '-') {
        ret->type = SPANLOG_JSON_NUMBER;
        ret->end = spanlog_json_number_at(p);
        if (!ret->end)
            spanlog_json_fail(walk, p, "bad number");
        return ret->end;
    }
    if (*p == '{' || *p == '[') {
        ret->type = *p == '{' ? SPANLOG_JSON_OBJECT : SPANLOG_JSON_ARRAY;
        return ret->end = spanlog_json_nested(walk, p);
    }
    return ret->end = spanlog_json_word(walk, p, &ret->type);
}

/* Behind `{`: 1 with `at` on the first key's quote, 0 when the object is empty, -1 on a problem. */
static inline int spanlog_json_open(struct spanlog_json_walk *walk) {
    const char *p = spanlog_json_blank(walk->at);
    if (*p != '{') {
        spanlog_json_fail(walk, p, "not a JSON object");
        return -1;
    }
    p = spanlog_json_blank(p + 1);
    walk->at = *p == '}' ? p + 1 : p;
    return *p == '}' ? 0 : 1;
}

/* `at` on a key: reads `"key": value` and leaves `at` behind the value. */
static inline bool spanlog_json_member(struct spanlog_json_walk *walk,
                                       struct spanlog_json_value *key,
                                       struct spanlog_json_value *value) {
    const char *p = walk->at;
    if (*p != '"')
        return spanlog_json_fail(walk, p, "a key is missing");
    key->begin = p + 1;
    key->escaped = false;
    key->end = spanlog_json_plain_short(p + 1);
    if (*key->end != '"')
        key->end = spanlog_json_string_rest(walk, key->end, &key->escaped);
    if (!key->end)
        return false;
    p = key->end + 1;
    if (*p != ':') {
        p = spanlog_json_blank(p);
        if (*p != ':')
            return spanlog_json_fail(walk, p, "a colon is missing");
    }
    p++;
    if ((unsigned char)*p <= ' ')
        p = spanlog_json_blank(p);
    p = spanlog_json_value_at(walk, p, value);
    if (!p)
        return false;
    walk->at = p;
    return true;
}

/* Behind a value: 1 with `at` on the next key, 0 behind the closing bracket, -1 on a problem. */
static inline int spanlog_json_next(struct spanlog_json_walk *walk) {
    const char *p = walk->at;
    if (walk->problem)
        return -1;
    if (*p != ',' && *p != '}')
        p = spanlog_json_blank(p);
    if (*p == ',') {
        p++;
        walk->at = *p == '"' ? p : spanlog_json_blank(p);
        return 1;
    }
    if (*p == '}') {
        walk->at = p + 1;
        return 0;
    }
    spanlog_json_fail(walk, p, "a comma or a bracket is missing");
    return -1;
}

/* Behind the object: true when only blanks follow up to the newline, where `at` then stands. */
static inline bool spanlog_json_close(struct spanlog_json_walk *walk) {
    if (*walk->at != '\n')
        walk->at = spanlog_json_blank(walk->at);
    return *walk->at == '\n' || spanlog_json_fail(walk, walk->at, "text behind the object");
}

#endif
