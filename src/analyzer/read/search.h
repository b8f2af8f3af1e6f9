/* analyzer/read/search.h: finds an id's digits, or a word, in many lines at memory speed.
 *
 *     const char *at = spanlog_search(chunk->begin, chunk->end, "4bf92f35", 8);
 *
 * Both cases count as one. A few characters that differ by the same bit are taken for each other,
 * such as [ and {: who minds looks again. Reads up to SPANLOG_JSON_PADDING bytes behind the end.
 */
#ifndef SPANLOG_ANALYZER_READ_SEARCH_H
#define SPANLOG_ANALYZER_READ_SEARCH_H

#include <stddef.h>

/* Where p..end has the needle in either case; the needle in lower case. NULL: nowhere. */
const char *spanlog_search(const char *p, const char *end, const char *needle, size_t needle_size);

#endif
