/* tests/unit/analyzer_input_test.h: what the tests of the input share: files of any kind, and all
 * lines of a scan as one text.
 *
 *     struct bytes archive = test_gz(text, size, &random);
 *     test_write("/tmp/x/a.gz", archive.data, archive.size);
 *     struct bytes lines = test_scan(path, jobs, piece_size, &issues);
 */
#ifndef SPANLOG_TESTS_ANALYZER_INPUT_TEST_H
#define SPANLOG_TESTS_ANALYZER_INPUT_TEST_H

#include "tests/unit/analyzer_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "src/analyzer/input/scan.h"

struct bytes {
    char *data;
    size_t size;
    size_t room; /* of what test_append has grown */
    uint64_t next_chunk;
};

static inline void test_append(struct bytes *to, const char *data, size_t size) {
    if (to->room - to->size <= size) {
        to->room = 2 * (to->size + size + 1);
        to->data = realloc(to->data, to->room);
        assert_non_null(to->data);
    }
    memcpy(to->data + to->size, data, size);
    to->size += size;
    to->data[to->size] = 0;
}

static inline void test_write(const char *path, const char *data, size_t size) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), size);
    close(fd);
}

static inline void test_gz_member(struct bytes *to, const char *text, size_t size) {
    z_stream zlib = {0};
    size_t room = size + size / 2 + 1000;
    char *out = malloc(room);
    assert_int_equal(deflateInit2(&zlib, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    zlib.next_in = (Bytef *)(uintptr_t)text;
    zlib.avail_in = (uInt)size;
    zlib.next_out = (Bytef *)out;
    zlib.avail_out = (uInt)room;
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    test_append(to, out, room - zlib.avail_out);
    deflateEnd(&zlib);
    free(out);
}

static inline void test_zst_frame(struct bytes *to, const char *text, size_t size) {
    size_t room = ZSTD_compressBound(size);
    char *out = malloc(room);
    size_t used = ZSTD_compress(out, room, text, size, 3);
    assert_false(ZSTD_isError(used));
    test_append(to, out, used);
    free(out);
}

/* Cut into members or frames at random. */
static inline struct bytes test_archive(const char *text, size_t size, bool is_gz,
                                        uint64_t *random) {
    struct bytes archive = {0};
    size_t done = 0;
    do {
        size_t part =
            test_random(random) % 3 ? size - done : test_random(random) % (size - done + 1);
        (is_gz ? test_gz_member : test_zst_frame)(&archive, text + done, part);
        done += part;
    } while (done < size);
    return archive;
}

static inline int test_no_chunk(void *argument, const struct spanlog_chunk *chunk) {
    (void)argument;
    assert_true(chunk->begin == chunk->end || chunk->end[-1] == '\n');
    return 0;
}

static inline int test_commit(void *argument, const struct spanlog_chunk *chunk) {
    struct bytes *lines = argument;
    assert_int_equal(chunk->number, lines->next_chunk);
    lines->next_chunk++;
    test_append(lines, chunk->begin, (size_t)(chunk->end - chunk->begin));
    return 0;
}

static inline struct bytes test_scan_limited(const char *path, unsigned jobs, size_t piece,
                                             size_t document_size_max,
                                             struct spanlog_issues *issues) {
    struct bytes lines = {0};
    struct spanlog_sources sources;
    test_append(&lines, "", 0);
    assert_int_equal(spanlog_sources_open(&sources, &path, 1, issues), 0);
    struct spanlog_scan run = {.sources = &sources,
                               .issues = issues,
                               .job_count = jobs,
                               .piece_size = piece,
                               .document_size_max = document_size_max,
                               .jobs = {.first = &lines},
                               .chunk = test_no_chunk,
                               .commit = test_commit};
    assert_int_equal(spanlog_scan_run(&run), 0);
    spanlog_sources_free(&sources);
    return lines;
}

static inline struct bytes test_scan(const char *path, unsigned jobs, size_t piece,
                                     struct spanlog_issues *issues) {
    return test_scan_limited(path, jobs, piece, 0, issues);
}

#endif
