/* analyzer/where/where_line.c: the conditions of --where against a line; see where.h.
 *
 * What stands in the record costs no more than a comparison. Only attributes and words need a walk
 * over the line's members: one for all of them, and none when the line has no attributes and not
 * one of the words.
 */
#include "src/analyzer/where/where_parts.h"

#include <stdlib.h>

#include "src/analyzer/read/search.h"

/* ---- scratch ------------------------------------------------------------------------------ */

int spanlog_where_scratch_init(struct spanlog_where_scratch *scratch,
                               const struct spanlog_where *where) {
    memset(scratch, 0, sizeof *scratch);
    scratch->where = where;
    for (unsigned i = 0; i < where->leaf_count; i++) {
        if (where->leaves[i].value.type != SPANLOG_WHERE_IS_REGEX)
            continue;
        int rc = spanlog_where_regex(&scratch->regexes[i], &where->leaves[i]);
        if (rc < 0)
            return rc;
        scratch->compiled |= (uint32_t)1 << i;
    }
    return 0;
}

void spanlog_where_scratch_free(struct spanlog_where_scratch *scratch) {
    for (uint32_t left = scratch->compiled; left; left &= left - 1)
        regfree(&scratch->regexes[__builtin_ctz(left)]);
    free(scratch->text);
    spanlog_arena_free(&scratch->arena);
    memset(scratch, 0, sizeof *scratch);
}

/* ---- what the record knows ---------------------------------------------------------------- */

static bool id_holds(const struct spanlog_where_leaf *leaf, bool has, const struct spanlog_id *id) {
    const struct spanlog_id *wanted = &leaf->value.id;
    if (!has)
        return false;
    bool equal = id->high == wanted->high && id->low == wanted->low && id->opaque == wanted->opaque;
    return equal == (leaf->op == SPANLOG_TOKEN_EQ);
}

static bool status_holds(const struct spanlog_where_leaf *leaf,
                         const struct spanlog_record *record) {
    const struct spanlog_json_value *raw = &record->raw[SPANLOG_FIELD_STATUS];
    unsigned status = record->is_error ? SPANLOG_STATUS_ERROR : SPANLOG_STATUS_UNSET;
    if (status == SPANLOG_STATUS_UNSET && raw->type == SPANLOG_JSON_STRING &&
        raw->end - raw->begin == 2 && memcmp(raw->begin, "ok", 2) == 0)
        status = SPANLOG_STATUS_OK;
    return (status == leaf->code) == (leaf->op == SPANLOG_TOKEN_EQ);
}

/* Words are compared, not OpenTelemetry's four numbers of each. */
static bool level_holds(const struct spanlog_where_leaf *leaf,
                        const struct spanlog_record *record) {
    if (record->level == 0)
        return false;
    return spanlog_where_order_holds(leaf->op, (record->level - 1) / 4 - (leaf->code - 1) / 4);
}

static bool duration_holds(const struct spanlog_where_leaf *leaf,
                           const struct spanlog_record *record) {
    uint64_t ns = record->duration_ns, wanted = leaf->value.ns;
    return spanlog_where_order_holds(leaf->op, (ns > wanted) - (ns < wanted));
}

static bool record_holds(const struct spanlog_where_leaf *leaf,
                         struct spanlog_where_scratch *scratch, const regex_t *regex,
                         const struct spanlog_record *record) {
    bool span = record->line_kind != SPANLOG_LINE_LOG;
    switch (leaf->source) {
    case SPANLOG_WHERE_DURATION:
        return span && duration_holds(leaf, record);
    case SPANLOG_WHERE_LEVEL:
        return level_holds(leaf, record);
    case SPANLOG_WHERE_TRACE_ID:
        return id_holds(leaf, record->has_trace, &record->trace);
    case SPANLOG_WHERE_SPAN_ID:
        return id_holds(leaf, record->has_span, &record->span);
    case SPANLOG_WHERE_PARENT_ID:
        return id_holds(leaf, record->has_parent, &record->parent);
    case SPANLOG_WHERE_STATUS:
        if (span)
            return status_holds(leaf, record);
        break;
    case SPANLOG_WHERE_KIND:
        if (span)
            return (record->span_kind == leaf->code) == (leaf->op == SPANLOG_TOKEN_EQ);
        break;
    default:
        break;
    }
    /* A log line may use these names for its own. */
    return spanlog_where_value_holds(leaf, scratch, regex, &record->raw[leaf->field]);
}

/* ---- what takes a walk -------------------------------------------------------------------- */

struct walk {
    const struct spanlog_where *where;
    struct spanlog_where_scratch *scratch;
    uint32_t attributes; /* conditions to be tested */
    uint32_t texts;
    uint32_t bits; /* those that hold */
    bool span;
};

static bool is_key(const struct spanlog_json_value *key, struct spanlog_text name) {
    return (size_t)(key->end - key->begin) == name.size &&
           memcmp(key->begin, name.data, name.size) == 0;
}

/* A key given twice has the last value. */
static void test_attributes(struct walk *walk, const struct spanlog_json_value *key,
                            const struct spanlog_json_value *value) {
    struct spanlog_json_value plain = *key;
    struct spanlog_text text;
    if (key->escaped && spanlog_where_plain(walk->scratch, key, &text)) {
        plain.begin = text.data;
        plain.end = text.data + text.size;
    }
    uint32_t matching = 0;
    for (uint32_t left = walk->attributes; left; left &= left - 1)
        if (is_key(&plain, walk->where->leaves[__builtin_ctz(left)].name))
            matching |= left & -left;
    for (uint32_t left = matching; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        walk->bits &= ~(left & -left);
        if (spanlog_where_value_holds(&walk->where->leaves[i], walk->scratch,
                                      &walk->scratch->regexes[i], value))
            walk->bits |= left & -left;
    }
}

static void test_text(struct walk *walk, const struct spanlog_json_value *value) {
    struct spanlog_text text;
    if (!spanlog_where_plain(walk->scratch, value, &text))
        return;
    for (uint32_t left = walk->texts; left; left &= left - 1)
        if (spanlog_where_text_has(&walk->where->leaves[__builtin_ctz(left)].value, text))
            walk->bits |= left & -left;
    walk->texts &= ~walk->bits;
}

/* The values in an object or array, one after the other at whatever depth; keys are none. It has
 * been checked as JSON when the record was read. */
static void test_nested(struct walk *walk, const struct spanlog_json_value *value) {
    struct spanlog_json_walk json = {.at = value->begin};
    for (const char *p = value->begin; p < value->end && walk->texts;) {
        struct spanlog_json_value part;
        if (strchr("{}[],: \t\r", *p)) {
            p++;
            continue;
        }
        p = spanlog_json_value_at(&json, p, &part);
        if (!p)
            return;
        if (*spanlog_json_blank(p) != ':')
            test_text(walk, &part);
    }
}

static bool is_span_message(const struct walk *walk, const struct spanlog_json_value *key) {
    return walk->span && is_key(key, SPANLOG_TEXT("msg"));
}

static void walk_members(struct walk *walk, const char *line) {
    struct spanlog_json_walk json = {.at = line};
    struct spanlog_json_value key, value;
    for (int more = spanlog_json_open(&json); more > 0; more = spanlog_json_next(&json)) {
        if (!spanlog_json_member(&json, &key, &value))
            return;
        if (walk->attributes)
            test_attributes(walk, &key, &value);
        if (!walk->texts || is_span_message(walk, &key))
            continue;
        if (value.type == SPANLOG_JSON_OBJECT || value.type == SPANLOG_JSON_ARRAY)
            test_nested(walk, &value);
        else if (value.type != SPANLOG_JSON_NULL)
            test_text(walk, &value);
    }
}

/* Without a backslash in the line, a word that is not in its bytes is not in its values. */
static uint32_t possible_texts(const struct spanlog_where *where, uint32_t texts, const char *line,
                               const char *end) {
    size_t size = (size_t)(end - line);
    if (!texts || memchr(line, '\\', size))
        return texts;
    for (uint32_t left = texts; left; left &= left - 1) {
        struct spanlog_text word = where->leaves[__builtin_ctz(left)].value.word;
        if (!spanlog_search(line, end, word.data, word.size))
            texts &= ~(left & -left);
    }
    return texts;
}

/* ---- lines -------------------------------------------------------------------------------- */

static bool absent_holds(const struct spanlog_where_leaf *leaf) {
    return leaf->value.type == SPANLOG_WHERE_IS_NIL && leaf->op == SPANLOG_TOKEN_EQ;
}

uint32_t spanlog_where_bits(const struct spanlog_where *where,
                            struct spanlog_where_scratch *scratch,
                            const struct spanlog_record *record, const char *line,
                            const char *end) {
    bool span = record->line_kind != SPANLOG_LINE_LOG;
    uint32_t all = (uint32_t)(((uint64_t)1 << where->leaf_count) - 1);
    uint32_t tested = all & ~where->trace_leaves & (span ? all : ~where->span_leaves);
    struct walk walk = {
        .where = where, .scratch = scratch, .bits = span ? SPANLOG_WHERE_SPAN : 0, .span = span};
    for (uint32_t left = tested & ~where->texts; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        const struct spanlog_where_leaf *leaf = &where->leaves[i];
        const regex_t *regex = &scratch->regexes[i];
        bool holds;
        if (leaf->source == SPANLOG_WHERE_ATTRIBUTE) {
            holds = absent_holds(leaf);
        } else if (leaf->source == SPANLOG_WHERE_LINE) {
            struct spanlog_text text = {line, (uint32_t)(end - line)};
            holds = spanlog_where_text_holds(leaf, text, regex);
        } else {
            holds = record_holds(leaf, scratch, regex, record);
        }
        if (holds)
            walk.bits |= left & -left;
    }
    walk.attributes = record->others ? tested & where->attributes : 0;
    walk.texts = possible_texts(where, tested & where->texts, line, end);
    if (walk.attributes || walk.texts)
        walk_members(&walk, line);
    return walk.bits;
}

/* ---- one line alone ----------------------------------------------------------------------- */

/* Recurses once per operator, of which there are SPANLOG_WHERE_NODES_MAX at most. */
bool spanlog_where_condition_holds(const struct spanlog_where *where, uint8_t number,
                                   uint32_t bits) {
    if (number == SPANLOG_WHERE_NONE)
        return true;
    const struct spanlog_where_node *node = &where->nodes[number];
    switch (node->op) {
    case SPANLOG_WHERE_LEAF:
        return bits >> node->leaf & 1;
    case SPANLOG_WHERE_NOT:
        return !spanlog_where_condition_holds(where, node->left, bits);
    case SPANLOG_WHERE_AND:
        return spanlog_where_condition_holds(where, node->left, bits) &&
               spanlog_where_condition_holds(where, node->right, bits);
    case SPANLOG_WHERE_OR:
        return spanlog_where_condition_holds(where, node->left, bits) ||
               spanlog_where_condition_holds(where, node->right, bits);
    case SPANLOG_WHERE_SPANSET:
        return (bits & SPANLOG_WHERE_SPAN) &&
               spanlog_where_condition_holds(where, node->left, bits);
    default:
        return false;
    }
}

bool spanlog_where_line_matches(const struct spanlog_where *where, uint32_t bits) {
    return spanlog_where_condition_holds(where, where->root, bits);
}
