/* tests/unit/analyzer_sources_test.c: which files the arguments stand for, and in which order. */
#include "tests/unit/analyzer_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/analyzer/input/rotated.h"
#include "src/analyzer/input/sources.h"
#include "tests/unit/folder.h"

static void make(const char *name) {
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "line\n", 5), 5);
    close(fd);
}

/* The names of the sources, with blanks between them. */
static void names_of(const struct spanlog_sources *sources, char *out) {
    *out = 0;
    for (size_t i = 0; i < sources->count; i++)
        out += sprintf(out, "%s%s", i ? " " : "", sources->list[i].path + strlen(folder) + 1);
}

static void the_oldest_of_a_rotated_set_is_first(void **state) {
    static const char *const sets[][8] = {
        {"app.log.10.gz", "app.log.2.gz", "app.log.1", "app.log"},
        {"app-20261119.log.gz", "app-20261120.log", "app.log-20261121.gz", "app.log"},
        {"app.2026-11-20.jsonl", "app.2026-11-21.0.jsonl", "app.2026-11-21.10.jsonl", "app.jsonl"},
        {"0.log.20261120-101112.gz", "0.log.20261121-000000", "0.log", "9.log", "10.log"},
        {"a.log", "app.log.1", "app.log", "b.log.2", "b.log.1", "b.log"},
        {"a.jsonl", "b.jsonl", "shop-1.jsonl", "shop-12345678.jsonl"},
    };
    (void)state;
    for (size_t set = 0; set < sizeof sets / sizeof sets[0]; set++)
        for (size_t i = 0; i < 8 && sets[set][i]; i++)
            for (size_t j = 0; j < 8 && sets[set][j]; j++) {
                int order = spanlog_rotated_compare(sets[set][i], sets[set][j]);
                if ((order > 0) - (order < 0) != (i > j) - (i < j))
                    fail_msg("%s and %s: %d", sets[set][i], sets[set][j], order);
            }
}

static void the_order_of_names_is_total(void **state) {
    static const char *const parts[] = {"app",       ".log",        ".1",  ".2", ".gz",
                                        "-20261121", ".2026-11-20", ".10", "b",  ""};
    char names[3][64];
    uint64_t random = 4;
    (void)state;
    for (int round = 0; round < 50000; round++) {
        for (int i = 0; i < 3; i++)
            snprintf(names[i], sizeof names[i], "%s%s%s%s", parts[test_random(&random) % 10],
                     parts[test_random(&random) % 10], parts[test_random(&random) % 10],
                     parts[test_random(&random) % 10]);
        int ab = spanlog_rotated_compare(names[0], names[1]),
            bc = spanlog_rotated_compare(names[1], names[2]),
            ac = spanlog_rotated_compare(names[0], names[2]),
            ba = spanlog_rotated_compare(names[1], names[0]);
        if ((ab < 0) != (ba > 0) || (ab == 0) != (strcmp(names[0], names[1]) == 0) ||
            (ab <= 0 && bc <= 0 && ac > 0))
            fail_msg("%s %s %s: %d %d %d", names[0], names[1], names[2], ab, bc, ac);
    }
}

static void a_directory_stands_for_all_files_below_it(void **state) {
    struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY;
    struct spanlog_sources sources;
    const char *paths[] = {folder};
    char names[1024];
    (void)state;
    assert_int_equal(mkdir(in_folder("pods"), 0700), 0);
    assert_int_equal(mkdir(in_folder("pods/shop"), 0700), 0);
    assert_int_equal(symlink("..", in_folder("pods/loop")), 0);
    assert_int_equal(mkfifo(in_folder("pods/fifo"), 0600), 0);
    static const char *const files[] = {"app.log",        "app.log.1", "app.log.2",
                                        "app.log.spx",    ".hidden",   "pods/shop/10.log",
                                        "pods/shop/9.log"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        make(files[i]);
    assert_int_equal(spanlog_sources_open(&sources, paths, 1, &issues), 0);
    names_of(&sources, names);
    assert_string_equal(names, "app.log.2 app.log.1 app.log pods/shop/9.log pods/shop/10.log");
    assert_int_equal(issues.unreadable_count + issues.note_count, 0);
    spanlog_sources_free(&sources);
    spanlog_issues_free(&issues);
}

static void a_file_that_is_named_twice_is_read_once_and_that_is_said(void **state) {
    struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY;
    struct spanlog_sources sources;
    char names[1024];
    (void)state;
    make("b");
    make("a");
    assert_int_equal(link(in_folder("b"), in_folder("c")), 0);
    const char *paths[] = {in_folder("b"), in_folder("a"), in_folder("b"), in_folder("c")};
    assert_int_equal(spanlog_sources_open(&sources, paths, 4, &issues), 0);
    names_of(&sources, names);
    assert_string_equal(names, "b a");
    assert_int_equal(issues.note_count, 2);
    assert_int_equal(issues.notes[0].is_error, 0);
    spanlog_sources_free(&sources);
    spanlog_issues_free(&issues);
}

static void a_file_that_is_renamed_is_still_opened(void **state) {
    struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY;
    struct spanlog_sources sources;
    struct stat st;
    (void)state;
    make("live");
    const char *paths[] = {in_folder("live")};
    assert_int_equal(spanlog_sources_open(&sources, paths, 1, &issues), 0);
    assert_int_equal(rename(in_folder("live"), in_folder("live.1")), 0);
    make("live");
    int fd = spanlog_source_open(&sources.list[0]);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_ino, sources.list[0].inode);
    close(fd);
    assert_int_equal(unlink(in_folder("live.1")), 0);
    assert_int_equal(spanlog_source_open(&sources.list[0]), -ESTALE);
    spanlog_sources_free(&sources);
    spanlog_issues_free(&issues);
}

static void files_last_written_long_before_are_dropped(void **state) {
    struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY;
    struct spanlog_sources sources;
    const uint64_t second = 1000000000, hour = 3600 * second, now = 1795000000 * second;
    const uint64_t written[] = {now - 2 * hour, now - hour / 2, now};
    static const char *const files[] = {"old", "recent", "new"};
    const char *paths[3];
    char names[1024];
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct timespec times[2] = {{(time_t)(written[i] / second), 0},
                                    {(time_t)(written[i] / second), 0}};
        make(files[i]);
        paths[i] = in_folder(files[i]);
        assert_int_equal(utimensat(AT_FDCWD, paths[i], times, 0), 0);
    }
    assert_int_equal(spanlog_sources_open(&sources, paths, 3, &issues), 0);
    assert_int_equal(spanlog_sources_prune(&sources, now, UINT64_MAX), 1);
    names_of(&sources, names);
    assert_string_equal(names, "recent new");
    spanlog_sources_free(&sources);
    spanlog_issues_free(&issues);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_of_a_rotated_set_is_first),
        cmocka_unit_test(the_order_of_names_is_total),
        cmocka_unit_test(a_directory_stands_for_all_files_below_it),
        cmocka_unit_test(a_file_that_is_named_twice_is_read_once_and_that_is_said),
        cmocka_unit_test(a_file_that_is_renamed_is_still_opened),
        cmocka_unit_test(files_last_written_long_before_are_dropped),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
