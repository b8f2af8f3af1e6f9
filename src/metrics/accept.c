/* metrics/accept.c: which format a scraper wants, by its Accept header (RFC 9110, 12.5.1).
 *
 *     application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5
 *
 * OpenMetrics is given where it is named in a version that we write and not liked less than
 * text/plain; everything else gets Prometheus's text.
 */
#include "src/metrics/metrics.h"

#include <string.h>
#include <strings.h>

struct range {
    const char *text, *end;
};

static struct range trimmed(const char *text, const char *end) {
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return (struct range){text, end};
}

/* Takes the part up to the next separator outside of quotes off the front. */
static struct range next_part(struct range *rest, char separator) {
    const char *at = rest->text;
    bool quoted = false;
    for (; at < rest->end && (quoted || *at != separator); at++)
        quoted ^= *at == '"';
    struct range part = trimmed(rest->text, at);
    rest->text = at < rest->end ? at + 1 : at;
    return part;
}

static bool equals(struct range range, const char *word) {
    size_t size = strlen(word);
    return (size_t)(range.end - range.text) == size && strncasecmp(range.text, word, size) == 0;
}

static bool begins(struct range *range, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(range->end - range->text) < size || strncasecmp(range->text, word, size) != 0)
        return false;
    range->text += size;
    return true;
}

/* "0.85" as 850; anything else as 0: not wanted. */
static unsigned quality(struct range range) {
    unsigned value = 0, digits = 0;
    for (; range.text < range.end && digits < 4; range.text++) {
        if (*range.text == '.' && digits == 1)
            continue;
        if (*range.text < '0' || *range.text > '9')
            return 0;
        value = value * 10 + (unsigned)(*range.text - '0');
        digits++;
    }
    for (; digits < 4 && digits > 0; digits++)
        value *= 10;
    return value <= 1000 ? value : 0;
}

/* How much one media range is wanted, 0 to 1000; *ret_version says whether we write its version. */
static unsigned parameters(struct range rest, bool *ret_version) {
    unsigned wanted = 1000;
    *ret_version = true;
    while (rest.text < rest.end) {
        struct range part = next_part(&rest, ';');
        if (begins(&part, "q="))
            wanted = quality(part);
        else if (begins(&part, "version="))
            *ret_version = equals(part, "1.0.0") || equals(part, "\"1.0.0\"");
    }
    return wanted;
}

spanlog_metrics_format spanlog_metrics_accept(const char *accept) {
    unsigned open_metrics = 0, text = 0;
    if (accept == NULL)
        return SPANLOG_METRICS_PROMETHEUS;
    struct range rest = {accept, accept + strlen(accept)};
    while (rest.text < rest.end) {
        struct range entry = next_part(&rest, ',');
        struct range type = next_part(&entry, ';');
        bool version;
        unsigned wanted = parameters(entry, &version);
        if (equals(type, "application/openmetrics-text") && version && wanted > open_metrics)
            open_metrics = wanted;
        else if (equals(type, "text/plain") && wanted > text)
            text = wanted;
    }
    return open_metrics > 0 && open_metrics >= text ? SPANLOG_METRICS_OPENMETRICS
                                                    : SPANLOG_METRICS_PROMETHEUS;
}

const char *spanlog_metrics_type(spanlog_metrics_format format) {
    return format == SPANLOG_METRICS_OPENMETRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}
