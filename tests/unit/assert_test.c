/* tests/unit/assert_test.c: what `check --assert` demands: reading it, and whether it holds. */
#include "tests/unit/analyzer_test.h"

#include <errno.h>
#include <math.h>

#include "src/analyzer/check/assert.h"
#include "src/analyzer/base/strings.h"

static struct spanlog_arena arena;

static double figure; /* what is found in the "logs" */
static double figure_of(void *argument, const struct spanlog_assert *assert) {
    (void)argument;
    (void)assert;
    return figure;
}

static const struct {
    const char *text;
    uint8_t kind;
    double quantile, wanted;
    const char *service, *operation;
} rules[] = {
    {"p99(checkout) < 200ms", SPANLOG_ASSERT_QUANTILE, 0.99, 200e6, NULL, "checkout"},
    {"p99.9(orders/checkout)<=1.5s", SPANLOG_ASSERT_QUANTILE, 0.999, 1.5e9, "orders", "checkout"},
    {"p50(service=orders, operation=checkout) < 2m", SPANLOG_ASSERT_QUANTILE, 0.5, 120e9, "orders",
     "checkout"},
    {"p50(operation=\"GET /x\",service=o) < 2m", SPANLOG_ASSERT_QUANTILE, 0.5, 120e9, "o",
     "GET /x"},
    {"max(service=orders) < 1s", SPANLOG_ASSERT_MAX, 0, 1e9, "orders", NULL},
    {"mean(\"GET /cart\") < 1s", SPANLOG_ASSERT_MEAN, 0, 1e9, NULL, "GET /cart"},
    {"min(orders/\"GET /cart\") > 1us", SPANLOG_ASSERT_MIN, 0, 1e3, "orders", "GET /cart"},
    {"max(/cart/add) < 1s", SPANLOG_ASSERT_MAX, 0, 1e9, NULL, "/cart/add"},
    {"p95 < 1s", SPANLOG_ASSERT_QUANTILE, 0.95, 1e9, NULL, NULL},
    {"count() > 10", SPANLOG_ASSERT_COUNT, 0, 10, NULL, NULL},
    {"rate(checkout) >= 5/s", SPANLOG_ASSERT_RATE, 0, 5, NULL, "checkout"},
    {"rate(checkout) >= 300/m", SPANLOG_ASSERT_RATE, 0, 5, NULL, "checkout"},
    {"rate(checkout) >= 7200/h", SPANLOG_ASSERT_RATE, 0, 2, NULL, "checkout"},
    {"rate >= 0.5", SPANLOG_ASSERT_RATE, 0, 0.5, NULL, NULL},
    {"error_share(checkout) < 1%", SPANLOG_ASSERT_ERROR_SHARE, 0, 0.01, NULL, "checkout"},
    {"error_share < 0.25", SPANLOG_ASSERT_ERROR_SHARE, 0, 0.25, NULL, NULL},
    {"errors(a) == 0", SPANLOG_ASSERT_ERRORS, 0, 0, NULL, "a"},
    {"orphans == 0", SPANLOG_ASSERT_ORPHANS, 0, 0, NULL, NULL},
    {"lost = 0", SPANLOG_ASSERT_LOST, 0, 0, NULL, NULL},
    {"spans >= 1e3", SPANLOG_ASSERT_SPANS, 0, 1000, NULL, NULL},
    {"traces != 0", SPANLOG_ASSERT_TRACES, 0, 0, NULL, NULL},
};

static void check_name(const char *text, struct spanlog_text name, const char *expected) {
    if ((name.data != NULL) != (expected != NULL) ||
        (expected && !spanlog_text_equal(name, test_text(expected))))
        fail_msg("%s: \"%.*s\", not \"%s\"", text, (int)name.size, name.data ? name.data : "",
                 expected ? expected : "(none)");
}

static void each_kind_is_read(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct spanlog_assert assert;
        struct spanlog_where_error error;
        const char *text = rules[i].text;
        if (spanlog_assert_parse(text, &arena, &assert, &error) < 0)
            fail_msg("%s: %s at %zu", text, error.message, error.column);
        if (assert.kind != rules[i].kind || fabs(assert.quantile - rules[i].quantile) > 1e-12 ||
            fabs(assert.wanted - rules[i].wanted) > 1e-9)
            fail_msg("%s: kind %d, quantile %g, %g; not %d, %g, %g", text, assert.kind,
                     assert.quantile, assert.wanted, rules[i].kind, rules[i].quantile,
                     rules[i].wanted);
        check_name(text, assert.service, rules[i].service);
        check_name(text, assert.operation, rules[i].operation);
        check_name(text, assert.text, text);
    }
}

static const struct {
    const char *text;
    size_t column;
    const char *message;
} mistakes[] = {
    {"", 0, "expected p50, p99, max"},
    {"p0(a) < 1s", 0, "expected p50, p99, max"},
    {"p101(a) < 1s", 0, "expected p50, p99, max"},
    {"median(a) < 1s", 0, "not \"median\""},
    {"p99(a < 1s", 6, "expected \")\", not \"<\""},
    {"p99(a)", 6, "expected one of == != < <= > >=, not the end"},
    {"p99(a) ~ 1s", 7, "expected one of == != < <= > >="},
    {"p99(a) < 200", 9, "expected a duration, such as 200ms, not \"200\""},
    {"p99(a) <", 8, "expected a duration"},
    {"p99(a) < 1s or", 12, "expected the end, not \"or\""},
    {"p99(a, b) < 1s", 5, "expected \")\", not \",\""},
    {"p99(orders/) < 1s", 11, "expected an operation after the slash"},
    {"p99(servce=a) < 1s", 4, "expected service= or operation="},
    {"p99(service=) < 1s", 12, "expected a name after \"=\""},
    {"p99(service=a,) < 1s", 14, "expected service= or operation="},
    {"p99(service=a, b) < 1s", 16, "expected \"=\""},
    {"p99(service=a, service=b) < 1s", 15, "for the second time"},
    {"p99(\"a) < 1s", 4, "a quote is missing"},
    {"rate(a) > 5/d", 10, "expected a rate, such as 5/s"},
    {"error_share(a) < 101%", 17, "expected a share, such as 1% or 0.01"},
    {"error_share(a) < 2", 17, "expected a share"},
    {"count(a) > many", 11, "expected a number"},
    {"count(a) > -1", 11, "expected a number"},
    {"orphans(a) == 0", 7, "this counts the whole input"},
};

static void mistakes_are_named_where_they_stand(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct spanlog_assert assert;
        struct spanlog_where_error error;
        int rc = spanlog_assert_parse(mistakes[i].text, &arena, &assert, &error);
        if (rc != -EINVAL)
            fail_msg("%s: %d, not %d", mistakes[i].text, rc, -EINVAL);
        if (error.column != mistakes[i].column || !strstr(error.message, mistakes[i].message))
            fail_msg("%s: \"%s\" at %zu, not \"%s\" at %zu", mistakes[i].text, error.message,
                     error.column, mistakes[i].message, mistakes[i].column);
    }
}

static void a_rule_file_has_one_a_line(void **state) {
    static const char text[] = "# latency\n\n  p99(a) < 1s   # since spring\r\nerrors == 0\n\t#\n"
                               "spans > 1";
    struct spanlog_asserts asserts;
    struct spanlog_where_error error;
    (void)state;
    assert_int_equal(spanlog_asserts_parse(text, sizeof text - 1, &arena, &asserts, &error), 0);
    assert_int_equal(asserts.count, 3);
    check_name("first", asserts.list[0].text, "p99(a) < 1s");
    check_name("second", asserts.list[1].text, "errors == 0");
    check_name("third", asserts.list[2].text, "spans > 1");
}

static void a_mistake_in_a_rule_file_has_its_line(void **state) {
    static const char text[] = "errors == 0\n# fine\n p99(a) << 1s\nspans > 1\n";
    struct spanlog_asserts asserts;
    struct spanlog_where_error error;
    (void)state;
    assert_int_equal(spanlog_asserts_parse(text, sizeof text - 1, &arena, &asserts, &error),
                     -EINVAL);
    assert_int_equal(asserts.line, 3);
    assert_string_equal(asserts.line_text, " p99(a) << 1s");
    assert_int_equal(error.column, 8);
    assert_int_equal(spanlog_asserts_parse("spans > 1\0 2\n", 13, &arena, &asserts, &error),
                     -EINVAL);
    assert_int_equal(error.column, 9);
}

static void comparisons_hold_as_they_read(void **state) {
    static const struct {
        const char *sign;
        bool below, equal, above;
    } signs[] = {{"<", true, false, false}, {"<=", true, true, false},  {">", false, false, true},
                 {">=", false, true, true}, {"==", false, true, false}, {"!=", true, false, true}};
    (void)state;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        struct spanlog_assert assert;
        struct spanlog_where_error error;
        char text[64];
        double found;
        snprintf(text, sizeof text, "count(a) %s 10", signs[i].sign);
        assert_int_equal(spanlog_assert_parse(text, &arena, &assert, &error), 0);
        figure = 9;
        assert_int_equal(spanlog_assert_holds(&assert, figure_of, NULL, &found), signs[i].below);
        figure = 10;
        assert_int_equal(spanlog_assert_holds(&assert, figure_of, NULL, &found), signs[i].equal);
        figure = 11;
        assert_int_equal(spanlog_assert_holds(&assert, figure_of, NULL, &found), signs[i].above);
        figure = NAN;
        assert_false(spanlog_assert_holds(&assert, figure_of, NULL, &found));
    }
}

static int free_all(void **state) {
    (void)state;
    spanlog_arena_free(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read),
        cmocka_unit_test(mistakes_are_named_where_they_stand),
        cmocka_unit_test(a_rule_file_has_one_a_line),
        cmocka_unit_test(a_mistake_in_a_rule_file_has_its_line),
        cmocka_unit_test(comparisons_hold_as_they_read),
    };
    return cmocka_run_group_tests(tests, NULL, free_all);
}
