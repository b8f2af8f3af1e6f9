/* analyzer/input/sources.h: the files that the arguments of a command stand for.
 *
 *     struct spanlog_sources sources;
 *     int rc = spanlog_sources_open(&sources, paths, path_count, &issues);
 *     ... sources.list[i].path ...
 *     spanlog_sources_free(&sources);
 *
 * A directory stands for the regular files in it and below it, sorted, of rotated logs the oldest
 * first; hidden files and the *.spx beside journals are left out, and links to directories are not
 * followed. "-" and no argument stand for stdin. What is named twice is read once.
 */
#ifndef SPANLOG_ANALYZER_INPUT_SOURCES_H
#define SPANLOG_ANALYZER_INPUT_SOURCES_H

#include <sys/types.h>

#include "src/analyzer/input/issues.h"

struct spanlog_source {
    char *path; /* as people know it: "shop.jsonl", "(stdin)" */
    bool is_stdin;
    bool is_open; /* it has no path that could be opened, but this: */
    int fd;
    bool is_stream;  /* to be read in order */
    bool is_regular; /* a file whose size, time, device and inode are known */
    bool is_file;    /* also one that claims to be empty */
    bool is_archive; /* offsets are of what is in it */
    uint64_t size;   /* as seen at the start; what is appended later is not read */
    uint64_t begin;  /* where stdin stood, if it is a file */
    uint64_t modified_ns;
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
/* One more: a file that is open already, of lines that were had elsewhere. Takes fd. `name`: for
 * people. 0 or -ENOMEM. */
int spanlog_sources_add_open(struct spanlog_sources *sources, int fd, const char *name,
                             struct spanlog_issues *issues);
/* Drops the plain files that were last written more than an hour before since_ns: nothing in them
 * is newer. until_ns drops none: when a file was begun is not known. Returns how many were dropped.
 * To be called before anything is read. */
int spanlog_sources_prune(struct spanlog_sources *sources, uint64_t since_ns, uint64_t until_ns);
/* A descriptor, or -errno. A file that was renamed since is looked for in its directory (-ESTALE:
 * it is not there any more). */
int spanlog_source_open(const struct spanlog_source *source);
/* The line, counted from 1, of the byte at offset; 0 when it cannot be counted. */
uint64_t spanlog_source_line(const struct spanlog_source *source, uint64_t offset);
/* Whether all of it can be read a second time: files, no pipes. */
bool spanlog_sources_are_files(const struct spanlog_sources *sources);
void spanlog_sources_free(struct spanlog_sources *sources);

#endif
