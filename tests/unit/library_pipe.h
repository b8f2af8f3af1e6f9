/* tests/unit/library_pipe.h: standard output as a pipe whose other end the test holds.
 *
 *     int reader = pipe_stdout();
 *     pthread_create(&thread, NULL, reads_to_the_end, &reader);      what comes goes to log.jsonl
 */
#ifndef SPANLOG_TESTS_LIBRARY_PIPE_H
#define SPANLOG_TESTS_LIBRARY_PIPE_H

#include "tests/unit/library_check.h"

#include <fcntl.h>
#include <unistd.h>

static inline int pipe_stdout(void) {
    int ends[2];
    check_equal(pipe(ends), 0);
    check_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    close(ends[1]);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    return ends[0];
}

static inline void *reads_to_the_end(void *reader) {
    char block[4096];
    int copy = open("log.jsonl", O_WRONLY | O_CREAT | O_APPEND, 0644);
    for (ssize_t got; (got = read(*(int *)reader, block, sizeof block)) > 0;)
        check_equal(write(copy, block, (size_t)got), got);
    close(copy);
    return NULL;
}

#endif
