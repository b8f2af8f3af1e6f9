/* analyzer/hash.h: 64-bit hashes of bytes, to find equal lines and equal texts.
 *
 *     uint64_t digest = spanlog_hash(line, size);
 *
 * Multiply-and-fold over 16 bytes a step, two lanes. Not for secrets, not stable between versions:
 * never written to a file.
 */
#ifndef SPANLOG_ANALYZER_HASH_H
#define SPANLOG_ANALYZER_HASH_H

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

static inline uint64_t spanlog_hash(const char *p, size_t size) {
    const uint64_t k0 = 0xa0761d6478bd642fu, k1 = 0xe7037ed1a0b428dbu, k2 = 0x8ebc6af09c88c6e3u;
    uint64_t seed = k0 ^ size, other = k2 ^ size;
    if (size < 8)
        return spanlog_hash_fold(spanlog_hash_short(p, size) ^ k1, seed);
    const char *end = p + size;
    while (end - p > 32) {
        seed = spanlog_hash_fold(spanlog_hash_load(p) ^ k1, spanlog_hash_load(p + 8) ^ seed);
        other = spanlog_hash_fold(spanlog_hash_load(p + 16) ^ k2, spanlog_hash_load(p + 24) ^ other);
        p += 32;
    }
    while (end - p > 16) {
        seed = spanlog_hash_fold(spanlog_hash_load(p) ^ k1, spanlog_hash_load(p + 8) ^ seed);
        p += 16;
    }
    /* The last 16 bytes, or all of 8 to 16, read twice where they overlap. */
    uint64_t last = spanlog_hash_load(end - 8), before = size >= 16 ? spanlog_hash_load(end - 16)
                                                                    : spanlog_hash_load(p);
    return spanlog_hash_fold(before ^ k1 ^ other, last ^ seed);
}

#endif
