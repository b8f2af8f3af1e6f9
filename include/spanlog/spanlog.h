/* spanlog: structured logs and traces as one thing.
 *
 *     #include <spanlog/spanlog.h>
 *
 *     void checkout(const char *id) {
 *         spanlog_scope(sp, "checkout", kv("order.id", id));
 *         spanlog_info("order placed", kv("ms", 1.2));
 *     }
 *
 * writes two JSON lines (shortened):
 *
 *     {"ts":"...","msg":"order placed",...,"trace_id":"...","span_id":"...","ms":1.2}
 *     {"ts":"...","msg":"span completed",...,"operation":"checkout","order.id":"7"}
 *
 * No call is needed before the first: settings come from the environment (SPANLOG_OUTPUT,
 * SPANLOG_LEVEL, ...), see README.md. Every function and macro may be called from any thread, and
 * from signal handlers once the process has logged (or called spanlog_init; not these themselves,
 * nor spanlog_flush and spanlog_shutdown). A call takes 4 KiB of stack; the process's first, and a
 * printf format with positions, wide characters or long doubles, up to 24; where callers write for
 * themselves (SPANLOG_SYNC=1, no journal) up to 40. Nothing here sets errno, and logging never
 * fails its caller: what could not be written is counted and said in the log. Functions that can
 * fail return 0 or a negative errno.
 */
#ifndef SPANLOG_SPANLOG_H
#define SPANLOG_SPANLOG_H

#include <spanlog/macros.h>
#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SPANLOG_VERSION "0.1.0"

/* ---- levels and values ------------------------------------------------------------------ */

/* OpenTelemetry's severity numbers. A fatal record does not end the process. */
typedef enum spanlog_level {
    SPANLOG_TRACE = 1,
    SPANLOG_DEBUG = 5,
    SPANLOG_INFO = 9,
    SPANLOG_WARN = 13,
    SPANLOG_ERROR = 17,
    SPANLOG_FATAL = 21
} spanlog_level;

/* A field: a literal key and a value. Values may be any integer, bool, float, double, or string;
 * anything else is a compile error. A NULL string is written as "(null)". The value is evaluated
 * once, and not at all when the level is off. Strings are copied before the call returns. */
#define spanlog_kv(key, value) (key, spanlog__value, value)
/* `size` bytes of text at `data`, which need not end with NUL. NULL is written as "(null)". */
#define spanlog_kv_n(key, data, size) (key, spanlog__text, data, size)
/* `size` bytes at `data`, written as lower-case hex. */
#define spanlog_kv_hex(key, data, size) (key, spanlog__hex, data, size)
/* An address, written as "0x7f...". */
#define spanlog_kv_ptr(key, pointer) (key, spanlog__pointer, pointer)
/* errno at the call, under the key "errno", written as "ENOENT: No such file or directory". */
#define spanlog_kv_errno() ("errno", spanlog__error, spanlog__errno())
/* JSON text made elsewhere, ended by NUL. Written as JSON, without line breaks, when it is one
 * valid value (RFC 8259), as a string otherwise. */
#define spanlog_kv_json(key, text) (key, spanlog__json, text)

#ifndef SPANLOG_NO_SHORT_NAMES
#define kv(key, value) spanlog_kv(key, value)
#define kv_n(key, data, size) spanlog_kv_n(key, data, size)
#define kv_hex(key, data, size) spanlog_kv_hex(key, data, size)
#define kv_ptr(key, pointer) spanlog_kv_ptr(key, pointer)
#define kv_errno() spanlog_kv_errno()
#define kv_json(key, text) spanlog_kv_json(key, text)
#endif

/* ---- records ---------------------------------------------------------------------------- */

/* spanlog_info("message", kv(...), ...): a literal message and up to 16 fields. */
#define spanlog_trace(...) SPANLOG__LOG(SPANLOG_TRACE, __VA_ARGS__)
#define spanlog_debug(...) SPANLOG__LOG(SPANLOG_DEBUG, __VA_ARGS__)
#define spanlog_info(...) SPANLOG__LOG(SPANLOG_INFO, __VA_ARGS__)
#define spanlog_warn(...) SPANLOG__LOG(SPANLOG_WARN, __VA_ARGS__)
#define spanlog_error(...) SPANLOG__LOG(SPANLOG_ERROR, __VA_ARGS__)
#define spanlog_fatal(...) SPANLOG__LOG(SPANLOG_FATAL, __VA_ARGS__)

/* spanlog_infof("user=%s", name): printf's conversions, a literal format; the formatting is done
 * later by the back. `%m` is errno at the call, `%n` is refused, a NULL `%s` is "(null)". */
#define spanlog_tracef(...) SPANLOG__LOGF(SPANLOG_TRACE, __VA_ARGS__)
#define spanlog_debugf(...) SPANLOG__LOGF(SPANLOG_DEBUG, __VA_ARGS__)
#define spanlog_infof(...) SPANLOG__LOGF(SPANLOG_INFO, __VA_ARGS__)
#define spanlog_warnf(...) SPANLOG__LOGF(SPANLOG_WARN, __VA_ARGS__)
#define spanlog_errorf(...) SPANLOG__LOGF(SPANLOG_ERROR, __VA_ARGS__)
#define spanlog_fatalf(...) SPANLOG__LOGF(SPANLOG_FATAL, __VA_ARGS__)

/* Only the first call of this line in the process. */
#define spanlog_trace_once(...) SPANLOG__EVERY(SPANLOG_TRACE, 0, __VA_ARGS__)
#define spanlog_debug_once(...) SPANLOG__EVERY(SPANLOG_DEBUG, 0, __VA_ARGS__)
#define spanlog_info_once(...) SPANLOG__EVERY(SPANLOG_INFO, 0, __VA_ARGS__)
#define spanlog_warn_once(...) SPANLOG__EVERY(SPANLOG_WARN, 0, __VA_ARGS__)
#define spanlog_error_once(...) SPANLOG__EVERY(SPANLOG_ERROR, 0, __VA_ARGS__)
#define spanlog_fatal_once(...) SPANLOG__EVERY(SPANLOG_FATAL, 0, __VA_ARGS__)

/* The first call of this line, and every n-th after it. n is at least 1. */
#define spanlog_trace_every(n, ...) SPANLOG__EVERY(SPANLOG_TRACE, n, __VA_ARGS__)
#define spanlog_debug_every(n, ...) SPANLOG__EVERY(SPANLOG_DEBUG, n, __VA_ARGS__)
#define spanlog_info_every(n, ...) SPANLOG__EVERY(SPANLOG_INFO, n, __VA_ARGS__)
#define spanlog_warn_every(n, ...) SPANLOG__EVERY(SPANLOG_WARN, n, __VA_ARGS__)
#define spanlog_error_every(n, ...) SPANLOG__EVERY(SPANLOG_ERROR, n, __VA_ARGS__)
#define spanlog_fatal_every(n, ...) SPANLOG__EVERY(SPANLOG_FATAL, n, __VA_ARGS__)

/* A named logger: `static spanlog_logger db = SPANLOG_LOGGER("db");` and then
 * `spanlog_info_to(db, "...", kv(...))`. The name must live as long as the logger. Records of the
 * plain macros carry SPANLOG_LOGGER_NAME where the source file defines it before the include, else
 * the name of the file's folder. */
typedef struct spanlog_logger {
    const char *name;
    uint32_t id; /* given at first use */
    uint32_t reserved;
} spanlog_logger;
#define SPANLOG_LOGGER(name)                                                                       \
    { "" name "", 0, 0 }

#define spanlog_trace_to(logger, ...) SPANLOG__LOG_TO(SPANLOG_TRACE, logger, __VA_ARGS__)
#define spanlog_debug_to(logger, ...) SPANLOG__LOG_TO(SPANLOG_DEBUG, logger, __VA_ARGS__)
#define spanlog_info_to(logger, ...) SPANLOG__LOG_TO(SPANLOG_INFO, logger, __VA_ARGS__)
#define spanlog_warn_to(logger, ...) SPANLOG__LOG_TO(SPANLOG_WARN, logger, __VA_ARGS__)
#define spanlog_error_to(logger, ...) SPANLOG__LOG_TO(SPANLOG_ERROR, logger, __VA_ARGS__)
#define spanlog_fatal_to(logger, ...) SPANLOG__LOG_TO(SPANLOG_FATAL, logger, __VA_ARGS__)
#define spanlog_tracef_to(logger, ...) SPANLOG__LOGF_TO(SPANLOG_TRACE, logger, __VA_ARGS__)
#define spanlog_debugf_to(logger, ...) SPANLOG__LOGF_TO(SPANLOG_DEBUG, logger, __VA_ARGS__)
#define spanlog_infof_to(logger, ...) SPANLOG__LOGF_TO(SPANLOG_INFO, logger, __VA_ARGS__)
#define spanlog_warnf_to(logger, ...) SPANLOG__LOGF_TO(SPANLOG_WARN, logger, __VA_ARGS__)
#define spanlog_errorf_to(logger, ...) SPANLOG__LOGF_TO(SPANLOG_ERROR, logger, __VA_ARGS__)
#define spanlog_fatalf_to(logger, ...) SPANLOG__LOGF_TO(SPANLOG_FATAL, logger, __VA_ARGS__)

/* ---- context ---------------------------------------------------------------------------- */

#define SPANLOG_FLAG_SAMPLED 0x01u /* W3C trace-context: the trace is recorded */
#define SPANLOG_FLAG_RANDOM 0x02u  /* W3C trace-context level 2: the last 7 bytes are random */
#define SPANLOG_FLAG_DEBUG 0x04u   /* B3 and Jaeger: sampled on demand; handed on to both */

/* Which span a thread is in, and what came with it. All zeros: none. Copy it freely. With a trace
 * id and no span id it is a trace that has no span yet: what begins there is its root. */
typedef struct spanlog_ctx {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t flags; /* SPANLOG_FLAG_*; the other bits are the library's: leave them as they are */
    uint8_t reserved[3];
    uint32_t carried; /* the library's: tracestate, baggage, correlation id; 0: none of them. A copy
                       * that is neither current nor in an open span keeps them until at least 128
                       * further contexts with such things have been made. */
} spanlog_ctx;

/* The calling thread's context; all zeros outside a span. The first thread to use the library is in
 * the span that TRACEPARENT names, from its first call on. */
SPANLOG__API spanlog_ctx spanlog_ctx_current(void);
/* Makes ctx the calling thread's context and returns the one before it, which the caller attaches
 * again when done. With a ctx without a trace or span id the thread is in no span. */
SPANLOG__API spanlog_ctx spanlog_ctx_attach(spanlog_ctx ctx);
/* The current ids as lower-case hex and NUL, "" outside a span. NULL buffers are ignored. */
SPANLOG__API void spanlog_trace_id(char ret_text[33]);
SPANLOG__API void spanlog_span_id(char ret_text[17]);

/* ---- spans ------------------------------------------------------------------------------ */

/* OpenTelemetry's span kinds. */
typedef enum spanlog_kind {
    SPANLOG_INTERNAL = 0,
    SPANLOG_SERVER = 1,
    SPANLOG_CLIENT = 2,
    SPANLOG_PRODUCER = 3,
    SPANLOG_CONSUMER = 4
} spanlog_kind;

/* A handle to an open span. It may be copied and handed to another thread; one thread at a time
 * may use it. After the end, and in a child after fork, every use does nothing. */
typedef struct spanlog_span {
    struct spanlog__open_span *open; /* NULL: not recorded */
    uint64_t generation;
    spanlog_ctx before; /* what the thread's context was; scopes put it back */
} spanlog_span;

/* spanlog_scope(sp, "checkout", kv(...), ...): declares `sp`, a span of kind internal that is a
 * child of the thread's current span (or the root of a new trace), makes it current, and ends it
 * where its block ends; spanlog_end(sp) ends it sooner. It does not end on longjmp, exit or,
 * without -fexceptions, pthread_exit. Inside a trace that is not sampled no span is recorded and
 * the current ids stay. */
#define spanlog_scope(name, ...) SPANLOG__SCOPE(name, SPANLOG_INTERNAL, __VA_ARGS__)
/* The same with a kind: spanlog_scope_kind(sp, SPANLOG_SERVER, "GET /orders", kv(...)). */
#define spanlog_scope_kind(name, kind, ...) SPANLOG__SCOPE(name, kind, __VA_ARGS__)

/* spanlog_begin(p, "job", SPANLOG_CONSUMER, parent_ctx, kv(...), ...): declares `p`, a span that
 * does not become current and ends with spanlog_end(p), on any thread. A zero parent_ctx begins a
 * new trace, one without a span id the root of its trace. For callbacks and event loops: keep a
 * copy of p. */
#define spanlog_begin(name, ...)                                                                   \
    SPANLOG__CAT(SPANLOG__BEGIN_, SPANLOG__BEYOND_3(__VA_ARGS__))(name, __VA_ARGS__)
#define spanlog_end(span) spanlog__end(&(span))

/* Attributes, events and links of an open span, through a pointer to its handle. A key set twice
 * keeps the last value. More than 128 of each (SPANLOG_MAX_ATTRIBUTES, _EVENTS, _LINKS) are
 * counted in the span's line as dropped_attributes and so on. */
#define spanlog_set(span, ...)                                                                     \
    do {                                                                                           \
        SPANLOG__SITE(spanlog__site_, SPANLOG_INFO, SPANLOG__FORM_SET, 0, "", __VA_ARGS__);        \
        if ((span)->open != NULL)                                                                  \
            spanlog__set(span, &spanlog__site_, SPANLOG__ARGUMENTS("", __VA_ARGS__));              \
    } while (0)
#define spanlog_event(span, ...)                                                                   \
    do {                                                                                           \
        SPANLOG__SITE(spanlog__site_, SPANLOG_INFO, SPANLOG__FORM_EVENT, 0, __VA_ARGS__);          \
        if ((span)->open != NULL)                                                                  \
            spanlog__event(span, &spanlog__site_, SPANLOG__ARGUMENTS(__VA_ARGS__));                \
    } while (0)
/* A causal link to another span, written with SPANLOG_INCLUDE_LINKS=1, else counted in the line as
 * dropped_links. A zero ctx is ignored. */
SPANLOG__API void spanlog_link(spanlog_span *span, spanlog_ctx ctx);
/* An HTTP status, or gRPC's when below 100, written as status_code. It sets the span's status:
 * error for 500 and above and gRPC's server errors (2, 4, 12, 13, 14, 15), ok for 0 and 100 to 399.
 */
SPANLOG__API void spanlog_status(spanlog_span *span, int code);
/* Status error, with a text (NULL: none). */
SPANLOG__API void spanlog_fail(spanlog_span *span, const char *error);
/* Another operation name, for names that are known only at run time. NULL is ignored. */
SPANLOG__API void spanlog_rename(spanlog_span *span, const char *operation);
/* The context of a span, to be handed on or attached. All zeros when it is not recorded and began
 * outside any trace. When its trace is not sampled: for a scope the surrounding context, for
 * spanlog_begin one with an id of its own, which is never written as a span. */
SPANLOG__API spanlog_ctx spanlog_span_ctx(const spanlog_span *span);

/* ---- propagation ------------------------------------------------------------------------ */

/* Reads a header: the value of `name` (lower case), or NULL. Two headers of one name: their values
 * joined by a comma. The text must stay valid until spanlog_extract returns. */
typedef const char *(*spanlog_get_header)(void *arg, const char *name);
/* Writes a header. Both texts are valid during the call only. */
typedef void (*spanlog_set_header)(void *arg, const char *name, const char *value);

/* Takes the context out of a carrier: out of the first of traceparent, b3, uber-trace-id,
 * X-Trace-ID, X-Correlation-ID, X-Request-ID that gives ids, and with them tracestate, baggage and
 * the correlation id, which every record of the context then carries as correlation_id.
 * OTEL_PROPAGATORS narrows this down. Returns 0, or -ENOENT when there is nothing, or -EINVAL when
 * all there is is malformed; then *ret_ctx is all zeros, which begins a new trace. */
SPANLOG__API int spanlog_extract(spanlog_get_header get, void *arg, spanlog_ctx *ret_ctx);
/* Writes ctx as traceparent and x-correlation-id (without one, the trace id), and as tracestate and
 * baggage when it has any; or as OTEL_PROPAGATORS says. Names are lower case, as HTTP/2 and gRPC
 * need them. Returns 0, or -EINVAL for a zero ctx, and then writes nothing. */
SPANLOG__API int spanlog_inject(spanlog_ctx ctx, spanlog_set_header set, void *arg);
/* The same for a child process's environment, whatever OTEL_PROPAGATORS says: TRACEPARENT,
 * TRACESTATE and BAGGAGE, with a NULL value for a variable that must not be there. A process that
 * starts with them begins in that context, on the thread that first uses the library. Returns 0, or
 * -EINVAL for NULL. */
SPANLOG__API int spanlog_env(spanlog_ctx ctx, spanlog_set_header set, void *arg);

/* W3C baggage of the current context. Keys are tokens (no spaces, no "=", no comma); values are any
 * text, percent-encoded on the way. What is set holds for spans and headers that come after it,
 * until the context before this one is put back. The keys in SPANLOG_BAGGAGE_KEYS become attributes
 * of every record. */
/* Copies the value, cut to size - 1 bytes, and NUL; to NULL, nothing. Returns its whole size, or
 * -ENOENT. */
SPANLOG__API int spanlog_baggage_get(const char *key, char *ret_value, size_t size);
/* NULL takes the key out. Returns 0, -EINVAL for a bad key, -E2BIG over 180 keys or 8192 bytes,
 * -ENOSPC when too many contexts carry something at once; then nothing is changed. */
SPANLOG__API int spanlog_baggage_set(const char *key, const char *value);
/* W3C tracestate of the current context: one's own entry in it, under one's own key. As above; a
 * value is 1 to 256 printable characters without "," and "=". */
SPANLOG__API int spanlog_tracestate_get(const char *key, char *ret_value, size_t size);
SPANLOG__API int spanlog_tracestate_set(const char *key, const char *value);

/* ---- the process ------------------------------------------------------------------------ */

/* Settings in code. Zero or NULL: the default. The environment beats them (README.md). */
typedef struct spanlog_config {
    size_t size;              /* sizeof(spanlog_config) */
    const char *service;      /* service.name; default: the program's name */
    const char *version;      /* service.version */
    const char *environment;  /* deployment.environment.name */
    const char *resource;     /* more resource attributes: "key=value,key=value" */
    const char *output;       /* as SPANLOG_OUTPUT */
    const char *level;        /* as SPANLOG_LEVEL */
    const char *format;       /* as SPANLOG_FORMAT */
    const char *full;         /* as SPANLOG_FULL */
    const char *journal_dir;  /* as SPANLOG_JOURNAL_DIR */
    const char *source;       /* as SPANLOG_SOURCE */
    const char *propagators;  /* as OTEL_PROPAGATORS */
    const char *baggage_keys; /* as SPANLOG_BAGGAGE_KEYS */
    const char *settings;     /* any, as in a configuration file: lines of "name = value" */
    uint32_t block_ms;        /* as SPANLOG_BLOCK_MS; default 1000 */
    uint32_t ring_size;       /* as SPANLOG_RING_SIZE, bytes; default 1 MiB */
    uint32_t max_attributes;  /* per span; default 128, and so the next two */
    uint32_t max_events;
    uint32_t max_links;
    uint32_t max_open_spans; /* per process; default 8192 */
    bool sync;               /* as SPANLOG_SYNC */
    bool no_process_lines;   /* neither "process started" nor "process ended" */
    bool no_signal_handlers; /* leave fatal signals alone */
    bool quiet;              /* no word on stderr about a bad setting or a failing output */
} spanlog_config;

/* Configures the process; optional, and only before the first record. NULL: all defaults. The
 * texts are copied. Returns 0, -EALREADY after the first use, -EINVAL for a wrong size field. A bad
 * setting is named on stderr and its default taken. */
SPANLOG__API int spanlog_init(const spanlog_config *config);
/* spanlog_redact("pin", "iban", "value:AKIA????????????????"): what must not leave the process, in
 * addition to the setting `redact` (passwords, tokens, cookies and the like by default). A word is
 * the end of a key: "pin" is about pin, card.pin and cardPin, in logs, attributes, events, baggage,
 * JSON values, and after "pin=" in a printf format. value:PATTERN is about any text; '?' is one
 * character, '*' some. "[REDACTED]" is written in their place. From the next line that is written
 * on; never undone. Returns 0, -EINVAL for what is no rule, -ENOSPC when there are too many. */
#define spanlog_redact(...) spanlog__redact(__VA_ARGS__, (const char *)0)
/* Waits until every record whose call returned before this one is written. Returns 0, or
 * -ETIMEDOUT after timeout_ms (the records stay in the journal). timeout_ms < 0: no limit. */
SPANLOG__API int spanlog_flush(int timeout_ms);
/* Flushes, writes "process ended", stops the back thread and what sends to network outputs. Later
 * records are written by their callers. exit() and the return from main do this by themselves.
 * Returns as spanlog_flush: after -ETIMEDOUT nothing is lost, network outputs go on, and it may be
 * called again. */
SPANLOG__API int spanlog_shutdown(int timeout_ms);

typedef struct spanlog_statistics {
    size_t size;              /* set by the caller: sizeof(spanlog_statistics) */
    uint64_t records;         /* lines written, spans included */
    uint64_t spans;           /* span lines among them */
    uint64_t dropped;         /* records lost to full rings or failing sinks */
    uint64_t bytes;           /* written to all outputs */
    uint64_t writes;          /* write(2) calls */
    uint64_t sink_errors;     /* of which failed */
    uint64_t sleeps;          /* times that the back went to sleep for good, waiting for a record */
    uint64_t open_spans;      /* now */
    uint64_t spans_refused;   /* not recorded since too many were open */
    uint64_t threads;         /* rings in use */
    uint64_t recovered;       /* records written for dead processes */
    uint64_t headers_refused; /* malformed headers, or members of them */
    uint64_t contexts_refused; /* lost what they carried: over 2048 did at once */
    uint64_t dropped_full;     /* of dropped: the ring was full */
    uint64_t dropped_sink;     /* of dropped: the output's reader is gone for good */
    uint64_t dropped_damaged;  /* of dropped: not to be read in the journal */
    uint64_t ring_size;        /* bytes of all rings */
    uint64_t ring_used;        /* bytes of them that wait to be written now, about */
    uint64_t lag_ns;           /* age of the oldest record that waits; 0: none does */
    uint64_t dropped_spans;    /* of dropped: spans, since too many were open */
    uint64_t dropped_tail;     /* of dropped: had to go before their trace had ended and was kept */
} spanlog_statistics;
/* Fills *ret_stats up to its size. Returns 0, or -EINVAL for NULL or a zero size. */
SPANLOG__API int spanlog_stats(spanlog_statistics *ret_stats);

/* ---- for the macros --------------------------------------------------------------------- */

#define SPANLOG__UNSAMPLED UINT64_MAX /* a scope's generation: its context is the thread's */
#define SPANLOG__FLAG_REMOTE 0x08u    /* of a context: it came from another process */
#define SPANLOG__FLAG_RATIO 0x10u     /* of a context: reserved[0] says at which ratio */
#define SPANLOG__FLAG_CARRIED 0x40u   /* of a context: `carried` is set */
#define SPANLOG__FLAG_STAMP 0x80u /* of a context: its records say something of what it carries */

#define SPANLOG__COUNTED                                                                           \
    2u /* of `unsampled`: spans of servers and clients are counted all the same */

/* The part of a thread's state that scopes look at. */
struct spanlog__thread_context {
    spanlog_ctx ctx;
    uint32_t unsampled;    /* 0, or ctx is valid and not sampled: 1, or SPANLOG__COUNTED */
    uint32_t record_flags; /* what of ctx every record of this thread says */
};
extern SPANLOG__API __thread struct spanlog__thread_context spanlog__context
    __attribute__((tls_model("initial-exec")));

SPANLOG__API int spanlog__errno(void);
SPANLOG__API int spanlog__redact(const char *first, ...) __attribute__((sentinel));
/* A call site's first call: whether its level is on. */
SPANLOG__API bool spanlog__ready(struct spanlog__site *site) __attribute__((cold));
/* Whether the site's level is on for that logger. */
SPANLOG__API bool spanlog__ready_to(spanlog_logger *logger, struct spanlog__site *site);
SPANLOG__API void spanlog__log(struct spanlog__site *site, const union spanlog__slot *slots);
SPANLOG__API void spanlog__log_to(spanlog_logger *logger, struct spanlog__site *site,
                                  const union spanlog__slot *slots);
SPANLOG__API void spanlog__logf(spanlog_logger *logger, struct spanlog__site *site,
                                const char *format, ...) SPANLOG__PRINTF(3, 4);
/* The same with a va_list, for sites with keys too: `fields` has a slot for each. */
SPANLOG__API void spanlog__vlogf(spanlog_logger *logger, struct spanlog__site *site,
                                 const char *format, va_list arguments,
                                 const union spanlog__slot *fields) SPANLOG__PRINTF(3, 0);
SPANLOG__API void spanlog__scope_begin(spanlog_span *ret_span, struct spanlog__site *site,
                                       const union spanlog__slot *slots);
SPANLOG__API void spanlog__scope_end(spanlog_span *span);
SPANLOG__API void spanlog__begin(spanlog_span *ret_span, const spanlog_ctx *parent,
                                 struct spanlog__site *site, const union spanlog__slot *slots);
SPANLOG__API void spanlog__end(spanlog_span *span);
SPANLOG__API void spanlog__set(spanlog_span *span, struct spanlog__site *site,
                               const union spanlog__slot *slots);
SPANLOG__API void spanlog__event(spanlog_span *span, struct spanlog__site *site,
                                 const union spanlog__slot *slots);

SPANLOG__INLINE void spanlog__leave(spanlog_span *span) {
    if (SPANLOG__ASIDE(span->open != NULL))
        spanlog__scope_end(span);
}

SPANLOG__INLINE spanlog_span spanlog__start(spanlog_ctx parent, struct spanlog__site *site,
                                            const union spanlog__slot *slots) {
    spanlog_span span;
    spanlog__begin(&span, &parent, site, slots);
    return span;
}

/* Whether a scope of that kind, which is a constant, is of any interest: one comparison. */
#define SPANLOG__IS_WANTED(kind)                                                                   \
    ((kind) == SPANLOG_SERVER || (kind) == SPANLOG_CLIENT ? spanlog__context.unsampled != 1        \
                                                          : spanlog__context.unsampled == 0)

/* The pointer with an initialiser lets -Wjump-misses-init see a goto into the scope. The slots are
 * filled only where the span is recorded. */
#define SPANLOG__SCOPE(name, kind, ...)                                                            \
    SPANLOG__SITE(SPANLOG__CAT(spanlog__site_, name), SPANLOG_INFO, SPANLOG__FORM_SPAN, kind,      \
                  __VA_ARGS__);                                                                    \
    __attribute__((unused)) struct spanlog__site *const SPANLOG__CAT(spanlog__entry_, name) =      \
        &SPANLOG__CAT(spanlog__site_, name);                                                       \
    __attribute__((cleanup(spanlog__leave))) spanlog_span name;                                    \
    name.open = NULL;                                                                              \
    if (SPANLOG__ASIDE(SPANLOG__IS_WANTED(kind)))                                                  \
        spanlog__scope_begin(&name, &SPANLOG__CAT(spanlog__site_, name),                           \
                             SPANLOG__ARGUMENTS(__VA_ARGS__));                                     \
    else                                                                                           \
        name.generation = SPANLOG__UNSAMPLED

#define SPANLOG__BEGIN_none(name, operation, kind, parent)                                         \
    SPANLOG__BEGIN(name, kind, parent, operation)
#define SPANLOG__BEGIN_some(name, operation, kind, parent, ...)                                    \
    SPANLOG__BEGIN(name, kind, parent, operation, __VA_ARGS__)
#define SPANLOG__BEGIN(name, kind, parent, ...)                                                    \
    SPANLOG__SITE(SPANLOG__CAT(spanlog__site_, name), SPANLOG_INFO, SPANLOG__FORM_SPAN, kind,      \
                  __VA_ARGS__);                                                                    \
    spanlog_span name = spanlog__start(parent, &SPANLOG__CAT(spanlog__site_, name),                \
                                       SPANLOG__ARGUMENTS(__VA_ARGS__))

#ifdef __cplusplus
}
#endif

#endif
