/* analyzer/rows/digest.c: see digest.h. With AES, four blocks of 16 bytes at a time, or as texts
 * are hashed. */
#include "src/analyzer/rows/digest.h"
#include "src/analyzer/base/hash.h"

#include <stdbool.h>

static uint64_t digest_plainly(const char *line, size_t size) {
    return spanlog_hash(line, size);
}

#if defined(__x86_64__) && !defined(SPANLOG_PORTABLE)
#include <cpuid.h>
#include <immintrin.h>

#define BLOCK 64
#define VAES "avx512f,avx512bw,avx512dq,vaes,aes"

/* Five more rounds, so that each bit of each block reaches each of the digest. */
__attribute__((target(VAES))) static inline uint64_t fold(__m512i a, __m512i b) {
    const __m128i key =
        _mm_set_epi64x((long long)0xa0761d6478bd642fu, (long long)0xe7037ed1a0b428dbu);
    __m512i all = _mm512_aesenc_epi128(a, b);
    __m128i low =
        _mm_aesenc_si128(_mm512_extracti64x2_epi64(all, 0), _mm512_extracti64x2_epi64(all, 1));
    __m128i high =
        _mm_aesenc_si128(_mm512_extracti64x2_epi64(all, 2), _mm512_extracti64x2_epi64(all, 3));
    __m128i one = _mm_aesenc_si128(low, high);
    one = _mm_aesenc_si128(_mm_aesenc_si128(_mm_aesenc_si128(one, key), key), key);
    return (uint64_t)_mm_extract_epi64(one, 0) ^ (uint64_t)_mm_extract_epi64(one, 1);
}

/* The last blocks lie over one another where the line is shorter than they are: so there are always
 * as many, and no branch for how many. */
__attribute__((target(VAES))) static uint64_t digest_vaes(const char *line, size_t size) {
    if (size < BLOCK)
        return digest_plainly(line, size);
    const char *p = line, *q = p, *last = line + size - BLOCK;
    __m512i a = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, (long long)size);
    __m512i b = _mm512_set_epi64(15, 14, 13, 12, 11, 10, 9, 8);
    while (true) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            q = p + BLOCK < last ? p + BLOCK : last;
            a = _mm512_aesenc_epi128(a, _mm512_loadu_si512(p));
            b = _mm512_aesenc_epi128(b, _mm512_loadu_si512(q));
            p = q + BLOCK < last ? q + BLOCK : last;
        }
        if (q == last)
            break;
    }
    return fold(a, b);
}

/* Not every compiler knows that name for __builtin_cpu_supports. */
static bool has_vaes(void) {
    unsigned a, b, c = 0, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & bit_VAES);
}

spanlog_digest_fn *spanlog_digest_finder(unsigned which) {
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && has_vaes() &&
        which-- == 0)
        return digest_vaes;
    return which == 0 ? digest_plainly : NULL;
}
#else
spanlog_digest_fn *spanlog_digest_finder(unsigned which) {
    return which == 0 ? digest_plainly : NULL;
}
#endif
