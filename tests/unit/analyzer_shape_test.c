/* tests/unit/analyzer_shape_test.c: shapes of trees against a slow comparison of the trees. */
#include "tests/unit/analyzer_test.h"

#include "src/analyzer/questions/shapes.h"

#define MOST 64
#define NAMES 3

struct trace {
    struct spanlog_node nodes[MOST];
    struct spanlog_tree tree;
    struct spanlog_shape_tree shape;
};

static struct spanlog_collection all;
static struct spanlog_arena arena;
static uint64_t *name_hashes;

static int open_names(void **state) {
    static const char *const words[NAMES] = {"a", "b", "ab"};
    (void)state;
    for (uint32_t i = 0; i < NAMES; i++) {
        spanlog_strings_add(&all.services, words[i], strlen(words[i]));
        spanlog_strings_add(&all.operations, words[i], strlen(words[i]));
    }
    for (uint32_t service = 0; service < NAMES; service++)
        for (uint32_t operation = 0; operation < NAMES; operation++)
            spanlog_names_add(&all.names, service, operation, SPANLOG_STRING_NONE);
    name_hashes = spanlog_shape_hash_names(&all);
    return name_hashes ? 0 : -1;
}

static int close_names(void **state) {
    (void)state;
    spanlog_strings_free(&all.services);
    spanlog_strings_free(&all.operations);
    spanlog_names_free(&all.names);
    spanlog_arena_free(&arena);
    free(name_hashes);
    return 0;
}

static void add(struct trace *trace, uint64_t parent, uint64_t start, uint32_t name, uint8_t kind) {
    uint64_t id = trace->tree.count + 1;
    trace->nodes[trace->tree.count++] =
        (struct spanlog_node){.span_id = id,
                              .parent_id = parent,
                              .start_ns = start,
                              .duration_ns = 1,
                              .name = name,
                              .kind = kind,
                              .flags = parent ? SPANLOG_NODE_HAS_PARENT : 0};
}

static void measure(struct trace *trace) {
    const struct spanlog_name_texts texts = {&all.services, &all.operations, &all.names};
    trace->tree.nodes = trace->nodes;
    assert_int_equal(spanlog_tree_link(&trace->tree, &arena), 0);
    assert_int_equal(spanlog_tree_order(&trace->tree, &texts, &arena), 0);
    assert_int_equal(spanlog_shape_of_tree(&trace->tree, name_hashes, &arena, &trace->shape), 0);
}

/* ---- the naive way: a text in which siblings are sorted ------------------------------------ */

static int by_text(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static char *text_of(const struct trace *trace, uint32_t number);

static char *join(char **texts, uint32_t count, const char *head) {
    size_t size = strlen(head) + 3;
    qsort(texts, count, sizeof *texts, by_text);
    for (uint32_t i = 0; i < count; i++)
        size += strlen(texts[i]) + 2;
    char *text = malloc(size), *at = text;
    assert_non_null(text);
    at += sprintf(at, "%s(", head);
    for (uint32_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && strcmp(texts[i], texts[end]) == 0;)
            end++;
        for (uint32_t n = i; n < (end - i >= 5 ? i + 1 : end); n++)
            at += sprintf(at, "%s%s", texts[n], end - i >= 5 ? "*" : "");
    }
    sprintf(at, ")");
    for (uint32_t i = 0; i < count; i++)
        free(texts[i]);
    return text;
}

static char *children_of(const struct trace *trace, uint32_t parent, const char *head) {
    char *texts[MOST];
    uint32_t count = 0;
    for (uint32_t i = 0; i < trace->tree.count; i++)
        if (trace->nodes[i].parent == parent)
            texts[count++] = text_of(trace, i);
    return join(texts, count, head);
}

static char *text_of(const struct trace *trace, uint32_t number) {
    const struct spanlog_node *node = &trace->nodes[number];
    char head[64];
    snprintf(head, sizeof head, "%s%u.%u", node->flags & SPANLOG_NODE_ORPHAN ? "orphan " : "",
             node->name, node->kind);
    return children_of(trace, number, head);
}

static void random_trace(struct trace *trace, uint64_t *random) {
    uint32_t count = 1 + (uint32_t)(test_random(random) % (test_random(random) % 4 ? 5 : 14));
    *trace = (struct trace){0};
    for (uint32_t i = 0; i < count; i++) {
        /* Mostly below another, sometimes a second root or an orphan. */
        uint64_t parent = i ? 1 + test_random(random) % (i > 2 ? 2 : i) : 0;
        if (test_random(random) % 12 == 0)
            parent = test_random(random) % 2 ? 1000 : 0;
        add(trace, parent, test_random(random) % 50, test_random(random) % 8 ? 0 : 5,
            test_random(random) % 10 == 0);
    }
    measure(trace);
}

static void hashes_are_equal_exactly_when_the_trees_are(void **state) {
    enum { TRACES = 800 };
    static struct trace traces[TRACES];
    static char *texts[TRACES];
    uint64_t random = 11, equal = 0;
    (void)state;
    for (int i = 0; i < TRACES; i++) {
        random_trace(&traces[i], &random);
        texts[i] = children_of(&traces[i], SPANLOG_NODE_NONE, "");
        for (int n = 0; n < i; n++) {
            bool same = strcmp(texts[i], texts[n]) == 0;
            equal += same;
            if (same != (traces[i].shape.hash == traces[n].shape.hash))
                fail_msg("%s and %s: %016llx and %016llx", texts[i], texts[n],
                         (unsigned long long)traces[i].shape.hash,
                         (unsigned long long)traces[n].shape.hash);
        }
    }
    assert_true(equal > 1000); /* or nothing was compared */
    for (int i = 0; i < TRACES; i++)
        free(texts[i]);
}

static uint64_t hash_with_siblings(uint32_t count) {
    static struct trace trace;
    trace = (struct trace){0};
    add(&trace, 0, 0, 0, 1);
    for (uint32_t i = 0; i < count; i++)
        add(&trace, 1, i, 4, 2);
    measure(&trace);
    return trace.shape.hash;
}

static void five_siblings_or_more_are_one_shape(void **state) {
    (void)state;
    assert_int_equal(hash_with_siblings(5), hash_with_siblings(7));
    assert_int_equal(hash_with_siblings(6), hash_with_siblings(60));
    for (uint32_t few = 0; few < 5; few++)
        for (uint32_t other = few + 1; other <= 5; other++)
            assert_true(hash_with_siblings(few) != hash_with_siblings(other));
}

static void folded_siblings_are_drawn_once_with_their_number(void **state) {
    static struct trace trace;
    struct spanlog_shape_example example = {0};
    (void)state;
    trace = (struct trace){0};
    add(&trace, 0, 0, 0, 1);
    for (uint64_t i = 0; i < 6; i++)
        add(&trace, 1, 10 * i, 4, 2);
    for (uint64_t i = 0; i < 6; i++) /* each has a child */
        add(&trace, 2 + i, 10 * i + 1, 3, 0);
    add(&trace, 1, 35, 2, 0);
    measure(&trace);
    assert_int_equal(spanlog_shape_draw(&trace.tree, &trace.shape, &example), 0);
    assert_int_equal(example.line_count, 4);
    assert_int_equal(example.lines[1].fold, 6);
    assert_int_equal(example.lines[2].depth, 2);
    assert_int_equal(example.lines[2].fold, 1);
    assert_int_equal(example.lines[3].name, 2);
    assert_false(example.is_cut);
    free(example.lines);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_equal_exactly_when_the_trees_are),
        cmocka_unit_test(five_siblings_or_more_are_one_shape),
        cmocka_unit_test(folded_siblings_are_drawn_once_with_their_number),
    };
    return cmocka_run_group_tests(tests, open_names, close_names);
}
