/* analyzer/sources.c: see sources.h. */
#include "src/analyzer/sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    bool is_stream = !S_ISREG(st->st_mode) || st->st_size == 0;
    struct spanlog_source *source = &sources->list[sources->count];
    *source = (struct spanlog_source){.path = strdup(path),
                                      .is_stream = is_stream,
                                      .size = is_stream ? 0 : (uint64_t)st->st_size,
                                      .device = st->st_dev,
                                      .inode = st->st_ino};
    if (!source->path)
        return -ENOMEM;
    sources->count++;
    return 0;
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
    return 0;
}

static int regular_files_only(const struct dirent *entry) {
    return entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK;
}

static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_directory(struct spanlog_sources *sources, const char *path,
                         struct spanlog_issues *issues) {
    struct dirent **entries;
    int count = scandir(path, &entries, regular_files_only, by_bytes);
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
        struct stat st;
        if (rc == 0 && asprintf(&full, "%.*s/%s", (int)path_size, path, entries[i]->d_name) < 0)
            rc = -ENOMEM;
        else if (rc == 0 && stat(full, &st) == 0 && S_ISREG(st.st_mode))
            rc = add(sources, full, &st);
        if (rc == 0)
            free(full);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

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
        return add_directory(sources, path, issues);
    return add(sources, path, &st);
}

int spanlog_sources_open(struct spanlog_sources *sources, const char *const *paths,
                         size_t path_count, struct spanlog_issues *issues) {
    *sources = (struct spanlog_sources){0};
    int rc = path_count ? 0 : add_stdin(sources, issues);
    for (size_t i = 0; rc == 0 && i < path_count; i++)
        rc = add_path(sources, paths[i], issues);
    if (rc == 0 && spanlog_issues_sources(issues, sources->count) < 0)
        rc = -ENOMEM;
    return rc;
}

int spanlog_source_open(const struct spanlog_source *source) {
    struct stat st;
    int fd = source->is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                              : open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -errno;
    if (!source->is_stream &&
        (fstat(fd, &st) < 0 || st.st_dev != source->device || st.st_ino != source->inode)) {
        close(fd);
        return -ESTALE;
    }
    return fd;
}

uint64_t spanlog_source_line(const struct spanlog_source *source, uint64_t offset) {
    char buffer[65536];
    uint64_t line = 1, at = source->begin;
    int fd = source->is_stream ? -1 : spanlog_source_open(source);
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

void spanlog_sources_free(struct spanlog_sources *sources) {
    for (size_t i = 0; i < sources->count; i++)
        free(sources->list[i].path);
    free(sources->list);
    *sources = (struct spanlog_sources){0};
}
