/* sinks/stream.c: stdout and stderr, and whatever else has no offsets.
 *
 * A reader that has stopped must not take the writer's thread with it: each piece waits for room
 * with poll, and a pipe gets at most PIPE_BUF bytes at a time, which the kernel takes whole.
 */
#include "src/sinks/sink.h"
#include "src/core/futex.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 100

/* The largest run of whole lines within `most`; one longer line goes out in pieces. */
static size_t piece_size(const char *data, size_t size, size_t most) {
    if (size <= most)
        return size;
    const char *newline = memrchr(data, '\n', most);
    return newline != NULL ? (size_t)(newline + 1 - data) : most;
}

int stream_write(struct sink *sink, const char *data, size_t size, size_t *ret_written) {
    size_t done = 0;
    int error = 0;
    while (done < size && error == 0) {
        struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};
        int polled = poll(&ready, 1, PATIENCE_MS);
        if (polled < 0 && errno != EINTR)
            error = -errno;
        else if (polled == 0)
            error = -EAGAIN;
        if (polled <= 0)
            continue;
        size_t piece = sink->chunked ? piece_size(data + done, size - done, PIPE_BUF) : size - done;
        ssize_t put = write(sink->fd, data + done, piece);
        if (put > 0) {
            done += (size_t)put;
            if (sink->progress != NULL)
                *sink->progress += (uint64_t)put;
        } else if (put < 0 && errno != EINTR) {
            error = -errno;
        }
    }
    if (error == -EPIPE || error == -EFBIG)
        signal_take_back(error == -EPIPE ? SIGPIPE : SIGXFSZ);
    *ret_written = done;
    return error;
}

static int stream_begin(struct sink *sink, int fd, struct sink_place *ret_place) {
    struct stat status;
    *ret_place = (struct sink_place){.regular = false};
    if (sink->fd == fd)
        return 0;
    if (fstat(fd, &status) != 0)
        return -errno;
    sink->fd = fd;
    sink->chunked = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISCHR(status.st_mode);
    if (S_ISCHR(status.st_mode) && !isatty(fd))
        sink->chunked = false; /* /dev/null takes anything */
    return 0;
}

static int stdout_begin(struct sink *sink, struct sink_place *ret_place) {
    return stream_begin(sink, STDOUT_FILENO, ret_place);
}

static int stderr_begin(struct sink *sink, struct sink_place *ret_place) {
    return stream_begin(sink, STDERR_FILENO, ret_place);
}

static void nothing(struct sink *sink) {
    (void)sink;
}

const struct sink_type sink_stdout = {"stdout",     false,   stdout_begin,
                                      stream_write, nothing, nothing};
const struct sink_type sink_stderr = {"stderr",     false,   stderr_begin,
                                      stream_write, nothing, nothing};
