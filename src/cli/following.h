/* cli/following.h: opens the logs that a verb is to follow, and ends it on SIGINT and SIGTERM.
 *
 *     struct spanlog_following following;
 *     if (spanlog_following_open(&following, &options) < 0) return SPANLOG_EXIT_ERROR;
 *     while ((rc = spanlog_following_next(&following, -1, &chunk)) >= 0 &&
 *            rc != SPANLOG_FOLLOW_ENDED) ...
 *     return spanlog_following_close(&following, rc, found_something);
 *
 * What is wrong with the input is said as soon as it is known; which lines were bad, at the end.
 */
#ifndef SPANLOG_CLI_FOLLOWING_H
#define SPANLOG_CLI_FOLLOWING_H

#include "src/analyzer/input/follow.h"
#include "src/cli/input.h"

struct spanlog_following {
    struct spanlog_input input;
    struct spanlog_follow *follow;
    int stop_fd;
};

int spanlog_following_open(struct spanlog_following *following,
                           const struct spanlog_options *options);
/* As spanlog_follow_next. */
int spanlog_following_next(struct spanlog_following *following, int timeout_ms,
                           struct spanlog_chunk *chunk);
/* rc: what the work returned. Returns the exit status; a signal is no failure. */
int spanlog_following_close(struct spanlog_following *following, int rc, bool found);

#endif
