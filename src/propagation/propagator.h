/* propagation/propagator.h: every way in which a context travels in headers, behind one table.
 * Pure.
 *
 *     struct propagated from;
 *     propagators_extract(PROPAGATORS_DEFAULT_IN, get, arg, &from);
 *     propagators_inject(PROPAGATORS_DEFAULT_OUT, &from.ctx, &from.texts, set, arg);
 *
 * Header names are asked for and given in lower case, as HTTP/2 and gRPC metadata want them. The
 * order of the table is the order of extraction: the first that gives a trace id decides.
 */
#ifndef SPANLOG_PROPAGATION_PROPAGATOR_H
#define SPANLOG_PROPAGATION_PROPAGATOR_H

#include "src/propagation/baggage.h"
#include "src/propagation/hex.h"
#include "src/propagation/tracestate.h"

#include <spanlog/spanlog.h>

#define CORRELATION_MAX 128u

/* What travels beside the ids; each is "" when there is none. */
struct propagated_texts {
    char correlation_id[CORRELATION_MAX + 1];
    char parent_uuid[UUID_SIZE + 1]; /* a parent of 128 bits, as it came; ctx has its last 64 */
    char tracestate[TRACESTATE_MAX + 1];
    char baggage[BAGGAGE_MAX + 1];
};

/* What headers said. A trace id without a span id: the trace has no parent span yet. */
struct propagated {
    spanlog_ctx ctx;  /* all zeros: no ids; `carried` is not touched */
    bool denied;      /* not to be sampled, although there are no ids */
    unsigned refused; /* headers, or members of them, that were malformed */
    struct propagated_texts texts;
};

struct propagator {
    const char *name; /* in OTEL_PROPAGATORS */
    /* Adds to `to` what its headers say; ids only when there are none yet. */
    void (*extract)(spanlog_get_header get, void *arg, struct propagated *to);
    /* Writes what ctx has enough ids for. */
    void (*inject)(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                   spanlog_set_header set, void *arg);
};

enum propagator_index {
    PROPAGATOR_TRACECONTEXT,
    PROPAGATOR_B3,
    PROPAGATOR_B3MULTI,
    PROPAGATOR_JAEGER,
    PROPAGATOR_X_TRACE_ID,
    PROPAGATOR_X_TRACE_ID_HEX,
    PROPAGATOR_X_CORRELATION_ID,
    PROPAGATOR_X_REQUEST_ID,
    PROPAGATOR_BAGGAGE,
    PROPAGATOR_COUNT
};
#define PROPAGATOR_BIT(index) (1u << (index))

/* All come in; what goes out is what most can read. */
#define PROPAGATORS_DEFAULT_IN (PROPAGATOR_BIT(PROPAGATOR_COUNT) - 1)
#define PROPAGATORS_DEFAULT_OUT                                                                    \
    (PROPAGATOR_BIT(PROPAGATOR_TRACECONTEXT) | PROPAGATOR_BIT(PROPAGATOR_BAGGAGE) |                \
     PROPAGATOR_BIT(PROPAGATOR_X_CORRELATION_ID))

extern const struct propagator propagators[PROPAGATOR_COUNT];

/* "tracecontext,baggage,b3" to a set of bits, which "none" leaves empty. Returns NULL, or what is
 * wrong with it. *ret_xray: X-Ray was named, which headers are not read or written for. */
const char *propagators_parse(const char *text, uint32_t *ret_set, bool *ret_xray);

void propagators_extract(uint32_t set, spanlog_get_header get, void *arg, struct propagated *ret);
/* Writes nothing for a ctx without a trace id but what needs none: baggage, correlation id. */
void propagators_inject(uint32_t which, const spanlog_ctx *ctx,
                        const struct propagated_texts *texts, spanlog_set_header set, void *arg);

/* Whether ctx still needs ids from a header. */
static inline bool propagated_needs_ids(const struct propagated *p) {
    return id_is_zero(p->ctx.trace_id, 16) && !p->denied;
}

/* The propagators, for the table. */
void b3_extract(spanlog_get_header get, void *arg, struct propagated *to);
void b3_inject_single(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                      spanlog_set_header set, void *arg);
void b3_inject_multi(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                     spanlog_set_header set, void *arg);
void jaeger_extract(spanlog_get_header get, void *arg, struct propagated *to);
void jaeger_inject(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                   spanlog_set_header set, void *arg);
void x_trace_id_extract(spanlog_get_header get, void *arg, struct propagated *to);
void x_trace_id_inject_uuid(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                            spanlog_set_header set, void *arg);
void x_trace_id_inject_hex(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                           spanlog_set_header set, void *arg);
void x_correlation_id_extract(spanlog_get_header get, void *arg, struct propagated *to);
void x_correlation_id_inject(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                             spanlog_set_header set, void *arg);
void x_request_id_extract(spanlog_get_header get, void *arg, struct propagated *to);
void x_request_id_inject(const spanlog_ctx *ctx, const struct propagated_texts *texts,
                         spanlog_set_header set, void *arg);

#endif
