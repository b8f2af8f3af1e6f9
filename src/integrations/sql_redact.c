/* integrations/sql_redact.c: a statement's text without its literals. See sql.h.
 *
 * One pass that remembers the last token beside the output: what it is says whether a quoted word
 * behind it is a value for SQLite.
 */
#include "src/integrations/sql_redact.h"

#include <string.h>
#include <strings.h>

struct reader {
    const char *at;
    enum spanlog_sql_flavour flavour;
    char *text;
    size_t size, room;
    bool space;       /* white space or a comment was passed */
    const char *last; /* the word or the sign before */
    size_t last_size; /* 0: it was a literal, a quoted name or the start */
};

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
    r->last_size = 0;
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

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool skip_blank(struct reader *r) {
    const char *start = r->at;
    if (is_blank(*r->at))
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
    if (sql_is_digit(*end))
        return 0;
    while (sql_is_word(*end))
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
    else if (quote[0] != '\0' && quote[1] == '\'' && strchr("EeXxBbNn", *quote) != NULL)
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
    if (!sql_is_digit(*at) && !(*at == '.' && sql_is_digit(at[1])))
        return false;
    bool hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
    while (sql_is_word(*at) || *at == '.') {
        bool exponent = !hex && (*at == 'e' || *at == 'E');
        at++;
        if (exponent && (*at == '+' || *at == '-') && sql_is_digit(at[1]))
            at++;
    }
    r->at = at;
    put_literal(r);
    return true;
}

bool spanlog_sql_is_one_of(const char *word, size_t size, const struct sql_word *words,
                           size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (words[i].size == size && (*word & ~0x20) == *words[i].text &&
            strncasecmp(word, words[i].text, size) == 0)
            return true;
    }
    return false;
}

/* Behind an operator, a comma, a parenthesis or a word like LIKE. */
static bool value_may_come(const struct reader *r) {
    static const struct sql_word words[] = {
        SQL_WORD("LIKE"),    SQL_WORD("GLOB"),    SQL_WORD("MATCH"),  SQL_WORD("REGEXP"),
        SQL_WORD("BETWEEN"), SQL_WORD("AND"),     SQL_WORD("OR"),     SQL_WORD("NOT"),
        SQL_WORD("THEN"),    SQL_WORD("ELSE"),    SQL_WORD("WHEN"),   SQL_WORD("LIMIT"),
        SQL_WORD("IN"),      SQL_WORD("WHERE"),   SQL_WORD("IS"),     SQL_WORD("RETURNING"),
        SQL_WORD("SELECT"),  SQL_WORD("DEFAULT"), SQL_WORD("ESCAPE"), SQL_WORD("CASE"),
        SQL_WORD("HAVING")};
    if (r->last_size == 1 && strchr("=<>!|+-*/%(,", *r->last) != NULL)
        return true;
    return spanlog_sql_is_one_of(r->last, r->last_size, words, sizeof words / sizeof *words);
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
    if (*r->at == '"' && r->flavour == SQL_SQLITE && *end != '.' && value_may_come(r))
        put_literal(r);
    else
        put(r, r->at, (size_t)(end - r->at));
    r->last_size = 0;
    r->at = end;
    return true;
}

/* What is written as it stands: a word or a sign. */
static void put_token(struct reader *r, size_t size) {
    put(r, r->at, size);
    r->last = r->at;
    r->last_size = size;
    r->at += size;
}

/* Words and placeholders: $1, ?1, :name, @name. */
static bool take_word(struct reader *r) {
    const char *end = r->at;
    if (!sql_is_word(*end) && sql_is_word(end[1]) && strchr("$?:@#", *end) != NULL)
        end++;
    if (!sql_is_word(*end))
        return false;
    while (sql_is_word(*end) || (*end == '$' && end > r->at))
        end++;
    put_token(r, (size_t)(end - r->at));
    return true;
}

/* Most of a statement: no number, and not the letter of E'..' or U&'..'. */
static bool is_plain_word(const char *at) {
    return sql_is_word(*at) && !sql_is_digit(*at) && at[1] != '\'' && at[1] != '&';
}

size_t spanlog_sql_redact(const char *text, enum spanlog_sql_flavour flavour, char *ret_text,
                          size_t size) {
    struct reader r = {
        .at = text != NULL ? text : "", .flavour = flavour, .text = ret_text, .room = size - 1};
    while (*r.at != '\0' && r.size < r.room) {
        if (is_plain_word(r.at))
            take_word(&r);
        else if (!skip_blank(&r) && !take_dollar(&r) && !take_text(&r) && !take_number(&r) &&
                 !take_quoted_name(&r) && !take_word(&r))
            put_token(&r, 1);
    }
    while (r.size > 0 && (ret_text[r.size - 1] == ';' || ret_text[r.size - 1] == ' '))
        r.size--;
    ret_text[r.size] = '\0';
    return r.size;
}
