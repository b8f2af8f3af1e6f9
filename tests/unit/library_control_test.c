/* tests/unit/library_control_test.c: the control area of a living process's journal: flips under
 * load, tools that die, and what nobody should have written there. The verbs:
 * tests/cli/live_test.py.
 */
#include "tests/unit/library_check.h"

#include "src/control/attach.h"
#include "src/control/rules.h"

#include <fcntl.h>
#include <sys/stat.h>

#define SOON_MS 20000

/* ---- a process under load ------------------------------------------------------------------- */

static bool is_told_to_stop(void) {
    return access("stop", F_OK) == 0;
}

static void *logs_numbers(void *arg) {
    static spanlog_logger db = SPANLOG_LOGGER("db");
    int thread = (int)(intptr_t)arg;
    for (int i = 0; !is_told_to_stop(); sleep_ms(1)) {
        for (int burst = 0; burst < 10; burst++, i++) {
            spanlog_info("always", kv("thread", thread), kv("n", i));
            spanlog_debug("sometimes", kv("thread", thread), kv("n", i));
            spanlog_debug_to(db, "db", kv("thread", thread), kv("n", i));
        }
    }
    return NULL;
}

static void logs_until_stopped(void) {
    pthread_t threads[2];
    setenv("SPANLOG_BLOCK_MS", "20000", 1); /* none of them is dropped */
    for (intptr_t i = 0; i < 2; i++)
        check_equal(pthread_create(&threads[i], NULL, logs_numbers, (void *)i), 0);
    for (int i = 0; i < 2; i++)
        check_equal(pthread_join(threads[i], NULL), 0);
}

/* The process that the child became, once it has begun to write. */
static struct attach_list attach_to(pid_t pid) {
    char directory[300], target[16];
    struct attach_list list;
    snprintf(directory, sizeof directory, "%s/journals", run_directory());
    snprintf(target, sizeof target, "%d", (int)pid);
    for (double end = now_seconds() + SOON_MS / 1e3; now_seconds() < end;) {
        int error = attach_find(&list, directory, target, false);
        if (error == 0 && list.count == 1 && list.found[0].control != NULL &&
            list.found[0].control->counts.records > 0)
            return list;
        attach_close(&list);
        usleep(1000);
    }
    fail_msg("process %d does not log", (int)pid);
    return list;
}

static void stop(pid_t pid, struct run **ret_run) {
    char path[300];
    snprintf(path, sizeof path, "%s/stop", run_directory());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    *ret_run = finish_child(pid);
    assert_exit(*ret_run, 0);
}

/* Each thread's numbers from 0 up, none missing, none twice. Returns how many there are. */
static size_t assert_all_numbers(const struct run *run) {
    size_t next[2] = {0, 0};
    for (size_t i = 0; i < run->count; i++) {
        if (strstr(run->lines[i], "\"msg\":\"always\"") == NULL)
            continue;
        int thread;
        size_t n;
        const char *fields = strstr(run->lines[i], ",\"thread\":");
        assert_non_null(fields);
        assert_int_equal(sscanf(fields, ",\"thread\":%d,\"n\":%zu", &thread, &n), 2);
        assert_in_range(thread, 0, 1);
        assert_int_equal(n, next[thread]);
        next[thread]++;
    }
    assert_true(next[0] > 0 && next[1] > 0);
    return next[0] + next[1];
}

static int set_level(char text[CONTROL_TEXT_SIZE + 1], void *arg) {
    return rules_add(text, 0, 0, "level", arg);
}

static void change(struct attached *process, const char *level) {
    char copy[100];
    uint32_t generation;
    snprintf(copy, sizeof copy, "%s", level);
    assert_int_equal(attach_change(process, set_level, copy, &generation), 0);
    if (attach_wait(&process->control->taken, generation, SOON_MS) != 0)
        fail_msg("taken is %u, not %u", process->control->taken, generation);
}

static void level_in_force(struct attached *process, char ret_level[200]) {
    uint32_t generation;
    assert_int_equal(
        control_get(process->control->state, &process->control->said, process->state, &generation),
        0);
    attach_value(process->state, "level", ret_level, 200);
}

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

/* ---- tools ---------------------------------------------------------------------------------- */

/* ---- other outputs --------------------------------------------------------------------------- */

static int set_output(char text[CONTROL_TEXT_SIZE + 1], void *arg) {
    return rules_add(text, 0, 0, "output", arg);
}

static void change_output(struct attached *process, const char *name) {
    char output[400];
    uint32_t generation;
    snprintf(output, sizeof output, "file:%s/%s", run_directory(), name);
    assert_int_equal(attach_change(process, set_output, output, &generation), 0);
    if (attach_wait(&process->control->taken, generation, SOON_MS) != 0)
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
    uint32_t generation = 0, said;
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    struct control *control = list.found[0].control;
    for (int i = 0; i < 3000; i++) {
        snprintf(output, sizeof output, "file:%s/%s", run_directory(),
                 i % 3 == 0 ? "other.jsonl" : "log.jsonl");
        assert_int_equal(attach_change(&list.found[0], set_output, output, &generation), 0);
    }
    change_output(&list.found[0], "last.jsonl");
    assert_int_equal(control_get(control->state, &control->said, list.found[0].state, &said), 0);
    attach_value(list.found[0].state, "output", output, sizeof output);
    assert_non_null(strstr(output, "/last.jsonl"));
    attach_close(&list);
    usleep(20000);
    stop(pid, &run);
    assert_true(assert_each_once("log.jsonl other.jsonl last.jsonl") > 0);
    snprintf(output, sizeof output, "%s/last.jsonl", run_directory());
    assert_says(read_text(output), "process ended", 1);
}

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

/* ---- what nobody should have written -------------------------------------------------------- */

static void put_rules(struct attached *process, const char *text) {
    struct control *control = process->control;
    assert_int_equal(control_put(control->rules, &control->generation, text, strlen(text)), 0);
    control_call(control);
    assert_int_equal(attach_wait(&control->taken, control->generation, SOON_MS), 0);
}

static void lines_that_are_wrong_are_said_once_and_the_rest_holds(void **state) {
    (void)state;
    struct run *run;
    char level[200], text[300];
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    uint64_t until = clock_gettime_ns(CLOCK_MONOTONIC) + 1000000000;
    snprintf(text, sizeof text,
             "level = fatal\n@0\nlevel = error\nservice = other\nnonsense\n@soon\nlevel = trace\n"
             "@%llu\nlevel = db=off\n@1\nlevel = debug\n",
             (unsigned long long)until);
    put_rules(&list.found[0], text);
    level_in_force(&list.found[0], level);
    if (clock_gettime_ns(CLOCK_MONOTONIC) < until)
        assert_string_equal(level, "error,db=off");
    for (int i = 0; i < SOON_MS && strcmp(level, "error") != 0; i++) { /* read again */
        sleep_ms(1);
        level_in_force(&list.found[0], level);
    }
    assert_string_equal(level, "error");
    assert_int_equal(list.found[0].control->counts.refused, 4);
    attach_close(&list);
    stop(pid, &run);
    assert_says(run->err, "service\": this one cannot change while the process runs", 1);
    assert_says(run->err, "nonsense\": no \"=\"", 1);
    assert_says(run->err, "right is @ and a time", 2);
    assert_says(run->err, "\n", 4);
}

static void damaged_rules_change_nothing_and_are_said_once(void **state) {
    (void)state;
    struct run *run;
    char level[200];
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    struct control *control = list.found[0].control;
    change(&list.found[0], "db=debug");
    for (int i = 0; i < 10; i++) {
        control->rules[control->generation & 1].text[i] ^= 64;
        __atomic_add_fetch(&control->generation, 2, __ATOMIC_SEQ_CST); /* the same slot */
        control_call(control);
        assert_int_equal(attach_wait(&control->taken, control->generation, SOON_MS), 0);
        level_in_force(&list.found[0], level);
        assert_string_equal(level, "info,db=debug");
    }
    change(&list.found[0], "db=warn"); /* writes them anew */
    level_in_force(&list.found[0], level);
    assert_string_equal(level, "info,db=warn");
    attach_close(&list);
    stop(pid, &run);
    assert_all_numbers(run);
    assert_says(run->err, "the rules are damaged", 1);
    assert_says(run->err, "\n", 1);
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

static void random_bytes_in_the_control_area_harm_nobody(void **state) {
    (void)state;
    struct run *run;
    uint64_t random = 4711;
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    struct control *control = list.found[0].control;
    uint8_t *from = (uint8_t *)&control->generation; /* behind `wake`, on which it sleeps */
    size_t size = (size_t)((uint8_t *)(control + 1) - from);
    for (int i = 0; i < 3000; i++) {
        size_t at = i % 3 == 0 ? next_random(&random) % 64 : next_random(&random) % size;
        from[at] = (uint8_t)next_random(&random);
        if (i % 7 == 0)
            __atomic_add_fetch(&control->generation, 1, __ATOMIC_SEQ_CST);
        control_call(control);
        if (i % 100 == 0)
            sleep_ms(1);
    }
    attach_close(&list);
    stop(pid, &run);
    assert_all_numbers(run);
}

static void a_mistake_in_rules_is_said_again_only_when_it_is_another(void **state) {
    (void)state;
    static const char wrong[] = "max_events = 5000\nlevel = loud\nnonsense\n@soon\nlevel = off\n";
    struct run *run;
    char text[300];
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "@0\nblock_ms = %d\nsample_rate = %d\n%s", i, i < 2 ? 7 : 8,
                 wrong);
        put_rules(&list.found[0], text);
    }
    attach_close(&list);
    stop(pid, &run);
    assert_says(run->err, "live:2: sample_rate = 7: above the most; 1 is used\n", 1);
    assert_says(run->err, "live:2: sample_rate = 8: above the most; 1 is used\n", 1);
    assert_says(run->err, "live:3: max_events = 5000: above the most; 1024 is used\n", 1);
    assert_says(run->err, "level = loud: there is no such level", 1);
    assert_says(run->err, "nonsense\": no \"=\"", 1);
    assert_says(run->err, "\"@soon\": right is @ and a time", 1);
    assert_says(run->err, "\n", 6);
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
        sentence(lines_that_are_wrong_are_said_once_and_the_rest_holds),
        sentence(a_mistake_in_rules_is_said_again_only_when_it_is_another),
        sentence(damaged_rules_change_nothing_and_are_said_once),
        sentence(random_bytes_in_the_control_area_harm_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
