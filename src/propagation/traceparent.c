/* propagation/traceparent.c: see traceparent.h. https://www.w3.org/TR/trace-context-2/ */
#include "src/propagation/traceparent.h"
#include "src/propagation/hex.h"

#include <errno.h>
#include <string.h>

/* Lower case only, as the specification has it. A later version may have more behind a dash, which
 * is not looked at. */
static bool length_fits(const char *text, size_t size, uint8_t version) {
    if (size == TRACEPARENT_SIZE)
        return version != 0xff;
    return version != 0 && version != 0xff && text[TRACEPARENT_SIZE] == '-';
}

int traceparent_parse(const char *text, spanlog_ctx *ctx) {
    spanlog_ctx parsed = {.flags = 0};
    uint8_t version, flags;
    memset(ctx, 0, sizeof *ctx);
    size_t size = text_trim(&text);
    if (size < TRACEPARENT_SIZE || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return -EINVAL;
    if (!hex_read(text, &version, 1, HEX_LOWER_CASE) || !length_fits(text, size, version) ||
        !hex_read(text + 3, parsed.trace_id, 16, HEX_LOWER_CASE) ||
        !hex_read(text + 36, parsed.span_id, 8, HEX_LOWER_CASE) ||
        !hex_read(text + 53, &flags, 1, HEX_LOWER_CASE) || id_is_zero(parsed.trace_id, 16) ||
        id_is_zero(parsed.span_id, 8))
        return -EINVAL;
    parsed.flags = flags & (SPANLOG_FLAG_SAMPLED | SPANLOG_FLAG_RANDOM);
    *ctx = parsed;
    return 0;
}

void traceparent_format(const spanlog_ctx *ctx, char ret_text[TRACEPARENT_SIZE + 1]) {
    uint8_t flags = ctx->flags & (SPANLOG_FLAG_SAMPLED | SPANLOG_FLAG_RANDOM);
    ret_text[0] = '0';
    ret_text[1] = '0';
    ret_text[2] = '-';
    hex_write(ret_text + 3, ctx->trace_id, 16);
    ret_text[35] = '-';
    hex_write(ret_text + 36, ctx->span_id, 8);
    ret_text[52] = '-';
    hex_write(ret_text + 53, &flags, 1);
    ret_text[TRACEPARENT_SIZE] = '\0';
}
