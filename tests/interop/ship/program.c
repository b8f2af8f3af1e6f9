/* tests/interop/ship/program.c: a program with network outputs, which does what stdin tells it:
 *
 *     OTEL_TRACES_EXPORTER=otlp program <<<'write 0 100'
 *
 *     write FROM TO      a span for each number, with a record in it; written out
 *     put FROM TO        the same, not waited for
 *     fork FROM TO       the same in a child, which ends
 *     shutdown MS        spanlog_shutdown
 *     aside MS           the same in another thread, for which nobody waits
 *     late FROM TO       the same, in a handler of exit that was registered before anything else
 *     kill               SIGKILL
 *     threads            how many this process has
 *
 * Each is answered by a line. The end of stdin is the end of main.
 */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <spanlog/spanlog.h>

static long late_from, late_to;

static void write_some(long from, long to) {
    for (long n = from; n < to; n++) {
        spanlog_scope(sp, "work", kv("n", n));
        spanlog_info("number", kv("n", n));
    }
}

static void at_end(void) {
    write_some(late_from, late_to);
}

static int run_child(long from, long to) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        write_some(from, to);
        exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

static void *shut_down(void *argument) {
    spanlog_shutdown(*(const int *)argument);
    return NULL;
}

static int shut_down_aside(int ms) {
    static int timeout;
    pthread_t thread;
    timeout = ms;
    int error = pthread_create(&thread, NULL, shut_down, &timeout);
    return error != 0 ? error : pthread_detach(thread);
}

static int count_threads(void) {
    int count = -2; /* "." and ".." */
    DIR *tasks = opendir("/proc/self/task");
    while (tasks != NULL && readdir(tasks) != NULL)
        count++;
    if (tasks != NULL)
        closedir(tasks);
    return count;
}

int main(void) {
    char line[200], word[20];
    atexit(at_end);
    while (fgets(line, sizeof line, stdin) != NULL) {
        long from = 0, to = 0, answer = 0;
        sscanf(line, "%19s %ld %ld", word, &from, &to);
        if (strcmp(word, "write") == 0) {
            write_some(from, to);
            answer = spanlog_flush(10000);
        } else if (strcmp(word, "put") == 0) {
            write_some(from, to);
        } else if (strcmp(word, "fork") == 0) {
            answer = run_child(from, to);
        } else if (strcmp(word, "shutdown") == 0) {
            answer = spanlog_shutdown((int)from);
        } else if (strcmp(word, "aside") == 0) {
            answer = shut_down_aside((int)from);
        } else if (strcmp(word, "late") == 0) {
            late_from = from;
            late_to = to;
        } else if (strcmp(word, "kill") == 0) {
            kill(getpid(), SIGKILL);
        } else if (strcmp(word, "threads") == 0) {
            answer = count_threads();
        }
        printf("%ld\n", answer);
        fflush(stdout);
    }
    return 0;
}
