/* analyzer/unpack/deflate.c: see deflate.h. */
#include "src/analyzer/unpack/deflate.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#define OUT_SIZE (256u << 10)
#define GZIP_WINDOW (15 + 16)

static int write_all(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t put = write(fd, data, size);
        if (put < 0 && errno != EINTR)
            return -errno;
        data += put > 0 ? put : 0;
        size -= put > 0 ? (size_t)put : 0;
    }
    return 0;
}

int spanlog_deflate_open(struct spanlog_deflate *to, int fd, enum spanlog_inflate_kind kind) {
    *to = (struct spanlog_deflate){.fd = fd, .kind = kind};
    if (kind == SPANLOG_INFLATE_NONE)
        return 0;
    to->out = malloc(OUT_SIZE);
    if (kind == SPANLOG_INFLATE_ZST) {
        to->state = ZSTD_createCStream();
    } else {
        z_stream *stream = calloc(1, sizeof *stream);
        to->state = stream;
        if (stream && deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
                                   Z_DEFAULT_STRATEGY) != Z_OK) {
            free(stream);
            to->state = NULL;
        }
    }
    return to->out && to->state ? 0 : -ENOMEM;
}

static int run_gz(struct spanlog_deflate *to, const char *data, size_t size, bool ends) {
    z_stream *stream = to->state;
    stream->next_in = (const Bytef *)data;
    stream->avail_in = (uInt)size;
    int got = Z_OK;
    do {
        stream->next_out = (Bytef *)to->out;
        stream->avail_out = OUT_SIZE;
        got = deflate(stream, ends ? Z_FINISH : Z_NO_FLUSH);
        int rc = write_all(to->fd, to->out, OUT_SIZE - stream->avail_out);
        if (rc < 0)
            return rc;
    } while (ends ? got != Z_STREAM_END : stream->avail_out == 0);
    return 0;
}

static int run_zst(struct spanlog_deflate *to, const char *data, size_t size, bool ends) {
    ZSTD_inBuffer in = {data, size, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {to->out, OUT_SIZE, 0};
        left = ZSTD_compressStream2(to->state, &out, &in, ends ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left))
            return -EIO;
        int rc = write_all(to->fd, to->out, out.pos);
        if (rc < 0)
            return rc;
    } while (ends ? left > 0 : in.pos < in.size);
    return 0;
}

static int run(struct spanlog_deflate *to, const char *data, size_t size, bool ends) {
    if (to->kind == SPANLOG_INFLATE_NONE)
        return write_all(to->fd, data, size);
    return to->kind == SPANLOG_INFLATE_ZST ? run_zst(to, data, size, ends)
                                           : run_gz(to, data, size, ends);
}

int spanlog_deflate_write(struct spanlog_deflate *to, const char *data, size_t size) {
    return size ? run(to, data, size, false) : 0;
}

int spanlog_deflate_close(struct spanlog_deflate *to) {
    int rc = to->state && to->out ? run(to, "", 0, true) : 0;
    if (to->kind == SPANLOG_INFLATE_ZST) {
        ZSTD_freeCStream(to->state);
    } else if (to->state) {
        deflateEnd(to->state);
        free(to->state);
    }
    free(to->out);
    *to = (struct spanlog_deflate){.fd = -1};
    return rc;
}
