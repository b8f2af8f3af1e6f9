/* analyzer/translate/text/text_logfmt.c: key=value, of any logger, and what dialect_pretty.c
 * writes.
 *
 *     ts=2026-11-21T10:30:45.123Z level=info msg="cache miss" trace_id=... hits=3
 *     10:30:45.123Z INFO  [orders] cache miss  key=user:7 hits=3 trace_id=…4a5b6c7d
 *
 * Words without a value, as some write them, are true. Pretty lines have no date: theirs is the
 * first of 1970, so that order and distance of the lines stay.
 */
#include "src/analyzer/translate/text/text.h"

#include <errno.h>

#include "formatters/json.h"
#include "formatters/number.h"
#include "formatters/utf8.h"

static bool is_text(struct spanlog_text text, const char *word) {
    return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static const char *skip_blanks(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

static int translate_json(struct spanlog_translator *translator, struct spanlog_text_json *json) {
    spanlog_text_json_end(json);
    if (!json->text)
        return -ENOMEM;
    return spanlog_translate_logger(translator, json->text, json->at);
}

/* Ours writes these as JSON in quotes. */
static bool is_list(const struct spanlog_pair *pair) {
    return !pair->bare && pair->value.size && *pair->value.data == '[' &&
           (is_text(pair->key, "events") || is_text(pair->key, "links")) &&
           spanlog_json_valid(pair->value.data, pair->value.size);
}

static void add_word(struct spanlog_text_json *json, const char *word, const char *end) {
    spanlog_text_json_add(json, (struct spanlog_text){word, (uint32_t)(end - word)},
                          SPANLOG_TEXT("true"), true);
}

/* Pairs and words up to the end. */
static void add_pairs(struct spanlog_text_json *json, const char *p, const char *end,
                      bool is_span) {
    struct spanlog_pair pair;
    while ((p = skip_blanks(p, end)) < end) {
        const char *next = spanlog_pair_read(p, end, json->arena, &pair);
        if (next && is_span && is_list(&pair)) {
            spanlog_text_json_raw(json, pair.key, pair.value);
        } else if (next) {
            spanlog_text_json_add(json, pair.key, pair.value, pair.bare);
        } else {
            next = p;
            while (next < end && *next != ' ' && *next != '\t')
                next++;
            add_word(json, p, next);
        }
        p = next;
    }
}

/* The text is checked where it is written: what is no UTF-8 becomes U+FFFD. */
int spanlog_translate_logfmt(struct spanlog_translator *translator, const char *line,
                             const char *end) {
    struct spanlog_text_json json;
    struct spanlog_pair pair;
    const char *p = skip_blanks(line, end), *next;
    unsigned pairs = 0, words = 0;
    if (p == end || *p == '{' || *p == '[' || !spanlog_pair_read(p, end, &translator->arena, &pair))
        return 0;
    /* Prose that begins with an equation is none: more words than pairs. */
    bool is_span = false;
    for (const char *q = p; q < end; q = skip_blanks(next, end)) {
        next = spanlog_pair_read(q, end, &translator->arena, &pair);
        if (next) {
            pairs++;
            is_span |= is_text(pair.key, "operation");
        } else {
            words++;
            for (next = q; next < end && *next != ' ' && *next != '\t';)
                next++;
        }
    }
    if (words > pairs || memchr(p, 0, (size_t)(end - p)) != NULL)
        return 0;
    spanlog_text_json_start(&json, line, end, &translator->arena);
    add_pairs(&json, p, end, is_span);
    return translate_json(translator, &json);
}

/* ---- pretty ------------------------------------------------------------------------------- */

static bool has_form(const char *p, const char *form) {
    for (; *form; p++, form++)
        if (*form == '0' ? (*p < '0' || *p > '9') : *p != *form)
            return false;
    return true;
}

/* Without what a terminal obeys; NULL: no memory. */
static char *without_colors(const char *line, const char *end, struct spanlog_arena *arena,
                            char **ret_end) {
    char *copy = spanlog_arena_alloc(arena, (size_t)(end - line) + SPANLOG_JSON_PADDING), *to;
    if (!copy)
        return NULL;
    for (to = copy; line < end; line++) {
        if (*line == '\033' && line + 1 < end && line[1] == '[') {
            while (line < end && *line != 'm')
                line++;
            continue;
        }
        *to++ = *line;
    }
    memset(to, 0, SPANLOG_JSON_PADDING);
    *to = '\n';
    *ret_end = to;
    return copy;
}

/* Text that is bare up to `stop`, or quoted. Returns what stands behind it, or NULL. */
static const char *read_text(const char *p, const char *end, const char *stop,
                             struct spanlog_arena *arena, struct spanlog_text *ret) {
    if (p < end && *p == '"')
        return spanlog_quoted_read(p, end, arena, ret);
    const char *to = memmem(p, (size_t)(end - p), stop, strlen(stop));
    to = to ? to : end;
    *ret = (struct spanlog_text){p, (uint32_t)(to - p)};
    return to;
}

struct pretty {
    struct spanlog_text time, level, service, message, operation, duration, status, code;
};

static const char *take_word(const char *p, const char *end, struct spanlog_text *ret) {
    const char *word = p = skip_blanks(p, end);
    while (p < end && *p != ' ')
        p++;
    *ret = (struct spanlog_text){word, (uint32_t)(p - word)};
    return p;
}

/* " db.query 45.2ms error 500 " */
static const char *read_span(const char *p, const char *end, struct spanlog_arena *arena,
                             struct pretty *ret) {
    struct spanlog_text word;
    p = skip_blanks(p, end);
    p = p < end && *p == '"' ? spanlog_quoted_read(p, end, arena, &ret->operation)
                             : take_word(p, end, &ret->operation);
    p = p ? take_word(p, end, &ret->duration) : NULL;
    if (!p || ret->duration.size < 3 ||
        memcmp(ret->duration.data + ret->duration.size - 2, "ms", 2) != 0)
        return NULL;
    ret->duration.size -= 2;
    /* Two spaces end this part. */
    for (unsigned i = 0; i < 2 && p + 1 < end && p[1] != ' '; i++) {
        const char *next = take_word(p, end, &word);
        if (memchr(word.data, '=', word.size))
            break;
        if (is_text(word, "ok") || is_text(word, "error"))
            ret->status = word;
        else
            ret->code = word;
        p = next;
    }
    return p;
}

static const char *read_head(const char *p, const char *end, struct spanlog_arena *arena,
                             struct pretty *ret) {
    const char *level = p + 14;
    if (end - p < 20 || !has_form(p, "00:00:00.000Z ") || level[5] != ' ')
        return NULL;
    ret->time = (struct spanlog_text){p, 12};
    ret->level = (struct spanlog_text){level, level[4] == ' ' ? 4 : 5};
    if (!spanlog_reading_level(ret->level))
        return NULL;
    p = level + 6;
    if (p < end && *p == '[') {
        p = read_text(p + 1, end, "] ", arena, &ret->service);
        if (!p || end - p < 1 || *p != ']')
            return NULL;
        p += p + 1 < end ? 2 : 1;
    }
    return read_text(p, end, "  ", arena, &ret->message);
}

/* "events=3 dropped_events=1": what the lists would have held is lost as well. Whether the pair was
 * one of these. */
static bool add_lost(struct spanlog_pair *pair, int64_t *events, int64_t *links) {
    bool of_events = is_text(pair->key, "events") || is_text(pair->key, "dropped_events");
    bool of_links = is_text(pair->key, "links") || is_text(pair->key, "dropped_links");
    int64_t count;
    if ((!of_events && !of_links) || !pair->bare || pair->value.size > 9 ||
        spanlog_read_i64(pair->value.data, pair->value.size, &count) < 0)
        return false;
    *(of_events ? events : links) += count;
    return true;
}

static void add_count(struct spanlog_text_json *json, struct spanlog_text key, int64_t count) {
    char digits[SPANLOG_NUMBER_MAX];
    if (count > 0)
        spanlog_text_json_raw(
            json, key,
            (struct spanlog_text){digits, (uint32_t)(spanlog_put_i64(digits, count) - digits)});
}

static void add_fields(struct spanlog_text_json *json, const char *p, const char *end,
                       bool is_span) {
    struct spanlog_pair pair;
    int64_t events = 0, links = 0;
    while ((p = skip_blanks(p, end)) < end &&
           (p = spanlog_pair_read(p, end, json->arena, &pair)) != NULL) {
        if (!is_span || !add_lost(&pair, &events, &links))
            spanlog_text_json_add(json, pair.key, pair.value, pair.bare);
    }
    add_count(json, SPANLOG_TEXT("dropped_events"), events);
    add_count(json, SPANLOG_TEXT("dropped_links"), links);
}

static void add_head(struct spanlog_text_json *json, const struct pretty *line, bool has_time) {
    char time[32] = "1970-01-01T00:00:00.000000000Z";
    memcpy(time + 11, line->time.data, 12);
    if (!has_time)
        spanlog_text_json_add(json, SPANLOG_TEXT("ts"), (struct spanlog_text){time, 30}, false);
    const char *level = spanlog_level_word(spanlog_reading_level(line->level));
    spanlog_text_json_add(json, SPANLOG_TEXT("level"), spanlog_text_of(level), false);
    spanlog_text_json_add(json, SPANLOG_TEXT("msg"), line->message, false);
    spanlog_text_json_add(json, SPANLOG_TEXT("service"), line->service, false);
}

static void add_span(struct spanlog_text_json *json, const struct pretty *line) {
    spanlog_text_json_add(json, SPANLOG_TEXT("operation"), line->operation, false);
    spanlog_text_json_add(json, SPANLOG_TEXT("duration_ms"), line->duration, true);
    if (line->status.size)
        spanlog_text_json_add(json, SPANLOG_TEXT("status"), line->status, false);
    if (line->code.size)
        spanlog_text_json_add(json, SPANLOG_TEXT("status_code"), line->code, true);
}

int spanlog_translate_pretty(struct spanlog_translator *translator, const char *line,
                             const char *end) {
    const struct spanlog_line *outer = translator->memory->outer;
    struct spanlog_text_json json;
    struct pretty pretty = {.service = {"", 0}};
    if (*line == '\033') {
        char *copy_end, *copy = without_colors(line, end, &translator->arena, &copy_end);
        if (!copy)
            return -ENOMEM;
        line = copy;
        end = copy_end;
    }
    const char *p = read_head(line, end, &translator->arena, &pretty);
    if (!p)
        return 0;
    bool is_span =
        is_text(pretty.message, "span completed") || is_text(pretty.message, "span abandoned");
    const char *behind = is_span ? read_span(p, end, &translator->arena, &pretty) : NULL;
    spanlog_text_json_start(&json, line, end, &translator->arena);
    add_head(&json, &pretty, outer && outer->time_ns);
    if (behind)
        add_span(&json, &pretty);
    add_fields(&json, behind ? behind : p, end, behind != NULL);
    return translate_json(translator, &json);
}
