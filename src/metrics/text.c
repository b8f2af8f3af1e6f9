/* metrics/text.c: all metrics as text, Prometheus 0.0.4 or OpenMetrics 1.0.
 *
 *     # HELP http_requests_total Requests answered.
 *     # TYPE http_requests_total counter
 *     http_requests_total{method="GET",path="/orders/{id}",status="200"} 17
 *
 * Takes no lock: families and series are only ever added. A text is not of one moment, as with any
 * exporter; within a histogram, count and buckets agree.
 */
#include "src/metrics/metrics.h"
#include "formatters/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    spanlog_metrics_sink sink;
    void *arg;
    bool open_metrics;
    int error;
    size_t used;
    char text[4096];
};

static void flush(struct writer *to) {
    if (to->error == 0 && to->used > 0)
        to->error = to->sink(to->arg, to->text, to->used);
    to->used = 0;
}

static void put(struct writer *to, const char *text, size_t size) {
    while (size > 0) {
        size_t part = size < sizeof to->text - to->used ? size : sizeof to->text - to->used;
        memcpy(to->text + to->used, text, part);
        to->used += part;
        text += part;
        size -= part;
        if (to->used == sizeof to->text)
            flush(to);
    }
}

static void put_text(struct writer *to, const char *text) {
    put(to, text, strlen(text));
}

static void put_u64(struct writer *to, uint64_t value) {
    char text[SPANLOG_NUMBER_MAX];
    put(to, text, (size_t)(spanlog_put_u64(text, value) - text));
}

/* Whole numbers get ".0" in a bound, as OpenMetrics wants them; the same in both formats, so that
 * one series stays one whichever is scraped. */
static void put_double(struct writer *to, double value, bool bound) {
    char text[SPANLOG_NUMBER_MAX];
    if (isinf(value)) {
        put_text(to, value > 0 ? "+Inf" : "-Inf");
        return;
    }
    size_t size = (size_t)(spanlog_put_double(text, value) - text);
    put(to, text, size);
    if (bound && memchr(text, '.', size) == NULL && memchr(text, 'e', size) == NULL)
        put_text(to, ".0");
}

static void put_escaped(struct writer *to, const char *text, bool quotes) {
    for (; *text != '\0'; text++) {
        if (*text == '\\' || (quotes && *text == '"'))
            put(to, "\\", 1);
        if (*text == '\n')
            put(to, "\\n", 2);
        else
            put(to, text, 1);
    }
}

/* ---- one sample ------------------------------------------------------------------------------ */

static double as_double(uint64_t bits) {
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

static uint64_t load(const uint64_t *cell) {
    return __atomic_load_n(cell, __ATOMIC_RELAXED);
}

/* name_end{labels,le="bound"} and a space. bound: NULL for none. */
static void put_name(struct writer *to, const struct series *series, const char *end,
                     const double *bound) {
    const struct spanlog__family *family = series->family;
    const char *value = series->key;
    char between = '{';
    put_text(to, family->name);
    put_text(to, end);
    for (uint32_t i = 0; i < family->label_count; i++) {
        put(to, &between, 1);
        put_text(to, family->labels[i]);
        put_text(to, "=\"");
        put_escaped(to, value, true);
        put(to, "\"", 1);
        value += strlen(value) + 1;
        between = ',';
    }
    if (bound != NULL) {
        put(to, &between, 1);
        put_text(to, "le=\"");
        put_double(to, *bound, true);
        put(to, "\"", 1);
        between = ',';
    }
    put_text(to, between == ',' ? "} " : " ");
}

static bool read_exemplar(const struct exemplar *from, struct exemplar *ret_exemplar) {
    uint32_t sequence = __atomic_load_n(&from->sequence, __ATOMIC_ACQUIRE);
    ret_exemplar->time_ns = load(&from->time_ns);
    ret_exemplar->value = load(&from->value);
    for (unsigned i = 0; i < 3; i++)
        ret_exemplar->ids[i] = load(&from->ids[i]);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return (sequence & 1) == 0 && ret_exemplar->time_ns != 0 &&
           __atomic_load_n(&from->sequence, __ATOMIC_RELAXED) == sequence;
}

/* # {trace_id="...",span_id="..."} 0.043 1700000000.123 */
static void put_exemplar(struct writer *to, const struct exemplar *from) {
    struct exemplar exemplar;
    char text[SPANLOG_NUMBER_MAX], fraction[4];
    if (!to->open_metrics || !read_exemplar(from, &exemplar))
        return;
    put_text(to, " # {trace_id=\"");
    put(to, text, (size_t)(spanlog_put_hex(text, exemplar.ids, 16) - text));
    put_text(to, "\",span_id=\"");
    put(to, text, (size_t)(spanlog_put_hex(text, exemplar.ids + 2, 8) - text));
    put_text(to, "\"} ");
    put_double(to, as_double(exemplar.value), false);
    put(to, " ", 1);
    put_u64(to, exemplar.time_ns / 1000000000u);
    unsigned ms = (unsigned)(exemplar.time_ns / 1000000u % 1000u);
    fraction[0] = '.';
    fraction[1] = (char)('0' + ms / 100);
    fraction[2] = (char)('0' + ms / 10 % 10);
    fraction[3] = (char)('0' + ms % 10);
    put(to, fraction, sizeof fraction);
}

/* ---- one series ------------------------------------------------------------------------------ */

static uint64_t sum_of(const struct series *series, uint32_t cell) {
    const struct spanlog__family *family = series->family;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < family->shards; i++)
        sum += load(series->cells.cells + (size_t)i * family->stride + cell);
    return sum;
}

static void put_counter(struct writer *to, const struct series *series) {
    put_name(to, series, "", NULL);
    put_u64(to, sum_of(series, 0));
    put(to, "\n", 1);
}

static void put_gauge(struct writer *to, const struct series *series) {
    double (*callback)(void *arg) = __atomic_load_n(&series->family->callback, __ATOMIC_ACQUIRE);
    void *arg = __atomic_load_n(&series->family->callback_arg, __ATOMIC_RELAXED);
    put_name(to, series, "", NULL);
    put_double(to, callback != NULL ? callback(arg) : as_double(load(series->cells.cells)), false);
    put(to, "\n", 1);
}

static void put_histogram(struct writer *to, const struct series *series) {
    const struct spanlog__family *family = series->family;
    uint64_t count = 0;
    double sum = 0;
    for (uint32_t i = 0; i <= family->bucket_count; i++) {
        double bound = i < family->bucket_count ? family->buckets[i] : (double)INFINITY;
        count += sum_of(series, i);
        put_name(to, series, "_bucket", &bound);
        put_u64(to, count);
        put_exemplar(to, &series->exemplars[i]);
        put(to, "\n", 1);
    }
    for (uint32_t i = 0; i < family->shards; i++)
        sum += as_double(
            load(series->cells.cells + (size_t)i * family->stride + family->bucket_count + 1));
    put_name(to, series, "_sum", NULL);
    put_double(to, sum, false);
    put(to, "\n", 1);
    put_name(to, series, "_count", NULL);
    put_u64(to, count);
    put(to, "\n", 1);
}

/* ---- everything ------------------------------------------------------------------------------ */

static void put_head(struct writer *to, const struct spanlog__family *family) {
    static const char *const types[] = {" counter\n", " gauge\n", " histogram\n"};
    size_t size = strlen(family->name);
    if (to->open_metrics && family->type == SPANLOG__METRIC_COUNTER)
        size -= strlen("_total");
    put_text(to, "# HELP ");
    put(to, family->name, size);
    put(to, " ", 1);
    put_escaped(to, family->help, to->open_metrics);
    put_text(to, "\n# TYPE ");
    put(to, family->name, size);
    put_text(to, types[family->type]);
}

static void put_family(struct writer *to, const struct spanlog__family *family) {
    const struct series *series = __atomic_load_n(&family->first, __ATOMIC_ACQUIRE);
    if (series != NULL)
        put_head(to, family);
    for (; series != NULL && to->error == 0;
         series = __atomic_load_n(&series->next, __ATOMIC_ACQUIRE)) {
        if (family->type == SPANLOG__METRIC_COUNTER)
            put_counter(to, series);
        else if (family->type == SPANLOG__METRIC_GAUGE)
            put_gauge(to, series);
        else
            put_histogram(to, series);
    }
}

int spanlog_metrics_write(spanlog_metrics_format format, spanlog_metrics_sink sink, void *arg) {
    struct writer to;
    to.sink = sink;
    to.arg = arg;
    to.open_metrics = format == SPANLOG_METRICS_OPENMETRICS;
    to.error = 0;
    to.used = 0;
    for (const struct spanlog__family *family = metrics_first_family();
         family != NULL && to.error == 0; family = __atomic_load_n(&family->next, __ATOMIC_ACQUIRE))
        put_family(&to, family);
    if (to.open_metrics)
        put_text(&to, "# EOF\n");
    flush(&to);
    return to.error;
}

struct memory {
    char *text;
    size_t size, room;
};

static int append(void *arg, const char *text, size_t size) {
    struct memory *memory = arg;
    if (memory->room - memory->size <= size) {
        size_t room = 2 * memory->room + size;
        char *larger = realloc(memory->text, room);
        if (larger == NULL)
            return -ENOMEM;
        memory->text = larger;
        memory->room = room;
    }
    memcpy(memory->text + memory->size, text, size);
    memory->size += size;
    memory->text[memory->size] = '\0';
    return 0;
}

int spanlog_metrics_print(spanlog_metrics_format format, char **ret_text, size_t *ret_size) {
    struct memory memory = {.room = 4096};
    memory.text = calloc(1, memory.room);
    int error = memory.text != NULL ? spanlog_metrics_write(format, append, &memory) : -ENOMEM;
    if (error != 0) {
        free(memory.text);
        return error;
    }
    *ret_text = memory.text;
    if (ret_size != NULL)
        *ret_size = memory.size;
    return 0;
}
