/* integrations/curl.c: see spanlog/curl.h. A `transfer` is one span and what it changed on its
 * handle: on the stack for easy, in a table by handle for multi. */
#define SPANLOG_LOGGER_NAME "http.client"
#include "src/integrations/curl_names.h"
#include "src/integrations/table.h"
#include <spanlog/curl.h>
#include <spanlog/http.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { MOST_RETRIES = 10, FIRST_WAIT_MS = 100, LONGEST_WAIT_MS = 10000, METHOD_SIZE = 32 };

struct transfer {
    struct handle_entry entry; /* first */
    CURL *easy;
    spanlog_span span;
    spanlog_ctx ctx;             /* of the span, or of what is around an unrecorded one */
    struct curl_slist *injected; /* ours; the last one points to the program's */
    struct curl_slist *headers;  /* the program's */
    uint64_t start_ns;
    bool knows_method, knows_url, no_outcome;
    char method[METHOD_SIZE];
    char route[192];
};

HANDLE_TABLE(transfers);

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- headers ------------------------------------------------------------------------------ */

static bool list_has(const struct curl_slist *list, const char *name) {
    size_t size = strlen(name);
    for (; list != NULL; list = list->next) {
        if (list->data != NULL && strncasecmp(list->data, name, size) == 0 &&
            (list->data[size] == ':' || list->data[size] == ';'))
            return true;
    }
    return false;
}

static void add_header(void *arg, const char *name, const char *value) {
    struct transfer *transfer = arg;
    if (list_has(transfer->headers, name))
        return;
    char *line = malloc(strlen(name) + strlen(value) + 3);
    if (line == NULL)
        return;
    stpcpy(stpcpy(stpcpy(line, name), ": "), value);
    struct curl_slist *longer = curl_slist_append(transfer->injected, line);
    if (longer != NULL)
        transfer->injected = longer;
    free(line);
}

static struct curl_slist *last_of(struct curl_slist *list) {
    while (list->next != NULL)
        list = list->next;
    return list;
}

static void give_headers(struct transfer *transfer) {
    if (transfer->injected == NULL) {
        curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
        return;
    }
    last_of(transfer->injected)->next = transfer->headers;
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->injected);
}

static void take_headers_back(struct transfer *transfer) {
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    struct curl_slist *last = transfer->injected;
    if (last == NULL)
        return;
    while (last->next != NULL && last->next != transfer->headers)
        last = last->next;
    last->next = NULL;
    curl_slist_free_all(transfer->injected);
    transfer->injected = NULL;
}

/* ---- begin and end ------------------------------------------------------------------------ */

static void copy(char *to, size_t room, const char *text) {
    size_t size = text != NULL ? strnlen(text, room - 1) : 0;
    if (size > 0)
        memcpy(to, text, size);
    to[size] = '\0';
}

static void begin(struct transfer *transfer, CURL *easy, const spanlog_curl_call *call) {
    static const spanlog_curl_call empty;
    if (call == NULL)
        call = &empty;
    memset(transfer, 0, sizeof *transfer);
    transfer->easy = easy;
    transfer->headers = call->headers;
    transfer->no_outcome = call->no_outcome;
    transfer->knows_url = call->url != NULL;
    transfer->knows_method = call->method != NULL;
    copy(transfer->method, sizeof transfer->method, call->method);
    copy(transfer->route, sizeof transfer->route, call->route);
    spanlog_http_call facts = {.method = call->method,
                               .url = call->url,
                               .route = call->route,
                               .set = add_header,
                               .arg = transfer};
    transfer->start_ns = now_ns();
    transfer->span = spanlog_http_client_begin(&facts);
    transfer->ctx = spanlog_span_ctx(&transfer->span);
    give_headers(transfer);
}

static const char *text_info(CURL *easy, CURLINFO which) {
    char *text = NULL;
    return curl_easy_getinfo(easy, which, &text) == CURLE_OK && text != NULL ? text : "";
}

static long long_info(CURL *easy, CURLINFO which) {
    long value = 0;
    return curl_easy_getinfo(easy, which, &value) == CURLE_OK ? value : 0;
}

/* What the program did not say at the beginning, curl knows at the end. */
static void learn(struct transfer *transfer) {
    const char *url = text_info(transfer->easy, CURLINFO_EFFECTIVE_URL);
    if (!transfer->knows_url)
        spanlog_http_url(&transfer->span, url);
#if LIBCURL_VERSION_NUM >= 0x074800
    if (!transfer->knows_method) {
        const char *method = text_info(transfer->easy, CURLINFO_EFFECTIVE_METHOD);
        char name[METHOD_SIZE + sizeof transfer->route + 1];
        snprintf(transfer->method, sizeof transfer->method, "%s", *method != 0 ? method : "GET");
        snprintf(name, sizeof name, "%s%s%s", transfer->method, *transfer->route != 0 ? " " : "",
                 transfer->route);
        spanlog_rename(&transfer->span, name);
        spanlog_set(&transfer->span, kv("http.request.method", transfer->method));
    }
#endif
    long redirects = long_info(transfer->easy, CURLINFO_REDIRECT_COUNT);
    if (redirects > 0) {
        char target[2048];
        spanlog_http_redact(url, target, sizeof target);
        spanlog_event(&transfer->span, "redirected", kv("url.full", target),
                      kv("http.redirect_count", redirects));
    }
}

static void set_connection(struct transfer *transfer) {
    const char *address = text_info(transfer->easy, CURLINFO_PRIMARY_IP);
    const char *version =
        spanlog_curl_http_version(long_info(transfer->easy, CURLINFO_HTTP_VERSION));
    long port = long_info(transfer->easy, CURLINFO_PRIMARY_PORT);
    if (*address != 0 && version != NULL)
        spanlog_set(&transfer->span, kv("network.peer.address", address),
                    kv("network.peer.port", port), kv("network.protocol.version", version));
    else if (*address != 0)
        spanlog_set(&transfer->span, kv("network.peer.address", address),
                    kv("network.peer.port", port));
    else if (version != NULL)
        spanlog_set(&transfer->span, kv("network.protocol.version", version));
}

static void tell_outcome(struct transfer *transfer, long status, const char *error) {
    char url[2048];
    double elapsed_ms = (double)(now_ns() - transfer->start_ns) / 1e6;
    spanlog_http_redact(text_info(transfer->easy, CURLINFO_EFFECTIVE_URL), url, sizeof url);
    spanlog_ctx before = spanlog_ctx_attach(transfer->ctx);
    if (error != NULL)
        spanlog_error("http call failed", kv("http.request.method", transfer->method),
                      kv("url.full", url), kv("error.type", error), kv("elapsed_ms", elapsed_ms));
    else if (status >= 400)
        spanlog_warn("http call refused", kv("http.request.method", transfer->method),
                     kv("url.full", url), kv("http.response.status_code", status),
                     kv("elapsed_ms", elapsed_ms));
    else
        spanlog_info("http call done", kv("http.request.method", transfer->method),
                     kv("url.full", url), kv("http.response.status_code", status),
                     kv("elapsed_ms", elapsed_ms));
    spanlog_ctx_attach(before);
}

/* `error` is the name of a CURLcode or a word of ours, `why` the text for people; NULL: there was
 * an answer. */
static void end(struct transfer *transfer, const char *error, const char *why) {
    long status = long_info(transfer->easy, CURLINFO_RESPONSE_CODE);
    learn(transfer);
    set_connection(transfer);
    if (error != NULL) {
        if (status > 0)
            spanlog_status(&transfer->span, (int)status);
        spanlog_set(&transfer->span, kv("error.type", error));
        spanlog_fail(&transfer->span, why);
        spanlog_end(transfer->span);
    } else if (status > 0) {
        spanlog_http_client_end(&transfer->span, (int)status, NULL);
    } else {
        spanlog_end(transfer->span); /* ftp, file: done, without a status */
    }
    if (!transfer->no_outcome)
        tell_outcome(transfer, status, error);
    take_headers_back(transfer);
}

static void end_with_code(struct transfer *transfer, CURLcode code) {
    bool failed = code != CURLE_OK;
    end(transfer, failed ? spanlog_curl_error_name(code) : NULL,
        failed ? curl_easy_strerror(code) : NULL);
}

/* ---- easy --------------------------------------------------------------------------------- */

static bool may_repeat(const char *method) {
    static const char *const safe[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++) {
        if (method != NULL && strcmp(method, safe[i]) == 0)
            return true;
    }
    return false;
}

/* Whether a further try could help and cannot harm. */
static bool is_worth_a_retry(CURL *easy, CURLcode code, const char *method) {
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
        return true;
    if (!may_repeat(method))
        return false;
    long status = long_info(easy, CURLINFO_RESPONSE_CODE);
    if (code == CURLE_OK)
        return status == 429 || status == 502 || status == 503 || status == 504;
    return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
           code == CURLE_PARTIAL_FILE;
}

static unsigned wait_before(CURL *easy, unsigned wait_ms) {
    curl_off_t asked_s = 0;
    if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &asked_s) == CURLE_OK && asked_s > 0)
        wait_ms = asked_s >= LONGEST_WAIT_MS / 1000     ? LONGEST_WAIT_MS
                  : (unsigned)asked_s * 1000u > wait_ms ? (unsigned)asked_s * 1000u
                                                        : wait_ms;
    struct timespec left = {.tv_sec = wait_ms / 1000, .tv_nsec = (long)(wait_ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0) {
    }
    return wait_ms;
}

static CURLcode perform(struct transfer *transfer, const spanlog_curl_call *call) {
    unsigned wait_ms = call->retry_ms > 0 ? call->retry_ms : FIRST_WAIT_MS;
    unsigned retries = call->retries < MOST_RETRIES ? call->retries : MOST_RETRIES;
    CURLcode code = curl_easy_perform(transfer->easy);
    for (unsigned i = 1; i <= retries && is_worth_a_retry(transfer->easy, code, call->method);
         i++) {
        long status = long_info(transfer->easy, CURLINFO_RESPONSE_CODE);
        if (wait_ms > LONGEST_WAIT_MS)
            wait_ms = LONGEST_WAIT_MS;
        unsigned waited_ms = wait_before(transfer->easy, wait_ms);
        if (code != CURLE_OK)
            spanlog_event(&transfer->span, "retry", kv("attempt", i),
                          kv("error.type", spanlog_curl_error_name(code)),
                          kv("waited_ms", waited_ms));
        else
            spanlog_event(&transfer->span, "retry", kv("attempt", i),
                          kv("http.response.status_code", status), kv("waited_ms", waited_ms));
        if (call->on_retry != NULL)
            call->on_retry(call->on_retry_arg);
        code = curl_easy_perform(transfer->easy);
        wait_ms *= 2;
    }
    return code;
}

CURLcode spanlog_curl_perform(CURL *easy, const spanlog_curl_call *call) {
    static const spanlog_curl_call empty;
    struct transfer transfer;
    if (easy == NULL)
        return curl_easy_perform(easy);
    begin(&transfer, easy, call);
    spanlog_ctx before = spanlog_ctx_attach(transfer.ctx);
    CURLcode code = perform(&transfer, call != NULL ? call : &empty);
    spanlog_ctx_attach(before);
    end_with_code(&transfer, code);
    return code;
}

/* ---- multi -------------------------------------------------------------------------------- */

static struct transfer *take(CURL *easy) {
    return (struct transfer *)(void *)handle_table_take(&transfers, easy);
}

CURLMcode spanlog_curl_multi_add_handle(CURLM *multi, CURL *easy, const spanlog_curl_call *call) {
    struct transfer *transfer = easy != NULL && handle_table_find(&transfers, easy) == NULL
                                    ? malloc(sizeof *transfer)
                                    : NULL;
    if (transfer == NULL) /* added already, no handle or no memory: curl decides, untraced */
        return curl_multi_add_handle(multi, easy);
    begin(transfer, easy, call);
    CURLMcode code = curl_multi_add_handle(multi, easy);
    if (code == CURLM_OK) {
        handle_table_put(&transfers, &transfer->entry, easy);
        return code;
    }
    spanlog_http_client_end(&transfer->span, 0, "not_added");
    take_headers_back(transfer);
    free(transfer);
    return code;
}

CURLMsg *spanlog_curl_multi_info_read(CURLM *multi, int *messages) {
    CURLMsg *message = curl_multi_info_read(multi, messages);
    struct transfer *done =
        message != NULL && message->msg == CURLMSG_DONE ? take(message->easy_handle) : NULL;
    if (done != NULL)
        end_with_code(done, message->data.result);
    free(done);
    return message;
}

CURLMcode spanlog_curl_multi_remove_handle(CURLM *multi, CURL *easy) {
    CURLMcode code = curl_multi_remove_handle(multi, easy);
    struct transfer *running = take(easy);
    if (running != NULL)
        end(running, "cancelled", "the transfer was removed before its end");
    free(running);
    return code;
}

spanlog_span spanlog_curl_span(CURL *easy) {
    static const spanlog_span none;
    struct transfer *transfer = (struct transfer *)(void *)handle_table_find(&transfers, easy);
    return transfer != NULL ? transfer->span : none;
}
