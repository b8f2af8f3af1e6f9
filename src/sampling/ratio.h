/* sampling/ratio.h: whether a share of all traces takes this one, as OpenTelemetry's SDKs decide.
 *
 *     uint64_t bound = ratio_bound(0.1);          once
 *     if (ratio_takes(bound, trace_id)) ...       the same for every service that sees the trace
 *
 * The last 8 bytes of the id, as a big-endian number, against ratio x 2^64. Go leaves out the
 * lowest bit and cuts the product, Python rounds it: down to a ratio of 2^-11 both products are
 * exact, below they differ at one or two of 2^64 ids. This is Go's way.
 */
#ifndef SPANLOG_SAMPLING_RATIO_H
#define SPANLOG_SAMPLING_RATIO_H

#include <stdbool.h>
#include <stdint.h>

#define RATIO_ALL ((uint64_t)1 << 63)

/* A ratio outside 0..1 is clamped; NaN takes none. */
static inline uint64_t ratio_bound(double ratio) {
    if (ratio >= 1)
        return RATIO_ALL;
    return ratio > 0 ? (uint64_t)(ratio * 9223372036854775808.0) : 0;
}

static inline uint64_t ratio_low_half(const uint8_t trace_id[16]) {
    uint64_t low = 0;
    for (int i = 8; i < 16; i++)
        low = low << 8 | trace_id[i];
    return low;
}

static inline bool ratio_takes(uint64_t bound, const uint8_t trace_id[16]) {
    return ratio_low_half(trace_id) >> 1 < bound;
}

/* A UUID (RFC 9562) has two fixed bits where the number above begins: of ids that were UUIDs none
 * would be under a ratio of 0.5. They are left out; the SDKs never see such an id first. */
static inline bool ratio_takes_uuid(uint64_t bound, const uint8_t trace_id[16]) {
    bool is_uuid = (trace_id[8] & 0xc0u) == 0x80u && (trace_id[6] & 0xf0u) != 0;
    return (is_uuid ? ratio_low_half(trace_id) << 2 : ratio_low_half(trace_id)) >> 1 < bound;
}

#endif
