/* analyzer/base/parallel.h: the same work for each of `count` items, on up to `jobs` threads.
 *
 *     static void one(void *argument, unsigned job, size_t item) { ... }
 *     spanlog_parallel(2, 256, one, &work);
 *
 * Items are taken in order, by whoever is free; job tells the scratch memory to use.
 *
 * What each job has for itself lies in an array, which is handed on with the size of an element:
 *
 *     struct counter *counters = calloc(job_count, sizeof *counters);
 *     ... .jobs = {counters, sizeof *counters} ...
 */
#ifndef SPANLOG_ANALYZER_BASE_PARALLEL_H
#define SPANLOG_ANALYZER_BASE_PARALLEL_H

#include <stddef.h>

void spanlog_parallel(unsigned jobs, size_t count,
                      void (*one)(void *argument, unsigned job, size_t item), void *argument);
/* How many threads `-j` stands for: itself, or the number of cores. */
unsigned spanlog_job_count(unsigned wanted);

#define SPANLOG_JOBS_MAX 256u

struct spanlog_jobs {
    void *first; /* of an array with one element for each job */
    size_t size; /* of an element; 0: all jobs share one */
};

static inline void *spanlog_jobs_at(const struct spanlog_jobs *jobs, unsigned job) {
    return jobs->size ? (char *)jobs->first + job * jobs->size : jobs->first;
}

#endif
