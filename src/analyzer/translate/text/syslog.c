/* analyzer/translate/text/syslog.c: lines that went through syslog.
 *
 *     <165>1 2026-11-21T10:30:45.123Z host app 711 ID47 [meta seq="1"] {"level":"info",...}
 *     <34>Nov 21 10:30:45 host app[711]: {"level":"info",...}           RFC 3164, also without <34>
 *
 * A message that holds a JSON object is cut to it. The old form has no year: that of the last time
 * with a date counts; before the first one, the time is left out. What the syslog dialect wrote is
 * told by the name of its structured data, and read as the record that it was.
 */
#include "src/analyzer/translate/text/text.h"

#include <errno.h>

#include "formatters/json.h"
#include "formatters/number.h"

#define SD_MAX 64 /* parameters of the structured data that are kept */

struct cursor {
    const char *at;
    const char *end;
};

static struct spanlog_text take_word(struct cursor *c) {
    const char *begin = c->at;
    while (c->at < c->end && *c->at != ' ')
        c->at++;
    struct spanlog_text word = {begin, (uint32_t)(c->at - begin)};
    if (c->at < c->end)
        c->at++;
    return word;
}

/* "-" stands for nothing. */
static bool says(struct spanlog_text word) {
    return word.size && !(word.size == 1 && *word.data == '-');
}

static bool take_priority(struct cursor *c, struct spanlog_line *outer) {
    unsigned value = 0, digits = 0;
    const char *p = c->at + 1;
    for (; p < c->end && *p >= '0' && *p <= '9' && digits < 3; p++, digits++)
        value = 10 * value + (unsigned)(*p - '0');
    if (digits == 0 || p >= c->end || *p != '>' || value > 191)
        return false;
    outer->level = spanlog_reading_level_number(value & 7, SPANLOG_SCALE_SYSLOG);
    c->at = p + 1;
    return true;
}

static uint32_t process_of(struct spanlog_text digits) {
    uint64_t pid;
    return spanlog_read_u64(digits.data, digits.size, &pid) == 0 && pid <= UINT32_MAX
               ? (uint32_t)pid
               : 0;
}

static void add_attribute(struct spanlog_line *outer, struct spanlog_attribute *attributes,
                          struct spanlog_text key, struct spanlog_text value) {
    if (outer->attribute_count == SD_MAX) {
        outer->dropped_attributes++;
        return;
    }
    struct spanlog_attribute *a = &attributes[outer->attribute_count++];
    *a = (struct spanlog_attribute){.key = key, .value = {.type = SPANLOG_VALUE_TEXT}};
    a->value.size = value.size;
    a->value.text = value.data;
    outer->attributes = attributes;
}

/* ---- structured data ---------------------------------------------------------------------- */

static void add_parameter(struct spanlog_line *outer, struct spanlog_attribute *attributes,
                          const struct spanlog_pair *pair, struct spanlog_arena *arena) {
    char padded[80] = "";
    const struct spanlog_dialect_keys *keys = spanlog_dialect_keys();
    uint8_t meaning = 0;
    if (pair->key.size <= 64) {
        memcpy(padded, pair->key.data, pair->key.size);
        meaning = keys->meanings[keys->dialect_count - 1]
                                [spanlog_dialect_key(keys, padded, pair->key.size)]
                                    .meaning;
    }
    if (meaning == SPANLOG_MEANS_TRACE_ID && spanlog_line_set_trace(outer, pair->value, arena))
        return;
    if (meaning == SPANLOG_MEANS_SPAN_ID && spanlog_line_set_span(outer, pair->value, arena))
        return;
    add_attribute(outer, attributes, pair->key, pair->value);
}

/* [id key="value" ...][...] or "-"; false when it is neither. */
static bool take_data(struct cursor *c, struct spanlog_line *outer,
                      struct spanlog_attribute *attributes, struct spanlog_arena *arena) {
    struct spanlog_pair pair;
    if (c->at < c->end && *c->at == '-') {
        c->at += c->end - c->at > 1 ? 2 : 1;
        return true;
    }
    if (c->at == c->end || *c->at != '[')
        return false;
    while (c->at < c->end && *c->at == '[') {
        while (c->at < c->end && *c->at != ' ' && *c->at != ']')
            c->at++;
        while (c->at < c->end && *c->at == ' ') {
            const char *next = spanlog_parameter_read(c->at + 1, c->end, arena, &pair);
            if (!next)
                return false;
            add_parameter(outer, attributes, &pair, arena);
            c->at = next;
        }
        if (c->at == c->end || *c->at != ']')
            return false;
        c->at++;
    }
    if (c->at < c->end && *c->at == ' ')
        c->at++;
    return true;
}

static bool take_rfc5424(struct spanlog_translator *translator, struct cursor *c,
                         struct spanlog_line *outer, struct spanlog_attribute *attributes) {
    if (c->end - c->at < 10 || memcmp(c->at, "1 ", 2) != 0)
        return false;
    c->at += 2;
    struct spanlog_text time = take_word(c), host = take_word(c), app = take_word(c),
                        process = take_word(c), id = take_word(c);
    if (says(time) && !spanlog_translate_time(translator, time, &outer->time_ns))
        return false;
    if (says(app))
        outer->service = app;
    if (says(process))
        outer->pid = process_of(process);
    if (says(host))
        add_attribute(outer, attributes, SPANLOG_TEXT("host.name"), host);
    if (says(id))
        add_attribute(outer, attributes, SPANLOG_TEXT("msgid"), id);
    if (!take_data(c, outer, attributes, &translator->arena))
        return false;
    if (c->end - c->at >= 3 && memcmp(c->at, "\xEF\xBB\xBF", 3) == 0)
        c->at += 3;
    return true;
}

/* ---- RFC 3164 ----------------------------------------------------------------------------- */

static unsigned month_at(const char *p) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (unsigned i = 0; i < 12; i++)
        if (memcmp(p, months + 3 * (size_t)i, 3) == 0)
            return i + 1;
    return 0;
}

static int two_digits(const char *p) {
    int tens = *p == ' ' ? 0 : *p - '0', ones = p[1] - '0';
    return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : 10 * tens + ones;
}

/* "Nov 21 10:30:45 " */
static bool take_old_time(struct spanlog_translator *translator, struct cursor *c,
                          struct spanlog_line *outer) {
    const char *p = c->at;
    unsigned month = c->end - p < 17 ? 0 : month_at(p);
    int64_t year = translator->memory->year;
    if (!month || p[3] != ' ' || p[6] != ' ' || p[9] != ':' || p[12] != ':' || p[15] != ' ')
        return false;
    int day = two_digits(p + 4), hour = two_digits(p + 7), minute = two_digits(p + 10),
        second = two_digits(p + 13);
    if (day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60)
        return false;
    c->at += 16;
    if (year >= 1970 && year < 2554) {
        int64_t days = spanlog_days_of_date(year, month, (unsigned)day);
        outer->time_ns = (uint64_t)(days * 86400 + hour * 3600 + minute * 60 + second) * 1000000000;
    }
    return true;
}

/* "app[711]: " or "app: " */
static bool take_tag(struct cursor *c, struct spanlog_line *outer) {
    const char *p = c->at;
    while (p < c->end && *p != ' ' && *p != ':' && *p != '[')
        p++;
    if (p == c->at || p == c->end || *p == ' ' || p - c->at > 64)
        return false;
    outer->service = (struct spanlog_text){c->at, (uint32_t)(p - c->at)};
    if (*p == '[') {
        const char *digits = p + 1;
        const char *close = memchr(p, ']', (size_t)(c->end - p));
        if (!close || close + 1 >= c->end || close[1] != ':')
            return false;
        outer->pid = process_of((struct spanlog_text){digits, (uint32_t)(close - digits)});
        p = close + 1;
    }
    c->at = p + 1;
    if (c->at < c->end && *c->at == ' ')
        c->at++;
    return true;
}

static bool take_rfc3164(struct spanlog_translator *translator, struct cursor *c,
                         struct spanlog_line *outer, struct spanlog_attribute *attributes) {
    if (!take_old_time(translator, c, outer))
        return false;
    struct cursor no_host = *c;
    if (take_tag(&no_host, outer)) { /* what a program sends to /dev/log has none */
        *c = no_host;
        return true;
    }
    struct spanlog_text host = take_word(c);
    if (says(host))
        add_attribute(outer, attributes, SPANLOG_TEXT("host.name"), host);
    take_tag(c, outer);
    return true;
}

/* ---- the message -------------------------------------------------------------------------- */

static struct spanlog_text cut_to_object(struct spanlog_text text) {
    const char *brace = text.size ? memchr(text.data, '{', text.size) : NULL;
    if (!brace)
        return text;
    struct spanlog_text object = {brace, (uint32_t)(text.data + text.size - brace)};
    return spanlog_json_valid(object.data, object.size) ? object : text;
}

int spanlog_translate_syslog(struct spanlog_translator *translator, const char *line,
                             const char *end) {
    struct cursor c = {line, end};
    struct spanlog_line outer = {0};
    bool has_priority = *line == '<';
    if (has_priority ? !take_priority(&c, &outer) : (end - line < 17 || !month_at(line)))
        return 0;
    struct spanlog_attribute *attributes =
        spanlog_arena_array(&translator->arena, SD_MAX, sizeof *attributes);
    if (!attributes)
        return -ENOMEM;
    int rc = has_priority ? spanlog_translate_own_syslog(translator, line, end) : 0;
    if (rc != 0)
        return rc;
    if (!(has_priority && take_rfc5424(translator, &c, &outer, attributes)) &&
        !take_rfc3164(translator, &c, &outer, attributes))
        return 0;
    struct spanlog_text message = {c.at, (uint32_t)(end - c.at)};
    outer.message = message;
    if (message.size == 0) {
        rc = spanlog_emit(translator, &outer);
        return rc < 0 ? rc : 1;
    }
    return spanlog_translate_inner(translator, cut_to_object(message), &outer);
}
