/* integrations/sql.c: see sql.h. The operation and the table are read from the redacted text, where
 * no quote or comment can mislead. */
#define SPANLOG_LOGGER_NAME "db"
#include "src/integrations/sql.h"
#include "src/integrations/sql_redact.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { SLOW_MS = 1000 };

struct words {
    const char *at;
    int depth; /* of parentheses */
};

/* The next word, outside of quoted names; 0: the end. */
static size_t next_word(struct words *words, const char **ret_word) {
    while (*words->at != '\0') {
        char c = *words->at;
        if (sql_is_word(c)) {
            size_t size = 0;
            while (sql_is_word(words->at[size]))
                size++;
            *ret_word = words->at;
            words->at += size;
            return size;
        }
        words->depth += (c == '(') - (c == ')');
        const char *end = c == '"' || c == '`' ? strchr(words->at + 1, c) : words->at;
        words->at = end != NULL ? end + 1 : words->at + strlen(words->at);
    }
    return 0;
}

#define IS_ONE_OF(word, size, words)                                                               \
    spanlog_sql_is_one_of(word, size, words, sizeof(words) / sizeof *(words))

static void copy_capitals(char *to, size_t room, const char *word, size_t size) {
    size = size < room ? size : room - 1;
    for (size_t i = 0; i < size; i++)
        to[i] = (char)toupper((unsigned char)word[i]);
    to[size] = '\0';
}

/* Returns where the statement's own verb is, behind the parentheses of WITH. */
static const char *find_operation(spanlog_sql *sql) {
    static const struct sql_word verbs[] = {
        SQL_WORD("SELECT"), SQL_WORD("INSERT"),  SQL_WORD("UPDATE"), SQL_WORD("DELETE"),
        SQL_WORD("MERGE"),  SQL_WORD("REPLACE"), SQL_WORD("VALUES")};
    struct words words = {.at = sql->text};
    const char *word;
    size_t size = next_word(&words, &word);
    sql->operation[0] = '\0';
    if (size == 0)
        return sql->text;
    copy_capitals(sql->operation, sizeof sql->operation, word, size);
    if (strcmp(sql->operation, "WITH") != 0)
        return word;
    while ((size = next_word(&words, &word)) > 0) {
        if (words.depth == 0 && IS_ONE_OF(word, size, verbs)) {
            copy_capitals(sql->operation, sizeof sql->operation, word, size);
            return word;
        }
    }
    return sql->text;
}

/* A name as it stands, with schema and quotes: "shop"."orders". */
static void copy_name(char *to, size_t room, const char *at) {
    size_t size = 0;
    at += strspn(at, " ");
    while (sql_is_word(at[size]) || (at[size] != '\0' && strchr(".\"`", at[size]) != NULL)) {
        const char *end =
            at[size] == '"' || at[size] == '`' ? strchr(at + size + 1, at[size]) : NULL;
        size = end != NULL ? (size_t)(end - at) + 1 : size + 1;
    }
    size = size < room ? size : room - 1;
    memcpy(to, at, size);
    to[size] = '\0';
}

/* "DO UPDATE SET", behind the UPDATE: it names no table. */
static bool is_set_next(const struct words *words) {
    static const struct sql_word set[] = {SQL_WORD("SET")};
    struct words ahead = *words;
    const char *word;
    size_t size = next_word(&ahead, &word);
    return size > 0 && IS_ONE_OF(word, size, set);
}

static void find_table(spanlog_sql *sql, const char *start) {
    static const struct sql_word update[] = {SQL_WORD("UPDATE")};
    static const struct sql_word before[] = {SQL_WORD("FROM"),   SQL_WORD("INTO"),
                                             SQL_WORD("UPDATE"), SQL_WORD("TABLE"),
                                             SQL_WORD("COPY"),   SQL_WORD("TRUNCATE")};
    static const struct sql_word between[] = {
        SQL_WORD("ONLY"),   SQL_WORD("IF"),      SQL_WORD("NOT"),      SQL_WORD("EXISTS"),
        SQL_WORD("TABLE"),  SQL_WORD("OR"),      SQL_WORD("ABORT"),    SQL_WORD("FAIL"),
        SQL_WORD("IGNORE"), SQL_WORD("REPLACE"), SQL_WORD("ROLLBACK"), SQL_WORD("LATERAL")};
    struct words words = {.at = start};
    const char *word;
    size_t size;
    sql->table[0] = '\0';
    while ((size = next_word(&words, &word)) > 0) {
        if (!IS_ONE_OF(word, size, before) ||
            (IS_ONE_OF(word, size, update) && is_set_next(&words)))
            continue;
        while (*words.at == ' ' && sql_is_word(words.at[1])) {
            struct words ahead = words;
            size = next_word(&ahead, &word);
            if (!IS_ONE_OF(word, size, between))
                break;
            words = ahead;
        }
        copy_name(sql->table, sizeof sql->table, words.at);
        if (sql->table[0] != '\0')
            return;
    }
}

void spanlog_sql_read(spanlog_sql *sql, const char *text, enum spanlog_sql_flavour flavour) {
    spanlog_sql_redact(text, flavour, sql->text, sizeof sql->text);
    find_table(sql, find_operation(sql));
    char *end = stpcpy(sql->summary, sql->operation); /* printf would cost as much as the rest */
    if (sql->table[0] != '\0')
        stpcpy(stpcpy(end, " "), sql->table);
}

void spanlog_sql_set(spanlog_span *span, const spanlog_sql *sql) {
    if (span->open == NULL)
        return;
    if (sql->summary[0] != '\0')
        spanlog_rename(span, sql->summary);
    if (sql->table[0] != '\0')
        spanlog_set(span, kv("db.query.text", sql->text), kv("db.query.summary", sql->summary),
                    kv("db.operation.name", sql->operation), kv("db.collection.name", sql->table));
    else
        spanlog_set(span, kv("db.query.text", sql->text), kv("db.query.summary", sql->summary),
                    kv("db.operation.name", sql->operation));
}

void spanlog_sql_warn_slow(const spanlog_sql *sql, double elapsed_ms, double slow_ms) {
    if (slow_ms > 0 && elapsed_ms >= slow_ms)
        spanlog_warn("slow statement", kv("db.query.text", sql->text),
                     kv("db.query.summary", sql->summary), kv("elapsed_ms", elapsed_ms),
                     kv("slow_ms", slow_ms));
}

/* The size of the quote at that place; 0: there is none. */
static size_t quote_size(const char *at) {
    static const char *const quotes[] = {
        "\"",           "'",
        "\xc2\xab",     "\xc2\xbb", /* the angular ones */
        "\xe2\x80\x98", "\xe2\x80\x99",
        "\xe2\x80\x9c", "\xe2\x80\x9d", /* the curly ones */
        "\xe2\x80\x9a", "\xe2\x80\x9e",
        "\xe3\x80\x8c", "\xe3\x80\x8d", /* low, and corners */
    };
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        size_t size = strlen(quotes[i]);
        if (strncmp(at, quotes[i], size) == 0)
            return size;
    }
    return 0;
}

void spanlog_sql_mask_quoted(const char *message, char *ret_text, size_t size) {
    const char *first = message, *rest;
    while (*first != '\0' && quote_size(first) == 0)
        first++;
    size_t quote = quote_size(first);
    rest = first + strlen(first); /* where the closing one is missing */
    for (const char *at = first + quote; *at != '\0'; at++) {
        if (quote_size(at) > 0)
            rest = at + quote_size(at);
    }
    snprintf(ret_text, size, "%.*s%s%s", (int)(first - message), message, quote > 0 ? "?" : "",
             rest);
}

double spanlog_sql_slow_ms(int asked_ms) {
    return asked_ms == 0 ? SLOW_MS : asked_ms;
}

double spanlog_sql_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}
