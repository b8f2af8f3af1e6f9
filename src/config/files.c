/* config/files.c: see files.h. */
#include "src/config/files.h"
#include "src/core/descriptor.h"
#include "src/core/tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

struct file {
    char path[512];
    bool asked_for; /* by SPANLOG_CONFIG: it should be there */
    bool read;
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

static struct file files[FILES_MOST];
static size_t count;

/* ---- where they are -------------------------------------------------------------------------- */

static void add(bool asked_for, const char *directory, const char *rest) {
    struct file *file = &files[count];
    memset(file, 0, sizeof *file);
    file->asked_for = asked_for;
    int size = snprintf(file->path, sizeof file->path, "%s%s", directory, rest);
    if (size > 0 && (size_t)size < sizeof file->path)
        count++;
    else
        tell("SPANLOG_CONFIG, XDG_CONFIG_HOME or HOME is a path of over %zu bytes; no "
             "configuration is read there",
             sizeof file->path - 1);
}

/* A relative path is fixed now: the program may change its directory. */
static void add_asked_for(const char *path) {
    char here[400] = "";
    if (path[0] == '/')
        add(true, path, "");
    else if (getcwd(here, sizeof here - 1) != NULL)
        add(true, strcat(here, "/"), path);
    else
        tell("SPANLOG_CONFIG=%.100s: the current directory has no path: %s; right is an absolute "
             "path",
             path, strerror(errno));
}

void files_find(void) {
    const char *asked = getenv("SPANLOG_CONFIG"), *config = getenv("XDG_CONFIG_HOME"),
               *home = getenv("HOME");
    count = 0;
    if (getauxval(AT_SECURE) != 0)
        return;
    if (asked != NULL && asked[0] != '\0') {
        add_asked_for(asked);
        return;
    }
    add(false, "/etc", "/spanlog.conf");
    if (config != NULL && config[0] == '/')
        add(false, config, "/spanlog/spanlog.conf");
    else if (home != NULL && home[0] == '/')
        add(false, home, "/.config/spanlog/spanlog.conf");
}

size_t files_count(void) {
    return count;
}

const char *files_path(size_t i) {
    return i < count ? files[i].path : NULL;
}

bool files_was_read(size_t i) {
    return i < count && files[i].read;
}

/* ---- reading --------------------------------------------------------------------------------- */

static int read_all(int fd, size_t size, char **ret_text, size_t *ret_size) {
    char *text = malloc(size + 1);
    size_t used = 0;
    if (text == NULL)
        return -ENOMEM;
    for (;;) {
        ssize_t got = read(fd, text + used, size - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int error = -errno;
            free(text);
            return error;
        }
        used += (size_t)got;
        if (got == 0 || used == size)
            break;
    }
    text[used] = '\0';
    *ret_text = text;
    *ret_size = used;
    return 0;
}

/* Without waiting: what looks like a file may be a pipe. An empty device is an empty file:
 * SPANLOG_CONFIG=/dev/null means none. */
static int open_file(const char *path, struct stat *ret_status) {
    int fd = descriptor_above_stdio(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    int error = 0;
    *ret_status = (struct stat){.st_size = 0};
    if (fd < 0)
        return -errno;
    if (fstat(fd, ret_status) != 0)
        error = -errno;
    else if (S_ISCHR(ret_status->st_mode))
        ret_status->st_size = 0;
    else if (!S_ISREG(ret_status->st_mode))
        error = -EISDIR;
    else if (ret_status->st_size > FILE_MOST_BYTES)
        error = -EFBIG;
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

static int read_file(const char *path, char **ret_text, size_t *ret_size, struct stat *ret_status) {
    int fd = open_file(path, ret_status);
    if (fd < 0)
        return fd;
    int error = read_all(fd, (size_t)ret_status->st_size, ret_text, ret_size);
    close(fd);
    return error;
}

int file_read(const char *path, char **ret_text, size_t *ret_size) {
    struct stat status;
    return read_file(path, ret_text, ret_size, &status);
}

static void note(struct file *file, bool read, const struct stat *status) {
    file->read = read && S_ISREG(status->st_mode);
    file->device = status->st_dev;
    file->inode = status->st_ino;
    file->size = status->st_size;
    file->changed = status->st_mtim;
}

static size_t apply(struct file *file, struct settings *settings, const char *service) {
    struct setting_origin origin = {.rank = SETTING_FILE, .name = file->path};
    struct stat status = {.st_size = 0};
    char *text = NULL;
    size_t size = 0;
    int error = read_file(file->path, &text, &size, &status);
    note(file, error == 0, &status);
    if (error == 0) {
        size_t refused = settings_apply_text(settings, text, size, origin, service);
        free(text);
        return refused;
    }
    if (!file->asked_for && (error == -ENOENT || error == -ENOTDIR || error == -EACCES))
        return 0;
    tell("%s%s: %s; it is left out", file->asked_for ? "SPANLOG_CONFIG=" : "", file->path,
         error == -EISDIR  ? "not a file"
         : error == -EFBIG ? "over 256K"
                           : strerror(-error));
    return 1;
}

size_t files_apply(struct settings *settings, const char *service) {
    size_t refused = 0;
    for (size_t i = 0; i < count; i++)
        refused += apply(&files[i], settings, service);
    return refused;
}

bool files_changed(void) {
    for (size_t i = 0; i < count; i++) {
        const struct file *file = &files[i];
        struct stat now;
        bool there = stat(file->path, &now) == 0 && S_ISREG(now.st_mode);
        if (there != file->read)
            return true;
        if (there && (now.st_dev != file->device || now.st_ino != file->inode ||
                      now.st_size != file->size || now.st_mtim.tv_sec != file->changed.tv_sec ||
                      now.st_mtim.tv_nsec != file->changed.tv_nsec))
            return true;
    }
    return false;
}
