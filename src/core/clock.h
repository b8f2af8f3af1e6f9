/* core/clock.h: ticks that cost nothing to read, and what they are in nanoseconds.
 *
 *     uint64_t ticks = clock_ticks();                     on the caller's thread
 *     uint64_t ns = clock_wall_ns(&map, ticks);           in the back, after clock_calibrate(&map)
 *
 * A tick is a step of the time stamp counter where the kernel itself trusts it, else a nanosecond
 * of CLOCK_MONOTONIC. The map lives in the journal, so that recovery can convert for the dead.
 */
#ifndef SPANLOG_CORE_CLOCK_H
#define SPANLOG_CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct clock_map {
    uint32_t tsc; /* 1: ticks are the counter's; 0: CLOCK_MONOTONIC's ns */
    uint32_t reserved;
    uint64_t first_ticks; /* one moment, seen by both clocks at the start */
    uint64_t first_monotonic_ns;
    uint64_t last_ticks; /* the wall clock's line: through this moment ... */
    uint64_t last_wall_ns;
    double wall_slope;   /* ... with this many ns a tick, */
    double before_slope; /* and this many before it: as the line was drawn then */
    double ns_per_tick;  /* over the whole life so far, for durations */
};

extern bool clock_use_tsc; /* process-wide, decided once by clock_start */

static inline uint64_t clock_gettime_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Whether the clock is a register, which is read without calling anybody. */
static inline bool clock_is_register(void) {
#if defined(__x86_64__) && !defined(SPANLOG_PORTABLE)
    return clock_use_tsc;
#else
    return false;
#endif
}

/* Of a clock that is. */
static inline uint64_t clock_register_ticks(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}

static inline uint64_t clock_ticks(void) {
    if (__builtin_expect(clock_is_register(), 1))
        return clock_register_ticks();
    return clock_gettime_ns(CLOCK_MONOTONIC); /* not the wall clock, which may be set back */
}

/* Chooses the source and takes the first moment. */
void clock_start(struct clock_map *map);
/* Takes another moment: conversions of ticks near now are right to the reading error (~50 ns), and
 * durations to that error over the process's age. The line never steps back but for a step of the
 * clock itself (over a millisecond): small errors are worked off within a second. */
void clock_calibrate(struct clock_map *map);
uint64_t clock_wall_ns(const struct clock_map *map, uint64_t ticks);
/* The length of a span of ticks; 0 when end is before start. */
uint64_t clock_duration_ns(const struct clock_map *map, uint64_t start, uint64_t end);

#endif
