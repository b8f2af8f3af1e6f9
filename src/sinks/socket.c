/* sinks/socket.c: see socket.h. */
#include "src/sinks/socket.h"
#include "src/core/descriptor.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 100

static bool takes_more(const struct sink *sink) {
    struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};
    return poll(&ready, 1, PATIENCE_MS) > 0;
}

int socket_write_lines(struct sink *sink, const char *data, size_t size, size_t *ret_written,
                       int (*send_line)(struct sink *sink, const char *line, size_t size)) {
    size_t done = 0;
    int error = 0;
    while (done < size && error == 0) {
        const char *newline = memchr(data + done, '\n', size - done);
        size_t line = newline != NULL ? (size_t)(newline - data) - done : size - done;
        error = send_line(sink, data + done, line);
        if (error == -EAGAIN && sink->fd >= 0 && takes_more(sink))
            error = send_line(sink, data + done, line);
        if (error != 0)
            break;
        done += line + (newline != NULL);
        if (sink->progress != NULL)
            *sink->progress += line + (newline != NULL);
    }
    *ret_written = done;
    return error;
}

int socket_scratch(struct sink *sink, size_t size) {
    if (size <= sink->scratch_room)
        return 0;
    char *grown = realloc(sink->scratch, size + size / 2);
    if (grown == NULL)
        return -ENOMEM;
    sink->scratch = grown;
    sink->scratch_room = size + size / 2;
    return 0;
}

/* The program may have closed all descriptors: ours may be gone, or its own by now. */
static bool is_ours(const struct sink *sink) {
    struct stat status;
    return fstat(sink->fd, &status) == 0 && status.st_dev == sink->device &&
           status.st_ino == sink->inode;
}

void socket_close(struct sink *sink) {
    if (sink->fd >= 0 && is_ours(sink))
        close(sink->fd);
    sink->fd = -1;
    sink->sent = 0;
    free(sink->scratch);
    sink->scratch = NULL;
    sink->scratch_room = 0;
}

int socket_keep(struct sink *sink, int fd) {
    struct stat status;
    sink->fd = descriptor_out_of_the_way(fd);
    sink->sent = 0;
    if (sink->fd < 0 || fstat(sink->fd, &status) != 0)
        return -errno;
    sink->device = status.st_dev;
    sink->inode = status.st_ino;
    return 0;
}

bool socket_is_open(struct sink *sink) {
    if (sink->fd >= 0 && !is_ours(sink))
        sink->fd = -1;
    return sink->fd >= 0;
}

int socket_open_unix(struct sink *sink, const char *path, int type) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)(void *)&address, sizeof address) != 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return socket_keep(sink, fd);
}
