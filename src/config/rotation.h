/* config/rotation.h: when a `file:` output begins a new file, and which old ones stay.
 *
 *     file:/var/log/orders.jsonl?rotate=100M&every=1d&keep=10&total=2G&compress=zstd
 *
 *     struct rotation rotation;
 *     const char *wrong = rotation_parse("rotate=100M", 11, &rotation);    NULL: it is right
 */
#ifndef SPANLOG_CONFIG_ROTATION_H
#define SPANLOG_CONFIG_ROTATION_H

#include <stddef.h>
#include <stdint.h>

enum rotation_compress { ROTATION_PLAIN, ROTATION_GZIP, ROTATION_ZSTD };

struct rotation {
    uint64_t size;     /* the file grows no larger, but for a batch that is; 0: no bound */
    uint64_t total;    /* bytes of the old files together; 0: no bound */
    uint32_t every_s;  /* a new file at each full hour, day ... (UTC); 0: never */
    uint32_t keep;     /* old files; 0: all */
    uint32_t compress; /* the old ones: enum rotation_compress */
};

/* Returns NULL or what is wrong, for people. */
const char *rotation_parse(const char *text, size_t size, struct rotation *ret_rotation);
/* The inverse, with its '?'; "" without rotation. Never more than ROTATION_TEXT_SIZE bytes. */
void rotation_format(const struct rotation *rotation, char *ret_text);
#define ROTATION_TEXT_SIZE 128

#endif
