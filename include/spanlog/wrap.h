/* spanlog/wrap.h: runs a function inside a span and records its duration and outcome.
 *
 *     static int rebuild(void *arg) { ... return 0; } // or -errno
 *     int failed = spanlog_wrap("rebuild index", rebuild, index);
 *
 * writes one line with duration and outcome,
 *
 *     {"msg":"span completed",...,"operation":"rebuild index","duration_ms":812.4,"status":"ok"}
 *
 * and before it, when the function has failed,
 *
 *     {"level":"error","msg":"work failed",...,"work":"rebuild index","errno":"ENOSPC: ..."}
 *
 * and for a backend, whatever the protocol:
 *
 *     spanlog_backend_scope(call, "payments", "charge card");
 *     spanlog_inject(spanlog_ctx_current(), add_metadata, message);
 *     if (send(message) < 0)
 *         spanlog_backend_failed(&call, "ETIMEDOUT");
 *
 * Header-only. Everything here may be called from any thread.
 */
#ifndef SPANLOG_WRAP_H
#define SPANLOG_WRAP_H

#include <spanlog/spanlog.h>
#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The outcome of a function that returned `result`: below zero is a failure and a -errno. */
static inline __attribute__((unused)) void spanlog__wrap_tell(spanlog_span *span,
                                                              const char *operation, int result) {
    if (result >= 0) {
        spanlog_status(span, 0);
        return;
    }
    int saved = errno;
    errno = result >= -4095 ? -result : EPROTO; /* no errno is larger */
    spanlog_fail(span, "failed");
    spanlog_set(span, spanlog_kv_errno());
    spanlog_error("work failed", spanlog_kv("work", operation), spanlog_kv_errno());
    errno = saved;
}

/* Runs run(arg) in a span of that kind, current for the call, below the thread's current one.
 * Returns what run does; a negative one is a -errno and fails the span. NULL run: 0, and
 * no span. NULL operation: "work". */
static inline __attribute__((unused)) int
spanlog_wrap_kind(const char *operation, spanlog_kind kind, int (*run)(void *arg), void *arg) {
    const char *name = operation != NULL ? operation : "work";
    if (run == NULL)
        return 0;
    spanlog_span span;
    if (kind == SPANLOG_CLIENT) {
        spanlog_begin(client, "work", SPANLOG_CLIENT, spanlog_ctx_current());
        span = client;
    } else if (kind == SPANLOG_SERVER) {
        spanlog_begin(server, "work", SPANLOG_SERVER, spanlog_ctx_current());
        span = server;
    } else {
        spanlog_begin(internal, "work", SPANLOG_INTERNAL, spanlog_ctx_current());
        span = internal;
    }
    spanlog_rename(&span, name);
    spanlog_ctx before = spanlog_ctx_attach(spanlog_span_ctx(&span));
    int result = run(arg);
    spanlog__wrap_tell(&span, name, result);
    spanlog_ctx_attach(before);
    spanlog_end(span);
    return result;
}

/* The same of kind internal. */
static inline __attribute__((unused)) int spanlog_wrap(const char *operation, int (*run)(void *arg),
                                                       void *arg) {
    return spanlog_wrap_kind(operation, SPANLOG_INTERNAL, run, arg);
}

/* Declares `span`, of kind client, for a call of the backend `service` (peer.service); it is
 * current to the end of its block. `operation` is a literal. */
#define spanlog_backend_scope(span, service, operation)                                            \
    spanlog_scope_kind(span, SPANLOG_CLIENT, operation, spanlog_kv("peer.service", service))

/* Fails a span with a short, countable reason: its error and error.type. */
static inline __attribute__((unused)) void spanlog_backend_failed(spanlog_span *span,
                                                                  const char *reason) {
    spanlog_set(span, spanlog_kv("error.type", reason));
    spanlog_fail(span, reason);
}

#ifdef __cplusplus
}
#endif

#endif
