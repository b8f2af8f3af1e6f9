/* tests/unit/settings_exports_test.c: settings as other tracers name them, and network outputs. */
#include "tests/unit/settings_check.h"

/* ---- names and endpoints of others ------------------------------------------------------------
 */

static void other_tracers_names_are_understood_in_files(void **state) {
    (void)state;
    static const char text[] = "service_name = a\nexporter = none\nbuffer_size = 64K\n";
    struct settings s;
    assert_int_equal(apply(&s, text, NULL), 0);
    assert_said(0, NULL, "aliases");
    assert_value(&s, setting_find("service"), "a", "/etc/x.conf:1");
    assert_value(&s, setting_find("output"), "none", "/etc/x.conf:2");
    assert_value(&s, setting_find("ring_size"), "64K", "/etc/x.conf:3");
}

static void endpoints_that_speak_something_else_are_told(void **state) {
    (void)state;
    static const struct {
        const char *value, *said;
    } endpoints[] = {
        {"otlp:http://collector:4317", "port 4317 is gRPC's: OTLP over HTTP has 4318; right is "},
        {"jaeger:http://j:14250", "port 14250 is gRPC's: OTLP over HTTP has 4318, in Jaeger too; "},
        {"jaeger:http://j:14268/api/traces", "port 14268 is Thrift's: OTLP over HTTP has 4318"},
        {"zipkin:z:9411", "it begins with http:// or https://; right is "},
        {"loki:http://l:x", "the port is a number; right is "},
        {"loki:http://l:", "the port is a number; right is "},
        {"otlp:http://", "it names no host; right is "},
        {"otlp:http://a b", "a blank in it; right is "},
        {"logfmt+otlp:http://l", "a network output has no dialect; right is "},
    };
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        struct settings s;
        load_with(&s, "SPANLOG_EXPORTER", endpoints[i].value);
        assert_said(1, endpoints[i].said, endpoints[i].value);
        assert_value(&s, setting_find("output"), "trace:auto+stdout", "default");
    }
}

/* ---- network outputs --------------------------------------------------------------------------
 */

/* "otlp:http://h traces+logs debug, ..." */
static void assert_exports(const struct settings *s, const char *wanted) {
    char is[2000] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < s->export_count; i++)
        used += (size_t)snprintf(
            is + used, sizeof is - used, "%s%s%s%s%s %s", i > 0 ? ", " : "", s->exports[i].to,
            (s->exports[i].signals & EXPORT_TRACES) != 0 ? " traces" : "",
            (s->exports[i].signals & EXPORT_LOGS) != 0 ? " logs" : "",
            s->exports[i].as_is ? " as it is" : "", level_name(s->exports[i].level));
    assert_string_equal(is, wanted);
}

static void network_outputs_are_one_file_that_several_follow(void **state) {
    (void)state;
    struct settings s;
    setenv("SPANLOG_SPOOL_DIR", "/s", 1);
    setenv("SPANLOG_SERVICE", ".shop/a", 1);
    setenv("OTEL_TRACES_EXPORTER", "otlp,zipkin,none", 1);
    load_with(&s, "SPANLOG_OUTPUT", "stderr,warn:loki:https://l:3100,otlp,info:jaeger");
    assert_said(0, NULL, "network outputs");
    assert_exports(&s, "loki:https://l:3100 traces logs warn, "
                       "otlp:http://localhost:4318 traces logs trace, "
                       "zipkin:http://localhost:9411/api/v2/spans traces trace");
    assert_string_equal(s.spool, "/s/_shop_a");
    assert_string_equal(s.outputs_text, "trace:auto+stderr,trace:json+file:/s/_shop_a/records.jsonl"
                                        "?rotate=16777216&total=251658240");
    assert_value(&s, setting_find("output"),
                 "trace:auto+stderr,warn:auto+loki:https://l:3100,trace:auto+otlp,info:auto+jaeger",
                 "SPANLOG_OUTPUT");
    assert_false(s.outputs[1].spans_only);
    unsetenv("OTEL_TRACES_EXPORTER");
    unsetenv("SPANLOG_SERVICE");
    unsetenv("SPANLOG_SPOOL_DIR");
}

static void an_endpoint_for_one_kind_of_records_goes_before_the_one_for_both(void **state) {
    (void)state;
    struct settings s;
    setenv("SPANLOG_SPOOL_DIR", "/s", 1);
    setenv("OTEL_TRACES_EXPORTER", "otlp,console", 1);
    setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t/in", 1);
    load_with(&s, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://both:4318");
    assert_said(0, NULL, "traces only");
    assert_exports(&s, "otlp:http://t/in traces as it is trace");
    assert_true(s.outputs[1].spans_only);
    assert_int_equal(s.output_count, 2); /* stdout is there already */
    setenv("OTEL_LOGS_EXPORTER", "otlp", 1);
    load_with(&s, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://both:4318");
    assert_said(0, NULL, "logs too");
    assert_exports(&s, "otlp:http://t/in traces as it is trace, "
                       "otlp:http://both:4318 logs trace");
    unsetenv("OTEL_LOGS_EXPORTER");
    unsetenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    unsetenv("OTEL_TRACES_EXPORTER");
    unsetenv("SPANLOG_SPOOL_DIR");
}

static void network_outputs_that_cannot_be_are_left_out_with_one_message(void **state) {
    (void)state;
    static const char files[] = "file:/a,file:/b,file:/c,file:/d";
    struct settings s;
    setenv("OTEL_TRACES_EXPORTER", "otlp", 1);
    load_with(&s, "SPANLOG_OUTPUT", files);
    assert_said(1, "with their spool there are more than 4 outputs; they are left out", files);
    assert_int_equal(s.output_count, 4);
    assert_int_equal(s.export_count, 0);
    begin_hearing();
    settings_settle(&s);
    assert_said(0, NULL, "again");
    load_with(&s, "SPANLOG_SPOOL_DIR", "relative");
    assert_said(1, "there is no folder for their spool; SPANLOG_SPOOL_DIR names one", "relative");
    assert_int_equal(s.output_count, 1);
    static const char *const unreadable[] = {"/a,b", "/a?b"}; /* in a list of outputs */
    for (size_t i = 0; i < 2; i++) {
        load_with(&s, "SPANLOG_SPOOL_DIR", unreadable[i]);
        assert_said(1, "without a comma or a question mark in it", unreadable[i]);
        assert_int_equal(s.export_count, 0);
    }
    unsetenv("OTEL_TRACES_EXPORTER");
}

static void a_protocol_that_is_not_spoken_is_told_once(void **state) {
    (void)state;
    struct settings s;
    setenv("SPANLOG_SPOOL_DIR", "/s", 1);
    load_with(&s, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    assert_said(0, NULL, "nothing is sent");
    setenv("OTEL_TRACES_EXPORTER", "otlp", 1);
    load_with(&s, "OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
    assert_said(0, NULL, "HTTP");
    load_with(&s, "OTEL_EXPORTER_OTLP_PROTOCOL", "");
    assert_said(0, NULL, "empty");
    setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc", 1);
    load_with(&s, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    assert_said(1, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc: OTLP is sent as http/json, to port 4318\n",
                "gRPC");
    begin_hearing();
    settings_settle(&s);
    assert_said(0, NULL, "again");
    unsetenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL");
    unsetenv("OTEL_TRACES_EXPORTER");
    unsetenv("SPANLOG_SPOOL_DIR");
}

static void names_may_be_in_any_case(void **state) {
    (void)state;
    static const struct {
        const char *variable, *value, *setting, *printed;
    } names[] = {{"LOG_FORMAT", "JSON", "format", "json"},
                 {"LOG_LEVEL", "INFO,db=Debug", "level", "info,db=debug"},
                 {"SPANLOG_FULL", "Drop", "full", "drop"},
                 {"SPANLOG_TRACE_IDS", "RANDOM", "trace_ids", "random"},
                 {"SPANLOG_SOURCE", "PID,src", "source", "src,pid"},
                 {"SPANLOG_SOURCE", "None", "source", "none"},
                 {"OTEL_PROPAGATORS", "B3,Baggage", "propagators", "b3,baggage"},
                 {"OTEL_TRACES_SAMPLER", "ALWAYS_OFF", "sampler", "always_off"},
                 {"OTEL_LOGS_EXPORTER", "None,Console", "logs_exporter", "none,console"},
                 {"SPANLOG_EXPORTER", "NONE", "output", "none"},
                 {"SPANLOG_OUTPUT", "WARN:LogFmt+File:/tmp/A", "output", "warn:logfmt+file:/tmp/A"},
                 {"SPANLOG_SAMPLE_RULES", "None", "sample_rules", "none"},
                 {"SPANLOG_TAIL", "NONE", "tail", "none"},
                 {"SPANLOG_BURST", "None", "burst", "none"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct settings s;
        load_with(&s, names[i].variable, names[i].value);
        assert_said(0, NULL, names[i].value);
        assert_value(&s, setting_find(names[i].setting), names[i].printed, names[i].variable);
    }
}

static void secrets_are_not_shown(void **state) {
    (void)state;
    char text[SETTINGS_MAX * 200];
    struct settings s;
    load_with(&s, "OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20c2VjcmV0");
    assert_said(0, NULL, "headers");
    settings_format(&s, text, sizeof text);
    assert_null(strstr(text, "c2VjcmV0"));
    assert_non_null(strstr(text, "# otlp_headers = [REDACTED]\n"));
    load_with(&s, "OTEL_EXPORTER_OTLP_HEADERS", "a=secret\nb");
    assert_said(1, "OTEL_EXPORTER_OTLP_HEADERS=[REDACTED]: a line break in it; ", "a bad one");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_tracers_names_are_understood_in_files),
        cmocka_unit_test(endpoints_that_speak_something_else_are_told),
        cmocka_unit_test(network_outputs_are_one_file_that_several_follow),
        cmocka_unit_test(an_endpoint_for_one_kind_of_records_goes_before_the_one_for_both),
        cmocka_unit_test(network_outputs_that_cannot_be_are_left_out_with_one_message),
        cmocka_unit_test(a_protocol_that_is_not_spoken_is_told_once),
        cmocka_unit_test(names_may_be_in_any_case),
        cmocka_unit_test(secrets_are_not_shown),
    };
    clearenv();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
