/* analyzer/where/where_value.c: one condition of --where against one value; see where_parts.h. */
#include "src/analyzer/where/where_parts.h"

#include <errno.h>
#include <stdlib.h>

#include "formatters/number.h"
#include "src/analyzer/read/search.h"

/* A regex sees no more of a value than this: its time must not depend on who wrote the log. */
#define REGEX_TEXT_MAX ((uint32_t)1 << 16)

bool spanlog_where_order_holds(uint8_t op, int order) {
    switch (op) {
    case SPANLOG_TOKEN_EQ:
        return order == 0;
    case SPANLOG_TOKEN_NE:
        return order != 0;
    case SPANLOG_TOKEN_LT:
        return order < 0;
    case SPANLOG_TOKEN_LE:
        return order <= 0;
    case SPANLOG_TOKEN_GT:
        return order > 0;
    case SPANLOG_TOKEN_GE:
        return order >= 0;
    default:
        return false;
    }
}

bool spanlog_where_number_holds(uint8_t op, double left, double right) {
    return spanlog_where_order_holds(op, (left > right) - (left < right));
}

/* ---- texts -------------------------------------------------------------------------------- */

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool equal_folded(const char *a, const char *b, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

/* spanlog_search takes a few characters for each other, such as [ and {. */
static bool has_word(struct spanlog_text text, struct spanlog_text word) {
    const char *p = text.data, *end = text.data + text.size;
    for (; (p = spanlog_search(p, end, word.data, word.size)); p++)
        if (equal_folded(p, word.data, word.size))
            return true;
    return false;
}

/* Goes back to the last star only: in time text × pattern at most. */
static bool matches_pattern(struct spanlog_text text, struct spanlog_text pattern, bool fold) {
    size_t t = 0, p = 0, star = SIZE_MAX, resume = 0;
    while (t < text.size) {
        if (p < pattern.size && pattern.data[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size && (text.data[t] == pattern.data[p] ||
                                        (fold && lower(text.data[t]) == lower(pattern.data[p])))) {
            t++;
            p++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size && pattern.data[p] == '*')
        p++;
    return p == pattern.size;
}

bool spanlog_where_text_has(const struct spanlog_where_value *wanted, struct spanlog_text text) {
    if (wanted->type != SPANLOG_WHERE_IS_PATTERN)
        return has_word(text, wanted->text);
    return has_word(text, wanted->word) && matches_pattern(text, wanted->pattern, true);
}

static bool matches_regex(const regex_t *regex, struct spanlog_text text) {
    regmatch_t whole = {.rm_so = 0, .rm_eo = (regoff_t)text.size};
    if (text.size > REGEX_TEXT_MAX)
        whole.rm_eo = (regoff_t)REGEX_TEXT_MAX;
    return regexec(regex, text.data, 1, &whole, REG_STARTEND) == 0;
}

/* ---- by the type of what is wanted -------------------------------------------------------- */

static bool number_holds(const struct spanlog_where_leaf *leaf, struct spanlog_text text) {
    const struct spanlog_where_value *wanted = &leaf->value;
    int64_t integer;
    double number;
    if (wanted->is_integer && spanlog_read_i64(text.data, text.size, &integer) == 0)
        return spanlog_where_order_holds(leaf->op,
                                         (integer > wanted->integer) - (integer < wanted->integer));
    if (spanlog_read_double(text.data, text.size, &number) == 0)
        return spanlog_where_number_holds(leaf->op, number, wanted->number);
    return leaf->op == SPANLOG_TOKEN_NE;
}

/* "1.5s", or a number in a unit that the name ends in, such as latency_ms. */
static bool read_duration(struct spanlog_text name, struct spanlog_text text, uint64_t *ret_ns) {
    static const char *const units[] = {"_ns", "_us", "_ms", "_s"};
    char copy[64];
    double number;
    if (text.size >= sizeof copy - 4)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    if (spanlog_duration_read(copy, ret_ns))
        return true;
    for (size_t i = 0; i < 4; i++) {
        size_t size = strlen(units[i]);
        if (name.size <= size || strcmp(name.data + name.size - size, units[i]) != 0)
            continue;
        if (spanlog_read_double(text.data, text.size, &number) == 0 && number <= 0) {
            *ret_ns = 0;
            return true;
        }
        memcpy(copy + text.size, units[i] + 1, size); /* with its NUL */
        return spanlog_duration_read(copy, ret_ns);
    }
    return false;
}

static bool duration_holds(const struct spanlog_where_leaf *leaf, struct spanlog_text text) {
    uint64_t ns, wanted = leaf->value.ns;
    if (!read_duration(leaf->name, text, &ns))
        return leaf->op == SPANLOG_TOKEN_NE;
    return spanlog_where_order_holds(leaf->op, (ns > wanted) - (ns < wanted));
}

bool spanlog_where_text_holds(const struct spanlog_where_leaf *leaf, struct spanlog_text text,
                              const regex_t *regex) {
    const struct spanlog_where_value *wanted = &leaf->value;
    switch (wanted->type) {
    case SPANLOG_WHERE_IS_NUMBER:
        return number_holds(leaf, text);
    case SPANLOG_WHERE_IS_DURATION:
        return duration_holds(leaf, text);
    case SPANLOG_WHERE_IS_PATTERN:
        return matches_pattern(text, wanted->pattern, false) == (leaf->op == SPANLOG_TOKEN_EQ);
    case SPANLOG_WHERE_IS_REGEX:
        return matches_regex(regex, text) == (leaf->op != SPANLOG_TOKEN_NRE);
    case SPANLOG_WHERE_IS_NIL:
        return leaf->op == SPANLOG_TOKEN_NE;
    default: /* also true and false, which read as JSON writes them */
        return spanlog_where_order_holds(leaf->op, spanlog_text_compare(text, wanted->text));
    }
}

bool spanlog_where_plain(struct spanlog_where_scratch *scratch,
                         const struct spanlog_json_value *value, struct spanlog_text *ret) {
    size_t size = (size_t)(value->end - value->begin);
    *ret = (struct spanlog_text){value->begin, (uint32_t)size};
    if (!value->escaped)
        return true;
    if (scratch->room < size + SPANLOG_JSON_PADDING) {
        free(scratch->text);
        scratch->room = 2 * size + SPANLOG_JSON_PADDING;
        scratch->text = malloc(scratch->room);
        if (!scratch->text) {
            scratch->room = 0;
            scratch->error = -ENOMEM;
            return false;
        }
    }
    ssize_t plain = spanlog_json_unescape(value->begin, size, scratch->text);
    if (plain < 0)
        return false;
    memset(scratch->text + plain, 0, SPANLOG_JSON_PADDING);
    *ret = (struct spanlog_text){scratch->text, (uint32_t)plain};
    return true;
}

bool spanlog_where_value_holds(const struct spanlog_where_leaf *leaf,
                               struct spanlog_where_scratch *scratch, const regex_t *regex,
                               const struct spanlog_json_value *value) {
    struct spanlog_text text;
    if (value->type == SPANLOG_JSON_ABSENT || value->type == SPANLOG_JSON_NULL)
        return leaf->value.type == SPANLOG_WHERE_IS_NIL && leaf->op == SPANLOG_TOKEN_EQ;
    return spanlog_where_plain(scratch, value, &text) &&
           spanlog_where_text_holds(leaf, text, regex);
}
