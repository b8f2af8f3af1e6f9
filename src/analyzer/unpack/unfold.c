/* analyzer/unpack/unfold.c: see unfold.h. A byte machine of depth, string and escape. Strings,
 * which are most of a document, are copied 16 bytes at a time. */
#include "src/analyzer/unpack/unfold.h"

#include <stdbool.h>
#include <string.h>

#if defined __SSE2__ && !defined SPANLOG_PORTABLE
#include <emmintrin.h>
#define UNFOLD_SSE2 1
#endif

enum state {
    BETWEEN, /* values */
    AFTER,   /* a value has just ended */
    TEXT,    /* that is none, up to its newline */
    VALUE,
    LINE_START, /* in a value */
    STRING,
    ESCAPE,
};

struct machine {
    struct spanlog_unfold *unfold;
    const char *in;
    const char *end;
    char *out;
    const char *begin; /* of out */
};

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static void insert_newline(struct machine *m) {
    *m->out++ = '\n';
    m->unfold->inserted++;
}

static void enter(struct spanlog_unfold *unfold, char bracket) {
    uint64_t bit = unfold->depth < 64 ? (uint64_t)1 << unfold->depth : 0;
    unfold->objects = bracket == '{' ? unfold->objects | bit : unfold->objects & ~bit;
    unfold->depth++;
}

/* Copies what is plain in a string; stops at a quote, a backslash or a newline. */
static void copy_string(struct machine *m) {
#ifdef UNFOLD_SSE2
    const __m128i quote = _mm_set1_epi8('"'), escape = _mm_set1_epi8('\\'),
                  newline = _mm_set1_epi8('\n');
    while (m->end - m->in >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)m->in);
        _mm_storeu_si128((__m128i *)(void *)m->out, bytes);
        __m128i stops =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, escape)),
                         _mm_cmpeq_epi8(bytes, newline));
        unsigned mask = (unsigned)_mm_movemask_epi8(stops);
        unsigned plain = mask ? (unsigned)__builtin_ctz(mask) : 16;
        m->in += plain;
        m->out += plain;
        if (mask)
            return;
    }
#endif
    while (m->in < m->end && *m->in != '"' && *m->in != '\\' && *m->in != '\n')
        *m->out++ = *m->in++;
}

static void in_string(struct machine *m) {
    struct spanlog_unfold *unfold = m->unfold;
    copy_string(m);
    if (m->in == m->end)
        return;
    char c = *m->in++;
    *m->out++ = c;
    if (c == '"') {
        unfold->state = VALUE;
    } else if (c == '\\') {
        unfold->state = ESCAPE;
    } else {
        unfold->state = BETWEEN;
        unfold->depth = 0;
        if (unfold->mode == SPANLOG_UNFOLD_UNDECIDED)
            unfold->mode = SPANLOG_UNFOLD_LINES;
    }
}

static void in_escape(struct machine *m) {
    m->unfold->state = STRING;
    if (*m->in != '\n') /* or else the string sees it */
        *m->out++ = *m->in++;
}

/* What was written last and is no blank. */
static char last_of_line(const struct machine *m) {
    const char *p = m->out;
    while (p > m->begin && is_blank(p[-1]))
        p--;
    return p > m->begin ? p[-1] : m->unfold->last;
}

/* A table is quicker than four comparisons a byte. */
static const unsigned char means_something[256] = {
    ['"'] = 1, ['{'] = 1, ['}'] = 1, ['['] = 1, [']'] = 1, ['\n'] = 1};

static void in_value(struct machine *m) {
    struct spanlog_unfold *unfold = m->unfold;
    while (m->in < m->end && !means_something[(unsigned char)*m->in])
        *m->out++ = *m->in++;
    if (m->in == m->end)
        return;
    char c = *m->in++;
    *m->out++ = c == '\n' ? ' ' : c;
    if (c == '"') {
        unfold->state = STRING;
    } else if (c == '{' || c == '[') {
        enter(unfold, c);
    } else if (c == '\n') {
        unfold->before = last_of_line(m);
        unfold->state = LINE_START;
    } else if (--unfold->depth == 0) {
        unfold->state = AFTER;
    }
}

/* Whether a value that goes on with c in a new line could be JSON. */
static bool goes_on(const struct spanlog_unfold *unfold, char c) {
    bool in_object = unfold->depth <= 64 && unfold->objects >> (unfold->depth - 1) & 1;
    switch (unfold->before) {
    case ',':
        return !in_object || c == '"';
    case '{':
        return c == '"' || c == '}';
    case '[':
    case ':':
        return true;
    default:
        return c == ',' || c == ':' || c == ']' || c == '}';
    }
}

/* The first byte of a line decides whether the value goes on. */
static void at_line_start(struct machine *m) {
    struct spanlog_unfold *unfold = m->unfold;
    char c = *m->in;
    if (is_blank(c) || c == '\n') {
        *m->out++ = c == '\n' ? ' ' : c;
        m->in++;
        return;
    }
    if (goes_on(unfold, c)) {
        unfold->mode = SPANLOG_UNFOLD_DOCUMENT;
        unfold->state = VALUE;
        return;
    }
    insert_newline(m);
    unfold->state = BETWEEN;
    unfold->depth = 0;
    if (unfold->mode == SPANLOG_UNFOLD_UNDECIDED)
        unfold->mode = SPANLOG_UNFOLD_LINES;
}

/* In the first line, behind its value: a second value makes a document of it. */
static void behind_first_value(struct machine *m) {
    struct spanlog_unfold *unfold = m->unfold;
    char c = *m->in;
    if (c == '{' || c == '[') {
        insert_newline(m);
        unfold->mode = SPANLOG_UNFOLD_DOCUMENT;
        unfold->state = BETWEEN;
        return;
    }
    *m->out++ = c;
    m->in++;
    if (!is_blank(c))
        unfold->mode = SPANLOG_UNFOLD_LINES;
}

static void behind_value(struct machine *m) {
    char c = *m->in;
    m->unfold->state = BETWEEN;
    if (is_blank(c) || c == '\n') {
        *m->out++ = '\n';
        m->in++;
    } else {
        insert_newline(m);
    }
}

static void between_values(struct machine *m) {
    struct spanlog_unfold *unfold = m->unfold;
    char c = *m->in++;
    *m->out++ = c;
    if (is_blank(c) || c == '\n')
        return;
    bool opens = c == '{' || c == '[';
    if (unfold->mode == SPANLOG_UNFOLD_START)
        unfold->mode = opens ? SPANLOG_UNFOLD_UNDECIDED : SPANLOG_UNFOLD_LINES;
    unfold->state = opens ? VALUE : TEXT;
    unfold->depth = 0;
    if (opens)
        enter(unfold, c);
}

static void in_text(struct machine *m) {
    const char *newline = memchr(m->in, '\n', (size_t)(m->end - m->in));
    size_t size = (size_t)((newline ? newline + 1 : m->end) - m->in);
    memcpy(m->out, m->in, size);
    m->in += size;
    m->out += size;
    if (newline)
        m->unfold->state = BETWEEN;
}

size_t spanlog_unfold(struct spanlog_unfold *unfold, const char *in, size_t size, char *out) {
    struct machine m = {unfold, in, in + size, out, out};
    while (m.in < m.end && unfold->mode != SPANLOG_UNFOLD_LINES) {
        if (unfold->state == VALUE)
            in_value(&m);
        else if (unfold->state == STRING)
            in_string(&m);
        else if (unfold->state == LINE_START)
            at_line_start(&m);
        else if (unfold->state == ESCAPE)
            in_escape(&m);
        else if (unfold->state == BETWEEN)
            between_values(&m);
        else if (unfold->state == TEXT)
            in_text(&m);
        else if (unfold->mode == SPANLOG_UNFOLD_UNDECIDED)
            behind_first_value(&m);
        else
            behind_value(&m);
    }
    unfold->last = last_of_line(&m);
    size_t rest = (size_t)(m.end - m.in);
    memcpy(m.out, m.in, rest);
    return (size_t)(m.out - out) + rest;
}
