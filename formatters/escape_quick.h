/* formatters/escape_quick.h: which bytes need no escape, and short texts without a call. Included
 * by formatters/ only.
 *
 *     if (copy_if_plain(out, text, size))      all plain: they are at out
 */
#ifndef SPANLOG_FORMATTERS_ESCAPE_QUICK_H
#define SPANLOG_FORMATTERS_ESCAPE_QUICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(SPANLOG_PORTABLE)
#include <emmintrin.h>
#define HAVE_SSE2 1
#else
#define HAVE_SSE2 0
#endif

static inline bool is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

#if HAVE_SSE2
/* One bit for each byte that is not plain. */
static inline unsigned special_mask(__m128i v) {
    /* Signed comparison: bytes from 0x80 on are below 0x20. */
    __m128i plain = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(0x1F)),
                                  _mm_cmplt_epi8(v, _mm_set1_epi8(0x7F)));
    __m128i quote =
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    return ~(unsigned)_mm_movemask_epi8(_mm_andnot_si128(quote, plain)) & 0xFFFF;
}

/* Copies 1..15 bytes by two overlapping halves and says how many of them were plain. 16 bytes of
 * room at out; nothing is read outside text[0..size). */
static inline size_t copy_plain_tail(char *out, const char *text, size_t size) {
    unsigned mask;
    size_t half;

    if (size >= 8) {
        __m128i low = _mm_loadl_epi64((const __m128i *)(const void *)text);
        __m128i high = _mm_loadl_epi64((const __m128i *)(const void *)(text + size - 8));
        mask = special_mask(_mm_unpacklo_epi64(low, high));
        _mm_storel_epi64((__m128i *)(void *)out, low);
        _mm_storel_epi64((__m128i *)(void *)(out + size - 8), high);
        half = 8;
    } else if (size >= 4) {
        uint32_t low, high;
        memcpy(&low, text, 4);
        memcpy(&high, text + size - 4, 4);
        mask = special_mask(_mm_cvtsi64_si128((int64_t)((uint64_t)high << 32 | low))) & 0xFF;
        memcpy(out, &low, 4);
        memcpy(out + size - 4, &high, 4);
        half = 4;
    } else {
        size_t n = 0;
        for (; n < size && is_plain((unsigned char)text[n]); n++)
            out[n] = text[n];
        return n;
    }
    if (mask == 0)
        return size;
    unsigned first = (unsigned)__builtin_ctz(mask);
    return first < half ? first : first - half + (size - half);
}

/* Copies a text of any size but 0 and says whether all of it was plain; 16 bytes of room more than
 * it takes. */
static inline bool copy_if_plain(char *out, const char *text, size_t size) {
    if (size < 16)
        return copy_plain_tail(out, text, size) == size;
    for (size_t at = 0; at + 16 < size; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        _mm_storeu_si128((__m128i *)(void *)(out + at), v);
        if (special_mask(v) != 0)
            return false;
    }
    __m128i last = _mm_loadu_si128((const __m128i *)(const void *)(text + size - 16));
    _mm_storeu_si128((__m128i *)(void *)(out + size - 16), last);
    return special_mask(last) == 0;
}
#else
static inline size_t copy_plain_tail(char *out, const char *text, size_t size) {
    size_t n = 0;
    for (; n < size && is_plain((unsigned char)text[n]); n++)
        out[n] = text[n];
    return n;
}

static inline bool copy_if_plain(char *out, const char *text, size_t size) {
    return copy_plain_tail(out, text, size) == size;
}
#endif

#endif
