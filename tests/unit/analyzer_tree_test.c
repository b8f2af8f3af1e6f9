/* tests/unit/analyzer_tree_test.c: linking, and the figures, against slow but plain versions. */
#include "tests/unit/analyzer_test.h"

#include "src/analyzer/trees/tree.h"

#define MOST 64

static struct spanlog_node nodes[MOST];
static struct spanlog_tree tree;
static struct spanlog_arena arena;
static struct spanlog_strings services, operations;
static struct spanlog_names names;

static void add(uint64_t id, uint64_t parent, uint64_t start, uint64_t duration) {
    uint32_t empty = spanlog_strings_add(&services, "", 0);
    spanlog_strings_add(&operations, "", 0);
    nodes[tree.count++] =
        (struct spanlog_node){.span_id = id,
                              .parent_id = parent,
                              .start_ns = start,
                              .duration_ns = duration,
                              .name = spanlog_names_add(&names, empty, empty, SPANLOG_STRING_NONE),
                              .flags = parent ? SPANLOG_NODE_HAS_PARENT : 0};
}

static void begin(void) {
    spanlog_arena_free(&arena);
    tree = (struct spanlog_tree){.nodes = nodes};
}

static void build(void) {
    const struct spanlog_name_texts texts = {&services, &operations, &names};
    assert_int_equal(spanlog_tree_link(&tree, &arena), 0);
    assert_int_equal(spanlog_tree_order(&tree, &texts, &arena), 0);
    assert_int_equal(spanlog_tree_figures(&tree, &arena), 0);
}

static const struct spanlog_node *node(uint64_t id) {
    for (uint32_t i = 0; i < tree.count; i++)
        if (tree.nodes[i].span_id == id)
            return &tree.nodes[i];
    fail_msg("no span %llu", (unsigned long long)id);
    return NULL;
}

static void children_that_overlap_the_cursor_are_not_on_the_path(void **state) {
    (void)state;
    begin();
    add(1, 0, 0, 100);
    add(2, 1, 10, 40); /* 10..50: overlaps the one below */
    add(3, 1, 45, 45); /* 45..90: ends last */
    add(4, 1, 5, 35);  /* 5..40 */
    build();
    assert_int_equal(node(3)->critical_ns, 45);
    assert_int_equal(node(2)->critical_ns, 0);
    assert_int_equal(node(4)->critical_ns, 35);
    assert_int_equal(node(1)->critical_ns, 10 + 5 + 5);
}

static void children_are_clamped_to_their_parents(void **state) {
    (void)state;
    begin();
    add(1, 0, 100, 100);
    add(2, 1, 50, 100);  /* begins before */
    add(3, 1, 180, 100); /* ends after */
    add(4, 1, 300, 10);  /* outside */
    add(5, 3, 190, 200); /* clamped to the clamped one */
    build();
    assert_int_equal(node(1)->self_ns, 30);
    assert_int_equal(node(3)->critical_ns, 10);
    assert_int_equal(node(5)->critical_ns, 10);
    assert_int_equal(node(2)->critical_ns, 50);
    assert_int_equal(node(4)->critical_ns, 0);
    assert_int_equal(node(1)->critical_ns, 30);
}

static void ties_go_to_the_earliest_start_and_then_the_id(void **state) {
    (void)state;
    begin();
    add(1, 0, 0, 100);
    add(9, 1, 50, 50);
    add(8, 1, 20, 80);
    add(7, 1, 20, 80);
    build();
    assert_int_equal(node(7)->critical_ns, 80);
    assert_int_equal(node(8)->critical_ns, 0);
    assert_int_equal(node(9)->critical_ns, 0);
}

static void random_tree(uint64_t *random, uint32_t count, bool cycles) {
    begin();
    for (uint32_t i = 1; i <= count; i++) {
        uint64_t parent = i == 1 ? 0 : 1 + test_random(random) % (cycles ? count : i - 1);
        if (cycles && test_random(random) % 8 == 0)
            parent = 1000 + i; /* an orphan */
        add(i, parent, test_random(random) % 1000, test_random(random) % 300);
    }
}

static void the_parts_of_the_path_sum_up_to_the_root(void **state) {
    uint64_t random = 11;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        random_tree(&random, 1 + (uint32_t)(test_random(&random) % (MOST - 1)), round & 1);
        build();
        uint64_t sum = 0;
        for (uint32_t i = 0; i < tree.count; i++)
            sum += tree.nodes[i].critical_ns;
        assert_int_equal(sum, tree.nodes[tree.root].duration_ns);
    }
}

/* Duration less the instants at which some child runs, counted one by one. */
static void self_time_is_what_no_child_covers(void **state) {
    uint64_t random = 13;
    (void)state;
    for (int round = 0; round < 300; round++) {
        random_tree(&random, 1 + (uint32_t)(test_random(&random) % (MOST - 1)), false);
        build();
        for (uint32_t i = 0; i < tree.count; i++) {
            const struct spanlog_node *parent = &tree.nodes[i];
            uint64_t self = 0;
            for (uint64_t t = parent->start_ns; t < spanlog_node_end(parent); t++) {
                bool covered = false;
                for (uint32_t n = 0; n < tree.count; n++)
                    covered =
                        covered || (tree.nodes[n].parent == i && tree.nodes[n].start_ns <= t &&
                                    t < spanlog_node_end(&tree.nodes[n]));
                self += !covered;
            }
            assert_int_equal(parent->self_ns, self);
        }
    }
}

static void every_span_is_listed_once_behind_its_parent(void **state) {
    uint64_t random = 17;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        random_tree(&random, 1 + (uint32_t)(test_random(&random) % (MOST - 1)), true);
        uint32_t given = tree.count;
        bool seen[MOST] = {false};
        build();
        assert_int_equal(tree.count, given);
        for (uint32_t i = 0; i < tree.count; i++) {
            uint32_t number = tree.order[i], parent = tree.nodes[number].parent;
            assert_false(seen[number]);
            assert_true(parent == SPANLOG_NODE_NONE || seen[parent]);
            seen[number] = true;
        }
    }
}

static void the_order_of_the_input_does_not_matter(void **state) {
    uint64_t random = 19;
    (void)state;
    for (int round = 0; round < 1000; round++) {
        struct spanlog_node first[MOST];
        uint32_t order[MOST], count;
        random_tree(&random, 2 + (uint32_t)(test_random(&random) % (MOST - 2)), true);
        if (round % 3 == 0) /* conflicting ids as well */
            nodes[tree.count - 1].span_id = 1;
        struct spanlog_node input[MOST];
        count = tree.count;
        memcpy(input, nodes, sizeof input);
        build();
        memcpy(first, nodes, sizeof first);
        memcpy(order, tree.order, count * sizeof *order);
        begin();
        for (uint32_t left = count; left > 0; left--) {
            uint32_t pick = (uint32_t)(test_random(&random) % left);
            nodes[tree.count++] = input[pick];
            input[pick] = input[left - 1];
        }
        build();
        for (uint32_t i = 0; i < count; i++) {
            const struct spanlog_node *a = &first[order[i]], *b = &nodes[tree.order[i]];
            assert_int_equal(a->span_id, b->span_id);
            assert_int_equal(a->start_ns, b->start_ns);
            assert_int_equal(a->flags, b->flags);
            assert_int_equal(a->depth, b->depth);
            assert_int_equal(a->critical_ns, b->critical_ns);
        }
    }
}

static void times_at_the_edge_do_not_overflow(void **state) {
    (void)state;
    begin();
    add(1, 0, UINT64_MAX - 5, 100);
    add(2, 1, 0, UINT64_MAX);
    build();
    assert_int_equal(tree.end_ns, UINT64_MAX);
    assert_true(node(1)->self_ns <= 100);
}

static int teardown(void **state) {
    (void)state;
    spanlog_arena_free(&arena);
    spanlog_strings_free(&services);
    spanlog_strings_free(&operations);
    spanlog_names_free(&names);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_that_overlap_the_cursor_are_not_on_the_path),
        cmocka_unit_test(children_are_clamped_to_their_parents),
        cmocka_unit_test(ties_go_to_the_earliest_start_and_then_the_id),
        cmocka_unit_test(the_parts_of_the_path_sum_up_to_the_root),
        cmocka_unit_test(self_time_is_what_no_child_covers),
        cmocka_unit_test(every_span_is_listed_once_behind_its_parent),
        cmocka_unit_test(the_order_of_the_input_does_not_matter),
        cmocka_unit_test(times_at_the_edge_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
