/* tests/unit/analyzer_infer_test.c: which of the open spans wrote a line. */
#include "tests/unit/analyzer_test.h"

#include "src/analyzer/trace/infer_parts.h"

#define OTHER SPANLOG_NODE_NONE /* a span of another trace */

static struct spanlog_open_span span(uint32_t tid, uint64_t begin_ns, uint64_t end_ns,
                                     uint32_t node) {
    return (struct spanlog_open_span){
        .tid = tid, .begin_ns = begin_ns, .end_ns = end_ns, .node = node};
}

#define FIND(spans, tid, time_ns, is_only)                                                         \
    (spanlog_open_spans_sort(spans, sizeof(spans) / sizeof((spans)[0])),                           \
     spanlog_open_spans_find(spans, sizeof(spans) / sizeof((spans)[0]), 0, tid, time_ns, is_only))

static void the_innermost_open_span_wrote_it(void **state) {
    struct spanlog_open_span spans[] = {span(1, 10, 90, 0), span(1, 20, 40, 1), span(1, 25, 30, 2),
                                        span(2, 0, 100, 3)};
    (void)state;
    assert_int_equal(FIND(spans, 1, 9, false), OTHER);
    assert_int_equal(FIND(spans, 1, 10, false), 0);
    assert_int_equal(FIND(spans, 1, 27, false), 2);
    assert_int_equal(FIND(spans, 1, 35, false), 1);
    assert_int_equal(FIND(spans, 1, 41, false), 0);
    assert_int_equal(FIND(spans, 1, 91, false), OTHER);
    assert_int_equal(FIND(spans, 3, 50, false), OTHER);
}

static void what_another_trace_may_have_written_is_left_out(void **state) {
    struct spanlog_open_span spans[] = {span(1, 10, 90, 0), span(1, 20, 30, OTHER),
                                        span(1, 5, 50, OTHER)};
    (void)state;
    assert_int_equal(FIND(spans, 1, 25, false), OTHER); /* further in */
    assert_int_equal(FIND(spans, 1, 40, false), OTHER); /* by turns: it ends before ours */
    assert_int_equal(FIND(spans, 1, 60, false), 0);
}

static void another_trace_around_it_does_not_matter(void **state) {
    struct spanlog_open_span spans[] = {span(1, 10, 20, 0), span(1, 5, 50, OTHER)};
    (void)state;
    assert_int_equal(FIND(spans, 1, 15, false), 0);
}

static void without_a_thread_only_one_may_have_been_open(void **state) {
    struct spanlog_open_span spans[] = {span(0, 10, 90, 0), span(0, 20, 40, 1),
                                        span(0, 60, 70, OTHER)};
    (void)state;
    assert_int_equal(FIND(spans, 0, 15, true), 0);
    assert_int_equal(FIND(spans, 0, 30, true), OTHER);
    assert_int_equal(FIND(spans, 0, 65, true), OTHER);
    assert_int_equal(FIND(spans, 0, 80, true), 0);
}

/* The same question, asked of every span. */
static uint32_t find_slowly(const struct spanlog_open_span *spans, uint32_t count, uint32_t tid,
                            uint64_t time_ns) {
    const struct spanlog_open_span *best = NULL;
    for (uint32_t i = 0; i < count; i++)
        if (spans[i].tid == tid && spans[i].begin_ns <= time_ns && spans[i].end_ns >= time_ns &&
            (!best || spans[i].begin_ns > best->begin_ns))
            best = &spans[i];
    for (uint32_t i = 0; best && best->node != OTHER && i < count; i++)
        if (spans[i].tid == tid && spans[i].begin_ns <= time_ns && spans[i].end_ns >= time_ns &&
            spans[i].node == OTHER && spans[i].end_ns < best->end_ns)
            return OTHER;
    return best ? best->node : OTHER;
}

static void it_is_found_as_if_all_spans_were_looked_at(void **state) {
    enum { SPANS = 200 };
    struct spanlog_open_span spans[SPANS];
    uint64_t random = 7;
    (void)state;
    for (int round = 0; round < 20; round++) {
        for (uint32_t i = 0; i < SPANS; i++) {
            uint64_t begin_ns = (test_random(&random) % 10000) * SPANS + i; /* all differ */
            spans[i] = span(1 + i % 3, begin_ns, begin_ns + test_random(&random) % 200000,
                            test_random(&random) % 4 ? i : OTHER);
        }
        for (int i = 0; i < 500; i++) {
            uint64_t time_ns = test_random(&random) % (10000 * SPANS);
            assert_int_equal(FIND(spans, 2, time_ns, false), find_slowly(spans, SPANS, 2, time_ns));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_innermost_open_span_wrote_it),
        cmocka_unit_test(what_another_trace_may_have_written_is_left_out),
        cmocka_unit_test(another_trace_around_it_does_not_matter),
        cmocka_unit_test(without_a_thread_only_one_may_have_been_open),
        cmocka_unit_test(it_is_found_as_if_all_spans_were_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
