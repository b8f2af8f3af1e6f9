/* analyzer/input/rotated.h: the names of rotated logs, oldest first.
 *
 *     app.log.3.gz  app.log.2.gz  app.log.1  app.log              numbers count backwards
 *     app-20261120.log  app-20261121.log.gz  app.log              dates do not
 *     app.2026-11-20.jsonl  app.2026-11-21.1.jsonl  app.jsonl
 *     9.log  10.log                                               numbers in names are numbers
 *
 *     if (spanlog_rotated_compare("app.log.1", "app.log") < 0) ...
 */
#ifndef SPANLOG_ANALYZER_INPUT_ROTATED_H
#define SPANLOG_ANALYZER_INPUT_ROTATED_H

#include <dirent.h>
#include <stdbool.h>

/* As strcmp: a total order of file names, in which the files of a set stand together. */
int spanlog_rotated_compare(const char *a, const char *b);
/* The same for scandir. */
int spanlog_rotated_by_age(const struct dirent **a, const struct dirent **b);
/* Whether rotation has left this behind: app.log.1, app.log-20261121, app.log.gz; not
 * app-20261121.log, which may be the live one. */
bool spanlog_rotated_is_old(const char *name);
/* Whether rotation has made it of the log of that name, and left it uncompressed. */
bool spanlog_rotated_is_of(const char *name, const char *live);

#endif
