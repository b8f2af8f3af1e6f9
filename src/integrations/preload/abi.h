/* integrations/preload/abi.h: what the shims must know of libcurl, SQLite and libpq. These numbers
 * are part of the libraries' binary interfaces, which unchanged programs rely on; so the headers of
 * the libraries are not needed to build. tests/preload/abi.c holds them against the headers.
 */
#ifndef SPANLOG_PRELOAD_ABI_H
#define SPANLOG_PRELOAD_ABI_H

/* libcurl: an option's type is in its number */
#define ABI_CURL_LONG_END 10000
#define ABI_CURL_OFF_T 30000
#define ABI_CURL_OFF_T_END 40000
#define ABI_CURLOPT_HTTPHEADER 10023
#define ABI_CURLINFO_EFFECTIVE_URL 0x100001
#define ABI_CURLINFO_EFFECTIVE_METHOD 0x10003a /* since 7.72 */
#define ABI_CURLINFO_RESPONSE_CODE 0x200002
#define ABI_CURLINFO_TOTAL_TIME 0x300003
#define ABI_CURLMSG_DONE 1

struct abi_curl_slist {
    char *data;
    struct abi_curl_slist *next;
};

struct abi_curl_message {
    int message;
    void *easy;
    union {
        void *whatever;
        int result;
    } data;
};

/* SQLite */
#define ABI_SQLITE_OK 0
#define ABI_SQLITE_ROW 100
#define ABI_SQLITE_DONE 101

/* libpq */
#define ABI_PGRES_TUPLES_OK 2
#define ABI_PGRES_BAD_RESPONSE 5
#define ABI_PGRES_FATAL_ERROR 7
#define ABI_PGRES_SINGLE_TUPLE 9
#define ABI_PG_DIAG_SQLSTATE 'C'

#endif
