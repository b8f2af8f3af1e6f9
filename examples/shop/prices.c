/* prices: see prices.h. */
#define SPANLOG_LOGGER_NAME "prices"
#include "prices.h"

#include <errno.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <spanlog/pq.h>
#include <stdio.h>
#include <stdlib.h>

static char database[512]; /* "": none */
static pthread_key_t connection_key;

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS prices (item text PRIMARY KEY, cents integer NOT NULL);"
    "INSERT INTO prices VALUES ('tea', 320), ('cup', 750), ('kettle', 2400), ('piano', 490000),"
    " ('organ', 1250000) ON CONFLICT DO NOTHING";

static void close_connection(void *connection) {
    spanlog_pq_finish(connection);
}

/* What PostgreSQL has to say goes into the same log. */
static void on_notice(void *unused, const char *text) {
    (void)unused;
    spanlog_info("postgresql", kv("text", text));
}

/* The calling thread's connection, or NULL. */
static PGconn *connection(void) {
    PGconn *conn = pthread_getspecific(connection_key);
    if (conn != NULL && PQstatus(conn) == CONNECTION_OK)
        return conn;
    spanlog_pq_finish(conn); /* of a server that went away; NULL is allowed */
    conn = PQconnectdb(database);
    pthread_setspecific(connection_key, conn);
    PQsetNoticeProcessor(conn, on_notice, NULL);
    spanlog_pq_watch(conn, &(spanlog_pq_options){.comment = true});
    return conn;
}

static bool is_good(PGconn *conn, const PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return true;
    spanlog_error("PostgreSQL failed", kv("reason", PQerrorMessage(conn)));
    return false;
}

int prices_open(const char *conninfo) {
    snprintf(database, sizeof database, "%s", conninfo);
    if (pthread_key_create(&connection_key, close_connection) != 0)
        return -EIO;
    spanlog_scope(span, "prepare prices");
    PGconn *conn = connection();
    PGresult *result = spanlog_pq_exec(conn, schema);
    bool good = is_good(conn, result);
    PQclear(result);
    return good ? 0 : -EIO;
}

void prices_close(void) {
    if (database[0] == 0)
        return;
    close_connection(pthread_getspecific(connection_key));
    pthread_setspecific(connection_key, NULL);
}

int prices_find(const char *item) {
    if (database[0] == 0)
        return -1;
    PGconn *conn = connection();
    PGresult *result = spanlog_pq_exec_params(conn, "SELECT cents FROM prices WHERE item = $1", 1,
                                              NULL, (const char *const[]){item}, NULL, NULL, 0);
    int cents = -1;
    if (is_good(conn, result) && PQntuples(result) == 1)
        cents = atoi(PQgetvalue(result, 0, 0));
    PQclear(result);
    return cents;
}
