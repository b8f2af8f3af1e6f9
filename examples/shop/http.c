/* http: see http.h. The two places to copy from are http_start (incoming requests continue the
 * caller's trace) and perform (an outgoing one passes it on). */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <spanlog/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 4, CALL_TIMEOUT_MS = 5000 };

static spanlog_logger http = SPANLOG_LOGGER("http");

/* ---- the server ------------------------------------------------------------------------- */

/* Whether `path` has the shape of `pattern`; copies what stands for {name}. */
static bool match(const char *pattern, const char *path, char *ret_parameter, size_t size) {
    ret_parameter[0] = 0;
    while (*pattern != 0) {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        size_t length = strcspn(path, "/");
        if (length == 0 || length >= size)
            return false;
        memcpy(ret_parameter, path, length);
        ret_parameter[length] = 0;
        path += length;
        pattern += strcspn(pattern, "}") + 1;
    }
    return *path == 0;
}

static const http_route *find_route(const http_route *routes, const char *method,
                                    http_request *request) {
    for (const http_route *route = routes; route->method != NULL; route++)
        if (strcmp(route->method, method) == 0 &&
            match(route->path, request->path, request->parameter, sizeof request->parameter))
            return route;
    return NULL;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, void **state,
                                  http_reply *reply) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(reply->body), reply->body, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    /* So that who complains about an answer can say which trace it was. */
    spanlog_microhttpd_answer_headers(state, SPANLOG_HTTP_X_TRACE_ID, response);
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_size, void **state) {
    (void)version, (void)body;
    const http_server *server = arg;
    static char headers_seen;
    if (*state == NULL) { /* the first call has the headers only; answer when the body is in */
        *state = &headers_seen;
        return MHD_YES;
    }
    if (*body_size > 0) { /* no route takes a body */
        *body_size = 0;
        return MHD_YES;
    }
    http_request request = {
        .path = path, .span = spanlog_microhttpd_span(state), .connection = connection};
    http_reply reply = {0};
    const http_route *route = find_route(server->routes, method, &request);
    if (route != NULL) {
        spanlog_http_route(request.span, method, route->path);
        route->handle(&request, &reply);
    } else {
        http_answer(&reply, 404, "{\"error\":\"no such route\"}");
    }
    return send_reply(connection, state, &reply);
}

/* What libmicrohttpd has to say goes into the same log. */
__attribute__((format(printf, 2, 0))) static void
on_server_message(void *unused, const char *format, va_list arguments) {
    (void)unused;
    char text[256];
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = 0;
    spanlog_warn_to(http, "libmicrohttpd", kv("text", text));
}

int http_start(http_server *server) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(server->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    curl_global_init(CURL_GLOBAL_DEFAULT); /* not thread-safe: before the workers */
    server->glue = (spanlog_microhttpd){.handler = on_request, .handler_arg = server};
    server->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_USE_ERROR_LOG, server->port, NULL,
        NULL, spanlog_microhttpd_handler, &server->glue, MHD_OPTION_EXTERNAL_LOGGER,
        on_server_message, NULL, MHD_OPTION_NOTIFY_COMPLETED, spanlog_microhttpd_completed,
        &server->glue, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)WORKERS, MHD_OPTION_END);
    if (server->daemon == NULL)
        return errno != 0 ? -errno : -EADDRINUSE;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (info != NULL)
        server->port = info->port;
    return 0;
}

void http_stop(http_server *server) {
    MHD_stop_daemon(server->daemon);
    curl_global_cleanup();
}

const char *http_query(const http_request *request, const char *name) {
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

int http_query_number(const http_request *request, const char *name, int max) {
    const char *text = http_query(request, name);
    char *end;
    if (text == NULL || *text == 0)
        return 0;
    long number = strtol(text, &end, 10);
    return *end == 0 && number >= 1 && number <= max ? (int)number : 0;
}

void http_answer(http_reply *reply, int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reply->body, sizeof reply->body, format, arguments);
    va_end(arguments);
    reply->status = status;
}

/* ---- the client ------------------------------------------------------------------------- */

static size_t on_body(char *data, size_t one, size_t size, void *arg) {
    http_reply *reply = arg;
    size_t used = strlen(reply->body), room = sizeof reply->body - 1 - used;
    memcpy(reply->body + used, data, size < room ? size : room); /* zeroed before: ends with NUL */
    return one * size;
}

static CURLcode perform(const char *method, const char *route, const char *url,
                        http_reply *ret_reply) {
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        return CURLE_FAILED_INIT;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret_reply);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)CALL_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    if (strcmp(method, "POST") == 0)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    /* A handle, so a connection, per call: on one that is used again curl would send a POST twice
     * when the server dies over the first. */
    spanlog_curl_call call = {.method = method, .url = url, .route = route};
    CURLcode code = spanlog_curl_perform(curl, &call);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    ret_reply->status = (int)status;
    curl_easy_cleanup(curl);
    return code;
}

int http_call(const char *method, uint16_t port, const char *route, const char *path,
              http_reply *ret_reply) {
    char url[512];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
    *ret_reply = (http_reply){0};
    CURLcode code = perform(method, route, url, ret_reply);
    if (code == CURLE_OK)
        return 0;
    http_answer(ret_reply, 0, "%s", curl_easy_strerror(code));
    return -EHOSTUNREACH;
}
