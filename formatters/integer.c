/* formatters/integer.c: integers, hex and durations to text and back; see number.h. */
#include "formatters/number.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "formatters/digits.h"
#include "formatters/hex.h"

char *spanlog_put_u64(char *out, uint64_t value) {
    uint64_t high;

    if (value < 100000000)
        return put_u64_quick(out, value);
    high = value / 100000000;
    if (high < 100000000)
        out = put_u64_quick(out, high);
    else
        out = put_8(put_u64_quick(out, high / 100000000), (uint32_t)(high % 100000000));
    return put_8(out, (uint32_t)(value - high * 100000000));
}

char *spanlog_put_i64(char *out, int64_t value) {
    uint64_t magnitude = (uint64_t)value;
    if (value < 0) {
        *out++ = '-';
        magnitude = 0 - magnitude; /* INT64_MIN too */
    }
    return spanlog_put_u64(out, magnitude);
}

char *spanlog_put_duration_ms(char *out, uint64_t ns) {
    uint64_t whole = ns / 1000000;
    uint32_t rest = (uint32_t)(ns - whole * 1000000);

    out = put_u64_quick(out, whole);
    if (rest == 0)
        return out;
    *out++ = '.';
    return put_decimals(out, rest);
}

/* ---- hex -------------------------------------------------------------------------------- */

char *spanlog_put_hex16(char *out, const uint8_t bytes[16]) {
    return put_hex16(out, bytes);
}

char *spanlog_put_hex8(char *out, const uint8_t bytes[8]) {
    return put_hex8(out, bytes);
}

char *spanlog_put_hex(char *out, const void *bytes, size_t size) {
    const uint8_t *p = bytes;

    for (; size >= 16; size -= 16, p += 16)
        out = put_hex16(out, p);
    if (size >= 8) {
        out = put_hex8(out, p);
        size -= 8;
        p += 8;
    }
    for (; size; size--, p++)
        out = put_hex1(out, *p);
    return out;
}

char *spanlog_put_pointer(char *out, uint64_t value) {
    int digits = value ? (67 - __builtin_clzll(value)) / 4 : 1;

    *out++ = '0';
    *out++ = 'x';
    for (int i = digits - 1; i >= 0; i--)
        *out++ = "0123456789abcdef"[value >> (4 * i) & 15];
    return out;
}

/* ---- reading ---------------------------------------------------------------------------- */

int spanlog_read_u64(const char *text, size_t size, uint64_t *ret_value) {
    uint64_t value = 0;

    if (size == 0 || (size > 1 && text[0] == '0'))
        return -EINVAL;
    for (size_t i = 0; i < size; i++) {
        unsigned digit = (unsigned char)text[i] - (unsigned)'0';
        if (digit > 9)
            return -EINVAL;
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value)) {
            for (i++; i < size; i++) /* a bad character is the greater error */
                if ((unsigned char)text[i] - (unsigned)'0' > 9)
                    return -EINVAL;
            return -ERANGE;
        }
    }
    *ret_value = value;
    return 0;
}

int spanlog_read_i64(const char *text, size_t size, int64_t *ret_value) {
    bool negative = size > 0 && text[0] == '-';
    uint64_t magnitude;
    int rc = spanlog_read_u64(text + negative, size - negative, &magnitude);

    if (rc)
        return rc;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return -ERANGE;
    *ret_value = (int64_t)(negative ? 0 - magnitude : magnitude);
    return 0;
}

static unsigned hex_value(unsigned char c) {
    if (c - (unsigned)'0' <= 9)
        return c - (unsigned)'0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10 : 16;
}

int spanlog_read_hex(const char *text, size_t size, uint8_t *ret_bytes, size_t count) {
    unsigned bad = 0;

    if (size != 2 * count)
        return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        unsigned high = hex_value((unsigned char)text[2 * i]);
        unsigned low = hex_value((unsigned char)text[2 * i + 1]);
        bad |= high | low;
        ret_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return bad & 16 ? -EINVAL : 0;
}
