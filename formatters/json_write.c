/* formatters/json_write.c: see json_write.h. */
#include "formatters/json_write.h"

#include "formatters/digits.h"
#include "formatters/errno_names.h"
#include "formatters/escape.h"
#include "formatters/escape_quick.h"
#include "formatters/json.h"
#include "formatters/number.h"
#include "formatters/put.h"
#include "formatters/time.h"

static const char null_text[] = "(null)";

static inline char *put_string(char *out, char *limit, const char *text, size_t size,
                               uint64_t original_size) {
    if (!FITS(out, limit, 2))
        return NULL;
    if (size && text && !original_size && FITS(out, limit, size + 18) &&
        copy_if_plain(out + 1, text, size)) {
        *out = '"';
        out += size + 1;
        *out++ = '"';
        return out;
    }
    if (!text) {
        text = null_text;
        size = sizeof null_text - 1;
        original_size = 0;
    }
    *out++ = '"';
    if (original_size)
        out = spanlog_escape_cut(out, limit - 1, text, size, original_size, false);
    else
        out = spanlog_escape(out, limit - 1, text, size);
    if (out)
        *out++ = '"';
    return out;
}

char *spanlog_json_put_text(char *out, char *limit, struct spanlog_text text) {
    return put_string(out, limit, text.data, text.size, 0);
}

char *spanlog_json_put_text_within(char *out, char *limit, struct spanlog_text text, size_t max) {
    if (!text.data)
        text = SPANLOG_TEXT("(null)");
    if (!FITS(out, limit, 2))
        return NULL;
    if (FITS(out, limit, max))
        limit = out + max;
    *out++ = '"';
    out = spanlog_escape_cut(out, limit - 1, text.data, text.size, 0, false);
    if (out)
        *out++ = '"';
    return out;
}

/* ---- values ----------------------------------------------------------------------------- */

/* NaN and the infinities are no JSON numbers, so they get quotes. */
static inline char *put_real(char *out, const struct spanlog_value *value) {
    char *start = out, *end;

    if (value->type == SPANLOG_VALUE_FLOAT)
        end = spanlog_put_float(out, (float)value->d);
    else
        end = spanlog_put_double(out, value->d);
    char last = end[-1];
    if (last <= '9') /* all numbers end in a digit, the words in letters */
        return end;
    memmove(start + 1, start, (size_t)(end - start));
    *start = '"';
    end[1] = '"';
    return end + 2;
}

static char *put_hex(char *out, char *limit, const struct spanlog_value *value) {
    if (!value->text)
        return put_string(out, limit, NULL, 0, 0);
    if (!FITS(out, limit, 2 + 2 * (uint64_t)value->size + SPANLOG_CUT_MARK_MAX))
        return NULL;
    *out++ = '"';
    out = spanlog_put_hex(out, value->text, value->size);
    if (value->original_size)
        out = spanlog_escape_cut(out, limit, "", 0, value->original_size, false);
    *out++ = '"';
    return out;
}

static char *put_json(char *out, char *limit, const struct spanlog_value *value) {
    if (value->text && !value->original_size && spanlog_json_valid(value->text, value->size))
        return spanlog_json_copy(out, limit, value->text, value->size);
    return put_string(out, limit, value->text, value->size, value->original_size);
}

static char *put_quoted(char *out, const struct spanlog_value *value) {
    *out++ = '"';
    if (value->type == SPANLOG_VALUE_PTR)
        out = spanlog_put_pointer(out, value->u);
    else
        out = spanlog_put_errno(out, value->i);
    *out++ = '"';
    return out;
}

static inline char *put_word(char *out, uint32_t type, bool truth) {
    if (type == SPANLOG_VALUE_NULL)
        PUT(out, "null");
    else if (truth)
        PUT(out, "true");
    else
        PUT(out, "false");
    return out;
}

static __attribute__((noinline)) char *put_value(char *out, char *limit,
                                                 const struct spanlog_value *value) {
    switch (value->type) {
    case SPANLOG_VALUE_TEXT:
        return put_string(out, limit, value->text, value->size, value->original_size);
    case SPANLOG_VALUE_HEX:
        return put_hex(out, limit, value);
    case SPANLOG_VALUE_JSON:
        return put_json(out, limit, value);
    default:
        break;
    }
    if (!FITS(out, limit, SPANLOG_ERRNO_MAX + 2))
        return NULL;
    switch (value->type) {
    case SPANLOG_VALUE_INT:
        return value->i >= 0 ? put_u64_quick(out, value->u) : spanlog_put_i64(out, value->i);
    case SPANLOG_VALUE_UINT:
        return put_u64_quick(out, value->u);
    case SPANLOG_VALUE_DOUBLE:
    case SPANLOG_VALUE_FLOAT:
        return put_real(out, value);
    case SPANLOG_VALUE_PTR:
    case SPANLOG_VALUE_ERRNO:
        return put_quoted(out, value);
    case SPANLOG_VALUE_BOOL:
        return put_word(out, value->type, value->u != 0);
    default: /* null, and types that do not exist */
        return put_word(out, SPANLOG_VALUE_NULL, false);
    }
}

char *spanlog_json_put_value(char *out, char *limit, const struct spanlog_value *value) {
    return put_value(out, limit, value);
}

/* ---- attributes ------------------------------------------------------------------------- */

char *spanlog_json_put_key(struct spanlog_text key, unsigned underscores, char *out, char *end) {
    key = spanlog_key_text(key);
    if (!FITS(out, end, 4 + underscores))
        return NULL;
    PUT(out, ",\"");
    out = spanlog_escape(out, end - 2 - underscores, key.data, key.size);
    if (!out)
        return NULL;
    for (; underscores; underscores--)
        *out++ = '_';
    PUT(out, "\":");
    return out;
}

/* What any value but a long text or JSON may take, with its quotes. */
#define QUICK_VALUE_MAX (SPANLOG_ERRNO_MAX + 2)

/* Where QUICK_VALUE_MAX bytes are there. The kinds that are usual need no call. */
static inline char *put_quick_value(char *out, char *limit, const struct spanlog_value *value) {
    switch (value->type) {
    case SPANLOG_VALUE_TEXT:
        return put_string(out, limit, value->text, value->size, value->original_size);
    case SPANLOG_VALUE_INT:
        return value->i >= 0 ? put_u64_quick(out, value->u) : spanlog_put_i64(out, value->i);
    case SPANLOG_VALUE_UINT:
        return put_u64_quick(out, value->u);
    case SPANLOG_VALUE_DOUBLE:
        return put_real(out, value);
    default:
        return put_value(out, limit, value);
    }
}

/* Key and value, the key as it was rendered. */
static inline char *put_rendered(char *out, char *limit, const struct spanlog_attribute *a) {
    bool quick = FITS(out, limit, a->rendered.size + QUICK_VALUE_MAX);

    if (!quick && !FITS(out, limit, a->rendered.size))
        return NULL;
    out = put_bytes(out, a->rendered.data, a->rendered.size);
    return __builtin_expect(quick, 1) ? put_quick_value(out, limit, &a->value)
                                      : put_value(out, limit, &a->value);
}

char *spanlog_json_put_attributes(char *out, char *limit,
                                  const struct spanlog_attribute *attributes, uint32_t count,
                                  unsigned of, bool distinct, uint64_t *ret_dropped) {
    struct spanlog_keys keys;

    spanlog_keys_decide(&keys, attributes, count, of, distinct, spanlog_json_put_key);
    *ret_dropped += keys.left_out;
    for (uint32_t i = 0; i < keys.count; i++) {
        const struct spanlog_attribute *a = &attributes[i];
        char *p;
        if (keys.as_they_are) {
            p = put_rendered(out, limit, a);
        } else {
            if (spanlog_keys_skips(&keys, i))
                continue;
            p = spanlog_json_put_key(a->key, keys.underscores[i], out, limit);
            if (p)
                p = put_value(p, limit, &a->value);
        }
        if (p)
            out = p;
        else
            ++*ret_dropped;
    }
    return out;
}

/* ---- events and links ------------------------------------------------------------------- */

static char *put_event(char *out, char *limit, const struct spanlog_event *event) {
    uint64_t dropped = 0;

    if (!FITS(out, limit, 64))
        return NULL;
    PUT(out, "{\"ts\":\"");
    out = spanlog_put_rfc3339(out, event->time_ns);
    PUT(out, "\",\"name\":");
    out = put_string(out, limit - 1, event->name.data, event->name.size, 0);
    if (!out)
        return NULL;
    out = spanlog_json_put_attributes(out, limit - 1, event->attributes, event->attribute_count,
                                      SPANLOG_KEYS_OF_EVENT, false, &dropped);
    *out++ = '}';
    return dropped ? NULL : out; /* an event is written whole or counted */
}

static char *put_link(char *out, char *limit, const struct spanlog_span_link *link) {
    if (!FITS(out, limit, 80))
        return NULL;
    PUT(out, "{\"trace_id\":\"");
    out = spanlog_put_hex16(out, link->trace_id);
    PUT(out, "\",\"span_id\":\"");
    out = spanlog_put_hex8(out, link->span_id);
    PUT(out, "\"}");
    return out;
}

char *spanlog_json_put_events(char *out, char *limit, const struct spanlog_event *events,
                              uint32_t count, uint64_t *ret_dropped) {
    char *start = out;

    limit -= 1; /* ']' */
    for (uint32_t i = 0; i < count; i++) {
        char *p = FITS(out, limit, 1) ? put_event(out + 1, limit, &events[i]) : NULL;
        if (p) {
            *out = out == start ? '[' : ',';
            out = p;
        } else {
            ++*ret_dropped;
        }
    }
    if (out > start)
        *out++ = ']';
    return out;
}

char *spanlog_json_put_links(char *out, char *limit, const struct spanlog_span_link *links,
                             uint32_t count, uint64_t *ret_dropped) {
    char *start = out;

    limit -= 1;
    for (uint32_t i = 0; i < count; i++) {
        char *p = FITS(out, limit, 1) ? put_link(out + 1, limit, &links[i]) : NULL;
        if (p) {
            *out = out == start ? '[' : ',';
            out = p;
        } else {
            ++*ret_dropped;
        }
    }
    if (out > start)
        *out++ = ']';
    return out;
}

/* ---- the end of a line ------------------------------------------------------------------ */

char *spanlog_json_put_lists(const struct spanlog_line *line, char *out, char *limit,
                             struct spanlog_dropped *d) {
    char *p;

    if (line->event_count) {
        const char key[] = ",\"events\":";
        p = out + sizeof key - 1;
        p = spanlog_json_put_events(p, limit, line->events, line->event_count, &d->events);
        if (p > out + sizeof key - 1) {
            memcpy(out, key, sizeof key - 1);
            out = p;
        }
    }
    if (line->link_count) {
        const char key[] = ",\"links\":";
        p = out + sizeof key - 1;
        p = spanlog_json_put_links(p, limit, line->links, line->link_count, &d->links);
        if (p > out + sizeof key - 1) {
            memcpy(out, key, sizeof key - 1);
            out = p;
        }
    }
    return out;
}

char *spanlog_json_put_close(const struct spanlog_line *line, char *out,
                             const struct spanlog_dropped *d) {
    if (line->line_kind != SPANLOG_LINE_LOG && line->sample_ratio > 0 && line->sample_ratio < 1) {
        PUT(out, ",\"sample_ratio\":");
        out = spanlog_put_double(out, line->sample_ratio);
    }
    if (d->attributes) {
        PUT(out, ",\"dropped_attributes\":");
        out = spanlog_put_u64(out, d->attributes);
    }
    if (d->events) {
        PUT(out, ",\"dropped_events\":");
        out = spanlog_put_u64(out, d->events);
    }
    if (d->links) {
        PUT(out, ",\"dropped_links\":");
        out = spanlog_put_u64(out, d->links);
    }
    PUT(out, "}\n");
    return out;
}
