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
#include "src/front/sample.h"
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

/* Whether it is told to the back although its trace is not sampled: metrics come from it (red.h).
 * It is written nowhere. */
static inline bool is_counted(const struct spanlog__site *site) {
    return process.counts_spans && (site->kind == SPANLOG_SERVER || site->kind == SPANLOG_CLIENT);
}

/* ---- begin ------------------------------------------------------------------------------- */

/* The span counts on what its context carries, and says of it what is to be said. */
static __attribute__((noinline)) void keep(struct thread *t, struct spanlog__open_span *block,
                                           spanlog_ctx *ctx) {
    struct stamp space;
    const struct stamp *stamp =
        carried_hold(&ctx->carried, (const uint8_t *)&block->record.parent_id, &space);
    memcpy(&block->ctx_flags, &ctx->flags, CTX_END);
    block->record.header.word |= RECORD_KEPT;
    if (ctx->flags & SPANLOG__FLAG_RATIO)
        span_add_ratio(block, sample_ratio_of(ctx->reserved[0]));
    if (stamp != NULL)
        span_add_stamp(t, block, stamp);
}

/* The fields that a span begins with, when its texts end with NUL and its block has room: as
 * span_add_fields does for any. */
static inline __attribute__((always_inline)) bool add_first(struct spanlog__open_span *block,
                                                            const struct spanlog__site *site,
                                                            const union spanlog__slot *slots) {
    struct group *group = (struct group *)(void *)block->body;
    if (SPANLOG__RARE(block->used != 0 || encode_bytes_bits(site->types) != 0 ||
                      site->count > __atomic_load_n(&process.max_attributes, __ATOMIC_RELAXED)))
        return false;
    uint8_t *end =
        encode_fast(block->body + sizeof *group, block->body + SPAN_FAST_BODY, site, slots, 0);
    if (SPANLOG__RARE(end == NULL))
        return false;
    size_t size = record_align((size_t)(end - block->body));
    group->shape = group_shape(size, GROUP_FIELDS, site->count);
    group->site = site->id;
    block->attributes = site->count;
    block->used = (uint32_t)size;
    return true;
}

/* Fills a free block and opens it. *ctx comes as the parent's, or as decided for a root, and goes
 * as the span's own. fast: more code, for the one place where it counts. */
static inline __attribute__((always_inline)) void
open_block(struct thread *t, struct spanlog__open_span *block, struct spanlog__site *site,
           const union spanlog__slot *slots, spanlog_ctx *ctx, bool has_parent, bool new_trace,
           bool fast) {
    struct span_record *record = &block->record;
    uint64_t parent = 0;
    if (SPANLOG__LIKELY(has_parent))
        memcpy(&parent, ctx->span_id, 8);
    else if (new_trace)
        sample_new_trace(t, ctx);
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
    if (SPANLOG__RARE(ctx->flags &
                      (SPANLOG__FLAG_CARRIED | SPANLOG_FLAG_DEBUG | SPANLOG__FLAG_RATIO)))
        keep(t, block, ctx);
    if (site->count > 0 && !(fast && add_first(block, site, slots)))
        span_add_fields(t, block, GROUP_FIELDS, site, slots, 0);
    record->start_ticks = clock_ticks();
    __atomic_store_n(&block->state, OPEN_SPAN_OPEN, __ATOMIC_RELEASE);
}

/* So that the back knows what waits for whom. */
static void announce_root(struct thread *t, const spanlog_ctx *ctx) {
    size_t size = sizeof(struct record) + sizeof(struct record_ids);
    uint8_t *place = thread_reserve(t, size);
    if (place == NULL)
        return;
    ((struct record *)(void *)place)->ticks = clock_ticks();
    memcpy(place + sizeof(struct record), ctx, sizeof(struct record_ids));
    thread_publish(t, place, 0, size, RECORD_ROOT_BEGUN);
}

/* A local root has its trace decided. False: it gets ids, and that is all. */
static __attribute__((noinline)) bool begin_root(struct thread *t, spanlog_span *span,
                                                 spanlog_ctx *ctx, bool has_parent,
                                                 const struct spanlog__site *site,
                                                 const union spanlog__slot *slots) {
    sample_root(t, ctx, has_parent, site, slots);
    if (process.tail)
        announce_root(t, ctx);
    if ((ctx->flags & SPANLOG_FLAG_SAMPLED) != 0 || process.tail || is_counted(site))
        return true;
    ids_new_span(&t->random, ctx->span_id);
    span->open = NULL;
    span->generation = SPANLOG__UNSAMPLED;
    return false;
}

static inline __attribute__((always_inline)) void
open_with(struct thread *t, spanlog_span *span, spanlog_ctx *ctx, bool has_parent, bool new_trace,
          struct spanlog__site *site, const union spanlog__slot *slots, bool fast) {
    struct spanlog__open_span *block = span_block_take(t);
    open_block(t, block, site, slots, ctx, has_parent, new_trace, fast);
    span->open = block;
    span->generation = block->generation;
}

/* Whether it is a local root and somebody wants to know. */
static inline bool is_decided(const spanlog_ctx *ctx, bool has_parent) {
    return has_parent ? (ctx->flags & SPANLOG__FLAG_REMOTE) == 0
                      : !__atomic_load_n(&process.decides_roots, __ATOMIC_RELAXED);
}

static __attribute__((noinline)) void begin_with(struct thread *t, spanlog_span *span,
                                                 spanlog_ctx *ctx, bool has_parent,
                                                 struct spanlog__site *site,
                                                 const union spanlog__slot *slots) {
    bool decided = is_decided(ctx, has_parent);
    if (!decided && !begin_root(t, span, ctx, has_parent, site, slots))
        return;
    open_with(t, span, ctx, has_parent, !has_parent && decided, site, slots, false);
    if (!decided && process.tail)
        span->open->record.header.word |= RECORD_LOCAL_ROOT;
}

/* On a fast path that is free for it. */
static __attribute__((noinline)) bool begin_undecided(spanlog_span *span, spanlog_ctx *ctx,
                                                      bool has_parent, struct spanlog__site *site,
                                                      const union spanlog__slot *slots) {
    struct thread *t = &spanlog_thread;
    t->busy = 1;
    thread_barrier();
    begin_with(t, span, ctx, has_parent, site, slots);
    thread_barrier();
    t->busy = 0;
    return span->open != NULL;
}

/* A site's first call may be the process's, which may give this thread a context. False: in a trace
 * that is not sampled, and of no interest; or the span's level is off. */
static __attribute__((noinline)) bool prepare(struct spanlog__site *site) {
    int saved = errno;
    bool on = site_ready(site, false);
    errno = saved;
    return on && (!spanlog__context.unsampled || is_counted(site));
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
        if (process.tail) /* it may have announced a root */
            thread_release(t, &guard);
        else
            thread_return(t, &guard);
    }
    errno = saved;
    return span->open != NULL;
}

static inline bool begin(spanlog_span *span, spanlog_ctx *ctx, bool has_parent, bool on,
                         struct spanlog__site *site, const union spanlog__slot *slots) {
    struct thread *t = &spanlog_thread;
    if (SPANLOG__RARE(!on || t->busy != 0 || t->free_spans == NULL))
        return begin_slow(span, ctx, has_parent, site, slots);
    if (SPANLOG__RARE(!is_decided(ctx, has_parent)))
        return begin_undecided(span, ctx, has_parent, site, slots);
    t->busy = 1;
    thread_barrier();
    open_with(t, span, ctx, has_parent, !has_parent, site, slots, true);
    thread_barrier();
    t->busy = 0;
    return true;
}

/* What the scope of an unsampled root points to: its end has to put the context back. */
static struct spanlog__open_span not_recorded;

static __attribute__((noinline)) void enter_unsampled(spanlog_span *span, const spanlog_ctx *ctx) {
    struct spanlog__thread_context *now = &spanlog__context;
    context_put(ctx, context_record_flags(ctx));
    now->unsampled = context_unsampled(ctx);
    span->open = &not_recorded;
}

/* With a tail, all that is in it is recorded. */
static __attribute__((noinline)) void enter_counted(void) {
    spanlog__context.unsampled = context_unsampled(&spanlog__context.ctx);
}

static __attribute__((noinline)) void leave_unsampled(const spanlog_ctx *before) {
    spanlog__context.unsampled = context_is_valid(before) ? context_unsampled(before) : 0;
}

void spanlog__scope_begin(spanlog_span *span, struct spanlog__site *site,
                          const union spanlog__slot *slots) {
    struct spanlog__thread_context *now = &spanlog__context;
    uint32_t state = __atomic_load_n(&site->state, __ATOMIC_ACQUIRE);
    bool on = state == SPANLOG__STATE_ON;
    if (SPANLOG__RARE(!on) && (state == SPANLOG__STATE_OFF || !prepare(site))) {
        span->generation = SPANLOG__UNSAMPLED; /* what begins in it hangs below its parent */
        return;
    }
    span->before = now->ctx;
    spanlog_ctx ctx = now->ctx;
    bool has_parent = (now->record_flags & RECORD_CONTEXT) != 0;
    if (SPANLOG__RARE(!begin(span, &ctx, has_parent, on, site, slots))) {
        if (span->generation == SPANLOG__UNSAMPLED)
            enter_unsampled(span, &ctx);
        return;
    }
    uint32_t word = span->open->record.header.word;
    context_put(&ctx, word & ~(RECORD_SPAN | RECORD_KEPT | RECORD_LOCAL_ROOT));
    if (SPANLOG__RARE((word & RECORD_SAMPLED) == 0))
        enter_counted();
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
        thread_return(t, &guard);
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
    if (has_parent && context_is_unsampled(parent) && !is_counted(site)) {
        begin_unsampled(span, site);
        return;
    }
    if (SPANLOG__LIKELY(begin(span, &ctx, has_parent, site_is_on(site), site, slots)) ||
        span->generation != SPANLOG__UNSAMPLED)
        return;
    span->before = ctx; /* as above, with ids of its own */
    span->generation = 0;
}

/* ---- end --------------------------------------------------------------------------------- */

/* Gives back the further blocks of a long span. */
static void free_rest(struct thread *t, struct spanlog__open_span *block) {
    uint32_t next = block->next;
    block->next = 0;
    while (next != 0) {
        struct spanlog__open_span *more = span_block(next - 1);
        next = more->next;
        span_block_free(t, more);
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
        span_block_free(t, block);
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
    span_block_free(t, block);
    thread_finish(t);
}

void spanlog__scope_end(spanlog_span *span) {
    if (SPANLOG__LIKELY(span_is_open(span)))
        end_open(span->open);
    if (SPANLOG__RARE(spanlog__context.unsampled != 0))
        leave_unsampled(&span->before);
    span->open = NULL;
    context_restore(&span->before);
}

/* The handle stays as it is: of a scope that ends before its brace the context is put back there.
 */
void spanlog__end(spanlog_span *span) {
    if (span_is_open(span))
        end_open(span->open);
}

spanlog_ctx spanlog_span_ctx(const spanlog_span *span) {
    spanlog_ctx ctx = {.flags = 0};
    if (span == NULL)
        return ctx;
    if (span->generation == SPANLOG__UNSAMPLED)
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
