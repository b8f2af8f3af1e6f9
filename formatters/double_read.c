/* formatters/double_read.c: decimal text to the nearest double; see number.h.
 *
 *     "45.2" -> digits 452, exponent -1 -> 0x404699999999999A
 *
 * The first 19 digits times a power of ten known to 128 bits give a double and an error bound;
 * where the bound straddles the middle between two doubles (about one text in 10^5), big integers
 * decide.
 */
#include "formatters/number.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "formatters/pow10.h"

struct number {
    bool negative;
    const char *digits; /* from the first that is not 0 */
    const char *end;    /* of the digits, a point among them */
    uint64_t leading;   /* the first 19 digits */
    int taken;          /* how many these are */
    bool more;          /* digits that are not 0 follow */
    int64_t exponent;   /* of the last digit in `leading` */
};

/* ---- the grammar ------------------------------------------------------------------------ */

static inline bool is_digit(const char *p, const char *end) {
    return p < end && (unsigned char)*p - (unsigned)'0' <= 9;
}

static void take_digit(struct number *n, const char *p, int after_point) {
    if (*p == '0' && n->taken == 0) {
        n->exponent -= after_point;
        return;
    }
    if (n->taken == 0)
        n->digits = p;
    if (n->taken < 19) {
        n->leading = 10 * n->leading + (uint64_t)(*p - '0');
        n->taken++;
        n->exponent -= after_point;
    } else {
        n->more |= *p != '0';
        n->exponent += !after_point;
    }
}

static const char *take_exponent(struct number *n, const char *p, const char *end) {
    bool negative;
    int64_t value = 0;

    if (p == end || (*p | 0x20) != 'e')
        return p;
    p++;
    negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    if (!is_digit(p, end))
        return NULL;
    for (; is_digit(p, end); p++)
        if (value < 100000000)
            value = 10 * value + (*p - '0');
    n->exponent += negative ? -value : value;
    return p;
}

static int take_number(struct number *n, const char *p, const char *end) {
    memset(n, 0, sizeof *n);
    n->negative = p < end && *p == '-';
    p += n->negative;
    if (!is_digit(p, end) || (*p == '0' && is_digit(p + 1, end)))
        return -EINVAL;
    for (; is_digit(p, end); p++)
        take_digit(n, p, 0);
    if (p < end && *p == '.') {
        if (!is_digit(++p, end))
            return -EINVAL;
        for (; is_digit(p, end); p++)
            take_digit(n, p, 1);
    }
    n->end = p;
    p = take_exponent(n, p, end);
    return p == end ? 0 : -EINVAL;
}

/* ---- big integers ----------------------------------------------------------------------- */

/* 768 digits (2552 bits) times 10^308 or 2^1074; halfway values times 10^(342 + 768). */
#define LIMBS 80
/* A double's middle has at most 767 digits: after these any further one only says "more". */
#define DIGITS_MAX 768

struct big {
    int used;
    uint64_t limb[LIMBS];
};

static void big_multiply(struct big *b, uint64_t factor, uint64_t add) {
    unsigned __int128 carry = add;
    for (int i = 0; i < b->used; i++) {
        carry += (unsigned __int128)b->limb[i] * factor;
        b->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    if (carry && b->used < LIMBS)
        b->limb[b->used++] = (uint64_t)carry;
}

static void big_multiply_pow5(struct big *b, int64_t exponent) {
    for (; exponent >= 27; exponent -= 27)
        big_multiply(b, 7450580596923828125u, 0); /* 5^27 */
    for (; exponent > 0; exponent--)
        big_multiply(b, 5, 0);
}

static void big_shift(struct big *b, int64_t bits) {
    int whole = (int)(bits / 64);
    if (b->used == 0 || b->used + whole + 1 > LIMBS)
        return;
    memmove(b->limb + whole, b->limb, (size_t)b->used * 8);
    memset(b->limb, 0, (size_t)whole * 8);
    b->used += whole;
    if (bits % 64)
        big_multiply(b, (uint64_t)1 << bits % 64, 0);
}

static int big_compare(const struct big *a, const struct big *b) {
    if (a->used != b->used)
        return a->used < b->used ? -1 : 1;
    for (int i = a->used - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

static bool any_digit_but_0(const char *p, const char *end) {
    for (; p < end; p++)
        if (*p >= '1' && *p <= '9')
            return true;
    return false;
}

/* The number's digits, and the exponent of the last one of them. */
static int64_t big_of_digits(struct big *b, const struct number *n) {
    int64_t exponent = n->exponent + n->taken; /* of the place before the first digit */
    int count = 0;

    b->used = 0;
    for (const char *p = n->digits; p < n->end; p++) {
        if (*p == '.')
            continue;
        if (count == DIGITS_MAX) {
            big_multiply(b, 10, any_digit_but_0(p, n->end));
            return exponent - count - 1;
        }
        big_multiply(b, 10, (uint64_t)(*p - '0'));
        count++;
    }
    return exponent - count;
}

/* The sign of number - middle * 2^exponent. */
static int compare_with_middle(const struct number *n, uint64_t middle, int exponent) {
    struct big decimal, binary = {1, {middle}};
    int64_t power = big_of_digits(&decimal, n);
    int64_t shift = exponent - power; /* 10^power = 5^power * 2^power */

    if (power >= 0)
        big_multiply_pow5(&decimal, power);
    else
        big_multiply_pow5(&binary, -power);
    if (shift >= 0)
        big_shift(&binary, shift);
    else
        big_shift(&decimal, -shift);
    return big_compare(&decimal, &binary);
}

/* ---- rounding --------------------------------------------------------------------------- */

#define BITS_INFINITY 0x7FF0000000000000u

/* The bits of the double at or next below high.low * 2^exponent, and what is left
 * over as a fraction of the last place: 0..2^64-1 in *ret_rest. high has its top bit set. */
static uint64_t floor_to_double(uint64_t high, uint64_t low, int exponent, uint64_t *ret_rest) {
    int biased = exponent + 1023 + 63; /* of the top bit */
    int drop = 11;

    if (biased >= 0x7FF) {
        *ret_rest = 0;
        return BITS_INFINITY;
    }
    if (biased <= 0) { /* subnormal: fewer bits stay */
        drop += 1 - biased;
        biased = 0;
    }
    if (drop >= 64) {
        *ret_rest = drop == 64 ? high | (low != 0) : drop == 65 ? high >> 1 | 1 : 1;
        return 0;
    }
    *ret_rest = high << (64 - drop) | low >> drop | ((low << (64 - drop)) != 0);
    return ((uint64_t)biased << 52) + (high >> drop) - (biased ? (uint64_t)1 << 52 : 0);
}

/* Decides between the double of these bits and the next one, exactly. */
static uint64_t round_exactly(const struct number *n, uint64_t bits) {
    uint64_t mantissa = bits & (((uint64_t)1 << 52) - 1);
    int biased = (int)(bits >> 52);
    int exponent = (biased ? biased : 1) - 1075;
    int order;

    if (bits >= BITS_INFINITY)
        return BITS_INFINITY;
    if (biased)
        mantissa |= (uint64_t)1 << 52;
    order = compare_with_middle(n, 2 * mantissa + 1, exponent - 1);
    return bits + (order > 0 || (order == 0 && (mantissa & 1)));
}

/* leading * 10^exponent, or up to one more in leading when `more`. */
static uint64_t nearest_double(const struct number *n) {
    const uint64_t half = (uint64_t)1 << 63;
    int k = (int)n->exponent, lead = __builtin_clzll(n->leading);
    struct spanlog_pow10 g = spanlog_pow10_get(k);
    uint64_t w = n->leading << lead;
    unsigned __int128 below = (unsigned __int128)w * g.low;
    unsigned __int128 product = (unsigned __int128)w * g.high + (uint64_t)(below >> 64);
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product | ((uint64_t)below != 0);
    int exponent = spanlog_log2_pow10(k) + 1 - lead; /* of the last bit of high */
    bool exact = !n->more && k >= 0 && k <= SPANLOG_POW10_EXACT_MAX;
    uint64_t bits, rest, error;

    if (!(high >> 63)) {
        high = high << 1 | low >> 63;
        low <<= 1;
        exponent--;
    }
    bits = floor_to_double(high, low, exponent, &rest);
    if (exact)
        return bits + (rest > half || (rest == half && (bits & 1)));
    /* The power was up to one unit too large, which is below 8 of rest; digits that were not taken
     * add less than 2^(lead + 1) of high, each of which is 2^53 of rest or less. */
    error = n->more ? (uint64_t)1 << (55 + lead) : 8;
    if (rest < half - error || rest > half + error)
        return bits + (rest > half);
    return round_exactly(n, bits);
}

int spanlog_read_double(const char *text, size_t size, double *ret_value) {
    struct number n;
    uint64_t bits = 0;
    int rc = take_number(&n, text, text + size);

    if (rc)
        return rc;
    /* Below 10^-324 is under half of the least double; the table of powers ends there too. */
    if (n.taken == 0 || n.exponent + n.taken < -323)
        bits = 0;
    else if (n.exponent + n.taken > 310)
        bits = BITS_INFINITY;
    else
        bits = nearest_double(&n);
    bits |= (uint64_t)n.negative << 63;
    memcpy(ret_value, &bits, 8);
    return 0;
}
