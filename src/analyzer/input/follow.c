/* analyzer/input/follow.c: see follow.h. Directories are watched, never files: a watch of a
 * directory tells of writes, renames and new files alike. What is followed has a place in one list;
 * a place is looked at when it is marked, and its mark goes when there is nothing more to read. */
#include "src/analyzer/input/follow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/analyzer/input/near_end.h"
#include "src/analyzer/input/rotated.h"
#include "src/analyzer/input/stream.h"

#define DEPTH_MAX 32 /* of directories */
#define WATCHED                                                                                    \
    (IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR)

struct followed {
    char *path;
    const char *name; /* the last part of it */
    int watch;        /* of its directory; -1: a pipe */
    int fd;           /* of a pipe; the stream owns it */
    bool is_marked;
    bool has_ended; /* a pipe */
    struct spanlog_stream now;
    struct spanlog_stream old; /* renamed, but perhaps still written to */
    struct stat st;            /* of now */
    uint64_t begin;            /* where reading began */
};

struct directory {
    char *path;
    int watch;
    unsigned depth;
    bool takes_all; /* not only files that were named */
};

struct spanlog_follow {
    struct spanlog_follow_settings settings;
    int inotify;
    bool is_open; /* what is found from now on is new, and read from its start */
    struct followed *files;
    size_t file_count;
    struct directory *directories;
    size_t directory_count;
    struct spanlog_buffer buffer;
    uint64_t number;
    size_t turn; /* a busy file must not keep the others waiting */
};

static int add_directory(struct spanlog_follow *follow, const char *path, unsigned depth,
                         bool takes_all);

/* ---- one file ----------------------------------------------------------------------------- */

/* Opens what now has the name; a file that is missing may come later. */
static int open_now(struct spanlog_follow *follow, struct followed *file) {
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &file->st) < 0) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        if (error != ENOENT)
            spanlog_issues_unreadable(follow->settings.issues, file->path, error);
        return 0;
    }
    file->begin =
        follow->settings.from_end && !follow->is_open
            ? spanlog_near_end(fd, (uint64_t)file->st.st_size, follow->settings.last_lines)
            : 0;
    lseek(fd, (off_t)file->begin, SEEK_SET);
    file->now.issues = follow->settings.issues;
    file->now.is_followed = true;
    int rc = spanlog_stream_open_fd(&file->now, fd, file->path, UINT64_MAX);
    file->now.offset = file->begin;
    file->now.counts_lines = file->begin == 0;
    return rc;
}

static bool has_other_file(const struct followed *file) {
    struct stat st;
    return stat(file->path, &st) == 0 && S_ISREG(st.st_mode) &&
           (!file->now.feed || st.st_ino != file->st.st_ino || st.st_dev != file->st.st_dev);
}

static bool is_shorter(const struct followed *file) {
    struct stat st;
    return file->now.feed && fstat(file->now.feed->fd, &st) == 0 && S_ISREG(st.st_mode) &&
           (uint64_t)st.st_size < file->begin + file->now.feed->raw_done;
}

static int read_stream(struct spanlog_follow *follow, struct spanlog_stream *stream,
                       struct spanlog_chunk *chunk, bool *ret_more) {
    size_t piece = follow->settings.piece_size ? follow->settings.piece_size : SPANLOG_PIECE_SIZE;
    int rc = spanlog_stream_read(stream, &follow->buffer, piece, chunk, ret_more);
    return rc < 0 ? rc : chunk->end > chunk->begin;
}

/* 1 with lines, 0 at its present end, or -errno. */
static int read_to_end(struct spanlog_follow *follow, struct spanlog_stream *stream,
                       struct spanlog_chunk *chunk) {
    bool more = stream->feed != NULL;
    int rc = 0;
    while (rc == 0 && more)
        rc = read_stream(follow, stream, chunk, &more);
    return rc;
}

/* It is not followed any more: a line without end is its last. */
static int finish(struct spanlog_follow *follow, struct spanlog_stream *stream,
                  struct spanlog_chunk *chunk) {
    stream->is_followed = false;
    int rc = read_to_end(follow, stream, chunk);
    if (rc <= 0)
        spanlog_stream_free(stream);
    return rc;
}

/* 1 with lines, 0 when there is nothing more at present, or -errno. */
static int read_file(struct spanlog_follow *follow, struct followed *file,
                     struct spanlog_chunk *chunk) {
    for (;;) {
        int rc = read_to_end(follow, &file->old, chunk);
        if (rc == 0)
            rc = read_to_end(follow, &file->now, chunk);
        if (rc != 0)
            return rc;
        bool shorter = is_shorter(file);
        if (!shorter && !has_other_file(file))
            return 0;
        /* Lines may have come between reading and looking. */
        rc = shorter ? 0 : read_to_end(follow, &file->now, chunk);
        if (rc == 0 && !shorter)
            rc = finish(follow, &file->old, chunk);
        if (rc != 0)
            return rc;
        if (shorter) {
            spanlog_stream_free(&file->now);
        } else {
            file->old = file->now;
            file->now = (struct spanlog_stream){0};
        }
        rc = open_now(follow, file);
        if (rc < 0 || !file->now.feed)
            return rc;
    }
}

/* 1 with lines, 0 when there are none at present, or -errno. */
static int read_pipe(struct spanlog_follow *follow, struct followed *file,
                     struct spanlog_chunk *chunk) {
    bool more = true;
    while (more && spanlog_feed_is_ready(file->now.feed)) {
        int rc = read_stream(follow, &file->now, chunk, &more);
        if (rc == -EAGAIN)
            return 0;
        if (rc < 0)
            spanlog_issues_unreadable(follow->settings.issues, file->path, -rc);
        if (rc > 0)
            return rc;
        more = more && rc == 0;
    }
    if (more)
        return 0;
    int rc = finish(follow, &file->now, chunk);
    file->has_ended = rc <= 0;
    return rc == -ENOMEM ? rc : rc > 0;
}

/* ---- the list ----------------------------------------------------------------------------- */

static struct followed *add_place(struct spanlog_follow *follow, const char *path) {
    struct followed *grown =
        realloc(follow->files, (follow->file_count + 1) * sizeof *follow->files);
    if (!grown)
        return NULL;
    follow->files = grown;
    struct followed *file = &grown[follow->file_count];
    *file = (struct followed){.path = strdup(path), .watch = -1, .fd = -1, .is_marked = true};
    if (!file->path || spanlog_issues_add_source(follow->settings.issues) < 0) {
        free(file->path);
        return NULL;
    }
    const char *slash = strrchr(file->path, '/');
    file->name = slash ? slash + 1 : file->path;
    follow->file_count++;
    return file;
}

static int add_pipe(struct spanlog_follow *follow, const char *path, int fd) {
    struct followed *file = fd < 0 ? NULL : add_place(follow, path);
    if (fd < 0) {
        spanlog_issues_unreadable(follow->settings.issues, path, errno);
        return 0;
    }
    if (!file) {
        close(fd);
        return -ENOMEM;
    }
    file->fd = fd;
    file->now.issues = follow->settings.issues;
    file->now.is_followed = true;
    return spanlog_stream_open_fd(&file->now, fd, file->path, UINT64_MAX);
}

static int add_file(struct spanlog_follow *follow, const char *path, int watch) {
    struct followed *file = add_place(follow, path);
    if (!file)
        return -ENOMEM;
    file->watch = watch;
    return open_now(follow, file);
}

/* A file that was renamed is known by its inode. */
static bool is_known(const struct spanlog_follow *follow, const char *path, const struct stat *st) {
    for (size_t i = 0; i < follow->file_count; i++) {
        const struct followed *file = &follow->files[i];
        if (strcmp(file->path, path) == 0 ||
            (file->now.feed && file->st.st_ino == st->st_ino && file->st.st_dev == st->st_dev))
            return true;
    }
    return false;
}

/* What is in a directory of which all is taken. */
static int add_found(struct spanlog_follow *follow, const struct directory *in, const char *name) {
    char path[4096];
    struct stat st;
    int watch = in->watch;
    if (name[0] == '.' || spanlog_rotated_is_old(name) ||
        snprintf(path, sizeof path, "%s/%s", in->path, name) >= (int)sizeof path ||
        lstat(path, &st) < 0)
        return 0;
    const char *point = strrchr(name, '.');
    if (point && strcmp(point, ".spx") == 0)
        return 0;
    if (S_ISDIR(st.st_mode))
        return add_directory(follow, path, in->depth + 1, true);
    if (S_ISLNK(st.st_mode) && stat(path, &st) < 0)
        return 0;
    return S_ISREG(st.st_mode) && !is_known(follow, path, &st) ? add_file(follow, path, watch) : 0;
}

static int add_all_in(struct spanlog_follow *follow, size_t index) {
    struct dirent **entries;
    /* The list may move while entries are added. */
    struct directory in = follow->directories[index];
    int count = scandir(in.path, &entries, NULL, spanlog_rotated_by_age), rc = 0;
    for (int i = 0; i < count; i++) {
        if (rc == 0)
            rc = add_found(follow, &in, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return rc;
}

/* The watch comes first: what appears while the directory is listed is told of. */
static int add_directory(struct spanlog_follow *follow, const char *path, unsigned depth,
                         bool takes_all) {
    int watch = depth > DEPTH_MAX ? -1 : inotify_add_watch(follow->inotify, path, WATCHED);
    if (watch < 0) {
        spanlog_issues_unreadable(follow->settings.issues, path, depth > DEPTH_MAX ? ELOOP : errno);
        return 0;
    }
    size_t index = 0;
    while (index < follow->directory_count && follow->directories[index].watch != watch)
        index++;
    if (index == follow->directory_count) {
        struct directory *grown =
            realloc(follow->directories, (index + 1) * sizeof *follow->directories);
        char *copy = strdup(path);
        if (grown)
            follow->directories = grown;
        if (!grown || !copy) {
            free(copy);
            return -ENOMEM;
        }
        grown[index] = (struct directory){.path = copy, .watch = watch, .depth = depth};
        follow->directory_count++;
    }
    bool is_new = takes_all && !follow->directories[index].takes_all;
    follow->directories[index].takes_all |= takes_all;
    return is_new ? add_all_in(follow, index) : 0;
}

static int add_path(struct spanlog_follow *follow, const char *path) {
    struct stat st;
    if (strcmp(path, "-") == 0)
        return add_pipe(follow, "(stdin)", fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    bool exists = stat(path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode))
        return add_directory(follow, path, 0, true);
    if (exists && !S_ISREG(st.st_mode))
        return add_pipe(follow, path, open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    const char *slash = strrchr(path, '/');
    char *parent = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    int watch = parent ? inotify_add_watch(follow->inotify, parent, WATCHED) : -1;
    if (parent && watch < 0)
        spanlog_issues_unreadable(follow->settings.issues, path, errno);
    int rc = !parent ? -ENOMEM : watch < 0 ? 0 : add_directory(follow, parent, 0, false);
    free(parent);
    return rc == 0 && watch >= 0 ? add_file(follow, path, watch) : rc;
}

/* ---- what has changed --------------------------------------------------------------------- */

/* Marks what has this name, or, when nothing has, what was renamed: it may be that. */
static void mark(struct spanlog_follow *follow, int watch, const char *name) {
    bool found = false;
    for (size_t i = 0; i < follow->file_count; i++) {
        struct followed *file = &follow->files[i];
        if (file->watch == watch && strcmp(file->name, name) == 0)
            found = file->is_marked = true;
    }
    for (size_t i = 0; !found && i < follow->file_count; i++)
        if (follow->files[i].watch == watch)
            follow->files[i].is_marked = true;
}

static int note_event(struct spanlog_follow *follow, const struct inotify_event *event) {
    int rc = 0;
    if (event->mask & IN_Q_OVERFLOW) { /* some were lost: look everywhere */
        for (size_t i = 0; i < follow->file_count; i++)
            follow->files[i].is_marked = true;
        for (size_t i = 0; rc == 0 && i < follow->directory_count; i++)
            if (follow->directories[i].takes_all)
                rc = add_all_in(follow, i);
        return rc;
    }
    if (event->len == 0)
        return 0;
    mark(follow, event->wd, event->name);
    for (size_t i = 0; rc == 0 && i < follow->directory_count; i++) {
        struct directory in = follow->directories[i];
        if (in.watch == event->wd && in.takes_all && (event->mask & (IN_CREATE | IN_MOVED_TO)))
            rc = add_found(follow, &in, event->name);
    }
    return rc;
}

static int read_events(struct spanlog_follow *follow) {
    char events[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t got;
    int rc = 0;
    while (rc == 0 && (got = read(follow->inotify, events, sizeof events)) > 0)
        for (char *p = events; rc == 0 && p < events + got;) {
            const struct inotify_event *event = (const struct inotify_event *)(void *)p;
            rc = note_event(follow, event);
            p += sizeof *event + event->len;
        }
    return rc;
}

/* 1 with lines of the next marked file that has some, 0 when none has, or -errno. */
static int read_marked(struct spanlog_follow *follow, struct spanlog_chunk *chunk) {
    for (size_t n = 0; n < follow->file_count; n++) {
        size_t i = (follow->turn + n) % follow->file_count;
        struct followed *file = &follow->files[i];
        if (!file->is_marked || file->has_ended)
            continue;
        *chunk = (struct spanlog_chunk){.source = (uint32_t)i, .number = follow->number};
        int rc = file->fd >= 0 ? read_pipe(follow, file, chunk) : read_file(follow, file, chunk);
        if (rc > 0) {
            follow->number++;
            follow->turn = i + 1;
            return 1;
        }
        if (rc == -ENOMEM)
            return rc;
        if (rc < 0)
            spanlog_issues_unreadable(follow->settings.issues, file->path, -rc);
        file->is_marked = false;
    }
    return 0;
}

static bool all_have_ended(const struct spanlog_follow *follow) {
    bool ended = follow->directory_count == 0;
    for (size_t i = 0; ended && i < follow->file_count; i++)
        ended = follow->files[i].has_ended;
    return ended;
}

static bool is_stopped(const struct spanlog_follow *follow) {
    struct pollfd stop = {.fd = follow->settings.stop_fd, .events = POLLIN};
    return poll(&stop, 1, 0) > 0;
}

/* Waits for a change: 1, 0 when none came, SPANLOG_FOLLOW_ENDED or -errno. */
static int wait_for_change(struct spanlog_follow *follow, int timeout_ms) {
    struct pollfd *fds = calloc(follow->file_count + 2, sizeof *fds);
    if (!fds)
        return -ENOMEM;
    /* Negative descriptors are not looked at. */
    fds[0] = (struct pollfd){.fd = follow->inotify, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = follow->settings.stop_fd, .events = POLLIN};
    for (size_t i = 0; i < follow->file_count; i++) {
        const struct followed *file = &follow->files[i];
        fds[i + 2] = (struct pollfd){.fd = file->has_ended ? -1 : file->fd, .events = POLLIN};
    }
    int rc = poll(fds, follow->file_count + 2, timeout_ms);
    int ready = rc > 0 ? 1 : rc < 0 && errno != EINTR ? -errno : 0;
    if (ready > 0 && fds[1].revents)
        ready = SPANLOG_FOLLOW_ENDED;
    for (size_t i = 0; ready == 1 && i < follow->file_count; i++)
        follow->files[i].is_marked |= fds[i + 2].revents != 0;
    if (ready == 1 && fds[0].revents) {
        rc = read_events(follow);
        ready = rc < 0 ? rc : 1;
    }
    free(fds);
    return ready;
}

/* ---- all of it ---------------------------------------------------------------------------- */

int spanlog_follow_open(struct spanlog_follow **ret, const char *const *paths, size_t path_count,
                        const struct spanlog_follow_settings *settings) {
    struct spanlog_follow *follow = calloc(1, sizeof *follow);
    if (!follow)
        return -ENOMEM;
    follow->settings = *settings;
    follow->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    int rc = follow->inotify < 0 ? -errno : 0;
    if (rc == 0 && path_count == 0)
        rc = add_path(follow, "-");
    for (size_t i = 0; rc == 0 && i < path_count; i++)
        rc = add_path(follow, paths[i]);
    follow->is_open = true;
    if (rc < 0)
        spanlog_follow_close(follow);
    else
        *ret = follow;
    return rc;
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What is left of the timeout: other files of the directory may wake us again and again. */
static int time_left(int timeout_ms, uint64_t began_ms) {
    if (timeout_ms <= 0)
        return timeout_ms;
    uint64_t gone_ms = now_ms() - began_ms;
    return gone_ms < (uint64_t)timeout_ms ? timeout_ms - (int)gone_ms : 0;
}

int spanlog_follow_next(struct spanlog_follow *follow, int timeout_ms,
                        struct spanlog_chunk *chunk) {
    uint64_t began_ms = timeout_ms > 0 ? now_ms() : 0;
    int rc = 1;
    while (rc == 1 && !is_stopped(follow)) {
        rc = read_marked(follow, chunk);
        if (rc != 0)
            return rc < 0 ? rc : SPANLOG_FOLLOW_LINES;
        if (all_have_ended(follow))
            return SPANLOG_FOLLOW_ENDED;
        rc = wait_for_change(follow, time_left(timeout_ms, began_ms));
    }
    return rc == 1 ? SPANLOG_FOLLOW_ENDED : rc;
}

const char *spanlog_follow_path(const struct spanlog_follow *follow, uint32_t source) {
    return source < follow->file_count ? follow->files[source].path : NULL;
}

void spanlog_follow_close(struct spanlog_follow *follow) {
    if (!follow)
        return;
    for (size_t i = 0; i < follow->file_count; i++) {
        spanlog_stream_free(&follow->files[i].now);
        spanlog_stream_free(&follow->files[i].old);
        free(follow->files[i].path);
    }
    for (size_t i = 0; i < follow->directory_count; i++)
        free(follow->directories[i].path);
    if (follow->inotify >= 0)
        close(follow->inotify);
    free(follow->files);
    free(follow->directories);
    free(follow->buffer.data);
    free(follow);
}
