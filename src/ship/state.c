/* ship/state.c: see state.h. The lock, the directory and writing; state_read.c reads. */
#include "src/ship/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/ship/files.h"

#define MONTH_S (30u * 24 * 3600)
#define LOCK_TRIES 5
#define LOCK_NAP_MS 20

/* ---- where it lies ------------------------------------------------------------------------ */

static char *default_path(void) {
    const char *base = secure_getenv("XDG_STATE_HOME"), *home = secure_getenv("HOME");
    char *path = NULL;
    int rc = base && *base == '/'   ? asprintf(&path, "%s/spanlog/ship", base)
             : geteuid() == 0       ? asprintf(&path, "/var/lib/spanlog/ship")
             : home && *home == '/' ? asprintf(&path, "%s/.local/state/spanlog/ship", home)
                                    : -1;
    return rc < 0 ? NULL : path;
}

static int make_all(const char *path) {
    char *copy = strdup(path);
    int rc = copy ? 0 : -ENOMEM;
    for (char *p = copy; rc == 0 && p && *p; p++) {
        char *slash = strchr(p + 1, '/');
        if (slash)
            *slash = 0;
        if (mkdir(copy, 0700) < 0 && errno != EEXIST)
            rc = -errno;
        if (!slash)
            break;
        *slash = '/';
        p = slash - 1;
        if (p < copy)
            p = copy;
    }
    free(copy);
    return rc;
}

int spanlog_ship_state_directory(const char *path, bool make, char **ret_path) {
    *ret_path = path ? strdup(path) : default_path();
    if (!*ret_path)
        return path ? -ENOMEM : -ENOENT;
    int rc = make ? make_all(*ret_path) : 0;
    int fd = rc < 0 ? rc : open(*ret_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 && rc == 0 ? -errno : fd;
}

/* ---- the lock ----------------------------------------------------------------------------- */

static int try_lock(struct spanlog_ship_state *state) {
    char text[32] = "";
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(state->lock, F_OFD_SETLK, &lock) < 0) {
        int error = errno;
        ssize_t got = pread(state->lock, text, sizeof text - 1, 0);
        state->busy_pid = got > 0 ? strtol(text, NULL, 10) : 0;
        return error == EAGAIN || error == EACCES ? -EBUSY : -error;
    }
    state->lock_is_ours = true;
    /* For people only: the lock counts. */
    int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(state->lock, 0) < 0 || pwrite(state->lock, text, (size_t)size, 0) != size)
        return 0;
    return 0;
}

static int read_ours(struct spanlog_ship_state *state) {
    int rc = spanlog_ship_state_read(state, state->directory, state->name);
    return rc == -ENOENT ? 0 : rc;
}

int spanlog_ship_state_open(struct spanlog_ship_state *state, int directory, const char *name) {
    char lock_name[sizeof state->name + 8];
    *state = (struct spanlog_ship_state){.directory = directory, .lock = -1};
    snprintf(state->name, sizeof state->name, "%s", name);
    snprintf(lock_name, sizeof lock_name, "%s.lock", name);
    state->lock = openat(directory, lock_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc = state->lock < 0 ? -errno : try_lock(state);
    return rc == 0 ? read_ours(state) : rc;
}

/* The kernel tells of the last close of a file that could be written, also at a death, shortly
 * before it drops the locks: hence a few tries. */
static int wait_on(struct spanlog_ship_state *state, int watch, int stop_fd) {
    struct pollfd fds[2] = {{.fd = stop_fd, .events = POLLIN}, {.fd = watch, .events = POLLIN}};
    char events[4096];
    for (int tries = LOCK_TRIES;;) {
        int rc = try_lock(state);
        if (rc != -EBUSY)
            return rc;
        if (fds[0].revents)
            return -EAGAIN;
        rc = poll(fds, 2, tries > 0 ? LOCK_NAP_MS : -1);
        if (rc < 0 && errno != EINTR)
            return -errno;
        if (rc > 0 && fds[1].revents && read(watch, events, sizeof events) > 0)
            tries = LOCK_TRIES;
        else
            tries -= tries > 0;
    }
}

int spanlog_ship_state_wait(struct spanlog_ship_state *state, int stop_fd) {
    char path[64];
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    snprintf(path, sizeof path, "/proc/thread-self/fd/%d", state->lock);
    if (watch < 0 || inotify_add_watch(watch, path, IN_CLOSE_WRITE) < 0) {
        int error = -errno;
        if (watch >= 0)
            close(watch);
        return error;
    }
    int rc = wait_on(state, watch, stop_fd);
    close(watch);
    return rc == 0 ? read_ours(state) : rc;
}

void spanlog_ship_state_close(struct spanlog_ship_state *state) {
    for (size_t i = 0; i < state->position_count; i++)
        free(state->positions[i].path);
    for (size_t i = 0; i < state->stream_count; i++)
        free(state->streams[i].labels);
    for (size_t i = 0; i < state->process_count; i++)
        free(state->processes[i].labels);
    free(state->positions);
    free(state->streams);
    free(state->processes);
    free(state->target);
    if (state->lock >= 0)
        close(state->lock);
    *state = (struct spanlog_ship_state){.directory = -1, .lock = -1};
}

struct spanlog_ship_position *spanlog_ship_state_add_position(struct spanlog_ship_state *state) {
    struct spanlog_ship_position *grown =
        realloc(state->positions, (state->position_count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    state->positions = grown;
    grown[state->position_count] = (struct spanlog_ship_position){0};
    return &grown[state->position_count++];
}

void spanlog_ship_state_drop_position(struct spanlog_ship_state *state, size_t index) {
    free(state->positions[index].path);
    state->position_count--;
    memmove(&state->positions[index], &state->positions[index + 1],
            (state->position_count - index) * sizeof *state->positions);
}

/* ---- writing ------------------------------------------------------------------------------ */

static void put_head(struct spanlog_output *out, const struct spanlog_ship_state *state) {
    const struct spanlog_ship_counts *counts = &state->counts;
    spanlog_put_json_text(
        out, "{\"ship\":1,\"target\":", spanlog_text_of(state->target ? state->target : ""));
    spanlog_put_json_count(out, ",\"pid\":", (uint64_t)state->pid);
    spanlog_put_json_text(out, ",\"what\":", spanlog_text_of(state->what));
    spanlog_put_json_count(out, ",\"updated\":", state->updated_ns);
    spanlog_put_json_count(out, ",\"lag\":", state->lag);
    spanlog_put_json_count(out, ",\"records\":", counts->records);
    spanlog_put_json_count(out, ",\"bytes\":", counts->bytes);
    spanlog_put_json_count(out, ",\"requests\":", counts->requests);
    spanlog_put_json_count(out, ",\"failures\":", counts->failures);
    spanlog_put_json_count(out, ",\"refused\":", counts->refused);
    spanlog_put_json_count(out, ",\"oversize\":", counts->oversize);
    spanlog_put_json_count(out, ",\"left_out\":", counts->left_out);
    spanlog_put_json_count(out, ",\"unreadable\":", counts->unreadable);
    spanlog_put_json_count(out, ",\"lost_bytes\":", counts->lost);
    spanlog_put_json_text(out, ",\"error\":", spanlog_text_of(state->error));
    spanlog_put_json_count(out, ",\"error_at\":", state->error_ns);
    spanlog_put(out, "}\n");
}

/* Paths are for people, and for --status, which may run elsewhere. */
static void put_path(struct spanlog_output *out, const char *path) {
    char here[4096] = "", whole[8192];
    if (*path != '/' && !getcwd(here, sizeof here - 1))
        *here = 0;
    snprintf(whole, sizeof whole, "%s%s%.4000s", here, *here ? "/" : "", path);
    spanlog_put_json_text(out, "{\"file\":", spanlog_text_of(whole));
}

static void put_position(struct spanlog_output *out, const struct spanlog_ship_position *position) {
    char print[20];
    put_path(out, position->path);
    snprintf(print, sizeof print, "%016llx", (unsigned long long)position->print.hash);
    spanlog_put_json_count(out, ",\"device\":", position->device);
    spanlog_put_json_count(out, ",\"inode\":", position->inode);
    spanlog_put_json_count(out, ",\"offset\":", position->offset);
    spanlog_put_json_text(out, ",\"print\":", spanlog_text_of(print));
    spanlog_put_json_count(out, ",\"print_size\":", position->print.size);
    spanlog_put_json_count(out, ",\"seen\":", position->seen_s);
    spanlog_put(out, "}\n");
}

static void put_streams(struct spanlog_output *out, const struct spanlog_ship_state *state) {
    for (size_t i = 0; i < state->stream_count; i++) {
        unsigned lanes = SPANLOG_SHIP_LANES;
        while (lanes > 1 && state->streams[i].done_ns[lanes - 1] == 0)
            lanes--;
        spanlog_put_json_text(out, "{\"stream\":", spanlog_text_of(state->streams[i].labels));
        for (unsigned lane = 0; lane < lanes; lane++) {
            spanlog_put_json_count(out, lane ? ",\"" : ",\"heads\":[\"",
                                   state->streams[i].done_ns[lane]);
            spanlog_put(out, "\"");
        }
        spanlog_put(out, "]}\n");
    }
    for (size_t i = 0; i < state->process_count; i++) {
        char key[20];
        snprintf(key, sizeof key, "%016llx", (unsigned long long)state->processes[i].key);
        spanlog_put_json_text(out, "{\"process\":", spanlog_text_of(key));
        spanlog_put_json_text(out, ",\"labels\":", spanlog_text_of(state->processes[i].labels));
        spanlog_put(out, "}\n");
    }
}

static void put_state(struct spanlog_output *out, const struct spanlog_ship_state *state,
                      const struct spanlog_ship_files *files) {
    put_head(out, state);
    for (size_t i = 0; files && i < files->count; i++) {
        const struct spanlog_ship_file *file = &files->list[i];
        if (file->is_copy)
            continue;
        struct spanlog_ship_position position = {file->path, file->device, file->inode,
                                                 file->done, file->print,  (uint64_t)time(NULL)};
        put_position(out, &position);
    }
    for (size_t i = 0; i < state->position_count; i++)
        put_position(out, &state->positions[i]);
    put_streams(out, state);
}

/* Files that were not seen for a month, and the oldest of too many, are forgotten. */
static void prune(struct spanlog_ship_state *state) {
    uint64_t now_s = (uint64_t)time(NULL);
    for (size_t i = 0; i < state->position_count;)
        if (state->positions[i].seen_s + MONTH_S < now_s ||
            state->position_count > SPANLOG_SHIP_POSITIONS_MAX)
            spanlog_ship_state_drop_position(state, i);
        else
            i++;
}

int spanlog_ship_state_save(struct spanlog_ship_state *state,
                            const struct spanlog_ship_files *files) {
    struct spanlog_output out;
    struct timespec now;
    char temporary[sizeof state->name + 8];
    clock_gettime(CLOCK_REALTIME, &now);
    state->updated_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    state->lag = files ? spanlog_ship_files_lag(files) : 0;
    prune(state);
    snprintf(temporary, sizeof temporary, "%s.new", state->name);
    int fd = openat(state->directory, temporary,
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    spanlog_output_open(&out, fd);
    put_state(&out, state, files);
    int rc = spanlog_output_close(&out);
    if (rc == 0 && fsync(fd) < 0)
        rc = -errno;
    if (close(fd) < 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && renameat(state->directory, temporary, state->directory, state->name) < 0)
        rc = -errno;
    if (rc == 0)
        fsync(state->directory);
    else
        unlinkat(state->directory, temporary, 0);
    return rc;
}
