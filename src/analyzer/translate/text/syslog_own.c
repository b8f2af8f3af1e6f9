/* analyzer/translate/text/syslog_own.c: what the syslog dialect wrote is read as the record that it
 * was.
 *
 *     <14>1 2026-11-21T10:30:45.123456Z web-1 orders 711 - [spanlog@32473 trace_id="4bf9..."] hello
 *
 * It is told by the name of its structured data. Parameters are the record's fields, of which the
 * text says no type: what looks like a number is one.
 */
#include "src/analyzer/translate/text/text.h"

#include <errno.h>
#include <stdlib.h>

#include "formatters/json.h"

#define OUR_DATA "[spanlog@32473"

struct cursor {
    const char *at;
    const char *end;
};

/* ---- parameters ---------------------------------------------------------------------------- */

static const char *find_escaped_bracket(const char *p, const char *end) {
    for (; (p = memchr(p, ']', (size_t)(end - p))) != NULL; p++)
        if (p[-1] == '\\')
            return p;
    return NULL;
}

const char *spanlog_parameter_read(const char *p, const char *end, struct spanlog_arena *arena,
                                   struct spanlog_pair *ret) {
    const char *next = spanlog_pair_read(p, end, arena, ret);
    if (!next || ret->bare)
        return NULL;
    const char *raw = p + ret->key.size + 1, *from = raw; /* with its quotes */
    if (!find_escaped_bracket(raw + 1, next))
        return next;
    char *copy = spanlog_arena_alloc(arena, (size_t)(next - raw) + 16), *to = copy;
    if (!copy)
        return NULL;
    while (from < next) {
        if (*from == '\\' && from[1] != ']')
            *to++ = *from++;
        else if (*from == '\\')
            from++;
        *to++ = *from++;
    }
    return spanlog_quoted_read(copy, to, arena, &ret->value) ? next : NULL;
}

/* ---- the line ------------------------------------------------------------------------------ */

static struct spanlog_text take_word(struct cursor *c) {
    const char *begin = c->at;
    while (c->at < c->end && *c->at != ' ')
        c->at++;
    struct spanlog_text word = {begin, (uint32_t)(c->at - begin)};
    c->at += c->at < c->end;
    return word;
}

/* Header fields that say something. */
static void add_word(struct spanlog_text_json *json, struct spanlog_text key,
                     struct spanlog_text word) {
    if (word.size > 1 || (word.size == 1 && *word.data != '-'))
        spanlog_text_json_add(json, key, word, true);
}

static const char *const levels[8] = {"fatal", "fatal", "fatal", "error",
                                      "warn",  "info",  "info",  "debug"};

static bool is_one_of(struct spanlog_text key, const char *const *names) {
    for (; *names; names++)
        if (strlen(*names) == key.size && memcmp(*names, key.data, key.size) == 0)
            return true;
    return false;
}

/* What stands before the pid in a canonical line. */
static const char *const before_pid[] = {
    "trace_id",    "span_id", "parent_id",   "trace_flags", "operation", "kind", "start",
    "duration_ms", "status",  "status_code", "error",       "logger",    "src",  NULL};
static const char *const lists[] = {"events", "links", NULL};
static const char *const level_name[] = {"level", NULL}, *const service_name[] = {"service", NULL};

struct own {
    struct spanlog_text time, host, process, message, level, service;
    struct cursor data;
};

/* Parameters up to the bracket; level and service stand there if the header has no room for them.
 */
static bool pass_parameters(struct cursor *c, struct spanlog_arena *arena, struct own *own) {
    struct spanlog_pair pair;
    own->data = *c;
    while (c->at < c->end && *c->at == ' ') {
        const char *next = spanlog_parameter_read(c->at + 1, c->end, arena, &pair);
        if (!next)
            return false;
        c->at = next;
        if (is_one_of(pair.key, level_name))
            own->level = pair.value;
        else if (is_one_of(pair.key, service_name))
            own->service = pair.value;
    }
    if (c->at == c->end || *c->at != ']')
        return false;
    c->at += c->end - c->at > 1 ? 2 : 1;
    return true;
}

/* "<14>1 TIME HOST APP PID - [spanlog@32473 ...] message" */
static bool read_own(const char *line, const char *end, struct spanlog_arena *arena,
                     struct own *own) {
    struct cursor c = {line, end};
    const size_t size = sizeof OUR_DATA - 1;
    struct spanlog_text priority = take_word(&c), plain;
    own->time = take_word(&c);
    own->host = take_word(&c);
    own->service = take_word(&c);
    own->process = take_word(&c);
    take_word(&c);
    if ((size_t)(end - c.at) <= size || memcmp(c.at, OUR_DATA, size) != 0 || priority.size < 5)
        return false;
    const char *level = levels[strtoul(priority.data + 1, NULL, 10) & 7];
    own->level = spanlog_text_of(level);
    if (own->service.size == 1 && *own->service.data == '-')
        own->service = SPANLOG_TEXT("");
    c.at += size;
    if (!pass_parameters(&c, arena, own))
        return false;
    own->message = (struct spanlog_text){c.at, (uint32_t)(end - c.at)};
    if (own->message.size > 1 && *c.at == '"' &&
        spanlog_quoted_read(c.at, end, arena, &plain) == end)
        own->message = plain;
    return true;
}

static void add_parameter(struct spanlog_text_json *json, const struct spanlog_pair *pair) {
    bool list = is_one_of(pair->key, lists) && pair->value.size && *pair->value.data == '[' &&
                spanlog_json_valid(pair->value.data, pair->value.size);
    if (list)
        spanlog_text_json_raw(json, pair->key, pair->value);
    else if (!is_one_of(pair->key, level_name) && !is_one_of(pair->key, service_name))
        spanlog_text_json_add(json, pair->key, pair->value, true);
}

/* In the order of a canonical line. */
static void add_all(struct spanlog_text_json *json, struct own *own, struct spanlog_arena *arena) {
    struct spanlog_pair pair;
    struct cursor *c = &own->data;
    bool has_pid = false;
    spanlog_text_json_add(json, SPANLOG_TEXT("ts"), own->time, false);
    spanlog_text_json_add(json, SPANLOG_TEXT("level"), own->level, false);
    spanlog_text_json_add(json, SPANLOG_TEXT("msg"), own->message, false);
    spanlog_text_json_add(json, SPANLOG_TEXT("service"), own->service, false);
    while (c->at && c->at < c->end && *c->at == ' ') {
        c->at = spanlog_parameter_read(c->at + 1, c->end, arena, &pair);
        if (!c->at)
            break;
        if (!has_pid && !is_one_of(pair.key, before_pid))
            add_word(json, SPANLOG_TEXT("pid"), own->process);
        has_pid |= !is_one_of(pair.key, before_pid);
        add_parameter(json, &pair);
    }
    if (!has_pid)
        add_word(json, SPANLOG_TEXT("pid"), own->process);
    add_word(json, SPANLOG_TEXT("host.name"), own->host);
}

int spanlog_translate_own_syslog(struct spanlog_translator *translator, const char *line,
                                 const char *end) {
    struct spanlog_text_json json;
    struct own own;
    if (!read_own(line, end, &translator->arena, &own))
        return 0;
    spanlog_text_json_start(&json, line, end, &translator->arena);
    add_all(&json, &own, &translator->arena);
    spanlog_text_json_end(&json);
    return json.text ? spanlog_translate_logger(translator, json.text, json.at) : -ENOMEM;
}
