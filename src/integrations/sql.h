/* integrations/sql.h: what a statement's text may tell. Shared by SQLite and libpq.
 *
 *     spanlog_sql sql;
 *     spanlog_sql_read(&sql, "INSERT INTO users (name) VALUES ('o''neill', 42)", SQL_POSTGRESQL);
 *     // sql.text      "INSERT INTO users (name) VALUES (?, ?)"
 *     // sql.operation "INSERT", sql.table "users", sql.summary "INSERT users"
 *
 * Literals (texts, numbers, blobs, dollar quotes) become "?", comments go, white space is joined.
 * Placeholders ($1, ?1, :name) and quoted identifiers stay. Nothing is allocated; any bytes are
 * safe, and a text that ends inside a literal or a comment ends there.
 */
#ifndef SPANLOG_INTEGRATIONS_SQL_H
#define SPANLOG_INTEGRATIONS_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <spanlog/spanlog.h>

enum spanlog_sql_flavour {
    /* '' is the only escape; "text" where a value stands is taken for a literal, since SQLite does
     * so when no column has that name. */
    SQL_SQLITE,
    /* Also E'\'', $tag$...$tag$, nested comments, U&'...'. */
    SQL_POSTGRESQL,
    /* The same where standard_conforming_strings is off: 'it\'s' too. */
    SQL_POSTGRESQL_BACKSLASH
};

enum { SQL_TEXT_SIZE = 4096, SQL_WORD_SIZE = 24, SQL_TABLE_SIZE = 128 };

typedef struct spanlog_sql {
    char text[SQL_TEXT_SIZE];
    char operation[SQL_WORD_SIZE]; /* the first word in capitals, of WITH the statement's; "" */
    char table[SQL_TABLE_SIZE];    /* the first one named; "" */
    char summary[SQL_WORD_SIZE + SQL_TABLE_SIZE];
} spanlog_sql;

void spanlog_sql_read(spanlog_sql *ret_sql, const char *text, enum spanlog_sql_flavour flavour);
/* Puts db.query.text, db.query.summary, db.operation.name and db.collection.name on a span and
 * names it. */
void spanlog_sql_set(spanlog_span *span, const spanlog_sql *sql);
/* The record of a slow statement, at level warn, when elapsed_ms >= slow_ms > 0. */
void spanlog_sql_warn_slow(const spanlog_sql *sql, double elapsed_ms, double slow_ms);
/* Copies a message without what it quotes, which may be a value: all from the first quote to the
 * last becomes ?, whatever the language's quotes are. size is at least 1. */
void spanlog_sql_mask_quoted(const char *message, char *ret_text, size_t size);
/* 0 stands for 1000, a negative one for never. */
double spanlog_sql_slow_ms(int asked_ms);
/* Milliseconds of CLOCK_MONOTONIC. */
double spanlog_sql_now_ms(void);

#endif
