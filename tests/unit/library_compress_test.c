/* tests/unit/library_compress_test.c: rotated files that the program itself compresses:
 * file:PATH?rotate=…&compress=gzip|zstd.
 */
#include "tests/unit/library_check.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

/* The library's dlopen is this one: a machine without the libraries of compression. */
__attribute__((visibility("default"))) void *dlopen(const char *name, int flags) {
    static void *(*real)(const char *, int);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "dlopen");
    bool hidden = getenv("NO_COMPRESSION") != NULL && name != NULL &&
                  (strstr(name, "libz.so") != NULL || strstr(name, "libzstd.so") != NULL);
    return hidden ? NULL : real(name, flags);
}

static void log_numbers(int from, int to) {
    for (int i = from; i < to; i++) {
        spanlog_info("n", kv("i", i));
        if (i % 10 == 9)
            check_equal(spanlog_flush(5000), 0);
    }
}

static long shell(const char *command) {
    char text[64] = "";
    FILE *pipe = popen(command, "r");
    check(pipe != NULL);
    if (fgets(text, sizeof text, pipe) == NULL)
        text[0] = '\0';
    pclose(pipe);
    return strtol(text, NULL, 10);
}

#define PLAIN_PARTS "ls | grep -cE '^log.jsonl.[0-9T]*[.][0-9]*$'"
#define COMPRESSED_PARTS "ls | grep -cE '[.](gz|zst)$'"
#define ALL_LINES                                                                                  \
    "{ for f in log.jsonl.*; do case $f in *.gz) gzip -dc $f;; *.zst) zstd -qdc $f;; "             \
    "*) cat $f;; esac; done; cat log.jsonl; } 2>&1"
#define NUMBERS ALL_LINES " | grep -o '\"i\":[0-9]*' | cut -c5-"

/* Until one rotated file is plain, the newest, and nothing is left of the work. */
static void wait_until_compressed(void) {
    for (int i = 0; i < 3000; i++) {
        if (shell(PLAIN_PARTS) <= 1 && shell("ls -A | grep -c '[.]tmp$'") == 0)
            return;
        sleep_ms(20);
    }
    check(!"compressed within a minute");
}

/* Each number of 0..count-1 once. */
static void check_numbers(int count) {
    check_equal(shell(NUMBERS " | wc -l"), count);
    check_equal(shell(NUMBERS " | sort -n | uniq | wc -l"), count);
    check_equal(shell(NUMBERS " | sort -n | tail -1"), count - 1);
}

/* ---- what becomes of the files ------------------------------------------------------------- */

static void logs_and_waits(void) {
    log_numbers(0, 3000);
    wait_until_compressed();
    check_numbers(3000);
    check(shell(COMPRESSED_PARTS) > 10);
    check_equal(shell(PLAIN_PARTS), 1);
    check_equal(shell("ls log.jsonl.* | tail -1 | grep -cE '[.](gz|zst)$'"), 0);
}

static void rotated_files_are_compressed_but_for_the_newest(void **state) {
    (void)state;
    static const char *const outputs[] = {"file:log.jsonl?rotate=16K&compress=gzip",
                                          "file:log.jsonl?rotate=16K&compress=zstd"};
    for (size_t i = 0; i < 2; i++) {
        with("SPANLOG_OUTPUT", outputs[i]);
        struct run *run = run_child(logs_and_waits);
        assert_exit(run, 0);
        assert_string_equal(run->err, "");
    }
}

static void mode_and_time_are_looked_at(void) {
    struct stat before, after;
    char name[300], command[700];
    log_numbers(0, 200);
    check_equal(chmod("log.jsonl", 0640), 0);
    check_equal(shell("ls log.jsonl.* | wc -l") > 0, 1);
    FILE *pipe = popen("ls log.jsonl.* | tail -1", "r");
    check(fgets(name, sizeof name, pipe) != NULL);
    pclose(pipe);
    name[strcspn(name, "\n")] = '\0';
    check_equal(stat(name, &before), 0);
    log_numbers(200, 600);
    wait_until_compressed();
    snprintf(command, sizeof command, "%s.gz", name);
    check_equal(stat(command, &after), 0);
    check_equal(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
    check_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    check_equal(after.st_mode, before.st_mode);
    check(after.st_size < before.st_size / 2);
}

static void a_compressed_file_has_the_mode_and_the_time_of_the_plain_one(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:log.jsonl?rotate=16K&compress=gzip");
    assert_exit(run_child(mode_and_time_are_looked_at), 0);
}

static void logs_into_a_bounded_set(void) {
    for (int i = 0; i < 25; i++) {
        log_numbers(200 * i, 200 * i + 200);
        wait_until_compressed();
    }
    check(shell("cat log.jsonl.* | wc -c") <= 100 * 1024);
    check(shell("ls log.jsonl.* | wc -l") > 16); /* 100K of plain ones are six */
}

static void the_total_is_that_of_compressed_files(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:log.jsonl?rotate=16K&total=100K&compress=zstd");
    assert_exit(run_child(logs_into_a_bounded_set), 0);
}

static void four_processes_log(void) {
    for (int process = 0; process < 4; process++)
        if (fork() == 0) {
            log_numbers(1500 * process, 1500 * process + 1500);
            exit(0);
        }
    int status;
    while (wait(&status) > 0)
        check_equal(status, 0);
}

static void one_more_starts(void) {
    spanlog_info("started");
    check_equal(spanlog_flush(5000), 0);
    wait_until_compressed();
    check_numbers(6000);
}

static void four_processes_share_a_file_whose_old_ones_are_compressed(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:log.jsonl?rotate=16K&compress=gzip");
    struct run *run = run_child(four_processes_log);
    assert_exit(run, 0);
    assert_string_equal(run->err, "");
    with("SPANLOG_OUTPUT", "file:log.jsonl?rotate=16K&compress=gzip");
    run = run_again(one_more_starts);
    assert_exit(run, 0);
    assert_string_equal(run->err, "");
}

/* ---- what it costs the program ------------------------------------------------------------- */

/* 50 MB of lines that no compressor is quick with, and a newer part, which stays as it is. */
static void make_parts(void) {
    static char text[50 * 1000 * 1000];
    uint64_t random = 88172645463325252u;
    for (size_t i = 0; i < sizeof text; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        text[i] = i % 200 == 199 ? '\n' : "0123456789abcdef"[random >> 60];
    }
    FILE *file = fopen("log.jsonl.20261121T103045.000001", "w");
    check(file != NULL && fwrite(text, 1, sizeof text, file) == sizeof text && fclose(file) == 0);
    file = fopen("log.jsonl.20261121T103045.000002", "w");
    check(file != NULL && fputs("{\"newest\":1}\n", file) >= 0 && fclose(file) == 0);
}

/* Of the thread that compresses; -1: it is not there. */
static int compressor_policy(void) {
    struct dirent *entry;
    DIR *tasks = opendir("/proc/self/task");
    int policy = -1;
    check(tasks != NULL);
    while (policy < 0 && (entry = readdir(tasks)) != NULL) {
        char path[300], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        FILE *file = entry->d_name[0] != '.' ? fopen(path, "r") : NULL;
        if (file == NULL)
            continue;
        if (fgets(name, sizeof name, file) != NULL && strcmp(name, "spanlog-zip\n") == 0)
            policy = sched_getscheduler((pid_t)strtol(entry->d_name, NULL, 10));
        fclose(file);
    }
    closedir(tasks);
    return policy;
}

static void logs_while_it_compresses(void) {
    double longest_call = 0, longest_flush = 0;
    make_parts();
    spanlog_info("started");
    check_equal(spanlog_flush(20000), 0);
    for (int i = 0; i < 6000 && count_files(".", ".tmp") == 0; i++)
        sleep_ms(5);
    check_equal(count_files(".", ".tmp"), 1);
    check_equal(compressor_policy(), SCHED_IDLE);
    for (int i = 0; i < 10000; i++) {
        double before = now_seconds();
        spanlog_info("n", kv("i", i));
        double after = now_seconds();
        longest_call = after - before > longest_call ? after - before : longest_call;
        if (i % 1000 != 999)
            continue;
        check_equal(spanlog_flush(20000), 0);
        longest_flush =
            now_seconds() - after > longest_flush ? now_seconds() - after : longest_flush;
    }
    /* All that while it was at work: else nothing has been shown. */
    check_in_time(compressor_policy() == SCHED_IDLE);
    check_equal(shell("grep -c '\"msg\":\"n\"' log.jsonl"), 10000);
    check_in_time(longest_call < 0.02);
    check_in_time(longest_flush < 0.5);
}

static void a_large_file_is_compressed_by_what_is_idle_and_nobody_waits_for_it(void **state) {
    (void)state;
    static const char *const outputs[] = {"file:log.jsonl?rotate=100M&compress=gzip",
                                          "file:log.jsonl?rotate=100M&compress=zstd"};
    for (size_t i = 0; i < 2; i++) {
        with("SPANLOG_OUTPUT", outputs[i]);
        struct run *run = run_in_time(logs_while_it_compresses, 60);
        assert_exit(run, 0);
        assert_string_equal(run->err, "");
    }
}

/* ---- what goes wrong ----------------------------------------------------------------------- */

static void logs_without_libraries(void) {
    log_numbers(0, 1000);
    sleep_ms(100);
    check_equal(shell(COMPRESSED_PARTS), 0);
    check_numbers(1000);
}

static void without_the_library_it_is_said_once_and_old_files_stay_plain(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:log.jsonl?rotate=16K&compress=zstd");
    with("NO_COMPRESSION", "1");
    struct run *run = run_child(logs_without_libraries);
    assert_exit(run, 0);
    assert_string_equal(run->err, "spanlog: compress=zstd needs libzstd.so.1, which cannot be "
                                  "loaded; rotated files stay uncompressed\n");
}

static void meets_what_stands_in_the_way(void) {
    log_numbers(0, 300);
    wait_until_compressed();
    /* Of the newest, which is next: its compressed file cannot be made. */
    check_equal(shell("mkdir .$(ls log.jsonl.* | tail -1).tmp; echo 0"), 0);
    /* Said at the rotation that follows the attempt, whenever the thread had time for that. */
    int count = 300;
    for (int i = 0; i < 400 && shell("grep -c tried stderr") == 0; i++) {
        log_numbers(count, count + 100);
        count += 100;
        sleep_ms(50);
    }
    log_numbers(count, count + 500);
    for (int i = 0; i < 1000 && shell(PLAIN_PARTS) > 2; i++)
        sleep_ms(20);
    check_equal(shell(PLAIN_PARTS), 2);
    check_numbers(count + 500);
}

static void what_cannot_be_compressed_stays_and_is_said_once(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:log.jsonl?rotate=16K&compress=gzip");
    struct run *run = run_child(meets_what_stands_in_the_way);
    assert_exit(run, 0);
    assert_says(run->err, "\n", 1);
    assert_says(run->err, "log.jsonl: Is a directory; they stay, and are tried again", 1);
}

static int turn;
static unsigned moment_ms;

static void *kills(void *unused) {
    (void)unused;
    sleep_ms(moment_ms);
    kill(getpid(), SIGKILL);
    return NULL;
}

static void logs_until_it_is_killed(void) {
    pthread_t killer;
    check_equal(pthread_create(&killer, NULL, kills, NULL), 0);
    for (int i = 0;; i++) {
        spanlog_info("n", kv("i", 1000000 * turn + i));
        if (i % 10 == 9)
            spanlog_flush(5000);
    }
}

/* Of each turn every number from 0 to its last, once. */
#define GAPS                                                                                       \
    NUMBERS " | sort -n | awk '{ want = $1 % 1000000 ? last + 1 : $1; "                            \
            "if ($1 != want) bad++; last = $1 } END { print bad + 0 }'"

static void the_last_start(void) {
    spanlog_info("started");
    check_equal(spanlog_flush(5000), 0);
    wait_until_compressed();
    check(shell(COMPRESSED_PARTS) > 10);
    check_equal(shell(ALL_LINES " | grep -cv '^{.*}$'"), 0);
    check_equal(shell(GAPS), 0);
}

static long parts(void) {
    char command[400];
    snprintf(command, sizeof command, "ls %s | grep -c '^log.jsonl.'", run_directory());
    return shell(command);
}

static void a_kill_at_any_moment_loses_nothing_and_the_next_start_finishes(void **state) {
    (void)state;
    static const char output[] = "file:log.jsonl?rotate=32K&compress=gzip";
    unsigned random = 7;
    allow_torn_tail(true);
    for (turn = 1; turn <= 12 || (turn <= 200 && parts() < 13); turn++) {
        random = random * 1103515245u + 12345u;
        moment_ms = 20 + (random >> 16) % 200;
        with("SPANLOG_OUTPUT", output);
        assert_signal(turn == 1 ? run_child(logs_until_it_is_killed)
                                : run_again(logs_until_it_is_killed),
                      SIGKILL);
    }
    with("SPANLOG_OUTPUT", output);
    struct run *run = run_again(the_last_start);
    allow_torn_tail(false);
    assert_exit(run, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(rotated_files_are_compressed_but_for_the_newest),
        sentence(a_compressed_file_has_the_mode_and_the_time_of_the_plain_one),
        sentence(the_total_is_that_of_compressed_files),
        sentence(four_processes_share_a_file_whose_old_ones_are_compressed),
        sentence(a_large_file_is_compressed_by_what_is_idle_and_nobody_waits_for_it),
        sentence(without_the_library_it_is_said_once_and_old_files_stay_plain),
        sentence(what_cannot_be_compressed_stays_and_is_said_once),
        sentence(a_kill_at_any_moment_loses_nothing_and_the_next_start_finishes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
