/* formatters/utf8.c: see utf8.h. Only src/core may be included here, and it is not needed. */
#include "formatters/utf8.h"

#include <string.h>

#if defined(__SSE2__) && !defined(SPANLOG_PORTABLE)
#include <emmintrin.h>
#endif

/* What the second byte may be, by the first; the later ones are always 80..BF. */
static bool second_byte_fits(unsigned first, unsigned second) {
    switch (first) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF; /* else overlong */
    case 0xED:
        return second >= 0x80 && second <= 0x9F; /* else a surrogate */
    case 0xF0:
        return second >= 0x90 && second <= 0xBF; /* else overlong */
    case 0xF4:
        return second >= 0x80 && second <= 0x8F; /* else above U+10FFFF */
    default:
        return (second & 0xC0) == 0x80;
    }
}

static int sequence_length(unsigned first) {
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

int spanlog_utf8_next(const char *text, const char *end, uint32_t *ret_code_point) {
    const unsigned char *p = (const unsigned char *)text;
    int available = end - text < 4 ? (int)(end - text) : 4;
    int length = sequence_length(p[0]);
    uint32_t code;

    if (length == 1) {
        *ret_code_point = p[0];
        return 1;
    }
    *ret_code_point = 0xFFFD;
    if (length == 0 || available < 2 || !second_byte_fits(p[0], p[1]))
        return -1;
    code = p[0] & (0x7Fu >> length);
    code = code << 6 | (p[1] & 0x3F);
    for (int i = 2; i < length; i++) {
        if (i >= available || (p[i] & 0xC0) != 0x80)
            return -i;
        code = code << 6 | (p[i] & 0x3F);
    }
    *ret_code_point = code;
    return length;
}

static const char *skip_ascii(const char *text, const char *end) {
#if defined(__SSE2__) && !defined(SPANLOG_PORTABLE)
    while (end - text >= 16) {
        int high = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)text));
        if (high)
            return text + __builtin_ctz((unsigned)high);
        text += 16;
    }
#else
    while (end - text >= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        if (word & 0x8080808080808080u)
            break;
        text += 8;
    }
#endif
    while (text < end && (unsigned char)*text < 0x80)
        text++;
    return text;
}

bool spanlog_utf8_valid(const char *text, size_t size) {
    const char *end = text + size;
    uint32_t code;

    while ((text = skip_ascii(text, end)) < end) {
        /* Text in other scripts comes in runs: stay here while it lasts. */
        do {
            int length = spanlog_utf8_next(text, end, &code);
            if (length < 0)
                return false;
            text += length;
        } while (text < end && (unsigned char)*text >= 0x80);
    }
    return true;
}

size_t spanlog_utf8_trim(const char *text, size_t size) {
    uint32_t code;

    for (size_t back = 1; back <= 3 && back <= size; back++) {
        unsigned char byte = (unsigned char)text[size - back];
        if ((byte & 0xC0) == 0x80)
            continue;
        /* Cut off only if all that is there is a right beginning. */
        if (sequence_length(byte) > (int)back &&
            spanlog_utf8_next(text + size - back, text + size, &code) == -(int)back)
            return size - back;
        break;
    }
    return size;
}

char *spanlog_utf8_put(char *out, uint32_t code) {
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        code = 0xFFFD;
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *out++ = (char)(0xE0 | code >> 12);
        } else {
            *out++ = (char)(0xF0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        }
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
    }
    *out++ = (char)(0x80 | (code & 0x3F));
    return out;
}
