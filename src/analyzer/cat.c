/* analyzer/cat.c: see cat.h. Jobs write chunks into their own buffers, which go out in order. */
#include "src/analyzer/cat.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/line_read.h"
#include "src/analyzer/render/output.h"

/* What a line needs beyond its own bytes: escapes may make six of one, and OTLP makes thirty of the
 * three that an empty array takes. */
#define ROOM_FOR_LINE(size) (8192 + 11 * (size))

struct writer {
    struct spanlog_cat *cat;
    struct spanlog_issues *issues;
    struct spanlog_reader reader;
    struct spanlog_arena arena;
    struct spanlog_output out; /* of the current chunk */
    uint64_t lines;
};

static int write_line(struct writer *writer, const char *text, const char *end,
                      const struct spanlog_record *record) {
    struct spanlog_line line;
    spanlog_arena_reset(&writer->arena);
    if (spanlog_line_read(&writer->reader, record, text, &writer->arena, &line) < 0)
        return -ENOMEM;
    size_t room = ROOM_FOR_LINE((size_t)(end - text));
    char *to = spanlog_output_reserve(&writer->out, room);
    /* Keys are rendered as the json dialect has them; others reserve other names. */
    struct spanlog_attribute *attributes =
        (struct spanlog_attribute *)(uintptr_t)(const void *)line.attributes;
    if (writer->cat->dialect != &spanlog_dialect_json)
        for (uint32_t i = 0; i < line.attribute_count; i++)
            attributes[i].rendered = (struct spanlog_text){NULL, 0};
    char *written = to ? writer->cat->dialect->write(&line, to, to + room) : NULL;
    if (!written)
        return -ENOMEM;
    writer->out.size += (size_t)(written - to);
    writer->lines++;
    return 0;
}

static int convert_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct writer *writer = argument;
    struct spanlog_record record;
    uint64_t before = writer->lines;
    writer->out.size = 0;
    for (const char *line = chunk->begin, *end; line < chunk->end; line = end + 1) {
        const char *problem = spanlog_record_read(&writer->reader, line, &record);
        end = problem ? spanlog_line_end(line, chunk->end) : record.end;
        if (!problem && record.time_ns == 0)
            problem = "no \"ts\" with a time in it";
        if (problem) {
            if (!spanlog_line_is_blank(line, end))
                spanlog_issues_bad_line(writer->issues, chunk, line, problem);
        } else if (write_line(writer, line, end, &record) < 0) {
            return -ENOMEM;
        }
    }
    spanlog_issues_good_lines(writer->issues, chunk, writer->lines - before);
    return 0;
}

static int write_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct writer *writer = argument;
    (void)chunk;
    writer->out.fd = writer->cat->fd;
    spanlog_output_flush(&writer->out);
    writer->out.fd = -1;
    return writer->out.error;
}

int spanlog_cat_run(struct spanlog_cat *cat, struct spanlog_sources *sources,
                    struct spanlog_issues *issues) {
    struct writer *writers = calloc(cat->jobs, sizeof *writers);
    void **arguments = calloc(cat->jobs, sizeof *arguments);
    int rc = writers && arguments ? 0 : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < cat->jobs; i++) {
        writers[i] = (struct writer){.cat = cat, .issues = issues, .out = {.fd = -1}};
        spanlog_reader_init(&writers[i].reader, 500);
        arguments[i] = &writers[i];
    }
    struct spanlog_scan scan = {.sources = sources,
                                .issues = issues,
                                .job_count = cat->jobs,
                                .jobs = arguments,
                                .chunk = convert_chunk,
                                .commit = write_chunk,
                                .progress = cat->progress};
    if (rc == 0)
        rc = spanlog_scan_run(&scan);
    cat->lines = 0;
    for (unsigned i = 0; writers && i < cat->jobs; i++) {
        cat->lines += writers[i].lines;
        spanlog_arena_free(&writers[i].arena);
        free(writers[i].out.data);
    }
    free(writers);
    free(arguments);
    return rc;
}
