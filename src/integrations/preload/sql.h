/* integrations/preload/sql.h: SQL as it may be written down (../sql_redact.h), marked where it was
 * cut. Pure.
 *
 *     sql_redact("select * from t where name = 'ann' and n > 7", SQL_SQLITE, text, sizeof text)
 *         "select * from t where name = ? and n > ?"
 */
#ifndef SPANLOG_PRELOAD_SQL_H
#define SPANLOG_PRELOAD_SQL_H

#include "src/integrations/sql_redact.h"

/* Returns the text; size is at least 4. */
const char *sql_redact(const char *sql, enum spanlog_sql_flavour flavour, char *ret_text,
                       size_t size);
/* The first word in upper case: "SELECT"; "SQL" where there is none. */
const char *sql_operation(const char *sql, enum spanlog_sql_flavour flavour, char ret_word[16]);

#endif
