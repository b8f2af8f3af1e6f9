/* sinks/compress_parts.c: the parts of one file that are to be compressed; see compress.h. */
#include "src/sinks/compress.h"
#include "src/sinks/rotate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 280

/* ---- one part ------------------------------------------------------------------------------ */

static bool begins_with_magic(int fd, const struct codec *codec) {
    char head[4];
    size_t size = strlen(codec->magic);
    return pread(fd, head, size, 0) == (ssize_t)size && memcmp(head, codec->magic, size) == 0;
}

/* Whether the name still stands for what was opened, and nobody has written to it since. */
static bool is_as_it_was(int directory, const char *name, const struct stat *then) {
    struct stat now;
    return fstatat(directory, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(now.st_mode) &&
           now.st_dev == then->st_dev && now.st_ino == then->st_ino &&
           now.st_size == then->st_size && now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}

static int keep_attributes(int fd, const struct stat *old) {
    const struct timespec times[2] = {old->st_atim, old->st_mtim};
    if (fchown(fd, old->st_uid, old->st_gid) != 0 && errno != EPERM)
        return -errno;
    return fchmod(fd, old->st_mode & 07777) == 0 && futimens(fd, times) == 0 && fsync(fd) == 0
               ? 0
               : -errno;
}

/* Its content is compressed: the ending is missing. Another process may have been faster. */
static int add_ending(int directory, const char *name, const struct codec *codec) {
    char whole[NAME_SIZE];
    snprintf(whole, sizeof whole, "%s%s", name, codec->ending);
    if (faccessat(directory, whole, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    if (renameat(directory, name, directory, whole) != 0 && errno != ENOENT)
        return -errno;
    return fsync(directory) == 0 || errno == EINVAL ? 0 : -errno;
}

/* What a kill has left under that name goes first: whatever stands there by then is not ours. */
static int open_temporary(int directory, const char *name) {
    if (unlinkat(directory, name, 0) != 0 && errno != ENOENT)
        return -errno;
    int fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

/* The compressed file takes the part's place in one step, so that at no moment a line is there
 * twice, or not at all. */
static int replace(int directory, const char *name, int fd, const struct stat *old,
                   const struct codec *codec) {
    char temporary[NAME_SIZE];
    snprintf(temporary, sizeof temporary, ".%s.tmp", name);
    int to = open_temporary(directory, temporary);
    if (to < 0)
        return to;
    int error = codec->copy(fd, to);
    if (error == 0)
        error = keep_attributes(to, old);
    if (error == 0 && !is_as_it_was(directory, name, old))
        error = -ESTALE;
    if (error == 0 && renameat(directory, temporary, directory, name) != 0)
        error = -errno;
    close(to);
    if (error != 0)
        unlinkat(directory, temporary, 0);
    return error;
}

static int compress_part(int directory, const char *name, const struct codec *codec) {
    struct stat status;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), error = 0;
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &status) != 0 ||
        !is_as_it_was(directory, name, &status)) {
        close(fd); /* another process is at it, or has done it */
        return 0;
    }
    if (!begins_with_magic(fd, codec))
        error = replace(directory, name, fd, &status, codec);
    if (error == 0)
        error = add_ending(directory, name, codec);
    close(fd);
    return error == -ESTALE || error == -EEXIST ? 0 : error; /* the next time, if at all */
}

/* ---- all of them --------------------------------------------------------------------------- */

/* What was left of a part that is gone by now: `keep` took it, or somebody. */
static void remove_left(DIR *entries, const char *base) {
    size_t size = strlen(base);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        const char *name = entry->d_name;
        size_t length = strlen(name);
        char part[NAME_SIZE];
        if (name[0] != '.' || strncmp(name + 1, base, size) != 0 || length < 5 ||
            strcmp(name + length - 4, ".tmp") != 0)
            continue;
        snprintf(part, sizeof part, "%.*s", (int)(length - 5), name + 1);
        if (rotate_is_stamp(part + size) &&
            faccessat(dirfd(entries), part, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            unlinkat(dirfd(entries), name, 0);
    }
}

int compress_parts(const char *path, const struct codec *codec) {
    struct old_files files = {0};
    const char *base = NULL;
    int error = 0;
    DIR *entries = rotate_open_folder(path, &base);
    if (entries == NULL)
        return -errno;
    if (!rotate_list(entries, base, &files))
        error = -ENOMEM;
    for (size_t i = files.count; i-- > 1;) { /* the newest, which is the first, stays */
        const char *name = files.list[i].name;
        bool has_ending = strlen(name) > strlen(base) + ROTATE_STAMP_SIZE;
        int rc = has_ending ? 0 : compress_part(dirfd(entries), name, codec);
        error = error != 0 ? error : rc;
    }
    rewinddir(entries);
    remove_left(entries, base);
    closedir(entries);
    free(files.list);
    return error;
}
