/* cli/values.h: what the values of options mean.
 *
 *     uint64_t jobs, since_ns;
 *     if (!spanlog_value_count("4", 256, &jobs)) ...
 *     if (!spanlog_value_time("10m", &since_ns)) ...      ten minutes ago
 */
#ifndef SPANLOG_CLI_VALUES_H
#define SPANLOG_CLI_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* A whole number of at most `most`. */
bool spanlog_value_count(const char *text, uint64_t most, uint64_t *ret);
/* RFC 3339, a date, or a duration before now. */
bool spanlog_value_time(const char *text, uint64_t *ret_ns);
/* A text, or, of "@FILE", the first line of that file, so that a secret is in no list of processes.
 * It lives as long as the process. NULL: the file cannot be read, or it is one too many. */
const char *spanlog_value_secret(const char *text);

#endif
