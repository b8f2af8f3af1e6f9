/* tests/unit/control_rules_test.c: the text of live rules as the tool edits it, and the slots that
 * it goes through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "src/control/attach.h"
#include "src/control/rules.h"

static char text[CONTROL_TEXT_SIZE + 1];

static void add(uint64_t now, uint64_t expiry, const char *name, const char *value) {
    assert_int_equal(rules_add(text, now, expiry, name, value), 0);
}

static int empty(void **state) {
    (void)state;
    text[0] = '\0';
    return 0;
}

static void a_rule_stands_below_the_time_when_it_ends(void **state) {
    (void)state;
    add(1, 50, "level", "debug");
    assert_string_equal(text, "@50\nlevel = debug\n");
}

static void rules_that_end_together_are_one_set(void **state) {
    (void)state;
    add(1, 0, "level", "debug");
    add(1, 0, "enabled", "0");
    assert_string_equal(text, "@0\nlevel = debug\nenabled = 0\n");
}

static void a_rule_again_replaces_the_one_before(void **state) {
    (void)state;
    add(1, 0, "enabled", "0");
    add(1, 0, "level", "debug");
    add(1, 0, "enabled", "1");
    assert_string_equal(text, "@0\nlevel = debug\nenabled = 1\n");
}

static void a_rule_for_good_wins_over_one_for_a_time_that_came_before(void **state) {
    (void)state;
    add(1, 50, "level", "db=debug");
    add(1, 0, "level", "db=warn");
    assert_string_equal(text, "@50\nlevel = db=debug\n@0\nlevel = db=warn\n");
}

static void what_has_expired_goes(void **state) {
    (void)state;
    add(1, 50, "level", "debug");
    add(1, 60, "enabled", "0");
    add(55, 0, "level", "warn");
    assert_string_equal(text, "@60\nenabled = 0\n@0\nlevel = warn\n");
}

static void a_set_between_that_goes_joins_its_neighbours(void **state) {
    (void)state;
    add(1, 0, "level", "db=debug");
    add(1, 50, "level", "http=debug");
    add(1, 0, "enabled", "1");
    add(55, 0, "level", "warn");
    assert_string_equal(text, "@0\nenabled = 1\nlevel = db=debug,warn\n");
}

static void several_lines_of_one_set_are_laid_over_each_other_in_their_order(void **state) {
    (void)state;
    add(1, 0, "level", "db=debug");
    add(1, 50, "level", "http=debug");
    add(1, 0, "level", "db=warn");
    add(55, 0, "level", "info");
    assert_string_equal(text, "@0\nlevel = db=warn,info\n");
}

static void sampling_rules_end_each_at_their_own_time(void **state) {
    (void)state;
    add(1, 50, "sample_rules", "route=/a:1");
    add(1, 60, "sample_rules", "route=/b:0.5");
    add(1, 0, "sample_rules", "operation=x*:0.5");
    add(1, 0, "sample_rules", "route=/c:1");
    assert_string_equal(text, "@50\nsample_rules = route=/a:1\n@60\nsample_rules = route=/b:0.5\n"
                              "@0\nsample_rules = route=/c:1; operation=x*:0.5\n");
    add(55, 0, "sample_rules", "operation=x*:0");
    assert_string_equal(text, "@60\nsample_rules = route=/b:0.5\n"
                              "@0\nsample_rules = operation=x*:0; route=/c:1\n");
}

static void directives_are_laid_over_those_before(void **state) {
    (void)state;
    char value[64] = "info,db=warn,http=off";
    assert_int_equal(rules_merge_levels(value, sizeof value, "db=debug,error"), 0);
    assert_string_equal(value, "http=off,db=debug,error");
    assert_int_equal(rules_merge_levels(value, 20, "x.y.z.w=debug"), -E2BIG);
    assert_string_equal(value, "http=off,db=debug,error");
}

static void rules_about_one_setting_can_be_taken_back(void **state) {
    (void)state;
    add(1, 0, "level", "debug");
    add(1, 50, "level", "trace");
    add(1, 50, "enabled", "0");
    rules_remove(text, 2, "level");
    assert_string_equal(text, "@50\nenabled = 0\n");
    rules_remove(text, 2, NULL);
    assert_string_equal(text, "");
}

static void without_room_the_text_stays_as_it_was(void **state) {
    (void)state;
    char value[1500], before[CONTROL_TEXT_SIZE + 1];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    add(1, 50, "a", value);
    add(1, 51, "b", value);
    strcpy(before, text);
    assert_int_equal(rules_add(text, 1, 52, "c", value), -E2BIG);
    assert_string_equal(text, before);
}

static void what_is_put_is_got_and_what_is_damaged_is_not(void **state) {
    (void)state;
    static struct control control;
    uint32_t generation;
    for (int i = 0; i < 5; i++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "text %d", i);
        assert_int_equal(control_put(control.rules, &control.generation, wanted, strlen(wanted)),
                         0);
        assert_int_equal(control_get(control.rules, &control.generation, text, &generation), 0);
        assert_string_equal(text, wanted);
        assert_int_equal(generation, i + 1);
    }
    assert_int_equal(control_put(control.rules, &control.generation, text, CONTROL_TEXT_SIZE + 1),
                     -E2BIG);
    control.rules[1].text[2] ^= 1;
    assert_int_equal(control_get(control.rules, &control.generation, text, &generation), -EBADMSG);
    control.rules[1].text[2] ^= 1;
    control.rules[1].size = UINT32_MAX;
    assert_int_equal(control_get(control.rules, &control.generation, text, &generation), -EBADMSG);
    assert_string_equal(text, "");
}

static void generations_go_round(void **state) {
    (void)state;
    static struct control control;
    uint32_t generation;
    control.generation = UINT32_MAX - 1;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(control_put(control.rules, &control.generation, "x", 1), 0);
        assert_int_not_equal(control.generation, 0);
        assert_int_equal(control_get(control.rules, &control.generation, text, &generation), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_rule_stands_below_the_time_when_it_ends, empty),
        cmocka_unit_test_setup(rules_that_end_together_are_one_set, empty),
        cmocka_unit_test_setup(a_rule_again_replaces_the_one_before, empty),
        cmocka_unit_test_setup(a_rule_for_good_wins_over_one_for_a_time_that_came_before, empty),
        cmocka_unit_test_setup(what_has_expired_goes, empty),
        cmocka_unit_test_setup(a_set_between_that_goes_joins_its_neighbours, empty),
        cmocka_unit_test_setup(several_lines_of_one_set_are_laid_over_each_other_in_their_order,
                               empty),
        cmocka_unit_test_setup(sampling_rules_end_each_at_their_own_time, empty),
        cmocka_unit_test_setup(directives_are_laid_over_those_before, empty),
        cmocka_unit_test_setup(rules_about_one_setting_can_be_taken_back, empty),
        cmocka_unit_test_setup(without_room_the_text_stays_as_it_was, empty),
        cmocka_unit_test_setup(what_is_put_is_got_and_what_is_damaged_is_not, empty),
        cmocka_unit_test_setup(generations_go_round, empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
