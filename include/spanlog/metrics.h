/* spanlog/metrics.h: counters, gauges and histograms for Prometheus.
 *
 *     static spanlog_counter jobs = SPANLOG_COUNTER("jobs_total", "Jobs done.", "kind", "result");
 *     static spanlog_gauge waiting = SPANLOG_GAUGE("jobs_waiting", "Jobs in the queue.");
 *     static spanlog_histogram took =
 *         SPANLOG_HISTOGRAM("job_duration_seconds", "Time of a job.", spanlog_seconds, "kind");
 *
 *     spanlog_counter_add(&jobs, 1, "mail", "sent");
 *     spanlog_gauge_set(&waiting, queue->length);
 *     spanlog_histogram_observe(&took, 0.042, "mail");
 *
 * Where a nanosecond counts, labels are looked up once; then a count is one atomic addition:
 *
 *     spanlog_bound_counter sent = spanlog_counter_bind(&jobs, "mail", "sent");
 *     spanlog_bound_counter_add(sent, 1);
 *
 * The text is for any HTTP server's GET /metrics:
 *
 *     spanlog_metrics_format format = spanlog_metrics_accept(accept_header);
 *     spanlog_metrics_print(format, &text, &size); // Content-Type: spanlog_metrics_type(format)
 *
 * Requests, queries and model calls need no line of this: their metrics come from spans, see
 * docs/metrics.md.
 *
 * Everything may be called from any thread; what is bound also from signal handlers. After a
 * metric's (and a label set's, and a thread's) first use nothing here allocates, locks or makes a
 * system call. A metric with a wrong name, a name that is taken by another, or a wrong number of
 * label values says so once on stderr and counts nothing. METRICS_ENABLED=false switches all of it
 * off. A forked child counts from zero; values end with the process.
 *
 * Label values are UTF-8 (broken bytes become U+FFFD) of at most 256 bytes (the rest is cut); NULL
 * is "". A metric has at most 1,000 label sets (SPANLOG_METRICS_SERIES); what comes then is folded
 * into one whose values are "other", and counted in spanlog_metrics_folded_total.
 */
#ifndef SPANLOG_METRICS_H
#define SPANLOG_METRICS_H

#include <spanlog/spanlog.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SPANLOG_METRIC_MAX_LABELS 8
#define SPANLOG_METRIC_MAX_BUCKETS 64

/* ---- how they are declared -------------------------------------------------------------- */

#define SPANLOG__METRIC_COUNTER 0u
#define SPANLOG__METRIC_GAUGE 1u
#define SPANLOG__METRIC_HISTOGRAM 2u

struct spanlog__family;

struct spanlog__metric {
    struct spanlog__family *family; /* NULL: not used yet */
    const double *buckets;
    uint32_t bucket_count;
    uint32_t type;
    const char *texts[3 + SPANLOG_METRIC_MAX_LABELS]; /* name, help, labels, NULL */
};

/* What one label set counts. Of a counter, threads share 1 to 8 cells, a cache line each. */
struct spanlog__series {
    uint64_t *cells;
    uint32_t shard_mask;
    uint32_t reserved;
};

/* Static objects, initialized by the macros below. The same metric may be declared in several
 * files, alike; it is one. */
typedef struct spanlog_counter {
    struct spanlog__metric metric;
} spanlog_counter;
typedef struct spanlog_gauge {
    struct spanlog__metric metric;
} spanlog_gauge;
typedef struct spanlog_histogram {
    struct spanlog__metric metric;
} spanlog_histogram;

/* Buckets (upper bounds, ascending, without infinity) for durations of requests, as OpenTelemetry
 * has them. A static array of the program's own will do as well. */
static const double spanlog_seconds[]
    __attribute__((unused)) = {.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10};

/* SPANLOG_COUNTER("name_total", "help", "label", ...): only goes up. The name ends with _total. */
#define SPANLOG_COUNTER(...)                                                                       \
    {                                                                                              \
        {                                                                                          \
            NULL, NULL, 0, SPANLOG__METRIC_COUNTER, {                                              \
                __VA_ARGS__                                                                        \
            }                                                                                      \
        }                                                                                          \
    }
/* SPANLOG_GAUGE("name", "help", "label", ...): a value that goes up and down. */
#define SPANLOG_GAUGE(...)                                                                         \
    {                                                                                              \
        {                                                                                          \
            NULL, NULL, 0, SPANLOG__METRIC_GAUGE, {                                                \
                __VA_ARGS__                                                                        \
            }                                                                                      \
        }                                                                                          \
    }
/* SPANLOG_HISTOGRAM("name", "help", buckets, "label", ...): buckets is an array. */
#define SPANLOG_HISTOGRAM(name, help, ...)                                                         \
    {                                                                                              \
        {                                                                                          \
            NULL, SPANLOG__FIRST(__VA_ARGS__),                                                     \
                sizeof(SPANLOG__FIRST(__VA_ARGS__)) / sizeof(double), SPANLOG__METRIC_HISTOGRAM, { \
                name, help, SPANLOG__REST(__VA_ARGS__, NULL)                                       \
            }                                                                                      \
        }                                                                                          \
    }
#define SPANLOG__REST(...) SPANLOG__REST_(__VA_ARGS__)
#define SPANLOG__REST_(first, ...) __VA_ARGS__

/* Metrics that many programs have and no span tells of, so that they have one name everywhere:
 *     static spanlog_counter failures = SPANLOG_AUTH_FAILURES; */
#define SPANLOG_AUTH_FAILURES                                                                      \
    SPANLOG_COUNTER("auth_failures_total", "Refused authentications.", "reason")
#define SPANLOG_DB_CONNECTIONS_ACTIVE                                                              \
    SPANLOG_GAUGE("db_connections_active", "Database connections in use.")
#define SPANLOG_WEBSOCKET_CONNECTIONS                                                              \
    SPANLOG_GAUGE("websocket_connections", "Open WebSocket connections.")

/* ---- counting --------------------------------------------------------------------------- */

/* A metric with its label values found. Copy it freely; it stays valid, in a forked child too. */
typedef struct spanlog_bound_counter {
    struct spanlog__series *series; /* NULL: counts nothing */
} spanlog_bound_counter;
typedef struct spanlog_bound_gauge {
    struct spanlog__series *series;
} spanlog_bound_gauge;
typedef struct spanlog_bound_histogram {
    struct spanlog__series *series;
} spanlog_bound_histogram;

SPANLOG__API spanlog_bound_counter spanlog__counter_bind(spanlog_counter *counter,
                                                         const char *const *values, size_t count);
SPANLOG__API spanlog_bound_gauge spanlog__gauge_bind(spanlog_gauge *gauge,
                                                     const char *const *values, size_t count);
SPANLOG__API spanlog_bound_histogram spanlog__histogram_bind(spanlog_histogram *histogram,
                                                             const char *const *values,
                                                             size_t count);
/* Which of the cells is this thread's; 0: not known yet. */
extern SPANLOG__API __thread uint32_t spanlog__metric_shard
    __attribute__((tls_model("initial-exec")));
SPANLOG__API uint32_t spanlog__metric_thread(void);

/* spanlog_counter_bind(&counter, "value", ...): as many values as labels. It shows from now on. */
#define spanlog_counter_bind(...) SPANLOG__BIND(spanlog__counter_bind, __VA_ARGS__)
#define spanlog_gauge_bind(...) SPANLOG__BIND(spanlog__gauge_bind, __VA_ARGS__)
#define spanlog_histogram_bind(...) SPANLOG__BIND(spanlog__histogram_bind, __VA_ARGS__)
#define SPANLOG__BIND(bind, ...)                                                                   \
    __extension__({                                                                                \
        const char *const spanlog__values[] = {SPANLOG__REST(__VA_ARGS__, NULL)};                  \
        bind(SPANLOG__FIRST(__VA_ARGS__), spanlog__values,                                         \
             sizeof spanlog__values / sizeof *spanlog__values - 1);                                \
    })

SPANLOG__INLINE void spanlog_bound_counter_add(spanlog_bound_counter counter, uint64_t count) {
    struct spanlog__series *series = counter.series;
    uint32_t shard = spanlog__metric_shard;
    if (SPANLOG__RARE(series == NULL))
        return;
    if (SPANLOG__RARE(shard == 0))
        shard = spanlog__metric_thread();
    __atomic_fetch_add(&series->cells[8 * (size_t)(shard & series->shard_mask)], count,
                       __ATOMIC_RELAXED);
}
SPANLOG__API void spanlog_bound_gauge_set(spanlog_bound_gauge gauge, double value);
/* A negative value takes away. */
SPANLOG__API void spanlog_bound_gauge_add(spanlog_bound_gauge gauge, double value);
/* In a sampled span its ids are kept as the bucket's exemplar, at most one a second. NaN: nothing.
 */
SPANLOG__API void spanlog_bound_histogram_observe(spanlog_bound_histogram histogram, double value);

/* The same with label values, looked up by hash: spanlog_counter_add(&counter, 1, "value", ...). */
#define spanlog_counter_add(counter, ...)                                                          \
    SPANLOG__WITH(spanlog__counter_bind, spanlog_bound_counter_add, counter, __VA_ARGS__)
#define spanlog_gauge_set(gauge, ...)                                                              \
    SPANLOG__WITH(spanlog__gauge_bind, spanlog_bound_gauge_set, gauge, __VA_ARGS__)
#define spanlog_gauge_add(gauge, ...)                                                              \
    SPANLOG__WITH(spanlog__gauge_bind, spanlog_bound_gauge_add, gauge, __VA_ARGS__)
#define spanlog_histogram_observe(histogram, ...)                                                  \
    SPANLOG__WITH(spanlog__histogram_bind, spanlog_bound_histogram_observe, histogram, __VA_ARGS__)
#define SPANLOG__WITH(bind, act, metric, ...)                                                      \
    __extension__({                                                                                \
        const char *const spanlog__values[] = {SPANLOG__REST(__VA_ARGS__, NULL)};                  \
        act(bind(metric, spanlog__values, sizeof spanlog__values / sizeof *spanlog__values - 1),   \
            SPANLOG__FIRST(__VA_ARGS__));                                                          \
    })

/* A gauge without labels whose value is asked for when the text is made, on that thread, with no
 * lock held. NULL: no more. `arg` must stay valid; set it once. */
SPANLOG__API void spanlog_gauge_callback(spanlog_gauge *gauge, double (*value)(void *arg),
                                         void *arg);

/* ---- the text --------------------------------------------------------------------------- */

typedef enum spanlog_metrics_format {
    SPANLOG_METRICS_PROMETHEUS = 0, /* text format 0.0.4 */
    SPANLOG_METRICS_OPENMETRICS = 1 /* OpenMetrics 1.0, with exemplars */
} spanlog_metrics_format;

/* What an Accept header asks for; NULL or anything else: SPANLOG_METRICS_PROMETHEUS. */
SPANLOG__API spanlog_metrics_format spanlog_metrics_accept(const char *accept);
/* The Content-Type to answer with. */
SPANLOG__API const char *spanlog_metrics_type(spanlog_metrics_format format);

/* Gets the text piece by piece, not ended by NUL. Not 0: no more is wanted. */
typedef int (*spanlog_metrics_sink)(void *arg, const char *text, size_t size);
/* Returns 0, or what the sink returned. */
SPANLOG__API int spanlog_metrics_write(spanlog_metrics_format format, spanlog_metrics_sink sink,
                                       void *arg);
/* All of it in memory, ended by NUL, to be given to free(). ret_size may be NULL. -ENOMEM. */
SPANLOG__API int spanlog_metrics_print(spanlog_metrics_format format, char **ret_text,
                                       size_t *ret_size);
/* Replaces the file in one step, in Prometheus's text: for node_exporter's textfile collector, name
 * it *.prom. Returns 0 or -errno. SPANLOG_METRICS_FILE does it at intervals. */
SPANLOG__API int spanlog_metrics_file(const char *path);

#ifdef __cplusplus
}
#endif

#endif
