/* analyzer/each.c: see each.h. */
#include "src/analyzer/each.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/parallel.h"

/* What one thread has counted, and its memory. */
struct walker {
    struct spanlog_arena part_memory;
    struct spanlog_arena scratch;
    uint64_t total, selected, cycles, self_parents, duplicates;
    int error;
};

struct walk {
    struct spanlog_each *each;
    struct spanlog_filter filter;
    struct walker *walkers;
    uint32_t service; /* numbers of the filter's; NONE when there is none or it is unknown */
    uint32_t operation;
};

static void fill_nodes(const struct spanlog_row *rows, uint32_t count, struct spanlog_node *nodes) {
    for (uint32_t i = 0; i < count; i++) {
        const struct spanlog_row *row = &rows[i];
        nodes[i].span_id = row->span_id;
        nodes[i].parent_id = row->parent_id;
        nodes[i].start_ns = row->start_ns;
        nodes[i].duration_ns = row->duration_ns;
        nodes[i].name = row->name;
        nodes[i].digest = row->digest;
        nodes[i].kind = row->kind;
        nodes[i].line = i;
        nodes[i].flags = row->flags; /* the same bits */
    }
}
_Static_assert((int)SPANLOG_ROW_ERROR == (int)SPANLOG_NODE_ERROR &&
                   (int)SPANLOG_ROW_ABANDONED == (int)SPANLOG_NODE_ABANDONED &&
                   (int)SPANLOG_ROW_PARENT == (int)SPANLOG_NODE_HAS_PARENT,
               "rows and nodes share flags");

static bool has_operation(const struct walk *walk, const struct spanlog_row *rows, uint32_t count) {
    const struct spanlog_name *names = walk->each->all->names.list;
    for (uint32_t i = 0; i < count; i++)
        if (names[rows[i].name].operation == walk->operation)
            return true;
    return false;
}

static bool is_wanted(const struct spanlog_filter *filter, const struct spanlog_trace_view *view) {
    return view->duration_ns >= filter->min_duration_ns && view->start_ns >= filter->since_ns &&
           (filter->until_ns == 0 || view->start_ns < filter->until_ns) &&
           (filter->status == SPANLOG_STATUS_ANY ||
            (filter->status == SPANLOG_STATUS_WITH_ERRORS) == (view->tree->errors > 0));
}

static void set_times(struct spanlog_trace_view *view) {
    const struct spanlog_trace_entry *entry = view->entry;
    const struct spanlog_tree *tree = view->tree;
    if (tree->root != SPANLOG_NODE_NONE) {
        view->start_ns = tree->start_ns;
        view->duration_ns = tree->end_ns - tree->start_ns;
    } else if (entry->first_log_ns != UINT64_MAX) {
        view->start_ns = entry->first_log_ns;
        view->duration_ns = entry->last_log_ns - entry->first_log_ns;
    }
}

static int work_out(const struct walk *walk, struct spanlog_tree *tree,
                    struct spanlog_arena *scratch) {
    const struct spanlog_each *each = walk->each;
    const struct spanlog_name_texts texts = {&each->all->services, &each->all->operations,
                                             &each->all->names};
    if (each->steps >= SPANLOG_EACH_ORDER && spanlog_tree_order(tree, &texts, scratch) < 0)
        return -ENOMEM;
    return each->steps >= SPANLOG_EACH_FIGURES ? spanlog_tree_figures(tree, scratch) : 0;
}

static int one_trace(const struct walk *walk, unsigned job, const struct spanlog_part *part,
                     uint32_t i, struct spanlog_node *nodes) {
    struct walker *walker = &walk->walkers[job];
    const struct spanlog_row *rows = &part->rows[part->first[i]];
    uint32_t count = part->first[i + 1] - part->first[i];
    walker->total++;
    if (walk->filter.service && !part->has_service[i])
        return 0;
    if (walk->filter.operation && !has_operation(walk, rows, count))
        return 0;
    struct spanlog_tree tree = {.nodes = nodes, .count = count};
    spanlog_arena_reset(&walker->scratch);
    fill_nodes(rows, count, nodes);
    if (spanlog_tree_link(&tree, &walker->scratch) < 0)
        return -ENOMEM;
    struct spanlog_trace_view view = {.all = walk->each->all,
                                      .entry = &part->traces[i],
                                      .tree = &tree,
                                      .extras = part->extras ? &part->extras[part->first[i]] : NULL,
                                      .services = part->service_counts[i],
                                      .scratch = &walker->scratch};
    set_times(&view);
    walker->cycles += tree.cycles;
    walker->self_parents += tree.self_parents;
    walker->duplicates += tree.duplicates;
    if (!is_wanted(&walk->filter, &view))
        return 0;
    walker->selected++;
    if (work_out(walk, &tree, &walker->scratch) < 0)
        return -ENOMEM;
    return walk->each->trace(walk->each->jobs[job], &view);
}

static void one_part(void *argument, unsigned job, size_t number) {
    const struct walk *walk = argument;
    struct walker *walker = &walk->walkers[job];
    struct spanlog_part part;
    uint32_t most = 0;
    if (walker->error)
        return;
    spanlog_arena_reset(&walker->part_memory);
    walker->error = spanlog_part_load(walk->each->all, (unsigned)number, walk->service,
                                      &walker->part_memory, &part);
    for (uint32_t i = 0; walker->error == 0 && i < part.trace_count; i++)
        if (part.first[i + 1] - part.first[i] > most)
            most = part.first[i + 1] - part.first[i];
    struct spanlog_node *nodes =
        spanlog_arena_array(&walker->part_memory, most + (size_t)1, sizeof *nodes);
    if (walker->error == 0 && !nodes)
        walker->error = -ENOMEM;
    for (uint32_t i = 0; walker->error == 0 && i < part.trace_count; i++)
        walker->error = one_trace(walk, job, &part, i, nodes);
}

static uint32_t number_of(const struct spanlog_strings *strings, const char *text) {
    return text ? spanlog_strings_find(strings, text, strlen(text)) : SPANLOG_STRING_NONE;
}

int spanlog_each_trace(struct spanlog_each *each) {
    static const struct spanlog_filter everything = {0};
    const struct spanlog_collection *all = each->all;
    struct walk walk = {.each = each,
                        .filter = each->filter ? *each->filter : everything,
                        .walkers = calloc(all->job_count, sizeof(struct walker))};
    int rc = 0;
    if (!walk.walkers)
        return -ENOMEM;
    walk.service = number_of(&all->services, walk.filter.service);
    walk.operation = number_of(&all->operations, walk.filter.operation);
    each->total = each->selected = each->cycles = each->self_parents = each->duplicates = 0;
    spanlog_parallel(all->job_count, SPANLOG_PARTS, one_part, &walk);
    for (unsigned i = 0; i < all->job_count; i++) {
        struct walker *walker = &walk.walkers[i];
        each->total += walker->total;
        each->selected += walker->selected;
        each->cycles += walker->cycles;
        each->self_parents += walker->self_parents;
        each->duplicates += walker->duplicates;
        rc = rc ? rc : walker->error;
        spanlog_arena_free(&walker->part_memory);
        spanlog_arena_free(&walker->scratch);
    }
    free(walk.walkers);
    return rc;
}
