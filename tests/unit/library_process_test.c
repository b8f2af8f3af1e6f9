/* tests/unit/library_process_test.c: how a process may end, fork, and load: nothing is lost,
 * nothing is written twice, and the status is as without the library. */
#include "tests/unit/library_check.h"

#include <spanlog/syslog.h>

#include "src/integrations/table.h"

#include <dlfcn.h>
#include <spanlog/memory.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

static void log_numbers(int from, int to) {
    for (int i = from; i < to; i++)
        spanlog_info("n", kv("i", i));
}

/* Every number below `most` stands once among the lines of that message. */
static void assert_each_once(const struct run *run, const char *message, int most) {
    char *seen = calloc((size_t)most + 1, 1);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"msg\":\"%s\"", message);
    for (size_t l = 0; l < run->count; l++) {
        const char *at = strstr(run->lines[l], ",\"i\":");
        if (strstr(run->lines[l], wanted) == NULL || at == NULL)
            continue;
        long number = strtol(at + 5, NULL, 10);
        if (number < 0 || number >= most || seen[number]++ != 0)
            fail_msg("%ld stands twice, or was never logged", number);
    }
    for (int i = 0; i < most; i++) {
        if (!seen[i])
            fail_msg("%d of %d is missing in %zu lines; stderr: %.500s", i, most, run->count,
                     run->err);
    }
    free(seen);
}

static unsigned journals(void) {
    char path[200];
    snprintf(path, sizeof path, "%s/journals", run_directory());
    return count_files(path, ".journal");
}

/* A run that dies without an end. */
static struct run *run_dying(void (*body)(void)) {
    allow_torn_tail(true);
    struct run *run = run_child(body);
    allow_torn_tail(false);
    return run;
}

static struct run *recover(void) {
    struct run *run = run_command("'%s' recover --dir journals", SPANLOG_TOOL);
    assert_exit(run, 0);
    return run;
}

/* ---- the end ------------------------------------------------------------------------------- */

static void exits(void) {
    log_numbers(0, 3000);
    exit(7);
}

static void an_exit_loses_nothing(void **state) {
    (void)state;
    struct run *run = run_child(exits);
    assert_exit(run, 7);
    assert_each_once(run, "n", 3000);
    assert_count(run, "msg", "process ended", 1);
    assert_int_equal(journals(), 0);
}

static void exits_at_once(void) {
    spanlog_scope(sp, "open", kv("k", 1));
    log_numbers(0, 3000);
    _exit(8);
}

static void what_exit_at_once_leaves_is_recovered(void **state) {
    (void)state;
    assert_exit(run_dying(exits_at_once), 8);
    assert_int_equal(journals(), 1);
    struct run *run = recover();
    assert_each_once(run, "n", 3000);
    assert_count(run, "msg", "span abandoned", 1);
    assert_field(need_line(run, "operation", "open"), "k", "1");
    assert_int_equal(journals(), 0);
    assert_int_equal(recover()->count, run->count);
}

static void logs_one(void) {
    spanlog_info("next start");
    sleep_ms(50);
}

static void the_next_start_writes_what_the_last_one_left(void **state) {
    (void)state;
    run_dying(exits_at_once);
    struct run *run = run_again(logs_one);
    assert_each_once(run, "n", 3000);
    assert_count(run, "msg", "next start", 1);
    assert_int_equal(journals(), 0);
}

static void another_service_leaves_the_journal_alone(void **state) {
    (void)state;
    run_dying(exits_at_once);
    with("SERVICE_NAME", "another");
    run_again(logs_one);
    assert_int_equal(journals(), 1);
    assert_each_once(recover(), "n", 3000);
}

static void logs_at_exit(void) {
    spanlog_info("at exit");
}

__attribute__((destructor)) static void logs_in_a_destructor(void) {
    if (getenv("LOG_IN_DESTRUCTOR") != NULL)
        spanlog_info("in a destructor");
}

static void registers_exit_handlers(void) {
    atexit(logs_at_exit);
    spanlog_info("one");
    atexit(logs_at_exit);
}

static void exit_handlers_and_destructors_may_log(void **state) {
    (void)state;
    with("LOG_IN_DESTRUCTOR", "1");
    struct run *run = run_child(registers_exit_handlers);
    assert_exit(run, 0);
    assert_count(run, "msg", "at exit", 2);
    assert_count(run, "msg", "in a destructor", 1);
}

/* ---- signals ------------------------------------------------------------------------------- */

static void faults(void) {
    log_numbers(0, 3000);
    char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(volatile char *)page = 1;
}
static void aborts(void) {
    log_numbers(0, 3000);
    abort();
}
static void is_terminated(void) {
    log_numbers(0, 3000);
    kill(getpid(), SIGTERM);
    sleep_ms(5000);
}
static void is_killed(void) {
    log_numbers(0, 3000);
    kill(getpid(), SIGKILL);
}

static void a_fatal_signal_has_its_way_and_the_last_lines_are_out(void **state) {
    (void)state;
    static const struct {
        void (*body)(void);
        int signal;
    } ways[] = {{faults, SIGSEGV}, {aborts, SIGABRT}, {is_terminated, SIGTERM}};
    for (size_t i = 0; i < 3; i++) {
        if (under_sanitizer() && ways[i].signal != SIGTERM)
            continue; /* which takes these signals itself */
        struct run *run = run_child(ways[i].body);
        assert_signal(run, ways[i].signal);
        assert_each_once(run, "n", 3000); /* without recovery */
        assert_int_equal(recover()->count, run->count);
    }
}

static void without_handlers_a_signal_leaves_it_to_recovery(void **state) {
    (void)state;
    static void (*const bodies[])(void) = {is_killed, is_terminated};
    for (size_t i = 0; i < 2; i++) {
        with("SPANLOG_SIGNAL_HANDLERS", "0");
        assert_signal(run_dying(bodies[i]), i == 0 ? SIGKILL : SIGTERM);
        assert_each_once(recover(), "n", 3000);
        assert_int_equal(journals(), 0);
    }
}

static volatile sig_atomic_t handled;

static void handles(int number) {
    handled = number;
    spanlog_warn("handled", kv("signal", number));
}

static void handles_its_own_signals(void) {
    signal(SIGTERM, handles);
    spanlog_info("one");
    raise(SIGTERM);
    check_equal(handled, SIGTERM);
    signal(SIGUSR1, handles);
    raise(SIGUSR1);
    check_equal(handled, SIGUSR1);
}

static void a_programs_own_handlers_stay(void **state) {
    (void)state;
    struct run *run = run_child(handles_its_own_signals);
    assert_exit(run, 0);
    assert_count(run, "msg", "handled", 2);
}

static volatile int storms;

static void storm(int number) {
    (void)number;
    int saved = errno;
    spanlog_scope(sp, "storm");
    spanlog_warn("storm", kv("i", storms));
    storms++;
    errno = saved;
}

static void logs_in_a_storm(void) {
    struct sigaction action = {.sa_handler = storm, .sa_flags = SA_RESTART};
    struct itimerval often = {.it_interval = {.tv_usec = 100}, .it_value = {.tv_usec = 100}},
                     never = {{0, 0}, {0, 0}};
    static char text[300];
    memset(text, 't', sizeof text - 1);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    double start = now_seconds();
    int n = 0;
    while (now_seconds() - start < 1 && n < 200000) {
        for (int i = 0; i < 10; i++) {
            spanlog_scope(sp, "step", kv("i", n));
            spanlog_set(&sp, kv("t", text));
            spanlog_info("n", kv("i", n++), kv("t", text));
        }
        usleep(10);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    check_equal(spanlog_flush(20000), 0);
    printf("%d %d", n, storms);
}

static void signal_handlers_may_log_inside_log_calls(void **state) {
    (void)state;
    with("SPANLOG_BLOCK_MS", "20000");
    struct run *run = run_child(logs_in_a_storm);
    assert_exit(run, 0);
    int numbers = 0, handlers = 0;
    assert_int_equal(sscanf(run->out, "%d %d", &numbers, &handlers), 2);
    print_message("%d records, %d from the handler\n", numbers, handlers);
    assert_true(handlers > 50);
    assert_each_once(run, "n", numbers);
    assert_each_once(run, "storm", handlers);
    assert_count(run, "operation", "step", (size_t)numbers);
    assert_count(run, "operation", "storm", (size_t)handlers);
}

/* ---- fork ---------------------------------------------------------------------------------- */

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

static volatile bool forks_are_over;

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
    forks_are_over = true;
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
    while (!forks_are_over)
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
    while (!forks_are_over)
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
    while (!forks_are_over)
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

/* ---- threads ------------------------------------------------------------------------------- */

static void *logs_once(void *number) {
    spanlog_info("n", kv("i", (int)(intptr_t)number));
    return NULL;
}

static void runs_short_threads(void) {
    for (int i = 0; i < 500; i++) {
        on_thread(logs_once, (void *)(intptr_t)i);
        if (i % 20 == 19) /* a ring is free once it has been read */
            check_equal(spanlog_flush(5000), 0);
    }
    struct stat status;
    char path[300];
    snprintf(path, sizeof path, "cp journals/*.journal last && wc -c < last");
    check_equal(system(path), 0);
    check_equal(stat("last", &status), 0);
    check(status.st_size < (8 << 20)); /* rings are used again */
}

static void rings_of_ended_threads_are_used_again(void **state) {
    (void)state;
    struct run *run = run_child(runs_short_threads);
    assert_exit(run, 0);
    assert_each_once(run, "n", 500);
}

static pthread_barrier_t all_there;

static void *logs_among_many(void *number) {
    spanlog_info("n", kv("i", (int)(intptr_t)number));
    pthread_barrier_wait(&all_there);
    spanlog_info("again", kv("i", (int)(intptr_t)number));
    return NULL;
}

static void runs_more_threads_than_rings(void) {
    enum { THREADS = 400 };
    static pthread_t threads[THREADS];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    pthread_barrier_init(&all_there, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        check_equal(pthread_create(&threads[i], &small, logs_among_many, (void *)(intptr_t)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void threads_without_a_ring_share_one(void **state) {
    (void)state;
    struct run *run = run_child(runs_more_threads_than_rings);
    assert_exit(run, 0);
    assert_each_once(run, "n", 400);
    assert_each_once(run, "again", 400);
    for (int i = 0; i < 400; i++) { /* each still says which thread it was */
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        assert_field(find_line(run, "i", number, 1), "tid",
                     field(find_line(run, "i", number, 0), "tid"));
    }
}

/* ---- without a journal --------------------------------------------------------------------- */

static void logs_synchronously(void) {
    for (int i = 0; i < 20; i++) {
        spanlog_info("n", kv("i", i));
        char expected[32], line[2000], last[2000] = "";
        FILE *file = fopen("log.jsonl", "r");
        check(file != NULL);
        while (fgets(line, sizeof line, file) != NULL)
            strcpy(last, line);
        fclose(file);
        snprintf(expected, sizeof expected, "\"i\":%d}", i);
        check(strstr(last, expected) != NULL); /* before the call has returned */
    }
    check_equal(spanlog_flush(0), 0);
}

static void with_sync_a_record_is_in_the_file_when_the_call_returns(void **state) {
    (void)state;
    with("SPANLOG_SYNC", "1");
    struct run *run = run_child(logs_synchronously);
    assert_exit(run, 0);
    assert_string_equal(run->err, "");
    assert_each_once(run, "n", 20);
    assert_count(run, "msg", "process ended", 1);
    assert_int_equal(journals(), 0);
}

static void *logs_a_thousand(void *number) {
    int first = (int)(intptr_t)number * 1000;
    log_numbers(first, first + 1000);
    return NULL;
}

static void logs_synchronously_on_threads(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, logs_a_thousand, (void *)(intptr_t)i);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void with_sync_threads_take_turns(void **state) {
    (void)state;
    with("SPANLOG_SYNC", "1");
    struct run *run = run_child(logs_synchronously_on_threads);
    assert_exit(run, 0);
    assert_each_once(run, "n", 4000);
}

static void without_a_journal_callers_write_and_it_is_said_once(void **state) {
    (void)state;
    static const char *const places[] = {"/proc/version/below", "/nowhere/at/all"};
    for (size_t i = 0; i < 2; i++) {
        with("SPANLOG_JOURNAL_DIR", places[i]);
        struct run *run = run_child(logs_synchronously);
        assert_exit(run, 0);
        assert_says(run->err, "records are written by their callers", 1);
        assert_says(run->err, places[i], 1);
        assert_says(run->err, "\n", 1);
        assert_each_once(run, "n", 20);
    }
}

/* ---- call sites that come and go ----------------------------------------------------------- */

static void loads_and_unloads(void) {
    for (int i = 0; i < 100; i++) {
        void *library = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
        if (library == NULL)
            fprintf(stderr, "%s\n", dlerror());
        check(library != NULL);
        void (*say)(int) = (void (*)(int))(uintptr_t)dlsym(library, "plugin_says");
        check(say != NULL);
        say(i);
        check_equal(dlclose(library), 0);
    }
}

static void call_sites_of_unloaded_libraries_are_still_written(void **state) {
    (void)state;
    struct run *run = run_child(loads_and_unloads);
    assert_exit(run, 0);
    assert_each_once(run, "from a plugin", 100);
    assert_count(run, "operation", "plugin's", 100);
    assert_count(run, "msg", "printed 42", 100);
}

static void loads_the_library(void) {
    for (int i = 0; i < 20; i++) {
        void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
        check(library != NULL);
        check_equal(dlclose(library), 0);
    }
    spanlog_info("one");
}

static void the_library_itself_may_be_opened_and_closed(void **state) {
    (void)state;
    struct run *run = run_child(loads_the_library);
    assert_exit(run, 0);
    assert_count(run, "msg", "one", 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(an_exit_loses_nothing),
        sentence(what_exit_at_once_leaves_is_recovered),
        sentence(the_next_start_writes_what_the_last_one_left),
        sentence(another_service_leaves_the_journal_alone),
        sentence(exit_handlers_and_destructors_may_log),
        sentence(a_fatal_signal_has_its_way_and_the_last_lines_are_out),
        sentence(without_handlers_a_signal_leaves_it_to_recovery),
        sentence(a_programs_own_handlers_stay),
        sentence(signal_handlers_may_log_inside_log_calls),
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
        sentence(rings_of_ended_threads_are_used_again),
        sentence(threads_without_a_ring_share_one),
        sentence(with_sync_a_record_is_in_the_file_when_the_call_returns),
        sentence(with_sync_threads_take_turns),
        sentence(without_a_journal_callers_write_and_it_is_said_once),
        sentence(call_sites_of_unloaded_libraries_are_still_written),
        sentence(the_library_itself_may_be_opened_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
