/* after: the import of before.c with spanlog.
 *
 *     printf 'ann,12\nbob,x\n' | example-after
 *
 * How to get there, in steps that each leave a working program:
 *
 * 1. The calls, by search and replace; the texts stay as they are. This alone gives levels, times,
 *    one JSON object a line, and no wait for the terminal or for syslogd:
 *
 *        syslog(LOG_WARNING, "line %d ...", line)    spanlog_warnf("line %d ...", line)
 *        fprintf(stderr, "ERROR %s\n", text)         spanlog_errorf("%s", text)
 *        printf("import started\n")                  spanlog_info("import started")
 *        openlog, setlogmask, closelog               gone: SPANLOG_OUTPUT, SPANLOG_LEVEL
 *
 *    Only the log moves. What a program prints as its result stays printf; then send the log
 *    elsewhere, with SPANLOG_OUTPUT=stderr or a file.
 *
 * 2. The values, where somebody will want to search or to count: out of the text, into fields.
 *    The text becomes constant, so that it can be searched too:
 *
 *        spanlog_warnf("line %d: bad amount \"%s\" ...", line, amount)
 *        spanlog_warn("bad amount", kv("line", line), kv("amount", amount), ...)
 *
 * 3. The spans, around what takes time or fails as one: spanlog_scope ends with its block. Every
 *    line inside, in functions below too, now carries its ids.
 *
 * What before.c printed as
 *
 *     import[7]: line 2: bad amount "x" for account bob
 *
 * is now (shortened)
 *
 *     {"ts":"...","level":"warn","msg":"bad amount","service":"import","trace_id":"...",
 *      "span_id":"...","src":"printf_to_spanlog/after.c:49","line":2,"amount":"x","account":"bob"}
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <spanlog/spanlog.h>

static long total;

static int book(const char *account, const char *amount, int line) {
    char *end;
    errno = 0;
    long value = strtol(amount, &end, 10);
    if (end == amount || *end != 0 || errno != 0) {
        spanlog_warn("bad amount", kv("line", line), kv("amount", amount), kv("account", account));
        return -EINVAL;
    }
    total += value;
    spanlog_debug("booked", kv("amount", value), kv("account", account));
    return 0;
}

static int import_line(char *text, int line) {
    text[strcspn(text, "\n")] = 0;
    char *comma = strchr(text, ',');
    if (comma == NULL) {
        spanlog_errorf("line %d has no comma: %s", line, text); /* step 1 only: good enough */
        return -EINVAL;
    }
    *comma = 0;
    return book(text, comma + 1, line);
}

int main(void) {
    char text[256];
    int lines = 0, bad = 0;
    spanlog_init(&(spanlog_config){.size = sizeof(spanlog_config), .service = "import"});
    spanlog_scope(span, "import");
    while (fgets(text, sizeof text, stdin) != NULL)
        if (import_line(text, ++lines) != 0)
            bad++;
    if (ferror(stdin)) {
        spanlog_error("cannot read the input", kv_errno());
        spanlog_fail(&span, "cannot read the input");
    }
    spanlog_set(&span, kv("lines", lines), kv("bad", bad), kv("total", total));
    return bad > 0 || ferror(stdin);
}
