/* integrations/sql_known.c: see sql_known.h. */
#include "src/integrations/sql_known.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* In one piece of memory with its texts, each ended by NUL: the statement, then what it told. */
struct sql_told {
    enum spanlog_sql_flavour flavour;
    size_t size; /* of the statement */
    size_t text_size, operation_size, table_size, summary_size;
    char texts[];
};

static struct sql_told **place_of(struct sql_known *known, const char *text, size_t size) {
    uint64_t start, middle, end;
    memcpy(&start, text, 8);
    memcpy(&middle, text + size / 2 - 4, 8);
    memcpy(&end, text + size - 8, 8);
    uint64_t hash = (start ^ middle * 3 ^ end * 7 ^ size) * 0x9e3779b97f4a7c15u;
    return &known->places[hash >> 32 & (SQL_KNOWN - 1)];
}

/* With its NUL. */
static char *put(char *to, const char *from, size_t size) {
    memcpy(to, from, size + 1);
    return to + size + 1;
}

static const char *take(const char *from, char *to, size_t size) {
    put(to, from, size);
    return from + size + 1;
}

static struct sql_told *tell(const spanlog_sql *sql, const char *text, size_t size,
                             enum spanlog_sql_flavour flavour) {
    struct sql_told as = {.flavour = flavour,
                          .size = size,
                          .text_size = strlen(sql->text),
                          .operation_size = strlen(sql->operation),
                          .table_size = strlen(sql->table),
                          .summary_size = strlen(sql->summary)};
    struct sql_told *told = malloc(sizeof *told + size + as.text_size + as.operation_size +
                                   as.table_size + as.summary_size + 5);
    if (told == NULL)
        return NULL;
    *told = as;
    char *to = put(told->texts, text, size);
    to = put(to, sql->text, as.text_size);
    to = put(to, sql->operation, as.operation_size);
    to = put(to, sql->table, as.table_size);
    put(to, sql->summary, as.summary_size);
    return told;
}

static void copy(const struct sql_told *told, spanlog_sql *ret_sql) {
    const char *from = told->texts + told->size + 1;
    from = take(from, ret_sql->text, told->text_size);
    from = take(from, ret_sql->operation, told->operation_size);
    from = take(from, ret_sql->table, told->table_size);
    take(from, ret_sql->summary, told->summary_size);
}

void spanlog_sql_know(struct sql_known *known, spanlog_sql *ret_sql, const char *text,
                      enum spanlog_sql_flavour flavour) {
    size_t size = text != NULL ? strlen(text) : 0;
    if (size < 8 || size > SQL_KNOWN_TEXT) {
        spanlog_sql_read(ret_sql, text, flavour);
        return;
    }
    struct sql_told **place = place_of(known, text, size), *told = *place;
    if (told != NULL && told->size == size && told->flavour == flavour &&
        memcmp(told->texts, text, size) == 0) {
        copy(told, ret_sql);
        return;
    }
    spanlog_sql_read(ret_sql, text, flavour);
    free(told);
    *place = tell(ret_sql, text, size, flavour);
}

void spanlog_sql_forget(struct sql_known *known) {
    for (size_t i = 0; i < SQL_KNOWN; i++) {
        free(known->places[i]);
        known->places[i] = NULL;
    }
}
