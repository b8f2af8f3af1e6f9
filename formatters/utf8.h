/* formatters/utf8.h: is this text UTF-8, and what is the next character?
 *
 *     if (!spanlog_utf8_valid(text, size)) ...
 *     int n = spanlog_utf8_next(text, text_end, &code_point);
 *         n > 0: a character of n bytes; n < 0: -n bytes to replace by U+FFFD
 *
 * Valid is what Unicode's table 3-7 allows: no surrogates, no overlong forms, nothing above
 * U+10FFFF. A broken sequence is measured as Unicode recommends (maximal subpart), which is also
 * what Python's decode("utf-8", "replace") does.
 */
#ifndef SPANLOG_FORMATTERS_UTF8_H
#define SPANLOG_FORMATTERS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool spanlog_utf8_valid(const char *text, size_t size);

/* The character at text, which is before end. */
int spanlog_utf8_next(const char *text, const char *end, uint32_t *ret_code_point);

/* The size without a last character that was cut off in its middle. Broken bytes stay. */
size_t spanlog_utf8_trim(const char *text, size_t size);

/* One code point as UTF-8; at most 4 bytes. Surrogates and what is above U+10FFFF give U+FFFD. */
char *spanlog_utf8_put(char *out, uint32_t code_point);

#endif
