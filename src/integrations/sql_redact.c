/* integrations/sql_redact.c: a statement's text without its literals. See sql.h.
 *
 * One pass with one character of memory beside the output: `value_may_come` says whether a quoted
 * word at this place is a value for SQLite.
 */
#include "src/integrations/sql_redact.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct reader {
    const char *at;
    enum spanlog_sql_flavour flavour;
    char *text;
    size_t size, room;
    bool space;          /* white space or a comment was passed */
    bool value_may_come; /* behind an operator, a comma, a parenthesis or a word like LIKE */
};

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static void put(struct reader *r, const char *data, size_t size) {
    if (r->space && r->size > 0 && r->size < r->room)
        r->text[r->size++] = ' ';
    r->space = false;
    size_t fits = r->room - r->size < size ? r->room - r->size : size;
    memcpy(r->text + r->size, data, fits);
    r->size += fits;
}

static void put_literal(struct reader *r) {
    put(r, "?", 1);
    r->value_may_come = false;
}

/* Behind the closing quote, or the end of the text. A doubled quote stands for itself. */
static const char *quoted_end(const char *at, bool backslash) {
    char quote = *at++;
    for (; *at != '\0'; at++) {
        if (backslash && *at == '\\' && at[1] != '\0')
            at++;
        else if (*at == quote && at[1] == quote)
            at++;
        else if (*at == quote)
            return at + 1;
    }
    return at;
}

static const char *comment_end(const char *at, bool nested) {
    unsigned depth = 1;
    for (at += 2; *at != '\0' && depth > 0; at++) {
        if (nested && at[0] == '/' && at[1] == '*')
            depth++, at++;
        else if (at[0] == '*' && at[1] == '/')
            depth--, at++;
    }
    return at;
}

static bool skip_blank(struct reader *r) {
    const char *start = r->at;
    if (isspace((unsigned char)*r->at))
        r->at++;
    else if (r->at[0] == '-' && r->at[1] == '-')
        r->at += strcspn(r->at, "\n");
    else if (r->at[0] == '/' && r->at[1] == '*')
        r->at = comment_end(r->at, r->flavour != SQL_SQLITE);
    r->space |= r->at > start;
    return r->at > start;
}

/* $tag$ ... $tag$; 0 bytes when this is no tag. */
static size_t tag_size(const char *at) {
    const char *end = at + 1;
    if (isdigit((unsigned char)*end))
        return 0;
    while (is_word(*end))
        end++;
    return *end == '$' ? (size_t)(end - at) + 1 : 0;
}

static bool take_dollar(struct reader *r) {
    size_t size = r->flavour != SQL_SQLITE && *r->at == '$' ? tag_size(r->at) : 0;
    if (size == 0)
        return false;
    const char *end = r->at + size;
    while (*end != '\0' && strncmp(end, r->at, size) != 0)
        end++;
    r->at = *end != '\0' ? end + size : end;
    put_literal(r);
    return true;
}

/* 'text', and E'..', X'..', B'..', N'..', U&'..', whose letters are part of it. */
static bool take_text(struct reader *r) {
    const char *quote = r->at;
    if (r->flavour != SQL_SQLITE && (*quote == 'U' || *quote == 'u') && quote[1] == '&')
        quote += 2;
    else if (*quote != '\0' && strchr("EeXxBbNn", *quote) != NULL)
        quote++;
    if (*quote != '\'')
        return false;
    bool escaped = r->flavour == SQL_POSTGRESQL && (*r->at == 'E' || *r->at == 'e');
    bool backslash = escaped || r->flavour == SQL_POSTGRESQL_BACKSLASH;
    r->at = quoted_end(quote, backslash);
    put_literal(r);
    return true;
}

/* 17, 1.5e-3, .5, 0xff, 1_000. */
static bool take_number(struct reader *r) {
    const char *at = r->at;
    if (!isdigit((unsigned char)*at) && !(*at == '.' && isdigit((unsigned char)at[1])))
        return false;
    bool hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
    while (is_word(*at) || *at == '.') {
        bool exponent = !hex && (*at == 'e' || *at == 'E');
        at++;
        if (exponent && (*at == '+' || *at == '-') && isdigit((unsigned char)at[1]))
            at++;
    }
    r->at = at;
    put_literal(r);
    return true;
}

/* "name", `name`, [name]. */
static bool take_quoted_name(struct reader *r) {
    const char *end;
    if (*r->at == '[' && r->flavour == SQL_SQLITE) {
        end = r->at + strcspn(r->at, "]");
        end += *end == ']';
    } else if (*r->at == '"' || (*r->at == '`' && r->flavour == SQL_SQLITE)) {
        end = quoted_end(r->at, false);
    } else {
        return false;
    }
    if (*r->at == '"' && r->flavour == SQL_SQLITE && r->value_may_come && *end != '.') {
        put_literal(r);
    } else {
        put(r, r->at, (size_t)(end - r->at));
        r->value_may_come = false;
    }
    r->at = end;
    return true;
}

static bool is_before_value(const char *word, size_t size) {
    static const char *const words[] = {
        "LIKE", "GLOB",      "MATCH",  "REGEXP",  "BETWEEN", "AND",  "OR",
        "NOT",  "THEN",      "ELSE",   "WHEN",    "LIMIT",   "IN",   "WHERE",
        "IS",   "RETURNING", "SELECT", "DEFAULT", "ESCAPE",  "CASE", "HAVING"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i]) == size && strncasecmp(word, words[i], size) == 0)
            return true;
    }
    return false;
}

/* Words and placeholders: $1, ?1, :name, @name. */
static bool take_word(struct reader *r) {
    const char *end = r->at;
    if (*end != '\0' && strchr("$?:@#", *end) != NULL && is_word(end[1]))
        end++;
    if (!is_word(*end))
        return false;
    while (is_word(*end) || (*end == '$' && end > r->at))
        end++;
    put(r, r->at, (size_t)(end - r->at));
    r->value_may_come = is_before_value(r->at, (size_t)(end - r->at));
    r->at = end;
    return true;
}

static void take_sign(struct reader *r) {
    r->value_may_come = strchr("=<>!|+-*/%(,", *r->at) != NULL;
    put(r, r->at++, 1);
}

size_t spanlog_sql_redact(const char *text, enum spanlog_sql_flavour flavour, char *ret_text,
                          size_t size) {
    struct reader r = {
        .at = text != NULL ? text : "", .flavour = flavour, .text = ret_text, .room = size - 1};
    while (*r.at != '\0' && r.size < r.room) {
        if (!skip_blank(&r) && !take_dollar(&r) && !take_text(&r) && !take_number(&r) &&
            !take_quoted_name(&r) && !take_word(&r))
            take_sign(&r);
    }
    while (r.size > 0 && (ret_text[r.size - 1] == ';' || ret_text[r.size - 1] == ' '))
        r.size--;
    ret_text[r.size] = '\0';
    return r.size;
}
