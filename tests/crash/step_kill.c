/* tests/crash/step_kill.c: kills a program at a chosen step of one of its threads.
 *
 *     $ step_kill back-calls 7 crash_writer /tmp/x.ack run 1 1
 *     killed at entry of write
 *
 * The program logs untouched until it has acknowledged records (its second word is the file of
 * acknowledged.h); then the thread is stopped, led on, and the whole process killed:
 *
 *     back-calls N         at the N-th stop of the thread "spanlog", each system call having two
 *     back-writes N        at the entry of its N-th write
 *     back-instructions N  N instructions after the first write of that thread returned
 *     front-instructions N N instructions on, wherever the main thread was when it was stopped
 *     start-calls N        at the N-th stop of the main thread, from its first instruction on; also
 *                          for programs that do not acknowledge anything (recovery itself)
 *     start-changes N      the same at the entry of its N-th call that changes a file or a folder
 *
 * Status: 0 killed there; 3 it ended before; 2 an error of this program.
 */
#include "acknowledged.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ENDED = 3, WARM_RECORDS = 2000, PATIENCE_MS = 10000 };

static pid_t process;
static uint64_t last_call;

static void fail(const char *what) {
    fprintf(stderr, "step_kill: %s: %s\n", what, strerror(errno));
    if (process > 0)
        kill(process, SIGKILL);
    exit(2);
}

static void sleep_ms(long ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* ---- the program ---------------------------------------------------------------------------- */

static void start(char **command, bool traced) {
    process = fork();
    if (process < 0)
        fail("fork");
    if (process == 0) {
        if (traced)
            ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execv(command[0], command);
        _exit(127);
    }
}

static bool has_ended(void) {
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == process;
}

static void wait_until_logging(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *memory = mmap(NULL, sizeof(struct acknowledged_file), PROT_READ, MAP_SHARED, fd, 0);
    if (fd < 0 || memory == MAP_FAILED)
        fail(path);
    const struct acknowledged_file *file = memory;
    for (int ms = 0; ms < PATIENCE_MS; ms++) {
        if (__atomic_load_n(&file->slots[0].records, __ATOMIC_RELAXED) >= WARM_RECORDS)
            return;
        if (has_ended())
            break;
        sleep_ms(1);
    }
    errno = ETIMEDOUT;
    fail("the program does not log");
}

/* The thread of the process with that name, or 0. */
static pid_t find_thread(const char *name) {
    char path[300], comm[64] = "";
    pid_t found = 0;
    snprintf(path, sizeof path, "/proc/%d/task", process);
    DIR *tasks = opendir(path);
    for (struct dirent *entry; tasks != NULL && found == 0 && (entry = readdir(tasks)) != NULL;) {
        snprintf(path, sizeof path, "/proc/%d/task/%s/comm", process, entry->d_name);
        FILE *f = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
        if (f == NULL)
            continue;
        if (fgets(comm, sizeof comm, f) != NULL && strcmp(strtok(comm, "\n"), name) == 0)
            found = (pid_t)atoi(entry->d_name);
        fclose(f);
    }
    if (tasks != NULL)
        closedir(tasks);
    return found;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* Leads the thread to its next stop. Returns false when it has ended. */
static bool step(pid_t thread, enum __ptrace_request how) {
    int status = 0, signal_number = 0;
    for (;;) {
        if (ptrace(how, thread, NULL, (void *)(intptr_t)signal_number) < 0)
            return false;
        if (waitpid(thread, &status, __WALL) < 0 || !WIFSTOPPED(status))
            return false;
        int stop = WSTOPSIG(status);
        if (how == PTRACE_SYSCALL ? stop == (SIGTRAP | 0x80) : stop == SIGTRAP)
            return true;
        /* A stop that is not ours: a signal, which is handed on, or an event, which is not. */
        signal_number = status >> 16 != 0 || stop == SIGTRAP ? 0 : stop;
    }
}

static void stop_thread(pid_t thread) {
    int status = 0;
    if (ptrace(PTRACE_SEIZE, thread, NULL, (void *)(intptr_t)PTRACE_O_TRACESYSGOOD) < 0 ||
        ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) < 0 || waitpid(thread, &status, __WALL) < 0)
        fail("attach");
}

/* Remembers the call at its entry. Returns whether this is one's exit. */
static bool note_call(pid_t thread) {
    struct __ptrace_syscall_info info = {0};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof info, &info) < 0)
        fail("system call info");
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
        last_call = info.entry.nr;
    return info.op == PTRACE_SYSCALL_INFO_EXIT;
}

static const char *call_name(uint64_t number) {
    static const struct {
        uint64_t number;
        const char *name;
    } names[] = {{SYS_write, "write"},
                 {SYS_pwrite64, "pwrite"},
                 {SYS_writev, "writev"},
                 {SYS_futex, "futex"},
                 {SYS_fcntl, "fcntl"},
                 {SYS_fstat, "fstat"},
                 {SYS_newfstatat, "fstatat"},
                 {SYS_statx, "statx"},
                 {SYS_membarrier, "membarrier"},
                 {SYS_clock_nanosleep, "clock_nanosleep"},
                 {SYS_ftruncate, "ftruncate"},
                 {SYS_lseek, "lseek"},
                 {SYS_pread64, "pread"},
                 {SYS_openat, "openat"},
                 {SYS_unlink, "unlink"},
                 {SYS_rename, "rename"},
                 {SYS_renameat, "renameat"},
                 {SYS_fchmod, "fchmod"},
                 {SYS_fchown, "fchown"},
                 {SYS_utimensat, "utimensat"},
                 {SYS_fsync, "fsync"},
                 {SYS_mmap, "mmap"},
                 {SYS_munmap, "munmap"},
                 {SYS_close, "close"},
                 {SYS_read, "read"},
                 {SYS_rt_sigprocmask, "sigprocmask"},
                 {SYS_gettid, "gettid"},
                 {SYS_fallocate, "fallocate"},
                 {SYS_madvise, "madvise"},
                 {SYS_unlinkat, "unlinkat"}};
    static char other[32];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].number == number)
            return names[i].name;
    snprintf(other, sizeof other, "call %llu", (unsigned long long)number);
    return other;
}

static bool is_write(uint64_t number) {
    return number == SYS_write || number == SYS_pwrite64 || number == SYS_writev ||
           number == SYS_pwritev || number == SYS_pwritev2;
}

/* Between two of these, no other process sees anything new. What is printed is no change. */
static bool is_change(const struct __ptrace_syscall_info *info) {
    static const uint64_t numbers[] = {
#ifdef SYS_rename
        SYS_rename,    SYS_unlink,    SYS_link,      SYS_mkdir,    SYS_rmdir,
#endif
        SYS_renameat,  SYS_renameat2, SYS_unlinkat,  SYS_linkat,   SYS_mkdirat,
        SYS_fchmod,    SYS_fchmodat,  SYS_fchown,    SYS_fchownat, SYS_utimensat,
        SYS_ftruncate, SYS_fsync,     SYS_fdatasync, SYS_sendfile, SYS_copy_file_range,
        SYS_fallocate};
    uint64_t number = info->entry.nr;
    if (number == SYS_openat)
        return (info->entry.args[2] & (O_CREAT | O_TRUNC)) != 0;
    if (is_write(number))
        return info->entry.args[0] > STDERR_FILENO;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static bool step_changes(pid_t thread, long count) {
    while (count > 0) {
        struct __ptrace_syscall_info info = {0};
        if (!step(thread, PTRACE_SYSCALL))
            return false;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof info, &info) < 0)
            fail("system call info");
        if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !is_change(&info))
            continue;
        last_call = info.entry.nr;
        count--;
    }
    printf("killed at entry of %s\n", call_name(last_call));
    return true;
}

static bool step_calls(pid_t thread, long count) {
    bool is_exit = false;
    for (long i = 0; i < count; i++) {
        if (!step(thread, PTRACE_SYSCALL))
            return false;
        is_exit = note_call(thread);
    }
    printf("killed at %s of %s\n", is_exit ? "exit" : "entry", call_name(last_call));
    return true;
}

static bool step_to_write(pid_t thread, bool exit_wanted) {
    bool is_exit;
    do {
        if (!step(thread, PTRACE_SYSCALL))
            return false;
        is_exit = note_call(thread);
    } while (is_exit != exit_wanted || !is_write(last_call));
    return true;
}

static bool step_writes(pid_t thread, long count) {
    for (long i = 0; i < count; i++)
        if (!step_to_write(thread, false))
            return false;
    printf("killed at entry of write number %ld\n", count);
    return true;
}

static bool step_instructions(pid_t thread, long count, const char *since) {
    for (long i = 0; i < count; i++)
        if (!step(thread, PTRACE_SINGLESTEP))
            return false;
    printf("killed %ld instructions after %s\n", count, since);
    return true;
}

/* ---- the ways ----------------------------------------------------------------------------------
 */

static bool lead_to_its_end(const char *way, long count, char **command) {
    bool changes = strcmp(way, "start-changes") == 0;
    bool from_start = changes || strcmp(way, "start-calls") == 0;
    start(command, from_start);
    if (from_start) {
        int status = 0;
        if (waitpid(process, &status, __WALL) < 0 || !WIFSTOPPED(status))
            fail("start");
        ptrace(PTRACE_SETOPTIONS, process, NULL, (void *)(intptr_t)PTRACE_O_TRACESYSGOOD);
        return changes ? step_changes(process, count) : step_calls(process, count);
    }
    wait_until_logging(command[1]);
    bool front = strcmp(way, "front-instructions") == 0;
    pid_t thread = front ? process : 0;
    for (int ms = 0; thread == 0 && ms < 1000; ms++, sleep_ms(1))
        thread = find_thread("spanlog"); /* it names itself, maybe later than it begins to work */
    if (thread == 0) {
        errno = ESRCH;
        fail("no thread of the name spanlog");
    }
    stop_thread(thread);
    if (front)
        return step_instructions(thread, count, "a random place of the main thread");
    if (strcmp(way, "back-calls") == 0)
        return step_calls(thread, count);
    if (strcmp(way, "back-writes") == 0)
        return step_writes(thread, count);
    return step_to_write(thread, true) && step_instructions(thread, count, "a write");
}

int main(int argc, char **argv) {
    static const char *const ways[] = {"back-calls",         "back-writes",   "back-instructions",
                                       "front-instructions", "start-changes", "start-calls"};
    bool known = false;
    for (size_t i = 0; argc >= 4 && i < sizeof ways / sizeof ways[0]; i++)
        known = known || strcmp(argv[1], ways[i]) == 0;
    if (!known) {
        fputs("usage: step_kill "
              "back-calls|back-writes|back-instructions|front-instructions|start-changes|"
              "start-calls N "
              "COMMAND [ACKFILE ...]\n",
              stderr);
        return 2;
    }
    bool killed = lead_to_its_end(argv[1], atol(argv[2]), argv + 3);
    kill(process, SIGKILL);
    /* The death of a traced process is reported through its threads first. */
    while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR) {
    }
    if (!killed)
        puts("ended before");
    return killed ? 0 : ENDED;
}
