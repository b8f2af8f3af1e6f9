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

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>

/* coming: bytes that are about to be written. An empty file is left alone. */
bool rotate_is_due(const struct rotation *rotation, const struct stat *status, uint64_t coming,
                   int64_t now_s);
/* The files that rotation has made of one, compressed or not. */
struct old_file {
    char name[256];
    uint64_t size;
};

struct old_files {
    struct old_file *list; /* the newest first; free it */
    size_t count, room;
};

/* The folder of the file, and in *ret_base its name there. NULL: errno says why. */
DIR *rotate_open_folder(const char *path, const char **ret_base);
/* False: no memory; then not all are in the list. */
bool rotate_list(DIR *entries, const char *base, struct old_files *ret_files);
/* Whether this is what rotation puts behind the name: a stamp, and what a compressor may have put
 * behind that. */
bool rotate_is_stamp(const char *text);
#define ROTATE_STAMP_SIZE 23 /* ".20261121T103045.123456" */

/* 0 or -errno; then nothing has changed. What cannot be removed stays. */
int rotate(const char *path, const struct rotation *rotation);

#endif
