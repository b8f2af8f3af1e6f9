/* tests/unit/library_bad_input_test.c: whatever it is given, a call leaves one valid line. One test
 * for each row of the table of bad input; every log is also judged by Python's parser. */
#include "tests/unit/library_check.h"

#include <math.h>

#ifndef __clang__
#pragma GCC diagnostic ignored "-Wformat-overflow" /* a NULL for %s is what is asked for */
#endif

/* Runs body and returns its run after Python has agreed with every line. */
static struct run *run_strict(void (*body)(void)) {
    struct run *run = run_child(body);
    assert_exit(run, 0);
    struct run *judge = run_command("python3 '%s' log.jsonl", STRICT_JSON);
    assert_exit(judge, 0);
    assert_int_equal(strtoul(judge->out, NULL, 10), run->count);
    return run;
}

static void logs_invalid_utf8(void) {
    static const char *const texts[] = {"\xff",         "a\xc3",
                                        "\xc0\xaf",     "\xe2\x82",
                                        "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                        "\x80\x80",     "ok\xf0\x9f\x98\x80",
                                        "\xe2\x28\xa1", "\xf0\x9f\x98"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        spanlog_info("bytes", kv("t", texts[i]));
        spanlog_infof("printf %s", texts[i]);
    }
    spanlog_info("one", kv("t", "\xf0\x9f\x98"
                                "\xff"
                                "a"));
}

static void invalid_utf8_is_replaced_by_maximal_subpart(void **state) {
    (void)state;
    struct run *run = run_strict(logs_invalid_utf8);
    assert_field(need_line(run, "msg", "one"), "t",
                 "\xef\xbf\xbd\xef\xbf\xbd"
                 "a");
    assert_count(run, "t", "ok\xf0\x9f\x98\x80", 1);
    assert_count(run, "t", "\xef\xbf\xbd(\xef\xbf\xbd", 1);
}

static void logs_controls(void) {
    char all[33];
    for (int i = 0; i < 32; i++)
        all[i] = (char)(i + 1);
    all[32] = '\0';
    spanlog_info("controls", kv("t", all), kv("del", "\x7f"), kv("c1", "\xc2\x85\xc2\x9b"),
                 kv("separators", "\xe2\x80\xa8\xe2\x80\xa9"), kv_n("nul", "a\0b", 3),
                 kv("esc", "\x1b[31mred"), kv("quote", "\"\\"));
    spanlog_infof("line1\nline2\r\x1b %s", "x\ny");
}

static void controls_are_escaped_and_one_record_is_one_line(void **state) {
    (void)state;
    struct run *run = run_strict(logs_controls);
    const char *line = need_line(run, "msg", "controls");
    assert_int_equal(run->count, 4);
    assert_field(line, "nul", "a\\u0000b");
    assert_field(line, "del", "\\u007f");
    assert_field(line, "c1", "\\u0085\\u009b");
    assert_field(line, "separators", "\\u2028\\u2029");
    assert_field(line, "esc", "\\u001b[31mred");
    assert_field(line, "quote", "\\\"\\\\");
}

static void logs_numbers(void) {
    spanlog_info("numbers", kv("nan", NAN), kv("inf", -INFINITY), kv("min", INT64_MIN),
                 kv("max", UINT64_MAX), kv("over", (int64_t)9007199254740993),
                 kv("fnan", (float)NAN), kv("big", 1.7976931348623157e308), kv("tiny", 5e-324));
}

static void numbers_are_exact_or_strings(void **state) {
    (void)state;
    const char *line = need_line(run_strict(logs_numbers), "msg", "numbers");
    assert_says(line, "\"nan\":\"NaN\"", 1);
    assert_says(line, "\"fnan\":\"NaN\"", 1);
    assert_says(line, "\"inf\":\"-Infinity\"", 1);
    assert_says(line, "\"min\":-9223372036854775808", 1);
    assert_says(line, "\"max\":18446744073709551615", 1);
    assert_says(line, "\"over\":9007199254740993", 1);
}

static void logs_a_megabyte(void) {
    size_t size = 1 << 20;
    char *text = malloc(size + 1);
    for (size_t i = 0; i < size; i += 2) /* a boundary is never where a cut by bytes would be */
        memcpy(text + i, "\xc3\xa4", 2);
    text[0] = 'x';
    text[1] = 'y';
    text[size] = '\0';
    spanlog_info("field", kv("t", text), kv("after", 1));
    spanlog_info("bytes", kv_n("t", text + 1, size - 1), kv_hex("h", text, size),
                 kv_json("j", text));
    spanlog_infof("printf %s %d", text, 5);
    spanlog_scope(sp, "operation", kv("t", text));
    spanlog_set(&sp, kv("u", text));
    spanlog_event(&sp, "e", kv("v", text));
    spanlog_fail(&sp, text);
    free(text);
}

static void fails_with_a_megabyte(void) {
    size_t size = 1 << 20;
    char *text = malloc(size + 1);
    for (size_t i = 0; i < size; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    text[0] = 'x';
    text[1] = 'y';
    text[size] = '\0';
    spanlog_scope(sp, "operation");
    spanlog_fail(&sp, text + 1);
    free(text);
}

static void rename_to_a_megabyte(void) {
    size_t size = 1 << 20;
    char *text = malloc(size + 1);
    memset(text, 'o', size);
    text[size] = '\0';
    spanlog_scope(sp, "operation");
    spanlog_rename(&sp, text);
    free(text);
}

static void a_megabyte_is_cut_at_a_character_and_says_so(void **state) {
    (void)state;
    struct run *run = run_strict(logs_a_megabyte);
    const char *line = need_line(run, "msg", "field"), *text = field(line, "t");
    assert_in_range(strlen(text), 10000, 20000);
    assert_says(text, "1048576", 1); /* the size that it had */
    assert_says(text, "\xef\xbf\xbd", 0);
    assert_field(line, "after", "1");
    assert_non_null(find_line(run, "msg", "bytes", 0));
    assert_non_null(find_line(run, "operation", "operation", 0));
    assert_says(run->log, "\"msg\":\"printf xy", 1);
}

static void an_operation_of_a_megabyte_is_cut_and_says_so(void **state) {
    (void)state;
    struct run *run = run_strict(rename_to_a_megabyte);
    const char *line = need_line(run, "msg", "span completed");
    assert_says(field(line, "operation"), "o\u2026[truncated, 1048576 bytes]", 1);
}

static void an_error_of_a_megabyte_is_cut_at_a_character_and_says_so(void **state) {
    (void)state;
    struct run *run = run_strict(fails_with_a_megabyte);
    const char *text = field(need_line(run, "msg", "span completed"), "error");
    assert_in_range(strlen(text), 16000, 16384 + 64);
    assert_says(text, "\xc3\xa4\u2026[truncated, 1048575 bytes]", 1);
    assert_says(text, "\xef\xbf\xbd", 0);
}

static void logs_nulls(void) {
    const char *null = NULL;
    spanlog_info("nulls", kv("s", null), kv_n("n", null, 10), kv_hex("h", null, 10),
                 kv_ptr("p", null), kv_json("j", null));
    spanlog_infof("%s %.3s %s", null, null, "x");
    spanlog_scope(sp, "op", kv("s", null));
    spanlog_set(&sp, kv("t", null));
    spanlog_event(&sp, "e", kv("s", null));
    spanlog_rename(&sp, null);
    static spanlog_logger nameless;
    spanlog_info_to(nameless, "to nobody");
}

static void null_is_written_as_such(void **state) {
    (void)state;
    struct run *run = run_strict(logs_nulls);
    const char *line = need_line(run, "msg", "nulls");
    assert_field(line, "s", "(null)");
    assert_field(line, "n", "(null)");
    assert_field(line, "h", "(null)");
    assert_field(line, "j", "(null)");
    assert_field(line, "p", "0x0");
    assert_count(run, "msg", "to nobody", 1);
    assert_field(need_line(run, "operation", "op"), "t", "(null)");
}

#define K10 "kkkkkkkkkk"
#define K100 K10 K10 K10 K10 K10 K10 K10 K10 K10 K10

static void logs_odd_keys(void) {
    spanlog_info("keys", kv("", 1), kv(K100 K100, 2), kv("a b", 3), kv("quote\"", 4),
                 kv("new\nline", 5), kv("\xff", 6), kv("a.b", 7));
    spanlog_info("two empty", kv("", 1), kv("", 2));
    spanlog_scope(sp, "op", kv("", 1), kv(K100 K100, 2));
}

static void long_and_empty_keys_are_limited(void **state) {
    (void)state;
    struct run *run = run_strict(logs_odd_keys);
    const char *line = need_line(run, "msg", "keys");
    assert_field(line, "_", "1");
    assert_field(line, "a.b", "7");
    assert_says(line, K100 K10 K10 "kkkkkkkk\":2", 1); /* 128 */
    assert_says(line, K100 K10 K10 "kkkkkkkkk", 0);
    assert_field(need_line(run, "msg", "two empty"), "_", "2");
}

static void logs_reserved_keys(void) {
    spanlog_scope(sp, "real", kv("operation", "fake"), kv("trace_id", "fake"),
                  kv("duration_ms", 99), kv("parent_id", "fake"), kv("status", "fake"),
                  kv("kind", "fake"), kv("start", "fake"), kv("events", "fake"),
                  kv("links", "fake"), kv("error", "fake"), kv("status_code", 7));
    spanlog_info("real", kv("msg", "span completed"), kv("ts", "fake"), kv("level", "fake"),
                 kv("service", "fake"), kv("trace_id", "fake"), kv("span_id", "fake"),
                 kv("trace_flags", "fake"), kv("logger", "fake"), kv("src", "fake"), kv("pid", 1),
                 kv("tid", 1), kv("operation", "fake"), kv("duration_ms", 1),
                 kv("parent_id", "fake"), kv("dup", 1), kv("dup", 2));
    spanlog_info("underscored", kv("msg", 1), kv("msg_", 2));
    spanlog_infof("span completed\",\"operation\":\"forged\",\"duration_ms\":1,\"x\":\"");
}

static void no_value_passes_for_a_field(void **state) {
    (void)state;
    struct run *run = run_strict(logs_reserved_keys);
    const char *span = need_line(run, "operation", "real"), *line = need_line(run, "msg", "real");
    static const char *const of_a_log[] = {"msg",      "ts",      "level",       "service",
                                           "trace_id", "span_id", "trace_flags", "logger",
                                           "src",      "pid",     "tid"};
    for (size_t i = 0; i < sizeof of_a_log / sizeof *of_a_log; i++) {
        char renamed[32];
        snprintf(renamed, sizeof renamed, "%s_", of_a_log[i]);
        assert_string_not_equal(field(line, of_a_log[i]), "fake");
        assert_non_null(field(line, renamed));
    }
    assert_no_field(line, "operation");
    assert_no_field(line, "duration_ms");
    assert_no_field(line, "parent_id");
    assert_field(line, "operation_", "fake");
    assert_field(line, "dup", "2");
    assert_field(span, "operation_", "fake");
    assert_field(span, "duration_ms_", "99");
    assert_no_field(span, "status");
    assert_field(span, "status_", "fake");
    assert_no_field(span, "events");
    assert_field(span, "events_", "fake");
    assert_count(run, "msg", "span completed", 1);
    assert_count(run, "operation", "forged", 0);
    assert_non_null(field(need_line(run, "msg", "underscored"), "msg_"));
}

static void logs_templates(void) {
    const char *hostile = "${jndi:ldap://evil/x} %n%n%s {{7*7}} $(id) `id`";
    spanlog_info("templates", kv("t", hostile));
    spanlog_infof("%s", hostile);
    spanlog_info("${jndi:ldap://evil/y} %s%n");
}

static void data_is_never_interpreted(void **state) {
    (void)state;
    struct run *run = run_strict(logs_templates);
    assert_field(need_line(run, "msg", "templates"), "t",
                 "${jndi:ldap://evil/x} %n%n%s {{7*7}} $(id) `id`");
    assert_count(run, "msg", "${jndi:ldap://evil/x} %n%n%s {{7*7}} $(id) `id`", 1);
    assert_count(run, "msg", "${jndi:ldap://evil/y} %s%n", 1);
}

static void logs_sixteen_long_fields(void) {
    static char t[16 * 1024 + 1];
    memset(t, 'f', sizeof t - 1);
    for (int i = 0; i < 20; i++)
        spanlog_info("large", kv("a", t), kv("b", t), kv("c", t), kv("d", t), kv("e", t),
                     kv("f", t), kv("g", t), kv("h", t), kv("i", t), kv("j", t), kv("k", t),
                     kv("l", t), kv("m", t), kv("n", t), kv("o", t), kv("p", i));
    spanlog_scope(sp, "large", kv("a", t), kv("b", t), kv("c", t), kv("d", t), kv("e", t),
                  kv("f", t), kv("g", t), kv("h", t), kv("i", t), kv("j", t), kv("k", t),
                  kv("l", t), kv("m", t), kv("n", t), kv("o", t), kv("p", 1));
}

static void sixteen_fields_of_16_kib_are_one_line(void **state) {
    (void)state;
    struct run *run = run_strict(logs_sixteen_long_fields);
    assert_count(run, "msg", "large", 20);
    const char *line = find_line(run, "msg", "large", 19);
    assert_field(line, "p", "19");
    assert_non_null(field(line, "o"));
    assert_count(run, "operation", "large", 1);
}

static void escapes_at_worst(void) {
    static char t[16 * 1024 + 1];
    memset(t, 1, sizeof t - 1); /* six bytes each */
    for (int i = 0; i < 50; i++) {
        spanlog_info("worst", kv("a", t), kv("b", t), kv("i", i));
        spanlog_infof("worst %s%s", t, t);
    }
}

static void text_that_escapes_sixfold_is_one_line(void **state) {
    (void)state;
    struct run *run = run_strict(escapes_at_worst);
    assert_count(run, "msg", "worst", 50);
    assert_int_equal(run->count, 102);
}

static void logs_in_every_dialect(void) {
    logs_invalid_utf8();
    logs_controls();
    logs_numbers();
    logs_nulls();
    logs_odd_keys();
    logs_reserved_keys();
    logs_templates();
    logs_a_megabyte();
    logs_sixteen_long_fields();
    escapes_at_worst();
}

static void every_dialect_writes_a_line_for_each(void **state) {
    (void)state;
    struct run *json = run_strict(logs_in_every_dialect);
    static const char *const dialects[] = {"logfmt", "ecs",  "gcp",   "datadog",
                                           "zap",    "otlp", "pretty"};
    for (size_t i = 0; i < 7; i++) {
        char output[64];
        snprintf(output, sizeof output, "%s+file:other", dialects[i]);
        with("SPANLOG_OUTPUT", output);
        assert_exit(run_child(logs_in_every_dialect), 0);
        struct run *lines = run_command("wc -l < other; grep -c '[[:cntrl:]]' other");
        size_t count = strtoul(lines->out, NULL, 10);
        assert_true(i < 6 ? count == json->count : count >= json->count);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(invalid_utf8_is_replaced_by_maximal_subpart),
        sentence(controls_are_escaped_and_one_record_is_one_line),
        sentence(numbers_are_exact_or_strings),
        sentence(a_megabyte_is_cut_at_a_character_and_says_so),
        sentence(an_operation_of_a_megabyte_is_cut_and_says_so),
        sentence(an_error_of_a_megabyte_is_cut_at_a_character_and_says_so),
        sentence(null_is_written_as_such),
        sentence(long_and_empty_keys_are_limited),
        sentence(no_value_passes_for_a_field),
        sentence(data_is_never_interpreted),
        sentence(sixteen_fields_of_16_kib_are_one_line),
        sentence(text_that_escapes_sixfold_is_one_line),
        sentence(every_dialect_writes_a_line_for_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
