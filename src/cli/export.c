/* cli/export.c: `spanlog export`: spans and logs in the form that another system takes. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "src/analyzer/export/export.h"
#include "src/analyzer/questions/path.h"
#include "src/analyzer/base/parallel.h"
#include "src/cli/question.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "export",
    .synopsis = "--to FORMAT [options] [FILE|DIR|-]...",
    .about = "Prints spans and logs in the form that another system takes:\n"
             "  otlp        OTLP JSON lines, spans and log records\n"
             "  zipkin      Zipkin v2 JSON: POST it to /api/v2/spans\n"
             "  jaeger      Jaeger's JSON, for the upload of its UI\n"
             "  chrome      trace events, for Perfetto (ui.perfetto.dev) and chrome://tracing\n"
             "  csv         a row for each record\n"
             "  folded      critical paths as folded stacks, for flame graphs: path --folded\n"
             "  clickhouse  JSON rows; --table prints the table for them, and examples\n"
             "  duckdb      the same for DuckDB\n"
             "Log lines become annotations of their span where a format knows spans only.",
    .examples = "  spanlog export --to chrome logs/ > trace.json\n"
                "  spanlog export --to zipkin --since 1h logs/ | curl -H 'Content-Type: "
                "application/json' --data-binary @- http://127.0.0.1:9411/api/v2/spans\n"
                "  spanlog export --to clickhouse --table | clickhouse-client --multiquery\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_FROM | SPANLOG_TAKES_FILTER |
               SPANLOG_TAKES_MEMORY | SPANLOG_TAKES_ERRORS | SPANLOG_TAKES_EXPORT};

static bool has_filter(const struct spanlog_filter *filter) {
    return filter->service || filter->operation || filter->status || filter->min_duration_ns ||
           filter->since_ns || filter->until_ns || filter->where;
}

/* Critical paths are added up, not written record by record. */
static int export_folded(const struct spanlog_options *options) {
    struct spanlog_question question = {.options = *options,
                                        .jobs = spanlog_job_count(options->jobs)};
    question.options.folded = true;
    question.options.sort = SPANLOG_PATH_BY_EXCLUSIVE;
    question.options.query.descending = true;
    if (spanlog_input_open(&question.input, options) < 0)
        return SPANLOG_EXIT_ERROR;
    return spanlog_question_path(&question);
}

static int print_table(const struct spanlog_export_format *format) {
    if (!format->table) {
        fprintf(stderr, "spanlog: export: --table: %s is not for a database\n", format->name);
        return SPANLOG_EXIT_ERROR;
    }
    fputs(format->table, stdout);
    return SPANLOG_EXIT_DONE;
}

static void say_what_failed(int rc) {
    if (rc == -ESPIPE)
        fprintf(stderr, "spanlog: export: with a filter the input is read twice: give files "
                        "instead of stdin\n");
}

int spanlog_verb_export(int argc, char **argv) {
    struct spanlog_options options;
    struct spanlog_input input;
    int status = spanlog_options_parse(&options, &usage, argc, argv);
    if (status >= 0)
        return status;
    if (!options.export_to) {
        fprintf(stderr, "spanlog: export: which format? Give --to (see: spanlog export --help)\n");
        return SPANLOG_EXIT_ERROR;
    }
    if (options.table)
        return print_table(options.export_to);
    if (!options.export_to->line && !options.export_to->trace)
        return export_folded(&options);
    if (spanlog_input_open(&input, &options) < 0)
        return SPANLOG_EXIT_ERROR;
    const struct spanlog_filter *filter = &options.query.filter;
    struct spanlog_export export = {.format = options.export_to,
                                    .filter = has_filter(filter) ? filter : NULL,
                                    .translate = options.translate,
                                    .jobs = spanlog_job_count(options.jobs),
                                    .memory = options.memory,
                                    .error_status_min = options.error_status_min,
                                    .fd = STDOUT_FILENO,
                                    .progress = spanlog_show_progress};
    int rc = spanlog_export_run(&export, &input.sources, &input.issues);
    say_what_failed(rc);
    bool wrong = rc == -ESPIPE;
    status = spanlog_input_close(&input, wrong ? 0 : rc, export.records > 0);
    return wrong ? SPANLOG_EXIT_ERROR : status;
}
