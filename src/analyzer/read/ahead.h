/* analyzer/read/ahead.h: the quotes of the line at hand, found with those of the lines behind it.
 *
 *     spanlog_ahead_begin(&ahead, chunk->begin, chunk->end);
 *     struct spanlog_cursor cursor;
 *     spanlog_ahead_line(&ahead, line, &cursor);
 *     ... cursor.quotes->at[cursor.quote] is the line's first, and so on
 *     spanlog_ahead_seek(&ahead, &cursor, p);        further on in the line
 *
 * A search for one line alone would have the processor wait for its end, and guess wrong how many
 * blocks it has. Lines that are not among those that may be read ahead are searched alone.
 */
#ifndef SPANLOG_ANALYZER_READ_AHEAD_H
#define SPANLOG_ANALYZER_READ_AHEAD_H

#include "src/analyzer/read/quotes.h"

struct spanlog_ahead {
    spanlog_quotes_find_fn *find;
    const char *begin, *end; /* lines that may be read ahead; NULL: none */
    uint32_t stop;           /* in `many`: none of the next line comes before it */
    struct spanlog_quotes many;
    struct spanlog_quotes alone;
};

/* What comes next. */
struct spanlog_cursor {
    struct spanlog_quotes *quotes;
    uint32_t quote;
    uint32_t stop;
};

/* Whole lines, which stay as they are until the next call. NULL, NULL: none. */
static inline void spanlog_ahead_begin(struct spanlog_ahead *ahead, const char *begin,
                                       const char *end) {
    ahead->begin = begin;
    ahead->end = end;
    ahead->stop = 0;
    ahead->many.from = begin;
    ahead->many.size = 0;
}

/* From `at` on. */
static inline void spanlog_ahead_search(const struct spanlog_ahead *ahead,
                                        struct spanlog_cursor *cursor, const char *at) {
    bool many = cursor->quotes == &ahead->many;
    size_t size = many ? (size_t)(ahead->end - at) : SPANLOG_QUOTES_MOST;
    if (size > SPANLOG_QUOTES_MOST)
        size = SPANLOG_QUOTES_MOST;
    ahead->find(cursor->quotes, at, size, !many);
    cursor->quote = cursor->stop = 0;
}

/* To the first quote and stop from `at` on. */
static inline void spanlog_ahead_seek(const struct spanlog_ahead *ahead,
                                      struct spanlog_cursor *cursor, const char *at) {
    const struct spanlog_quotes *quotes = cursor->quotes;
    size_t to = (size_t)(at - quotes->from);
    if (to >= quotes->size) {
        spanlog_ahead_search(ahead, cursor, at);
        return;
    }
    while (quotes->stops[cursor->stop].at < to)
        cursor->stop++;
    while (cursor->quote < quotes->count && quotes->at[cursor->quote] < to)
        cursor->quote++;
}

static inline void spanlog_ahead_line(struct spanlog_ahead *ahead, const char *line,
                                      struct spanlog_cursor *ret) {
    struct spanlog_quotes *quotes = &ahead->many;
    uint32_t stop = ahead->stop, quote = 0;
    size_t to = (size_t)(line - quotes->from); /* huge, if it lies before what was searched */
    bool found = to < quotes->size && (stop == 0 || quotes->stops[stop - 1].at < to);
    if (found) {
        while (quotes->stops[stop].at < to)
            stop++;
        quote = stop ? quotes->stops[stop - 1].quotes : 0;
        while (quote < quotes->count && quotes->at[quote] < to)
            quote++;
    }
    ret->quotes = quotes;
    ret->quote = quote;
    ret->stop = stop;
    /* A line whose end was not reached begins the next search. */
    if (!found || (stop == quotes->stop_count && to > 0)) {
        if (line < ahead->begin || line >= ahead->end)
            ret->quotes = &ahead->alone;
        spanlog_ahead_search(ahead, ret, line);
    }
    if (ret->quotes == quotes)
        ahead->stop = ret->stop;
}

#endif
