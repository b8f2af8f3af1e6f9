/* sinks/codec.c: gzip and zstd, from libraries that are loaded when they are asked for; see
 * compress.h. The functions used have had these types since zlib 1.2.0 and zstd 1.0.
 */
#include "src/sinks/compress.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* A program that is linked statically has none. */
#pragma weak dlsym

#define BLOCK_SIZE ((size_t)64 * 1024)

static bool find(void *library, const char *name, void *to) {
    void *found = dlsym(library, name);
    *(void **)to = found;
    return found != NULL;
}

/* Bytes, 0 at the end, or -errno. */
static ssize_t read_block(int fd, char *block) {
    ssize_t got;
    do
        got = read(fd, block, BLOCK_SIZE);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static int write_all(int fd, const char *data, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t put = write(fd, data + done, size - done);
        if (put < 0 && errno != EINTR)
            return -errno;
        done += put > 0 ? (size_t)put : 0;
    }
    return 0;
}

/* ---- gzip ---------------------------------------------------------------------------------- */

static struct {
    void *(*open)(int fd, const char *mode);
    int (*write)(void *file, const void *data, unsigned size);
    int (*close)(void *file);
} gz;

static bool bind_gzip(void *library) {
    return find(library, "gzdopen", &gz.open) && find(library, "gzwrite", &gz.write) &&
           find(library, "gzclose", &gz.close);
}

static int copy_gzip(int from, int to) {
    char *block = malloc(BLOCK_SIZE);
    int own = fcntl(to, F_DUPFD_CLOEXEC, 3); /* which gzclose closes */
    void *file = block != NULL && own >= 0 ? gz.open(own, "wb6") : NULL;
    ssize_t got = 0;
    int error = file != NULL ? 0 : -ENOMEM;
    while (error == 0 && (got = read_block(from, block)) > 0) {
        errno = 0;
        if (gz.write(file, block, (unsigned)got) != (int)got)
            error = errno != 0 ? -errno : -EIO;
    }
    error = got < 0 ? (int)got : error;
    if (file != NULL) {
        errno = 0;
        if (gz.close(file) != 0 && error == 0)
            error = errno != 0 ? -errno : -EIO;
    } else if (own >= 0) {
        close(own);
    }
    free(block);
    return error;
}

const struct codec codec_gzip = {"libz.so.1", ".gz", "\x1f\x8b", bind_gzip, copy_gzip};

/* ---- zstd ---------------------------------------------------------------------------------- */

struct zstd_in {
    const void *data;
    size_t size, at;
};

struct zstd_out {
    void *data;
    size_t size, at;
};

static struct {
    void *(*create)(void);
    size_t (*free)(void *stream);
    size_t (*init)(void *stream, int level);
    size_t (*compress)(void *stream, struct zstd_out *out, struct zstd_in *in);
    size_t (*end)(void *stream, struct zstd_out *out); /* returns what is left to be written */
    unsigned (*is_error)(size_t code);
} zstd;

static bool bind_zstd(void *library) {
    return find(library, "ZSTD_createCStream", &zstd.create) &&
           find(library, "ZSTD_freeCStream", &zstd.free) &&
           find(library, "ZSTD_initCStream", &zstd.init) &&
           find(library, "ZSTD_compressStream", &zstd.compress) &&
           find(library, "ZSTD_endStream", &zstd.end) &&
           find(library, "ZSTD_isError", &zstd.is_error);
}

/* in NULL: the end. */
static int put_zstd(void *stream, int to, char *block, struct zstd_in *in) {
    for (;;) {
        struct zstd_out out = {block, BLOCK_SIZE, 0};
        size_t left = in != NULL ? zstd.compress(stream, &out, in) : zstd.end(stream, &out);
        if (zstd.is_error(left))
            return -EIO;
        int error = write_all(to, block, out.at);
        if (error != 0 || (in != NULL ? in->at == in->size : left == 0))
            return error;
    }
}

static int copy_zstd(int from, int to) {
    char *blocks = malloc(2 * BLOCK_SIZE);
    void *stream = blocks != NULL ? zstd.create() : NULL;
    int error = stream != NULL && !zstd.is_error(zstd.init(stream, 3)) ? 0 : -ENOMEM;
    ssize_t got = 0;
    while (error == 0 && (got = read_block(from, blocks)) > 0) {
        struct zstd_in in = {blocks, (size_t)got, 0};
        error = put_zstd(stream, to, blocks + BLOCK_SIZE, &in);
    }
    error = got < 0 ? (int)got : error;
    if (error == 0)
        error = put_zstd(stream, to, blocks + BLOCK_SIZE, NULL);
    if (stream != NULL)
        zstd.free(stream);
    free(blocks);
    return error;
}

const struct codec codec_zstd = {"libzstd.so.1", ".zst", "\x28\xb5\x2f\xfd", bind_zstd, copy_zstd};
