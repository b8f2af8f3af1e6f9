/* analyzer/translate/known.c: see known.h. What a form means is put into its table of fields, as if
 * its keys were spanlog's own. The rules are those of filling.c and logger_span.c, for the lines
 * that need few of them. */
#include "src/analyzer/translate/known.h"
#include "formatters/number.h"
#include "src/analyzer/translate/filling.h"

/* ---- learning ----------------------------------------------------------------------------- */

struct learner {
    struct spanlog_form *form;
    uint8_t ranks[SPANLOG_FIELD_COUNT]; /* 0: there is none yet */
    uint16_t keys[SPANLOG_FIELD_COUNT];
    unsigned bares, durations;
    bool has_other_level;
    bool is_odd; /* it has something that is not for here */
};

/* The field that has this meaning here, or SPANLOG_FIELD_COUNT. */
static unsigned field_of(uint8_t meaning) {
    static const uint8_t fields[SPANLOG_MEANS_COUNT] = {
        [SPANLOG_MEANS_TIME] = SPANLOG_FIELD_TS + 1,
        [SPANLOG_MEANS_LEVEL] = SPANLOG_FIELD_LEVEL + 1,
        [SPANLOG_MEANS_MESSAGE] = SPANLOG_FIELD_MSG + 1,
        [SPANLOG_MEANS_SERVICE] = SPANLOG_FIELD_SERVICE + 1,
        [SPANLOG_MEANS_TRACE_ID] = SPANLOG_FIELD_TRACE_ID + 1,
        [SPANLOG_MEANS_SPAN_ID] = SPANLOG_FIELD_SPAN_ID + 1,
        [SPANLOG_MEANS_PARENT_ID] = SPANLOG_FIELD_PARENT_ID + 1,
        [SPANLOG_MEANS_PID] = SPANLOG_FIELD_PID + 1,
        [SPANLOG_MEANS_HOST] = SPANLOG_FIELD_HOST + 1,
        [SPANLOG_MEANS_OPERATION] = SPANLOG_FIELD_OPERATION + 1,
        [SPANLOG_MEANS_DURATION_MS] = SPANLOG_FIELD_DURATION_MS + 1,
        [SPANLOG_MEANS_DURATION_NS] = SPANLOG_FIELD_DURATION_MS + 1,
        [SPANLOG_MEANS_DURATION_S] = SPANLOG_FIELD_DURATION_MS + 1,
        [SPANLOG_MEANS_KIND] = SPANLOG_FIELD_KIND + 1,
        [SPANLOG_MEANS_START] = SPANLOG_FIELD_START + 1,
        [SPANLOG_MEANS_STATUS] = SPANLOG_FIELD_STATUS + 1,
        [SPANLOG_MEANS_STATUS_CODE] = SPANLOG_FIELD_STATUS_CODE + 1,
        [SPANLOG_MEANS_ERROR] = SPANLOG_FIELD_ERROR + 1,
    };
    return fields[meaning] ? fields[meaning] - 1u : SPANLOG_FIELD_COUNT;
}

/* Times in two parts, and spans that are told by other signs than canonical ones. */
static bool is_odd(uint8_t meaning) {
    return meaning == SPANLOG_MEANS_SECONDS || meaning == SPANLOG_MEANS_NANOSECONDS ||
           meaning == SPANLOG_MEANS_BUSY || meaning == SPANLOG_MEANS_IDLE ||
           meaning == SPANLOG_MEANS_DURATION_US;
}

static void learn_field(struct learner *learner, unsigned field, uint8_t rank, uint16_t key,
                        uint8_t type, unsigned at) {
    uint8_t before = learner->ranks[field];
    if (before && before <= rank) {
        learner->is_odd |= before == rank; /* twice the same key */
        return;
    }
    learner->ranks[field] = rank;
    learner->keys[field] = key;
    learner->form->type[field] = type;
    learner->form->at[field] = (uint8_t)at;
}

static void learn_member(struct learner *learner, const struct spanlog_member *member,
                         unsigned quote, struct spanlog_key_meaning meaning) {
    uint8_t type = member->value.type;
    bool is_string = type == SPANLOG_JSON_STRING;
    unsigned field = field_of(meaning.meaning);
    learner->is_odd |= member->prefix.size || is_odd(meaning.meaning) ||
                       (field != SPANLOG_FIELD_COUNT && !is_string && type != SPANLOG_JSON_NUMBER);
    /* Of a key that some dialect knows, the type is a sign as well. */
    if (!is_string)
        learner->form->bare[learner->bares].type = member->key ? type : SPANLOG_JSON_ABSENT;
    learner->has_other_level |=
        meaning.meaning >= SPANLOG_MEANS_LEVEL_OTEL && meaning.meaning <= SPANLOG_MEANS_LEVEL_AZURE;
    if (field == SPANLOG_FIELD_DURATION_MS) {
        learner->durations++;
        learner->form->duration = meaning.meaning;
    }
    if (field != SPANLOG_FIELD_COUNT)
        learn_field(learner, field, meaning.rank, member->key, member->value.type,
                    is_string ? quote + 2 : learner->bares);
    learner->form->has_words |= !is_string && type != SPANLOG_JSON_NUMBER;
    learner->bares += !is_string;
}

static bool is(const struct learner *learner, unsigned field, uint8_t type) {
    return learner->form->type[field] == type;
}

static bool is_string_or_absent(const struct learner *learner, unsigned field) {
    return is(learner, field, SPANLOG_JSON_STRING) || is(learner, field, SPANLOG_JSON_ABSENT);
}

/* Decimal ids are for the translation. */
static bool has_decimal_id(const struct learner *learner) {
    for (unsigned field = SPANLOG_FIELD_TRACE_ID; field <= SPANLOG_FIELD_PARENT_ID; field++) {
        struct spanlog_text key = spanlog_dialect_keys()->keys[learner->keys[field]].text;
        if (learner->ranks[field] && key.size > 3 && memcmp(key.data, "dd.", 3) == 0)
            return true;
    }
    return false;
}

static uint8_t use_of(const struct learner *learner) {
    const uint8_t string = SPANLOG_JSON_STRING, number = SPANLOG_JSON_NUMBER,
                  absent = SPANLOG_JSON_ABSENT;
    if (learner->is_odd || is(learner, SPANLOG_FIELD_TS, absent) || has_decimal_id(learner))
        return SPANLOG_FORM_ANY;
    for (unsigned field = SPANLOG_FIELD_MSG; field <= SPANLOG_FIELD_PARENT_ID; field++)
        if (!is_string_or_absent(learner, field))
            return SPANLOG_FORM_ANY;
    if (is(learner, SPANLOG_FIELD_OPERATION, absent) || learner->durations == 0)
        return SPANLOG_FORM_FOREIGN_LOG;
    bool plain =
        is(learner, SPANLOG_FIELD_OPERATION, string) &&
        is(learner, SPANLOG_FIELD_DURATION_MS, number) && learner->durations == 1 &&
        !is(learner, SPANLOG_FIELD_LEVEL, absent) && !learner->has_other_level &&
        is(learner, SPANLOG_FIELD_TRACE_ID, string) && is(learner, SPANLOG_FIELD_SPAN_ID, string) &&
        is_string_or_absent(learner, SPANLOG_FIELD_KIND) &&
        is_string_or_absent(learner, SPANLOG_FIELD_START) &&
        !is(learner, SPANLOG_FIELD_PID, string) && is(learner, SPANLOG_FIELD_HOST, absent) &&
        is(learner, SPANLOG_FIELD_STATUS, absent) &&
        is(learner, SPANLOG_FIELD_STATUS_CODE, absent) && is(learner, SPANLOG_FIELD_ERROR, absent);
    return plain ? SPANLOG_FORM_FOREIGN_SPAN : SPANLOG_FORM_ANY;
}

void spanlog_known_learn(const struct spanlog_translator *translator, struct spanlog_form *form) {
    const struct spanlog_members *members = &translator->memory->members;
    const struct spanlog_key_meaning *meanings =
        spanlog_dialect_keys()->meanings[translator->memory->dialect];
    struct learner learner = {.form = form};
    form->is_known = true;
    if (members->count != form->pieces || members->left_out || form->use != SPANLOG_FORM_ANY)
        return;
    memset(form->type, SPANLOG_JSON_ABSENT, sizeof form->type);
    for (uint32_t i = 0; i < members->count; i++)
        learn_member(&learner, &members->list[i], form->quote[i], meanings[members->list[i].key]);
    form->dialect = translator->memory->dialect;
    form->use = use_of(&learner);
}

/* ---- reading ------------------------------------------------------------------------------ */

struct line {
    struct spanlog_translator *translator;
    const struct spanlog_form *form;
    const struct spanlog_places *places;
};

static bool has(const struct line *line, unsigned field) {
    return line->form->type[field] != SPANLOG_JSON_ABSENT;
}

/* Of a string or a number. */
static struct spanlog_text text_of(const struct line *line, unsigned field) {
    if (line->form->type[field] == SPANLOG_JSON_STRING)
        return spanlog_form_text(line->form, line->places, field);
    if (line->form->type[field] == SPANLOG_JSON_ABSENT)
        return (struct spanlog_text){NULL, 0};
    const struct spanlog_form_bare *bare = &line->form->bare[line->form->at[field]];
    const char *begin = spanlog_form_bare_begin(bare, line->places);
    return (struct spanlog_text){begin,
                                 (uint32_t)(spanlog_form_bare_end(bare, line->places) - begin)};
}

static bool time_of(const struct line *line, unsigned field, uint64_t *ret_ns) {
    return spanlog_translate_time(line->translator, text_of(line, field), ret_ns) && *ret_ns;
}

/* The usual ids only. */
static bool id_of(const struct line *line, unsigned field, uint32_t digits,
                  struct spanlog_id *ret) {
    struct spanlog_text text = text_of(line, field);
    ret->high = 0;
    ret->opaque = false;
    return text.size == digits && spanlog_hex16(text.data + digits - 16, &ret->low) &&
           (digits == 16 || spanlog_hex16(text.data, &ret->high)) && (ret->high || ret->low);
}

static bool is_text(struct spanlog_text text, const char *other) {
    return text.size == strlen(other) && memcmp(text.data, other, text.size) == 0;
}

static void set_raw(struct spanlog_record *record, unsigned field, uint8_t type,
                    struct spanlog_text text) {
    struct spanlog_json_value *raw = &record->raw[field];
    raw->type = type;
    raw->begin = text.data;
    raw->end = text.data ? text.data + text.size : NULL;
    raw->escaped = false;
}

/* Long ones are not usual. */
static bool duration_of(const struct line *line, uint64_t *ret_ns) {
    struct spanlog_text text = text_of(line, SPANLOG_FIELD_DURATION_MS);
    const char *end = text.data + text.size;
    if (text.size > 16)
        return false;
    if (line->form->duration == SPANLOG_MEANS_DURATION_NS)
        return spanlog_read_u64(text.data, text.size, ret_ns) == 0;
    *ret_ns = line->form->duration == SPANLOG_MEANS_DURATION_S
                  ? spanlog_seconds_read(text.data, end)
                  : spanlog_milliseconds_read(text.data, end);
    return *ret_ns < 1000000000000000;
}

/* 0: not a usual one. */
static uint8_t level_of(const struct line *line) {
    struct spanlog_text text = text_of(line, SPANLOG_FIELD_LEVEL);
    int64_t number;
    if (line->form->type[SPANLOG_FIELD_LEVEL] == SPANLOG_JSON_STRING)
        return spanlog_reading_level(text);
    if (spanlog_read_i64(text.data, text.size, &number) < 0)
        return 0;
    return spanlog_reading_level_number(number, spanlog_readings[line->form->dialect].scale);
}

/* Absent, or a whole number. */
static bool is_usual_pid(struct spanlog_text text) {
    return text.size == 0 ||
           (text.size <= 9 && spanlog_json_digits(text.data) == text.data + text.size);
}

static bool read_span(const struct line *line, struct spanlog_record *ret) {
    struct spanlog_text pid = text_of(line, SPANLOG_FIELD_PID);
    ret->level = level_of(line);
    ret->operation = text_of(line, SPANLOG_FIELD_OPERATION);
    ret->operation_escaped = false;
    ret->has_span = true;
    ret->has_parent = has(line, SPANLOG_FIELD_PARENT_ID);
    if (!ret->level || !is_usual_pid(pid) || !duration_of(line, &ret->duration_ns) ||
        !id_of(line, SPANLOG_FIELD_SPAN_ID, 16, &ret->span) ||
        (ret->has_parent && !id_of(line, SPANLOG_FIELD_PARENT_ID, 16, &ret->parent)))
        return false;
    set_raw(ret, SPANLOG_FIELD_PID, line->form->type[SPANLOG_FIELD_PID], pid);
    ret->start_ns = ret->time_ns > ret->duration_ns ? ret->time_ns - ret->duration_ns : 0;
    if (has(line, SPANLOG_FIELD_START) && !time_of(line, SPANLOG_FIELD_START, &ret->start_ns))
        return false;
    ret->span_kind =
        has(line, SPANLOG_FIELD_KIND) ? spanlog_kind_read(text_of(line, SPANLOG_FIELD_KIND)) : 0;
    ret->is_error = ret->level >= 17;
    return true;
}

/* Numbers, true, false and null: each of the type that made this dialect of it. */
static bool are_words_good(const struct line *line) {
    for (unsigned i = 0; i < line->form->bares; i++) {
        const struct spanlog_form_bare *bare = &line->form->bare[i];
        uint8_t type, wanted = bare->type;
        if (!spanlog_form_bare_type(spanlog_form_bare_begin(bare, line->places),
                                    spanlog_form_bare_end(bare, line->places), &type) ||
            (wanted != SPANLOG_JSON_ABSENT && wanted != type))
            return false;
    }
    return true;
}

bool spanlog_known_read(struct spanlog_translator *translator, const struct spanlog_form *form,
                        const struct spanlog_places *places, struct spanlog_record *ret) {
    const struct line line = {translator, form, places};
    struct spanlog_text message = text_of(&line, SPANLOG_FIELD_MSG);
    bool good =
        form->has_words ? are_words_good(&line) : spanlog_form_bares_are_numbers(form, places);
    if (!good || !time_of(&line, SPANLOG_FIELD_TS, &ret->time_ns) ||
        is_text(message, "process started"))
        return false;
    ret->end = places->end;
    ret->others = form->others;
    ret->peer = spanlog_form_peer(form, places);
    ret->peer_escaped = false;
    ret->repeated = ret->has_span = ret->has_parent = ret->is_error = false;
    ret->line_kind = SPANLOG_LINE_LOG;
    ret->service = text_of(&line, SPANLOG_FIELD_SERVICE);
    ret->service_escaped = false;
    ret->trace_text = text_of(&line, SPANLOG_FIELD_TRACE_ID);
    ret->has_trace = has(&line, SPANLOG_FIELD_TRACE_ID);
    if (ret->has_trace && !id_of(&line, SPANLOG_FIELD_TRACE_ID, 32, &ret->trace))
        return false;
    set_raw(ret, SPANLOG_FIELD_MSG, SPANLOG_JSON_STRING, message);
    ret->raw[SPANLOG_FIELD_LEVEL].type = SPANLOG_JSON_STRING;
    ret->raw[SPANLOG_FIELD_PID].type = SPANLOG_JSON_ABSENT;
    ret->raw[SPANLOG_FIELD_HOST].type = ret->raw[SPANLOG_FIELD_LINKS].type = SPANLOG_JSON_ABSENT;
    if (form->use != SPANLOG_FORM_FOREIGN_SPAN)
        return true;
    if (is_text(message, "span completed"))
        ret->line_kind = SPANLOG_LINE_SPAN;
    else if (is_text(message, "span abandoned"))
        ret->line_kind = SPANLOG_LINE_ABANDONED;
    return ret->line_kind == SPANLOG_LINE_LOG || read_span(&line, ret);
}
