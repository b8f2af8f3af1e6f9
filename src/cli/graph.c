/* cli/graph.c: `spanlog graph`: who calls whom. */
#include <stdio.h>

#include "src/analyzer/render/questions.h"
#include "src/cli/question.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "graph",
    .synopsis = "[options] [FILE|DIR|-]...",
    .about =
        "Shows which service calls which: how often, with how many errors, how long the called\n"
        "side took. A call is a span whose parent is of another service, or a consumer's link to\n"
        "a span of another service. Spans that name no service stand under (none), in JSON\n"
        "under \"\". No file means stdin.",
    .examples = "  spanlog graph shop.jsonl\n"
                "  spanlog graph logs/ --sort -errors --limit 10\n"
                "  spanlog graph logs/ --dot | dot -Tsvg > graph.svg\n"
                "  spanlog graph logs/ --mermaid --since 1h\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_FROM | SPANLOG_TAKES_LOOK | SPANLOG_TAKES_COLOR |
               SPANLOG_TAKES_JSON | SPANLOG_TAKES_FILTER | SPANLOG_TAKES_MEMORY |
               SPANLOG_TAKES_SORT | SPANLOG_TAKES_ERRORS | SPANLOG_TAKES_DRAW,
    .sorts = spanlog_graph_sort_names,
    .sort_default = "-count"};

static void show(struct spanlog_question *question, const struct spanlog_graph *graph) {
    const struct spanlog_options *options = &question->options;
    struct spanlog_look look = spanlog_options_look(options);
    spanlog_question_begin(question);
    if (options->dot)
        spanlog_render_graph_dot(graph, &question->out);
    else if (options->mermaid)
        spanlog_render_graph_mermaid(graph, &question->out);
    else if (options->json)
        spanlog_render_graph_json(graph, &question->out);
    else
        spanlog_render_graph(graph, &look, &question->out);
    if (options->dot || options->mermaid || options->json)
        spanlog_say_sketched(graph->exact);
}

int spanlog_verb_graph(int argc, char **argv) {
    struct spanlog_question question;
    struct spanlog_links links;
    struct spanlog_graph graph = {0};
    int status = spanlog_question_open(&question, &usage, argc, argv);
    if (status >= 0)
        return status;
    struct spanlog_graph_query query = {.sort = (enum spanlog_graph_sort)question.options.sort,
                                        .descending = question.options.query.descending,
                                        .limit = question.options.query.limit,
                                        .filter = question.options.query.filter};
    int rc = spanlog_links_open(&links, question.jobs);
    if (rc == 0)
        rc = spanlog_question_collect(&question, &links.probe);
    if (rc == 0)
        rc = spanlog_graph_run(&question.all, &links, &query, &graph);
    if (rc == 0)
        show(&question, &graph);
    status = spanlog_question_close(&question, rc, &graph.counts,
                                    "call from one service to another", graph.count > 0);
    spanlog_graph_free(&graph);
    spanlog_links_free(&links);
    return status;
}
