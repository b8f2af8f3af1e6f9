/* analyzer/rows/spill.h: a job's rows in a temporary file, when there are more than memory may
 * hold.
 *
 *     if (job->row_arena.held > job->rows_most) rc = spanlog_spill(job);
 *     ... afterwards, one part at a time:
 *     struct spanlog_job_part part;
 *     rc = spanlog_spill_load(job, number, &arena, &part);      all rows, in the order they came
 *
 * Each job has a file of its own, in $TMPDIR or /tmp, which has no name as soon as it is open: it
 * goes when the process does. The traces themselves (table.h) stay in memory, about 100 bytes each.
 *
 * The file: segments, one after the other, each of one part:
 *
 *     offset  size  what
 *     0       8     where the part's segment before this one is, plus 1; 0: there is none
 *     8       32    how many bytes of each kind of rows follow (SPANLOG_ROW_KINDS times 8)
 *     48      32    how many rows these are
 *     88      ...   the rows, kind by kind
 */
#ifndef SPANLOG_ANALYZER_ROWS_SPILL_H
#define SPANLOG_ANALYZER_ROWS_SPILL_H

#include "src/analyzer/rows/collect_job.h"

/* Writes all rows of the job and forgets them. 0 or -errno, which is job->spill_error then. */
int spanlog_spill(struct spanlog_job *job);
/* Notes which folder it was, and what to do about it. */
void spanlog_spill_say(struct spanlog_issues *issues, int error);

/* Rows come from the file into the arena; those still in memory are behind them. 0 or -errno. */
int spanlog_spill_load(const struct spanlog_job *job, unsigned number, struct spanlog_arena *arena,
                       struct spanlog_job_part *ret);

void spanlog_spill_close(struct spanlog_job *job);

/* Half of what the machine, or the container, has to give. */
uint64_t spanlog_spill_usual_limit(void);

#endif
