/* analyzer/input/follow.h: the lines that are added to logs, as `tail -F` gives them.
 *
 *     struct spanlog_follow *follow;
 *     struct spanlog_follow_settings settings = {.issues = &issues, .from_end = true, .stop_fd =
 * -1}; int rc = spanlog_follow_open(&follow, paths, path_count, &settings); while ((rc =
 * spanlog_follow_next(follow, -1, &chunk)) >= 0 && rc != SPANLOG_FOLLOW_ENDED) if (rc ==
 * SPANLOG_FOLLOW_LINES) ...          as in a scan; stands until the next call
 *     spanlog_follow_close(follow);
 *
 * The kernel tells what has changed; nothing is polled. A file that is renamed is read to its end,
 * then the one that has taken its name; one that has become shorter is read from its start. Of a
 * directory the files in it and below it are followed, also those that appear later, but not what
 * rotation leaves behind (app.log.1, app.log-20261121, *.gz). Pipes and stdin are read until they
 * end.
 */
#ifndef SPANLOG_ANALYZER_INPUT_FOLLOW_H
#define SPANLOG_ANALYZER_INPUT_FOLLOW_H

#include "src/analyzer/input/scan.h"

enum {
    SPANLOG_FOLLOW_NOTHING = 0, /* within the timeout, or until a signal */
    SPANLOG_FOLLOW_LINES = 1,
    SPANLOG_FOLLOW_ENDED = 2, /* all pipes have, and there are no files; or stop_fd is readable */
};

struct spanlog_follow_settings {
    struct spanlog_issues *issues;
    bool from_end;       /* what is in files at the start is left out, */
    uint64_t last_lines; /* but for this many lines of each */
    int stop_fd; /* -1, or what ends it, once it is readable: for signal handlers to write to */
    size_t piece_size; /* 0: SPANLOG_PIECE_SIZE */
};

struct spanlog_follow;

/* No path: stdin. 0 or -errno; what cannot be read is noted. A file may be missing as yet. */
int spanlog_follow_open(struct spanlog_follow **ret, const char *const *paths, size_t path_count,
                        const struct spanlog_follow_settings *settings);
/* One of the above, or -errno. timeout_ms: -1 waits for ever. */
int spanlog_follow_next(struct spanlog_follow *follow, int timeout_ms, struct spanlog_chunk *chunk);
/* Of chunk->source; NULL behind the last of them. */
const char *spanlog_follow_path(const struct spanlog_follow *follow, uint32_t source);
void spanlog_follow_close(struct spanlog_follow *follow);

#endif
