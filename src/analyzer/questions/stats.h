/* analyzer/questions/stats.h: the question "how often, how long, how bad?", per operation or per
 * field.
 *
 *     struct spanlog_stats_query query = {.sort = SPANLOG_STATS_BY_TOTAL, .descending = true};
 *     struct spanlog_stats stats;
 *     int rc = spanlog_stats_run(&collection, &by, &query, &stats);        by: see by.h
 *     ... stats.rows[i].p99_ns ...
 *     spanlog_stats_free(&stats);
 */
#ifndef SPANLOG_ANALYZER_QUESTIONS_STATS_H
#define SPANLOG_ANALYZER_QUESTIONS_STATS_H

#include "src/analyzer/questions/by.h"
#include "src/analyzer/questions/tally.h"

enum spanlog_stats_sort {
    SPANLOG_STATS_BY_SERVICE,
    SPANLOG_STATS_BY_OPERATION,
    SPANLOG_STATS_BY_COUNT,
    SPANLOG_STATS_BY_ERRORS,
    SPANLOG_STATS_BY_RATE,
    SPANLOG_STATS_BY_P50,
    SPANLOG_STATS_BY_P90,
    SPANLOG_STATS_BY_P95,
    SPANLOG_STATS_BY_P99,
    SPANLOG_STATS_BY_MAX,
    SPANLOG_STATS_BY_TOTAL,
    SPANLOG_STATS_BY_SELF,
    SPANLOG_STATS_BY_CRITICAL,
    SPANLOG_STATS_SORTS
};
extern const char *const spanlog_stats_sort_names[SPANLOG_STATS_SORTS + 1]; /* NULL at the end */

struct spanlog_stats_query {
    enum spanlog_stats_sort sort;
    bool descending;
    size_t limit;       /* 0: all */
    bool only_lengths;  /* self time and critical path are not wanted */
    uint64_t exact_max; /* 0: SPANLOG_VALUES_EXACT_MAX */
    struct spanlog_filter filter;
};

struct spanlog_stats_row {
    struct spanlog_by_text name;
    uint32_t group; /* number in by */
    const struct spanlog_tally *tally;
    double rate; /* per second */
    uint64_t p50_ns, p90_ns, p95_ns, p99_ns;
};

struct spanlog_stats {
    struct spanlog_stats_row *rows; /* those asked for */
    size_t count;
    size_t matching;   /* before the limit */
    const char *field; /* NULL: by service and operation */
    uint64_t start_ns; /* the time that the spans cover */
    uint64_t end_ns;
    uint64_t spans;
    bool exact; /* quantiles are exact; else of sketches */
    struct spanlog_tallies tallies;
    struct spanlog_value_total total;
    struct spanlog_each_counts counts;
};

/* Texts of the result point into the collection. 0 or -ENOMEM. */
int spanlog_stats_run(const struct spanlog_collection *all, const struct spanlog_by *by,
                      const struct spanlog_stats_query *query, struct spanlog_stats *ret);
void spanlog_stats_free(struct spanlog_stats *stats);

#endif
