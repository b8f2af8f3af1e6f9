/* tests/bench/stall.c: see stall.h. A pipe whose reader is a thread of this process; to hold it,
 * the reader stops and the pipe is filled to the brim. */
#include "stall.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_end, fill_end;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool wanted, reading;

static void fail(const char *what) {
    fprintf(stderr, "stall: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* Reads while `wanted`. The read end does not block, so that it notices the end of that. */
static void *read_all(void *arg) {
    static char buffer[1 << 16];
    (void)arg;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (!wanted)
            pthread_cond_wait(&changed, &lock);
        reading = true;
        pthread_mutex_unlock(&lock);
        if (read(read_end, buffer, sizeof buffer) < 0)
            usleep(100);
        pthread_mutex_lock(&lock);
        reading = false;
        pthread_cond_broadcast(&changed);
    }
    return NULL;
}

FILE *stall_open(void) {
    int ends[2];
    char path[64];
    FILE *before = fdopen(dup(STDOUT_FILENO), "w");
    if (before == NULL || pipe2(ends, O_CLOEXEC) < 0 || dup2(ends[1], STDOUT_FILENO) < 0)
        fail("pipe");
    setvbuf(before, NULL, _IOLBF, 0);
    read_end = ends[0];
    fcntl(read_end, F_SETFL, O_NONBLOCK);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
    fill_end = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    close(ends[1]);
    pthread_t thread = 0;
    if (fill_end < 0 || pthread_create(&thread, NULL, read_all, NULL) != 0)
        fail("open");
    pthread_detach(thread);
    stall_release();
    return before;
}

void stall_hold(void) {
    static const char blanks[4096];
    pthread_mutex_lock(&lock);
    wanted = false;
    while (reading)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    for (size_t size = sizeof blanks; size > 0; size /= 2)
        while (write(fill_end, blanks, size) > 0) {
        }
}

void stall_release(void) {
    pthread_mutex_lock(&lock);
    wanted = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}
