/* integrations/pq.c: see spanlog/pq.h. A `query` is a statement that was sent and whose results
 * are not all in; asynchronous ones wait in a queue of their connection. pq_statement.c knows what
 * is said of a statement. */
#define SPANLOG_LOGGER_NAME "db"
#include "src/integrations/pq_query.h"
#include "src/integrations/table.h"
#include <spanlog/pq.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct connection {
    struct handle_entry entry; /* first */
    bool comment;
    double slow_ms;
    struct query *first; /* sent and not answered; the oldest */
    struct prepared *prepared;
};

HANDLE_TABLE(connections);

static struct connection *connection_of(const PGconn *conn) {
    return conn != NULL ? (struct connection *)(void *)handle_table_find(&connections, conn) : NULL;
}

int spanlog_pq_watch(PGconn *conn, const spanlog_pq_options *options) {
    static const spanlog_pq_options defaults;
    if (conn == NULL)
        return -EINVAL;
    if (options == NULL)
        options = &defaults;
    struct connection *c = connection_of(conn);
    bool is_new = c == NULL;
    if (is_new && (c = calloc(1, sizeof *c)) == NULL)
        return -ENOMEM;
    c->comment = options->comment;
    c->slow_ms = spanlog_sql_slow_ms(options->slow_ms);
    if (is_new)
        handle_table_put(&connections, &c->entry, conn);
    return 0;
}

void spanlog_pq_finish(PGconn *conn) {
    struct connection *c =
        conn != NULL ? (struct connection *)(void *)handle_table_take(&connections, conn) : NULL;
    while (c != NULL && c->first != NULL) {
        struct query *query = c->first;
        c->first = query->next;
        spanlog_pq_query_cancel(query);
        free(query);
    }
    if (c != NULL)
        spanlog_pq_prepared_free(c->prepared);
    free(c);
    PQfinish(conn);
}

/* ---- text with the trace in it -------------------------------------------------------------- */

struct comment {
    const char *sql;
    char *longer; /* NULL: the text goes as it is */
};

static void write_comment(void *arg, const char *name, const char *value) {
    struct comment *comment = arg;
    if (strcmp(name, "traceparent") != 0 || comment->longer != NULL ||
        strpbrk(value, "'*\\") != NULL)
        return;
    size_t size = strlen(comment->sql) + strlen(value) + 32;
    comment->longer = malloc(size);
    if (comment->longer != NULL)
        snprintf(comment->longer, size, "%s /*traceparent='%s'*/", comment->sql, value);
}

static struct comment comment_on(const struct connection *c, spanlog_ctx ctx, const char *sql) {
    struct comment comment = {.sql = sql};
    if (c->comment && sql != NULL && strstr(sql, "/*") == NULL && strstr(sql, "--") == NULL)
        spanlog_inject(ctx, write_comment, &comment);
    if (comment.longer != NULL)
        comment.sql = comment.longer;
    return comment;
}

/* ---- one after the other --------------------------------------------------------------------- */

/* The end of each synchronous call. */
static PGresult *finish(const struct connection *c, PGconn *conn, struct query *query,
                        struct comment *comment, spanlog_ctx before, PGresult *result) {
    if (comment != NULL)
        free(comment->longer);
    spanlog_ctx_attach(before);
    spanlog_pq_query_result(query, conn, result);
    spanlog_pq_query_end(query, c->slow_ms);
    return result;
}

PGresult *spanlog_pq_exec(PGconn *conn, const char *sql) {
    struct connection *c = connection_of(conn);
    if (c == NULL)
        return PQexec(conn, sql);
    struct query query;
    spanlog_pq_query_begin(&query, conn, sql);
    struct comment comment = comment_on(c, query.ctx, sql);
    spanlog_ctx before = spanlog_ctx_attach(query.ctx);
    return finish(c, conn, &query, &comment, before, PQexec(conn, comment.sql));
}

PGresult *spanlog_pq_exec_params(PGconn *conn, const char *sql, int count, const unsigned *types,
                                 const char *const *values, const int *lengths, const int *formats,
                                 int result_format) {
    struct connection *c = connection_of(conn);
    if (c == NULL)
        return PQexecParams(conn, sql, count, types, values, lengths, formats, result_format);
    struct query query;
    spanlog_pq_query_begin(&query, conn, sql);
    struct comment comment = comment_on(c, query.ctx, sql);
    spanlog_ctx before = spanlog_ctx_attach(query.ctx);
    return finish(
        c, conn, &query, &comment, before,
        PQexecParams(conn, comment.sql, count, types, values, lengths, formats, result_format));
}

PGresult *spanlog_pq_prepare(PGconn *conn, const char *name, const char *sql, int count,
                             const unsigned *types) {
    struct connection *c = connection_of(conn);
    if (c == NULL)
        return PQprepare(conn, name, sql, count, types);
    struct query query;
    spanlog_pq_query_begin_prepare(&query, conn, sql);
    spanlog_ctx before = spanlog_ctx_attach(query.ctx);
    PGresult *result = PQprepare(conn, name, sql, count, types);
    if (PQresultStatus(result) == PGRES_COMMAND_OK)
        spanlog_pq_prepared_keep(&c->prepared, name, &query.sql);
    return finish(c, conn, &query, NULL, before, result);
}

PGresult *spanlog_pq_exec_prepared(PGconn *conn, const char *name, int count,
                                   const char *const *values, const int *lengths,
                                   const int *formats, int result_format) {
    struct connection *c = connection_of(conn);
    if (c == NULL)
        return PQexecPrepared(conn, name, count, values, lengths, formats, result_format);
    struct query query;
    spanlog_pq_query_begin_prepared(&query, conn, c->prepared, name);
    spanlog_ctx before = spanlog_ctx_attach(query.ctx);
    return finish(c, conn, &query, NULL, before,
                  PQexecPrepared(conn, name, count, values, lengths, formats, result_format));
}

/* ---- asynchronous ---------------------------------------------------------------------------- */

/* The end of each sending: the query waits for its results, or has failed. */
static int queue(struct connection *c, PGconn *conn, struct query *query, struct comment *comment,
                 int sent) {
    if (comment != NULL)
        free(comment->longer);
    if (sent == 0) {
        spanlog_pq_query_result(query, conn, NULL);
        spanlog_pq_query_end(query, c->slow_ms);
        free(query);
        return sent;
    }
    struct query **last = &c->first;
    while (*last != NULL)
        last = &(*last)->next;
    *last = query;
    return sent;
}

int spanlog_pq_send_query(PGconn *conn, const char *sql) {
    struct connection *c = connection_of(conn);
    struct query *query = c != NULL ? malloc(sizeof *query) : NULL;
    if (query == NULL)
        return PQsendQuery(conn, sql);
    spanlog_pq_query_begin(query, conn, sql);
    struct comment comment = comment_on(c, query->ctx, sql);
    return queue(c, conn, query, &comment, PQsendQuery(conn, comment.sql));
}

int spanlog_pq_send_query_params(PGconn *conn, const char *sql, int count, const unsigned *types,
                                 const char *const *values, const int *lengths, const int *formats,
                                 int result_format) {
    struct connection *c = connection_of(conn);
    struct query *query = c != NULL ? malloc(sizeof *query) : NULL;
    if (query == NULL)
        return PQsendQueryParams(conn, sql, count, types, values, lengths, formats, result_format);
    spanlog_pq_query_begin(query, conn, sql);
    struct comment comment = comment_on(c, query->ctx, sql);
    return queue(c, conn, query, &comment,
                 PQsendQueryParams(conn, comment.sql, count, types, values, lengths, formats,
                                   result_format));
}

int spanlog_pq_send_query_prepared(PGconn *conn, const char *name, int count,
                                   const char *const *values, const int *lengths,
                                   const int *formats, int result_format) {
    struct connection *c = connection_of(conn);
    struct query *query = c != NULL ? malloc(sizeof *query) : NULL;
    if (query == NULL)
        return PQsendQueryPrepared(conn, name, count, values, lengths, formats, result_format);
    spanlog_pq_query_begin_prepared(query, conn, c->prepared, name);
    return queue(c, conn, query, NULL,
                 PQsendQueryPrepared(conn, name, count, values, lengths, formats, result_format));
}

PGresult *spanlog_pq_get_result(PGconn *conn) {
    struct connection *c = connection_of(conn);
    PGresult *result = PQgetResult(conn);
    struct query *query = c != NULL ? c->first : NULL;
    if (query == NULL || PQresultStatus(result) == PGRES_PIPELINE_SYNC)
        return result;
    if (result != NULL) {
        spanlog_pq_query_result(query, conn, result);
    } else if (query->results > 0 || PQpipelineStatus(conn) == PQ_PIPELINE_OFF) {
        c->first = query->next;
        spanlog_pq_query_end(query, c->slow_ms);
        free(query);
    }
    return result;
}
