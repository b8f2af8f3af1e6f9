/* integrations/preload/sql.h: SQL as it may be written down. Pure.
 *
 *     sql_redact("select * from t where name = 'ann' and n > 7", text, sizeof text)
 *         "select * from t where name = ? and n > ?"
 */
#ifndef SPANLOG_PRELOAD_SQL_H
#define SPANLOG_PRELOAD_SQL_H

#include <stddef.h>

/* Values become "?", comments go, white space becomes one blank; what does not fit is cut off, with
 * a mark. Returns the text. */
const char *sql_redact(const char *sql, char *ret_text, size_t size);
/* The first word in upper case: "SELECT"; "SQL" where there is none. */
const char *sql_operation(const char *sql, char ret_word[16]);

#endif
