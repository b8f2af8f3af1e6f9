/* integrations/preload/sql.c: see sql.h. */
#include "sql.h"

#include <ctype.h>
#include <string.h>

const char *sql_redact(const char *sql, enum spanlog_sql_flavour flavour, char *text, size_t size) {
    static const char mark[] = "...";
    if (spanlog_sql_redact(sql, flavour, text, size) == size - 1)
        memcpy(text + size - sizeof mark, mark, sizeof mark);
    return text;
}

const char *sql_operation(const char *sql, enum spanlog_sql_flavour flavour, char word[16]) {
    char text[32] = "";
    size_t n = 0;
    spanlog_sql_redact(sql, flavour, text, sizeof text);
    for (; n < 15 && isalpha((unsigned char)text[n]); n++)
        word[n] = (char)toupper((unsigned char)text[n]);
    word[n] = '\0';
    return n > 0 ? word : strcpy(word, "SQL");
}
