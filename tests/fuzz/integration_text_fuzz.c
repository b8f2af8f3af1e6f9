/* tests/fuzz/integration_text_fuzz.c: statements, URLs, gRPC addresses and metadata, from anyone.
 *
 * What is written stays in its buffer and ends with NUL. A statement without quoted names has no
 * quote left in it: where a literal is, is "?". */
#include "src/integrations/sql.h"
#include <spanlog/grpc.h>
#include <spanlog/http.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_sql(const char *text) {
    static spanlog_sql sql;
    for (int flavour = SQL_SQLITE; flavour <= SQL_POSTGRESQL_BACKSLASH; flavour++) {
        memset(&sql, 'x', sizeof sql);
        spanlog_sql_read(&sql, text, (enum spanlog_sql_flavour)flavour);
        MUST(memchr(sql.text, 0, sizeof sql.text) != NULL);
        MUST(memchr(sql.operation, 0, sizeof sql.operation) != NULL);
        MUST(memchr(sql.table, 0, sizeof sql.table) != NULL);
        MUST(memchr(sql.summary, 0, sizeof sql.summary) != NULL);
        if (strpbrk(text, "\"`[") == NULL)
            MUST(strchr(sql.text, '\'') == NULL);
    }
}

static void try_url(const char *text) {
    char url[512], host[32];
    uint16_t port;
    for (size_t room = 1; room <= sizeof url; room *= 8) {
        size_t size = spanlog_http_redact(text, url, room);
        MUST(size < room && strlen(url) == size);
        MUST(strchr(url, '#') == NULL);
    }
    int error = spanlog_http_host(text, host, sizeof host, &port);
    MUST((error == 0) == (host[0] != '\0'));
}

static void try_grpc(const char *text, size_t size) {
    char host[32];
    uint16_t port;
    int error = spanlog_grpc_address(text, host, sizeof host, &port);
    MUST((error == 0) == (host[0] != '\0'));
    if (spanlog_grpc_is_metadata(text, text))
        MUST(strpbrk(text, " :\n/A") == NULL);
    /* key, value, key, value ... between zeros */
    spanlog_grpc_entry entries[16] = {{"traceparent", 11, text, size},
                                      {"tracestate", 10, text, size}};
    size_t count = 2;
    for (size_t at = 0; at < size && count < 16; count++) {
        size_t key = strlen(text + at), value = at + key + 1;
        if (value > size)
            break;
        entries[count] = (spanlog_grpc_entry){text + at, key, text + value, strlen(text + value)};
        at = value + entries[count].value_size + 1;
    }
    spanlog_ctx ctx;
    error = spanlog_grpc_extract(entries, count, &ctx);
    MUST(error == 0 || error == -EINVAL || error == -ENOENT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    try_sql(text);
    try_url(text);
    try_grpc(text, size);
    free(text);
    return 0;
}
