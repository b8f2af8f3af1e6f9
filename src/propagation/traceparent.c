/* propagation/traceparent.c: see traceparent.h. https://www.w3.org/TR/trace-context-2/ */
#include "src/propagation/traceparent.h"

#include <errno.h>
#include <string.h>

/* Lower case only, as the specification has it. */
static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_hex(const char *text, uint8_t *to, size_t count) {
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++) {
        int high = digit(text[2 * i]), low = high < 0 ? -1 : digit(text[2 * i + 1]);
        if (low < 0)
            return false;
        to[i] = (uint8_t)(high * 16 + low);
        any |= to[i];
    }
    return any != 0 || count == 1;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t';
}

/* A later version may have more behind a dash, which is not looked at. */
static bool length_fits(const char *text, size_t size, uint8_t version) {
    if (version == 0)
        return size == TRACEPARENT_SIZE;
    return size == TRACEPARENT_SIZE || (size > TRACEPARENT_SIZE && text[TRACEPARENT_SIZE] == '-');
}

int traceparent_parse(const char *text, spanlog_ctx *ctx) {
    spanlog_ctx parsed;
    uint8_t version, flags;
    memset(ctx, 0, sizeof *ctx);
    memset(&parsed, 0, sizeof parsed);
    while (is_space(*text))
        text++;
    size_t size = strlen(text);
    while (size > 0 && is_space(text[size - 1]))
        size--;
    if (size < TRACEPARENT_SIZE || !parse_hex(text, &version, 1) || version == 0xff ||
        !length_fits(text, size, version))
        return -EINVAL;
    if (text[2] != '-' || text[35] != '-' || text[52] != '-' ||
        !parse_hex(text + 3, parsed.trace_id, 16) || !parse_hex(text + 36, parsed.span_id, 8) ||
        !parse_hex(text + 53, &flags, 1))
        return -EINVAL;
    parsed.flags = flags & (SPANLOG_FLAG_SAMPLED | SPANLOG_FLAG_RANDOM);
    *ctx = parsed;
    return 0;
}

static char *format_hex(const uint8_t *bytes, size_t count, char *to) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    return to;
}

void traceparent_format(const spanlog_ctx *ctx, char ret_text[TRACEPARENT_SIZE + 1]) {
    char *to = ret_text;
    *to++ = '0';
    *to++ = '0';
    *to++ = '-';
    to = format_hex(ctx->trace_id, 16, to);
    *to++ = '-';
    to = format_hex(ctx->span_id, 8, to);
    *to++ = '-';
    to = format_hex(&ctx->flags, 1, to);
    *to = '\0';
}
