/* ship/status.c: `spanlog ship --status`: what the state files say.
 *
 *     loki:http://127.0.0.1:3100
 *       running, process 711; 4,210 records sent, 1.2 MB in 3 requests; all is sent
 *       12 records refused, the last trouble 3 min ago: it answers 400: …
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/ship/ship.h"
#include "src/ship/state.h"

/* Bytes in the files as they are now, behind what was sent of them. */
static uint64_t lag_now(const struct spanlog_ship_state *state) {
    uint64_t lag = 0;
    struct stat st;
    for (size_t i = 0; i < state->position_count; i++) {
        const struct spanlog_ship_position *position = &state->positions[i];
        if (stat(position->path, &st) == 0 && st.st_ino == position->inode &&
            st.st_dev == position->device && (uint64_t)st.st_size > position->offset)
            lag += (uint64_t)st.st_size - position->offset;
    }
    return lag;
}

static bool is_running(int directory, const char *name) {
    char lock_name[300];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    snprintf(lock_name, sizeof lock_name, "%s.lock", name);
    int fd = openat(directory, lock_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    bool running = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    return running;
}

static void put_size(struct spanlog_output *out, uint64_t bytes) {
    static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB"};
    double size = (double)bytes;
    unsigned unit = 0;
    char text[32];
    for (; size >= 1000 && unit < 4; unit++)
        size /= 1000;
    snprintf(text, sizeof text, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
    spanlog_put(out, text);
}

static void put_age(struct spanlog_output *out, uint64_t ns) {
    uint64_t now_s = (uint64_t)time(NULL), s = ns / 1000000000;
    uint64_t age_s = now_s > s ? now_s - s : 0;
    spanlog_put_number(out, age_s < 120 ? age_s : age_s < 7200 ? age_s / 60 : age_s / 3600);
    spanlog_put(out, age_s < 120 ? " s ago" : age_s < 7200 ? " min ago" : " h ago");
}

static void put_text(struct spanlog_output *out, const struct spanlog_ship_state *state,
                     const char *what, uint64_t lag) {
    const struct spanlog_ship_counts *counts = &state->counts;
    const struct {
        uint64_t count;
        const char *text;
    } losses[] = {{counts->refused, " records refused by the server\n"},
                  {counts->oversize, " records too large for the server\n"},
                  {counts->left_out, " records left out, as they are of no use there or too old\n"},
                  {counts->unreadable, " lines that are no records\n"},
                  {counts->lost, " bytes let go unsent, as the spool was full\n"}};
    spanlog_put_visible(out, spanlog_text_of(state->target));
    spanlog_put(out, "\n  ");
    spanlog_put(out, what);
    if (strcmp(what, "running") == 0) {
        spanlog_put(out, ", process ");
        spanlog_put_number(out, (uint64_t)state->pid);
    }
    spanlog_put(out, "; ");
    spanlog_put_thousands(out, counts->records);
    spanlog_put(out, " records sent, ");
    put_size(out, counts->bytes);
    spanlog_put(out, " in ");
    spanlog_put_thousands(out, counts->requests);
    spanlog_put(out, counts->requests == 1 ? " request; " : " requests; ");
    if (lag)
        put_size(out, lag);
    spanlog_put(out, lag ? " to go\n" : "all is sent\n");
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        if (!losses[i].count)
            continue;
        spanlog_put(out, "  ");
        spanlog_put_thousands(out, losses[i].count);
        spanlog_put(out, losses[i].text);
    }
    if (state->error[0]) {
        spanlog_put(out, "  the last trouble, ");
        put_age(out, state->error_ns);
        spanlog_put(out, ": ");
        spanlog_put_visible(out, spanlog_text_of(state->error));
        spanlog_put(out, "\n");
    }
}

static void put_json(struct spanlog_output *out, const struct spanlog_ship_state *state,
                     const char *what, uint64_t lag) {
    const struct spanlog_ship_counts *counts = &state->counts;
    const struct {
        const char *key;
        uint64_t number;
    } numbers[] = {{",\"pid\":", (uint64_t)state->pid},  {",\"lag_bytes\":", lag},
                   {",\"records\":", counts->records},   {",\"bytes\":", counts->bytes},
                   {",\"requests\":", counts->requests}, {",\"failures\":", counts->failures},
                   {",\"refused\":", counts->refused},   {",\"oversize\":", counts->oversize},
                   {",\"left_out\":", counts->left_out}, {",\"unreadable\":", counts->unreadable},
                   {",\"lost_bytes\":", counts->lost}};
    spanlog_put_json_text(out, "{\"target\":", spanlog_text_of(state->target));
    spanlog_put_json_text(out, ",\"state\":", spanlog_text_of(what));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        spanlog_put_json_count(out, numbers[i].key, numbers[i].number);
    if (state->error[0]) {
        spanlog_put_json_text(out, ",\"error\":", spanlog_text_of(state->error));
        spanlog_put(out, ",\"error_at\":");
        spanlog_put_json_time(out, state->error_ns);
    }
    spanlog_put(out, ",\"updated\":");
    spanlog_put_json_time(out, state->updated_ns);
    spanlog_put(out, "}\n");
}

static void put_unreadable(struct spanlog_output *out, const char *name, int error, bool as_json) {
    struct spanlog_text text = spanlog_text_of(name);
    const char *why = error == -EBADMSG ? "it is damaged" : strerror(-error);
    if (as_json) {
        spanlog_put_json_text(out, "{\"target\":", text);
        spanlog_put_json_text(out, ",\"state\":\"unreadable\",\"error\":", spanlog_text_of(why));
        spanlog_put(out, "}\n");
        return;
    }
    spanlog_put_visible(out, text);
    spanlog_put(out, "\n  this checkpoint cannot be read: ");
    spanlog_put(out, why);
    spanlog_put(out, "\n");
}

static int put_one(struct spanlog_output *out, int directory, const char *name, bool as_json) {
    struct spanlog_ship_state state = {.directory = -1, .lock = -1};
    int rc = spanlog_ship_state_read(&state, directory, name);
    if (rc < 0)
        put_unreadable(out, name, rc, as_json);
    if (rc == 0 && state.target) {
        bool running = is_running(directory, name), ran = strcmp(state.what, "running") == 0;
        const char *what = running ? ran ? "running" : "ending" : ran ? "died" : state.what;
        (as_json ? put_json : put_text)(out, &state, what, lag_now(&state));
    }
    bool found = rc < 0 || state.target != NULL;
    spanlog_ship_state_close(&state);
    return found;
}

/* "loki-HOST-1f3a9c0e", as endpoint.c makes them. Of its lock and its new file the end differs. */
static int is_state(const struct dirent *entry) {
    const char *name = entry->d_name, *hash = strrchr(name, '-');
    return (strncmp(name, "loki-", 5) == 0 || strncmp(name, "otlp-", 5) == 0 ||
            strncmp(name, "zipkin-", 7) == 0) &&
           hash && strlen(hash) == 9 && strspn(hash + 1, "0123456789abcdef") == 8;
}

int spanlog_ship_status(const char *state, bool as_json, int fd) {
    char *path = NULL;
    struct dirent **entries;
    struct spanlog_output out;
    int directory = spanlog_ship_state_directory(state, false, &path), found = 0;
    free(path);
    if (directory < 0)
        return directory == -ENOENT ? 0 : directory;
    spanlog_output_open(&out, fd);
    int count = scandirat(directory, ".", &entries, is_state, alphasort);
    for (int i = 0; i < count; i++) {
        found += put_one(&out, directory, entries[i]->d_name, as_json);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    close(directory);
    int rc = spanlog_output_close(&out);
    return rc < 0 ? rc : found;
}
