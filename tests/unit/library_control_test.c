/* tests/unit/library_control_test.c: the control area of a living process's journal: flips under
 * load, and tools that die. What nobody should have written there: library_hostile_test.c. The
 * verbs: tests/cli/live_test.py.
 */
#include "tests/unit/library_living.h"

#include "src/control/rules.h"

#include <fcntl.h>
#include <sys/stat.h>

/* ---- levels --------------------------------------------------------------------------------- */

static void ten_thousand_flips_under_load_lose_and_tear_nothing(void **state) {
    (void)state;
    struct run *run;
    int flips = under_sanitizer() ? 1000 : 10000;
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    for (int i = 0; i < flips; i++)
        change(&list.found[0], i % 2 == 0 ? "debug,db=info" : "info,db=debug");
    assert_int_equal(list.found[0].control->counts.changes, flips);
    assert_int_equal(list.found[0].control->counts.refused, 0);
    attach_close(&list);
    stop(pid, &run);
    size_t all = assert_all_numbers(run);
    size_t sometimes = count_lines(run, "msg", "sometimes"), db = count_lines(run, "msg", "db");
    if (sometimes == 0 || sometimes >= all || db == 0 || db >= all)
        fail_msg("of %zu records %zu and %zu at debug", all, sometimes, db);
}

/* ---- other outputs --------------------------------------------------------------------------- */

static int set_output(char text[CONTROL_TEXT_SIZE + 1], void *arg) {
    return rules_add(text, 0, 0, "output", arg);
}

static void change_output(struct attached *process, const char *name) {
    char output[400];
    uint32_t generation;
    snprintf(output, sizeof output, "file:%s/%s", run_directory(), name);
    assert_int_equal(attach_change(process, set_output, output, &generation), 0);
    if (attach_wait(process, &process->control->taken, generation, SOON_MS) != 0)
        fail_msg("taken is %u, not %u", process->control->taken, generation);
}

/* The records of all files together, sorted by thread and number: each is there once. */
static size_t assert_each_once(const char *files) {
    struct run *run = run_command(
        "cat %s | grep '\"always\"' | sed 's/.*\"thread\":\\([0-9]*\\),\"n\":\\([0-9]*\\)}$/\\1 "
        "\\2/' | sort -k1,1n -k2,2n | awk '$2 != want[$1]++ { bad++ } END { print NR, bad + 0 }'",
        files);
    size_t count = 0, bad = 1;
    if (sscanf(run->out, "%zu %zu", &count, &bad) != 2)
        fail_msg("%s%s", run->out, run->err);
    assert_int_equal(bad, 0);
    return count;
}

static void a_thousand_changes_of_the_output_lose_and_tear_nothing(void **state) {
    (void)state;
    struct run *run;
    int flips = under_sanitizer() ? 200 : 1000;
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    for (int i = 0; i < flips; i++) {
        change_output(&list.found[0], i % 2 == 0 ? "other.jsonl" : "log.jsonl");
        if (i % 4 == 0)
            usleep(2000);
    }
    attach_close(&list);
    stop(pid, &run);
    size_t all = assert_each_once("log.jsonl other.jsonl");
    assert_true(all > (size_t)flips);
    char path[400];
    snprintf(path, sizeof path, "%s/other.jsonl", run_directory());
    read_lines(run, path); /* whole lines, each an object */
    assert_true(run->count > 100);
    print_message("%d changes under %zu records\n", flips, all);
}

/* Rests longer than the writer waits for it, again and again. */
static void *reads_and_rests(void *reader) {
    static char block[65536];
    size_t since = 0;
    int copy = open("log.jsonl", O_WRONLY | O_CREAT | O_APPEND, 0644);
    for (ssize_t got; (got = read(*(int *)reader, block, sizeof block)) > 0;) {
        check_equal(write(copy, block, (size_t)got), got);
        since += (size_t)got;
        if (since > 600000) {
            usleep(150000);
            since = 0;
        }
    }
    close(copy);
    return NULL;
}

static void logs_to_a_reader_that_rests(void) {
    static char text[200];
    pthread_t thread;
    int ends[2];
    memset(text, 't', sizeof text - 1);
    check_equal(pipe(ends), 0);
    check_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    close(ends[1]);
    pthread_create(&thread, NULL, reads_and_rests, &ends[0]);
    for (int i = 0; i < 6000; i++)
        spanlog_info("theirs", kv("i", i), kv("t", text));
    close(open("logged", O_WRONLY | O_CREAT, 0644));
    while (!is_told_to_stop())
        sleep_ms(1);
    spanlog_info("its own");
    check_equal(spanlog_shutdown(20000), 0);
    close(STDOUT_FILENO);
    pthread_join(thread, NULL);
}

static void what_was_logged_before_goes_to_the_old_output_however_slow(void **state) {
    (void)state;
    char logged[400];
    struct run *run;
    with("SPANLOG_OUTPUT", "stdout");
    with("SPANLOG_BLOCK_MS", "20000");
    pid_t pid = start_child(logs_to_a_reader_that_rests);
    struct attach_list list = attach_to(pid);
    snprintf(logged, sizeof logged, "%s/logged", run_directory());
    while (access(logged, F_OK) != 0)
        usleep(1000);
    change_output(&list.found[0], "other.jsonl");
    attach_close(&list);
    stop(pid, &run);
    assert_count(run, "msg", "theirs", 6000);
    snprintf(logged, sizeof logged, "%s/other.jsonl", run_directory());
    read_lines(run, logged);
    assert_count(run, "msg", "theirs", 0);
    assert_count(run, "msg", "its own", 1);
}

static void starts_again(void) {
    spanlog_info("again");
    check_equal(spanlog_flush(5000), 0);
}

static void a_kill_among_changes_of_the_output_leaves_each_record_once(void **state) {
    (void)state;
    allow_torn_tail(true);
    for (int round = 0; round < 8; round++) {
        pid_t pid = start_child(logs_until_stopped);
        struct attach_list list = attach_to(pid);
        for (int i = 0; i < 40 + 7 * round; i++)
            change_output(&list.found[0], i % 2 == 0 ? "other.jsonl" : "log.jsonl");
        usleep(1000 * (useconds_t)round);
        kill(pid, SIGKILL);
        finish_child(pid);
        attach_close(&list);
        assert_exit(run_again(starts_again), 0);
        assert_true(assert_each_once("log.jsonl other.jsonl") > 0);
    }
    allow_torn_tail(false);
}

/* Nobody waits for the one before. */
static void changes_that_come_faster_than_they_are_taken_end_with_the_last(void **state) {
    (void)state;
    struct run *run;
    char output[400];
    uint32_t generation = 0;
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    for (int i = 0; i < 3000; i++) {
        snprintf(output, sizeof output, "file:%s/%s", run_directory(),
                 i % 3 == 0 ? "other.jsonl" : "log.jsonl");
        assert_int_equal(attach_change(&list.found[0], set_output, output, &generation), 0);
    }
    change_output(&list.found[0], "last.jsonl");
    attach_value(list.found[0].state, "output", output, sizeof output);
    assert_non_null(strstr(output, "/last.jsonl"));
    attach_close(&list);
    usleep(20000);
    stop(pid, &run);
    assert_true(assert_each_once("log.jsonl other.jsonl last.jsonl") > 0);
    snprintf(output, sizeof output, "%s/last.jsonl", run_directory());
    assert_says(read_text(output), "process ended", 1);
}

/* ---- tools ---------------------------------------------------------------------------------- */

static void flip_as_another_process(struct attached *process, const char *logger, int times) {
    char text[100];
    for (int i = 0; i < times; i++) {
        uint32_t generation;
        snprintf(text, sizeof text, "%s=%s", logger, i % 2 == 0 ? "debug" : "error");
        if (attach_change(process, set_level, text, &generation) != 0)
            _exit(1);
    }
    _exit(0);
}

static void two_tools_at_once_lose_nothing(void **state) {
    (void)state;
    static const char *const loggers[] = {"one", "two", "three"};
    struct run *run;
    char level[200];
    pid_t pid = start_child(logs_until_stopped), tools[3];
    for (int i = 0; i < 3; i++) {
        fflush(NULL);
        tools[i] = fork();
        if (tools[i] == 0) { /* with a lock of its own: the file opened again */
            struct attach_list own = attach_to(pid);
            flip_as_another_process(&own.found[0], loggers[i], 200);
        }
    }
    for (int i = 0; i < 3; i++) {
        int status;
        assert_int_equal(waitpid(tools[i], &status, 0), tools[i]);
        assert_int_equal(status, 0);
    }
    struct attach_list list = attach_to(pid);
    change(&list.found[0], "four=warn");
    level_in_force(&list.found[0], level);
    for (int i = 0; i < 3; i++) {
        char directive[32];
        snprintf(directive, sizeof directive, ",%s=error", loggers[i]);
        assert_says(level, directive, 1);
    }
    assert_says(level, ",four=warn", 1);
    attach_close(&list);
    stop(pid, &run);
    assert_all_numbers(run);
}

static void a_tool_that_dies_in_the_middle_harms_nobody(void **state) {
    (void)state;
    struct run *run;
    char level[200];
    pid_t pid = start_child(logs_until_stopped);
    for (int i = 0; i < 200; i++) {
        fflush(NULL);
        pid_t tool = fork();
        if (tool == 0) {
            struct attach_list own = attach_to(pid);
            for (;;) {
                uint32_t generation;
                attach_change(&own.found[0], set_level, (char[]){"db=debug"}, &generation);
            }
        }
        usleep((useconds_t)(1000 + i * 17 % 2000));
        kill(tool, SIGKILL);
        waitpid(tool, NULL, 0);
    }
    struct attach_list list = attach_to(pid);
    change(&list.found[0], "warn,db=off,always=info");
    level_in_force(&list.found[0], level);
    assert_string_equal(level, "warn,db=off,always=info");
    change(&list.found[0], "info");
    attach_close(&list);
    sleep_ms(20);
    stop(pid, &run);
    assert_string_equal(run->err, "");
    assert_true(count_lines(run, "msg", "always") > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(ten_thousand_flips_under_load_lose_and_tear_nothing),
        sentence(a_thousand_changes_of_the_output_lose_and_tear_nothing),
        sentence(what_was_logged_before_goes_to_the_old_output_however_slow),
        sentence(a_kill_among_changes_of_the_output_leaves_each_record_once),
        sentence(changes_that_come_faster_than_they_are_taken_end_with_the_last),
        sentence(two_tools_at_once_lose_nothing),
        sentence(a_tool_that_dies_in_the_middle_harms_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
