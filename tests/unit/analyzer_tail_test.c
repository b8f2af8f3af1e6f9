/* tests/unit/analyzer_tail_test.c: when a trace is complete, and what is done with those that are
 * not. The clock is the test's. */
#include "tests/unit/analyzer_test.h"

#include "src/analyzer/trace/tail.h"
#include "src/analyzer/where/where.h"

#define MS ((uint64_t)1000000)
#define SETTLE (500 * MS)
#define GIVE_UP (30000 * MS)

struct tailing {
    struct spanlog_tail *tail;
    struct spanlog_issues issues;
    char
        shown[512]; /* of each trace that was handed on: the end of its id, its spans, its reason */
    char clock[64]; /* the host whose clock was corrected in the last one */
    uint64_t now_ns;
};

static const char reasons[] = "CGLS";

static int note_shown(void *argument, const struct spanlog_trace *trace,
                      enum spanlog_tail_reason reason) {
    struct tailing *tailing = argument;
    size_t used = strlen(tailing->shown);
    snprintf(tailing->shown + used, sizeof tailing->shown - used, "%c%u%c ",
             trace->matches[0].data[31], trace->tree.count - trace->tree.unfinished,
             reasons[reason]);
    if (trace->clock_count)
        snprintf(tailing->clock, sizeof tailing->clock, "%.*s", (int)trace->clocks[0].host.size,
                 trace->clocks[0].host.data);
    return 0;
}

static void begin(struct tailing *tailing, struct spanlog_tail_settings settings) {
    *tailing = (struct tailing){.issues = SPANLOG_ISSUES_EMPTY, .now_ns = 1000 * MS};
    assert_int_equal(spanlog_issues_sources(&tailing->issues, 1), 0);
    settings.error_status_min = 500;
    settings.settle_ns = SETTLE;
    settings.give_up_ns = GIVE_UP;
    settings.bytes_max = settings.bytes_max ? settings.bytes_max : 1 << 20;
    settings.issues = &tailing->issues;
    settings.trace = note_shown;
    settings.argument = tailing;
    assert_int_equal(spanlog_tail_open(&tailing->tail, &settings), 0);
}

static void finish(struct tailing *tailing) {
    spanlog_tail_close(tailing->tail);
    spanlog_issues_free(&tailing->issues);
}

static void take(struct tailing *tailing, const char *text) {
    char *line = test_line(text);
    struct spanlog_chunk chunk = {.begin = line, .end = line + strlen(text) + 1};
    assert_int_equal(spanlog_tail_take(tailing->tail, &chunk, tailing->now_ns), 0);
    free(line);
}

/* A span line of trace `trace`, a digit; parent 0: none. */
static void take_span(struct tailing *tailing, int trace, const char *service, const char *kind,
                      int span, int parent) {
    char line[512], parent_field[64] = "";
    if (parent)
        snprintf(parent_field, sizeof parent_field, "\"parent_id\":\"%016x\",", (unsigned)parent);
    snprintf(line, sizeof line,
             "{\"ts\":\"2026-11-21T10:30:45.002Z\",\"level\":\"info\",\"msg\":\"span completed\","
             "\"service\":\"%s\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319%d\","
             "\"span_id\":\"%016x\",%s\"trace_flags\":\"01\",\"operation\":\"work\","
             "\"kind\":\"%s\",\"start\":\"2026-11-21T10:30:45.001Z\",\"duration_ms\":1}",
             service, trace, (unsigned)span, parent_field, kind);
    take(tailing, line);
}

static void take_log(struct tailing *tailing, int trace, const char *service, int span) {
    char line[512];
    snprintf(line, sizeof line,
             "{\"ts\":\"2026-11-21T10:30:45.001Z\",\"level\":\"info\",\"msg\":\"hello\","
             "\"service\":\"%s\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319%d\","
             "\"span_id\":\"%016x\",\"trace_flags\":\"01\"}",
             service, trace, (unsigned)span);
    take(tailing, line);
}

/* What has been shown once that much time has gone. */
static const char *after(struct tailing *tailing, uint64_t ns) {
    tailing->now_ns += ns;
    assert_int_equal(spanlog_tail_due(tailing->tail, tailing->now_ns), 0);
    return tailing->shown;
}

static int timeout_ms(const struct tailing *tailing) {
    return spanlog_tail_timeout_ms(tailing->tail, tailing->now_ns);
}

static void a_trace_is_shown_once_its_root_has_ended_and_nothing_more_comes(void **state) {
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){0});
    assert_int_equal(timeout_ms(&tailing), -1);
    take_span(&tailing, 1, "gateway", "server", 1, 0);
    assert_int_equal(timeout_ms(&tailing), 500);
    assert_string_equal(after(&tailing, SETTLE - 1), "");
    take_span(&tailing, 1, "orders", "server", 2, 1);
    assert_string_equal(after(&tailing, SETTLE - 1), "");
    assert_string_equal(after(&tailing, 1), "12C ");
    assert_int_equal(timeout_ms(&tailing), -1);
    finish(&tailing);
}

static void a_trace_without_its_root_is_given_up(void **state) {
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){0});
    take_span(&tailing, 1, "orders", "internal", 2, 1);
    assert_int_equal(timeout_ms(&tailing), 30000);
    assert_string_equal(after(&tailing, GIVE_UP - 1), "");
    assert_string_equal(after(&tailing, 1), "11G ");
    assert_int_equal(timeout_ms(&tailing), -1);
    finish(&tailing);
}

static void a_server_whose_caller_is_not_in_the_logs_is_a_root(void **state) {
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){0});
    take_span(&tailing, 1, "orders", "client", 3, 2);
    assert_string_equal(after(&tailing, SETTLE), "");
    take_span(&tailing, 1, "orders", "server", 2, 1);
    assert_string_equal(after(&tailing, SETTLE), "12C ");
    finish(&tailing);
}

static void a_span_known_to_be_open_is_waited_for(void **state) {
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){0});
    take_span(&tailing, 9, "gateway", "server", 9, 0); /* gateway writes span lines */
    after(&tailing, SETTLE);
    take_log(&tailing, 1, "gateway", 1);
    take_span(&tailing, 1, "orders", "server", 3, 2);
    assert_string_equal(after(&tailing, SETTLE), "91C ");
    assert_int_equal(timeout_ms(&tailing), 29500);
    take_span(&tailing, 1, "gateway", "client", 2, 1);
    take_span(&tailing, 1, "gateway", "server", 1, 0);
    assert_string_equal(after(&tailing, SETTLE), "91C 13C ");
    finish(&tailing);
}

static void who_calls_whom_is_learnt_from_a_late_parent(void **state) {
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){0});
    take_span(&tailing, 1, "orders", "server", 2, 1);
    assert_string_equal(after(&tailing, SETTLE), "11C ");
    take_span(&tailing, 1, "gateway", "client", 1, 0); /* late */
    assert_int_equal(spanlog_tail_counts(tailing.tail)->late_lines, 1);
    take_span(&tailing, 2, "orders", "server", 2, 1);
    assert_string_equal(after(&tailing, SETTLE), "11C ");
    take_span(&tailing, 2, "gateway", "client", 1, 0);
    assert_string_equal(after(&tailing, SETTLE), "11C 22C ");
    finish(&tailing);
}

static void who_calls_whom_is_learnt_from_whole_traces(void **state) {
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){0});
    take_span(&tailing, 1, "orders", "server", 2, 1);
    take_span(&tailing, 1, "gateway", "client", 1, 0);
    assert_string_equal(after(&tailing, SETTLE), "12C ");
    take_span(&tailing, 2, "orders", "server", 2, 1);
    assert_string_equal(after(&tailing, SETTLE), "12C ");
    assert_string_equal(after(&tailing, GIVE_UP), "12C 21G ");
    finish(&tailing);
}

static void late_lines_are_counted_and_begin_no_second_trace(void **state) {
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){0});
    take_span(&tailing, 1, "gateway", "server", 1, 0);
    after(&tailing, SETTLE);
    take_log(&tailing, 1, "gateway", 1);
    take_log(&tailing, 1, "gateway", 1);
    assert_int_equal(spanlog_tail_end(tailing.tail), 0);
    assert_string_equal(tailing.shown, "11C ");
    const struct spanlog_tail_counts *counts = spanlog_tail_counts(tailing.tail);
    assert_int_equal(counts->late_lines, 2);
    assert_int_equal(counts->late_traces, 1);
    finish(&tailing);
}

static void the_oldest_go_when_there_is_no_room(void **state) {
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){.bytes_max = 2500});
    for (int trace = 1; trace <= 5; trace++)
        take_span(&tailing, trace, "orders", "internal", 2, 1);
    const struct spanlog_tail_counts *counts = spanlog_tail_counts(tailing.tail);
    assert_true(counts->let_go >= 1 && counts->let_go < 5);
    assert_int_equal(strncmp(tailing.shown, "11L ", 4), 0);
    assert_int_equal(spanlog_tail_end(tailing.tail), 0);
    assert_non_null(strstr(tailing.shown, "51S "));
    assert_int_equal(counts->traces, 5);
    finish(&tailing);
}

static void those_that_only_settle_go_before_open_ones(void **state) {
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){.bytes_max = 2500});
    take_span(&tailing, 1, "orders", "internal", 2, 1);
    for (int trace = 2; trace <= 5; trace++)
        take_span(&tailing, trace, "gateway", "server", 1, 0);
    assert_int_equal(strncmp(tailing.shown, "21C ", 4), 0);
    assert_int_equal(spanlog_tail_counts(tailing.tail)->let_go, 0);
    finish(&tailing);
}

static void at_the_end_what_is_open_is_marked(void **state) {
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){0});
    take_span(&tailing, 1, "orders", "internal", 2, 1);
    take_span(&tailing, 2, "gateway", "server", 1, 0);
    assert_int_equal(spanlog_tail_end(tailing.tail), 0);
    assert_string_equal(tailing.shown, "11S 21C ");
    finish(&tailing);
}

static void lines_of_loggers_without_spans_are_never_incomplete(void **state) {
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){0});
    take_log(&tailing, 1, "script", 1);
    assert_string_equal(after(&tailing, GIVE_UP), "10C ");
    finish(&tailing);
}

static void a_line_that_comes_twice_counts_once(void **state) {
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){0});
    take_span(&tailing, 1, "gateway", "server", 1, 0);
    take_span(&tailing, 1, "gateway", "server", 1, 0);
    assert_string_equal(after(&tailing, SETTLE), "11C ");
    finish(&tailing);
}

static void only_traces_that_match_are_shown(void **state) {
    struct tailing tailing;
    struct spanlog_where *where;
    struct spanlog_where_error error;
    (void)state;
    assert_int_equal(spanlog_where_parse("{ service = gateway } >> { service = orders } && hello",
                                         &where, &error),
                     0);
    begin(&tailing, (struct spanlog_tail_settings){.filter = {.where = where}});
    take_span(&tailing, 1, "gateway", "server", 1, 0);
    take_span(&tailing, 1, "orders", "server", 2, 1);
    take_log(&tailing, 1, "orders", 2);
    take_span(&tailing, 2, "gateway", "server", 1, 0);
    take_span(&tailing, 2, "orders", "server", 2, 1);
    take_span(&tailing, 3, "gateway", "server", 1, 0);
    take_log(&tailing, 3, "gateway", 1);
    assert_string_equal(after(&tailing, SETTLE), "12C ");
    assert_int_equal(spanlog_tail_counts(tailing.tail)->traces, 3);
    finish(&tailing);
    begin(&tailing, (struct spanlog_tail_settings){.filter = {.service = "orders"}});
    take_span(&tailing, 1, "gateway", "server", 1, 0);
    take_span(&tailing, 2, "orders", "server", 1, 0);
    assert_string_equal(after(&tailing, SETTLE), "21C ");
    finish(&tailing);
    spanlog_where_free(where);
}

static void take_start(struct tailing *tailing, const char *service, int pid, const char *host) {
    char line[512];
    snprintf(line, sizeof line,
             "{\"ts\":\"2026-11-21T10:00:00Z\",\"level\":\"info\",\"msg\":\"process started\","
             "\"service\":\"%s\",\"pid\":%d,\"host.name\":\"%s\"}",
             service, pid, host);
    take(tailing, line);
}

static void take_timed(struct tailing *tailing, const char *service, const char *kind, int span,
                       const char *parent, const char *start, double duration_ms, int pid) {
    char line[512];
    snprintf(line, sizeof line,
             "{\"ts\":\"2026-11-21T10:30:46Z\",\"level\":\"info\",\"msg\":\"span completed\","
             "\"service\":\"%s\",\"trace_id\":\"0af7651916cd43dd8448eb211c803191\","
             "\"span_id\":\"%016x\",%s\"trace_flags\":\"01\",\"operation\":\"work\","
             "\"kind\":\"%s\",\"start\":\"%s\",\"duration_ms\":%g,\"pid\":%d}",
             service, (unsigned)span, parent, kind, start, duration_ms, pid);
    take(tailing, line);
}

static void clocks_of_hosts_that_processes_have_named_are_corrected(void **state) {
    static const char parent[] = "\"parent_id\":\"0000000000000001\",";
    struct tailing tailing;
    (void)state;
    begin(&tailing, (struct spanlog_tail_settings){0});
    take_start(&tailing, "gateway", 1, "a");
    take_start(&tailing, "orders", 2, "elsewhere");
    take_start(&tailing, "orders", 2, "b"); /* the last one counts */
    take_timed(&tailing, "gateway", "client", 1, "", "2026-11-21T10:30:45.000Z", 10, 1);
    take_timed(&tailing, "orders", "server", 2, parent, "2026-11-21T10:30:45.020Z", 5, 2);
    assert_string_equal(after(&tailing, SETTLE), "12C ");
    assert_string_equal(tailing.clock, "b");
    finish(&tailing);
    begin(&tailing, (struct spanlog_tail_settings){.filter = {.raw_clocks = true}});
    take_timed(&tailing, "gateway", "client", 1, "", "2026-11-21T10:30:45.000Z", 10, 1);
    take_timed(&tailing, "orders", "server", 2, parent, "2026-11-21T10:30:45.020Z", 5, 2);
    assert_string_equal(after(&tailing, SETTLE), "12C ");
    assert_string_equal(tailing.clock, "");
    finish(&tailing);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_is_shown_once_its_root_has_ended_and_nothing_more_comes),
        cmocka_unit_test(a_trace_without_its_root_is_given_up),
        cmocka_unit_test(a_server_whose_caller_is_not_in_the_logs_is_a_root),
        cmocka_unit_test(a_span_known_to_be_open_is_waited_for),
        cmocka_unit_test(who_calls_whom_is_learnt_from_a_late_parent),
        cmocka_unit_test(who_calls_whom_is_learnt_from_whole_traces),
        cmocka_unit_test(late_lines_are_counted_and_begin_no_second_trace),
        cmocka_unit_test(the_oldest_go_when_there_is_no_room),
        cmocka_unit_test(those_that_only_settle_go_before_open_ones),
        cmocka_unit_test(at_the_end_what_is_open_is_marked),
        cmocka_unit_test(lines_of_loggers_without_spans_are_never_incomplete),
        cmocka_unit_test(a_line_that_comes_twice_counts_once),
        cmocka_unit_test(only_traces_that_match_are_shown),
        cmocka_unit_test(clocks_of_hosts_that_processes_have_named_are_corrected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
