/* integrations/preload/preload_sqlite.c: SQLite statements of unchanged programs: a client span
 * from the first step to the last, and one for each sqlite3_exec.
 */
#include "abi.h"
#include "preload.h"
#include "sql.h"

#include <errno.h>
#include <stdlib.h>

struct statement {
    struct preload_entry entry;
    spanlog_span span;
    uint64_t rows;
};

typedef int step_call(void *statement);
typedef int exec_call(void *db, const char *sql, int (*row)(void *, int, char **, char **),
                      void *arg, char **error);

static spanlog_span begin(const struct preload_real *real, void *db, const char *sql) {
    char text[2048], operation[16];
    const char *(*file_of)(void *, const char *) =
        (const char *(*)(void *, const char *))preload_sibling(real, "sqlite3_db_filename");
    const char *file = db != NULL ? file_of(db, "main") : NULL;
    if (sql == NULL)
        sql = "";
    spanlog_begin(span, "SQL", SPANLOG_CLIENT, preload_parent(), kv("db.system.name", "sqlite"),
                  kv("db.query.text", sql_redact(sql, SQL_SQLITE, text, sizeof text)),
                  kv("db.operation.name", sql_operation(sql, SQL_SQLITE, operation)));
    spanlog_rename(&span, operation);
    if (file != NULL && file[0] != '\0')
        spanlog_set(&span, kv("db.namespace", file));
    return span;
}

static void end(const struct preload_real *real, spanlog_span *span, int result) {
    const char *(*text_of)(int) = (const char *(*)(int))preload_sibling(real, "sqlite3_errstr");
    if (result != ABI_SQLITE_OK && result != ABI_SQLITE_DONE && result != ABI_SQLITE_ROW) {
        spanlog_set(span, kv("db.response.status_code", result));
        spanlog_fail(span, text_of(result));
    }
    spanlog_end(*span);
}

static bool is_seen(const struct preload_real *real, const void *key) {
    static const char *const needed[] = {"sqlite3_db_filename", "sqlite3_errstr",
                                         "sqlite3_db_handle", "sqlite3_sql", NULL};
    return !real->internal && key != NULL && preload_active() && preload_has(real, needed);
}

static struct statement *take(const struct preload_real *real, void *key) {
    struct statement *statement = preload_entry(key, 0);
    if (statement != NULL || (statement = preload_entry(key, sizeof *statement)) == NULL)
        return statement;
    void *(*db_of)(void *) = (void *(*)(void *))preload_sibling(real, "sqlite3_db_handle");
    const char *(*sql_of)(void *) = (const char *(*)(void *))preload_sibling(real, "sqlite3_sql");
    statement->span = begin(real, db_of(key), sql_of(key));
    return statement;
}

/* After its last step, or when the program wants no more rows. */
static void finish(const struct preload_real *real, void *key, int result) {
    struct statement *statement = real->internal || key == NULL ? NULL : preload_forget(key);
    if (statement == NULL)
        return;
    int saved = errno;
    spanlog_set(&statement->span, kv("db.response.returned_rows", statement->rows));
    end(real, &statement->span, result);
    free(statement);
    errno = saved;
}

PRELOAD_API int sqlite3_step(void *statement);
PRELOAD_API int sqlite3_reset(void *statement);
PRELOAD_API int sqlite3_finalize(void *statement);
PRELOAD_API int sqlite3_exec(void *db, const char *sql, int (*row)(void *, int, char **, char **),
                             void *arg, char **error);

int sqlite3_step(void *key) {
    const struct preload_real *real = PRELOAD_REAL("sqlite3_step");
    step_call *step = (step_call *)real->function;
    if (!is_seen(real, key))
        return step(key);
    int saved = errno;
    struct statement *statement = take(real, key);
    errno = saved;
    int result = step(key);
    if (result != ABI_SQLITE_ROW)
        finish(real, key, result);
    else if (statement != NULL)
        statement->rows++;
    return result;
}

int sqlite3_reset(void *key) {
    const struct preload_real *real = PRELOAD_REAL("sqlite3_reset");
    finish(real, key, ABI_SQLITE_OK);
    return ((step_call *)real->function)(key);
}

int sqlite3_finalize(void *key) {
    const struct preload_real *real = PRELOAD_REAL("sqlite3_finalize");
    finish(real, key, ABI_SQLITE_OK);
    return ((step_call *)real->function)(key);
}

int sqlite3_exec(void *db, const char *sql, int (*row)(void *, int, char **, char **), void *arg,
                 char **error) {
    const struct preload_real *real = PRELOAD_REAL("sqlite3_exec");
    exec_call *exec = (exec_call *)real->function;
    if (!is_seen(real, db))
        return exec(db, sql, row, arg, error);
    int saved = errno;
    spanlog_span span = begin(real, db, sql);
    errno = saved;
    int result = exec(db, sql, row, arg, error);
    saved = errno;
    end(real, &span, result);
    errno = saved;
    return result;
}
