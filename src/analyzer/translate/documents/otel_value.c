/* analyzer/translate/documents/otel_value.c: see otel.h: attributes of every type as plain JSON. */
#include "src/analyzer/translate/documents/otel.h"

#include "formatters/number.h"

enum { STRING, INT, DOUBLE, BOOL, ARRAY, KVLIST, BYTES, TYPE, VALUE, SLOTS };

static const struct spanlog_pick_key any_keys[] = {SPANLOG_PICK("stringValue", STRING),
                                                   SPANLOG_PICK("string_value", STRING),
                                                   SPANLOG_PICK("intValue", INT),
                                                   SPANLOG_PICK("int_value", INT),
                                                   SPANLOG_PICK("doubleValue", DOUBLE),
                                                   SPANLOG_PICK("double_value", DOUBLE),
                                                   SPANLOG_PICK("boolValue", BOOL),
                                                   SPANLOG_PICK("bool_value", BOOL),
                                                   SPANLOG_PICK("arrayValue", ARRAY),
                                                   SPANLOG_PICK("array_value", ARRAY),
                                                   SPANLOG_PICK("kvlistValue", KVLIST),
                                                   SPANLOG_PICK("kvlist_value", KVLIST),
                                                   SPANLOG_PICK("bytesValue", BYTES),
                                                   SPANLOG_PICK("bytes_value", BYTES),
                                                   SPANLOG_PICK("Type", TYPE),
                                                   SPANLOG_PICK("Value", VALUE),
                                                   SPANLOG_PICK_END};

enum { VALUES, VALUES_SLOTS };
static const struct spanlog_pick_key values_keys[] = {SPANLOG_PICK("values", VALUES),
                                                      SPANLOG_PICK_END};

enum { PAIR_KEY, PAIR_VALUE, PAIR_SLOTS };
static const struct spanlog_pick_key pair_keys[] = {
    SPANLOG_PICK("key", PAIR_KEY), SPANLOG_PICK("value", PAIR_VALUE), SPANLOG_PICK("Key", PAIR_KEY),
    SPANLOG_PICK("Value", PAIR_VALUE), SPANLOG_PICK_END};

static const char null_word[] = "null";
static const struct spanlog_json_value nothing = {.type = SPANLOG_JSON_NULL};

/* 64-bit numbers are strings in protobuf's JSON. */
static struct spanlog_json_value number(struct spanlog_json_value value) {
    int64_t integer;
    if (value.type == SPANLOG_JSON_STRING && spanlog_i64_of(&value, &integer))
        value.type = SPANLOG_JSON_NUMBER;
    return value;
}

/* ---- lists within lists ------------------------------------------------------------------- */

/* Each level is walked once more, so there must not be many: deeper ones stay as they are. */
#define DEPTH 8

struct writing {
    char *at;
    unsigned depth;
    struct {
        struct spanlog_items items;
        char bracket;
        bool begun;
    } levels[DEPTH];
};

static void put(struct writing *w, const char *begin, const char *end) {
    memcpy(w->at, begin, (size_t)(end - begin));
    w->at += end - begin;
}

static void put_scalar(struct writing *w, const struct spanlog_json_value *value) {
    if (value->type == SPANLOG_JSON_STRING)
        put(w, value->begin - 1, value->end + 1);
    else if (value->begin)
        put(w, value->begin, value->end);
    else
        put(w, null_word, null_word + 4);
}

/* An array's or a map's elements; false when it is neither, or too deep. */
static bool open_list(struct writing *w, const struct spanlog_json_value *slot) {
    struct spanlog_json_value values[VALUES_SLOTS] = {{0}};
    bool is_map = slot[KVLIST].type != SPANLOG_JSON_ABSENT;
    if ((!is_map && slot[ARRAY].type == SPANLOG_JSON_ABSENT) || w->depth == DEPTH)
        return false;
    spanlog_pick(&slot[is_map ? KVLIST : ARRAY], values_keys, values);
    spanlog_items_open(&w->levels[w->depth].items, &values[VALUES]);
    w->levels[w->depth].bracket = is_map ? '}' : ']';
    w->levels[w->depth].begun = false;
    w->depth++;
    *w->at++ = is_map ? '{' : '[';
    return true;
}

static struct spanlog_json_value scalar(const struct spanlog_json_value *value,
                                        const struct spanlog_json_value *slot) {
    for (unsigned i = STRING; i < SLOTS; i++)
        if (slot[i].type != SPANLOG_JSON_ABSENT && i != TYPE)
            return i == INT ? number(slot[i]) : slot[i];
    /* {} is an AnyValue without a value. */
    return value->type == SPANLOG_JSON_OBJECT && *spanlog_json_blank(value->begin + 1) == '}'
               ? nothing
               : *value;
}

static void put_any(struct writing *w, const struct spanlog_json_value *value) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    spanlog_pick(value, any_keys, slot);
    if (open_list(w, slot))
        return;
    struct spanlog_json_value plain = scalar(value, slot);
    put_scalar(w, &plain);
}

static void put_lists(struct writing *w) {
    while (w->depth > 0) {
        struct spanlog_json_value pair[PAIR_SLOTS] = {{0}};
        unsigned top = w->depth - 1;
        if (!spanlog_items_next(&w->levels[top].items)) {
            *w->at++ = w->levels[top].bracket;
            w->depth--;
            continue;
        }
        const struct spanlog_json_value *value = &w->levels[top].items.value;
        if (w->levels[top].bracket == '}') {
            spanlog_pick(value, pair_keys, pair);
            if (pair[PAIR_KEY].type != SPANLOG_JSON_STRING)
                continue;
            value = &pair[PAIR_VALUE];
        }
        if (w->levels[top].begun)
            *w->at++ = ',';
        w->levels[top].begun = true;
        if (w->levels[top].bracket == '}') {
            put_scalar(w, &pair[PAIR_KEY]);
            *w->at++ = ':';
        }
        put_any(w, value);
    }
}

struct spanlog_json_value spanlog_otel_plain(struct spanlog_draft *draft,
                                             const struct spanlog_json_value *value) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    struct writing w = {.depth = 0};
    if (value->type != SPANLOG_JSON_OBJECT)
        return value->type == SPANLOG_JSON_ABSENT ? nothing : *value;
    spanlog_pick(value, any_keys, slot);
    if (slot[ARRAY].type == SPANLOG_JSON_ABSENT && slot[KVLIST].type == SPANLOG_JSON_ABSENT)
        return scalar(value, slot);
    /* The worst is a digit of a foreign element that becomes the word null. */
    char *text = spanlog_arena_alloc(draft->arena, 4 * (size_t)(value->end - value->begin) + 64);
    if (!text) {
        draft->no_memory = true;
        return nothing;
    }
    w.at = text;
    open_list(&w, slot);
    put_lists(&w);
    memset(w.at, 0, 8);
    return (struct spanlog_json_value){
        text, w.at, *text == '{' ? SPANLOG_JSON_OBJECT : SPANLOG_JSON_ARRAY, false};
}

/* ---- attributes --------------------------------------------------------------------------- */

static void take(struct spanlog_draft *draft, enum spanlog_otel_taker taker,
                 struct spanlog_resource *resource, struct spanlog_json_value *key,
                 const struct spanlog_json_value *value) {
    struct spanlog_json_value plain = spanlog_otel_plain(draft, value);
    key->type = SPANLOG_JSON_STRING;
    struct spanlog_text name = spanlog_draft_text(draft, key);
    struct spanlog_value read = spanlog_draft_value(draft, &plain);
    if (taker == SPANLOG_OTEL_LINE)
        spanlog_draft_attribute(draft, name, read);
    else if (taker == SPANLOG_OTEL_EVENT)
        spanlog_draft_event_attribute(draft, name, read);
    else
        spanlog_resource_add(draft, resource, name, read);
}

void spanlog_otel_attributes(struct spanlog_draft *draft, const struct spanlog_json_value *list,
                             enum spanlog_otel_taker taker, struct spanlog_resource *resource) {
    struct spanlog_items items;
    spanlog_items_open(&items, list);
    while (spanlog_items_next(&items)) {
        struct spanlog_json_value pair[PAIR_SLOTS] = {{0}};
        if (list->type == SPANLOG_JSON_OBJECT) {
            take(draft, taker, resource, &items.key, &items.value);
            continue;
        }
        spanlog_pick(&items.value, pair_keys, pair);
        if (pair[PAIR_KEY].type == SPANLOG_JSON_STRING)
            take(draft, taker, resource, &pair[PAIR_KEY], &pair[PAIR_VALUE]);
    }
}
