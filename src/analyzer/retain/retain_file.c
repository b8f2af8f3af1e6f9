/* analyzer/retain/retain_file.c: what is done with one old file; see retain.h. */
#include "src/analyzer/retain/retain_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/analyzer/unpack/deflate.h"
#include "src/analyzer/translate/lines.h"

/* ---- names --------------------------------------------------------------------------------- */

static bool is_temporary(const char *name) {
    size_t size = strlen(name), end = sizeof SPANLOG_RETAIN_TEMPORARY - 1;
    return name[0] == '.' && size > end + 1 &&
           strcmp(name + size - end, SPANLOG_RETAIN_TEMPORARY) == 0;
}

void spanlog_retain_clean_up(int directory) {
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    if (!entries) {
        if (copy >= 0)
            close(copy);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (is_temporary(entry->d_name))
            unlinkat(directory, entry->d_name, 0);
    closedir(entries);
}

/* FOLDER/.NAME.retain; NULL: no memory. */
static char *temporary_of(const char *folder, size_t folder_size, const char *name) {
    char *path;
    int rc = asprintf(&path, "%.*s.%s%s", (int)folder_size, folder, name, SPANLOG_RETAIN_TEMPORARY);
    return rc < 0 ? NULL : path;
}

static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Its index says where things were in it; it goes first, since nobody would look for it later. */
static void remove_index(const char *path) {
    char *index;
    if (asprintf(&index, "%s.spx", path) < 0)
        return;
    unlink(index);
    free(index);
}

/* Whether the path still leads to what was looked at: rotation may have given the name to another
 * file. */
static int look_again(const struct spanlog_source *source, struct stat *ret) {
    if (stat(source->path, ret) != 0)
        return -errno;
    bool is_it = ret->st_dev == source->device && ret->st_ino == source->inode &&
                 (uint64_t)ret->st_size == source->size;
    return is_it ? 0 : -ESTALE;
}

/* ---- what goes ----------------------------------------------------------------------------- */

static int copy_bytes(int from, int to) {
    char block[65536];
    ssize_t got;
    while ((got = read(from, block, sizeof block)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        for (ssize_t done = 0, put; done < got; done += put)
            if ((put = write(to, block + done, (size_t)(got - done))) < 0)
                return -errno;
    }
    return 0;
}

static int keep_attributes(int fd, const struct stat *old) {
    const struct timespec times[2] = {old->st_atim, old->st_mtim};
    if (fchown(fd, old->st_uid, old->st_gid) != 0 && errno != EPERM)
        return -errno;
    if (fchmod(fd, old->st_mode & 07777) != 0 || futimens(fd, times) != 0 || fsync(fd) != 0)
        return -errno;
    return 0;
}

/* To another file system: a copy under a name of passage, which then takes its own. */
static int copy_to(const char *path, const char *temporary, const char *target) {
    struct stat status = {0};
    int from = open(path, O_RDONLY | O_CLOEXEC), to = -1;
    int rc = from < 0 || fstat(from, &status) != 0 ? -errno : 0;
    if (rc == 0 && (to = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
        rc = -errno;
    if (rc == 0)
        rc = copy_bytes(from, to);
    if (rc == 0)
        rc = keep_attributes(to, &status);
    if (rc == 0 && rename(temporary, target) != 0)
        rc = -errno;
    if (to >= 0)
        close(to);
    if (from >= 0)
        close(from);
    if (rc < 0)
        unlink(temporary);
    return rc;
}

static bool have_same_bytes(int one, int other) {
    char left[65536], right[65536];
    for (off_t at = 0;;) {
        ssize_t got = pread(one, left, sizeof left, at), same = 0;
        for (ssize_t more; same < got; same += more)
            if ((more = pread(other, right, (size_t)(got - same), at + same)) <= 0 ||
                memcmp(left + same, right, (size_t)more) != 0)
                return false;
        if (got <= 0)
            return got == 0;
        at += got;
    }
}

/* Whether a run was killed when it had copied the file, and not yet removed it here. Another name
 * of the same file is no copy. */
static bool is_copy(const char *target, const char *path) {
    struct stat here, there;
    int one = open(path, O_RDONLY | O_CLOEXEC);
    int other = open(target, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool same = one >= 0 && other >= 0 && fstat(one, &here) == 0 && fstat(other, &there) == 0 &&
                S_ISREG(there.st_mode) && here.st_size == there.st_size &&
                (here.st_dev != there.st_dev || here.st_ino != there.st_ino) &&
                have_same_bytes(one, other);
    if (one >= 0)
        close(one);
    if (other >= 0)
        close(other);
    return same;
}

/* That names in it are on the disk. Not every file system can. */
static int sync_folder(const char *folder) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 || (fsync(fd) != 0 && errno != EINVAL) ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

/* NULL: no memory. */
static char *joined(const char *folder, const char *name) {
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static bool is_there(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0;
}

static int move_to(const char *folder, const char *path) {
    const char *name = name_of(path);
    char *target = joined(folder, name);
    char *temporary = target ? temporary_of(target, strlen(target) - strlen(name), name) : NULL;
    int rc = temporary ? 0 : -ENOMEM;
    bool stays = true;
    if (rc == 0 && is_there(target))
        rc = is_copy(target, path) ? 0 : -EEXIST;
    else if (rc == 0 && rename(path, target) == 0)
        stays = false;
    else if (rc == 0)
        rc = errno == EXDEV ? copy_to(path, temporary, target) : -errno;
    if (rc == 0 && stays)
        rc = sync_folder(folder);
    if (rc == 0 && stays && unlink(path) != 0)
        rc = -errno;
    free(target);
    free(temporary);
    return rc;
}

void spanlog_retain_remove(const struct spanlog_retain *retain, const struct spanlog_source *source,
                           struct spanlog_retained *done) {
    struct stat status;
    done->action = retain->archive ? SPANLOG_RETAIN_ARCHIVED : SPANLOG_RETAIN_REMOVED;
    done->size_kept = 0;
    if (retain->dry_run)
        return;
    done->error = look_again(source, &status);
    if (done->error == 0) {
        remove_index(source->path);
        if (retain->archive)
            done->error = move_to(retain->archive, source->path);
        else if (unlink(source->path) != 0)
            done->error = -errno;
    }
    if (done->error)
        done->size_kept = done->size;
}

/* ---- what stays in part -------------------------------------------------------------------- */

struct thinner {
    struct spanlog_lines lines;
    const struct spanlog_error_traces *traces; /* NULL: all stays */
    struct spanlog_deflate out;
    struct spanlog_retained *done;
    bool has_trace;  /* any of its lines */
    bool compresses; /* what was plain */
};

static bool stays(const struct thinner *thinner, const struct spanlog_record *record) {
    if (!thinner->traces)
        return true;
    return record->has_trace ? spanlog_error_traces_have(thinner->traces, &record->trace)
                             : spanlog_retain_is_error(record);
}

/* A line stays, as it was written, when one of the records in it does. */
static int thin_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct thinner *thinner = argument;
    struct spanlog_record record;
    const char *line, *counted = NULL, *written = chunk->begin;
    int rc;
    if (!thinner->traces)
        return spanlog_deflate_write(&thinner->out, chunk->begin,
                                     (size_t)(chunk->end - chunk->begin));
    spanlog_lines_begin(&thinner->lines, chunk);
    while ((rc = spanlog_lines_next(&thinner->lines, &record, &line)) > 0) {
        const char *origin = thinner->lines.origin;
        thinner->has_trace = thinner->has_trace || record.has_trace;
        thinner->done->lines += origin != counted;
        counted = origin;
        if (!origin || origin < written || !stays(thinner, &record))
            continue;
        const char *end = spanlog_record_end(chunk, origin);
        written = end ? end + 1 : chunk->end;
        thinner->done->lines_kept++;
        rc = spanlog_deflate_write(&thinner->out, origin, (size_t)(written - origin));
        if (rc < 0)
            return rc;
    }
    thinner->done->lines_bad += thinner->lines.bad;
    spanlog_lines_end(&thinner->lines);
    return rc;
}

static int write_thinned(const struct spanlog_retain *retain, const struct spanlog_source *source,
                         struct thinner *thinner) {
    struct spanlog_source one = *source;
    struct spanlog_sources sources = {.list = &one, .count = 1};
    struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY;
    struct spanlog_scan scan = {.sources = &sources,
                                .issues = &issues,
                                .job_count = 1,
                                .jobs = {thinner, sizeof *thinner},
                                .chunk = thin_chunk};
    spanlog_lines_init(&thinner->lines, &retain->translate, retain->error_status_min, NULL);
    int rc = spanlog_issues_sources(&issues, 1);
    if (rc == 0)
        rc = spanlog_scan_run(&scan);
    /* What cannot be read to its end stays as it is. */
    if (rc == 0 && issues.unreadable_count)
        rc = -issues.unreadable[0].error;
    for (size_t i = 0; rc == 0 && i < issues.note_count; i++)
        rc = issues.notes[i].is_error ? -EIO : 0;
    spanlog_issues_free(&issues);
    spanlog_lines_free(&thinner->lines);
    return rc;
}

static enum spanlog_inflate_kind kind_of(const char *path) {
    char head[8];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, head, sizeof head);
    if (fd >= 0)
        close(fd);
    enum spanlog_inflate_kind kind = spanlog_inflate_kind_of(head, got > 0 ? (size_t)got : 0);
    return kind == SPANLOG_INFLATE_UNSURE ? SPANLOG_INFLATE_NONE : kind;
}

static bool ends_as(const char *path, const char *end) {
    size_t size = strlen(path), end_size = strlen(end);
    return size > end_size && strcmp(path + size - end_size, end) == 0;
}

/* What a file so compressed is called has this at its end. */
static const char *ending_of(enum spanlog_inflate_kind kind) {
    return kind == SPANLOG_INFLATE_GZ ? ".gz" : kind == SPANLOG_INFLATE_ZST ? ".zst" : "";
}

bool spanlog_retain_is_named(const struct spanlog_source *source) {
    enum spanlog_inflate_kind kind =
        source->is_archive ? kind_of(source->path) : SPANLOG_INFLATE_NONE;
    return source->is_archive && ends_as(source->path, ending_of(kind));
}

/* The name that it has then. NULL: no memory. */
static char *new_name(const char *path, const struct spanlog_retain *retain,
                      enum spanlog_inflate_kind kind) {
    char *name;
    bool keeps = retain->compress == SPANLOG_INFLATE_NONE || ends_as(path, ending_of(kind));
    return asprintf(&name, "%s%s", path, keeps ? "" : ending_of(kind)) < 0 ? NULL : name;
}

/* The new file, if there is one, takes the old one's place, then the new name: two steps, since at
 * no moment both may be there, of which each line would be read twice. A run that finds a
 * compressed file without that name (the one before was killed in between) takes the second. */
static int take_place(const struct spanlog_source *source, const char *temporary,
                      const char *name) {
    struct stat now;
    bool is_renamed = strcmp(source->path, name) != 0;
    int rc = look_again(source, &now);
    if (rc == 0 && is_renamed && is_there(name))
        rc = -EEXIST;
    if (rc < 0)
        return rc;
    remove_index(source->path);
    if (temporary && rename(temporary, source->path) != 0)
        return -errno;
    return is_renamed && rename(source->path, name) != 0 ? -errno : 0;
}

/* Nothing is left of it. */
static int take_away(const struct spanlog_source *source, const char *temporary) {
    struct stat now;
    int rc = look_again(source, &now);
    if (rc < 0)
        return rc;
    remove_index(source->path);
    return unlink(temporary) == 0 && unlink(source->path) == 0 ? 0 : -errno;
}

/* NULL: it can. */
static const char *why_not_thinned(const struct thinner *thinner) {
    const struct spanlog_retained *done = thinner->done;
    if (!thinner->traces)
        return NULL;
    if (done->lines_bad > done->lines)
        return done->lines ? "most of it cannot be read" : "nothing in it can be read";
    return done->lines && !thinner->has_trace ? "no line in it has a trace id" : NULL;
}

/* The file stays; what was counted for another one does not hold. */
static void leave(struct spanlog_retained *done, const char *reason) {
    done->action = SPANLOG_RETAIN_STAYS;
    done->reason = reason;
    done->lines_kept = done->lines;
}

/* The new file is written: it takes the old one's place, unless that is to stay. */
static int settle(const struct spanlog_retain *retain, const char *temporary, const char *name,
                  const struct spanlog_source *source, const struct thinner *thinner) {
    struct spanlog_retained *done = thinner->done;
    const char *reason = why_not_thinned(thinner);
    bool is_renamed = strcmp(source->path, name) != 0;
    bool is_same = !thinner->compresses &&
                   (!thinner->traces || (done->lines_kept == done->lines && done->lines_bad == 0));
    struct stat status;
    if (reason || (is_same && !is_renamed)) {
        leave(done, reason);
        return 0;
    }
    if (stat(temporary, &status) != 0)
        return -errno;
    bool is_empty = thinner->traces && done->lines_kept == 0;
    if (is_same)
        done->action = SPANLOG_RETAIN_COMPRESSED;
    else
        done->size_kept = is_empty ? 0 : (uint64_t)status.st_size;
    if (retain->dry_run)
        return 0;
    return is_empty ? take_away(source, temporary)
                    : take_place(source, is_same ? NULL : temporary, name);
}

static int rewrite_into(const struct spanlog_retain *retain, const struct spanlog_source *source,
                        int fd, const char *temporary, struct thinner *thinner) {
    enum spanlog_inflate_kind kind = kind_of(source->path);
    struct stat old;
    thinner->compresses = kind == SPANLOG_INFLATE_NONE && retain->compress != SPANLOG_INFLATE_NONE;
    if (thinner->compresses)
        kind = retain->compress;
    char *name = new_name(source->path, retain, kind);
    int rc = name ? look_again(source, &old) : -ENOMEM;
    if (rc == 0)
        rc = spanlog_deflate_open(&thinner->out, fd, kind);
    if (rc == 0)
        rc = write_thinned(retain, source, thinner);
    int closed = spanlog_deflate_close(&thinner->out);
    rc = rc ? rc : closed;
    if (rc == 0)
        rc = keep_attributes(fd, &old);
    if (rc == 0)
        rc = settle(retain, temporary, name, source, thinner);
    free(name);
    return rc;
}

void spanlog_retain_rewrite(const struct spanlog_retain *retain,
                            const struct spanlog_source *source,
                            const struct spanlog_error_traces *traces,
                            struct spanlog_retained *done) {
    const char *name = name_of(source->path);
    char *temporary = temporary_of(source->path, (size_t)(name - source->path), name);
    done->action = traces ? SPANLOG_RETAIN_THINNED : SPANLOG_RETAIN_COMPRESSED;
    int fd = temporary ? open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (fd < 0) {
        done->error = temporary ? -errno : -ENOMEM;
    } else {
        struct thinner thinner = {.traces = traces, .done = done};
        done->error = rewrite_into(retain, source, fd, temporary, &thinner);
        close(fd);
        unlink(temporary); /* unless it has taken the file's place */
    }
    if (done->error)
        done->size_kept = done->size;
    free(temporary);
}
