/* cli/recover.c: `spanlog recover`: writes what dead processes left in their journals. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/back/recover.h"
#include "src/cli/input.h"
#include "src/cli/verbs.h"

#define PATIENCE_MS 2000 /* for a sink that does not take its lines */

static const char help[] =
    "spanlog recover [--dir DIR] [--service NAME] [--json] [JOURNAL]...\n\n"
    "Writes what processes that were killed had logged and not yet written, to where they would "
    "have\n"
    "written it; what was meant for a terminal or a pipe comes out on stdout. Spans that they had\n"
    "open become \"span abandoned\" lines. Journals of living processes are left alone. The next\n"
    "start of a service does the same for that service.\n\n"
    "  --dir DIR        where journals lie (SPANLOG_JOURNAL_DIR, else /dev/shm/spanlog-<uid>)\n"
    "  --service NAME   only this service's\n"
    "  --json           one object for each journal on stdout (else a line on stderr)\n\n"
    "Examples:\n"
    "  spanlog recover\n"
    "  spanlog recover --service orders --json | jq .records\n\n"
    "Exit status: 0 done (also when there was nothing to do), 2 a journal could not be finished; "
    "it\n"
    "is kept.\n";

struct options {
    const char *directory;
    bool is_named; /* the directory, on the command line */
    const char *service;
    bool json;
    bool failed;
};

static void print_result(const struct recover_result *result, void *arg) {
    struct options *options = arg;
    if (result->error != 0) {
        options->failed = true;
        fprintf(stderr, "spanlog: %s: %s; kept\n", result->journal,
                result->error == -EBADMSG ? "damaged, or of another version"
                                          : strerror(-result->error));
        return;
    }
    if (!options->json) {
        fprintf(stderr, "spanlog: %s[%u]: %llu records, %llu spans abandoned -> %s\n",
                result->service, result->pid, (unsigned long long)result->records,
                (unsigned long long)result->spans_abandoned,
                result->file[0] != '\0' ? result->file : "nowhere");
        return;
    }
    printf("{\"service\":");
    spanlog_print_json_string(result->service);
    printf(",\"pid\":%u,\"records\":%llu,\"spans_abandoned\":%llu,\"file\":", result->pid,
           (unsigned long long)result->records, (unsigned long long)result->spans_abandoned);
    spanlog_print_json_string(result->file);
    printf("}\n");
}

/* Options first or last; the rest are journals, moved to the front of argv. */
static int parse(struct options *options, int argc, char **argv) {
    int paths = 0;
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--json") == 0)
            options->json = true;
        else if (strcmp(argv[i], "--dir") == 0 && has_value) {
            options->directory = argv[++i];
            options->is_named = true;
        } else if (strcmp(argv[i], "--service") == 0 && has_value)
            options->service = argv[++i];
        else if (argv[i][0] == '-') {
            fprintf(stderr, "spanlog recover: %s: %s (see: spanlog recover --help)\n", argv[i],
                    strcmp(argv[i], "--dir") == 0 || strcmp(argv[i], "--service") == 0
                        ? "a value is missing"
                        : "unknown option");
            return -1;
        } else {
            argv[1 + paths++] = argv[i];
        }
    }
    return paths;
}

static void recover_named(struct options *options, char **paths, int count) {
    for (int i = 0; i < count; i++) {
        struct recover_result result;
        int error = recover_journal(paths[i], true, PATIENCE_MS, &result);
        if (error == -EAGAIN) {
            fprintf(stderr, "spanlog: %s: its process is alive\n", paths[i]);
            options->failed = true;
        } else {
            print_result(&result, options);
        }
    }
}

int spanlog_verb_recover(int argc, char **argv) {
    struct options options = {.directory = getenv("SPANLOG_JOURNAL_DIR")};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return SPANLOG_EXIT_DONE;
        }
    }
    int paths = parse(&options, argc, argv);
    if (paths < 0)
        return SPANLOG_EXIT_ERROR;
    fflush(stdout);
    if (paths > 0) {
        recover_named(&options, argv + 1, paths);
    } else {
        int error = recover_directory(options.directory, options.service, true, PATIENCE_MS,
                                      print_result, &options);
        if (error == -ENOENT && !options.is_named)
            error = 0; /* nobody has logged here yet */
        if (error < 0) {
            fprintf(stderr, "spanlog: cannot read %s: %s\n",
                    options.directory != NULL ? options.directory : "the journals' directory",
                    strerror(-error));
            return SPANLOG_EXIT_ERROR;
        }
    }
    return options.failed ? SPANLOG_EXIT_ERROR : SPANLOG_EXIT_DONE;
}
