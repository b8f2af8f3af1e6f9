/* ship/archive.c: see archive.h. */
#include "src/ship/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IN_SIZE (64u << 10)
#define AHEAD (64u << 10) /* unpacked at once, at least */

void spanlog_ship_archive_rest(struct spanlog_ship_archive *archive) {
    if (archive->is_open)
        spanlog_inflate_close(&archive->inflate);
    free(archive->in);
    free(archive->window);
    archive->in = archive->window = NULL;
    archive->in_begin = archive->in_end = archive->size = archive->room = 0;
    archive->in_at = archive->at = 0;
    archive->is_open = false;
}

void spanlog_ship_archive_free(struct spanlog_ship_archive *archive) {
    if (archive)
        spanlog_ship_archive_rest(archive);
    free(archive);
}

/* From its first byte, with room for so many. */
static int begin(struct spanlog_ship_archive *archive, size_t room) {
    spanlog_ship_archive_rest(archive);
    if (spanlog_inflate_open(&archive->inflate, archive->kind) < 0)
        return -ENOMEM;
    archive->is_open = true;
    archive->in = malloc(IN_SIZE);
    archive->window = malloc(room);
    archive->room = room;
    return archive->in && archive->window ? 0 : -ENOMEM;
}

static int make_room(struct spanlog_ship_archive *archive, size_t room) {
    char *grown = room <= archive->room ? archive->window : realloc(archive->window, room);
    if (!grown)
        return -ENOMEM;
    archive->window = grown;
    archive->room = room <= archive->room ? archive->room : room;
    return 0;
}

/* What nobody will ask for again. */
static void forget_before(struct spanlog_ship_archive *archive, uint64_t offset) {
    uint64_t over = offset > archive->at ? offset - archive->at : 0;
    size_t gone = over < archive->size ? (size_t)over : archive->size;
    if (gone == 0)
        return;
    archive->size -= gone;
    archive->at += gone;
    memmove(archive->window, archive->window + gone, archive->size);
}

/* Bytes that came, 0: no more at present, or -errno. */
static ssize_t unpack(struct spanlog_ship_archive *archive, int fd) {
    size_t got = 0;
    while (got == 0 && !archive->inflate.has_ended) {
        if (archive->in_begin == archive->in_end && !archive->inflate.is_full) {
            ssize_t more = pread(fd, archive->in, IN_SIZE, (off_t)archive->in_at);
            if (more <= 0)
                return more < 0 ? -errno : 0;
            archive->in_begin = 0;
            archive->in_end = (size_t)more;
            archive->in_at += (uint64_t)more;
        }
        const char *in = archive->in + archive->in_begin;
        size_t in_size = archive->in_end - archive->in_begin;
        int rc =
            spanlog_inflate_run(&archive->inflate, &in, &in_size, archive->window + archive->size,
                                archive->room - archive->size, &got);
        archive->in_begin = archive->in_end - in_size;
        if (rc < 0)
            return rc;
    }
    archive->size += got;
    return (ssize_t)got;
}

ssize_t spanlog_ship_archive_read(struct spanlog_ship_archive *archive, int fd, char *to,
                                  size_t size, uint64_t offset) {
    int rc = archive->is_open && offset >= archive->at ? make_room(archive, size + AHEAD)
                                                       : begin(archive, size + AHEAD);
    ssize_t got = rc < 0 ? rc : 1;
    while (got > 0 && archive->at + archive->size < offset + size) {
        forget_before(archive, offset);
        got = unpack(archive, fd);
    }
    if (got < 0)
        return got;
    forget_before(archive, offset);
    if (archive->at != offset) /* it does not go so far */
        return 0;
    size_t there = archive->size < size ? archive->size : size;
    memcpy(to, archive->window, there);
    return (ssize_t)there;
}

bool spanlog_ship_archive_has_ended(struct spanlog_ship_archive *archive, int fd,
                                    const char **ret_problem) {
    struct spanlog_inflate *inflate = &archive->inflate;
    struct stat st;
    *ret_problem = NULL;
    if (!archive->is_open || fstat(fd, &st) < 0)
        return false;
    if (inflate->problem[0])
        *ret_problem = inflate->problem;
    bool is_read = archive->in_at == (uint64_t)st.st_size && archive->in_begin == archive->in_end;
    if (!inflate->has_ended && !(is_read && inflate->between))
        return false;
    archive->ended_size = (uint64_t)st.st_size;
    return true;
}

/* Its head only; head_size 0: there is too little of it as yet. NULL: no memory. */
static struct spanlog_ship_archive *unpack_head(enum spanlog_inflate_kind kind, int fd) {
    struct spanlog_ship_archive *archive = calloc(1, sizeof *archive);
    const char *problem;
    if (!archive)
        return NULL;
    archive->kind = kind;
    ssize_t got = spanlog_ship_archive_read(archive, fd, archive->head, sizeof archive->head, 0);
    if (got == sizeof archive->head ||
        (got > 0 && spanlog_ship_archive_has_ended(archive, fd, &problem)))
        archive->head_size = (uint32_t)got;
    archive->ended_size = 0; /* it was looked at only */
    spanlog_ship_archive_rest(archive);
    if (got != -ENOMEM)
        return archive;
    spanlog_ship_archive_free(archive);
    return NULL;
}

size_t spanlog_ship_archive_ending(const char *path) {
    static const char *const endings[] = {".gz", ".zst"};
    size_t size = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending = strlen(endings[i]);
        if (size > ending && strcmp(path + size - ending, endings[i]) == 0)
            return ending;
    }
    return 0;
}

int spanlog_ship_archive_look(struct spanlog_ship_archive **archive, int fd, const char *path) {
    char magic[8];
    struct spanlog_ship_archive *now = NULL;
    ssize_t got = pread(fd, magic, sizeof magic, 0);
    enum spanlog_inflate_kind kind = spanlog_inflate_kind_of(magic, got > 0 ? (size_t)got : 0);
    if (kind == SPANLOG_INFLATE_GZ || kind == SPANLOG_INFLATE_ZST) {
        now = unpack_head(kind, fd);
        if (!now)
            return -ENOMEM;
    }
    if (now ? now->head_size == 0
            : kind == SPANLOG_INFLATE_UNSURE && spanlog_ship_archive_ending(path)) {
        spanlog_ship_archive_free(now);
        return -EAGAIN;
    }
    if (now && *archive)
        now->ended_size = (*archive)->ended_size;
    spanlog_ship_archive_free(*archive);
    *archive = now;
    return 0;
}
