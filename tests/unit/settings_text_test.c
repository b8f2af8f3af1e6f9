/* tests/unit/settings_text_test.c: the form of configuration files, live rules and the text in
 * code: lines, sections, lists, and what is said of those that say nothing. */
#include "tests/unit/settings_check.h"

static void blanks_around_commas_do_not_count(void **state) {
    (void)state;
    static const char text[] = "level = warn , db=debug,\thttp=error\n"
                               "output = stderr , file:/tmp/a b , error:stdout\nsource = , \n"
                               "baggage_keys =  \t \n";
    struct settings s;
    assert_int_equal(apply(&s, text, NULL), 2);
    assert_said(2, "source = ,: there is no such field; ", "lists");
    assert_non_null(strstr(said, "/etc/x.conf:4: baggage_keys = : empty; "));
    assert_value(&s, setting_find("level"), "warn,db=debug,http=error", "/etc/x.conf:1");
    assert_value(&s, setting_find("output"),
                 "trace:auto+stderr,trace:auto+file:/tmp/a b,"
                 "error:auto+stdout",
                 "/etc/x.conf:2");
}

static void sections_hold_for_their_service(void **state) {
    (void)state;
    static const char text[] = "level = warn\nblock_ms = 1\n[orders]\nlevel = debug\n"
                               "[ gateway ]\nlevel = error\nfull = never\n";
    const struct setting *level = setting_find("level");
    struct settings s;
    assert_int_equal(apply(&s, text, NULL), 0);
    assert_said(0, NULL, "no service");
    assert_value(&s, level, "warn", "/etc/x.conf:1");
    assert_int_equal(apply(&s, text, "orders"), 0);
    assert_said(0, NULL, "orders");
    assert_value(&s, level, "debug", "/etc/x.conf:4");
    assert_value(&s, setting_find("block_ms"), "1", "/etc/x.conf:2");
    assert_int_equal(apply(&s, text, "gateway"), 1); /* its own mistakes only */
    assert_said(1, "/etc/x.conf:7: full = never: ", "gateway");
    assert_value(&s, level, "error", "/etc/x.conf:6");
    assert_int_equal(apply(&s, text, SETTINGS_EVERY_SERVICE), 1);
    assert_said(1, "/etc/x.conf:7: ", "every");
}

static void lines_that_say_nothing_are_named(void **state) {
    (void)state;
    static const struct {
        const char *text, *said;
    } broken[] = {
        {"levels = info", "x.conf:1: \"levels\": there is no such setting"},
        {"\n\nlevel info", "x.conf:3: \"level info\": no \"=\""},
        {"= info", "x.conf:1: \"\": there is no such setting"},
        {"[]", "x.conf:1: \"[]\": a section is written [SERVICE]"},
        {"[orders", "x.conf:1: \"[orders\": a section is written [SERVICE]"},
        {"[orders] level = info", "a section is written [SERVICE]"},
    };
    struct settings s;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_int_equal(apply(&s, broken[i].text, "orders"), 1);
        assert_said(1, broken[i].said, broken[i].text);
    }
    static char line[20000];
    memset(line, 'x', sizeof line - 1);
    assert_int_equal(apply(&s, line, NULL), 1);
    assert_said(1, "too long; the line is ignored", "a long line");
    load_with(&s, "SPANLOG_LEVEL", NULL);
    assert_said(0, NULL, "NUL");
    begin_hearing();
    assert_int_equal(settings_apply_text(&s, "level = in\0fo\n", 14, file, NULL), 1);
    assert_said(1, "a NUL byte in it", "NUL");
    assert_value(&s, setting_find("level"), "info", "default");
}

static void live_rules_are_said_to_be_live(void **state) {
    (void)state;
    static const struct setting_origin live = {.rank = SETTING_LIVE, .name = "live"};
    struct settings s;
    load_with(&s, "SPANLOG_LEVEL", NULL);
    assert_said(0, NULL, "live");
    begin_hearing();
    assert_int_equal(settings_apply_text(&s, "level = loud\nlevel = error\n", 26, live, NULL), 1);
    assert_said(1, "spanlog: live:1: level = loud: there is no such level", "live");
    assert_value(&s, setting_find("level"), "error", "live:2");
}

static void code_may_set_what_a_file_may(void **state) {
    (void)state;
    spanlog_config config = {.size = sizeof config,
                             .level = "warn",
                             .no_process_lines = true,
                             .max_links = 3,
                             .settings = "trace_ids = random\nfull = x\n"};
    struct settings s;
    begin_hearing();
    settings_load(&s, &config);
    assert_said(1, "spanlog: spanlog_config.settings:2: full = x: ", "settings");
    assert_value(&s, setting_find("level"), "warn", "spanlog_config.level");
    assert_value(&s, setting_find("process_lines"), "0", "spanlog_config.no_process_lines");
    assert_value(&s, setting_find("max_links"), "3", "spanlog_config.max_links");
    assert_value(&s, setting_find("trace_ids"), "random", "spanlog_config.settings:1");
    assert_value(&s, setting_find("sync"), "0", "default");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_around_commas_do_not_count),
        cmocka_unit_test(sections_hold_for_their_service),
        cmocka_unit_test(lines_that_say_nothing_are_named),
        cmocka_unit_test(live_rules_are_said_to_be_live),
        cmocka_unit_test(code_may_set_what_a_file_may),
    };
    clearenv();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
