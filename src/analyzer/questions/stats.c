/* analyzer/questions/stats.c: see stats.h. */
#include "src/analyzer/questions/stats.h"

#include <errno.h>
#include <stdlib.h>

const char *const spanlog_stats_sort_names[SPANLOG_STATS_SORTS + 1] = {
    "service", "operation", "count", "errors", "rate", "p50",      "p90",
    "p95",     "p99",       "max",   "total",  "self", "critical", NULL};

/* What one thread has counted. */
struct counter {
    const struct spanlog_by *by;
    struct spanlog_tallies tallies;
    uint64_t start_ns, end_ns, spans;
    bool only_lengths;
};

static int count_span(struct counter *counter, uint32_t group, const struct spanlog_node *node) {
    struct spanlog_tally *tally = spanlog_tallies_at(&counter->tallies, group);
    if (!tally)
        return -ENOMEM;
    if (counter->only_lengths)
        return spanlog_tally_value(tally, &counter->tallies, node->duration_ns,
                                   node->flags & SPANLOG_NODE_ERROR);
    return spanlog_tally_span(tally, &counter->tallies, node);
}

static int one_trace(void *job, const struct spanlog_trace_view *view) {
    struct counter *counter = job;
    const struct spanlog_tree *tree = view->tree;
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct spanlog_node *node = &tree->nodes[i];
        if (count_span(counter, spanlog_by_group(counter->by, view, node), node) < 0)
            return -ENOMEM;
    }
    counter->spans += tree->count;
    if (tree->count == 0 || tree->start_ns == 0) /* nobody knows when */
        return 0;
    if (tree->start_ns < counter->start_ns)
        counter->start_ns = tree->start_ns;
    if (tree->end_ns > counter->end_ns)
        counter->end_ns = tree->end_ns;
    return 0;
}

/* ---- sorting ------------------------------------------------------------------------------ */

#define ORDER(field) ((a->field > b->field) - (a->field < b->field))

static int by_text(const struct spanlog_stats_row *a, const struct spanlog_stats_row *b,
                   bool operation_first) {
    int service = spanlog_text_compare(a->name.service, b->name.service);
    int text = spanlog_text_compare(a->name.text, b->name.text);
    if (operation_first)
        return text ? text : service;
    return service ? service : text;
}

static int compare(enum spanlog_stats_sort sort, const struct spanlog_stats_row *a,
                   const struct spanlog_stats_row *b) {
    switch (sort) {
    case SPANLOG_STATS_BY_SERVICE:
        return by_text(a, b, false);
    case SPANLOG_STATS_BY_OPERATION:
        return by_text(a, b, true);
    case SPANLOG_STATS_BY_ERRORS:
        return ORDER(tally->errors);
    case SPANLOG_STATS_BY_P50:
        return ORDER(p50_ns);
    case SPANLOG_STATS_BY_P90:
        return ORDER(p90_ns);
    case SPANLOG_STATS_BY_P95:
        return ORDER(p95_ns);
    case SPANLOG_STATS_BY_P99:
        return ORDER(p99_ns);
    case SPANLOG_STATS_BY_MAX:
        return ORDER(tally->max_ns);
    case SPANLOG_STATS_BY_TOTAL:
        return ORDER(tally->total_ns);
    case SPANLOG_STATS_BY_SELF:
        return ORDER(tally->self_ns);
    case SPANLOG_STATS_BY_CRITICAL:
        return ORDER(tally->critical_ns);
    default:
        return ORDER(tally->count);
    }
}

/* Equal ones by their names, always upwards, so that the list is the same every time; a group
 * without the field before one whose value is empty. */
static int by_query(const void *left, const void *right, void *argument) {
    const struct spanlog_stats_row *a = left, *b = right;
    const struct spanlog_stats_query *query = argument;
    int order = compare(query->sort, a, b);
    if (order)
        return query->descending ? -order : order;
    order = by_text(a, b, false);
    return order ? order : ORDER(group);
}

/* ---- putting together --------------------------------------------------------------------- */

static int gather(struct counter *counters, unsigned jobs, struct spanlog_stats *ret) {
    int rc = 0;
    ret->start_ns = UINT64_MAX;
    spanlog_tallies_init(&ret->tallies, &ret->total);
    for (unsigned i = 0; i < jobs; i++) {
        if (rc == 0)
            rc = spanlog_tallies_join(&ret->tallies, &counters[i].tallies, NULL);
        if (counters[i].start_ns < ret->start_ns)
            ret->start_ns = counters[i].start_ns;
        if (counters[i].end_ns > ret->end_ns)
            ret->end_ns = counters[i].end_ns;
        ret->spans += counters[i].spans;
    }
    if (ret->start_ns > ret->end_ns)
        ret->start_ns = ret->end_ns = 0;
    if (rc == 0)
        rc = spanlog_tallies_settle(&ret->tallies, jobs);
    ret->exact = spanlog_values_are_exact(&ret->total);
    return rc;
}

static void add_row(struct spanlog_stats *stats, const struct spanlog_by *by, uint32_t group) {
    const struct spanlog_tally *tally = &stats->tallies.list[group];
    double seconds = (double)(stats->end_ns - stats->start_ns) / 1e9;
    stats->rows[stats->count++] =
        (struct spanlog_stats_row){.name = spanlog_by_text(by, group),
                                   .group = group,
                                   .tally = tally,
                                   .rate = seconds > 0 ? (double)tally->count / seconds : 0,
                                   .p50_ns = spanlog_series_percentile(&tally->durations, 50),
                                   .p90_ns = spanlog_series_percentile(&tally->durations, 90),
                                   .p95_ns = spanlog_series_percentile(&tally->durations, 95),
                                   .p99_ns = spanlog_series_percentile(&tally->durations, 99)};
}

static int fill_rows(struct spanlog_stats *stats, const struct spanlog_by *by,
                     const struct spanlog_stats_query *query) {
    struct spanlog_stats_query order = *query;
    stats->rows = malloc((stats->tallies.count + (size_t)1) * sizeof *stats->rows);
    if (!stats->rows)
        return -ENOMEM;
    for (uint32_t group = 0; group < stats->tallies.count; group++)
        if (stats->tallies.list[group].count)
            add_row(stats, by, group);
    qsort_r(stats->rows, stats->count, sizeof *stats->rows, by_query, &order);
    stats->matching = stats->count;
    if (query->limit && stats->count > query->limit)
        stats->count = query->limit;
    return 0;
}

int spanlog_stats_run(const struct spanlog_collection *all, const struct spanlog_by *by,
                      const struct spanlog_stats_query *query, struct spanlog_stats *ret) {
    unsigned jobs = all->job_count;
    struct counter *counters = calloc(jobs, sizeof *counters);
    int rc = counters ? 0 : -ENOMEM;
    *ret = (struct spanlog_stats){.field = by->field};
    ret->total.most = query->exact_max ? query->exact_max : SPANLOG_VALUES_EXACT_MAX;
    for (unsigned i = 0; rc == 0 && i < jobs; i++) {
        counters[i] =
            (struct counter){.by = by, .start_ns = UINT64_MAX, .only_lengths = query->only_lengths};
        spanlog_tallies_init(&counters[i].tallies, &ret->total);
    }
    struct spanlog_each each = {.all = all,
                                .filter = &query->filter,
                                .steps =
                                    query->only_lengths ? SPANLOG_EACH_LINK : SPANLOG_EACH_FIGURES,
                                .jobs = {counters, sizeof *counters},
                                .trace = one_trace};
    if (rc == 0)
        rc = spanlog_each_trace(&each);
    ret->counts = each.counts;
    if (rc == 0)
        rc = gather(counters, jobs, ret);
    if (rc == 0)
        rc = fill_rows(ret, by, query);
    for (unsigned i = 0; counters && i < jobs; i++)
        spanlog_tallies_free(&counters[i].tallies);
    free(counters);
    return rc;
}

void spanlog_stats_free(struct spanlog_stats *stats) {
    spanlog_tallies_free(&stats->tallies);
    free(stats->rows);
    *stats = (struct spanlog_stats){0};
}
