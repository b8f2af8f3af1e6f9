/* analyzer/translate/ids.c: ids of any spelling as a line's text ids (parts.h). Text wins in the
 * writer, and it can stand without flags, which most loggers do not give. */
#include "src/analyzer/translate/parts.h"

#include <errno.h>

#include "formatters/number.h"

static bool is_lower_hex(struct spanlog_text text) {
    for (uint32_t i = 0; i < text.size; i++)
        if (text.data[i] >= 'A' && text.data[i] <= 'F')
            return false;
    return true;
}

/* `size` bytes of the id as lower-case hex: the text itself where it is that already. */
static bool set_hex(struct spanlog_text *ret, struct spanlog_text text, const uint8_t *bytes,
                    size_t size, struct spanlog_arena *arena) {
    *ret = text;
    if (text.size == 2 * size && is_lower_hex(text))
        return true;
    char *hex = spanlog_arena_alloc(arena, 2 * size);
    if (hex)
        *ret = (struct spanlog_text){hex, (uint32_t)(spanlog_put_hex(hex, bytes, size) - hex)};
    return true; /* without memory, the id as it was given */
}

/* The usual ids: 16 or 32 digits in lower case, not all zeros. Nothing need be written anew. */
static bool is_usual(struct spanlog_text text, unsigned digits) {
    uint64_t any = 0, lower = ~(uint64_t)0, id, word;
    if (text.size != digits)
        return false;
    for (unsigned i = 0; i < digits; i += 16) {
        if (!spanlog_hex16(text.data + i, &id))
            return false;
        any |= id;
        for (unsigned half = 0; half < 16; half += 8) {
            memcpy(&word, text.data + i + half, 8);
            lower &= word; /* digits and small letters have bit 5 */
        }
    }
    return any && (lower & 0x2020202020202020u) == 0x2020202020202020u;
}

bool spanlog_line_set_trace(struct spanlog_line *line, struct spanlog_text text,
                            struct spanlog_arena *arena) {
    struct spanlog_reading_id id;
    if (is_usual(text, 32)) {
        line->trace_text = text;
        return true;
    }
    int rc = text.size ? spanlog_reading_id(text, &id) : -ENOENT;
    if (rc == -ENOENT)
        return false;
    if (rc == 0)
        return set_hex(&line->trace_text, text, id.bytes, 16, arena);
    line->trace_text = text;
    return true;
}

/* A UUID says more than a span id can hold: it stays whole. */
static bool set_span_id(struct spanlog_text *ret, struct spanlog_text text,
                        struct spanlog_arena *arena) {
    struct spanlog_reading_id id;
    if (is_usual(text, 16)) {
        *ret = text;
        return true;
    }
    int rc = text.size ? spanlog_reading_id(text, &id) : -ENOENT;
    if (rc == -ENOENT)
        return false;
    if (rc == 0 && !id.wide)
        return set_hex(ret, text, id.bytes + 8, 8, arena);
    *ret = text;
    return true;
}

bool spanlog_line_set_span(struct spanlog_line *line, struct spanlog_text text,
                           struct spanlog_arena *arena) {
    return set_span_id(&line->span_text, text, arena);
}

bool spanlog_line_set_parent(struct spanlog_line *line, struct spanlog_text text,
                             struct spanlog_arena *arena) {
    return set_span_id(&line->parent_text, text, arena);
}

bool spanlog_line_set_trace_key(struct spanlog_line *line, const char *key,
                                struct spanlog_arena *arena) {
    size_t size = strlen(key);
    for (uint32_t i = 0; i < line->attribute_count; i++) {
        const struct spanlog_attribute *attribute = &line->attributes[i];
        const struct spanlog_value *value = &attribute->value;
        char *digits;
        if (attribute->key.size != size || memcmp(attribute->key.data, key, size) != 0)
            continue;
        if (value->type == SPANLOG_VALUE_TEXT && value->size) {
            line->trace_text = (struct spanlog_text){value->text, value->size};
        } else if (value->type == SPANLOG_VALUE_INT &&
                   (digits = spanlog_arena_alloc(arena, SPANLOG_NUMBER_MAX)) != NULL) {
            char *end = spanlog_put_i64(digits, value->i);
            line->trace_text = (struct spanlog_text){digits, (uint32_t)(end - digits)};
        }
    }
    return line->trace_text.data != NULL;
}
