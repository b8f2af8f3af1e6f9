/* tests/unit/translate_wrapped_test.c: lines inside lines. */
#include "tests/unit/translate_test.h"

#include "src/analyzer/translate/wrapped.h"

#define INNER                                                                                      \
    "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"m\",\"service\":\"s\",\"k\":{\"a\":1}}"
#define INNER_ESCAPED                                                                              \
    "{\\\"ts\\\":\\\"" TIME                                                                        \
    "\\\",\\\"level\\\":\\\"info\\\",\\\"msg\\\":\\\"m\\\",\\\"service\\\":"                       \
    "\\\"s\\\",\\\"k\\\":{\\\"a\\\":1}}"

static void docker_lines_are_unwrapped(void **state) {
    (void)state;
    becomes("{\"log\":\"" INNER_ESCAPED
            "\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-21T10:30:46Z\"}",
            INNER);
    becomes("{\"log\":\"plain words\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-21T10:30:46."
            "5Z\"}",
            "{\"ts\":\"2026-11-21T10:30:46.500000000Z\",\"level\":\"info\",\"msg\":\"plain words\","
            "\"service\":\"\"}");
}

static void the_time_in_the_record_beats_the_runtimes(void **state) {
    (void)state;
    has("{\"log\":\"{\\\"level\\\":30,\\\"time\\\":1795257045412,\\\"pid\\\":1,\\\"hostname\\\":"
        "\\\"h\\\",\\\"msg\\\":\\\"m\\\"}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-21T10:30:"
        "46Z\"}",
        "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"m\"");
    has("{\"log\":\"{\\\"level\\\":\\\"warn\\\",\\\"message\\\":\\\"m\\\"}\\n\",\"stream\":"
        "\"stdout\",\"time\":\"" TIME "\"}",
        "{\"ts\":\"" TIME "\",\"level\":\"warn\",\"msg\":\"m\"");
}

static void parts_given_together_are_joined(void **state) {
    (void)state;
    becomes(
        "{\"log\":\"{\\\"level\\\":\\\"warn\\\",\\\"mes\",\"stream\":\"stdout\",\"time\":\"" TIME
        "\"}\n{\"log\":\"sage\\\":\\\"m\\\"}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-21T10:"
        "30:46Z\"}",
        "{\"ts\":\"" TIME "\",\"level\":\"warn\",\"msg\":\"m\",\"service\":\"\"}");
    becomes(TIME " stdout P {\"level\":\"warn\",\"mes\n" TIME " stdout P:x sage\":\n" TIME
                 " stdout F \"m\"}",
            "{\"ts\":\"" TIME "\",\"level\":\"warn\",\"msg\":\"m\",\"service\":\"\"}");
    is_refused("{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}\n{\"lo",
               "a string does not end");
}

static bool partial(const char *text) {
    char *line = test_line(text);
    bool is = spanlog_wrapped_is_partial(line, line + strlen(text));
    free(line);
    return is;
}

static void a_line_that_is_continued_is_known(void **state) {
    (void)state;
    assert_false(partial("{\"log\":\"a\\n\",\"stream\":\"stdout\"}"));
    assert_true(partial("{\"log\":\"a\",\"stream\":\"stdout\"}"));
    assert_true(partial("{\"log\":\"a\\\\n\",\"stream\":\"stdout\"}"));
    assert_false(partial("{\"log\":\"a\\\\\\n\",\"stream\":\"stdout\"}"));
    assert_true(partial("{\"log\":\"say \\\"n\\\"\",\"stream\":\"stdout\"}"));
    assert_true(partial("{\"log\":\"\",\"stream\":\"stdout\"}"));
    assert_false(partial("{\"level\":\"info\"}"));
    assert_true(partial(TIME " stdout P a"));
    assert_true(partial(TIME " stderr P:x a"));
    assert_false(partial(TIME " stdout F a"));
    assert_false(partial(TIME " nowhere P a"));
    assert_false(partial(""));
    assert_false(partial("{"));
    assert_false(partial("2"));
}

static void container_lines_are_unwrapped(void **state) {
    (void)state;
    becomes("2026-11-21T11:30:46.5+01:00 stdout F " INNER, INNER);
    becomes(TIME " stderr F boom",
            "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"boom\",\"service\":\"\"}");
    becomes(TIME " stderr F ", "");
}

static void journald_fields_fill_in(void **state) {
    (void)state;
    becomes(
        "{\"__CURSOR\":\"s=1\",\"__REALTIME_TIMESTAMP\":\"1795257045412000\",\"PRIORITY\":\"4\","
        "\"_PID\":\"711\",\"_HOSTNAME\":\"h\",\"_BOOT_ID\":\"b\",\"SYSLOG_IDENTIFIER\":"
        "\"orders\",\"_COMM\":\"o\",\"MESSAGE\":\"disk full\",\"UNIT\":\"u\"}",
        "{\"ts\":\"" TIME
        "\",\"level\":\"warn\",\"msg\":\"disk full\",\"service\":\"orders\",\"pid\":711,"
        "\"UNIT\":\"u\",\"host.name\":\"h\"}");
    has("{\"__REALTIME_TIMESTAMP\":\"1795257046412000\",\"PRIORITY\":\"6\",\"_PID\":\"711\","
        "\"_HOSTNAME\":\"h\",\"SYSLOG_IDENTIFIER\":\"orders\",\"MESSAGE\":\"" INNER_ESCAPED "\"}",
        "{\"ts\":\"" TIME
        "\",\"level\":\"info\",\"msg\":\"m\",\"service\":\"s\",\"pid\":711,\"k\":{"
        "\"a\":1},\"host.name\":\"h\"}");
}

static void a_journald_message_may_be_bytes_or_too_large(void **state) {
    (void)state;
    has("{\"__REALTIME_TIMESTAMP\":\"1795257045412000\",\"MESSAGE\":[104, 105,33]}",
        "\"msg\":\"hi!\"");
    has("{\"__REALTIME_TIMESTAMP\":\"1795257045412000\",\"MESSAGE\":[\"first\",\"second\"]}",
        "\"msg\":\"first\"");
    has("{\"__REALTIME_TIMESTAMP\":\"1795257045412000\",\"PRIORITY\":\"3\",\"MESSAGE\":null,"
        "\"TRACE_ID\":\"" TRACE "\"}",
        "{\"ts\":\"" TIME
        "\",\"level\":\"error\",\"msg\":\"\",\"service\":\"\",\"trace_id\":\"" TRACE "\"");
    is_refused("{\"__REALTIME_TIMESTAMP\":\"1795257045412000\",\"MESSAGE\":[0,1,2,3]}", "not text");
}

static void logcli_labels_fill_in(void **state) {
    (void)state;
    becomes("{\"labels\":{\"app\":\"orders\",\"namespace\":\"prod\"},\"line\":\"{\\\"level\\\":"
            "\\\"info\\\",\\\"ts\\\":1795257045.412,\\\"msg\\\":\\\"m\\\",\\\"namespace\\\":1}\","
            "\"timestamp\":\"2026-11-21T10:30:46Z\"}",
            "{\"ts\":\"" TIME
            "\",\"level\":\"info\",\"msg\":\"m\",\"service\":\"orders\",\"namespace\":1}");
}

static void rfc5424_lines_are_unwrapped(void **state) {
    (void)state;
    becomes(
        "<163>1 2026-11-21T10:30:45.412Z host app 711 ID47 [m a=\"1 \\\"2\\\"\" trace_id=\"" TRACE
        "\"][n] @cee: {\"level\":\"warn\",\"msg\":\"x\"}",
        "{\"ts\":\"" TIME
        "\",\"level\":\"warn\",\"msg\":\"x\",\"service\":\"app\",\"trace_id\":\"" TRACE
        "\",\"pid\":711,\"host.name\":\"host\",\"msgid\":\"ID47\",\"a\":\"1 \\\"2\\\"\"}");
    becomes("<163>1 2026-11-21T10:30:45.412Z - - - - - \xEF\xBB\xBFplain {",
            "{\"ts\":\"" TIME "\",\"level\":\"error\",\"msg\":\"plain {\",\"service\":\"\"}");
}

static void rfc3164_lines_have_no_year_of_their_own(void **state) {
    struct spanlog_translator translator;
    const char *lines[] = {"<34>Nov 21 10:30:45 host app[711]: su failed",
                           "2026-01-01T00:00:00Z hello",
                           "Nov  1 10:30:45 host app[711]: {\"level\":\"warn\",\"msg\":\"m\"}"};
    const char *expected[] = {
        "{\"ts\":\"1970-01-01T00:00:00.000000000Z\",\"level\":\"fatal\"",
        "{\"ts\":\"2026-01-01T00:00:00.000000000Z\"",
        ("{\"ts\":\"2026-11-01T10:30:45.000000000Z\",\"level\":\"warn\",\"msg\":"
         "\"m\",\"service\":\"app\",\"pid\":711,\"host.name\":\"host\"}")};
    (void)state;
    spanlog_translator_init(&translator, &settings);
    for (int i = 0; i < 3; i++) {
        char *line = test_line(lines[i]);
        assert_int_equal(spanlog_translate(&translator, line, line + strlen(lines[i])), 0);
        assert_null(translator.problem);
        assert_memory_equal(translator.out, expected[i], strlen(expected[i]));
        free(line);
    }
    spanlog_translator_free(&translator);
}

/* A docker line whose log is the line before, `depth` times. */
static char *nest(unsigned depth) {
    char *line = strdup("{\"level\":\"warn\",\"message\":\"m\"}");
    for (unsigned i = 0; i < depth; i++) {
        char *outer = malloc(2 * strlen(line) + 100), *p = outer;
        assert_non_null(outer);
        p += sprintf(p, "{\"log\":\"");
        for (const char *q = line; *q; q++) {
            if (*q == '"' || *q == '\\')
                *p++ = '\\';
            *p++ = *q;
        }
        sprintf(p, "\\n\",\"stream\":\"stdout\"}");
        free(line);
        line = outer;
    }
    return line;
}

static void wrappers_are_opened_four_deep(void **state) {
    char *four = nest(4), *five = nest(5);
    (void)state;
    has(four, "\"level\":\"warn\",\"msg\":\"m\"");
    is_refused(five, "wrapped too often");
    free(four);
    free(five);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(docker_lines_are_unwrapped),
        cmocka_unit_test(the_time_in_the_record_beats_the_runtimes),
        cmocka_unit_test(parts_given_together_are_joined),
        cmocka_unit_test(a_line_that_is_continued_is_known),
        cmocka_unit_test(container_lines_are_unwrapped),
        cmocka_unit_test(journald_fields_fill_in),
        cmocka_unit_test(a_journald_message_may_be_bytes_or_too_large),
        cmocka_unit_test(logcli_labels_fill_in),
        cmocka_unit_test(rfc5424_lines_are_unwrapped),
        cmocka_unit_test(rfc3164_lines_have_no_year_of_their_own),
        cmocka_unit_test(wrappers_are_opened_four_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
