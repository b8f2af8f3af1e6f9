/* analyzer/translate/logger_span.c: lines of loggers that are spans.
 *
 *     msg "span completed" with operation and duration_ms      the canonical manner, in any dialect
 *     time.busy and time.idle of a named span                  tracing-subscriber's close events
 *     transaction.duration.us, span.duration.us                Elastic APM's documents
 *
 * A line that merely has a duration stays a log line: it may be that of anything.
 */
#include "src/analyzer/translate/filling.h"

#include <strings.h>

#include "formatters/number.h"
#include "src/analyzer/read/line_read.h"

static bool is_text(struct spanlog_text text, const char *word) {
    return text.data && text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static bool is_word(struct spanlog_text text, const char *word) {
    return text.data && text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
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

/* ---- the canonical manner ------------------------------------------------------------------- */

/* With the point moved to where milliseconds have it, so that no digit is lost. */
uint64_t spanlog_seconds_read(const char *begin, const char *end) {
    char ms[48] = "";
    size_t size = (size_t)(end - begin), whole = 0;
    double seconds;
    while (whole < size && begin[whole] >= '0' && begin[whole] <= '9')
        whole++;
    if (size > 32 || memchr(begin, 'e', size) || memchr(begin, 'E', size)) {
        bool good = spanlog_read_double(begin, size, &seconds) == 0 && seconds > 0;
        return !good ? 0 : seconds >= 9e9 ? (uint64_t)9e18 : (uint64_t)(seconds * 1e9 + 0.5);
    }
    size_t decimals = whole < size ? size - whole - 1 : 0;
    memset(ms, '0', whole + 3);
    memcpy(ms, begin, whole);
    memcpy(ms + whole, begin + whole + 1, decimals < 3 ? decimals : 3);
    ms[whole + 3] = '.';
    if (decimals > 3)
        memcpy(ms + whole + 4, begin + whole + 4, decimals - 3);
    return spanlog_milliseconds_read(ms, ms + strlen(ms));
}

/* In the unit that the dialect has for it. Returns its meaning, 0: there is none. */
static uint8_t duration_of(struct spanlog_filling *f, uint64_t *ret_ns) {
    const struct spanlog_json_value *value;
    if ((value = spanlog_filling_value(f, SPANLOG_MEANS_DURATION_MS, SPANLOG_JSON_NUMBER))) {
        *ret_ns = spanlog_milliseconds_read(value->begin, value->end);
        return SPANLOG_MEANS_DURATION_MS;
    }
    if ((value = spanlog_filling_value(f, SPANLOG_MEANS_DURATION_NS, SPANLOG_JSON_NUMBER))) {
        if (spanlog_read_u64(value->begin, (size_t)(value->end - value->begin), ret_ns) < 0)
            return 0;
        return SPANLOG_MEANS_DURATION_NS;
    }
    if ((value = spanlog_filling_value(f, SPANLOG_MEANS_DURATION_S, SPANLOG_JSON_NUMBER))) {
        *ret_ns = spanlog_seconds_read(value->begin, value->end);
        return SPANLOG_MEANS_DURATION_S;
    }
    return 0;
}

static void use_count(struct spanlog_filling *f, uint8_t meaning, uint32_t *ret) {
    const struct spanlog_json_value *value = use(f, meaning, SPANLOG_JSON_NUMBER);
    uint64_t count;
    if (value && spanlog_read_u64(value->begin, (size_t)(value->end - value->begin), &count) == 0)
        *ret = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

/* What stands behind the attributes. */
static void use_end(struct spanlog_filling *f) {
    struct spanlog_line *line = f->line;
    const struct spanlog_json_value *ratio =
        use(f, SPANLOG_MEANS_SAMPLE_RATIO, SPANLOG_JSON_NUMBER);
    if (ratio)
        spanlog_read_double(ratio->begin, (size_t)(ratio->end - ratio->begin), &line->sample_ratio);
    use_count(f, SPANLOG_MEANS_DROPPED_EVENTS, &line->dropped_events);
    use_count(f, SPANLOG_MEANS_DROPPED_LINKS, &line->dropped_links);
    if (spanlog_line_read_lists(
            &f->translator->memory->reader, use(f, SPANLOG_MEANS_EVENTS, SPANLOG_JSON_ARRAY),
            use(f, SPANLOG_MEANS_LINKS, SPANLOG_JSON_ARRAY), &f->translator->arena, line) < 0)
        f->no_memory = true;
}

static void use_outcome(struct spanlog_filling *f) {
    struct spanlog_line *line = f->line;
    struct spanlog_text status = use_text(f, SPANLOG_MEANS_STATUS);
    if (is_word(status, "error"))
        line->span_status = SPANLOG_STATUS_ERROR;
    else if (is_word(status, "ok"))
        line->span_status = SPANLOG_STATUS_OK;
    use_status_code(f);
    line->error = use_text(f, SPANLOG_MEANS_ERROR);
}

static bool fill_canonical(struct spanlog_filling *f) {
    struct spanlog_line *line = f->line;
    bool abandoned = is_text(line->message, "span abandoned");
    if ((!abandoned && !is_text(line->message, "span completed")) ||
        !spanlog_filling_value(f, SPANLOG_MEANS_OPERATION, SPANLOG_JSON_STRING))
        return false;
    uint8_t duration = duration_of(f, &line->duration_ns);
    if (!duration)
        return false;
    line->line_kind = abandoned ? SPANLOG_LINE_ABANDONED : SPANLOG_LINE_SPAN;
    line->operation = use_text(f, SPANLOG_MEANS_OPERATION);
    use(f, duration, SPANLOG_JSON_NUMBER);
    struct spanlog_text start = use_text(f, SPANLOG_MEANS_START);
    if (!start.data || !spanlog_translate_time(f->translator, start, &line->start_ns))
        line->start_ns = before(line->time_ns, line->duration_ns);
    struct spanlog_text kind = use_text(f, SPANLOG_MEANS_KIND);
    line->span_kind = kind.data ? spanlog_kind_read(kind) : 0;
    use_outcome(f);
    use_end(f);
    return true;
}

/* ---- others --------------------------------------------------------------------------------- */

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
    bool is_span = fill_canonical(filling) || fill_tracing(filling) || fill_elastic(filling);
    if (is_span || (filling->line->trace_text.data && filling->line->span_text.data))
        use_parent(filling);
}
