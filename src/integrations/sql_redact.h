/* integrations/sql_redact.h: a statement's text without its literals; what that means is said in
 * sql.h. */
#ifndef SPANLOG_INTEGRATIONS_SQL_REDACT_H
#define SPANLOG_INTEGRATIONS_SQL_REDACT_H

#include "src/integrations/sql.h"

#include <stdint.h>

/* Letters, digits, '_' and all beyond ASCII, whatever the locale: a bit for each byte. */
static inline bool sql_is_word(char c) {
    static const uint64_t words[4] = {0x03ff000000000000u, 0x07fffffe87fffffeu, ~(uint64_t)0,
                                      ~(uint64_t)0};
    unsigned char byte = (unsigned char)c;
    return (words[byte >> 6] >> (byte & 63u) & 1u) != 0;
}

static inline bool sql_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* One of SQL's own words. */
struct sql_word {
    const char *text; /* in capitals */
    size_t size;
};
#define SQL_WORD(text)                                                                             \
    { text, sizeof(text) - 1 }

/* Writes at most size - 1 bytes and NUL; size is at least 1. NULL text: "". Returns the length. */
size_t spanlog_sql_redact(const char *text, enum spanlog_sql_flavour flavour, char *ret_text,
                          size_t size);

/* Whether the word, in any case, is one of these. */
bool spanlog_sql_is_one_of(const char *word, size_t size, const struct sql_word *words,
                           size_t count);

#endif
