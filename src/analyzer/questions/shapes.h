/* analyzer/questions/shapes.h: the question "which ways do requests take?": traces grouped by
 * structure.
 *
 *     struct spanlog_shapes_query query = {.sort = SPANLOG_SHAPES_BY_COUNT, .descending = true};
 *     struct spanlog_shapes shapes;
 *     int rc = spanlog_shapes_run(&collection, &query, &shapes);
 *     ... shapes.list[i].hash, .count, .share, the earliest trace of it ...
 *     spanlog_shapes_free(&shapes);
 *
 * Two traces have one shape when their trees are the same in service, operation and kind; the order
 * of siblings does not matter, nor does it matter how many of them are equal once they are five:
 * those count as one, ×N. Traces without spans have no shape.
 */
#ifndef SPANLOG_ANALYZER_QUESTIONS_SHAPES_H
#define SPANLOG_ANALYZER_QUESTIONS_SHAPES_H

#include "src/analyzer/trees/each.h"
#include "src/analyzer/questions/tally.h"

#define SPANLOG_SHAPE_FOLD 5
#define SPANLOG_SHAPE_LINES_MAX 40

enum spanlog_shapes_sort {
    SPANLOG_SHAPES_BY_COUNT,
    SPANLOG_SHAPES_BY_P50,
    SPANLOG_SHAPES_BY_SPANS,
    SPANLOG_SHAPES_BY_ERRORS,
    SPANLOG_SHAPES_SORTS
};
extern const char *const spanlog_shapes_sort_names[SPANLOG_SHAPES_SORTS + 1]; /* NULL at the end */

struct spanlog_shapes_query {
    enum spanlog_shapes_sort sort;
    bool descending;
    size_t limit; /* 0: all */
    struct spanlog_filter filter;
};

/* A span of the example, or `fold` equal siblings. */
struct spanlog_shape_line {
    uint32_t name; /* in the collection's names */
    uint32_t fold; /* 1: one */
    uint32_t depth;
    uint8_t kind;
    bool is_orphan;
};

/* The earliest trace of a shape, and its tree as far as it is shown. */
struct spanlog_shape_example {
    uint64_t start_ns;
    uint64_t high, low;
    const char *text; /* an id that is not hex, or NULL */
    uint32_t spans;
    uint32_t line_count;
    bool is_cut; /* there would be more lines */
    struct spanlog_shape_line *lines;
};

struct spanlog_shape {
    uint64_t hash; /* the same in every run, whatever the threads and the order of the input */
    const struct spanlog_tally *tally; /* of traces: those with an error, their durations */
    double share;
    uint64_t p50_ns;
    const struct spanlog_shape_example *example;
};

struct spanlog_shapes {
    struct spanlog_shape *list; /* those asked for */
    size_t count;
    size_t matching; /* before the limit */
    uint64_t traces; /* that have spans */
    bool exact;      /* p50 is exact; else of sketches */
    const struct spanlog_collection *all;
    struct spanlog_shape_example *examples;
    uint32_t example_count;
    struct spanlog_tallies tallies;
    struct spanlog_value_total total;
    struct spanlog_each_counts counts;
};

/* Texts of the result point into the collection. 0 or -ENOMEM. */
int spanlog_shapes_run(const struct spanlog_collection *all,
                       const struct spanlog_shapes_query *query, struct spanlog_shapes *ret);
void spanlog_shapes_free(struct spanlog_shapes *shapes);

/* ---- of one tree (shape_tree.c) ----------------------------------------------------------- */

struct spanlog_shape_tree {
    uint64_t hash;
    uint32_t *folds; /* of each node: 1; of the first of equal siblings their number, else 0 */
};

/* name_hashes: of each of the collection's names, by spanlog_shape_hash_names, which the caller
 * frees (NULL: no memory). The tree must be in order. 0 or -ENOMEM. */
uint64_t *spanlog_shape_hash_names(const struct spanlog_collection *all);
int spanlog_shape_of_tree(const struct spanlog_tree *tree, const uint64_t *name_hashes,
                          struct spanlog_arena *scratch, struct spanlog_shape_tree *ret);
/* The first lines of the tree. 0 or -ENOMEM. */
int spanlog_shape_draw(const struct spanlog_tree *tree, const struct spanlog_shape_tree *shape,
                       struct spanlog_shape_example *ret);

#endif
