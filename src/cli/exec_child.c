/* cli/exec_child.c: the life of the command that `spanlog exec` runs. See exec.h.
 *
 * Every signal that can be passed on is blocked and waited for, so none comes between two steps.
 * The command stays in our process group: what the terminal sends to the group it has got already.
 */
#include "src/cli/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 5000 /* for what was killed to be gone */

static void passed_on(sigset_t *ret_set) {
    /* Faults come to who made them; nothing else may be done with the last two. */
    static const int others[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL,  SIGABRT,
                                 SIGTRAP, SIGSYS, SIGPIPE, SIGKILL, SIGSTOP};
    sigfillset(ret_set);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        sigdelset(ret_set, others[i]);
}

void exec_take_signals(struct exec_signals *before) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t set;
    passed_on(&set);
    sigprocmask(SIG_BLOCK, &set, &before->mask);
    /* Where it is ignored, children vanish without a status. */
    sigaction(SIGCHLD, &standard, &before->child);
}

/* ---- start ---------------------------------------------------------------------------------- */

static void run(char **command, const struct exec_signals *before, int report) {
    sigaction(SIGCHLD, &before->child, NULL);
    sigprocmask(SIG_SETMASK, &before->mask, NULL);
    execvp(command[0], command);
    int error = errno;
    if (write(report, &error, sizeof error) < 0)
        _exit(126);
    _exit(error == ENOENT ? 127 : 126);
}

int exec_spawn(struct exec_child *child, char **command, const struct exec_signals *before) {
    int report[2]; /* closed by a successful exec */
    *child = (struct exec_child){.pid = -1};
    if (pipe2(report, O_CLOEXEC) != 0)
        return -errno;
    child->pid = fork();
    int error = child->pid < 0 ? -errno : 0;
    if (child->pid == 0)
        run(command, before, report[1]);
    close(report[1]);
    while (error == 0 && read(report[0], &child->exec_error, sizeof(int)) < 0 && errno == EINTR) {
    }
    close(report[0]);
    return error;
}

/* ---- reaping -------------------------------------------------------------------------------- */

/* Ctrl-Z has stopped the command; our shell waits for us to stop too. */
static void stop_with(const struct exec_child *child, int signal) {
    bool job_control = signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
    if (!job_control || getpid() == 1)
        return;
    raise(SIGSTOP);
    kill(child->pid, SIGCONT);
}

/* True: there was something to reap. */
static bool reap_one(struct exec_child *child, int options) {
    struct rusage usage;
    int status;
    pid_t pid = wait4(-1, &status, options, &usage);
    if (pid <= 0)
        return false;
    if (WIFSTOPPED(status)) {
        if (pid == child->pid)
            stop_with(child, WSTOPSIG(status));
    } else if (pid == child->pid) {
        child->ended = true;
        child->status = status;
        child->usage = usage;
    } else {
        child->reaped[child->reaped_count++ % EXEC_MOST_REAPED] = pid;
    }
    return true;
}

/* ---- signals -------------------------------------------------------------------------------- */

/* The terminal sends to the whole group, and so to the command; but the end of the terminal it
 * tells the session's leader only. */
static bool command_has_it(const siginfo_t *info) {
    if (info->si_code != SI_KERNEL)
        return false;
    return !(info->si_signo == SIGHUP && getsid(0) == getpid());
}

void exec_wait(struct exec_child *child) {
    sigset_t set;
    siginfo_t info;
    passed_on(&set);
    for (;;) {
        /* First look, then wait: a signal that was pending before is not lost on us. */
        while (!child->ended && reap_one(child, WNOHANG | WUNTRACED)) {
        }
        if (child->ended)
            return;
        if (sigwaitinfo(&set, &info) < 0)
            continue;
        if (info.si_signo != SIGCHLD && !command_has_it(&info))
            kill(child->pid, info.si_signo);
    }
}

void exec_end_others(struct exec_child *child) {
    sigset_t only;
    struct timespec moment = {0, 20000000};
    sigemptyset(&only);
    sigaddset(&only, SIGCHLD);
    kill(-1, SIGKILL);
    for (int left = PATIENCE_MS; left > 0; left -= 20) {
        while (reap_one(child, WNOHANG)) {
        }
        if (kill(-1, 0) != 0)
            return; /* nobody else */
        sigtimedwait(&only, NULL, &moment);
    }
}
