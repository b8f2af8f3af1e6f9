/* tests/unit/settings_test.c: every row of the table of settings with a good, a bad, a huge and an
 * empty value, from the environment and from a file; one message each. A row without a case here
 * fails. */
#include "tests/unit/settings_check.h"

/* ---- the cases --------------------------------------------------------------------------------
 */

static const struct setting_case {
    const char *name;
    const char *good, *printed; /* NULL: as good */
    const char *bad, *wrong;
} cases[] = {
    /* paths: any that can be is right, since it may be made later */
    {"enabled", "off", "0", "perhaps", "neither on nor off; right is 1 or 0, on or off"},
    {"resource", "team=core,zone=a%20b", "team=core,zone=a b", "team", "a pair without key"},
    {"service", "orders", NULL, "or\033[31mders", "a control character in it; right is a text"},
    {"version", "1.2.3", NULL, "1\0012", "a control character in it; right is a text"},
    {"environment", "production", NULL, "prod\177", "a control character in it; right is a text"},
    {"output", "error:logfmt+file:/tmp/e,stderr", "error:logfmt+file:/tmp/e,trace:auto+stderr",
     "nowhere", "there is no such sink"},
    {"traces_exporter", "otlp,zipkin,console", NULL, "otlp,datadog",
     "there is no such exporter; right is otlp, zipkin, jaeger,"},
    {"logs_exporter", "otlp,loki", NULL, "zipkin",
     "there is no such exporter; right is otlp, loki, console and"},
    {"otlp_endpoint", "https://u:p@[::1]:4318/a?b", NULL, "http://collector:4317",
     "port 4317 is gRPC's: OTLP over HTTP has 4318; right is http://HOST:PORT"},
    {"otlp_traces_endpoint", "https://u:p@[::1]:4318/a?b", NULL, "http://collector:4317",
     "port 4317 is gRPC's: OTLP over HTTP has 4318; right is http://HOST:PORT"},
    {"otlp_logs_endpoint", "https://u:p@[::1]:4318/a?b", NULL, "http://collector:4317",
     "port 4317 is gRPC's: OTLP over HTTP has 4318; right is http://HOST:PORT"},
    {"otlp_headers", "a=b,c=d%20e", NULL, "a=b,c",
     "a pair without key or \"=\"; right is key=value,key=value"},
    {"otlp_timeout", "2500", NULL, "10s", "right is 1 to 3600000 (ms); 10000 (default) stays"},
    {"otlp_certificate", "/etc/ca.pem", NULL, "/etc/c\001a.pem",
     "a control character in it; right is a text"},
    {"otlp_client_key", "/etc/key.pem", NULL, "/etc/k\001.pem",
     "a control character in it; right is a text"},
    {"otlp_client_certificate", "/etc/cert.pem", NULL, "/etc/c\001.pem",
     "a control character in it; right is a text"},
    {"jaeger_endpoint", "http://j:4318", NULL, "http://j:14268/api/traces",
     "port 14268 is Thrift's: OTLP over HTTP has 4318, in Jaeger too; right is"},
    {"zipkin_endpoint", "http://z:9411/api/v2/spans", NULL, "z:9411",
     "it begins with http:// or https://; right is http://HOST:PORT"},
    {"zipkin_timeout", "1", NULL, "soon", "right is 1 to 3600000 (ms); 10000 (default) stays"},
    {"loki_endpoint", "http://l", NULL, "http://:3100",
     "it names no host; right is http://HOST:PORT"},
    {"loki_headers", "X-Scope-OrgID=shop", NULL, "=shop",
     "a pair without key or \"=\"; right is key=value,key=value"},
    {"spool_dir", "/var/spool/x", NULL, "/var/\001", "a control character in it; right is a text"},
    {"spool_size", "64m", "64M", "much", "right is 1M to 3G; 256M (default) stays"},
    {"format", "logfmt", NULL, "xml", "there is no such value; right is auto, json, "},
    {"level", "warn,db=debug,http.client=off", NULL, "info,db=loud", "there is no such level"},
    {"source", "tid,src", "src,tid", "src,file", "there is no such field"},
    {"trace_ids", "random", NULL, "uuid", "there is no such value; right is time or random; time"},
    {"propagators", "b3,baggage", NULL, "b4", "there is no such propagator"},
    {"baggage_keys", "tenant,user", NULL, ",,=", "no key of baggage; right is key,key"},
    {"redact", "default,pin,value:AKIA????????????????", NULL, "pin,value:*",
     "a pattern begins with two plain characters or more; right is default, none, keys and"},
    {"sampler", "traceidratio", NULL, "sometimes", "there is no such sampler; right is always_on"},
    {"sample_rate", "25%", "0.25", "half", "no number; right is 0 to 1"},
    {"sample_rules", "route=/a*,env=prod:0.5 10/s; 1%", NULL, "rout=/a:1", "conditions service="},
    {"tail", "errors,slow:250ms&user=x", NULL, "errors,slow:fast", "slow: needs a duration"},
    {"flight", "50", NULL, "some", "not a whole number; right is 0 to 1000; 0 (default) stays"},
    {"burst", "1000/s", NULL, "1000", "no number of records a second; right is 1/s to 1000000/s"},
    {"tail_memory", "64m", "64M", "much", "not a whole number; right is 1M to 1G; 16M (default)"},
    {"include_events", "No", "0", "some", "neither on nor off"},
    {"include_links", "YES", "1", "some", "neither on nor off"},
    {"error_status_min", "400", NULL, "4xx", "right is 400 to 600; 500 (default) stays"},
    {"max_attributes", "7", NULL, "many", "not a whole number; right is 0 to 1024; 128 (default)"},
    {"max_events", "1024", NULL, "-5", "not a whole number"},
    {"max_links", "0", NULL, "1.5", "not a whole number"},
    {"max_open_spans", "256", NULL, "0x100", "right is 256 to 32768; 8192 (default) stays"},
    {"full", "drop", NULL, "maybe", "right is block or drop; block (default) stays"},
    {"block_ms", "3600000", NULL, " 10s", "right is 0 to 3600000 (ms); 1000 (default) stays"},
    {"ring_size", "128k", "128K", "1.5M", "right is 64K to 256M; 1M (default) stays"},
    {"journal_dir", "/dev/shm/x", NULL, "/dev/shm/\001",
     "a control character in it; right is a text"},
    {"sync", "on", "1", "yes please", "right is 1 or 0, on or off; 0 (default) stays"},
    {"metrics", "no", "0", "maybe", "neither on nor off"},
    {"metrics_series", "50", NULL, "all", "right is 1 to 100000; 1000 (default) stays"},
    {"metrics_file", "/tmp/m.%p.prom", NULL, "/tmp/m\tm.prom",
     "a control character in it; right is a text"},
    {"metrics_interval_ms", "5000", NULL, "1s", "right is 100 to 3600000 (ms); 15000 (default)"},
    {"process_lines", "FALSE", "0", "2", "neither on nor off"},
    {"signal_handlers", "off", "0", "never", "neither on nor off"},
};

static const struct setting_case *case_of(const struct setting *setting) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].name, setting->name) == 0)
            return &cases[i];
    }
    fail_msg("the setting %s has no case here", setting->name);
    return NULL;
}

typedef void check_variable(const struct setting *setting, const char *variable);

static void with_every_variable(check_variable *check) {
    for (size_t i = 0; i < settings_count; i++) {
        for (const char *const *name = settings_table[i].variables; *name != NULL; name++)
            check(&settings_table[i], *name);
    }
}

/* ---- the environment --------------------------------------------------------------------------
 */

static void check_good(const struct setting *setting, const char *variable) {
    const struct setting_case *one = case_of(setting);
    const char *printed = one->printed != NULL ? one->printed : one->good;
    struct settings s;
    load_with(&s, variable, one->good);
    assert_said(0, NULL, variable);
    if (strcmp(variable, "OTEL_SDK_DISABLED") == 0) /* which says the opposite */
        printed = strcmp(printed, "0") == 0 ? "1" : "0";
    assert_value(&s, setting, printed, variable);
}

static void a_good_value_holds_and_says_nothing(void **state) {
    (void)state;
    with_every_variable(check_good);
}

/* Secrets are masked, and what is said is one line. */
static const char *as_said(const struct setting *setting, const char *value, char to[300]) {
    snprintf(to, 300, "%s", setting->secret ? "[REDACTED]" : value);
    for (char *c = to; *c != '\0'; c++)
        *c = (unsigned char)*c < ' ' || *c == 127 ? '?' : *c;
    return to;
}

static void check_bad(const struct setting *setting, const char *variable) {
    const struct setting_case *one = case_of(setting);
    char where[500], before[SETTING_TEXT_SIZE];
    struct settings s;
    load_with(&s, variable, NULL);
    assert_said(0, NULL, variable);
    setting_print(&s, setting, before, sizeof before);
    load_with(&s, variable, one->bad);
    char bad[300];
    snprintf(where, sizeof where, "spanlog: %s=%s: ", variable, as_said(setting, one->bad, bad));
    assert_said(1, where, variable);
    assert_non_null(strstr(said, one->wrong));
    assert_non_null(strstr(said, "; right is "));
    assert_non_null(strstr(said, " (default) stays\n"));
    assert_value(&s, setting, before, "default");
}

static void a_bad_value_is_named_once_with_what_is_right_and_what_stays(void **state) {
    (void)state;
    with_every_variable(check_bad);
}

static void check_huge_number(const struct setting *setting, const char *variable) {
    static char huge[1000];
    struct settings s;
    memset(huge, '7', sizeof huge - 1);
    load_with(&s, variable, huge);
    assert_said(1, "above the most; ", variable);
    assert_int_equal(*(uint32_t *)(void *)((char *)&s + setting->offset), setting->most);
}

static void check_any_huge(const struct setting *setting, const char *variable) {
    char standard[SETTING_TEXT_SIZE];
    struct settings s;
    static char huge[100000];
    if (setting->type == SETTING_NUMBER) {
        check_huge_number(setting, variable);
    } else {
        load_with(&s, variable, NULL);
        assert_said(0, NULL, variable);
        setting_print(&s, setting, standard, sizeof standard);
        memset(huge, '7', sizeof huge - 1);
        load_with(&s, variable, huge);
        assert_said(1, setting->secret ? "[REDACTED]: too long" : "77777...: too long; right is ",
                    variable);
        assert_in_range(strlen(said), 100, 800);
        assert_value(&s, setting, standard, "default");
    }
}

static void a_huge_value_is_named_once_and_cut(void **state) {
    (void)state;
    with_every_variable(check_any_huge);
}

/* OpenTelemetry's specification takes an empty variable as unset. */
static void check_empty(const struct setting *setting, const char *variable) {
    char standard[SETTING_TEXT_SIZE], where[100];
    bool otel = strncmp(variable, "OTEL_", 5) == 0;
    struct settings s;
    load_with(&s, variable, NULL);
    assert_said(0, NULL, variable);
    setting_print(&s, setting, standard, sizeof standard);
    load_with(&s, variable, "");
    snprintf(where, sizeof where, "spanlog: %s=: empty; right is ", variable);
    assert_said(otel ? 0 : 1, otel ? NULL : where, variable);
    if (!otel)
        assert_non_null(strstr(said, " (default) stays\n"));
    assert_value(&s, setting, standard, "default");
}

static void an_empty_value_is_named_once_but_opentelemetrys_are_as_none(void **state) {
    (void)state;
    with_every_variable(check_empty);
}

static void what_is_empty_leaves_what_is_weaker(void **state) {
    (void)state;
    struct settings s;
    setenv("LOG_LEVEL", "warn", 1);
    load_with(&s, "SPANLOG_LEVEL", "");
    assert_said(1, "SPANLOG_LEVEL=: empty; right is ", "level");
    assert_non_null(strstr(said, "; warn (LOG_LEVEL) stays\n"));
    assert_value(&s, setting_find("level"), "warn", "LOG_LEVEL");
    unsetenv("LOG_LEVEL");
}

static void check_range(const struct setting *setting, const char *variable) {
    struct settings s;
    char text[32];
    if (setting->type != SETTING_NUMBER)
        return;
    for (int high = 0; high < 2; high++) {
        if (!high && setting->least == 0)
            continue;
        snprintf(text, sizeof text, "%u", high ? setting->most + 1 : setting->least - 1);
        load_with(&s, variable, text);
        assert_said(1, high ? "above the most; " : "below the least; ", variable);
        assert_int_equal(*(uint32_t *)(void *)((char *)&s + setting->offset),
                         high ? setting->most : setting->least);
    }
}

static void a_number_out_of_range_becomes_the_nearest_in_it(void **state) {
    (void)state;
    with_every_variable(check_range);
}

static void the_strongest_name_wins(void **state) {
    (void)state;
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings_table[i];
        const struct setting_case *one = case_of(setting);
        const char *strongest = NULL;
        struct settings s;
        for (const char *const *name = setting->variables; *name != NULL; name++)
            setenv(strongest = *name, one->good, 1);
        load_with(&s, strongest, one->good);
        assert_said(0, NULL, setting->name);
        for (const char *const *name = setting->variables; *name != NULL; name++)
            unsetenv(*name);
        assert_value(&s, setting, one->printed != NULL ? one->printed : one->good, strongest);
        if (strncmp(strongest, "SPANLOG_", 8) != 0)
            fail_msg("%s has no variable SPANLOG_...", setting->name);
    }
}

static void service_attributes_lose_to_names_of_their_own(void **state) {
    (void)state;
    struct settings s;
    setenv("SERVICE_NAME", "weakest", 1);
    setenv("OTEL_SERVICE_NAME", "stronger", 1);
    load_with(&s, "OTEL_RESOURCE_ATTRIBUTES", "service.name=weak,service.version=2,a=b");
    assert_said(0, NULL, "resource");
    assert_value(&s, setting_find("service"), "stronger", "OTEL_SERVICE_NAME");
    assert_value(&s, setting_find("version"), "2", "OTEL_RESOURCE_ATTRIBUTES");
    assert_value(&s, setting_find("resource"), "a=b", "OTEL_RESOURCE_ATTRIBUTES");
    unsetenv("OTEL_SERVICE_NAME");
    load_with(&s, "OTEL_RESOURCE_ATTRIBUTES", "service.name=weak");
    assert_said(0, NULL, "resource");
    assert_value(&s, setting_find("service"), "weak", "OTEL_RESOURCE_ATTRIBUTES");
    unsetenv("SERVICE_NAME");
}

static void a_resource_attribute_that_comes_again_replaces_the_weaker(void **state) {
    (void)state;
    struct settings s;
    setenv("OTEL_RESOURCE_ATTRIBUTES", "a=1,b=2,ab=3,c=4", 1);
    load_with(&s, "SPANLOG_RESOURCE", "b=5,c=6,a=7,a=8");
    assert_said(0, NULL, "resource");
    assert_string_equal(s.resource, "ab=3,b=5,c=6,a=8");
    unsetenv("OTEL_RESOURCE_ATTRIBUTES");
}

/* ---- text -------------------------------------------------------------------------------------
 */

static void every_setting_can_stand_in_a_file(void **state) {
    (void)state;
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings_table[i];
        const struct setting_case *one = case_of(setting);
        char text[600], where[600], bad[300];
        struct settings s;
        snprintf(text, sizeof text, "# %s\n\n  %s\t=  %s \r\n", setting->name, setting->name,
                 one->good);
        assert_int_equal(apply(&s, text, NULL), 0);
        assert_said(0, NULL, setting->name);
        assert_value(&s, setting, one->printed != NULL ? one->printed : one->good, "/etc/x.conf:3");
        snprintf(text, sizeof text, "%s=%s", setting->name, one->bad);
        assert_int_equal(apply(&s, text, NULL), 1);
        snprintf(where, sizeof where, "spanlog: /etc/x.conf:1: %s = %s: ", setting->name,
                 as_said(setting, one->bad + strspn(one->bad, " "), bad));
        assert_said(1, where, setting->name);
    }
}

/* In a file as in the environment. */
static void check_in_file(const struct setting *setting, const char *value, bool number) {
    static char text[101000];
    char standard[SETTING_TEXT_SIZE];
    struct settings s;
    load_with(&s, "SPANLOG_LEVEL", NULL);
    assert_said(0, NULL, setting->name);
    setting_print(&s, setting, standard, sizeof standard);
    snprintf(text, sizeof text, "#\n%s = %s\n", setting->name, value);
    assert_int_equal(apply(&s, text, NULL), number ? 0 : 1);
    assert_said(1, "spanlog: /etc/x.conf:2: ", setting->name);
    assert_non_null(strstr(said, setting->name));
    assert_in_range(strlen(said), 40, 800);
    if (number)
        assert_int_equal(*(uint32_t *)(void *)((char *)&s + setting->offset), setting->most);
    else
        assert_value(&s, setting, standard, "default");
}

static void huge_and_empty_values_are_named_once_in_a_file_too(void **state) {
    (void)state;
    static char huge[100000];
    memset(huge, '7', sizeof huge - 1);
    for (size_t i = 0; i < settings_count; i++) {
        bool number = settings_table[i].type == SETTING_NUMBER;
        check_in_file(&settings_table[i], "", false);
        huge[2000] = '\0'; /* within a line */
        check_in_file(&settings_table[i], huge, number);
        huge[2000] = '7';
        check_in_file(&settings_table[i], huge, false);
    }
}

static void what_is_printed_reads_back_the_same(void **state) {
    (void)state;
    static char first[SETTINGS_MAX * 100], second[sizeof first];
    for (size_t i = 0; i < settings_count; i++) {
        struct settings s, again;
        char text[600];
        snprintf(text, sizeof text, "%s = %s", settings_table[i].name,
                 case_of(&settings_table[i])->good);
        assert_int_equal(apply(&s, text, NULL), 0);
        assert_said(0, NULL, text);
        s.otlp_headers[0] = s.loki_headers[0] = '\0'; /* which are not printed */
        size_t size = settings_format(&s, first, sizeof first);
        assert_int_equal(size, strlen(first));
        assert_int_equal(apply(&again, first, NULL), 0);
        assert_said(0, NULL, text);
        settings_format(&again, second, sizeof second);
        assert_string_equal(second, first);
    }
}

/* ---- the table --------------------------------------------------------------------------------
 */

static void every_row_is_documented_and_named_once(void **state) {
    (void)state;
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings_table[i];
        char right[400];
        setting_right(setting, right, sizeof right);
        assert_ptr_equal(setting_find(setting->name), setting);
        if (setting->about == NULL || setting->about[strlen(setting->about) - 1] != '.' ||
            right[0] == '\0' || setting->variables[0] == NULL)
            fail_msg("%s: about, right value or variable is missing", setting->name);
        bool own = setting->type == SETTING_OTHER;
        assert_int_equal(setting->parse != NULL && setting->print != NULL, own);
        assert_int_equal(setting->size > 0, !own);
    }
    assert_int_equal(sizeof cases / sizeof *cases, settings_count);
}

static void the_dialects_that_can_be_named_are_those_there_are(void **state) {
    (void)state;
    static const char names[] = SETTING_DIALECTS;
    for (const char *at = names; *at != '\0';) {
        char name[24];
        size_t size = strcspn(at, " ");
        snprintf(name, sizeof name, "%.*s", (int)size, at);
        if (spanlog_dialect_find(name) == NULL)
            fail_msg("there is no dialect %s", name);
        at += size + (at[size] == ' ');
    }
    const struct spanlog_dialect *one = NULL;
    for (size_t i = 0; (one = spanlog_dialect_at(i)) != NULL; i++) {
        if (!setting_word_find(SETTING_DIALECTS, one->name, NULL))
            fail_msg("the dialect %s cannot be named in settings", one->name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_value_holds_and_says_nothing),
        cmocka_unit_test(a_bad_value_is_named_once_with_what_is_right_and_what_stays),
        cmocka_unit_test(a_huge_value_is_named_once_and_cut),
        cmocka_unit_test(an_empty_value_is_named_once_but_opentelemetrys_are_as_none),
        cmocka_unit_test(what_is_empty_leaves_what_is_weaker),
        cmocka_unit_test(a_number_out_of_range_becomes_the_nearest_in_it),
        cmocka_unit_test(the_strongest_name_wins),
        cmocka_unit_test(service_attributes_lose_to_names_of_their_own),
        cmocka_unit_test(a_resource_attribute_that_comes_again_replaces_the_weaker),
        cmocka_unit_test(every_setting_can_stand_in_a_file),
        cmocka_unit_test(huge_and_empty_values_are_named_once_in_a_file_too),
        cmocka_unit_test(what_is_printed_reads_back_the_same),
        cmocka_unit_test(every_row_is_documented_and_named_once),
        cmocka_unit_test(the_dialects_that_can_be_named_are_those_there_are),
    };
    clearenv();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
