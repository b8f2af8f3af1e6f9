/* tests/unit/library_span_test.c: spans, their ids and their context, as a program sees them. What
 * they may hold: library_span_limits_test.c. */
#include "tests/unit/library_check.h"

/* ---- ids and parents ----------------------------------------------------------------------- */

static void logs_inside_a_span(void) {
    char trace[33], span[17];
    spanlog_scope(sp, "checkout", kv("order.id", 7));
    spanlog_trace_id(trace);
    spanlog_span_id(span);
    spanlog_info("inside");
    printf("%s %s", trace, span);
    fflush(stdout);
}

static void a_record_inside_a_span_carries_its_ids(void **state) {
    (void)state;
    struct run *run = run_child(logs_inside_a_span);
    assert_exit(run, 0);
    const char *log = need_line(run, "msg", "inside"),
               *span = need_line(run, "operation", "checkout");
    char ids[64];
    snprintf(ids, sizeof ids, "%s %s", field(log, "trace_id"), field(log, "span_id"));
    assert_string_equal(ids, run->out);
    assert_field(span, "trace_id", field(log, "trace_id"));
    assert_field(span, "span_id", field(log, "span_id"));
    assert_field(log, "trace_flags", "01");
    assert_field(span, "msg", "span completed");
    assert_field(span, "kind", "internal");
    assert_field(span, "order.id", "7");
    assert_no_field(span, "parent_id");
    assert_no_field(span, "status");
    assert_true(number_field(span, "duration_ms") >= 0);
    assert_true(strcmp(field(span, "start"), field(span, "ts")) <= 0);
}

static void nests(void) {
    spanlog_scope(outer, "outer");
    {
        spanlog_scope(middle, "middle");
        {
            spanlog_scope(inner, "inner");
            spanlog_info("deep");
        }
        spanlog_info("between");
    }
    spanlog_info("back");
}

static void a_scope_inside_a_scope_is_its_child(void **state) {
    (void)state;
    struct run *run = run_child(nests);
    const char *outer = need_line(run, "operation", "outer");
    const char *middle = need_line(run, "operation", "middle");
    const char *inner = need_line(run, "operation", "inner");
    assert_no_field(outer, "parent_id");
    assert_field(middle, "parent_id", field(outer, "span_id"));
    assert_field(inner, "parent_id", field(middle, "span_id"));
    assert_field(middle, "trace_id", field(outer, "trace_id"));
    assert_field(inner, "trace_id", field(outer, "trace_id"));
    assert_field(need_line(run, "msg", "deep"), "span_id", field(inner, "span_id"));
    assert_field(need_line(run, "msg", "between"), "span_id", field(middle, "span_id"));
    assert_field(need_line(run, "msg", "back"), "span_id", field(outer, "span_id"));
}

static void asks_outside(void) {
    char trace[33] = "x", span[17] = "x";
    spanlog_trace_id(trace);
    spanlog_span_id(span);
    check(trace[0] == '\0' && span[0] == '\0');
    spanlog_trace_id(NULL);
    spanlog_span_id(NULL);
    {
        spanlog_scope(sp, "s");
        spanlog_trace_id(trace);
        check_equal(strlen(trace), 32);
    }
    spanlog_trace_id(trace);
    check(trace[0] == '\0');
    static const spanlog_ctx none;
    spanlog_ctx now = spanlog_ctx_current();
    check(memcmp(&now, &none, sizeof now) == 0);
    spanlog_info("outside");
}

static void outside_a_span_there_are_no_ids(void **state) {
    (void)state;
    struct run *run = run_child(asks_outside);
    assert_exit(run, 0);
    const char *line = need_line(run, "msg", "outside");
    assert_no_field(line, "trace_id");
    assert_no_field(line, "span_id");
    assert_no_field(line, "trace_flags");
}

/* ---- other threads ------------------------------------------------------------------------- */

static void *works_for(void *context) {
    spanlog_ctx before = spanlog_ctx_attach(*(spanlog_ctx *)context);
    {
        spanlog_scope(sp, "helper");
        spanlog_info("on the thread");
    }
    spanlog_ctx ours = spanlog_ctx_attach(before);
    check(memcmp(&ours, context, sizeof ours.trace_id + sizeof ours.span_id) == 0);
    spanlog_info("detached");
    return NULL;
}

static void hands_over(void) {
    spanlog_scope(sp, "request");
    spanlog_ctx context = spanlog_ctx_current();
    on_thread(works_for, &context);
}

static void an_attached_context_is_the_parent_on_another_thread(void **state) {
    (void)state;
    struct run *run = run_child(hands_over);
    assert_exit(run, 0);
    const char *request = need_line(run, "operation", "request");
    const char *helper = need_line(run, "operation", "helper");
    assert_field(helper, "parent_id", field(request, "span_id"));
    assert_field(helper, "trace_id", field(request, "trace_id"));
    assert_field(need_line(run, "msg", "on the thread"), "span_id", field(helper, "span_id"));
    assert_no_field(need_line(run, "msg", "detached"), "trace_id");
    assert_string_not_equal(field(helper, "tid"), field(request, "tid"));
}

static void *ends(void *span) {
    spanlog_set((spanlog_span *)span, kv("by", "thread"));
    spanlog_end(*(spanlog_span *)span);
    return NULL;
}

static void begins_here_ends_there(void) {
    spanlog_ctx none = {.flags = 0};
    spanlog_begin(job, "job", SPANLOG_CONSUMER, none, kv("n", 1));
    check(!memcmp(spanlog_ctx_current().trace_id, none.trace_id, 16)); /* it is not current */
    spanlog_begin(step, "step", SPANLOG_PRODUCER, spanlog_span_ctx(&job));
    on_thread(ends, &step);
    on_thread(ends, &job);
}

static void a_span_without_a_scope_ends_on_any_thread(void **state) {
    (void)state;
    struct run *run = run_child(begins_here_ends_there);
    assert_exit(run, 0);
    const char *job = need_line(run, "operation", "job"),
               *step = need_line(run, "operation", "step");
    assert_field(job, "kind", "consumer");
    assert_field(job, "n", "1");
    assert_field(job, "by", "thread");
    assert_no_field(job, "parent_id");
    assert_field(step, "kind", "producer");
    assert_field(step, "parent_id", field(job, "span_id"));
    assert_field(step, "trace_id", field(job, "trace_id"));
}

/* ---- what a span says ---------------------------------------------------------------------- */

static void opens_every_kind(void) {
    { spanlog_scope_kind(sp, SPANLOG_INTERNAL, "internal"); }
    { spanlog_scope_kind(sp, SPANLOG_SERVER, "server"); }
    { spanlog_scope_kind(sp, SPANLOG_CLIENT, "client"); }
    { spanlog_scope_kind(sp, SPANLOG_PRODUCER, "producer"); }
    { spanlog_scope_kind(sp, SPANLOG_CONSUMER, "consumer"); }
}

static void each_kind_is_named(void **state) {
    static const char *const kinds[] = {"internal", "server", "client", "producer", "consumer"};
    (void)state;
    struct run *run = run_child(opens_every_kind);
    for (size_t i = 0; i < 5; i++)
        assert_field(need_line(run, "operation", kinds[i]), "kind", kinds[i]);
}

static void fills_a_span(void) {
    spanlog_ctx other = {.trace_id = {0xab, 1}, .span_id = {0xcd, 2}, .flags = 1},
                zero = {.flags = 1};
    spanlog_scope(sp, "first name", kv("a", 1));
    spanlog_set(&sp, kv("b", "two"), kv("c", 3.5));
    spanlog_set(&sp, kv("a", "again"));
    spanlog_event(&sp, "retry", kv("attempt", 2));
    spanlog_event(&sp, "plain");
    spanlog_link(&sp, other);
    spanlog_link(&sp, zero);
    spanlog_rename(&sp, NULL);
    spanlog_rename(&sp, "last name");
    spanlog_fail(&sp, "timed out");
}

static void set_event_link_rename_and_fail_stand_in_the_line(void **state) {
    (void)state;
    with("SPANLOG_INCLUDE_LINKS", "1");
    struct run *run = run_child(fills_a_span);
    const char *line = need_line(run, "operation", "last name");
    assert_field(line, "a", "again");
    assert_field(line, "b", "two");
    assert_field(line, "c", "3.5");
    assert_field(line, "status", "error");
    assert_field(line, "error", "timed out");
    assert_field(
        line, "links",
        "[{\"trace_id\":\"ab010000000000000000000000000000\",\"span_id\":\"cd02000000000000\"}]");
    const char *events = field(line, "events");
    assert_says(events, "\"name\":\"retry\",\"attempt\":2}", 1);
    assert_says(events, "\"name\":\"plain\"}", 1);
    assert_no_field(line, "dropped_links");
    assert_no_field(line, "status_code");
}

static void links_and_events_are_left_out_and_counted_where_settings_say_so(void **state) {
    (void)state;
    const char *line = need_line(run_child(fills_a_span), "operation", "last name");
    assert_no_field(line, "links");
    assert_field(line, "dropped_links", "1");
    assert_no_field(line, "dropped_events");
    with("SPANLOG_INCLUDE_EVENTS", "0");
    with("SPANLOG_INCLUDE_LINKS", "1");
    line = need_line(run_child(fills_a_span), "operation", "last name");
    assert_no_field(line, "events");
    assert_field(line, "dropped_events", "2");
    assert_no_field(line, "dropped_links");
}

static void fails_without_a_text(void) {
    spanlog_scope(sp, "s");
    spanlog_fail(&sp, NULL);
}

static void a_failure_may_have_no_text(void **state) {
    (void)state;
    const char *line = need_line(run_child(fails_without_a_text), "operation", "s");
    assert_field(line, "status", "error");
}

static const struct {
    int code;
    const char *status; /* NULL: absent */
} codes[] = {{0, "ok"},     {200, "ok"},    {302, "ok"},    {399, "ok"},   {404, NULL},
             {499, NULL},   {500, "error"}, {503, "error"}, {2, "error"},  {4, "error"},
             {12, "error"}, {13, "error"},  {14, "error"},  {15, "error"}, {1, NULL},
             {5, NULL},     {16, NULL},     {100, "ok"}};

static void sets_every_status(void) {
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        spanlog_scope(sp, "s");
        spanlog_status(&sp, codes[i].code);
    }
}

static void a_status_code_decides_the_status(void **state) {
    (void)state;
    struct run *run = run_child(sets_every_status);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char code[16];
        snprintf(code, sizeof code, "%d", codes[i].code);
        assert_field(need_line(run, "status_code", code), "status", codes[i].status);
    }
}

static void succeeds_after_an_error(void) {
    spanlog_scope(sp, "s");
    spanlog_fail(&sp, "broke");
    spanlog_status(&sp, 200);
}

static void an_error_is_not_taken_back_by_a_status(void **state) {
    (void)state;
    const char *line = need_line(run_child(succeeds_after_an_error), "operation", "s");
    assert_field(line, "status", "error");
    assert_field(line, "status_code", "200");
}

/* ---- handles that are no longer good ------------------------------------------------------- */

static void uses_after_the_end(void) {
    spanlog_ctx none = {.flags = 0};
    spanlog_begin(p, "once", SPANLOG_INTERNAL, none);
    spanlog_span copy = p, older = p;
    spanlog_end(p);
    spanlog_end(p);
    spanlog_end(copy);
    spanlog_set(&older, kv("late", 1));
    spanlog_event(&older, "late");
    spanlog_fail(&older, "late");
    spanlog_rename(&older, "late");
    spanlog_link(&older, none);
    spanlog_begin(next, "next", SPANLOG_INTERNAL, none); /* may live where the first one did */
    spanlog_set(&older, kv("late", 2));
    spanlog_status(&older, 500);
    spanlog_end(older);
    spanlog_ctx gone = spanlog_span_ctx(&copy);
    check(memcmp(gone.trace_id, none.trace_id, 16) == 0);
    spanlog_end(next);
}

static void after_its_end_a_handle_does_nothing(void **state) {
    (void)state;
    struct run *run = run_child(uses_after_the_end);
    assert_exit(run, 0);
    assert_count(run, "operation", "once", 1);
    assert_count(run, "operation", "next", 1);
    assert_no_field(need_line(run, "operation", "next"), "late");
    assert_no_field(need_line(run, "operation", "next"), "status");
    assert_no_field(need_line(run, "operation", "once"), "late");
}

static void ends_a_scope_early(void) {
    char trace[33];
    {
        spanlog_scope(outer, "outer");
        {
            spanlog_scope(early, "early");
            spanlog_end(early);
            spanlog_set(&early, kv("late", 1));
        }
        spanlog_info("behind the block");
    }
    spanlog_trace_id(trace);
    check(trace[0] == '\0');
}

static void a_scope_that_was_ended_early_puts_the_context_back_at_its_brace(void **state) {
    (void)state;
    struct run *run = run_child(ends_a_scope_early);
    assert_exit(run, 0);
    const char *early = need_line(run, "operation", "early"),
               *outer = need_line(run, "operation", "outer");
    assert_count(run, "operation", "early", 1);
    assert_no_field(early, "late");
    assert_field(early, "parent_id", field(outer, "span_id"));
    assert_field(need_line(run, "msg", "behind the block"), "span_id", field(outer, "span_id"));
}

static void ends_in_a_forked_child(void) {
    spanlog_ctx none = {.flags = 0};
    spanlog_begin(p, "parent's", SPANLOG_INTERNAL, none);
    pid_t pid = fork();
    if (pid == 0) {
        spanlog_set(&p, kv("child", true));
        spanlog_end(p);
        exit(0);
    }
    waitpid(pid, NULL, 0);
    spanlog_end(p);
}

static void a_forked_child_cannot_end_its_parents_span(void **state) {
    (void)state;
    struct run *run = run_child(ends_in_a_forked_child);
    assert_exit(run, 0);
    assert_count(run, "operation", "parent's", 1);
    assert_no_field(need_line(run, "operation", "parent's"), "child");
}

static void uses_zero_handles(void) {
    spanlog_span zero = {.open = NULL};
    spanlog_set(&zero, kv("k", 1));
    spanlog_event(&zero, "e");
    spanlog_fail(&zero, "x");
    spanlog_status(&zero, 500);
    spanlog_rename(&zero, "x");
    spanlog_end(zero);
    spanlog_fail(NULL, "x");
    spanlog_status(NULL, 1);
    spanlog_rename(NULL, "x");
    spanlog_link(NULL, spanlog_ctx_current());
    spanlog_span_ctx(NULL);
    spanlog_info("alive");
}

static void a_zero_handle_does_nothing(void **state) {
    (void)state;
    struct run *run = run_child(uses_zero_handles);
    assert_exit(run, 0);
    assert_count(run, "msg", "alive", 1);
    assert_count(run, "msg", "span completed", 0);
}

/* ---- a trace that is not sampled ----------------------------------------------------------- */

static void works_unsampled(void) {
    spanlog_ctx context = {.trace_id = {0x11, 9}, .span_id = {0x22, 9}, .flags = 0};
    spanlog_ctx before = spanlog_ctx_attach(context);
    {
        spanlog_scope(sp, "unseen", kv("k", 1));
        spanlog_set(&sp, kv("k", 2));
        spanlog_event(&sp, "e");
        spanlog_info("seen");
        spanlog_ctx now = spanlog_ctx_current();
        check(memcmp(&now, &context, sizeof now) == 0);
    }
    spanlog_begin(p, "unseen", SPANLOG_CLIENT, context);
    spanlog_ctx handed = spanlog_span_ctx(&p);
    check(memcmp(handed.trace_id, context.trace_id, 16) == 0);
    check(memcmp(handed.span_id, context.span_id, 8) != 0);
    check_equal(handed.flags, context.flags);
    spanlog_end(p);
    spanlog_ctx_attach(before);
    spanlog_info("after");
}

static void an_unsampled_trace_has_logs_with_ids_and_no_spans(void **state) {
    (void)state;
    struct run *run = run_child(works_unsampled);
    assert_exit(run, 0);
    assert_count(run, "msg", "span completed", 0);
    const char *line = need_line(run, "msg", "seen");
    assert_field(line, "trace_id", "11090000000000000000000000000000");
    assert_field(line, "span_id", "2209000000000000");
    assert_field(line, "trace_flags", "00");
    assert_no_field(need_line(run, "msg", "after"), "trace_id");
}

/* ---- trace ids ----------------------------------------------------------------------------- */

static void makes_traces(void) {
    struct timespec now;
    for (int i = 0; i < 100; i++) {
        spanlog_scope(sp, "root");
    }
    clock_gettime(CLOCK_REALTIME, &now);
    printf("%lld", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static long long milliseconds_of(const char *trace_id) {
    char head[13];
    snprintf(head, sizeof head, "%.12s", trace_id);
    return strtoll(head, NULL, 16);
}

static void assert_distinct(const struct run *run) {
    for (size_t i = 0; i < 100; i++) {
        const char *line = find_line(run, "operation", "root", i);
        assert_count(run, "trace_id", field(line, "trace_id"), 1);
        assert_string_not_equal(field(line, "span_id"), "0000000000000000");
    }
}

static void a_trace_id_starts_with_its_time(void **state) {
    (void)state;
    struct run *run = run_child(makes_traces);
    assert_count(run, "operation", "root", 100);
    assert_distinct(run);
    long long now = strtoll(run->out, NULL, 10);
    for (size_t i = 0; i < 100; i++) {
        long long at = milliseconds_of(field(find_line(run, "operation", "root", i), "trace_id"));
        assert_in_range((uint64_t)(now - at + 20), 0, 20020);
    }
}

static void trace_ids_can_be_plainly_random(void **state) {
    (void)state;
    with("SPANLOG_TRACE_IDS", "random");
    struct run *run = run_child(makes_traces);
    assert_distinct(run);
    long long now = strtoll(run->out, NULL, 10), near = 0;
    for (size_t i = 0; i < 100; i++) {
        long long at = milliseconds_of(field(find_line(run, "operation", "root", i), "trace_id"));
        near += at > now - 100000 && at < now + 100000;
    }
    assert_int_equal(near, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(a_record_inside_a_span_carries_its_ids),
        sentence(a_scope_inside_a_scope_is_its_child),
        sentence(outside_a_span_there_are_no_ids),
        sentence(an_attached_context_is_the_parent_on_another_thread),
        sentence(a_span_without_a_scope_ends_on_any_thread),
        sentence(each_kind_is_named),
        sentence(set_event_link_rename_and_fail_stand_in_the_line),
        sentence(links_and_events_are_left_out_and_counted_where_settings_say_so),
        sentence(a_failure_may_have_no_text),
        sentence(a_status_code_decides_the_status),
        sentence(an_error_is_not_taken_back_by_a_status),
        sentence(after_its_end_a_handle_does_nothing),
        sentence(a_scope_that_was_ended_early_puts_the_context_back_at_its_brace),
        sentence(a_forked_child_cannot_end_its_parents_span),
        sentence(a_zero_handle_does_nothing),
        sentence(an_unsampled_trace_has_logs_with_ids_and_no_spans),
        sentence(a_trace_id_starts_with_its_time),
        sentence(trace_ids_can_be_plainly_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
