/* tests/unit/analyzer_fields_test.c: ids, times and durations as they occur in logs. */
#include "tests/unit/analyzer_test.h"

#include "src/analyzer/read/record.h"

static void ids_of_all_spellings_are_one(void **state) {
    static const char *const same[] = {
        "0af7651916cd43dd8448eb211c80319c", "0AF7651916CD43DD8448EB211C80319C",
        "0x0af7651916cd43dd8448eb211c80319c", "0af76519-16cd-43dd-8448-eb211c80319c"};
    struct spanlog_id id;
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        char *text = test_line(same[i]);
        assert_true(spanlog_id_read(test_text(same[i]), 32, &id));
        assert_int_equal(id.high, 0x0af7651916cd43ddu);
        assert_int_equal(id.low, 0x8448eb211c80319cu);
        assert_false(id.opaque);
        free(text);
    }
}

static void zeros_and_nothing_are_no_id(void **state) {
    struct spanlog_id id;
    (void)state;
    assert_false(spanlog_id_read(test_text(""), 32, &id));
    assert_false(spanlog_id_read(test_text("0"), 32, &id));
    assert_false(spanlog_id_read(test_text("0000000000000000"), 16, &id));
    assert_false(spanlog_id_read(test_text("00000000000000000000000000000000"), 32, &id));
}

static void what_is_not_hex_is_text(void **state) {
    static const char *const texts[] = {"checkout-7", "A", "bed", "zzzzzzzzzzzzzzzz",
                                        "0af7651916cd43dd8448eb211c80319c0"};
    struct spanlog_id id;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_true(spanlog_id_read(test_text(texts[i]), 32, &id));
        assert_true(id.opaque);
        assert_int_not_equal(id.low, 0);
    }
}

static void sixteen_digits_are_read_as_strtoull_reads_them(void **state) {
    uint64_t random = 3, id;
    (void)state;
    for (int i = 0; i < 10000; i++) {
        char digits[24];
        uint64_t number = test_random(&random);
        snprintf(digits, sizeof digits, i & 1 ? "%016llx" : "%016llX", (unsigned long long)number);
        char *text = test_line(digits);
        assert_true(spanlog_hex16(text, &id));
        assert_int_equal(id, number);
        text[test_random(&random) % 16] = "/:@G`g \xe9"[test_random(&random) % 8];
        assert_false(spanlog_hex16(text, &id));
        free(text);
    }
}

static void the_quick_way_to_read_a_time_agrees_with_the_slow_one(void **state) {
    struct spanlog_reader reader;
    uint64_t random = 9;
    (void)state;
    spanlog_reader_init(&reader, 500);
    for (int i = 0; i < 100000; i++) {
        char text[64];
        uint64_t slow;
        unsigned day = 1 + (unsigned)(test_random(&random) % 3);
        snprintf(text, sizeof text, "2026-11-%02uT%02u:%02u:%02u.%09uZ", day,
                 (unsigned)(test_random(&random) % 24), (unsigned)(test_random(&random) % 60),
                 (unsigned)(test_random(&random) % 60),
                 (unsigned)(test_random(&random) % 1000000000));
        if (i % 4 == 0)
            text[test_random(&random) % 30] = "0129:.-TZ x"[test_random(&random) % 11];
        if (!spanlog_time_read(test_text(text), &slow))
            slow = 0;
        if (spanlog_reader_time(&reader, test_text(text)) != slow)
            fail_msg("%s: %llu, not %llu", text,
                     (unsigned long long)spanlog_reader_time(&reader, test_text(text)),
                     (unsigned long long)slow);
    }
}

static void milliseconds_are_exact(void **state) {
    static const struct {
        const char *text;
        uint64_t ns;
    } cases[] = {{"0", 0},
                 {"12345678.123456", 12345678123456u},
                 {"123456789.5", 123456789500000u},
                 {"7.5", 7500000},
                 {"0.25", 250000},
                 {"45.2", 45200000},
                 {"0.000001", 1},
                 {"1e3", 1000000000},
                 {"1.5E-3", 1500},
                 {"-3", 0},
                 {"0.1234567", 123456},
                 {"86400000", 86400000000000u},
                 {"1e300", 9000000000000000000u}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = test_line(cases[i].text);
        uint64_t ns = spanlog_milliseconds_read(text, text + strlen(cases[i].text));
        if (ns != cases[i].ns)
            fail_msg("%s: %llu, not %llu", text, (unsigned long long)ns,
                     (unsigned long long)cases[i].ns);
        free(text);
    }
}

static void durations_need_a_unit(void **state) {
    uint64_t ns;
    (void)state;
    assert_true(spanlog_duration_read("100ms", &ns) && ns == 100000000);
    assert_true(spanlog_duration_read("1.5s", &ns) && ns == 1500000000);
    assert_true(spanlog_duration_read("10m", &ns) && ns == 600000000000u);
    assert_true(spanlog_duration_read("250us", &ns) && ns == 250000);
    assert_true(spanlog_duration_read("7d", &ns) && ns == 604800000000000u);
    assert_false(spanlog_duration_read("100", &ns));
    assert_false(spanlog_duration_read("ms", &ns));
    assert_false(spanlog_duration_read("-1s", &ns));
    assert_false(spanlog_duration_read("1.2.3s", &ns));
    assert_false(spanlog_duration_read("1s ", &ns));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_all_spellings_are_one),
        cmocka_unit_test(zeros_and_nothing_are_no_id),
        cmocka_unit_test(what_is_not_hex_is_text),
        cmocka_unit_test(sixteen_digits_are_read_as_strtoull_reads_them),
        cmocka_unit_test(the_quick_way_to_read_a_time_agrees_with_the_slow_one),
        cmocka_unit_test(milliseconds_are_exact),
        cmocka_unit_test(durations_need_a_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
