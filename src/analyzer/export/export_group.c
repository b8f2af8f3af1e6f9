/* analyzer/export/export_group.c: see export_group.h. */
#include "src/analyzer/export/export_group.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/analyzer/read/json.h"

#define PART_SIZE (32u << 20) /* of the input, roughly */
#define PARTS_MAX 512
#define PARTS_OF_STREAMS 64
#define BUFFER_SIZE (32u << 10)

struct spanlog_group_buffer {
    char *data;
    size_t size;
    size_t room;
};

/* What stands in front of a line in a part's file. */
struct entry {
    struct spanlog_group_key key;
    uint32_t size; /* of the text behind it, without its '\n' */
    uint32_t stride;
};

static int open_temporary(void) {
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder)
        folder = "/tmp";
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_APPEND, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd < 0 ? -errno : fd;
    char path[4096];
    if (snprintf(path, sizeof path, "%s/spanlog-XXXXXX", folder) >= (int)sizeof path)
        return -ENAMETOOLONG;
    fd = mkostemp(path, O_CLOEXEC | O_APPEND);
    if (fd < 0)
        return -errno;
    unlink(path);
    return fd;
}

int spanlog_groups_open(struct spanlog_groups *groups, unsigned jobs, uint64_t input_size) {
    uint64_t parts = input_size ? input_size / PART_SIZE + 1 : PARTS_OF_STREAMS;
    *groups = (struct spanlog_groups){
        .job_count = jobs, .part_count = parts > PARTS_MAX ? PARTS_MAX : (unsigned)parts};
    groups->files = malloc(groups->part_count * sizeof *groups->files);
    groups->buffers = calloc((size_t)jobs * groups->part_count, sizeof *groups->buffers);
    for (unsigned i = 0; groups->files && i < groups->part_count; i++)
        groups->files[i] = -1;
    for (unsigned i = 0; groups->files && groups->buffers && i < groups->part_count; i++) {
        groups->files[i] = open_temporary();
        if (groups->files[i] < 0)
            return groups->files[i];
    }
    return groups->files && groups->buffers ? 0 : -ENOMEM;
}

/* O_APPEND: the blocks of several jobs do not mix. */
static int flush_buffer(struct spanlog_group_buffer *buffer, int fd) {
    size_t done = 0;
    while (done < buffer->size) {
        ssize_t wrote = write(fd, buffer->data + done, buffer->size - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return -errno;
        done += (size_t)wrote;
        /* The rest of a block that was cut short could come behind another job's: it only tells why
         * there was no room. */
        if (done < buffer->size)
            return write(fd, buffer->data + done, buffer->size - done) < 0 ? -errno : -EIO;
    }
    buffer->size = 0;
    return 0;
}

static int reserve(struct spanlog_group_buffer *buffer, size_t size) {
    if (size <= buffer->room)
        return 0;
    size_t room = size < 2 * BUFFER_SIZE ? 2 * BUFFER_SIZE : size;
    char *grown = realloc(buffer->data, room);
    if (!grown)
        return -ENOMEM;
    buffer->data = grown;
    buffer->room = room;
    return 0;
}

int spanlog_groups_add(struct spanlog_groups *groups, unsigned job,
                       const struct spanlog_group_key *key, const char *text, size_t size) {
    unsigned part = (unsigned)((key->trace * 0x9e3779b97f4a7c15u >> 32) % groups->part_count);
    struct spanlog_group_buffer *buffer = &groups->buffers[job * groups->part_count + part];
    size_t stride = (sizeof(struct entry) + size + 1 + SPANLOG_JSON_PADDING + 7) & ~(size_t)7;
    int rc = reserve(buffer, buffer->size + stride);
    if (rc < 0)
        return rc;
    struct entry entry = {*key, (uint32_t)size, (uint32_t)stride};
    char *to = buffer->data + buffer->size;
    memset(to, 0, stride);
    memcpy(to, &entry, sizeof entry);
    memcpy(to + sizeof entry, text, size);
    to[sizeof entry + size] = '\n';
    buffer->size += stride;
    return buffer->size >= BUFFER_SIZE ? flush_buffer(buffer, groups->files[part]) : 0;
}

/* ---- one part after the other ------------------------------------------------------------- */

#define COMPARE(field)                                                                             \
    if (a->key.field != b->key.field)                                                              \
        return a->key.field < b->key.field ? -1 : 1;

static int by_key(const void *left, const void *right) {
    const struct spanlog_group_line *a = left, *b = right;
    COMPARE(trace)
    COMPARE(time_ns)
    COMPARE(source)
    COMPARE(offset)
    COMPARE(ordinal)
    return 0;
}

static int read_part(int fd, char **ret_data, size_t *ret_size) {
    struct stat stat;
    if (fstat(fd, &stat) < 0)
        return -errno;
    size_t size = (size_t)stat.st_size, done = 0;
    char *data = malloc(size + 1);
    while (data && done < size) {
        ssize_t got = pread(fd, data + done, size - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            free(data);
            return got < 0 ? -errno : -EIO;
        }
        done += (size_t)got;
    }
    *ret_data = data;
    *ret_size = size;
    return data ? 0 : -ENOMEM;
}

static struct spanlog_group_line *list_lines(const char *data, size_t size, uint32_t *ret_count) {
    uint32_t count = 0, at = 0;
    struct entry entry;
    for (size_t i = 0; i < size; i += entry.stride, count++)
        memcpy(&entry, data + i, sizeof entry);
    struct spanlog_group_line *lines = malloc((count + (size_t)1) * sizeof *lines);
    for (size_t i = 0; lines && i < size; i += entry.stride) {
        memcpy(&entry, data + i, sizeof entry);
        lines[at++] = (struct spanlog_group_line){entry.key, data + i + sizeof entry, entry.size};
    }
    *ret_count = count;
    return lines;
}

static bool is_same(const struct spanlog_group_line *a, const struct spanlog_group_line *b) {
    return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

#define LOOK_BACK 256

/* Identical lines of a trace have the same time: they are near each other. */
static uint32_t drop_repeated(struct spanlog_group_line *lines, uint32_t count) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool repeated = false;
        uint32_t least = kept > LOOK_BACK ? kept - LOOK_BACK : 0;
        for (uint32_t back = kept;
             back-- > least && !repeated && lines[back].key.time_ns == lines[i].key.time_ns;)
            repeated = is_same(&lines[back], &lines[i]);
        if (!repeated)
            lines[kept++] = lines[i];
    }
    return kept;
}

static int each_of_part(int fd,
                        int (*one)(void *argument, const struct spanlog_group_line *lines,
                                   uint32_t count),
                        void *argument) {
    char *data = NULL;
    size_t size = 0;
    uint32_t count = 0;
    int rc = read_part(fd, &data, &size);
    if (rc < 0)
        return rc;
    struct spanlog_group_line *lines = list_lines(data, size, &count);
    if (!lines)
        rc = -ENOMEM;
    else
        qsort(lines, count, sizeof *lines, by_key);
    for (uint32_t i = 0, end; rc == 0 && i < count; i = end) {
        for (end = i + 1; end < count && lines[end].key.trace == lines[i].key.trace;)
            end++;
        rc = one(argument, lines + i, drop_repeated(lines + i, end - i));
    }
    free(lines);
    free(data);
    return rc;
}

int spanlog_groups_each(struct spanlog_groups *groups,
                        int (*one)(void *argument, const struct spanlog_group_line *lines,
                                   uint32_t count),
                        void *argument) {
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < groups->job_count * groups->part_count; i++)
        rc = flush_buffer(&groups->buffers[i], groups->files[i % groups->part_count]);
    for (unsigned i = 0; rc == 0 && i < groups->part_count; i++)
        rc = each_of_part(groups->files[i], one, argument);
    return rc;
}

void spanlog_groups_close(struct spanlog_groups *groups) {
    for (unsigned i = 0; groups->files && i < groups->part_count; i++)
        if (groups->files[i] >= 0)
            close(groups->files[i]);
    for (unsigned i = 0; groups->buffers && i < groups->job_count * groups->part_count; i++)
        free(groups->buffers[i].data);
    free(groups->files);
    free(groups->buffers);
    *groups = (struct spanlog_groups){0};
}
