/* analyzer/trees/link.c: who is whose child; see tree.h. */
#include "src/analyzer/trees/tree.h"

#include <errno.h>
#include <stdlib.h>

/* Nodes by span id; nodes of the same id are neighbours after sorting, and the slot has the first.
 */
struct index {
    uint32_t *slots; /* number + 1; 0: empty */
    uint32_t mask;
    bool repeats; /* ids do, and nodes are sorted by them */
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

/* As many have pieces of one span as a rule; of hostile input not all are compared with all. */
#define PIECES_LOOKED_AT 16

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

enum { SERVER = 1, CLIENT = 2 };

/* What Zipkin's reporters sent of one span in pieces, each without a duration. Sorted by time. */
static uint32_t join_pieces(struct spanlog_node *nodes, uint32_t count) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool is_piece = false;
        for (uint32_t n = kept; !is_piece && n > 0 && kept - n < PIECES_LOOKED_AT; n--)
            is_piece = nodes[n - 1].duration_ns == 0 && nodes[i].duration_ns == 0 &&
                       nodes[n - 1].kind == nodes[i].kind && nodes[n - 1].name == nodes[i].name &&
                       !((nodes[n - 1].flags ^ nodes[i].flags) & SPANLOG_NODE_ERROR);
        if (!is_piece)
            nodes[kept++] = nodes[i];
    }
    return kept;
}

/* A client half and the server halves of one id (Zipkin) are spans of their own: the servers come
 * first, by their start, and the client last. */
static bool split_halves(struct spanlog_node *nodes, uint32_t count) {
    uint32_t client = count;
    for (uint32_t i = 0; i < count; i++) {
        if (nodes[i].kind != SERVER && (nodes[i].kind != CLIENT || client < count))
            return false;
        client = nodes[i].kind == CLIENT ? i : client;
    }
    if (client == count)
        return false;
    struct spanlog_node last = nodes[client];
    memmove(&nodes[client], &nodes[client + 1], (count - client - 1) * sizeof *nodes);
    nodes[count - 1] = last;
    return true;
}

/* Sorted by id and time: drops identical lines, flags the rest of equal ids. */
static void settle_duplicates(struct spanlog_tree *tree) {
    struct spanlog_node *nodes = tree->nodes;
    uint32_t kept = 0, settled = 0;
    for (uint32_t i = 0; i < tree->count; i++)
        if (kept == 0 || by_id_and_content(&nodes[kept - 1], &nodes[i]) != 0)
            nodes[kept++] = nodes[i];
    for (uint32_t i = 0, end; i < kept; i = end) {
        for (end = i + 1; end < kept && nodes[end].span_id == nodes[i].span_id;)
            end++;
        uint32_t count = join_pieces(&nodes[i], end - i);
        if (count > 1 && !split_halves(&nodes[i], count)) {
            for (uint32_t n = i; n < i + count; n++)
                nodes[n].flags |= SPANLOG_NODE_DUPLICATE;
            tree->duplicates += count;
        }
        memmove(&nodes[settled], &nodes[i], count * sizeof *nodes);
        settled += count;
    }
    tree->count = settled;
}

/* The last of those with that id, which are neighbours: nodes are sorted by id. */
static uint32_t last_of(const struct spanlog_tree *tree, uint32_t first) {
    uint32_t low = first, high = tree->count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (tree->nodes[middle].span_id == tree->nodes[first].span_id)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Of the server halves first..last the one that began last before the child did. */
static uint32_t half_at(const struct spanlog_tree *tree, uint32_t first, uint32_t last,
                        uint64_t start_ns) {
    uint32_t low = first, high = last + 1;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (tree->nodes[middle].start_ns <= start_ns)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static uint32_t find_parent(const struct index *index, const struct spanlog_tree *tree,
                            uint32_t child) {
    const struct spanlog_node *node = &tree->nodes[child];
    bool is_half =
        index->repeats && node->kind == SERVER && !(node->flags & SPANLOG_NODE_DUPLICATE);
    uint32_t last = is_half ? last_of(tree, child) : child;
    if (last != child) /* the client half */
        return last;
    if (!(node->flags & SPANLOG_NODE_HAS_PARENT))
        return SPANLOG_NODE_NONE;
    uint32_t slot = *slot_of(index, tree, node->parent_id);
    if (!slot)
        return SPANLOG_NODE_NONE;
    uint32_t parent = slot - 1;
    last = index->repeats ? last_of(tree, parent) : parent;
    bool is_split = last > parent && !(tree->nodes[parent].flags & SPANLOG_NODE_DUPLICATE);
    return is_split ? half_at(tree, parent, last - 1, node->start_ns) : parent;
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
        index.repeats = fill_index(&index, tree);
    }
    link_parents(tree, &index);
    cut_cycles(tree, index.slots);
    spanlog_tree_sum(tree);
    return 0;
}
