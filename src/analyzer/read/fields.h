/* analyzer/read/fields.h: what the text of a field means: ids, times, durations, levels, kinds.
 *
 *     struct spanlog_id id;  spanlog_id_read(text, 16, &id);       hex, or opaque text
 *     uint64_t ns;           spanlog_time_read(text, &ns);          RFC 3339
 *     unsigned field = spanlog_field_find(&keys, "trace_id", 8);     by a dialect's table
 *
 * Pure functions. Texts are followed by SPANLOG_JSON_PADDING readable bytes, as in json.h.
 */
#ifndef SPANLOG_ANALYZER_READ_FIELDS_H
#define SPANLOG_ANALYZER_READ_FIELDS_H

#include "formatters/dialect.h"
#include "src/analyzer/read/json.h"

/* Sixteen hex digits of either case at p; false when one of them is none. */
static inline bool spanlog_hex16(const char *p, uint64_t *ret) {
#ifdef SPANLOG_JSON_SSE2
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i digit = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    __m128i letter = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
    __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
    if (_mm_movemask_epi8(_mm_or_si128(is_digit, is_letter)) != 0xffff)
        return false;
    __m128i value =
        _mm_or_si128(_mm_and_si128(is_digit, digit),
                     _mm_andnot_si128(is_digit, _mm_add_epi8(letter, _mm_set1_epi8(10))));
    /* In each 16-bit lane the low byte is the high nibble. */
    __m128i joined = _mm_and_si128(_mm_or_si128(_mm_slli_epi16(value, 4), _mm_srli_epi16(value, 8)),
                                   _mm_set1_epi16(0xff));
    uint64_t packed = (uint64_t)_mm_cvtsi128_si64(_mm_packus_epi16(joined, joined));
    *ret = __builtin_bswap64(packed);
    return true;
#else
    uint64_t id = 0;
    for (int i = 0; i < 16; i++) {
        unsigned c = (unsigned char)p[i], digit = c - '0', letter = (c | 0x20) - 'a';
        if (digit > 9 && letter > 5)
            return false;
        id = id << 4 | (digit <= 9 ? digit : letter + 10);
    }
    *ret = id;
    return true;
#endif
}

/* Eight characters, the first in the lowest byte. */
static inline uint64_t spanlog_load_digits(const char *p) {
    uint64_t word;
    memcpy(&word, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Their value as a number; *bad is set when one is no digit. */
static inline unsigned spanlog_eight_digits(uint64_t word, unsigned *bad) {
    *bad |= ((word & 0xf0f0f0f0f0f0f0f0u) != 0x3030303030303030u) |
            (((word + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) != 0x3030303030303030u);
    word -= 0x3030303030303030u;
    word = word * 10 + (word >> 8);
    return (unsigned)((((word & 0x000000ff000000ffu) * 0x000f424000000064u) +
                       ((word >> 16 & 0x000000ff000000ffu) * 0x0000271000000001u)) >>
                      32);
}

/* An id as the analyzer compares it. */
struct spanlog_id {
    uint64_t high; /* 0 for 64-bit ids */
    uint64_t low;
    bool opaque; /* high and low are a hash of text that is not hex */
};

/* Reads up to `digits` hex digits (32 for traces, 16 for spans); a span id of 128 bits keeps its
 * low half. UUID dashes and 0x are allowed. Empty, "0" and zeros give false: there is no id. */
bool spanlog_id_read(struct spanlog_text text, unsigned digits, struct spanlog_id *ret);

/* RFC 3339 with any offset and up to nine digits; false when it is something else. */
bool spanlog_time_read(struct spanlog_text text, uint64_t *ret_ns);
/* A JSON number of milliseconds as nanoseconds, exact where it has at most six decimals, never
 * below 0. */
uint64_t spanlog_milliseconds_read(const char *begin, const char *end);
/* "100ms", "1.5s", "10m", "2h", "7d", "250us", "3ns". */
bool spanlog_duration_read(const char *text, uint64_t *ret_ns);

/* OpenTelemetry's number, 0 when unknown; names of either case and their usual variants. */
uint8_t spanlog_level_read(struct spanlog_text text);
const char *spanlog_level_word(uint8_t level);
/* enum spanlog_kind's numbers. */
uint8_t spanlog_kind_read(struct spanlog_text text);
const char *spanlog_kind_word(uint8_t kind); /* "" for internal */
bool spanlog_is_error_code(int32_t code, int32_t error_status_min);

/* ---- keys --------------------------------------------------------------------------------- */

/* A dialect's keys by a hash without collisions. */
struct spanlog_field_key {
    uint64_t head, tail; /* the first 16 bytes, zeros behind the key */
    struct spanlog_text text;
};

struct spanlog_field_table {
    uint64_t factor;
    uint8_t slots[256]; /* the field; SPANLOG_FIELD_COUNT: none */
    struct spanlog_field_key keys[SPANLOG_FIELD_COUNT + 1];
};

void spanlog_field_table_build(struct spanlog_field_table *table,
                               const char *const names[SPANLOG_FIELD_COUNT]);
/* The canonical dialect's, built once. */
const struct spanlog_field_table *spanlog_field_table_canonical(void);

/* Up to 8 bytes at p, zeros for the rest; 8 are readable. In memory order, whatever the machine's.
 */
static inline uint64_t spanlog_field_bytes(const char *p, size_t size) {
    static const unsigned char ones[16] = {255, 255, 255, 255, 255, 255, 255, 255};
    uint64_t word, mask;
    size_t less = 8 - size; /* without a branch: huge, if size is above 8 */
    less &= (size_t)0 - (less <= 8);
    memcpy(&word, p, 8);
    memcpy(&mask, ones + less, 8);
    return word & mask;
}

static inline uint8_t spanlog_field_slot(uint64_t factor, uint64_t head, size_t size) {
    return (uint8_t)(((head ^ size) * factor) >> 56);
}

unsigned spanlog_field_find_long(const struct spanlog_field_table *table, const char *key,
                                 size_t size);

/* SPANLOG_FIELD_COUNT: not one of its fields. Keys come in any order: so there is no loop, and no
 * branch that could be guessed wrong. 16 bytes are readable at the key. */
static inline unsigned spanlog_field_find(const struct spanlog_field_table *table, const char *key,
                                          size_t size) {
    static const unsigned char ones[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                           255, 255, 255, 255, 255, 255, 255, 255};
    if (size > 16)
        return spanlog_field_find_long(table, key, size);
    uint64_t bytes[2], mask[2];
    memcpy(bytes, key, 16);
    memcpy(mask, ones + 16 - size, 16);
    bytes[0] &= mask[0];
    bytes[1] &= mask[1];
    unsigned field = table->slots[spanlog_field_slot(table->factor, bytes[0], size)];
    const struct spanlog_field_key *known = &table->keys[field];
    uint64_t differs =
        (bytes[0] ^ known->head) | (bytes[1] ^ known->tail) | (size ^ known->text.size);
    unsigned none = (unsigned)-(int)(differs != 0);
    return field ^ ((field ^ SPANLOG_FIELD_COUNT) & none);
}

#endif
