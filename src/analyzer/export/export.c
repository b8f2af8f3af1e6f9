/* analyzer/export/export.c: see export.h. */
#include "src/analyzer/export/export.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/export/export_group.h"
#include "src/analyzer/read/line_read.h"

/* The ids that the filter left, sorted by their low half. */
struct wanted {
    struct spanlog_id *list;
    size_t count, room;
};

struct writer {
    struct spanlog_export *export;
    const struct wanted *wanted; /* NULL: everything */
    struct spanlog_groups *groups;
    struct spanlog_lines lines;
    struct spanlog_arena arena;
    struct spanlog_output out; /* of the current chunk */
    uint64_t records;
    unsigned job;
};

/* ---- what the filter leaves --------------------------------------------------------------- */

static int want(void *job, const struct spanlog_trace_view *view) {
    struct wanted *wanted = job;
    if (wanted->count == wanted->room) {
        size_t room = wanted->room ? 2 * wanted->room : 1024;
        struct spanlog_id *grown = realloc(wanted->list, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        wanted->list = grown;
        wanted->room = room;
    }
    wanted->list[wanted->count++] =
        (struct spanlog_id){.high = view->entry->high, .low = view->entry->low};
    return 0;
}

static int by_low(const void *left, const void *right) {
    const struct spanlog_id *a = left, *b = right;
    return (a->low > b->low) - (a->low < b->low);
}

static int join(struct wanted *jobs, unsigned count, struct wanted *ret) {
    for (unsigned i = 0; i < count; i++)
        ret->count += jobs[i].count;
    ret->list = malloc((ret->count + 1) * sizeof *ret->list);
    if (!ret->list)
        return -ENOMEM;
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        if (jobs[i].count)
            memcpy(ret->list + at, jobs[i].list, jobs[i].count * sizeof *ret->list);
        at += jobs[i].count;
    }
    qsort(ret->list, ret->count, sizeof *ret->list, by_low);
    return 0;
}

static int find_wanted(const struct spanlog_export *export, struct spanlog_sources *sources,
                       struct spanlog_issues *issues, struct wanted *ret) {
    struct spanlog_collection all = {0};
    struct spanlog_collect_options options = {.jobs = export->jobs,
                                              .memory = export->memory,
                                              .error_status_min = export->error_status_min,
                                              .translate = export->translate,
                                              .where = export->filter->where,
                                              .progress = export->progress};
    struct wanted *jobs = calloc(export->jobs, sizeof *jobs);
    int rc = jobs ? 0 : -ENOMEM;
    if (rc == 0)
        rc = spanlog_collect(&all, sources, issues, &options);
    if (rc == 0) {
        struct spanlog_each each = {
            .all = &all, .filter = export->filter, .jobs = {jobs, sizeof *jobs}, .trace = want};
        rc = spanlog_each_trace(&each);
    }
    spanlog_collection_free(&all);
    if (rc == 0)
        rc = join(jobs, export->jobs, ret);
    for (unsigned i = 0; jobs && i < export->jobs; i++)
        free(jobs[i].list);
    free(jobs);
    return rc;
}

static bool is_wanted(const struct wanted *wanted, const struct spanlog_record *record) {
    if (!wanted)
        return true;
    size_t low = 0, high = wanted->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (wanted->list[middle].low < record->trace.low)
            low = middle + 1;
        else
            high = middle;
    }
    return record->has_trace && low < wanted->count && wanted->list[low].low == record->trace.low;
}

/* ---- line by line ------------------------------------------------------------------------- */

static int write_record(struct writer *writer, const struct spanlog_record *record,
                        const char *text) {
    struct spanlog_line line;
    spanlog_arena_reset(&writer->arena);
    if (spanlog_line_read(&writer->lines.reader, record, text, &writer->arena, &line) < 0)
        return -ENOMEM;
    spanlog_line_forget_json(&line);
    writer->export->format->line(&writer->out, &line);
    return writer->out.error;
}

static int keep_for_trace(struct writer *writer, const struct spanlog_chunk *chunk,
                          const struct spanlog_record *record, const char *text) {
    if (!record->has_trace)
        return 0;
    bool is_span = record->line_kind != SPANLOG_LINE_LOG;
    struct spanlog_group_key key = {.trace = record->trace.low,
                                    .time_ns = is_span ? record->start_ns : record->time_ns,
                                    .offset = chunk->offset +
                                              (uint64_t)(writer->lines.origin - chunk->begin),
                                    .source = chunk->source,
                                    .ordinal = writer->lines.ordinal};
    return spanlog_groups_add(writer->groups, writer->job, &key, text,
                              (size_t)(record->end - text));
}

static int read_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct writer *writer = argument;
    struct spanlog_record record;
    const char *line;
    int rc;
    writer->out.size = 0;
    spanlog_lines_begin(&writer->lines, chunk);
    while ((rc = spanlog_lines_next(&writer->lines, &record, &line)) > 0) {
        if (!is_wanted(writer->wanted, &record))
            continue;
        writer->records++;
        rc = writer->groups ? keep_for_trace(writer, chunk, &record, line)
                            : write_record(writer, &record, line);
        if (rc < 0)
            return rc;
    }
    spanlog_lines_end(&writer->lines);
    return rc;
}

static int write_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct writer *writer = argument;
    (void)chunk;
    writer->out.fd = writer->export->fd;
    spanlog_output_flush(&writer->out);
    writer->out.fd = -1;
    return writer->out.error;
}

/* ---- trace by trace ----------------------------------------------------------------------- */

struct tracing {
    const struct spanlog_export_format *format;
    struct spanlog_output *out;
    struct spanlog_reader reader;
    struct spanlog_arena arena;
    uint64_t count;
};

static int write_trace(void *argument, const struct spanlog_group_line *found, uint32_t count) {
    struct tracing *tracing = argument;
    struct spanlog_record record;
    spanlog_arena_reset(&tracing->arena);
    struct spanlog_line *lines = spanlog_arena_array(&tracing->arena, count, sizeof *lines);
    for (uint32_t i = 0; i < count; i++) {
        if (!lines || spanlog_record_read(&tracing->reader, found[i].text, &record) ||
            spanlog_line_read(&tracing->reader, &record, found[i].text, &tracing->arena,
                              &lines[i]) < 0)
            return -ENOMEM;
    }
    bool has_span = false;
    for (uint32_t i = 0; i < count && !has_span; i++)
        has_span = lines[i].line_kind != SPANLOG_LINE_LOG;
    if (!has_span) /* what these formats cannot say */
        return 0;
    if (tracing->count && tracing->format->between)
        spanlog_put(tracing->out, tracing->format->between);
    struct spanlog_export_trace trace = {lines, count, tracing->count++};
    tracing->format->trace(tracing->out, &trace, &tracing->arena);
    return tracing->out->error;
}

static int write_traces(struct spanlog_export *export, struct spanlog_groups *groups) {
    struct spanlog_output out;
    struct tracing tracing = {.format = export->format, .out = &out};
    spanlog_output_open(&out, export->fd);
    spanlog_reader_init(&tracing.reader, export->error_status_min);
    if (export->format->head)
        spanlog_put(&out, export->format->head);
    int rc = spanlog_groups_each(groups, write_trace, &tracing);
    if (export->format->tail)
        spanlog_put(&out, export->format->tail);
    int closed = spanlog_output_close(&out);
    spanlog_arena_free(&tracing.arena);
    return rc ? rc : closed;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static int put_head(const struct spanlog_export *export) {
    struct spanlog_output out;
    spanlog_output_open(&out, export->fd);
    if (export->format->head)
        spanlog_put(&out, export->format->head);
    return spanlog_output_close(&out);
}

static int scan(struct spanlog_export *export, struct spanlog_sources *sources,
                struct spanlog_issues *issues, const struct wanted *wanted,
                struct spanlog_groups *groups) {
    struct writer *writers = calloc(export->jobs, sizeof *writers);
    int rc = writers ? 0 : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < export->jobs; i++) {
        writers[i] = (struct writer){
            .export = export, .wanted = wanted, .groups = groups, .out = {.fd = -1}, .job = i};
        spanlog_lines_init(&writers[i].lines, &export->translate, export->error_status_min, issues);
    }
    struct spanlog_scan scan = {.sources = sources,
                                .issues = issues,
                                .job_count = export->jobs,
                                .jobs = {writers, sizeof *writers},
                                .chunk = read_chunk,
                                .commit = groups ? NULL : write_chunk,
                                .progress = export->progress};
    if (rc == 0)
        rc = spanlog_scan_run(&scan);
    for (unsigned i = 0; writers && i < export->jobs; i++) {
        export->records += writers[i].records;
        spanlog_lines_free(&writers[i].lines);
        spanlog_arena_free(&writers[i].arena);
        free(writers[i].out.data);
    }
    free(writers);
    return rc;
}

/* The size of the input, or 0 when a part of it is a stream. */
static uint64_t size_of(const struct spanlog_sources *sources) {
    uint64_t size = 0;
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->list[i].is_stream)
            return 0;
        size += sources->list[i].size;
    }
    return size;
}

int spanlog_export_run(struct spanlog_export *export, struct spanlog_sources *sources,
                       struct spanlog_issues *issues) {
    struct wanted wanted = {0};
    struct spanlog_groups groups = {0};
    struct spanlog_issues none = SPANLOG_ISSUES_EMPTY; /* what is wrong is said the second time */
    int rc = 0;
    export->records = 0;
    if (export->filter) {
        if (!spanlog_sources_are_files(sources))
            return -ESPIPE;
        rc = spanlog_issues_sources(&none, sources->count);
        if (rc == 0)
            rc = find_wanted(export, sources, &none, &wanted);
        spanlog_issues_free(&none);
    }
    struct wanted *selection = export->filter ? &wanted : NULL;
    if (rc == 0 && export->format->trace) {
        rc = spanlog_groups_open(&groups, export->jobs, size_of(sources));
        if (rc == 0)
            rc = scan(export, sources, issues, selection, &groups);
        if (rc == 0)
            rc = write_traces(export, &groups);
        spanlog_groups_close(&groups);
    } else if (rc == 0) {
        rc = put_head(export);
        if (rc == 0)
            rc = scan(export, sources, issues, selection, NULL);
    }
    free(wanted.list);
    return rc;
}
