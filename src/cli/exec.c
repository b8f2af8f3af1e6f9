/* cli/exec.c: `spanlog exec`: a command inside a span. Its parts are in exec.h. */
#include "src/cli/exec.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/cli/shell.h"
#include "src/cli/verbs.h"
#include "src/process/process.h"

#define LAST_WORDS_MS 2000

static const char help[] =
    "spanlog exec [--name NAME] [-o OUTPUT] [--preload] [--] COMMAND [ARGUMENT]...\n\n"
    "Runs the command inside a span: how long it took, its exit status or signal, its CPU time "
    "and\n"
    "memory. TRACEPARENT is handed on, so that `spanlog log`, another exec and every program that\n"
    "reads it become parts of the same trace. stdin, stdout and stderr are the command's; signals\n"
    "are passed on; the exit status is the command's, and so is the signal it died of.\n\n"
    "  --name NAME          the span's name (the command's)\n"
    "  -o, --output OUTPUT  a file's path, or as SPANLOG_OUTPUT; also for all that runs below\n"
    "  --preload            unchanged programs take part: syslog(3) calls become records as well,\n"
    "                       libcurl, SQLite and libpq calls client spans. Not: programs that are\n"
    "                       statically linked, setuid or of another architecture\n\n"
    "Without -o and SPANLOG_OUTPUT the lines go to $XDG_STATE_HOME/spanlog/NAME.jsonl, else\n"
    "~/.local/state/spanlog/NAME.jsonl, else ./NAME-spanlog.jsonl. The service is the outermost\n"
    "NAME, unless OTEL_SERVICE_NAME says another.\n\n"
    "As a container's entry point (pid 1) it also reaps. Whatever below it was killed, by the OOM\n"
    "killer too: its log is finished from its journal.\n\n"
    "Examples:\n"
    "  spanlog exec --name nightly -- sh -c 'spanlog log start; ./backup /srv'\n"
    "  spanlog exec --preload -o curl.jsonl -- curl -s http://127.0.0.1:8080/orders/7\n\n"
    "Exit status: the command's; 2 a usage error, 126 it cannot be run, 127 it was not found.\n";

static int usage_error(const char *what, const char *word) {
    fprintf(stderr, "spanlog: exec: %s%s (see: spanlog exec --help)\n", what, word);
    return SPANLOG_EXIT_ERROR;
}

static const char *last_component(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* Options end at the first other word: the rest is the command's. -1: go on. */
static int parse(struct exec_job *job, int argc, char **argv) {
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char *word = argv[i];
        bool name = strcmp(word, "--name") == 0;
        bool output = strcmp(word, "-o") == 0 || strcmp(word, "--output") == 0;
        if (strcmp(word, "--") == 0) {
            i++;
            break;
        }
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            fputs(help, stdout);
            return SPANLOG_EXIT_DONE;
        }
        if (strcmp(word, "--preload") == 0)
            job->preload = true;
        else if (!name && !output)
            return usage_error("unknown option ", word);
        else if (i + 1 == argc || argv[i + 1][0] == '\0')
            return usage_error("a value is missing behind ", word);
        else
            *(name ? &job->name : &job->output) = argv[++i];
    }
    if (i >= argc || argv[i][0] == '\0')
        return usage_error("a command is missing", "");
    job->command = argv + i;
    if (job->name == NULL)
        job->name = last_component(argv[i]);
    return -1;
}

/* ---- the span ------------------------------------------------------------------------------- */

static double milliseconds(struct timeval time) {
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static void fail(spanlog_span *span, const char *format, const char *name, int number) {
    char text[128];
    snprintf(text, sizeof text, format, name, number);
    spanlog_fail(span, text);
}

static void describe(spanlog_span *span, const struct exec_child *child) {
    if (child->exec_error != 0) {
        fail(span, "cannot be run: %s", strerror(child->exec_error), 0);
        return;
    }
    spanlog_set(span, kv("process.cpu.user_ms", milliseconds(child->usage.ru_utime)),
                kv("process.cpu.system_ms", milliseconds(child->usage.ru_stime)),
                kv("process.memory.max_rss", (uint64_t)child->usage.ru_maxrss * 1024));
    if (WIFSIGNALED(child->status)) {
        const char *name = sigabbrev_np(WTERMSIG(child->status));
        char text[32];
        snprintf(text, sizeof text, "SIG%.20s", name != NULL ? name : "?");
        spanlog_set(span, kv("process.exit.signal", text));
        fail(span, "killed by %s (%d)", text, WTERMSIG(child->status));
    } else {
        int code = WEXITSTATUS(child->status);
        spanlog_set(span, kv("process.exit.code", code));
        if (code != 0)
            fail(span, "%s %d", "exit status", code);
    }
}

/* ---- the end -------------------------------------------------------------------------------- */

/* As the command ended: with its status, or of its signal, though without a second core file. */
static int end_like(const struct exec_child *child) {
    if (!WIFSIGNALED(child->status))
        return WEXITSTATUS(child->status);
    int number = WTERMSIG(child->status);
    struct rlimit none = {0, 0};
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t only;
    setrlimit(RLIMIT_CORE, &none);
    sigaction(number, &standard, NULL);
    sigemptyset(&only);
    sigaddset(&only, number);
    kill(getpid(), number);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    return 128 + number; /* still here: nothing kills an init */
}

static int run(const struct exec_job *job, const struct exec_signals *before) {
    struct exec_child child;
    char host[HOST_NAME_MAX + 1] = "";
    gethostname(host, sizeof host - 1); /* no "process started" line says it */
    spanlog_begin(span, "exec", SPANLOG_INTERNAL, spanlog_ctx_current(), kv("host.name", host),
                  kv("process.command", job->command[0]));
    spanlog_rename(&span, job->name);
    spanlog_ctx ctx = spanlog_span_ctx(&span);
    shell_hand_on(ctx);
    int error = exec_spawn(&child, job->command, before);
    if (error == 0) {
        exec_wait(&child);
    } else {
        child.exec_error = -error;
        child.status = 126 << 8;
    }
    describe(&span, &child);
    spanlog_end(span);
    spanlog_ctx_attach(ctx);
    if (getpid() == 1)
        exec_end_others(&child);
    exec_finish_logs(&child);
    process_end(LAST_WORDS_MS, true); /* now: a signal leaves no time for it */
    if (child.exec_error != 0)
        fprintf(stderr, "spanlog: exec: %s: %s\n", job->command[0], strerror(child.exec_error));
    return end_like(&child);
}

int spanlog_verb_exec(int argc, char **argv) {
    struct exec_job job = {0};
    struct exec_signals before;
    int status = parse(&job, argc, argv);
    if (status < 0)
        status = exec_setup(&job);
    if (status >= 0)
        return status;
    exec_take_signals(&before);
    const char *service = job.name;
    if (getenv(SHELL_JOB) == NULL)
        setenv(SHELL_JOB, service, 1);
    shell_start(NULL, service, "pid", false);
    return run(&job, &before);
}
