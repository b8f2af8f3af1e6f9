/* analyzer/retain/retain.c: see retain.h. What is to be done with each file, and which traces have
 * an error; then file by file. */
#include "src/analyzer/retain/retain.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/analyzer/retain/retain_parts.h"
#include "src/analyzer/input/rotated.h"

/* ---- what is to be done -------------------------------------------------------------------- */

static bool is_below(const char *path, const char *folder) {
    size_t size = strlen(folder);
    return strncmp(path, folder, size) == 0 && path[size] == '/';
}

static bool is_rotated(const struct spanlog_source *source) {
    const char *slash = strrchr(source->path, '/');
    return source->is_file && spanlog_rotated_is_old(slash ? slash + 1 : source->path);
}

/* An archive in the directory itself is read as its other folders are, and stays. */
static bool is_archived(const struct spanlog_source *source, const char *archive) {
    char real[PATH_MAX];
    return archive[0] && realpath(source->path, real) && is_below(real, archive);
}

static enum spanlog_retain_fate fate_of(const struct spanlog_retain *retain,
                                        const struct spanlog_source *source, const char *archive) {
    uint64_t age = retain->now_ns > source->modified_ns ? retain->now_ns - source->modified_ns : 0;
    if (!is_rotated(source) || is_archived(source, archive))
        return SPANLOG_RETAIN_LEFT_ALONE;
    return retain->keep_errors_ns && age > retain->keep_errors_ns ? SPANLOG_RETAIN_GOES
           : retain->keep_ns && age > retain->keep_ns             ? SPANLOG_RETAIN_THINS
                                                                  : SPANLOG_RETAIN_YOUNG;
}

static int find_fates(const struct spanlog_retain *retain, const char *directory,
                      struct spanlog_retain_files *files) {
    const struct spanlog_sources *sources = files->sources;
    char archive[PATH_MAX] = "", real[PATH_MAX];
    if (retain->archive && (!realpath(retain->archive, archive) || !realpath(directory, real)))
        return -errno;
    if (archive[0] && !is_below(archive, real))
        archive[0] = 0;
    files->fates = calloc(sources->count + 1, sizeof *files->fates);
    if (!files->fates)
        return -ENOMEM;
    for (size_t i = 0; i < sources->count; i++)
        files->fates[i] = fate_of(retain, &sources->list[i], archive);
    return 0;
}

/* ---- what killed runs have left ------------------------------------------------------------ */

/* A folder that another run is at is left to that. */
static void clean_folder(const char *folder) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        spanlog_retain_clean_up(fd);
    if (fd >= 0)
        close(fd);
}

static void clean_folders_of(const struct spanlog_sources *sources) {
    char folder[PATH_MAX], before[PATH_MAX] = "";
    for (size_t i = 0; i < sources->count; i++) {
        const char *path = sources->list[i].path, *slash = strrchr(path, '/');
        size_t size = slash ? (size_t)(slash - path) : 0;
        if (size == 0 || size >= sizeof folder)
            continue;
        memcpy(folder, path, size);
        folder[size] = 0;
        if (strcmp(folder, before) == 0)
            continue;
        memcpy(before, folder, size + 1);
        clean_folder(folder);
    }
}

/* Runs that share an archive take turns. Where folders cannot be locked, nothing is cleaned. */
static int open_archive(const struct spanlog_retain *retain, int directory, int *ret_fd) {
    struct stat here, there;
    if (access(retain->archive, R_OK | W_OK | X_OK) != 0)
        return -errno;
    *ret_fd = open(retain->archive, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_fd < 0 || fstat(directory, &here) != 0 || fstat(*ret_fd, &there) != 0)
        return -errno;
    bool is_itself = here.st_dev == there.st_dev && here.st_ino == there.st_ino;
    if (!retain->dry_run && !is_itself && flock(*ret_fd, LOCK_EX) == 0)
        spanlog_retain_clean_up(*ret_fd);
    return 0;
}

/* ---- file by file -------------------------------------------------------------------------- */

static void treat(const struct spanlog_retain *retain, const struct spanlog_source *source,
                  enum spanlog_retain_fate fate, const struct spanlog_error_traces *traces) {
    struct spanlog_retained done = {.path = source->path, .size = source->size};
    done.size_kept = done.size;
    if (fate == SPANLOG_RETAIN_GOES)
        spanlog_retain_remove(retain, source, &done);
    else if (fate == SPANLOG_RETAIN_THINS)
        spanlog_retain_rewrite(retain, source, traces, &done);
    else if (retain->compress != SPANLOG_INFLATE_NONE && !spanlog_retain_is_named(source))
        spanlog_retain_rewrite(retain, source, NULL, &done);
    retain->said(retain->said_argument, &done);
}

static void treat_those(const struct spanlog_retain *retain,
                        const struct spanlog_retain_files *files, enum spanlog_retain_fate fate,
                        const struct spanlog_error_traces *traces) {
    for (size_t i = 0; i < files->sources->count; i++)
        if (files->fates[i] == fate)
            treat(retain, &files->sources->list[i], fate, traces);
}

/* What goes makes room for what is written anew. On a full disk it even has to go before what is
 * to be remembered is on the disk; nothing is thinned then until that is there. */
static int treat_all(const struct spanlog_retain *retain, int directory,
                     const struct spanlog_retain_files *files) {
    struct spanlog_error_traces traces = {0}, gone = {0};
    int rc = 0;
    if (retain->keep_ns)
        rc = spanlog_error_traces_find(retain, directory, files, &traces, &gone);
    if (retain->keep_ns && rc == 0)
        rc = spanlog_error_traces_keep(retain, directory, &gone);
    bool is_full = rc == -ENOSPC || rc == -EDQUOT;
    if (rc == 0 || is_full)
        treat_those(retain, files, SPANLOG_RETAIN_GOES, &traces);
    if (is_full)
        rc = spanlog_error_traces_keep(retain, directory, &gone);
    if (rc == 0) {
        treat_those(retain, files, SPANLOG_RETAIN_THINS, &traces);
        treat_those(retain, files, SPANLOG_RETAIN_YOUNG, &traces);
    }
    free(traces.list);
    free(gone.list);
    return rc;
}

int spanlog_retain_run(const struct spanlog_retain *retain, const char *directory,
                       struct spanlog_sources *sources, struct spanlog_issues *issues) {
    struct spanlog_retain_files files = {.sources = sources, .issues = issues};
    int archive = -1, fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno == EWOULDBLOCK ? -EBUSY : -errno;
    if (rc == 0 && retain->archive)
        rc = open_archive(retain, fd, &archive);
    if (rc == 0) {
        if (!retain->dry_run) {
            spanlog_retain_clean_up(fd);
            clean_folders_of(sources);
        }
        rc = find_fates(retain, directory, &files);
    }
    if (rc == 0)
        rc = treat_all(retain, fd, &files);
    free(files.fates);
    if (archive >= 0)
        close(archive);
    close(fd);
    return rc;
}
