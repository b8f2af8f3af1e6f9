/* front/context.h: the thread's context, as the rest of the front sees it. */
#ifndef SPANLOG_FRONT_CONTEXT_H
#define SPANLOG_FRONT_CONTEXT_H

#include "src/core/process.h"

#include <spanlog/spanlog.h>

/* Both ids are there. */
bool context_is_valid(const spanlog_ctx *ctx);
/* The flags of a record written inside ctx, which is valid. */
static inline uint32_t context_record_flags(const spanlog_ctx *ctx) {
    uint32_t flags = ctx->flags;
    return RECORD_CONTEXT | (flags & SPANLOG_FLAG_SAMPLED) << 25 |
           (flags & SPANLOG_FLAG_RANDOM) << 28 | (flags & SPANLOG__FLAG_STAMP) << 23;
}
_Static_assert(SPANLOG_FLAG_SAMPLED << 25 == RECORD_SAMPLED, "one bit");
_Static_assert(SPANLOG_FLAG_RANDOM << 28 == RECORD_RANDOM, "one bit");
_Static_assert(SPANLOG__FLAG_STAMP << 23 == RECORD_STAMP, "one bit");
/* A signal handler that logs in between has to find what the flags say: where they speak of a span,
 * there is one, perhaps with ids of two. So without one they come first, and with one last. */
static inline void context_put(const spanlog_ctx *ctx, uint32_t flags) {
    struct spanlog__thread_context *now = &spanlog__context;
    if ((flags & RECORD_CONTEXT) == 0)
        now->record_flags = flags;
    __asm__ volatile("" ::: "memory");
    now->ctx = *ctx;
    __asm__ volatile("" ::: "memory");
    now->record_flags = flags;
}
/* Puts back what a recorded scope found: no span, or a sampled one. */
static inline void context_restore(const spanlog_ctx *before) {
    uint64_t span_id;
    __builtin_memcpy(&span_id, before->span_id, 8);
    context_put(before, context_record_flags(before) & (span_id != 0 ? UINT32_MAX : RECORD_STAMP));
}
/* No span that begins in ctx is recorded. ctx is valid. */
static inline bool context_is_unsampled(const spanlog_ctx *ctx) {
    return (ctx->flags & SPANLOG_FLAG_SAMPLED) == 0 && !process.tail &&
           !((ctx->flags & SPANLOG__FLAG_REMOTE) != 0 &&
             __atomic_load_n(&process.decides_remote, __ATOMIC_RELAXED));
}
/* What a thread's `unsampled` is inside ctx, which is valid. */
static inline uint32_t context_unsampled(const spanlog_ctx *ctx) {
    return !context_is_unsampled(ctx) ? 0 : process.counts_spans ? SPANLOG__COUNTED : 1;
}
/* Makes ctx the thread's; with one that is not valid it is in no span. */
void context_set(const spanlog_ctx *ctx);

#endif
