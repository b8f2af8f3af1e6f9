/* cli/cat.c: `spanlog cat`: every line, in the dialect that is asked for. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "src/analyzer/export/cat.h"
#include "src/analyzer/base/parallel.h"
#include "src/analyzer/where/where.h"
#include "src/cli/following.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "cat",
    .synopsis = "[options] [FILE|DIR|-]...",
    .about = "Prints the lines of logs in another dialect, in their order. No file means stdin.",
    .examples = "  spanlog cat shop.jsonl\n"
                "  spanlog cat --to logfmt logs/ | grep level=error\n"
                "  spanlog cat --where 'level >= warn' logs/\n"
                "  spanlog cat --follow -n 100 --where 'level >= warn' logs/\n"
                "  ./orders | spanlog cat --follow --to pretty\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_FROM | SPANLOG_TAKES_TIMES |
               SPANLOG_TAKES_COLOR | SPANLOG_TAKES_TO | SPANLOG_TAKES_JSON | SPANLOG_TAKES_WHERE |
               SPANLOG_TAKES_FOLLOW};

static const struct spanlog_dialect *choose_dialect(const struct spanlog_options *options) {
    const struct spanlog_dialect *to = options->to, *pretty = spanlog_dialect_find("pretty");
    if (!to)
        to = options->json || !isatty(STDOUT_FILENO) ? &spanlog_dialect_json : pretty;
    if (to == pretty && spanlog_options_look(options).color)
        to = spanlog_dialect_find("pretty_color");
    return to;
}

/* Lines as they are added, each written at once. */
static int follow_lines(struct spanlog_options *options, struct spanlog_cat *cat) {
    struct spanlog_following following;
    struct spanlog_chunk chunk;
    int rc;
    if (!options->has_lines)
        options->lines = 10; /* as tail -f */
    if (spanlog_following_open(&following, options) < 0)
        return SPANLOG_EXIT_ERROR;
    struct spanlog_cat_writer *writer = spanlog_cat_writer_new(cat, &following.input.issues);
    rc = writer ? 0 : -ENOMEM;
    while (rc >= 0 && (rc = spanlog_following_next(&following, -1, &chunk)) >= 0 &&
           rc != SPANLOG_FOLLOW_ENDED)
        if (rc == SPANLOG_FOLLOW_LINES)
            rc = spanlog_cat_write(writer, &chunk);
    spanlog_cat_writer_free(writer);
    return spanlog_following_close(&following, rc, cat->lines > 0);
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
    if (!options.follow && (options.has_lines || options.from_start)) {
        fprintf(stderr, "spanlog: cat: --%s goes with --follow (see: spanlog cat --help)\n",
                options.has_lines ? "lines" : "from-start");
        return SPANLOG_EXIT_ERROR;
    }
    if (options.follow && options.from.to) {
        fprintf(stderr, "spanlog: cat: --from asks once: --follow is of files (see: spanlog cat "
                        "--help)\n");
        return SPANLOG_EXIT_ERROR;
    }
    struct spanlog_cat cat = {.dialect = choose_dialect(&options),
                              .translate = options.translate,
                              .where = where,
                              .jobs = spanlog_job_count(options.jobs),
                              .fd = STDOUT_FILENO,
                              /* On a terminal the lines themselves show that it goes on. */
                              .progress = isatty(STDOUT_FILENO) ? NULL : spanlog_show_progress};
    if (options.follow)
        return follow_lines(&options, &cat);
    if (spanlog_input_open(&input, &options) < 0)
        return SPANLOG_EXIT_ERROR;
    int rc = spanlog_cat_run(&cat, &input.sources, &input.issues);
    return spanlog_input_close(&input, rc, cat.lines > 0);
}
