/* analyzer/unpack/inflate.c: see inflate.h. */
#include "src/analyzer/unpack/inflate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define MOST_AT_ONCE (1u << 30) /* zlib counts in unsigned int */

/* Skippable frames of zstd begin with any of 16 bytes. */
static bool may_be_zst(const unsigned char *head, size_t size) {
    static const unsigned char frame[4] = {0x28, 0xB5, 0x2F, 0xFD},
                               skippable[4] = {0x50, 0x2A, 0x4D, 0x18};
    size_t known = size < 4 ? size : 4;
    if (memcmp(head, frame, known) == 0)
        return true;
    return (head[0] & 0xF0) == skippable[0] && memcmp(head + 1, skippable + 1, known - 1) == 0;
}

enum spanlog_inflate_kind spanlog_inflate_kind_of(const char *head, size_t size) {
    static const unsigned char gzip[3] = {0x1F, 0x8B, 8};
    if (size == 0)
        return SPANLOG_INFLATE_UNSURE;
    if (memcmp(head, gzip, size < 3 ? size : 3) == 0)
        return size < 3 ? SPANLOG_INFLATE_UNSURE : SPANLOG_INFLATE_GZ;
    if (may_be_zst((const unsigned char *)head, size))
        return size < 4 ? SPANLOG_INFLATE_UNSURE : SPANLOG_INFLATE_ZST;
    return SPANLOG_INFLATE_NONE;
}

int spanlog_inflate_open(struct spanlog_inflate *archive, enum spanlog_inflate_kind kind) {
    *archive = (struct spanlog_inflate){.kind = kind, .between = true, .is_first = true};
    if (kind == SPANLOG_INFLATE_ZST) {
        archive->state = ZSTD_createDStream();
    } else {
        z_stream *zlib = calloc(1, sizeof *zlib);
        if (zlib && inflateInit2(zlib, 15 + 16) != Z_OK) {
            free(zlib);
            zlib = NULL;
        }
        archive->state = zlib;
    }
    return archive->state ? 0 : -ENOMEM;
}

static const char *name_of(const struct spanlog_inflate *archive) {
    return archive->kind == SPANLOG_INFLATE_GZ ? "gz" : "zst";
}

static void stop(struct spanlog_inflate *archive, const char *what) {
    snprintf(archive->problem, sizeof archive->problem,
             "%s: %s at byte %" PRIu64 ", read up to there", name_of(archive), what,
             archive->in_total);
    archive->is_damaged = true;
    archive->has_ended = true;
}

/* Tapes and block devices pad with zeros; anything else behind a member is worth a word. */
static void stop_at_garbage(struct spanlog_inflate *archive, const char *in, size_t size) {
    bool is_padding = true;
    for (size_t i = 0; i < size; i++)
        is_padding = is_padding && in[i] == 0;
    archive->has_ended = true;
    if (!is_padding)
        snprintf(archive->problem, sizeof archive->problem,
                 "%s: what follows byte %" PRIu64 " is no %s, left out", name_of(archive),
                 archive->in_total, name_of(archive));
}

/* ---- gzip --------------------------------------------------------------------------------- */

static int run_gz(struct spanlog_inflate *archive, const char **in, size_t *in_size, char *out,
                  size_t room, size_t *ret_size) {
    z_stream *zlib = archive->state;
    if (archive->between && !archive->is_first) {
        if ((unsigned char)**in != 0x1F) {
            stop_at_garbage(archive, *in, *in_size);
            return 0;
        }
        inflateReset(zlib);
    }
    size_t take = *in_size < MOST_AT_ONCE ? *in_size : MOST_AT_ONCE;
    size_t give = room < MOST_AT_ONCE ? room : MOST_AT_ONCE;
    zlib->next_in = (Bytef *)(uintptr_t)(const void *)*in;
    zlib->avail_in = (uInt)take;
    zlib->next_out = (Bytef *)out;
    zlib->avail_out = (uInt)give;
    archive->between = false;
    int rc = inflate(zlib, Z_NO_FLUSH);
    size_t used = take - zlib->avail_in;
    *in += used;
    *in_size -= used;
    archive->in_total += used;
    *ret_size = give - zlib->avail_out;
    archive->is_full = zlib->avail_out == 0;
    if (rc == Z_STREAM_END) {
        archive->between = true;
        archive->is_first = false;
        archive->is_full = false;
    } else if (rc == Z_MEM_ERROR) {
        return -ENOMEM;
    } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
        stop(archive, "damaged");
    }
    return 0;
}

/* ---- zstd --------------------------------------------------------------------------------- */

static void stop_zst(struct spanlog_inflate *archive, size_t code, const char *in, size_t size) {
    ZSTD_ErrorCode error = ZSTD_getErrorCode(code);
    if (error == ZSTD_error_prefix_unknown && !archive->is_first)
        stop_at_garbage(archive, in, size);
    else if (error == ZSTD_error_frameParameter_windowTooLarge)
        stop(archive, "needs a window of more than 128 MB");
    else
        stop(archive, "damaged");
}

static int run_zst(struct spanlog_inflate *archive, const char **in, size_t *in_size, char *out,
                   size_t room, size_t *ret_size) {
    ZSTD_inBuffer from = {*in, *in_size, 0};
    ZSTD_outBuffer to = {out, room, 0};
    archive->between = false;
    size_t rc = ZSTD_decompressStream(archive->state, &to, &from);
    *in += from.pos;
    *in_size -= from.pos;
    archive->in_total += from.pos;
    *ret_size = to.pos;
    archive->is_full = to.pos == room;
    if (rc == 0) {
        archive->between = true;
        archive->is_first = false;
        archive->is_full = false;
    } else if (ZSTD_isError(rc)) {
        if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation)
            return -ENOMEM;
        stop_zst(archive, rc, *in, *in_size);
    }
    return 0;
}

int spanlog_inflate_run(struct spanlog_inflate *archive, const char **in, size_t *in_size,
                        char *out, size_t room, size_t *ret_size) {
    *ret_size = 0;
    if (archive->has_ended || (*in_size == 0 && !archive->is_full))
        return 0;
    return archive->kind == SPANLOG_INFLATE_GZ ? run_gz(archive, in, in_size, out, room, ret_size)
                                               : run_zst(archive, in, in_size, out, room, ret_size);
}

void spanlog_inflate_input_ended(struct spanlog_inflate *archive) {
    if (!archive->has_ended && !archive->between)
        stop(archive, "truncated");
    archive->has_ended = true;
}

void spanlog_inflate_close(struct spanlog_inflate *archive) {
    if (archive->kind == SPANLOG_INFLATE_ZST) {
        ZSTD_freeDStream(archive->state);
    } else if (archive->state) {
        inflateEnd(archive->state);
        free(archive->state);
    }
    archive->state = NULL;
}
