/* front/thread.c: rings of threads: taking, growing, waiting for room, giving back. See thread.h.
 */
#include "src/front/thread.h"

#include <pthread.h>

__thread struct thread spanlog_thread;

static struct thread shared = {.shared = 1}; /* under process.lock */
static pthread_key_t exit_key;
static bool exit_key_made;

static uint32_t thread_number(void) {
    return (uint32_t)syscall(SYS_gettid);
}

static void ring_adopt(struct thread *t, struct ring *ring) {
    t->ring = ring;
    t->data = ring_data(ring);
    t->mask = ring->size - 1;
    t->position = ring->written;
    t->limit = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE) + ring->size;
    t->dropped_marked = ring->dropped;
    t->gave_up = 0;
    if (t->random.state == 0)
        ids_seed(&t->random, clock_ticks() ^ thread_number());
}

/* A ring that nobody has, of at least `size`. Under the lock. */
static struct ring *ring_take(uint64_t size) {
    struct journal *journal = &process.journal;
    for (uint32_t i = 1; i < journal->ring_count; i++) {
        struct ring *ring = journal->rings[i];
        if (ring->size >= size && __atomic_load_n(&ring->state, __ATOMIC_ACQUIRE) == RING_FREE)
            return ring;
    }
    if (journal->ring_bytes + size > process.ring_budget)
        return NULL;
    struct ring *ring = journal_add_ring(journal, size);
    if (ring != NULL) /* the back may have gone to sleep, or away, without having seen this one */
        __atomic_store_n(&ring->attention, process.attention | RING_ATTENTION_ASLEEP,
                         __ATOMIC_SEQ_CST);
    return ring;
}

static void ring_own(struct thread *t, struct ring *ring) {
    ring->owner_tid = thread_number();
    __atomic_store_n(&ring->state, RING_OWNED, __ATOMIC_RELEASE);
    ring_adopt(t, ring);
}

static void ring_give_back(struct thread *t) {
    if (t->ring == NULL)
        return;
    t->ring->written = t->position;
    __atomic_store_n(&t->ring->state, RING_EXITED, __ATOMIC_RELEASE);
    t->ring = NULL;
    t->limit = 0;
}

static struct spanlog__open_span *spare_spans; /* under process.lock */

static void return_spans(struct thread *t) {
    while (t->free_spans != NULL) {
        struct spanlog__open_span *block = t->free_spans;
        t->free_spans = block->next_free;
        block->next_free = spare_spans;
        spare_spans = block;
    }
    t->free_span_count = 0;
}

static void at_thread_exit(void *argument) {
    struct thread *t = argument;
    struct lock_guard guard = lock_take(&process.lock);
    if (guard.held) {
        return_spans(t);
        ring_give_back(t);
        lock_release(&process.lock, &guard);
    }
}

/* Blocks of a new segment, all spare. */
static bool add_spans(void) {
    if (process.open_spans + OPEN_SPANS_PER_SEGMENT > process.max_open_spans)
        return false;
    uint8_t *segment = journal_add_spans(&process.journal, OPEN_SPAN_SEGMENT);
    if (segment == NULL)
        return false;
    for (uint32_t i = 0; i < OPEN_SPANS_PER_SEGMENT; i++) {
        struct spanlog__open_span *block =
            (struct spanlog__open_span *)(void *)(segment + (size_t)i * OPEN_SPAN_SIZE);
        block->index = process.open_spans++;
        block->next_free = spare_spans;
        spare_spans = block;
    }
    return true;
}

static void take_spans(struct thread *t) {
    if (spare_spans == NULL && !add_spans())
        return;
    for (uint32_t i = 0; i < FREE_SPANS_KEPT / 2 && spare_spans != NULL; i++) {
        struct spanlog__open_span *block = spare_spans;
        spare_spans = block->next_free;
        block->next_free = t->free_spans;
        t->free_spans = block;
        t->free_span_count++;
    }
}

bool thread_trade_spans(struct thread *t) {
    struct lock_guard guard = {.held = false};
    if (!t->shared) {
        guard = lock_take(&process.lock);
        if (!guard.held)
            return false;
    }
    if (t->free_spans != NULL)
        return_spans(t);
    take_spans(t);
    if (t->free_spans == NULL)
        __atomic_add_fetch(&process.journal.header->spans_refused, 1, __ATOMIC_RELAXED);
    if (!t->shared)
        lock_release(&process.lock, &guard);
    return t->free_spans != NULL;
}

void thread_reset(struct thread *t) {
    uint64_t generation = t->generation;
    memset(t, 0, sizeof *t);
    t->generation = generation;
    memset(&shared, 0, sizeof shared);
    shared.shared = 1;
    spare_spans = NULL;
}

/* Gives this thread a ring if one is to be had. Under the lock. */
static bool attach(struct thread *t) {
    if (!exit_key_made)
        exit_key_made = pthread_key_create(&exit_key, at_thread_exit) == 0;
    struct ring *ring = exit_key_made ? ring_take(RING_MIN_SIZE) : NULL;
    if (ring == NULL || pthread_setspecific(exit_key, t) != 0)
        return false;
    ring_own(t, ring);
    return true;
}

/* The shared ring is the journal's first. */
static struct thread *shared_state(void) {
    if (shared.ring == NULL && process.journal.ring_count > 0)
        ring_own(&shared, process.journal.rings[0]);
    return shared.ring != NULL ? &shared : NULL;
}

struct thread *thread_acquire_rare(struct lock_guard *guard) {
    struct thread *t = &spanlog_thread;
    *guard = lock_take(&process.lock);
    if (!guard->held)
        return NULL;
    if (!t->busy && attach(t)) {
        t->busy = 1;
        thread_barrier();
        lock_release(&process.lock, guard);
        return t;
    }
    struct thread *both = shared_state();
    if (both == NULL)
        lock_release(&process.lock, guard);
    return both;
}

void thread_return(struct thread *t, struct lock_guard *guard) {
    if (t->shared)
        lock_release(&process.lock, guard);
    else
        thread_leave(t);
}

void thread_release(struct thread *t, struct lock_guard *guard) {
    struct ring *ring = t->ring;
    thread_return(t, guard);
    if (__atomic_load_n(&ring->attention, __ATOMIC_RELAXED) != 0)
        thread_attend(t);
}

void thread_count_loss(void) {
    if (process.journal.ring_count > 0)
        __atomic_add_fetch(&process.journal.rings[0]->dropped, 1, __ATOMIC_RELAXED);
}

void thread_attend(struct thread *t) {
    uint32_t attention = __atomic_load_n(&t->ring->attention, __ATOMIC_RELAXED);
    if (attention & RING_ATTENTION_FENCE) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        attention = __atomic_load_n(&t->ring->attention, __ATOMIC_RELAXED);
    }
    if (attention & (RING_ATTENTION_SYNC | RING_ATTENTION_CLOSED)) {
        process_drain();
    } else if (attention & RING_ATTENTION_ASLEEP) {
        /* Cleared before the wake-up: whatever the back does after it, it does having seen this
         * record. */
        __atomic_and_fetch(&t->ring->attention, ~RING_ATTENTION_ASLEEP, __ATOMIC_SEQ_CST);
        process_wake();
    }
}

static bool look_for_room(struct thread *t, size_t need) {
    t->limit = __atomic_load_n(&t->ring->read, __ATOMIC_ACQUIRE) + t->ring->size;
    return t->position + need <= t->limit;
}

/* A back that naps is woken when half of the ring is full, so that nobody waits for it in vain, or
 * drops, when all of it is. Below that the limit is set so that this is asked again there. */
static void wake_at_half(struct thread *t, size_t need) {
    uint64_t half = t->limit - t->ring->size / 2;
    if (t->position + (need > FAST_ROOM ? need : FAST_ROOM) <= half)
        t->limit = half;
    else
        process_wake();
}

/* A larger ring in place of a full one. The old one is drained and then free for another thread;
 * order stays, since the back merges by time. */
static bool grow(struct thread *t, size_t need) {
    uint64_t size = t->ring->size * 4;
    if (t->shared || t->ring->size >= process.ring_max)
        return false;
    if (size > process.ring_max)
        size = process.ring_max;
    struct lock_guard guard = lock_take(&process.lock);
    if (!guard.held)
        return false;
    struct ring *ring = ring_take(size);
    if (ring !=
        NULL) { /* what the old one dropped unmarked, the back says when it finds it empty */
        ring_give_back(t);
        ring_own(t, ring);
    }
    lock_release(&process.lock, &guard);
    return ring != NULL && look_for_room(t, need);
}

#define ROOM_SPINS 200             /* a few microseconds */
#define ROOM_LOOK_AGAIN_NS 5000000 /* whatever the back says */

/* Half the ring, so that who is woken has work for a while: two switches of context for a batch
 * that the back takes out would cost more than the records in it. */
static uint64_t enough_room(const struct thread *t, size_t need) {
    uint64_t size = t->ring->size, room = need > size / 2 ? need : size / 2;
    return t->position + room - size;
}

/* Waits until the back has made room, at most as long as the policy says. */
static bool wait_for_room(struct thread *t, size_t need) {
    if (__atomic_load_n(&process.drop_when_full, __ATOMIC_RELAXED) ||
        t->gave_up) /* it has been looked for */
        return false;
    for (int i = 0; i < ROOM_SPINS; i++) {
        if (look_for_room(t, need))
            return true;
        cpu_pause();
    }
    uint64_t start = clock_gettime_ns(CLOCK_MONOTONIC);
    struct ring *ring = t->ring;
    while (clock_gettime_ns(CLOCK_MONOTONIC) - start <
           (uint64_t)__atomic_load_n(&process.block_ns, __ATOMIC_RELAXED)) {
        __atomic_store_n(&ring->enough, enough_room(t, need), __ATOMIC_RELAXED);
        __atomic_store_n(&ring->waiting, 1, __ATOMIC_SEQ_CST);
        if (look_for_room(t, need))
            return true;
        if (__atomic_load_n(&ring->attention, __ATOMIC_RELAXED) &
            (RING_ATTENTION_SYNC | RING_ATTENTION_CLOSED))
            process_drain();
        process_wake();
        futex_wait(&ring->waiting, 1, ROOM_LOOK_AGAIN_NS);
    }
    return look_for_room(t, need);
}

/* What was dropped since the last mark, said at the place where it is missing. */
static void mark_dropped(struct thread *t) {
    uint8_t *place = thread_place(t);
    struct record *record = (struct record *)(void *)place;
    record->ticks = clock_ticks();
    memcpy(place + RECORD_HEADER_SIZE, &t->ring->dropped, 8);
    t->dropped_marked = t->ring->dropped;
    thread_publish(t, place, 0, RECORD_HEADER_SIZE + 8, RECORD_DROPPED);
}

uint8_t *thread_reserve(struct thread *t, size_t size) {
    size_t need = size + RING_TERMINATOR + 64;
    if (!look_for_room(t, need) && !grow(t, need) && !wait_for_room(t, need)) {
        __atomic_store_n(&t->ring->dropped, t->ring->dropped + 1, __ATOMIC_RELEASE);
        t->gave_up = !__atomic_load_n(&process.drop_when_full, __ATOMIC_RELAXED);
        t->limit = 0; /* the next call comes here again, even when a small record would fit */
        return NULL;
    }
    wake_at_half(t, size);
    t->gave_up = 0;
    if (t->ring->dropped != t->dropped_marked)
        mark_dropped(t);
    return thread_place(t);
}
