/* integrations/preload/preload_curl.c: libcurl transfers of unchanged programs: a client span each,
 * and its context among the headers that are sent.
 *
 * Our headers are put in front of the program's own list, which is only pointed to, and taken away
 * when the transfer is done. A program that sends a traceparent itself keeps its own.
 */
#include "abi.h"
#include "preload.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HEADERS_MOST 4
#define HEADER_SIZE 640

struct transfer {
    struct preload_entry entry;
    struct abi_curl_slist *program; /* the list that the program set */
    bool running;
    double time_before; /* as the last transfer left it: a handle that never ran still says so */
    spanlog_span span;
    uint32_t header_count;
    struct abi_curl_slist headers[HEADERS_MOST];
    char texts[HEADERS_MOST][HEADER_SIZE];
};

typedef int setopt_call(void *easy, int option, ...);
typedef int getinfo_call(void *easy, int info, ...);
typedef int multi_call(void *multi, void *easy);

/* ---- headers -------------------------------------------------------------------------------- */

static void add_header(void *arg, const char *name, const char *value) {
    struct transfer *transfer = arg;
    uint32_t i = transfer->header_count;
    if (i == HEADERS_MOST ||
        snprintf(transfer->texts[i], HEADER_SIZE, "%s: %s", name, value) >= HEADER_SIZE)
        return;
    transfer->headers[i] = (struct abi_curl_slist){transfer->texts[i], NULL};
    if (i > 0)
        transfer->headers[i - 1].next = &transfer->headers[i];
    transfer->header_count++;
}

static bool has_traceparent(const struct abi_curl_slist *list) {
    for (; list != NULL; list = list->next) {
        if (list->data != NULL && strncasecmp(list->data, "traceparent:", 12) == 0)
            return true;
    }
    return false;
}

/* The program's list, with ours in front while there is something to send. */
static struct abi_curl_slist *list_of(struct transfer *transfer) {
    if (!transfer->running || transfer->header_count == 0 || has_traceparent(transfer->program))
        return transfer->program;
    transfer->headers[transfer->header_count - 1].next = transfer->program;
    return transfer->headers;
}

static void send_list(const struct preload_real *real, void *easy, struct transfer *transfer) {
    setopt_call *setopt = (setopt_call *)preload_sibling(real, "curl_easy_setopt");
    setopt(easy, ABI_CURLOPT_HTTPHEADER, list_of(transfer));
}

/* ---- the span ------------------------------------------------------------------------------- */

static double total_time(const struct preload_real *real, void *easy) {
    getinfo_call *getinfo = (getinfo_call *)preload_sibling(real, "curl_easy_getinfo");
    double time = 0;
    return getinfo(easy, ABI_CURLINFO_TOTAL_TIME, &time) == 0 ? time : 0;
}

static void begin(const struct preload_real *real, void *easy) {
    static const char *const needed[] = {"curl_easy_setopt", "curl_easy_getinfo",
                                         "curl_easy_strerror", NULL};
    struct transfer *transfer;
    if (real->internal || easy == NULL || !preload_active() || !preload_has(real, needed) ||
        (transfer = preload_entry(easy, sizeof *transfer)) == NULL || transfer->running)
        return;
    int saved = errno;
    char host[HOST_NAME_MAX + 1] = ""; /* whose clock it is, beside the server's */
    gethostname(host, sizeof host - 1);
    spanlog_begin(span, "HTTP", SPANLOG_CLIENT, preload_parent(), kv("host.name", host));
    transfer->span = span;
    transfer->running = true;
    transfer->header_count = 0;
    transfer->time_before = total_time(real, easy);
    spanlog_inject(spanlog_span_ctx(&span), add_header, transfer);
    send_list(real, easy, transfer);
    errno = saved;
}

/* scheme://host/path: who asks may be in what stands before the host, what for behind the path. */
static void describe_url(spanlog_span *span, const char *url) {
    const char *host = strstr(url, "://");
    if (host == NULL)
        return;
    host += 3;
    size_t authority = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', authority);
    if (at != NULL) {
        authority -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    const char *port = memrchr(host, ':', authority);
    if (port != NULL && memchr(port, ']', authority - (size_t)(port - host)) == NULL) {
        spanlog_set(span, kv("server.port", atoi(port + 1)));
        authority = (size_t)(port - host);
    }
    char text[1024];
    int size = snprintf(text, sizeof text, "%.*s%.*s", (int)(strstr(url, "://") + 3 - url), url,
                        (int)strcspn(host, "?#"), host);
    spanlog_set(span, kv_n("url.full", text, size < (int)sizeof text ? size : (int)sizeof text - 1),
                kv_n("server.address", host, authority));
}

static void describe(const struct preload_real *real, void *easy, struct transfer *transfer,
                     int result) {
    getinfo_call *getinfo = (getinfo_call *)preload_sibling(real, "curl_easy_getinfo");
    spanlog_span *span = &transfer->span;
    const char *url = NULL, *method = NULL;
    long status = 0;
    if (getinfo(easy, ABI_CURLINFO_EFFECTIVE_URL, &url) == 0 && url != NULL)
        describe_url(span, url);
    if (getinfo(easy, ABI_CURLINFO_EFFECTIVE_METHOD, &method) == 0 && method != NULL) {
        spanlog_rename(span, method);
        spanlog_set(span, kv("http.request.method", method));
    }
    if (result < 0 && total_time(real, easy) == transfer->time_before)
        spanlog_fail(span, "removed before it began");
    else if (getinfo(easy, ABI_CURLINFO_RESPONSE_CODE, &status) == 0 && status > 0)
        spanlog_status(span, (int)status);
    else if (result < 0)
        spanlog_fail(span, "removed before it was done");
    if (result > 0) {
        const char *(*text_of)(int) =
            (const char *(*)(int))preload_sibling(real, "curl_easy_strerror");
        spanlog_set(span, kv("curl.code", result));
        spanlog_fail(span, text_of(result));
    }
}

/* result: a CURLcode; -1: nobody asked for it. */
static void end(const struct preload_real *real, void *easy, int result) {
    struct transfer *transfer = easy != NULL ? preload_entry(easy, 0) : NULL;
    if (real->internal || transfer == NULL || !transfer->running)
        return;
    int saved = errno;
    describe(real, easy, transfer, result);
    spanlog_end(transfer->span);
    transfer->running = false;
    send_list(real, easy, transfer);
    errno = saved;
}

/* ---- the easy interface --------------------------------------------------------------------- */

PRELOAD_API int curl_easy_setopt(void *easy, int option, ...);
PRELOAD_API int curl_easy_perform(void *easy);
PRELOAD_API void curl_easy_cleanup(void *easy);
PRELOAD_API void curl_easy_reset(void *easy);
PRELOAD_API void *curl_easy_duphandle(void *easy);

/* The lists of handles are noted from the beginning: there is no way to ask for them later. */
static int set_headers(const struct preload_real *real, void *easy, struct abi_curl_slist *list) {
    setopt_call *setopt = (setopt_call *)real->function;
    struct transfer *transfer = easy != NULL && !real->internal && preload_active()
                                    ? preload_entry(easy, sizeof *transfer)
                                    : NULL;
    if (transfer == NULL)
        return setopt(easy, ABI_CURLOPT_HTTPHEADER, list);
    transfer->program = list;
    return setopt(easy, ABI_CURLOPT_HTTPHEADER, list_of(transfer));
}

int curl_easy_setopt(void *easy, int option, ...) {
    const struct preload_real *real = PRELOAD_REAL("curl_easy_setopt");
    setopt_call *setopt = (setopt_call *)real->function;
    va_list arguments;
    int result;
    va_start(arguments, option);
    if (option == ABI_CURLOPT_HTTPHEADER)
        result = set_headers(real, easy, va_arg(arguments, struct abi_curl_slist *));
    else if (option < ABI_CURL_LONG_END)
        result = setopt(easy, option, va_arg(arguments, long));
    else if (option >= ABI_CURL_OFF_T && option < ABI_CURL_OFF_T_END)
        result = setopt(easy, option, va_arg(arguments, int64_t));
    else
        result = setopt(easy, option, va_arg(arguments, void *));
    va_end(arguments);
    return result;
}

int curl_easy_perform(void *easy) {
    const struct preload_real *real = PRELOAD_REAL("curl_easy_perform");
    begin(real, easy);
    int result = ((int (*)(void *))real->function)(easy);
    end(real, easy, result);
    return result;
}

void curl_easy_cleanup(void *easy) {
    const struct preload_real *real = PRELOAD_REAL("curl_easy_cleanup");
    end(real, easy, -1);
    int saved = errno;
    if (!real->internal)
        free(preload_forget(easy));
    errno = saved;
    ((void (*)(void *))real->function)(easy);
}

void curl_easy_reset(void *easy) {
    const struct preload_real *real = PRELOAD_REAL("curl_easy_reset");
    struct transfer *transfer = real->internal ? NULL : preload_entry(easy, 0);
    if (transfer != NULL)
        transfer->program = NULL;
    ((void (*)(void *))real->function)(easy);
    if (transfer != NULL && transfer->running)
        send_list(real, easy, transfer);
}

/* The copy has the list of the original, and must not have ours: that goes with the transfer. */
void *curl_easy_duphandle(void *easy) {
    const struct preload_real *real = PRELOAD_REAL("curl_easy_duphandle");
    void *copy = ((void *(*)(void *))real->function)(easy);
    struct transfer *transfer = real->internal || copy == NULL ? NULL : preload_entry(easy, 0);
    if (transfer != NULL) {
        struct preload_real as_setopt = *real;
        as_setopt.function = preload_sibling(real, "curl_easy_setopt");
        set_headers(&as_setopt, copy, transfer->program);
    }
    return copy;
}

/* ---- the multi interface: a span from add to the message that it is done ----------------------
 */

PRELOAD_API int curl_multi_add_handle(void *multi, void *easy);
PRELOAD_API int curl_multi_remove_handle(void *multi, void *easy);
PRELOAD_API struct abi_curl_message *curl_multi_info_read(void *multi, int *left);

int curl_multi_add_handle(void *multi, void *easy) {
    const struct preload_real *real = PRELOAD_REAL("curl_multi_add_handle");
    begin(real, easy);
    return ((multi_call *)real->function)(multi, easy);
}

int curl_multi_remove_handle(void *multi, void *easy) {
    const struct preload_real *real = PRELOAD_REAL("curl_multi_remove_handle");
    end(real, easy, -1);
    return ((multi_call *)real->function)(multi, easy);
}

struct abi_curl_message *curl_multi_info_read(void *multi, int *left) {
    const struct preload_real *real = PRELOAD_REAL("curl_multi_info_read");
    struct abi_curl_message *message =
        ((struct abi_curl_message * (*)(void *, int *)) real->function)(multi, left);
    if (message != NULL && message->message == ABI_CURLMSG_DONE)
        end(real, message->easy, message->data.result);
    return message;
}
