/* tests/unit/format_json_test.c: JSON made elsewhere. Python judges random texts
 * (format_python_test.py); here are the cases that have names. */
#include "tests/unit/format_test.h"

#include <errno.h>
#include <stdlib.h>

#include "formatters/json.h"

static void valid_values_are_accepted(void **state) {
    static const char *const valid[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1.5e-7",
        "1E+3",
        "\"\"",
        "\"a\\u00e9\\n\"",
        "[]",
        "{}",
        " [ 1 , 2 ] ",
        "{\"a\":{\"b\":[null,{}]}}",
        "\t{\r\n\"a\" : 1 }\n",
        "\"\\ud83d\\ude00\"",
        "[[],[[]],{}]",
        "\"\x7f\"",
        "\"größe\"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        if (!spanlog_json_valid(valid[i], strlen(valid[i])))
            fail_msg("refused: %s", valid[i]);
}

static void what_rfc_8259_does_not_allow_is_refused(void **state) {
    static const char *const invalid[] = {
        "",
        " ",
        "nul",
        "True",
        "NaN",
        "Infinity",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "--1",
        "0x1",
        "\"",
        "\"a",
        "'a'",
        "\"\n\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u00@0\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83d\\u0041\"",
        "[",
        "]",
        "[1",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:2}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1]",
        "1 2",
        "1,",
        "[]]",
        "{}{}",
        "\"\xFF\"",
        "\"\xED\xA0\x80\"",
        "\xEF\xBB\xBF[1]",
        "// c\n1",
        "[1]//",
    };
    (void)state;
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
        if (spanlog_json_valid(invalid[i], strlen(invalid[i])))
            fail_msg("accepted: %s", invalid[i]);
    assert_false(spanlog_json_valid("1\0", 2));
}

static bool nested(size_t depth, const char *open, const char *close) {
    size_t width = strlen(open), end_width = strlen(close);
    char *text = malloc(depth * (width + end_width) + 1);
    for (size_t i = 0; i < depth; i++)
        memcpy(text + i * width, open, width);
    for (size_t i = 0; i < depth; i++)
        memcpy(text + depth * width + i * end_width, close, end_width);
    bool valid = spanlog_json_valid(text, depth * (width + end_width));
    free(text);
    return valid;
}

static void nesting_is_bounded_without_recursion(void **state) {
    (void)state;
    assert_true(nested(SPANLOG_JSON_DEPTH_MAX, "[", "]"));
    assert_false(nested(SPANLOG_JSON_DEPTH_MAX + 1, "[", "]"));
    assert_false(nested(1000000, "[", "]"));
    assert_false(nested(1000000, "[", ""));
}

static void a_prefix_of_a_value_is_read_no_further(void **state) {
    static const char text[] = "{\"a\":[1.5e3,\"\\u00e9\xC3\xA9\",true,null],\"b\":{}}";
    (void)state;
    for (size_t size = 0; size < sizeof text - 1; size++) {
        char *copy = malloc(size ? size : 1);
        memcpy(copy, text, size);
        assert_false(spanlog_json_valid(copy, size));
        free(copy);
    }
    assert_true(spanlog_json_valid(text, sizeof text - 1));
}

static void a_copy_stays_on_one_line(void **state) {
    static const char text[] = "{\n\t\"a b\" : [1, \"x\\n\\\"y \"]\r\n}";
    char out[128];
    (void)state;
    assert_text(spanlog_json_copy(out, out + sizeof out, text, sizeof text - 1), out,
                "{\"a b\":[1,\"x\\n\\\"y \"]}");
}

static void a_value_without_line_breaks_is_copied_as_it_is(void **state) {
    static const char text[] = "{\"a\": [1, 2]}";
    char out[128];
    (void)state;
    assert_text(spanlog_json_copy(out, out + sizeof out, text, sizeof text - 1), out, text);
}

static void control_characters_in_copied_strings_become_escapes(void **state) {
    static const char text[] = "\"\x7f\xC2\x85\xE2\x80\xA8\"";
    char out[128];
    (void)state;
    assert_text(spanlog_json_copy(out, out + sizeof out, text, sizeof text - 1), out,
                "\"\\u007f\\u0085\\u2028\"");
}

static void strings_are_unescaped(void **state) {
    static const char text[] = "\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u0000\\ud83d\\ude00";
    char out[sizeof text];
    ssize_t size = spanlog_json_unescape(text, sizeof text - 1, out);
    (void)state;
    assert_int_equal(size, 15);
    assert_memory_equal(out, "\"\\/\b\f\n\r\t\xC3\xA9\0\xF0\x9F\x98\x80", 15);
}

static void strings_are_unescaped_in_place(void **state) {
    char text[] = "plain \\u20ac and \\n more";
    ssize_t size = spanlog_json_unescape(text, sizeof text - 1, text);
    (void)state;
    assert_text(text + size, text, "plain € and \n more");
}

static void half_a_surrogate_pair_becomes_a_replacement(void **state) {
    char out[32];
    (void)state;
    assert_text(out + spanlog_json_unescape("\\ud83d!", 7, out), out, "\xEF\xBF\xBD!");
    assert_text(out + spanlog_json_unescape("\\ude00\\ud83d", 12, out), out,
                "\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void bad_escapes_are_refused(void **state) {
    static const char *const bad[] = {"\\", "\\x", "\\u12", "\\u123g", "a\"b", "\\U0041"};
    char out[32];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(spanlog_json_unescape(bad[i], strlen(bad[i]), out), -EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_values_are_accepted),
        cmocka_unit_test(what_rfc_8259_does_not_allow_is_refused),
        cmocka_unit_test(nesting_is_bounded_without_recursion),
        cmocka_unit_test(a_prefix_of_a_value_is_read_no_further),
        cmocka_unit_test(a_copy_stays_on_one_line),
        cmocka_unit_test(a_value_without_line_breaks_is_copied_as_it_is),
        cmocka_unit_test(control_characters_in_copied_strings_become_escapes),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(strings_are_unescaped_in_place),
        cmocka_unit_test(half_a_surrogate_pair_becomes_a_replacement),
        cmocka_unit_test(bad_escapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
