/* sampling/text.h: what the texts of sampling settings have in common: patterns and numbers. Pure.
 *
 *     sampling_matches("GET /orders*", 12, "GET /orders/7", 13)     true
 */
#ifndef SPANLOG_SAMPLING_TEXT_H
#define SPANLOG_SAMPLING_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of a text that somebody else owns. */
struct sampling_text {
    const char *data; /* NULL: there is none */
    size_t size;
};

/* Whether the whole text is as the pattern says: `*` any number of characters, `?` one. In time
 * pattern x text at most. */
bool sampling_matches(const char *pattern, size_t pattern_size, const char *text, size_t text_size);

/* Without the white space around it. */
struct sampling_text sampling_trim(const char *data, size_t size);
/* The part before the next `separator` in *rest, trimmed; *rest becomes what is behind it, its data
 * NULL at the end. */
struct sampling_text sampling_next(struct sampling_text *rest, char separator);
bool sampling_is(struct sampling_text text, const char *word);

/* "0.1", "10%", "1e-3", whatever the locale. False: it is no number. */
bool sampling_number(struct sampling_text text, double *ret_number);
/* "100/s": at least 1, at most a million. */
bool sampling_per_second(struct sampling_text text, uint32_t *ret_count);
/* "250ms", "1.5s", "800us", "3m": in ns, at most a day. */
bool sampling_duration(struct sampling_text text, uint64_t *ret_ns);

#endif
