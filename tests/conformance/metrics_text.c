/* tests/conformance/metrics_text.c: metrics whose label values are the program's arguments, in both
 * formats, for metrics_text_test.py.
 *
 *     metrics_text prometheus|openmetrics HEX...
 *
 * The n-th value, bytes in hex, is counted n times; observed as n seconds; a gauge is set to n / 8.
 * Beside them every metric that spanlog itself knows.
 */
#include <spanlog/metrics.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static spanlog_counter hostile =
    SPANLOG_COUNTER("hostile_total", "A \\ and a \n and a \" in the help.", "value", "other");
static spanlog_gauge gauge = SPANLOG_GAUGE("hostile_level", "Eighths.", "value");
static spanlog_histogram seconds =
    SPANLOG_HISTOGRAM("hostile_seconds", "Seconds.", spanlog_seconds, "value");
static spanlog_gauge extreme = SPANLOG_GAUGE("extreme", "Values at the ends.", "which");

static void read_hex(const char *hex, char *ret_text, size_t size) {
    size_t n = 0;
    for (; hex[2 * n] != '\0' && n + 1 < size; n++) {
        char digits[3] = {hex[2 * n], hex[2 * n + 1], '\0'};
        ret_text[n] = (char)strtoul(digits, NULL, 16);
    }
    ret_text[n] = '\0';
}

static spanlog_counter failures = SPANLOG_AUTH_FAILURES;
static spanlog_gauge connections = SPANLOG_DB_CONNECTIONS_ACTIVE;
static spanlog_gauge sockets = SPANLOG_WEBSOCKET_CONNECTIONS;

static void count_known_names(void) {
    {
        spanlog_scope_kind(request, SPANLOG_SERVER, "request", kv("http.request.method", "GET"),
                           kv("http.route", "/"));
        spanlog_status(&request, 200);
        spanlog_scope_kind(query, SPANLOG_CLIENT, "query", kv("db.system.name", "sqlite"));
        spanlog_scope_kind(chat, SPANLOG_CLIENT, "chat", kv("gen_ai.request.model", "m"),
                           kv("gen_ai.usage.input_tokens", 7));
    }
    spanlog_counter_add(&failures, 1, "password");
    spanlog_gauge_set(&connections, 3);
    spanlog_gauge_set(&sockets, 2);
    spanlog_flush(-1);
}

static int put(void *arg, const char *text, size_t size) {
    return fwrite(text, 1, size, arg) == size ? 0 : -1;
}

int main(int argc, char **argv) {
    count_known_names();
    spanlog_scope(all, "all"); /* so that there are exemplars */
    for (int i = 2; i < argc; i++) {
        char value[1024];
        read_hex(argv[i], value, sizeof value);
        spanlog_counter_add(&hostile, (unsigned)i - 1, value, "x");
        spanlog_gauge_set(&gauge, (i - 1) / 8.0, value);
        spanlog_histogram_observe(&seconds, i - 1, value);
    }
    spanlog_gauge_set(&extreme, __builtin_inf(), "inf");
    spanlog_gauge_set(&extreme, -__builtin_inf(), "-inf");
    spanlog_gauge_set(&extreme, __builtin_nan(""), "nan");
    spanlog_gauge_set(&extreme, 5e-324, "least");
    spanlog_gauge_set(&extreme, 1.7976931348623157e308, "most");
    return argc < 2 ||
           spanlog_metrics_write(strcmp(argv[1], "openmetrics") == 0 ? SPANLOG_METRICS_OPENMETRICS
                                                                     : SPANLOG_METRICS_PROMETHEUS,
                                 put, stdout) != 0;
}
