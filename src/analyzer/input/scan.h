/* analyzer/input/scan.h: the part that does input. Hands whole lines, a chunk at a time, to jobs
 * that run in parallel.
 *
 *     static int chunk(void *job, const struct spanlog_chunk *chunk) {
 *         for (const char *line = chunk->begin, *end; line < chunk->end; line = end + 1) {
 *             end = spanlog_record_end(chunk, line);
 *             ... one record, line..end, with '\n' at end ...
 *         }
 *         return 0;
 *     }
 *     struct spanlog_scan scan = {.sources = &sources, .issues = &issues, .job_count = 2,
 *                                 .jobs = {jobs, sizeof *jobs}, .chunk = chunk};
 *     int rc = spanlog_scan_run(&scan);
 *
 * A regular file is cut into pieces that any job may take; a line belongs to the piece in which it
 * begins. Streams are read in order, by whoever comes next; so are archives, documents, of which
 * each value is one line, and logs of containers (see stream.h). Memory: one buffer a job, of a
 * piece and the rest of its last line, which may have 16 MB, in documents document_size_max; a
 * longer line is skipped and noted.
 */
#ifndef SPANLOG_ANALYZER_INPUT_SCAN_H
#define SPANLOG_ANALYZER_INPUT_SCAN_H

#include "formatters/line.h"
#include "src/analyzer/read/json.h"
#include "src/analyzer/base/parallel.h"
#include "src/analyzer/input/sources.h"
#include "src/analyzer/unpack/feed.h"
#include "src/analyzer/unpack/wrapped.h"

/* Stays in a core's own cache from being read until its lines are done. */
#define SPANLOG_PIECE_SIZE (256u << 10)
#define SPANLOG_DOCUMENT_SIZE_MAX (1u << 30)

struct spanlog_chunk {
    const char *begin; /* whole lines, each ended by '\n'; SPANLOG_JSON_PADDING bytes follow */
    const char *end;
    uint64_t offset;      /* of begin in its source */
    uint64_t first_line;  /* number of the first line; 0: unknown (files) */
    uint64_t number;      /* in the order of the input, from 0, without gaps */
    uint32_t source;      /* index into the sources */
    bool unfinished_last; /* the last line has no newline in the source */
    bool is_wrapped;      /* a record may have several lines, which stand together */
};

struct spanlog_scan {
    struct spanlog_sources *sources;
    struct spanlog_issues *issues;
    unsigned job_count;
    size_t piece_size;        /* 0: SPANLOG_PIECE_SIZE */
    size_t document_size_max; /* 0: SPANLOG_DOCUMENT_SIZE_MAX */
    struct spanlog_jobs jobs;

    /* NULL, or whether a file's piece need not be read; for streams, of offset 0, all of it. */
    bool (*skip)(void *skip_argument, uint32_t source, uint64_t offset);
    void *skip_argument;

    /* Called by job i with its element; 0, or -errno, which stops all. Chunks may be empty. */
    int (*chunk)(void *job, const struct spanlog_chunk *chunk);
    /* NULL, or called after `chunk`, one at a time and in the order of the input. */
    int (*commit)(void *job, const struct spanlog_chunk *chunk);
    /* NULL, or called now and then; total is 0 when unknown. */
    void (*progress)(uint64_t done, uint64_t total);
};

int spanlog_scan_run(struct spanlog_scan *scan);

static inline const char *spanlog_line_end(const char *line, const char *chunk_end) {
    return (const char *)memchr(line, '\n', (size_t)(chunk_end - line));
}

/* The newline that ends the record which begins at `line`: its own, or, in the logs of containers,
 * that of its last part. */
static inline const char *spanlog_record_end(const struct spanlog_chunk *chunk, const char *line) {
    return chunk->is_wrapped ? spanlog_wrapped_end(line, chunk->end)
                             : spanlog_line_end(line, chunk->end);
}

/* Lines of blanks only are not worth a word. */
static inline bool spanlog_line_is_blank(const char *line, const char *end) {
    return spanlog_json_blank(line) == end;
}

/* Without the white space around it, which makes no line another one: copies may end in CR LF. */
static inline struct spanlog_text spanlog_line_trimmed(const char *line, const char *end) {
    line = spanlog_json_blank(line);
    while (end > line && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    return (struct spanlog_text){line, (size_t)(end - line)};
}

#endif
