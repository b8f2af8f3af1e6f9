/* spanlog/memory.h: the output `memory:`, for tests of a program's own instrumentation.
 *
 *     setenv("SPANLOG_OUTPUT", "memory:", 1);
 *     ...
 *     spanlog_flush(1000);
 *     char *lines = spanlog_memory_lines();
 *     assert(strstr(lines, "\"msg\":\"order placed\""));
 *     free(lines);
 */
#ifndef SPANLOG_MEMORY_H
#define SPANLOG_MEMORY_H

#include <spanlog/spanlog.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What has been written to `memory:` so far, ended by NUL; free() it. NULL when out of memory.
 * At most 64 MiB are kept; what comes after is dropped and counted in spanlog_stats. */
SPANLOG__API char *spanlog_memory_lines(void);
/* Forgets what has been written. */
SPANLOG__API void spanlog_memory_clear(void);

#ifdef __cplusplus
}
#endif

#endif
