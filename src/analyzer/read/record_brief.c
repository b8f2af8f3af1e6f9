/* analyzer/read/record_brief.c: what rows are made of, straight from a line of a usual form; see
 * record_members.h. It says what record.c says, of less. */
#include "src/analyzer/read/record_members.h"
#include "src/analyzer/read/record_values.h"

/* A line of this form and what its fields say. */
struct line {
    const struct spanlog_form *form;
    const struct spanlog_places *places;
};

static inline struct spanlog_text text_of(const struct line *line, unsigned field) {
    return spanlog_form_text(line->form, line->places, field);
}

static inline bool has(const struct line *line, unsigned field) {
    return line->form->type[field] != SPANLOG_JSON_ABSENT;
}

static inline void bare_of(const struct line *line, unsigned field, const char **ret_begin,
                           const char **ret_end) {
    const struct spanlog_form_bare *bare = &line->form->bare[line->form->at[field]];
    *ret_begin = spanlog_form_bare_begin(bare, line->places);
    *ret_end = spanlog_form_bare_end(bare, line->places);
}

static inline void keep_raw(const struct line *line, struct spanlog_record *ret) {
    struct spanlog_json_value *message = &ret->raw[SPANLOG_FIELD_MSG];
    struct spanlog_json_value *pid = &ret->raw[SPANLOG_FIELD_PID];
    struct spanlog_text text = text_of(line, SPANLOG_FIELD_MSG);
    message->type = ret->raw[SPANLOG_FIELD_LEVEL].type = SPANLOG_JSON_STRING;
    message->begin = text.data;
    message->end = text.data + text.size;
    ret->raw[SPANLOG_FIELD_HOST].type = ret->raw[SPANLOG_FIELD_LINKS].type = SPANLOG_JSON_ABSENT;
    pid->type = line->form->type[SPANLOG_FIELD_PID];
    if (pid->type == SPANLOG_JSON_NUMBER)
        bare_of(line, SPANLOG_FIELD_PID, &pid->begin, &pid->end);
}

static inline void read_span(struct spanlog_reader *reader, const struct line *line,
                             struct spanlog_record *ret) {
    const char *duration, *duration_end;
    bare_of(line, SPANLOG_FIELD_DURATION_MS, &duration, &duration_end);
    ret->level = read_level(text_of(line, SPANLOG_FIELD_LEVEL));
    const struct spanlog_text operation = text_of(line, SPANLOG_FIELD_OPERATION);
    ret->operation.data = operation.data;
    ret->operation.size = operation.size;
    ret->operation_escaped = false;
    ret->has_span = read_id(text_of(line, SPANLOG_FIELD_SPAN_ID), 16, &ret->span);
    ret->has_parent = has(line, SPANLOG_FIELD_PARENT_ID) &&
                      read_id(text_of(line, SPANLOG_FIELD_PARENT_ID), 16, &ret->parent);
    ret->duration_ns = spanlog_milliseconds_read(duration, duration_end);
    ret->start_ns =
        has(line, SPANLOG_FIELD_START) ? read_time(reader, text_of(line, SPANLOG_FIELD_START)) : 0;
    if (ret->start_ns == 0) /* only an end and a duration */
        ret->start_ns = ret->time_ns > ret->duration_ns ? ret->time_ns - ret->duration_ns : 0;
    ret->span_kind =
        has(line, SPANLOG_FIELD_KIND) ? read_kind(text_of(line, SPANLOG_FIELD_KIND)) : 0;
    ret->is_error = ret->level >= 17;
}

bool spanlog_record_brief(struct spanlog_reader *reader, const struct spanlog_form *form,
                          const struct spanlog_places *places, struct spanlog_record *ret) {
    const struct line line = {form, places};
    if (!spanlog_form_bares_are_numbers(form, places))
        return false;
    ret->end = places->end;
    ret->others = form->others;
    ret->peer = spanlog_form_peer(form, places);
    ret->peer_escaped = false;
    ret->repeated = false;
    ret->trace.opaque = false;
    keep_raw(&line, ret);
    ret->time_ns = read_time(reader, text_of(&line, SPANLOG_FIELD_TS));
    const struct spanlog_text service = text_of(&line, SPANLOG_FIELD_SERVICE);
    ret->service.data = service.data;
    ret->service.size = service.size;
    ret->service_escaped = false;
    ret->has_trace = has(&line, SPANLOG_FIELD_TRACE_ID);
    if (ret->has_trace) {
        const struct spanlog_text text = text_of(&line, SPANLOG_FIELD_TRACE_ID);
        ret->trace_text.data = text.data;
        ret->trace_text.size = text.size;
        ret->has_trace = read_id(text, 32, &ret->trace);
    }
    ret->line_kind = form->use == SPANLOG_FORM_SPAN
                         ? read_span_kind(text_of(&line, SPANLOG_FIELD_MSG))
                         : SPANLOG_LINE_LOG;
    ret->has_span = ret->has_parent = ret->is_error = false;
    if (ret->line_kind != SPANLOG_LINE_LOG)
        read_span(reader, &line, ret);
    return true;
}
