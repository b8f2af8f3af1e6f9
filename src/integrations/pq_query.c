/* integrations/pq_query.c: see pq_query.h. */
#define SPANLOG_LOGGER_NAME "db"
#include "src/integrations/pq_query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PREPARED = 256 };

/* ---- begin ---------------------------------------------------------------------------------- */

static void set_server(spanlog_span *span, const PGconn *conn) {
    const char *database = PQdb(conn), *host = PQhost(conn), *port = PQport(conn);
    if (database != NULL && *database != '\0')
        spanlog_set(span, kv("db.namespace", database));
    if (host != NULL && *host != '\0')
        spanlog_set(span, kv("server.address", host));
    if (host != NULL && *host != '/' && port != NULL && atoi(port) > 0)
        spanlog_set(span, kv("server.port", atoi(port)));
}

static void read_sql(struct query *query, const PGconn *conn, const char *sql) {
    const char *standard = PQparameterStatus(conn, "standard_conforming_strings");
    bool backslash = standard != NULL && strcmp(standard, "off") == 0;
    spanlog_sql_read(&query->sql, sql, backslash ? SQL_POSTGRESQL_BACKSLASH : SQL_POSTGRESQL);
}

/* query->sql has been read. */
static void begin(struct query *query, const PGconn *conn) {
    query->next = NULL;
    query->returned = query->affected = -1;
    query->results = 0;
    query->start_ms = spanlog_sql_now_ms();
    spanlog_begin(span, "postgresql", SPANLOG_CLIENT, spanlog_ctx_current(),
                  kv("db.system.name", "postgresql"));
    set_server(&span, conn);
    spanlog_sql_set(&span, &query->sql);
    query->span = span;
    query->ctx = spanlog_span_ctx(&span);
}

void spanlog_pq_query_begin(struct query *query, const PGconn *conn, const char *sql) {
    read_sql(query, conn, sql);
    begin(query, conn);
}

void spanlog_pq_query_begin_prepare(struct query *query, const PGconn *conn, const char *sql) {
    char name[sizeof query->sql.summary + 8];
    read_sql(query, conn, sql);
    begin(query, conn);
    snprintf(name, sizeof name, "PREPARE %s", query->sql.summary);
    spanlog_rename(&query->span, name);
}

/* ---- prepared statements --------------------------------------------------------------------- */

struct prepared {
    struct prepared *next;
    char name[64]; /* as long as PostgreSQL's names are */
    char operation[SQL_WORD_SIZE], table[SQL_TABLE_SIZE];
    char summary[SQL_WORD_SIZE + SQL_TABLE_SIZE];
    char text[]; /* redacted */
};

static bool has_name(const struct prepared *one, const char *name) {
    return strncmp(one->name, name != NULL ? name : "", sizeof one->name - 1) == 0;
}

/* Takes the one of that name out. Returns how many are left. */
static unsigned forget(struct prepared **list, const char *name) {
    unsigned count = 0;
    while (*list != NULL) {
        struct prepared *one = *list;
        if (has_name(one, name)) {
            *list = one->next;
            free(one);
        } else {
            list = &one->next;
            count++;
        }
    }
    return count;
}

void spanlog_pq_prepared_keep(struct prepared **list, const char *name, const spanlog_sql *sql) {
    size_t size = strlen(sql->text) + 1;
    if (forget(list, name) >= MOST_PREPARED)
        return;
    struct prepared *one = malloc(sizeof *one + size);
    if (one == NULL)
        return;
    snprintf(one->name, sizeof one->name, "%s", name != NULL ? name : "");
    memcpy(one->operation, sql->operation, sizeof one->operation);
    memcpy(one->table, sql->table, sizeof one->table);
    memcpy(one->summary, sql->summary, sizeof one->summary);
    memcpy(one->text, sql->text, size);
    one->next = *list;
    *list = one;
}

void spanlog_pq_prepared_free(struct prepared *list) {
    while (list != NULL) {
        struct prepared *next = list->next;
        free(list);
        list = next;
    }
}

void spanlog_pq_query_begin_prepared(struct query *query, const PGconn *conn,
                                     const struct prepared *list, const char *name) {
    spanlog_sql *sql = &query->sql;
    while (list != NULL && !has_name(list, name))
        list = list->next;
    if (list != NULL) {
        memcpy(sql->operation, list->operation, sizeof sql->operation);
        memcpy(sql->table, list->table, sizeof sql->table);
        memcpy(sql->summary, list->summary, sizeof sql->summary);
        snprintf(sql->text, sizeof sql->text, "%s", list->text);
    } else {
        sql->table[0] = '\0';
        snprintf(sql->operation, sizeof sql->operation, "EXECUTE");
        snprintf(sql->summary, sizeof sql->summary, "EXECUTE %.64s", name != NULL ? name : "");
        snprintf(sql->text, sizeof sql->text, "%s", sql->summary);
    }
    begin(query, conn);
}

/* ---- results and the end --------------------------------------------------------------------- */

static void add_rows(int64_t *rows, int64_t more) {
    *rows = (*rows < 0 ? 0 : *rows) + more;
}

/* Data exceptions, syntax errors, bad names and files' names quote what was given. */
static bool may_quote_values(const char *state) {
    static const char *const states[] = {"22", "42601", "42602", "58"}; /* or their classes */
    for (size_t i = 0; state != NULL && i < sizeof states / sizeof *states; i++) {
        if (strncmp(state, states[i], strlen(states[i])) == 0)
            return true;
    }
    return false;
}

static void fail(struct query *query, const PGconn *conn, const PGresult *result) {
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char reason[512];
    if (text == NULL)
        text = result != NULL ? PQresultErrorMessage(result) : PQerrorMessage(conn);
    if (may_quote_values(state)) /* the whole of it: values are of any length, with line breaks */
        spanlog_sql_mask_quoted(text, reason, sizeof reason);
    else
        snprintf(reason, sizeof reason, "%s", text);
    reason[strcspn(reason, "\n")] = '\0';
    if (state != NULL)
        spanlog_set(&query->span, kv("db.response.status_code", state));
    spanlog_set(&query->span, kv("error.type", state != NULL ? state : "connection"));
    spanlog_fail(&query->span, reason);
}

void spanlog_pq_query_result(struct query *query, const PGconn *conn, const PGresult *result) {
    query->results++;
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
        add_rows(&query->returned, PQntuples(result));
        break;
    case PGRES_COMMAND_OK: {
        const char *rows = PQcmdTuples((PGresult *)(uintptr_t)result);
        if (*rows != '\0')
            add_rows(&query->affected, strtoll(rows, NULL, 10));
        break;
    }
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE:
    case PGRES_PIPELINE_ABORTED:
        fail(query, conn, result);
        break;
    default:
        break;
    }
}

void spanlog_pq_query_end(struct query *query, double slow_ms) {
    double elapsed_ms = spanlog_sql_now_ms() - query->start_ms;
    if (query->returned >= 0)
        spanlog_set(&query->span, kv("db.response.returned_rows", query->returned));
    if (query->affected >= 0)
        spanlog_set(&query->span, kv("db.response.affected_rows", query->affected));
    spanlog_end(query->span);
    spanlog_ctx before = spanlog_ctx_attach(query->ctx);
    spanlog_sql_warn_slow(&query->sql, elapsed_ms, slow_ms);
    spanlog_ctx_attach(before);
}

void spanlog_pq_query_cancel(struct query *query) {
    spanlog_set(&query->span, kv("error.type", "cancelled"));
    spanlog_fail(&query->span, "the connection was closed before the last result");
    spanlog_end(query->span);
}
