/* sinks/rotate.h: a file that has become too large or too old gets another name.
 *
 *     if (rotate_is_due(&rotation, &status, coming, now_s))      holding the file's lock
 *         error = rotate(path, &rotation);                        path is free then
 *
 * orders.jsonl becomes orders.jsonl.20261121T103045.123456 (UTC): one rename, which a kill leaves
 * done or not done, and a name that the file keeps for ever. Then the oldest of these go, as `keep`
 * and `total` say.
 */
#ifndef SPANLOG_SINKS_ROTATE_H
#define SPANLOG_SINKS_ROTATE_H

#include "src/config/rotation.h"

#include <stdbool.h>
#include <sys/stat.h>

/* coming: bytes that are about to be written. An empty file is left alone. */
bool rotate_is_due(const struct rotation *rotation, const struct stat *status, uint64_t coming,
                   int64_t now_s);
/* 0 or -errno; then nothing has changed. What cannot be removed stays. */
int rotate(const char *path, const struct rotation *rotation);

#endif
