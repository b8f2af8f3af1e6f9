/* tests/unit/library_fork_test.c: what forks and execs: nothing is lost, nothing is written twice,
 * and nobody waits for a lock that another process holds. */
#include "tests/unit/library_numbers.h"

#include <spanlog/syslog.h>

#include "src/integrations/table.h"

#include <spanlog/memory.h>

static void forks_inside_a_span(void) {
    spanlog_scope(sp, "parent");
    log_numbers(0, 1000);
    pid_t pid = fork();
    if (pid == 0) {
        spanlog_info("child", kv("mine", getpid()));
        exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    check_equal(status, 0);
    log_numbers(1000, 2000);
}

static void a_child_logs_with_its_parents_ids_and_its_own_pid(void **state) {
    (void)state;
    struct run *run = run_child(forks_inside_a_span);
    assert_exit(run, 0);
    assert_each_once(run, "n", 2000);
    const char *child = need_line(run, "msg", "child"),
               *parent = need_line(run, "operation", "parent");
    assert_field(child, "trace_id", field(parent, "trace_id"));
    assert_field(child, "span_id", field(parent, "span_id"));
    assert_field(child, "pid", field(child, "mine"));
    assert_field(child, "tid", field(child, "mine"));
    assert_string_not_equal(field(child, "pid"), field(parent, "pid"));
    assert_count(run, "operation", "parent", 1);
    assert_count(run, "msg", "span abandoned", 0);
    assert_int_equal(journals(), 0);
}

static void forks_and_exits_at_once(void) {
    log_numbers(0, 1000);
    pid_t pid = fork();
    if (pid == 0) {
        log_numbers(1000, 2000);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static void *starts_it_all(void *unused) {
    (void)unused;
    spanlog_info("n", kv("i", 0));
    return NULL;
}

/* The other thread is in the middle of the process's first record. */
static void forks_while_another_thread_starts(void) {
    pthread_t starter;
    pthread_create(&starter, NULL, starts_it_all, NULL);
    usleep((useconds_t)(now_seconds() * 1e9) % 400);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        spanlog_info("child");
        exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    check_equal(status, 0);
    pthread_join(starter, NULL);
}

static void a_fork_during_the_first_record_hangs_nobody(void **state) {
    (void)state;
    if (under_sanitizer())
        skip(); /* its own locks do not survive such a fork */
    for (int i = 0; i < 40; i++) {
        struct run *run = run_child(forks_while_another_thread_starts);
        assert_exit(run, 0);
        assert_each_once(run, "n", 1);
        assert_count(run, "msg", "child", 1);
        forget_runs();
    }
}

/* ---- locks of our own that other threads hold ------------------------------------------------ */

static uint32_t forks_are_over;

/* A child that finds a lock taken by a thread that it does not have waits for ever. */
static void fork_beside(void *(*busy)(void *), void (*in_the_child)(void)) {
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, busy, NULL);
    for (int i = 0; i < 300; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            alarm(20);
            in_the_child();
            _exit(0);
        }
        int status;
        waitpid(pid, &status, 0);
        check_equal(status, 0);
    }
    __atomic_store_n(&forks_are_over, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static void open_many_logs(void) {
    char name[32];
    for (int i = 0; i < 64; i++) {
        snprintf(name, sizeof name, "the-same-in-front-%d", i);
        openlog(name, 0, LOG_USER);
    }
}

static void *opens_logs(void *unused) {
    while (!__atomic_load_n(&forks_are_over, __ATOMIC_RELAXED))
        open_many_logs();
    return unused;
}

static void forks_while_another_thread_opens_a_log(void) {
    fork_beside(opens_logs, open_many_logs);
}

static void a_fork_while_another_thread_opens_a_log_hangs_nobody(void **state) {
    (void)state;
    assert_exit(run_child(forks_while_another_thread_opens_a_log), 0);
}

static void read_memory(void) {
    free(spanlog_memory_lines());
}

static void *reads_memory(void *unused) {
    while (!__atomic_load_n(&forks_are_over, __ATOMIC_RELAXED))
        read_memory();
    return unused;
}

static void forks_while_another_thread_reads_memory(void) {
    for (int i = 0; i < 1000; i++)
        spanlog_info("n");
    spanlog_flush(-1);
    fork_beside(reads_memory, read_memory);
}

static void a_fork_while_another_thread_reads_the_memory_output_hangs_nobody(void **state) {
    (void)state;
    if (under_sanitizer())
        skip(); /* the locks of its allocator do not survive such a fork */
    with("SPANLOG_OUTPUT", "memory:");
    assert_exit(run_child(forks_while_another_thread_reads_memory), 0);
}

HANDLE_TABLE(used_handles);

static void use_handles(void) {
    struct handle_entry entry;
    for (int i = 0; i < 100; i++) {
        handle_table_put(&used_handles, &entry, &entry);
        check(handle_table_find(&used_handles, &entry) == &entry);
        check(handle_table_take(&used_handles, &entry) == &entry);
    }
}

static void *uses_handles(void *unused) {
    while (!__atomic_load_n(&forks_are_over, __ATOMIC_RELAXED))
        use_handles();
    return unused;
}

static void forks_while_another_thread_uses_handles(void) {
    fork_beside(uses_handles, use_handles);
}

static void a_fork_while_another_thread_uses_a_table_of_handles_hangs_nobody(void **state) {
    (void)state;
    assert_exit(run_child(forks_while_another_thread_uses_handles), 0);
}

static void a_child_that_exits_at_once_is_recovered(void **state) {
    (void)state;
    assert_exit(run_dying(forks_and_exits_at_once), 0);
    assert_each_once(recover(), "n", 2000);
    assert_int_equal(journals(), 0);
}

static uint32_t stop;

static void *logs_until_stopped(void *number) {
    int i = 0;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        spanlog_info("t", kv("i", i), kv("thread", *(int *)number));
        if (++i % 100 == 0)
            usleep(100);
    }
    *(int *)number = i;
    return NULL;
}

static void forks_while_everything_runs(void) {
    enum { FORKS = 100 };
    int a = 0, b = 1;
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, logs_until_stopped, &a);
    pthread_create(&threads[1], NULL, logs_until_stopped, &b);
    for (int f = 0; f < FORKS; f++) {
        spanlog_info("parent", kv("i", f));
        pid_t pid = fork();
        if (pid == 0) {
            spanlog_scope(sp, "in a child");
            spanlog_info("child", kv("i", f));
            exit(0);
        }
        int status;
        waitpid(pid, &status, 0);
        check_equal(status, 0);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("%d %d", a, b);
}

static void a_hundred_forks_of_a_busy_process_hang_and_lose_nothing(void **state) {
    (void)state;
    if (under_sanitizer())
        skip(); /* its own locks do not survive the fork of a busy process */
    with("SPANLOG_BLOCK_MS", "20000");
    struct run *run = run_child(forks_while_everything_runs);
    assert_exit(run, 0);
    assert_each_once(run, "parent", 100);
    assert_each_once(run, "child", 100);
    int a = 0, b = 0;
    assert_int_equal(sscanf(run->out, "%d %d", &a, &b), 2);
    assert_count(run, "msg", "t", (size_t)(a + b));
    assert_count(run, "operation", "in a child", 100);
    assert_count(run, "msg", "process ended", 101);
}

/* Each call is its logger's first, which asks for the level under a lock of its own. */
static void *asks_for_levels(void *unused) {
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        spanlog_logger fresh = SPANLOG_LOGGER("fresh");
        spanlog_debug_to(fresh, "off");
    }
    return unused;
}

static void forks_while_levels_are_asked_for(void) {
    pthread_t threads[2];
    spanlog_info("parent");
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, asks_for_levels, NULL);
    for (int f = 0; f < 50; f++) {
        pid_t pid = fork();
        if (pid == 0) {
            alarm(20);
            spanlog_logger fresh = SPANLOG_LOGGER("fresh");
            spanlog_info_to(fresh, "child");
            exit(0);
        }
        int status;
        waitpid(pid, &status, 0);
        check_equal(status, 0);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static void a_fork_while_levels_are_asked_for_hangs_nobody(void **state) {
    (void)state;
    if (under_sanitizer())
        skip(); /* its own locks do not survive the fork of a busy process */
    with("SPANLOG_LEVEL", "info,other=debug"); /* so that the place asks for each logger */
    struct run *run = run_child(forks_while_levels_are_asked_for);
    assert_exit(run, 0);
    assert_count(run, "msg", "child", 50);
}

static void *forks_on_a_thread(void *unused) {
    pid_t pid = fork();
    if (pid == 0) {
        log_numbers(500, 1000);
        exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    check_equal(status, 0);
    return unused;
}

static void forks_from_a_thread(void) {
    log_numbers(0, 500);
    on_thread(forks_on_a_thread, NULL);
}

static void a_thread_may_fork(void **state) {
    (void)state;
    if (under_sanitizer())
        skip(); /* in such a child it takes what the first thread's stack holds for leaks */
    struct run *run = run_child(forks_from_a_thread);
    assert_exit(run, 0);
    assert_each_once(run, "n", 1000);
}

static void forks_three_deep(void) {
    for (int depth = 0; depth < 3; depth++) {
        log_numbers(depth * 10, depth * 10 + 10);
        pid_t pid = fork();
        if (pid != 0) {
            int status;
            waitpid(pid, &status, 0);
            exit(status != 0);
        }
    }
    log_numbers(30, 40);
}

static void a_grandchild_logs_too(void **state) {
    (void)state;
    if (under_sanitizer())
        skip(); /* as above: the back is at work when the child forks */
    struct run *run = run_child(forks_three_deep);
    assert_exit(run, 0);
    assert_each_once(run, "n", 40);
    assert_count(run, "msg", "process ended", 4);
}

static void forks_and_execs(void) {
    log_numbers(0, 1000);
    pid_t pid = fork();
    if (pid == 0) {
        log_numbers(1000, 1001);
        execl("/bin/sh", "sh", "-c", "ls -l /proc/self/fd | grep -c journal > leaked; exit 3",
              (char *)NULL);
        _exit(1);
    }
    int status;
    waitpid(pid, &status, 0);
    check_equal(WEXITSTATUS(status), 3);
}

static void an_exec_keeps_nothing_open_and_loses_nothing(void **state) {
    (void)state;
    assert_exit(run_child(forks_and_execs), 0);
    struct run *run = recover();
    assert_each_once(run, "n", 1001);
    assert_string_equal(run_command("cat leaked")->out, "0\n");
}

static void execs_itself(void) {
    log_numbers(0, 1000);
    execl("/bin/true", "true", (char *)NULL);
}

static void what_was_logged_before_an_exec_is_recovered(void **state) {
    (void)state;
    assert_exit(run_dying(execs_itself), 0);
    assert_each_once(recover(), "n", 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(a_child_logs_with_its_parents_ids_and_its_own_pid),
        sentence(a_fork_during_the_first_record_hangs_nobody),
        sentence(a_fork_while_another_thread_opens_a_log_hangs_nobody),
        sentence(a_fork_while_another_thread_reads_the_memory_output_hangs_nobody),
        sentence(a_fork_while_another_thread_uses_a_table_of_handles_hangs_nobody),
        sentence(a_child_that_exits_at_once_is_recovered),
        sentence(a_hundred_forks_of_a_busy_process_hang_and_lose_nothing),
        sentence(a_fork_while_levels_are_asked_for_hangs_nobody),
        sentence(a_thread_may_fork),
        sentence(a_grandchild_logs_too),
        sentence(an_exec_keeps_nothing_open_and_loses_nothing),
        sentence(what_was_logged_before_an_exec_is_recovered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
