/* analyzer/rows/spill.c: see spill.h. */
#include "src/analyzer/rows/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/analyzer/base/scratch.h"

#define WRITE_SIZE (256u << 10)

struct segment {
    uint64_t before;
    uint64_t bytes[SPANLOG_ROW_KINDS];
    uint64_t counts[SPANLOG_ROW_KINDS];
};

/* ---- writing ------------------------------------------------------------------------------ */

struct writer {
    int fd;
    uint64_t offset; /* of what is in the buffer */
    size_t used;
    char *buffer;
};

static int flush(struct writer *writer) {
    size_t done = 0;
    while (done < writer->used) {
        ssize_t put = pwrite(writer->fd, writer->buffer + done, writer->used - done,
                             (off_t)(writer->offset + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -errno;
        done += (size_t)put;
    }
    writer->offset += done;
    writer->used = 0;
    return 0;
}

/* At most a block of rows at once. */
static int put(struct writer *writer, const void *data, size_t size) {
    int rc = writer->used + size > WRITE_SIZE ? flush(writer) : 0;
    if (rc == 0) {
        memcpy(writer->buffer + writer->used, data, size);
        writer->used += size;
    }
    return rc;
}

static int put_part(struct writer *writer, struct spanlog_job_part *part) {
    struct segment segment = {.before = part->segment};
    uint64_t total = 0;
    for (unsigned kind = 0; kind < SPANLOG_ROW_KINDS; kind++) {
        const struct spanlog_rows *rows = &part->rows[kind];
        segment.counts[kind] = rows->count;
        for (const struct spanlog_rows_block *block = rows->first; block; block = block->next)
            segment.bytes[kind] += block->used;
        total += segment.bytes[kind];
    }
    if (total == 0)
        return 0;
    part->segment = writer->offset + writer->used + 1;
    int rc = put(writer, &segment, sizeof segment);
    for (unsigned kind = 0; kind < SPANLOG_ROW_KINDS; kind++) {
        struct spanlog_rows *rows = &part->rows[kind];
        for (const struct spanlog_rows_block *block = rows->first; rc == 0 && block;
             block = block->next)
            rc = put(writer, block->data, block->used);
        *rows = (struct spanlog_rows){0};
    }
    return rc;
}

static int write_parts(struct spanlog_job *job) {
    if (job->spill_fd <= 0) {
        int fd = spanlog_scratch_open();
        if (fd < 0)
            return fd;
        job->spill_fd = fd;
    }
    struct writer writer = {
        .fd = job->spill_fd, .offset = job->spill_size, .buffer = malloc(WRITE_SIZE)};
    int rc = writer.buffer ? 0 : -ENOMEM;
    for (unsigned part = 0; rc == 0 && part < SPANLOG_PARTS; part++)
        rc = put_part(&writer, &job->parts[part]);
    if (rc == 0)
        rc = flush(&writer);
    job->spill_size = writer.offset;
    free(writer.buffer);
    return rc;
}

int spanlog_spill(struct spanlog_job *job) {
    int rc = job->spill_error = write_parts(job);
    spanlog_arena_reset(&job->row_arena);
    return rc;
}

void spanlog_spill_say(struct spanlog_issues *issues, int error) {
    char text[256];
    snprintf(text, sizeof text,
             "%s. Rows for which there is no memory are kept there: set TMPDIR to a folder with "
             "room, or give more with --memory",
             strerror(-error));
    spanlog_issues_note(issues, spanlog_scratch_folder(), true, text);
}

/* ---- reading ------------------------------------------------------------------------------ */

static int read_exactly(int fd, void *out, size_t size, uint64_t offset) {
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(fd, (char *)out + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        done += (size_t)got;
    }
    return 0;
}

/* One block of them all, in front of what came later. */
static int read_rows(int fd, uint64_t offset, uint64_t bytes, uint64_t count,
                     struct spanlog_arena *arena, struct spanlog_rows *rows) {
    if (bytes == 0)
        return 0;
    struct spanlog_rows_block *block =
        spanlog_arena_alloc(arena, offsetof(struct spanlog_rows_block, data) + bytes);
    if (!block)
        return -ENOMEM;
    block->next = rows->first;
    block->used = (uint32_t)bytes;
    rows->first = block;
    if (!rows->last)
        rows->last = block;
    rows->count += (uint32_t)count;
    return read_exactly(fd, block->data, bytes, offset);
}

int spanlog_spill_load(const struct spanlog_job *job, unsigned number, struct spanlog_arena *arena,
                       struct spanlog_job_part *ret) {
    *ret = job->parts[number];
    struct segment segment;
    int rc = 0;
    for (uint64_t at = ret->segment; rc == 0 && at; at = segment.before) {
        uint64_t offset = at - 1 + sizeof segment;
        rc = read_exactly(job->spill_fd, &segment, sizeof segment, at - 1);
        for (unsigned kind = 0; rc == 0 && kind < SPANLOG_ROW_KINDS; kind++) {
            rc = read_rows(job->spill_fd, offset, segment.bytes[kind], segment.counts[kind], arena,
                           &ret->rows[kind]);
            offset += segment.bytes[kind];
        }
    }
    return rc;
}

void spanlog_spill_close(struct spanlog_job *job) {
    if (job->spill_fd > 0)
        close(job->spill_fd);
    job->spill_fd = 0;
}

/* ---- how much memory there is ------------------------------------------------------------- */

/* The number in a small file behind `label`; UINT64_MAX when there is none. */
static uint64_t number_in(const char *path, const char *label) {
    char text[4096];
    unsigned long long number = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (size < 0)
        return UINT64_MAX;
    text[size] = 0;
    const char *at = strstr(text, label);
    return at && sscanf(at + strlen(label), "%llu", &number) == 1 ? number : UINT64_MAX;
}

uint64_t spanlog_spill_usual_limit(void) {
    uint64_t machine = number_in("/proc/meminfo", "MemAvailable:");
    uint64_t container = number_in("/sys/fs/cgroup/memory.max", "");
    machine = machine == UINT64_MAX ? (uint64_t)1 << 30 : machine * 1024;
    return (machine < container ? machine : container) / 2;
}
