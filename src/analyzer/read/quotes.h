/* analyzer/read/quotes.h: where the quotes of some lines stand, found in one pass before they are
 * read.
 *
 *     struct spanlog_quotes quotes;
 *     find(&quotes, text, size);                      of spanlog_quotes_finder(0)
 *     ... text[quotes.at[i]] == '"' for i < quotes.count
 *     ... quotes.stops[0].at: the first newline, or what else is not plain
 *
 * Reading string by string, each must have ended before the next can be looked at: the processor
 * waits. With the quotes known, all members of a line are looked at side by side; and with those of
 * many lines found at once, no line waits for its own search.
 *
 * A stop is a byte that is a backslash, a control or not ASCII: mostly the newline. Between two
 * stops no quote is part of an escape, and all text between two quotes is plain.
 */
#ifndef SPANLOG_ANALYZER_READ_QUOTES_H
#define SPANLOG_ANALYZER_READ_QUOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* About 24 lines: they and their places stay in the nearest cache. */
#define SPANLOG_QUOTES_MOST 8192

struct spanlog_quotes_stop {
    uint16_t at;
    uint16_t quotes; /* how many there are before it */
};

struct spanlog_quotes {
    const char *from;
    uint32_t size; /* of what was searched */
    uint32_t count;
    uint32_t stop_count;
    uint16_t at[SPANLOG_QUOTES_MOST + 64];                      /* four more: size */
    struct spanlog_quotes_stop stops[SPANLOG_QUOTES_MOST + 64]; /* one more: size, count */
};

/* Searches `size` bytes, SPANLOG_QUOTES_MOST at most; with one_line not behind the first newline.
 * Reads up to 63 bytes behind that. */
typedef void spanlog_quotes_find_fn(struct spanlog_quotes *quotes, const char *text, size_t size,
                                    bool one_line);

/* What this machine can do, the fastest first; NULL behind the last. */
spanlog_quotes_find_fn *spanlog_quotes_finder(unsigned which);

#endif
