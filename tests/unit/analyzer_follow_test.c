/* tests/unit/analyzer_follow_test.c: no line is lost and none comes twice, whatever is done to the
 * files that are followed. */
#include "tests/unit/analyzer_test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/analyzer/input/follow.h"
#include "tests/unit/folder.h"

#define SOON_MS 20 /* long enough for what is there already */
#define LATE_MS 5000

static void append_to(const char *name, const char *text) {
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static uint64_t last_lines;
static size_t size_seen; /* read by the writer of the last test, too */
static bool is_written;

struct followed_text {
    struct spanlog_follow *follow;
    struct spanlog_issues issues;
    char *text;
    size_t size;
    int last;
};

static void begin(struct followed_text *all, const char *path, bool from_end, int stop_fd) {
    *all = (struct followed_text){.issues = SPANLOG_ISSUES_EMPTY, .text = calloc(1, 1)};
    struct spanlog_follow_settings settings = {.issues = &all->issues,
                                               .from_end = from_end,
                                               .last_lines = last_lines,
                                               .stop_fd = stop_fd,
                                               .piece_size = 64};
    assert_int_equal(spanlog_follow_open(&all->follow, &path, 1, &settings), 0);
}

/* All that comes until nothing has for a while. */
static const char *read_all(struct followed_text *all, int timeout_ms) {
    struct spanlog_chunk chunk;
    while ((all->last = spanlog_follow_next(all->follow, timeout_ms, &chunk)) ==
           SPANLOG_FOLLOW_LINES) {
        size_t size = (size_t)(chunk.end - chunk.begin);
        assert_int_equal(chunk.end[-1], '\n');
        all->text = realloc(all->text, all->size + size + 1);
        memcpy(all->text + all->size, chunk.begin, size);
        all->size += size;
        all->text[all->size] = 0;
        __atomic_store_n(&size_seen, all->size, __ATOMIC_RELEASE);
    }
    assert_true(all->last >= 0);
    return all->text;
}

static void finish(struct followed_text *all) {
    assert_int_equal(all->issues.unreadable_count, 0);
    spanlog_follow_close(all->follow);
    spanlog_issues_free(&all->issues);
    free(all->text);
}

static void a_line_comes_when_it_is_whole(void **state) {
    struct followed_text all;
    (void)state;
    append_to("app.log", "1\n2\n3");
    begin(&all, in_folder("app.log"), false, -1);
    assert_string_equal(read_all(&all, SOON_MS), "1\n2\n");
    append_to("app.log", "3");
    assert_string_equal(read_all(&all, SOON_MS), "1\n2\n");
    append_to("app.log", "3\n4\n");
    assert_string_equal(read_all(&all, SOON_MS), "1\n2\n333\n4\n");
    finish(&all);
}

static void from_the_end_only_new_lines_come(void **state) {
    struct followed_text all;
    (void)state;
    append_to("app.log", "1\n2\n3");
    begin(&all, in_folder("app.log"), true, -1);
    assert_string_equal(read_all(&all, SOON_MS), "");
    append_to("app.log", "3\n4\n");
    assert_string_equal(read_all(&all, SOON_MS), "33\n4\n");
    finish(&all);
}

static void from_the_end_some_lines_may_come_first(void **state) {
    static const struct {
        uint64_t lines;
        const char *wanted;
    } cases[] = {{1, "4\n"}, {2, "\n4\n"}, {4, "1\n22\n\n4\n"}, {9, "1\n22\n\n4\n"}};
    (void)state;
    append_to("app.log", "1\n22\n\n4\n5");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct followed_text all;
        last_lines = cases[i].lines;
        begin(&all, in_folder("app.log"), true, -1);
        assert_string_equal(read_all(&all, SOON_MS), cases[i].wanted);
        finish(&all);
    }
    last_lines = 0;
}

/* More than is read at once while the place is looked for. */
static void the_last_lines_may_be_long(void **state) {
    struct followed_text all;
    char *text = malloc(300001);
    (void)state;
    memset(text, 'x', 300000);
    text[300000] = 0;
    text[99] = text[200100] = text[299999] = '\n';
    append_to("app.log", text);
    last_lines = 1;
    begin(&all, in_folder("app.log"), true, -1);
    assert_int_equal(strlen(read_all(&all, SOON_MS)), 99899);
    finish(&all);
    last_lines = 2;
    begin(&all, in_folder("app.log"), true, -1);
    assert_int_equal(strlen(read_all(&all, SOON_MS)), 299900);
    finish(&all);
    last_lines = 0;
    free(text);
}

/* Others write beside what is followed: the timeout must not begin anew each time. */
static void the_timeout_holds_in_a_busy_directory(void **state) {
    struct followed_text all;
    struct spanlog_chunk chunk;
    struct timespec began, now;
    (void)state;
    append_to("app.log", "");
    begin(&all, in_folder("app.log"), true, -1);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        for (;;) {
            append_to("other.log", "x\n");
            poll(NULL, 0, 5);
        }
    clock_gettime(CLOCK_MONOTONIC, &began);
    int got = spanlog_follow_next(all.follow, 100, &chunk);
    clock_gettime(CLOCK_MONOTONIC, &now);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(got, SPANLOG_FOLLOW_NOTHING);
    assert_in_range((now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000,
                    90, LATE_MS);
    finish(&all);
}

static void a_renamed_file_is_read_to_its_end_and_then_the_new_one(void **state) {
    struct followed_text all;
    (void)state;
    append_to("app.log", "1\n");
    begin(&all, in_folder("app.log"), false, -1);
    assert_string_equal(read_all(&all, SOON_MS), "1\n");
    assert_int_equal(rename(in_folder("app.log"), in_folder("app.log.1")), 0);
    append_to("app.log.1", "2\n");
    assert_string_equal(read_all(&all, SOON_MS), "1\n2\n");
    append_to("app.log.1", "3\n");
    append_to("app.log", "4\n");
    assert_string_equal(read_all(&all, SOON_MS), "1\n2\n3\n4\n");
    append_to("app.log.1", "late\n"); /* its writer has not noticed yet */
    assert_string_equal(read_all(&all, SOON_MS), "1\n2\n3\n4\nlate\n");
    append_to("app.log", "5\n");
    assert_string_equal(read_all(&all, SOON_MS), "1\n2\n3\n4\nlate\n5\n");
    finish(&all);
}

static void a_file_that_is_deleted_and_made_again_is_followed(void **state) {
    struct followed_text all;
    (void)state;
    append_to("app.log", "1\n");
    begin(&all, in_folder("app.log"), false, -1);
    assert_string_equal(read_all(&all, SOON_MS), "1\n");
    append_to("app.log", "2\n");
    assert_int_equal(unlink(in_folder("app.log")), 0);
    append_to("app.log", "3\n");
    assert_string_equal(read_all(&all, SOON_MS), "1\n2\n3\n");
    finish(&all);
}

static void a_truncated_file_is_read_from_its_start(void **state) {
    struct followed_text all;
    (void)state;
    append_to("app.log", "1 long enough\n");
    begin(&all, in_folder("app.log"), false, -1);
    assert_string_equal(read_all(&all, SOON_MS), "1 long enough\n");
    assert_int_equal(truncate(in_folder("app.log"), 0), 0);
    append_to("app.log", "2\n");
    assert_string_equal(read_all(&all, SOON_MS), "1 long enough\n2\n");
    finish(&all);
}

static void a_file_may_appear_later(void **state) {
    struct followed_text all;
    (void)state;
    begin(&all, in_folder("app.log"), true, -1);
    assert_string_equal(read_all(&all, SOON_MS), "");
    append_to("other.log", "other\n");
    append_to("app.log", "1\n");
    assert_string_equal(read_all(&all, SOON_MS), "1\n");
    finish(&all);
}

static void
files_that_appear_in_a_directory_are_followed_but_not_what_rotation_leaves(void **state) {
    struct followed_text all;
    (void)state;
    append_to("app.log", "1\n");
    begin(&all, folder, true, -1);
    assert_string_equal(read_all(&all, SOON_MS), "");
    append_to("new.log", "2\n");
    assert_string_equal(read_all(&all, SOON_MS), "2\n");
    assert_int_equal(rename(in_folder("new.log"), in_folder("new.log.1")), 0);
    append_to("new.log", "3\n");
    append_to("new.log.2.gz", "archive\n");
    append_to("new.log-20261121", "copy\n");
    append_to(".hidden", "hidden\n");
    assert_string_equal(read_all(&all, SOON_MS), "2\n3\n");
    assert_int_equal(mkdir(in_folder("pod"), 0700), 0);
    append_to("pod/0.log", "4\n");
    assert_string_equal(read_all(&all, SOON_MS), "2\n3\n4\n");
    append_to("pod/0.log", "5\n");
    assert_string_equal(read_all(&all, SOON_MS), "2\n3\n4\n5\n");
    finish(&all);
}

static void a_pipe_is_followed_to_its_end(void **state) {
    struct followed_text all;
    char path[64];
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    begin(&all, path, false, -1);
    assert_int_equal(write(ends[1], "1\n2", 3), 3);
    assert_string_equal(read_all(&all, SOON_MS), "1\n");
    assert_int_equal(all.last, SPANLOG_FOLLOW_NOTHING);
    assert_int_equal(write(ends[1], "2\n3", 3), 3);
    assert_string_equal(read_all(&all, SOON_MS), "1\n22\n");
    close(ends[1]);
    assert_string_equal(read_all(&all, LATE_MS), "1\n22\n3\n");
    assert_int_equal(all.last, SPANLOG_FOLLOW_ENDED);
    close(ends[0]);
    finish(&all);
}

static void it_stops_when_it_is_told_to(void **state) {
    struct followed_text all;
    int stop = eventfd(0, EFD_CLOEXEC);
    (void)state;
    append_to("app.log", "1\n");
    begin(&all, in_folder("app.log"), false, stop);
    assert_string_equal(read_all(&all, SOON_MS), "1\n");
    assert_int_equal(eventfd_write(stop, 1), 0);
    read_all(&all, -1);
    assert_int_equal(all.last, SPANLOG_FOLLOW_ENDED);
    close(stop);
    finish(&all);
}

static void nothing_is_done_while_nothing_happens(void **state) {
    struct followed_text all;
    struct tms before, after;
    (void)state;
    append_to("app.log", "1\n");
    begin(&all, in_folder("app.log"), false, -1);
    read_all(&all, SOON_MS);
    times(&before);
    read_all(&all, 1000);
    times(&after);
    assert_in_range(after.tms_utime + after.tms_stime - before.tms_utime - before.tms_stime, 0, 2);
    finish(&all);
}

#define LINES 20000

/* A file that had its name only between two looks would be missed. */
static void wait_until_seen(size_t size) {
    while (__atomic_load_n(&size_seen, __ATOMIC_ACQUIRE) < size)
        usleep(100);
}

/* Writes numbered lines, and now and then rotates as a writer does that reopens its file. */
static void *write_and_rotate(void *argument) {
    uint64_t random = 9;
    size_t written = 0, first_size = 0;
    int fd = -1;
    (void)argument;
    for (int i = 0; i < LINES; i++) {
        char line[32];
        if (fd < 0 || test_random(&random) % 2000 == 0) {
            if (fd >= 0) {
                wait_until_seen(first_size);
                close(fd);
                rename(in_folder("app.log"), in_folder("app.log.1"));
            }
            first_size = written + 1;
            fd = open(in_folder("app.log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        }
        int size = sprintf(line, "%d\n", i);
        written += (size_t)size;
        ssize_t part = test_random(&random) % 3 ? size : 1;
        if (write(fd, line, (size_t)part) != part ||
            write(fd, line + part, (size_t)(size - part)) != size - part)
            break;
    }
    close(fd);
    __atomic_store_n(&is_written, true, __ATOMIC_RELEASE);
    return NULL;
}

static void every_line_of_a_rotating_writer_comes_once_and_in_order(void **state) {
    struct followed_text all;
    pthread_t writer;
    int expected = 0;
    (void)state;
    __atomic_store_n(&size_seen, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&is_written, false, __ATOMIC_RELEASE);
    begin(&all, in_folder("app.log"), false, -1);
    assert_int_equal(pthread_create(&writer, NULL, write_and_rotate, NULL), 0);
    while (!__atomic_load_n(&is_written, __ATOMIC_ACQUIRE))
        read_all(&all, 100);
    read_all(&all, 1000);
    pthread_join(writer, NULL);
    for (const char *p = all.text; *p; p = strchr(p, '\n') + 1)
        assert_int_equal(strtol(p, NULL, 10), expected++);
    assert_int_equal(expected, LINES);
    finish(&all);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_line_comes_when_it_is_whole),
        TEST(from_the_end_only_new_lines_come),
        TEST(from_the_end_some_lines_may_come_first),
        TEST(the_last_lines_may_be_long),
        TEST(the_timeout_holds_in_a_busy_directory),
        TEST(a_renamed_file_is_read_to_its_end_and_then_the_new_one),
        TEST(a_file_that_is_deleted_and_made_again_is_followed),
        TEST(a_truncated_file_is_read_from_its_start),
        TEST(a_file_may_appear_later),
        TEST(files_that_appear_in_a_directory_are_followed_but_not_what_rotation_leaves),
        TEST(a_pipe_is_followed_to_its_end),
        TEST(it_stops_when_it_is_told_to),
        TEST(nothing_is_done_while_nothing_happens),
        TEST(every_line_of_a_rotating_writer_comes_once_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
