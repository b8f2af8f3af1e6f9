/* formatters/dialect_pretty.c: for people at a terminal, with and without colours.
 *
 *     10:30:45.123Z INFO  [orders] cache miss  key=user:7 hits=3 trace_id=…4a5b6c7d logger=db ...
 *     10:30:45.168Z ERROR [orders] span completed  db.query 45.2ms error 500 error=timeout ...
 *
 * Times are UTC. Ids show their last 8 digits. A message that could be read as fields, and any
 * value with a space, is quoted; whatever a terminal would obey is written as an escape.
 */
#include "formatters/dialect.h"

#include "formatters/escape.h"
#include "formatters/names.h"
#include "formatters/number.h"
#include "formatters/put.h"
#include "formatters/text_write.h"
#include "formatters/time.h"

#define CLOSE_MAX 320
#define SHORT_TEXT_MAX 256
#define ASKED_MAX 64

#define DIM "\033[2m"
#define BOLD "\033[1m"
#define CYAN "\033[36m"
#define RED "\033[31m"
#define RESET "\033[0m"

static char *put_literal(char *out, const char *text) {
    return put_bytes(out, text, strlen(text));
}

/* ---- keys ------------------------------------------------------------------------------- */

static char *put_color_key(struct spanlog_text key, unsigned underscores, char *out, char *end) {
    const size_t around = sizeof CYAN RESET " =";

    if (!FITS(out, end, around))
        return NULL;
    PUT(out, " " CYAN);
    out = spanlog_plain_put_name(key, underscores, out, end - around);
    if (out)
        PUT(out, RESET "=");
    return out;
}

static bool is_reserved(struct spanlog_text key, enum spanlog_line_kind kind) {
    return spanlog_key_is_reserved(spanlog_key_text(key),
                                   spanlog_keys_of(kind) | SPANLOG_KEYS_PLAIN);
}

static char *render_key(struct spanlog_text key, enum spanlog_line_kind kind, char *out,
                        char *end) {
    return spanlog_plain_put_key(key, is_reserved(key, kind), out, end);
}

static char *render_color_key(struct spanlog_text key, enum spanlog_line_kind kind, char *out,
                              char *end) {
    return put_color_key(key, is_reserved(key, kind), out, end);
}

/* The record's own keys. At most 40 bytes with colours. */
static char *put_own_key(char *out, const char *key, bool color) {
    *out++ = ' ';
    if (color)
        PUT(out, CYAN);
    out = put_literal(out, key);
    if (color)
        PUT(out, RESET);
    *out++ = '=';
    return out;
}

/* ---- texts ------------------------------------------------------------------------------ */

/* See dialect_json.c for `cut`. */
static char *put_text(char *out, char *limit, struct spanlog_text text, bool cut, bool is_long) {
    if (!out)
        return NULL;
    if (!cut)
        return spanlog_plain_put_text(out, limit, text);
    return spanlog_plain_put_text_within(out, limit, text,
                                         SHORT_TEXT_MAX + (is_long ? text.size : 0));
}

static char *put_message(char *out, char *limit, struct spanlog_text text, bool cut) {
    if (!spanlog_is_sentence(text.data, text.size) || !FITS(out, limit, text.size))
        return put_text(out, limit, text, cut, true);
    return put_bytes(out, text.data, text.size);
}

/* ---- head and tail ---------------------------------------------------------------------- */

static const char *level_label(unsigned level, bool color) {
    static const char *const plain[6] = {"TRACE", "DEBUG", "INFO ", "WARN ", "ERROR", "FATAL"};
    static const char *const colored[6] = {DIM "TRACE" RESET,     CYAN "DEBUG" RESET,
                                           "\033[32mINFO " RESET, "\033[33mWARN " RESET,
                                           RED "ERROR" RESET,     BOLD RED "FATAL" RESET};
    unsigned i = level == 0 ? 0 : level > 24 ? 5 : (level - 1) / 4;
    return (color ? colored : plain)[i];
}

static char *put_head(const struct spanlog_line *line, char *out, char *limit, bool cut,
                      bool color) {
    if (!FITS(out, limit, 48))
        return NULL;
    *out++ = ' ';
    out = put_literal(out, level_label(line->level, color));
    *out++ = ' ';
    if (line->service.size) {
        *out++ = '[';
        out = put_text(out, limit, line->service, cut, false);
        if (!out || !FITS(out, limit, 16))
            return NULL;
        PUT(out, "] ");
    }
    if (color)
        PUT(out, BOLD);
    out = put_message(out, limit, spanlog_line_message(line), cut);
    if (!out || !FITS(out, limit, 8))
        return NULL;
    if (color)
        PUT(out, RESET);
    *out++ = ' '; /* with the space of the first field: two, which no message holds */
    return out;
}

static char *put_tail(const struct spanlog_line *line, char *out, char *limit, bool cut,
                      bool color) {
    if (line->logger.data && line->line_kind == SPANLOG_LINE_LOG) {
        if (!FITS(out, limit, 40))
            return NULL;
        out = put_own_key(out, "logger", color);
        out = put_text(out, limit, line->logger, cut, false);
    }
    if (line->source.data) {
        if (!out || !FITS(out, limit, 40))
            return NULL;
        out = put_own_key(out, "src", color);
        out = put_text(out, limit, line->source, cut, false);
    }
    return out;
}

static char *render_head(const struct spanlog_line *line, char *out, char *end) {
    return put_head(line, out, end, false, false);
}

static char *render_color_head(const struct spanlog_line *line, char *out, char *end) {
    return put_head(line, out, end, false, true);
}

static char *render_tail(const struct spanlog_line *line, char *out, char *end) {
    return put_tail(line, out, end, false, false);
}

static char *render_color_tail(const struct spanlog_line *line, char *out, char *end) {
    return put_tail(line, out, end, false, true);
}

/* ---- spans and ids ---------------------------------------------------------------------- */

static char *put_status(const struct spanlog_line *line, char *out, bool color) {
    if (line->span_status == SPANLOG_STATUS_OK)
        PUT(out, " ok");
    else if (line->span_status == SPANLOG_STATUS_ERROR)
        out = put_literal(out, color ? " " RED "error" RESET : " error");
    if (line->has_status_code) {
        *out++ = ' ';
        out = spanlog_put_i64(out, line->status_code);
    }
    return out;
}

/* " db.query 45.2ms error 500  error=timeout kind=client" */
static char *put_span(const struct spanlog_line *line, char *out, char *limit, bool cut,
                      bool color) {
    if (!FITS(out, limit, 1))
        return NULL;
    *out++ = ' ';
    out = put_text(out, limit, line->operation, cut, true);
    if (!out || !FITS(out, limit, 256))
        return NULL;
    *out++ = ' ';
    out = spanlog_put_duration_ms(out, line->duration_ns);
    PUT(out, "ms");
    out = put_status(line, out, color);
    *out++ = ' ';
    if (line->span_kind != 0) {
        struct spanlog_text kind = spanlog_kind_name(line->span_kind);
        out = put_own_key(out, "kind", color);
        out = put_bytes(out, kind.data, kind.size);
    }
    if (line->error.data) {
        out = put_own_key(out, "error", color);
        out = put_text(out, limit, line->error, cut, true);
    }
    return out;
}

static char *put_short_id(char *out, char *limit, const char *key, const uint8_t *last_bytes,
                          struct spanlog_text text, bool cut, bool color) {
    if (!out || !FITS(out, limit, 64))
        return NULL;
    out = put_own_key(out, key, color);
    if (text.data)
        return put_text(out, limit, text, cut, false);
    PUT(out, "\xE2\x80\xA6");
    return spanlog_put_hex(out, last_bytes, 4);
}

static char *put_ids(const struct spanlog_line *line, char *out, char *limit, bool cut,
                     bool color) {
    if (line->has_context || line->trace_text.data)
        out =
            put_short_id(out, limit, "trace_id", line->trace_id + 12, line->trace_text, cut, color);
    if (line->line_kind != SPANLOG_LINE_LOG && (line->has_context || line->span_text.data))
        out = put_short_id(out, limit, "span_id", line->span_id + 4, line->span_text, cut, color);
    return out;
}

/* ---- the line --------------------------------------------------------------------------- */

static char *put_fixed(const struct spanlog_line *line, char *out, char *limit, bool cut,
                       bool color) {
    if (!FITS(out, limit, 32 + line->head.size))
        return NULL;
    if (color)
        PUT(out, DIM);
    out = spanlog_put_time_of_day(out, line->time_ns);
    *out++ = 'Z';
    if (color)
        PUT(out, RESET);
    if (line->head.data)
        out = put_bytes(out, line->head.data, line->head.size);
    else
        out = put_head(line, out, limit, cut, color);
    if (out && line->line_kind != SPANLOG_LINE_LOG)
        out = put_span(line, out, limit, cut, color);
    return out;
}

/* What stands after the attributes but must not be crowded out by them. */
static char *put_end(const struct spanlog_line *line, char *out, char *limit, bool cut,
                     bool color) {
    out = put_ids(line, out, limit, cut, color);
    if (!out || !FITS(out, limit, line->tail.size))
        return NULL;
    if (line->tail.data)
        return put_bytes(out, line->tail.data, line->tail.size);
    return put_tail(line, out, limit, cut, color);
}

static char *put_count(char *out, const char *key, uint64_t count, bool color) {
    return count ? spanlog_put_u64(put_own_key(out, key, color), count) : out;
}

static char *put_close(const struct spanlog_line *line, char *out, uint64_t dropped, bool color) {
    if (line->line_kind != SPANLOG_LINE_LOG) {
        out = put_count(out, "events", line->event_count, color);
        out = put_count(out, "links", line->link_count, color);
        out = put_count(out, "dropped_events", line->dropped_events, color);
        out = put_count(out, "dropped_links", line->dropped_links, color);
    }
    out = put_count(out, "dropped_attributes", dropped, color);
    while (out[-1] == ' ') /* of a message without fields */
        out--;
    *out++ = '\n';
    return out;
}

static char *write_line(const struct spanlog_line *line, char *out, char *end, bool color) {
    uint64_t dropped = line->dropped_attributes;
    char *limit = end - CLOSE_MAX, *p, *after;
    bool cut = false;

    if (end - out <= CLOSE_MAX)
        return NULL;
    /* The end is written once to see its size, and again behind the attributes. */
    for (;;) {
        p = put_fixed(line, out, limit, cut, color);
        after = p ? put_end(line, p, limit, cut, color) : NULL;
        if (after || cut)
            break;
        cut = true;
    }
    if (!after)
        return NULL;
    if (line->attribute_count) {
        /* ASKED_MAX: no step of put_end asks for that much more room than it then fills. */
        p = spanlog_plain_put_attributes(p, limit - (after - p) - ASKED_MAX, line->attributes,
                                         line->attribute_count, spanlog_keys_of(line->line_kind),
                                         line->distinct_keys,
                                         color ? put_color_key : spanlog_plain_put_key, &dropped);
        after = put_end(line, p, limit, cut, color);
        if (!after)
            return NULL;
    }
    return put_close(line, after, dropped, color);
}

static char *write_pretty(const struct spanlog_line *line, char *out, char *end) {
    return write_line(line, out, end, false);
}

static char *write_pretty_color(const struct spanlog_line *line, char *out, char *end) {
    return write_line(line, out, end, true);
}

const struct spanlog_dialect spanlog_dialect_pretty = {
    .name = "pretty",
    .syntax = SPANLOG_SYNTAX_PRETTY,
    .write = write_pretty,
    .render_head = render_head,
    .render_tail = render_tail,
    .render_key = render_key,
    .line_start = "",
};

const struct spanlog_dialect spanlog_dialect_pretty_color = {
    .name = "pretty_color",
    .syntax = SPANLOG_SYNTAX_PRETTY,
    .write = write_pretty_color,
    .render_head = render_color_head,
    .render_tail = render_color_tail,
    .render_key = render_color_key,
    .line_start = "",
};
