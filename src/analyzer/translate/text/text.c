/* analyzer/translate/text/text.c: lines that are none of the formats: the text is the message.
 *
 *     2026-11-21 10:30:45,123 WARN [trace_id=4bf9... span_id=00f0...] - disk is nearly full
 *
 * A time, a level and ids are taken from the front of the line, ids also from anywhere in it as
 * trace_id=...; what is left is the message. Text without ids belongs to no span.
 */
#include "src/analyzer/translate/text/text.h"

#include <errno.h>

#include "formatters/utf8.h"

#define FRONT_PARTS_MAX 12
#define KEY_MAX 64
#define VALUE_MAX 256

/* ---- is it text? -------------------------------------------------------------------------- */

/* No zero bytes, and less than a tenth of it something else than UTF-8. */
static bool is_readable(const char *p, const char *end) {
    size_t bad = 0, size = (size_t)(end - p);
    uint32_t code;
    if (memchr(p, 0, size))
        return false;
    if (spanlog_utf8_valid(p, size))
        return true;
    while (p < end) {
        int length = spanlog_utf8_next(p, end, &code);
        bad += length < 0 ? (size_t)-length : 0;
        p += length < 0 ? -length : length;
    }
    return bad < size / 10 + 1;
}

/* ---- the front ---------------------------------------------------------------------------- */

static const char *skip_separators(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '|' || *p == ']' || *p == '\r' ||
                       (*p == '-' && (p + 1 == end || p[1] == ' ' || p[1] == '-')) ||
                       (*p == ':' && (p + 1 == end || p[1] == ' '))))
        p++;
    return p;
}

static bool is_time_byte(char c) {
    return (c >= '0' && c <= '9') || strchr("-:/.,+TZt", c) != NULL;
}

/* A date, and a clock behind a T or one blank. Returns the end of it, or p. */
static const char *take_time(struct spanlog_translator *translator, const char *p, const char *end,
                             uint64_t *ret_ns) {
    const char *to = p;
    if (end - p < 19 || !(p[4] == '-' || p[4] == '/') || p[13] != ':')
        return p;
    while (to < end && to - p < 40 && *to && (is_time_byte(*to) || to - p == 10))
        to++;
    while (to > p + 19 && strchr("-:.,/+", to[-1]))
        to--;
    struct spanlog_text text = {p, (uint32_t)(to - p)};
    return spanlog_translate_time(translator, text, ret_ns) ? to : p;
}

/* "WARN", also in brackets or before a colon. Returns the end of it, or p. */
static const char *take_level(const char *p, const char *end, uint8_t *ret) {
    const char *to = p;
    while (to < end && ((*to | 0x20) >= 'a' && (*to | 0x20) <= 'z'))
        to++;
    struct spanlog_text word = {p, (uint32_t)(to - p)};
    /* Words of prose that are levels, too: only where they look like one. */
    bool upper = word.size >= 2 && *p < 'a' && p[1] < 'a';
    bool marked = to < end && (*to == ']' || *to == ':' || *to == '|');
    if (word.size < 3 || !(upper || marked))
        return p;
    uint8_t level = spanlog_reading_level(word);
    if (!level)
        return p;
    *ret = level;
    return to;
}

static uint8_t meaning_of(struct spanlog_text key) {
    const struct spanlog_dialect_keys *keys = spanlog_dialect_keys();
    char padded[80] = "";
    if (key.size > 64)
        return SPANLOG_MEANS_NOTHING;
    memcpy(padded, key.data, key.size);
    return keys->meanings[keys->dialect_count - 1][spanlog_dialect_key(keys, padded, key.size)]
        .meaning;
}

/* A value ends at what closes a group of pairs. */
static struct spanlog_text trimmed(struct spanlog_text value) {
    for (uint32_t i = 0; i < value.size; i++)
        if (strchr("],;)", value.data[i]))
            value.size = i;
    return value;
}

static bool take_pair(struct spanlog_translator *translator, const struct spanlog_pair *pair,
                      struct spanlog_line *line) {
    struct spanlog_arena *arena = &translator->arena;
    struct spanlog_text value = pair->bare ? trimmed(pair->value) : pair->value;
    const char *wanted = translator->settings.trace_key;
    if (wanted && !line->trace_text.data && value.size && pair->key.size == strlen(wanted) &&
        memcmp(pair->key.data, wanted, pair->key.size) == 0)
        line->trace_text = value;
    switch (meaning_of(pair->key)) {
    case SPANLOG_MEANS_TRACE_ID:
        return spanlog_line_set_trace(line, value, arena);
    case SPANLOG_MEANS_SPAN_ID:
        return spanlog_line_set_span(line, value, arena);
    case SPANLOG_MEANS_SERVICE:
        if (!line->service.size)
            line->service = value;
        return true;
    default:
        return false;
    }
}

/* "[trace_id=... span_id=...]": behind it when there was an id among its pairs, else p. */
static const char *take_group(struct spanlog_translator *translator, const char *p, const char *end,
                              struct spanlog_line *line) {
    const char *close = p < end && *p == '[' ? memchr(p, ']', (size_t)(end - p)) : NULL;
    struct spanlog_pair pair;
    bool any = false, only = true;
    if (!close)
        return p;
    for (const char *q = p + 1; q < close && only;) {
        const char *next = spanlog_pair_read(q, close, &translator->arena, &pair);
        only = next != NULL;
        any |= next && take_pair(translator, &pair, line);
        for (q = next; q && q < close && (*q == ' ' || *q == ',' || *q == ';');)
            q++;
    }
    return any && only ? close + 1 : p;
}

/* Time, level and ids in any order, as long as there are any. */
static const char *take_front(struct spanlog_translator *translator, const char *p, const char *end,
                              struct spanlog_line *line) {
    for (unsigned i = 0; i < FRONT_PARTS_MAX; i++) {
        const char *inner = p < end && *p == '[' ? p + 1 : p, *next = inner;
        if (!line->time_ns)
            next = take_time(translator, inner, end, &line->time_ns);
        if (next == inner && !line->level)
            next = take_level(inner, end, &line->level);
        if (next == inner)
            next = take_group(translator, p, end, line);
        else if (inner > p && (next == end || *next != ']'))
            return p; /* a bracket that holds more than that stays */
        if (next == inner || next == p)
            return p;
        p = skip_separators(next, end);
    }
    return p;
}

/* ---- web servers -------------------------------------------------------------------------- */

/* "[21/Nov/2026:10:30:45 +0100]" of the common log format. */
static void take_web_time(const char *p, const char *end, struct spanlog_line *line) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *bracket = memchr(p, '[', (size_t)(end - p));
    char text[26];
    if (!bracket || end - bracket < 28 || bracket[3] != '/' || bracket[7] != '/' ||
        bracket[12] != ':' || bracket[21] != ' ' || bracket[27] != ']')
        return;
    for (unsigned month = 0; month < 12; month++) {
        if (memcmp(bracket + 4, months + 3 * (size_t)month, 3) != 0)
            continue;
        memcpy(text, bracket + 8, 4);
        text[4] = text[7] = '-';
        text[5] = (char)('0' + (month + 1) / 10);
        text[6] = (char)('0' + (month + 1) % 10);
        memcpy(text + 8, bracket + 1, 2);
        text[10] = 'T';
        memcpy(text + 11, bracket + 13, 8);
        memcpy(text + 19, bracket + 22, 5);
        spanlog_reading_time((struct spanlog_text){text, 24}, &line->time_ns);
    }
}

/* ---- the line ----------------------------------------------------------------------------- */

/* Pairs anywhere in the text, which stay in the message. */
static void find_ids(struct spanlog_translator *translator, const char *p, const char *end,
                     struct spanlog_line *line) {
    struct spanlog_pair pair;
    for (const char *equals = p; (equals = memchr(equals, '=', (size_t)(end - equals))); equals++) {
        const char *key = equals;
        while (key > p && equals - key < KEY_MAX && !spanlog_key_breaks((unsigned char)key[-1]) &&
               !strchr("[(,;", key[-1]))
            key--;
        const char *most = end - equals > VALUE_MAX ? equals + VALUE_MAX : end;
        if (key < equals && spanlog_pair_read(key, most, &translator->arena, &pair))
            take_pair(translator, &pair, line);
    }
}

int spanlog_translate_text(struct spanlog_translator *translator, const char *line,
                           const char *end) {
    struct spanlog_line record = {.line_kind = SPANLOG_LINE_LOG};
    if (!is_readable(line, end)) {
        translator->problem = "not text";
        return 1;
    }
    while (end > line && (end[-1] == '\r' || end[-1] == ' '))
        end--;
    const char *p = take_front(translator, line, end, &record);
    find_ids(translator, p, end, &record);
    if (!record.time_ns)
        take_web_time(p, end, &record);
    record.message = (struct spanlog_text){p, (uint32_t)(end - p)};
    int rc = spanlog_emit(translator, &record);
    return rc < 0 ? rc : 1;
}
