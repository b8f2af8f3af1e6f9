/* tests/unit/library_reload_test.c: that a running process notices when its configuration file
 * changes, without polling, and what it takes up of it. */
#include "tests/unit/library_check.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

static void put_file(const char *path, const char *text) {
    FILE *file = fopen(path, "we");
    check(file != NULL);
    fputs(text, file);
    check_equal(fclose(file), 0);
}

/* ---- while it runs --------------------------------------------------------------------------- */

/* Logs spans with an event until the last line has what is wanted, at most some seconds. */
static bool comes_out(const char *text) {
    for (int i = 0; i < 1000; i++) {
        char line[4096], last[4096] = "";
        {
            spanlog_scope(sp, "probe");
            spanlog_event(&sp, "happened");
        }
        check_equal(spanlog_flush(5000), 0);
        FILE *log = fopen("log.jsonl", "re");
        check(log != NULL);
        while (fgets(line, sizeof line, log) != NULL)
            strcpy(last, line);
        fclose(log);
        if (strstr(last, text) != NULL)
            return true;
        sleep_ms(10);
    }
    return false;
}

#define WITH_EVENT "\"name\":\"happened\""
#define WITHOUT_EVENT "\"dropped_events\":1"

static void changes_its_file(void) {
    put_file("spanlog.conf", "include_events = on\n");
    check(comes_out(WITH_EVENT));
    put_file("spanlog.conf", "include_events = off\n");
    check(comes_out(WITHOUT_EVENT));
    put_file("new", "[tested]\ninclude_events = on\n");
    check_equal(rename("new", "spanlog.conf"), 0);
    check(comes_out(WITH_EVENT));
    put_file("spanlog.conf", "include_events = 0");
    check(comes_out(WITHOUT_EVENT));
    check_equal(unlink("spanlog.conf"), 0); /* and what is built in holds again */
    check(comes_out(WITH_EVENT));
    put_file("spanlog.conf", "include_events = 0");
    check(comes_out(WITHOUT_EVENT));
}

static void a_running_process_follows_its_file(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    struct run *run = run_child(changes_its_file);
    assert_exit(run, 0);
    assert_count(run, "msg", "process ended", 1);
    assert_int_equal(count_files(run_directory(), ".journal"), 0);
}

static void log_until_there_is(const char *path) {
    for (int i = 0; i < 1000; i++) {
        struct stat status;
        spanlog_info("n");
        check_equal(spanlog_flush(5000), 0);
        if (stat(path, &status) == 0 && status.st_size > 0)
            return;
        sleep_ms(10);
    }
    check(!"it was written");
}

static void changes_its_output(void) {
    struct stat before, after;
    put_file("spanlog.conf", "output = file:a.jsonl\n");
    log_until_there_is("a.jsonl");
    put_file("spanlog.conf", "output = error:stderr, file:b.jsonl\n");
    log_until_there_is("b.jsonl");
    check_equal(stat("a.jsonl", &before), 0);
    spanlog_error("both");
    check_equal(spanlog_flush(5000), 0);
    check_equal(stat("a.jsonl", &after), 0);
    check_equal(after.st_size, before.st_size);
}

static void a_file_that_names_another_output_is_followed(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", NULL);
    with("SPANLOG_CONFIG", "spanlog.conf");
    struct run *run = run_child(changes_its_output);
    assert_exit(run, 0);
    assert_says(run->err, "\"both\"", 1);
    assert_says(run->err, "\n", 1);
}

static void changes_its_file_below_the_environment(void) {
    put_file("spanlog.conf", "max_events = 1\n");
    check(comes_out(WITH_EVENT));
    put_file("spanlog.conf", "include_events = off\nring_size = 128K\nfull = maybe\n");
    for (int i = 0; i < 20; i++)
        check(comes_out(WITH_EVENT)); /* as the environment says */
    wait_until_said(2);
}

static void the_environment_still_beats_a_file_that_has_changed(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    with("SPANLOG_INCLUDE_EVENTS", "1");
    struct run *run = run_child(changes_its_file_below_the_environment);
    assert_exit(run, 0);
    assert_says(run->err,
                "/spanlog.conf:2: ring_size = 128K: cannot change while the process runs; 1M "
                "stays until its next start\n",
                1);
    assert_says(run->err, "/spanlog.conf:3: full = maybe: there is no such value; right is ", 1);
    assert_says(run->err, "\n", 2);
}

static void asks_for_another_format(void) {
    put_file("spanlog.conf", "include_events = on\noutput = file:log.jsonl\n");
    check(comes_out(WITH_EVENT));
    put_file("spanlog.conf", "format = logfmt\ninclude_events = off\noutput = file:log.jsonl\n");
    check(comes_out(WITHOUT_EVENT)); /* as JSON writes it */
    put_file("spanlog.conf", "output = file:b.jsonl\nformat = logfmt\n");
    log_until_there_is("b.jsonl");
}

static void the_format_stays_also_where_the_output_changes(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    with("SPANLOG_OUTPUT", NULL);
    char line[1000] = "", path[300];
    struct run *run = run_child(asks_for_another_format);
    assert_exit(run, 0);
    assert_says(
        run->err,
        "/spanlog.conf:1: format = logfmt: cannot change while the process runs; auto stays "
        "until its next start\n",
        1);
    assert_says(run->err, "\n", 1); /* the line has moved, no more */
    snprintf(path, sizeof path, "%s/b.jsonl", run_directory());
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    assert_int_equal(line[0], '{');
}

static void edits_beside_mistakes(void) {
    static const char mistakes[] = "sample_rate = 7\nmax_events = 5000\nfull = maybe\nlevle = x\n";
    char text[300];
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "%sinclude_events = %d\n%s", i % 2 == 0 ? "" : "# moved\n",
                 i % 2, mistakes);
        put_file("spanlog.conf", text);
        check(comes_out(i % 2 == 1 ? WITH_EVENT : WITHOUT_EVENT));
    }
    put_file("spanlog.conf", "include_events = 0\nsample_rate = 8\n");
    check(comes_out(WITHOUT_EVENT));
    put_file("spanlog.conf", "include_events = 1\nsample_rate = 7\n");
    check(comes_out(WITH_EVENT));
}

static void a_mistake_is_said_again_only_when_its_value_changes(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    struct run *run = run_child(edits_beside_mistakes);
    assert_exit(run, 0);
    assert_says(run->err, "/spanlog.conf:2: sample_rate = 7: above the most; 1 is used\n", 2);
    assert_says(run->err, "/spanlog.conf:2: sample_rate = 8: above the most; 1 is used\n", 1);
    assert_says(run->err, ": max_events = 5000: above the most; 1024 is used\n", 1);
    assert_says(run->err, ": full = maybe: there is no such value; ", 1);
    assert_says(run->err, ": \"levle\": there is no such setting", 1);
    assert_says(run->err, "\n", 6);
}

static void closes_what_it_can(void) {
    put_file("spanlog.conf", "include_events = on\n");
    check(comes_out(WITH_EVENT));
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    int own[20];
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        own[i] = open("own", O_RDWR | O_CREAT, 0600);
    put_file("spanlog.conf", "include_events = off\n");
    check(comes_out(WITHOUT_EVENT));
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        check_equal(lseek(own[i], 0, SEEK_CUR), 0); /* nobody read from them */
}

static void a_program_that_closes_every_descriptor_still_follows_its_file(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    assert_exit(run_child(closes_what_it_can), 0);
}

static void forks_and_changes_its_file(void) {
    put_file("spanlog.conf", "include_events = on\n");
    check(comes_out(WITH_EVENT));
    pid_t pid = fork();
    if (pid == 0) {
        check(comes_out(WITH_EVENT));
        put_file("spanlog.conf", "include_events = off\n");
        check(comes_out(WITHOUT_EVENT));
        exit(0);
    }
    int status;
    check_equal(waitpid(pid, &status, 0), pid);
    check_equal(status, 0);
    check(comes_out(WITHOUT_EVENT));
}

static void a_forked_child_follows_the_file_too(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    assert_exit(run_child(forks_and_changes_its_file), 0);
}

/* A line of a thread's status, as a number. */
static unsigned long status_of(const char *task, const char *format) {
    char path[300], line[200];
    unsigned long number = 0;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", task);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        sscanf(line, format, &number);
    if (file != NULL)
        fclose(file);
    return number;
}

static bool is_ours(const char *task) {
    char path[300], name[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", task);
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fgets(name, sizeof name, file) != NULL;
    if (file != NULL)
        fclose(file);
    return read && strncmp(name, "spanlog", 7) == 0;
}

/* How often the library's threads have gone to sleep so far, and how many there are. */
static unsigned long sleeps_of_threads(unsigned *ret_threads) {
    unsigned long all = 0;
    *ret_threads = 0;
    DIR *tasks = opendir("/proc/self/task");
    check(tasks != NULL);
    for (struct dirent *one; (one = readdir(tasks)) != NULL;) {
        if (!is_ours(one->d_name))
            continue;
        all += status_of(one->d_name, "voluntary_ctxt_switches: %lu");
        ++*ret_threads;
    }
    closedir(tasks);
    return all;
}

/* Within some seconds there is a while in which nobody wakes up. */
static bool comes_to_rest(void) {
    unsigned threads;
    for (int i = 0; i < 20; i++) {
        unsigned long before = sleeps_of_threads(&threads);
        sleep_ms(600);
        if (sleeps_of_threads(&threads) == before)
            return true;
    }
    return false;
}

static void idles_with_a_file(void) {
    unsigned threads;
    put_file("spanlog.conf", "include_events = on\n");
    check(comes_out(WITH_EVENT));
    check(comes_to_rest());
    sleeps_of_threads(&threads);
    check_equal(threads, 2); /* the back, and the one that watches */
}

static void nobody_wakes_up_while_the_file_stays_as_it_is(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    assert_exit(run_child(idles_with_a_file), 0);
}

static void counts_its_threads(void) {
    unsigned threads;
    spanlog_info("one");
    check_equal(spanlog_flush(5000), 0);
    sleeps_of_threads(&threads);
    check_equal(threads, 1);
}

static void without_a_file_there_is_no_thread_for_it(void **state) {
    (void)state;
    assert_exit(run_child(counts_its_threads), 0);
}

static void leaves_a_span_open(void) {
    spanlog_ctx none = {.flags = 0};
    put_file("spanlog.conf", "include_events = on\n");
    spanlog_begin(p, "left open", SPANLOG_INTERNAL, none);
    check(p.open != NULL);
    spanlog_info("one");
}

static void an_open_span_is_abandoned_at_exit_with_a_file_watched(void **state) {
    (void)state;
    if (under_thread_sanitizer())
        skip(); /* which has a thread of its own */
    with("SPANLOG_CONFIG", "spanlog.conf");
    struct run *run = run_child(leaves_a_span_open);
    assert_count(run, "msg", "span abandoned", 1);
    assert_count(run, "msg", "process ended", 1);
}

static void lowers_the_limit_of_an_open_span(void) {
    put_file("spanlog.conf", "include_events = on\n");
    spanlog_scope(sp, "full", kv("a", 1), kv("b", 2));
    check(comes_out(WITH_EVENT));
    put_file("spanlog.conf", "include_events = off\nmax_attributes = 1\n");
    check(comes_out(WITHOUT_EVENT));
    spanlog_set(&sp, kv("c", 3), kv("d", 4));
}

static void a_limit_below_what_an_open_span_has_lets_nothing_more_in(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    struct run *run = run_child(lowers_the_limit_of_an_open_span);
    assert_exit(run, 0);
    const char *line = need_line(run, "operation", "full");
    assert_field(line, "b", "2");
    assert_no_field(line, "c");
    assert_field(line, "dropped_attributes", "2");
}

static void fails_with_404(void) {
    spanlog_scope(sp, "op");
    spanlog_status(&sp, 404);
}

static void waits_until(const char *text, void (*log)(void)) {
    char command[100];
    snprintf(command, sizeof command, "grep -qF '%s' log.jsonl", text);
    for (int i = 0; i < 1000 && system(command) != 0; i++, sleep_ms(10)) {
        log();
        check_equal(spanlog_flush(5000), 0);
    }
    check_equal(system(command), 0);
}

static void logs_many(void) {
    for (int i = 0; i < 100; i++)
        spanlog_info("again");
}

static void lowers_limits(void) {
    put_file("spanlog.conf", "burst = none\n");
    logs_many();
    fails_with_404();
    check_equal(spanlog_flush(5000), 0);
    put_file("spanlog.conf", "burst = 10/s\nerror_status_min = 400\n");
    waits_until("\"status\":\"error\"", fails_with_404);
    waits_until("\"msg\":\"repeated ", logs_many);
}

static void bursts_and_what_is_an_error_may_change_while_it_runs(void **state) {
    (void)state;
    with("SPANLOG_CONFIG", "spanlog.conf");
    struct run *run = run_child(lowers_limits);
    assert_exit(run, 0);
    assert_string_equal(run->err, "");
    assert_no_field(need_line(run, "operation", "op"), "status"); /* the first */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(a_running_process_follows_its_file),
        sentence(a_file_that_names_another_output_is_followed),
        sentence(a_limit_below_what_an_open_span_has_lets_nothing_more_in),
        sentence(the_environment_still_beats_a_file_that_has_changed),
        sentence(the_format_stays_also_where_the_output_changes),
        sentence(a_mistake_is_said_again_only_when_its_value_changes),
        sentence(a_program_that_closes_every_descriptor_still_follows_its_file),
        sentence(a_forked_child_follows_the_file_too),
        sentence(nobody_wakes_up_while_the_file_stays_as_it_is),
        sentence(without_a_file_there_is_no_thread_for_it),
        sentence(an_open_span_is_abandoned_at_exit_with_a_file_watched),
        sentence(bursts_and_what_is_an_error_may_change_while_it_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
