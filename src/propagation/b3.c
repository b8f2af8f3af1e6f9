/* propagation/b3.c: Zipkin's B3, one header or several.
 * https://github.com/openzipkin/b3-propagation
 *
 *     b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90
 *     b3: 0
 *     x-b3-traceid, x-b3-spanid, x-b3-sampled: 1, x-b3-flags: 1
 */
#include "src/propagation/propagator.h"

#include <string.h>

enum state { STATE_NONE, STATE_DENIED, STATE_ACCEPTED, STATE_DEBUG, STATE_BAD };

/* "true" and "false" are what old tracers sent. */
static enum state read_state(const char *text, size_t size) {
    if (size == 1 && text[0] == 'd')
        return STATE_DEBUG;
    if ((size == 1 && text[0] == '1') || (size == 4 && memcmp(text, "true", 4) == 0) ||
        (size == 4 && memcmp(text, "True", 4) == 0))
        return STATE_ACCEPTED;
    if ((size == 1 && text[0] == '0') || (size == 5 && memcmp(text, "false", 5) == 0) ||
        (size == 5 && memcmp(text, "False", 5) == 0))
        return STATE_DENIED;
    return STATE_BAD;
}

/* No decision means that it is ours. */
static uint8_t flags_of(enum state state) {
    if (state == STATE_DENIED)
        return 0;
    return state == STATE_DEBUG ? SPANLOG_FLAG_SAMPLED | SPANLOG_FLAG_DEBUG : SPANLOG_FLAG_SAMPLED;
}

static bool take_ids(const char *trace, size_t trace_size, const char *span, size_t span_size,
                     enum state state, struct propagated *to) {
    spanlog_ctx ctx = {.flags = flags_of(state)};
    if ((trace_size != 16 && trace_size != 32) || span_size != 16 || state == STATE_BAD ||
        !hex_read_padded(trace, trace_size, ctx.trace_id, 16) ||
        !hex_read_padded(span, span_size, ctx.span_id, 8) || id_is_zero(ctx.trace_id, 16) ||
        id_is_zero(ctx.span_id, 8))
        return false;
    to->ctx = ctx;
    return true;
}

/* A decision without ids holds for the trace that begins here. */
static bool take_state(enum state state, struct propagated *to) {
    if (state == STATE_BAD)
        return false;
    to->denied = state == STATE_DENIED;
    if (state == STATE_DEBUG)
        to->ctx.flags = flags_of(state);
    return true;
}

/* trace-span[-state[-parent]] or the state alone. */
static bool read_single(const char *text, size_t size, struct propagated *to) {
    struct {
        const char *text;
        size_t size;
    } parts[4] = {{text, size}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    unsigned count = 1;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '-')
            continue;
        if (count == 4)
            return false;
        parts[count - 1].size = (size_t)(text + i - parts[count - 1].text);
        parts[count].text = text + i + 1;
        parts[count++].size = size - i - 1;
    }
    if (count == 1)
        return take_state(read_state(text, size), to);
    enum state state = count > 2 ? read_state(parts[2].text, parts[2].size) : STATE_NONE;
    uint8_t parent[8];
    if (count == 4 &&
        (parts[3].size != 16 || !hex_read_padded(parts[3].text, parts[3].size, parent, 8)))
        return false;
    return take_ids(parts[0].text, parts[0].size, parts[1].text, parts[1].size, state, to);
}

static enum state read_multi_state(spanlog_get_header get, void *arg) {
    const char *flags = get(arg, "x-b3-flags");
    if (flags != NULL && text_trim(&flags) == 1 && flags[0] == '1')
        return STATE_DEBUG;
    const char *sampled = get(arg, "x-b3-sampled");
    if (sampled == NULL)
        return STATE_NONE;
    size_t size = text_trim(&sampled);
    enum state state = read_state(sampled, size);
    return state == STATE_DEBUG ? STATE_BAD : state;
}

/* Each header is asked for and copied at once: the carrier may use its buffer again. */
static size_t copy_id(spanlog_get_header get, void *arg, const char *name, char ret_id[33]) {
    const char *text = get(arg, name);
    if (text == NULL)
        return 0;
    size_t size = text_trim(&text);
    if (size > 32)
        return 33;
    memcpy(ret_id, text, size);
    return size;
}

static bool read_multi(spanlog_get_header get, void *arg, struct propagated *to) {
    char trace[33], span[33];
    size_t trace_size = copy_id(get, arg, "x-b3-traceid", trace);
    size_t span_size = copy_id(get, arg, "x-b3-spanid", span);
    enum state state = read_multi_state(get, arg);
    if (trace_size == 0 && span_size == 0)
        return state == STATE_NONE || take_state(state, to);
    return take_ids(trace, trace_size, span, span_size, state, to);
}

void b3_extract(spanlog_get_header get, void *arg, struct propagated *to) {
    if (!propagated_needs_ids(to))
        return;
    const char *single = get(arg, "b3");
    bool good;
    if (single != NULL) {
        size_t size = text_trim(&single);
        good = read_single(single, size, to);
    } else {
        good = read_multi(get, arg, to);
    }
    to->refused += !good;
}

static bool has_ids(const spanlog_ctx *ctx) {
    return !id_is_zero(ctx->trace_id, 16) && !id_is_zero(ctx->span_id, 8);
}

static char state_of(const spanlog_ctx *ctx) {
    if (ctx->flags & SPANLOG_FLAG_DEBUG)
        return 'd';
    return ctx->flags & SPANLOG_FLAG_SAMPLED ? '1' : '0';
}

void b3_inject_single(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                      spanlog_set_header set, void *arg) {
    char text[32 + 1 + 16 + 2 + 1];
    (void)texts;
    if (!has_ids(ctx))
        return;
    char *to = hex_write(text, ctx->trace_id, 16);
    *to++ = '-';
    to = hex_write(to, ctx->span_id, 8);
    *to++ = '-';
    *to++ = state_of(ctx);
    *to = '\0';
    set(arg, "b3", text);
}

void b3_inject_multi(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                     spanlog_set_header set, void *arg) {
    char text[33];
    (void)texts;
    if (!has_ids(ctx))
        return;
    *hex_write(text, ctx->trace_id, 16) = '\0';
    set(arg, "x-b3-traceid", text);
    *hex_write(text, ctx->span_id, 8) = '\0';
    set(arg, "x-b3-spanid", text);
    if (ctx->flags & SPANLOG_FLAG_DEBUG) /* which says that it is sampled */
        set(arg, "x-b3-flags", "1");
    else
        set(arg, "x-b3-sampled", ctx->flags & SPANLOG_FLAG_SAMPLED ? "1" : "0");
}
