/* tests/unit/library_propagation_test.c: contexts in and out of headers, as programs see it: what
 * records carry, what threads and children inherit, what is given back. The headers themselves:
 * conformance/propagation_test.c. */
#include "tests/unit/library_carrier.h"

#define UUID "550e8400-e29b-41d4-a716-446655440000"
#define UUID_HEX "550e8400e29b41d4a716446655440000"
#define SPAN_UUID "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

/* ---- in and out --------------------------------------------------------------------------------
 */

static void serves_a_request(void) {
    spanlog_ctx from_afar, zero = {.flags = 0};
    char bad[] = "traceparent: 00-bad";
    spanlog_ctx before = spanlog_ctx_attach(from("traceparent: " GOOD));
    {
        spanlog_scope_kind(sp, SPANLOG_SERVER, "serve");
        expect(sent_by(spanlog_ctx_current()), "traceparent: 00-" TRACE "-");
        check(strstr(written, SPAN) == NULL);
        expect(written, "\nx-correlation-id: " TRACE "\n");
    }
    spanlog_ctx_attach(before);
    check_equal(spanlog_extract(get, bad, &from_afar), -EINVAL);
    check(memcmp(&from_afar, &zero, sizeof zero) == 0);
    spanlog_begin(root, "root", SPANLOG_SERVER, from_afar);
    spanlog_end(root);
    spanlog_statistics stats = {.size = sizeof stats};
    spanlog_stats(&stats);
    check_equal(stats.headers_refused, 1);
}

static void a_header_makes_a_child_and_a_bad_one_a_root(void **state) {
    (void)state;
    struct run *run = run_child(serves_a_request);
    assert_exit(run, 0);
    assert_field(need_line(run, "operation", "serve"), "parent_id", SPAN);
    assert_field(need_line(run, "operation", "serve"), "trace_id", TRACE);
    assert_no_field(need_line(run, "operation", "serve"), "correlation_id");
    assert_no_field(need_line(run, "operation", "root"), "parent_id");
    assert_string_not_equal(field(need_line(run, "operation", "root"), "trace_id"), TRACE);
}

static void asks_for_nothing(void) {
    spanlog_ctx ctx, zero = {.flags = 0};
    spanlog_ctx no_span = {.trace_id = {1}}, no_trace = {.span_id = {1}},
                good = {.trace_id = {1}, .span_id = {1}};
    memset(&ctx, 0xff, sizeof ctx);
    check_equal(spanlog_extract(get, NULL, &ctx), -ENOENT);
    check(memcmp(&ctx, &zero, sizeof ctx) == 0);
    check_equal(spanlog_extract(NULL, NULL, &ctx), -ENOENT);
    check_equal(spanlog_extract(get, NULL, NULL), -EINVAL);
    check_equal(spanlog_inject(no_span, set, NULL), -EINVAL);
    check_equal(spanlog_inject(no_trace, set, NULL), -EINVAL);
    check_equal(spanlog_inject(good, NULL, NULL), -EINVAL);
    check_equal(strlen(written), 0);
    spanlog_ctx forged = {.trace_id = {1}, .span_id = {1}, .flags = 0xff, .carried = 12345};
    spanlog_ctx before = spanlog_ctx_attach(forged);
    spanlog_info("forged");
    { spanlog_scope(sp, "forged span"); }
    expect_baggage("a", NULL);
    check_equal(spanlog_baggage_set("a", "12345"), 0);
    check_equal(spanlog_baggage_get("a", NULL, 10), 5);
    check_equal(spanlog_tracestate_set("a", "123"), 0);
    check_equal(spanlog_tracestate_get("a", NULL, 10), 3);
    spanlog_ctx_attach(before);
}

static void nothing_comes_of_nothing(void **state) {
    (void)state;
    struct run *run = run_child(asks_for_nothing);
    assert_exit(run, 0);
    assert_no_field(need_line(run, "msg", "forged"), "correlation_id");
    assert_field(need_line(run, "operation", "forged span"), "parent_id", "0100000000000000");
}

/* ---- correlation ids ---------------------------------------------------------------------------
 */

static void serves_with_a_correlation_id(void) {
    spanlog_ctx before = spanlog_ctx_attach(from("x-correlation-id: " UUID));
    spanlog_info("before any span", kv("n", 1));
    {
        spanlog_scope(sp, "outer", kv("k", "v"));
        spanlog_info("inside", kv("n", 2));
        spanlog_infof("printf %d", 3);
        {
            spanlog_scope(inner, "inner");
            expect(sent_by(spanlog_ctx_current()), "x-correlation-id: " UUID "\n");
            expect(written, "traceparent: 00-" UUID_HEX "-");
        }
        spanlog_logger named = SPANLOG_LOGGER("named");
        spanlog_info_to(named, "by name", kv("n", 4));
    }
    spanlog_ctx_attach(before);
    spanlog_info("after");
}

static void a_correlation_id_is_on_every_record_and_sent_on(void **state) {
    static const char *const all[][2] = {{"msg", "before any span"}, {"msg", "inside"},
                                         {"msg", "printf 3"},        {"msg", "by name"},
                                         {"operation", "outer"},     {"operation", "inner"}};
    (void)state;
    struct run *run = run_child(serves_with_a_correlation_id);
    assert_exit(run, 0);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_field(need_line(run, all[i][0], all[i][1]), "correlation_id", UUID);
    const char *outer = need_line(run, "operation", "outer");
    assert_field(outer, "trace_id", UUID_HEX);
    assert_field(outer, "k", "v");
    assert_no_field(outer, "parent_id");
    assert_field(need_line(run, "operation", "inner"), "parent_id", field(outer, "span_id"));
    assert_field(need_line(run, "msg", "inside"), "n", "2");
    assert_no_field(need_line(run, "msg", "before any span"), "trace_id");
    assert_no_field(need_line(run, "msg", "after"), "correlation_id");
    assert_field(need_line(run, "msg", "by name"), "logger", "named");
}

static void dies_with_a_correlation_id(void) {
    spanlog_ctx_attach(from("traceparent: " GOOD "\nx-request-id: req-42"));
    spanlog_info("started");
    spanlog_scope(sp, "unfinished", kv("k", "v"));
    raise(SIGSTOP);
    spanlog_info("last words");
    kill(getpid(), SIGKILL);
}

static void does_nothing(void) {
    spanlog_info("next start");
}

static void recovery_writes_it_too(void **state) {
    int status;
    (void)state;
    pid_t pid = start_child(dies_with_a_correlation_id);
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    kill(pid, SIGCONT);
    struct run *run = finish_child(pid);
    assert_signal(run, SIGKILL);
    run = run_again(does_nothing);
    assert_exit(run, 0);
    assert_field(need_line(run, "msg", "started"), "correlation_id", "req-42");
    assert_field(need_line(run, "msg", "last words"), "correlation_id", "req-42");
    assert_field(need_line(run, "operation", "unfinished"), "correlation_id", "req-42");
    assert_field(need_line(run, "operation", "unfinished"), "k", "v");
    assert_field(need_line(run, "operation", "unfinished"), "msg", "span abandoned");
}

static void *logs_elsewhere(void *arg) {
    spanlog_ctx_attach(*(spanlog_ctx *)arg);
    spanlog_info("on a thread");
    spanlog_scope(sp, "thread's span");
    return NULL; /* without detaching */
}

static void hands_over(void) {
    spanlog_begin(job, "job", SPANLOG_CONSUMER,
                  from("traceparent: " GOOD "\nx-correlation-id: c-7\nbaggage: a=1\n"
                       "tracestate: x=y"));
    spanlog_ctx ctx = spanlog_span_ctx(&job);
    on_thread(logs_elsewhere, &ctx);
    expect(sent_by(ctx), "tracestate: x=y\n");
    expect(written, "baggage: a=1\n");
    spanlog_ctx before = spanlog_ctx_attach(ctx);
    pid_t pid = fork();
    if (pid == 0) {
        spanlog_info("in the child");
        expect_baggage("a", "1");
        exit(0);
    }
    int status;
    check_equal(waitpid(pid, &status, 0), pid);
    check_equal(status, 0);
    spanlog_ctx_attach(before);
    spanlog_end(job);
}

static void it_goes_with_threads_and_forks(void **state) {
    (void)state;
    struct run *run = run_child(hands_over);
    assert_exit(run, 0);
    assert_field(need_line(run, "msg", "on a thread"), "correlation_id", "c-7");
    assert_field(need_line(run, "operation", "thread's span"), "correlation_id", "c-7");
    assert_field(need_line(run, "msg", "in the child"), "correlation_id", "c-7");
    assert_field(need_line(run, "operation", "job"), "correlation_id", "c-7");
}

static void forges_a_correlation_id(void) {
    spanlog_ctx_attach(from("x-correlation-id: a{}:'|@#"));
    spanlog_info("odd");
    spanlog_info("own", kv("correlation_id", "mine"));
}

static void of_a_key_twice_the_record_s_own_counts(void **state) {
    (void)state;
    struct run *run = run_child(forges_a_correlation_id);
    assert_exit(run, 0);
    assert_field(need_line(run, "msg", "odd"), "correlation_id", "a{}:'|@#");
    assert_field(need_line(run, "msg", "own"), "correlation_id", "mine");
    assert_says(need_line(run, "msg", "own"), "correlation_id", 1);
}

/* ---- UUIDs as span ids --------------------------------------------------------------------------
 */

static void serves_by_uuid(void) {
    spanlog_ctx ctx = from("x-trace-id: " UUID "\nx-span-id: " SPAN_UUID);
    spanlog_begin(local_root, "local root", SPANLOG_SERVER, ctx);
    spanlog_ctx before = spanlog_ctx_attach(spanlog_span_ctx(&local_root));
    {
        spanlog_scope(child, "child");
        expect(sent_by(spanlog_ctx_current()),
               "x-trace-id: " UUID "\nx-span-id: 00000000-0000-0000-");
    }
    spanlog_ctx_attach(before);
    spanlog_end(local_root);
}

static void a_parent_of_128_bits_stands_in_the_local_root_only(void **state) {
    (void)state;
    with("OTEL_PROPAGATORS", "x-trace-id");
    struct run *run = run_child(serves_by_uuid);
    assert_exit(run, 0);
    const char *root = need_line(run, "operation", "local root");
    assert_field(root, "trace_id", UUID_HEX);
    assert_field(root, "parent_id", SPAN_UUID);
    assert_field(need_line(run, "operation", "child"), "parent_id", field(root, "span_id"));
}

/* ---- sampling asked for by others
 * ---------------------------------------------------------------- */

static void is_told_not_to_sample(void) {
    spanlog_ctx ctx = from("b3: 0");
    spanlog_ctx before = spanlog_ctx_attach(ctx);
    {
        spanlog_scope(sp, "unwanted");
        expect(sent_by(spanlog_span_ctx(&sp)), "-02\n");
        expect(sent_by(spanlog_ctx_current()), "-02\n"); /* random, not sampled */
    }
    spanlog_info("a log all the same");
    spanlog_ctx_attach(from("b3: d"));
    {
        spanlog_scope(sp, "wanted");
        check(spanlog_ctx_current().flags & SPANLOG_FLAG_DEBUG);
        spanlog_ctx_attach(before);
        check(spanlog_span_ctx(&sp).flags & SPANLOG_FLAG_DEBUG);
    }
}

static void a_decision_without_ids_holds_for_the_new_trace(void **state) {
    (void)state;
    struct run *run = run_child(is_told_not_to_sample);
    assert_exit(run, 0);
    assert_count(run, "operation", "unwanted", 0);
    assert_field(need_line(run, "msg", "a log all the same"), "trace_flags", "00");
    assert_field(need_line(run, "operation", "wanted"), "trace_flags", "01");
    assert_no_field(need_line(run, "operation", "wanted"), "parent_id");
}

/* ---- baggage and tracestate
 * ----------------------------------------------------------------------- */

static void is_often_told_not_to_sample(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    long long ms = (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    for (int i = 0; i < 100; i++) {
        spanlog_ctx ctx = from("b3: 0");
        long long at = 0;
        for (int b = 0; b < 6; b++)
            at = at << 8 | ctx.trace_id[b];
        check(at < ms - 100000 || at > ms + 100000);
    }
}

static void an_unwanted_trace_s_id_is_as_random_as_others(void **state) {
    (void)state;
    with("SPANLOG_TRACE_IDS", "random");
    assert_exit(run_child(is_often_told_not_to_sample), 0);
}

static void changes_baggage(void) {
    spanlog_ctx before =
        spanlog_ctx_attach(from("traceparent: " GOOD "\nbaggage: user=a%20b,plan=gold;ttl=1"));
    expect_baggage("user", "a b");
    expect_baggage("plan", "gold");
    expect_baggage("none", NULL);
    {
        spanlog_scope(sp, "inner");
        check_equal(spanlog_baggage_set("tenant", "7, 8"), 0);
        check_equal(spanlog_baggage_set("user", NULL), 0);
        check_equal(spanlog_baggage_set("not a token", "x"), -EINVAL);
        expect_baggage("user", NULL);
        expect(sent_by(spanlog_ctx_current()), "baggage: plan=gold;ttl=1,tenant=7%2C%208\n");
        spanlog_info("stamped");
        spanlog_scope(innermost, "innermost");
        expect_baggage("tenant", "7, 8");
    }
    expect_baggage("user", "a b");
    expect_baggage("tenant", NULL);
    check_equal(spanlog_tracestate_set("ours", "1"), 0);
    check_equal(spanlog_tracestate_set("theirs", "2"), 0);
    check_equal(spanlog_tracestate_set("Bad", "2"), -EINVAL);
    char value[10];
    check_equal(spanlog_tracestate_get("ours", value, sizeof value), 1);
    check(strcmp(value, "1") == 0);
    expect(sent_by(spanlog_ctx_current()), "tracestate: theirs=2,ours=1\n");
    spanlog_ctx_attach(before);
    expect_baggage("plan", NULL);
    check_equal(spanlog_baggage_set("alone", "1"), 0);
    expect_baggage("alone", "1");
    spanlog_info("alone");
}

static void baggage_holds_until_the_context_before_is_put_back(void **state) {
    (void)state;
    with("SPANLOG_BAGGAGE_KEYS", "tenant,plan,absent");
    struct run *run = run_child(changes_baggage);
    assert_exit(run, 0);
    assert_field(need_line(run, "msg", "stamped"), "tenant", "7, 8");
    assert_field(need_line(run, "msg", "stamped"), "plan", "gold");
    assert_no_field(need_line(run, "msg", "stamped"), "absent");
    assert_field(need_line(run, "operation", "innermost"), "tenant", "7, 8");
    assert_no_field(need_line(run, "operation", "inner"), "tenant");
    assert_field(need_line(run, "operation", "inner"), "plan", "gold");
    assert_no_field(need_line(run, "msg", "alone"), "plan");
}

static void carries_a_lot(void) {
    static char headers[9000];
    char *to = headers + sprintf(headers, "traceparent: " GOOD "\nbaggage: ");
    for (int i = 0; i < 64; i++)
        to += sprintf(to, "%sk%02d=%0100d", i > 0 ? "," : "", i, i);
    spanlog_ctx_attach(from(headers));
    spanlog_info("a lot", kv("n", 1));
    spanlog_scope(sp, "a lot of span", kv("n", 2));
}

static void what_is_stamped_is_bounded(void **state) {
    (void)state;
    char keys[500] = "", *to = keys;
    for (int i = 0; i < 64; i++)
        to += sprintf(to, "k%02d,", i);
    with("SPANLOG_BAGGAGE_KEYS", keys);
    struct run *run = run_child(carries_a_lot);
    assert_exit(run, 0);
    assert_field(need_line(run, "msg", "a lot"), "n", "1");
    assert_field(need_line(run, "operation", "a lot of span"), "n", "2");
    assert_true(strlen(need_line(run, "msg", "a lot")) < 2000);
    assert_non_null(field(need_line(run, "msg", "a lot"), "k00"));
}

/* ---- giving back
 * ---------------------------------------------------------------------------------- */

static void *comes_and_goes(void *arg) {
    char header[64];
    for (int i = 0; i < 20; i++) {
        snprintf(header, sizeof header, "x-correlation-id: t%d-%d", *(int *)arg, i);
        spanlog_ctx_attach(from(header));
        spanlog_scope(sp, "short");
    }
    return NULL;
}

static void serves_very_many(void) {
    char header[64];
    for (int i = 0; i < 20000; i++) {
        snprintf(header, sizeof header, "x-correlation-id: r%d", i);
        spanlog_ctx before = spanlog_ctx_attach(from(header));
        {
            spanlog_scope(sp, "request");
            expect(sent_by(spanlog_ctx_current()), header);
        }
        spanlog_ctx_attach(before);
    }
    for (int i = 0; i < 200; i++)
        on_thread(comes_and_goes, &i);
    spanlog_statistics stats = {.size = sizeof stats};
    spanlog_stats(&stats);
    check_equal(stats.contexts_refused, 0);
}

static void what_is_no_longer_carried_is_used_again(void **state) {
    (void)state;
    struct run *run = run_child(serves_very_many);
    assert_exit(run, 0);
    assert_count(run, "operation", "request", 20000);
    assert_count(run, "correlation_id", "r19999", 1);
    assert_count(run, "correlation_id", "r0", 1);
    assert_count(run, "correlation_id", "t199-19", 1);
}

static void carries_too_many(void) {
    static spanlog_span spans[2100];
    char header[64];
    spanlog_ctx copy = from("x-correlation-id: kept"), stale = copy;
    spanlog_begin(kept, "kept", SPANLOG_SERVER, copy);
    for (int i = 0; i < 100; i++) {
        snprintf(header, sizeof header, "x-correlation-id: f%d", i);
        stale = from(header);
    }
    expect(sent_by(copy), "x-correlation-id: kept\n");
    for (int i = 0; i < 2100; i++) {
        snprintf(header, sizeof header, "x-correlation-id: m%d", i);
        spanlog_begin(span, "many", SPANLOG_SERVER, from(header));
        spans[i] = span;
    }
    spanlog_statistics stats = {.size = sizeof stats};
    spanlog_stats(&stats);
    check(stats.contexts_refused >= 2100 - 2047 && stats.contexts_refused < 200);
    spanlog_ctx before = spanlog_ctx_attach(stale); /* its slot is another's by now */
    spanlog_info("stale");
    spanlog_ctx_attach(before);
    for (int i = 0; i < 2100; i++)
        spanlog_end(spans[i]);
    expect(sent_by(from("x-correlation-id: again")), "x-correlation-id: again\n");
    spanlog_end(kept);
}

static void what_exceeds_the_bound_is_counted(void **state) {
    (void)state;
    with("SPANLOG_MAX_OPEN_SPANS", "4096");
    struct run *run = run_child(carries_too_many);
    assert_exit(run, 0);
    assert_count(run, "operation", "many", 2100);
    assert_field(need_line(run, "operation", "kept"), "correlation_id", "kept");
    assert_no_field(need_line(run, "msg", "stale"), "correlation_id");
    assert_count(run, "correlation_id", "m0", 1);
    assert_count(run, "correlation_id", "m2099", 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(a_header_makes_a_child_and_a_bad_one_a_root),
        sentence(nothing_comes_of_nothing),
        sentence(a_correlation_id_is_on_every_record_and_sent_on),
        sentence(recovery_writes_it_too),
        sentence(it_goes_with_threads_and_forks),
        sentence(of_a_key_twice_the_record_s_own_counts),
        sentence(a_parent_of_128_bits_stands_in_the_local_root_only),
        sentence(a_decision_without_ids_holds_for_the_new_trace),
        sentence(an_unwanted_trace_s_id_is_as_random_as_others),
        sentence(baggage_holds_until_the_context_before_is_put_back),
        sentence(what_is_stamped_is_bounded),
        sentence(what_is_no_longer_carried_is_used_again),
        sentence(what_exceeds_the_bound_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
