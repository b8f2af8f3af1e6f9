/* integrations/preload/preload_pq.c: libpq queries of unchanged programs: a client span for each
 * PQexec and its relatives, and from PQsendQuery to the NULL of PQgetResult.
 */
#include "abi.h"
#include "preload.h"
#include "sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct query {
    struct preload_entry entry;
    spanlog_span span;
    uint64_t rows;
};

static const char *text_of(const struct preload_real *real, void *connection, const char *name) {
    const char *(*get)(const void *) = (const char *(*)(const void *))preload_sibling(real, name);
    const char *text = get(connection);
    return text != NULL ? text : "";
}

static spanlog_span begin(const struct preload_real *real, void *connection, const char *sql) {
    char text[2048], operation[16];
    if (sql == NULL)
        sql = "";
    spanlog_begin(span, "SQL", SPANLOG_CLIENT, preload_parent(), kv("db.system.name", "postgresql"),
                  kv("db.namespace", text_of(real, connection, "PQdb")),
                  kv("db.query.text", sql_redact(sql, SQL_POSTGRESQL, text, sizeof text)),
                  kv("db.operation.name", sql_operation(sql, SQL_POSTGRESQL, operation)),
                  kv("server.address", text_of(real, connection, "PQhost")),
                  kv("server.port", atoi(text_of(real, connection, "PQport"))));
    spanlog_rename(&span, operation);
    return span;
}

/* Rows are added up; an error is kept as its SQLSTATE: the message may quote values. */
static uint64_t look_at(const struct preload_real *real, spanlog_span *span, const void *result) {
    int (*status_of)(const void *) = (int (*)(const void *))preload_sibling(real, "PQresultStatus");
    int (*rows_of)(const void *) = (int (*)(const void *))preload_sibling(real, "PQntuples");
    char *(*field_of)(const void *, int) =
        (char *(*)(const void *, int))preload_sibling(real, "PQresultErrorField");
    int status = status_of(result);
    if (status == ABI_PGRES_FATAL_ERROR || status == ABI_PGRES_BAD_RESPONSE) {
        const char *code = field_of(result, ABI_PG_DIAG_SQLSTATE);
        spanlog_set(span, kv("db.response.status_code", code != NULL ? code : ""));
        spanlog_fail(span, code != NULL ? code : "no answer");
    }
    bool rows = status == ABI_PGRES_TUPLES_OK || status == ABI_PGRES_SINGLE_TUPLE;
    return rows ? (uint64_t)rows_of(result) : 0;
}

static bool is_seen(const struct preload_real *real, const void *connection) {
    static const char *const needed[] = {
        "PQdb", "PQhost", "PQport", "PQresultStatus", "PQntuples", "PQresultErrorField", NULL};
    return !real->internal && connection != NULL && preload_active() && preload_has(real, needed);
}

/* ---- calls that wait ------------------------------------------------------------------------ */

static void end_waiting(const struct preload_real *real, spanlog_span *span, const void *result) {
    int saved = errno;
    uint64_t rows = look_at(real, span, result);
    spanlog_set(span, kv("db.response.returned_rows", rows));
    spanlog_end(*span);
    errno = saved;
}

/* A function that waits: `call` is its real one, made between the span's begin and end. */
#define WAITING(name, connection, sql, type, ...)                                                  \
    const struct preload_real *real = PRELOAD_REAL(name);                                          \
    type *call = (type *)real->function;                                                           \
    if (!is_seen(real, connection))                                                                \
        return call(__VA_ARGS__);                                                                  \
    int saved = errno;                                                                             \
    spanlog_span span = begin(real, connection, sql);                                              \
    errno = saved;                                                                                 \
    void *result = call(__VA_ARGS__);                                                              \
    end_waiting(real, &span, result);                                                              \
    return result

typedef void *exec_call(void *, const char *);
typedef void *params_call(void *, const char *, int, const unsigned *, const char *const *,
                          const int *, const int *, int);
typedef void *prepared_call(void *, const char *, int, const char *const *, const int *,
                            const int *, int);
typedef void *prepare_call(void *, const char *, const char *, int, const unsigned *);

PRELOAD_API exec_call PQexec;
PRELOAD_API params_call PQexecParams;
PRELOAD_API prepared_call PQexecPrepared;
PRELOAD_API prepare_call PQprepare;

void *PQexec(void *connection, const char *sql) {
    WAITING("PQexec", connection, sql, exec_call, connection, sql);
}

void *PQexecParams(void *connection, const char *sql, int count, const unsigned *types,
                   const char *const *values, const int *lengths, const int *formats, int format) {
    WAITING("PQexecParams", connection, sql, params_call, connection, sql, count, types, values,
            lengths, formats, format);
}

void *PQexecPrepared(void *connection, const char *name, int count, const char *const *values,
                     const int *lengths, const int *formats, int format) {
    WAITING("PQexecPrepared", connection, "EXECUTE", prepared_call, connection, name, count, values,
            lengths, formats, format);
}

void *PQprepare(void *connection, const char *name, const char *sql, int count,
                const unsigned *types) {
    WAITING("PQprepare", connection, sql, prepare_call, connection, name, sql, count, types);
}

/* ---- calls that send, and the results that come -----------------------------------------------
 */

static void end_sent(const struct preload_real *real, void *connection) {
    struct query *query = real->internal || connection == NULL ? NULL : preload_forget(connection);
    if (query == NULL)
        return;
    int saved = errno;
    spanlog_set(&query->span, kv("db.response.returned_rows", query->rows));
    spanlog_end(query->span);
    free(query);
    errno = saved;
}

/* In a pipeline several are under way: the first one's span stands for them. True: it is this
 * one's. */
static bool begin_sent(const struct preload_real *real, void *connection, const char *sql) {
    if (!is_seen(real, connection) || preload_entry(connection, 0) != NULL)
        return false;
    int saved = errno;
    struct query *query = preload_entry(connection, sizeof *query);
    if (query != NULL)
        query->span = begin(real, connection, sql);
    errno = saved;
    return query != NULL;
}

/* No results will come. */
static void end_unsent(const struct preload_real *real, void *connection) {
    struct query *query = preload_entry(connection, 0);
    int saved = errno;
    if (query != NULL)
        spanlog_fail(&query->span, "not sent");
    errno = saved;
    end_sent(real, connection);
}

/* A function that sends. One that is refused leaves the results of an earlier one to come. */
#define SENDING(name, connection, sql, type, ...)                                                  \
    const struct preload_real *real = PRELOAD_REAL(name);                                          \
    bool begun = begin_sent(real, connection, sql);                                                \
    int sent = ((type *)real->function)(__VA_ARGS__);                                              \
    if (!sent && begun)                                                                            \
        end_unsent(real, connection);                                                              \
    return sent

typedef int send_call(void *, const char *);
typedef int send_params_call(void *, const char *, int, const unsigned *, const char *const *,
                             const int *, const int *, int);
typedef int send_prepared_call(void *, const char *, int, const char *const *, const int *,
                               const int *, int);
typedef int send_prepare_call(void *, const char *, const char *, int, const unsigned *);
typedef void *result_call(void *);
typedef void finish_call(void *);

PRELOAD_API send_call PQsendQuery;
PRELOAD_API send_params_call PQsendQueryParams;
PRELOAD_API send_prepared_call PQsendQueryPrepared;
PRELOAD_API send_prepare_call PQsendPrepare;
PRELOAD_API result_call PQgetResult;
PRELOAD_API finish_call PQfinish;

int PQsendQuery(void *connection, const char *sql) {
    SENDING("PQsendQuery", connection, sql, send_call, connection, sql);
}

int PQsendQueryParams(void *connection, const char *sql, int count, const unsigned *types,
                      const char *const *values, const int *lengths, const int *formats,
                      int format) {
    SENDING("PQsendQueryParams", connection, sql, send_params_call, connection, sql, count, types,
            values, lengths, formats, format);
}

int PQsendQueryPrepared(void *connection, const char *name, int count, const char *const *values,
                        const int *lengths, const int *formats, int format) {
    SENDING("PQsendQueryPrepared", connection, "EXECUTE", send_prepared_call, connection, name,
            count, values, lengths, formats, format);
}

int PQsendPrepare(void *connection, const char *name, const char *sql, int count,
                  const unsigned *types) {
    SENDING("PQsendPrepare", connection, sql, send_prepare_call, connection, name, sql, count,
            types);
}

void *PQgetResult(void *connection) {
    const struct preload_real *real = PRELOAD_REAL("PQgetResult");
    void *result = ((result_call *)real->function)(connection);
    struct query *query =
        real->internal || connection == NULL ? NULL : preload_entry(connection, 0);
    if (query != NULL && result != NULL) {
        int saved = errno;
        query->rows += look_at(real, &query->span, result);
        errno = saved;
    } else if (query != NULL) {
        end_sent(real, connection);
    }
    return result;
}

void PQfinish(void *connection) {
    const struct preload_real *real = PRELOAD_REAL("PQfinish");
    end_sent(real, connection);
    ((finish_call *)real->function)(connection);
}
