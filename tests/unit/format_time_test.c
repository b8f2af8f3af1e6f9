/* tests/unit/format_time_test.c: times against gmtime_r and strftime. */
#include "tests/unit/format_test.h"

#include <errno.h>
#include <time.h>

#include "formatters/time.h"

static void expect(uint64_t ns, char expected[64]) {
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm tm;
    size_t n;
    gmtime_r(&seconds, &tm);
    n = strftime(expected, 40, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(expected + n, 64 - n, ".%09uZ", (unsigned)(ns % 1000000000));
}

static void check(uint64_t ns, struct spanlog_second *last) {
    char out[64], expected[64];
    uint64_t back = 0;

    expect(ns, expected);
    out[SPANLOG_RFC3339_SIZE] = '#';
    assert_text(spanlog_put_rfc3339(out, ns), out, expected);
    assert_int_equal(out[SPANLOG_RFC3339_SIZE], '#');
    assert_text(spanlog_put_rfc3339_near(out, ns, last), out, expected);
    assert_int_equal(out[SPANLOG_RFC3339_SIZE], '#');
    assert_int_equal(spanlog_read_rfc3339(out, SPANLOG_RFC3339_SIZE, &back), 0);
    assert_int_equal(back, ns);
}

static void every_day_until_2554_equals_gmtime(void **state) {
    struct spanlog_second last = {0, ""};
    (void)state;
    for (uint64_t day = 0; day <= UINT64_MAX / 86400000000000u; day++) {
        check(day * 86400000000000u, &last);
        if (day)
            check(day * 86400000000000u - 1, &last);
    }
    check(UINT64_MAX, &last);
}

static void random_times_equal_gmtime(void **state) {
    struct spanlog_second last = {0, ""};
    uint64_t seed = 21;
    (void)state;
    for (int i = 0; i < 300000; i++)
        check(i % 2 ? next_random(&seed) : next_magnitude(&seed), &last);
}

static void times_of_one_second_share_its_text(void **state) {
    struct spanlog_second last = {0, ""};
    (void)state;
    for (uint64_t ns = 0; ns < 3000000000u; ns += 999999)
        check(1795257045000000000u + ns, &last);
}

static void the_time_of_day_is_cut_to_milliseconds(void **state) {
    char out[16];
    (void)state;
    assert_text(spanlog_put_time_of_day(out, 1795257045999999999u), out, "10:30:45.999");
    assert_text(spanlog_put_time_of_day(out, 0), out, "00:00:00.000");
}

static void forms_that_others_write_are_read(void **state) {
    static const struct {
        const char *text;
        uint64_t ns;
    } known[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-21T10:30:45Z", 1795257045000000000u},
        {"2026-11-21t10:30:45z", 1795257045000000000u},
        {"2026-11-21 10:30:45.5Z", 1795257045500000000u},
        {"2026-11-21T10:30:45,123Z", 1795257045123000000u},
        {"2026-11-21T11:30:45.000001+01:00", 1795257045000001000u},
        {"2026-11-21T05:00:45-05:30", 1795257045000000000u},
        {"2026-11-21T10:30:45.1234567899999Z", 1795257045123456789u},
        {"2016-12-31T23:59:60Z", 1483228800000000000u},
        {"2024-02-29T00:00:00Z", 1709164800000000000u},
        {"1969-12-31T23:30:00-01:00", 1800000000000u},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint64_t ns = 1;
        assert_int_equal(spanlog_read_rfc3339(known[i].text, strlen(known[i].text), &ns), 0);
        assert_int_equal(ns, known[i].ns);
    }
}

static void what_is_no_time_is_refused(void **state) {
    static const char *const bad[] = {
        "",
        "2026-11-21",
        "2026-11-21T10:30:45",
        "2026-13-21T10:30:45Z",
        "2026-00-21T10:30:45Z",
        "2025-02-29T10:30:45Z",
        "2026-04-31T10:30:45Z",
        "2100-02-29T10:30:45Z",
        "2026-11-21T24:30:45Z",
        "2026-11-21T10:60:45Z",
        "2026-11-21T10:30:61Z",
        "2026-11-21T10:30:45.Z",
        "2026-11-21T10:30:45Z ",
        "2026-11-21T10:30:45+0100",
        "2026-11-21T10:30:45+24:00",
        "2026/11/21T10:30:45Z",
        "+026-11-21T10:30:45Z",
        "2026-11-21X10:30:45Z",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t ns;
        int rc = spanlog_read_rfc3339(bad[i], strlen(bad[i]), &ns);
        if (rc != -EINVAL)
            fail_msg("\"%s\": %d, expected %d", bad[i], rc, -EINVAL);
    }
}

static void times_that_do_not_fit_are_out_of_range(void **state) {
    uint64_t ns;
    (void)state;
    assert_int_equal(spanlog_read_rfc3339("1969-12-31T23:59:59Z", 20, &ns), -ERANGE);
    assert_int_equal(spanlog_read_rfc3339("2600-01-01T00:00:00Z", 20, &ns), -ERANGE);
    assert_int_equal(spanlog_read_rfc3339("9999-12-31T23:59:59Z", 20, &ns), -ERANGE);
    assert_int_equal(spanlog_read_rfc3339("0000-01-01T00:00:00Z", 20, &ns), -ERANGE);
}

static void days_of_dates_equal_timegm_from_year_0_to_9999(void **state) {
    (void)state;
    for (int year = 0; year <= 9999; year++)
        for (int month = 1; month <= 12; month++) {
            struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 28};
            assert_int_equal(spanlog_days_of_date(year, (unsigned)month, 28) * 86400, timegm(&tm));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_until_2554_equals_gmtime),
        cmocka_unit_test(random_times_equal_gmtime),
        cmocka_unit_test(times_of_one_second_share_its_text),
        cmocka_unit_test(the_time_of_day_is_cut_to_milliseconds),
        cmocka_unit_test(forms_that_others_write_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(times_that_do_not_fit_are_out_of_range),
        cmocka_unit_test(days_of_dates_equal_timegm_from_year_0_to_9999),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
