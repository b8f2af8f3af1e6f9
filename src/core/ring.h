/* core/ring.h: a queue of records from one thread to the back, in the journal.
 *
 * Who may touch what:
 *
 *   field        owner thread        back                    recovery (owner dead)
 *   data         writes ahead of     reads behind            reads
 *                its position
 *   attention    reads, clears       sets, clears            -
 *   dropped      adds                reads                   reads
 *   written      writes at exit      reads when EXITED       -
 *   owner_tid    writes at start     reads                   reads
 *   state        FREE -> OWNED ->    EXITED -> FREE          -
 *                EXITED
 *   read         reads               writes after a commit   reads the checkpoint instead
 *   waiting      sets, waits on it   clears and wakes        -
 *   enough       writes, then sets   looks at it when        -
 *                `waiting`           somebody is waiting
 *
 * Positions are bytes since the ring was made and never go back; a position modulo size is a place
 * in data. The data is mapped twice in a row, so that no record is ever split. A record is
 * published by its own word (record.h); the word after the newest record is always 0. The owner
 * keeps its position to itself: the back finds the end by that 0.
 */
#ifndef SPANLOG_CORE_RING_H
#define SPANLOG_CORE_RING_H

#include "src/core/record.h"

#define RING_HEADER_SIZE 4096u
#define RING_MIN_SIZE (64u * 1024)
#define RING_TERMINATOR 16u /* kept free behind the newest record */

#define RING_ATTENTION_ASLEEP 1u /* the back waits for a record: wake it */
#define RING_ATTENTION_FENCE 2u  /* no membarrier here: fence before looking at ASLEEP */
#define RING_ATTENTION_SYNC 4u   /* there is no back thread: drain it yourself */
#define RING_ATTENTION_CLOSED 8u /* the process is ending: as SYNC, and take no new space first */

enum ring_state { RING_FREE = 0, RING_OWNED = 1, RING_EXITED = 2 };

struct ring {
    /* The owner's line. */
    uint32_t attention;
    uint32_t owner_tid;
    uint64_t dropped;
    uint64_t written;
    uint32_t state;
    uint32_t index;
    uint64_t size;
    uint8_t pad0[24];
    /* The back's line. */
    uint64_t read;
    uint64_t enough; /* who waits is woken when `read` has come so far */
    uint32_t waiting;
    uint8_t pad1[44];
};
_Static_assert(sizeof(struct ring) == 128, "two cache lines");

static inline uint8_t *ring_data(struct ring *ring) {
    return (uint8_t *)ring + RING_HEADER_SIZE;
}

static inline const uint8_t *ring_data_of(const struct ring *ring) {
    return (const uint8_t *)ring + RING_HEADER_SIZE;
}

static inline struct record *ring_at(struct ring *ring, uint64_t position) {
    return (struct record *)(ring_data(ring) + (position & (ring->size - 1)));
}

/* How many bytes of whole records wait in the ring; ret_first_ticks: the time of the oldest, 0:
 * none. `data` is the ring's, `size` its size as the caller knows it. A look at what others are
 * writing: about right, and bounded whatever stands there. */
uint64_t ring_waiting(const struct ring *ring, const uint8_t *data, uint64_t size,
                      uint64_t *ret_first_ticks);

static inline uint32_t record_word(const struct record *record) {
    return __atomic_load_n(&record->word, __ATOMIC_ACQUIRE);
}

/* Makes [record, record + size) visible. flags are RECORD_*. */
static inline void record_publish(struct record *record, uint32_t site, size_t size,
                                  uint32_t flags) {
    __atomic_store_n((uint32_t *)((uint8_t *)record + size), 0, __ATOMIC_RELAXED);
    record->site = site;
    __atomic_store_n(&record->word, (uint32_t)size | flags, __ATOMIC_RELEASE);
}

#endif
