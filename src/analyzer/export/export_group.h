/* analyzer/export/export_group.h: lines in the order of their traces, by way of temporary files.
 *
 *     struct spanlog_groups groups;
 *     spanlog_groups_open(&groups, jobs, bytes_of_input);
 *     spanlog_groups_add(&groups, job, &key, line, size);          job by job
 *     spanlog_groups_each(&groups, one_trace, argument);           then all of them
 *     spanlog_groups_close(&groups);
 *
 * The files lie in $TMPDIR or /tmp and have no name there: they go when the process goes.
 */
#ifndef SPANLOG_ANALYZER_EXPORT_EXPORT_GROUP_H
#define SPANLOG_ANALYZER_EXPORT_EXPORT_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a line belongs: lines of a trace are sorted by all the rest. */
struct spanlog_group_key {
    uint64_t trace; /* the low half of the id: that of a 64-bit one is the same */
    uint64_t time_ns;
    uint64_t offset;
    uint32_t source;
    uint32_t ordinal;
};

struct spanlog_group_line {
    struct spanlog_group_key key;
    const char *text; /* ended by '\n' and padded as a chunk's lines are */
    uint32_t size;
};

struct spanlog_groups {
    int *files; /* one a part; -1: not yet needed */
    unsigned part_count;
    unsigned job_count;
    struct spanlog_group_buffer *buffers; /* job_count * part_count */
};

/* 0 or -errno, all of them. */
int spanlog_groups_open(struct spanlog_groups *groups, unsigned jobs, uint64_t input_size);
int spanlog_groups_add(struct spanlog_groups *groups, unsigned job,
                       const struct spanlog_group_key *key, const char *text, size_t size);
/* `one` is called for each trace with its lines in order; what it returns, if not 0, ends it. */
int spanlog_groups_each(struct spanlog_groups *groups,
                        int (*one)(void *argument, const struct spanlog_group_line *lines,
                                   uint32_t count),
                        void *argument);
void spanlog_groups_close(struct spanlog_groups *groups);

#endif
