/* tests/integrations/integration_microhttpd_test.c: <spanlog/microhttpd.h>. The peer is a plain
 * socket: what it received is compared with what the log says. */
#include "tests/unit/library_check.h"
#include <spanlog/microhttpd.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define TRACEPARENT "traceparent: 00-" TRACE "-" SPAN "-01\r\n"

static uint16_t port;
static struct MHD_Daemon *daemon_;
static spanlog_microhttpd glue;

/* ---- the peer ------------------------------------------------------------------------------ */

static int connect_to_daemon(void) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    check(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    check_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Sends a request and reads to the connection's end. */
static const char *ask(const char *request, char *ret_answer, size_t size) {
    int fd = connect_to_daemon();
    size_t sent = 0, length = strlen(request), got = 0;
    while (sent < length) {
        ssize_t part = send(fd, request + sent, length - sent, MSG_NOSIGNAL);
        if (part <= 0)
            break;
        sent += (size_t)part;
    }
    for (ssize_t part; (part = recv(fd, ret_answer + got, size - 1 - got, 0)) > 0;)
        got += (size_t)part;
    ret_answer[got] = '\0';
    close(fd);
    return ret_answer;
}

static char answer[4096];

static const char *get_url(const char *path, const char *headers) {
    char request[4096];
    snprintf(request, sizeof request,
             "GET %s HTTP/1.1\r\nHost: shop.example:8080\r\nConnection: close\r\n%s\r\n", path,
             headers);
    return ask(request, answer, sizeof answer);
}

/* ---- the server ---------------------------------------------------------------------------- */

static pthread_t worker;
static struct MHD_Connection *suspended;
static spanlog_ctx suspended_ctx;

/* Works on a suspended request, elsewhere. */
static void *work(void *unused) {
    (void)unused;
    spanlog_ctx before = spanlog_ctx_attach(suspended_ctx);
    spanlog_info("worked elsewhere");
    spanlog_ctx_attach(before);
    MHD_resume_connection(suspended);
    return NULL;
}

static enum MHD_Result answer_with(struct MHD_Connection *connection, void **state,
                                   unsigned status) {
    static char body[] = "hello";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(5, body, MHD_RESPMEM_PERSISTENT);
    spanlog_microhttpd_answer_headers(state, SPANLOG_HTTP_TRACEPARENT | SPANLOG_HTTP_X_TRACE_ID,
                                      response);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static unsigned begun;

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_size, void **state) {
    (void)arg, (void)version, (void)body;
    spanlog_info("handler called", kv("url", url));
    if (*state == NULL) {
        *state = &glue; /* the program's own */
        __atomic_add_fetch(&begun, 1, __ATOMIC_RELEASE);
        spanlog_http_route(spanlog_microhttpd_span(state), method,
                           strncmp(url, "/orders/", 8) == 0 ? "/orders/{id}" : NULL);
        return MHD_YES;
    }
    if (*body_size > 0) {
        *body_size = 0;
        return MHD_YES;
    }
    if (strcmp(url, "/later") == 0 && suspended == NULL) {
        suspended = connection;
        suspended_ctx = spanlog_span_ctx(spanlog_microhttpd_span(state));
        MHD_suspend_connection(connection);
        check_equal(pthread_create(&worker, NULL, work, NULL), 0);
        return MHD_YES;
    }
    if (strcmp(url, "/refuse") == 0)
        return MHD_NO;
    return answer_with(connection, state,
                       strncmp(url, "/status/", 8) == 0 ? (unsigned)atoi(url + 8) : 200);
}

static unsigned completed;

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why) {
    (void)connection, (void)why;
    check(arg == &completed && (*state == &glue || *state == NULL));
    spanlog_info("completed");
    __atomic_add_fetch(&completed, 1, __ATOMIC_RELAXED);
}

static void start_daemon(unsigned threads) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    glue = (spanlog_microhttpd){
        .handler = on_request, .completed = on_completed, .completed_arg = &completed};
    daemon_ = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
        spanlog_microhttpd_handler, &glue, MHD_OPTION_NOTIFY_COMPLETED,
        spanlog_microhttpd_completed, &glue, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_CONNECTION_LIMIT,
        threads > 1 ? threads : 64u, MHD_OPTION_END);
    check(daemon_ != NULL);
    port = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT)->port;
}

/* ---- tests --------------------------------------------------------------------------------- */

static void serves_one(void) {
    start_daemon(1);
    printf("%s", get_url("/orders/7?full=1&token=x", TRACEPARENT "User-Agent: peer/1\r\n"));
    MHD_stop_daemon(daemon_);
    check_equal(completed, 1);
}

static void the_peer_gets_the_trace_of_the_span(void **state) {
    (void)state;
    struct run *run = run_child(serves_one);
    assert_exit(run, 0);
    const char *line = need_line(run, "operation", "GET /orders/{id}");
    char expected[120];
    snprintf(expected, sizeof expected, "traceparent: 00-" TRACE "-%s-01\r\n",
             field(line, "span_id"));
    assert_says(run->out, expected, 1);
    assert_says(run->out, "X-Trace-ID: " TRACE "\r\n", 1);
    assert_field(line, "kind", "server");
    assert_field(line, "trace_id", TRACE);
    assert_field(line, "parent_id", SPAN);
    assert_field(line, "url.path", "/orders/7");
    assert_field(line, "url.query", "full=1&token=REDACTED");
    assert_field(line, "server.address", "shop.example");
    assert_field(line, "server.port", "8080");
    assert_field(line, "client.address", "127.0.0.1");
    assert_field(line, "network.protocol.version", "1.1");
    assert_field(line, "user_agent.original", "peer/1");
    assert_field(line, "status_code", "200");
    assert_count(run, "span_id", field(line, "span_id"), 4); /* two calls, completed, the span */
}

static void serves_statuses(void) {
    start_daemon(1);
    get_url("/status/404", "");
    get_url("/status/503", "");
    check_equal(strlen(get_url("/refuse", "")), 0);
    MHD_stop_daemon(daemon_);
}

static void statuses_and_refusals_are_told(void **state) {
    (void)state;
    struct run *run = run_child(serves_statuses);
    assert_exit(run, 0);
    const char *line = need_line(run, "url.path", "/status/404");
    assert_field(line, "status_code", "404");
    assert_no_field(line, "status");
    line = need_line(run, "url.path", "/status/503");
    assert_field(line, "status", "error");
    assert_field(line, "error.type", "503");
    line = need_line(run, "url.path", "/refuse");
    assert_field(line, "status", "error");
    assert_no_field(line, "status_code");
}

static void serves_later(void) {
    start_daemon(4);
    check(strstr(get_url("/later", TRACEPARENT), "200 OK") != NULL);
    pthread_join(worker, NULL);
    MHD_stop_daemon(daemon_);
}

static void a_suspended_request_keeps_its_span(void **state) {
    (void)state;
    struct run *run = run_child(serves_later);
    assert_exit(run, 0);
    const char *line = need_line(run, "url.path", "/later");
    assert_field(need_line(run, "msg", "worked elsewhere"), "span_id", field(line, "span_id"));
    assert_count(run, "span_id", field(line, "span_id"), 6); /* three calls */
    assert_field(line, "status_code", "200");
}

static void hang_up(void) {
    start_daemon(1);
    int fd = connect_to_daemon();
    static const char half[] =
        "POST /upload HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000\r\n\r\nhalf";
    check_equal(send(fd, half, sizeof half - 1, 0), sizeof half - 1);
    for (int i = 0; i < 500 && __atomic_load_n(&begun, __ATOMIC_ACQUIRE) == 0; i++)
        sleep_ms(10);
    close(fd);
    for (int i = 0; i < 2000 && __atomic_load_n(&completed, __ATOMIC_RELAXED) == 0; i++)
        sleep_ms(10); /* or stopping would be the reason */
    MHD_stop_daemon(daemon_);
    check_equal(completed, 1);
}

static void an_aborted_connection_fails_the_span(void **state) {
    (void)state;
    struct run *run = run_child(hang_up);
    assert_exit(run, 0);
    const char *line = need_line(run, "url.path", "/upload");
    assert_field(line, "status", "error");
    assert_field(line, "error.type", "client_abort");
    assert_no_field(line, "status_code");
}

static void serves_rubbish(void) {
    static char request[60000];
    start_daemon(1);
    memset(request, 'x', sizeof request - 1);
    memcpy(request, "GET /huge HTTP/1.1\r\nHost: ", 26);
    memcpy(request + sizeof request - 5, "\r\n\r\n", 4);
    ask(request, answer, sizeof answer); /* libmicrohttpd refuses: 431 */
    printf("%.12s\n", answer);
    get_url("/two", TRACEPARENT TRACEPARENT);
    get_url("/joined", "User-Agent: one\r\nAccept: x\r\nUSER-AGENT: two\r\nuser-agent: three\r\n");
    get_url("/empty", "traceparent:\r\n" TRACEPARENT);
    get_url("/bad", "traceparent: 00-" TRACE "-" SPAN "\r\n");
    ask("\r\n\r\nrubbish\r\n\r\n", answer, sizeof answer);
    get_url("/%00%ff?%3d&&=&a%26token=1", "");
    ask("BREW /pot HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", answer, sizeof answer);
    ask("GET /old HTTP/1.0\r\n\r\n", answer, sizeof answer);
    MHD_stop_daemon(daemon_);
}

static void hostile_requests_are_served_or_refused(void **state) {
    (void)state;
    struct run *run = run_child(serves_rubbish);
    assert_exit(run, 0);
    assert_no_field(need_line(run, "url.path", "/two"), "parent_id");
    assert_field(need_line(run, "url.path", "/joined"), "user_agent.original", "one,two,three");
    assert_no_field(need_line(run, "url.path", "/empty"), "parent_id");
    assert_no_field(need_line(run, "url.path", "/bad"), "parent_id");
    assert_field(need_line(run, "url.path", "/pot"), "http.request.method", "_OTHER");
    assert_field(need_line(run, "url.path", "/old"), "network.protocol.version", "1.0");
}

static void *ask_many(void *arg) {
    char request[300], reply[1000];
    snprintf(request, sizeof request,
             "GET /orders/%d HTTP/1.1\r\nHost: shop\r\nConnection: close\r\ntraceparent: "
             "00-%032x-" SPAN "-01\r\n\r\n",
             *(int *)arg, *(int *)arg);
    for (int i = 0; i < 50; i++)
        check(strstr(ask(request, reply, sizeof reply), "200 OK") != NULL);
    return NULL;
}

static void serves_many(void) {
    pthread_t threads[4];
    int numbers[] = {1, 2, 3, 4};
    start_daemon(4);
    for (int i = 0; i < 4; i++)
        check_equal(pthread_create(&threads[i], NULL, ask_many, &numbers[i]), 0);
    for (int i = 0; i < 4; i++)
        check_equal(pthread_join(threads[i], NULL), 0);
    MHD_stop_daemon(daemon_);
    check_equal(completed, 200);
}

static void a_pool_of_threads_does_not_mix_requests(void **state) {
    (void)state;
    struct run *run = run_child(serves_many);
    assert_exit(run, 0);
    assert_count(run, "operation", "GET /orders/{id}", 200);
    for (int i = 1; i <= 4; i++) {
        char trace_id[40], path[20];
        snprintf(trace_id, sizeof trace_id, "%032x", i);
        snprintf(path, sizeof path, "/orders/%d", i);
        assert_count(run, "trace_id", trace_id, 200);
        assert_count(run, "url.path", path, 50);
        assert_count(run, "url", path, 100);
    }
    assert_count(run, "msg", "records dropped", 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(the_peer_gets_the_trace_of_the_span),
        sentence(statuses_and_refusals_are_told),
        sentence(a_suspended_request_keeps_its_span),
        sentence(an_aborted_connection_fails_the_span),
        sentence(hostile_requests_are_served_or_refused),
        sentence(a_pool_of_threads_does_not_mix_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
