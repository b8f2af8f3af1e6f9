/* core/clock.c: see clock.h. */
#include "src/core/clock.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool clock_use_tsc;

/* The kernel has tested the counter for being constant and the same on all cores: ask it. */
static bool kernel_trusts_tsc(void) {
#if defined(__x86_64__) && !defined(SPANLOG_PORTABLE)
    char name[8] = {0};
    int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                  O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, name, sizeof name - 1);
    close(fd);
    return size >= 3 && memcmp(name, "tsc", 3) == 0;
#else
    return false;
#endif
}

/* Reads both clocks as one moment: the tightest of a few tries, since any may be interrupted. */
static uint64_t read_pair(clockid_t clock, uint64_t *ret_ns) {
    uint64_t best = UINT64_MAX, ticks = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t before = clock_ticks();
        uint64_t ns = clock_gettime_ns(clock);
        uint64_t after = clock_ticks();
        if (after - before < best) {
            best = after - before;
            ticks = before + (after - before) / 2;
            *ret_ns = ns;
        }
    }
    return ticks;
}

void clock_start(struct clock_map *map) {
    clock_use_tsc = kernel_trusts_tsc();
    *map = (struct clock_map){
        .tsc = clock_use_tsc, .ns_per_tick = 1.0, .wall_slope = 1.0, .before_slope = 1.0};
    map->first_ticks = read_pair(CLOCK_MONOTONIC, &map->first_monotonic_ns);
    while (clock_gettime_ns(CLOCK_MONOTONIC) - map->first_monotonic_ns < 20000) {
    }
    clock_calibrate(map);
}

#define STEP_NS 1e6 /* an error over this is a step of the clock, taken at once */
#define SLEW_NS 1e9 /* a smaller one is worked off over this time */
#define SLEW_MOST 1e-3

void clock_calibrate(struct clock_map *map) {
    uint64_t monotonic_ns = 0, wall_ns = 0;
    uint64_t ticks = read_pair(CLOCK_MONOTONIC, &monotonic_ns);
    if (ticks > map->first_ticks && monotonic_ns > map->first_monotonic_ns)
        map->ns_per_tick =
            (double)(monotonic_ns - map->first_monotonic_ns) / (double)(ticks - map->first_ticks);
    ticks = read_pair(CLOCK_REALTIME, &wall_ns);
    uint64_t predicted_ns = clock_wall_ns(map, ticks);
    double error = (double)(int64_t)(wall_ns - predicted_ns);
    double correction = error / SLEW_NS;
    if (map->last_ticks == 0 || error > STEP_NS || error < -STEP_NS) {
        predicted_ns = wall_ns;
        correction = 0;
    }
    if (correction > SLEW_MOST)
        correction = SLEW_MOST;
    if (correction < -SLEW_MOST)
        correction = -SLEW_MOST;
    map->before_slope = map->last_ticks != 0 ? map->wall_slope : map->ns_per_tick;
    map->last_ticks = ticks;
    map->last_wall_ns = predicted_ns;
    map->wall_slope = map->ns_per_tick * (1.0 + correction);
}

/* A damaged journal may hold any ticks and any slope. */
static int64_t whole_ns(double ns) {
    return ns > -9e18 && ns < 9e18 ? (int64_t)ns : 0;
}

uint64_t clock_wall_ns(const struct clock_map *map, uint64_t ticks) {
    int64_t distance = (int64_t)(ticks - map->last_ticks);
    double offset = (double)distance * (distance < 0 ? map->before_slope : map->wall_slope);
    return map->last_wall_ns + (uint64_t)whole_ns(offset);
}

uint64_t clock_duration_ns(const struct clock_map *map, uint64_t start, uint64_t end) {
    if (end <= start)
        return 0;
    return (uint64_t)whole_ns((double)(end - start) * map->ns_per_tick + 0.5);
}
