/* spanlog/pq.h: a span of kind client around each statement sent to PostgreSQL with libpq.
 *
 *     PGconn *conn = PQconnectdb("dbname=shop");
 *     spanlog_pq_watch(conn, &(spanlog_pq_options){.comment = true});
 *     PGresult *result = spanlog_pq_exec(conn, "SELECT name FROM items WHERE id = 7");
 *     ...
 *     PQclear(result);
 *     spanlog_pq_finish(conn);
 *
 * Each function stands in for the one of libpq that it is named after, with its arguments and its
 * result; on a connection that is not watched it is that function and nothing more.
 *
 * Attributes: db.system.name "postgresql", db.namespace, server.address, server.port,
 * db.query.text (literals are "?"; parameters are never read), db.query.summary,
 * db.operation.name, db.collection.name, db.response.returned_rows, db.response.affected_rows; of a
 * failure db.response.status_code and error.type, both the SQLSTATE ("23505"), or error.type
 * "connection" without one. A statement that took long leaves a record "slow statement", level
 * warn, in the span.
 *
 * As with libpq, one thread at a time uses a connection. Link with spanlog::pq (pkg-config
 * spanlog-pq); this header needs none of libpq's.
 */
#ifndef SPANLOG_PQ_H
#define SPANLOG_PQ_H

#include <spanlog/spanlog.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pg_conn;   /* PGconn */
struct pg_result; /* PGresult */

typedef struct spanlog_pq_options {
    int slow_ms; /* from how long a statement is slow; 0: 1000, negative: never */
    /* Whether statements end with a comment that hands the trace to the server, whose log then
     * shows it, as sqlcommenter does: traceparent='00-...-01'. Not those that have a
     * comment already, and not prepared ones, whose text is sent once. */
    bool comment;
} spanlog_pq_options;

/* Watches a connection until spanlog_pq_finish. Again: the options change. NULL options: the
 * defaults. Returns 0, -EINVAL for a NULL connection, -ENOMEM. */
SPANLOG__API int spanlog_pq_watch(struct pg_conn *conn, const spanlog_pq_options *options);
/* Ends spans that are open (error.type "cancelled"), forgets the connection, PQfinish. */
SPANLOG__API void spanlog_pq_finish(struct pg_conn *conn);

SPANLOG__API struct pg_result *spanlog_pq_exec(struct pg_conn *conn, const char *sql);
SPANLOG__API struct pg_result *spanlog_pq_exec_params(struct pg_conn *conn, const char *sql,
                                                      int count, const unsigned *types,
                                                      const char *const *values, const int *lengths,
                                                      const int *formats, int result_format);
/* Its span is named "PREPARE ..."; the statement's text is remembered, up to 256 of a connection,
 * for the spans of its executions. */
SPANLOG__API struct pg_result *spanlog_pq_prepare(struct pg_conn *conn, const char *name,
                                                  const char *sql, int count,
                                                  const unsigned *types);
SPANLOG__API struct pg_result *spanlog_pq_exec_prepared(struct pg_conn *conn, const char *name,
                                                        int count, const char *const *values,
                                                        const int *lengths, const int *formats,
                                                        int result_format);

/* The asynchronous ones: the span begins when a statement is sent and ends when
 * spanlog_pq_get_result has returned its last result (NULL). Pipelines are followed. */
SPANLOG__API int spanlog_pq_send_query(struct pg_conn *conn, const char *sql);
SPANLOG__API int spanlog_pq_send_query_params(struct pg_conn *conn, const char *sql, int count,
                                              const unsigned *types, const char *const *values,
                                              const int *lengths, const int *formats,
                                              int result_format);
SPANLOG__API int spanlog_pq_send_query_prepared(struct pg_conn *conn, const char *name, int count,
                                                const char *const *values, const int *lengths,
                                                const int *formats, int result_format);
SPANLOG__API struct pg_result *spanlog_pq_get_result(struct pg_conn *conn);

#ifdef __cplusplus
}
#endif

#endif
