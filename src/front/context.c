/* front/context.c: which span a thread is in.
 *
 *     spanlog_ctx before = spanlog_ctx_attach(from_another_thread);
 *     ...
 *     spanlog_ctx_attach(before);
 */
#include "src/front/context.h"
#include "src/front/carried.h"
#include "src/propagation/hex.h"

#include <errno.h>
#include <string.h>

__thread struct spanlog__thread_context spanlog__context;

bool context_is_valid(const spanlog_ctx *ctx) {
    uint64_t trace[2], span;
    memcpy(trace, ctx->trace_id, sizeof trace);
    memcpy(&span, ctx->span_id, sizeof span);
    return (trace[0] | trace[1]) != 0 && span != 0;
}

void context_set(const spanlog_ctx *ctx) {
    struct spanlog__thread_context *now = &spanlog__context;
    carried_pin(ctx->carried);
    if (!context_is_valid(ctx)) {
        static const uint8_t no_span[8];
        now->unsampled = 0;
        context_put(ctx, context_record_flags(ctx) & RECORD_STAMP);
        memcpy(now->ctx.span_id, no_span, sizeof no_span);
        return;
    }
    context_put(ctx, context_record_flags(ctx));
    now->unsampled = context_unsampled(ctx);
}

/* The first thread begins where the environment says, whatever it calls first; a child of fork
 * where its parent was. */
static void find_beginning(void) {
    if (SPANLOG__RARE(__atomic_load_n(&process.state, __ATOMIC_ACQUIRE) == PROCESS_NEW &&
                      process.epoch == 0)) {
        int saved = errno;
        process_start();
        errno = saved;
    }
}

spanlog_ctx spanlog_ctx_current(void) {
    find_beginning();
    return spanlog__context.ctx;
}

spanlog_ctx spanlog_ctx_attach(spanlog_ctx ctx) {
    find_beginning();
    spanlog_ctx before = spanlog__context.ctx;
    context_set(&ctx);
    return before;
}

void spanlog_trace_id(char ret_text[33]) {
    if (ret_text == NULL)
        return;
    ret_text[0] = '\0';
    find_beginning();
    if (spanlog__context.record_flags & RECORD_CONTEXT)
        *hex_write(ret_text, spanlog__context.ctx.trace_id, 16) = '\0';
}

void spanlog_span_id(char ret_text[17]) {
    if (ret_text == NULL)
        return;
    ret_text[0] = '\0';
    find_beginning();
    if (spanlog__context.record_flags & RECORD_CONTEXT)
        *hex_write(ret_text, spanlog__context.ctx.span_id, 8) = '\0';
}
