/* tests/unit/library_red_test.c: rate, errors and duration of requests, queries and model calls,
 * out of their spans: each once, whatever becomes of its trace.
 */
#include "tests/unit/library_check.h"

#include <spanlog/metrics.h>

#include <fcntl.h>
#include <sys/stat.h>

/* The program's metrics, when all spans are counted, to its standard output. */
static void print_as(spanlog_metrics_format format) {
    char *text = NULL;
    size_t size = 0;
    check_equal(spanlog_flush(-1), 0);
    check_equal(spanlog_metrics_print(format, &text, &size), 0);
    check_equal(write(STDOUT_FILENO, text, size), (long long)size);
    free(text);
}

static void print_all(void) {
    print_as(SPANLOG_METRICS_PROMETHEUS);
}

/* A request; status 0: it sets none. */
static void serves(const char *method, const char *route, int status) {
    spanlog_scope_kind(sp, SPANLOG_SERVER, "request", kv("http.request.method", method),
                       kv("http.route", route));
    if (status != 0)
        spanlog_status(&sp, status);
    else
        spanlog_fail(&sp, "no answer");
}

static void queries(const char *operation, bool fails) {
    spanlog_scope_kind(query, SPANLOG_CLIENT, "query", kv("db.system.name", "sqlite"),
                       kv("db.operation.name", operation));
    if (fails)
        spanlog_fail(&query, "no such table");
}

static void asks_a_model(bool fails) {
    spanlog_scope_kind(call, SPANLOG_CLIENT, "chat", kv("gen_ai.provider.name", "p"),
                       kv("gen_ai.request.model", "m"), kv("gen_ai.usage.input_tokens", 12),
                       kv("gen_ai.usage.output_tokens", (int64_t)5));
    if (fails)
        spanlog_fail(&call, "overloaded");
}

static void makes_spans(void) {
    for (int i = 0; i < 3; i++)
        serves("GET", "/orders/{id}", 200);
    serves("POST", "/orders", 503);
    serves("POST", "/orders", 0);
    queries("SELECT", false);
    queries("DROP", true);
    asks_a_model(false);
    asks_a_model(true);
    { /* neither: not counted as one of them */
        spanlog_scope(inner, "step", kv("http.request.method", "GET"));
    }
    print_all();
}

#define ORDERS "http_requests_total{method=\"GET\",path=\"/orders/{id}\",status=\"200\"}"

/* ---- names ----------------------------------------------------------------------------------- */

static void spans_give_rates_errors_and_durations(void **state) {
    (void)state;
    struct run *run = run_child(makes_spans);
    assert_exit(run, 0);
    assert_says(run->out, ORDERS " 3\n", 1);
    assert_says(run->out, "\nhttp_requests_total", 3);
    assert_says(run->out,
                "http_requests_total{method=\"POST\",path=\"/orders\",status=\"503\"} 1\n", 1);
    assert_says(run->out,
                "http_requests_total{method=\"POST\",path=\"/orders\",status=\"error\"} 1\n", 1);
    assert_says(run->out,
                "http_request_duration_seconds_count{method=\"GET\",path=\"/orders/"
                "{id}\",status=\"200\"} 3\n",
                1);
    assert_says(run->out,
                "db_query_duration_seconds_count{query_type=\"SELECT\",system=\"sqlite\",status="
                "\"ok\"} 1\n",
                1);
    assert_says(run->out,
                "db_query_duration_seconds_count{query_type=\"DROP\",system=\"sqlite\",status="
                "\"error\"} 1\n",
                1);
    assert_says(run->out,
                "llm_request_duration_seconds_count{provider=\"p\",model=\"m\",status=\"ok\"} 1\n",
                1);
    assert_says(
        run->out,
        "llm_request_duration_seconds_count{provider=\"p\",model=\"m\",status=\"error\"} 1\n", 1);
    assert_says(run->out, "llm_tokens_total{provider=\"p\",model=\"m\",type=\"input\"} 24\n", 1);
    assert_says(run->out, "llm_tokens_total{provider=\"p\",model=\"m\",type=\"output\"} 10\n", 1);
}

static void opentelemetrys_metric_has_a_status_code_or_none(void **state) {
    (void)state;
    struct run *run = run_child(makes_spans);
    assert_says(run->out,
                "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route="
                "\"/orders/{id}\",http_response_status_code=\"200\"} 3\n",
                1);
    assert_says(run->out,
                "http_server_request_duration_seconds_count{http_request_method=\"POST\",http_"
                "route=\"/orders\",http_response_status_code=\"\"} 1\n",
                1);
}

static spanlog_counter failures = SPANLOG_AUTH_FAILURES;
static spanlog_gauge connections = SPANLOG_DB_CONNECTIONS_ACTIVE;
static spanlog_gauge sockets = SPANLOG_WEBSOCKET_CONNECTIONS;

static void counts_what_no_span_tells_of(void) {
    spanlog_counter_add(&failures, 1, "expired");
    spanlog_gauge_set(&connections, 4);
    spanlog_gauge_add(&sockets, 2);
    print_all();
}

static void what_no_span_tells_of_has_its_name_too(void **state) {
    (void)state;
    struct run *run = run_child(counts_what_no_span_tells_of);
    assert_exit(run, 0);
    assert_says(run->out, "\nauth_failures_total{reason=\"expired\"} 1\n", 1);
    assert_says(run->out, "\ndb_connections_active 4\n", 1);
    assert_says(run->out, "\nwebsocket_connections 2\n", 1);
}

static void serves_many_routes(void) {
    char route[32];
    for (int i = 0; i < 50; i++) {
        snprintf(route, sizeof route, "/%d", i % 25);
        serves("GET", route, 200);
    }
    print_all();
}

static void routes_beyond_the_bound_are_folded_and_counted(void **state) {
    (void)state;
    with("SPANLOG_METRICS_SERIES", "5");
    struct run *run = run_child(serves_many_routes);
    assert_exit(run, 0);
    assert_says(run->out, "\nhttp_requests_total{", 6);
    assert_says(run->out, "http_requests_total{method=\"GET\",path=\"/4\",status=\"200\"} 2\n", 1);
    assert_says(run->out,
                "http_requests_total{method=\"other\",path=\"other\",status=\"other\"} 40\n", 1);
    assert_says(run->out, "spanlog_metrics_folded_total{metric=\"http_requests_total\"} 40\n", 1);
    assert_says(run->out,
                "spanlog_metrics_folded_total{metric=\"http_server_request_duration_seconds\"} "
                "40\n",
                1);
}

/* ---- once ------------------------------------------------------------------------------------ */

static void the_same_without_a_thread(void **state) {
    (void)state;
    with("SPANLOG_SYNC", "1");
    assert_says(run_child(makes_spans)->out, ORDERS " 3\n", 1);
}

static void a_span_counts_once_however_many_outputs_it_has(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:log.jsonl,file:other.jsonl");
    assert_says(run_child(makes_spans)->out, ORDERS " 3\n", 1);
}

static void a_span_counts_where_nothing_is_written(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "none");
    struct run *run = run_child(makes_spans);
    assert_exit(run, 0);
    assert_says(run->out, ORDERS " 3\n", 1);
    assert_int_equal(run->count, 0);
}

static void a_span_below_the_level_of_every_output_counts(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "error:file:log.jsonl");
    struct run *run = run_child(makes_spans);
    assert_says(run->out, ORDERS " 3\n", 1);
    assert_count(run, "operation", "request", 0);
}

static void switched_off_nothing_is_counted(void **state) {
    (void)state;
    with("METRICS_ENABLED", "false");
    struct run *run = run_child(makes_spans);
    assert_string_equal(run->out, "");
    assert_count(run, "operation", "request", 5);
}

enum { THREADS = 4, ROUNDS = 2000 };

static void *serves_much(void *arg) {
    for (int i = 0; i < ROUNDS; i++) {
        serves("GET", "/orders/{id}", i % 10 == 0 ? 500 : 200);
        queries("SELECT", false);
    }
    return arg;
}

static void serves_with_threads(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        check_equal(pthread_create(&threads[i], NULL, serves_much, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    print_all();
}

static void assert_all_of_the_threads(const struct run *run) {
    assert_exit(run, 0);
    assert_says(run->out, ORDERS " 7200\n", 1);
    assert_says(run->out, "path=\"/orders/{id}\",status=\"500\"} 800\n", 2);
    assert_says(run->out, "query_type=\"SELECT\",system=\"sqlite\",status=\"ok\"} 8000\n", 1);
}

static void threads_requests_are_all_counted(void **state) {
    (void)state;
    assert_all_of_the_threads(run_child(serves_with_threads));
}

/* ---- sampling -------------------------------------------------------------------------------- */

static void requests_of_unsampled_traces_count_and_are_not_written(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "always_off");
    struct run *run = run_child(makes_spans);
    assert_exit(run, 0);
    assert_says(run->out, ORDERS " 3\n", 1);
    assert_says(run->out, "query_type=\"DROP\",system=\"sqlite\",status=\"error\"} 1\n", 1);
    assert_says(run->out, "type=\"input\"} 24\n", 1);
    assert_count(run, "msg", "span completed", 0);
    with("SPANLOG_SYNC", "1");
    assert_says(run_child(makes_spans)->out, ORDERS " 3\n", 1);
}

static void of_some_sampled_and_some_not_all_count_once(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "traceidratio");
    with("OTEL_TRACES_SAMPLER_ARG", "0.3");
    struct run *run = run_child(serves_with_threads);
    assert_in_range(count_lines(run, "operation", "request"), 2000, 2800);
    assert_all_of_the_threads(run);
}

static const char *unsampled_header(void *arg, const char *name) {
    (void)arg;
    return strcmp(name, "traceparent") == 0
               ? "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
               : NULL;
}

/* The thread is in the same context before and after, and only server and client spans are more
 * than ids. */
static void serves_below_a_caller_that_does_not_sample(void) {
    spanlog_ctx caller;
    char before[17], inside[17], step[17], after[17];
    check_equal(spanlog_extract(unsampled_header, NULL, &caller), 0);
    spanlog_begin(request, "request", SPANLOG_SERVER, caller, kv("http.request.method", "GET"),
                  kv("http.route", "/below"));
    spanlog_ctx old = spanlog_ctx_attach(spanlog_span_ctx(&request));
    spanlog_span_id(before);
    {
        spanlog_scope(inner, "step");
        check(inner.open == NULL);
        spanlog_span_id(step);
        spanlog_scope_kind(query, SPANLOG_CLIENT, "query", kv("db.system.name", "sqlite"));
        check(query.open != NULL);
        spanlog_span_id(inside);
        spanlog_scope(innermost, "step");
        check(innermost.open == NULL);
    }
    spanlog_span_id(after);
    check(strcmp(before, step) == 0 && strcmp(before, after) == 0 && strcmp(before, inside) != 0);
    check((spanlog_ctx_current().flags & SPANLOG_FLAG_SAMPLED) == 0);
    spanlog_ctx_attach(old);
    spanlog_status(&request, 204);
    spanlog_end(request);
    spanlog_scope(sampled, "sampled again");
    check(sampled.open != NULL && (spanlog_ctx_current().flags & SPANLOG_FLAG_SAMPLED) != 0);
    print_all();
}

static void below_a_caller_that_does_not_sample_requests_count(void **state) {
    (void)state;
    struct run *run = run_child(serves_below_a_caller_that_does_not_sample);
    assert_exit(run, 0);
    assert_says(run->out, "http_requests_total{method=\"GET\",path=\"/below\",status=\"204\"} 1\n",
                1);
    assert_says(run->out, "db_query_duration_seconds_count{query_type=\"\",system=\"sqlite\"", 1);
    assert_count(run, "msg", "span completed", 1);
    assert_count(run, "operation", "sampled again", 1);
}

static void dies_in_unsampled_spans(void) {
    spanlog_scope_kind(request, SPANLOG_SERVER, "request", kv("http.request.method", "GET"));
    spanlog_begin(call, "call", SPANLOG_CLIENT, spanlog_ctx_current());
    check(request.open != NULL && call.open != NULL);
    spanlog_info("the last line");
    raise(SIGKILL);
}

static void says_something(void) {
    spanlog_info("begun again");
}

static void an_unsampled_span_of_a_dead_process_is_not_told_of(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "always_off");
    assert_signal(run_child(dies_in_unsampled_spans), SIGKILL);
    struct run *run = run_again(says_something);
    assert_exit(run, 0);
    assert_count(run, "msg", "the last line", 1);
    assert_count(run, "msg", "span abandoned", 0);
    assert_count(run, "msg", "span completed", 0);
}

static void makes_ids_only(void) {
    spanlog_scope_kind(request, SPANLOG_SERVER, "request", kv("http.request.method", "GET"));
    spanlog_begin(call, "call", SPANLOG_CLIENT, spanlog_ctx_current());
    spanlog_scope_kind(query, SPANLOG_CLIENT, "query", kv("db.system.name", "sqlite"));
    check(query.open == NULL && call.open == NULL && spanlog__context.unsampled == 1);
}

static void without_metrics_an_unsampled_span_is_its_ids_only(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "always_off");
    with("METRICS_ENABLED", "false");
    assert_exit(run_child(makes_ids_only), 0);
}

static void with_a_tail_every_span_counts_though_its_trace_is_forgotten(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "always_off");
    with("SPANLOG_TAIL", "slow:60m");
    struct run *run = run_child(serves_with_threads);
    assert_count(run, "operation", "request", 0);
    assert_all_of_the_threads(run);
}

static void with_a_tail_a_span_that_is_kept_counts_once(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    with("OTEL_TRACES_SAMPLER_ARG", "0.3");
    with("SPANLOG_TAIL", "errors");
    struct run *run = run_child(serves_with_threads);
    assert_in_range(count_lines(run, "operation", "request"), 800 + 1, 8000 - 1);
    assert_all_of_the_threads(run);
}

static void serves_in_traces(void) {
    char trace_id[33];
    {
        spanlog_scope(root, "root");
        serves("GET", "/child", 200);
        spanlog_trace_id(trace_id);
        spanlog_fail(&root, "kept for this");
    }
    serves("GET", "/good", 200);
    {
        spanlog_scope_kind(bad, SPANLOG_SERVER, "request", kv("http.request.method", "GET"),
                           kv("http.route", "/bad"));
        spanlog_trace_id(trace_id);
        spanlog_status(&bad, 500);
    }
    fprintf(stderr, "# {trace_id=\"%s\"", trace_id);
    print_as(SPANLOG_METRICS_OPENMETRICS);
}

/* Of what waits nobody knows whether its ids will ever be found in a log. */
static void of_unsampled_traces_the_root_that_is_kept_leaves_exemplars(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "always_off");
    with("SPANLOG_TAIL", "errors");
    struct run *run = run_child(serves_in_traces);
    assert_exit(run, 0);
    assert_says(run->out, "path=\"/child\",status=\"200\"} 1\n", 2);
    assert_says(run->out, "path=\"/good\",status=\"200\"} 1\n", 2);
    assert_says(run->out, "path=\"/bad\",status=\"500\"} 1\n", 2);
    assert_says(run->out, " # {", 2); /* in both histograms */
    assert_says(run->out, run->err, 2);
}

static void *reads_a_fifo(void *unused) {
    char block[4096];
    int fd = open("fifo", O_RDONLY);
    while (read(fd, block, sizeof block) > 0)
        ;
    close(fd);
    return unused;
}

/* The trace is more than a batch, and nobody takes the batch for a while. */
static void keeps_what_the_sink_does_not_take(void) {
    char text[1000];
    pthread_t reader;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    check_equal(mkfifo("fifo", 0600), 0);
    {
        spanlog_scope_kind(request, SPANLOG_SERVER, "request", kv("http.request.method", "GET"),
                           kv("http.route", "/stuck"));
        for (int i = 0; i < 800; i++)
            spanlog_debug("much", kv("text", text));
        spanlog_status(&request, 500);
    }
    sleep_ms(400);
    pthread_create(&reader, NULL, reads_a_fifo, NULL);
    check_equal(spanlog_flush(10000), 0);
    print_all();
    check_equal(spanlog_shutdown(5000), 0);
}

static void a_span_that_is_asked_about_again_counts_once(void **state) {
    (void)state;
    with("OTEL_TRACES_SAMPLER", "always_off");
    with("SPANLOG_TAIL", "errors");
    with("SPANLOG_OUTPUT", "file:fifo");
    struct run *run = run_child(keeps_what_the_sink_does_not_take);
    assert_exit(run, 0);
    assert_says(run->out, "path=\"/stuck\",status=\"500\"} 1\n", 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(spans_give_rates_errors_and_durations),
        sentence(opentelemetrys_metric_has_a_status_code_or_none),
        sentence(what_no_span_tells_of_has_its_name_too),
        sentence(routes_beyond_the_bound_are_folded_and_counted),
        sentence(the_same_without_a_thread),
        sentence(a_span_counts_once_however_many_outputs_it_has),
        sentence(a_span_counts_where_nothing_is_written),
        sentence(a_span_below_the_level_of_every_output_counts),
        sentence(switched_off_nothing_is_counted),
        sentence(threads_requests_are_all_counted),
        sentence(requests_of_unsampled_traces_count_and_are_not_written),
        sentence(of_some_sampled_and_some_not_all_count_once),
        sentence(below_a_caller_that_does_not_sample_requests_count),
        sentence(an_unsampled_span_of_a_dead_process_is_not_told_of),
        sentence(without_metrics_an_unsampled_span_is_its_ids_only),
        sentence(with_a_tail_every_span_counts_though_its_trace_is_forgotten),
        sentence(with_a_tail_a_span_that_is_kept_counts_once),
        sentence(of_unsampled_traces_the_root_that_is_kept_leaves_exemplars),
        sentence(a_span_that_is_asked_about_again_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
