/* cli/diff.c: `spanlog diff`: two traces, or two sets of traces: what changed, what explains it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/analyzer/base/parallel.h"
#include "src/analyzer/render/diff_render.h"
#include "src/cli/input.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "diff",
    .synopsis = "[options] BEFORE AFTER [FILE|DIR]... | --where EXPR [options] FILE|DIR...",
    .about =
        "Says what changed between two sets of traces, the best explanation first: operations\n"
        "that became slower by themselves, the way between two services, operations that are new\n"
        "or vanished, attributes and log texts that traces have more or less often. BEFORE and\n"
        "AFTER are files or directories; or ids of two traces in the files that follow: then\n"
        "their trees are put side by side. With --where, AFTER are the traces that match and\n"
        "BEFORE all others: what is different about them? Files are read twice.",
    .examples = "  spanlog diff monday.jsonl tuesday.jsonl\n"
                "  spanlog diff before/ after/ --service orders --json\n"
                "  spanlog diff --where '{ duration > 1s }' shop.jsonl\n"
                "  spanlog diff e266f103 99a0b1c2 shop.jsonl\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_FROM | SPANLOG_TAKES_LOOK | SPANLOG_TAKES_COLOR |
               SPANLOG_TAKES_JSON | SPANLOG_TAKES_FILTER | SPANLOG_TAKES_MEMORY |
               SPANLOG_TAKES_ERRORS | SPANLOG_TAKES_LIMIT};

#define ROWS_FOR_PEOPLE 30

static const char read_twice[] = "the input is read twice: give files, no stream";

/* ---- two sets ----------------------------------------------------------------------------- */

/* With --where: the selection against the rest. */
static int side_of_match(const struct spanlog_trace_view *view) {
    return view->matches;
}

/* Takes the paths as one side, or, with --where, as both. Returns the exit status. */
static int add_input(struct spanlog_diff *diff, const struct spanlog_options *options, int side) {
    const struct spanlog_where *where = options->query.filter.where;
    struct spanlog_filter filter = options->query.filter;
    struct spanlog_input input;
    struct spanlog_collection all = {0};
    filter.where_marks = where != NULL;
    if (spanlog_input_open(&input, options) < 0)
        return SPANLOG_EXIT_ERROR;
    struct spanlog_collect_options collect = {.jobs = diff->jobs,
                                              .memory = options->memory,
                                              .error_status_min = options->error_status_min,
                                              .translate = options->translate,
                                              .where = where,
                                              .progress = spanlog_show_progress};
    struct spanlog_diff_input set = {.sources = &input.sources,
                                     .all = &all,
                                     .filter = &filter,
                                     .side = side,
                                     .side_of = where ? side_of_match : NULL};
    int rc = spanlog_collect(&all, &input.sources, &input.issues, &collect);
    if (rc == 0)
        rc = spanlog_diff_add(diff, &set);
    spanlog_collection_free(&all);
    if (rc == -ESPIPE)
        fprintf(stderr, "spanlog: diff: %s\n", read_twice);
    int status = spanlog_input_close(&input, rc == -ESPIPE ? 0 : rc, true);
    return rc < 0 ? SPANLOG_EXIT_ERROR : status;
}

static void say_empty_side(const struct spanlog_options *options, int side) {
    fprintf(stderr, "spanlog: diff: ");
    if (options->query.filter.where) {
        fprintf(stderr, side ? "no trace matches\n" : "all traces match: there is no rest\n");
        return;
    }
    fprintf(stderr, "no traces in ");
    spanlog_say_visible(options->paths[side]);
    fprintf(stderr, "\n");
}

static int add_sides(struct spanlog_diff *diff, const struct spanlog_options *options) {
    int status = 0;
    if (options->query.filter.where)
        return add_input(diff, options, 0);
    for (int side = 0; side < 2; side++) {
        struct spanlog_options one = *options;
        one.paths = options->paths + side;
        one.path_count = 1;
        int its = add_input(diff, &one, side);
        status = its > status ? its : status;
    }
    return status;
}

static int print_sets(const struct spanlog_diff *diff, const struct spanlog_options *options) {
    size_t limit = options->query.limit;
    struct spanlog_look look = spanlog_options_look(options);
    struct spanlog_output out;
    spanlog_output_open(&out, STDOUT_FILENO);
    if (options->json)
        spanlog_render_diff_json(diff, limit, &out);
    else
        spanlog_render_diff(diff, limit ? limit : ROWS_FOR_PEOPLE, &look, &out);
    return spanlog_output_close(&out);
}

static int diff_sets(const struct spanlog_options *options) {
    struct spanlog_diff diff = {.jobs = spanlog_job_count(options->jobs),
                                .error_status_min = options->error_status_min,
                                .raw_clocks = options->query.filter.raw_clocks,
                                .is_selection = options->query.filter.where != NULL,
                                .translate = options->translate,
                                .progress = spanlog_show_progress};
    int rc = 0, status = add_sides(&diff, options);
    if (status != SPANLOG_EXIT_ERROR)
        for (int side = 0; side < 2; side++)
            if (diff.traces[side] == 0) {
                say_empty_side(options, side);
                status = SPANLOG_EXIT_NOTHING;
            }
    if (diff.traces[0] && diff.traces[1]) {
        rc = spanlog_diff_rank(&diff);
        if (rc == 0)
            rc = print_sets(&diff, options);
    }
    spanlog_diff_free(&diff);
    if (rc < 0 && rc != -EPIPE)
        fprintf(stderr, "spanlog: diff: %s\n", strerror(-rc));
    return rc < 0 && rc != -EPIPE ? SPANLOG_EXIT_ERROR : status;
}

/* ---- two traces --------------------------------------------------------------------------- */

/* 0, or the exit status after an error was said. */
static int find_trace(const char *id, const struct spanlog_options *options,
                      struct spanlog_trace *ret) {
    struct spanlog_options rest = *options;
    struct spanlog_input input;
    rest.paths = options->paths + 2;
    rest.path_count = options->path_count - 2;
    rest.id = id;
    if (spanlog_input_open(&input, &rest) < 0)
        return SPANLOG_EXIT_ERROR;
    struct spanlog_trace_search search = {.id = id,
                                          .jobs = spanlog_job_count(options->jobs),
                                          .translate = options->translate,
                                          .error_status_min = options->error_status_min,
                                          .raw_clocks = options->query.filter.raw_clocks,
                                          .progress = spanlog_show_progress};
    const char *problem = NULL;
    int rc = !spanlog_sources_are_files(&input.sources)
                 ? -ESPIPE
                 : spanlog_trace_find(&search, &input.sources, &input.issues, ret);
    spanlog_clear_progress();
    if (rc == -ESPIPE)
        problem = rest.path_count ? read_twice
                                  : "no such file; behind two ids, give the files to look in";
    else if (rc == -EINVAL)
        problem = "too short; give at least 4 characters of the id, or a file that is there";
    else if (rc == 0 && ret->match_count == 0)
        problem = "not found, neither as a file nor as a trace";
    else if (rc == 0 && ret->match_count > 1)
        problem = "several traces match; give more of the id";
    if (problem) {
        fprintf(stderr, "spanlog: diff: ");
        spanlog_say_visible(id);
        fprintf(stderr, ": %s\n", problem);
    }
    bool missing = rc == 0 && ret->match_count == 0;
    int status = spanlog_input_close_quietly(&input, problem ? 0 : rc, true);
    return missing ? SPANLOG_EXIT_NOTHING : problem ? SPANLOG_EXIT_ERROR : status;
}

static int diff_traces(const struct spanlog_options *options) {
    struct spanlog_trace traces[2];
    struct spanlog_trace_diff diff = {0};
    memset(traces, 0, sizeof traces);
    int status = find_trace(options->paths[0], options, &traces[0]);
    if (status == SPANLOG_EXIT_DONE)
        status = find_trace(options->paths[1], options, &traces[1]);
    int rc = status == SPANLOG_EXIT_DONE ? spanlog_trace_diff(&traces[0], &traces[1], &diff) : 0;
    if (rc == 0 && status == SPANLOG_EXIT_DONE) {
        struct spanlog_look look = spanlog_options_look(options);
        struct spanlog_output out;
        spanlog_output_open(&out, STDOUT_FILENO);
        if (options->json)
            spanlog_render_trace_diff_json(&diff, &out);
        else
            spanlog_render_trace_diff(&diff, &look, &out);
        rc = spanlog_output_close(&out);
    }
    spanlog_trace_diff_free(&diff);
    spanlog_trace_free(&traces[0]);
    spanlog_trace_free(&traces[1]);
    if (rc < 0 && rc != -EPIPE)
        fprintf(stderr, "spanlog: diff: %s\n", strerror(-rc));
    return rc < 0 && rc != -EPIPE ? SPANLOG_EXIT_ERROR : status;
}

/* Where one of two is a file, the other was meant to be one. */
static int say_missing(const char *path) {
    fprintf(stderr, "spanlog: diff: ");
    spanlog_say_visible(path);
    fprintf(stderr, ": %s\n", strcmp(path, "-") == 0 ? read_twice : strerror(ENOENT));
    return SPANLOG_EXIT_ERROR;
}

int spanlog_verb_diff(int argc, char **argv) {
    struct spanlog_options options;
    int status = spanlog_options_parse(&options, &usage, argc, argv);
    if (status >= 0)
        return status;
    if (options.query.filter.where)
        return diff_sets(&options);
    if (options.path_count < 2) {
        fprintf(stderr, "spanlog: diff: what with what? Give two files or directories, or two ids "
                        "and files (see: spanlog diff --help)\n");
        return SPANLOG_EXIT_ERROR;
    }
    bool are_files[2];
    for (int side = 0; side < 2; side++)
        are_files[side] = !options.from.to && access(options.paths[side], F_OK) == 0;
    if (options.path_count > 2 || are_files[0] + are_files[1] == 0)
        return diff_traces(&options);
    if (are_files[0] && are_files[1])
        return diff_sets(&options);
    return say_missing(options.paths[are_files[0]]);
}
