/* tests/unit/library_propagation_test.c: traceparent in and out.
 * https://www.w3.org/TR/trace-context-2/ */
#include "tests/unit/library_check.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define GOOD "00-" TRACE "-" SPAN "-01"

static const char *get(void *arg, const char *name) {
    return strcmp(name, "traceparent") == 0 ? arg : NULL;
}

static char written[200];
static unsigned headers;

static void set(void *arg, const char *name, const char *value) {
    (void)arg;
    snprintf(written, sizeof written, "%s: %s", name, value);
    headers++;
}

/* What comes in, as it would go out; "" when it is refused. */
static const char *through(const char *header) {
    spanlog_ctx ctx, zero = {.flags = 0};
    char copy[300];
    snprintf(copy, sizeof copy, "%s", header);
    int error = spanlog_extract(get, copy, &ctx);
    written[0] = '\0';
    if (error != 0) {
        assert_int_equal(error, -EINVAL);
        assert_memory_equal(&ctx, &zero, sizeof ctx);
        assert_int_equal(spanlog_inject(ctx, set, NULL), -EINVAL);
        return written;
    }
    assert_int_equal(spanlog_inject(ctx, set, NULL), 0);
    return written;
}

static void what_is_well_formed_passes_through(void **state) {
    (void)state;
    assert_string_equal(through(GOOD), "traceparent: " GOOD);
    assert_string_equal(through("00-" TRACE "-" SPAN "-00"),
                        "traceparent: 00-" TRACE "-" SPAN "-00");
    assert_string_equal(through("00-" TRACE "-" SPAN "-03"),
                        "traceparent: 00-" TRACE "-" SPAN "-03");
}

static void unknown_flags_are_not_sent_on(void **state) {
    (void)state;
    assert_string_equal(through("00-" TRACE "-" SPAN "-ff"),
                        "traceparent: 00-" TRACE "-" SPAN "-03");
    assert_string_equal(through("00-" TRACE "-" SPAN "-08"),
                        "traceparent: 00-" TRACE "-" SPAN "-00");
}

static void white_space_around_it_is_ignored(void **state) {
    (void)state;
    assert_string_equal(through(" \t" GOOD "\t "), "traceparent: " GOOD);
}

static void of_a_later_version_the_known_prefix_counts(void **state) {
    (void)state;
    assert_string_equal(through("01-" TRACE "-" SPAN "-01"), "traceparent: " GOOD);
    assert_string_equal(through("cc-" TRACE "-" SPAN "-01-what-the-future-holds"),
                        "traceparent: " GOOD);
    assert_string_equal(through("cc-" TRACE "-" SPAN "-01.x"), "");
    assert_string_equal(through("cc-" TRACE "-" SPAN "-0"), "");
}

static void what_is_malformed_is_refused(void **state) {
    static const char *const bad[] = {"",
                                      " ",
                                      "00",
                                      "00-" TRACE "-" SPAN,
                                      "00-" TRACE "-" SPAN "-",
                                      "00-" TRACE "-" SPAN "-1",
                                      GOOD "0",
                                      GOOD "-",
                                      GOOD "-00",
                                      "ff-" TRACE "-" SPAN "-01",
                                      "0-" TRACE "-" SPAN "-01",
                                      "00-00000000000000000000000000000000-" SPAN "-01",
                                      "00-" TRACE "-0000000000000000-01",
                                      "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
                                      "00-" TRACE "-00F067AA0BA902B7-01",
                                      "00-" TRACE "-" SPAN "-0A",
                                      "FF-" TRACE "-" SPAN "-01",
                                      "00_" TRACE "_" SPAN "_01",
                                      "00-" TRACE SPAN "--01",
                                      "0g-" TRACE "-" SPAN "-01",
                                      "00-" TRACE "-" SPAN "-0x",
                                      "00-4bf92f3577b34da6a3ce929d0e0e473-" SPAN "-01x",
                                      GOOD "," GOOD,
                                      GOOD ", " GOOD,
                                      "00-" TRACE "-" SPAN "-01\r\nx: y",
                                      "\xc3\xa4" GOOD};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (strcmp(through(bad[i]), "") != 0)
            fail_msg("taken: %s as %s", bad[i], written);
    }
}

static void no_header_is_told_from_a_bad_one(void **state) {
    (void)state;
    spanlog_ctx ctx, zero = {.flags = 0};
    memset(&ctx, 0xff, sizeof ctx);
    assert_int_equal(spanlog_extract(get, NULL, &ctx), -ENOENT);
    assert_memory_equal(&ctx, &zero, sizeof ctx);
    assert_int_equal(spanlog_extract(NULL, NULL, &ctx), -ENOENT);
}

static void nothing_is_written_for_a_zero_context(void **state) {
    (void)state;
    spanlog_ctx no_span = {.trace_id = {1}}, no_trace = {.span_id = {1}},
                good = {.trace_id = {1}, .span_id = {1}};
    headers = 0;
    assert_int_equal(spanlog_inject(no_span, set, NULL), -EINVAL);
    assert_int_equal(spanlog_inject(no_trace, set, NULL), -EINVAL);
    assert_int_equal(spanlog_inject(good, NULL, NULL), -EINVAL);
    assert_int_equal(headers, 0);
}

static void serves_a_request(void) {
    spanlog_ctx from_afar;
    char header[] = GOOD, bad[] = "00-bad", sent[200];
    spanlog_extract(get, header, &from_afar);
    spanlog_ctx before = spanlog_ctx_attach(from_afar);
    {
        spanlog_scope_kind(sp, SPANLOG_SERVER, "serve");
        spanlog_inject(spanlog_ctx_current(), set, NULL);
        snprintf(sent, sizeof sent, "traceparent: 00-" TRACE "-");
        check(strncmp(written, sent, strlen(sent)) == 0);
        check(strstr(written, SPAN) == NULL);
    }
    spanlog_ctx_attach(before);
    spanlog_extract(get, bad, &from_afar);
    spanlog_begin(root, "root", SPANLOG_SERVER, from_afar);
    spanlog_end(root);
}

static void a_header_makes_a_child_and_a_bad_one_a_root(void **state) {
    (void)state;
    struct run *run = run_child(serves_a_request);
    assert_exit(run, 0);
    assert_field(need_line(run, "operation", "serve"), "parent_id", SPAN);
    assert_field(need_line(run, "operation", "serve"), "trace_id", TRACE);
    assert_no_field(need_line(run, "operation", "root"), "parent_id");
    assert_string_not_equal(field(need_line(run, "operation", "root"), "trace_id"), TRACE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_well_formed_passes_through),
        cmocka_unit_test(unknown_flags_are_not_sent_on),
        cmocka_unit_test(white_space_around_it_is_ignored),
        cmocka_unit_test(of_a_later_version_the_known_prefix_counts),
        cmocka_unit_test(what_is_malformed_is_refused),
        cmocka_unit_test(no_header_is_told_from_a_bad_one),
        cmocka_unit_test(nothing_is_written_for_a_zero_context),
        sentence(a_header_makes_a_child_and_a_bad_one_a_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
