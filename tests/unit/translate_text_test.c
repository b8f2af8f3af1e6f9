/* tests/unit/translate_text_test.c: lines that are no JSON; what our own dialects write comes back.
 */
#include "tests/unit/translate_test.h"

#include "formatters/dialect.h"
#include "src/analyzer/read/line_read.h"

/* ---- text of others ----------------------------------------------------------------------- */

static void logfmt_keys_mean_what_they_mean_in_json(void **state) {
    (void)state;
    becomes("time=2026-11-21T10:30:45.412Z level=warning msg=\"cache \\\"miss\\\"\" trace_id=" TRACE
            " span_id=" SPAN " hits=3 ratio=1.5 took=1.5ms ok=true caller=a.go:3 retry",
            "{\"ts\":\"" TIME
            "\",\"level\":\"warn\",\"msg\":\"cache \\\"miss\\\"\",\"service\":\"\"," IDS
            ",\"src\":\"a.go:3\",\"hits\":3,\"ratio\":1.5,\"took\":\"1.5ms\",\"ok\":true,\"retry\":"
            "true}");
    has("level=info msg=123 trace_id=12345678901234567890123456789012",
        "\"msg\":\"123\",\"service\":\"\",\"trace_id\":\"12345678901234567890123456789012\"");
}

static void prose_with_an_equation_is_no_logfmt(void **state) {
    (void)state;
    has("x=1 is what it says here", "\"msg\":\"x=1 is what it says here\"");
}

static void ids_may_stand_before_the_message(void **state) {
    (void)state;
    becomes("2026-11-21 10:30:45,412 WARN [trace_id=" TRACE " span_id=" SPAN
            "] - disk is nearly full",
            "{\"ts\":\"" TIME
            "\",\"level\":\"warn\",\"msg\":\"disk is nearly full\",\"service\":\"\"," IDS "}");
    becomes("[trace_id=" TRACE ", span_id=" SPAN "] m",
            "{\"ts\":\"1970-01-01T00:00:00.000000000Z\",\"level\":\"info\",\"msg\":\"m\","
            "\"service\":\"\"," IDS "}");
    has("it broke (trace_id=" TRACE ")", "\"trace_id\":\"" TRACE "\"");
}

static void times_and_levels_stand_at_the_front(void **state) {
    (void)state;
    becomes("[2026-11-21T11:30:45.412+01:00] [ERROR] it broke",
            "{\"ts\":\"" TIME "\",\"level\":\"error\",\"msg\":\"it broke\",\"service\":\"\"}");
    has("2026/11/21 10:30:45 listening on :80",
        "{\"ts\":\"2026-11-21T10:30:45.000000000Z\",\"level\":\"info\",\"msg\":\"listening on "
        ":80\"");
    has("warning: unused", "\"level\":\"warn\",\"msg\":\"unused\"");
    has("Info is what we need", "\"level\":\"info\",\"msg\":\"Info is what we need\"");
    has("error in the middle", "\"level\":\"info\",\"msg\":\"error in the middle\"");
}

static void web_servers_have_a_date_of_their_own(void **state) {
    (void)state;
    has("127.0.0.1 - - [21/Nov/2026:11:30:45 +0100] \"GET / HTTP/1.1\" 200 612",
        "{\"ts\":\"2026-11-21T10:30:45.000000000Z\",\"level\":\"info\",\"msg\":\"127.0.0.1 - - [");
}

static void anything_else_is_the_message(void **state) {
    (void)state;
    becomes("  at Foo.bar(Foo.java:3)\r",
            "{\"ts\":\"1970-01-01T00:00:00.000000000Z\",\"level\":\"info\",\"msg\":\"  at "
            "Foo.bar(Foo.java:3)\",\"service\":\"\"}");
    has("[1,2]", "\"msg\":\"[1,2]\"");
    has("caf\xC3\xA9 \xFF is text for all that, since nearly all of it can be read",
        "\"msg\":\"caf\xC3\xA9 \xEF\xBF\xBD is");
}

static void bytes_that_are_no_text_are_refused(void **state) {
    struct spanlog_translator translator;
    char line[80] = "a\0b";
    (void)state;
    line[3] = '\n';
    spanlog_translator_init(&translator, &settings);
    assert_int_equal(spanlog_translate(&translator, line, line + 3), 0);
    assert_string_equal(translator.problem, "not text");
    spanlog_translator_free(&translator);
    is_refused("\x7f\x45\x4c\x46\x80\x90\xff\xfe\xfd\x81\x82", "not text");
}

/* ---- what we write ------------------------------------------------------------------------ */

static const char *const words[] = {
    "plain",
    "two words",
    "",
    "\"quoted\" and \\",
    "line\nbreak",
    "x trace_id=forged",
    "x  operation=forged duration_ms=1",
    "\x1b[31mred\x1b[0m",
    "gr\xC3\xB6\xC3\x9F! \xF0\x9F\x98\x80",
    "=",
    "a=b",
    "[1,{\"a\":null}]",
    "[x] y",
    "true",
    "12",
    "ok",
};
static const char *const keys[] = {
    "key",       "http.route", "a b",  "a=b", "level",    "pid",  "status",  "error", "events",
    "operation", "gr\xC3\xB6", "name", "\"",  "trace_id", "time", "message", "host",  "severity"};

static uint64_t seed;

static uint64_t below(uint64_t n) {
    return test_random(&seed) % n;
}

static struct spanlog_text some_word(void) {
    return test_text(words[below(sizeof words / sizeof *words)]);
}

static struct spanlog_attribute some_attribute(void) {
    struct spanlog_attribute a = {.key = test_text(keys[below(sizeof keys / sizeof *keys)])};
    struct spanlog_text word = some_word();
    static const uint32_t types[] = {SPANLOG_VALUE_NULL, SPANLOG_VALUE_INT,  SPANLOG_VALUE_UINT,
                                     SPANLOG_VALUE_BOOL, SPANLOG_VALUE_TEXT, SPANLOG_VALUE_DOUBLE};
    a.value.type = types[below(6)];
    a.value.u = below(2) ? below(100) : test_random(&seed) >> 1;
    if (a.value.type == SPANLOG_VALUE_DOUBLE)
        a.value.d = (double)(int64_t)test_random(&seed) * 1e-9;
    if (a.value.type == SPANLOG_VALUE_TEXT) {
        a.value.size = word.size;
        a.value.text = word.data;
    }
    return a;
}

static void fill_span(struct spanlog_line *line, const struct spanlog_event *event,
                      const struct spanlog_span_link *link) {
    line->line_kind = (uint8_t)(1 + below(2));
    line->has_context = true;
    line->has_parent = below(2);
    line->operation = some_word();
    line->span_kind = (uint8_t)below(5);
    line->span_status = (uint8_t)below(3);
    line->has_status_code = below(2);
    line->status_code = (int32_t)below(600);
    line->duration_ns = test_random(&seed) >> 20;
    line->start_ns = line->time_ns - line->duration_ns;
    if (below(2))
        line->error = test_text(below(2) ? "timeout" : "a b");
    line->sample_ratio = (double)below(3) * 0.25;
    line->dropped_events = (uint32_t)below(2);
    line->events = event;
    line->event_count = (uint32_t)below(2);
    line->links = link;
    line->link_count = (uint32_t)below(2);
}

static void fill_line(struct spanlog_line *line, struct spanlog_attribute *attributes) {
    static struct spanlog_span_link link;
    static struct spanlog_event event;
    static struct spanlog_attribute of_event;
    memset(&link, 0x5a, sizeof link);
    of_event = some_attribute();
    event =
        (struct spanlog_event){1795257045000000000 + below(1u << 30), some_word(), &of_event, 1};
    *line = (struct spanlog_line){.time_ns = 1795257045000000000 + below(1000000000),
                                  .level = (uint8_t)(1 + 4 * below(6)),
                                  .has_context = below(2),
                                  .trace_flags = 1,
                                  .pid = (uint32_t)below(1000),
                                  .tid = (uint32_t)below(1000),
                                  .message = some_word(),
                                  .service = some_word()};
    memset(line->trace_id, (int)(1 + below(200)), 16);
    memset(line->span_id, (int)(1 + below(200)), 8);
    memset(line->parent_id, (int)(1 + below(200)), 8);
    if (below(2))
        line->logger = some_word();
    if (below(2))
        line->source = some_word();
    if (below(2))
        fill_span(line, &event, &link);
    line->attribute_count = (uint32_t)below(6);
    for (uint32_t i = 0; i < line->attribute_count; i++)
        attributes[i] = some_attribute();
    line->attributes = attributes;
}

/* Keys that were read stand there as the json dialect spells them. */
static void forget_json(struct spanlog_line *line) {
    static struct spanlog_attribute attributes[64];
    assert_true(line->attribute_count < 64);
    for (uint32_t i = 0; i < line->attribute_count; i++) {
        attributes[i] = line->attributes[i];
        attributes[i].rendered = (struct spanlog_text){NULL, 0};
    }
    line->attributes = attributes;
    line->distinct_keys = false;
}

/* Writes the line with the dialect, reads that back, and writes what was read. */
static void write_twice(const struct spanlog_dialect *dialect, const struct spanlog_line *line,
                        char *first, char *second, size_t room) {
    struct spanlog_translator translator;
    struct spanlog_reader reader;
    struct spanlog_record record;
    struct spanlog_line read;
    struct spanlog_arena arena = {0};
    char *end = dialect->write(line, first, first + room);
    assert_non_null(end);
    end[-1] = 0;
    char *copy = test_line(first);
    spanlog_translator_init(&translator, &settings);
    spanlog_reader_init(&reader, 500);
    assert_int_equal(spanlog_translate(&translator, copy, copy + strlen(first)), 0);
    if (translator.problem)
        fail_msg("%s\n  is refused: %s", first, translator.problem);
    check_output(&translator);
    assert_int_equal(translator.count, 1);
    assert_null(spanlog_record_read(&reader, translator.out, &record));
    assert_int_equal(record.line_kind, line->line_kind);
    assert_int_equal(spanlog_line_read(&reader, &record, translator.out, &arena, &read), 0);
    forget_json(&read);
    end = dialect->write(&read, second, second + room);
    assert_non_null(end);
    end[-1] = 0;
    spanlog_arena_free(&arena);
    spanlog_translator_free(&translator);
    free(copy);
}

static void our_logfmt_comes_back_as_it_was_written(void **state) {
    static char first[65536], second[65536];
    struct spanlog_attribute attributes[8];
    struct spanlog_line line;
    (void)state;
    seed = 7;
    for (int i = 0; i < 20000; i++) {
        fill_line(&line, attributes);
        write_twice(&spanlog_dialect_logfmt, &line, first, second, sizeof first);
        assert_string_equal(second, first);
    }
}

/* Events, links and the digits of ids that are not shown cannot come back. */
static void our_pretty_lines_come_back_as_far_as_they_go(void **state) {
    static char first[65536], second[65536];
    struct spanlog_attribute attributes[8];
    struct spanlog_line line;
    (void)state;
    seed = 9;
    for (int i = 0; i < 20000; i++) {
        fill_line(&line, attributes);
        line.event_count = line.link_count = 0;
        write_twice(&spanlog_dialect_pretty, &line, first, second, sizeof first);
        assert_string_equal(second, first);
    }
}

static void colours_do_not_change_what_is_read(void **state) {
    static char plain[65536], colored[65536];
    struct spanlog_attribute attributes[8];
    struct spanlog_line line;
    (void)state;
    seed = 11;
    for (int i = 0; i < 5000; i++) {
        fill_line(&line, attributes);
        char *end = spanlog_dialect_pretty.write(&line, plain, plain + sizeof plain);
        end[-1] = 0;
        end = spanlog_dialect_pretty_color.write(&line, colored, colored + sizeof colored);
        end[-1] = 0;
        char *expected = translated(plain);
        becomes(colored, expected);
        free(expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_keys_mean_what_they_mean_in_json),
        cmocka_unit_test(prose_with_an_equation_is_no_logfmt),
        cmocka_unit_test(ids_may_stand_before_the_message),
        cmocka_unit_test(times_and_levels_stand_at_the_front),
        cmocka_unit_test(web_servers_have_a_date_of_their_own),
        cmocka_unit_test(anything_else_is_the_message),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(our_logfmt_comes_back_as_it_was_written),
        cmocka_unit_test(our_pretty_lines_come_back_as_far_as_they_go),
        cmocka_unit_test(colours_do_not_change_what_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
