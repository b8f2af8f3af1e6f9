/* tests/unit/library_metrics_file_test.c: the file of metrics: whole at any time, at intervals, and
 * after fork. */
#include "tests/unit/library_check.h"

#include <spanlog/metrics.h>

#include <sys/stat.h>

static spanlog_counter plain = SPANLOG_COUNTER("plain_total", "Plain.");
static spanlog_counter jobs = SPANLOG_COUNTER("jobs_total", "Jobs done.", "kind");
static const double bounds[] = {.25, 1};
static spanlog_histogram took = SPANLOG_HISTOGRAM("took_seconds", "Time.", bounds, "kind");

static void writes_a_file(void) {
    struct stat first, second;
    spanlog_counter_add(&plain, 1);
    check_equal(spanlog_metrics_file("m.prom"), 0);
    check_equal(stat("m.prom", &first), 0);
    spanlog_counter_add(&plain, 1);
    check_equal(spanlog_metrics_file("m.prom"), 0);
    check_equal(stat("m.prom", &second), 0);
    check(first.st_ino != second.st_ino); /* another file, put in its place */
    check_equal(spanlog_metrics_file("missing/m.prom"), -ENOENT);
    check_equal(spanlog_metrics_file(""), -EINVAL);
    char *text = read_text("m.prom");
    check(strstr(text, "plain_total 2\n") != NULL);
}

static void a_file_is_replaced_as_a_whole(void **state) {
    (void)state;
    struct run *run = run_child(writes_a_file);
    assert_exit(run, 0);
    assert_int_equal(count_files(run_directory(), ".tmp"), 0);
}

static void *writes_the_same_file(void *arg) {
    (void)arg;
    for (int i = 0; i < 200; i++)
        check_equal(spanlog_metrics_file("m.prom"), 0);
    return NULL;
}

static void counts_many_sets(void) {
    char value[16];
    for (int i = 0; i < 100; i++) {
        snprintf(value, sizeof value, "%d", i);
        spanlog_counter_add(&jobs, 1, value);
        spanlog_histogram_observe(&took, 1, value);
    }
}

static void writes_a_file_with_threads(void) {
    pthread_t threads[3];
    counts_many_sets();
    check_equal(spanlog_metrics_file("m.prom"), 0);
    char *first = read_text("m.prom");
    for (int i = 0; i < 3; i++)
        check_equal(pthread_create(&threads[i], NULL, writes_the_same_file, NULL), 0);
    for (int i = 0; i < 200; i++) {
        char *text = read_text("m.prom");
        check_equal(strlen(text), strlen(first));
        check(strcmp(text, first) == 0);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

static void threads_that_write_one_file_leave_it_whole(void **state) {
    (void)state;
    assert_exit(run_child(writes_a_file_with_threads), 0);
    assert_int_equal(count_files(run_directory(), ".tmp"), 0);
}

/* Waits for the file to say so; nothing else makes the back work. */
static void waits_for_the_file(void) {
    char path[64];
    snprintf(path, sizeof path, "m.%d.prom", (int)getpid());
    spanlog_counter_add(&plain, 17);
    for (int tries = 0; tries < 1000 && strstr(read_text(path), "plain_total 17\n") == NULL;
         tries++)
        sleep_ms(10);
    check(strstr(read_text(path), "plain_total 17\n") != NULL);
    spanlog_counter_add(&plain, 1);
}

static void the_file_is_written_at_intervals_and_at_the_end(void **state) {
    (void)state;
    char path[400];
    with("SPANLOG_METRICS_FILE", "m.%p.prom");
    with("SPANLOG_METRICS_INTERVAL_MS", "100");
    struct run *run = run_child(waits_for_the_file);
    assert_exit(run, 0);
    snprintf(path, sizeof path, "%s/m.%d.prom", run_directory(), (int)run->pid);
    assert_says(read_text(path), "plain_total 18\n", 1);
}

/* Of the parent's metrics the child counts one, and nothing else. */
static void forks_one_that_counts(void) {
    spanlog_counter_add(&plain, 3);
    pid_t child = fork();
    if (child == 0) {
        spanlog_counter_add(&plain, 5);
        exit(0);
    }
    int status;
    check_equal(waitpid(child, &status, 0), child);
    check_equal(status, 0);
    printf("%d", (int)child);
}

static void a_forked_child_writes_a_file_of_its_own(void **state) {
    (void)state;
    char path[400];
    with("SPANLOG_METRICS_FILE", "m.%p.prom");
    struct run *run = run_child(forks_one_that_counts);
    assert_exit(run, 0);
    snprintf(path, sizeof path, "%s/m.%d.prom", run_directory(), (int)run->pid);
    assert_says(read_text(path), "plain_total 3\n", 1);
    snprintf(path, sizeof path, "%s/m.%s.prom", run_directory(), run->out);
    assert_says(read_text(path), "plain_total 5\n", 1);
}

static void a_forked_child_leaves_its_parents_file_alone(void **state) {
    (void)state;
    char path[400];
    with("SPANLOG_METRICS_FILE", "m.prom");
    struct run *run = run_child(forks_one_that_counts);
    assert_exit(run, 0);
    assert_int_equal(count_files(run_directory(), ".prom"), 1);
    snprintf(path, sizeof path, "%s/m.prom", run_directory());
    assert_says(read_text(path), "plain_total 3\n", 1);
}

static void idles(void) {
    spanlog_statistics before = {.size = sizeof before}, after = before;
    spanlog_counter_add(&plain, 1);
    spanlog_flush(-1);
    wait_until_asleep();
    spanlog_stats(&before);
    sleep_ms(700);
    spanlog_stats(&after);
    check_equal(after.sleeps, before.sleeps);
}

static void without_a_file_the_back_sleeps(void **state) {
    (void)state;
    assert_exit(run_child(idles), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(a_file_is_replaced_as_a_whole),
        sentence(threads_that_write_one_file_leave_it_whole),
        sentence(the_file_is_written_at_intervals_and_at_the_end),
        sentence(a_forked_child_writes_a_file_of_its_own),
        sentence(a_forked_child_leaves_its_parents_file_alone),
        sentence(without_a_file_the_back_sleeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
