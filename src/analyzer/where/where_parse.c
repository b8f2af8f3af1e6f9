/* analyzer/where/where_parse.c: the operators of --where; see where.h.
 *
 *     all      = either { "|" filter }
 *     either   = both { "||" both }
 *     both     = related { ["&&"] related }
 *     related  = single { ( ">>" | ">" | "<<" | "<" | "~" ) single }
 *     single   = "!" single | "(" all ")" | "{" [ in braces ] "}" | condition
 *
 * In braces there are only `||`, `&&`, `!`, brackets and conditions.
 */
#include "src/analyzer/where/where_parts.h"

#include <errno.h>
#include <stdlib.h>

struct parser {
    struct spanlog_lexer lexer;
    struct spanlog_where *where;
    unsigned depth;
    bool in_braces;
};

const char *const spanlog_where_aggregates[5] = {"count", "sum", "avg", "min", "max"};

static uint8_t peek(const struct parser *parser) {
    return parser->lexer.token.kind;
}

static void next(struct parser *parser) {
    spanlog_lexer_next(&parser->lexer);
}

/* ---- nodes -------------------------------------------------------------------------------- */

static bool selects_spans(const struct spanlog_where *where, uint8_t number) {
    return number == SPANLOG_WHERE_NONE || where->nodes[number].only_spansets;
}

static bool add_node(struct parser *parser, struct spanlog_where_node node, uint8_t *ret) {
    struct spanlog_where *where = parser->where;
    if (where->node_count == SPANLOG_WHERE_NODES_MAX ||
        (!parser->in_braces && where->set_count == SPANLOG_WHERE_SETS_MAX))
        return spanlog_lexer_fail(&parser->lexer, parser->lexer.token.begin,
                                  "the expression is too long: it has more than %d terms and "
                                  "operators%s",
                                  parser->in_braces ? SPANLOG_WHERE_NODES_MAX
                                                    : SPANLOG_WHERE_SETS_MAX,
                                  parser->in_braces ? "" : " outside braces");
    node.in_braces = parser->in_braces;
    if (!parser->in_braces)
        node.set = (uint8_t)where->set_count++;
    bool combines = node.op == SPANLOG_WHERE_AND || node.op == SPANLOG_WHERE_OR;
    node.only_spansets =
        node.op >= SPANLOG_WHERE_SPANSET ||
        (combines && selects_spans(where, node.left) && selects_spans(where, node.right));
    where->needs_trace |= node.op > SPANLOG_WHERE_SPANSET;
    *ret = (uint8_t)where->node_count++;
    where->nodes[*ret] = node;
    return true;
}

static bool add_two(struct parser *parser, uint8_t op, uint8_t *left, uint8_t right) {
    return add_node(parser, (struct spanlog_where_node){.op = op, .left = *left, .right = right},
                    left);
}

static bool is_same_text(struct spanlog_text a, struct spanlog_text b) {
    return spanlog_text_equal(a, b);
}

/* Written in two places, a condition still has one bit. */
static bool is_same_leaf(const struct spanlog_where_leaf *a, const struct spanlog_where_leaf *b) {
    return a->source == b->source && a->op == b->op && a->field == b->field &&
           a->in_braces == b->in_braces && a->value.type == b->value.type &&
           is_same_text(a->name, b->name) && is_same_text(a->value.text, b->value.text);
}

static bool add_leaf(struct parser *parser, const struct spanlog_where_leaf *leaf, size_t at,
                     uint8_t *ret) {
    struct spanlog_where *where = parser->where;
    unsigned i = 0;
    while (i < where->leaf_count && !is_same_leaf(&where->leaves[i], leaf))
        i++;
    if (i == SPANLOG_WHERE_LEAVES_MAX)
        return spanlog_lexer_fail(&parser->lexer, at, "more than %d conditions are too many",
                                  SPANLOG_WHERE_LEAVES_MAX);
    if (i == where->leaf_count) {
        uint32_t bit = (uint32_t)1 << i;
        where->leaves[where->leaf_count++] = *leaf;
        if (leaf->in_braces)
            where->span_leaves |= bit;
        if (leaf->source >= SPANLOG_WHERE_ROOT_SERVICE)
            where->trace_leaves |= bit;
        if (leaf->source == SPANLOG_WHERE_ATTRIBUTE)
            where->attributes |= bit;
        if (leaf->source == SPANLOG_WHERE_TEXT)
            where->texts |= bit;
    }
    where->needs_trace |= where->trace_leaves != 0;
    return add_node(parser,
                    (struct spanlog_where_node){.op = SPANLOG_WHERE_LEAF,
                                                .left = SPANLOG_WHERE_NONE,
                                                .right = SPANLOG_WHERE_NONE,
                                                .leaf = (uint8_t)i},
                    ret);
}

/* ---- terms -------------------------------------------------------------------------------- */

static bool parse_all(struct parser *parser, uint8_t *ret);
static bool parse_either(struct parser *parser, uint8_t *ret);
static bool parse_single(struct parser *parser, uint8_t *ret);

static bool parse_leaf(struct parser *parser, uint8_t *ret) {
    struct spanlog_where_leaf leaf;
    size_t at = parser->lexer.token.begin;
    return spanlog_where_leaf_parse(&parser->lexer, parser->in_braces, &leaf) &&
           add_leaf(parser, &leaf, at, ret);
}

static bool expect(struct parser *parser, uint8_t kind, const char *what, size_t open) {
    char shown[64];
    if (peek(parser) == SPANLOG_TOKEN_BAD)
        return false;
    if (peek(parser) != kind)
        return spanlog_lexer_fail(&parser->lexer, parser->lexer.token.begin,
                                  "expected %s, not %s (opened at column %zu)", what,
                                  spanlog_lexer_shown(&parser->lexer, shown), open + 1);
    next(parser);
    return peek(parser) != SPANLOG_TOKEN_BAD;
}

static bool parse_brackets(struct parser *parser, uint8_t *ret) {
    size_t open = parser->lexer.token.begin;
    next(parser);
    bool parsed = parser->in_braces ? parse_either(parser, ret) : parse_all(parser, ret);
    return parsed && expect(parser, SPANLOG_TOKEN_CLOSE,
                            parser->in_braces ? "&& or || or )" : "a term or )", open);
}

static bool parse_spanset(struct parser *parser, uint8_t *ret) {
    size_t open = parser->lexer.token.begin;
    uint8_t inside = SPANLOG_WHERE_NONE;
    next(parser);
    parser->in_braces = true;
    if (peek(parser) != SPANLOG_TOKEN_FINISH && !parse_either(parser, &inside))
        return false;
    parser->in_braces = false;
    return expect(parser, SPANLOG_TOKEN_FINISH, "&& or || or }", open) &&
           add_node(parser,
                    (struct spanlog_where_node){
                        .op = SPANLOG_WHERE_SPANSET, .left = inside, .right = SPANLOG_WHERE_NONE},
                    ret);
}

static bool parse_not(struct parser *parser, uint8_t *ret) {
    uint8_t inside = SPANLOG_WHERE_NONE;
    next(parser);
    if (!parse_single(parser, &inside))
        return false;
    return add_node(parser,
                    (struct spanlog_where_node){
                        .op = SPANLOG_WHERE_NOT, .left = inside, .right = SPANLOG_WHERE_NONE},
                    ret);
}

static bool parse_single(struct parser *parser, uint8_t *ret) {
    if (parser->depth == SPANLOG_WHERE_DEPTH_MAX)
        return spanlog_lexer_fail(&parser->lexer, parser->lexer.token.begin,
                                  "nested more than %d deep", SPANLOG_WHERE_DEPTH_MAX);
    parser->depth++;
    bool parsed;
    if (peek(parser) == SPANLOG_TOKEN_NOT)
        parsed = parse_not(parser, ret);
    else if (peek(parser) == SPANLOG_TOKEN_OPEN)
        parsed = parse_brackets(parser, ret);
    else if (peek(parser) == SPANLOG_TOKEN_BEGIN && !parser->in_braces)
        parsed = parse_spanset(parser, ret);
    else
        parsed = parse_leaf(parser, ret);
    parser->depth--;
    return parsed;
}

/* ---- operators ---------------------------------------------------------------------------- */

/* 0: it is no relation of spansets. */
static uint8_t relation(uint8_t kind) {
    switch (kind) {
    case SPANLOG_TOKEN_DESCENDANT:
        return SPANLOG_WHERE_DESCENDANT;
    case SPANLOG_TOKEN_ANCESTOR:
        return SPANLOG_WHERE_ANCESTOR;
    case SPANLOG_TOKEN_GT:
        return SPANLOG_WHERE_CHILD;
    case SPANLOG_TOKEN_LT:
        return SPANLOG_WHERE_PARENT;
    case SPANLOG_TOKEN_TILDE:
        return SPANLOG_WHERE_SIBLING;
    default:
        return 0;
    }
}

static bool expect_spans(struct parser *parser, uint8_t node, size_t at, const char *side,
                         const char *sign) {
    if (parser->where->nodes[node].only_spansets)
        return true;
    return spanlog_lexer_fail(&parser->lexer, at,
                              "expected only spansets in braces %s \"%s\", without words or !",
                              side, sign);
}

static bool parse_related(struct parser *parser, uint8_t *ret) {
    size_t at = parser->lexer.token.begin;
    if (!parse_single(parser, ret))
        return false;
    while (!parser->in_braces && relation(peek(parser))) {
        uint8_t right = SPANLOG_WHERE_NONE, op = relation(peek(parser));
        const char *sign = spanlog_comparison_text(peek(parser));
        if (!expect_spans(parser, *ret, at, "before", sign))
            return false;
        next(parser);
        at = parser->lexer.token.begin;
        if (!parse_single(parser, &right) || !expect_spans(parser, right, at, "after", sign) ||
            !add_two(parser, op, ret, right))
            return false;
    }
    return peek(parser) != SPANLOG_TOKEN_BAD;
}

static bool begins_term(const struct parser *parser) {
    switch (peek(parser)) {
    case SPANLOG_TOKEN_WORD:
    case SPANLOG_TOKEN_NAME:
    case SPANLOG_TOKEN_STRING:
    case SPANLOG_TOKEN_NOT:
    case SPANLOG_TOKEN_OPEN:
    case SPANLOG_TOKEN_BEGIN:
        return !parser->in_braces;
    default:
        return false;
    }
}

static bool parse_both(struct parser *parser, uint8_t *ret) {
    if (!parse_related(parser, ret))
        return false;
    while (peek(parser) == SPANLOG_TOKEN_AND || begins_term(parser)) {
        uint8_t right = SPANLOG_WHERE_NONE;
        if (peek(parser) == SPANLOG_TOKEN_AND)
            next(parser);
        if (!parse_related(parser, &right) || !add_two(parser, SPANLOG_WHERE_AND, ret, right))
            return false;
    }
    return true;
}

static bool parse_either(struct parser *parser, uint8_t *ret) {
    if (!parse_both(parser, ret))
        return false;
    while (peek(parser) == SPANLOG_TOKEN_OR) {
        uint8_t right = SPANLOG_WHERE_NONE;
        next(parser);
        if (!parse_both(parser, &right) || !add_two(parser, SPANLOG_WHERE_OR, ret, right))
            return false;
    }
    return true;
}

/* ---- filters ------------------------------------------------------------------------------ */

static bool expect_here(struct parser *parser, bool right, const char *what) {
    char shown[64];
    if (peek(parser) == SPANLOG_TOKEN_BAD)
        return false;
    if (right)
        return true;
    return spanlog_lexer_fail(&parser->lexer, parser->lexer.token.begin, "expected %s, not %s",
                              what, spanlog_lexer_shown(&parser->lexer, shown));
}

static bool is_word(const struct parser *parser, const char *word) {
    return peek(parser) == SPANLOG_TOKEN_WORD && strcmp(parser->lexer.token.text.data, word) == 0;
}

static bool parse_aggregate(struct parser *parser, uint8_t *ret) {
    for (*ret = 0; *ret < 5 && !is_word(parser, spanlog_where_aggregates[*ret]); ++*ret)
        ;
    if (!expect_here(parser, *ret < 5, "count(), or sum, avg, min or max of (duration)"))
        return false;
    next(parser);
    if (!expect_here(parser, peek(parser) == SPANLOG_TOKEN_OPEN, "\"(\""))
        return false;
    next(parser);
    if (*ret != SPANLOG_WHERE_COUNT) {
        if (!expect_here(parser, is_word(parser, "duration") || is_word(parser, "span:duration"),
                         "duration, the one field that can be aggregated"))
            return false;
        next(parser);
    }
    if (!expect_here(parser, peek(parser) == SPANLOG_TOKEN_CLOSE, "\")\""))
        return false;
    next(parser);
    return true;
}

static bool parse_filter(struct parser *parser, uint8_t *ret) {
    struct spanlog_where_node node = {
        .op = SPANLOG_WHERE_FILTER, .left = *ret, .right = SPANLOG_WHERE_NONE};
    next(parser);
    if (!parse_aggregate(parser, &node.aggregate) ||
        !expect_here(parser,
                     spanlog_token_compares(peek(parser)) && peek(parser) < SPANLOG_TOKEN_RE,
                     "one of = != < <= > >="))
        return false;
    node.comparison = peek(parser);
    next(parser);
    struct spanlog_token token = parser->lexer.token;
    if (!spanlog_where_value_parse(&parser->lexer, node.comparison, &node.value))
        return false;
    bool count = node.aggregate == SPANLOG_WHERE_COUNT;
    if (node.value.type != (count ? SPANLOG_WHERE_IS_NUMBER : SPANLOG_WHERE_IS_DURATION))
        return spanlog_lexer_fail(&parser->lexer, token.begin,
                                  count ? "expected a number"
                                        : "expected a duration, such as 100ms or 1.5s");
    return add_node(parser, node, ret);
}

static bool parse_all(struct parser *parser, uint8_t *ret) {
    size_t at = parser->lexer.token.begin;
    if (!parse_either(parser, ret))
        return false;
    while (peek(parser) == SPANLOG_TOKEN_PIPE)
        if (!expect_spans(parser, *ret, at, "before", "|") || !parse_filter(parser, ret))
            return false;
    return peek(parser) != SPANLOG_TOKEN_BAD;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static bool parse_text(struct parser *parser) {
    char shown[64];
    next(parser);
    if (peek(parser) == SPANLOG_TOKEN_END && parser->lexer.rc == 0)
        return spanlog_lexer_fail(&parser->lexer, 0,
                                  "the expression is empty: expected e.g. { status = error }");
    if (!parse_all(parser, &parser->where->root))
        return false;
    if (peek(parser) == SPANLOG_TOKEN_END)
        return true;
    return spanlog_lexer_fail(&parser->lexer, parser->lexer.token.begin,
                              "unexpected %s: expected a term, && or ||, or the end",
                              spanlog_lexer_shown(&parser->lexer, shown));
}

int spanlog_where_parse(const char *text, struct spanlog_where **ret,
                        struct spanlog_where_error *error) {
    struct parser parser = {.lexer = {.source = text, .error = error}};
    *ret = NULL;
    *error = (struct spanlog_where_error){.column = 0};
    if (strlen(text) > SPANLOG_WHERE_TEXT_MAX) {
        spanlog_lexer_fail(&parser.lexer, 0, "the expression is longer than %d bytes",
                           SPANLOG_WHERE_TEXT_MAX);
        return -EINVAL;
    }
    parser.where = calloc(1, sizeof *parser.where);
    if (!parser.where)
        return -ENOMEM;
    parser.lexer.arena = &parser.where->arena;
    if (parse_text(&parser)) {
        *ret = parser.where;
        return 0;
    }
    spanlog_where_free(parser.where);
    return parser.lexer.rc;
}

void spanlog_where_free(struct spanlog_where *where) {
    if (where)
        spanlog_arena_free(&where->arena);
    free(where);
}

bool spanlog_where_needs_trace(const struct spanlog_where *where) {
    return where->needs_trace;
}
