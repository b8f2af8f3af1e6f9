/* integrations/microhttpd.c: see spanlog/microhttpd.h. */
#define SPANLOG_LOGGER_NAME "http"
#include <spanlog/microhttpd.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What libmicrohttpd keeps for us per request; the program keeps its own in `own`. */
struct request {
    void *own; /* first: the program's state is also the request's address */
    spanlog_span span;
    int status; /* of the answer; 0: none was queued */
};

static struct request *request_of(void **state) {
    return (struct request *)(void *)state;
}

/* ---- reading ------------------------------------------------------------------------------ */

enum { MOST_HEADERS = 48 };

/* All headers, walked over once: about ten names are asked for. Those of one name are joined by
 * commas, as spanlog_extract wants them; all that were joined stay in `text` until it is done. */
struct headers {
    struct MHD_Connection *connection;
    size_t seen;                 /* more than MOST_HEADERS: they are walked over for each name */
    char initials[MOST_HEADERS]; /* of the names, in lower case */
    struct {
        const char *name, *value;
    } all[MOST_HEADERS];
    const char *wanted, *first;
    unsigned count;
    size_t start, end; /* of the joined value in text */
    bool too_long;
    char text[10240];
};

static enum MHD_Result collect(void *arg, enum MHD_ValueKind kind, const char *name,
                               const char *value) {
    struct headers *headers = arg;
    (void)kind;
    if (headers->seen < MOST_HEADERS) {
        headers->initials[headers->seen] = (char)(name[0] | 0x20);
        headers->all[headers->seen].name = name;
        headers->all[headers->seen].value = value;
    }
    headers->seen++;
    return MHD_YES;
}

static void collect_headers(struct headers *headers, struct MHD_Connection *connection) {
    headers->connection = connection;
    headers->seen = 0;
    headers->end = 0;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, collect, headers);
}

static void join(struct headers *headers, const char *value, bool comma) {
    size_t size = strlen(value);
    headers->too_long |= size + 2 > sizeof headers->text - headers->end;
    if (headers->too_long)
        return;
    if (comma)
        headers->text[headers->end++] = ',';
    memcpy(headers->text + headers->end, value, size + 1);
    headers->end += size;
}

static enum MHD_Result look_at(void *arg, enum MHD_ValueKind kind, const char *name,
                               const char *value) {
    struct headers *headers = arg;
    (void)kind;
    if (value == NULL || strcasecmp(name, headers->wanted) != 0)
        return MHD_YES;
    if (headers->count++ == 0) {
        headers->first = value;
        return MHD_YES;
    }
    if (headers->count == 2)
        join(headers, headers->first, false);
    join(headers, value, true);
    return MHD_YES;
}

static const char *read_header(void *arg, const char *name) {
    struct headers *headers = arg;
    headers->wanted = name;
    headers->first = NULL;
    headers->count = 0;
    headers->too_long = false;
    headers->start = headers->end;
    if (headers->seen > MOST_HEADERS)
        MHD_get_connection_values(headers->connection, MHD_HEADER_KIND, look_at, headers);
    for (size_t i = 0; i < headers->seen && headers->seen <= MOST_HEADERS; i++) {
        if (headers->initials[i] == (name[0] | 0x20))
            look_at(headers, MHD_HEADER_KIND, headers->all[i].name, headers->all[i].value);
    }
    if (headers->count < 2)
        return headers->first;
    if (headers->too_long) {
        headers->end = headers->start;
        return ""; /* what is there is not what was sent */
    }
    headers->end++; /* behind the NUL */
    return headers->text + headers->start;
}

/* inet_ntop takes printf for it. */
static const char *put_ipv4(const struct in_addr *address, char *ret_text) {
    uint8_t bytes[4];
    char *to = ret_text;
    memcpy(bytes, address, sizeof bytes);
    for (int i = 0; i < 4; i++) {
        unsigned byte = bytes[i];
        if (byte >= 100)
            *to++ = (char)('0' + byte / 100);
        if (byte >= 10)
            *to++ = (char)('0' + byte / 10 % 10);
        *to++ = (char)('0' + byte % 10);
        *to++ = i < 3 ? '.' : '\0';
    }
    return ret_text;
}

static const char *client_address(struct MHD_Connection *connection,
                                  char ret_text[INET6_ADDRSTRLEN]) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL)
        return NULL;
    const void *address = info->client_addr;
    if (info->client_addr->sa_family == AF_INET)
        return put_ipv4(&((const struct sockaddr_in *)address)->sin_addr, ret_text);
    if (info->client_addr->sa_family == AF_INET6)
        return inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, ret_text,
                         INET6_ADDRSTRLEN);
    return NULL;
}

struct query {
    char text[2048];
    size_t size;
};

static void append(struct query *query, const char *text) {
    size_t left = sizeof query->text - query->size, size = strlen(text);
    if (size >= left)
        size = left - 1;
    memcpy(query->text + query->size, text, size);
    query->size += size;
    query->text[query->size] = '\0';
}

/* libmicrohttpd hands the query out in decoded pieces. */
static enum MHD_Result add_argument(void *arg, enum MHD_ValueKind kind, const char *name,
                                    const char *value) {
    struct query *query = arg;
    (void)kind;
    append(query, strchr(query->text, '?') == NULL ? "?" : "&");
    append(query, name);
    if (value != NULL) {
        append(query, "=");
        append(query, value);
    }
    return MHD_YES;
}

/* ---- the request -------------------------------------------------------------------------- */

static void begin(const spanlog_microhttpd *glue, struct request *request,
                  struct MHD_Connection *connection, const char *url, const char *method,
                  const char *version) {
    struct headers headers;
    collect_headers(&headers, connection);
    struct query target;
    target.size = 0;
    char address[INET6_ADDRSTRLEN];
    append(&target, url);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, &target);
    spanlog_http_request facts = {
        .method = method,
        .target = target.text,
        .version = version,
        .scheme = glue->scheme != NULL ? glue->scheme : "http",
        .route = glue->route != NULL ? glue->route(glue->route_arg, method, url) : NULL,
        .client_address = client_address(connection, address),
        .get = read_header,
        .arg = &headers};
    request->span = spanlog_http_server_begin(&facts);
}

/* Known from the moment when the handler queues an answer. */
static void note_status(struct request *request, struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS);
    if (info != NULL && info->http_status != 0)
        request->status = (int)(info->http_status & 0xfffu); /* without flags */
}

enum MHD_Result spanlog_microhttpd_handler(void *arg, struct MHD_Connection *connection,
                                           const char *url, const char *method, const char *version,
                                           const char *upload_data, size_t *upload_data_size,
                                           void **state) {
    const spanlog_microhttpd *glue = arg;
    struct request *request = *state;
    if (request == NULL) {
        request = calloc(1, sizeof *request);
        if (request == NULL)
            return MHD_NO;
        *state = request;
        begin(glue, request, connection, url, method, version);
    }
    spanlog_ctx before = spanlog_ctx_attach(spanlog_span_ctx(&request->span));
    enum MHD_Result result = glue->handler(glue->handler_arg, connection, url, method, version,
                                           upload_data, upload_data_size, &request->own);
    spanlog_ctx_attach(before);
    note_status(request, connection);
    return result;
}

static const char *reason(enum MHD_RequestTerminationCode why) {
    switch (why) {
    case MHD_REQUEST_TERMINATED_COMPLETED_OK:
        return NULL;
    case MHD_REQUEST_TERMINATED_TIMEOUT_REACHED:
        return "timeout";
    case MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN:
        return "shutdown";
    case MHD_REQUEST_TERMINATED_READ_ERROR:
    case MHD_REQUEST_TERMINATED_CLIENT_ABORT:
        return "client_abort";
    default:
        return "error";
    }
}

static void end(struct request *request, const char *failed) {
    if (failed == NULL && request->status > 0) {
        spanlog_http_server_end(&request->span, request->status);
        return;
    }
    if (request->status > 0)
        spanlog_status(&request->span, request->status);
    spanlog_set(&request->span, kv("error.type", failed != NULL ? failed : "no_answer"));
    spanlog_fail(&request->span, "the request was not completed");
    spanlog_end(request->span);
}

void spanlog_microhttpd_completed(void *arg, struct MHD_Connection *connection, void **state,
                                  enum MHD_RequestTerminationCode why) {
    const spanlog_microhttpd *glue = arg;
    struct request *request = *state;
    if (request == NULL)
        return;
    if (glue->completed != NULL) {
        spanlog_ctx before = spanlog_ctx_attach(spanlog_span_ctx(&request->span));
        glue->completed(glue->completed_arg, connection, &request->own, why);
        spanlog_ctx_attach(before);
    }
    end(request, reason(why));
    free(request);
    *state = NULL;
}

/* ---- for handlers ------------------------------------------------------------------------- */

spanlog_span *spanlog_microhttpd_span(void **state) {
    return &request_of(state)->span;
}

static void add_header(void *response, const char *name, const char *value) {
    MHD_add_response_header(response, name, value);
}

void spanlog_microhttpd_answer_headers(void **state, unsigned which,
                                       struct MHD_Response *response) {
    if (response != NULL)
        spanlog_http_answer_headers(spanlog_span_ctx(&request_of(state)->span), which, add_header,
                                    response);
}
