/* analyzer/trees/order.c: children in their order, and the tree as a list; see tree.h. */
#include "src/analyzer/trees/tree.h"

#include <errno.h>
#include <stdlib.h>

struct sorting {
    const struct spanlog_tree *tree;
    const struct spanlog_name_texts *names;
};

/* A node, with what mostly decides. */
struct place {
    uint64_t start_ns;
    uint32_t node;
};

static int compare_text(const struct spanlog_strings *strings, uint32_t a, uint32_t b) {
    if (a == b)
        return 0;
    return spanlog_text_compare(spanlog_strings_text(strings, a), spanlog_strings_text(strings, b));
}

/* By start, then name; then whatever makes it the same every time. */
static int by_start_and_name(const void *left, const void *right, void *argument) {
    const struct sorting *sorting = argument;
    const struct place *place_a = left, *place_b = right;
    if (place_a->start_ns != place_b->start_ns)
        return place_a->start_ns < place_b->start_ns ? -1 : 1;
    const struct spanlog_node *a = &sorting->tree->nodes[place_a->node];
    const struct spanlog_node *b = &sorting->tree->nodes[place_b->node];
    const struct spanlog_name_texts *texts = sorting->names;
    const struct spanlog_name *name_a = &texts->names->list[a->name];
    const struct spanlog_name *name_b = &texts->names->list[b->name];
    int order = compare_text(texts->operations, name_a->operation, name_b->operation);
    if (order == 0)
        order = compare_text(texts->services, name_a->service, name_b->service);
    if (order)
        return order;
    if (a->span_id != b->span_id)
        return a->span_id < b->span_id ? -1 : 1;
    if (a->duration_ns != b->duration_ns)
        return a->duration_ns < b->duration_ns ? -1 : 1;
    return (a->digest > b->digest) - (a->digest < b->digest);
}

/* Most traces have a few spans, and those hardly need to move. */
static void sort_places(struct place *places, uint32_t count, struct sorting *sorting) {
    if (count > 48) {
        qsort_r(places, count, sizeof *places, by_start_and_name, sorting);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        struct place place = places[i];
        uint32_t at = i;
        for (; at > 0 && by_start_and_name(&places[at - 1], &place, sorting) > 0; at--)
            places[at] = places[at - 1];
        places[at] = place;
    }
}

/* Appends each node, in order, to its parent's list, or to one of the two lists at the top. */
static void build_lists(struct spanlog_tree *tree, const struct place *sorted, uint32_t tops[2]) {
    uint32_t last[2] = {SPANLOG_NODE_NONE, SPANLOG_NODE_NONE};
    tops[0] = tops[1] = SPANLOG_NODE_NONE;
    for (uint32_t i = 0; i < tree->count; i++) {
        struct spanlog_node *node = &tree->nodes[i];
        node->first_child = node->last_child = node->next = SPANLOG_NODE_NONE;
    }
    for (uint32_t i = 0; i < tree->count; i++) {
        const uint32_t number = sorted[i].node;
        struct spanlog_node *node = &tree->nodes[number];
        bool orphan = node->flags & SPANLOG_NODE_ORPHAN;
        uint32_t *first = &tops[orphan], *end = &last[orphan];
        if (node->parent != SPANLOG_NODE_NONE) {
            first = &tree->nodes[node->parent].first_child;
            end = &tree->nodes[node->parent].last_child;
        }
        if (*first == SPANLOG_NODE_NONE)
            *first = number;
        else
            tree->nodes[*end].next = number;
        *end = number;
    }
}

static uint32_t after(const struct spanlog_tree *tree, uint32_t at) {
    if (tree->nodes[at].first_child != SPANLOG_NODE_NONE)
        return tree->nodes[at].first_child;
    while (at != SPANLOG_NODE_NONE && tree->nodes[at].next == SPANLOG_NODE_NONE)
        at = tree->nodes[at].parent;
    return at == SPANLOG_NODE_NONE ? at : tree->nodes[at].next;
}

int spanlog_tree_order(struct spanlog_tree *tree, const struct spanlog_name_texts *names,
                       struct spanlog_arena *scratch) {
    struct place *sorted = spanlog_arena_array(scratch, tree->count + (size_t)1, sizeof *sorted);
    tree->order = spanlog_arena_array(scratch, tree->count + (size_t)1, sizeof *tree->order);
    if (!sorted || !tree->order)
        return -ENOMEM;
    for (uint32_t i = 0; i < tree->count; i++)
        sorted[i] = (struct place){tree->nodes[i].start_ns, i};
    struct sorting sorting = {tree, names};
    sort_places(sorted, tree->count, &sorting);
    uint32_t tops[2], done = 0;
    build_lists(tree, sorted, tops);
    for (int orphans = 0; orphans < 2; orphans++)
        for (uint32_t at = tops[orphans]; at != SPANLOG_NODE_NONE; at = after(tree, at)) {
            struct spanlog_node *node = &tree->nodes[at];
            node->depth = node->parent == SPANLOG_NODE_NONE ? (uint32_t)orphans
                                                            : tree->nodes[node->parent].depth + 1;
            tree->order[done++] = at;
        }
    return 0;
}
