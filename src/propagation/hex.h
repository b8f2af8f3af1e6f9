/* propagation/hex.h: ids as hex and as UUIDs, in both directions. Pure.
 *
 *     uint8_t id[16];
 *     if (hex_read("0af7651916cd43dd8448eb211c80319c", id, 16, HEX_ANY_CASE)) ...
 *     *hex_write(text, id, 16) = '\0';
 */
#ifndef SPANLOG_PROPAGATION_HEX_H
#define SPANLOG_PROPAGATION_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define UUID_SIZE 36u

/* Per character: its value; bit 6 for upper case, bit 7 for what is no digit. */
extern const uint8_t hex_values[256];
#define HEX_ANY_CASE 0x80u
#define HEX_LOWER_CASE 0xc0u

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HEX_EACH(byte) (0x0101010101010101u * (byte))
/* Eight digits at once, a byte of the word each. A byte below 0x80 reaches 0x80 by adding 0x80 - x
 * when it is x or more. Returns what is wrong, as bits 7: 0 when all is well. */
static inline uint64_t hex_read_8(const char *text, uint8_t to[4], unsigned refused) {
    uint64_t as_is, bad;
    memcpy(&as_is, text, 8);
    bad = as_is | ~((as_is & HEX_EACH(0x7f)) + HEX_EACH(0x80 - '0'));
    uint64_t lower = (refused == HEX_ANY_CASE ? as_is | HEX_EACH(0x20) : as_is) & HEX_EACH(0x7f);
    uint64_t letter = lower + HEX_EACH(0x80 - 'a');
    bad |= (lower + HEX_EACH(0x80 - ('9' + 1))) & ~letter;
    bad |= lower + HEX_EACH(0x80 - ('f' + 1));
    uint64_t digits = (lower & HEX_EACH(0x0f)) + 9 * ((letter & HEX_EACH(0x80)) >> 7);
    digits = (digits << 4 | digits >> 8) & 0x00ff00ff00ff00ffu;
    digits = (digits | digits >> 8) & 0x0000ffff0000ffffu;
    uint32_t packed = (uint32_t)(digits | digits >> 16);
    memcpy(to, &packed, 4);
    return bad & HEX_EACH(0x80);
}

/* Eight digits from four bytes: each nibble in a byte of its own, then 39 more for letters. */
static inline void hex_write_8(char *to, const uint8_t bytes[4]) {
    uint32_t packed;
    memcpy(&packed, bytes, 4);
    uint64_t digits = (packed | (uint64_t)packed << 16) & 0x0000ffff0000ffffu;
    digits = (digits | digits << 8) & 0x00ff00ff00ff00ffu;
    digits = (digits >> 4 | digits << 8) & HEX_EACH(0x0f);
    uint64_t letters = (digits + HEX_EACH(6)) >> 4 & HEX_EACH(1);
    digits += HEX_EACH('0') + letters * ('a' - '0' - 10);
    memcpy(to, &digits, 8);
}
#endif

/* Reads 2 * count digits, which are there. False: another character among them. */
static inline bool hex_read(const char *text, uint8_t *to, size_t count, unsigned refused) {
    unsigned seen = 0;
#ifdef HEX_EACH
    uint64_t bad = 0;
    for (; count >= 4; count -= 4, text += 8, to += 4)
        bad |= hex_read_8(text, to, refused);
    seen = bad != 0 ? 0x80u : 0;
#endif
    for (; count > 0; count--, text += 2, to++) {
        unsigned high = hex_values[(uint8_t)text[0]], low = hex_values[(uint8_t)text[1]];
        seen |= high | low;
        *to = (uint8_t)(high << 4 | (low & 15u));
    }
    return (seen & refused) == 0;
}

/* Writes 2 * count lower-case digits and returns the place after them. */
static inline char *hex_write(char *to, const uint8_t *bytes, size_t count) {
    static const char digits[] = "0123456789abcdef";
#ifdef HEX_EACH
    for (; count >= 4; count -= 4, bytes += 4, to += 8)
        hex_write_8(to, bytes);
#endif
    for (; count > 0; count--, bytes++) {
        *to++ = digits[*bytes >> 4];
        *to++ = digits[*bytes & 15u];
    }
    return to;
}

/* Up to 2 * count digits of any case, padded with zeros on the left. False: none, too many, or
 * another character among them. */
bool hex_read_padded(const char *text, size_t size, uint8_t *to, size_t count);
/* 8-4-4-4-12 digits of any case, exactly. */
bool uuid_read(const char *text, size_t size, uint8_t to[16]);
/* Writes UUID_SIZE characters and returns the place after them. */
char *uuid_write(char *to, const uint8_t bytes[16]);

static inline bool id_is_zero(const uint8_t *bytes, size_t count) {
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++)
        any |= bytes[i];
    return any == 0;
}

/* The text without the white space around it: its size, and *text at its first character. */
size_t text_trim(const char **text);

#endif
