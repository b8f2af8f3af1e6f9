/* core/journal_dead.c: reading the journal of a process that is gone. See journal.h.
 *
 * The file is somebody's, perhaps damaged: it is opened without following links, must be a regular
 * file of ours with one name, and is read into private memory; nothing of it is believed before its
 * length has been checked.
 */
#include "src/core/journal.h"
#include "src/core/descriptor.h"
#include "src/core/mapping.h"
#include "src/core/site.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEAD_MAX_BYTES ((uint64_t)1 << 30)

static int open_dead(const char *path, uint64_t *ret_size) {
    int fd = descriptor_above_stdio(open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (fd < 0)
        return -errno;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    struct stat status;
    int error = 0;
    if (fstat(fd, &status) != 0)
        error = -errno;
    else if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || status.st_nlink > 1)
        error = -EPERM;
    else if (fcntl(fd, F_SETLK, &lock) != 0)
        error = -EAGAIN;
    else if (fstat(fd, &status) != 0 || status.st_nlink != 1)
        error = -EAGAIN; /* another recovery finished it between our open and our lock */
    if (error != 0) {
        close(fd);
        return error;
    }
    *ret_size = (uint64_t)status.st_size;
    return fd;
}

static int read_at(int fd, void *to, uint64_t size, uint64_t offset) {
    uint8_t *bytes = to;
    while (size > 0) {
        ssize_t got = pread(fd, bytes, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EBADMSG;
        bytes += got;
        offset += (uint64_t)got;
        size -= (uint64_t)got;
    }
    return 0;
}

static bool terminated(const char *text, size_t size) {
    return memchr(text, '\0', size) != NULL;
}

static bool header_valid(const struct journal_header *h) {
    return memcmp(h->magic, JOURNAL_MAGIC, sizeof h->magic) == 0 && h->version == JOURNAL_VERSION &&
           h->header_size == sizeof *h && h->byte_order == 0x01020304 &&
           h->segment_count <= JOURNAL_MAX_SEGMENTS && terminated(h->boot_id, sizeof h->boot_id) &&
           terminated(h->service, sizeof h->service) && terminated(h->tail, sizeof h->tail) &&
           h->tail_memory <= JOURNAL_MAX_TAIL_MEMORY &&
           terminated(h->version_text, sizeof h->version_text) &&
           terminated(h->environment, sizeof h->environment) &&
           terminated(h->resource, sizeof h->resource) &&
           terminated(h->outputs[0], sizeof h->outputs[0]) &&
           terminated(h->outputs[1], sizeof h->outputs[1]) &&
           terminated(h->redact.lists[0], sizeof h->redact.lists[0]) &&
           terminated(h->redact.lists[1], sizeof h->redact.lists[1]) &&
           terminated(h->host, sizeof h->host) && h->clock.ns_per_tick > 1e-6 &&
           h->clock.ns_per_tick < 1e6;
}

static int load_ring(struct journal *journal, const struct segment *segment) {
    uint64_t size = segment->size - RING_HEADER_SIZE;
    if (segment->size <= RING_HEADER_SIZE || size < RING_MIN_SIZE || (size & (size - 1)) != 0 ||
        segment->index != journal->ring_count || segment->index >= JOURNAL_MAX_RINGS)
        return -EBADMSG;
    struct ring *ring = mapping_ring(-1, 0, RING_HEADER_SIZE, size);
    if (ring == NULL)
        return -ENOMEM;
    int error = read_at(journal->fd, ring, segment->size, segment->offset);
    if (error == 0 && (ring->size != size || ring->index != segment->index))
        error = -EBADMSG;
    if (error != 0) {
        mapping_remove(ring, RING_HEADER_SIZE + 2 * size);
        return error;
    }
    journal->rings[journal->ring_count++] = ring;
    return 0;
}

static int load_plain(struct journal *journal, const struct segment *segment, uint8_t **list,
                      uint64_t *sizes, uint32_t *count, uint32_t most) {
    if (segment->index != *count || *count >= most)
        return -EBADMSG;
    uint8_t *data = mapping_anonymous(segment->size);
    if (data == NULL)
        return -ENOMEM;
    int error = read_at(journal->fd, data, segment->size, segment->offset);
    if (error != 0) {
        mapping_remove(data, segment->size);
        return error;
    }
    list[*count] = data;
    sizes[(*count)++] = segment->size;
    return 0;
}

static bool dictionary_valid(const struct journal *journal, uint32_t index) {
    const struct dictionary *dictionary = (const struct dictionary *)journal->dictionaries[index];
    uint64_t size = journal->dictionary_sizes[index];
    return size > sizeof *dictionary && dictionary->used <= size - sizeof *dictionary;
}

static int load_segment(struct journal *journal, const struct segment *segment) {
    int error = 0;
    switch (segment->kind) {
    case SEGMENT_RING:
        return load_ring(journal, segment);
    case SEGMENT_DICTIONARY:
        error = load_plain(journal, segment, journal->dictionaries, journal->dictionary_sizes,
                           &journal->dictionary_count, JOURNAL_MAX_DICTIONARY_SEGMENTS);
        return error == 0 && !dictionary_valid(journal, segment->index) ? -EBADMSG : error;
    case SEGMENT_SPANS:
        return load_plain(journal, segment, journal->span_segments, journal->span_segment_sizes,
                          &journal->span_segment_count, JOURNAL_MAX_SPAN_SEGMENTS);
    case SEGMENT_BATCH:
        if (segment->index < JOURNAL_MAX_OUTPUTS)
            journal->batch_offsets[segment->index] = segment->offset;
        return load_plain(journal, segment, journal->batches, journal->batch_sizes,
                          &journal->batch_count, JOURNAL_MAX_OUTPUTS);
    default:
        return -EBADMSG;
    }
}

static int load(struct journal *journal, uint64_t file_size) {
    uint64_t header_size = (sizeof(struct journal_header) + 4095) / 4096 * 4096;
    journal->header = mapping_anonymous(header_size);
    if (journal->header == NULL)
        return -ENOMEM;
    int error = read_at(journal->fd, journal->header, sizeof(struct journal_header), 0);
    if (error != 0)
        return error;
    if (!header_valid(journal->header))
        return -EBADMSG;
    uint64_t total = 0;
    for (uint32_t i = 0; i < journal->header->segment_count; i++) {
        struct segment *segment = &journal->header->segments[i];
        total += segment->size;
        if (segment->size == 0 || segment->size > DEAD_MAX_BYTES || total > DEAD_MAX_BYTES ||
            segment->offset > file_size || segment->size > file_size - segment->offset)
            return -EBADMSG;
        error = load_segment(journal, segment);
        if (error != 0)
            return error;
    }
    return 0;
}

int journal_read_dead(struct journal *ret_journal, const char *path) {
    memset(ret_journal, 0, sizeof *ret_journal);
    uint64_t size = 0;
    int fd = open_dead(path, &size);
    if (fd < 0)
        return fd;
    ret_journal->fd = fd;
    ret_journal->copy = true;
    snprintf(ret_journal->path, sizeof ret_journal->path, "%s", path);
    int error = -EBADMSG;
    if (size > 0 && size <= DEAD_MAX_BYTES)
        error = load(ret_journal, size);
    if (error != 0)
        journal_close(ret_journal, false);
    return error;
}
