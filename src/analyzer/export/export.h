/* analyzer/export/export.h: records in the form that another system takes.
 *
 *     struct spanlog_export export = {.format = spanlog_export_find("zipkin"), .jobs = 2, .fd = 1};
 *     int rc = spanlog_export_run(&export, &sources, &issues);     export.records: how many
 *
 * A format is either written line by line, in the order of the input, or trace by trace: then all
 * lines of a trace come together, by way of temporary files, so that memory stays bounded. With a
 * filter the input is read twice.
 */
#ifndef SPANLOG_ANALYZER_EXPORT_EXPORT_H
#define SPANLOG_ANALYZER_EXPORT_EXPORT_H

#include "src/analyzer/trees/each.h"
#include "src/analyzer/base/output.h"

/* The lines of one trace, by time, each once. At least one is of a span. */
struct spanlog_export_trace {
    const struct spanlog_line *lines;
    uint32_t count;
    uint64_t number; /* of the trace in this export, from 0 */
};

struct spanlog_export_format {
    const char *name;
    const char *about;
    const char *head;    /* in front of everything; NULL: nothing */
    const char *between; /* between traces */
    const char *tail;
    const char *table; /* NULL, or the statements that make a table for it, and examples */
    /* One of the two; neither: it is made elsewhere (folded: analyzer/questions/path.h). */
    void (*line)(struct spanlog_output *out, const struct spanlog_line *line);
    void (*trace)(struct spanlog_output *out, const struct spanlog_export_trace *trace,
                  struct spanlog_arena *scratch);
};

/* By name; by number until NULL. */
const struct spanlog_export_format *spanlog_export_find(const char *name);
const struct spanlog_export_format *spanlog_export_at(size_t index);

struct spanlog_export {
    const struct spanlog_export_format *format;
    const struct spanlog_filter *filter; /* NULL: everything, also lines without a trace */
    struct spanlog_translate_settings translate;
    unsigned jobs;
    uint64_t memory; /* see collect.h */
    int32_t error_status_min;
    int fd;
    void (*progress)(uint64_t done, uint64_t total);
    uint64_t records; /* filled in */
};

/* 0 or -errno; -ESPIPE: with a filter the input must be files. */
int spanlog_export_run(struct spanlog_export *export, struct spanlog_sources *sources,
                       struct spanlog_issues *issues);

#endif
