/* back/pace.h: how long the back waits between two looks at the rings. Pure; back.c does the
 * waiting.
 *
 *     nap_ns = pace_after_work(nap_ns, bytes);    up to 102.4 ms; below PACE_MIN_NS: look at once
 *     nap_ns = pace_after_nothing(nap_ns);        longer; PACE_MAX_NS brought nothing either: sleep
 *
 * Work is let come together, since to wake up costs what twenty lines cost. The first record after
 * sleep is written at once, what follows it, as a rule a request's worth, in one go, and what goes
 * on coming ten times a second, or so often that a nap brings no more than PACE_BYTES and no ring
 * is full by more than a quarter. What waits is safe in the journal. (docs/decisions/0019-naps.md)
 */
#ifndef SPANLOG_BACK_PACE_H
#define SPANLOG_BACK_PACE_H

#include <stdint.h>

#define PACE_MIN_NS 100000
#define PACE_RUSH_NS 3125 /* the least: what pauses after a rush is waited for 0.1 ms first */
#define PACE_FIRST_NS 3200000
#define PACE_MAX_NS 102400000
#define PACE_CHANGE 4 /* a nap is at most so many times the last one, or that part of it */
#define PACE_QUIET 32 /* so many times when nothing came: two of them, then sleep */
#define PACE_BYTES (64u * 1024)
#define PACE_AWOKEN_NS (PACE_FIRST_NS / PACE_CHANGE) /* as if this had been the last one */

/* What a turn has read of one ring, as if all rings were as full. */
static inline uint64_t pace_share(uint64_t read, uint64_t ring_size) {
    return PACE_BYTES * 4 * read / ring_size;
}

/* So long that it brings PACE_BYTES, if records go on coming as they did in the last one. */
static inline int64_t pace_after_work(int64_t nap_ns, uint64_t found) {
    int64_t next = nap_ns * PACE_BYTES / (int64_t)(found + 1);
    if (next > nap_ns * PACE_CHANGE)
        next = nap_ns * PACE_CHANGE;
    if (next < nap_ns / PACE_CHANGE)
        next = nap_ns / PACE_CHANGE;
    if (next < PACE_RUSH_NS)
        next = PACE_RUSH_NS;
    return next < PACE_MAX_NS ? next : PACE_MAX_NS;
}

static inline int64_t pace_after_nothing(int64_t nap_ns) {
    return nap_ns * PACE_QUIET < PACE_MAX_NS ? nap_ns * PACE_QUIET : PACE_MAX_NS;
}

#endif
