/* analyzer/translate/logger_span.c: lines of loggers that are spans.
 *
 *     msg "span completed" with operation and duration_ms      the canonical manner, in any dialect
 *     time.busy and time.idle of a named span                  tracing-subscriber's close events
 *     transaction.duration.us, span.duration.us                Elastic APM's documents
 *
 * A line that merely has a duration stays a log line: it may be that of anything.
 */
#include "src/analyzer/translate/filling.h"

#include "formatters/number.h"

static bool is_text(struct spanlog_text text, const char *word) {
    return text.data && text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

/* A value that was noted, now taken from among the attributes. */
static const struct spanlog_json_value *use(struct spanlog_filling *f, uint8_t meaning,
                                            uint8_t type) {
    const struct spanlog_json_value *value = spanlog_filling_value(f, meaning, type);
    if (value && f->taken[meaning].member)
        f->taken[meaning].member->use = SPANLOG_MEMBER_TAKEN;
    return value;
}

static struct spanlog_text use_text(struct spanlog_filling *f, uint8_t meaning) {
    const struct spanlog_json_value *value = use(f, meaning, SPANLOG_JSON_STRING);
    return value ? spanlog_filling_text(f, value) : (struct spanlog_text){NULL, 0};
}

static void use_parent(struct spanlog_filling *f) {
    struct spanlog_text text = use_text(f, SPANLOG_MEANS_PARENT_ID);
    if (text.data)
        spanlog_line_set_parent(f->line, text, &f->translator->arena);
}

static void use_status_code(struct spanlog_filling *f) {
    const struct spanlog_json_value *value = use(f, SPANLOG_MEANS_STATUS_CODE, SPANLOG_JSON_NUMBER);
    int64_t number;
    if (value &&
        spanlog_read_i64(value->begin, (size_t)(value->end - value->begin), &number) == 0 &&
        number == (int32_t)number) {
        f->line->has_status_code = true;
        f->line->status_code = (int32_t)number;
    }
}

static uint64_t before(uint64_t end, uint64_t duration) {
    return end > duration ? end - duration : 0;
}

static bool fill_canonical(struct spanlog_filling *f) {
    struct spanlog_line *line = f->line;
    const struct spanlog_json_value *duration =
        spanlog_filling_value(f, SPANLOG_MEANS_DURATION_MS, SPANLOG_JSON_NUMBER);
    bool abandoned = is_text(line->message, "span abandoned");
    if ((!abandoned && !is_text(line->message, "span completed")) ||
        !spanlog_filling_value(f, SPANLOG_MEANS_OPERATION, SPANLOG_JSON_STRING) || !duration)
        return false;
    line->line_kind = abandoned ? SPANLOG_LINE_ABANDONED : SPANLOG_LINE_SPAN;
    line->operation = use_text(f, SPANLOG_MEANS_OPERATION);
    use(f, SPANLOG_MEANS_DURATION_MS, SPANLOG_JSON_NUMBER);
    line->duration_ns = spanlog_milliseconds_read(duration->begin, duration->end);
    struct spanlog_text start = use_text(f, SPANLOG_MEANS_START);
    if (!start.data || !spanlog_translate_time(f->translator, start, &line->start_ns))
        line->start_ns = before(line->time_ns, line->duration_ns);
    struct spanlog_text kind = use_text(f, SPANLOG_MEANS_KIND);
    line->span_kind = kind.data ? spanlog_kind_read(kind) : 0;
    struct spanlog_text status = use_text(f, SPANLOG_MEANS_STATUS);
    if (is_text(status, "error"))
        line->span_status = SPANLOG_STATUS_ERROR;
    else if (is_text(status, "ok"))
        line->span_status = SPANLOG_STATUS_OK;
    use_status_code(f);
    line->error = use_text(f, SPANLOG_MEANS_ERROR);
    return true;
}

/* Ids of this trace and this span, and what the span is called. */
static bool has_identity(const struct spanlog_filling *f) {
    return f->line->trace_text.data && f->line->span_text.data &&
           spanlog_filling_value(f, SPANLOG_MEANS_SPAN_NAME, SPANLOG_JSON_STRING);
}

/* The time is that of the close. */
static bool fill_tracing(struct spanlog_filling *f) {
    struct spanlog_line *line = f->line;
    const struct spanlog_json_value *busy = spanlog_filling_value(f, SPANLOG_MEANS_BUSY,
                                                                  SPANLOG_JSON_STRING),
                                    *idle = spanlog_filling_value(f, SPANLOG_MEANS_IDLE,
                                                                  SPANLOG_JSON_STRING);
    uint64_t busy_ns, idle_ns;
    if (!busy || !idle || !has_identity(f) ||
        spanlog_reading_duration(spanlog_filling_text(f, busy), &busy_ns) < 0 ||
        spanlog_reading_duration(spanlog_filling_text(f, idle), &idle_ns) < 0)
        return false;
    line->line_kind = SPANLOG_LINE_SPAN;
    line->operation = use_text(f, SPANLOG_MEANS_SPAN_NAME);
    line->duration_ns = busy_ns + idle_ns;
    line->start_ns = before(line->time_ns, line->duration_ns);
    return true;
}

/* What Elastic's types say of the side that a span stands for; 0: nothing. */
static uint8_t kind_of_type(struct spanlog_text type) {
    if (is_text(type, "request"))
        return 1;
    if (is_text(type, "db") || is_text(type, "external"))
        return 2;
    return is_text(type, "messaging") ? 4 : spanlog_kind_read(type);
}

static void use_kind(struct spanlog_filling *f) {
    const struct spanlog_json_value *type =
        spanlog_filling_value(f, SPANLOG_MEANS_KIND, SPANLOG_JSON_STRING);
    if (type)
        f->line->span_kind = kind_of_type(spanlog_filling_text(f, type));
    if (f->line->span_kind)
        use(f, SPANLOG_MEANS_KIND, SPANLOG_JSON_STRING);
}

/* The time is that of the start. */
static bool fill_elastic(struct spanlog_filling *f) {
    struct spanlog_line *line = f->line;
    const struct spanlog_json_value *us =
        spanlog_filling_value(f, SPANLOG_MEANS_DURATION_US, SPANLOG_JSON_NUMBER);
    if (!us || !has_identity(f))
        return false;
    /* As if of milliseconds, with three more decimals. */
    uint64_t thousandfold = spanlog_milliseconds_read(us->begin, us->end);
    line->line_kind = SPANLOG_LINE_SPAN;
    use(f, SPANLOG_MEANS_DURATION_US, SPANLOG_JSON_NUMBER);
    line->operation = use_text(f, SPANLOG_MEANS_SPAN_NAME);
    line->duration_ns = thousandfold / 1000;
    line->start_ns = line->time_ns;
    line->time_ns += line->duration_ns;
    struct spanlog_text outcome = use_text(f, SPANLOG_MEANS_OUTCOME);
    if (is_text(outcome, "failure"))
        line->span_status = SPANLOG_STATUS_ERROR;
    else if (is_text(outcome, "success"))
        line->span_status = SPANLOG_STATUS_OK;
    use_kind(f);
    use_status_code(f);
    return true;
}

void spanlog_fill_span(struct spanlog_filling *filling) {
    if (fill_canonical(filling) || fill_tracing(filling) || fill_elastic(filling))
        use_parent(filling);
}
