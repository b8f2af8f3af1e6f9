/* process/watch.c: how a process may end: exit, fatal signals, and fork, which begins another.
 *
 * A fatal signal that the program does not handle: the handler wakes the back, waits at most a
 * tenth of a second for it and lets the signal take its course, so that the last lines are out
 * while exit status and core dump are as without us. SIGKILL and _exit leave the journal to
 * recovery.
 */
#include "src/process/process.h"

#include "src/back/back.h"

#include <pthread.h>
#include <string.h>

#define LAST_WORDS_MS 100
#define EXIT_MS 2000

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL, SIGABRT, SIGSYS, SIGTRAP,
                                    SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGPIPE, SIGXCPU};

/* A fault raised by an instruction comes again when the handler returns; one that was sent does
 * not. */
static bool comes_again(int number, const siginfo_t *info) {
    bool fault = number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL;
    return fault && info->si_code > 0;
}

static void on_fatal_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    int saved = errno;
    struct sigaction original = {.sa_handler = SIG_DFL};
    sigaction(number, &original, NULL);
    if (process.state == PROCESS_RUNNING && !process.sync && !back_is_self())
        back_flush(LAST_WORDS_MS);
    if (!comes_again(number, info))
        syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), number);
    errno = saved;
}

static void watch_signals(void) {
    for (size_t i = 0; i < sizeof fatal_signals / sizeof *fatal_signals; i++) {
        struct sigaction now;
        if (sigaction(fatal_signals[i], NULL, &now) != 0 || (now.sa_flags & SA_SIGINFO) != 0 ||
            now.sa_handler != SIG_DFL)
            continue;
        struct sigaction ours = {.sa_sigaction = on_fatal_signal,
                                 .sa_flags = SA_SIGINFO | SA_ONSTACK};
        sigemptyset(&ours.sa_mask);
        sigaction(fatal_signals[i], &ours, NULL);
    }
}

void process_watch(bool signals) {
    static bool watched;
    if (watched)
        return;
    watched = true;
    if (signals)
        watch_signals();
}

/* Before anything can start: a fork while another thread is at the very first record would leave
 * the child with a lock that nobody gives back. */
__attribute__((constructor)) static void watch_forks(void) {
    pthread_atfork(process_before_fork, process_after_fork_parent, process_after_fork_child);
}

/* After main's return and exit's handlers; with network outputs, as the last of these that was
 * asked for. */
__attribute__((destructor)) void process_at_exit(void) {
    process_end(EXIT_MS, true);
}
