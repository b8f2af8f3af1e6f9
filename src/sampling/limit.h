/* sampling/limit.h: at most so many a second: a token bucket in one word, without a lock.
 *
 *     uint64_t bucket = 0;
 *     if (limit_takes(&bucket, 100, now_ns)) ...      the first 100 at once, then one every 10 ms
 *
 * The word is the time at which the bucket will be full again (the virtual schedule of ATM's
 * generic cell rate algorithm). Any number of threads may ask at once.
 */
#ifndef SPANLOG_SAMPLING_LIMIT_H
#define SPANLOG_SAMPLING_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_SECOND_NS 1000000000u

static inline bool limit_takes(uint64_t *bucket, uint32_t per_second, uint64_t now_ns) {
    if (per_second == 0)
        return false;
    uint64_t cost = LIMIT_SECOND_NS / per_second, full = __atomic_load_n(bucket, __ATOMIC_RELAXED);
    for (;;) {
        uint64_t from = full > now_ns ? full : now_ns;
        if (from + cost > now_ns + LIMIT_SECOND_NS)
            return false;
        if (__atomic_compare_exchange_n(bucket, &full, from + cost, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return true;
    }
}

#endif
