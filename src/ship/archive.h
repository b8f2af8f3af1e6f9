/* ship/archive.h: a file of gzip or zstd, read as if it were what it holds.
 *
 *     rc = spanlog_ship_archive_look(&archive, fd, path);          NULL: it is plain
 *     ssize_t got = spanlog_ship_archive_read(archive, fd, to, size, offset);      as pread
 *     if (spanlog_ship_archive_has_ended(archive, fd, &problem)) ...
 *     spanlog_ship_archive_rest(archive);              gives its memory back until the next read
 *
 * Offsets are those of the plain file, so that a position in the one is a position in the other.
 * Reading forward unpacks each byte once; reading before what was read last begins anew. Memory:
 * what the inflater takes, and about what is asked for at once.
 */
#ifndef SPANLOG_SHIP_ARCHIVE_H
#define SPANLOG_SHIP_ARCHIVE_H

#include <sys/types.h>

#include "src/analyzer/unpack/inflate.h"
#include "src/ship/fingerprint.h"

struct spanlog_ship_archive {
    enum spanlog_inflate_kind kind;
    char head[SPANLOG_SHIP_PRINT_SIZE]; /* what it holds begins with */
    uint32_t head_size;
    uint64_t ended_size; /* of the file itself, when all that it holds had been read; 0: not yet */
    bool is_open;
    struct spanlog_inflate inflate;
    char *in; /* compressed bytes that were read, and not used */
    size_t in_begin, in_end;
    uint64_t in_at; /* where the next are */
    char *window;   /* what was unpacked last */
    uint64_t at;    /* where that begins */
    size_t size, room;
};

/* The size of what compressing adds to a name; 0: nothing. */
size_t spanlog_ship_archive_ending(const char *path);
/* Whether the open file is compressed, and what it begins with: *archive becomes one, or NULL, and
 * keeps its ended_size. 0, -ENOMEM, or -EAGAIN: it is only begun; its writer will close it. */
int spanlog_ship_archive_look(struct spanlog_ship_archive **archive, int fd, const char *path);
/* Bytes, fewer than asked for where there are no more at present, or -errno. */
ssize_t spanlog_ship_archive_read(struct spanlog_ship_archive *archive, int fd, char *to,
                                  size_t size, uint64_t offset);
/* After a read that gave less: whether this was the end. *ret_problem: NULL, or what is wrong. A
 * file that ends in the middle may be one that is still written. */
bool spanlog_ship_archive_has_ended(struct spanlog_ship_archive *archive, int fd,
                                    const char **ret_problem);
void spanlog_ship_archive_rest(struct spanlog_ship_archive *archive);
void spanlog_ship_archive_free(struct spanlog_ship_archive *archive);

#endif
