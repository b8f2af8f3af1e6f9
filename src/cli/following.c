/* cli/following.c: see following.h. */
#include "src/cli/following.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cli/verbs.h"

static int signal_fd = -1;
static volatile sig_atomic_t was_stopped;

static void stop(int number) {
    int saved = errno;
    uint64_t one = 1;
    (void)number;
    was_stopped = 1;
    ssize_t wrote = write(signal_fd, &one, sizeof one);
    (void)wrote; /* it can only be full, and then it is readable */
    errno = saved;
}

/* The first signal ends it cleanly; a second one, should that take too long, at once. */
static int catch_signals(void) {
    struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
    signal_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (signal_fd < 0)
        return -errno;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return signal_fd;
}

/* A log may begin later; but a name may also be wrong. */
static void say_missing(const struct spanlog_options *options) {
    struct stat st;
    for (size_t i = 0; i < options->path_count; i++) {
        if (strcmp(options->paths[i], "-") == 0 || stat(options->paths[i], &st) == 0 ||
            errno != ENOENT)
            continue;
        fprintf(stderr, "spanlog: ");
        spanlog_say_visible(options->paths[i]);
        fprintf(stderr, ": not there yet, waiting for it\n");
    }
}

int spanlog_following_open(struct spanlog_following *following,
                           const struct spanlog_options *options) {
    *following = (struct spanlog_following){.input = {.issues = SPANLOG_ISSUES_EMPTY}};
    following->stop_fd = catch_signals();
    struct spanlog_follow_settings settings = {.issues = &following->input.issues,
                                               .from_end = !options->from_start,
                                               .last_lines = options->lines,
                                               .stop_fd = following->stop_fd};
    int rc = following->stop_fd < 0 ? following->stop_fd
                                    : spanlog_follow_open(&following->follow, options->paths,
                                                          options->path_count, &settings);
    if (rc < 0)
        fprintf(stderr, "spanlog: %s\n", strerror(-rc));
    else
        say_missing(options);
    return rc;
}

int spanlog_following_next(struct spanlog_following *following, int timeout_ms,
                           struct spanlog_chunk *chunk) {
    spanlog_input_say_news(&following->input);
    return spanlog_follow_next(following->follow, timeout_ms, chunk);
}

/* So that what was wrong can be said of names. Their lines have no numbers: files come and go. */
static void name_sources(struct spanlog_following *following) {
    struct spanlog_sources *sources = &following->input.sources;
    size_t count = following->input.issues.source_count;
    sources->list = calloc(count + 1, sizeof *sources->list);
    for (; sources->list && sources->count < count; sources->count++) {
        const char *path = spanlog_follow_path(following->follow, (uint32_t)sources->count);
        char *copy = strdup(path ? path : "");
        if (!copy)
            break;
        sources->list[sources->count].path = copy;
    }
    following->input.issues.source_count = sources->count;
}

int spanlog_following_close(struct spanlog_following *following, int rc, bool found) {
    name_sources(following);
    spanlog_follow_close(following->follow);
    if (following->stop_fd >= 0)
        close(following->stop_fd);
    return spanlog_input_close(&following->input, rc, found || was_stopped);
}
