/* ship/backoff.h: how long to wait after an attempt that failed. Pure.
 *
 *     struct spanlog_ship_backoff backoff = {0};
 *     uint64_t wait_ms = spanlog_ship_backoff_next(&backoff, random, retry_after_ms);
 *     backoff.tries = 0;                                          after a success
 *
 * Half a second, doubled each time up to 30 s, of which a random part up to one half is taken off,
 * so that many shippers do not come back at once. What the server asks for is the least, but no
 * more than five minutes.
 */
#ifndef SPANLOG_SHIP_BACKOFF_H
#define SPANLOG_SHIP_BACKOFF_H

#include <stdint.h>

#define SPANLOG_SHIP_BACKOFF_FIRST_MS 500u
#define SPANLOG_SHIP_BACKOFF_MOST_MS 30000u
#define SPANLOG_SHIP_RETRY_AFTER_MOST_MS 300000u

struct spanlog_ship_backoff {
    unsigned tries; /* that failed one after the other */
};

static inline uint64_t spanlog_ship_backoff_next(struct spanlog_ship_backoff *backoff,
                                                 uint64_t random, uint64_t retry_after_ms) {
    unsigned doubled = backoff->tries < 16 ? backoff->tries : 16;
    uint64_t wait_ms = (uint64_t)SPANLOG_SHIP_BACKOFF_FIRST_MS << doubled;
    if (wait_ms > SPANLOG_SHIP_BACKOFF_MOST_MS)
        wait_ms = SPANLOG_SHIP_BACKOFF_MOST_MS;
    wait_ms -= random % (wait_ms / 2 + 1);
    if (retry_after_ms > SPANLOG_SHIP_RETRY_AFTER_MOST_MS)
        retry_after_ms = SPANLOG_SHIP_RETRY_AFTER_MOST_MS;
    backoff->tries++;
    return wait_ms > retry_after_ms ? wait_ms : retry_after_ms;
}

#endif
