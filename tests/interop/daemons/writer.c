/* tests/interop/daemons/writer.c: logs for daemons that collect logs.
 *
 *     SPANLOG_OUTPUT=syslog: writer COUNT [large|narrow|wait]
 *
 * A span with COUNT numbered records in it, of which some have text that must be escaped; prints
 * the trace's id. large: one more record, larger than a datagram. narrow: one more of
 * these, while journald's socket has as small a buffer as may be; prints how many files in memory
 * were made for it. wait: the second half of the records when a line comes on stdin.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <spanlog/spanlog.h>

static void log_numbers(int from, int to) {
    for (int i = from; i < to; i++)
        spanlog_info("number", kv("n", i),
                     kv("text", i % 10 == 0 ? "a ]\\\"\n\033[31m b" : "plain"),
                     kv("http.route", "/orders/{id}"));
}

static void log_large(void) {
    static char text[15000], control[15000];
    memset(text, 'x', sizeof text - 1);
    memset(control, 1, sizeof control - 1); /* six bytes each, once escaped */
    spanlog_warn("large", kv("a", text), kv("b", control), kv("c", text));
}

static int memory_files; /* made by the back's thread, read when it has flushed */

/* In place of the C library's. */
__attribute__((visibility("default"))) int memfd_create(const char *name, unsigned flags) {
    __atomic_add_fetch(&memory_files, 1, __ATOMIC_RELAXED);
    return (int)syscall(SYS_memfd_create, name, flags);
}

/* Of each socket that is connected to journald; 0: none is. */
static int set_buffers(int size) {
    int found = 0;
    for (int fd = 0; fd < 1024; fd++) {
        struct sockaddr_un peer = {.sun_family = AF_UNSPEC};
        socklen_t room = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)(void *)&peer, &room) == 0 &&
            peer.sun_family == AF_UNIX && strstr(peer.sun_path, "/journal/") != NULL)
            found += setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0;
    }
    return found;
}

static int log_large_through_a_narrow_socket(void) {
    log_large();
    if (spanlog_flush(20000) != 0 || set_buffers(4096) != 1)
        return 1;
    printf("%d\n", memory_files);
    log_large();
    if (spanlog_flush(20000) != 0 || set_buffers(256 * 1024) != 1)
        return 1;
    printf("%d\n", memory_files);
    return 0;
}

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 1;
    const char *more = argc > 2 ? argv[2] : "";
    char id[33], line[16];
    spanlog_scope(sp, "checkout", kv("order.id", 7));
    spanlog_event(&sp, "retry", kv("attempt", 2));
    spanlog_trace_id(id);
    puts(id);
    log_numbers(0, count / 2);
    puts("half");
    fflush(stdout);
    if (strcmp(more, "large") == 0)
        log_large();
    if (strcmp(more, "narrow") == 0 && log_large_through_a_narrow_socket() != 0)
        return 1;
    if (strcmp(more, "wait") == 0 && fgets(line, sizeof line, stdin) == NULL)
        return 1;
    log_numbers(count / 2, count);
    spanlog_fail(&sp, "timeout");
    return 0;
}
