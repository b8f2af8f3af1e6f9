/* cli/main.c: the `spanlog` command: finds the verb and hands over.
 *
 *     spanlog trace e266f103 shop.jsonl
 *     spanlog --help
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "src/cli/verbs.h"

#ifndef SPANLOG_VERSION
#define SPANLOG_VERSION "0.1.0"
#endif

static const struct verb {
    const char *name;
    const char *about;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"trace", "one trace: waterfall, log lines in place, critical path", spanlog_verb_trace},
    {"traces", "list of traces: filter, sort", spanlog_verb_traces},
    {"stats", "how often, how long, how many errors; by any field, over time", spanlog_verb_stats},
    {"graph", "who calls whom", spanlog_verb_graph},
    {"path", "what the critical paths of all traces spend their time on", spanlog_verb_path},
    {"shapes", "traces grouped by structure", spanlog_verb_shapes},
    {"diff", "two traces or two sets of traces: what changed, what explains it", spanlog_verb_diff},
    {"check", "what is wrong with the logs", spanlog_verb_check},
    {"cat", "log lines in another dialect", spanlog_verb_cat},
    {"tail", "follow logs: a tree as each trace completes", spanlog_verb_tail},
    {"export", "spans and logs for Zipkin, Jaeger, Perfetto, databases", spanlog_verb_export},
    {"index", "FILE.spx beside each file, with which trace finds an id at once",
     spanlog_verb_index},
    {"retain", "thin rotated logs by age: of old ones only traces with errors",
     spanlog_verb_retain},
    {"recover", "write what dead processes left", spanlog_verb_recover},
    {"status", "the processes that log here: settings and figures", spanlog_verb_status},
    {"enable", "switch logging on in living processes", spanlog_verb_enable},
    {"disable", "switch logging off in living processes", spanlog_verb_disable},
    {"level", "levels of loggers, files and lines in living processes", spanlog_verb_level},
    {"sample", "the share of traces that living processes record", spanlog_verb_sample},
    {"flush", "wait until living processes have written everything", spanlog_verb_flush},
    {"rotate", "have living processes open their files anew", spanlog_verb_rotate},
    {"config", "the settings in force, and where each comes from", spanlog_verb_config},
    {"ship", "send logs on: Loki, OTLP, Zipkin", spanlog_verb_ship},
    {"log", "write one line, from a shell script", spanlog_verb_log},
    {"exec", "run a command inside a span", spanlog_verb_exec},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

static void print_help(FILE *to) {
    fprintf(to, "spanlog VERB [options] [FILE|DIR|-]...\n\n"
                "Reads JSON logs and rebuilds the traces in them. No file means stdin.\n\n");
    for (size_t i = 0; i < VERBS; i++)
        fprintf(to, "  %-10s %s\n", verbs[i].name, verbs[i].about);
    fprintf(to, "\nspanlog VERB --help says more, with examples. spanlog --version\n");
}

static int run(int argc, char **argv) {
    if (argc < 2) {
        print_help(stderr);
        return SPANLOG_EXIT_ERROR;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return SPANLOG_EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("spanlog %s\n", SPANLOG_VERSION);
        return SPANLOG_EXIT_DONE;
    }
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    if (argv[1][0] == '-')
        fprintf(stderr, "spanlog: unknown option %s: the verb comes first (see: spanlog --help)\n",
                argv[1]);
    else
        fprintf(stderr, "spanlog: unknown verb %s (see: spanlog --help)\n", argv[1]);
    return SPANLOG_EXIT_ERROR;
}

/* What a verb printed and has not been written yet may find no room; nobody would be told. */
int main(int argc, char **argv) {
    int status = run(argc, argv);
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "spanlog: cannot write the answer: %s\n",
            errno ? strerror(errno) : "some of it could not be written");
    return SPANLOG_EXIT_ERROR;
}
