/* tests/unit/library_propagators_test.c: which propagators are in force, and the context that a
 * process finds in its environment. */
#include "tests/unit/library_carrier.h"

static void sends_as_told(void) {
    spanlog_ctx ctx = {.trace_id = {1}, .span_id = {2}, .flags = 1};
    fputs(sent_by(ctx), stdout);
    spanlog_info("x");
}

static void propagators_are_chosen_by_the_environment(void **state) {
    (void)state;
    with("OTEL_PROPAGATORS", "b3,jaeger");
    struct run *run = run_child(sends_as_told);
    assert_exit(run, 0);
    assert_string_equal(run->out, "b3: 01000000000000000000000000000000-0200000000000000-1\n"
                                  "uber-trace-id: 01000000000000000000000000000000:"
                                  "0200000000000000:0:1\n");
    assert_string_equal(run->err, "");
}

static void of_none_nothing_goes_out(void **state) {
    (void)state;
    with("OTEL_PROPAGATORS", "none");
    struct run *run = run_child(sends_as_told);
    assert_exit(run, 0);
    assert_string_equal(run->out, "");
}

static void an_unknown_name_is_said_once_and_the_default_stays(void **state) {
    (void)state;
    with("OTEL_PROPAGATORS", "tracecontext,ottrace");
    struct run *run = run_child(sends_as_told);
    assert_exit(run, 0);
    assert_says(run->err,
                "OTEL_PROPAGATORS=tracecontext,ottrace: there is no such propagator; right is "
                "tracecontext, ",
                1);
    assert_says(run->out, "traceparent: ", 1);
    assert_says(run->out, "x-correlation-id: ", 1);
}

static void xray_is_said_to_be_for_the_analyzer(void **state) {
    (void)state;
    with("OTEL_PROPAGATORS", "xray,tracecontext");
    struct run *run = run_child(sends_as_told);
    assert_exit(run, 0);
    assert_says(run->err, "X-Ray", 2);
    assert_says(run->err, "\n", 1);
    assert_says(run->out, "traceparent: ", 1);
    assert_says(run->out, "x-correlation-id: ", 0);
}

static void configures_in_code(void) {
    spanlog_init(&(spanlog_config){.size = sizeof(spanlog_config),
                                   .propagators = "x-request-id,baggage",
                                   .baggage_keys = "who"});
    spanlog_ctx_attach(from("baggage: who=me"));
    spanlog_info("hello");
    fputs(sent_by(spanlog_ctx_current()), stdout);
}

static void propagators_are_chosen_in_code(void **state) {
    (void)state;
    struct run *run = run_child(configures_in_code);
    assert_exit(run, 0);
    assert_field(need_line(run, "msg", "hello"), "who", "me");
    assert_string_equal(run->out, "baggage: who=me\n");
}

static void *begins_elsewhere(void *arg) {
    spanlog_scope(sp, "elsewhere");
    return arg;
}

static void is_someones_child(void) {
    {
        spanlog_scope(sp, "main");
        expect_baggage("a", "1");
        written[0] = '\0';
        check_equal(spanlog_env(spanlog_ctx_current(), set, NULL), 0);
        expect(written, "TRACEPARENT: 00-" TRACE "-");
        expect(written, "TRACESTATE: (none)\n");
        expect(written, "BAGGAGE: a=1\n");
    }
    spanlog_info("outside");
    on_thread(begins_elsewhere, NULL);
}

static void the_environment_is_the_first_thread_s_context(void **state) {
    (void)state;
    with("TRACEPARENT", GOOD);
    with("BAGGAGE", "a=1");
    struct run *run = run_child(is_someones_child);
    assert_exit(run, 0);
    assert_field(need_line(run, "operation", "main"), "parent_id", SPAN);
    assert_field(need_line(run, "operation", "main"), "trace_id", TRACE);
    assert_field(need_line(run, "msg", "outside"), "span_id", SPAN);
    assert_no_field(need_line(run, "operation", "elsewhere"), "parent_id");
}

static void begins_at_once(void) {
    spanlog_begin(sp, "call", SPANLOG_CLIENT, spanlog_ctx_current());
    spanlog_end(sp);
}

static void asks_for_ids_at_once(void) {
    char trace_id[33], span_id[17];
    errno = 77;
    spanlog_trace_id(trace_id);
    check_equal(errno, 77);
    spanlog_span_id(span_id);
    check(strcmp(trace_id, TRACE) == 0 && strcmp(span_id, SPAN) == 0);
}

static void attaches_at_once(void) {
    spanlog_ctx other = {.trace_id = {1}, .span_id = {2}, .flags = 1};
    spanlog_ctx before = spanlog_ctx_attach(other);
    spanlog_ctx_attach(before);
    spanlog_info("back");
}

static void the_environment_s_context_is_there_for_the_first_who_asks(void **state) {
    (void)state;
    with("TRACEPARENT", GOOD);
    struct run *run = run_child(begins_at_once);
    assert_exit(run, 0);
    assert_field(need_line(run, "operation", "call"), "parent_id", SPAN);
    with("TRACEPARENT", GOOD);
    assert_exit(run_child(asks_for_ids_at_once), 0);
    with("TRACEPARENT", GOOD);
    run = run_child(attaches_at_once);
    assert_exit(run, 0);
    assert_field(need_line(run, "msg", "back"), "span_id", SPAN);
}

static void scopes_at_once(void) {
    spanlog_scope(sp, "first");
    spanlog_info("log");
}

static void an_unsampled_environment_holds_for_the_first_scope(void **state) {
    (void)state;
    with("TRACEPARENT", "00-" TRACE "-" SPAN "-00");
    struct run *run = run_child(scopes_at_once);
    assert_exit(run, 0);
    assert_count(run, "operation", "first", 0);
    assert_field(need_line(run, "msg", "log"), "trace_id", TRACE);
    assert_field(need_line(run, "msg", "log"), "trace_flags", "00");
}

static void a_bad_environment_is_as_none(void **state) {
    (void)state;
    with("TRACEPARENT", "00-" TRACE "-" SPAN "-1");
    with("TRACESTATE", "a=1");
    struct run *run = run_child(scopes_at_once);
    assert_exit(run, 0);
    assert_no_field(need_line(run, "operation", "first"), "parent_id");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(propagators_are_chosen_by_the_environment),
        sentence(of_none_nothing_goes_out),
        sentence(an_unknown_name_is_said_once_and_the_default_stays),
        sentence(xray_is_said_to_be_for_the_analyzer),
        sentence(propagators_are_chosen_in_code),
        sentence(the_environment_is_the_first_thread_s_context),
        sentence(the_environment_s_context_is_there_for_the_first_who_asks),
        sentence(an_unsampled_environment_holds_for_the_first_scope),
        sentence(a_bad_environment_is_as_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
