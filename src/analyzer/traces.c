/* analyzer/traces.c: see traces.h. */
#include "src/analyzer/traces.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/parallel.h"
#include "src/analyzer/tree.h"

const char *const spanlog_traces_sort_names[SPANLOG_TRACES_SORTS] = {
    "start",  "duration", "spans", "logs",    "services",
    "errors", "orphans",  "root",  "service", "trace_id"};

/* What one thread has found, and its scratch memory. */
struct finder {
    struct spanlog_arena scratch;
    struct spanlog_trace_summary *items;
    size_t count, room;
    size_t total;
    uint64_t cycles, self_parents, duplicates;
    int error;
};

struct search {
    const struct spanlog_collection *all;
    const struct spanlog_traces_query *query;
    struct finder *finders;
    uint32_t service; /* numbers of the filters; NONE when there is none or it is unknown */
    uint32_t operation;
};

static int keep(struct finder *finder, const struct spanlog_trace_summary *summary) {
    if (finder->count == finder->room) {
        size_t room = finder->room ? 2 * finder->room : 256;
        struct spanlog_trace_summary *grown = realloc(finder->items, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        finder->items = grown;
        finder->room = room;
    }
    finder->items[finder->count++] = *summary;
    return 0;
}

static bool is_wanted(const struct spanlog_traces_query *query,
                      const struct spanlog_trace_summary *summary) {
    return summary->duration_ns >= query->min_duration_ns && summary->start_ns >= query->since_ns &&
           (query->until_ns == 0 || summary->start_ns < query->until_ns) &&
           (query->status == SPANLOG_STATUS_ANY ||
            (query->status == SPANLOG_STATUS_WITH_ERRORS) == (summary->errors > 0));
}

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
        nodes[i].flags = row->flags; /* the same bits */
    }
}
_Static_assert((int)SPANLOG_ROW_ERROR == (int)SPANLOG_NODE_ERROR &&
                   (int)SPANLOG_ROW_ABANDONED == (int)SPANLOG_NODE_ABANDONED &&
                   (int)SPANLOG_ROW_PARENT == (int)SPANLOG_NODE_HAS_PARENT,
               "rows and nodes share flags");

static bool has_operation(const struct search *search, const struct spanlog_row *rows,
                          uint32_t count) {
    const struct spanlog_name *names = search->all->names.list;
    for (uint32_t i = 0; i < count; i++)
        if (names[rows[i].name].operation == search->operation)
            return true;
    return false;
}

static void summarize(const struct search *search, const struct spanlog_tree *tree,
                      const struct spanlog_trace_entry *entry, struct spanlog_trace_summary *ret) {
    ret->spans = tree->count;
    ret->errors = tree->errors;
    ret->orphans = tree->orphans;
    ret->root = ret->service = (struct spanlog_text){NULL, 0};
    if (tree->root == SPANLOG_NODE_NONE) {
        bool timed = entry->first_log_ns != UINT64_MAX;
        ret->start_ns = timed ? entry->first_log_ns : 0;
        ret->duration_ns = timed ? entry->last_log_ns - entry->first_log_ns : 0;
        return;
    }
    const struct spanlog_collection *all = search->all;
    const struct spanlog_name *name = &all->names.list[tree->nodes[tree->root].name];
    ret->root = spanlog_strings_text(&all->operations, name->operation);
    ret->service = spanlog_strings_text(&all->services, name->service);
    ret->start_ns = tree->start_ns;
    ret->duration_ns = tree->end_ns - tree->start_ns;
}

static int one_trace(const struct search *search, struct finder *finder,
                     const struct spanlog_part *part, uint32_t i, struct spanlog_node *nodes) {
    const struct spanlog_row *rows = &part->rows[part->first[i]];
    uint32_t count = part->first[i + 1] - part->first[i];
    finder->total++;
    if (search->query->service && !part->has_service[i])
        return 0;
    if (search->query->operation && !has_operation(search, rows, count))
        return 0;
    struct spanlog_tree tree = {.nodes = nodes, .count = count};
    char *mark = finder->scratch.at;
    struct spanlog_arena_block *block = finder->scratch.blocks;
    fill_nodes(rows, count, nodes);
    if (spanlog_tree_link(&tree, &finder->scratch) < 0)
        return -ENOMEM;
    if (block == finder->scratch.blocks) /* nothing of it is needed any more */
        finder->scratch.at = mark;
    struct spanlog_trace_summary summary = {.high = part->traces[i].high,
                                            .low = part->traces[i].low,
                                            .text = part->traces[i].text,
                                            .logs = part->traces[i].logs,
                                            .services = part->service_counts[i]};
    summarize(search, &tree, &part->traces[i], &summary);
    finder->cycles += tree.cycles;
    finder->self_parents += tree.self_parents;
    finder->duplicates += tree.duplicates;
    return is_wanted(search->query, &summary) ? keep(finder, &summary) : 0;
}

static void one_part(void *argument, unsigned job, size_t number) {
    const struct search *search = argument;
    struct finder *finder = &search->finders[job];
    struct spanlog_part part;
    uint32_t most = 0;
    if (finder->error)
        return;
    spanlog_arena_reset(&finder->scratch);
    finder->error =
        spanlog_part_load(search->all, (unsigned)number, search->service, &finder->scratch, &part);
    for (uint32_t i = 0; finder->error == 0 && i < part.trace_count; i++)
        if (part.first[i + 1] - part.first[i] > most)
            most = part.first[i + 1] - part.first[i];
    struct spanlog_node *nodes =
        spanlog_arena_array(&finder->scratch, most + (size_t)1, sizeof *nodes);
    if (finder->error == 0 && !nodes)
        finder->error = -ENOMEM;
    for (uint32_t i = 0; finder->error == 0 && i < part.trace_count; i++)
        finder->error = one_trace(search, finder, &part, i, nodes);
}

/* ---- sorting ------------------------------------------------------------------------------ */

#define ORDER(field) ((a->field > b->field) - (a->field < b->field))

static int compare(enum spanlog_traces_sort sort, const struct spanlog_trace_summary *a,
                   const struct spanlog_trace_summary *b) {
    switch (sort) {
    case SPANLOG_TRACES_BY_DURATION:
        return ORDER(duration_ns);
    case SPANLOG_TRACES_BY_SPANS:
        return ORDER(spans);
    case SPANLOG_TRACES_BY_LOGS:
        return ORDER(logs);
    case SPANLOG_TRACES_BY_SERVICES:
        return ORDER(services);
    case SPANLOG_TRACES_BY_ERRORS:
        return ORDER(errors);
    case SPANLOG_TRACES_BY_ORPHANS:
        return ORDER(orphans);
    case SPANLOG_TRACES_BY_ROOT:
        return spanlog_text_compare(a->root, b->root);
    case SPANLOG_TRACES_BY_SERVICE:
        return spanlog_text_compare(a->service, b->service);
    case SPANLOG_TRACES_BY_TRACE_ID:
        return ORDER(high) ? ORDER(high) : ORDER(low);
    default:
        return ORDER(start_ns);
    }
}

/* Equal ones by their start and id, always upwards, so that the list is the same every time. */
static int by_query(const void *left, const void *right, void *argument) {
    const struct spanlog_trace_summary *a = left, *b = right;
    const struct spanlog_traces_query *query = argument;
    int order = compare(query->sort, a, b);
    if (order)
        return query->descending ? -order : order;
    order = ORDER(start_ns);
    if (order == 0)
        order = ORDER(high);
    return order ? order : ORDER(low);
}

static int gather(const struct search *search, unsigned jobs, struct spanlog_traces *ret) {
    int rc = 0;
    for (unsigned i = 0; i < jobs; i++) {
        const struct finder *finder = &search->finders[i];
        ret->count += finder->count;
        ret->total += finder->total;
        ret->cycles += finder->cycles;
        ret->self_parents += finder->self_parents;
        ret->duplicates += finder->duplicates;
        rc = rc ? rc : finder->error;
    }
    ret->items = rc ? NULL : malloc((ret->count + 1) * sizeof *ret->items);
    if (!ret->items)
        return rc ? rc : -ENOMEM;
    size_t at = 0;
    for (unsigned i = 0; i < jobs; i++) {
        const struct finder *finder = &search->finders[i];
        if (finder->count)
            memcpy(ret->items + at, finder->items, finder->count * sizeof *ret->items);
        at += finder->count;
    }
    return 0;
}

int spanlog_traces_list(const struct spanlog_collection *all,
                        const struct spanlog_traces_query *query, struct spanlog_traces *ret) {
    unsigned jobs = all->job_count;
    struct search search = {all, query, calloc(jobs, sizeof(struct finder)), SPANLOG_STRING_NONE,
                            SPANLOG_STRING_NONE};
    *ret = (struct spanlog_traces){0};
    if (!search.finders)
        return -ENOMEM;
    if (query->service)
        search.service =
            spanlog_strings_find(&all->services, query->service, strlen(query->service));
    if (query->operation)
        search.operation =
            spanlog_strings_find(&all->operations, query->operation, strlen(query->operation));
    spanlog_parallel(jobs, SPANLOG_PARTS, one_part, &search);
    int rc = gather(&search, jobs, ret);
    for (unsigned i = 0; i < jobs; i++) {
        spanlog_arena_free(&search.finders[i].scratch);
        free(search.finders[i].items);
    }
    free(search.finders);
    if (rc < 0 || !ret->items)
        return rc;
    struct spanlog_traces_query order = *query;
    qsort_r(ret->items, ret->count, sizeof *ret->items, by_query, &order);
    ret->matching = ret->count;
    if (query->limit && ret->count > query->limit)
        ret->count = query->limit;
    return 0;
}

void spanlog_traces_list_free(struct spanlog_traces *list) {
    free(list->items);
    *list = (struct spanlog_traces){0};
}
