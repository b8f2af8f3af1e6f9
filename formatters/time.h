/* formatters/time.h: RFC 3339 from and to nanoseconds since the epoch.
 *
 *     spanlog_put_rfc3339(out, 1795257045123456789);    2026-11-21T10:30:45.123456789Z
 *     spanlog_read_rfc3339("2026-11-21 11:30:45+01:00", 25, &ns);
 *
 * Its own calendar: gmtime takes a lock in some C libraries, and a child of fork may hang in it.
 */
#ifndef SPANLOG_FORMATTERS_TIME_H
#define SPANLOG_FORMATTERS_TIME_H

#include <stddef.h>
#include <stdint.h>

#define SPANLOG_RFC3339_SIZE 30

/* Writes exactly SPANLOG_RFC3339_SIZE bytes. uint64_t ends in the year 2554. */
char *spanlog_put_rfc3339(char *out, uint64_t ns);
/* The same with the text of the last second kept in the caller's memory, zeroed before its first
 * use: for writers whose times come in order. */
struct spanlog_second {
    uint64_t next; /* the second after the one in text; 0: none */
    char text[24]; /* 2026-11-21T10:30:45. */
};
char *spanlog_put_rfc3339_near(char *out, uint64_t ns, struct spanlog_second *last);
/* A further time of the same line, which mostly is of that second; what is kept stays. */
char *spanlog_put_rfc3339_beside(char *out, uint64_t ns, const struct spanlog_second *last);

/* "10:30:45.123": exactly 12 bytes, milliseconds cut, UTC. */
char *spanlog_put_time_of_day(char *out, uint64_t ns);

/* RFC 3339 with 'T', 't', '_' or a space, any number of decimals after '.' or ',', and 'Z', 'z' or
 * an offset. 0, -EINVAL, or -ERANGE when before 1970 or after 2554. A leap second is the next one.
 */
int spanlog_read_rfc3339(const char *text, size_t size, uint64_t *ret_ns);

/* Days since 1970-01-01 of a date of the Gregorian calendar; month 1..12, day 1..31. */
int64_t spanlog_days_of_date(int64_t year, unsigned month, unsigned day);

#endif
