/* tests/conformance/metrics_text.c: metrics whose label values are the program's arguments, in both
 * formats, for metrics_text_test.py.
 *
 *     metrics_text prometheus|openmetrics HEX...
 *
 * The n-th value, bytes in hex, is counted n times; observed as n seconds; a gauge is set to n / 8.
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

static int put(void *arg, const char *text, size_t size) {
    return fwrite(text, 1, size, arg) == size ? 0 : -1;
}

int main(int argc, char **argv) {
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
