/* sinks/memory.c: the output `memory:`, for tests of a program's own instrumentation. See
 * include/spanlog/memory.h. */
#include "src/sinks/sink.h"

#include <errno.h>
#include <pthread.h>
#include <spanlog/memory.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MOST ((size_t)64 << 20)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *lines;
static size_t used, room;

static void lock_lines(void) {
    pthread_mutex_lock(&lock);
}

static void unlock_lines(void) {
    pthread_mutex_unlock(&lock);
}

/* A child of fork must not find it locked by a thread that it does not have. */
__attribute__((constructor)) static void watch_forks(void) {
    pthread_atfork(lock_lines, unlock_lines, unlock_lines);
}

static int memory_begin(struct sink *sink, struct sink_place *ret_place) {
    (void)sink;
    *ret_place = (struct sink_place){.regular = false};
    return 0;
}

static bool make_room(size_t size) {
    if (used + size > MEMORY_MOST)
        return false;
    if (used + size > room) {
        size_t larger = room * 2 > used + size ? room * 2 : used + size + 65536;
        char *moved = realloc(lines, larger);
        if (moved == NULL)
            return false;
        lines = moved;
        room = larger;
    }
    return true;
}

static int memory_write(struct sink *sink, const char *data, size_t size, size_t *ret_written) {
    (void)sink;
    lock_lines();
    bool fits = make_room(size);
    if (fits) {
        memcpy(lines + used, data, size);
        used += size;
    }
    unlock_lines();
    *ret_written = fits ? size : 0;
    return fits ? 0 : -EPIPE; /* for good: the back counts what does not fit and goes on */
}

static void nothing(struct sink *sink) {
    (void)sink;
}

char *spanlog_memory_lines(void) {
    lock_lines();
    char *copy = malloc(used + 1);
    if (copy != NULL) {
        if (used > 0)
            memcpy(copy, lines, used);
        copy[used] = '\0';
    }
    unlock_lines();
    return copy;
}

void spanlog_memory_clear(void) {
    lock_lines();
    used = 0;
    unlock_lines();
}

const struct sink_type sink_memory = {"memory",     false,   memory_begin,
                                      memory_write, nothing, nothing};
