/* tests/unit/library_tail_test.c: traces that are kept whole for how they ended (SPANLOG_TAIL). */
#include "tests/unit/library_check.h"

static spanlog_logger db = SPANLOG_LOGGER("db");

static void errors_only(void) {
    with("OTEL_TRACES_SAMPLER", "always_off");
    with("SPANLOG_TAIL", "errors");
}

/* Three debug records, one info, one trace; two spans below the root. */
static void request(const char *operation, bool fails) {
    spanlog_scope_kind(root, SPANLOG_SERVER, "request", kv("name", operation));
    spanlog_debug("begins", kv("name", operation));
    spanlog_info("at work", kv("name", operation));
    {
        spanlog_scope(child, "child", kv("name", operation));
        spanlog_debug_to(db, "query", kv("name", operation));
        spanlog_trace("below debug", kv("name", operation));
        spanlog_scope(grandchild, "grandchild", kv("name", operation));
    }
    spanlog_debugf("ends %s", operation);
    if (fails)
        spanlog_fail(&root, "no more");
}

static void one_of_each(void) {
    spanlog_debug("outside");
    request("good", false);
    request("bad", true);
    request("good", false);
}

static void assert_whole(const struct run *run, const char *name) {
    char ends[64];
    snprintf(ends, sizeof ends, "ends %s", name);
    assert_count(run, "msg", ends, 1);
    const char *root = NULL;
    for (size_t i = 0; (root = find_line(run, "operation", "request", i)) != NULL; i++) {
        if (strcmp(field(root, "name"), name) == 0)
            break;
    }
    assert_non_null(root);
    const char *trace = field(root, "trace_id");
    assert_count(run, "trace_id", trace, 7); /* 3 spans, 3 debug, 1 info */
}

static void a_trace_that_fails_is_kept_whole_and_others_are_not(void **state) {
    (void)state;
    errors_only();
    struct run *run = run_child(one_of_each);
    assert_exit(run, 0);
    assert_whole(run, "bad");
    assert_count(run, "name", "good", 2); /* the info records, which do not wait */
    assert_count(run, "msg", "outside", 0);
    assert_count(run, "msg", "below debug", 0);
    assert_count(run, "msg", "query", 1);
    assert_field(need_line(run, "msg", "query"), "logger", "db");
    assert_field(need_line(run, "operation", "request"), "trace_flags", "00");
    assert_field(need_line(run, "operation", "request"), "status", "error");
}

static void what_waited_is_written_in_order(void **state) {
    (void)state;
    errors_only();
    struct run *run = run_child(one_of_each);
    assert_exit(run, 0);
    static const char *const order[] = {"begins",         "query",    "span completed",
                                        "span completed", "ends bad", "span completed"};
    size_t next = 0;
    for (size_t i = 0; i < run->count && next < 6; i++)
        next += strcmp(field(run->lines[i], "msg"), order[next]) == 0;
    assert_int_equal(next, 6);
}

static void without_a_tail_nothing_waits(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "always_off");
    struct run *run = run_child(one_of_each);
    assert_exit(run, 0);
    assert_count(run, "level", "debug", 0);
    assert_count(run, "msg", "span completed", 0);
}

static void a_sampled_trace_that_fails_gets_its_debug_records_too(void **state) {
    (void)state;
    with("SPANLOG_TAIL", "errors");
    struct run *run = run_child(one_of_each);
    assert_exit(run, 0);
    assert_whole(run, "bad");
    assert_count(run, "operation", "request", 3);
    assert_count(run, "level", "debug", 3);
    assert_field(need_line(run, "operation", "request"), "trace_flags", "01");
}

static void a_level_that_is_written_does_not_wait(void **state) {
    (void)state;
    errors_only();
    with("SPANLOG_LEVEL", "warn,db=debug");
    struct run *run = run_child(one_of_each);
    assert_exit(run, 0);
    assert_count(run, "msg", "query", 3);
    assert_count(run, "msg", "at work", 1); /* info is below the level here: it waits */
    assert_whole(run, "bad");
}

static void a_caller_writes_for_itself_the_same(void **state) {
    (void)state;
    errors_only();
    with("SPANLOG_SYNC", "1");
    struct run *run = run_child(one_of_each);
    assert_exit(run, 0);
    assert_whole(run, "bad");
    assert_count(run, "name", "good", 2);
}

/* ---- other reasons --------------------------------------------------------------------------- */

static void slow_and_fast(void) {
    {
        spanlog_scope(fast, "fast");
        spanlog_debug("in fast");
    }
    spanlog_scope(slow, "slow");
    spanlog_debug("in slow");
    sleep_ms(60);
}

static void a_slow_trace_is_kept(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "always_off");
    with("SPANLOG_TAIL", "slow:50ms");
    struct run *run = run_child(slow_and_fast);
    assert_exit(run, 0);
    assert_count(run, "msg", "in slow", 1);
    assert_count(run, "operation", "slow", 1);
}

static void with_attributes(void) {
    static const char *const tiers[] = {"gold", "silver", "golden"};
    for (int i = 0; i < 6; i++) {
        spanlog_scope(sp, "checkout", kv("user.tier", tiers[i % 3]), kv("n", i));
        if (i < 3)
            spanlog_rename(&sp, "refund");
        spanlog_status(&sp, i == 5 ? 404 : 200);
    }
}

static void assert_kept(const char *tail, size_t expected) {
    with("OTEL_TRACES_SAMPLER", "always_off");
    with("SPANLOG_TAIL", tail);
    struct run *run = run_child(with_attributes);
    assert_exit(run, 0);
    size_t spans = count_lines(run, "msg", "span completed");
    if (spans != expected)
        fail_msg("%s: %zu, expected %zu", tail, spans, expected);
}

static void an_expression_chooses_by_the_local_root(void **state) {
    (void)state;
    assert_kept("user.tier=gold", 2);
    assert_kept("user.tier=gold*", 4);
    assert_kept("user.tier=gold*&operation=refund", 2);
    assert_kept("user.tier=gold*&operation=refund,n=5", 3);
    assert_kept("status_code=404", 1);
    assert_kept("slow:0ms", 6);
    assert_kept("errors&user.tier=gold", 0);
    assert_kept("no.such.key=*", 0);
}

static void fails_with_status(void) {
    static const int codes[] = {200, 404, 499, 500, 503, 2, 5};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        spanlog_scope(sp, "request");
        spanlog_status(&sp, codes[i]);
    }
}

/* HTTP from 500 on, and of gRPC's what is the server's fault. */
static void a_status_is_an_error_as_in_the_span_line(void **state) {
    (void)state;
    errors_only();
    struct run *run = run_child(fails_with_status);
    assert_exit(run, 0);
    assert_count(run, "status", "error", 3);
    assert_count(run, "msg", "span completed", 3);
}

/* ---- several threads, several roots ---------------------------------------------------------- */

static void *works_elsewhere(void *ctx) {
    spanlog_ctx_attach(*(spanlog_ctx *)ctx);
    spanlog_debug("elsewhere");
    spanlog_scope(sp, "on another thread");
    return NULL;
}

static void hands_over(void) {
    for (int i = 0; i < 20; i++) {
        spanlog_scope(root, "root");
        spanlog_ctx ctx = spanlog_ctx_current();
        on_thread(works_elsewhere, &ctx);
        if (i % 2 == 0)
            spanlog_status(&root, 500);
    }
}

static void what_other_threads_did_for_it_belongs_to_the_trace(void **state) {
    (void)state;
    errors_only();
    struct run *run = run_child(hands_over);
    assert_exit(run, 0);
    assert_count(run, "operation", "root", 10);
    assert_count(run, "operation", "on another thread", 10);
    assert_count(run, "msg", "elsewhere", 10);
}

static spanlog_ctx caller = {.trace_id = {1, 2, 3}, .span_id = {4}, .flags = 0};

static const char *get_header(void *header, const char *name) {
    return strcmp(name, "traceparent") == 0 ? header : NULL;
}

static void two_requests_of_one_trace(void) {
    char header[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    check(spanlog_extract(get_header, header, &caller) == 0);
    spanlog_begin(first, "first", SPANLOG_SERVER, caller);
    spanlog_begin(second, "second", SPANLOG_SERVER, caller);
    spanlog_begin(below, "below second", SPANLOG_INTERNAL, spanlog_span_ctx(&second));
    spanlog_end(below);
    spanlog_end(first); /* well */
    spanlog_flush(-1);
    spanlog_ctx of_second = spanlog_span_ctx(&second);
    spanlog_fail(&second, "badly");
    spanlog_end(second);
    spanlog_begin(late, "late", SPANLOG_INTERNAL, of_second);
    spanlog_end(late);
}

static void of_two_local_roots_the_failing_one_keeps_both(void **state) {
    (void)state;
    with("SPANLOG_TAIL", "errors");
    struct run *run = run_child(two_requests_of_one_trace);
    assert_exit(run, 0);
    assert_count(run, "trace_id", "4bf92f3577b34da6a3ce929d0e0e4736", 4);
    assert_count(run, "operation", "late", 1);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static void much_in_one_trace(void) {
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    spanlog_scope(root, "root");
    for (int i = 0; i < 10000; i++)
        spanlog_debug("much", kv("n", i), kv("text", text));
    spanlog_fail(&root, "after all");
}

static void what_was_let_go_is_counted(void **state) {
    (void)state;
    errors_only();
    with("SPANLOG_TAIL_MEMORY", "1M");
    with("SPANLOG_BLOCK_MS", "20000");
    struct run *run = run_child(much_in_one_trace);
    assert_exit(run, 0);
    size_t written = count_lines(run, "msg", "much");
    const char *loss = need_line(run, "msg", "records dropped");
    assert_field(loss, "reason", "undecided records exceeded SPANLOG_TAIL_MEMORY");
    if (written + (size_t)number_field(loss, "count") != 10000 || written < 600)
        fail_msg("%zu written and %g let go, expected 10000 together", written,
                 number_field(loss, "count"));
    assert_field(find_line(run, "msg", "much", written - 1), "n", "9999"); /* the newest stay */
}

static void much_for_nothing(void) {
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int trace = 0; trace < 20; trace++) {
        spanlog_scope(root, "root");
        for (int i = 0; i < 2000; i++)
            spanlog_debug("much", kv("n", i), kv("text", text));
    }
}

static void what_nobody_misses_is_not_said(void **state) {
    (void)state;
    errors_only();
    with("SPANLOG_TAIL_MEMORY", "1M");
    with("SPANLOG_BLOCK_MS", "20000");
    struct run *run = run_child(much_for_nothing);
    assert_exit(run, 0);
    assert_count(run, "msg", "records dropped", 0);
    assert_count(run, "msg", "much", 0);
}

/* ---- ends of the process --------------------------------------------------------------------- */

static void exits_inside(void) {
    spanlog_begin(root, "root", SPANLOG_SERVER, (spanlog_ctx){.flags = 0});
    spanlog_ctx_attach(spanlog_span_ctx(&root));
    spanlog_debug("before the exit");
    spanlog_begin(child, "child", SPANLOG_CLIENT, spanlog_span_ctx(&root));
    spanlog_end(child);
    spanlog_flush(-1);
    exit(0);
}

static void a_trace_that_has_not_ended_at_exit_is_kept(void **state) {
    (void)state;
    errors_only();
    struct run *run = run_child(exits_inside);
    assert_exit(run, 0);
    assert_count(run, "msg", "before the exit", 1);
    assert_count(run, "operation", "child", 1);
    if (!under_thread_sanitizer()) /* whose own thread may end spans for all we know */
        assert_field(need_line(run, "operation", "root"), "msg", "span abandoned");
}

static void is_killed_inside(void) {
    request("good", false);
    spanlog_flush(-1);
    spanlog_scope(root, "cut short");
    spanlog_info("last words");
    spanlog_debug("perhaps");
    kill(getpid(), SIGKILL);
}

static void logs_after(void) {
    spanlog_info("again");
}

static void a_killed_process_loses_nothing_that_did_not_have_to_wait(void **state) {
    (void)state;
    errors_only();
    struct run *run = run_child(is_killed_inside);
    assert_signal(run, SIGKILL);
    errors_only();
    run = run_again(logs_after);
    assert_exit(run, 0);
    for (int tries = 0; tries < 50 && count_lines(run, "msg", "last words") == 0; tries++) {
        sleep_ms(20);
        run = run_again(logs_after);
    }
    assert_count(run, "msg", "last words", 1);
    assert_count(run, "name", "good", 1);
    assert_field(need_line(run, "operation", "cut short"), "msg", "span abandoned");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(a_trace_that_fails_is_kept_whole_and_others_are_not),
        sentence(what_waited_is_written_in_order),
        sentence(without_a_tail_nothing_waits),
        sentence(a_sampled_trace_that_fails_gets_its_debug_records_too),
        sentence(a_level_that_is_written_does_not_wait),
        sentence(a_caller_writes_for_itself_the_same),
        sentence(a_slow_trace_is_kept),
        sentence(an_expression_chooses_by_the_local_root),
        sentence(a_status_is_an_error_as_in_the_span_line),
        sentence(what_other_threads_did_for_it_belongs_to_the_trace),
        sentence(of_two_local_roots_the_failing_one_keeps_both),
        sentence(what_was_let_go_is_counted),
        sentence(what_nobody_misses_is_not_said),
        sentence(a_trace_that_has_not_ended_at_exit_is_kept),
        sentence(a_killed_process_loses_nothing_that_did_not_have_to_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
