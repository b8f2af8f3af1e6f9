/* sinks/file.c: a file that several processes may write, and that others may rename, delete or cut.
 *
 * Each batch is one locked section: the path is looked up again (a rename or a removal is noticed
 * here), the end is found, and a last line that somebody's death left without its newline is cut
 * away when it is one of ours, or ended with a newline when it is not. A file that is due for it
 * is rotated there, under its lock.
 */
#include "src/sinks/sink.h"
#include "src/core/clock.h"
#include "src/core/descriptor.h"
#include "src/core/futex.h"
#include "src/core/tell.h"
#include "src/sinks/compress.h"
#include "src/sinks/rotate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TORN_MOST ((uint64_t)4 << 20) /* no line of ours is longer */

static int lock_file(int fd, short type) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
    while (fcntl(fd, type == F_UNLCK ? F_OFD_SETLK : F_OFD_SETLKW, &lock) != 0) {
        if (errno != EINTR)
            return -errno;
    }
    return 0;
}

/* Daemons close all descriptors when they start: ours may be gone, or be the program's own by now.
 * Then it is forgotten, not closed. */
static void check_descriptor(struct sink *sink) {
    struct stat status;
    if (sink->fd < 0 || (fstat(sink->fd, &status) == 0 && status.st_dev == sink->device &&
                         status.st_ino == sink->inode))
        return;
    sink->fd = -1;
    sink->locked = false;
}

static void file_close(struct sink *sink) {
    check_descriptor(sink);
    if (sink->fd >= 0)
        close(sink->fd);
    sink->fd = -1;
    sink->locked = false;
}

/* Non-blocking: a FIFO without a reader must not hold the back. It changes nothing for files. */
static int open_target(const char *path) {
    const int flags = O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    struct stat status;
    /* A FIFO for writing only, so that a lost reader is noticed; and never for both even for a
     * moment: its reader would see a writer come and go, which is the end of its file. */
    if (stat(path, &status) == 0 && S_ISFIFO(status.st_mode))
        return open(path, flags | O_WRONLY);
    /* Looking at the last byte is no reading that anybody wants to know of, and to note it would
     * cost as much as the write. Only the owner may ask for that. */
    int fd = open(path, flags | O_RDWR | O_CREAT | O_NOATIME, 0644);
    if (fd < 0 && errno == EPERM)
        fd = open(path, flags | O_RDWR | O_CREAT, 0644);
    return fd >= 0 ? fd : open(path, flags | O_WRONLY | O_CREAT, 0644);
}

/* The sink's from now on. */
static int take_descriptor(struct sink *sink, int fd) {
    struct stat status;
    sink->fd = descriptor_out_of_the_way(fd);
    if (sink->fd < 0)
        return -errno;
    if (fstat(sink->fd, &status) != 0) {
        int error = -errno;
        close(sink->fd);
        sink->fd = -1;
        return error;
    }
    sink->device = status.st_dev;
    sink->inode = status.st_ino;
    sink->regular = S_ISREG(status.st_mode);
    sink->chunked = S_ISFIFO(status.st_mode);
    sink->end_at = UINT64_MAX;
    return 0;
}

static bool same_file(const struct sink *sink, struct stat *ret_status) {
    struct stat named;
    return fstat(sink->fd, ret_status) == 0 && stat(sink->target, &named) == 0 &&
           named.st_dev == ret_status->st_dev && named.st_ino == ret_status->st_ino;
}

static bool starts_like(const char *text, size_t size, const char *start) {
    size_t most = strlen(start);
    return most > 0 && memcmp(text, start, size < most ? size : most) == 0;
}

/* The last line has no newline. Returns where the file ends now. */
static uint64_t mend_tail(struct sink *sink, uint64_t size) {
    char block[4096];
    uint64_t at = size;
    while (at > 0 && size - at < TORN_MOST) {
        size_t want = at < sizeof block ? (size_t)at : sizeof block;
        if (pread(sink->fd, block, want, (off_t)(at - want)) != (ssize_t)want)
            return size;
        const char *newline = memrchr(block, '\n', want);
        if (newline != NULL) {
            at = at - want + (uint64_t)(newline + 1 - block);
            break;
        }
        at -= want;
    }
    char start[16];
    size_t have = size - at < sizeof start ? (size_t)(size - at) : sizeof start;
    if (pread(sink->fd, start, have, (off_t)at) == (ssize_t)have &&
        starts_like(start, have, sink->line_start) && ftruncate(sink->fd, (off_t)at) == 0)
        return at;
    if (write(sink->fd, "\n", 1) == 1)
        return size + 1;
    signal_take_back(SIGXFSZ);
    return size;
}

#define ROTATE_AGAIN_S 60

/* Whoever has the lock and finds it due. Others find the name gone, and open the new file. */
static bool rotate_if_due(struct sink *sink, const struct stat *status) {
    int64_t now_s = (int64_t)(clock_gettime_ns(CLOCK_REALTIME) / 1000000000);
    if (now_s < sink->rotate_again_s ||
        !rotate_is_due(&sink->rotation, status, sink->coming, now_s))
        return false;
    int error = rotate(sink->target, &sink->rotation);
    if (error != 0 && sink->rotate_again_s == 0)
        tell("cannot rename %s to rotate it: %s; it goes on growing", sink->target,
             strerror(-error));
    sink->rotate_again_s = error != 0 ? now_s + ROTATE_AGAIN_S : 0;
    if (error == 0)
        compress_start(sink->target, sink->rotation.compress);
    return error == 0;
}

/* The name stands for another file, or for none. But where it may not be opened, as by a daemon
 * that has given its rights away, what was opened before is as good while it has a name: the sink
 * keeps it, and its lock. */
static int open_anew(struct sink *sink, const struct stat *held) {
    int fd = open_target(sink->target), error = errno;
    if (fd < 0 && (error == EACCES || error == EPERM) && held->st_nlink > 0) {
        if (!sink->refused)
            tell("may not open %s any more: %s; the file that was opened before is written",
                 sink->target, strerror(error));
        sink->refused = true;
        return 0;
    }
    file_close(sink); /* and with it the lock */
    errno = error;
    return take_descriptor(sink, fd);
}

/* The new file belongs to whom the old one did, as far as we may. */
static void take_after(const struct sink *sink, const struct stat *old) {
    if (fchown(sink->fd, old->st_uid, old->st_gid) != 0 || fchmod(sink->fd, old->st_mode) != 0)
        return;
}

/* Opens and locks what the name stands for now. *ret_old: what was rotated away for it. */
static int open_and_lock(struct sink *sink, struct stat *ret_status, struct stat *ret_old) {
    int error = sink->fd < 0 ? take_descriptor(sink, open_target(sink->target)) : 0;
    for (int tries = 0; error == 0 && sink->regular; tries++) {
        error = lock_file(sink->fd, F_WRLCK);
        if (error != 0)
            break;
        sink->locked = true;
        if (same_file(sink, ret_status)) {
            if (!rotate_if_due(sink, ret_status))
                break;
            *ret_old = *ret_status;
        }
        error = open_anew(sink, ret_status);
        if (sink->locked)
            break;
        if (error == 0 && tries == 100) {
            file_close(sink);
            error = -EBUSY;
        }
    }
    return error;
}

static int file_begin(struct sink *sink, struct sink_place *ret_place) {
    struct stat status, old = {0};
    *ret_place = (struct sink_place){.regular = false};
    check_descriptor(sink);
    int error = open_and_lock(sink, &status, &old);
    if (error != 0 || !sink->regular)
        return error;
    if (old.st_mode != 0 && status.st_mode != old.st_mode)
        take_after(sink, &old);
    uint64_t size = (uint64_t)status.st_size;
    char last = '\n';
    if (size > 0 && size != sink->end_at && pread(sink->fd, &last, 1, (off_t)(size - 1)) == 1 &&
        last != '\n')
        size = mend_tail(sink, size);
    ret_place->device = status.st_dev;
    ret_place->inode = status.st_ino;
    ret_place->offset = size;
    ret_place->regular = true;
    sink->end_at = size;
    return 0;
}

/* After a failure in the middle of a line: takes the part of it back. The end is asked for:
 * somebody may have cut the file since we began, and to go by our own count would leave a hole. */
static size_t keep_whole_lines(struct sink *sink, const char *data, size_t done) {
    const char *newline = done > 0 ? memrchr(data, '\n', done) : NULL;
    size_t whole = newline != NULL ? (size_t)(newline + 1 - data) : 0;
    off_t part = (off_t)(done - whole);
    struct stat status;
    if (part > 0 && (fstat(sink->fd, &status) != 0 || status.st_size < part ||
                     ftruncate(sink->fd, status.st_size - part) != 0))
        return done; /* the next writer's mend_tail cuts it */
    return whole;
}

static int file_write(struct sink *sink, const char *data, size_t size, size_t *ret_written) {
    if (!sink->regular)
        return stream_write(sink, data, size, ret_written);
    size_t done = 0;
    int error = 0;
    while (done < size && error == 0) {
        ssize_t put = write(sink->fd, data + done, size - done);
        if (put > 0)
            done += (size_t)put;
        else if (put == 0 || errno != EINTR)
            error = put == 0 ? -EIO : -errno;
    }
    if (error == -EFBIG)
        signal_take_back(SIGXFSZ);
    if (error != 0)
        done = keep_whole_lines(sink, data, done);
    sink->end_at += done;
    *ret_written = done;
    return error;
}

static void file_end(struct sink *sink) {
    if (sink->locked)
        lock_file(sink->fd, F_UNLCK);
    sink->locked = false;
}

static int open_if_same(int directory, const char *name, uint64_t device, uint64_t inode) {
    struct stat status;
    int fd = openat(directory, name, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) == 0 && status.st_dev == device && status.st_ino == inode)
        return fd;
    close(fd);
    return -ENOENT;
}

int file_find(const struct sink *sink, uint64_t device, uint64_t inode) {
    int found = open_if_same(AT_FDCWD, sink->target, device, inode);
    if (found >= 0)
        return found;
    char path[sizeof sink->target];
    snprintf(path, sizeof path, "%s", sink->target);
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return -ENOENT;
    slash[slash == path] = '\0';
    DIR *directory = opendir(path);
    if (directory == NULL)
        return -errno;
    found = -ENOENT;
    for (struct dirent *entry; found < 0 && (entry = readdir(directory)) != NULL;) {
        if (entry->d_ino == inode)
            found = open_if_same(dirfd(directory), entry->d_name, device, inode);
    }
    closedir(directory);
    return found;
}

const struct sink_type sink_file = {"file", true, file_begin, file_write, file_end, file_close};
