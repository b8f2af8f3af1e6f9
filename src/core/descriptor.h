/* core/descriptor.h: descriptors of ours stay clear of 0, 1 and 2, and threads of the program's.
 *
 *     fd = descriptor_above_stdio(open(path, ...));
 *     if (!descriptors_leave()) ...                       first of all in a thread of ours
 *
 * A program may have closed its stdout: what opens next would get its number, and whatever the
 * program, or our own output `stdout`, writes there would land in the journal or in the log.
 */
#ifndef SPANLOG_CORE_DESCRIPTOR_H
#define SPANLOG_CORE_DESCRIPTOR_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

/* Returns fd, or its copy above 2 when it is not, or -1 with errno set. Before any lock is taken:
 * closing a copy drops a process's locks. */
static inline int descriptor_above_stdio(int fd) {
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int saved = errno;
    close(fd);
    errno = saved;
    return copy;
}

#define DESCRIPTOR_HIGH 100

/* The same, and where there is room above the low numbers too: what a program opens gets the number
 * that it would have got without us. */
static inline int descriptor_out_of_the_way(int fd) {
    int copy = fd < 0 || fd >= DESCRIPTOR_HIGH ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, DESCRIPTOR_HIGH);
    if (copy < 0)
        return descriptor_above_stdio(fd);
    close(fd);
    return copy;
}

/* Leaves the program's table of descriptors: this thread, and those that it starts, have one of
 * their own, with nothing in it. False: the kernel cannot, and nothing has changed. */
bool descriptors_leave(void);

#endif
