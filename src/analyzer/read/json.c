/* analyzer/read/json.c: the slow half of json.h: escapes, UTF-8, numbers, nested values. */
#include "src/analyzer/read/json.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static int hex_value(char c) {
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of the UTF-8 sequence at p, or 0. A line's end is never a continuation byte. */
static unsigned utf8_sequence(const unsigned char *p) {
#define CONTINUES(i) ((p[i] & 0xc0) == 0x80)
    if (p[0] >= 0xc2 && p[0] < 0xe0)
        return CONTINUES(1) ? 2 : 0;
    if (p[0] >= 0xe0 && p[0] < 0xf0) {
        if (!CONTINUES(1) || !CONTINUES(2) || (p[0] == 0xe0 && p[1] < 0xa0) ||
            (p[0] == 0xed && p[1] >= 0xa0))
            return 0;
        return 3;
    }
    if (p[0] >= 0xf0 && p[0] < 0xf5) {
        if (!CONTINUES(1) || !CONTINUES(2) || !CONTINUES(3) || (p[0] == 0xf0 && p[1] < 0x90) ||
            (p[0] == 0xf4 && p[1] >= 0x90))
            return 0;
        return 4;
    }
#undef CONTINUES
    return 0;
}

/* Bytes of the escape at the backslash p, or 0. */
static unsigned escape_sequence(const char *p) {
    if (p[1] == 'u') {
        for (int i = 2; i < 6; i++)
            if (hex_value(p[i]) < 0)
                return 0;
        return 6;
    }
    return p[1] && strchr("\"\\/bfnrt", p[1]) ? 2 : 0;
}

const char *spanlog_json_string_rest(struct spanlog_json_walk *walk, const char *p, bool *escaped) {
    for (;;) {
        unsigned char c = (unsigned char)*p;
        unsigned size;
        if (c == '"')
            return p;
        if (c == '\\') {
            *escaped = true;
            size = escape_sequence(p);
            if (!size) {
                spanlog_json_fail(walk, p, "bad escape in a string");
                return NULL;
            }
        } else if (c < 0x20) {
            spanlog_json_fail(walk, p,
                              c == '\n' || c == 0 ? "a string does not end"
                                                  : "a control character in a string");
            return NULL;
        } else {
            size = utf8_sequence((const unsigned char *)p);
            if (!size) {
                spanlog_json_fail(walk, p, "not UTF-8");
                return NULL;
            }
        }
        p += size;
        /* Text that is not ASCII comes in runs: look for plain bytes only behind one. */
        if ((unsigned char)*p < 0x80 && *p != '\\')
            p = spanlog_json_plain(p);
    }
}

const char *spanlog_json_number(const char *p) {
    if (*p == '-')
        p++;
    if (*p == '0')
        p++;
    else if (is_digit(*p))
        while (is_digit(*p))
            p++;
    else
        return NULL;
    if (*p == '.') {
        if (!is_digit(*++p))
            return NULL;
        while (is_digit(*p))
            p++;
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-')
            p++;
        if (!is_digit(*p))
            return NULL;
        while (is_digit(*p))
            p++;
    }
    return p;
}

const char *spanlog_json_word(struct spanlog_json_walk *walk, const char *p, uint8_t *type) {
    /* strncmp stops at the line's end, memcmp might be read as not doing so. */
    if (strncmp(p, "true", 4) == 0) {
        *type = SPANLOG_JSON_TRUE;
        return p + 4;
    }
    if (strncmp(p, "false", 5) == 0) {
        *type = SPANLOG_JSON_FALSE;
        return p + 5;
    }
    if (strncmp(p, "null", 4) == 0) {
        *type = SPANLOG_JSON_NULL;
        return p + 4;
    }
    spanlog_json_fail(walk, p, "a value is missing");
    return NULL;
}

/* Open brackets as bits: 1 for an object. */
struct stack {
    uint64_t objects[(SPANLOG_JSON_DEPTH + 63) / 64];
    unsigned depth;
};

static void push(struct stack *stack, bool object) {
    uint64_t bit = (uint64_t)1 << (stack->depth % 64);
    uint64_t *word = &stack->objects[stack->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    stack->depth++;
}

static bool in_object(const struct stack *stack) {
    unsigned top = stack->depth - 1;
    return stack->objects[top / 64] >> (top % 64) & 1;
}

/* `"key":` inside a nested object; returns where its value begins. */
static const char *nested_key(struct spanlog_json_walk *walk, const char *p) {
    bool escaped;
    if (*p != '"') {
        spanlog_json_fail(walk, p, "a key is missing");
        return NULL;
    }
    p = spanlog_json_string(walk, p + 1, &escaped);
    if (!p)
        return NULL;
    p = spanlog_json_blank(p + 1);
    if (*p != ':') {
        spanlog_json_fail(walk, p, "a colon is missing");
        return NULL;
    }
    return spanlog_json_blank(p + 1);
}

/* Closes what ends behind a value; returns where the next value begins, with depth 0 the end. */
static const char *nested_after(struct spanlog_json_walk *walk, struct stack *stack,
                                const char *p) {
    while (stack->depth > 0) {
        p = spanlog_json_blank(p);
        bool object = in_object(stack);
        if (*p == ',') {
            p = spanlog_json_blank(p + 1);
            return object ? nested_key(walk, p) : p;
        }
        if (*p != (object ? '}' : ']')) {
            spanlog_json_fail(walk, p, "a comma or a bracket is missing");
            return NULL;
        }
        p++;
        stack->depth--;
    }
    return p;
}

const char *spanlog_json_nested(struct spanlog_json_walk *walk, const char *p) {
    struct stack stack = {{0}, 0};
    do {
        if (*p == '{' || *p == '[') {
            bool object = *p == '{';
            if (stack.depth == SPANLOG_JSON_DEPTH) {
                spanlog_json_fail(walk, p, "nested too deeply");
                return NULL;
            }
            push(&stack, object);
            p = spanlog_json_blank(p + 1);
            if (*p == (object ? '}' : ']')) {
                stack.depth--;
                p = nested_after(walk, &stack, p + 1);
            } else if (object) {
                p = nested_key(walk, p);
            }
        } else {
            struct spanlog_json_value scalar;
            p = spanlog_json_value_at(walk, p, &scalar);
            if (p)
                p = nested_after(walk, &stack, p);
        }
    } while (p && stack.depth > 0);
    return p;
}
