/* formatters/json.h: JSON (RFC 8259) made elsewhere: is it valid, and what does a string say?
 *
 *     if (spanlog_json_valid(text, size)) ...                one value, spaces around it allowed
 *     size = spanlog_json_unescape("a\\u00e9", 7, out);      "aé", without the quotes
 *
 * Nothing here recurses or allocates: the nesting is kept in a bit set of fixed size.
 */
#ifndef SPANLOG_FORMATTERS_JSON_H
#define SPANLOG_FORMATTERS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Deeper values are refused, though the grammar knows no limit: what is written must be readable by
 * others, and jq 1.6 stops at 256. A record adds one level. */
#define SPANLOG_JSON_DEPTH_MAX 200

/* One JSON value and nothing else: strict grammar, valid UTF-8, no half of a surrogate pair. */
bool spanlog_json_valid(const char *text, size_t size);

/* The value of a string whose quotes are already taken off, into out, which has room for size
 * bytes. The size of the result, or -EINVAL for a bad escape or a bare quote. Raw bytes pass as
 * they are; half of a surrogate pair becomes U+FFFD. out may be text itself. */
ssize_t spanlog_json_unescape(const char *text, size_t size, char *out);

/* Copies a value that spanlog_json_valid accepted so that it stays on one line: white space between
 * tokens is taken out where it holds line breaks or tabs, and DEL, C1 and U+2028/9 in strings
 * become escapes. The end, or NULL when it does not fit before end. */
char *spanlog_json_copy(char *out, char *end, const char *text, size_t size);

#endif
