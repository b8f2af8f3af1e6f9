/* analyzer/trees/skew.c: trees with their clocks set right; see skew.h. */
#include "src/analyzer/trees/skew.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/trees/each.h"

enum { SERVER = 1, CLIENT = 2, PRODUCER = 3, CONSUMER = 4 };

/* ---- what all traces say ------------------------------------------------------------------ */

static bool has_ended(const struct spanlog_node *node) {
    return !(node->flags & (SPANLOG_NODE_UNFINISHED | SPANLOG_NODE_ABANDONED));
}

static int gather_one(void *job, const struct spanlog_trace_view *view) {
    const struct spanlog_tree *tree = view->tree;
    const struct spanlog_name *names = view->all->names.list;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < tree->count; i++) {
        const struct spanlog_node *server = &tree->nodes[i];
        if (server->kind != SERVER || server->parent == SPANLOG_NODE_NONE)
            continue;
        const struct spanlog_node *client = &tree->nodes[server->parent];
        uint32_t client_host = names[client->name].host, server_host = names[server->name].host;
        if (client->kind != CLIENT || client_host == SPANLOG_STRING_NONE ||
            server_host == SPANLOG_STRING_NONE || !has_ended(client) || !has_ended(server))
            continue;
        struct spanlog_skew_call call = {client->start_ns, spanlog_node_end(client),
                                         server->start_ns, spanlog_node_end(server)};
        rc = spanlog_skew_add(job, client_host, server_host, &call);
    }
    return rc;
}

int spanlog_skew_gather(struct spanlog_skew *skew, const struct spanlog_collection *all) {
    static const struct spanlog_filter raw = {.raw_clocks = true};
    *skew = (struct spanlog_skew){0};
    if (all->hosts.count < 2)
        return 0;
    struct spanlog_skew *parts = calloc(all->job_count, sizeof *parts);
    int rc = parts ? 0 : -ENOMEM;
    struct spanlog_each each = {.all = all,
                                .filter = &raw,
                                .steps = SPANLOG_EACH_LINK,
                                .jobs = {parts, sizeof *parts},
                                .trace = gather_one};
    if (rc == 0)
        rc = spanlog_each_trace(&each);
    for (unsigned i = 0; parts && i < all->job_count; i++) {
        rc = rc ? rc : spanlog_skew_merge(skew, &parts[i]);
        spanlog_skew_free(&parts[i]);
    }
    free(parts);
    return rc ? rc : spanlog_skew_solve(skew);
}

/* ---- one tree ----------------------------------------------------------------------------- */

/* Offsets of hosts at one time: a trace asks for the same few again and again. */
#define KNOWN_OFFSETS 16

struct known_offset {
    int64_t shift_ns;
    uint32_t host; /* SPANLOG_STRING_NONE: empty */
    bool is_known;
};

struct correction {
    struct spanlog_tree *tree;
    const struct spanlog_name *names;
    const struct spanlog_skew *skew;
    uint64_t time_ns; /* for which offsets are wanted: one host has one clock in one trace */
    struct known_offset offsets[KNOWN_OFFSETS];
};

/* Whether both were timed by one clock. Without a host: what one service does without a call. */
static bool same_clock(const struct correction *at, const struct spanlog_node *parent,
                       const struct spanlog_node *child) {
    const struct spanlog_name *a = &at->names[parent->name], *b = &at->names[child->name];
    if (a->host != SPANLOG_STRING_NONE && b->host != SPANLOG_STRING_NONE)
        return a->host == b->host;
    bool called = (child->kind == SERVER && parent->kind == CLIENT) ||
                  (child->kind == CONSUMER && parent->kind == PRODUCER);
    return a->service == b->service && !called;
}

/* Nobody waits for a consumer; a dead process's spans end before their time, and where a span takes
 * no time at all, nobody has measured it. */
static bool must_lie_inside(const struct spanlog_node *parent, const struct spanlog_node *child) {
    return child->duration_ns <= parent->duration_ns && parent->duration_ns && has_ended(parent) &&
           !(parent->kind == PRODUCER || child->kind == CONSUMER);
}

/* Jaeger's rule; the parent is corrected already. */
static int64_t shift_by_parent(const struct spanlog_node *parent,
                               const struct spanlog_node *child) {
    uint64_t start = parent->start_ns, end = spanlog_node_end(parent);
    bool before = child->start_ns < start;
    if (child->start_ns == 0 || start == 0 || !has_ended(child))
        return 0;
    if (!must_lie_inside(parent, child))
        return before ? (int64_t)(start - child->start_ns) : 0;
    if (!before && spanlog_node_end(child) <= end)
        return 0;
    uint64_t wanted = start + (parent->duration_ns - child->duration_ns) / 2;
    return (int64_t)(wanted - child->start_ns);
}

static bool host_shift(struct correction *at, uint32_t host, int64_t *ret) {
    struct known_offset *known = &at->offsets[host % KNOWN_OFFSETS];
    uint64_t error;
    if (!at->skew || host == SPANLOG_STRING_NONE)
        return false;
    if (known->host != host) {
        known->host = host;
        known->is_known =
            spanlog_skew_offset(at->skew, host, at->time_ns, &known->shift_ns, &error);
    }
    *ret = known->shift_ns;
    return known->is_known;
}

static int64_t shift_of(struct correction *at, const struct spanlog_node *node) {
    int64_t shift;
    if (host_shift(at, at->names[node->name].host, &shift))
        return shift;
    if (node->parent == SPANLOG_NODE_NONE)
        return 0;
    const struct spanlog_node *parent = &at->tree->nodes[node->parent];
    return same_clock(at, parent, node) ? parent->shift_ns : shift_by_parent(parent, node);
}

static void apply(struct spanlog_tree *tree, struct spanlog_node *node, int64_t shift_ns) {
    node->shift_ns = shift_ns;
    if (shift_ns == 0)
        return;
    tree->skewed++;
    node->flags |= SPANLOG_NODE_SKEWED;
    node->start_ns = spanlog_skew_shift(node->start_ns, shift_ns);
}

/* Whether anything at all may have to be shifted: mostly not, and then nothing more is done. */
static bool is_needed(const struct correction *at) {
    const struct spanlog_tree *tree = at->tree;
    if (at->skew && at->skew->index.count)
        return true;
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct spanlog_node *node = &tree->nodes[i];
        if (node->parent == SPANLOG_NODE_NONE)
            continue;
        const struct spanlog_node *parent = &tree->nodes[node->parent];
        if ((node->start_ns < parent->start_ns ||
             spanlog_node_end(node) > spanlog_node_end(parent)) &&
            !same_clock(at, parent, node))
            return true;
    }
    return false;
}

int spanlog_skew_correct(struct spanlog_tree *tree, const struct spanlog_names *names,
                         const struct spanlog_skew *skew, struct spanlog_arena *scratch) {
    struct correction at = {
        .tree = tree, .names = names->list, .skew = skew, .time_ns = tree->start_ns};
    if (!is_needed(&at))
        return 0;
    for (int i = 0; i < KNOWN_OFFSETS; i++)
        at.offsets[i].host = SPANLOG_STRING_NONE;
    tree->skewed = 0;
    uint8_t *done = spanlog_arena_alloc(scratch, tree->count);
    uint32_t *stack = spanlog_arena_array(scratch, tree->count + (size_t)1, sizeof *stack);
    if (!done || !stack)
        return -ENOMEM;
    memset(done, 0, tree->count);
    for (uint32_t i = 0; i < tree->count; i++) { /* parents before their children */
        uint32_t depth = 0;
        for (uint32_t up = i; up != SPANLOG_NODE_NONE && !done[up]; up = tree->nodes[up].parent) {
            stack[depth++] = up;
            done[up] = 1;
        }
        while (depth > 0) {
            struct spanlog_node *node = &tree->nodes[stack[--depth]];
            apply(tree, node, shift_of(&at, node));
        }
    }
    spanlog_tree_sum(tree);
    return 0;
}
