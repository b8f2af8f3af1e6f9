/* analyzer/trees/tree.h: the spans of one trace, linked: parents, roots, orphans, broken cycles.
 *
 *     struct spanlog_tree tree = {.nodes = nodes, .count = n};
 *     spanlog_tree_link(&tree, &scratch);         who is whose child; duplicates leave
 *     spanlog_skew_correct(&tree, ...);           see skew.h; may be left out
 *     spanlog_tree_order(&tree, &names, &scratch);  order[]: each span before its children
 *     spanlog_tree_figures(&tree, &scratch);      self time and critical path
 *
 * Each step needs the one before. Nothing recurses: a chain of any depth works. O(n log n).
 * The result does not depend on the order in which the spans came.
 */
#ifndef SPANLOG_ANALYZER_TREES_TREE_H
#define SPANLOG_ANALYZER_TREES_TREE_H

#include "src/analyzer/rows/collect.h"

#define SPANLOG_NODE_NONE UINT32_MAX

enum spanlog_node_flag {
    SPANLOG_NODE_ERROR = 1,
    SPANLOG_NODE_ABANDONED = 2,
    SPANLOG_NODE_HAS_PARENT = 4, /* the line names a parent */
    SPANLOG_NODE_UNFINISHED = 8, /* known from log lines only */
    SPANLOG_NODE_ORPHAN = 16,    /* its parent is not there */
    SPANLOG_NODE_DUPLICATE = 32, /* another span has the same id and says something else */
    SPANLOG_NODE_SELF_PARENT = 64,
    SPANLOG_NODE_CYCLE = 128,    /* its parent descends from it; the link is cut here */
    SPANLOG_NODE_CRITICAL = 256, /* on the critical path */
    SPANLOG_NODE_SKEWED = 512    /* its clock was corrected: see shift_ns */
};

struct spanlog_node {
    /* To be filled in. The first three flags as well, and UNFINISHED. */
    uint64_t span_id;
    uint64_t parent_id;
    uint64_t start_ns;
    uint64_t duration_ns;
    uint32_t name;
    uint32_t digest;
    uint32_t line; /* the caller's, e.g. an index */
    uint16_t flags;
    uint8_t kind;
    int64_t shift_ns; /* 0, or by skew.h: start_ns has been corrected by so much */
    uint32_t bits;    /* of --where; 0 without one */
    /* By link. */
    uint32_t parent; /* SPANLOG_NODE_NONE: at the top */
    /* By order. */
    uint32_t first_child;
    uint32_t last_child;
    uint32_t next;  /* sibling */
    uint32_t depth; /* roots 0; orphans 1, below the synthetic root */
    /* By figures. */
    uint64_t self_ns;
    uint64_t critical_ns;
    uint64_t path_begin, path_end; /* of those on the critical path: clamped to their parents */
};

struct spanlog_tree {
    struct spanlog_node *nodes;
    uint32_t count;
    uint32_t *order; /* of all nodes: roots first, then orphans, each followed by its children */
    uint32_t root;   /* the earliest root, else the earliest orphan; NONE when there are no spans */
    uint64_t start_ns;
    uint64_t end_ns;
    uint32_t errors, orphans, unfinished, cycles, self_parents, duplicates, critical;
    uint32_t skewed; /* spans whose times were corrected */
};

static inline uint64_t spanlog_node_end(const struct spanlog_node *node) {
    uint64_t end;
    return __builtin_add_overflow(node->start_ns, node->duration_ns, &end) ? UINT64_MAX : end;
}

/* 0 or -ENOMEM, all three. */
int spanlog_tree_link(struct spanlog_tree *tree, struct spanlog_arena *scratch);

/* Once more what link sums up, after times have changed: start, end, the root, errors. */
void spanlog_tree_sum(struct spanlog_tree *tree);

struct spanlog_name_texts {
    const struct spanlog_strings *services;
    const struct spanlog_strings *operations;
    const struct spanlog_names *names;
};
int spanlog_tree_order(struct spanlog_tree *tree, const struct spanlog_name_texts *names,
                       struct spanlog_arena *scratch);
int spanlog_tree_figures(struct spanlog_tree *tree, struct spanlog_arena *scratch);

#endif
