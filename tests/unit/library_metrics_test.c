/* tests/unit/library_metrics_test.c: what is counted is what comes out, as spanlog/metrics.h says:
 * by threads, in forked children, with hostile labels, and beyond the bound. Out of spans:
 * library_red_test.c; its file: library_metrics_file_test.c. The form of the text is also held
 * against others' parsers: conformance/metrics_text_test.py.
 */
#include "tests/unit/library_check.h"

#include <spanlog/metrics.h>

static spanlog_counter jobs = SPANLOG_COUNTER("jobs_total", "Jobs done.", "kind", "result");
static spanlog_counter plain = SPANLOG_COUNTER("plain_total", "Plain.");
static spanlog_gauge level = SPANLOG_GAUGE("level", "Level.");
static const double bounds[] = {.25, 1};
static spanlog_histogram took = SPANLOG_HISTOGRAM("took_seconds", "Time.", bounds, "kind");

/* The program's metrics, to its standard output. */
static void print_as(spanlog_metrics_format format) {
    char *text = NULL;
    size_t size = 0;
    check_equal(spanlog_metrics_print(format, &text, &size), 0);
    check_equal(strlen(text), size);
    check_equal(write(STDOUT_FILENO, text, size), (long long)size);
    free(text);
}

static void print_all(void) {
    print_as(SPANLOG_METRICS_PROMETHEUS);
}

/* ---- counting -------------------------------------------------------------------------------- */

static void counts_a_little(void) {
    spanlog_counter_add(&jobs, 2, "mail", "sent");
    spanlog_bound_counter sent = spanlog_counter_bind(&jobs, "mail", "sent");
    spanlog_bound_counter_add(sent, 3);
    spanlog_gauge_set(&level, 2.5);
    spanlog_gauge_add(&level, -4);
    spanlog_histogram_observe(&took, .25, "mail");
    spanlog_histogram_observe(&took, .5, "mail");
    spanlog_histogram_observe(&took, 7, "mail");
    spanlog_histogram_observe(&took, __builtin_nan(""), "mail");
    print_all();
}

static void what_was_counted_is_written(void **state) {
    (void)state;
    struct run *run = run_child(counts_a_little);
    assert_exit(run, 0);
    assert_string_equal(run->err, "");
    assert_string_equal(run->out, "# HELP jobs_total Jobs done.\n"
                                  "# TYPE jobs_total counter\n"
                                  "jobs_total{kind=\"mail\",result=\"sent\"} 5\n"
                                  "# HELP level Level.\n"
                                  "# TYPE level gauge\n"
                                  "level -1.5\n"
                                  "# HELP took_seconds Time.\n"
                                  "# TYPE took_seconds histogram\n"
                                  "took_seconds_bucket{kind=\"mail\",le=\"0.25\"} 1\n"
                                  "took_seconds_bucket{kind=\"mail\",le=\"1.0\"} 2\n"
                                  "took_seconds_bucket{kind=\"mail\",le=\"+Inf\"} 3\n"
                                  "took_seconds_sum{kind=\"mail\"} 7.75\n"
                                  "took_seconds_count{kind=\"mail\"} 3\n");
}

enum { THREADS = 8, ROUNDS = 100000 };

static void *counts_much(void *arg) {
    static const char *const names[] = {"a", "b", "c", "d"};
    spanlog_bound_counter bound = spanlog_counter_bind(&jobs, "bound", "x");
    for (int i = 0; i < ROUNDS; i++) {
        spanlog_bound_counter_add(bound, 1);
        spanlog_counter_add(&plain, 3);
        spanlog_counter_add(&jobs, 1, names[i & 3], (const char *)arg);
        spanlog_gauge_add(&level, 1);
        spanlog_histogram_observe(&took, .5, names[i & 1]);
    }
    return NULL;
}

static void counts_with_threads(void) {
    static char results[2][2] = {"z", "y"};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        check_equal(pthread_create(&threads[i], NULL, counts_much, results[i & 1]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    print_all();
}

static void eight_threads_lose_no_count(void **state) {
    (void)state;
    struct run *run = run_child(counts_with_threads);
    assert_exit(run, 0);
    assert_says(run->out, "jobs_total{kind=\"bound\",result=\"x\"} 800000\n", 1);
    assert_says(run->out, "plain_total 2400000\n", 1);
    assert_says(run->out, "jobs_total{kind=\"a\",result=\"y\"} 100000\n", 1);
    assert_says(run->out, "jobs_total{kind=\"d\",result=\"z\"} 100000\n", 1);
    assert_says(run->out, "level 800000\n", 1);
    assert_says(run->out, "took_seconds_bucket{kind=\"b\",le=\"0.25\"} 0\n", 1);
    assert_says(run->out, "took_seconds_bucket{kind=\"b\",le=\"1.0\"} 400000\n", 1);
    assert_says(run->out, "took_seconds_sum{kind=\"a\"} 200000\n", 1);
}

static double ask(void *arg) {
    spanlog_counter_add(&plain, 1); /* no lock is held */
    return *(const double *)arg;
}

static void has_a_callback(void) {
    static double value = 1;
    spanlog_gauge_callback(&level, ask, &value);
    value = 42.5;
    print_all();
}

static void a_callback_is_asked_when_the_text_is_made(void **state) {
    (void)state;
    assert_says(run_child(has_a_callback)->out, "level 42.5\n", 1);
}

/* ---- labels ---------------------------------------------------------------------------------- */

static void counts_hostile_values(void) {
    static char long_value[1000];
    memset(long_value, 'x', sizeof long_value - 1);
    spanlog_counter_add(&jobs, 1, "a\"b\\c\nd\te", "\xff\xc3\xa9\xc3");
    spanlog_counter_add(&jobs, 2, NULL, "");
    spanlog_counter_add(&jobs, 3, long_value, "");
    spanlog_counter_add(&jobs, 4, "\xfe", "");
    spanlog_counter_add(&jobs, 5, "\xff", ""); /* the same, once repaired */
    print_all();
}

static void hostile_label_values_are_escaped_repaired_and_cut(void **state) {
    (void)state;
    char expected[400], xs[257];
    memset(xs, 'x', 256);
    xs[256] = '\0';
    snprintf(expected, sizeof expected, "jobs_total{kind=\"%s\",result=\"\"} 3\n", xs);
    struct run *run = run_child(counts_hostile_values);
    assert_says(
        run->out,
        "jobs_total{kind=\"a\\\"b\\\\c\\nd\te\",result=\"\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\"} 1\n",
        1);
    assert_says(run->out, "jobs_total{kind=\"\",result=\"\"} 2\n", 1);
    assert_says(run->out, expected, 1);
    assert_says(run->out, "jobs_total{kind=\"\xef\xbf\xbd\",result=\"\"} 9\n", 1);
}

static void counts_many_sets(void) {
    char value[16];
    for (int i = 0; i < 100; i++) {
        snprintf(value, sizeof value, "%d", i);
        spanlog_counter_add(&jobs, 1, "user", value);
        spanlog_histogram_observe(&took, 1, value);
    }
    spanlog_counter_add(&jobs, 1, "user", "3"); /* is known: not folded */
    print_all();
}

static void what_is_beyond_the_bound_is_folded_and_counted(void **state) {
    (void)state;
    with("SPANLOG_METRICS_SERIES", "10");
    struct run *run = run_child(counts_many_sets);
    assert_exit(run, 0);
    assert_says(run->out, "\njobs_total{", 11);
    assert_says(run->out, "jobs_total{kind=\"user\",result=\"3\"} 2\n", 1);
    assert_says(run->out, "jobs_total{kind=\"other\",result=\"other\"} 90\n", 1);
    assert_says(run->out, "took_seconds_count{kind=\"other\"} 90\n", 1);
    assert_says(run->out, "spanlog_metrics_folded_total{metric=\"jobs_total\"} 90\n", 1);
    assert_says(run->out, "spanlog_metrics_folded_total{metric=\"took_seconds\"} 90\n", 1);
}

/* ---- names ----------------------------------------------------------------------------------- */

static const double falling[] = {2, 1};
static spanlog_counter no_total = SPANLOG_COUNTER("jobs", "Help.");
static spanlog_counter digit = SPANLOG_COUNTER("1_total", "Help.");
static spanlog_counter no_help = SPANLOG_COUNTER("helpless_total", "");
static spanlog_counter no_utf8 = SPANLOG_COUNTER("latin_total", "Gr\xfc\xdf"
                                                                "e.");
static spanlog_counter nine =
    SPANLOG_COUNTER("nine_total", "Help.", "a", "b", "c", "d", "e", "f", "g", "h", "i");
static spanlog_counter twice = SPANLOG_COUNTER("twice_total", "Help.", "a", "a");
static spanlog_counter reserved = SPANLOG_COUNTER("reserved_total", "Help.", "__a");
static spanlog_gauge sum = SPANLOG_GAUGE("a_sum", "Help.");
static spanlog_gauge other_type = SPANLOG_GAUGE("plain", "Plain.");
static spanlog_histogram le = SPANLOG_HISTOGRAM("le_seconds", "Help.", bounds, "le");
static spanlog_histogram unordered = SPANLOG_HISTOGRAM("fall_seconds", "Help.", falling);

static void uses_bad_names(void) {
    for (int i = 0; i < 3; i++) {
        spanlog_counter_add(&plain, 1);
        spanlog_counter_add(&no_total, 1);
        spanlog_counter_add(&digit, 1);
        spanlog_counter_add(&no_help, 1);
        spanlog_counter_add(&no_utf8, 1);
        spanlog_counter_add(&nine, 1, "1", "2", "3", "4", "5", "6", "7", "8", "9");
        spanlog_counter_add(&twice, 1, "x", "y");
        spanlog_counter_add(&reserved, 1, "x");
        spanlog_gauge_set(&sum, 1);
        spanlog_gauge_set(&other_type, 1);
        spanlog_histogram_observe(&le, 1, "x");
        spanlog_histogram_observe(&unordered, 1);
        spanlog_counter_add(&jobs, 1, "one value for two labels");
        spanlog_gauge_callback(&other_type, ask, NULL);
    }
    print_all();
}

static void a_wrong_metric_says_so_once_and_counts_nothing(void **state) {
    (void)state;
    struct run *run = run_child(uses_bad_names);
    assert_exit(run, 0);
    assert_says(run->err, "\"jobs\": a counter's name ends with _total", 1);
    assert_says(run->err, "\"1_total\": a name is letters, digits", 1);
    assert_says(run->err, "\"helpless_total\": its help is missing", 1);
    assert_says(run->err, "\"latin_total\": its help is not UTF-8", 1);
    assert_says(run->err, "\"nine_total\": it has more than 8 labels", 1);
    assert_says(run->err, "\"twice_total\": it has a label twice", 1);
    assert_says(run->err, "\"reserved_total\": a label's name is letters", 1);
    assert_says(run->err, "\"a_sum\": only counters end with", 1);
    assert_says(run->err, "\"plain\": there is one of that name with another type", 1);
    assert_says(run->err, "\"le_seconds\": a histogram's label cannot be \"le\"", 1);
    assert_says(run->err, "\"fall_seconds\": buckets are finite and ascend", 1);
    assert_says(run->err, "\"jobs_total\" has 2 labels, but was given 1 values", 1);
    assert_says(run->err, "spanlog: ", 12);
    assert_string_equal(run->out,
                        "# HELP plain_total Plain.\n# TYPE plain_total counter\nplain_total 3\n");
}

/* That it compiles without a warning is part of it. */
static void uses_eight_labels(void) {
    static spanlog_counter sums =
        SPANLOG_COUNTER("sums_total", "Sums.", "a", "b", "c", "d", "e", "f", "g", "h");
    static spanlog_histogram wide =
        SPANLOG_HISTOGRAM("wide_seconds", "Wide.", bounds, "a", "b", "c", "d", "e", "f", "g", "h");
    spanlog_counter_add(&sums, 1, "1", "2", "3", "4", "5", "6", "7", "8");
    spanlog_histogram_observe(&wide, 1, "1", "2", "3", "4", "5", "6", "7", "8");
    print_all();
}

static void every_kind_may_have_eight_labels(void **state) {
    (void)state;
    static const char labels[] =
        "{a=\"1\",b=\"2\",c=\"3\",d=\"4\",e=\"5\",f=\"6\",g=\"7\",h=\"8\"} 1\n";
    struct run *run = run_child(uses_eight_labels);
    assert_string_equal(run->err, "");
    assert_says(run->out, labels, 3); /* the counter, and sum and count of the histogram */
}

static void uses_one_name_twice(void) {
    static spanlog_counter again = SPANLOG_COUNTER("plain_total", "Plain.");
    spanlog_counter_add(&plain, 1);
    spanlog_counter_add(&again, 2);
    print_all();
}

static void one_metric_may_be_declared_in_two_places(void **state) {
    (void)state;
    struct run *run = run_child(uses_one_name_twice);
    assert_string_equal(run->err, "");
    assert_says(run->out, "plain_total 3\n", 1);
}

/* ---- processes and settings ------------------------------------------------------------------ */

static void counts_and_forks(void) {
    spanlog_bound_counter bound = spanlog_counter_bind(&jobs, "a", "b");
    spanlog_bound_counter_add(bound, 7);
    spanlog_histogram_observe(&took, 1, "mail");
    pid_t child = fork();
    spanlog_bound_counter_add(bound, 1);
    if (child == 0) {
        print_all();
        _exit(0);
    }
    int status;
    check_equal(waitpid(child, &status, 0), child);
    check_equal(status, 0);
    spanlog_bound_counter_add(bound, 100);
    print_all();
}

static void a_forked_child_counts_from_zero(void **state) {
    (void)state;
    struct run *run = run_child(counts_and_forks);
    assert_exit(run, 0);
    assert_says(run->out, "jobs_total{kind=\"a\",result=\"b\"} 1\n", 1);
    assert_says(run->out, "jobs_total{kind=\"a\",result=\"b\"} 108\n", 1);
    assert_says(run->out, "took_seconds_sum{kind=\"mail\"} 0\n", 1);
    assert_says(run->out, "took_seconds_sum{kind=\"mail\"} 1\n", 1);
}

static void switched_off_there_are_none(void **state) {
    (void)state;
    with("METRICS_ENABLED", "false");
    with("SPANLOG_METRICS_FILE", "metrics.prom");
    struct run *run = run_child(counts_a_little);
    assert_exit(run, 0);
    assert_string_equal(run->out, "");
    assert_string_equal(run->err, "");
    assert_int_equal(count_files(run_directory(), ".prom"), 0);
}

static void observes_in_traces(void) {
    spanlog_ctx unsampled = {.trace_id = {1}, .span_id = {2}, .flags = 0};
    {
        spanlog_scope(sp, "op");
        char trace_id[33];
        spanlog_histogram_observe(&took, .1, "in");
        spanlog_trace_id(trace_id);
        fprintf(stderr, "trace_id=\"%s\"", trace_id);
    }
    spanlog_ctx before = spanlog_ctx_attach(unsampled);
    spanlog_histogram_observe(&took, .1, "unsampled");
    spanlog_ctx_attach(before);
    spanlog_histogram_observe(&took, .1, "out");
    print_as(SPANLOG_METRICS_OPENMETRICS);
}

static void a_sampled_span_leaves_an_exemplar(void **state) {
    (void)state;
    struct run *run = run_child(observes_in_traces);
    assert_exit(run, 0);
    assert_says(run->out, "took_seconds_bucket{kind=\"in\",le=\"0.25\"} 1 # {trace_id=\"", 1);
    assert_says(run->out, run->err, 1);
    assert_says(run->out, " # {", 1);
    assert_string_equal(run->out + strlen(run->out) - strlen("\n# EOF\n"), "\n# EOF\n");
}

/* ---- what a scraper asks for ----------------------------------------------------------------- */

static void the_accept_header_chooses_the_format(void **state) {
    (void)state;
    static const struct {
        const char *accept;
        spanlog_metrics_format format;
    } cases[] = {
        {NULL, SPANLOG_METRICS_PROMETHEUS},
        {"", SPANLOG_METRICS_PROMETHEUS},
        {"*/*", SPANLOG_METRICS_PROMETHEUS},
        {"application/openmetrics-text", SPANLOG_METRICS_OPENMETRICS},
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
         "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         SPANLOG_METRICS_OPENMETRICS},
        {"text/plain;version=0.0.4;q=0.5, Application/OpenMetrics-Text; version=\"1.0.0\"; q=0.8",
         SPANLOG_METRICS_OPENMETRICS},
        {"application/openmetrics-text;q=0.1,text/plain", SPANLOG_METRICS_PROMETHEUS},
        {"application/openmetrics-text;q=0", SPANLOG_METRICS_PROMETHEUS},
        {"application/openmetrics-text;version=2.0.0", SPANLOG_METRICS_PROMETHEUS},
        {"application/openmetrics-text;q=x", SPANLOG_METRICS_PROMETHEUS},
        {"application/vnd.google.protobuf;q=0.9,text/plain;q=0.2", SPANLOG_METRICS_PROMETHEUS},
        {",;,;;=\",", SPANLOG_METRICS_PROMETHEUS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (spanlog_metrics_accept(cases[i].accept) != cases[i].format)
            fail_msg("\"%s\" is not format %d", cases[i].accept, cases[i].format);
    }
}

static int refuse(void *arg, const char *text, size_t size) {
    (void)text, (void)size;
    ++*(int *)arg;
    return 7;
}

static void a_sink_that_refuses_is_not_asked_again(void) {
    int asked = 0;
    counts_many_sets();
    check_equal(spanlog_metrics_write(SPANLOG_METRICS_PROMETHEUS, refuse, &asked), 7);
    check_equal(asked, 1);
}

static void a_sinks_refusal_is_returned(void **state) {
    (void)state;
    assert_exit(run_child(a_sink_that_refuses_is_not_asked_again), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(what_was_counted_is_written),
        sentence(eight_threads_lose_no_count),
        sentence(a_callback_is_asked_when_the_text_is_made),
        sentence(hostile_label_values_are_escaped_repaired_and_cut),
        sentence(what_is_beyond_the_bound_is_folded_and_counted),
        sentence(a_wrong_metric_says_so_once_and_counts_nothing),
        sentence(every_kind_may_have_eight_labels),
        sentence(one_metric_may_be_declared_in_two_places),
        sentence(a_forked_child_counts_from_zero),
        sentence(switched_off_there_are_none),
        sentence(a_sampled_span_leaves_an_exemplar),
        sentence(the_accept_header_chooses_the_format),
        sentence(a_sinks_refusal_is_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
