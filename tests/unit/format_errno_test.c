/* tests/unit/format_errno_test.c: the errno table against the C library's. */
#include "tests/unit/format_test.h"

#include "formatters/errno_names.h"

static void every_errno_has_libcs_name_and_text(void **state) {
    (void)state;
    for (int number = 1; number < 200; number++) {
        const struct spanlog_errno_name *e = spanlog_errno_name(number);
        const char *name = strerrorname_np(number);
        if (!name) {
            assert_null(e);
            continue;
        }
        assert_non_null(e);
        assert_string_equal(e->name, name);
        assert_string_equal(e->text, strerrordesc_np(number));
    }
}

static void numbers_that_are_no_errno_are_written_as_such(void **state) {
    char out[SPANLOG_ERRNO_MAX];
    (void)state;
    assert_text(spanlog_put_errno(out, 2), out, "ENOENT: No such file or directory");
    assert_text(spanlog_put_errno(out, 4711), out, "4711: Unknown error");
    assert_text(spanlog_put_errno(out, 41), out, "41: Unknown error");
    assert_text(spanlog_put_errno(out, INT64_MIN), out, "-9223372036854775808: Unknown error");
}

static void every_text_fits_the_stated_size(void **state) {
    char out[200];
    (void)state;
    for (int number = -1; number < 200; number++)
        assert_true(spanlog_put_errno(out, number) - out <= SPANLOG_ERRNO_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_errno_has_libcs_name_and_text),
        cmocka_unit_test(numbers_that_are_no_errno_are_written_as_such),
        cmocka_unit_test(every_text_fits_the_stated_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
