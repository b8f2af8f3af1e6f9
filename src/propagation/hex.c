/* propagation/hex.c: see hex.h. */
#include "src/propagation/hex.h"

#include <string.h>

#define NONE_4 0x80, 0x80, 0x80, 0x80
#define NONE_16 NONE_4, NONE_4, NONE_4, NONE_4
#define NONE_64 NONE_16, NONE_16, NONE_16, NONE_16
/* clang-format off */
const uint8_t hex_values[256] = {
    NONE_16, NONE_16, NONE_16,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x80, 0x80, NONE_4,
    0x80, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x80, NONE_4, NONE_4, NONE_16,
    0x80, 10, 11, 12, 13, 14, 15, 0x80, NONE_4, NONE_4, NONE_16,
    NONE_64, NONE_64};
/* clang-format on */

bool hex_read_padded(const char *text, size_t size, uint8_t *to, size_t count) {
    char padded[32];
    if (size == 0 || size > 2 * count || 2 * count > sizeof padded)
        return false;
    memset(padded, '0', sizeof padded);
    memcpy(padded + 2 * count - size, text, size);
    return hex_read(padded, to, count, HEX_ANY_CASE);
}

/* Where the groups of a UUID begin, in its text and in its bytes. */
static const struct {
    uint8_t text, byte, count;
} groups[] = {{0, 0, 4}, {9, 4, 2}, {14, 6, 2}, {19, 8, 2}, {24, 10, 6}};

bool uuid_read(const char *text, size_t size, uint8_t to[16]) {
    if (size != UUID_SIZE)
        return false;
    char digits[32];
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (i > 0 && text[groups[i].text - 1] != '-')
            return false;
        memcpy(digits + 2 * groups[i].byte, text + groups[i].text, 2 * groups[i].count);
    }
    return hex_read(digits, to, 16, HEX_ANY_CASE);
}

char *uuid_write(char *to, const uint8_t bytes[16]) {
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (i > 0)
            *to++ = '-';
        to = hex_write(to, bytes + groups[i].byte, groups[i].count);
    }
    return to;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t';
}

size_t text_trim(const char **text) {
    while (is_space(**text))
        (*text)++;
    size_t size = strlen(*text);
    while (size > 0 && is_space((*text)[size - 1]))
        size--;
    return size;
}
