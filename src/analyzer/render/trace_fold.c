/* analyzer/render/trace_fold.c: which siblings are so alike that one line says it for all:
 *
 *     ├ orders SELECT stock ×37            c   12.5ms  12.5ms  41% |    ━━━━━━━━━       |
 *
 * Five or more in a row, of equal service, operation, kind and children, without errors, warnings
 * or anything odd in them, and with no line of their parent between them.
 */
#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/base/hash.h"
#include "src/analyzer/render/trace_parts.h"

#define ALIKE_MIN 5

static bool has_warning(const struct spanlog_trace *trace, uint32_t node) {
    for (uint32_t i = trace->first_item[node]; i < trace->first_item[node + 1]; i++)
        if (trace->items[i].event == UINT32_MAX &&
            trace->lines[trace->items[i].line].line.level >= 13)
            return true;
    return false;
}

/* Of each node what it and all below it are like; 0: not to be folded. */
static void hash_shapes(const struct spanlog_trace *trace, uint64_t *shapes) {
    const struct spanlog_tree *tree = &trace->tree;
    const unsigned plain = SPANLOG_NODE_HAS_PARENT | SPANLOG_NODE_CRITICAL;
    for (uint32_t i = tree->count; i-- > 0;) { /* children come behind their parents */
        uint32_t number = tree->order[i];
        const struct spanlog_node *node = &tree->nodes[number];
        uint64_t shape =
            spanlog_hash_fold((uint64_t)node->name << 8 | node->kind, 0x9e3779b97f4a7c15u);
        bool odd = (node->flags & ~plain) != 0 || has_warning(trace, number);
        for (uint32_t child = node->first_child; child != SPANLOG_NODE_NONE;
             child = tree->nodes[child].next) {
            shape = spanlog_hash_fold(shape ^ shapes[child], 0xa0761d6478bd642fu);
            odd = odd || shapes[child] == 0;
        }
        shapes[number] = odd ? 0 : shape | 1;
    }
}

/* The runs of alike children of one span. Children and items come by their time. */
static void fold_children(const struct spanlog_trace *trace, uint32_t parent,
                          const uint64_t *shapes, uint32_t *folds) {
    const struct spanlog_node *nodes = trace->tree.nodes;
    uint32_t first = SPANLOG_NODE_NONE, count = 0, item = trace->first_item[parent];
    for (uint32_t child = nodes[parent].first_child; child != SPANLOG_NODE_NONE;
         child = nodes[child].next) {
        uint32_t before = item;
        while (item < trace->first_item[parent + 1] &&
               trace->items[item].time_ns <= nodes[child].start_ns)
            item++;
        bool alike = first != SPANLOG_NODE_NONE && item == before && shapes[child] &&
                     shapes[child] == shapes[first];
        if (!alike) {
            first = child;
            count = 0;
        }
        if (++count >= ALIKE_MIN)
            folds[first] = count;
    }
}

int spanlog_trace_fold(const struct spanlog_trace *trace, uint32_t *folds) {
    size_t count = trace->tree.count;
    uint64_t *shapes = malloc((count + 1) * sizeof *shapes);
    if (!shapes)
        return -ENOMEM;
    hash_shapes(trace, shapes);
    for (size_t i = 0; i < count; i++)
        folds[i] = 1;
    for (uint32_t parent = 0; parent < count; parent++)
        fold_children(trace, parent, shapes, folds);
    free(shapes);
    return 0;
}
