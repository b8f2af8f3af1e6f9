/* analyzer/questions/shapes.c: see shapes.h. Shapes are numbered by the two halves of their hash.
 */
#include "src/analyzer/questions/shapes.h"

#include <errno.h>
#include <stdlib.h>

const char *const spanlog_shapes_sort_names[SPANLOG_SHAPES_SORTS + 1] = {"count", "p50", "spans",
                                                                         "errors", NULL};

/* Shapes by number. */
struct found {
    struct spanlog_names hashes;
    struct spanlog_tallies tallies;
    struct spanlog_shape_example *examples; /* cleared up to room */
    uint32_t room;
};

/* What one thread has found. */
struct counter {
    const uint64_t *name_hashes;
    struct found found;
    uint64_t traces;
};

static struct spanlog_shape_example *example_at(struct found *found, uint32_t number) {
    if (number >= found->room) {
        size_t room = 2 * (size_t)number + 16;
        struct spanlog_shape_example *grown = realloc(found->examples, room * sizeof *grown);
        if (!grown)
            return NULL;
        memset(grown + found->room, 0, (room - found->room) * sizeof *grown);
        found->examples = grown;
        found->room = (uint32_t)room;
    }
    return &found->examples[number];
}

static void free_found(struct found *found) {
    for (uint32_t i = 0; i < found->room; i++)
        free(found->examples[i].lines);
    free(found->examples);
    spanlog_names_free(&found->hashes);
    spanlog_tallies_free(&found->tallies);
}

/* The earliest; of two that start together, the one with the smaller id. */
static bool is_better(const struct spanlog_shape_example *a,
                      const struct spanlog_shape_example *b) {
    if (!b->lines)
        return true;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns;
    return a->high != b->high ? a->high < b->high : a->low < b->low;
}

static int one_trace(void *job, const struct spanlog_trace_view *view) {
    struct counter *counter = job;
    struct found *found = &counter->found;
    struct spanlog_shape_tree shape;
    if (view->tree->count == 0)
        return 0;
    if (spanlog_shape_of_tree(view->tree, counter->name_hashes, view->scratch, &shape) < 0)
        return -ENOMEM;
    counter->traces++;
    uint32_t number = spanlog_names_add(&found->hashes, (uint32_t)(shape.hash >> 32),
                                        (uint32_t)shape.hash, SPANLOG_STRING_NONE);
    struct spanlog_tally *tally =
        number == SPANLOG_STRING_NONE ? NULL : spanlog_tallies_at(&found->tallies, number);
    struct spanlog_shape_example *example = tally ? example_at(found, number) : NULL;
    if (!example ||
        spanlog_tally_value(tally, &found->tallies, view->duration_ns, view->tree->errors > 0) < 0)
        return -ENOMEM;
    const struct spanlog_shape_example this = {.start_ns = view->start_ns,
                                               .high = view->entry->high,
                                               .low = view->entry->low,
                                               .text = view->entry->text,
                                               .spans = view->tree->count,
                                               .lines = example->lines};
    if (!is_better(&this, example))
        return 0;
    *example = this;
    return spanlog_shape_draw(view->tree, &shape, example);
}

/* ---- putting together --------------------------------------------------------------------- */

static int join(struct found *all, struct found *from) {
    for (uint32_t i = 0; i < from->hashes.count; i++) {
        const struct spanlog_name *hash = &from->hashes.list[i];
        uint32_t number =
            spanlog_names_add(&all->hashes, hash->service, hash->operation, SPANLOG_STRING_NONE);
        struct spanlog_shape_example *example =
            number == SPANLOG_STRING_NONE ? NULL : example_at(all, number);
        if (!example)
            return -ENOMEM;
        if (!is_better(&from->examples[i], example))
            continue;
        free(example->lines);
        *example = from->examples[i];
        from->examples[i].lines = NULL;
    }
    return spanlog_tallies_join_pairs(&all->tallies, &all->hashes, &from->tallies, &from->hashes);
}

#define ORDER(field) ((a->field > b->field) - (a->field < b->field))

static int by_query(const void *left, const void *right, void *argument) {
    const struct spanlog_shape *a = left, *b = right;
    const struct spanlog_shapes_query *query = argument;
    int order = query->sort == SPANLOG_SHAPES_BY_P50      ? ORDER(p50_ns)
                : query->sort == SPANLOG_SHAPES_BY_SPANS  ? ORDER(example->spans)
                : query->sort == SPANLOG_SHAPES_BY_ERRORS ? ORDER(tally->errors)
                                                          : ORDER(tally->count);
    if (order)
        return query->descending ? -order : order;
    return ORDER(hash);
}

static int fill_list(struct spanlog_shapes *shapes, const struct found *found,
                     const struct spanlog_shapes_query *query) {
    struct spanlog_shapes_query order = *query;
    shapes->list = malloc((found->hashes.count + (size_t)1) * sizeof *shapes->list);
    if (!shapes->list)
        return -ENOMEM;
    for (uint32_t i = 0; i < found->hashes.count; i++) {
        const struct spanlog_name *hash = &found->hashes.list[i];
        const struct spanlog_tally *tally = &shapes->tallies.list[i];
        shapes->list[shapes->count++] =
            (struct spanlog_shape){.hash = (uint64_t)hash->service << 32 | hash->operation,
                                   .tally = tally,
                                   .share = (double)tally->count / (double)shapes->traces,
                                   .p50_ns = spanlog_series_percentile(&tally->durations, 50),
                                   .example = &shapes->examples[i]};
    }
    qsort_r(shapes->list, shapes->count, sizeof *shapes->list, by_query, &order);
    shapes->matching = shapes->count;
    if (query->limit && shapes->count > query->limit)
        shapes->count = query->limit;
    return 0;
}

static int gather(struct spanlog_shapes *shapes, struct counter *counters, unsigned jobs,
                  const struct spanlog_shapes_query *query) {
    struct found all = {0};
    int rc = 0;
    spanlog_tallies_init(&all.tallies, &shapes->total);
    for (unsigned i = 0; rc == 0 && i < jobs; i++) {
        rc = join(&all, &counters[i].found);
        shapes->traces += counters[i].traces;
    }
    if (rc == 0)
        rc = spanlog_tallies_settle(&all.tallies, jobs);
    shapes->exact = spanlog_values_are_exact(&shapes->total);
    /* Tallies and examples go over to the answer. */
    shapes->tallies = all.tallies;
    shapes->examples = all.examples;
    shapes->example_count = all.room;
    all.tallies = (struct spanlog_tallies){0};
    all.examples = NULL;
    all.room = 0;
    if (rc == 0)
        rc = fill_list(shapes, &all, query);
    free_found(&all);
    return rc;
}

int spanlog_shapes_run(const struct spanlog_collection *all,
                       const struct spanlog_shapes_query *query, struct spanlog_shapes *ret) {
    unsigned jobs = all->job_count;
    struct counter *counters = calloc(jobs, sizeof *counters);
    uint64_t *name_hashes = spanlog_shape_hash_names(all);
    int rc = counters && name_hashes ? 0 : -ENOMEM;
    *ret = (struct spanlog_shapes){.all = all, .total = {.most = SPANLOG_VALUES_EXACT_MAX}};
    for (unsigned i = 0; rc == 0 && i < jobs; i++) {
        counters[i].name_hashes = name_hashes;
        spanlog_tallies_init(&counters[i].found.tallies, &ret->total);
    }
    struct spanlog_each each = {.all = all,
                                .filter = &query->filter,
                                .steps = SPANLOG_EACH_ORDER,
                                .jobs = {counters, sizeof *counters},
                                .trace = one_trace};
    if (rc == 0)
        rc = spanlog_each_trace(&each);
    ret->counts = each.counts;
    if (rc == 0)
        rc = gather(ret, counters, jobs, query);
    for (unsigned i = 0; counters && i < jobs; i++)
        free_found(&counters[i].found);
    free(counters);
    free(name_hashes);
    return rc;
}

void spanlog_shapes_free(struct spanlog_shapes *shapes) {
    for (uint32_t i = 0; i < shapes->example_count; i++)
        free(shapes->examples[i].lines);
    free(shapes->examples);
    free(shapes->list);
    spanlog_tallies_free(&shapes->tallies);
    *shapes = (struct spanlog_shapes){0};
}
