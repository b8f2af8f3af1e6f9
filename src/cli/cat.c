/* cli/cat.c: `spanlog cat`: every line, in the dialect that is asked for. */
#include <stdio.h>
#include <unistd.h>

#include "src/analyzer/cat.h"
#include "src/analyzer/parallel.h"
#include "src/cli/input.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "cat",
    .synopsis = "[options] [FILE|DIR|-]...",
    .about = "Prints the lines of logs in another dialect, in their order. No file means stdin.",
    .examples = "  spanlog cat shop.jsonl\n"
                "  spanlog cat --to logfmt logs/ | grep level=error\n"
                "  ./orders | spanlog cat --to pretty\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_COLOR | SPANLOG_TAKES_TO | SPANLOG_TAKES_JSON};

static const struct spanlog_dialect *choose_dialect(const struct spanlog_options *options) {
    const struct spanlog_dialect *to = options->to, *pretty = spanlog_dialect_find("pretty");
    if (!to)
        to = options->json || !isatty(STDOUT_FILENO) ? &spanlog_dialect_json : pretty;
    if (to == pretty && spanlog_options_look(options).color)
        to = spanlog_dialect_find("pretty_color");
    return to;
}

int spanlog_verb_cat(int argc, char **argv) {
    struct spanlog_options options;
    struct spanlog_input input;
    int status = spanlog_options_parse(&options, &usage, argc, argv);
    if (status >= 0)
        return status;
    if (spanlog_input_open(&input, &options) < 0)
        return SPANLOG_EXIT_ERROR;
    struct spanlog_cat cat = {.dialect = choose_dialect(&options),
                              .translate = options.translate,
                              .jobs = spanlog_job_count(options.jobs),
                              .fd = STDOUT_FILENO,
                              /* On a terminal the lines themselves show that it goes on. */
                              .progress = isatty(STDOUT_FILENO) ? NULL : spanlog_show_progress};
    int rc = spanlog_cat_run(&cat, &input.sources, &input.issues);
    return spanlog_input_close(&input, rc, cat.lines > 0);
}
