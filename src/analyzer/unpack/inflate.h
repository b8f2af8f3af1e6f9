/* analyzer/unpack/inflate.h: gzip and zstd, a piece at a time; nothing but decompression.
 *
 *     enum spanlog_inflate_kind kind = spanlog_inflate_kind_of(head, head_size);
 *     struct spanlog_inflate archive;
 *     int rc = spanlog_inflate_open(&archive, kind);
 *     rc = spanlog_inflate_run(&archive, &in, &in_size, out, room, &got);      again and again
 *     spanlog_inflate_input_ended(&archive);
 *     if (archive.problem[0]) ...       "gz: damaged at byte 4711, read up to there"
 *     spanlog_inflate_close(&archive);
 *
 * Members of a gzip file and frames of a zstd file follow one another. What a damaged or truncated
 * archive holds before the damage comes out. Memory: 32 KB for gzip, the window for zstd, at most
 * 128 MB; a bomb costs time only.
 */
#ifndef SPANLOG_ANALYZER_UNPACK_INFLATE_H
#define SPANLOG_ANALYZER_UNPACK_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum spanlog_inflate_kind {
    SPANLOG_INFLATE_NONE,
    SPANLOG_INFLATE_GZ,
    SPANLOG_INFLATE_ZST,
    SPANLOG_INFLATE_UNSURE, /* too few bytes to tell */
};

struct spanlog_inflate {
    enum spanlog_inflate_kind kind;
    void *state;
    uint64_t in_total;
    bool between; /* members or frames: the input may end here */
    bool is_first;
    bool has_ended; /* nothing more will come */
    bool is_full;   /* the last call filled its room: there may be more without input */
    bool is_damaged;
    char problem[96]; /* "", or what is to be said, also of what is no damage */
};

enum spanlog_inflate_kind spanlog_inflate_kind_of(const char *head, size_t size);
/* 0 or -ENOMEM. */
int spanlog_inflate_open(struct spanlog_inflate *archive, enum spanlog_inflate_kind kind);
/* Takes from *in what it needs for at most `room` bytes. 0 or -ENOMEM. */
int spanlog_inflate_run(struct spanlog_inflate *archive, const char **in, size_t *in_size,
                        char *out, size_t room, size_t *ret_size);
void spanlog_inflate_input_ended(struct spanlog_inflate *archive);
void spanlog_inflate_close(struct spanlog_inflate *archive);

#endif
