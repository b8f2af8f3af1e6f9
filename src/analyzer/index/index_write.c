/* analyzer/index/index_write.c: see index.h. The jobs of a scan note keys and pieces; then these
 * are sorted and written to a file of another name, which takes the place of the old one at the
 * end. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/analyzer/index/index.h"
#include "src/analyzer/translate/lines.h"

/* Lines of a trace come together: most entries have just been noted. */
#define RECENT 1024

struct entries {
    uint64_t *list; /* key, then piece */
    size_t count, room;
    uint64_t recent[RECENT];
};

struct builder {
    struct entries heads, tails;
    struct spanlog_lines lines;
    struct spanlog_strings writers;
    uint64_t indexed_size; /* UINT64_MAX: all of the file */
    uint32_t longest_id;
};

static int note(struct entries *entries, uint32_t key, uint32_t piece) {
    uint64_t entry = (uint64_t)key << 32 | piece;
    uint64_t *recent = &entries->recent[(entry * 0x9e3779b97f4a7c15u) >> 54];
    if (*recent == entry && entries->count)
        return 0;
    *recent = entry;
    if (entries->count == entries->room) {
        size_t room = entries->room ? 2 * entries->room : 4096;
        uint64_t *grown = realloc(entries->list, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        entries->list = grown;
        entries->room = room;
    }
    entries->list[entries->count++] = entry;
    return 0;
}

/* The id as it is looked for: a UUID without its dashes. */
static size_t plain_id(struct spanlog_text id, char out[64], const char **ret) {
    *ret = id.data;
    if (id.size != 36 || id.data[8] != '-' || id.data[13] != '-' || id.data[18] != '-' ||
        id.data[23] != '-')
        return id.size;
    size_t size = 0;
    for (uint32_t i = 0; i < id.size; i++)
        if (id.data[i] != '-')
            out[size++] = id.data[i];
    *ret = out;
    return size;
}

static int note_record(struct builder *builder, const struct spanlog_record *record,
                       uint32_t piece) {
    char plain[64];
    const char *id;
    size_t size = plain_id(record->trace_text, plain, &id);
    if (size > builder->longest_id)
        builder->longest_id = (uint32_t)size;
    if (note(&builder->heads, spanlog_index_key(id, size, false), piece) < 0 ||
        note(&builder->tails, spanlog_index_key(id, size, true), piece) < 0)
        return -ENOMEM;
    if (record->line_kind != SPANLOG_LINE_LOG && record->service.data &&
        spanlog_strings_add(&builder->writers, record->service.data, record->service.size) ==
            SPANLOG_STRING_NONE)
        return -ENOMEM;
    return 0;
}

static int read_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct builder *builder = argument;
    struct spanlog_record record;
    const char *line;
    int rc;
    spanlog_lines_begin(&builder->lines, chunk);
    while ((rc = spanlog_lines_next(&builder->lines, &record, &line)) > 0) {
        uint64_t at = chunk->offset + (uint64_t)(builder->lines.origin - chunk->begin);
        if (record.has_trace &&
            note_record(builder, &record, (uint32_t)(at / SPANLOG_INDEX_PIECE)) < 0)
            return -ENOMEM;
    }
    spanlog_lines_end(&builder->lines);
    if (chunk->unfinished_last) { /* more of it may come */
        const char *before = memrchr(chunk->begin, '\n', (size_t)(chunk->end - 1 - chunk->begin));
        builder->indexed_size =
            chunk->offset + (before ? (uint64_t)(before + 1 - chunk->begin) : 0);
    }
    return rc;
}

/* ---- writing ------------------------------------------------------------------------------ */

static int by_number(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* All jobs' entries, sorted, each once, as they are in the file. NULL: no memory. */
static struct spanlog_index_entry *join(struct builder *builders, unsigned jobs, bool tails,
                                        uint32_t *ret_count) {
    size_t total = 0, kept = 0;
    for (unsigned i = 0; i < jobs; i++)
        total += (tails ? &builders[i].tails : &builders[i].heads)->count;
    uint64_t *all = malloc((total + 1) * sizeof *all);
    struct spanlog_index_entry *list = malloc((total + 1) * sizeof *list);
    size_t at = 0;
    for (unsigned i = 0; all && i < jobs; i++) {
        const struct entries *from = tails ? &builders[i].tails : &builders[i].heads;
        if (from->count)
            memcpy(all + at, from->list, from->count * sizeof *all);
        at += from->count;
    }
    if (all)
        qsort(all, total, sizeof *all, by_number);
    for (size_t i = 0; all && list && i < total; i++)
        if (i == 0 || all[i] != all[i - 1])
            list[kept++] = (struct spanlog_index_entry){(uint32_t)(all[i] >> 32), (uint32_t)all[i]};
    if (!all || kept > UINT32_MAX) {
        free(list);
        list = NULL;
    }
    free(all);
    *ret_count = (uint32_t)kept;
    return list;
}

/* Names of the services that write span lines, each once. */
static int join_names(struct builder *builders, unsigned jobs, char **ret, uint32_t *ret_size) {
    struct spanlog_strings *all = &builders[0].writers;
    size_t size = 0;
    for (unsigned i = 1; i < jobs; i++)
        for (uint32_t n = 0; n < builders[i].writers.count; n++) {
            struct spanlog_text text = builders[i].writers.texts[n];
            if (spanlog_strings_add(all, text.data, text.size) == SPANLOG_STRING_NONE)
                return -ENOMEM;
        }
    for (uint32_t n = 0; n < all->count; n++)
        size += all->texts[n].size + (size_t)1;
    if (size > UINT32_MAX || !(*ret = calloc(size + 1, 1)))
        return -ENOMEM;
    *ret_size = (uint32_t)size;
    size = 0;
    for (uint32_t n = 0; n < all->count; n++) {
        memcpy(*ret + size, all->texts[n].data, all->texts[n].size);
        size += all->texts[n].size + (size_t)1;
    }
    return 0;
}

/* The bytes of the file, but for the header's fields. NULL: no memory. */
static char *compose(struct builder *builders, unsigned jobs, struct spanlog_index_header *header,
                     size_t *ret_size) {
    struct spanlog_index_entry *heads = join(builders, jobs, false, &header->head_count);
    struct spanlog_index_entry *tails = join(builders, jobs, true, &header->tail_count);
    char *names = NULL, *image = NULL;
    if (heads && tails && join_names(builders, jobs, &names, &header->names_size) == 0) {
        size_t head_size = header->head_count * sizeof *heads,
               tail_size = header->tail_count * sizeof *tails;
        *ret_size = sizeof *header + head_size + tail_size + header->names_size;
        image = malloc(*ret_size);
        if (image) {
            memcpy(image + sizeof *header, heads, head_size);
            memcpy(image + sizeof *header + head_size, tails, tail_size);
            memcpy(image + sizeof *header + head_size + tail_size, names, header->names_size);
        }
    }
    free(heads);
    free(tails);
    free(names);
    return image;
}

static void put_header(char *image, size_t size, struct spanlog_index_header *header) {
    header->checksum = 0;
    uint64_t sum = spanlog_index_checksum(0, header, sizeof *header);
    header->checksum = spanlog_index_checksum(sum, image + sizeof *header, size - sizeof *header);
    memcpy(image, header, sizeof *header);
}

static int write_all(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t put = write(fd, data, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -errno;
        data += put;
        size -= (size_t)put;
    }
    return 0;
}

static int write_file(const char *image, size_t size, const char *log_path, mode_t mode) {
    char path[4096], temporary[4096];
    if ((size_t)snprintf(path, sizeof path, "%s.spx", log_path) >= sizeof path ||
        (size_t)snprintf(temporary, sizeof temporary, "%s.XXXXXX.spx", log_path) >=
            sizeof temporary)
        return -ENAMETOOLONG;
    int fd = mkostemps(temporary, 4, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = write_all(fd, image, size);
    if (rc == 0 && fchmod(fd, mode & 0666) < 0)
        rc = -errno;
    if (close(fd) < 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && rename(temporary, path) < 0)
        rc = -errno;
    if (rc < 0)
        unlink(temporary);
    return rc;
}

/* What is to be known of the log; the indexed size is that of whole lines. */
static int describe(const struct spanlog_source *source, uint64_t indexed_size,
                    struct spanlog_index_header *ret, mode_t *ret_mode) {
    struct stat info;
    int fd = spanlog_source_open(source);
    if (fd < 0)
        return fd;
    *ret = (struct spanlog_index_header){.magic = "SPXTRAC",
                                         .version = 1,
                                         .piece_size = SPANLOG_INDEX_PIECE,
                                         .indexed_size = indexed_size,
                                         .file_size = source->size,
                                         .modified_ns = source->modified_ns,
                                         .inode = source->inode};
    ret->magic[7] = 'E';
    int rc =
        fstat(fd, &info) < 0 ? -errno : spanlog_index_ends(fd, indexed_size, &ret->ends_checksum);
    *ret_mode = info.st_mode;
    close(fd);
    return rc;
}

static int finish(struct builder *builders, unsigned jobs, const struct spanlog_source *source,
                  struct spanlog_index_made *ret) {
    struct spanlog_index_header header = {0};
    uint64_t indexed_size = source->size;
    mode_t mode = 0;
    size_t size = 0;
    for (unsigned i = 0; i < jobs; i++)
        if (builders[i].indexed_size < indexed_size)
            indexed_size = builders[i].indexed_size;
    int rc = describe(source, indexed_size, &header, &mode);
    if (rc < 0)
        return rc;
    for (unsigned i = 0; i < jobs; i++)
        if (builders[i].longest_id > header.longest_id)
            header.longest_id = builders[i].longest_id;
    char *image = compose(builders, jobs, &header, &size);
    if (!image)
        return -ENOMEM;
    put_header(image, size, &header);
    rc = write_file(image, size, source->path, mode);
    free(image);
    ret->size = size;
    ret->entries = (uint64_t)header.head_count + header.tail_count;
    return rc;
}

/* All but one of the sources. */
static bool is_other(void *wanted, uint32_t source, uint64_t offset) {
    (void)offset;
    return source != *(const uint32_t *)wanted;
}

int spanlog_index_write(struct spanlog_sources *sources, uint32_t number, unsigned jobs,
                        const struct spanlog_translate_settings *translate,
                        struct spanlog_issues *issues, struct spanlog_index_made *ret) {
    const struct spanlog_source *source = &sources->list[number];
    if (!source->is_regular || source->is_stream || source->is_stdin || source->is_open ||
        source->begin)
        return -EINVAL;
    struct builder *builders = calloc(jobs, sizeof *builders);
    int rc = builders ? 0 : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < jobs; i++) {
        spanlog_lines_init(&builders[i].lines, translate, 500, issues);
        builders[i].indexed_size = UINT64_MAX;
    }
    struct spanlog_scan scan = {.sources = sources,
                                .issues = issues,
                                .job_count = jobs,
                                .piece_size = SPANLOG_INDEX_PIECE,
                                .jobs = {builders, sizeof *builders},
                                .skip = is_other,
                                .skip_argument = &number,
                                .chunk = read_chunk};
    if (rc == 0)
        rc = spanlog_scan_run(&scan);
    if (rc == 0)
        rc = finish(builders, jobs, source, ret);
    for (unsigned i = 0; builders && i < jobs; i++) {
        free(builders[i].heads.list);
        free(builders[i].tails.list);
        spanlog_strings_free(&builders[i].writers);
        spanlog_lines_free(&builders[i].lines);
    }
    free(builders);
    return rc;
}
