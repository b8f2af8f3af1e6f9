/* tests/bench/anchor_lines.c: the floor under every analysis: reads a file and counts its newlines.
 *
 *     anchor_lines FILE [THREADS]
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (1u << 20)
#define THREADS_MAX 64

static int fd;
static uint64_t next_piece, size, lines;

static void *count(void *unused) {
    char *buffer = malloc(PIECE);
    uint64_t found = 0, at;
    while (buffer && (at = __atomic_fetch_add(&next_piece, PIECE, __ATOMIC_RELAXED)) < size) {
        ssize_t got = pread(fd, buffer, PIECE, (off_t)at);
        const char *p = buffer, *end = buffer + (got > 0 ? got : 0);
        while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
            found++;
            p++;
        }
    }
    __atomic_fetch_add(&lines, found, __ATOMIC_RELAXED);
    free(buffer);
    return unused;
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS_MAX];
    struct stat info;
    int wanted = argc > 2 ? atoi(argv[2]) : 1;
    if (argc < 2 || wanted < 1 || wanted > THREADS_MAX)
        return 2;
    fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) < 0)
        return 2;
    size = (uint64_t)info.st_size;
    for (int i = 1; i < wanted; i++)
        if (pthread_create(&threads[i], NULL, count, NULL))
            return 2;
    count(NULL);
    for (int i = 1; i < wanted; i++)
        pthread_join(threads[i], NULL);
    printf("lines %llu\n", (unsigned long long)lines);
    return 0;
}
