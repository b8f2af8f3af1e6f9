/* integrations/grpc.c: see spanlog/grpc.h. What gRPC's addresses say is in grpc_address.c. */
#define SPANLOG_LOGGER_NAME "grpc"
#include <spanlog/grpc.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 256, METADATA_TEXT = 16 * 1024 };

/* ---- metadata ----------------------------------------------------------------------------- */

/* Entries are looked at in place; values that are asked for are copied, as they have no NUL. */
struct carrier {
    const spanlog_grpc_entry *entries;
    size_t count, used;
    char text[METADATA_TEXT];
};

/* What no propagator takes: the header is refused and counted, not overlooked. */
static const char refused[] = "\x01";

static bool key_is(const spanlog_grpc_entry *entry, const char *name, size_t size) {
    return entry->key != NULL && entry->key_size == size && memcmp(entry->key, name, size) == 0;
}

/* Appends one value to what the carrier's text has of that name. False: it cannot be taken. */
static bool append(struct carrier *carrier, const spanlog_grpc_entry *entry, bool further) {
    size_t room = METADATA_TEXT - carrier->used, comma = further ? 1 : 0;
    if (room <= comma || entry->value_size >= room - comma)
        return false;
    if (further)
        carrier->text[carrier->used++] = ',';
    if (entry->value_size == 0)
        return true;
    if (entry->value == NULL || memchr(entry->value, '\0', entry->value_size) != NULL)
        return false;
    memcpy(carrier->text + carrier->used, entry->value, entry->value_size);
    carrier->used += entry->value_size;
    return true;
}

static const char *get_entry(void *arg, const char *name) {
    struct carrier *carrier = arg;
    size_t size = strlen(name), start = carrier->used;
    bool found = false;
    for (size_t i = 0; i < carrier->count; i++) {
        if (!key_is(&carrier->entries[i], name, size))
            continue;
        if (!append(carrier, &carrier->entries[i], found)) {
            carrier->used = start;
            return refused;
        }
        found = true;
    }
    if (!found)
        return NULL;
    carrier->text[carrier->used++] = '\0';
    return carrier->text + start;
}

int spanlog_grpc_extract(const spanlog_grpc_entry *metadata, size_t count, spanlog_ctx *ret_ctx) {
    struct carrier carrier; /* its text is written before it is read */
    carrier.entries = metadata;
    carrier.count = metadata != NULL ? count : 0;
    carrier.used = 0;
    return spanlog_extract(get_entry, &carrier, ret_ctx);
}

bool spanlog_grpc_is_metadata(const char *key, const char *value) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    if (key == NULL || value == NULL)
        return false;
    size_t size = strlen(key), end = strlen(value);
    if (size == 0 || strspn(key, letters) != size || strncmp(key, "grpc-", 5) == 0)
        return false;
    if (size >= 4 && strcmp(key + size - 4, "-bin") == 0)
        return false;
    for (size_t i = 0; i < end; i++) {
        if (value[i] < ' ' || value[i] > '~')
            return false;
    }
    return end == 0 || (value[0] != ' ' && value[end - 1] != ' ');
}

struct filter {
    spanlog_set_header set;
    void *arg;
};

static void set_entry(void *arg, const char *name, const char *value) {
    const struct filter *filter = arg;
    if (spanlog_grpc_is_metadata(name, value))
        filter->set(filter->arg, name, value);
}

int spanlog_grpc_inject(spanlog_ctx ctx, spanlog_set_header set, void *arg) {
    struct filter filter = {.set = set, .arg = arg};
    return spanlog_inject(ctx, set != NULL ? set_entry : NULL, &filter);
}

/* ---- attributes --------------------------------------------------------------------------- */

static void set_method(spanlog_span *span, const char *method) {
    char name[NAME_SIZE];
    spanlog_set(span, kv("rpc.system.name", "grpc"));
    if (method != NULL && *method == '/')
        method++;
    if (method == NULL || *method == '\0') /* the name stays "grpc" */
        return;
    snprintf(name, sizeof name, "%s", method);
    spanlog_rename(span, name);
    spanlog_set(span, kv("rpc.method", name));
}

static void set_server(spanlog_span *span, const char *text) {
    char host[NAME_SIZE];
    uint16_t port;
    if (spanlog_grpc_address(text, host, sizeof host, &port) != 0)
        return;
    spanlog_set(span, kv("server.address", host));
    if (port != 0)
        spanlog_set(span, kv("server.port", port));
}

void spanlog_grpc_peer(spanlog_span *span, const char *peer) {
    char host[NAME_SIZE];
    uint16_t port;
    if (span == NULL || spanlog_grpc_address(peer, host, sizeof host, &port) != 0)
        return;
    spanlog_set(span, kv("network.peer.address", host));
    if (port != 0)
        spanlog_set(span, kv("network.peer.port", port));
}

void spanlog_grpc_message(spanlog_span *span, spanlog_grpc_direction direction, uint64_t id,
                          int64_t size) {
    const char *type = direction == SPANLOG_GRPC_SENT ? "SENT" : "RECEIVED";
    if (span == NULL)
        return;
    if (size < 0)
        spanlog_event(span, "rpc.message", kv("rpc.message.type", type), kv("rpc.message.id", id));
    else
        spanlog_event(span, "rpc.message", kv("rpc.message.type", type), kv("rpc.message.id", id),
                      kv("rpc.message.uncompressed_size", size));
}

const char *spanlog_grpc_code_name(int code) {
    static const char *const names[] = {"OK",
                                        "CANCELLED",
                                        "UNKNOWN",
                                        "INVALID_ARGUMENT",
                                        "DEADLINE_EXCEEDED",
                                        "NOT_FOUND",
                                        "ALREADY_EXISTS",
                                        "PERMISSION_DENIED",
                                        "RESOURCE_EXHAUSTED",
                                        "FAILED_PRECONDITION",
                                        "ABORTED",
                                        "OUT_OF_RANGE",
                                        "UNIMPLEMENTED",
                                        "INTERNAL",
                                        "UNAVAILABLE",
                                        "DATA_LOSS",
                                        "UNAUTHENTICATED"};
    return code >= 0 && (size_t)code < sizeof names / sizeof *names ? names[code] : NULL;
}

/* ---- ends --------------------------------------------------------------------------------- */

static bool is_server_error(int code) {
    switch (code) {
    case 2:  /* UNKNOWN */
    case 4:  /* DEADLINE_EXCEEDED */
    case 12: /* UNIMPLEMENTED */
    case 13: /* INTERNAL */
    case 14: /* UNAVAILABLE */
    case 15: /* DATA_LOSS */
        return true;
    default:
        return spanlog_grpc_code_name(code) == NULL;
    }
}

static void end(spanlog_span *span, int code, bool is_error, const char *message) {
    char number[16];
    const char *name = spanlog_grpc_code_name(code);
    if (code < 0) {
        name = "no_status";
        message = "the call ended without a status";
    } else {
        snprintf(number, sizeof number, "%d", code);
        name = name != NULL ? name : number;
        spanlog_set(span, kv("rpc.response.status_code", name));
        if (code < 100) /* from there on it would be HTTP's */
            spanlog_status(span, code);
    }
    if (is_error) {
        spanlog_set(span, kv("error.type", name));
        spanlog_fail(span, message != NULL && *message != '\0' ? message : name);
    }
    spanlog_end(*span);
}

void spanlog_grpc_server_end(spanlog_span *span, int code, const char *message) {
    if (span != NULL)
        end(span, code, is_server_error(code), message);
}

void spanlog_grpc_client_end(spanlog_span *span, int code, const char *message) {
    if (span != NULL)
        end(span, code, code != 0, message);
}

/* ---- begins ------------------------------------------------------------------------------- */

spanlog_span spanlog_grpc_server_begin(const spanlog_grpc_request *request) {
    static const spanlog_grpc_request empty;
    spanlog_ctx caller;
    if (request == NULL)
        request = &empty;
    spanlog_grpc_extract(request->metadata, request->metadata_count, &caller);
    spanlog_begin(span, "grpc", SPANLOG_SERVER, caller);
    if (span.open == NULL)
        return span;
    set_method(&span, request->method);
    set_server(&span, request->authority);
    spanlog_grpc_peer(&span, request->peer);
    return span;
}

void spanlog_grpc_unknown_method(spanlog_span *span, const char *method) {
    if (span == NULL)
        return;
    spanlog_rename(span, "_OTHER");
    spanlog_set(span, kv("rpc.method", "_OTHER"));
    if (method != NULL)
        spanlog_set(span, kv_n("rpc.method_original", method + (*method == '/' ? 1 : 0),
                               strnlen(method + (*method == '/' ? 1 : 0), NAME_SIZE)));
}

spanlog_span spanlog_grpc_client_begin(const spanlog_grpc_call *call) {
    static const spanlog_grpc_call empty;
    if (call == NULL)
        call = &empty;
    spanlog_begin(span, "grpc", SPANLOG_CLIENT, spanlog_ctx_current());
    if (call->set != NULL)
        spanlog_grpc_inject(spanlog_span_ctx(&span), call->set, call->arg);
    if (span.open == NULL)
        return span;
    set_method(&span, call->method);
    set_server(&span, call->target);
    return span;
}
