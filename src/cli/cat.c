/* cli/cat.c: `spanlog cat`: every line, in the dialect that is asked for. */
#include <stdio.h>
#include <unistd.h>

#include "src/analyzer/cat.h"
#include "src/analyzer/parallel.h"
#include "src/analyzer/where.h"
#include "src/cli/input.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "cat",
    .synopsis = "[options] [FILE|DIR|-]...",
    .about = "Prints the lines of logs in another dialect, in their order. No file means stdin.",
    .examples = "  spanlog cat shop.jsonl\n"
                "  spanlog cat --to logfmt logs/ | grep level=error\n"
                "  spanlog cat --where 'level >= warn' logs/\n"
                "  ./orders | spanlog cat --to pretty\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_COLOR | SPANLOG_TAKES_TO | SPANLOG_TAKES_JSON |
               SPANLOG_TAKES_WHERE};

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
    const struct spanlog_where *where = options.query.filter.where;
    if (where && spanlog_where_needs_trace(where)) {
        fprintf(stderr, "spanlog: cat: --where: this can only be said of whole traces, and cat "
                        "looks at each line by itself (see: spanlog export --help)\n");
        return SPANLOG_EXIT_ERROR;
    }
    if (spanlog_input_open(&input, &options) < 0)
        return SPANLOG_EXIT_ERROR;
    struct spanlog_cat cat = {.dialect = choose_dialect(&options),
                              .translate = options.translate,
                              .where = where,
                              .jobs = spanlog_job_count(options.jobs),
                              .fd = STDOUT_FILENO,
                              /* On a terminal the lines themselves show that it goes on. */
                              .progress = isatty(STDOUT_FILENO) ? NULL : spanlog_show_progress};
    int rc = spanlog_cat_run(&cat, &input.sources, &input.issues);
    return spanlog_input_close(&input, rc, cat.lines > 0);
}
