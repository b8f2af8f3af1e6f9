/* spanlog/grpc.h: spans for gRPC calls of any kind, and their context in metadata. It needs no
 * gRPC: C++ programs take <spanlog/grpcpp.h>, which does all of this by itself; this is for gRPC's
 * C core and for gRPC implementations of one's own.
 *
 * A server continues the caller's trace, which came in the call's metadata:
 *
 *     spanlog_grpc_entry metadata[] = {{key, key_size, value, value_size}, ...};
 *     spanlog_grpc_request request = {.method = "/shop.Pricing/Quote",
 *                                     .peer = "ipv4:10.0.0.9:5123",
 *                                     .metadata = metadata, .metadata_count = count};
 *     spanlog_span span = spanlog_grpc_server_begin(&request);
 *     spanlog_ctx before = spanlog_ctx_attach(spanlog_span_ctx(&span));
 *     int code = handle(call);
 *     spanlog_ctx_attach(before);
 *     spanlog_grpc_server_end(&span, code, NULL);
 *
 * A client hands its call's metadata to be written:
 *
 *     spanlog_grpc_call call = {.method = "/shop.Pricing/Quote", .target = "dns:///pricing:50051",
 *                               .set = add_metadata, .arg = array};
 *     spanlog_span span = spanlog_grpc_client_begin(&call);
 *     ...
 *     spanlog_grpc_client_end(&span, code, details);
 *
 * On streams each message is an event: spanlog_grpc_message. Attributes, as OpenTelemetry's
 * conventions have them: rpc.system.name ("grpc"), rpc.method ("shop.Pricing/Quote", the span's
 * name too), rpc.response.status_code ("NOT_FOUND"; the number is status_code), error.type,
 * server.address and .port, network.peer.address and .port.
 *
 * Link with spanlog::grpc (pkg-config spanlog-grpc). All functions may be called from any thread;
 * one thread at a time uses a span. Texts are copied before a call returns; NULL texts are left
 * out.
 */
#ifndef SPANLOG_GRPC_H
#define SPANLOG_GRPC_H

#include <spanlog/spanlog.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- metadata ------------------------------------------------------------------------------- */

/* One entry of a call's metadata; neither text needs to end with NUL, as in grpc_slice. */
typedef struct spanlog_grpc_entry {
    const char *key;
    size_t key_size;
    const char *value;
    size_t value_size;
} spanlog_grpc_entry;

/* spanlog_extract for received metadata. Keys are those of the headers, in lower case; what comes
 * twice counts as joined by a comma; binary entries (keys that end with "-bin") are never read. A
 * value with a NUL in it, and what exceeds 16 KiB in all, is refused. Returns as spanlog_extract.
 */
SPANLOG__API int spanlog_grpc_extract(const spanlog_grpc_entry *metadata, size_t count,
                                      spanlog_ctx *ret_ctx);
/* spanlog_inject for metadata to be sent: gives only what spanlog_grpc_is_metadata allows. */
SPANLOG__API int spanlog_grpc_inject(spanlog_ctx ctx, spanlog_set_header set, void *arg);
/* Whether gRPC takes this as an entry of text: a key of a-z 0-9 - _ . that does not begin with
 * "grpc-" or end with "-bin", a value of printable ASCII without spaces around it. With anything
 * else a call fails before it begins. */
SPANLOG__API bool spanlog_grpc_is_metadata(const char *key, const char *value);

/* ---- the server ----------------------------------------------------------------------------- */

typedef struct spanlog_grpc_request {
    const char *method;    /* "/shop.Pricing/Quote" */
    const char *authority; /* :authority, "pricing:50051": server.address and server.port */
    const char *peer;      /* "ipv4:10.0.0.9:5123": network.peer.address and .port */
    const spanlog_grpc_entry *metadata;
    size_t metadata_count;
} spanlog_grpc_request;

/* Begins a span of kind server that continues the caller's trace, or begins a new one. The span is
 * not made current. NULL: an empty request. */
SPANLOG__API spanlog_span spanlog_grpc_server_begin(const spanlog_grpc_request *request);
/* Ends it with gRPC's status code. For a server UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED,
 * INTERNAL, UNAVAILABLE, DATA_LOSS and codes that gRPC does not know are errors, with `message` as
 * the text (NULL or "": the code's name); other codes leave the span's status unset, OK makes it
 * ok. Below zero: the call ended without a status; an error with error.type "no_status". */
SPANLOG__API void spanlog_grpc_server_end(spanlog_span *span, int code, const char *message);
/* For a method that the server does not have: it and the span's name become "_OTHER", so that who
 * asks for names at random does not fill the statistics; rpc.method_original has what was asked. */
SPANLOG__API void spanlog_grpc_unknown_method(spanlog_span *span, const char *method);

/* ---- the client ----------------------------------------------------------------------------- */

typedef struct spanlog_grpc_call {
    const char *method;     /* "/shop.Pricing/Quote" */
    const char *target;     /* the channel's: "dns:///pricing:50051", "unix:/run/pricing" */
    spanlog_set_header set; /* writes the metadata to send; NULL: the trace is not passed on */
    void *arg;              /* of set */
} spanlog_grpc_call;

/* Begins a span of kind client below the thread's current span and writes its context into the
 * call's metadata. The span is not made current. NULL: an empty call. */
SPANLOG__API spanlog_span spanlog_grpc_client_begin(const spanlog_grpc_call *call);
/* Ends it. For a client every code but OK is an error. Otherwise as for the server. */
SPANLOG__API void spanlog_grpc_client_end(spanlog_span *span, int code, const char *message);

/* ---- both ----------------------------------------------------------------------------------- */

typedef enum spanlog_grpc_direction {
    SPANLOG_GRPC_SENT = 0,
    SPANLOG_GRPC_RECEIVED = 1
} spanlog_grpc_direction;

/* The event "rpc.message" of a streaming call (the conventions want none on unary ones). `id`
 * counts each direction from 1. `size` in bytes, not compressed; below zero: not known. */
SPANLOG__API void spanlog_grpc_message(spanlog_span *span, spanlog_grpc_direction direction,
                                       uint64_t id, int64_t size);
/* Sets network.peer.address and .port, from gRPC's text for a peer, once that is known. */
SPANLOG__API void spanlog_grpc_peer(spanlog_span *span, const char *peer);
/* "OK", "CANCELLED" ... "UNAUTHENTICATED"; NULL for a code that gRPC does not know. */
SPANLOG__API const char *spanlog_grpc_code_name(int code);
/* Host and port out of a target, an authority or a peer: "dns:///shop:80", "shop",
 * "ipv4:10.0.0.9:5", "ipv6:%5B::1%5D:5", "unix:/run/shop" (the path is the host). The first of
 * several. The port is 0 where there is none. Returns 0, or -EINVAL when there is no host, or one
 * that does not fit; then *ret_port is 0 and the text "". */
SPANLOG__API int spanlog_grpc_address(const char *text, char *ret_host, size_t size,
                                      uint16_t *ret_port);

#ifdef __cplusplus
}
#endif

#endif
