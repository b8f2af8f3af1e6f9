/* formatters/escape.h: any bytes as the inside of a quoted string.
 *
 *     char *p = spanlog_escape(out, end, "say \"hi\"\n", 9);    say \"hi\"\u000a
 *
 * What comes out is valid UTF-8 on one line, safe between quotes in JSON and logfmt: `"` and `\`
 * get a backslash; control characters, DEL, C1, U+2028 and U+2029 become \u00xx; what is no UTF-8
 * becomes U+FFFD. 16 bytes at a time while nothing needs care.
 */
#ifndef SPANLOG_FORMATTERS_ESCAPE_H
#define SPANLOG_FORMATTERS_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns the byte after the last, or NULL when it does not fit; never writes at or past end, and
 * may scribble between its result and end. */
char *spanlog_escape(char *out, char *end, const char *text, size_t size);

/* The same, and characters that reorder or hide text on a terminal (bidi controls, U+200B, U+FEFF)
 * become \u escapes as well. */
char *spanlog_escape_visible(char *out, char *end, const char *text, size_t size);

/* Text that was cut from original_size bytes, or that has to be cut here to fit before end: then it
 * ends in a mark, `aaaa…[truncated, 1048576 bytes]`. original_size 0: the text is whole. NULL when
 * not even the mark fits. visible: as spanlog_escape_visible. */
char *spanlog_escape_cut(char *out, char *end, const char *text, size_t size,
                         uint64_t original_size, bool visible);
#define SPANLOG_CUT_MARK_MAX 48

/* Whether spanlog_escape_visible would copy text as it is and nothing in it is a space or '=': then
 * it may stand without quotes. Not for empty text. */
bool spanlog_is_bare(const char *text, size_t size);

/* The same with single spaces between words allowed: a message for people. */
bool spanlog_is_sentence(const char *text, size_t size);

#endif
