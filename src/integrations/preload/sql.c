/* integrations/preload/sql.c: see sql.h. */
#include "sql.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Behind the quoted text at `p`; a doubled quote is part of it, after `backslash` so is \'. */
static const char *behind_quotes(const char *p, bool backslash) {
    char quote = *p++;
    for (; *p != '\0'; p++) {
        if (backslash && *p == '\\' && p[1] != '\0')
            p++;
        else if (*p == quote && p[1] == quote)
            p++;
        else if (*p == quote)
            return p + 1;
    }
    return p;
}

/* Behind PostgreSQL's $tag$...$tag$, or NULL when there is none at `p`. */
static const char *behind_dollars(const char *p) {
    const char *tag_end = p + 1;
    while (isalpha((unsigned char)*tag_end) || *tag_end == '_')
        tag_end++;
    if (*tag_end != '$')
        return NULL;
    size_t size = (size_t)(tag_end + 1 - p);
    for (const char *q = tag_end + 1; (q = strchr(q, '$')) != NULL; q++) {
        if (strncmp(q, p, size) == 0)
            return q + size;
    }
    return p + strlen(p);
}

static const char *behind_comment(const char *p) {
    if (p[0] == '-') {
        p += strcspn(p, "\n");
    } else {
        const char *end = strstr(p + 2, "*/");
        p = end != NULL ? end + 2 : p + strlen(p);
    }
    return p;
}

/* Behind the value that begins at `p`, or NULL when none does. */
static const char *behind_value(const char *p, char before) {
    bool inside = is_word(before) || before == '?' || before == ':' || before == '@';
    if (*p == '\'')
        return behind_quotes(p, before == 'E' || before == 'e');
    if (*p == '$' && !inside)
        return behind_dollars(p);
    if (!isdigit((unsigned char)*p) || inside)
        return NULL;
    while (is_word(*p) || *p == '.' || ((*p == '+' || *p == '-') && (p[-1] | 32) == 'e'))
        p++;
    return p;
}

/* What is copied as it stands: one byte, or a quoted name. */
static size_t piece(const char *p) {
    return *p == '"' || *p == '`' ? (size_t)(behind_quotes(p, false) - p) : 1;
}

const char *sql_redact(const char *sql, char *text, size_t size) {
    static const char mark[] = "...";
    size_t n = 0, most = size - sizeof mark;
    const char *p = sql, *end;
    while (*p != '\0') {
        size_t count = 1;
        const char *from = p;
        if (isspace((unsigned char)*p) || (p[0] == '-' && p[1] == '-') ||
            (p[0] == '/' && p[1] == '*')) {
            p = isspace((unsigned char)*p) ? p + 1 : behind_comment(p);
            if (n == 0 || text[n - 1] == ' ')
                continue;
            from = " ";
        } else if ((end = behind_value(p, p > sql ? p[-1] : ' ')) != NULL) {
            p = end;
            from = "?";
        } else {
            p += count = piece(p);
        }
        if (n + count > most) {
            memcpy(text + n, mark, sizeof mark);
            return text;
        }
        memcpy(text + n, from, count);
        n += count;
    }
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == ';'))
        n--;
    text[n] = '\0';
    return text;
}

const char *sql_operation(const char *sql, char word[16]) {
    char text[32] = "";
    size_t n = 0;
    sql_redact(sql, text, sizeof text);
    for (; n < 15 && isalpha((unsigned char)text[n]); n++)
        word[n] = (char)toupper((unsigned char)text[n]);
    word[n] = '\0';
    return n > 0 ? word : strcpy(word, "SQL");
}
