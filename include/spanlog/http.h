/* spanlog/http.h: spans for any HTTP server and client, named by OpenTelemetry's conventions.
 *
 * A server, whatever it is made with, says what came in and reads headers for us:
 *
 *     spanlog_http_request request = {.method = "GET", .target = "/orders/7?full=1",
 *                                     .route = "/orders/{id}", .get = read_header, .arg = message};
 *     spanlog_span span = spanlog_http_server_begin(&request);
 *     spanlog_ctx before = spanlog_ctx_attach(spanlog_span_ctx(&span));
 *     int status = handle(message);
 *     spanlog_ctx_attach(before);
 *     spanlog_http_server_end(&span, status);
 *
 * A client hands its request's headers to be written:
 *
 *     spanlog_http_call call = {.method = "GET", .url = url, .route = "/orders/{id}",
 *                               .set = write_header, .arg = message};
 *     spanlog_span span = spanlog_http_client_begin(&call);
 *     int status = send(message);
 *     spanlog_http_client_end(&span, status, status == 0 ? "ECONNREFUSED" : NULL);
 *
 * Link with spanlog::http (pkg-config spanlog-http). For libmicrohttpd there is
 * <spanlog/microhttpd.h>, for libcurl <spanlog/curl.h>. All functions may be called from any
 * thread; one thread at a time uses a span. Texts are copied before a call returns; NULL texts are
 * left out.
 */
#ifndef SPANLOG_HTTP_H
#define SPANLOG_HTTP_H

#include <spanlog/spanlog.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spanlog_http_request {
    const char *method;         /* http.request.method; NULL or none of HTTP's: "_OTHER" */
    const char *route;          /* http.route: the pattern, not the path. NULL: not known (yet) */
    const char *target;         /* path and query as they came; secrets of the query are masked */
    const char *scheme;         /* url.scheme */
    const char *version;        /* network.protocol.version: "1.1", or "HTTP/1.1" */
    const char *client_address; /* client.address */
    const char *server_address; /* server.address; NULL: from the header Host, and so the port */
    uint16_t server_port;       /* server.port; 0: not known */
    spanlog_get_header get;     /* reads traceparent, host, user-agent; NULL: no headers */
    void *arg;                  /* of get */
} spanlog_http_request;

/* Begins a span of kind server that continues the caller's trace, or begins a new one. It is named
 * "GET /orders/{id}", "GET" without a route. The span is not made current. NULL: an empty request.
 */
SPANLOG__API spanlog_span spanlog_http_server_begin(const spanlog_http_request *request);
/* For routes that are known only after the begin: sets http.route and the name. */
SPANLOG__API void spanlog_http_route(spanlog_span *span, const char *method, const char *route);
/* Ends it. The status is written as status_code. 500 and above are errors (error.type is the
 * number), 400 to 499 leave the span's status unset, as the conventions have it for servers. A
 * status of 0: the connection ended before an answer; an error with error.type "no_answer". */
SPANLOG__API void spanlog_http_server_end(spanlog_span *span, int status);

#define SPANLOG_HTTP_TRACEPARENT 1u /* traceparent: 00-...-...-01 */
#define SPANLOG_HTTP_X_TRACE_ID                                                                    \
    2u /* X-Trace-ID: 32 hex digits, for people who report a failure                               \
        */
/* Writes what of the two is asked for as headers of the answer; nothing for a zero ctx. */
SPANLOG__API void spanlog_http_answer_headers(spanlog_ctx ctx, unsigned which,
                                              spanlog_set_header set, void *arg);

typedef struct spanlog_http_call {
    const char *method;     /* as above */
    const char *url;        /* url.full without credentials and secrets; server.address and .port */
    const char *route;      /* url.template, in the name: "GET /orders/{id}"; NULL: "GET" */
    spanlog_set_header set; /* writes the headers to send; NULL: the trace is not passed on */
    void *arg;              /* of set */
} spanlog_http_call;

/* Begins a span of kind client below the thread's current span and writes its context into the
 * request's headers. The span is not made current. NULL: an empty call. */
SPANLOG__API spanlog_span spanlog_http_client_begin(const spanlog_http_call *call);
/* The attributes of an URL on a span; spanlog_http_client_begin does it when call->url is there. */
SPANLOG__API void spanlog_http_url(spanlog_span *span, const char *url);
/* Ends it. For a client 400 and above are errors (error.type is the number). `error` says why there
 * was no answer, or why it was not complete: a short, countable word; NULL: none. A status of 0 or
 * less: there was none. */
SPANLOG__API void spanlog_http_client_end(spanlog_span *span, int status, const char *error);

/* Copies an URL or the target of a request without what must not be logged: user and password
 * become "REDACTED", and so the values of query parameters whose name tells of a secret (token,
 * secret, password, signature, key ...); a fragment is left out. Always ends with NUL; what does
 * not fit is cut. Returns the length. NULL: "". */
SPANLOG__API size_t spanlog_http_redact(const char *url, char *ret_text, size_t size);
/* The host and the port of an URL, or of what the header Host has: "[::1]:8080". The port is the
 * scheme's when the URL has none, 0 when that is not known. Returns 0, or -EINVAL when there is no
 * host, or one that does not fit; then *ret_port is 0 and the text "". */
SPANLOG__API int spanlog_http_host(const char *url, char *ret_host, size_t size,
                                   uint16_t *ret_port);

#ifdef __cplusplus
}
#endif

#endif
