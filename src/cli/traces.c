/* cli/traces.c: `spanlog traces`: the list of traces. */
#include <stdio.h>
#include <unistd.h>

#include "src/analyzer/parallel.h"
#include "src/analyzer/render/render.h"
#include "src/cli/question.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "traces",
    .synopsis = "[options] [FILE|DIR|-]...",
    .about =
        "Lists the traces in the logs: their root, when, how long, how many spans, log lines,\n"
        "services and errors. No file means stdin.",
    .examples = "  spanlog traces shop.jsonl --sort -duration --limit 10\n"
                "  spanlog traces logs/ --status error --since 10m\n"
                "  spanlog traces logs/ --service payment --min-duration 100ms --json\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_LOOK | SPANLOG_TAKES_COLOR | SPANLOG_TAKES_JSON |
               SPANLOG_TAKES_FILTER | SPANLOG_TAKES_MEMORY | SPANLOG_TAKES_SORT |
               SPANLOG_TAKES_ERRORS};

int spanlog_verb_traces(int argc, char **argv) {
    struct spanlog_options options;
    struct spanlog_input input;
    struct spanlog_collection all;
    struct spanlog_traces list = {0};
    int status = spanlog_options_parse(&options, &usage, argc, argv);
    if (status >= 0)
        return status;
    if (spanlog_input_open(&input, &options) < 0)
        return SPANLOG_EXIT_ERROR;
    struct spanlog_collect_options collect = {.jobs = spanlog_job_count(options.jobs),
                                              .memory = options.memory,
                                              .error_status_min = options.error_status_min,
                                              .translate = options.translate,
                                              .where = options.query.filter.where,
                                              .progress = spanlog_show_progress};
    int rc = spanlog_collect(&all, &input.sources, &input.issues, &collect);
    if (rc == 0)
        rc = spanlog_traces_list(&all, &options.query, &list);
    spanlog_clear_progress();
    if (rc == 0) {
        struct spanlog_look look = spanlog_options_look(&options);
        struct spanlog_output out;
        spanlog_output_open(&out, STDOUT_FILENO);
        if (options.json)
            spanlog_render_traces_json(&list, &out);
        else
            spanlog_render_traces(&list, &look, &out);
        rc = spanlog_output_close(&out);
        spanlog_say_mended(list.self_parents, list.cycles, list.duplicates);
        spanlog_say_skewed(list.skewed);
        if (list.count == 0)
            fprintf(stderr,
                    list.total ? "spanlog: none of the %zu traces matches\n"
                               : "spanlog: no line with a trace id\n",
                    list.total);
    }
    status = spanlog_input_close(&input, rc, list.count > 0);
    spanlog_traces_list_free(&list);
    spanlog_collection_free(&all);
    return status;
}
