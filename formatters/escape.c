/* formatters/escape.c: see escape.h.
 *
 * One loop for all: copy while nothing needs care (16 bytes a step with SSE2), then deal with one
 * character, or with a whole run of non-ASCII ones. No step writes where it has not checked.
 */
#include "formatters/escape.h"

#include <string.h>

#include "formatters/escape_quick.h"
#include "formatters/number.h"
#include "formatters/put.h"
#include "formatters/utf8.h"

/* The most that one character becomes: U+2028 as "\u2028", or four bytes as they are. */
#define CHARACTER_MAX 6

/* How far reading and writing came. Passed in registers: the loops must not touch memory for it. */
struct progress {
    char *out; /* NULL: no room */
    const char *text;
};

/* Copies plain bytes until one is not, or the room or the text ends. */
static inline struct progress copy_plain(char *out, const char *end, const char *text,
                                         const char *text_end) {
#if HAVE_SSE2
    while (text_end - text >= 16 && end - out >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)text);
        unsigned mask = special_mask(v);
        _mm_storeu_si128((__m128i *)(void *)out, v);
        if (mask) {
            unsigned n = (unsigned)__builtin_ctz(mask);
            return (struct progress){out + n, text + n};
        }
        text += 16;
        out += 16;
    }
    if (text < text_end && end - out >= 16) {
        size_t n = copy_plain_tail(out, text, (size_t)(text_end - text));
        return (struct progress){out + n, text + n};
    }
#endif
    while (text < text_end && out < end && is_plain((unsigned char)*text))
        *out++ = *text++;
    return (struct progress){out, text};
}

static inline char *put_escape(char *out, uint32_t code) {
    static const char hex[] = "0123456789abcdef";
    PUT(out, "\\u");
    *out++ = hex[code >> 12 & 15];
    *out++ = hex[code >> 8 & 15];
    *out++ = hex[code >> 4 & 15];
    *out++ = hex[code & 15];
    return out;
}

/* Characters that a terminal does not show but obeys. */
static bool hides_or_reorders(uint32_t code) {
    return code == 0x061C || code == 0xFEFF || (code >= 0x200E && code <= 0x200F) ||
           code == 0x200B || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || (code >= 0xFFF9 && code <= 0xFFFB);
}

static inline bool must_escape(uint32_t code, bool visible) {
    return code < 0xA0 || code == 0x2028 || code == 0x2029 || (visible && hides_or_reorders(code));
}

/* One ASCII character that is not plain. */
static inline struct progress put_ascii(char *out, const char *end, const char *text) {
    unsigned char byte = (unsigned char)*text;

    if (end - out < CHARACTER_MAX)
        return (struct progress){NULL, text};
    if (byte != '"' && byte != '\\')
        return (struct progress){put_escape(out, byte), text + 1};
    out[0] = '\\';
    out[1] = (char)byte;
    return (struct progress){out + 2, text + 1};
}

/* One character, or what is left of one, that is not ASCII. */
static inline struct progress put_wide(char *out, const char *end, const char *text,
                                       const char *text_end, bool visible) {
    uint32_t code;
    int length;

    if (end - out < CHARACTER_MAX)
        return (struct progress){NULL, text};
    length = spanlog_utf8_next(text, text_end, &code);
    if (length < 0) {
        PUT(out, "\xEF\xBF\xBD");
        return (struct progress){out, text - length};
    }
    if (must_escape(code, visible))
        return (struct progress){put_escape(out, code), text + length};
    for (int i = 0; i < length; i++)
        out[i] = text[i];
    return (struct progress){out + length, text + length};
}

/* Escapes until the text or the room ends. */
static inline struct progress escape(char *out, const char *end, const char *text,
                                     const char *text_end, bool visible) {
    for (;;) {
        struct progress p = copy_plain(out, end, text, text_end);
        out = p.out;
        text = p.text;
        if (text == text_end)
            return p;
        if (is_plain((unsigned char)*text))
            return p; /* no room for it */
        do {
            p = (signed char)*text < 0 ? put_wide(out, end, text, text_end, visible)
                                       : put_ascii(out, end, text);
            if (!p.out)
                return (struct progress){out, text};
            out = p.out;
            text = p.text;
        } while (text < text_end && !is_plain((unsigned char)*text));
    }
}

char *spanlog_escape(char *out, char *end, const char *text, size_t size) {
    struct progress p;
    if (out > end)
        return NULL;
    p = escape(out, end, text, text + size, false);
    return p.text == text + size ? p.out : NULL;
}

char *spanlog_escape_visible(char *out, char *end, const char *text, size_t size) {
    struct progress p;
    if (out > end)
        return NULL;
    p = escape(out, end, text, text + size, true);
    return p.text == text + size ? p.out : NULL;
}

char *spanlog_escape_cut(char *out, char *end, const char *text, size_t size,
                         uint64_t original_size, bool visible) {
    const char *text_end = text + size;
    char *p;

    if (!original_size) {
        p = visible ? spanlog_escape_visible(out, end, text, size)
                    : spanlog_escape(out, end, text, size);
        if (p)
            return p;
    }
    if (!out || !FITS(out, end, SPANLOG_CUT_MARK_MAX))
        return NULL;
    if (original_size)
        text_end = text + spanlog_utf8_trim(text, size);
    out = escape(out, end - SPANLOG_CUT_MARK_MAX, text, text_end, visible).out;
    PUT(out, "\xE2\x80\xA6[truncated, ");
    out = spanlog_put_u64(out, original_size ? original_size : size);
    PUT(out, " bytes]");
    return out;
}

/* The size of a character that needs no quotes, else 0. */
static inline int bare_length(const char *text, const char *end) {
    unsigned char byte = (unsigned char)*text;
    uint32_t code;
    int length;

    if (byte < 0x80)
        return is_plain(byte) && byte != ' ' && byte != '=';
    length = spanlog_utf8_next(text, end, &code);
    return length < 0 || must_escape(code, true) ? 0 : length;
}

bool spanlog_is_bare(const char *text, size_t size) {
    const char *end = text + size;

    while (text < end) {
        int length = bare_length(text, end);
        if (!length)
            return false;
        text += length;
    }
    return size > 0;
}

bool spanlog_is_sentence(const char *text, size_t size) {
    const char *end = text + size;
    bool in_word = false;

    while (text < end) {
        int length = bare_length(text, end);
        if (!length && !(*text == ' ' && in_word))
            return false;
        in_word = length > 0;
        text += length ? length : 1;
    }
    return in_word;
}
