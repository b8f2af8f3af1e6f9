/* front/propagate.c: contexts out of headers and into them; baggage and tracestate of the current
 * one. The headers themselves: src/propagation.
 *
 *     spanlog_ctx from_caller;
 *     spanlog_extract(get, request, &from_caller);
 *     spanlog_begin(sp, "GET /orders", SPANLOG_SERVER, from_caller);
 *     spanlog_inject(spanlog_span_ctx(&sp), set, next_request);
 */
#include "src/front/propagate.h"
#include "src/front/carried.h"
#include "src/front/context.h"
#include "src/front/sample.h"
#include "src/propagation/traceparent.h"

#include <errno.h>
#include <stdlib.h>

static bool is_empty(const struct propagated *p) {
    static const spanlog_ctx none;
    return memcmp(&p->ctx, &none, sizeof none) == 0 && !p->denied;
}

static bool carries_nothing(const struct propagated_texts *texts) {
    return texts->correlation_id[0] == '\0' && texts->parent_uuid[0] == '\0' &&
           texts->tracestate[0] == '\0' && texts->baggage[0] == '\0';
}

/* Puts texts on a context. False: there was no room for them. */
static bool carry(spanlog_ctx *ctx, const struct propagated_texts *texts, const uint8_t parent[8]) {
    bool stamped = false;
    bool nothing = carries_nothing(texts);
    uint32_t handle = nothing ? 0 : carried_make(texts, parent, &stamped);
    if (!nothing && handle == 0)
        return false;
    ctx->carried = handle;
    ctx->flags = (uint8_t)(ctx->flags & ~(SPANLOG__FLAG_STAMP | SPANLOG__FLAG_CARRIED));
    if (handle != 0)
        ctx->flags |= SPANLOG__FLAG_CARRIED;
    if (stamped)
        ctx->flags |= SPANLOG__FLAG_STAMP;
    return true;
}

/* A trace that the caller does not want: it gets ids all the same, so that what follows agrees. */
static void deny(spanlog_ctx *ctx) {
    struct lock_guard guard;
    struct thread *t = thread_acquire(&guard);
    if (t == NULL)
        return;
    sample_new_id(t, ctx->trace_id);
    ids_new_span(&t->random, ctx->span_id);
    ctx->flags = SPANLOG_FLAG_RANDOM;
    thread_return(t, &guard);
}

/* From what headers said to a context. */
static void finish(struct propagated *p, spanlog_ctx *ret_ctx) {
    if (p->denied)
        deny(&p->ctx);
    *ret_ctx = p->ctx;
    if (context_is_valid(ret_ctx))
        ret_ctx->flags |= SPANLOG__FLAG_REMOTE;
    carry(ret_ctx, &p->texts, p->ctx.span_id); /* what found no room is counted */
}

int spanlog_extract(spanlog_get_header get, void *arg, spanlog_ctx *ret_ctx) {
    struct propagated p;
    int saved = errno;
    if (ret_ctx == NULL)
        return -EINVAL;
    memset(ret_ctx, 0, sizeof *ret_ctx);
    if (get == NULL)
        return -ENOENT;
    process_start();
    propagators_extract(process.propagators_in, get, arg, &p);
    if (p.refused > 0)
        __atomic_add_fetch(&process.headers_refused, p.refused, __ATOMIC_RELAXED);
    bool found = !is_empty(&p) || !carries_nothing(&p.texts);
    if (found)
        finish(&p, ret_ctx);
    errno = saved;
    if (found)
        return 0;
    return p.refused > 0 ? -EINVAL : -ENOENT;
}

static void inject(uint32_t which, const spanlog_ctx *ctx, spanlog_set_header set, void *arg) {
    struct propagated_texts texts;
    uint8_t parent[8];
    carried_read(ctx->carried, &texts, parent);
    propagators_inject(which, ctx, &texts, set, arg);
}

int spanlog_inject(spanlog_ctx ctx, spanlog_set_header set, void *arg) {
    int saved = errno;
    if (set == NULL || (!context_is_valid(&ctx) && ctx.carried == 0))
        return -EINVAL;
    process_start();
    inject(process.propagators_out, &ctx, set, arg);
    errno = saved;
    return 0;
}

/* ---- the environment -------------------------------------------------------------------------
 * Whatever headers are chosen: between processes of one machine there is no other way.
 */

static const char *const variables[][2] = {
    {"traceparent", "TRACEPARENT"}, {"tracestate", "TRACESTATE"}, {"baggage", "BAGGAGE"}};
#define W3C (PROPAGATOR_BIT(PROPAGATOR_TRACECONTEXT) | PROPAGATOR_BIT(PROPAGATOR_BAGGAGE))

struct environment {
    spanlog_set_header set;
    void *arg;
    unsigned written; /* a bit for each variable */
};

static const char *get_variable(void *arg, const char *name) {
    (void)arg;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        if (strcmp(variables[i][0], name) == 0)
            return secure_getenv(variables[i][1]);
    }
    return NULL;
}

static void set_variable(void *arg, const char *name, const char *value) {
    struct environment *to = arg;
    for (unsigned i = 0; i < sizeof variables / sizeof *variables; i++) {
        if (strcmp(variables[i][0], name) == 0) {
            to->set(to->arg, variables[i][1], value);
            to->written |= 1u << i;
        }
    }
}

void propagate_from_environment(void) {
    struct propagated p;
    spanlog_ctx ctx;
    static const spanlog_ctx none;
    if (memcmp(&spanlog__context.ctx, &none, sizeof none) != 0)
        return;
    propagators_extract(W3C, get_variable, NULL, &p);
    __atomic_add_fetch(&process.headers_refused, p.refused, __ATOMIC_RELAXED);
    if (is_empty(&p) && carries_nothing(&p.texts))
        return;
    finish(&p, &ctx);
    context_set(&ctx);
}

int spanlog_env(spanlog_ctx ctx, spanlog_set_header set, void *arg) {
    struct environment to = {.set = set, .arg = arg};
    int saved = errno;
    if (set == NULL)
        return -EINVAL;
    process_start();
    inject(W3C, &ctx, set_variable, &to);
    for (unsigned i = 0; i < sizeof variables / sizeof *variables; i++) {
        if ((to.written & 1u << i) == 0)
            set(arg, variables[i][1], NULL);
    }
    errno = saved;
    return 0;
}

/* ---- baggage and tracestate -------------------------------------------------------------------
 */

/* What the current context carries, to be looked at or changed. */
struct change {
    spanlog_ctx ctx;
    uint8_t parent[8];
    struct propagated_texts texts;
};

static void begin_change(struct change *change) {
    process_start();
    change->ctx = spanlog__context.ctx;
    carried_read(change->ctx.carried, &change->texts, change->parent);
}

/* One member of what is carried, by `set` of baggage.h or tracestate.h. */
static int change_member(const char *key, const char *value, size_t text,
                         int (*set)(char *text, const char *key, const char *value)) {
    struct change change;
    int saved = errno;
    if (key == NULL)
        return -EINVAL;
    begin_change(&change);
    int error = set((char *)&change.texts + text, key, value);
    if (error == 0 && !carry(&change.ctx, &change.texts, change.parent))
        error = -ENOSPC;
    if (error == 0)
        context_set(&change.ctx);
    errno = saved;
    return error;
}

int spanlog_baggage_get(const char *key, char *ret_value, size_t size) {
    struct change change;
    int saved = errno;
    size = ret_value != NULL ? size : 0;
    if (size > 0)
        ret_value[0] = '\0';
    if (key == NULL)
        return -EINVAL;
    begin_change(&change);
    errno = saved;
    return (int)baggage_get(change.texts.baggage, key, ret_value, size);
}

int spanlog_baggage_set(const char *key, const char *value) {
    return change_member(key, value, offsetof(struct propagated_texts, baggage), baggage_set);
}

int spanlog_tracestate_get(const char *key, char *ret_value, size_t size) {
    struct change change;
    int saved = errno;
    const char *value;
    size_t whole;
    size = ret_value != NULL ? size : 0;
    if (size > 0)
        ret_value[0] = '\0';
    if (key == NULL)
        return -EINVAL;
    begin_change(&change);
    errno = saved;
    if (!tracestate_find(change.texts.tracestate, key, &value, &whole))
        return -ENOENT;
    size_t have = whole < size ? whole : size > 0 ? size - 1 : 0;
    if (size > 0) {
        memcpy(ret_value, value, have);
        ret_value[have] = '\0';
    }
    return (int)whole;
}

int spanlog_tracestate_set(const char *key, const char *value) {
    return change_member(key, value, offsetof(struct propagated_texts, tracestate), tracestate_set);
}
