/* analyzer/base/parallel.c: see parallel.h. */
#include "src/analyzer/base/parallel.h"

#include <pthread.h>
#include <sched.h>

struct share {
    void (*one)(void *argument, unsigned job, size_t item);
    void *argument;
    size_t count;
    size_t next;
};

struct member {
    struct share *share;
    unsigned job;
    pthread_t thread;
};

static void *work(void *argument) {
    struct member *member = argument;
    struct share *share = member->share;
    size_t item;
    while ((item = __atomic_fetch_add(&share->next, 1, __ATOMIC_RELAXED)) < share->count)
        share->one(share->argument, member->job, item);
    return NULL;
}

void spanlog_parallel(unsigned jobs, size_t count,
                      void (*one)(void *argument, unsigned job, size_t item), void *argument) {
    struct share share = {one, argument, count, 0};
    struct member members[SPANLOG_JOBS_MAX];
    unsigned started = 1;
    if (jobs > SPANLOG_JOBS_MAX)
        jobs = SPANLOG_JOBS_MAX;
    members[0] = (struct member){.share = &share};
    for (; started < jobs && started < count; started++) {
        members[started] = (struct member){.share = &share, .job = started};
        if (pthread_create(&members[started].thread, NULL, work, &members[started]) != 0)
            break;
    }
    work(&members[0]);
    for (unsigned i = 1; i < started; i++)
        pthread_join(members[i].thread, NULL);
}

unsigned spanlog_job_count(unsigned wanted) {
    if (wanted == 0) {
        cpu_set_t cores;
        wanted = sched_getaffinity(0, sizeof cores, &cores) == 0 ? (unsigned)CPU_COUNT(&cores) : 1;
    }
    return wanted < 1 ? 1 : wanted > SPANLOG_JOBS_MAX ? SPANLOG_JOBS_MAX : wanted;
}
