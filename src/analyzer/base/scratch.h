/* analyzer/base/scratch.h: a file for what memory has no room for.
 *
 *     int fd = spanlog_scratch_open();        -errno: see spanlog_scratch_folder()
 *
 * In $TMPDIR or /tmp. It has no name as soon as it is open: it goes when the process does.
 */
#ifndef SPANLOG_ANALYZER_BASE_SCRATCH_H
#define SPANLOG_ANALYZER_BASE_SCRATCH_H

const char *spanlog_scratch_folder(void);
/* To be read and written; or -errno. */
int spanlog_scratch_open(void);

#endif
