/* analyzer/questions/shape_tree.c: the shape of one tree; see shapes.h.
 *
 * From the leaves up: hash(service, operation, kind, the children's hashes in ascending order).
 * Five or more equal siblings are hashed as one of them and a mark.
 */
#include "src/analyzer/questions/shapes.h"

#include <errno.h>
#include <stdlib.h>

/* FNV-1a for texts: the number of a shape can be kept and compared with another day's. */
static uint64_t hash_text(uint64_t hash, struct spanlog_text text) {
    for (uint32_t i = 0; i < text.size; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u; /* no text has this byte: it ends one */
}

static uint64_t mix(uint64_t hash, uint64_t more) {
    hash = (hash ^ more) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93u;
    return hash ^ hash >> 29;
}

uint64_t *spanlog_shape_hash_names(const struct spanlog_collection *all) {
    uint64_t *hashes = malloc((all->names.count + (size_t)1) * sizeof *hashes);
    for (uint32_t i = 0; hashes && i < all->names.count; i++) {
        const struct spanlog_name *name = &all->names.list[i];
        uint64_t hash =
            hash_text(0xcbf29ce484222325u, spanlog_strings_text(&all->services, name->service));
        hashes[i] = hash_text(hash, spanlog_strings_text(&all->operations, name->operation));
    }
    return hashes;
}

struct child {
    uint64_t hash;
    uint32_t place; /* among its siblings */
    uint32_t node;
};

static int by_hash(const void *left, const void *right) {
    const struct child *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

/* Adds siblings to the hash of what is above them, and notes which are folded. */
static uint64_t add_children(uint64_t hash, struct child *children, uint32_t count,
                             uint32_t *folds) {
    const uint64_t many = 0x6d616e79;
    if (count > 1)
        qsort(children, count, sizeof *children, by_hash);
    for (uint32_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && children[end].hash == children[i].hash;)
            end++;
        bool folded = end - i >= SPANLOG_SHAPE_FOLD;
        for (uint32_t n = i; n < end; n++) {
            folds[children[n].node] = folded ? 0 : 1;
            if (!folded)
                hash = mix(hash, children[n].hash);
        }
        if (folded) {
            folds[children[i].node] = end - i;
            hash = mix(mix(hash, children[i].hash), many);
        }
    }
    return mix(hash, count ? 1 : 0);
}

/* What has no parent: one root is the shape itself, several and orphans hang under nothing. */
static uint64_t add_tops(const struct spanlog_tree *tree, const uint64_t *hashes,
                         struct child *children, uint32_t *folds) {
    const uint64_t orphan = 0x6f727068;
    uint32_t count = 0;
    for (uint32_t i = 0; i < tree->count; i++) {
        uint32_t number = tree->order[i];
        const struct spanlog_node *node = &tree->nodes[number];
        if (node->parent != SPANLOG_NODE_NONE)
            continue;
        bool is_orphan = node->flags & SPANLOG_NODE_ORPHAN;
        children[count] =
            (struct child){is_orphan ? mix(hashes[number], orphan) : hashes[number], count, number};
        count++;
    }
    if (count == 1) {
        folds[children[0].node] = 1;
        return children[0].hash;
    }
    return add_children(0, children, count, folds);
}

int spanlog_shape_of_tree(const struct spanlog_tree *tree, const uint64_t *name_hashes,
                          struct spanlog_arena *scratch, struct spanlog_shape_tree *ret) {
    size_t room = tree->count + (size_t)1;
    uint64_t *hashes = spanlog_arena_array(scratch, room, sizeof *hashes);
    struct child *children = spanlog_arena_array(scratch, room, sizeof *children);
    ret->folds = spanlog_arena_array(scratch, room, sizeof *ret->folds);
    if (!hashes || !children || !ret->folds)
        return -ENOMEM;
    /* The order has each span before its children: from its end they come first. */
    for (uint32_t i = tree->count; i-- > 0;) {
        const struct spanlog_node *node = &tree->nodes[tree->order[i]];
        uint32_t count = 0;
        for (uint32_t child = node->first_child; child != SPANLOG_NODE_NONE;
             child = tree->nodes[child].next) {
            children[count] = (struct child){hashes[child], count, child};
            count++;
        }
        uint64_t own = mix(name_hashes[node->name], node->kind);
        hashes[tree->order[i]] = add_children(own, children, count, ret->folds);
    }
    ret->hash = add_tops(tree, hashes, children, ret->folds);
    return 0;
}

int spanlog_shape_draw(const struct spanlog_tree *tree, const struct spanlog_shape_tree *shape,
                       struct spanlog_shape_example *ret) {
    struct spanlog_shape_line lines[SPANLOG_SHAPE_LINES_MAX];
    uint32_t hidden_below = UINT32_MAX; /* the depth of a sibling that was folded away */
    ret->line_count = 0;
    ret->is_cut = false;
    for (uint32_t i = 0; i < tree->count && !ret->is_cut; i++) {
        uint32_t number = tree->order[i];
        const struct spanlog_node *node = &tree->nodes[number];
        if (hidden_below != UINT32_MAX && node->depth > hidden_below)
            continue;
        hidden_below = shape->folds[number] ? UINT32_MAX : node->depth;
        if (!shape->folds[number])
            continue;
        if (ret->line_count == SPANLOG_SHAPE_LINES_MAX) {
            ret->is_cut = true;
            break;
        }
        bool is_orphan = node->flags & SPANLOG_NODE_ORPHAN;
        lines[ret->line_count++] = (struct spanlog_shape_line){node->name, shape->folds[number],
                                                               node->depth, node->kind, is_orphan};
    }
    free(ret->lines);
    ret->lines = malloc(ret->line_count * sizeof *lines + 1);
    if (!ret->lines)
        return -ENOMEM;
    memcpy(ret->lines, lines, ret->line_count * sizeof *lines);
    return 0;
}
