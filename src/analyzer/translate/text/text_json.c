/* analyzer/translate/text/text_json.c: see text.h. */
#include "src/analyzer/translate/text/text.h"

#include "formatters/escape.h"

/* ---- writing ------------------------------------------------------------------------------ */

static bool is_plain(char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void spanlog_text_json_start(struct spanlog_text_json *json, const char *line, const char *end,
                             struct spanlog_arena *arena) {
    size_t size = (size_t)(end - line), most = size + 1024;
    for (const char *p = line; p < end; p++)
        most += is_plain(*p) ? 0 : 6;
    for (const char *p = line; p < end; p++)
        most += *p == '=' ? 8 : 0;
    spanlog_text_json_open(json, most, arena);
}

void spanlog_text_json_open(struct spanlog_text_json *json, size_t most,
                            struct spanlog_arena *arena) {
    json->arena = arena;
    json->text = json->at = spanlog_arena_alloc(arena, most + SPANLOG_JSON_PADDING);
    json->end = json->text ? json->text + most : NULL;
}

static void put(struct spanlog_text_json *json, const char *text, size_t size) {
    if (!json->text || (size_t)(json->end - json->at) < size + 16)
        return; /* cannot be: the room was measured */
    memcpy(json->at, text, size);
    json->at += size;
}

static void put_string(struct spanlog_text_json *json, struct spanlog_text text) {
    if (!json->text)
        return;
    put(json, "\"", 1);
    char *end = spanlog_escape(json->at, json->end - 16, text.data ? text.data : "", text.size);
    json->at = end ? end : json->at;
    put(json, "\"", 1);
}

static void put_key(struct spanlog_text_json *json, struct spanlog_text key) {
    put(json, json->at == json->text ? "{" : ",", 1);
    put_string(json, key);
    put(json, ":", 1);
}

void spanlog_text_json_raw(struct spanlog_text_json *json, struct spanlog_text key,
                           struct spanlog_text value) {
    put_key(json, key);
    put(json, value.data, value.size);
}

/* Keys whose values are text whatever they look like: ids, names, messages. */
static bool asks_for_text(struct spanlog_text key) {
    const struct spanlog_dialect_keys *keys = spanlog_dialect_keys();
    char padded[96];
    if (key.size > sizeof padded - 16)
        return false;
    memcpy(padded, key.data, key.size);
    memset(padded + key.size, 0, 16);
    uint16_t number = spanlog_dialect_key(keys, padded, key.size);
    switch (keys->meanings[keys->dialect_count - 1][number].meaning) {
    case SPANLOG_MEANS_NOTHING:
    case SPANLOG_MEANS_LEVEL:
    case SPANLOG_MEANS_SOURCE_LINE:
    case SPANLOG_MEANS_PID:
    case SPANLOG_MEANS_TID:
    case SPANLOG_MEANS_DURATION_MS:
    case SPANLOG_MEANS_STATUS_CODE:
    case SPANLOG_MEANS_EVENTS:
    case SPANLOG_MEANS_LINKS:
    case SPANLOG_MEANS_SAMPLE_RATIO:
    case SPANLOG_MEANS_DROPPED_ATTRIBUTES:
    case SPANLOG_MEANS_DROPPED_EVENTS:
    case SPANLOG_MEANS_DROPPED_LINKS:
        return false;
    default:
        return true;
    }
}

static bool is_json_word(struct spanlog_text value) {
    char padded[SPANLOG_JSON_PADDING + 32] = "";
    if (value.size == 0 || value.size > 32)
        return false;
    memcpy(padded, value.data, value.size);
    if (*padded == '-' || (*padded >= '0' && *padded <= '9'))
        return spanlog_json_number_at(padded) == padded + value.size;
    return strcmp(padded, "true") == 0 || strcmp(padded, "false") == 0 ||
           strcmp(padded, "null") == 0;
}

void spanlog_text_json_add(struct spanlog_text_json *json, struct spanlog_text key,
                           struct spanlog_text value, bool bare) {
    put_key(json, key);
    if (bare && is_json_word(value) && !asks_for_text(key))
        put(json, value.data, value.size);
    else
        put_string(json, value);
}

void spanlog_text_json_end(struct spanlog_text_json *json) {
    put(json, json->at == json->text ? "{}" : "}", json->at == json->text ? 2 : 1);
    if (!json->text)
        return;
    *json->at = '\n';
    memset(json->at + 1, 0, SPANLOG_JSON_PADDING - 1);
}

/* ---- reading ------------------------------------------------------------------------------ */

const char *spanlog_quoted_read(const char *p, const char *end, struct spanlog_arena *arena,
                                struct spanlog_text *ret) {
    const char *begin = ++p;
    bool escaped = false;
    for (; p < end && *p != '"'; p++)
        if (*p == '\\' && p + 1 < end) {
            escaped = true;
            p++;
        }
    if (p >= end)
        return NULL;
    *ret = (struct spanlog_text){begin, (uint32_t)(p - begin)};
    if (escaped) {
        char *plain = spanlog_arena_alloc(arena, ret->size + 16);
        ssize_t size = plain ? spanlog_json_unescape(begin, ret->size, plain) : -1;
        if (size >= 0) /* else with escapes that are not JSON's, as they stand */
            *ret = (struct spanlog_text){plain, (uint32_t)size};
    }
    return p + 1;
}

const char *spanlog_pair_read(const char *p, const char *end, struct spanlog_arena *arena,
                              struct spanlog_pair *ret) {
    const char *key = p;
    while (p < end && !spanlog_key_breaks((unsigned char)*p))
        p++;
    if (p == key || p == end || *p != '=')
        return NULL;
    ret->key = (struct spanlog_text){key, (uint32_t)(p - key)};
    p++;
    ret->bare = p == end || *p != '"';
    if (!ret->bare)
        return spanlog_quoted_read(p, end, arena, &ret->value);
    const char *value = p;
    while (p < end && *p != ' ' && *p != '\t')
        p++;
    ret->value = (struct spanlog_text){value, (uint32_t)(p - value)};
    return p;
}
