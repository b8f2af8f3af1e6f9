/* formatters/hex.h: ids as hex without a call. Included by formatters/ only; others use number.h.
 *
 *     out = put_hex16(out, line->trace_id);
 */
#ifndef SPANLOG_FORMATTERS_HEX_H
#define SPANLOG_FORMATTERS_HEX_H

#include <stdint.h>

#if defined(__SSE2__) && !defined(SPANLOG_PORTABLE)
#include <emmintrin.h>
#endif

static inline char *put_hex1(char *out, uint8_t byte) {
    static const char digits[] = "0123456789abcdef";
    out[0] = digits[byte >> 4];
    out[1] = digits[byte & 15];
    return out + 2;
}

#if defined(__SSE2__) && !defined(SPANLOG_PORTABLE)
/* 16 nibbles to 16 digits: '0' + n, and 39 more from ten on. */
static inline __m128i hex_of_nibbles(__m128i nibbles) {
    __m128i letters = _mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9));
    return _mm_add_epi8(_mm_add_epi8(nibbles, _mm_set1_epi8('0')),
                        _mm_and_si128(letters, _mm_set1_epi8('a' - '0' - 10)));
}

static inline char *put_hex16(char *out, const uint8_t bytes[16]) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)bytes);
    __m128i low = _mm_and_si128(v, _mm_set1_epi8(15));
    __m128i high = _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(15));
    _mm_storeu_si128((__m128i *)(void *)out, hex_of_nibbles(_mm_unpacklo_epi8(high, low)));
    _mm_storeu_si128((__m128i *)(void *)(out + 16), hex_of_nibbles(_mm_unpackhi_epi8(high, low)));
    return out + 32;
}

static inline char *put_hex8(char *out, const uint8_t bytes[8]) {
    __m128i v = _mm_loadl_epi64((const __m128i *)(const void *)bytes);
    __m128i low = _mm_and_si128(v, _mm_set1_epi8(15));
    __m128i high = _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(15));
    _mm_storeu_si128((__m128i *)(void *)out, hex_of_nibbles(_mm_unpacklo_epi8(high, low)));
    return out + 16;
}
#else
static inline char *put_hex8(char *out, const uint8_t bytes[8]) {
    for (int i = 0; i < 8; i++)
        out = put_hex1(out, bytes[i]);
    return out;
}

static inline char *put_hex16(char *out, const uint8_t bytes[16]) {
    return put_hex8(put_hex8(out, bytes), bytes + 8);
}
#endif

#endif
