/* integrations/curl_names.h: names of curl's numbers, for attributes that are to be counted. */
#ifndef SPANLOG_INTEGRATIONS_CURL_NAMES_H
#define SPANLOG_INTEGRATIONS_CURL_NAMES_H

#include <curl/curl.h>

/* "CURLE_COULDNT_CONNECT"; codes that are rare share "CURLE_OTHER". */
const char *spanlog_curl_error_name(CURLcode code);
/* "1.1" for what CURLINFO_HTTP_VERSION gives; NULL: none. */
const char *spanlog_curl_http_version(long version);

#endif
