/* tests/unit/library_disk_test.c: the output file on a full disk, and where it cannot be written.
 */
#include "tests/unit/library_numbers.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* ---- that cannot be written ---------------------------------------------------------------- */

static void logs_and_goes_on(void) {
    double start = now_seconds();
    log_numbers(0, 100);
    check_in_time(now_seconds() - start < 0.5);
    printf("still here\n");
}

static void an_unwritable_path_is_said_once_and_the_program_goes_on(void **state) {
    (void)state;
    static const char *const paths[] = {"file:/nowhere/at/all/log", "file:/proc/version/log",
                                        "file:/tmp"};
    for (size_t i = 0; i < 3; i++) {
        with("SPANLOG_OUTPUT", paths[i]);
        struct run *run = run_in_time(logs_and_goes_on, 4);
        assert_exit(run, 0);
        assert_string_equal(run->out, "still here\n");
        assert_says(run->err, "spanlog: cannot write file:", 1);
        assert_says(run->err, "\n", 1);
    }
}

/* ---- a limit on the size of files ----------------------------------------------------------- */

static void *logs_one(void *unused) {
    log_numbers(-1, 0);
    return unused;
}

static void limit_files(rlim_t bytes) {
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    check_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void begins_under_a_limit(void) {
    limit_files(4096); /* no room for the journal's header */
    log_numbers(0, 300);
    printf("still here\n");
}

static void has_room_for_a_piece_of_the_journal(void) {
    limit_files(100 << 10);
    log_numbers(0, 3000);
    printf("still here\n");
}

static void is_limited_later(void) {
    log_numbers(0, 1);
    limit_files(8192);
    log_numbers(1, 20000);
    on_thread(logs_one, NULL);
    printf("still here\n");
}

/* With each EFBIG comes SIGXFSZ, which ends a program that does not expect it. */
static void a_limit_on_the_size_of_files_is_as_a_full_disk(void **state) {
    (void)state;
    static void (*const bodies[])(void) = {begins_under_a_limit,
                                           has_room_for_a_piece_of_the_journal, is_limited_later};
    with("SPANLOG_BLOCK_MS", "20");
    for (size_t i = 0; i < 3; i++) {
        struct run *run = run_child(bodies[i]);
        assert_exit(run, 0);
        assert_string_equal(run->out, "still here\n");
        assert_says(run->err, "spanlog: cannot write file:", 1);
        assert_true(count_lines(run, "msg", "n") > 5);
    }
}

static void files_are_limited(void) {
    limit_files(4096);
    log_numbers(0, 100);
    spanlog_flush(300);
    limit_files(RLIM_INFINITY);
    log_numbers(100, 101);
}

/* What is in the file and what is said to be missing is all, also when there is room again. */
static void a_limit_on_the_size_of_files_drops_and_counts_exactly(void **state) {
    (void)state;
    for (int sync = 0; sync < 2; sync++) {
        with("SPANLOG_OUTPUT", "file:log.jsonl");
        with("SPANLOG_SYNC", sync ? "1" : "0");
        struct run *run = run_child(files_are_limited);
        assert_exit(run, 0);
        assert_says(run->err, "File too large", sync ? 1 : 2); /* the journal's too */
        need_line(run, "i", "100");
        double written = (double)count_lines(run, "msg", "n"), dropped = 0;
        const char *line;
        for (size_t i = 0; (line = find_line(run, "msg", "records dropped", i)) != NULL; i++)
            dropped += number_field(line, "count");
        assert_true(written + dropped == 101);
    }
}

/* ---- a full disk --------------------------------------------------------------------------- */

/* A disk of 1 MiB in a name space of its own. */
static bool mount_small_disk(const char *path, const char *options) {
    mkdir(path, 0755);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", path, "tmpfs", 0, options) == 0;
}

#define NOT_PERMITTED 77

static void fill(const char *path) {
    static char block[4096];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    while (write(fd, block, sizeof block) > 0) {
    }
    close(fd);
}

/* The policy's 0.2, and some in which we may not have the processor. */
#define LONGEST_SECONDS 0.5

static double longest_call;
static long waits; /* in calls: how often the thread gave its processor away of itself */

static int log_until_dropped(int next, double seconds) {
    struct rusage usage_before, usage_after;
    double start = now_seconds();
    check_equal(getrusage(RUSAGE_THREAD, &usage_before), 0);
    spanlog_statistics stats = {.size = sizeof stats};
    while (now_seconds() - start < seconds) {
        double before = now_seconds();
        spanlog_info("n", kv("i", next++));
        double spent = now_seconds() - before;
        if (spent > longest_call)
            longest_call = spent;
    }
    check_equal(getrusage(RUSAGE_THREAD, &usage_after), 0);
    waits = usage_after.ru_nvcsw - usage_before.ru_nvcsw;
    spanlog_stats(&stats);
    return next;
}

static void runs_out_of_space(void) {
    if (!mount_small_disk("disk", "size=1m"))
        _exit(NOT_PERMITTED);
    spanlog_info("n", kv("i", 0));
    check_equal(spanlog_flush(5000), 0);
    fill("disk/filler");
    int next = log_until_dropped(1, 1.5);
    struct stat before, after;
    check_equal(stat("disk/log.jsonl", &before), 0);
    check_equal(unlink("disk/filler"), 0);
    double freed = now_seconds();
    do { /* resumes within a second, asked by nobody */
        usleep(1000);
        check_equal(stat("disk/log.jsonl", &after), 0);
    } while (after.st_size <= before.st_size && now_seconds() - freed < 10);
    check(after.st_size > before.st_size);
    check_in_time(now_seconds() - freed < 1);
    check_in_time(strcmp(getenv("SPANLOG_FULL"), "block") != 0 || longest_call < LONGEST_SECONDS);
    printf("resumed after %.3f s, longest call %.3f s, %ld waits\n", now_seconds() - freed,
           longest_call, waits);
    spanlog_info("n", kv("i", next++));
    check_equal(spanlog_flush(5000), 0);
    check_equal(spanlog_shutdown(5000), 0);
    printf("logged %d\n", next);
    fflush(stdout);
    check_equal(system("cp disk/log.jsonl log.jsonl"), 0);
}

static struct run *run_full_disk(const char *full) {
    with("SPANLOG_OUTPUT", "file:disk/log.jsonl");
    with("SPANLOG_FULL", full);
    with("SPANLOG_BLOCK_MS", "200");
    with("SPANLOG_RING_SIZE", "64K");
    struct run *run = run_in_time(runs_out_of_space, 60);
    if (WIFEXITED(run->status) && WEXITSTATUS(run->status) == NOT_PERMITTED)
        not_permitted("a tmpfs cannot be mounted");
    assert_exit(run, 0);
    return run;
}

static void assert_loss_is_counted(const struct run *run) {
    const char *logged = strstr(run->out, "logged ");
    long total = strtol(logged + 7, NULL, 10), said = 0;
    for (size_t n = 0; find_line(run, "msg", "records dropped", n) != NULL; n++)
        said += (long)number_field(find_line(run, "msg", "records dropped", n), "count");
    long there = (long)count_lines(run, "msg", "n");
    print_message("%ld logged, %ld there, %ld said to be dropped; %s", total, there, said,
                  run->out);
    assert_true(said > 0);
    assert_int_equal(there + said, total);
    assert_says(run->err, "No space left on device", 1);
    assert_says(run->err, "\n", 1);
}

static double longest_of(const struct run *run) {
    return strtod(strstr(run->out, "longest call ") + 13, NULL);
}

static long waits_of(const struct run *run) {
    return strtol(strchr(strstr(run->out, "longest call "), ',') + 1, NULL, 10);
}

static void a_full_disk_drops_and_counts_exactly(void **state) {
    (void)state;
    struct run *run = run_full_disk("drop");
    assert_loss_is_counted(run);
    assert_int_equal(waits_of(run), 0);
}

static void a_full_disk_blocks_no_longer_than_the_policy(void **state) {
    (void)state;
    struct run *run = run_full_disk("block");
    assert_loss_is_counted(run);
    assert_in_range(waits_of(run), 1, 100); /* and not one for each call */
    assert_true(longest_of(run) < LONGEST_SECONDS);
}

/* Copies and cuts, under the lock that each batch takes: what is written in between would be gone.
 */
static void make_room(void) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open("disk/log.jsonl", O_RDWR | O_CLOEXEC);
    check(fd >= 0);
    check_equal(fcntl(fd, F_OFD_SETLKW, &lock), 0);
    check_equal(system("cat disk/log.jsonl >> log.jsonl"), 0);
    check_equal(ftruncate(fd, 0), 0);
    close(fd);
}

static void writes_partly(void) {
    if (!mount_small_disk("disk", "size=64k"))
        _exit(NOT_PERMITTED);
    static char text[3000];
    memset(text, 't', sizeof text - 1);
    for (int i = 0; i < 60; i++)
        spanlog_info("n", kv("i", i), kv("t", text));
    int error, rounds = 0;
    do {
        error = spanlog_flush(300);
        make_room();
    } while (error != 0 && ++rounds < 20);
    check(rounds >= 2);
    check_equal(spanlog_shutdown(5000), 0);
}

static void whole_lines_stand_in_a_file_on_a_full_disk(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:disk/log.jsonl");
    struct run *run = run_child(writes_partly);
    if (WIFEXITED(run->status) && WEXITSTATUS(run->status) == NOT_PERMITTED)
        not_permitted("a tmpfs cannot be mounted");
    assert_exit(run, 0);
    assert_all_numbers(60, "log.jsonl", NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(an_unwritable_path_is_said_once_and_the_program_goes_on),
        sentence(a_limit_on_the_size_of_files_is_as_a_full_disk),
        sentence(a_limit_on_the_size_of_files_drops_and_counts_exactly),
        sentence(a_full_disk_drops_and_counts_exactly),
        sentence(a_full_disk_blocks_no_longer_than_the_policy),
        sentence(whole_lines_stand_in_a_file_on_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
