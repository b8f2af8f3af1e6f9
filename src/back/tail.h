/* back/tail.h: traces that are kept or forgotten once their local root in this process has ended.
 *
 *     tail_open(&tail, "errors,slow:250ms", memory, false);
 *     switch (tail_ask(drain, record, word, tid)) ...     of records that are not simply written
 *
 * What waits: spans of traces that the head did not take (RECORD_SAMPLED is off), and logs below
 * the level that is written (RECORD_WAITS); all else is written at once. A trace may have several
 * local roots here at the same time (two requests of one caller): it is kept as soon as one of them
 * is to be, and forgotten when all have ended without.
 *
 * What waits has left its ring and is in this process's memory only: with the process it is gone,
 * as it would be if its trace had not been kept. Recovery decides anew about what it still finds in
 * the rings, and keeps what was not decided when the process died.
 */
#ifndef SPANLOG_BACK_TAIL_H
#define SPANLOG_BACK_TAIL_H

#include "src/back/flight.h"
#include "src/back/undecided.h"
#include "src/sampling/tail.h"

#define TAIL_MEMORY_LEAST (1024u * 1024)

struct drain;

struct tail {
    struct tail_rules rules;
    struct undecided undecided;
    bool open;
    bool of_the_dead;         /* beginnings may have been read before the death */
    uint64_t kept, forgotten; /* traces */
};

enum tail_answer {
    TAIL_WRITE, /* now */
    TAIL_DONE,  /* it waits, or is forgotten, or was nothing to write */
    TAIL_STUCK  /* the sink does not take what was kept: ask again later */
};

/* An empty text: no tail, and then what would wait is forgotten. Returns 0 or -ENOMEM. */
int tail_open(struct tail *tail, const char *text, size_t memory, bool of_the_dead);
void tail_close(struct tail *tail);

/* Whether tail_ask has to be asked about a record with that word. */
static inline bool tail_is_concerned(uint32_t word) {
    if (word & RECORD_DROPPED)
        return (word & RECORD_CONTEXT) != 0;
    if (word & RECORD_SPAN)
        return (word & (RECORD_SAMPLED | RECORD_LOCAL_ROOT)) != RECORD_SAMPLED;
    return (word & RECORD_WAITS) != 0;
}
enum tail_answer tail_ask(struct drain *drain, const struct record *record, uint32_t word,
                          uint32_t tid);
/* Of a log record that is written: if it is an error, the last debug records of its thread go
 * before it (flight.h). False: the sink is stuck. */
bool tail_before_error(struct drain *drain, const struct record *record, uint32_t word,
                       uint32_t tid);
/* The process is at its end: keeps what is undecided; of a dead one, also the last debug records of
 * its threads. False: the sink is stuck. */
bool tail_release(struct drain *drain);

#endif
