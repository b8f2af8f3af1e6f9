/* cli/from.h: --from loki:URL: a Loki is asked for the lines that files would hold.
 *
 *     int rc = spanlog_from_open(&sources, &issues, &options);
 *
 * The lines go into a temporary file, which is then read as any other.
 */
#ifndef SPANLOG_CLI_FROM_H
#define SPANLOG_CLI_FROM_H

#include "src/analyzer/input/sources.h"
#include "src/cli/options.h"

/* 0, or -errno, which was said. What could not be had beside what was had is among the issues. */
int spanlog_from_open(struct spanlog_sources *sources, struct spanlog_issues *issues,
                      const struct spanlog_options *options);

#endif
