/* sinks/compress.h: files that were rotated away are compressed, by a thread of the least priority
 * that nobody waits for.
 *
 *     compress_prepare(ROTATION_GZIP);                    at the start: loads libz.so.1, or says
 *                                                         that it is not there
 *     compress_start("/var/log/orders.jsonl", ROTATION_GZIP);   at the start, and when the file was
 *                                                         rotated; returns at once
 *
 * orders.jsonl.20261121T103045.123456 becomes orders.jsonl.20261121T103045.123456.gz. The newest of
 * them stays as it is until the next rotation: a follower that was ended for a moment finds it as
 * it left it. It may be killed at any moment: the compressed file is written under a name of its
 * own, beside the file; takes the file's place in one step; and then gets its ending. What was left
 * is finished by whoever comes next. Of several processes one does it: it holds the file's flock.
 *
 * One of a process's threads may call these at a time. docs/decisions/0017-compressing-thread.md
 */
#ifndef SPANLOG_SINKS_COMPRESS_H
#define SPANLOG_SINKS_COMPRESS_H

#include "src/config/rotation.h"

#include <stdbool.h>
#include <stddef.h>

/* What puts a file into a compressed form. */
struct codec {
    const char *library;
    const char *ending;
    const char *magic; /* what its files begin with: four bytes at most */
    bool (*bind)(void *library);
    /* From one descriptor to the other, to the end. 0 or -errno. */
    int (*copy)(int from, int to);
};
extern const struct codec codec_gzip, codec_zstd;

void compress_prepare(enum rotation_compress kind);
void compress_start(const char *path, enum rotation_compress kind);
/* Whether the thread is there: one more than the program's. */
bool compress_is_running(void);
/* In a forked child, which has no such thread. */
void compress_after_fork(void);

/* Compresses what there is to compress of the set of that file. 0 or -errno; what could not be done
 * stays plain. The thread's work, for itself. */
int compress_parts(const char *path, const struct codec *codec);

#endif
