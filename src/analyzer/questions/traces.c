/* analyzer/questions/traces.c: see traces.h. */
#include "src/analyzer/questions/traces.h"

#include <errno.h>
#include <stdlib.h>

const char *const spanlog_traces_sort_names[SPANLOG_TRACES_SORTS] = {
    "start",  "duration", "spans", "logs",    "services",
    "errors", "orphans",  "root",  "service", "trace_id"};

/* What one thread has found. */
struct finder {
    struct spanlog_trace_summary *items;
    size_t count, room;
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

static int one_trace(void *job, const struct spanlog_trace_view *view) {
    const struct spanlog_tree *tree = view->tree;
    const struct spanlog_collection *all = view->all;
    struct spanlog_trace_summary summary = {.high = view->entry->high,
                                            .low = view->entry->low,
                                            .text = view->entry->text,
                                            .start_ns = view->start_ns,
                                            .duration_ns = view->duration_ns,
                                            .spans = tree->count,
                                            .logs = view->entry->logs,
                                            .services = view->services,
                                            .errors = tree->errors,
                                            .orphans = tree->orphans};
    if (tree->root != SPANLOG_NODE_NONE) {
        const struct spanlog_name *name = &all->names.list[tree->nodes[tree->root].name];
        summary.root = spanlog_strings_text(&all->operations, name->operation);
        summary.service = spanlog_strings_text(&all->services, name->service);
    }
    return keep(job, &summary);
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

static int gather(const struct finder *finders, unsigned jobs, struct spanlog_traces *ret) {
    for (unsigned i = 0; i < jobs; i++)
        ret->count += finders[i].count;
    ret->items = malloc((ret->count + 1) * sizeof *ret->items);
    if (!ret->items)
        return -ENOMEM;
    size_t at = 0;
    for (unsigned i = 0; i < jobs; i++) {
        if (finders[i].count)
            memcpy(ret->items + at, finders[i].items, finders[i].count * sizeof *ret->items);
        at += finders[i].count;
    }
    return 0;
}

int spanlog_traces_list(const struct spanlog_collection *all,
                        const struct spanlog_traces_query *query, struct spanlog_traces *ret) {
    unsigned jobs = all->job_count;
    struct finder *finders = calloc(jobs, sizeof *finders);
    *ret = (struct spanlog_traces){0};
    int rc = finders ? 0 : -ENOMEM;
    struct spanlog_each each = {.all = all,
                                .filter = &query->filter,
                                .steps = SPANLOG_EACH_LINK,
                                .jobs = {finders, sizeof *finders},
                                .trace = one_trace};
    if (rc == 0)
        rc = spanlog_each_trace(&each);
    if (rc == 0)
        rc = gather(finders, jobs, ret);
    for (unsigned i = 0; finders && i < jobs; i++)
        free(finders[i].items);
    free(finders);
    if (rc < 0)
        return rc;
    ret->counts = each.counts;
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
