/* db: see db.h. */
#define SPANLOG_LOGGER_NAME "db"
#include "db.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

enum { BUSY_TIMEOUT_MS = 3000 };

static char database_path[512];
static pthread_key_t connection_key;

static void close_connection(void *connection) {
    sqlite3_close_v2(connection);
}

/* SQLite says here, among others, what it repaired after a crash. */
static void on_sqlite_message(void *unused, int code, const char *text) {
    (void)unused;
    if ((code & 0xff) == SQLITE_NOTICE)
        spanlog_info("sqlite", kv("text", text), kv("sqlite.code", code));
    else
        spanlog_warn("sqlite", kv("text", text), kv("sqlite.code", code));
}

int db_open(const char *path, const char *schema) {
    snprintf(database_path, sizeof database_path, "%s", path);
    sqlite3_config(SQLITE_CONFIG_LOG, on_sqlite_message, NULL);
    if (pthread_key_create(&connection_key, close_connection) != 0)
        return -EIO;
    char *text = NULL;
    spanlog_scope(span, "prepare database");
    sqlite3 *connection = db_connection();
    if (connection == NULL)
        return -EIO;
    if (spanlog_sqlite_exec(connection, schema, NULL, NULL, &text) != SQLITE_OK) {
        spanlog_error("cannot prepare the database", kv("file", path), kv("reason", text));
        sqlite3_free(text);
        return -EIO;
    }
    return 0;
}

void db_close(void) {
    close_connection(pthread_getspecific(connection_key));
    pthread_setspecific(connection_key, NULL);
}

sqlite3 *db_connection(void) {
    sqlite3 *connection = pthread_getspecific(connection_key);
    if (connection != NULL)
        return connection;
    if (sqlite3_open(database_path, &connection) != SQLITE_OK) {
        spanlog_error("cannot open the database", kv("file", database_path),
                      kv("reason", sqlite3_errmsg(connection)));
        sqlite3_close(connection);
        return NULL;
    }
    sqlite3_busy_timeout(connection, BUSY_TIMEOUT_MS);
    /* NORMAL: a killed process loses nothing, only power loss could take the last commits. */
    sqlite3_exec(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", NULL, NULL,
                 NULL);
    spanlog_sqlite_watch(connection, NULL);
    pthread_setspecific(connection_key, connection);
    return connection;
}

sqlite3_stmt *db_prepare(const char *sql) {
    sqlite3_stmt *statement = NULL;
    sqlite3 *connection = db_connection();
    if (connection != NULL)
        sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
    return statement;
}

int db_step(sqlite3_stmt *statement) {
    int result = spanlog_sqlite_step(statement);
    spanlog_debug("step", kv("sql", sqlite3_sql(statement)), kv("row", result == SQLITE_ROW),
                  kv("changes", sqlite3_changes(sqlite3_db_handle(statement))));
    if (result == SQLITE_ROW || result == SQLITE_DONE)
        return result;
    sqlite3 *connection = db_connection();
    const char *reason = connection != NULL ? sqlite3_errmsg(connection) : "no connection";
    spanlog_error("statement failed", kv("reason", reason), kv("sqlite.code", result));
    return result;
}
