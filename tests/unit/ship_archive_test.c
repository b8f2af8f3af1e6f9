/* Units of src/ship/archive.c: what is compressed is read at any offset as the plain file would be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/analyzer/unpack/deflate.h"
#include "src/ship/archive.h"

#define PLAIN_SIZE 1000000

static char plain[PLAIN_SIZE];

static void fill_plain(void) {
    uint32_t random = 7;
    for (size_t i = 0; i < sizeof plain; i++) {
        random = random * 1664525 + 1013904223;
        plain[i] = i % 100 == 99 ? '\n' : (char)('a' + (random >> 28));
    }
}

/* In two members, or frames. */
static int pack(enum spanlog_inflate_kind kind) {
    int fd = memfd_create("packed", MFD_CLOEXEC);
    assert_true(fd >= 0);
    for (int part = 0; part < 2; part++) {
        struct spanlog_deflate out;
        assert_int_equal(spanlog_deflate_open(&out, fd, kind), 0);
        assert_int_equal(
            spanlog_deflate_write(&out, plain + part * (PLAIN_SIZE / 2), PLAIN_SIZE / 2), 0);
        assert_int_equal(spanlog_deflate_close(&out), 0);
    }
    return fd;
}

static void expect(struct spanlog_ship_archive *archive, int fd, size_t offset, size_t size) {
    static char got[PLAIN_SIZE];
    size_t there = offset >= PLAIN_SIZE ? 0 : PLAIN_SIZE - offset;
    assert_int_equal(spanlog_ship_archive_read(archive, fd, got, size, offset),
                     there < size ? there : size);
    assert_memory_equal(got, plain + (there ? offset : 0), there < size ? there : size);
}

static void reads_are_as_of_the_plain_file(void **state) {
    static const enum spanlog_inflate_kind kinds[] = {SPANLOG_INFLATE_GZ, SPANLOG_INFLATE_ZST};
    static const size_t reads[][2] = {
        {0, 100},         {50, 1000},          {1000, 200000},  {150000, 65536},
        {499990, 20},     {600000, 400000},    {10, 10},        {999999, 10},
        {PLAIN_SIZE, 10}, {PLAIN_SIZE + 5, 1}, {0, PLAIN_SIZE}, {700000, 65536}};
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        int fd = pack(kinds[k]);
        struct spanlog_ship_archive *archive = NULL;
        assert_int_equal(spanlog_ship_archive_look(&archive, fd, "log"), 0);
        assert_non_null(archive);
        assert_int_equal(archive->head_size, SPANLOG_SHIP_PRINT_SIZE);
        assert_memory_equal(archive->head, plain, SPANLOG_SHIP_PRINT_SIZE);
        for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
            expect(archive, fd, reads[i][0], reads[i][1]);
            if (i % 5 == 4)
                spanlog_ship_archive_rest(archive);
        }
        spanlog_ship_archive_free(archive);
        close(fd);
    }
}

static void an_end_is_told_from_a_file_that_still_grows(void **state) {
    static char piece[PLAIN_SIZE], got[PLAIN_SIZE + 1];
    const char *problem;
    (void)state;
    int fd = pack(SPANLOG_INFLATE_GZ), growing = memfd_create("growing", MFD_CLOEXEC);
    ssize_t size = pread(fd, piece, sizeof piece, 0), half = size / 3;
    assert_int_equal(pwrite(growing, piece, (size_t)half, 0), half);
    struct spanlog_ship_archive *archive = NULL;
    assert_int_equal(spanlog_ship_archive_look(&archive, growing, "log"), 0);
    assert_non_null(archive);
    ssize_t first = spanlog_ship_archive_read(archive, growing, got, PLAIN_SIZE, 0);
    assert_in_range(first, 1000, PLAIN_SIZE / 2);
    assert_false(spanlog_ship_archive_has_ended(archive, growing, &problem));
    assert_int_equal(pwrite(growing, piece + half, (size_t)(size - half), half), size - half);
    ssize_t rest =
        spanlog_ship_archive_read(archive, growing, got + first, PLAIN_SIZE, (uint64_t)first);
    assert_int_equal(first + rest, PLAIN_SIZE);
    assert_memory_equal(got, plain, PLAIN_SIZE);
    assert_true(spanlog_ship_archive_has_ended(archive, growing, &problem));
    assert_null(problem);
    assert_int_equal(archive->ended_size, size);
    spanlog_ship_archive_free(archive);
    close(growing);
    close(fd);
}

static void damage_ends_it_and_is_named(void **state) {
    static char got[PLAIN_SIZE];
    const char *problem;
    (void)state;
    int fd = pack(SPANLOG_INFLATE_GZ);
    off_t size = lseek(fd, 0, SEEK_END);
    assert_int_equal(pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, size / 2 + 300), 8);
    struct spanlog_ship_archive *archive = NULL;
    assert_int_equal(spanlog_ship_archive_look(&archive, fd, "log"), 0);
    assert_non_null(archive);
    ssize_t read = spanlog_ship_archive_read(archive, fd, got, PLAIN_SIZE, 0);
    assert_in_range(read, 1000, PLAIN_SIZE - 1);
    assert_true(spanlog_ship_archive_has_ended(archive, fd, &problem));
    assert_non_null(problem);
    assert_non_null(strstr(problem, "gz: damaged at byte "));
    spanlog_ship_archive_free(archive);
    close(fd);
}

static void each_look_is_at_what_the_file_is_now(void **state) {
    (void)state;
    int packed = pack(SPANLOG_INFLATE_ZST), plain_one = memfd_create("plain", MFD_CLOEXEC);
    struct spanlog_ship_archive *archive = NULL;
    assert_int_equal(spanlog_ship_archive_look(&archive, plain_one, "log.1.gz"), -EAGAIN);
    assert_int_equal(spanlog_ship_archive_look(&archive, plain_one, "log.1"), 0);
    assert_null(archive);
    assert_int_equal(spanlog_ship_archive_look(&archive, packed, "log.1.zst"), 0);
    assert_non_null(archive);
    archive->ended_size = 7;
    memset(archive->head, 0, sizeof archive->head);
    assert_int_equal(spanlog_ship_archive_look(&archive, packed, "log.1.zst"), 0);
    assert_int_equal(archive->ended_size, 7);
    assert_memory_equal(archive->head, plain, SPANLOG_SHIP_PRINT_SIZE);
    assert_int_equal(pwrite(plain_one, plain, 1000, 0), 1000);
    assert_int_equal(spanlog_ship_archive_look(&archive, plain_one, "log.1.zst"), 0);
    assert_null(archive);
    close(packed);
    close(plain_one);
}

int main(void) {
    fill_plain();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_are_as_of_the_plain_file),
        cmocka_unit_test(an_end_is_told_from_a_file_that_still_grows),
        cmocka_unit_test(damage_ends_it_and_is_named),
        cmocka_unit_test(each_look_is_at_what_the_file_is_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
