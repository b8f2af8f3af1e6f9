/* back/undecided.h: records that are written only if their trace is kept, in binary form, until
 * that is known.
 *
 *     undecided_open(&store, 16 << 20);
 *     struct undecided_trace *trace = undecided_add(&store, trace_id);
 *     undecided_put(&store, trace, record, size, tid);
 *     while ((waiting = undecided_first(&store, trace)) != NULL)
 *         write(&waiting->record), undecided_take(&store, waiting);
 *     undecided_remove(&store, trace);                 what still waits is forgotten
 *
 * Records lie one after the other in one piece of memory, in the order they came; those of a trace
 * are linked. Forgotten ones leave holes, which are closed when half of the memory is holes. When
 * there are not enough of them the oldest records of all are let go, and counted at their trace.
 *
 * The memory is for all of it: what the traces themselves take, half of it at most, the records
 * cannot have. Beyond so many traces one of the older ones is forgotten before its end, whose
 * records are counted too.
 */
#ifndef SPANLOG_BACK_UNDECIDED_H
#define SPANLOG_BACK_UNDECIDED_H

#include "src/core/record.h"

#include <stdbool.h>

#define UNDECIDED_TRACES_MOST 65536u /* at once, however much memory there is */
#define UNDECIDED_FINISHED 256u      /* kept traces whose late records are still known */

struct undecided_trace {
    uint8_t id[16];
    uint32_t generation;      /* of the records that are this trace's; another with each use */
    uint32_t open;            /* local roots that have begun and not ended */
    uint32_t first, last;     /* places of records; 0: none */
    uint32_t waiting, let_go; /* records */
    bool used, kept, finished;
    uint64_t bytes; /* that wait */
    uint64_t begun; /* number among all */
};

struct undecided_record {
    uint32_t size; /* with this head */
    uint32_t tid;
    uint32_t trace; /* index + 1; 0: a hole */
    uint32_t generation;
    uint32_t next; /* of the trace; 0: the last */
    uint32_t reserved;
    struct record record; /* and what follows it */
};

struct undecided {
    uint8_t *data;
    size_t memory;           /* bytes of all */
    size_t room, used, live; /* bytes of records */
    struct undecided_trace *traces;
    uint32_t trace_room, trace_count, trace_most, hand;
    uint32_t *table; /* of trace indexes + 1, by id */
    uint32_t table_size;
    struct {
        uint32_t index;
        uint64_t begun; /* 0: none */
    } finished[UNDECIDED_FINISHED];
    uint32_t finished_at; /* the oldest */
    uint64_t begun, let_go;
    uint64_t forgotten; /* of let_go: of traces that were forgotten, and not said yet */
};

/* Returns 0 or -ENOMEM. */
int undecided_open(struct undecided *store, size_t memory);
void undecided_close(struct undecided *store);

/* NULL: not known. Pointers to traces hold until the next undecided_add. */
struct undecided_trace *undecided_find(struct undecided *store, const uint8_t id[16]);
/* The one that is there, or a new one. NULL: out of memory. */
struct undecided_trace *undecided_add(struct undecided *store, const uint8_t id[16]);
/* Forgets the trace and what waits for it. */
void undecided_remove(struct undecided *store, struct undecided_trace *trace);
/* Nothing more is open of it; if it was kept, its late records are to be known for a while. */
void undecided_finish(struct undecided *store, struct undecided_trace *trace);

void undecided_put(struct undecided *store, struct undecided_trace *trace,
                   const struct record *record, size_t size, uint32_t tid);
/* The oldest that waits for this trace; NULL: none. */
struct undecided_record *undecided_first(struct undecided *store,
                                         const struct undecided_trace *trace);
/* The next of the same trace; NULL: it was the last. */
struct undecided_record *undecided_after(struct undecided *store,
                                         const struct undecided_record *waiting);
/* The next that waits for any, from *at on, which begins at 0; NULL: none. */
struct undecided_record *undecided_next(struct undecided *store, size_t *at);
/* It is written: it waits no more. */
void undecided_take(struct undecided *store, struct undecided_record *waiting);

#endif
