/* tests/integrations/integration_grpc_test.c: spanlog/grpc.h without gRPC. Against real peers:
 * grpc_test.py. */
#include "tests/unit/library_check.h"

#include <spanlog/grpc.h>

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define TRACEPARENT "00-" TRACE "-" SPAN "-01"

/* ---- addresses ----------------------------------------------------------------------------- */

static void address_is(const char *text, const char *host, unsigned port) {
    char found[64];
    uint16_t found_port = 1;
    int expected = *host != '\0' ? 0 : -EINVAL;
    assert_int_equal(spanlog_grpc_address(text, found, sizeof found, &found_port), expected);
    assert_string_equal(found, host);
    assert_int_equal(found_port, port);
}

static void targets_and_peers_name_a_host_and_a_port(void **state) {
    (void)state;
    address_is("shop:50051", "shop", 50051);
    address_is("shop", "shop", 0);
    address_is("dns:shop:80", "shop", 80);
    address_is("dns:///shop:80", "shop", 80);
    address_is("dns://8.8.8.8/shop:80", "shop", 80);
    address_is("xds:///shop", "shop", 0);
    address_is("dnsmasq:80", "dnsmasq", 80);
    address_is("ipv4:10.0.0.9:5123", "10.0.0.9", 5123);
    address_is("ipv4:10.0.0.9:80,10.0.0.8:81", "10.0.0.9", 80);
    address_is("ipv6:[::1]:80", "::1", 80);
    address_is("ipv6:%5B::1%5d:80", "::1", 80);
    address_is("[fe80::1]", "fe80::1", 0);
    address_is("fe80::1", "fe80::1", 0);
    address_is("unix:/run/shop:1.sock", "/run/shop:1.sock", 0);
    address_is("unix:///run/shop", "/run/shop", 0);
    address_is("unix-abstract:shop", "shop", 0);
}

static void an_address_of_any_form_is_safe(void **state) {
    (void)state;
    char small[4];
    uint16_t port;
    address_is(NULL, "", 0);
    address_is("", "", 0);
    address_is("unix:", "", 0);
    address_is("dns:///", "", 0);
    address_is("dns://shop", "", 0);
    address_is(":80", "", 0);
    address_is("[", "", 0);
    address_is("[::1", "::1", 0);
    address_is("[]:80", "", 0);
    address_is("%5", "%5", 0);
    address_is("shop:", "shop", 0);
    address_is("shop:80a", "shop", 0);
    address_is("shop:65536", "shop", 0);
    address_is("0123456789012345678901234567890123456789012345678901234567890123456789:1", "", 0);
    assert_int_equal(spanlog_grpc_address("shop:1", small, sizeof small, &port), -EINVAL);
    assert_int_equal(spanlog_grpc_address("shop:1", NULL, 0, &port), -EINVAL);
}

static void codes_have_their_names(void **state) {
    (void)state;
    assert_string_equal(spanlog_grpc_code_name(0), "OK");
    assert_string_equal(spanlog_grpc_code_name(5), "NOT_FOUND");
    assert_string_equal(spanlog_grpc_code_name(16), "UNAUTHENTICATED");
    assert_null(spanlog_grpc_code_name(17));
    assert_null(spanlog_grpc_code_name(-1));
}

/* ---- metadata ------------------------------------------------------------------------------ */

static spanlog_grpc_entry entry(const char *key, const char *value) {
    return (spanlog_grpc_entry){key, strlen(key), value, strlen(value)};
}

static void extract_gives(const spanlog_grpc_entry *entries, size_t count, int expected) {
    spanlog_ctx ctx;
    int result = spanlog_grpc_extract(entries, count, &ctx);
    check_equal(result, expected);
    check_equal(ctx.trace_id[0], expected == 0 ? 0x4b : 0);
    check_equal(ctx.span_id[7], expected == 0 ? 0xb7 : 0);
}

static void extracts(void) {
    /* Not ended by NUL: what stands behind it is no part of it. */
    static const char key[] = "traceparentx", value[] = TRACEPARENT "ff";
    spanlog_grpc_entry good[] = {entry("user-agent", "tester"), {key, 11, value, 55}};
    extract_gives(good, 2, 0);
    extract_gives(good, 1, -ENOENT);
    extract_gives(NULL, 0, -ENOENT);
    extract_gives(NULL, 7, -ENOENT);
    spanlog_grpc_entry b3[] = {entry("b3", TRACE "-" SPAN "-1")};
    extract_gives(b3, 1, 0);
}

static void refuses(void) {
    static char huge[20000];
    memset(huge, 'a', sizeof huge);
    spanlog_grpc_entry twice[] = {entry("traceparent", TRACEPARENT),
                                  entry("traceparent", TRACEPARENT)};
    spanlog_grpc_entry empty_first[] = {entry("traceparent", ""), twice[0]};
    spanlog_grpc_entry with_nul[] = {{"traceparent", 11, TRACEPARENT "\0-", 57}};
    spanlog_grpc_entry too_long[] = {{"traceparent", 11, huge, sizeof huge}};
    spanlog_grpc_entry any_size[] = {{"traceparent", 11, huge, SIZE_MAX}};
    spanlog_grpc_entry no_value[] = {{"traceparent", 11, NULL, 4}};
    spanlog_grpc_entry no_key[] = {{NULL, 11, huge, 4}, {"", 0, huge, 4}};
    spanlog_grpc_entry other_names[] = {entry("traceparent-bin", TRACEPARENT),
                                        entry("grpc-trace-bin", TRACEPARENT),
                                        entry("Traceparent", TRACEPARENT)};
    extract_gives(twice, 2, -EINVAL);
    extract_gives(empty_first, 2, -EINVAL);
    extract_gives(with_nul, 1, -EINVAL);
    extract_gives(too_long, 1, -EINVAL);
    extract_gives(any_size, 1, -EINVAL);
    extract_gives(no_value, 1, -EINVAL);
    extract_gives(no_key, 2, -ENOENT);
    extract_gives(other_names, 3, -ENOENT);
}

static void metadata_without_nul_is_read(void **state) {
    (void)state;
    assert_exit(run_child(extracts), 0);
}

static void hostile_and_binary_metadata_is_refused(void **state) {
    (void)state;
    assert_exit(run_child(refuses), 0);
}

static void a_huge_header_beside_a_good_one_does_no_harm(void) {
    static char huge[20000];
    char value[8];
    memset(huge, 'a', sizeof huge);
    spanlog_grpc_entry entries[] = {{"tracestate", 10, huge, sizeof huge},
                                    entry("traceparent", TRACEPARENT),
                                    entry("baggage", "user=ann")};
    spanlog_ctx ctx;
    check_equal(spanlog_grpc_extract(entries, 3, &ctx), 0);
    check_equal(ctx.span_id[7], 0xb7);
    spanlog_ctx_attach(ctx);
    check_equal(spanlog_baggage_get("user", value, sizeof value), 3);
    spanlog_statistics stats = {.size = sizeof stats};
    check_equal(spanlog_stats(&stats), 0);
    check_equal(stats.headers_refused, 1);
}

static void what_is_refused_is_counted_and_the_rest_stays(void **state) {
    (void)state;
    assert_exit(run_child(a_huge_header_beside_a_good_one_does_no_harm), 0);
}

static void only_what_grpc_takes_is_metadata(void **state) {
    (void)state;
    assert_true(spanlog_grpc_is_metadata("traceparent", TRACEPARENT));
    assert_true(spanlog_grpc_is_metadata("x-b3_a.1", ""));
    assert_true(spanlog_grpc_is_metadata("a", "x y ~"));
    assert_false(spanlog_grpc_is_metadata("Traceparent", "a"));
    assert_false(spanlog_grpc_is_metadata("a b", "a"));
    assert_false(spanlog_grpc_is_metadata(":path", "a"));
    assert_false(spanlog_grpc_is_metadata("", "a"));
    assert_false(spanlog_grpc_is_metadata("grpc-timeout", "1S"));
    assert_false(spanlog_grpc_is_metadata("trace-bin", "a"));
    assert_false(spanlog_grpc_is_metadata("-bin", "a"));
    assert_false(spanlog_grpc_is_metadata("a", " x"));
    assert_false(spanlog_grpc_is_metadata("a", "x "));
    assert_false(spanlog_grpc_is_metadata("a", "x\n"));
    assert_false(spanlog_grpc_is_metadata("a", "\xc3\xa4"));
    assert_false(spanlog_grpc_is_metadata("a", "\x7f"));
    assert_false(spanlog_grpc_is_metadata(NULL, "a"));
    assert_false(spanlog_grpc_is_metadata("a", NULL));
}

/* ---- spans --------------------------------------------------------------------------------- */

static unsigned sent_count;
static char sent_name[8][32], sent_value[8][600];

static void set(void *arg, const char *name, const char *value) {
    check(arg == sent_name);
    check(sent_count < 8);
    check(spanlog_grpc_is_metadata(name, value));
    snprintf(sent_name[sent_count], sizeof sent_name[0], "%s", name);
    snprintf(sent_value[sent_count], sizeof sent_value[0], "%s", value);
    sent_count++;
}

static const char *sent(const char *name) {
    for (unsigned i = 0; i < sent_count; i++) {
        if (strcmp(sent_name[i], name) == 0)
            return sent_value[i];
    }
    return "";
}

static void serves(void) {
    spanlog_grpc_entry metadata[] = {entry("traceparent", TRACEPARENT)};
    spanlog_grpc_request request = {.method = "/shop.Pricing/Quote",
                                    .authority = "pricing:50051",
                                    .peer = "ipv4:10.0.0.9:5123",
                                    .metadata = metadata,
                                    .metadata_count = 1};
    spanlog_span span = spanlog_grpc_server_begin(&request);
    spanlog_grpc_message(&span, SPANLOG_GRPC_RECEIVED, 1, 17);
    spanlog_grpc_message(&span, SPANLOG_GRPC_SENT, 1, -1);
    spanlog_grpc_server_end(&span, 0, "not said");
}

static void a_served_call_becomes_a_server_span_with_the_conventions(void **state) {
    (void)state;
    struct run *run = run_child(serves);
    assert_exit(run, 0);
    const char *line = need_line(run, "operation", "shop.Pricing/Quote");
    assert_field(line, "kind", "server");
    assert_field(line, "trace_id", TRACE);
    assert_field(line, "parent_id", SPAN);
    assert_field(line, "rpc.system.name", "grpc");
    assert_field(line, "rpc.method", "shop.Pricing/Quote");
    assert_field(line, "rpc.response.status_code", "OK");
    assert_field(line, "server.address", "pricing");
    assert_field(line, "server.port", "50051");
    assert_field(line, "network.peer.address", "10.0.0.9");
    assert_field(line, "network.peer.port", "5123");
    assert_field(line, "status_code", "0");
    assert_field(line, "status", "ok");
    assert_no_field(line, "error.type");
    assert_no_field(line, "error");
    assert_says(line,
                "\"name\":\"rpc.message\",\"rpc.message.type\":\"RECEIVED\",\"rpc.message.id\":1,"
                "\"rpc.message.uncompressed_size\":17}",
                1);
    assert_says(line,
                "\"name\":\"rpc.message\",\"rpc.message.type\":\"SENT\",\"rpc.message.id\":1}", 1);
}

static const int codes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 200, -1};
enum { CODES = sizeof codes / sizeof *codes };

static void ends_with_each_code(void) {
    for (unsigned i = 0; i < CODES; i++) {
        char method[32];
        snprintf(method, sizeof method, "/served/%d", codes[i]);
        spanlog_grpc_request request = {.method = method};
        spanlog_span span = spanlog_grpc_server_begin(&request);
        spanlog_grpc_server_end(&span, codes[i], "");
        snprintf(method, sizeof method, "/called/%d", codes[i]);
        spanlog_grpc_call call = {.method = method};
        span = spanlog_grpc_client_begin(&call);
        spanlog_grpc_client_end(&span, codes[i], "details");
    }
}

static const char *error_of(int code) {
    if (code < 0)
        return "no_status";
    return code == 17 ? "17" : code == 200 ? "200" : spanlog_grpc_code_name(code);
}

static void is_error(const struct run *run, const char *prefix, int code, const char *error) {
    char operation[32], number[16];
    snprintf(operation, sizeof operation, "%s/%d", prefix, code);
    snprintf(number, sizeof number, "%d", code);
    const char *line = need_line(run, "operation", operation);
    assert_field(line, "status_code", code >= 0 && code < 100 ? number : NULL);
    assert_field(line, "status", error != NULL ? "error" : code == 0 ? "ok" : NULL);
    assert_field(line, "error", error);
    assert_field(line, "error.type", error != NULL ? error_of(code) : NULL);
    assert_field(line, "rpc.response.status_code", code >= 0 ? error_of(code) : NULL);
}

static void which_codes_are_errors_depends_on_the_side(void **state) {
    (void)state;
    struct run *run = run_child(ends_with_each_code);
    assert_exit(run, 0);
    for (unsigned i = 0; i < CODES; i++) {
        int code = codes[i];
        const char *none = code < 0 ? "the call ended without a status" : NULL;
        bool servers = code == 2 || code == 4 || (code >= 12 && code <= 15) || code > 16;
        is_error(run, "served", code, none != NULL ? none : servers ? error_of(code) : NULL);
        is_error(run, "called", code, none != NULL ? none : code != 0 ? "details" : NULL);
    }
}

static void calls(void) {
    char trace_id[33], expected[64];
    spanlog_grpc_entry metadata[] = {entry("traceparent", TRACEPARENT), entry("tracestate", "a=1"),
                                     entry("baggage", "user=ann")};
    spanlog_ctx caller;
    spanlog_grpc_extract(metadata, 3, &caller);
    spanlog_ctx_attach(caller);
    spanlog_scope(around, "around");
    spanlog_grpc_call call = {.method = "/shop.Pricing/Quote",
                              .target = "dns:///pricing:1",
                              .set = set,
                              .arg = sent_name};
    spanlog_span span = spanlog_grpc_client_begin(&call);
    spanlog_ctx ctx = spanlog_span_ctx(&span);
    spanlog_trace_id(trace_id);
    snprintf(expected, sizeof expected, "00-%s-%02x", trace_id, ctx.span_id[0]);
    check(strncmp(sent("traceparent"), expected, strlen(expected)) == 0);
    check(strcmp(sent("tracestate"), "a=1") == 0);
    check(strcmp(sent("baggage"), "user=ann") == 0);
    spanlog_grpc_peer(&span, "ipv6:%5B::1%5D:1");
    spanlog_grpc_client_end(&span, 0, NULL);
}

static void a_call_becomes_a_client_span_and_its_context_metadata(void **state) {
    (void)state;
    struct run *run = run_child(calls);
    assert_exit(run, 0);
    const char *line = need_line(run, "operation", "shop.Pricing/Quote");
    assert_field(line, "kind", "client");
    assert_field(line, "trace_id", TRACE);
    assert_field(line, "parent_id", field(need_line(run, "operation", "around"), "span_id"));
    assert_field(line, "server.address", "pricing");
    assert_field(line, "server.port", "1");
    assert_field(line, "network.peer.address", "::1");
    assert_field(line, "status", "ok");
}

static void is_used_wrongly(void) {
    static char huge[1 << 16];
    memset(huge, 'x', sizeof huge - 1);
    spanlog_span span = spanlog_grpc_server_begin(NULL);
    spanlog_grpc_unknown_method(&span, huge);
    spanlog_grpc_server_end(&span, 12, huge);
    spanlog_grpc_server_end(&span, 0, NULL); /* ended */
    spanlog_grpc_request request = {
        .method = "//\n\xff", .authority = huge, .peer = huge, .metadata = NULL};
    span = spanlog_grpc_server_begin(&request);
    spanlog_grpc_server_end(&span, 0, NULL);
    span = spanlog_grpc_client_begin(NULL);
    spanlog_grpc_client_end(&span, 0, NULL);
    spanlog_grpc_server_end(NULL, 0, NULL);
    spanlog_grpc_client_end(NULL, 0, NULL);
    spanlog_grpc_message(NULL, SPANLOG_GRPC_SENT, 1, 1);
    spanlog_grpc_peer(NULL, NULL);
    spanlog_grpc_unknown_method(NULL, NULL);
    check_equal(spanlog_grpc_inject(spanlog_ctx_current(), NULL, NULL), -EINVAL);
}

static void odd_uses_are_bounded(void **state) {
    (void)state;
    struct run *run = run_child(is_used_wrongly);
    assert_exit(run, 0);
    const char *line = need_line(run, "operation", "_OTHER");
    assert_field(line, "rpc.method", "_OTHER");
    assert_int_equal(strlen(field(line, "rpc.method_original")), 256);
    assert_field(need_line(run, "kind", "client"), "operation", "grpc");
    assert_count(run, "msg", "span completed", 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_and_peers_name_a_host_and_a_port),
        cmocka_unit_test(an_address_of_any_form_is_safe),
        cmocka_unit_test(codes_have_their_names),
        cmocka_unit_test(only_what_grpc_takes_is_metadata),
        sentence(metadata_without_nul_is_read),
        sentence(hostile_and_binary_metadata_is_refused),
        sentence(what_is_refused_is_counted_and_the_rest_stays),
        sentence(a_served_call_becomes_a_server_span_with_the_conventions),
        sentence(which_codes_are_errors_depends_on_the_side),
        sentence(a_call_becomes_a_client_span_and_its_context_metadata),
        sentence(odd_uses_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
