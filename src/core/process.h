/* core/process.h: what front and back of one process share beside the journal.
 *
 * There is one, `process`. src/process/ starts and ends it; the front asks process_start() at its
 * first record and looks at it on slow paths only.
 */
#ifndef SPANLOG_CORE_PROCESS_H
#define SPANLOG_CORE_PROCESS_H

#include "src/core/journal.h"

struct sampler;
struct level_place; /* site.h */

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
    uint32_t attention;  /* what a new ring starts with: RING_ATTENTION_* */
    bool sync;           /* no back thread */
    bool drop_when_full; /* SPANLOG_FULL=drop */
    bool random_trace_ids;
    bool sites_private; /* some call sites are not in the file: callers write */
    bool sites_full;    /* there is no room for new call sites: their records are dropped */
    bool disabled;      /* nothing is to be written anywhere */
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
    bool tail;               /* traces may be kept for how they end (SPANLOG_TAIL) */
    bool counts_spans;       /* metrics are on: of unsampled traces, those that they come from */
    bool flight;             /* debug records are kept for an error of their thread */
    struct sampler *sampler; /* src/sampling; NULL: every new trace is recorded */
    /* These two change: apart from the ones above, which may be read in one word with neighbours.
     */
    bool decides_roots;  /* there is a sampler or a tail */
    bool decides_remote; /* the sampler does not go by what contexts from elsewhere say */
    /* The level that records, or spans, need there; set by src/process. *ret_exact: a directive is
     * about this very place. Under the lock of front/sites.h, as is what it looks at. */
    uint8_t (*level_of)(const struct level_place *place, bool *ret_exact);
    uint8_t lowest_level; /* of any logger */
    /* The back calls it when the control area's rules have changed or expired. Returns when they
     * expire next, in ns of CLOCK_MONOTONIC; 0: never. Set by src/process. */
    uint64_t (*take_control)(void);
    /* Set by whoever sees that settings may have changed, then process_wake(): the back calls
     * read_settings at its next turn, and where that is true take_control. */
    uint32_t settings_changed;
    bool (*read_settings)(void);
    /* A thread has called the back, which has not begun a turn since: the next need not. Not in the
     * journal, where anybody may write; on a line of its own, since threads write it. */
    _Alignas(64) uint32_t woken;
    uint8_t pad[60];
};

extern struct process process;

/* Configures and starts the process if that has not happened. False: nothing can be written. */
bool process_start(void);
/* Writes out what the rings hold, on this thread; used where there is no back thread. */
void process_drain(void);

/* Wakes the back, even where another thread, or this one below a signal handler, is about to. */
static inline void process_call(void) {
    __atomic_store_n(&process.woken, 1, __ATOMIC_SEQ_CST);
    control_call(&process.journal.header->control);
}

/* Wakes the back. One system call, when it sleeps. */
static inline void process_wake(void) {
    if (__atomic_exchange_n(&process.woken, 1, __ATOMIC_SEQ_CST) == 0)
        control_call(&process.journal.header->control);
}

/* Whether the back has been called since it has cleared that. */
static inline bool process_is_woken(void) {
    return __atomic_load_n(&process.woken, __ATOMIC_SEQ_CST) != 0;
}

#endif
