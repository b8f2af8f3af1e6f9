/* formatters/dialect_syslog.c: RFC 5424, with the fields as structured data.
 *
 *     <14>1 2026-11-21T10:30:45.123456Z web-1 orders 711 - [spanlog@32473 trace_id="4bf9..."
 *     span_id="00f0..." trace_flags="01" logger="db" src="src/db.c:42" hits="3"] cache miss
 *
 * Facility user. Times have six digits, as the RFC wants it; names at most 32, of ASCII. Values are
 * quoted and escaped as in JSON, and ']' too; so is a message that is more than words. A level that
 * syslog has no severity for stands among the fields, and so does a service that is no APP-NAME.
 */
#include "formatters/dialect.h"

#include "formatters/escape.h"
#include "formatters/json_write.h"
#include "formatters/names.h"
#include "formatters/number.h"
#include "formatters/put.h"
#include "formatters/text_write.h"
#include "formatters/time.h"

#define CLOSE_MAX 320
#define SHORT_TEXT_MAX 256
#define SD_NAME_MAX 32
#define APP_NAME_MAX 48
#define HOST_NAME_MAX 255
#define ASKED_MAX 64 /* no step asks for that much more room than it then fills */

/* ---- one parameter ------------------------------------------------------------------------- */

/* What stands at value..end as logfmt has it, in quotes or bare, becomes a parameter's value. NULL:
 * it does not fit before limit. */
static char *quote(char *value, char *end, char *limit) {
    bool bare = end == value || *value != '"';
    ptrdiff_t more = bare ? 2 : 0;
    for (const char *p = value; p < end; p++)
        more += *p == ']';
    if (more == 0)
        return end;
    if (!FITS(end, limit, more))
        return NULL;
    char *to = end + more, *from = end, *after = to;
    if (bare)
        *--to = '"';
    while (from > value) {
        char c = *--from;
        *--to = c;
        if (c == ']')
            *--to = '\\';
    }
    if (bare)
        *--to = '"';
    return after;
}

static char *put_name(char *out, char *limit, const char *name) {
    size_t size = strlen(name);
    if (!out || !FITS(out, limit, size + 2))
        return NULL;
    *out++ = ' ';
    out = put_bytes(out, name, size);
    *out++ = '=';
    return out;
}

/* See dialect_json.c for `cut`. */
static char *put_text(char *out, char *limit, const char *name, struct spanlog_text text, bool cut,
                      bool is_long) {
    char *value = put_name(out, limit, name), *end;
    if (!value)
        return NULL;
    if (!cut)
        end = spanlog_plain_put_text(value, limit, text);
    else
        end = spanlog_plain_put_text_within(value, limit, text,
                                            SHORT_TEXT_MAX + (is_long ? text.size : 0));
    return end ? quote(value, end, limit) : NULL;
}

static char *put_number(char *out, const char *name, uint64_t number) {
    *out++ = ' ';
    out = put_bytes(out, name, strlen(name));
    PUT(out, "=\"");
    out = spanlog_put_u64(out, number);
    *out++ = '"';
    return out;
}

/* A key as SD-NAME: what it may not hold becomes '_', and what is too long for it is cut. */
static char *put_key(struct spanlog_text key, unsigned underscores, char *out, char *end) {
    char *name = out + 1, *p = spanlog_plain_put_key(key, 0, out, end);
    if (!p)
        return NULL;
    p--;
    if (p - name > SD_NAME_MAX - (ptrdiff_t)underscores)
        p = name + SD_NAME_MAX - underscores;
    for (char *c = name; c < p; c++)
        if ((unsigned char)*c >= 0x7f || *c == ']')
            *c = '_';
    if (!FITS(p, end, underscores + 1))
        return NULL;
    memset(p, '_', underscores);
    p += underscores;
    *p++ = '=';
    return p;
}

static char *render_key(struct spanlog_text key, enum spanlog_line_kind kind, char *out,
                        char *end) {
    unsigned of = spanlog_keys_of(kind) | SPANLOG_KEYS_PLAIN;
    return put_key(key, spanlog_key_is_reserved(spanlog_key_text(key), of), out, end);
}

static char *put_attributes(const struct spanlog_line *line, char *out, char *limit,
                            uint64_t *ret_dropped) {
    struct spanlog_keys keys;
    spanlog_keys_decide(&keys, line->attributes, line->attribute_count,
                        spanlog_keys_of(line->line_kind) | SPANLOG_KEYS_PLAIN, line->distinct_keys,
                        put_key);
    *ret_dropped += keys.left_out;
    for (uint32_t i = 0; i < keys.count; i++) {
        const struct spanlog_attribute *a = &line->attributes[i];
        char *value = NULL, *end;
        if (spanlog_keys_skips(&keys, i))
            continue;
        if (!keys.as_they_are)
            value = put_key(a->key, keys.underscores[i], out, limit);
        else if (FITS(out, limit, a->rendered.size))
            value = put_bytes(out, a->rendered.data, a->rendered.size);
        end = value ? spanlog_plain_put_value(value, limit, &a->value) : NULL;
        end = end ? quote(value, end, limit) : NULL;
        if (end)
            out = end;
        else
            ++*ret_dropped;
    }
    return out;
}

/* ---- the header ---------------------------------------------------------------------------- */

static unsigned severity(unsigned level) {
    static const unsigned char of[6] = {7, 7, 6, 4, 3, 2};
    return of[level == 0 ? 0 : level > 24 ? 5 : (level - 1) / 4];
}

/* Printable ASCII without blanks, or "-". False: it is not what the text was. */
static bool put_word(char **out, struct spanlog_text text, size_t most) {
    bool same = text.size > 0 && text.size <= most && !(text.size == 1 && *text.data == '-');
    for (uint32_t i = 0; same && i < text.size; i++)
        same = text.data[i] > 0x20 && text.data[i] < 0x7f;
    *out = same ? put_bytes(*out, text.data, text.size) : put_bytes(*out, "-", 1);
    return same;
}

static char *put_header(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    char time[SPANLOG_RFC3339_SIZE];
    if (!FITS(out, limit, 64 + HOST_NAME_MAX + APP_NAME_MAX + SPANLOG_NUMBER_MAX))
        return NULL;
    spanlog_put_rfc3339(time, line->time_ns);
    *out++ = '<';
    out = spanlog_put_u64(out, 8 + severity(line->level));
    PUT(out, ">1 ");
    out = put_bytes(out, time, SPANLOG_RFC3339_SIZE - 4);
    PUT(out, "Z ");
    put_word(&out, line->host, HOST_NAME_MAX);
    *out++ = ' ';
    bool named = put_word(&out, line->service, APP_NAME_MAX);
    *out++ = ' ';
    out = line->pid ? spanlog_put_u64(out, line->pid) : put_bytes(out, "-", 1);
    PUT(out, " - [spanlog@32473");
    if (line->level < 5)
        out = put_text(out, limit, "level", SPANLOG_TEXT("trace"), false, false);
    if (!named && line->service.size)
        out = put_text(out, limit, "service", line->service, cut, false);
    return out;
}

/* ---- fields -------------------------------------------------------------------------------- */

static char *put_id(char *out, char *limit, const char *name, struct spanlog_text text,
                    const uint8_t *bytes, size_t size, bool cut) {
    if (text.data)
        return put_text(out, limit, name, text, cut, false);
    if (!bytes)
        return out;
    out = put_name(out, limit, name);
    if (!out || !FITS(out, limit, 2 * size + 2))
        return NULL;
    *out++ = '"';
    out = spanlog_put_hex(out, bytes, size);
    *out++ = '"';
    return out;
}

static char *put_ids(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    bool own = line->has_context;
    out = put_id(out, limit, "trace_id", line->trace_text, own ? line->trace_id : NULL, 16, cut);
    out = put_id(out, limit, "span_id", line->span_text, own ? line->span_id : NULL, 8, cut);
    out = put_id(out, limit, "parent_id", line->parent_text,
                 line->has_parent ? line->parent_id : NULL, 8, cut);
    return put_id(out, limit, "trace_flags", (struct spanlog_text){NULL, 0},
                  own ? &line->trace_flags : NULL, 1, cut);
}

static char *put_span(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    struct spanlog_text kind = spanlog_kind_name(line->span_kind);
    out = put_text(out, limit, "operation", line->operation, cut, true);
    if (!out || !FITS(out, limit, 256))
        return NULL;
    PUT(out, " kind=\"");
    out = put_bytes(out, kind.data, kind.size);
    PUT(out, "\" start=\"");
    out = spanlog_put_rfc3339(out, line->start_ns);
    PUT(out, "\" duration_ms=\"");
    out = spanlog_put_duration_ms(out, line->duration_ns);
    *out++ = '"';
    if (line->span_status == SPANLOG_STATUS_OK)
        PUT(out, " status=\"ok\"");
    else if (line->span_status == SPANLOG_STATUS_ERROR)
        PUT(out, " status=\"error\"");
    if (line->has_status_code) {
        PUT(out, " status_code=\"");
        out = spanlog_put_i64(out, line->status_code);
        *out++ = '"';
    }
    return line->error.data ? put_text(out, limit, "error", line->error, cut, true) : out;
}

static char *put_tail(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    if (line->logger.data && line->line_kind == SPANLOG_LINE_LOG)
        out = put_text(out, limit, "logger", line->logger, cut, false);
    if (line->source.data)
        out = put_text(out, limit, "src", line->source, cut, false);
    return out;
}

static char *put_fixed(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    out = put_header(line, out, limit, cut);
    out = put_ids(line, out, limit, cut);
    if (out && line->line_kind != SPANLOG_LINE_LOG)
        out = put_span(line, out, limit, cut);
    if (!out || !FITS(out, limit, line->tail.size + 32))
        return NULL;
    if (line->tail.data)
        out = put_bytes(out, line->tail.data, line->tail.size);
    else
        out = put_tail(line, out, limit, cut);
    if (!out || !FITS(out, limit, 32))
        return NULL;
    return line->tid ? put_number(out, "tid", line->tid) : out;
}

static char *render_head(const struct spanlog_line *line, char *out, char *end) {
    (void)line; /* what is constant of it stands on both sides of the time */
    return out <= end ? out : NULL;
}

static char *render_tail(const struct spanlog_line *line, char *out, char *end) {
    return put_tail(line, out, end, false);
}

/* ---- the end ------------------------------------------------------------------------------- */

static bool is_plain_message(struct spanlog_text text) {
    return spanlog_is_sentence(text.data, text.size) && !strchr("\"{[<", *text.data);
}

/* What stands behind the attributes and must not be crowded out by them: "] cache miss" */
static char *put_message(const struct spanlog_line *line, char *out, char *limit, bool cut) {
    struct spanlog_text text = spanlog_line_message(line);
    if (!FITS(out, limit, 2))
        return NULL;
    PUT(out, "] ");
    if (is_plain_message(text) && FITS(out, limit, text.size))
        return put_bytes(out, text.data, text.size);
    char *value = out;
    if (!cut)
        out = spanlog_plain_put_text(out, limit - 2, text);
    else
        out = spanlog_plain_put_text_within(out, limit - 2, text, SHORT_TEXT_MAX + text.size);
    if (!out || *value == '"')
        return out;
    memmove(value + 1, value, (size_t)(out - value)); /* a single word like {x} */
    *value = '"';
    out[1] = '"';
    return out + 2;
}

/* JSON that lies in the upper half of the room; at most two bytes of one, so writing never
 * overtakes reading. */
static char *put_list(char *out, char *limit, const char *name, const char *json, const char *end) {
    char *value = end > json ? put_name(out, limit, name) : NULL;
    if (!value)
        return out;
    *value++ = '"';
    for (; json < end; json++) {
        if (*json == '"' || *json == '\\' || *json == ']')
            *value++ = '\\';
        *value++ = *json;
    }
    *value++ = '"';
    return value;
}

static char *upper_half(char *out, char *limit) {
    return FITS(out, limit, 0) ? out + (limit - out) / 2 + 12 : limit;
}

static char *put_lists(const struct spanlog_line *line, char *out, char *limit, uint64_t *events,
                       uint64_t *links) {
    char *json = upper_half(out, limit), *end;
    *events = line->dropped_events;
    *links = line->dropped_links;
    if (line->event_count) {
        end = spanlog_json_put_events(json, limit, line->events, line->event_count, events);
        out = put_list(out, limit, "events", json, end);
    }
    if (line->link_count) {
        json = upper_half(out, limit);
        end = spanlog_json_put_links(json, limit, line->links, line->link_count, links);
        out = put_list(out, limit, "links", json, end);
    }
    return out;
}

static char *put_counts(const struct spanlog_line *line, char *out, uint64_t attributes,
                        uint64_t events, uint64_t links) {
    if (line->line_kind != SPANLOG_LINE_LOG && line->sample_ratio > 0 && line->sample_ratio < 1) {
        PUT(out, " sample_ratio=\"");
        out = spanlog_put_double(out, line->sample_ratio);
        *out++ = '"';
    }
    if (attributes)
        out = put_number(out, "dropped_attributes", attributes);
    if (events)
        out = put_number(out, "dropped_events", events);
    return links ? put_number(out, "dropped_links", links) : out;
}

static char *write_syslog(const struct spanlog_line *line, char *out, char *end) {
    uint64_t attributes = line->dropped_attributes, events = 0, links = 0;
    char *limit = end - CLOSE_MAX, *p, *after;
    bool cut = false;

    if (end - out <= CLOSE_MAX)
        return NULL;
    /* The message is written once to see its size, and again behind the attributes. */
    for (;;) {
        p = put_fixed(line, out, limit, cut);
        after = p ? put_message(line, p, limit, cut) : NULL;
        if (after || cut)
            break;
        cut = true;
    }
    if (!after)
        return NULL;
    char *room = limit - (after - p) - ASKED_MAX;
    p = put_attributes(line, p, room, &attributes);
    if (line->line_kind != SPANLOG_LINE_LOG)
        p = put_lists(line, p, room, &events, &links);
    p = put_counts(line, p, attributes, events, links);
    p = put_message(line, p, end - 1, cut);
    if (!p)
        return NULL;
    *p++ = '\n';
    return p;
}

const struct spanlog_dialect spanlog_dialect_syslog = {
    .name = "syslog",
    .syntax = SPANLOG_SYNTAX_LOGFMT,
    .keys = SPANLOG_CANONICAL_KEYS,
    .write = write_syslog,
    .render_head = render_head,
    .render_tail = render_tail,
    .render_key = render_key,
    .line_start = "<",
};
