/* analyzer/translate/translate.c: see translate.h: which format a line has, and where the result
 * goes. */
#include "src/analyzer/translate/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formatters/dialect.h"

void spanlog_translator_init(struct spanlog_translator *translator,
                             const struct spanlog_translate_settings *settings) {
    *translator = (struct spanlog_translator){.settings = *settings};
}

void spanlog_translator_free(struct spanlog_translator *translator) {
    free(translator->out);
    spanlog_arena_free(&translator->arena);
    *translator = (struct spanlog_translator){0};
}

static char *reserve(struct spanlog_translator *translator, size_t size) {
    size_t wanted = translator->size + size + SPANLOG_JSON_PADDING;
    if (wanted > translator->room) {
        size_t room = translator->room ? 2 * translator->room : 65536;
        while (room < wanted)
            room *= 2;
        char *grown = realloc(translator->out, room);
        if (!grown)
            return NULL;
        translator->out = grown;
        translator->room = room;
    }
    return translator->out + translator->size;
}

/* Escapes make at most six bytes of one. */
static size_t most_of_text(struct spanlog_text text) {
    return 6 * (size_t)text.size + 32;
}

static size_t most_of_attributes(const struct spanlog_attribute *attributes, uint32_t count) {
    size_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct spanlog_value *value = &attributes[i].value;
        bool is_text = value->type == SPANLOG_VALUE_TEXT || value->type == SPANLOG_VALUE_HEX ||
                       value->type == SPANLOG_VALUE_JSON;
        most += most_of_text(attributes[i].key) + (is_text ? 6 * (size_t)value->size : 0) + 128;
    }
    return most;
}

static size_t most_of_line(const struct spanlog_line *line) {
    size_t most = 4096 + most_of_text(line->message) + most_of_text(line->service) +
                  most_of_text(line->logger) + most_of_text(line->source) +
                  most_of_text(line->operation) + most_of_text(line->error) +
                  most_of_text(line->trace_text) + most_of_text(line->span_text) +
                  most_of_text(line->parent_text) + 128 * (size_t)line->link_count +
                  most_of_attributes(line->attributes, line->attribute_count);
    for (uint32_t i = 0; i < line->event_count; i++)
        most += 128 + most_of_text(line->events[i].name) +
                most_of_attributes(line->events[i].attributes, line->events[i].attribute_count);
    return most;
}

int spanlog_emit(struct spanlog_translator *translator, const struct spanlog_line *line) {
    size_t most = most_of_line(line);
    char *to = reserve(translator, most);
    char *end = to ? spanlog_dialect_json.write(line, to, to + most) : NULL;
    if (!end)
        return -ENOMEM;
    translator->size += (size_t)(end - to);
    translator->count++;
    return 0;
}

static const struct {
    const char *name;
    spanlog_translate_function *function;
} formats[] = {
    {"otlp", spanlog_translate_otlp},
    {"otel-console", spanlog_translate_otel_console},
    {"jaeger", spanlog_translate_jaeger},
    {"zipkin", spanlog_translate_zipkin},
    {"chrome", spanlog_translate_chrome},
    {"loki", spanlog_translate_loki},
    {NULL, NULL},
};

bool spanlog_translate_knows(const char *name) {
    const char *known;
    for (size_t i = 0; (known = spanlog_translate_name_at(i)) != NULL; i++)
        if (strcmp(known, name) == 0)
            return true;
    return false;
}

const char *spanlog_translate_name_at(size_t index) {
    return index < sizeof formats / sizeof formats[0] ? formats[index].name : NULL;
}

int spanlog_translate(struct spanlog_translator *translator, const char *line, const char *end) {
    translator->size = 0;
    translator->count = 0;
    translator->problem = NULL;
    spanlog_arena_reset(&translator->arena);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0] && formats[i].function; i++) {
        int rc = formats[i].function(translator, line, end);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
    translator->problem = "not a JSON object";
    return 0;
}
