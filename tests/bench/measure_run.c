/* tests/bench/measure_run.c: runs a command and writes what it took to file descriptor 3.
 *
 *     measure_run spanlog traces shop.jsonl 3> figures     lines: seconds, cpu_s, memory_mb
 *
 * A process's most memory includes what it had before exec, a copy of its parent's: so that must be
 * something small, which Python is not.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    struct rusage usage;
    int status;
    if (argc < 2)
        return 2;
    double start = now();
    pid_t child = fork();
    if (child == 0) {
        close(3);
        execvp(argv[1], argv + 1);
        fprintf(stderr, "measure_run: %s: %s\n", argv[1], strerror(errno));
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) < 0)
        return 2;
    dprintf(3, "seconds %.6f\ncpu_s %.6f\nmemory_mb %.3f\n", now() - start,
            seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
            (double)usage.ru_maxrss / 1024);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
