/* cli/traces.c: `spanlog traces`: the list of traces. */
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
                "  spanlog traces logs/ --service payment --min-duration 100ms --json\n"
                "  spanlog traces --from loki:http://127.0.0.1:3100 --since 15m --status error\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_FROM | SPANLOG_TAKES_LOOK | SPANLOG_TAKES_COLOR |
               SPANLOG_TAKES_JSON | SPANLOG_TAKES_FILTER | SPANLOG_TAKES_MEMORY |
               SPANLOG_TAKES_SORT | SPANLOG_TAKES_ERRORS};

static void show(struct spanlog_question *question, const struct spanlog_traces *list) {
    struct spanlog_look look = spanlog_options_look(&question->options);
    spanlog_question_begin(question);
    if (question->options.json)
        spanlog_render_traces_json(list, &question->out);
    else
        spanlog_render_traces(list, &look, &question->out);
}

int spanlog_verb_traces(int argc, char **argv) {
    struct spanlog_question question;
    struct spanlog_traces list = {0};
    int status = spanlog_question_open(&question, &usage, argc, argv);
    if (status >= 0)
        return status;
    int rc = spanlog_question_collect(&question, NULL);
    if (rc == 0)
        rc = spanlog_traces_list(&question.all, &question.options.query, &list);
    if (rc == 0)
        show(&question, &list);
    status = spanlog_question_close(&question, rc, &list.counts, "trace", list.count > 0);
    spanlog_traces_list_free(&list);
    return status;
}
