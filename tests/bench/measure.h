/* tests/bench/measure.h: clocks, quantiles and the way results are printed.
 *
 *     uint64_t start = ticks();
 *     work();
 *     report("work_ns", ticks_ns(ticks() - start));     prints  work_ns 13.4
 *
 * Every bench program prints lines `name value`; the program `run` reads them. Header only, so that
 * the C++ bench can use it too.
 */
#ifndef SPANLOG_TESTS_BENCH_MEASURE_H
#define SPANLOG_TESTS_BENCH_MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define MEASURE_KEEP(value) __asm__ volatile("" : : "r,m"(value) : "memory")

static inline uint64_t monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#if defined(__x86_64__)
static inline uint64_t ticks(void) {
    return __rdtsc();
}

/* Nothing before it is still running, nothing after it has begun. */
static inline uint64_t ticks_fenced(void) {
    _mm_lfence();
    uint64_t t = __rdtsc();
    _mm_lfence();
    return t;
}

static inline void cpu_relax(void) {
    _mm_pause();
}
#else
static inline uint64_t ticks(void) {
    return monotonic_ns();
}

static inline uint64_t ticks_fenced(void) {
    return monotonic_ns();
}

static inline void cpu_relax(void) {
}
#endif

static double measure_ns_per_tick;

/* Once, before ticks_ns. Takes 50 ms. */
static inline void measure_calibrate(void) {
    uint64_t start_ns = monotonic_ns(), start = ticks();
    while (monotonic_ns() - start_ns < 50000000)
        cpu_relax();
    uint64_t end = ticks();
    measure_ns_per_tick = (double)(monotonic_ns() - start_ns) / (double)(end - start);
}

static inline double ticks_ns(uint64_t count) {
    return (double)count * measure_ns_per_tick;
}

/* The anchor of most goals: reading the clock, ns. */
static inline double rdtsc_ns(int count) {
    uint64_t sum = 0, start = ticks();
    for (int i = 0; i < count; i++)
        sum += ticks();
    uint64_t end = ticks();
    MEASURE_KEEP(sum);
    return ticks_ns(end - start) / count;
}

static inline void spin_us(unsigned us) {
    uint64_t end = monotonic_ns() + us * 1000u;
    while (monotonic_ns() < end)
        cpu_relax();
}

static inline int measure_compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double median_of(double *values, size_t count) {
    qsort(values, count, sizeof *values, measure_compare);
    return values[count / 2];
}

/* Values must be sorted; `part` is 0.99 for p99. Nearest rank. */
static inline double quantile_of(const double *values, size_t count, double part) {
    size_t rank = (size_t)(part * (double)count);
    return values[rank < count ? rank : count - 1];
}

/* A value of /proc/self/status in KiB: "VmHWM:" for the most memory so far. (getrusage would give
 * that of the program which started this one, if it was larger.) */
static inline double measure_status_kb(const char *name) {
    char line[256];
    double value = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            value = atof(line + strlen(name));
    if (f != NULL)
        fclose(f);
    return value;
}

static FILE *measure_output;

static inline void report(const char *name, double value) {
    fprintf(measure_output != NULL ? measure_output : stdout, "%s %.6g\n", name, value);
}

/* name_mean, name_p50, name_p99 and name_p999 of `count` samples in ticks, less `overhead`. */
static inline void report_distribution(const char *name, double *samples, size_t count,
                                       double overhead) {
    static const struct {
        const char *suffix;
        double part;
    } quantiles[] = {{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}};
    char full[128];
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += samples[i];
    qsort(samples, count, sizeof *samples, measure_compare);
    snprintf(full, sizeof full, "%s_mean", name);
    report(full, (sum / (double)count - overhead) * measure_ns_per_tick);
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        double value = quantile_of(samples, count, quantiles[i].part) - overhead;
        snprintf(full, sizeof full, "%s_%s", name, quantiles[i].suffix);
        report(full, (value > 0 ? value : 0) * measure_ns_per_tick);
    }
}

/* What a pair of fenced readings costs by itself, in ticks. */
static inline double fence_overhead(void) {
    enum { PAIRS = 10001 };
    double *pairs = (double *)malloc(PAIRS * sizeof *pairs);
    if (pairs == NULL)
        exit(2);
    for (int i = 0; i < PAIRS; i++) {
        uint64_t start = ticks_fenced();
        pairs[i] = (double)(ticks_fenced() - start);
    }
    double median = median_of(pairs, PAIRS);
    free(pairs);
    return median;
}

#endif
