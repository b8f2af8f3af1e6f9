/* integrations/pq_query.h: one statement on its way to PostgreSQL and back.
 *
 *     struct query query;
 *     spanlog_pq_query_begin(&query, conn, sql);
 *     PGresult *result = PQexec(conn, sql);
 *     spanlog_pq_query_result(&query, conn, result); // for each result
 *     spanlog_pq_query_end(&query, slow_ms);
 */
#ifndef SPANLOG_INTEGRATIONS_PQ_QUERY_H
#define SPANLOG_INTEGRATIONS_PQ_QUERY_H

#include "src/integrations/sql.h"

#include <libpq-fe.h>

struct query {
    struct query *next;
    spanlog_span span;
    spanlog_ctx ctx;
    double start_ms;
    int64_t returned, affected; /* rows; -1: none of that kind */
    unsigned results;
    spanlog_sql sql;
};

/* A prepared statement's text, redacted. */
struct prepared;

void spanlog_pq_query_begin(struct query *query, const PGconn *conn, const char *sql);
void spanlog_pq_query_begin_prepare(struct query *query, const PGconn *conn, const char *sql);
void spanlog_pq_query_begin_prepared(struct query *query, const PGconn *conn,
                                     const struct prepared *list, const char *name);
/* Takes rows and failures of one result; NULL: there was none, which is a failure. */
void spanlog_pq_query_result(struct query *query, const PGconn *conn, const PGresult *result);
void spanlog_pq_query_end(struct query *query, double slow_ms);
void spanlog_pq_query_cancel(struct query *query);

/* Remembers what spanlog_pq_query_begin_prepare read, under a name; a list has at most 256. */
void spanlog_pq_prepared_keep(struct prepared **list, const char *name, const spanlog_sql *sql);
void spanlog_pq_prepared_free(struct prepared *list);

#endif
