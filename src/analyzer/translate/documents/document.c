/* analyzer/translate/documents/document.c: see document.h: walking, and what a line is. */
#include "src/analyzer/translate/documents/document.h"

#include "formatters/number.h"
#include "src/analyzer/read/fields.h"

/* ---- walking ------------------------------------------------------------------------------ */

void spanlog_items_open(struct spanlog_items *items, const struct spanlog_json_value *value) {
    *items = (struct spanlog_items){.walk = {.at = value->begin}};
    if (value->type == SPANLOG_JSON_OBJECT)
        items->bracket = '{';
    else if (value->type == SPANLOG_JSON_ARRAY)
        items->bracket = '[';
}

static bool next_member(struct spanlog_items *items) {
    int more = items->begun ? spanlog_json_next(&items->walk) : spanlog_json_open(&items->walk);
    items->begun = true;
    return more > 0 && spanlog_json_member(&items->walk, &items->key, &items->value);
}

static bool next_element(struct spanlog_items *items) {
    const char *p = spanlog_json_blank(items->walk.at);
    if (*p != (items->begun ? ',' : '['))
        return false;
    p = spanlog_json_blank(p + 1);
    if (!items->begun && *p == ']')
        return false;
    items->begun = true;
    p = spanlog_json_value_at(&items->walk, p, &items->value);
    if (p)
        items->walk.at = p;
    return p != NULL;
}

bool spanlog_items_next(struct spanlog_items *items) {
    bool more = items->bracket == '{'   ? next_member(items)
                : items->bracket == '[' ? next_element(items)
                                        : false;
    if (!more)
        items->bracket = 0;
    return more;
}

void spanlog_pick(const struct spanlog_json_value *object, const struct spanlog_pick_key *keys,
                  struct spanlog_json_value *slots) {
    struct spanlog_items items;
    if (object->type != SPANLOG_JSON_OBJECT)
        return;
    spanlog_items_open(&items, object);
    while (spanlog_items_next(&items)) {
        size_t size = (size_t)(items.key.end - items.key.begin);
        if (items.value.type == SPANLOG_JSON_NULL)
            continue;
        for (const struct spanlog_pick_key *key = keys; key->name; key++)
            if (key->size == size && memcmp(key->name, items.key.begin, size) == 0) {
                slots[key->slot] = items.value;
                break;
            }
    }
}

bool spanlog_json_is(const struct spanlog_json_value *value, const char *text) {
    size_t size = strlen(text);
    return value->type == SPANLOG_JSON_STRING && (size_t)(value->end - value->begin) == size &&
           memcmp(value->begin, text, size) == 0;
}

/* ---- what a line is ----------------------------------------------------------------------- */

#define EARLY_MEMBERS 16

bool spanlog_first_key_is(const char *line, const char *const *names) {
    const char *p = spanlog_json_blank(line);
    if (*p != '{')
        return false;
    p = spanlog_json_blank(p + 1);
    if (*p != '"')
        return false;
    for (; *names; names++) {
        size_t size = strlen(*names);
        if (strncmp(p + 1, *names, size) == 0 && p[1 + size] == '"')
            return true;
    }
    return false;
}

bool spanlog_early_member(const char *p, const char *name, struct spanlog_json_value *ret) {
    struct spanlog_json_walk walk = {.at = p};
    struct spanlog_json_value key = {0};
    size_t size = strlen(name);
    int more = spanlog_json_open(&walk);
    *ret = (struct spanlog_json_value){0};
    for (unsigned i = 0; more > 0 && i < EARLY_MEMBERS; i++) {
        /* The value that is looked for need not be read to its end, which may be far. */
        const char *at = walk.at;
        if (*at == '"' && strncmp(at + 1, name, size) == 0 && at[1 + size] == '"') {
            at = spanlog_json_blank(at + size + 2);
            if (*at != ':')
                return false;
            ret->begin = spanlog_json_blank(at + 1);
            return true;
        }
        if (!spanlog_json_member(&walk, &key, ret))
            return false;
        more = spanlog_json_next(&walk);
    }
    return false;
}

const char *spanlog_first_element(const char *p) {
    p = spanlog_json_blank(p);
    for (unsigned depth = 0; *p == '[' && depth < 2; depth++)
        p = spanlog_json_blank(p + 1);
    /* Traces may be empty. */
    while (*p == ']') {
        p = spanlog_json_blank(p + 1);
        if (*p != ',')
            break;
        p = spanlog_json_blank(p + 1);
        if (*p == '[')
            p = spanlog_json_blank(p + 1);
    }
    return p;
}

const char *spanlog_document_check(const char *line, const char *end,
                                   struct spanlog_json_value *ret) {
    struct spanlog_json_walk walk = {0};
    if ((uint64_t)(end - line) > UINT32_MAX)
        return "a document of more than 4 GiB";
    const char *p = spanlog_json_value_at(&walk, spanlog_json_blank(line), ret);
    if (!p)
        return walk.problem ? walk.problem : "not valid JSON";
    walk.at = p;
    return spanlog_json_close(&walk) ? NULL : walk.problem;
}

/* ---- values ------------------------------------------------------------------------------- */

static bool is_number_text(const struct spanlog_json_value *value) {
    return value->type == SPANLOG_JSON_NUMBER ||
           (value->type == SPANLOG_JSON_STRING && value->end > value->begin &&
            spanlog_json_number(value->begin) == value->end);
}

/* Digits, a point, digits: exact, which a double of today's microseconds is not. */
static bool read_decimal(const struct spanlog_json_value *value, uint64_t unit_ns,
                         uint64_t *ret_ns) {
    const char *point = memchr(value->begin, '.', (size_t)(value->end - value->begin));
    uint64_t units, part = 0;
    if (!point || spanlog_read_u64(value->begin, (size_t)(point - value->begin), &units) < 0 ||
        __builtin_mul_overflow(units, unit_ns, ret_ns))
        return false;
    for (const char *p = point + 1; p < value->end; p++, unit_ns /= 10) {
        if (*p < '0' || *p > '9')
            return false;
        part += (uint64_t)(*p - '0') * unit_ns / 10;
    }
    return !__builtin_add_overflow(*ret_ns, part, ret_ns);
}

bool spanlog_time_of(const struct spanlog_json_value *value, uint64_t unit_ns, uint64_t *ret_ns) {
    size_t size = (size_t)(value->end - value->begin);
    uint64_t units;
    double real;
    if (!is_number_text(value)) {
        struct spanlog_text text = {value->begin, (uint32_t)size};
        return value->type == SPANLOG_JSON_STRING && spanlog_time_read(text, ret_ns);
    }
    if (spanlog_read_u64(value->begin, size, &units) == 0)
        return !__builtin_mul_overflow(units, unit_ns, ret_ns);
    if (read_decimal(value, unit_ns, ret_ns))
        return true;
    if (spanlog_read_double(value->begin, size, &real) < 0 || !(real >= 0) ||
        real * (double)unit_ns >= 1.8e19)
        return false;
    /* The whole units by themselves: a double of nanoseconds would be short of digits. */
    units = (uint64_t)real;
    *ret_ns = units * unit_ns + (uint64_t)((real - (double)units) * (double)unit_ns + 0.5);
    return true;
}

bool spanlog_i64_of(const struct spanlog_json_value *value, int64_t *ret) {
    return is_number_text(value) &&
           spanlog_read_i64(value->begin, (size_t)(value->end - value->begin), ret) == 0;
}
