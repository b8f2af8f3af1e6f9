/* cli/shapes.c: `spanlog shapes`: traces grouped by structure. */
#include <stdio.h>

#include "src/analyzer/render/questions.h"
#include "src/cli/question.h"
#include "src/cli/verbs.h"

#define SHAPES_DEFAULT 10 /* for people, unless --limit is given */

static const struct spanlog_usage usage = {
    .verb = "shapes",
    .synopsis = "[options] [FILE|DIR|-]...",
    .about =
        "Groups traces by their structure: the tree of service, operation and kind. The order of\n"
        "siblings does not matter; five or more equal ones count as one, ×N. Each shape is shown\n"
        "with the tree of its earliest trace; s, c, P, C: server, client, producer, consumer.\n"
        "No file means stdin. Unless --limit is given, the first 10 are shown (--json: all).",
    .examples = "  spanlog shapes shop.jsonl\n"
                "  spanlog shapes logs/ --operation 'GET /checkout' --sort count\n"
                "  spanlog shapes logs/ --status error --json\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_FROM | SPANLOG_TAKES_LOOK | SPANLOG_TAKES_COLOR |
               SPANLOG_TAKES_JSON | SPANLOG_TAKES_FILTER | SPANLOG_TAKES_MEMORY |
               SPANLOG_TAKES_SORT | SPANLOG_TAKES_ERRORS,
    .sorts = spanlog_shapes_sort_names,
    .sort_default = "-count"};

static void show(struct spanlog_question *question, const struct spanlog_shapes *shapes) {
    struct spanlog_look look = spanlog_options_look(&question->options);
    spanlog_question_begin(question);
    if (question->options.json)
        spanlog_render_shapes_json(shapes, &question->out);
    else
        spanlog_render_shapes(shapes, &look, &question->out);
    if (question->options.json)
        spanlog_say_sketched(shapes->exact);
}

int spanlog_verb_shapes(int argc, char **argv) {
    struct spanlog_question question;
    struct spanlog_shapes shapes = {0};
    int status = spanlog_question_open(&question, &usage, argc, argv);
    if (status >= 0)
        return status;
    struct spanlog_shapes_query query = {.sort = (enum spanlog_shapes_sort)question.options.sort,
                                         .descending = question.options.query.descending,
                                         .limit = question.options.query.limit,
                                         .filter = question.options.query.filter};
    if (query.limit == 0 && !question.options.json)
        query.limit = SHAPES_DEFAULT;
    int rc = spanlog_question_collect(&question, NULL);
    if (rc == 0)
        rc = spanlog_shapes_run(&question.all, &query, &shapes);
    if (rc == 0)
        show(&question, &shapes);
    status = spanlog_question_close(&question, rc, &shapes.counts, "span", shapes.count > 0);
    spanlog_shapes_free(&shapes);
    return status;
}
