/* metrics/file.c: the text as a file, for node_exporter's textfile collector: on request, and at
 * intervals where SPANLOG_METRICS_FILE says so. A reader sees the old file or the new one, whole.
 */
#include "src/metrics/metrics.h"
#include "src/core/clock.h"
#include "src/core/tell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int write_all(void *arg, const char *text, size_t size) {
    int fd = *(const int *)arg;
    while (size > 0) {
        ssize_t written = write(fd, text, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        text += written;
        size -= (size_t)written;
    }
    return 0;
}

/* By way of a file of this thread's own: another may write the same one at the same time. */
static int write_file(const char *path) {
    char aside[4096];
    int size = snprintf(aside, sizeof aside, "%s.%d.tmp", path, (int)syscall(SYS_gettid));
    if (size < 0 || (size_t)size >= sizeof aside)
        return -ENAMETOOLONG;
    int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return -errno;
    int error = spanlog_metrics_write(SPANLOG_METRICS_PROMETHEUS, write_all, &fd);
    if (close(fd) != 0 && error == 0)
        error = -errno;
    if (error == 0 && rename(aside, path) != 0)
        error = -errno;
    if (error != 0)
        unlink(aside);
    return error;
}

int spanlog_metrics_file(const char *path) {
    if (path == NULL || path[0] == '\0')
        return -EINVAL;
    int saved = errno, error = write_file(path);
    errno = saved;
    return error;
}

/* ---- at intervals, by the back --------------------------------------------------------------- */

static struct {
    char path[4096]; /* "": no file */
    int64_t interval_ns;
    uint64_t due_ns; /* CLOCK_MONOTONIC */
    bool child;      /* forked: the file is the parent's, unless its name has the process in it */
    bool failing;    /* said */
} file;

/* "%p" becomes the process id. False: it is not in it. */
static bool expand(const char *path, char *ret_path, size_t size) {
    const char *place = strstr(path, "%p");
    if (place == NULL)
        snprintf(ret_path, size, "%s", path);
    else
        snprintf(ret_path, size, "%.*s%d%s", (int)(place - path), path, (int)getpid(), place + 2);
    return place != NULL;
}

void file_configure(const char *path, uint32_t interval_ms) {
    bool own = expand(path, file.path, sizeof file.path);
    if (file.child && !own)
        file.path[0] = '\0';
    file.interval_ns = (int64_t)interval_ms * 1000000;
    file.due_ns = clock_gettime_ns(CLOCK_MONOTONIC) + (uint64_t)file.interval_ns;
}

void file_after_fork_child(void) {
    file.child = true;
    file.path[0] = '\0'; /* until it starts for itself */
}

int64_t metrics_file_wait_ns(void) {
    if (file.path[0] == '\0')
        return -1;
    uint64_t now = clock_gettime_ns(CLOCK_MONOTONIC);
    return now < file.due_ns ? (int64_t)(file.due_ns - now) : 0;
}

void metrics_file_turn(bool now) {
    if (file.path[0] == '\0' || (!now && metrics_file_wait_ns() > 0))
        return;
    file.due_ns = clock_gettime_ns(CLOCK_MONOTONIC) + (uint64_t)file.interval_ns;
    int error = write_file(file.path);
    if (error != 0 && !file.failing)
        tell("cannot write metrics to %s: %s; tried again every %d ms", file.path, strerror(-error),
             (int)(file.interval_ns / 1000000));
    file.failing = error != 0;
}
