/* tests/unit/translate_logger_test.c: lines of every logger that is known, and their traps. */
#include "tests/unit/translate_test.h"

/* ---- loggers ------------------------------------------------------------------------------ */

static void zap_gives_seconds_with_a_fraction_and_a_caller(void **state) {
    (void)state;
    becomes("{\"level\":\"info\",\"ts\":1795257045.412,\"logger\":\"db\",\"caller\":\"app/"
            "main.go:42\",\"msg\":\"cache miss\",\"user\":\"u7\",\"elapsed\":0.0452,\"n\":3," IDS
            "}",
            "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"cache miss\",\"service\":\"\"," IDS
            ",\"logger\":\"db\",\"src\":\"app/"
            "main.go:42\",\"user\":\"u7\",\"elapsed\":0.0452,\"n\":3}");
    has("{\"level\":\"dpanic\",\"ts\":1795257045.412,\"msg\":\"m\"}", "\"level\":\"error\"");
    has("{\"level\":\"INFO\",\"ts\":\"2026-11-21T11:30:45.412+0100\",\"caller\":\"a.go:1\","
        "\"msg\":\"m\"}",
        "\"ts\":\"" TIME "\"");
}

static void zerolog_calls_it_message_and_time(void **state) {
    (void)state;
    becomes("{\"level\":\"warn\",\"service\":\"s\",\"dur\":12.5,\"time\":\"2026-11-21T10:30:45Z\","
            "\"caller\":\"/app/main.go:7\",\"message\":\"slow\"}",
            "{\"ts\":\"2026-11-21T10:30:45.000000000Z\",\"level\":\"warn\",\"msg\":\"slow\","
            "\"service\":\"s\",\"src\":\"/app/main.go:7\",\"dur\":12.5}");
    has("{\"level\":\"panic\",\"time\":1795257045,\"message\":\"m\"}", "\"level\":\"fatal\"");
}

static void slog_levels_may_lie_between_the_names(void **state) {
    (void)state;
    has("{\"time\":\"2026-11-21T10:30:45.412Z\",\"level\":\"DEBUG-4\",\"msg\":\"m\"}",
        "\"level\":\"trace\"");
    has("{\"time\":\"2026-11-21T10:30:45.412Z\",\"level\":\"ERROR+4\",\"msg\":\"m\"}",
        "\"level\":\"fatal\"");
    has("{\"time\":\"2026-11-21T10:30:45.412Z\",\"level\":\"INFO+2\",\"msg\":\"m\"}",
        "\"level\":\"info\"");
    becomes("{\"time\":\"2026-11-21T11:30:45.412+01:00\",\"level\":\"INFO\",\"source\":{"
            "\"function\":\"main.f\",\"file\":\"/a/main.go\",\"line\":12},\"msg\":\"m\",\"d\":"
            "1500000}",
            "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"m\",\"service\":\"\",\"src\":\"/a/"
            "main.go:12\",\"source.function\":\"main.f\",\"d\":1500000}");
}

static void logrus_moves_a_clash_aside(void **state) {
    (void)state;
    becomes("{\"fields.msg\":\"theirs\",\"level\":\"warning\",\"msg\":\"ours\",\"time\":\"2026-11-"
            "21T11:30:45+01:00\"}",
            "{\"ts\":\"2026-11-21T10:30:45.000000000Z\",\"level\":\"warn\",\"msg\":\"ours\","
            "\"service\":\"\",\"fields.msg\":\"theirs\"}");
}

static void pino_counts_levels_in_tens_and_its_status_is_no_span_status(void **state) {
    (void)state;
    becomes("{\"level\":30,\"time\":1795257045412,\"pid\":711,\"hostname\":\"web-1\",\"msg\":"
            "\"done\",\"req\":{\"method\":\"GET\",\"headers\":{\"host\":\"h\"}},\"status\":200,"
            "\"responseTime\":1.5}",
            "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"done\",\"service\":\"\",\"pid\":711,"
            "\"req.method\":\"GET\",\"req.headers.host\":\"h\",\"status\":200,\"responseTime\":1.5,"
            "\"host.name\":\"web-1\"}");
    has("{\"level\":20,\"time\":1795257045412,\"pid\":1,\"hostname\":\"h\",\"msg\":\"m\"}",
        "\"level\":\"debug\"");
    has("{\"level\":60,\"time\":1795257045412,\"pid\":1,\"hostname\":\"h\",\"msg\":\"m\"}",
        "\"level\":\"fatal\"");
}

static void bunyan_is_told_by_its_v(void **state) {
    (void)state;
    becomes("{\"name\":\"orders\",\"hostname\":\"h\",\"pid\":3,\"level\":50,\"err\":{\"message\":"
            "\"x\",\"stack\":\"a\\n b\"},\"msg\":\"boom\",\"time\":\"2026-11-21T10:30:45.412Z\","
            "\"v\":0}",
            "{\"ts\":\"" TIME
            "\",\"level\":\"error\",\"msg\":\"boom\",\"service\":\"orders\",\"pid\":3,"
            "\"err.message\":\"x\",\"err.stack\":\"a\\u000a b\",\"v\":0,\"host.name\":\"h\"}");
}

static void winston_has_levels_of_its_own_and_may_have_no_time(void **state) {
    (void)state;
    has("{\"level\":\"silly\",\"message\":\"m\"}", "\"level\":\"trace\"");
    has("{\"level\":\"http\",\"message\":\"m\"}", "\"level\":\"debug\"");
    becomes("{\"level\":\"verbose\",\"message\":\"m\",\"service\":\"s\"}",
            "{\"ts\":\"1970-01-01T00:00:00.000000000Z\",\"level\":\"trace\",\"msg\":\"m\","
            "\"service\":\"s\"}");
}

static void tracing_subscriber_keeps_its_fields_together(void **state) {
    (void)state;
    becomes("{\"timestamp\":\"2026-11-21T10:30:45.412000Z\",\"level\":\"INFO\",\"fields\":{"
            "\"message\":\"hi\",\"user\":7},\"target\":\"app::db\",\"filename\":\"src/"
            "db.rs\",\"line_number\":42}",
            "{\"ts\":\"" TIME
            "\",\"level\":\"info\",\"msg\":\"hi\",\"service\":\"\",\"logger\":\"app::db\",\"src\":"
            "\"src/db.rs:42\",\"user\":7}");
}

static void the_id_of_another_span_in_spans_is_not_the_lines(void **state) {
    const char *line = "{\"timestamp\":\"2026-11-21T10:30:45.412Z\",\"level\":\"INFO\",\"fields\":{"
                       "\"message\":\"hi\"},\"target\":\"app\",\"span\":{\"name\":\"b\",\"id\":2},"
                       "\"spans\":[{\"name\":\"a\",\"id\":1,\"trace_id\":\"" TRACE
                       "\",\"span_id\":\"" SPAN "\"},{\"name\":\"b\",\"id\":2}]}";
    (void)state;
    has(line, "\"service\":\"\",\"trace_id\":\"" TRACE "\",\"logger\":\"app\",\"span.name\":\"b\"");
}

static void a_close_event_of_tracing_is_a_span_when_it_has_ids(void **state) {
    (void)state;
    becomes("{\"timestamp\":\"2026-11-21T10:30:45.412Z\",\"level\":\"INFO\",\"fields\":{"
            "\"message\":\"close\",\"time.busy\":\"61.4\xC2\xB5s\",\"time.idle\":\"1.00ms\"},"
            "\"target\":\"app\",\"span\":{\"trace_id\":\"" TRACE "\",\"span_id\":\"" SPAN
            "\",\"name\":\"checkout\"}}",
            "{\"ts\":\"" TIME
            "\",\"level\":\"info\",\"msg\":\"span completed\",\"service\":\"\"," IDS
            ",\"operation\":\"checkout\",\"kind\":\"internal\",\"start\":\"2026-11-21T10:30:45."
            "410938600Z\",\"duration_ms\":1.0614,\"time.busy\":\"61.4\xC2\xB5s\",\"time.idle\":"
            "\"1.00ms\"}");
    has("{\"timestamp\":\"2026-11-21T10:30:45.412Z\",\"level\":\"INFO\",\"fields\":{"
        "\"message\":\"close\",\"time.busy\":\"1s\",\"time.idle\":\"1.00ms\"},"
        "\"target\":\"app\",\"span\":{\"name\":\"checkout\"}}",
        "\"msg\":\"close\"");
}

static void python_json_logger_gives_local_time_with_a_comma(void **state) {
    (void)state;
    becomes("{\"asctime\":\"2026-11-21 10:30:45,412\",\"levelname\":\"WARNING\",\"name\":\"app."
            "db\",\"message\":\"hi\",\"otelTraceID\":\"0\",\"otelSpanID\":\"0\","
            "\"otelServiceName\":\"orders\",\"otelTraceSampled\":false}",
            "{\"ts\":\"" TIME
            "\",\"level\":\"warn\",\"msg\":\"hi\",\"service\":\"orders\",\"logger\":\"app.db\"}");
    has("{\"asctime\":\"2026-11-21 10:30:45,412\",\"levelname\":\"INFO\",\"message\":\"hi\","
        "\"otelTraceID\":\"" TRACE "\",\"otelSpanID\":\"" SPAN "\",\"otelTraceSampled\":true}",
        IDS ",\"trace_flags\":\"01\"");
}

static void structlog_calls_the_message_event(void **state) {
    (void)state;
    becomes("{\"user\":\"x\",\"event\":\"hi\",\"level\":\"info\",\"timestamp\":\"2026-11-21T10:30:"
            "45.412000Z\"}",
            "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"hi\",\"service\":\"\",\"user\":"
            "\"x\"}");
}

static void loguru_has_the_record_beside_its_text(void **state) {
    const char *line =
        "{\"text\":\"... hi\\n\",\"record\":{\"elapsed\":{\"seconds\":0.1},\"exception\":null,"
        "\"extra\":{\"trace_id\":\"" TRACE "\",\"user\":7},\"file\":{\"name\":\"a.py\",\"path\":\"/"
        "a.py\"},\"level\":{\"icon\":\"x\",\"name\":\"SUCCESS\",\"no\":25},\"line\":3,\"message\":"
        "\"hi\",\"name\":\"__main__\",\"process\":{\"id\":5,\"name\":\"P\"},\"thread\":{\"id\":13,"
        "\"name\":\"T\"},\"time\":{\"repr\":\"r\",\"timestamp\":1795257045.412}}}";
    (void)state;
    has(line,
        "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"hi\",\"service\":\"\",\"trace_id\":"
        "\"" TRACE "\",\"logger\":\"__main__\",\"src\":\"/a.py:3\",\"pid\":5,\"tid\":13,");
    has(line, "\"user\":7");
}

static void ecs_keys_may_be_flat_or_nested(void **state) {
    const char *expected =
        "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"hi\",\"service\":\"orders\"," IDS
        ",\"logger\":\"com.x\"}";
    (void)state;
    becomes("{\"@timestamp\":\"2026-11-21T10:30:45.412Z\",\"ecs.version\":\"1.2.0\",\"log.level\":"
            "\"INFO\",\"message\":\"hi\",\"log.logger\":\"com.x\",\"service.name\":\"orders\","
            "\"trace.id\":\"" TRACE "\",\"transaction.id\":\"" SPAN "\"}",
            expected);
    becomes("{\"@timestamp\":\"2026-11-21T10:30:45.412Z\",\"ecs\":{\"version\":\"1.2.0\"},\"log\":{"
            "\"level\":\"INFO\",\"logger\":\"com.x\"},\"message\":\"hi\",\"service\":{\"name\":"
            "\"orders\"},\"trace\":{\"id\":\"" TRACE "\"},\"span\":{\"id\":\"" SPAN "\"}}",
            expected);
}

static void an_elastic_document_with_a_duration_is_a_span(void **state) {
    (void)state;
    becomes("{\"@timestamp\":\"2026-11-21T10:30:45.412Z\",\"processor\":{\"event\":\"span\"},"
            "\"trace\":{\"id\":\"" TRACE "\"},\"transaction\":{\"id\":\"00000000000000aa\"},"
            "\"parent\":{\"id\":\"00000000000000aa\"},\"span\":{\"id\":\"" SPAN
            "\",\"name\":\"SELECT\",\"type\":\"db\",\"duration\":{\"us\":1500}},\"service\":{"
            "\"name\":\"orders\"},\"event\":{\"outcome\":\"failure\"}}",
            "{\"ts\":\"2026-11-21T10:30:45.413500000Z\",\"level\":\"info\",\"msg\":\"span "
            "completed\",\"service\":\"orders\"," IDS
            ",\"parent_id\":\"00000000000000aa\",\"operation\":\"SELECT\",\"kind\":\"client\","
            "\"start\":\"" TIME
            "\",\"duration_ms\":1.5,\"status\":\"error\",\"processor.event\":\"span\","
            "\"transaction.id\":\"00000000000000aa\"}");
}

static void log4j_has_an_instant_and_a_context(void **state) {
    (void)state;
    becomes("{\"instant\":{\"epochSecond\":1795257045,\"nanoOfSecond\":412000000},\"thread\":"
            "\"main\",\"level\":\"INFO\",\"loggerName\":\"com.x\",\"message\":\"hi\","
            "\"contextMap\":{\"trace_id\":\"" TRACE "\",\"span_id\":\"" SPAN
            "\",\"user\":\"u\"},\"threadId\":1}",
            "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"hi\",\"service\":\"\"," IDS
            ",\"logger\":\"com.x\",\"tid\":1,\"thread\":\"main\",\"user\":\"u\"}");
}

static void gelf_levels_are_those_of_syslog(void **state) {
    (void)state;
    becomes("{\"version\":\"1.1\",\"host\":\"h\",\"short_message\":\"hi\",\"timestamp\":1795257045."
            "412,\"level\":4,\"_trace_id\":\"" TRACE "\",\"_user\":\"x\"}",
            "{\"ts\":\"" TIME "\",\"level\":\"warn\",\"msg\":\"hi\",\"service\":\"\",\"trace_id\":"
            "\"" TRACE "\",\"version\":\"1.1\",\"_user\":\"x\",\"host.name\":\"h\"}");
}

static void logstash_and_logback_are_read(void **state) {
    (void)state;
    becomes("{\"@timestamp\":\"2026-11-21T11:30:45.412+01:00\",\"@version\":\"1\",\"message\":"
            "\"hi\",\"logger_name\":\"com.x\",\"thread_name\":\"main\",\"level\":\"WARN\",\"level_"
            "value\":30000,\"traceId\":\"" TRACE "\",\"spanId\":\"" SPAN "\"}",
            "{\"ts\":\"" TIME "\",\"level\":\"warn\",\"msg\":\"hi\",\"service\":\"\"," IDS
            ",\"logger\":\"com.x\",\"@version\":\"1\",\"thread_name\":\"main\"}");
    has("{\"sequenceNumber\":0,\"timestamp\":1795257045412,\"nanoseconds\":412987654,\"level\":"
        "\"WARN\",\"loggerName\":\"com.x\",\"mdc\":{},\"kvpList\":[{\"trace_id\":\"" TRACE
        "\"}],\"message\":\"hi\"}",
        "{\"ts\":\"2026-11-21T10:30:45.412987654Z\",\"level\":\"warn\",\"msg\":\"hi\",\"service\":"
        "\"\",\"trace_id\":\"" TRACE "\"");
}

static void clef_without_a_level_is_information(void **state) {
    (void)state;
    becomes("{\"@t\":\"2026-11-21T10:30:45.4120000Z\",\"@mt\":\"Hi {User}\",\"@m\":\"Hi x\","
            "\"@tr\":\"" TRACE "\",\"@sp\":\"" SPAN "\",\"User\":\"x\",\"@@at\":1}",
            "{\"ts\":\"" TIME "\",\"level\":\"info\",\"msg\":\"Hi x\",\"service\":\"\"," IDS
            ",\"@mt\":\"Hi {User}\",\"User\":\"x\",\"@at\":1}");
    has("{\"@t\":\"2026-11-21T10:30:45.412Z\",\"@mt\":\"m\",\"@l\":\"Warning\"}",
        "\"level\":\"warn\",\"msg\":\"m\"");
}

static void dotnet_has_ids_in_its_scopes(void **state) {
    (void)state;
    has("{\"Timestamp\":\"2026-11-21T10:30:45.412Z\",\"EventId\":0,\"LogLevel\":\"Critical\","
        "\"Category\":\"App\",\"Message\":\"hi\",\"State\":{\"{OriginalFormat}\":\"hi\"},"
        "\"Scopes\":[{\"SpanId\":\"" SPAN "\",\"TraceId\":\"" TRACE
        "\",\"ParentId\":\"0000000000000000\"},\"text\"]}",
        "{\"ts\":\"" TIME "\",\"level\":\"fatal\",\"msg\":\"hi\",\"service\":\"\"," IDS
        ",\"logger\":\"App\",\"EventId\":0,");
}

static void quill_puts_all_values_in_quotes(void **state) {
    (void)state;
    becomes("{\"timestamp\":\"1795257045412000000\",\"file_name\":\"main.cpp\",\"line\":\"42\","
            "\"thread_id\":\"713\",\"logger\":\"root\",\"log_level\":\"INFO\",\"message\":\"hi "
            "{user}\",\"user\":\"x\"}",
            "{\"ts\":\"" TIME
            "\",\"level\":\"info\",\"msg\":\"hi {user}\",\"service\":\"\",\"logger\":\"root\","
            "\"src\":\"main.cpp:42\",\"tid\":713,\"user\":\"x\"}");
}

static void vendors_are_read(void **state) {
    (void)state;
    becomes("{\"severity\":\"WARNING\",\"message\":\"hi\",\"time\":\"2026-11-21T10:30:45.412Z\","
            "\"logging.googleapis.com/trace\":\"projects/p/traces/" TRACE
            "\",\"logging.googleapis.com/spanId\":\"" SPAN
            "\",\"logging.googleapis.com/trace_sampled\":true}",
            "{\"ts\":\"" TIME "\",\"level\":\"warn\",\"msg\":\"hi\",\"service\":\"\"," IDS
            ",\"trace_flags\":\"01\"}");
    has("{\"timestamp\":\"2026-11-21T10:30:45.412Z\",\"severityLevel\":3,\"message\":\"m\","
        "\"operation_Id\":\"" TRACE "\",\"cloud_RoleName\":\"orders\"}",
        "\"level\":\"error\",\"msg\":\"m\",\"service\":\"orders\",\"trace_id\":\"" TRACE "\"");
    has("{\"timestamp\":\"2026-11-21T11:30:45.412+01:00\",\"sequence\":1,\"loggerClassName\":"
        "\"c\",\"loggerName\":\"com.x\",\"level\":\"INFO\",\"message\":\"hi\",\"mdc\":{"
        "\"traceId\":\"" TRACE "\",\"spanId\":\"" SPAN "\"},\"hostName\":\"h\",\"processId\":7}",
        IDS ",\"logger\":\"com.x\",\"pid\":7,");
    has("{\"@Timestamp\":\"2026-11-21T10:30:45.412Z\",\"@Level\":\"Error\",\"@MessageTemplate\":"
        "\"m\",\"@TraceId\":\"" TRACE "\"}",
        "\"level\":\"error\",\"msg\":\"m\",\"service\":\"\",\"trace_id\":\"" TRACE "\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zap_gives_seconds_with_a_fraction_and_a_caller),
        cmocka_unit_test(zerolog_calls_it_message_and_time),
        cmocka_unit_test(slog_levels_may_lie_between_the_names),
        cmocka_unit_test(logrus_moves_a_clash_aside),
        cmocka_unit_test(pino_counts_levels_in_tens_and_its_status_is_no_span_status),
        cmocka_unit_test(bunyan_is_told_by_its_v),
        cmocka_unit_test(winston_has_levels_of_its_own_and_may_have_no_time),
        cmocka_unit_test(tracing_subscriber_keeps_its_fields_together),
        cmocka_unit_test(the_id_of_another_span_in_spans_is_not_the_lines),
        cmocka_unit_test(a_close_event_of_tracing_is_a_span_when_it_has_ids),
        cmocka_unit_test(python_json_logger_gives_local_time_with_a_comma),
        cmocka_unit_test(structlog_calls_the_message_event),
        cmocka_unit_test(loguru_has_the_record_beside_its_text),
        cmocka_unit_test(ecs_keys_may_be_flat_or_nested),
        cmocka_unit_test(an_elastic_document_with_a_duration_is_a_span),
        cmocka_unit_test(log4j_has_an_instant_and_a_context),
        cmocka_unit_test(gelf_levels_are_those_of_syslog),
        cmocka_unit_test(logstash_and_logback_are_read),
        cmocka_unit_test(clef_without_a_level_is_information),
        cmocka_unit_test(dotnet_has_ids_in_its_scopes),
        cmocka_unit_test(quill_puts_all_values_in_quotes),
        cmocka_unit_test(vendors_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
