/* tests/unit/redact_test.c: which keys and which texts the rules of core/redact.h are about. */
#include "src/core/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct redact_rules rules;

static void use(const char *list) {
    const char *wrong = redact_parse(&rules, list);
    if (wrong != NULL)
        fail_msg("\"%s\": %s", list, wrong);
}

static void keys_are_masked_that_end_with_the_words_of_a_rule(void **state) {
    (void)state;
    static const struct {
        const char *key;
        bool masked;
    } keys[] = {
        {"password", true},
        {"Password", true},
        {"PASSWORD", true},
        {"db.password", true},
        {"db_password", true},
        {"db-password", true},
        {"userPassword", true},
        {"userPassword2", true},
        {"password_2", true},
        {"DBPassword", true},
        {"_password_", true},
        {"password_length", false},
        {"passwordless", false},
        {"nopassword", false},
        {"token", true},
        {"access_token", true},
        {"refreshToken", true},
        {"csrf.token", true},
        {"token_count", false},
        {"gen_ai.usage.input_tokens", false},
        {"http.request.header.authorization", true},
        {"Proxy-Authorization", true},
        {"authorized", false},
        {"http.response.header.set-cookie", true},
        {"cookies_enabled", false},
        {"X-Api-Key", true},
        {"apiKey", true},
        {"APIKey", true},
        {"apikey", true},
        {"key", false},
        {"monkey", false},
        {"private_key", true},
        {"client_secret", true},
        {"secretary", false},
        {"user", false},
        {"", false},
        {"123", false},
        {"\xc3\xa9", false},
    };
    use("default");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (redact_key(&rules, keys[i].key, strlen(keys[i].key)) != keys[i].masked)
            fail_msg("%s is %smasked", keys[i].key, keys[i].masked ? "not " : "");
    }
    use("none");
    assert_false(redact_key(&rules, "password", 8));
    use(" pin , Stripe-Key ");
    assert_true(redact_key(&rules, "cardPin", 7));
    assert_true(redact_key(&rules, "stripe_key", 10));
    assert_false(redact_key(&rules, "password", 8));
    static char longest[5000];
    memset(longest, 'x', sizeof longest);
    memcpy(longest + sizeof longest - 4, ".pin", 4);
    assert_true(redact_key(&rules, longest, sizeof longest));
}

static const struct text_case {
    const char *list, *text, *masked; /* NULL: as it is */
} texts[] = {
    {"default", "nothing to see", NULL},
    {"default", "", NULL},
    {"default", "Authorization: Bearer abcdef0123456789.x", "Authorization: Bearer [REDACTED]"},
    {"Default,pin", "Authorization: Bearer abcdef0123456789.x", "Authorization: Bearer [REDACTED]"},
    {"NONE", "Authorization: Bearer abcdef0123456789.x", NULL},
    {"default", "a Bearer of bad news", NULL},
    {"default", "\"Bearer abcdef0123456789\",\"b\"", "\"Bearer [REDACTED]\",\"b\""},
    {"default", "x=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln&y", "x=eyJ[REDACTED]&y"},
    {"default", "Bearer 123456789", "Bearer [REDACTED]"},
    {"default", "......Bearer 123456789", "......Bearer [REDACTED]"},
    {"default", "Bearer 123456789................", "Bearer [REDACTED]"},
    {"default", "................Bearer 123456789", "................Bearer [REDACTED]"},
    {"default", ",,,,,,,,,,,,,,Bearer 123456789,,,,,", ",,,,,,,,,,,,,,Bearer [REDACTED],,,,,"},
    {"default", "eyJ.eyJ", NULL},
    {"default", "Bearer Bearer abcdef0123456789", "Bearer Bearer [REDACTED]"},
    {"default", "Bearer abcdefghi Bearer jklmnopqr", "Bearer [REDACTED] Bearer [REDACTED]"},
    {"value:AKIA????????????????", "key AKIAIOSFODNN7EXAMPLE.", "key AKIA[REDACTED]."},
    {"value:AKIA????????????????", "key AKIAIOSFODNN7EXAM", NULL},
    {"value:hunter2", "the word is hunter2", "the word is [REDACTED]"},
    {"value:a\\*b", "1 a*b 2 axb", "1 [REDACTED] 2 axb"},
    {"value:sk-*", "sk-1,sk-,sk-22", "sk-[REDACTED],sk-,sk-[REDACTED]"},
    {"value:id=*;", "id=12;id=;id=34", "id=[REDACTED]id=;id=34"},
    {"value:ab*,value:ab??", "abcdef", "ab[REDACTED]"},
    {"value:@card", "card 4111 1111 1111 1111 paid", "card [REDACTED] paid"},
    {"value:@card", "4111-1111-1111-1111", "[REDACTED]"},
    {"value:@card", "5555555555554444", "[REDACTED]"},
    {"value:@card", "4111111111111112", NULL},
    {"value:@card", "a4111111111111111", NULL},
    {"value:@card", "4111111111111111f", NULL},
    {"value:@card", "94111111111111111111111111", NULL},
    {"value:@card", "41111111111", NULL},
};

static void texts_are_masked_where_a_pattern_covers_them(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct text_case *one = &texts[i];
        char out[200] = "";
        use(one->list);
        size_t size = redact_text(&rules, one->text, strlen(one->text), out, sizeof out - 1);
        assert_true(size < sizeof out);
        out[size] = '\0';
        const char *wanted = one->masked != NULL ? one->masked : "";
        if (strcmp(out, wanted) != 0)
            fail_msg("%s: \"%s\" gives \"%s\", expected \"%s\"", one->list, one->text, out, wanted);
    }
}

static void members_of_json_are_masked_at_any_depth(void **state) {
    (void)state;
    static const struct {
        const char *json, *masked;
    } values[] = {
        {"{\"a\":1}", ""},
        {"\"password\"", ""},
        {"[\"password\",\"x\"]", ""},
        {"{\"password\":\"x\"}", "{\"password\":\"[REDACTED]\"}"},
        {"{\"password\" : 17 , \"b\":2}", "{\"password\" : \"[REDACTED]\", \"b\":2}"},
        {"{\"password\":{\"a\":[1,\"}\"]},\"b\":2}", "{\"password\":\"[REDACTED]\",\"b\":2}"},
        {"[{\"u\":{\"apiKey\":null}}]", "[{\"u\":{\"apiKey\":\"[REDACTED]\"}}]"},
        {"{\"token\":\"a\\\"b\",\"c\":\"d\"}", "{\"token\":\"[REDACTED]\",\"c\":\"d\"}"},
        {"{\"token\":\"cut", "{\"token\":\"[REDACTED]\""},
        {"{\"token\":", "{\"token\":\"[REDACTED]\""},
        {"{\"token\"", ""},
    };
    use("default");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char out[200] = "";
        out[redact_json(&rules, values[i].json, strlen(values[i].json), out, sizeof out - 1)] =
            '\0';
        if (strcmp(out, values[i].masked) != 0)
            fail_msg("%s gives \"%s\", expected \"%s\"", values[i].json, out, values[i].masked);
    }
}

static void what_does_not_fit_says_so(void **state) {
    (void)state;
    char out[64];
    use("value:ab?,token");
    for (size_t room = 0; room < 20; room++) {
        size_t size = redact_text(&rules, "abcabcabc", 9, out, room);
        assert_true(size == REDACT_NO_ROOM);
        size = redact_json(&rules, "{\"token\":1234567890123}", 23, out, room);
        assert_true(size == REDACT_NO_ROOM);
    }
    assert_int_equal(redact_text(&rules, "nothing", 7, out, 0), 0);
}

static void bad_lists_are_refused_with_a_reason(void **state) {
    (void)state;
    static const struct {
        const char *list, *wrong;
    } lists[] = {
        {"value:*", "a pattern begins with two plain characters or more"},
        {"value:a?", "a pattern begins with two plain characters or more"},
        {"value:", "a rule is a key or value:PATTERN"},
        {"key:pin", "a rule is a key or value:PATTERN"},
        {"value:ab**", "behind * comes a plain character or nothing"},
        {"value:ab*?", "behind * comes a plain character or nothing"},
        {"a,_,b", "a key has 1 to 48 letters"},
        {"123", "a key has 1 to 48 letters"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a key has 1 to 48 letters"},
        {"value:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "a pattern has at most 64 characters"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const char *wrong = redact_parse(&rules, lists[i].list);
        if (wrong == NULL || strcmp(wrong, lists[i].wrong) != 0)
            fail_msg("\"%s\": \"%s\", expected \"%s\"", lists[i].list, wrong != NULL ? wrong : "",
                     lists[i].wrong);
    }
    char many[2000] = "";
    for (int i = 0; i < 97; i++)
        sprintf(many + strlen(many), "k%c%c,", 'a' + i / 26, 'a' + i % 26);
    assert_string_equal(redact_parse(&rules, many), "more than 96 keys");
    assert_string_equal(redact_check("value:*"),
                        "a pattern begins with two plain characters or more");
    many[49 * 4] = '\0';
    assert_string_equal(redact_check(many), "more than 48 keys");
    many[48 * 4] = '\0';
    assert_null(redact_check(many));
    many[0] = '\0';
    for (int i = 0; i < 17; i++)
        sprintf(many + strlen(many), "value:a%c*,", 'a' + i);
    assert_string_equal(redact_parse(&rules, many), "more than 16 patterns");
    many[9 * 10] = '\0';
    assert_string_equal(redact_check(many), "more than 8 patterns");
    use("default,default,default,default,default,default,default"); /* in once */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_masked_that_end_with_the_words_of_a_rule),
        cmocka_unit_test(texts_are_masked_where_a_pattern_covers_them),
        cmocka_unit_test(members_of_json_are_masked_at_any_depth),
        cmocka_unit_test(what_does_not_fit_says_so),
        cmocka_unit_test(bad_lists_are_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
