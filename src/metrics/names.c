/* metrics/names.c: whether a metric may be called so. Prometheus's rules, and those of promtool's
 * linter that a name decides, so that what is exposed is clean.
 */
#include "src/metrics/metrics.h"
#include "formatters/utf8.h"

#include <math.h>
#include <string.h>

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(const char *name, bool colons) {
    size_t i = 0;
    for (; name[i] != '\0'; i++) {
        bool digit = name[i] >= '0' && name[i] <= '9' && i > 0;
        if (!is_letter(name[i]) && !digit && !(colons && name[i] == ':'))
            return false;
    }
    return i > 0 && i <= 128;
}

static bool ends_with(const char *name, const char *end) {
    size_t size = strlen(name), end_size = strlen(end);
    return size > end_size && strcmp(name + size - end_size, end) == 0;
}

/* Ends that mean something to readers: "x_sum" and histogram "x" would be one. */
static bool has_reserved_end(const char *name) {
    static const char *const ends[] = {"_total", "_sum", "_count", "_bucket", "_created", "_info"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (ends_with(name, ends[i]))
            return true;
    }
    return false;
}

static const char *labels_error(const struct spanlog__metric *metric) {
    const char *const *labels = metric->texts + 2;
    if (labels[SPANLOG_METRIC_MAX_LABELS] != NULL)
        return "it has more than 8 labels";
    for (unsigned i = 0; i < SPANLOG_METRIC_MAX_LABELS && labels[i] != NULL; i++) {
        if (!is_name(labels[i], false) || strncmp(labels[i], "__", 2) == 0)
            return "a label's name is letters, digits and _, and begins with neither a digit nor "
                   "__";
        if (metric->type == SPANLOG__METRIC_HISTOGRAM && strcmp(labels[i], "le") == 0)
            return "a histogram's label cannot be \"le\"";
        for (unsigned k = 0; k < i; k++) {
            if (strcmp(labels[i], labels[k]) == 0)
                return "it has a label twice";
        }
    }
    return NULL;
}

static const char *buckets_error(const struct spanlog__metric *metric) {
    if (metric->type != SPANLOG__METRIC_HISTOGRAM)
        return NULL;
    if (metric->bucket_count == 0 || metric->bucket_count > SPANLOG_METRIC_MAX_BUCKETS)
        return "a histogram has 1 to 64 buckets";
    for (uint32_t i = 0; i < metric->bucket_count; i++) {
        if (!isfinite(metric->buckets[i]) ||
            (i > 0 && metric->buckets[i] <= metric->buckets[i - 1]))
            return "buckets are finite and ascend";
    }
    return NULL;
}

const char *metrics_name_error(const struct spanlog__metric *metric) {
    const char *name = metric_name(metric);
    if (!is_name(name, true))
        return "a name is letters, digits, _ and :, does not begin with a digit, and has at most "
               "128 characters";
    if (metric->texts[1] == NULL || metric->texts[1][0] == '\0')
        return "its help is missing";
    if (!spanlog_utf8_valid(metric->texts[1], strlen(metric->texts[1])))
        return "its help is not UTF-8"; /* for which readers refuse all of the text */
    if (metric->type == SPANLOG__METRIC_COUNTER && !ends_with(name, "_total"))
        return "a counter's name ends with _total";
    if (metric->type != SPANLOG__METRIC_COUNTER && has_reserved_end(name))
        return "only counters end with _total, and nothing with _sum, _count, _bucket, _created or "
               "_info";
    const char *error = labels_error(metric);
    return error != NULL ? error : buckets_error(metric);
}
