/* postgres: one order in PostgreSQL, with spans that its own log can be matched with.
 *
 *     example-postgres "dbname=shop"
 *
 * Statements end with the trace as a comment, so that a slow one in the server's log leads to the
 * request that sent it.
 */
#define SPANLOG_LOGGER_NAME "db"
#include <spanlog/pq.h>

#include <libpq-fe.h>
#include <stdio.h>

static int run(PGconn *conn, PGresult *result, const char *what) {
    bool good =
        PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!good)
        spanlog_error("the database refused", kv("what", what), kv("reason", PQerrorMessage(conn)));
    else if (PQntuples(result) > 0)
        printf("%s: %s\n", what, PQgetvalue(result, 0, 0));
    PQclear(result);
    return good ? 0 : 1;
}

static int place_order(PGconn *conn) {
    const char *order[] = {"piano", "2"};
    spanlog_scope(span, "place order", kv("item", order[0]));
    int failed = run(conn,
                     spanlog_pq_exec(conn, "CREATE TEMP TABLE orders"
                                           " (id serial PRIMARY KEY, item text, quantity int)"),
                     "create");
    failed |= run(conn,
                  spanlog_pq_exec_params(conn,
                                         "INSERT INTO orders (item, quantity) VALUES ($1, $2)"
                                         " RETURNING id",
                                         2, NULL, order, NULL, NULL, 0),
                  "order");
    failed |= run(conn, spanlog_pq_exec(conn, "SELECT item FROM orders WHERE id = 1"), "item");
    return failed;
}

int main(int argc, char **argv) {
    PGconn *conn = PQconnectdb(argc > 1 ? argv[1] : "");
    if (PQstatus(conn) != CONNECTION_OK) {
        fprintf(stderr, "%s", PQerrorMessage(conn));
        PQfinish(conn);
        return 2;
    }
    spanlog_pq_watch(conn, &(spanlog_pq_options){.comment = true, .slow_ms = 250});
    int failed = place_order(conn);
    spanlog_pq_finish(conn);
    return failed;
}
