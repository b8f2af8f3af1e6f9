/* http: a small HTTP server (libmicrohttpd) and client (libcurl) that carry the trace.
 *
 *     static void get_order(const http_request *request, http_reply *reply) {
 *         spanlog_set(request->span, kv("order.id", request->parameter));
 *         http_answer(reply, 200, "{\"order\":%s}", request->parameter);
 *     }
 *     static const http_route routes[] = {{"GET", "/orders/{id}", get_order}, {0}};
 *     http_server server = {.routes = routes, .port = 8080};
 *     http_start(&server);
 *
 * Handlers run on the server's worker threads, inside a span of kind server that continues the
 * caller's trace (spanlog/microhttpd.h). http_call makes a span of kind client and passes it on in
 * `traceparent` (spanlog/curl.h).
 */
#ifndef SHOP_HTTP_H
#define SHOP_HTTP_H

#include <stdint.h>
#include <spanlog/microhttpd.h>

typedef struct http_request {
    const char *path;   /* "/orders/17" */
    char parameter[64]; /* what the path has for the route's {...}: "17"; "" without one */
    spanlog_span *span; /* the server span, for attributes and failures */
    struct MHD_Connection *connection;
} http_request;

typedef struct http_reply {
    int status;
    char body[1024];
} http_reply;

typedef struct http_route {
    const char *method;
    const char *path; /* may have one {name} segment */
    void (*handle)(const http_request *request, http_reply *reply);
} http_route;

typedef struct http_server {
    const http_route *routes; /* ended by an entry without method */
    uint16_t port;            /* 0: any; http_start stores the one it got */
    struct MHD_Daemon *daemon;
    spanlog_microhttpd glue;
} http_server;

/* Listens on 127.0.0.1 with four worker threads. Returns 0 or -errno. */
int http_start(http_server *server);
/* Finishes the requests that are being handled, then stops. */
void http_stop(http_server *server);

/* An argument of the query string, or NULL. */
const char *http_query(const http_request *request, const char *name);
/* The same as a number from 1 to max; 0 when it is missing or anything else. */
int http_query_number(const http_request *request, const char *name, int max);
/* Sets status and body, printf-like. */
void http_answer(http_reply *reply, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Calls 127.0.0.1:port. `route` is the path's pattern and names the span; a name that had each
 * order's number in it could not be counted. Returns 0 for any HTTP answer, or -EHOSTUNREACH when
 * there was none; ret_reply then holds the reason and status 0. */
int http_call(const char *method, uint16_t port, const char *route, const char *path,
              http_reply *ret_reply);

#endif
