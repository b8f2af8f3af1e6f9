/* cli/question.c: see question.h. */
#include "src/cli/question.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "src/analyzer/base/parallel.h"
#include "src/cli/verbs.h"

int spanlog_question_open(struct spanlog_question *question, const struct spanlog_usage *usage,
                          int argc, char **argv) {
    *question = (struct spanlog_question){0};
    int status = spanlog_options_parse(&question->options, usage, argc, argv);
    if (status >= 0)
        return status;
    question->jobs = spanlog_job_count(question->options.jobs);
    return spanlog_input_open(&question->input, &question->options) < 0 ? SPANLOG_EXIT_ERROR : -1;
}

int spanlog_question_collect(struct spanlog_question *question, const struct spanlog_probe *probe) {
    const struct spanlog_options *options = &question->options;
    struct spanlog_collect_options collect = {.jobs = question->jobs,
                                              .memory = options->memory,
                                              .error_status_min = options->error_status_min,
                                              .translate = options->translate,
                                              .probe = probe,
                                              .where = options->query.filter.where,
                                              .progress = spanlog_show_progress};
    return spanlog_collect(&question->all, &question->input.sources, &question->input.issues,
                           &collect);
}

void spanlog_question_begin(struct spanlog_question *question) {
    spanlog_clear_progress();
    spanlog_output_open(&question->out, STDOUT_FILENO);
    question->is_open = true;
}

/* Structure that had to be mended is said, not only marked; and where clocks were corrected. */
static void say_mended(const struct spanlog_each_counts *counts) {
    if (counts->self_parents)
        fprintf(stderr, "spanlog: spans that are their own parent, taken as roots: %" PRIu64 "\n",
                counts->self_parents);
    if (counts->cycles)
        fprintf(stderr, "spanlog: cycles of parents, cut at their earliest span: %" PRIu64 "\n",
                counts->cycles);
    if (counts->duplicates)
        fprintf(stderr, "spanlog: spans that share their id with a different one: %" PRIu64 "\n",
                counts->duplicates);
    if (counts->skewed)
        fprintf(stderr,
                "spanlog: traces with corrected clocks (--no-skew: as they were written): %" PRIu64
                "\n",
                counts->skewed);
}

void spanlog_say_sketched(bool exact) {
    if (!exact)
        fprintf(stderr, "spanlog: more than 10 million durations: quantiles are estimates "
                        "(DDSketch, 1 %% off at most)\n");
}

static void say_nothing_found(const struct spanlog_each_counts *counts, const char *what) {
    if (counts->total == 0)
        fprintf(stderr, "spanlog: no line with a trace id\n");
    else if (counts->selected == 0)
        fprintf(stderr, "spanlog: none of the %" PRIu64 " traces matches\n", counts->total);
    else
        fprintf(stderr, "spanlog: no %s in %" PRIu64 " trace%s\n", what, counts->selected,
                counts->selected == 1 ? "" : "s");
}

int spanlog_question_close(struct spanlog_question *question, int rc,
                           const struct spanlog_each_counts *counts, const char *what, bool found) {
    spanlog_clear_progress();
    if (question->is_open) {
        int written = spanlog_output_close(&question->out);
        rc = rc ? rc : written;
        say_mended(counts);
        if (!found)
            say_nothing_found(counts, what);
    }
    int status = spanlog_input_close(&question->input, rc, found);
    spanlog_collection_free(&question->all);
    return status;
}
