/* integrations/sql_redact.h: a statement's text without its literals; what that means is said in
 * sql.h. */
#ifndef SPANLOG_INTEGRATIONS_SQL_REDACT_H
#define SPANLOG_INTEGRATIONS_SQL_REDACT_H

#include "src/integrations/sql.h"

/* Writes at most size - 1 bytes and NUL; size is at least 1. NULL text: "". Returns the length. */
size_t spanlog_sql_redact(const char *text, enum spanlog_sql_flavour flavour, char *ret_text,
                          size_t size);

#endif
