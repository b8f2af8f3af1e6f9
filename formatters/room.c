/* formatters/room.c: see spanlog_line_room in dialect.h. */
#include "formatters/dialect.h"

/* What OTLP makes of a short element: `1,` becomes `{"intValue":"1"},`. */
#define JSON_GROWTH 12

/* Escapes make at most six bytes of one. */
static size_t most_of_text(struct spanlog_text text) {
    return 6 * (size_t)text.size + 32;
}

static size_t most_of_attributes(const struct spanlog_attribute *attributes, uint32_t count) {
    size_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct spanlog_value *value = &attributes[i].value;
        bool is_text = value->type == SPANLOG_VALUE_TEXT || value->type == SPANLOG_VALUE_HEX;
        size_t growth = is_text ? 6 : value->type == SPANLOG_VALUE_JSON ? JSON_GROWTH : 0;
        most += most_of_text(attributes[i].key) + 128;
        if (growth)
            most += growth * value->size;
    }
    return most;
}

size_t spanlog_line_room(const struct spanlog_line *line) {
    size_t most = 4096 + line->head.size + line->tail.size + most_of_text(line->message) +
                  most_of_text(line->service) + most_of_text(line->logger) +
                  most_of_text(line->source) + most_of_text(line->operation) +
                  most_of_text(line->error) + most_of_text(line->trace_text) +
                  most_of_text(line->span_text) + most_of_text(line->parent_text) +
                  128 * (size_t)line->link_count +
                  most_of_attributes(line->attributes, line->attribute_count);
    for (uint32_t i = 0; i < line->event_count; i++)
        most += 128 + most_of_text(line->events[i].name) +
                most_of_attributes(line->events[i].attributes, line->events[i].attribute_count);
    return most;
}
