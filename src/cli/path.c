/* cli/path.c: `spanlog path`: the critical paths of all traces, added up. */
#include <stdio.h>

#include "src/analyzer/render/questions.h"
#include "src/cli/question.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "path",
    .synopsis = "[options] [FILE|DIR|-]...",
    .about =
        "Adds up the critical paths of all traces: what somebody waits for, by the way of calls\n"
        "that leads there, as a tree. TIME is the share with all below, SELF without; WORST is "
        "the\n"
        "trace in which it took most. The parts add up to the time that the traces' roots took.\n"
        "Calls deeper than 256 count as one. No file means stdin.\n\n"
        "The tree shows what is at least 0.5 %, or with --limit the N greatest; --sort is for\n"
        "--json and --folded. Folded stacks are in nanoseconds; a ; in a name becomes a comma.",
    .examples = "  spanlog path shop.jsonl\n"
                "  spanlog path logs/ --operation 'GET /checkout' --limit 20\n"
                "  spanlog path logs/ --folded | flamegraph.pl > flame.svg\n"
                "  spanlog path logs/ --json --limit 5\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_FROM | SPANLOG_TAKES_LOOK | SPANLOG_TAKES_COLOR |
               SPANLOG_TAKES_JSON | SPANLOG_TAKES_FILTER | SPANLOG_TAKES_MEMORY |
               SPANLOG_TAKES_SORT | SPANLOG_TAKES_ERRORS | SPANLOG_TAKES_FOLDED,
    .sorts = spanlog_path_sort_names,
    .sort_default = "-exclusive"};

static void show(struct spanlog_question *question, const struct spanlog_path *paths) {
    const struct spanlog_options *options = &question->options;
    struct spanlog_look look = spanlog_options_look(options);
    spanlog_question_begin(question);
    if (options->folded)
        spanlog_render_path_folded(paths, &question->out);
    else if (options->json)
        spanlog_render_path_json(paths, &question->out);
    else
        spanlog_render_path(paths, &look, &question->out);
}

int spanlog_question_path(struct spanlog_question *question) {
    struct spanlog_path paths = {0};
    const struct spanlog_options *options = &question->options;
    struct spanlog_path_query query = {.sort = (enum spanlog_path_sort)options->sort,
                                       .descending = options->query.descending,
                                       .limit = options->query.limit,
                                       .filter = options->query.filter};
    int rc = spanlog_question_collect(question, NULL);
    if (rc == 0)
        rc = spanlog_path_run(&question->all, &query, &paths);
    if (rc == 0)
        show(question, &paths);
    int status = spanlog_question_close(question, rc, &paths.counts, "span", paths.count > 0);
    spanlog_path_free(&paths);
    return status;
}

int spanlog_verb_path(int argc, char **argv) {
    struct spanlog_question question;
    int status = spanlog_question_open(&question, &usage, argc, argv);
    return status >= 0 ? status : spanlog_question_path(&question);
}
