/* formatters/put.h: how the dialects copy constant and short text. Included by formatters/ only.
 *
 *     PUT(out, ",\"kind\":\"");                      a literal
 *     out = put_bytes(out, key.data, key.size);      few bytes, no call
 *
 * No bounds here: the caller has checked the room for the whole field.
 */
#ifndef SPANLOG_FORMATTERS_PUT_H
#define SPANLOG_FORMATTERS_PUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PUT(out, literal)                                                                          \
    (memcpy((out), "" literal "", sizeof(literal) - 1), (out) += sizeof(literal) - 1)

/* Room is measured in signed sizes: a limit may lie before out when the buffer is tiny. */
#define FITS(out, limit, bytes) ((limit) - (out) >= (ptrdiff_t)(bytes))

static inline void put_short(char *out, const char *bytes, size_t size) {
    /* Two copies that overlap cover every size of a class without a loop. */
    if (size >= 8) {
        uint64_t first, last;
        memcpy(&first, bytes, 8);
        memcpy(&last, bytes + size - 8, 8);
        memcpy(out, &first, 8);
        memcpy(out + size - 8, &last, 8);
    } else if (size >= 4) {
        uint32_t first, last;
        memcpy(&first, bytes, 4);
        memcpy(&last, bytes + size - 4, 4);
        memcpy(out, &first, 4);
        memcpy(out + size - 4, &last, 4);
    } else if (size) {
        out[0] = bytes[0];
        out[size / 2] = bytes[size / 2];
        out[size - 1] = bytes[size - 1];
    }
}

/* Keys, heads and tails: mostly under 128 bytes, where a call to memcpy costs as much as the copy.
 */
static inline char *put_bytes(char *out, const char *bytes, size_t size) {
    if (size <= 16) {
        put_short(out, bytes, size);
    } else if (size <= 256) {
        struct {
            uint64_t word[2];
        } chunk;
        size_t at = 0;
        for (; at + 16 < size; at += 16) {
            memcpy(&chunk, bytes + at, 16);
            memcpy(out + at, &chunk, 16);
        }
        memcpy(&chunk, bytes + size - 16, 16);
        memcpy(out + size - 16, &chunk, 16);
    } else {
        memcpy(out, bytes, size);
    }
    return out + size;
}

#endif
