/* analyzer/trees/skew.h: clocks of different hosts, set right by what their calls to each other
 * say.
 *
 *     struct spanlog_skew skew = {0};
 *     spanlog_skew_add(&skew, client_host, server_host, &call);    for each call
 *     spanlog_skew_solve(&skew);
 *     spanlog_skew_correct(&tree, &names, &skew, &scratch);        or with NULL: by the trace alone
 *     spanlog_skew_free(&skew);
 *
 * A server works inside of its client's call. So each call bounds what must be added to the
 * server's clock: client start - server start <= offset <= client end - server end. For each pair
 * of hosts the middle of what all calls allow is taken; half the width is the error. Where calls
 * contradict each other, as they do when clocks drift, the time is cut in two, down to a bound.
 * Hosts that never call each other are compared by way of others, on the way with the least error,
 * up to the host with the most calls, whose clock is taken for right.
 *
 * Where no bounds are known, Jaeger's rule holds, per trace: a child on another host that took
 * longer than its parent moves to the parent's start if it began before; a shorter one that lies
 * outside is centred; spans of the same host share their parent's shift.
 */
#ifndef SPANLOG_ANALYZER_TREES_SKEW_H
#define SPANLOG_ANALYZER_TREES_SKEW_H

#include "src/analyzer/trees/tree.h"

#define SPANLOG_SKEW_WINDOWS 256    /* of each pair; they become longer as the data does */
#define SPANLOG_SKEW_PAIRS_MAX 4096 /* 6 KB each; further ones are left out */

struct spanlog_skew_call {
    uint64_t client_start_ns, client_end_ns;
    uint64_t server_start_ns, server_end_ns;
};

/* The calls of some seconds. */
struct spanlog_skew_window {
    int64_t low, high;
    uint64_t calls; /* 0: no bounds */
};

struct spanlog_skew_segment {
    uint64_t begin_ns, end_ns;
    int64_t offset_ns;
    uint64_t error_ns;
    uint64_t calls;
};

/* Two hosts; offsets are added to the far one's clock and give the near one's. */
struct spanlog_skew_pair {
    uint32_t near_host, far_host; /* near < far */
    uint64_t calls;
    uint64_t contradicting; /* of the calls: in windows that no offset fits */
    uint64_t base;          /* the first window is that of base << shift ns */
    unsigned shift;
    uint32_t segment_count;
    struct spanlog_skew_segment *segments; /* by solve, in the order of time; none: nothing known */
    struct spanlog_skew_window windows[SPANLOG_SKEW_WINDOWS];
};

/* The way to the reference host. */
struct spanlog_skew_host {
    uint32_t towards; /* SPANLOG_STRING_NONE: it is a reference, or nothing is known */
    uint32_t pair;
    uint64_t error_ns;
    uint64_t calls;
    bool is_known;
};

struct spanlog_skew {
    struct spanlog_names index; /* near host, far host: the number of the pair */
    struct spanlog_skew_pair **pairs;
    uint32_t pair_room;
    struct spanlog_skew_host *hosts; /* by solve */
    uint32_t host_count;
    uint64_t left_out; /* calls between pairs beyond the bound */
};

/* 0 or -ENOMEM. Calls that say nothing, as those of a server that took longer than its client
 * waited, are passed over. */
int spanlog_skew_add(struct spanlog_skew *skew, uint32_t client_host, uint32_t server_host,
                     const struct spanlog_skew_call *call);
/* Takes over what `from` knows. */
int spanlog_skew_merge(struct spanlog_skew *skew, const struct spanlog_skew *from);
int spanlog_skew_solve(struct spanlog_skew *skew);
void spanlog_skew_free(struct spanlog_skew *skew);

/* What to add to the host's clock at that time; false when nothing is known. */
bool spanlog_skew_offset(const struct spanlog_skew *skew, uint32_t host, uint64_t time_ns,
                         int64_t *ret_offset_ns, uint64_t *ret_error_ns);

/* The calls of all traces, solved: nothing is read when there are less than two hosts. */
struct spanlog_collection;
int spanlog_skew_gather(struct spanlog_skew *skew, const struct spanlog_collection *all);

/* After spanlog_tree_link: shifts start_ns, sets shift_ns and SPANLOG_NODE_SKEWED, and sums the
 * tree up anew. skew: NULL, or solved. 0 or -ENOMEM. */
int spanlog_skew_correct(struct spanlog_tree *tree, const struct spanlog_names *names,
                         const struct spanlog_skew *skew, struct spanlog_arena *scratch);

/* What is left of a time when it is shifted. */
static inline uint64_t spanlog_skew_shift(uint64_t time_ns, int64_t shift_ns) {
    uint64_t size = shift_ns < 0 ? 0 - (uint64_t)shift_ns : (uint64_t)shift_ns;
    if (shift_ns < 0)
        return time_ns > size ? time_ns - size : 0;
    return time_ns > UINT64_MAX - size ? UINT64_MAX : time_ns + size;
}

#endif
