/* analyzer/input/near_end.h: where the last lines of a file begin, as for `tail -n`.
 *
 *     lseek(fd, (off_t)spanlog_near_end(fd, size, 10), SEEK_SET);
 */
#ifndef SPANLOG_ANALYZER_INPUT_NEAR_END_H
#define SPANLOG_ANALYZER_INPUT_NEAR_END_H

#include <stdint.h>

/* Where the last `lines` whole lines begin; what follows the last newline is the beginning of a
 * line that is yet to come. No further back than the longest line for each. */
uint64_t spanlog_near_end(int fd, uint64_t size, uint64_t lines);

#endif
