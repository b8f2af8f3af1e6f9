/* propagation/x_headers.c: the headers that systems made up before there was a standard.
 *
 *     x-trace-id: 550e8400-e29b-41d4-a716-446655440000     UUID, or hex
 *     x-span-id:  6ba7b810-9dad-11d1-80b4-00c04fd430c8
 *     x-correlation-id, x-request-id: any text; a UUID, or 32 hex, becomes the trace id
 *
 * They say nothing of sampling: the trace is sampled.
 */
#include "src/propagation/propagator.h"

#include <string.h>

/* A UUID, or hex of up to 32 digits. */
static bool read_id(const char *text, size_t size, uint8_t to[16]) {
    return (uuid_read(text, size, to) || hex_read_padded(text, size, to, 16)) &&
           !id_is_zero(to, 16);
}

/* ---- x-trace-id and x-span-id ---------------------------------------------------------------- */

/* A parent of 128 bits is kept as text; its last 64 stand for it here. One that is a padded 64-bit
 * id is that id. */
static bool read_parent(const char *text, size_t size, struct propagated *to) {
    uint8_t id[16];
    bool is_uuid = size == UUID_SIZE;
    if ((!is_uuid && size != 16 && size != 32) || !read_id(text, size, id))
        return false;
    bool long_id = !id_is_zero(id, 8);
    memcpy(to->ctx.span_id, id_is_zero(id + 8, 8) ? id : id + 8, 8);
    if (!long_id)
        return true;
    *uuid_write(to->texts.parent_uuid, id) = '\0';
    return true;
}

void x_trace_id_extract(spanlog_get_header get, void *arg, struct propagated *to) {
    const char *text = propagated_needs_ids(to) ? get(arg, "x-trace-id") : NULL;
    uint8_t id[16];
    if (text == NULL)
        return;
    size_t size = text_trim(&text);
    if ((size != UUID_SIZE && size != 16 && size != 32) || !read_id(text, size, id)) {
        to->refused++;
        return;
    }
    memcpy(to->ctx.trace_id, id, 16);
    to->ctx.flags |= SPANLOG_FLAG_SAMPLED;
    text = get(arg, "x-span-id");
    if (text != NULL) {
        size = text_trim(&text);
        to->refused += !read_parent(text, size, to);
    }
}

/* The text of the parent is its own; a span of ours has 64 bits. */
void x_trace_id_inject_uuid(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                            spanlog_set_header set, void *arg) {
    char text[UUID_SIZE + 1];
    uint8_t padded[16] = {0};
    (void)texts;
    if (id_is_zero(ctx->trace_id, 16))
        return;
    *uuid_write(text, ctx->trace_id) = '\0';
    set(arg, "x-trace-id", text);
    if (id_is_zero(ctx->span_id, 8))
        return;
    memcpy(padded + 8, ctx->span_id, 8);
    *uuid_write(text, padded) = '\0';
    set(arg, "x-span-id", text);
}

void x_trace_id_inject_hex(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                           spanlog_set_header set, void *arg) {
    char text[33];
    (void)texts;
    if (id_is_zero(ctx->trace_id, 16))
        return;
    *hex_write(text, ctx->trace_id, 16) = '\0';
    set(arg, "x-trace-id", text);
    if (id_is_zero(ctx->span_id, 8))
        return;
    *hex_write(text, ctx->span_id, 8) = '\0';
    set(arg, "x-span-id", text);
}

/* ---- x-correlation-id and x-request-id ------------------------------------------------------- */

static bool parts_or_quotes(char c) {
    return c == '"' || c == '\\' || c == ',' || c == ';' || c == '<' || c == '>';
}

/* Visible ASCII but for what quotes or parts a list: a value that two headers were joined to is
 * none. */
static bool is_correlation_id(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (text[i] <= ' ' || text[i] > '~' || parts_or_quotes(text[i]))
            return false;
    }
    return size > 0 && size <= CORRELATION_MAX;
}

/* The trace id itself, as hex, is no news. */
static bool says_more(const char *text, size_t size, const uint8_t trace_id[16]) {
    char hex[32];
    if (size != sizeof hex)
        return true;
    hex_write(hex, trace_id, 16);
    return memcmp(text, hex, sizeof hex) != 0;
}

static void extract_text(spanlog_get_header get, void *arg, const char *name,
                         struct propagated *to) {
    const char *text = to->texts.correlation_id[0] == '\0' ? get(arg, name) : NULL;
    uint8_t id[16];
    if (text == NULL)
        return;
    size_t size = text_trim(&text);
    if (!is_correlation_id(text, size)) {
        to->refused++;
        return;
    }
    if (propagated_needs_ids(to) && (size == UUID_SIZE || size == 32) && read_id(text, size, id)) {
        memcpy(to->ctx.trace_id, id, 16);
        to->ctx.flags |= SPANLOG_FLAG_SAMPLED;
    }
    if (says_more(text, size, to->ctx.trace_id)) {
        memcpy(to->texts.correlation_id, text, size);
        to->texts.correlation_id[size] = '\0';
    }
}

static void inject_text(const char *name, const spanlog_ctx *ctx,
                        const struct propagated_texts *texts, spanlog_set_header set, void *arg) {
    char hex[33];
    if (texts->correlation_id[0] != '\0') {
        set(arg, name, texts->correlation_id);
    } else if (!id_is_zero(ctx->trace_id, 16)) {
        *hex_write(hex, ctx->trace_id, 16) = '\0';
        set(arg, name, hex);
    }
}

void x_correlation_id_extract(spanlog_get_header get, void *arg, struct propagated *to) {
    extract_text(get, arg, "x-correlation-id", to);
}

void x_correlation_id_inject(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                             spanlog_set_header set, void *arg) {
    inject_text("x-correlation-id", ctx, texts, set, arg);
}

void x_request_id_extract(spanlog_get_header get, void *arg, struct propagated *to) {
    extract_text(get, arg, "x-request-id", to);
}

void x_request_id_inject(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                         spanlog_set_header set, void *arg) {
    inject_text("x-request-id", ctx, texts, set, arg);
}
