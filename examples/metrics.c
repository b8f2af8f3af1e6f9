/* metrics: an HTTP server whose metrics Prometheus scrapes, on libmicrohttpd.
 *
 *     example-metrics 8080
 *     curl http://127.0.0.1:8080/orders/7;  curl http://127.0.0.1:8080/metrics
 *
 * Requests are counted and timed by their spans (http_requests_total and others), with no line of
 * this file; orders, the queue and the price are its own. With `Accept:
 * application/openmetrics-text` the buckets have exemplars: the trace to look at.
 */
#define SPANLOG_LOGGER_NAME "orders"
#include <spanlog/metrics.h>
#include <spanlog/microhttpd.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double euros[] = {1, 5, 20, 100};
static spanlog_counter orders = SPANLOG_COUNTER("orders_total", "Orders looked at.", "found");
static spanlog_histogram prices =
    SPANLOG_HISTOGRAM("order_price_euros", "Prices of the orders looked at.", euros);
static spanlog_gauge uptime = SPANLOG_GAUGE("orders_uptime_seconds", "Since the server's start.");

static double seconds_since(void *start) {
    struct timespec now;
    const struct timespec *then = start;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, char *text,
                              size_t size, const char *type) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* GET /metrics, as any server can have it. */
static enum MHD_Result answer_metrics(struct MHD_Connection *connection) {
    char *text;
    size_t size;
    spanlog_metrics_format format = spanlog_metrics_accept(
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
    if (spanlog_metrics_print(format, &text, &size) != 0)
        return MHD_NO;
    return answer(connection, MHD_HTTP_OK, text, size, spanlog_metrics_type(format));
}

static enum MHD_Result answer_order(struct MHD_Connection *connection, const char *id) {
    int number = atoi(id);
    char *text = malloc(64);
    if (text == NULL)
        return MHD_NO;
    spanlog_counter_add(&orders, 1, number > 0 ? "yes" : "no");
    if (number > 0)
        spanlog_histogram_observe(&prices, number % 150);
    int size = snprintf(text, 64, number > 0 ? "order %d\n" : "no such order\n", number);
    return answer(connection, number > 0 ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND, text, (size_t)size,
                  "text/plain");
}

/* The route is the pattern: what a client sends must not become a label. */
static const char *route_of(void *arg, const char *method, const char *path) {
    (void)arg, (void)method;
    if (strcmp(path, "/metrics") == 0)
        return "/metrics";
    return strncmp(path, "/orders/", 8) == 0 ? "/orders/{id}" : NULL;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **state) {
    (void)arg, (void)method, (void)version, (void)upload;
    static int seen;
    if (*state == NULL) { /* the body, if there is one, comes with the next calls */
        *state = &seen;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(url, "/metrics") == 0)
        return answer_metrics(connection);
    return answer_order(connection, strncmp(url, "/orders/", 8) == 0 ? url + 8 : "");
}

int main(int argc, char **argv) {
    static struct timespec start;
    static spanlog_microhttpd glue = {.handler = on_request, .route = route_of};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : "8080")),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    sigset_t ends;
    int signal_number;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    clock_gettime(CLOCK_MONOTONIC, &start);
    spanlog_gauge_callback(&uptime, seconds_since, &start);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, spanlog_microhttpd_handler,
                         &glue, MHD_OPTION_NOTIFY_COMPLETED, spanlog_microhttpd_completed, &glue,
                         MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    if (daemon == NULL) {
        spanlog_error("cannot listen", kv("port", ntohs(address.sin_port)), kv_errno());
        return 1;
    }
    sigwait(&ends, &signal_number);
    MHD_stop_daemon(daemon);
    return 0;
}
