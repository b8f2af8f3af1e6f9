/* analyzer/base/arena.h: memory that is given back all at once.
 *
 *     struct spanlog_arena arena = {0};
 *     struct node *nodes = spanlog_arena_array(&arena, count, sizeof *nodes);   NULL: no memory
 *     spanlog_arena_reset(&arena);      keeps one block for the next round
 *     spanlog_arena_free(&arena);
 *
 * One owner a time, no locks: each job of a scan has its own. Memory is not cleared.
 */
#ifndef SPANLOG_ANALYZER_BASE_ARENA_H
#define SPANLOG_ANALYZER_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "formatters/line.h"

struct spanlog_arena_block;
/* With block_size SPANLOG_ARENA_HUGE each block is one huge page, if the kernel gives it. */
#define SPANLOG_ARENA_HEADER 16
#define SPANLOG_ARENA_HUGE ((2u << 20) - SPANLOG_ARENA_HEADER)

struct spanlog_arena {
    char *at;
    char *end;
    struct spanlog_arena_block *blocks;
    size_t block_size; /* 0: 64 KiB */
    size_t held;       /* bytes in all blocks */
};

void *spanlog_arena_more(struct spanlog_arena *arena, size_t size);

/* 8-byte aligned. */
static inline void *spanlog_arena_alloc(struct spanlog_arena *arena, size_t size) {
    size = size ? (size + 7) & ~(size_t)7 : 8; /* never NULL but for want of memory */
    if ((size_t)(arena->end - arena->at) < size)
        return spanlog_arena_more(arena, size);
    void *memory = arena->at;
    arena->at += size;
    return memory;
}

static inline void *spanlog_arena_array(struct spanlog_arena *arena, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    return spanlog_arena_alloc(arena, bytes);
}

/* A copy of text with a NUL and 7 more readable bytes behind it; .data is NULL when there is no
 * memory. */
static inline struct spanlog_text spanlog_arena_text(struct spanlog_arena *arena, const char *data,
                                                     size_t size) {
    struct spanlog_text copy = {spanlog_arena_alloc(arena, size + 8), (uint32_t)size};
    if (copy.data) {
        char *memory = (char *)(uintptr_t)copy.data;
        if (size) /* or data may be NULL */
            memcpy(memory, data, size);
        memset(memory + size, 0, 8);
    }
    return copy;
}

/* Hands all blocks of `from` over; what lies in them stays where it is. */
void spanlog_arena_join(struct spanlog_arena *arena, struct spanlog_arena *from);
void spanlog_arena_reset(struct spanlog_arena *arena);
void spanlog_arena_free(struct spanlog_arena *arena);

#endif
