/* tests/unit/translate_line_test.c: what a line is, and what it is not: spans, attributes, ids. */
#include "tests/unit/translate_test.h"

/* ---- ids ---------------------------------------------------------------------------------- */

#define WITH_TRACE(id)                                                                             \
    "{\"level\":\"info\",\"time\":\"2026-11-21T10:30:45Z\",\"message\":\"m\",\"trace_id\":\"" id   \
    "\"}"

static void ids_have_many_spellings(void **state) {
    (void)state;
    has(WITH_TRACE("4BF92F3577B34DA6A3CE929D0E0E4736"), "\"trace_id\":\"" TRACE "\"");
    has(WITH_TRACE("0x4bf92f3577b34da6a3ce929d0e0e4736"), "\"trace_id\":\"" TRACE "\"");
    has(WITH_TRACE("4bf92f35-77b3-4da6-a3ce-929d0e0e4736"), "\"trace_id\":\"" TRACE "\"");
    has(WITH_TRACE("1-4bf92f35-77b34da6a3ce929d0e0e4736"), "\"trace_id\":\"" TRACE "\"");
    has(WITH_TRACE("a3ce929d0e0e4736"), "\"trace_id\":\"0000000000000000a3ce929d0e0e4736\"");
    has(WITH_TRACE("req-7"), "\"trace_id\":\"req-7\"");
}

static void ids_of_zeros_are_none(void **state) {
    (void)state;
    has_not(WITH_TRACE("00000000000000000000000000000000"), "trace_id");
    has_not(WITH_TRACE("0"), "trace_id");
    has_not(WITH_TRACE(""), "trace_id");
    has_not("{\"level\":\"info\",\"time\":\"2026-11-21T10:30:45Z\",\"message\":\"m\",\"trace_id\":"
            "null}",
            "trace_id");
}

static void only_datadogs_ids_are_decimal(void **state) {
    (void)state;
    has("{\"level\":\"info\",\"time\":\"2026-11-21T10:30:45Z\",\"message\":\"m\",\"dd.trace_id\":"
        "\"1234567890123456789\",\"dd.span_id\":\"42\",\"dd.service\":\"orders\"}",
        "\"service\":\"orders\",\"trace_id\":\"0000000000000000112210f47de98115\",\"span_id\":"
        "\"000000000000002a\"");
    has("{\"level\":\"info\",\"message\":\"m\",\"dd\":{\"trace_id\":42,\"span_id\":\"7\"}}",
        "\"trace_id\":\"0000000000000000000000000000002a\",\"span_id\":\"0000000000000007\"");
    has(WITH_TRACE("1234567890123456"), "\"trace_id\":\"00000000000000001234567890123456\"");
}

static void a_span_id_of_128_bits_stays_whole(void **state) {
    (void)state;
    has("{\"level\":\"info\",\"message\":\"m\",\"trace_id\":\"" TRACE
        "\",\"span_id\":\"550e8400-e29b-41d4-a716-446655440000\"}",
        "\"span_id\":\"550e8400-e29b-41d4-a716-446655440000\"");
}

static void a_stack_trace_is_no_trace_id(void **state) {
    (void)state;
    has("{\"level\":\"info\",\"message\":\"m\",\"trace\":\"Error: at x\"}",
        "\"service\":\"\",\"trace\":\"Error: at x\"");
}

static void the_lines_own_ids_beat_those_inside(void **state) {
    (void)state;
    has("{\"level\":\"info\",\"message\":\"m\",\"mdc\":{\"trace_id\":\"" SPAN SPAN
        "\"},\"trace_id\":\"" TRACE "\"}",
        "\"service\":\"\",\"trace_id\":\"" TRACE "\",\"trace_id_\":\"" SPAN SPAN "\"");
}

static void trace_key_groups_lines_without_trace_ids(void **state) {
    (void)state;
    settings.trace_key = "request_id";
    has("{\"level\":\"info\",\"message\":\"m\",\"request_id\":\"r 7\"}", "\"trace_id\":\"r 7\"");
    has("{\"level\":\"info\",\"message\":\"m\",\"mdc\":{\"request_id\":\"r7\"}}",
        "\"trace_id\":\"r7\"");
    has("{\"level\":\"info\",\"message\":\"m\",\"request_id\":\"r7\",\"trace_id\":\"" TRACE "\"}",
        "\"trace_id\":\"" TRACE "\",\"request_id\":\"r7\"");
    has("{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"m\",\"service\":\"s\",\"request_id\":"
        "\"r7\"}",
        "\"service\":\"s\",\"trace_id\":\"r7\",\"request_id\":\"r7\"}");
    has("level=info msg=m request_id=r7", "\"trace_id\":\"r7\"");
    has("it failed request_id=r7, sorry", "\"trace_id\":\"r7\"");
    settings.trace_key = NULL;
}

/* ---- what a line is, and what it is not --------------------------------------------------- */

static void a_canonical_line_stays_as_it_is(void **state) {
    const char *line =
        "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"m\",\"service\":\"s\"," IDS
        ",\"trace_flags\":\"01\",\"a\":{\"b\":[1, 2]},\"c\":1e3}";
    (void)state;
    becomes(line, line);
}

static void a_span_in_the_canonical_manner_is_one_in_any_dialect(void **state) {
    (void)state;
    becomes("{\"level\":\"info\",\"ts\":1795257045.412,\"msg\":\"span completed\",\"operation\":"
            "\"x\",\"duration_ms\":2,\"kind\":\"server\"," IDS
            ",\"parent_id\":\"00000000000000AA\",\"status\":\"error\",\"status_code\":500,"
            "\"error\":\"e\"}",
            "{\"ts\":\"" TIME
            "\",\"level\":\"info\",\"msg\":\"span completed\",\"service\":\"\"," IDS
            ",\"parent_id\":\"00000000000000aa\",\"operation\":\"x\",\"kind\":\"server\",\"start\":"
            "\"2026-11-21T10:30:45.410000000Z\",\"duration_ms\":2,\"status\":\"error\",\"status_"
            "code\":500,\"error\":\"e\"}");
}

#define SPAN_FIELDS                                                                                \
    ",\"operation\":\"q\",\"kind\":\"client\",\"start\":\"2026-11-21T10:30:45.366799999Z\","

static void a_span_has_its_duration_in_the_dialects_unit(void **state) {
    (void)state;
    has("{\"@timestamp\":\"" TIME "\",\"log.level\":\"info\",\"message\":\"span completed\","
        "\"ecs.version\":\"1.6.0\",\"service.name\":\"s\"" SPAN_FIELDS
        "\"event.duration\":45200001}",
        SPAN_FIELDS "\"duration_ms\":45.200001}");
    has("{\"ts\":1795257045.412000000,\"level\":\"info\",\"msg\":\"span completed\",\"service\":"
        "\"s\"" SPAN_FIELDS "\"duration\":0.045200001}",
        SPAN_FIELDS "\"duration_ms\":45.200001}");
    has("{\"ts\":1795257045.412,\"level\":\"info\",\"msg\":\"span completed\",\"service\":\"s\""
        ",\"operation\":\"q\",\"duration\":4.5e-05}",
        "\"duration_ms\":0.045}");
    has("{\"ts\":1795257045.412,\"level\":\"info\",\"msg\":\"span completed\",\"service\":\"s\""
        ",\"operation\":\"q\",\"duration\":7}",
        "\"duration_ms\":7000}");
}

static void attributes_behind_the_fields_do_not_change_the_dialect(void **state) {
    (void)state;
    has("{\"ts\":1795257045.412000000,\"level\":\"warn\",\"msg\":\"m\",\"service\":\"s\","
        "\"@timestamp\":1,\"log.level\":\"x\",\"severity\":\"y\",\"message\":\"z\"}",
        "{\"ts\":\"" TIME "\",\"level\":\"warn\",\"msg\":\"m\",\"service\":\"s\",\"@timestamp\":1,"
        "\"log.level\":\"x\",\"severity\":\"y\",\"message\":\"z\"}");
}

static void a_trace_level_without_a_name_is_told_by_its_number(void **state) {
    (void)state;
    has("{\"time\":\"" TIME "\",\"severity\":\"DEBUG\",\"severityNumber\":1,\"message\":\"m\"}",
        "\"level\":\"trace\"");
    has("{\"time\":\"" TIME "\",\"severity\":\"ERROR\",\"severityNumber\":1,\"message\":\"m\"}",
        "\"level\":\"error\"");
}

static void datadogs_ids_are_dropped_only_where_they_repeat(void **state) {
    static const char whole[] = "{\"timestamp\":\"" TIME "\",\"status\":\"info\",\"message\":"
                                "\"m\",\"ddsource\":\"spanlog\",\"service\":\"s\"," IDS;
    char line[600], expected[600];
    (void)state;
    snprintf(line, sizeof line, "%s,\"dd.span_id\":\"67667974448284343\"}", whole);
    snprintf(expected, sizeof expected,
             "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"m\",\"service\":\"s\"," IDS "}");
    becomes(line, expected);
    snprintf(line, sizeof line, "%s,\"dd.span_id\":\"67667974448284344\"}", whole);
    has(line, ",\"dd.span_id\":\"67667974448284344\"}");
    has("{\"time\":\"" TIME "\",\"msg\":\"m\",\"dd.trace_id\":-0.5}", "\"dd.trace_id\":-0.5}");
}

static void a_spans_lists_and_counts_are_its_own(void **state) {
    static const char tail[] =
        "\"first\":1,\"events\":[{\"ts\":\"" TIME "\",\"name\":\"retry\",\"n\":2}],"
        "\"links\":[{\"trace_id\":\"" TRACE "\",\"span_id\":\"" SPAN "\"}],"
        "\"sample_ratio\":0.25,\"dropped_attributes\":1,\"dropped_events\":2,"
        "\"dropped_links\":3}";
    char line[1200];
    (void)state;
    snprintf(line, sizeof line,
             "{\"ts\":1795257045.412,\"level\":\"info\",\"msg\":\"span completed\",\"service\":"
             "\"s\"," IDS SPAN_FIELDS "\"duration\":0.0452,%s",
             tail);
    has(line, tail);
    has("{\"time\":\"" TIME "\",\"msg\":\"m\",\"events\":[1],\"links\":2}",
        "\"events\":[1],\"links\":2}");
}

static void a_duration_alone_makes_no_span(void **state) {
    (void)state;
    has("{\"level\":\"info\",\"ts\":1795257045.412,\"msg\":\"done\",\"operation\":\"x\","
        "\"duration_ms\":2,\"duration\":0.5," IDS "}",
        "\"msg\":\"done\",\"service\":\"\"," IDS
        ",\"operation_\":\"x\",\"duration_ms_\":2,\"duration\":0.5}");
}

static void reserved_keys_get_an_underscore(void **state) {
    (void)state;
    has("{\"level\":\"info\",\"time\":\"2026-11-21T10:30:45Z\",\"message\":\"m\",\"parent_id\":"
        "\"x\","
        "\"tid\":\"no number\",\"msg\":7}",
        "\"parent_id_\":\"x\",\"tid_\":\"no number\",\"msg_\":7}");
}

static void members_of_one_name_keep_apart(void **state) {
    (void)state;
    has("{\"level\":\"info\",\"message\":\"m\",\"user\":1,\"fields\":{\"user\":2}}",
        "\"user\":1,\"fields.user\":2}");
}

static void broken_json_is_named_and_never_text(void **state) {
    (void)state;
    is_refused("{\"level\":\"info\"", "a comma or a bracket is missing");
    is_refused("{\"level\":", "a value is missing");
    is_refused("{\"level\":\"in", "a string does not end");
    is_refused("{\"level\":\"info\"} x", "text behind the object");
    is_refused("{level:1}", "a key is missing");
    is_refused("{\"a\":{\"b\":01}}", "a comma or a bracket is missing");
    is_refused("{\"a\":\"\xFF\"}", "not UTF-8");
}

static void deep_objects_stay_values(void **state) {
    char line[4096] = "{\"level\":\"info\",\"message\":\"m\",\"a\":";
    (void)state;
    for (int i = 0; i < 100; i++)
        strcat(line, "{\"a\":");
    strcat(line, "1");
    for (int i = 0; i < 101; i++)
        strcat(line, "}");
    has(line, "\"a.a.a.a.a.a.a.a.a\":{\"a\":{");
}

static void an_object_of_any_keys_is_a_line(void **state) {
    (void)state;
    becomes("{}", "{\"ts\":\"1970-01-01T00:00:00.000000000Z\",\"level\":\"info\",\"msg\":\"\","
                  "\"service\":\"\"}");
    becomes("", "");
    becomes("  \t", "");
}

static void more_members_than_a_record_holds_are_counted(void **state) {
    static char line[20000] = "{\"level\":\"info\",\"message\":\"m\"";
    size_t size = strlen(line);
    (void)state;
    for (int i = 0; i < 1000; i++)
        size += (size_t)sprintf(line + size, ",\"k%d\":%d", i, i);
    sprintf(line + size, "," IDS "}");
    has(line, "\"dropped_attributes\":490}");
    has(line, "\"service\":\"\"," IDS);
}

static void a_dialect_that_was_asked_for_overrules(void **state) {
    (void)state;
    settings.dialect = "gelf";
    has("{\"level\":30,\"time\":1795257045412,\"pid\":1,\"hostname\":\"h\",\"msg\":\"m\"}",
        "\"level\":\"debug\"");
    settings.dialect = "pino";
    has("{\"level\":30,\"msg\":\"m\"}", "\"level\":\"info\"");
    is_refused("plain", "not a JSON object");
    settings.dialect = "text";
    has("a=b", "\"msg\":\"a=b\"");
    settings.dialect = NULL;
    assert_true(spanlog_translate_knows("zap") && spanlog_translate_knows("logfmt"));
    assert_false(spanlog_translate_knows("zapp"));
    size_t count = 0;
    while (spanlog_translate_name_at(count))
        assert_true(spanlog_translate_knows(spanlog_translate_name_at(count++)));
    assert_true(count > 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_have_many_spellings),
        cmocka_unit_test(ids_of_zeros_are_none),
        cmocka_unit_test(only_datadogs_ids_are_decimal),
        cmocka_unit_test(a_span_id_of_128_bits_stays_whole),
        cmocka_unit_test(a_stack_trace_is_no_trace_id),
        cmocka_unit_test(the_lines_own_ids_beat_those_inside),
        cmocka_unit_test(trace_key_groups_lines_without_trace_ids),
        cmocka_unit_test(a_canonical_line_stays_as_it_is),
        cmocka_unit_test(a_span_in_the_canonical_manner_is_one_in_any_dialect),
        cmocka_unit_test(a_span_has_its_duration_in_the_dialects_unit),
        cmocka_unit_test(attributes_behind_the_fields_do_not_change_the_dialect),
        cmocka_unit_test(a_trace_level_without_a_name_is_told_by_its_number),
        cmocka_unit_test(datadogs_ids_are_dropped_only_where_they_repeat),
        cmocka_unit_test(a_spans_lists_and_counts_are_its_own),
        cmocka_unit_test(a_duration_alone_makes_no_span),
        cmocka_unit_test(reserved_keys_get_an_underscore),
        cmocka_unit_test(members_of_one_name_keep_apart),
        cmocka_unit_test(broken_json_is_named_and_never_text),
        cmocka_unit_test(deep_objects_stay_values),
        cmocka_unit_test(an_object_of_any_keys_is_a_line),
        cmocka_unit_test(more_members_than_a_record_holds_are_counted),
        cmocka_unit_test(a_dialect_that_was_asked_for_overrules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
