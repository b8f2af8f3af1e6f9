/* analyzer/translate/journald_own.c: what our output sent to journald is read as the record it was.
 *
 *     {"TS":"2026-11-21T10:30:45.123456789Z","LEVEL":"info","MESSAGE":"cache miss","HITS":"3",
 *      "SYSLOG_IDENTIFIER":"orders","TRACE_ID":"4bf9...",...,"_PID":"711","__CURSOR":"..."}
 *
 * It is told by TS. Fields are texts: what looks like a number is one. Their names were in lower
 * case, mostly, and what stood for each '_' is not known any more.
 */
#include "src/analyzer/translate/text/text.h"
#include "src/analyzer/translate/wrapped.h"

#include <errno.h>

#include "formatters/json.h"

/* In the order of a canonical line. */
static const struct name {
    const char *field;
    const char *key;
} first[] = {{"TS", "ts"},
             {"LEVEL", "level"},
             {"MESSAGE", "msg"},
             {"SYSLOG_IDENTIFIER", "service"},
             {"TRACE_ID", "trace_id"},
             {"SPAN_ID", "span_id"},
             {"PARENT_ID", "parent_id"},
             {"TRACE_FLAGS", "trace_flags"},
             {"OPERATION", "operation"},
             {"KIND", "kind"},
             {"START", "start"},
             {"DURATION_MS", "duration_ms"},
             {"STATUS", "status"},
             {"STATUS_CODE", "status_code"},
             {"ERROR", "error"},
             {"LOGGER", "logger"},
             {"SRC", "src"},
             {"SYSLOG_PID", "pid"},
             {"TID", "tid"}},
  last[] = {{"EVENTS", "events"},
            {"LINKS", "links"},
            {"SAMPLE_RATIO", "sample_ratio"},
            {"DROPPED_ATTRIBUTES", "dropped_attributes"},
            {"DROPPED_EVENTS", "dropped_events"},
            {"DROPPED_LINKS", "dropped_links"},
            {"_HOSTNAME", "host.name"}};
#define COUNT(table) (sizeof(table) / sizeof *(table))

static bool is(struct spanlog_text name, const char *text) {
    return name.size == strlen(text) && memcmp(name.data, text, name.size) == 0;
}

static bool is_in(struct spanlog_text name, const struct name *table, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (is(name, table[i].field))
            return true;
    return false;
}

static bool is_attribute(struct spanlog_text name) {
    return name.size && name.data[0] != '_' && !is(name, "PRIORITY") &&
           !is_in(name, first, COUNT(first)) && !is_in(name, last, COUNT(last));
}

/* Text, or the bytes that journald shows for what it would not print. */
static struct spanlog_text value_of(const struct spanlog_json_value *value,
                                    struct spanlog_arena *arena) {
    struct spanlog_text text = SPANLOG_TEXT("");
    if (value->type == SPANLOG_JSON_STRING)
        text = spanlog_member_text(value, arena);
    else if (value->type == SPANLOG_JSON_ARRAY)
        spanlog_read_bytes(value, arena, &text);
    return text;
}

static void add(struct spanlog_text_json *json, const char *key, size_t key_size,
                struct spanlog_text value) {
    struct spanlog_text name = {key, (uint32_t)key_size};
    bool list = (is(name, "events") || is(name, "links")) && value.size && *value.data == '[';
    if (list && spanlog_json_valid(value.data, value.size))
        spanlog_text_json_raw(json, name, value);
    else
        spanlog_text_json_add(json, name, value, true);
}

static void add_named(struct spanlog_text_json *json, const struct spanlog_members *members,
                      const struct name *table, size_t count) {
    for (size_t n = 0; n < count; n++)
        for (uint32_t i = 0; i < members->count; i++)
            if (is(members->list[i].name, table[n].field)) {
                add(json, table[n].key, strlen(table[n].key),
                    value_of(&members->list[i].value, json->arena));
                break;
            }
}

static void add_attribute(struct spanlog_text_json *json, const struct spanlog_member *member) {
    char key[64];
    size_t size = member->name.size < sizeof key ? member->name.size : sizeof key;
    for (size_t i = 0; i < size; i++) {
        char c = member->name.data[i];
        key[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    add(json, key, size, value_of(&member->value, json->arena));
}

int spanlog_translate_own_journald(struct spanlog_translator *translator, const char *line,
                                   const char *end) {
    const struct spanlog_members *members = &translator->memory->members;
    struct spanlog_text_json json;
    /* A byte is two characters at least in a list of them, and at most six once escaped. */
    spanlog_text_json_open(&json, 4 * (size_t)(end - line) + 1024, &translator->arena);
    add_named(&json, members, first, COUNT(first));
    for (uint32_t i = 0; i < members->count; i++)
        if (is_attribute(members->list[i].name))
            add_attribute(&json, &members->list[i]);
    add_named(&json, members, last, COUNT(last));
    spanlog_text_json_end(&json);
    return json.text ? spanlog_translate_logger(translator, json.text, json.at) : -ENOMEM;
}
