/* analyzer/quotes.h: where the quotes of a line stand, found in one pass before it is read.
 *
 *     struct spanlog_quotes quotes;
 *     spanlog_quotes_find(&quotes, line);
 *     ... line[quotes.at[0]] == '"', line[quotes.at[1]] == '"', ... quotes.count of them
 *
 * Reading string by string, each must have ended before the next can be looked at: the processor
 * waits. With the quotes known, all members of a line are looked at side by side.
 *
 * The search stops at the first byte that is a backslash, a control or not ASCII: mostly the
 * newline. All quotes before it are no part of an escape, and all text between two of them is
 * plain. It stops after SPANLOG_QUOTES_MOST bytes, too: what is left is for json.h.
 */
#ifndef SPANLOG_ANALYZER_QUOTES_H
#define SPANLOG_ANALYZER_QUOTES_H

#include <stdint.h>

#define SPANLOG_QUOTES_MOST 4096

struct spanlog_quotes {
    uint32_t count;
    uint32_t stop; /* where the search ended; the next four entries of `at` have this value */
    uint16_t at[SPANLOG_QUOTES_MOST + 64];
};

/* Reads up to 63 bytes behind the one at which it stops. */
typedef void spanlog_quotes_find_fn(struct spanlog_quotes *quotes, const char *line);

/* What this machine can do, the fastest first; NULL behind the last. */
spanlog_quotes_find_fn *spanlog_quotes_finder(unsigned which);

#endif
