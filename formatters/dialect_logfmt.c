/* formatters/dialect_logfmt.c: key=value, one record a line, the fields of json in the same order.
 *
 *     ts=2026-11-21T10:30:45.123456789Z level=info msg="cache miss" service=orders hits=3
 *
 * Values are quoted only where they must be; events and links are JSON in a quoted value.
 */
#include "formatters/dialect.h"

#include "formatters/escape.h"
#include "formatters/json_write.h"
#include "formatters/names.h"
#include "formatters/number.h"
#include "formatters/put.h"
#include "formatters/text_write.h"
#include "formatters/time.h"

/* sample_ratio, three dropped_ counts, "\n" */
#define CLOSE_MAX 224
#define SHORT_TEXT_MAX 256

/* " key=" and a text; see dialect_json.c for `cut`. */
static char *put_field(char *out, char *limit, const char *key, struct spanlog_text text, bool cut,
                       bool is_long) {
    size_t key_size = strlen(key);

    if (!out || !FITS(out, limit, key_size))
        return NULL;
    out = put_bytes(out, key, key_size);
    if (!cut)
        return spanlog_plain_put_text(out, limit, text);
    return spanlog_plain_put_text_within(out, limit, text,
                                         SHORT_TEXT_MAX + (is_long ? text.size : 0));
}

static char *put_head(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    struct spanlog_text service = line->service.data ? line->service : SPANLOG_TEXT("");

    out = put_field(out, limit, " level=", spanlog_level_name(line->level), cut, false);
    out = put_field(out, limit, " msg=", spanlog_line_message(line), cut, true);
    return put_field(out, limit, " service=", service, cut, false);
}

static char *render_head(const struct spanlog_line *line, char *out, char *end) {
    return put_head(line, out, end, false);
}

static char *put_tail(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    if (line->logger.data && line->line_kind == SPANLOG_LINE_LOG)
        out = put_field(out, limit, " logger=", line->logger, cut, false);
    if (line->source.data)
        out = put_field(out, limit, " src=", line->source, cut, false);
    if (!out || !FITS(out, limit, 5 + SPANLOG_NUMBER_MAX))
        return NULL;
    if (line->pid) {
        PUT(out, " pid=");
        out = spanlog_put_u64(out, line->pid);
    }
    return out;
}

static char *render_tail(const struct spanlog_line *line, char *out, char *end) {
    return put_tail(line, out, end, false);
}

static char *render_key(struct spanlog_text key, enum spanlog_line_kind kind, char *out,
                        char *end) {
    unsigned of = spanlog_keys_of(kind) | SPANLOG_KEYS_PLAIN;
    return spanlog_plain_put_key(key, spanlog_key_is_reserved(spanlog_key_text(key), of), out, end);
}

static char *put_id(char *out, char *limit, const char *key, struct spanlog_text text,
                    const uint8_t *bytes, size_t size, bool cut) {
    if (text.data)
        return put_field(out, limit, key, text, cut, false);
    if (!bytes)
        return out;
    if (!out || !FITS(out, limit, 16 + 2 * size))
        return NULL;
    out = put_bytes(out, key, strlen(key));
    return spanlog_put_hex(out, bytes, size);
}

static char *put_ids(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    bool own = line->has_context;

    out = put_id(out, limit, " trace_id=", line->trace_text, own ? line->trace_id : NULL, 16, cut);
    out = put_id(out, limit, " span_id=", line->span_text, own ? line->span_id : NULL, 8, cut);
    out = put_id(out, limit, " parent_id=", line->parent_text,
                 line->has_parent ? line->parent_id : NULL, 8, cut);
    if (!out || !FITS(out, limit, 16))
        return NULL;
    if (own) {
        PUT(out, " trace_flags=");
        out = spanlog_put_hex(out, &line->trace_flags, 1);
    }
    return out;
}

static char *put_span(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    struct spanlog_text kind = spanlog_kind_name(line->span_kind);

    out = put_field(out, limit, " operation=", line->operation, cut, true);
    if (!out || !FITS(out, limit, 256))
        return NULL;
    PUT(out, " kind=");
    out = put_bytes(out, kind.data, kind.size);
    PUT(out, " start=");
    out = spanlog_put_rfc3339(out, line->start_ns);
    PUT(out, " duration_ms=");
    out = spanlog_put_duration_ms(out, line->duration_ns);
    if (line->span_status == SPANLOG_STATUS_OK)
        PUT(out, " status=ok");
    else if (line->span_status == SPANLOG_STATUS_ERROR)
        PUT(out, " status=error");
    if (line->has_status_code) {
        PUT(out, " status_code=");
        out = spanlog_put_i64(out, line->status_code);
    }
    if (line->error.data)
        out = put_field(out, limit, " error=", line->error, cut, true);
    return out;
}

/* Everything before the attributes. */
static char *put_fixed(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    if (!FITS(out, limit, 3 + SPANLOG_RFC3339_SIZE + line->head.size))
        return NULL;
    PUT(out, "ts=");
    out = line->second ? spanlog_put_rfc3339_near(out, line->time_ns, line->second)
                       : spanlog_put_rfc3339(out, line->time_ns);
    if (line->head.data)
        out = put_bytes(out, line->head.data, line->head.size);
    else
        out = put_head(line, out, limit, cut);
    out = put_ids(line, out, limit, cut);
    if (line->line_kind != SPANLOG_LINE_LOG)
        out = put_span(line, out, limit, cut);
    if (!out || !FITS(out, limit, line->tail.size))
        return NULL;
    if (line->tail.data)
        out = put_bytes(out, line->tail.data, line->tail.size);
    else
        out = put_tail(line, out, limit, cut);
    if (!out || !FITS(out, limit, 5 + SPANLOG_NUMBER_MAX))
        return NULL;
    if (line->tid) {
        PUT(out, " tid=");
        out = spanlog_put_u64(out, line->tid);
    }
    return out;
}

/* Puts JSON text that lies at `json` (in the upper half of the room) into quotes at out. Escaped
 * text has at most two bytes for one, so writing never overtakes reading. */
static char *quote_json(char *out, const char *key, const char *json, const char *json_end) {
    out = put_bytes(out, key, strlen(key));
    *out++ = '"';
    while (json < json_end) {
        char c = *json++;
        if (c == '"' || c == '\\')
            *out++ = '\\';
        *out++ = c;
    }
    *out++ = '"';
    return out;
}

static char *put_lists(const struct spanlog_line *line, char *out, char *limit,
                       uint64_t *dropped_events, uint64_t *dropped_links) {
    char *json, *json_end;

    if (line->event_count) {
        json = FITS(out, limit, 0) ? out + (limit - out) / 2 + 12 : limit;
        json_end =
            spanlog_json_put_events(json, limit, line->events, line->event_count, dropped_events);
        if (json_end > json)
            out = quote_json(out, " events=", json, json_end);
    }
    if (line->link_count) {
        json = FITS(out, limit, 0) ? out + (limit - out) / 2 + 12 : limit;
        json_end =
            spanlog_json_put_links(json, limit, line->links, line->link_count, dropped_links);
        if (json_end > json)
            out = quote_json(out, " links=", json, json_end);
    }
    return out;
}

static char *put_count(char *out, const char *key, uint64_t count) {
    if (count == 0)
        return out;
    out = put_bytes(out, key, strlen(key));
    return spanlog_put_u64(out, count);
}

static char *write_logfmt(const struct spanlog_line *line, char *out, char *end) {
    uint64_t attributes = line->dropped_attributes, events = 0, links = 0;
    bool is_span = line->line_kind != SPANLOG_LINE_LOG;
    char *limit = end - CLOSE_MAX, *p;

    if (end - out <= CLOSE_MAX)
        return NULL;
    p = put_fixed(line, out, limit, false);
    if (!p)
        p = put_fixed(line, out, limit, true);
    if (!p)
        return NULL;
    p = spanlog_plain_put_attributes(p, limit, line->attributes, line->attribute_count,
                                     spanlog_keys_of(line->line_kind), line->distinct_keys,
                                     spanlog_plain_put_key, &attributes);
    if (is_span) {
        events = line->dropped_events;
        links = line->dropped_links;
        p = put_lists(line, p, limit, &events, &links);
        if (line->sample_ratio > 0 && line->sample_ratio < 1) {
            PUT(p, " sample_ratio=");
            p = spanlog_put_double(p, line->sample_ratio);
        }
    }
    p = put_count(p, " dropped_attributes=", attributes);
    p = put_count(p, " dropped_events=", events);
    p = put_count(p, " dropped_links=", links);
    *p++ = '\n';
    return p;
}

const struct spanlog_dialect spanlog_dialect_logfmt = {
    .name = "logfmt",
    .syntax = SPANLOG_SYNTAX_LOGFMT,
    .keys = SPANLOG_CANONICAL_KEYS,
    .write = write_logfmt,
    .render_head = render_head,
    .render_tail = render_tail,
    .render_key = render_key,
    .line_start = "ts=",
};
