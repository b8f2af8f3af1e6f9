/* spanlog/microhttpd.h: a span of kind server around each request of a libmicrohttpd daemon.
 *
 *     static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, ...,
 *                                       void **state) {
 *         spanlog_http_route(spanlog_microhttpd_span(state), method, "/orders/{id}");
 *         spanlog_info("looking"); // in the request's span
 *         ...
 *     }
 *     static spanlog_microhttpd glue = {.handler = on_request};
 *     MHD_start_daemon(flags, port, NULL, NULL, spanlog_microhttpd_handler, &glue,
 *                      MHD_OPTION_NOTIFY_COMPLETED, spanlog_microhttpd_completed, &glue,
 *                      MHD_OPTION_END);
 *
 * The span begins at the handler's first call for a request, continuing the caller's trace, and
 * ends when libmicrohttpd is done with the request: its answer is sent, or the connection is lost
 * (error.type "client_abort", "timeout", "shutdown" or "error"). It is the current span during each
 * call of the handler, on any thread of a pool, and in none in between, so that suspended
 * connections are safe; what works on a request elsewhere attaches
 * spanlog_span_ctx(spanlog_microhttpd_span(state)). Attributes are those of <spanlog/http.h>.
 *
 * Link with spanlog::microhttpd (pkg-config spanlog-microhttpd).
 */
#ifndef SPANLOG_MICROHTTPD_H
#define SPANLOG_MICROHTTPD_H

#include <microhttpd.h>
#include <spanlog/http.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Must live as long as the daemon, which only reads it. */
typedef struct spanlog_microhttpd {
    MHD_AccessHandlerCallback handler; /* the program's own; it sees its own `state`, NULL first */
    void *handler_arg;
    MHD_RequestCompletedCallback completed; /* its own, called in the span; NULL: none */
    void *completed_arg;
    /* The pattern of a path, for http.route and the span's name; NULL: none. Optional. The text
     * must stay valid for the call. */
    const char *(*route)(void *arg, const char *method, const char *path);
    void *route_arg;
    const char *scheme; /* url.scheme: "https" for a daemon with TLS; NULL: "http" */
} spanlog_microhttpd;

/* To be given to MHD_start_daemon with a spanlog_microhttpd as its argument. Both must be. Without
 * memory for a request's state the request is refused, as libmicrohttpd itself does. */
SPANLOG__API enum MHD_Result
spanlog_microhttpd_handler(void *glue, struct MHD_Connection *connection, const char *url,
                           const char *method, const char *version, const char *upload_data,
                           size_t *upload_data_size, void **state);
SPANLOG__API void spanlog_microhttpd_completed(void *glue, struct MHD_Connection *connection,
                                               void **state, enum MHD_RequestTerminationCode why);

/* The request's span, out of the `state` that the program's handler was given. Valid until the
 * program's `completed` returns; one thread at a time. Never ended by the program. */
SPANLOG__API spanlog_span *spanlog_microhttpd_span(void **state);

/* Adds the trace's id to an answer that is for this request alone: SPANLOG_HTTP_TRACEPARENT,
 * SPANLOG_HTTP_X_TRACE_ID or both. NULL response: nothing. */
SPANLOG__API void spanlog_microhttpd_answer_headers(void **state, unsigned which,
                                                    struct MHD_Response *response);

#ifdef __cplusplus
}
#endif

#endif
