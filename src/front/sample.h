/* front/sample.h: whether a trace that begins here is recorded. The rules: src/sampling.
 *
 *     sample_publish(&setting)                     start, and at any time after it
 *     if (sample_root(t, &ctx, ...)) ...           a local root: a new trace, or one from elsewhere
 *
 * The sampler in force is one pointer, process.sampler; NULL takes every trace. One that has been
 * replaced stays as it is: the same setting finds it again, and only when 255 others have been in
 * force since may its place be used anew. Nothing in a sampler leads out of it, so that a thread
 * that slept inside a decision for all that time would at worst decide one trace by another rule.
 */
#ifndef SPANLOG_FRONT_SAMPLE_H
#define SPANLOG_FRONT_SAMPLE_H

#include "src/front/thread.h"
#include "src/propagation/hex.h"
#include "src/sampling/sampler.h"

/* The id of a new trace, as the setting trace_ids says. */
static inline void sample_new_id(struct thread *t, uint8_t ret_id[16]) {
    uint64_t ms = clock_gettime_ns(CLOCK_REALTIME_COARSE) / 1000000;
    if (__atomic_load_n(&process.random_trace_ids, __ATOMIC_RELAXED))
        ms = ids_next(&t->random) | 1;
    ids_new_trace(&t->random, ms, ret_id);
}

/* Ids and flags of a trace that begins and is recorded; ctx may have an id from elsewhere. */
static inline void sample_new_trace(struct thread *t, spanlog_ctx *ctx) {
    ctx->flags = (uint8_t)((ctx->flags & ~SPANLOG_FLAG_RANDOM) | SPANLOG_FLAG_SAMPLED);
    if (!id_is_zero(ctx->trace_id, 16))
        return;
    sample_new_id(t, ctx->trace_id);
    ctx->flags |= SPANLOG_FLAG_RANDOM;
}

/* What a local root is to be: ctx gets a trace id if it has none, and the flags of the decision. */
void sample_root(struct thread *t, spanlog_ctx *ctx, bool has_parent,
                 const struct spanlog__site *site, const union spanlog__slot *slots);
/* The ratio that a context's trace was taken at, by its number; 0: unknown, or all. */
double sample_ratio_of(uint8_t number);
/* Puts a sampler in force. One caller at a time. Returns 0 or -ENOMEM: the one before stays. */
int sample_publish(const struct sampler_setting *setting);
/* In the forked child: what its thread is in goes on in the parent. */
void sample_after_fork(void);

#endif
