/* integrations/sqlite.c: see spanlog/sqlite.h.
 *
 * SQLite's trace says when a statement begins, gives a row and is done; the wrapped step adds what
 * it does not say: how the statement ended. A statement that is done inside its wrapped step
 * therefore waits, in `done`, for the step to return. All of a connection's state is used under
 * SQLite's own mutex of the connection, which is recursive.
 */
#define SPANLOG_LOGGER_NAME "db"
#include "src/integrations/sql_known.h"
#include "src/integrations/table.h"
#include <spanlog/sqlite.h>

#include <errno.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct statement {
    struct statement *next;
    sqlite3_stmt *handle;
    spanlog_span span;
    spanlog_ctx ctx;
    double start_ms, end_ms;
    uint64_t rows;
    int64_t changes_before, changes;
    bool has_rows, writes;
    spanlog_sql sql;
};

/* A wrapped step that is running on a connection; they nest. */
struct step {
    struct step *outer;
    sqlite3_stmt *handle;
    struct statement *done;
};

struct connection {
    struct handle_entry entry; /* first */
    sqlite3 *db;
    double slow_ms;
    struct statement *running;
    struct step *step; /* the innermost */
    bool closed;       /* while a step is running, which then frees this */
    struct sql_known known;
    struct statement *spare; /* the last one that ended: 4 KB are no quick malloc */
};

HANDLE_TABLE(connections);

static void free_connection(struct connection *c) {
    spanlog_sql_forget(&c->known);
    free(c->spare);
    free(c);
}

static struct connection *connection_of(sqlite3 *db) {
    return db != NULL ? (struct connection *)(void *)handle_table_find(&connections, db) : NULL;
}

/* ---- a statement's span ------------------------------------------------------------------- */

static int64_t total_changes(sqlite3 *db) {
    return sqlite3_total_changes(db);
}

static void begin_span(struct connection *c, struct statement *s, const char *text) {
    const char *file = sqlite3_db_filename(c->db, "main");
    spanlog_sql_know(&c->known, &s->sql, text, SQL_SQLITE);
    s->start_ms = spanlog_sql_now_ms();
    spanlog_begin(span, "sqlite", SPANLOG_CLIENT, spanlog_ctx_current(),
                  kv("db.system.name", "sqlite"));
    if (file != NULL && *file != '\0')
        spanlog_set(&span, kv("db.namespace", file));
    spanlog_sql_set(&span, &s->sql);
    s->span = span;
    s->ctx = spanlog_span_ctx(&span);
}

static const char *error_name(int code) {
    static const struct {
        int code;
        const char *name;
    } names[] = {{SQLITE_ERROR, "SQLITE_ERROR"},
                 {SQLITE_BUSY, "SQLITE_BUSY"},
                 {SQLITE_LOCKED, "SQLITE_LOCKED"},
                 {SQLITE_NOMEM, "SQLITE_NOMEM"},
                 {SQLITE_READONLY, "SQLITE_READONLY"},
                 {SQLITE_INTERRUPT, "SQLITE_INTERRUPT"},
                 {SQLITE_IOERR, "SQLITE_IOERR"},
                 {SQLITE_CORRUPT, "SQLITE_CORRUPT"},
                 {SQLITE_FULL, "SQLITE_FULL"},
                 {SQLITE_CANTOPEN, "SQLITE_CANTOPEN"},
                 {SQLITE_SCHEMA, "SQLITE_SCHEMA"},
                 {SQLITE_TOOBIG, "SQLITE_TOOBIG"},
                 {SQLITE_CONSTRAINT, "SQLITE_CONSTRAINT"},
                 {SQLITE_MISMATCH, "SQLITE_MISMATCH"},
                 {SQLITE_MISUSE, "SQLITE_MISUSE"},
                 {SQLITE_AUTH, "SQLITE_AUTH"},
                 {SQLITE_RANGE, "SQLITE_RANGE"},
                 {SQLITE_NOTADB, "SQLITE_NOTADB"},
                 {SQLITE_ABORT, "SQLITE_ABORT"},
                 {SQLITE_PERM, "SQLITE_PERM"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].code == (code & 0xff))
            return names[i].name;
    }
    return "SQLITE_OTHER";
}

/* SQLite's message may quote a literal, or a value that was bound. */
static void fail_span(spanlog_span *span, sqlite3 *db, int code) {
    char reason[256];
    spanlog_sql_mask_quoted(sqlite3_errmsg(db), reason, sizeof reason);
    spanlog_set(span, kv("error.type", error_name(code)),
                kv("db.response.status_code", sqlite3_extended_errcode(db)));
    spanlog_fail(span, reason);
}

static void end_span(struct connection *c, struct statement *s, int code) {
    if (s->has_rows)
        spanlog_set(&s->span, kv("db.response.returned_rows", s->rows));
    if (s->writes)
        spanlog_set(&s->span, kv("db.response.affected_rows", s->changes));
    if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE)
        fail_span(&s->span, c->db, code);
    spanlog_end(s->span);
    if (c->slow_ms > 0 && s->end_ms - s->start_ms >= c->slow_ms) {
        spanlog_ctx before = spanlog_ctx_attach(s->ctx);
        spanlog_sql_warn_slow(&s->sql, s->end_ms - s->start_ms, c->slow_ms);
        spanlog_ctx_attach(before);
    }
    free(c->spare);
    c->spare = s;
}

/* ---- SQLite's trace ------------------------------------------------------------------------ */

static struct statement **find(struct connection *c, sqlite3_stmt *handle) {
    struct statement **place = &c->running;
    while (*place != NULL && (*place)->handle != handle)
        place = &(*place)->next;
    return place;
}

static bool is_stepped(const struct connection *c, sqlite3_stmt *handle) {
    return c->step != NULL && c->step->handle == handle;
}

static void on_begin(struct connection *c, sqlite3_stmt *handle, const char *text) {
    if (*find(c, handle) != NULL) /* a trigger: part of its statement */
        return;
    struct statement *s = c->spare != NULL ? c->spare : malloc(sizeof *s);
    c->spare = NULL;
    if (s == NULL)
        return;
    s->handle = handle;
    s->rows = 0;
    s->changes = 0;
    s->changes_before = total_changes(c->db);
    s->has_rows = sqlite3_column_count(handle) > 0;
    s->writes = sqlite3_stmt_readonly(handle) == 0;
    /* Of a statement inside another one `text` is only a comment. */
    begin_span(c, s, sqlite3_sql(handle) != NULL ? sqlite3_sql(handle) : text);
    s->next = c->running;
    c->running = s;
    if (is_stepped(c, handle))
        spanlog_ctx_attach(s->ctx); /* the wrapped step puts back what was before */
}

static void on_done(struct connection *c, sqlite3_stmt *handle) {
    struct statement **place = find(c, handle), *s = *place;
    if (s == NULL)
        return;
    *place = s->next;
    s->end_ms = spanlog_sql_now_ms();
    s->changes = total_changes(c->db) - s->changes_before;
    if (is_stepped(c, handle) && c->step->done == NULL)
        c->step->done = s;
    else
        end_span(c, s, SQLITE_OK);
}

/* SQLite says so before it looks whether it can close: statements that are left may refuse that, or
 * outlive it. Either way the watching ends here. */
static void on_close(struct connection *c) {
    sqlite3_trace_v2(c->db, 0, NULL, NULL);
    handle_table_take(&connections, c->db);
    while (c->running != NULL) {
        struct statement *s = c->running;
        c->running = s->next;
        s->end_ms = spanlog_sql_now_ms();
        end_span(c, s, SQLITE_OK);
    }
    c->closed = true;
    if (c->step == NULL)
        free_connection(c);
}

static int on_trace(unsigned what, void *arg, void *p, void *x) {
    struct connection *c = arg;
    if (what == SQLITE_TRACE_STMT) {
        on_begin(c, p, x);
    } else if (what == SQLITE_TRACE_ROW) {
        struct statement *s = *find(c, p);
        if (s != NULL)
            s->rows++;
    } else if (what == SQLITE_TRACE_PROFILE) {
        on_done(c, p);
    } else if (what == SQLITE_TRACE_CLOSE) {
        on_close(c);
    }
    return 0;
}

int spanlog_sqlite_watch(sqlite3 *db, const spanlog_sqlite_options *options) {
    if (db == NULL)
        return -EINVAL;
    double slow_ms = spanlog_sql_slow_ms(options != NULL ? options->slow_ms : 0);
    struct connection *c = connection_of(db);
    if (c != NULL) {
        c->slow_ms = slow_ms;
        return 0;
    }
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    c->db = db;
    c->slow_ms = slow_ms;
    handle_table_put(&connections, &c->entry, db);
    sqlite3_trace_v2(
        db, SQLITE_TRACE_STMT | SQLITE_TRACE_ROW | SQLITE_TRACE_PROFILE | SQLITE_TRACE_CLOSE,
        on_trace, c);
    return 0;
}

/* ---- wrapped calls ------------------------------------------------------------------------- */

int spanlog_sqlite_step(sqlite3_stmt *handle) {
    sqlite3 *db = handle != NULL ? sqlite3_db_handle(handle) : NULL;
    struct connection *c = connection_of(db);
    if (c == NULL)
        return sqlite3_step(handle);
    sqlite3_mutex_enter(sqlite3_db_mutex(db));
    spanlog_ctx before = spanlog_ctx_current();
    struct statement *running = *find(c, handle);
    if (running != NULL)
        spanlog_ctx_attach(running->ctx);
    struct step step = {.outer = c->step, .handle = handle};
    c->step = &step;
    int code = sqlite3_step(handle);
    c->step = step.outer;
    spanlog_ctx_attach(before);
    if (step.done != NULL)
        end_span(c, step.done, code);
    if (c->closed && c->step == NULL)
        free_connection(c);
    sqlite3_mutex_leave(sqlite3_db_mutex(db));
    return code;
}

static void tell_bad_text(sqlite3 *db, const char *sql, int code) {
    spanlog_sql read;
    spanlog_sql_read(&read, sql, SQL_SQLITE);
    spanlog_begin(span, "sqlite", SPANLOG_CLIENT, spanlog_ctx_current(),
                  kv("db.system.name", "sqlite"));
    spanlog_sql_set(&span, &read);
    fail_span(&span, db, code);
    spanlog_end(span);
}

typedef int (*row_callback)(void *arg, int columns, char **values, char **names);

/* Hands a row over as sqlite3_exec does. */
static int give_row(sqlite3_stmt *handle, row_callback on_row, void *arg) {
    int columns = sqlite3_column_count(handle);
    char **texts = calloc(2 * (size_t)columns + 2, sizeof *texts);
    if (texts == NULL)
        return SQLITE_NOMEM;
    for (int i = 0; i < columns; i++) {
        texts[i] = (char *)(uintptr_t)sqlite3_column_text(handle, i);
        texts[columns + 1 + i] = (char *)(uintptr_t)sqlite3_column_name(handle, i);
    }
    int stop = on_row(arg, columns, texts, texts + columns + 1);
    free(texts);
    return stop != 0 ? SQLITE_ABORT : SQLITE_OK;
}

static int run(sqlite3_stmt *handle, row_callback on_row, void *arg) {
    int given = SQLITE_OK;
    while (given == SQLITE_OK && spanlog_sqlite_step(handle) == SQLITE_ROW) {
        if (on_row != NULL)
            given = give_row(handle, on_row, arg);
    }
    int code = sqlite3_finalize(handle);
    return given != SQLITE_OK ? given : code;
}

int spanlog_sqlite_exec(sqlite3 *db, const char *sql, row_callback on_row, void *arg,
                        char **ret_error) {
    if (connection_of(db) == NULL || sql == NULL)
        return sqlite3_exec(db, sql, on_row, arg, ret_error);
    int code = SQLITE_OK;
    sqlite3_mutex_enter(sqlite3_db_mutex(db));
    while (code == SQLITE_OK && *sql != '\0') {
        sqlite3_stmt *handle = NULL;
        const char *rest = sql;
        code = sqlite3_prepare_v2(db, sql, -1, &handle, &rest);
        if (code != SQLITE_OK)
            tell_bad_text(db, sql, code);
        else if (handle != NULL) /* NULL: white space, a comment */
            code = run(handle, on_row, arg);
        sql = rest;
    }
    if (ret_error != NULL && code == SQLITE_OK)
        *ret_error = NULL;
    else if (ret_error != NULL)
        *ret_error =
            sqlite3_mprintf("%s", code == SQLITE_ABORT ? sqlite3_errstr(code) : sqlite3_errmsg(db));
    sqlite3_mutex_leave(sqlite3_db_mutex(db));
    return code;
}
