/* integrations/http.c: see spanlog/http.h. What an URL says is in http_url.c. */
#define SPANLOG_LOGGER_NAME "http"
#include <spanlog/http.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { TEXT_SIZE = 2048, NAME_SIZE = 256 };

/* The conventions want few values: what is no method of HTTP's is one of them. */
static const char *known_method(const char *method) {
    static const char *const known[] = {"GET",   "HEAD",    "POST",    "PUT",  "DELETE",
                                        "TRACE", "OPTIONS", "CONNECT", "PATCH"};
    for (size_t i = 0; method != NULL && i < sizeof known / sizeof *known; i++) {
        if (*known[i] == *method && strcmp(known[i], method) == 0)
            return known[i];
    }
    return "_OTHER";
}

/* Of a client with the URL's template; NULL: none. */
static void set_method(spanlog_span *span, const char *method, const char *template) {
    const char *known = known_method(method);
    bool original = *known == '_' && method != NULL;
    if (template != NULL && !original) {
        spanlog_set(span, kv("http.request.method", known), kv("url.template", template));
        return;
    }
    spanlog_set(span, kv("http.request.method", known));
    if (original)
        spanlog_set(span, kv("http.request.method_original", method));
    if (template != NULL)
        spanlog_set(span, kv("url.template", template));
}

/* Without printf, which would cost as much as the rest of a span. */
static void set_name(spanlog_span *span, const char *method, const char *route) {
    const char *known = known_method(method);
    char name[NAME_SIZE];
    if (*known == '_')
        known = "HTTP";
    size_t size = strlen(known);
    memcpy(name, known, size + 1);
    if (route != NULL) {
        size_t most = strnlen(route, 200);
        name[size] = ' ';
        memcpy(name + size + 1, route, most);
        name[size + 1 + most] = '\0';
    }
    spanlog_rename(span, name);
}

/* ---- the server -------------------------------------------------------------------------- */

static void set_server(spanlog_span *span, const char *address, uint16_t port, const char *host) {
    char text[NAME_SIZE];
    if (address == NULL && host != NULL && spanlog_http_host(host, text, sizeof text, &port) == 0)
        address = text;
    if (address != NULL && port != 0)
        spanlog_set(span, kv("server.address", address), kv("server.port", port));
    else if (address != NULL)
        spanlog_set(span, kv("server.address", address));
}

/* Sampling rules see what a span begins with: the route, or else the path. */
static spanlog_span begin_server(spanlog_ctx caller, const char *route, const char *target) {
    char text[TEXT_SIZE];
    text[0] = '\0';
    size_t size = target != NULL ? spanlog_http_redact(target, text, sizeof text) : 0;
    size_t path = strcspn(text, "?");
    spanlog_span begun;
    if (route != NULL) {
        spanlog_begin(span, "HTTP", SPANLOG_SERVER, caller, kv("http.route", route));
        begun = span;
        if (target != NULL)
            spanlog_set(&begun, kv_n("url.path", text, path));
    } else if (target != NULL) {
        spanlog_begin(span, "HTTP", SPANLOG_SERVER, caller, kv_n("url.path", text, path));
        begun = span;
    } else {
        spanlog_begin(span, "HTTP", SPANLOG_SERVER, caller);
        begun = span;
    }
    if (path + 1 < size)
        spanlog_set(&begun, kv("url.query", text + path + 1));
    return begun;
}

/* Mostly all are there, and one call costs less than three, here and in the back. */
static void set_connection(spanlog_span *span, const char *scheme, const char *version,
                           const char *client) {
    if (scheme != NULL && version != NULL && client != NULL) {
        spanlog_set(span, kv("url.scheme", scheme), kv("network.protocol.version", version),
                    kv("client.address", client));
        return;
    }
    if (scheme != NULL)
        spanlog_set(span, kv("url.scheme", scheme));
    if (version != NULL)
        spanlog_set(span, kv("network.protocol.version", version));
    if (client != NULL)
        spanlog_set(span, kv("client.address", client));
}

static void set_request(spanlog_span *span, const spanlog_http_request *request,
                        spanlog_get_header get) {
    const char *agent = get != NULL ? get(request->arg, "user-agent") : NULL;
    const char *version = request->version;
    if (version != NULL && strncasecmp(version, "HTTP/", 5) == 0)
        version += 5;
    set_connection(span, request->scheme, version, request->client_address);
    if (agent != NULL)
        spanlog_set(span, kv("user_agent.original", agent));
    set_server(span, request->server_address, request->server_port,
               get != NULL ? get(request->arg, "host") : NULL);
}

spanlog_span spanlog_http_server_begin(const spanlog_http_request *request) {
    static const spanlog_http_request empty;
    if (request == NULL)
        request = &empty;
    spanlog_ctx caller = {.flags = 0};
    if (request->get != NULL)
        spanlog_extract(request->get, request->arg, &caller);
    spanlog_span span = begin_server(caller, request->route, request->target);
    if (span.open == NULL)
        return span;
    set_name(&span, request->method, request->route);
    set_method(&span, request->method, NULL);
    set_request(&span, request, request->get);
    return span;
}

void spanlog_http_route(spanlog_span *span, const char *method, const char *route) {
    if (span == NULL || span->open == NULL || route == NULL)
        return;
    set_name(span, method, route);
    spanlog_set(span, kv("http.route", route));
}

/* A status that is an error, as text. */
static void set_error_status(spanlog_span *span, int status) {
    char text[16];
    snprintf(text, sizeof text, "%d", status);
    spanlog_set(span, kv("error.type", text));
}

void spanlog_http_server_end(spanlog_span *span, int status) {
    if (span == NULL)
        return;
    if (status > 0)
        spanlog_status(span, status);
    if (status >= 500)
        set_error_status(span, status);
    if (status <= 0) {
        spanlog_set(span, kv("error.type", "no_answer"));
        spanlog_fail(span, "the connection ended before an answer");
    }
    spanlog_end(*span);
}

struct traceparent {
    char text[64]; /* "": the program's propagators do not write it */
};

static void keep_traceparent(void *arg, const char *name, const char *value) {
    struct traceparent *traceparent = arg;
    if (strcmp(name, "traceparent") != 0)
        return;
    size_t size = strnlen(value, sizeof traceparent->text - 1);
    memcpy(traceparent->text, value, size);
    traceparent->text[size] = '\0';
}

static bool says_nothing(const spanlog_ctx *ctx) {
    static const uint8_t none[16];
    return ctx->carried == 0 &&
           (memcmp(ctx->trace_id, none, 16) == 0 || memcmp(ctx->span_id, none, 8) == 0);
}

static void put_hex(char *to, const uint8_t *bytes, size_t count) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to = '\0';
}

void spanlog_http_answer_headers(spanlog_ctx ctx, unsigned which, spanlog_set_header set,
                                 void *arg) {
    struct traceparent traceparent = {.text = ""};
    char trace_id[33];
    if (set == NULL || says_nothing(&ctx))
        return;
    if ((which & SPANLOG_HTTP_TRACEPARENT) != 0)
        spanlog_inject(ctx, keep_traceparent, &traceparent);
    if (traceparent.text[0] != '\0')
        set(arg, "traceparent", traceparent.text);
    put_hex(trace_id, ctx.trace_id, sizeof ctx.trace_id);
    if ((which & SPANLOG_HTTP_X_TRACE_ID) != 0)
        set(arg, "X-Trace-ID", trace_id);
}

/* ---- the client -------------------------------------------------------------------------- */

void spanlog_http_url(spanlog_span *span, const char *url) {
    char text[TEXT_SIZE], host[NAME_SIZE];
    uint16_t port;
    if (span == NULL || span->open == NULL || url == NULL)
        return;
    spanlog_http_redact(url, text, sizeof text);
    if (spanlog_http_host(url, host, sizeof host, &port) == 0)
        spanlog_set(span, kv("url.full", text), kv("server.address", host),
                    kv("server.port", port));
    else
        spanlog_set(span, kv("url.full", text));
}

spanlog_span spanlog_http_client_begin(const spanlog_http_call *call) {
    static const spanlog_http_call empty;
    if (call == NULL)
        call = &empty;
    spanlog_begin(span, "HTTP", SPANLOG_CLIENT, spanlog_ctx_current());
    if (call->set != NULL)
        spanlog_inject(spanlog_span_ctx(&span), call->set, call->arg);
    if (span.open == NULL)
        return span;
    set_name(&span, call->method, call->route);
    set_method(&span, call->method, call->route);
    spanlog_http_url(&span, call->url);
    return span;
}

void spanlog_http_client_end(spanlog_span *span, int status, const char *error) {
    if (span == NULL)
        return;
    if (status > 0)
        spanlog_status(span, status);
    if (error == NULL && status <= 0)
        error = "no_answer";
    if (error != NULL) {
        spanlog_set(span, kv("error.type", error));
        spanlog_fail(span, error);
    } else if (status >= 400) {
        set_error_status(span, status);
        spanlog_fail(span, NULL);
    }
    spanlog_end(*span);
}
