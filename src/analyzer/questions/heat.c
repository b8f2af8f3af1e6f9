/* analyzer/questions/heat.c: see heat.h. */
#include "src/analyzer/questions/heat.h"

#include <errno.h>
#include <stdlib.h>

/* What one thread has counted: cells by row and bucket. */
struct counter {
    const struct spanlog_by *by;
    const struct spanlog_heat *heat;
    const uint32_t *row_of_group; /* SPANLOG_STRING_NONE: not asked for */
    uint32_t group_count;
    struct spanlog_names cells; /* row, bucket */
    struct spanlog_tallies tallies;
};

static int count_span(struct counter *counter, uint32_t row, const struct spanlog_node *node) {
    const struct spanlog_heat *heat = counter->heat;
    uint64_t bucket =
        node->start_ns > heat->start_ns ? (node->start_ns - heat->start_ns) / heat->bucket_ns : 0;
    if (bucket >= heat->columns)
        bucket = heat->columns - 1;
    struct spanlog_tally *tally =
        spanlog_tallies_of_pair(&counter->tallies, &counter->cells, row, (uint32_t)bucket);
    return tally ? spanlog_tally_value(tally, &counter->tallies, node->duration_ns,
                                       node->flags & SPANLOG_NODE_ERROR)
                 : -ENOMEM;
}

static int one_trace(void *job, const struct spanlog_trace_view *view) {
    struct counter *counter = job;
    for (uint32_t i = 0; i < view->tree->count; i++) {
        const struct spanlog_node *node = &view->tree->nodes[i];
        uint32_t group = spanlog_by_group(counter->by, view, node);
        uint32_t row =
            group < counter->group_count ? counter->row_of_group[group] : SPANLOG_STRING_NONE;
        if (row != SPANLOG_STRING_NONE && count_span(counter, row, node) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* ---- scales ------------------------------------------------------------------------------- */

/* A length of 1, 2, 5, 10, 15, 30 … such that so many of them are enough. */
static uint64_t round_length(uint64_t least_ns) {
    static const unsigned seconds[] = {1,   2,   5,    10,   15,   30,    60,    120,   300,
                                       600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400};
    for (uint64_t unit = 1; unit < 1000000000; unit *= 10)
        for (unsigned step = 1; step <= 5; step += step == 1 ? 1 : 3)
            if (unit * step >= least_ns)
                return unit * step;
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++)
        if (seconds[i] * (uint64_t)1000000000 >= least_ns)
            return seconds[i] * (uint64_t)1000000000;
    const uint64_t day = (uint64_t)86400 * 1000000000;
    return (least_ns + day - 1) / day * day;
}

static void choose_buckets(const struct spanlog_stats *stats,
                           const struct spanlog_heat_query *query, struct spanlog_heat *heat) {
    uint64_t range = stats->end_ns - stats->start_ns, most = query->columns_max;
    bool by_number = query->columns && !query->bucket_ns;
    if (by_number && query->columns < most)
        most = query->columns;
    /* With one in reserve, since the first one begins at a round time. */
    uint64_t least = range / (by_number || most < 2 ? most : most - 1) + 1;
    heat->start_ns = stats->start_ns;
    heat->bucket_ns = by_number ? least : query->bucket_ns;
    if (heat->bucket_ns < least)
        heat->bucket_ns = round_length(least);
    if (!by_number)
        heat->start_ns -= heat->start_ns % heat->bucket_ns;
    heat->columns = (uint32_t)((stats->end_ns - heat->start_ns) / heat->bucket_ns + 1);
}

/* Fills in the rungs of one scale, whose steps are tenths; false when there are too many. */
static bool fill_scale(struct spanlog_heat_map *map, const char *steps, uint64_t least,
                       uint64_t most, uint32_t limit) {
    map->bound_count = 0;
    for (uint64_t unit = 1;; unit *= 10) {
        for (const char *step = steps; *step; step++) {
            __extension__ unsigned __int128 wide =
                (unsigned __int128)unit * (unsigned char)*step / 10;
            uint64_t bound = wide > UINT64_MAX ? UINT64_MAX : (uint64_t)wide;
            if (bound < least || (map->bound_count && map->bounds[map->bound_count - 1] == bound))
                continue;
            if (map->bound_count == limit)
                return false;
            map->bounds[map->bound_count++] = bound;
            if (bound >= most)
                return true;
        }
        if (unit > UINT64_MAX / 10)
            return true;
    }
}

static void choose_rungs(struct spanlog_heat_map *map) {
    static const char *const scales[] = {"\012\017\024\036\062\106", "\012\024\062", "\012\036"};
    const struct spanlog_tally *tally = map->row->tally;
    uint64_t least = spanlog_series_percentile(&tally->durations, 0);
    uint64_t most = tally->max_ns;
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++)
        if (fill_scale(map, scales[i], least, most, 12))
            return;
    fill_scale(map, "\012", least, most, SPANLOG_HEAT_BOUNDS_MAX);
}

/* ---- putting together --------------------------------------------------------------------- */

static int by_bucket(const void *left, const void *right, void *argument) {
    const struct spanlog_name *cells = argument;
    const struct spanlog_name *a = &cells[*(const uint32_t *)left];
    const struct spanlog_name *b = &cells[*(const uint32_t *)right];
    if (a->service != b->service)
        return a->service < b->service ? -1 : 1;
    return (a->operation > b->operation) - (a->operation < b->operation);
}

static int fill_maps(struct spanlog_heat *heat, const struct spanlog_names *cells,
                     const struct spanlog_stats *stats) {
    uint32_t *order = malloc((cells->count + (size_t)1) * sizeof *order);
    heat->cells = malloc((cells->count + (size_t)1) * sizeof *heat->cells);
    heat->maps = calloc(stats->count + 1, sizeof *heat->maps);
    int rc = order && heat->cells && heat->maps ? 0 : -ENOMEM;
    for (uint32_t i = 0; rc == 0 && i < cells->count; i++)
        order[i] = i;
    if (rc == 0)
        qsort_r(order, cells->count, sizeof *order, by_bucket, cells->list);
    for (uint32_t i = 0; rc == 0 && i < cells->count; i++) {
        const struct spanlog_name *cell = &cells->list[order[i]];
        struct spanlog_heat_map *map = &heat->maps[cell->service];
        if (map->cell_count++ == 0)
            map->cells = &heat->cells[i];
        heat->cells[i] = (struct spanlog_heat_cell){cell->operation, &heat->tallies.list[order[i]]};
    }
    heat->count = rc == 0 ? stats->count : 0;
    for (size_t i = 0; i < heat->count; i++) {
        heat->maps[i].row = &stats->rows[i];
        choose_rungs(&heat->maps[i]);
    }
    free(order);
    return rc;
}

static int gather(struct spanlog_heat *heat, struct counter *counters, unsigned jobs,
                  const struct spanlog_stats *stats) {
    struct spanlog_names cells = {0};
    int rc = 0;
    spanlog_tallies_init(&heat->tallies, &heat->total);
    for (unsigned i = 0; rc == 0 && i < jobs; i++)
        rc = spanlog_tallies_join_pairs(&heat->tallies, &cells, &counters[i].tallies,
                                        &counters[i].cells);
    if (rc == 0)
        rc = spanlog_tallies_settle(&heat->tallies, jobs);
    heat->exact = spanlog_values_are_exact(&heat->total);
    if (rc == 0)
        rc = fill_maps(heat, &cells, stats);
    spanlog_names_free(&cells);
    return rc;
}

static uint32_t *map_rows(const struct spanlog_stats *stats) {
    uint32_t *rows = malloc((stats->tallies.count + (size_t)1) * sizeof *rows);
    if (!rows)
        return NULL;
    memset(rows, 0xff, (stats->tallies.count + (size_t)1) * sizeof *rows);
    for (size_t i = 0; i < stats->count; i++)
        rows[stats->rows[i].group] = (uint32_t)i;
    return rows;
}

int spanlog_heat_run(const struct spanlog_collection *all, const struct spanlog_by *by,
                     const struct spanlog_stats *stats, const struct spanlog_heat_query *query,
                     struct spanlog_heat *ret) {
    unsigned jobs = all->job_count;
    struct counter *counters = calloc(jobs, sizeof *counters);
    uint32_t *rows = map_rows(stats);
    int rc = counters && rows ? 0 : -ENOMEM;
    *ret = (struct spanlog_heat){.total = {.most = stats->total.most}};
    choose_buckets(stats, query, ret);
    for (unsigned i = 0; rc == 0 && i < jobs; i++) {
        counters[i] = (struct counter){
            .by = by, .heat = ret, .row_of_group = rows, .group_count = stats->tallies.count};
        spanlog_tallies_init(&counters[i].tallies, &ret->total);
    }
    struct spanlog_each each = {.all = all,
                                .filter = query->filter,
                                .steps = SPANLOG_EACH_LINK,
                                .jobs = {counters, sizeof *counters},
                                .trace = one_trace};
    if (rc == 0)
        rc = spanlog_each_trace(&each);
    if (rc == 0)
        rc = gather(ret, counters, jobs, stats);
    for (unsigned i = 0; counters && i < jobs; i++) {
        spanlog_tallies_free(&counters[i].tallies);
        spanlog_names_free(&counters[i].cells);
    }
    free(counters);
    free(rows);
    return rc;
}

void spanlog_heat_free(struct spanlog_heat *heat) {
    spanlog_tallies_free(&heat->tallies);
    free(heat->cells);
    free(heat->maps);
    *heat = (struct spanlog_heat){0};
}
