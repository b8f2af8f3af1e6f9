/* tests/movingin/writer.c: a program that logs ten lines and then dies of SIGKILL inside a span
 * that belongs to the trace of its environment. With --live it says "ready" and reads stdin to its
 * end.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <spanlog/spanlog.h>

static const char *get(void *unused, const char *name) {
    (void)unused;
    return strcmp(name, "traceparent") == 0 ? getenv("TRACEPARENT") : NULL;
}

int main(int argc, char **argv) {
    spanlog_ctx parent;
    char byte[4096];
    spanlog_extract(get, NULL, &parent);
    spanlog_ctx_attach(parent);
    for (int i = 0; i < 10; i++)
        spanlog_info("before the end", kv("i", i));
    if (argc > 1 && strcmp(argv[1], "--live") == 0) {
        printf("ready\n");
        fflush(stdout);
        while (read(STDIN_FILENO, byte, sizeof byte) > 0) {
        }
        return 0;
    }
    spanlog_scope(span, "cut off");
    raise(SIGKILL);
    return 0;
}
