/* sinks/rotate.c: see rotate.h. */
#include "src/sinks/rotate.h"
#include "src/core/clock.h"

#include "formatters/time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 600

bool rotate_is_due(const struct rotation *rotation, const struct stat *status, uint64_t coming,
                   int64_t now_s) {
    uint64_t size = (uint64_t)status->st_size;
    if (size == 0)
        return false;
    if (rotation->size != 0 && size + coming > rotation->size)
        return true;
    int64_t every = rotation->every_s;
    return every != 0 && now_s / every > status->st_mtim.tv_sec / every;
}

/* ---- the old files ------------------------------------------------------------------------- */

bool rotate_is_stamp(const char *text) {
    static const char form[] = ".dddddddd"
                               "Tdddddd"
                               ".dddddd";
    for (size_t i = 0; i < ROTATE_STAMP_SIZE; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    text += ROTATE_STAMP_SIZE;
    return *text == '\0' || strcmp(text, ".gz") == 0 || strcmp(text, ".zst") == 0;
}

static bool add(struct old_files *files, int directory, const char *name) {
    struct stat status;
    if (strlen(name) >= sizeof files->list->name ||
        fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
        return true;
    if (files->count == files->room) {
        size_t room = files->room == 0 ? 64 : 2 * files->room;
        struct old_file *grown = realloc(files->list, room * sizeof *grown);
        if (grown == NULL)
            return false;
        files->list = grown;
        files->room = room;
    }
    strcpy(files->list[files->count].name, name);
    files->list[files->count++].size = (uint64_t)status.st_size;
    return true;
}

static int newest_first(const void *a, const void *b) {
    return strcmp(((const struct old_file *)b)->name, ((const struct old_file *)a)->name);
}

bool rotate_list(DIR *entries, const char *base, struct old_files *files) {
    size_t base_size = strlen(base);
    bool complete = true;
    for (struct dirent *entry; complete && (entry = readdir(entries)) != NULL;)
        if (strncmp(entry->d_name, base, base_size) == 0 &&
            rotate_is_stamp(entry->d_name + base_size))
            complete = add(files, dirfd(entries), entry->d_name);
    if (files->count > 1)
        qsort(files->list, files->count, sizeof *files->list, newest_first);
    return complete;
}

DIR *rotate_open_folder(const char *path, const char **ret_base) {
    char folder[PATH_SIZE];
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        errno = EINVAL;
        return NULL;
    }
    *ret_base = slash + 1;
    snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return opendir(folder);
}

/* Without memory nothing is removed this time. */
static void thin_out(const char *path, const struct rotation *rotation) {
    struct old_files files = {0};
    const char *base = NULL;
    uint64_t total = 0;
    DIR *entries =
        rotation->keep != 0 || rotation->total != 0 ? rotate_open_folder(path, &base) : NULL;
    if (entries == NULL)
        return;
    bool complete = rotate_list(entries, base, &files);
    for (size_t i = 0; complete && i < files.count; i++) {
        total += files.list[i].size;
        if ((rotation->keep != 0 && i >= rotation->keep) ||
            (rotation->total != 0 && total > rotation->total))
            unlinkat(dirfd(entries), files.list[i].name, 0);
    }
    free(files.list);
    closedir(entries);
}

/* ---- the new name -------------------------------------------------------------------------- */

static void put_name(char *to, size_t size, const char *path, uint64_t ns) {
    char text[SPANLOG_RFC3339_SIZE];
    spanlog_put_rfc3339(text, ns); /* 2026-11-21T10:30:45.123456789Z */
    snprintf(to, size, "%s.%.4s%.2s%.2sT%.2s%.2s%.2s.%.6s", path, text, text + 5, text + 8,
             text + 11, text + 14, text + 17, text + 20);
}

/* Not every file system can refuse to replace a file; there it must do to look first. */
static int rename_anew(const char *path, const char *name) {
    if (renameat2(AT_FDCWD, path, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    if (access(name, F_OK) == 0)
        return -EEXIST;
    return rename(path, name) == 0 ? 0 : -errno;
}

int rotate(const char *path, const struct rotation *rotation) {
    char name[PATH_SIZE];
    uint64_t now = clock_gettime_ns(CLOCK_REALTIME);
    int error = -EEXIST;
    for (int tries = 0; error == -EEXIST && tries < 1000; tries++, now += 1000) {
        put_name(name, sizeof name, path, now);
        error = rename_anew(path, name);
    }
    if (error == 0)
        thin_out(path, rotation);
    return error;
}
