/* tests/unit/analyzer_record_test.c: what is read from a line, and what is refused. */
#include "tests/unit/analyzer_test.h"

#include "formatters/json.h"
#include "src/analyzer/read/record.h"

#define LOG                                                                                        \
    "{\"ts\":\"2026-11-21T10:30:45.123456789Z\",\"level\":\"info\",\"msg\":\"cache miss\","        \
    "\"service\":\"orders\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","                    \
    "\"span_id\":\"00f067aa0ba902b7\",\"trace_flags\":\"01\",\"logger\":\"db\","                   \
    "\"src\":\"src/db.c:42\",\"pid\":711,\"tid\":713,\"key\":\"user:7\",\"hits\":3}"
#define SPAN                                                                                       \
    "{\"ts\":\"2026-11-21T10:30:45.123456789Z\",\"level\":\"info\",\"msg\":\"span completed\","    \
    "\"service\":\"orders\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","                    \
    "\"span_id\":\"00f067aa0ba902b7\",\"parent_id\":\"00f067aa0ba902b8\",\"trace_flags\":\"01\","  \
    "\"operation\":\"db.query\",\"kind\":\"client\",\"start\":\"2026-11-21T10:30:45.078256789Z\"," \
    "\"duration_ms\":45.2,\"status\":\"error\",\"status_code\":500,\"error\":\"timeout\","         \
    "\"src\":\"src/db.c:42\",\"pid\":711,\"tid\":713}"

static struct spanlog_reader reader;
static char *kept[1000]; /* lines that records point into, until the end */
static size_t kept_count;

static const char *read_line(const char *text, struct spanlog_record *ret) {
    char *line = test_line(text);
    const char *problem = spanlog_record_read(&reader, line, ret);
    if (!problem)
        assert_ptr_equal(ret->end, line + strlen(text));
    assert_true(kept_count < 1000);
    kept[kept_count++] = line;
    return problem;
}

static void a_canonical_log_line_is_read(void **state) {
    struct spanlog_record record;
    (void)state;
    assert_null(read_line(LOG, &record));
    assert_int_equal(record.line_kind, SPANLOG_LINE_LOG);
    assert_int_equal(record.level, 9);
    assert_int_equal(record.time_ns, 1795257045123456789u);
    assert_true(record.has_trace && record.has_span && !record.has_parent);
    assert_int_equal(record.trace.high, 0x0af7651916cd43ddu);
    assert_int_equal(record.trace.low, 0x8448eb211c80319cu);
    assert_int_equal(record.span.low, 0x00f067aa0ba902b7u);
    assert_memory_equal(record.service.data, "orders", 6);
}

static void a_canonical_span_line_is_read(void **state) {
    struct spanlog_record record;
    (void)state;
    assert_null(read_line(SPAN, &record));
    assert_int_equal(record.line_kind, SPANLOG_LINE_SPAN);
    assert_int_equal(record.parent.low, 0x00f067aa0ba902b8u);
    assert_int_equal(record.start_ns, 1795257045078256789u);
    assert_int_equal(record.duration_ns, 45200000);
    assert_int_equal(record.span_kind, 2);
    assert_true(record.is_error);
    assert_memory_equal(record.operation.data, "db.query", 8);
}

/* Every way to cut the line's head off the template: a blank, an escape, another order. */
static void no_departure_from_the_template_changes_the_answer(void **state) {
    struct spanlog_record plain, other;
    (void)state;
    assert_null(read_line(SPAN, &plain));
    for (size_t i = 0; i < strlen(SPAN); i++) {
        char text[1024];
        if (SPAN[i] != ':' && SPAN[i] != ',' && SPAN[i] != '{')
            continue;
        /* Inside a string a blank is text. */
        unsigned quotes = 0;
        for (size_t n = 0; n < i; n++)
            quotes += SPAN[n] == '"';
        if (quotes % 2)
            continue;
        snprintf(text, sizeof text, "%.*s \t%s", (int)(i + 1), SPAN, &SPAN[i + 1]);
        assert_null(read_line(text, &other));
        assert_int_equal(other.trace.high, plain.trace.high);
        assert_int_equal(other.trace.low, plain.trace.low);
        assert_int_equal(other.span.low, plain.span.low);
        assert_int_equal(other.parent.low, plain.parent.low);
        assert_int_equal(other.start_ns, plain.start_ns);
        assert_int_equal(other.time_ns, plain.time_ns);
        assert_int_equal(other.duration_ns, plain.duration_ns);
        assert_int_equal(other.line_kind, plain.line_kind);
        assert_int_equal(other.span_kind, plain.span_kind);
        assert_int_equal(other.is_error, plain.is_error);
    }
}

static void of_a_key_given_twice_the_last_value_counts(void **state) {
    struct spanlog_record record;
    (void)state;
    assert_null(
        read_line("{\"ts\":\"2026-11-21T10:30:45.123456789Z\",\"level\":\"info\",\"msg\":\"m\","
                  "\"service\":\"s\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","
                  "\"span_id\":\"00f067aa0ba902b7\",\"trace_flags\":\"01\",\"a\":1,"
                  "\"span_id\":\"00000000000000ff\",\"level\":\"error\"}",
                  &record));
    assert_int_equal(record.span.low, 0xff);
    assert_int_equal(record.level, 17);
}

static void an_escaped_key_is_the_same_key(void **state) {
    struct spanlog_record record;
    (void)state;
    assert_null(
        read_line("{\"\\u0074s\":\"2026-11-21T10:30:45Z\",\"lev\\u0065l\":\"warn\"}", &record));
    assert_int_equal(record.time_ns, 1795257045000000000u);
    assert_int_equal(record.level, 13);
}

static void what_a_line_does_not_have_is_not_set(void **state) {
    struct spanlog_record record;
    (void)state;
    memset(&record, 0x44, sizeof record);
    assert_null(read_line("{}", &record));
    assert_false(record.has_trace || record.has_span || record.has_parent || record.is_error);
    assert_false(record.service_escaped || record.repeated);
    assert_null(record.service.data);
    assert_int_equal(record.time_ns, 0);
    assert_int_equal(record.level, 0);
    assert_int_equal(record.line_kind, SPANLOG_LINE_LOG);
}

static void a_message_cannot_pass_for_a_span(void **state) {
    struct spanlog_record record;
    (void)state;
    assert_null(read_line("{\"msg\":\"span completed\",\"operation\":\"x\"}", &record));
    assert_int_equal(record.line_kind, SPANLOG_LINE_LOG);
    assert_null(read_line("{\"msg\":\"span completed\",\"duration_ms\":1}", &record));
    assert_int_equal(record.line_kind, SPANLOG_LINE_LOG);
    assert_null(
        read_line("{\"msg\":\"span completed \",\"operation\":\"x\",\"duration_ms\":1}", &record));
    assert_int_equal(record.line_kind, SPANLOG_LINE_LOG);
    assert_null(
        read_line("{\"msg\":\"span abandoned\",\"operation\":\"x\",\"duration_ms\":1}", &record));
    assert_int_equal(record.line_kind, SPANLOG_LINE_ABANDONED);
}

static void bad_lines_are_refused(void **state) {
    static const char *const bad[] = {
        "",
        "x",
        "[]",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1}}",
        "{a:1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":-}",
        "{\"a\":1e}",
        "{\"a\":+1}",
        "{\"a\":NaN}",
        "{\"a\":tru}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"x}",
        "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"a\":{\"b\"}}",
        "{\"a\":{1:2}}",
        "{\"a\":[1]",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"\xf4\x90\x80\x80\"}",
        "{\"a\":\"\xe2\x82\"}",
        "{\"a\":'b'}",
        "{\"a\":1}x",
        "\xef\xbb\xbf{\"a\":1}",
    };
    struct spanlog_record record;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!read_line(bad[i], &record))
            fail_msg("accepted: %s", bad[i]);
}

/* A second opinion on the grammar: the formatters' own validator. */
static void lines_with_a_byte_changed_are_judged_as_by_the_other_validator(void **state) {
    static const char bytes[] = "\"\\{}[]:,0-1.eE+ tfn\x01\x1f\x7f\x80\xc3\xe2\xff";
    struct spanlog_record record;
    uint64_t random = 7;
    (void)state;
    for (int round = 0; round < 40000; round++) {
        const char *original = round & 1 ? LOG : SPAN;
        char text[1024];
        strcpy(text, original);
        for (unsigned changes = 1 + test_random(&random) % 3; changes; changes--)
            text[test_random(&random) % strlen(original)] =
                bytes[test_random(&random) % (sizeof bytes - 1)];
        char *line = test_line(text);
        const char *problem = spanlog_record_read(&reader, line, &record);
        bool valid = spanlog_json_valid(text, strlen(text)) && text[0] == '{';
        /* That one refuses halves of surrogate pairs; none can come about here. */
        if (!problem != valid)
            fail_msg("%s, but the other says %s: %s", problem ? problem : "accepted",
                     valid ? "valid" : "invalid", text);
        free(line);
    }
}

static void codes_are_errors_from_the_line_that_was_drawn(void **state) {
    (void)state;
    assert_true(spanlog_is_error_code(500, 500));
    assert_false(spanlog_is_error_code(404, 500));
    assert_true(spanlog_is_error_code(404, 400));
    assert_true(spanlog_is_error_code(13, 500));
    assert_true(spanlog_is_error_code(14, 400));
    assert_false(spanlog_is_error_code(0, 500));
    assert_false(spanlog_is_error_code(5, 400));
    assert_false(spanlog_is_error_code(-1, 400));
    assert_false(spanlog_is_error_code(99, 400));
}

static int setup(void **state) {
    (void)state;
    spanlog_reader_init(&reader, 500);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    while (kept_count)
        free(kept[--kept_count]);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_canonical_log_line_is_read),
        cmocka_unit_test(a_canonical_span_line_is_read),
        cmocka_unit_test(no_departure_from_the_template_changes_the_answer),
        cmocka_unit_test(of_a_key_given_twice_the_last_value_counts),
        cmocka_unit_test(an_escaped_key_is_the_same_key),
        cmocka_unit_test(what_a_line_does_not_have_is_not_set),
        cmocka_unit_test(a_message_cannot_pass_for_a_span),
        cmocka_unit_test(bad_lines_are_refused),
        cmocka_unit_test(lines_with_a_byte_changed_are_judged_as_by_the_other_validator),
        cmocka_unit_test(codes_are_errors_from_the_line_that_was_drawn),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
