/* tests/unit/where_test.c: the language of --where: how it reads, what a line meets, mistakes. */
#include "tests/unit/analyzer_test.h"

#include <errno.h>

#include "src/analyzer/where/where.h"

static struct spanlog_where *parse(const char *text) {
    struct spanlog_where *where;
    struct spanlog_where_error error;
    int rc = spanlog_where_parse(text, &where, &error);
    if (rc < 0)
        fail_msg("%s: %d, %s at %zu", text, rc, error.message, error.column);
    return where;
}

/* ---- reading ------------------------------------------------------------------------------ */

static void check_print(const char *text, const char *expected) {
    struct spanlog_where *where = parse(text);
    char *printed = spanlog_where_print(where);
    assert_non_null(printed);
    if (strcmp(printed, expected) != 0)
        fail_msg("%s\n  reads as %s\n  not      %s", text, printed, expected);
    free(printed);
    spanlog_where_free(where);
}

static void what_is_read_is_what_was_written(void **state) {
    static const char *const cases[][2] = {
        {"{}", "{}"},
        {"{ service = \"cart\" && duration > 100ms } >> { status = error }",
         "{ service = \"cart\" && duration > 100ms } >> { status = error }"},
        {"{service=cart}", "{ service = \"cart\" }"},
        {"{ name = `GET /x` || operation != \"b\\\"c\" }",
         "{ operation = \"GET /x\" || operation != \"b\\\"c\" }"},
        {"{ a=1 && b=2 || c=3 && !(d=4 || e=5) }",
         "{ (.a = 1 && .b = 2) || (.c = 3 && !(.d = 4 || .e = 5)) }"},
        {"{ !d=4 }", "{ !.d = 4 }"},
        {"{ http.route =~ \"/api/.*\" && .http.route !~ `x\\d` && span.a = 1 && resource.b = 2 }",
         "{ .http.route =~ \"/api/.*\" && .http.route !~ \"x\\\\d\" && .a = 1 && .b = 2 }"},
        {"{ .\"user agent\" = curl* && span.\"a\\\"b\" = 1 }",
         "{ .\"user agent\" = curl* && .\"a\\\"b\" = 1 }"},
        {"{ .service.name = \"x\" && resource.service.name = \"x\" && .duration_ms > 5 }",
         "{ service = \"x\" && service = \"x\" && duration_ms > 5 }"},
        {"{ .status = 5 && status = ok && kind = SERVER && level >= Warning }",
         "{ .status = 5 && status = ok && kind = SERVER && level >= Warning }"},
        {"{ error != nil && parent_id = nil && a = true && b = false }",
         "{ error != nil && .parent_id = nil && .a = true && .b = false }"},
        {"{ span:duration >= 1.5s && trace:duration < 1m && rootServiceName = a && "
         "trace:rootName = b }",
         "{ duration >= 1.5s && traceDuration < 1m && rootServiceName = \"a\" && "
         "rootName = \"b\" }"},
        {"{a=1} > {b=1} >> {c=1} < {d=1} << {e=1} ~ {f=1}",
         "(((({ .a = 1 } > { .b = 1 }) >> { .c = 1 }) < { .d = 1 }) << { .e = 1 }) ~ "
         "{ .f = 1 }"},
        {"{a=1} > {b=1} && {c=1} || {}", "(({ .a = 1 } > { .b = 1 }) && { .c = 1 }) || {}"},
        {"{} > ({a=1} > {})", "{} > ({ .a = 1 } > {})"},
        {"{} | count() > 3 | avg(duration) > 100ms", "{} | count() > 3 | avg(duration) > 100ms"},
        {"{} && {a=1} | max(duration) >= 2s", "({} && { .a = 1 }) | max(duration) >= 2s"},
        {"timeout card", "\"timeout\" && \"card\""},
        {"\"a b\" AND NOT x* OR /re\\/x\\.y/", "(\"a b\" && !x*) || /re\\/x\\.y/"},
        {"a !b (c || d)", "\"a\" && !\"b\" && (\"c\" || \"d\")"},
        {"status=500 level=error user_id != 7 path=/api/* x>=3 y~\"b+\"",
         ".status = 500 && level = error && .user_id != 7 && .path = /api/* && .x >= 3 && "
         ".y ~ \"b+\""},
        {"timeout { status = error }", "\"timeout\" && { status = error }"},
        {"and or not", "\"and\" && \"or\" && \"not\""},
        {"t=007 u=1.2.3 v=-5 w=1e3", ".t = \"007\" && .u = \"1.2.3\" && .v = -5 && .w = 1e3"},
        {"trace_id=0af7651916cd43dd8448eb211c80319c",
         "trace_id = \"0af7651916cd43dd8448eb211c80319c\""},
        {"{ a =~ \"([^]+*?[:digit:]+]+[.][0-9]{3,}(a|b)+x?)*\" }",
         "{ .a =~ \"([^]+*?[:digit:]+]+[.][0-9]{3,}(a|b)+x?)*\" }"},
        {"caf\xc3\xa9", "\"caf\xc3\xa9\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_print(cases[i][0], cases[i][1]);
        check_print(cases[i][1], cases[i][1]);
    }
}

static void a_condition_that_occurs_twice_takes_one_bit(void **state) {
    (void)state;
    char text[4096] = "{ .a = 0";
    for (int i = 0; i < 100; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " || .a = %d", i % 31);
    strcat(text, " }");
    spanlog_where_free(parse(text));
}

static void only_relations_and_facts_of_traces_need_a_trace(void **state) {
    static const char *const alone[] = {"{a=1}", "x y", "{a=1} && !x", "{a=1} || {b=1}"};
    static const char *const traces[] = {"{} > {}", "{} | count() > 1", "{rootName=x}",
                                         "a && ({} ~ {})"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct spanlog_where *one = parse(alone[i]), *two = parse(traces[i]);
        assert_false(spanlog_where_needs_trace(one));
        assert_true(spanlog_where_needs_trace(two));
        spanlog_where_free(one);
        spanlog_where_free(two);
    }
}

/* ---- mistakes ----------------------------------------------------------------------------- */

static const struct {
    const char *text;
    size_t column;
    const char *message; /* a part of it */
} mistakes[] = {
    {"", 0, "the expression is empty"},
    {"   ", 0, "the expression is empty"},
    {"{ service = && duration > 1s }", 12, "expected a value after \"=\""},
    {"{ service }", 10, "expected a comparison after \"service\""},
    {"{ service = \"cart\"", 18, "expected && or || or }, not the end (opened at column 1)"},
    {"{ service = \"cart }", 12, "a quote is missing"},
    {"{ service = `cart }", 12, "a backtick is missing"},
    {"{ a = 1 b = 2 }", 8, "expected && or || or }, not \"b\""},
    {"{ a = 1 && }", 11, "expected a condition, such as duration > 100ms, not \"}\""},
    {"{ = 5 }", 2, "expected a condition"},
    {"{ a == 5 }", 5, "one = is enough"},
    {"{ a = 5 & b = 6 }", 8, "expected && in place of a single &"},
    {"{ a = 'x' }", 6, "\"double quotes\" or `backticks`"},
    {"{ a = .b }", 6, "fields cannot be compared with each other"},
    {"{ (a = 5 }", 9, "expected && or || or ), not \"}\" (opened at column 3)"},
    {"{ duration > 100 }", 13, "expected a duration, such as 100ms"},
    {"{ duration > fast }", 13, "expected a duration, such as 100ms"},
    {"{ status = broken }", 11, "expected = or != and then ok, error or unset"},
    {"{ status > ok }", 11, "expected = or != and then ok, error or unset"},
    {"{ kind = servr }", 9, "server, client, producer, consumer or internal"},
    {"{ level = loud }", 10, "expected trace, debug, info, warn, error or fatal"},
    {"level=7", 6, "expected trace, debug, info, warn, error or fatal"},
    {"{ a > true }", 6, "true can only be compared by = and !="},
    {"{ a < nil }", 6, "nil can only be compared by = and !="},
    {"{ a < b* }", 6, "a value with *"},
    {"{ a =~ \"(\" }", 7, "bad regex: "},
    {"{ a =~ \"x)(y\" }", 7, "bad regex: "},
    {"{ a =~ \"(x)\\\\1\" }", 7, "cannot refer back"},
    {"{ a =~ \"x{100}{100}\" }", 7, "its repetitions multiply"},
    {"{ a =~ \"((x+)+)+++++++++++++\" }", 7, "its repetitions multiply"},
    {"{ a =~ \"\" }", 7, "an empty regex"},
    {"{ a = \"x\\y\" }", 8, "expected \\\" \\\\"},
    {"{ . = 1 }", 3, "expected a name after the dot"},
    {"{ .\"\" = 1 }", 2, "expected a name between the quotes"},
    {"{ \"a\" = 1 }", 2, "expected a condition"},
    {"\"a\" = 1", 0, "expected the name of a field before \"=\""},
    {"{} >> ", 6, "expected a spanset in braces, a word or a condition, not the end"},
    {"{} >> x", 6, "expected only spansets in braces after \">>\""},
    {"x >> {}", 0, "expected only spansets in braces before \">>\""},
    {"{} > !{}", 5, "expected only spansets in braces after \">\""},
    {"x | count() > 1", 0, "expected only spansets in braces before \"|\""},
    {"{} | number() > 1", 5, "expected count(), or sum, avg, min or max"},
    {"{} | count > 1", 11, "expected \"(\", not \">\""},
    {"{} | count() ~ 1", 13, "expected one of = != < <= > >="},
    {"{} | count() > 1s", 15, "expected a number"},
    {"{} | avg(duration) > 5", 21, "expected a duration"},
    {"{} | avg(service) > 5s", 9, "expected duration"},
    {"{}}", 2, "unexpected \"}\""},
    {"(a b", 4, "expected a term or ), not the end (opened at column 1)"},
    {"a)", 1, "unexpected \")\""},
    {"a &&", 4, "expected a spanset in braces"},
    {"NOT", 3, "expected a spanset in braces"},
    {"/abc", 0, "a / is missing"},
    {"/[/", 0, "bad regex"},
    {"***", 0, "this matches every line"},
    {"\"\"", 0, "this matches every line"},
    {"a \\ b", 2, "a backslash can only stand inside quotes"},
    {"{ a { b } }", 4, "expected a comparison after \"a\""},
};

static void mistakes_are_named_where_they_stand(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct spanlog_where *where;
        struct spanlog_where_error error;
        int rc = spanlog_where_parse(mistakes[i].text, &where, &error);
        if (rc != -EINVAL || where)
            fail_msg("%s: %d, not %d", mistakes[i].text, rc, -EINVAL);
        if (error.column != mistakes[i].column || !strstr(error.message, mistakes[i].message))
            fail_msg("%s: \"%s\" at %zu, not \"%s\" at %zu", mistakes[i].text, error.message,
                     error.column, mistakes[i].message, mistakes[i].column);
    }
}

static char *repeated(const char *piece, int times, const char *last) {
    size_t size = strlen(piece) * (size_t)times + strlen(last) + 1;
    char *text = calloc(1, size);
    assert_non_null(text);
    for (int i = 0; i < times; i++)
        memcpy(text + strlen(piece) * (size_t)i, piece, strlen(piece));
    strcat(text, last);
    return text;
}

static void what_is_too_much_is_refused(void **state) {
    static const struct {
        const char *piece;
        int times;
        const char *last, *message;
    } cases[] = {{"(", 5000, "a", "nested more than"}, {"!", 5000, "a", "nested more than"},
                 {"{} && ", 100, "{}", "is too long"}, {"aaaaaaaaa ", 2000, "b", "longer than"},
                 {"/(/ ", 100, "b", "bad regex"},      {"a ", 200, "b", "is too long"},
                 {"{ a=1 } ", 200, "b", "is too long"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct spanlog_where *where;
        struct spanlog_where_error error;
        char *text = repeated(cases[i].piece, cases[i].times, cases[i].last);
        assert_int_equal(spanlog_where_parse(text, &where, &error), -EINVAL);
        if (!strstr(error.message, cases[i].message))
            fail_msg("%s...: \"%s\", not \"%s\"", cases[i].piece, error.message, cases[i].message);
        free(text);
    }
    char text[1024] = "{ a = 0";
    struct spanlog_where *where;
    struct spanlog_where_error error;
    for (int i = 1; i < 32; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " || a = %d", i);
    strcat(text, " }");
    assert_int_equal(spanlog_where_parse(text, &where, &error), -EINVAL);
    assert_string_equal(error.message, "more than 31 conditions are too many");
}

static void the_caret_stands_below_the_mistake(void **state) {
    static const char *const cases[][2] = {
        {"{ service = && duration > 1s }", "--where: expected a value after \"=\"\n"
                                           "  { service = && duration > 1s }\n"
                                           "              ^\n"},
        {"{ a = \"\xc3\xa9\xc3\xa9\" && b }", "--where: expected a comparison after \"b\", such as "
                                              "= or >\n"
                                              "  { a = \"\xc3\xa9\xc3\xa9\" && b }\n"
                                              "                  ^\n"},
        {"{ a =\n\t}", "--where: expected a value after \"=\"\n  { a =  }\n         ^\n"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct spanlog_where *where;
        struct spanlog_where_error error;
        assert_int_equal(spanlog_where_parse(cases[i][0], &where, &error), -EINVAL);
        char *shown = spanlog_where_explain("--where", cases[i][0], &error);
        assert_string_equal(shown, cases[i][1]);
        free(shown);
    }
}

static void a_long_expression_is_shown_around_the_mistake(void **state) {
    struct spanlog_where *where;
    struct spanlog_where_error error;
    char text[600];
    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text + 300, " ) ", 3);
    text[sizeof text - 1] = 0;
    assert_int_equal(spanlog_where_parse(text, &where, &error), -EINVAL);
    char *shown = spanlog_where_explain("--where", text, &error);
    const char *second = strchr(shown, '\n') + 1, *third = strchr(second, '\n') + 1;
    assert_int_equal(strlen(third), 2 + 3 + 60 + 1 + 1);
    assert_int_equal(second[strlen(third) - 2], ')');
    free(shown);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_what_was_written),
        cmocka_unit_test(a_condition_that_occurs_twice_takes_one_bit),
        cmocka_unit_test(only_relations_and_facts_of_traces_need_a_trace),
        cmocka_unit_test(mistakes_are_named_where_they_stand),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(the_caret_stands_below_the_mistake),
        cmocka_unit_test(a_long_expression_is_shown_around_the_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
