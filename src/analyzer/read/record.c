/* analyzer/read/record.c: see record.h. What the values of a line mean; record_members.c finds
 * them. */
#include "src/analyzer/read/record_members.h"
#include "src/analyzer/read/record_values.h"

#include "formatters/number.h"
#include "formatters/time.h"

#define NS_PER_SECOND 1000000000u

void spanlog_reader_init(struct spanlog_reader *reader, int32_t error_status_min) {
    reader->keys = spanlog_field_table_canonical();
    reader->error_status_min = error_status_min;
    reader->is_brief = false;
    memset(reader->second, 0, sizeof reader->second);
    reader->ahead.find = spanlog_quotes_finder(0);
    spanlog_ahead_begin(&reader->ahead, NULL, NULL);
    spanlog_forms_init(&reader->forms);
}

/* ---- what the values mean ----------------------------------------------------------------- */

uint64_t spanlog_reader_new_time(struct spanlog_reader *reader, struct spanlog_text text) {
    uint64_t ns;
    if (!text.data || spanlog_read_rfc3339(text.data, text.size, &ns) < 0)
        return 0;
    if (text.size == 30 && text.data[29] == 'Z' && text.data[19] == '.') {
        memcpy(reader->second, text.data, 20);
        reader->second_ns = ns - ns % NS_PER_SECOND;
    }
    return ns;
}

uint64_t spanlog_reader_time(struct spanlog_reader *reader, struct spanlog_text text) {
    return read_time(reader, text);
}

static struct spanlog_text string_of(const struct spanlog_json_value *value) {
    if (value->type != SPANLOG_JSON_STRING)
        return (struct spanlog_text){NULL, 0};
    return (struct spanlog_text){value->begin, (uint32_t)(value->end - value->begin)};
}

static inline bool id_of(const struct spanlog_json_value *value, unsigned digits,
                         struct spanlog_id *id) {
    return value->type == SPANLOG_JSON_STRING && read_id(string_of(value), digits, id);
}

static uint8_t line_kind(const struct spanlog_json_value *raw) {
    if (raw[SPANLOG_FIELD_OPERATION].type != SPANLOG_JSON_STRING ||
        raw[SPANLOG_FIELD_DURATION_MS].type != SPANLOG_JSON_NUMBER)
        return SPANLOG_LINE_LOG;
    return read_span_kind(string_of(&raw[SPANLOG_FIELD_MSG]));
}

static bool span_is_error(const struct spanlog_reader *reader,
                          const struct spanlog_record *record) {
    const struct spanlog_json_value *raw = record->raw;
    const struct spanlog_json_value *error = &raw[SPANLOG_FIELD_ERROR];
    const struct spanlog_json_value *code = &raw[SPANLOG_FIELD_STATUS_CODE];
    int64_t number;
    if (record->level >= 17 || IS_TEXT(string_of(&raw[SPANLOG_FIELD_STATUS]), "error"))
        return true;
    if (error->type != SPANLOG_JSON_ABSENT && error->type != SPANLOG_JSON_NULL &&
        error->type != SPANLOG_JSON_FALSE &&
        !(error->type == SPANLOG_JSON_STRING && error->begin == error->end))
        return true;
    return code->type == SPANLOG_JSON_NUMBER &&
           spanlog_read_i64(code->begin, (size_t)(code->end - code->begin), &number) == 0 &&
           number == (int32_t)number &&
           spanlog_is_error_code((int32_t)number, reader->error_status_min);
}

static void read_span(struct spanlog_reader *reader, struct spanlog_record *record) {
    const struct spanlog_json_value *raw = record->raw;
    const struct spanlog_json_value *duration = &raw[SPANLOG_FIELD_DURATION_MS];
    const struct spanlog_json_value *kind = &raw[SPANLOG_FIELD_KIND];
    record->operation = string_of(&raw[SPANLOG_FIELD_OPERATION]);
    record->operation_escaped = raw[SPANLOG_FIELD_OPERATION].escaped;
    record->has_parent = id_of(&raw[SPANLOG_FIELD_PARENT_ID], 16, &record->parent);
    record->duration_ns = spanlog_milliseconds_read(duration->begin, duration->end);
    record->start_ns =
        raw[SPANLOG_FIELD_START].type ? read_time(reader, string_of(&raw[SPANLOG_FIELD_START])) : 0;
    if (record->start_ns == 0) /* only an end and a duration */
        record->start_ns =
            record->time_ns > record->duration_ns ? record->time_ns - record->duration_ns : 0;
    record->span_kind = kind->type == SPANLOG_JSON_STRING ? read_kind(string_of(kind)) : 0;
    record->is_error = span_is_error(reader, record);
}

static uint8_t level_of(const struct spanlog_json_value *value) {
    int64_t number;
    if (value->type == SPANLOG_JSON_STRING)
        return read_level(string_of(value));
    if (value->type == SPANLOG_JSON_NUMBER &&
        spanlog_read_i64(value->begin, (size_t)(value->end - value->begin), &number) == 0 &&
        number > 0 && number <= 24)
        return (uint8_t)number;
    return 0;
}

const char *spanlog_record_read(struct spanlog_reader *reader, const char *line,
                                struct spanlog_record *ret) {
    const struct spanlog_json_value *raw = ret->raw;
    struct spanlog_found found;
    spanlog_record_find(reader, line, &found);
    if (reader->is_brief && found.fits &&
        (found.form->use == SPANLOG_FORM_LOG || found.form->use == SPANLOG_FORM_SPAN) &&
        spanlog_record_brief(reader, found.form, &found.places, ret)) {
        spanlog_forms_use(&reader->forms, found.form);
        return NULL;
    }
    ret->trace.opaque = ret->span.opaque = ret->parent.opaque = false;
    ret->span.high = ret->parent.high = 0;
    struct spanlog_json_walk walk = {.at = line};
    spanlog_record_members(reader, &found, &walk, ret);
    if (!walk.problem)
        spanlog_json_close(&walk);
    if (walk.problem)
        return walk.problem;
    ret->end = walk.at;
    ret->line_kind = line_kind(raw);
    ret->level = level_of(&raw[SPANLOG_FIELD_LEVEL]);
    ret->time_ns = read_time(reader, string_of(&raw[SPANLOG_FIELD_TS]));
    ret->service = string_of(&raw[SPANLOG_FIELD_SERVICE]);
    ret->service_escaped = ret->service.data && raw[SPANLOG_FIELD_SERVICE].escaped;
    ret->trace_text = string_of(&raw[SPANLOG_FIELD_TRACE_ID]);
    ret->has_trace = id_of(&raw[SPANLOG_FIELD_TRACE_ID], 32, &ret->trace);
    ret->has_span = id_of(&raw[SPANLOG_FIELD_SPAN_ID], 16, &ret->span);
    ret->has_parent = false;
    ret->is_error = false;
    if (ret->line_kind != SPANLOG_LINE_LOG)
        read_span(reader, ret);
    return NULL;
}
