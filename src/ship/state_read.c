/* ship/state_read.c: reads a state file. What is damaged is an empty state, never a wrong one. */
#include "src/ship/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formatters/json.h"
#include "formatters/utf8.h"
#include "src/analyzer/read/json.h"

#define STATE_SIZE_MAX (64u << 20)
#define MEMBERS_MAX 20

/* One line's members. */
struct members {
    struct spanlog_json_value keys[MEMBERS_MAX], values[MEMBERS_MAX];
    unsigned count;
};

static bool read_members(const char *line, struct members *ret) {
    struct spanlog_json_walk walk = {.at = line};
    ret->count = 0;
    int more = spanlog_json_open(&walk);
    for (; more > 0 && ret->count < MEMBERS_MAX; more = spanlog_json_next(&walk)) {
        if (!spanlog_json_member(&walk, &ret->keys[ret->count], &ret->values[ret->count]))
            return false;
        ret->count++;
    }
    return more == 0 && spanlog_json_close(&walk);
}

static const struct spanlog_json_value *find(const struct members *members, const char *key) {
    size_t size = strlen(key);
    for (unsigned i = 0; i < members->count; i++)
        if ((size_t)(members->keys[i].end - members->keys[i].begin) == size &&
            memcmp(members->keys[i].begin, key, size) == 0)
            return &members->values[i];
    return NULL;
}

/* All that is read here is followed by something that is no digit. */
static uint64_t number(const struct members *members, const char *key, int base) {
    const struct spanlog_json_value *value = find(members, key);
    return value ? strtoull(value->begin, NULL, base) : 0;
}

static char *text(const struct members *members, const char *key) {
    const struct spanlog_json_value *value = find(members, key);
    if (!value || value->type != SPANLOG_JSON_STRING)
        return NULL;
    size_t size = (size_t)(value->end - value->begin);
    char *copy = malloc(size + 1);
    ssize_t used = copy ? spanlog_json_unescape(value->begin, size, copy) : -1;
    if (used < 0) {
        free(copy);
        return NULL;
    }
    copy[used] = 0;
    return copy;
}

/* As much as there is room for. */
static void copy_text(const struct members *members, const char *key, char *to, size_t room) {
    char *whole = text(members, key);
    size_t size = whole ? spanlog_utf8_trim(whole, strnlen(whole, room - 1)) : 0;
    if (size)
        memcpy(to, whole, size);
    to[size] = 0;
    free(whole);
}

static int read_head(struct spanlog_ship_state *state, const struct members *members) {
    struct spanlog_ship_counts *counts = &state->counts;
    if (number(members, "ship", 10) != 1)
        return -EBADMSG;
    free(state->target);
    state->target = text(members, "target");
    state->pid = (long)number(members, "pid", 10);
    copy_text(members, "what", state->what, sizeof state->what);
    copy_text(members, "error", state->error, sizeof state->error);
    state->error_ns = number(members, "error_at", 10);
    state->updated_ns = number(members, "updated", 10);
    state->lag = number(members, "lag", 10);
    *counts = (struct spanlog_ship_counts){.records = number(members, "records", 10),
                                           .bytes = number(members, "bytes", 10),
                                           .requests = number(members, "requests", 10),
                                           .failures = number(members, "failures", 10),
                                           .refused = number(members, "refused", 10),
                                           .oversize = number(members, "oversize", 10),
                                           .left_out = number(members, "left_out", 10),
                                           .unreadable = number(members, "unreadable", 10),
                                           .lost = number(members, "lost_bytes", 10)};
    return state->target ? 0 : -EBADMSG;
}

static int read_position(struct spanlog_ship_state *state, const struct members *members) {
    struct spanlog_ship_position *position = state->position_count < 4 * SPANLOG_SHIP_POSITIONS_MAX
                                                 ? spanlog_ship_state_add_position(state)
                                                 : NULL;
    if (!position)
        return -EBADMSG;
    *position = (struct spanlog_ship_position){.path = text(members, "file"),
                                               .device = number(members, "device", 10),
                                               .inode = number(members, "inode", 10),
                                               .offset = number(members, "offset", 10),
                                               .seen_s = number(members, "seen", 10)};
    const struct spanlog_json_value *print = find(members, "print");
    uint64_t size = number(members, "print_size", 10);
    if (!position->path || !print || print->type != SPANLOG_JSON_STRING ||
        size > SPANLOG_SHIP_PRINT_SIZE)
        return -EBADMSG;
    position->print = (struct spanlog_ship_print){strtoull(print->begin, NULL, 16), (uint32_t)size};
    return 0;
}

static int read_stream(struct spanlog_ship_state *state, const struct members *members) {
    struct spanlog_ship_stream *grown =
        realloc(state->streams, (state->stream_count + 1) * sizeof *grown);
    const struct spanlog_json_value *heads = find(members, "heads");
    if (grown)
        state->streams = grown;
    if (!grown || !heads || heads->type != SPANLOG_JSON_ARRAY)
        return grown ? -EBADMSG : -ENOMEM;
    struct spanlog_ship_stream *stream = &grown[state->stream_count];
    *stream = (struct spanlog_ship_stream){.labels = text(members, "stream")};
    if (!stream->labels)
        return -EBADMSG;
    stream->hash = spanlog_ship_hash(stream->labels, strlen(stream->labels));
    const char *p = heads->begin;
    for (unsigned lane = 0; lane < SPANLOG_SHIP_LANES; lane++) {
        p = memchr(p, '"', (size_t)(heads->end - p));
        if (!p)
            break;
        stream->heads_ns[lane] = stream->done_ns[lane] = strtoull(p + 1, NULL, 10);
        p = memchr(p + 1, '"', (size_t)(heads->end - p - 1));
        if (!p++)
            break;
    }
    state->stream_count++;
    return 0;
}

static int read_process(struct spanlog_ship_state *state, const struct members *members) {
    const struct spanlog_json_value *key = find(members, "process");
    struct spanlog_ship_process *grown =
        realloc(state->processes, (state->process_count + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    state->processes = grown;
    char *labels = text(members, "labels");
    if (!labels || key->type != SPANLOG_JSON_STRING) {
        free(labels);
        return -EBADMSG;
    }
    grown[state->process_count++] =
        (struct spanlog_ship_process){strtoull(key->begin, NULL, 16), labels};
    return 0;
}

static int read_line(struct spanlog_ship_state *state, const char *line, bool is_first) {
    struct members members;
    if (!read_members(line, &members))
        return -EBADMSG;
    if (is_first)
        return read_head(state, &members);
    if (find(&members, "file"))
        return read_position(state, &members);
    if (find(&members, "stream"))
        return read_stream(state, &members);
    return find(&members, "process") ? read_process(state, &members) : 0;
}

static int read_all(int fd, size_t size, struct spanlog_ship_state *state) {
    char *data = calloc(1, size + 1 + SPANLOG_JSON_PADDING);
    size_t done = 0;
    int rc = data ? 0 : -ENOMEM;
    while (rc == 0 && done < size) {
        ssize_t got = pread(fd, data + done, size - done, (off_t)done);
        if (got <= 0)
            rc = got < 0 ? -errno : -EBADMSG;
        else
            done += (size_t)got;
    }
    if (rc == 0 && (size == 0 || data[size - 1] != '\n'))
        rc = -EBADMSG;
    for (char *line = data; rc == 0 && line < data + size;) {
        char *end = memchr(line, '\n', (size_t)(data + size - line));
        rc = read_line(state, line, line == data);
        line = end + 1;
    }
    free(data);
    return rc;
}

int spanlog_ship_state_read(struct spanlog_ship_state *state, int directory, const char *name) {
    struct stat st;
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    int rc = fstat(fd, &st) < 0 ? -errno : 0;
    if (rc == 0 && (!S_ISREG(st.st_mode) || st.st_size > STATE_SIZE_MAX))
        rc = -EBADMSG;
    if (rc == 0)
        rc = read_all(fd, (size_t)st.st_size, state);
    close(fd);
    if (rc < 0) {
        struct spanlog_ship_state empty = {.directory = state->directory,
                                           .lock = state->lock,
                                           .lock_is_ours = state->lock_is_ours};
        memcpy(empty.name, state->name, sizeof empty.name);
        state->lock = -1;
        spanlog_ship_state_close(state);
        *state = empty;
    }
    return rc;
}
