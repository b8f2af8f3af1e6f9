/* formatters/dialect_json.c: the canonical form, one JSON object a line.
 *
 *     {"ts":"2026-11-21T10:30:45.123456789Z","level":"info","msg":"cache miss","service":"orders",
 *      "trace_id":"...","span_id":"...","trace_flags":"01","logger":"db","src":"src/db.c:42",
 *      "pid":711,"tid":713,"key":"user:7","hits":3}
 *
 * Room is checked once per group of fields; what follows the groups (SPANLOG_JSON_CLOSE_MAX) is
 * kept free all along.
 */
#include "formatters/dialect.h"

#include "formatters/digits.h"
#include "formatters/escape.h"
#include "formatters/hex.h"
#include "formatters/json_write.h"
#include "formatters/names.h"
#include "formatters/number.h"
#include "formatters/put.h"
#include "formatters/time.h"

/* What one text of the fixed part may take in the second attempt. */
#define SHORT_TEXT_MAX 256

/* The first attempt writes all texts whole; when these do not fit, a second one cuts them so that
 * 4 KiB and their plain sizes always suffice. */
static inline char *put_text(char *out, char *limit, struct spanlog_text text, bool cut,
                             bool is_long) {
    if (!out)
        return NULL;
    if (!cut)
        return spanlog_json_put_text(out, limit, text);
    return spanlog_json_put_text_within(out, limit, text,
                                        SHORT_TEXT_MAX + (is_long ? text.size : 0));
}

#define PUT_IF_ROOM(out, limit, literal)                                                           \
    do {                                                                                           \
        if (out) {                                                                                 \
            if (FITS(out, limit, sizeof(literal)))                                                 \
                PUT(out, literal);                                                                 \
            else                                                                                   \
                (out) = NULL;                                                                      \
        }                                                                                          \
    } while (0)

/* ---- head: from the end of the time to the end of the service ---------------------------- */

static char *put_head(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    struct spanlog_text service = line->service.data ? line->service : SPANLOG_TEXT("");
    struct spanlog_text level = spanlog_level_name(line->level);

    if (!FITS(out, limit, 40))
        return NULL;
    PUT(out, "\",\"level\":\"");
    out = put_bytes(out, level.data, level.size);
    PUT(out, "\",\"msg\":");
    out = put_text(out, limit, spanlog_line_message(line), cut, true);
    PUT_IF_ROOM(out, limit, ",\"service\":");
    return put_text(out, limit, service, cut, false);
}

static char *render_head(const struct spanlog_line *line, char *out, char *end) {
    return put_head(line, out, end, false);
}

/* ---- tail: logger, source, pid ----------------------------------------------------------- */

static char *put_tail(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    if (line->logger.data && line->line_kind == SPANLOG_LINE_LOG) {
        PUT_IF_ROOM(out, limit, ",\"logger\":");
        out = put_text(out, limit, line->logger, cut, false);
    }
    if (line->source.data) {
        PUT_IF_ROOM(out, limit, ",\"src\":");
        out = put_text(out, limit, line->source, cut, false);
    }
    if (line->pid && out) {
        if (!FITS(out, limit, 8 + SPANLOG_NUMBER_MAX))
            return NULL;
        PUT(out, ",\"pid\":");
        out = spanlog_put_u64(out, line->pid);
    }
    return out;
}

static char *render_tail(const struct spanlog_line *line, char *out, char *end) {
    return put_tail(line, out, end, false);
}

static char *render_key(struct spanlog_text key, enum spanlog_line_kind kind, char *out,
                        char *end) {
    bool reserved = spanlog_key_is_reserved(spanlog_key_text(key), spanlog_keys_of(kind));
    return spanlog_json_put_key(key, reserved, out, end);
}

/* ---- ids -------------------------------------------------------------------------------- */

static char *put_id_text(char *out, char *limit, struct spanlog_text text, bool cut,
                         const char *key, size_t key_size) {
    if (!out || !FITS(out, limit, key_size))
        return NULL;
    out = put_bytes(out, key, key_size);
    return put_text(out, limit, text, cut, false);
}

/* Ids that a reader met and that are not hex. */
static char *put_foreign_ids(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    char text[33];
    struct spanlog_text trace = line->trace_text, span = line->span_text,
                        parent = line->parent_text;

    if (trace.data || line->has_context) {
        if (!trace.data)
            trace = (struct spanlog_text){
                text, (uint32_t)(spanlog_put_hex16(text, line->trace_id) - text)};
        out = put_id_text(out, limit, trace, cut, ",\"trace_id\":", 12);
    }
    if (span.data || line->has_context) {
        if (!span.data)
            span = (struct spanlog_text){text,
                                         (uint32_t)(spanlog_put_hex8(text, line->span_id) - text)};
        out = put_id_text(out, limit, span, cut, ",\"span_id\":", 11);
    }
    if (parent.data || line->has_parent) {
        if (!parent.data)
            parent = (struct spanlog_text){
                text, (uint32_t)(spanlog_put_hex8(text, line->parent_id) - text)};
        out = put_id_text(out, limit, parent, cut, ",\"parent_id\":", 13);
    }
    return out;
}

static inline char *put_flags(char *out, uint8_t flags) {
    PUT(out, ",\"trace_flags\":\"");
    out = put_hex1(out, flags);
    *out++ = '"';
    return out;
}

static inline char *put_ids(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    if (__builtin_expect(line->trace_text.data || line->span_text.data || line->parent_text.data,
                         0)) {
        out = put_foreign_ids(line, out, limit, cut);
        if (!out || !FITS(out, limit, 20))
            return NULL;
        return line->has_context ? put_flags(out, line->trace_flags) : out;
    }
    if (!FITS(out, limit, 144))
        return NULL;
    if (line->has_context) {
        PUT(out, ",\"trace_id\":\"");
        out = put_hex16(out, line->trace_id);
        PUT(out, "\",\"span_id\":\"");
        out = put_hex8(out, line->span_id);
        *out++ = '"';
    }
    if (line->has_parent) {
        PUT(out, ",\"parent_id\":\"");
        out = put_hex8(out, line->parent_id);
        *out++ = '"';
    }
    return line->has_context ? put_flags(out, line->trace_flags) : out;
}

/* ---- span fields ------------------------------------------------------------------------ */

static char *put_status(const struct spanlog_line *line, char *out) {
    if (line->span_status == SPANLOG_STATUS_OK)
        PUT(out, ",\"status\":\"ok\"");
    else if (line->span_status == SPANLOG_STATUS_ERROR)
        PUT(out, ",\"status\":\"error\"");
    if (line->has_status_code) {
        PUT(out, ",\"status_code\":");
        out = spanlog_put_i64(out, line->status_code);
    }
    return out;
}

static char *put_span(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    struct spanlog_text kind = spanlog_kind_name(line->span_kind);

    PUT_IF_ROOM(out, limit, ",\"operation\":");
    out = put_text(out, limit, line->operation, cut, true);
    if (!out || !FITS(out, limit, 256))
        return NULL;
    PUT(out, ",\"kind\":\"");
    out = put_bytes(out, kind.data, kind.size);
    PUT(out, "\",\"start\":\"");
    out = line->second ? spanlog_put_rfc3339_beside(out, line->start_ns, line->second)
                       : spanlog_put_rfc3339(out, line->start_ns);
    PUT(out, "\",\"duration_ms\":");
    out = spanlog_put_duration_ms(out, line->duration_ns);
    out = put_status(line, out);
    if (line->error.data) {
        PUT(out, ",\"error\":");
        out = put_text(out, limit, line->error, cut, true);
    }
    return out;
}

/* ---- the line --------------------------------------------------------------------------- */

/* Everything before the attributes. */
static inline char *put_fixed(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    if (!FITS(out, limit, 8 + SPANLOG_RFC3339_SIZE + line->head.size))
        return NULL;
    PUT(out, "{\"ts\":\"");
    out = line->second ? spanlog_put_rfc3339_near(out, line->time_ns, line->second)
                       : spanlog_put_rfc3339(out, line->time_ns);
    if (line->head.data)
        out = put_bytes(out, line->head.data, line->head.size);
    else
        out = put_head(line, out, limit, cut);
    if (out)
        out = put_ids(line, out, limit, cut);
    if (out && line->line_kind != SPANLOG_LINE_LOG)
        out = put_span(line, out, limit, cut);
    if (!out || !FITS(out, limit, line->tail.size))
        return NULL;
    if (line->tail.data)
        out = put_bytes(out, line->tail.data, line->tail.size);
    else
        out = put_tail(line, out, limit, cut);
    if (!out || !FITS(out, limit, 8 + SPANLOG_NUMBER_MAX))
        return NULL;
    if (line->tid) {
        PUT(out, ",\"tid\":");
        out = put_u64_quick(out, line->tid);
    }
    return out;
}

static char *write_json(const struct spanlog_line *line, char *out, char *end) {
    struct spanlog_dropped dropped = {line->dropped_attributes, 0, 0};
    char *limit = end - SPANLOG_JSON_CLOSE_MAX, *p;

    if (end - out <= SPANLOG_JSON_CLOSE_MAX)
        return NULL;
    p = put_fixed(line, out, limit, false);
    if (__builtin_expect(!p, 0)) {
        p = put_fixed(line, out, limit, true);
        if (!p)
            return NULL;
    }
    p = spanlog_json_put_attributes(p, limit, line->attributes, line->attribute_count,
                                    spanlog_keys_of(line->line_kind), line->distinct_keys,
                                    &dropped.attributes);
    return spanlog_json_put_end(line, p, limit, &dropped);
}

const struct spanlog_dialect spanlog_dialect_json = {
    .name = "json",
    .syntax = SPANLOG_SYNTAX_JSON,
    .keys = SPANLOG_CANONICAL_KEYS,
    .write = write_json,
    .render_head = render_head,
    .render_tail = render_tail,
    .render_key = render_key,
    .line_start = "{\"ts\":\"",
};
