/* tests/integrations/integration_http_test.c: <spanlog/http.h>, without a server. */
#include "tests/unit/library_check.h"
#include <spanlog/http.h>

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static void redacts(const char *url, const char *expected) {
    char text[512];
    size_t size = spanlog_http_redact(url, text, sizeof text);
    assert_string_equal(text, expected);
    assert_int_equal(size, strlen(expected));
}

static void credentials_do_not_stay_in_an_url(void **state) {
    (void)state;
    redacts("http://ann:s3cret@shop:8080/a?b=c", "http://REDACTED:REDACTED@shop:8080/a?b=c");
    redacts("https://ann@shop/", "https://REDACTED@shop/");
    redacts("ann:s3cret@shop/a", "REDACTED:REDACTED@shop/a");
    redacts("http://a@b:c@shop/", "http://REDACTED:REDACTED@shop/");
    redacts("http:///ann:s3cret@shop/a", "http:///REDACTED:REDACTED@shop/a");
    redacts("http:/ann:s3cret@shop/a", "http:/REDACTED:REDACTED@shop/a");
    redacts("file:///srv/a@b", "file:///srv/a@b");
    redacts("http://shop/@ann", "http://shop/@ann");
    redacts("http://shop/?a=x@y", "http://shop/?a=x@y");
}

static void secrets_of_a_query_are_masked(void **state) {
    (void)state;
    redacts("/a?token=1", "/a?token=REDACTED");
    redacts("/a?x=1&Access_Token=2&y=3", "/a?x=1&Access_Token=REDACTED&y=3");
    redacts("/a?X-Amz-Signature=1;sig=2&signal=3",
            "/a?X-Amz-Signature=REDACTED;sig=REDACTED&signal=3");
    redacts("/a?user_password=", "/a?user_password=REDACTED");
    redacts("/a?t%6fken=1", "/a?t%6fken=REDACTED");
    redacts("/a?password", "/a?password");
    redacts("/a?monkey=1&key=2", "/a?monkey=1&key=REDACTED");
}

static void a_fragment_is_left_out(void **state) {
    (void)state;
    redacts("http://shop/a?b=1#access_token=2", "http://shop/a?b=1");
    redacts("/a#b?c", "/a");
}

static void an_url_of_any_form_is_safe(void **state) {
    (void)state;
    char text[8];
    redacts(NULL, "");
    redacts("", "");
    redacts("://", "://");
    redacts("?&&=;=#", "?&&=;=");
    redacts("http://", "http://");
    redacts("http://@", "http://REDACTED@");
    assert_int_equal(spanlog_http_redact("http://a:b@c", text, sizeof text), 7);
    assert_string_equal(text, "http://");
    assert_int_equal(spanlog_http_redact("http://a", NULL, 0), 0);
    assert_int_equal(spanlog_http_redact("http://a", text, 1), 0);
    assert_string_equal(text, "");
}

static void host_is(const char *url, const char *host, unsigned port) {
    char text[64];
    uint16_t found;
    assert_int_equal(spanlog_http_host(url, text, sizeof text, &found), *host != 0 ? 0 : -EINVAL);
    assert_string_equal(text, host);
    assert_int_equal(found, port);
}

static void host_and_port_are_found(void **state) {
    (void)state;
    host_is("http://shop/a", "shop", 80);
    host_is("HTTPS://shop?x", "shop", 443);
    host_is("http://shop:8080", "shop", 8080);
    host_is("http://ann:1@shop:2/:3", "shop", 2);
    host_is("http://[::1]:8080/a", "::1", 8080);
    host_is("[fe80::1]", "fe80::1", 0);
    host_is("shop:81", "shop", 81);
    host_is("http://shop:99999/", "shop", 0);
    host_is("http://shop:8a/", "shop", 0);
    host_is("http:///a", "", 0);
    host_is(NULL, "", 0);
    host_is("http://"
            "0123456789012345678901234567890123456789012345678901234567890123456789/",
            "", 0);
}

/* ---- the server ---------------------------------------------------------------------------- */

struct header {
    const char *name, *value;
};

static const char *get(void *arg, const char *name) {
    for (const struct header *header = arg; header->name != NULL; header++) {
        if (strcmp(header->name, name) == 0)
            return header->value;
    }
    return NULL;
}

static unsigned sent_count;
static char sent_text[8][200];

static void set(void *arg, const char *name, const char *value) {
    (void)arg;
    check(sent_count < 8);
    snprintf(sent_text[sent_count], sizeof sent_text[0], "%s: %s", name, value);
    sent_count++;
}

static void serves(void) {
    struct header headers[] = {{"traceparent", "00-" TRACE "-" SPAN "-01"},
                               {"host", "shop.example:8080"},
                               {"user-agent", "tester/1"},
                               {NULL, NULL}};
    spanlog_http_request request = {.method = "GET",
                                    .route = "/orders/{id}",
                                    .target = "/orders/7?full=1&token=x",
                                    .scheme = "http",
                                    .version = "HTTP/1.1",
                                    .client_address = "10.0.0.9",
                                    .get = get,
                                    .arg = headers};
    spanlog_span span = spanlog_http_server_begin(&request);
    spanlog_http_answer_headers(spanlog_span_ctx(&span),
                                SPANLOG_HTTP_TRACEPARENT | SPANLOG_HTTP_X_TRACE_ID, set, NULL);
    spanlog_http_server_end(&span, 200);
    check_equal(sent_count, 2);
    check(strncmp(sent_text[0], "traceparent: 00-" TRACE "-", 49) == 0);
    check(strcmp(sent_text[1], "X-Trace-ID: " TRACE) == 0);
}

static void a_request_becomes_a_server_span_with_the_conventions(void **state) {
    (void)state;
    struct run *run = run_child(serves);
    assert_exit(run, 0);
    const char *line = need_line(run, "operation", "GET /orders/{id}");
    assert_field(line, "kind", "server");
    assert_field(line, "trace_id", TRACE);
    assert_field(line, "parent_id", SPAN);
    assert_field(line, "http.request.method", "GET");
    assert_field(line, "http.route", "/orders/{id}");
    assert_field(line, "url.path", "/orders/7");
    assert_field(line, "url.query", "full=1&token=REDACTED");
    assert_field(line, "url.scheme", "http");
    assert_field(line, "network.protocol.version", "1.1");
    assert_field(line, "client.address", "10.0.0.9");
    assert_field(line, "server.address", "shop.example");
    assert_field(line, "server.port", "8080");
    assert_field(line, "user_agent.original", "tester/1");
    assert_field(line, "status_code", "200");
    assert_field(line, "status", "ok");
}

static void server_statuses(void) {
    static const int statuses[] = {404, 500, 0};
    for (size_t i = 0; i < 3; i++) {
        spanlog_http_request request = {.method = "POST",
                                        .route = i == 0   ? "a"
                                                 : i == 1 ? "b"
                                                          : "c"};
        spanlog_span span = spanlog_http_server_begin(&request);
        spanlog_http_server_end(&span, statuses[i]);
    }
}

static void for_a_server_500_is_an_error_and_404_is_unset(void **state) {
    (void)state;
    struct run *run = run_child(server_statuses);
    assert_exit(run, 0);
    const char *line = need_line(run, "operation", "POST a");
    assert_no_field(line, "status");
    assert_field(line, "status_code", "404");
    assert_no_field(line, "error.type");
    line = need_line(run, "operation", "POST b");
    assert_field(line, "status", "error");
    assert_field(line, "error.type", "500");
    line = need_line(run, "operation", "POST c");
    assert_field(line, "status", "error");
    assert_field(line, "error.type", "no_answer");
    assert_no_field(line, "status_code");
}

static void serves_rubbish(void) {
    static char huge[1 << 20];
    memset(huge, 'x', sizeof huge - 1);
    struct header headers[] = {
        {"traceparent", huge}, {"host", huge}, {"user-agent", huge}, {NULL, NULL}};
    spanlog_http_request request = {
        .method = "BREW\n", .route = huge, .target = huge, .get = get, .arg = headers};
    spanlog_span span = spanlog_http_server_begin(&request);
    spanlog_http_server_end(&span, 418);
    span = spanlog_http_server_begin(NULL);
    spanlog_http_route(&span, "GET", "/late");
    spanlog_http_route(&span, "GET", NULL);
    spanlog_http_server_end(&span, 200);
    spanlog_http_server_end(&span, 200); /* ended */
    spanlog_http_server_end(NULL, 200);
    spanlog_http_route(NULL, NULL, NULL);
    spanlog_http_url(NULL, NULL);
    spanlog_http_client_end(NULL, 0, NULL);
}

static void huge_headers_and_odd_methods_are_bounded(void **state) {
    (void)state;
    struct run *run = run_child(serves_rubbish);
    assert_exit(run, 0);
    const char *line = need_line(run, "http.request.method", "_OTHER");
    assert_field(line, "http.request.method_original", "BREW\\u000a");
    assert_no_field(line, "server.address");
    assert_no_field(line, "parent_id");
    assert_field(need_line(run, "operation", "GET /late"), "http.route", "/late");
    assert_count(run, "msg", "span completed", 2);
}

/* ---- the client ---------------------------------------------------------------------------- */

static void calls(void) {
    static const int statuses[] = {200, 404, 503, 0};
    spanlog_scope(around, "around");
    for (unsigned i = 0; i < 4; i++) {
        char route[8], expected[64], trace_id[33];
        snprintf(route, sizeof route, "/%u", i);
        spanlog_http_call call = {
            .method = "GET", .url = "http://ann:pw@shop:81/a?key=1", .route = route, .set = set};
        sent_count = 0;
        spanlog_span span = spanlog_http_client_begin(&call);
        spanlog_trace_id(trace_id);
        snprintf(expected, sizeof expected, "traceparent: 00-%s-", trace_id);
        unsigned found = 0;
        for (unsigned j = 0; j < sent_count; j++)
            found += strncmp(sent_text[j], expected, strlen(expected)) == 0;
        check_equal(found, 1);
        spanlog_http_client_end(&span, statuses[i], i == 3 ? "ECONNREFUSED" : NULL);
    }
}

static void for_a_client_400_and_above_are_errors(void **state) {
    (void)state;
    struct run *run = run_child(calls);
    assert_exit(run, 0);
    const char *line = need_line(run, "operation", "GET /0");
    assert_field(line, "kind", "client");
    assert_field(line, "status", "ok");
    assert_field(line, "url.full", "http://REDACTED:REDACTED@shop:81/a?key=REDACTED");
    assert_field(line, "url.template", "/0");
    assert_field(line, "server.address", "shop");
    assert_field(line, "server.port", "81");
    assert_field(line, "parent_id", field(need_line(run, "operation", "around"), "span_id"));
    line = need_line(run, "operation", "GET /1");
    assert_field(line, "status", "error");
    assert_field(line, "status_code", "404");
    assert_field(line, "error.type", "404");
    assert_field(need_line(run, "operation", "GET /2"), "error.type", "503");
    line = need_line(run, "operation", "GET /3");
    assert_field(line, "error.type", "ECONNREFUSED");
    assert_field(line, "error", "ECONNREFUSED");
    assert_no_field(line, "status_code");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_do_not_stay_in_an_url),
        cmocka_unit_test(secrets_of_a_query_are_masked),
        cmocka_unit_test(a_fragment_is_left_out),
        cmocka_unit_test(an_url_of_any_form_is_safe),
        cmocka_unit_test(host_and_port_are_found),
        sentence(a_request_becomes_a_server_span_with_the_conventions),
        sentence(for_a_server_500_is_an_error_and_404_is_unset),
        sentence(huge_headers_and_odd_methods_are_bounded),
        sentence(for_a_client_400_and_above_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
