/* metrics/registry.c: families, from a metric's first use. See metrics.h. */
#include "src/metrics/metrics.h"
#include "src/core/futex.h"
#include "src/core/tell.h"

#include <stdlib.h>
#include <string.h>

static struct {
    struct lock lock;
    struct spanlog__family *first, *last;
    uint32_t family_count;
    uint32_t shards;
    uint32_t max_series;
    uint32_t configured;
    bool enabled;
} metrics;

void metrics_configure(const struct metrics_options *options) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    metrics.shards = 1; /* more than processors: those that run at a time seldom share one */
    while (metrics.shards < METRICS_MAX_SHARDS && (long)metrics.shards < 2 * processors)
        metrics.shards *= 2;
    metrics.max_series = options->max_series;
    metrics.enabled = options->enabled;
    file_configure(options->enabled ? options->file : "", options->file_interval_ms);
    __atomic_store_n(&metrics.configured, 1, __ATOMIC_RELEASE);
}

bool metrics_configured(void) {
    return __atomic_load_n(&metrics.configured, __ATOMIC_ACQUIRE) != 0;
}

bool metrics_enabled(void) {
    return metrics.enabled;
}

struct lock_guard metrics_lock(void) {
    return lock_take(&metrics.lock);
}

void metrics_unlock(struct lock_guard *guard) {
    lock_release(&metrics.lock, guard);
}

struct spanlog__family *metrics_first_family(void) {
    return __atomic_load_n(&metrics.first, __ATOMIC_ACQUIRE);
}

/* ---- registration ---------------------------------------------------------------------------- */

static uint32_t count_labels(const struct spanlog__metric *metric) {
    uint32_t count = 0;
    while (count < SPANLOG_METRIC_MAX_LABELS && metric->texts[2 + count] != NULL)
        count++;
    return count;
}

static bool is_same(const struct spanlog__family *family, const struct spanlog__metric *metric) {
    if (family->type != metric->type || family->label_count != count_labels(metric) ||
        strcmp(family->help, metric->texts[1]) != 0)
        return false;
    for (uint32_t i = 0; i < family->label_count; i++) {
        if (strcmp(family->labels[i], metric->texts[2 + i]) != 0)
            return false;
    }
    return family->type != SPANLOG__METRIC_HISTOGRAM ||
           (family->bucket_count == metric->bucket_count &&
            memcmp(family->buckets, metric->buckets, metric->bucket_count * sizeof(double)) == 0);
}

/* Counter "x_total" and gauge "x" are one name in OpenMetrics. */
static bool names_clash(const struct spanlog__family *family,
                        const struct spanlog__metric *metric) {
    size_t a = strlen(family->name), b = strlen(metric->texts[0]);
    if (family->type == SPANLOG__METRIC_COUNTER)
        a -= strlen("_total");
    if (metric->type == SPANLOG__METRIC_COUNTER)
        b -= strlen("_total");
    return a == b && memcmp(family->name, metric->texts[0], a) == 0;
}

static const char *copy_text(char **to, const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*to, text, size);
    *to += size;
    return copy;
}

static size_t texts_size(const struct spanlog__metric *metric) {
    size_t size = 0;
    for (uint32_t i = 0; i < 2 + count_labels(metric); i++)
        size += strlen(metric->texts[i]) + 1;
    return size;
}

static void lay_out_cells(struct spanlog__family *family) {
    family->shards = family->type == SPANLOG__METRIC_GAUGE ? 1 : metrics.shards;
    uint32_t cells = family->type == SPANLOG__METRIC_HISTOGRAM ? family->bucket_count + 2 : 1;
    family->stride = (cells + 7) & ~7u;
}

/* A copy of all that the metric points at: it may be in a library that is unloaded. */
static struct spanlog__family *make_family(const struct spanlog__metric *metric) {
    size_t buckets = metric->bucket_count * sizeof(double);
    struct spanlog__family *family = calloc(1, sizeof *family + buckets + texts_size(metric));
    if (family == NULL)
        return NULL;
    double *copied_buckets = (double *)(void *)(family + 1);
    char *texts = (char *)(family + 1) + buckets;
    if (buckets > 0)
        memcpy(copied_buckets, metric->buckets, buckets);
    family->buckets = copied_buckets;
    family->bucket_count = metric->bucket_count;
    family->type = metric->type;
    family->label_count = count_labels(metric);
    family->name = copy_text(&texts, metric->texts[0]);
    family->help = copy_text(&texts, metric->texts[1]);
    for (uint32_t i = 0; i < family->label_count; i++)
        family->labels[i] = copy_text(&texts, metric->texts[2 + i]);
    family->max_series = metrics.max_series;
    lay_out_cells(family);
    struct series_key none = {.size = 0};
    bool made = family->label_count > 0
                    ? (family->slots = series_slots(metrics.max_series, &family->slot_mask)) != NULL
                    : series_make(family, &none) != NULL;
    if (made)
        return family;
    free(family);
    return NULL;
}

static void add_family(struct spanlog__family *family) {
    struct spanlog__family **place = metrics.last != NULL ? &metrics.last->next : &metrics.first;
    __atomic_store_n(place, family, __ATOMIC_RELEASE);
    metrics.last = family;
    metrics.family_count++;
}

/* Under the lock. */
static struct spanlog__family *find_or_make(const struct spanlog__metric *metric,
                                            const char **ret_error) {
    struct spanlog__family *family = metrics.first;
    while (family != NULL && !names_clash(family, metric))
        family = family->next;
    if (family != NULL) {
        if (is_same(family, metric))
            return family;
        *ret_error = "there is one of that name with another type, help, labels or buckets";
        return NULL;
    }
    *ret_error = "there are 512 metrics, more are not kept";
    if (metrics.family_count == METRICS_MAX_FAMILIES)
        return NULL;
    family = make_family(metric);
    *ret_error = family == NULL ? "out of memory" : NULL;
    if (family != NULL)
        add_family(family);
    return family;
}

static struct spanlog__family *publish(struct spanlog__metric *metric,
                                       struct spanlog__family *family) {
    __atomic_store_n(&metric->family, family, __ATOMIC_RELEASE);
    return family;
}

static struct spanlog__family *register_metric(struct spanlog__metric *metric) {
    if (!metrics_configured())
        return METRICS_NO_FAMILY; /* inside of the start itself: another time */
    if (!metrics.enabled)
        return publish(metric, METRICS_NO_FAMILY);
    struct lock_guard guard = metrics_lock();
    if (!guard.held)
        return METRICS_NO_FAMILY;
    struct spanlog__family *family = __atomic_load_n(&metric->family, __ATOMIC_ACQUIRE);
    if (family == NULL) {
        const char *error = metrics_name_error(metric);
        if (error == NULL)
            family = find_or_make(metric, &error);
        if (error != NULL)
            tell("metric \"%.140s\": %s; it counts nothing", metric_name(metric), error);
        publish(metric, error != NULL ? METRICS_NO_FAMILY : family);
    }
    family = metric->family;
    metrics_unlock(&guard);
    return family;
}

struct spanlog__family *metrics_family(struct spanlog__metric *metric) {
    struct spanlog__family *family = __atomic_load_n(&metric->family, __ATOMIC_ACQUIRE);
    if (SPANLOG__RARE(family == NULL)) {
        int saved = errno;
        family = register_metric(metric);
        errno = saved;
    }
    return family != METRICS_NO_FAMILY ? family : NULL;
}

/* ---- fork ------------------------------------------------------------------------------------ */

static struct lock_guard fork_guard;

void metrics_before_fork(void) {
    fork_guard = metrics_lock();
}

void metrics_after_fork_parent(void) {
    metrics_unlock(&fork_guard);
}

static void clear(struct series *series) {
    const struct spanlog__family *family = series->family;
    memset(series->cells.cells, 0, (size_t)family->shards * family->stride * sizeof(uint64_t));
    if (series->exemplars != NULL)
        memset(series->exemplars, 0, (family->bucket_count + 1) * sizeof *series->exemplars);
}

void metrics_after_fork_child(void) {
    for (struct spanlog__family *family = metrics.first; family != NULL; family = family->next) {
        for (struct series *series = family->first; series != NULL; series = series->next)
            clear(series);
    }
    if (metrics.configured != 0) /* a child of one that has not begun is as any process */
        file_after_fork_child();
    metrics.configured = 0; /* so the first look-up starts the child, which writes its own file */
    metrics_unlock(&fork_guard);
}
