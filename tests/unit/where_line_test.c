/* tests/unit/where_line_test.c: which conditions of --where one line meets. */
#include "tests/unit/analyzer_test.h"

#include "src/analyzer/where/where.h"

#define CART                                                                                       \
    "{\"ts\":\"2026-11-21T10:30:45.000000000Z\",\"level\":\"info\",\"msg\":\"span completed\","    \
    "\"service\":\"cart\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","                      \
    "\"span_id\":\"b7ad6b7169203331\",\"trace_flags\":\"01\",\"operation\":\"GET /cart\","         \
    "\"kind\":\"server\",\"start\":\"2026-11-21T10:30:44.900000000Z\",\"duration_ms\":100,"        \
    "\"status\":\"ok\",\"status_code\":200,\"src\":\"src/cart.c:42\",\"pid\":711,\"tid\":713,"
#define SPAN                                                                                       \
    CART "\"http.route\":\"/api/Cart\",\"user "                                                    \
         "agent\":\"curl/7\",\"hits\":3,\"big\":9007199254740993,"                                 \
         "\"ratio\":0.5,\"cached\":true,\"gone\":null,\"latency_ms\":250,\"wait\":\"1.5s\","       \
         "\"quote\":\"say \\\"Hi\\\" \\u00e9\",\"esc\\u0061ped\":1,\"code\":\"42\","               \
         "\"events\":[{\"ts\":\"x\",\"name\":\"retry me\",\"attempt\":2}]}"
#define FAILED                                                                                     \
    "{\"ts\":\"2026-11-21T10:30:45.000000000Z\",\"level\":\"error\",\"msg\":\"span completed\","   \
    "\"service\":\"pay\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","                       \
    "\"span_id\":\"00000000000000aa\",\"parent_id\":\"b7ad6b7169203331\",\"trace_flags\":\"01\","  \
    "\"operation\":\"charge\",\"start\":\"2026-11-21T10:30:44.900000000Z\",\"duration_ms\":7.5,"   \
    "\"status\":\"error\",\"error\":\"card [declined]\"}"
#define LOG                                                                                        \
    "{\"ts\":\"2026-11-21T10:30:45.000000000Z\",\"level\":\"warn\",\"msg\":\"Cache miss\","        \
    "\"service\":\"cart\",\"logger\":\"db\",\"status\":500,\"kind\":\"soft\",\"key\":\"user:7\"}"

static bool meets(const char *text, const char *json) {
    struct spanlog_where *where;
    struct spanlog_where_error error;
    struct spanlog_where_scratch scratch;
    struct spanlog_reader reader;
    struct spanlog_record record;
    if (spanlog_where_parse(text, &where, &error) < 0)
        fail_msg("%s: %s at %zu", text, error.message, error.column);
    assert_int_equal(spanlog_where_scratch_init(&scratch, where), 0);
    char *line = test_line(json);
    spanlog_reader_init(&reader, 500);
    const char *problem = spanlog_record_read(&reader, line, &record);
    if (problem)
        fail_msg("%s: %s", json, problem);
    uint32_t bits = spanlog_where_bits(where, &scratch, &record, line, record.end);
    assert_int_equal(scratch.error, 0);
    bool matches = spanlog_where_line_matches(where, bits);
    free(line);
    spanlog_where_scratch_free(&scratch);
    spanlog_where_free(where);
    return matches;
}

static void check_all(const char *json, const char *const *yes, const char *const *no) {
    for (; *yes; yes++)
        if (!meets(*yes, json))
            fail_msg("%s does not match %s", *yes, json);
    for (; *no; no++)
        if (meets(*no, json))
            fail_msg("%s matches %s", *no, json);
}

static void intrinsic_fields_are_compared(void **state) {
    static const char *const yes[] = {"{}",
                                      "{ service = \"cart\" }",
                                      "{ service != \"pay\" }",
                                      "{ service =~ \"c.*\" }",
                                      "{ service !~ \"c\" }",
                                      "{ service = c*t }",
                                      "{ service > \"bart\" }",
                                      "{ name = \"GET /cart\" }",
                                      "{ duration = 100ms }",
                                      "{ duration >= 0.1s }",
                                      "{ duration < 1s }",
                                      "{ status = ok }",
                                      "{ status != error }",
                                      "{ status_code = 200 }",
                                      "{ status_code >= 199.5 }",
                                      "{ kind = server }",
                                      "{ kind != client }",
                                      "{ level = info }",
                                      "{ level < warn }",
                                      "{ level >= debug }",
                                      "{ msg = \"span completed\" }",
                                      "{ error = nil }",
                                      "{ pid = 711 && tid != 711 }",
                                      "{ src = src/cart.c:* }",
                                      "{ trace_id = \"0AF7651916CD43DD8448EB211C80319C\" }",
                                      "{ span_id = b7ad6b7169203331 }",
                                      "{ trace_id = 0af76519* }",
                                      "{ parent_id = nil }",
                                      "{ logger = nil }",
                                      "{ !(service = \"pay\") }",
                                      "{ duration_ms = 100 }",
                                      NULL};
    static const char *const no[] = {"{ service = \"Cart\" }",
                                     "{ service = \"car\" }",
                                     "{ service =~ \"ar\" }",
                                     "{ service !~ \"c.*\" }",
                                     "{ duration > 100ms }",
                                     "{ duration != 100ms }",
                                     "{ status = error }",
                                     "{ status = unset }",
                                     "{ kind = internal }",
                                     "{ level > info }",
                                     "{ error != nil }",
                                     "{ error != \"x\" }",
                                     "{ parent_id != nil }",
                                     "{ parent_id = b7ad6b7169203331 }",
                                     "{ parent_id != b7ad6b7169203331 }",
                                     "{ trace_id = 0af7651916cd43dd8448eb211c80319d }",
                                     "{ pid = 7 }",
                                     NULL};
    (void)state;
    check_all(SPAN, yes, no);
}

static void attributes_are_compared(void **state) {
    static const char *const yes[] = {"{ .http.route = \"/api/Cart\" }",
                                      "{ http.route = /api/* }",
                                      "{ span.http.route != nil }",
                                      "{ .\"user agent\" = \"curl/7\" }",
                                      "{ hits = 3 && hits > 2.5 && hits < 4 }",
                                      "{ hits = \"3\" }",
                                      "{ code = 42 }",
                                      "{ code < 43 }",
                                      "{ big = 9007199254740993 }",
                                      "{ big > 9007199254740992 }",
                                      "{ ratio = 0.50 }",
                                      "{ cached = true }",
                                      "{ cached != false }",
                                      "{ gone = nil }",
                                      "{ never = nil }",
                                      "{ latency_ms > 200ms }",
                                      "{ latency_ms = 0.25s }",
                                      "{ wait = 1500ms }",
                                      "{ wait > 1s }",
                                      "{ quote = \"say \\\"Hi\\\" \xc3\xa9\" }",
                                      "{ escaped = 1 }",
                                      "{ quote =~ \".*Hi.*\" }",
                                      "{ !(never = 1) }",
                                      NULL};
    static const char *const no[] = {"{ .http.route = \"/api/cart\" }",
                                     "{ hits != 3 }",
                                     "{ hits = nil }",
                                     "{ cached = false }",
                                     "{ big = 9007199254740992 }",
                                     "{ gone != nil }",
                                     "{ never != 1 }",
                                     "{ never !~ \"x\" }",
                                     "{ never < 5 }",
                                     "{ latency_ms < 200ms }",
                                     "{ quote = \"say\" }",
                                     "{ hits > 1s }",
                                     "{ http.rout = /api/* }",
                                     NULL};
    (void)state;
    check_all(SPAN, yes, no);
}

static void words_are_found_in_values_only(void **state) {
    static const char *const yes[] = {"cart",
                                      "CART",
                                      "\"get /cart\"",
                                      "get c*t",
                                      "\"say \\\"hi\\\"\"",
                                      "\"\xc3\xa9\"",
                                      "711",
                                      "retry",
                                      "\"RETRY me\"",
                                      "true",
                                      "7",
                                      "api*cart",
                                      "/\"hits\":3/",
                                      "/GET .cart/",
                                      "NOT nothing",
                                      "cart hits=3",
                                      "service=cart",
                                      "http.route~\"^/api\"",
                                      "status=ok",
                                      "duration>50ms",
                                      "cart OR nothing",
                                      NULL};
    static const char *const no[] = {"completed",         "operation",    "nothing",     "attempt",
                                     "\"cart get\"",      "cart nothing", "!cart",       "null",
                                     "cart*api*cart*zzz", "/hits: 3/",    "service=pay", NULL};
    (void)state;
    check_all(SPAN, yes, no);
}

static void brackets_are_not_braces(void **state) {
    static const char *const yes[] = {"\"[declined]\"", "\"CARD [\"", "declined", NULL};
    static const char *const no[] = {"\"{declined}\"", "\"card {\"", NULL};
    (void)state;
    check_all(FAILED, yes, no);
}

static void a_failed_span_is_told(void **state) {
    static const char *const yes[] = {"{ status = error }",
                                      "{ error != nil }",
                                      "{ error =~ \"card .*\" }",
                                      "{ level >= error }",
                                      "{ kind = internal }",
                                      "{ parent_id = \"b7ad6b7169203331\" }",
                                      "{ parent_id != \"b7ad6b7169203332\" }",
                                      "{ span_id = 00000000000000AA }",
                                      NULL};
    static const char *const no[] = {"{ status = ok }",        "{ status != error }",
                                     "{ kind = server }",      "{ parent_id = nil }",
                                     "{ status_code != 200 }", NULL};
    (void)state;
    check_all(FAILED, yes, no);
}

static void a_log_line_is_in_no_spanset(void **state) {
    static const char *const yes[] = {
        "miss",       "level=warn",   "level>=warn", "msg=\"Cache miss\"",
        "msg=Cache*", "key=user:7",   "logger=db",   "{ key = user:7 } || key=user:7",
        "status=500", "status>=500",  "kind=soft",   "NOT {}",
        "miss !{}",   "status != ok", NULL};
    static const char *const no[] = {"{}",
                                     "{ service = \"cart\" }",
                                     "{ !(service = \"x\") }",
                                     "level=error",
                                     "duration>0s",
                                     "status=ok",
                                     "kind=server",
                                     "msg=\"cache miss\"",
                                     "hit",
                                     NULL};
    (void)state;
    check_all(LOG, yes, no);
}

static void the_last_of_equal_keys_counts(void **state) {
    static const char *const yes[] = {"{ a = 2 }", "a=2", NULL};
    static const char *const no[] = {"{ a = 1 }", "a=1", NULL};
    (void)state;
    check_all(CART "\"a\":1,\"a\":2}", yes, no);
}

static void nested_values_are_text(void **state) {
    static const char *const yes[] = {"deep", "{ a != nil }", "{ a =~ \".*inner.*\" }", "17", NULL};
    static const char *const no[] = {"inner", "{ a = 17 }", NULL};
    (void)state;
    check_all(CART "\"a\":{\"inner\" : [\"de\\u0065p\", [17], {}]}}", yes, no);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intrinsic_fields_are_compared),
        cmocka_unit_test(attributes_are_compared),
        cmocka_unit_test(words_are_found_in_values_only),
        cmocka_unit_test(brackets_are_not_braces),
        cmocka_unit_test(a_failed_span_is_told),
        cmocka_unit_test(a_log_line_is_in_no_spanset),
        cmocka_unit_test(the_last_of_equal_keys_counts),
        cmocka_unit_test(nested_values_are_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
