/* front/carried.h: what a context carries beside its ids: tracestate, baggage, correlation id.
 *
 *     ctx.carried = carried_make(&texts, ctx.span_id, &stamped);   0: nothing, or no room
 *     carried_pin(ctx.carried);                                    it is this thread's context
 *
 * Contexts are plain values that programs copy as they like, so they hold a handle: a slot of one
 * table and the number of its use. A slot is never changed while somebody counts on it: a thread
 * whose context it is (one pin a thread), or an open span. Else it stays until its turn comes to be
 * used again, after at least CARRIED_KEPT further ones; a handle of an earlier use gives nothing.
 * A context without such things has handle 0 and costs nothing.
 */
#ifndef SPANLOG_FRONT_CARRIED_H
#define SPANLOG_FRONT_CARRIED_H

#include "src/core/stamp.h"
#include "src/propagation/propagator.h"

#define CARRIED_KEPT 128u
#define CARRIED_MOST 2048u /* at once */

/* A new slot with a copy of the texts. parent is the span that parent_uuid is of. *ret_stamped:
 * records have to say something of it. */
uint32_t carried_make(const struct propagated_texts *texts, const uint8_t parent[8],
                      bool *ret_stamped);
/* Copies the texts, "" where there are none, and the parent. False: nothing is carried. */
bool carried_read(uint32_t handle, struct propagated_texts *ret_texts, uint8_t ret_parent[8]);

/* What this thread counts on; 0: nothing. */
void carried_pin(uint32_t handle);
/* The stamp of the thread's context; NULL when there is none. Valid until the context changes. */
const struct stamp *carried_stamp(void);

/* An open span counts on it until it lets it go. Returns the stamp to be put on the span, in *space
 * if it is a local root with a parent of 128 bits; NULL: none. */
const struct stamp *carried_hold(uint32_t *handle, const uint8_t parent[8], struct stamp *space);
void carried_release(uint32_t handle);

/* In the forked child: there are no other threads, and no open spans. */
void carried_after_fork(void);

#endif
