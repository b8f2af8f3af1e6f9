/* tests/unit/analyzer_skew_test.c: offsets of clocks that are known because they were made up. */
#include "tests/unit/analyzer_test.h"

#include "src/analyzer/trees/skew.h"

#define SECOND 1000000000ll
#define MS 1000000ll
#define T0 (1700000000 * SECOND)

enum { SERVER = 1, CLIENT = 2, PRODUCER = 3, CONSUMER = 4 };

/* A call at true time `at`; each side's clock is wrong by so much. */
static void add_call(struct spanlog_skew *skew, uint64_t *random, uint32_t client, uint32_t server,
                     int64_t at, int64_t client_wrong, int64_t server_wrong) {
    int64_t there = 1000 + (int64_t)(test_random(random) % 400000);
    int64_t work = (int64_t)(test_random(random) % 5000000);
    int64_t back = 1000 + (int64_t)(test_random(random) % 400000);
    struct spanlog_skew_call call = {.client_start_ns = (uint64_t)(at + client_wrong),
                                     .client_end_ns =
                                         (uint64_t)(at + client_wrong + there + work + back),
                                     .server_start_ns = (uint64_t)(at + server_wrong + there),
                                     .server_end_ns = (uint64_t)(at + server_wrong + there + work)};
    assert_int_equal(spanlog_skew_add(skew, client, server, &call), 0);
}

static void assert_offset(const struct spanlog_skew *skew, uint32_t host, int64_t at,
                          int64_t expected) {
    int64_t offset;
    uint64_t error;
    assert_true(spanlog_skew_offset(skew, host, (uint64_t)at, &offset, &error));
    int64_t difference = offset > expected ? offset - expected : expected - offset;
    if (difference > (int64_t)error)
        fail_msg("host %u: %lld ns, expected %lld +-%llu", host, (long long)offset,
                 (long long)expected, (unsigned long long)error);
}

static void the_offset_of_two_hosts_is_found_within_the_stated_error(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed < 50; seed++) {
        struct spanlog_skew skew = {0};
        uint64_t random = seed;
        int64_t wrong = (int64_t)(test_random(&random) % 100000000) - 50000000;
        for (int i = 0; i < 500; i++) /* either may be the client */
            add_call(&skew, &random, i % 3 == 0, i % 3 != 0, T0 + i * SECOND / 3,
                     i % 3 == 0 ? wrong : 0, i % 3 == 0 ? 0 : wrong);
        assert_int_equal(spanlog_skew_solve(&skew), 0);
        assert_int_equal(skew.pairs[0]->segment_count, 1);
        assert_int_equal(skew.pairs[0]->segments[0].calls, 500);
        assert_true(skew.pairs[0]->segments[0].error_ns < 100000);
        assert_offset(&skew, 0, T0, 0);
        assert_offset(&skew, 1, T0, -wrong);
        spanlog_skew_free(&skew);
    }
}

static void hosts_that_never_call_each_other_are_compared_by_way_of_others(void **state) {
    (void)state;
    struct spanlog_skew skew = {0};
    uint64_t random = 3;
    for (int i = 0; i < 300; i++) {
        add_call(&skew, &random, 7, 2, T0 + i * SECOND, 0, 30 * MS);
        add_call(&skew, &random, 7, 4, T0 + i * SECOND, 0, 20 * MS);
        add_call(&skew, &random, 7, 1, T0 + i * SECOND, 0, 0); /* 7 has the most calls */
        add_call(&skew, &random, 2, 5, T0 + i * SECOND, 30 * MS, -80 * MS);
    }
    add_call(&skew, &random, 11, 12, T0, 0, 5 * SECOND); /* an island */
    assert_int_equal(spanlog_skew_solve(&skew), 0);
    int64_t reference;
    uint64_t error;
    assert_offset(&skew, 7, T0, 0);
    assert_offset(&skew, 2, T0, -30 * MS);
    assert_offset(&skew, 5, T0, 80 * MS);
    assert_offset(&skew, 12, T0, -5 * SECOND);
    assert_false(spanlog_skew_offset(&skew, 3, T0, &reference, &error));
    assert_false(spanlog_skew_offset(&skew, 99, T0, &reference, &error));
    spanlog_skew_free(&skew);
}

static void drift_splits_the_time_until_each_window_fits(void **state) {
    (void)state;
    struct spanlog_skew skew = {0};
    uint64_t random = 5;
    for (int i = 0; i < 4000; i++) /* 10 ms in 4000 s */
        add_call(&skew, &random, 0, 1, T0 + i * SECOND, 0, i * MS / 400);
    assert_int_equal(spanlog_skew_solve(&skew), 0);
    assert_true(skew.pairs[0]->segment_count > 3);
    for (int i = 0; i < 4000; i += 100) {
        int64_t offset;
        uint64_t error;
        assert_true(spanlog_skew_offset(&skew, 1, (uint64_t)(T0 + i * SECOND), &offset, &error));
        /* No call contradicts the window's offset; between calls it may be off by what drifts. */
        int64_t wrong = offset + i * MS / 400;
        assert_true(wrong < MS && wrong > -MS);
    }
    uint64_t calls = 0;
    for (uint32_t i = 0; i < skew.pairs[0]->segment_count; i++)
        calls += skew.pairs[0]->segments[i].calls;
    assert_int_equal(calls + skew.pairs[0]->contradicting, 4000);
    spanlog_skew_free(&skew);
}

static void a_server_that_took_longer_than_its_client_says_nothing(void **state) {
    (void)state;
    struct spanlog_skew skew = {0};
    struct spanlog_skew_call call = {T0, T0 + 100, T0 - 5000, T0 + 5000};
    assert_int_equal(spanlog_skew_add(&skew, 0, 1, &call), 0);
    call.server_start_ns = 0; /* a time that nobody knows */
    call.server_end_ns = 10;
    assert_int_equal(spanlog_skew_add(&skew, 0, 1, &call), 0);
    assert_int_equal(spanlog_skew_add(&skew, 2, 2, &call), 0);
    assert_int_equal(skew.index.count, 0);
    spanlog_skew_free(&skew);
}

/* Parts of the same calls, gathered apart and in other orders, say the same. */
static void what_several_jobs_gathered_is_the_same_together(void **state) {
    (void)state;
    struct spanlog_skew one = {0}, merged = {0};
    struct spanlog_skew parts[3];
    uint64_t random = 9, same;
    memset(parts, 0, sizeof parts);
    for (int i = 0; i < 900; i++) {
        int64_t at = T0 + (int64_t)(test_random(&random) % 500) * SECOND;
        same = random;
        add_call(&one, &random, 0, 1, at, 0, 12 * MS);
        random = same;
        add_call(&parts[i % 3], &random, 0, 1, at, 0, 12 * MS);
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(spanlog_skew_merge(&merged, &parts[i]), 0);
    assert_int_equal(spanlog_skew_solve(&one), 0);
    assert_int_equal(spanlog_skew_solve(&merged), 0);
    assert_int_equal(one.pairs[0]->segment_count, merged.pairs[0]->segment_count);
    assert_int_equal(one.pairs[0]->segments[0].offset_ns, merged.pairs[0]->segments[0].offset_ns);
    assert_int_equal(one.pairs[0]->segments[0].error_ns, merged.pairs[0]->segments[0].error_ns);
    assert_int_equal(merged.pairs[0]->segments[0].calls, 900);
    for (int i = 0; i < 3; i++)
        spanlog_skew_free(&parts[i]);
    spanlog_skew_free(&one);
    spanlog_skew_free(&merged);
}

static void times_far_apart_stay_within_the_windows(void **state) {
    (void)state;
    struct spanlog_skew skew = {0};
    uint64_t random = 21;
    for (int i = 0; i < 2000; i++) {
        int64_t at = (int64_t)(test_random(&random) >> (1 + test_random(&random) % 40));
        add_call(&skew, &random, 0, 1, at + 1000 * SECOND, 0, 3 * MS);
    }
    assert_int_equal(spanlog_skew_solve(&skew), 0);
    assert_offset(&skew, 1, T0, -3 * MS);
    spanlog_skew_free(&skew);
}

/* ---- trees -------------------------------------------------------------------------------- */

static struct spanlog_node nodes[16];
static struct spanlog_tree tree;
static struct spanlog_arena arena;
static struct spanlog_names names;

static void begin(void) {
    spanlog_arena_free(&arena);
    memset(nodes, 0, sizeof nodes);
    tree = (struct spanlog_tree){.nodes = nodes};
}

static void add(uint64_t id, uint64_t parent, uint32_t host, uint8_t kind, int64_t start,
                int64_t duration) {
    nodes[tree.count++] = (struct spanlog_node){.span_id = id,
                                                .parent_id = parent,
                                                .start_ns = (uint64_t)start,
                                                .duration_ns = (uint64_t)duration,
                                                .name = spanlog_names_add(&names, host, 0, host),
                                                .kind = kind,
                                                .flags = parent ? SPANLOG_NODE_HAS_PARENT : 0};
}

static const struct spanlog_node *node(uint64_t id) {
    for (uint32_t i = 0; i < tree.count; i++)
        if (tree.nodes[i].span_id == id)
            return &tree.nodes[i];
    fail_msg("no span %llu", (unsigned long long)id);
    return NULL;
}

static void correct(const struct spanlog_skew *skew) {
    assert_int_equal(spanlog_tree_link(&tree, &arena), 0);
    assert_int_equal(spanlog_skew_correct(&tree, &names, skew, &arena), 0);
}

static void a_shorter_child_outside_is_centred_and_its_host_follows(void **state) {
    (void)state;
    begin();
    add(1, 0, 0, CLIENT, 1000, 100);
    add(2, 1, 1, SERVER, 5000, 40);
    add(3, 2, 1, 0, 5010, 10);
    add(4, 3, 0, SERVER, 1040, 5); /* back on the first host, where it fits nowhere */
    correct(NULL);
    assert_int_equal(node(2)->start_ns, 1030);
    assert_int_equal(node(2)->shift_ns, -3970);
    assert_int_equal(node(3)->start_ns, 1040);
    assert_int_equal(node(4)->start_ns, 1040);
    assert_false(node(1)->flags & SPANLOG_NODE_SKEWED);
    assert_true(node(3)->flags & SPANLOG_NODE_SKEWED);
    assert_int_equal(tree.end_ns, 1100);
}

static void a_longer_child_moves_to_its_parents_start(void **state) {
    (void)state;
    begin();
    add(1, 0, 0, CLIENT, 1000, 100);
    add(2, 1, 1, SERVER, 700, 400);
    add(3, 1, 2, SERVER, 1050, 400); /* later: it may be asynchronous */
    correct(NULL);
    assert_int_equal(node(2)->start_ns, 1000);
    assert_int_equal(node(3)->start_ns, 1050);
}

static void children_on_the_same_host_stay_where_they_are(void **state) {
    (void)state;
    begin();
    add(1, 0, 0, SERVER, 1000, 100);
    add(2, 1, 0, 0, 5000, 40);
    add(3, 1, SPANLOG_STRING_NONE, 0, 1010, 40); /* unknown, but it fits */
    correct(NULL);
    assert_int_equal(node(2)->start_ns, 5000);
    assert_int_equal(node(3)->start_ns, 1010);
}

static void consumers_are_only_kept_from_starting_before_the_message(void **state) {
    (void)state;
    begin();
    add(1, 0, 0, PRODUCER, 1000, 100);
    add(2, 1, 1, CONSUMER, 90000, 40);
    add(3, 1, 2, CONSUMER, 400, 40);
    correct(NULL);
    assert_int_equal(node(2)->start_ns, 90000);
    assert_int_equal(node(3)->start_ns, 1000);
}

/* Three hosts in a row, clocks wrong by any amount: each call lies inside its caller's again. */
static void corrected_children_lie_inside_of_their_parents(void **state) {
    (void)state;
    uint64_t random = 77;
    for (int round = 0; round < 200; round++) {
        struct spanlog_skew skew = {0};
        int64_t wrong[3], starts[40], at[6];
        for (int i = 0; i < 3; i++)
            wrong[i] = (int64_t)(test_random(&random) % 2000000000) - SECOND;
        for (int pass = 0; pass < 2; pass++) {
            uint64_t same = (uint64_t)round + 1;
            for (int i = 0; i < 40; i++) {
                starts[i] = T0 + i * SECOND / 2;
                for (int n = 0; n < 6; n++) /* inwards and then out again */
                    at[n] = (n ? at[n - 1] : 0) + 1 + (int64_t)(test_random(&same) % 300000);
                begin();
                add(1, 0, 0, CLIENT, starts[i] + wrong[0], at[5]);
                add(2, 1, 1, SERVER, starts[i] + wrong[1] + at[0], at[4] - at[0]);
                add(3, 2, 1, CLIENT, starts[i] + wrong[1] + at[1], at[3] - at[1]);
                add(4, 3, 2, SERVER, starts[i] + wrong[2] + at[2], 0);
                assert_int_equal(spanlog_tree_link(&tree, &arena), 0);
                for (uint64_t id = 2; pass == 0 && id <= 4; id += 2) {
                    const struct spanlog_node *client = node(id - 1), *server = node(id);
                    struct spanlog_skew_call call = {client->start_ns, spanlog_node_end(client),
                                                     server->start_ns, spanlog_node_end(server)};
                    assert_int_equal(
                        spanlog_skew_add(&skew, (uint32_t)id / 2 - 1, (uint32_t)id / 2, &call), 0);
                }
                if (pass == 0)
                    continue;
                assert_int_equal(spanlog_skew_correct(&tree, &names, &skew, &arena), 0);
                for (uint64_t id = 2; id <= 4; id++)
                    if (node(id)->start_ns < node(id - 1)->start_ns ||
                        spanlog_node_end(node(id)) > spanlog_node_end(node(id - 1)))
                        fail_msg("span %llu lies at %lld..%lld, its parent at %lld..%lld",
                                 (unsigned long long)id, (long long)node(id)->start_ns,
                                 (long long)spanlog_node_end(node(id)),
                                 (long long)node(id - 1)->start_ns,
                                 (long long)spanlog_node_end(node(id - 1)));
            }
            assert_int_equal(spanlog_skew_solve(&skew), 0);
        }
        spanlog_skew_free(&skew);
    }
}

static int forget(void **state) {
    (void)state;
    spanlog_arena_free(&arena);
    spanlog_names_free(&names);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_offset_of_two_hosts_is_found_within_the_stated_error),
        cmocka_unit_test(hosts_that_never_call_each_other_are_compared_by_way_of_others),
        cmocka_unit_test(drift_splits_the_time_until_each_window_fits),
        cmocka_unit_test(a_server_that_took_longer_than_its_client_says_nothing),
        cmocka_unit_test(what_several_jobs_gathered_is_the_same_together),
        cmocka_unit_test(times_far_apart_stay_within_the_windows),
        cmocka_unit_test(a_shorter_child_outside_is_centred_and_its_host_follows),
        cmocka_unit_test(a_longer_child_moves_to_its_parents_start),
        cmocka_unit_test(children_on_the_same_host_stay_where_they_are),
        cmocka_unit_test(consumers_are_only_kept_from_starting_before_the_message),
        cmocka_unit_test(corrected_children_lie_inside_of_their_parents),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
