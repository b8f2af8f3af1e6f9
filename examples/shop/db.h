/* db: SQLite with a span around every statement.
 *
 *     static const char sql[] = "UPDATE orders SET status = ? WHERE id = ?";
 *     db_scope(span, "UPDATE orders", sql);
 *     sqlite3_stmt *statement = db_prepare(sql);
 *     sqlite3_bind_text(statement, 1, "paid", -1, SQLITE_STATIC);
 *     sqlite3_bind_int64(statement, 2, id);
 *     int result = db_step(&span, statement);
 *     sqlite3_finalize(statement);
 *
 * Every thread has its own connection. A NULL statement is safe in all of these calls.
 */
#ifndef SHOP_DB_H
#define SHOP_DB_H

#include <sqlite3.h>
#include <spanlog/spanlog.h>

/* A span with OpenTelemetry's names for a database call. The operation is a literal with the table
 * in it, never the whole text: a name is to be counted. */
#define db_scope(span, operation, sql)                                                             \
    spanlog_scope_kind(span, SPANLOG_CLIENT, operation, kv("db.system.name", "sqlite"),            \
                       kv("db.query.text", sql))

/* Opens or creates the file and runs `schema`. Returns 0, or -EIO after logging why. */
int db_open(const char *path, const char *schema);
/* Closes the calling thread's connection; other threads close theirs when they end. */
void db_close(void);

/* The calling thread's connection, or NULL. */
sqlite3 *db_connection(void);
/* A statement on it, or NULL; db_step then says why. */
sqlite3_stmt *db_prepare(const char *sql);
/* SQLITE_ROW or SQLITE_DONE; anything else has been logged and has failed the span. */
int db_step(spanlog_span *span, sqlite3_stmt *statement);

#endif
