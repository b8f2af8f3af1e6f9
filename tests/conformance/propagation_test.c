/* tests/conformance/propagation_test.c: every propagator against the rules, and against itself.
 * The rules by name: propagation_vectors.h. */
#include "src/propagation/propagator.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/conformance/propagation_vectors.h"

#define ALL PROPAGATORS_DEFAULT_IN
#define ROUNDS 20000

/* ---- a carrier ------------------------------------------------------------------------------- */

struct carrier {
    struct {
        char name[32];
        char value[9000];
    } headers[24];
    unsigned count;
};

static const char *get(void *arg, const char *name) {
    const struct carrier *carrier = arg;
    for (unsigned i = 0; i < carrier->count; i++) {
        if (strcmp(carrier->headers[i].name, name) == 0)
            return carrier->headers[i].value;
    }
    return NULL;
}

static void set(void *arg, const char *name, const char *value) {
    struct carrier *carrier = arg;
    assert_null(get(carrier, name)); /* no header twice */
    assert_true(strlen(name) < sizeof carrier->headers[0].name);
    assert_true(strlen(value) < sizeof carrier->headers[0].value);
    for (const char *c = name; *c != '\0'; c++)
        assert_true(*c == '-' || (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9'));
    for (const char *c = value; *c != '\0'; c++)
        assert_true(*c >= ' ' && *c <= '~');
    strcpy(carrier->headers[carrier->count].name, name);
    strcpy(carrier->headers[carrier->count++].value, value);
}

static void fill(struct carrier *carrier, const char *headers) {
    carrier->count = 0;
    while (*headers != '\0') {
        size_t size = strcspn(headers, "\n"), name = strcspn(headers, ":");
        snprintf(carrier->headers[carrier->count].name, 32, "%.*s", (int)name, headers);
        snprintf(carrier->headers[carrier->count++].value, 9000, "%.*s", (int)(size - name - 2),
                 headers + name + 2);
        headers += size + (headers[size] == '\n');
    }
}

/* What was understood, as one line. */
static const char *told(const struct propagated *p) {
    static char line[12000];
    static const spanlog_ctx none;
    char *to = line;
    *to = '\0';
    if (p->refused > 0)
        to += sprintf(to, "!%u%s", p->refused,
                      memcmp(&p->ctx, &none, sizeof none) != 0 || p->texts.baggage[0] ? " " : "");
    if (p->denied)
        to += sprintf(to, "denied");
    if (memcmp(&p->ctx, &none, sizeof none) != 0 || p->texts.correlation_id[0] != '\0') {
        to = hex_write(to, p->ctx.trace_id, 16);
        *to++ = ' ';
        to = hex_write(to, p->ctx.span_id, 8);
        to += sprintf(to, " %02x", p->ctx.flags);
    }
    if (p->texts.correlation_id[0] != '\0')
        to += sprintf(to, " correlation=%s", p->texts.correlation_id);
    if (p->texts.parent_uuid[0] != '\0')
        to += sprintf(to, " parent=%s", p->texts.parent_uuid);
    if (p->texts.tracestate[0] != '\0')
        to += sprintf(to, " state=%s", p->texts.tracestate);
    if (p->texts.baggage[0] != '\0')
        sprintf(to, " baggage=%s", p->texts.baggage);
    return line;
}

static void every_rule_holds(void **state) {
    static struct carrier carrier;
    static struct propagated p;
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        fill(&carrier, vectors[i].headers);
        propagators_extract(ALL, get, &carrier, &p);
        if (strcmp(told(&p), vectors[i].expected) != 0) {
            print_error("%s\n  expected: %s\n  but was:  %s\n", vectors[i].rule,
                        vectors[i].expected, told(&p));
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* ---- round trips ------------------------------------------------------------------------------
 */

static uint64_t random_state = 42;

static uint64_t next_random(void) {
    uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void random_ids(spanlog_ctx *ctx, uint8_t flags) {
    uint64_t words[3] = {next_random(), next_random(), next_random()};
    memset(ctx, 0, sizeof *ctx);
    memcpy(ctx->trace_id, words, 16);
    memcpy(ctx->span_id, &words[2], 8);
    if (next_random() % 8 == 0)
        memset(ctx->trace_id, 0, 8);
    ctx->flags = flags;
}

/* The flags that survive a propagator. */
static uint8_t kept_flags(unsigned index, uint8_t flags) {
    switch (index) {
    case PROPAGATOR_TRACECONTEXT:
        return flags & (SPANLOG_FLAG_SAMPLED | SPANLOG_FLAG_RANDOM);
    case PROPAGATOR_B3:
    case PROPAGATOR_B3MULTI:
    case PROPAGATOR_JAEGER:
        return flags & (SPANLOG_FLAG_SAMPLED | SPANLOG_FLAG_DEBUG);
    default:
        return SPANLOG_FLAG_SAMPLED;
    }
}

static void what_goes_out_comes_in_again(void **state) {
    static const uint8_t flags[] = {0, 1, 2, 3, 5, 7};
    static struct carrier carrier;
    static struct propagated p;
    static const struct propagated_texts nothing;
    (void)state;
    for (unsigned index = 0; index < PROPAGATOR_BAGGAGE; index++) {
        bool only_trace = index == PROPAGATOR_X_CORRELATION_ID || index == PROPAGATOR_X_REQUEST_ID;
        for (unsigned i = 0; i < ROUNDS; i++) {
            spanlog_ctx ctx;
            random_ids(&ctx, flags[next_random() % sizeof flags]);
            carrier.count = 0;
            propagators_inject(PROPAGATOR_BIT(index), &ctx, &nothing, set, &carrier);
            propagators_extract(PROPAGATOR_BIT(index), get, &carrier, &p);
            ctx.flags = kept_flags(index, ctx.flags);
            if (only_trace)
                memset(ctx.span_id, 0, 8);
            if (memcmp(&ctx, &p.ctx, sizeof ctx) != 0 || p.refused != 0)
                fail_msg("%s: %s came back as %s", propagators[index].name,
                         carrier.headers[0].value, told(&p));
        }
    }
}

static void random_text(char *to, size_t size, const char *of) {
    size_t count = strlen(of);
    for (size_t i = 0; i < size; i++)
        to[i] = of[next_random() % count];
    to[size] = '\0';
}

static void texts_come_back_through_everything_at_once(void **state) {
    static struct carrier carrier;
    static struct propagated p;
    static struct propagated_texts texts;
    char key[16], value[200];
    (void)state;
    for (unsigned i = 0; i < ROUNDS / 10; i++) {
        spanlog_ctx ctx;
        random_ids(&ctx, 3);
        memset(&texts, 0, sizeof texts);
        random_text(texts.correlation_id, 1 + next_random() % CORRELATION_MAX, "abcXYZ019-_.:/+@");
        for (unsigned m = next_random() % 8; m > 0; m--) {
            random_text(key, 1 + next_random() % 8, "abcdefgh0123");
            random_text(value, 1 + next_random() % 60, "abc XYZ\"'()[]~!;");
            strcat(value, ".");
            assert_int_equal(tracestate_set(texts.tracestate, key, value), 0);
        }
        for (unsigned m = next_random() % 8; m > 0; m--) {
            random_text(key, 1 + next_random() % 8, "abcDEF-_.!~");
            random_text(value, next_random() % 190, "a b,;=%\"\\\xc3\xa4\x01+");
            assert_int_equal(baggage_set(texts.baggage, key, value), 0);
        }
        carrier.count = 0;
        propagators_inject(ALL & ~PROPAGATOR_BIT(PROPAGATOR_X_TRACE_ID_HEX), &ctx, &texts, set,
                           &carrier); /* two forms under one name */
        propagators_extract(ALL, get, &carrier, &p);
        if (memcmp(&ctx, &p.ctx, sizeof ctx) != 0 || p.refused != 0 ||
            strcmp(texts.correlation_id, p.texts.correlation_id) != 0 ||
            strcmp(texts.tracestate, p.texts.tracestate) != 0 ||
            strcmp(texts.baggage, p.texts.baggage) != 0)
            fail_msg("came back as %s", told(&p));
    }
}

/* ---- what goes out ----------------------------------------------------------------------------
 */

static const char *out_of(unsigned index, const spanlog_ctx *ctx, const char *name) {
    static struct carrier carrier;
    static const struct propagated_texts nothing;
    carrier.count = 0;
    propagators_inject(PROPAGATOR_BIT(index), ctx, &nothing, set, &carrier);
    return get(&carrier, name);
}

static void headers_are_written_as_others_expect_them(void **state) {
    spanlog_ctx ctx = {.flags = 0x87};
    (void)state;
    hex_read(TRACE, ctx.trace_id, 16, HEX_ANY_CASE);
    hex_read(SPAN, ctx.span_id, 8, HEX_ANY_CASE);
    assert_string_equal(out_of(PROPAGATOR_TRACECONTEXT, &ctx, "traceparent"),
                        "00-" TRACE "-" SPAN "-03");
    assert_string_equal(out_of(PROPAGATOR_B3, &ctx, "b3"), TRACE "-" SPAN "-d");
    assert_string_equal(out_of(PROPAGATOR_B3MULTI, &ctx, "x-b3-traceid"), TRACE);
    assert_string_equal(out_of(PROPAGATOR_B3MULTI, &ctx, "x-b3-spanid"), SPAN);
    assert_string_equal(out_of(PROPAGATOR_B3MULTI, &ctx, "x-b3-flags"), "1");
    assert_null(out_of(PROPAGATOR_B3MULTI, &ctx, "x-b3-sampled"));
    assert_string_equal(out_of(PROPAGATOR_JAEGER, &ctx, "uber-trace-id"), TRACE ":" SPAN ":0:3");
    assert_string_equal(out_of(PROPAGATOR_X_TRACE_ID, &ctx, "x-trace-id"),
                        "4bf92f35-77b3-4da6-a3ce-929d0e0e4736");
    assert_string_equal(out_of(PROPAGATOR_X_TRACE_ID, &ctx, "x-span-id"),
                        "00000000-0000-0000-00f0-67aa0ba902b7");
    assert_string_equal(out_of(PROPAGATOR_X_TRACE_ID_HEX, &ctx, "x-trace-id"), TRACE);
    assert_string_equal(out_of(PROPAGATOR_X_TRACE_ID_HEX, &ctx, "x-span-id"), SPAN);
    assert_string_equal(out_of(PROPAGATOR_X_CORRELATION_ID, &ctx, "x-correlation-id"), TRACE);
    assert_string_equal(out_of(PROPAGATOR_X_REQUEST_ID, &ctx, "x-request-id"), TRACE);
    ctx.flags = 0;
    assert_string_equal(out_of(PROPAGATOR_B3, &ctx, "b3"), TRACE "-" SPAN "-0");
    assert_string_equal(out_of(PROPAGATOR_B3MULTI, &ctx, "x-b3-sampled"), "0");
    assert_string_equal(out_of(PROPAGATOR_JAEGER, &ctx, "uber-trace-id"), TRACE ":" SPAN ":0:0");
}

static void without_a_span_no_parent_is_claimed(void **state) {
    spanlog_ctx ctx = {.trace_id = {1}, .flags = 1};
    (void)state;
    assert_null(out_of(PROPAGATOR_TRACECONTEXT, &ctx, "traceparent"));
    assert_null(out_of(PROPAGATOR_B3, &ctx, "b3"));
    assert_null(out_of(PROPAGATOR_B3MULTI, &ctx, "x-b3-traceid"));
    assert_null(out_of(PROPAGATOR_JAEGER, &ctx, "uber-trace-id"));
    assert_null(out_of(PROPAGATOR_X_TRACE_ID, &ctx, "x-span-id"));
    assert_non_null(out_of(PROPAGATOR_X_CORRELATION_ID, &ctx, "x-correlation-id"));
}

/* ---- tracestate and baggage: limits ------------------------------------------------------------
 */

static void of_tracestate_32_members_pass_and_33_do_not(void **state) {
    char text[1000] = "", got[TRACESTATE_MAX + 1], *to = text;
    (void)state;
    for (int i = 0; i < 32; i++)
        to += sprintf(to, "%sk%d=v", i > 0 ? "," : "", i);
    assert_int_equal(tracestate_read(text, got), 0);
    assert_string_equal(got, text);
    strcpy(to, ",k32=v");
    assert_int_equal(tracestate_read(text, got), -EINVAL);
    assert_string_equal(got, "");
}

static void of_tracestate_512_characters_pass(void **state) {
    char text[600] = "", got[TRACESTATE_MAX + 1], *to = text;
    (void)state;
    for (int i = 0; i < 4; i++)
        to += sprintf(to, "%sk%d=%s%s", i > 0 ? "," : "", i, HUNDRED, TEN TEN "123");
    assert_true(strlen(text) >= 507);
    assert_int_equal(tracestate_read(text, got), 0);
    assert_string_equal(got, text);
}

static void a_long_tracestate_loses_long_members_first_and_then_the_last(void **state) {
    char text[4000], got[TRACESTATE_MAX + 1], expected[TRACESTATE_MAX + 1], *to = text;
    (void)state;
    to += sprintf(to, "a=1,long=%s%s", HUNDRED, FIFTY);
    for (int i = 0; i < 8; i++)
        to += sprintf(to, ",k%d=%s", i, HUNDRED);
    sprintf(to, ",end=%s", HUNDRED);
    assert_int_equal(tracestate_read(text, got), 0);
    assert_null(strstr(got, "long"));
    assert_non_null(strstr(got, "end")); /* 4 + 8 * 104 + 104 fit */
    to = expected + sprintf(expected, "a=1");
    for (int i = 0; i < 9; i++)
        to += sprintf(to, ",k%d=%s", i, HUNDRED);
    strcpy(text, expected);
    strcat(text, ",x=" HUNDRED ",y=1");
    assert_int_equal(tracestate_read(text, got), 0);
    assert_string_equal(got, expected); /* nothing long: from the end, until it fits */
}

static void ones_own_entry_moves_left(void **state) {
    char text[TRACESTATE_MAX + 1] = "a=1,b=2,c=3";
    (void)state;
    assert_int_equal(tracestate_set(text, "b", "5"), 0);
    assert_string_equal(text, "b=5,a=1,c=3");
    assert_int_equal(tracestate_set(text, "ours", "x y"), 0);
    assert_string_equal(text, "ours=x y,b=5,a=1,c=3");
    assert_int_equal(tracestate_set(text, "a", NULL), 0);
    assert_string_equal(text, "ours=x y,b=5,c=3");
    assert_int_equal(tracestate_set(text, "Bad", "1"), -EINVAL);
    assert_int_equal(tracestate_set(text, "bad", "a,b"), -EINVAL);
    assert_int_equal(tracestate_set(text, "bad", ""), -EINVAL);
    assert_string_equal(text, "ours=x y,b=5,c=3");
}

static void ones_own_entry_makes_the_last_give_way(void **state) {
    char text[TRACESTATE_MAX + 1] = "", *to = text;
    (void)state;
    for (int i = 0; i < 32; i++)
        to += sprintf(to, "%sk%d=v", i > 0 ? "," : "", i);
    assert_int_equal(tracestate_set(text, "ours", "1"), 0);
    assert_int_equal(strncmp(text, "ours=1,k0=v,", 12), 0);
    assert_non_null(strstr(text, ",k30=v"));
    assert_null(strstr(text, ",k31=v"));
}

static void of_baggage_64_members_and_8192_bytes_pass(void **state) {
    static char text[BAGGAGE_MAX + 200], got[BAGGAGE_MAX + 1];
    char *to = text;
    (void)state;
    for (int i = 0; i < 64; i++) /* 64 of 127 and 63 commas, 1 more */
        to += sprintf(to, "%sk%02d=%0123d", i > 0 ? "," : "", i, i);
    strcpy(to, "x");
    assert_int_equal(strlen(text), BAGGAGE_MAX);
    assert_int_equal(baggage_read(text, got), 0);
    assert_string_equal(got, text);
    strcat(text, "y");
    assert_int_equal(baggage_read(text, got), 1); /* the last member is one too long */
    assert_int_equal(strlen(got), BAGGAGE_MAX - 129);
}

static void of_baggage_180_members_pass(void **state) {
    char text[4000] = "", got[BAGGAGE_MAX + 1], *to = text;
    (void)state;
    for (int i = 0; i < 181; i++)
        to += sprintf(to, "%sk%d=v", i > 0 ? "," : "", i);
    assert_int_equal(baggage_read(text, got), 1);
    assert_non_null(strstr(got, ",k179=v"));
    assert_null(strstr(got, ",k180=v"));
    assert_int_equal(baggage_set(got, "one", "more"), -E2BIG);
    assert_int_equal(baggage_set(got, "k7", "other"), 0);
}

static void baggage_values_are_decoded_when_asked_for(void **state) {
    static const char *const pairs[][2] = {{"a=b%20c", "b c"},
                                           {"a=%C3%A4", "\xc3\xa4"},
                                           {"a=1+1", "1+1"},
                                           {"a=%zz%4", "%zz%4"},
                                           {"a=%", "%"},
                                           {"a=%ff", "\xef\xbf\xbd"},
                                           {"a=%c3x", "\xef\xbf\xbdx"},
                                           {"a=%e2%82", "\xef\xbf\xbd"},
                                           {"a=%ed%a0%80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
                                           {"a=x%00y", "x\xef\xbf\xbdy"},
                                           {"a=b;p=1", "b"},
                                           {"b=1,a=", ""},
                                           {"a=%2c%3b%3D", ",;="}};
    char baggage[BAGGAGE_MAX + 1], value[100];
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_int_equal(baggage_read(pairs[i][0], baggage), 0);
        assert_int_equal(baggage_get(baggage, "a", value, sizeof value), strlen(pairs[i][1]));
        assert_string_equal(value, pairs[i][1]);
    }
    assert_int_equal(baggage_get(baggage, "none", value, sizeof value), -ENOENT);
    assert_int_equal(baggage_read("a=abc%C3%A4", baggage), 0);
    assert_int_equal(baggage_get(baggage, "a", value, 5), 5); /* no half characters */
    assert_string_equal(value, "abc");
    assert_int_equal(baggage_get(baggage, "a", NULL, 0), 5);
}

/* ---- hostile ----------------------------------------------------------------------------------
 */

static const char *huge_get(void *arg, const char *name) {
    (void)name;
    return arg;
}

static void huge_headers_are_refused_in_bounded_memory(void **state) {
    static const char *const patterns[] = {"a",
                                           "a=1,",
                                           "0-",
                                           ",",
                                           " ",
                                           "%",
                                           "=",
                                           ":",
                                           "a=%ff;",
                                           "\xff",
                                           "\x01",
                                           "-0:",
                                           "0123456789abcdef"};
    static struct propagated p;
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE + 1);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        size_t unit = strlen(patterns[i]);
        for (size_t at = 0; at < SIZE; at++)
            text[at] = patterns[i][at % unit];
        text[SIZE] = '\0';
        propagators_extract(ALL, huge_get, text, &p);
        assert_true(id_is_zero(p.ctx.trace_id, 16));
        assert_true(strlen(p.texts.baggage) <= BAGGAGE_MAX);
        assert_string_equal(p.texts.tracestate, "");
        assert_string_equal(p.texts.correlation_id, "");
    }
    free(text);
}

static void exactly_the_hex_digits_are_hex_digits(void **state) {
    (void)state;
    for (int place = 0; place < 10; place++) {
        for (int c = 1; c < 256; c++) {
            char text[11] = "0123456789";
            uint8_t id[5], expected[5] = {0x01, 0x23, 0x45, 0x67, 0x89};
            bool lower = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            bool any = lower || (c >= 'A' && c <= 'F');
            text[place] = (char)c;
            assert_int_equal(hex_read(text, id, 5, HEX_LOWER_CASE), lower);
            assert_int_equal(hex_read(text, id, 5, HEX_ANY_CASE), any);
            if (any) {
                uint8_t digit = (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
                uint8_t *byte = &expected[place / 2];
                *byte = place % 2 == 0 ? (uint8_t)(digit << 4 | (*byte & 15))
                                       : (uint8_t)((*byte & 0xf0) | digit);
                assert_memory_equal(id, expected, sizeof id);
            }
        }
    }
}

static void names_choose_propagators(void **state) {
    uint32_t which;
    bool xray;
    (void)state;
    assert_null(propagators_parse("tracecontext, baggage,b3", &which, &xray));
    assert_int_equal(which, PROPAGATOR_BIT(PROPAGATOR_TRACECONTEXT) |
                                PROPAGATOR_BIT(PROPAGATOR_BAGGAGE) | PROPAGATOR_BIT(PROPAGATOR_B3));
    assert_false(xray);
    assert_null(propagators_parse("none", &which, &xray));
    assert_int_equal(which, 0);
    assert_null(propagators_parse("xray,jaeger", &which, &xray));
    assert_int_equal(which, PROPAGATOR_BIT(PROPAGATOR_JAEGER));
    assert_true(xray);
    which = 77;
    assert_non_null(propagators_parse("tracecontext,ottrace", &which, &xray));
    assert_int_equal(which, 77);
    for (unsigned i = 0; i < PROPAGATOR_COUNT; i++) {
        assert_null(propagators_parse(propagators[i].name, &which, &xray));
        assert_int_equal(which, PROPAGATOR_BIT(i));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_holds),
        cmocka_unit_test(exactly_the_hex_digits_are_hex_digits),
        cmocka_unit_test(what_goes_out_comes_in_again),
        cmocka_unit_test(texts_come_back_through_everything_at_once),
        cmocka_unit_test(headers_are_written_as_others_expect_them),
        cmocka_unit_test(without_a_span_no_parent_is_claimed),
        cmocka_unit_test(of_tracestate_32_members_pass_and_33_do_not),
        cmocka_unit_test(of_tracestate_512_characters_pass),
        cmocka_unit_test(a_long_tracestate_loses_long_members_first_and_then_the_last),
        cmocka_unit_test(ones_own_entry_moves_left),
        cmocka_unit_test(ones_own_entry_makes_the_last_give_way),
        cmocka_unit_test(of_baggage_64_members_and_8192_bytes_pass),
        cmocka_unit_test(of_baggage_180_members_pass),
        cmocka_unit_test(baggage_values_are_decoded_when_asked_for),
        cmocka_unit_test(huge_headers_are_refused_in_bounded_memory),
        cmocka_unit_test(names_choose_propagators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
