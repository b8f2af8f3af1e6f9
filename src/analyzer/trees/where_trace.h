/* analyzer/trees/where_trace.h: --where against a trace, after its lines; see where/where.h.
 *
 *     node->bits |= bits, or trace.bits |= bits        until the trace is linked and ordered
 *     struct spanlog_where_trace trace = {.tree = &tree, .names = &texts, .bits = bits};
 *     int rc = spanlog_where_matches(where, &scratch, &trace, NULL);
 */
#ifndef SPANLOG_ANALYZER_TREES_WHERE_TRACE_H
#define SPANLOG_ANALYZER_TREES_WHERE_TRACE_H

#include "src/analyzer/trees/tree.h"
#include "src/analyzer/where/where.h"

/* A trace whose tree is linked and ordered; each node's bits are those of its span line and of the
 * log lines inside it. */
struct spanlog_where_trace {
    const struct spanlog_tree *tree;
    const struct spanlog_name_texts *names;
    uint32_t bits; /* of lines that belong to no span */
};

/* 1, 0 or -ENOMEM. ret_nodes: NULL, or for each node of the tree whether it is one of those that
 * the expression selects. */
int spanlog_where_matches(const struct spanlog_where *where, struct spanlog_where_scratch *scratch,
                          const struct spanlog_where_trace *trace, uint8_t *ret_nodes);

#endif
