/* analyzer/sources.h: the files that the arguments of a command stand for.
 *
 *     struct spanlog_sources sources;
 *     int rc = spanlog_sources_open(&sources, paths, path_count, &issues);
 *     ... sources.list[i].path ...
 *     spanlog_sources_free(&sources);
 *
 * A directory stands for the regular files in it, sorted; "-" and no argument for stdin.
 */
#ifndef SPANLOG_ANALYZER_SOURCES_H
#define SPANLOG_ANALYZER_SOURCES_H

#include <sys/types.h>

#include "src/analyzer/issues.h"

struct spanlog_source {
    char *path; /* as people know it: "shop.jsonl", "(stdin)" */
    bool is_stdin;
    bool is_stream; /* to be read in order; size is unknown */
    uint64_t size;  /* as seen at the start; what is appended later is not read */
    uint64_t begin; /* where stdin stood, if it is a file */
    dev_t device;
    ino_t inode;
};

struct spanlog_sources {
    struct spanlog_source *list;
    size_t count;
    size_t room;
};

/* 0, or -ENOMEM. What cannot be read is left out and noted. */
int spanlog_sources_open(struct spanlog_sources *sources, const char *const *paths,
                         size_t path_count, struct spanlog_issues *issues);
/* A descriptor, or -errno (-ESTALE: the file was replaced since). */
int spanlog_source_open(const struct spanlog_source *source);
/* The line, counted from 1, of the byte at offset; 0 when it cannot be counted. */
uint64_t spanlog_source_line(const struct spanlog_source *source, uint64_t offset);
void spanlog_sources_free(struct spanlog_sources *sources);

#endif
