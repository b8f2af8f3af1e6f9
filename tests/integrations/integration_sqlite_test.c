/* tests/integrations/integration_sqlite_test.c: <spanlog/sqlite.h> on real databases. */
#include "tests/unit/library_check.h"
#include <spanlog/sqlite.h>

#include <sqlite3.h>

static sqlite3 *open_database(const char *name) {
    sqlite3 *db;
    check_equal(sqlite3_open(name, &db), SQLITE_OK);
    check_equal(spanlog_sqlite_watch(db, NULL), 0);
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement;
    check_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    return statement;
}

static int count_row(void *arg, int columns, char **values, char **names) {
    check(columns == 2 && strcmp(names[0], "id") == 0 && values[0] != NULL);
    ++*(int *)arg;
    return 0;
}

static void uses_a_database(void) {
    int rows = 0;
    sqlite3 *db = open_database("shop.db");
    spanlog_scope(around, "around");
    check_equal(spanlog_sqlite_exec(db,
                                    "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT);"
                                    " INSERT INTO items VALUES (1, 'sEcret'), (2, 'b'), (3, 'c')",
                                    NULL, NULL, NULL),
                SQLITE_OK);
    sqlite3_stmt *statement = prepare(db, "SELECT id FROM items WHERE id > ? AND name <> 'sEcret'");
    sqlite3_bind_int(statement, 1, 0);
    while (spanlog_sqlite_step(statement) == SQLITE_ROW)
        rows++;
    check_equal(rows, 2);
    sqlite3_finalize(statement);
    statement = prepare(db, "UPDATE items SET name = ? WHERE id < 3");
    sqlite3_bind_text(statement, 1, "sEcret", -1, SQLITE_STATIC);
    check_equal(sqlite3_step(statement), SQLITE_DONE); /* not wrapped: seen all the same */
    sqlite3_finalize(statement);
    check_equal(spanlog_sqlite_exec(db, "SELECT id, name FROM items", count_row, &rows, NULL),
                SQLITE_OK);
    check_equal(rows, 5);
    check_equal(sqlite3_close(db), SQLITE_OK);
}

static void statements_are_client_spans_with_rows(void **state) {
    (void)state;
    struct run *run = run_child(uses_a_database);
    assert_exit(run, 0);
    assert_says(run->log, "sEcret", 0);
    const char *around = field(need_line(run, "operation", "around"), "span_id");
    assert_count(run, "parent_id", around, 5);
    const char *line = need_line(run, "operation", "INSERT items");
    assert_field(line, "db.query.text", "INSERT INTO items VALUES (?, ?), (?, ?), (?, ?)");
    assert_field(line, "db.response.affected_rows", "3");
    line = need_line(run, "operation", "SELECT items");
    assert_field(line, "kind", "client");
    assert_field(line, "db.system.name", "sqlite");
    assert_field(line, "db.operation.name", "SELECT");
    assert_field(line, "db.collection.name", "items");
    assert_field(line, "db.response.returned_rows", "2");
    assert_non_null(strstr(field(line, "db.namespace"), "/shop.db"));
    assert_no_field(line, "status");
    assert_field(need_line(run, "operation", "UPDATE items"), "db.response.affected_rows", "2");
    assert_field(find_line(run, "operation", "SELECT items", 1), "db.response.returned_rows", "3");
}

/* ---- failures ------------------------------------------------------------------------------ */

static int stop(void *arg, int columns, char **values, char **names) {
    (void)arg, (void)columns, (void)values, (void)names;
    return 1;
}

static void fails(void) {
    char *error = NULL;
    sqlite3 *db = open_database("shop.db");
    spanlog_sqlite_exec(db, "CREATE TABLE t (a INTEGER PRIMARY KEY)", NULL, NULL, NULL);
    check_equal(spanlog_sqlite_exec(db, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)", NULL,
                                    NULL, &error),
                SQLITE_CONSTRAINT);
    check(strstr(error, "UNIQUE") != NULL);
    sqlite3_free(error);
    check_equal(spanlog_sqlite_exec(db, "SELECT 2; SELEC 'sEcret'", NULL, NULL, &error),
                SQLITE_ERROR);
    sqlite3_free(error);
    check_equal(spanlog_sqlite_exec(db, "INSERT INTO t VALUES 'sEcret'", NULL, NULL, NULL),
                SQLITE_ERROR);
    sqlite3_stmt *path = prepare(db, "SELECT json_extract('{}', ?)");
    sqlite3_bind_text(path, 1, "sEcret", -1, SQLITE_STATIC);
    check_equal(spanlog_sqlite_step(path), SQLITE_ERROR);
    sqlite3_finalize(path);
    check_equal(spanlog_sqlite_exec(db, "SELECT a FROM t", stop, NULL, &error), SQLITE_ABORT);
    check(strcmp(error, "query aborted") == 0);
    sqlite3_free(error);
    sqlite3 *other = open_database("shop.db");
    spanlog_sqlite_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
    sqlite3_stmt *statement = prepare(db, "SELECT 3");
    check_equal(spanlog_sqlite_step(statement), SQLITE_ROW);
    sqlite3_finalize(statement); /* before its end */
    check_equal(spanlog_sqlite_exec(other, "DELETE FROM t", NULL, NULL, NULL), SQLITE_BUSY);
    spanlog_sqlite_exec(db, "COMMIT", NULL, NULL, NULL);
    check_equal(sqlite3_close(other), SQLITE_OK);
    check_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_failure_has_sqlites_name_and_no_literal(void **state) {
    (void)state;
    struct run *run = run_child(fails);
    assert_exit(run, 0);
    assert_says(run->log, "sEcret", 0);
    assert_no_field(find_line(run, "operation", "INSERT t", 0), "status");
    const char *line = find_line(run, "operation", "INSERT t", 1);
    assert_field(line, "error.type", "SQLITE_CONSTRAINT");
    assert_field(line, "db.response.status_code", "1555");
    assert_field(line, "error", "UNIQUE constraint failed: t.a");
    line = need_line(run, "db.query.text", "SELEC ?");
    assert_field(line, "error.type", "SQLITE_ERROR");
    assert_field(find_line(run, "operation", "INSERT t", 2), "error", "near ?: syntax error");
    assert_field(need_line(run, "operation", "DELETE t"), "error.type", "SQLITE_BUSY");
}

/* ---- nesting ------------------------------------------------------------------------------- */

static void look_up(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count, (void)values;
    sqlite3_stmt *statement =
        prepare(sqlite3_context_db_handle(context), "SELECT b FROM inner_one");
    sleep_ms(20);
    check_equal(spanlog_sqlite_step(statement), SQLITE_ROW);
    sqlite3_result_int(context, sqlite3_column_int(statement, 0));
    sqlite3_finalize(statement);
    spanlog_info("in the function");
}

static void nests(void) {
    sqlite3 *db = open_database(":memory:");
    sqlite3_create_function(db, "look_up", 0, SQLITE_UTF8, NULL, look_up, NULL, NULL);
    spanlog_sqlite_exec(db,
                        "CREATE TABLE inner_one (b); CREATE TABLE log (c);"
                        "CREATE TRIGGER tr AFTER INSERT ON inner_one BEGIN"
                        " INSERT INTO log VALUES (new.b); END;"
                        "INSERT INTO inner_one VALUES (5)",
                        NULL, NULL, NULL);
    sqlite3_stmt *outer = prepare(db, "SELECT look_up() FROM log"),
                 *other = prepare(db, "SELECT 7");
    spanlog_scope(around, "around");
    check_equal(spanlog_sqlite_step(outer), SQLITE_ROW);
    check_equal(sqlite3_column_int(outer, 0), 5);
    check_equal(spanlog_sqlite_step(other), SQLITE_ROW); /* interleaved */
    char span_id[17];
    spanlog_span_id(span_id);
    check_equal(spanlog_sqlite_step(outer), SQLITE_DONE);
    check_equal(spanlog_sqlite_step(other), SQLITE_DONE);
    sqlite3_finalize(outer);
    sqlite3_finalize(other);
    sqlite3_close(db);
}

static void statements_nest_and_triggers_are_part_of_theirs(void **state) {
    (void)state;
    struct run *run = run_child(nests);
    assert_exit(run, 0);
    assert_count(run, "operation", "INSERT inner_one", 1);
    assert_count(run, "db.operation.name", "INSERT", 1);
    const char *around = need_line(run, "operation", "around"),
               *outer = need_line(run, "operation", "SELECT log"),
               *inner = need_line(run, "operation", "SELECT inner_one");
    assert_field(outer, "parent_id", field(around, "span_id"));
    assert_field(inner, "parent_id", field(outer, "span_id"));
    assert_field(need_line(run, "msg", "in the function"), "span_id", field(outer, "span_id"));
    assert_field(need_line(run, "db.query.text", "SELECT ?"), "parent_id",
                 field(around, "span_id"));
    assert_true(number_field(outer, "duration_ms") >= 20);
    assert_true(number_field(inner, "duration_ms") < number_field(outer, "duration_ms"));
}

/* ---- slow ---------------------------------------------------------------------------------- */

static void nap(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    sleep_ms((unsigned)sqlite3_value_int(values[0]));
    sqlite3_result_null(context);
}

static void is_slow(void) {
    sqlite3 *db = open_database(":memory:");
    sqlite3_create_function(db, "nap", 1, SQLITE_UTF8, NULL, nap, NULL, NULL);
    spanlog_sqlite_exec(db, "SELECT nap(60)", NULL, NULL, NULL); /* below 1 s */
    check_equal(spanlog_sqlite_watch(db, &(spanlog_sqlite_options){.slow_ms = 30}), 0);
    spanlog_sqlite_exec(db, "SELECT nap(61)", NULL, NULL, NULL);
    check_equal(spanlog_sqlite_watch(db, &(spanlog_sqlite_options){.slow_ms = 20000}), 0);
    spanlog_sqlite_exec(db, "SELECT nap(0)", NULL, NULL, NULL);
    check_equal(spanlog_sqlite_watch(db, &(spanlog_sqlite_options){.slow_ms = -1}), 0);
    spanlog_sqlite_exec(db, "SELECT nap(62)", NULL, NULL, NULL);
    check_equal(spanlog_sqlite_watch(NULL, NULL), -EINVAL);
    sqlite3_close(db);
}

static void a_slow_statement_is_warned_of_in_its_span(void **state) {
    (void)state;
    struct run *run = run_child(is_slow);
    assert_exit(run, 0);
    assert_count(run, "msg", "slow statement", 1);
    const char *line = need_line(run, "msg", "slow statement");
    assert_field(line, "level", "warn");
    assert_field(line, "db.query.text", "SELECT nap(?)");
    assert_field(line, "slow_ms", "30");
    assert_true(number_field(line, "elapsed_ms") >= 61);
    const char *span = find_line(run, "operation", "SELECT", 1);
    assert_field(line, "span_id", field(span, "span_id"));
}

/* ---- threads, odd texts, unwatched ------------------------------------------------------------
 */

static sqlite3 *shared;

static void *use_shared(void *arg) {
    (void)arg;
    spanlog_scope(thread, "thread");
    for (int i = 0; i < 100; i++)
        check_equal(spanlog_sqlite_exec(shared, "INSERT INTO t VALUES (1)", NULL, NULL, NULL),
                    SQLITE_OK);
    return NULL;
}

static void shares_a_connection(void) {
    pthread_t threads[4];
    shared = open_database(":memory:");
    spanlog_sqlite_exec(shared, "CREATE TABLE t (a)", NULL, NULL, NULL);
    for (int i = 0; i < 4; i++)
        check_equal(pthread_create(&threads[i], NULL, use_shared, NULL), 0);
    for (int i = 0; i < 4; i++)
        check_equal(pthread_join(threads[i], NULL), 0);
    sqlite3_close(shared);
}

static void threads_may_share_a_connection(void **state) {
    (void)state;
    struct run *run = run_child(shares_a_connection);
    assert_exit(run, 0);
    assert_count(run, "operation", "INSERT t", 400);
    for (size_t i = 0; i < 4; i++)
        assert_count(run, "parent_id", field(find_line(run, "operation", "thread", i), "span_id"),
                     100);
    assert_count(run, "db.response.affected_rows", "1", 400);
}

static void odd_texts(void) {
    sqlite3 *db = open_database(":memory:"), *plain;
    check_equal(spanlog_sqlite_exec(db, "-- a comment\nSELECT 'it''s', X'00ff' /* ; */;;  ; -- end",
                                    NULL, NULL, NULL),
                SQLITE_OK);
    check_equal(spanlog_sqlite_exec(db, "", NULL, NULL, NULL), SQLITE_OK);
    check_equal(spanlog_sqlite_exec(db, NULL, NULL, NULL, NULL), SQLITE_OK);
    check_equal(spanlog_sqlite_exec(db, "SELECT 'open", NULL, NULL, NULL), SQLITE_ERROR);
    check_equal(spanlog_sqlite_step(NULL), SQLITE_MISUSE);
    sqlite3_stmt *left = prepare(db, "SELECT 1 UNION SELECT 2");
    check_equal(spanlog_sqlite_step(left), SQLITE_ROW);
    check_equal(sqlite3_close(db), SQLITE_BUSY);
    check_equal(spanlog_sqlite_watch(db, NULL), 0);
    sqlite3_stmt *more = prepare(db, "SELECT 3 UNION SELECT 4 AS four");
    check_equal(spanlog_sqlite_step(more), SQLITE_ROW);
    sqlite3_close_v2(db); /* a zombie until its statements go */
    check_equal(spanlog_sqlite_step(more), SQLITE_ROW);
    sqlite3_finalize(left);
    sqlite3_finalize(more);
    check_equal(sqlite3_open(":memory:", &plain), SQLITE_OK);
    check_equal(spanlog_sqlite_exec(plain, "SELECT 9", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(plain);
}

static void odd_texts_and_ends_are_safe(void **state) {
    (void)state;
    struct run *run = run_child(odd_texts);
    assert_exit(run, 0);
    need_line(run, "db.query.text", "SELECT ?, ?");
    assert_count(run, "db.query.text", "SELECT ? UNION SELECT ?", 1);
    assert_count(run, "db.query.text", "SELECT ? UNION SELECT ? AS four", 1);
    assert_count(run, "msg", "span completed", 4);
    assert_count(run, "msg", "span abandoned", 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(statements_are_client_spans_with_rows),
        sentence(a_failure_has_sqlites_name_and_no_literal),
        sentence(statements_nest_and_triggers_are_part_of_theirs),
        sentence(a_slow_statement_is_warned_of_in_its_span),
        sentence(threads_may_share_a_connection),
        sentence(odd_texts_and_ends_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
