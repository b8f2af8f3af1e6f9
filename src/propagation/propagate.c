/* propagation/propagate.c: spanlog_extract and spanlog_inject over any carrier of headers. */
#include "src/propagation/traceparent.h"

#include <errno.h>
#include <string.h>

int spanlog_extract(spanlog_get_header get, void *arg, spanlog_ctx *ret_ctx) {
    memset(ret_ctx, 0, sizeof *ret_ctx);
    const char *text = get != NULL ? get(arg, "traceparent") : NULL;
    return text != NULL ? traceparent_parse(text, ret_ctx) : -ENOENT;
}

int spanlog_inject(spanlog_ctx ctx, spanlog_set_header set, void *arg) {
    static const spanlog_ctx none;
    char text[TRACEPARENT_SIZE + 1];
    if (set == NULL || memcmp(ctx.trace_id, none.trace_id, sizeof none.trace_id) == 0 ||
        memcmp(ctx.span_id, none.span_id, sizeof none.span_id) == 0)
        return -EINVAL;
    ctx.flags &= SPANLOG_FLAG_SAMPLED | SPANLOG_FLAG_RANDOM;
    traceparent_format(&ctx, text);
    set(arg, "traceparent", text);
    return 0;
}
