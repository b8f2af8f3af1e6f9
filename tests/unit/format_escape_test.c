/* tests/unit/format_escape_test.c: escaping, byte by byte and at every size of buffer. Python is
 * the oracle for random text (format_python_test.py). */
#include "tests/unit/format_test.h"

#include <stdlib.h>

#include "formatters/escape.h"
#include "formatters/utf8.h"

#define CHECK(text, expected)                                                                      \
    do {                                                                                           \
        char out_[512];                                                                            \
        assert_text(spanlog_escape(out_, out_ + sizeof out_, (text), sizeof(text) - 1), out_,      \
                    (expected));                                                                   \
    } while (0)

static void a_quote_and_a_backslash_get_a_backslash(void **state) {
    (void)state;
    CHECK("say \"hi\" c:\\x", "say \\\"hi\\\" c:\\\\x");
}

static void a_nul_byte_becomes_an_escape(void **state) {
    (void)state;
    CHECK("a\0b", "a\\u0000b");
}

static void control_characters_del_and_c1_become_escapes(void **state) {
    (void)state;
    CHECK("\n\r\t\x1b\x7f", "\\u000a\\u000d\\u0009\\u001b\\u007f");
    CHECK("\xC2\x80\xC2\x9F\xC2\xA0", "\\u0080\\u009f\xC2\xA0");
}

static void line_and_paragraph_separators_become_escapes(void **state) {
    (void)state;
    CHECK("\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA", "\\u2028\\u2029\xE2\x80\xAA");
}

static void other_scripts_pass_as_they_are(void **state) {
    (void)state;
    CHECK("größe 中文 😀", "größe 中文 😀");
}

static void broken_utf8_is_replaced_once_per_maximal_subpart(void **state) {
    (void)state;
    CHECK("\xF0\x9F\x98 \xED\xA0\x80", "\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void bidi_controls_are_visible_where_asked_for(void **state) {
    char out[128];
    const char *text = "a\xE2\x80\xAE"
                       "b\xEF\xBB\xBF";
    (void)state;
    assert_text(spanlog_escape_visible(out, out + sizeof out, text, strlen(text)), out,
                "a\\u202eb\\ufeff");
    CHECK("a\xE2\x80\xAE"
          "b",
          "a\xE2\x80\xAE"
          "b");
}

/* The same text from every alignment and length, so that no block of 16 hides a byte. */
static void a_special_byte_is_found_at_every_place(void **state) {
    char text[80], out[600], expected[600];
    (void)state;
    for (size_t size = 1; size <= sizeof text; size++)
        for (size_t at = 0; at < size; at++) {
            memset(text, 'a', sizeof text);
            text[at] = '\n';
            snprintf(expected, sizeof expected, "%.*s\\u000a%.*s", (int)at, text,
                     (int)(size - at - 1), text + at + 1);
            assert_text(spanlog_escape(out, out + sizeof out, text, size), out, expected);
        }
}

/* The buffer ends where the heap block does: sanitizers see what the canary does not. */
static void no_size_of_buffer_is_overrun(void **state) {
    static const char text[] =
        "plain text of some length, \"quoted\"\n\xC2\x85\xE2\x80\xA8\xFF\xF0\x9F"
        "\x98\x80 and more than sixteen plain bytes at the end";
    char whole[512];
    size_t needed =
        (size_t)(spanlog_escape(whole, whole + sizeof whole, text, sizeof text - 1) - whole);
    (void)state;
    for (size_t room = 0; room <= needed + 20; room++) {
        char *out = malloc(room + 8), *end;
        memset(out, '#', room + 8);
        end = spanlog_escape(out, out + room, text, sizeof text - 1);
        if (room < needed)
            assert_null(end);
        else if (room >= needed + 6)
            assert_int_equal(end - out, needed);
        assert_memory_equal(out + room, "########", 8);
        free(out);
        out = malloc(room ? room : 1); /* and without slack */
        spanlog_escape(out, out + room, text, sizeof text - 1);
        free(out);
    }
}

static void nothing_is_read_beyond_the_text(void **state) {
    char out[600];
    (void)state;
    for (size_t size = 0; size <= 40; size++) {
        char *text = malloc(size ? size : 1);
        memset(text, 'x', size);
        assert_int_equal(spanlog_escape(out, out + sizeof out, text, size) - out, size);
        free(text);
    }
}

static void a_cut_text_says_how_long_it_was(void **state) {
    char out[128];
    (void)state;
    assert_text(spanlog_escape_cut(out, out + sizeof out, "aaaa", 4, 1048576, false), out,
                "aaaa…[truncated, 1048576 bytes]");
    assert_text(spanlog_escape_cut(out, out + sizeof out, "aaa\xC3", 4, 1048576, false), out,
                "aaa…[truncated, 1048576 bytes]");
}

static void a_text_that_does_not_fit_is_cut_between_characters(void **state) {
    char text[400], out[200];
    (void)state;
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    for (size_t room = 0; room <= sizeof out; room++) {
        char *end = spanlog_escape_cut(out, out + room, text, sizeof text, 0, false);
        if (room < SPANLOG_CUT_MARK_MAX) {
            assert_null(end);
            continue;
        }
        assert_true(end <= out + room);
        assert_true(spanlog_utf8_valid(out, (size_t)(end - out)));
        assert_memory_equal(end - 10, "400 bytes]", 10);
    }
}

static void bare_texts_hold_nothing_that_ends_a_value(void **state) {
    static const char *const bare[] = {"a", "user:7", "größe", "a/b?c&d", "1.5", "{}", "'"};
    static const char *const not_bare[] = {"",   "a b",  "a=b",  "\"",           "a\\",
                                           "\n", "\xFF", "\x7f", "\xE2\x80\xAE", "\xC2\x85"};
    (void)state;
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++)
        assert_true(spanlog_is_bare(bare[i], strlen(bare[i])));
    for (size_t i = 0; i < sizeof not_bare / sizeof *not_bare; i++)
        assert_false(spanlog_is_bare(not_bare[i], strlen(not_bare[i])));
}

static void sentences_have_single_spaces_between_words(void **state) {
    static const char *const no[] = {"", " a", "a ", "a  b", "a=b c", "say \"hi\"", "a\nb"};
    (void)state;
    assert_true(spanlog_is_sentence("cache miss: größe", 18));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(spanlog_is_sentence(no[i], strlen(no[i])));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quote_and_a_backslash_get_a_backslash),
        cmocka_unit_test(a_nul_byte_becomes_an_escape),
        cmocka_unit_test(control_characters_del_and_c1_become_escapes),
        cmocka_unit_test(line_and_paragraph_separators_become_escapes),
        cmocka_unit_test(other_scripts_pass_as_they_are),
        cmocka_unit_test(broken_utf8_is_replaced_once_per_maximal_subpart),
        cmocka_unit_test(bidi_controls_are_visible_where_asked_for),
        cmocka_unit_test(a_special_byte_is_found_at_every_place),
        cmocka_unit_test(no_size_of_buffer_is_overrun),
        cmocka_unit_test(nothing_is_read_beyond_the_text),
        cmocka_unit_test(a_cut_text_says_how_long_it_was),
        cmocka_unit_test(a_text_that_does_not_fit_is_cut_between_characters),
        cmocka_unit_test(bare_texts_hold_nothing_that_ends_a_value),
        cmocka_unit_test(sentences_have_single_spaces_between_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
