/* analyzer/input/sources.c: see sources.h. */
#include "src/analyzer/input/sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/analyzer/unpack/feed.h"
#include "src/analyzer/input/rotated.h"

#define DEPTH_MAX 32 /* of directories */
#define SLACK_NS (3600 * UINT64_C(1000000000))

static int add(struct spanlog_sources *sources, const char *path, const struct stat *st) {
    if (sources->count == sources->room) {
        size_t room = sources->room ? 2 * sources->room : 16;
        struct spanlog_source *grown = realloc(sources->list, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        sources->list = grown;
        sources->room = room;
    }
    /* Files in /proc are regular and claim to be empty. */
    bool is_regular = S_ISREG(st->st_mode) && st->st_size > 0;
    struct spanlog_source *source = &sources->list[sources->count];
    *source = (struct spanlog_source){.path = strdup(path),
                                      .is_stream = !is_regular,
                                      .is_regular = is_regular,
                                      .is_file = S_ISREG(st->st_mode),
                                      .size = is_regular ? (uint64_t)st->st_size : 0,
                                      .modified_ns = (uint64_t)st->st_mtim.tv_sec * 1000000000u +
                                                     (uint64_t)st->st_mtim.tv_nsec,
                                      .device = st->st_dev,
                                      .inode = st->st_ino};
    if (!source->path)
        return -ENOMEM;
    sources->count++;
    return 0;
}

/* Some editors put a byte order mark before the first line. It is no part of it. */
static uint64_t behind_mark(int fd, uint64_t begin) {
    char head[SPANLOG_MARK_SIZE];
    bool is_mark = pread(fd, head, sizeof head, (off_t)begin) == (ssize_t)sizeof head &&
                   memcmp(head, SPANLOG_MARK, sizeof head) == 0;
    return is_mark ? begin + sizeof head : begin;
}

/* The first bytes tell whether it can be read in pieces. What cannot be opened is named later. */
static void look_into(struct spanlog_source *source) {
    int fd = source->is_regular ? spanlog_source_open(source) : -1;
    if (fd < 0)
        return;
    uint64_t text = behind_mark(fd, source->begin);
    source->is_stream = spanlog_feed_is_needed(fd, text, source->size, &source->is_archive);
    if (!source->is_stream) /* else the feed sees the mark itself */
        source->begin = text;
    close(fd);
}

static int add_file(struct spanlog_sources *sources, const char *path, const struct stat *st) {
    int rc = add(sources, path, st);
    if (rc == 0)
        look_into(&sources->list[sources->count - 1]);
    return rc;
}

static int add_stdin(struct spanlog_sources *sources, struct spanlog_issues *issues) {
    struct stat st;
    if (fstat(STDIN_FILENO, &st) < 0) {
        spanlog_issues_unreadable(issues, "(stdin)", errno);
        return 0;
    }
    if (S_ISDIR(st.st_mode)) {
        spanlog_issues_unreadable(issues, "(stdin)", EISDIR);
        return 0;
    }
    int rc = add(sources, "(stdin)", &st);
    if (rc < 0)
        return rc;
    struct spanlog_source *source = &sources->list[sources->count - 1];
    off_t at = source->is_stream ? 0 : lseek(STDIN_FILENO, 0, SEEK_CUR);
    source->is_stdin = true;
    source->begin = at > 0 ? (uint64_t)at : 0;
    if (source->begin > source->size)
        source->begin = source->size;
    look_into(source);
    return 0;
}

/* ---- directories -------------------------------------------------------------------------- */

/* `*.spx` are the tool's own, beside files of other kinds. */
static int is_of_interest(const struct dirent *entry) {
    const char *point = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && !(point && strcmp(point, ".spx") == 0);
}

static int add_directory(struct spanlog_sources *sources, const char *path, unsigned depth,
                         struct spanlog_issues *issues);

static int add_entry(struct spanlog_sources *sources, const char *path, unsigned depth,
                     struct spanlog_issues *issues) {
    struct stat st;
    if (lstat(path, &st) < 0) { /* rotated away just now; its new name is in the listing, or not */
        spanlog_issues_unreadable(issues, path, errno);
        return 0;
    }
    if (S_ISDIR(st.st_mode))
        return add_directory(sources, path, depth + 1, issues);
    if (S_ISLNK(st.st_mode) && stat(path, &st) < 0)
        return 0;
    return S_ISREG(st.st_mode) ? add_file(sources, path, &st) : 0;
}

static int add_directory(struct spanlog_sources *sources, const char *path, unsigned depth,
                         struct spanlog_issues *issues) {
    struct dirent **entries;
    if (depth > DEPTH_MAX) {
        spanlog_issues_unreadable(issues, path, ELOOP);
        return 0;
    }
    int count = scandir(path, &entries, is_of_interest, spanlog_rotated_by_age);
    int rc = 0;
    if (count < 0) {
        spanlog_issues_unreadable(issues, path, errno);
        return 0;
    }
    size_t path_size = strlen(path);
    while (path_size > 1 && path[path_size - 1] == '/')
        path_size--;
    for (int i = 0; i < count; i++) {
        char *full = NULL;
        if (rc == 0 && asprintf(&full, "%.*s/%s", (int)path_size, path, entries[i]->d_name) < 0) {
            full = NULL;
            rc = -ENOMEM;
        }
        if (rc == 0)
            rc = add_entry(sources, full, depth, issues);
        free(full);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

/* ---- arguments ---------------------------------------------------------------------------- */

static int add_path(struct spanlog_sources *sources, const char *path,
                    struct spanlog_issues *issues) {
    struct stat st;
    if (strcmp(path, "-") == 0)
        return add_stdin(sources, issues);
    if (stat(path, &st) < 0) {
        spanlog_issues_unreadable(issues, path, errno);
        return 0;
    }
    if (S_ISDIR(st.st_mode))
        return add_directory(sources, path, 0, issues);
    return add_file(sources, path, &st);
}

static bool same_file(const struct spanlog_source *a, const struct spanlog_source *b) {
    return a->device == b->device && a->inode == b->inode;
}

/* By device, inode and place in the list. */
static int by_file(const void *a, const void *b) {
    const struct spanlog_source *one = *(struct spanlog_source *const *)a,
                                *other = *(struct spanlog_source *const *)b;
    if (one->device != other->device)
        return one->device < other->device ? -1 : 1;
    if (one->inode != other->inode)
        return one->inode < other->inode ? -1 : 1;
    return one < other ? -1 : one > other;
}

static void remove_empty_places(struct spanlog_sources *sources) {
    size_t kept = 0;
    for (size_t i = 0; i < sources->count; i++)
        if (sources->list[i].path)
            sources->list[kept++] = sources->list[i];
    sources->count = kept;
}

static void drop(struct spanlog_source *source) {
    free(source->path);
    source->path = NULL;
}

static int drop_repeated(struct spanlog_sources *sources, struct spanlog_issues *issues) {
    struct spanlog_source **files = calloc(sources->count + 1, sizeof *files);
    size_t count = 0, first = 0;
    if (!files)
        return -ENOMEM;
    for (size_t i = 0; i < sources->count; i++)
        if (sources->list[i].is_regular && !sources->list[i].is_stdin)
            files[count++] = &sources->list[i];
    qsort(files, count, sizeof *files, by_file);
    for (size_t i = 1; i < count; i++) {
        if (!same_file(files[i], files[first])) {
            first = i;
            continue;
        }
        char text[400] = "named twice, read once";
        if (strcmp(files[i]->path, files[first]->path) != 0)
            snprintf(text, sizeof text, "the same file as %.300s, read once", files[first]->path);
        spanlog_issues_note(issues, files[i]->path, false, text);
        drop(files[i]);
    }
    free(files);
    remove_empty_places(sources);
    return 0;
}

int spanlog_sources_open(struct spanlog_sources *sources, const char *const *paths,
                         size_t path_count, struct spanlog_issues *issues) {
    *sources = (struct spanlog_sources){0};
    int rc = path_count ? 0 : add_stdin(sources, issues);
    for (size_t i = 0; rc == 0 && i < path_count; i++)
        rc = add_path(sources, paths[i], issues);
    if (rc == 0)
        rc = drop_repeated(sources, issues);
    if (rc == 0 && spanlog_issues_sources(issues, sources->count) < 0)
        rc = -ENOMEM;
    return rc;
}

int spanlog_sources_add_open(struct spanlog_sources *sources, int fd, const char *name,
                             struct spanlog_issues *issues) {
    struct stat st;
    int rc = fstat(fd, &st) < 0 ? -errno : add(sources, name, &st);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    struct spanlog_source *source = &sources->list[sources->count - 1];
    source->is_open = true;
    source->fd = fd;
    look_into(source);
    return spanlog_issues_sources(issues, sources->count);
}

int spanlog_sources_prune(struct spanlog_sources *sources, uint64_t since_ns, uint64_t until_ns) {
    size_t before = sources->count;
    (void)until_ns;
    for (size_t i = 0; i < sources->count; i++) {
        struct spanlog_source *source = &sources->list[i];
        if (source->is_regular && !source->is_archive && !source->is_stdin &&
            source->modified_ns < since_ns && since_ns - source->modified_ns > SLACK_NS)
            drop(source);
    }
    remove_empty_places(sources);
    return (int)(before - sources->count);
}

/* ---- opening ------------------------------------------------------------------------------ */

static bool is_it(const struct spanlog_source *source, int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_dev == source->device && st.st_ino == source->inode;
}

/* It may have another name by now: it is looked for in its directory, once. */
static int open_by_inode(const struct spanlog_source *source) {
    const char *slash = strrchr(source->path, '/');
    char *directory = slash ? strndup(source->path, (size_t)(slash - source->path) + 1) : NULL;
    DIR *dir = slash && !directory ? NULL : opendir(slash ? directory : ".");
    free(directory);
    int fd = -1;
    for (struct dirent *entry; dir && fd < 0 && (entry = readdir(dir)) != NULL;) {
        if (entry->d_ino != source->inode)
            continue;
        fd = openat(dirfd(dir), entry->d_name,
                    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0 && !is_it(source, fd)) {
            close(fd);
            fd = -1;
        }
    }
    if (dir)
        closedir(dir);
    return fd < 0 ? -ESTALE : fd;
}

/* With a place of its own, so that it can be read twice. */
static int open_again(int fd) {
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, O_RDONLY | O_CLOEXEC);
    return again < 0 ? -errno : again;
}

int spanlog_source_open(const struct spanlog_source *source) {
    if (source->is_open)
        return open_again(source->fd);
    int fd = source->is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                              : open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && !(errno == ENOENT && source->is_regular))
        return -errno;
    if (fd >= 0 && (!source->is_regular || is_it(source, fd)))
        return fd;
    if (fd >= 0)
        close(fd);
    return open_by_inode(source);
}

uint64_t spanlog_source_line(const struct spanlog_source *source, uint64_t offset) {
    char buffer[65536];
    uint64_t line = 1, at = source->begin;
    bool has_lines = source->is_regular && !source->is_archive;
    int fd = has_lines ? spanlog_source_open(source) : -1;
    if (fd < 0)
        return 0;
    while (at < offset) {
        size_t want = offset - at < sizeof buffer ? (size_t)(offset - at) : sizeof buffer;
        ssize_t got = pread(fd, buffer, want, (off_t)at);
        if (got <= 0)
            break;
        for (const char *p = buffer, *end = buffer + got;
             (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
            line++;
        at += (uint64_t)got;
    }
    close(fd);
    return at < offset ? 0 : line;
}

bool spanlog_sources_are_files(const struct spanlog_sources *sources) {
    for (size_t i = 0; i < sources->count; i++)
        if (!sources->list[i].is_file)
            return false;
    return true;
}

void spanlog_sources_free(struct spanlog_sources *sources) {
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->list[i].is_open)
            close(sources->list[i].fd);
        free(sources->list[i].path);
    }
    free(sources->list);
    *sources = (struct spanlog_sources){0};
}
