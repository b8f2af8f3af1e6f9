/* front/encode.h: fields from a call's slots into a record's bytes (core/record.h).
 *
 * Fast: one pass, texts copied while their end is looked for, for records that fit a bound known
 * beforehand. Exact: measures first, cuts what is too long; for everything else.
 */
#ifndef SPANLOG_FRONT_ENCODE_H
#define SPANLOG_FRONT_ENCODE_H

#include "src/core/record.h"
#include "src/front/words.h"

#include <spanlog/macros.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ENCODE_PORTABLE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define ENCODE_PORTABLE 1
#endif
#endif
#if defined(__SSE2__) && !defined(SPANLOG_PORTABLE) && !defined(ENCODE_PORTABLE)
#include <emmintrin.h>
#define ENCODE_SSE2 1
#endif

/* The fields whose slot points to a spanlog__bytes: types 9 and 10. The others with texts have one
 * that ends with NUL. */
static inline uint64_t encode_bytes_bits(uint64_t types) {
    return RECORD_TEXT_BITS(types) & (types << 3 ^ types << 2);
}

/* Copies the text and returns the byte after it; NULL when it does not fit before end (which has 16
 * writable bytes behind it). The SSE2 form reads 16 bytes at a time, never across a page that the
 * text does not reach. */
static inline uint8_t *encode_text(uint8_t *to, const uint8_t *end, const char *from) {
#ifdef ENCODE_SSE2
    const __m128i zero = _mm_setzero_si128();
    while (to <= end) {
        if (SPANLOG__RARE(((uintptr_t)from & 4095u) > 4080u)) {
#pragma GCC unroll 1
            for (int i = 0; i < 16; i++) {
                if (from[i] == '\0')
                    return to + i;
                to[i] = (uint8_t)from[i];
            }
        } else {
            __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)from);
            _mm_storeu_si128((__m128i *)(void *)to, bytes);
            unsigned ends = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, zero));
            if (SPANLOG__LIKELY(ends != 0))
                return to + (unsigned)__builtin_ctz(ends);
        }
        to += 16;
        from += 16;
    }
    return NULL;
#else
    if (to > end)
        return NULL;
    size_t room = (size_t)(end - to), size = strnlen(from, room);
    if (size == room)
        return NULL;
    memcpy(to, from, size);
    return to + size;
#endif
}

/* One field whose text ends with NUL: its bytes go to `to`, its size to *slot. */
static inline uint8_t *encode_string(uint8_t *to, const uint8_t *end, uint64_t *slot,
                                     const char *text) {
    if (SPANLOG__RARE(text == NULL)) {
        *slot = TEXT_NULL;
        return to;
    }
    uint8_t *after = encode_text(to, end, text);
    *slot = (uint64_t)(after - to);
    return after;
}

static inline uint8_t *encode_bytes(uint8_t *to, const uint8_t *end, uint64_t *slot,
                                    const struct spanlog__bytes *bytes) {
    if (bytes->data == NULL) {
        *slot = TEXT_NULL;
        return to;
    }
    if (to > end || bytes->size > (size_t)(end - to))
        return NULL;
    memcpy(to, bytes->data, bytes->size);
    *slot = bytes->size;
    return to + bytes->size;
}

/* Fields at `to`; returns the byte after them, or NULL when the exact way is needed. `to` is
 * aligned to 8 and has room for all slots; texts stay before end, which has 16 writable bytes
 * behind it. bytes: encode_bytes_bits of the site; a constant 0 leaves out what calls others. */
static inline uint8_t *encode_fast(uint8_t *to, const uint8_t *end,
                                   const struct spanlog__site *site,
                                   const union spanlog__slot *slots, uint64_t bytes) {
    uint64_t *out = (uint64_t *)(void *)to;
    unsigned count = site->count;
    words_copy(to, slots, count);
    to += 8u * count;
    for (uint64_t texts = RECORD_TEXT_BITS(site->types); texts != 0; texts &= texts - 1) {
        unsigned i = (unsigned)__builtin_ctzll(texts) / 4;
        if (SPANLOG__RARE((bytes & texts & -texts) != 0))
            to = encode_bytes(to, end, &out[i], slots[i].p);
        else
            to = encode_string(to, end, &out[i], slots[i].p);
        if (SPANLOG__RARE(to == NULL))
            return NULL;
    }
    return to;
}

struct encode_plan {
    size_t size; /* of slots and texts, not aligned */
    struct {
        const char *data;
        uint32_t size;
        uint64_t slot;
    } texts[RECORD_MAX_FIELDS];
};

/* Sizes everything, cutting texts so that the whole stays within `most` bytes. */
void encode_measure(struct encode_plan *ret_plan, const struct spanlog__site *site,
                    const union spanlog__slot *slots, size_t most);
/* Writes what was measured. */
void encode_exact(uint8_t *to, const struct encode_plan *plan, const struct spanlog__site *site,
                  const union spanlog__slot *slots);

#endif
