/* analyzer/read/record.h: what every question needs of a line, read in one pass.
 *
 *     struct spanlog_reader reader;
 *     spanlog_reader_init(&reader, 500);
 *     struct spanlog_record record;
 *     const char *problem = spanlog_record_read(&reader, line, &record);
 *     if (!problem && record.has_trace) ...
 *
 * Texts point into the line and keep their escapes; `_escaped` says so. The whole line is checked,
 * as json.h describes, also behind the last field that is needed. A reader belongs to one thread.
 */
#ifndef SPANLOG_ANALYZER_READ_RECORD_H
#define SPANLOG_ANALYZER_READ_RECORD_H

#include "src/analyzer/read/ahead.h"
#include "src/analyzer/read/form.h"

struct spanlog_reader {
    const struct spanlog_field_table *keys;
    int32_t error_status_min;
    char second[20]; /* the last timestamp's, "2026-11-21T10:30:45.", and what it means */
    uint64_t second_ns;
    /* Of raw values msg and pid are enough, and of log lines no span; the level of spans only. */
    bool is_brief;
    struct spanlog_ahead ahead;
    struct spanlog_forms forms;
};

struct spanlog_record {
    struct spanlog_id trace;
    struct spanlog_id span;
    struct spanlog_id parent;
    uint64_t time_ns; /* 0: unknown */
    uint64_t start_ns;
    uint64_t duration_ns;
    struct spanlog_text service;
    struct spanlog_text operation;
    struct spanlog_text trace_text; /* the raw id */
    struct spanlog_text peer;       /* whom a span names as its other side; form.h */
    struct spanlog_json_value raw[SPANLOG_FIELD_COUNT + 1];
    const char *end;   /* where the line's newline stands */
    uint32_t others;   /* members that are no field of the dialect */
    bool repeated;     /* a field was given twice */
    uint8_t line_kind; /* enum spanlog_line_kind */
    uint8_t level;
    uint8_t span_kind;
    bool has_trace, has_span, has_parent;
    bool service_escaped, operation_escaped;
    bool is_error; /* of a span */
    bool peer_escaped;
    uint8_t peer_rank; /* of the key that named it */
};

void spanlog_reader_init(struct spanlog_reader *reader, int32_t error_status_min);

/* The line is ended by '\n'. NULL, or what is wrong with it, e.g. "not a JSON object"; then the
 * record, also its end, is not set. */
const char *spanlog_record_read(struct spanlog_reader *reader, const char *line,
                                struct spanlog_record *ret);

/* The field that a key names, or SPANLOG_FIELD_COUNT. */
unsigned spanlog_escaped_field(const struct spanlog_field_table *keys,
                               const struct spanlog_json_value *key);
static inline unsigned spanlog_key_field(const struct spanlog_field_table *keys,
                                         const struct spanlog_json_value *key) {
    return key->escaped ? spanlog_escaped_field(keys, key)
                        : spanlog_field_find(keys, key->begin, (size_t)(key->end - key->begin));
}

/* Whether that is the line's message. */
static inline bool spanlog_record_says(const struct spanlog_record *record, const char *message) {
    const struct spanlog_json_value *own = &record->raw[SPANLOG_FIELD_MSG];
    size_t size = strlen(message);
    return own->type == SPANLOG_JSON_STRING && (size_t)(own->end - own->begin) == size &&
           memcmp(own->begin, message, size) == 0;
}

/* A field that holds a whole number of at most 10 digits, such as a pid; else 0. */
static inline uint32_t spanlog_record_number(const struct spanlog_record *record,
                                             enum spanlog_field field) {
    const struct spanlog_json_value *value = &record->raw[field];
    uint64_t number = 0;
    if (value->type != SPANLOG_JSON_NUMBER || value->end - value->begin > 10)
        return 0;
    for (const char *p = value->begin; p < value->end && *p >= '0' && *p <= '9'; p++)
        number = 10 * number + (uint64_t)(*p - '0');
    return (uint32_t)number;
}

uint64_t spanlog_reader_new_time(struct spanlog_reader *reader, struct spanlog_text text);
/* A timestamp, by way of the reader's memory of the last second. 0: unreadable. */
uint64_t spanlog_reader_time(struct spanlog_reader *reader, struct spanlog_text text);

#endif
