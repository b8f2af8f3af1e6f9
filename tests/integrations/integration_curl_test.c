/* tests/integrations/integration_curl_test.c: <spanlog/curl.h>; what was sent is asked of the peer.
 */
#include "tests/integrations/peer.h"
#include "tests/unit/library_check.h"
#include <spanlog/curl.h>

static struct peer *peer;

static size_t ignore(char *data, size_t one, size_t size, void *arg) {
    (void)data, (void)arg;
    return one * size;
}

static const char *url_of(const char *path) {
    static char url[300];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", peer_port(peer), path);
    return url;
}

static CURL *handle_for(const char *path) {
    CURL *easy = curl_easy_init();
    check(easy != NULL);
    curl_easy_setopt(easy, CURLOPT_URL, *path == '/' ? url_of(path) : path);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 20000L);
    return easy;
}

static const char *peer_text(void) {
    char path[300];
    snprintf(path, sizeof path, "%s/peer.txt", run_directory());
    return read_text(path);
}

/* The peer got "traceparent: 00-TRACE-SPAN-.." of that span line. */
static void assert_peer_got(const char *line) {
    char expected[120];
    snprintf(expected, sizeof expected, "traceparent: 00-%s-%s-03", field(line, "trace_id"),
             field(line, "span_id"));
    assert_says(peer_text(), expected, 1);
}

/* ---- easy ---------------------------------------------------------------------------------- */

static void performs(void) {
    peer = peer_start();
    spanlog_scope(around, "around");
    struct curl_slist *mine = curl_slist_append(NULL, "X-Mine: 1");
    mine = curl_slist_append(mine, "X-Other: 2");
    CURL *easy = handle_for("/orders/7?token=x");
    spanlog_curl_call call = {.method = "GET",
                              .url = url_of("/orders/7?token=x"),
                              .route = "/orders/{id}",
                              .headers = mine};
    check_equal(spanlog_curl_perform(easy, &call), CURLE_OK);
    check(mine->next != NULL && mine->next->next == NULL); /* as it was */
    curl_easy_setopt(easy, CURLOPT_URL, url_of("/plain"));
    check_equal(curl_easy_perform(easy), CURLE_OK); /* the list is still set */
    curl_easy_cleanup(easy);
    curl_slist_free_all(mine);
    peer_stop(peer);
}

static void the_peer_gets_the_context_beside_the_programs_headers(void **state) {
    (void)state;
    struct run *run = run_child(performs);
    assert_exit(run, 0);
    const char *line = need_line(run, "operation", "GET /orders/{id}");
    assert_peer_got(line);
    assert_says(peer_text(), "X-Mine: 1\n", 2);
    assert_says(peer_text(), "X-Other: 2\n", 2);
    assert_says(peer_text(), "traceparent: ", 1);
    assert_field(line, "kind", "client");
    assert_field(line, "parent_id", field(need_line(run, "operation", "around"), "span_id"));
    assert_field(line, "server.address", "127.0.0.1");
    assert_field(line, "network.peer.address", "127.0.0.1");
    assert_field(line, "network.protocol.version", "1.1");
    assert_field(line, "status_code", "200");
    assert_non_null(strstr(field(line, "url.full"), "/orders/7?token=REDACTED"));
    const char *outcome = need_line(run, "msg", "http call done");
    assert_field(outcome, "span_id", field(line, "span_id"));
    assert_true(number_field(outcome, "elapsed_ms") >= 0);
}

static void says_nothing(void) {
    peer = peer_start();
    CURL *easy = handle_for("/a?sig=1");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "x");
    check_equal(spanlog_curl_perform(easy, NULL), CURLE_OK);
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(easy, CURLOPT_URL, url_of("/b"));
    check_equal(spanlog_curl_perform(easy, NULL), CURLE_OK);
    curl_easy_cleanup(easy);
    check_equal(spanlog_curl_perform(NULL, NULL), CURLE_BAD_FUNCTION_ARGUMENT);
    peer_stop(peer);
}

static void what_the_program_does_not_say_curl_knows(void **state) {
    (void)state;
    struct run *run = run_child(says_nothing);
    assert_exit(run, 0);
    const char *post = need_line(run, "operation", "POST"),
               *get = need_line(run, "operation", "GET");
    assert_non_null(strstr(field(post, "url.full"), "/a?sig=REDACTED"));
    assert_field(post, "http.request.method", "POST");
    assert_non_null(strstr(field(get, "url.full"), "/b"));
    assert_peer_got(post);
    assert_peer_got(get);
}

static void own_traceparent(void) {
    peer = peer_start();
    struct curl_slist *mine = curl_slist_append(
        NULL, "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    CURL *easy = handle_for("/");
    spanlog_curl_call call = {.headers = mine};
    check_equal(spanlog_curl_perform(easy, &call), CURLE_OK);
    curl_easy_cleanup(easy);
    curl_slist_free_all(mine);
    peer_stop(peer);
}

static void a_traceparent_of_the_programs_own_is_not_doubled(void **state) {
    (void)state;
    struct run *run = run_child(own_traceparent);
    assert_exit(run, 0);
    assert_says(peer_text(), "raceparent: ", 1);
    assert_says(peer_text(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 1);
}

static void fails_in_many_ways(void) {
    peer = peer_start();
    static const char *const paths[] = {"/status/404", "/status/500"};
    for (size_t i = 0; i < 2; i++) {
        CURL *easy = handle_for(paths[i]);
        spanlog_curl_call call = {.method = "GET", .route = paths[i]};
        check_equal(spanlog_curl_perform(easy, &call), CURLE_OK);
        curl_easy_cleanup(easy);
    }
    CURL *easy = handle_for("http://127.0.0.1:1/nobody");
    spanlog_curl_call call = {.method = "GET", .route = "/nobody"};
    check_equal(spanlog_curl_perform(easy, &call), CURLE_COULDNT_CONNECT);
    curl_easy_setopt(easy, CURLOPT_URL, url_of("/hang"));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 200L);
    call.route = "/hang";
    check_equal(spanlog_curl_perform(easy, &call), CURLE_OPERATION_TIMEDOUT);
    curl_easy_setopt(easy, CURLOPT_URL, "http://[");
    call.route = "/bad";
    check_equal(spanlog_curl_perform(easy, &call), CURLE_URL_MALFORMAT);
    curl_easy_cleanup(easy);
    /* the hanging connection keeps the peer's daemon: the process ends with it */
}

static void statuses_and_codes_of_curl_are_error_types(void **state) {
    (void)state;
    struct run *run = run_child(fails_in_many_ways);
    assert_exit(run, 0);
    static const char *const expected[][2] = {{"GET /status/404", "404"},
                                              {"GET /status/500", "500"},
                                              {"GET /nobody", "CURLE_COULDNT_CONNECT"},
                                              {"GET /hang", "CURLE_OPERATION_TIMEDOUT"},
                                              {"GET /bad", "CURLE_URL_MALFORMAT"}};
    for (size_t i = 0; i < 5; i++) {
        const char *line = need_line(run, "operation", expected[i][0]);
        assert_field(line, "error.type", expected[i][1]);
        assert_field(line, "status", "error");
    }
    assert_field(need_line(run, "operation", "GET /nobody"), "error", "Couldn't connect to server");
    assert_count(run, "msg", "http call refused", 2);
    assert_count(run, "msg", "http call failed", 3);
}

static unsigned forgotten;

static void forget(void *arg) {
    (void)arg;
    forgotten++;
}

static void retries(void) {
    peer = peer_start();
    CURL *easy = handle_for("/flaky");
    spanlog_curl_call call = {
        .method = "GET", .route = "/flaky", .retries = 5, .retry_ms = 10, .on_retry = forget};
    check_equal(spanlog_curl_perform(easy, &call), CURLE_OK);
    check_equal(forgotten, 2);
    curl_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1:1/");
    call = (spanlog_curl_call){.method = "POST", .route = "/gone", .retries = 2, .retry_ms = 1};
    check_equal(spanlog_curl_perform(easy, &call), CURLE_COULDNT_CONNECT);
    curl_easy_setopt(easy, CURLOPT_URL, url_of("/status/503"));
    call.route = "/once"; /* a POST that was answered is not repeated */
    check_equal(spanlog_curl_perform(easy, &call), CURLE_OK);
    curl_easy_cleanup(easy);
    peer_stop(peer);
}

static void retries_are_events_of_one_span(void **state) {
    (void)state;
    struct run *run = run_child(retries);
    assert_exit(run, 0);
    const char *line = need_line(run, "operation", "GET /flaky");
    assert_field(line, "status_code", "200");
    assert_says(line, "\"name\":\"retry\",\"attempt\":", 2);
    assert_says(line, "\"http.response.status_code\":503", 2);
    assert_says(peer_text(), "GET /flaky", 3);
    assert_says(need_line(run, "operation", "POST /gone"),
                "\"name\":\"retry\",\"attempt\":2,\"error.type\":\"CURLE_COULDNT_CONNECT\"", 1);
    assert_says(need_line(run, "operation", "POST /once"), "retry", 0);
}

static void redirected(void) {
    peer = peer_start();
    CURL *easy = handle_for("/to/there");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    spanlog_curl_call call = {.method = "GET", .url = url_of("/to/there")};
    check_equal(spanlog_curl_perform(easy, &call), CURLE_OK);
    curl_easy_cleanup(easy);
    peer_stop(peer);
}

static void a_redirect_is_an_event_and_the_context_goes_along(void **state) {
    (void)state;
    struct run *run = run_child(redirected);
    assert_exit(run, 0);
    const char *line = need_line(run, "operation", "GET");
    assert_says(line, "\"name\":\"redirected\"", 1);
    assert_says(line, "/there\",\"http.redirect_count\":1", 1);
    assert_non_null(strstr(field(line, "url.full"), "/to/there"));
    assert_says(peer_text(), field(line, "span_id"), 2);
}

static void unsampled(void) {
    peer = peer_start();
    spanlog_ctx ctx = {.trace_id = {0xab}, .span_id = {0xcd}, .flags = 0};
    spanlog_ctx_attach(ctx);
    CURL *easy = handle_for("/");
    check_equal(spanlog_curl_perform(easy, NULL), CURLE_OK);
    curl_easy_cleanup(easy);
    peer_stop(peer);
}

static void a_trace_that_is_not_sampled_goes_on_without_a_span(void **state) {
    (void)state;
    struct run *run = run_child(unsampled);
    assert_exit(run, 0);
    assert_count(run, "msg", "span completed", 0);
    assert_says(peer_text(), "traceparent: 00-ab000000000000000000000000000000-", 1);
    assert_says(peer_text(), "-cd00000000000000-", 0); /* the caller's; the call has its own */
    const char *sent = strstr(peer_text(), "traceparent: ") + strlen("traceparent: ");
    assert_memory_equal(sent + 52, "-00", 3);
}

/* ---- multi --------------------------------------------------------------------------------- */

enum { TRANSFERS = 40 };

static void drive(CURLM *multi, unsigned wanted) {
    unsigned done = 0;
    while (done < wanted) {
        int running, left;
        check_equal(curl_multi_perform(multi, &running), CURLM_OK);
        for (CURLMsg *message; (message = spanlog_curl_multi_info_read(multi, &left)) != NULL;) {
            CURL *easy = message->easy_handle;
            check_equal(message->msg, CURLMSG_DONE);
            spanlog_curl_multi_remove_handle(multi, easy);
            done++;
        }
        curl_multi_poll(multi, NULL, 0, 100, NULL);
    }
}

static void transfers_many(void) {
    peer = peer_start();
    CURLM *multi = curl_multi_init();
    CURL *easy[TRANSFERS];
    spanlog_scope(around, "around");
    for (unsigned round = 0; round < 2; round++) { /* the second with handles used again */
        for (unsigned i = 0; i < TRANSFERS; i++) {
            char path[32];
            snprintf(path, sizeof path, "/%u/%u", round, i);
            if (round == 0)
                easy[i] = handle_for(path);
            curl_easy_setopt(easy[i], CURLOPT_URL, url_of(path));
            spanlog_curl_call call = {
                .method = "GET", .url = url_of(path), .route = "/{round}/{i}"};
            check_equal(spanlog_curl_multi_add_handle(multi, easy[i], &call), CURLM_OK);
            check_equal(spanlog_curl_multi_add_handle(multi, easy[i], &call), CURLM_ADDED_ALREADY);
            spanlog_span span = spanlog_curl_span(easy[i]);
            spanlog_set(&span, kv("i", i));
        }
        drive(multi, TRANSFERS);
    }
    for (unsigned i = 0; i < TRANSFERS; i++)
        curl_easy_cleanup(easy[i]);
    curl_multi_cleanup(multi);
    peer_stop(peer);
}

static void transfers_of_a_multi_have_a_span_each(void **state) {
    (void)state;
    struct run *run = run_child(transfers_many);
    assert_exit(run, 0);
    const char *around = field(need_line(run, "operation", "around"), "span_id");
    assert_count(run, "operation", "GET /{round}/{i}", 2 * TRANSFERS);
    assert_count(run, "msg", "http call done", 2 * TRANSFERS);
    for (size_t i = 0; i < 2 * TRANSFERS; i++) {
        const char *line = find_line(run, "operation", "GET /{round}/{i}", i);
        assert_field(line, "parent_id", around);
        assert_field(line, "status_code", "200");
        assert_peer_got(line);
    }
}

static void cancels(void) {
    peer = peer_start();
    CURLM *multi = curl_multi_init();
    CURL *easy = handle_for("/hang"), *refused = handle_for("http://127.0.0.1:1/");
    spanlog_curl_call call = {.method = "GET", .route = "/hang"};
    int running;
    check_equal(spanlog_curl_multi_add_handle(multi, easy, &call), CURLM_OK);
    call.route = "/refused";
    check_equal(spanlog_curl_multi_add_handle(multi, refused, &call), CURLM_OK);
    for (int i = 0; i < 3; i++) {
        curl_multi_perform(multi, &running);
        curl_multi_poll(multi, NULL, 0, 20, NULL);
    }
    check_equal(spanlog_curl_multi_remove_handle(multi, easy), CURLM_OK);
    drive(multi, 1);
    check_equal(spanlog_curl_multi_add_handle(NULL, easy, &call), CURLM_BAD_HANDLE);
    curl_easy_cleanup(easy);
    curl_easy_cleanup(refused);
    curl_multi_cleanup(multi);
}

static void a_removed_transfer_is_cancelled_and_a_refused_one_fails(void **state) {
    (void)state;
    struct run *run = run_child(cancels);
    assert_exit(run, 0);
    assert_field(need_line(run, "operation", "GET /hang"), "error.type", "cancelled");
    assert_field(find_line(run, "operation", "GET /refused", 0), "error.type",
                 "CURLE_COULDNT_CONNECT");
    assert_field(find_line(run, "operation", "GET /refused", 1), "error.type", "not_added");
}

static void *call_from_a_thread(void *arg) {
    (void)arg;
    spanlog_scope(thread, "thread");
    for (int i = 0; i < 20; i++) {
        CURL *easy = curl_easy_init();
        char url[100];
        snprintf(url, sizeof url, "http://127.0.0.1:%u/t", peer_port(peer));
        curl_easy_setopt(easy, CURLOPT_URL, url);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        check_equal(spanlog_curl_perform(easy, NULL), CURLE_OK);
        curl_easy_cleanup(easy);
    }
    return NULL;
}

static void calls_from_threads(void) {
    pthread_t threads[4];
    curl_global_init(CURL_GLOBAL_DEFAULT);
    peer = peer_start();
    for (int i = 0; i < 4; i++)
        check_equal(pthread_create(&threads[i], NULL, call_from_a_thread, NULL), 0);
    for (int i = 0; i < 4; i++)
        check_equal(pthread_join(threads[i], NULL), 0);
    peer_stop(peer);
}

static void threads_do_not_mix_their_traces(void **state) {
    (void)state;
    struct run *run = run_child(calls_from_threads);
    assert_exit(run, 0);
    assert_count(run, "operation", "GET", 80);
    for (size_t i = 0; i < 4; i++) {
        const char *thread = find_line(run, "operation", "thread", i);
        assert_count(run, "parent_id", field(thread, "span_id"), 20);
        char expected[60];
        snprintf(expected, sizeof expected, "traceparent: 00-%s-", field(thread, "trace_id"));
        assert_says(peer_text(), expected, 20);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(the_peer_gets_the_context_beside_the_programs_headers),
        sentence(what_the_program_does_not_say_curl_knows),
        sentence(a_traceparent_of_the_programs_own_is_not_doubled),
        sentence(statuses_and_codes_of_curl_are_error_types),
        sentence(retries_are_events_of_one_span),
        sentence(a_redirect_is_an_event_and_the_context_goes_along),
        sentence(a_trace_that_is_not_sampled_goes_on_without_a_span),
        sentence(transfers_of_a_multi_have_a_span_each),
        sentence(a_removed_transfer_is_cancelled_and_a_refused_one_fails),
        sentence(threads_do_not_mix_their_traces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
