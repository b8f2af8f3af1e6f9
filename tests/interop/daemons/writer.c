/* tests/interop/daemons/writer.c: logs for daemons that collect logs.
 *
 *     SPANLOG_OUTPUT=syslog: writer COUNT [large|narrow|wait]
 *
 * A span with COUNT numbered records in it, of which some have text that must be escaped; prints
 * the trace's id. large: one more record, larger than a datagram. narrow: one more of
 * these, while journald's socket has as small a buffer as may be; prints how many files in memory
 * were made for it. wait: the second half of the records when a line comes on stdin.
 */
#include <linux/sockios.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

/* The socket that is connected to journald, or -1. */
static int find_socket(void) {
    for (int fd = 0; fd < 1024; fd++) {
        struct sockaddr_un peer = {.sun_family = AF_UNSPEC};
        socklen_t room = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)(void *)&peer, &room) == 0 &&
            peer.sun_family == AF_UNIX && strstr(peer.sun_path, "/journal/") != NULL)
            return fd;
    }
    return -1;
}

/* What journald has not taken yet stands in the buffer: a small one would be full. */
static bool wait_until_taken(int fd) {
    int left = -1;
    for (int i = 0; i < 10000 && ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0; i++)
        usleep(1000);
    return left == 0;
}

static bool set_buffer(int fd, int size) {
    return setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0;
}

static int log_large_through_a_narrow_socket(void) {
    log_large();
    if (spanlog_flush(20000) != 0)
        return 1;
    int fd = find_socket();
    if (!wait_until_taken(fd) || !set_buffer(fd, 4096))
        return 1;
    printf("%d\n", memory_files);
    log_large();
    if (spanlog_flush(20000) != 0 || !set_buffer(fd, 256 * 1024))
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
