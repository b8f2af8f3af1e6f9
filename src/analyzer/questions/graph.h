/* analyzer/questions/graph.h: the question "who calls whom?": edges between services.
 *
 *     struct spanlog_links links;
 *     spanlog_links_open(&links, jobs);             ... collect with .probe = &links.probe ...
 *     struct spanlog_graph_query query = {.sort = SPANLOG_GRAPH_BY_COUNT, .descending = true};
 *     struct spanlog_graph graph;
 *     int rc = spanlog_graph_run(&collection, &links, &query, &graph);
 *     ... graph.edges[i].from, .to ...
 *     spanlog_graph_free(&graph);   spanlog_links_free(&links);
 *
 * Which spans are calls is said in calls.h: of services, and of the databases and brokers that
 * spans name as their peers. A consumer's link to a producer's span of another service is one too,
 * unless that is its parent or the broker is known. Duration and error are those of the called
 * side's span.
 */
#ifndef SPANLOG_ANALYZER_QUESTIONS_GRAPH_H
#define SPANLOG_ANALYZER_QUESTIONS_GRAPH_H

#include "src/analyzer/trees/each.h"
#include "src/analyzer/questions/tally.h"

enum spanlog_graph_sort {
    SPANLOG_GRAPH_BY_FROM,
    SPANLOG_GRAPH_BY_TO,
    SPANLOG_GRAPH_BY_COUNT,
    SPANLOG_GRAPH_BY_ERRORS,
    SPANLOG_GRAPH_BY_P50,
    SPANLOG_GRAPH_BY_P95,
    SPANLOG_GRAPH_SORTS
};
extern const char *const spanlog_graph_sort_names[SPANLOG_GRAPH_SORTS + 1]; /* NULL at the end */

struct spanlog_graph_query {
    enum spanlog_graph_sort sort;
    bool descending;
    size_t limit; /* 0: all */
    struct spanlog_filter filter;
};

struct spanlog_graph_edge {
    struct spanlog_text from; /* empty: the service is not given */
    struct spanlog_text to;
    uint32_t from_number; /* in services */
    uint32_t to_number;
    const struct spanlog_tally *tally;
    uint64_t p50_ns, p95_ns;
};

struct spanlog_graph {
    struct spanlog_graph_edge *edges; /* those asked for */
    size_t count;
    size_t matching;               /* before the limit */
    struct spanlog_text *services; /* that stand at an edge, by name */
    uint32_t service_count;
    uint32_t all_services; /* at edges before the limit */
    uint64_t calls;        /* likewise */
    bool exact;            /* quantiles are exact; else of sketches */
    struct spanlog_tallies tallies;
    struct spanlog_value_total total;
    struct spanlog_each_counts counts;
};

/* ---- links and peers: collected beside the rows
 * ----------------------------------------------------- */

/* A consumer's span and one that it is linked to. */
struct spanlog_link {
    uint64_t trace, span; /* the lower halves */
    uint64_t to_trace, to_span;
};

struct spanlog_links {
    struct spanlog_probe probe;
    struct spanlog_links_job *jobs;
    unsigned job_count;
};

/* 0 or -ENOMEM. */
int spanlog_links_open(struct spanlog_links *links, unsigned jobs);
void spanlog_links_free(struct spanlog_links *links);

/* All of them, each once, in one array, which the caller frees. 0 or -ENOMEM. */
int spanlog_links_gather(const struct spanlog_links *links, struct spanlog_link **ret,
                         size_t *ret_count);

/* links may be NULL. Texts of the result point into the collection. 0 or -ENOMEM. */
int spanlog_graph_run(const struct spanlog_collection *all, const struct spanlog_links *links,
                      const struct spanlog_graph_query *query, struct spanlog_graph *ret);
void spanlog_graph_free(struct spanlog_graph *graph);

#endif
