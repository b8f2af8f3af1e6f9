/* formatters/errno_names.h: errno's names and texts, from Linux's list and not from libc's
 * (strerror takes locks, allocates and translates).
 *
 *     const struct spanlog_errno_name *e = spanlog_errno_name(2);    e->name "ENOENT"
 */
#ifndef SPANLOG_FORMATTERS_ERRNO_NAMES_H
#define SPANLOG_FORMATTERS_ERRNO_NAMES_H

#include <stdint.h>

struct spanlog_errno_name {
    const char *name;
    const char *text;
};

/* NULL when Linux has no such error. */
const struct spanlog_errno_name *spanlog_errno_name(int64_t number);

/* "ENOENT: No such file or directory", "4711: Unknown error"; at most SPANLOG_ERRNO_MAX bytes. */
#define SPANLOG_ERRNO_MAX 80
char *spanlog_put_errno(char *out, int64_t number);

#endif
