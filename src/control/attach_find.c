/* control/attach_find.c: the journals that are there. See attach.h. */
#include "src/control/attach.h"

#include "src/core/descriptor.h"
#include "src/core/mapping.h"
#include "src/core/open_span.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_PROCESSES 4096u
#define MOST_RING_BYTES ((uint64_t)256 << 20)
#define MOST_RINGS_BYTES ((uint64_t)1 << 30) /* of one process: four of the largest */

/* ---- one journal ---------------------------------------------------------------------------- */

static bool read_at(int fd, void *to, uint64_t size, uint64_t offset) {
    return pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

static bool terminated(const char *text, size_t size) {
    return memchr(text, '\0', size) != NULL;
}

static bool header_is_right(const struct journal_header *h) {
    return memcmp(h->magic, JOURNAL_MAGIC, sizeof h->magic) == 0 && h->version == JOURNAL_VERSION &&
           h->header_size == sizeof *h && h->byte_order == 0x01020304 &&
           h->segment_count <= JOURNAL_MAX_SEGMENTS && terminated(h->service, sizeof h->service) &&
           terminated(h->outputs[0], sizeof h->outputs[0]) &&
           terminated(h->outputs[1], sizeof h->outputs[1]) && h->clock.ns_per_tick > 1e-6 &&
           h->clock.ns_per_tick < 1e6;
}

static int open_journal(struct attached *a) {
    struct stat status;
    a->fd = descriptor_above_stdio(open(a->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (a->fd < 0)
        return -errno;
    if (fstat(a->fd, &status) != 0)
        return -errno;
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1 ||
        (status.st_uid != geteuid() && geteuid() != 0))
        return -EPERM;
    return (uint64_t)status.st_size >= sizeof *a->header ? 0 : -EBADMSG;
}

static bool is_alive(int fd) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void look_at_ring(struct attached *a, const struct segment *segment, uint64_t *oldest) {
    struct ring ring;
    uint64_t size = segment->size - RING_HEADER_SIZE, first = 0;
    if (segment->size <= RING_HEADER_SIZE || (size & (size - 1)) != 0 || size < RING_MIN_SIZE ||
        size > MOST_RING_BYTES || size > MOST_RINGS_BYTES - a->ring_size)
        return;
    uint8_t *data = malloc(size);
    if (data != NULL && read_at(a->fd, &ring, sizeof ring, segment->offset) &&
        read_at(a->fd, data, size, segment->offset + RING_HEADER_SIZE)) {
        a->ring_size += size;
        a->ring_used += ring_waiting(&ring, data, size, &first);
        if (first != 0 && (*oldest == 0 || first < *oldest))
            *oldest = first;
    }
    free(data);
}

static void look_at_spans(struct attached *a, const struct segment *segment) {
    for (uint64_t at = 0; at + OPEN_SPAN_SIZE <= segment->size && at < OPEN_SPAN_SEGMENT;
         at += OPEN_SPAN_SIZE) {
        uint32_t state = 0;
        if (!read_at(a->fd, &state, sizeof state, segment->offset + at))
            return;
        a->open_spans += state == OPEN_SPAN_OPEN;
    }
}

static void look_at_segments(struct attached *a) {
    uint64_t oldest = 0;
    for (uint32_t i = 0; i < a->header->segment_count; i++) {
        const struct segment *segment = &a->header->segments[i];
        if (segment->kind == SEGMENT_RING)
            look_at_ring(a, segment, &oldest);
        else if (segment->kind == SEGMENT_SPANS)
            look_at_spans(a, segment);
    }
    clock_use_tsc = a->header->clock.tsc != 0; /* the same counter: it is the same machine */
    if (oldest != 0)
        a->lag_ns = clock_duration_ns(&a->header->clock, oldest, clock_ticks());
}

#define MAPPED_SIZE ((sizeof(struct journal_header) + 4095) / 4096 * 4096)

/* The area may be damaged, and is looked at again before it is changed. */
static int take_control(struct attached *a) {
    a->control = malloc(sizeof *a->control);
    if (a->control == NULL)
        return -ENOMEM;
    a->words = mapping_file(a->fd, 0, MAPPED_SIZE);
    if (a->words == NULL)
        return -errno;
    *a->control = a->header->control;
    attach_look(a);
    return 0;
}

static void detach(struct attached *a) {
    mapping_remove(a->words, MAPPED_SIZE);
    free(a->control);
    if (a->fd >= 0)
        close(a->fd);
    free(a->header);
}

static int attach(struct attached *a) {
    a->header = malloc(sizeof *a->header);
    a->fd = -1;
    if (a->header == NULL)
        return -ENOMEM;
    int error = open_journal(a);
    if (error == 0 &&
        (!read_at(a->fd, a->header, sizeof *a->header, 0) || !header_is_right(a->header)))
        error = -EBADMSG;
    if (error != 0)
        return error;
    a->alive = is_alive(a->fd);
    if (a->alive)
        error = take_control(a);
    look_at_segments(a);
    return error;
}

/* ---- the directories ------------------------------------------------------------------------ */

static bool is_wanted(const struct attached *a, const char *target, bool dead) {
    char pid[16];
    snprintf(pid, sizeof pid, "%u", a->header->pid);
    return (a->alive || dead) &&
           (target == NULL || strcmp(target, a->header->service) == 0 || strcmp(target, pid) == 0);
}

static int add_one(struct attach_list *list, const char *place, const char *name,
                   const char *target, bool dead) {
    if (list->count == MOST_PROCESSES)
        return 0;
    struct attached *grown = realloc(list->found, (list->count + 1) * sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    list->found = grown;
    struct attached *a = &grown[list->count];
    memset(a, 0, sizeof *a);
    snprintf(a->path, sizeof a->path, "%s/%s", place, name);
    int error = attach(a);
    if (error == 0 && is_wanted(a, target, dead)) {
        list->count++;
        return 0;
    }
    list->unreadable += error != 0 && error != -ENOENT;
    detach(a);
    return error == -ENOMEM ? error : 0;
}

static int add_all(struct attach_list *list, const char *place, const char *target, bool dead) {
    size_t suffix = strlen(JOURNAL_SUFFIX);
    DIR *entries = opendir(place);
    int error = 0;
    if (entries == NULL)
        return -errno;
    for (struct dirent *entry; error == 0 && (entry = readdir(entries)) != NULL;) {
        size_t size = strlen(entry->d_name);
        if (size > suffix && strcmp(entry->d_name + size - suffix, JOURNAL_SUFFIX) == 0 &&
            !journal_is_own(entry->d_name))
            error = add_one(list, place, entry->d_name, target, dead);
    }
    closedir(entries);
    return error;
}

/* A directory that is its owner's alone, whoever that is, and not `own`, which has been looked at.
 */
static void add_theirs(struct attach_list *list, const char *place, const char *own,
                       const char *target, bool dead) {
    struct stat status;
    if (strcmp(place, own) != 0 && lstat(place, &status) == 0 && S_ISDIR(status.st_mode) &&
        (status.st_mode & 022) == 0)
        add_all(list, place, target, dead);
}

/* The directories of all users: spanlog-<uid>, and where it was named, itself and those below it,
 * which a user may have named in turn. */
static void add_users(struct attach_list *list, const char *directory, const char *own,
                      const char *target, bool dead) {
    char place[700];
    bool named = directory != NULL && directory[0] != '\0';
    const char *base = named ? directory : "/dev/shm";
    DIR *entries = opendir(base);
    if (named)
        add_theirs(list, base, own, target, dead);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        if (named ? entry->d_name[0] == '.' : strncmp(entry->d_name, "spanlog-", 8) != 0)
            continue;
        snprintf(place, sizeof place, "%s/%s", base, entry->d_name);
        add_theirs(list, place, own, target, dead);
    }
    if (entries != NULL)
        closedir(entries);
}

static int by_service_and_pid(const void *left, const void *right) {
    const struct attached *a = left, *b = right;
    int order = strcmp(a->header->service, b->header->service);
    return order != 0 ? order
                      : (a->header->pid > b->header->pid) - (a->header->pid < b->header->pid);
}

int attach_find(struct attach_list *list, const char *directory, const char *target, bool dead) {
    char place[400];
    *list = (struct attach_list){.count = 0};
    int error = journal_directory(directory, false, place, sizeof place);
    if (error == 0)
        error = add_all(list, place, target, dead);
    if (geteuid() == 0 && error != -ENOMEM)
        add_users(list, directory, place, target, dead);
    if (list->count > 0)
        qsort(list->found, list->count, sizeof *list->found, by_service_and_pid);
    return error == -ENOENT || list->count > 0 ? 0 : error; /* nobody has logged here yet */
}

void attach_close(struct attach_list *list) {
    for (size_t i = 0; i < list->count; i++)
        detach(&list->found[i]);
    free(list->found);
    *list = (struct attach_list){.count = 0};
}
