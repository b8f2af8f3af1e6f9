/* ship/http.c: see http.h. */
#include "src/ship/http.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_MS 5000l
#define UPLOAD_BUFFER (512l << 10)
#define GZIP_LEVEL 2 /* logs repeat themselves: more costs much and saves little */
#define GZIP_WINDOW (15 + 16)
#define GZIP_MEMORY 7 /* tables that stay in the cache */

/* ---- headers ------------------------------------------------------------------------------ */

static int add_header(struct spanlog_ship_http *http, const char *name, const char *value) {
    char *text = NULL;
    if (asprintf(&text, "%s: %s", name, value) < 0)
        return -ENOMEM;
    struct curl_slist *grown = curl_slist_append(http->headers, text);
    free(text);
    if (!grown)
        return -ENOMEM;
    http->headers = grown;
    return 0;
}

static bool is_clean(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static void decode_percent(char *text) {
    char *to = text;
    for (; *text; text++) {
        char hex[3] = {text[0] == '%' && text[1] ? text[1] : 'x', text[1] ? text[2] : 0, 0}, *end;
        long byte = strtol(hex, &end, 16);
        if (*text == '%' && end == hex + 2 && byte) {
            *to++ = (char)byte;
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    *to = 0;
}

/* "key=value,key=value", values percent-encoded, as OpenTelemetry has them. What is wrong may be a
 * secret, of "Authorization: Bearer x" all of it: it is said where it stands, not what it is. */
static int add_headers(struct spanlog_ship_http *http, const char *list, char *problem) {
    char *copy = strdup(list), *rest = copy, *item;
    int rc = copy ? 0 : -ENOMEM;
    unsigned number = 0;
    while (rc == 0 && (item = strsep(&rest, ",")) != NULL) {
        char *equals = strchr(item, '=');
        item += strspn(item, " ");
        if (!*item)
            continue;
        number++;
        if (equals) {
            *equals = 0;
            decode_percent(equals + 1);
        }
        if (!equals || !*item || !is_clean(item) || !is_clean(equals + 1) || strpbrk(item, ": ")) {
            snprintf(problem, SPANLOG_SHIP_PROBLEM, "headers: number %u is no NAME=VALUE", number);
            rc = -EINVAL;
        } else {
            rc = add_header(http, item, equals + 1 + strspn(equals + 1, " "));
        }
    }
    free(copy);
    return rc;
}

static int add_all_headers(struct spanlog_ship_http *http, const struct spanlog_ship_target *target,
                           char *problem) {
    int rc = add_header(http, "Content-Type", "application/json");
    if (rc == 0)
        rc = add_header(http, "Expect", ""); /* no waiting for 100 */
    if (rc == 0 && http->compresses)
        rc = add_header(http, "Content-Encoding", "gzip");
    if ((target->tenant && !is_clean(target->tenant)) ||
        (target->bearer && !is_clean(target->bearer)) ||
        (target->user && !is_clean(target->user))) {
        snprintf(problem, SPANLOG_SHIP_PROBLEM,
                 "tenant, user and token may not hold line ends or other controls");
        return -EINVAL;
    }
    if (rc == 0 && target->tenant)
        rc = add_header(http, "X-Scope-OrgID", target->tenant);
    if (rc == 0 && target->bearer) {
        char *text = NULL;
        rc = asprintf(&text, "Bearer %s", target->bearer) < 0
                 ? -ENOMEM
                 : add_header(http, "Authorization", text);
        free(text);
    }
    if (rc == 0 && target->headers)
        rc = add_headers(http, target->headers, problem);
    return rc;
}

/* ---- opening ------------------------------------------------------------------------------ */

static size_t take_answer(char *data, size_t size, size_t count, void *argument) {
    struct spanlog_ship_http *http = argument;
    size_t all = size * count;
    http->is_cut = http->is_cut || http->text.size + all > http->answer_max;
    if (!http->is_cut)
        spanlog_put_bytes(&http->text, data, all);
    return all;
}

static int check_file(const char *what, const char *path, char *problem) {
    struct stat st;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1, error = path && fd < 0 ? errno : 0;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        error = EISDIR;
    if (fd >= 0)
        close(fd);
    if (error)
        snprintf(problem, SPANLOG_SHIP_PROBLEM, "%.200s: %s (%s)", path, strerror(error), what);
    return error ? -EINVAL : 0;
}

static int check_files(const struct spanlog_ship_target *target, char *problem) {
    int rc = check_file("certificates to trust", target->ca, problem);
    if (rc == 0)
        rc = check_file("our certificate", target->certificate, problem);
    if (rc == 0)
        rc = check_file("our key", target->key, problem);
    if (rc == 0 && target->key && !target->certificate) {
        snprintf(problem, SPANLOG_SHIP_PROBLEM,
                 "%.200s: a key, and no certificate that it belongs to (--cert, or "
                 "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE)",
                 target->key);
        rc = -EINVAL;
    }
    return rc;
}

static void set_options(struct spanlog_ship_http *http, const struct spanlog_ship_target *target) {
    CURL *easy = http->easy;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1l);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0l);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->problem);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "spanlog");
    if (target->user) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERPWD, target->user);
    }
    if (target->ca)
        curl_easy_setopt(easy, CURLOPT_CAINFO, target->ca);
#if LIBCURL_VERSION_NUM >= 0x075700
    if (target->ca) /* or, where it is built without a folder of others, it holds it for a day */
        curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0l);
#endif
    if (target->certificate)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, target->certificate);
    if (target->key)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, target->key);
    /* Or OpenSSL asks whoever sits at the terminal. */
    curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "");
    http->has_certificate = target->certificate != NULL;
}

int spanlog_ship_http_open(struct spanlog_ship_http *http, const struct spanlog_ship_target *target,
                           bool compresses, char problem[SPANLOG_SHIP_PROBLEM]) {
    *http = (struct spanlog_ship_http){.compresses = compresses,
                                       .compressed = {.fd = -1},
                                       .text = {.fd = -1},
                                       .answer_max = SPANLOG_SHIP_ANSWER_SIZE,
                                       .wait_fds = {-1, -1},
                                       .poll_ms = 10000};
    int rc = check_files(target, problem);
    if (rc == 0)
        rc = add_all_headers(http, target, problem);
    http->easy = rc == 0 ? curl_easy_init() : NULL;
    http->multi = rc == 0 ? curl_multi_init() : NULL;
    if (rc == 0 && (!http->easy || !http->multi))
        rc = -ENOMEM;
    if (rc == 0 && compresses &&
        deflateInit2(&http->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        rc = -ENOMEM;
    if (rc == 0)
        set_options(http, target);
    else
        spanlog_ship_http_close(http);
    return rc;
}

void spanlog_ship_http_close(struct spanlog_ship_http *http) {
    if (http->easy)
        curl_easy_cleanup(http->easy);
    if (http->multi)
        curl_multi_cleanup(http->multi);
    curl_slist_free_all(http->headers);
    if (http->compresses)
        deflateEnd(&http->gzip);
    free(http->compressed.data);
    free(http->text.data);
    *http = (struct spanlog_ship_http){.compressed = {.fd = -1}, .text = {.fd = -1}};
}

/* ---- a request ---------------------------------------------------------------------------- */

static int compress_body(struct spanlog_ship_http *http, const char *body, size_t size) {
    z_stream *gzip = &http->gzip;
    deflateReset(gzip);
    http->compressed.size = 0;
    size_t room = deflateBound(gzip, size);
    char *to = spanlog_output_reserve(&http->compressed, room);
    if (!to || size > UINT32_MAX)
        return -ENOMEM;
    gzip->next_in = (Bytef *)(uintptr_t)body;
    gzip->avail_in = (uInt)size;
    gzip->next_out = (Bytef *)to;
    gzip->avail_out = (uInt)room;
    if (deflate(gzip, Z_FINISH) != Z_STREAM_END)
        return -ENOMEM;
    http->compressed.size = room - gzip->avail_out;
    return 0;
}

/* CURLE_OK when there was an answer. */
static CURLcode perform(struct spanlog_ship_http *http) {
    int running = 1, left;
    while (running) {
        if (curl_multi_perform(http->multi, &running) != CURLM_OK)
            return CURLE_FAILED_INIT;
        if (!running)
            break;
        struct curl_waitfd fds[2];
        unsigned count = 0;
        for (unsigned i = 0; i < 2; i++)
            if (http->wait_fds[i] >= 0)
                fds[count++] = (struct curl_waitfd){http->wait_fds[i], CURL_WAIT_POLLIN, 0};
        if (curl_multi_poll(http->multi, fds, count, http->poll_ms, NULL) != CURLM_OK)
            return CURLE_FAILED_INIT;
        if (http->wait && !http->wait(http->argument))
            return CURLE_ABORTED_BY_CALLBACK;
    }
    CURLMsg *message = curl_multi_info_read(http->multi, &left);
    return message ? message->data.result : CURLE_FAILED_INIT;
}

/* A server that wants a certificate, and gets none, may just hang up: TLS 1.3 has let us in by
 * then.
 */
static bool may_want_certificate(const struct spanlog_ship_http *http, CURLcode code) {
    char *scheme = NULL;
    long connects = 0;
    curl_easy_getinfo(http->easy, CURLINFO_SCHEME, &scheme);
    curl_easy_getinfo(http->easy, CURLINFO_NUM_CONNECTS, &connects);
    return !http->has_certificate && connects > 0 && scheme && strcasecmp(scheme, "https") == 0 &&
           (code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SEND_ERROR ||
            code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING);
}

/* Where the library's words are not enough. */
static void explain(struct spanlog_ship_http *http, CURLcode code) {
    if (!http->problem[0])
        snprintf(http->problem, sizeof http->problem, "%s", curl_easy_strerror(code));
    const char *hint = code == CURLE_SSL_CERTPROBLEM
                           ? " (the certificate, or its key, is none, belongs to another, or has a "
                             "pass phrase)"
                       : may_want_certificate(http, code)
                           ? " (it may want to know who we are, and no certificate of ours is set)"
                           : "";
    size_t size = strlen(http->problem);
    snprintf(http->problem + size, sizeof http->problem - size, "%s", hint);
}

static void read_answer(struct spanlog_ship_http *http, CURLcode code,
                        struct spanlog_ship_answer *ret) {
    curl_off_t retry_after = 0;
    if (code != CURLE_OK) {
        explain(http, code);
        return;
    }
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &ret->status);
    curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &retry_after);
    ret->text = http->text.data;
    ret->text_size = http->text.size;
    ret->retry_after_ms = retry_after > 0 && retry_after < 86400 ? (uint64_t)retry_after * 1000
                          : retry_after > 0                      ? 86400000
                                                                 : 0;
}

/* The answer to what the handle is set to. */
static int request(struct spanlog_ship_http *http, const char *url, uint64_t timeout_ms,
                   struct spanlog_ship_answer *ret) {
    http->text.size = 0;
    http->is_cut = false;
    http->problem[0] = 0;
    curl_easy_setopt(http->easy, CURLOPT_URL, url);
    curl_easy_setopt(http->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    if (curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
        return -ENOMEM;
    CURLcode code = perform(http);
    curl_multi_remove_handle(http->multi, http->easy);
    read_answer(http, code, ret);
    return 0;
}

int spanlog_ship_http_post(struct spanlog_ship_http *http, const char *url, const char *body,
                           size_t size, uint64_t timeout_ms, struct spanlog_ship_answer *ret) {
    *ret = (struct spanlog_ship_answer){0};
    if (http->compresses) {
        if (compress_body(http, body, size) < 0)
            return -ENOMEM;
        body = http->compressed.data;
        size = http->compressed.size;
    }
    curl_easy_setopt(http->easy, CURLOPT_POST, 1l);
    curl_easy_setopt(http->easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(http->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    return request(http, url, timeout_ms, ret);
}

int spanlog_ship_http_get(struct spanlog_ship_http *http, const char *url, uint64_t timeout_ms,
                          struct spanlog_ship_answer *ret) {
    *ret = (struct spanlog_ship_answer){0};
    curl_easy_setopt(http->easy, CURLOPT_HTTPGET, 1l);
    curl_easy_setopt(http->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    return request(http, url, timeout_ms, ret);
}
