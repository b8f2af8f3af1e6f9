/* ship/fingerprint.h: by what a file is known again: a hash of its first bytes.
 *
 *     struct spanlog_ship_print print = {0};
 *     spanlog_ship_print_extend(&print, fd, size);     as the file grows, up to 1 KiB
 *     if (!spanlog_ship_print_holds(&print, fd)) ...   another file, or one that was cut
 *
 * Inodes are used again and files are copied and cut; what a log begins with (a time, a process)
 * stays. The hash is FNV-1a, written to state files: it must never change.
 */
#ifndef SPANLOG_SHIP_FINGERPRINT_H
#define SPANLOG_SHIP_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#define SPANLOG_SHIP_PRINT_SIZE 1024
#define SPANLOG_SHIP_PRINT_SURE 256 /* fewer bytes do not tell one file from another */

struct spanlog_ship_print {
    uint64_t hash;
    uint32_t size; /* of what was hashed */
};

static inline uint64_t spanlog_ship_hash(const char *data, size_t size) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)data[i]) * 0x100000001b3u;
    return hash;
}

/* Of the first `size` bytes; false when there are fewer, or none. */
static inline bool spanlog_ship_print_take(int fd, uint32_t size, struct spanlog_ship_print *ret) {
    char head[SPANLOG_SHIP_PRINT_SIZE];
    if (size > sizeof head)
        size = sizeof head;
    if (size == 0 || pread(fd, head, size, 0) != (ssize_t)size)
        return false;
    *ret = (struct spanlog_ship_print){spanlog_ship_hash(head, size), size};
    return true;
}

static inline bool spanlog_ship_print_holds(const struct spanlog_ship_print *print, int fd) {
    struct spanlog_ship_print now;
    return print->size == 0 ||
           (spanlog_ship_print_take(fd, print->size, &now) && now.hash == print->hash);
}

static inline void spanlog_ship_print_extend(struct spanlog_ship_print *print, int fd,
                                             uint64_t size) {
    if (print->size < SPANLOG_SHIP_PRINT_SIZE && size > print->size)
        spanlog_ship_print_take(
            fd, size < SPANLOG_SHIP_PRINT_SIZE ? (uint32_t)size : SPANLOG_SHIP_PRINT_SIZE, print);
}

#endif
