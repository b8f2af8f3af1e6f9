/* formatters/json_layout.c: see json_layout.h. The order of the fields is that of dialect_json.c,
 * and so is the way room is checked: once per group, with SPANLOG_JSON_CLOSE_MAX kept free behind.
 */
#include "formatters/json_layout.h"

#include "formatters/digits.h"
#include "formatters/hex.h"
#include "formatters/json_write.h"
#include "formatters/names.h"
#include "formatters/number.h"
#include "formatters/put.h"
#include "formatters/source_split.h"
#include "formatters/time.h"

#define NS_PER_SECOND 1000000000u
/* What one text of the fixed part may take in the second attempt. */
#define SHORT_TEXT_MAX 256

static inline char *put_piece(char *out, const struct spanlog_text *piece) {
    return put_bytes(out, piece->data, piece->size);
}

/* See dialect_json.c for `cut`. */
static char *put_field(char *out, char *limit, const struct spanlog_text *piece,
                       struct spanlog_text text, bool cut, bool is_long) {
    if (!out || !FITS(out, limit, piece->size))
        return NULL;
    out = put_piece(out, piece);
    if (!cut)
        return spanlog_json_put_text(out, limit, text);
    return spanlog_json_put_text_within(out, limit, text,
                                        SHORT_TEXT_MAX + (is_long ? text.size : 0));
}

static char *put_piece_if_room(char *out, char *limit, const struct spanlog_text *piece) {
    return out && FITS(out, limit, piece->size) ? put_piece(out, piece) : NULL;
}

/* ---- head: from the end of the time to the end of the service ---------------------------- */

/* The number of a level that the name does not tell; `i` is the name's. */
static char *put_level_number(const struct spanlog_json_layout *layout, char *out, unsigned level,
                              unsigned i) {
    if (level == 4 * i + 1 && !(i == 0 && layout->trace_has_no_name))
        return out;
    PUT(out, ",\"severityNumber\":");
    return spanlog_put_u64(out, level);
}

static char *put_level(const struct spanlog_json_layout *layout, char *out, unsigned level) {
    level = level == 0 ? 1 : level > 24 ? 24 : level;
    unsigned i = (level - 1) / 4;
    out = put_piece(out, &layout->level);
    out = put_piece(out, &layout->levels[i]);
    *out++ = '"';
    return put_level_number(layout, out, level, i);
}

static char *put_head(const struct spanlog_json_layout *layout, const struct spanlog_line *line,
                      char *out, char *limit, bool cut) {
    struct spanlog_text service = line->service.data ? line->service : SPANLOG_TEXT("");

    if (!FITS(out, limit, layout->level.size + 40 + SPANLOG_NUMBER_MAX))
        return NULL;
    out = put_level(layout, out, line->level);
    out = put_field(out, limit, &layout->message, spanlog_line_message(line), cut, true);
    out = put_field(out, limit, &layout->service, service, cut, false);
    return put_piece_if_room(out, limit, &layout->service_end);
}

char *spanlog_layout_head(const struct spanlog_json_layout *layout, const struct spanlog_line *line,
                          char *out, char *end) {
    return put_head(layout, line, out, end, false);
}

/* ---- tail: logger, source, pid ----------------------------------------------------------- */

static char *put_source(const struct spanlog_json_layout *layout, struct spanlog_text text,
                        char *out, char *limit, bool cut) {
    struct spanlog_source source = {text, {NULL, 0}};

    if (layout->source_line.size)
        source = spanlog_source_split(text);
    out = put_field(out, limit, &layout->source, source.file, cut, false);
    if (out && source.line.data) {
        if (!FITS(out, limit, layout->source_line.size + 16 + layout->source_line_end.size))
            return NULL;
        out = put_piece(out, &layout->source_line);
        out = put_piece(out, &source.line);
        out = put_piece(out, &layout->source_line_end);
    }
    return put_piece_if_room(out, limit, &layout->source_end);
}

static char *put_tail(const struct spanlog_json_layout *layout, const struct spanlog_line *line,
                      char *out, char *limit, bool cut) {
    if (line->logger.data && line->line_kind == SPANLOG_LINE_LOG)
        out = put_field(out, limit, &layout->logger, line->logger, cut, false);
    if (line->source.data && out)
        out = put_source(layout, line->source, out, limit, cut);
    if (line->pid && out) {
        if (!FITS(out, limit, layout->pid.size + SPANLOG_NUMBER_MAX))
            return NULL;
        out = put_piece(out, &layout->pid);
        out = spanlog_put_u64(out, line->pid);
    }
    return out;
}

char *spanlog_layout_tail(const struct spanlog_json_layout *layout, const struct spanlog_line *line,
                          char *out, char *end) {
    return put_tail(layout, line, out, end, false);
}

char *spanlog_layout_key(const struct spanlog_json_layout *layout, struct spanlog_text key,
                         enum spanlog_line_kind kind, char *out, char *end) {
    unsigned of = spanlog_keys_of(kind) | layout->keys_of;
    return spanlog_json_put_key(key, spanlog_key_is_reserved(spanlog_key_text(key), of), out, end);
}

/* ---- ids -------------------------------------------------------------------------------- */

char *spanlog_layout_put_flags(const struct spanlog_line *line, char *out) {
    PUT(out, ",\"trace_flags\":\"");
    out = put_hex1(out, line->trace_flags);
    *out++ = '"';
    return out;
}

static inline char *put_hex_field(char *out, const struct spanlog_text *piece, const uint8_t *bytes,
                                  bool is_trace) {
    out = put_piece(out, piece);
    *out++ = '"';
    out = is_trace ? put_hex16(out, bytes) : put_hex8(out, bytes);
    *out++ = '"';
    return out;
}

/* One id, which a reader may have met in a form that is not hex. */
static char *put_id(char *out, char *limit, const struct spanlog_text *piece,
                    struct spanlog_text text, const uint8_t *bytes, bool is_trace, bool cut) {
    if (text.data)
        return put_field(out, limit, piece, text, cut, false);
    if (!bytes)
        return out;
    if (!out || !FITS(out, limit, piece->size + 34))
        return NULL;
    return put_hex_field(out, piece, bytes, is_trace);
}

static char *put_ids(const struct spanlog_json_layout *layout, const struct spanlog_line *line,
                     char *out, char *limit, bool cut) {
    bool own = line->has_context;

    out = put_id(out, limit, &layout->trace_id, line->trace_text, own ? line->trace_id : NULL, true,
                 cut);
    out = put_id(out, limit, &layout->span_id, line->span_text, own ? line->span_id : NULL, false,
                 cut);
    out = put_id(out, limit, &layout->parent_id, line->parent_text,
                 line->has_parent ? line->parent_id : NULL, false, cut);
    if (!out || !own)
        return out;
    return FITS(out, limit, SPANLOG_CONTEXT_MAX) ? layout->put_context(line, out) : NULL;
}

/* ---- span fields ------------------------------------------------------------------------ */

static char *put_seconds(char *out, uint64_t ns) {
    uint32_t fraction = (uint32_t)(ns % NS_PER_SECOND);
    out = spanlog_put_u64(out, ns / NS_PER_SECOND);
    *out++ = '.';
    out = put_8(out, fraction / 10);
    *out++ = (char)('0' + fraction % 10);
    return out;
}

static char *put_duration(const struct spanlog_json_layout *layout, char *out, uint64_t ns) {
    out = put_piece(out, &layout->duration);
    switch (layout->duration_unit) {
    case SPANLOG_DURATION_NS:
        return spanlog_put_u64(out, ns);
    case SPANLOG_DURATION_S:
        return put_seconds(out, ns);
    default:
        return spanlog_put_duration_ms(out, ns);
    }
}

static char *put_span(const struct spanlog_json_layout *layout, const struct spanlog_line *line,
                      char *out, char *limit, bool cut) {
    static const struct spanlog_text operation = {",\"operation\":", 13};
    struct spanlog_text kind = spanlog_kind_name(line->span_kind);

    out = put_field(out, limit, &operation, line->operation, cut, true);
    if (!out || !FITS(out, limit, 288))
        return NULL;
    PUT(out, ",\"kind\":\"");
    out = put_bytes(out, kind.data, kind.size);
    PUT(out, "\",\"start\":\"");
    out = spanlog_put_rfc3339(out, line->start_ns);
    *out++ = '"';
    out = put_duration(layout, out, line->duration_ns);
    if (line->span_status == SPANLOG_STATUS_OK)
        out = put_piece(out, &layout->status_ok);
    else if (line->span_status == SPANLOG_STATUS_ERROR)
        out = put_piece(out, &layout->status_error);
    if (line->has_status_code) {
        PUT(out, ",\"status_code\":");
        out = spanlog_put_i64(out, line->status_code);
    }
    if (line->error.data)
        out = put_field(out, limit, &layout->error, line->error, cut, true);
    return out;
}

/* ---- the line --------------------------------------------------------------------------- */

static inline char *put_time(const struct spanlog_json_layout *layout,
                             const struct spanlog_line *line, char *out) {
    out = put_piece(out, &layout->time);
    if (layout->time_in_seconds)
        return put_seconds(out, line->time_ns);
    return line->second ? spanlog_put_rfc3339_near(out, line->time_ns, line->second)
                        : spanlog_put_rfc3339(out, line->time_ns);
}

static char *put_tid(const struct spanlog_json_layout *layout, const struct spanlog_line *line,
                     char *out, char *limit) {
    if (!FITS(out, limit, layout->tid.size + SPANLOG_NUMBER_MAX))
        return NULL;
    if (!line->tid)
        return out;
    out = put_piece(out, &layout->tid);
    return put_u64_quick(out, line->tid);
}

/* Everything before the attributes. */
static char *put_fixed(const struct spanlog_json_layout *layout, const struct spanlog_line *line,
                       char *out, char *limit, bool cut) {
    if (!FITS(out, limit, layout->time.size + SPANLOG_NUMBER_MAX + line->head.size))
        return NULL;
    out = put_time(layout, line, out);
    if (line->head.data)
        out = put_piece(out, &line->head);
    else
        out = put_head(layout, line, out, limit, cut);
    if (out)
        out = put_ids(layout, line, out, limit, cut);
    if (out && line->line_kind != SPANLOG_LINE_LOG)
        out = put_span(layout, line, out, limit, cut);
    if (!out || !FITS(out, limit, line->tail.size))
        return NULL;
    if (line->tail.data)
        out = put_piece(out, &line->tail);
    else
        out = put_tail(layout, line, out, limit, cut);
    return out ? put_tid(layout, line, out, limit) : NULL;
}

char *spanlog_layout_write(const struct spanlog_json_layout *layout,
                           const struct spanlog_line *line, char *out, char *end) {
    unsigned of = spanlog_keys_of(line->line_kind) | layout->keys_of;
    struct spanlog_dropped dropped = {line->dropped_attributes, 0, 0};
    char *limit = end - SPANLOG_JSON_CLOSE_MAX, *p;

    if (end - out <= SPANLOG_JSON_CLOSE_MAX)
        return NULL;
    p = put_fixed(layout, line, out, limit, false);
    if (__builtin_expect(!p, 0))
        p = put_fixed(layout, line, out, limit, true);
    if (!p)
        return NULL;
    p = spanlog_json_put_attributes(p, limit, line->attributes, line->attribute_count, of,
                                    line->distinct_keys, &dropped.attributes);
    return spanlog_json_put_end(line, p, limit, &dropped);
}
