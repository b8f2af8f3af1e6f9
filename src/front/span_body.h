/* front/span_body.h: the groups of an open span: fields, events, links, status. */
#ifndef SPANLOG_FRONT_SPAN_BODY_H
#define SPANLOG_FRONT_SPAN_BODY_H

#include "src/core/stamp.h"
#include "src/front/thread.h"

/* The handle is of this process and its span has not ended. */
static inline bool span_is_open(const spanlog_span *span) {
    return span != NULL && span->open != NULL && span->generation >> 48 == process.epoch &&
           span->open->generation == span->generation &&
           __atomic_load_n(&span->open->state, __ATOMIC_RELAXED) == OPEN_SPAN_OPEN;
}
/* Up to where a text of the first block may reach in one pass. */
#define SPAN_FAST_BODY (OPEN_SPAN_BODY - 24u)

static inline uint32_t group_shape(size_t size, enum group_kind kind, unsigned count) {
    return (uint32_t)size | (uint32_t)kind << GROUP_KIND_SHIFT | count << GROUP_COUNT_SHIFT;
}

/* The block with that index; it exists. */
struct spanlog__open_span *span_block(uint32_t index);
/* Of the thread's free ones, of which there is one; and back among them. */
static inline struct spanlog__open_span *span_block_take(struct thread *t) {
    struct spanlog__open_span *block = t->free_spans;
    t->free_spans = block->next_free;
    t->free_span_count--;
    return block;
}

static inline void span_block_free(struct thread *t, struct spanlog__open_span *block) {
    __atomic_store_n(&block->state, OPEN_SPAN_FREE, __ATOMIC_RELEASE);
    block->next_free = t->free_spans;
    t->free_spans = block;
    t->free_span_count++;
}

/* Appends a group of fields (GROUP_FIELDS, or GROUP_EVENT with its time); what exceeds a limit is
 * counted in the span's record. */
void span_add_fields(struct thread *t, struct spanlog__open_span *block, enum group_kind kind,
                     const struct spanlog__site *site, const union spanlog__slot *slots,
                     uint64_t ticks);
/* Puts what the context gives to its records on a span that has no groups yet. */
void span_add_stamp(struct thread *t, struct spanlog__open_span *block, const struct stamp *stamp);
/* Says at which ratio the span's trace was sampled; the span has no groups yet. */
void span_add_ratio(struct spanlog__open_span *block, double ratio);
/* Copies all groups to `to`, which has room for block->used bytes. */
void span_copy_body(const struct spanlog__open_span *block, uint8_t *to);

#endif
