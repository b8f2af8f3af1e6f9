/* w3c: the service that the test harness of W3C's trace-context talks to.
 *
 *     example-w3c 5000
 *     python test.py http://127.0.0.1:5000/test     of github.com/w3c/trace-context
 *
 *     curl -d '[{"url":"http://127.0.0.1:8080/","arguments":[1]}]' http://127.0.0.1:5000/test
 *
 * A request brings a JSON array of {"url", "arguments"}. Each url gets a POST with its arguments as
 * the body, in the trace that came in; the answer is the array of their statuses, 0 for none.
 *
 * It calls whatever it is told to: listens on 127.0.0.1 only, and takes http:// only.
 */
#define SPANLOG_LOGGER_NAME "w3c"
#include <spanlog/curl.h>
#include <spanlog/microhttpd.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BODY = 1 << 20, MOST_CALLS = 100, CALL_TIMEOUT_MS = 5000 };

/* ---- the calls ---------------------------------------------------------------------------- */

static size_t ignore_answer(char *data, size_t one, size_t size, void *unused) {
    (void)data, (void)unused;
    return one * size;
}

/* Returns the status of the answer, 0 without one. */
static int call(const char *url, const char *arguments) {
    long status = 0;
    CURL *curl = strncmp(url, "http://", 7) == 0 ? curl_easy_init() : NULL;
    if (curl == NULL) {
        spanlog_warn("not called", kv("url", url));
        return 0;
    }
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, arguments);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore_answer);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)CALL_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    spanlog_curl_perform(curl,
                         &(spanlog_curl_call){.method = "POST", .url = url, .headers = headers});
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return (int)status;
}

/* SQLite reads the JSON: a row for each element, its arguments as they came. */
static const char each_call[] =
    "SELECT json_extract(value, '$.url'), json_quote(json_extract(value, '$.arguments'))"
    " FROM json_each(?)";

struct answer {
    unsigned status;
    char text[8 + 4 * MOST_CALLS];
};

static void make_calls(sqlite3_stmt *calls, struct answer *answer) {
    size_t used = 0;
    int result = SQLITE_ROW;
    for (int i = 0; i < MOST_CALLS && (result = sqlite3_step(calls)) == SQLITE_ROW; i++) {
        const char *url = (const char *)sqlite3_column_text(calls, 0);
        const char *arguments = (const char *)sqlite3_column_text(calls, 1);
        int status = url != NULL && arguments != NULL ? call(url, arguments) : 0;
        used += (size_t)snprintf(answer->text + used, sizeof answer->text - used, "%c%d",
                                 i == 0 ? '[' : ',', status % 1000);
    }
    snprintf(answer->text + used, sizeof answer->text - used, used == 0 ? "[]" : "]");
    answer->status = result == SQLITE_DONE ? 200 : 400;
}

static void work_through(const char *body, struct answer *answer) {
    sqlite3 *json = NULL;
    sqlite3_stmt *calls = NULL;
    if (sqlite3_open(":memory:", &json) == SQLITE_OK &&
        sqlite3_prepare_v2(json, each_call, -1, &calls, NULL) == SQLITE_OK) {
        sqlite3_bind_text(calls, 1, body, -1, SQLITE_STATIC);
        make_calls(calls, answer);
    }
    if (answer->status != 200)
        spanlog_warn("bad list of calls", kv("reason", sqlite3_errmsg(json)),
                     kv("most", MOST_CALLS));
    sqlite3_finalize(calls);
    sqlite3_close(json);
}

/* ---- the server --------------------------------------------------------------------------- */

/* What a request keeps between calls of its handler. */
struct request {
    char *body;
    size_t size;
    bool too_long;
};

static void add_to_body(struct request *request, const char *data, size_t size) {
    char *longer =
        request->size + size < MOST_BODY ? realloc(request->body, request->size + size + 1) : NULL;
    if (longer == NULL) {
        request->too_long = true;
        return;
    }
    memcpy(longer + request->size, data, size);
    request->body = longer;
    request->size += size;
    longer[request->size] = '\0';
}

static void handle(const char *method, const char *path, const struct request *request,
                   struct answer *answer) {
    if (strcmp(path, "/test") != 0)
        answer->status = 404;
    else if (strcmp(method, "POST") != 0)
        answer->status = 405;
    else if (request->too_long)
        answer->status = 413;
    else
        work_through(request->body != NULL ? request->body : "", answer);
}

static enum MHD_Result on_request(void *unused, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state) {
    (void)unused, (void)version;
    if (*state == NULL) { /* the first call has the headers only */
        *state = calloc(1, sizeof(struct request));
        return *state != NULL ? MHD_YES : MHD_NO;
    }
    if (*size > 0) {
        add_to_body(*state, data, *size);
        *size = 0;
        return MHD_YES;
    }
    struct answer answer = {.status = 500, .text = "[]"};
    handle(method, path, *state, &answer);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(answer.text), answer.text, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result result = MHD_queue_response(connection, answer.status, response);
    MHD_destroy_response(response);
    return result;
}

static void on_completed(void *unused, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why) {
    (void)unused, (void)connection, (void)why;
    struct request *request = *state;
    if (request != NULL)
        free(request->body);
    free(request);
    *state = NULL;
}

static const char *route_of(void *unused, const char *method, const char *path) {
    (void)unused, (void)method;
    return strcmp(path, "/test") == 0 ? "/test" : NULL;
}

static spanlog_microhttpd glue = {
    .handler = on_request, .completed = on_completed, .route = route_of};

/* A thread for each connection: what is called here may call back before it answers. */
static struct MHD_Daemon *listen_on(uint16_t port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, port,
                            NULL, NULL, spanlog_microhttpd_handler, &glue,
                            MHD_OPTION_NOTIFY_COMPLETED, spanlog_microhttpd_completed, &glue,
                            MHD_OPTION_CONNECTION_LIMIT, 64u, MHD_OPTION_SOCK_ADDR,
                            (struct sockaddr *)&address, MHD_OPTION_END);
}

int main(int argc, char **argv) {
    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGTERM);
    sigaddset(&stop_signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop_signals, NULL); /* the server's threads inherit it */
    signal(SIGPIPE, SIG_IGN);

    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct MHD_Daemon *daemon = listen_on((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
    if (daemon == NULL) {
        perror("example-w3c: cannot listen");
        return 1;
    }
    printf("listening on http://127.0.0.1:%d/test\n",
           MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    int stop_signal;
    sigwait(&stop_signals, &stop_signal);
    MHD_stop_daemon(daemon);
    curl_global_cleanup();
    return 0;
}
