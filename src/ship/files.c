/* ship/files.c: see files.h. Reading, and what changes while one reads. */
#include "src/ship/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/analyzer/input/rotated.h"

uint64_t spanlog_ship_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void spanlog_ship_file_free(struct spanlog_ship_file *file) {
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    free(file->twins);
    spanlog_ship_archive_free(file->archive);
    *file = (struct spanlog_ship_file){.fd = -1};
}

void spanlog_ship_files_close(struct spanlog_ship_files *files) {
    for (size_t i = 0; i < files->count; i++)
        spanlog_ship_file_free(&files->list[i]);
    for (size_t i = 0; i < files->directory_count; i++)
        free(files->directories[i].path);
    if (files->inotify >= 0)
        close(files->inotify);
    free(files->list);
    free(files->directories);
    files->list = NULL;
    files->directories = NULL;
    files->count = files->directory_count = 0;
    files->inotify = -1;
}

int spanlog_ship_file_open(struct spanlog_ship_files *files, struct spanlog_ship_file *file) {
    struct stat st;
    if (file->fd >= 0)
        return 0;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        int error = errno;
        if (error != ENOENT) {
            files->say(files->argument, file->path, strerror(error));
            files->has_trouble = true;
        }
        return -error;
    }
    if (fstat(fd, &st) < 0 || st.st_ino != file->inode || st.st_dev != file->device) {
        close(fd); /* the next listing knows more */
        return -ENOENT;
    }
    file->fd = fd;
    /* Each time anew: while it was closed another file may have got its inode. */
    int rc = spanlog_ship_archive_look(&file->archive, fd, file->path);
    if (rc < 0) {
        close(fd);
        file->fd = -1;
    }
    return rc;
}

size_t spanlog_ship_file_head(const struct spanlog_ship_file *file,
                              char head[SPANLOG_SHIP_PRINT_SIZE]) {
    if (file->archive) {
        memcpy(head, file->archive->head, file->archive->head_size);
        return file->archive->head_size;
    }
    ssize_t got = pread(file->fd, head, SPANLOG_SHIP_PRINT_SIZE, 0);
    return got > 0 ? (size_t)got : 0;
}

ssize_t spanlog_ship_file_pread(struct spanlog_ship_file *file, char *to, size_t size,
                                uint64_t offset) {
    if (file->archive)
        return spanlog_ship_archive_read(file->archive, file->fd, to, size, offset);
    ssize_t got = pread(file->fd, to, size, (off_t)offset);
    return got < 0 ? -errno : got;
}

/* ---- what was told ------------------------------------------------------------------------ */

static bool has_name(const struct spanlog_ship_file *file, int watch, const char *name) {
    size_t size = strlen(name), path_size = strlen(file->path);
    const char *end = path_size >= size ? file->path + path_size - size : NULL;
    return file->watch == watch && end && strcmp(end, name) == 0 &&
           (end == file->path || end[-1] == '/');
}

static void mark(struct spanlog_ship_files *files, int watch, const char *name) {
    for (size_t i = 0; i < files->count; i++)
        if (has_name(&files->list[i], watch, name))
            files->list[i].is_marked = true;
}

/* Of a spool: one that we had no time to open. */
static void note_deleted(struct spanlog_ship_files *files, int watch, const char *name) {
    bool is_known = !files->is_spool || !spanlog_rotated_is_old(name);
    for (size_t i = 0; !is_known && i < files->count; i++)
        is_known = has_name(&files->list[i], watch, name);
    files->lost_more |= !is_known;
}

static void note_event(struct spanlog_ship_files *files, const struct inotify_event *event) {
    if (event->mask & IN_Q_OVERFLOW) {
        files->must_list = true;
        for (size_t i = 0; i < files->count; i++)
            files->list[i].is_marked = true;
    } else if (event->mask & IN_CLOSE_WRITE) {
        files->must_list |= event->len && spanlog_rotated_is_old(event->name);
    } else if (event->mask & IN_MODIFY) {
        if (event->len)
            mark(files, event->wd, event->name);
    } else if (event->mask & ~(uint32_t)IN_IGNORED) {
        files->must_list = true;
        if (event->mask & IN_DELETE && event->len)
            note_deleted(files, event->wd, event->name);
    }
}

void spanlog_ship_files_hear(struct spanlog_ship_files *files) {
    _Alignas(struct inotify_event) char events[16384];
    ssize_t got;
    while ((got = read(files->inotify, events, sizeof events)) > 0)
        for (const char *p = events; p < events + got;) {
            const struct inotify_event *event = (const void *)p;
            note_event(files, event);
            p += sizeof *event + event->len;
        }
}

int spanlog_ship_files_update(struct spanlog_ship_files *files) {
    spanlog_ship_files_hear(files);
    uint64_t wake_ms = spanlog_ship_files_wake_ms(files);
    uint64_t now_ms = spanlog_ship_now_ms();
    bool is_due = wake_ms && wake_ms <= now_ms;
    for (size_t i = 0; is_due && i < files->count; i++) {
        struct spanlog_ship_file *file = &files->list[i];
        if (file->is_listed || file->is_leaving || file->leave_ms > now_ms)
            continue;
        file->is_marked = file->fd >= 0 && !file->is_copy;
        file->is_leaving = true;
    }
    return files->must_list || is_due ? spanlog_ship_files_list(files) : 0;
}

uint64_t spanlog_ship_files_wake_ms(const struct spanlog_ship_files *files) {
    uint64_t least = 0;
    for (size_t i = 0; i < files->count; i++)
        if (!files->list[i].is_listed && (least == 0 || files->list[i].leave_ms < least))
            least = files->list[i].leave_ms;
    return least;
}

/* ---- cut files ---------------------------------------------------------------------------- */

/* A copy that was made before the original was cut goes on from here. */
static bool wake_copy(struct spanlog_ship_files *files, const struct spanlog_ship_file *file) {
    for (size_t i = 0; i < files->count; i++) {
        struct spanlog_ship_file *copy = &files->list[i];
        if (!copy->is_copy || copy->copy_inode != file->inode || copy->copy_device != file->device)
            continue;
        copy->is_copy = false;
        copy->at = copy->done = file->at;
        copy->print = file->print;
        copy->is_marked = true;
        return true;
    }
    return false;
}

int spanlog_ship_file_was_cut(struct spanlog_ship_files *files, struct spanlog_ship_file *file) {
    if (!wake_copy(files, file) && file->print.size >= SPANLOG_SHIP_PRINT_SURE && file->at) {
        struct spanlog_ship_position *ghost = spanlog_ship_state_add_position(files->state);
        char *path = strdup(file->path);
        if (!ghost || !path) {
            free(path);
            return -ENOMEM;
        }
        *ghost = (struct spanlog_ship_position){
            .path = path, .offset = file->at, .print = file->print, .seen_s = (uint64_t)time(NULL)};
        files->must_list = true; /* the copy may be there, and not be known as yet */
    }
    file->at = file->done = 0;
    file->print = (struct spanlog_ship_print){0};
    file->is_skipping = false;
    file->is_marked = true;
    free(file->twins);
    file->twins = NULL;
    if (file->archive) {
        spanlog_ship_archive_rest(file->archive);
        file->archive->ended_size = 0;
    }
    return 0;
}

/* Whether it is still the file that was read up to `at`. */
static bool is_same(struct spanlog_ship_file *file) {
    char head[SPANLOG_SHIP_PRINT_SIZE];
    struct stat st;
    if (fstat(file->fd, &st) < 0)
        return false;
    uint64_t least = file->archive ? file->archive->in_at : file->at;
    size_t head_size = spanlog_ship_file_head(file, head);
    return (uint64_t)st.st_size >= least && spanlog_ship_print_holds(&file->print, head, head_size);
}

static void extend_print(struct spanlog_ship_file *file) {
    char head[SPANLOG_SHIP_PRINT_SIZE];
    if (file->print.size < SPANLOG_SHIP_PRINT_SIZE)
        spanlog_ship_print_extend(&file->print, head, spanlog_ship_file_head(file, head));
}

/* ---- copies ------------------------------------------------------------------------------- */

/* Whether it begins as the other does: as much as there is of both, up to the size of a print. */
static bool begins_as(const struct spanlog_ship_file *file, const struct spanlog_ship_file *other) {
    char one[SPANLOG_SHIP_PRINT_SIZE], two[SPANLOG_SHIP_PRINT_SIZE];
    size_t size = spanlog_ship_file_head(file, one);
    size_t both = size < other->print.size ? size : other->print.size;
    if (both < SPANLOG_SHIP_PRINT_SURE)
        return false;
    if (both == other->print.size) /* which may have been cut meanwhile */
        return spanlog_ship_print_holds(&other->print, one, size);
    return (other->archive || other->fd >= 0) && spanlog_ship_file_head(other, two) >= both &&
           memcmp(one, two, both) == 0;
}

/* 0 for one that is compressed: nobody knows without reading it. */
static uint64_t size_of(const struct spanlog_ship_file *file) {
    struct stat st;
    int rc = file->fd >= 0 ? fstat(file->fd, &st) : stat(file->path, &st);
    return rc == 0 && !file->archive ? (uint64_t)st.st_size : 0;
}

/* Whether it has more than what it is like: it may be the original, of which the copy was seen
 * first, plain or compressed. */
static bool is_longer(const struct spanlog_ship_file *file, const struct spanlog_ship_file *other) {
    uint64_t size = size_of(file);
    if (file->archive || (other->archive && other->archive->ended_size == 0))
        return false;
    return other->archive ? size > other->at : size > size_of(other) && size >= other->at;
}

/* It may be a file that was read under another inode, or a copy of one that stands, also one that
 * is being made, and of a copy that has changed this is asked again. What is longer than the file
 * it is like goes on where that has been read to. */
bool spanlog_ship_file_is_copy(struct spanlog_ship_files *files, struct spanlog_ship_file *file) {
    if (file->print.size || file->at || spanlog_ship_file_take_known(files, file, false))
        return false;
    file->is_copy = false;
    for (size_t i = 0; i < files->count; i++) {
        const struct spanlog_ship_file *other = &files->list[i];
        if (other == file || other->is_copy || !begins_as(file, other))
            continue;
        if (is_longer(file, other)) {
            file->at = file->done = other->at;
            file->print = other->print;
            return false;
        }
        file->is_copy = true;
        file->copy_device = other->device;
        file->copy_inode = other->inode;
        return true;
    }
    return false;
}

/* ---- reading ------------------------------------------------------------------------------ */

struct spanlog_ship_file *spanlog_ship_files_next(struct spanlog_ship_files *files) {
    struct spanlog_ship_file *least = NULL;
    for (size_t i = 0; i < files->count; i++) {
        struct spanlog_ship_file *file = &files->list[i];
        if (file->is_marked && (!least || file->time_ns < least->time_ns))
            least = file;
    }
    return least;
}

/* What is compressed was read to its end, or what there is of it. */
static void end_archive(struct spanlog_ship_files *files, struct spanlog_ship_file *file) {
    struct spanlog_ship_archive *archive = file->archive;
    const char *problem;
    bool has_ended = spanlog_ship_archive_has_ended(archive, file->fd, &problem);
    if (!has_ended)
        problem = files->is_final ? "ends in the middle, read up to there"
                                  : "ends in the middle: waiting for the rest";
    if (problem) {
        files->say(files->argument, file->path, problem);
        files->has_trouble = true;
    }
    for (size_t i = 0; has_ended && i < files->count; i++) /* which may be longer */
        if (files->list[i].copy_inode == file->inode && files->list[i].copy_device == file->device)
            files->list[i].is_marked |= files->list[i].is_copy;
}

/* Nothing more at present. What rotation has made is not written to again, so need not be kept
 * open. */
static int rest(struct spanlog_ship_files *files, struct spanlog_ship_file *file) {
    struct stat st;
    file->is_marked = false;
    if (file->fd < 0)
        return 0;
    if (file->archive && !file->is_copy && file->archive->is_open)
        end_archive(files, file);
    bool is_there = fstat(file->fd, &st) == 0;
    bool is_whole =
        is_there && (file->archive ? file->archive->ended_size : file->at) == (uint64_t)st.st_size;
    file->whole_ns = is_whole && !file->is_copy ? spanlog_ship_written_ns(&st) : 0;
    if (file->archive)
        spanlog_ship_archive_rest(file->archive);
    if ((file->is_old || file->archive) && file->is_listed && is_there) {
        file->closed_ns = spanlog_ship_changed_ns(&st);
        close(file->fd);
        file->fd = -1;
    }
    return 0;
}

/* An object that is whole although no newline follows. */
static bool is_whole(char *data, size_t size) {
    struct spanlog_json_walk walk = {0};
    struct spanlog_json_value value;
    if (size < 2 || *data != '{')
        return false;
    data[size] = '\n';
    memset(data + size + 1, 0, SPANLOG_JSON_PADDING - 1);
    return spanlog_json_value_at(&walk, data, &value) == data + size;
}

/* Reads at file->at until a newline is in the buffer. Bytes, 0 at the end, or -errno. */
static ssize_t fill(struct spanlog_ship_files *files, struct spanlog_ship_file *file,
                    struct spanlog_buffer *buffer) {
    size_t done = 0, want = SPANLOG_SHIP_PIECE_SIZE;
    for (;;) {
        if (spanlog_buffer_reserve(buffer, want, done) < 0)
            return -ENOMEM;
        ssize_t got =
            spanlog_ship_file_pread(file, buffer->data + done, want - done, file->at + done);
        if (got == -EINTR)
            continue;
        if (got < 0)
            return got;
        done += (size_t)got;
        if (got == 0 || done < want || memrchr(buffer->data, '\n', done) ||
            done >= files->line_size_max)
            return (ssize_t)done;
        want = 2 * want < files->line_size_max ? 2 * want : files->line_size_max;
    }
}

/* Of a line that is too long, what is in the buffer is passed over. It is said once a file. */
static int skip_long(struct spanlog_ship_files *files, struct spanlog_ship_file *file,
                     const struct spanlog_buffer *buffer, size_t size) {
    const char *newline = memchr(buffer->data, '\n', size);
    if (!file->is_skipping) {
        char text[120];
        snprintf(text, sizeof text,
                 "a line is longer than %llu KB (--memory): such lines are left out and counted",
                 (unsigned long long)files->line_size_max >> 10);
        files->say(files->argument, file->path, text);
        files->state->counts.unreadable++;
    }
    file->is_skipping = !newline;
    file->at += newline ? (uint64_t)(newline + 1 - buffer->data) : size;
    return -EAGAIN;
}

bool spanlog_ship_file_has_been_read(const struct spanlog_ship_file *file) {
    struct stat st;
    return file->archive && file->archive->ended_size && fstat(file->fd, &st) == 0 &&
           (uint64_t)st.st_size == file->archive->ended_size;
}

/* 1, 0, -EAGAIN: once more, or -ENOMEM. */
static int read_once(struct spanlog_ship_files *files, struct spanlog_ship_file *file,
                     struct spanlog_buffer *buffer, struct spanlog_chunk *chunk) {
    int rc = spanlog_ship_file_open(files, file);
    if (rc < 0)
        return rc == -ENOMEM ? rc : rest(files, file);
    if (!is_same(file))
        return spanlog_ship_file_was_cut(files, file) < 0 ? -ENOMEM : -EAGAIN;
    if (spanlog_ship_file_is_copy(files, file) || spanlog_ship_file_has_been_read(file)) {
        file->is_marked = false;
        return file->archive ? rest(files, file) : 0;
    }
    extend_print(file);
    ssize_t got = fill(files, file, buffer);
    if (got < 0) {
        if (got != -ENOMEM) {
            files->say(files->argument, file->path, strerror((int)-got));
            files->has_trouble = true;
        }
        return got == -ENOMEM ? -ENOMEM : rest(files, file);
    }
    /* It may have been cut and written to while we read. */
    if (!is_same(file))
        return spanlog_ship_file_was_cut(files, file) < 0 ? -ENOMEM : -EAGAIN;
    if (file->is_skipping && got > 0)
        return skip_long(files, file, buffer, (size_t)got);
    char *end = got ? memrchr(buffer->data, '\n', (size_t)got) : NULL;
    chunk->unfinished_last = false;
    if (!end && (size_t)got >= files->line_size_max)
        return skip_long(files, file, buffer, (size_t)got);
    bool is_last = files->is_final || !file->is_listed || file->archive;
    if (!end && is_last && is_whole(buffer->data, (size_t)got)) {
        end = buffer->data + got;
        chunk->unfinished_last = true;
    }
    if (!end)
        return rest(files, file);
    file->whole_ns = 0;
    if (file->at == 0 && got >= 3 && memcmp(buffer->data, SPANLOG_MARK, SPANLOG_MARK_SIZE) == 0)
        memset(buffer->data, ' ', SPANLOG_MARK_SIZE);
    chunk->offset = file->at;
    spanlog_chunk_finish(chunk, buffer->data, end + 1);
    file->at += (uint64_t)(end - buffer->data) + !chunk->unfinished_last;
    return 1;
}

int spanlog_ship_files_read(struct spanlog_ship_files *files, struct spanlog_ship_file *file,
                            struct spanlog_buffer *buffer, struct spanlog_chunk *chunk) {
    int rc;
    *chunk = (struct spanlog_chunk){0};
    do
        rc = read_once(files, file, buffer, chunk);
    while (rc == -EAGAIN && file->is_marked);
    return rc == -EAGAIN ? 0 : rc;
}

void spanlog_ship_files_commit(struct spanlog_ship_files *files) {
    for (size_t i = 0; i < files->count; i++)
        files->list[i].done = files->list[i].at;
}

uint64_t spanlog_ship_files_lag(const struct spanlog_ship_files *files) {
    uint64_t lag = 0;
    struct stat st;
    for (size_t i = 0; i < files->count; i++) {
        const struct spanlog_ship_file *file = &files->list[i];
        if (file->is_copy || (file->fd >= 0 ? fstat(file->fd, &st) : stat(file->path, &st)) < 0)
            continue;
        /* Of what is compressed: as it lies there. */
        uint64_t done = !file->archive    ? file->done
                        : file->is_marked ? file->archive->in_at
                                          : (uint64_t)st.st_size;
        if ((uint64_t)st.st_size > done)
            lag += (uint64_t)st.st_size - done;
    }
    return lag;
}
