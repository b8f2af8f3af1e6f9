/* analyzer/questions/heat.h: the question "when?": latency and errors over time, for the rows of
 * stats.h.
 *
 *     struct spanlog_heat_query query = {.columns_max = 60, .filter = filter};
 *     struct spanlog_heat heat;
 *     int rc = spanlog_heat_run(&collection, &by, &stats, &query, &heat);
 *     ... heat.maps[i].cells[n]: bucket of time, count, errors, durations ...
 *     spanlog_heat_free(&heat);
 *
 * A span counts in the bucket of time in which it starts. Buckets without spans are left out.
 */
#ifndef SPANLOG_ANALYZER_QUESTIONS_HEAT_H
#define SPANLOG_ANALYZER_QUESTIONS_HEAT_H

#include "src/analyzer/questions/stats.h"

#define SPANLOG_HEAT_BOUNDS_MAX 24
#define SPANLOG_HEAT_COLUMNS_MAX 10000

struct spanlog_heat_query {
    uint64_t bucket_ns;   /* the length of a bucket; 0: by the number of them */
    uint32_t columns;     /* so many buckets; 0: a length that reads well */
    uint32_t columns_max; /* longer buckets rather than more of them */
    const struct spanlog_filter *filter;
};

struct spanlog_heat_cell {
    uint32_t bucket;
    const struct spanlog_tally *tally;
};

struct spanlog_heat_map {
    const struct spanlog_stats_row *row;
    const struct spanlog_heat_cell *cells; /* by their buckets */
    uint32_t cell_count;
    /* Rungs of latency: the last value of each, on a scale of 1, 2, 5, 10 or the like. */
    uint64_t bounds[SPANLOG_HEAT_BOUNDS_MAX];
    uint32_t bound_count;
};

struct spanlog_heat {
    uint64_t start_ns; /* of the first bucket */
    uint64_t bucket_ns;
    uint32_t columns;
    struct spanlog_heat_map *maps; /* one for each row of the stats */
    size_t count;
    bool exact;
    struct spanlog_heat_cell *cells;
    struct spanlog_tallies tallies;
    struct spanlog_value_total total;
};

/* The stats must stay. 0 or -ENOMEM. */
int spanlog_heat_run(const struct spanlog_collection *all, const struct spanlog_by *by,
                     const struct spanlog_stats *stats, const struct spanlog_heat_query *query,
                     struct spanlog_heat *ret);
void spanlog_heat_free(struct spanlog_heat *heat);

/* How many values of the cell are in the rung. */
static inline uint64_t spanlog_heat_count(const struct spanlog_heat_map *map,
                                          const struct spanlog_heat_cell *cell, uint32_t rung) {
    uint64_t before =
        rung ? spanlog_series_below(&cell->tally->durations, map->bounds[rung - 1]) : 0;
    return spanlog_series_below(&cell->tally->durations, map->bounds[rung]) - before;
}

#endif
