/* tests/unit/format_utf8_test.c: what is UTF-8, one byte sequence at a time. */
#include "tests/unit/format_test.h"

#include "formatters/utf8.h"

static void every_code_point_reads_back(void **state) {
    char text[8];
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        uint32_t back = 0, expected = code >= 0xD800 && code <= 0xDFFF ? 0xFFFD : code;
        char *end = spanlog_utf8_put(text, code);
        assert_int_equal(spanlog_utf8_next(text, end, &back), end - text);
        assert_int_equal(back, expected);
        assert_true(spanlog_utf8_valid(text, (size_t)(end - text)));
    }
    assert_int_equal(spanlog_utf8_put(text, 0x110000) - text, 3);
}

/* Length of the broken beginning, or minus it when valid: the table of Unicode's chapter 3. */
static void broken_sequences_are_measured_by_their_maximal_subpart(void **state) {
    static const struct {
        const char *text;
        int length;
    } known[] = {
        {"\x80", -1},
        {"\xBF", -1},
        {"\xC0\xAF", -1},
        {"\xC1\xBF", -1},
        {"\xC2", -1},
        {"\xC2\x41", -1},
        {"\xE0\x80\xAF", -1},
        {"\xE0\xA0", -2},
        {"\xE2\x28\xA1", -1},
        {"\xE2\x82\x28", -2},
        {"\xED\xA0\x80", -1},
        {"\xED\x9F", -2},
        {"\xF0\x80\x80", -1},
        {"\xF0\x9F\x98", -3},
        {"\xF0\x9F\x98\x41", -3},
        {"\xF0\x9F\x41", -2},
        {"\xF4\x90\x80", -1},
        {"\xF5\x80\x80\x80", -1},
        {"\xFF", -1},
        {"\xFE", -1},
        {"\xC3\xA9", 2},
        {"\xE2\x82\xAC", 3},
        {"\xF0\x9F\x98\x80", 4},
        {"A", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t code;
        const char *text = known[i].text;
        assert_int_equal(spanlog_utf8_next(text, text + strlen(text), &code), known[i].length);
        if (known[i].length < 0)
            assert_int_equal(code, 0xFFFD);
    }
}

static void a_broken_byte_is_found_at_every_place(void **state) {
    char text[67];
    (void)state;
    for (size_t size = 1; size <= sizeof text; size++)
        for (size_t at = 0; at < size; at++) {
            memset(text, 'a', sizeof text);
            assert_true(spanlog_utf8_valid(text, size));
            text[at] = (char)0xFF;
            assert_false(spanlog_utf8_valid(text, size));
        }
    assert_true(spanlog_utf8_valid("", 0));
}

static void only_a_cut_off_last_character_is_trimmed(void **state) {
    (void)state;
    assert_int_equal(spanlog_utf8_trim("ab\xC3", 3), 2);
    assert_int_equal(spanlog_utf8_trim("ab\xC3\xA9", 4), 4);
    assert_int_equal(spanlog_utf8_trim("\xE2\x82", 2), 0);
    assert_int_equal(spanlog_utf8_trim("x\xF0\x9F\x98", 4), 1);
    assert_int_equal(spanlog_utf8_trim("x\xF0", 2), 1);
    assert_int_equal(spanlog_utf8_trim("\xBF\xBF", 2), 2); /* broken, not cut */
    assert_int_equal(spanlog_utf8_trim("\xE0\x80", 2), 2);
    assert_int_equal(spanlog_utf8_trim("", 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_reads_back),
        cmocka_unit_test(broken_sequences_are_measured_by_their_maximal_subpart),
        cmocka_unit_test(a_broken_byte_is_found_at_every_place),
        cmocka_unit_test(only_a_cut_off_last_character_is_trimmed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
