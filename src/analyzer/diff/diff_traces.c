/* analyzer/diff/diff_traces.c: see diff_traces.h. */
#include "src/analyzer/diff/diff_traces.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/base/hash.h"

const char *const spanlog_trace_change_names[SPANLOG_TRACE_CHANGES] = {"same", "slower", "faster",
                                                                       "new", "missing"};

struct pair {
    uint32_t before, after, depth;
};

/* A child as it is matched: equal names in the order of their starts. */
struct child {
    uint64_t name;
    uint32_t ordinal; /* among all children of its side */
    uint32_t node;
    uint32_t match;
};

struct aligning {
    const struct spanlog_trace *sides[2];
    struct child *children[2];
    struct pair *stack;
    size_t depth;
    struct spanlog_trace_diff *diff;
    uint64_t whole_ns; /* the longer trace */
};

static uint64_t name_of(const struct spanlog_trace *trace, uint32_t number) {
    const struct spanlog_node *node = &trace->tree.nodes[number];
    const struct spanlog_name *name = &trace->names.list[node->name];
    struct spanlog_text service = spanlog_strings_text(&trace->service_names, name->service);
    struct spanlog_text operation = spanlog_strings_text(&trace->operation_names, name->operation);
    return spanlog_hash_fold(spanlog_hash(service.data, service.size) ^ node->kind,
                             spanlog_hash(operation.data, operation.size) | 1);
}

static int by_name(const void *left, const void *right) {
    const struct child *a = left, *b = right;
    if (a->name != b->name)
        return a->name < b->name ? -1 : 1;
    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

static int by_ordinal(const void *left, const void *right) {
    const struct child *a = left, *b = right;
    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

/* Those of a span; of NODE_NONE none; of the whole (parent == tree.count) what is at the top. */
static uint32_t gather(const struct spanlog_trace *trace, uint32_t parent, struct child *ret) {
    const struct spanlog_tree *tree = &trace->tree;
    uint32_t count = 0;
    if (parent == SPANLOG_NODE_NONE)
        return 0;
    if (parent < tree->count) {
        for (uint32_t i = tree->nodes[parent].first_child; i != SPANLOG_NODE_NONE;
             i = tree->nodes[i].next, count++)
            ret[count] = (struct child){name_of(trace, i), count, i, SPANLOG_NODE_NONE};
        return count;
    }
    for (uint32_t n = 0; n < tree->count; n++) {
        uint32_t i = tree->order[n];
        if (tree->nodes[i].parent == SPANLOG_NODE_NONE) {
            ret[count] = (struct child){name_of(trace, i), count, i, SPANLOG_NODE_NONE};
            count++;
        }
    }
    return count;
}

/* Both sorted by name: walks them side by side. */
static void match(struct child *before, uint32_t before_count, struct child *after,
                  uint32_t after_count) {
    for (uint32_t i = 0, k = 0; i < before_count && k < after_count;) {
        if (before[i].name < after[k].name) {
            i++;
        } else if (before[i].name > after[k].name) {
            k++;
        } else {
            before[i].match = after[k].node;
            after[k++].match = before[i++].node;
        }
    }
}

/* Onto the stack, the first on top: what only the side after has comes behind. */
static void push_children(struct aligning *at, uint32_t before, uint32_t after, uint32_t depth) {
    struct child *left = at->children[0], *right = at->children[1];
    uint32_t left_count = gather(at->sides[0], before, left);
    uint32_t right_count = gather(at->sides[1], after, right);
    qsort(left, left_count, sizeof *left, by_name);
    qsort(right, right_count, sizeof *right, by_name);
    match(left, left_count, right, right_count);
    qsort(left, left_count, sizeof *left, by_ordinal);
    qsort(right, right_count, sizeof *right, by_ordinal);
    for (uint32_t i = right_count; i-- > 0;)
        if (right[i].match == SPANLOG_NODE_NONE)
            at->stack[at->depth++] = (struct pair){SPANLOG_NODE_NONE, right[i].node, depth};
    for (uint32_t i = left_count; i-- > 0;)
        at->stack[at->depth++] = (struct pair){left[i].node, left[i].match, depth};
}

static struct spanlog_trace_diff_row compare(const struct aligning *at, const struct pair *pair) {
    struct spanlog_trace_diff_row row = {
        .before = pair->before, .after = pair->after, .depth = pair->depth};
    const struct spanlog_node *before = NULL, *after = NULL;
    if (pair->before != SPANLOG_NODE_NONE)
        before = &at->sides[0]->tree.nodes[pair->before];
    if (pair->after != SPANLOG_NODE_NONE)
        after = &at->sides[1]->tree.nodes[pair->after];
    uint64_t self_before = before ? before->self_ns : 0, self_after = after ? after->self_ns : 0;
    bool slower = self_after > self_before;
    uint64_t change = slower ? self_after - self_before : self_before - self_after;
    row.score = at->whole_ns ? (double)change / (double)at->whole_ns : 0;
    if (!before || !after)
        row.change = before ? SPANLOG_TRACE_MISSING : SPANLOG_TRACE_NEW;
    else if (row.score >= 0.01 && change >= (slower ? self_before : self_after) / 10)
        row.change = slower ? SPANLOG_TRACE_SLOWER : SPANLOG_TRACE_FASTER;
    return row;
}

int spanlog_trace_diff(const struct spanlog_trace *before, const struct spanlog_trace *after,
                       struct spanlog_trace_diff *ret) {
    size_t most = (size_t)before->tree.count + after->tree.count + 1;
    struct aligning at = {.sides = {before, after}, .diff = ret};
    uint64_t long_before = before->end_ns - before->start_ns;
    uint64_t long_after = after->end_ns - after->start_ns;
    *ret = (struct spanlog_trace_diff){.before = before, .after = after};
    at.whole_ns = long_before > long_after ? long_before : long_after;
    ret->rows = calloc(most, sizeof *ret->rows);
    at.stack = calloc(most, sizeof *at.stack);
    at.children[0] = calloc(most, sizeof *at.children[0]);
    at.children[1] = calloc(most, sizeof *at.children[1]);
    int rc = ret->rows && at.stack && at.children[0] && at.children[1] ? 0 : -ENOMEM;
    if (rc == 0)
        push_children(&at, before->tree.count, after->tree.count, 0);
    while (rc == 0 && at.depth > 0) {
        struct pair pair = at.stack[--at.depth];
        ret->rows[ret->count++] = compare(&at, &pair);
        push_children(&at, pair.before, pair.after, pair.depth + 1);
    }
    free(at.stack);
    free(at.children[0]);
    free(at.children[1]);
    if (rc < 0)
        spanlog_trace_diff_free(ret);
    return rc;
}

void spanlog_trace_diff_free(struct spanlog_trace_diff *diff) {
    free(diff->rows);
    *diff = (struct spanlog_trace_diff){0};
}
