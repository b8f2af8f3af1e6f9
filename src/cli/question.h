/* cli/question.h: what verbs that ask something of all traces have in common.
 *
 *     struct spanlog_question question;
 *     int status = spanlog_question_open(&question, &usage, argc, argv);
 *     if (status >= 0) return status;
 *     int rc = spanlog_question_collect(&question, probe);
 *     if (rc == 0) rc = ask(&question.all, ...);
 *     if (rc == 0) { spanlog_question_begin(&question); ... render to &question.out ... }
 *     return spanlog_question_close(&question, rc, &counts, "span", found);
 */
#ifndef SPANLOG_CLI_QUESTION_H
#define SPANLOG_CLI_QUESTION_H

#include "src/analyzer/trees/each.h"
#include "src/cli/input.h"

struct spanlog_question {
    struct spanlog_options options;
    unsigned jobs;
    struct spanlog_input input;
    struct spanlog_collection all;
    struct spanlog_output out;
    bool is_open; /* out */
};

/* -1: go on. Otherwise the exit status. */
int spanlog_question_open(struct spanlog_question *question, const struct spanlog_usage *usage,
                          int argc, char **argv);
/* 0 or -errno. */
int spanlog_question_collect(struct spanlog_question *question, const struct spanlog_probe *probe);
/* The answer follows, on stdout. */
void spanlog_question_begin(struct spanlog_question *question);
/* rc: what the work returned. Says what was mended, or that nothing was found, and what was wrong
 * with the input. Returns the exit status. */
int spanlog_question_close(struct spanlog_question *question, int rc,
                           const struct spanlog_each_counts *counts, const char *what, bool found);

/* Once there are too many values: so that nobody takes an estimate for a measurement. */
void spanlog_say_sketched(bool exact);

/* The critical paths, for `path` and for `export --to folded`. Returns the exit status. */
int spanlog_question_path(struct spanlog_question *question);

#endif
