/* analyzer/trees/figures.c: self time and the critical path; see tree.h.
 *
 * Critical path: children are clamped to their parent; the cursor starts at the parent's end; the
 * child with the greatest end not behind the cursor is on the path, the gap is the parent's own,
 * the cursor moves to that child's start. Children that overlap the cursor are not on the path, nor
 * are consumers below producers: nobody waits for them. The parts sum up to the root's duration.
 */
#include "src/analyzer/trees/tree.h"

#include <errno.h>
#include <stdlib.h>

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high) {
    return value < low ? low : value > high ? high : value;
}

/* Children come by their start: one sweep gives the union. */
static uint64_t self_time(const struct spanlog_tree *tree, const struct spanlog_node *node) {
    uint64_t begin = node->start_ns, end = spanlog_node_end(node), covered = 0, cursor = begin;
    for (uint32_t i = node->first_child; i != SPANLOG_NODE_NONE; i = tree->nodes[i].next) {
        uint64_t from = clamp(tree->nodes[i].start_ns, cursor, end);
        uint64_t to = clamp(spanlog_node_end(&tree->nodes[i]), cursor, end);
        if (to > from) {
            covered += to - from;
            cursor = to;
        }
    }
    return end - begin - covered;
}

struct candidate {
    uint64_t begin;
    uint64_t end;
    uint64_t span_id;
    uint32_t node;
};

/* Greatest end first; ties: earliest start, then id. */
static int by_end(const void *left, const void *right) {
    const struct candidate *a = left, *b = right;
    if (a->end != b->end)
        return a->end > b->end ? -1 : 1;
    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return (a->span_id > b->span_id) - (a->span_id < b->span_id);
}

static bool is_waited_for(const struct spanlog_node *parent, const struct spanlog_node *child) {
    enum { PRODUCER = 3, CONSUMER = 4 };
    return !(parent->kind == PRODUCER && child->kind == CONSUMER);
}

static uint32_t gather(const struct spanlog_tree *tree, const struct spanlog_node *node,
                       struct candidate *ret) {
    uint32_t count = 0;
    for (uint32_t i = node->first_child; i != SPANLOG_NODE_NONE; i = tree->nodes[i].next) {
        const struct spanlog_node *child = &tree->nodes[i];
        uint64_t end = spanlog_node_end(child);
        if (child->start_ns > node->path_end || end < node->path_begin ||
            !is_waited_for(node, child))
            continue;
        ret[count++] =
            (struct candidate){clamp(child->start_ns, node->path_begin, node->path_end),
                               clamp(end, node->path_begin, node->path_end), child->span_id, i};
    }
    if (count > 1)
        qsort(ret, count, sizeof *ret, by_end);
    return count;
}

/* Shares out the time of a span on the path; its children on the path come on top of the stack. */
static uint32_t walk_span(struct spanlog_tree *tree, struct spanlog_node *node,
                          struct candidate *candidates, uint32_t *stack, uint32_t depth) {
    uint32_t count = gather(tree, node, candidates);
    uint64_t cursor = node->path_end;
    for (uint32_t i = 0; i < count; i++) {
        const struct candidate *next = &candidates[i];
        if (next->end > cursor)
            continue;
        struct spanlog_node *child = &tree->nodes[next->node];
        node->critical_ns += cursor - next->end;
        child->path_begin = next->begin;
        child->path_end = next->end;
        stack[depth++] = next->node;
        cursor = next->begin;
    }
    node->critical_ns += cursor - node->path_begin;
    return depth;
}

int spanlog_tree_figures(struct spanlog_tree *tree, struct spanlog_arena *scratch) {
    uint32_t *stack = spanlog_arena_array(scratch, tree->count + (size_t)1, sizeof *stack);
    struct candidate *candidates =
        spanlog_arena_array(scratch, tree->count + (size_t)1, sizeof *candidates);
    if (!stack || !candidates)
        return -ENOMEM;
    for (uint32_t i = 0; i < tree->count; i++) {
        tree->nodes[i].self_ns = self_time(tree, &tree->nodes[i]);
        tree->nodes[i].critical_ns = 0;
    }
    tree->critical = 0;
    uint32_t depth = 0;
    if (tree->root != SPANLOG_NODE_NONE) {
        struct spanlog_node *root = &tree->nodes[tree->root];
        root->path_begin = root->start_ns;
        root->path_end = spanlog_node_end(root);
        stack[depth++] = tree->root;
    }
    while (depth > 0) {
        struct spanlog_node *node = &tree->nodes[stack[--depth]];
        node->flags |= SPANLOG_NODE_CRITICAL;
        tree->critical++;
        depth = walk_span(tree, node, candidates, stack, depth);
    }
    return 0;
}
