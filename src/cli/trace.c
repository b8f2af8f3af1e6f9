/* cli/trace.c: `spanlog trace ID`: one trace as a waterfall. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "src/analyzer/base/parallel.h"
#include "src/analyzer/render/render.h"
#include "src/cli/input.h"
#include "src/cli/trace_query.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "trace",
    .synopsis = "ID [options] [FILE|DIR|-]...",
    .about =
        "Shows one trace: its spans as a tree with their times, the critical path in heavy bars,\n"
        "log lines and events in their places. ID is a trace id, or at least 4 characters of\n"
        "either end of it. No file means stdin.\n"
        "--full reads all other lines, too: their calls tell how far the clocks of hosts are\n"
        "apart; lines without a trace id, of a thread whose innermost open span was one of these,\n"
        "stand inside it, marked \"inferred\" and not counted; and records that these services\n"
        "lost meanwhile are named.\n"
        "--as prints the command or query that finds the lines without spanlog: grep and jq for\n"
        "plain files, LogQL for Loki, TraceQL for Tempo.",
    .examples = "  spanlog trace e266f103 shop.jsonl\n"
                "  spanlog trace 01a1fda890089f5228efe333b266f103 logs/ --width 120\n"
                "  kubectl logs orders | spanlog trace e266f103 --json | jq .operation\n"
                "  spanlog trace e266f103 logs/ --as grep\n"
                "  spanlog trace e266f103 --from loki:http://127.0.0.1:3100\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_FROM | SPANLOG_TAKES_TIMES | SPANLOG_TAKES_LOOK |
               SPANLOG_TAKES_COLOR | SPANLOG_TAKES_JSON | SPANLOG_TAKES_ERRORS | SPANLOG_TAKES_ID};

static void say_about(const char *id) {
    fprintf(stderr, "spanlog: trace ");
    spanlog_say_visible(id);
    fprintf(stderr, ": ");
}

static void say_ambiguous(const struct spanlog_trace *trace, const char *id) {
    say_about(id);
    fprintf(stderr, "%s%zu traces match; give more of the id:\n",
            trace->match_count > SPANLOG_TRACE_MATCHES_MAX ? "at least " : "", trace->match_count);
    for (size_t i = 0; i < trace->match_count && i < SPANLOG_TRACE_MATCHES_MAX; i++) {
        fprintf(stderr, "  ");
        spanlog_say_visible(trace->matches[i].data ? trace->matches[i].data : "");
        fprintf(stderr, "\n");
    }
    if (trace->match_count > SPANLOG_TRACE_MATCHES_MAX)
        fprintf(stderr, "  ...\n");
}

/* In JSON the lists of flags have no word for these. */
static void say_mended(const struct spanlog_trace *trace) {
    const struct spanlog_tree *tree = &trace->tree;
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct spanlog_node *node = &tree->nodes[tree->order[i]];
        if (node->flags & SPANLOG_NODE_SELF_PARENT)
            fprintf(stderr, "spanlog: span %016" PRIx64 " is its own parent: taken as a root\n",
                    node->span_id);
        if (node->flags & SPANLOG_NODE_CYCLE)
            fprintf(stderr, "spanlog: span %016" PRIx64 " descends from itself: taken as a root\n",
                    node->span_id);
    }
}

static int print(const struct spanlog_trace *trace, const struct spanlog_options *options) {
    struct spanlog_look look = spanlog_options_look(options);
    struct spanlog_output out;
    spanlog_output_open(&out, STDOUT_FILENO);
    if (options->query_form)
        spanlog_put_trace_query(trace, options, &out);
    else if (options->json)
        spanlog_render_trace_json(trace, &out);
    else
        spanlog_render_trace(trace, &look, &out);
    int rc = spanlog_output_close(&out);
    say_mended(trace);
    return rc;
}

/* --full: what all traces say of the hosts' clocks. */
static int learn_clocks(struct spanlog_collection *all, struct spanlog_skew *skew,
                        struct spanlog_input *input, const struct spanlog_options *options) {
    struct spanlog_issues twice = SPANLOG_ISSUES_EMPTY; /* the search says the same once more */
    struct spanlog_collect_options collect = {.jobs = spanlog_job_count(options->jobs),
                                              .error_status_min = options->error_status_min,
                                              .translate = options->translate,
                                              .progress = spanlog_show_progress};
    int rc = spanlog_issues_sources(&twice, input->sources.count);
    if (rc == 0)
        rc = spanlog_collect(all, &input->sources, &twice, &collect);
    if (rc == 0)
        rc = spanlog_skew_gather(skew, all);
    spanlog_issues_free(&twice);
    return rc;
}

/* Prints the trace, or says why there is none. rc: of the search. */
static int answer(int rc, const struct spanlog_trace *trace,
                  const struct spanlog_options *options) {
    if (rc == 0 && trace->match_count == 1)
        return print(trace, options);
    if (rc == 0 && trace->match_count > 1) {
        say_ambiguous(trace, options->id);
    } else if (rc == 0 || rc == -EINVAL) {
        say_about(options->id);
        fprintf(stderr, rc ? "too short; give at least 4 characters of the id\n" : "not found\n");
    }
    return rc;
}

int spanlog_verb_trace(int argc, char **argv) {
    struct spanlog_options options;
    struct spanlog_input input;
    struct spanlog_trace trace;
    int status = spanlog_options_parse(&options, &usage, argc, argv);
    if (status >= 0)
        return status;
    if (spanlog_input_open(&input, &options) < 0)
        return SPANLOG_EXIT_ERROR;
    struct spanlog_trace_search search = {.id = options.id,
                                          .jobs = spanlog_job_count(options.jobs),
                                          .translate = options.translate,
                                          .error_status_min = options.error_status_min,
                                          .full = options.full && !options.json,
                                          .raw_clocks = options.query.filter.raw_clocks,
                                          .progress = spanlog_show_progress};
    struct spanlog_collection all = {0};
    struct spanlog_skew skew = {0};
    int rc = 0;
    if (options.full && !spanlog_sources_are_files(&input.sources)) {
        fprintf(stderr, "spanlog: trace: --full reads the input twice: give files, no stream\n");
        spanlog_input_close(&input, 0, false);
        return SPANLOG_EXIT_ERROR;
    }
    if (options.full && !options.query.filter.raw_clocks) {
        rc = learn_clocks(&all, &skew, &input, &options);
        search.skew = &skew;
        search.skew_hosts = &all.hosts;
    }
    trace = (struct spanlog_trace){0};
    if (rc == 0)
        rc = spanlog_trace_find(&search, &input.sources, &input.issues, &trace);
    spanlog_clear_progress();
    rc = answer(rc, &trace, &options);
    bool wrong = rc == -EINVAL || (rc == 0 && trace.match_count > 1);
    status = spanlog_input_close(&input, wrong ? 0 : rc, trace.match_count > 0);
    spanlog_trace_free(&trace);
    spanlog_skew_free(&skew);
    spanlog_collection_free(&all);
    return wrong ? SPANLOG_EXIT_ERROR : status;
}
