/* formatters/text_write.c: see text_write.h. */
#include "formatters/text_write.h"

#include "formatters/errno_names.h"
#include "formatters/escape.h"
#include "formatters/number.h"
#include "formatters/put.h"
#include "formatters/utf8.h"

static char *put_quoted(char *out, char *limit, struct spanlog_text text, uint64_t original_size) {
    if (!FITS(out, limit, 2))
        return NULL;
    *out++ = '"';
    out = spanlog_escape_cut(out, limit - 1, text.data, text.size, original_size, true);
    if (out)
        *out++ = '"';
    return out;
}

static char *put_whole_quoted(char *out, char *limit, struct spanlog_text text) {
    if (!FITS(out, limit, 2))
        return NULL;
    *out++ = '"';
    out = spanlog_escape_visible(out, limit - 1, text.data, text.size);
    if (out)
        *out++ = '"';
    return out;
}

char *spanlog_plain_put_text(char *out, char *limit, struct spanlog_text text) {
    if (!text.data)
        text = SPANLOG_TEXT("(null)");
    if (!spanlog_is_bare(text.data, text.size))
        return put_whole_quoted(out, limit, text);
    return FITS(out, limit, text.size) ? put_bytes(out, text.data, text.size) : NULL;
}

char *spanlog_plain_put_text_within(char *out, char *limit, struct spanlog_text text, size_t max) {
    char *p;

    if (FITS(out, limit, max))
        limit = out + max;
    p = spanlog_plain_put_text(out, limit, text);
    if (p || !text.data)
        return p;
    return put_quoted(out, limit, text, 0);
}

/* ---- values ----------------------------------------------------------------------------- */

static char *put_hex(char *out, char *limit, const struct spanlog_value *value) {
    if (!value->text)
        return spanlog_plain_put_text(out, limit, (struct spanlog_text){NULL, 0});
    if (!FITS(out, limit, 2 + 2 * (uint64_t)value->size + SPANLOG_CUT_MARK_MAX))
        return NULL;
    if (value->size && !value->original_size)
        return spanlog_put_hex(out, value->text, value->size);
    *out++ = '"';
    out = spanlog_put_hex(out, value->text, value->size);
    if (value->original_size)
        out = spanlog_escape_cut(out, limit, "", 0, value->original_size, true);
    *out++ = '"';
    return out;
}

static char *put_errno(char *out, int64_t number) {
    *out++ = '"';
    out = spanlog_put_errno(out, number);
    *out++ = '"';
    return out;
}

static char *put_word(char *out, const struct spanlog_value *value) {
    if (value->type != SPANLOG_VALUE_BOOL)
        PUT(out, "null");
    else if (value->u)
        PUT(out, "true");
    else
        PUT(out, "false");
    return out;
}

char *spanlog_plain_put_value(char *out, char *limit, const struct spanlog_value *value) {
    struct spanlog_text text = {value->text, value->size};

    switch (value->type) {
    case SPANLOG_VALUE_TEXT:
    case SPANLOG_VALUE_JSON:
        if (value->original_size && text.data)
            return put_quoted(out, limit, text, value->original_size);
        return spanlog_plain_put_text(out, limit, text);
    case SPANLOG_VALUE_HEX:
        return put_hex(out, limit, value);
    default:
        break;
    }
    if (!FITS(out, limit, SPANLOG_ERRNO_MAX + 2))
        return NULL;
    switch (value->type) {
    case SPANLOG_VALUE_INT:
        return spanlog_put_i64(out, value->i);
    case SPANLOG_VALUE_UINT:
        return spanlog_put_u64(out, value->u);
    case SPANLOG_VALUE_DOUBLE:
        return spanlog_put_double(out, value->d);
    case SPANLOG_VALUE_FLOAT:
        return spanlog_put_float(out, (float)value->d);
    case SPANLOG_VALUE_PTR:
        return spanlog_put_pointer(out, value->u);
    case SPANLOG_VALUE_ERRNO:
        return put_errno(out, value->i);
    default:
        return put_word(out, value);
    }
}

/* ---- keys ------------------------------------------------------------------------------- */

char *spanlog_plain_put_name(struct spanlog_text key, unsigned underscores, char *out, char *end) {
    const char *p, *key_end;
    uint32_t code;

    key = spanlog_key_text(key);
    p = key.data;
    key_end = p + key.size;
    while (p < key_end) {
        int length = spanlog_utf8_next(p, key_end, &code);
        int step = length < 0 ? -length : length;
        if (!FITS(out, end, 4))
            return NULL;
        if (code < 0x80) {
            *out++ = (char)(spanlog_key_breaks((unsigned char)code) ? '_' : code);
        } else if (!spanlog_is_bare(p, (size_t)step)) {
            PUT(out, "\xEF\xBF\xBD");
        } else {
            memcpy(out, p, (size_t)step);
            out += step;
        }
        p += step;
    }
    if (!FITS(out, end, underscores))
        return NULL;
    memset(out, '_', underscores);
    return out + underscores;
}

char *spanlog_plain_put_key(struct spanlog_text key, unsigned underscores, char *out, char *end) {
    if (!FITS(out, end, 2))
        return NULL;
    *out++ = ' ';
    out = spanlog_plain_put_name(key, underscores, out, end - 1);
    if (out)
        *out++ = '=';
    return out;
}

char *spanlog_plain_put_attributes(char *out, char *limit,
                                   const struct spanlog_attribute *attributes, uint32_t count,
                                   unsigned of, bool distinct, spanlog_key_renderer *render,
                                   uint64_t *ret_dropped) {
    struct spanlog_keys keys;

    spanlog_keys_decide(&keys, attributes, count, of | SPANLOG_KEYS_PLAIN, distinct, render);
    *ret_dropped += keys.left_out;
    for (uint32_t i = 0; i < keys.count; i++) {
        const struct spanlog_attribute *a = &attributes[i];
        char *p = NULL;
        if (spanlog_keys_skips(&keys, i))
            continue;
        if (!keys.as_they_are)
            p = render(a->key, keys.underscores[i], out, limit);
        else if (FITS(out, limit, a->rendered.size))
            p = put_bytes(out, a->rendered.data, a->rendered.size);
        if (p)
            p = spanlog_plain_put_value(p, limit, &a->value);
        if (p)
            out = p;
        else
            ++*ret_dropped;
    }
    return out;
}
