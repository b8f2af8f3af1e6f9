/* cli/check.c: `spanlog check`: what is wrong with the logs. */
#include <stdio.h>
#include <unistd.h>

#include "src/analyzer/parallel.h"
#include "src/analyzer/render/check_render.h"
#include "src/cli/input.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "check",
    .synopsis = "[options] [FILE|DIR|-]...",
    .about =
        "Says what is wrong with the logs: lines that cannot be read, records that were lost,\n"
        "spans without parents or ends, processes that died, clocks that disagree; each with\n"
        "how often and where first. Exit status: 0 nothing is wrong (notes do not count),\n"
        "1 something is, 2 a file cannot be read. No file means stdin.",
    .examples = "  spanlog check logs/\n"
                "  spanlog check logs/ --json | jq 'select(.kind == \"records_dropped\")'\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_LOOK | SPANLOG_TAKES_COLOR | SPANLOG_TAKES_JSON |
               SPANLOG_TAKES_ERRORS | SPANLOG_TAKES_CHECK};

static int print(const struct spanlog_check *check, const struct spanlog_options *options) {
    struct spanlog_look look = spanlog_options_look(options);
    struct spanlog_output out;
    spanlog_output_open(&out, STDOUT_FILENO);
    if (options->json)
        spanlog_render_check_json(check, &out);
    else
        spanlog_render_check(check, &look, &out);
    return spanlog_output_close(&out);
}

int spanlog_verb_check(int argc, char **argv) {
    struct spanlog_options options;
    struct spanlog_input input;
    struct spanlog_check check = {0};
    int status = spanlog_options_parse(&options, &usage, argc, argv);
    if (status >= 0)
        return status;
    if (spanlog_input_open(&input, &options) < 0)
        return SPANLOG_EXIT_ERROR;
    struct spanlog_check_query query = {.jobs = spanlog_job_count(options.jobs),
                                        .error_status_min = options.error_status_min,
                                        .raw_clocks = options.query.filter.raw_clocks,
                                        .translate = options.translate,
                                        .progress = spanlog_show_progress};
    int rc = spanlog_check_run(&query, &input.sources, &input.issues, &check);
    spanlog_clear_progress();
    if (rc == 0)
        rc = print(&check, &options);
    bool wrong =
        check.of_severity[SPANLOG_SEVERITY_ERROR] || check.of_severity[SPANLOG_SEVERITY_WARNING];
    bool unreadable = input.issues.unreadable_count > 0;
    spanlog_check_free(&check);
    status = spanlog_input_close_quietly(&input, rc, !wrong);
    return unreadable ? SPANLOG_EXIT_ERROR : status;
}
