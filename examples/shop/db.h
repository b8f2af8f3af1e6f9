/* db: SQLite with a span around every statement (spanlog/sqlite.h).
 *
 *     sqlite3_stmt *statement = db_prepare("UPDATE orders SET status = ? WHERE id = ?");
 *     sqlite3_bind_text(statement, 1, "paid", -1, SQLITE_STATIC);
 *     sqlite3_bind_int64(statement, 2, id);
 *     int result = db_step(statement);
 *     sqlite3_finalize(statement);
 *
 * Every thread has its own connection. A NULL statement is safe in all of these calls.
 */
#ifndef SHOP_DB_H
#define SHOP_DB_H

#include <sqlite3.h>
#include <spanlog/sqlite.h>

/* Opens or creates the file and runs `schema`. Returns 0, or -EIO after logging why. */
int db_open(const char *path, const char *schema);
/* Closes the calling thread's connection; other threads close theirs when they end. */
void db_close(void);

/* The calling thread's connection, or NULL. */
sqlite3 *db_connection(void);
/* A statement on it, or NULL; db_step then says why. */
sqlite3_stmt *db_prepare(const char *sql);
/* SQLITE_ROW or SQLITE_DONE; anything else has been logged. */
int db_step(sqlite3_stmt *statement);

#endif
