/* analyzer/base/arena.c: see arena.h. Blocks are a list, newest first. */
#include "src/analyzer/base/arena.h"

#include <stdlib.h>
#include <sys/mman.h>

struct spanlog_arena_block {
    struct spanlog_arena_block *next;
    size_t size; /* of the bytes behind this header */
};
_Static_assert(sizeof(struct spanlog_arena_block) == SPANLOG_ARENA_HEADER, "said in arena.h");

#define HUGE_PAGE (2u << 20)

/* Clearing 512 small pages one fault after the other costs more than filling them does. */
static void *new_block(size_t size) {
    if (size % HUGE_PAGE != 0)
        return malloc(size);
    void *block = aligned_alloc(HUGE_PAGE, size);
    if (block)
        madvise(block, size, MADV_HUGEPAGE);
    return block;
}

void *spanlog_arena_more(struct spanlog_arena *arena, size_t size) {
    size_t usual = arena->block_size ? arena->block_size : 64 * 1024;
    size_t room = size > usual ? size : usual;
    struct spanlog_arena_block *block = new_block(sizeof *block + room);
    if (!block)
        return NULL;
    block->size = room;
    arena->held += room;
    char *memory = (char *)(block + 1);
    if (size > usual && arena->blocks) {
        /* A block of its own, behind the current one, which stays in use. */
        block->next = arena->blocks->next;
        arena->blocks->next = block;
        return memory;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    arena->at = memory + size;
    arena->end = memory + room;
    return memory;
}

void spanlog_arena_join(struct spanlog_arena *arena, struct spanlog_arena *from) {
    if (!from->blocks)
        return;
    if (!arena->blocks) {
        struct spanlog_arena empty = {.block_size = from->block_size};
        from->block_size = arena->block_size;
        *arena = *from;
        *from = empty;
        return;
    }
    struct spanlog_arena_block *last = from->blocks;
    while (last->next)
        last = last->next;
    /* Behind the current block, which stays in use. */
    last->next = arena->blocks->next;
    arena->blocks->next = from->blocks;
    arena->held += from->held;
    *from = (struct spanlog_arena){.block_size = from->block_size};
}

void spanlog_arena_reset(struct spanlog_arena *arena) {
    struct spanlog_arena_block *block = arena->blocks;
    if (!block)
        return;
    while (block->next) {
        struct spanlog_arena_block *next = block->next;
        block->next = next->next;
        free(next);
    }
    arena->at = (char *)(block + 1);
    arena->end = arena->at + block->size;
    arena->held = block->size;
}

void spanlog_arena_free(struct spanlog_arena *arena) {
    for (struct spanlog_arena_block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    *arena = (struct spanlog_arena){.block_size = arena->block_size};
}
