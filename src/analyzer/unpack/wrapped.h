/* analyzer/unpack/wrapped.h: logs of container runtimes, in which one record may take several
 * lines.
 *
 *     {"log":"half a ","stream":"stdout","time":"..."}           docker: no \n at the end of log
 *     2026-11-21T10:30:45.000000000Z stdout P half a             CRI: P, and F for the last
 *
 *     if (spanlog_wrapped_is(head, head_size)) ...
 *     char *cut = spanlog_wrapped_cut(begin, end, &is_mixed);
 *     if (is_mixed) rc = spanlog_wrapped_sort(begin, cut);
 *
 * Only the lines are looked at here; what they hold is read in translate/.
 */
#ifndef SPANLOG_ANALYZER_UNPACK_WRAPPED_H
#define SPANLOG_ANALYZER_UNPACK_WRAPPED_H

#include <stdbool.h>
#include <stddef.h>

#define SPANLOG_WRAPPED_HEAD_SIZE 128

/* Whether a log that begins so is of that kind; its first bytes are enough. */
bool spanlog_wrapped_is(const char *head, size_t size);
/* The same from whole lines: other collectors write {"log": without any \n at its end, and there
 * each line is a record. 1, 0, or -1: more lines are needed. */
int spanlog_wrapped_check(const char *begin, const char *end);
/* Behind the last newline at which no record is open, or NULL. *ret_is_mixed: lines of stdout and
 * stderr stand between the parts of a record. */
char *spanlog_wrapped_cut(char *begin, char *end, bool *ret_is_mixed);
/* Moves the parts of each record together. 0 or -ENOMEM. */
int spanlog_wrapped_sort(char *begin, const char *end);
/* The newline that ends the record whose first line begins at `line`. */
const char *spanlog_wrapped_end(const char *line, const char *chunk_end);

#endif
