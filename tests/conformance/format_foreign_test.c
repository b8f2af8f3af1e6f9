/* tests/conformance/format_foreign_test.c: the exact bytes of the dialects that other systems read.
 * What all dialects must do is in format_dialect_test.c, reading back in format_lines_test.py. */
#include "tests/unit/format_test.h"

#include "formatters/dialect.h"

static const struct spanlog_attribute attributes[] = {
    {.key = SPANLOG_TEXT("hits"), .value = {.type = SPANLOG_VALUE_INT, .i = 3}},
    {.key = SPANLOG_TEXT("message"),
     .value = {.type = SPANLOG_VALUE_TEXT, .size = 2, .text = "hi"}},
    {.key = SPANLOG_TEXT("caller"), .value = {.type = SPANLOG_VALUE_BOOL, .u = 1}},
};

static struct spanlog_line a_log(void) {
    return (struct spanlog_line){
        .time_ns = 1795257045123456789u,
        .level = 9,
        .message = SPANLOG_TEXT("cache miss"),
        .service = SPANLOG_TEXT("orders"),
        .has_context = true,
        .trace_flags = 1,
        .trace_id = {0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e,
                     0x0e, 0x47, 0x36},
        .span_id = {0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7},
        .logger = SPANLOG_TEXT("db"),
        .source = SPANLOG_TEXT("src/db.c:42"),
        .pid = 711,
        .tid = 713,
        .attributes = attributes,
        .attribute_count = 3,
    };
}

static const struct spanlog_event retry = {1795257045100000000u, SPANLOG_TEXT("retry"), attributes,
                                           1};
static const struct spanlog_span_link link = {{1}, {2}};

static struct spanlog_line a_span(void) {
    struct spanlog_line line = a_log();
    line.line_kind = SPANLOG_LINE_SPAN;
    line.has_parent = true;
    line.parent_id[7] = 0x2a;
    line.operation = SPANLOG_TEXT("db.query");
    line.span_kind = 2;
    line.start_ns = 1795257045078256789u;
    line.duration_ns = 45200000;
    line.span_status = SPANLOG_STATUS_ERROR;
    line.has_status_code = true;
    line.status_code = 500;
    line.error = SPANLOG_TEXT("timeout");
    line.attribute_count = 1;
    line.events = &retry;
    line.event_count = 1;
    line.links = &link;
    line.link_count = 1;
    line.dropped_events = 4;
    line.sample_ratio = 0.25;
    return line;
}

static void check(const struct spanlog_dialect *dialect, const struct spanlog_line *line,
                  const char *expected) {
    char out[4096];
    assert_text(dialect->write(line, out, out + sizeof out), out, expected);
}

#define CHECK_LOG(name, expected)                                                                  \
    do {                                                                                           \
        struct spanlog_line line_ = a_log();                                                       \
        check(&spanlog_dialect_##name, &line_, (expected));                                        \
    } while (0)
#define CHECK_SPAN(name, expected)                                                                 \
    do {                                                                                           \
        struct spanlog_line line_ = a_span();                                                      \
        check(&spanlog_dialect_##name, &line_, (expected));                                        \
    } while (0)

static void a_log_in_ecs_has_the_documented_bytes(void **state) {
    (void)state;
    CHECK_LOG(ecs, "{\"@timestamp\":\"2026-11-21T10:30:45.123456789Z\",\"log.level\":\"info\","
                   "\"message\":\"cache miss\",\"ecs.version\":\"1.6.0\","
                   "\"service.name\":\"orders\",\"trace.id\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
                   "\"span.id\":\"00f067aa0ba902b7\",\"trace_flags\":\"01\",\"log.logger\":\"db\","
                   "\"log.origin.file.name\":\"src/db.c\",\"log.origin.file.line\":42,"
                   "\"process.pid\":711,\"process.thread.id\":713,\"hits\":3,\"message_\":\"hi\","
                   "\"caller\":true}\n");
}

static void a_span_in_ecs_has_the_documented_bytes(void **state) {
    (void)state;
    CHECK_SPAN(ecs, "{\"@timestamp\":\"2026-11-21T10:30:45.123456789Z\",\"log.level\":\"info\","
                    "\"message\":\"span completed\",\"ecs.version\":\"1.6.0\","
                    "\"service.name\":\"orders\",\"trace.id\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
                    "\"span.id\":\"00f067aa0ba902b7\",\"parent_id\":\"000000000000002a\","
                    "\"trace_flags\":\"01\",\"operation\":\"db.query\",\"kind\":\"client\","
                    "\"start\":\"2026-11-21T10:30:45.078256789Z\",\"event.duration\":45200000,"
                    "\"status\":\"error\",\"status_code\":500,\"error.message\":\"timeout\","
                    "\"log.origin.file.name\":\"src/db.c\",\"log.origin.file.line\":42,"
                    "\"process.pid\":711,\"process.thread.id\":713,\"hits\":3,"
                    "\"events\":[{\"ts\":\"2026-11-21T10:30:45.100000000Z\",\"name\":\"retry\","
                    "\"hits\":3}],\"links\":[{\"trace_id\":\"01000000000000000000000000000000\","
                    "\"span_id\":\"0200000000000000\"}],\"sample_ratio\":0.25,"
                    "\"dropped_events\":4}\n");
}

static void a_log_in_gcp_has_the_documented_bytes(void **state) {
    (void)state;
    CHECK_LOG(gcp, "{\"time\":\"2026-11-21T10:30:45.123456789Z\",\"severity\":\"INFO\","
                   "\"message\":\"cache miss\",\"serviceContext\":{\"service\":\"orders\"},"
                   "\"logging.googleapis.com/trace\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
                   "\"logging.googleapis.com/spanId\":\"00f067aa0ba902b7\","
                   "\"logging.googleapis.com/trace_sampled\":true,\"logger\":\"db\","
                   "\"logging.googleapis.com/sourceLocation\":{\"file\":\"src/db.c\","
                   "\"line\":\"42\"},\"pid\":711,\"tid\":713,\"hits\":3,\"message_\":\"hi\","
                   "\"caller\":true}\n");
}

static void a_span_in_gcp_has_the_documented_bytes(void **state) {
    (void)state;
    CHECK_SPAN(gcp, "{\"time\":\"2026-11-21T10:30:45.123456789Z\",\"severity\":\"INFO\","
                    "\"message\":\"span completed\",\"serviceContext\":{\"service\":\"orders\"},"
                    "\"logging.googleapis.com/trace\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
                    "\"logging.googleapis.com/spanId\":\"00f067aa0ba902b7\","
                    "\"parent_id\":\"000000000000002a\","
                    "\"logging.googleapis.com/trace_sampled\":true,\"operation\":\"db.query\","
                    "\"kind\":\"client\",\"start\":\"2026-11-21T10:30:45.078256789Z\","
                    "\"duration_ms\":45.2,\"status\":\"error\",\"status_code\":500,"
                    "\"error\":\"timeout\","
                    "\"logging.googleapis.com/sourceLocation\":{\"file\":\"src/db.c\","
                    "\"line\":\"42\"},\"pid\":711,\"tid\":713,\"hits\":3,"
                    "\"events\":[{\"ts\":\"2026-11-21T10:30:45.100000000Z\",\"name\":\"retry\","
                    "\"hits\":3}],\"links\":[{\"trace_id\":\"01000000000000000000000000000000\","
                    "\"span_id\":\"0200000000000000\"}],\"sample_ratio\":0.25,"
                    "\"dropped_events\":4}\n");
}

static void a_log_in_datadog_has_the_documented_bytes(void **state) {
    (void)state;
    CHECK_LOG(datadog, "{\"timestamp\":\"2026-11-21T10:30:45.123456789Z\",\"status\":\"info\","
                       "\"message\":\"cache miss\",\"ddsource\":\"spanlog\",\"service\":\"orders\","
                       "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
                       "\"span_id\":\"00f067aa0ba902b7\",\"dd.trace_id\":\"11803532876627986230\","
                       "\"dd.span_id\":\"67667974448284343\",\"trace_flags\":\"01\","
                       "\"logger.name\":\"db\",\"src\":\"src/db.c:42\",\"pid\":711,\"tid\":713,"
                       "\"hits\":3,\"message_\":\"hi\",\"caller\":true}\n");
}

static void a_span_in_datadog_has_the_documented_bytes(void **state) {
    (void)state;
    CHECK_SPAN(datadog,
               "{\"timestamp\":\"2026-11-21T10:30:45.123456789Z\",\"status\":\"info\","
               "\"message\":\"span completed\",\"ddsource\":\"spanlog\",\"service\":\"orders\","
               "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
               "\"span_id\":\"00f067aa0ba902b7\",\"parent_id\":\"000000000000002a\","
               "\"dd.trace_id\":\"11803532876627986230\",\"dd.span_id\":\"67667974448284343\","
               "\"trace_flags\":\"01\",\"operation\":\"db.query\",\"kind\":\"client\","
               "\"start\":\"2026-11-21T10:30:45.078256789Z\",\"duration_ms\":45.2,"
               "\"otel.status_code\":\"ERROR\",\"status_code\":500,"
               "\"error.message\":\"timeout\",\"src\":\"src/db.c:42\",\"pid\":711,\"tid\":713,"
               "\"hits\":3,\"events\":[{\"ts\":\"2026-11-21T10:30:45.100000000Z\","
               "\"name\":\"retry\",\"hits\":3}],"
               "\"links\":[{\"trace_id\":\"01000000000000000000000000000000\","
               "\"span_id\":\"0200000000000000\"}],\"sample_ratio\":0.25,"
               "\"dropped_events\":4}\n");
}

static void a_log_in_zap_has_the_documented_bytes(void **state) {
    (void)state;
    CHECK_LOG(zap, "{\"ts\":1795257045.123456789,\"level\":\"info\",\"msg\":\"cache miss\","
                   "\"service\":\"orders\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
                   "\"span_id\":\"00f067aa0ba902b7\",\"trace_flags\":\"01\",\"logger\":\"db\","
                   "\"caller\":\"src/db.c:42\",\"pid\":711,\"tid\":713,\"hits\":3,"
                   "\"message\":\"hi\",\"caller_\":true}\n");
}

static void a_span_in_zap_has_the_documented_bytes(void **state) {
    (void)state;
    CHECK_SPAN(zap, "{\"ts\":1795257045.123456789,\"level\":\"info\",\"msg\":\"span completed\","
                    "\"service\":\"orders\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
                    "\"span_id\":\"00f067aa0ba902b7\",\"parent_id\":\"000000000000002a\","
                    "\"trace_flags\":\"01\",\"operation\":\"db.query\",\"kind\":\"client\","
                    "\"start\":\"2026-11-21T10:30:45.078256789Z\",\"duration\":0.045200000,"
                    "\"status\":\"error\",\"status_code\":500,\"error\":\"timeout\","
                    "\"caller\":\"src/db.c:42\",\"pid\":711,\"tid\":713,\"hits\":3,"
                    "\"events\":[{\"ts\":\"2026-11-21T10:30:45.100000000Z\",\"name\":\"retry\","
                    "\"hits\":3}],\"links\":[{\"trace_id\":\"01000000000000000000000000000000\","
                    "\"span_id\":\"0200000000000000\"}],\"sample_ratio\":0.25,"
                    "\"dropped_events\":4}\n");
}

static void a_log_in_otlp_has_the_documented_bytes(void **state) {
    (void)state;
    CHECK_LOG(otlp, "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\","
                    "\"value\":{\"stringValue\":\"orders\"}},{\"key\":\"process.pid\","
                    "\"value\":{\"intValue\":\"711\"}}]},"
                    "\"scopeLogs\":[{\"scope\":{\"name\":\"db\"},"
                    "\"logRecords\":[{\"severityNumber\":9,\"severityText\":\"info\","
                    "\"body\":{\"stringValue\":\"cache miss\"},"
                    "\"timeUnixNano\":\"1795257045123456789\","
                    "\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
                    "\"spanId\":\"00f067aa0ba902b7\",\"flags\":1,"
                    "\"attributes\":[{\"key\":\"code.file.path\","
                    "\"value\":{\"stringValue\":\"src/db.c\"}},{\"key\":\"code.line.number\","
                    "\"value\":{\"intValue\":\"42\"}},{\"key\":\"thread.id\","
                    "\"value\":{\"intValue\":\"713\"}},{\"key\":\"hits\","
                    "\"value\":{\"intValue\":\"3\"}},{\"key\":\"message\","
                    "\"value\":{\"stringValue\":\"hi\"}},{\"key\":\"caller\","
                    "\"value\":{\"boolValue\":true}}]}]}]}]}\n");
}

static void a_span_in_otlp_has_the_documented_bytes(void **state) {
    (void)state;
    CHECK_SPAN(otlp, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\","
                     "\"value\":{\"stringValue\":\"orders\"}},{\"key\":\"process.pid\","
                     "\"value\":{\"intValue\":\"711\"}}]},"
                     "\"scopeSpans\":[{\"spans\":[{\"endTimeUnixNano\":\"1795257045123456789\","
                     "\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
                     "\"spanId\":\"00f067aa0ba902b7\",\"parentSpanId\":\"000000000000002a\","
                     "\"flags\":1,\"name\":\"db.query\",\"kind\":3,"
                     "\"startTimeUnixNano\":\"1795257045078256789\",\"status\":{\"code\":2,"
                     "\"message\":\"timeout\"},\"attributes\":[{\"key\":\"code.file.path\","
                     "\"value\":{\"stringValue\":\"src/db.c\"}},{\"key\":\"code.line.number\","
                     "\"value\":{\"intValue\":\"42\"}},{\"key\":\"thread.id\","
                     "\"value\":{\"intValue\":\"713\"}},{\"key\":\"status_code\","
                     "\"value\":{\"intValue\":\"500\"}},{\"key\":\"sample_ratio\","
                     "\"value\":{\"doubleValue\":0.25}},{\"key\":\"hits\","
                     "\"value\":{\"intValue\":\"3\"}}],"
                     "\"events\":[{\"timeUnixNano\":\"1795257045100000000\",\"name\":\"retry\","
                     "\"attributes\":[{\"key\":\"hits\",\"value\":{\"intValue\":\"3\"}}]}],"
                     "\"links\":[{\"traceId\":\"01000000000000000000000000000000\","
                     "\"spanId\":\"0200000000000000\"}],\"droppedEventsCount\":4}]}]}]}\n");
}

/* Each in a log or in a span that has all fields. */
static void every_key_of_the_table_is_written(void **state) {
    (void)state;
    for (size_t i = 0; spanlog_dialect_at(i); i++) {
        const struct spanlog_dialect *dialect = spanlog_dialect_at(i);
        struct spanlog_line log = a_log(), span = a_span();
        char out[8192], key[64], *end;
        if (dialect->syntax != SPANLOG_SYNTAX_JSON)
            continue;
        span.span_status = SPANLOG_STATUS_OK; /* so that otlp has the error as an attribute, */
        span.start_ns = 0;                    /* and the duration */
        end = dialect->write(&log, out, out + sizeof out);
        assert_non_null(end);
        end = dialect->write(&span, end, out + sizeof out);
        assert_non_null(end);
        *end = '\0';
        for (int field = 0; field < SPANLOG_FIELD_HOST; field++) { /* the host is an attribute */
            assert_non_null(dialect->keys[field]);
            snprintf(key, sizeof key, "\"%s\"", dialect->keys[field]);
            if (!strstr(out, key))
                fail_msg("%s has no %s: %s", dialect->name, key, out);
        }
    }
}

static void levels_between_the_names_keep_their_number(void **state) {
    static const struct {
        const struct spanlog_dialect *dialect;
        uint8_t level;
        const char *text;
    } cases[] = {
        {&spanlog_dialect_ecs, 10, "\"log.level\":\"info\",\"severityNumber\":10,"},
        {&spanlog_dialect_gcp, 1, "\"severity\":\"DEBUG\",\"severityNumber\":1,"},
        {&spanlog_dialect_gcp, 5, "\"severity\":\"DEBUG\",\"message\""},
        {&spanlog_dialect_datadog, 24, "\"status\":\"fatal\",\"severityNumber\":24,"},
        {&spanlog_dialect_zap, 21, "\"level\":\"fatal\",\"msg\""},
        {&spanlog_dialect_otlp, 10, "\"severityNumber\":10,\"severityText\":\"info\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spanlog_line line = a_log();
        char out[4096], *end;
        line.level = cases[i].level;
        end = cases[i].dialect->write(&line, out, out + sizeof out);
        assert_non_null(end);
        *end = '\0';
        if (!strstr(out, cases[i].text))
            fail_msg("no %s in %s", cases[i].text, out);
    }
}

/* The values of OTLP, each in a log of its own. */
static void check_value(struct spanlog_value value, const char *expected) {
    struct spanlog_attribute one = {.key = SPANLOG_TEXT("k"), .value = value};
    struct spanlog_line line = {.level = 9, .attributes = &one, .attribute_count = 1};
    static const char before[] = "\"attributes\":[{\"key\":\"k\",\"value\":";
    char out[8192], *end = spanlog_dialect_otlp.write(&line, out, out + sizeof out), *at;
    assert_non_null(end);
    *end = '\0';
    at = strstr(out, before);
    assert_non_null(at);
    at += sizeof before - 1;
    char *after = strstr(at, "}]}]}]}]}\n");
    assert_non_null(after);
    *after = '\0';
    assert_string_equal(at, expected);
}

static void check_json_value(const char *text, const char *expected) {
    check_value((struct spanlog_value){.type = SPANLOG_VALUE_JSON,
                                       .size = (uint32_t)strlen(text),
                                       .text = text},
                expected);
}

static void values_have_the_types_of_otlp(void **state) {
    (void)state;
    check_value((struct spanlog_value){.type = SPANLOG_VALUE_NULL}, "{}");
    check_value((struct spanlog_value){.type = SPANLOG_VALUE_INT, .i = INT64_MIN},
                "{\"intValue\":\"-9223372036854775808\"}");
    check_value((struct spanlog_value){.type = SPANLOG_VALUE_UINT, .u = UINT64_MAX},
                "{\"doubleValue\":18446744073709551615}");
    check_value((struct spanlog_value){.type = SPANLOG_VALUE_BOOL}, "{\"boolValue\":false}");
    check_value((struct spanlog_value){.type = SPANLOG_VALUE_DOUBLE, .d = 1.5},
                "{\"doubleValue\":1.5}");
    check_value((struct spanlog_value){.type = SPANLOG_VALUE_DOUBLE, .d = __builtin_nan("")},
                "{\"doubleValue\":\"NaN\"}");
    check_value((struct spanlog_value){.type = SPANLOG_VALUE_HEX, .size = 1, .text = "\xff"},
                "{\"stringValue\":\"ff\"}");
}

static void json_becomes_arrays_and_lists_of_keys(void **state) {
    (void)state;
    check_json_value("[]", "{\"arrayValue\":{\"values\":[]}}");
    check_json_value(" { } ", "{\"kvlistValue\":{\"values\":[]}}");
    check_json_value("-0", "{\"doubleValue\":-0}");
    check_json_value("[1, 2.5, \"a\\\"]\", null, true]",
                     "{\"arrayValue\":{\"values\":[{\"intValue\":\"1\"},{\"doubleValue\":2.5},"
                     "{\"stringValue\":\"a\\\"]\"},{},{\"boolValue\":true}]}}");
    check_json_value("{\"a\":{\"b\":[]},\n\"c\":1}",
                     "{\"kvlistValue\":{\"values\":[{\"key\":\"a\",\"value\":{\"kvlistValue\":"
                     "{\"values\":[{\"key\":\"b\",\"value\":{\"arrayValue\":{\"values\":[]}}}]}}},"
                     "{\"key\":\"c\",\"value\":{\"intValue\":\"1\"}}]}}");
}

static void json_that_is_nested_too_deep_stays_a_text(void **state) {
    char text[128];
    (void)state;
    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    text[66] = '\0';
    check_json_value(text, "{\"stringValue\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                           "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\"}");
}

static void an_id_that_is_no_hex_has_no_decimal_form(void **state) {
    struct spanlog_line line = a_log();
    char out[4096], *end;
    (void)state;
    line.trace_text = SPANLOG_TEXT("request-7");
    end = spanlog_dialect_datadog.write(&line, out, out + sizeof out);
    assert_non_null(end);
    *end = '\0';
    assert_non_null(strstr(out, "\"trace_id\":\"request-7\""));
    assert_null(strstr(out, "dd.trace_id"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_in_ecs_has_the_documented_bytes),
        cmocka_unit_test(a_span_in_ecs_has_the_documented_bytes),
        cmocka_unit_test(a_log_in_gcp_has_the_documented_bytes),
        cmocka_unit_test(a_span_in_gcp_has_the_documented_bytes),
        cmocka_unit_test(a_log_in_datadog_has_the_documented_bytes),
        cmocka_unit_test(a_span_in_datadog_has_the_documented_bytes),
        cmocka_unit_test(a_log_in_zap_has_the_documented_bytes),
        cmocka_unit_test(a_span_in_zap_has_the_documented_bytes),
        cmocka_unit_test(a_log_in_otlp_has_the_documented_bytes),
        cmocka_unit_test(a_span_in_otlp_has_the_documented_bytes),
        cmocka_unit_test(every_key_of_the_table_is_written),
        cmocka_unit_test(levels_between_the_names_keep_their_number),
        cmocka_unit_test(values_have_the_types_of_otlp),
        cmocka_unit_test(json_becomes_arrays_and_lists_of_keys),
        cmocka_unit_test(json_that_is_nested_too_deep_stays_a_text),
        cmocka_unit_test(an_id_that_is_no_hex_has_no_decimal_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
