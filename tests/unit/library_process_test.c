/* tests/unit/library_process_test.c: how a process may end, and load what: nothing is lost,
 * nothing is written twice, and the status is as without the library. */
#include "tests/unit/library_numbers.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>

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

/* Of a process that has a tenth of a second for its last words: whether that was enough. */
static bool dies_and_loses_nothing(void (*body)(void), int signal) {
    allow_torn_tail(true);
    struct run *run = run_child(body);
    allow_torn_tail(false);
    assert_signal(run, signal);
    size_t lines = run->count;
    bool is_whole = count_lines(run, "msg", "n") == 3000;
    run = recover();
    assert_each_once(run, "n", 3000);
    if (is_whole)
        assert_int_equal(run->count, lines);
    return is_whole;
}

static void a_fatal_signal_has_its_way_and_the_last_lines_are_out(void **state) {
    (void)state;
    static const struct {
        void (*body)(void);
        int signal;
    } ways[] = {{faults, SIGSEGV}, {aborts, SIGABRT}, {is_terminated, SIGTERM}};
    for (size_t i = 0; i < 3; i++) {
        if (under_sanitizer() && ways[i].signal != SIGTERM)
            continue;          /* which takes these signals itself */
        bool is_whole = false; /* without recovery */
        for (int tries = 0; tries < 5 && !is_whole; tries++)
            is_whole = dies_and_loses_nothing(ways[i].body, ways[i].signal);
        assert_true(is_whole);
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

static void *is_cancelled(void *unused) {
    pthread_cancel(pthread_self()); /* comes where the thread may wait next: files, poll */
    log_numbers(0, 10);
    pthread_testcancel();
    spanlog_info("not reached");
    return unused;
}

static void cancels_a_thread(void) {
    alarm(20);
    on_thread(is_cancelled, NULL);
    log_numbers(10, 20);
}

static void a_cancelled_thread_finishes_its_record_and_keeps_no_lock(void **state) {
    (void)state;
    if (under_sanitizer() && !under_thread_sanitizer())
        return; /* clang's address sanitizer does not survive it, without us either */
    for (int sync = 0; sync < 2; sync++) {
        with("SPANLOG_SYNC", sync ? "1" : NULL);
        struct run *run = run_child(cancels_a_thread);
        assert_exit(run, 0);
        assert_each_once(run, "n", 20);
        assert_count(run, "msg", "not reached", 0);
    }
}

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

typedef void plugin_says(int number);

static plugin_says *open_plugin(const char *path, void **ret_library) {
    *ret_library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (*ret_library == NULL)
        fprintf(stderr, "%s\n", dlerror());
    check(*ret_library != NULL);
    plugin_says *say = (plugin_says *)(uintptr_t)dlsym(*ret_library, "plugin_says");
    check(say != NULL);
    return say;
}

static void load_and_unload(const char *path) {
    void *library;
    for (int i = 0; i < 100; i++) {
        open_plugin(path, &library)(i);
        check_equal(dlclose(library), 0);
    }
}

static void loads_and_unloads(void) {
    load_and_unload(PLUGIN);
}

static void call_sites_of_unloaded_libraries_are_still_written(void **state) {
    (void)state;
    struct run *run = run_child(loads_and_unloads);
    assert_exit(run, 0);
    assert_each_once(run, "from a plugin", 100);
    assert_count(run, "operation", "plugin's", 100);
    assert_count(run, "msg", "printed 42", 100);
}

struct caller {
    plugin_says *say;
    int said, closed;
};

static void *outlives_the_plugin(void *arg) {
    struct caller *caller = arg;
    caller->say(100);
    __atomic_store_n(&caller->said, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&caller->closed, __ATOMIC_ACQUIRE) == 0)
        sleep_ms(1);
    return NULL;
}

/* Its thread, its handlers of signals and of the ends of threads are there after the dlclose. */
static void loads_and_unloads_it_beside_its_own(void) {
    struct caller caller = {.said = 0};
    pthread_t thread;
    void *library;
    load_and_unload(PLUGIN_STATIC);
    caller.say = open_plugin(PLUGIN_STATIC, &library);
    check_equal(pthread_create(&thread, NULL, outlives_the_plugin, &caller), 0);
    while (__atomic_load_n(&caller.said, __ATOMIC_ACQUIRE) == 0)
        sleep_ms(1);
    check_equal(dlclose(library), 0);
    __atomic_store_n(&caller.closed, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    spanlog_info("after");
}

static void a_plugin_with_a_library_of_its_own_may_be_closed(void **state) {
    (void)state;
    struct run *run = run_child(loads_and_unloads_it_beside_its_own);
    assert_exit(run, 0);
    assert_each_once(run, "from a plugin", 101);
    assert_count(run, "operation", "plugin's", 101);
    assert_count(run, "msg", "after", 1);
    assert_int_equal(journals(), 0);
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
        sentence(rings_of_ended_threads_are_used_again),
        sentence(a_cancelled_thread_finishes_its_record_and_keeps_no_lock),
        sentence(threads_without_a_ring_share_one),
        sentence(with_sync_a_record_is_in_the_file_when_the_call_returns),
        sentence(with_sync_threads_take_turns),
        sentence(without_a_journal_callers_write_and_it_is_said_once),
        sentence(call_sites_of_unloaded_libraries_are_still_written),
        sentence(a_plugin_with_a_library_of_its_own_may_be_closed),
        sentence(the_library_itself_may_be_opened_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
