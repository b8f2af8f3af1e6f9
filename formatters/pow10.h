/* formatters/pow10.h: powers of ten to 128 bits, for writing and for reading doubles.
 *
 *     struct spanlog_pow10 g = spanlog_pow10_get(-3);
 *     10^-3 == (g.high * 2^64 + g.low - less than 1) * 2^(spanlog_log2_pow10(-3) - 127)
 */
#ifndef SPANLOG_FORMATTERS_POW10_H
#define SPANLOG_FORMATTERS_POW10_H

#include <stdint.h>

#define SPANLOG_POW10_MIN (-342)
#define SPANLOG_POW10_MAX 324
#define SPANLOG_POW10_EXACT_MAX 55 /* from 0 to this one nothing was rounded */

struct spanlog_pow10 {
    uint64_t high, low;
};

extern const struct spanlog_pow10 spanlog_pow10_table[SPANLOG_POW10_MAX - SPANLOG_POW10_MIN + 1];

static inline struct spanlog_pow10 spanlog_pow10_get(int k) {
    return spanlog_pow10_table[k - SPANLOG_POW10_MIN];
}

/* floor(log2(10^k)), for |k| <= 1233 */
static inline int spanlog_log2_pow10(int k) {
    return (k * 1741647) >> 19;
}

#endif
