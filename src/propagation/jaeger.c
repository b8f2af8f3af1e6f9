/* propagation/jaeger.c: Jaeger's own header, from before it took W3C's.
 *
 *     uber-trace-id: 4bf92f3577b34da6a3ce929d0e0e4736:f067aa0ba902b7:0:1
 *
 * trace:span:parent:flags in hex, without leading zeros if the sender likes; the colons may come as
 * %3A. Flag 1 is sampled, 2 debug.
 */
#include "src/propagation/propagator.h"

#include <string.h>

/* The field at *at, which moves behind the colon that ends it; *ret_last: there was none. */
static size_t next_field(const char **at, const char *end, const char **ret_field, bool *ret_last) {
    const char *p = *at;
    *ret_field = p;
    while (p < end && *p != ':' && *p != '%')
        p++;
    size_t size = (size_t)(p - *ret_field);
    *ret_last = p == end;
    if (p < end && *p == '%') {
        if (end - p < 3 || p[1] != '3' || (p[2] != 'A' && p[2] != 'a'))
            return SIZE_MAX;
        p += 2;
    }
    *at = p < end ? p + 1 : p;
    return size;
}

static bool read_header(const char *text, size_t size, spanlog_ctx *ctx) {
    const char *end = text + size, *fields[4];
    size_t sizes[4];
    bool last = false;
    for (int i = 0; i < 4; i++) {
        sizes[i] = next_field(&text, end, &fields[i], &last);
        if (sizes[i] == SIZE_MAX || last != (i == 3))
            return false;
    }
    uint8_t flags, parent[8];
    if (!hex_read_padded(fields[0], sizes[0], ctx->trace_id, 16) ||
        !hex_read_padded(fields[1], sizes[1], ctx->span_id, 8) ||
        (sizes[2] > 0 && !hex_read_padded(fields[2], sizes[2], parent, 8)) ||
        !hex_read_padded(fields[3], sizes[3], &flags, 1))
        return false;
    if (flags & 2)
        ctx->flags = SPANLOG_FLAG_SAMPLED | SPANLOG_FLAG_DEBUG;
    else
        ctx->flags = flags & 1 ? SPANLOG_FLAG_SAMPLED : 0;
    return !id_is_zero(ctx->trace_id, 16) && !id_is_zero(ctx->span_id, 8);
}

void jaeger_extract(spanlog_get_header get, void *arg, struct propagated *to) {
    const char *text = propagated_needs_ids(to) ? get(arg, "uber-trace-id") : NULL;
    spanlog_ctx ctx = {.flags = 0};
    if (text == NULL)
        return;
    size_t size = text_trim(&text);
    if (read_header(text, size, &ctx))
        to->ctx = ctx;
    else
        to->refused++;
}

void jaeger_inject(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                   spanlog_set_header set, void *arg) {
    char text[32 + 1 + 16 + 5 + 1];
    (void)texts;
    if (id_is_zero(ctx->trace_id, 16) || id_is_zero(ctx->span_id, 8))
        return;
    char *to = hex_write(text, ctx->trace_id, 16);
    *to++ = ':';
    to = hex_write(to, ctx->span_id, 8);
    memcpy(to, ":0:0", 5); /* the parent's field is no longer used */
    if (ctx->flags & SPANLOG_FLAG_DEBUG)
        to[3] = '3';
    else if (ctx->flags & SPANLOG_FLAG_SAMPLED)
        to[3] = '1';
    set(arg, "uber-trace-id", text);
}
