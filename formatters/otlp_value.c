/* formatters/otlp_value.c: see otlp_value.h. */
#include "formatters/otlp_value.h"

#include "formatters/escape.h"
#include "formatters/json.h"
#include "formatters/json_write.h"
#include "formatters/number.h"
#include "formatters/put.h"

/* A level of JSON takes up to five here, and readers stop at about 200. */
#define DEPTH_MAX 32

static inline char *put_if_room(char *out, char *limit, const char *text, size_t size) {
    return out && FITS(out, limit, size) ? put_bytes(out, text, size) : NULL;
}
#define PUT_IF_ROOM(out, limit, literal) put_if_room(out, limit, literal, sizeof(literal) - 1)

/* ---- JSON made elsewhere ------------------------------------------------------------------ */

/* It is valid, so no step looks for its end. */
struct conversion {
    const char *at;
    char *out;
    char *limit;
    unsigned depth;
    uint64_t is_object; /* one bit a level */
};

static void put(struct conversion *c, const char *text, size_t size) {
    c->out = put_if_room(c->out, c->limit, text, size);
}
#define PUT_TO(c, literal) put(c, literal, sizeof(literal) - 1)

static const char *skip_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

static const char *string_end(const char *p) {
    for (p++; *p != '"'; p++)
        if (*p == '\\')
            p++;
    return p + 1;
}

static const char *scalar_end(const char *p, const char *end) {
    if (*p == '"')
        return string_end(p);
    while (p < end && !strchr(",]} \n\t\r", *p))
        p++;
    return p;
}

static void copy_token(struct conversion *c, const char *token_end) {
    if (c->out)
        c->out = spanlog_json_copy(c->out, c->limit, c->at, (size_t)(token_end - c->at));
    c->at = token_end;
}

static void convert_number(struct conversion *c, const char *token_end) {
    int64_t number;
    if (spanlog_read_i64(c->at, (size_t)(token_end - c->at), &number) == 0 &&
        !(number == 0 && *c->at == '-')) {
        PUT_TO(c, "{\"intValue\":\"");
        copy_token(c, token_end);
        PUT_TO(c, "\"}");
    } else {
        PUT_TO(c, "{\"doubleValue\":");
        copy_token(c, token_end);
        PUT_TO(c, "}");
    }
}

static void convert_scalar(struct conversion *c, const char *end) {
    const char *token_end = scalar_end(c->at, end);
    switch (*c->at) {
    case '"':
        PUT_TO(c, "{\"stringValue\":");
        copy_token(c, token_end);
        PUT_TO(c, "}");
        break;
    case 't':
    case 'f':
        PUT_TO(c, "{\"boolValue\":");
        copy_token(c, token_end);
        PUT_TO(c, "}");
        break;
    case 'n':
        PUT_TO(c, "{}");
        c->at = token_end;
        break;
    default:
        convert_number(c, token_end);
        break;
    }
}

static bool in_object(const struct conversion *c) {
    return c->is_object >> (c->depth - 1) & 1;
}

static void convert_key(struct conversion *c, const char *end) {
    c->at = skip_space(c->at, end);
    PUT_TO(c, "{\"key\":");
    copy_token(c, string_end(c->at));
    c->at = skip_space(c->at, end) + 1; /* the colon */
    PUT_TO(c, ",\"value\":");
}

/* Opens brackets until a scalar or an empty one has been written. False: too deep. */
static bool convert_down_to_value(struct conversion *c, const char *end) {
    for (;;) {
        c->at = skip_space(c->at, end);
        bool is_object = *c->at == '{';
        if (!is_object && *c->at != '[') {
            convert_scalar(c, end);
            return true;
        }
        if (c->depth == DEPTH_MAX)
            return false;
        c->is_object = (c->is_object & ~((uint64_t)1 << c->depth)) | (uint64_t)is_object
                                                                         << c->depth;
        c->depth++;
        if (is_object)
            PUT_TO(c, "{\"kvlistValue\":{\"values\":[");
        else
            PUT_TO(c, "{\"arrayValue\":{\"values\":[");
        c->at = skip_space(c->at + 1, end);
        if (*c->at == (is_object ? '}' : ']')) {
            c->at++;
            c->depth--;
            PUT_TO(c, "]}}");
            return true;
        }
        if (is_object)
            convert_key(c, end);
    }
}

/* NULL: no room. *ret_deep: nothing to be done about it, it is too deep. */
static char *put_json(char *out, char *limit, const char *text, size_t size, bool *ret_deep) {
    struct conversion c = {text, out, limit, 0, 0};
    const char *end = text + size;

    while (c.out) {
        if (!convert_down_to_value(&c, end)) {
            *ret_deep = true;
            return NULL;
        }
        c.at = skip_space(c.at, end);
        while (c.depth && *c.at != ',') { /* a closing bracket */
            if (in_object(&c))
                PUT_TO(&c, "}");
            PUT_TO(&c, "]}}");
            c.depth--;
            c.at = skip_space(c.at + 1, end);
        }
        if (c.depth == 0)
            break;
        if (in_object(&c))
            PUT_TO(&c, "}");
        PUT_TO(&c, ",");
        c.at++;
        if (in_object(&c))
            convert_key(&c, end);
    }
    return c.out;
}

/* ---- values ------------------------------------------------------------------------------- */

static char *put_text_value(char *out, char *limit, const struct spanlog_value *value) {
    out = PUT_IF_ROOM(out, limit, "{\"stringValue\":");
    out = out ? spanlog_json_put_value(out, limit, value) : NULL;
    return PUT_IF_ROOM(out, limit, "}");
}

static char *put_json_value(char *out, char *limit, const struct spanlog_value *value) {
    struct spanlog_value text = *value;
    bool is_deep = false;
    char *end;

    if (value->text && !value->original_size && spanlog_json_valid(value->text, value->size)) {
        end = put_json(out, limit, value->text, value->size, &is_deep);
        if (!is_deep)
            return end;
    }
    text.type = SPANLOG_VALUE_TEXT;
    return put_text_value(out, limit, &text);
}

static char *put_integer(char *out, const struct spanlog_value *value) {
    if (value->type == SPANLOG_VALUE_UINT && value->u > INT64_MAX) {
        PUT(out, "{\"doubleValue\":");
        out = spanlog_put_u64(out, value->u);
    } else {
        PUT(out, "{\"intValue\":\"");
        out = spanlog_put_i64(out, value->i);
        *out++ = '"';
    }
    *out++ = '}';
    return out;
}

char *spanlog_otlp_put_value(char *out, char *limit, const struct spanlog_value *value) {
    if (!FITS(out, limit, 32 + SPANLOG_NUMBER_MAX))
        return NULL;
    switch (value->type) {
    case SPANLOG_VALUE_INT:
    case SPANLOG_VALUE_UINT:
        return put_integer(out, value);
    case SPANLOG_VALUE_BOOL:
        PUT(out, "{\"boolValue\":");
        if (value->u)
            PUT(out, "true}");
        else
            PUT(out, "false}");
        return out;
    case SPANLOG_VALUE_DOUBLE:
    case SPANLOG_VALUE_FLOAT:
        out = PUT_IF_ROOM(out, limit, "{\"doubleValue\":");
        out = spanlog_json_put_value(out, limit, value);
        return PUT_IF_ROOM(out, limit, "}");
    case SPANLOG_VALUE_JSON:
        return put_json_value(out, limit, value);
    case SPANLOG_VALUE_PTR:
    case SPANLOG_VALUE_ERRNO:
    case SPANLOG_VALUE_TEXT:
    case SPANLOG_VALUE_HEX:
        return put_text_value(out, limit, value);
    default: /* null, and types that do not exist */
        PUT(out, "{}");
        return out;
    }
}

/* ---- attributes --------------------------------------------------------------------------- */

char *spanlog_otlp_put_key(struct spanlog_text key, unsigned underscores, char *out, char *end) {
    key = spanlog_key_text(key);
    if (!FITS(out, end, 22 + underscores))
        return NULL;
    PUT(out, ",{\"key\":\"");
    out = spanlog_escape(out, end - 10 - underscores, key.data, key.size);
    if (!out)
        return NULL;
    for (; underscores; underscores--)
        *out++ = '_';
    PUT(out, "\",\"value\":");
    return out;
}

static char *put_attribute(char *out, char *limit, const struct spanlog_attribute *a,
                           const struct spanlog_keys *keys, uint32_t i) {
    if (keys->as_they_are)
        out = put_if_room(out, limit, a->rendered.data, a->rendered.size);
    else
        out = spanlog_otlp_put_key(a->key, keys->underscores[i], out, limit);
    out = out ? spanlog_otlp_put_value(out, limit, &a->value) : NULL;
    return PUT_IF_ROOM(out, limit, "}");
}

char *spanlog_otlp_put_attributes(char *out, char *limit,
                                  const struct spanlog_attribute *attributes, uint32_t count,
                                  unsigned of, bool distinct, uint64_t *ret_dropped) {
    struct spanlog_keys keys;

    spanlog_keys_decide(&keys, attributes, count, of, distinct, spanlog_otlp_put_key);
    *ret_dropped += keys.left_out;
    for (uint32_t i = 0; i < keys.count; i++) {
        if (spanlog_keys_skips(&keys, i))
            continue;
        char *p = put_attribute(out, limit, &attributes[i], &keys, i);
        if (p)
            out = p;
        else
            ++*ret_dropped;
    }
    return out;
}
