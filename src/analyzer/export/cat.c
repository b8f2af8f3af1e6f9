/* analyzer/export/cat.c: see cat.h. Jobs write chunks into their own buffers, which go out in
 * order. */
#include "src/analyzer/export/cat.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/read/line_read.h"
#include "src/analyzer/translate/lines.h"
#include "src/analyzer/where/where.h"
#include "src/analyzer/base/output.h"

struct spanlog_cat_writer {
    struct spanlog_cat *cat;
    struct spanlog_lines lines_of; /* to be read */
    struct spanlog_where_scratch where;
    struct spanlog_arena arena;
    struct spanlog_output out; /* of the current chunk */
    uint64_t lines;
};

static int write_line(struct spanlog_cat_writer *writer, const char *text,
                      const struct spanlog_record *record) {
    struct spanlog_line line;
    spanlog_arena_reset(&writer->arena);
    if (spanlog_line_read(&writer->lines_of.reader, record, text, &writer->arena, &line) < 0)
        return -ENOMEM;
    size_t room = spanlog_line_room(&line);
    char *to = spanlog_output_reserve(&writer->out, room);
    if (writer->cat->dialect != &spanlog_dialect_json)
        spanlog_line_forget_json(&line);
    char *written = to ? writer->cat->dialect->write(&line, to, to + room) : NULL;
    if (!written)
        return -ENOMEM;
    writer->out.size += (size_t)(written - to);
    writer->lines++;
    return 0;
}

static bool is_wanted(struct spanlog_cat_writer *writer, const struct spanlog_record *record,
                      const char *line) {
    const struct spanlog_where *where = writer->cat->where;
    return !where ||
           spanlog_where_line_matches(
               where, spanlog_where_bits(where, &writer->where, record, line, record->end));
}

static int convert_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct spanlog_cat_writer *writer = argument;
    struct spanlog_record record;
    const char *line;
    uint64_t last_time_ns = 0;
    int rc;
    writer->out.size = 0;
    spanlog_lines_begin(&writer->lines_of, chunk);
    while ((rc = spanlog_lines_next(&writer->lines_of, &record, &line)) > 0) {
        /* A line that does not say when follows the one before. */
        if (record.time_ns == 0)
            record.time_ns = last_time_ns;
        last_time_ns = record.time_ns;
        if (is_wanted(writer, &record, line) && write_line(writer, line, &record) < 0)
            return -ENOMEM;
    }
    spanlog_lines_end(&writer->lines_of);
    return rc ? rc : writer->where.error;
}

static int write_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct spanlog_cat_writer *writer = argument;
    (void)chunk;
    writer->out.fd = writer->cat->fd;
    spanlog_output_flush(&writer->out);
    writer->out.fd = -1;
    return writer->out.error;
}

static int open_writer(struct spanlog_cat_writer *writer, struct spanlog_cat *cat,
                       struct spanlog_issues *issues) {
    *writer = (struct spanlog_cat_writer){.cat = cat, .out = {.fd = -1}};
    spanlog_lines_init(&writer->lines_of, &cat->translate, 500, issues);
    return cat->where ? spanlog_where_scratch_init(&writer->where, cat->where) : 0;
}

static void close_writer(struct spanlog_cat_writer *writer) {
    if (!writer->cat) /* never opened */
        return;
    writer->cat->lines += writer->lines;
    spanlog_arena_free(&writer->arena);
    if (writer->cat->where)
        spanlog_where_scratch_free(&writer->where);
    spanlog_lines_free(&writer->lines_of);
    free(writer->out.data);
}

int spanlog_cat_run(struct spanlog_cat *cat, struct spanlog_sources *sources,
                    struct spanlog_issues *issues) {
    struct spanlog_cat_writer *writers = calloc(cat->jobs, sizeof *writers);
    int rc = writers ? 0 : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < cat->jobs; i++)
        rc = open_writer(&writers[i], cat, issues);
    struct spanlog_scan scan = {.sources = sources,
                                .issues = issues,
                                .job_count = cat->jobs,
                                .jobs = {writers, sizeof *writers},
                                .chunk = convert_chunk,
                                .commit = write_chunk,
                                .progress = cat->progress};
    if (rc == 0)
        rc = spanlog_scan_run(&scan);
    cat->lines = 0;
    for (unsigned i = 0; writers && i < cat->jobs; i++)
        close_writer(&writers[i]);
    free(writers);
    return rc;
}

/* ---- followed logs ------------------------------------------------------------------------ */

struct spanlog_cat_writer *spanlog_cat_writer_new(struct spanlog_cat *cat,
                                                  struct spanlog_issues *issues) {
    struct spanlog_cat_writer *writer = calloc(1, sizeof *writer);
    if (writer && open_writer(writer, cat, issues) < 0) {
        spanlog_cat_writer_free(writer);
        return NULL;
    }
    return writer;
}

int spanlog_cat_write(struct spanlog_cat_writer *writer, const struct spanlog_chunk *chunk) {
    int rc = convert_chunk(writer, chunk);
    return rc < 0 ? rc : write_chunk(writer, chunk);
}

void spanlog_cat_writer_free(struct spanlog_cat_writer *writer) {
    if (writer)
        close_writer(writer);
    free(writer);
}
