/* cli/exec.h: the parts of `spanlog exec`: what it is told (exec.c), what the command's environment
 * becomes (exec_setup.c), the command's life (exec_child.c), and the logs of those that died
 * (exec_finish.c).
 *
 *     exec_setup(&job);
 *     exec_spawn(&child, job.command, &before);
 *     exec_wait(&child);
 *     exec_finish_logs(&child);
 */
#ifndef SPANLOG_CLI_EXEC_H
#define SPANLOG_CLI_EXEC_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <spanlog/spanlog.h>

struct exec_job {
    const char *name;   /* of the span; the command's last component */
    const char *output; /* of -o, or NULL */
    bool preload;
    char **command; /* ends with NULL */
};

/* Settles where the lines go, for us and for all below, and the preloaded library. Returns -1, or
 * the exit status after an error that was said. */
int exec_setup(const struct exec_job *job);

/* How signals were when we were started, and are again in the command. */
struct exec_signals {
    sigset_t mask;
    struct sigaction child; /* of SIGCHLD */
};

#define EXEC_MOST_REAPED 64

struct exec_child {
    pid_t pid;
    bool ended;
    int status; /* as waitpid's */
    struct rusage usage;
    int exec_error; /* 0, or why there was no command to run */
    pid_t reaped[EXEC_MOST_REAPED];
    uint32_t reaped_count; /* others that ended here: we are their init */
};

/* Blocks what exec_wait waits for. Before any thread is started. */
void exec_take_signals(struct exec_signals *ret_before);
/* Returns 0 or -errno; what hinders the command itself is in child->exec_error. */
int exec_spawn(struct exec_child *ret_child, char **command, const struct exec_signals *before);
/* Passes signals on and reaps until the command has ended. */
void exec_wait(struct exec_child *child);
/* Of pid 1: the kernel would kill who is left when we go. We do, so that their logs can be
 * finished. */
void exec_end_others(struct exec_child *child);

/* Writes what descendants that were killed left in their journals, and a line about each. */
void exec_finish_logs(const struct exec_child *child);

#endif
