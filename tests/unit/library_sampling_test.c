/* tests/unit/library_sampling_test.c: which traces are recorded, as a program and its log see it.
 */
#include "tests/unit/library_check.h"

/* ---- traces that are not recorded ------------------------------------------------------------ */

static void one_trace(void) {
    char trace[33], span[17];
    {
        spanlog_scope(root, "root", kv("a", 1));
        spanlog_trace_id(trace);
        spanlog_span_id(span);
        check(trace[0] != '\0' && span[0] != '\0');
        spanlog_info("in root");
        {
            spanlog_scope(child, "child");
            spanlog_set(&child, kv("b", 2));
            spanlog_status(&child, 500);
            spanlog_info("in child");
            spanlog_ctx of_child = spanlog_span_ctx(&child);
            check((of_child.flags & SPANLOG_FLAG_SAMPLED) == 0);
        }
        spanlog_set(&root, kv("c", 3));
        spanlog_fail(&root, "nobody hears");
        spanlog_ctx of_root = spanlog_span_ctx(&root), now = spanlog_ctx_current();
        check(memcmp(&of_root, &now, sizeof now) == 0);
        check((of_root.flags & (SPANLOG_FLAG_SAMPLED | SPANLOG_FLAG_RANDOM)) ==
              SPANLOG_FLAG_RANDOM);
    }
    char after[33];
    spanlog_trace_id(after);
    check(after[0] == '\0');
    spanlog_info("outside");
    printf("%s", trace);
    fflush(stdout);
}

static void of_an_unsampled_trace_only_the_logs_are_written_with_their_ids(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "always_off");
    struct run *run = run_child(one_trace);
    assert_exit(run, 0);
    assert_count(run, "msg", "span completed", 0);
    const char *root = need_line(run, "msg", "in root"), *child = need_line(run, "msg", "in child");
    assert_field(root, "trace_id", run->out);
    assert_field(child, "trace_id", run->out);
    assert_field(root, "trace_flags", "00");
    assert_field(child, "span_id", field(root, "span_id"));
    assert_no_field(need_line(run, "msg", "outside"), "trace_id");
}

static void begins_without_scope(void) {
    char before[33];
    spanlog_begin(job, "job", SPANLOG_CONSUMER, (spanlog_ctx){.flags = 0}, kv("n", 1));
    spanlog_trace_id(before);
    check(before[0] == '\0'); /* it does not become current */
    spanlog_ctx ctx = spanlog_span_ctx(&job), none = {.flags = 0};
    check(memcmp(ctx.trace_id, none.trace_id, 16) != 0);
    check(memcmp(ctx.span_id, none.span_id, 8) != 0);
    check((ctx.flags & SPANLOG_FLAG_SAMPLED) == 0);
    spanlog_begin(below, "below", SPANLOG_CLIENT, ctx);
    spanlog_ctx child = spanlog_span_ctx(&below);
    check(memcmp(child.trace_id, ctx.trace_id, 16) == 0);
    check((child.flags & SPANLOG_FLAG_SAMPLED) == 0);
    spanlog_event(&below, "e");
    spanlog_end(below);
    spanlog_end(job);
}

static void a_span_without_scope_hands_on_that_it_is_not_recorded(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "always_off");
    struct run *run = run_child(begins_without_scope);
    assert_exit(run, 0);
    assert_count(run, "msg", "span completed", 0);
    assert_count(run, "msg", "span abandoned", 0);
}

/* ---- shares ---------------------------------------------------------------------------------- */

static void many_traces(void) {
    for (int i = 0; i < 20000; i++) {
        spanlog_scope(root, "root");
        spanlog_scope(child, "child");
    }
}

/* Five standard deviations of 20,000 at 0.1 are 212. */
static void a_tenth_is_a_tenth_and_says_so(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    with("OTEL_TRACES_SAMPLER_ARG", "0.1");
    struct run *run = run_child(many_traces);
    assert_exit(run, 0);
    size_t roots = count_lines(run, "operation", "root");
    if (roots < 1788 || roots > 2212)
        fail_msg("%zu of 20000 traces, expected 1788 to 2212", roots);
    assert_count(run, "operation", "child", roots);
    assert_count(run, "sample_ratio", "0.1", 2 * roots);
}

static void a_rate_alone_is_a_sampler(void **state) {
    (void)state;
    with("SPANLOG_SAMPLE_RATE", "0");
    struct run *run = run_child(many_traces);
    assert_exit(run, 0);
    assert_count(run, "operation", "root", 0);
}

static void a_rate_outside_0_to_1_is_clamped_and_said_once(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "traceidratio");
    with("OTEL_TRACES_SAMPLER_ARG", "1.5");
    struct run *run = run_child(many_traces);
    assert_exit(run, 0);
    assert_count(run, "operation", "root", 20000);
    assert_count(run, "sample_ratio", "1", 0);
    assert_says(run->err, "OTEL_TRACES_SAMPLER_ARG=1.5: above the most; 1 is used\n", 1);
}

static void hundred_at_once(void) {
    for (int i = 0; i < 100; i++) {
        spanlog_scope(root, "root");
    }
}

static void a_limit_bounds_traces_a_second(void **state) {
    (void)state;
    with("SPANLOG_SAMPLE_RULES", "7/s");
    struct run *run = run_child(hundred_at_once);
    assert_exit(run, 0);
    size_t roots = count_lines(run, "operation", "root"); /* more when the machine stood still */
    if (roots < 7 || roots > 7 + 7 * (size_t)(run->seconds + 1))
        fail_msg("%zu traces in %g s at 7 a second", roots, run->seconds);
    assert_no_field(need_line(run, "operation", "root"), "sample_ratio");
}

/* ---- callers --------------------------------------------------------------------------------- */

static const char *get_header(void *header, const char *name) {
    return strcmp(name, "traceparent") == 0 ? header : NULL;
}

static void serve(const char *flags) {
    char header[64];
    spanlog_ctx caller;
    snprintf(header, sizeof header, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-%s",
             flags);
    check(spanlog_extract(get_header, header, &caller) == 0);
    {
        spanlog_begin(span, "begun", SPANLOG_SERVER, caller);
        spanlog_end(span);
    }
    spanlog_ctx before = spanlog_ctx_attach(caller);
    {
        spanlog_scope(scope, "scoped");
        spanlog_scope(child, "child");
    }
    spanlog_ctx_attach(before);
}

static void serves_sampled(void) {
    serve("01");
}

static void serves_unsampled(void) {
    serve("00");
}

static const char *get_b3(void *header, const char *name) {
    return strcmp(name, "b3") == 0 ? header : NULL;
}

static void serves_on_demand(void) {
    char header[] = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-d";
    spanlog_ctx caller;
    check(spanlog_extract(get_b3, header, &caller) == 0);
    spanlog_begin(span, "begun", SPANLOG_SERVER, caller);
    spanlog_end(span);
}

static void assert_spans(const char *sampler, void (*body)(void), size_t expected) {
    with("OTEL_TRACES_SAMPLER", sampler);
    struct run *run = run_child(body);
    assert_exit(run, 0);
    size_t spans = count_lines(run, "msg", "span completed");
    if (spans != expected)
        fail_msg("%s: %zu spans, expected %zu", sampler, spans, expected);
}

static void a_parentbased_sampler_does_what_the_caller_says(void **state) {
    (void)state;
    assert_spans("parentbased_always_off", serves_sampled, 3);
    assert_spans("parentbased_always_on", serves_unsampled, 0);
}

static void another_sampler_does_not_go_by_the_caller(void **state) {
    (void)state;
    assert_spans("always_off", serves_sampled, 0);
    assert_spans("always_on", serves_unsampled, 3);
    assert_spans("always_off", serves_on_demand, 1);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static void visits(void) {
    static const char *const routes[] = {"/checkout", "/orders/{id}", "/health"};
    for (int i = 0; i < 30; i++) {
        const char *route = routes[i % 3];
        spanlog_scope_kind(sp, SPANLOG_SERVER, "GET", kv("http.request.method", "GET"),
                           kv("http.route", route));
    }
    for (int i = 0; i < 10; i++) {
        spanlog_scope(sp, "nightly job");
    }
}

static void rules_choose_by_route_and_operation(void **state) {
    (void)state;
    with("SPANLOG_SAMPLE_RULES", "route=/checkout:1; route=/*:0; operation=nightly*:1; 0");
    struct run *run = run_child(visits);
    assert_exit(run, 0);
    assert_count(run, "http.route", "/checkout", 10);
    assert_count(run, "operation", "GET", 10);
    assert_count(run, "operation", "nightly job", 10);
}

static void rules_of_other_services_and_environments_do_not_hold(void **state) {
    (void)state;
    with("SPANLOG_SAMPLE_RULES", "service=other:0; environment=production,service=shop:0; 1");
    with("SPANLOG_SERVICE", "shop");
    with("ENVIRONMENT", "staging");
    assert_count(run_child(visits), "msg", "span completed", 40);
    with("SPANLOG_SAMPLE_RULES", "service=other:0; environment=production,service=shop:0; 1");
    with("SPANLOG_SERVICE", "shop");
    with("ENVIRONMENT", "production");
    assert_count(run_child(visits), "msg", "span completed", 0);
}

static void bad_rules_are_named_and_none_hold(void **state) {
    (void)state;
    with("SPANLOG_SAMPLE_RULES", "path=/a:0");
    struct run *run = run_child(visits);
    assert_count(run, "msg", "span completed", 40);
    assert_says(run->err, "SPANLOG_SAMPLE_RULES=path=/a:0: conditions service=, ", 1);
}

/* ---- processes ------------------------------------------------------------------------------- */

static void forks_inside(void) {
    spanlog_scope(root, "root");
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        {
            spanlog_scope(child, "in the child");
            spanlog_info("child's");
        }
        spanlog_flush(-1);
        _exit(0);
    }
    int status;
    check(waitpid(pid, &status, 0) == pid && status == 0);
}

static void a_forked_child_goes_on_as_its_parent_had_it_decided(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "parentbased_always_off");
    struct run *run = run_child(forks_inside);
    assert_exit(run, 0);
    assert_count(run, "msg", "span completed", 0);
    assert_field(need_line(run, "msg", "child's"), "trace_flags", "00");
    run = run_child(forks_inside);
    assert_field(need_line(run, "operation", "in the child"), "parent_id",
                 field(need_line(run, "operation", "root"), "span_id"));
}

static void *keeps_tracing(void *unused) {
    (void)unused;
    for (int i = 0; i < 20000; i++) {
        spanlog_scope(root, "root");
        spanlog_scope(child, "child");
    }
    return NULL;
}

static void traces_on_threads(void) {
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        check(pthread_create(&threads[i], NULL, keeps_tracing, NULL) == 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

static void whole_traces_are_recorded_or_none_of_them(void **state) {
    (void)state;
    with("SPANLOG_SAMPLE_RATE", "30%");
    struct run *run = run_child(traces_on_threads);
    assert_exit(run, 0);
    size_t roots = count_lines(run, "operation", "root");
    assert_count(run, "operation", "child", roots);
    if (roots < 17439 || roots > 18561) /* 5 deviations of 60,000 at 0.3 */
        fail_msg("%zu of 60000", roots);
}

/* ---- at run time ----------------------------------------------------------------------------- */

static void put_rules(const char *format, int number) {
    FILE *file = fopen("next.conf", "we");
    check(file != NULL);
    fprintf(file, format, number);
    check(fclose(file) == 0 && rename("next.conf", "spanlog.conf") == 0);
}

static bool is_sampled(void) {
    spanlog_scope(sp, "asked");
    return (spanlog_ctx_current().flags & SPANLOG_FLAG_SAMPLED) != 0;
}

static void wait_until(bool sampled) {
    double start = now_seconds();
    while (is_sampled() != sampled) {
        check(now_seconds() - start < 20);
        sleep_ms(1);
    }
}

static uint32_t stop_asking;

static void *keeps_asking(void *unused) {
    (void)unused;
    while (__atomic_load_n(&stop_asking, __ATOMIC_RELAXED) == 0)
        is_sampled();
    return NULL;
}

/* More rule sets than are kept, each another; then two in turns. */
static void changes_rules(void) {
    pthread_t threads[2];
    put_rules("sample_rules = 0\n", 0);
    check(!is_sampled());
    for (int i = 0; i < 2; i++)
        check(pthread_create(&threads[i], NULL, keeps_asking, NULL) == 0);
    for (int i = 0; i < 300; i++) {
        put_rules(i % 2 == 0 ? "sample_rules = operation=number %d:0;1\n"
                             : "sample_rules = operation=asked:0;operation=number %d:1\n",
                  i);
        wait_until(i % 2 == 0);
    }
    for (int i = 0; i < 20; i++) {
        put_rules("sample_rate = %d\n", i % 2);
        wait_until(i % 2 == 1);
    }
    __atomic_store_n(&stop_asking, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static void rules_are_replaced_while_threads_ask_them(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    with("SPANLOG_OUTPUT", "none");
    struct run *run = run_child(changes_rules);
    assert_exit(run, 0);
    assert_string_equal(run->err, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(of_an_unsampled_trace_only_the_logs_are_written_with_their_ids),
        sentence(a_span_without_scope_hands_on_that_it_is_not_recorded),
        sentence(a_tenth_is_a_tenth_and_says_so),
        sentence(a_rate_alone_is_a_sampler),
        sentence(a_rate_outside_0_to_1_is_clamped_and_said_once),
        sentence(a_limit_bounds_traces_a_second),
        sentence(a_parentbased_sampler_does_what_the_caller_says),
        sentence(another_sampler_does_not_go_by_the_caller),
        sentence(rules_choose_by_route_and_operation),
        sentence(rules_of_other_services_and_environments_do_not_hold),
        sentence(bad_rules_are_named_and_none_hold),
        sentence(a_forked_child_goes_on_as_its_parent_had_it_decided),
        sentence(whole_traces_are_recorded_or_none_of_them),
        sentence(rules_are_replaced_while_threads_ask_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
