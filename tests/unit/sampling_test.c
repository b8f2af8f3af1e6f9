/* tests/unit/sampling_test.c: the decisions of src/sampling: ratios, rules, limits. */
#include "src/core/ids.h"
#include "src/sampling/limit.h"
#include "src/sampling/ratio.h"
#include "src/sampling/sampler.h"
#include "src/sampling/tail.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- ratios ---------------------------------------------------------------------------------- */

static void id_of_low_half(uint64_t low, uint8_t id[16]) {
    memset(id, 0xab, 8);
    for (int i = 0; i < 8; i++)
        id[8 + i] = (uint8_t)(low >> (56 - 8 * i));
}

static bool takes(double ratio, uint64_t low) {
    uint8_t id[16];
    id_of_low_half(low, id);
    return ratio_takes(ratio_bound(ratio), id);
}

static void the_bound_is_ratio_times_2_to_the_64(void **state) {
    (void)state;
    assert_true(takes(0.5, ((uint64_t)1 << 63) - 1));
    assert_false(takes(0.5, (uint64_t)1 << 63));
    assert_true(takes(0.1, 1844674407370955263u)); /* 0.1 as a double x 2^64 is ...5264 */
    assert_false(takes(0.1, 1844674407370955264u));
    assert_true(takes(1, UINT64_MAX));
    assert_false(takes(0, 0));
}

static void a_ratio_outside_0_to_1_is_clamped(void **state) {
    (void)state;
    assert_true(takes(7, UINT64_MAX));
    assert_true(takes(INFINITY, UINT64_MAX));
    assert_false(takes(-1, 0));
    assert_false(takes(NAN, 0));
}

/* Within 5 standard deviations: wrong by chance once in two million runs, and the seed is fixed. */
static void the_share_of_a_million_ids_is_the_ratio(void **state) {
    (void)state;
    enum { IDS = 1000000 };
    static const double ratios[] = {0.5, 0.1, 0.01, 0.001, 0.9};
    for (size_t r = 0; r < sizeof ratios / sizeof *ratios; r++) {
        struct ids_random random = {.state = 20261121 + r};
        uint64_t bound = ratio_bound(ratios[r]);
        double taken = 0, expected = IDS * ratios[r];
        double deviation = sqrt(IDS * ratios[r] * (1 - ratios[r]));
        for (uint64_t i = 0; i < IDS; i++) {
            uint8_t id[16];
            ids_new_trace(&random, 1795000000000u + i, id);
            taken += ratio_takes(bound, id);
        }
        if (fabs(taken - expected) > 5 * deviation)
            fail_msg("of %d ids %g were taken, expected %g +- %g", IDS, taken, expected,
                     5 * deviation);
    }
}

static void a_smaller_ratio_takes_a_subset(void **state) {
    (void)state;
    struct ids_random random = {.state = 7};
    for (int i = 0; i < 100000; i++) {
        uint8_t id[16];
        ids_new_trace(&random, 1795000000000u, id);
        if (ratio_takes(ratio_bound(0.1), id))
            assert_true(ratio_takes(ratio_bound(0.11), id));
    }
}

/* Version 4: two bits of the last 8 bytes are fixed. */
static void uuids_are_taken_at_the_ratio_too(void **state) {
    (void)state;
    enum { IDS = 200000 };
    struct ids_random random = {.state = 4};
    double taken = 0, plain = 0, expected = IDS * 0.1, deviation = sqrt(IDS * 0.1 * 0.9);
    for (int i = 0; i < IDS; i++) {
        uint8_t id[16];
        uint64_t high = ids_next(&random), low = ids_next(&random);
        memcpy(id, &high, 8);
        memcpy(id + 8, &low, 8);
        id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
        id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
        taken += ratio_takes_uuid(ratio_bound(0.1), id);
        plain += ratio_takes(ratio_bound(0.1), id);
    }
    assert_true(plain == 0); /* what would be without care */
    if (fabs(taken - expected) > 5 * deviation)
        fail_msg("%g were taken, expected %g +- %g", taken, expected, 5 * deviation);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void a_limit_takes_its_burst_and_then_its_rate(void **state) {
    (void)state;
    uint64_t bucket = 0, now = 5000000000u;
    unsigned taken = 0;
    for (int i = 0; i < 1000; i++)
        taken += limit_takes(&bucket, 100, now);
    assert_int_equal(taken, 100);
    taken = 0;
    for (int ms = 0; ms < 10000; ms++)
        taken += limit_takes(&bucket, 100, now + (uint64_t)ms * 1000000);
    assert_in_range(taken, 999, 1001); /* ten seconds */
}

static void an_unused_limit_does_not_save_up(void **state) {
    (void)state;
    uint64_t bucket = 0;
    unsigned taken = 0;
    limit_takes(&bucket, 10, 1000000000u);
    for (int i = 0; i < 100; i++)
        taken += limit_takes(&bucket, 10, 3600 * (uint64_t)1000000000);
    assert_int_equal(taken, 10);
}

static uint64_t shared_bucket;

static void *take_all_day(void *count) {
    for (int i = 0; i < 100000; i++)
        *(unsigned *)count += limit_takes(&shared_bucket, 1000, 1000000000u);
    return NULL;
}

static void threads_share_a_limit(void **state) {
    (void)state;
    pthread_t threads[4];
    unsigned counts[4] = {0}, sum = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_all_day, &counts[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        sum += counts[i];
    }
    assert_int_equal(sum, 1000);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static struct sampler sampler;

static void build(const char *rules, const char *service, const char *environment) {
    struct sampler_setting setting = {.kind = SAMPLER_ALWAYS_ON,
                                      .parent_based = true,
                                      .rules = rules,
                                      .service = service,
                                      .environment = environment};
    const char *wrong = sampler_build(&sampler, &setting);
    if (wrong != NULL)
        fail_msg("\"%s\": %s", rules, wrong);
}

/* The ratio that decides for such a trace. */
static double ratio_for(const char *operation, const char *route) {
    static const uint8_t id[16] = {1, [15] = 1};
    struct sampler_question question = {
        .trace_id = id, .operation = {operation, strlen(operation)}, .now_ns = 1};
    if (route != NULL)
        question.route = (struct sampling_text){route, strlen(route)};
    return sampler_decide(&sampler, &question).rule->ratio;
}

static void assert_ratio(double is, double expected, const char *what) {
    if (is != expected)
        fail_msg("%s: %g, expected %g", what, is, expected);
}

static void the_first_rule_that_fits_decides(void **state) {
    (void)state;
    build("route=/checkout:1; operation=GET /health*:0; route=/admin/*:50%; 0.1", "shop", "");
    assert_ratio(ratio_for("POST", "/checkout"), 1, "/checkout");
    assert_ratio(ratio_for("GET /healthz", "/checkout"), 1, "the first of two");
    assert_ratio(ratio_for("GET /healthz", NULL), 0, "/healthz");
    assert_ratio(ratio_for("GET", "/admin/users"), 0.5, "/admin/users");
    assert_ratio(ratio_for("GET", "/checkout/2"), 0.1, "a pattern is of the whole text");
    assert_ratio(ratio_for("job", NULL), 0.1, "no route");
}

static void conditions_of_a_rule_hold_together(void **state) {
    (void)state;
    build("operation=GET*, route=/a:0.25; 0.5", "shop", "");
    assert_ratio(ratio_for("GET", "/a"), 0.25, "both");
    assert_ratio(ratio_for("POST", "/a"), 0.5, "one");
    assert_ratio(ratio_for("GET", NULL), 0.5, "the other");
}

static void without_a_rule_that_fits_the_sampler_decides(void **state) {
    (void)state;
    struct sampler_setting setting = {
        .kind = SAMPLER_RATIO, .ratio = 0.3, .rules = "route=/a:1", .service = "s"};
    assert_null(sampler_build(&sampler, &setting));
    assert_ratio(ratio_for("x", NULL), 0.3, "no route");
    assert_false(sampler.parent_based);
    assert_false(sampler_takes_all(&sampler));
}

/* The table of production: all of two services, half of one, a tenth of the others; elsewhere all.
 */
static void rates_go_by_environment_and_service(void **state) {
    (void)state;
    static const char table[] = "environment=production, service=orchestrator-service:1;"
                                "environment=production, service=data-router:1;"
                                "environment=production, service=llm-service:0.5;"
                                "environment=production:0.1";
    static const struct {
        const char *service, *environment;
        double ratio;
    } cases[] = {{"orchestrator-service", "production", 1},
                 {"data-router", "production", 1},
                 {"llm-service", "production", 0.5},
                 {"gateway", "production", 0.1},
                 {"gateway", "staging", 1},
                 {"llm-service", "development", 1},
                 {"gateway", "", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        build(table, cases[i].service, cases[i].environment);
        assert_ratio(ratio_for("GET /", "/"), cases[i].ratio, cases[i].service);
    }
}

static void a_rule_may_have_a_limit(void **state) {
    (void)state;
    build("operation=poll:2/s; 0.5 1000/s", "s", "");
    static const uint8_t low[16] = {[15] = 1}, high[16] = {[8] = 0xff};
    struct sampler_question question = {
        .trace_id = low, .operation = {"poll", 4}, .now_ns = 1000000000u};
    unsigned taken = 0;
    for (int i = 0; i < 10; i++)
        taken += sampler_decide(&sampler, &question).sampled;
    assert_int_equal(taken, 2);
    question.operation = (struct sampling_text){"other", 5};
    assert_true(sampler_decide(&sampler, &question).sampled);
    question.trace_id = high; /* refused by the ratio: it takes nothing from the bucket */
    assert_false(sampler_decide(&sampler, &question).sampled);
}

static void bad_rules_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "rout=/a:1",     "route=/a",     "route=/a:",    "route=:1",           "=/a:1",
        "route=/a:fast", "route=/a:1 2", "route=/a:0/s", "route=/a:2000000/s", "route=/a:0.5 10/m",
        "nan",           "inf",          "0x1",          "route=/a,:1",        "0.5 10/s 3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bool clamped;
        if (sampler_check_rules(bad[i], &clamped) == NULL)
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void a_rate_outside_0_to_1_is_clamped_and_told(void **state) {
    (void)state;
    bool clamped = false;
    assert_null(sampler_check_rules("route=/a:0.5;120%", &clamped));
    assert_true(clamped);
    build("1.5", "s", "");
    assert_ratio(ratio_for("x", NULL), 1, "1.5");
    build("-3", "s", "");
    assert_ratio(ratio_for("x", NULL), 0, "-3");
}

static void a_limit_is_not_taken_for_a_rate(void **state) {
    (void)state;
    bool clamped = true;
    assert_null(sampler_check_rules("route=/a:100/s; 0.5 20/s; 5/s", &clamped));
    assert_false(clamped);
}

static void there_is_an_end_to_rules(void **state) {
    (void)state;
    char text[4000] = "";
    bool clamped;
    for (int i = 0; i < 32; i++)
        strcat(text, "route=/a:1;");
    assert_null(sampler_check_rules(text, &clamped));
    strcat(text, "route=/a:1");
    assert_string_equal(sampler_check_rules(text, &clamped), "at most 32 rules");
    memset(text, ' ', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_non_null(sampler_check_rules(text, &clamped));
}

static void samplers_have_opentelemetrys_names(void **state) {
    (void)state;
    static const char *const names[] = {"always_on",
                                        "always_off",
                                        "traceidratio",
                                        "parentbased_always_on",
                                        "parentbased_always_off",
                                        "parentbased_traceidratio"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        enum sampler_kind kind;
        bool parent_based;
        assert_true(sampler_by_name(names[i], &kind, &parent_based));
        assert_string_equal(sampler_name(kind, parent_based), names[i]);
    }
    enum sampler_kind kind;
    bool parent_based;
    assert_false(sampler_by_name("jaeger_remote", &kind, &parent_based));
}

/* ---- the tail -------------------------------------------------------------------------------- */

static struct sampling_text tier(void *arg, struct sampling_text key, char space[64]) {
    (void)space;
    return sampling_is(key, "tier") ? (struct sampling_text){arg, strlen(arg)}
                                    : (struct sampling_text){NULL, 0};
}

static bool keeps(const char *text, bool failed, uint64_t ms, const char *value) {
    static struct tail_rules rules;
    char copy[16];
    const char *wrong = tail_parse(&rules, text);
    if (wrong != NULL)
        fail_msg("\"%s\": %s", text, wrong);
    snprintf(copy, sizeof copy, "%s", value);
    struct tail_outcome outcome = {.failed = failed,
                                   .duration_ns = ms * 1000000,
                                   .operation = {"GET /a", 6},
                                   .attribute = tier,
                                   .arg = copy};
    return tail_keeps(&rules, &outcome);
}

static void a_tail_keeps_what_one_of_its_parts_asks_for(void **state) {
    (void)state;
    assert_true(keeps("errors", true, 0, ""));
    assert_false(keeps("errors", false, 1000, ""));
    assert_true(keeps("errors, slow:250ms", false, 250, ""));
    assert_false(keeps("errors, slow:250ms", false, 249, ""));
    assert_true(keeps("operation=GET*&slow:10ms, errors", false, 10, ""));
    assert_false(keeps("operation=POST*&slow:10ms, errors", false, 10, ""));
    assert_true(keeps("tier=gold*", false, 0, "golden"));
    assert_false(keeps("tier=gold", false, 0, "golden"));
    assert_false(keeps("other=*", false, 0, "golden"));
    assert_false(keeps("", true, 1000, "gold"));
}

static void a_bad_tail_is_refused_and_keeps_nothing(void **state) {
    (void)state;
    static const char *const bad[] = {"error", "errors,",        "slow:",   "slow:fast",
                                      "=x",    "errors&&errors", "slow:10", "slow:-1s"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        static struct tail_rules rules;
        if (tail_parse(&rules, bad[i]) == NULL || rules.count != 0)
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

/* ---- patterns and numbers -------------------------------------------------------------------- */

static bool matches(const char *pattern, const char *text) {
    return sampling_matches(pattern, strlen(pattern), text, strlen(text));
}

static void patterns_are_of_the_whole_text(void **state) {
    (void)state;
    assert_true(matches("GET /a*", "GET /abc"));
    assert_true(matches("*", ""));
    assert_true(matches("a?c*e", "abcdde"));
    assert_true(matches("*b*b*", "abbb"));
    assert_false(matches("b", "abc"));
    assert_false(matches("", "a"));
    assert_false(matches("a?", "a"));
    assert_false(matches("*b*c", "abcd"));
}

static void numbers_with_a_percent_sign_are_hundredths(void **state) {
    (void)state;
    double number;
    assert_true(sampling_number((struct sampling_text){"12.5%", 5}, &number));
    assert_ratio(number, 0.125, "12.5%");
    assert_true(sampling_number((struct sampling_text){"1e-3", 4}, &number));
    assert_ratio(number, 1e-3, "1e-3");
    assert_false(sampling_number((struct sampling_text){"0.5x", 4}, &number));
}

static void durations_have_a_unit(void **state) {
    (void)state;
    uint64_t ns;
    assert_true(sampling_duration((struct sampling_text){"250ms", 5}, &ns));
    assert_int_equal(ns, 250000000);
    assert_true(sampling_duration((struct sampling_text){"1.5s", 4}, &ns));
    assert_int_equal(ns, 1500000000);
    assert_false(sampling_duration((struct sampling_text){"250", 3}, &ns));
    assert_false(sampling_duration((struct sampling_text){"-1s", 3}, &ns));
    assert_false(sampling_duration((struct sampling_text){"1e9s", 4}, &ns));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bound_is_ratio_times_2_to_the_64),
        cmocka_unit_test(a_ratio_outside_0_to_1_is_clamped),
        cmocka_unit_test(the_share_of_a_million_ids_is_the_ratio),
        cmocka_unit_test(a_smaller_ratio_takes_a_subset),
        cmocka_unit_test(uuids_are_taken_at_the_ratio_too),
        cmocka_unit_test(a_limit_takes_its_burst_and_then_its_rate),
        cmocka_unit_test(an_unused_limit_does_not_save_up),
        cmocka_unit_test(threads_share_a_limit),
        cmocka_unit_test(the_first_rule_that_fits_decides),
        cmocka_unit_test(conditions_of_a_rule_hold_together),
        cmocka_unit_test(without_a_rule_that_fits_the_sampler_decides),
        cmocka_unit_test(rates_go_by_environment_and_service),
        cmocka_unit_test(a_rule_may_have_a_limit),
        cmocka_unit_test(bad_rules_are_refused),
        cmocka_unit_test(a_rate_outside_0_to_1_is_clamped_and_told),
        cmocka_unit_test(a_limit_is_not_taken_for_a_rate),
        cmocka_unit_test(there_is_an_end_to_rules),
        cmocka_unit_test(samplers_have_opentelemetrys_names),
        cmocka_unit_test(a_tail_keeps_what_one_of_its_parts_asks_for),
        cmocka_unit_test(a_bad_tail_is_refused_and_keeps_nothing),
        cmocka_unit_test(patterns_are_of_the_whole_text),
        cmocka_unit_test(numbers_with_a_percent_sign_are_hundredths),
        cmocka_unit_test(durations_have_a_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
