/* analyzer/questions/calls.c: see calls.h. */
#include "src/analyzer/questions/calls.h"

#include <errno.h>
#include <stdlib.h>

enum { INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER };

/* ---- numbers ------------------------------------------------------------------------------- */

/* A peer that is also a service is that service. */
int spanlog_callees_open(struct spanlog_callees *callees, const struct spanlog_collection *all) {
    *callees = (struct spanlog_callees){.all = all, .services = all->services.count};
    callees->of_peer = malloc((all->groups.count + (size_t)1) * sizeof *callees->of_peer);
    if (!callees->of_peer)
        return -ENOMEM;
    for (uint32_t i = 0; i < all->groups.count; i++) {
        struct spanlog_text name = spanlog_strings_text(&all->groups, i);
        uint32_t service = spanlog_strings_find(&all->services, name.data, name.size);
        callees->of_peer[i] = service != SPANLOG_STRING_NONE ? service : callees->services + i;
    }
    return 0;
}

void spanlog_callees_free(struct spanlog_callees *callees) {
    free(callees->of_peer);
    callees->of_peer = NULL;
}

struct spanlog_text spanlog_callees_text(const struct spanlog_callees *callees, uint32_t number) {
    return number < callees->services
               ? spanlog_strings_text(&callees->all->services, number)
               : spanlog_strings_text(&callees->all->groups, number - callees->services);
}

/* ---- one trace ----------------------------------------------------------------------------- */

struct walk {
    const struct spanlog_trace_view *view;
    const struct spanlog_callees *callees;
    const uint8_t *has_child; /* of each node */
    spanlog_call_function *call;
    void *argument;
};

static uint32_t peer_of(const struct walk *walk, const struct spanlog_node *node) {
    const struct spanlog_row_extra *extras = walk->view->extras;
    uint32_t group = extras ? extras[node->line].group : SPANLOG_STRING_NONE;
    return group == SPANLOG_STRING_NONE ? group : walk->callees->of_peer[group];
}

/* The parent, if it is of another service; else the nearest above that says its kind. Of one whose
 * parent is missing, the root. */
static const struct spanlog_node *caller_of(const struct walk *walk,
                                            const struct spanlog_node *node) {
    const struct spanlog_tree *tree = walk->view->tree;
    uint32_t at = node->parent;
    unsigned flags = node->flags;
    if (at != SPANLOG_NODE_NONE &&
        spanlog_service_of(walk->view, &tree->nodes[at]) != spanlog_service_of(walk->view, node))
        return &tree->nodes[at];
    for (; at != SPANLOG_NODE_NONE; at = tree->nodes[at].parent) {
        if (tree->nodes[at].kind != INTERNAL)
            return &tree->nodes[at];
        flags = tree->nodes[at].flags;
    }
    const struct spanlog_node *root =
        tree->root == SPANLOG_NODE_NONE ? NULL : &tree->nodes[tree->root];
    bool below_root = root && (flags & SPANLOG_NODE_ORPHAN) && !(root->flags & SPANLOG_NODE_ORPHAN);
    return below_root && root->kind != INTERNAL ? root : NULL;
}

static int call(const struct walk *walk, uint32_t from, uint32_t to,
                const struct spanlog_node *node) {
    return walk->call(walk->argument, from, to, node, node->flags & SPANLOG_NODE_ERROR);
}

/* The parent is of another service. */
static int call_of_parent(const struct walk *walk, const struct spanlog_node *node) {
    if (node->parent == SPANLOG_NODE_NONE)
        return 0;
    uint32_t from = spanlog_service_of(walk->view, &walk->view->tree->nodes[node->parent]);
    uint32_t to = spanlog_service_of(walk->view, node);
    return from == to ? 0 : call(walk, from, to, node);
}

static int call_of_server(const struct walk *walk, const struct spanlog_node *node) {
    const struct spanlog_node *caller = caller_of(walk, node);
    uint32_t to = spanlog_service_of(walk->view, node);
    if (caller) {
        /* Where both halves have one id, the client may know of an error that the server does not.
         */
        unsigned flags = node->flags;
        if (caller->kind == CLIENT && caller->span_id == node->span_id)
            flags |= caller->flags;
        return walk->call(walk->argument, spanlog_service_of(walk->view, caller), to, node,
                          flags & SPANLOG_NODE_ERROR);
    }
    uint32_t peer = peer_of(walk, node);
    bool is_root = node->parent == SPANLOG_NODE_NONE;
    return !is_root || peer == SPANLOG_STRING_NONE || peer == to ? 0 : call(walk, peer, to, node);
}

static int call_of_client(const struct walk *walk, const struct spanlog_node *node) {
    const struct spanlog_node *caller = caller_of(walk, node);
    uint32_t own = spanlog_service_of(walk->view, node), peer = peer_of(walk, node);
    uint32_t from = caller ? spanlog_service_of(walk->view, caller) : own;
    int rc = from == own ? 0 : call(walk, from, own, node);
    if (rc == 0 && peer != SPANLOG_STRING_NONE)
        rc = call(walk, own, peer, node);
    return rc;
}

static int calls_of_node(const struct walk *walk, uint32_t number) {
    const struct spanlog_node *node = &walk->view->tree->nodes[number];
    uint32_t peer;
    switch (node->kind) {
    case SERVER:
        return call_of_server(walk, node);
    case CLIENT:
        return walk->has_child[number] ? call_of_parent(walk, node) : call_of_client(walk, node);
    case PRODUCER:
    case CONSUMER:
        peer = peer_of(walk, node);
        if (peer == SPANLOG_STRING_NONE)
            return call_of_parent(walk, node);
        return node->kind == PRODUCER
                   ? call(walk, spanlog_service_of(walk->view, node), peer, node)
                   : call(walk, peer, spanlog_service_of(walk->view, node), node);
    default:
        return call_of_parent(walk, node);
    }
}

int spanlog_calls_of(const struct spanlog_trace_view *view, const struct spanlog_callees *callees,
                     spanlog_call_function *function, void *argument) {
    const struct spanlog_tree *tree = view->tree;
    uint8_t *has_child = spanlog_arena_alloc(view->scratch, tree->count + (size_t)1);
    if (!has_child)
        return -ENOMEM;
    memset(has_child, 0, tree->count);
    for (uint32_t i = 0; i < tree->count; i++)
        if (tree->nodes[i].parent != SPANLOG_NODE_NONE)
            has_child[tree->nodes[i].parent] = 1;
    struct walk walk = {view, callees, has_child, function, argument};
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < tree->count; i++)
        rc = calls_of_node(&walk, i);
    return rc;
}
