/* analyzer/read/quotes.c: see quotes.h. The same three times: with AVX-512, which turns a block's
 * bits into places by one instruction, with AVX2, and byte by byte. */
#include "src/analyzer/read/quotes.h"

static inline void close_lists(struct spanlog_quotes *quotes, const char *text, size_t size,
                               size_t count, size_t stop_count) {
    quotes->from = text;
    quotes->size = (uint32_t)size;
    quotes->count = (uint32_t)count;
    quotes->stop_count = (uint32_t)stop_count;
    for (size_t i = count; i < count + 4; i++)
        quotes->at[i] = (uint16_t)size;
    quotes->stops[stop_count] = (struct spanlog_quotes_stop){(uint16_t)size, (uint16_t)count};
}

static void find_plainly(struct spanlog_quotes *quotes, const char *text, size_t size,
                         bool one_line) {
    size_t count = 0, stops = 0;
    for (size_t at = 0; at < size; at++) {
        unsigned char c = (unsigned char)text[at];
        if (c == '"')
            quotes->at[count++] = (uint16_t)at;
        if (c >= 0x20 && c < 0x80 && c != '\\')
            continue;
        quotes->stops[stops++] = (struct spanlog_quotes_stop){(uint16_t)at, (uint16_t)count};
        if (one_line && c == '\n')
            size = at + 1;
    }
    close_lists(quotes, text, size, count, stops);
}

#if defined(__x86_64__) && !defined(SPANLOG_PORTABLE)
#include <immintrin.h>

#define BLOCK 64

/* What a block of 64 bytes has, as bits. */
struct block {
    uint64_t quotes;
    uint64_t stops;
};

/* Cuts a block off behind the end of what is searched, or behind the newline that ends it. */
__attribute__((target("bmi,bmi2"))) static inline void cut(struct block *block, size_t base,
                                                           size_t *size, uint64_t newlines) {
    if (newlines && base + _tzcnt_u64(newlines) < *size)
        *size = base + _tzcnt_u64(newlines) + 1;
    if (*size - base < BLOCK) {
        block->quotes = _bzhi_u64(block->quotes, (unsigned)(*size - base));
        block->stops = _bzhi_u64(block->stops, (unsigned)(*size - base));
    }
}

/* `count` quotes came before the block. One stop or none is usual, and needs no branch. */
__attribute__((target("bmi,popcnt"))) static inline size_t
put_stops(struct spanlog_quotes_stop *out, const struct block *block, size_t base, size_t count) {
    uint64_t stops = block->stops;
    size_t put = 0;
    do {
        out[put].at = (uint16_t)(base + _tzcnt_u64(stops));
        out[put].quotes =
            (uint16_t)(count + (size_t)_mm_popcnt_u64(block->quotes & _blsmsk_u64(stops)));
        put += stops != 0;
        stops = _blsr_u64(stops);
    } while (stops);
    return put;
}

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

__attribute__((target("avx2,bmi,bmi2,popcnt"))) static void
find_avx2(struct spanlog_quotes *quotes, const char *text, size_t size, bool one_line) {
    const __m256i quote = _mm256_set1_epi8('"'), backslash = _mm256_set1_epi8('\\'),
                  space = _mm256_set1_epi8(' '), newline = _mm256_set1_epi8('\n');
    size_t count = 0, stops = 0;
    for (size_t base = 0; base < size; base += BLOCK) {
        struct block block = {0, 0};
        uint64_t newlines = 0;
#pragma GCC unroll 2
        for (int i = 0; i < BLOCK; i += 32) {
            __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(text + base + i));
            /* Signed: bytes from 0x80 up are below the space, too. */
            __m256i stop = _mm256_or_si256(_mm256_cmpgt_epi8(space, bytes),
                                           _mm256_cmpeq_epi8(bytes, backslash));
            __m256i is_quote = _mm256_cmpeq_epi8(bytes, quote);
            block.quotes |= (uint64_t)(uint32_t)_mm256_movemask_epi8(is_quote) << i;
            block.stops |= (uint64_t)(uint32_t)_mm256_movemask_epi8(stop) << i;
            if (one_line) {
                __m256i ends = _mm256_cmpeq_epi8(bytes, newline);
                newlines |= (uint64_t)(uint32_t)_mm256_movemask_epi8(ends) << i;
            }
        }
        cut(&block, base, &size, newlines);
        stops += put_stops(quotes->stops + stops, &block, base, count);
        count += put_places(quotes->at + count, block.quotes, base);
    }
    close_lists(quotes, text, size, count, stops);
}

#define AVX512 "avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt"

/* The places of a block's quotes behind those that are there; how many. */
__attribute__((target(AVX512))) static inline size_t put_places512(uint16_t *out, uint64_t bits,
                                                                   __m512i first) {
    static const unsigned char numbers[BLOCK] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    __m512i packed = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(numbers));
    __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(packed));
    size_t count = (size_t)_mm_popcnt_u64(bits);
    _mm512_storeu_si512(out, _mm512_add_epi16(low, first));
    if (__builtin_expect(count > BLOCK / 2, 0)) {
        __m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(packed, 1));
        _mm512_storeu_si512(out + BLOCK / 2, _mm512_add_epi16(high, first));
    }
    return count;
}

__attribute__((target(AVX512))) static void
find_avx512(struct spanlog_quotes *quotes, const char *text, size_t size, bool one_line) {
    const __m512i quote = _mm512_set1_epi8('"'), backslash = _mm512_set1_epi8('\\'),
                  space = _mm512_set1_epi8(' '), newline = _mm512_set1_epi8('\n');
    __m512i first = _mm512_setzero_si512();
    size_t count = 0, stops = 0;
    for (size_t base = 0; base < size; base += BLOCK) {
        __m512i bytes = _mm512_loadu_si512(text + base);
        struct block block = {_mm512_cmpeq_epi8_mask(bytes, quote),
                              _mm512_cmplt_epi8_mask(bytes, space) |
                                  _mm512_cmpeq_epi8_mask(bytes, backslash)};
        if (one_line || size - base < BLOCK)
            cut(&block, base, &size, one_line ? _mm512_cmpeq_epi8_mask(bytes, newline) : 0);
        stops += put_stops(quotes->stops + stops, &block, base, count);
        count += put_places512(quotes->at + count, block.quotes, first);
        first = _mm512_add_epi16(first, _mm512_set1_epi16(BLOCK));
    }
    close_lists(quotes, text, size, count, stops);
}

spanlog_quotes_find_fn *spanlog_quotes_finder(unsigned which) {
    bool bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                __builtin_cpu_supports("popcnt");
    if (bits && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2") &&
        which-- == 0)
        return find_avx512;
    if (bits && __builtin_cpu_supports("avx2") && which-- == 0)
        return find_avx2;
    return which == 0 ? find_plainly : NULL;
}
#else
spanlog_quotes_find_fn *spanlog_quotes_finder(unsigned which) {
    return which == 0 ? find_plainly : NULL;
}
#endif
