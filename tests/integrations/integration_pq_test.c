/* tests/integrations/integration_pq_test.c: <spanlog/pq.h> against a real server, whose own log
 * says what it was sent. Started by with_postgres.py. */
#include "tests/unit/library_check.h"
#include <spanlog/pq.h>

#include <libpq-fe.h>

static PGconn *connect_to_server(const spanlog_pq_options *options) {
    PGconn *conn = PQconnectdb("");
    if (PQstatus(conn) != CONNECTION_OK)
        fprintf(stderr, "%s", PQerrorMessage(conn));
    check_equal(PQstatus(conn), CONNECTION_OK);
    check_equal(spanlog_pq_watch(conn, options), 0);
    return conn;
}

static void expect(PGresult *result, ExecStatusType status) {
    if (PQresultStatus(result) != status)
        fprintf(stderr, "%s", PQresultErrorMessage(result));
    check_equal(PQresultStatus(result), status);
    PQclear(result);
}

static const char *server_log(void) {
    return read_text(getenv("PG_SERVER_LOG"));
}

/* ---- one after the other --------------------------------------------------------------------- */

static void asks(void) {
    PGconn *conn = connect_to_server(NULL);
    const char *values[] = {"2", "sEcret"};
    spanlog_scope(around, "around");
    expect(spanlog_pq_exec(conn, "CREATE TEMP TABLE items (id int PRIMARY KEY, name text)"),
           PGRES_COMMAND_OK);
    expect(spanlog_pq_exec(conn, "INSERT INTO items VALUES (1, 'sEcret'), (5, E'\\'sEcret')"),
           PGRES_COMMAND_OK);
    expect(spanlog_pq_exec_params(conn, "INSERT INTO items VALUES ($1, $2)", 2, NULL, values, NULL,
                                  NULL, 0),
           PGRES_COMMAND_OK);
    expect(spanlog_pq_prepare(conn, "by_id", "SELECT name FROM items WHERE id > $1 AND id < 99", 1,
                              NULL),
           PGRES_COMMAND_OK);
    expect(spanlog_pq_exec_prepared(conn, "by_id", 1, values, NULL, NULL, 0), PGRES_TUPLES_OK);
    expect(PQprepare(conn, "unseen", "SELECT 1", 0, NULL), PGRES_COMMAND_OK);
    expect(spanlog_pq_exec_prepared(conn, "unseen", 0, NULL, NULL, NULL, 0), PGRES_TUPLES_OK);
    spanlog_pq_finish(conn);
}

static void statements_are_client_spans_with_rows(void **state) {
    (void)state;
    struct run *run = run_child(asks);
    assert_exit(run, 0);
    assert_says(run->log, "sEcret", 0);
    const char *around = field(need_line(run, "operation", "around"), "span_id");
    assert_count(run, "parent_id", around, 6);
    const char *line = need_line(run, "operation", "INSERT items");
    assert_field(line, "db.query.text", "INSERT INTO items VALUES (?, ?), (?, ?)");
    assert_field(line, "db.response.affected_rows", "2");
    assert_field(line, "kind", "client");
    assert_field(line, "db.system.name", "postgresql");
    assert_field(line, "db.namespace", "postgres");
    assert_field(line, "server.address", getenv("PGHOST"));
    assert_field(line, "db.operation.name", "INSERT");
    assert_field(line, "db.collection.name", "items");
    line = find_line(run, "operation", "INSERT items", 1);
    assert_field(line, "db.query.text", "INSERT INTO items VALUES ($1, $2)");
    assert_field(line, "db.response.affected_rows", "1");
    need_line(run, "operation", "PREPARE SELECT items");
    line = need_line(run, "operation", "SELECT items");
    assert_field(line, "db.query.text", "SELECT name FROM items WHERE id > $1 AND id < ?");
    assert_field(line, "db.response.returned_rows", "1");
    assert_no_field(line, "status");
    assert_field(need_line(run, "operation", "EXECUTE unseen"), "db.response.returned_rows", "1");
}

static void fails(void) {
    PGconn *conn = connect_to_server(NULL);
    expect(spanlog_pq_exec(conn, "CREATE TEMP TABLE t (a int PRIMARY KEY)"), PGRES_COMMAND_OK);
    expect(spanlog_pq_exec(conn, "INSERT INTO t VALUES (1), (1)"), PGRES_FATAL_ERROR);
    expect(spanlog_pq_exec(conn, "SELECT 'sEcret'::int"), PGRES_FATAL_ERROR);
    char value[1000] = "sEcret";
    const char *values[] = {value, "two\nsEcret", "a.sEcret-"};
    memset(value + 6, 'x', sizeof value - 7);
    for (int i = 0; i < 2; i++)
        expect(spanlog_pq_exec_params(conn, "SELECT $1::int", 1, NULL, values + i, NULL, NULL, 0),
               PGRES_FATAL_ERROR);
    expect(spanlog_pq_exec_params(conn, "SELECT set_config($1, 'b', true)", 1, NULL, values + 2,
                                  NULL, NULL, 0),
           PGRES_FATAL_ERROR);
    expect(spanlog_pq_exec(conn, "SELEC 'sEcret'"), PGRES_FATAL_ERROR);
    expect(spanlog_pq_exec(conn, "DELETE 'sEcret' FROM t"), PGRES_FATAL_ERROR);
    expect(spanlog_pq_exec(conn, ""), PGRES_EMPTY_QUERY);
    expect(spanlog_pq_exec(
               conn, "SET standard_conforming_strings = off; SET escape_string_warning = off"),
           PGRES_COMMAND_OK);
    expect(spanlog_pq_exec(conn, "SELECT 'it\\'s sEcret' AS escaped"), PGRES_TUPLES_OK);
    expect(spanlog_pq_exec(conn, "SELECT 17, pg_terminate_backend(pg_backend_pid())"),
           PGRES_FATAL_ERROR);
    expect(spanlog_pq_exec(conn, "SELECT 'after the end' AS a"), PGRES_FATAL_ERROR);
    check_equal(spanlog_pq_send_query(conn, "SELECT 'still' AS b"), 0);
    expect(spanlog_pq_exec(conn, NULL), PGRES_FATAL_ERROR);
    spanlog_pq_finish(conn);
    spanlog_pq_finish(NULL);
    check_equal(spanlog_pq_watch(NULL, NULL), -EINVAL);
    check(spanlog_pq_exec(NULL, "SELECT 1") == NULL);
}

static void a_failure_has_its_sqlstate_and_no_literal(void **state) {
    (void)state;
    struct run *run = run_child(fails);
    assert_exit(run, 0);
    assert_says(run->log, "sEcret", 0);
    need_line(run, "db.query.text", "SELECT ? AS escaped");
    const char *line = need_line(run, "operation", "INSERT t");
    assert_field(line, "error.type", "23505");
    assert_field(line, "db.response.status_code", "23505");
    assert_field(line, "status", "error");
    assert_field(line, "error", "duplicate key value violates unique constraint \\\"t_pkey\\\"");
    line = need_line(run, "db.query.text", "SELECT ?::int");
    assert_field(line, "error.type", "22P02");
    assert_field(line, "error", "invalid input syntax for type integer: ?");
    assert_field(need_line(run, "operation", "SELEC"), "error.type", "42601");
    assert_field(need_line(run, "operation", "DELETE t"), "error", "syntax error at or near ?");
    /* libpq gives the last of two results: not the server's farewell but the lost connection. */
    assert_field(
        need_line(run, "db.query.text", "SELECT ?, pg_terminate_backend(pg_backend_pid())"),
        "error.type", "connection");
    assert_field(need_line(run, "db.query.text", "SELECT ? AS a"), "error.type", "connection");
    assert_field(need_line(run, "db.query.text", "SELECT ? AS b"), "error.type", "connection");
}

/* ---- the trace in the server's log ----------------------------------------------------------- */

static void comments(void) {
    PGconn *conn = connect_to_server(&(spanlog_pq_options){.comment = true});
    const char *values[] = {"1"};
    expect(spanlog_pq_exec(conn, "SELECT 'one' AS one"), PGRES_TUPLES_OK);
    expect(spanlog_pq_exec_params(conn, "SELECT $1 AS two", 1, NULL, values, NULL, NULL, 0),
           PGRES_TUPLES_OK);
    check_equal(spanlog_pq_send_query(conn, "SELECT 'three' AS three;"), 1);
    for (PGresult *result; (result = spanlog_pq_get_result(conn)) != NULL;)
        expect(result, PGRES_TUPLES_OK);
    expect(spanlog_pq_exec(conn, "SELECT 'four' AS four -- mine"), PGRES_TUPLES_OK);
    expect(spanlog_pq_exec(conn, "SELECT 'five' /* mine */ AS five"), PGRES_TUPLES_OK);
    check_equal(spanlog_pq_watch(conn, NULL), 0);
    expect(spanlog_pq_exec(conn, "SELECT 'six' AS six"), PGRES_TUPLES_OK);
    spanlog_pq_finish(conn);
}

static void the_server_is_told_the_trace(void **state) {
    (void)state;
    static const char *const sent[][2] = {{"SELECT ? AS one", "SELECT 'one' AS one"},
                                          {"SELECT $1 AS two", "SELECT $1 AS two"},
                                          {"SELECT ? AS three", "SELECT 'three' AS three;"}};
    struct run *run = run_child(comments);
    assert_exit(run, 0);
    const char *log = server_log();
    for (size_t i = 0; i < 3; i++) {
        char expected[200];
        const char *line = need_line(run, "db.query.text", sent[i][0]);
        snprintf(expected, sizeof expected, "%s /*traceparent='00-%s-%s-03'*/", sent[i][1],
                 field(line, "trace_id"), field(line, "span_id"));
        assert_says(log, expected, 1);
    }
    assert_says(log, "SELECT 'four' AS four -- mine\n", 1);
    assert_says(log, "SELECT 'five' /* mine */ AS five\n", 1);
    assert_says(log, "SELECT 'six' AS six\n", 1);
}

/* ---- asynchronous ---------------------------------------------------------------------------- */

static void sends(void) {
    PGconn *conn = connect_to_server(NULL);
    const char *values[] = {"3"};
    check_equal(spanlog_pq_send_query(conn, "SELECT generate_series(1, 7) AS one; SELECT 1"), 1);
    sleep_ms(30);
    while (PQisBusy(conn))
        PQconsumeInput(conn);
    for (PGresult *result; (result = spanlog_pq_get_result(conn)) != NULL;)
        PQclear(result);
    check_equal(spanlog_pq_send_query_params(conn, "SELECT generate_series(1, $1::int) AS two", 1,
                                             NULL, values, NULL, NULL, 0),
                1);
    check_equal(PQsetSingleRowMode(conn), 1);
    for (PGresult *result; (result = spanlog_pq_get_result(conn)) != NULL;)
        PQclear(result);
    expect(spanlog_pq_prepare(conn, "p", "SELECT 4 AS three", 0, NULL), PGRES_COMMAND_OK);
    check_equal(spanlog_pq_send_query_prepared(conn, "p", 0, NULL, NULL, NULL, 0), 1);
    for (PGresult *result; (result = spanlog_pq_get_result(conn)) != NULL;)
        PQclear(result);
    check(spanlog_pq_get_result(conn) == NULL);
    check_equal(spanlog_pq_send_query(conn, "SELECT pg_sleep(60) AS four"), 1);
    spanlog_pq_finish(conn); /* while it runs */
}

static void an_asynchronous_statement_ends_with_its_last_result(void **state) {
    (void)state;
    struct run *run = run_child(sends);
    assert_exit(run, 0);
    const char *line =
        need_line(run, "db.query.text", "SELECT generate_series(?, ?) AS one; SELECT ?");
    assert_field(line, "db.response.returned_rows", "8");
    assert_true(number_field(line, "duration_ms") >= 30);
    line = need_line(run, "db.query.text", "SELECT generate_series(?, $1::int) AS two");
    assert_field(line, "db.response.returned_rows", "3");
    line = need_line(run, "operation", "SELECT");
    assert_count(run, "db.query.text", "SELECT ? AS three", 2); /* prepare, execute */
    assert_field(need_line(run, "db.query.text", "SELECT pg_sleep(?) AS four"), "error.type",
                 "cancelled");
}

static void pipelines(void) {
    PGconn *conn = connect_to_server(NULL);
    check_equal(PQenterPipelineMode(conn), 1);
    check_equal(spanlog_pq_send_query_params(conn, "SELECT 1 AS one", 0, NULL, NULL, NULL, NULL, 0),
                1);
    check_equal(
        spanlog_pq_send_query_params(conn, "SELECT 1/0 AS two", 0, NULL, NULL, NULL, NULL, 0), 1);
    check_equal(
        spanlog_pq_send_query_params(conn, "SELECT 3 AS three", 0, NULL, NULL, NULL, NULL, 0), 1);
    check_equal(PQpipelineSync(conn), 1);
    for (int nulls = 0; nulls < 3;) {
        PGresult *result = spanlog_pq_get_result(conn);
        nulls += result == NULL;
        PQclear(result);
    }
    expect(spanlog_pq_get_result(conn), PGRES_PIPELINE_SYNC);
    check_equal(PQexitPipelineMode(conn), 1);
    spanlog_pq_finish(conn);
}

static void each_statement_of_a_pipeline_has_its_results(void **state) {
    (void)state;
    struct run *run = run_child(pipelines);
    assert_exit(run, 0);
    assert_field(need_line(run, "db.query.text", "SELECT ? AS one"), "db.response.returned_rows",
                 "1");
    assert_field(need_line(run, "db.query.text", "SELECT ?/? AS two"), "error.type", "22012");
    const char *line = need_line(run, "db.query.text", "SELECT ? AS three");
    assert_field(line, "status", "error"); /* the server left it out */
    assert_no_field(line, "db.response.returned_rows");
    assert_count(run, "msg", "span completed", 3);
}

/* ---- slow, threads --------------------------------------------------------------------------- */

static void is_slow(void) {
    PGconn *conn = connect_to_server(&(spanlog_pq_options){.slow_ms = 50});
    expect(spanlog_pq_exec(conn, "SELECT pg_sleep(0.08)"), PGRES_TUPLES_OK);
    spanlog_pq_finish(conn);
    conn = connect_to_server(&(spanlog_pq_options){.slow_ms = 20000});
    expect(spanlog_pq_exec(conn, "SELECT 1 AS quick"), PGRES_TUPLES_OK);
    spanlog_pq_finish(conn);
}

static void a_slow_statement_is_warned_of_in_its_span(void **state) {
    (void)state;
    struct run *run = run_child(is_slow);
    assert_exit(run, 0);
    assert_count(run, "msg", "slow statement", 1);
    const char *line = need_line(run, "msg", "slow statement");
    assert_field(line, "level", "warn");
    assert_field(line, "db.query.text", "SELECT pg_sleep(?)");
    assert_true(number_field(line, "elapsed_ms") >= 80);
    const char *span = find_line(run, "operation", "SELECT", 0);
    assert_field(line, "span_id", field(span, "span_id"));
}

static void *ask_from_a_thread(void *arg) {
    (void)arg;
    spanlog_scope(thread, "thread");
    PGconn *conn = connect_to_server(NULL);
    for (int i = 0; i < 25; i++)
        expect(spanlog_pq_exec(conn, "SELECT 1"), PGRES_TUPLES_OK);
    spanlog_pq_finish(conn);
    return NULL;
}

static void asks_from_threads(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        check_equal(pthread_create(&threads[i], NULL, ask_from_a_thread, NULL), 0);
    for (int i = 0; i < 4; i++)
        check_equal(pthread_join(threads[i], NULL), 0);
}

static void threads_do_not_mix_their_traces(void **state) {
    (void)state;
    struct run *run = run_child(asks_from_threads);
    assert_exit(run, 0);
    for (size_t i = 0; i < 4; i++)
        assert_count(run, "parent_id", field(find_line(run, "operation", "thread", i), "span_id"),
                     25);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(statements_are_client_spans_with_rows),
        sentence(a_failure_has_its_sqlstate_and_no_literal),
        sentence(the_server_is_told_the_trace),
        sentence(an_asynchronous_statement_ends_with_its_last_result),
        sentence(each_statement_of_a_pipeline_has_its_results),
        sentence(a_slow_statement_is_warned_of_in_its_span),
        sentence(threads_do_not_mix_their_traces),
    };
    if (getenv("PG_SERVER_LOG") == NULL) {
        fprintf(stderr, "to be started by with_postgres.py\n");
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
