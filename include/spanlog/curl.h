/* spanlog/curl.h: a span of kind client around each transfer of libcurl, easy and multi.
 *
 *     CURL *easy = curl_easy_init();
 *     curl_easy_setopt(easy, CURLOPT_URL, url);
 *     CURLcode code = spanlog_curl_perform(easy, &(spanlog_curl_call){
 *         .method = "GET", .url = url, .route = "/orders/{id}", .headers = my_headers});
 *
 * in place of curl_easy_perform sends `traceparent`, with what else the program's propagators
 * write, beside the program's own headers, and writes the span and a record of the outcome:
 *
 *     {"msg":"http call done",...,"http.request.method":"GET","url.full":"http://...",
 *      "http.response.status_code":200,"elapsed_ms":3.1}
 *
 * With multi, the three functions below stand in for curl_multi_add_handle, curl_multi_info_read
 * and curl_multi_remove_handle; the span ends at CURLMSG_DONE. curl's callbacks are then in no
 * span: they attach spanlog_span_ctx of spanlog_curl_span(easy) if they log.
 *
 * Attributes: http.request.method, url.full (without credentials, secrets of the query masked),
 * url.template, server.address, server.port, network.peer.address, network.protocol.version,
 * status_code, error.type (the status, or the name of the CURLcode); events "redirected" and
 * "retry". As for curl itself, one thread at a time uses a handle. errno is not kept.
 *
 * Link with spanlog::curl (pkg-config spanlog-curl).
 */
#ifndef SPANLOG_CURL_H
#define SPANLOG_CURL_H

#include <curl/curl.h>
#include <spanlog/spanlog.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What curl does not tell of a handle before the transfer. All of it may be zero or NULL; method
 * and url are then asked of curl at the end. The texts are read during the call they are given to.
 */
typedef struct spanlog_curl_call {
    const char *method; /* as the handle is set up to send */
    const char *url;    /* CURLOPT_URL */
    const char *route;  /* the path's pattern, for the name: "GET /orders/{id}" */
    /* The program's own list, given here in place of CURLOPT_HTTPHEADER, which it replaces. It is
     * not copied or changed, stays the program's, and must live until the transfer has ended; it
     * is what the handle has set afterwards. A header in it, traceparent too, beats ours. */
    struct curl_slist *headers;
    /* For spanlog_curl_perform: how often to try again, at most 10, when the connection could not
     * be made, or, for methods that may be repeated (not POST, PATCH or an unknown one), after 429,
     * 502, 503, 504 or a lost connection. The first wait is retry_ms (0: 100), doubled each time,
     * or what Retry-After says if that is longer; at most 10 s. */
    unsigned retries;
    unsigned retry_ms;
    /* Called before each further try, to forget what was received. NULL: nothing to do. */
    void (*on_retry)(void *arg);
    void *on_retry_arg;
    bool no_outcome; /* write no record of the outcome; the span says it too */
} spanlog_curl_call;

/* Performs the transfer in a span that is current for curl's callbacks. NULL call: all defaults.
 * Returns what curl_easy_perform does. */
SPANLOG__API CURLcode spanlog_curl_perform(CURL *easy, const spanlog_curl_call *call);

/* Adds the handle and begins its span, below the thread's current one. Returns what
 * curl_multi_add_handle does; when that fails, nothing has begun. */
SPANLOG__API CURLMcode spanlog_curl_multi_add_handle(CURLM *multi, CURL *easy,
                                                     const spanlog_curl_call *call);
/* Returns what curl_multi_info_read does, and ends the span of a handle that is done. */
SPANLOG__API CURLMsg *spanlog_curl_multi_info_read(CURLM *multi, int *messages);
/* Removes the handle. A span that has not ended ends with error.type "cancelled". To be called
 * before curl_easy_cleanup, as with curl itself. */
SPANLOG__API CURLMcode spanlog_curl_multi_remove_handle(CURLM *multi, CURL *easy);
/* The open span of a handle of a multi, for attributes and events of one's own, and its context;
 * a span that does nothing when there is none. */
SPANLOG__API spanlog_span spanlog_curl_span(CURL *easy);

#ifdef __cplusplus
}
#endif

#endif
