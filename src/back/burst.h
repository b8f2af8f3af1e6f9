/* back/burst.h: call sites that log more than so many records a second are cut short: the rest is
 * counted, and one line says how many there were.
 *
 *     if (burst_takes(drain, record)) return;        counted: not to be written
 *     burst_end(drain, ticks, false);                says what seconds that are over have counted
 *
 *     {"level":"info","msg":"repeated 4312 times","count":4312,"message":"cache miss",...}
 *
 * The counts that have not been said yet are part of the checkpoint, together with the positions
 * behind the records that they count: the log says all of them, whenever the process dies.
 */
#ifndef SPANLOG_BACK_BURST_H
#define SPANLOG_BACK_BURST_H

#include "src/core/journal.h"

struct drain;

/* One call site, by its id: how much of the current second is used up. */
struct burst_site {
    uint64_t start_ticks;
    uint32_t count;
    uint32_t place; /* in checkpoint.bursts, + 1; 0: nothing was counted */
};

struct burst_sites {
    uint32_t limit; /* a second; 0: none */
    uint32_t room;
    uint32_t pending; /* places in use */
    struct burst_site *sites;
};

void burst_open(struct drain *drain, uint32_t limit);
void burst_close(struct drain *drain);
bool burst_takes(struct drain *drain, const struct record *record);
/* all: also of seconds that are not over. */
void burst_end(struct drain *drain, uint64_t ticks, bool all);

#endif
