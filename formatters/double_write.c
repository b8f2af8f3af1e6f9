/* formatters/double_write.c: doubles and floats to their shortest decimal text; see number.h.
 *
 *     45.25 -> digits 4525, exponent -2 -> "45.25"
 *
 * Three ways, quickest first: integers below 2^53; values that are decimals of at most 15 digits
 * with few decimals, which is what people log (found by trial, proved with integers); all others by
 * Schubfach (R. Giulietti, "The Schubfach way to render doubles", 2020), whose one multiplication
 * by a 128-bit power of ten is exact enough for every double. No step depends on the rounding mode.
 */
#include "formatters/number.h"

#include <stdbool.h>
#include <string.h>

#include "formatters/digits.h"
#include "formatters/pow10.h"
#include "formatters/put.h"

struct decimal { /* digits * 10^exponent */
    uint64_t digits;
    int exponent;
};

/* ---- digits to text --------------------------------------------------------------------- */

static char *put_exponent(char *out, int exponent) {
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    return spanlog_put_u64(out, (uint64_t)(exponent < 0 ? -exponent : exponent));
}

/* Always 17 bytes, a double's most digits: what is too much is overwritten or not counted. */
static inline char *put_digits(char *out, const char *digits, int count) {
    memcpy(out, digits, 17);
    return out + count;
}

/* JavaScript's layout: plain up to 21 digits before the point and 6 zeros after it. */
static char *put_decimal(char *out, struct decimal d) {
    char digits[SPANLOG_NUMBER_MAX] = {0};
    int count, point;

    while (d.digits % 10 == 0) { /* digits are never 0 here */
        d.digits /= 10;
        d.exponent++;
    }
    count = (int)(spanlog_put_u64(digits, d.digits) - digits);
    point = count + d.exponent; /* digits before the point */
    if (point > 21 || point < -5) {
        *out++ = digits[0];
        if (count > 1) {
            *out++ = '.';
            out = put_digits(out, digits + 1, count - 1);
        }
        return put_exponent(out, point - 1);
    }
    if (point <= 0) {
        memcpy(out, "0.000000", 8);
        return put_digits(out + 2 - point, digits, count);
    }
    if (point >= count) {
        out = put_digits(out, digits, count);
        memset(out, '0', 21); /* at most 20 of them count */
        return out + (point - count);
    }
    out = put_digits(out, digits, point);
    *out++ = '.';
    return put_digits(out, digits + point, count - point);
}

/* ---- short decimals ----------------------------------------------------------------------- */

/* Writes value = mantissa * 2^-shift, no integer, if it is the double nearest to a decimal with at
 * most 15 digits, six of them decimals; else returns NULL. No two decimals of 15 digits share a
 * double, so without its trailing zeros the one found is the shortest.
 *
 * The product only guesses; the proof is that n / 10^6 is less than half a unit in the last place
 * away, in integers: |n * 2^(shift + 1) - 2 * mantissa * 10^6| < 10^6. The guess is off by one at
 * most, so for shift <= 61 the difference fits 64 bits although its terms do not. */
static inline char *put_short_decimal(char *out, double value, uint64_t mantissa, int shift) {
    const uint32_t scale = 1000000;
    uint64_t n, whole, difference, limit;
    uint32_t rest;

    if (shift > 61 || !(value < 1e9))
        return NULL;
    n = (uint64_t)(int64_t)(value * scale + 0.5);
    /* A power of two has its lower neighbour at half the distance. */
    limit = mantissa == (uint64_t)1 << 52 ? scale / 2 : scale;
    difference = (n << (shift + 1)) - mantissa * (2 * scale);
    if (difference + limit - 1 > 2 * limit - 2)
        return NULL;
    whole = n / scale;
    rest = (uint32_t)(n - whole * scale);
    if (rest == 0)
        return NULL; /* only in odd rounding modes */
    out = put_u64_quick(out, whole);
    *out++ = '.';
    return put_decimals(out, rest);
}

/* ---- all others: Schubfach -------------------------------------------------------------- */

/* floor(g * v / 2^128) with its last bit set when anything was cut off ("round to odd"): enough to
 * compare with the middles and ends of rounding intervals. */
static inline uint64_t scale_to_odd(struct spanlog_pow10 g, uint64_t v) {
    uint64_t low = (uint64_t)((unsigned __int128)g.low * v >> 64);
    unsigned __int128 high = (unsigned __int128)g.high * v + low;
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

static inline uint64_t scale_to_odd_32(uint64_t g, uint32_t v) {
    unsigned __int128 product = (unsigned __int128)g * v;
    return (uint32_t)(product >> 64) | ((uint32_t)((uint64_t)product >> 32) > 1);
}

/* What the interval (or its ends, when the mantissa is even) around four times the value allows. */
static inline struct decimal choose(uint64_t lower, uint64_t value, uint64_t upper, int exponent) {
    uint64_t s = value / 4;

    if (s >= 10) {
        uint64_t tens = s / 10;
        bool down = lower <= 40 * tens, up = 40 * tens + 40 <= upper;
        if (down != up)
            return (struct decimal){tens + up, exponent + 1};
    }
    bool down = lower <= 4 * s, up = 4 * s + 4 <= upper;
    if (down != up)
        return (struct decimal){s + up, exponent};
    uint64_t middle = 4 * s + 2;
    bool round_up = value > middle || (value == middle && (s & 1));
    return (struct decimal){s + round_up, exponent};
}

/* c * 2^q; lowest: c is the least of its binade, and the neighbour below is nearer. */
static struct decimal shortest_double(uint64_t c, int q, bool lowest) {
    int k = (q * 1262611 - (lowest ? 524031 : 0)) >> 22; /* floor(log10(2^q or 3/4 of it)) */
    int h = q + spanlog_log2_pow10(-k) + 1;
    struct spanlog_pow10 g = spanlog_pow10_get(-k);
    uint64_t odd = c & 1;
    uint64_t lower = scale_to_odd(g, (4 * c - 2 + lowest) << h);
    uint64_t value = scale_to_odd(g, (4 * c) << h);
    uint64_t upper = scale_to_odd(g, (4 * c + 2) << h);

    return choose(lower + odd, value, upper - odd, k);
}

static struct decimal shortest_float(uint32_t c, int q, bool lowest) {
    int k = (q * 1262611 - (lowest ? 524031 : 0)) >> 22;
    int h = q + spanlog_log2_pow10(-k) + 1;
    struct spanlog_pow10 wide = spanlog_pow10_get(-k);
    uint64_t g = wide.high + (wide.low != 0);
    uint64_t odd = c & 1;
    uint64_t lower = scale_to_odd_32(g, (4 * c - 2 + lowest) << h);
    uint64_t value = scale_to_odd_32(g, (4 * c) << h);
    uint64_t upper = scale_to_odd_32(g, (4 * c + 2) << h);

    return choose(lower + odd, value, upper - odd, k);
}

static char *put_special(char *out, bool negative, bool is_nan) {
    if (is_nan) {
        PUT(out, "NaN");
        return out;
    }
    if (negative)
        *out++ = '-';
    PUT(out, "Infinity");
    return out;
}

char *spanlog_put_double(char *out, double value) {
    uint64_t bits, fraction;
    int exponent;
    char *end;

    memcpy(&bits, &value, 8);
    fraction = bits & (((uint64_t)1 << 52) - 1);
    exponent = (int)(bits >> 52 & 0x7FF);
    if (exponent == 0x7FF)
        return put_special(out, bits >> 63, fraction != 0);
    if (bits >> 63) {
        *out++ = '-';
        value = -value;
    }
    if (exponent == 0) {
        if (fraction == 0) {
            *out++ = '0';
            return out;
        }
        return put_decimal(out, shortest_double(fraction, -1074, false));
    }
    uint64_t c = (uint64_t)1 << 52 | fraction;
    int q = exponent - 1075;
    if (q <= 0 && q > -53 && (c & (((uint64_t)1 << -q) - 1)) == 0)
        return put_u64_quick(out, c >> -q);
    end = q < 0 ? put_short_decimal(out, value, c, -q) : NULL;
    if (end)
        return end;
    return put_decimal(out, shortest_double(c, q, fraction == 0 && exponent > 1));
}

char *spanlog_put_float(char *out, float value) {
    uint32_t bits, fraction;
    int exponent;

    memcpy(&bits, &value, 4);
    fraction = bits & 0x7FFFFF;
    exponent = (int)(bits >> 23 & 0xFF);
    if (exponent == 0xFF)
        return put_special(out, bits >> 31, fraction != 0);
    if (bits >> 31)
        *out++ = '-';
    if (exponent == 0) {
        if (fraction == 0) {
            *out++ = '0';
            return out;
        }
        return put_decimal(out, shortest_float(fraction, -149, false));
    }
    uint32_t c = (uint32_t)1 << 23 | fraction;
    int q = exponent - 150;
    if (q <= 0 && q > -24 && (c & (((uint32_t)1 << -q) - 1)) == 0)
        return put_u64_quick(out, c >> -q);
    return put_decimal(out, shortest_float(c, q, fraction == 0 && exponent > 1));
}
