/* front/thread.h: what a thread keeps for itself, and how it gets room in a ring.
 *
 *     struct thread *t = &spanlog_thread;
 *     t->busy = 1; ... write at t->position ...; thread_publish(t, ...); t->busy = 0;
 *
 * `busy` is 1 while this thread is inside a log call. A signal handler that logs finds it set and
 * goes by the process's shared ring instead, under a lock with signals blocked; so do threads for
 * which no ring is left.
 */
#ifndef SPANLOG_FRONT_THREAD_H
#define SPANLOG_FRONT_THREAD_H

#include "src/core/ids.h"
#include "src/core/open_span.h"
#include "src/core/process.h"

#include <spanlog/spanlog.h>

/* A record of up to this size is written without asking how much room there is exactly. */
#define FAST_ROOM 4096u
#define FREE_SPANS_KEPT 32u

struct thread {
    uint8_t *data;     /* of the ring */
    uint64_t mask;     /* its size - 1 */
    uint64_t position; /* where the next record goes */
    uint64_t limit;    /* up to where there is room for sure; 0: no ring */
    struct ring *ring;
    uint32_t busy;
    uint32_t shared; /* 1: this is the shared ring's state: records say which thread wrote them */
    struct spanlog__open_span *free_spans; /* none without a ring */
    uint32_t free_span_count;
    uint32_t gave_up;        /* waited the whole limit in vain: drop at once until there is room */
    uint64_t dropped_marked; /* of ring->dropped, already marked in the ring */
    struct ids_random random;
    uint64_t generation; /* of the next span's handle */
};

extern __thread struct thread spanlog_thread __attribute__((tls_model("initial-exec")));

static inline void thread_barrier(void) {
    __asm__ volatile("" ::: "memory");
}

static inline uint8_t *thread_place(const struct thread *t) {
    return t->data + (t->position & t->mask);
}

/* Whether a record of up to FAST_ROOM bytes can be written at once. */
static inline bool thread_has_room(const struct thread *t) {
    return t->position + FAST_ROOM <= t->limit;
}

static inline void thread_publish(struct thread *t, uint8_t *record, uint32_t site, size_t size,
                                  uint32_t flags) {
    record_publish((struct record *)record, site, size, flags);
    t->position += size;
}

/* After a record: wakes or replaces the back when the ring says so. */
void thread_attend(struct thread *t);

static inline void thread_leave(struct thread *t) {
    thread_barrier();
    t->busy = 0;
}

static inline void thread_finish(struct thread *t) {
    thread_leave(t);
    if (SPANLOG__RARE(__atomic_load_n(&t->ring->attention, __ATOMIC_RELAXED) != 0))
        thread_attend(t);
}

/* Of a thread that has no ring, or is at work in a ring already. */
struct thread *thread_acquire_rare(struct lock_guard *ret_guard);
/* The state to write with when the fast path is closed: this thread's, with a ring, or the shared
 * one, locked. NULL: this thread holds the lock already (a fault inside); the record is counted.
 * Give back with thread_release; with thread_return when no record has been written, for which the
 * back would be woken in vain. */
static inline struct thread *thread_acquire(struct lock_guard *ret_guard) {
    struct thread *t = &spanlog_thread;
    if (SPANLOG__RARE(t->busy != 0 || t->ring == NULL))
        return thread_acquire_rare(ret_guard);
    ret_guard->held = false;
    t->busy = 1;
    thread_barrier();
    return t;
}
void thread_release(struct thread *t, struct lock_guard *guard);
void thread_return(struct thread *t, struct lock_guard *guard);
/* A record for which thread_acquire gave nothing: counted with the shared ring's. */
void thread_count_loss(void);

/* Room for `size` bytes and what follows them, waiting as the policy says; NULL: dropped and
 * counted. Marks what was dropped before. */
uint8_t *thread_reserve(struct thread *t, size_t size);

/* Fetches blocks for open spans when this thread has none, or hands in what it has too many of.
 * False: there is none, and the refusal is counted. */
bool thread_trade_spans(struct thread *t);

/* The forked child's only thread starts afresh; so does a thread whose process shut down. */
void thread_reset(struct thread *t);

#endif
