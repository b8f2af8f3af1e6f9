/* propagation/propagator.c: the table, W3C's own two, and the order of things. See propagator.h. */
#include "src/propagation/propagator.h"
#include "src/propagation/traceparent.h"

#include <string.h>

/* ---- W3C ------------------------------------------------------------------------------------- */

/* A bad traceparent makes tracestate mean nothing; a bad tracestate leaves traceparent as it is. */
static void tracecontext_extract(spanlog_get_header get, void *arg, struct propagated *to) {
    const char *text = get(arg, "traceparent");
    if (text == NULL)
        return;
    if (traceparent_parse(text, &to->ctx) != 0) {
        to->refused++;
        return;
    }
    text = get(arg, "tracestate");
    if (text != NULL && text[0] != '\0')
        to->refused += tracestate_read(text, to->texts.tracestate) != 0;
}

static void tracecontext_inject(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                                spanlog_set_header set, void *arg) {
    char text[TRACEPARENT_SIZE + 1];
    if (id_is_zero(ctx->trace_id, 16) || id_is_zero(ctx->span_id, 8))
        return;
    traceparent_format(ctx, text);
    set(arg, "traceparent", text);
    if (texts->tracestate[0] != '\0')
        set(arg, "tracestate", texts->tracestate);
}

static void baggage_extract(spanlog_get_header get, void *arg, struct propagated *to) {
    const char *text = get(arg, "baggage");
    if (text != NULL && text[0] != '\0')
        to->refused += baggage_read(text, to->texts.baggage);
}

static void baggage_inject(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                           spanlog_set_header set, void *arg) {
    (void)ctx;
    if (texts->baggage[0] != '\0')
        set(arg, "baggage", texts->baggage);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct propagator propagators[PROPAGATOR_COUNT] = {
    [PROPAGATOR_TRACECONTEXT] = {"tracecontext", tracecontext_extract, tracecontext_inject},
    [PROPAGATOR_B3] = {"b3", b3_extract, b3_inject_single},
    [PROPAGATOR_B3MULTI] = {"b3multi", b3_extract, b3_inject_multi},
    [PROPAGATOR_JAEGER] = {"jaeger", jaeger_extract, jaeger_inject},
    [PROPAGATOR_X_TRACE_ID] = {"x-trace-id", x_trace_id_extract, x_trace_id_inject_uuid},
    [PROPAGATOR_X_TRACE_ID_HEX] = {"x-trace-id-hex", x_trace_id_extract, x_trace_id_inject_hex},
    [PROPAGATOR_X_CORRELATION_ID] = {"x-correlation-id", x_correlation_id_extract,
                                     x_correlation_id_inject},
    [PROPAGATOR_X_REQUEST_ID] = {"x-request-id", x_request_id_extract, x_request_id_inject},
    [PROPAGATOR_BAGGAGE] = {"baggage", baggage_extract, baggage_inject},
};

static bool is_name(const char *text, size_t size, const char *name) {
    return strlen(name) == size && memcmp(text, name, size) == 0;
}

const char *propagators_parse(const char *text, uint32_t *ret_set, bool *ret_xray) {
    uint32_t set = 0;
    *ret_xray = false;
    while (*text != '\0') {
        const char *name = text + strspn(text, " \t");
        size_t size = strcspn(name, ",");
        text = name + size + (name[size] == ',');
        while (size > 0 && (name[size - 1] == ' ' || name[size - 1] == '\t'))
            size--;
        unsigned i = 0;
        while (i < PROPAGATOR_COUNT && !is_name(name, size, propagators[i].name))
            i++;
        if (i < PROPAGATOR_COUNT)
            set |= PROPAGATOR_BIT(i);
        else if (is_name(name, size, "xray"))
            *ret_xray = true;
        else if (size > 0 && !is_name(name, size, "none"))
            return "tracecontext, baggage, b3, b3multi, jaeger, x-trace-id, x-trace-id-hex, "
                   "x-correlation-id and x-request-id in any combination, or none";
    }
    *ret_set = set;
    return NULL;
}

/* Those that read the same headers as the one before are asked once. */
static uint32_t without_twins(uint32_t set) {
    if (set & PROPAGATOR_BIT(PROPAGATOR_B3))
        set &= ~PROPAGATOR_BIT(PROPAGATOR_B3MULTI);
    if (set & PROPAGATOR_BIT(PROPAGATOR_X_TRACE_ID))
        set &= ~PROPAGATOR_BIT(PROPAGATOR_X_TRACE_ID_HEX);
    return set;
}

void propagators_extract(uint32_t set, spanlog_get_header get, void *arg, struct propagated *to) {
    memset(&to->ctx, 0, sizeof to->ctx);
    to->denied = false;
    to->refused = 0;
    to->texts.correlation_id[0] = to->texts.parent_uuid[0] = '\0';
    to->texts.tracestate[0] = to->texts.baggage[0] = '\0';
    for (uint32_t left = without_twins(set); left != 0; left &= left - 1)
        propagators[__builtin_ctz(left)].extract(get, arg, to);
}

void propagators_inject(uint32_t which, const spanlog_ctx *ctx,
                        const struct propagated_texts *texts, spanlog_set_header set, void *arg) {
    for (uint32_t left = which; left != 0; left &= left - 1)
        propagators[__builtin_ctz(left)].inject(ctx, texts, set, arg);
}
