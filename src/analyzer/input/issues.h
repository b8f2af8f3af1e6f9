/* analyzer/input/issues.h: what was wrong with the input: counted, with the first place of each
 * kind.
 *
 *     spanlog_issues_bad_line(issues, chunk, line, "not a JSON object", false);
 *     spanlog_issues_unreadable(issues, "shop.jsonl", ENOENT);
 *     spanlog_issues_note(issues, "shop.gz", true, "gz: truncated at byte 4711, read up to there");
 *
 * The analyzer prints nothing itself: the command line tool does, from here. Any thread may add.
 */
#ifndef SPANLOG_ANALYZER_INPUT_ISSUES_H
#define SPANLOG_ANALYZER_INPUT_ISSUES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spanlog_unreadable {
    char *path;
    int error; /* errno */
};

/* Something else that is to be said of a file. */
struct spanlog_note {
    char *path;
    char *text;
    bool is_error; /* not all of it could be read */
};

/* Of one source; index as in struct spanlog_chunk. */
struct spanlog_source_issues {
    uint64_t lines_good;
    uint64_t lines_bad;
    uint64_t first_offset; /* of the first bad line */
    uint64_t first_line;   /* 0: unknown, count from the offset */
    const char *first_reason;
    uint64_t lines_partly; /* of the bad ones: what else is in them was taken */
    uint64_t lines_long;   /* of the bad ones: longer than can be read */
    uint64_t first_long_offset, first_long_line;
    bool truncated; /* the last line had no newline and was no whole object */
};

struct spanlog_issues {
    pthread_mutex_t lock;
    struct spanlog_unreadable *unreadable;
    size_t unreadable_count;
    struct spanlog_note *notes;
    size_t note_count;
    struct spanlog_source_issues *sources;
    size_t source_count;
};

#define SPANLOG_ISSUES_EMPTY                                                                       \
    { .lock = PTHREAD_MUTEX_INITIALIZER }

struct spanlog_chunk;

/* 0 or -ENOMEM. */
int spanlog_issues_sources(struct spanlog_issues *issues, size_t count);
/* One more source, when files appear while others are read already. 0 or -1. */
int spanlog_issues_add_source(struct spanlog_issues *issues);
void spanlog_issues_unreadable(struct spanlog_issues *issues, const char *path, int error);
void spanlog_issues_note(struct spanlog_issues *issues, const char *path, bool is_error,
                         const char *text);
/* `line` points into the chunk. is_partly: it holds several records, and the others were taken. */
void spanlog_issues_bad_line(struct spanlog_issues *issues, const struct spanlog_chunk *chunk,
                             const char *line, const char *reason, bool is_partly);
void spanlog_issues_good_lines(struct spanlog_issues *issues, const struct spanlog_chunk *chunk,
                               uint64_t count);
void spanlog_issues_free(struct spanlog_issues *issues);

#endif
