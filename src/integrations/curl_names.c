/* integrations/curl_names.c: see curl_names.h. */
#include "src/integrations/curl_names.h"

#include <stddef.h>

static const struct {
    CURLcode code;
    const char *name;
} names[] = {
#define NAME(code)                                                                                 \
    { code, #code }
    NAME(CURLE_UNSUPPORTED_PROTOCOL),
    NAME(CURLE_FAILED_INIT),
    NAME(CURLE_URL_MALFORMAT),
    NAME(CURLE_COULDNT_RESOLVE_PROXY),
    NAME(CURLE_COULDNT_RESOLVE_HOST),
    NAME(CURLE_COULDNT_CONNECT),
    NAME(CURLE_WEIRD_SERVER_REPLY),
    NAME(CURLE_REMOTE_ACCESS_DENIED),
    NAME(CURLE_HTTP2),
    NAME(CURLE_HTTP2_STREAM),
    NAME(CURLE_PARTIAL_FILE),
    NAME(CURLE_HTTP_RETURNED_ERROR),
    NAME(CURLE_WRITE_ERROR),
    NAME(CURLE_UPLOAD_FAILED),
    NAME(CURLE_READ_ERROR),
    NAME(CURLE_OUT_OF_MEMORY),
    NAME(CURLE_OPERATION_TIMEDOUT),
    NAME(CURLE_SSL_CONNECT_ERROR),
    NAME(CURLE_ABORTED_BY_CALLBACK),
    NAME(CURLE_TOO_MANY_REDIRECTS),
    NAME(CURLE_GOT_NOTHING),
    NAME(CURLE_SEND_ERROR),
    NAME(CURLE_RECV_ERROR),
    NAME(CURLE_SSL_CERTPROBLEM),
    NAME(CURLE_PEER_FAILED_VERIFICATION),
    NAME(CURLE_BAD_CONTENT_ENCODING),
    NAME(CURLE_FILESIZE_EXCEEDED),
    NAME(CURLE_LOGIN_DENIED),
    NAME(CURLE_REMOTE_FILE_NOT_FOUND),
    NAME(CURLE_FILE_COULDNT_READ_FILE),
    NAME(CURLE_BAD_FUNCTION_ARGUMENT),
#undef NAME
};

const char *spanlog_curl_error_name(CURLcode code) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].code == code)
            return names[i].name;
    }
    return "CURLE_OTHER";
}

const char *spanlog_curl_http_version(long version) {
    switch (version) {
    case CURL_HTTP_VERSION_1_0:
        return "1.0";
    case CURL_HTTP_VERSION_1_1:
        return "1.1";
    case CURL_HTTP_VERSION_2_0:
        return "2";
    case CURL_HTTP_VERSION_3:
        return "3";
    default:
        return NULL;
    }
}
