/* tests/unit/format_integer_test.c: integers, hex and durations against snprintf. */
#include "tests/unit/format_test.h"

#include <errno.h>
#include <inttypes.h>

#include "formatters/number.h"

static void integers_of_every_magnitude_equal_printf(void **state) {
    char out[SPANLOG_NUMBER_MAX], expected[64];
    uint64_t seed = 1;
    (void)state;
    for (int i = 0; i < 2000000; i++) {
        uint64_t value = next_magnitude(&seed);
        snprintf(expected, sizeof expected, "%" PRIu64, value);
        assert_text(spanlog_put_u64(out, value), out, expected);
        snprintf(expected, sizeof expected, "%" PRId64, (int64_t)(0 - value));
        assert_text(spanlog_put_i64(out, (int64_t)(0 - value)), out, expected);
    }
}

static void integers_around_powers_of_ten_equal_printf(void **state) {
    char out[SPANLOG_NUMBER_MAX], expected[64];
    uint64_t power = 1;
    (void)state;
    for (int i = 0; i < 20; i++, power *= 10)
        for (int64_t off = -2; off <= 2; off++) {
            snprintf(expected, sizeof expected, "%" PRIu64, power + (uint64_t)off);
            assert_text(spanlog_put_u64(out, power + (uint64_t)off), out, expected);
        }
}

static void the_least_integer_is_exact(void **state) {
    char out[SPANLOG_NUMBER_MAX];
    (void)state;
    assert_text(spanlog_put_i64(out, INT64_MIN), out, "-9223372036854775808");
    assert_text(spanlog_put_i64(out, INT64_MAX), out, "9223372036854775807");
    assert_text(spanlog_put_u64(out, UINT64_MAX), out, "18446744073709551615");
}

static void pointers_equal_printf(void **state) {
    char out[SPANLOG_NUMBER_MAX], expected[64];
    uint64_t seed = 2;
    (void)state;
    assert_text(spanlog_put_pointer(out, 0), out, "0x0");
    for (int i = 0; i < 100000; i++) {
        uint64_t value = next_magnitude(&seed);
        snprintf(expected, sizeof expected, "0x%" PRIx64, value);
        assert_text(spanlog_put_pointer(out, value), out, expected);
    }
}

static void durations_are_milliseconds_without_trailing_zeros(void **state) {
    char out[SPANLOG_NUMBER_MAX];
    (void)state;
    assert_text(spanlog_put_duration_ms(out, 45200000), out, "45.2");
    assert_text(spanlog_put_duration_ms(out, 4000), out, "0.004");
    assert_text(spanlog_put_duration_ms(out, 3000000), out, "3");
    assert_text(spanlog_put_duration_ms(out, 0), out, "0");
    assert_text(spanlog_put_duration_ms(out, 1), out, "0.000001");
    assert_text(spanlog_put_duration_ms(out, UINT64_MAX), out, "18446744073709.551615");
}

static void durations_of_every_magnitude_are_exact(void **state) {
    char out[SPANLOG_NUMBER_MAX], expected[64];
    uint64_t seed = 3;
    (void)state;
    for (int i = 0; i < 500000; i++) {
        uint64_t ns = next_magnitude(&seed);
        int n = snprintf(expected, sizeof expected, "%" PRIu64 ".%06u", ns / 1000000,
                         (unsigned)(ns % 1000000));
        while (expected[n - 1] == '0')
            n--;
        if (expected[n - 1] == '.')
            n--;
        expected[n] = '\0';
        assert_text(spanlog_put_duration_ms(out, ns), out, expected);
    }
}

static void hex_of_every_length_equals_printf(void **state) {
    uint8_t bytes[70];
    char out[2 * sizeof bytes + 1], expected[2 * sizeof bytes + 1];
    uint64_t seed = 4;
    (void)state;
    for (size_t size = 0; size <= sizeof bytes; size++) {
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)next_random(&seed);
            snprintf(expected + 2 * i, 3, "%02x", bytes[i]);
        }
        expected[2 * size] = '\0';
        out[2 * size] = '#';
        assert_text(spanlog_put_hex(out, bytes, size), out, expected);
        assert_int_equal(out[2 * size], '#'); /* nothing beyond is touched */
    }
}

static void hex_reads_back_in_either_case(void **state) {
    uint8_t bytes[3];
    (void)state;
    assert_int_equal(spanlog_read_hex("0aBcF9", 6, bytes, 3), 0);
    assert_memory_equal(bytes, "\x0a\xbc\xf9", 3);
}

static void every_byte_that_is_no_hex_digit_is_refused(void **state) {
    char text[2] = "0";
    uint8_t byte;
    (void)state;
    for (int c = 0; c < 256; c++) {
        text[1] = (char)c;
        int expected = c && strchr("0123456789abcdefABCDEF", c) ? 0 : -EINVAL;
        assert_int_equal(spanlog_read_hex(text, 2, &byte, 1), expected);
    }
    assert_int_equal(spanlog_read_hex("abc", 3, &byte, 1), -EINVAL);
}

static void integers_read_back(void **state) {
    char out[SPANLOG_NUMBER_MAX];
    uint64_t seed = 5;
    (void)state;
    for (int i = 0; i < 500000; i++) {
        uint64_t value = next_magnitude(&seed), u = 0;
        int64_t s = 0;
        char *end = spanlog_put_u64(out, value);
        assert_int_equal(spanlog_read_u64(out, (size_t)(end - out), &u), 0);
        assert_int_equal(u, value);
        end = spanlog_put_i64(out, (int64_t)value);
        assert_int_equal(spanlog_read_i64(out, (size_t)(end - out), &s), 0);
        assert_int_equal(s, (int64_t)value);
    }
}

static void what_does_not_fit_is_out_of_range(void **state) {
    uint64_t u;
    int64_t s;
    (void)state;
    assert_int_equal(spanlog_read_u64("18446744073709551616", 20, &u), -ERANGE);
    assert_int_equal(spanlog_read_u64("18446744073709551615", 20, &u), 0);
    assert_int_equal(spanlog_read_i64("9223372036854775808", 19, &s), -ERANGE);
    assert_int_equal(spanlog_read_i64("-9223372036854775808", 20, &s), 0);
    assert_int_equal(spanlog_read_i64("-9223372036854775809", 20, &s), -ERANGE);
}

static void what_is_no_integer_is_refused(void **state) {
    static const char *const bad[] = {
        "", "-", "01", "1x", "x", "+1", " 1", "1 ", "--1", "1.0", "99999999999999999999x"};
    int64_t s;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(spanlog_read_i64(bad[i], strlen(bad[i]), &s), -EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_every_magnitude_equal_printf),
        cmocka_unit_test(integers_around_powers_of_ten_equal_printf),
        cmocka_unit_test(the_least_integer_is_exact),
        cmocka_unit_test(pointers_equal_printf),
        cmocka_unit_test(durations_are_milliseconds_without_trailing_zeros),
        cmocka_unit_test(durations_of_every_magnitude_are_exact),
        cmocka_unit_test(hex_of_every_length_equals_printf),
        cmocka_unit_test(hex_reads_back_in_either_case),
        cmocka_unit_test(every_byte_that_is_no_hex_digit_is_refused),
        cmocka_unit_test(integers_read_back),
        cmocka_unit_test(what_does_not_fit_is_out_of_range),
        cmocka_unit_test(what_is_no_integer_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
