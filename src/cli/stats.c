/* cli/stats.c: `spanlog stats`: figures per operation or field, and over time. */
#include <stdio.h>
#include <string.h>

#include "src/analyzer/render/questions.h"
#include "src/cli/question.h"
#include "src/cli/verbs.h"

#define MAPS_DEFAULT 4 /* heat maps for people, unless --limit is given */

static const struct spanlog_usage usage = {
    .verb = "stats",
    .synopsis = "[options] [FILE|DIR|-]...",
    .about =
        "Counts spans by service and operation, or by any field: how many, how many errors, how\n"
        "many per second of the time that the spans cover, and how long they take: quantiles,\n"
        "the greatest, the sum, the time of their own (self) and on the critical path. The wider\n"
        "the terminal, the more of that. No file means stdin.\n\n"
        "--by: spans without the field stand under (none), in JSON under \"\". In JSON the "
        "field's\n"
        "name and value stand in place of service and operation.\n"
        "--over-time: a map of latency over time for the first operations (--limit, 4 unless\n"
        "said), errors below. In JSON one object for each bucket of time with spans in it: start\n"
        "bucket_ms count errors p50_ms p99_ms, and latency: how many took at most le_ms.\n"
        "Quantiles are nearest rank, exact up to 10 million spans; beyond that 1 % off at most.",
    .examples = "  spanlog stats shop.jsonl --sort -p99 --limit 10\n"
                "  spanlog stats logs/ --by http.route --since 1h\n"
                "  spanlog stats logs/ --by host --status error --json\n"
                "  spanlog stats logs/ --over-time auto --limit 1\n"
                "  spanlog stats logs/ --over-time 10s --by service --json\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_FROM | SPANLOG_TAKES_LOOK | SPANLOG_TAKES_COLOR |
               SPANLOG_TAKES_JSON | SPANLOG_TAKES_FILTER | SPANLOG_TAKES_MEMORY |
               SPANLOG_TAKES_SORT | SPANLOG_TAKES_ERRORS | SPANLOG_TAKES_BY,
    .sorts = spanlog_stats_sort_names,
    .sort_default = "-total"};

static void show_stats(struct spanlog_question *question, const struct spanlog_stats *stats) {
    struct spanlog_look look = spanlog_options_look(&question->options);
    spanlog_question_begin(question);
    if (question->options.json)
        spanlog_render_stats_json(stats, &question->out);
    else
        spanlog_render_stats(stats, &look, &question->out);
}

/* What was asked for would have been too many columns. */
static void say_longer(const struct spanlog_heat *heat, const struct spanlog_heat_query *query) {
    char length[24];
    if (query->bucket_ns == 0 || heat->bucket_ns == query->bucket_ns)
        return;
    spanlog_format_duration(heat->bucket_ns, length);
    fprintf(stderr, "spanlog: a column is %s: there is room for %u of them\n", length,
            query->columns_max);
}

static int show_over_time(struct spanlog_question *question, const struct spanlog_by *by,
                          const struct spanlog_stats *stats) {
    const struct spanlog_options *options = &question->options;
    struct spanlog_look look = spanlog_options_look(options);
    struct spanlog_heat_query query = {.bucket_ns = options->bucket_ns,
                                       .columns = options->buckets,
                                       .columns_max = options->json ? SPANLOG_HEAT_COLUMNS_MAX
                                                                    : spanlog_heat_room(&look),
                                       .filter = &options->query.filter};
    struct spanlog_heat heat;
    if (options->json && !options->buckets && !options->bucket_ns)
        query.columns_max = 60; /* auto */
    int rc = spanlog_heat_run(&question->all, by, stats, &query, &heat);
    if (rc == 0) {
        spanlog_question_begin(question);
        if (options->json)
            spanlog_render_heat_json(&heat, stats, &question->out);
        else
            spanlog_render_heat(&heat, stats, &look, &question->out);
        say_longer(&heat, &query);
    }
    spanlog_heat_free(&heat);
    return rc;
}

static int answer(struct spanlog_question *question, struct spanlog_by *by,
                  struct spanlog_stats *stats) {
    const struct spanlog_options *options = &question->options;
    struct spanlog_stats_query query = {.sort = (enum spanlog_stats_sort)options->sort,
                                        .descending = options->query.descending,
                                        .limit = options->query.limit,
                                        .filter = options->query.filter};
    if (options->over_time && !options->json && query.limit == 0)
        query.limit = MAPS_DEFAULT;
    int rc = spanlog_by_open(by, options->by, question->jobs);
    if (rc == 0)
        rc = spanlog_question_collect(question, spanlog_by_probe(by));
    if (rc == 0)
        rc = spanlog_by_prepare(by, &question->all);
    if (rc == 0)
        rc = spanlog_stats_run(&question->all, by, &query, stats);
    if (rc == 0 && options->over_time)
        return show_over_time(question, by, stats);
    if (rc == 0)
        show_stats(question, stats);
    return rc;
}

/* Most likely a slip of the pen. */
static void say_without_field(const struct spanlog_stats *stats) {
    if (!stats->field || stats->matching != 1 || stats->rows[0].group != 0)
        return;
    fprintf(stderr, "spanlog: no span has the field ");
    spanlog_say_visible(stats->field);
    fprintf(stderr, "\n");
}

int spanlog_verb_stats(int argc, char **argv) {
    struct spanlog_question question;
    struct spanlog_by by = {0};
    struct spanlog_stats stats = {.exact = true};
    int status = spanlog_question_open(&question, &usage, argc, argv);
    if (status >= 0)
        return status;
    int rc = answer(&question, &by, &stats);
    if (rc == 0 && question.options.json)
        spanlog_say_sketched(stats.exact);
    if (rc == 0)
        say_without_field(&stats);
    status = spanlog_question_close(&question, rc, &stats.counts, "span", stats.count > 0);
    spanlog_stats_free(&stats);
    spanlog_by_free(&by);
    return status;
}
