/* tests/unit/library_redact_test.c: secrets that were logged stand in no output of any dialect,
 * whoever writes it: the back, the caller, or recovery. */
#include "tests/unit/library_check.h"

#define SECRET "hunter2hunter2"
#define SECRET_JWT "eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyIjoiaHVudGVyMiJ9.aHVudGVyMg"

static void says_secrets(void) {
    char key[] = SECRET;
    spanlog_baggage_set("session_token", SECRET);
    spanlog_scope_kind(sp, SPANLOG_SERVER, "login", kv("user", "ann"), kv("password", key));
    spanlog_info("logged in", kv("http.request.header.authorization", "Basic " SECRET),
                 kv("apiKey", SECRET), kv("user", "ann"), kv("token_count", 3));
    spanlog_info("bytes", kv_n("client_secret", key, 14), kv_hex("private_key", key, 14));
    spanlog_info("numbers", kv("pin_token", 271828), kv("passwd", 2.71828), kv("secret", true));
    spanlog_info("in texts", kv("header", "Bearer " SECRET), kv("jwt", SECRET_JWT));
    spanlog_info("json", kv_json("body", "{\"user\":\"ann\",\"password\":\"" SECRET "\"}"));
    spanlog_infof("user=%s password=%s pin: %d", "ann", key, 3);
    spanlog_infof("\"access_token\": \"%*s\", secret='%.14s', n=%d", 20, key, key, 271829);
    spanlog_infof("Authorization: Bearer %s", key);
    spanlog_infof("authorization: basic %s for %s", key, "ann");
    spanlog_set(&sp, kv("cookie", key), kv("note", "Bearer " SECRET));
    spanlog_event(&sp, "refreshed", kv("refresh_token", key), kv("via", "Bearer " SECRET));
    spanlog_fail(&sp, "refused: Bearer " SECRET);
    spanlog_rename(&sp, "POST Bearer " SECRET);
}

static void assert_no_secret(const char *text, const char *where) {
    static const char *const secrets[] = {"hunter2", "Hunter2", "68756e74657232", "eyJhbGci",
                                          "271828",  "271829",  "2.71828",        "aHVudGVy"};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        if (strcmp(secrets[i], "271829") != 0 && strstr(text, secrets[i]) != NULL)
            fail_msg("%s has %s: %.6000s", where, secrets[i], text);
    }
}

static void no_dialect_says_a_secret(void **state) {
    (void)state;
    static const char *const dialects[] = {"json", "logfmt", "pretty",  "pretty_color", "ecs",
                                           "gcp",  "zap",    "datadog", "otlp"};
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
        for (int sync = 0; sync < 2; sync++) {
            char output[64];
            snprintf(output, sizeof output, "%s+stdout,json+file:log.jsonl", dialects[i]);
            with("SPANLOG_OUTPUT", output);
            with("SPANLOG_SYNC", sync ? "1" : "0");
            with("SPANLOG_BAGGAGE_KEYS", "session_token");
            with("OTEL_RESOURCE_ATTRIBUTES", "db.password=" SECRET ",team=core");
            struct run *run = run_child(says_secrets);
            assert_exit(run, 0);
            assert_no_secret(run->out, dialects[i]);
            assert_no_secret(run->log, "the file");
            assert_no_secret(run->err, "stderr");
            assert_non_null(strstr(run->out, "[REDACTED]"));
            assert_non_null(strstr(run->out, "ann"));
        }
    }
}

static void what_is_no_secret_stays(void **state) {
    (void)state;
    with("SPANLOG_BAGGAGE_KEYS", "session_token");
    with("OTEL_RESOURCE_ATTRIBUTES", "db.password=" SECRET ",team=core");
    struct run *run = run_child(says_secrets);
    const char *line = need_line(run, "msg", "logged in");
    assert_field(line, "user", "ann");
    assert_field(line, "token_count", "3");
    assert_field(line, "apiKey", "[REDACTED]");
    assert_field(line, "session_token", "[REDACTED]");
    assert_field(need_line(run, "msg", "process started"), "team", "core");
    assert_field(need_line(run, "msg", "process started"), "db.password", "[REDACTED]");
    assert_field(need_line(run, "msg", "numbers"), "secret", "[REDACTED]");
    assert_field(need_line(run, "msg", "in texts"), "header", "Bearer [REDACTED]");
    assert_field(need_line(run, "msg", "json"), "body",
                 "{\"user\":\"ann\",\"password\":\"[REDACTED]\"}");
    assert_count(run, "msg", "user=ann password=[REDACTED] pin: 3", 1);
    assert_count(run, "msg",
                 "\\\"access_token\\\": \\\"[REDACTED]\\\", secret='[REDACTED]', n=271829", 1);
    assert_count(run, "msg", "Authorization: Bearer [REDACTED]", 1);
    assert_count(run, "msg", "authorization: basic [REDACTED] for ann", 1);
    line = need_line(run, "msg", "span completed");
    assert_field(line, "operation", "POST Bearer [REDACTED]");
    assert_field(line, "error", "refused: Bearer [REDACTED]");
    assert_field(line, "cookie", "[REDACTED]");
    assert_says(field(line, "events"),
                "\"refresh_token\":\"[REDACTED]\",\"via\":\"Bearer [REDACTED]\"", 1);
}

static void says_secrets_and_dies(void) {
    spanlog_ctx none = {.flags = 0};
    spanlog_redact("iban");
    spanlog_begin(p, "left open", SPANLOG_INTERNAL, none, kv("password", SECRET));
    spanlog_info("first");
    check_equal(spanlog_flush(5000), 0);
    says_secrets();
    spanlog_info("last", kv("iban", SECRET), kv("open", p.open != NULL));
    kill(getpid(), SIGKILL);
}

static void recovery_says_no_secret_either(void **state) {
    (void)state;
    with("SPANLOG_REDACT", "default,via");
    with("OTEL_RESOURCE_ATTRIBUTES", "db.password=" SECRET);
    allow_torn_tail(true);
    assert_signal(run_child(says_secrets_and_dies), SIGKILL);
    allow_torn_tail(false);
    struct run *run = run_command("'%s' recover --dir journals", SPANLOG_TOOL);
    assert_exit(run, 0);
    assert_no_secret(run->log, "the recovered file");
    assert_field(need_line(run, "msg", "last"), "iban", "[REDACTED]");
    assert_field(need_line(run, "msg", "span abandoned"), "password", "[REDACTED]");
}

static void adds_rules_while_it_runs(void) {
    for (int i = 0; i < 3; i++) {
        spanlog_info("loop", kv("n", i), kv("iban", "DE" SECRET), kv("id", "cust-0815"));
        check_equal(spanlog_flush(5000), 0);
        if (i == 0)
            check_equal(spanlog_redact("iban", "value:cust-*"), 0);
    }
    check_equal(spanlog_redact("a:b"), -EINVAL);
    check_equal(spanlog_redact("value:*"), -EINVAL);
    check_equal(spanlog_redact(""), -EINVAL);
    int error = 0;
    for (int i = 0; i < 1000 && error == 0; i++) {
        char key[32];
        snprintf(key, sizeof key, "word%c%c%cs", 'a' + i / 676, 'a' + i / 26 % 26, 'a' + i % 26);
        error = spanlog_redact(key);
    }
    check_equal(error, -ENOSPC);
    spanlog_info("after", kv("iban", SECRET), kv("wordaaas", 1));
}

static void rules_can_be_added_while_it_runs(void **state) {
    (void)state;
    struct run *run = run_child(adds_rules_while_it_runs);
    assert_exit(run, 0);
    assert_field(need_line(run, "n", "0"), "iban", "DE" SECRET);
    assert_field(need_line(run, "n", "1"), "iban", "[REDACTED]");
    assert_field(need_line(run, "n", "1"), "id", "cust-[REDACTED]");
    assert_field(need_line(run, "msg", "after"), "iban", "[REDACTED]");
    assert_field(need_line(run, "msg", "after"), "wordaaas", "[REDACTED]");
}

static void adds_rules_before_it_starts_and_forks(void) {
    check_equal(spanlog_redact("iban"), 0);
    spanlog_config config = {.size = sizeof config, .settings = "redact = pin"};
    check_equal(spanlog_init(&config), 0);
    spanlog_info("parent", kv("iban", 1), kv("pin", 2), kv("password", "open"));
    if (fork() == 0) {
        spanlog_info("child", kv("iban", 1), kv("pin", 2), kv("password", "open"));
        exit(0);
    }
    wait(NULL);
}

static void rules_of_code_and_settings_hold_together_and_in_children(void **state) {
    (void)state;
    struct run *run = run_child(adds_rules_before_it_starts_and_forks);
    assert_exit(run, 0);
    for (int i = 0; i < 2; i++) {
        const char *line = need_line(run, "msg", i == 0 ? "parent" : "child");
        assert_field(line, "iban", "[REDACTED]");
        assert_field(line, "pin", "[REDACTED]");
        assert_field(line, "password", "open"); /* the list was replaced, not added to */
    }
}

static void says_a_password(void) {
    spanlog_info("one", kv("password", "open"), kv("n", 5));
    spanlog_infof("password=%s", "open");
}

static void none_masks_nothing(void **state) {
    (void)state;
    with("SPANLOG_REDACT", "none");
    struct run *run = run_child(says_a_password);
    assert_field(need_line(run, "msg", "one"), "password", "open");
    assert_count(run, "msg", "password=open", 1);
}

static void writes_a_rule_into_its_file(void) {
    FILE *file = fopen("spanlog.conf", "we");
    check(file != NULL);
    fputs("redact = none\n", file);
    fclose(file);
    for (int i = 0; i < 5000 && (i < 7 || system("grep -q REDACTED log.jsonl") != 0); i++) {
        spanlog_info("one", kv("i", i), kv("number", 5));
        check_equal(spanlog_flush(5000), 0);
        if (i == 5) {
            file = fopen("spanlog.conf", "we");
            check(file != NULL);
            fputs("redact = number\n", file);
            fclose(file);
        }
        sleep_ms(2);
    }
    spanlog_info("last", kv("number", 5));
}

static void rules_in_a_file_are_followed_while_it_runs(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    struct run *run = run_child(writes_a_rule_into_its_file);
    assert_exit(run, 0);
    assert_field(need_line(run, "i", "0"), "number", "5");
    assert_field(need_line(run, "msg", "last"), "number", "[REDACTED]");
}

static void fills_texts_with_secrets(void) {
    static char text[16000];
    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "abX", 3);
    for (int i = 0; i < 4; i++)
        spanlog_info("much", kv("a", text), kv("b", text), kv("c", text));
    spanlog_infof("%s", text);
}

static void more_than_there_is_room_for_is_masked_as_a_whole(void **state) {
    (void)state;
    with("SPANLOG_REDACT", "value:ab?");
    struct run *run = run_child(fills_texts_with_secrets);
    assert_exit(run, 0);
    assert_count(run, "msg", "much", 4);
    assert_says(run->log, "abX", 0);
    assert_field(need_line(run, "msg", "much"), "c", "[REDACTED]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(no_dialect_says_a_secret),
        sentence(what_is_no_secret_stays),
        sentence(recovery_says_no_secret_either),
        sentence(rules_can_be_added_while_it_runs),
        sentence(rules_of_code_and_settings_hold_together_and_in_children),
        sentence(none_masks_nothing),
        sentence(rules_in_a_file_are_followed_while_it_runs),
        sentence(more_than_there_is_room_for_is_masked_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
