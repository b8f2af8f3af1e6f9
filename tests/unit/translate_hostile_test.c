/* tests/unit/translate_hostile_test.c: documents that are something else, broken or huge. */
#include "tests/unit/documents_samples.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static spanlog_translate_function *const formats[] = {
    spanlog_translate_otlp,   spanlog_translate_otel_console, spanlog_translate_jaeger,
    spanlog_translate_zipkin, spanlog_translate_chrome,       spanlog_translate_loki};

static struct spanlog_translator translator;

static int start(void **state) {
    struct spanlog_translate_settings settings = {NULL, NULL};
    (void)state;
    spanlog_translator_init(&translator, &settings);
    test_remember(&translator);
    return 0;
}

static int stop(void **state) {
    (void)state;
    spanlog_translator_free(&translator);
    return 0;
}

/* With the first of these formats that takes it; the text has its real quotes. */
static void translate(const char *text, size_t size) {
    char *line = malloc(size + 1 + SPANLOG_JSON_PADDING);
    int rc = 0;
    assert_non_null(line);
    memcpy(line, text, size);
    line[size] = '\n';
    memset(line + size + 1, 0, SPANLOG_JSON_PADDING);
    translator.size = translator.count = 0;
    translator.problem = NULL;
    spanlog_arena_reset(&translator.arena);
    for (size_t f = 0; f < COUNT(formats) && rc == 0; f++)
        rc = formats[f](&translator, line, line + size);
    assert_true(rc == 0 || rc == 1);
    test_count_readable(&translator);
    free(line);
}

static int with(spanlog_translate_function *format, const char *text) {
    char *line = test_quoted(text);
    translator.size = translator.count = 0;
    translator.problem = NULL;
    int rc = format(&translator, line, line + strlen(text));
    free(line);
    return rc;
}

static void each_format_knows_its_own_lines_only(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++)
        for (size_t f = 0; f < COUNT(formats); f++) {
            int rc = with(formats[f], samples[i].text);
            if (rc != (formats[f] == samples[i].format))
                fail_msg("format %zu says %d of %s", f, rc, samples[i].text);
        }
}

static void lines_of_loggers_are_no_documents(void **state) {
    static const char *const lines[] = {
        "",
        " ",
        "null",
        "7",
        "text",
        "{}",
        "[]",
        "[[]]",
        "[[[[[[[[",
        "{",
        "{'",
        "{'data",
        "{'data':",
        "{'data':[",
        "{'data':7}",
        "{'data':{}}",
        "{'spans':[]}",
        "{'resource':{'a':1},'msg':'m'}",
        "{'traceEvents':7}",
        "{'level':'info','ts':1,'msg':'m'}",
        "{'name':'app','hostname':'h','pid':1,'level':30,'msg':'m','time':'t','v':0}",
        "{'timestamp':'2026-11-21T10:30:45Z','level':'INFO','fields':{'message':'m'}}",
        "{'traceId':'" TEST_TRACE "','spanId':'" TEST_SPAN "','message':'m','id':7}",
        "{'traceId':'" TEST_TRACE "','id':'1','message':'m','kind':'x'}",
        "{'status':'success','message':'m'}",
        "{'status':'success','data':{'resultType':'matrix','result':[]}}",
        "{'body':'m','severity':'INFO'}",
        "{'ph':'X','pid':1}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++)
        for (size_t f = 0; f < COUNT(formats); f++)
            if (with(formats[f], lines[i]) != 0 || translator.size)
                fail_msg("format %zu takes %s", f, lines[i]);
}

static void a_document_that_is_cut_says_so_and_gives_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        char *text = test_quoted(samples[i].text);
        for (size_t size = 0; size < strlen(samples[i].text); size++) {
            translate(text, size);
            assert_int_equal(translator.count, 0);
        }
        free(text);
    }
    assert_int_equal(with(spanlog_translate_zipkin, "[{'traceId':'1','id':'2','tags':{}}"), 1);
    assert_string_equal(translator.problem, "a comma or a bracket is missing");
}

/* Each value of each sample becomes each of these. */
static void wrong_types_change_nothing_but_their_own_part(void **state) {
    static const char *const others[] = {"null",
                                         "-1",
                                         "1e999",
                                         "\"\\u0000\"",
                                         "\"\"",
                                         "[]",
                                         "{}",
                                         "[[1,{\"a\":null}],\"x\"]",
                                         "true",
                                         "\"-\"",
                                         "18446744073709551615",
                                         "{\"key\":{\"key\":[]},\"value\":{\"values\":1}}"};
    static char changed[65536];
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        char *text = test_quoted(samples[i].text);
        const char *end = text + strlen(samples[i].text);
        for (const char *p = text + 1; p < end; p++) {
            struct spanlog_json_walk walk = {0};
            struct spanlog_json_value value;
            if (p[-1] != ':' && p[-1] != '[' && p[-1] != ',')
                continue;
            const char *behind = spanlog_json_value_at(&walk, p, &value);
            for (size_t n = 0; behind && n < COUNT(others); n++) {
                int size = snprintf(changed, sizeof changed, "%.*s%s%.*s", (int)(p - text), text,
                                    others[n], (int)(end - behind), behind);
                assert_true(size > 0 && (size_t)size < sizeof changed);
                translate(changed, (size_t)size);
            }
        }
        free(text);
    }
}

static void spans_without_ids_or_times_are_skipped(void **state) {
    (void)state;
    assert_int_equal(
        with(spanlog_translate_jaeger,
             "{'traceID':'a','spans':[{},7,{'spanID':'b'},{'spanID':'b','startTime':-1},"
             "{'spanID':'b','startTime':'x'},{'startTime':5}],'processes':7}"),
        1);
    assert_int_equal(translator.count, 0);
    assert_string_equal(translator.problem, "its spans lack ids or times");
    assert_int_equal(
        with(spanlog_translate_jaeger, "{'traceID':'a','spans':[{},{'spanID':'b','startTime':1}]}"),
        1);
    assert_int_equal(translator.count, 1);
    assert_null(translator.problem);
}

static void nesting_is_refused_by_name(void **state) {
    static const char *const heads[] = {
        "{\"resourceSpans\":", "{\"data\":[{\"spans\":[],\"processes\":", "{\"traceEvents\":",
        "[{\"traceId\":\"1\",\"id\":\"2\",\"tags\":"};
    size_t size = 200000;
    char *text = malloc(size);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < COUNT(heads); i++) {
        memset(text, '[', size);
        memcpy(text, heads[i], strlen(heads[i]));
        translate(text, size);
        assert_int_equal(translator.count, 0);
        assert_non_null(translator.problem);
    }
    free(text);
}

/* Text that grows: head, then `count` times what snprintf makes of the format and a number. */
struct growing {
    char *text;
    size_t size, room;
};

static void add(struct growing *growing, const char *text) {
    size_t size = strlen(text);
    if (growing->size + size > growing->room) {
        growing->room = 2 * (growing->room + size);
        growing->text = realloc(growing->text, growing->room);
        assert_non_null(growing->text);
    }
    memcpy(growing->text + growing->size, text, size);
    growing->size += size;
}

static void a_million_spans_in_one_line_are_read(void **state) {
    struct growing growing = {NULL, 0, 0};
    char span[256];
    (void)state;
    add(&growing, "{\"data\":[{\"traceID\":\"0000c34b2d4a6099\",\"spans\":[");
    for (unsigned i = 1; i <= 1000000; i++) {
        snprintf(span, sizeof span,
                 "%s{\"spanID\":\"%016x\",\"operationName\":\"op\",\"startTime\":%u,\"duration\":9,"
                 "\"references\":[{\"refType\":\"CHILD_OF\",\"spanID\":\"%016x\"}],"
                 "\"processID\":\"p%u\"}",
                 i > 1 ? "," : "", i, i, i / 2, i % 10000);
        add(&growing, span);
    }
    add(&growing, "],\"processes\":{\"p0\":{\"serviceName\":\"s0\"}");
    for (unsigned i = 1; i < 10000; i++) {
        snprintf(span, sizeof span, ",\"p%u\":{\"serviceName\":\"s%u\"}", i, i);
        add(&growing, span);
    }
    add(&growing, "}}]}");
    translate(growing.text, growing.size);
    assert_int_equal(translator.count, 1000000);
    free(growing.text);
}

/* Overlapping, nested and open ones, all on one thread. */
static void many_events_on_one_thread_take_linear_time(void **state) {
    struct growing growing = {NULL, 0, 0};
    char event[128];
    unsigned count = 300000;
    (void)state;
    add(&growing, "[{\"ph\":\"i\",\"pid\":1}");
    for (unsigned i = 0; i < count; i++) {
        snprintf(event, sizeof event, ",{\"ph\":\"%s\",\"ts\":%u,\"dur\":%u,\"pid\":1,\"tid\":1}",
                 i % 3 == 0 ? "B" : "X", i, i % 3 == 1 ? count : count - i);
        add(&growing, event);
    }
    add(&growing, "]");
    translate(growing.text, growing.size);
    assert_int_equal(translator.count, count);
    free(growing.text);
}

/* 64 KiB of process tags in each of 100,000 spans would be 6 GB. */
static void a_small_document_does_not_become_a_huge_one(void **state) {
    struct growing growing = {NULL, 0, 0};
    (void)state;
    add(&growing,
        "{\"traceID\":\"a\",\"processes\":{\"p\":{\"serviceName\":\"s\",\"tags\":[{\"key\":"
        "\"k\",\"value\":\"");
    for (unsigned i = 0; i < 65536; i++)
        add(&growing, "x");
    add(&growing, "\"}]}},\"spans\":[{}");
    for (unsigned i = 0; i < 100000; i++)
        add(&growing, ",{\"spanID\":\"b\",\"startTime\":1,\"processID\":\"p\"}");
    add(&growing, "]}");
    translate(growing.text, growing.size);
    assert_int_equal(translator.count, 100000);
    assert_true(translator.size < 32 * growing.size);
    assert_non_null(strstr(translator.out + translator.size - 200, "\"dropped_attributes\":1}"));
    free(growing.text);
}

/* Each within the next one's entry. */
static void answers_of_loki_nest_up_to_a_bound(void **state) {
    static char text[1 << 16], outer[1 << 16];
    (void)state;
    snprintf(text, sizeof text, "the innermost line");
    for (unsigned depth = 0; depth < 8; depth++) {
        size_t size =
            (size_t)snprintf(outer, sizeof outer, "%s",
                             "{\"status\":\"success\",\"data\":{\"resultType\":\"streams\","
                             "\"result\":[{\"stream\":{},\"values\":[[\"1\",\"");
        for (const char *p = text; *p && size < sizeof outer - 16; p++) {
            if (*p == '"' || *p == '\\')
                outer[size++] = '\\';
            outer[size++] = *p;
        }
        memcpy(outer + size, "\"]]}]}}", 8);
        memcpy(text, outer, sizeof text);
        translate(text, strlen(text));
        assert_int_equal(translator.count, 1);
    }
    assert_non_null(strstr(translator.out, "resultType"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_format_knows_its_own_lines_only),
        cmocka_unit_test(lines_of_loggers_are_no_documents),
        cmocka_unit_test(a_document_that_is_cut_says_so_and_gives_nothing),
        cmocka_unit_test(wrong_types_change_nothing_but_their_own_part),
        cmocka_unit_test(spans_without_ids_or_times_are_skipped),
        cmocka_unit_test(nesting_is_refused_by_name),
        cmocka_unit_test(a_million_spans_in_one_line_are_read),
        cmocka_unit_test(many_events_on_one_thread_take_linear_time),
        cmocka_unit_test(a_small_document_does_not_become_a_huge_one),
        cmocka_unit_test(answers_of_loki_nest_up_to_a_bound),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
