/* ship/fingerprint.h: by what a file is known again: a hash of its first bytes.
 *
 *     struct spanlog_ship_print print = {0};
 *     char head[SPANLOG_SHIP_PRINT_SIZE];              what the file begins with, head_size bytes
 *     spanlog_ship_print_extend(&print, head, head_size);          as the file grows, up to 1 KiB
 *     if (!spanlog_ship_print_holds(&print, head, head_size)) ...  another file, or one that was
 * cut
 *
 * Inodes are used again and files are copied and cut; what a log begins with (a time, a process)
 * stays. The hash is FNV-1a, written to state files: it must never change.
 */
#ifndef SPANLOG_SHIP_FINGERPRINT_H
#define SPANLOG_SHIP_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Whether what begins so may be that of the print. */
static inline bool spanlog_ship_print_holds(const struct spanlog_ship_print *print,
                                            const char *head, size_t head_size) {
    return print->size <= head_size &&
           (print->size == 0 || spanlog_ship_hash(head, print->size) == print->hash);
}

static inline void spanlog_ship_print_extend(struct spanlog_ship_print *print, const char *head,
                                             size_t head_size) {
    if (head_size > print->size)
        *print =
            (struct spanlog_ship_print){spanlog_ship_hash(head, head_size), (uint32_t)head_size};
}

#endif
