/* analyzer/quotes.c: see quotes.h. The same three times: with AVX-512, which turns a block's bits
 * into places by one instruction, with AVX2, and byte by byte. */
#include "src/analyzer/quotes.h"

#include <stddef.h>

static inline void close_list(struct spanlog_quotes *quotes, size_t count, size_t stop) {
    quotes->count = (uint32_t)count;
    quotes->stop = (uint32_t)stop;
    for (size_t i = count; i < count + 4; i++)
        quotes->at[i] = (uint16_t)stop;
}

static void find_plainly(struct spanlog_quotes *quotes, const char *line) {
    size_t at = 0, count = 0;
    for (; at < SPANLOG_QUOTES_MOST; at++) {
        unsigned char c = (unsigned char)line[at];
        if (c < 0x20 || c >= 0x80 || c == '\\')
            break;
        if (c == '"')
            quotes->at[count++] = (uint16_t)at;
    }
    close_list(quotes, count, at);
}

#if defined(__x86_64__) && !defined(SPANLOG_PORTABLE)
#include <immintrin.h>

#define BLOCK 64

/* Sixteen at a time whatever their number: most blocks have fewer, and a loop that ends somewhere
 * else each time costs more than stores nobody reads. */
__attribute__((target("avx2,bmi,popcnt"))) static inline size_t
put_places(uint16_t *out, uint64_t bits, size_t base) {
    size_t count = (size_t)_mm_popcnt_u64(bits);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        out[i] = (uint16_t)(base + _tzcnt_u64(bits));
        bits = _blsr_u64(bits);
    }
    for (out += 16; bits; bits = _blsr_u64(bits))
        *out++ = (uint16_t)(base + _tzcnt_u64(bits));
    return count;
}

__attribute__((target("avx2,bmi,popcnt"))) static void find_avx2(struct spanlog_quotes *quotes,
                                                                 const char *line) {
    const __m256i quote = _mm256_set1_epi8('"'), backslash = _mm256_set1_epi8('\\'),
                  space = _mm256_set1_epi8(' ');
    size_t base = 0, count = 0;
    uint64_t odd = 0;
    for (; base < SPANLOG_QUOTES_MOST && !odd; base += BLOCK) {
        uint64_t found = 0;
#pragma GCC unroll 2
        for (int i = 0; i < BLOCK; i += 32) {
            __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(line + base + i));
            /* Signed: bytes from 0x80 up are below the space, too. */
            __m256i is_odd = _mm256_or_si256(_mm256_cmpgt_epi8(space, bytes),
                                             _mm256_cmpeq_epi8(bytes, backslash));
            found |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, quote)) << i;
            odd |= (uint64_t)(uint32_t)_mm256_movemask_epi8(is_odd) << i;
        }
        found &= _blsmsk_u64(odd);
        count += put_places(quotes->at + count, found, base);
    }
    close_list(quotes, count, odd ? base - BLOCK + _tzcnt_u64(odd) : base);
}

#define AVX512 "avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi,popcnt"

__attribute__((target(AVX512))) static void find_avx512(struct spanlog_quotes *quotes,
                                                        const char *line) {
    static const unsigned char places[BLOCK] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const __m512i quote = _mm512_set1_epi8('"'), backslash = _mm512_set1_epi8('\\'),
                  space = _mm512_set1_epi8(' '), numbers = _mm512_loadu_si512(places);
    size_t base = 0, count = 0;
    uint64_t odd = 0;
    for (; base < SPANLOG_QUOTES_MOST && !odd; base += BLOCK) {
        __m512i bytes = _mm512_loadu_si512(line + base);
        odd = _mm512_cmplt_epi8_mask(bytes, space) | _mm512_cmpeq_epi8_mask(bytes, backslash);
        uint64_t found = _mm512_cmpeq_epi8_mask(bytes, quote) & _blsmsk_u64(odd);
        __m512i packed = _mm512_maskz_compress_epi8(found, numbers);
        __m512i first = _mm512_set1_epi16((short)base);
        _mm512_storeu_si512(
            quotes->at + count,
            _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_castsi512_si256(packed)), first));
        unsigned more = (unsigned)_mm_popcnt_u64(found);
        if (more > BLOCK / 2)
            _mm512_storeu_si512(
                quotes->at + count + BLOCK / 2,
                _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(packed, 1)),
                                 first));
        count += more;
    }
    close_list(quotes, count, odd ? base - BLOCK + _tzcnt_u64(odd) : base);
}

spanlog_quotes_find_fn *spanlog_quotes_finder(unsigned which) {
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2") && which-- == 0)
        return find_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("popcnt") && which-- == 0)
        return find_avx2;
    return which == 0 ? find_plainly : NULL;
}
#else
spanlog_quotes_find_fn *spanlog_quotes_finder(unsigned which) {
    return which == 0 ? find_plainly : NULL;
}
#endif
