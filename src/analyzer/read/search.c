/* analyzer/read/search.c: see search.h. */
#include "src/analyzer/read/search.h"

#include <stdbool.h>

#include "src/analyzer/read/json.h"

static bool equal_folded(const char *p, const char *needle, size_t size) {
    for (size_t i = 0; i < size; i++)
        if ((p[i] | 0x20) != (needle[i] | 0x20))
            return false;
    return true;
}

#if defined(SPANLOG_JSON_SSE2) && defined(__x86_64__)
#include <immintrin.h>

/* Three bytes of the needle, `width` places at a time: first, middle and last. Hex digits are
 * frequent in logs: two alone would give too many places to look at. Reads up to `width` bytes
 * behind `end`. */
#define SEARCH(width, vector, load, set, or, and, equal, mask_of)                                  \
    const size_t half = needle_size / 2;                                                           \
    const vector fold = set(0x20), first = set((char)(needle[0] | 0x20)),                          \
                 middle = set((char)(needle[half] | 0x20)),                                        \
                 last = set((char)(needle[needle_size - 1] | 0x20));                               \
    const char *stop = end - needle_size + 1;                                                      \
    for (; p < stop; p += (width)) {                                                               \
        vector a = load((const void *)p), b = load((const void *)(p + half)),                      \
               c = load((const void *)(p + needle_size - 1));                                      \
        vector all = and(and(equal(or (a, fold), first), equal(or (b, fold), middle)),             \
                         equal(or (c, fold), last));                                               \
        for (unsigned mask = (unsigned)mask_of(all); mask; mask &= mask - 1) {                     \
            const char *at = p + __builtin_ctz(mask);                                              \
            if (at < stop && equal_folded(at, needle, needle_size))                                \
                return at;                                                                         \
        }                                                                                          \
    }                                                                                              \
    return NULL;

static const char *search_sse2(const char *p, const char *end, const char *needle,
                               size_t needle_size) {
    SEARCH(16, __m128i, _mm_loadu_si128, _mm_set1_epi8, _mm_or_si128, _mm_and_si128, _mm_cmpeq_epi8,
           _mm_movemask_epi8)
}

__attribute__((target("avx2"))) static const char *
search_avx2(const char *p, const char *end, const char *needle, size_t needle_size) {
    SEARCH(32, __m256i, _mm256_loadu_si256, _mm256_set1_epi8, _mm256_or_si256, _mm256_and_si256,
           _mm256_cmpeq_epi8, _mm256_movemask_epi8)
}

const char *spanlog_search(const char *p, const char *end, const char *needle, size_t needle_size) {
    if (needle_size == 0 || (size_t)(end - p) < needle_size)
        return NULL;
    return __builtin_cpu_supports("avx2") ? search_avx2(p, end, needle, needle_size)
                                          : search_sse2(p, end, needle, needle_size);
}
#else
const char *spanlog_search(const char *p, const char *end, const char *needle, size_t needle_size) {
    if (needle_size == 0 || (size_t)(end - p) < needle_size)
        return NULL;
    for (const char *stop = end - needle_size + 1; p < stop; p++)
        if ((p[0] | 0x20) == (needle[0] | 0x20) && equal_folded(p, needle, needle_size))
            return p;
    return NULL;
}
#endif
