/* analyzer/trees/where_trace.c: see where_trace.h.
 *
 * Each operator outside braces has a bit, and each span a word of these bits: those of the sets
 * that it is in. Operators are taken in the order of their numbers, operands first, with one or two
 * passes over the spans each.
 */
#include "src/analyzer/trees/where_trace.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/where/where_parts.h"

struct matching {
    const struct spanlog_where *where;
    const struct spanlog_tree *tree;
    uint64_t *sets;   /* of each span */
    uint64_t matched; /* operators that hold */
    uint32_t facts;   /* conditions that the trace as a whole meets */
    uint32_t bits;    /* of all lines */
};

static uint64_t bit_of(const struct matching *matching, uint8_t number) {
    return (uint64_t)1 << matching->where->nodes[number].set;
}

/* ---- what the trace as a whole tells ------------------------------------------------------ */

static bool fact_holds(const struct spanlog_where_leaf *leaf, const regex_t *regex,
                       const struct spanlog_where_trace *trace) {
    const struct spanlog_tree *tree = trace->tree;
    if (tree->root == SPANLOG_NODE_NONE)
        return leaf->value.type == SPANLOG_WHERE_IS_NIL && leaf->op == SPANLOG_TOKEN_EQ;
    if (leaf->source == SPANLOG_WHERE_TRACE_DURATION) {
        uint64_t ns = tree->end_ns - tree->start_ns, wanted = leaf->value.ns;
        return spanlog_where_order_holds(leaf->op, (ns > wanted) - (ns < wanted));
    }
    const struct spanlog_name *name = &trace->names->names->list[tree->nodes[tree->root].name];
    struct spanlog_text text =
        leaf->source == SPANLOG_WHERE_ROOT_SERVICE
            ? spanlog_strings_text(trace->names->services, name->service)
            : spanlog_strings_text(trace->names->operations, name->operation);
    return spanlog_where_text_holds(leaf, text, regex);
}

static uint32_t find_facts(const struct spanlog_where *where,
                           const struct spanlog_where_scratch *scratch,
                           const struct spanlog_where_trace *trace) {
    uint32_t facts = 0;
    for (uint32_t left = where->trace_leaves; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        if (fact_holds(&where->leaves[i], &scratch->regexes[i], trace))
            facts |= left & -left;
    }
    return facts;
}

/* ---- sets of spans ------------------------------------------------------------------------ */

static bool select_leaf(struct matching *matching, const struct spanlog_where_node *node,
                        uint64_t bit) {
    const struct spanlog_tree *tree = matching->tree;
    for (uint32_t i = 0; i < tree->count; i++)
        if (tree->nodes[i].bits >> node->leaf & 1)
            matching->sets[i] |= bit;
    return (matching->bits | matching->facts) >> node->leaf & 1;
}

static bool select_spans(struct matching *matching, const struct spanlog_where_node *node,
                         uint64_t bit) {
    const struct spanlog_tree *tree = matching->tree;
    bool any = false;
    for (uint32_t i = 0; i < tree->count; i++) {
        uint32_t bits = tree->nodes[i].bits | matching->facts;
        if ((bits & SPANLOG_WHERE_SPAN) &&
            spanlog_where_condition_holds(matching->where, node->left, bits)) {
            matching->sets[i] |= bit;
            any = true;
        }
    }
    return any;
}

static bool select_both(struct matching *matching, const struct spanlog_where_node *node,
                        uint64_t bit) {
    uint64_t left = bit_of(matching, node->left), right = bit_of(matching, node->right);
    bool has_left = matching->matched & left, has_right = matching->matched & right;
    bool holds = node->op == SPANLOG_WHERE_AND ? has_left && has_right : has_left || has_right;
    for (uint32_t i = 0; holds && i < matching->tree->count; i++)
        if (matching->sets[i] & (left | right))
            matching->sets[i] |= bit;
    return holds;
}

/* ---- relations ---------------------------------------------------------------------------- */

/* Parents stand before their children in the order: what is noted of them holds for all below. */
static void mark_below(struct matching *matching, uint64_t left, uint64_t bit, bool all_levels) {
    const struct spanlog_tree *tree = matching->tree;
    for (uint32_t i = 0; i < tree->count; i++) {
        uint32_t at = tree->order[i], parent = tree->nodes[at].parent;
        if (parent != SPANLOG_NODE_NONE &&
            (matching->sets[parent] & (all_levels ? left | bit : left)))
            matching->sets[at] |= bit;
    }
}

static void mark_above(struct matching *matching, uint64_t left, uint64_t bit, bool all_levels) {
    const struct spanlog_tree *tree = matching->tree;
    for (uint32_t i = tree->count; i-- > 0;) {
        uint32_t at = tree->order[i], parent = tree->nodes[at].parent;
        if (parent != SPANLOG_NODE_NONE && (matching->sets[at] & (all_levels ? left | bit : left)))
            matching->sets[parent] |= bit;
    }
}

/* Children of one parent; what stands at the top has no siblings. */
static void mark_beside(struct matching *matching, uint64_t left, uint64_t bit) {
    const struct spanlog_node *nodes = matching->tree->nodes;
    for (uint32_t i = 0; i < matching->tree->count; i++) {
        uint32_t first = nodes[i].first_child, count = 0;
        for (uint32_t at = first; at != SPANLOG_NODE_NONE; at = nodes[at].next)
            count += (matching->sets[at] & left) != 0;
        for (uint32_t at = first; count && at != SPANLOG_NODE_NONE; at = nodes[at].next)
            if (count > 1 || !(matching->sets[at] & left))
                matching->sets[at] |= bit;
    }
}

static bool select_related(struct matching *matching, const struct spanlog_where_node *node,
                           uint64_t bit) {
    uint64_t left = bit_of(matching, node->left), right = bit_of(matching, node->right);
    if (node->op == SPANLOG_WHERE_DESCENDANT || node->op == SPANLOG_WHERE_CHILD)
        mark_below(matching, left, bit, node->op == SPANLOG_WHERE_DESCENDANT);
    else if (node->op == SPANLOG_WHERE_ANCESTOR || node->op == SPANLOG_WHERE_PARENT)
        mark_above(matching, left, bit, node->op == SPANLOG_WHERE_ANCESTOR);
    else
        mark_beside(matching, left, bit);
    bool any = false;
    for (uint32_t i = 0; i < matching->tree->count; i++) {
        if (!(matching->sets[i] & right))
            matching->sets[i] &= ~bit;
        any |= (matching->sets[i] & bit) != 0;
    }
    return any;
}

/* ---- filters ------------------------------------------------------------------------------ */

static double aggregate(const struct matching *matching, uint64_t left, uint8_t kind) {
    double count = 0, sum = 0, least = 0, most = 0;
    for (uint32_t i = 0; i < matching->tree->count; i++) {
        if (!(matching->sets[i] & left))
            continue;
        double ns = (double)matching->tree->nodes[i].duration_ns;
        least = count == 0 || ns < least ? ns : least;
        most = ns > most ? ns : most;
        sum += ns;
        count++;
    }
    switch (kind) {
    case SPANLOG_WHERE_COUNT:
        return count;
    case SPANLOG_WHERE_SUM:
        return sum;
    case SPANLOG_WHERE_AVG:
        return count ? sum / count : 0;
    default:
        return kind == SPANLOG_WHERE_MIN ? least : most;
    }
}

/* Keeps all spans or none; where there are none, there is nothing to count. */
static bool select_filtered(struct matching *matching, const struct spanlog_where_node *node,
                            uint64_t bit) {
    uint64_t left = bit_of(matching, node->left);
    double wanted =
        node->aggregate == SPANLOG_WHERE_COUNT ? node->value.number : (double)node->value.ns;
    if (!(matching->matched & left) ||
        !spanlog_where_number_holds(node->comparison, aggregate(matching, left, node->aggregate),
                                    wanted))
        return false;
    for (uint32_t i = 0; i < matching->tree->count; i++)
        if (matching->sets[i] & left)
            matching->sets[i] |= bit;
    return true;
}

/* ---- all ---------------------------------------------------------------------------------- */

static bool select_node(struct matching *matching, const struct spanlog_where_node *node) {
    uint64_t bit = (uint64_t)1 << node->set;
    switch (node->op) {
    case SPANLOG_WHERE_LEAF:
        return select_leaf(matching, node, bit);
    case SPANLOG_WHERE_NOT:
        return !(matching->matched & bit_of(matching, node->left));
    case SPANLOG_WHERE_AND:
    case SPANLOG_WHERE_OR:
        return select_both(matching, node, bit);
    case SPANLOG_WHERE_SPANSET:
        return select_spans(matching, node, bit);
    case SPANLOG_WHERE_FILTER:
        return select_filtered(matching, node, bit);
    default:
        return select_related(matching, node, bit);
    }
}

int spanlog_where_matches(const struct spanlog_where *where, struct spanlog_where_scratch *scratch,
                          const struct spanlog_where_trace *trace, uint8_t *ret_nodes) {
    struct matching matching = {.where = where,
                                .tree = trace->tree,
                                .facts = find_facts(where, scratch, trace),
                                .bits = trace->bits};
    uint32_t count = trace->tree->count;
    spanlog_arena_reset(&scratch->arena);
    matching.sets = spanlog_arena_array(&scratch->arena, count, sizeof *matching.sets);
    if (!matching.sets)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        matching.sets[i] = 0;
        matching.bits |= trace->tree->nodes[i].bits;
    }
    for (unsigned i = 0; i < where->node_count; i++)
        if (!where->nodes[i].in_braces && select_node(&matching, &where->nodes[i]))
            matching.matched |= (uint64_t)1 << where->nodes[i].set;
    uint64_t result = bit_of(&matching, where->root);
    for (uint32_t i = 0; ret_nodes && i < count; i++)
        ret_nodes[i] = (matching.sets[i] & result) != 0;
    return (matching.matched & result) != 0;
}
