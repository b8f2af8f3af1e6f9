/* analyzer/index/index_read.c: see index.h. Whatever the file holds, at worst it is not used. */
#include "src/analyzer/index/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_CHARACTERS 8

static unsigned four_bits(char c) {
    unsigned digit = (unsigned char)c - '0', letter = ((unsigned char)c | 0x20u) - 'a';
    return digit <= 9 ? digit : letter <= 5 ? letter + 10 : (unsigned char)c & 15;
}

uint32_t spanlog_index_key(const char *text, size_t size, bool from_end) {
    uint32_t key = 0;
    for (size_t i = 0; i < KEY_CHARACTERS; i++)
        key = key << 4 | (i < size ? four_bits(text[from_end ? size - 1 - i : i]) : 0);
    return key;
}

/* Each step is a bijection: one changed word always changes the end. */
uint64_t spanlog_index_checksum(uint64_t before, const void *data, size_t size) {
    const char *p = data;
    uint64_t sum = before ^ size;
    for (; size > 0; p += 8) {
        uint64_t word = 0;
        size_t taken = size < 8 ? size : 8;
        memcpy(&word, p, taken);
        sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 29;
        size -= taken;
    }
    return sum;
}

int spanlog_index_ends(int fd, uint64_t indexed_size, uint64_t *ret) {
    char ends[2 * SPANLOG_INDEX_ENDS];
    size_t size =
        indexed_size < SPANLOG_INDEX_ENDS ? (size_t)indexed_size : (size_t)SPANLOG_INDEX_ENDS;
    ssize_t first = pread(fd, ends, size, 0);
    ssize_t last = pread(fd, ends + size, size, (off_t)(indexed_size - size));
    if (first < 0 || last < 0)
        return -errno;
    if ((size_t)first != size || (size_t)last != size)
        return -ESTALE;
    *ret = spanlog_index_checksum(1, ends, 2 * size);
    return 0;
}

uint32_t spanlog_index_pieces(const struct spanlog_index *index) {
    return (uint32_t)(index->header->indexed_size / index->header->piece_size);
}

int spanlog_index_check(struct spanlog_index *index, const void *data, size_t size,
                        const char **ret_why) {
    const struct spanlog_index_header *header = data;
    const uint32_t byte_order = 1;
    *ret_why = "is damaged";
    if (size < sizeof *header || memcmp(header->magic, "SPXTRACE", 8) != 0)
        return -EBADMSG;
    if (header->version != 1 || header->piece_size != SPANLOG_INDEX_PIECE ||
        *(const char *)&byte_order != 1) {
        *ret_why = "is of another version";
        return -EBADMSG;
    }
    uint64_t entries = (uint64_t)header->head_count + header->tail_count;
    if (size != sizeof *header + entries * sizeof(struct spanlog_index_entry) + header->names_size)
        return -EBADMSG;
    struct spanlog_index_header without = *header;
    without.checksum = 0;
    uint64_t sum = spanlog_index_checksum(0, &without, sizeof without);
    if (spanlog_index_checksum(sum, header + 1, size - sizeof *header) != header->checksum ||
        header->indexed_size / header->piece_size > UINT32_MAX)
        return -EBADMSG;
    index->header = header;
    index->size = size;
    index->heads = (const struct spanlog_index_entry *)(const void *)(header + 1);
    index->tails = index->heads + header->head_count;
    index->names = (const char *)(index->tails + header->tail_count);
    if (header->names_size && index->names[header->names_size - 1])
        return -EBADMSG;
    return 0;
}

/* Whether it is of this file, as it is or as it was when it was shorter. */
static int check_file(const struct spanlog_index *index, const struct spanlog_source *source,
                      const char **ret_why) {
    const struct spanlog_index_header *header = index->header;
    uint64_t ends = 0;
    *ret_why = "is older than the file";
    if (source->inode != header->inode || source->size < header->file_size ||
        (source->size == header->file_size && source->modified_ns != header->modified_ns) ||
        header->indexed_size > header->file_size)
        return -ESTALE;
    int fd = spanlog_source_open(source);
    int rc = fd < 0 ? fd : spanlog_index_ends(fd, header->indexed_size, &ends);
    if (fd >= 0)
        close(fd);
    return rc < 0 ? rc : ends == header->ends_checksum ? 0 : -ESTALE;
}

int spanlog_index_open(struct spanlog_index *index, const struct spanlog_source *source,
                       const char **ret_why) {
    char path[4096];
    struct stat info;
    *index = (struct spanlog_index){0};
    if (!source->is_regular || source->is_stream || source->is_stdin || source->is_open ||
        source->begin || (size_t)snprintf(path, sizeof path, "%s.spx", source->path) >= sizeof path)
        return -ENOENT;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -ENOENT;
    *ret_why = "cannot be read";
    void *data = MAP_FAILED;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0)
        data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    close(fd);
    if (data == MAP_FAILED)
        return -EBADMSG;
    int rc = spanlog_index_check(index, data, (size_t)info.st_size, ret_why);
    if (rc == 0)
        rc = check_file(index, source, ret_why);
    if (rc < 0) {
        munmap(data, (size_t)info.st_size);
        *index = (struct spanlog_index){0};
    }
    return rc;
}

void spanlog_index_close(struct spanlog_index *index) {
    if (index->header)
        munmap((void *)(uintptr_t)index->header, index->size);
    *index = (struct spanlog_index){0};
}

/* The first entry whose key is not below `key`. */
static uint32_t lower_bound(const struct spanlog_index_entry *list, uint32_t count, uint32_t key) {
    uint32_t from = 0;
    while (from < count) {
        uint32_t middle = from + (count - from) / 2;
        if (list[middle].key < key)
            from = middle + 1;
        else
            count = middle;
    }
    return from;
}

void spanlog_index_mark(const struct spanlog_index *index, const char *text, size_t size,
                        uint64_t *bits) {
    uint32_t pieces = spanlog_index_pieces(index);
    uint32_t below = size < KEY_CHARACTERS ? UINT32_MAX >> 4 * size : 0;
    /* No id is longer: it can only be the whole of one, and ends tell more than beginnings. */
    for (int from_end = size >= index->header->longest_id; from_end < 2; from_end++) {
        const struct spanlog_index_entry *list = from_end ? index->tails : index->heads;
        uint32_t count = from_end ? index->header->tail_count : index->header->head_count;
        uint32_t first = spanlog_index_key(text, size, from_end), last = first | below;
        for (uint32_t i = lower_bound(list, count, first); i < count && list[i].key <= last; i++)
            if (list[i].piece < pieces)
                bits[list[i].piece / 64] |= (uint64_t)1 << list[i].piece % 64;
    }
}
