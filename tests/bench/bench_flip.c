/* tests/bench/bench_flip.c: how long a change of level takes to reach busy threads.
 *
 *     bench_flip JOURNALS        a directory for journals; output goes to /dev/null
 *
 * prints `name value` lines. A child of N threads works 5 us, logs at info and tries to log at
 * debug, again and again; `flood`: without the work. The parent, as the tool does, writes a rule
 * into the child's journal and wakes its back. A thread has seen the flip when it evaluates an
 * argument of its debug record. flipN_p50_us: until the first thread of them has; flipN_all_p50_us:
 * until each has. flipN_late: debug records that were still off although the call began after the
 * process had said that the change was in force. The anchor is what a thread of the same child
 * needs that is woken by sem_post, under the same load.
 */
#include "measure.h"

#include "src/control/attach.h"
#include "src/control/rules.h"

#include <spanlog/spanlog.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_THREADS = 8, FLIPS = 300, WORK_US = 5, PAUSE_US = 2000, GIVE_UP_MS = 10000 };

/* Between the two processes. */
static struct shared {
    uint32_t threads, flood, end;
    uint32_t round;    /* of the flip that is waited for */
    uint32_t in_force; /* the round that the process has said to be so */
    uint32_t late;
    uint64_t seen[MOST_THREADS]; /* when, in this round; 0: not yet */
    uint64_t woken;
    sem_t wake;
} * shared;

/* ---- the child ------------------------------------------------------------------------------ */

static __thread bool evaluated;

static int note(uint32_t thread) {
    evaluated = true;
    if (__atomic_load_n(&shared->seen[thread], __ATOMIC_RELAXED) == 0)
        __atomic_store_n(&shared->seen[thread], monotonic_ns(), __ATOMIC_RELEASE);
    return (int)thread;
}

static void *work(void *arg) {
    uint32_t thread = (uint32_t)(uintptr_t)arg;
    for (int i = 0; __atomic_load_n(&shared->end, __ATOMIC_RELAXED) == 0; i++) {
        if (!shared->flood)
            spin_us(WORK_US);
        spanlog_info("work", kv("thread", thread), kv("i", i));
        uint32_t round = __atomic_load_n(&shared->round, __ATOMIC_ACQUIRE);
        bool should_be_on =
            round != 0 && __atomic_load_n(&shared->in_force, __ATOMIC_ACQUIRE) == round;
        evaluated = false;
        spanlog_debug("flip", kv("thread", note(thread)));
        if (should_be_on && !evaluated &&
            __atomic_load_n(&shared->round, __ATOMIC_ACQUIRE) == round)
            __atomic_add_fetch(&shared->late, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void *be_woken(void *unused) {
    (void)unused;
    while (sem_wait(&shared->wake) == 0 && __atomic_load_n(&shared->end, __ATOMIC_RELAXED) == 0)
        __atomic_store_n(&shared->woken, monotonic_ns(), __ATOMIC_RELEASE);
    return NULL;
}

static void run_child(void) {
    pthread_t threads[MOST_THREADS + 1];
    for (uintptr_t i = 0; i < shared->threads; i++)
        if (pthread_create(&threads[i], NULL, work, (void *)i) != 0)
            _exit(2);
    if (pthread_create(&threads[MOST_THREADS], NULL, be_woken, NULL) != 0)
        _exit(2);
    for (uint32_t i = 0; i < shared->threads; i++)
        pthread_join(threads[i], NULL);
    pthread_join(threads[MOST_THREADS], NULL);
    exit(0);
}

/* ---- the parent ----------------------------------------------------------------------------- */

static int set_level(char text[CONTROL_TEXT_SIZE + 1], void *arg) {
    return rules_add(text, 0, 0, "level", arg);
}

static void change(struct attached *process, const char *level) {
    char copy[16];
    uint32_t generation;
    snprintf(copy, sizeof copy, "%s", level);
    if (attach_change(process, set_level, copy, &generation) != 0 ||
        attach_wait(process, &process->control->taken, generation, GIVE_UP_MS) != 0)
        exit(2);
}

static uint64_t wait_for(const uint64_t *moment) {
    uint64_t start = monotonic_ns(), is;
    while ((is = __atomic_load_n(moment, __ATOMIC_ACQUIRE)) == 0) {
        if (monotonic_ns() - start > (uint64_t)GIVE_UP_MS * 1000000)
            exit(2);
        usleep(50);
    }
    return is;
}

static double us_between(uint64_t start, uint64_t end) {
    return end > start ? (double)(end - start) / 1e3 : 0;
}

/* One flip: until the first thread and until the last has seen it. */
static void flip(struct attached *process, uint32_t round, double *first, double *all) {
    memset(shared->seen, 0, sizeof shared->seen);
    __atomic_store_n(&shared->round, round, __ATOMIC_RELEASE);
    uint64_t start = monotonic_ns();
    change(process, "debug");
    __atomic_store_n(&shared->in_force, round, __ATOMIC_RELEASE);
    *first = 1e9;
    *all = 0;
    for (uint32_t i = 0; i < shared->threads; i++) {
        double us = us_between(start, wait_for(&shared->seen[i]));
        *first = us < *first ? us : *first;
        *all = us > *all ? us : *all;
    }
    __atomic_store_n(&shared->round, 0, __ATOMIC_RELEASE);
    change(process, "info");
}

static double wake_one(void) {
    __atomic_store_n(&shared->woken, 0, __ATOMIC_RELEASE);
    uint64_t start = monotonic_ns();
    sem_post(&shared->wake);
    return us_between(start, wait_for(&shared->woken));
}

static void attach_to(pid_t pid, const char *directory, struct attach_list *list) {
    char target[16];
    snprintf(target, sizeof target, "%d", (int)pid);
    for (int i = 0; i < GIVE_UP_MS; i++) {
        if (attach_find(list, directory, target, false) == 0 && list->count == 1 &&
            list->found[0].control != NULL && list->found[0].control->counts.records > 0)
            return;
        attach_close(list);
        usleep(1000);
    }
    exit(2);
}

static void report_as(const char *name, const char *what, double value) {
    char full[64];
    snprintf(full, sizeof full, "%s_%s", name, what);
    report(full, value);
}

static void measure(const char *name, uint32_t threads, bool flood, const char *directory) {
    static double first[FLIPS], all[FLIPS], wake[FLIPS];
    struct attach_list list;
    memset(shared, 0, sizeof *shared);
    shared->threads = threads;
    shared->flood = flood;
    sem_init(&shared->wake, 1, 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        run_child();
    attach_to(pid, directory, &list);
    for (uint32_t i = 0; i < FLIPS; i++) {
        usleep(PAUSE_US + i * 37 % 1000);
        flip(&list.found[0], i + 1, &first[i], &all[i]);
        wake[i] = wake_one();
    }
    attach_close(&list);
    __atomic_store_n(&shared->end, 1, __ATOMIC_RELAXED);
    sem_post(&shared->wake);
    waitpid(pid, NULL, 0);
    report_as(name, "p50_us", median_of(first, FLIPS));
    report_as(name, "p99_us", quantile_of(first, FLIPS, 0.99));
    report_as(name, "all_p50_us", median_of(all, FLIPS));
    report_as(name, "all_p99_us", quantile_of(all, FLIPS, 0.99));
    report_as(name, "wake_p50_us", median_of(wake, FLIPS));
    report_as(name, "late", shared->late);
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    setenv("SPANLOG_JOURNAL_DIR", argv[1], 1);
    setenv("SPANLOG_OUTPUT", "file:/dev/null", 1);
    setenv("SPANLOG_LEVEL", "info", 1);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 2;
    measure("flip2", 2, false, argv[1]);
    measure("flip2_flood", 2, true, argv[1]);
    measure("flip8", 8, false, argv[1]);
    return 0;
}
