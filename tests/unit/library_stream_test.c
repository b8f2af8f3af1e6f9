/* tests/unit/library_stream_test.c: outputs without offsets: pipes, FIFOs, readers that stop or go.
 */
#include "tests/unit/library_pipe.h"

#include <fcntl.h>
#include <spanlog/memory.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static long memory_kib(void) {
    long kib = 0;
    char line[200];
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    }
    fclose(file);
    return kib;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void logs_to_a_stopped_reader(void) {
    enum { CALLS = 200000 };
    static double spent[CALLS];
    pipe_stdout(); /* nobody reads */
    for (int i = 0; i < 1000; i++)
        spanlog_info("first");
    long before = memory_kib();
    for (int i = 0; i < CALLS; i++) {
        double start = now_seconds();
        spanlog_info("n", kv("i", i));
        spent[i] = now_seconds() - start;
    }
    long grown = memory_kib() - before;
    qsort(spent, CALLS, sizeof *spent, compare_doubles);
    spanlog_statistics stats = {.size = sizeof stats};
    spanlog_stats(&stats);
    fprintf(stderr, "p50 %.0f ns, p99 %.0f ns, longest %.6f s, grown %ld KiB\n",
            spent[CALLS / 2] * 1e9, spent[CALLS * 99 / 100] * 1e9, spent[CALLS - 1], grown);
    if (!under_sanitizer()) {
        check(spent[CALLS * 99 / 100] < 20e-6);
        check(grown < 20000);
    }
    double start = now_seconds();
    check_equal(spanlog_shutdown(300), -ETIMEDOUT);
    check_in_time(now_seconds() - start < 1.0);
}

static void a_stopped_reader_costs_nothing_under_drop(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "stdout");
    with("SPANLOG_FULL", "drop");
    struct run *run = run_in_time(logs_to_a_stopped_reader, 8);
    assert_exit(run, 0);
    print_message("%s", run->err);
}

static void shuts_down_while_its_reader_rests(void) {
    pthread_t thread;
    int reader = pipe_stdout();
    for (int i = 0; i < 2000; i++)
        spanlog_info("n", kv("i", i));
    for (int i = 0; i < 2; i++)
        check_equal(spanlog_shutdown(100), -ETIMEDOUT);
    pthread_create(&thread, NULL, reads_to_the_end, &reader);
    spanlog_info("n", kv("i", 2000));
    check_equal(spanlog_shutdown(20000), 0);
    close(STDOUT_FILENO);
    pthread_join(thread, NULL);
}

static void a_process_ends_once_however_often_it_is_shut_down(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "stdout");
    struct run *run = run_child(shuts_down_while_its_reader_rests);
    assert_exit(run, 0);
    assert_count(run, "msg", "n", 2001);
    assert_count(run, "msg", "process ended", 1);
}

static void exits_with_a_stopped_reader(void) {
    pipe_stdout();
    for (int i = 0; i < 20000; i++)
        spanlog_info("n", kv("i", i));
    exit(42);
}

static void an_exit_with_a_stopped_reader_ends_in_time(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "stdout");
    with("SPANLOG_FULL", "drop");
    struct run *run = run_in_time(exits_with_a_stopped_reader, 4);
    assert_exit(run, 42);
}

static void its_reader_goes(void) {
    int reader = pipe_stdout();
    spanlog_info("one");
    check_equal(spanlog_flush(5000), 0);
    close(reader);
    for (int i = 0; i < 5000; i++)
        spanlog_info("n", kv("i", i));
    check_equal(spanlog_flush(5000), 0); /* there is nobody to wait for */
    spanlog_statistics stats = {.size = sizeof stats};
    spanlog_stats(&stats);
    check_equal(stats.dropped, 5000);
    fprintf(stderr, "still here\n");
}

static void a_reader_that_goes_does_not_take_the_program_with_it(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "stdout");
    struct run *run = run_child(its_reader_goes);
    assert_exit(run, 0);
    assert_says(run->err, "still here", 1);
    assert_says(run->err, "spanlog: cannot write stdout: Broken pipe", 1);
    assert_says(run->err, "\n", 2);
}

static void its_reader_goes_in_sync(void) {
    int reader = pipe_stdout();
    close(reader);
    for (int i = 0; i < 10; i++)
        spanlog_info("n");
    fprintf(stderr, "still here\n");
}

static void a_caller_that_writes_itself_survives_a_broken_pipe(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "stdout");
    with("SPANLOG_SYNC", "1");
    struct run *run = run_child(its_reader_goes_in_sync);
    assert_exit(run, 0);
    assert_says(run->err, "still here", 1);
}

static void closes_stdout(void) {
    close(STDOUT_FILENO);
    for (int i = 0; i < 10; i++)
        spanlog_info("n");
    check_equal(spanlog_flush(2000), 0);
    fprintf(stderr, "still here\n");
}

static void a_closed_stdout_is_said_once(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "stdout");
    struct run *run = run_child(closes_stdout);
    assert_exit(run, 0);
    assert_says(run->err, "spanlog: cannot write stdout", 1);
    assert_says(run->err, "still here", 1);
}

static void logs_and_is_killed(void) {
    spanlog_info("left behind");
    raise(SIGKILL);
}

static void logs_one(void) {
    spanlog_info("one");
    spanlog_flush(300);
}

static void a_server_that_is_not_there_is_said_once_also_by_a_start_that_recovers(void **state) {
    (void)state;
    static const char *const outputs[][2] = {
        {"journald:/nowhere/journal", "cannot write journald:/nowhere/journal: "},
        {"syslog:unix:/nowhere/log", "cannot write syslog:unix:/nowhere/log: "}};
    for (size_t i = 0; i < 2; i++) {
        for (int killed = 0; killed < 3; killed++) {
            with("SPANLOG_OUTPUT", outputs[i][0]);
            assert_signal(killed ? run_again(logs_and_is_killed) : run_child(logs_and_is_killed),
                          SIGKILL);
        }
        with("SPANLOG_OUTPUT", outputs[i][0]);
        struct run *run = run_again(logs_one);
        assert_exit(run, 0);
        assert_says(run->err, "\n", 1);
        assert_says(run->err, outputs[i][1], 1);
        assert_says(run->err, "No such file or directory; records wait, then are dropped", 1);
    }
}

static void logs_record_by_record(void) {
    for (int i = 0; i < 20; i++) {
        spanlog_info("one");
        spanlog_flush(1000);
    }
}

/* A refusal comes back for each datagram. */
static void a_udp_server_that_is_not_there_is_said_once(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "syslog:udp://127.0.77.1:9");
    struct run *run = run_child(logs_record_by_record);
    assert_exit(run, 0);
    assert_says(run->err, "cannot write syslog:udp://127.0.77.1:9: Connection refused; ", 1);
}

static void logs_to_a_server_that_comes_and_goes(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "journal"};
    spanlog_info("one");
    for (unsigned episode = 0; episode < 2; episode++) {
        spanlog_flush(300);
        wait_until_said(episode + 1);
        int server = socket(AF_UNIX, SOCK_DGRAM, 0);
        check_equal(bind(server, (struct sockaddr *)(void *)&address, sizeof address), 0);
        check_equal(spanlog_flush(5000), 0);
        close(server);
        unlink("journal");
        spanlog_info("two");
    }
    spanlog_flush(300);
    wait_until_said(3);
}

static void each_episode_is_said(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "journald:journal");
    struct run *run = run_child(logs_to_a_server_that_comes_and_goes);
    assert_exit(run, 0);
    assert_says(run->err, "cannot write journald:journal: ", 3);
}

static void *reads_slowly(void *arg) {
    char block[3000];
    int fd = *(int *)arg, copy = open("log.jsonl", O_WRONLY | O_CREAT | O_APPEND, 0644);
    for (ssize_t got; (got = read(fd, block, sizeof block)) > 0; usleep(200))
        check_equal(write(copy, block, (size_t)got), got);
    close(copy);
    return NULL;
}

static void logs_to_a_slow_reader(void) {
    int reader = pipe_stdout();
    pthread_t thread;
    pthread_create(&thread, NULL, reads_slowly, &reader);
    for (int i = 0; i < 5000; i++)
        spanlog_info("n", kv("i", i));
    check_equal(spanlog_shutdown(20000), 0);
    close(STDOUT_FILENO);
    pthread_join(thread, NULL);
}

static void a_slow_reader_gets_everything_under_block(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "stdout");
    with("SPANLOG_BLOCK_MS", "10000");
    with("SPANLOG_RING_SIZE", "64K");
    struct run *run = run_child(logs_to_a_slow_reader);
    assert_exit(run, 0);
    assert_count(run, "msg", "n", 5000);
    assert_count(run, "msg", "records dropped", 0);
}

static void *reads_a_fifo(void *unused) {
    char block[4096];
    int fd = open("fifo", O_RDONLY), copy = open("log.jsonl", O_WRONLY | O_CREAT | O_APPEND, 0644);
    for (ssize_t got; (got = read(fd, block, sizeof block)) > 0;)
        check_equal(write(copy, block, (size_t)got), got);
    close(copy);
    close(fd);
    return unused;
}

static void logs_to_a_fifo(void) {
    pthread_t reader;
    check_equal(mkfifo("fifo", 0600), 0);
    double start = now_seconds();
    for (int i = 0; i < 100; i++) /* before anybody reads */
        spanlog_info("n", kv("i", i));
    check_in_time(now_seconds() - start < 0.5);
    pthread_create(&reader, NULL, reads_a_fifo, NULL);
    for (int i = 100; i < 200; i++)
        spanlog_info("n", kv("i", i));
    check_equal(spanlog_shutdown(5000), 0);
    for (int i = 0; i < 500 && system("grep -q 'process ended' log.jsonl") != 0; i++)
        usleep(10000);
}

static void a_fifo_is_written_when_it_has_a_reader(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "file:fifo");
    struct run *run = run_child(logs_to_a_fifo);
    assert_exit(run, 0);
    assert_count(run, "msg", "n", 200);
}

static void logs_to_memory(void) {
    spanlog_info("one", kv("k", 1));
    check_equal(spanlog_flush(5000), 0);
    char *lines = spanlog_memory_lines();
    check(lines != NULL && strstr(lines, "\"msg\":\"one\"") != NULL &&
          strstr(lines, "\"k\":1}\n") != NULL);
    free(lines);
    spanlog_memory_clear();
    lines = spanlog_memory_lines();
    check_equal(strlen(lines), 0);
    free(lines);
    spanlog_info("two");
    check_equal(spanlog_flush(5000), 0);
    lines = spanlog_memory_lines();
    check(strstr(lines, "two") != NULL && strstr(lines, "one") == NULL);
    free(lines);
}

static void the_memory_output_holds_what_was_logged(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "memory:");
    assert_exit(run_child(logs_to_memory), 0);
}

static void logs_now_and_then(void) {
    struct rusage before, after;
    spanlog_statistics stats = {.size = sizeof stats};
    spanlog_info("one");
    check_equal(spanlog_flush(5000), 0);
    wait_until_asleep();
    spanlog_stats(&stats);
    uint64_t sleeps = stats.sleeps;
    getrusage(RUSAGE_SELF, &before);
    sleep_ms(500);
    getrusage(RUSAGE_SELF, &after);
    spanlog_stats(&stats);
    check_equal(stats.sleeps, sleeps); /* it did not wake up */
    if (!under_thread_sanitizer())     /* which has a thread of its own */
        check(after.ru_nvcsw - before.ru_nvcsw <= 3);
    spanlog_info("two");
    for (int i = 0; i < 2000 && system("grep -q two log.jsonl") != 0; i++)
        sleep_ms(10); /* without a flush */
    check_equal(system("grep -q two log.jsonl"), 0);
}

static void an_idle_back_sleeps_until_the_next_record(void **state) {
    (void)state;
    assert_exit(run_child(logs_now_and_then), 0);
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static void flushes_into_a_stuck_pipe(void) {
    pipe_stdout();
    for (int i = 0; i < 2000; i++)
        spanlog_info("n", kv("i", i));
    check_equal(spanlog_flush(300), -ETIMEDOUT);
    double before = cpu_seconds();
    check_equal(spanlog_flush(1000), -ETIMEDOUT);
    fprintf(stderr, "%.3f s of CPU\n", cpu_seconds() - before);
    check(cpu_seconds() - before < 0.3);
}

static void flushes_where_nothing_can_be_opened(void) {
    spanlog_info("n");
    double before = cpu_seconds();
    check_equal(spanlog_flush(1000), -ETIMEDOUT);
    fprintf(stderr, "%.3f s of CPU\n", cpu_seconds() - before);
    check(cpu_seconds() - before < 0.3);
}

static void waiting_for_a_stuck_output_does_not_spin(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "stdout");
    assert_exit(run_child(flushes_into_a_stuck_pipe), 0);
    with("SPANLOG_OUTPUT", "file:/nowhere/log");
    assert_exit(run_child(flushes_where_nothing_can_be_opened), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(a_stopped_reader_costs_nothing_under_drop),
        sentence(a_process_ends_once_however_often_it_is_shut_down),
        sentence(an_exit_with_a_stopped_reader_ends_in_time),
        sentence(a_reader_that_goes_does_not_take_the_program_with_it),
        sentence(a_caller_that_writes_itself_survives_a_broken_pipe),
        sentence(a_closed_stdout_is_said_once),
        sentence(a_server_that_is_not_there_is_said_once_also_by_a_start_that_recovers),
        sentence(a_udp_server_that_is_not_there_is_said_once),
        sentence(each_episode_is_said),
        sentence(a_slow_reader_gets_everything_under_block),
        sentence(a_fifo_is_written_when_it_has_a_reader),
        sentence(the_memory_output_holds_what_was_logged),
        sentence(an_idle_back_sleeps_until_the_next_record),
        sentence(waiting_for_a_stuck_output_does_not_spin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
