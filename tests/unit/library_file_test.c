/* tests/unit/library_file_test.c: the output file: renamed, deleted, cut, shared, rotated. */
#include "tests/unit/library_numbers.h"

#include <sys/stat.h>

/* ---- others move the file ------------------------------------------------------------------ */

static void is_renamed(void) {
    log_numbers(0, 1000);
    while (access("log.jsonl", F_OK) != 0)
        usleep(100);
    check_equal(rename("log.jsonl", "old.jsonl"), 0);
    log_numbers(1000, 1001);
    check_equal(spanlog_flush(5000), 0);
    check_equal(access("log.jsonl", F_OK), 0); /* in use at the next write */
    log_numbers(1001, 2000);
    check_equal(spanlog_flush(5000), 0);
}

static void a_renamed_file_is_noticed_at_the_next_write(void **state) {
    (void)state;
    with("SPANLOG_PROCESS_LINES", "0");
    struct run *first = run_child(is_renamed);
    assert_exit(first, 0);
    assert_all_numbers(2000, "old.jsonl", "log.jsonl");
    assert_string_equal(first->err, "");
}

static void *rotates(void *done) {
    char name[32];
    for (int i = 0; !__atomic_load_n((int *)done, __ATOMIC_ACQUIRE) && i < 100000; i++) {
        snprintf(name, sizeof name, "old%d.jsonl", i);
        rename("log.jsonl", name);
        usleep(300);
    }
    return NULL;
}

static void is_renamed_all_the_time(void) {
    int done = 0;
    pthread_t rotator;
    pthread_create(&rotator, NULL, rotates, &done);
    for (int i = 0; i < 100; i++) {
        log_numbers(i * 50, (i + 1) * 50);
        usleep(300);
    }
    check_equal(spanlog_flush(10000), 0);
    __atomic_store_n(&done, 1, __ATOMIC_RELEASE);
    pthread_join(rotator, NULL);
    check_equal(system("cat old*.jsonl > all.jsonl; cat log.jsonl >> all.jsonl 2>/dev/null; true"),
                0);
}

static void nothing_is_lost_while_the_file_is_rotated_all_the_time(void **state) {
    (void)state;
    with("SPANLOG_PROCESS_LINES", "0");
    assert_exit(run_child(is_renamed_all_the_time), 0);
    assert_all_numbers(5000, "all.jsonl", NULL);
}

static void is_deleted(void) {
    log_numbers(0, 100);
    check_equal(spanlog_flush(5000), 0);
    check_equal(link("log.jsonl", "kept.jsonl"), 0);
    check_equal(unlink("log.jsonl"), 0);
    log_numbers(100, 200);
    check_equal(spanlog_flush(5000), 0);
    check_equal(access("log.jsonl", F_OK), 0);
}

static void a_deleted_file_is_made_anew_at_the_next_write(void **state) {
    (void)state;
    assert_exit(run_child(is_deleted), 0);
    assert_all_numbers(200, "kept.jsonl", "log.jsonl");
}

static void is_truncated(void) {
    log_numbers(0, 100);
    check_equal(spanlog_flush(5000), 0);
    check_equal(system("cp log.jsonl copy.jsonl"), 0);
    check_equal(truncate("log.jsonl", 0), 0);
    log_numbers(100, 200);
    check_equal(spanlog_flush(5000), 0);
}

static void a_truncated_file_goes_on_at_its_start(void **state) {
    (void)state;
    struct run *run = run_child(is_truncated);
    assert_exit(run, 0);
    assert_all_numbers(200, "copy.jsonl", "log.jsonl");
    assert_true(run->log[0] == '{'); /* no hole in front */
}

static void directory_goes_and_comes(void) {
    check_equal(mkdir("logs", 0755), 0);
    log_numbers(0, 10);
    check_equal(spanlog_flush(5000), 0);
    check_equal(rename("logs", "gone"), 0);
    log_numbers(10, 20);
    check_equal(spanlog_flush(300), -ETIMEDOUT);
    wait_until_said(1);
    check_equal(mkdir("logs", 0755), 0);
    check_equal(spanlog_flush(5000), 0);
}

static void records_wait_for_a_directory_to_come_back(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:logs/log.jsonl");
    struct run *run = run_child(directory_goes_and_comes);
    assert_exit(run, 0);
    assert_says(run->err, "\n", 1);
    assert_says(run->err, "No such file or directory", 1);
    assert_all_numbers(20, "gone/log.jsonl", "logs/log.jsonl");
}

/* As daemons do that open their log as root; who is not root takes the way to it away. */
static void gives_its_rights_away(void) {
    check_equal(mkdir("logs", 0700), 0);
    log_numbers(0, 100);
    check_equal(spanlog_flush(5000), 0);
    if (geteuid() == 0)
        check(setgid(65534) == 0 && setuid(65534) == 0);
    else
        check_equal(chmod("logs", 0), 0);
    log_numbers(100, 200);
    check_equal(spanlog_flush(5000), 0);
    log_numbers(200, 300);
    check_equal(spanlog_flush(5000), 0);
    if (geteuid() != 65534)
        chmod("logs", 0700);
}

static void a_file_that_may_not_be_opened_again_is_still_written(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:logs/log.jsonl");
    struct run *run = run_child(gives_its_rights_away);
    assert_exit(run, 0);
    assert_says(run->err, "Permission denied", 1);
    assert_says(run->err, "\n", 1);
    assert_all_numbers(300, "logs/log.jsonl", NULL);
}

/* ---- shared with others -------------------------------------------------------------------- */

static void four_processes_write(void) {
    static char padding[300];
    memset(padding, 'p', sizeof padding - 1);
    for (int p = 0; p < 4; p++) {
        if (fork() == 0) {
            for (int i = 0; i < 2000; i++)
                spanlog_info("n", kv("i", p * 2000 + i), kv("pad", padding));
            exit(0);
        }
    }
    int status, failed = 0;
    while (wait(&status) > 0)
        failed += status != 0;
    check_equal(failed, 0);
}

static void four_processes_share_a_file_and_tear_nothing(void **state) {
    (void)state;
    struct run *run = run_child(four_processes_write);
    assert_exit(run, 0);
    assert_all_numbers(8000, "log.jsonl", NULL);
    assert_count(run, "msg", "process started", 4);
    assert_count(run, "msg", "process ended", 4);
    assert_count(run, "msg", "records dropped", 0);
}

static void write_raw(const char *text) {
    FILE *file = fopen("log.jsonl", "a");
    fputs(text, file);
    fclose(file);
}

static void finds_a_torn_line_of_ours(void) {
    write_raw("{\"ts\":\"2026-01-01T00:00:00.000000000Z\",\"level\":\"info\",\"msg\":\"whole\"}\n");
    write_raw("{\"ts\":\"2026-01-01T00:00:00.000000000Z\",\"level\":\"info\",\"msg\":\"to");
    spanlog_info("one");
}

static void finds_a_torn_line_while_running(void) {
    spanlog_info("one");
    check_equal(spanlog_flush(5000), 0);
    write_raw("{\"ts\":\"2026-01-01T00:00:00.00");
    spanlog_info("two");
}

static void a_torn_tail_of_ours_is_cut(void **state) {
    (void)state;
    struct run *run = run_child(finds_a_torn_line_of_ours);
    assert_count(run, "msg", "whole", 1);
    assert_count(run, "msg", "one", 1);
    assert_says(run->log, "\"msg\":\"to", 0);
    run = run_child(finds_a_torn_line_while_running);
    assert_count(run, "msg", "one", 1);
    assert_count(run, "msg", "two", 1);
    assert_int_equal(run->count, 4);
}

static void finds_somebody_elses_tail(void) {
    write_raw("{\"other\":\"program\"}");
    spanlog_info("one");
}

static void a_foreign_tail_gets_its_newline(void **state) {
    (void)state;
    struct run *run = run_child(finds_somebody_elses_tail);
    assert_string_equal(run->lines[0], "{\"other\":\"program\"}");
    assert_count(run, "msg", "one", 1);
    assert_int_equal(run->count, 4);
}

/* ---- rotation ------------------------------------------------------------------------------ */

/* Logs numbers below `most`, so many at a time, each time to the file. */
static void log_in_batches(int most, int batch) {
    for (int i = 0; i < most; i += batch) {
        log_numbers(i, i + batch);
        check_equal(spanlog_flush(5000), 0);
    }
}

static void gather(void) {
    check_equal(system("cat log.jsonl.* log.jsonl > all.jsonl"), 0);
}

static void grows(void) {
    log_in_batches(5000, 10);
    gather();
    printf("%d", system("find . -name 'log.jsonl*' -size +16384c | grep . > /dev/null"));
}

static void a_file_is_rotated_before_it_grows_too_large(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:log.jsonl?rotate=16K");
    with("SPANLOG_PROCESS_LINES", "0");
    struct run *run = run_child(grows);
    assert_exit(run, 0);
    assert_all_numbers(5000, "all.jsonl", NULL);
    assert_string_equal(run->out, "256"); /* none is larger */
    assert_true(count_files(run_directory(), "") > 40);
}

static void logs_a_lot(void) {
    log_in_batches(3000, 10);
    check_equal(system("ls log.jsonl.* | wc -l; cat $(ls log.jsonl.* | tail -1) log.jsonl"), 0);
}

static void so_many_old_files_are_kept_the_newest(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:log.jsonl?rotate=16K&keep=3");
    struct run *run = run_child(logs_a_lot);
    assert_exit(run, 0);
    assert_int_equal(strtol(run->out, NULL, 10), 3);
    assert_says(run->out, "\"i\":2999", 1);
    assert_says(run->out, "\"i\":2950", 1); /* in the newest old file or the one in use */
}

static void logs_into_a_bounded_set(void) {
    log_in_batches(3000, 10);
    check_equal(system("cat log.jsonl.* | wc -c"), 0);
}

static void old_files_together_stay_below_a_size(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:log.jsonl?rotate=16K&total=100K");
    struct run *run = run_child(logs_into_a_bounded_set);
    assert_exit(run, 0);
    long size = strtol(run->out, NULL, 10);
    assert_true(size > 80 * 1024 && size <= 100 * 1024);
}

static void files_of_others_stand_beside(void) {
    check_equal(
        system("touch log.jsonl.1 log.jsonl.bak log.jsonl.20261121T103045.12345x "
               "alog.jsonl.20261121T103045.123456 && mkdir log.jsonl.20201121T103045.123456"),
        0);
    log_in_batches(1000, 10);
    check_equal(
        system("ls -d log.jsonl.1 log.jsonl.bak log.jsonl.20261121T103045.12345x "
               "alog.jsonl.20261121T103045.123456 log.jsonl.20201121T103045.123456 | wc -l"),
        0);
}

static void only_what_rotation_made_is_removed(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:log.jsonl?rotate=16K&keep=1");
    struct run *run = run_child(files_of_others_stand_beside);
    assert_exit(run, 0);
    assert_int_equal(strtol(run->out, NULL, 10), 5);
}

static void an_hour_passes(void) {
    log_numbers(0, 10);
    check_equal(spanlog_flush(5000), 0);
    check_equal(chmod("log.jsonl", 0640), 0);
    check_equal(system("touch -d '1 hour ago' log.jsonl"), 0);
    log_numbers(10, 20);
    check_equal(spanlog_flush(5000), 0);
    log_numbers(20, 30);
    check_equal(spanlog_flush(5000), 0);
    struct stat status;
    check_equal(stat("log.jsonl", &status), 0);
    check_equal(status.st_mode & 0777, 0640); /* as the old one's */
    gather();
    check_equal(system("ls log.jsonl.* | wc -l"), 0);
}

static void a_file_is_rotated_when_its_time_is_over(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:log.jsonl?every=1h");
    struct run *run = run_child(an_hour_passes);
    assert_exit(run, 0);
    assert_all_numbers(30, "all.jsonl", NULL);
    assert_int_equal(strtol(run->out, NULL, 10), 1);
}

static void four_processes_rotate(void) {
    four_processes_write();
    gather();
}

static void four_processes_share_a_file_that_rotates(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:log.jsonl?rotate=64K");
    struct run *run = run_child(four_processes_rotate);
    assert_exit(run, 0);
    assert_all_numbers(8000, "all.jsonl", NULL);
    assert_true(count_files(run_directory(), "") > 20);
}

static void cannot_be_renamed(void) {
    log_in_batches(1000, 100);
}

static void a_file_that_cannot_be_renamed_goes_on_growing(void **state) {
    (void)state;
    char output[300], name[256];
    memset(name, 'n', 240); /* with a date behind it, it is too long a name */
    name[240] = '\0';
    snprintf(output, sizeof output, "file:%s?rotate=4K", name);
    with("SPANLOG_OUTPUT", output);
    struct run *run = run_child(cannot_be_renamed);
    assert_exit(run, 0);
    assert_all_numbers(1000, name, NULL);
    assert_says(run->err, "to rotate it: File name too long; it goes on growing\n", 1);
    assert_says(run->err, "\n", 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(a_renamed_file_is_noticed_at_the_next_write),
        sentence(nothing_is_lost_while_the_file_is_rotated_all_the_time),
        sentence(a_deleted_file_is_made_anew_at_the_next_write),
        sentence(a_truncated_file_goes_on_at_its_start),
        sentence(records_wait_for_a_directory_to_come_back),
        sentence(a_file_that_may_not_be_opened_again_is_still_written),
        sentence(four_processes_share_a_file_and_tear_nothing),
        sentence(a_torn_tail_of_ours_is_cut),
        sentence(a_foreign_tail_gets_its_newline),
        sentence(a_file_is_rotated_before_it_grows_too_large),
        sentence(so_many_old_files_are_kept_the_newest),
        sentence(old_files_together_stay_below_a_size),
        sentence(only_what_rotation_made_is_removed),
        sentence(a_file_is_rotated_when_its_time_is_over),
        sentence(four_processes_share_a_file_that_rotates),
        sentence(a_file_that_cannot_be_renamed_goes_on_growing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
