/* tests/conformance/format_dialect_test.c: what every dialect of the table must do, and the json
 * dialect's exact bytes. Random records are in format_lines_test.py. */
#include "tests/unit/format_test.h"

#include <stdlib.h>

#include "formatters/dialect.h"
#include "formatters/time.h"
#include "formatters/utf8.h"

#define TEXT_VALUE(s)                                                                              \
    { .type = SPANLOG_VALUE_TEXT, .size = sizeof(s) - 1, .text = (s) }
#define INT_VALUE(n)                                                                               \
    { .type = SPANLOG_VALUE_INT, .i = (n) }
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct spanlog_attribute two[] = {
    {.key = SPANLOG_TEXT("key"), .value = TEXT_VALUE("user:7")},
    {.key = SPANLOG_TEXT("hits"), .value = INT_VALUE(3)},
};

static struct spanlog_line a_log(const struct spanlog_attribute *attributes, size_t count) {
    return (struct spanlog_line){
        .time_ns = 1795257045123456789u,
        .level = 9,
        .message = SPANLOG_TEXT("cache miss"),
        .service = SPANLOG_TEXT("orders"),
        .has_context = true,
        .trace_flags = 1,
        .trace_id = {0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e,
                     0x0e, 0x47, 0x36},
        .span_id = {0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7},
        .logger = SPANLOG_TEXT("db"),
        .source = SPANLOG_TEXT("src/db.c:42"),
        .pid = 711,
        .tid = 713,
        .attributes = attributes,
        .attribute_count = (uint32_t)count,
    };
}

static const struct spanlog_event one_event = {1795257045100000000u, SPANLOG_TEXT("retry"), two + 1,
                                               1};
static const struct spanlog_span_link one_link = {{1}, {2}};

static struct spanlog_line a_span(const struct spanlog_attribute *attributes, size_t count) {
    struct spanlog_line line = a_log(attributes, count);
    line.line_kind = SPANLOG_LINE_SPAN;
    line.has_parent = true;
    line.parent_id[7] = 0x2a;
    line.operation = SPANLOG_TEXT("db.query");
    line.span_kind = 2;
    line.start_ns = 1795257045078256789u;
    line.duration_ns = 45200000;
    line.span_status = SPANLOG_STATUS_ERROR;
    line.has_status_code = true;
    line.status_code = 500;
    line.error = SPANLOG_TEXT("timeout");
    line.events = &one_event;
    line.event_count = 1;
    line.links = &one_link;
    line.link_count = 1;
    return line;
}

#define CHECK_JSON(line, expected)                                                                 \
    do {                                                                                           \
        char out_[8192];                                                                           \
        assert_text(spanlog_dialect_json.write((line), out_, out_ + sizeof out_), out_,            \
                    (expected));                                                                   \
    } while (0)

/* What stands after the fixed fields of a log. */
#define CHECK_ATTRIBUTES(attributes, expected)                                                     \
    do {                                                                                           \
        struct spanlog_line line_ = a_log((attributes), COUNT(attributes));                        \
        char out_[8192];                                                                           \
        char *end_ = spanlog_dialect_json.write(&line_, out_, out_ + sizeof out_);                 \
        assert_non_null(end_);                                                                     \
        *end_ = '\0';                                                                              \
        assert_string_equal(strstr(out_, "\"tid\":713") + 9, (expected));                          \
    } while (0)

/* ---- json ------------------------------------------------------------------------------- */

static void a_log_has_the_documented_bytes(void **state) {
    struct spanlog_line line = a_log(two, 2);
    (void)state;
    CHECK_JSON(
        &line,
        "{\"ts\":\"2026-11-21T10:30:45.123456789Z\",\"level\":\"info\",\"msg\":\"cache miss\","
        "\"service\":\"orders\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
        "\"span_id\":\"00f067aa0ba902b7\",\"trace_flags\":\"01\",\"logger\":\"db\","
        "\"src\":\"src/db.c:42\",\"pid\":711,\"tid\":713,\"key\":\"user:7\",\"hits\":3}\n");
}

static void a_span_has_the_documented_bytes(void **state) {
    struct spanlog_line line = a_span(two, 2);
    (void)state;
    line.sample_ratio = 0.25;
    CHECK_JSON(
        &line,
        "{\"ts\":\"2026-11-21T10:30:45.123456789Z\",\"level\":\"info\",\"msg\":\"span completed\","
        "\"service\":\"orders\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
        "\"span_id\":\"00f067aa0ba902b7\",\"parent_id\":\"000000000000002a\","
        "\"trace_flags\":\"01\",\"operation\":\"db.query\",\"kind\":\"client\","
        "\"start\":\"2026-11-21T10:30:45.078256789Z\",\"duration_ms\":45.2,\"status\":\"error\","
        "\"status_code\":500,\"error\":\"timeout\",\"src\":\"src/db.c:42\",\"pid\":711,\"tid\":713,"
        "\"key\":\"user:7\",\"hits\":3,"
        "\"events\":[{\"ts\":\"2026-11-21T10:30:45.100000000Z\",\"name\":\"retry\",\"hits\":3}],"
        "\"links\":[{\"trace_id\":\"01000000000000000000000000000000\","
        "\"span_id\":\"0200000000000000\"}],\"sample_ratio\":0.25}\n");
}

static void a_log_outside_a_span_has_no_ids(void **state) {
    struct spanlog_line line = {
        .level = 13, .message = SPANLOG_TEXT("m"), .service = SPANLOG_TEXT("s")};
    (void)state;
    CHECK_JSON(&line, "{\"ts\":\"1970-01-01T00:00:00.000000000Z\",\"level\":\"warn\",\"msg\":\"m\","
                      "\"service\":\"s\"}\n");
}

static void an_absent_message_is_null_in_parentheses(void **state) {
    struct spanlog_line line = {.level = 17};
    (void)state;
    CHECK_JSON(&line,
               "{\"ts\":\"1970-01-01T00:00:00.000000000Z\",\"level\":\"error\",\"msg\":\"(null)\","
               "\"service\":\"\"}\n");
}

static void an_abandoned_span_says_so(void **state) {
    struct spanlog_line line = a_span(NULL, 0);
    char out[8192], *end;
    (void)state;
    line.line_kind = SPANLOG_LINE_ABANDONED;
    end = spanlog_dialect_json.write(&line, out, out + sizeof out);
    *end = '\0';
    assert_non_null(strstr(out, "\"msg\":\"span abandoned\""));
    assert_non_null(strstr(out, "\"operation\":\"db.query\""));
}

static void values_of_every_type_are_written(void **state) {
    static const struct spanlog_attribute all[] = {
        {.key = SPANLOG_TEXT("a"), .value = {.type = SPANLOG_VALUE_NULL}},
        {.key = SPANLOG_TEXT("b"), .value = INT_VALUE(INT64_MIN)},
        {.key = SPANLOG_TEXT("c"), .value = {.type = SPANLOG_VALUE_UINT, .u = UINT64_MAX}},
        {.key = SPANLOG_TEXT("d"), .value = {.type = SPANLOG_VALUE_BOOL, .u = 1}},
        {.key = SPANLOG_TEXT("e"), .value = {.type = SPANLOG_VALUE_DOUBLE, .d = 1.2}},
        {.key = SPANLOG_TEXT("f"), .value = {.type = SPANLOG_VALUE_FLOAT, .d = 0.1f}},
        {.key = SPANLOG_TEXT("g"), .value = {.type = SPANLOG_VALUE_PTR, .u = 0x7f12}},
        {.key = SPANLOG_TEXT("h"), .value = {.type = SPANLOG_VALUE_ERRNO, .i = 2}},
        {.key = SPANLOG_TEXT("i"), .value = TEXT_VALUE("")},
        {.key = SPANLOG_TEXT("j"),
         .value = {.type = SPANLOG_VALUE_HEX, .size = 2, .text = "\x01\xff"}},
        {.key = SPANLOG_TEXT("k"),
         .value = {.type = SPANLOG_VALUE_JSON, .size = 5, .text = "[1,2]"}},
        {.key = SPANLOG_TEXT("l"),
         .value = {.type = SPANLOG_VALUE_JSON, .size = 5, .text = "[1,2}"}},
        {.key = SPANLOG_TEXT("m"), .value = {.type = SPANLOG_VALUE_TEXT}},
        {.key = SPANLOG_TEXT("n"), .value = {.type = SPANLOG_VALUE_DOUBLE, .d = __builtin_nan("")}},
        {.key = SPANLOG_TEXT("o"), .value = {.type = SPANLOG_VALUE_DOUBLE, .d = -__builtin_inf()}},
    };
    (void)state;
    CHECK_ATTRIBUTES(
        all, ",\"a\":null,\"b\":-9223372036854775808,\"c\":18446744073709551615,\"d\":true,"
             "\"e\":1.2,\"f\":0.1,\"g\":\"0x7f12\",\"h\":\"ENOENT: No such file or directory\","
             "\"i\":\"\",\"j\":\"01ff\",\"k\":[1,2],\"l\":\"[1,2}\",\"m\":\"(null)\","
             "\"n\":\"NaN\",\"o\":\"-Infinity\"}\n");
}

static void a_key_given_twice_appears_once_with_the_last_value(void **state) {
    static const struct spanlog_attribute twice[] = {
        {.key = SPANLOG_TEXT("a"), .value = INT_VALUE(1)},
        {.key = SPANLOG_TEXT("b"), .value = INT_VALUE(2)},
        {.key = SPANLOG_TEXT("a"), .value = INT_VALUE(3)},
    };
    (void)state;
    CHECK_ATTRIBUTES(twice, ",\"b\":2,\"a\":3}\n");
}

static void a_reserved_key_gets_an_underscore(void **state) {
    static const struct spanlog_attribute reserved[] = {
        {.key = SPANLOG_TEXT("trace_id"), .value = INT_VALUE(1)},
        {.key = SPANLOG_TEXT("status"), .value = INT_VALUE(2)}, /* not in a log */
    };
    (void)state;
    CHECK_ATTRIBUTES(reserved, ",\"trace_id_\":1,\"status\":2}\n");
}

static void a_renamed_key_makes_way_for_one_that_was_given(void **state) {
    static const struct spanlog_attribute clash[] = {
        {.key = SPANLOG_TEXT("pid"), .value = INT_VALUE(1)},
        {.key = SPANLOG_TEXT("pid_"), .value = INT_VALUE(2)},
        {.key = SPANLOG_TEXT("pid__"), .value = INT_VALUE(3)},
        {.key = SPANLOG_TEXT("pid"), .value = INT_VALUE(4)},
    };
    (void)state;
    CHECK_ATTRIBUTES(clash, ",\"pid_\":2,\"pid__\":3,\"pid___\":4}\n");
}

static void keys_that_are_written_alike_are_one_key(void **state) {
    static const struct spanlog_attribute alike[] = {
        {.key = SPANLOG_TEXT("\xFF"), .value = INT_VALUE(1)},
        {.key = SPANLOG_TEXT("\xFE"), .value = INT_VALUE(2)},
        {.key = SPANLOG_TEXT(""), .value = INT_VALUE(3)},
        {.key = SPANLOG_TEXT("_"), .value = INT_VALUE(4)},
    };
    (void)state;
    CHECK_ATTRIBUTES(alike, ",\"\xEF\xBF\xBD\":2,\"_\":4}\n");
}

static void a_cut_value_states_its_length(void **state) {
    static const struct spanlog_attribute cut[] = {
        {.key = SPANLOG_TEXT("body"),
         .value =
             {.type = SPANLOG_VALUE_TEXT, .size = 4, .text = "aaaa", .original_size = 1048576}},
    };
    (void)state;
    CHECK_ATTRIBUTES(cut, ",\"body\":\"aaaa…[truncated, 1048576 bytes]\"}\n");
}

static void more_attributes_than_the_limit_are_counted(void **state) {
    static struct spanlog_attribute many[600];
    static char names[600][8], out[65536];
    struct spanlog_line line = a_log(many, 600);
    char *end;
    (void)state;
    for (int i = 0; i < 600; i++) {
        int n = snprintf(names[i], sizeof names[i], "k%d", i);
        many[i] = (struct spanlog_attribute){.key = {names[i], (uint32_t)n}, .value = INT_VALUE(i)};
    }
    end = spanlog_dialect_json.write(&line, out, out + sizeof out);
    assert_non_null(end);
    *end = '\0';
    assert_non_null(strstr(out, ",\"k511\":511,\"dropped_attributes\":88}\n"));
}

static void an_attribute_that_does_not_fit_is_counted(void **state) {
    static char big[8000], out[2000];
    const struct spanlog_attribute attributes[] = {
        {.key = SPANLOG_TEXT("big"),
         .value = {.type = SPANLOG_VALUE_TEXT, .size = sizeof big, .text = big}},
        {.key = SPANLOG_TEXT("small"), .value = INT_VALUE(1)},
    };
    struct spanlog_line line = a_log(attributes, 2);
    char *end;
    (void)state;
    memset(big, 'x', sizeof big);
    end = spanlog_dialect_json.write(&line, out, out + sizeof out);
    assert_non_null(end);
    *end = '\0';
    assert_string_equal(strstr(out, "\"tid\":713") + 9, ",\"small\":1,\"dropped_attributes\":1}\n");
}

/* ---- every dialect ---------------------------------------------------------------------- */

typedef void check_of_dialect(const struct spanlog_dialect *dialect);

static void for_every_dialect(check_of_dialect *check) {
    for (size_t i = 0; spanlog_dialect_at(i); i++)
        check(spanlog_dialect_at(i));
}

static void dialects_are_found_by_name(void **state) {
    (void)state;
    for (size_t i = 0; spanlog_dialect_at(i); i++)
        assert_ptr_equal(spanlog_dialect_find(spanlog_dialect_at(i)->name), spanlog_dialect_at(i));
    assert_null(spanlog_dialect_find("no such dialect"));
}

static bool is_one_valid_line(const char *text, const char *end) {
    size_t size = (size_t)(end - text);
    return size && end[-1] == '\n' && !memchr(text, '\n', size - 1) &&
           spanlog_utf8_valid(text, size);
}

static void write_into_every_size(const struct spanlog_dialect *dialect) {
    static const struct spanlog_attribute attributes[] = {
        {.key = SPANLOG_TEXT("key"),
         .value = TEXT_VALUE("quoted \"\n\x01\xFF text that is longer than a block")},
        {.key = SPANLOG_TEXT("pid"), .value = INT_VALUE(INT64_MIN)},
        {.key = SPANLOG_TEXT("d"),
         .value = {.type = SPANLOG_VALUE_DOUBLE, .d = 2.2250738585072014e-308}},
        {.key = SPANLOG_TEXT("h"),
         .value = {.type = SPANLOG_VALUE_HEX, .size = 16, .text = "0123456789abcdef"}},
        {.key = SPANLOG_TEXT("j"),
         .value = {.type = SPANLOG_VALUE_JSON, .size = 9, .text = "[\"a\", \n1]"}},
        {.key = SPANLOG_TEXT("c"),
         .value = {.type = SPANLOG_VALUE_TEXT, .size = 1, .text = "c", .original_size = 9}},
        {.key = SPANLOG_TEXT("e"), .value = {.type = SPANLOG_VALUE_ERRNO, .i = 84}},
    };
    for (int kind = 0; kind < 2; kind++) {
        struct spanlog_line line =
            kind ? a_span(attributes, COUNT(attributes)) : a_log(attributes, COUNT(attributes));
        for (size_t room = 0; room < 1800; room++) {
            char *out = malloc(room + 16), *end; /* sanitizers see the end, others the canary */
            memset(out, '#', room + 16);
            end = dialect->write(&line, out, out + room);
            assert_memory_equal(out + room, "################", 16);
            if (end && !(end <= out + room && is_one_valid_line(out, end)))
                fail_msg("%s in %zu bytes: %.*s", dialect->name, room, (int)(end - out), out);
            if (room >= 1400)
                assert_non_null(end);
            free(out);
        }
    }
}

static void no_size_of_buffer_is_overrun_or_gives_a_broken_line(void **state) {
    (void)state;
    for_every_dialect(write_into_every_size);
}

static void write_hostile_texts(const struct spanlog_dialect *dialect) {
    size_t big = 20000, room = 4096 + 3 * big;
    char *text = malloc(big), *out = malloc(room + 16), *end;
    struct spanlog_line line = a_span(two, 2);

    memset(text, '\x01', big); /* six bytes each, once escaped */
    memset(out, '#', room + 16);
    line.operation = line.error = line.service = line.source =
        (struct spanlog_text){text, (uint32_t)big};
    line.trace_text = line.span_text = line.parent_text = line.service;
    end = dialect->write(&line, out, out + 4096 + 2 * big);
    assert_non_null(end);
    assert_true(is_one_valid_line(out, end));
    line = a_log(two, 2);
    line.message = line.service = line.source = line.logger =
        (struct spanlog_text){text, (uint32_t)big};
    end = dialect->write(&line, out, out + 4096 + big);
    assert_non_null(end);
    assert_true(is_one_valid_line(out, end));
    free(text);
    free(out);
}

static void four_kib_and_the_texts_always_suffice(void **state) {
    (void)state;
    for_every_dialect(write_hostile_texts);
}

static void write_with_a_remembered_second(const struct spanlog_dialect *dialect) {
    struct spanlog_second second = {0, ""};
    char plain[4096], remembered[4096];
    for (uint64_t i = 0; i < 30; i++) {
        struct spanlog_line line = a_span(two, 2);
        line.time_ns += i * 333333333;
        char *end = dialect->write(&line, plain, plain + sizeof plain);
        line.second = &second;
        *end = '\0';
        assert_text(dialect->write(&line, remembered, remembered + sizeof remembered), remembered,
                    plain);
    }
}

static void a_remembered_second_changes_nothing(void **state) {
    (void)state;
    for_every_dialect(write_with_a_remembered_second);
}

static void write_line_start(const struct spanlog_dialect *dialect) {
    struct spanlog_line line = a_log(two, 2);
    char out[4096];
    assert_non_null(dialect->write(&line, out, out + sizeof out));
    assert_memory_equal(out, dialect->line_start, strlen(dialect->line_start));
}

static void every_line_begins_as_the_table_says(void **state) {
    (void)state;
    for_every_dialect(write_line_start);
}

static void parts_do_not_overrun(const struct spanlog_dialect *dialect) {
    struct spanlog_line line = a_log(two, 2);
    struct spanlog_text key = SPANLOG_TEXT("trace_id");
    line.message = SPANLOG_TEXT("a \"message\" with \x01");
    for (size_t room = 0; room < 200; room++) {
        char *out = malloc(room ? room : 1), *end;
        end = dialect->render_head(&line, out, out + room);
        assert_true(!end || (end >= out && end <= out + room));
        end = dialect->render_tail(&line, out, out + room);
        assert_true(!end || (end >= out && end <= out + room));
        end = dialect->render_key(key, SPANLOG_LINE_LOG, out, out + room);
        assert_true(!end || (end >= out && end <= out + room));
        free(out);
    }
}

static void rendered_parts_are_bounded(void **state) {
    (void)state;
    for_every_dialect(parts_do_not_overrun);
}

/* ---- logfmt and pretty ------------------------------------------------------------------ */

static void a_log_in_logfmt_has_the_documented_bytes(void **state) {
    struct spanlog_line line = a_log(two, 2);
    char out[4096];
    (void)state;
    assert_text(spanlog_dialect_logfmt.write(&line, out, out + sizeof out), out,
                "ts=2026-11-21T10:30:45.123456789Z level=info msg=\"cache miss\" service=orders "
                "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7 trace_flags=01 "
                "logger=db src=src/db.c:42 pid=711 tid=713 key=user:7 hits=3\n");
}

static void a_log_for_people_is_short(void **state) {
    struct spanlog_line line = a_log(two, 2);
    char out[4096];
    (void)state;
    assert_text(spanlog_dialect_pretty.write(&line, out, out + sizeof out), out,
                "10:30:45.123Z INFO  [orders] cache miss  key=user:7 hits=3 trace_id=…0e0e4736 "
                "logger=db src=src/db.c:42\n");
}

static void a_span_for_people_shows_operation_duration_and_status(void **state) {
    struct spanlog_line line = a_span(NULL, 0);
    char out[4096];
    (void)state;
    assert_text(
        spanlog_dialect_pretty.write(&line, out, out + sizeof out), out,
        "10:30:45.123Z INFO  [orders] span completed  db.query 45.2ms error 500  kind=client "
        "error=timeout trace_id=…0e0e4736 span_id=…0ba902b7 src=src/db.c:42 events=1 links=1\n");
}

static void a_message_that_looks_like_fields_is_quoted_for_people(void **state) {
    struct spanlog_line line = a_log(NULL, 0);
    char out[4096], *end;
    (void)state;
    line.message = SPANLOG_TEXT("x  user=admin\x1b[2J");
    end = spanlog_dialect_pretty.write(&line, out, out + sizeof out);
    *end = '\0';
    assert_non_null(strstr(out, "] \"x  user=admin\\u001b[2J\"  trace_id="));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_has_the_documented_bytes),
        cmocka_unit_test(a_span_has_the_documented_bytes),
        cmocka_unit_test(a_log_outside_a_span_has_no_ids),
        cmocka_unit_test(an_absent_message_is_null_in_parentheses),
        cmocka_unit_test(an_abandoned_span_says_so),
        cmocka_unit_test(values_of_every_type_are_written),
        cmocka_unit_test(a_key_given_twice_appears_once_with_the_last_value),
        cmocka_unit_test(a_reserved_key_gets_an_underscore),
        cmocka_unit_test(a_renamed_key_makes_way_for_one_that_was_given),
        cmocka_unit_test(keys_that_are_written_alike_are_one_key),
        cmocka_unit_test(a_cut_value_states_its_length),
        cmocka_unit_test(more_attributes_than_the_limit_are_counted),
        cmocka_unit_test(an_attribute_that_does_not_fit_is_counted),
        cmocka_unit_test(dialects_are_found_by_name),
        cmocka_unit_test(no_size_of_buffer_is_overrun_or_gives_a_broken_line),
        cmocka_unit_test(four_kib_and_the_texts_always_suffice),
        cmocka_unit_test(a_remembered_second_changes_nothing),
        cmocka_unit_test(every_line_begins_as_the_table_says),
        cmocka_unit_test(rendered_parts_are_bounded),
        cmocka_unit_test(a_log_in_logfmt_has_the_documented_bytes),
        cmocka_unit_test(a_log_for_people_is_short),
        cmocka_unit_test(a_span_for_people_shows_operation_duration_and_status),
        cmocka_unit_test(a_message_that_looks_like_fields_is_quoted_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
