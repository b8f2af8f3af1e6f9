/* tests/movingin/abi.c: the numbers of integrations/preload/abi.h are those of the libraries'
 * headers. It is enough that it compiles.
 */
#include "src/integrations/preload/abi.h"

#include <stddef.h>

#include <curl/curl.h>
#include <libpq-fe.h>
#include <postgres_ext.h>
#include <sqlite3.h>

#define SAME(ours, theirs) _Static_assert((ours) == (theirs), #ours " is " #theirs)

SAME(ABI_CURL_LONG_END, CURLOPTTYPE_OBJECTPOINT);
SAME(ABI_CURL_OFF_T, CURLOPTTYPE_OFF_T);
SAME(ABI_CURLOPT_HTTPHEADER, CURLOPT_HTTPHEADER);
SAME(ABI_CURLINFO_EFFECTIVE_URL, CURLINFO_EFFECTIVE_URL);
SAME(ABI_CURLINFO_RESPONSE_CODE, CURLINFO_RESPONSE_CODE);
SAME(ABI_CURLINFO_TOTAL_TIME, CURLINFO_TOTAL_TIME);
#if LIBCURL_VERSION_NUM >= 0x074800
SAME(ABI_CURLINFO_EFFECTIVE_METHOD, CURLINFO_EFFECTIVE_METHOD);
#endif
#if LIBCURL_VERSION_NUM >= 0x074700
SAME(ABI_CURL_OFF_T_END, CURLOPTTYPE_BLOB);
#endif
SAME(ABI_CURLMSG_DONE, CURLMSG_DONE);
SAME(sizeof(struct abi_curl_slist), sizeof(struct curl_slist));
SAME(offsetof(struct abi_curl_slist, next), offsetof(struct curl_slist, next));
SAME(sizeof(struct abi_curl_message), sizeof(CURLMsg));
SAME(offsetof(struct abi_curl_message, easy), offsetof(CURLMsg, easy_handle));
SAME(offsetof(struct abi_curl_message, data), offsetof(CURLMsg, data));

SAME(ABI_SQLITE_OK, SQLITE_OK);
SAME(ABI_SQLITE_ROW, SQLITE_ROW);
SAME(ABI_SQLITE_DONE, SQLITE_DONE);

SAME(ABI_PGRES_TUPLES_OK, PGRES_TUPLES_OK);
SAME(ABI_PGRES_BAD_RESPONSE, PGRES_BAD_RESPONSE);
SAME(ABI_PGRES_FATAL_ERROR, PGRES_FATAL_ERROR);
SAME(ABI_PGRES_SINGLE_TUPLE, PGRES_SINGLE_TUPLE);
SAME(ABI_PG_DIAG_SQLSTATE, PG_DIAG_SQLSTATE);
