/* core/ids.h: random ids.
 *
 *     struct ids_random random; ids_seed(&random);
 *     ids_new_span(&random, span_id);                      never zero
 *     ids_new_trace(&random, ms_since_epoch, trace_id);    48 bits of time, 80 random
 *
 * One generator a thread: no lock, no system call after the seed. Not for secrets.
 */
#ifndef SPANLOG_CORE_IDS_H
#define SPANLOG_CORE_IDS_H

#include <stdint.h>
#include <string.h>
#include <sys/random.h>

struct ids_random {
    uint64_t state;
};

/* splitmix64 (Steele, Lea, Flood 2014): every state once in 2^64 steps. */
static inline uint64_t ids_next(struct ids_random *random) {
    uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline void ids_seed(struct ids_random *random, uint64_t fallback) {
    if (getrandom(&random->state, sizeof random->state, GRND_NONBLOCK) !=
        (long)sizeof random->state)
        random->state = fallback * 0x9e3779b97f4a7c15u;
}

static inline void ids_new_span(struct ids_random *random, uint8_t ret_id[8]) {
    uint64_t id = ids_next(random);
    if (id == 0)
        id = 1;
    memcpy(ret_id, &id, 8);
}

static inline void ids_new_trace(struct ids_random *random, uint64_t ms, uint8_t ret_id[16]) {
    uint64_t high = ids_next(random), low = ids_next(random);
    for (int i = 0; i < 6; i++)
        ret_id[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(ret_id + 6, &high, 2);
    if (low == 0)
        low = 1;
    memcpy(ret_id + 8, &low, 8);
}

#endif
