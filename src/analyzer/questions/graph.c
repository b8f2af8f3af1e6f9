/* analyzer/questions/graph.c: see graph.h. */
#include "src/analyzer/questions/graph.h"
#include "src/analyzer/questions/calls.h"

#include <errno.h>
#include <stdlib.h>

const char *const spanlog_graph_sort_names[SPANLOG_GRAPH_SORTS + 1] = {
    "from", "to", "count", "errors", "p50", "p95", NULL};

/* A span that somebody is linked to. */
struct target {
    uint64_t trace, span;
    uint32_t service; /* SPANLOG_STRING_NONE: the span is not there */
};

/* All links: by their sources, and what they lead to. */
struct linked {
    struct spanlog_link *links;
    size_t link_count;
    struct target *targets;
    size_t target_count;
};

/* What one thread has counted. */
struct counter {
    struct linked *linked;
    const struct spanlog_callees *callees;
    struct spanlog_names edges; /* from, to */
    struct spanlog_tallies tallies;
};

static int count_call(void *argument, uint32_t from, uint32_t to, const struct spanlog_node *node,
                      bool is_error) {
    struct counter *counter = argument;
    struct spanlog_tally *tally =
        spanlog_tallies_of_pair(&counter->tallies, &counter->edges, from, to);
    return tally ? spanlog_tally_value(tally, &counter->tallies, node->duration_ns, is_error)
                 : -ENOMEM;
}

/* ---- links -------------------------------------------------------------------------------- */

static int by_id(const void *left, const void *right) {
    const struct target *a = left, *b = right;
    if (a->trace != b->trace)
        return a->trace < b->trace ? -1 : 1;
    return (a->span > b->span) - (a->span < b->span);
}

/* The first target of that id or a greater one. */
static size_t find_target(const struct linked *linked, uint64_t trace, uint64_t span) {
    const struct target key = {.trace = trace, .span = span};
    size_t low = 0, high = linked->target_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_id(&linked->targets[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int open_linked(struct linked *linked, const struct spanlog_links *links) {
    if (!links)
        return 0;
    int rc = spanlog_links_gather(links, &linked->links, &linked->link_count);
    if (rc < 0)
        return rc;
    linked->targets = malloc((linked->link_count + 1) * sizeof *linked->targets);
    if (!linked->targets)
        return -ENOMEM;
    for (size_t i = 0; i < linked->link_count; i++)
        linked->targets[i] = (struct target){linked->links[i].to_trace, linked->links[i].to_span,
                                             SPANLOG_STRING_NONE};
    qsort(linked->targets, linked->link_count, sizeof *linked->targets, by_id);
    for (size_t i = 0; i < linked->link_count; i++)
        if (linked->target_count == 0 ||
            by_id(&linked->targets[linked->target_count - 1], &linked->targets[i]) != 0)
            linked->targets[linked->target_count++] = linked->targets[i];
    return 0;
}

static void close_linked(struct linked *linked) {
    free(linked->links);
    free(linked->targets);
}

/* A trace is one thread's: nobody else writes to its targets. */
static int find_services(void *job, const struct spanlog_trace_view *view) {
    struct linked *linked = job;
    uint64_t trace = view->entry->low;
    size_t first = find_target(linked, trace, 0);
    if (first == linked->target_count || linked->targets[first].trace != trace)
        return 0;
    for (uint32_t i = 0; i < view->tree->count; i++) {
        const struct spanlog_node *node = &view->tree->nodes[i];
        size_t at = find_target(linked, trace, node->span_id);
        if (at < linked->target_count && linked->targets[at].trace == trace &&
            linked->targets[at].span == node->span_id)
            linked->targets[at].service = spanlog_service_of(view, node);
    }
    return 0;
}

/* Producers may be in traces that the filter leaves out. */
static int resolve(const struct spanlog_collection *all, struct linked *linked) {
    if (linked->link_count == 0)
        return 0;
    struct spanlog_each each = {
        .all = all, .steps = SPANLOG_EACH_LINK, .jobs = {.first = linked}, .trace = find_services};
    return spanlog_each_trace(&each);
}

static size_t first_link_of(const struct linked *linked, uint64_t trace, uint64_t span) {
    size_t low = 0, high = linked->link_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct spanlog_link *link = &linked->links[middle];
        if (link->trace < trace || (link->trace == trace && link->span < span))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int count_links(struct counter *counter, const struct spanlog_trace_view *view,
                       const struct spanlog_node *node) {
    const struct linked *linked = counter->linked;
    uint64_t trace = view->entry->low;
    int rc = 0;
    for (size_t i = first_link_of(linked, trace, node->span_id);
         rc == 0 && i < linked->link_count && linked->links[i].trace == trace &&
         linked->links[i].span == node->span_id;
         i++) {
        const struct spanlog_link *link = &linked->links[i];
        if (link->to_trace == trace && node->parent != SPANLOG_NODE_NONE &&
            view->tree->nodes[node->parent].span_id == link->to_span)
            continue;
        uint32_t from = linked->targets[find_target(linked, link->to_trace, link->to_span)].service;
        if (from != SPANLOG_STRING_NONE && from != spanlog_service_of(view, node))
            rc = count_call(counter, from, spanlog_service_of(view, node), node,
                            node->flags & SPANLOG_NODE_ERROR);
    }
    return rc;
}

/* ---- one trace ---------------------------------------------------------------------------- */

static bool names_no_peer(const struct spanlog_trace_view *view, const struct spanlog_node *node) {
    return !view->extras || view->extras[node->line].group == SPANLOG_STRING_NONE;
}

static int one_trace(void *job, const struct spanlog_trace_view *view) {
    enum { CONSUMER = 4 };
    struct counter *counter = job;
    int rc = spanlog_calls_of(view, counter->callees, count_call, counter);
    for (uint32_t i = 0; rc == 0 && counter->linked->link_count && i < view->tree->count; i++) {
        const struct spanlog_node *node = &view->tree->nodes[i];
        if (node->kind == CONSUMER && names_no_peer(view, node))
            rc = count_links(counter, view, node);
    }
    return rc;
}

/* ---- putting together --------------------------------------------------------------------- */

#define ORDER(field) ((a->field > b->field) - (a->field < b->field))

static int compare(enum spanlog_graph_sort sort, const struct spanlog_graph_edge *a,
                   const struct spanlog_graph_edge *b) {
    switch (sort) {
    case SPANLOG_GRAPH_BY_FROM:
        return spanlog_text_compare(a->from, b->from);
    case SPANLOG_GRAPH_BY_TO:
        return spanlog_text_compare(a->to, b->to);
    case SPANLOG_GRAPH_BY_ERRORS:
        return ORDER(tally->errors);
    case SPANLOG_GRAPH_BY_P50:
        return ORDER(p50_ns);
    case SPANLOG_GRAPH_BY_P95:
        return ORDER(p95_ns);
    default:
        return ORDER(tally->count);
    }
}

static int by_query(const void *left, const void *right, void *argument) {
    const struct spanlog_graph_edge *a = left, *b = right;
    const struct spanlog_graph_query *query = argument;
    int order = compare(query->sort, a, b);
    if (order)
        return query->descending ? -order : order;
    order = spanlog_text_compare(a->from, b->from);
    return order ? order : spanlog_text_compare(a->to, b->to);
}

static int by_text(const void *left, const void *right) {
    const struct spanlog_text *a = left, *b = right;
    return spanlog_text_compare(*a, *b);
}

/* The services at the edges, each once, and their numbers. */
static int number_services(struct spanlog_graph *graph) {
    free(graph->services);
    graph->services = malloc((2 * graph->count + 1) * sizeof *graph->services);
    if (!graph->services)
        return -ENOMEM;
    uint32_t total = 0, kept = 0;
    struct spanlog_text *services = graph->services;
    for (size_t i = 0; i < graph->count; i++) {
        services[total++] = graph->edges[i].from;
        services[total++] = graph->edges[i].to;
    }
    qsort(services, total, sizeof *services, by_text);
    for (uint32_t i = 0; i < total; i++)
        if (kept == 0 || by_text(&services[kept - 1], &services[i]) != 0)
            services[kept++] = services[i];
    graph->service_count = kept;
    for (size_t i = 0; kept && i < graph->count; i++) {
        struct spanlog_graph_edge *edge = &graph->edges[i];
        const struct spanlog_text *from =
            bsearch(&edge->from, services, kept, sizeof *services, by_text);
        const struct spanlog_text *to =
            bsearch(&edge->to, services, kept, sizeof *services, by_text);
        edge->from_number = (uint32_t)(from - services);
        edge->to_number = (uint32_t)(to - services);
    }
    return 0;
}

static int fill_edges(struct spanlog_graph *graph, const struct spanlog_callees *callees,
                      const struct spanlog_names *edges, const struct spanlog_graph_query *query) {
    struct spanlog_graph_query order = *query;
    graph->edges = malloc((edges->count + (size_t)1) * sizeof *graph->edges);
    if (!graph->edges)
        return -ENOMEM;
    for (uint32_t i = 0; i < edges->count; i++) {
        const struct spanlog_tally *tally = &graph->tallies.list[i];
        graph->calls += tally->count;
        graph->edges[graph->count++] = (struct spanlog_graph_edge){
            .from = spanlog_callees_text(callees, edges->list[i].service),
            .to = spanlog_callees_text(callees, edges->list[i].operation),
            .tally = tally,
            .p50_ns = spanlog_series_percentile(&tally->durations, 50),
            .p95_ns = spanlog_series_percentile(&tally->durations, 95)};
    }
    qsort_r(graph->edges, graph->count, sizeof *graph->edges, by_query, &order);
    graph->matching = graph->count;
    int rc = number_services(graph);
    graph->all_services = graph->service_count;
    if (rc < 0 || query->limit == 0 || graph->count <= query->limit)
        return rc;
    graph->count = query->limit;
    return number_services(graph);
}

static int gather(struct spanlog_graph *graph, struct counter *counters,
                  const struct spanlog_callees *callees, const struct spanlog_graph_query *query) {
    struct spanlog_names edges = {0};
    unsigned jobs = callees->all->job_count;
    int rc = 0;
    spanlog_tallies_init(&graph->tallies, &graph->total);
    for (unsigned i = 0; rc == 0 && i < jobs; i++)
        rc = spanlog_tallies_join_pairs(&graph->tallies, &edges, &counters[i].tallies,
                                        &counters[i].edges);
    if (rc == 0)
        rc = spanlog_tallies_settle(&graph->tallies, jobs);
    graph->exact = spanlog_values_are_exact(&graph->total);
    if (rc == 0)
        rc = fill_edges(graph, callees, &edges, query);
    spanlog_names_free(&edges);
    return rc;
}

int spanlog_graph_run(const struct spanlog_collection *all, const struct spanlog_links *links,
                      const struct spanlog_graph_query *query, struct spanlog_graph *ret) {
    unsigned jobs = all->job_count;
    struct linked linked = {0};
    struct spanlog_callees callees = {0};
    struct counter *counters = calloc(jobs, sizeof *counters);
    int rc = counters ? open_linked(&linked, links) : -ENOMEM;
    *ret = (struct spanlog_graph){.total = {.most = SPANLOG_VALUES_EXACT_MAX}};
    for (unsigned i = 0; rc == 0 && i < jobs; i++) {
        counters[i].linked = &linked;
        counters[i].callees = &callees;
        spanlog_tallies_init(&counters[i].tallies, &ret->total);
    }
    struct spanlog_each each = {.all = all,
                                .filter = &query->filter,
                                .steps = SPANLOG_EACH_LINK,
                                .jobs = {counters, sizeof *counters},
                                .trace = one_trace};
    if (rc == 0)
        rc = spanlog_callees_open(&callees, all);
    if (rc == 0)
        rc = resolve(all, &linked);
    if (rc == 0)
        rc = spanlog_each_trace(&each);
    ret->counts = each.counts;
    if (rc == 0)
        rc = gather(ret, counters, &callees, query);
    for (unsigned i = 0; counters && i < jobs; i++) {
        spanlog_tallies_free(&counters[i].tallies);
        spanlog_names_free(&counters[i].edges);
    }
    free(counters);
    close_linked(&linked);
    spanlog_callees_free(&callees);
    return rc;
}

void spanlog_graph_free(struct spanlog_graph *graph) {
    spanlog_tallies_free(&graph->tallies);
    free(graph->edges);
    free(graph->services);
    *graph = (struct spanlog_graph){0};
}
