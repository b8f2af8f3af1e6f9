/* front/span.c: spans that begin, take attributes, and end as one record. core/open_span.h has the
 * block that a span lives in; span_body.c what is added to it between begin and end.
 *
 * The begin writes the block, the end copies it into the ring: each takes one time stamp, no lock
 * and no system call.
 */
#include "src/front/carried.h"
#include "src/front/context.h"
#include "src/front/encode.h"
#include "src/front/register.h"
#include "src/front/span_body.h"
#include "src/front/thread.h"

#include <errno.h>

_Static_assert(offsetof(struct spanlog__open_span, carried) -
                       offsetof(struct spanlog__open_span, ctx_flags) ==
                   offsetof(spanlog_ctx, carried) - offsetof(spanlog_ctx, flags),
               "the end of a context, copied whole");
#define CTX_END 8

static inline uint64_t handle_of(uint64_t count) {
    return (uint64_t)process.epoch << 48 | (count & 0xffffffffffffu);
}

/* ---- begin ------------------------------------------------------------------------------- */

/* ctx may have a trace id from elsewhere, then only the span is new. */
static void make_trace(struct thread *t, spanlog_ctx *ret_ctx) {
    ret_ctx->flags = (uint8_t)((ret_ctx->flags & ~SPANLOG_FLAG_RANDOM) | SPANLOG_FLAG_SAMPLED);
    if (!id_is_zero(ret_ctx->trace_id, 16))
        return;
    uint64_t ms = clock_gettime_ns(CLOCK_REALTIME_COARSE) / 1000000;
    if (__atomic_load_n(&process.random_trace_ids, __ATOMIC_RELAXED))
        ms = ids_next(&t->random) | 1;
    ids_new_trace(&t->random, ms, ret_ctx->trace_id);
    ret_ctx->flags |= SPANLOG_FLAG_RANDOM;
}

/* The span counts on what its context carries, and says of it what is to be said. */
static __attribute__((noinline)) void keep(struct thread *t, struct spanlog__open_span *block,
                                           spanlog_ctx *ctx) {
    struct stamp space;
    const struct stamp *stamp =
        carried_hold(&ctx->carried, (const uint8_t *)&block->record.parent_id, &space);
    memcpy(&block->ctx_flags, &ctx->flags, CTX_END);
    block->record.header.word |= RECORD_KEPT;
    if (stamp != NULL)
        span_add_stamp(t, block, stamp);
}

/* Fills a free block and opens it. *ctx comes as the parent's and goes as the span's own. */
static inline void open_block(struct thread *t, struct spanlog__open_span *block,
                              struct spanlog__site *site, const union spanlog__slot *slots,
                              spanlog_ctx *ctx, bool has_parent) {
    struct span_record *record = &block->record;
    uint64_t parent = 0;
    if (SPANLOG__LIKELY(has_parent))
        memcpy(&parent, ctx->span_id, 8);
    else
        make_trace(t, ctx);
    ids_new_span(&t->random, ctx->span_id);
    memcpy(&record->ids, ctx, sizeof record->ids);
    record->parent_id = parent;
    record->header.word = context_record_flags(ctx) | RECORD_SPAN;
    record->header.site = site->id;
    record->dropped_attributes = 0;
    record->dropped_events = record->dropped_links = 0;
    block->used = 0;
    block->end_position = 0;
    block->next = 0;
    block->attributes = 0;
    block->events = block->links = 0;
    block->tid = t->ring->owner_tid;
    block->generation = handle_of(++t->generation);
    if (SPANLOG__RARE(ctx->flags & (SPANLOG__FLAG_CARRIED | SPANLOG_FLAG_DEBUG)))
        keep(t, block, ctx);
    if (site->count > 0)
        span_add_fields(t, block, GROUP_FIELDS, site, slots, 0);
    record->start_ticks = clock_ticks();
    __atomic_store_n(&block->state, OPEN_SPAN_OPEN, __ATOMIC_RELEASE);
}

static inline struct spanlog__open_span *pop_block(struct thread *t) {
    struct spanlog__open_span *block = t->free_spans;
    t->free_spans = block->next_free;
    t->free_span_count--;
    return block;
}

static inline void push_block(struct thread *t, struct spanlog__open_span *block) {
    __atomic_store_n(&block->state, OPEN_SPAN_FREE, __ATOMIC_RELEASE);
    block->next_free = t->free_spans;
    t->free_spans = block;
    t->free_span_count++;
}

static inline void begin_with(struct thread *t, spanlog_span *span, spanlog_ctx *ctx,
                              bool has_parent, struct spanlog__site *site,
                              const union spanlog__slot *slots) {
    struct spanlog__open_span *block = pop_block(t);
    open_block(t, block, site, slots, ctx, has_parent);
    span->open = block;
    span->generation = block->generation;
}

/* A site's first call may be the process's, which may give this thread a context. False: in a trace
 * that is not sampled. */
static __attribute__((noinline)) bool prepare(struct spanlog__site *site) {
    int saved = errno;
    site_ready(site, false);
    errno = saved;
    return !spanlog__context.unsampled;
}

static bool begin_slow(spanlog_span *span, spanlog_ctx *ctx, bool has_parent,
                       struct spanlog__site *site, const union spanlog__slot *slots) {
    int saved = errno;
    struct lock_guard guard;
    span->open = NULL;
    span->generation = 0;
    struct thread *t = site_ready(site, false) ? thread_acquire(&guard) : NULL;
    if (t != NULL) {
        if (t->free_spans != NULL || thread_trade_spans(t))
            begin_with(t, span, ctx, has_parent, site, slots);
        thread_release(t, &guard);
    }
    errno = saved;
    return span->open != NULL;
}

static inline bool begin(spanlog_span *span, spanlog_ctx *ctx, bool has_parent, bool on,
                         struct spanlog__site *site, const union spanlog__slot *slots) {
    struct thread *t = &spanlog_thread;
    if (SPANLOG__RARE(!on || t->busy != 0 || t->free_spans == NULL || t->ring == NULL))
        return begin_slow(span, ctx, has_parent, site, slots);
    t->busy = 1;
    thread_barrier();
    begin_with(t, span, ctx, has_parent, site, slots);
    thread_barrier();
    t->busy = 0;
    return true;
}

void spanlog__scope_begin(spanlog_span *span, struct spanlog__site *site,
                          const union spanlog__slot *slots) {
    struct spanlog__thread_context *now = &spanlog__context;
    bool on = site_is_on(site);
    if (SPANLOG__RARE(!on) && !prepare(site)) {
        span->generation = SPANLOG__UNSAMPLED;
        return;
    }
    span->before = now->ctx;
    spanlog_ctx ctx = now->ctx;
    bool has_parent = (now->record_flags & RECORD_CONTEXT) != 0;
    if (!begin(span, &ctx, has_parent, on, site, slots))
        return;
    now->ctx = ctx;
    now->record_flags = context_record_flags(&ctx);
}

/* Not recorded, but what it calls and logs can be told apart from its siblings, and the header
 * that goes on has another parent id than the one that came. */
static __attribute__((noinline)) void begin_unsampled(spanlog_span *span,
                                                      struct spanlog__site *site) {
    int saved = errno;
    struct lock_guard guard;
    struct thread *t = site_is_on(site) || site_ready(site, false) ? thread_acquire(&guard) : NULL;
    if (t != NULL) {
        ids_new_span(&t->random, span->before.span_id);
        thread_release(t, &guard);
    }
    errno = saved;
}

void spanlog__begin(spanlog_span *span, const spanlog_ctx *parent, struct spanlog__site *site,
                    const union spanlog__slot *slots) {
    spanlog_ctx ctx = *parent;
    bool has_parent = context_is_valid(parent);
    span->before = *parent;
    span->open = NULL;
    span->generation = 0;
    if (has_parent && (parent->flags & SPANLOG_FLAG_SAMPLED) == 0) {
        begin_unsampled(span, site);
        return;
    }
    begin(span, &ctx, has_parent, site_is_on(site), site, slots);
}

/* ---- end --------------------------------------------------------------------------------- */

/* Gives back the further blocks of a long span. */
static void free_rest(struct thread *t, struct spanlog__open_span *block) {
    uint32_t next = block->next;
    block->next = 0;
    while (next != 0) {
        struct spanlog__open_span *more = span_block(next - 1);
        next = more->next;
        push_block(t, more);
    }
    if (t->free_span_count > 2 * FREE_SPANS_KEPT)
        thread_trade_spans(t);
}

/* From here on recovery asks the ring whether this end was published. */
static inline void announce_end(const struct thread *t, struct spanlog__open_span *block) {
    block->end_ring = t->ring->index;
    __atomic_store_n(&block->end_position, t->position + 1, __ATOMIC_RELEASE);
}

static void end_slow(struct spanlog__open_span *block, uint64_t ticks) {
    int saved = errno;
    struct lock_guard guard;
    uint32_t word = block->record.header.word & ~RECORD_KEPT;
    uint32_t carried = word != block->record.header.word ? block->carried : 0;
    struct thread *t = thread_acquire(&guard);
    if (t != NULL) {
        size_t size = sizeof(struct span_record) + block->used;
        uint8_t *place = thread_reserve(t, size);
        if (place != NULL) {
            memcpy(place + 8, (uint8_t *)&block->record + 8, sizeof(struct span_record) - 8);
            ((struct record *)(void *)place)->ticks = ticks;
            span_copy_body(block, place + sizeof(struct span_record));
            announce_end(t, block);
            thread_publish(t, place, block->record.header.site, size, word);
        }
        free_rest(t, block);
        push_block(t, block);
        thread_release(t, &guard);
    } else {
        thread_count_loss();
    }
    carried_release(carried);
    errno = saved;
}

static inline void end_open(struct spanlog__open_span *block) {
    struct thread *t = &spanlog_thread;
    uint64_t ticks = clock_ticks();
    size_t used = block->used;
    if (SPANLOG__RARE(t->busy != 0 || !thread_has_room(t) || block->next != 0 ||
                      (block->record.header.word & RECORD_KEPT) != 0 ||
                      t->free_span_count > 2 * FREE_SPANS_KEPT)) {
        end_slow(block, ticks);
        return;
    }
    t->busy = 1;
    thread_barrier();
    uint8_t *place = thread_place(t);
    memcpy(place + 8, (uint8_t *)&block->record + 8, sizeof(struct span_record) - 8);
    ((struct record *)(void *)place)->ticks = ticks;
    uint8_t *to = place + sizeof(struct span_record);
    for (size_t at = 0; at < used; at += 16) /* the block's size is a multiple of 16 */
        memcpy(to + at, block->body + at, 16);
    announce_end(t, block);
    thread_publish(t, place, block->record.header.site, sizeof(struct span_record) + used,
                   block->record.header.word);
    push_block(t, block);
    thread_finish(t);
}

void spanlog__scope_end(spanlog_span *span) {
    if (SPANLOG__LIKELY(span_is_open(span)))
        end_open(span->open);
    span->open = NULL;
    context_restore(&span->before);
}

void spanlog__end(spanlog_span *span) {
    if (span_is_open(span))
        end_open(span->open);
    span->open = NULL;
}

spanlog_ctx spanlog_span_ctx(const spanlog_span *span) {
    spanlog_ctx ctx = {.flags = 0};
    if (span == NULL)
        return ctx;
    if (span->open == NULL && span->generation == SPANLOG__UNSAMPLED)
        return spanlog__context.ctx;
    if (!span_is_open(span))
        return span->open == NULL && span->generation == 0 ? span->before : ctx;
    memcpy(&ctx, &span->open->record.ids, sizeof span->open->record.ids);
    uint32_t flags = span->open->record.header.word;
    ctx.flags = (uint8_t)((flags & RECORD_SAMPLED ? SPANLOG_FLAG_SAMPLED : 0) |
                          (flags & RECORD_RANDOM ? SPANLOG_FLAG_RANDOM : 0));
    if (flags & RECORD_KEPT)
        memcpy(&ctx.flags, &span->open->ctx_flags, CTX_END);
    return ctx;
}
