/* analyzer/search.c: finds an id's digits in a chunk at memory speed; see trace.h. */
#include "src/analyzer/trace.h"

static bool equal_folded(const char *p, const char *needle, size_t size) {
    for (size_t i = 0; i < size; i++)
        if ((p[i] | 0x20) != (needle[i] | 0x20))
            return false;
    return true;
}

#ifdef SPANLOG_JSON_SSE2
/* First and last byte of the needle, 16 places at a time. Reads up to 16 bytes behind `end`. */
const char *spanlog_search(const char *p, const char *end, const char *needle, size_t needle_size) {
    if (needle_size == 0 || (size_t)(end - p) < needle_size)
        return NULL;
    const __m128i fold = _mm_set1_epi8(0x20);
    const __m128i first = _mm_set1_epi8((char)(needle[0] | 0x20));
    const __m128i last = _mm_set1_epi8((char)(needle[needle_size - 1] | 0x20));
    const char *stop = end - needle_size + 1;
    for (; p < stop; p += 16) {
        __m128i head = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i tail = _mm_loadu_si128((const __m128i *)(const void *)(p + needle_size - 1));
        __m128i both = _mm_and_si128(_mm_cmpeq_epi8(_mm_or_si128(head, fold), first),
                                     _mm_cmpeq_epi8(_mm_or_si128(tail, fold), last));
        for (unsigned mask = (unsigned)_mm_movemask_epi8(both); mask; mask &= mask - 1) {
            const char *at = p + __builtin_ctz(mask);
            if (at < stop && equal_folded(at, needle, needle_size))
                return at;
        }
    }
    return NULL;
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
