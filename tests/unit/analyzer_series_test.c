/* tests/unit/analyzer_series_test.c: quantiles, exact and estimated, against a sorted array. */
#include "tests/unit/analyzer_test.h"

#include <math.h>

#include "src/analyzer/base/series.h"

static int compare(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Nearest rank, said in another way: the least value that `percent` of all do not exceed. */
static uint64_t oracle(const uint64_t *sorted, size_t count, unsigned percent) {
    for (size_t i = 0; i < count; i++)
        if ((i + 1) * 100 >= count * percent)
            return sorted[i];
    return sorted[count - 1];
}

enum distribution { UNIFORM, NARROW, LOGARITHMIC, TWO_HUMPS, SMALL, CONSTANT, DISTRIBUTIONS };

static uint64_t draw(enum distribution distribution, uint64_t *random) {
    uint64_t number = test_random(random);
    switch (distribution) {
    case UNIFORM:
        return number;
    case NARROW:
        return 5000000 + number % 1000;
    case LOGARITHMIC:
        return number >> (number & 63);
    case TWO_HUMPS:
        return number & 1 ? 1000 + number % 77 : 3000000000 + number % 500000000;
    case SMALL:
        return number % 7;
    default:
        return 123456789;
    }
}

static uint64_t *draw_many(enum distribution distribution, size_t count, uint64_t seed) {
    uint64_t *values = malloc(count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        values[i] = draw(distribution, &seed);
    return values;
}

static void add_all(struct spanlog_series *series, struct spanlog_value_counter *counter,
                    const uint64_t *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_int_equal(spanlog_series_add(series, counter, values[i]), 0);
}

static const size_t counts[] = {1, 2, 3, 31, 33, 100, 2047, 2049, 50000};

static void few_values_give_exact_quantiles(void **state) {
    (void)state;
    for (int distribution = 0; distribution < DISTRIBUTIONS; distribution++)
        for (size_t n = 0; n < sizeof counts / sizeof counts[0]; n++) {
            struct spanlog_value_total total = {.most = SPANLOG_VALUES_EXACT_MAX};
            struct spanlog_value_counter counter = {.total = &total};
            struct spanlog_series series = {0};
            uint64_t *values = draw_many((enum distribution)distribution, counts[n], 1 + n);
            add_all(&series, &counter, values, counts[n]);
            spanlog_value_counter_close(&counter);
            assert_true(spanlog_values_are_exact(&total));
            assert_int_equal(spanlog_series_settle(&series, true), 0);
            qsort(values, counts[n], sizeof *values, compare);
            for (unsigned percent = 0; percent <= 100; percent++)
                assert_int_equal(spanlog_series_percentile(&series, percent),
                                 oracle(values, counts[n], percent));
            assert_int_equal(spanlog_series_below(&series, values[counts[n] / 2]) > counts[n] / 2,
                             1);
            spanlog_series_free(&series);
            free(values);
        }
}

static void assert_near(uint64_t got, uint64_t exact) {
    double most = 0.01 * (double)exact + 0.5;
    if (fabs((double)got - (double)exact) > most * (1 + 1e-9))
        fail_msg("%llu instead of %llu", (unsigned long long)got, (unsigned long long)exact);
}

static void more_values_are_one_percent_off_at_most(void **state) {
    (void)state;
    for (int distribution = 0; distribution < DISTRIBUTIONS; distribution++)
        for (size_t n = 0; n < sizeof counts / sizeof counts[0]; n++) {
            struct spanlog_value_total total = {.most = counts[n] - 1};
            struct spanlog_value_counter counter = {.total = &total};
            struct spanlog_series series = {0};
            uint64_t *values = draw_many((enum distribution)distribution, counts[n], 100 + n);
            add_all(&series, &counter, values, counts[n]);
            spanlog_value_counter_close(&counter);
            assert_false(spanlog_values_are_exact(&total));
            assert_int_equal(spanlog_series_settle(&series, false), 0);
            qsort(values, counts[n], sizeof *values, compare);
            for (unsigned percent = 0; percent <= 100; percent++)
                assert_near(spanlog_series_percentile(&series, percent),
                            oracle(values, counts[n], percent));
            spanlog_series_free(&series);
            free(values);
        }
}

static void every_bucket_of_a_sketch_keeps_the_bound(void **state) {
    (void)state;
    for (uint64_t value = 1; value < UINT64_MAX / 17 * 16; value += value / 16 + 1)
        for (int edge = 0; edge < 2; edge++) {
            struct spanlog_sketch sketch = {0};
            uint64_t at = edge ? value : value + value / 32;
            assert_int_equal(spanlog_sketch_add(&sketch, at, 1), 0);
            assert_near(spanlog_sketch_rank(&sketch, 1), at);
            spanlog_sketch_free(&sketch);
        }
    struct spanlog_sketch sketch = {0};
    assert_int_equal(spanlog_sketch_add(&sketch, UINT64_MAX, 3), 0);
    assert_int_equal(spanlog_sketch_add(&sketch, 0, 2), 0);
    assert_int_equal(spanlog_sketch_rank(&sketch, 2), 0);
    assert_near(spanlog_sketch_rank(&sketch, 3), UINT64_MAX);
    assert_true(sketch.room <= 2240);
    spanlog_sketch_free(&sketch);
}

/* The same values in one series, and dealt out to four and joined. */
static void check_parts(uint64_t most) {
    enum { COUNT = 30000, PARTS = 4 };
    struct spanlog_value_total totals[2] = {{.most = most}, {.most = most}};
    struct spanlog_value_counter one_counter = {.total = &totals[0]};
    struct spanlog_value_counter counters[PARTS];
    struct spanlog_series one = {0}, parts[PARTS] = {{0}}, joined = {0};
    uint64_t *values = draw_many(LOGARITHMIC, COUNT, 7);
    for (int i = 0; i < PARTS; i++)
        counters[i] = (struct spanlog_value_counter){.total = &totals[1]};
    add_all(&one, &one_counter, values, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        size_t part = values[i] % 16 % 7 % PARTS;
        assert_int_equal(spanlog_series_add(&parts[part], &counters[part], values[i]), 0);
    }
    spanlog_value_counter_close(&one_counter);
    for (int i = PARTS; i-- > 0;) {
        spanlog_value_counter_close(&counters[i]);
        assert_int_equal(spanlog_series_join(&joined, &parts[i]), 0);
    }
    assert_int_equal(totals[0].count, totals[1].count);
    bool exact = spanlog_values_are_exact(&totals[0]);
    assert_int_equal(spanlog_series_settle(&one, exact), 0);
    assert_int_equal(spanlog_series_settle(&joined, exact), 0);
    for (unsigned percent = 0; percent <= 100; percent++)
        assert_int_equal(spanlog_series_percentile(&one, percent),
                         spanlog_series_percentile(&joined, percent));
    for (size_t i = 0; i < COUNT; i += 1000)
        assert_int_equal(spanlog_series_below(&one, values[i]),
                         spanlog_series_below(&joined, values[i]));
    spanlog_series_free(&one);
    spanlog_series_free(&joined);
    free(values);
}

static void parts_joined_are_the_whole(void **state) {
    (void)state;
    check_parts(SPANLOG_VALUES_EXACT_MAX);
    check_parts(29999); /* only known at the end */
    check_parts(10000); /* some parts are sketches before they are joined */
}

static void beyond_the_limit_values_are_not_kept(void **state) {
    (void)state;
    struct spanlog_value_total total = {.most = 100000};
    struct spanlog_value_counter counter = {.total = &total};
    struct spanlog_series series = {0};
    uint64_t random = 3;
    for (size_t i = 0; i < 1000000; i++) {
        assert_int_equal(spanlog_series_add(&series, &counter, test_random(&random) >> 20), 0);
        assert_true(series.count <= 100000 + 4097);
    }
    assert_non_null(series.sketch);
    assert_int_equal(series.sketch->count, 1000000);
    spanlog_series_free(&series);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_values_give_exact_quantiles),
        cmocka_unit_test(more_values_are_one_percent_off_at_most),
        cmocka_unit_test(every_bucket_of_a_sketch_keeps_the_bound),
        cmocka_unit_test(parts_joined_are_the_whole),
        cmocka_unit_test(beyond_the_limit_values_are_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
