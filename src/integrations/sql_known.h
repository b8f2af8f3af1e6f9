/* integrations/sql_known.h: what the last statements' texts told, for programs that send the same
 * few texts again and again.
 *
 *     struct sql_known known = {0};                         one a connection
 *     spanlog_sql_know(&known, &sql, text, SQL_SQLITE);     spanlog_sql_read, or a copy of it
 *     spanlog_sql_forget(&known);
 *
 * Each text has one place, by its size and some of its bytes, and the next one takes it over. One
 * thread at a time.
 */
#ifndef SPANLOG_INTEGRATIONS_SQL_KNOWN_H
#define SPANLOG_INTEGRATIONS_SQL_KNOWN_H

#include "src/integrations/sql.h"

enum { SQL_KNOWN = 16, SQL_KNOWN_TEXT = 1024 }; /* longer texts are read each time */

struct sql_known {
    struct sql_told *places[SQL_KNOWN];
};

void spanlog_sql_know(struct sql_known *known, spanlog_sql *ret_sql, const char *text,
                      enum spanlog_sql_flavour flavour);
void spanlog_sql_forget(struct sql_known *known);

#endif
