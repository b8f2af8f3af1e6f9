/* tests/unit/where_trace_test.c: --where against whole traces, also against a plain evaluator. */
#include "tests/unit/analyzer_test.h"

#include "src/analyzer/trees/where_trace.h"

#define MOST 16

/* A small trace: what the lines of its spans say, and its log lines. */
struct span {
    int parent; /* its index; -1: none */
    bool unfinished;
    unsigned letters; /* bits: attributes a to d are 1 */
    unsigned words;   /* bits: a line of it holds alpha, beta */
    unsigned duration_ms;
};

static struct span spans[MOST];
static uint32_t span_count;
static unsigned loose_words; /* of a log line that belongs to no span */

static struct spanlog_strings services, operations;
static struct spanlog_names names;
static const struct spanlog_name_texts texts = {&services, &operations, &names};
static struct spanlog_arena arena;

/* ---- from lines to a tree ----------------------------------------------------------------- */

static uint32_t bits_of(const struct spanlog_where *where, struct spanlog_where_scratch *scratch,
                        const char *json) {
    struct spanlog_reader reader;
    struct spanlog_record record;
    char *line = test_line(json);
    spanlog_reader_init(&reader, 500);
    assert_null(spanlog_record_read(&reader, line, &record));
    uint32_t bits = spanlog_where_bits(where, scratch, &record, line, record.end);
    free(line);
    return bits;
}

static uint32_t log_bits(const struct spanlog_where *where, struct spanlog_where_scratch *scratch,
                         unsigned words) {
    char json[256];
    snprintf(json, sizeof json, "{\"level\":\"info\",\"msg\":\"%s %s\",\"service\":\"s\"}",
             words & 1 ? "alpha" : "", words & 2 ? "beta" : "");
    return bits_of(where, scratch, json);
}

static uint32_t span_bits(const struct spanlog_where *where, struct spanlog_where_scratch *scratch,
                          const struct span *span) {
    char json[512];
    snprintf(json, sizeof json,
             "{\"level\":\"info\",\"msg\":\"span completed\",\"service\":\"s\","
             "\"operation\":\"o\",\"duration_ms\":%u%s%s%s%s}",
             span->duration_ms, span->letters & 1 ? ",\"a\":1" : "",
             span->letters & 2 ? ",\"b\":1" : "", span->letters & 4 ? ",\"c\":1" : "",
             span->letters & 8 ? ",\"d\":1" : "");
    return span->unfinished ? 0 : bits_of(where, scratch, json);
}

static void build(const struct spanlog_where *where, struct spanlog_where_scratch *scratch,
                  struct spanlog_node *nodes, struct spanlog_tree *tree) {
    uint32_t name =
        spanlog_names_add(&names, spanlog_strings_add(&services, "gateway", 7),
                          spanlog_strings_add(&operations, "GET /", 5), SPANLOG_STRING_NONE);
    *tree = (struct spanlog_tree){.nodes = nodes, .count = span_count};
    for (uint32_t i = 0; i < span_count; i++) {
        const struct span *span = &spans[i];
        nodes[i] = (struct spanlog_node){
            .span_id = i + 1,
            .parent_id = (uint64_t)(span->parent + 1),
            .start_ns = i,
            .duration_ns = span->duration_ms * (uint64_t)1000000,
            .name = name,
            .digest = i,
            .flags = (uint16_t)((span->parent >= 0 ? SPANLOG_NODE_HAS_PARENT : 0) |
                                (span->unfinished ? SPANLOG_NODE_UNFINISHED : 0)),
            .bits = span_bits(where, scratch, span) | log_bits(where, scratch, span->words)};
    }
    spanlog_arena_reset(&arena);
    assert_int_equal(spanlog_tree_link(tree, &arena), 0);
    assert_int_equal(spanlog_tree_order(tree, &texts, &arena), 0);
}

/* Whether the trace matches; *ret_spans: bits of the spans that are selected. */
static bool evaluate(const char *text, uint32_t *ret_spans) {
    struct spanlog_where *where;
    struct spanlog_where_error error;
    struct spanlog_where_scratch scratch;
    struct spanlog_node nodes[MOST];
    struct spanlog_tree tree;
    uint8_t selected[MOST] = {0};
    if (spanlog_where_parse(text, &where, &error) < 0)
        fail_msg("%s: %s at %zu", text, error.message, error.column);
    assert_int_equal(spanlog_where_scratch_init(&scratch, where), 0);
    build(where, &scratch, nodes, &tree);
    struct spanlog_where_trace trace = {&tree, &texts, log_bits(where, &scratch, loose_words)};
    int rc = spanlog_where_matches(where, &scratch, &trace, selected);
    assert_in_range(rc, 0, 1);
    *ret_spans = 0;
    for (uint32_t i = 0; i < span_count; i++)
        *ret_spans |= (uint32_t)selected[i] << (nodes[i].span_id - 1);
    spanlog_where_scratch_free(&scratch);
    spanlog_where_free(where);
    return rc;
}

/* ---- by hand ------------------------------------------------------------------------------ */

/* 0 a ─┬─ 1 b ─── 3 c
 *      ├─ 2 b ─── 4 d
 *      └─ 5 (only a log line) */
static void hand_made(void) {
    static const struct span made[] = {{-1, false, 1, 0, 1000}, {0, false, 2, 0, 300},
                                       {0, false, 2, 1, 100},   {1, false, 4, 0, 50},
                                       {2, false, 8, 0, 10},    {0, true, 0, 2, 0}};
    memcpy(spans, made, sizeof made);
    span_count = 6;
    loose_words = 0;
}

#define SPANS(...) spans_of((const int[]){__VA_ARGS__, -1})
static uint32_t spans_of(const int *list) {
    uint32_t bits = 0;
    for (; *list >= 0; list++)
        bits |= (uint32_t)1 << *list;
    return bits;
}

static void check(const char *text, bool matches, uint32_t selected) {
    uint32_t spans_found;
    bool found = evaluate(text, &spans_found);
    if (found != matches || spans_found != selected)
        fail_msg("%s: %d with spans %#x, not %d with %#x", text, found, spans_found, matches,
                 selected);
}

static void relations_select_what_stands_on_their_right(void **state) {
    (void)state;
    hand_made();
    check("{a=1} >> {c=1}", true, SPANS(3));
    check("{a=1} > {c=1}", false, 0);
    check("{a=1} > {b=1}", true, SPANS(1, 2));
    check("{d=1} << {b=1}", true, SPANS(2));
    check("{d=1} << {}", true, SPANS(0, 2));
    check("{d=1} < {}", true, SPANS(2));
    check("{d=1} < {a=1}", false, 0);
    check("{b=1} ~ {b=1}", true, SPANS(1, 2));
    check("{a=1} ~ {}", false, 0);
    check("{c=1} ~ {}", false, 0);
    check("{a=1} >> {b=1} >> {d=1}", true, SPANS(4));
    check("{b=1} >> ({c=1} || {d=1})", true, SPANS(3, 4));
    check("({c=1} && {d=1}) << {b=1}", true, SPANS(1, 2));
    check("({c=1} && {service=x}) << {b=1}", false, 0);
}

static void spansets_combine_by_trace(void **state) {
    (void)state;
    hand_made();
    check("{}", true, SPANS(0, 1, 2, 3, 4));
    check("{c=1} && {d=1}", true, SPANS(3, 4));
    check("{c=1 && d=1}", false, 0);
    check("{c=1} && {service=x}", false, 0);
    check("{c=1} || {service=x}", true, SPANS(3));
    check("!{service=x}", true, 0);
    check("!{c=1}", false, 0);
    check("{ !(a=1) }", true, SPANS(1, 2, 3, 4));
}

static void words_may_each_be_met_by_another_line(void **state) {
    (void)state;
    hand_made();
    check("alpha", true, SPANS(2));
    check("alpha beta", true, SPANS(2, 5));
    check("\"alpha beta\"", false, 0);
    check("gamma", false, 0);
    check("NOT gamma", true, 0);
    check("alpha {c=1}", true, SPANS(2, 3));
    loose_words = 3;
    check("\"alpha beta\"", true, 0);
}

static void filters_keep_all_spans_or_none(void **state) {
    (void)state;
    hand_made();
    check("{b=1} | count() = 2", true, SPANS(1, 2));
    check("{b=1} | count() > 2", false, 0);
    check("{b=1} | avg(duration) = 200ms", true, SPANS(1, 2));
    check("{b=1} | min(duration) = 100ms | max(duration) = 300ms", true, SPANS(1, 2));
    check("{} | sum(duration) > 1.459s", true, SPANS(0, 1, 2, 3, 4));
    check("{} | sum(duration) > 1.46s", false, 0);
    check("{service=x} | count() = 0", false, 0);
    check("({b=1} | count() = 2) > {d=1}", true, SPANS(4));
}

static void facts_of_the_trace_hold_for_each_span(void **state) {
    (void)state;
    hand_made();
    check("{ rootServiceName = \"gateway\" && b=1 }", true, SPANS(1, 2));
    check("{ rootName =~ \"GET .*\" } > {c=1}", true, SPANS(3));
    check("{ rootName = \"x\" }", false, 0);
    check("{ traceDuration >= 1s && a=1 }", true, SPANS(0));
    check("{ !(traceDuration >= 1s) }", false, 0);
    check("rootName=GET*", true, 0);
    check("{ rootName = nil }", false, 0);
}

static void a_trace_without_spans_has_only_words(void **state) {
    (void)state;
    span_count = 0;
    loose_words = 1;
    check("alpha", true, 0);
    check("{}", false, 0);
    check("{} >> {}", false, 0);
    check("alpha !{}", true, 0);
    check("rootName=nil", true, 0);
}

static void a_chain_of_any_depth_is_matched(void **state) {
    enum { DEPTH = 100000 };
    struct spanlog_where *where;
    struct spanlog_where_error error;
    struct spanlog_where_scratch scratch;
    struct spanlog_node *nodes = calloc(DEPTH, sizeof *nodes);
    uint8_t *selected = calloc(DEPTH, 1);
    (void)state;
    assert_true(nodes && selected);
    assert_int_equal(spanlog_where_parse("{a=1} >> {b=1} << {c=1} > {d=1} ~ {} || {a=1} >> {b=1}",
                                         &where, &error),
                     0);
    assert_int_equal(spanlog_where_scratch_init(&scratch, where), 0);
    span_count = 0;
    uint32_t first, last;
    build(where, &scratch, nodes, &(struct spanlog_tree){0});
    spans[0].letters = 1;
    spans[1].letters = 2;
    first = span_bits(where, &scratch, &spans[0]);
    last = span_bits(where, &scratch, &spans[1]);
    for (uint32_t i = 0; i < DEPTH; i++)
        nodes[i] = (struct spanlog_node){.span_id = i + 1,
                                         .parent_id = i,
                                         .start_ns = i,
                                         .bits = i == 0           ? first
                                                 : i == DEPTH - 1 ? last
                                                                  : SPANLOG_WHERE_SPAN,
                                         .flags = i ? SPANLOG_NODE_HAS_PARENT : 0};
    struct spanlog_tree tree = {.nodes = nodes, .count = DEPTH};
    assert_int_equal(spanlog_tree_link(&tree, &arena), 0);
    assert_int_equal(spanlog_tree_order(&tree, &texts, &arena), 0);
    struct spanlog_where_trace trace = {&tree, &texts, 0};
    assert_int_equal(spanlog_where_matches(where, &scratch, &trace, selected), 1);
    uint32_t count = 0, id = 0;
    for (uint32_t i = 0; i < DEPTH; i++)
        if (selected[i]) {
            count++;
            id = (uint32_t)nodes[i].span_id;
        }
    assert_int_equal(count, 1);
    assert_int_equal(id, DEPTH);
    spanlog_where_scratch_free(&scratch);
    spanlog_where_free(where);
    free(nodes);
    free(selected);
}

/* ---- against a plain evaluator ------------------------------------------------------------ */

enum op { LEAF, WORD, NOT, AND, OR, FILTER, RELATION };

struct expression {
    enum op op;
    int left, right;
    unsigned letters, wanted; /* a span's letters & letters == wanted */
    unsigned word;
    const char *relation;
    unsigned count;
};

static struct expression made[64];
static int made_count;

/* Returns its number. `only_spans`: no words or NOT. */
static int make(uint64_t *random, int depth, bool only_spans) {
    int number = made_count++;
    struct expression *e = &made[number];
    static const char *const relations[] = {">>", ">", "<<", "<", "~"};
    unsigned dice = depth ? (unsigned)(test_random(random) % 10) : 0;
    *e = (struct expression){.op = LEAF, .left = -1, .right = -1};
    e->letters = (unsigned)(test_random(random) % 16);
    e->wanted = (unsigned)(test_random(random) & e->letters);
    if (dice >= 6) {
        e->op = RELATION;
        e->relation = relations[test_random(random) % 5];
        only_spans = true;
    } else if (dice >= 4) {
        e->op = dice == 4 ? AND : OR;
    } else if (dice == 3) {
        e->op = FILTER;
        e->count = (unsigned)(test_random(random) % 4);
        e->left = make(random, depth - 1, true);
        return number;
    } else if (!only_spans && test_random(random) % 3 == 0) {
        e->op = depth && test_random(random) % 2 ? NOT : WORD;
        e->word = (unsigned)(test_random(random) % 2);
        if (e->op == NOT)
            e->left = make(random, depth - 1, false);
        return number;
    } else {
        return number;
    }
    e->left = make(random, depth - 1, only_spans);
    e->right = make(random, depth - 1, only_spans);
    return number;
}

static void put(FILE *out, int number) {
    const struct expression *e = &made[number];
    if (e->op == LEAF) {
        const char *between = "";
        fputs("{ ", out);
        for (int i = 0; i < 4; i++)
            if (e->letters >> i & 1) {
                fprintf(out, "%s%s", between, e->wanted >> i & 1 ? "" : "!");
                fprintf(out, ".%c = 1", 'a' + i);
                between = " && ";
            }
        fputs(" }", out);
    } else if (e->op == WORD) {
        fputs(e->word ? "beta" : "alpha", out);
    } else {
        fputs(e->op == NOT ? "!(" : "((", out);
        put(out, e->left);
        fputs(")", out);
        if (e->op == FILTER)
            fprintf(out, " | count() > %u)", e->count);
        if (e->op != FILTER && e->op != NOT) {
            fprintf(out, " %s (", e->op == AND ? "&&" : e->op == OR ? "||" : e->relation);
            put(out, e->right);
            fputs("))", out);
        }
    }
}

static bool is_above(int above, int below) {
    for (int at = spans[below].parent; at >= 0; at = spans[at].parent)
        if (at == above)
            return true;
    return false;
}

static bool is_related(const char *relation, int left, int right) {
    if (strcmp(relation, ">>") == 0)
        return is_above(left, right);
    if (strcmp(relation, "<<") == 0)
        return is_above(right, left);
    if (relation[0] == '>')
        return spans[right].parent == left;
    if (relation[0] == '<')
        return spans[left].parent == right;
    return left != right && spans[left].parent >= 0 && spans[left].parent == spans[right].parent;
}

static bool plain_evaluate(int number, uint32_t *ret) {
    const struct expression *e = &made[number];
    uint32_t left = 0, right = 0;
    bool has_left = e->left >= 0 && plain_evaluate(e->left, &left);
    bool has_right = e->right >= 0 && plain_evaluate(e->right, &right);
    bool holds = false;
    *ret = 0;
    for (uint32_t i = 0; i < span_count; i++) {
        uint32_t bit = (uint32_t)1 << i;
        if (e->op == LEAF && !spans[i].unfinished && (spans[i].letters & e->letters) == e->wanted)
            *ret |= bit;
        if (e->op == WORD && spans[i].words >> e->word & 1)
            *ret |= bit;
        for (uint32_t k = 0; e->op == RELATION && k < span_count; k++)
            if ((left >> k & 1) && (right & bit) && is_related(e->relation, (int)k, (int)i))
                *ret |= bit;
    }
    if (e->op == NOT)
        return !has_left;
    if (e->op == WORD)
        return *ret || (loose_words >> e->word & 1);
    if (e->op == LEAF || e->op == RELATION)
        return *ret != 0;
    if (e->op == FILTER)
        holds = has_left && (unsigned)__builtin_popcount(left) > e->count;
    else
        holds = e->op == AND ? has_left && has_right : has_left || has_right;
    *ret = holds ? left | right : 0;
    return holds;
}

static void random_trace(uint64_t *random) {
    span_count = (uint32_t)(test_random(random) % (MOST + 1));
    loose_words = test_random(random) % 8 == 0 ? (unsigned)(test_random(random) % 4) : 0;
    for (uint32_t i = 0; i < span_count; i++)
        spans[i] = (struct span){
            .parent = i && test_random(random) % 8 ? (int)(test_random(random) % i) : -1,
            .unfinished = test_random(random) % 8 == 0,
            .letters = (unsigned)(test_random(random) % 16),
            .words = test_random(random) % 4 == 0 ? (unsigned)(test_random(random) % 4) : 0};
}

static void any_expression_gives_what_the_plain_evaluator_gives(void **state) {
    uint64_t random = 7;
    unsigned matched = 0, rounds = 20000;
    (void)state;
    for (unsigned round = 0; round < rounds; round++) {
        char text[8192] = "";
        FILE *out = fmemopen(text, sizeof text, "w");
        uint32_t expected;
        random_trace(&random);
        made_count = 0;
        int root = make(&random, (int)(round % 4), false);
        put(out, root);
        fclose(out);
        bool holds = plain_evaluate(root, &expected);
        matched += holds;
        check(text, holds, expected);
    }
    assert_in_range(matched, rounds / 5, rounds - rounds / 5);
}

static int free_all(void **state) {
    (void)state;
    spanlog_arena_free(&arena);
    spanlog_strings_free(&services);
    spanlog_strings_free(&operations);
    spanlog_names_free(&names);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relations_select_what_stands_on_their_right),
        cmocka_unit_test(spansets_combine_by_trace),
        cmocka_unit_test(words_may_each_be_met_by_another_line),
        cmocka_unit_test(filters_keep_all_spans_or_none),
        cmocka_unit_test(facts_of_the_trace_hold_for_each_span),
        cmocka_unit_test(a_trace_without_spans_has_only_words),
        cmocka_unit_test(a_chain_of_any_depth_is_matched),
        cmocka_unit_test(any_expression_gives_what_the_plain_evaluator_gives),
    };
    return cmocka_run_group_tests(tests, NULL, free_all);
}
