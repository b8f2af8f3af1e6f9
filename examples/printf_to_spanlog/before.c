/* before: a nightly import as many are: progress with printf, trouble with syslog and fprintf.
 * after.c is the same program with spanlog, and its head says how to get there.
 *
 *     printf 'ann,12\nbob,x\n' | example-before
 *
 * Input: lines of "account,amount". Exit status 1 when a line was bad.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

static long total;

static int book(const char *account, const char *amount, int line) {
    char *end;
    errno = 0;
    long value = strtol(amount, &end, 10);
    if (end == amount || *end != 0 || errno != 0) {
        syslog(LOG_WARNING, "line %d: bad amount \"%s\" for account %s", line, amount, account);
        return -EINVAL;
    }
    total += value;
    syslog(LOG_DEBUG, "booked %ld for %s", value, account);
    return 0;
}

static int import_line(char *text, int line) {
    text[strcspn(text, "\n")] = 0;
    char *comma = strchr(text, ',');
    if (comma == NULL) {
        fprintf(stderr, "ERROR line %d has no comma: %s\n", line, text);
        return -EINVAL;
    }
    *comma = 0;
    return book(text, comma + 1, line);
}

int main(void) {
    char text[256];
    int lines = 0, bad = 0;
    openlog("import", LOG_PID | LOG_PERROR, LOG_USER);
    setlogmask(LOG_UPTO(LOG_INFO));
    printf("import started\n");
    while (fgets(text, sizeof text, stdin) != NULL)
        if (import_line(text, ++lines) != 0)
            bad++;
    if (ferror(stdin))
        syslog(LOG_ERR, "cannot read the input: %m");
    printf("import finished: %d lines, %d bad, total %ld\n", lines, bad, total);
    closelog();
    return bad > 0 || ferror(stdin);
}
