/* tests/unit/ask_test.c: the parts of asking Loki that are plain functions: the LogQL and the URL,
 * what an answer means, which entries of a page are whole. Everything with servers:
 * tests/interop/ship. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/ship/ask.h"

#define ID "01a2000f7d717f4d37c97d702c509b1d"

static struct spanlog_output out = {.fd = -1};

static const char *text_of(struct spanlog_output *of) {
    spanlog_put_bytes(of, "", 1);
    of->size--;
    return of->data;
}

/* ---- the question ------------------------------------------------------------------------- */

#define UUID "01a2000f-7d71-7f4d-37c9-7d702c509b1d"

#define FORMS ID "|01A2000F7D717F4D37C97D702C509B1D|" UUID "|01A2000F-7D71-7F4D-37C9-7D702C509B1D"

static void in_the_metadata_an_id_may_be_of_either_case_and_have_dashes(void **state) {
    (void)state;
    const char *wanted =
        " | trace_id=~\"" FORMS "\" or traceID=~\"" FORMS "\" or traceId=~\"" FORMS "\"";
    spanlog_ask_put_trace(&out, "{env=\"p\"}", ID, SPANLOG_ASK_METADATA);
    assert_string_equal(text_of(&out) + strlen("{env=\"p\"}"), wanted);
    spanlog_ask_put_trace(&out, "{env=\"p\"}", "01A2000F-7D71-7F4D-37C9-7D702C509B1D",
                          SPANLOG_ASK_METADATA);
    assert_string_equal(text_of(&out) + strlen("{env=\"p\"}"), wanted);
}

static void a_part_of_an_id_may_have_the_dashes_of_its_place(void **state) {
    (void)state;
    spanlog_ask_put_trace(&out, "{a=\"b\"}", "0123456789abcd", SPANLOG_ASK_LINE);
    assert_non_null(
        strstr(text_of(&out), " |~ \"(?i)01234567-?89ab-?cd|01-?23456789abcd\" | trace_id"));
    spanlog_ask_put_trace(&out, "{a=\"b\"}", "request.7", SPANLOG_ASK_LINE);
    assert_non_null(strstr(text_of(&out), " |~ \"(?i)request\\\\.7|request\\\\.7\" | trace_id"));
}

static void in_the_line_it_may_be_of_either_case_and_have_dashes(void **state) {
    (void)state;
    spanlog_ask_put_trace(&out, SPANLOG_ASK_ALL, ID, SPANLOG_ASK_LINE);
    assert_string_equal(text_of(&out),
                        "{service_name=~\".+\"} |~ \"(?i)" ID
                        "|01a2000f-7d71-7f4d-37c9-7d702c509b1d\" | trace_id=\"\" | traceID=\"\" | "
                        "traceId=\"\"");
}

static void a_part_of_an_id_may_be_either_end(void **state) {
    (void)state;
    spanlog_ask_put_trace(&out, SPANLOG_ASK_ALL, "2c509B1d", SPANLOG_ASK_METADATA);
    assert_string_equal(text_of(&out), "{service_name=~\".+\"} | trace_id=~\"(?i)(2c509b1d.*|"
                                       ".*2c509b1d)\" or traceID=~\"(?i)(2c509b1d.*|.*2c509b1d)\" "
                                       "or traceId=~\"(?i)(2c509b1d.*|.*2c509b1d)\"");
}

static void no_id_can_end_its_quotes(void **state) {
    static const char *const ids[] = {"a\"} | line_format \"x", "a`b", "\\\"", "a\nb", "(.*)"};
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        spanlog_ask_put_trace(&out, "{a=\"b\"}", ids[i], SPANLOG_ASK_LINE);
        unsigned quotes = 0;
        for (const char *p = text_of(&out); *p; p++) {
            assert_int_not_equal(*p, '\n');
            quotes += *p == '"';
            p += *p == '\\';
        }
        if (quotes != 10)
            fail_msg("%s: %u quotes instead of 10 in %s", ids[i], quotes, out.data);
    }
}

static void services_go_into_the_selector(void **state) {
    struct spanlog_strings services = {0};
    (void)state;
    spanlog_strings_add(&services, "cart", 4);
    spanlog_strings_add(&services, "a.b", 3);
    spanlog_ask_put_services(&out, SPANLOG_ASK_ALL, &services, "\"x\"");
    assert_string_equal(text_of(&out), "{service_name=~\"cart|a\\\\.b\"} |= \"\\\"x\\\"\"");
    spanlog_ask_put_services(&out, "{env=\"p\", }", &services, "x");
    assert_string_equal(text_of(&out), "{env=\"p\", service_name=~\"cart|a\\\\.b\"} |= \"x\"");
    spanlog_strings_free(&services);
}

static void a_selector_stands_in_braces(void **state) {
    (void)state;
    assert_null(spanlog_ask_select_problem("{a=\"b\"}"));
    assert_non_null(spanlog_ask_select_problem(""));
    assert_non_null(spanlog_ask_select_problem("{}"));
    assert_non_null(spanlog_ask_select_problem("{  }"));
    assert_non_null(spanlog_ask_select_problem("a=\"b\""));
    assert_non_null(spanlog_ask_select_problem("{a=\"b\"} | json"));
}

static void a_url_has_nothing_that_ends_it(void **state) {
    struct spanlog_output url = {.fd = -1};
    (void)state;
    out.size = 0;
    spanlog_put(&out, "{a=\"ü&#\"}");
    assert_string_equal(spanlog_ask_url(&url, "http://h/q", &out, 1, 2, 3, false),
                        "http://h/q?query=%7Ba%3D%22%C3%BC%26%23%22%7D&start=1&end=2&limit=3"
                        "&direction=forward");
    assert_string_equal(spanlog_ask_url(&url, "http://h/q?x=y", &out, 1, 2, 3, true),
                        "http://h/q?x=y&query=%7Ba%3D%22%C3%BC%26%23%22%7D&start=1&end=2&limit=3"
                        "&direction=backward");
    free(url.data);
}

static void a_time_ordered_id_says_when_it_was_made(void **state) {
    uint64_t now_ns = 1795257045 * SPANLOG_ASK_SECOND_NS, ns = 0;
    (void)state;
    /* 0x01a1fda89008 ms */
    assert_true(spanlog_ask_time_of("01a1fda890089f5228efe333b266f103", now_ns, &ns));
    assert_int_equal(ns, UINT64_C(0x01a1fda89008) * 1000000);
    assert_true(spanlog_ask_time_of("01A1FDA8-9008-9f52-28ef-e333b266f103", now_ns, &ns));
    static const char *const others[] = {"4bf92f3577b34da6a3ce929d0e0e4736", /* of the year 4,600 */
                                         "00000000000000000000000000000abc", /* of 1970 */
                                         "01a1fda89008", "", "order-17"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (spanlog_ask_time_of(others[i], now_ns, &ns))
            fail_msg("%s has the time %llu", others[i], (unsigned long long)ns);
}

static void it_is_asked_beside_the_door_for_pushes(void **state) {
    static const char *const cases[][2] = {
        {"loki:http://h:3100", "http://h:3100/loki/api/v1/query_range"},
        {"loki:https://h/x/", "https://h/x/loki/api/v1/query_range"},
        {"loki:http://h/loki/api/v1/push", "http://h/loki/api/v1/query_range"},
        {"loki:http://h/x/push?a=b", "http://h/x/query_range?a=b"},
        {"otlp:http://h", NULL}};
    char problem[SPANLOG_SHIP_PROBLEM];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spanlog_ship_target target = {.to = cases[i][0]};
        struct spanlog_ship_endpoint endpoint;
        assert_int_equal(spanlog_ship_endpoint_read(&target, &endpoint, problem), 0);
        if (cases[i][1])
            assert_string_equal(endpoint.query_url, cases[i][1]);
        else
            assert_null(endpoint.query_url);
        spanlog_ship_endpoint_free(&endpoint);
    }
}

static void a_question_of_another_version_is_refused(void **state) {
    struct spanlog_ship_target target = {.to = "loki:http://127.0.0.1:1"};
    struct spanlog_ship_question question = {.target = &target, .trace_id = ID, .fd = -1};
    char problem[SPANLOG_SHIP_PROBLEM] = "";
    uint64_t lines = 7;
    (void)state;
    question.size = SPANLOG_SHIP_ASK_SIZE - 8;
    assert_int_equal(spanlog_ship_ask(&question, &lines, problem), -EPROTO);
    assert_string_equal(problem, "libspanlog-ship is of another version");
    assert_int_equal(lines, 0);
}

/* ---- the answer --------------------------------------------------------------------------- */

static struct spanlog_ask_page page;

static int read_page(const char *text, uint32_t most) {
    static char padded[4096];
    memset(padded, 0, sizeof padded);
    snprintf(padded, sizeof padded - SPANLOG_JSON_PADDING, "%s\n", text);
    return spanlog_ask_page_read(&page, padded, most);
}

#define HEAD "{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":["

static void streams_are_merged_by_time(void **state) {
    static const char text[] =
        HEAD "{\"stream\":{\"service_name\":\"b\"},\"values\":[[\"3\",\"b3\"],[\"7\",\"b7\"]]},"
             "{\"stream\":{\"service_name\":\"a\",\"late\":\"true\"},\"values\":[[\"5\",\"a5\",{"
             "\"structuredMetadata\":{\"trace_id\":\"x\"}}],[\"1\",\"a1\"]]}]}}";
    char order[16] = "";
    (void)state;
    assert_int_equal(read_page(text, 10), 0);
    for (uint32_t i = 0; i < page.count; i++)
        strncat(order, page.entries[i].text.begin, 2);
    assert_string_equal(order, "a1b3a5b7");
    assert_memory_equal(page.entries[2].metadata.begin, "{\"trace_id\":\"x\"}", 16);
    assert_int_equal(page.entries[0].metadata.type, SPANLOG_JSON_ABSENT);
}

static void what_is_no_answer_of_lokis_is_refused(void **state) {
    static const char *const texts[] = {
        "",
        "ok",
        "[]",
        "{}",
        "{\"status\":\"success\"",
        "{\"data\":{\"resultType\":\"matrix\"}}",
        HEAD "{\"stream\":{},\"values\":[[\"x\",\"y\"]]}]}}",
        HEAD "{\"stream\":{},\"values\":[[1,\"y\"]]}]}}",
        HEAD "{\"stream\":{},\"values\":[[\"1\"]]}]}}",
        HEAD "{\"stream\":{},\"values\":[[\"99999999999999999999\",\"y\"]]}]}}",
        HEAD "{\"stream\":{},\"values\":[[\"1\",\"a\"],[\"2\",\"b\"],[\"3\",\"c\"]]}]}}"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int rc = read_page(texts[i], 2);
        if (rc != -EPROTO)
            fail_msg("%s: %d instead of %d", texts[i], rc, -EPROTO);
    }
    assert_int_equal(read_page(HEAD "]}}", 2), 0);
    assert_int_equal(page.count, 0);
}

static void make_page(const uint64_t *times, uint32_t count) {
    page.count = 0;
    page.entries = realloc(page.entries, (count + 1) * sizeof *page.entries);
    assert_non_null(page.entries);
    page.room = count + 1;
    for (; page.count < count; page.count++)
        page.entries[page.count] = (struct spanlog_ask_entry){.time_ns = times[page.count]};
}

static void the_last_instant_of_a_full_page_is_asked_for_again(void **state) {
    static const uint64_t times[] = {1, 2, 2, 5, 5};
    uint64_t next_ns;
    (void)state;
    make_page(times, 5);
    assert_int_equal(spanlog_ask_page_whole(&page, 5, 99, &next_ns), 3);
    assert_int_equal(next_ns, 5);
    assert_int_equal(spanlog_ask_page_whole(&page, 6, 99, &next_ns), 5);
    assert_int_equal(next_ns, 99);
    make_page(times + 3, 2);
    assert_int_equal(spanlog_ask_page_whole(&page, 2, 99, &next_ns), 0);
    assert_int_equal(next_ns, 5);
}

static void every_answer_has_its_consequence(void **state) {
    static const struct {
        long status;
        const char *text;
        enum spanlog_ask_outcome outcome;
    } cases[] = {
        {200, HEAD "]}}", SPANLOG_ASK_TAKEN},
        {400,
         "max entries limit per query exceeded, limit > max_entries_limit_per_query (6000 > 5000)",
         SPANLOG_ASK_FEWER},
        {400, "maximum of series (500) reached for a single query", SPANLOG_ASK_FEWER},
        {500, "rpc error: code = ResourceExhausted desc = grpc: received message larger than max",
         SPANLOG_ASK_FEWER},
        {413, "", SPANLOG_ASK_FEWER},
        {400, "the query time range exceeds the limit (query length: 8640h0m0s, limit: 30d1h)",
         SPANLOG_ASK_SHORTER},
        {400, "the query would read too many bytes (query: 2GB, limit: 1GB)", SPANLOG_ASK_SHORTER},
        {504, "Request timed out, decrease the duration of the request", SPANLOG_ASK_SHORTER},
        {500, "context deadline exceeded", SPANLOG_ASK_SHORTER},
        {429, "too many outstanding requests", SPANLOG_ASK_LATER},
        {500, "empty ring", SPANLOG_ASK_LATER},
        {502, "", SPANLOG_ASK_LATER},
        {503, "", SPANLOG_ASK_LATER},
        {0, NULL, SPANLOG_ASK_LATER},
        {400, "parse error at line 1", SPANLOG_ASK_STOP},
        {401, "no org id", SPANLOG_ASK_STOP},
        {302, "", SPANLOG_ASK_STOP},
        {404, "404 page not found", SPANLOG_ASK_STOP},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spanlog_ship_answer answer = {.status = cases[i].status,
                                             .text = cases[i].text,
                                             .text_size =
                                                 cases[i].text ? strlen(cases[i].text) : 0};
        enum spanlog_ask_outcome outcome = spanlog_ask_judge(&answer);
        if (outcome != cases[i].outcome)
            fail_msg("%ld %s: %d instead of %d", cases[i].status, cases[i].text, outcome,
                     cases[i].outcome);
    }
}

static void a_smaller_page_is_taken_at_its_word(void **state) {
    static const struct {
        const char *text;
        uint64_t allowed;
    } cases[] = {
        {"max entries limit per query exceeded, limit > max_entries_limit_per_query (6000 > 5000)",
         5000},
        {"limit > max_entries_limit_per_query", 0},
        {"limit > max_entries_limit_per_query (5 > ", 0},
        {"> 5000", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spanlog_ship_answer answer = {
            .status = 400, .text = cases[i].text, .text_size = strlen(cases[i].text)};
        assert_int_equal(spanlog_ask_allowed(&answer), cases[i].allowed);
    }
}

static int free_all(void **state) {
    (void)state;
    free(page.entries);
    free(out.data);
    return 0;
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_metadata_an_id_may_be_of_either_case_and_have_dashes),
        cmocka_unit_test(a_part_of_an_id_may_have_the_dashes_of_its_place),
        cmocka_unit_test(in_the_line_it_may_be_of_either_case_and_have_dashes),
        cmocka_unit_test(a_part_of_an_id_may_be_either_end),
        cmocka_unit_test(no_id_can_end_its_quotes),
        cmocka_unit_test(services_go_into_the_selector),
        cmocka_unit_test(a_selector_stands_in_braces),
        cmocka_unit_test(a_url_has_nothing_that_ends_it),
        cmocka_unit_test(a_time_ordered_id_says_when_it_was_made),
        cmocka_unit_test(it_is_asked_beside_the_door_for_pushes),
        cmocka_unit_test(a_question_of_another_version_is_refused),
        cmocka_unit_test(streams_are_merged_by_time),
        cmocka_unit_test(what_is_no_answer_of_lokis_is_refused),
        cmocka_unit_test(the_last_instant_of_a_full_page_is_asked_for_again),
        cmocka_unit_test(every_answer_has_its_consequence),
        cmocka_unit_test(a_smaller_page_is_taken_at_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, free_all);
}
