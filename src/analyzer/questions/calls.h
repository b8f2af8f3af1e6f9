/* analyzer/questions/calls.h: which calls between services the spans of a trace stand for.
 *
 *     struct spanlog_callees callees;
 *     int rc = spanlog_callees_open(&callees, &collection);         numbers for services and peers
 *     rc = spanlog_calls_of(view, &callees, call, argument);        call(argument, from, to, ...)
 *     spanlog_callees_text(&callees, to)                            "postgresql"
 *     spanlog_callees_free(&callees);
 *
 * Zipkin's rules, and one more for spans that say no kind:
 *
 *     server      called by the nearest span above that says its kind, or by the peer that it
 *                 names; also within one service
 *     client      without a span below it, a call of the peer that it names: a database, a service
 *                 that writes no spans; below a span of another service, a call of its own service
 *     producer,   to and from the peer that they name,
 *     consumer    which is the broker
 *     any other   a call where the parent is of another service
 *
 * A client's span that is below nothing, since its parent is missing, counts as below the root.
 */
#ifndef SPANLOG_ANALYZER_QUESTIONS_CALLS_H
#define SPANLOG_ANALYZER_QUESTIONS_CALLS_H

#include "src/analyzer/trees/each.h"

struct spanlog_callees {
    const struct spanlog_collection *all;
    uint32_t *of_peer; /* of each group of the collection: its number */
    uint32_t services; /* numbers below it are services; from it on, peers that are none */
};

/* The collection's groups are the peers' names (links.c). 0 or -ENOMEM. */
int spanlog_callees_open(struct spanlog_callees *callees, const struct spanlog_collection *all);
void spanlog_callees_free(struct spanlog_callees *callees);
struct spanlog_text spanlog_callees_text(const struct spanlog_callees *callees, uint32_t number);

/* Returns 0 or what is to end it. */
typedef int spanlog_call_function(void *argument, uint32_t from, uint32_t to,
                                  const struct spanlog_node *node, bool is_error);
int spanlog_calls_of(const struct spanlog_trace_view *view, const struct spanlog_callees *callees,
                     spanlog_call_function *call, void *argument);

static inline uint32_t spanlog_service_of(const struct spanlog_trace_view *view,
                                          const struct spanlog_node *node) {
    return view->all->names.list[node->name].service;
}

#endif
