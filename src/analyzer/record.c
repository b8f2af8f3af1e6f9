/* analyzer/record.c: see record.h. What the values of a line mean; record_members.c finds them. */
#include "src/analyzer/record_members.h"

#include "formatters/number.h"
#include "formatters/time.h"

#define NS_PER_SECOND 1000000000u

void spanlog_reader_init(struct spanlog_reader *reader, int32_t error_status_min) {
    *reader = (struct spanlog_reader){.keys = spanlog_field_table_canonical(),
                                      .find_quotes = spanlog_quotes_finder(0),
                                      .error_status_min = error_status_min};
}

/* ---- what the values mean ----------------------------------------------------------------- */

static struct spanlog_text string_of(const struct spanlog_json_value *value) {
    if (value->type != SPANLOG_JSON_STRING)
        return (struct spanlog_text){NULL, 0};
    return (struct spanlog_text){value->begin, (uint32_t)(value->end - value->begin)};
}

/* Lines come by time: most have the second of the one before. */
static inline bool is_same_second(const char *a, const char *b) {
    uint64_t a0, a1, b0, b1;
    uint32_t a2, b2;
    memcpy(&a0, a, 8);
    memcpy(&a1, a + 8, 8);
    memcpy(&a2, a + 16, 4);
    memcpy(&b0, b, 8);
    memcpy(&b1, b + 8, 8);
    memcpy(&b2, b + 16, 4);
    return ((a0 ^ b0) | (a1 ^ b1) | (a2 ^ b2)) == 0;
}

static uint64_t new_second(struct spanlog_reader *reader, struct spanlog_text text) {
    uint64_t ns;
    if (!text.data || spanlog_read_rfc3339(text.data, text.size, &ns) < 0)
        return 0;
    if (text.size == 30 && text.data[29] == 'Z' && text.data[19] == '.') {
        memcpy(reader->second, text.data, 20);
        reader->second_ns = ns - ns % NS_PER_SECOND;
    }
    return ns;
}

static inline uint64_t read_time(struct spanlog_reader *reader, struct spanlog_text text) {
    const char *p = text.data;
    if (text.size == 30 && is_same_second(p, reader->second) && p[29] == 'Z') {
        unsigned bad = 0, fraction = spanlog_eight_digits(spanlog_load_digits(p + 20), &bad);
        unsigned last = (unsigned char)p[28] - '0';
        bad |= last > 9;
        if (!bad)
            return reader->second_ns + fraction * 10 + last;
    }
    return new_second(reader, text);
}

uint64_t spanlog_reader_time(struct spanlog_reader *reader, struct spanlog_text text) {
    return read_time(reader, text);
}

static bool read_id_text(const struct spanlog_json_value *value, unsigned digits,
                         struct spanlog_id *id) {
    struct spanlog_text text = string_of(value);
    if (!text.data)
        return false;
    if (text.size == digits && spanlog_hex16(text.data + (digits - 16), &id->low) &&
        (digits == 16 || spanlog_hex16(text.data, &id->high))) {
        if (digits == 16)
            id->high = 0;
        id->opaque = false;
        return id->high || id->low;
    }
    return spanlog_id_read(text, digits, id);
}

/* The template has read the digits already, unless the walk has found the key once more. */
static inline bool read_id(const struct spanlog_record *record, unsigned field, unsigned digits,
                           struct spanlog_id *id) {
    if (record->known >> field & 1)
        return id->high || id->low;
    const struct spanlog_json_value *value = &record->raw[field];
    return value->type != SPANLOG_JSON_ABSENT && read_id_text(value, digits, id);
}

static bool is_text(const struct spanlog_json_value *value, const char *text, size_t size) {
    return value->type == SPANLOG_JSON_STRING && (size_t)(value->end - value->begin) == size &&
           memcmp(value->begin, text, size) == 0;
}
#define IS_TEXT(value, literal) is_text(value, "" literal "", sizeof(literal) - 1)

static uint8_t line_kind(const struct spanlog_json_value *raw) {
    if (raw[SPANLOG_FIELD_OPERATION].type != SPANLOG_JSON_STRING ||
        raw[SPANLOG_FIELD_DURATION_MS].type != SPANLOG_JSON_NUMBER)
        return SPANLOG_LINE_LOG;
    if (IS_TEXT(&raw[SPANLOG_FIELD_MSG], "span completed"))
        return SPANLOG_LINE_SPAN;
    return IS_TEXT(&raw[SPANLOG_FIELD_MSG], "span abandoned") ? SPANLOG_LINE_ABANDONED
                                                              : SPANLOG_LINE_LOG;
}

static bool span_is_error(const struct spanlog_reader *reader,
                          const struct spanlog_record *record) {
    const struct spanlog_json_value *raw = record->raw;
    const struct spanlog_json_value *error = &raw[SPANLOG_FIELD_ERROR];
    const struct spanlog_json_value *code = &raw[SPANLOG_FIELD_STATUS_CODE];
    int64_t number;
    if (record->level >= 17 || IS_TEXT(&raw[SPANLOG_FIELD_STATUS], "error"))
        return true;
    if (error->type != SPANLOG_JSON_ABSENT && error->type != SPANLOG_JSON_NULL &&
        error->type != SPANLOG_JSON_FALSE && !IS_TEXT(error, ""))
        return true;
    return code->type == SPANLOG_JSON_NUMBER &&
           spanlog_read_i64(code->begin, (size_t)(code->end - code->begin), &number) == 0 &&
           number == (int32_t)number &&
           spanlog_is_error_code((int32_t)number, reader->error_status_min);
}

/* Words that come in any order are told apart without a chain of branches: `at` is a perfect hash.
 */
struct word {
    char text[8];
    uint8_t size;
    uint8_t number;
};

static inline bool is_word(const struct word *word, const struct spanlog_json_value *value) {
    return value->type == SPANLOG_JSON_STRING &&
           (size_t)(value->end - value->begin) == word->size &&
           spanlog_field_bytes(value->begin, word->size) ==
               spanlog_field_bytes(word->text, word->size);
}

static uint8_t read_kind(const struct spanlog_json_value *value) {
    /* By the second letter. */
    static const struct word words[8] = {['e' & 7] = {"server", 6, 1},
                                         ['l' & 7] = {"client", 6, 2},
                                         ['r' & 7] = {"producer", 8, 3},
                                         ['o' & 7] = {"consumer", 8, 4},
                                         ['n' & 7] = {"internal", 8, 0}};
    if (value->type == SPANLOG_JSON_ABSENT)
        return 0;
    size_t at = value->begin[1] & 7;
    return is_word(&words[at], value) ? words[at].number : spanlog_kind_read(string_of(value));
}

static void read_span(struct spanlog_reader *reader, struct spanlog_record *record) {
    const struct spanlog_json_value *raw = record->raw;
    const struct spanlog_json_value *duration = &raw[SPANLOG_FIELD_DURATION_MS];
    record->operation = string_of(&raw[SPANLOG_FIELD_OPERATION]);
    record->operation_escaped = raw[SPANLOG_FIELD_OPERATION].escaped;
    record->has_parent = read_id(record, SPANLOG_FIELD_PARENT_ID, 16, &record->parent);
    record->duration_ns = spanlog_milliseconds_read(duration->begin, duration->end);
    record->start_ns =
        raw[SPANLOG_FIELD_START].type ? read_time(reader, string_of(&raw[SPANLOG_FIELD_START])) : 0;
    if (record->start_ns == 0) /* only an end and a duration */
        record->start_ns =
            record->time_ns > record->duration_ns ? record->time_ns - record->duration_ns : 0;
    record->span_kind = read_kind(&raw[SPANLOG_FIELD_KIND]);
    record->is_error = span_is_error(reader, record);
}

static uint8_t read_level(const struct spanlog_json_value *value) {
    static const struct word words[8] = {['i' & 7] = {"info", 4, 9},
                                         ['d' & 7] = {"debug", 5, 5},
                                         ['w' & 7] = {"warn", 4, 13},
                                         ['e' & 7] = {"error", 5, 17},
                                         ['f' & 7] = {"fatal", 5, 21}};
    int64_t number;
    if (value->type == SPANLOG_JSON_ABSENT)
        return 0;
    size_t at = *value->begin & 7;
    if (is_word(&words[at], value))
        return words[at].number;
    if (value->type == SPANLOG_JSON_STRING)
        return spanlog_level_read(string_of(value));
    if (value->type == SPANLOG_JSON_NUMBER &&
        spanlog_read_i64(value->begin, (size_t)(value->end - value->begin), &number) == 0 &&
        number > 0 && number <= 24)
        return (uint8_t)number;
    return 0;
}

const char *spanlog_record_read(struct spanlog_reader *reader, const char *line,
                                struct spanlog_record *ret) {
    struct spanlog_json_value *raw = ret->raw;
#pragma GCC unroll 32 /* as a loop it costs as much as all ids together */
    for (unsigned field = 0; field < SPANLOG_FIELD_COUNT; field++)
        raw[field].type = SPANLOG_JSON_ABSENT;
    ret->trace.opaque = ret->span.opaque = ret->parent.opaque = false;
    ret->span.high = ret->parent.high = 0;
    ret->known = 0;
    ret->others = 0;
    ret->repeated = false;
    struct spanlog_json_walk walk = {.at = line};
    spanlog_record_members(reader, &walk, ret);
    if (!walk.problem)
        spanlog_json_close(&walk);
    if (walk.problem)
        return walk.problem;
    ret->end = walk.at;
    ret->line_kind = line_kind(raw);
    ret->level = read_level(&raw[SPANLOG_FIELD_LEVEL]);
    ret->time_ns = read_time(reader, string_of(&raw[SPANLOG_FIELD_TS]));
    ret->service = string_of(&raw[SPANLOG_FIELD_SERVICE]);
    ret->service_escaped = ret->service.data && raw[SPANLOG_FIELD_SERVICE].escaped;
    ret->trace_text = string_of(&raw[SPANLOG_FIELD_TRACE_ID]);
    ret->has_trace = read_id(ret, SPANLOG_FIELD_TRACE_ID, 32, &ret->trace);
    ret->has_span = read_id(ret, SPANLOG_FIELD_SPAN_ID, 16, &ret->span);
    ret->has_parent = false;
    ret->is_error = false;
    if (ret->line_kind != SPANLOG_LINE_LOG)
        read_span(reader, ret);
    return NULL;
}
