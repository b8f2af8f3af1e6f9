/* spanlog/sqlite.h: a span of kind client around each statement of a SQLite connection.
 *
 *     sqlite3_open("shop.db", &db);
 *     spanlog_sqlite_watch(db, NULL);
 *     sqlite3_prepare_v2(db, "SELECT name FROM items WHERE id = ?", -1, &statement, NULL);
 *     sqlite3_bind_int(statement, 1, 7);
 *     while (spanlog_sqlite_step(statement) == SQLITE_ROW)
 *         ...
 *     sqlite3_finalize(statement);
 *
 * The span begins at a statement's first step and ends when SQLite is done with it: at its last
 * row, its failure, or its reset; so a statement that runs inside another one, in a function or
 * between two rows, has a span of its own. Where spanlog_sqlite_step or spanlog_sqlite_exec is
 * used, it is also the current span during the call, and its error is known: SQLite's own trace,
 * which all other calls are seen through, does not tell of failures.
 *
 * Attributes: db.system.name "sqlite", db.namespace (the file), db.query.text (literals are "?";
 * bound values are never read), db.query.summary, db.operation.name, db.collection.name,
 * db.response.returned_rows, db.response.affected_rows; of a failure error.type ("SQLITE_BUSY") and
 * db.response.status_code. A statement that took long leaves a record "slow statement", level warn.
 *
 * Link with spanlog::sqlite (pkg-config spanlog-sqlite).
 */
#ifndef SPANLOG_SQLITE_H
#define SPANLOG_SQLITE_H

#include <spanlog/spanlog.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sqlite3;
struct sqlite3_stmt;

typedef struct spanlog_sqlite_options {
    int slow_ms; /* from how long a statement is slow; 0: 1000, negative: never */
} spanlog_sqlite_options;

/* Watches a connection until sqlite3_close or sqlite3_close_v2 is called, even where statements
 * that are left make that fail or wait. It takes the connection's sqlite3_trace_v2, which has
 * room for one; a program that sets its own ends the watching. Again: the options change. NULL
 * options: the defaults. Returns 0, -EINVAL for a NULL connection, -ENOMEM. */
SPANLOG__API int spanlog_sqlite_watch(struct sqlite3 *db, const spanlog_sqlite_options *options);

/* sqlite3_step in the statement's span. Returns what it does. On a connection that is not watched:
 * the same without a span. */
SPANLOG__API int spanlog_sqlite_step(struct sqlite3_stmt *statement);

/* sqlite3_exec, each of its statements in a span. Returns what it does; so does *ret_error, to be
 * freed with sqlite3_free. A text that does not compile fails in a span of its own. */
SPANLOG__API int spanlog_sqlite_exec(struct sqlite3 *db, const char *sql,
                                     int (*on_row)(void *arg, int columns, char **values,
                                                   char **names),
                                     void *arg, char **ret_error);

#ifdef __cplusplus
}
#endif

#endif
