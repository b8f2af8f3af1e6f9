/* core/fnv.h: FNV-1a, to tell texts apart and to see damage. Not against people who mean harm.
 *
 *     uint64_t hash = fnv1a(FNV1A_START, text, strlen(text));
 *
 * Specification: draft-eastlake-fnv, 64 bits.
 */
#ifndef SPANLOG_CORE_FNV_H
#define SPANLOG_CORE_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV1A_START UINT64_C(14695981039346656037)

/* Goes on from the hash of what comes before. */
static inline uint64_t fnv1a(uint64_t hash, const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

#endif
