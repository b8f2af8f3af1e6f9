/* back/flight.h: the last debug records of each thread, which are written when the thread logs an
 * error (SPANLOG_FLIGHT).
 *
 *     flight_put(flight, record, size, tid);                a record that is not written for now
 *     while ((record = flight_first(flight, tid, &size)) != NULL) { write it; flight_take(...); }
 *
 * With a tail, records of a trace that is undecided wait there (tail.h) and not here, so that none
 * is written twice.
 */
#ifndef SPANLOG_BACK_FLIGHT_H
#define SPANLOG_BACK_FLIGHT_H

#include "src/core/record.h"

#include <stdbool.h>

#define FLIGHT_THREADS 256u
#define FLIGHT_BYTES (64u * 1024) /* of one thread, at most */

struct flight_thread {
    uint32_t tid; /* 0: nobody's */
    uint32_t count;
    size_t start, end; /* of what is kept, in data */
    uint8_t *data;
    uint64_t used; /* number of the last use */
};

struct flight {
    uint32_t most; /* records of a thread; 0: there is no flight recorder */
    uint32_t left; /* that a stuck sink has still to take out of a trace */
    uint64_t uses;
    struct flight_thread threads[FLIGHT_THREADS];
};

void flight_open(struct flight *flight, uint32_t most);
void flight_close(struct flight *flight);
void flight_put(struct flight *flight, const struct record *record, size_t size, uint32_t tid);
/* The oldest of that thread (tid 0: of any, which *tid then says); NULL: none. */
const struct record *flight_first(struct flight *flight, uint32_t *tid, size_t *ret_size);
void flight_take(struct flight *flight, uint32_t tid);

#endif
