/* tests/unit/library_span_limits_test.c: what a span, and a process, may hold: beyond it is
 * counted. */
#include "tests/unit/library_check.h"

static void says_too_much(void) {
    spanlog_ctx other = {.trace_id = {1}, .span_id = {2}, .flags = 1};
    spanlog_scope(sp, "much");
    for (int i = 0; i < 130; i++) {
        spanlog_event(&sp, "e");
        spanlog_link(&sp, other);
    }
    for (int i = 0; i < 13; i++) /* 130 */
        spanlog_set(&sp, kv("a0", i), kv("a1", i), kv("a2", i), kv("a3", i), kv("a4", i),
                    kv("a5", i), kv("a6", i), kv("a7", i), kv("a8", i), kv("a9", i));
}

static void what_exceeds_128_is_counted_in_the_line(void **state) {
    (void)state;
    with("SPANLOG_INCLUDE_LINKS", "1");
    const char *line = need_line(run_child(says_too_much), "operation", "much");
    assert_field(line, "dropped_attributes", "2");
    assert_field(line, "dropped_events", "2");
    assert_field(line, "dropped_links", "2");
    assert_says(field(line, "events"), "\"name\":\"e\"", 128);
    assert_says(field(line, "links"), "\"trace_id\"", 128);
}

static void is_a_long_stream(void) {
    spanlog_ctx other = {.trace_id = {1}, .span_id = {2}, .flags = 1};
    spanlog_scope(sp, "stream");
    for (int i = 0; i < 128 + 65536 + 7; i++) {
        spanlog_event(&sp, "message");
        spanlog_link(&sp, other);
    }
}

static void events_and_links_without_end_stay_counted(void **state) {
    (void)state;
    const char *line = need_line(run_child(is_a_long_stream), "operation", "stream");
    assert_field(line, "dropped_events", "65535");
    assert_field(line, "dropped_links", "65535");
}

static void the_limits_of_a_span_can_be_set(void **state) {
    (void)state;
    with("SPANLOG_MAX_ATTRIBUTES", "7");
    with("SPANLOG_MAX_EVENTS", "2");
    with("OTEL_SPAN_LINK_COUNT_LIMIT", "1");
    with("SPANLOG_INCLUDE_LINKS", "1");
    const char *line = need_line(run_child(says_too_much), "operation", "much");
    assert_field(line, "dropped_attributes", "123");
    assert_field(line, "a6", "0");
    assert_no_field(line, "a7");
    assert_field(line, "dropped_events", "128");
    assert_field(line, "dropped_links", "129");
}

static void opens_a_thousand(void) {
    static spanlog_span spans[1000];
    spanlog_ctx none = {.flags = 0};
    unsigned open = 0;
    spanlog_statistics stats = {.size = sizeof stats};
    for (int i = 0; i < 1000; i++) {
        spanlog_begin(p, "many", SPANLOG_INTERNAL, none);
        spans[i] = p;
        open += p.open != NULL;
    }
    check_equal(spanlog_stats(&stats), 0);
    check_equal(stats.open_spans, open);
    check_equal(stats.spans_refused, 1000 - open);
    for (int i = 0; i < 1000; i++)
        spanlog_end(spans[i]);
    check_equal(spanlog_stats(&stats), 0);
    check_equal(stats.open_spans, 0);
    printf("%u", 1000 - open);
}

static void what_exceeds_the_open_spans_is_said(void **state) {
    (void)state;
    with("SPANLOG_MAX_OPEN_SPANS", "256");
    struct run *run = run_child(opens_a_thousand);
    assert_exit(run, 0);
    assert_string_equal(run->out, "744");
    assert_count(run, "operation", "many", 256);
    double said = 0;
    for (size_t n = 0; find_line(run, "msg", "spans dropped", n) != NULL; n++)
        said += number_field(find_line(run, "msg", "spans dropped", n), "count");
    assert_int_equal((int)said, 744);
}

static void fills_a_block_and_more(void) {
    static char text[5000];
    memset(text, 'x', sizeof text - 1);
    spanlog_scope(sp, "long", kv("t", text));
    for (int i = 0; i < 5; i++)
        spanlog_event(&sp, "e", kv("t", text));
    spanlog_set(&sp, kv("last", text));
}

static void a_span_may_hold_more_than_its_first_block(void **state) {
    (void)state;
    const char *line = need_line(run_child(fills_a_block_and_more), "operation", "long");
    assert_int_equal(strlen(field(line, "t")), 4999);
    assert_says(field(line, "events"), "\"name\":\"e\"", 5);
    assert_non_null(field(line, "last"));
}

static void is_full_and_fails(void) {
    static char text[1000];
    memset(text, 'x', sizeof text - 1);
    spanlog_scope(sp, "full");
    for (int i = 0; i < 100; i++)
        spanlog_event(&sp, "e", kv("t", text));
    spanlog_rename(&sp, "full to the brim");
    spanlog_status(&sp, 504);
    spanlog_fail(&sp, "timeout");
}

static void a_full_span_still_says_how_it_ended(void **state) {
    (void)state;
    const char *line = need_line(run_child(is_full_and_fails), "operation", "full to the brim");
    assert_field(line, "status", "error");
    assert_field(line, "status_code", "504");
    assert_field(line, "error", "timeout");
    assert_true(number_field(line, "dropped_events") > 60);
}

static void fails_at_length(void) {
    static char text[20000];
    memset(text, 'x', sizeof text - 1);
    spanlog_scope(sp, "long");
    for (int i = 0; i < 5; i++)
        spanlog_fail(&sp, text);
}

static void an_error_is_cut_to_what_is_left_of_its_span(void **state) {
    (void)state;
    const char *line = need_line(run_child(fails_at_length), "operation", "long");
    assert_field(line, "status", "error");
    assert_in_range(strlen(field(line, "error")), 1, 16384);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(what_exceeds_128_is_counted_in_the_line),
        sentence(events_and_links_without_end_stay_counted),
        sentence(the_limits_of_a_span_can_be_set),
        sentence(what_exceeds_the_open_spans_is_said),
        sentence(a_span_may_hold_more_than_its_first_block),
        sentence(a_full_span_still_says_how_it_ended),
        sentence(an_error_is_cut_to_what_is_left_of_its_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
