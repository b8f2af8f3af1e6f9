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

#define UUID_SIZE 36u

/* Per character: its value; bit 6 for upper case, bit 7 for what is no digit. */
extern const uint8_t hex_values[256];
#define HEX_ANY_CASE 0x80u
#define HEX_LOWER_CASE 0xc0u

/* Reads 2 * count digits, which are there. False: another character among them. */
static inline bool hex_read(const char *text, uint8_t *to, size_t count, unsigned refused) {
    const uint8_t *from = (const uint8_t *)text;
    unsigned seen = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned high = hex_values[from[2 * i]], low = hex_values[from[2 * i + 1]];
        seen |= high | low;
        to[i] = (uint8_t)(high << 4 | (low & 15u));
    }
    return (seen & refused) == 0;
}

/* Writes 2 * count lower-case digits and returns the place after them. */
static inline char *hex_write(char *to, const uint8_t *bytes, size_t count) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15u];
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
