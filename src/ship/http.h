/* ship/http.h: one request after the other to one server, by libcurl.
 *
 *     rc = spanlog_ship_http_open(&http, &target, compress, problem);
 *     http.wait = …                                   other descriptors that want attention
 *     spanlog_ship_http_post(&http, url, body, size, timeout_ms, &answer);
 *     if (answer.status == 0) ... http.problem ...
 *
 * A connection is kept from one request to the next. Certificates are always checked.
 */
#ifndef SPANLOG_SHIP_HTTP_H
#define SPANLOG_SHIP_HTTP_H

#include <curl/curl.h>
#include <zlib.h>

#include "src/analyzer/base/output.h"
#include "src/ship/answer.h"

/* Loki has a sentence for each entry that it refuses. */
#define SPANLOG_SHIP_ANSWER_SIZE (1u << 20)

struct spanlog_ship_http {
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    z_stream gzip;
    bool compresses;
    struct spanlog_output compressed;
    struct spanlog_output text; /* of the answer */
    size_t answer_max;          /* SPANLOG_SHIP_ANSWER_SIZE; what is behind it is cut off */
    bool is_cut;
    char problem[CURL_ERROR_SIZE + 64]; /* why there was no answer */
    /* Called while the server is waited for: when one of the two is readable (-1: none), and after
     * poll_ms; false: give up now. */
    int wait_fds[2];
    int poll_ms;
    bool (*wait)(void *argument);
    void *argument;
};

/* 0, or -EINVAL with what is wrong. */
int spanlog_ship_http_open(struct spanlog_ship_http *http, const struct spanlog_ship_target *target,
                           bool compresses, char problem[SPANLOG_SHIP_PROBLEM]);
/* 0 or -ENOMEM. What the answer points to stands until the next request. */
int spanlog_ship_http_post(struct spanlog_ship_http *http, const char *url, const char *body,
                           size_t size, uint64_t timeout_ms, struct spanlog_ship_answer *ret);
/* The same for a question; the answer may come compressed. */
int spanlog_ship_http_get(struct spanlog_ship_http *http, const char *url, uint64_t timeout_ms,
                          struct spanlog_ship_answer *ret);
void spanlog_ship_http_close(struct spanlog_ship_http *http);

#endif
