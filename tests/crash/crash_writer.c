/* tests/crash/crash_writer.c: the program that is killed.
 *
 *     SPANLOG_OUTPUT=file:/tmp/x.jsonl crash_writer /tmp/x.ack run 4 1
 *
 * logs from 4 threads as fast as it can, at default settings, and notes after each call in the file
 * /tmp/x.ack (acknowledged.h) what has been acknowledged. Spans are open at all times. MODE says
 * how it ends:
 *
 *     run       when it is killed, or orderly when the file's stop is set
 *     segv abort _exit exit return
 *               by itself, at record AT of the first thread; the last three with status 7
 *     fork      orderly, after six children have logged too: ended by _exit, exit, exec, SIGKILL
 *     exec      what such a child becomes; also "one start of the service", for recovery by start
 */
#include "acknowledged.h"

#include <spanlog/spanlog.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_THREADS = 16, RECORDS_PER_SPAN = 32, CHILDREN = 6, CHILD_RECORDS = 1000, STATUS = 7 };

static const char text_pattern[] = ACKNOWLEDGED_PATTERN;
static struct acknowledged_file *file;
static const char *file_path;
static const char *mode;
static uint64_t die_at = UINT64_MAX; /* record of the first thread at which it ends */
static uint64_t stop_at = UINT64_MAX;
static volatile bool stopping;

struct worker {
    struct acknowledged_slot *slot;
    uint64_t run, index, n, span, random;
    uint64_t fork_next; /* record at which this thread forks; UINT64_MAX: never */
    int children;
    pid_t child[CHILDREN];
};

static uint64_t random_below(uint64_t *state, uint64_t limit) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state % limit;
}

static void take_slot(struct worker *w) {
    memset(w, 0, sizeof *w);
    w->index = __atomic_fetch_add(&file->used, 1, __ATOMIC_RELAXED);
    if (w->index >= ACKNOWLEDGED_SLOTS) {
        fprintf(stderr, "crash_writer: more than %u slots\n", ACKNOWLEDGED_SLOTS);
        _exit(3);
    }
    w->slot = &file->slots[w->index];
    w->slot->pid = (uint32_t)getpid();
    w->run = file->run;
    w->fork_next = UINT64_MAX;
}

/* A plain store that the compiler may not move before the call that it acknowledges. */
static void acknowledge(uint64_t *counter, uint64_t value) {
    __atomic_store_n(counter, value, __ATOMIC_RELEASE);
}

static void write_record(struct worker *w) {
    uint64_t n = ++w->n;
    spanlog_info("r", kv("run", w->run), kv("slot", w->index), kv("n", n),
                 kv_n("text", text_pattern, n % ACKNOWLEDGED_TEXT));
    acknowledge(&w->slot->records, n);
}

static void die(void) {
    if (strcmp(mode, "segv") == 0) {
        volatile int *volatile nowhere = NULL;
        *nowhere = 1; /* NOLINT(clang-analyzer-core.NullDereference): on purpose */
    }
    if (strcmp(mode, "abort") == 0)
        abort();
    if (strcmp(mode, "_exit") == 0)
        _exit(STATUS);
    if (strcmp(mode, "exit") == 0)
        exit(STATUS);
}

static void fork_child(struct worker *w);

/* One span with its records. Returns false when this thread is to end. */
static bool write_span(struct worker *w) {
    uint64_t number = ++w->span;
    {
        spanlog_scope(step, "step", kv("run", w->run), kv("slot", w->index), kv("span", number));
        acknowledge(&w->slot->opened, number);
        for (int i = 0; i < RECORDS_PER_SPAN; i++) {
            write_record(w);
            if (w->n == die_at && w->index == 0) {
                die();
                return false; /* mode return: from main, with spans of other threads open */
            }
            if (w->n >= w->fork_next)
                fork_child(w);
            if (w->n >= stop_at)
                break;
        }
    }
    acknowledge(&w->slot->ended, number);
    return !stopping && w->n < stop_at && __atomic_load_n(&file->stop, __ATOMIC_RELAXED) == 0;
}

static void work(struct worker *w) {
    {
        spanlog_scope(life, "life", kv("run", w->run), kv("slot", w->index), kv("span", 1));
        acknowledge(&w->slot->opened, w->span = 1);
        while (write_span(w)) {
        }
    }
}

static void *work_in_thread(void *arg) {
    work(arg);
    return NULL;
}

/* ---- mode fork --------------------------------------------------------------------------- */

static void become_child(int kind) {
    struct worker own;
    if (kind == 2) {
        char exec_mode[] = "exec", threads[] = "1", seed[] = "1", name[] = "crash_writer";
        char path[4096];
        snprintf(path, sizeof path, "%s", file_path);
        char *arguments[] = {name, path, exec_mode, threads, seed, NULL};
        execv("/proc/self/exe", arguments);
        _exit(4);
    }
    take_slot(&own);
    die_at = UINT64_MAX;
    stop_at = CHILD_RECORDS;
    stopping = false;
    work(&own);
    if (kind == 3)
        kill(getpid(), SIGKILL);
    if (kind == 1)
        exit(0);
    _exit(0);
}

static void fork_child(struct worker *w) {
    int kind = w->children % 4;
    pid_t pid = fork();
    if (pid == 0)
        become_child(kind);
    if (pid < 0)
        _exit(5);
    w->child[w->children++] = pid;
    w->fork_next = w->n + 1000 + random_below(&w->random, 20000);
    if (w->children == CHILDREN) {
        w->fork_next = UINT64_MAX;
        stopping = true;
    }
}

static int wait_for_children(const struct worker *w) {
    int bad = 0;
    for (int i = 0; i < w->children; i++) {
        int status = 0;
        while (waitpid(w->child[i], &status, 0) < 0 && errno == EINTR) {
        }
        bool expected = i % 4 == 3 ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
                                   : WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (!expected) {
            fprintf(stderr, "crash_writer: child %d ended with wait status %#x\n", i, status);
            bad = 1;
        }
    }
    return bad;
}

/* ---- main -------------------------------------------------------------------------------- */

static int map_file(const char *path) {
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    file_path = path;
    void *memory = mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory == MAP_FAILED)
        return -errno;
    file = memory;
    return memcmp(file->magic, ACKNOWLEDGED_MAGIC, 8) == 0 ? 0 : -EINVAL;
}

static int run_threads(int threads, uint64_t seed) {
    static struct worker workers[MOST_THREADS];
    pthread_t handles[MOST_THREADS];
    bool forking = strcmp(mode, "fork") == 0;
    for (int i = 0; i < threads; i++)
        take_slot(&workers[i]);
    struct worker *forker = &workers[threads - 1]; /* the main thread only when it is alone */
    if (forking) {
        forker->random = seed * 2654435761u + 1;
        forker->fork_next = 1000 + random_below(&forker->random, 20000);
    }
    for (int i = 1; i < threads; i++)
        if (pthread_create(&handles[i], NULL, work_in_thread, &workers[i]) != 0)
            return 6;
    work(&workers[0]);
    if (strcmp(mode, "return") == 0 && workers[0].n >= die_at)
        return STATUS;
    for (int i = 1; i < threads; i++)
        pthread_join(handles[i], NULL);
    return forking ? wait_for_children(forker) : 0;
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fputs("usage: crash_writer ACKFILE run|segv|abort|_exit|exit|return|fork|exec THREADS SEED "
              "[AT]\n",
              stderr);
        return 2;
    }
    int error = map_file(argv[1]);
    if (error < 0) {
        fprintf(stderr, "crash_writer: %s: %s\n", argv[1], strerror(-error));
        return 2;
    }
    mode = argv[2];
    int threads = atoi(argv[3]);
    if (threads < 1 || threads > MOST_THREADS)
        return 2;
    if (argc > 5)
        die_at = strtoull(argv[5], NULL, 10);
    if (strcmp(mode, "exec") == 0)
        stop_at = CHILD_RECORDS;
    return run_threads(threads, strtoull(argv[4], NULL, 10));
}
