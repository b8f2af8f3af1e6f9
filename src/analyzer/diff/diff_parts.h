/* analyzer/diff/diff_parts.h: what the files of diff.h have in common. For these only. */
#ifndef SPANLOG_ANALYZER_DIFF_DIFF_PARTS_H
#define SPANLOG_ANALYZER_DIFF_DIFF_PARTS_H

#include "src/analyzer/diff/diff.h"

/* Letters in front of the names of operations and items. */
#define SPANLOG_DIFF_IS_OPERATION 'o'
#define SPANLOG_DIFF_IS_EDGE 'e'
#define SPANLOG_DIFF_IS_ATTRIBUTE 'a'
#define SPANLOG_DIFF_IS_LOG 'l'

/* Counts attributes and log texts of these traces (both sides) in the input's lines. */
int spanlog_diff_lines(struct spanlog_diff *diff, struct spanlog_sources *sources,
                       const struct spanlog_diff_traces traces[2]);

/* `list` has room for at least number + 1 items of that size, new ones zero. */
bool spanlog_diff_room(void *list, uint32_t *room, uint32_t number, size_t size);

#endif
