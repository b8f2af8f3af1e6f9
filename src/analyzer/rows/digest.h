/* analyzer/rows/digest.h: a hash of a whole line, to find lines that are identical.
 *
 *     uint64_t digest = spanlog_digest_finder(0)(line, (size_t)(end - line));
 *
 * What one machine can do quickest, so of different values elsewhere: never written to a file that
 * stays. Not for secrets.
 */
#ifndef SPANLOG_ANALYZER_ROWS_DIGEST_H
#define SPANLOG_ANALYZER_ROWS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t spanlog_digest_fn(const char *line, size_t size);

/* What this machine can do, the fastest first; NULL behind the last. */
spanlog_digest_fn *spanlog_digest_finder(unsigned which);

#endif
