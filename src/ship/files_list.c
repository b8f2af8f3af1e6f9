/* ship/files_list.c: which files there are; see files.h. A listing marks everything that is new or
 * has another name, and finds for each new file how far it was sent under whatever name it had. */
#include "src/ship/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/analyzer/read/fields.h"
#include "src/analyzer/input/rotated.h"

#define DEPTH_MAX 32
#define LEAVE_MS 5000 /* a writer may still have it open */
#define WATCHED                                                                                    \
    (IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |            \
     IN_ATTRIB | IN_ONLYDIR)

static int add_directory(struct spanlog_ship_files *files, const char *path, unsigned depth,
                         bool takes_all);

/* ---- one file ----------------------------------------------------------------------------- */

static struct spanlog_ship_file *find_inode(struct spanlog_ship_files *files,
                                            const struct stat *st) {
    for (size_t i = 0; i < files->count; i++)
        if (files->list[i].inode == st->st_ino && files->list[i].device == st->st_dev)
            return &files->list[i];
    return NULL;
}

static bool has_end(const char *name, const char *end) {
    size_t size = strlen(name), end_size = strlen(end);
    return size > end_size && strcmp(name + size - end_size, end) == 0;
}

static bool is_log(struct spanlog_ship_files *files, const struct spanlog_ship_file *file) {
    char head[SPANLOG_SHIP_PRINT_SIZE];
    size_t got = spanlog_ship_file_head(file, head);
    if (memchr(head, 0, got < 512 ? got : 512)) {
        files->say(files->argument, file->path, "is no text: left alone");
        return false;
    }
    return true;
}

/* Of the line that comes first; of foreign lines the file's own time will do for an order. */
static void peek_time(struct spanlog_ship_file *file, const struct stat *st) {
    char head[SPANLOG_SHIP_PRINT_SIZE + SPANLOG_JSON_PADDING] = {0};
    ssize_t got = file->archive ? file->at ? 0 : (ssize_t)spanlog_ship_file_head(file, head)
                                : pread(file->fd, head, 256, (off_t)file->at);
    const char *ts = got > 0 ? memmem(head, (size_t)got, "\"ts\":\"", 6) : NULL;
    const char *end = ts ? memchr(ts + 6, '"', (size_t)(head + got - ts - 6)) : NULL;
    file->time_ns = spanlog_ship_written_ns(st);
    if (end)
        spanlog_time_read((struct spanlog_text){ts + 6, (uint32_t)(end - ts - 6)}, &file->time_ns);
}

/* What is known of its inode; what it begins with is looked at before it is read. */
static void place(struct spanlog_ship_files *files, struct spanlog_ship_file *file) {
    struct stat st;
    if (file->fd < 0 || fstat(file->fd, &st) < 0)
        return;
    spanlog_ship_file_take_known(files, file, true);
    file->is_marked = true;
    peek_time(file, &st);
}

static int add_file(struct spanlog_ship_files *files, const char *path, int watch,
                    const struct stat *st) {
    struct spanlog_ship_file *grown = realloc(files->list, (files->count + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    files->list = grown;
    struct spanlog_ship_file *file = &grown[files->count];
    *file = (struct spanlog_ship_file){.path = strdup(path),
                                       .fd = -1,
                                       .watch = watch,
                                       .device = st->st_dev,
                                       .inode = st->st_ino,
                                       .is_listed = true};
    if (!file->path)
        return -ENOMEM;
    const char *slash = strrchr(path, '/');
    file->is_old = spanlog_rotated_is_old(slash ? slash + 1 : path);
    int rc = spanlog_ship_file_open(files, file);
    if (rc < 0 || !is_log(files, file)) {
        spanlog_ship_file_free(file);
        return rc == -ENOMEM ? rc : 0;
    }
    files->count++;
    return 0;
}

/* It may have got another name. */
static int see_file(struct spanlog_ship_files *files, const char *path, int watch,
                    const struct stat *st) {
    struct spanlog_ship_file *file = find_inode(files, st);
    if (!file)
        return add_file(files, path, watch, st);
    file->is_listed = true;
    /* While it was closed it may have been written to, or have left its inode to another file. */
    file->is_marked |= file->fd < 0 && file->closed_ns != spanlog_ship_changed_ns(st);
    file->leave_ms = 0;
    file->is_leaving = false;
    if (strcmp(file->path, path) != 0) {
        char *copy = strdup(path);
        if (!copy)
            return -ENOMEM;
        free(file->path);
        file->path = copy;
        const char *slash = strrchr(path, '/');
        file->is_old = spanlog_rotated_is_old(slash ? slash + 1 : path);
        file->is_marked = true;
    }
    file->watch = watch;
    return 0;
}

/* ---- a directory -------------------------------------------------------------------------- */

/* Which it makes no sense to open. */
static bool is_no_log(const char *name) {
    static const char *const ends[] = {".xz", ".bz2", ".lz4", ".zip", ".spx", ".tmp"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (has_end(name, ends[i]))
            return true;
    return false;
}

/* Where only some files of a directory are followed: those that were named, and theirs. */
static bool is_wanted(const struct spanlog_ship_files *files,
                      const struct spanlog_ship_directory *in, const char *name) {
    size_t size = strlen(in->path);
    for (size_t i = 0; i < files->path_count; i++) {
        const char *path = files->paths[i], *slash = strrchr(path, '/');
        bool here = slash ? (size_t)(slash - path) == (slash == path ? 0 : size) &&
                                memcmp(path, in->path, (size_t)(slash - path)) == 0
                          : strcmp(in->path, ".") == 0;
        const char *live = slash ? slash + 1 : path;
        if (here && (strcmp(live, name) == 0 || spanlog_rotated_is_of(name, live)))
            return true;
    }
    return false;
}

static int see_entry(struct spanlog_ship_files *files, const struct spanlog_ship_directory *in,
                     const char *name) {
    char path[4096];
    struct stat st;
    bool here = strcmp(in->path, ".") == 0;
    if (name[0] == '.' || is_no_log(name) || (!in->takes_all && !is_wanted(files, in, name)))
        return 0;
    if (snprintf(path, sizeof path, "%s%s%s", here ? "" : in->path,
                 here || has_end(in->path, "/") || strcmp(in->path, "/") == 0 ? "" : "/",
                 name) >= (int)sizeof path ||
        lstat(path, &st) < 0)
        return 0;
    if (S_ISDIR(st.st_mode))
        return in->takes_all ? add_directory(files, path, in->depth + 1, true) : 0;
    if (S_ISLNK(st.st_mode) && stat(path, &st) < 0)
        return 0;
    return S_ISREG(st.st_mode) ? see_file(files, path, in->watch, &st) : 0;
}

static int list_directory(struct spanlog_ship_files *files, size_t index) {
    struct dirent **entries;
    /* The list may move while entries are added. */
    struct spanlog_ship_directory in = files->directories[index];
    int count = scandir(in.path, &entries, NULL, spanlog_rotated_by_age), rc = 0;
    for (int i = 0; i < count; i++) {
        if (rc == 0)
            rc = see_entry(files, &in, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return rc;
}

/* Or what is remembered of sending would be sent. */
static bool is_state(const struct spanlog_ship_files *files, const char *path) {
    struct stat one, other;
    return stat(path, &one) == 0 && fstat(files->state->directory, &other) == 0 &&
           one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

/* The watch comes first: what appears while the directory is listed is told of. It is listed by
 * the loop over all directories, to which it is added. */
static int add_directory(struct spanlog_ship_files *files, const char *path, unsigned depth,
                         bool takes_all) {
    if (is_state(files, path))
        return 0;
    int watch = depth > DEPTH_MAX ? -1 : inotify_add_watch(files->inotify, path, WATCHED);
    if (watch < 0) {
        files->say(files->argument, path, strerror(depth > DEPTH_MAX ? ELOOP : errno));
        return 0;
    }
    for (size_t i = 0; i < files->directory_count; i++)
        if (files->directories[i].watch == watch) {
            files->directories[i].takes_all |= takes_all;
            return 0;
        }
    struct spanlog_ship_directory *grown =
        realloc(files->directories, (files->directory_count + 1) * sizeof *grown);
    char *copy = strdup(path);
    if (grown)
        files->directories = grown;
    if (!grown || !copy) {
        free(copy);
        return -ENOMEM;
    }
    size_t size = strlen(copy);
    while (size > 1 && copy[size - 1] == '/')
        copy[--size] = 0;
    grown[files->directory_count++] =
        (struct spanlog_ship_directory){copy, watch, depth, takes_all};
    return 0;
}

/* ---- all of them -------------------------------------------------------------------------- */

static bool add_position(struct spanlog_ship_files *files, const struct spanlog_ship_file *file) {
    char *path = strdup(file->path);
    struct spanlog_ship_position *position =
        path ? spanlog_ship_state_add_position(files->state) : NULL;
    if (!position) {
        free(path);
        return false;
    }
    *position = spanlog_ship_file_position(file);
    position->path = path;
    return true;
}

/* It may come back, under this name or another. */
static void remember(struct spanlog_ship_files *files, const struct spanlog_ship_file *file) {
    struct stat st;
    if (file->fd < 0 || file->is_copy || fstat(file->fd, &st) < 0 || st.st_nlink == 0)
        return;
    add_position(files, file);
}

/* A copy of what is gone takes its place: it may be what compressing has made of it. */
static void hand_over(struct spanlog_ship_files *files, const struct spanlog_ship_file *file) {
    struct spanlog_ship_file *heir = NULL;
    for (size_t i = 0; !file->is_copy && i < files->count; i++) {
        struct spanlog_ship_file *copy = &files->list[i];
        if (!copy->is_copy || copy->is_over || copy->copy_inode != file->inode ||
            copy->copy_device != file->device)
            continue;
        if (!heir && add_position(files, file)) {
            heir = copy;
            copy->is_copy = false;
            copy->is_marked = true;
            if (spanlog_ship_file_open(files, copy) == 0)
                spanlog_ship_file_take_known(files, copy, false);
        } else if (heir) {
            copy->copy_inode = heir->inode;
            copy->copy_device = heir->device;
        }
    }
}

/* Of a spool: to read it to its end would keep the room that was needed. */
static bool is_deleted(const struct spanlog_ship_files *files, struct spanlog_ship_file *file,
                       uint64_t *ret_left) {
    struct stat st;
    if (!files->is_spool || file->is_listed || file->fd < 0 || fstat(file->fd, &st) < 0 ||
        st.st_nlink > 0)
        return false;
    *ret_left = (uint64_t)st.st_size > file->at ? (uint64_t)st.st_size - file->at : 0;
    return true;
}

/* What has lost its name here is read to its end, once more after a while. */
static bool may_go(struct spanlog_ship_files *files, struct spanlog_ship_file *file,
                   uint64_t now_ms) {
    if (file->is_listed)
        return false;
    if (file->leave_ms == 0) {
        file->leave_ms = now_ms + LEAVE_MS;
        file->is_marked = file->fd >= 0 && !file->is_copy;
    }
    bool is_late = file->is_copy || now_ms >= file->leave_ms || (file->fd < 0 && files->is_spool);
    return !file->is_marked && is_late && file->done == file->at;
}

static void let_go(struct spanlog_ship_files *files) {
    uint64_t now_ms = spanlog_ship_now_ms();
    size_t kept = 0;
    for (size_t i = 0; i < files->count; i++) {
        struct spanlog_ship_file *file = &files->list[i];
        uint64_t left = 0;
        file->is_over = is_deleted(files, file, &left);
        files->lost += left;
        if (file->is_over || !may_go(files, file, now_ms))
            continue;
        file->is_over = true;
        remember(files, file);
        hand_over(files, file);
    }
    for (size_t i = 0; i < files->count; i++)
        if (files->list[i].is_over)
            spanlog_ship_file_free(&files->list[i]);
        else
            files->list[kept++] = files->list[i];
    files->count = kept;
}

/* The next listing lets them go. */
void spanlog_ship_files_tidy(struct spanlog_ship_files *files) {
    struct stat st;
    for (size_t i = 0; i < files->count; i++) {
        const struct spanlog_ship_file *file = &files->list[i];
        if (!file->is_old || !file->is_listed || file->is_copy || file->is_marked ||
            file->archive || stat(file->path, &st) < 0 || st.st_ino != file->inode ||
            st.st_dev != file->device || (uint64_t)st.st_size != file->done)
            continue;
        unlink(file->path);
        files->must_list = true;
    }
}

int spanlog_ship_files_list(struct spanlog_ship_files *files) {
    size_t before = files->count;
    int rc = 0;
    files->must_list = false;
    for (size_t i = 0; i < files->count; i++)
        files->list[i].is_listed = false;
    for (size_t i = 0; rc == 0 && i < files->directory_count; i++)
        rc = list_directory(files, i);
    for (size_t i = before; i < files->count; i++)
        place(files, &files->list[i]);
    for (size_t i = before; i < files->count; i++) /* while what it may be a copy of is known */
        if (files->list[i].fd >= 0)
            spanlog_ship_file_is_copy(files, &files->list[i]);
    /* Of what was deleted meanwhile the kernel has told: while it is known that it was sent. */
    spanlog_ship_files_hear(files);
    let_go(files);
    return rc;
}

static int add_path(struct spanlog_ship_files *files, const char *path) {
    struct stat st;
    bool exists = stat(path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode))
        return add_directory(files, path, 0, true);
    if (!exists)
        files->say(files->argument, path,
                   errno == ENOENT && !files->is_final ? "is not there yet, waiting for it"
                                                       : strerror(errno));
    files->has_trouble |= !exists;
    const char *slash = strrchr(path, '/');
    char *parent = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    int rc = parent ? add_directory(files, parent, 0, false) : -ENOMEM;
    free(parent);
    return rc;
}

int spanlog_ship_files_open(struct spanlog_ship_files *files) {
    files->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    int rc = files->inotify < 0 ? -errno : 0;
    for (size_t i = 0; rc == 0 && i < files->path_count; i++)
        rc = add_path(files, files->paths[i]);
    if (rc == 0)
        rc = spanlog_ship_files_list(files);
    if (rc < 0)
        spanlog_ship_files_close(files);
    return rc;
}
