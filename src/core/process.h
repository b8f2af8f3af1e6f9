/* core/process.h: what front and back of one process share beside the journal.
 *
 * There is one, `process`. src/process/ starts and ends it; the front asks process_start() at its
 * first record and looks at it on slow paths only.
 */
#ifndef SPANLOG_CORE_PROCESS_H
#define SPANLOG_CORE_PROCESS_H

#include "src/core/journal.h"

enum process_state {
    PROCESS_NEW = 0,
    PROCESS_RUNNING = 1,
    PROCESS_ENDED = 2 /* shut down: records are written by their callers */
};

struct process {
    struct journal journal;
    struct lock lock;    /* journal growth, registration, the shared ring, span blocks */
    uint32_t state;      /* enum process_state */
    uint32_t epoch;      /* another in every forked child: handles of the parent are void there */
    uint32_t wake;       /* the back waits for it to become 1 */
    uint32_t attention;  /* what a new ring starts with: RING_ATTENTION_* */
    bool sync;           /* no back thread */
    bool drop_when_full; /* SPANLOG_FULL=drop */
    bool random_trace_ids;
    bool disabled; /* nothing is to be written anywhere */
    int64_t block_ns;
    uint64_t ring_max;
    uint64_t ring_budget; /* of all rings together */
    uint32_t max_attributes, max_events, max_links, max_open_spans;
    uint32_t open_spans; /* blocks handed out to threads */
    uint32_t error_status_min;
    uint32_t propagators_in, propagators_out; /* sets of src/propagation/propagator.h */
    const char *baggage_keys;                 /* that records carry: "key,key" */
    uint64_t headers_refused;                 /* malformed, or members of them */
    uint64_t contexts_refused;                /* too many carried something at once */
    /* Level of a logger by name (SPANLOG_LEVEL); set by src/process. */
    uint8_t (*level_of)(const char *logger);
    uint8_t lowest_level; /* of any logger */
    /* Set by whoever sees that settings may have changed, then process_wake(): the back calls
     * read_settings at its next turn. */
    uint32_t settings_changed;
    void (*read_settings)(void);
};

extern struct process process;

/* Configures and starts the process if that has not happened. False: nothing can be written. */
bool process_start(void);
/* Writes out what the rings hold, on this thread; used where there is no back thread. */
void process_drain(void);

/* Wakes the back. One system call, when it sleeps. */
static inline void process_wake(void) {
    if (__atomic_exchange_n(&process.wake, 1, __ATOMIC_SEQ_CST) == 0)
        futex_wake(&process.wake);
}

#endif
