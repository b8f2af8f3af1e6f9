/* analyzer/base/hash.h: 64-bit hashes of bytes, to find equal lines and equal texts.
 *
 *     uint64_t digest = spanlog_hash(line, size);
 *
 * Four lanes of 8 bytes, folded at the end. Not for secrets, not stable between versions:
 * never written to a file.
 */
#ifndef SPANLOG_ANALYZER_BASE_HASH_H
#define SPANLOG_ANALYZER_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t spanlog_hash_fold(uint64_t a, uint64_t b) {
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t spanlog_hash_load(const char *p) {
    uint64_t word;
    memcpy(&word, p, 8);
    return word;
}

static inline uint64_t spanlog_hash_short(const char *p, size_t size) {
    uint64_t word = 0;
    if (size >= 4) {
        uint32_t head, tail;
        memcpy(&head, p, 4);
        memcpy(&tail, p + size - 4, 4);
        return (uint64_t)head << 32 | tail;
    }
    for (size_t i = 0; i < size; i++)
        word = word << 8 | (unsigned char)p[i];
    return word;
}

/* Each lane: a bijection of its state for every word, so one changed word always changes the end.
 */
#define SPANLOG_HASH_STEP(lane, p)                                                                 \
    do {                                                                                           \
        (lane) ^= spanlog_hash_load(p);                                                            \
        (lane) = ((lane) << 32 | (lane) >> 32) * 0x9e3779b97f4a7c15u;                              \
    } while (0)

static inline uint64_t spanlog_hash(const char *p, size_t size) {
    const uint64_t k0 = 0xa0761d6478bd642fu, k1 = 0xe7037ed1a0b428dbu, k2 = 0x8ebc6af09c88c6e3u;
    if (size < 8)
        return spanlog_hash_fold(spanlog_hash_short(p, size) ^ k1, k0 ^ size);
    uint64_t a = k0 ^ size, b = k1, c = k2, d = k0 + k1;
    const char *end = p + size;
    for (; end - p > 32; p += 32) {
        SPANLOG_HASH_STEP(a, p);
        SPANLOG_HASH_STEP(b, p + 8);
        SPANLOG_HASH_STEP(c, p + 16);
        SPANLOG_HASH_STEP(d, p + 24);
    }
    /* The last 1 to 32 bytes; of what came before, some are read once more. */
    if (size >= 32) {
        SPANLOG_HASH_STEP(a, end - 32);
        SPANLOG_HASH_STEP(b, end - 24);
        SPANLOG_HASH_STEP(c, end - 16);
    } else {
        if (size > 16) {
            SPANLOG_HASH_STEP(a, p);
            SPANLOG_HASH_STEP(b, p + 8);
        }
        SPANLOG_HASH_STEP(c, size >= 16 ? end - 16 : p);
    }
    SPANLOG_HASH_STEP(d, end - 8);
    return spanlog_hash_fold(a ^ k1, b ^ k2) ^ spanlog_hash_fold(c ^ k0, d ^ k1 ^ size);
}

#endif
