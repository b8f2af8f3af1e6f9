/* tests/interop/daemons/writer.c: logs for daemons that collect logs.
 *
 *     SPANLOG_OUTPUT=syslog: writer COUNT [large|wait]
 *
 * A span with COUNT numbered records in it, of which some have text that must be escaped; prints
 * the trace's id. large: one more record, larger than a datagram. wait: the second half of the
 * records when a line comes on stdin.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    if (strcmp(more, "wait") == 0 && fgets(line, sizeof line, stdin) == NULL)
        return 1;
    log_numbers(count / 2, count);
    spanlog_fail(&sp, "timeout");
    return 0;
}
