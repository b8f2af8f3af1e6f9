/* analyzer/unpack/deflate.h: a file written as it is, or compressed.
 *
 *     struct spanlog_deflate out;
 *     int rc = spanlog_deflate_open(&out, fd, SPANLOG_INFLATE_GZ);
 *     rc = spanlog_deflate_write(&out, data, size);
 *     rc = spanlog_deflate_close(&out);                 all is with the kernel; fd stays open
 */
#ifndef SPANLOG_ANALYZER_UNPACK_DEFLATE_H
#define SPANLOG_ANALYZER_UNPACK_DEFLATE_H

#include "src/analyzer/unpack/inflate.h"

struct spanlog_deflate {
    int fd;
    enum spanlog_inflate_kind kind;
    void *state;
    char *out;
};

/* Each 0 or -errno. After an error only close is to be called. */
int spanlog_deflate_open(struct spanlog_deflate *deflate, int fd, enum spanlog_inflate_kind kind);
int spanlog_deflate_write(struct spanlog_deflate *deflate, const char *data, size_t size);
int spanlog_deflate_close(struct spanlog_deflate *deflate);

#endif
