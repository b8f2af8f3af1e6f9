/* analyzer/trees/each.c: see each.h. */
#include "src/analyzer/trees/each.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/trees/skew.h"
#include "src/analyzer/trees/where_trace.h"

/* What one thread has counted, and its memory. */
struct walker {
    struct spanlog_arena part_memory;
    struct spanlog_arena scratch;
    struct spanlog_where_scratch where;
    struct spanlog_each_counts counts;
    int error;
};

struct walk {
    struct spanlog_each *each;
    struct spanlog_filter filter;
    const struct spanlog_skew *skew;
    struct walker *walkers;
    uint32_t service; /* numbers of the filter's; NONE when there is none or it is unknown */
    uint32_t operation;
};

static void fill_nodes(const struct spanlog_row *rows, const struct spanlog_row_extra *extras,
                       uint32_t count, struct spanlog_node *nodes) {
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
        nodes[i].shift_ns = 0;
        nodes[i].bits = extras ? extras[i].bits : 0;
        nodes[i].flags = row->flags; /* the same bits */
    }
}
_Static_assert((int)SPANLOG_ROW_ERROR == (int)SPANLOG_NODE_ERROR &&
                   (int)SPANLOG_ROW_ABANDONED == (int)SPANLOG_NODE_ABANDONED &&
                   (int)SPANLOG_ROW_PARENT == (int)SPANLOG_NODE_HAS_PARENT,
               "rows and nodes share flags");

/* ---- --where ------------------------------------------------------------------------------ */

/* The bits of log lines go to their spans, those of the others to the trace. Returns the latter. */
static uint32_t place_log_bits(struct spanlog_tree *tree, const struct spanlog_log_bits *logs,
                               uint32_t count, struct spanlog_arena *scratch, int *ret_rc) {
    uint32_t bits = 0, mask = 15;
    while (count && mask < 2 * (uint64_t)tree->count)
        mask = 2 * mask + 1;
    uint32_t *slots = count ? spanlog_arena_array(scratch, (size_t)mask + 1, sizeof *slots) : NULL;
    *ret_rc = count && !slots ? -ENOMEM : 0;
    if (!slots)
        return 0;
    memset(slots, 0, ((size_t)mask + 1) * sizeof *slots);
    for (uint32_t i = 0; i < tree->count; i++) {
        uint32_t at = (uint32_t)((tree->nodes[i].span_id * 0x9e3779b97f4a7c15u) >> 32) & mask;
        while (slots[at])
            at = (at + 1) & mask;
        slots[at] = i + 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (uint32_t)((logs[i].span_id * 0x9e3779b97f4a7c15u) >> 32) & mask;
        while (slots[at] && tree->nodes[slots[at] - 1].span_id != logs[i].span_id)
            at = (at + 1) & mask;
        if (slots[at] && logs[i].span_id)
            tree->nodes[slots[at] - 1].bits |= logs[i].bits;
        else
            bits |= logs[i].bits;
    }
    return bits;
}

/* 1, 0 or -ENOMEM. */
static int meets_where(const struct walk *walk, struct walker *walker,
                       const struct spanlog_part *part, uint32_t trace, struct spanlog_tree *tree) {
    const struct spanlog_collection *all = walk->each->all;
    const struct spanlog_name_texts texts = {&all->services, &all->operations, &all->names};
    struct spanlog_where_trace where_trace = {.tree = tree, .names = &texts};
    uint32_t first = part->first_log_bits[trace];
    int rc;
    where_trace.bits =
        place_log_bits(tree, &part->log_bits[first], part->first_log_bits[trace + 1] - first,
                       &walker->scratch, &rc);
    if (rc < 0 || spanlog_tree_order(tree, &texts, &walker->scratch) < 0)
        return -ENOMEM;
    return spanlog_where_matches(walk->filter.where, &walker->where, &where_trace, NULL);
}

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
    bool is_ordered = walk->filter.where != NULL;
    const struct spanlog_name_texts texts = {&each->all->services, &each->all->operations,
                                             &each->all->names};
    if (each->steps >= SPANLOG_EACH_ORDER && !is_ordered &&
        spanlog_tree_order(tree, &texts, scratch) < 0)
        return -ENOMEM;
    return each->steps >= SPANLOG_EACH_FIGURES ? spanlog_tree_figures(tree, scratch) : 0;
}

static int one_trace(const struct walk *walk, unsigned job, const struct spanlog_part *part,
                     uint32_t i, struct spanlog_node *nodes) {
    struct walker *walker = &walk->walkers[job];
    const struct spanlog_row *rows = &part->rows[part->first[i]];
    uint32_t count = part->first[i + 1] - part->first[i];
    walker->counts.total++;
    if (walk->filter.service && !part->has_service[i])
        return 0;
    if (walk->filter.operation && !has_operation(walk, rows, count))
        return 0;
    struct spanlog_tree tree = {.nodes = nodes, .count = count};
    spanlog_arena_reset(&walker->scratch);
    const struct spanlog_row_extra *extras = part->extras ? &part->extras[part->first[i]] : NULL;
    fill_nodes(rows, extras, count, nodes);
    if (spanlog_tree_link(&tree, &walker->scratch) < 0 ||
        (!walk->filter.raw_clocks &&
         spanlog_skew_correct(&tree, &walk->each->all->names, walk->skew, &walker->scratch) < 0))
        return -ENOMEM;
    struct spanlog_trace_view view = {.all = walk->each->all,
                                      .entry = &part->traces[i],
                                      .tree = &tree,
                                      .row_list = rows,
                                      .extras = extras,
                                      .rows = count,
                                      .services = part->service_counts[i],
                                      .matches = true,
                                      .scratch = &walker->scratch};
    if (part->first_log_bits) {
        view.log_bits = &part->log_bits[part->first_log_bits[i]];
        view.log_bits_count = part->first_log_bits[i + 1] - part->first_log_bits[i];
    }
    set_times(&view);
    walker->counts.cycles += tree.cycles;
    walker->counts.self_parents += tree.self_parents;
    walker->counts.duplicates += tree.duplicates;
    walker->counts.skewed += tree.skewed > 0;
    if (!is_wanted(&walk->filter, &view))
        return 0;
    if (walk->filter.where && part->first_log_bits) {
        int rc = meets_where(walk, walker, part, i, &tree);
        if (rc < 0 || (rc == 0 && !walk->filter.where_marks))
            return rc;
        view.matches = rc > 0;
    }
    walker->counts.selected++;
    if (work_out(walk, &tree, &walker->scratch) < 0)
        return -ENOMEM;
    return walk->each->trace(spanlog_jobs_at(&walk->each->jobs, job), &view);
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

static void add_up(struct spanlog_each_counts *to, const struct spanlog_each_counts *from) {
    to->total += from->total;
    to->selected += from->selected;
    to->cycles += from->cycles;
    to->self_parents += from->self_parents;
    to->duplicates += from->duplicates;
    to->skewed += from->skewed;
}

static int walk_all(struct spanlog_each *each, const struct spanlog_skew *skew) {
    static const struct spanlog_filter everything = {0};
    const struct spanlog_collection *all = each->all;
    struct walk walk = {.each = each,
                        .filter = each->filter ? *each->filter : everything,
                        .skew = skew,
                        .walkers = calloc(all->job_count, sizeof(struct walker))};
    int rc = 0;
    if (!walk.walkers)
        return -ENOMEM;
    walk.service = number_of(&all->services, walk.filter.service);
    walk.operation = number_of(&all->operations, walk.filter.operation);
    each->counts = (struct spanlog_each_counts){0};
    for (unsigned i = 0; walk.filter.where && rc == 0 && i < all->job_count; i++)
        rc = spanlog_where_scratch_init(&walk.walkers[i].where, walk.filter.where);
    if (rc == 0)
        spanlog_parallel(all->job_count, SPANLOG_PARTS, one_part, &walk);
    for (unsigned i = 0; i < all->job_count; i++) {
        struct walker *walker = &walk.walkers[i];
        add_up(&each->counts, &walker->counts);
        rc = rc ? rc : walker->error;
        spanlog_arena_free(&walker->part_memory);
        if (walk.filter.where)
            spanlog_where_scratch_free(&walker->where);
        spanlog_arena_free(&walker->scratch);
    }
    free(walk.walkers);
    return rc;
}

int spanlog_each_trace(struct spanlog_each *each) {
    struct spanlog_skew skew = {0};
    int rc = 0;
    if (each->skew || (each->filter && each->filter->raw_clocks))
        return walk_all(each, each->skew);
    rc = spanlog_skew_gather(&skew, each->all);
    if (rc == 0)
        rc = walk_all(each, &skew);
    spanlog_skew_free(&skew);
    return rc;
}
