/* core/journal.c: making a journal and its segments. See journal.h; reading dead ones:
 * journal_dead.c. */
#include "src/core/journal.h"
#include "src/core/descriptor.h"
#include "src/core/futex.h"
#include "src/core/mapping.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE 4096u

static uint64_t round_up(uint64_t size) {
    return (size + PAGE - 1) / PAGE * PAGE;
}

/* A directory in which nobody else can put or swap files. */
static int check_private(const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0)
        return -errno;
    if (!S_ISDIR(status.st_mode))
        return -ENOTDIR;
    return status.st_uid == geteuid() && (status.st_mode & 022) == 0 ? 0 : -EPERM;
}

static int make_directory(const char *path) {
    return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

int journal_directory(const char *directory, bool create, char *ret_path, size_t size) {
    bool given = directory != NULL && directory[0] != '\0';
    const char *base = given ? directory : "/dev/shm";
    if (given) {
        int error = create ? make_directory(base) : 0;
        if (error != 0)
            return error;
        error = check_private(base);
        if (error != -EPERM) {
            snprintf(ret_path, size, "%s", base);
            return error;
        }
    }
    /* Others may write there: a directory of our own in it. */
    snprintf(ret_path, size, "%s/spanlog-%u", base, (unsigned)geteuid());
    int error = create ? make_directory(ret_path) : 0;
    return error == 0 ? check_private(ret_path) : error;
}

static uint64_t process_start_time(void) {
    char text[512];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    if (size <= 0)
        return 0;
    text[size] = '\0';
    const char *p = strrchr(text, ')'); /* the name may hold anything */
    for (int field = 2; p != NULL && field < 22; field++)
        p = strchr(p + 1, ' ');
    uint64_t time = 0;
    for (p = p != NULL ? p + 1 : ""; *p >= '0' && *p <= '9'; p++)
        time = time * 10 + (uint64_t)(*p - '0');
    return time;
}

static void read_boot_id(char *ret_id, size_t size) {
    memset(ret_id, 0, size);
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t got = read(fd, ret_id, size - 1);
    close(fd);
    if (got > 0 && ret_id[got - 1] == '\n')
        ret_id[got - 1] = '\0';
}

static void copy_string(char *to, size_t size, const char *from) {
    snprintf(to, size, "%s", from != NULL ? from : "");
}

static void fill_header(struct journal_header *header, const struct journal_identity *identity) {
    header->version = JOURNAL_VERSION;
    header->header_size = sizeof *header;
    header->byte_order = 0x01020304;
    header->pid = (uint32_t)getpid();
    header->start_time = process_start_time();
    read_boot_id(header->boot_id, sizeof header->boot_id);
    copy_string(header->service, sizeof header->service, identity->service);
    copy_string(header->version_text, sizeof header->version_text, identity->version);
    copy_string(header->environment, sizeof header->environment, identity->environment);
    copy_string(header->resource, sizeof header->resource, identity->resource);
    copy_string(header->outputs[0], sizeof header->outputs[0], identity->outputs);
    copy_string(header->redact.lists[0], sizeof header->redact.lists[0], identity->redact);
    if (gethostname(header->host, sizeof header->host - 1) != 0)
        header->host[0] = '\0';
    header->source_fields = identity->source_fields;
    clock_start(&header->clock);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    memcpy(header->magic, JOURNAL_MAGIC, sizeof header->magic); /* last: now it is one */
}

/* A service's name as part of a file's. */
static void safe_name(const char *service, char *ret_name, size_t size) {
    size_t n = 0;
    for (; service[n] != '\0' && n + 1 < size; n++) {
        char c = service[n];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '_' || (c == '.' && n > 0);
        ret_name[n] = plain ? c : '_';
    }
    ret_name[n] = '\0';
}

bool journal_is_own(const char *name) {
    char marker[64];
    snprintf(marker, sizeof marker, "-%u-%llu-", (unsigned)getpid(),
             (unsigned long long)process_start_time());
    return strstr(name, marker) != NULL;
}

/* Locked before anybody else could have taken it for a dead one's and removed it. */
static int lock_alive(int fd) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    struct stat status;
    if (fcntl(fd, F_SETLK, &lock) != 0 || fstat(fd, &status) != 0)
        return -errno;
    return status.st_nlink == 1 ? 0 : -ESTALE;
}

/* By a recovery that was there between our open and our lock; all else is no better with another
 * name (ENOLCK where the file system has no locks). */
static bool is_taken(int error) {
    return error == -EAGAIN || error == -EACCES || error == -ESTALE;
}

static int open_file(struct journal *journal, const char *directory, const char *service) {
    char name[64], boot[40];
    safe_name(service, name, sizeof name);
    read_boot_id(boot, sizeof boot);
    boot[8] = '\0';
    int error = -EAGAIN;
    /* A serial: a process that closed its journal, or a pid used again, gets a name of its own. */
    for (unsigned serial = 0; serial < 1000 && is_taken(error); serial++) {
        int length =
            snprintf(journal->path, sizeof journal->path, "%s/%s-%u-%llu-%s-%u%s", directory, name,
                     (unsigned)getpid(), (unsigned long long)process_start_time(), boot, serial,
                     JOURNAL_SUFFIX);
        if (length >= (int)sizeof journal->path)
            return -ENAMETOOLONG;
        journal->fd = descriptor_above_stdio(
            open(journal->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (journal->fd < 0) {
            if (errno != EEXIST)
                return -errno;
            continue;
        }
        error = lock_alive(journal->fd);
        if (error != 0) {
            unlink(journal->path);
            close(journal->fd);
            journal->fd = -1;
        }
    }
    return error;
}

/* Room in the file, or -1 with errno set. */
static int allocate(int fd, uint64_t offset, uint64_t size) {
    if (fallocate(fd, 0, (off_t)offset, (off_t)size) == 0)
        return 0;
    int error = errno;
    if (error == EFBIG)
        signal_take_back(SIGXFSZ);
    errno = error;
    return -1;
}

/* Shared memory for [offset, offset + size) of the file, or private when there is no file. */
static void *map_header(struct journal *journal, uint64_t size) {
    if (journal->fd < 0)
        return mapping_anonymous(size);
    if (allocate(journal->fd, 0, size) != 0)
        return NULL;
    return mapping_file(journal->fd, 0, size);
}

static int create_in(struct journal *journal, const struct journal_identity *identity) {
    uint64_t size = round_up(sizeof(struct journal_header));
    journal->header = map_header(journal, size);
    if (journal->header == NULL)
        return errno != 0 ? -errno : -ENOMEM;
    journal->file_size = size;
    fill_header(journal->header, identity);
    return 0;
}

int journal_create(struct journal *journal, const struct journal_identity *identity) {
    char directory[400];
    memset(journal, 0, sizeof *journal);
    journal->fd = -1;
    int error = journal_directory(identity->directory, true, directory, sizeof directory);
    if (error != 0)
        return error;
    error = open_file(journal, directory, identity->service);
    if (error != 0)
        return error;
    error = create_in(journal, identity);
    if (error != 0)
        journal_close(journal, true);
    return error;
}

int journal_private(struct journal *journal, const struct journal_identity *identity) {
    memset(journal, 0, sizeof *journal);
    journal->fd = -1;
    return create_in(journal, identity);
}

/* Takes `size` bytes at the end of the file. */
static int extend(struct journal *journal, uint64_t size, uint64_t *ret_offset) {
    if (journal->header->segment_count >= JOURNAL_MAX_SEGMENTS)
        return -ENOSPC;
    *ret_offset = journal->file_size;
    if (journal->fd >= 0 && allocate(journal->fd, journal->file_size, size) != 0)
        return -errno;
    return 0;
}

static void enter_segment(struct journal *journal, enum segment_kind kind, uint32_t index,
                          uint64_t offset, uint64_t size) {
    struct journal_header *header = journal->header;
    struct segment *segment = &header->segments[header->segment_count];
    segment->index = index;
    segment->offset = offset;
    segment->size = size;
    __atomic_store_n(&segment->kind, kind, __ATOMIC_RELEASE);
    header->segment_count++;
    journal->file_size = offset + size;
}

static uint8_t *add_plain(struct journal *journal, enum segment_kind kind, uint32_t index,
                          uint64_t *size) {
    uint64_t offset = 0;
    *size = round_up(*size);
    if (extend(journal, *size, &offset) != 0)
        return NULL;
    uint8_t *data =
        journal->fd >= 0 ? mapping_file(journal->fd, offset, *size) : mapping_anonymous(*size);
    if (data != NULL)
        enter_segment(journal, kind, index, offset, *size);
    return data;
}

struct ring *journal_add_ring(struct journal *journal, uint64_t size) {
    uint64_t offset = 0;
    uint32_t index = journal->ring_count;
    if (index >= JOURNAL_MAX_RINGS || extend(journal, RING_HEADER_SIZE + size, &offset) != 0)
        return NULL;
    struct ring *ring = mapping_ring(journal->fd, offset, RING_HEADER_SIZE, size);
    if (ring == NULL)
        return NULL;
    ring->size = size;
    ring->index = index;
    enter_segment(journal, SEGMENT_RING, index, offset, RING_HEADER_SIZE + size);
    journal->ring_bytes += size;
    journal->rings[index] = ring;
    __atomic_store_n(&journal->ring_count, index + 1, __ATOMIC_RELEASE);
    return ring;
}

/* Where the process keeps the segments of one kind. */
struct listed {
    uint8_t **data;
    uint64_t *sizes;
    uint32_t *count;
    uint32_t most;
};

static uint8_t *add_listed(struct journal *journal, enum segment_kind kind, uint64_t size,
                           struct listed list) {
    uint32_t index = *list.count;
    if (index >= list.most)
        return NULL;
    uint8_t *data = add_plain(journal, kind, index, &size);
    if (data == NULL)
        return NULL;
    list.data[index] = data;
    list.sizes[index] = size;
    __atomic_store_n(list.count, index + 1, __ATOMIC_RELEASE);
    return data;
}

uint8_t *journal_add_dictionary(struct journal *journal, uint64_t size) {
    if (journal->private_dictionary)
        return NULL;
    return add_listed(journal, SEGMENT_DICTIONARY, size,
                      (struct listed){journal->dictionaries, journal->dictionary_sizes,
                                      &journal->dictionary_count, JOURNAL_MAX_DICTIONARY_SEGMENTS});
}

uint8_t *journal_add_private_dictionary(struct journal *journal, uint64_t size) {
    uint32_t index = journal->dictionary_count;
    uint8_t *data = index < JOURNAL_MAX_DICTIONARY_SEGMENTS ? mapping_anonymous(size) : NULL;
    if (data == NULL)
        return NULL;
    journal->private_dictionary = true;
    journal->dictionaries[index] = data;
    journal->dictionary_sizes[index] = size;
    __atomic_store_n(&journal->dictionary_count, index + 1, __ATOMIC_RELEASE);
    return data;
}

uint8_t *journal_add_spans(struct journal *journal, uint64_t size) {
    return add_listed(journal, SEGMENT_SPANS, size,
                      (struct listed){journal->span_segments, journal->span_segment_sizes,
                                      &journal->span_segment_count, JOURNAL_MAX_SPAN_SEGMENTS});
}

uint8_t *journal_add_batch(struct journal *journal, uint64_t size) {
    uint64_t offset = journal->file_size;
    uint8_t *data = add_listed(journal, SEGMENT_BATCH, size,
                               (struct listed){journal->batches, journal->batch_sizes,
                                               &journal->batch_count, JOURNAL_MAX_OUTPUTS});
    if (data != NULL)
        journal->batch_offsets[journal->batch_count - 1] = offset;
    return data;
}

int journal_persist(const struct journal *journal, const void *data, size_t size) {
    if (!journal->copy)
        return 0;
    const uint8_t *bytes = data;
    uint64_t offset = 0;
    const uint8_t *header = (const uint8_t *)journal->header;
    if (bytes >= header && bytes < header + sizeof(struct journal_header)) {
        offset = (uint64_t)(bytes - header);
    } else {
        uint32_t i = 0;
        while (i < journal->batch_count && (bytes < journal->batches[i] ||
                                            bytes >= journal->batches[i] + journal->batch_sizes[i]))
            i++;
        if (i == journal->batch_count)
            return -EFAULT;
        offset = journal->batch_offsets[i] + (uint64_t)(bytes - journal->batches[i]);
    }
    while (size > 0) {
        ssize_t put = pwrite(journal->fd, bytes, size, (off_t)offset);
        if (put < 0 && errno != EINTR)
            return -errno;
        if (put > 0) {
            bytes += put;
            offset += (uint64_t)put;
            size -= (size_t)put;
        }
    }
    return 0;
}

void journal_close(struct journal *journal, bool remove) {
    for (uint32_t i = 0; i < journal->ring_count; i++)
        mapping_remove(journal->rings[i], RING_HEADER_SIZE + 2 * journal->rings[i]->size);
    for (uint32_t i = 0; i < journal->dictionary_count; i++)
        mapping_remove(journal->dictionaries[i], journal->dictionary_sizes[i]);
    for (uint32_t i = 0; i < journal->span_segment_count; i++)
        mapping_remove(journal->span_segments[i], journal->span_segment_sizes[i]);
    for (uint32_t i = 0; i < journal->batch_count; i++)
        mapping_remove(journal->batches[i], journal->batch_sizes[i]);
    if (journal->header != NULL)
        mapping_remove(journal->header, round_up(sizeof(struct journal_header)));
    if (remove && journal->path[0] != '\0')
        unlink(journal->path);
    if (journal->fd >= 0)
        close(journal->fd);
    memset(journal, 0, sizeof *journal);
    journal->fd = -1;
}
