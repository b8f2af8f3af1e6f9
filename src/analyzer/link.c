/* analyzer/link.c: who is whose child; see tree.h. */
#include "src/analyzer/tree.h"

#include <errno.h>
#include <stdlib.h>

/* Nodes by span id; nodes of the same id are neighbours after sorting, and the slot has the first.
 */
struct index {
    uint32_t *slots; /* number + 1; 0: empty */
    uint32_t mask;
};

static uint32_t *slot_of(const struct index *index, const struct spanlog_tree *tree, uint64_t id) {
    uint32_t at = (uint32_t)((id * 0x9e3779b97f4a7c15u) >> 32) & index->mask;
    for (; index->slots[at]; at = (at + 1) & index->mask)
        if (tree->nodes[index->slots[at] - 1].span_id == id)
            break;
    return &index->slots[at];
}

/* Returns whether an id occurs twice. */
static bool fill_index(struct index *index, const struct spanlog_tree *tree) {
    bool repeated = false;
    memset(index->slots, 0, (index->mask + (size_t)1) * sizeof *index->slots);
    for (uint32_t i = 0; i < tree->count; i++) {
        uint32_t *slot = slot_of(index, tree, tree->nodes[i].span_id);
        if (*slot == 0)
            *slot = i + 1;
        else
            repeated = true;
    }
    return repeated;
}

#define COMPARE(field)                                                                             \
    if (a->field != b->field)                                                                      \
        return a->field < b->field ? -1 : 1;

/* All that a node has, so that the order of the input does not matter. */
static int by_id_and_content(const void *left, const void *right) {
    const struct spanlog_node *a = left, *b = right;
    COMPARE(span_id)
    COMPARE(start_ns)
    COMPARE(duration_ns)
    COMPARE(parent_id)
    COMPARE(kind)
    COMPARE(flags)
    COMPARE(digest)
    return 0;
}

static bool is_shared_id(const struct spanlog_node *nodes, uint32_t count) {
    enum { SERVER = 1, CLIENT = 2 };
    return count == 2 && ((nodes[0].kind == SERVER && nodes[1].kind == CLIENT) ||
                          (nodes[0].kind == CLIENT && nodes[1].kind == SERVER));
}

/* Sorted by id: drops identical lines, flags the rest of equal ids. A client and a server half of
 * one id (Zipkin) are two spans, the server first, so that children find it. */
static void settle_duplicates(struct spanlog_tree *tree) {
    struct spanlog_node *nodes = tree->nodes;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < tree->count; i++)
        if (kept == 0 || by_id_and_content(&nodes[kept - 1], &nodes[i]) != 0)
            nodes[kept++] = nodes[i];
    tree->count = kept;
    for (uint32_t i = 0, end; i < kept; i = end) {
        for (end = i + 1; end < kept && nodes[end].span_id == nodes[i].span_id;)
            end++;
        if (end - i == 1)
            continue;
        if (is_shared_id(&nodes[i], end - i)) {
            if (nodes[i].kind != 1) {
                struct spanlog_node swap = nodes[i];
                nodes[i] = nodes[i + 1];
                nodes[i + 1] = swap;
            }
            continue;
        }
        for (uint32_t n = i; n < end; n++)
            nodes[n].flags |= SPANLOG_NODE_DUPLICATE;
        tree->duplicates += end - i;
    }
}

static uint32_t find_parent(const struct index *index, const struct spanlog_tree *tree,
                            uint32_t child) {
    const struct spanlog_node *node = &tree->nodes[child];
    /* The server half of a shared id hangs below the client half, which is its neighbour. */
    if (node->kind == 1 && child + 1 < tree->count && !(node->flags & SPANLOG_NODE_DUPLICATE) &&
        tree->nodes[child + 1].span_id == node->span_id)
        return child + 1;
    if (!(node->flags & SPANLOG_NODE_HAS_PARENT))
        return SPANLOG_NODE_NONE;
    uint32_t slot = *slot_of(index, tree, node->parent_id);
    return slot ? slot - 1 : SPANLOG_NODE_NONE;
}

static void link_parents(struct spanlog_tree *tree, const struct index *index) {
    for (uint32_t i = 0; i < tree->count; i++) {
        struct spanlog_node *node = &tree->nodes[i];
        node->parent = find_parent(index, tree, i);
        if (!(node->flags & SPANLOG_NODE_HAS_PARENT))
            continue;
        if (node->parent_id == node->span_id &&
            (node->parent == i || (node->flags & SPANLOG_NODE_DUPLICATE))) {
            node->flags |= SPANLOG_NODE_SELF_PARENT;
            node->parent = SPANLOG_NODE_NONE;
            tree->self_parents++;
        } else if (node->parent == SPANLOG_NODE_NONE) {
            node->flags |= SPANLOG_NODE_ORPHAN;
            tree->orphans++;
        }
    }
}

static bool is_earlier(const struct spanlog_node *a, const struct spanlog_node *b) {
    return a->start_ns != b->start_ns ? a->start_ns < b->start_ns : a->span_id < b->span_id;
}

/* `member` lies on a cycle: makes the earliest span of it a root. */
static void cut_cycle(struct spanlog_tree *tree, uint32_t member) {
    uint32_t earliest = member;
    for (uint32_t i = tree->nodes[member].parent; i != member; i = tree->nodes[i].parent)
        if (is_earlier(&tree->nodes[i], &tree->nodes[earliest]))
            earliest = i;
    tree->nodes[earliest].parent = SPANLOG_NODE_NONE;
    tree->nodes[earliest].flags |= SPANLOG_NODE_CYCLE;
    tree->cycles++;
}

/* Walks up from each node, marking with the walk's number; meeting one's own mark is a cycle. */
static void cut_cycles(struct spanlog_tree *tree, uint32_t *marks) {
    memset(marks, 0, tree->count * sizeof *marks);
    for (uint32_t i = 0; i < tree->count; i++) {
        uint32_t at = i;
        for (; at != SPANLOG_NODE_NONE && marks[at] == 0; at = tree->nodes[at].parent)
            marks[at] = i + 1;
        if (at != SPANLOG_NODE_NONE && marks[at] == i + 1)
            cut_cycle(tree, at);
    }
}

/* Times, errors and which root counts. */
void spanlog_tree_sum(struct spanlog_tree *tree) {
    tree->root = SPANLOG_NODE_NONE;
    tree->start_ns = tree->count ? UINT64_MAX : 0;
    tree->end_ns = 0;
    tree->errors = tree->unfinished = 0;
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct spanlog_node *node = &tree->nodes[i];
        uint64_t end = spanlog_node_end(node);
        if (node->start_ns < tree->start_ns)
            tree->start_ns = node->start_ns;
        if (end > tree->end_ns)
            tree->end_ns = end;
        tree->errors += node->flags & SPANLOG_NODE_ERROR;
        tree->unfinished += (node->flags & SPANLOG_NODE_UNFINISHED) != 0;
        if (node->parent != SPANLOG_NODE_NONE)
            continue;
        const struct spanlog_node *root =
            tree->root == SPANLOG_NODE_NONE ? NULL : &tree->nodes[tree->root];
        unsigned lost = node->flags & (SPANLOG_NODE_ORPHAN | SPANLOG_NODE_UNFINISHED);
        unsigned root_lost =
            root ? root->flags & (SPANLOG_NODE_ORPHAN | SPANLOG_NODE_UNFINISHED) : 0;
        if (!root || (root_lost && !lost) || (!root_lost == !lost && is_earlier(node, root)))
            tree->root = i;
    }
}

int spanlog_tree_link(struct spanlog_tree *tree, struct spanlog_arena *scratch) {
    struct index index = {.mask = 15};
    while (index.mask < 2 * (uint64_t)tree->count)
        index.mask = 2 * index.mask + 1;
    index.slots = spanlog_arena_array(scratch, (size_t)index.mask + 1, sizeof *index.slots);
    if (!index.slots)
        return -ENOMEM;
    tree->orphans = tree->cycles = tree->self_parents = tree->duplicates = 0;
    if (fill_index(&index, tree)) {
        qsort(tree->nodes, tree->count, sizeof *tree->nodes, by_id_and_content);
        settle_duplicates(tree);
        fill_index(&index, tree);
    }
    link_parents(tree, &index);
    cut_cycles(tree, index.slots);
    spanlog_tree_sum(tree);
    return 0;
}
